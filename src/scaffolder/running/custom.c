/* Actions that an organisation defines in its configuration: a composition of other actions, or a
 * program that reads JSON and writes JSON. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/clock.h"
#include "spine/folder.h"
#include "spine/process.h"
#include <signal.h>

enum { LOOK_MS = 100, LINE_BYTES_MAX = 1024 * 1024, TIMEOUT_MS = 30 * 60 * 1000 };

/* ---- definitions ---- */

static gboolean wrong(const char *id, const Value *at, const char *what, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "scaffolder.actions.%s (line %d): %s", id,
                value_line(at), what);
    return FALSE;
}

static gboolean run_program(ActionRun *run, const Value *input, const Value **output,
                            GError **error);
static gboolean undo_program(ActionRun *run, const Effect *effect, GError **error);

static StepRecovery declared_recovery(const Value *definition)
{
    const char *text = value_path_string(definition, "recovery", "ask");

    return g_str_equal(text, "repeat")  ? RECOVERY_REPEAT
           : g_str_equal(text, "probe") ? RECOVERY_PROBE
                                        : RECOVERY_ASK;
}

static gboolean check_steps(const char *id, const Value *steps, GError **error)
{
    for (guint i = 0; i < value_count(steps); i++)
        if (!value_path_string(value_item(steps, i), "action", NULL))
            return wrong(id, value_item(steps, i), "each step names its action", error);
    return value_count(steps) > 0 || wrong(id, steps, "an action has steps or a program", error);
}

static gboolean load_one(Scaffolder *scaffolder, const char *id, const Value *definition,
                         GError **error)
{
    const Value *program = value_get(definition, "program");
    Action *action = arena_new0(scaffolder->arena, Action, 1);

    if (actions_find(scaffolder, id))
        return wrong(id, definition, "an action of this name is built in", error);
    action->id = id;
    action->definition = definition;
    action->input = value_path(definition, "schema.input");
    action->output = value_path(definition, "schema.output");
    action->custom = definition;
    action->recovery = RECOVERY_REPEAT;
    if (program) {
        action->run = run_program;
        action->recovery = declared_recovery(definition);
        action->changes_workspace = true;
        if (value_count(value_get(definition, "undo")) > 0) {
            action->undo = undo_program;
            action->undo_text = value_path_string(definition, "undoText", "Runs its way back");
        }
        action->dry_run = value_bool(value_get(definition, "dryRun"), false);
        if (value_count(program) == 0 || value_get(definition, "steps"))
            return wrong(id, definition, "an action has steps or a program", error);
    } else if (!check_steps(id, value_get(definition, "steps"), error)) {
        return FALSE;
    }
    actions_add(scaffolder, action);
    return TRUE;
}

