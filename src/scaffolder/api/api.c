/* Backstage's scaffolder routes, and what was created by which template. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/access.h"
#include "spine/clock.h"

enum { EVENTS_WAIT_MS = 5000, LOOK_MS = 100, TASKS_MAX = 100, WAITERS_MAX = 4 };

/* ---- templates and actions ---- */

static Response *get_parameter_schema(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const char *ref =
        arena_printf(arena, "%s:%s/%s", request_param(request, "kind"),
                     request_param(request, "namespace"), request_param(request, "name"));
    const Value *entity = template_get(scaffolder, arena, ref, error);

    return entity ? response_json(request, 200, template_parameter_schema(arena, entity)) : NULL;
}

static Response *get_actions(Request *request, void *room, GError **error)
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

static Response *get_templating_extensions(Request *request, void *room, GError **error)
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

/* ---- making tasks ---- */

static Response *reply_errors(Request *request, const Value *errors)
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

/* A body's values and secrets. */
static gboolean read_values(Arena *arena, const Value *body, const Value **values,
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

static Response *post_task(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *values, *secrets;
    const char *ref = value_path_string(body, "templateRef", NULL);

    if (!body || !read_values(arena, body, &values, &secrets, error))
        return NULL;
    if (!ref) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'templateRef'");
        return NULL;
    }
    const Value *entity = template_get(scaffolder, arena, ref, error);

    if (!entity)
        return NULL;
    values = template_defaults(arena, entity, values);
    const Value *errors = template_check(arena, entity, values, secrets);

    if (value_count(errors) > 0)
        return reply_errors(request, errors);
    const char *id =
        task_submit(scaffolder, arena, entity, values, secrets, access_actor(request), error);
    Value *reply = value_object_new(arena);

    value_set_string(arena, reply, "id", id);
    return id ? response_json(request, 201, reply) : NULL;
}

static Response *post_dry_run(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *values, *secrets;
    const Value *template = value_get(body, "template");

    if (!body || !read_values(arena, body, &values, &secrets, error))
        return NULL;
    if (!value_is(template, VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'template'");
        return NULL;
    }
    const Value *errors = template_check(arena, template, values, secrets);

    if (value_count(errors) > 0)
        return reply_errors(request, errors);
    const Value *reply =
        task_dry_run(scaffolder, arena, template, values, secrets,
                     value_get(body, "directoryContents"), access_actor(request), error);

    return reply ? response_json(request, 200, reply) : NULL;
}

/* ---- reading tasks ---- */

static Response *get_tasks(Request *request, void *room, GError **error)
{
    const char *order = request_query(request, "order");
    int64_t limit, offset;

    if (!request_query_int(request, "limit", 0, TASKS_MAX, 50, &limit, error) ||
        !request_query_int(request, "offset", 0, G_MAXINT32, 0, &offset, error))
        return NULL;
    const Value *reply =
        task_list(room, request_arena(request), request_query_all(request, "createdBy"),
                  request_query_all(request, "status"), order && g_str_has_prefix(order, "asc"),
                  (guint)limit, (guint)offset, error);

    return reply ? response_json(request, 200, reply) : NULL;
}

static Response *get_task(Request *request, void *room, GError **error)
{
    const Value *task = task_get(room, request_arena(request), request_param(request, "id"), error);

    return task ? response_json(request, 200, task) : NULL;
}

/* Whoever waits for events keeps a worker from everybody else: beyond a few the answer comes at
 * once, and the client asks again. */
static gboolean may_wait(Scaffolder *scaffolder)
{
    if (atomic_fetch_add(&scaffolder->waiters, 1) < WAITERS_MAX)
        return TRUE;
    atomic_fetch_sub(&scaffolder->waiters, 1);
    return FALSE;
}

static Response *get_events(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    int64_t after, last, until = clock_monotonic_ms() + EVENTS_WAIT_MS;
    const Value *events;
    gboolean ended, waits;
    Scaffolder *scaffolder = room;

    if (!request_query_int(request, "after", 0, INT64_MAX - 1, 0, &after, error) ||
        !task_get(room, arena, id, error))
        return NULL;
    waits = may_wait(scaffolder);
    do {
        events = task_events(room, arena, id, after, &last, &ended, error);
        if (!events || value_count(events) > 0 || ended || !waits)
            break;
        g_usleep(LOOK_MS * 1000);
    } while (clock_monotonic_ms() < until);
    if (waits)
        atomic_fetch_sub(&scaffolder->waiters, 1);
    return events ? response_json(request, 200, events) : NULL;
}

typedef struct {
    Scaffolder *scaffolder;
    char *id;
    int64_t after;
} Stream;

static void stream_free(void *data)
{
    Stream *stream = data;

    g_free(stream->id);
    g_free(stream);
}

static gboolean produce(void *data, GString *out)
{
    Stream *stream = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    gboolean ended = FALSE;
    const Value *events = task_events(stream->scaffolder, arena, stream->id, stream->after,
                                      &stream->after, &ended, NULL);

    for (guint i = 0; i < value_count(events); i++) {
        const Value *event = value_item(events, i);
        g_autofree char *text = json_to_string(event, JSON_COMPACT);

        sse_append(out, value_path_string(event, "type", "log"), NULL, text);
    }
    return !ended;
}

static Response *get_eventstream(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    int64_t after;

    if (!request_query_int(request, "after", 0, INT64_MAX - 1, 0, &after, error) ||
        !task_get(room, arena, id, error))
        return NULL;
    Stream *stream = g_new0(Stream, 1);

    stream->scaffolder = room;
    stream->id = g_strdup(id);
    stream->after = after;
    return response_sse(request, arena_printf(arena, "job:%s", id), produce, stream, stream_free);
}

/* ---- changing tasks ---- */

/* Whoever made a task may stop it and begin it again. */
static gboolean may_change(Request *request, Scaffolder *scaffolder, const char *permission,
                           GError **error)
{
    const Value *task =
        task_get(scaffolder, request_arena(request), request_param(request, "id"), error);
    const char *const owners[] = {value_path_string(task, "createdBy", ""), NULL};

    return task && access_check(access_principal(request), permission, owners, error);
}

static Response *post_cancel(Request *request, void *room, GError **error)
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

static Response *post_retry(Request *request, void *room, GError **error)
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
        !check_secrets(secrets, error) ||
        !may_change(request, scaffolder, "scaffolder.task.create", error))
        return NULL;
    for (guint i = 0; i < value_count(secrets); i++)
        g_hash_table_insert(table, (char *)value_key_at(secrets, i),
                            (char *)value_string(value_value_at(secrets, i), ""));
    if (!jobs_retry(scaffolder->jobs, request_param(request, "id"), access_actor(request),
                    g_hash_table_size(table) > 0 ? table : NULL, error))
        return NULL;
    value_set_string(arena, reply, "id", request_param(request, "id"));
    return response_json(request, 201, reply);
}

