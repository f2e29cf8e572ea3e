/* A run: init, plan, apply, outputs; each a step of the job.
 *
 * Every step may be repeated: a plan reads, and an apply that was cut off is planned anew, after
 * which only what is missing is done. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/folder.h"
#include <glib/gstdio.h>
#include <string.h>

#define PLAN_FILE "pave.plan"
#define CHANGES_MAX 2000

static const char BACKEND[] = "terraform {\n  backend \"http\" {}\n}\n";

/* ---- the plan ---- */

struct plan {
    InfraRun row; /* what of it is kept */
    Value *changes;
};

static void note_plan(EngineRun *run, const Value *line, void *data)
{
    struct plan *plan = data;
    const char *type = value_string(value_get(line, "type"), "");
    const Value *change = value_get(line, "change");
    const Value *totals = value_get(line, "changes");

    if (g_str_equal(type, "planned_change") && value_count(plan->changes) < CHANGES_MAX) {
        Value *item = value_object_new(run->arena);

        value_set_string(run->arena, item, "address",
                         value_path_string(change, "resource.addr", ""));
        value_set_string(run->arena, item, "action", value_path_string(change, "action", ""));
        value_append(run->arena, plan->changes, item);
    } else if (g_str_equal(type, "change_summary") &&
               g_str_equal(value_string(value_get(totals, "operation"), ""), "plan")) {
        plan->row.add = value_int(value_get(totals, "add"), 0);
        plan->row.change = value_int(value_get(totals, "change"), 0);
        plan->row.destroy = value_int(value_get(totals, "remove"), 0);
    }
}

static const Value *plan_value(Arena *arena, const InfraRun *run)
{
    Value *plan = value_object_new(arena);

    value_set_int(arena, plan, "add", run->add);
    value_set_int(arena, plan, "change", run->change);
    value_set_int(arena, plan, "destroy", run->destroy);
    return plan;
}

static void append_event(DbConn *tx, Arena *arena, const InfraRun *run, const char *what)
{
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "runId", run->id);
    value_set_string(arena, payload, "workspace", run->workspace);
    value_set_string(arena, payload, "service", run->service);
    value_set_string(arena, payload, "environment", run->environment);
    value_set_string(arena, payload, "operation", run->operation);
    value_set(arena, payload, "plan", run->planned ? plan_value(arena, run) : NULL);
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.infra.run.%s", what),
                               .source = "/pave/infra",
                               .subject = run->service,
                               .actor = run->actor,
                               .cause = run->id,
                               .payload = payload});
}

static gboolean write_plan(DbConn *tx, void *data, GError **error)
{
    const InfraRun *run = data;
    g_autoptr(Arena) arena = arena_new(1 << 20);

    if (!infra_store_set_plan(tx, run, error))
        return FALSE;
    append_event(tx, arena, run, "planned");
    return TRUE;
}

/* ---- preparing ---- */

static gboolean write_running(DbConn *tx, void *data, GError **error)
{
    return infra_store_set_run_state(tx, data, "running", 0, error);
}

static void mask_secrets(EngineRun *run)
{
    const Value *configured = config_get(run->infra->config, "infra.environment");
    const Value *properties = value_get(run->module->schema, "properties");

    for (guint i = 0; i < value_count(configured); i++)
        job_mask(run->job, value_string(value_value_at(configured, i), ""));
    for (guint i = 0; i < value_count(run->variables); i++) {
        const char *name = value_key_at(run->variables, i);
        g_autofree char *json = json_to_string(value_value_at(run->variables, i), JSON_COMPACT);

        if (value_bool(value_get(value_get(properties, name), "writeOnly"), false))
            job_mask(run->job, value_string(value_value_at(run->variables, i), json));
    }
    job_mask(run->job, run->token);
}

