/* Deployments: environments, releases and the local runtime. A deployment is a job of kind
 * "deployments.deploy". */
#pragma once
#include "net/http_server.h"
#include "spine/access.h"
#include "spine/blobs.h"
#include "spine/config.h"
#include "spine/jobs.h"
#include "spine/secrets.h"

typedef struct Deployments Deployments;

Deployments *deployments_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Blobs *blobs,
                             const Config *config, const char *data_folder, GError **error);
void deployments_free(Deployments *deployments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Deployments, deployments_free)
/* Who owns a service: refs, NULL-terminated, in arena. Without it nobody in particular does. */
typedef const char *const *(*DeploymentsOwnersFn)(Arena *arena, const char *service, void *data);
void deployments_set_owners(Deployments *deployments, DeploymentsOwnersFn owners, void *data);
/* Finds again what was running, starts what should run, begins to probe. */
gboolean deployments_start(Deployments *deployments, GError **error);
void deployments_stop(Deployments *deployments); /* leaves the services running */

/* Where a service's live version listens. FALSE where none does. For the ingress. */
gboolean deployments_route(Deployments *deployments, const char *service, const char *environment,
                           char **address, guint16 *port);
/* Names of the environments in order of promotion, NULL-terminated; owned by deployments. */
const char *const *deployments_environments(Deployments *deployments);
/* The same with what is known of them, [{name, production}], in arena. */
const Value *deployments_environment_list(Deployments *deployments, Arena *arena);

/* Calls each for every live version: for observability's metrics and health page. */
typedef struct {
    const char *service, *environment, *deployment_id, *release, *commit,
        *state; /* "healthy", "unhealthy", "starting", "crashed", "stopped" */
    int64_t since_ms;
    int restarts;
    guint16 port;
    int64_t last_check_ms;
    int last_status;
    double latency_ms;
    const char *last_error;
} RunningVersion;
void deployments_each_running(Deployments *deployments,
                              void (*each)(const RunningVersion *running, void *data), void *data);

/* What runs of a service: [{environment, release, commit}], in arena. */
const Value *deployments_live(Deployments *deployments, Arena *arena, const char *service,
                              GError **error);
/* Stops what runs of a service in an environment; nothing does is done. */
gboolean deployments_remove(Deployments *deployments, Arena *arena, const char *service,
                            const char *environment, const char *actor, GError **error);

/* Calls each with how many deployments of an environment are in a state. */
typedef void (*DeploymentsCountFn)(const char *environment, const char *state, int64_t count,
                                   void *data);
gboolean deployments_count(Deployments *deployments, DeploymentsCountFn each, void *data,
                           GError **error);

typedef struct {
    const char *service, *environment; /* names */
    const char *release;               /* digest, commit or tag; NULL: the newest */
    const Principal *principal;        /* who asks, and must be allowed to */
    const char *cause;                 /* a job */
    const char *key;                   /* the same again gives the same deployment; NULL */
    gboolean dry;                      /* only check and tell: nothing is written */
} DeploymentsOrder;
/* Orders a deployment: {id, jobId, service, environment, release, commit, url} in arena; dry:
 * without id and jobId. ERROR_NOT_FOUND, ERROR_INPUT, ERROR_NOT_ALLOWED. */
const Value *deployments_order(Deployments *deployments, Arena *arena,
                               const DeploymentsOrder *order, GError **error);

/* Takes a deployment back where it is what is live: what was live before is deployed again (*job_id
 * is to be waited for), or the service stopped where nothing was. Whether actor may is the caller's
 * question. */
gboolean deployments_take_back(Deployments *deployments, Arena *arena, const char *id,
                               const char *actor, const char **job_id, GError **error);

extern const Route deployments_routes[];
