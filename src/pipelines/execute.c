/* The steps of a job one after the other, each a durable step of the queue's job. */
#include "pipelines/execute_internal.h"

#include "formats/ghexpr.h"
#include "pipelines/plan_internal.h"
#include "spine/clock.h"

#include <string.h>

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

GhexprScope execute_scope(Runner *runner, const Frame *frame, const Value *env)
{
    gboolean failed = frame->is_composite ? frame->failed : runner->failed;
    return (GhexprScope){.contexts = execute_contexts(runner, frame, env),
                         .success = !failed && !runner->cancelled,
                         .failure = failed,
                         .cancelled = runner->cancelled,
                         .workspace = execute_folder(runner, "workspace"),
                         .file = runner->run->workflow_path};
}

const char *execute_text(Runner *runner, const Value *value, const GhexprScope *scope,
                         GError **error)
{
    const Value *done = ghexpr_interpolate_tree(runner->arena, value, scope, error);
    return done ? ghexpr_to_string(runner->arena, done) : NULL;
}

gboolean execute_add_env(Runner *runner, const Frame *frame, Value *env, const Value *declared,
                         GError **error)
{
    for (guint i = 0; i < value_count(declared); i++) {
        GhexprScope scope = execute_scope(runner, frame, env);
        const char *text = execute_text(runner, value_value_at(declared, i), &scope, error);
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

gboolean execute_deadline(Runner *runner, const Value *minutes, const GhexprScope *scope,
                          int64_t *deadline, GError **error)
{
    double number = JOB_TIMEOUT_MINUTES;
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
    *text = value ? execute_text(runner, value, scope, error) : NULL;
    return !value || *text;
}

static gboolean run_script(Runner *runner, Frame *frame, Step *step, gboolean *succeeded,
                           GError **error)
{
    GhexprScope scope = execute_scope(runner, frame, step->env);
    const char *shell, *directory;
    const char *script = execute_text(runner, value_get(step->definition, "run"), &scope, error);
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
    GhexprScope scope = execute_scope(runner, frame, step->env);
    const Value *name = value_get(step->definition, "name");
    if (!execute_deadline(runner, value_get(step->definition, "timeout-minutes"), &scope,
                          &step->deadline_ms, error) ||
        !execute_add_env(runner, frame, step->env, value_get(step->definition, "env"), error))
        return FALSE;
    if (name) {
        scope = execute_scope(runner, frame, step->env);
        const char *text = execute_text(runner, name, &scope, NULL);
        if (text)
            step->name = execute_masked(runner, text);
    }
    tell_begin(runner, step);
    return value_get(step->definition, "uses") ? actions_use(runner, frame, step, succeeded, error)
                                               : run_script(runner, frame, step, succeeded, error);
}

gboolean execute_is_interruption(Runner *runner, const GError *why)
{
    return g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) &&
           (job_stopping(runner->job) || !runner->cancelled);
}

static gboolean tolerates(Runner *runner, Frame *frame, Step *step)
{
    const Value *value = value_get(step->definition, "continue-on-error");
    GhexprScope scope = execute_scope(runner, frame, step->env);
    const char *text = value ? execute_text(runner, value, &scope, NULL) : NULL;
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
    execute_clean(runner, step); /* it may have died before it could */
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
        GhexprScope scope = execute_scope(runner, frame, step->env);
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
    if (!execute_is_interruption(runner, why))
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
