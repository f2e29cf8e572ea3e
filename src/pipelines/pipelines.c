#include "pipelines/pipelines.h"

#include "pipelines/pipelines_internal.h"

#include <string.h>

#define JOBS_AT_ONCE 8
#define DEFAULT_PORT 7007

/* The port Pave answers on inside a job: its own, unless the ingress needs that one. */
static guint16 port_of(const char *url)
{
    g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;
    int port = uri ? g_uri_get_port(uri) : -1;
    return port > 0 && port != 80 && port != 443 ? (guint16)port : DEFAULT_PORT;
}

static char *without_slash(const char *url)
{
    char *copy = g_strdup(url ? url : "http://127.0.0.1:7007");
    while (g_str_has_suffix(copy, "/"))
        copy[strlen(copy) - 1] = '\0';
    return copy;
}

static void register_kinds(Pipelines *pipelines)
{
    const JobKind kinds[] = {
        {"pipelines.look", pipelines_look, NULL, pipelines, 4},
        {"pipelines.job", pipelines_execute, pipelines_job_ended, pipelines, JOBS_AT_ONCE},
        {"pipelines.stop", pipelines_stop_jobs, NULL, pipelines, 4},
    };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        jobs_register(pipelines->jobs, &kinds[i]);
}

Pipelines *pipelines_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Forge *forge,
                         const Config *config, const char *data_folder,
                         const PipelinesRuntime *runtime, PipelinesTokenFn issue_token,
                         void *token_data, GError **error)
{
    Pipelines *pipelines = g_new0(Pipelines, 1);
    pipelines->db = db;
    pipelines->events = events;
    pipelines->jobs = jobs;
    pipelines->secrets = secrets;
    pipelines->forge = forge;
    pipelines->config = config;
    pipelines->data_folder = g_strdup(data_folder);
    pipelines->api_url = without_slash(runtime->api_url);
    pipelines->api_socket = g_strdup(runtime->api_socket);
    pipelines->ingress_socket = g_strdup(runtime->ingress_socket);
    pipelines->ca_file = g_strdup(runtime->ca_file);
    pipelines->environments = g_strdupv((char **)runtime->environments);
    pipelines->api_port = port_of(runtime->api_url);
    pipelines->issue_token = issue_token;
    pipelines->token_data = token_data;
    register_kinds(pipelines);
    events_follow(events, "pipelines.pushes", "dev.pave.forge.ref.updated", pipelines_on_push,
                  pipelines);
    return pipelines;
}

void pipelines_free(Pipelines *pipelines)
{
    if (!pipelines)
        return;
    g_free(pipelines->data_folder);
    g_free(pipelines->api_url);
    g_free(pipelines->api_socket);
    g_free(pipelines->ingress_socket);
    g_free(pipelines->ca_file);
    g_strfreev(pipelines->environments);
    g_free(pipelines);
}
