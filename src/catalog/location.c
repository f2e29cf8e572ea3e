/* Registered and configured locations. */
#include "catalog/catalog_internal.h"
#include "catalog/discovery.h"
#include <string.h>

static gboolean write_location(DbConn *tx, void *location, GError **error)
{
    return store_add_location(tx, location, error);
}

/* The location, made where it is not there. */
static CatalogLocation *ensure_location(Catalog *catalog, Arena *arena, const char *type,
                                        const char *target, const char *origin, const char *actor,
                                        gboolean *exists, GError **error)
{
    g_autoptr(GError) reason = NULL;
    CatalogLocation *location =
        store_location_of(db_reader(catalog->db), arena, type, target, &reason);
    g_autofree char *id = clock_new_id();
    CatalogLocation added = {id, type, target, origin, actor};

    *exists = location != NULL;
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    if (location)
        return location;
    if (!db_write(catalog->db, write_location, &added, NULL, error))
        return NULL;
    return store_location_of(db_reader(catalog->db), arena, type, target, error);
}

/* ---- registering ---- */

/* What came from location, without the entity that stands for itself. */
static const Value *entities_of(Catalog *catalog, Arena *arena, const CatalogLocation *location)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GArray) found = snapshot_having(snapshot, FIELD_LOCATION, location->id);
    Value *entities = value_array_new(arena);

    for (guint i = 0; i < found->len; i++) {
        EntityId id = g_array_index(found, EntityId, i);

        if (snapshot_fact(snapshot, arena, id, FIELD_PARENT))
            value_append(arena, entities, snapshot_value(snapshot, arena, id));
    }
    return entities;
}

const Value *catalog_register(Catalog *catalog, Arena *arena, const char *type, const char *target,
                              const char *actor, gboolean *exists, Diagnostics *diagnostics,
                              GError **error)
{
    gboolean was_there;
    CatalogLocation *location;

    if (!g_str_equal(type, "url") || !g_uri_is_valid(target, G_URI_FLAGS_PARSE_RELAXED, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s:%s is no location that can be registered",
                    type, target);
        return NULL;
    }
    location =
        ensure_location(catalog, arena, type, target, "registered", actor, &was_there, error);
    if (exists)
        *exists = was_there;
    if (!location || !location_ingest(catalog, arena, location, actor, diagnostics, error))
        return NULL;
    return entities_of(catalog, arena, location);
}

static gboolean write_change(DbConn *tx, void *location, GError **error)
{
    return store_change_location(tx, location, error);
}

gboolean location_change(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                         const char *type, const char *target, const char *actor, GError **error)
{
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(GError) reason = NULL;
    const CatalogLocation *other =
        store_location_of(db_reader(catalog->db), arena, type, target, &reason);
    CatalogLocation changed = *location;

    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    if (other && !g_str_equal(other->id, location->id)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "Location %s:%s already exists", type,
                    target);
        return FALSE;
    }
    changed.type = type;
    changed.target = target;
    return db_write(catalog->db, write_change, &changed, NULL, error) &&
           location_ingest(catalog, arena, &changed, actor, findings, error);
}

gboolean catalog_unregister(Catalog *catalog, const char *location_id, const char *actor,
                            GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) reason = NULL;
    CatalogLocation *location = store_location(db_reader(catalog->db), arena, location_id, &reason);

    if (location && !g_str_equal(location->origin, "registered")) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s comes from the configuration and can only be removed there",
                    location->target);
        return FALSE;
    }
    if (location)
        return location_remove(catalog, location, actor, error);
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Found no location with ID %s",
                    location_id);
    return FALSE;
}

/* ---- the configured ones ---- */

static gboolean is_configured(const Config *config, const CatalogLocation *location)
{
    const Value *locations = config_get(config, "catalog.locations");

    for (guint i = 0; i < value_count(locations); i++) {
        const Value *entry = value_item(locations, i);

        if (g_str_equal(value_path_string(entry, "type", "file"), location->type) &&
            g_str_equal(value_path_string(entry, "target", ""), location->target))
            return TRUE;
    }
    return FALSE;
}

static gboolean drop_unconfigured(Catalog *catalog, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) known = store_locations(db_reader(catalog->db), arena, "config", error);

    for (guint i = 0; known && i < known->len; i++)
        if (!is_configured(catalog->config, known->pdata[i]) &&
            !location_remove(catalog, known->pdata[i], "pave:configuration", error))
            return FALSE;
    return known != NULL;
}

static void warn_of_findings(const Diagnostics *findings)
{
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        g_message("catalog: %s:%d:%d: %s", finding->file, finding->line, finding->column,
                  finding->message);
    }
}

static gboolean read_configured(Catalog *catalog, const Value *entry, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    gboolean exists;
    CatalogLocation *location =
        ensure_location(catalog, arena, value_path_string(entry, "type", "file"),
                        value_path_string(entry, "target", ""), "config", NULL, &exists, error);

    if (!location ||
        !location_ingest(catalog, arena, location, "pave:configuration", findings, error))
        return FALSE;
    warn_of_findings(findings);
    return TRUE;
}

gboolean catalog_start(Catalog *catalog, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *locations = config_get(catalog->config, "catalog.locations");

    if (!drop_unconfigured(catalog, arena, error))
        return FALSE;
    for (guint i = 0; i < value_count(locations); i++)
        if (!read_configured(catalog, value_item(locations, i), error))
            return FALSE;
    return !catalog->jobs || discovery_start(catalog, error);
}

void catalog_stop(Catalog *catalog)
{
    /* Reading is done by jobs and requests, which have ended when the rooms are stopped. */
}
