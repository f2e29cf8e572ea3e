#include "spine/db_internal.h"
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAX 16

typedef struct {
    PGconn *pg;
    GHashTable *statements; /* SQL → name it was prepared under */
    char *transaction;      /* id of the open transaction, for a COMMIT whose answer got lost */
} Link;

/* Links for reading, borrowed for one query each. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    GPtrArray *idle;
    guint lent;
} Pool;

typedef struct {
    DbRows rows;
    PGresult *result;
    int row;
} PostgresRows;

static void free_link(void *data)
{
    Link *link = data;

    g_hash_table_unref(link->statements);
    g_free(link->transaction);
    PQfinish(link->pg);
    g_free(link);
}

static Link *open_link(Db *db, gboolean reader, GError **error)
{
    Link *link = g_new0(Link, 1);
    const char *settings =
        reader ? "SET client_min_messages = warning; SET default_transaction_read_only = on"
               : "SET client_min_messages = warning; SET synchronous_commit = on;"
                 "SET idle_in_transaction_session_timeout = '60s'";

    link->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    link->pg = PQconnectdb(db_url(db));
    if (PQstatus(link->pg) == CONNECTION_OK) {
        PGresult *result = PQexec(link->pg, settings);
        gboolean done = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        PQsetClientEncoding(link->pg, "UTF8");
        if (done)
            return link;
    }
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "PostgreSQL: %s",
                g_strchomp(PQerrorMessage(link->pg)));
    free_link(link);
    return NULL;
}

static gboolean is_lost(const Link *link)
{
    return PQstatus(link->pg) != CONNECTION_OK;
}

/* ---- the pool ---- */

static gboolean postgres_open(Db *db, GError **error)
{
    Pool *pool = g_new0(Pool, 1);

    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    pool->idle = g_ptr_array_new_with_free_func(free_link);
    *db_engine_data(db) = pool;
    return TRUE;
}

static void postgres_close(Db *db)
{
    Pool *pool = *db_engine_data(db);

    g_ptr_array_unref(pool->idle);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->returned);
    g_free(pool);
}

static Link *borrow(Db *db, GError **error)
{
    Pool *pool = *db_engine_data(db);
    Link *link = NULL;

    pthread_mutex_lock(&pool->lock);
    while (pool->lent == POOL_MAX)
        pthread_cond_wait(&pool->returned, &pool->lock);
    pool->lent++;
    if (pool->idle->len)
        link = g_ptr_array_steal_index(pool->idle, pool->idle->len - 1);
    pthread_mutex_unlock(&pool->lock);
    if (link || (link = open_link(db, TRUE, error)))
        return link;
    pthread_mutex_lock(&pool->lock);
    pool->lent--;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void give_back(Db *db, Link *link)
{
    Pool *pool = *db_engine_data(db);

    pthread_mutex_lock(&pool->lock);
    pool->lent--;
    if (!is_lost(link))
        g_ptr_array_add(pool->idle, g_steal_pointer(&link));
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
    g_clear_pointer(&link, free_link);
}

static gboolean postgres_connect(DbConn *conn, GError **error)
{
    if (conn->reader) /* a reader borrows for each query */
        return TRUE;
    conn->link = open_link(conn->db, FALSE, error);
    return conn->link != NULL;
}

static void postgres_disconnect(DbConn *conn)
{
    g_clear_pointer((Link **)&conn->link, free_link);
}

/* ---- statements ---- */

/* Sets the error a failed result tells of, and conn->retry where running again may help. */
static void set_error(DbConn *conn, Link *link, const PGresult *result, const char *sql,
                      GError **error)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    PaveErrorCode code = ERROR_INTERNAL;

    if (is_lost(link) || !state)
        code = ERROR_SERVICE_UNAVAILABLE;
    else if (g_str_equal(state, "23505"))
        code = ERROR_CONFLICT;
    else if (g_str_has_prefix(state, "53") || g_str_has_prefix(state, "57") ||
             g_str_has_prefix(state, "58"))
        code = ERROR_SERVICE_UNAVAILABLE;
    conn->retry =
        is_lost(link) || (state && (g_str_equal(state, "40001") || g_str_equal(state, "40P01")));
    g_set_error(error, PAVE_ERROR, code, "PostgreSQL: %s (in: %.200s)",
                message ? message : g_strchomp(PQerrorMessage(link->pg)), sql);
}

/* The result, or NULL with what is wrong with it. */
static PGresult *checked(DbConn *conn, Link *link, const char *sql, PGresult *result,
                         GError **error)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return result;
    set_error(conn, link, result, sql, error);
    PQclear(result);
    return NULL;
}

