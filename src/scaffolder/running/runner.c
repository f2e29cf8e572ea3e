/* Runs the steps of a task: conditions, loops, compositions, and what becomes of the rest after a
 * failure. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "formats/jsonschema.h"

/* The steps of a template, or of an action that is made of steps. */
typedef struct {
    Runner *runner;
    Value *context;     /* gets the steps' outputs */
    const char *prefix; /* of the durable ids: "" or "provision/" */
    const char *step;   /* the template's step they belong to; NULL: they are the template's */
    GError *failure;    /* the first */
} Sequence;

static gboolean run_sequence(Sequence *sequence, const Value *steps, GError **error);

/* One step of a sequence. */
typedef struct {
    Sequence *sequence;
    const Value *step;
    const char *id;      /* in its sequence */
    const char *full_id; /* of the durable step */
    const char *lines;   /* the template's step that its lines are printed under */
    const Action *action;
} Part;

/* ---- contexts ---- */

static Value *with(Arena *arena, const Value *context, const char *name, const Value *value)
{
    Value *copy = value_clone_shallow(arena, context);

    value_set(arena, copy, name, value);
    return copy;
}

/* The organisation's own. A dry run is anybody's, of steps anybody wrote: it gets the names. */
static const Value *environment_secrets(Runner *runner)
{
    const Value *secrets =
        config_get(runner->scaffolder->config, "scaffolder.defaultEnvironment.secrets");
    Value *names = value_object_new(runner->arena);

    if (runner->job && secrets)
        return secrets;
    for (guint i = 0; i < value_count(secrets); i++)
        value_set_string(runner->arena, names, value_key_at(secrets, i), "***");
    return names;
}

/* Secrets are seen by inputs and loops only, never by conditions and outputs. */
static const Value *with_secrets(Runner *runner, const Value *context)
{
    const Value *environment = value_get(context, "environment");
    Value *full = with(runner->arena, context, "secrets", runner->secrets);

    value_set(runner->arena, full, "steps",
              runner_open_sealed(runner, value_get(context, "steps")));
    value_set(runner->arena, full, "environment",
              with(runner->arena, environment, "secrets", environment_secrets(runner)));
    return full;
}

static void remember_output(Part *part, const Value *output)
{
    Arena *arena = part->sequence->runner->arena;
    Value *steps = (Value *)value_get(part->sequence->context, "steps");
    Value *entry = value_object_new(arena);

    value_set(arena, entry, "output", output ? output : value_object_new(arena));
    value_set(arena, steps, part->id, entry);
}

static const char *name_of(Part *part, const Value *context)
{
    Runner *runner = part->sequence->runner;
    const Value *name = value_get(part->step, "name");
    const Value *shown = runner_evaluate(runner, part->lines, name, context);

    return value_string(runner_mask(runner, shown), part->action->id);
}

static bool is_finished(Runner *runner, const char *id)
{
    return runner->finished && g_hash_table_contains(runner->finished, id);
}

/* ---- durable parents: loops and compositions ---- */

static gboolean open_parent(Runner *runner, const char *id, const char *name, bool *done,
                            const Value **output, GError **error)
{
    JobStep step = {0};

    *done = false;
    if (!runner->job)
        return TRUE;
    if (!job_step_open(runner->job, id, name, RECOVERY_REPEAT, &step, error))
        return FALSE;
    *done = step.state == STEP_DONE || step.state == STEP_SKIPPED;
    if (*done) {
        *output = step.output;
        runner->tree = step.workspace_tree ? step.workspace_tree : runner->tree;
        runner->dirty = true;
    }
    return TRUE;
}

/* Closes the parent by what became of its children; failure is taken. */
static gboolean close_parent(Runner *runner, const char *id, const Value *output, GError *failure,
                             GError **error)
{
    g_autoptr(GError) why = failure;

    if (!why)
        return !runner->job || job_step_finish(runner->job, id, output, runner->tree, error);
    if (runner->job && !g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) &&
        !job_step_fail(runner->job, id, why, error))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

/* ---- compositions ---- */

static const Value *composition_context(Part *part, const Value *input, const Value *context)
{
    static const char *const inherited[] = {"user", "context", "environment"};
    Arena *arena = part->sequence->runner->arena;
    Value *inner = value_object_new(arena);

    value_set(arena, inner, "input", input);
    value_set(arena, inner, "steps", value_object_new(arena));
    for (gsize i = 0; i < G_N_ELEMENTS(inherited); i++)
        value_set(arena, inner, inherited[i], value_get(context, inherited[i]));
    return inner;
}

