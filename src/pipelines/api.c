/* Routes of the room: runs as the portal, the CLI and scripts see them. */
#include "formats/json.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/store.h"
#include "pipelines/workflow.h"
#include "spine/access.h"
#include "spine/clock.h"

#include <string.h>

#define UPDATE_RUN "pipelines.run.update"
#define CREATE_RUN "pipelines.run.create"

/* ---- encoding ---- */

static const Value *find_step(const Value *steps, const char *id)
{
    for (guint i = 0; i < value_count(steps); i++)
        if (g_strcmp0(value_string(value_get(value_item(steps, i), "id"), NULL), id) == 0)
            return value_item(steps, i);
    return NULL;
}

/* A planned step with what the queue knows of it. */
static const Value *step_value(Arena *arena, guint number, const char *name, const Value *known,
                               const RunNode *node)
{
    Value *step = value_object_new(arena);
    const char *state = value_string(value_get(known, "state"), "");
    const char *conclusion = value_string(value_path(known, "output.conclusion"), NULL);
    const char *status = "completed";
    if (g_str_equal(state, "skipped") || (!known && node->state == NODE_COMPLETED))
        conclusion = node->conclusion == CONCLUSION_CANCELLED ? "cancelled" : "skipped";
    else if (g_str_equal(state, "failed"))
        conclusion = "failure";
    else if (g_str_equal(state, "interrupted") && node->state == NODE_COMPLETED)
        conclusion = conclusion_name(node->conclusion);
    else if (!known)
        status = "queued";
    else if (!g_str_equal(state, "succeeded"))
        status = "in_progress";
    value_set_int(arena, step, "number", number);
    value_set_string(arena, step, "name", value_string(value_get(known, "name"), name));
    value_set_string(arena, step, "status", status);
    value_set_nullable(arena, step, "conclusion",
                       g_str_equal(status, "completed") ? conclusion : NULL);
    value_set_nullable(arena, step, "startedAt", value_string(value_get(known, "startedAt"), NULL));
    value_set_nullable(arena, step, "endedAt", value_string(value_get(known, "endedAt"), NULL));
    return step;
}

static const Value *steps_value(DbConn *conn, const Run *run, const RunNode *node)
{
    Arena *arena = run->arena;
    Value *list = value_array_new(arena);
    const Value *job = node->queue_job ? jobs_get(conn, arena, node->queue_job, NULL) : NULL;
    const Value *known = value_get(job, "steps");
    const Value *planned = value_get(run_job(run, node), "steps");
    value_append(arena, list, step_value(arena, 1, "Set up job", find_step(known, "1"), node));
    for (guint i = 0; i < value_count(planned); i++) {
        const char *id = arena_printf(arena, "%u", i + 2);
        value_append(arena, list,
                     step_value(arena, i + 2, workflow_step_name(arena, value_item(planned, i)),
                                find_step(known, id), node));
    }
    return list;
}

static const Value *annotations_value(const Run *run, const RunNode *node, const Value *report)
{
    const Value *annotations = value_get(report, "annotations");
    Value *list = value_array_new(run->arena);
    for (guint i = 0; i < value_count(annotations); i++)
        value_append(run->arena, list, value_item(annotations, i));
    if (node->error) {
        Value *annotation = value_object_new(run->arena);
        value_set_string(run->arena, annotation, "level", "error");
        value_set_string(run->arena, annotation, "message", node->error);
        value_append(run->arena, list, annotation);
    }
    return list;
}

static const Value *job_value(DbConn *conn, const Run *run, const RunNode *node, gboolean whole)
{
    Arena *arena = run->arena;
    Value *job = value_object_new(arena);
    const Value *report = node->report ? json_parse(arena, node->report, -1, NULL) : NULL;
    value_set_string(arena, job, "id", node->id);
    value_set_nullable(arena, job, "jobId", node->queue_job);
    value_set_string(arena, job, "key", node->key);
    value_set_string(arena, job, "name", node->name);
    value_set(arena, job, "needs", run_needs_keys(run, node));
    value_set_string(arena, job, "status",
                     node->state == NODE_PENDING ? "queued" : node_state_name(node->state));
    value_set_nullable(arena, job, "conclusion", conclusion_name(node->conclusion));
    value_set_nullable(arena, job, "environment", node->environment);
    value_set(arena, job, "startedAt", clock_value(arena, node->started_at));
    value_set(arena, job, "endedAt", clock_value(arena, node->ended_at));
    value_set(arena, job, "annotations", annotations_value(run, node, report));
    if (!whole)
        return job;
    value_set(arena, job, "outputs", node->outputs ? node->outputs : value_object_new(arena));
    value_set_nullable(arena, job, "summary", value_string(value_get(report, "summary"), NULL));
    value_set(arena, job, "steps",
              node->kind == NODE_IS_JOB ? steps_value(conn, run, node) : value_array_new(arena));
    return job;
}

