/* The routes of deployments and observability, through a real server. */
#include "fixture.h"
#include "formats/json.h"
#include "net/http_client.h"
#include "observability/observability.h"
#include "spine/access.h"

typedef struct {
    Fixture room;
    Observability *observability;
    HttpServer *server;
    guint16 port;
} Api;

/* Whoever the header names; "nobody" has no credentials. */
static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    const char *who = request_header(request, "X-Who");

    *principal =
        g_strcmp0(who, "nobody") == 0
            ? NULL
            : principal_new(PRINCIPAL_USER, who ? who : "user:default/ada", NULL, NULL, NULL);
    return TRUE;
}

static const char *const *owners_of(Arena *arena, const char *service, void *data)
{
    static const char *const owners[] = {"user:default/ada", NULL};

    return owners;
}

static void set_up(Api *api, gconstpointer data)
{
    HttpServerOptions options = {.workers = 4};
    GError *error = NULL;
    int fd;

    fixture_set_up(&api->room, NULL);
    deployments_set_owners(api->room.deployments, owners_of, NULL);
    api->server = http_server_new(&options);
    api->observability = observability_new(api->room.db, api->room.events, api->room.deployments,
                                           api->server, &error);
    g_assert_no_error(error);
    http_server_set_authenticator(api->server, authenticate, NULL, (GDestroyNotify)principal_unref);
    http_mount(api->server, deployments_routes, api->room.deployments);
    http_mount(api->server, observability_routes, api->observability);
    fd = http_listen_tcp("127.0.0.1", &api->port, &error);
    g_assert_no_error(error);
    g_assert_true(http_server_listen(api->server, &(HttpListener){.listen_fd = fd}, &error));
}

static void tear_down(Api *api, gconstpointer data)
{
    http_server_stop(api->server, 1000);
    observability_free(api->observability);
    http_server_free(api->server);
    fixture_tear_down(&api->room, NULL);
}

typedef struct {
    const char *method, *path, *body;
    gsize length;
    const char *type, *who;
} Call;

static HttpReply *send_call(Api *api, const Call *call)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d%s", api->port, call->path);
    g_autofree char *who = g_strconcat("X-Who: ", call->who ? call->who : "user:default/ada", NULL);
    g_autofree char *type =
        g_strconcat("Content-Type: ", call->type ? call->type : "application/json", NULL);
    const char *headers[] = {who, call->body ? type : NULL, NULL};
    HttpRequest request = {.method = call->method,
                           .url = url,
                           .headers = headers,
                           .body = call->body,
                           .body_length = call->length ? call->length
                                          : call->body ? strlen(call->body)
                                                       : 0,
                           .allow_private = TRUE};
    g_autoptr(GError) error = NULL;
    HttpReply *reply = http_send(&request, &error);

    g_assert_no_error(error);
    return reply;
}

static const Value *call(Api *api, Call what, long wanted)
{
    g_autoptr(HttpReply) reply = send_call(api, &what);
    g_autoptr(GError) error = NULL;
    const Value *value;

    if (reply->status != wanted)
        g_error("%s %s: got %ld: %s", what.method, what.path, reply->status, reply->body);
    if (!reply->length)
        return NULL;
    value = json_parse(api->room.arena, reply->body, (gssize)reply->length, &error);
    g_assert_no_error(error);
    return value;
}

#define V1 "/api/deployments/v1"

/* Uploads the little server as mode "one". */
static const Value *upload(Api *api, const char *query, long wanted)
{
    g_autofree char *app = g_build_filename(api->room.folder, "upload", NULL);
    g_autofree char *file = g_strconcat(app, ".tar", NULL), *bytes = NULL;
    g_autofree char *path = g_strconcat(V1 "/services/orders/releases", query, NULL);
    gsize length;

    g_mkdir_with_parents(app, 0755);
    fixture_write(app, "server.py", FIXTURE_SERVER);
    fixture_write(app, "mode", "one");
    fixture_write(app, "Procfile", "web: /usr/bin/python3 server.py\n");
    close(fixture_tar(app, file));
    g_assert_true(g_file_get_contents(file, &bytes, &length, NULL));
    return call(api, (Call){"POST", path, bytes, length, "application/x-tar", NULL}, wanted);
}

