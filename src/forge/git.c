/* libgit2 and the git program behind the few verbs the forge needs. */
#include "forge/forge_internal.h"
#include "spine/clock.h"
#include "spine/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean forge_git_failed(GError **error, const char *what)
{
    const git_error *last = git_error_last();

    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", what,
                last && last->message ? last->message : "git gave no reason");
    return FALSE;
}

git_repository *forge_git_open(const char *folder, GError **error)
{
    git_repository *git = NULL;

    if (git_repository_open_bare(&git, folder) < 0)
        forge_git_failed(error, "cannot open the repository");
    return git;
}

git_commit *forge_git_commit(git_repository *git, const char *ref, const char *default_branch,
                             GError **error)
{
    const char *wanted = !ref || !*ref || g_str_equal(ref, "HEAD") ? default_branch : ref;
    const char *const forms[] = {"refs/heads/%s", "refs/tags/%s", "%s"};
    git_object *peeled = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *name = g_strdup_printf(forms[i], wanted);
        g_autoptr(git_reference) reference = NULL;

        if (g_str_has_prefix(name, "refs/") && git_reference_lookup(&reference, git, name) == 0 &&
            git_reference_peel(&peeled, reference, GIT_OBJECT_COMMIT) == 0)
            return (git_commit *)peeled;
    }
    git_oid id;
    size_t length = strlen(wanted);
    g_autoptr(git_object) object = NULL;

    /* Only whole or abbreviated commit ids beyond this: revision syntax ("main~3", ":/text") is
     * not for what comes from outside. */
    if (length >= 7 && length <= GIT_OID_HEXSZ && git_oid_fromstrn(&id, wanted, length) == 0 &&
        git_object_lookup_prefix(&object, git, &id, length, GIT_OBJECT_ANY) == 0 &&
        git_object_peel(&peeled, object, GIT_OBJECT_COMMIT) == 0)
        return (git_commit *)peeled;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no branch, tag or commit \"%s\"",
                wanted);
    return NULL;
}

/* ---- writing ---- */

#define TREE_FILES_MAX 100000
#define TREE_DEPTH_MAX 64
#define FILE_SIZE_MAX ((gint64)512 << 20)

struct folder_walk {
    git_repository *git;
    git_index *index;
    const char *root;
    guint files;
};

static gboolean add_link(struct folder_walk *walk, const char *file, const char *path,
                         git_index_entry *entry, GError **error)
{
    g_autofree char *target = g_file_read_link(file, error);

    if (!target)
        return FALSE;
    if (!folder_link_stays_inside(path, target)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s is a symbolic link to \"%s\", which leads out of its folder", path, target);
        return FALSE;
    }
    entry->mode = GIT_FILEMODE_LINK;
    if (git_blob_create_from_buffer(&entry->id, walk->git, target, strlen(target)) < 0)
        return forge_git_failed(error, path);
    return TRUE;
}

static gboolean add_entry(struct folder_walk *walk, const char *path, const GStatBuf *info,
                          GError **error)
{
    g_autofree char *file = g_build_filename(walk->root, path, NULL);
    git_index_entry entry = {.path = path};

    if (++walk->files > TREE_FILES_MAX || info->st_size > FILE_SIZE_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s: too many files, or one too large",
                    path);
        return FALSE;
    }
    if (S_ISLNK(info->st_mode)) {
        if (!add_link(walk, file, path, &entry, error))
            return FALSE;
    } else if (S_ISREG(info->st_mode)) {
        entry.mode = info->st_mode & S_IXUSR ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
        if (git_blob_create_from_disk(&entry.id, walk->git, file) < 0)
            return forge_git_failed(error, path);
    } else {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is neither a file nor a folder", path);
        return FALSE;
    }
    if (git_index_add(walk->index, &entry) < 0)
        return forge_git_failed(error, path);
    return TRUE;
}

