#include "base/nearest.h"

static const char *const NAMES[] = {"runs-on", "needs", "steps", "environment", NULL};

static void slips_of_the_hand_are_understood(void)
{
    g_assert_cmpstr(nearest_name("run-on", NAMES), ==, "runs-on");
    g_assert_cmpstr(nearest_name("Runs_on", NAMES), ==, "runs-on");
    g_assert_cmpstr(nearest_name("enviroment", NAMES), ==, "environment");
    g_assert_cmpstr(nearest_name("setps", NAMES), ==, "steps");
    g_assert_cmpstr(nearest_name("need", NAMES), ==, "needs");
}

static void what_is_far_from_everything_is_not_guessed(void)
{
    g_assert_null(nearest_name("container", NAMES));
    g_assert_null(nearest_name("x", NAMES));
    g_assert_null(nearest_name("", NAMES));
    g_autofree char *longer = g_strnfill(1000, 'a');
    g_assert_null(nearest_name(longer, NAMES));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nearest/slips-of-the-hand-are-understood", slips_of_the_hand_are_understood);
    g_test_add_func("/nearest/what-is-far-from-everything-is-not-guessed",
                    what_is_far_from_everything_is_not_guessed);
    return g_test_run();
}
