/* Migrations: numbered files carried in the binary, forward only, one transaction each, recorded
 * with their hash. */
#include "spine/clock.h"
#include "spine/db_internal.h"
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/pave/migrations/"

static const char SQL_TABLE[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
    " hash TEXT NOT NULL, applied_at BIGINT NOT NULL)";
static const char SQL_RECORDED[] = "SELECT number, name, hash FROM schema_migration";
static const char SQL_RECORD[] =
    "INSERT INTO schema_migration (number, name, hash, applied_at) VALUES ($1, $2, $3, $4)";

typedef struct {
    int64_t number;
    char *name, *text, *hash;
} Migration;

static void migration_free(void *data)
{
    Migration *migration = data;

    g_free(migration->name);
    g_free(migration->text);
    g_free(migration->hash);
    g_free(migration);
}

static int by_number(const void *a, const void *b)
{
    const Migration *const *left = a, *const *right = b;

    return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

static GPtrArray *embedded(void)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(migration_free);
    g_auto(GStrv) names = g_resources_enumerate_children(FOLDER, 0, NULL);

    for (char **name = names; name && *name; name++) {
        g_autofree char *path = g_strconcat(FOLDER, *name, NULL);
        g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
        gsize length;
        const char *text = g_bytes_get_data(bytes, &length);
        Migration *migration = g_new0(Migration, 1);

        migration->number = g_ascii_strtoll(*name, NULL, 10);
        migration->name = g_strdup(*name);
        migration->text = g_strndup(text, length);
        migration->hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
        g_assert(migration->number > 0);
        g_ptr_array_add(list, migration);
    }
    g_ptr_array_sort(list, by_number);
    return g_steal_pointer(&list);
}

static Migration *find(GPtrArray *list, int64_t number)
{
    for (guint i = 0; i < list->len; i++) {
        Migration *migration = g_ptr_array_index(list, i);
        if (migration->number == number)
            return migration;
    }
    return NULL;
}

int64_t db_newest_migration(void)
{
    g_autoptr(GPtrArray) list = embedded();
    const Migration *newest = list->len ? g_ptr_array_index(list, list->len - 1) : NULL;

    return newest ? newest->number : 0;
}

/* Takes what is recorded out of list; refuses what this binary does not know. */
static gboolean drop_recorded(DbConn *conn, GPtrArray *list, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_RECORDED, "");

    if (!rows)
        return FALSE;
    while (db_rows_next(rows)) {
        Migration *migration = find(list, db_rows_int(rows, 0));
        const char *name = db_rows_text(rows, 1);

        if (!migration) {
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                        "the database was made by a newer Pave: it holds migration %s, which this "
                        "binary does not know. Start that version, or restore a backup of this one",
                        name);
            return FALSE;
        }
        if (!g_str_equal(migration->hash, db_rows_text(rows, 2))) {
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                        "migration %s was changed after it ran on this database: its text has "
                        "another hash than the one recorded",
                        name);
            return FALSE;
        }
        g_ptr_array_remove(list, migration);
    }
    return !db_rows_error(rows, error);
}

/* Runs the statements of a file: each ends with a ';' at the end of a line. */
static gboolean run_statements(DbConn *conn, const char *text, GError **error)
{
    g_auto(GStrv) pieces = g_strsplit(text, "{{blob}}", -1);
    g_autofree char *sql = g_strjoinv(db_engine(conn->db)->blob_type, pieces);
    g_auto(GStrv) lines = g_strsplit(sql, "\n", -1);
    g_autoptr(GString) statement = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        g_strchomp(*line);
        if (g_str_has_prefix(*line, "--") || (!**line && !statement->len))
            continue;
        g_string_append_printf(statement, "%s\n", *line);
        if (!g_str_has_suffix(*line, ";"))
            continue;
        if (!db_engine(conn->db)->script(conn, statement->str, error))
            return FALSE;
        g_string_truncate(statement, 0);
    }
    g_assert(statement->len == 0);
    return TRUE;
}

static gboolean apply(DbConn *conn, const Migration *migration, GError **error)
{
    if (run_statements(conn, migration->text, error) &&
        db_exec(conn, error, SQL_RECORD, "itti", migration->number, migration->name,
                migration->hash, clock_now_ms()) == 1)
        return TRUE;
    g_prefix_error(error, "migration %s: ", migration->name);
    return FALSE;
}

/* Everything that is missing, under one lock: of two nodes that start together, the second finds
 * nothing to do. */
static gboolean apply_next(DbConn *conn, gboolean *more, GError **error)
{
    g_autoptr(GPtrArray) list = embedded();

    if (!db_engine(conn->db)->script(conn, SQL_TABLE, error) || !drop_recorded(conn, list, error))
        return FALSE;
    *more = list->len > 0;
    return !*more || apply(conn, g_ptr_array_index(list, 0), error);
}

gboolean db_migrate(DbConn *conn, GError **error)
{
    const DbEngine *engine = db_engine(conn->db);

    for (gboolean more = TRUE; more;) {
        if (!engine->begin(conn, error))
            return FALSE;
        if (!apply_next(conn, &more, error)) {
            if (conn->link && engine->in_transaction(conn))
                engine->script(conn, "ROLLBACK", NULL);
            return FALSE;
        }
        if (!engine->commit(conn, error))
            return FALSE;
    }
    return TRUE;
}
