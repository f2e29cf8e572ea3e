/* What the files of the room share. */
#pragma once
#include "base/diagnostics.h"
#include "pipelines/pipelines.h"
#include "pipelines/plan.h"

#define WORKFLOW_FOLDER ".github/workflows"

struct Pipelines {
    Db *db;
    Events *events;
    Jobs *jobs;
    Secrets *secrets;
    Forge *forge;
    const Config *config;
    char *data_folder;
    char *api_url, *api_socket, *ingress_socket, *ca_file;
    char **environments;
    guint16 api_port;
    PipelinesTokenFn issue_token;
    void *token_data;
};

/* ---- contexts.c ---- */

/* The `github` context of a run as far as it is the same in all its jobs; `vars` of an environment
 * (NULL: of none). */
Value *pipelines_github(Pipelines *pipelines, Arena *arena, const Run *run);
const Value *pipelines_vars(Pipelines *pipelines, Arena *arena, const char *environment);
/* What GitHub's push event tells, from the forge's. */
const Value *pipelines_push_payload(Pipelines *pipelines, Arena *arena, const Value *push);
const char *pipelines_ref_name(const char *ref); /* "main" of "refs/heads/main" */

/* ---- secrets.c ---- */

/* The `secrets` context of a job: organisation's, repository's and environment's, cut to what the
 * calls above it hand down. NULL with error. */
const Value *pipelines_secrets(Pipelines *pipelines, Arena *arena, const Run *run,
                               const RunNode *node, const char *token, GError **error);

/* ---- resolve.c ---- */

/* The plan of a workflow: itself and every reusable one it calls. What is wrong in any of them is
 * told to diagnostics. */
const Value *pipelines_resolve(Pipelines *pipelines, Arena *arena, const Value *workflow,
                               const char *owner, const char *name, const char *path,
                               const char *ref, const char *sha, Diagnostics *diagnostics);

/* ---- trigger.c ---- */

typedef struct {
    const char *id; /* of what made it happen: at most one run of a workflow comes of it */
    const char *owner, *name, *event, *ref, *sha;
    const char *actor, *cause;
    const Value *payload, *inputs; /* github.event; typed inputs of a dispatch */
    const char *before;            /* the commit before the push; NULL: not known */
    const char *only_path;         /* this workflow alone; NULL */
} Trigger;

/* Makes the runs of every workflow that listens. ids (GPtrArray of strings in arena) may be NULL.
 */
gboolean pipelines_trigger(Pipelines *pipelines, Arena *arena, const Trigger *trigger,
                           GPtrArray *ids, GError **error);
/* The follower of pushes, and the job that looks into the repository. */
gboolean pipelines_on_push(DbConn *tx, const Event *event, Arena *arena, void *pipelines,
                           GError **error);
gboolean pipelines_look(Job *job, const Value **output, GError **error, void *pipelines);

/* ---- runs.c ---- */

/* A new run: written with its jobs, begun unless another of its concurrency group is under way. */
gboolean pipelines_insert(DbConn *tx, Pipelines *pipelines, Run *run, const char *trigger_id,
                          GError **error);
gboolean pipelines_job_ended(DbConn *tx, const char *job_id, const char *state, void *pipelines,
                             GError **error);
/* The node of a job begins to run. */
gboolean pipelines_job_began(Pipelines *pipelines, Job *job, GError **error);
gboolean pipelines_stop_jobs(Job *job, const Value **output, GError **error, void *pipelines);
gboolean pipelines_cancel(Pipelines *pipelines, const char *run, const char *actor, GError **error);
gboolean pipelines_rerun(Pipelines *pipelines, const char *run, gboolean failed_only,
                         const char *actor, GError **error);
/* The new run's id, in arena. */
const char *pipelines_dispatch(Pipelines *pipelines, Arena *arena, const char *owner,
                               const char *name, const char *workflow, const char *ref,
                               const Value *inputs, const char *actor, GError **error);

/* ---- job.c ---- */
gboolean pipelines_execute(Job *job, const Value **output, GError **error, void *pipelines);
