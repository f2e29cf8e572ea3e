#include "../deployments/fixture.h"
#include "observability/observability_internal.h"

static GPtrArray *history(Fixture *fixture, int64_t from, int64_t step)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *found =
        store_history(db_reader(fixture->db), fixture->arena, NULL, "staging", from, step, &error);

    g_assert_no_error(error);
    return found;
}

static void test_running(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Observability *observability =
        observability_new(fixture->db, fixture->events, fixture->deployments, NULL, &error);
    g_autoptr(GString) metrics = g_string_new(NULL);
    g_autoptr(GPtrArray) found = NULL;
    const Deployment *deployment;

    fixture_release(fixture, "one", "1111111");
    deployment = fixture_deploy(fixture, NULL);
    g_assert_cmpint(deployment->state, ==, DEPLOYMENT_LIVE);
    for (int i = 0; i < 1000 && (!found || !found->len); i++) {
        g_clear_pointer(&found, g_ptr_array_unref);
        g_usleep(10000);
        found = history(fixture, 0, 60000);
    }
    g_assert_cmpuint(found->len, >=, 1);
    g_assert_true(metrics_write(observability, metrics, &error));
    g_assert_no_error(error);
    g_assert_nonnull(strstr(
        metrics->str,
        "pave_service_up{service=\"orders\",environment=\"staging\",commit=\"1111111\"} 1\n"));
    g_assert_nonnull(
        strstr(metrics->str, "pave_jobs{kind=\"deployments.deploy\",state=\"succeeded\"} 1\n"));
    g_assert_nonnull(
        strstr(metrics->str, "pave_deployments{environment=\"staging\",state=\"live\"} 1\n"));
    g_assert_nonnull(strstr(metrics->str, "\nprocess_resident_memory_bytes "));
    g_assert_nonnull(strstr(metrics->str, "pave_build_info{version="));
    observability_free(observability);
}

#define ADD(name, function)                                                                        \
    g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    ADD("/observability/running-service-has-history-and-metrics", test_running);
    return g_test_run();
}
