/* Taking out what people remove: an entity, or a location with all that came from it. */
#include "catalog/index/changes.h"
#include "catalog/reading/manifest.h"

#define BATCH 5000

/* ---- a location ---- */

static gboolean write_location_gone(DbConn *tx, void *location, GError **error)
{
    return store_remove_location(tx, ((const CatalogLocation *)location)->id, error);
}

/* The entities of a location, a batch at a time; the last one takes the location with it. */
static gboolean remove_some(Catalog *catalog, const CatalogLocation *location, const char *actor,
                            gboolean *last, GError **error)
{
    g_autoptr(Changes) changes = changes_new(actor);
    g_autoptr(GPtrArray) rows =
        store_some_rows(db_reader(catalog->db), changes->arena, location->id, BATCH, error);

    if (!rows)
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        changes_add(changes, CHANGE_DELETED, rows->pdata[i], rows->pdata[i]);
    *last = rows->len < BATCH;
    if (*last) {
        changes->also = write_location_gone;
        changes->also_data = (void *)location;
    }
    return changes_commit(catalog, changes, error);
}

gboolean location_remove(Catalog *catalog, const CatalogLocation *location, const char *actor,
                         GError **error)
{
    gboolean done = TRUE;

    commits_begin_location(catalog, location->id);
    for (gboolean last = FALSE; done && !last;) {
        commits_lock(catalog);
        done = remove_some(catalog, location, actor, &last, error);
        commits_unlock(catalog);
    }
    commits_end_location(catalog, location->id);
    return done;
}

/* ---- an entity ---- */

/* The file it came from is read again though it is unchanged, and brings it back if it names it. */
static gboolean write_source_forgotten(DbConn *tx, void *data, GError **error)
{
    const CatalogRow *row = data;

    return manifest_forget_stored(tx, row->location_id, row->source, error);
}

gboolean entity_remove(Catalog *catalog, const char *ref, const char *actor, GError **error)
{
    g_autoptr(Changes) changes = changes_new(actor);
    g_autoptr(GError) reason = NULL;
    CatalogRow *row;
    gboolean done = TRUE;

    commits_lock(catalog);
    row = store_row(db_reader(catalog->db), changes->arena, ref, &reason);
    if (row) {
        changes_add(changes, CHANGE_DELETED, row, row);
        changes->also = write_source_forgotten;
        changes->also_data = row;
        done = changes_commit(catalog, changes, &reason);
    }
    commits_unlock(catalog);
    if (!reason)
        return done;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}
