#include "spine/db_internal.h"
#include <sqlite3.h>
#include <string.h>

#define STATEMENTS_MAX 512

typedef struct {
    sqlite3 *db;
    GHashTable *statements; /* SQL → idle sqlite3_stmt */
} Link;

typedef struct {
    DbRows rows;
    char *sql;
    sqlite3_stmt *statement;
} SqliteRows;

static void set_error(Link *link, const char *sql, GError **error)
{
    PaveErrorCode code = ERROR_INTERNAL;

    switch (sqlite3_extended_errcode(link->db)) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        code = ERROR_CONFLICT;
    }
    switch (sqlite3_errcode(link->db)) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        code = ERROR_SERVICE_UNAVAILABLE;
    }
    g_set_error(error, PAVE_ERROR, code, "SQLite: %s (in: %.200s)", sqlite3_errmsg(link->db), sql);
}

/* ---- connections ---- */

static const char *path_of(const Db *db)
{
    const char *path = db_url(db) + strlen("sqlite:");

    return g_str_has_prefix(path, "///") ? path + 2 : path;
}

static gboolean sqlite_open(Db *db, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path_of(db));

    if (g_mkdir_with_parents(folder, 0700) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "cannot make the folder %s", folder);
    return FALSE;
}

static void sqlite_close(Db *db)
{
}

static void finalize(void *statement)
{
    sqlite3_finalize(statement);
}

static void free_link(Link *link)
{
    g_hash_table_unref(link->statements);
    sqlite3_close_v2(link->db);
    g_free(link);
}

/* LIKE is made case-sensitive, as it is in PostgreSQL. */
static const char SETTINGS[] =
    "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON;"
    "PRAGMA temp_store = MEMORY;";
