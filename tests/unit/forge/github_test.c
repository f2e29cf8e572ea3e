/* The publication against GitHub's REST API: a fake of the routes used, strict about headers,
 * credentials and bodies, with `git http-backend` behind the clone URL. */
#include "test_forge.h"

#define TOKEN "ghp_secret"

typedef struct {
    TestForge forge;
    HttpServer *server;
    guint16 port;
    char *git_folder;
    GHashTable *repositories; /* "owner/name" → homepage */
    char *default_branch;
    GString *calls;  /* "POST /orgs/acme-corp/repos\n" … */
    GString *faults; /* what a real GitHub would have refused */
    gboolean protection_is_paid, push_fails;
} Fake;

static void fault(Fake *fake, const char *what)
{
    g_string_append_printf(fake->faults, "%s\n", what);
}

static void expect_header(Fake *fake, Request *request, const char *name, const char *wanted)
{
    if (g_strcmp0(request_header(request, name), wanted) != 0)
        fault(fake,
              arena_printf(request_arena(request), "%s: %s", name, request_header(request, name)));
}

static void note(Fake *fake, Request *request)
{
    g_string_append_printf(fake->calls, "%s %s\n", request_method(request), request_path(request));
    expect_header(fake, request, "Authorization", "Bearer " TOKEN);
    expect_header(fake, request, "Accept", "application/vnd.github+json");
    expect_header(fake, request, "X-GitHub-Api-Version", "2022-11-28");
    if (!request_header(request, "User-Agent"))
        fault(fake, "no User-Agent");
}

/* The body's members, exactly. */
static const Value *expect_body(Fake *fake, Request *request, const char *const *members)
{
    g_autoptr(GError) error = NULL;
    const Value *body = request_body_json(request, &error);

    if (!body) {
        fault(fake, error->message);
        return NULL;
    }
    for (guint i = 0; i < value_count(body); i++) {
        if (!g_strv_contains(members, value_key_at(body, i)))
            fault(fake, value_key_at(body, i));
    }
    for (guint i = 0; members[i]; i++) {
        if (!value_get(body, members[i]))
            fault(fake, members[i]);
    }
    return body;
}

static Response *say(unsigned status, const char *message)
{
    g_autofree char *text = g_strdup_printf("{\"message\":\"%s\"}", message);

    return response_text(status, "application/json", text);
}

static const char *key_of(Request *request)
{
    return arena_printf(request_arena(request), "%s/%s", request_param(request, "owner"),
                        request_param(request, "name"));
}

static Response *repository_reply(Fake *fake, Request *request, unsigned status, const char *key)
{
    Arena *arena = request_arena(request);
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "full_name", key);
    value_set_string(arena, value, "homepage", g_hash_table_lookup(fake->repositories, key));
    value_set_string(arena, value, "default_branch", fake->default_branch);
    value_set_string(arena, value, "html_url",
                     arena_printf(arena, "https://github.acme.test/%s", key));
    value_set_string(arena, value, "clone_url",
                     arena_printf(arena, "http://127.0.0.1:%u/%s.git", fake->port, key));
    return response_json(request, status, value);
}

static Response *get_user(Request *request, void *room, GError **error)
{
    note(room, request);
    return response_text(200, "application/json",
                         g_str_equal(request_param(request, "owner"), "ada")
                             ? "{\"type\":\"User\"}"
                             : "{\"type\":\"Organization\"}");
}

static Response *get_repository(Request *request, void *room, GError **error)
{
    Fake *fake = room;

    note(fake, request);
    if (!g_hash_table_contains(fake->repositories, key_of(request)))
        return say(404, "Not Found");
    return repository_reply(fake, request, 200, key_of(request));
}

