#include "deployments/deployments_internal.h"

#include "spine/clock.h"

#include <string.h>

/* What a person or a pipeline asks for: deploy, roll back, stop. */

typedef struct {
    Deployments *deployments;
    Arena *arena;
    const DeployOrder *order;
    const Release *release;
    const char *id; /* the answer */
} Submit;

static const char *submit_job(const Submit *submit, DbConn *tx, const char *id, GError **error)
{
    const DeployOrder *order = submit->order;
    Arena *arena = submit->arena;
    Value *payload = value_object_new(arena);
    const char *what = g_str_equal(order->kind, "rollback") ? "Roll back" : "Deploy";
    JobSpec spec = {
        .kind = DEPLOY_KIND,
        .subject = arena_printf(arena, "component:default/%s", order->service),
        .title = arena_printf(arena, "%s %s in %s", what, order->service, order->environment),
        .actor = order->actor,
        .cause = order->cause,
        .queue_key = arena_printf(arena, "deploy:%s/%s", order->service, order->environment),
        .payload = payload,
    };

    value_set_string(arena, payload, "deployment", id);
    return jobs_submit(tx, submit->deployments->jobs, arena, &spec, error);
}

static gboolean submit_in(DbConn *tx, void *data, GError **error)
{
    Submit *submit = data;
    const DeployOrder *order = submit->order;
    const Release *release = submit->release;
    g_autofree char *id = NULL;
    Deployment deployment;
    const Deployment *same;
    GError *failed = NULL;

    if (order->idempotency_key) {
        same = store_deployment_by_key(tx, submit->arena, order->idempotency_key, &failed);
        submit->id = same ? same->id : NULL;
        if (failed) {
            g_propagate_error(error, failed);
            return FALSE;
        }
        if (same)
            return TRUE;
    }
    id = clock_new_id();
    deployment = (Deployment){.id = id,
                              .service = order->service,
                              .environment = order->environment,
                              .digest = release->digest,
                              .commit = release->commit,
                              .message = release->message,
                              .committed_at = release->committed_at,
                              .kind = order->kind,
                              .actor = order->actor,
                              .idempotency_key = order->idempotency_key,
                              .created_at = clock_now_ms()};
    deployment.job_id = submit_job(submit, tx, id, error);
    submit->id = arena_strdup(submit->arena, id);
    return deployment.job_id && store_deployment_add(tx, &deployment, error);
}

const char *deploy_submit(Deployments *deployments, Arena *arena, const DeployOrder *order,
                          GError **error)
{
    Submit submit = {.deployments = deployments, .arena = arena, .order = order};

    if (!service_name_check(order->service, error) ||
        !settings_find(deployments->settings, order->environment, error))
        return NULL;
    submit.release = store_release_find(db_reader(deployments->db), arena, order->service,
                                        order->release, error);
    if (!submit.release || !db_write(deployments->db, submit_in, &submit, NULL, error))
        return NULL;
    return submit.id;
}

const char *rollback_submit(Deployments *deployments, Arena *arena, const char *service,
                            const char *environment, const char *to, const char *actor,
                            GError **error)
{
    DbConn *conn = db_reader(deployments->db);
    g_autoptr(GPtrArray) live = store_live(conn, arena, service, environment, error);
    const Live *current = live && live->len ? live->pdata[0] : NULL;
    const Deployment *wanted = to ? store_deployment(conn, arena, to, NULL) : NULL;
    DeployOrder order = {.service = service,
                         .environment = environment,
                         .kind = "rollback",
                         .actor = actor,
                         .release = wanted ? wanted->digest : to};

    if (!live)
        return NULL;
    if (wanted && (!g_str_equal(wanted->service, service) ||
                   !g_str_equal(wanted->environment, environment))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "deployment %s is not of %s in %s", to, service,
                    environment);
        return NULL;
    }
    if (!current || (!to && !current->previous.id)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "%s in %s has no earlier version to go back to", service, environment);
        return NULL;
    }
    if (!to)
        order.release = current->previous.digest;
    return deploy_submit(deployments, arena, &order, error);
}

/* ---- stopping ---- */

typedef struct {
    Deployments *deployments;
    Arena *arena;
    const char *service, *environment, *actor;
} Stop;

static gboolean stop_in(DbConn *tx, void *data, GError **error)
{
    const Stop *stop = data;
    g_autoptr(GPtrArray) live =
        store_live(tx, stop->arena, stop->service, stop->environment, error);
    Deployment stopped;

    if (!live)
        return FALSE;
    if (!live->len) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "nothing of %s runs in %s", stop->service,
                    stop->environment);
        return FALSE;
    }
    stopped = ((const Live *)live->pdata[0])->deployment;
    stopped.actor = stop->actor;
    deployment_event(stop->deployments, tx, stop->arena, "dev.cdevents.service.removed.0.2.0",
                     &stopped, NULL);
    return store_live_remove(tx, &stopped, error);
}

