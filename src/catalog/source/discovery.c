#include "catalog/source/discovery.h"
#include "catalog/source/discovery_internal.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/refresher.h"
#include <string.h>

#define ORIGIN "discovery"
#define ACTOR "pave:discovery"
#define ORGANIZATION "github-org"
/* Locations that one transaction adds. */
#define ADDED_AT_ONCE 500

gboolean discovery_is_provider(const CatalogLocation *location)
{
    return g_str_equal(location->origin, ORIGIN) && g_str_has_suffix(location->type, "-discovery");
}

gboolean discovery_is_found(const CatalogLocation *location)
{
    return g_str_equal(location->origin, ORIGIN) && g_str_equal(location->type, "url");
}

/* ---- adding ---- */

typedef struct {
    GPtrArray *added; /* CatalogLocation * */
    guint from;
} Addition;

static gboolean write_addition(DbConn *tx, void *data, GError **error)
{
    const Addition *addition = data;

    for (guint i = addition->from; i < addition->added->len && i < addition->from + ADDED_AT_ONCE;
         i++) {
        const CatalogLocation *location = addition->added->pdata[i];
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(GError) reason = NULL;

        /* What a person registered, or another provider found, stays theirs. */
        if (store_location_of(tx, arena, location->type, location->target, &reason))
            continue;
        if (reason) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        if (!store_add_location(tx, location, error) ||
            !store_set_due(tx, location->id, clock_now_ms(), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_locations(Catalog *catalog, GPtrArray *added, GError **error)
{
    for (guint i = 0; i < added->len; i += ADDED_AT_ONCE) {
        Addition addition = {added, i};

        if (!db_write(catalog->db, write_addition, &addition, NULL, error))
            return FALSE;
    }
    refresher_wake(catalog->refresher);
    return TRUE;
}

static CatalogLocation *location_new(Arena *arena, const char *type, const char *target,
                                     const char *created_by)
{
    CatalogLocation *location = arena_new0(arena, CatalogLocation, 1);
    g_autofree char *id = clock_new_id();

    *location = (CatalogLocation){.id = arena_strdup(arena, id),
                                  .type = type,
                                  .target = target,
                                  .origin = ORIGIN,
                                  .created_by = created_by};
    return location;
}

/* ---- one provider ---- */

/* The locations that provider (an id) made, by target. */
static GHashTable *found_by(Catalog *catalog, Arena *arena, const char *provider, GError **error)
{
    g_autoptr(GPtrArray) all = store_locations(db_reader(catalog->db), arena, ORIGIN, error);
    GHashTable *found = all ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;

    for (guint i = 0; all && i < all->len; i++) {
        CatalogLocation *location = all->pdata[i];

        if (discovery_is_found(location) && g_strcmp0(location->created_by, provider) == 0)
            g_hash_table_insert(found, (gpointer)location->target, location);
    }
    return found;
}

static gboolean remove_all(Catalog *catalog, GHashTable *locations, GError **error)
{
    GHashTableIter iterator;
    gpointer location;

    g_hash_table_iter_init(&iterator, locations);
    while (g_hash_table_iter_next(&iterator, NULL, &location))
        if (!location_remove(catalog, location, ACTOR, error))
            return FALSE;
    return TRUE;
}

gboolean discovery_read(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                        GError **error)
{
    g_autoptr(GPtrArray) targets = NULL, added = g_ptr_array_new();
    g_autoptr(GHashTable) gone = NULL, wanted = g_hash_table_new(g_str_hash, g_str_equal);
    Provider provider;

    if (!provider_of(catalog->config, location, &provider)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "catalog.providers has no %s %s any more",
                    location->type, location->target);
        return FALSE;
    }
    targets = provider_find(catalog, arena, &provider, error);
    gone = targets ? found_by(catalog, arena, location->id, error) : NULL;
    if (!gone)
        return FALSE;
    for (guint i = 0; i < targets->len; i++)
        if (g_hash_table_add(wanted, targets->pdata[i]) &&
            !g_hash_table_remove(gone, targets->pdata[i]))
            g_ptr_array_add(added, location_new(arena, "url", targets->pdata[i], location->id));
    return remove_all(catalog, gone, error) && add_locations(catalog, added, error);
}

/* "https://github.com/acme" of an entry of githubOrg; in arena. */
static const char *org_target(Arena *arena, const Value *entry, guint index)
{
    g_autofree char *url = g_strdup(value_path_string(entry, "githubUrl", "https://github.com"));

    while (g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = '\0';
    return arena_printf(arena, "%s/%s", url,
                        value_string(value_item(value_get(entry, "orgs"), index), ""));
}

static const Value *org_schedule(const Config *config, const char *target)
{
    const Value *entries = config_get(config, "catalog.providers.githubOrg");
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    for (guint i = 0; i < value_count(entries); i++) {
        const Value *entry = value_item(entries, i);

        for (guint j = 0; j < value_count(value_get(entry, "orgs")); j++)
            if (g_str_equal(org_target(arena, entry, j), target))
                return value_get(entry, "schedule");
    }
    return NULL;
}

const Value *discovery_schedule(Catalog *catalog, const CatalogLocation *location)
{
    Provider provider;

    if (g_str_equal(location->type, ORGANIZATION))
        return org_schedule(catalog->config, location->target);

    if (!provider_of(catalog->config, location, &provider))
        return NULL;
    return value_get(provider.config, "schedule");
}

/* ---- all of them ---- */

typedef struct {
    Arena *arena;
    GHashTable *known; /* "type:target" → CatalogLocation that is there */
    GPtrArray *added;
    GPtrArray *ids; /* of all that are configured */
} Start;

static void want_location(Start *start, const char *type, const char *target)
{
    const char *name = arena_printf(start->arena, "%s:%s", type, target);
    CatalogLocation *location = g_hash_table_lookup(start->known, name);

    if (location) {
        g_hash_table_remove(start->known, name);
        g_ptr_array_add(start->ids, (gpointer)location->id);
    } else {
        g_ptr_array_add(start->added,
                        location_new(start->arena, type, arena_strdup(start->arena, target), NULL));
    }
}

static gboolean visit_provider(const Provider *provider, void *data)
{
    want_location(data, provider->kind->type, provider->id);
    return TRUE;
}

static void want_organizations(Start *start, const Config *config)
{
    const Value *entries = config_get(config, "catalog.providers.githubOrg");

    for (guint i = 0; i < value_count(entries); i++) {
        const Value *entry = value_item(entries, i);

        for (guint j = 0; j < value_count(value_get(entry, "orgs")); j++)
            want_location(start, ORGANIZATION, org_target(start->arena, entry, j));
    }
}

/* A provider that is not configured any more goes with all it found. */
static gboolean drop_provider(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                              GError **error)
{
    g_autoptr(GHashTable) found = found_by(catalog, arena, location->id, error);

    return found && remove_all(catalog, found, error) &&
           location_remove(catalog, location, ACTOR, error);
}

static gboolean drop_providers(Catalog *catalog, const Start *start, GError **error)
{
    GHashTableIter iterator;
    gpointer location;

    g_hash_table_iter_init(&iterator, start->known);
    while (g_hash_table_iter_next(&iterator, NULL, &location))
        if (!drop_provider(catalog, start->arena, location, error))
            return FALSE;
    return TRUE;
}

gboolean discovery_start(Catalog *catalog, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) added = g_ptr_array_new(), ids = g_ptr_array_new();
    g_autoptr(GPtrArray) there = store_locations(db_reader(catalog->db), arena, ORIGIN, error);
    Start start = {arena, known, added, ids};

    if (!there)
        return FALSE;
    for (guint i = 0; i < there->len; i++) {
        CatalogLocation *location = there->pdata[i];

        if (!discovery_is_found(location))
            g_hash_table_insert(
                known, arena_printf(arena, "%s:%s", location->type, location->target), location);
    }
    providers_each(catalog->config, visit_provider, &start);
    want_organizations(&start, catalog->config);
    if (!drop_providers(catalog, &start, error) || !add_locations(catalog, added, error))
        return FALSE;
    for (guint i = 0; i < ids->len; i++)
        if (!schedule_set(catalog, ids->pdata[i], clock_now_ms(), error))
            return FALSE;
    return TRUE;
}

/* ---- new repositories ---- */

static gboolean follow_repository(DbConn *tx, const Event *event, Arena *arena, void *data,
                                  GError **error)
{
    g_autoptr(GPtrArray) all = store_locations(tx, arena, ORIGIN, error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    if (!all)
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        const CatalogLocation *location = all->pdata[i];

        if (g_str_equal(location->type, "forge-discovery"))
            g_ptr_array_add(ids, (gpointer)location->id);
    }
    g_ptr_array_add(ids, NULL);
    return ids->len == 1 || refresh_submit_in(tx, data, arena, (const char *const *)ids->pdata,
                                              event->actor, event->id, error);
}

void discovery_register(Catalog *catalog)
{
    events_follow(catalog->events, "catalog.discovery", "dev.pave.forge.repository.",
                  follow_repository, catalog);
}
