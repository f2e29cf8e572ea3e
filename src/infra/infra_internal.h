/* What the files of the infrastructure room share. */
#pragma once
#include "infra/infra.h"

#define INFRA_JOB_KIND "infra.run"

struct Infra {
    Db *db;
    Events *events;
    Jobs *jobs;
    Secrets *secrets;
    Forge *forge;
    const Config *config;
    char *data_folder;
    char *api_url; /* where a child reaches this server */
    char *program; /* terraform or tofu; NULL where neither is there */
    InfraTokenFn issue_token;
    void *token_data;
};

/* ---- modules (modules.c) ---- */

typedef struct {
    const char *name;
    const char *path; /* where it is, for people */
    const char *description;
    const Value *schema; /* of its variables */
} InfraModule;

/* A folder of the configured ones, or owner/repository//path@ref. ERROR_NOT_FOUND, or ERROR_INPUT
 * with file and line where it does not parse. Strings in arena. */
gboolean infra_module_read(Infra *infra, Arena *arena, const char *name, InfraModule *module,
                           GError **error);
/* All configured ones, as JSON has them; what does not parse has "error" instead of a schema. */
const Value *infra_module_list(Infra *infra, Arena *arena);
const Value *infra_module_value(Arena *arena, const InfraModule *module);
/* Copies the module, with the folders it may refer to by "../", to destination; the module's path
 * beneath that. Free with g_free(). */
char *infra_module_copy(Infra *infra, const char *name, const char *destination, GError **error);
/* variables with nulls left out and `environment` filled in where the module has one. ERROR_INPUT
 * that says which do not fit and what is expected. */
const Value *infra_module_fit(Arena *arena, const InfraModule *module, const Value *variables,
                              const char *environment, GError **error);

/* ---- rows (store.c) ---- */

typedef struct {
    const char *id, *name, *module, *service, *environment, *owner, *created_by;
    int64_t created_at, updated_at;
    GBytes *variables; /* sealed; owned by the row */
} InfraWorkspace;

typedef struct {
    const char *id, *workspace_id, *workspace, *service, *environment, *operation, *state, *actor,
        *cause, *plan_changes;
    int64_t add, change, destroy, created_at, ended_at;
    gboolean planned;
    GBytes *variables; /* sealed; NULL in lists */
} InfraRun;

typedef struct {
    const char *lock_id, *info, *holder;
} InfraLock;

typedef struct {
    int64_t version, serial;
    const char *lineage, *digest;
    GBytes *body; /* sealed; NULL where the state was deleted. Owned by the caller */
} InfraState;

/* Strings in arena. NULL without error where it is not there; release what it holds with
 * infra_workspace_release(). */
InfraWorkspace *infra_store_workspace(DbConn *conn, Arena *arena, const char *name, GError **error);
void infra_workspace_release(InfraWorkspace *workspace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InfraWorkspace, infra_workspace_release)
GPtrArray *infra_store_workspaces(DbConn *conn, Arena *arena, const char *service, GError **error);
gboolean infra_store_add_workspace(DbConn *tx, const InfraWorkspace *workspace, GError **error);
gboolean infra_store_touch_workspace(DbConn *tx, const InfraWorkspace *workspace, GError **error);

InfraRun *infra_store_run(DbConn *conn, Arena *arena, const char *id, GError **error);
void infra_run_release(InfraRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InfraRun, infra_run_release)
GPtrArray *infra_store_runs(DbConn *conn, Arena *arena, const char *workspace, const char *service,
                            guint limit, GError **error);
gboolean infra_store_add_run(DbConn *tx, const InfraRun *run, GError **error);
gboolean infra_store_set_run_state(DbConn *tx, const char *id, const char *state, int64_t ended_at,
                                   GError **error);
gboolean infra_store_set_plan(DbConn *tx, const InfraRun *run, GError **error);

/* The newest state; FALSE without error where there is none. */
gboolean infra_store_state(DbConn *conn, Arena *arena, const char *workspace_id, InfraState *state,
                           GError **error);
gboolean infra_store_add_state(DbConn *tx, const char *workspace_id, const InfraState *state,
                               const char *written_by, GError **error);

gboolean infra_store_lock(DbConn *conn, Arena *arena, const char *workspace_id, InfraLock *lock,
                          GError **error);
/* 1: locked, 0: somebody holds it. */
int64_t infra_store_take_lock(DbConn *tx, const char *workspace_id, const InfraLock *lock,
                              GError **error);
gboolean infra_store_drop_lock(DbConn *tx, const char *workspace_id, const char *lock_id,
                               GError **error);
