/* Reading the whole table, for making the index anew. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"

/* By uid, since that is about the order in which rows were written. */
static const char SQL_ROWS_AFTER[] =
    "SELECT ref, uid, parent, location_id, source, entity, status FROM catalog_entity"
    " WHERE uid > $1 ORDER BY uid LIMIT $2";

GPtrArray *store_rows_after(DbConn *conn, Arena *arena, const char *uid, guint limit,
                            GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ROWS_AFTER, "ti", uid, (int64_t)limit);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        StoredRow *row = arena_new0(arena, StoredRow, 1);

        row->row = (CatalogRow){.ref = arena_strdup(arena, db_rows_text(rows, 0)),
                                .uid = arena_strdup(arena, db_rows_text(rows, 1)),
                                .parent = arena_strdup(arena, db_rows_text(rows, 2)),
                                .location_id = arena_strdup(arena, db_rows_text(rows, 3)),
                                .source = arena_strdup(arena, db_rows_text(rows, 4))};
        row->entity = arena_strdup(arena, db_rows_text(rows, 5));
        row->status = arena_strdup(arena, db_rows_text(rows, 6));
        g_ptr_array_add(found, row);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

gboolean store_parse_row(Arena *arena, StoredRow *row)
{
    g_autoptr(GError) error = NULL;

    row->row.entity = json_parse(arena, row->entity, -1, &error);
    if (row->row.entity && row->status)
        row->row.status = json_parse(arena, row->status, -1, &error);
    if (error)
        g_warning("catalog: %s has a row that does not parse: %s", row->row.ref, error->message);
    return row->row.entity != NULL;
}
