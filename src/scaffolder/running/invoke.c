/* One action as one durable step: opened with its intent, run or recovered, checkpointed with the
 * tree of the workspace. */
#include "formats/json.h"
#include "formats/jsonschema.h"
#include "scaffolder/scaffolder_internal.h"
#include "spine/snapshot.h"

#include <stdio.h>

void runner_print(Runner *runner, const char *step, const char *level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (runner->job) {
        job_print(runner->job, step, level, "%s", text);
        return;
    }
    Value *line = value_object_new(runner->arena);
    g_autofree char *masked = masker_mask(runner->masker, text, strlen(text));

    value_set_string(runner->arena, line, "step", step);
    value_set_string(runner->arena, line, "level", level);
    value_set_string(runner->arena, line, "text", masked);
    g_ptr_array_add(runner->log, line);
}

/* What an action gives out is kept and shown, so no secret may be in it. */
const Value *runner_mask(Runner *runner, const Value *value)
{
    Arena *arena = runner->arena;

    if (value_is(value, VALUE_STRING)) {
        g_autofree char *text =
            masker_mask(runner->masker, value_string(value, ""), value_string_length(value));
        return value_string_new(arena, text);
    }
    if (value_is(value, VALUE_ARRAY)) {
        Value *items = value_array_new(arena);

        for (guint i = 0; i < value_count(value); i++)
            value_append(arena, items, runner_mask(runner, value_item(value, i)));
        return items;
    }
    if (!value_is(value, VALUE_OBJECT))
        return value;
    Value *object = value_object_new(arena);

    for (guint i = 0; i < value_count(value); i++)
        value_set(arena, object, value_key_at(value, i),
                  runner_mask(runner, value_value_at(value, i)));
    return object;
}

/* ---- dry runs ---- */

static const Value *example_of(Arena *arena, const Value *schema)
{
    const char *type = value_path_string(schema, "type", "string");

    if (g_str_equal(type, "number") || g_str_equal(type, "integer"))
        return value_int_new(arena, 0);
    if (g_str_equal(type, "boolean"))
        return value_bool_new(arena, false);
    if (g_str_equal(type, "array"))
        return value_array_new(arena);
    return g_str_equal(type, "object") ? value_object_new(arena)
                                       : value_string_new(arena, "<example>");
}

/* Without a server only what stays in the workspace is run. */
static bool runs_here(const ActionRun *run)
{
    static const char *const prefixes[] = {"fetch:", "fs:", "roadiehq:utils:fs:", "debug:"};
    const char *id = run->action->id;
    bool here = !run->scaffolder->offline || g_str_equal(id, "catalog:write") ||
                custom_action_steps(run->action);

    for (gsize i = 0; !here && i < G_N_ELEMENTS(prefixes); i++)
        here = g_str_has_prefix(id, prefixes[i]);
    return here && run->action->dry_run;
}

static gboolean run_dry(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *properties = value_get(run->action->output, "properties");
    gboolean done;

    if (run->runner->render && render_step(run, input, output, &done, error))
        return done;
    if (value_get(run->scaffolder->outputs, run->step)) {
        *output = value_get(run->scaffolder->outputs, run->step);
        return TRUE;
    }
    if (runs_here(run))
        return upgrade_stamp(run, input, error) && run->action->run(run, input, output, error) &&
               action_check_output(run->action, *output, error) &&
               runner_seal(run->runner, run->action->output, output, error);
    Value *fake = value_object_new(run->arena);

    for (guint i = 0; i < value_count(properties); i++)
        value_set(run->arena, fake, value_key_at(properties, i),
                  example_of(run->arena, value_value_at(properties, i)));
    action_log(run, "info", "Skipping because %s does not support dry-run", run->action->id);
    *output = fake;
    return TRUE;
}

/* ---- real ones ---- */

/* The effect of an intent that has no checkpoint is looked for before it is made again. */
static gboolean run_real(ActionRun *run, const Value *input, JobStep *step, const Value **output,
                         GError **error)
{
    const Action *action = run->action;

    if (!upgrade_stamp(run, input, error))
        return FALSE;
    if (step->state == STEP_INTERRUPTED && action->probe) {
        if (!action->probe(run, input, output, error))
            return FALSE;
        if (*output) {
            action_log(run, "info", "It was done before the interruption");
            return TRUE;
        }
    }
    return action->run(run, input, output, error) && action_check_output(action, *output, error);
}

