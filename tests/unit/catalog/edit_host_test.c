/* Gitea and GitLab: fakes of the routes used, which write down what they were asked. */
#include "catalog/editing/edit_host.h"
#include "formats/json.h"
#include "net/http_server.h"
#include <string.h>

typedef struct {
    Arena *arena;
    HttpServer *server;
    Config *config;
    GPtrArray *hosts;
    GString *calls;
    gboolean stale;
} Fake;

static Response *say(unsigned status, const char *json)
{
    return response_text(status, "application/json", json);
}

static void note(Fake *fake, Request *request)
{
    gsize length;
    const char *body = request_body(request, &length);

    g_assert_nonnull(request_header(request, "Authorization")
                         ? request_header(request, "Authorization")
                         : request_header(request, "PRIVATE-TOKEN"));
    g_string_append_printf(fake->calls, "%s %s %.*s\n", request_method(request),
                           request_target(request), (int)length, body ? body : "");
}

static Response *repository(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(200, "{\"default_branch\":\"main\"}");
}

static Response *branch(Request *request, void *room, GError **error)
{
    note(room, request);
    if (g_str_equal(request_param(request, "branch"), "v1"))
        return say(404, "{\"message\":\"404 Branch Not Found\"}");
    return say(200, "{\"commit\":{\"id\":\"c0ffee\",\"web_url\":\"https://x/commit/c0ffee\"}}");
}

static Response *read_file(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(200, "{\"encoding\":\"base64\",\"content\":\"YQo=\",\"sha\":\"b10b\","
                    "\"blob_id\":\"b10b\",\"last_commit_id\":\"1a57\"}");
}

static Response *write_file(Request *request, void *room, GError **error)
{
    Fake *fake = room;

    note(fake, request);
    if (fake->stale)
        return say(400, "{\"message\":\"You are attempting to update a file that has changed\"}");
    return say(200, "{\"commit\":{\"sha\":\"c0ffee\",\"html_url\":\"https://x/commit/c0ffee\"}}");
}

static Response *propose(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(201, strstr(request_path(request), "/pulls")
                        ? "{\"html_url\":\"https://x/pulls/7\"}"
                        : "{\"web_url\":\"https://x/merge/7\"}");
}

#define GITEA "/api/v1/repos/{owner}/{name}"
#define GITLAB "/api/v4/projects/{id}"
static const Route routes[] = {
    {"GET", GITEA, repository, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", GITEA "/branches/{branch}", branch, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", GITEA "/contents/{path...}", read_file, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"PUT", GITEA "/contents/{path...}", write_file, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", GITEA "/pulls", propose, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", GITLAB, repository, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", GITLAB "/repository/branches/{branch}", branch, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", GITLAB "/repository/files/{path}", read_file, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"PUT", GITLAB "/repository/files/{path}", write_file, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", GITLAB "/merge_requests", propose, ROUTE_WORKER, PERMISSION_PUBLIC},
    {0},
};

static void fake_open(Fake *fake)
{
    HttpServerOptions options = {.workers = 2};
    g_autoptr(GError) error = NULL;
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    guint16 port;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &port, &error)};
    g_autofree char *configuration = g_strdup_printf(
        "integrations:\n"
        "  gitea: [{host: gitea.test, baseUrl: \"http://127.0.0.1:%u\", password: s3cret}]\n"
        "  gitlab: [{host: gitlab.test, token: s3cret, apiBaseUrl: \"http://127.0.0.1:%u/api/v4\"}"
        "]\n",
        port, port);

    fake->arena = arena_new(1 << 24);
    fake->config = config_parse(configuration, "/", diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    fake->hosts = hosts_new(fake->config);
    fake->calls = g_string_new(NULL);
    fake->server = http_server_new(&options);
    http_mount(fake->server, routes, fake);
    http_server_listen(fake->server, &listener, &error);
    g_assert_no_error(error);
}

