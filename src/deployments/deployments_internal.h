/* What the files of this room share. Nobody else includes it. */
#pragma once
#include "deployments/deployments.h"

#include "spine/process.h"

#include <pthread.h>

/* ---- configuration (environments.c) ---- */

typedef struct {
    char *name;
    gboolean production;
    GHashTable *variables; /* name → value */
} Environment;

typedef struct {
    GPtrArray *environments; /* Environment, in order of promotion */
    char **names;
    GArray *mounts; /* SandboxMount, ended by an empty one */
    GPtrArray *strings;
    char *scheme, *port; /* of the base URL: "http", ":7007" or "" */
} Settings;

Settings *settings_new(const Config *config);
void settings_free(Settings *settings);
/* ERROR_INPUT names those there are. */
const Environment *settings_find(const Settings *settings, const char *name, GError **error);
/* "http://order-service.staging.localhost:7007"; free with g_free(). */
char *settings_url(const Settings *settings, const char *service, const char *environment);
/* A DNS label, since it becomes a host name. */
gboolean service_name_check(const char *name, GError **error);

/* ---- routes (route.c) ---- */

typedef struct Routes Routes;
Routes *routes_new(void);
void routes_free(Routes *routes);
/* port 0: nobody listens. One writer at a time. */
void routes_set(Routes *routes, const char *service, const char *environment, guint16 port);
/* 0 where nobody listens. Any thread, never blocks. */
guint16 routes_get(Routes *routes, const char *service, const char *environment);

/* ---- the deployment's states (state.c) ---- */

typedef enum {
    DEPLOYMENT_QUEUED,
    DEPLOYMENT_STARTING,
    DEPLOYMENT_VERIFYING,
    DEPLOYMENT_LIVE,
    DEPLOYMENT_SUPERSEDED,
    DEPLOYMENT_FAILED,
    DEPLOYMENT_STOPPED,
} DeploymentState;

const char *deployment_state_name(DeploymentState state);
DeploymentState deployment_state_parse(const char *name); /* asserts */
gboolean deployment_state_may_become(DeploymentState from, DeploymentState to);

/* ---- rows (store.c) ---- */

typedef struct {
    const char *service, *digest, *commit, *message, *actor;
    int64_t committed_at, size, created_at; /* committed_at 0: unknown */
    const char *tags;                       /* separated by blanks; NULL where there are none */
} Release;

typedef struct {
    const char *id, *service, *environment, *digest, *commit, *message, *kind, *reason, *actor,
        *job_id, *idempotency_key, *replaced_id;
    DeploymentState state;
    int64_t committed_at, created_at, started_at, finished_at;
    guint16 port;
} Deployment;

typedef struct {
    const char *service, *environment;
    int64_t since_at;
    int restarts;
    Deployment deployment, previous; /* previous.id NULL: there is none */
} Live;

gboolean store_release_put(DbConn *tx, const Release *release, const char *tag, GError **error);
/* By digest, by commit (from 7 characters), by tag; ref NULL: the newest. ERROR_NOT_FOUND. */
const Release *store_release_find(DbConn *conn, Arena *arena, const char *service, const char *ref,
                                  GError **error);
/* Newest first. service NULL: all. */
GPtrArray *store_releases(DbConn *conn, Arena *arena, const char *service, guint limit,
                          GError **error);

gboolean store_deployment_add(DbConn *tx, const Deployment *deployment, GError **error);
const Deployment *store_deployment(DbConn *conn, Arena *arena, const char *id, GError **error);
/* NULL without error where there is none. */
const Deployment *store_deployment_by_key(DbConn *conn, Arena *arena, const char *key,
                                          GError **error);
const Deployment *store_deployment_by_job(DbConn *conn, Arena *arena, const char *job_id,
                                          GError **error);
GPtrArray *store_deployments(DbConn *conn, Arena *arena, const char *service,
                             const char *environment, guint limit, GError **error);
