#include "catalog/index/changes.h"
#include "formats/json.h"
#include <stdatomic.h>

/* Fewer are events of their own; more of them share a row of the log. */
#define SINGLE_EVENTS_MAX 100

struct Commits {
    pthread_mutex_t lock;
    pthread_mutex_t locations_lock;
    pthread_cond_t location_ended;
    GHashTable *locations; /* id that is being read → set of sources that were read beside */
    atomic_bool deferred;
    atomic_bool failed; /* what was deferred was tried in vain */
    atomic_bool stopping;
    int64_t indexed_seq; /* where the index stood when it was */
};

/* ---- who may commit ---- */

Commits *commits_new(void)
{
    Commits *commits = g_new0(Commits, 1);

    pthread_mutex_init(&commits->lock, NULL);
    pthread_mutex_init(&commits->locations_lock, NULL);
    pthread_cond_init(&commits->location_ended, NULL);
    commits->locations =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    return commits;
}

void commits_free(Commits *commits)
{
    if (!commits)
        return;
    g_hash_table_unref(commits->locations);
    pthread_cond_destroy(&commits->location_ended);
    pthread_mutex_destroy(&commits->locations_lock);
    pthread_mutex_destroy(&commits->lock);
    g_free(commits);
}

void commits_lock(Catalog *catalog)
{
    pthread_mutex_lock(&catalog->commits->lock);
}

void commits_unlock(Catalog *catalog)
{
    pthread_mutex_unlock(&catalog->commits->lock);
}

void commits_begin_location(Catalog *catalog, const char *id)
{
    Commits *commits = catalog->commits;

    pthread_mutex_lock(&commits->locations_lock);
    while (g_hash_table_contains(commits->locations, id))
        pthread_cond_wait(&commits->location_ended, &commits->locations_lock);
    g_hash_table_insert(commits->locations, g_strdup(id),
                        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
    pthread_mutex_unlock(&commits->locations_lock);
}

void commits_end_location(Catalog *catalog, const char *id)
{
    Commits *commits = catalog->commits;

    pthread_mutex_lock(&commits->locations_lock);
    g_hash_table_remove(commits->locations, id);
    pthread_cond_broadcast(&commits->location_ended);
    pthread_mutex_unlock(&commits->locations_lock);
}

gboolean commits_has_location(Catalog *catalog, const char *id)
{
    Commits *commits = catalog->commits;
    gboolean has;

    pthread_mutex_lock(&commits->locations_lock);
    has = g_hash_table_contains(commits->locations, id);
    pthread_mutex_unlock(&commits->locations_lock);
    return has;
}

void commits_read_beside(Catalog *catalog, const char *id, const char *source)
{
    Commits *commits = catalog->commits;
    GHashTable *beside;

    pthread_mutex_lock(&commits->locations_lock);
    beside = g_hash_table_lookup(commits->locations, id);
    if (beside)
        g_hash_table_add(beside, g_strdup(source));
    pthread_mutex_unlock(&commits->locations_lock);
}

gboolean commits_was_read_beside(Catalog *catalog, const char *id, const char *source)
{
    Commits *commits = catalog->commits;
    GHashTable *beside;
    gboolean was;

    pthread_mutex_lock(&commits->locations_lock);
    beside = g_hash_table_lookup(commits->locations, id);
    was = beside && g_hash_table_size(beside) > 0 && g_hash_table_contains(beside, source);
    pthread_mutex_unlock(&commits->locations_lock);
    return was;
}

/* ---- changes ---- */

Changes *changes_new(const char *actor)
{
    Changes *changes = g_new0(Changes, 1);

    changes->arena = arena_new(G_MAXSIZE);
    changes->all = g_ptr_array_new();
    changes->actor = actor;
    return changes;
}

void changes_free(Changes *changes)
{
    if (!changes)
        return;
    g_ptr_array_unref(changes->all);
    arena_free(changes->arena);
    g_free(changes);
}

Change *changes_add(Changes *changes, ChangeKind kind, const CatalogRow *row, const CatalogRow *old)
{
    Change *change = arena_new0(changes->arena, Change, 1);

    *change = (Change){kind, *row, old};
    g_ptr_array_add(changes->all, change);
    return change;
}

/* ---- events ---- */

/* What is written in one transaction. */
typedef struct {
    const Changes *changes;
    GArray *items[CHANGE_DELETED + 1]; /* EventItem, by kind; NULL: each change is an event */
} Commit;

static const char *const event_types[] = {
    [CHANGE_CREATED] = "dev.pave.catalog.entity.created",
    [CHANGE_UPDATED] = "dev.pave.catalog.entity.updated",
    [CHANGE_DELETED] = "dev.pave.catalog.entity.deleted",
};

static Value *payload_of(Arena *arena, const Change *change)
{
    const CatalogRow *row = &change->row;
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "kind", value_path_string(row->entity, "kind", NULL));
    value_set_string(arena, payload, "namespace",
                     value_path_string(row->entity, "metadata.namespace", NULL));
    value_set_string(arena, payload, "name", value_path_string(row->entity, "metadata.name", NULL));
    value_set_string(arena, payload, "location", row->source);
    value_set_bool(arena, payload, "valid", value_count(row->status) == 0);
    history_describe(arena, payload, change->kind == CHANGE_DELETED ? row : change->old, row);
    return payload;
}

static Event event_of(const Changes *changes, ChangeKind kind)
{
    return (Event){.type = event_types[kind], .source = "/pave/catalog", .actor = changes->actor};
}

