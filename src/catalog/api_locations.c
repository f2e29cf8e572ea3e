/* Locations, refreshing, validating, analysing. */
#include "catalog/catalog_internal.h"
#include <string.h>

static Value *location_value(Arena *arena, const CatalogLocation *location)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", location->id);
    value_set_string(arena, value, "type", location->type);
    value_set_string(arena, value, "target", location->target);
    value_set_string(arena, value, "entityRef",
                     location_entity_ref(arena, location->type, location->target));
    return value;
}

Response *catalog_api_locations(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(GPtrArray) locations =
        store_locations(db_reader(catalog->db), arena, "registered", error);
    Value *list = value_array_new(arena);

    if (!locations)
        return NULL;
    for (guint i = 0; i < locations->len; i++) {
        Value *item = value_object_new(arena);

        value_set(arena, item, "data", location_value(arena, locations->pdata[i]));
        value_append(arena, list, item);
    }
    return response_json(request, 200, list);
}

/* The location of the path's id; NULL with error where there is none. */
static CatalogLocation *location_of_path(Request *request, Catalog *catalog, GError **error)
{
    g_autoptr(GError) reason = NULL;
    const char *id = request_param(request, "id");
    CatalogLocation *location =
        store_location(db_reader(catalog->db), request_arena(request), id, &reason);

    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    else if (!location)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Found no location with ID %s", id);
    return location;
}

Response *catalog_api_location(Request *request, void *room, GError **error)
{
    const CatalogLocation *location = location_of_path(request, room, error);

    return location ? response_json(request, 200, location_value(request_arena(request), location))
                    : NULL;
}

/* Who registered it, and who owns what came from it. */
static const char *const *location_owners(Catalog *catalog, Arena *arena,
                                          const CatalogLocation *location)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) owners = g_ptr_array_new();
    const char **list;

    if (location->created_by)
        g_ptr_array_add(owners, (gpointer)location->created_by);
    for (guint i = 0; i < snapshot_count(snapshot); i++) {
        const CatalogEntity *entity = snapshot_at(snapshot, i);

        if (!g_str_equal(entity->location_id, location->id))
            continue;
        for (const char *const *owner = catalog_owners(catalog, arena, entity->ref); *owner;
             owner++)
            g_ptr_array_add(owners, (gpointer)*owner);
    }
    list = arena_new0(arena, const char *, owners->len + 1);
    for (guint i = 0; i < owners->len; i++)
        list[i] = owners->pdata[i];
    return list;
}

static gboolean check_writable(Catalog *catalog, GError **error)
{
    if (!config_bool(catalog->config, "catalog.readonly", FALSE))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "This catalog is read only");
    return FALSE;
}

Response *catalog_api_location_remove(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    const CatalogLocation *location = location_of_path(request, catalog, error);

    if (!location || !check_writable(catalog, error) ||
        !access_check(access_principal(request), "catalog.location.delete",
                      location_owners(catalog, request_arena(request), location), error) ||
        !catalog_unregister(catalog, location->id, access_actor(request), error))
        return NULL;
    return response_empty(204);
}

Response *catalog_api_location_by_entity(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const char *ref =
        entity_ref_format(arena, request_param(request, "kind"),
                          request_param(request, "namespace"), request_param(request, "name"));
    const CatalogEntity *entity = snapshot_find(snapshot, ref);
    CatalogLocation *location = NULL;
    g_autoptr(GError) reason = NULL;

    if (!entity) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "found no entity for ref %s", ref);
        return NULL;
    }
    location = store_location(db_reader(catalog->db), arena, entity->location_id, &reason);
    if (location && g_str_equal(location->origin, "registered"))
        return response_json(request, 200, location_value(arena, location));
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "found no location for ref %s", ref);
    return NULL;
}

/* ---- registering ---- */

static gboolean location_of_body(Request *request, const char **type, const char **target,
                                 GError **error)
{
    const Value *body = request_body_json(request, error);

    *type = body ? catalog_body_string(body, "request/body", "type", error) : NULL;
    *target = *type ? catalog_body_string(body, "request/body", "target", error) : NULL;
    if (!*target)
        return FALSE;
    if (g_str_equal(*type, "url"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Registered locations must be of an allowed type [\"url\"]");
    return FALSE;
}

static gboolean fail_on_findings(const Diagnostics *findings, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!diagnostics_have_errors(findings))
        return TRUE;
    for (guint i = 0; i < diagnostics_count(findings); i++)
        g_string_append_printf(text, "%sError: %s", i > 0 ? ", " : "",
                               diagnostics_get(findings, i)->message);
    g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, text->str);
    return FALSE;
}

static Response *dry_run(Request *request, Catalog *catalog, const char *type, const char *target,
                         GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    const char *id = arena_printf(arena, "%s:%s", type, target);
    CatalogLocation location = {.id = id, .type = type, .target = target, .origin = "registered"};
    g_autoptr(Reading) reading = location_read(catalog, arena, &location, findings);
    gboolean exists = store_location_of(db_reader(catalog->db), arena, type, target, NULL) != NULL;
    Value *reply = value_object_new(arena), *entities = value_array_new(arena);

    if (!fail_on_findings(findings, error))
        return NULL;
    for (guint i = 0; i < reading->emissions->len; i++)
        value_append(arena, entities, ((Emission *)reading->emissions->pdata[i])->entity);
    value_set_bool(arena, reply, "exists", exists);
    value_set(arena, reply, "location", location_value(arena, &location));
    value_set(arena, reply, "entities", entities);
    return response_json(request, 201, reply);
}

