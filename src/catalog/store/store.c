#include "catalog/catalog_internal.h"
#include "formats/json.h"

static const char SQL_LOCATION[] =
    "SELECT id, type, target, origin, created_by FROM catalog_location WHERE id = $1";
static const char SQL_LOCATION_OF[] =
    "SELECT id, type, target, origin, created_by FROM catalog_location"
    " WHERE type = $1 AND target = $2";
static const char SQL_LOCATIONS[] =
    "SELECT id, type, target, origin, created_by FROM catalog_location"
    " WHERE origin = $1 OR $1 = '' ORDER BY id";
static const char SQL_ADD_LOCATION[] =
    "INSERT INTO catalog_location (id, type, target, origin, created_at, created_by)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
static const char SQL_CHANGE_LOCATION[] =
    "UPDATE catalog_location SET type = $2, target = $3 WHERE id = $1";
static const char SQL_REMOVE_LOCATION[] = "DELETE FROM catalog_location WHERE id = $1";
static const char SQL_REMOVE_SOURCES[] = "DELETE FROM catalog_source WHERE location_id = $1";
static const char SQL_ADD_SOURCE[] =
    "INSERT INTO catalog_source (location_id, repository) VALUES ($1, $2)";
static const char SQL_LOCATIONS_OF_REPOSITORY[] =
    "SELECT location_id FROM catalog_source WHERE repository = $1 ORDER BY location_id";

static const char SQL_SOME_ROWS[] =
    "SELECT ref, uid, parent, location_id, source, entity, status, version, updated_at, actor,"
    " revision, line FROM catalog_entity"
    " WHERE location_id = $1 LIMIT $2";
static const char SQL_ROW[] =
    "SELECT ref, uid, parent, location_id, source, entity, status, version, updated_at, actor,"
    " revision, line FROM catalog_entity"
    " WHERE ref = $1";
static const char SQL_PUT_ROW[] =
    "INSERT INTO catalog_entity"
    " (ref, uid, parent, location_id, source, entity, status, created_at, updated_at, version,"
    " actor, revision, line)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)"
    " ON CONFLICT (ref) DO UPDATE SET parent = excluded.parent,"
    " location_id = excluded.location_id, source = excluded.source, entity = excluded.entity,"
    " status = excluded.status, updated_at = excluded.updated_at, version = excluded.version,"
    " actor = excluded.actor, revision = excluded.revision, line = excluded.line";
static const char SQL_ADD_ROW[] =
    "INSERT INTO catalog_entity"
    " (ref, uid, parent, location_id, source, entity, status, created_at, updated_at, version,"
    " actor, revision, line)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12) ON CONFLICT (ref) DO NOTHING";
static const char SQL_MOVE_ROW[] = "UPDATE catalog_entity SET line = $2 WHERE ref = $1";
static const char SQL_REMOVE_ROW[] = "DELETE FROM catalog_entity WHERE ref = $1";

/* ---- locations ---- */

static CatalogLocation *location_at(Arena *arena, DbRows *rows)
{
    CatalogLocation *location = arena_new0(arena, CatalogLocation, 1);

    *location = (CatalogLocation){.id = arena_strdup(arena, db_rows_text(rows, 0)),
                                  .type = arena_strdup(arena, db_rows_text(rows, 1)),
                                  .target = arena_strdup(arena, db_rows_text(rows, 2)),
                                  .origin = arena_strdup(arena, db_rows_text(rows, 3)),
                                  .created_by = arena_strdup(arena, db_rows_text(rows, 4))};
    return location;
}

static CatalogLocation *only_location(Arena *arena, DbRows *rows, GError **error)
{
    CatalogLocation *location = NULL;

    if (!rows)
        return NULL;
    if (db_rows_next(rows))
        location = location_at(arena, rows);
    return db_rows_error(rows, error) ? NULL : location;
}

CatalogLocation *store_location(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOCATION, "t", id);

    return only_location(arena, rows, error);
}

CatalogLocation *store_location_of(DbConn *conn, Arena *arena, const char *type, const char *target,
                                   GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOCATION_OF, "tt", type, target);

    return only_location(arena, rows, error);
}

GPtrArray *store_locations(DbConn *conn, Arena *arena, const char *origin, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOCATIONS, "t", origin ? origin : "");
    g_autoptr(GPtrArray) locations = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(locations, location_at(arena, rows));
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&locations);
}

gboolean store_add_location(DbConn *tx, const CatalogLocation *location, GError **error)
{
    return db_exec(tx, error, SQL_ADD_LOCATION, "ttttit", location->id, location->type,
                   location->target, location->origin, clock_now_ms(), location->created_by) >= 0;
}

