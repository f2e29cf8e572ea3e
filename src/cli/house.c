#include "cli/house.h"
#include "catalog/catalog.h"
#include "cli/app_api.h"
#include "cli/ingress.h"
#include "cli/portal.h"
#include "deployments/deployments.h"
#include "forge/forge.h"
#include "identity/identity.h"
#include "infra/infra.h"
#include "insights/insights.h"
#include "observability/observability.h"
#include "pipelines/pipelines.h"
#include "scaffolder/scaffolder.h"
#include "spine/blobs.h"
#include "spine/ca.h"
#include "spine/events_api.h"
#include "spine/jobs_api.h"
#include <string.h>
#include <unistd.h>

#define REQUEST_GRACE_MS 10000
#define JOB_TOKEN_MS ((int64_t)24 * 3600 * 1000)

struct House {
    const HouseSpec *spec;
    App app;
    char *base_host;
    char *api_url;           /* from this machine */
    char *certificate, *key; /* of the portal's door, PEM; NULL for plain HTTP */
    char *api_socket, *ingress_socket;

    Db *db;
    Events *events;
    Secrets *secrets;
    Jobs *jobs;
    Blobs *blobs;
    LocalCa *ca;
    HttpServer *server;
    Portal *portal;
    Ingress *ingress;

    Identity *identity;
    Forge *forge;
    Catalog *catalog;
    Infra *infra;
    Scaffolder *scaffolder;
    Pipelines *pipelines;
    Deployments *deployments;
    Observability *observability;
    Insights *insights;
    gboolean jobs_started, events_started;
};

char *house_api_socket(const char *data_folder)
{
    return g_build_filename(data_folder, "run", "api.sock", NULL);
}

char *house_ingress_socket(const char *data_folder)
{
    return g_build_filename(data_folder, "run", "ingress.sock", NULL);
}

/* ---- the spine ---- */

static char *host_of(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

    return g_ascii_strdown(uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "localhost", -1);
}

static gboolean open_spine(House *house, GError **error)
{
    const Config *config = house->spec->config;
    const char *data = house->spec->data_folder;
    g_autofree char *default_url = g_strdup_printf("sqlite:%s/pave.db", data);
    g_autofree char *default_key = g_strconcat(data, ".key", NULL);
    g_autofree char *blobs = g_build_filename(data, "blobs", NULL);

    house->db = db_open(config_string(config, "backend.database.url", default_url), error);
    if (!house->db)
        return FALSE;
    house->secrets =
        secrets_open(house->db, config_string(config, "backend.keyFile", default_key), TRUE, error);
    if (!house->secrets)
        return FALSE;
    house->events = events_new(house->db);
    house->jobs = jobs_new(house->db, house->events, house->secrets, data, g_get_host_name());
    house->blobs = blobs_open(blobs, error);
    return house->blobs != NULL;
}

/* ---- the rooms ---- */

static char *issue_job_token(const char *ref, const char *const *scopes, void *identity,
                             GError **error)
{
    g_autofree char *job_ref = strchr(ref, ':') ? g_strdup(ref) : g_strconcat("job:", ref, NULL);

    return identity_issue_token(identity, PRINCIPAL_JOB, job_ref, "job", scopes, JOB_TOKEN_MS,
                                error);
}

static Principal *principal_of(const char *ref, void *identity)
{
    return identity_principal_of(identity, ref);
}

/* What a running job is about: the repository whose pipeline it belongs to. */
static char **things_of_job(const char *id, void *db)
{
    static const char *const over[] = {"succeeded", "failed", "cancelled", NULL};
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *job = jobs_get(db_reader(db), arena, id, NULL);
    const char *things[] = {value_path_string(job, "subject", NULL), NULL};

    if (!job || g_strv_contains(over, value_path_string(job, "state", "")))
        return NULL;
    return g_strdupv((char **)things);
}

static gboolean open_lower_rooms(House *house, GError **error)
{
    const Config *config = house->spec->config;
    const char *data = house->spec->data_folder;

    house->identity = identity_new(house->db, house->events, config, error);
    if (!house->identity)
        return FALSE;
    house->forge = forge_new(house->db, house->events, house->secrets, config, data, error);
    if (!house->forge)
        return FALSE;
    house->catalog =
        catalog_open(house->db, house->events, house->jobs, house->forge, config, data, error);
    if (!house->catalog)
        return FALSE;
    identity_set_groups(house->identity, catalog_groups_of, house->catalog);
    forge_set_people(house->forge, principal_of, house->identity);
    identity_set_jobs(house->identity, things_of_job, house->db);
    house->infra = infra_new(house->db, house->events, house->jobs, house->secrets, house->forge,
                             config, data, issue_job_token, house->identity, error);
    if (!house->infra)
        return FALSE;
    infra_set_api_url(house->infra, house->api_url);
    return TRUE;
}

