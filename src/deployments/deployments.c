#include "deployments/deployments_internal.h"

#include <stdatomic.h>

Deployments *deployments_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Blobs *blobs,
                             const Config *config, const char *data_folder, GError **error)
{
    Deployments *deployments = g_new0(Deployments, 1);

    deployments->db = db;
    deployments->events = events;
    deployments->jobs = jobs;
    deployments->secrets = secrets;
    deployments->blobs = blobs;
    deployments->data_folder = g_strdup(data_folder);
    deployments->settings = settings_new(config);
    deployments->routes = routes_new();
    deployments->live = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pthread_mutex_init(&deployments->mutex, NULL);
    deploy_register(deployments);
    return deployments;
}

void deployments_free(Deployments *deployments)
{
    if (!deployments)
        return;
    deployments_stop(deployments);
    g_hash_table_unref(deployments->live);
    pthread_mutex_destroy(&deployments->mutex);
    routes_free(deployments->routes);
    settings_free(deployments->settings);
    g_free(deployments->data_folder);
    g_free(deployments);
}

void deployments_set_owners(Deployments *deployments, DeploymentsOwnersFn owners, void *data)
{
    deployments->owners = owners;
    deployments->owners_data = data;
}

static void take_up(Deployments *deployments, const Live *live)
{
    g_autoptr(GError) error = NULL;
    Instance *instance;

    if (keeper_has(deployments, &live->deployment))
        return;
    instance = instance_new(deployments, &live->deployment, &error);
    if (!instance) {
        g_warning("%s in %s: %s", live->service, live->environment, error->message);
        return;
    }
    instance->since_ms = live->since_at;
    instance->restarts = live->restarts;
    /* What still runs has been serving all along; its first probe says whether it is well. */
    if (instance_attach(instance))
        instance->state = INSTANCE_HEALTHY;
    keeper_adopt(deployments, instance);
}

gboolean deployments_start(Deployments *deployments, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) live = store_live(db_reader(deployments->db), arena, NULL, NULL, error);

    for (guint i = 0; live && i < live->len; i++)
        take_up(deployments, live->pdata[i]);
    return live != NULL;
}

void deployments_stop(Deployments *deployments)
{
    atomic_store(&deployments->stopping, TRUE);
    keeper_release_all(deployments);
}

gboolean deployments_route(Deployments *deployments, const char *service, const char *environment,
                           char **address, guint16 *port)
{
    *port = routes_get(deployments->routes, service, environment);
    if (!*port)
        return FALSE;
    *address = g_strdup("127.0.0.1");
    return TRUE;
}

const char *const *deployments_environments(Deployments *deployments)
{
    return (const char *const *)deployments->settings->names;
}

const Value *deployments_environment_list(Deployments *deployments, Arena *arena)
{
    const GPtrArray *environments = deployments->settings->environments;
    Value *list = value_array_new(arena);

    for (guint i = 0; i < environments->len; i++) {
        const Environment *environment = environments->pdata[i];
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "name", environment->name);
        value_set_bool(arena, item, "production", environment->production);
        value_append(arena, list, item);
    }
    return list;
}

/* Under the mutex: each is told to be quick. */
void deployments_each_running(Deployments *deployments,
                              void (*each)(const RunningVersion *running, void *data), void *data)
{
    GHashTableIter iter;
    gpointer value;

    pthread_mutex_lock(&deployments->mutex);
    g_hash_table_iter_init(&iter, deployments->live);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Instance *instance = value;
        const Check *check = &instance->check;
        RunningVersion running = {.service = instance->service,
                                  .environment = instance->environment,
                                  .deployment_id = instance->deployment_id,
                                  .release = instance->digest,
                                  .commit = instance->commit,
                                  .state = instance_state_name(instance->state),
                                  .since_ms = instance->since_ms,
                                  .restarts = instance->restarts,
                                  .port = instance->port,
                                  .last_check_ms = check->at_ms,
                                  .last_status = check->status,
                                  .latency_ms = check->latency_ms,
                                  .last_error = *check->error ? check->error : NULL};

        each(&running, data);
    }
    pthread_mutex_unlock(&deployments->mutex);
}
