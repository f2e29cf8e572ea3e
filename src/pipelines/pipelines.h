/* Pipelines: GitHub Actions workflow files, run on the server. A workflow job is a job of kind
 * "pipelines.job". */
#pragma once
#include "forge/forge.h"
#include "net/http_server.h"
#include "spine/config.h"
#include "spine/jobs.h"
#include "spine/secrets.h"

typedef struct Pipelines Pipelines;

/* Makes a job's GITHUB_TOKEN / PAVE_TOKEN (identity's, handed down so that rooms make no circle).
 */
typedef char *(*PipelinesTokenFn)(const char *job_ref, const char *const *scopes, void *data,
                                  GError **error);

typedef struct {
    const char *api_url;        /* Pave's own base URL */
    const char *api_socket;     /* Unix socket of the API, for sandboxes without a network */
    const char *ingress_socket; /* Unix socket of the TLS ingress */
    const char *ca_file;        /* Pave's local CA, PEM */
    const char *const *environments;
    const char *pave_program; /* this binary */
} PipelinesRuntime;

Pipelines *pipelines_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Forge *forge,
                         const Config *config, const char *data_folder,
                         const PipelinesRuntime *runtime, PipelinesTokenFn issue_token,
                         void *token_data, GError **error);
void pipelines_free(Pipelines *pipelines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pipelines, pipelines_free)

extern const Route pipelines_routes[];