static void fake_close(Fake *fake)
{
    http_server_stop(fake->server, 5000);
    http_server_free(fake->server);
    g_ptr_array_unref(fake->hosts);
    config_free(fake->config);
    g_string_free(fake->calls, TRUE);
    arena_free(fake->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fake, fake_close)

static const struct {
    const char *host;
    Place place;
    const char *file, *branch; /* what they are asked for below the repository */
    const char *repository, *put, *proposal, *url, *pull;
} kinds[] = {
    {"gitea.test",
     {.owner = "o", .name = "r", .ref = "main", .path = "a b/x.yaml"},
     "/contents/a%20b/x.yaml",
     "/branches/main",
     "/api/v1/repos/o/r",
     "{\"content\":\"Ygo=\",\"sha\":\"b10b\",\"message\":\"Say more\",\"branch\":\"main\",%s"
     "\"author\":{\"name\":\"Bob\",\"email\":\"bob@acme.test\"}}",
     "/pulls {\"title\":\"Say more\",\"head\":\"pave/x\",\"base\":\"main\",\"body\":\"Proposed by "
     "Bob in Pave.\"}",
     "https://x/commit/c0ffee",
     "https://x/pulls/7"},
    {"gitlab.test",
     {.owner = "g/sub", .name = "r", .ref = "main", .path = "a b/x.yaml"},
     "/repository/files/a%20b%2Fx.yaml",
     "/repository/branches/main",
     "/api/v4/projects/g%2Fsub%2Fr",
     "{\"content\":\"Ygo=\",\"encoding\":\"base64\",\"branch\":\"%s\",%s\"commit_message\":\"Say "
     "more\",\"author_name\":\"Bob\",\"author_email\":\"bob@acme.test\",\"last_commit_id\":"
     "\"1a57\"}",
     "/merge_requests {\"title\":\"Say more\",\"source_branch\":\"pave/x\",\"target_branch\":"
     "\"main\",\"description\":\"Proposed by Bob in Pave.\"}",
     "https://x/commit/c0ffee",
     "https://x/merge/7"},
};

static const ForgeChange change = {.content = "b\n",
                                   .blob = "b10b",
                                   .message = "Say more",
                                   .author_name = "Bob",
                                   .author_email = "bob@acme.test"};

static Host *host_of(const Fake *fake, gsize kind)
{
    Host *host = hosts_find(fake->hosts, kinds[kind].host);

    g_assert_true(edit_host_can(host));
    return host;
}

static void a_file_is_read_with_its_id_and_branch(void)
{
    g_auto(Fake) fake = {0};

    fake_open(&fake);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(ForgeFile) file = {0};
        g_autoptr(GError) error = NULL;
        const char *commit;

        g_string_truncate(fake.calls, 0);
        g_assert_true(
            edit_host_read(host_of(&fake, i), fake.arena, &kinds[i].place, &file, &commit, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(file.blob, ==, "b10b");
        g_assert_cmpstr(file.branch, ==, "main");
        g_assert_cmpmem(g_bytes_get_data(file.bytes, NULL), g_bytes_get_size(file.bytes), "a\n", 2);
        g_assert_cmpstr(fake.calls->str, ==,
                        arena_printf(fake.arena, "GET %s%s?ref=main \nGET %s%s \n",
                                     kinds[i].repository, kinds[i].file, kinds[i].repository,
                                     kinds[i].branch));
    }
}

/* What PUT is sent. */
static const char *put_body(Fake *fake, gsize kind, const char *new_branch)
{
    const char *more = !new_branch ? ""
                       : kind == 0 ? arena_printf(fake->arena, "\"new_branch\":\"%s\",", new_branch)
                                   : "\"start_branch\":\"main\",";

    return kind == 0
               ? arena_printf(fake->arena, kinds[kind].put, more)
               : arena_printf(fake->arena, kinds[kind].put, new_branch ? new_branch : "main", more);
}

static void a_change_is_a_commit_or_a_request(void)
{
    g_auto(Fake) fake = {0};

    fake_open(&fake);
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(kinds); i++) {
        gsize kind = i / 2;
        g_autoptr(GError) error = NULL;
        ForgeChange wanted = change;
        const Value *made;

        g_string_truncate(fake.calls, 0);
        wanted.new_branch = i % 2 ? "pave/x" : NULL;
        made = edit_host_change(host_of(&fake, kind), fake.arena, &kinds[kind].place, "1a57",
                                &wanted, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(value_path_string(made, "commit", ""), ==, "c0ffee");
        g_assert_cmpstr(value_path_string(made, "branch", ""), ==, i % 2 ? "pave/x" : "main");
        g_assert_cmpstr(value_path_string(made, "url", ""), ==,
                        i % 2 ? kinds[kind].pull : kinds[kind].url);
        g_assert_nonnull(strstr(fake.calls->str, put_body(&fake, kind, wanted.new_branch)));
        g_assert_true((strstr(fake.calls->str, kinds[kind].proposal) != NULL) == (i % 2 == 1));
    }
}

static void a_file_that_changed_meanwhile_is_a_conflict(void)
{
    g_auto(Fake) fake = {0};

    fake_open(&fake);
    fake.stale = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(edit_host_change(host_of(&fake, i), fake.arena, &kinds[i].place, "1a57",
                                       &change, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
        g_assert_nonnull(strstr(error->message, "has changed"));
    }
}

static void what_is_no_branch_is_not_changed(void)
{
    g_auto(Fake) fake = {0};

    fake_open(&fake);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        Place tagged = kinds[i].place;

        tagged.ref = "v1";
        g_assert_null(
            edit_host_change(host_of(&fake, i), fake.arena, &tagged, "1a57", &change, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
    g_assert_false(edit_host_can(hosts_find(fake.hosts, "bitbucket.org")));
    g_assert_false(edit_host_can(hosts_find(fake.hosts, "gitlab.com")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/edit-host/a-file-is-read-with-its-id-and-branch",
                    a_file_is_read_with_its_id_and_branch);
    g_test_add_func("/catalog/edit-host/a-change-is-a-commit-or-a-request",
                    a_change_is_a_commit_or_a_request);
    g_test_add_func("/catalog/edit-host/a-file-that-changed-meanwhile-is-a-conflict",
                    a_file_that_changed_meanwhile_is_a_conflict);
    g_test_add_func("/catalog/edit-host/what-is-no-branch-is-not-changed",
                    what_is_no_branch_is_not_changed);
    return g_test_run();
}
