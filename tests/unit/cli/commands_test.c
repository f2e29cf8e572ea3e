/* The real program against a server that plays the API. */
#include "net/http_server.h"
#include "spine/access.h"
#include "../net/raw_http.h"
#include "../test_folder.h"
#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

typedef struct {
    HttpServer *server;
    char *url, *folder;
    int polls;
    GString *seen; /* what was posted */
} Fixture;

typedef struct {
    int status;
    char *out, *err;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* ---- the server ---- */

static Response *json(const char *text)
{
    return response_text(200, "application/json", text);
}

static Response *session(Request *request, void *room, GError **error)
{
    const char *token = request_header(request, "Authorization");

    return json(g_strcmp0(token, "Bearer pave_good") == 0
                    ? "{\"user\":{\"ref\":\"user:default/ada\"},\"groups\":[\"group:default/x\"]}"
                    : "{\"user\":null,\"groups\":[]}");
}

static Response *login(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);

    if (g_str_equal(value_path_string(body, "password", ""), "correct horse"))
        return response_header(json("{}"), "Set-Cookie", "pave_session=abc; Path=/; HttpOnly");
    g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "The name or the password is wrong");
    return NULL;
}

static Response *make_token(Request *request, void *room, GError **error)
{
    g_assert_cmpstr(request_cookie(request, "pave_session"), ==, "abc");
    return json("{\"id\":\"1\",\"token\":\"pave_good\"}");
}

static Response *nothing(Request *request, void *room, GError **error)
{
    return response_empty(204);
}

static Response *components(Request *request, void *room, GError **error)
{
    return json("[{\"kind\":\"Component\",\"metadata\":{\"name\":\"order-service\"},"
                "\"spec\":{\"type\":\"service\",\"owner\":\"team-commerce\"}}]");
}

static Response *missing(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No entity named 'x'");
    return NULL;
}

static Response *forbidden(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "not yours");
    return NULL;
}

static Response *form(Request *request, void *room, GError **error)
{
    return json("{\"title\":\"T\",\"steps\":[{\"title\":\"A\",\"schema\":{\"type\":\"object\","
                "\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\"},"
                "\"replicas\":{\"type\":\"integer\"},\"language\":{\"type\":\"string\","
                "\"default\":\"go\"}}}}]}");
}

static Response *create_task(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;

    g_string_append(fixture->seen, request_body(request, NULL));
    return response_text(201, "application/json", "{\"id\":\"task-1\"}");
}

#define JOB(state, step_state, rest)                                                               \
    "{\"id\":\"task-1\",\"state\":\"" state "\",\"steps\":[{\"id\":\"one\",\"name\":\"Step One\"," \
    "\"state\":\"" step_state "\",\"startedAt\":\"2026-01-01T00:00:00Z\"" rest "}]"

static Response *job(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;

    return json(
        fixture->polls < 2
            ? JOB("running", "running", "") "}"
            : JOB("succeeded", "done",
                  ",\"endedAt\":\"2026-01-01T00:00:01Z\"") ",\"output\":{\"links\":[{\"title\":"
                                                           "\"Repository\",\"url\":\"http://r\"},"
                                                           "{\"title\":\"Entity\",\"entityRef\":"
                                                           "\"component:default/x\"}]}}");
}

static Response *output(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;

    if (fixture->polls++ == 0)
        return json("{\"lines\":[{\"n\":0,\"step\":\"one\",\"level\":\"info\",\"text\":\"hello — "
                    "there\"}],\"next\":1,\"ended\":false}");
    return json(fixture->polls < 3 ? "{\"lines\":[],\"next\":1,\"ended\":false}"
                                   : "{\"lines\":[],\"next\":1,\"ended\":true}");
}

/* Names in the tar, in order. */
static Response *release(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    guint8 buffer[4096];
    gssize got;

    while ((got = request_body_read(request, buffer, sizeof buffer, error)) > 0)
        g_byte_array_append(bytes, buffer, (guint)got);
    archive_read_support_format_tar(archive);
    archive_read_open_memory(archive, bytes->data, bytes->len);
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK)
        g_string_append_printf(fixture->seen, "%s %o\n", archive_entry_pathname(entry),
                               archive_entry_mode(entry) & 0777u);
    archive_read_free(archive);
    g_string_append_printf(fixture->seen, "commit %s\n", request_query(request, "commit"));
    return response_text(201, "application/json", "{\"digest\":\"sha256:abc\"}");
}

