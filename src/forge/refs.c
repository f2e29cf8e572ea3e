/* What git's refs say, against what the log was told.
 *
 * git moves refs by itself, outside any transaction of ours. So the log is told afterwards: the
 * refs are compared with their record, and the record and the events change in one transaction. A
 * crash between a push and that transaction loses nothing, since the next comparison (at start)
 * finds the same difference, and who pushed is in git's own reflog until then. */
#include "forge/pull.h"
#include <string.h>

#define EVENT_COMMITS_MAX 50
#define REFS_MAX 50000
#define NO_OBJECT "0000000000000000000000000000000000000000"

struct changes {
    const ForgeRepository *repository;
    GPtrArray *list;
    const Event *created; /* also makes the repository ready; NULL */
    GPtrArray *pulls;     /* PullMove * */
};

static void change_free(void *data)
{
    ForgeRefChange *change = data;

    g_free(change->name);
    g_free(change->before);
    g_free(change->after);
    g_free(change);
}

static GHashTable *read_refs(git_repository *git, GError **error)
{
    g_autoptr(GHashTable) refs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    git_reference_iterator *iterator = NULL;
    git_reference *reference;
    int status;

    if (git_reference_iterator_new(&iterator, git) < 0) {
        forge_git_failed(error, "cannot read the refs");
        return NULL;
    }
    while ((status = git_reference_next(&reference, iterator)) == 0) {
        const char *name = git_reference_name(reference);

        if (git_reference_type(reference) == GIT_REFERENCE_DIRECT &&
            (g_str_has_prefix(name, "refs/heads/") || g_str_has_prefix(name, "refs/tags/")) &&
            g_hash_table_size(refs) < REFS_MAX)
            g_hash_table_insert(refs, g_strdup(name),
                                g_strdup(git_oid_tostr_s(git_reference_target(reference))));
        git_reference_free(reference);
    }
    git_reference_iterator_free(iterator);
    if (status != GIT_ITEROVER) {
        forge_git_failed(error, "cannot read the refs");
        return NULL;
    }
    return g_steal_pointer(&refs);
}

static void add_change(GPtrArray *list, const char *name, const char *before, const char *after)
{
    ForgeRefChange *change = g_new0(ForgeRefChange, 1);

    change->name = g_strdup(name);
    change->before = g_strdup(before);
    change->after = g_strdup(after);
    g_ptr_array_add(list, change);
}

static int by_name(const void *a, const void *b)
{
    const ForgeRefChange *first = *(ForgeRefChange *const *)a;
    const ForgeRefChange *second = *(ForgeRefChange *const *)b;

    return strcmp(first->name, second->name);
}

static GPtrArray *differences(GHashTable *recorded, GHashTable *actual)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(change_free);
    GHashTableIter iter;
    void *name, *target;

    g_hash_table_iter_init(&iter, actual);
    while (g_hash_table_iter_next(&iter, &name, &target)) {
        const char *before = g_hash_table_lookup(recorded, name);

        if (g_strcmp0(before, target) != 0)
            add_change(list, name, before, target);
    }
    g_hash_table_iter_init(&iter, recorded);
    while (g_hash_table_iter_next(&iter, &name, &target)) {
        if (!g_hash_table_contains(actual, name))
            add_change(list, name, target, NULL);
    }
    g_ptr_array_sort(list, by_name);
    return list;
}

/* Who moved a ref, from the entry git wrote when it did. It comes before who asks for the
 * comparison, which may find what somebody else moved at the same moment. */
static void read_reflog(git_repository *git, Arena *arena, ForgeRefChange *change)
{
    git_reflog *log = NULL;
    const git_reflog_entry *entry;

    if (!change->after || git_reflog_read(&log, git, change->name) < 0)
        return;
    entry = git_reflog_entry_byindex(log, 0);
    if (entry && g_str_equal(git_oid_tostr_s(git_reflog_entry_id_new(entry)), change->after)) {
        const git_signature *who = git_reflog_entry_committer(entry);

        change->event.actor = arena_strdup(arena, who->name);
        change->event.cause =
            g_str_equal(who->email, "none") ? NULL : arena_strdup(arena, who->email);
    }
    git_reflog_free(log);
}

static const Value *commits_of(git_repository *git, Arena *arena, const ForgeRefChange *change)
{
    Value *commits = value_array_new(arena);
    g_autoptr(git_revwalk) walk = NULL;
    git_oid id;

    if (!change->after || !g_str_has_prefix(change->name, "refs/heads/") ||
        git_revwalk_new(&walk, git) < 0)
        return commits;
    git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    if (git_oid_fromstr(&id, change->after) < 0 || git_revwalk_push(walk, &id) < 0)
        return commits;
    if (change->before && git_oid_fromstr(&id, change->before) == 0)
        git_revwalk_hide(walk, &id);
    while (value_count(commits) < EVENT_COMMITS_MAX && git_revwalk_next(&id, walk) == 0) {
        g_autoptr(git_commit) commit = NULL;

        if (git_commit_lookup(&commit, git, &id) == 0)
            value_append(arena, commits, forge_commit_value(arena, commit));
    }
    return commits;
}

