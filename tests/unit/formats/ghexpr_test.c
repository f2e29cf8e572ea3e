#include "formats/ghexpr.h"
#include "formats/json.h"

#include <glib/gstdio.h>
#include <string.h>

static const char CONTEXTS[] =
    "{\"github\":{\"ref\":\"refs/heads/main\",\"event\":{\"commits\":[{\"id\":\"a1\",\"author\":"
    "{\"name\":\"Ada\"}},{\"id\":\"b2\",\"author\":{\"name\":\"Bob\"}},{\"id\":\"c3\"}]}},"
    "\"inputs\":{\"run-e2e-tests\":true,\"count\":3,\"empty\":\"\"},"
    "\"needs\":{\"build\":{\"result\":\"success\",\"outputs\":{\"Digest\":\"sha256:1\"}}},"
    "\"env\":{\"NAME\":\"World\"},\"matrix\":{\"os\":\"linux\",\"list\":[1,\"two\",null,true]}}";

typedef struct {
    const char *expression, *wanted; /* JSON; NULL: an error */
} Case;

static const Case CASES[] = {
    {"1", "1"},
    {"-1.5e2", "-150"},
    {"0xff", "255"},
    {"0o17", "15"},
    {"'it''s'", "\"it's\""},
    {"null", "null"},
    {"true && 'yes' || 'no'", "\"yes\""},
    {"false && 'yes' || 'no'", "\"no\""},
    {"'' || 0 || 'last'", "\"last\""},
    {"!''", "true"},
    {"!!'x'", "true"},
    {"1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "true"},
    {"'abc' == 'ABC'", "true"},
    {"'straße' == 'STRAßE'", "true"},
    {"'\xc4\xb1' == 'I'", "false"},
    {"'b' > 'A'", "true"},
    {"'1' == 1", "true"},
    {"'' == 0", "true"},
    {"null == 0", "true"},
    {"null == ''", "true"},
    {"true == 1", "true"},
    {"true == 'true'", "false"},
    {"'junk' == 'JUNK'", "true"},
    {"'junk' == 0", "false"},
    {"'0x10' == 16", "true"},
    {"' 12 ' == 12", "true"},
    {"'1,000' == 1000", "false"},
    {"NaN == NaN", "false"},
    {"NaN != NaN", "true"},
    {"1 < 'x'", "false"},
    {"github == github", "true"},
    {"github == env", "false"},
    {"fromJSON('[1]') == fromJSON('[1]')", "false"},
    {"github.ref", "\"refs/heads/main\""},
    {"GitHub.REF", "\"refs/heads/main\""},
    {"github['ref']", "\"refs/heads/main\""},
    {"github.missing", "null"},
    {"github.missing.deeper", "null"},
    {"needs.build.outputs.digest", "\"sha256:1\""},
    {"inputs.run-e2e-tests", "true"},
    {"inputs.true", "null"},
    {"github.event.commits[1].id", "\"b2\""},
    {"github.event.commits['1'].id", "\"b2\""},
    {"github.event.commits[9]", "null"},
    {"github.event.commits[-1]", "null"},
    {"github.event.commits.*.id", "[\"a1\",\"b2\",\"c3\"]"},
    {"github.event.commits[*].author.name", "[\"Ada\",\"Bob\"]"},
    {"github.event.commits.*.author.*", "[\"Ada\",\"Bob\"]"},
    {"github.event.commits.*.id[0]", "[]"},
    {"github.missing.*", "[]"},
    {"needs.*.result", "[\"success\"]"},
    {"join(github.event.commits.*.id)", "\"a1,b2,c3\""},
    {"join(matrix.list, '-')", "\"1-two--true\""},
    {"join('x', '-')", "\"x\""},
    {"contains('Hello', 'ELL')", "true"},
    {"contains(matrix.list, 'TWO')", "true"},
    {"contains(matrix.list, 1)", "true"},
    {"contains(matrix.list, 'three')", "false"},
    {"contains(needs.*.result, 'success')", "true"},
    {"contains(github, 'ref')", "false"},
    {"contains('', '')", "true"},
    {"startsWith(github.ref, 'REFS/heads/')", "true"},
    {"startsWith('a', 'ab')", "false"},
    {"endsWith('Hello', 'LO')", "true"},
    {"endsWith(12345, 45)", "true"},
    {"format('Hello {0} {1} {0}', 'a', 2)", "\"Hello a 2 a\""},
    {"format('{{{0}}}', env.NAME)", "\"{World}\""},
    {"format('{1}', 'a')", NULL},
    {"format('{', 'a')", NULL},
    {"format('{x}', 'a')", NULL},
    {"toJSON(needs.build.outputs)", "\"{\\n  \\\"Digest\\\": \\\"sha256:1\\\"\\n}\""},
    {"toJSON('x')", "\"\\\"x\\\"\""},
    {"fromJSON('{\"a\":[1,2]}').a[1]", "2"},
    {"fromJSON('{')", NULL},
    {"fromJSON('')", NULL},
    {"case(false, 1, true, 2, 3)", "2"},
    {"case(false, 1, false, 2, 3)", "3"},
    {"case('x', 1, 2)", NULL},
    {"case(true, 1, false, 2)", NULL},
    {"success()", "true"},
    {"failure() || cancelled()", "false"},
    {"always()", "true"},
    {"hashFiles('**')", NULL},
    {"nothing.here", NULL},
    {"nope()", NULL},
    {"contains('a')", NULL},
    {"contains('a','b','c')", NULL},
    {"1 +", NULL},
    {"'open", NULL},
    {"\"double\"", NULL},
    {"(1", NULL},
    {"1)", NULL},
    {"a..b", NULL},
    {"github.", NULL},
    {"github[", NULL},
    {"", NULL},
    {"1 2", NULL},
    {"&& 1", NULL},
    {"5and", NULL},
};

static const GhexprScope *scope_new(Arena *arena)
{
    GhexprScope *scope = arena_new0(arena, GhexprScope, 1);
    scope->contexts = json_parse(arena, CONTEXTS, -1, NULL);
    g_assert_nonnull(scope->contexts);
    scope->success = true;
    return scope;
}

static void assert_value(const char *what, const Value *got, const GError *error,
                         const char *wanted)
{
    g_autofree char *text = got ? json_to_string(got, JSON_COMPACT) : NULL;
    if (g_strcmp0(text, wanted) != 0) {
        g_test_message("%s: got %s (%s), wanted %s", what, text ? text : "an error",
                       error ? error->message : "", wanted ? wanted : "an error");
        g_test_fail();
    }
    g_assert_true((got != NULL) == (error == NULL));
}

static void expressions_answer_as_on_github(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const GhexprScope *scope = scope_new(arena);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        const Value *got = ghexpr_evaluate(arena, CASES[i].expression, scope, &error);
        assert_value(CASES[i].expression, got, error, CASES[i].wanted);
    }
}

