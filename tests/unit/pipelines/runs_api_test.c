/* The routes of the room, through a real server. */
#include "net/http_client.h"
#include "spine/access.h"
#include "test_runs.h"

typedef struct {
    TestRuns room;
    HttpServer *server;
    guint16 port;
} Fixture;

static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    *principal = principal_new(PRINCIPAL_USER, "user:default/ada", NULL, NULL, NULL);
    return TRUE;
}

static void fixture_open(Fixture *fixture, TestDb *test)
{
    g_autoptr(GError) error = NULL;
    HttpServerOptions options = {.workers = 4};
    test_runs_open(&fixture->room, test);
    fixture->server = http_server_new(&options);
    http_server_set_authenticator(fixture->server, authenticate, NULL,
                                  (GDestroyNotify)principal_unref);
    http_mount(fixture->server, pipelines_routes, fixture->room.pipelines);
    int fd = http_listen_tcp("127.0.0.1", &fixture->port, &error);
    g_assert_no_error(error);
    g_assert_true(http_server_listen(fixture->server, &(HttpListener){.listen_fd = fd}, &error));
}

static void fixture_close(Fixture *fixture)
{
    http_server_stop(fixture->server, 1000);
    http_server_free(fixture->server);
    test_runs_close(&fixture->room);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_close)

static const Value *call(Fixture *fixture, const char *method, const char *path, const char *body,
                         long wanted)
{
    g_autofree char *url =
        g_strdup_printf("http://127.0.0.1:%d/api/pipelines/v1%s", fixture->port, path);
    const char *headers[] = {body ? "Content-Type: application/json" : NULL, NULL};
    HttpRequest request = {.method = method,
                           .url = url,
                           .headers = headers,
                           .body = body,
                           .body_length = body ? strlen(body) : 0,
                           .allow_private = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpReply) reply = http_send(&request, &error);
    g_assert_no_error(error);
    if (reply->status != wanted)
        g_error("%s %s: got %ld: %s", method, path, reply->status, reply->body);
    const Value *value =
        json_parse(fixture->room.arena, reply->body, (gssize)reply->length, &error);
    g_assert_no_error(error);
    return value;
}

static void assert_member(const Value *value, const char *path, const char *wanted)
{
    g_autofree char *text = json_to_string(value_pointer(value, path), JSON_COMPACT);
    if (g_strcmp0(text, wanted) != 0) {
        g_test_message("%s: got %s, wanted %s", path, text, wanted);
        g_test_fail();
    }
}

static const char WORKING[] = "name: Deploy\non: [push, workflow_dispatch]\njobs:\n"
                              "  build: {runs-on: x, environment: staging, steps: [{run: 'exit 3', "
                              "name: Try}, {run: echo}]}\n"
                              "  after: {needs: build, runs-on: x, steps: [run: 'true']}\n";

static void a_run_is_shown_with_its_jobs_and_steps(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    if (!can_sandbox())
        return;
    fixture_open(&fixture, test);
    test_runs_publish(&fixture.room, "app", NULL, (const char *const[]){WORKFLOW, WORKING, NULL});
    test_runs_wait(&fixture.room);
    const Value *list = call(&fixture, "GET", "/runs?repository=acme-corp%2Fapp", NULL, 200);
    g_assert_cmpuint(value_count(value_get(list, "items")), ==, 1);
    assert_member(list, "/items/0/jobs/0/steps", "null");
    assert_member(call(&fixture, "GET", "/runs?repository=acme-corp%2Fother", NULL, 200), "/items",
                  "[]");
    g_autofree char *path =
        g_strdup_printf("/runs/%s", value_string(value_pointer(list, "/items/0/id"), ""));
    const Value *run = call(&fixture, "GET", path, NULL, 200);
    assert_member(run, "/number", "1");
    assert_member(run, "/repository", "\"acme-corp/app\"");
    assert_member(run, "/workflow", "{\"name\":\"Deploy\",\"path\":\"" WORKFLOW "\"}");
    assert_member(run, "/event", "\"push\"");
    assert_member(run, "/branch", "\"main\"");
    assert_member(run, "/commit/message", "\"initial commit\"");
    assert_member(run, "/actor", "\"user:default/ada\"");
    assert_member(run, "/status", "\"completed\"");
    assert_member(run, "/conclusion", "\"failure\"");
    assert_member(run, "/errors", "[]");
    assert_member(run, "/jobs/0/key", "\"build\"");
    assert_member(run, "/jobs/0/environment", "\"staging\"");
    assert_member(run, "/jobs/0/steps/1/name", "\"Try\"");
    assert_member(run, "/jobs/0/steps/1/number", "2");
    assert_member(run, "/jobs/0/steps/1/conclusion", "\"failure\"");
    assert_member(run, "/jobs/0/steps/2/conclusion", "\"skipped\"");
    assert_member(run, "/jobs/0/annotations/0/message", "\"Process completed with exit code 3.\"");
    assert_member(run, "/jobs/1/needs", "[\"build\"]");
    assert_member(run, "/jobs/1/conclusion", "\"skipped\"");
    call(&fixture, "GET", "/runs/none", NULL, 404);
    call(&fixture, "GET", "/runs?limit=no", NULL, 400);
}

static void a_run_is_dispatched_cancelled_and_run_again(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    if (!can_sandbox())
        return;
    fixture_open(&fixture, test);
    test_runs_publish(&fixture.room, "app", NULL, (const char *const[]){WORKFLOW, WORKING, NULL});
    test_runs_wait(&fixture.room);
    const char *path = "/repositories/acme-corp/app/dispatches";
    call(&fixture, "POST", path, "{}", 400);
    call(&fixture, "POST", path, "{\"workflow\":\"none.yml\"}", 404);
    call(&fixture, "POST", path, "{\"workflow\":\"ci.yml\",\"ref\":\"none\"}", 400);
    call(&fixture, "POST", path, "{\"workflow\":\"ci.yml\",\"inputs\":{\"x\":1}}", 400);
    const Value *run = call(&fixture, "POST", path, "{\"workflow\":\"ci.yml\"}", 201);
    assert_member(run, "/event", "\"workflow_dispatch\"");
    assert_member(run, "/number", "2");
    const char *id = value_string(value_get(run, "id"), "");
    g_autofree char *cancel = g_strdup_printf("/runs/%s/cancel", id);
    g_autofree char *again = g_strdup_printf("/runs/%s/rerun", id);
    call(&fixture, "POST", cancel, NULL, 202);
    g_assert_cmpint(test_runs_wait(&fixture.room)->conclusion, ==, CONCLUSION_CANCELLED);
    call(&fixture, "POST", cancel, NULL, 409);
    run = call(&fixture, "POST", again, "{\"jobs\":\"all\"}", 201);
    assert_member(run, "/attempt", "2");
    g_assert_cmpint(test_runs_wait(&fixture.room)->conclusion, ==, CONCLUSION_FAILURE);
    call(&fixture, "POST", "/runs/none/rerun", NULL, 404);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/pipelines-api/a-run-is-shown-with-its-jobs-and-steps",
                a_run_is_shown_with_its_jobs_and_steps);
    test_db_add("/pipelines-api/a-run-is-dispatched-cancelled-and-run-again",
                a_run_is_dispatched_cancelled_and_run_again);
    return test_db_run();
}
