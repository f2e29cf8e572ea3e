/* One workflow job: set up, its steps one after the other, what it leaves. */
#include "pipelines/execute_internal.h"

#include "formats/json.h"
#include "pipelines/plan_internal.h"
#include "pipelines/store.h"

#include <string.h>

/* `permissions: contents: write`, of the job or else of its workflow: the job may push. */
static gboolean may_push(const Runner *runner)
{
    const Value *workflow = run_workflow(runner->run, runner->node->workflow);
    const Value *permissions = value_get(runner->definition, "permissions");
    if (!permissions)
        permissions = value_get(workflow, "permissions");
    if (value_is(permissions, VALUE_STRING))
        return g_str_equal(value_string(permissions, ""), "write-all");
    return g_strcmp0(value_string(value_get(permissions, "contents"), NULL), "write") == 0;
}

/* What a job may do by Pave's API: look at what exists, make releases, deploy. */
static char *new_token(Runner *runner, GError **error)
{
    const char *scopes[] = {"catalog.entity.read",
                            "forge.repository.read",
                            "deployments.*",
                            "pipelines.run.read",
                            "jobs.job.read",
                            NULL,
                            NULL};
    const Pipelines *pipelines = runner->pipelines;
    g_autofree char *ref = g_strdup_printf("job:%s", job_id(runner->job));
    g_autofree char *push =
        g_strdup_printf("forge.repository.push:%s/%s", runner->run->owner, runner->run->name);
    if (may_push(runner))
        scopes[G_N_ELEMENTS(scopes) - 2] = push;
    if (!pipelines->issue_token)
        return g_strdup("");
    return pipelines->issue_token(ref, scopes, pipelines->token_data, error);
}

static gboolean first_setup(Runner *runner, GError **error)
{
    Arena *arena = runner->arena;
    g_autofree char *token = new_token(runner, error);
    if (!token)
        return FALSE;
    runner->token = arena_strdup(arena, token);
    execute_mask(runner, runner->token);
    job_print(runner->job, SETUP_STEP, "info", "%s, job %s, %s at %.12s",
              runner->run->workflow_name, runner->node->key, pipelines_ref_name(runner->run->ref),
              runner->run->sha);
    runner->actions = actions_resolve(runner, value_get(runner->definition, "steps"), error);
    return runner->actions != NULL;
}

static gboolean finish_setup(Runner *runner, GError **error)
{
    Value *output = value_object_new(runner->arena);
    const char *sealed = checkpoint_seal(runner, SETUP_STEP, runner->token, error);
    if (!sealed)
        return FALSE;
    value_set_string(runner->arena, output, "outcome", "success");
    value_set_string(runner->arena, output, "conclusion", "success");
    value_set_string(runner->arena, output, "token", sealed);
    value_set(runner->arena, output, "actions", runner->actions);
    return job_step_finish(runner->job, SETUP_STEP, output, NULL, error);
}

