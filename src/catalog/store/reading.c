/* How the reading of each location goes, and what of its entities a reading looks at. */
#include "catalog/catalog_internal.h"

static const char SQL_READING[] =
    "SELECT read_at, next_at, failures, error, revision FROM catalog_reading"
    " WHERE location_id = $1";
static const char SQL_SET_READING[] =
    "INSERT INTO catalog_reading (location_id, read_at, next_at, failures, error, revision)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (location_id) DO UPDATE SET read_at = excluded.read_at,"
    " next_at = excluded.next_at, failures = excluded.failures, error = excluded.error,"
    " revision = excluded.revision";
static const char SQL_SET_DUE[] =
    "INSERT INTO catalog_reading (location_id, next_at, failures) VALUES ($1, $2, 0)"
    " ON CONFLICT (location_id) DO UPDATE SET next_at = excluded.next_at";
static const char SQL_CLAIM_DUE[] =
    "UPDATE catalog_reading SET next_at = $3 WHERE location_id = $1 AND next_at = $2";
static const char SQL_FORGET_READING[] = "DELETE FROM catalog_reading WHERE location_id = $1";
static const char SQL_FORGET_MANIFEST[] = "DELETE FROM catalog_manifest WHERE location_id = $1";
static const char SQL_DUE[] =
    "SELECT location_id, next_at FROM catalog_reading ORDER BY next_at LIMIT $1";

static const char SQL_STANDING[] =
    "SELECT uid, location_id, parent, source, status, line, entity FROM catalog_entity"
    " WHERE ref = $1";
static const char SQL_REFS_OF_SOURCE[] =
    "SELECT ref, parent FROM catalog_entity WHERE location_id = $1 AND source = $2";
static const char SQL_SOURCES_AFTER[] =
    "SELECT DISTINCT source FROM catalog_entity WHERE location_id = $1 AND source > $2"
    " ORDER BY source LIMIT $3";
static const char SQL_COUNTS[] =
    "SELECT location_id, COUNT(*) FROM catalog_entity GROUP BY location_id";

/* ---- how it goes ---- */

gboolean store_reading(DbConn *conn, Arena *arena, const char *location_id, ReadingState *state,
                       GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_READING, "t", location_id);

    *state = (ReadingState){0};
    if (rows && db_rows_next(rows))
        *state = (ReadingState){.read_at = db_rows_int(rows, 0),
                                .next_at = db_rows_int(rows, 1),
                                .failures = db_rows_int(rows, 2),
                                .error = arena_strdup(arena, db_rows_text(rows, 3)),
                                .revision = arena_strdup(arena, db_rows_text(rows, 4))};
    return rows && !db_rows_error(rows, error);
}

gboolean store_set_reading(DbConn *tx, const char *location_id, const ReadingState *state,
                           GError **error)
{
    return db_exec(tx, error, SQL_SET_READING, "tiiitt", location_id, state->read_at,
                   state->next_at, state->failures, state->error, state->revision) >= 0;
}

gboolean store_set_due(DbConn *tx, const char *location_id, int64_t next_at, GError **error)
{
    return db_exec(tx, error, SQL_SET_DUE, "ti", location_id, next_at) >= 0;
}

gboolean store_claim_due(DbConn *tx, const char *location_id, int64_t due_at, int64_t next_at,
                         GError **error)
{
    int64_t claimed = db_exec(tx, error, SQL_CLAIM_DUE, "tii", location_id, due_at, next_at);

    if (claimed == 0)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "another node reads it");
    return claimed > 0;
}

gboolean store_forget_reading(DbConn *tx, const char *location_id, GError **error)
{
    return db_exec(tx, error, SQL_FORGET_READING, "t", location_id) >= 0 &&
           db_exec(tx, error, SQL_FORGET_MANIFEST, "t", location_id) >= 0;
}

GArray *store_due(DbConn *conn, Arena *arena, guint limit, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DUE, "i", (int64_t)limit);
    g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(DueLocation));

    while (rows && db_rows_next(rows)) {
        const DueLocation location = {arena_strdup(arena, db_rows_text(rows, 0)),
                                      db_rows_int(rows, 1)};

        g_array_append_val(due, location);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&due);
}

/* ---- what is there ---- */

gboolean store_standing(DbConn *conn, Arena *arena, const char *ref, const char *text,
                        Standing *standing, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_STANDING, "t", ref);

    *standing = (Standing){0};
    if (rows && db_rows_next(rows))
        *standing = (Standing){.uid = arena_strdup(arena, db_rows_text(rows, 0)),
                               .location_id = arena_strdup(arena, db_rows_text(rows, 1)),
                               .parent = arena_strdup(arena, db_rows_text(rows, 2)),
                               .source = arena_strdup(arena, db_rows_text(rows, 3)),
                               .status = arena_strdup(arena, db_rows_text(rows, 4)),
                               .line = (int)db_rows_int(rows, 5),
                               .same_text = g_strcmp0(db_rows_text(rows, 6), text) == 0};
    return rows && !db_rows_error(rows, error);
}

gboolean store_refs_of_source(DbConn *conn, Arena *arena, const char *location_id,
                              const char *source, GPtrArray *refs, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_REFS_OF_SOURCE, "tt", location_id, source);

    while (rows && db_rows_next(rows)) {
        g_ptr_array_add(refs, arena_strdup(arena, db_rows_text(rows, 0)));
        g_ptr_array_add(refs, arena_strdup(arena, db_rows_text(rows, 1)));
    }
    return rows && !db_rows_error(rows, error);
}

GPtrArray *store_sources_after(DbConn *conn, Arena *arena, const char *location_id,
                               const char *after, guint limit, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_SOURCES_AFTER, "tti", location_id, after, (int64_t)limit);
    g_autoptr(GPtrArray) sources = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(sources, arena_strdup(arena, db_rows_text(rows, 0)));
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&sources);
}

static void free_count(gpointer count)
{
    g_free(count);
}

GHashTable *store_counts(DbConn *conn, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COUNTS, "");
    g_autoptr(GHashTable) counts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_count);

    while (rows && db_rows_next(rows)) {
        int64_t *count = g_new(int64_t, 1);

        *count = db_rows_int(rows, 1);
        g_hash_table_insert(counts, g_strdup(db_rows_text(rows, 0)), count);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&counts);
}
