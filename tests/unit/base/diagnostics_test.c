#include "base/diagnostics.h"
#include "base/error.h"

static void test_first_error_is_said_with_its_place(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();
    g_autoptr(GError) error = NULL;

    diagnostics_add(list, &(Diagnostic){.severity = DIAGNOSTIC_WARNING, .message = "odd"});
    g_assert_true(diagnostics_to_error(list, &error));
    g_assert_false(diagnostics_have_errors(list));
    diagnostics_add(list, &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                                        .code = "bad",
                                        .message = "unknown key",
                                        .file = "a.yaml",
                                        .line = 3,
                                        .column = 5,
                                        .hint = "did you mean x?"});
    g_assert_false(diagnostics_to_error(list, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, "a.yaml:3:5: unknown key (did you mean x?)");
}

static void test_strings_are_copied(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();
    char message[] = "first";

    diagnostics_add(list, &(Diagnostic){.code = "c", .message = message});
    message[0] = 'w';
    g_assert_cmpstr(diagnostics_get(list, 0)->message, ==, "first");
    g_assert_null(diagnostics_get(list, 1));
}

static void test_findings_have_a_ceiling(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();

    for (int i = 0; i < 5000; i++)
        diagnostics_error(list, "bad", "a.yaml", i, 1, "finding %d", i);
    g_assert_cmpuint(diagnostics_count(list), ==, 1001);
    g_assert_cmpstr(diagnostics_get(list, 1000)->code, ==, "too-many-findings");
}

static void test_names_and_statuses_are_backstages(void)
{
    g_autoptr(GError) ours = g_error_new(PAVE_ERROR, ERROR_NOT_FOUND, "x");
    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

    g_assert_cmpstr(error_name(ours), ==, "NotFoundError");
    g_assert_cmpuint(error_status(ours), ==, 404);
    g_assert_cmpstr(error_name(foreign), ==, "Error");
    g_assert_cmpuint(error_status(foreign), ==, 500);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnostics/first-error-is-said-with-its-place",
                    test_first_error_is_said_with_its_place);
    g_test_add_func("/diagnostics/strings-are-copied", test_strings_are_copied);
    g_test_add_func("/diagnostics/findings-have-a-ceiling", test_findings_have_a_ceiling);
    g_test_add_func("/error/names-and-statuses-are-backstages",
                    test_names_and_statuses_are_backstages);
    return g_test_run();
}