static gboolean add_folder(struct folder_walk *walk, const char *relative, guint depth,
                           GError **error)
{
    g_autofree char *folder = g_build_filename(walk->root, relative, NULL);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, error);
    const char *name;

    if (!entries)
        return FALSE;
    if (depth > TREE_DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: folders are nested too deeply", relative);
        return FALSE;
    }
    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = *relative ? g_strconcat(relative, "/", name, NULL) : g_strdup(name);
        g_autofree char *file = g_build_filename(walk->root, path, NULL);
        GStatBuf info;

        if (g_ascii_strcasecmp(name, ".git") == 0) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: a repository cannot hold this name",
                        path);
            return FALSE;
        }
        if (g_lstat(file, &info) < 0) {
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", path, g_strerror(errno));
            return FALSE;
        }
        if (!(S_ISDIR(info.st_mode) ? add_folder(walk, path, depth + 1, error)
                                    : add_entry(walk, path, &info, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean forge_git_write_folder(git_repository *git, const char *folder, git_oid *tree,
                                GError **error)
{
    g_autoptr(git_index) index = NULL;
    struct folder_walk walk = {.git = git, .root = folder};

    if (git_index_new(&index) < 0)
        return forge_git_failed(error, "cannot make an index");
    walk.index = index;
    if (!add_folder(&walk, "", 0, error))
        return FALSE;
    if (git_index_write_tree_to(tree, index, git) < 0)
        return forge_git_failed(error, "cannot write the tree");
    return TRUE;
}

void forge_git_set_ident(git_repository *git, const char *actor, const char *cause)
{
    git_repository_set_ident(git, actor && *actor ? actor : "unknown",
                             cause && *cause ? cause : "none");
}

gboolean forge_git_write_commit(git_repository *git, const git_commit *const *parents,
                                gsize parents_count, const git_oid *tree_id,
                                const ForgeAuthor *author, git_oid *id, GError **error)
{
    g_autoptr(git_signature) wrote = NULL;
    g_autoptr(git_signature) committed = NULL;
    g_autoptr(git_tree) tree = NULL;
    int64_t now = clock_now_ms() / 1000;

    if (git_signature_new(&wrote, author->author_name, author->author_email, now, 0) < 0 ||
        git_signature_new(&committed, "Pave", "pave@localhost", now, 0) < 0 ||
        git_tree_lookup(&tree, git, tree_id) < 0 ||
        git_commit_create(id, git, NULL, wrote, author->on_behalf ? committed : wrote, NULL,
                          author->message, tree, parents_count,
                          (const git_commit **)parents) < 0)
        return forge_git_failed(error, "cannot write the commit");
    return TRUE;
}

static gboolean write_commit(git_repository *git, git_commit *parent, const git_oid *tree_id,
                             const ForgeAuthor *author, git_oid *id, GError **error)
{
    const git_commit *const parents[] = {parent};

    return forge_git_write_commit(git, parents, parent ? 1 : 0, tree_id, author, id, error);
}

gboolean forge_git_move_branch(git_repository *git, const char *branch, const git_oid *from,
                               const git_oid *id, const ForgeAuthor *author, GError **error)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);
    g_autoptr(git_reference) moved = NULL;
    int status;

    forge_git_set_ident(git, author->actor, author->cause);
    /* Moved only if it still is where the commit was made upon. */
    status = from ? git_reference_create_matching(&moved, git, ref, id, 1, from, "commit")
                  : git_reference_create(&moved, git, ref, id, 0, "commit (initial)");
    /* Locked: somebody else moves it at this moment. */
    if (status == GIT_EMODIFIED || status == GIT_EEXISTS || status == GIT_ELOCKED) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "the branch %s moved meanwhile", branch);
        return FALSE;
    }
    return status == 0 || forge_git_failed(error, "cannot move the branch");
}

gboolean forge_git_commit_tree(git_repository *git, const char *branch, git_commit *parent,
                               const git_oid *tree_id, const ForgeAuthor *author, git_oid *id,
                               GError **error)
{
    return write_commit(git, parent, tree_id, author, id, error) &&
           forge_git_move_branch(git, branch, parent ? git_commit_id(parent) : NULL, id, author,
                                 error);
}

gboolean forge_git_branch_tree(git_repository *git, const char *branch, git_commit *parent,
                               const git_oid *tree_id, const ForgeAuthor *author, git_oid *id,
                               GError **error)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);
    g_autoptr(git_reference) made = NULL;
    int status;

    if (!write_commit(git, parent, tree_id, author, id, error))
        return FALSE;
    forge_git_set_ident(git, author->actor, author->cause);
    status = git_reference_create(&made, git, ref, id, 0, "branch");
    if (status == GIT_EEXISTS) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "the branch %s exists already", branch);
        return FALSE;
    }
    return status == 0 || forge_git_failed(error, "cannot make the branch");
}