/* A call or a matrix shows through its jobs; alone only where it has none. */
static gboolean is_shown(const Run *run, const RunNode *node)
{
    for (guint i = 0; node->kind != NODE_IS_JOB && !node->error && i < run->node_count; i++)
        if (run->nodes[i]->parent == node)
            return FALSE;
    return TRUE;
}

static const Value *commit_value(const Run *run)
{
    Value *commit = value_object_new(run->arena);
    value_set_string(run->arena, commit, "id", run->sha);
    value_set(run->arena, commit, "message", value_get(run->commit, "message"));
    value_set(run->arena, commit, "author", value_get(run->commit, "author"));
    value_set(run->arena, commit, "timestamp", value_get(run->commit, "timestamp"));
    return commit;
}

static gboolean has_begun(const Run *run)
{
    for (guint i = 0; i < run->node_count; i++)
        if (run->nodes[i]->state != NODE_PENDING)
            return TRUE;
    return FALSE;
}

/* The run of the same concurrency group that must end first. */
static const char *waiting_for_run(DbConn *conn, const Run *run)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    if (!run->concurrency || has_begun(run) || !store_group(conn, run, FALSE, ids, NULL) ||
        !ids->len)
        return NULL;
    const Run *other = store_load_run(conn, run->arena, ids->pdata[0], NULL);
    return other ? arena_printf(run->arena, "Waits until run #%" G_GINT64_FORMAT " of %s has ended",
                                other->number, other->workflow_name)
                 : NULL;
}

/* The task that made the push, while it is under way: the run waits for it. */
static const char *waiting_for(DbConn *conn, const Run *run)
{
    if (run->state != NODE_PENDING)
        return NULL;
    const Value *job = run->cause ? jobs_get(conn, run->arena, run->cause, NULL) : NULL;
    const char *state = value_string(value_get(job, "state"), "succeeded");
    if (g_str_equal(state, "succeeded") || g_str_equal(state, "failed") ||
        g_str_equal(state, "cancelled"))
        return waiting_for_run(conn, run);
    return arena_printf(run->arena, "Waits until \"%s\" has ended",
                        value_string(value_get(job, "title"), run->cause));
}

static const Value *run_value(DbConn *conn, const Run *run, gboolean whole)
{
    Arena *arena = run->arena;
    Value *value = value_object_new(arena), *workflow = value_object_new(arena);
    Value *jobs = value_array_new(arena);
    const char *waits = waiting_for(conn, run);
    value_set_string(arena, workflow, "name", run->workflow_name);
    value_set_string(arena, workflow, "path", run->workflow_path);
    value_set_string(arena, value, "id", run->id);
    value_set_int(arena, value, "number", run->number);
    value_set_int(arena, value, "attempt", run->attempt);
    value_set_string(arena, value, "title", run->title);
    value_set_string(arena, value, "repository",
                     arena_printf(arena, "%s/%s", run->owner, run->name));
    value_set(arena, value, "workflow", workflow);
    value_set_string(arena, value, "event", run->event);
    value_set_string(arena, value, "ref", run->ref);
    value_set_string(arena, value, "branch", pipelines_ref_name(run->ref));
    value_set(arena, value, "commit", commit_value(run));
    value_set_string(arena, value, "actor", run->actor);
    value_set_string(arena, value, "status",
                     waits                        ? "waiting"
                     : run->state == NODE_PENDING ? "queued"
                                                  : node_state_name(run->state));
    value_set_nullable(arena, value, "conclusion", conclusion_name(run->conclusion));
    value_set_nullable(arena, value, "waitingFor", waits);
    value_set(arena, value, "createdAt", clock_value(arena, run->created_at));
    value_set(arena, value, "startedAt", clock_value(arena, run->started_at));
    value_set(arena, value, "endedAt", clock_value(arena, run->ended_at));
    value_set(arena, value, "errors", run->errors ? run->errors : value_array_new(arena));
    for (guint i = 0; i < run->node_count; i++)
        if (is_shown(run, run->nodes[i]))
            value_append(arena, jobs, job_value(conn, run, run->nodes[i], whole));
    value_set(arena, value, "jobs", jobs);
    return value;
}

