#include "fixture.h"

#include "net/http_client.h"

#include <signal.h>

/* What the live version says of itself; NULL where nobody listens. */
static char *ask(Fixture *fixture, const char *path)
{
    g_autofree char *address = NULL, *url = NULL;
    g_autoptr(HttpReply) reply = NULL;
    HttpRequest request = {.allow_private = TRUE, .timeout_ms = 5000};
    guint16 port;

    if (!deployments_route(fixture->deployments, "orders", "staging", &address, &port))
        return NULL;
    url = g_strdup_printf("http://%s:%u%s", address, port, path);
    request.url = url;
    reply = http_send(&request, NULL);
    return reply ? g_strdup(reply->body) : NULL;
}

static void assert_serves(Fixture *fixture, const char *wanted)
{
    g_autofree char *got = ask(fixture, "/");

    g_assert_cmpstr(got, ==, wanted);
}

static void wait_until_serves(Fixture *fixture, const char *wanted)
{
    for (int i = 0; i < FIXTURE_LONG_MS / 20; i++) {
        g_autofree char *got = ask(fixture, "/");

        if (g_strcmp0(got, wanted) == 0)
            return;
        g_usleep(20000);
    }
    g_error("it never served \"%s\"", wanted);
}

static void assert_live(const Deployment *deployment)
{
    if (deployment->state != DEPLOYMENT_LIVE)
        g_error("%s: %s", deployment_state_name(deployment->state), deployment->reason);
}

static void test_goes_live(Fixture *fixture, gconstpointer data)
{
    const Deployment *deployment;

    fixture_release(fixture, "one", "1111111111111111111111111111111111111111");
    deployment = fixture_deploy(fixture, "1111111");
    assert_live(deployment);
    assert_serves(fixture, "one staging debug");
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.service.deployed.0.2.0"), ==, 1);
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.artifact.packaged.0.2.0"), ==, 1);
}

static void test_upgrade_and_rollback(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const Deployment *first, *second, *third;
    const char *id;

    fixture_release(fixture, "one", "1111111");
    fixture_release(fixture, "two", "2222222");
    first = fixture_deploy(fixture, "one");
    second = fixture_deploy(fixture, "two");
    assert_live(second);
    assert_serves(fixture, "two staging debug");
    g_assert_cmpstr(second->replaced_id, ==, first->id);
    first = store_deployment(db_reader(fixture->db), fixture->arena, first->id, NULL);
    g_assert_cmpint(first->state, ==, DEPLOYMENT_SUPERSEDED);
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.service.upgraded.0.2.0"), ==, 1);
    id = rollback_submit(fixture->deployments, fixture->arena, "orders", "staging", NULL,
                         "user:default/ada", &error);
    g_assert_no_error(error);
    third = fixture_wait(fixture, id);
    assert_live(third);
    assert_serves(fixture, "one staging debug");
    g_assert_cmpstr(third->kind, ==, "rollback");
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.service.rolledback.0.2.0"), ==, 1);
}

static void test_failed_leaves_the_old(Fixture *fixture, gconstpointer data)
{
    const Deployment *failed;

    fixture_release(fixture, "one", "1111111");
    fixture_release(fixture, "exit", "3333333");
    assert_live(fixture_deploy(fixture, "one"));
    failed = fixture_deploy(fixture, "exit");
    g_assert_cmpint(failed->state, ==, DEPLOYMENT_FAILED);
    g_assert_nonnull(strstr(failed->reason, "status 3"));
    g_assert_nonnull(strstr(failed->reason, "mode exit"));
    assert_serves(fixture, "one staging debug");
    g_assert_cmpuint(fixture_events(fixture, "dev.pave.deployments.deployment.failed"), ==, 1);
}

typedef struct {
    Fixture *fixture;
    const char *value;
} PutSecret;

static gboolean put_secret(DbConn *tx, void *data, GError **error)
{
    PutSecret *put = data;

    return secrets_put(put->fixture->secrets, tx, "service:orders/staging", "TOKEN", put->value,
                       error);
}

static void test_secrets_are_masked(Fixture *fixture, gconstpointer data)
{
    PutSecret put = {fixture, "top-secret-value"};
    g_autoptr(GError) error = NULL;
    const Deployment *failed, *live;
    g_auto(GStrv) lines = NULL;
    g_autofree char *output = NULL;
    const Value *printed;
    int64_t next;
    gboolean ended;

    g_assert_true(db_write(fixture->db, put_secret, &put, NULL, NULL));
    fixture_release(fixture, "exit", "3333333");
    failed = fixture_deploy(fixture, "exit");
    g_assert_nonnull(strstr(failed->reason, "token ***"));
    g_assert_null(strstr(failed->reason, "top-secret"));
    printed = jobs_output_read(fixture->jobs, fixture->arena, failed->job_id, 0, 100, &next, &ended,
                               &error);
    g_assert_no_error(error);
    for (guint i = 0; i < value_count(printed); i++)
        g_assert_null(strstr(value_path_string(value_item(printed, i), "text", ""), "top-secret"));
    fixture_release(fixture, "one", "1111111");
    live = fixture_deploy(fixture, "one");
    assert_live(live);
    lines = instance_tail(fixture->deployments, "orders", "staging", live->id, 10);
    g_assert_cmpstr(lines[0], ==, "mode one token ***");
}