/* Asserts that the move is legal; ERROR_CONFLICT where it is no longer in state from. */
gboolean store_move(DbConn *tx, const char *id, DeploymentState from, DeploymentState to,
                    const char *reason, GError **error);
gboolean store_set_port(DbConn *tx, const char *id, guint16 port, GError **error);

/* Makes it what should run; *replaced (in arena) gets the one that ran before, NULL if none. */
gboolean store_live_set(DbConn *tx, Arena *arena, const Deployment *deployment,
                        const char **replaced, GError **error);
gboolean store_live_remove(DbConn *tx, const Deployment *deployment, GError **error);
gboolean store_live_restarted(DbConn *tx, const char *deployment_id, GError **error);
/* service and environment NULL: all of them. */
GPtrArray *store_live(DbConn *conn, Arena *arena, const char *service, const char *environment,
                      GError **error);
/* Names of services that have a release, sorted. */
GPtrArray *store_services(DbConn *conn, Arena *arena, GError **error);

/* ---- releases (release.c, archive.c) ---- */

typedef struct {
    const char *service, *commit, *message, *tag, *actor, *health_path;
    int64_t committed_at;
} ReleaseSpec;

/* Reads up to size bytes of a tar; 0 at its end, -1 with error. */
typedef gssize (*ArchiveReader)(void *buffer, gsize size, void *data, GError **error);

/* Takes a tar (plain or compressed) of an application folder; its digest, in arena. */
const char *release_create(Deployments *deployments, Arena *arena, const ReleaseSpec *spec,
                           ArchiveReader read, void *data, GError **error);

/* What to run and how: from the image's configuration. */
typedef struct {
    const char *const *command;
    const char *health_path; /* NULL: /health, else /healthz */
} ReleaseConfig;
const ReleaseConfig *release_config(Deployments *deployments, Arena *arena, const char *digest,
                                    GError **error);
/* The application's files into folder, which must not be there. */
gboolean release_unpack(Deployments *deployments, Arena *arena, const char *digest,
                        const char *folder, GError **error);

typedef struct {
    char *digest;   /* of the layer as stored */
    char *diff_id;  /* of the tar in it */
    gint64 size;    /* as stored */
    char *procfile; /* NULL where there is none */
} Layer;
void layer_clear(Layer *layer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Layer, layer_clear)

/* Reads a tar and stores it as a layer below app/. Refuses what could reach outside, and what is no
 * file, folder or link. */
gboolean archive_to_layer(Blobs *blobs, ArchiveReader read, void *data, Layer *layer,
                          GError **error);
/* What is below app/ in a layer file into folder. */
gboolean archive_unpack(const char *layer_file, const char *folder, GError **error);
/* "a/b" of "./a//b/"; ERROR_INPUT for what leads out. "" is the root. Free with g_free(). */
char *archive_entry_path(const char *path, GError **error);

/* ---- one running version (instance.c) ---- */

typedef enum {
    INSTANCE_STARTING,
    INSTANCE_HEALTHY,
    INSTANCE_UNHEALTHY,
    INSTANCE_CRASHED,
    INSTANCE_STOPPED,
} InstanceState;

/* "healthy", "unhealthy", … */
const char *instance_state_name(InstanceState state);

typedef struct {
    int64_t at_ms; /* 0: never */
    int status;    /* 0: no answer */
    double latency_ms;
    char error[160]; /* "" where there is none; cut */
} Check;

typedef struct {
    Deployments *deployments;
    char *service, *environment, *deployment_id, *digest, *commit;
    char *folder; /* app/ and run-<n>/ are below it */
    char **command;
    char *health_path; /* NULL until one has answered */

    /* The keeper's; the deploying job's before there is a keeper. */
    Process *process;

    /* Guarded by deployments->mutex. */
    guint16 port;
    InstanceState state;
    int64_t since_ms;
    int restarts;
    Check check;

    /* The keeper's own. */
    pthread_t keeper;
    gboolean kept;
    _Atomic(gboolean) let_go;
    gboolean ailing; /* told of as crashed or unhealthy, and not yet as recovered */
    int failures_in_a_row;
    int64_t backoff_ms, probe_at_ms, started_at_ms; /* monotonic */
} Instance;

