#include "deployments/deployments_internal.h"

#include "spine/clock.h"

#include <stdatomic.h>

/* Each live version has a thread that waits for its end, asks for its health and starts it again.
 * The process is not its child but the shim's, so that all of this can end and begin again without
 * the service noticing. */

enum {
    LOOK_MS = 200,
    PROBE_EVERY_MS = 5000,
    PROBE_STARTING_MS = 250,
    UNHEALTHY_AFTER = 3,
    STARTING_MAX_MS = 30000,
    BACKOFF_MIN_MS = 1000,
    BACKOFF_MAX_MS = 60000,
    LONG_LIFE_MS = 60000,
};

static char *key_of(const char *service, const char *environment)
{
    return g_strconcat(service, "/", environment, NULL);
}

/* ---- telling ---- */

typedef struct {
    Instance *instance;
    const char *type, *reason;
    gboolean restarted;
} Tell;

static gboolean tell_in(DbConn *tx, void *data, GError **error)
{
    const Tell *tell = data;
    Instance *instance = tell->instance;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Deployment *deployment = store_deployment(tx, arena, instance->deployment_id, error);

    if (!deployment)
        return FALSE;
    if (tell->restarted && !store_live_restarted(tx, deployment->id, error))
        return FALSE;
    if (tell->type)
        deployment_event(instance->deployments, tx, arena, tell->type, deployment, tell->reason);
    return TRUE;
}

static void tell(Instance *instance, const char *type, const char *reason, gboolean restarted)
{
    Tell what = {instance, type, reason, restarted};
    g_autoptr(GError) error = NULL;

    if (!db_write(instance->deployments->db, tell_in, &what, NULL, &error))
        g_warning("%s in %s: %s", instance->service, instance->environment, error->message);
}

/* ---- states ---- */

static InstanceState state_of(Instance *instance)
{
    InstanceState state;

    pthread_mutex_lock(&instance->deployments->mutex);
    state = instance->state;
    pthread_mutex_unlock(&instance->deployments->mutex);
    return state;
}

static void set_state(Instance *instance, InstanceState state)
{
    pthread_mutex_lock(&instance->deployments->mutex);
    instance->state = state;
    pthread_mutex_unlock(&instance->deployments->mutex);
}

/* Only while it is the live one: a version that was just replaced must not take the route back. */
static void route(Instance *instance, guint16 port)
{
    Deployments *deployments = instance->deployments;

    pthread_mutex_lock(&deployments->mutex);
    if (!instance->let_go)
        routes_set(deployments->routes, instance->service, instance->environment, port);
    pthread_mutex_unlock(&deployments->mutex);
}

static void on_healthy(Instance *instance)
{
    InstanceState before = state_of(instance);

    instance->failures_in_a_row = 0;
    if (before == INSTANCE_HEALTHY)
        return;
    set_state(instance, INSTANCE_HEALTHY);
    route(instance, instance->port);
    if (instance->ailing)
        tell(instance, "dev.pave.deployments.service.recovered", NULL, FALSE);
    instance->ailing = FALSE;
}

/* A start takes its time; one that takes this long is as bad as an end of health. */
static gboolean is_worth_telling(Instance *instance)
{
    InstanceState state = state_of(instance);

    if (state == INSTANCE_STARTING)
        return clock_monotonic_ms() - instance->started_at_ms >= STARTING_MAX_MS;
    return state == INSTANCE_HEALTHY && instance->failures_in_a_row >= UNHEALTHY_AFTER;
}

static void on_not_healthy(Instance *instance)
{
    Check check;

    instance->failures_in_a_row++;
    if (!is_worth_telling(instance))
        return;
    pthread_mutex_lock(&instance->deployments->mutex);
    instance->state = INSTANCE_UNHEALTHY;
    check = instance->check;
    pthread_mutex_unlock(&instance->deployments->mutex);
    instance->ailing = TRUE;
    tell(instance, "dev.pave.deployments.service.unhealthy", check.error, FALSE);
}

static void probe(Instance *instance)
{
    gboolean healthy = instance_probe(instance);

    if (healthy)
        on_healthy(instance);
    else
        on_not_healthy(instance);
    instance->probe_at_ms =
        clock_monotonic_ms() +
        (state_of(instance) == INSTANCE_STARTING ? PROBE_STARTING_MS : PROBE_EVERY_MS);
}

/* ---- ending and starting again ---- */

static gboolean is_let_go(Instance *instance)
{
    return atomic_load(&instance->let_go) || atomic_load(&instance->deployments->stopping);
}

static void pause_for(Instance *instance, int64_t duration_ms)
{
    int64_t until = clock_monotonic_ms() + duration_ms;

    while (!is_let_go(instance) && clock_monotonic_ms() < until)
        g_usleep(LOOK_MS * 500);
}

static void restart(Instance *instance, gboolean counts)
{
    g_autoptr(GError) error = NULL;

    if (counts) {
        pthread_mutex_lock(&instance->deployments->mutex);
        instance->restarts++;
        pthread_mutex_unlock(&instance->deployments->mutex);
        tell(instance, NULL, NULL, TRUE);
    }
    instance->failures_in_a_row = 0;
    instance->probe_at_ms = 0;
    if (instance_start(instance, &error))
        return;
    g_warning("%s in %s cannot be started: %s", instance->service, instance->environment,
              error->message);
    set_state(instance, INSTANCE_CRASHED);
}

