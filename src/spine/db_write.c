/* The writer thread, which commits in groups.
 *
 * Both engines write on one thread. On PostgreSQL a transaction takes one advisory lock first, so
 * that writes of all nodes are serial there too: a room's read-then-write means the same on both
 * engines, and the numbers of the log follow the order of commits. */
#include "spine/db.h"
#include "spine/db_internal.h"
#include <pthread.h>

#define GROUP_MAX 128
#define TRIES_MAX 8

struct DbWrite {
    DbWriteFn run;
    void *data;
    gboolean ok, done;
    int64_t seq;
    GError *error;
    struct DbWrite *next;
};

typedef struct DbWrite Write;

/* ---- the writer ---- */

void db_defer(DbConn *tx, gpointer item, GDestroyNotify destroy, DbFlushFn flush)
{
    g_assert(tx->writing);
    if (!tx->deferred)
        tx->deferred = g_ptr_array_new_with_free_func(destroy);
    tx->flush = flush;
    g_ptr_array_add(tx->deferred, item);
}

static void drop_deferred(DbConn *tx, guint from)
{
    if (tx->deferred && tx->deferred->len > from)
        g_ptr_array_remove_range(tx->deferred, from, tx->deferred->len - from);
}

/* Runs one function. FALSE: the whole transaction is beyond use, with error. */
static gboolean run_one(DbConn *tx, Write *write, gboolean alone, GError **error)
{
    const DbEngine *engine = tx->db->engine;
    guint mark = tx->deferred ? tx->deferred->len : 0;

    g_clear_error(&write->error);
    if (!alone && !engine->script(tx, "SAVEPOINT pave_write", error))
        return FALSE;
    write->ok = write->run(tx, write->data, &write->error);
    g_assert(write->ok || write->error);
    if (tx->doomed && write->ok) {
        write->ok = FALSE;
        g_clear_error(&write->error);
        write->error = g_error_copy(tx->doomed);
    }
    g_clear_error(&tx->doomed);
    if (tx->retry || !engine->in_transaction(tx)) {
        g_propagate_error(error, write->error ? g_error_copy(write->error)
                                              : g_error_new(PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                                                            "the database gave up a transaction"));
        return FALSE;
    }
    if (write->ok)
        return alone || engine->script(tx, "RELEASE SAVEPOINT pave_write", error);
    drop_deferred(tx, mark);
    return alone ||
           engine->script(tx, "ROLLBACK TO SAVEPOINT pave_write; RELEASE SAVEPOINT pave_write",
                          error);
}

static void roll_back(DbConn *tx)
{
    if (tx->link && tx->db->engine->in_transaction(tx))
        tx->db->engine->script(tx, "ROLLBACK", NULL);
    drop_deferred(tx, 0);
    g_clear_error(&tx->doomed);
}

static gboolean flush_deferred(DbConn *tx, int64_t *seq, GError **error)
{
    if (!tx->deferred || tx->deferred->len == 0)
        return TRUE;
    gboolean done = tx->flush(tx, tx->deferred, seq, error);
    g_clear_error(&tx->doomed);
    drop_deferred(tx, 0);
    return done;
}

static gboolean run_functions(DbConn *tx, Write *group, int64_t *seq, GError **error)
{
    gboolean alone = !group->next;
    gboolean any = FALSE;

    for (Write *write = group; write; write = write->next) {
        if (!run_one(tx, write, alone, error))
            return FALSE;
        any |= write->ok;
    }
    if (!any) {
        roll_back(tx);
        return TRUE;
    }
    return flush_deferred(tx, seq, error) && tx->db->engine->commit(tx, error);
}

static gboolean try_group(DbConn *tx, Write *group, int64_t *seq, GError **error)
{
    tx->retry = FALSE;
    if (!db_ensure_link(tx, error)) {
        tx->retry = TRUE;
        return FALSE;
    }
    if (!tx->db->engine->begin(tx, error))
        return FALSE;
    tx->writing = TRUE;
    gboolean done = run_functions(tx, group, seq, error);
    if (!done)
        roll_back(tx);
    tx->writing = FALSE;
    return done;
}

