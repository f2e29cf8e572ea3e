#include "spine/clock.h"
#include <string.h>

static void formats_as_iso_8601(void)
{
    static const struct {
        int64_t time_ms;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {1772366400123, "2026-03-01T12:00:00.123Z"},
                 {-1, "1969-12-31T23:59:59.999Z"},
                 {INT64_MAX, "9999-12-31T23:59:59.999Z"}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = clock_format(cases[i].time_ms);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void parses_offsets(void)
{
    int64_t time_ms = 7;

    g_assert_true(clock_parse("2026-03-01T12:00:00.123Z", &time_ms));
    g_assert_cmpint(time_ms, ==, 1772366400123);
    g_assert_true(clock_parse("2026-03-01T14:00:00+02:00", &time_ms));
    g_assert_cmpint(time_ms, ==, 1772366400000);
    g_assert_false(clock_parse("yesterday", &time_ms));
    g_assert_false(clock_parse(NULL, &time_ms));
    g_assert_cmpint(time_ms, ==, 1772366400000);
}

static void ids_made_later_sort_later(void)
{
    g_autofree char *last = clock_new_id();

    for (int i = 0; i < 20000; i++) {
        char *next = clock_new_id();
        g_assert_cmpstr(last, <, next);
        g_free(last);
        last = next;
    }
    g_assert_cmpuint(strlen(last), ==, 36);
    g_assert_cmpint(last[14], ==, '7');
    g_assert_nonnull(strchr("89ab", last[19]));
}

static void stands_still_for_tests(void)
{
    clock_set_for_tests(42);
    g_assert_cmpint(clock_now_ms(), ==, 42);
    clock_set_for_tests(0);
    g_assert_cmpint(clock_now_ms(), >, 1700000000000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/formats-as-iso-8601", formats_as_iso_8601);
    g_test_add_func("/clock/parses-offsets", parses_offsets);
    g_test_add_func("/clock/ids-made-later-sort-later", ids_made_later_sort_later);
    g_test_add_func("/clock/stands-still-for-tests", stands_still_for_tests);
    return g_test_run();
}