static Response *create(Fake *fake, Request *request, const char *owner)
{
    static const char *const members[] = {"name",    "description", "homepage",
                                          "private", "auto_init",   NULL};
    const Value *body = expect_body(fake, request, members);
    g_autofree char *key =
        g_strdup_printf("%s/%s", owner, value_string(value_get(body, "name"), ""));
    g_autofree char *folder = g_strdup_printf("%s/%s.git", fake->git_folder, key);

    if (g_hash_table_contains(fake->repositories, key))
        return say(422, "Repository creation failed.");
    g_hash_table_insert(fake->repositories, g_strdup(key),
                        g_strdup(value_string(value_get(body, "homepage"), "")));
    g_free(GIT(&fake->forge, fake->forge.test->folder, "init", "-q", "--bare", folder));
    g_free(GIT(&fake->forge, folder, "config", "http.receivepack", "true"));
    return repository_reply(fake, request, 201, key);
}

static Response *create_in_organisation(Request *request, void *room, GError **error)
{
    note(room, request);
    return create(room, request, request_param(request, "owner"));
}

static Response *create_for_user(Request *request, void *room, GError **error)
{
    note(room, request);
    return create(room, request, "ada");
}

static Response *change_repository(Request *request, void *room, GError **error)
{
    static const char *const members[] = {"default_branch", NULL};
    Fake *fake = room;
    const Value *body;

    note(fake, request);
    body = expect_body(fake, request, members);
    g_free(fake->default_branch);
    fake->default_branch = g_strdup(value_string(value_get(body, "default_branch"), ""));
    return repository_reply(fake, request, 200, key_of(request));
}

static Response *get_ref(Request *request, void *room, GError **error)
{
    Fake *fake = room;
    const char *folder =
        arena_printf(request_arena(request), "%s/%s.git", fake->git_folder, key_of(request));
    const char *ref =
        arena_printf(request_arena(request), "refs/heads/%s", request_param(request, "branch"));
    int status;

    note(fake, request);
    g_autofree char *sha = test_git(
        &fake->forge, folder, (const char *const[]){"rev-parse", "--verify", ref, NULL}, &status);
    if (status != 0)
        return say(409, "Git Repository is empty.");
    g_autofree char *text =
        g_strdup_printf("{\"ref\":\"%s\",\"object\":{\"sha\":\"%.40s\"}}", ref, sha);

    return response_text(200, "application/json", text);
}

static Response *protect(Request *request, void *room, GError **error)
{
    static const char *const members[] = {"required_status_checks",
                                          "enforce_admins",
                                          "required_pull_request_reviews",
                                          "restrictions",
                                          "allow_force_pushes",
                                          "allow_deletions",
                                          NULL};
    Fake *fake = room;

    note(fake, request);
    expect_body(fake, request, members);
    if (fake->protection_is_paid)
        return say(403, "Upgrade to GitHub Pro or make this repository public to enable this"
                        " feature.");
    return response_text(200, "application/json", "{\"url\":\"x\"}");
}

/* ---- git behind the clone URL ---- */

static char **cgi_environment(Fake *fake, Request *request)
{
    Arena *arena = request_arena(request);
    const char *target = request_target(request);
    const char *question = strchr(target, '?');
    const char *variables[] = {arena_printf(arena, "PATH=%s", g_getenv("PATH")),
                               arena_printf(arena, "GIT_PROJECT_ROOT=%s", fake->git_folder),
                               "GIT_HTTP_EXPORT_ALL=1",
                               "GIT_CONFIG_COUNT=1",
                               "GIT_CONFIG_KEY_0=safe.directory",
                               "GIT_CONFIG_VALUE_0=*",
                               arena_printf(arena, "REQUEST_METHOD=%s", request_method(request)),
                               arena_printf(arena, "PATH_INFO=%s", request_path(request)),
                               arena_printf(arena, "QUERY_STRING=%s", question ? question + 1 : ""),
                               arena_printf(arena, "CONTENT_TYPE=%s",
                                            request_header(request, "Content-Type")
                                                ? request_header(request, "Content-Type")
                                                : ""),
                               NULL};

    return g_strdupv((char **)variables);
}