static void fail_group(Write *group, const GError *error)
{
    for (Write *write = group; write; write = write->next) {
        write->ok = FALSE;
        g_clear_error(&write->error);
        write->error = g_error_copy(error);
    }
}

static int64_t run_group(Db *db, Write *group)
{
    for (guint attempt = 0;; attempt++) {
        g_autoptr(GError) error = NULL;
        int64_t seq = 0;

        if (try_group(&db->writer, group, &seq, &error))
            return seq;
        if (!db->writer.retry || attempt == TRIES_MAX) {
            g_warning("db: a transaction failed: %s", error->message);
            fail_group(group, error);
            return 0;
        }
        g_usleep((gulong)MIN(10000UL << attempt, 1000000UL));
    }
}

static Write *take_group(Db *db)
{
    Write *group = db->first;
    Write *end = group;

    for (guint count = 1; count < GROUP_MAX && end->next; count++)
        end = end->next;
    db->first = end->next;
    if (!db->first)
        db->last = &db->first;
    end->next = NULL;
    return group;
}

static void finish_group(Db *db, Write *group, int64_t seq)
{
    for (Write *next, *write = group; write; write = next) {
        next = write->next; /* the caller's stack: gone once it sees done */
        write->seq = write->ok ? seq : 0;
        write->done = TRUE;
    }
    pthread_cond_broadcast(&db->finished);
}

static void *write_thread(void *data)
{
    Db *db = data;

    pthread_mutex_lock(&db->lock);
    for (;;) {
        while (!db->first && !db->stopping)
            pthread_cond_wait(&db->wanted, &db->lock);
        if (!db->first)
            break;
        Write *group = take_group(db);
        pthread_mutex_unlock(&db->lock);
        int64_t seq = run_group(db, group);
        pthread_mutex_lock(&db->lock);
        for (guint i = 0; seq && i < db->listener_count; i++)
            db->listeners[i].notify(seq, db->listeners[i].data);
        finish_group(db, group, seq);
    }
    pthread_mutex_unlock(&db->lock);
    return NULL;
}

void db_start_writer(Db *db)
{
    g_assert(pthread_create(&db->thread, NULL, write_thread, db) == 0);
    db->running = TRUE;
}

void db_stop_writer(Db *db)
{
    if (!db->running)
        return;
    pthread_mutex_lock(&db->lock);
    db->stopping = TRUE;
    pthread_cond_signal(&db->wanted);
    pthread_mutex_unlock(&db->lock);
    pthread_join(db->thread, NULL);
    db->running = FALSE;
}

gboolean db_write(Db *db, DbWriteFn write, void *data, int64_t *seq, GError **error)
{
    Write entry = {.run = write, .data = data};

    g_assert(!pthread_equal(pthread_self(), db->thread));
    pthread_mutex_lock(&db->lock);
    *db->last = &entry;
    db->last = &entry.next;
    pthread_cond_signal(&db->wanted);
    while (!entry.done)
        pthread_cond_wait(&db->finished, &db->lock);
    pthread_mutex_unlock(&db->lock);
    if (entry.ok && seq)
        *seq = entry.seq;
    if (entry.error)
        g_propagate_error(error, entry.error);
    return entry.ok;
}

void db_on_commit(Db *db, void (*notify)(int64_t seq, void *data), void *data)
{
    pthread_mutex_lock(&db->lock);
    g_assert(db->listener_count < DB_LISTENERS_MAX);
    db->listeners[db->listener_count].notify = notify;
    db->listeners[db->listener_count++].data = data;
    pthread_mutex_unlock(&db->lock);
}

void db_off_commit(Db *db, void *data)
{
    guint kept = 0;

    pthread_mutex_lock(&db->lock);
    for (guint i = 0; i < db->listener_count; i++)
        if (db->listeners[i].data != data)
            db->listeners[kept++] = db->listeners[i];
    db->listener_count = kept;
    pthread_mutex_unlock(&db->lock);
}
