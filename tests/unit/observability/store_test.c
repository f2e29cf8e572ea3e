#include "../spine/test_db.h"
#include "observability/observability_internal.h"

static GPtrArray *history(TestDb *test, Arena *arena, int64_t step)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *found = store_history(db_reader(test->db), arena, NULL, "staging", 0, step, &error);

    g_assert_no_error(error);
    return found;
}

static gboolean write_samples(DbConn *tx, void *data, GError **error)
{
    return store_samples(tx, data, error);
}

static gboolean forget(DbConn *tx, void *data, GError **error)
{
    return store_forget_before(tx, 3660000, error);
}

static void minutes(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(Sample));
    g_autoptr(GPtrArray) by_minute = NULL, by_hour = NULL, left = NULL;
    g_autoptr(GError) error = NULL;
    const Bucket *bucket;

    for (int i = 0; i < 24; i++) {
        Sample sample = {(char *)"orders",    (char *)"staging", 3600000 + i * 5000,
                         i == 13 ? 500 : 200, i != 13,           2.0};

        g_array_append_val(samples, sample);
    }
    db_write(test->db, write_samples, samples, NULL, &error);
    g_assert_no_error(error);
    by_minute = history(test, arena, 60000);
    g_assert_cmpuint(by_minute->len, ==, 2);
    bucket = by_minute->pdata[0];
    g_assert_cmpint(bucket->at_ms, ==, 3600000);
    g_assert_cmpint(bucket->checks, ==, 12);
    g_assert_cmpint(bucket->failures, ==, 0);
    g_assert_cmpint(bucket->status, ==, 200);
    g_assert_cmpfloat(bucket->latency_ms, ==, 2.0);
    bucket = by_minute->pdata[1];
    g_assert_cmpint(bucket->failures, ==, 1);
    g_assert_cmpint(bucket->status, ==, 500);
    by_hour = history(test, arena, 3600000);
    g_assert_cmpuint(by_hour->len, ==, 1);
    bucket = by_hour->pdata[0];
    g_assert_cmpint(bucket->checks, ==, 24);
    g_assert_cmpint(bucket->status, ==, 500);
    g_assert_true(db_write(test->db, forget, NULL, NULL, NULL));
    left = history(test, arena, 60000);
    g_assert_cmpuint(left->len, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/observability/store/checks-are-kept-by-the-minute-and-forgotten", minutes);
    return test_db_run();
}
