/* What the routes that Backstage's clients call take and give, as OpenAPI. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define PREFIX "/api/catalog"

typedef struct {
    const char *method, *path, *id, *summary;
    const char *query; /* "name", "name:integer", "name*" where it repeats, "name!" where needed */
    const char *body, *reply; /* schemas; NULL: none */
    const char *status;
} Operation;

#define NAMED "/{kind}/{namespace}/{name}"
#define PAGED "fields* limit:integer offset:integer filter*"

static const Operation operations[] = {
    {"get", "/entities", "GetEntities", "Lists entities", PAGED " after order*", NULL, "Entities",
     "200"},
    {"get", "/entities/by-query", "GetEntitiesByQuery", "A page of entities",
     PAGED " cursor orderField* totalItems fullTextFilterTerm fullTextFilterFields*", NULL,
     "EntityPage", "200"},
    {"post", "/entities/by-query", "QueryEntitiesByPredicate", "A page of entities, by predicate",
     "", "EntityQuery", "EntityPage", "200"},
    {"post", "/entities/by-refs", "GetEntitiesByRefs",
     "Entities in the order of their refs, null where there is none", "filter*", "EntityRefs",
     "EntityItems", "200"},
    {"get", "/entities/by-uid/{uid}", "GetEntityByUid", "One entity", "", NULL, "Entity", "200"},
    {"delete", "/entities/by-uid/{uid}", "DeleteEntityByUid",
     "Removes an entity, until its file is read again", "", NULL, NULL, "204"},
    {"get", "/entities/by-name" NAMED, "GetEntityByName", "One entity", "", NULL, "Entity", "200"},
    {"get", "/entities/by-name" NAMED "/ancestry", "GetEntityAncestryByName",
     "An entity and what it came from, up to the location that was configured", "", NULL,
     "Ancestry", "200"},
    {"get", "/entity-facets", "GetEntityFacets", "How often each value of a field is there",
     "facet*! filter*", NULL, "Facets", "200"},
    {"post", "/entity-facets", "QueryEntityFacetsByPredicate",
     "How often each value of a field is there", "", "FacetQuery", "Facets", "200"},
    {"post", "/refresh", "RefreshEntity", "Reads the location of an entity again", "", "EntityRef",
     NULL, "200"},
    {"get", "/locations", "GetLocations", "The registered locations", "", NULL, "LocationItems",
     "200"},
    {"post", "/locations", "CreateLocation", "Registers a location, or tries it",
     "dryRun onConflict", "LocationInput", "AddedLocation", "201"},
    {"post", "/locations/by-query", "GetLocationsByQuery", "A page of registered locations", "",
     "LocationQuery", "LocationPage", "200"},
    {"get", "/locations/{id}", "GetLocation", "One location", "", NULL, "Location", "200"},
    {"put", "/locations/{id}", "UpdateLocation", "Lets a location name another target", "",
     "LocationInput", "Location", "200"},
    {"delete", "/locations/{id}", "DeleteLocation", "Removes a location with its entities", "",
     NULL, NULL, "204"},
    {"get", "/locations/by-entity" NAMED, "getLocationByEntity",
     "The registered location an entity came from", "", NULL, "Location", "200"},
    {"post", "/analyze-location", "AnalyzeLocation",
     "What the files of a repository would bring, or a first draft", "", "AnalyzeRequest",
     "Analysis", "200"},
    {"post", "/validate-entity", "ValidateEntity", "Whether an entity would be accepted", "",
     "ValidateRequest", NULL, "200"},
};

#define TEXT "{\"type\":\"string\"}"
#define OBJECT "{\"type\":\"object\"}"
#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST(item) "{\"type\":\"array\",\"items\":" item "}"
#define MEMBERS(members, needed)                                                                   \
    "{\"type\":\"object\",\"properties\":{" members "},\"required\":[" needed "]}"
#define PAGE(item)                                                                                 \
    MEMBERS("\"items\":" LIST(                                                                     \
                item) ",\"totalItems\":{\"type\":\"integer\"},"                                    \
                      "\"pageInfo\":{\"type\":\"object\",\"properties\":{\"nextCursor\":" TEXT     \
                      ",\"prevCursor\":" TEXT "}}",                                                \
            "\"items\",\"totalItems\",\"pageInfo\"")

