/* Reading repositories with libgit2: files, folders, commits. */
#include "forge/forge_internal.h"

#define FILE_READ_MAX ((gint64)64 << 20)
#define LIST_MAX 50000

/* Everything a read needs; the pieces are NULL where it could not be had. */
typedef struct {
    ForgeRepository *repository;
    git_repository *git;
    git_commit *commit;
} Reading;

static void reading_clear(Reading *reading)
{
    git_commit_free(reading->commit);
    git_repository_free(reading->git);
    forge_repository_free(reading->repository);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static gboolean begin(Forge *forge, const char *owner, const char *name, const char *ref,
                      Reading *reading, GError **error)
{
    g_autofree char *folder = NULL;

    reading->repository = forge_find(forge, owner, name, error);
    if (!reading->repository)
        return FALSE;
    folder = forge_folder(forge, reading->repository->owner, reading->repository->name);
    reading->git = forge_git_open(folder, error);
    if (!reading->git)
        return FALSE;
    reading->commit =
        forge_git_commit(reading->git, ref, reading->repository->default_branch, error);
    if (!reading->commit)
        g_prefix_error(error, "%s/%s: ", owner, name);
    return reading->commit != NULL;
}

static git_tree_entry *find_entry(const Reading *reading, const char *path, GError **error)
{
    g_autoptr(git_tree) tree = NULL;
    git_tree_entry *entry = NULL;

    while (*path == '/')
        path++;
    if (git_commit_tree(&tree, reading->commit) < 0) {
        forge_git_failed(error, "cannot read the tree");
        return NULL;
    }
    if (!*path || git_tree_entry_bypath(&entry, tree, path) < 0)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                    "%s/%s has no file or folder \"%s\" at %.8s", reading->repository->owner,
                    reading->repository->name, path,
                    git_oid_tostr_s(git_commit_id(reading->commit)));
    return entry;
}

gboolean forge_read_version(Forge *forge, const char *owner, const char *name, const char *ref,
                            const char *path, const char *known_blob, ForgeVersion *version,
                            GBytes **bytes, GError **error)
{
    g_auto(Reading) reading = {0};
    g_autoptr(git_tree_entry) entry = NULL;
    g_autoptr(git_blob) blob = NULL;

    *bytes = NULL;
    if (!begin(forge, owner, name, ref, &reading, error))
        return FALSE;
    entry = find_entry(&reading, path, error);
    if (!entry)
        return FALSE;
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is a folder", path);
        return FALSE;
    }
    git_oid_tostr(version->blob, sizeof version->blob, git_tree_entry_id(entry));
    git_oid_tostr(version->commit, sizeof version->commit, git_commit_id(reading.commit));
    if (g_strcmp0(version->blob, known_blob) == 0)
        return TRUE;
    if (git_blob_lookup(&blob, reading.git, git_tree_entry_id(entry)) < 0)
        return forge_git_failed(error, path);
    if (git_blob_rawsize(blob) > FILE_READ_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s is larger than 64 MiB", path);
        return FALSE;
    }
    *bytes = g_bytes_new(git_blob_rawcontent(blob), (gsize)git_blob_rawsize(blob));
    return TRUE;
}

GBytes *forge_read_file(Forge *forge, const char *owner, const char *name, const char *ref,
                        const char *path, GError **error)
{
    ForgeVersion version;
    GBytes *bytes;

    forge_read_version(forge, owner, name, ref, path, NULL, &version, &bytes, error);
    return bytes;
}

char *forge_resolve(Forge *forge, const char *owner, const char *name, const char *ref,
                    GError **error)
{
    g_auto(Reading) reading = {0};

    if (!begin(forge, owner, name, ref, &reading, error))
        return NULL;
    return g_strdup(git_oid_tostr_s(git_commit_id(reading.commit)));
}

const Value *forge_commit(Forge *forge, Arena *arena, const char *owner, const char *name,
                          const char *ref, GError **error)
{
    g_auto(Reading) reading = {0};

    if (!begin(forge, owner, name, ref, &reading, error))
        return NULL;
    return forge_commit_value(arena, reading.commit);
}

/* ---- folders ---- */

struct listing {
    Arena *arena;
    git_odb *odb;
    Value *items;
    const char *prefix; /* of every path, with a slash at its end; "" */
};

static void add_item(struct listing *listing, const char *root, const git_tree_entry *entry)
{
    Arena *arena = listing->arena;
    Value *item = value_object_new(arena);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    const char *type = mode == GIT_FILEMODE_TREE   ? "dir"
                       : mode == GIT_FILEMODE_LINK ? "symlink"
                                                   : "file";
    size_t size = 0;
    git_object_t kind;

    if (mode != GIT_FILEMODE_TREE && mode != GIT_FILEMODE_COMMIT)
        git_odb_read_header(&size, &kind, listing->odb, git_tree_entry_id(entry));
    value_set_string(
        arena, item, "path",
        arena_printf(arena, "%s%s%s", listing->prefix, root, git_tree_entry_name(entry)));
    value_set_string(arena, item, "type", type);
    value_set_int(arena, item, "size", (int64_t)size);
    value_set_string(arena, item, "mode", arena_printf(arena, "%06o", mode));
    value_append(arena, listing->items, item);
}

static int visit_item(const char *root, const git_tree_entry *entry, void *data)
{
    struct listing *listing = data;

    if (value_count(listing->items) >= LIST_MAX || arena_exhausted(listing->arena))
        return GIT_EUSER;
    add_item(listing, root, entry);
    return 0;
}

