/* Locations and refreshing. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include "formats/json.h"
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

/* ---- by query ---- */

#define PAGE_MAX 1000

typedef struct {
    const Value *query;
    const char *after; /* the id of the last one that was shown; "" for the first page */
    int64_t limit;
} LocationPage;

static gboolean page_of_cursor(Arena *arena, const char *cursor, LocationPage *page, GError **error)
{
    gsize length;
    g_autofree guchar *text = g_base64_decode(cursor, &length);
    const Value *decoded = json_parse(arena, (const char *)text, (gssize)length, NULL);

    if (!value_is(value_get(decoded, "after"), VALUE_STRING)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Malformed cursor, could not be parsed");
        return FALSE;
    }
    page->query = value_get(decoded, "predicate");
    page->after = value_path_string(decoded, "after", "");
    page->limit = value_int(value_get(decoded, "limit"), PAGE_MAX);
    return TRUE;
}

/* With a cursor only the limit is still read from the body. */
static gboolean page_of_body(Request *request, LocationPage *page, GError **error)
{
    const Value *body = request_body_json(request, error), *limit;
    const char *cursor = value_path_string(body, "cursor", NULL);

    if (!body)
        return FALSE;
    *page = (LocationPage){value_get(body, "query"), "", PAGE_MAX};
    if (cursor && !page_of_cursor(request_arena(request), cursor, page, error))
        return FALSE;
    limit = value_get(body, "limit");
    if (limit && (!value_is_int(limit) || value_int(limit, 0) < 1)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    value_is_int(limit) ? "request/body/limit must be >= 1"
                                        : "request/body/limit must be integer");
        return FALSE;
    }
    page->limit = CLAMP(value_int(limit, page->limit), 1, PAGE_MAX);
    return location_filter_check(page->query, error);
}

static const char *next_cursor(Arena *arena, const LocationPage *page, const Value *last)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *base64 = NULL;
    Value *cursor = value_object_new(arena);

    value_set_string(arena, cursor, "after", value_path_string(last, "id", ""));
    value_set_int(arena, cursor, "limit", page->limit);
    if (page->query)
        value_set(arena, cursor, "predicate", page->query);
    json_write(text, cursor, JSON_COMPACT);
    base64 = g_base64_encode((const guchar *)text->str, text->len);
    return arena_strdup(arena, base64);
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    const CatalogLocation *const *left = a, *const *right = b;

    return strcmp((*left)->id, (*right)->id);
}

Response *catalog_api_locations_query(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *items = value_array_new(arena);
    Value *info = value_object_new(arena);
    g_autoptr(GPtrArray) locations = NULL;
    LocationPage page;
    int64_t total = 0, left = 0;

    if (!page_of_body(request, &page, error))
        return NULL;
    locations = store_locations(db_reader(catalog->db), arena, "registered", error);
    if (!locations)
        return NULL;
    g_ptr_array_sort(locations, compare_ids);
    for (guint i = 0; i < locations->len; i++) {
        Value *location = location_value(arena, locations->pdata[i]);

        if (!location_filter_matches(page.query, location))
            continue;
        total++;
        if (strcmp(value_path_string(location, "id", ""), page.after) <= 0)
            continue;
        if (value_count(items) < page.limit)
            value_append(arena, items, location);
        else
            left++;
    }
    if (left > 0)
        value_set_string(arena, info, "nextCursor",
                         next_cursor(arena, &page, value_item(items, value_count(items) - 1)));
    value_set(arena, reply, "items", items);
    value_set_int(arena, reply, "totalItems", total);
    value_set(arena, reply, "pageInfo", info);
    return response_json(request, 200, reply);
}

/* ---- one location ---- */

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

/* Whether principal owns each entity that came from location, and there are such. */
static gboolean owns_all(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                         const Principal *principal, const char *permission)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GArray) found = snapshot_having(snapshot, FIELD_LOCATION, location->id);
    gboolean any = FALSE;

    for (guint i = 0; i < found->len; i++) {
        EntityId id = g_array_index(found, EntityId, i);
        const char *const *owners;

        /* The one that stands for the location itself is nobody's. */
        if (!snapshot_fact(snapshot, arena, id, FIELD_PARENT))
            continue;
        owners = catalog_owners(catalog, arena, snapshot_ref(snapshot, id));
        if (!*owners || !access_check(principal, permission, owners, NULL))
            return FALSE;
        any = TRUE;
    }
    return any;
}

/* What is done to a location is done to all that came from it: that is for who registered it, and
 * for who owns all of that. */
static gboolean check_location(Catalog *catalog, Request *request, const CatalogLocation *location,
                               const char *permission, GError **error)
{
    const Principal *principal = access_principal(request);
    const char *registrant = location->created_by ? location->created_by : "nobody";
    g_autoptr(GError) why = NULL;

    if (access_check(principal, permission, (const char *const[]){registrant, NULL}, &why))
        return TRUE;
    if (principal && owns_all(catalog, request_arena(request), location, principal, permission))
        return TRUE;
    g_set_error(error, PAVE_ERROR, why->code,
                "%s (who registered it, owns all of its entities, or is an admin may)",
                why->message);
    return FALSE;
}

static gboolean check_writable(Catalog *catalog, GError **error)
{
    if (!config_bool(catalog->config, "catalog.readonly", FALSE))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "This operation not allowed in readonly mode");
    return FALSE;
}

