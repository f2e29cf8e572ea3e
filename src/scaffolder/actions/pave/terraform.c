/* terraform:apply and terraform:destroy submit a run under the step's intent id and wait for it: an
 * attempt that finds the run already there waits for that one. */
#include "scaffolder/scaffolder_internal.h"

enum { LOOK_MS = 250, LINES_AT_ONCE = 500 };

/* ---- the request ---- */

/* The service the workspace is for: said, or what the module's variables call it. */
static const char *service_of(ActionRun *run, const Value *input, GError **error)
{
    static const char *const names[] = {"service_name", "service", "name"};
    const Value *variables = value_get(input, "variables");
    const char *service = value_path_string(input, "service", NULL);

    for (gsize i = 0; !service && i < G_N_ELEMENTS(names); i++)
        service = value_string(value_get(variables, names[i]), NULL);
    if (!service) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s needs to know the service: give `service`, or a variable service_name",
                    run->action->id);
        return NULL;
    }
    return catalog_ref(run->arena, service, "component", "default", error);
}

static const char *owner_of(ActionRun *run, const Value *input, GError **error)
{
    const char *owner = value_path_string(input, "owner", NULL);

    if (!owner)
        owner = value_path_string(value_get(input, "variables"), "team", NULL);
    return owner ? catalog_ref(run->arena, owner, "group", "default", error) : "";
}

static const char *submit(ActionRun *run, const Value *input, const char *service,
                          const char *operation, GError **error)
{
    const Value *variables = value_get(input, "variables");
    const char *owner = owner_of(run, input, error);
    InfraRequest request = {
        .module = value_path_string(input, "module", ""),
        .service = service,
        .environment = value_path_string(input, "environment", "staging"),
        .variables = variables ? variables : value_object_new(run->arena),
        .operation = operation,
        .actor = run->runner->actor,
        .cause = run->runner->task_id,
        .run_id = run->intent_id,
        .dry = run->dry,
        .owner = owner && *owner ? owner : NULL,
    };

    return owner ? infra_submit(run->scaffolder->infra, run->arena, &request, error) : NULL;
}

/* A retry of the step is a retry of its run: submitting the same id again would do nothing. */
static gboolean retry_failed(ActionRun *run, GError **error)
{
    Jobs *jobs = run->scaffolder->jobs;
    const Value *job = run->fresh && !run->dry ? jobs_get(db_reader(run->scaffolder->db),
                                                          run->arena, run->intent_id, NULL)
                                               : NULL;
    const char *state = value_path_string(job, "state", "");

    if (!g_str_equal(state, "failed") && !g_str_equal(state, "cancelled"))
        return TRUE;
    return jobs_retry(jobs, run->intent_id, run->runner->actor, NULL, error);
}

/* ---- waiting ---- */

static gboolean copy_lines(ActionRun *run, const char *id, int64_t *next, GError **error)
{
    gboolean ended;
    guint count;

    do {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        const Value *lines = jobs_output_read(run->scaffolder->jobs, arena, id, *next,
                                              LINES_AT_ONCE, next, &ended, error);

        if (!lines)
            return FALSE;
        count = value_count(lines);
        for (guint i = 0; i < count; i++)
            action_log(run, value_path_string(value_item(lines, i), "level", "out"), "%s",
                       value_path_string(value_item(lines, i), "text", ""));
    } while (count == LINES_AT_ONCE);
    return TRUE;
}

static gboolean is_over(const char *state)
{
    return g_str_equal(state, "succeeded") || g_str_equal(state, "failed") ||
           g_str_equal(state, "cancelled");
}

/* The state the run ended in; NULL with error. A cancelled task takes its run with it. */
static const char *wait_for(ActionRun *run, const char *id, GError **error)
{
    const char *state = NULL;
    int64_t next = 0;

    for (;;) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        const char *now = jobs_wait(run->scaffolder->jobs, arena, id, run->job, LOOK_MS, error);

        if (!now) {
            if (action_cancelled(run) && !job_stopping(run->job))
                jobs_cancel(run->scaffolder->jobs, id, run->runner->actor, NULL);
            return NULL;
        }
        if (is_over(now))
            state = arena_strdup(run->arena, now);
        if (!copy_lines(run, id, &next, error))
            return NULL;
        if (state)
            return state;
    }
}

static gboolean succeeded(ActionRun *run, const char *id, const char *state, GError **error)
{
    if (g_str_equal(state, "succeeded"))
        return TRUE;
    const Value *job = jobs_get(db_reader(run->scaffolder->db), run->arena, id, NULL);

    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the Terraform run %s: %s", state,
                value_path_string(job, "error.message", "see its log"));
    return FALSE;
}

/* ---- what came out ---- */

static const Value *result(ActionRun *run, const char *id, const char *name)
{
    Arena *arena = run->arena;
    const Value *workspace = infra_workspace(run->scaffolder->infra, arena, name, NULL);
    const Value *outputs = value_get(workspace, "outputs");
    Value *output = value_object_new(arena), *values = value_object_new(arena);

    for (guint i = 0; value_is(outputs, VALUE_OBJECT) && i < value_count(outputs); i++) {
        const Value *item = value_value_at(outputs, i);
        const Value *value = value_get(item, "value");

        value_set(arena, values, value_key_at(outputs, i), value ? value : item);
    }
    value_set_string(arena, output, "workspace", name);
    value_set_string(arena, output, "runId", id);
    value_set(arena, output, "outputs", values);
    return output;
}