Response *catalog_api_location_add(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    gboolean refresh = g_strcmp0(request_query(request, "onConflict"), "refresh") == 0;
    const char *type, *target;
    Value *reply;

    if (!location_of_body(request, &type, &target, error) || !check_writable(catalog, error))
        return NULL;
    if (g_strcmp0(request_query(request, "dryRun"), "true") == 0)
        return dry_run(request, catalog, type, target, error);
    if (!refresh && store_location_of(db_reader(catalog->db), arena, type, target, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "Location %s:%s already exists", type,
                    target);
        return NULL;
    }
    if (!catalog_register(catalog, arena, type, target, access_actor(request), NULL, findings,
                          error))
        return NULL;
    reply = value_object_new(arena);
    value_set(arena, reply, "location",
              location_value(
                  arena, store_location_of(db_reader(catalog->db), arena, type, target, error)));
    value_set(arena, reply, "entities", value_array_new(arena));
    return response_json(request, 201, reply);
}

/* ---- refreshing ---- */

Response *catalog_api_refresh(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    const Value *body = request_body_json(request, error);
    const char *ref = body ? catalog_body_string(body, "request/body", "entityRef", error) : NULL;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const CatalogEntity *entity;

    if (!ref)
        return NULL;
    entity = snapshot_find(snapshot, text_fold(request_arena(request), ref));
    if (!entity) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
        return NULL;
    }
    if (!refresh_submit(catalog, (const char *const[]){entity->location_id, NULL},
                        access_actor(request), error))
        return NULL;
    return response_empty(200);
}

/* ---- validating ---- */

static Value *error_value(Arena *arena, const char *name, const char *message)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "name", name);
    value_set_string(arena, value, "message", message);
    return value;
}

/* This route answers in a shape of its own. */
static Response *invalid(Request *request, const ModelFault *fault)
{
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *errors = value_array_new(arena);
    Value *item = error_value(arena, fault->name, fault->message);

    if (fault->cause_name)
        value_set(arena, item, "cause",
                  error_value(arena, fault->cause_name, fault->cause_message));
    value_append(arena, errors, item);
    value_set(arena, reply, "errors", errors);
    return response_json(request, 400, reply);
}

Response *catalog_api_validate(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *entity;
    const char *location =
        body ? catalog_body_string(body, "request/body", "location", error) : NULL;
    g_autoptr(GError) reason = NULL;
    ModelFault fault;
    Source source;

    if (!location)
        return NULL;
    entity = value_get(body, "entity");
    if (!value_is(entity, VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'entity'");
        return NULL;
    }
    if (!source_parse(arena, location, &source, &reason))
        return invalid(request, &(ModelFault){.name = "TypeError", .message = reason->message});
    if (!model_check_envelope(arena, entity, &fault) ||
        !model_check_entity(arena, model_normalize(arena, entity), &fault))
        return invalid(request, &fault);
    return response_empty(200);
}

/* ---- analysing ---- */

static Value *skeleton_entity(Arena *arena, const char *name, const char *slug)
{
    Value *entity = value_object_new(arena), *metadata = value_object_new(arena);
    Value *spec = value_object_new(arena), *annotations = value_object_new(arena);

    value_set_string(arena, metadata, "name", name);
    if (slug) {
        value_set_string(arena, annotations, "github.com/project-slug", slug);
        value_set(arena, metadata, "annotations", annotations);
    }
    value_set_string(arena, spec, "type", "other");
    value_set_string(arena, spec, "lifecycle", "unknown");
    value_set_string(arena, entity, "apiVersion", "backstage.io/v1alpha1");
    value_set_string(arena, entity, "kind", "Component");
    value_set(arena, entity, "metadata", metadata);
    value_set(arena, entity, "spec", spec);
    return entity;
}

/* A first draft of what a repository without a descriptor could say of itself. */
Response *catalog_api_analyze(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    const char *target = body ? catalog_body_string(value_get(body, "location"),
                                                    "request/body/location", "target", error)
                              : NULL;
    Value *reply = value_object_new(arena), *list = value_array_new(arena);
    Value *item = value_object_new(arena);
    const char *slug;
    g_autofree char *name = NULL;

    if (!target)
        return NULL;
    if (!g_uri_is_valid(target, G_URI_FLAGS_PARSE_RELAXED, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The given location.target is not a URL");
        return NULL;
    }
    slug = source_repository(catalog, arena, &(Source){"url", target});
    name = g_path_get_basename(slug ? slug : target);
    value_set(arena, item, "entity", skeleton_entity(arena, name, slug));
    value_set(arena, item, "fields", value_array_new(arena));
    value_append(arena, list, item);
    value_set(arena, reply, "existingEntityFiles", value_array_new(arena));
    value_set(arena, reply, "generateEntities", list);
    return response_json(request, 200, reply);
}