static gboolean run_inner(Part *part, const char *id, const Value *input, const Value *context,
                          const Value **output, GError **error)
{
    Runner *runner = part->sequence->runner;
    Sequence inner = {.runner = runner,
                      .context = (Value *)composition_context(part, input, context),
                      .prefix = arena_printf(runner->arena, "%s/", id),
                      .step = part->lines};

    if (!action_check_input(part->action, input, error) ||
        !run_sequence(&inner, custom_action_steps(part->action), error))
        return FALSE;
    *output = runner_output(runner, value_get(part->action->custom, "output"), inner.context);
    if (!action_check_output(part->action, *output, error) ||
        !runner_seal(runner, part->action->output, output, error))
        return FALSE;
    *output = runner_mask(runner, *output);
    return TRUE;
}

static gboolean run_composition(Part *part, const char *id, const char *name, const Value *input,
                                const Value *context, const Value **output, GError **error)
{
    Runner *runner = part->sequence->runner;
    GError *failure = NULL;
    bool done;

    if (!open_parent(runner, id, name, &done, output, error))
        return FALSE;
    if (done)
        return TRUE;
    if (part->action->input)
        input = jsonschema_with_defaults(runner->arena, part->action->input, input);
    run_inner(part, id, input, context, output, &failure);
    return close_parent(runner, id, *output, failure, error);
}

/* ---- one invocation ---- */

static gboolean invoke(Part *part, const char *id, const Value *context, const Value **output,
                       GError **error)
{
    Runner *runner = part->sequence->runner;
    const char *name = name_of(part, context);
    const Value *template = value_get(part->step, "input");
    const Value *input =
        runner_evaluate(runner, part->lines, template, with_secrets(runner, context));

    *output = NULL;
    if (!input)
        input = value_object_new(runner->arena);
    if (!g_str_equal(id, part->lines) && !is_finished(runner, id))
        runner_print(runner, part->lines, "info", "%s", name);
    if (custom_action_steps(part->action))
        return run_composition(part, id, name, input, context, output, error);
    if (!is_finished(runner, id) && !runner_is_opened(input, error))
        return FALSE;
    return runner_invoke(runner, part->lines, id, name, part->action, input, output, error);
}

static void print_skipped(Part *part)
{
    runner_print(part->sequence->runner, part->lines, LEVEL_STATUS,
                 "Skipping step %s because its if condition was false", part->id);
}

/* ---- loops ---- */

/* Appends every output of an iteration to the list of that name. */
static void collect(Arena *arena, Value *all, const Value *output)
{
    for (guint i = 0; value_is(output, VALUE_OBJECT) && i < value_count(output); i++) {
        const char *key = value_key_at(output, i);
        Value *list = (Value *)value_get(all, key);

        if (!list) {
            list = value_array_new(arena);
            value_set(arena, all, key, list);
        }
        value_append(arena, list, value_value_at(output, i));
    }
}

static gboolean iterate_once(Part *part, const Value *items, guint index, Value *all,
                             GError **error)
{
    Runner *runner = part->sequence->runner;
    Arena *arena = runner->arena;
    bool object = value_is(items, VALUE_OBJECT);
    const char *key = object ? value_key_at(items, index) : arena_printf(arena, "%u", index);
    Value *each = value_object_new(arena);
    const Value *output = NULL;

    value_set_string(arena, each, "key", key);
    value_set(arena, each, "value",
              object ? value_value_at(items, index) : value_item(items, index));
    const Value *context = with(arena, part->sequence->context, "each", each);

    if (!condition_holds(runner, value_get(part->step, "if"), context,
                         part->sequence->failure != NULL)) {
        print_skipped(part);
        return TRUE;
    }
    if (!invoke(part, arena_printf(arena, "%s[%s]", part->full_id, key), context, &output, error))
        return FALSE;
    collect(arena, all, output);
    return TRUE;
}

static const Value *loop_items(Part *part, GError **error)
{
    Runner *runner = part->sequence->runner;
    const Value *each = value_get(part->step, "each");
    const Value *items =
        runner_evaluate(runner, part->lines, each, with_secrets(runner, part->sequence->context));

    if (value_is(items, VALUE_ARRAY) || value_is(items, VALUE_OBJECT))
        return items;
    g_autofree char *text = json_to_string(each, JSON_COMPACT);

    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid value on action %s.each parameter, %s cannot be resolved to a value",
                part->action->id, text);
    return NULL;
}

static gboolean run_loop(Part *part, GError **error)
{
    Runner *runner = part->sequence->runner;
    const Value *output = NULL, *items = loop_items(part, error);
    Value *all = value_object_new(runner->arena);
    GError *failure = NULL;
    bool done;

    if (!items || !open_parent(runner, part->full_id, name_of(part, part->sequence->context), &done,
                               &output, error))
        return FALSE;
    for (guint i = 0; !done && !failure && i < value_count(items); i++)
        iterate_once(part, items, i, all, &failure);
    if (!done && !close_parent(runner, part->full_id, all, failure, error))
        return FALSE;
    remember_output(part, done ? output : all);
    return TRUE;
}

/* ---- one step ---- */

