#include "deployments/deployments_internal.h"

#include "spine/clock.h"

const Value *encode_deployment(Arena *arena, const Deployment *deployment)
{
    Value *value = value_object_new(arena);

    value_set_nullable(arena, value, "id", deployment->id);
    value_set_nullable(arena, value, "service", deployment->service);
    value_set_nullable(arena, value, "environment", deployment->environment);
    value_set_nullable(arena, value, "release", deployment->digest);
    value_set_nullable(arena, value, "commit", deployment->commit);
    value_set_nullable(arena, value, "commitMessage", deployment->message);
    value_set_nullable(arena, value, "kind", deployment->kind);
    value_set_nullable(arena, value, "state", deployment_state_name(deployment->state));
    value_set_nullable(arena, value, "reason", deployment->reason);
    value_set_nullable(arena, value, "actor", deployment->actor);
    value_set_nullable(arena, value, "jobId", deployment->job_id);
    value_set(arena, value, "createdAt", clock_value(arena, deployment->created_at));
    value_set(arena, value, "startedAt", clock_value(arena, deployment->started_at));
    value_set(arena, value, "finishedAt", clock_value(arena, deployment->finished_at));
    return value;
}

const Value *encode_release(Arena *arena, const Release *release)
{
    Value *value = value_object_new(arena), *tags = value_array_new(arena);
    g_auto(GStrv) names = g_strsplit(release->tags ? release->tags : "", " ", -1);

    for (char **name = names; *name; name++)
        if (**name)
            value_append(arena, tags, value_string_new(arena, *name));
    value_set_nullable(arena, value, "service", release->service);
    value_set_nullable(arena, value, "digest", release->digest);
    value_set_nullable(arena, value, "commit", release->commit);
    value_set_nullable(arena, value, "message", release->message);
    value_set(arena, value, "tags", tags);
    value_set_int(arena, value, "size", release->size);
    value_set_nullable(arena, value, "actor", release->actor);
    value_set(arena, value, "committedAt", clock_value(arena, release->committed_at));
    value_set(arena, value, "createdAt", clock_value(arena, release->created_at));
    return value;
}

/* Of the instance that is kept; called with the mutex held. */
static Value *encode_health(Arena *arena, const Instance *instance)
{
    Value *health = value_object_new(arena);
    const Check *check = &instance->check;

    value_set_nullable(arena, health, "status", instance_state_name(instance->state));
    value_set(arena, health, "lastCheckAt", clock_value(arena, check->at_ms));
    value_set_int(arena, health, "httpStatus", check->status);
    value_set_number(arena, health, "latencyMs", check->latency_ms);
    value_set_nullable(arena, health, "error", *check->error ? check->error : NULL);
    return health;
}

static Value *encode_version(Arena *arena, const Deployment *deployment)
{
    Value *value = value_object_new(arena);

    value_set_nullable(arena, value, "deploymentId", deployment->id);
    value_set_nullable(arena, value, "release", deployment->digest);
    value_set_nullable(arena, value, "commit", deployment->commit);
    value_set_nullable(arena, value, "commitMessage", deployment->message);
    return value;
}

static const Value *encode_current(Deployments *deployments, Arena *arena, const Live *live)
{
    g_autofree char *key = g_strconcat(live->service, "/", live->environment, NULL);
    Value *current = encode_version(arena, &live->deployment), *health = NULL;
    const Instance *instance;
    int restarts = live->restarts;

    pthread_mutex_lock(&deployments->mutex);
    instance = g_hash_table_lookup(deployments->live, key);
    if (instance && g_str_equal(instance->deployment_id, live->deployment.id))
        health = encode_health(arena, instance);
    pthread_mutex_unlock(&deployments->mutex);
    value_set_nullable(arena, current, "state", value_path_string(health, "status", "starting"));
    value_set(arena, current, "since", clock_value(arena, live->since_at));
    value_set_nullable(arena, current, "actor", live->deployment.actor);
    value_set_int(arena, current, "restarts", restarts);
    value_set(arena, current, "health", health ? health : value_null_new(arena));
    return current;
}

static const Live *find_live(const GPtrArray *live, const char *service, const char *environment)
{
    for (guint i = 0; i < live->len; i++) {
        const Live *one = live->pdata[i];

        if (g_str_equal(one->service, service) && g_str_equal(one->environment, environment))
            return one;
    }
    return NULL;
}

static const Value *encode_place(Deployments *deployments, Arena *arena, const char *service,
                                 const Environment *environment, const Live *live)
{
    Value *place = value_object_new(arena);
    g_autofree char *url = settings_url(deployments->settings, service, environment->name);

    value_set_nullable(arena, place, "environment", environment->name);
    value_set_bool(arena, place, "production", environment->production);
    value_set_nullable(arena, place, "url", url);
    value_set(arena, place, "current",
              live ? encode_current(deployments, arena, live) : value_null_new(arena));
    value_set(arena, place, "previous",
              live && live->previous.id ? encode_version(arena, &live->previous)
                                        : value_null_new(arena));
    return place;
}

const Value *encode_service(Deployments *deployments, Arena *arena, const char *service,
                            const GPtrArray *live)
{
    const GPtrArray *environments = deployments->settings->environments;
    Value *value = value_object_new(arena), *places = value_array_new(arena);

    for (guint i = 0; i < environments->len; i++) {
        const Environment *environment = environments->pdata[i];

        value_append(arena, places,
                     encode_place(deployments, arena, service, environment,
                                  find_live(live, service, environment->name)));
    }
    value_set_nullable(arena, value, "service", service);
    value_set(arena, value, "environments", places);
    return value;
}