/* ---- the rest ---- */

static Response *post_autocomplete(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unsupported provider: %s",
                request_param(request, "provider"));
    return NULL;
}

static Response *get_provenance(Request *request, void *room, GError **error)
{
    Scaffolder *scaffolder = room;
    Arena *arena = request_arena(request);
    const char *entity = request_query(request, "entity");
    const char *repository = request_query(request, "repository");
    const char *kind = entity ? "entity" : repository ? "repository" : NULL;
    const char *ref = repository;
    int64_t limit;

    if (!request_query_int(request, "limit", 1, TASKS_MAX, 20, &limit, error) ||
        (entity && !(ref = catalog_ref(arena, entity, "component", "default", error))))
        return NULL;
    const Value *items = provenance_list(scaffolder, arena, kind, ref, (guint)limit, error);

    return items ? response_items(request, items) : NULL;
}

#define V2 "/api/scaffolder/v2"

const Route scaffolder_routes[] = {
    {"GET", V2 "/templates/{namespace}/{kind}/{name}/parameter-schema", get_parameter_schema,
     ROUTE_WORKER, "scaffolder.template.parameter.read"},
    {"GET", V2 "/actions", get_actions, ROUTE_WORKER, "scaffolder.action.read"},
    {"GET", V2 "/templating-extensions", get_templating_extensions, ROUTE_WORKER,
     "scaffolder.action.read"},
    {"POST", V2 "/tasks", post_task, ROUTE_WORKER, "scaffolder.task.create"},
    {"GET", V2 "/tasks", get_tasks, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}", get_task, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}/events", get_events, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}/eventstream", get_eventstream, ROUTE_WORKER, "scaffolder.task.read"},
    {"POST", V2 "/tasks/{id}/cancel", post_cancel, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", V2 "/tasks/{id}/retry", post_retry, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", V2 "/dry-run", post_dry_run, ROUTE_WORKER, "scaffolder.task.create"},
    {"POST", V2 "/autocomplete/{provider}/{resource}", post_autocomplete, ROUTE_WORKER,
     "scaffolder.task.create"},
    {"GET", "/api/scaffolder/v1/provenance", get_provenance, ROUTE_WORKER, "scaffolder.task.read"},
    {0},
};