/* An action that is made of itself would never end. */
static gboolean check_circles(Scaffolder *scaffolder, const Action *action, guint depth,
                              GError **error)
{
    const Value *steps = custom_action_steps(action);

    if (depth > 8)
        return wrong(action->id, action->custom, "it is made of itself, or nested too deeply",
                     error);
    for (guint i = 0; i < value_count(steps); i++) {
        const char *id = value_path_string(value_item(steps, i), "action", "");
        const Action *inner = actions_find(scaffolder, id);

        if (!inner)
            return wrong(action->id, value_item(steps, i),
                         arena_printf(scaffolder->arena, "there is no action %s", id), error);
        if (!check_circles(scaffolder, inner, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

gboolean custom_actions_load(Scaffolder *scaffolder, GError **error)
{
    const Value *definitions = config_get(scaffolder->config, "scaffolder.actions");

    for (guint i = 0; value_is(definitions, VALUE_OBJECT) && i < value_count(definitions); i++)
        if (!load_one(scaffolder, value_key_at(definitions, i), value_value_at(definitions, i),
                      error))
            return FALSE;
    for (guint i = 0; i < scaffolder->actions->len; i++)
        if (!check_circles(scaffolder, g_ptr_array_index(scaffolder->actions, i), 0, error))
            return FALSE;
    return TRUE;
}

const Value *custom_action_steps(const Action *action)
{
    return value_get(action->custom, "steps");
}

/* ---- programs ---- */

static char *program_folder(const char *job_folder_path, const char *step_id)
{
    g_autofree char *name = g_strconcat("program-", step_id, NULL);

    return g_build_filename(job_folder_path, g_strdelimit(name, "/[]", '-'), NULL);
}

StepRecovery custom_action_recovery(const Action *action, Job *job, const char *step_id)
{
    g_autofree char *folder = program_folder(job_folder(job), step_id);
    g_autoptr(GError) error = NULL;
    g_autoptr(Process) process = NULL;

    if (action->run != run_program)
        return action->recovery;
    process = process_attach(folder, &error);
    /* It goes on or has ended, or it never began. */
    return process || g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND) ? RECOVERY_REPEAT
                                                                          : action->recovery;
}

/* One run of a program: that of the action, or its way back. */
typedef struct {
    ActionRun *run;
    const Value *command;
    const char *name;     /* of the member it reads */
    const Value *message; /* … and what that holds */
} Call;

/* What the program reads: {input | effect, context: {taskId, stepId, intentId, interrupted, user}}.
 */
static char *program_input(const Call *call)
{
    ActionRun *run = call->run;
    Value *message = value_object_new(run->arena), *context = value_object_new(run->arena);

    value_set_string(run->arena, context, "taskId", run->runner->task_id);
    value_set_string(run->arena, context, "stepId", run->step_id);
    value_set_string(run->arena, context, "intentId", run->intent_id);
    value_set_bool(run->arena, context, "interrupted", !run->fresh);
    value_set_bool(run->arena, context, "dryRun", run->dry);
    value_set_string(run->arena, context, "user", run->runner->actor);
    value_set(run->arena, message, call->name, call->message);
    value_set(run->arena, message, "context", context);
    return json_to_string(message, JSON_COMPACT);
}

static GPtrArray *program_environment(ActionRun *run)
{
    const Value *environment = value_get(run->action->custom, "environment");
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    if (!value_get(environment, "PATH"))
        g_ptr_array_add(env, g_strdup("PATH=/usr/local/bin:/usr/bin:/bin"));
    g_ptr_array_add(env, g_strdup("HOME=" SANDBOX_HOME));
    g_ptr_array_add(env, g_strdup_printf("PAVE_INTENT=%s", run->intent_id));
    for (guint i = 0; i < value_count(environment); i++) {
        const char *value = value_string(value_value_at(environment, i), "");

        masker_add(run->runner->masker, value);
        if (run->job)
            job_mask(run->job, value);
        g_ptr_array_add(env, g_strdup_printf("%s=%s", value_key_at(environment, i), value));
    }
    g_ptr_array_add(env, NULL);
    return env;
}

static Process *start_program(const Call *call, const char *folder, GError **error)
{
    ActionRun *run = call->run;
    const Value *program = call->command;
    const char *network = value_path_string(run->action->custom, "network", "none");
    const char *command = value_string(value_item(program, 0), "");
    g_autofree char *home = g_path_get_dirname(command);
    g_autofree char *text = program_input(call);
    g_autoptr(GPtrArray) argv = g_ptr_array_new(), env = program_environment(run);
    SandboxMount mounts[3] = {{run->workspace, "/workspace", TRUE}};
    Sandbox sandbox = {.network = g_str_equal(network, "host") ? SANDBOX_NETWORK_HOST
                                                               : SANDBOX_NETWORK_NONE,
                       .mounts = mounts};
    ProcessSpec spec = {.folder = folder, .cwd = "/workspace", .sandbox = &sandbox, .input = text};

    /* A program beside the configuration is not in the sandbox by itself. */
    if (*command == '/' && !g_str_has_prefix(command, "/usr/") &&
        !g_str_has_prefix(command, "/bin/"))
        mounts[1] = (SandboxMount){home, home, FALSE};
    for (guint i = 0; i < value_count(program); i++)
        g_ptr_array_add(argv, (char *)value_string(value_item(program, i), ""));
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.env = (const char *const *)env->pdata;
    spec.input_length = strlen(text);
    return process_start(&spec, error);
}

/* An attempt that died may have begun it; one that failed must begin anew. */
static Process *find_or_start(const Call *call, const char *folder, GError **error)
{
    ActionRun *run = call->run;
    Process *process = run->fresh ? NULL : process_attach(folder, NULL);

    if (process) {
        action_log(run, "info", "Found the program again that was begun before");
        return process;
    }
    return folder_remove(folder, error) ? start_program(call, folder, error) : NULL;
}

/* ---- what a program prints ---- */

/* The last line that is a JSON object is the output; every other line is for people. */
typedef struct {
    ActionRun *run;
    Process *process;
    int64_t offset;
    GString *line, *candidate, *last;
} Listening;

static void end_line(Listening *listening)
{
    GString *line = listening->line;

    if (*line->str == '{') {
        if (listening->candidate->len > 0)
            action_log(listening->run, "out", "%s", listening->candidate->str);
        g_string_assign(listening->candidate, line->str);
    } else {
        action_log(listening->run, "out", "%s", line->str);
        if (line->len > 0)
            g_string_assign(listening->last, line->str);
    }
    g_string_truncate(line, 0);
}

static gboolean listen(Listening *listening, GError **error)
{
    char buffer[8192];
    gssize count;

    while ((count = process_read_output(listening->process, listening->offset, buffer,
                                        sizeof buffer, error)) > 0) {
        listening->offset += count;
        for (gssize i = 0; i < count; i++) {
            if (buffer[i] == '\n')
                end_line(listening);
            else if (listening->line->len < LINE_BYTES_MAX)
                g_string_append_c(listening->line, buffer[i] ? buffer[i] : ' ');
        }
    }
    return count == 0;
}

static gboolean stop_program(Listening *listening, PaveErrorCode code, const char *why,
                             GError **error)
{
    if (!listening->run->job || !job_stopping(listening->run->job)) {
        process_stop(listening->process, SIGTERM);
        process_wait(listening->process, 15000, NULL, NULL);
    }
    g_set_error(error, PAVE_ERROR, code, "%s", why);
    return FALSE;
}

static gboolean wait_for_program(Listening *listening, int *exit_code, GError **error)
{
    ActionRun *run = listening->run;
    g_autofree char *key = g_strdup_printf("scaffolder.actions.%s.timeout", run->action->id);
    int64_t until =
        clock_monotonic_ms() + config_duration_ms(run->scaffolder->config, key, TIMEOUT_MS);

    for (;;) {
        g_autoptr(GError) failure = NULL;
        gboolean ended = process_wait(listening->process, LOOK_MS, exit_code, &failure);

        if (!listen(listening, error))
            return FALSE;
        if (ended)
            break;
        if (failure) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (action_cancelled(run))
            return stop_program(listening, ERROR_CANCELLED, "the task was stopped", error);
        if (clock_monotonic_ms() > until)
            return stop_program(listening, ERROR_INTERNAL,
                                "the program took longer than its timeout", error);
    }
    if (listening->line->len > 0)
        end_line(listening);
    return TRUE;
}

static gboolean read_result(Listening *listening, int exit_code, const Value **output,
                            GError **error)
{
    ActionRun *run = listening->run;

    if (exit_code != 0) {
        if (listening->candidate->len > 0)
            action_log(run, "out", "%s", listening->candidate->str);
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the program of %s ended with status %d%s%s",
                    run->action->id, exit_code, listening->last->len ? ": " : "",
                    listening->last->str);
        return FALSE;
    }
    if (listening->candidate->len > 0)
        *output = json_parse(run->arena, listening->candidate->str, -1, error);
    return listening->candidate->len == 0 || *output;
}

static gboolean call_program(const Call *call, const Value **output, GError **error)
{
    ActionRun *run = call->run;
    g_autofree char *folder = program_folder(run->runner->folder, run->step_id);
    g_autoptr(Process) process = find_or_start(call, folder, error);
    g_autoptr(GString) line = g_string_new(NULL), candidate = g_string_new(NULL),
                       last = g_string_new(NULL);
    Listening listening = {run, process, 0, line, candidate, last};
    int exit_code = 0;

    return process && wait_for_program(&listening, &exit_code, error) &&
           read_result(&listening, exit_code, output, error);
}

/* What its way back needs to know; a program that failed may have done a part of it. */
static void remember_program(ActionRun *run, const Value *input, const Value *output)
{
    Value *detail = value_object_new(run->arena);

    value_set(run->arena, detail, "input", runner_mask(run->runner, input));
    value_set(run->arena, detail, "output",
              output ? runner_mask(run->runner, output) : value_null_new(run->arena));
    action_effect(
        run, &(Effect){.operation = "create",
                       .kind = "program",
                       .ref = arena_printf(run->arena, "%s#%s", run->action->id, run->intent_id),
                       .detail = detail});
}

static gboolean run_program(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    Call call = {run, value_get(run->action->custom, "program"), "input", input};
    gboolean done = call_program(&call, output, error);

    if (run->action->undo)
        remember_program(run, input, *output);
    return done;
}

static gboolean undo_program(ActionRun *run, const Effect *effect, GError **error)
{
    Call call = {run, value_get(run->action->custom, "undo"), "effect", effect->detail};
    const Value *output = NULL;

    return call_program(&call, &output, error);
}