/* What Terraform means to do: {workspace, runId, add, change, destroy, changes}. */
static const Value *planned(ActionRun *run, const char *id, const char *name)
{
    static const char *const members[] = {"add", "change", "destroy", "changes"};
    Arena *arena = run->arena;
    const Value *workspace = infra_workspace(run->scaffolder->infra, arena, name, NULL);
    const Value *runs = value_get(workspace, "runs");
    Value *output = value_object_new(arena);

    value_set_string(arena, output, "workspace", name);
    value_set_string(arena, output, "runId", id);
    for (guint i = 0; i < value_count(runs); i++)
        if (*id && g_str_equal(value_path_string(value_item(runs, i), "id", ""), id))
            for (gsize m = 0; m < G_N_ELEMENTS(members); m++)
                value_set(arena, output, members[m],
                          value_get(value_get(value_item(runs, i), "plan"), members[m]));
    return output;
}

/* Whether something was in the workspace before this task came to it. On a later attempt its own
 * run is there already: then the last run before its first tells. */
static bool was_there(ActionRun *run, const char *name)
{
    const Value *workspace = infra_workspace(run->scaffolder->infra, run->arena, name, NULL);
    const Value *runs = value_get(workspace, "runs");
    const Value *before = NULL;
    bool came = false;

    for (guint i = 0; i < value_count(runs); i++) {
        const Value *one = value_item(runs, i);

        if (g_str_equal(value_path_string(one, "operation", ""), "plan"))
            continue;
        if (g_strcmp0(value_path_string(one, "cause", NULL), run->runner->task_id) == 0) {
            came = true;
            before = NULL;
        } else if (!before) {
            before = one;
        }
    }
    return came ? before && !(g_str_equal(value_path_string(before, "operation", ""), "destroy") &&
                              g_str_equal(value_path_string(before, "state", ""), "succeeded"))
                : value_count(value_get(workspace, "resources")) > 0;
}

static void announce(ActionRun *run, const Value *input, const char *operation, bool there,
                     const char *id, const char *service, const char *name)
{
    const char *environment = value_path_string(input, "environment", "staging");
    Value *detail = value_object_new(run->arena);

    if (g_str_equal(operation, "plan"))
        return;
    value_set(run->arena, detail, "module", value_get(input, "module"));
    value_set_string(run->arena, detail, "environment", environment);
    value_set_string(run->arena, detail, "service", service);
    value_set_string(run->arena, detail, "run", run->dry ? NULL : id);
    action_effect(run, &(Effect){.operation = !g_str_equal(operation, "apply") ? "delete"
                                              : there                          ? "update"
                                                                               : "create",
                                 .kind = "workspace",
                                 .ref = name,
                                 .detail = detail});
}

static gboolean run_operation(ActionRun *run, const Value *input, const char *operation,
                              const Value **output, GError **error)
{
    const char *service = service_of(run, input, error);
    const char *environment = value_path_string(input, "environment", "staging");

    if (!service)
        return FALSE;
    const char *name = arena_printf(run->arena, "%s-%s", strrchr(service, '/') + 1, environment);
    bool there = was_there(run, name);
    const char *id =
        retry_failed(run, error) ? submit(run, input, service, operation, error) : NULL;

    if (!id)
        return FALSE;

    action_log(run, "info", "Terraform %s of %s", operation, name);
    /* Also a run that fails half-way has made something. */
    announce(run, input, operation, there, id, service, name);
    const char *state = run->dry ? "succeeded" : wait_for(run, id, error);

    if (!state || !succeeded(run, id, state, error))
        return FALSE;
    *output = g_str_equal(operation, "plan") ? planned(run, id, name) : result(run, id, name);
    return TRUE;
}

static gboolean run_plan(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    return run_operation(run, input, "plan", output, error);
}

static gboolean run_apply(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    return run_operation(run, input, "apply", output, error);
}

static gboolean run_destroy(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    return run_operation(run, input, "destroy", output, error);
}

/* ---- taking it back ---- */

static gboolean check_undo(ActionRun *run, const Effect *effect, const char **warning, bool *gone,
                           GError **error)
{
    g_autoptr(GError) failure = NULL;
    const Value *workspace =
        infra_workspace(run->scaffolder->infra, run->arena, effect->ref, &failure);
    const Value *last = value_item(value_get(workspace, "runs"), 0);
    const char *made = value_path_string(effect->detail, "run", "");

    if (!workspace && !g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!g_str_equal(effect->operation, "create")) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "The workspace held resources before this task, which changed them; what they "
                    "were is not remembered");
        return FALSE;
    }
    *gone = value_count(value_get(workspace, "resources")) == 0 &&
            g_str_equal(value_path_string(last, "operation", "destroy"), "destroy");
    if (!*gone && !g_str_equal(value_path_string(last, "id", ""), made) &&
        g_str_equal(value_path_string(last, "operation", ""), "apply"))
        *warning = arena_printf(run->arena, "%s has applied it again since",
                                value_path_string(last, "actor", "Somebody"));
    return TRUE;
}

static gboolean undo_apply(ActionRun *run, const Effect *effect, GError **error)
{
    const char *id =
        retry_failed(run, error)
            ? infra_destroy(run->scaffolder->infra, run->arena, effect->ref, run->intent_id,
                            run->runner->actor, run->runner->task_id, error)
            : NULL;
    const char *state = id ? wait_for(run, id, error) : NULL;

    return state && succeeded(run, id, state, error);
}

const Action action_terraform_plan = {
    .id = "terraform:plan",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_plan,
};

const Action action_terraform_apply = {
    .id = "terraform:apply",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_apply,
    .undo = undo_apply,
    .undo_check = check_undo,
    .undo_text = "Destroys what Terraform made",
};

const Action action_terraform_destroy = {
    .id = "terraform:destroy",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_destroy,
};