static void append_single_events(DbConn *tx, const Changes *changes)
{
    for (guint i = 0; i < changes->all->len; i++) {
        const Change *change = changes->all->pdata[i];
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        Event event;

        if (change->kind == CHANGE_MOVED)
            continue;
        event = event_of(changes, change->kind);
        event.subject = change->row.ref;
        event.subject_uid = change->row.uid;
        event.payload = payload_of(arena, change);
        events_append(tx, &event);
    }
}

/* What the events of one kind say, made before the transaction. */
static GArray *items_of(const Changes *changes, ChangeKind kind)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(EventItem));

    for (guint i = 0; i < changes->all->len; i++) {
        const Change *change = changes->all->pdata[i];
        EventItem item = {change->row.ref, change->row.uid, NULL};

        if (change->kind != kind)
            continue;
        item.payload =
            json_to_arena(changes->arena, payload_of(changes->arena, change), JSON_COMPACT);
        g_array_append_val(items, item);
    }
    return items;
}

static void append_bulk_events(DbConn *tx, const Commit *commit)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commit->items); i++) {
        const Event event = event_of(commit->changes, (ChangeKind)i);

        events_append_bulk(tx, &event, (const EventItem *)(void *)commit->items[i]->data,
                           commit->items[i]->len);
    }
}

/* ---- committing ---- */

static gboolean write_change(DbConn *tx, const Changes *changes, const Change *change,
                             GError **error)
{
    const CatalogRow *row = &change->row;

    switch (change->kind) {
    case CHANGE_CREATED:
        return store_add_row(tx, row, error);
    case CHANGE_UPDATED:
        return store_put_row(tx, row, error) &&
               history_record(tx, change->old, row, changes->actor, error);
    case CHANGE_DELETED:
        return store_remove_row(tx, row->ref, error) &&
               history_record(tx, row, NULL, changes->actor, error);
    case CHANGE_MOVED:
        return store_move_row(tx, row, error);
    }
    g_assert_not_reached();
}

static gboolean write_changes(DbConn *tx, void *data, GError **error)
{
    const Commit *commit = data;
    const Changes *changes = commit->changes;

    for (guint i = 0; i < changes->all->len; i++)
        if (!write_change(tx, changes, changes->all->pdata[i], error))
            return FALSE;
    if (commit->items[0])
        append_bulk_events(tx, commit);
    else
        append_single_events(tx, changes);
    return !changes->also || changes->also(tx, changes->also_data, error);
}

static void put_into_index(Catalog *catalog, const Changes *changes, int64_t seq)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GPtrArray) removed = g_ptr_array_new();

    for (guint i = 0; i < changes->all->len; i++) {
        Change *change = changes->all->pdata[i];

        if (change->kind == CHANGE_DELETED)
            g_ptr_array_add(removed, (gpointer)change->row.ref);
        else if (change->kind != CHANGE_MOVED)
            g_ptr_array_add(rows, &change->row);
    }
    /* What is deferred is not in the index, which must not be taken to stand beyond it. */
    if (commits_are_deferred(catalog))
        seq = MIN(seq, catalog->commits->indexed_seq);
    if (rows->len + removed->len > 0)
        index_apply(catalog->index, rows, removed, seq);
}

gboolean changes_commit(Catalog *catalog, Changes *changes, GError **error)
{
    Commit commit = {.changes = changes};
    gboolean many = changes->all->len > SINGLE_EVENTS_MAX, done;
    int64_t seq = 0;

    if (changes->all->len == 0 && !changes->also)
        return TRUE;
    for (gsize i = 0; many && i < G_N_ELEMENTS(commit.items); i++)
        commit.items[i] = items_of(changes, (ChangeKind)i);
    done = db_write(catalog->db, write_changes, &commit, &seq, error);
    if (done && !changes->unindexed)
        put_into_index(catalog, changes, seq);
    for (gsize i = 0; many && i < G_N_ELEMENTS(commit.items); i++)
        g_array_unref(commit.items[i]);
    return done;
}

void commits_defer_index(Catalog *catalog)
{
    Commits *commits = catalog->commits;

    if (atomic_load(&commits->deferred))
        return;
    commits->indexed_seq = index_seq(catalog->index);
    atomic_store(&commits->deferred, true);
}

gboolean commits_index_deferred(Catalog *catalog, GError **error)
{
    if (!commits_are_deferred(catalog))
        return TRUE;
    if (!index_rebuild(catalog->index, db_reader(catalog->db), error)) {
        atomic_store(&catalog->commits->failed, true);
        return FALSE;
    }
    atomic_store(&catalog->commits->deferred, false);
    atomic_store(&catalog->commits->failed, false);
    return TRUE;
}

gboolean commits_retry_index(Catalog *catalog, GError **error)
{
    gboolean done;

    commits_lock(catalog);
    done = !commits_index_failed(catalog) || commits_index_deferred(catalog, error);
    commits_unlock(catalog);
    return done;
}

gboolean commits_index_failed(Catalog *catalog)
{
    return atomic_load(&catalog->commits->failed);
}

gboolean commits_are_deferred(Catalog *catalog)
{
    return atomic_load(&catalog->commits->deferred);
}

void commits_stop(Catalog *catalog, gboolean stopping)
{
    atomic_store(&catalog->commits->stopping, stopping);
}

gboolean commits_are_stopping(Catalog *catalog)
{
    return atomic_load(&catalog->commits->stopping);
}
