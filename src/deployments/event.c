#include "deployments/deployments_internal.h"

#include "spine/clock.h"

static void set_event_times(Arena *arena, Value *payload, const Deployment *deployment)
{
    if (deployment->committed_at)
        value_set_int(arena, payload, "committedAt", deployment->committed_at);
    if (deployment->started_at)
        value_set_int(arena, payload, "startedAt", deployment->started_at);
    value_set_int(arena, payload, "finishedAt",
                  deployment->finished_at ? deployment->finished_at : clock_now_ms());
}

static const char *digest_of(DbConn *conn, Arena *arena, const char *deployment_id)
{
    const Deployment *found =
        deployment_id ? store_deployment(conn, arena, deployment_id, NULL) : NULL;

    return found ? found->digest : NULL;
}

void deployment_event(Deployments *deployments, DbConn *tx, Arena *arena, const char *type,
                      const Deployment *deployment, const char *reason)
{
    const Environment *environment =
        settings_find(deployments->settings, deployment->environment, NULL);
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "service", deployment->service);
    value_set_string(arena, payload, "environment", deployment->environment);
    value_set_bool(arena, payload, "production", environment && environment->production);
    value_set_string(arena, payload, "deploymentId", deployment->id);
    value_set_string(arena, payload, "release", deployment->digest);
    value_set_string(arena, payload, "commit", deployment->commit);
    value_set_string(arena, payload, "previousRelease",
                     digest_of(tx, arena, deployment->replaced_id));
    value_set_string(arena, payload, "kind", deployment->kind);
    value_set_string(arena, payload, "actor", deployment->actor);
    value_set_string(arena, payload, "reason", reason);
    set_event_times(arena, payload, deployment);
    events_append(
        tx, &(Event){.type = type,
                     .source = "/pave/deployments",
                     .subject = arena_printf(arena, "component:default/%s", deployment->service),
                     .actor = deployment->actor,
                     .cause = deployment->job_id,
                     .payload = payload});
}
