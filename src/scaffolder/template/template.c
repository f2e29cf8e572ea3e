/* A template entity: the pages of its form, what they accept, and the task it becomes. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "formats/jsonschema.h"
#include "spine/folder.h"

const Value *template_get(Scaffolder *scaffolder, Arena *arena, const char *ref, GError **error)
{
    const char *full = catalog_ref(arena, ref, "template", "default", error);

    if (!full)
        return NULL;
    if (!g_str_has_prefix(full, "template:")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Invalid kind, only 'Template' kind is supported");
        return NULL;
    }
    g_autoptr(GError) missing = NULL;
    const Value *entity = catalog_get(scaffolder->catalog, arena, full, &missing);

    if (!entity && g_error_matches(missing, PAVE_ERROR, ERROR_NOT_FOUND))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Template %s not found", full);
    else if (!entity)
        g_propagate_error(error, g_steal_pointer(&missing));
    return entity;
}

/* ---- pages ---- */

static const Value *page_list(Arena *arena, const Value *entity)
{
    const Value *parameters = value_path(entity, "spec.parameters");
    Value *list = value_array_new(arena);

    if (value_is(parameters, VALUE_ARRAY))
        return parameters;
    if (value_is(parameters, VALUE_OBJECT))
        value_append(arena, list, parameters);
    return list;
}

static const Value *template_pages(Arena *arena, const Value *entity)
{
    const Value *list = page_list(arena, entity);
    Value *pages = value_array_new(arena);

    for (guint i = 0; i < value_count(list); i++) {
        const Value *schema = value_item(list, i);
        Value *page = value_object_new(arena);

        value_set_string(
            arena, page, "title",
            value_path_string(schema, "title", "Please enter the following information"));
        value_set(arena, page, "description", value_get(schema, "description"));
        value_set(arena, page, "when", value_get(schema, "when"));
        value_set(arena, page, "schema", schema);
        value_append(arena, pages, page);
    }
    return pages;
}

const Value *template_parameter_schema(Arena *arena, const Value *entity)
{
    const Value *metadata = value_get(entity, "metadata"), *spec = value_get(entity, "spec");
    Value *reply = value_object_new(arena);
    const char *name = value_path_string(metadata, "name", "");

    value_set_string(arena, reply, "title", value_path_string(metadata, "title", name));
    value_set(arena, reply, "description", value_get(metadata, "description"));
    value_set(arena, reply, "presentation", value_get(spec, "presentation"));
    value_set(arena, reply, "ui:options", value_get(metadata, "ui:options"));
    value_set(arena, reply, "steps", template_pages(arena, entity));
    value_set(arena, reply, "formDecorators",
              value_get(spec, value_get(spec, "formDecorators") ? "formDecorators"
                                                                : "EXPERIMENTAL_formDecorators"));
    return reply;
}

const Value *template_defaults(Arena *arena, const Value *entity, const Value *values)
{
    return template_form_of(arena, entity, values).values;
}

TemplateForm template_form_of(Arena *arena, const Value *entity, const Value *values)
{
    return template_form(arena, page_list(arena, entity), values);
}

/* ---- instantiating ---- */

static gboolean refuse(const Value *entity, GError **error, const char *what)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Template %s cannot run: %s",
                value_path_string(entity, "metadata.name", ""), what);
    return FALSE;
}

static const Value *instantiate_step(Arena *arena, const Value *step, guint index)
{
    Value *copy = value_clone_shallow(arena, step);

    if (!value_path_string(step, "id", NULL))
        value_set_string(arena, copy, "id", arena_printf(arena, "step-%u", index + 1));
    if (!value_path_string(step, "name", NULL))
        value_set_string(arena, copy, "name", value_path_string(step, "action", ""));
    return copy;
}

static const Value *instantiate_steps(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                                      GError **error)
{
    const Value *steps = value_path(entity, "spec.steps");
    Value *list = value_array_new(arena);
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

    if (!value_is(steps, VALUE_ARRAY) || value_count(steps) == 0)
        return refuse(entity, error, "it has no steps"), NULL;
    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = instantiate_step(arena, value_item(steps, i), i);
        const char *action = value_path_string(step, "action", NULL);
        const char *id = value_path_string(step, "id", "");

        if (!action)
            return refuse(entity, error, arena_printf(arena, "step %s names no action", id)), NULL;
        if (!actions_find(scaffolder, action))
            return action_missing(action, error), NULL;
        if (strpbrk(id, "/[]") || !g_hash_table_add(ids, (char *)id))
            return refuse(entity, error,
                          arena_printf(arena, "two steps are called %s, or it is no id", id)),
                   NULL;
        value_append(arena, list, step);
    }
    return list;
}

