/* What git says of the two branches of a pull request, by libgit2 and without a work tree. */
#include "forge/pull.h"

#define FILES_MAX 300
#define DIFF_BYTES_MAX 65536
#define DIFFS_BYTES_MAX 2097152
#define BLOB_BYTES_MAX 1048576
#define COMMITS_MAX 250
#define CONFLICTS_MAX 100

G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_diff, git_diff_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_patch, git_patch_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_index_conflict_iterator, git_index_conflict_iterator_free)

void pull_merge_clear(PullMerge *merge)
{
    g_clear_pointer(&merge->conflicts, g_ptr_array_unref);
}

static gboolean lookup(git_repository *git, const char *id, git_commit **commit, GError **error)
{
    git_oid oid;

    return (git_oid_fromstr(&oid, id) == 0 && git_commit_lookup(commit, git, &oid) == 0) ||
           forge_git_failed(error, id);
}

static gboolean list_conflicts(git_index *index, GPtrArray *paths, GError **error)
{
    g_autoptr(git_index_conflict_iterator) iterator = NULL;
    const git_index_entry *base, *ours, *theirs;

    if (git_index_conflict_iterator_new(&iterator, index) < 0)
        return forge_git_failed(error, "cannot read the conflicts");
    while (paths->len < CONFLICTS_MAX &&
           git_index_conflict_next(&base, &ours, &theirs, iterator) == 0) {
        const git_index_entry *one = ours ? ours : theirs ? theirs : base;

        g_ptr_array_add(paths, g_strdup(one->path));
    }
    return TRUE;
}

gboolean pull_git_merge(git_repository *git, const char *base_commit, const char *head_commit,
                        PullMerge *merge, GError **error)
{
    g_autoptr(git_commit) base = NULL, head = NULL;
    g_autoptr(git_index) index = NULL;

    merge->conflicts = g_ptr_array_new_with_free_func(g_free);
    if (!lookup(git, base_commit, &base, error) || !lookup(git, head_commit, &head, error))
        return FALSE;
    merge->base = *git_commit_id(base);
    merge->head = *git_commit_id(head);
    if (git_merge_commits(&index, git, base, head, NULL) < 0)
        return forge_git_failed(error, "cannot merge");
    if (git_index_has_conflicts(index))
        return list_conflicts(index, merge->conflicts, error);
    return git_index_write_tree_to(&merge->tree, index, git) == 0 ||
           forge_git_failed(error, "cannot write the tree");
}

const char *pull_git_tip(git_repository *git, Arena *arena, const char *branch)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);
    git_oid id;

    return git_reference_name_to_id(&id, git, ref) == 0 ? arena_strdup(arena, git_oid_tostr_s(&id))
                                                        : NULL;
}

gboolean pull_git_holds(git_repository *git, const char *tip, const char *commit)
{
    git_oid above, below;

    return git_oid_fromstr(&above, tip) == 0 && git_oid_fromstr(&below, commit) == 0 &&
           (git_oid_equal(&above, &below) || git_graph_descendant_of(git, &above, &below) == 1);
}

/* ---- files ---- */

/* What base and head have in common: nothing where their histories never met. */
static gboolean open_trees(git_repository *git, const PullRow *row, git_tree **from, git_tree **to,
                           GError **error)
{
    g_autoptr(git_commit) base = NULL, head = NULL, shared = NULL;
    git_oid id;

    if (!lookup(git, row->base_commit, &base, error) ||
        !lookup(git, row->head_commit, &head, error))
        return FALSE;
    if (git_merge_base(&id, git, git_commit_id(base), git_commit_id(head)) == 0 &&
        (git_commit_lookup(&shared, git, &id) < 0 || git_commit_tree(from, shared) < 0))
        return forge_git_failed(error, "cannot read the tree");
    return git_commit_tree(to, head) == 0 || forge_git_failed(error, "cannot read the tree");
}

static const char *status_name(git_delta_t status)
{
    switch (status) {
    case GIT_DELTA_ADDED:
        return "added";
    case GIT_DELTA_DELETED:
        return "deleted";
    case GIT_DELTA_RENAMED:
        return "renamed";
    default:
        return "modified";
    }
}

/* Whole lines only, and whole characters. */
static char *cut(const git_buf *text, gsize bytes_max, gboolean *truncated)
{
    gsize length = text->size;
    g_autofree char *kept = NULL;

    *truncated = length > bytes_max;
    if (*truncated) {
        length = bytes_max;
        while (length > 0 && text->ptr[length - 1] != '\n')
            length--;
    }
    kept = g_strndup(text->ptr ? text->ptr : "", length);
    return g_utf8_make_valid(kept, -1);
}

