/* The real git program against a real server. */
#include "test_forge.h"
#include "spine/access.h"

typedef struct {
    TestForge forge;
    HttpServer *server;
    guint16 port;
} TestHost;

/* ada and eve have passwords; the authenticator is the tests' own. */
static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    static const char *const none[] = {NULL};
    const char *header = request_header(request, "Authorization");
    gsize length;
    g_autofree char *text = NULL;

    if (!header && g_str_equal(permission, PERMISSION_PUBLIC))
        return TRUE;
    if (header && g_str_has_prefix(header, "Basic "))
        text = (char *)g_base64_decode(header + 6, &length);
    if (text && g_str_has_prefix(text, "job:")) {
        const char *scopes[] = {"forge.repository.read", text + strlen("job:"), NULL};

        *principal = principal_new(PRINCIPAL_JOB, "job:42", none, none, scopes);
        return TRUE;
    }
    if (!text || !(g_str_has_prefix(text, "ada:right") || g_str_has_prefix(text, "eve:right"))) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "wrong name or password");
        return FALSE;
    }
    *principal = principal_new(
        PRINCIPAL_USER, g_str_has_prefix(text, "ada") ? "user:default/ada" : "user:default/eve",
        none, none, NULL);
    return TRUE;
}

static void forget_principal(void *principal)
{
    principal_unref(principal);
}

static void host_open(TestHost *host, TestDb *test)
{
    HttpServerOptions options = {.workers = 4, .stream_workers = 8};
    g_autoptr(GError) error = NULL;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &host->port, &error)};

    g_assert_no_error(error);
    test_forge_open(&host->forge, test, "");
    host->server = http_server_new(&options);
    http_server_set_authenticator(host->server, authenticate, NULL, forget_principal);
    http_mount(host->server, forge_routes, host->forge.forge);
    http_server_listen(host->server, &listener, &error);
    g_assert_no_error(error);
    test_publish(&host->forge, "order-service", "intent-1", &error);
    g_assert_no_error(error);
}

static void host_close(TestHost *host)
{
    http_server_stop(host->server, 5000);
    http_server_free(host->server);
    test_forge_close(&host->forge);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestHost, host_close)

static const char *url(TestHost *host, const char *credentials)
{
    return arena_printf(host->forge.arena, "http://%s127.0.0.1:%u/acme-corp/order-service.git",
                        credentials, host->port);
}

static const char *work(TestHost *host)
{
    return test_path(&host->forge, "work");
}

static void clone_work(TestHost *host, const char *credentials)
{
    g_free(
        GIT(&host->forge, host->forge.test->folder, "clone", "-q", url(host, credentials), "work"));
}

static void commit(TestHost *host, const char *text)
{
    g_autofree char *file = g_build_filename(work(host), "README.md", NULL);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    g_free(GIT(&host->forge, work(host), "commit", "-qam", text));
}

static char *try_git(TestHost *host, const char *folder, const char *const *arguments,
                     gboolean *worked)
{
    int status = 0;
    char *text = test_git(&host->forge, folder, arguments, &status);

    *worked = status == 0;
    return text;
}
#define TRY_GIT(host, folder, worked, ...)                                                         \
    try_git((host), (folder), (const char *const[]){__VA_ARGS__, NULL}, (worked))

static void test_clone_and_push_work_and_the_push_is_in_the_log(TestDb *test)
{
    g_auto(TestHost) host = {0};
    g_autoptr(GPtrArray) pushed = NULL;

    host_open(&host, test);
    clone_work(&host, "ada:right@");
    commit(&host, "changed");
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", "main"));
    g_autofree char *head = GIT(&host.forge, work(&host), "rev-parse", "HEAD");
    g_autofree char *there =
        forge_resolve(host.forge.forge, "acme-corp", "order-service", "main", NULL);

    g_assert_cmpstr(there, ==, head);
    pushed = test_events(&host.forge, "dev.pave.forge.ref.updated");
    g_assert_cmpuint(pushed->len, ==, 2);
    const Event *event = pushed->pdata[1];
    g_assert_cmpstr(event->actor, ==, "user:default/ada");
    g_assert_cmpstr(value_path_string(event->payload, "after", ""), ==, head);
}

static void test_old_and_new_protocols_and_shallow_clones_work(TestDb *test)
{
    static const char *const versions[] = {"0", "1", "2"};
    g_auto(TestHost) host = {0};

    host_open(&host, test);
    clone_work(&host, "ada:right@");
    commit(&host, "changed");
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", "main", "HEAD:refs/tags/v1"));
    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *version = g_strconcat("protocol.version=", versions[i], NULL);
        g_autofree char *folder = g_strconcat("shallow", versions[i], NULL);

        g_free(GIT(&host.forge, test->folder, "-c", version, "clone", "-q", "--depth", "1",
                   "--branch", "v1", url(&host, "ada:right@"), folder));
        g_autofree char *count =
            GIT(&host.forge, test_path(&host.forge, folder), "rev-list", "--count", "HEAD");
        g_assert_cmpstr(count, ==, "1");
    }
    g_free(GIT(&host.forge, test->folder, "clone", "-q", "--filter=blob:none",
               url(&host, "ada:right@"), "partial"));
}

