/* The writer thread, the readers, and the dispatch to the engines.
 *
 * Both engines write on one thread. On PostgreSQL a transaction takes one advisory lock first, so
 * that writes of all nodes are serial there too: a room's read-then-write means the same on both
 * engines, and the numbers of the log follow the order of commits. */
#include "spine/db.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

#define GROUP_MAX 128
#define TRIES_MAX 8
#define LISTENERS_MAX 8

typedef struct Write {
    DbWriteFn run;
    void *data;
    gboolean ok, done;
    int64_t seq;
    GError *error;
    struct Write *next;
} Write;

struct Db {
    char *url;
    const DbEngine *engine;
    void *engine_data;
    DbConn writer;
    pthread_t thread;
    gboolean running;
    pthread_key_t reader;
    pthread_mutex_t lock;
    pthread_cond_t wanted, finished;
    Write *first, **last; /* waiting writes */
    gboolean stopping;
    struct {
        void (*notify)(int64_t seq, void *data);
        void *data;
    } listeners[LISTENERS_MAX];
    guint listener_count;
};

/* Every reader's connection of the process: a thread that ends after its database was closed must
 * find out that its connection is gone. */
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *readers;

/* ---- statements ---- */

static guint collect(DbParam *params, const char *types, va_list arguments)
{
    guint count = 0;

    for (const char *type = types ? types : ""; *type; type++, count++) {
        g_assert(count < DB_PARAMS_MAX);
        params[count].type = *type;
        switch (*type) {
        case 't':
            params[count].text = va_arg(arguments, const char *);
            break;
        case 'i':
            params[count].integer = va_arg(arguments, int64_t);
            break;
        case 'd':
            params[count].real = va_arg(arguments, double);
            break;
        case 'b':
            params[count].blob = va_arg(arguments, GBytes *);
            break;
        default:
            g_error("db: unknown parameter type '%c'", *type);
        }
    }
    return count;
}

/* PostgreSQL lets nothing follow a failed statement; so that a write function means the same on
 * both, neither does SQLite here. */
static gboolean refuse_doomed(DbConn *conn, GError **error)
{
    if (!conn->doomed)
        return FALSE;
    g_propagate_error(error, g_error_copy(conn->doomed));
    return TRUE;
}

static void doom(DbConn *conn, const GError *why)
{
    if (conn->writing && !conn->doomed)
        conn->doomed = g_error_copy(why);
}

static gboolean ensure_link(DbConn *conn, GError **error)
{
    return conn->link || conn->db->engine->connect(conn, error);
}

int64_t db_exec(DbConn *conn, GError **error, const char *sql, const char *types, ...)
{
    DbParam params[DB_PARAMS_MAX];
    GError *problem = NULL;
    int64_t affected = -1;
    va_list arguments;

    va_start(arguments, types);
    guint count = collect(params, types, arguments);
    va_end(arguments);
    if (refuse_doomed(conn, error))
        return -1;
    if (ensure_link(conn, &problem))
        affected = conn->db->engine->exec(conn, sql, params, count, &problem);
    if (problem) {
        doom(conn, problem);
        g_propagate_error(error, problem);
        return -1;
    }
    return affected;
}

DbRows *db_query(DbConn *conn, GError **error, const char *sql, const char *types, ...)
{
    DbParam params[DB_PARAMS_MAX];
    GError *problem = NULL;
    DbRows *rows = NULL;
    va_list arguments;

    va_start(arguments, types);
    guint count = collect(params, types, arguments);
    va_end(arguments);
    if (refuse_doomed(conn, error))
        return NULL;
    if (ensure_link(conn, &problem))
        rows = conn->db->engine->query(conn, sql, params, count, &problem);
    if (problem) {
        doom(conn, problem);
        g_propagate_error(error, problem);
        return NULL;
    }
    rows->conn = conn;
    return rows;
}

gboolean db_rows_next(DbRows *rows)
{
    if (rows->error)
        return FALSE;
    gboolean more = rows->conn->db->engine->rows_next(rows);
    if (rows->error) {
        g_warning("db: %s", rows->error->message);
        doom(rows->conn, rows->error);
    }
    return more;
}

gboolean db_rows_error(const DbRows *rows, GError **error)
{
    if (!rows->error)
        return FALSE;
    g_propagate_error(error, g_error_copy(rows->error));
    return TRUE;
}

const char *db_rows_text(DbRows *rows, int column)
{
    return rows->conn->db->engine->rows_text(rows, column);
}

int64_t db_rows_int(DbRows *rows, int column)
{
    return rows->conn->db->engine->rows_int(rows, column);
}

double db_rows_double(DbRows *rows, int column)
{
    return rows->conn->db->engine->rows_double(rows, column);
}

gboolean db_rows_is_null(DbRows *rows, int column)
{
    return rows->conn->db->engine->rows_is_null(rows, column);
}