static gboolean add_file(Arena *arena, Value *files, git_diff *diff, gsize place, gsize *left,
                         GError **error)
{
    const git_diff_delta *delta = git_diff_get_delta(diff, place);
    const char *path = delta->new_file.path ? delta->new_file.path : delta->old_file.path;
    g_autoptr(git_patch) patch = NULL;
    git_buf text = GIT_BUF_INIT;
    gsize added = 0, removed = 0;
    gboolean truncated = FALSE, binary;
    g_autofree char *shown = NULL;
    Value *file = value_object_new(arena);

    if (git_patch_from_diff(&patch, diff, place) < 0 ||
        (patch && (git_patch_line_stats(NULL, &added, &removed, patch) < 0 ||
                   git_patch_to_buf(&text, patch) < 0)))
        return forge_git_failed(error, path);
    binary = (git_diff_get_delta(diff, place)->flags & GIT_DIFF_FLAG_BINARY) != 0;
    shown = cut(&text, MIN((gsize)DIFF_BYTES_MAX, *left), &truncated);
    git_buf_dispose(&text);
    *left -= MIN(*left, strlen(shown));
    value_set_string(arena, file, "path", path);
    if (delta->status == GIT_DELTA_RENAMED)
        value_set_string(arena, file, "oldPath", delta->old_file.path);
    value_set_string(arena, file, "status", status_name(delta->status));
    value_set_int(arena, file, "additions", (int64_t)added);
    value_set_int(arena, file, "deletions", (int64_t)removed);
    value_set_bool(arena, file, "binary", binary);
    value_set_bool(arena, file, "truncated", truncated);
    value_set_string(arena, file, "diff", shown);
    value_append(arena, files, file);
    return TRUE;
}

const Value *forge_diff_trees(git_repository *git, Arena *arena, git_tree *from, git_tree *to,
                              GError **error)
{
    g_autoptr(git_diff) diff = NULL;
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    git_diff_find_options similar = GIT_DIFF_FIND_OPTIONS_INIT;
    Value *files = value_array_new(arena);
    gsize left = DIFFS_BYTES_MAX;

    options.max_size = BLOB_BYTES_MAX; /* beyond it a file is shown as binary */
    similar.flags = GIT_DIFF_FIND_RENAMES;
    if (git_diff_tree_to_tree(&diff, git, from, to, &options) < 0 ||
        git_diff_find_similar(diff, &similar) < 0) {
        forge_git_failed(error, "cannot compare");
        return NULL;
    }
    for (gsize i = 0; i < MIN(git_diff_num_deltas(diff), (gsize)FILES_MAX); i++) {
        if (!add_file(arena, files, diff, i, &left, error))
            return NULL;
    }
    return files;
}

const Value *pull_git_files(git_repository *git, Arena *arena, const PullRow *row, GError **error)
{
    g_autoptr(git_tree) from = NULL, to = NULL;

    return open_trees(git, row, &from, &to, error) ? forge_diff_trees(git, arena, from, to, error)
                                                   : NULL;
}

const Value *pull_git_commits(git_repository *git, Arena *arena, const PullRow *row, GError **error)
{
    g_autoptr(git_revwalk) walk = NULL;
    Value *commits = value_array_new(arena);
    git_oid head, base, id;

    if (git_oid_fromstr(&head, row->head_commit) < 0 ||
        git_oid_fromstr(&base, row->base_commit) < 0 || git_revwalk_new(&walk, git) < 0 ||
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME | GIT_SORT_REVERSE) < 0 ||
        git_revwalk_push(walk, &head) < 0 || git_revwalk_hide(walk, &base) < 0) {
        forge_git_failed(error, "cannot walk the commits");
        return NULL;
    }
    while (value_count(commits) < COMMITS_MAX && git_revwalk_next(&id, walk) == 0) {
        g_autoptr(git_commit) commit = NULL;

        if (git_commit_lookup(&commit, git, &id) == 0)
            value_append(arena, commits, forge_commit_value(arena, commit));
    }
    return commits;
}

/* ---- merging ---- */

static char *message_of(const PullRow *row, gboolean squash)
{
    const char *gap = *row->body ? "\n\n" : "";

    return squash ? g_strdup_printf("%s (#%" G_GINT64_FORMAT ")%s%s", row->title, row->number, gap,
                                    row->body)
                  : g_strdup_printf("Merge pull request #%" G_GINT64_FORMAT " from %s\n\n%s",
                                    row->number, row->head, row->title);
}

gboolean pull_git_write(git_repository *git, const PullRow *row, const PullMerge *merge,
                        const char *method, const char *actor, git_oid *id, GError **error)
{
    gboolean squash = g_str_equal(method, "squash");
    g_autofree char *message = message_of(row, squash);
    const char *slash = strrchr(actor, '/');
    int64_t now = clock_now_ms() / 1000;
    g_autoptr(git_commit) base = NULL, head = NULL;
    g_autoptr(git_tree) tree = NULL;
    g_autoptr(git_signature) who = NULL, pave = NULL;

    if (git_commit_lookup(&base, git, &merge->base) < 0 ||
        git_commit_lookup(&head, git, &merge->head) < 0 ||
        git_tree_lookup(&tree, git, &merge->tree) < 0 ||
        git_signature_new(&pave, "Pave", "pave@localhost", now, 0) < 0 ||
        git_signature_new(&who, slash && slash[1] ? slash + 1 : actor, "pave@localhost", now, 0) < 0)
        return forge_git_failed(error, "cannot merge");

    const git_commit *parents[] = {base, head};

    /* What is squashed remains the work of who wrote it. */
    return git_commit_create(id, git, NULL, squash ? git_commit_author(head) : who, pave, NULL,
                             message, tree, squash ? 1 : 2, parents) == 0 ||
           forge_git_failed(error, "cannot write the commit");
}

gboolean pull_git_keep(git_repository *git, int64_t number, const char *commit, GError **error)
{
    g_autofree char *ref = g_strdup_printf("refs/pull/%" G_GINT64_FORMAT "/head", number);
    g_autoptr(git_reference) kept = NULL;
    git_oid id;

    return (git_oid_fromstr(&id, commit) == 0 &&
            git_reference_create(&kept, git, ref, &id, 1, "pull request") == 0) ||
           forge_git_failed(error, ref);
}
