/* What an entity or a repository would be to the catalog: validating and analysing. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include <string.h>

#define ANALYZED_FILES_MAX 100u

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

/* ---- what a repository has already ---- */

/* "https://host/owner/name/blob/branch/" of a repository that is known here; NULL for others. */
static const char *browse_prefix(Catalog *catalog, Arena *arena, const char *target)
{
    ForgeLocation at;
    const char *path, *branch;
    g_autofree char *slug = NULL;

    if (!catalog->forge || !forge_parse_url(catalog->forge, arena, target, &at, NULL))
        return NULL;
    slug = g_strdup_printf("/%s/%s", at.owner, at.name);
    path = strstr(target, slug);
    branch = at.ref;
    if (!branch || g_str_equal(branch, "HEAD"))
        branch = value_path_string(forge_get(catalog->forge, arena, at.owner, at.name, NULL),
                                   "defaultBranch", "HEAD");
    if (!path)
        return NULL;
    return arena_printf(arena, "%.*s/blob/%s/", (int)(path - target + (gssize)strlen(slug)), target,
                        branch);
}

static gboolean add_existing(Catalog *catalog, Arena *arena, const Source *file, Value *list,
                             GError **error)
{
    CatalogLocation location = {.id = source_format(arena, file),
                                .type = file->type,
                                .target = file->target,
                                .origin = "registered"};
    g_autoptr(GPtrArray) emissions = reading_preview(catalog, arena, &location, error);
    gboolean registered =
        store_location_of(db_reader(catalog->db), arena, file->type, file->target, NULL) != NULL;

    if (!emissions)
        return FALSE;
    /* The first emission is the entity of the location itself. */
    for (guint i = 1; i < emissions->len; i++) {
        const Emission *emission = emissions->pdata[i];
        Value *item = value_object_new(arena), *place = value_object_new(arena);

        if (!emission->entity)
            continue;
        value_set_string(arena, place, "type", file->type);
        value_set_string(arena, place, "target", file->target);
        value_set(arena, item, "location", place);
        value_set_bool(arena, item, "isRegistered", registered);
        value_set(arena, item, "entity", emission->entity);
        value_append(arena, list, item);
    }
    return TRUE;
}

/* What the files of a repository that are called file_name would bring, registered or not. */
static Value *existing_files(Catalog *catalog, Arena *arena, const char *target,
                             const char *file_name, GError **error)
{
    const char *prefix = browse_prefix(catalog, arena, target);
    Value *list = value_array_new(arena);
    g_autoptr(GPtrArray) files = NULL;
    Source pattern;

    if (!prefix)
        return list;
    pattern = (Source){"url", arena_printf(arena, "%s**/%s", prefix, file_name)};
    files = source_expand(catalog, arena, &pattern, NULL);
    for (guint i = 0; files && i < MIN(files->len, ANALYZED_FILES_MAX); i++)
        if (!add_existing(catalog, arena, files->pdata[i], list, error))
            return NULL;
    return list;
}

/* A first draft of what a repository without a descriptor could say of itself. */
static Value *generated_entities(Catalog *catalog, Arena *arena, const char *target)
{
    const char *slug = source_repository(catalog, arena, &(Source){"url", target});
    g_autofree char *name = g_path_get_basename(slug ? slug : target);
    Value *list = value_array_new(arena), *item = value_object_new(arena);

    value_set(arena, item, "entity", skeleton_entity(arena, name, slug));
    value_set(arena, item, "fields", value_array_new(arena));
    value_append(arena, list, item);
    return list;
}

/* Backstage's own document spells it one way and its handler another. */
static const char *file_name_of(const Value *body)
{
    const char *name =
        value_path_string(body, "catalogFilename", value_path_string(body, "catalogFileName", ""));

    return *name && !strchr(name, '/') ? name : "catalog-info.yaml";
}

Response *catalog_api_analyze(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    const Value *body = request_body_json(request, error);
    const char *target;
    Value *reply = value_object_new(arena), *existing;

    if (body && !value_is(value_get(body, "location"), VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'location'");
        return NULL;
    }
    target = body ? catalog_body_string(value_get(body, "location"), "request/body/location",
                                        "target", error)
                  : NULL;
    if (!target)
        return NULL;
    if (!g_uri_is_valid(target, G_URI_FLAGS_PARSE_RELAXED, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The given location.target is not a URL");
        return NULL;
    }
    existing = existing_files(catalog, arena, target, file_name_of(body), error);
    if (!existing)
        return NULL;
    value_set(arena, reply, "existingEntityFiles", existing);
    value_set(arena, reply, "generateEntities",
              value_count(existing) > 0 ? value_array_new(arena)
                                        : generated_entities(catalog, arena, target));
    return response_json(request, 200, reply);
}