static void test_idempotent(Fixture *fixture, gconstpointer data)
{
    DeployOrder order = {.service = "orders",
                         .environment = "staging",
                         .kind = "deploy",
                         .idempotency_key = "run-1"};
    const char *first, *second;

    fixture_release(fixture, "one", "1111111");
    first = deploy_submit(fixture->deployments, fixture->arena, &order, NULL);
    second = deploy_submit(fixture->deployments, fixture->arena, &order, NULL);
    g_assert_cmpstr(first, ==, second);
    assert_live(fixture_wait(fixture, first));
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *service, *environment, *release;
        PaveErrorCode code;
    } cases[] = {
        {"orders", "nowhere", NULL, ERROR_INPUT},
        {"Orders!", "staging", NULL, ERROR_INPUT},
        {"orders", "staging", "sha256:00", ERROR_NOT_FOUND},
        {"orders", "staging", "9999999", ERROR_NOT_FOUND},
        {"others", "staging", NULL, ERROR_NOT_FOUND},
    };

    fixture_release(fixture, "one", "1111111");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        DeployOrder order = {.service = cases[i].service,
                             .environment = cases[i].environment,
                             .release = cases[i].release,
                             .kind = "deploy"};
        g_autoptr(GError) error = NULL;

        g_assert_null(deploy_submit(fixture->deployments, fixture->arena, &order, &error));
        g_assert_error(error, PAVE_ERROR, (gint)cases[i].code);
    }
}

static void test_no_way_back(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture_release(fixture, "one", "1111111");
    assert_live(fixture_deploy(fixture, NULL));
    g_assert_null(rollback_submit(fixture->deployments, fixture->arena, "orders", "staging", NULL,
                                  NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

static void test_crash_is_restarted(Fixture *fixture, gconstpointer data)
{
    g_autofree char *gone = NULL;

    fixture_release(fixture, "one", "1111111");
    assert_live(fixture_deploy(fixture, NULL));
    gone = ask(fixture, "/crash");
    for (int i = 0; fixture_events(fixture, "dev.pave.deployments.service.crashed") == 0; i++) {
        g_assert_cmpint(i, <, 1000);
        g_usleep(20000);
    }
    wait_until_serves(fixture, "one staging debug");
    for (int i = 0; fixture_events(fixture, "dev.pave.deployments.service.recovered") == 0; i++) {
        g_assert_cmpint(i, <, 1000);
        g_usleep(20000);
    }
}

static void test_found_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Instance) instance = NULL;
    const Deployment *live;
    pid_t before, after;

    fixture_release(fixture, "one", "1111111");
    live = fixture_deploy(fixture, NULL);
    assert_live(live);
    instance = instance_new(fixture->deployments, live, NULL);
    g_assert_true(instance_attach(instance));
    before = process_pid(instance->process);
    fixture_close(fixture);
    fixture_open(fixture);
    wait_until_serves(fixture, "one staging debug");
    instance->deployments = fixture->deployments;
    g_assert_true(instance_attach(instance));
    after = process_pid(instance->process);
    g_assert_cmpint(before, ==, after);
}

static pid_t parent_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    pid_t parent = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpint(sscanf(strrchr(text, ')'), ") %*c %d", &parent), ==, 1);
    return parent;
}

/* The whole tree is killed, shim and all, while the server is down. */
static void test_started_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Instance) instance = NULL;
    const Deployment *live;
    pid_t pid;

    fixture_release(fixture, "one", "1111111");
    live = fixture_deploy(fixture, NULL);
    assert_live(live);
    instance = instance_new(fixture->deployments, live, NULL);
    g_assert_true(instance_attach(instance));
    pid = process_pid(instance->process);
    fixture_close(fixture);
    kill(parent_of(pid), SIGKILL);
    fixture_open(fixture);
    instance->deployments = fixture->deployments;
    wait_until_serves(fixture, "one staging debug");
    g_assert_cmpuint(fixture_events(fixture, "dev.pave.deployments.service.crashed"), ==, 0);
}

