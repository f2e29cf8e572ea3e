/* Who may start and stop runs, through a real server. */
#include "../net/raw_http.h"
#include "spine/access.h"
#include "test_runs.h"

#define WORKFLOW ".github/workflows/ci.yml"

/* Whoever the header names. */
static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    const char *who = request_header(request, "X-Who");

    *principal = principal_new(PRINCIPAL_USER, who, NULL, NULL, NULL);
    return access_check(*principal, permission, NULL, error);
}

static guint status_of(guint16 port, const char *who, const char *path, const char *body)
{
    g_autofree char *request = g_strdup_printf(
        "POST /api/pipelines/v1/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "X-Who: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        path, who, strlen(body), body);
    g_autofree char *reply = raw_exchange(port, request);

    return (guint)raw_status(reply);
}

static void only_owners_start_and_stop(TestDb *test)
{
    static const char workflow[] = "on: [push, workflow_dispatch]\njobs:\n  a:\n    runs-on: x\n"
                                   "    uses: nobody/nothing/.github/workflows/x.yml@main\n";
    g_auto(TestRuns) room = {0};
    g_autoptr(HttpServer) server = http_server_new(NULL);
    guint16 port;

    test_runs_open(&room, test);
    http_mount(server, pipelines_routes, room.pipelines);
    http_server_set_authenticator(server, authenticate, NULL, (GDestroyNotify)principal_unref);
    port = raw_listen(server);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    const Run *run = test_runs_wait(&room);
    const char *const paths[][2] = {
        {arena_printf(room.arena, "runs/%s/cancel", run->id), "{}"},
        {arena_printf(room.arena, "runs/%s/rerun", run->id), "{}"},
        {"repositories/acme-corp/app/dispatches", "{\"workflow\":\"ci.yml\"}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_assert_cmpuint(status_of(port, "user:default/eve", paths[i][0], paths[i][1]), ==, 403);
        g_assert_cmpuint(status_of(port, "user:default/ada", paths[i][0], paths[i][1]), !=, 403);
    }
    const char *const *owners = forge_owners_of(room.forge, room.arena, "acme-corp", "app", NULL);
    g_assert_true(g_strv_contains(owners, "repository:acme-corp/app"));
    g_assert_true(g_strv_contains(owners, "user:default/ada"));
    g_assert_null(forge_owners_of(room.forge, room.arena, "acme-corp", "other", NULL));
    http_server_stop(server, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/pipelines-api/only-owners-start-and-stop-runs", only_owners_start_and_stop);
    return test_db_run();
}
