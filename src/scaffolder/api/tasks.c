/* Tasks: making, reading, stopping them, beginning them again. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"
#include "spine/access.h"

enum { TASKS_MAX = 100 };

/* ---- what is sent ---- */

Response *scaffolder_api_reply_errors(Request *request, const Value *errors)
{
    Arena *arena = request_arena(request);
    Value *body = value_object_new(arena);

    value_set(arena, body, "errors", errors);
    return response_json(request, 400, body);
}

static gboolean check_object(const Value *value, const char *name, GError **error)
{
    if (!value || value_is(value, VALUE_OBJECT))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/body/%s must be object", name);
    return FALSE;
}

static gboolean check_secrets(const Value *secrets, GError **error)
{
    for (guint i = 0; i < value_count(secrets); i++)
        if (!value_is(value_value_at(secrets, i), VALUE_STRING)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/body/secrets/%s must be string",
                        value_key_at(secrets, i));
            return FALSE;
        }
    return TRUE;
}

gboolean scaffolder_api_read_values(Arena *arena, const Value *body, const Value **values,
                                    const Value **secrets, GError **error)
{
    *values = value_get(body, "values");
    *secrets = value_get(body, "secrets");
    if (!check_object(*values, "values", error) || !check_object(*secrets, "secrets", error) ||
        !check_secrets(*secrets, error))
        return FALSE;
    *values = *values ? *values : value_object_new(arena);
    *secrets = *secrets ? *secrets : value_object_new(arena);
    return TRUE;
}

/* ---- making ---- */

SCAFFOLDER_HANDLER(scaffolder_api_task_create)
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
    if (!task_check(scaffolder, arena, entity, values, access_actor(request), error))
        return NULL;
    const char *id =
        task_submit(scaffolder, arena, entity, template_defaults(arena, entity, values), secrets,
                    access_actor(request), error);
    Value *reply = value_object_new(arena);

    value_set_string(arena, reply, "id", id);
    return id ? response_json(request, 201, reply) : NULL;
}

/* ---- reading ---- */

static const char *const ORDERS[] = {
    [JOBS_NEWEST] = "desc:created_at",  [JOBS_OLDEST] = "asc:created_at",
    [JOBS_BY_ACTOR] = "asc:created_by", [JOBS_BY_ACTOR_DOWN] = "desc:created_by",
    [JOBS_BY_STATE] = "asc:status",     [JOBS_BY_STATE_DOWN] = "desc:status",
};

/* The first `order` counts; of what it leaves open the newest is first. */
static gboolean read_order(Request *request, JobOrder *order, GError **error)
{
    const char *text = request_query(request, "order");

    *order = JOBS_NEWEST;
    if (!text)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(ORDERS); i++)
        if (g_str_equal(ORDERS[i], text)) {
            *order = (JobOrder)i;
            return TRUE;
        }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid order parameter \"%s\", expected \"<asc or desc>:<created_at, status or"
                " created_by>\"",
                text);
    return FALSE;
}

SCAFFOLDER_HANDLER(scaffolder_api_tasks)
{
    int64_t limit, offset;
    JobOrder order;

    if (!request_query_int(request, "limit", 0, TASKS_MAX, 50, &limit, error) ||
        !request_query_int(request, "offset", 0, G_MAXINT32, 0, &offset, error) ||
        !read_order(request, &order, error))
        return NULL;
    JobQuery query = {.subject = request_query(request, "templateRef"),
                      .actors = request_query_all(request, "createdBy"),
                      .states = request_query_all(request, "status"),
                      .order = order,
                      .limit = (guint)limit,
                      .offset = (guint)offset};
    const Value *reply = task_list(room, request_arena(request), &query, error);

    return reply ? response_json(request, 200, reply) : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_task)
{
    const Value *task = task_get(room, request_arena(request), request_param(request, "id"), error);

    return task ? response_json(request, 200, task) : NULL;
}

/* ---- changing ---- */

/* The task, for whoever made it and may stop it and begin it again. */
static const Value *may_change(Request *request, Scaffolder *scaffolder, const char *permission,
                               GError **error)
{
    const Value *task =
        task_get(scaffolder, request_arena(request), request_param(request, "id"), error);
    const char *const owners[] = {value_path_string(task, "createdBy", ""), NULL};

    return task && access_check(access_principal(request), permission, owners, error) ? task : NULL;
}

SCAFFOLDER_HANDLER(scaffolder_api_task_cancel)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    g_autoptr(GError) failure = NULL;
    Value *reply = value_object_new(arena);

    if (!may_change(request, scaffolder, "scaffolder.task.cancel", error))
        return NULL;
    /* Cancelling what has ended changes nothing and is no mistake, as in Backstage. */
    if (!jobs_cancel(scaffolder->jobs, request_param(request, "id"), access_actor(request),
                     &failure) &&
        !g_error_matches(failure, PAVE_ERROR, ERROR_CONFLICT)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    value_set_string(arena, reply, "status", "cancelled");
    return response_json(request, 200, reply);
}

/* Secrets may come again with a retry, since they are not kept. Of a task that has completed every
 * step is done: beginning it again, as Backstage answers too, leaves it so. */
SCAFFOLDER_HANDLER(scaffolder_api_task_retry)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    gsize length = 0;
    const char *text = request_body(request, &length);
    const Value *body = text && length > 0 ? request_body_json(request, error) : NULL;
    const Value *secrets = value_get(body, "secrets");
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    Value *reply = value_object_new(arena);

    if ((text && length > 0 && !body) || !check_object(secrets, "secrets", error) ||
        !check_secrets(secrets, error))
        return NULL;
    const Value *task = may_change(request, scaffolder, "scaffolder.task.create", error);

    for (guint i = 0; i < value_count(secrets); i++)
        g_hash_table_insert(table, (char *)value_key_at(secrets, i),
                            (char *)value_string(value_value_at(secrets, i), ""));
    if (!task || (!g_str_equal(value_path_string(task, "status", ""), "completed") &&
                  !jobs_retry(scaffolder->jobs, request_param(request, "id"), access_actor(request),
                              g_hash_table_size(table) > 0 ? table : NULL, error)))
        return NULL;
    value_set_string(arena, reply, "id", request_param(request, "id"));
    return response_json(request, 201, reply);
}