static const struct {
    const char *name, *schema;
} schemas[] = {
    {"Entity", MEMBERS("\"apiVersion\":" TEXT ",\"kind\":" TEXT ",\"metadata\":" OBJECT
                       ",\"spec\":" OBJECT ",\"relations\":" LIST(REF("Relation")),
                       "\"apiVersion\",\"kind\",\"metadata\"")},
    {"Relation", MEMBERS("\"type\":" TEXT ",\"targetRef\":" TEXT, "\"type\",\"targetRef\"")},
    {"Entities", LIST(REF("Entity"))},
    {"EntityItems",
     MEMBERS("\"items\":" LIST("{\"anyOf\":[" REF("Entity") ",{\"type\":\"null\"}]}"),
             "\"items\"")},
    {"EntityPage", PAGE(REF("Entity"))},
    {"EntityQuery",
     MEMBERS(
         "\"cursor\":" TEXT ",\"limit\":{\"type\":\"integer\"},\"offset\":{\"type\":"
         "\"integer\"},\"orderBy\":" LIST(OBJECT) ",\"fullTextFilter\":" OBJECT ",\"fields\":" LIST(
             TEXT) ",\"totalItems\":" TEXT ",\"query\":" REF("Predicate"),
         "")},
    {"Predicate", "{\"type\":\"object\",\"description\":\"Fields and what they must be: a value, "
                  "$exists, $in, $hasPrefix or $contains; or $all, $any or $not alone\"}"},
    {"EntityRefs",
     MEMBERS("\"entityRefs\":" LIST(TEXT) ",\"fields\":" LIST(TEXT) ",\"query\":" REF("Predicate"),
             "\"entityRefs\"")},
    {"EntityRef", MEMBERS("\"entityRef\":" TEXT ",\"authorizationToken\":" TEXT, "\"entityRef\"")},
    {"Ancestry", MEMBERS("\"rootEntityRef\":" TEXT ",\"items\":" LIST(MEMBERS(
                             "\"entity\":" REF("Entity") ",\"parentEntityRefs\":" LIST(TEXT),
                             "\"entity\",\"parentEntityRefs\"")),
                         "\"rootEntityRef\",\"items\"")},
    {"Facets",
     MEMBERS("\"facets\":{\"type\":\"object\",\"additionalProperties\":" LIST(MEMBERS(
                 "\"value\":" TEXT ",\"count\":{\"type\":\"integer\"}", "\"value\",\"count\"")) "}",
             "\"facets\"")},
    {"FacetQuery", MEMBERS("\"facets\":" LIST(TEXT) ",\"query\":" REF("Predicate"), "\"facets\"")},
    {"Location",
     MEMBERS("\"id\":" TEXT ",\"type\":" TEXT ",\"target\":" TEXT ",\"entityRef\":" TEXT,
             "\"id\",\"type\",\"target\",\"entityRef\"")},
    {"LocationItems", LIST(MEMBERS("\"data\":" REF("Location"), "\"data\""))},
    {"LocationPage", PAGE(REF("Location"))},
    {"LocationQuery",
     MEMBERS("\"cursor\":" TEXT ",\"limit\":{\"type\":\"integer\"},\"query\":" REF("Predicate"),
             "")},
    {"LocationInput", MEMBERS("\"type\":" TEXT ",\"target\":" TEXT, "\"type\",\"target\"")},
    {"AddedLocation", MEMBERS("\"exists\":{\"type\":\"boolean\"},\"location\":" REF(
                                  "Location") ",\"entities\":" REF("Entities"),
                              "\"location\",\"entities\"")},
    {"AnalyzeRequest",
     MEMBERS("\"location\":" REF("LocationInput") ",\"catalogFilename\":" TEXT, "\"location\"")},
    {"Analysis",
     MEMBERS("\"existingEntityFiles\":" LIST(OBJECT) ",\"generateEntities\":" LIST(OBJECT),
             "\"existingEntityFiles\",\"generateEntities\"")},
    {"ValidateRequest",
     MEMBERS("\"entity\":" OBJECT ",\"location\":" TEXT, "\"entity\",\"location\"")},
    {"Error", MEMBERS("\"error\":" MEMBERS("\"name\":" TEXT ",\"message\":" TEXT,
                                           "\"name\",\"message\"") ",\"request\":" OBJECT
                                                                   ",\"response\":" OBJECT,
                      "\"error\",\"response\"")},
};

