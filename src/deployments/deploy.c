#include "deployments/deployments_internal.h"

#include "spine/clock.h"
#include "spine/folder.h"

#include <string.h>

/* A deployment: unpack, start, verify, switch, retire. The new version serves nobody before it is
 * healthy, and the old one serves until then. Whatever fails, the old one goes on. */

enum {
    VERIFY_MS = 30000,
    VERIFY_EVERY_MS = 50,
    STARTS_MAX = 3, /* of one attempt, should the process be killed from outside */
    DRAIN_MS = 500,
    REASON_LINES = 8,
    OUTPUT_CHUNK = 16384,
    FOLDERS_KEPT = 5,
    FORGOTTEN_AT_ONCE = 50,
};

/* ---- the job ---- */

typedef struct {
    Deployments *deployments;
    Job *job;
    Deployment deployment;
    Instance *instance;
    int64_t output_at; /* how much of its output was copied */
    int64_t lines_at;  /* the same, in whole lines */
    gboolean verified; /* by this attempt */
    const char *replaced;
} Deploy;

typedef struct {
    Deploy *deploy;
    DeploymentState to;
} Move;

static gboolean move_in(DbConn *tx, void *data, GError **error)
{
    const Move *move = data;
    Deployment *deployment = &move->deploy->deployment;

    return store_move(tx, deployment->id, deployment->state, move->to, NULL, error);
}

static gboolean move(Deploy *deploy, DeploymentState to, GError **error)
{
    Move what = {deploy, to};

    if (deploy->deployment.state == to)
        return TRUE;
    if (!job_write(deploy->job, move_in, &what, error))
        return FALSE;
    deploy->deployment.state = to;
    return TRUE;
}

static void remove_app(const char *folder)
{
    g_autofree char *app = g_build_filename(folder, "app", NULL);

    g_autoptr(GError) error = NULL;

    if (!folder_remove(app, &error))
        g_warning("%s stays: %s", app, error->message);
}

static gboolean do_unpack(Deploy *deploy, const char *step, GError **error)
{
    job_print(deploy->job, step, "info", "Release %s of commit %s", deploy->deployment.digest,
              deploy->deployment.commit ? deploy->deployment.commit : "unknown");
    return instance_unpack(deploy->instance, error);
}

static void mask_secrets(Deploy *deploy)
{
    g_autofree char *scope = g_strdup_printf("service:%s/%s", deploy->deployment.service,
                                             deploy->deployment.environment);
    g_autoptr(GHashTable) secrets = secrets_of_scope(
        deploy->deployments->secrets, db_reader(deploy->deployments->db), scope, NULL);
    GHashTableIter iter;
    gpointer value;

    if (!secrets)
        return;
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        job_mask(deploy->job, value);
}

static gboolean ensure_started(Deploy *deploy, const char *step, GError **error)
{
    Instance *instance = deploy->instance;

    if (instance_attach(instance)) {
        deploy->output_at = deploy->lines_at = process_output_mark(instance->process);
        job_print(deploy->job, step, "info", "Found running on port %u", instance->port);
        return TRUE;
    }
    deploy->output_at = deploy->lines_at = 0;
    if (!instance_start(instance, error))
        return FALSE;
    job_print(deploy->job, step, "info", "Started on port %u", instance->port);
    return TRUE;
}

static gboolean do_start(Deploy *deploy, const char *step, GError **error)
{
    return ensure_started(deploy, step, error);
}

/* A line that is still open is lost with the server: whoever attaches next takes it from its
 * beginning. */
static void note_lines(Deploy *deploy, const char *bytes, gsize length)
{
    const char *newline = memrchr(bytes, '\n', length);

    if (newline)
        deploy->lines_at = deploy->output_at + (newline - bytes) + 1;
    deploy->output_at += (int64_t)length;
}

static void copy_output(Deploy *deploy, const char *step)
{
    char bytes[OUTPUT_CHUNK];
    int64_t before = deploy->lines_at;
    gssize got;

    if (!deploy->instance->process)
        return;
    while ((got = process_read_output(deploy->instance->process, deploy->output_at, bytes,
                                      sizeof(bytes), NULL)) > 0) {
        job_output(deploy->job, step, bytes, (gsize)got);
        note_lines(deploy, bytes, (gsize)got);
    }
    if (deploy->lines_at > before)
        process_set_output_mark(deploy->instance->process, deploy->lines_at);
}