static const Case TEXTS[] = {
    {"plain", "\"plain\""},
    {"${{ inputs.count }}", "3"},
    {"  ${{ inputs.run-e2e-tests }}\n", "true"},
    {"n=${{ inputs.count }}, ${{ env.NAME }}!", "\"n=3, World!\""},
    {"${{ 'a }} b' }}", "\"a }} b\""},
    {"${{ github }}-${{ matrix.list }}-${{ null }}", "\"Object-Array-\""},
    {"${{ 1 }}${{ 0.5 }}", "\"10.5\""},
    {"${{ 1e21 }}|", "\"1E+21|\""},
    {"${{ open", NULL},
    {"a ${{ nope() }}", NULL},
    {"$ {{ x }}", "\"$ {{ x }}\""},
};

static void texts_are_interpolated_and_a_lone_expression_keeps_its_type(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const GhexprScope *scope = scope_new(arena);
    for (guint i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autoptr(GError) error = NULL;
        const Value *got = ghexpr_interpolate(arena, TEXTS[i].expression, scope, &error);
        assert_value(TEXTS[i].expression, got, error, TEXTS[i].wanted);
    }
}

static void conditions_without_a_status_function_mean_success(void)
{
    static const struct {
        const char *text;
        bool when_success, when_failure;
    } conditions[] = {
        {NULL, true, false},
        {"", true, false},
        {"inputs.run-e2e-tests", true, false},
        {"${{ inputs.run-e2e-tests }}", true, false},
        {"always()", true, true},
        {"failure()", false, true},
        {"!cancelled()", true, true},
        {"${{ always() && inputs.count == 3 }}", true, true},
        {"contains('always()', 'x')", false, false},
        {"contains('always()', 'w')", true, false},
        {"false", false, false},
        {"${{ false }} ", false, false},
        {"${{ false }} || false", true, false},
    };
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    GhexprScope scope = *scope_new(arena);
    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++)
        for (int failed = 0; failed < 2; failed++) {
            g_autoptr(GError) error = NULL;
            bool got = false;
            scope.success = !failed;
            scope.failure = failed;
            g_assert_true(ghexpr_condition(arena, conditions[i].text, &scope, &got, &error));
            g_assert_no_error(error);
            g_test_message("%s", conditions[i].text ? conditions[i].text : "(none)");
            g_assert_cmpint(got, ==,
                            failed ? conditions[i].when_failure : conditions[i].when_success);
        }
}

