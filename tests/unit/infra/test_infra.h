/* The room with everything it stands on, and a server that Terraform can reach. */
#pragma once
#include "../spine/test_jobs.h"
#include "formats/json.h"
#include "infra/infra_internal.h"
#include "spine/access.h"
#include <glib/gstdio.h>
#include <string.h>

/* A module that needs no provider: with `fail` its provisioner fails, with `wait` it waits until
 * the file is there. */
static const char TEST_MODULE[] =
    "# A thing, for the tests.\n"
    "variable \"service_name\" {\n  type = string\n}\n"
    "variable \"environment\" {\n  type    = string\n  default = \"staging\"\n}\n"
    "variable \"size\" {\n  type    = number\n  default = 1\n}\n"
    "variable \"password\" {\n  type      = string\n  sensitive = true\n"
    "  default   = \"hunter2-default\"\n}\n"
    "variable \"command\" {\n  type    = string\n  default = \"true\"\n}\n"
    "resource \"terraform_data\" \"thing\" {\n"
    "  input = \"${var.service_name}-${var.environment}-${var.size}\"\n"
    "  triggers_replace = [var.size]\n"
    "  provisioner \"local-exec\" {\n    command = var.command\n  }\n}\n"
    "resource \"terraform_data\" \"many\" {\n  count = 2\n  input = count.index\n}\n"
    "output \"name\" {\n  value = terraform_data.thing.output\n}\n"
    "output \"database_url\" {\n  value     = \"postgresql://x:${var.password}@h/db\"\n"
    "  sensitive = true\n}\n";

typedef struct {
    TestJobs *queue;
    Arena *arena;
    Config *config;
    Forge *forge;
    Infra *infra;
    HttpServer *server;
    guint16 port;
} TestInfra;

/* "pave:job <id>" is a run's token; "ada:" and "eve:" are people. */
static inline gboolean test_infra_authenticate(Request *request, const char *permission,
                                               void **principal, void *data, GError **error)
{
    static const char *const none[] = {NULL};
    const char *header = request_header(request, "Authorization");
    gsize length;
    g_autofree char *bytes = header && g_str_has_prefix(header, "Basic ")
                                 ? (char *)g_base64_decode(header + 6, &length)
                                 : NULL;
    g_autofree char *text = bytes ? g_strndup(bytes, length) : g_strdup("");
    const char *scopes[] = {"infra.state.write", NULL};

    if (g_str_has_prefix(text, "pave:token-of-"))
        *principal =
            principal_new(PRINCIPAL_JOB, arena_printf(request_arena(request), "job:%s", text + 14),
                          none, none, scopes);
    else if (g_str_has_prefix(text, "ada:"))
        *principal = principal_new(PRINCIPAL_USER, "user:default/ada", none, none, NULL);
    else if (g_str_has_prefix(text, "eve:"))
        *principal = principal_new(PRINCIPAL_USER, "user:default/eve", none, none, NULL);
    else
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "who are you?");
    return *principal != NULL;
}

static inline void test_infra_forget(void *principal)
{
    principal_unref(principal);
}

static inline char *test_infra_token(const char *job_id_, const char *const *scopes, void *data,
                                     GError **error)
{
    g_assert_cmpstr(scopes[0], ==, "infra.state.write");
    return g_strconcat("token-of-", job_id_, NULL);
}

static inline void test_infra_write(TestDb *test, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(test->folder, path, NULL);
    g_autofree char *folder = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

/* The server on port (0: any): closed and opened again it is a restarted one. */
static inline void test_infra_open(TestInfra *room, TestDb *test, const char *configuration)
{
    HttpServerOptions options = {.workers = 4, .stream_workers = 2};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &room->port, &error)};
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", room->port);
    g_autofree char *yaml =
        g_strconcat("infra:\n  modules:\n    - path: ./modules\n", configuration, NULL);

    g_assert_no_error(error);
    test_infra_write(test, "modules/thing/main.tf", TEST_MODULE);
    room->queue = test_jobs_new(test);
    room->arena = arena_new(ARENA_STEP_BYTES);
    room->config = config_parse(yaml, test->folder, diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    room->forge = forge_new(test->db, room->queue->events, room->queue->secrets, room->config,
                            test->folder, &error);
    room->infra =
        infra_new(test->db, room->queue->events, room->queue->jobs, room->queue->secrets,
                  room->forge, room->config, test->folder, test_infra_token, NULL, &error);
    g_assert_no_error(error);
    infra_set_api_url(room->infra, url);
    room->server = http_server_new(&options);
    http_server_set_authenticator(room->server, test_infra_authenticate, NULL, test_infra_forget);
    http_mount(room->server, infra_routes, room->infra);
    http_server_listen(room->server, &listener, &error);
    g_assert_no_error(error);
    jobs_start(room->queue->jobs);
}

static inline void test_infra_close(TestInfra *room)
{
    jobs_stop(room->queue->jobs);
    http_server_stop(room->server, 5000);
    http_server_free(room->server);
    infra_free(room->infra);
    forge_free(room->forge);
    test_jobs_free(room->queue);
    config_free(room->config);
    arena_free(room->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestInfra, test_infra_close)

/* Variables are JSON with ' for ". */
static inline const char *test_infra_submit(TestInfra *room, const char *operation,
                                            const char *variables, GError **error)
{
    char *json = arena_strdup(room->arena, variables);

    g_strdelimit(json, "'", '"');
    return infra_submit(room->infra, room->arena,
                        &(InfraRequest){.module = "thing",
                                        .service = "component:default/order-service",
                                        .environment = "staging",
                                        .variables = json_parse(room->arena, json, -1, NULL),
                                        .operation = operation,
                                        .actor = "user:default/ada",
                                        .owner = "user:default/ada"},
                        error);
}

/* All lines of a job. */
static inline char *test_infra_output(TestInfra *room, const char *id)
{
    GString *text = g_string_new(NULL);
    gboolean ended = FALSE;

    for (int64_t next = 0; !ended;) {
        const Value *lines =
            jobs_output_read(room->queue->jobs, room->arena, id, next, 100, &next, &ended, NULL);
        for (guint i = 0; i < value_count(lines); i++)
            g_string_append_printf(text, "%s: %s\n",
                                   value_path_string(value_item(lines, i), "step", "-"),
                                   value_path_string(value_item(lines, i), "text", ""));
        if (value_count(lines) == 0)
            break;
    }
    return g_string_free(text, FALSE);
}

static inline void test_infra_assert_ends(TestInfra *room, const char *id, const char *state)
{
    g_autoptr(GError) error = NULL;
    const char *got = jobs_wait(room->queue->jobs, room->arena, id, NULL, 60000, &error);

    g_assert_no_error(error);
    if (!g_str_equal(got, state)) {
        g_autofree char *output = test_infra_output(room, id);

        g_error("the run %s: %s", got, output);
    }
}

static inline gboolean test_infra_has_engine(TestInfra *room)
{
    g_autofree char *bwrap = g_find_program_in_path("bwrap");

    if (room->infra->program && bwrap)
        return TRUE;
    g_test_skip("neither terraform nor tofu is installed, or bubblewrap is not");
    return FALSE;
}