/* "repository:acme/shop", where the component of a service has its source: by its descriptor's
 * place, or as its annotation says. */
static const char *repository_of(House *house, Arena *arena, const char *component)
{
    const Value *entity = catalog_get(house->catalog, arena, component, NULL);
    const Value *annotations = value_path(entity, "metadata.annotations");
    const char *slug = value_string(value_get(annotations, "github.com/project-slug"), NULL);
    const char *place =
        value_string(value_get(annotations, "backstage.io/managed-by-location"), "");
    ForgeLocation location;

    if (g_str_has_prefix(place, "url:") &&
        forge_parse_url(house->forge, arena, place + strlen("url:"), &location, NULL))
        slug = arena_printf(arena, "%s/%s", location.owner, location.name);
    return slug ? arena_printf(arena, "repository:%s", slug) : NULL;
}

static const char *const *owners_of_service(Arena *arena, const char *service, void *data)
{
    House *house = data;
    const char *component = arena_printf(arena, "component:default/%s", service);
    const char *const *owners = catalog_owners(house->catalog, arena, component);
    guint count = g_strv_length((char **)owners);
    const char **all = arena_new0(arena, const char *, count + 2);

    memcpy(all, owners, sizeof *all * count);
    all[count] = repository_of(house, arena, component);
    return all;
}

