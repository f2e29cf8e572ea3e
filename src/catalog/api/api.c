#include "catalog/catalog_internal.h"
#include <string.h>

/* ---- what handlers share ---- */

const char *catalog_body_string(const Value *body, const char *where, const char *name,
                                GError **error)
{
    const Value *value = value_get(body, name);

    if (value_is(value, VALUE_STRING))
        return value_string(value, "");
    if (value)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s/%s must be string", where, name);
    else
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s must have required property '%s'", where,
                    name);
    return NULL;
}

gboolean catalog_query_int(const Request *request, const char *name, int64_t minimum,
                           int64_t fallback, int64_t *number, GError **error)
{
    const char *text = request_query(request, name);
    gint64 parsed = fallback;

    if (text && !g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &parsed, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/query/%s must be integer", name);
        return FALSE;
    }
    if (text && parsed < minimum) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/query/%s must be >= %" G_GINT64_FORMAT,
                    name, minimum);
        return FALSE;
    }
    *number = parsed;
    return TRUE;
}

gboolean catalog_check_parameters(const Request *request, const char *const *names, GError **error)
{
    for (const char *const *name = request_query_names(request); name && *name; name++) {
        g_autofree char *plain = g_strdup(*name);

        if (g_str_has_suffix(plain, "[]"))
            plain[strlen(plain) - 2] = '\0';
        if (g_strv_contains(names, plain))
            continue;
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unknown query parameter '%s'", *name);
        return FALSE;
    }
    return TRUE;
}

/* ---- one entity ---- */

static Response *entity_response(const Snapshot *snapshot, EntityId id)
{
    GString *text = g_string_sized_new(2048);
    gsize length;

    snapshot_text(snapshot, id, text);
    length = text->len;
    return response_take(200, "application/json; charset=utf-8", g_string_free(text, FALSE),
                         length);
}

const char *catalog_ref_of_path(Request *request)
{
    return entity_ref_format(request_arena(request), request_param(request, "kind"),
                             request_param(request, "namespace"), request_param(request, "name"));
}

static Response *get_by_name(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    EntityId id;

    if (snapshot_find(snapshot, catalog_ref_of_path(request), &id))
        return entity_response(snapshot, id);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                "No entity named '%s' found, with kind '%s' in namespace '%s'",
                request_param(request, "name"), request_param(request, "kind"),
                request_param(request, "namespace"));
    return NULL;
}

static Response *get_by_uid(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    EntityId id;

    if (snapshot_find_uid(snapshot, request_param(request, "uid"), &id))
        return entity_response(snapshot, id);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No entity with uid %s",
                request_param(request, "uid"));
    return NULL;
}

/* 204 for what is not there, too, as Backstage answers. */
static Response *delete_by_uid(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const char *const *owners;
    const char *ref;
    EntityId id;

    if (!snapshot_find_uid(snapshot, request_param(request, "uid"), &id))
        return response_empty(204);
    ref = snapshot_ref(snapshot, id);
    owners = catalog_owners(catalog, request_arena(request), ref);
    if (!access_check(access_principal(request), "catalog.entity.delete", owners, error) ||
        !entity_remove(catalog, ref, access_actor(request), error))
        return NULL;
    return response_empty(204);
}

/* ---- ancestry ---- */

static Value *ancestor(Arena *arena, const Snapshot *snapshot, EntityId id, const char *parent)
{
    Value *item = value_object_new(arena), *parents = value_array_new(arena);

    if (parent)
        value_append(arena, parents, value_string_new(arena, parent));
    value_set(arena, item, "entity", snapshot_value(snapshot, arena, id));
    value_set(arena, item, "parentEntityRefs", parents);
    return item;
}

static Response *get_ancestry(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const char *ref = catalog_ref_of_path(request);
    Value *reply = value_object_new(arena), *items = value_array_new(arena);
    EntityId id;
    gboolean found = snapshot_find(snapshot, ref, &id);

    if (!found) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No such entity %s", ref);
        return NULL;
    }
    /* The bound is there for rows that name each other, which no reading makes. */
    for (int depth = 0; found && depth < 64; depth++) {
        const char *parent = snapshot_fact(snapshot, arena, id, FIELD_PARENT);

        value_append(arena, items, ancestor(arena, snapshot, id, parent));
        found = parent && snapshot_find(snapshot, parent, &id);
    }
    value_set_string(arena, reply, "rootEntityRef", ref);
    value_set(arena, reply, "items", items);
    return response_json(request, 200, reply);
}