static const char *prepared(DbConn *conn, Link *link, const char *sql, const DbParam *params,
                            guint count, GError **error)
{
    char *name = g_hash_table_lookup(link->statements, sql);
    Oid types[DB_PARAMS_MAX];

    if (name)
        return name;
    for (guint i = 0; i < count; i++)
        types[i] = params[i].type == 't'   ? 25
                   : params[i].type == 'i' ? 20
                   : params[i].type == 'd' ? 701
                                           : 17;
    name = g_strdup_printf("s%u", g_hash_table_size(link->statements));
    PGresult *result = PQprepare(link->pg, name, sql, (int)count, types);
    if (PQresultStatus(result) == PGRES_COMMAND_OK) {
        g_hash_table_insert(link->statements, g_strdup(sql), name);
    } else {
        set_error(conn, link, result, sql, error);
        g_clear_pointer(&name, g_free);
    }
    PQclear(result);
    return name;
}

/* What the parameters point at while a statement runs. */
typedef struct {
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
    char numbers[DB_PARAMS_MAX][G_ASCII_DTOSTR_BUF_SIZE];
} Arguments;

static void fill_arguments(Arguments *arguments, const DbParam *params, guint count)
{
    gsize length = 0;

    for (guint i = 0; i < count; i++) {
        const DbParam *param = &params[i];

        arguments->formats[i] = param->type == 'b';
        arguments->lengths[i] = 0;
        arguments->values[i] = arguments->numbers[i];
        if (param->type == 't') {
            arguments->values[i] = param->text;
        } else if (param->type == 'i') {
            g_snprintf(arguments->numbers[i], sizeof arguments->numbers[i], "%" G_GINT64_FORMAT,
                       param->integer);
        } else if (param->type == 'd') {
            g_ascii_dtostr(arguments->numbers[i], sizeof arguments->numbers[i], param->real);
        } else {
            const char *bytes = param->blob ? g_bytes_get_data(param->blob, &length) : NULL;
            arguments->values[i] = bytes || !param->blob ? bytes : "";
            arguments->lengths[i] = (int)length;
        }
    }
}

static PGresult *run_on(DbConn *conn, Link *link, const char *sql, const DbParam *params,
                        guint count, GError **error)
{
    Arguments arguments;
    const char *name = prepared(conn, link, sql, params, count, error);

    if (!name)
        return NULL;
    fill_arguments(&arguments, params, count);
    return checked(conn, link, sql,
                   PQexecPrepared(link->pg, name, (int)count, arguments.values, arguments.lengths,
                                  arguments.formats, 0),
                   error);
}

/* A reader tries again once on another link: the server may have been restarted since. */
static PGresult *run(DbConn *conn, const char *sql, const DbParam *params, guint count,
                     GError **error)
{
    if (!conn->reader)
        return run_on(conn, conn->link, sql, params, count, error);
    for (guint attempt = 0;; attempt++) {
        GError *problem = NULL;
        Link *link = borrow(conn->db, error);
        if (!link)
            return NULL;
        PGresult *result = run_on(conn, link, sql, params, count, &problem);
        gboolean lost = is_lost(link);
        give_back(conn->db, link);
        if (result || !lost || attempt == POOL_MAX) {
            if (problem)
                g_propagate_error(error, problem);
            return result;
        }
        g_clear_error(&problem);
    }
}

static int64_t postgres_exec(DbConn *conn, const char *sql, const DbParam *params, guint count,
                             GError **error)
{
    PGresult *result = run(conn, sql, params, count, error);

    if (!result)
        return -1;
    int64_t affected = g_ascii_strtoll(PQcmdTuples(result), NULL, 10);
    if (g_str_has_prefix(PQcmdStatus(result), "SELECT"))
        affected = 0;
    PQclear(result);
    return affected;
}

static DbRows *postgres_query(DbConn *conn, const char *sql, const DbParam *params, guint count,
                              GError **error)
{
    PGresult *result = run(conn, sql, params, count, error);

    if (!result)
        return NULL;
    PostgresRows *rows = g_new0(PostgresRows, 1);
    rows->result = result;
    rows->row = -1;
    return &rows->rows;
}

static PGresult *plain(DbConn *conn, const char *sql, GError **error)
{
    Link *link = conn->link;

    return checked(conn, link, sql, PQexec(link->pg, sql), error);
}

static gboolean postgres_script(DbConn *conn, const char *sql, GError **error)
{
    PGresult *result = plain(conn, sql, error);

    PQclear(result);
    return result != NULL;
}

/* ---- transactions ---- */

