/* One workflow job: its steps one after the other, each a durable step of the queue's job. */
#include "pipelines/execute_internal.h"

#include "formats/json.h"
#include "pipelines/plan_internal.h"
#include "pipelines/store.h"
#include "spine/clock.h"

#include <string.h>

#define JOB_TIMEOUT_MINUTES 360

/* ---- masking ---- */

void execute_mask(Runner *runner, const char *secret)
{
    if (!secret || !*secret)
        return;
    masker_add(runner->masker, secret);
    job_mask(runner->job, secret);
}

const char *execute_masked(Runner *runner, const char *text)
{
    g_autofree char *masked = masker_mask(runner->masker, text, strlen(text));
    return arena_strdup(runner->arena, masked);
}

/* ---- expressions ---- */

static GhexprScope scope_of(Runner *runner, const Frame *frame, const Value *env)
{
    gboolean failed = frame->is_composite ? frame->failed : runner->failed;
    return (GhexprScope){.contexts = execute_contexts(runner, frame, env),
                         .success = !failed && !runner->cancelled,
                         .failure = failed,
                         .cancelled = runner->cancelled,
                         .workspace = execute_folder(runner, "workspace"),
                         .file = runner->run->workflow_path};
}

static const char *text_of(Runner *runner, const Value *value, const GhexprScope *scope,
                           GError **error)
{
    const Value *done = ghexpr_interpolate_tree(runner->arena, value, scope, error);
    return done ? ghexpr_to_string(runner->arena, done) : NULL;
}

/* Adds declared (`env:`) to env, each value evaluated with what env holds so far. */
static gboolean add_env(Runner *runner, const Frame *frame, Value *env, const Value *declared,
                        GError **error)
{
    for (guint i = 0; i < value_count(declared); i++) {
        GhexprScope scope = scope_of(runner, frame, env);
        const char *text = text_of(runner, value_value_at(declared, i), &scope, error);
        if (!text)
            return FALSE;
        value_set_string(runner->arena, env, value_key_at(declared, i), text);
    }
    return TRUE;
}

static Value *env_of(Runner *runner, const Frame *frame)
{
    Value *env = value_object_new(runner->arena);
    execute_add(runner->arena, env, runner->env);
    execute_add(runner->arena, env, frame->env);
    return env;
}

/* Minutes of a `timeout-minutes`, which may be an expression. */
static gboolean deadline_of(Runner *runner, const Value *minutes, const GhexprScope *scope,
                            double fallback, int64_t *deadline, GError **error)
{
    double number = fallback;
    if (minutes) {
        const Value *done = ghexpr_interpolate_tree(runner->arena, minutes, scope, error);
        if (!done)
            return FALSE;
        const char *text = ghexpr_to_string(runner->arena, done);
        number = g_ascii_strtod(text, NULL);
    }
    number = CLAMP(number, 0.01, JOB_TIMEOUT_MINUTES * 10.0);
    *deadline = clock_monotonic_ms() + (int64_t)(number * 60000);
    return TRUE;
}

/* ---- one step ---- */

static Step *step_new(Runner *runner, Frame *frame, const Value *definition, guint number)
{
    Arena *arena = runner->arena;
    Step *step = arena_new0(arena, Step, 1);
    step->id = arena_printf(arena, "%s%u", frame->prefix, number);
    step->display = frame->display ? frame->display : step->id;
    step->definition = definition;
    step->name = workflow_step_name(arena, definition);
    step->env = env_of(runner, frame);
    step->outputs = value_object_new(arena);
    step->added_env = value_object_new(arena);
    step->annotations = value_array_new(arena);
    step->added_path = g_ptr_array_new();
    step->masks = g_ptr_array_new();
    step->summary = g_string_new(NULL);
    step->deadline_ms = G_MAXINT64;
    return step;
}

static void step_clear(Step *step)
{
    g_ptr_array_free(step->added_path, TRUE);
    g_ptr_array_free(step->masks, TRUE);
    g_string_free(step->summary, TRUE);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Step, step_clear)

/* What became of the step counts for those that follow. */
static void conclude(Runner *runner, Frame *frame, Step *step, const char *outcome,
                     const char *conclusion)
{
    Arena *arena = runner->arena;
    const char *id = value_string(value_get(step->definition, "id"), NULL);
    if (id) {
        Value *member = value_object_new(arena);
        value_set(arena, member, "outputs", step->outputs);
        value_set_string(arena, member, "outcome", outcome);
        value_set_string(arena, member, "conclusion", conclusion);
        value_set(arena, frame->steps, id, member);
    }
    execute_add(arena, runner->env, step->added_env);
    for (guint i = 0; i < step->added_path->len; i++)
        g_ptr_array_insert(runner->path, 0, step->added_path->pdata[i]);
    for (guint i = 0; i < value_count(step->annotations); i++)
        value_append(arena, runner->annotations, value_item(step->annotations, i));
    if (runner->summary->len < (1 << 20))
        g_string_append(runner->summary, step->summary->str);
    if (!g_str_equal(conclusion, "failure") && !g_str_equal(conclusion, "cancelled"))
        return;
    frame->failed = TRUE;
    if (!frame->is_composite)
        runner->failed = TRUE;
    if (!runner->first_error && !frame->is_composite)
        runner->first_error = arena_printf(arena, "the step \"%s\" failed", step->name);
}

