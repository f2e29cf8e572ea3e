/* What a push does to open pull requests: its head moves it, its base may have taken it in, and
 * without its branch there is nothing to merge.
 *
 * Found by comparing each with the refs rather than by the push: what a crash left undone shows in
 * the next comparison, and a merge made here is recorded the same way as one pushed by hand. */
#include "forge/pull.h"

#define OPEN_MAX 1000

/* Who moved a branch, as the change of its ref says. */
static const ForgeRefChange *change_of(GPtrArray *changes, const char *branch)
{
    for (guint i = 0; i < changes->len; i++) {
        const ForgeRefChange *change = changes->pdata[i];

        if (g_str_has_prefix(change->name, "refs/heads/") &&
            g_str_equal(change->name + strlen("refs/heads/"), branch))
            return change;
    }
    return NULL;
}

static const char *target_of(GHashTable *refs, const char *branch)
{
    g_autofree char *ref = g_strconcat("refs/heads/", branch, NULL);

    return g_hash_table_lookup(refs, ref);
}

/* The intended merge arrived, or somebody merged it by hand. A head that was set back to what the
 * base had anyway was not merged. */
static gboolean taken_in(git_repository *git, const PullRow *row, const char *base)
{
    return (row->merge_commit && pull_git_holds(git, base, row->merge_commit)) ||
           (pull_git_holds(git, base, row->head_commit) &&
            !pull_git_holds(git, row->base_commit, row->head_commit));
}

/* What becomes of a pull request; NULL where only its base moved, "" where nothing did. */
static const char *move(git_repository *git, PullRow *row, const char *head, const char *base)
{
    const char *what = "";

    if (head && !g_str_equal(row->head_commit, head)) {
        row->head_commit = head;
        what = "updated";
    }
    /* Before the head that is gone: one push may bring it into the base and delete it. */
    if (base && !g_str_equal(row->base_commit, base) && taken_in(git, row, base)) {
        row->state = "merged";
        row->merge_commit = row->merge_commit && pull_git_holds(git, base, row->merge_commit)
                                ? row->merge_commit
                                : base;
        return "merged";
    }
    if (!head || !base) {
        row->state = "closed";
        return "closed";
    }
    if (g_str_equal(row->base_commit, base))
        return what;
    row->base_commit = base;
    return *what ? what : NULL;
}

static void add_move(Forge *forge, git_repository *git, Arena *arena,
                     const ForgeRepository *repository, GHashTable *refs, GPtrArray *changes,
                     const PullRow *before, GPtrArray *moves)
{
    PullMove *made = arena_new0(arena, PullMove, 1);
    PullRow *row = &made->row;
    const char *what;
    const ForgeRefChange *change;

    *row = *before;
    what = move(git, row, target_of(refs, row->head), target_of(refs, row->base));
    if (what && !*what)
        return;
    change = change_of(changes, g_strcmp0(what, "merged") == 0 ? row->base : row->head);
    if (what) {
        const char *actor = change && change->event.actor ? change->event.actor : "service:pave";

        row->updated_at = clock_now_ms();
        if (!g_str_equal(row->state, "open"))
            row->closed_at = row->updated_at;
        if (g_str_equal(row->state, "merged"))
            row->merged_by = actor;
        pull_git_keep(git, row->number, row->head_commit, NULL);
        made->event = pull_event(forge, arena, repository, row, what, actor,
                                 change ? change->event.cause : NULL);
    }
    g_ptr_array_add(moves, made);
}

GPtrArray *pull_moves(Forge *forge, git_repository *git, Arena *arena,
                      const ForgeRepository *repository, GHashTable *refs, GPtrArray *changes,
                      GError **error)
{
    g_autoptr(GPtrArray) open = pull_store_list(db_reader(forge->db), arena, repository->id, "open",
                                                OPEN_MAX, NULL, error);
    GPtrArray *moves = open ? g_ptr_array_new() : NULL;

    for (guint i = 0; open && i < open->len; i++)
        add_move(forge, git, arena, repository, refs, changes, open->pdata[i], moves);
    return moves;
}

gboolean pull_moves_write(DbConn *tx, GPtrArray *moves, GError **error)
{
    for (guint i = 0; i < moves->len; i++) {
        const PullMove *made = moves->pdata[i];
        int64_t saved = pull_store_save(tx, &made->row, "open", error);

        if (saved < 0)
            return FALSE;
        if (saved > 0 && made->event.type)
            events_append(tx, &made->event);
    }
    return TRUE;
}
