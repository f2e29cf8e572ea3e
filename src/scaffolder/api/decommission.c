/* Taking a component and what belongs to it away. */
#include "scaffolder/api/api.h"
#include "scaffolder/scaffolder_internal.h"

enum { LIMIT = 20, LIMIT_MAX = 100 };

SCAFFOLDER_HANDLER(scaffolder_api_decommission_preview)
{
    const Value *preview =
        decommission_preview(room, request_arena(request), request_query(request, "entity"),
                             access_principal(request), error);

    return preview ? response_json(request, 200, preview) : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_decommissions)
{
    int64_t limit;

    if (!request_query_int(request, "limit", 1, LIMIT_MAX, LIMIT, &limit, error))
        return NULL;
    const Value *items = decommission_list(room, request_arena(request),
                                           request_query(request, "entity"), (guint)limit, error);

    return items ? response_items(request, items) : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_decommission)
{
    const Value *found =
        decommission_get(room, request_arena(request), request_param(request, "id"), error);

    return found ? response_json(request, 200, found) : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_decommission_create)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    DecommissionRequest wish = {.entity = value_path_string(body, "entity", NULL),
                                .reason = value_path_string(body, "reason", NULL),
                                .confirm = value_path_string(body, "confirm", NULL),
                                .force = value_bool(value_get(body, "force"), false),
                                .principal = access_principal(request)};
    Value *reply = value_object_new(arena);

    if (!body)
        return NULL;
    const char *id = decommission_submit(room, arena, &wish, error);

    value_set_string(arena, reply, "id", id);
    return id ? response_json(request, 201, reply) : NULL;
}
