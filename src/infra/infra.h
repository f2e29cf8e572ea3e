/* Infrastructure: modules, workspaces, Terraform runs and state. A run is a job of kind
 * "infra.run". */
#pragma once
#include "forge/forge.h"
#include "net/http_server.h"
#include "spine/config.h"
#include "spine/jobs.h"
#include "spine/secrets.h"

typedef struct Infra Infra;

/* issue_token makes the run's own credential for the state backend (identity's, handed down so that
 * rooms make no circle). */
typedef char *(*InfraTokenFn)(const char *job_id, const char *const *scopes, void *data,
                              GError **error);

Infra *infra_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Forge *forge,
                 const Config *config, const char *data_folder, InfraTokenFn issue_token,
                 void *token_data, GError **error);
void infra_free(Infra *infra);
/* Where Terraform reaches this server for its state, "http://127.0.0.1:7007"; by default derived
 * from backend.baseUrl. */
void infra_set_api_url(Infra *infra, const char *url);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Infra, infra_free)

typedef struct {
    const char *module;      /* "microservice-infra": a folder of the configured module sources, or
                                owner/repo//path@ref */
    const char *service;     /* what it is for: entity ref "component:default/order-service" */
    const char *environment; /* "staging" */
    const Value *variables;  /* `environment` is filled in where the module has one */
    const char *operation;   /* "apply" (plan and apply), "destroy" or "plan" */
    const char *actor, *cause;
    const char *run_id; /* the job id to use: submitting the same one twice does nothing */
    const char *owner;  /* entity ref */
    /* The caller knows that actor may change a workspace that somebody else made. */
    gboolean authorized;
    gboolean dry; /* only check what would be refused: nothing is written, the id is "" */
} InfraRequest;

/* Makes the workspace ("<service name>-<environment>") where missing and submits a run; its job id,
 * in arena. ERROR_INPUT where variables do not fit the module's schema. When it succeeds, its
 * outputs are kept; sensitive ones become secrets of scope "service:<name>/<environment>". */
const char *infra_submit(Infra *infra, Arena *arena, const InfraRequest *request, GError **error);
/* {id, name, module, service, environment, owner, state (of its last run), outputs (sensitive ones
 * as "***"), serial, lineage, resources:[{address, type}], lock, updatedAt, runs:[…]};
 * ERROR_NOT_FOUND. */
const Value *infra_workspace(Infra *infra, Arena *arena, const char *name, GError **error);

/* Destroys what a workspace made, with the variables it has; the run's job id, in arena. Its state
 * and runs are kept. run_id as in InfraRequest. */
const char *infra_destroy(Infra *infra, Arena *arena, const char *name, const char *run_id,
                          const char *actor, const char *cause, GError **error);
/* Names and environments of the workspaces of a service ("component:default/x"): [{name,
 * environment, module, owner, createdBy, resources}], in arena. */
const Value *infra_workspaces_of(Infra *infra, Arena *arena, const char *service, GError **error);

extern const Route infra_routes[];