gboolean store_change_location(DbConn *tx, const CatalogLocation *location, GError **error)
{
    return db_exec(tx, error, SQL_CHANGE_LOCATION, "ttt", location->id, location->type,
                   location->target) >= 0;
}

gboolean store_remove_location(DbConn *tx, const char *id, GError **error)
{
    return store_forget_reading(tx, id, error) &&
           db_exec(tx, error, SQL_REMOVE_SOURCES, "t", id) >= 0 &&
           db_exec(tx, error, SQL_REMOVE_LOCATION, "t", id) >= 0;
}

GPtrArray *store_locations_of_repository(DbConn *conn, Arena *arena, const char *repository,
                                         GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LOCATIONS_OF_REPOSITORY, "t", repository);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(ids, arena_strdup(arena, db_rows_text(rows, 0)));
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&ids);
}

gboolean store_set_sources(DbConn *tx, const char *location_id, const GPtrArray *repositories,
                           GError **error)
{
    if (db_exec(tx, error, SQL_REMOVE_SOURCES, "t", location_id) < 0)
        return FALSE;
    for (guint i = 0; i < repositories->len; i++)
        if (db_exec(tx, error, SQL_ADD_SOURCE, "tt", location_id, repositories->pdata[i]) < 0)
            return FALSE;
    return TRUE;
}

/* ---- entities ---- */

static const Value *json_column(Arena *arena, DbRows *rows, int column)
{
    const char *text = db_rows_text(rows, column);
    g_autoptr(GError) error = NULL;
    const Value *value = text ? json_parse(arena, text, -1, &error) : NULL;

    if (error)
        g_warning("catalog: %s has a row that does not parse: %s", db_rows_text(rows, 0),
                  error->message);
    return value;
}

static CatalogRow *row_at(Arena *arena, DbRows *rows)
{
    CatalogRow *row = arena_new0(arena, CatalogRow, 1);

    *row = (CatalogRow){.ref = arena_strdup(arena, db_rows_text(rows, 0)),
                        .uid = arena_strdup(arena, db_rows_text(rows, 1)),
                        .parent = arena_strdup(arena, db_rows_text(rows, 2)),
                        .location_id = arena_strdup(arena, db_rows_text(rows, 3)),
                        .source = arena_strdup(arena, db_rows_text(rows, 4)),
                        .entity = json_column(arena, rows, 5),
                        .status = json_column(arena, rows, 6),
                        .version = db_rows_int(rows, 7),
                        .changed_at = db_rows_int(rows, 8),
                        .actor = arena_strdup(arena, db_rows_text(rows, 9)),
                        .revision = arena_strdup(arena, db_rows_text(rows, 10)),
                        .line = (int)db_rows_int(rows, 11)};
    return row;
}

GPtrArray *store_some_rows(DbConn *conn, Arena *arena, const char *location_id, guint limit,
                           GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_SOME_ROWS, "ti", location_id, (int64_t)limit);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        CatalogRow *row = row_at(arena, rows);

        if (row->entity)
            g_ptr_array_add(found, row);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

CatalogRow *store_row(DbConn *conn, Arena *arena, const char *ref, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ROW, "t", ref);
    CatalogRow *row = NULL;

    if (!rows)
        return NULL;
    if (db_rows_next(rows))
        row = row_at(arena, rows);
    return db_rows_error(rows, error) ? NULL : row;
}

/* The number of rows written; -1 with error. */
static int64_t write_row(DbConn *tx, const char *sql, const CatalogRow *row, GError **error)
{
    g_autofree char *entity = row->text ? NULL : json_to_string(row->entity, JSON_COMPACT);
    g_autofree char *status =
        value_count(row->status) ? json_to_string(row->status, JSON_COMPACT) : NULL;

    return db_exec(tx, error, sql, "tttttttiitti", row->ref, row->uid, row->parent,
                   row->location_id, row->source, row->text ? row->text : entity, status,
                   row->changed_at, row->version, row->actor, row->revision, (int64_t)row->line);
}

gboolean store_put_row(DbConn *tx, const CatalogRow *row, GError **error)
{
    return write_row(tx, SQL_PUT_ROW, row, error) >= 0;
}

gboolean store_add_row(DbConn *tx, const CatalogRow *row, GError **error)
{
    int64_t written = write_row(tx, SQL_ADD_ROW, row, error);

    if (written == 0)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s was written by somebody else meanwhile",
                    row->ref);
    return written > 0;
}

gboolean store_move_row(DbConn *tx, const CatalogRow *row, GError **error)
{
    return db_exec(tx, error, SQL_MOVE_ROW, "ti", row->ref, (int64_t)row->line) >= 0;
}

gboolean store_remove_row(DbConn *tx, const char *ref, GError **error)
{
    return db_exec(tx, error, SQL_REMOVE_ROW, "t", ref) >= 0;
}
