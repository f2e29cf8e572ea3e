/* The life of runs: what is planned is written here, and every end of a job moves its run on, in
 * the transaction of that end, so that a crash loses nothing. */
#include "formats/ghexpr.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/store.h"
#include "pipelines/workflow.h"
#include "spine/clock.h"

#include <string.h>

/* ---- events ---- */

static void tell(DbConn *tx, Pipelines *pipelines, const Run *run, const RunNode *node,
                 const char *type, Conclusion conclusion)
{
    Arena *arena = run->arena;
    Value *payload = value_object_new(arena), *workflow = value_object_new(arena);
    value_set_string(arena, workflow, "name", run->workflow_name);
    value_set_string(arena, workflow, "path", run->workflow_path);
    value_set_string(arena, payload, "runId", run->id);
    value_set_int(arena, payload, "number", run->number);
    value_set_int(arena, payload, "attempt", run->attempt);
    value_set_string(arena, payload, "repository",
                     arena_printf(arena, "%s/%s", run->owner, run->name));
    value_set(arena, payload, "workflow", workflow);
    value_set_string(arena, payload, "ref", run->ref);
    value_set_string(arena, payload, "commit", run->sha);
    value_set_string(arena, payload, "url",
                     arena_printf(arena, "%s/runs/%s", pipelines->api_url, run->id));
    value_set_string(arena, payload, "outcome", conclusion_name(conclusion));
    if (node) {
        value_set_string(arena, payload, "job", node->key);
        value_set_string(arena, payload, "jobId", node->queue_job);
        value_set_string(arena, payload, "environment", node->environment);
    }
    Event event = {.type = type,
                   .source = "/pave/pipelines",
                   .subject = arena_printf(arena, "repository:%s/%s", run->owner, run->name),
                   .actor = run->actor,
                   .cause = node ? run->id : run->cause,
                   .payload = payload};
    events_append(tx, &event);
}

#define EVENT_RUN_QUEUED "dev.cdevents.pipelinerun.queued.0.2.0"
#define EVENT_RUN_STARTED "dev.cdevents.pipelinerun.started.0.2.0"
#define EVENT_RUN_FINISHED "dev.cdevents.pipelinerun.finished.0.2.0"
#define EVENT_TASK_STARTED "dev.cdevents.taskrun.started.0.2.0"
#define EVENT_TASK_FINISHED "dev.cdevents.taskrun.finished.0.2.0"

/* ---- saving ---- */

static RunNode *node_at(const Run *run, guint i)
{
    return run->nodes[i];
}

/* Ids for the queue's jobs, chosen once: a transaction that runs twice gives the same. */
static void name_jobs(Run *run)
{
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = node_at(run, i);
        if (!node->begins || node->queue_job)
            continue;
        g_autofree char *id = clock_new_id();
        node->queue_job = arena_strdup(run->arena, id);
    }
}

static gboolean submit(DbConn *tx, Pipelines *pipelines, const Run *run, const RunNode *node,
                       GError **error)
{
    Arena *arena = run->arena;
    Value *payload = value_object_new(arena);
    value_set_string(arena, payload, "run", run->id);
    value_set_string(arena, payload, "node", node->id);
    JobSpec spec = {.id = node->queue_job,
                    .kind = "pipelines.job",
                    .subject = arena_printf(arena, "repository:%s/%s", run->owner, run->name),
                    .title = arena_printf(arena, "%s: %s", run->workflow_name, node->name),
                    .actor = run->actor,
                    .cause = run->id,
                    .after_job = run->cause,
                    .payload = payload};
    if (node->concurrency)
        spec.queue_key =
            arena_printf(arena, "pipelines:%s/%s:%s", run->owner, run->name, node->concurrency);
    return jobs_submit(tx, pipelines->jobs, arena, &spec, error) != NULL;
}

/* Stopping a running job is no database work: a job of its own does it. */
static gboolean submit_stop(DbConn *tx, Pipelines *pipelines, const Run *run, GError **error)
{
    Arena *arena = run->arena;
    Value *payload = value_object_new(arena), *ids = value_array_new(arena);
    for (guint i = 0; i < run->node_count; i++)
        if (node_at(run, i)->stops)
            value_append(arena, ids, value_string_new(arena, node_at(run, i)->queue_job));
    if (!value_count(ids))
        return TRUE;
    value_set(arena, payload, "jobs", ids);
    JobSpec spec = {.kind = "pipelines.stop",
                    .subject = arena_printf(arena, "repository:%s/%s", run->owner, run->name),
                    .title = arena_printf(arena, "Stop jobs of %s", run->workflow_name),
                    .actor = run->actor,
                    .cause = run->id,
                    .payload = payload};
    return jobs_submit(tx, pipelines->jobs, arena, &spec, error) != NULL;
}