static void set_failed(Deploy *deploy, const char *what, GError **error)
{
    const Deployment *deployment = &deploy->deployment;
    g_auto(GStrv) lines = instance_tail(deploy->deployments, deployment->service,
                                        deployment->environment, deployment->id, REASON_LINES);
    g_autofree char *last = g_strjoinv("\n", lines);

    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s%s%s", what, *last ? "; its last lines:\n" : "",
                last);
}

/* 1 healthy, 0 not yet, -1 failed with error, -2 killed from outside. */
static int look(Deploy *deploy, const char *step, GError **error)
{
    Instance *instance = deploy->instance;
    g_autofree char *what = NULL;
    g_autoptr(GError) killed = NULL;
    int exit_code;
    gboolean ended = process_wait(instance->process, VERIFY_EVERY_MS, &exit_code, &killed);

    copy_output(deploy, step);
    if (killed)
        return -2;
    if (ended) {
        what = g_strdup_printf("it ended with status %d before it was healthy", exit_code);
        set_failed(deploy, what, error);
        return -1;
    }
    return instance_probe(instance) ? 1 : 0;
}

static gboolean wait_until_healthy(Deploy *deploy, const char *step, GError **error)
{
    int64_t deadline = clock_monotonic_ms() + VERIFY_MS;
    g_autofree char *what = NULL;
    int starts = 1;

    while (clock_monotonic_ms() < deadline) {
        int seen;

        if (job_cancelled(deploy->job)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "cancelled");
            return FALSE;
        }
        seen = look(deploy, step, error);
        if (seen == -2 && starts++ < STARTS_MAX && ensure_started(deploy, step, error))
            continue;
        if (seen == -2 && error && !*error)
            set_failed(deploy, "it was killed from outside", error);
        if (seen < 0)
            return FALSE;
        if (seen == 1)
            return TRUE;
    }
    what = g_strdup_printf("it was not healthy within %d seconds (%s)", VERIFY_MS / 1000,
                           deploy->instance->check.error);
    set_failed(deploy, what, error);
    return FALSE;
}

static gboolean do_verify(Deploy *deploy, const char *step, GError **error)
{
    /* It does not run where the job is tried again: what failed was stopped. */
    if ((!deploy->instance->process && !ensure_started(deploy, step, error)) ||
        !wait_until_healthy(deploy, step, error))
        return FALSE;
    deploy->verified = TRUE;
    job_print(deploy->job, step, "info", "Healthy after %.0f ms (%s answered in %.1f ms)",
              (double)(clock_now_ms() - deploy->deployment.started_at),
              deploy->instance->health_path, deploy->instance->check.latency_ms);
    return TRUE;
}

static const char *event_type(const Deploy *deploy)
{
    if (!deploy->replaced)
        return "dev.cdevents.service.deployed.0.2.0";
    return g_str_equal(deploy->deployment.kind, "rollback")
               ? "dev.cdevents.service.rolledback.0.2.0"
               : "dev.cdevents.service.upgraded.0.2.0";
}

static gboolean switch_in(DbConn *tx, void *data, GError **error)
{
    Deploy *deploy = data;
    Arena *arena = job_arena(deploy->job);
    const Deployment *now;

    if (!store_live_set(tx, arena, &deploy->deployment, &deploy->replaced, error))
        return FALSE;
    now = store_deployment(tx, arena, deploy->deployment.id, error);
    if (!now)
        return FALSE;
    deployment_event(deploy->deployments, tx, arena, event_type(deploy), now, NULL);
    return TRUE;
}

static void adopt(Deploy *deploy)
{
    Instance *instance = deploy->instance;

    instance->state = INSTANCE_HEALTHY;
    instance->since_ms = clock_now_ms();
    deploy->instance = NULL;
    keeper_adopt(deploy->deployments, instance);
}

