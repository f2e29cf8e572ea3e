/* What people are asked by steps, and what they say. */
#include "scaffolder/api/api.h"
#include "scaffolder/scaffolder_internal.h"

#include "spine/access.h"

enum { LIMIT = 50, LIMIT_MAX = 500 };

static gboolean read_state(Request *request, const char **state, GError **error)
{
    static const char *const states[] = {"pending", "decided", NULL};

    *state = request_query(request, "state");
    if (!*state || g_strv_contains(states, *state))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "state must be pending or decided");
    return FALSE;
}

Response *scaffolder_api_approvals(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    ApprovalFilter filter = {.job = request_query(request, "taskId"),
                             .principal = access_principal(request),
                             .mine = g_strcmp0(request_query(request, "mine"), "true") == 0};
    int64_t limit;

    if (!read_state(request, &filter.state, error) ||
        !request_query_int(request, "limit", 0, LIMIT_MAX, LIMIT, &limit, error))
        return NULL;
    filter.limit = (guint)limit;
    const Value *reply =
        approvals_list(scaffolder->approvals, request_arena(request), &filter, error);

    return reply ? response_json(request, 200, reply) : NULL;
}

Response *scaffolder_api_approval(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    const Value *item =
        approval_get(scaffolder->approvals, request_arena(request), request_param(request, "id"),
                     access_principal(request), error);

    return item ? response_json(request, 200, item) : NULL;
}

Response *scaffolder_api_approval_decide(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    const Value *body = request_body_json(request, error);

    if (!body)
        return NULL;
    const Value *item =
        approval_decide(scaffolder->approvals, request_arena(request), request_param(request, "id"),
                        access_principal(request), value_path_string(body, "decision", NULL),
                        value_path_string(body, "reason", NULL), error);

    return item ? response_json(request, 200, item) : NULL;
}
