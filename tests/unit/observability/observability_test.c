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

static gboolean write_samples(DbConn *tx, void *data, GError **error)
{
    return store_samples(tx, data, error);
}

static void test_minutes(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(Sample));
    g_autoptr(GPtrArray) minutes = NULL, hours = NULL;
    const Bucket *bucket;

    for (int i = 0; i < 24; i++) {
        Sample sample = {(char *)"orders",    (char *)"staging", 3600000 + i * 5000,
                         i == 13 ? 500 : 200, i != 13,           2.0};

        g_array_append_val(samples, sample);
    }
    g_assert_true(db_write(fixture->db, write_samples, samples, NULL, NULL));
    minutes = history(fixture, 0, 60000);
    g_assert_cmpuint(minutes->len, ==, 2);
    bucket = minutes->pdata[0];
    g_assert_cmpint(bucket->at_ms, ==, 3600000);
    g_assert_cmpint(bucket->checks, ==, 12);
    g_assert_cmpint(bucket->failures, ==, 0);
    g_assert_cmpint(bucket->status, ==, 200);
    g_assert_cmpfloat(bucket->latency_ms, ==, 2.0);
    bucket = minutes->pdata[1];
    g_assert_cmpint(bucket->failures, ==, 1);
    g_assert_cmpint(bucket->status, ==, 500);
    hours = history(fixture, 0, 3600000);
    g_assert_cmpuint(hours->len, ==, 1);
    bucket = hours->pdata[0];
    g_assert_cmpint(bucket->checks, ==, 24);
    g_assert_cmpint(bucket->status, ==, 500);
}

static gboolean forget(DbConn *tx, void *data, GError **error)
{
    return store_forget_before(tx, 120000, error);
}

static void test_forgets(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(Sample));
    g_autoptr(GPtrArray) left = NULL;

    for (int i = 0; i < 4; i++) {
        Sample sample = {(char *)"orders", (char *)"staging", i * 60000, 200, TRUE, 1.0};

        g_array_append_val(samples, sample);
    }
    g_assert_true(db_write(fixture->db, write_samples, samples, NULL, NULL));
    g_assert_true(db_write(fixture->db, forget, NULL, NULL, NULL));
    left = history(fixture, 0, 60000);
    g_assert_cmpuint(left->len, ==, 2);
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
    ADD("/observability/checks-are-kept-by-the-minute", test_minutes);
    ADD("/observability/old-checks-are-forgotten", test_forgets);
    ADD("/observability/running-service-has-history-and-metrics", test_running);
    return g_test_run();
}
