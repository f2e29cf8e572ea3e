/* Entities whose reading left something to say, as rows. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"

static const char SQL_FAULTY_ROWS[] =
    "SELECT ref, source, status FROM catalog_entity WHERE status IS NOT NULL ORDER BY ref LIMIT $1";

GPtrArray *store_faulty_rows(DbConn *conn, Arena *arena, guint limit, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FAULTY_ROWS, "i", (int64_t)limit);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        CatalogRow *row = arena_new0(arena, CatalogRow, 1);

        row->ref = arena_strdup(arena, db_rows_text(rows, 0));
        row->source = arena_strdup(arena, db_rows_text(rows, 1));
        row->status = json_parse(arena, db_rows_text(rows, 2), -1, NULL);
        g_ptr_array_add(found, row);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}
