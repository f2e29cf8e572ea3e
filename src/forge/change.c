/* One file changed by a person through Pave: on top of exactly what that person saw. */
#include "forge/pull.h"

#define TRIES_MAX 5
#define BRANCH_LENGTH_MAX 200
#define TITLE_MAX 64 /* characters: within PULL_TITLE_MAX bytes */

void forge_file_clear(ForgeFile *file)
{
    g_clear_pointer(&file->bytes, g_bytes_unref);
}

/* The branch that ref means; NULL where it means something else. */
static const char *branch_of(Arena *arena, git_repository *git, const ForgeRepository *repository,
                             const char *ref)
{
    const char *branch = !ref || g_str_equal(ref, "HEAD") ? repository->default_branch : ref;
    g_autofree char *name = g_strconcat("refs/heads/", branch, NULL);
    g_autoptr(git_reference) found = NULL;

    return git_reference_lookup(&found, git, name) == 0 ? arena_strdup(arena, branch) : NULL;
}

static gboolean read_builtin(Forge *forge, Arena *arena, const ForgeLocation *at, ForgeFile *file,
                             GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_find(forge, at->owner, at->name, error);
    g_autofree char *folder = NULL;
    g_autoptr(git_repository) git = NULL;
    ForgeVersion version;

    if (!repository || !forge_read_version(forge, at->owner, at->name, at->ref, at->path, NULL,
                                           &version, &file->bytes, error))
        return FALSE;
    folder = forge_folder(forge, repository->owner, repository->name);
    git = forge_git_open(folder, error);
    if (!git)
        return FALSE;
    file->blob = arena_strdup(arena, version.blob);
    file->branch = branch_of(arena, git, repository, at->ref);
    return TRUE;
}

gboolean forge_read_head(Forge *forge, Arena *arena, const ForgeLocation *at, ForgeFile *file,
                         GError **error)
{
    if (forge_kind_of_host(forge, at->host) == FORGE_GITHUB)
        return forge_github_read_head(forge, arena, at, file, error);
    return read_builtin(forge, arena, at, file, error);
}

/* ---- changing ---- */

static gboolean check_unchanged(git_commit *parent, const ForgeChange *change, GError **error)
{
    g_autoptr(git_tree) tree = NULL;
    g_autoptr(git_tree_entry) entry = NULL;

    if (git_commit_tree(&tree, parent) < 0)
        return forge_git_failed(error, "cannot read the tree");
    if (git_tree_entry_bypath(&entry, tree, change->at->path) == 0 &&
        g_strcmp0(git_oid_tostr_s(git_tree_entry_id(entry)), change->blob) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "%s was changed by somebody else meanwhile; read it again", change->at->path);
    return FALSE;
}

static const Value *files_of(Arena *arena, const ForgeChange *change)
{
    Value *files = value_array_new(arena), *file = value_object_new(arena);

    value_set_string(arena, file, "path", change->at->path);
    value_set_string(arena, file, "content", change->content);
    value_append(arena, files, file);
    return files;
}

static gboolean change_once(git_repository *git, Arena *arena, const char *branch,
                            const ForgeChange *change, git_oid *id, GError **error)
{
    g_autoptr(git_commit) parent = forge_git_commit(git, branch, branch, error);
    ForgeAuthor author = {change->message, change->author_name, change->author_email,
                          change->actor,   change->cause,       TRUE};
    git_oid tree;

    if (!parent || !check_unchanged(parent, change, error) ||
        !forge_git_tree_with(git, parent, files_of(arena, change), &tree, error))
        return FALSE;
    return change->new_branch
               ? forge_git_branch_tree(git, change->new_branch, parent, &tree, &author, id, error)
               : forge_git_commit_tree(git, branch, parent, &tree, &author, id, error);
}

/* Tried again where another commit came between and left the file alone. */
static gboolean change_on_top(git_repository *git, Arena *arena, const char *branch,
                              const ForgeChange *change, git_oid *id, GError **error)
{
    for (guint tries = 1;; tries++) {
        GError *why = NULL;

        if (change_once(git, arena, branch, change, id, &why))
            return TRUE;
        if (tries == TRIES_MAX || change->new_branch ||
            !g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_propagate_error(error, why);
            return FALSE;
        }
        g_error_free(why);
    }
}

gboolean forge_check_branch(const char *branch, GError **error)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);
    int valid = 0;

    if (strlen(branch) <= BRANCH_LENGTH_MAX && *branch != '-' && !g_str_equal(branch, "HEAD") &&
        git_reference_name_is_valid(&valid, ref) == 0 && valid)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" cannot be a branch's name", branch);
    return FALSE;
}

const Value *forge_change_pull(Forge *forge, Arena *arena, const ForgeChange *change,
                               const char *base, GError **error)
{
    g_autofree char *title = g_strndup(change->message, strcspn(change->message, "\r\n"));
    g_autofree char *start = g_utf8_substring(title, 0, MIN(g_utf8_strlen(title, -1), TITLE_MAX));
    ForgePull pull = {.at = change->at,
                      .title = start,
                      .body = arena_printf(arena, "Proposed by %s in Pave.", change->author_name),
                      .head = change->new_branch,
                      .base = base,
                      .actor = change->actor,
                      .cause = change->cause};

    return forge_pull_open(forge, arena, &pull, error);
}

/* Where people look at it: the file, or the pull request. */
static const Value *result(Arena *arena, Forge *forge, const ForgeRepository *repository,
                           const ForgeChange *change, const char *branch, const git_oid *id,
                           GError **error)
{
    g_autofree char *html = forge_html_url(forge, repository->owner, repository->name);
    const Value *pull = NULL;
    Value *value = value_object_new(arena);

    if (change->new_branch) {
        pull = forge_change_pull(forge, arena, change, branch, error);
        if (!pull)
            return NULL;
    }
    value_set_string(arena, value, "commit", git_oid_tostr_s(id));
    value_set_string(arena, value, "branch", pull ? change->new_branch : branch);
    value_set_string(arena, value, "url",
                     pull ? value_path_string(pull, "url", "")
                          : arena_printf(arena, "%s/blob/%s/%s", html, branch, change->at->path));
    return value;
}

static const Value *change_builtin(Forge *forge, Arena *arena, const ForgeChange *change,
                                   GError **error)
{
    const ForgeLocation *at = change->at;
    g_autoptr(ForgeRepository) repository = forge_find_writable(forge, at->owner, at->name, error);
    g_autofree char *folder = NULL;
    g_autoptr(git_repository) git = NULL;
    const char *branch;
    git_oid id;

    if (!repository)
        return NULL;
    folder = forge_folder(forge, repository->owner, repository->name);
    git = forge_git_open(folder, error);
    if (!git)
        return NULL;
    branch = branch_of(arena, git, repository, at->ref);
    if (!branch) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no branch, so that it cannot be changed",
                    at->ref);
        return NULL;
    }
    if (!change_on_top(git, arena, branch, change, &id, error) ||
        !forge_sync_folder(folder, error) ||
        !forge_compare_refs(forge, repository, change->actor, change->cause, error))
        return NULL;
    return result(arena, forge, repository, change, branch, &id, error);
}

const Value *forge_change_file(Forge *forge, Arena *arena, const ForgeChange *change,
                               GError **error)
{
    if (change->new_branch && !forge_check_branch(change->new_branch, error))
        return NULL;
    if (forge_kind_of_host(forge, change->at->host) == FORGE_GITHUB)
        return forge_github_change_file(forge, arena, change, error);
    return change_builtin(forge, arena, change, error);
}
