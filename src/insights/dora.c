#include "insights/dora.h"
#include "spine/clock.h"
#include <string.h>

#define SERVICE "dev.cdevents.service."
#define DEPLOYMENTS "dev.pave.deployments."

/* What stands in one environment of one service. */
typedef struct {
    DoraDeployment *live; /* the latest that went live; NULL before the first and after removal */
    GPtrArray *open;      /* failed and not recovered */
} Place;

struct Dora {
    GPtrArray *deployments;
    GArray *changes;
    GHashTable *places;   /* "service\nenvironment" → Place */
    GHashTable *ids;      /* of deployments already counted */
    GHashTable *services; /* that went live before */
    GHashTable *commits;  /* "service\ncommit" that reached production */
};

static void deployment_free(void *data)
{
    DoraDeployment *deployment = data;

    g_free(deployment->id);
    g_free(deployment->service);
    g_free(deployment->environment);
    g_free(deployment->commit);
    g_free(deployment->reason);
    g_free(deployment);
}

static void place_free(void *data)
{
    Place *place = data;

    g_ptr_array_unref(place->open);
    g_free(place);
}

Dora *dora_new(void)
{
    Dora *dora = g_new0(Dora, 1);

    dora->deployments = g_ptr_array_new_with_free_func(deployment_free);
    dora->changes = g_array_new(FALSE, FALSE, sizeof(DoraChange));
    dora->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, place_free);
    dora->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    dora->services = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    dora->commits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return dora;
}

void dora_free(Dora *dora)
{
    if (!dora)
        return;
    g_hash_table_unref(dora->places);
    g_hash_table_unref(dora->ids);
    g_hash_table_unref(dora->services);
    g_hash_table_unref(dora->commits);
    g_array_unref(dora->changes);
    g_ptr_array_unref(dora->deployments);
    g_free(dora);
}

const GPtrArray *dora_deployments(const Dora *dora)
{
    return dora->deployments;
}

const GArray *dora_changes(const Dora *dora)
{
    return dora->changes;
}

/* ---- reading an event ---- */

static const char *text_of(const Event *event, const char *key)
{
    return value_string(value_get(event->payload, key), NULL);
}

/* Milliseconds or ISO 8601. */
static int64_t time_of(const Value *value, int64_t fallback)
{
    int64_t time_ms;

    if (value_is(value, VALUE_STRING))
        return clock_parse(value_string(value, ""), &time_ms) ? time_ms : fallback;
    return value_int(value, fallback);
}

static Place *place_of(Dora *dora, const Event *event, gboolean make)
{
    const char *service = text_of(event, "service"), *environment = text_of(event, "environment");

    if (!service || !environment)
        return NULL;
    g_autofree char *key = g_strdup_printf("%s\n%s", service, environment);
    Place *place = g_hash_table_lookup(dora->places, key);
    if (!place && make) {
        place = g_new0(Place, 1);
        place->open = g_ptr_array_new();
        g_hash_table_insert(dora->places, g_steal_pointer(&key), place);
    }
    return place;
}

static DoraDeployment *read_deployment(const Event *event)
{
    DoraDeployment *deployment = g_new0(DoraDeployment, 1);

    deployment->id = g_strdup(text_of(event, "deploymentId"));
    deployment->service = g_strdup(text_of(event, "service"));
    deployment->environment = g_strdup(text_of(event, "environment"));
    deployment->commit = g_strdup(text_of(event, "commit"));
    deployment->finished_at = time_of(value_get(event->payload, "finishedAt"), event->occurred_at);
    deployment->started_at =
        time_of(value_get(event->payload, "startedAt"), deployment->finished_at);
    deployment->rollback = g_strcmp0(text_of(event, "kind"), "rollback") == 0;
    deployment->lead_time_ms = -1;
    deployment->seq = event->seq;
    return deployment;
}

/* ---- changes ---- */

/* A commit counts when it reaches production for the first time: a redeployment of an old one is no
 * change, and neither is what claims to be younger than its deployment. */
static int64_t add_change(Dora *dora, const DoraDeployment *deployment, const char *commit,
                          int64_t authored_at)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", deployment->service, commit ? commit : "");
    DoraChange change = {deployment->service, deployment->finished_at,
                         deployment->finished_at - authored_at};

    if (!commit || !g_hash_table_add(dora->commits, g_steal_pointer(&key)) || authored_at <= 0 ||
        change.lead_time_ms < 0)
        return -1;
    g_array_append_val(dora->changes, change);
    return change.lead_time_ms;
}

static void mark_known(Dora *dora, const char *service, const char *commit)
{
    if (commit)
        g_hash_table_add(dora->commits, g_strdup_printf("%s\n%s", service, commit));
}

/* The commits a deployment brought. With a service's first deployment comes all that was written
 * before there was a production: only its newest commit is a change then. */
