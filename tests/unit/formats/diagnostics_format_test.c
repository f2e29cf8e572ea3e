#include "formats/diagnostics_format.h"
#include "formats/json.h"

static char *written(const Diagnostics *list, DiagnosticsFormat format)
{
    GString *out = g_string_new(NULL);

    diagnostics_write(out, list, format);
    return g_string_free(out, FALSE);
}

static void test_text_has_place_and_hint(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();
    g_autofree char *text = NULL;

    diagnostics_add(list, &(Diagnostic){.severity = DIAGNOSTIC_WARNING,
                                        .code = "c",
                                        .message = "it is old",
                                        .file = "a.yaml",
                                        .line = 3,
                                        .column = 5,
                                        .hint = "renew it"});
    diagnostics_add(list, &(Diagnostic){.code = "d", .message = "nothing is there"});
    text = written(list, DIAGNOSTICS_TEXT);
    g_assert_cmpstr(text, ==,
                    "a.yaml:3:5: warning: it is old (renew it)\nerror: nothing is there\n");
}

static void test_annotations_cannot_be_broken_out_of(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();
    g_autofree char *text = NULL;

    diagnostics_error(list, "c", "a,b:c.yaml", 1, 2, "100%%\n::error::x");
    text = written(list, DIAGNOSTICS_GITHUB);
    g_assert_cmpstr(text, ==,
                    "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=c::100%25%0A::error::x\n");
}

static void test_sarif_and_json_are_json(void)
{
    g_autoptr(Diagnostics) list = diagnostics_new();
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *json = NULL, *sarif = NULL;
    const Value *parsed;

    diagnostics_error(list, "c", "a b.yaml", 0, 0, "\"quoted\"");
    json = written(list, DIAGNOSTICS_JSON);
    parsed = json_parse(arena, json, -1, NULL);
    g_assert_cmpint(value_int(value_get(parsed, "errors"), 0), ==, 1);
    g_assert_cmpstr(value_path_string(value_item(value_get(parsed, "findings"), 0), "message", ""),
                    ==, "\"quoted\"");
    sarif = written(list, DIAGNOSTICS_SARIF);
    parsed = value_pointer(json_parse(arena, sarif, -1, NULL), "/runs/0/results/0");
    g_assert_cmpstr(value_path_string(parsed, "ruleId", ""), ==, "c");
    parsed = value_pointer(parsed, "/locations/0/physicalLocation");
    g_assert_cmpstr(value_path_string(parsed, "artifactLocation.uri", ""), ==, "a%20b.yaml");
    g_assert_null(value_get(parsed, "region"));
}

static void test_formats_have_names(void)
{
    DiagnosticsFormat format;

    g_assert_true(diagnostics_format_from_name("sarif", &format));
    g_assert_cmpint(format, ==, DIAGNOSTICS_SARIF);
    g_assert_false(diagnostics_format_from_name("xml", &format));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnostics-format/text-has-place-and-hint", test_text_has_place_and_hint);
    g_test_add_func("/diagnostics-format/annotations-cannot-be-broken-out-of",
                    test_annotations_cannot_be_broken_out_of);
    g_test_add_func("/diagnostics-format/sarif-and-json-are-json", test_sarif_and_json_are_json);
    g_test_add_func("/diagnostics-format/formats-have-names", test_formats_have_names);
    return g_test_run();
}