/* Reflogs keep who pushed and why (the job) until the log was told, see forge_compare_refs(). */
static gboolean configure(git_repository *git, const char *intent_id, GError **error)
{
    g_autoptr(git_config) config = NULL;

    if (git_repository_config(&config, git) < 0 ||
        git_config_set_string(config, "core.logAllRefUpdates", "always") < 0 ||
        git_config_set_string(config, "pave.intent", intent_id ? intent_id : "") < 0)
        return forge_git_failed(error, "cannot configure the repository");
    return TRUE;
}

gboolean forge_git_build(const char *folder, const char *files_folder, const char *branch,
                         const char *intent_id, const ForgeAuthor *author, GError **error)
{
    g_autofree char *head = g_strconcat("refs/heads/", branch, NULL);
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    g_autoptr(git_repository) git = NULL;
    git_oid tree, id;

    options.flags =
        GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
    options.initial_head = branch;
    if (git_repository_init_ext(&git, folder, &options) < 0)
        return forge_git_failed(error, "cannot make the repository");
    if (!configure(git, intent_id, error))
        return FALSE;
    return !files_folder || (forge_git_write_folder(git, files_folder, &tree, error) &&
                             forge_git_commit_tree(git, branch, NULL, &tree, author, &id, error));
}

gboolean forge_sync_folder(const char *folder, GError **error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || syncfs(fd) < 0;

    if (failed)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", folder, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return !failed;
}

/* ---- values ---- */

Value *forge_commit_value(Arena *arena, git_commit *commit)
{
    const git_signature *author = git_commit_author(commit);
    g_autofree char *when = clock_format((int64_t)author->when.time * 1000);
    Value *value = value_object_new(arena);
    Value *who = value_object_new(arena);
    Value *parents = value_array_new(arena);
    g_autofree char *message = g_utf8_make_valid(git_commit_message(commit), -1);
    g_autofree char *name = g_utf8_make_valid(author->name, -1);
    g_autofree char *email = g_utf8_make_valid(author->email, -1);

    value_set_string(arena, value, "id", git_oid_tostr_s(git_commit_id(commit)));
    value_set_string(arena, value, "message", g_strchomp(message));
    value_set_string(arena, who, "name", name);
    value_set_string(arena, who, "email", email);
    value_set(arena, value, "author", who);
    value_set_string(arena, value, "timestamp", when);
    for (guint i = 0; i < git_commit_parentcount(commit); i++)
        value_append(arena, parents,
                     value_string_new(arena, git_oid_tostr_s(git_commit_parent_id(commit, i))));
    value_set(arena, value, "parents", parents);
    return value;
}

/* ---- the git program ---- */

char **forge_git_environment(const char *const *env)
{
    GPtrArray *all = g_ptr_array_new();
    const char *path = g_getenv("PATH");

    g_ptr_array_add(all, g_strconcat("PATH=", path ? path : "/usr/local/bin:/usr/bin:/bin", NULL));
    g_ptr_array_add(all, g_strdup("HOME=/nonexistent"));
    g_ptr_array_add(all, g_strdup("LANG=C.UTF-8"));
    g_ptr_array_add(all, g_strdup("GIT_CONFIG_NOSYSTEM=1"));
    g_ptr_array_add(all, g_strdup("GIT_CONFIG_GLOBAL=/dev/null"));
    g_ptr_array_add(all, g_strdup("GIT_TERMINAL_PROMPT=0"));
    for (guint i = 0; env && env[i]; i++)
        g_ptr_array_add(all, g_strdup(env[i]));
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

gboolean forge_git_run(const char *const *arguments, const char *const *env, const char *folder,
                       char **output, GError **error)
{
    g_auto(GStrv) environment = forge_git_environment(env);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;

    g_ptr_array_add(argv, (char *)"git");
    for (guint i = 0; arguments[i]; i++)
        g_ptr_array_add(argv, (char *)arguments[i]);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(folder, (char **)argv->pdata, environment, G_SPAWN_SEARCH_PATH, NULL, NULL,
                      &out, &err, &status, error))
        return FALSE;
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "git %s: %s", arguments[0], g_strstrip(err));
        return FALSE;
    }
    if (output)
        *output = g_steal_pointer(&out);
    return TRUE;
}
