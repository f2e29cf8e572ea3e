/* Templates and what they are made of: the form, the actions, the filters. */
#include "scaffolder/api/api.h"

#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"

#include <gio/gio.h>

#define DOCUMENTS "/pave/src/scaffolder/template/definitions/"

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

/* {templateRef or template, values} → {values, hidden, errors}: what a form with these values
 * shows, and what a task would get. */
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

/* A document that is part of this program. */
static Response *reply_document(Request *request, const char *name, GError **error)
{
    g_autofree char *path = g_strconcat(DOCUMENTS, name, NULL);
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, error);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *document =
        bytes ? yaml_parse(request_arena(request), g_bytes_get_data(bytes, NULL),
                           (gssize)g_bytes_get_size(bytes), path, YAML_PLAIN, diagnostics)
              : NULL;

    g_assert(document);
    return response_json(request, 200, document);
}

SCAFFOLDER_HANDLER(scaffolder_api_templating_extensions)
{
    return reply_document(request, "extensions.yaml", error);
}

SCAFFOLDER_HANDLER(scaffolder_api_permissions)
{
    return reply_document(request, "permissions.yaml", error);
}
