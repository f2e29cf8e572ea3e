/* Commits made by Pave itself, on top of what is there. */
#include "forge/forge_internal.h"

#define TRIES_MAX 5

static gboolean path_is_safe(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (guint i = 0; parts[i]; i++) {
        if (!*parts[i] || g_str_equal(parts[i], ".") || g_str_equal(parts[i], "..") ||
            g_ascii_strcasecmp(parts[i], ".git") == 0)
            return FALSE;
    }
    return parts[0] != NULL;
}

static gboolean put_files(git_repository *git, git_index *index, const Value *files, GError **error)
{
    for (guint i = 0; i < value_count(files); i++) {
        const Value *file = value_item(files, i);
        const char *path = value_string(value_get(file, "path"), "");
        const Value *content = value_get(file, "content");
        const git_index_entry *there;
        git_index_entry entry = {.path = path, .mode = GIT_FILEMODE_BLOB};

        if (!path_is_safe(path)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no path in a repository", path);
            return FALSE;
        }
        if (!value_is(content, VALUE_STRING)) {
            git_index_remove(index, path, 0);
            continue;
        }
        there = git_index_get_bypath(index, path, 0);
        if (value_bool(value_get(file, "executable"),
                       there && there->mode == GIT_FILEMODE_BLOB_EXECUTABLE))
            entry.mode = GIT_FILEMODE_BLOB_EXECUTABLE;
        if (git_blob_create_from_buffer(&entry.id, git, value_string(content, ""),
                                        value_string_length(content)) < 0 ||
            git_index_add(index, &entry) < 0)
            return forge_git_failed(error, path);
    }
    return TRUE;
}

gboolean forge_git_tree_with(git_repository *git, git_commit *parent, const Value *files,
                             git_oid *tree_id, GError **error)
{
    g_autoptr(git_tree) tree = NULL;
    g_autoptr(git_index) index = NULL;

    if (git_commit_tree(&tree, parent) < 0 || git_index_new(&index) < 0 ||
        git_index_read_tree(index, tree) < 0)
        return forge_git_failed(error, "cannot read the tree");
    if (!put_files(git, index, files, error))
        return FALSE;
    return git_index_write_tree_to(tree_id, index, git) == 0 ||
           forge_git_failed(error, "cannot write the tree");
}

static gboolean commit_once(git_repository *git, const char *branch, const Value *files,
                            const ForgeAuthor *author, git_oid *id, GError **error)
{
    g_autoptr(git_commit) parent = forge_git_commit(git, branch, branch, error);
    git_oid tree;

    return parent && forge_git_tree_with(git, parent, files, &tree, error) &&
           forge_git_commit_tree(git, branch, parent, &tree, author, id, error);
}

static gboolean begin_branch(git_repository *git, const char *branch, const char *from,
                             GError **error)
{
    git_reference *there = NULL;

    if (!branch || !g_str_has_prefix(branch, "pave/"))
        return TRUE;
    if (git_branch_lookup(&there, git, branch, GIT_BRANCH_LOCAL) < 0) {
        g_autoptr(git_commit) parent = forge_git_commit(git, from, from, error);

        if (!parent)
            return FALSE;
        if (git_branch_create(&there, git, branch, parent, 0) < 0)
            return forge_git_failed(error, "cannot make the branch");
    }
    git_reference_free(there);
    return TRUE;
}

char *forge_commit_files(Forge *forge, const char *owner, const char *name, const char *branch,
                         const Value *files, const char *message, const char *actor,
                         const char *cause, GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find_writable(forge, owner, name, error);
    g_autofree char *folder = NULL;
    g_autoptr(git_repository) git = NULL;
    ForgeAuthor author = {message, "Pave", "pave@localhost", actor, cause, FALSE};
    git_oid id;

    if (!repository)
        return NULL;
    folder = forge_folder(forge, repository->owner, repository->name);
    git = forge_git_open(folder, error);
    if (!git || !begin_branch(git, branch, repository->default_branch, error))
        return NULL;
    for (guint tries = 1;; tries++) {
        GError *why = NULL;

        if (commit_once(git, branch ? branch : repository->default_branch, files, &author, &id,
                        &why))
            break;
        if (tries == TRIES_MAX || !g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_propagate_error(error, why);
            return NULL;
        }
        g_error_free(why);
    }
    if (!forge_sync_folder(folder, error) ||
        !forge_compare_refs(forge, repository, actor, cause, error))
        return NULL;
    return g_strdup(git_oid_tostr_s(&id));
}
