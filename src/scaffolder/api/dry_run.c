/* Dry runs. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"
#include "spine/access.h"

SCAFFOLDER_HANDLER(scaffolder_api_dry_run)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *values, *secrets;
    const Value *template = value_get(body, "template");

    if (!body || !scaffolder_api_read_values(arena, body, &values, &secrets, error))
        return NULL;
    if (!value_is(template, VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'template'");
        return NULL;
    }
    const Value *errors = template_check(arena, template, values, secrets);

    if (value_count(errors) > 0)
        return scaffolder_api_reply_errors(request, errors);
    const Value *contents = value_get(body, "directoryContents");
    const Value *reply = task_dry_run(
        scaffolder, arena, template, template_defaults(arena, template, values), secrets,
        contents ? contents : value_array_new(arena), access_actor(request), error);

    return reply ? response_json(request, 200, reply) : NULL;
}

/* The same of a template that is registered, with its own files. */
Response *scaffolder_api_preview(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *values, *secrets;
    const char *ref = value_path_string(body, "templateRef", NULL);

    if (!body || !scaffolder_api_read_values(arena, body, &values, &secrets, error))
        return NULL;
    if (!ref) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'templateRef'");
        return NULL;
    }
    const Value *entity = template_get(scaffolder, arena, ref, error);

    if (!entity)
        return NULL;
    const Value *errors = template_check(arena, entity, values, secrets);

    if (value_count(errors) > 0)
        return scaffolder_api_reply_errors(request, errors);
    const Value *reply =
        task_dry_run(scaffolder, arena, entity, template_defaults(arena, entity, values), secrets,
                     NULL, access_actor(request), error);

    return reply ? response_json(request, 200, reply) : NULL;
}
