/* pave:deploy orders a deployment under the step's intent and waits for it: an attempt that finds
 * the order already there waits for that one. */
#include "deployments/deployments.h"
#include "scaffolder/scaffolder_internal.h"
#include "spine/access.h"

enum { LOOK_MS = 250 };

static const char *name_of(ActionRun *run, const Value *input, GError **error)
{
    const char *ref = catalog_ref(run->arena, value_path_string(input, "service", ""), "component",
                                  "default", error);

    return ref ? strrchr(ref, '/') + 1 : NULL;
}

static const Value *order(ActionRun *run, const Value *input, GError **error)
{
    Deployments *deployments = run->scaffolder->deployments;
    const char *service = name_of(run, input, error);
    /* Who runs the template may deploy only what he may deploy by himself. */
    g_autoptr(Principal) principal =
        scaffolder_principal(run->scaffolder, run->runner->actor, false);

    if (!service)
        return NULL;
    if (!deployments) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "nothing is deployed from here");
        return NULL;
    }
    return deployments_order(
        deployments, run->arena,
        &(DeploymentsOrder){.service = service,
                            .environment = value_path_string(input, "environment", ""),
                            .release = value_path_string(input, "release", NULL),
                            .principal = principal,
                            .cause = run->runner->task_id,
                            .key = run->dry ? NULL : run->intent_id,
                            .dry = run->dry},
        error);
}

/* Waits for the job; a cancelled task takes it with it. */
static gboolean wait_for(ActionRun *run, const char *job, GError **error)
{
    Jobs *jobs = run->scaffolder->jobs;

    for (;;) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        const char *state = jobs_wait(jobs, arena, job, run->job, LOOK_MS, error);

        if (!state) {
            if (action_cancelled(run) && !job_stopping(run->job))
                jobs_cancel(jobs, job, run->runner->actor, NULL);
            return FALSE;
        }
        if (g_str_equal(state, "succeeded"))
            return TRUE;
        if (!g_str_equal(state, "failed") && !g_str_equal(state, "cancelled"))
            continue;
        const Value *ended = jobs_get(db_reader(run->scaffolder->db), arena, job, NULL);

        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the deployment %s: %s", state,
                    value_path_string(ended, "error.message", "see its log"));
        return FALSE;
    }
}

static gboolean run_deploy(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *ordered = order(run, input, error);
    Value *detail = value_object_new(run->arena), *result = value_object_new(run->arena);
    static const char *const members[] = {"service", "environment", "release", "commit", "url"};

    if (!ordered)
        return FALSE;
    const char *service = value_path_string(ordered, "service", "");
    const char *environment = value_path_string(ordered, "environment", "");

    action_log(run, "info", "Deploying %s to %s", service, environment);
    value_set(run->arena, detail, "release", value_get(ordered, "release"));
    value_set(run->arena, detail, "commit", value_get(ordered, "commit"));
    value_set(run->arena, detail, "deployment", value_get(ordered, "id"));
    action_effect(run, &(Effect){.operation = "create",
                                 .kind = "deployment",
                                 .ref = arena_printf(run->arena, "%s/%s", service, environment),
                                 .url = value_path_string(ordered, "url", NULL),
                                 .detail = detail});
    if (!run->dry && !wait_for(run, value_path_string(ordered, "jobId", ""), error))
        return FALSE;
    value_set(run->arena, result, "deploymentId", value_get(ordered, "id"));
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        value_set(run->arena, result, members[i], value_get(ordered, members[i]));
    *output = result;
    return TRUE;
}

static gboolean undo_deploy(ActionRun *run, const Effect *effect, GError **error)
{
    const char *id = value_path_string(effect->detail, "deployment", NULL), *job = NULL;

    if (!id || !run->scaffolder->deployments)
        return TRUE;
    return deployments_take_back(run->scaffolder->deployments, run->arena, id, run->runner->actor,
                                 &job, error) &&
           (!job || wait_for(run, job, error));
}

const Action action_pave_deploy = {
    .id = "pave:deploy",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_deploy,
    .undo = undo_deploy,
    .undo_text = "Brings back what was live before, or stops the service",
};
