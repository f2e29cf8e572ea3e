/* Three-way merges of folders into a repository: what was made of something once and what would be
 * made of it now are the two sides, what became of the repository is the third. */
#include "forge/pull.h"
#include "spine/folder.h"
#include <git2/sys/mempack.h>

#define FILE_BYTES_MAX ((gsize)8 << 20)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_index_conflict_iterator, git_index_conflict_iterator_free)

/* The repository as it can be merged into: its own on the built-in forge, a passing clone of
 * GitHub's. */
typedef struct {
    Forge *forge;
    Arena *arena;
    const ForgeMerge *merge;
    ForgeRepository *repository; /* built-in */
    ForgeGitHub github;
    const char *url; /* GitHub's; NULL: built-in */
    const char *base_branch;
    char *folder;
    git_repository *git;
    GHashTable *notes; /* path → status and reason, separated by a newline */
} Site;

static void site_clear(Site *site)
{
    g_clear_pointer(&site->git, git_repository_free);
    if (site->url && site->folder)
        folder_remove(site->folder, NULL);
    g_clear_pointer(&site->folder, g_free);
    g_clear_pointer(&site->repository, forge_repository_free);
    g_clear_pointer(&site->notes, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Site, site_clear)

/* ---- opening ---- */

static gboolean open_builtin(Site *site, GError **error)
{
    const ForgeLocation *at = site->merge->at;

    site->repository = forge_find_writable(site->forge, at->owner, at->name, error);
    if (!site->repository)
        return FALSE;
    site->base_branch = arena_strdup(site->arena, site->repository->default_branch);
    site->folder = forge_folder(site->forge, site->repository->owner, site->repository->name);
    site->git = forge_git_open(site->folder, error);
    return site->git != NULL;
}

/* The newest commit of the default branch, and of the branch where it is there. */
static gboolean fetch(Site *site, GError **error)
{
    const char *const *env = forge_host_git_environment(&site->github.host);
    const char *const init[] = {"init", "--quiet", "--bare", "--template=", site->folder, NULL};
    const char *base =
        arena_printf(site->arena, "+refs/heads/%1$s:refs/heads/%1$s", site->base_branch);
    const char *branches = "+refs/heads/pave/*:refs/heads/pave/*";
    const char *const fetch[] = {"fetch",   "--quiet", "--depth=1", "--no-tags",
                                 site->url, base,      branches,    NULL};

    return forge_git_run(init, env, NULL, NULL, error) &&
           forge_git_run(fetch, env, site->folder, NULL, error);
}

static gboolean open_github(Site *site, GError **error)
{
    const ForgeLocation *at = site->merge->at;
    g_autofree char *id = clock_new_id();
    const Value *repository;
    long status;

    forge_github_open(&site->github, site->forge, site->arena, at->host);
    repository = forge_github_call(&site->github, "GET",
                                   arena_printf(site->arena, "/repos/%s/%s", at->owner, at->name),
                                   NULL, 0, &status, error);
    if (!repository)
        return FALSE;
    site->url = value_path_string(repository, "clone_url", "");
    site->base_branch = value_path_string(repository, "default_branch", "main");
    site->folder = g_build_filename(site->forge->repositories, ".new", id, NULL);
    if (!fetch(site, error))
        return FALSE;
    site->git = forge_git_open(site->folder, error);
    return site->git != NULL;
}

static gboolean site_open(Site *site, Forge *forge, Arena *arena, const ForgeMerge *merge,
                          GError **error)
{
    *site = (Site){.forge = forge, .arena = arena, .merge = merge};
    site->notes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return forge_kind_of_host(forge, merge->at->host) == FORGE_GITHUB ? open_github(site, error)
                                                                      : open_builtin(site, error);
}

/* What is written goes to memory only. */
static gboolean write_nothing(Site *site, GError **error)
{
    git_odb *odb = NULL;
    git_odb_backend *memory = NULL;
    gboolean done = git_repository_odb(&odb, site->git) == 0 && git_mempack_new(&memory) == 0 &&
                    git_odb_add_backend(odb, memory, 999) == 0;

    git_odb_free(odb);
    return done || forge_git_failed(error, "cannot look ahead");
}

/* ---- conflicts ---- */

static void note(Site *site, const char *path, const char *status, const char *reason)
{
    g_hash_table_insert(site->notes, g_strdup(path), g_strconcat(status, "\n", reason, NULL));
}

static gboolean is_large_or_binary(git_repository *git, const git_index_entry *entry)
{
    g_autoptr(git_blob) blob = NULL;

    return git_blob_lookup(&blob, git, &entry->id) < 0 || git_blob_is_binary(blob) ||
           git_blob_rawsize(blob) > (git_object_size_t)FILE_BYTES_MAX;
}

static gboolean keep_entry(git_index *index, const git_index_entry *ours, GError **error)
{
    git_index_entry kept = {.path = ours->path, .mode = ours->mode, .id = ours->id};

    return git_index_add(index, &kept) == 0 || forge_git_failed(error, ours->path);
}

/* Both sides of the lines in question, between marks. */
static gboolean mark(Site *site, git_index *index, const git_index_entry *base,
                     const git_index_entry *ours, const git_index_entry *theirs, GError **error)
{
    git_merge_file_options options = GIT_MERGE_FILE_OPTIONS_INIT;
    git_merge_file_result result = {0};
    git_index_entry merged = {.path = ours->path, .mode = ours->mode};
    gboolean done;

    options.our_label = site->base_branch;
    options.their_label = site->merge->label;
    options.flags = GIT_MERGE_FILE_STYLE_MERGE;
    if (git_merge_file_from_index(&result, site->git, base, ours, theirs, &options) < 0)
        return forge_git_failed(error, ours->path);
    done = git_blob_create_from_buffer(&merged.id, site->git, result.ptr, result.len) == 0 &&
           git_index_add(index, &merged) == 0;
    git_merge_file_result_free(&result);
    return done || forge_git_failed(error, ours->path);
}

static gboolean settle(Site *site, git_index *index, const git_index_entry *base,
                       const git_index_entry *ours, const git_index_entry *theirs, GError **error)
{
    if (!ours) {
        const git_index_entry *there = theirs ? theirs : base;

        note(site, there->path, "kept", "it was deleted here, and stays so");
        return TRUE;
    }
    if (!theirs) {
        note(site, ours->path, "kept", "the template has it no more, but it was changed here");
        return keep_entry(index, ours, error);
    }
    if (ours->mode == GIT_FILEMODE_LINK || theirs->mode == GIT_FILEMODE_LINK ||
        is_large_or_binary(site->git, ours) || is_large_or_binary(site->git, theirs)) {
        note(site, ours->path, "conflict",
             "both changed it, and it cannot be merged line by line: it is as it was here");
        return keep_entry(index, ours, error);
    }
    note(site, ours->path, "conflict", "both changed the same lines");
    return mark(site, index, base, ours, theirs, error);
}

typedef struct {
    git_index_entry entries[3];
    gboolean there[3];
} Conflict;

static void copy_entry(Arena *arena, Conflict *conflict, guint place, const git_index_entry *entry)
{
    conflict->there[place] = entry != NULL;
    if (!entry)
        return;
    conflict->entries[place] = *entry;
    conflict->entries[place].path = arena_strdup(arena, entry->path);
}

/* Read whole before the first is settled: settling changes what is iterated. */
static GArray *read_conflicts(Arena *arena, git_index *index, GError **error)
{
    g_autoptr(git_index_conflict_iterator) iterator = NULL;
    g_autoptr(GArray) conflicts = g_array_new(FALSE, TRUE, sizeof(Conflict));
    const git_index_entry *base, *ours, *theirs;

    if (git_index_conflict_iterator_new(&iterator, index) < 0) {
        forge_git_failed(error, "cannot read the conflicts");
        return NULL;
    }
    while (git_index_conflict_next(&base, &ours, &theirs, iterator) == 0) {
        Conflict conflict = {0};

        copy_entry(arena, &conflict, 0, base);
        copy_entry(arena, &conflict, 1, ours);
        copy_entry(arena, &conflict, 2, theirs);
        g_array_append_val(conflicts, conflict);
    }
    return g_steal_pointer(&conflicts);
}

static gboolean settle_all(Site *site, git_index *index, GError **error)
{
    g_autoptr(GArray) conflicts = read_conflicts(site->arena, index, error);

    if (!conflicts)
        return FALSE;
    git_index_conflict_cleanup(index);
    for (guint i = 0; i < conflicts->len; i++) {
        const Conflict *conflict = &g_array_index(conflicts, Conflict, i);
        const git_index_entry *sides[3];

        for (guint side = 0; side < 3; side++)
            sides[side] = conflict->there[side] ? &conflict->entries[side] : NULL;
        if (!settle(site, index, sides[0], sides[1], sides[2], error))
            return FALSE;
    }
    return TRUE;
}

/* ---- merging ---- */

static gboolean write_side(Site *site, const char *folder, git_tree **tree, GError **error)
{
    git_oid id;

    return forge_git_write_folder(site->git, folder, &id, error) &&
           (git_tree_lookup(tree, site->git, &id) == 0 ||
            forge_git_failed(error, "cannot read the tree"));
}

static gboolean write_file(Site *site, git_index *index, GError **error)
{
    const ForgeMerge *merge = site->merge;
    git_index_entry entry = {.path = merge->path, .mode = GIT_FILEMODE_BLOB};

    return !merge->path ||
           (git_blob_create_from_buffer(&entry.id, site->git, merge->content,
                                        strlen(merge->content)) == 0 &&
            git_index_add(index, &entry) == 0) ||
           forge_git_failed(error, merge->path);
}

static gboolean merge_into(Site *site, git_tree *ours, git_oid *merged, GError **error)
{
    g_autoptr(git_tree) base = NULL, theirs = NULL;
    g_autoptr(git_index) index = NULL;

    if (!write_side(site, site->merge->base, &base, error) ||
        !write_side(site, site->merge->theirs, &theirs, error))
        return FALSE;
    if (git_merge_trees(&index, site->git, base, ours, theirs, NULL) < 0)
        return forge_git_failed(error, "cannot merge");
    if (!settle_all(site, index, error))
        return FALSE;
    /* What changes nothing else is no reason to write the one file. */
    if (git_index_write_tree_to(merged, index, site->git) < 0)
        return forge_git_failed(error, "cannot write the tree");
    if (git_oid_equal(merged, git_tree_id(ours)))
        return TRUE;
    return write_file(site, index, error) &&
           (git_index_write_tree_to(merged, index, site->git) == 0 ||
            forge_git_failed(error, "cannot write the tree"));
}

static Value *noted(Site *site, Value *file, const char *path)
{
    const char *text = g_hash_table_lookup(site->notes, path);
    g_auto(GStrv) parts = text ? g_strsplit(text, "\n", 2) : NULL;

    if (!parts)
        return file;
    value_set_string(site->arena, file, "status", parts[0]);
    value_set_string(site->arena, file, "reason", parts[1]);
    return file;
}

/* The files that change, and those that are left alone although the template changed them. */
static const Value *files_of(Site *site, const Value *changed, guint *conflicts)
{
    Arena *arena = site->arena;
    Value *files = value_array_new(arena);
    g_autoptr(GList) paths = NULL;

    for (guint i = 0; i < value_count(changed); i++) {
        Value *file = value_clone_shallow(arena, value_item(changed, i));
        const char *path = value_path_string(file, "path", "");

        value_append(arena, files, noted(site, file, path));
        *conflicts += g_str_equal(value_path_string(file, "status", ""), "conflict");
        g_hash_table_remove(site->notes, path);
    }
    paths = g_list_sort(g_hash_table_get_keys(site->notes), (GCompareFunc)strcmp);
    for (GList *link = paths; link; link = link->next) {
        Value *file = value_object_new(arena);

        value_set_string(arena, file, "path", link->data);
        value_set_string(arena, file, "diff", "");
        value_append(arena, files, noted(site, file, link->data));
        *conflicts += g_str_equal(value_path_string(file, "status", ""), "conflict");
    }
    return files;
}

static Value *outcome(Site *site, git_commit *head, git_tree *ours, const git_oid *merged_id,
                      GError **error)
{
    Arena *arena = site->arena;
    g_autoptr(git_tree) merged = NULL;
    const Value *changed;
    Value *value = value_object_new(arena);
    guint conflicts = 0;

    if (git_tree_lookup(&merged, site->git, merged_id) < 0) {
        forge_git_failed(error, "cannot read the tree");
        return NULL;
    }
    changed = forge_diff_trees(site->git, arena, ours, merged, error);
    if (!changed)
        return NULL;
    value_set_string(arena, value, "head", git_oid_tostr_s(git_commit_id(head)));
    value_set_string(arena, value, "base", site->base_branch);
    value_set(arena, value, "files", files_of(site, changed, &conflicts));
    value_set_int(arena, value, "conflicts", conflicts);
    return value;
}

const Value *forge_merge_preview(Forge *forge, Arena *arena, const ForgeMerge *merge,
                                 GError **error)
{
    g_auto(Site) site = {0};
    g_autoptr(git_commit) head = NULL;
    g_autoptr(git_tree) ours = NULL;
    git_oid merged;

    if (!site_open(&site, forge, arena, merge, error) || !write_nothing(&site, error))
        return NULL;
    head = forge_git_commit(site.git, site.base_branch, site.base_branch, error);
    if (!head)
        return NULL;
    if (git_commit_tree(&ours, head) < 0) {
        forge_git_failed(error, "cannot read the tree");
        return NULL;
    }
    return merge_into(&site, ours, &merged, error) ? outcome(&site, head, ours, &merged, error)
                                                   : NULL;
}

/* ---- onto a branch ---- */

static const char *trailer(Arena *arena, const char *intent_id)
{
    return arena_printf(arena, "Pave-Intent: %s", intent_id);
}

gboolean forge_merge_probe(Forge *forge, Arena *arena, const ForgeMerge *merge, const char **tip,
                           gboolean *found, GError **error)
{
    g_auto(Site) site = {0};
    g_autoptr(git_commit) commit = NULL;

    *tip = NULL;
    *found = FALSE;
    if (!site_open(&site, forge, arena, merge, error))
        return FALSE;
    *tip = pull_git_tip(site.git, arena, merge->branch);
    commit = *tip ? forge_git_commit(site.git, *tip, site.base_branch, error) : NULL;
    if (*tip && !commit)
        return FALSE;
    *found = commit && merge->intent_id &&
             strstr(git_commit_message(commit), trailer(arena, merge->intent_id)) != NULL;
    return TRUE;
}

static gboolean publish(Site *site, const git_oid *from, const git_oid *id,
                        const ForgeAuthor *author, GError **error)
{
    const ForgeMerge *merge = site->merge;
    const char *refspec =
        arena_printf(site->arena, "refs/heads/%1$s:refs/heads/%1$s", merge->branch);
    const char *const push[] = {"push", "--quiet", site->url, refspec, NULL};

    if (!forge_git_move_branch(site->git, merge->branch, from, id, author, error))
        return FALSE;
    if (site->url)
        return forge_git_run(push, forge_host_git_environment(&site->github.host), site->folder, NULL,
                             error);
    return forge_sync_folder(site->folder, error) &&
           forge_compare_refs(site->forge, site->repository, merge->actor, merge->cause, error);
}

static gboolean commit_merged(Site *site, git_commit *head, git_commit *tip, gboolean on_tip,
                              const git_oid *tree, git_oid *id, GError **error)
{
    const ForgeMerge *merge = site->merge;
    ForgeAuthor author = {.message = arena_printf(site->arena, "%s\n\n%s\n", merge->message,
                                                  trailer(site->arena, merge->intent_id)),
                          .author_name = "Pave",
                          .author_email = "pave@localhost",
                          .actor = merge->actor,
                          .cause = merge->cause};
    const git_commit *parents[] = {tip ? tip : head, head};

    /* A branch that is made anew from the newest default branch still goes forward. */
    return forge_git_write_commit(site->git, parents, tip && !on_tip ? 2 : 1, tree, &author, id,
                                  error) &&
           publish(site, tip ? git_commit_id(tip) : NULL, id, &author, error);
}

const Value *forge_merge(Forge *forge, Arena *arena, const ForgeMerge *merge, GError **error)
{
    g_auto(Site) site = {0};
    g_autoptr(git_commit) head = NULL, tip = NULL;
    g_autoptr(git_tree) ours = NULL;
    const char *end;
    gboolean on_tip;
    git_oid merged, id;
    Value *value;

    if (!site_open(&site, forge, arena, merge, error))
        return NULL;
    head = forge_git_commit(site.git, site.base_branch, site.base_branch, error);
    end = pull_git_tip(site.git, arena, merge->branch);
    tip = head && end ? forge_git_commit(site.git, end, site.base_branch, error) : NULL;
    if (!head || (end && !tip))
        return NULL;
    on_tip = tip && g_strcmp0(end, merge->left_at) != 0;
    if (git_commit_tree(&ours, on_tip ? tip : head) < 0) {
        forge_git_failed(error, "cannot read the tree");
        return NULL;
    }
    if (!merge_into(&site, ours, &merged, error))
        return NULL;
    value = outcome(&site, head, ours, &merged, error);
    if (!value)
        return NULL;
    if (git_oid_equal(&merged, git_tree_id(ours))) {
        value_set_string(arena, value, "commit", "");
        return value;
    }
    if (!commit_merged(&site, head, tip, on_tip, &merged, &id, error))
        return NULL;
    value_set_string(arena, value, "commit", git_oid_tostr_s(&id));
    return value;
}