static gboolean do_switch(Deploy *deploy, const char *step, GError **error)
{
    g_autofree char *url = settings_url(deploy->deployments->settings, deploy->deployment.service,
                                        deploy->deployment.environment);

    if (deploy->deployment.state != DEPLOYMENT_LIVE) {
        /* It may have died since an earlier attempt verified it, with the server. */
        if (!deploy->verified &&
            (!ensure_started(deploy, step, error) || !wait_until_healthy(deploy, step, error)))
            return FALSE;
        if (!job_write(deploy->job, switch_in, deploy, error))
            return FALSE;
        deploy->deployment.state = DEPLOYMENT_LIVE;
    }
    if (!keeper_has(deploy->deployments, &deploy->deployment))
        adopt(deploy);
    job_print(deploy->job, step, "info", "Live at %s", url);
    return TRUE;
}

/* What the last few printed is kept; the releases stay, so that any can come back. */
static void forget_old(Deploy *deploy)
{
    const Deployment *own = &deploy->deployment;
    g_autoptr(GPtrArray) all =
        store_deployments(db_reader(deploy->deployments->db), job_arena(deploy->job), own->service,
                          own->environment, FORGOTTEN_AT_ONCE, NULL);

    for (guint i = FOLDERS_KEPT; all && i < all->len; i++) {
        const Deployment *old = all->pdata[i];
        g_autofree char *folder =
            instance_folder(deploy->deployments, old->service, old->environment, old->id);

        if (old->state == DEPLOYMENT_SUPERSEDED || old->state == DEPLOYMENT_FAILED ||
            old->state == DEPLOYMENT_STOPPED)
            folder_remove(folder, NULL);
    }
}

static gboolean do_retire(Deploy *deploy, const char *step, GError **error)
{
    const Deployment *now = store_deployment(db_reader(deploy->deployments->db),
                                             job_arena(deploy->job), deploy->deployment.id, error);
    const Deployment *old;
    g_autoptr(Instance) instance = NULL;

    if (!now)
        return FALSE;
    if (!now->replaced_id)
        return TRUE;
    old = store_deployment(db_reader(deploy->deployments->db), job_arena(deploy->job),
                           now->replaced_id, error);
    if (!old || !(instance = instance_new(deploy->deployments, old, error)))
        return FALSE;
    g_usleep(DRAIN_MS * 1000);
    if (instance_attach(instance))
        instance_stop(instance);
    remove_app(instance->folder);
    job_print(deploy->job, step, "info", "Stopped deployment %s", old->id);
    forget_old(deploy);
    return TRUE;
}

typedef struct {
    const char *id, *name;
    StepRecovery recovery;
    DeploymentState state; /* while it runs */
    gboolean (*run)(Deploy *deploy, const char *step, GError **error);
} DeployStep;

static const DeployStep STEPS[] = {
    {"unpack", "Unpack the release", RECOVERY_REPEAT, DEPLOYMENT_STARTING, do_unpack},
    {"start", "Start the new version", RECOVERY_PROBE, DEPLOYMENT_STARTING, do_start},
    {"verify", "Wait until it is healthy", RECOVERY_REPEAT, DEPLOYMENT_VERIFYING, do_verify},
    {"switch", "Send traffic to it", RECOVERY_REPEAT, DEPLOYMENT_VERIFYING, do_switch},
    {"retire", "Stop the old version", RECOVERY_REPEAT, DEPLOYMENT_LIVE, do_retire},
};

static gboolean run_step(Deploy *deploy, const DeployStep *step, GError **error)
{
    JobStep opened;
    GError *failed = NULL;
    gboolean is_live = deploy->deployment.state == DEPLOYMENT_LIVE;

    if (!job_step_open(deploy->job, step->id, step->name, step->recovery, &opened, error))
        return FALSE;
    if (opened.state == STEP_DONE || opened.state == STEP_SKIPPED)
        return TRUE;
    if ((is_live || move(deploy, step->state, &failed)) && step->run(deploy, step->id, &failed)) {
        job_output_flush(deploy->job, step->id);
        return job_step_finish(deploy->job, step->id, NULL, NULL, error);
    }
    job_output_flush(deploy->job, step->id);
    if (!g_error_matches(failed, PAVE_ERROR, ERROR_CANCELLED) || !job_stopping(deploy->job))
        job_step_fail(deploy->job, step->id, failed, NULL);
    g_propagate_error(error, failed);
    return FALSE;
}

/* ---- failing ---- */

typedef struct {
    Deployments *deployments;
    const Deployment *deployment;
    const char *reason;
} Fail;