static Response *git_backend(Request *request, void *room, GError **error)
{
    Fake *fake = room;
    g_autofree char *encoded =
        g_base64_encode((const guchar *)"x-access-token:" TOKEN, strlen("x-access-token:" TOKEN));
    g_autofree char *wanted = g_strconcat("Basic ", encoded, NULL);
    g_auto(GStrv) env = cgi_environment(fake, request);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    gsize length = 0;
    const char *body = request_body(request, &length);
    g_autoptr(GBytes) input = g_bytes_new(body ? body : "", body ? length : 0);
    g_autoptr(GBytes) output = NULL;

    if (g_strcmp0(request_header(request, "Authorization"), wanted) != 0)
        return response_header(say(401, "Requires authentication"), "WWW-Authenticate",
                               "Basic realm=\"GitHub\"");
    if (fake->push_fails)
        return say(503, "Unavailable");
    g_subprocess_launcher_set_environ(launcher, env);
    g_autoptr(GSubprocess) child =
        g_subprocess_launcher_spawn(launcher, error, "git", "http-backend", NULL);
    g_assert_nonnull(child);
    g_assert_true(g_subprocess_communicate(child, input, NULL, &output, NULL, error));
    const char *text = g_bytes_get_data(output, &length);
    const char *end = g_strstr_len(text, (gssize)length, "\r\n\r\n");
    const char *type = g_strstr_len(text, (gssize)length, "Content-Type: ");

    g_assert_nonnull(end);
    g_autofree char *content_type = g_strndup(type + 14, strcspn(type + 14, "\r"));
    gsize left = length - (gsize)(end + 4 - text);

    return response_take(200, content_type, g_memdup2(end + 4, left), left);
}

static const Route fake_routes[] = {
    {"GET", "/users/{owner}", get_user, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/repos/{owner}/{name}", get_repository, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"PATCH", "/repos/{owner}/{name}", change_repository, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/orgs/{owner}/repos", create_in_organisation, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/user/repos", create_for_user, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/repos/{owner}/{name}/git/ref/heads/{branch...}", get_ref, ROUTE_WORKER,
     PERMISSION_PUBLIC},
    {"PUT", "/repos/{owner}/{name}/branches/{branch}/protection", protect, ROUTE_WORKER,
     PERMISSION_PUBLIC},
    {"GET", "/{owner}/{name}/info/refs", git_backend, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/{owner}/{name}/git-receive-pack", git_backend, ROUTE_WORKER, PERMISSION_PUBLIC},
    {0},
};

/* ---- the tests ---- */

static void fake_open(Fake *fake, TestDb *test)
{
    HttpServerOptions options = {.workers = 2, .stream_workers = 2};
    g_autoptr(GError) error = NULL;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &fake->port, &error)};
    g_autofree char *configuration = g_strdup_printf(
        "integrations:\n  github:\n    - host: github.acme.test\n      token: " TOKEN
        "\n      apiBaseUrl: http://127.0.0.1:%u/\n",
        fake->port);

    test_forge_open(&fake->forge, test, configuration);
    fake->git_folder = g_build_filename(test->folder, "github", NULL);
    fake->repositories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake->default_branch = g_strdup("main");
    fake->calls = g_string_new(NULL);
    fake->faults = g_string_new(NULL);
    fake->server = http_server_new(&options);
    http_mount(fake->server, fake_routes, fake);
    http_server_listen(fake->server, &listener, &error);
    g_assert_no_error(error);
}

static void fake_close(Fake *fake)
{
    http_server_stop(fake->server, 5000);
    http_server_free(fake->server);
    g_assert_cmpstr(fake->faults->str, ==, "");
    g_string_free(fake->faults, TRUE);
    g_string_free(fake->calls, TRUE);
    g_free(fake->default_branch);
    g_free(fake->git_folder);
    g_hash_table_unref(fake->repositories);
    test_forge_close(&fake->forge);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fake, fake_close)

