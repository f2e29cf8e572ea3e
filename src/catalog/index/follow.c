/* Keeps the index where the log is: from the base of the last run on, and beside other nodes. */
#include "catalog/catalog_internal.h"
#include "catalog/index/changes.h"
#include "catalog/model/kinds.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define EVENTS "dev.pave.catalog.entity."
#define BATCH 1000
#define RETRY_MS 1000
/* Beyond so many changes, and such a part of the catalog, making the index anew is quicker. */
#define BEHIND_MIN 20000
#define BEHIND_PART 4

/* ---- one step ---- */

/* What the events tell, each ref once, by its last event: IndexChange. */
static GArray *changes_of(Catalog *catalog, const GPtrArray *events)
{
    GArray *changes = g_array_new(FALSE, TRUE, sizeof(IndexChange));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = events->len; i-- > 0;) {
        const Event *event = events->pdata[i];
        IndexChange change = {.ref = event->subject, .seq = event->seq};

        if (event->subject && g_hash_table_add(seen, (gpointer)event->subject) &&
            !index_is_ahead(catalog->index, event->subject, event->seq))
            g_array_append_val(changes, change);
    }
    return changes;
}

static gboolean read_rows(Catalog *catalog, Arena *arena, GArray *changes, GError **error)
{
    for (guint i = 0; i < changes->len; i++) {
        IndexChange *change = &g_array_index(changes, IndexChange, i);
        g_autoptr(GError) reason = NULL;
        const CatalogRow *row = store_row(db_reader(catalog->db), arena, change->ref, &reason);

        if (reason) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        change->row = row && row->entity ? row : NULL;
    }
    return TRUE;
}

/* Applies the next events of the log; *count tells how many there were. */
static gboolean follow_some(Catalog *catalog, guint *count, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GPtrArray) events = g_ptr_array_new();
    g_autoptr(GArray) changes = NULL;
    DbConn *conn = db_reader(catalog->db);
    EventFilter filter = {
        .after = index_seq(catalog->index), .type_prefix = EVENTS, .limit = BATCH};
    int64_t head;

    if (!events_read_head(conn, &head, NULL, error) ||
        !events_read(conn, arena, &filter, events, error))
        return FALSE;
    *count = events->len;
    /* There may be events after head now; those before it that are none of ours are passed. */
    if (events->len == BATCH)
        head = 0;
    for (guint i = 0; i < events->len; i++)
        head = MAX(head, ((const Event *)events->pdata[i])->seq);
    changes = changes_of(catalog, events);
    if (!read_rows(catalog, arena, changes, error))
        return FALSE;
    index_follow(catalog->index, (const IndexChange *)(void *)changes->data, changes->len, head);
    return TRUE;
}

/* FALSE without error: it is too far behind. */
static gboolean catch_up(Catalog *catalog, GError **error)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    guint64 most = MAX(BEHIND_MIN, snapshot_count(snapshot) / BEHIND_PART), passed = 0;
    guint count;

    do {
        if (!follow_some(catalog, &count, error))
            return FALSE;
        passed += count;
    } while (count == BATCH && passed <= most);
    return count < BATCH;
}

/* ---- from the start ---- */

static char *mark_of(int64_t seq, void *data)
{
    Catalog *catalog = data;
    g_autofree char *digest = events_digest(db_reader(catalog->db), seq, NULL);

    /* What entities declare depends on the kinds that are defined, too. */
    return digest ? g_strconcat(digest, kinds_digest(), NULL) : NULL;
}

/* Whether the base that was opened is one of this log. */
static gboolean is_ours(Catalog *catalog)
{
    const char *mark = index_mark(catalog->index);
    int64_t head, seq = index_seq(catalog->index);
    g_autofree char *wanted = NULL;

    if (!mark || !events_read_head(db_reader(catalog->db), &head, NULL, NULL) || seq > head)
        return FALSE;
    wanted = mark_of(seq, catalog);
    return g_strcmp0(mark, wanted) == 0;
}

gboolean follow_open(Catalog *catalog, GError **error)
{
    GError *reason = NULL;

    index_set_mark(catalog->index, mark_of, catalog);
    if (db_is_postgres(catalog->db))
        index_set_following(catalog->index);
    if (is_ours(catalog) && catch_up(catalog, &reason))
        return TRUE;
    if (reason) {
        g_propagate_error(error, reason);
        return FALSE;
    }
    /* What came while it was made is in the log, and cannot be more than that. */
    if (!index_rebuild(catalog->index, db_reader(catalog->db), error))
        return FALSE;
    if (catch_up(catalog, &reason) || !reason)
        return TRUE;
    g_propagate_error(error, reason);
    return FALSE;
}

/* ---- beside other nodes ---- */

struct Follower {
    Catalog *catalog;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean stopping;
    int64_t head;
};

static void notify(int64_t head, void *data)
{
    Follower *follower = data;

    pthread_mutex_lock(&follower->lock);
    follower->head = head;
    pthread_cond_signal(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
}

/* FALSE at the end. */
static gboolean wait_for_events(Follower *follower)
{
    gboolean going;

    pthread_mutex_lock(&follower->lock);
    while (!follower->stopping && follower->head <= index_seq(follower->catalog->index))
        pthread_cond_wait(&follower->changed, &follower->lock);
    going = !follower->stopping;
    pthread_mutex_unlock(&follower->lock);
    return going;
}

static void back_off(Follower *follower)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RETRY_MS / 1000;
    pthread_mutex_lock(&follower->lock);
    while (!follower->stopping &&
           pthread_cond_timedwait(&follower->changed, &follower->lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&follower->lock);
}

static void *follow(void *data)
{
    Follower *follower = data;

    while (wait_for_events(follower)) {
        g_autoptr(GError) error = NULL;
        guint count;

        /* The index is about to be made anew, which is quicker. */
        if (commits_are_deferred(follower->catalog)) {
            back_off(follower);
            continue;
        }
        if (follow_some(follower->catalog, &count, &error))
            continue;
        g_warning("catalog: the log cannot be followed: %s", error->message);
        back_off(follower);
    }
    return NULL;
}

Follower *follower_new(Catalog *catalog)
{
    Follower *follower;

    /* Nobody else writes into SQLite. */
    if (!db_is_postgres(catalog->db))
        return NULL;
    follower = g_new0(Follower, 1);
    follower->catalog = catalog;
    pthread_mutex_init(&follower->lock, NULL);
    pthread_cond_init(&follower->changed, NULL);
    events_on_commit(catalog->events, notify, follower);
    g_assert(pthread_create(&follower->thread, NULL, follow, follower) == 0);
    return follower;
}

void follower_free(Follower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->stopping = TRUE;
    pthread_cond_broadcast(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    pthread_mutex_destroy(&follower->lock);
    pthread_cond_destroy(&follower->changed);
    g_free(follower);
}
