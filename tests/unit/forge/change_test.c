/* One file changed through Pave: on the built-in forge, and on a fake of GitHub's routes. */
#include "test_forge.h"

static const ForgeLocation readme = {.host = "github.com",
                                     .owner = "acme-corp",
                                     .name = "orders",
                                     .ref = "main",
                                     .path = "README.md"};

static ForgeChange change_of(const ForgeLocation *at, const char *content, const char *blob)
{
    return (ForgeChange){.at = at,
                         .content = content,
                         .blob = blob,
                         .message = "Say more",
                         .author_name = "Bob",
                         .author_email = "bob@acme.test",
                         .actor = "user:default/bob"};
}

static const char *blob_of(TestForge *room, const ForgeLocation *at)
{
    g_auto(ForgeFile) file = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(forge_read_head(room->forge, room->arena, at, &file, &error));
    g_assert_no_error(error);
    return file.blob;
}

static const char *repository(TestForge *room)
{
    return test_path(room, "data/repositories/acme-corp/orders.git");
}

/* ---- the built-in forge ---- */

static void a_change_is_a_commit_of_its_author_that_the_log_knows(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *shown = NULL, *parent = NULL;
    g_autoptr(GPtrArray) pushed = NULL;
    const Value *made, *published;
    ForgeChange change;

    test_forge_open(&room, test, "");
    published = test_publish(&room, "orders", "i", NULL);
    change = change_of(&readme, "# Orders, and more\n", blob_of(&room, &readme));
    made = forge_change_file(room.forge, room.arena, &change, &error);
    g_assert_no_error(error);
    shown =
        GIT(&room, repository(&room), "show", "--format=%H %an %ae %cn %s", "--stat=80", "main");
    g_assert_true(
        g_str_has_prefix(shown, arena_printf(room.arena, "%s Bob bob@acme.test Pave Say more",
                                             value_path_string(made, "commit", "?"))));
    g_assert_nonnull(strstr(shown, "1 file changed"));
    parent = GIT(&room, repository(&room), "rev-parse", "main~1");
    g_assert_cmpstr(parent, ==, value_path_string(published, "commitHash", ""));
    g_assert_cmpstr(value_path_string(made, "url", ""), ==,
                    "http://pave.localhost:7007/acme-corp/orders/blob/main/README.md");
    pushed = test_events(&room, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 2);
    g_assert_cmpstr(((Event *)pushed->pdata[1])->actor, ==, "user:default/bob");
}