static gboolean prepare(EngineRun *run, GError **error)
{
    static const char *const scopes[] = {"infra.state.write", NULL};
    Infra *infra = run->infra;
    InfraModule *module = arena_new0(run->arena, InfraModule, 1);
    g_autoptr(InfraWorkspace) workspace =
        infra_store_workspace(db_reader(infra->db), run->arena, run->run->workspace, error);
    g_autofree char *token = NULL;

    if (!workspace)
        return FALSE;
    if (!infra->program) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "neither terraform nor tofu is on the PATH; install one, or name it in"
                    " infra.program");
        return FALSE;
    }
    run->variables = infra_unseal_variables(infra, run->arena, run->run->variables, error);
    if (!run->variables || !infra_module_read(infra, run->arena, workspace->module, module, error))
        return FALSE;
    run->module = module;
    token = infra->issue_token(job_id(run->job), scopes, infra->token_data, error);
    if (!token)
        return FALSE;
    run->token = arena_strdup(run->arena, token);
    run->work = arena_printf(run->arena, "%s/work", job_folder(run->job));
    mask_secrets(run);
    return job_write(run->job, write_running, (void *)run->run->id, error);
}

/* ---- steps ---- */

static gboolean fail_step(EngineRun *run, const char *step, const char *what, int exit_code,
                          GError **error)
{
    GError *why = NULL;

    g_set_error(&why, PAVE_ERROR, ERROR_INPUT, "%s failed: %s", what,
                run->failure
                    ? run->failure
                    : arena_printf(run->arena, "it ended with %d; its output says why", exit_code));
    job_step_fail(run->job, step, why, NULL);
    g_propagate_error(error, why);
    return FALSE;
}

/* An engine that could not be run at all, or was stopped. */
static gboolean give_up(EngineRun *run, const char *step, GError *why, GError **error)
{
    if (!g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED))
        job_step_fail(run->job, step, why, NULL);
    g_propagate_error(error, why);
    return FALSE;
}

/* Runs one command of a step; where the machine took it down, once more in a new round. */
static EngineOutcome run_again_where_lost(EngineRun *run, const char *step, const char **round,
                                          const char *const *arguments, EngineLineFn line,
                                          void *data, int *exit_code, GError **error)
{
    EngineOutcome outcome =
        infra_engine_run(run, step, *round, arguments[0], arguments, line, data, exit_code, error);

    if (outcome != ENGINE_LOST)
        return outcome;
    *round = infra_engine_round(run, step, TRUE, error);
    if (!*round)
        return ENGINE_FAILED;
    outcome =
        infra_engine_run(run, step, *round, arguments[0], arguments, line, data, exit_code, error);
    if (outcome == ENGINE_LOST)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the process died twice");
    return outcome == ENGINE_LOST ? ENGINE_FAILED : outcome;
}

static gboolean copy_module(EngineRun *run, const char *round, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *override = NULL;
    g_autofree char *variables = NULL;
    g_autofree char *json = NULL;
    const Value *properties = value_get(run->module->schema, "properties");
    Value *plain = value_object_new(run->arena);

    if (!folder_remove(run->work, error))
        return FALSE;
    path = infra_module_copy(run->infra, run->module->name, run->work, error);
    if (!path)
        return FALSE;
    folder = g_build_filename(run->work, path, NULL);
    /* An override: whatever backend the module has, its state is kept here. */
    override = g_build_filename(folder, "pave_override.tf", NULL);
    variables = g_build_filename(folder, "pave.auto.tfvars.json", NULL);
    for (guint i = 0; i < value_count(run->variables); i++) {
        const char *name = value_key_at(run->variables, i);

        if (!value_bool(value_get(value_get(properties, name), "writeOnly"), false))
            value_set(run->arena, plain, name, value_value_at(run->variables, i));
    }
    json = json_to_string(plain, JSON_PRETTY);
    return g_file_set_contents(override, BACKEND, -1, error) &&
           g_file_set_contents(variables, json, -1, error);
}