/* ---- the document ---- */

static Value *wrapped(Arena *arena, const char *key, const Value *value)
{
    Value *object = value_object_new(arena);

    value_set(arena, object, key, value);
    return object;
}

static Value *text_value(Arena *arena, const char *key, const char *text)
{
    return wrapped(arena, key, value_string_new(arena, text));
}

static Value *content(Arena *arena, const char *schema)
{
    const char *target = arena_printf(arena, "#/components/schemas/%s", schema);

    return wrapped(arena, "application/json",
                   wrapped(arena, "schema", text_value(arena, "$ref", target)));
}

static Value *parameter(Arena *arena, const char *name, const char *in, const Value *schema,
                        gboolean required)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "name", name);
    value_set_string(arena, value, "in", in);
    value_set_bool(arena, value, "required", required);
    value_set(arena, value, "schema", schema);
    return value;
}

/* "filter*": a list of texts; "limit:integer"; a trailing "!" where it is needed. */
static Value *query_parameter(Arena *arena, const char *described)
{
    const char *colon = strchr(described, ':');
    Value *schema = text_value(arena, "type", colon ? colon + 1 : "string");

    if (strchr(described, '*')) {
        Value *list = text_value(arena, "type", "array");

        value_set(arena, list, "items", schema);
        schema = list;
    }
    return parameter(arena, arena_strndup(arena, described, strcspn(described, ":*!")), "query",
                     schema, strchr(described, '!') != NULL);
}

static Value *parameters_of(Arena *arena, const Operation *operation)
{
    Value *list = value_array_new(arena);
    g_auto(GStrv) query = g_strsplit(operation->query, " ", -1);

    for (const char *at = strchr(operation->path, '{'); at; at = strchr(at + 1, '{'))
        value_append(arena, list,
                     parameter(arena, arena_strndup(arena, at + 1, strcspn(at + 1, "}")), "path",
                               text_value(arena, "type", "string"), TRUE));
    for (char **described = query; *described; described++)
        if (**described)
            value_append(arena, list, query_parameter(arena, *described));
    return list;
}

static Value *operation_value(Arena *arena, const Operation *operation)
{
    Value *value = value_object_new(arena), *replies = value_object_new(arena);
    Value *good = text_value(arena, "description", "Done"), *bad, *body;

    if (operation->reply)
        value_set(arena, good, "content", content(arena, operation->reply));
    bad = text_value(arena, "description", "What went wrong");
    value_set(arena, bad, "content", content(arena, "Error"));
    value_set(arena, replies, operation->status, good);
    value_set(arena, replies, "default", bad);
    value_set_string(arena, value, "operationId", operation->id);
    value_set_string(arena, value, "summary", operation->summary);
    value_set(arena, value, "parameters", parameters_of(arena, operation));
    if (operation->body) {
        body = wrapped(arena, "content", content(arena, operation->body));
        value_set_bool(arena, body, "required", TRUE);
        value_set(arena, value, "requestBody", body);
    }
    value_set(arena, value, "responses", replies);
    return value;
}

static Value *paths_value(Arena *arena)
{
    Value *paths = value_object_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(operations); i++) {
        const Operation *operation = &operations[i];
        const Value *known = value_get(paths, operation->path);
        Value *path = known ? value_clone_shallow(arena, known) : value_object_new(arena);

        value_set(arena, path, operation->method, operation_value(arena, operation));
        value_set(arena, paths, operation->path, path);
    }
    return paths;
}

Response *catalog_api_openapi(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    Value *document = value_object_new(arena), *info = value_object_new(arena);
    Value *components = value_object_new(arena), *servers = value_array_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(schemas); i++)
        value_set(arena, components, schemas[i].name,
                  json_parse(arena, schemas[i].schema, -1, NULL));
    value_set_string(arena, info, "title", "catalog");
    value_set_string(arena, info, "version", "1");
    value_append(arena, servers, text_value(arena, "url", PREFIX));
    value_set_string(arena, document, "openapi", "3.1.0");
    value_set(arena, document, "info", info);
    value_set(arena, document, "servers", servers);
    value_set(arena, document, "paths", paths_value(arena));
    value_set(arena, document, "components", wrapped(arena, "schemas", components));
    return response_json(request, 200, document);
}