const char *template_base_url(Arena *arena, const Value *entity)
{
    const Value *annotations = value_path(entity, "metadata.annotations");
    const char *location =
        value_string(value_get(annotations, "backstage.io/source-location"), NULL);

    if (!location || g_str_has_suffix(location, "/"))
        location = value_string(value_get(annotations, "backstage.io/managed-by-location"), "");
    if (g_str_has_prefix(location, "url:"))
        return location + strlen("url:");
    if (g_str_has_prefix(location, "file:/") && location[strlen("file:/")] != '/')
        return arena_printf(arena, "file://%s", location + strlen("file:"));
    return location;
}

static const Value *template_info(Arena *arena, const Value *entity)
{
    const Value *metadata = value_get(entity, "metadata");
    Value *info = value_object_new(arena), *shown = value_object_new(arena);

    g_autofree char *ref =
        g_strdup_printf("template:%s/%s", value_path_string(metadata, "namespace", "default"),
                        value_path_string(metadata, "name", ""));
    g_autofree char *lower = g_utf8_strdown(ref, -1);

    value_set_string(arena, info, "entityRef", lower);
    value_set_string(arena, info, "baseUrl", template_base_url(arena, entity));
    value_set(arena, shown, "metadata", metadata);
    value_set(arena, info, "entity", shown);
    return info;
}

static const Value *user_of(Scaffolder *scaffolder, Arena *arena, const char *actor)
{
    Value *user = value_object_new(arena);

    value_set_string(arena, user, "ref", actor);
    if (actor && g_str_has_prefix(actor, "user:") && scaffolder->catalog)
        value_set(arena, user, "entity", catalog_get(scaffolder->catalog, arena, actor, NULL));
    return user;
}

const Value *template_instantiate(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                                  const Value *parameters, const char *actor, GError **error)
{
    const Value *steps = instantiate_steps(scaffolder, arena, entity, error);
    const Value *output = value_path(entity, "spec.output");
    Value *spec = value_object_new(arena);

    if (!steps)
        return NULL;
    value_set(arena, spec, "apiVersion", value_get(entity, "apiVersion"));
    value_set(arena, spec, "steps", steps);
    value_set(arena, spec, "output", output ? output : value_object_new(arena));
    value_set(arena, spec, "parameters", parameters);
    value_set(arena, spec, "user", user_of(scaffolder, arena, actor));
    value_set(arena, spec, "templateInfo", template_info(arena, entity));
    if (value_path_string(entity, "spec.onFailure", NULL))
        value_set(arena, spec, "onFailure", value_path(entity, "spec.onFailure"));
    return spec;
}

/* ---- versions ---- */

static const char *folder_version(Scaffolder *scaffolder, Arena *arena, const char *url)
{
    g_autofree char *local = catalog_local_folder(scaffolder->catalog, url);
    g_autofree char *folder = local ? NULL : g_dir_make_tmp("pave-template-XXXXXX", NULL);
    g_autofree char *digest = NULL;

    if (local || (folder && catalog_read_tree(scaffolder->catalog, url, folder, NULL)))
        digest = skeleton_digest(local ? local : folder, NULL);
    if (folder)
        folder_remove(folder, NULL);
    return arena_strdup(arena, digest);
}

const char *template_version(Scaffolder *scaffolder, Arena *arena, const Value *info)
{
    const char *base = value_path_string(info, "baseUrl", "");
    const char *version = NULL;
    ForgeLocation location;

    if (forge_parse_url(scaffolder->forge, arena, base, &location, NULL)) {
        g_autofree char *commit =
            forge_resolve(scaffolder->forge, location.owner, location.name, location.ref, NULL);
        version = arena_strdup(arena, commit);
    } else {
        const char *folder = template_resolve_url(arena, base, ".", NULL);

        version = folder ? folder_version(scaffolder, arena, folder) : NULL;
    }
    if (version)
        return version;
    /* What cannot be read any more is still known by what the catalog has of it. */
    return value_path_string(info, "entity.metadata.etag", "unknown");
}