/* ---- routes ---- */

static Response *reply_run(Request *request, Pipelines *pipelines, unsigned status, const char *id,
                           GError **error)
{
    DbConn *conn = db_reader(pipelines->db);
    Run *run = store_load_run(conn, request_arena(request), id, error);
    return run ? response_json(request, status, run_value(conn, run, TRUE)) : NULL;
}

static Response *list_runs(Request *request, void *room, GError **error)
{
    Pipelines *pipelines = room;
    Arena *arena = request_arena(request);
    DbConn *conn = db_reader(pipelines->db);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    int64_t limit;
    if (!request_query_int(request, "limit", 1, 100, 20, &limit, error) ||
        !store_list_runs(conn, arena, request_query(request, "repository"), (guint)limit, found,
                         error))
        return NULL;
    for (guint i = 0; i < found->len; i++) {
        const Run *listed = found->pdata[i];
        Run *run = store_load_run(conn, arena, listed->id, error);
        if (!run)
            return NULL;
        value_append(arena, items, run_value(conn, run, FALSE));
    }
    return response_items(request, items);
}

static Response *get_run(Request *request, void *room, GError **error)
{
    return reply_run(request, room, 200, request_param(request, "id"), error);
}

/* A run acts with the rights of its repository, so who starts or stops one must own that. */
static gboolean may_change(Request *request, Pipelines *pipelines, const char *owner,
                           const char *name, const char *permission, GError **error)
{
    const char *const *owners =
        forge_owners_of(pipelines->forge, request_arena(request), owner, name, error);
    return owners && access_check(access_principal(request), permission, owners, error);
}

static gboolean may_change_run(Request *request, Pipelines *pipelines, const char *permission,
                               GError **error)
{
    const Run *run = store_load_run(db_reader(pipelines->db), request_arena(request),
                                    request_param(request, "id"), error);
    return run && may_change(request, pipelines, run->owner, run->name, permission, error);
}

static Response *cancel_run(Request *request, void *room, GError **error)
{
    const char *id = request_param(request, "id");
    if (!may_change_run(request, room, UPDATE_RUN, error) ||
        !pipelines_cancel(room, id, access_actor(request), error))
        return NULL;
    return reply_run(request, room, 202, id, error);
}

static Response *rerun_run(Request *request, void *room, GError **error)
{
    const char *id = request_param(request, "id");
    gsize length = 0;
    gboolean failed_only = TRUE;
    if (request_body(request, &length) && length) {
        const Value *body = request_body_json(request, error);
        if (!body)
            return NULL;
        failed_only = g_strcmp0(value_string(value_get(body, "jobs"), NULL), "all") != 0;
    }
    if (!may_change_run(request, room, CREATE_RUN, error) ||
        !pipelines_rerun(room, id, failed_only, access_actor(request), error))
        return NULL;
    return reply_run(request, room, 201, id, error);
}

static Response *dispatch(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);
    const char *workflow = value_string(value_get(body, "workflow"), NULL);
    if (!body)
        return NULL;
    if (!workflow) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT,
                            "'workflow' is missing: the name of a file in " WORKFLOW_FOLDER);
        return NULL;
    }
    if (!may_change(request, room, request_param(request, "owner"), request_param(request, "name"),
                    CREATE_RUN, error))
        return NULL;
    const char *id = pipelines_dispatch(
        room, request_arena(request), request_param(request, "owner"),
        request_param(request, "name"), workflow, value_string(value_get(body, "ref"), NULL),
        value_get(body, "inputs"), access_actor(request), error);
    return id ? reply_run(request, room, 201, id, error) : NULL;
}

#define RUNS "/api/pipelines/v1/runs"

const Route pipelines_routes[] = {
    {"GET", RUNS, list_runs, ROUTE_WORKER, "pipelines.run.read"},
    {"GET", RUNS "/{id}", get_run, ROUTE_WORKER, "pipelines.run.read"},
    {"POST", RUNS "/{id}/cancel", cancel_run, ROUTE_WORKER, UPDATE_RUN},
    {"POST", RUNS "/{id}/rerun", rerun_run, ROUTE_WORKER, CREATE_RUN},
    {"POST", "/api/pipelines/v1/repositories/{owner}/{name}/dispatches", dispatch, ROUTE_WORKER,
     CREATE_RUN},
    {0},
};