static void checking_says_where_and_what_is_available(void)
{
    static const char *const contexts[] = {"github", "inputs", NULL};
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    gsize offset = 0;
    g_autoptr(GError) error = NULL;
    g_assert_true(
        ghexpr_check(arena, "a ${{ github.x }} ${{ inputs.y }}", false, contexts, &offset, &error));
    g_assert_false(ghexpr_check(arena, "a ${{ github.x }} ${{ secrets.y }}", false, contexts,
                                &offset, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_cmpstr(error->message, ==,
                    "'secrets' is not available here; there are github, inputs");
    g_assert_cmpuint(offset, ==, strlen("a ${{ github.x }} ${{ "));
    g_clear_error(&error);
    g_assert_false(ghexpr_check(arena, "${{ always() }}", false, contexts, &offset, &error));
    g_clear_error(&error);
    g_assert_true(ghexpr_check(arena, "always() && inputs.y", true, contexts, &offset, &error));
    g_assert_false(ghexpr_check(arena, "always() &&", true, contexts, &offset, &error));
    g_assert_cmpuint(offset, ==, 11);
}

static void trees_are_interpolated_everywhere(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *tree = json_parse(
        arena, "{\"a\":[\"${{ inputs.count }}\",{\"b\":\"x${{ env.NAME }}\"}],\"c\":1}", -1, NULL);
    assert_value("tree", ghexpr_interpolate_tree(arena, tree, scope_new(arena), &error), error,
                 "{\"a\":[3,{\"b\":\"xWorld\"}],\"c\":1}");
}

static void hostile_expressions_stop(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const GhexprScope *scope = scope_new(arena);
    g_autoptr(GString) nested = g_string_new(NULL);
    for (int i = 0; i < 5000; i++)
        g_string_append_c(nested, '(');
    g_assert_null(ghexpr_evaluate(arena, nested->str, scope, NULL));
    g_string_assign(nested, "");
    for (int i = 0; i < 5000; i++)
        g_string_append_c(nested, '!');
    g_assert_null(ghexpr_evaluate(arena, nested->str, scope, NULL));
    g_string_assign(nested, "github");
    for (int i = 0; i < 3000; i++)
        g_string_append(nested, ".x");
    g_assert_null(ghexpr_evaluate(arena, nested->str, scope, NULL));
    g_string_assign(nested, "'0123456789abcdef'");
    for (int i = 0; i < 24; i++) {
        g_string_prepend(nested, "format('{0}{0}{0}{0}{0}{0}{0}{0}',");
        g_string_append_c(nested, ')');
    }
    g_assert_null(ghexpr_evaluate(arena, nested->str, scope, NULL));
    g_string_assign(nested, "1");
    for (int i = 0; i < 3000; i++)
        g_string_append(nested, " && 1");
    g_assert_nonnull(ghexpr_evaluate(arena, nested->str, scope, NULL));
}

static void write_file(const char *folder, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void hash_files_covers_exactly_the_files_that_match(void)
{
    g_autofree char *folder = g_dir_make_tmp("pave-ghexpr-XXXXXX", NULL);
    write_file(folder, "package-lock.json", "1");
    write_file(folder, "deep/er/package-lock.json", "2");
    write_file(folder, "deep/other.txt", "3");
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    GhexprScope scope = *scope_new(arena);
    scope.workspace = folder;
    static const struct {
        const char *expression;
        const char *wanted; /* sha256 over the files' sha256 */
    } cases[] = {
        {"hashFiles('nothing')", "\"\""},
        {"hashFiles('**/package-lock.json') == hashFiles('package-lock.json', 'deep/er/*.json')",
         "true"},
        {"hashFiles('**/package-lock.json') == hashFiles('package-lock.json')", "false"},
        {"hashFiles('**', '!deep/other.txt') == hashFiles('**/*.json')", "true"},
        {"hashFiles('deep/o[a-z]her.t?t') == hashFiles('deep/*')", "true"},
        {"hashFiles('package-lock.json')",
         "\"9c2e4d8fe97d881430de4e754b4205b9c27ce96715231cffc4337340cb110280\""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_value(cases[i].expression,
                     ghexpr_evaluate(arena, cases[i].expression, &scope, &error), error,
                     cases[i].wanted);
    }
    g_autofree char *remove = g_strdup_printf("%s/deep/er/package-lock.json", folder);
    g_unlink(remove);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ghexpr/expressions-answer-as-on-github", expressions_answer_as_on_github);
    g_test_add_func("/ghexpr/a-lone-expression-keeps-its-type",
                    texts_are_interpolated_and_a_lone_expression_keeps_its_type);
    g_test_add_func("/ghexpr/conditions-without-a-status-function-mean-success",
                    conditions_without_a_status_function_mean_success);
    g_test_add_func("/ghexpr/checking-says-where-and-what-is-available",
                    checking_says_where_and_what_is_available);
    g_test_add_func("/ghexpr/trees-are-interpolated-everywhere", trees_are_interpolated_everywhere);
    g_test_add_func("/ghexpr/hostile-expressions-stop", hostile_expressions_stop);
    g_test_add_func("/ghexpr/hash-files-covers-what-matches",
                    hash_files_covers_exactly_the_files_that_match);
    return g_test_run();
}