static gboolean is_over(const Runner *runner, const char *id)
{
    for (guint i = 0; i < value_count(runner->before); i++) {
        const Value *step = value_item(runner->before, i);
        const char *state = value_string(value_get(step, "state"), "");
        if (g_strcmp0(value_string(value_get(step, "id"), NULL), id) == 0)
            return g_str_equal(state, "succeeded") || g_str_equal(state, "skipped");
    }
    return FALSE;
}

static void tell_begin(Runner *runner, const Step *step)
{
    if (step->state != STEP_INTERRUPTED)
        job_print(runner->job, step->display, "info", "%s", step->name);
}

/* The script as it runs, its expressions replaced; masked like every line. */
static void tell_script(Runner *runner, const Step *step, const char *script)
{
    if (step->state == STEP_INTERRUPTED ||
        (!strchr(script, '\n') && !strstr(script, "${{") && !value_get(step->definition, "name")))
        return;
    g_auto(GStrv) lines = g_strsplit(script, "\n", 101);
    for (char **line = lines; *line; line++)
        if (**line)
            job_print(runner->job, step->display, "info", "  %s", *line);
}

static const char *directory_of(Runner *runner, const char *path)
{
    if (!path || !*path)
        return IN_WORKSPACE;
    return *path == '/' ? path : arena_printf(runner->arena, IN_WORKSPACE "/%s", path);
}

/* `shell` and `working-directory`, from the step, else the job's defaults, else the workflow's. */
static gboolean run_option(Runner *runner, const Frame *frame, const Step *step, const char *key,
                           const GhexprScope *scope, const char **text, GError **error)
{
    const Value *value = value_get(step->definition, key);
    const Value *workflow = run_workflow(runner->run, runner->node->workflow);
    const Value *defaults[] = {value_get(runner->definition, "defaults"),
                               value_get(workflow, "defaults")};
    for (guint i = 0; !value && !frame->is_composite && i < G_N_ELEMENTS(defaults); i++)
        value = value_get(value_get(defaults[i], "run"), key);
    *text = value ? text_of(runner, value, scope, error) : NULL;
    return !value || *text;
}

static gboolean run_script(Runner *runner, Frame *frame, Step *step, gboolean *succeeded,
                           GError **error)
{
    GhexprScope scope = scope_of(runner, frame, step->env);
    const char *shell, *directory;
    const char *script = text_of(runner, value_get(step->definition, "run"), &scope, error);
    if (!script || !run_option(runner, frame, step, "shell", &scope, &shell, error) ||
        !run_option(runner, frame, step, "working-directory", &scope, &directory, error))
        return FALSE;
    if (frame->is_composite && !shell) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "a 'run' step of an action needs 'shell': \"%s\" has none", step->name);
        return FALSE;
    }
    tell_script(runner, step, script);
    return execute_script(runner, frame, step, script, shell, directory_of(runner, directory),
                          succeeded, error);
}

static gboolean act(Runner *runner, Frame *frame, Step *step, gboolean *succeeded, GError **error)
{
    GhexprScope scope = scope_of(runner, frame, step->env);
    const Value *name = value_get(step->definition, "name");
    if (!deadline_of(runner, value_get(step->definition, "timeout-minutes"), &scope,
                     JOB_TIMEOUT_MINUTES, &step->deadline_ms, error) ||
        !add_env(runner, frame, step->env, value_get(step->definition, "env"), error))
        return FALSE;
    if (name) {
        scope = scope_of(runner, frame, step->env);
        const char *text = text_of(runner, name, &scope, NULL);
        if (text)
            step->name = execute_masked(runner, text);
    }
    tell_begin(runner, step);
    return value_get(step->definition, "uses") ? actions_use(runner, frame, step, succeeded, error)
                                               : run_script(runner, frame, step, succeeded, error);
}

/* The server stops, or the job is another worker's: nothing more can be written. */
static gboolean is_interruption(Runner *runner, const GError *why)
{
    return g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) &&
           (job_stopping(runner->job) || !runner->cancelled);
}

static gboolean tolerates(Runner *runner, Frame *frame, Step *step)
{
    const Value *value = value_get(step->definition, "continue-on-error");
    GhexprScope scope = scope_of(runner, frame, step->env);
    const char *text = value ? text_of(runner, value, &scope, NULL) : NULL;
    return text && g_str_equal(text, "true");
}