static gboolean fail_in(DbConn *tx, void *data, GError **error)
{
    const Fail *fail = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Deployment *now = store_deployment(tx, arena, fail->deployment->id, error);

    if (!now)
        return FALSE;
    if (!deployment_state_may_become(now->state, DEPLOYMENT_FAILED))
        return TRUE;
    if (!store_move(tx, now->id, now->state, DEPLOYMENT_FAILED, fail->reason, error))
        return FALSE;
    now = store_deployment(tx, arena, now->id, error);
    if (!now)
        return FALSE;
    deployment_event(fail->deployments, tx, arena, "dev.pave.deployments.deployment.failed", now,
                     fail->reason);
    return TRUE;
}

static void give_up(Deploy *deploy, const GError *why)
{
    Fail fail = {deploy->deployments, &deploy->deployment, why->message};
    g_autoptr(GError) error = NULL;

    if (deploy->instance && (deploy->instance->process || instance_attach(deploy->instance)))
        instance_stop(deploy->instance);
    if (deploy->instance && deploy->deployment.state != DEPLOYMENT_LIVE)
        remove_app(deploy->instance->folder);
    if (!job_write(deploy->job, fail_in, &fail, &error))
        g_warning("deployment %s: %s", deploy->deployment.id, error->message);
}

/* ---- the kind ---- */

static gboolean load(Deploy *deploy, GError **error)
{
    const char *id = value_path_string(job_payload(deploy->job), "deployment", "");
    const Deployment *deployment =
        store_deployment(db_reader(deploy->deployments->db), job_arena(deploy->job), id, error);

    if (!deployment)
        return FALSE;
    deploy->deployment = *deployment;
    /* A retry, or an attempt that died: the way through the states begins again. */
    if (deployment->state == DEPLOYMENT_FAILED || deployment->state == DEPLOYMENT_QUEUED ||
        deployment->state == DEPLOYMENT_VERIFYING) {
        if (!move(deploy, DEPLOYMENT_STARTING, error))
            return FALSE;
        if (!deploy->deployment.started_at)
            deploy->deployment.started_at = clock_now_ms();
    }
    deploy->instance = instance_new(deploy->deployments, &deploy->deployment, error);
    return deploy->instance != NULL;
}

/* The states follow the steps even where a step was finished by an earlier attempt. */
static gboolean run_steps(Deploy *deploy, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        if (deploy->deployment.state != DEPLOYMENT_LIVE && STEPS[i].state != DEPLOYMENT_LIVE &&
            !move(deploy, STEPS[i].state, error))
            return FALSE;
        if (!run_step(deploy, &STEPS[i], error))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    Deployments *deployments;
    const Deployment *deployment;
} Started;

static gboolean started_in(DbConn *tx, void *data, GError **error)
{
    const Started *started = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    deployment_event(started->deployments, tx, arena, "dev.pave.deployments.deployment.started",
                     started->deployment, NULL);
    return TRUE;
}

static gboolean run(Job *job, const Value **output, GError **error, void *data)
{
    Deploy deploy = {.deployments = data, .job = job};
    Value *result = value_object_new(job_arena(job));
    g_autoptr(GError) failed = NULL;
    gboolean done;

    done = load(&deploy, &failed);
    if (done && job_attempt(job) <= 1) {
        Started started = {data, &deploy.deployment};

        done = job_write(job, started_in, &started, &failed);
    }
    mask_secrets(&deploy);
    done = done && run_steps(&deploy, &failed);
    if (!done && deploy.deployment.id && !job_stopping(job))
        give_up(&deploy, failed);
    instance_free(deploy.instance);
    if (!done) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    value_set_string(job_arena(job), result, "deployment", deploy.deployment.id);
    *output = result;
    return TRUE;
}

/* For what ended without running: cancelled in the queue. */
static gboolean on_ended(DbConn *tx, const char *job_id, const char *state, void *data,
                         GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Deployment *deployment = store_deployment_by_job(tx, arena, job_id, error);
    Fail fail = {data, deployment, state};

    if (!deployment || g_str_equal(state, "succeeded"))
        return TRUE;
    return deployment->state == DEPLOYMENT_FAILED || fail_in(tx, &fail, error);
}

void deploy_register(Deployments *deployments)
{
    jobs_register(
        deployments->jobs,
        &(JobKind){.name = DEPLOY_KIND, .run = run, .ended = on_ended, .data = deployments});
}