/* The token and the actions are chosen once, so that an interrupted job goes on with the same. */
static gboolean set_up(Runner *runner, GError **error)
{
    JobStep step;
    g_autoptr(GError) why = NULL;
    if (!job_step_open(runner->job, SETUP_STEP, "Set up job", RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE) {
        const char *sealed = value_string(value_get(step.output, "token"), "");
        runner->token = checkpoint_unseal(runner, SETUP_STEP, sealed, error);
        runner->actions = value_get(step.output, "actions");
        execute_mask(runner, runner->token);
        return runner->token != NULL;
    }
    if (first_setup(runner, &why))
        return finish_setup(runner, error);
    job_print(runner->job, SETUP_STEP, "error", "%s", why->message);
    gboolean written = job_step_fail(runner->job, SETUP_STEP, why, error);
    if (written)
        g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static gboolean load_secrets(Runner *runner, GError **error)
{
    runner->secrets = pipelines_secrets(runner->pipelines, runner->arena, runner->run, runner->node,
                                        runner->token, error);
    for (guint i = 0; i < value_count(runner->secrets); i++)
        execute_mask(runner, value_string(value_value_at(runner->secrets, i), NULL));
    return runner->secrets != NULL;
}

static gboolean load_env(Runner *runner, Frame *frame, GError **error)
{
    const Value *workflow = run_workflow(runner->run, runner->node->workflow);
    GhexprScope scope = execute_scope(runner, frame, runner->env);
    return execute_add_env(runner, frame, runner->env, value_get(workflow, "env"), error) &&
           execute_add_env(runner, frame, runner->env, value_get(runner->definition, "env"),
                           error) &&
           execute_deadline(runner, value_get(runner->definition, "timeout-minutes"), &scope,
                            &runner->deadline_ms, error);
}

/* The job's declared outputs. One that would show a secret is left out, as on GitHub. */
static const Value *job_outputs(Runner *runner, const Frame *frame)
{
    const Value *declared = value_get(runner->definition, "outputs");
    Value *outputs = value_object_new(runner->arena);
    for (guint i = 0; i < value_count(declared); i++) {
        const char *name = value_key_at(declared, i);
        GhexprScope scope = execute_scope(runner, frame, runner->env);
        g_autoptr(GError) why = NULL;
        const char *text = execute_text(runner, value_value_at(declared, i), &scope, &why);
        if (!text) {
            execute_annotate(runner, NULL, "error", why->message, NULL);
            runner->failed = TRUE;
        } else if (!g_str_equal(execute_masked(runner, text), text)) {
            g_autofree char *warning =
                g_strdup_printf("The output '%s' is left out: it may hold a secret", name);
            execute_annotate(runner, NULL, "warning", warning, NULL);
        } else {
            value_set_string(runner->arena, outputs, name, text);
        }
    }
    return outputs;
}

typedef struct {
    Runner *runner;
    const Value *outputs, *report;
} Report;

static gboolean write_report(DbConn *tx, void *data, GError **error)
{
    const Report *report = data;
    return store_report(tx, report->runner->node->id, job_id(report->runner->job), report->outputs,
                        report->report, error);
}

static gboolean leave_report(Runner *runner, const Value *outputs, GError **error)
{
    Value *report = value_object_new(runner->arena);
    Report write = {runner, outputs, report};
    value_set(runner->arena, report, "annotations", runner->annotations);
    if (runner->summary->len)
        value_set_string(runner->arena, report, "summary", runner->summary->str);
    return job_write(runner->job, write_report, &write, error);
}

static gboolean run_all(Runner *runner, Frame *frame, GError **error)
{
    if (!execute_prepare_folders(runner, error) || !set_up(runner, error) ||
        !load_secrets(runner, error) || !load_env(runner, frame, error))
        return FALSE;
    return execute_steps(runner, frame, value_get(runner->definition, "steps"), 2, error);
}

static gboolean execute(Runner *runner, const Value **output, GError **error)
{
    Frame frame = {.prefix = "",
                   .inputs = run_inputs(runner->run, runner->node),
                   .steps = value_object_new(runner->arena)};
    g_autoptr(GError) why = NULL;
    gboolean done = run_all(runner, &frame, &why);
    if (!done && execute_is_interruption(runner, why)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!done) {
        execute_annotate(runner, NULL, "error", why->message, NULL);
        runner->failed = TRUE;
        runner->first_error = execute_masked(runner, why->message);
    }
    const Value *outputs = done ? job_outputs(runner, &frame) : value_object_new(runner->arena);
    if (!leave_report(runner, outputs, error))
        return FALSE;
    *output = outputs;
    if (runner->cancelled)
        g_set_error_literal(error, PAVE_ERROR, ERROR_CANCELLED, "the job was cancelled");
    else if (runner->failed)
        g_set_error_literal(error, PAVE_ERROR, ERROR_INTERNAL,
                            runner->first_error ? runner->first_error : "the job failed");
    return !runner->cancelled && !runner->failed;
}

/* The steps of the queue's job as they stand: which need no condition any more. */
static gboolean load_steps(Runner *runner, DbConn *conn, GError **error)
{
    const Value *job = jobs_get(conn, runner->arena, job_id(runner->job), error);
    runner->before = value_get(job, "steps");
    return job != NULL;
}

static gboolean load_job(Runner *runner, GError **error)
{
    DbConn *conn = db_reader(runner->pipelines->db);
    const Value *payload = job_payload(runner->job);
    runner->run =
        store_load_run(conn, runner->arena, value_string(value_get(payload, "run"), ""), error);
    runner->node =
        runner->run ? store_node(runner->run, value_string(value_get(payload, "node"), "")) : NULL;
    if (!runner->node || runner->node->state == NODE_COMPLETED ||
        g_strcmp0(runner->node->queue_job, job_id(runner->job)) != 0) {
        if (runner->run)
            g_set_error_literal(error, PAVE_ERROR, ERROR_CONFLICT,
                                "the run has gone on without this job; run it again from its page");
        return FALSE;
    }
    runner->definition = run_job(runner->run, runner->node);
    runner->run->github = pipelines_github(runner->pipelines, runner->arena, runner->run);
    runner->run->vars = pipelines_vars(runner->pipelines, runner->arena, runner->node->environment);
    return load_steps(runner, conn, error);
}

gboolean pipelines_execute(Job *job, const Value **output, GError **error, void *data)
{
    Pipelines *pipelines = data;
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    g_autoptr(GString) summary = g_string_new(NULL);
    Runner runner = {.pipelines = pipelines,
                     .job = job,
                     .arena = job_arena(job),
                     .masker = masker,
                     .path = path,
                     .summary = summary,
                     .env = value_object_new(job_arena(job)),
                     .annotations = value_array_new(job_arena(job)),
                     .secrets = value_object_new(job_arena(job)),
                     .token = "",
                     .deadline_ms = G_MAXINT64};
    if (!pipelines_job_began(pipelines, job, error) || !load_job(&runner, error))
        return FALSE;
    return execute(&runner, output, error);
}