static gboolean finish(Runner *runner, Frame *frame, Step *step, gboolean succeeded, GError **error)
{
    const char *outcome = succeeded ? "success" : runner->cancelled ? "cancelled" : "failure";
    const char *conclusion = !succeeded && tolerates(runner, frame, step) ? "success" : outcome;
    const Value *output = checkpoint_of(runner, step, outcome, conclusion, error);
    job_output_flush(runner->job, step->display);
    if (!output || !job_step_finish(runner->job, step->id, output, NULL, error))
        return FALSE;
    execute_clean(runner, step);
    conclude(runner, frame, step, outcome, conclusion);
    return TRUE;
}

static gboolean fail_step(Runner *runner, Frame *frame, Step *step, const GError *why,
                          GError **error)
{
    const char *message = execute_masked(runner, why->message);
    job_print(runner->job, step->display, "error", "%s", message);
    execute_annotate(runner, step, "error", message, NULL);
    return finish(runner, frame, step, FALSE, error);
}

static gboolean skip(Runner *runner, Frame *frame, Step *step, GError **error)
{
    const char *why = runner->cancelled                 ? "the job was cancelled"
                      : runner->failed || frame->failed ? "an earlier step failed"
                                                        : "its condition is false";
    if (!job_step_skip(runner->job, step->id, step->name, why, error))
        return FALSE;
    conclude(runner, frame, step, "skipped", "skipped");
    return TRUE;
}

static gboolean open_step(Runner *runner, Step *step, const Value **output, GError **error)
{
    JobStep opened;
    if (!job_step_open(runner->job, step->id, execute_masked(runner, step->name), RECOVERY_REPEAT,
                       &opened, error))
        return FALSE;
    step->state = opened.state;
    step->intent = opened.intent_id;
    *output = opened.output;
    return TRUE;
}

/* A step that finished before the job was interrupted: its effects on the others are taken up. */
static gboolean take_up(Runner *runner, Frame *frame, Step *step, const Value *output,
                        GError **error)
{
    const char *outcome = "skipped", *conclusion = "skipped";
    if (step->state == STEP_DONE &&
        !checkpoint_restore(runner, step, output, &outcome, &conclusion, error))
        return FALSE;
    conclude(runner, frame, step, outcome, conclusion);
    return TRUE;
}

static gboolean execute_step(Runner *runner, Frame *frame, const Value *definition, guint number,
                             GError **error)
{
    g_autoptr(Step) step = step_new(runner, frame, definition, number);
    g_autoptr(GError) why = NULL;
    const Value *output = NULL;
    gboolean succeeded = FALSE;
    bool wanted = true;
    if (!runner->cancelled && job_cancelled(runner->job) && !job_stopping(runner->job))
        runner->cancelled = TRUE;
    if (!is_over(runner, step->id)) {
        GhexprScope scope = scope_of(runner, frame, step->env);
        const Value *condition = value_get(definition, "if");
        const char *text = condition ? ghexpr_to_string(runner->arena, condition) : NULL;
        if (!ghexpr_condition(runner->arena, text, &scope, &wanted, &why))
            wanted = true;
        if (!wanted)
            return skip(runner, frame, step, error);
    }
    if (!open_step(runner, step, &output, error))
        return FALSE;
    if (step->state == STEP_DONE || step->state == STEP_SKIPPED)
        return take_up(runner, frame, step, output, error);
    if (!why && act(runner, frame, step, &succeeded, &why))
        return finish(runner, frame, step, succeeded, error);
    if (!is_interruption(runner, why))
        return fail_step(runner, frame, step, why, error);
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean execute_steps(Runner *runner, Frame *frame, const Value *steps, guint first_number,
                       GError **error)
{
    for (guint i = 0; i < value_count(steps); i++)
        if (!execute_step(runner, frame, value_item(steps, i), first_number + i, error))
            return FALSE;
    return TRUE;
}

/* ---- the job ---- */

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
    GhexprScope scope = scope_of(runner, frame, runner->env);
    return add_env(runner, frame, runner->env, value_get(workflow, "env"), error) &&
           add_env(runner, frame, runner->env, value_get(runner->definition, "env"), error) &&
           deadline_of(runner, value_get(runner->definition, "timeout-minutes"), &scope,
                       JOB_TIMEOUT_MINUTES, &runner->deadline_ms, error);
}

/* The job's declared outputs. One that would show a secret is left out, as on GitHub. */
static const Value *job_outputs(Runner *runner, const Frame *frame)
{
    const Value *declared = value_get(runner->definition, "outputs");
    Value *outputs = value_object_new(runner->arena);
    for (guint i = 0; i < value_count(declared); i++) {
        const char *name = value_key_at(declared, i);
        GhexprScope scope = scope_of(runner, frame, runner->env);
        g_autoptr(GError) why = NULL;
        const char *text = text_of(runner, value_value_at(declared, i), &scope, &why);
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
    if (!done && is_interruption(runner, why)) {
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