static gboolean skip(Part *part, GError **error)
{
    Runner *runner = part->sequence->runner;

    print_skipped(part);
    /* What asks for the state of the task may hold in the next attempt. */
    if (!runner->job || condition_asks_status(value_get(part->step, "if")))
        return TRUE;
    return job_step_skip(runner->job, part->full_id, name_of(part, part->sequence->context),
                         "its if condition was false", error);
}

static gboolean run_once(Part *part, GError **error)
{
    const Value *output = NULL;

    if (!invoke(part, part->full_id, part->sequence->context, &output, error))
        return FALSE;
    remember_output(part, output);
    return TRUE;
}

static gboolean run_part(Part *part, GError **error)
{
    Sequence *sequence = part->sequence;
    /* What an earlier attempt finished does not begin again. */
    bool top = sequence->step == NULL && !is_finished(sequence->runner, part->full_id),
         loop = value_get(part->step, "each") != NULL;
    g_autoptr(GError) failure = NULL;

    if (!loop && !condition_holds(sequence->runner, value_get(part->step, "if"), sequence->context,
                                  sequence->failure != NULL))
        return skip(part, error);
    const char *name = name_of(part, sequence->context);

    if (top)
        runner_print(sequence->runner, part->lines, LEVEL_STATUS, "Beginning step %s", name);
    if (loop ? run_loop(part, &failure) : run_once(part, &failure)) {
        if (top)
            runner_print(sequence->runner, part->lines, LEVEL_STATUS, "Finished step %s", name);
        return TRUE;
    }
    if (top && !g_error_matches(failure, PAVE_ERROR, ERROR_CANCELLED))
        runner_print(sequence->runner, part->lines, LEVEL_STATUS, "Failed step %s: %s: %s", name,
                     error_name(failure), failure->message);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean prepare_part(Sequence *sequence, const Value *step, guint index, Part *part,
                             GError **error)
{
    Runner *runner = sequence->runner;
    const char *action = value_path_string(step, "action", "");
    const char *id = value_path_string(step, "id", NULL);

    *part = (Part){.sequence = sequence, .step = step};
    part->id = id ? id : arena_printf(runner->arena, "step-%u", index + 1);
    part->full_id = arena_printf(runner->arena, "%s%s", sequence->prefix, part->id);
    part->lines = sequence->step ? sequence->step : part->id;
    part->action = actions_find(runner->scaffolder, action);
    if (runner->job && job_cancelled(runner->job)) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the task was stopped");
        return FALSE;
    }
    return part->action || action_missing(action, error);
}

static gboolean run_sequence(Sequence *sequence, const Value *steps, GError **error)
{
    for (guint i = 0; i < value_count(steps); i++) {
        g_autoptr(GError) failure = NULL;
        const Value *step = value_item(steps, i);
        Part part;

        if (!prepare_part(sequence, step, i, &part, error))
            return g_clear_error(&sequence->failure), FALSE;
        if (sequence->failure && !condition_asks_status(value_get(step, "if"))) {
            runner_print(sequence->runner, part.lines, LEVEL_STATUS,
                         "Skipping step %s because a previous step failed", part.id);
            continue;
        }
        if (run_part(&part, &failure))
            continue;
        if (g_error_matches(failure, PAVE_ERROR, ERROR_CANCELLED)) {
            g_clear_error(&sequence->failure);
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (!sequence->failure)
            sequence->failure = g_steal_pointer(&failure);
    }
    if (!sequence->failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&sequence->failure));
    return FALSE;
}

/* ---- the task ---- */

Value *runner_context(Runner *runner, const Value *spec)
{
    Arena *arena = runner->arena;
    const Value *parameters =
        config_get(runner->scaffolder->config, "scaffolder.defaultEnvironment.parameters");
    Value *context = value_object_new(arena), *task = value_object_new(arena);
    Value *about = value_object_new(arena), *environment = value_object_new(arena);

    value_set(arena, context, "parameters", value_get(spec, "parameters"));
    value_set(arena, context, "steps", value_object_new(arena));
    value_set(arena, context, "user", value_get(spec, "user"));
    value_set_string(arena, task, "id", runner->task_id);
    value_set(arena, about, "task", task);
    value_set(arena, context, "context", about);
    value_set(arena, environment, "parameters", parameters ? parameters : value_object_new(arena));
    value_set(arena, context, "environment", environment);
    return context;
}

gboolean runner_run(Runner *runner, const Value *spec, const Value **output, GError **error)
{
    const Value *steps = value_get(spec, "steps");
    Sequence sequence = {.runner = runner, .context = runner_context(runner, spec), .prefix = ""};

    runner_print(runner, NULL, LEVEL_STATUS, "Starting up task with %u steps", value_count(steps));
    if (!run_sequence(&sequence, steps, error))
        return FALSE;
    const Value *shown = runner_output(runner, value_get(spec, "output"), sequence.context);

    *output = runner_hide_sealed(runner, runner_mask(runner, shown));
    return TRUE;
}
