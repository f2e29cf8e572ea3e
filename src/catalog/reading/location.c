/* Registered and configured locations. */
#include "catalog/catalog_internal.h"
#include "catalog/source/discovery.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/refresher.h"
#include "catalog/index/changes.h"
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
    if (!location || !location_ingest(catalog, location, actor, diagnostics, error))
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
    gboolean done;

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
    /* Who is committing what it was read from before ends that first. */
    commits_lock(catalog);
    done = db_write(catalog->db, write_change, &changed, NULL, error);
    commits_unlock(catalog);
    return done && location_ingest(catalog, &changed, actor, findings, error);
}

const char *catalog_location_id(Catalog *catalog, Arena *arena, const char *type,
                                const char *target, GError **error)
{
    const CatalogLocation *location =
        store_location_of(db_reader(catalog->db), arena, type, target, error);

    return location && g_str_equal(location->origin, "registered") ? location->id : NULL;
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

/* A first start is over when what is configured was read, or when that takes longer. */
#define FIRST_START_MS 10000

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

typedef struct {
    Catalog *catalog;
    GPtrArray *first; /* ids of those that were never read */
} Start;

/* A location that is there already is read again without the server waiting for it. */
static gboolean schedule_configured(Start *start, Arena *arena, const Value *entry, GError **error)
{
    Catalog *catalog = start->catalog;
    gboolean exists;
    CatalogLocation *location =
        ensure_location(catalog, arena, value_path_string(entry, "type", "file"),
                        value_path_string(entry, "target", ""), "config", NULL, &exists, error);
    ReadingState state;
    int64_t first_at;

    if (!location || !store_reading(db_reader(catalog->db), arena, location->id, &state, error))
        return FALSE;
    first_at = schedule_first(catalog, location);
    if (state.read_at == 0 && first_at <= clock_now_ms())
        g_ptr_array_add(start->first, (gpointer)location->id);
    return schedule_set(catalog, location->id, first_at, error);
}

/* Locations that are not in the configuration are read as they were due; those that never were, or
 * that a node which is gone had taken, within the next minutes. */
static gboolean write_others_due(DbConn *tx, void *data, GError **error)
{
    Catalog *catalog = data;
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GPtrArray) locations = store_locations(tx, arena, NULL, error);
    int64_t now = clock_now_ms();

    for (guint i = 0; locations && i < locations->len; i++) {
        const CatalogLocation *location = locations->pdata[i];
        ReadingState state;

        if (g_str_equal(location->origin, "config"))
            continue;
        if (!store_reading(tx, arena, location->id, &state, error))
            return FALSE;
        if ((state.next_at == 0 || state.next_at > now + REFRESHER_CLAIM_MS / 2) &&
            schedule_next(catalog, location, now, 0) > 0 &&
            !store_set_due(tx, location->id, now + g_random_int_range(0, REFRESHER_CLAIM_MS / 2),
                           error))
            return FALSE;
    }
    return locations != NULL;
}

static gboolean are_read(void *data)
{
    const Start *start = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    for (guint i = 0; i < start->first->len; i++) {
        ReadingState state;

        if (store_reading(db_reader(start->catalog->db), arena, start->first->pdata[i], &state,
                          NULL) &&
            state.read_at == 0)
            return FALSE;
    }
    return TRUE;
}

/* Without a queue there is nobody to read later: for tests and commands. */
static gboolean read_all(Catalog *catalog, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) locations =
        store_locations(db_reader(catalog->db), arena, "config", error);

    for (guint i = 0; locations && i < locations->len; i++)
        if (!refresher_read(catalog, ((const CatalogLocation *)locations->pdata[i])->id,
                            "pave:configuration", error))
            return FALSE;
    return locations != NULL;
}

gboolean catalog_start(Catalog *catalog, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) first = g_ptr_array_new();
    const Value *locations = config_get(catalog->config, "catalog.locations");
    Start start = {catalog, first};

    if (!drop_unconfigured(catalog, arena, error))
        return FALSE;
    for (guint i = 0; i < value_count(locations); i++)
        if (!schedule_configured(&start, arena, value_item(locations, i), error))
            return FALSE;
    if (!catalog->jobs)
        return read_all(catalog, arena, error);
    if (!db_write(catalog->db, write_others_due, catalog, NULL, error))
        return FALSE;
    commits_stop(catalog, FALSE);
    catalog->refresher = refresher_new(catalog);
    if (!discovery_start(catalog, error))
        return FALSE;
    refresher_wait(catalog->refresher, are_read, &start, FIRST_START_MS);
    return TRUE;
}

void catalog_stop(Catalog *catalog)
{
    g_clear_pointer(&catalog->refresher, refresher_free);
}