static Response *deployment(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;

    g_string_append(fixture->seen, request_body(request, NULL));
    return json("{\"id\":\"d1\",\"service\":\"s\",\"environment\":\"staging\",\"commit\":\"abc\","
                "\"state\":\"failed\",\"reason\":\"no health\"}");
}

static const Route routes[] = {
    {"GET", "/api/identity/v1/session", session, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/identity/v1/login", login, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/identity/v1/tokens", make_token, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"DELETE", "/api/identity/v1/tokens/{id}", nothing, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/identity/v1/logout", nothing, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/catalog/entities", components, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/catalog/entities/by-name/{k}/{ns}/{n}", missing, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/forge/v1/repositories", forbidden, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/scaffolder/v2/templates/default/template/{name}/parameter-schema", form,
     ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/scaffolder/v2/tasks", create_task, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/jobs/v1/jobs/{id}", job, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/jobs/v1/jobs/{id}/output", output, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/deployments/v1/services/{service}/releases", release, ROUTE_STREAM,
     PERMISSION_PUBLIC},
    {"POST", "/api/deployments/v1/deployments", deployment, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/deployments/v1/deployments/{id}", deployment, ROUTE_WORKER, PERMISSION_PUBLIC},
    {NULL}};

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->server = http_server_new(NULL);
    fixture->seen = g_string_new(NULL);
    fixture->folder = test_folder_new();
    http_mount(fixture->server, routes, fixture);
    fixture->url = g_strdup_printf("http://127.0.0.1:%u", raw_listen(fixture->server));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    http_server_free(fixture->server);
    g_string_free(fixture->seen, TRUE);
    test_folder_free(fixture->folder);
    g_free(fixture->url);
}

/* Runs "pave words…" with input on its standard input. */
static void run(Fixture *fixture, Outcome *outcome, const char *token, const char *input,
                const char *words)
{
    const char *program = g_getenv("PAVE_PROGRAM");
    g_autofree char *line =
        g_strdup_printf("printf '%%s\\n' '%s' | env -u PAVE_TOKEN LC_ALL=C XDG_CONFIG_HOME='%s' "
                        "PAVE_URL='%s' %s%s '%s' %s",
                        input ? input : "", fixture->folder, fixture->url,
                        token ? "PAVE_TOKEN=" : "", token ? token : "", program, words);
    const char *argv[] = {"/bin/sh", "-c", line, NULL};
    g_autoptr(GError) error = NULL;
    int wait_status;

    g_spawn_sync(fixture->folder, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome->out,
                 &outcome->err, &wait_status, &error);
    g_assert_no_error(error);
    g_assert_true(WIFEXITED(wait_status));
    outcome->status = WEXITSTATUS(wait_status);
}

static void test_exit_status(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *words;
        int status;
        const char *err;
    } cases[] = {
        {"get components", 0, ""},
        {"get component x", 4, "No entity named 'x'"},
        {"get repositories", 3, "not yours"},
        {"get nonsense", 2, "nothing called 'nonsense'"},
        {"get --nonsense", 2, "--nonsense"},
        {"nonsense", 2, "there is no command 'nonsense'"},
        {"deploy s", 2, "--environment"},
        {"create t", 2, "the template needs: name"},
        {"create t --set nam=x", 2, "no parameter 'nam'; it has name, replicas, language"},
        {"create t --set name=x --set replicas=many", 2, "replicas must be of type integer"},
        {"whoami", 3, "not signed in"},
        {"--help", 0, ""},
        {"help deploy", 0, ""},
        {"version", 0, ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Outcome) outcome = {0};

        run(fixture, &outcome, NULL, NULL, cases[i].words);
        if (outcome.status != cases[i].status)
            g_error("pave %s: %d\n%s%s", cases[i].words, outcome.status, outcome.out, outcome.err);
        assert_contains(outcome.err, cases[i].err);
    }
}

static void test_tables(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) table = {0}, as_json = {0};

    run(fixture, &table, NULL, NULL, "get components");
    run(fixture, &as_json, NULL, NULL, "get components --json");
    assert_contains(table.out, "NAME           TYPE     OWNER\n"
                               "order-service  service  team-commerce\n");
    assert_contains(as_json.out, "\"name\": \"order-service\"");
}