/* Gives the jobs that may begin to the queue, and has those stopped that must. */
static gboolean submit_all(DbConn *tx, Pipelines *pipelines, Run *run, GError **error)
{
    for (guint i = 0; i < run->node_count; i++)
        if (node_at(run, i)->begins && !submit(tx, pipelines, run, node_at(run, i), error))
            return FALSE;
    return submit_stop(tx, pipelines, run, error);
}

static Run *load(DbConn *tx, Pipelines *pipelines, Arena *arena, const char *id, GError **error)
{
    Run *run = store_lock_run(tx, id, error) ? store_load_run(tx, arena, id, error) : NULL;
    if (!run)
        return NULL;
    run->github = pipelines_github(pipelines, arena, run);
    run->vars = pipelines_vars(pipelines, arena, NULL);
    return run;
}

static gboolean begin_next(DbConn *tx, Pipelines *pipelines, Run *ended, GError **error);

/* Moves a run that was loaded on, and writes what came of it. */
static gboolean advance(DbConn *tx, Pipelines *pipelines, Run *run, GError **error)
{
    gboolean was_over = run->state == NODE_COMPLETED;
    run_advance(run, clock_now_ms());
    name_jobs(run);
    if (!store_save_run(tx, run, error) || !submit_all(tx, pipelines, run, error))
        return FALSE;
    if (was_over || run->state != NODE_COMPLETED)
        return TRUE;
    tell(tx, pipelines, run, NULL, EVENT_RUN_FINISHED, run->conclusion);
    return !run->concurrency || begin_next(tx, pipelines, run, error);
}

/* ---- concurrency groups ---- */

static gboolean has_begun(const Run *run)
{
    for (guint i = 0; i < run->node_count; i++)
        if (node_at(run, i)->state != NODE_PENDING)
            return TRUE;
    return FALSE;
}

/* The run of the group that waited longest begins. */
static gboolean begin_next(DbConn *tx, Pipelines *pipelines, Run *ended, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    if (!store_group(tx, ended, FALSE, ids, error) || !store_group(tx, ended, TRUE, ids, error))
        return FALSE;
    Run *next = ids->len ? load(tx, pipelines, ended->arena, ids->pdata[0], error) : NULL;
    if (!next || has_begun(next))
        return !ids->len || next;
    return advance(tx, pipelines, next, error);
}

static gboolean cancels_others(const Run *run)
{
    const Value *concurrency = value_get(run_workflow(run, ""), "concurrency");
    const Value *cancels = value_get(concurrency, "cancel-in-progress");
    return value_bool(cancels, false);
}

static gboolean cancel_run(DbConn *tx, Pipelines *pipelines, Run *run, GError **error)
{
    run->is_cancelled = run->is_changed = TRUE;
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = node_at(run, i);
        node->stops = node->kind == NODE_IS_JOB &&
                      (node->state == NODE_QUEUED || node->state == NODE_IN_PROGRESS);
    }
    return advance(tx, pipelines, run, error);
}