static void find_folder(EngineRun *run)
{
    const char *name = run->module->name;
    const char *path = strstr(name, "//");
    g_autofree char *inner = NULL;

    if (!strchr(name, '/'))
        inner = g_strdup(name);
    else
        inner = path ? g_strndup(path + 2, strcspn(path + 2, "@")) : g_strdup("");
    run->folder = *inner ? arena_printf(run->arena, "%s/%s", run->work, inner) : run->work;
}

/* Everything was done, and its folder removed, when the server went down. */
static gboolean is_tidied(EngineRun *run)
{
    const char *last = g_str_equal(run->run->operation, "plan") ? "plan" : "outputs";
    const Value *job = jobs_get(db_reader(run->infra->db), run->arena, job_id(run->job), NULL);
    const Value *steps = value_get(job, "steps");

    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = value_item(steps, i);

        if (g_str_equal(value_path_string(step, "id", ""), last))
            return g_str_equal(value_path_string(step, "state", ""), "succeeded");
    }
    return FALSE;
}

static gboolean do_init(EngineRun *run, GError **error)
{
    static const char *const arguments[] = {"init", "-input=false", "-no-color", NULL};
    JobStep step;
    GError *why = NULL;
    const char *round;
    int exit_code = 0;

    if (!job_step_open(run->job, "init", "Prepare the module", RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE && (g_file_test(run->folder, G_FILE_TEST_IS_DIR) || is_tidied(run)))
        return TRUE;
    /* Done, but its folder was tidied away since: once more, for this attempt. */
    round = infra_engine_round(run, "init", step.state != STEP_INTERRUPTED, error);
    if (!round)
        return FALSE;
    if (!infra_engine_started(round, "init") && !copy_module(run, round, &why))
        return give_up(run, "init", why, error);
    if (run_again_where_lost(run, "init", &round, arguments, NULL, NULL, &exit_code, &why) !=
        ENGINE_ENDED)
        return give_up(run, "init", why, error);
    if (exit_code != 0)
        return fail_step(run, "init", "init", exit_code, error);
    return step.state == STEP_DONE || job_step_finish(run->job, "init", NULL, NULL, error);
}

/* 0: nothing to do, 2: something, anything else failed. */
static gboolean plan_into(EngineRun *run, const char *step, const char **round, int *exit_code,
                          GError **error)
{
    gboolean destroy = g_str_equal(run->run->operation, "destroy");
    const char *const arguments[] = {"plan",
                                     "-json",
                                     "-input=false",
                                     "-detailed-exitcode",
                                     "-lock-timeout=120s",
                                     "-out=" PLAN_FILE,
                                     destroy ? "-destroy" : NULL,
                                     NULL};
    struct plan plan = {.row = *run->run, .changes = value_array_new(run->arena)};

    if (run_again_where_lost(run, step, round, arguments, note_plan, &plan, exit_code, error) !=
        ENGINE_ENDED)
        return FALSE;
    if (*exit_code != 0 && *exit_code != 2)
        return TRUE;
    plan.row.planned = TRUE;
    plan.row.plan_changes = json_to_arena(run->arena, plan.changes, JSON_COMPACT);
    return job_write(run->job, write_plan, &plan.row, error);
}

static gboolean do_plan(EngineRun *run, gboolean *changes, GError **error)
{
    JobStep step;
    GError *why = NULL;
    const char *round;
    int exit_code = 0;
    Value *output = value_object_new(run->arena);

    if (!job_step_open(run->job, "plan", "Plan", RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE) {
        *changes = value_bool(value_get(step.output, "changes"), true);
        return TRUE;
    }
    round = infra_engine_round(run, "plan", step.state == STEP_FRESH, error);
    if (!round)
        return FALSE;
    if (!plan_into(run, "plan", &round, &exit_code, &why))
        return give_up(run, "plan", why, error);
    if (exit_code != 0 && exit_code != 2)
        return fail_step(run, "plan", "plan", exit_code, error);
    *changes = exit_code == 2;
    value_set_bool(run->arena, output, "changes", *changes);
    return job_step_finish(run->job, "plan", output, NULL, error);
}

/* State that Terraform could not write here it left in a file: nothing it made may be forgotten. */
static void push_errored_state(EngineRun *run, const char *round)
{
    static const char *const arguments[] = {"state", "push", "errored.tfstate", NULL};
    g_autofree char *file = g_build_filename(run->folder, "errored.tfstate", NULL);
    const char *failure = run->failure;
    int exit_code = 1;

    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return;
    job_print(run->job, "apply", "warning", "Keeping the state that could not be written before");
    if (infra_engine_run(run, "apply", round, "push", arguments, NULL, NULL, &exit_code, NULL) !=
            ENGINE_ENDED ||
        exit_code != 0)
        job_print(run->job, "apply", "error", "The state in %s could not be kept", file);
    else
        g_unlink(file);
    run->failure = failure;
}

static EngineOutcome apply_round(EngineRun *run, const char *round, gboolean *planned_anew,
                                 int *exit_code, GError **error)
{
    static const char *const arguments[] = {
        "apply", "-json", "-input=false", "-lock-timeout=120s", PLAN_FILE, NULL};

    if (*planned_anew || infra_engine_started(round, "plan")) {
        const char *same = round;

        *planned_anew = TRUE;
        if (!plan_into(run, "apply", &same, exit_code, error))
            return ENGINE_FAILED;
        if (*exit_code != 2)
            return ENGINE_ENDED;
    }
    return infra_engine_run(run, "apply", round, "apply", arguments, NULL, NULL, exit_code, error);
}

static gboolean apply(EngineRun *run, const JobStep *step, int *exit_code, GError **error)
{
    const char *round = infra_engine_round(run, "apply", step->state == STEP_FRESH, error);
    g_autofree char *plan = g_build_filename(run->folder, PLAN_FILE, NULL);
    gboolean planned_anew = !g_file_test(plan, G_FILE_TEST_EXISTS);

    for (guint tries = 0; round && tries < 3; tries++) {
        EngineOutcome outcome;

        run->stale_plan = FALSE;
        outcome = apply_round(run, round, &planned_anew, exit_code, error);
        if (outcome == ENGINE_FAILED)
            return FALSE;
        if (outcome == ENGINE_ENDED && !run->stale_plan) {
            if (*exit_code != 0)
                push_errored_state(run, round);
            return TRUE;
        }
        /* It died with the machine, or something changed since it was planned: what is left to do
         * only a new plan can say. */
        job_print(run->job, "apply", "info", "Planning again what is left to do");
        planned_anew = TRUE;
        round = infra_engine_round(run, "apply", TRUE, error);
    }
    if (round)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the plan did not hold three times");
    return FALSE;
}

static gboolean do_apply(EngineRun *run, gboolean changes, GError **error)
{
    gboolean destroy = g_str_equal(run->run->operation, "destroy");
    const char *name = destroy ? "Destroy" : "Apply";
    JobStep step;
    GError *why = NULL;
    int exit_code = 0;

    if (!changes)
        return job_step_skip(run->job, "apply", name, "nothing is to be changed", error);
    if (!job_step_open(run->job, "apply", name, RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE || step.state == STEP_SKIPPED)
        return TRUE;
    if (!apply(run, &step, &exit_code, &why))
        return give_up(run, "apply", why, error);
    if (exit_code != 0)
        return fail_step(run, "apply", destroy ? "destroy" : "apply", exit_code, error);
    return job_step_finish(run->job, "apply", NULL, NULL, error);
}

static gboolean do_outputs(EngineRun *run, const Value **outputs, GError **error)
{
    JobStep step;
    GError *why = NULL;

    if (!job_step_open(run->job, "outputs", "Keep the outputs", RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE) {
        *outputs = value_get(step.output, "outputs");
        return TRUE;
    }
    *outputs = infra_keep_results(run, &why);
    if (!*outputs)
        return give_up(run, "outputs", why, error);
    Value *output = value_object_new(run->arena);

    value_set(run->arena, output, "outputs", *outputs);
    return job_step_finish(run->job, "outputs", output, NULL, error);
}

static gboolean holds_job(DbConn *tx, void *data, GError **error)
{
    return TRUE;
}

/* The plan and the module's working folder hold secrets in clear, so they go however the run ended.
 * They stay for whoever goes on with it, and while the only copy of a state lies there. */
static void clean_up(EngineRun *run)
{
    g_autofree char *state =
        run->folder ? g_build_filename(run->folder, "errored.tfstate", NULL) : NULL;

    if (run->work && !job_stopping(run->job) && !g_file_test(state, G_FILE_TEST_EXISTS) &&
        job_write(run->job, holds_job, NULL, NULL))
        folder_remove(run->work, NULL);
}

static gboolean run_steps(EngineRun *run, Value *result, GError **error)
{
    const Value *outputs = NULL;
    gboolean changes = FALSE;

    if (!do_init(run, error) || !do_plan(run, &changes, error))
        return FALSE;
    value_set_string(run->arena, result, "workspace", run->run->workspace);
    if (g_str_equal(run->run->operation, "plan"))
        return TRUE;
    if (!do_apply(run, changes, error) || !do_outputs(run, &outputs, error))
        return FALSE;
    value_set(run->arena, result, "outputs", outputs);
    return TRUE;
}

gboolean infra_run_job(Job *job, const Value **output, GError **error, void *data)
{
    EngineRun run = {.infra = data, .job = job, .arena = job_arena(job)};
    Value *result = value_object_new(run.arena);
    gboolean done;
    g_autoptr(InfraRun) row =
        infra_store_run(db_reader(run.infra->db), run.arena, job_id(job), error);

    if (!row)
        return FALSE;
    run.run = row;
    if (!prepare(&run, error))
        return FALSE;
    find_folder(&run);
    done = run_steps(&run, result, error);
    clean_up(&run);
    *output = result;
    return done;
}

/* ---- the end ---- */

gboolean infra_run_ended(DbConn *tx, const char *id, const char *state, void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(InfraRun) run = infra_store_run(tx, arena, id, error);
    gboolean good = g_str_equal(state, "succeeded");
    const char *result = state;

    if (!run)
        return FALSE;
    if (good)
        result = g_str_equal(run->operation, "destroy") ? "destroyed"
                 : g_str_equal(run->operation, "plan")  ? "planned"
                                                        : "applied";
    if (!infra_store_set_run_state(tx, id, result, clock_now_ms(), error))
        return FALSE;
    if (!good || !g_str_equal(run->operation, "plan"))
        append_event(tx, arena, run, good ? "applied" : state);
    return TRUE;
}

const Value *infra_run_value(Infra *infra, DbConn *conn, Arena *arena, const InfraRun *run)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", run->id);
    value_set_string(arena, value, "jobId", run->id);
    value_set_string(arena, value, "workspace", run->workspace);
    value_set_string(arena, value, "service", run->service);
    value_set_string(arena, value, "environment", run->environment);
    value_set_string(arena, value, "operation", run->operation);
    value_set_string(arena, value, "state", run->state);
    if (run->planned) {
        Value *plan = value_clone_shallow(arena, plan_value(arena, run));

        value_set(arena, plan, "changes",
                  json_parse(arena, run->plan_changes ? run->plan_changes : "[]", -1, NULL));
        value_set(arena, value, "plan", plan);
    }
    value_set_string(arena, value, "actor", run->actor);
    value_set_string(arena, value, "cause", run->cause);
    value_set(arena, value, "createdAt", clock_value(arena, run->created_at));
    value_set(arena, value, "endedAt", run->ended_at ? clock_value(arena, run->ended_at) : NULL);
    if (g_str_equal(run->state, "failed"))
        value_set_string(
            arena, value, "error",
            value_path_string(jobs_get(conn, arena, run->id, NULL), "error.message", NULL));
    return value;
}
