/* Templates and what they are made of: the form, the actions, the filters. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"

SCAFFOLDER_HANDLER(scaffolder_api_parameter_schema)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const char *ref =
        arena_printf(arena, "%s:%s/%s", request_param(request, "kind"),
                     request_param(request, "namespace"), request_param(request, "name"));
    const Value *entity = template_get(scaffolder, arena, ref, error);

    return entity ? response_json(request, 200, template_parameter_schema(arena, entity)) : NULL;
}

/* {templateRef or template, values} → {values, hidden, errors}: what a form with these values shows,
 * and what a task would get. */
SCAFFOLDER_HANDLER(scaffolder_api_form)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *values, *secrets;
    const char *ref = value_path_string(body, "templateRef", NULL);
    const Value *entity = value_get(body, "template");
    Value *reply = value_object_new(arena);

    if (!body || !scaffolder_api_read_values(arena, body, &values, &secrets, error))
        return NULL;
    if (ref && !(entity = template_get(room, arena, ref, error)))
        return NULL;
    if (!value_is(entity, VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'templateRef'");
        return NULL;
    }
    TemplateForm form = template_form_of(arena, entity, values);

    value_set(arena, reply, "values", form.values);
    value_set(arena, reply, "hidden", form.hidden);
    value_set(arena, reply, "errors", template_check(arena, entity, values, secrets));
    return response_json(request, 200, reply);
}

SCAFFOLDER_HANDLER(scaffolder_api_actions)
{
    return response_json(request, 200, actions_list(room, request_arena(request)));
}

static const char *const FILTERS[][2] = {
    {"parseRepoUrl",
     "Parses a repository URL into its constituent parts: owner, repository name, etc."},
    {"parseEntityRef",
     "Extracts the parts of an entity reference, such as the kind, namespace, and name."},
    {"pick", "Selects a specific property (e.g. kind, namespace, name) from an object."},
    {"projectSlug", "Generates a project slug from a repository URL."},
};

SCAFFOLDER_HANDLER(scaffolder_api_templating_extensions)
{
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *filters = value_object_new(arena);
    Value *globals = value_object_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(FILTERS); i++) {
        Value *filter = value_object_new(arena);

        value_set_string(arena, filter, "description", FILTERS[i][1]);
        value_set(arena, filters, FILTERS[i][0], filter);
    }
    value_set(arena, globals, "functions", value_object_new(arena));
    value_set(arena, globals, "values", value_object_new(arena));
    value_set(arena, reply, "filters", filters);
    value_set(arena, reply, "globals", globals);
    return response_json(request, 200, reply);
}