Response *catalog_api_location_remove(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    const CatalogLocation *location =
        check_writable(catalog, error) ? location_of_path(request, catalog, error) : NULL;

    if (!location ||
        !check_location(catalog, request, location, "catalog.location.delete", error) ||
        !catalog_unregister(catalog, location->id, access_actor(request), error))
        return NULL;
    return response_empty(204);
}

Response *catalog_api_location_by_entity(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const char *ref = catalog_ref_of_path(request);
    CatalogLocation *location = NULL;
    g_autoptr(GError) reason = NULL;
    EntityId id;

    if (!snapshot_find(snapshot, ref, &id)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "found no entity for ref %s", ref);
        return NULL;
    }
    location = store_location(db_reader(catalog->db), arena,
                              snapshot_fact(snapshot, arena, id, FIELD_LOCATION), &reason);
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

/* An item of a status, as people are told of what is wrong in a file. */
static const Value *diagnostic_of(Arena *arena, const Value *item)
{
    static const char *const numbers[] = {"line", "column"};
    const Value *source = value_get(item, "source");
    Value *diagnostic = value_object_new(arena);

    value_set_string(arena, diagnostic, "severity", value_path_string(item, "level", "error"));
    value_set_string(arena, diagnostic, "message",
                     value_path_string(value_get(item, "error"), "message", ""));
    value_set_string(arena, diagnostic, "file", value_path_string(source, "file", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (value_get(source, numbers[i]))
            value_set(arena, diagnostic, numbers[i], value_get(source, numbers[i]));
    return diagnostic;
}

/* A dry run fails with all that is wrong, in one message and each with its place; NULL: nothing. */
static Response *findings_response(Request *request, const GPtrArray *emissions)
{
    Arena *arena = request_arena(request);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Value *diagnostics = value_array_new(arena);

    for (guint i = 0; i < emissions->len; i++) {
        const Emission *emission = emissions->pdata[i];

        for (guint item = 0; item < value_count(emission->status); item++) {
            const Value *fault = value_get(value_item(emission->status, item), "error");
            const char *name = value_path_string(fault, "name", "Error");

            g_string_append_printf(text, "%s%s: %s", text->len > 0 ? ", " : "",
                                   g_str_equal(name, "InputError") ? "Error" : name,
                                   value_path_string(fault, "message", ""));
            value_append(arena, diagnostics,
                         diagnostic_of(arena, value_item(emission->status, item)));
        }
    }
    if (text->len == 0)
        return NULL;
    g_set_error_literal(&error, PAVE_ERROR, ERROR_INPUT, text->str);
    return response_error_with(request, error, diagnostics);
}

static Response *dry_run(Request *request, Catalog *catalog, const char *type, const char *target,
                         GError **error)
{
    Arena *arena = request_arena(request);
    const char *id = arena_printf(arena, "%s:%s", type, target);
    CatalogLocation location = {.id = id, .type = type, .target = target, .origin = "registered"};
    g_autoptr(GPtrArray) emissions = reading_preview(catalog, arena, &location, error);
    gboolean exists = store_location_of(db_reader(catalog->db), arena, type, target, NULL) != NULL;
    Response *refused = emissions ? findings_response(request, emissions) : NULL;
    Value *reply = value_object_new(arena), *entities = value_array_new(arena);

    if (!emissions)
        return NULL;
    if (refused)
        return refused;
    for (guint i = 0; i < emissions->len; i++)
        value_append(arena, entities, ((Emission *)emissions->pdata[i])->entity);
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

    if (!location_of_body(request, &type, &target, error))
        return NULL;
    /* A dry run only reads, so that it is allowed where nothing may be written. */
    if (g_strcmp0(request_query(request, "dryRun"), "true") == 0)
        return dry_run(request, catalog, type, target, error);
    if (!check_writable(catalog, error))
        return NULL;
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

/* Another type or target for a registered location. */
Response *catalog_api_location_change(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const char *type, *target;
    const CatalogLocation *location;

    if (!location_of_body(request, &type, &target, error) || !check_writable(catalog, error))
        return NULL;
    location = location_of_path(request, catalog, error);
    if (!location || !check_location(catalog, request, location, "catalog.location.create", error))
        return NULL;
    if (!g_str_equal(location->origin, "registered")) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s is named in the configuration and can only be changed there",
                    location->target);
        return NULL;
    }
    if (!location_change(catalog, arena, location, type, target, access_actor(request), error))
        return NULL;
    location = store_location(db_reader(catalog->db), arena, location->id, error);
    return location ? response_json(request, 200, location_value(arena, location)) : NULL;
}

/* ---- refreshing ---- */

Response *catalog_api_refresh(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    const Value *body = request_body_json(request, error);
    const char *ref = body ? catalog_body_string(body, "request/body", "entityRef", error) : NULL;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    Arena *arena = request_arena(request);
    const char *location;
    EntityId id;

    if (!ref)
        return NULL;
    if (!snapshot_find(snapshot, text_fold(arena, ref), &id)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
        return NULL;
    }
    location = snapshot_fact(snapshot, arena, id, FIELD_LOCATION);
    if (!refresh_submit(catalog, (const char *const[]){location, NULL}, snapshot_ref(snapshot, id),
                        access_actor(request), error))
        return NULL;
    return response_empty(200);
}
