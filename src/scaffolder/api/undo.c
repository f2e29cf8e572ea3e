/* Taking back what a task made. */
#include "scaffolder/api/api.h"
#include "scaffolder/scaffolder_internal.h"

#include "spine/access.h"

SCAFFOLDER_HANDLER(scaffolder_api_undo_preview)
{
    const Value *preview =
        undo_preview(room, request_arena(request), request_param(request, "id"), error);

    return preview ? response_json(request, 200, preview) : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_undo)
{
    Arena *arena = request_arena(request);
    const char *task = request_param(request, "id");
    gsize length = 0;
    const char *text = request_body(request, &length);
    const Value *body = text && length > 0 ? request_body_json(request, error) : NULL;
    const char *const *owners = undo_owners(room, arena, task, error);
    Value *reply = value_object_new(arena);

    if ((text && length > 0 && !body) || !owners ||
        !access_check(access_principal(request), "scaffolder.task.undo", owners, error))
        return NULL;
    const char *id = undo_submit(room, arena, task, value_path_string(body, "confirm", NULL),
                                 access_actor(request), error);

    value_set_string(arena, reply, "id", id);
    return id ? response_json(request, 201, reply) : NULL;
}
