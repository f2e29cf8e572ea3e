/* Opening, the readers, and the dispatch to the engines. The writer is in db_write.c. */
#include "spine/db.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

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

gboolean db_ensure_link(DbConn *conn, GError **error)
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
    if (db_ensure_link(conn, &problem))
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
    if (db_ensure_link(conn, &problem))
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
    db_start_writer(db);
    return db;
}

void db_close(Db *db)
{
    if (!db)
        return;
    db_stop_writer(db);
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