static void add_changes(Dora *dora, DoraDeployment *deployment, gboolean first, const Event *event)
{
    const Value *commits = value_get(event->payload, "commits");

    deployment->lead_time_ms = add_change(dora, deployment, deployment->commit,
                                          time_of(value_get(event->payload, "committedAt"), 0));
    for (guint i = 0; i < value_count(commits); i++) {
        const Value *item = value_item(commits, i);
        const char *id = value_string(value_get(item, "id"), NULL);

        if (first)
            mark_known(dora, deployment->service, id);
        else
            add_change(dora, deployment, id, time_of(value_get(item, "authoredAt"), 0));
    }
}

/* ---- what happens to a deployment ---- */

static void fail(Place *place, DoraDeployment *deployment, const char *reason, int64_t at,
                 int64_t seq)
{
    if (deployment->failed)
        return;
    deployment->failed = TRUE;
    deployment->reason = g_strdup(reason);
    deployment->failed_at = at;
    deployment->failed_seq = seq;
    g_ptr_array_add(place->open, deployment);
}

static void recover_all(Place *place, int64_t at, int64_t seq)
{
    for (guint i = 0; i < place->open->len; i++) {
        DoraDeployment *deployment = g_ptr_array_index(place->open, i);
        deployment->recovered_at = MAX(at, deployment->failed_at);
        deployment->recovered_seq = seq;
    }
    g_ptr_array_set_size(place->open, 0);
}

static gboolean is_counted(Dora *dora, const Event *event)
{
    const char *id = text_of(event, "deploymentId");

    return id && !g_hash_table_add(dora->ids, g_strdup(id));
}

static void went_live(Dora *dora, const Event *event)
{
    Place *place = place_of(dora, event, TRUE);

    if (!place || is_counted(dora, event))
        return;
    DoraDeployment *deployment = read_deployment(event);
    deployment->went_live = TRUE;
    deployment->rollback |= g_str_has_prefix(event->type, SERVICE "rolledback");
    if (deployment->rollback && place->live)
        fail(place, place->live, "rolled back", place->live->finished_at, event->seq);
    deployment->rework = deployment->rollback || place->open->len > 0;
    recover_all(place, deployment->finished_at, event->seq);
    gboolean first = g_hash_table_add(dora->services, g_strdup(deployment->service));
    if (!deployment->rollback)
        add_changes(dora, deployment, first, event);
    place->live = deployment;
    g_ptr_array_add(dora->deployments, deployment);
}

static void never_went_live(Dora *dora, const Event *event)
{
    Place *place = place_of(dora, event, TRUE);
    const char *reason = text_of(event, "reason");

    if (!place || is_counted(dora, event))
        return;
    DoraDeployment *deployment = read_deployment(event);
    deployment->rework = deployment->rollback || place->open->len > 0;
    g_ptr_array_add(dora->deployments, deployment);
    fail(place, deployment, reason ? reason : "deployment failed", deployment->finished_at,
         event->seq);
}

/* A version that crashes while it is drained is no longer the live one. */
static gboolean tells_of(const Event *event, const DoraDeployment *live)
{
    const char *id = text_of(event, "deploymentId");

    return live && (!id || !live->id || g_str_equal(id, live->id));
}

static void trouble(Dora *dora, const Event *event, const char *what)
{
    Place *place = place_of(dora, event, FALSE);

    if (place && tells_of(event, place->live))
        fail(place, place->live, what, event->occurred_at, event->seq);
}

static void recovered(Dora *dora, const Event *event)
{
    Place *place = place_of(dora, event, FALSE);

    /* A service that is well again ends the trouble of what is live, not of a deployment that never
     * went live. */
    if (place && place->live && g_ptr_array_remove(place->open, place->live)) {
        place->live->recovered_at = event->occurred_at;
        place->live->recovered_seq = event->seq;
    }
}

static gboolean is_production(const Event *event)
{
    return value_bool(value_get(event->payload, "production"), false);
}

void dora_add(Dora *dora, const Event *event)
{
    const char *type = event->type;

    if (g_str_has_prefix(type, SERVICE "deployed.") ||
        g_str_has_prefix(type, SERVICE "upgraded.") ||
        g_str_has_prefix(type, SERVICE "rolledback.")) {
        if (is_production(event))
            went_live(dora, event);
    } else if (g_str_has_prefix(type, SERVICE "removed.")) {
        Place *place = place_of(dora, event, FALSE);
        if (place)
            place->live = NULL;
    } else if (g_str_equal(type, DEPLOYMENTS "deployment.failed")) {
        if (is_production(event))
            never_went_live(dora, event);
    } else if (g_str_equal(type, DEPLOYMENTS "service.crashed")) {
        trouble(dora, event, "the service crashed");
    } else if (g_str_equal(type, DEPLOYMENTS "service.unhealthy")) {
        trouble(dora, event, "the service was unhealthy");
    } else if (g_str_equal(type, DEPLOYMENTS "service.recovered")) {
        recovered(dora, event);
    }
}
