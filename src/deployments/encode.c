#include "deployments/deployments_internal.h"

#include "spine/clock.h"

static void set_time(Arena *arena, Value *object, const char *key, int64_t time_ms)
{
    g_autofree char *text = time_ms ? clock_format(time_ms) : NULL;

    value_set(arena, object, key, value_string_new(arena, text));
}

/* A member that is null rather than missing. */
static void set_text(Arena *arena, Value *object, const char *key, const char *text)
{
    value_set(arena, object, key, value_string_new(arena, text));
}

const Value *encode_deployment(Arena *arena, const Deployment *deployment)
{
    Value *value = value_object_new(arena);

    set_text(arena, value, "id", deployment->id);
    set_text(arena, value, "service", deployment->service);
    set_text(arena, value, "environment", deployment->environment);
    set_text(arena, value, "release", deployment->digest);
    set_text(arena, value, "commit", deployment->commit);
    set_text(arena, value, "commitMessage", deployment->message);
    set_text(arena, value, "kind", deployment->kind);
    set_text(arena, value, "state", deployment_state_name(deployment->state));
    set_text(arena, value, "reason", deployment->reason);
    set_text(arena, value, "actor", deployment->actor);
    set_text(arena, value, "jobId", deployment->job_id);
    set_time(arena, value, "createdAt", deployment->created_at);
    set_time(arena, value, "startedAt", deployment->started_at);
    set_time(arena, value, "finishedAt", deployment->finished_at);
    return value;
}

const Value *encode_release(Arena *arena, const Release *release)
{
    Value *value = value_object_new(arena), *tags = value_array_new(arena);
    g_auto(GStrv) names = g_strsplit(release->tags ? release->tags : "", " ", -1);

    for (char **name = names; *name; name++)
        if (**name)
            value_append(arena, tags, value_string_new(arena, *name));
    set_text(arena, value, "service", release->service);
    set_text(arena, value, "digest", release->digest);
    set_text(arena, value, "commit", release->commit);
    set_text(arena, value, "message", release->message);
    value_set(arena, value, "tags", tags);
    value_set_int(arena, value, "size", release->size);
    set_text(arena, value, "actor", release->actor);
    set_time(arena, value, "committedAt", release->committed_at);
    set_time(arena, value, "createdAt", release->created_at);
    return value;
}

/* Of the instance that is kept; called with the mutex held. */
static Value *encode_health(Arena *arena, const Instance *instance)
{
    Value *health = value_object_new(arena);
    const Check *check = &instance->check;

    set_text(arena, health, "status", instance_state_name(instance->state));
    set_time(arena, health, "lastCheckAt", check->at_ms);
    value_set_int(arena, health, "httpStatus", check->status);
    value_set_number(arena, health, "latencyMs", check->latency_ms);
    set_text(arena, health, "error", *check->error ? check->error : NULL);
    return health;
}

static Value *encode_version(Arena *arena, const Deployment *deployment)
{
    Value *value = value_object_new(arena);

    set_text(arena, value, "deploymentId", deployment->id);
    set_text(arena, value, "release", deployment->digest);
    set_text(arena, value, "commit", deployment->commit);
    set_text(arena, value, "commitMessage", deployment->message);
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
    set_text(arena, current, "state", value_path_string(health, "status", "starting"));
    set_time(arena, current, "since", live->since_at);
    set_text(arena, current, "actor", live->deployment.actor);
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

    set_text(arena, place, "environment", environment->name);
    value_set_bool(arena, place, "production", environment->production);
    set_text(arena, place, "url", url);
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
    set_text(arena, value, "service", service);
    value_set(arena, value, "environments", places);
    return value;
}