/* As on GitHub, at most one run of a group waits: a newer one takes its place. */
static gboolean make_room(DbConn *tx, Pipelines *pipelines, Run *run, const GPtrArray *others,
                          GError **error)
{
    for (guint i = 0; i < others->len; i++) {
        Run *other = load(tx, pipelines, run->arena, others->pdata[i], error);
        if (!other)
            return FALSE;
        if (!(has_begun(other) && !cancels_others(run)) && !cancel_run(tx, pipelines, other, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pipelines_insert(DbConn *tx, Pipelines *pipelines, Run *run, const char *trigger_id,
                          GError **error)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    if (!store_insert_run(tx, run, trigger_id, error))
        return FALSE;
    tell(tx, pipelines, run, NULL, EVENT_RUN_QUEUED, CONCLUSION_NONE);
    if (run->state == NODE_COMPLETED) { /* it failed to start */
        tell(tx, pipelines, run, NULL, EVENT_RUN_FINISHED, run->conclusion);
        return TRUE;
    }
    if (run->concurrency && (!store_group(tx, run, FALSE, others, error) ||
                             !make_room(tx, pipelines, run, others, error) ||
                             !store_group(tx, run, FALSE, left, error)))
        return FALSE;
    if (left->len)
        return TRUE;
    Run *stored = load(tx, pipelines, run->arena, run->id, error);
    /* where making room ended another run, that one has begun this one already */
    return stored && (has_begun(stored) || advance(tx, pipelines, stored, error));
}

/* ---- jobs of the queue begin and end ---- */

static Conclusion conclusion_of_job(const char *state)
{
    if (g_str_equal(state, "succeeded"))
        return CONCLUSION_SUCCESS;
    return g_str_equal(state, "cancelled") ? CONCLUSION_CANCELLED : CONCLUSION_FAILURE;
}

gboolean pipelines_job_ended(DbConn *tx, const char *job, const char *state, void *data,
                             GError **error)
{
    Pipelines *pipelines = data;
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    const char *run_id, *node_id;
    if (!store_find_job(tx, arena, job, &run_id, &node_id, error))
        return FALSE;
    Run *run = run_id ? load(tx, pipelines, arena, run_id, error) : NULL;
    if (!run)
        return !run_id;
    RunNode *node = store_node(run, node_id);
    if (node->state == NODE_COMPLETED) /* a retry by hand of a job whose run went on without it */
        return TRUE;
    run_job_ended(run, node, conclusion_of_job(state), clock_now_ms());
    tell(tx, pipelines, run, node, EVENT_TASK_FINISHED, node->conclusion);
    return advance(tx, pipelines, run, error);
}

typedef struct {
    Pipelines *pipelines;
    const char *job, *run, *actor;
    gboolean failed_only;
} Change;

static gboolean begin(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    const char *run_id, *node_id;
    if (!store_find_job(tx, arena, change->job, &run_id, &node_id, error))
        return FALSE;
    Run *run = run_id ? load(tx, change->pipelines, arena, run_id, error) : NULL;
    RunNode *node = run ? store_node(run, node_id) : NULL;
    if (!node || node->state != NODE_QUEUED) /* interrupted: it has begun before */
        return run || !run_id;
    node->state = NODE_IN_PROGRESS;
    node->started_at = clock_now_ms();
    node->is_changed = TRUE;
    if (run->state != NODE_IN_PROGRESS) {
        run->state = NODE_IN_PROGRESS;
        run->is_changed = TRUE;
        if (!run->started_at)
            run->started_at = node->started_at;
        tell(tx, change->pipelines, run, NULL, EVENT_RUN_STARTED, CONCLUSION_NONE);
    }
    tell(tx, change->pipelines, run, node, EVENT_TASK_STARTED, CONCLUSION_NONE);
    return store_save_run(tx, run, error);
}

gboolean pipelines_job_began(Pipelines *pipelines, Job *job, GError **error)
{
    Change change = {.pipelines = pipelines, .job = job_id(job)};
    return job_write(job, begin, &change, error);
}

/* ---- cancel, again ---- */

gboolean pipelines_stop_jobs(Job *job, const Value **output, GError **error, void *data)
{
    Pipelines *pipelines = data;
    const Value *ids = value_get(job_payload(job), "jobs");
    for (guint i = 0; i < value_count(ids); i++) {
        g_autoptr(GError) why = NULL;
        const char *id = value_string(value_item(ids, i), "");
        if (!jobs_cancel(pipelines->jobs, id, job_actor(job), &why) &&
            !g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean cancel(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    Run *run = load(tx, change->pipelines, arena, change->run, error);
    if (!run)
        return FALSE;
    if (run->state == NODE_COMPLETED) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "the run has ended already");
        return FALSE;
    }
    run->actor = change->actor;
    return cancel_run(tx, change->pipelines, run, error);
}

gboolean pipelines_cancel(Pipelines *pipelines, const char *run, const char *actor, GError **error)
{
    Change change = {.pipelines = pipelines, .run = run, .actor = actor};
    return db_write(pipelines->db, cancel, &change, NULL, error);
}

static gboolean rerun(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    Run *run = load(tx, change->pipelines, arena, change->run, error);
    if (!run)
        return FALSE;
    if (run->state != NODE_COMPLETED || !run->node_count) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_CONFLICT,
                            run->state == NODE_COMPLETED
                                ? "the run never started: correct its workflow and push again"
                                : "the run has not ended yet");
        return FALSE;
    }
    run_reset(run, change->failed_only && run->conclusion != CONCLUSION_SUCCESS);
    tell(tx, change->pipelines, run, NULL, EVENT_RUN_QUEUED, CONCLUSION_NONE);
    return advance(tx, change->pipelines, run, error);
}

gboolean pipelines_rerun(Pipelines *pipelines, const char *run, gboolean failed_only,
                         const char *actor, GError **error)
{
    Change change = {
        .pipelines = pipelines, .run = run, .failed_only = failed_only, .actor = actor};
    return db_write(pipelines->db, rerun, &change, NULL, error);
}

/* ---- dispatch ---- */

static const char *dispatch_path(Arena *arena, const char *workflow)
{
    return g_str_has_prefix(workflow, WORKFLOW_FOLDER "/")
               ? workflow
               : arena_printf(arena, WORKFLOW_FOLDER "/%s", workflow);
}

static const char *full_ref(Pipelines *pipelines, Arena *arena, const char *owner, const char *name,
                            const char *ref, GError **error)
{
    if (!ref || !*ref) {
        const Value *repository = forge_get(pipelines->forge, arena, owner, name, error);
        ref = value_string(value_get(repository, "defaultBranch"), NULL);
        if (!repository)
            return NULL;
    }
    if (ref && g_str_has_prefix(ref, "refs/"))
        return ref;
    static const char *const kinds[] = {"refs/heads/%s", "refs/tags/%s"};
    for (guint i = 0; ref && i < G_N_ELEMENTS(kinds); i++) {
        const char *full = arena_printf(arena, kinds[i], ref);
        g_autofree char *sha = forge_resolve(pipelines->forge, owner, name, full, NULL);
        if (sha)
            return full;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "there is no branch or tag '%s'", ref ? ref : "");
    return NULL;
}

/* The typed inputs; ERROR_INPUT where the workflow is wrong or does not take a dispatch. */
static const Value *dispatch_inputs(Pipelines *pipelines, Arena *arena, const Trigger *trigger,
                                    const Value *given, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GBytes) bytes = forge_read_file(pipelines->forge, trigger->owner, trigger->name,
                                              trigger->sha, trigger->only_path, error);
    if (!bytes)
        return NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *workflow =
        workflow_parse(arena, text ? text : "", (gssize)length, trigger->only_path, diagnostics);
    if (!diagnostics_to_error(diagnostics, error))
        return NULL;
    if (!value_path(workflow, "on.workflow_dispatch")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s does not listen to workflow_dispatch: add it to 'on'", trigger->only_path);
        return NULL;
    }
    return workflow_inputs(arena, value_path(workflow, "on.workflow_dispatch.inputs"), given, TRUE,
                           error);
}

static const Value *dispatch_event(Arena *arena, const Trigger *trigger, const Value *inputs)
{
    Value *event = value_object_new(arena), *texts = value_object_new(arena);
    for (guint i = 0; i < value_count(inputs); i++)
        value_set_string(arena, texts, value_key_at(inputs, i),
                         ghexpr_to_string(arena, value_value_at(inputs, i)));
    value_set(arena, event, "inputs", texts);
    value_set_string(arena, event, "ref", trigger->ref);
    value_set_string(arena, event, "workflow", trigger->only_path);
    return event;
}

const char *pipelines_dispatch(Pipelines *pipelines, Arena *arena, const char *owner,
                               const char *name, const char *workflow, const char *ref,
                               const Value *inputs, const char *actor, GError **error)
{
    g_autofree char *id = clock_new_id();
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    const char *full = full_ref(pipelines, arena, owner, name, ref, error);
    g_autofree char *sha = full ? forge_resolve(pipelines->forge, owner, name, full, error) : NULL;
    if (!sha)
        return NULL;
    Trigger trigger = {.id = id,
                       .owner = owner,
                       .name = name,
                       .event = "workflow_dispatch",
                       .ref = full,
                       .sha = arena_strdup(arena, sha),
                       .actor = actor,
                       .only_path = dispatch_path(arena, workflow)};
    trigger.inputs = dispatch_inputs(pipelines, arena, &trigger, inputs, error);
    if (!trigger.inputs)
        return NULL;
    trigger.payload = dispatch_event(arena, &trigger, trigger.inputs);
    if (!pipelines_trigger(pipelines, arena, &trigger, ids, error))
        return NULL;
    if (!ids->len) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no workflow '%s'", workflow);
        return NULL;
    }
    return ids->pdata[0];
}