/* For the names of the services, which are their environments'. */
static gboolean open_ca(House *house, GError **error)
{
    g_autofree char *folder = g_build_filename(house->spec->data_folder, "ca", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *const *environments = deployments_environments(house->deployments);

    for (guint i = 0; environments[i]; i++)
        g_ptr_array_add(names, g_strdup_printf("*.%s.internal", environments[i]));
    g_ptr_array_add(names, g_strdup("localhost"));
    g_ptr_array_add(names, NULL);
    house->ca = local_ca_open(folder, house->secrets, (const char *const *)names->pdata, error);
    return house->ca != NULL;
}

static gboolean open_deployments(House *house, GError **error)
{
    const HouseSpec *spec = house->spec;

    house->deployments = deployments_new(house->db, house->events, house->jobs, house->secrets,
                                         house->blobs, spec->config, spec->data_folder, error);
    if (!house->deployments)
        return FALSE;
    deployments_set_owners(house->deployments, owners_of_service, house);
    return open_ca(house, error);
}

static gboolean open_upper_rooms(House *house, GError **error)
{
    const Config *config = house->spec->config;
    const char *data = house->spec->data_folder;
    PipelinesRuntime runtime = {.api_url = house->spec->base_url,
                                .api_socket = house->api_socket,
                                .ingress_socket = house->ingress_socket,
                                .ca_file = house->ca->bundle_file,
                                .environments = deployments_environments(house->deployments),
                                .pave_program = house->spec->program};

    house->scaffolder = scaffolder_new(house->db, house->events, house->jobs, house->secrets,
                                       house->catalog, house->forge, house->infra, config, error);
    if (!house->scaffolder)
        return FALSE;
    scaffolder_set_deployments(house->scaffolder, house->deployments);
    house->pipelines =
        pipelines_new(house->db, house->events, house->jobs, house->secrets, house->forge, config,
                      data, &runtime, issue_job_token, house->identity, error);
    if (!house->pipelines)
        return FALSE;
    house->observability =
        observability_new(house->db, house->events, house->deployments, house->server, error);
    if (!house->observability)
        return FALSE;
    observability_set_public_metrics(house->observability,
                                     config_bool(config, "observability.metrics.public", FALSE));
    house->insights = insights_new(house->db, house->events, config, error);
    return house->insights != NULL;
}

/* ---- the doors ---- */

static char **texts_of(const Value *list)
{
    char **texts = g_new0(char *, value_count(list) + 1);

    for (guint i = 0; i < value_count(list); i++)
        texts[i] = g_strdup(value_string(value_item(list, i), ""));
    return texts;
}

static void open_server(House *house)
{
    const char *hosts[] = {house->base_host, "localhost", "127.0.0.1", "[::1]", NULL};
    g_auto(GStrv) proxies = texts_of(config_get(house->spec->config, "backend.trustedProxies"));
    HttpServerOptions options = {.hosts = hosts, .trusted_proxies = (const char *const *)proxies};

    house->server = http_server_new(&options);
    house->portal = portal_new();
}

/* PEM as the configuration has it, or of the file it names. */
static gboolean read_pem(const Config *config, const char *key, char **text, GError **error)
{
    const char *given = config_string(config, key, NULL);
    g_autofree char *path = NULL;

    if (!given || strstr(given, "-----BEGIN")) {
        *text = g_strdup(given);
        return TRUE;
    }
    path = config_resolve_path(config, given);
    return g_file_get_contents(path, text, NULL, error);
}

static void mount(House *house)
{
    HttpServer *server = house->server;
    const struct {
        const Route *routes;
        void *room;
    } rooms[] = {
        {app_routes, &house->app},
        {events_routes, house->events},
        {jobs_routes, house->jobs},
        {identity_routes, house->identity},
        {forge_routes, house->forge},
        {forge_pull_routes, house->forge},
        {catalog_routes, house->catalog},
        {infra_routes, house->infra},
        {scaffolder_routes, house->scaffolder},
        {pipelines_routes, house->pipelines},
        {deployments_routes, house->deployments},
        {observability_routes, house->observability},
        {insights_routes, house->insights},
    };

    house->app = (App){house->spec->config, house->deployments};
    for (guint i = 0; i < G_N_ELEMENTS(rooms); i++)
        http_mount(server, rooms[i].routes, rooms[i].room);
    house->ingress = ingress_new(house->deployments);
    http_server_set_authenticator(server, identity_authenticate, house->identity,
                                  (GDestroyNotify)principal_unref);
    http_server_set_fallback(server, portal_serve, house->portal);
    http_server_set_foreign_host_handler(server, ingress_serve, house->ingress);
    events_api_wake(house->events, server);
    jobs_api_wake(house->jobs, server);
}

static gboolean start(House *house, GError **error)
{
    events_start(house->events);
    house->events_started = TRUE;
    if (!forge_start(house->forge, error) || !catalog_start(house->catalog, error))
        return FALSE;
    /* What runs is taken up before a deployment that was interrupted goes on. */
    if (!deployments_start(house->deployments, error))
        return FALSE;
    jobs_start(house->jobs);
    house->jobs_started = TRUE;
    return TRUE;
}

static gboolean listen_all(House *house, GError **error)
{
    const HttpListener listeners[] = {
        {.listen_fd = house->spec->tcp_fd,
         .tls_certificate = house->certificate,
         .tls_key = house->key},
        {.listen_fd = house->spec->api_fd},
        {.listen_fd = house->spec->ingress_fd,
         .tls_certificate = house->ca->certificate,
         .tls_key = house->ca->key},
    };

    for (guint i = 0; i < G_N_ELEMENTS(listeners); i++)
        if (!http_server_listen(house->server, &listeners[i], error))
            return FALSE;
    return TRUE;
}

House *house_open(const HouseSpec *spec, GError **error)
{
    g_autoptr(House) house = g_new0(House, 1);

    house->spec = spec;
    house->base_host = host_of(spec->base_url);
    house->api_url = g_strdup_printf("http://127.0.0.1:%u", spec->port);
    house->api_socket = house_api_socket(spec->data_folder);
    house->ingress_socket = house_ingress_socket(spec->data_folder);
    open_server(house);
    if (!read_pem(spec->config, "backend.https.certificate.cert", &house->certificate, error) ||
        !read_pem(spec->config, "backend.https.certificate.key", &house->key, error))
        return NULL;
    if (!open_spine(house, error) || !open_lower_rooms(house, error) ||
        !open_deployments(house, error) || !open_upper_rooms(house, error))
        return NULL;
    mount(house);
    if (!start(house, error) || !listen_all(house, error))
        return NULL;
    return g_steal_pointer(&house);
}

void house_close(House *house)
{
    if (!house)
        return;
    http_server_stop(house->server, REQUEST_GRACE_MS);
    if (house->jobs_started)
        jobs_stop(house->jobs);
    if (house->deployments)
        deployments_stop(house->deployments);
    if (house->catalog)
        catalog_stop(house->catalog);
    if (house->events_started)
        events_stop(house->events);
    g_clear_pointer(&house->insights, insights_free);
    g_clear_pointer(&house->observability, observability_free);
    g_clear_pointer(&house->pipelines, pipelines_free);
    g_clear_pointer(&house->scaffolder, scaffolder_free);
    g_clear_pointer(&house->deployments, deployments_free);
    g_clear_pointer(&house->infra, infra_free);
    g_clear_pointer(&house->catalog, catalog_free);
    g_clear_pointer(&house->forge, forge_free);
    g_clear_pointer(&house->ingress, ingress_free);
    g_clear_pointer(&house->portal, portal_free);
    g_clear_pointer(&house->server, http_server_free);
    g_clear_pointer(&house->identity, identity_free);
    g_clear_pointer(&house->jobs, jobs_free);
    g_clear_pointer(&house->blobs, blobs_free);
    g_clear_pointer(&house->events, events_free);
    g_clear_pointer(&house->ca, local_ca_free);
    g_clear_pointer(&house->secrets, secrets_free);
    g_clear_pointer(&house->db, db_close);
    g_free(house->base_host);
    g_free(house->api_url);
    g_free(house->certificate);
    g_free(house->key);
    g_free(house->api_socket);
    g_free(house->ingress_socket);
    g_free(house);
}