static void test_login(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) wrong = {0}, good = {0}, who = {0}, out = {0}, after = {0};
    g_autofree char *file = g_build_filename(fixture->folder, "pave", "credentials.json", NULL);
    g_autofree char *kept = NULL;
    struct stat status;

    run(fixture, &wrong, NULL, "wrong", "login --username ada");
    g_assert_cmpint(wrong.status, ==, 3);
    assert_contains(wrong.err, "The name or the password is wrong");
    run(fixture, &good, NULL, "correct horse", "login --username ada");
    assert_contains(good.out, "as user:default/ada");
    g_assert_cmpint(g_stat(file, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    run(fixture, &who, NULL, NULL, "whoami");
    assert_contains(who.out, "user:default/ada");
    assert_contains(who.out, "in group:default/x");
    run(fixture, &out, NULL, NULL, "logout");
    g_assert_cmpint(out.status, ==, 0);
    g_assert_true(g_file_get_contents(file, &kept, NULL, NULL));
    assert_lacks(kept, "pave_good");
    run(fixture, &after, NULL, NULL, "whoami");
    g_assert_cmpint(after.status, ==, 3);
}

static void test_create(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) outcome = {0};

    run(fixture, &outcome, "pave_good", NULL, "create t --set name=x --set replicas=3");
    g_assert_cmpint(outcome.status, ==, 0);
    assert_contains(fixture->seen->str, "{\"templateRef\":\"template:default/t\",\"values\":{"
                                        "\"name\":\"x\",\"replicas\":3,\"language\":\"go\"}}");
    assert_contains(outcome.out, "▸ Step One\n  hello — there\n✓ Step One 1.0 s\n");
    assert_contains(outcome.out, "Repository: http://r\n");
    assert_contains(outcome.out, "/catalog/default/component/x\n");
}

static void write_text(const char *folder, const char *name, const char *text, int mode)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    g_mkdir_with_parents(parent, 0755);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, NULL));
}

static void test_release(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) outcome = {0};
    g_autofree char *link = g_build_filename(fixture->folder, "app", "link", NULL);

    write_text(fixture->folder, "app/Procfile", "web: ./run", 0600);
    write_text(fixture->folder, "app/bin/run", "#!/bin/sh", 0700);
    write_text(fixture->folder, "app/.git/config", "secret", 0644);
    g_assert_cmpint(symlink("bin/run", link), ==, 0);
    run(fixture, &outcome, "pave_good", NULL,
        "release create --service s --dir app --commit 0123abc --quiet");
    g_assert_cmpstr(outcome.out, ==, "sha256:abc\n");
    g_assert_cmpstr(fixture->seen->str, ==,
                    "Procfile 644\nbin/ 755\nbin/run 755\nlink 755\ncommit 0123abc\n");
}

static void test_deploy(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) outcome = {0};

    g_setenv("PAVE_INTENT", "step-7", TRUE);
    run(fixture, &outcome, "pave_good", NULL, "deploy s --environment staging --commit abc --wait");
    g_unsetenv("PAVE_INTENT");
    g_assert_cmpint(outcome.status, ==, 1);
    assert_contains(outcome.out, "s abc in staging: failed: no health");
    assert_contains(fixture->seen->str, "\"idempotencyKey\":\"step-7/s/staging\"");
}

static void test_completion(Fixture *fixture, gconstpointer data)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};

    for (guint i = 0; i < G_N_ELEMENTS(shells); i++) {
        g_autofree char *words = g_strdup_printf("completion %s", shells[i]);
        g_auto(Outcome) outcome = {0};

        run(fixture, &outcome, NULL, NULL, words);
        g_assert_cmpint(outcome.status, ==, 0);
        assert_contains(outcome.out, "rollback");
        assert_contains(outcome.out, "set-password");
        assert_lacks(outcome.out, "serve-child");
    }
}

#define add(path, test) g_test_add("/cli/" path, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("exit-status-tells-what-went-wrong", test_exit_status);
    add("lists-are-tables-or-json", test_tables);
    add("login-keeps-a-credential-for-its-owner-only", test_login);
    add("create-fills-in-the-form-and-follows", test_create);
    add("release-packs-a-folder-without-git", test_release);
    add("deploy-waits-and-fails-with-the-reason", test_deploy);
    add("completion-comes-from-the-commands", test_completion);
    return g_test_run();
}