static const Value *publish(Fake *fake, const char *owner, const char *intent, GError **error)
{
    ForgePublish publish = {.host = "github.acme.test",
                            .owner = owner,
                            .name = "order-service",
                            .default_branch = "trunk",
                            .protect_default_branch = TRUE,
                            .folder = test_path(&fake->forge, "files"),
                            .actor = "user:default/ada",
                            .cause = "job-1",
                            .intent_id = intent};

    test_write(&fake->forge, "files/README.md", "# Orders\n");
    return forge_publish(fake->forge.forge, fake->forge.arena, &publish, error);
}

static void test_a_repository_is_made_pushed_and_protected(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    const Value *made = publish(&fake, "acme-corp", "intent-1", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(made, "repoContentsUrl", ""), ==,
                    "https://github.acme.test/acme-corp/order-service/blob/trunk");
    g_autofree char *head =
        GIT(&fake.forge, test_path(&fake.forge, "github/acme-corp/order-service.git"), "rev-parse",
            "trunk");
    g_assert_cmpstr(value_path_string(made, "commitHash", ""), ==, head);
    g_assert_cmpstr(fake.default_branch, ==, "trunk");
    g_assert_nonnull(strstr(fake.calls->str, "POST /orgs/acme-corp/repos"));
    g_assert_nonnull(strstr(fake.calls->str, "/branches/trunk/protection"));
    g_assert_null(strstr(g_hash_table_lookup(fake.repositories, "acme-corp/order-service"), TOKEN));
}

static void test_a_persons_repository_has_another_route(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    publish(&fake, "ada", "intent-1", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(fake.calls->str, "POST /user/repos"));
}

static void test_a_name_that_exists_is_refused_and_left_alone(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    publish(&fake, "acme-corp", "intent-1", &error);
    g_assert_no_error(error);
    g_string_truncate(fake.calls, 0);
    g_assert_null(publish(&fake, "acme-corp", "intent-2", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_cmpstr(fake.calls->str, ==, "GET /repos/acme-corp/order-service\n");
}

static void test_an_interrupted_publication_goes_on_and_is_found_by_its_intent(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    fake.push_fails = TRUE;
    g_assert_null(publish(&fake, "acme-corp", "intent-1", &error));
    g_assert_nonnull(error);
    g_assert_null(strstr(error->message, TOKEN));
    g_clear_error(&error);
    g_assert_null(forge_probe(fake.forge.forge, fake.forge.arena, "github.acme.test", "acme-corp",
                              "order-service", "intent-1", &error));
    g_assert_no_error(error);

    fake.push_fails = FALSE;
    const Value *made = publish(&fake, "acme-corp", "intent-1", &error);
    g_assert_no_error(error);
    const Value *again = publish(&fake, "acme-corp", "intent-1", &error);
    g_assert_no_error(error);
    g_assert_true(value_equal(made, again));
    const Value *found = forge_probe(fake.forge.forge, fake.forge.arena, "github.acme.test",
                                     "acme-corp", "order-service", "intent-1", &error);
    g_assert_true(value_equal(made, found));
}

static void test_protection_that_must_be_paid_for_is_a_warning(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    fake.protection_is_paid = TRUE;
    const Value *made = publish(&fake, "acme-corp", "intent-1", &error);

    g_assert_no_error(error);
    g_assert_nonnull(strstr(value_string(value_item(value_get(made, "warnings"), 0), ""),
                            "Upgrade to GitHub Pro"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/forge/github/a-repository-is-made-pushed-and-protected",
                test_a_repository_is_made_pushed_and_protected);
    test_db_add("/forge/github/a-persons-repository-has-another-route",
                test_a_persons_repository_has_another_route);
    test_db_add("/forge/github/a-name-that-exists-is-refused-and-left-alone",
                test_a_name_that_exists_is_refused_and_left_alone);
    test_db_add("/forge/github/an-interrupted-publication-goes-on-and-is-found-by-its-intent",
                test_an_interrupted_publication_goes_on_and_is_found_by_its_intent);
    test_db_add("/forge/github/protection-that-must-be-paid-for-is-a-warning",
                test_protection_that_must_be_paid_for_is_a_warning);
    return test_db_run();
}
