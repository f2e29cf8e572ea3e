/* One database behind one thin layer: SQLite (WAL) or PostgreSQL, the same SQL text on both.
 *
 * Statements are constants with $1, $2, … parameters. Reads use the calling thread's read-only
 * connection. Writes run as a function inside a transaction on the one writer thread, which commits
 * in groups (each function in a savepoint of its own). On PostgreSQL a transaction holds an
 * advisory lock as well, so that the writes of all nodes are serial: what a function reads in its
 * transaction is still so when it commits. A write function may run again (after a lost
 * connection), so it does nothing but database work and leaves its data as it found it when it
 * fails. A statement that failed dooms its function's transaction on both engines: use ON CONFLICT
 * for what may happen.
 *
 * Traps: SQLite's $1 is a named parameter (bound by name here); `->>` on text, string_agg,
 * booleans, untyped NULLs and SKIP LOCKED differ between the engines: avoid them. Booleans are
 * BIGINT 0/1, times BIGINT ms, ids TEXT, JSON TEXT; LIKE is case-sensitive. Column types: TEXT,
 * BIGINT, DOUBLE PRECISION, and {{blob}} in migrations (BLOB / BYTEA). */
#pragma once
#include "base/error.h"
#include <glib.h>
#include <stdint.h>

typedef struct Db Db;
typedef struct DbConn DbConn; /* a reader's connection, or a write function's transaction */
typedef struct DbRows DbRows;

/* url: "sqlite:/path/pave.db" or "postgresql://…". Runs the migrations embedded in the binary; a
 * schema newer than this binary, or a migration whose text changed after it ran, is refused with
 * ERROR_INTERNAL. */
Db *db_open(const char *url, GError **error);
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)

gboolean db_is_postgres(const Db *db);

/* The calling thread's connection for reading. Cheap; valid until the thread ends. Never NULL: a
 * lost connection shows in the query. Do not keep a DbRows open across a db_write() of the same
 * thread. */
DbConn *db_reader(Db *db);

/* Runs write in a transaction and returns once it is durable. FALSE with the function's error rolls
 * it back. Never call it from inside a write function. *seq (may be NULL) gets the last event
 * number of the commit, see events.h. */
typedef gboolean (*DbWriteFn)(DbConn *tx, void *data, GError **error);
gboolean db_write(Db *db, DbWriteFn write, void *data, int64_t *seq, GError **error);

/* types has a letter a parameter: t text (const char *, NULL allowed), i int64_t, d double, b
 * GBytes *. Results: affected rows, -1 with error. A violated unique key is ERROR_CONFLICT. */
int64_t db_exec(DbConn *conn, GError **error, const char *sql, const char *types, ...);

/* Rows of a query, read one after the other. NULL with error. */
DbRows *db_query(DbConn *conn, GError **error, const char *sql, const char *types, ...);
/* Moves to the next (first: the first) row; FALSE at the end. An error while stepping is logged,
 * kept, and returned by db_rows_error(). */
gboolean db_rows_next(DbRows *rows);
gboolean db_rows_error(const DbRows *rows, GError **error);
const char *db_rows_text(DbRows *rows, int column); /* NULL for NULL; valid until the next step */
int64_t db_rows_int(DbRows *rows, int column);
double db_rows_double(DbRows *rows, int column);
gboolean db_rows_is_null(DbRows *rows, int column);
GBytes *db_rows_blob(DbRows *rows, int column); /* a new reference, NULL for NULL */
void db_rows_free(DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRows, db_rows_free)

/* The database's own clock, in ms: what leases are compared with. */
int64_t db_now_ms(DbConn *conn);

/* A consistent copy of a SQLite database into the file path. */
gboolean db_backup_sqlite(Db *db, const char *path, GError **error);