Instance *instance_new(Deployments *deployments, const Deployment *deployment, GError **error);
void instance_free(Instance *instance); /* leaves the process be */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Instance, instance_free)

char *instance_folder(Deployments *deployments, const char *service, const char *environment,
                      const char *deployment_id);
/* Finds the process of an earlier server; FALSE where none runs. */
gboolean instance_attach(Instance *instance);
/* The release's files to folder/app, whole or not at all. */
gboolean instance_unpack(Instance *instance, GError **error);
/* On a new port, which is written down first. Unpacks where the files are gone. */
gboolean instance_start(Instance *instance, GError **error);
/* One request for its health; the answer becomes instance->check. TRUE: healthy. */
gboolean instance_probe(Instance *instance);
/* Asks the process to end, then makes it; waits for it. */
void instance_stop(Instance *instance);
/* What a deployment printed last: at most count lines, oldest first, without its secrets. Free with
 * g_strfreev(). */
char **instance_tail(Deployments *deployments, const char *service, const char *environment,
                     const char *deployment_id, guint count);

/* ---- keeping what is live alive (keeper.c) ---- */

/* Makes instance (taken) the live one of its service and environment: routed, probed, restarted.
 * The one before is let go, running. */
void keeper_adopt(Deployments *deployments, Instance *instance);
/* Is this deployment the one that is kept? */
gboolean keeper_has(Deployments *deployments, const Deployment *deployment);
/* Lets go of the live one of a place and stops it. */
void keeper_drop(Deployments *deployments, const char *service, const char *environment);
/* Lets go of all; leaves the processes be. */
void keeper_release_all(Deployments *deployments);

/* ---- orders (order.c) ---- */

typedef struct {
    const char *service, *environment;
    const char *release; /* digest, commit or tag; NULL: the newest */
    const char *kind;    /* "deploy" or "rollback" */
    const char *actor, *idempotency_key, *cause;
} DeployOrder;

/* Writes deployment and job; the deployment's id, in arena. The same key again gives the same
 * deployment. */
const char *deploy_submit(Deployments *deployments, Arena *arena, const DeployOrder *order,
                          GError **error);
/* to: a deployment's id or a release; NULL: what was live before. */
const char *rollback_submit(Deployments *deployments, Arena *arena, const char *service,
                            const char *environment, const char *to, const char *actor,
                            GError **error);
/* Ends what is live there. ERROR_NOT_FOUND where nothing is. */
gboolean deploy_stop(Deployments *deployments, Arena *arena, const char *service,
                     const char *environment, const char *actor, GError **error);
/* ---- deploying (deploy.c) ---- */

#define DEPLOY_KIND "deployments.deploy"
void deploy_register(Deployments *deployments);

/* ---- events (event.c) ---- */

/* An event of type about a deployment, into the transaction. reason may be NULL. */
void deployment_event(Deployments *deployments, DbConn *tx, Arena *arena, const char *type,
                      const Deployment *deployment, const char *reason);

/* ---- JSON (encode.c) ---- */

const Value *encode_deployment(Arena *arena, const Deployment *deployment);
const Value *encode_release(Arena *arena, const Release *release);
const Value *encode_service(Deployments *deployments, Arena *arena, const char *service,
                            const GPtrArray *live);

struct Deployments {
    Db *db;
    Events *events;
    Jobs *jobs;
    Secrets *secrets;
    Blobs *blobs;
    char *data_folder;
    Settings *settings;
    Routes *routes;
    DeploymentsOwnersFn owners;
    void *owners_data;
    pthread_mutex_t mutex;
    guint16 ports[64]; /* given last */
    guint next_port;
    GHashTable *live; /* "service/environment" → Instance, owned */
    _Atomic(gboolean) stopping;
};