gboolean deploy_stop(Deployments *deployments, Arena *arena, const char *service,
                     const char *environment, const char *actor, GError **error)
{
    Stop stop = {deployments, arena, service, environment, actor};

    if (!db_write(deployments->db, stop_in, &stop, NULL, error))
        return FALSE;
    keeper_drop(deployments, service, environment);
    return TRUE;
}

gboolean deployments_remove(Deployments *deployments, Arena *arena, const char *service,
                            const char *environment, const char *actor, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (deploy_stop(deployments, arena, service, environment, actor, &failure) ||
        g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

const Value *deployments_live(Deployments *deployments, Arena *arena, const char *service,
                              GError **error)
{
    g_autoptr(GPtrArray) live = store_live(db_reader(deployments->db), arena, service, NULL, error);
    Value *items = value_array_new(arena);

    for (guint i = 0; live && i < live->len; i++) {
        const Deployment *deployment = &((const Live *)g_ptr_array_index(live, i))->deployment;
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "environment", deployment->environment);
        value_set_string(arena, item, "release", deployment->digest);
        value_set_string(arena, item, "commit", deployment->commit);
        value_append(arena, items, item);
    }
    return live ? items : NULL;
}

/* ---- for other rooms ---- */

static const Value *order_value(Deployments *deployments, Arena *arena, const DeployOrder *order,
                                const Release *release, const Deployment *deployment)
{
    g_autofree char *url = settings_url(deployments->settings, order->service, order->environment);
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", deployment ? deployment->id : NULL);
    value_set_string(arena, value, "jobId", deployment ? deployment->job_id : NULL);
    value_set_string(arena, value, "service", order->service);
    value_set_string(arena, value, "environment", order->environment);
    value_set_string(arena, value, "release", deployment ? deployment->digest : release->digest);
    value_set_string(arena, value, "commit", deployment ? deployment->commit : release->commit);
    value_set_string(arena, value, "url", url);
    return value;
}

static const Value *submit_order(Deployments *deployments, Arena *arena, const DeployOrder *order,
                                 GError **error)
{
    const char *id = deploy_submit(deployments, arena, order, error);
    const Deployment *deployment =
        id ? store_deployment(db_reader(deployments->db), arena, id, error) : NULL;

    return deployment ? order_value(deployments, arena, order, NULL, deployment) : NULL;
}

const Value *deployments_order(Deployments *deployments, Arena *arena,
                               const DeploymentsOrder *wanted, GError **error)
{
    DeployOrder order = {.service = wanted->service,
                         .environment = wanted->environment,
                         .release = wanted->release,
                         .kind = "deploy",
                         .actor = principal_name(wanted->principal),
                         .idempotency_key = wanted->key,
                         .cause = wanted->cause};

    if (!service_name_check(order.service, error) ||
        !settings_find(deployments->settings, order.environment, error))
        return NULL;
    const char *const *owners =
        deployments->owners ? deployments->owners(arena, order.service, deployments->owners_data)
                            : NULL;

    if (!access_check(wanted->principal, "deployments.deployment.create", owners, error))
        return NULL;
    const Release *release =
        store_release_find(db_reader(deployments->db), arena, order.service, order.release, error);

    if (!release)
        return NULL;
    return wanted->dry ? order_value(deployments, arena, &order, release, NULL)
                       : submit_order(deployments, arena, &order, error);
}

gboolean deployments_take_back(Deployments *deployments, Arena *arena, const char *id,
                               const char *actor, const char **job_id, GError **error)
{
    DbConn *conn = db_reader(deployments->db);
    const Deployment *made = store_deployment(conn, arena, id, error);
    g_autoptr(GPtrArray) live =
        made ? store_live(conn, arena, made->service, made->environment, error) : NULL;
    const Live *current = live && live->len ? live->pdata[0] : NULL;

    *job_id = NULL;
    if (!live)
        return FALSE;
    if (!current || !g_str_equal(current->deployment.id, id))
        return TRUE;
    if (!current->previous.id)
        return deploy_stop(deployments, arena, made->service, made->environment, actor, error);
    const char *back =
        rollback_submit(deployments, arena, made->service, made->environment, NULL, actor, error);
    const Deployment *again =
        back ? store_deployment(db_reader(deployments->db), arena, back, error) : NULL;

    *job_id = again ? again->job_id : NULL;
    return again != NULL;
}