/* One that ran well for a while begins anew; one that keeps dying is left alone ever longer. */
static void wait_longer(Instance *instance)
{
    gboolean ran_well = clock_monotonic_ms() - instance->started_at_ms >= LONG_LIFE_MS;

    instance->backoff_ms =
        CLAMP(ran_well ? 0 : instance->backoff_ms * 2, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
}

static void on_crash(Instance *instance, int exit_code)
{
    g_auto(GStrv) lines = instance_tail(instance->deployments, instance->service,
                                        instance->environment, instance->deployment_id, 5);
    g_autofree char *last = g_strjoinv("\n", lines);
    g_autofree char *reason = g_strdup_printf("it ended with status %d%s%s", exit_code,
                                              *last ? "; its last lines:\n" : "", last);

    set_state(instance, INSTANCE_CRASHED);
    route(instance, 0);
    instance->ailing = TRUE;
    wait_longer(instance);
    tell(instance, "dev.pave.deployments.service.crashed", reason, FALSE);
    pause_for(instance, instance->backoff_ms);
    if (!is_let_go(instance))
        restart(instance, TRUE);
}

/* Killed together with its shim: the machine's or an operator's doing, not the service's. */
static void on_killed(Instance *instance)
{
    set_state(instance, INSTANCE_STARTING);
    route(instance, 0);
    restart(instance, FALSE);
}

static void look(Instance *instance)
{
    int64_t until_probe = MAX(instance->probe_at_ms - clock_monotonic_ms(), 0);
    g_autoptr(GError) killed = NULL;
    int exit_code;

    if (!instance->process) {
        wait_longer(instance);
        pause_for(instance, instance->backoff_ms);
        if (!is_let_go(instance))
            restart(instance, FALSE);
    } else if (process_wait(instance->process, (int)MIN(until_probe, LOOK_MS), &exit_code,
                            &killed)) {
        g_clear_pointer(&instance->process, process_unref);
        on_crash(instance, exit_code);
    } else if (killed) {
        g_clear_pointer(&instance->process, process_unref);
        on_killed(instance);
    } else if (clock_monotonic_ms() >= instance->probe_at_ms) {
        probe(instance);
    }
}

static void *keep(void *data)
{
    Instance *instance = data;

    if (!instance->process && !instance_attach(instance))
        restart(instance, FALSE);
    while (!is_let_go(instance))
        look(instance);
    return NULL;
}

/* ---- which are kept ---- */

static void join(Instance *instance)
{
    atomic_store(&instance->let_go, TRUE);
    if (instance->kept)
        pthread_join(instance->keeper, NULL);
}

static void let_go(Instance *instance)
{
    join(instance);
    instance_free(instance);
}

gboolean keeper_has(Deployments *deployments, const Deployment *deployment)
{
    g_autofree char *key = key_of(deployment->service, deployment->environment);
    Instance *instance;
    gboolean has;

    pthread_mutex_lock(&deployments->mutex);
    instance = g_hash_table_lookup(deployments->live, key);
    has = instance && g_str_equal(instance->deployment_id, deployment->id);
    pthread_mutex_unlock(&deployments->mutex);
    return has;
}

void keeper_adopt(Deployments *deployments, Instance *instance)
{
    char *key = key_of(instance->service, instance->environment);
    Instance *before;

    pthread_mutex_lock(&deployments->mutex);
    before = g_hash_table_lookup(deployments->live, key);
    if (before)
        atomic_store(&before->let_go, TRUE);
    g_hash_table_replace(deployments->live, key, instance);
    if (instance->state == INSTANCE_HEALTHY)
        routes_set(deployments->routes, instance->service, instance->environment, instance->port);
    instance->kept = pthread_create(&instance->keeper, NULL, keep, instance) == 0;
    g_assert(instance->kept);
    pthread_mutex_unlock(&deployments->mutex);
    if (before)
        let_go(before);
}

void keeper_drop(Deployments *deployments, const char *service, const char *environment)
{
    g_autofree char *key = key_of(service, environment), *kept_key = NULL;
    Instance *instance = NULL;

    pthread_mutex_lock(&deployments->mutex);
    if (g_hash_table_steal_extended(deployments->live, key, (gpointer *)&kept_key,
                                    (gpointer *)&instance))
        atomic_store(&instance->let_go, TRUE);
    routes_set(deployments->routes, service, environment, 0);
    pthread_mutex_unlock(&deployments->mutex);
    if (!instance)
        return;
    join(instance);
    instance_stop(instance);
    instance_free(instance);
}

void keeper_release_all(Deployments *deployments)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    GHashTableIter iter;
    gpointer instance;

    pthread_mutex_lock(&deployments->mutex);
    g_hash_table_iter_init(&iter, deployments->live);
    while (g_hash_table_iter_next(&iter, NULL, &instance)) {
        atomic_store(&((Instance *)instance)->let_go, TRUE);
        g_ptr_array_add(all, instance);
    }
    g_hash_table_remove_all(deployments->live);
    pthread_mutex_unlock(&deployments->mutex);
    for (guint i = 0; i < all->len; i++)
        let_go(all->pdata[i]);
}