static void test_large_files_go_both_ways(TestDb *test)
{
    g_auto(TestHost) host = {0};
    g_autofree char *bytes = g_malloc(6 << 20);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    host_open(&host, test);
    clone_work(&host, "ada:right@");
    for (gsize i = 0; i < (6 << 20); i += 4)
        *(guint32 *)(void *)(bytes + i) = g_rand_int(random);
    g_assert_true(
        g_file_set_contents(test_path(&host.forge, "work/README.md"), bytes, 6 << 20, NULL));
    g_free(GIT(&host.forge, work(&host), "commit", "-qam", "large"));
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", "main"));
    g_free(GIT(&host.forge, test->folder, "clone", "-q", url(&host, "ada:right@"), "again"));
    g_autofree char *got = NULL;
    gsize length;

    g_assert_true(
        g_file_get_contents(test_path(&host.forge, "again/README.md"), &got, &length, NULL));
    g_assert_cmpmem(got, length, bytes, 6 << 20);
}

static void test_history_of_a_protected_branch_cannot_be_rewritten(TestDb *test)
{
    g_auto(TestHost) host = {0};
    gboolean worked;

    host_open(&host, test);
    clone_work(&host, "ada:right@");
    g_free(GIT(&host.forge, work(&host), "checkout", "-q", "-b", "side"));
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", "side"));
    g_free(GIT(&host.forge, work(&host), "commit", "-q", "--amend", "-m", "rewritten"));

    g_autofree char *rewritten =
        TRY_GIT(&host, work(&host), &worked, "push", "--force", "origin", "side:main");
    g_assert_false(worked);
    g_assert_nonnull(strstr(rewritten, "The branch main is protected: its history cannot"));
    g_autofree char *deleted = TRY_GIT(&host, work(&host), &worked, "push", "origin", ":main");
    g_assert_false(worked);
    g_assert_nonnull(strstr(deleted, "cannot be deleted"));

    /* Any other branch is its owner's to rewrite. */
    g_free(GIT(&host.forge, work(&host), "push", "-q", "--force", "origin", "side"));
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", ":side"));
}

static void test_a_push_needs_permission_and_reading_a_sign_in(TestDb *test)
{
    g_auto(TestHost) host = {0};
    gboolean worked;

    host_open(&host, test);
    g_autofree char *nobody =
        TRY_GIT(&host, test->folder, &worked, "clone", "-q", url(&host, ""), "x");
    g_assert_false(worked);
    g_assert_nonnull(strstr(nobody, "could not read Username"));
    g_autofree char *wrong =
        TRY_GIT(&host, test->folder, &worked, "clone", "-q", url(&host, "ada:wrong@"), "x");
    g_assert_false(worked);
    g_assert_nonnull(strstr(wrong, "Authentication failed"));

    clone_work(&host, "eve:right@");
    commit(&host, "not hers");
    g_autofree char *refused =
        TRY_GIT(&host, work(&host), &worked, "push", "origin", "HEAD:refs/heads/eve");
    g_assert_false(worked);
    g_assert_nonnull(strstr(refused, "403"));
    g_autofree char *missing = TRY_GIT(
        &host, test->folder, &worked, "clone", "-q",
        arena_printf(host.forge.arena, "http://ada:right@127.0.0.1:%u/a/b.git", host.port), "x");
    g_assert_false(worked);
    g_assert_nonnull(strstr(missing, "not found"));
}

static void test_the_owner_in_the_catalog_file_may_push(TestDb *test)
{
    g_auto(TestHost) host = {0};
    g_autoptr(GError) error = NULL;

    host_open(&host, test);
    const Value *files = json_parse(host.forge.arena,
                                    "[{\"path\":\"catalog-info.yaml\",\"content\":"
                                    "\"kind: Component\\nspec:\\n  owner: user:eve\\n\"}]",
                                    -1, NULL);
    g_free(forge_commit_files(host.forge.forge, "acme-corp", "order-service", "main", files, "own",
                              "user:default/ada", NULL, &error));
    g_assert_no_error(error);
    clone_work(&host, "eve:right@");
    commit(&host, "hers");
    g_free(GIT(&host.forge, work(&host), "push", "-q", "origin", "main"));
}

static void test_a_job_pushes_only_where_its_token_says(TestDb *test)
{
    g_auto(TestHost) host = {0};
    g_autoptr(GPtrArray) pushed = NULL;
    gboolean worked;

    host_open(&host, test);
    clone_work(&host, "job:forge.repository.push%3aacme-corp%2fother@");
    commit(&host, "made by a job");
    g_autofree char *refused = TRY_GIT(&host, work(&host), &worked, "push", "origin", "main");
    g_assert_false(worked);
    g_assert_nonnull(strstr(refused, "403"));
    g_free(GIT(&host.forge, work(&host), "push", "-q",
               url(&host, "job:forge.repository.push%3aacme-corp%2forder-service@"), "main"));
    pushed = test_events(&host.forge, "dev.pave.forge.ref.updated");
    g_assert_cmpstr(((Event *)pushed->pdata[1])->cause, ==, "42");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/forge/git/clone-and-push-work-and-the-push-is-in-the-log",
                test_clone_and_push_work_and_the_push_is_in_the_log);
    test_db_add("/forge/git/old-and-new-protocols-and-shallow-clones-work",
                test_old_and_new_protocols_and_shallow_clones_work);
    test_db_add("/forge/git/large-files-go-both-ways", test_large_files_go_both_ways);
    test_db_add("/forge/git/history-of-a-protected-branch-cannot-be-rewritten",
                test_history_of_a_protected_branch_cannot_be_rewritten);
    test_db_add("/forge/git/a-push-needs-permission-and-reading-a-sign-in",
                test_a_push_needs_permission_and_reading_a_sign_in);
    test_db_add("/forge/git/the-owner-in-the-catalog-file-may-push",
                test_the_owner_in_the_catalog_file_may_push);
    test_db_add("/forge/git/a-job-pushes-only-where-its-token-says",
                test_a_job_pushes_only_where_its_token_says);
    return test_db_run();
}