#define READ "catalog.entity.read"
#define OWN "/api/catalog/v1"

const Route catalog_routes[] = {
    {"GET", "/api/catalog/entities", catalog_api_entities, ROUTE_INLINE, READ},
    {"GET", "/api/catalog/entities/by-query", catalog_api_query, ROUTE_INLINE, READ},
    {"POST", "/api/catalog/entities/by-query", catalog_api_query_post, ROUTE_INLINE, READ},
    {"POST", "/api/catalog/entities/by-refs", catalog_api_by_refs, ROUTE_INLINE, READ},
    {"GET", "/api/catalog/entities/by-uid/{uid}", get_by_uid, ROUTE_INLINE, READ},
    {"DELETE", "/api/catalog/entities/by-uid/{uid}", delete_by_uid, ROUTE_WORKER,
     "catalog.entity.delete"},
    {"GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", get_by_name, ROUTE_INLINE,
     READ},
    {"GET", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", get_ancestry,
     ROUTE_INLINE, READ},
    {"GET", "/api/catalog/entity-facets", catalog_api_facets, ROUTE_INLINE, READ},
    {"POST", "/api/catalog/entity-facets", catalog_api_facets_post, ROUTE_INLINE, READ},
    {"POST", "/api/catalog/refresh", catalog_api_refresh, ROUTE_WORKER, "catalog.entity.refresh"},
    {"POST", "/api/catalog/validate-entity", catalog_api_validate, ROUTE_WORKER,
     "catalog.entity.validate"},
    {"GET", "/api/catalog/locations", catalog_api_locations, ROUTE_WORKER, "catalog.location.read"},
    {"POST", "/api/catalog/locations", catalog_api_location_add, ROUTE_WORKER,
     "catalog.location.create"},
    {"GET", "/api/catalog/locations/{id}", catalog_api_location, ROUTE_WORKER,
     "catalog.location.read"},
    {"DELETE", "/api/catalog/locations/{id}", catalog_api_location_remove, ROUTE_WORKER,
     "catalog.location.delete"},
    {"POST", "/api/catalog/locations/by-query", catalog_api_locations_query, ROUTE_WORKER,
     "catalog.location.read"},
    {"PUT", "/api/catalog/locations/{id}", catalog_api_location_change, ROUTE_WORKER,
     "catalog.location.create"},
    {"GET", "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}",
     catalog_api_location_by_entity, ROUTE_WORKER, "catalog.location.read"},
    {"POST", "/api/catalog/analyze-location", catalog_api_analyze, ROUTE_WORKER,
     "catalog.location.analyze"},
    {"GET", OWN "/sources", catalog_api_sources, ROUTE_WORKER, "catalog.location.read"},
    {"GET", OWN "/entities/{kind}/{namespace}/{name}/origin", catalog_api_origin, ROUTE_WORKER,
     READ},
    {"GET", OWN "/findings", catalog_api_findings, ROUTE_WORKER, READ},
    {"POST", OWN "/findings/{id}/apply", catalog_api_finding_apply, ROUTE_WORKER,
     "catalog.entity.update"},
    {"GET", OWN "/kinds", catalog_api_kinds, ROUTE_INLINE, READ},
    {"GET", OWN "/export", catalog_api_export, ROUTE_STREAM, READ},
    {"GET", OWN "/entities/{kind}/{namespace}/{name}/file", catalog_api_file, ROUTE_WORKER, READ},
    {"POST", OWN "/entities/{kind}/{namespace}/{name}/file", catalog_api_file_change, ROUTE_WORKER,
     "catalog.entity.update"},
    {"GET", OWN "/entities/{kind}/{namespace}/{name}/history", catalog_api_history, ROUTE_WORKER,
     READ},
    {"GET", OWN "/entities/{kind}/{namespace}/{name}/history/{id}", catalog_api_history_version,
     ROUTE_WORKER, READ},
    {"GET", "/api/catalog/openapi.json", catalog_api_openapi, ROUTE_INLINE, PERMISSION_SIGNED_IN},
    {"GET", "/api/catalog/.well-known/backstage/permissions/metadata", catalog_api_permissions,
     ROUTE_INLINE, PERMISSION_SIGNED_IN},
    {"POST", "/api/catalog/.well-known/backstage/permissions/apply-conditions",
     catalog_api_apply_conditions, ROUTE_WORKER, READ},
    {"POST", "/api/permission/authorize", catalog_api_authorize, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"GET", "/api/search/query", catalog_api_search, ROUTE_WORKER, READ},
    {NULL},
};