static const char *subject_of(Arena *arena, const ForgeRepository *repository)
{
    return arena_printf(arena, "repository:%s/%s", repository->owner, repository->name);
}

static void describe(git_repository *git, Arena *arena, const ForgeRepository *repository,
                     ForgeRefChange *change, const char *actor, const char *cause)
{
    Value *payload = value_object_new(arena);

    change->event.type = "dev.pave.forge.ref.updated";
    change->event.source = "/pave/forge";
    change->event.subject = subject_of(arena, repository);
    change->event.subject_uid = repository->id;
    change->event.actor = actor;
    change->event.cause = cause;
    read_reflog(git, arena, change);
    value_set_string(arena, payload, "owner", repository->owner);
    value_set_string(arena, payload, "name", repository->name);
    value_set_string(arena, payload, "ref", change->name);
    value_set_string(arena, payload, "before", change->before ? change->before : NO_OBJECT);
    value_set_string(arena, payload, "after", change->after ? change->after : NO_OBJECT);
    value_set(arena, payload, "commits", commits_of(git, arena, change));
    value_set_string(arena, payload, "actor",
                     change->event.actor ? change->event.actor : "unknown");
    change->event.payload = payload;
}

static gboolean write_changes(DbConn *tx, void *data, GError **error)
{
    const struct changes *changes = data;

    if (changes->created) {
        gboolean changed;

        if (!forge_store_ready(tx, changes->repository->id, &changed, error))
            return FALSE;
        if (!changed)
            return TRUE;
        events_append(tx, changes->created);
    }
    for (guint i = 0; i < changes->list->len; i++) {
        const ForgeRefChange *change = changes->list->pdata[i];
        int64_t moved = forge_store_move_ref(tx, changes->repository->id, change->name,
                                             change->before, change->after, error);

        if (moved < 0)
            return FALSE;
        /* 0: another node told the log already. */
        if (moved > 0)
            events_append(tx, &change->event);
    }
    return pull_moves_write(tx, changes->pulls, error);
}

static gboolean compare_locked(Forge *forge, const ForgeRepository *repository, const char *actor,
                               const char *cause, const Event *created, GError **error)
{
    g_autofree char *folder = forge_folder(forge, repository->owner, repository->name);
    g_autoptr(git_repository) git = forge_git_open(folder, error);
    g_autoptr(GHashTable) actual = git ? read_refs(git, error) : NULL;
    g_autoptr(GHashTable) recorded =
        actual ? forge_store_refs(db_reader(forge->db), repository->id, error) : NULL;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) list = recorded ? differences(recorded, actual) : NULL;
    g_autoptr(GPtrArray) pulls = NULL;
    struct changes changes = {repository, list, created, NULL};

    if (!list)
        return FALSE;
    for (guint i = 0; i < list->len; i++)
        describe(git, arena, repository, list->pdata[i], actor, cause);
    pulls = pull_moves(forge, git, arena, repository, actual, list, error);
    if (!pulls)
        return FALSE;
    changes.pulls = pulls;
    return (list->len == 0 && pulls->len == 0 && !created) ||
           db_write(forge->db, write_changes, &changes, NULL, error);
}

static gboolean compare(Forge *forge, const ForgeRepository *repository, const char *actor,
                        const char *cause, const Event *created, GError **error)
{
    pthread_mutex_t *lock = &forge->ref_locks[g_str_hash(repository->id) % FORGE_REF_LOCKS];
    gboolean done;

    pthread_mutex_lock(lock);
    done = compare_locked(forge, repository, actor, cause, created, error);
    pthread_mutex_unlock(lock);
    return done;
}

gboolean forge_compare_refs(Forge *forge, const ForgeRepository *repository, const char *actor,
                            const char *cause, GError **error)
{
    return compare(forge, repository, actor, cause, NULL, error);
}

gboolean forge_finish_publish(Forge *forge, const ForgeRepository *repository, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Event created = {.type = "dev.pave.forge.repository.created",
                     .source = "/pave/forge",
                     .subject = subject_of(arena, repository),
                     .subject_uid = repository->id,
                     .actor = repository->created_by,
                     .cause = repository->cause,
                     .payload = forge_repository_value(forge, arena, repository)};

    return compare(forge, repository, repository->created_by, repository->cause, &created, error);
}