static void a_file_that_changed_meanwhile_is_left_alone(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *count = NULL;
    ForgeChange change;

    test_forge_open(&room, test, "");
    test_publish(&room, "orders", "i", NULL);
    change = change_of(&readme, "# A\n", blob_of(&room, &readme));
    g_assert_nonnull(forge_change_file(room.forge, room.arena, &change, &error));
    g_assert_null(forge_change_file(room.forge, room.arena, &change, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    count = GIT(&room, repository(&room), "rev-list", "--count", "main");
    g_assert_cmpstr(count, ==, "2");
}

static void a_commit_to_another_file_does_not_disturb(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    ForgeLocation script = readme;
    ForgeChange first, second;
    g_autofree char *text = NULL, *mode = NULL;

    script.path = "bin/run";
    script.ref = "HEAD";
    test_forge_open(&room, test, "");
    test_publish(&room, "orders", "i", NULL);
    first = change_of(&readme, "# A\n", blob_of(&room, &readme));
    second = change_of(&script, "#!/bin/bash\n", blob_of(&room, &script));
    g_assert_nonnull(forge_change_file(room.forge, room.arena, &first, &error));
    g_assert_nonnull(forge_change_file(room.forge, room.arena, &second, &error));
    text = GIT(&room, repository(&room), "show", "main:README.md");
    g_assert_cmpstr(text, ==, "# A");
    mode = GIT(&room, repository(&room), "ls-tree", "main", "bin/run");
    g_assert_true(g_str_has_prefix(mode, "100755"));
}

static void a_proposal_has_a_branch_of_its_own(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *main = NULL, *proposed = NULL;
    ForgeChange change;
    const Value *made;

    test_forge_open(&room, test, "");
    test_publish(&room, "orders", "i", NULL);
    change = change_of(&readme, "# A\n", blob_of(&room, &readme));
    change.new_branch = "pave/orders-1";
    made = forge_change_file(room.forge, room.arena, &change, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(made, "branch", ""), ==, "pave/orders-1");
    g_assert_cmpstr(value_path_string(made, "url", ""), ==,
                    "http://pave.localhost:7007/repositories/acme-corp/orders/pulls/1");
    main = GIT(&room, repository(&room), "show", "main:README.md");
    proposed = GIT(&room, repository(&room), "show", "pave/orders-1:README.md");
    g_assert_cmpstr(main, ==, "# Orders");
    g_assert_cmpstr(proposed, ==, "# A");
    g_assert_null(forge_change_file(room.forge, room.arena, &change, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

static void what_is_no_branch_is_not_changed(TestDb *test)
{
    static const char *const names[] = {"a..b", "-x", "a b", "HEAD", "x.lock", "/", "a~1"};
    g_auto(TestForge) room = {0};
    ForgeLocation tagged = readme;
    ForgeChange change;

    test_forge_open(&room, test, "");
    test_publish(&room, "orders", "i", NULL);
    g_free(GIT(&room, repository(&room), "tag", "v1", "main"));
    tagged.ref = "v1";
    for (gsize i = 0; i <= G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;

        change = change_of(i ? &readme : &tagged, "# A\n", blob_of(&room, &readme));
        change.new_branch = i ? names[i - 1] : NULL;
        g_assert_null(forge_change_file(room.forge, room.arena, &change, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

typedef struct {
    TestForge *room;
    ForgeChange change;
    gboolean changed;
} Racer;

static void *race(void *data)
{
    Racer *racer = data;
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;

    racer->changed = forge_change_file(racer->room->forge, arena, &racer->change, &error) != NULL;
    g_assert_true(racer->changed || g_error_matches(error, PAVE_ERROR, ERROR_CONFLICT));
    return NULL;
}

static void of_those_who_race_one_wins(TestDb *test)
{
    g_auto(TestForge) room = {0};
    g_autofree char *count = NULL;
    Racer racers[6];
    pthread_t threads[6];
    guint won = 0;

    test_forge_open(&room, test, "");
    test_publish(&room, "orders", "i", NULL);
    for (guint i = 0; i < 6; i++) {
        racers[i] = (Racer){.room = &room};
        racers[i].change =
            change_of(&readme, arena_printf(room.arena, "# %u\n", i), blob_of(&room, &readme));
    }
    for (guint i = 0; i < 6; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, race, &racers[i]), ==, 0);
    for (guint i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (guint i = 0; i < 6; i++)
        won += racers[i].changed ? 1 : 0;
    g_assert_cmpuint(won, ==, 1);
    count = GIT(&room, repository(&room), "rev-list", "--count", "main");
    g_assert_cmpstr(count, ==, "2");
}

/* ---- GitHub ---- */

#define BLOB "83baae61804e65cc73a7201a7252750c76066a30"

typedef struct {
    TestForge forge;
    HttpServer *server;
    GString *calls;
} Fake;

static const ForgeLocation there = {.host = "github.acme.test",
                                    .owner = "acme-corp",
                                    .name = "orders",
                                    .ref = "main",
                                    .path = "docs/a file.yaml"};

static Response *say(unsigned status, const char *json)
{
    return response_text(status, "application/json", json);
}

static void note(Fake *fake, Request *request)
{
    gsize length;
    const char *body = request_body(request, &length);

    g_assert_cmpstr(request_header(request, "Authorization"), ==, "Bearer ghp_secret");
    g_string_append_printf(fake->calls, "%s %s %.*s\n", request_method(request),
                           request_target(request), (int)length, body ? body : "");
}

static Response *get_repository(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(200, "{\"default_branch\":\"main\"}");
}

static Response *get_ref(Request *request, void *room, GError **error)
{
    note(room, request);
    return g_str_equal(request_param(request, "branch"), "main")
               ? say(200, "{\"object\":{\"sha\":\"0123456789012345678901234567890123456789\"}}")
               : say(404, "{\"message\":\"Not Found\"}");
}

static Response *post_ref(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(201, "{}");
}

static Response *get_contents(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(200, "{\"type\":\"file\",\"encoding\":\"base64\",\"sha\":\"" BLOB
                    "\",\"content\":\"YQo=\\n\"}");
}

static Response *put_contents(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);

    note(room, request);
    if (!g_str_equal(value_path_string(body, "sha", ""), BLOB))
        return say(409, "{\"message\":\"docs/a file.yaml does not match\"}");
    return say(200, "{\"commit\":{\"sha\":\"c0ffee\",\"html_url\":\"https://x/commit/c0ffee\"}}");
}

static Response *post_pull(Request *request, void *room, GError **error)
{
    note(room, request);
    return say(201, "{\"html_url\":\"https://x/pull/7\"}");
}

#define REPOSITORY "/repos/{owner}/{name}"
static const Route routes[] = {
    {"GET", REPOSITORY, get_repository, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", REPOSITORY "/git/ref/heads/{branch...}", get_ref, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", REPOSITORY "/git/refs", post_ref, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", REPOSITORY "/contents/{path...}", get_contents, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"PUT", REPOSITORY "/contents/{path...}", put_contents, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", REPOSITORY "/pulls", post_pull, ROUTE_WORKER, PERMISSION_PUBLIC},
    {0},
};

static void fake_open(Fake *fake, TestDb *test)
{
    HttpServerOptions options = {.workers = 2};
    g_autoptr(GError) error = NULL;
    guint16 port;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &port, &error)};
    g_autofree char *configuration = g_strdup_printf(
        "integrations:\n  github:\n    - host: github.acme.test\n      token: ghp_secret\n"
        "      apiBaseUrl: http://127.0.0.1:%u/\n",
        port);

    test_forge_open(&fake->forge, test, configuration);
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
    g_string_free(fake->calls, TRUE);
    test_forge_close(&fake->forge);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fake, fake_close)

#define ASK_REF "GET /repos/acme-corp/orders/git/ref/heads/main \n"
#define CONTENTS "/repos/acme-corp/orders/contents/docs/a%20file.yaml"
#define PUT(sha, branch)                                                                           \
    "PUT " CONTENTS " {\"message\":\"Say more\",\"content\":\"Ygo=\",\"sha\":\"" sha               \
    "\",\"branch\":\"" branch "\",\"author\":{\"name\":\"Bob\",\"email\":\"bob@acme.test\"}}\n"

static void github_is_asked_for_the_file_and_its_id(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_auto(ForgeFile) file = {0};
    g_autoptr(GError) error = NULL;

    fake_open(&fake, test);
    g_assert_true(forge_read_head(fake.forge.forge, fake.forge.arena, &there, &file, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(file.blob, ==, BLOB);
    g_assert_cmpstr(file.branch, ==, "main");
    g_assert_cmpmem(g_bytes_get_data(file.bytes, NULL), g_bytes_get_size(file.bytes), "a\n", 2);
    g_assert_cmpstr(fake.calls->str, ==, "GET " CONTENTS "?ref=main \n" ASK_REF);
}

static void github_gets_a_commit(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;
    ForgeChange change = change_of(&there, "b\n", BLOB);
    const Value *made;

    fake_open(&fake, test);
    made = forge_change_file(fake.forge.forge, fake.forge.arena, &change, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(
        json_to_arena(fake.forge.arena, made, JSON_COMPACT), ==,
        "{\"commit\":\"c0ffee\",\"branch\":\"main\",\"url\":\"https://x/commit/c0ffee\"}");
    g_assert_cmpstr(fake.calls->str, ==, ASK_REF PUT(BLOB, "main"));
    change.blob = "0000";
    g_assert_null(forge_change_file(fake.forge.forge, fake.forge.arena, &change, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

static void github_gets_a_pull_request(TestDb *test)
{
    g_auto(Fake) fake = {0};
    g_autoptr(GError) error = NULL;
    ForgeChange change = change_of(&there, "b\n", BLOB);
    const Value *made;

    fake_open(&fake, test);
    change.new_branch = "pave/x";
    made = forge_change_file(fake.forge.forge, fake.forge.arena, &change, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(made, "url", ""), ==, "https://x/pull/7");
    g_assert_cmpstr(
        fake.calls->str, ==,
        ASK_REF ASK_REF
        "POST /repos/acme-corp/orders/git/refs {\"ref\":\"refs/heads/pave/x\",\"sha\":"
        "\"0123456789012345678901234567890123456789\"}\n" PUT(
            BLOB,
            "pave/x") "POST /repos/acme-corp/orders/pulls {\"title\":\"Say more\",\"head\":"
                      "\"pave/x\",\"base\":\"main\",\"body\":\"Proposed by Bob in Pave.\"}\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/forge/change/a-change-is-a-commit-of-its-author-that-the-log-knows",
                a_change_is_a_commit_of_its_author_that_the_log_knows);
    test_db_add("/forge/change/a-file-that-changed-meanwhile-is-left-alone",
                a_file_that_changed_meanwhile_is_left_alone);
    test_db_add("/forge/change/a-commit-to-another-file-does-not-disturb",
                a_commit_to_another_file_does_not_disturb);
    test_db_add("/forge/change/a-proposal-has-a-branch-of-its-own",
                a_proposal_has_a_branch_of_its_own);
    test_db_add("/forge/change/what-is-no-branch-is-not-changed", what_is_no_branch_is_not_changed);
    test_db_add("/forge/change/of-those-who-race-one-wins", of_those_who_race_one_wins);
    test_db_add("/forge/change/github-is-asked-for-the-file-and-its-id",
                github_is_asked_for_the_file_and_its_id);
    test_db_add("/forge/change/github-gets-a-commit", github_gets_a_commit);
    test_db_add("/forge/change/github-gets-a-pull-request", github_gets_a_pull_request);
    return test_db_run();
}
