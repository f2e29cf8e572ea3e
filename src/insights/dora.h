/* The deployments to production that the log tells of, and what became of each.
 *
 * Fed with the log's events in their order; knows nothing of databases or clocks. Per service and
 * environment one deployment is live at a time:
 *
 *  - service.deployed, .upgraded and .rolledback are deployments that went live;
 *    deployment.failed is one that did not.
 *  - A deployment failed where it never went live, where it was rolled back, or where its service
 *    crashed or became unhealthy while it was the live one.
 *  - It recovered with the next deployment that went live, or when its service did by itself.
 *  - Rework is a rollback, or the first deployment after one that failed and had not recovered. */
#pragma once
#include "spine/events.h"

typedef struct {
    char *id, *service, *environment, *commit;
    char *reason; /* why it failed; NULL where it did not */
    gboolean rollback, went_live, failed, rework;
    int64_t started_at, finished_at, failed_at;
    int64_t recovered_at; /* 0: not yet, or it did not fail */
    int64_t lead_time_ms; /* of its newest commit; -1 where that is no change or its age unknown */
    int64_t seq, failed_seq, recovered_seq; /* the events behind it; 0: none */
} DoraDeployment;

/* One commit that reached production for the first time. */
typedef struct {
    const char *service; /* the deployment's */
    int64_t finished_at, lead_time_ms;
} DoraChange;

typedef struct Dora Dora;
Dora *dora_new(void);
void dora_free(Dora *dora);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dora, dora_free)

/* Takes what it needs; other events are passed over. */
void dora_add(Dora *dora, const Event *event);

/* In the order they ended. Owned by dora. */
const GPtrArray *dora_deployments(const Dora *dora); /* DoraDeployment */
const GArray *dora_changes(const Dora *dora);        /* DoraChange */

/* ---- metrics ---- */

typedef struct {
    const char *service; /* NULL: all */
    int64_t from, to;    /* ms; deployments that ended at or after from and before to */
} DoraWindow;

/* The last days whole days in UTC, with the day of now. */
DoraWindow dora_window(const char *service, int64_t now_ms, guint days);
/* {deploymentFrequency, changeLeadTime, changeFailRate, failedDeploymentRecoveryTime,
 * deploymentReworkRate} in arena. What cannot be said (no deployments) is null. */
const Value *dora_metrics(const Dora *dora, Arena *arena, const DoraWindow *window);
/* [{date, deployments, failed, leadTimeMedianMs}], one a day. */
const Value *dora_series(const Dora *dora, Arena *arena, const DoraWindow *window);
/* The deployments behind the numbers, newest first, at most limit. */
const Value *dora_list(const Dora *dora, Arena *arena, const DoraWindow *window, guint limit);
/* Names of the services with a deployment in window, sorted; dora owns them. */
GPtrArray *dora_services(const Dora *dora, const DoraWindow *window);