/* The lock that holder left. */
int64_t infra_store_drop_lock_of(DbConn *tx, const char *workspace_id, const char *holder,
                                 GError **error);

gboolean infra_store_clear_results(DbConn *tx, const char *workspace_id, GError **error);
gboolean infra_store_add_output(DbConn *tx, const char *workspace_id, const char *name,
                                gboolean sensitive, const char *value, GError **error);
gboolean infra_store_add_resource(DbConn *tx, const char *workspace_id, const char *address,
                                  const char *type, GError **error);
/* {name: {value | "***", sensitive}} */
const Value *infra_store_outputs(DbConn *conn, Arena *arena, const char *workspace_id,
                                 GError **error);
const Value *infra_store_resources(DbConn *conn, Arena *arena, const char *workspace_id,
                                   GError **error);

/* ---- state (state.c) ---- */

typedef struct {
    unsigned status;
    GBytes *body; /* NULL: none */
} InfraStateReply;

void infra_state_reply_clear(InfraStateReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InfraStateReply, infra_state_reply_clear)

/* Terraform's HTTP backend protocol, without HTTP. FALSE with error only for what went wrong here.
 */
gboolean infra_state_read(Infra *infra, const InfraWorkspace *workspace, InfraStateReply *reply,
                          GError **error);
gboolean infra_state_write(Infra *infra, const InfraWorkspace *workspace, const char *lock_id,
                           const char *body, gsize length, const char *content_md5,
                           const char *actor, InfraStateReply *reply, GError **error);
gboolean infra_state_delete(Infra *infra, const InfraWorkspace *workspace, const char *lock_id,
                            const char *actor, InfraStateReply *reply, GError **error);
gboolean infra_state_lock(Infra *infra, const InfraWorkspace *workspace, const char *info,
                          gsize length, const char *actor, InfraStateReply *reply, GError **error);
gboolean infra_state_unlock(Infra *infra, const InfraWorkspace *workspace, const char *info,
                            gsize length, InfraStateReply *reply, GError **error);

/* ---- runs (run.c, engine.c, outputs.c) ---- */

gboolean infra_run_job(Job *job, const Value **output, GError **error, void *infra);
gboolean infra_run_ended(DbConn *tx, const char *job_id, const char *state, void *infra,
                         GError **error);
const Value *infra_run_value(Infra *infra, DbConn *conn, Arena *arena, const InfraRun *run);

/* The workspace, or NULL with ERROR_NOT_FOUND. Strings in arena. */
InfraWorkspace *infra_find_workspace(Infra *infra, Arena *arena, const char *name, GError **error);
const Value *infra_workspace_value(Infra *infra, Arena *arena, const InfraWorkspace *workspace,
                                   GError **error);
/* Another run of a workspace that is there, with the variables it has. */
const char *infra_rerun(Infra *infra, Arena *arena, const char *workspace, const char *operation,
                        const char *actor, GError **error);

/* Opens a workspace's or run's variables. */
const Value *infra_unseal_variables(Infra *infra, Arena *arena, GBytes *sealed, GError **error);

typedef enum { ENGINE_ENDED, ENGINE_LOST, ENGINE_FAILED } EngineOutcome;

/* One attempt at a run. */
typedef struct {
    Infra *infra;
    Job *job;
    Arena *arena;
    const InfraRun *run;
    const InfraModule *module;
    const Value *variables;
    const char *work;   /* the copy's root */
    const char *folder; /* the module in it */
    const char *token;
    const char *failure; /* the first error that the program told of */
    gboolean stale_plan;
} EngineRun;

/* A line of the -json stream. fresh is FALSE where an earlier attempt has printed it. */
typedef void (*EngineLineFn)(EngineRun *run, const Value *line, void *data);

/* The folder of a step's round: a step that begins anew gets a new one, an interrupted one goes on
 * in its last. In arena. */
const char *infra_engine_round(EngineRun *run, const char *step, gboolean fresh, GError **error);
/* Runs the program with arguments, or goes on with the one that an earlier attempt started in the
 * same round, printing what it says under step. ENGINE_LOST: it died with the machine. */
EngineOutcome infra_engine_run(EngineRun *run, const char *step, const char *round,
                               const char *name, const char *const *arguments, EngineLineFn line,
                               void *data, int *exit_code, GError **error);
gboolean infra_engine_started(const char *round, const char *name);

/* Reads the state and keeps outputs, secrets and resources; {name: {value|"***", sensitive}}. */
const Value *infra_keep_results(EngineRun *run, GError **error);