GBytes *db_rows_blob(DbRows *rows, int column)
{
    return rows->conn->db->engine->rows_blob(rows, column);
}

void db_rows_free(DbRows *rows)
{
    if (!rows)
        return;
    g_clear_error(&rows->error);
    rows->conn->db->engine->rows_free(rows);
}

/* ---- readers ---- */

static void free_reader(DbConn *conn)
{
    if (conn->link)
        conn->db->engine->disconnect(conn);
    g_free(conn);
}

static void reader_thread_ended(void *data)
{
    pthread_mutex_lock(&readers_lock);
    gboolean ours = readers && g_hash_table_remove(readers, data);
    if (ours)
        free_reader(data);
    pthread_mutex_unlock(&readers_lock);
}

DbConn *db_reader(Db *db)
{
    DbConn *conn = pthread_getspecific(db->reader);

    if (conn)
        return conn;
    conn = g_new0(DbConn, 1);
    conn->db = db;
    conn->reader = TRUE;
    pthread_mutex_lock(&readers_lock);
    if (!readers)
        readers = g_hash_table_new(NULL, NULL);
    g_hash_table_add(readers, conn);
    pthread_mutex_unlock(&readers_lock);
    pthread_setspecific(db->reader, conn);
    return conn;
}

static void close_readers(Db *db)
{
    GHashTableIter iter;
    gpointer item;

    pthread_mutex_lock(&readers_lock);
    if (readers) {
        g_hash_table_iter_init(&iter, readers);
        while (g_hash_table_iter_next(&iter, &item, NULL)) {
            DbConn *conn = item;
            if (conn->db != db)
                continue;
            g_hash_table_iter_remove(&iter);
            free_reader(conn);
        }
        if (g_hash_table_size(readers) == 0)
            g_clear_pointer(&readers, g_hash_table_unref);
    }
    pthread_mutex_unlock(&readers_lock);
}

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
    return alone || engine->script(
                        tx, "ROLLBACK TO SAVEPOINT pave_write; RELEASE SAVEPOINT pave_write", error);
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
    if (!ensure_link(tx, error)) {
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
    g_assert(db->listener_count < LISTENERS_MAX);
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

/* ---- opening and closing ---- */

static gboolean parse_url(Db *db, const char *url, GError **error)
{
    if (g_str_has_prefix(url, "sqlite:"))
        db->engine = &db_sqlite;
    else if (g_str_has_prefix(url, "postgresql://") || g_str_has_prefix(url, "postgres://"))
        db->engine = &db_postgres;
    else {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "a database URL is sqlite:/path/of/file or postgresql://…");
        return FALSE;
    }
    db->url = g_strdup(url);
    return TRUE;
}

Db *db_open(const char *url, GError **error)
{
    Db *db = g_new0(Db, 1);

    if (!parse_url(db, url, error)) {
        g_free(db);
        return NULL;
    }
    db->last = &db->first;
    db->writer.db = db;
    pthread_mutex_init(&db->lock, NULL);
    pthread_cond_init(&db->wanted, NULL);
    pthread_cond_init(&db->finished, NULL);
    g_assert(pthread_key_create(&db->reader, reader_thread_ended) == 0);
    if (!db->engine->open(db, error) || !db->engine->connect(&db->writer, error) ||
        !db_migrate(&db->writer, error)) {
        db_close(db);
        return NULL;
    }
    g_assert(pthread_create(&db->thread, NULL, write_thread, db) == 0);
    db->running = TRUE;
    return db;
}

void db_close(Db *db)
{
    if (!db)
        return;
    if (db->running) {
        pthread_mutex_lock(&db->lock);
        db->stopping = TRUE;
        pthread_cond_signal(&db->wanted);
        pthread_mutex_unlock(&db->lock);
        pthread_join(db->thread, NULL);
    }
    close_readers(db);
    pthread_key_delete(db->reader);
    if (db->writer.link)
        db->engine->disconnect(&db->writer);
    g_clear_pointer(&db->writer.deferred, g_ptr_array_unref);
    db->engine->close(db);
    pthread_cond_destroy(&db->wanted);
    pthread_cond_destroy(&db->finished);
    pthread_mutex_destroy(&db->lock);
    g_free(db->url);
    g_free(db);
}

gboolean db_is_postgres(const Db *db)
{
    return db->engine == &db_postgres;
}

const char *db_url(const Db *db)
{
    return db->url;
}

const DbEngine *db_engine(const Db *db)
{
    return db->engine;
}

void **db_engine_data(Db *db)
{
    return &db->engine_data;
}

int64_t db_now_ms(DbConn *conn)
{
    static const char sql[] = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

    if (!db_is_postgres(conn->db)) /* SQLite's clock is this machine's */
        return clock_now_ms();
    g_autoptr(DbRows) rows = db_query(conn, NULL, sql, "");
    return rows && db_rows_next(rows) ? db_rows_int(rows, 0) : clock_now_ms();
}