static char *snapshot_objects(const Runner *runner)
{
    return g_build_filename(runner->folder, "workspace.git", "objects", NULL);
}

/* The workspace is what the last finished step left, and stays so for whoever goes on where this
 * step is cut off. Until one begins that changes it, it is itself what its tree names, and nothing
 * is written twice. */
static gboolean prepare_workspace(Runner *runner, const Action *action, GError **error)
{
    g_autofree char *objects = snapshot_objects(runner);

    if (runner->dirty && !snapshot_restore(objects, runner->workspace, runner->tree, error))
        return FALSE;
    runner->dirty = false;
    /* What publishes writes into it where it comes from. */
    if (!(action->changes_workspace || action_publishes(action)) || !runner->tree || runner->kept)
        return TRUE;
    g_autofree char *kept = snapshot_take(objects, runner->workspace, error);

    runner->kept = kept != NULL;
    return runner->kept;
}

static gboolean checkpoint(Runner *runner, ActionRun *run, const Value *output, GError **error)
{
    if (run->action->changes_workspace) {
        g_autofree char *tree = snapshot_take(NULL, runner->workspace, error);

        if (!tree)
            return FALSE;
        runner->tree = arena_strdup(runner->arena, tree);
        runner->kept = false;
    }
    return provenance_finish_step(runner, run->step_id, run->action->id, run->effects, output,
                                  error);
}

static gboolean run_step(Runner *runner, ActionRun *run, const Value *input, JobStep *step,
                         const Value **output, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (!prepare_workspace(runner, run->action, error))
        return FALSE;
    if (run_real(run, input, step, output, &failure)) {
        if (!runner_seal(runner, run->action->output, output, error))
            return FALSE;
        *output = runner_mask(runner, *output);
        return checkpoint(runner, run, *output, error);
    }
    /* What it changed before it failed is there all the same. */
    if (!provenance_add(runner, run->step_id, run->action->id, run->effects, error))
        return FALSE;
    /* A task that is stopped has not failed: its step stays open and is recovered. */
    if (!g_error_matches(failure, PAVE_ERROR, ERROR_CANCELLED) &&
        !job_step_fail(runner->job, run->step_id, failure, error))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean invoke_durably(Runner *runner, ActionRun *run, const char *name, const Value *input,
                               const Value **output, GError **error)
{
    JobStep step = {0};
    StepRecovery recovery = run->action->recover
                                ? run->action->recover(input)
                                : custom_action_recovery(run->action, runner->job, run->step_id);

    if (!job_step_open(runner->job, run->step_id, name, recovery, &step, error))
        return FALSE;
    if (step.state == STEP_DONE || step.state == STEP_SKIPPED) {
        *output = step.output;
        runner->tree = step.workspace_tree ? step.workspace_tree : runner->tree;
        runner->dirty = true;
        return TRUE;
    }
    run->intent_id = step.intent_id;
    run->fresh = step.state == STEP_FRESH;
    g_autoptr(GError) wrong = NULL;

    if (!action_check_input(run->action, input, &wrong)) {
        if (!job_step_fail(runner->job, run->step_id, wrong, error))
            return FALSE;
        g_propagate_error(error, g_steal_pointer(&wrong));
        return FALSE;
    }
    return run_step(runner, run, input, &step, output, error);
}

gboolean runner_invoke(Runner *runner, const char *step, const char *id, const char *name,
                       const Action *action, const Value *input, const Value **output,
                       GError **error)
{
    g_autoptr(GPtrArray) effects = g_ptr_array_new();
    ActionRun run = {.scaffolder = runner->scaffolder,
                     .runner = runner,
                     .action = action,
                     .job = runner->job,
                     .arena = runner->arena,
                     .step = step,
                     .name = name,
                     .step_id = id,
                     .intent_id = "",
                     .dry = !runner->job,
                     .fresh = !runner->job,
                     .workspace = runner->workspace,
                     .effects = effects};

    *output = NULL;
    if (action->input)
        input = jsonschema_with_defaults(runner->arena, action->input, input);
    if (runner->job)
        return invoke_durably(runner, &run, name, input, output, error);
    if (!action_check_input(action, input, error) || !run_dry(&run, input, output, error))
        return FALSE;
    *output = runner_mask(runner, *output);
    dry_run_effects(runner, &run);
    return TRUE;
}