static void drop_lost_link(DbConn *conn)
{
    if (conn->link && is_lost(conn->link))
        postgres_disconnect(conn);
}

/* The lock makes the writes of all nodes serial; its number is "pave" in ASCII. */
static gboolean postgres_begin(DbConn *conn, GError **error)
{
    Link *link = conn->link;
    PGresult *result = plain(conn,
                             "BEGIN; SELECT pg_advisory_xact_lock(1885435493);"
                             "SELECT pg_current_xact_id()::text",
                             error);

    if (!result) {
        drop_lost_link(conn);
        return FALSE;
    }
    g_free(link->transaction);
    link->transaction = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return TRUE;
}

/* Whether a transaction whose COMMIT got no answer was committed after all. Asks until it knows. */
static gboolean was_committed(DbConn *conn, const char *transaction)
{
    g_autofree char *sql = g_strdup_printf("SELECT pg_xact_status('%s'::xid8)", transaction);

    for (guint attempt = 0; attempt < 50; attempt++) {
        if (conn->link || postgres_connect(conn, NULL)) {
            PGresult *result = plain(conn, sql, NULL);
            g_autofree char *status = result ? g_strdup(PQgetvalue(result, 0, 0)) : NULL;
            PQclear(result);
            if (status && !g_str_equal(status, "in progress"))
                return g_str_equal(status, "committed");
            drop_lost_link(conn);
        }
        g_usleep(200000);
    }
    g_error("PostgreSQL does not say whether transaction %s was committed", transaction);
}

static gboolean postgres_commit(DbConn *conn, GError **error)
{
    Link *link = conn->link;
    g_autofree char *transaction = g_strdup(link->transaction);
    PGresult *result = plain(conn, "COMMIT", error);

    if (result) { /* COMMIT of a failed transaction answers ROLLBACK */
        gboolean committed = g_str_equal(PQcmdStatus(result), "COMMIT");
        PQclear(result);
        if (!committed)
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "PostgreSQL rolled a commit back");
        return committed;
    }
    if (!is_lost(link))
        return FALSE;
    drop_lost_link(conn);
    if (!was_committed(conn, transaction))
        return FALSE;
    g_clear_error(error);
    conn->retry = FALSE;
    return TRUE;
}

static gboolean postgres_in_transaction(DbConn *conn)
{
    Link *link = conn->link;
    PGTransactionStatusType status = link ? PQtransactionStatus(link->pg) : PQTRANS_IDLE;

    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

/* ---- rows ---- */

static gboolean postgres_rows_next(DbRows *base)
{
    PostgresRows *rows = (PostgresRows *)base;

    return ++rows->row < PQntuples(rows->result);
}

static gboolean postgres_rows_is_null(DbRows *base, int column)
{
    PostgresRows *rows = (PostgresRows *)base;

    return PQgetisnull(rows->result, rows->row, column);
}

static const char *postgres_rows_text(DbRows *base, int column)
{
    PostgresRows *rows = (PostgresRows *)base;

    return PQgetisnull(rows->result, rows->row, column)
               ? NULL
               : PQgetvalue(rows->result, rows->row, column);
}

static int64_t postgres_rows_int(DbRows *base, int column)
{
    const char *text = postgres_rows_text(base, column);

    if (!text)
        return 0;
    return *text == 't' ? 1 : g_ascii_strtoll(text, NULL, 10); /* a boolean is t or f */
}

static double postgres_rows_double(DbRows *base, int column)
{
    const char *text = postgres_rows_text(base, column);

    return text ? g_ascii_strtod(text, NULL) : 0;
}

static GBytes *postgres_rows_blob(DbRows *base, int column)
{
    const char *text = postgres_rows_text(base, column);
    size_t length;

    if (!text)
        return NULL;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &length);
    return g_bytes_new_with_free_func(bytes, length, PQfreemem, bytes);
}

static void postgres_rows_free(DbRows *base)
{
    PQclear(((PostgresRows *)base)->result);
    g_free(base);
}

const DbEngine db_postgres = {
    .open = postgres_open,
    .close = postgres_close,
    .connect = postgres_connect,
    .disconnect = postgres_disconnect,
    .exec = postgres_exec,
    .query = postgres_query,
    .script = postgres_script,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .in_transaction = postgres_in_transaction,
    .rows_next = postgres_rows_next,
    .rows_is_null = postgres_rows_is_null,
    .rows_text = postgres_rows_text,
    .rows_int = postgres_rows_int,
    .rows_double = postgres_rows_double,
    .rows_blob = postgres_rows_blob,
    .rows_free = postgres_rows_free,
    .blob_type = "BYTEA",
};