static const char WRITER_SETTINGS[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;";

static gboolean sqlite_connect(DbConn *conn, GError **error)
{
    const char *settings = conn->reader ? "PRAGMA query_only = ON;" : WRITER_SETTINGS;
    const char *path = path_of(conn->db);
    Link *link = g_new0(Link, 1);

    link->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    if (sqlite3_open_v2(path, &link->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(link->db, SETTINGS, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(link->db, settings, NULL, NULL, NULL) != SQLITE_OK) {
        set_error(link, path, error);
        free_link(link);
        return FALSE;
    }
    conn->link = link;
    return TRUE;
}

static void sqlite_disconnect(DbConn *conn)
{
    g_clear_pointer((Link **)&conn->link, free_link);
}

static gboolean sqlite_script(DbConn *conn, const char *sql, GError **error)
{
    Link *link = conn->link;

    if (sqlite3_exec(link->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    set_error(link, sql, error);
    return FALSE;
}

static gboolean sqlite_begin(DbConn *conn, GError **error)
{
    return sqlite_script(conn, "BEGIN IMMEDIATE", error);
}

static gboolean sqlite_commit(DbConn *conn, GError **error)
{
    return sqlite_script(conn, "COMMIT", error);
}

static gboolean sqlite_in_transaction(DbConn *conn)
{
    Link *link = conn->link;

    return !sqlite3_get_autocommit(link->db);
}

/* ---- statements ---- */

/* A statement out of the cache, so that the same text may be run again while its rows are open. */
static sqlite3_stmt *take_statement(Link *link, const char *sql, char **key, GError **error)
{
    gpointer found_key, found;
    sqlite3_stmt *statement = NULL;

    if (g_hash_table_steal_extended(link->statements, sql, &found_key, &found)) {
        *key = found_key;
        return found;
    }
    if (sqlite3_prepare_v3(link->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        set_error(link, sql, error);
        return NULL;
    }
    *key = g_strdup(sql);
    return statement;
}

static void give_statement(Link *link, char *key, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (g_hash_table_size(link->statements) >= STATEMENTS_MAX)
        g_hash_table_remove_all(link->statements);
    g_hash_table_replace(link->statements, key, statement);
}

static void bind_one(sqlite3_stmt *statement, int index, const DbParam *param)
{
    gsize length;
    const void *bytes;

    switch (param->type) {
    case 't':
        sqlite3_bind_text(statement, index, param->text, -1, SQLITE_TRANSIENT);
        break;
    case 'i':
        sqlite3_bind_int64(statement, index, param->integer);
        break;
    case 'd':
        sqlite3_bind_double(statement, index, param->real);
        break;
    default:
        if (!param->blob) {
            sqlite3_bind_null(statement, index);
            break;
        }
        bytes = g_bytes_get_data(param->blob, &length);
        sqlite3_bind_blob64(statement, index, bytes ? bytes : "", length, SQLITE_TRANSIENT);
    }
}

/* By name: SQLite numbers $1, $2 by their first appearance in the text. */
static void bind_all(sqlite3_stmt *statement, const char *sql, const DbParam *params, guint count)
{
    for (guint i = 0; i < count; i++) {
        char name[8];

        g_snprintf(name, sizeof name, "$%u", i + 1);
        int index = sqlite3_bind_parameter_index(statement, name);
        if (index == 0)
            g_error("db: %s is not in: %s", name, sql);
        bind_one(statement, index, &params[i]);
    }
    if (sqlite3_bind_parameter_count(statement) != (int)count)
        g_error("db: %u parameters given for: %s", count, sql);
}

static int64_t sqlite_exec(DbConn *conn, const char *sql, const DbParam *params, guint count,
                           GError **error)
{
    Link *link = conn->link;
    char *key;
    sqlite3_stmt *statement = take_statement(link, sql, &key, error);
    int64_t affected = -1;
    int status;

    if (!statement)
        return -1;
    bind_all(statement, sql, params, count);
    while ((status = sqlite3_step(statement)) == SQLITE_ROW)
        ;
    if (status == SQLITE_DONE)
        affected = sqlite3_stmt_readonly(statement) ? 0 : sqlite3_changes64(link->db);
    else
        set_error(link, sql, error);
    give_statement(link, key, statement);
    return affected;
}

static DbRows *sqlite_query(DbConn *conn, const char *sql, const DbParam *params, guint count,
                            GError **error)
{
    char *key;
    sqlite3_stmt *statement = take_statement(conn->link, sql, &key, error);

    if (!statement)
        return NULL;
    bind_all(statement, sql, params, count);
    SqliteRows *rows = g_new0(SqliteRows, 1);
    rows->sql = key;
    rows->statement = statement;
    return &rows->rows;
}

static gboolean sqlite_rows_next(DbRows *base)
{
    SqliteRows *rows = (SqliteRows *)base;
    int status = sqlite3_step(rows->statement);

    if (status == SQLITE_ROW)
        return TRUE;
    if (status != SQLITE_DONE)
        set_error(base->conn->link, rows->sql, &base->error);
    return FALSE;
}

static gboolean sqlite_rows_is_null(DbRows *base, int column)
{
    return sqlite3_column_type(((SqliteRows *)base)->statement, column) == SQLITE_NULL;
}

static const char *sqlite_rows_text(DbRows *base, int column)
{
    return (const char *)sqlite3_column_text(((SqliteRows *)base)->statement, column);
}

static int64_t sqlite_rows_int(DbRows *base, int column)
{
    return sqlite3_column_int64(((SqliteRows *)base)->statement, column);
}

static double sqlite_rows_double(DbRows *base, int column)
{
    return sqlite3_column_double(((SqliteRows *)base)->statement, column);
}

static GBytes *sqlite_rows_blob(DbRows *base, int column)
{
    sqlite3_stmt *statement = ((SqliteRows *)base)->statement;

    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement, column);
    return g_bytes_new(bytes, (gsize)sqlite3_column_bytes(statement, column));
}

static void sqlite_rows_free(DbRows *base)
{
    SqliteRows *rows = (SqliteRows *)base;

    give_statement(base->conn->link, rows->sql, rows->statement);
    g_free(rows);
}

/* ---- the rest ---- */

gboolean db_backup_sqlite(Db *db, const char *path, GError **error)
{
    DbConn *conn = db_reader(db);
    sqlite3 *copy = NULL;

    g_assert(!db_is_postgres(db));
    if (!conn->link && !sqlite_connect(conn, error))
        return FALSE;
    Link *link = conn->link;
    int status = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (status == SQLITE_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(copy, "main", link->db, "main");
        if (backup) {
            sqlite3_backup_step(backup, -1);
            sqlite3_backup_finish(backup);
        }
        status = sqlite3_errcode(copy);
    }
    if (status != SQLITE_OK)
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "cannot copy the database to %s: %s", path,
                    copy ? sqlite3_errmsg(copy) : "no memory");
    sqlite3_close(copy);
    return status == SQLITE_OK;
}

const DbEngine db_sqlite = {
    .open = sqlite_open,
    .close = sqlite_close,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .exec = sqlite_exec,
    .query = sqlite_query,
    .script = sqlite_script,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .in_transaction = sqlite_in_transaction,
    .rows_next = sqlite_rows_next,
    .rows_is_null = sqlite_rows_is_null,
    .rows_text = sqlite_rows_text,
    .rows_int = sqlite_rows_int,
    .rows_double = sqlite_rows_double,
    .rows_blob = sqlite_rows_blob,
    .rows_free = sqlite_rows_free,
    .blob_type = "BLOB",
};