static void test_stopped(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const Deployment *deployment;
    g_autofree char *gone = NULL;

    fixture_release(fixture, "one", "1111111");
    deployment = fixture_deploy(fixture, NULL);
    assert_live(deployment);
    g_assert_true(
        deploy_stop(fixture->deployments, fixture->arena, "orders", "staging", "user:x/y", &error));
    gone = ask(fixture, "/");
    g_assert_null(gone);
    deployment = store_deployment(db_reader(fixture->db), fixture->arena, deployment->id, NULL);
    g_assert_cmpint(deployment->state, ==, DEPLOYMENT_STOPPED);
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.service.removed"), ==, 1);
    g_assert_false(
        deploy_stop(fixture->deployments, fixture->arena, "orders", "staging", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

/* The server ends while the new version is still starting; the next one goes on with it. */
static void test_interrupted(Fixture *fixture, gconstpointer data)
{
    DeployOrder order = {.service = "orders", .environment = "staging", .kind = "deploy"};
    g_autofree char *id = NULL;
    const Deployment *deployment;

    fixture_release(fixture, "slow", "1111111");
    id = g_strdup(deploy_submit(fixture->deployments, fixture->arena, &order, NULL));
    do {
        g_usleep(10000);
        deployment = store_deployment(db_reader(fixture->db), fixture->arena, id, NULL);
    } while (deployment->state != DEPLOYMENT_VERIFYING);
    fixture_close(fixture);
    fixture_open(fixture);
    deployment = fixture_wait(fixture, id);
    assert_live(deployment);
    assert_serves(fixture, "slow staging debug");
    g_assert_cmpuint(fixture_events(fixture, "dev.cdevents.service.deployed"), ==, 1);
    g_assert_cmpuint(fixture_events(fixture, "dev.pave.deployments.deployment.failed"), ==, 0);
}

/* What failed is tried again from the step that failed, with a process of its own. */
static void test_retried(Fixture *fixture, gconstpointer data)
{
    const Deployment *failed, *again;
    PutSecret put = {fixture, "now-it-is-there"};
    g_autoptr(GError) error = NULL;

    fixture_release(fixture, "wants-token", "1111111");
    failed = fixture_deploy(fixture, NULL);
    g_assert_cmpint(failed->state, ==, DEPLOYMENT_FAILED);
    g_assert_true(db_write(fixture->db, put_secret, &put, NULL, NULL));
    g_assert_true(jobs_retry(fixture->jobs, failed->job_id, "user:x/y", NULL, &error));
    g_assert_no_error(error);
    again = fixture_wait(fixture, failed->id);
    assert_live(again);
}

static void test_encoded(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) live = NULL;
    const Value *service, *place;

    fixture_release(fixture, "one", "1111111");
    assert_live(fixture_deploy(fixture, NULL));
    live = store_live(db_reader(fixture->db), fixture->arena, "orders", NULL, NULL);
    service = encode_service(fixture->deployments, fixture->arena, "orders", live);
    place = value_item(value_get(service, "environments"), 0);
    g_assert_cmpstr(value_path_string(place, "url", ""), ==,
                    "http://orders.staging.localhost:7007");
    g_assert_cmpstr(value_path_string(place, "current.state", ""), ==, "healthy");
    g_assert_true(value_is(value_get(place, "previous"), VALUE_NULL));
    place = value_item(value_get(service, "environments"), 1);
    g_assert_true(value_is(value_get(place, "current"), VALUE_NULL));
    g_assert_true(value_bool(value_get(place, "production"), false));
}

static void test_states(void)
{
    g_assert_true(deployment_state_may_become(DEPLOYMENT_QUEUED, DEPLOYMENT_STARTING));
    g_assert_true(deployment_state_may_become(DEPLOYMENT_FAILED, DEPLOYMENT_STARTING));
    g_assert_false(deployment_state_may_become(DEPLOYMENT_QUEUED, DEPLOYMENT_LIVE));
    g_assert_false(deployment_state_may_become(DEPLOYMENT_LIVE, DEPLOYMENT_FAILED));
    g_assert_false(deployment_state_may_become(DEPLOYMENT_SUPERSEDED, DEPLOYMENT_LIVE));
    for (int i = 0; i <= DEPLOYMENT_STOPPED; i++)
        g_assert_cmpint(deployment_state_parse(deployment_state_name((DeploymentState)i)), ==, i);
}

#define ADD(name, function)                                                                        \
    g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    g_test_add_func("/deployments/states/only-legal-moves", test_states);
    ADD("/deployments/healthy-version-goes-live", test_goes_live);
    ADD("/deployments/upgrade-and-back-again", test_upgrade_and_rollback);
    ADD("/deployments/failed-one-leaves-the-old-serving", test_failed_leaves_the_old);
    ADD("/deployments/secrets-reach-the-service-and-nobody-else", test_secrets_are_masked);
    ADD("/deployments/same-key-is-the-same-deployment", test_idempotent);
    ADD("/deployments/wrong-orders-are-refused", test_refused);
    ADD("/deployments/without-an-earlier-version-there-is-no-way-back", test_no_way_back);
    ADD("/deployments/crash-is-told-and-restarted", test_crash_is_restarted);
    ADD("/deployments/running-service-is-found-again-after-a-restart", test_found_again);
    ADD("/deployments/killed-service-is-started-again-after-a-restart", test_started_again);
    ADD("/deployments/stopped-service-is-gone", test_stopped);
    ADD("/deployments/interrupted-deployment-goes-on", test_interrupted);
    ADD("/deployments/failed-deployment-can-be-tried-again", test_retried);
    ADD("/deployments/service-shows-what-runs-where", test_encoded);
    return g_test_run();
}