static void test_whole_road(Api *api, gconstpointer data)
{
    const Value *release = upload(
        api, "?commit=1111111&message=First&tag=latest&committedAt=2026-01-01T00%3A00%3A00Z", 201);
    const Value *deployment, *service, *list, *log;
    g_autofree char *path = NULL;

    g_assert_cmpstr(value_path_string(release, "committedAt", ""), ==, "2026-01-01T00:00:00.000Z");
    g_assert_cmpstr(value_string(value_item(value_get(release, "tags"), 0), ""), ==, "latest");
    deployment = call(api,
                      (Call){"POST", V1 "/deployments",
                             "{\"service\":\"orders\",\"environment\":\"staging\","
                             "\"commit\":\"1111111\",\"idempotencyKey\":\"k\"}",
                             0, NULL, NULL},
                      201);
    g_assert_cmpstr(value_path_string(deployment, "state", ""), ==, "queued");
    fixture_wait(&api->room, value_path_string(deployment, "id", ""));
    path = g_strconcat(V1 "/deployments/", value_path_string(deployment, "id", ""), NULL);
    deployment = call(api, (Call){.method = "GET", .path = path}, 200);
    g_assert_cmpstr(value_path_string(deployment, "state", ""), ==, "live");
    service = call(api, (Call){.method = "GET", .path = V1 "/services/orders"}, 200);
    service = value_item(value_get(service, "environments"), 0);
    g_assert_cmpstr(value_path_string(service, "current.health.status", ""), ==, "healthy");
    list = call(api, (Call){.method = "GET", .path = V1 "/services"}, 200);
    g_assert_cmpuint(value_count(value_get(list, "items")), ==, 1);
    list = call(api, (Call){.method = "GET", .path = V1 "/deployments?service=orders"}, 200);
    g_assert_cmpuint(value_count(value_get(list, "items")), ==, 1);
    list = call(api, (Call){.method = "GET", .path = V1 "/services/orders/releases"}, 200);
    g_assert_cmpuint(value_count(value_get(list, "items")), ==, 1);
    log = call(
        api, (Call){.method = "GET", .path = V1 "/services/orders/environments/staging/log?tail=1"},
        200);
    g_assert_cmpuint(value_count(value_get(log, "lines")), ==, 1);
    call(api, (Call){.method = "POST", .path = V1 "/services/orders/environments/staging/stop"},
         204);
}

static void test_refusals(Api *api, gconstpointer data)
{
    static const struct {
        Call call;
        long status;
    } cases[] = {
        {{"POST", V1 "/deployments", "{}", 0, NULL, NULL}, 400},
        {{"POST", V1 "/deployments", "{\"service\":1,\"environment\":\"staging\"}", 0, NULL, NULL},
         400},
        {{"POST", V1 "/deployments", "{\"service\":\"orders\",\"environment\":\"moon\"}", 0, NULL,
          NULL},
         400},
        {{"POST", V1 "/deployments", "{\"service\":\"orders\",\"environment\":\"staging\"}", 0,
          NULL, NULL},
         404},
        {{"POST", V1 "/deployments", "{\"service\":\"orders\",\"environment\":\"staging\"}", 0,
          NULL, "user:default/eve"},
         403},
        {{"GET", V1 "/deployments/none", NULL, 0, NULL, NULL}, 404},
        {{"GET", V1 "/deployments?limit=0", NULL, 0, NULL, NULL}, 400},
        {{"GET", V1 "/services/Not%20a%20name", NULL, 0, NULL, NULL}, 400},
        {{"GET", V1 "/services/orders/environments/moon/log", NULL, 0, NULL, NULL}, 400},
        {{"POST", V1 "/services/orders/environments/staging/rollback", NULL, 0, NULL, NULL}, 409},
        {{"POST", V1 "/services/orders/environments/staging/rollback", NULL, 0, NULL,
          "user:default/eve"},
         403},
        {{"POST", V1 "/services/orders/environments/staging/stop", NULL, 0, NULL, NULL}, 404},
        {{"POST", V1 "/services/orders/releases", "no tar", 0, "application/x-tar", NULL}, 400},
        {{"POST", V1 "/services/orders/releases?commit=main", "x", 0, "application/x-tar", NULL},
         400},
        {{"POST", V1 "/services/orders/releases?committedAt=soon", "x", 0, "application/x-tar",
          NULL},
         400},
        {{"POST", V1 "/services/orders/releases", "x", 0, "application/x-tar", "user:default/eve"},
         403},
        {{"GET", "/api/observability/v1/health?hours=1000", NULL, 0, NULL, NULL}, 400},
        {{"GET", "/metrics", NULL, 0, NULL, "nobody"}, 401},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        call(api, cases[i].call, cases[i].status);
}

static void test_for_machines(Api *api, gconstpointer data)
{
    static const char *const health[] = {"/healthz", "/.backstage/health/v1/readiness",
                                         "/.backstage/health/v1/liveness"};
    g_autoptr(HttpReply) reply = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(health); i++)
        g_assert_cmpstr(
            value_path_string(
                call(api, (Call){.method = "GET", .path = health[i], .who = "nobody"}, 200),
                "status", ""),
            ==, "ok");
    observability_set_public_metrics(api->observability, TRUE);
    reply = send_call(api, &(Call){.method = "GET", .path = "/metrics", .who = "nobody"});
    g_assert_cmpint(reply->status, ==, 200);
    g_assert_true(g_str_has_prefix(g_hash_table_lookup(reply->headers, "content-type"),
                                   "text/plain; version=0.0.4"));
    g_assert_nonnull(strstr(reply->body, "pave_http_requests_total"));
}

#define ADD(name, function) g_test_add(name, Api, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    ADD("/deployments/api/from-upload-to-stop", test_whole_road);
    ADD("/deployments/api/wrong-requests-are-refused", test_refusals);
    ADD("/deployments/api/machines-find-health-and-metrics", test_for_machines);
    return g_test_run();
}