static gboolean list_tree(git_tree *tree, gboolean recursive, struct listing *listing,
                          GError **error)
{
    int status = 0;

    if (recursive)
        status = git_tree_walk(tree, GIT_TREEWALK_PRE, visit_item, listing);
    for (size_t i = 0; !recursive && status == 0 && i < git_tree_entrycount(tree); i++)
        status = visit_item("", git_tree_entry_byindex(tree, i), listing);
    if (status == GIT_EUSER) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "the folder holds too many files");
        return FALSE;
    }
    return status == 0 || forge_git_failed(error, "cannot list the folder");
}

static git_tree *find_tree(const Reading *reading, const char *path, GError **error)
{
    g_autoptr(git_tree_entry) entry = NULL;
    git_tree *tree = NULL;

    if (!path || !*path) {
        if (git_commit_tree(&tree, reading->commit) < 0)
            forge_git_failed(error, "cannot read the tree");
        return tree;
    }
    entry = find_entry(reading, path, error);
    if (!entry)
        return NULL;
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is not a folder", path);
    else if (git_tree_lookup(&tree, reading->git, git_tree_entry_id(entry)) < 0)
        forge_git_failed(error, path);
    return tree;
}

/* path without slashes at its ends, with one behind where it is not empty. */
static const char *prefix_of(Arena *arena, const char *path)
{
    g_autofree char *bare = g_strdup(path ? path : "");
    char *start = bare;

    while (*start == '/')
        start++;
    while (g_str_has_suffix(start, "/"))
        start[strlen(start) - 1] = '\0';
    return *start ? arena_printf(arena, "%s/", start) : "";
}

const Value *forge_list(Forge *forge, Arena *arena, const char *owner, const char *name,
                        const char *ref, const char *path, gboolean recursive, GError **error)
{
    g_auto(Reading) reading = {0};
    struct listing listing = {.arena = arena, .prefix = prefix_of(arena, path)};
    g_autofree char *folder =
        g_strndup(listing.prefix, strlen(listing.prefix) - (*listing.prefix ? 1 : 0));
    g_autoptr(git_tree) tree = NULL;
    gboolean listed;

    if (!begin(forge, owner, name, ref, &reading, error))
        return NULL;
    tree = find_tree(&reading, folder, error);
    if (!tree)
        return NULL;
    if (git_repository_odb(&listing.odb, reading.git) < 0) {
        forge_git_failed(error, "cannot read the repository");
        return NULL;
    }
    listing.items = value_array_new(arena);
    listed = list_tree(tree, recursive, &listing, error);
    git_odb_free(listing.odb);
    return listed ? listing.items : NULL;
}

/* ---- commits ---- */

const Value *forge_commits_between(Forge *forge, Arena *arena, const char *owner, const char *name,
                                   const char *older, const char *newer, guint limit,
                                   GError **error)
{
    g_auto(Reading) reading = {0};
    g_autoptr(git_revwalk) walk = NULL;
    Value *commits = value_array_new(arena);
    git_oid id;

    if (!begin(forge, owner, name, newer, &reading, error))
        return NULL;
    if (git_revwalk_new(&walk, reading.git) < 0 ||
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME) < 0 ||
        git_revwalk_push(walk, git_commit_id(reading.commit)) < 0) {
        forge_git_failed(error, "cannot walk the commits");
        return NULL;
    }
    if (older) {
        g_autoptr(git_commit) hidden =
            forge_git_commit(reading.git, older, reading.repository->default_branch, error);

        if (!hidden)
            return NULL;
        git_revwalk_hide(walk, git_commit_id(hidden));
    }
    while (value_count(commits) < limit && git_revwalk_next(&id, walk) == 0) {
        g_autoptr(git_commit) commit = NULL;

        if (git_commit_lookup(&commit, reading.git, &id) == 0)
            value_append(arena, commits, forge_commit_value(arena, commit));
    }
    return commits;
}

static const Value *paths_of(Arena *arena, git_diff *diff, guint limit)
{
    Value *paths = value_array_new(arena);

    for (gsize i = 0; i < git_diff_num_deltas(diff) && value_count(paths) < limit; i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        value_append(arena, paths,
                     value_string_new(arena, delta->new_file.path ? delta->new_file.path
                                                                  : delta->old_file.path));
    }
    return paths;
}

const Value *forge_changed_paths(Forge *forge, Arena *arena, const char *owner, const char *name,
                                 const char *older, const char *newer, guint limit, GError **error)
{
    g_auto(Reading) reading = {0};
    g_autoptr(git_commit) base = NULL;
    g_autoptr(git_tree) from = NULL;
    g_autoptr(git_tree) to = NULL;
    git_diff *diff = NULL;

    if (!begin(forge, owner, name, newer, &reading, error))
        return NULL;
    base = forge_git_commit(reading.git, older, reading.repository->default_branch, error);
    if (!base)
        return NULL;
    if (git_commit_tree(&from, base) < 0 || git_commit_tree(&to, reading.commit) < 0 ||
        git_diff_tree_to_tree(&diff, reading.git, from, to, NULL) < 0) {
        forge_git_failed(error, "cannot compare the commits");
        return NULL;
    }
    const Value *paths = paths_of(arena, diff, limit);
    git_diff_free(diff);
    return paths;
}

/* ---- trees for export ---- */

gboolean forge_with_tree(Forge *forge, const char *owner, const char *name, const char *ref,
                         const char *path, ForgeTreeFn use, void *data, GError **error)
{
    g_auto(Reading) reading = {0};
    g_autoptr(git_tree) tree = NULL;

    if (!begin(forge, owner, name, ref, &reading, error))
        return FALSE;
    while (path && *path == '/')
        path++;
    g_autofree char *folder = g_strdup(path ? path : "");

    while (g_str_has_suffix(folder, "/"))
        folder[strlen(folder) - 1] = '\0';
    tree = find_tree(&reading, folder, error);
    return tree && use(reading.git, tree, data, error);
}
