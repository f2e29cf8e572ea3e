#include "pipelines/workflow.h"

#include "base/error.h"
#include "formats/json.h"

static Value *parse(Arena *arena, const char *text, Diagnostics *diagnostics)
{
    return workflow_parse(arena, text, -1, "deploy.yml", diagnostics);
}

typedef struct {
    const char *name, *text;
    const char *wanted; /* "line:column: message (hint)" of every finding, one a line; "": none */
} Case;

#define JOB "jobs:\n  a:\n    runs-on: x\n    steps:\n"

static const Case CASES[] = {
    {"the smallest", "on: push\n" JOB "      - run: 'true'\n", ""},
    {"lists and scalars",
     "on: [push, workflow_dispatch]\nenv: {A: 1, B: true}\n" JOB
     "      - run: 'true'\n        if: false\n",
     ""},
    {"an unknown key",
     "on: push\njobs:\n  a:\n    run-on: x\n    runs-on: x\n    steps: [run: x]\n",
     "4:5: the job 'a' has no key 'run-on' (did you mean 'runs-on'?)\n"},
    {"a wrong type", "on: push\njobs:\n  a:\n    runs-on: x\n    steps: 5\n",
     "5:12: 'steps' must be a list\n"},
    {"an unknown event", "on:\n  psuh:\n" JOB "      - run: x\n",
     "2:3: there is no event 'psuh' (did you mean 'push'?)\n"},
    {"no jobs", "on: push\n", "1:1: a workflow needs 'jobs'\n"},
    {"no on", JOB "      - run: x\n", "1:1: a workflow needs 'on'\n"},
    {"run and uses", "on: push\n" JOB "      - run: x\n        uses: a/b@c\n",
     "6:9: a step has either 'run' or 'uses', not both\n"},
    {"neither", "on: push\n" JOB "      - name: x\n", "6:9: a step needs 'run' or 'uses'\n"},
    {"a need that is not there",
     "on: push\njobs:\n  build: {runs-on: x, steps: [run: x]}\n  b:\n    needs: biuld\n"
     "    runs-on: x\n    steps: [run: x]\n",
     "5:12: the job 'b' needs 'biuld', which does not exist (did you mean 'build'?)\n"},
    {"a circle",
     "on: push\njobs:\n  a: {needs: b, runs-on: x, steps: [run: x]}\n"
     "  b: {needs: a, runs-on: x, steps: [run: x]}\n",
     "3:14: the job 'a' waits for itself: its needs form a circle\n"},
    {"an expression that does not parse", "on: push\n" JOB "      - run: echo ${{ github. }}\n",
     "6:31: the expression ends where a name is expected\n"},
    {"a context that is not there",
     "on: push\n" JOB "      - run: x\n        if: secrets.A == 'x'\n",
     "7:13: 'secrets' is not available here; there are github, inputs, vars, needs, strategy, "
     "matrix, steps, job, runner, env\n"},
    {"an expression in a block",
     "on: push\n" JOB "      - run: |\n          one\n          two ${{ nope() }}\n",
     "8:19: there is no function 'nope'\n"},
    {"two steps of one id", "on: push\n" JOB "      - {id: a, run: x}\n      - {id: a, run: x}\n",
     "7:14: the id 'a' belongs to an earlier step\n"},
    {"a container",
     "on: push\njobs:\n  a:\n    runs-on: x\n    container: node\n"
     "    steps: [run: x]\n",
     "5:16: 'container' is not offered: jobs run in a sandbox on Pave's own machine\n"},
    {"both filters",
     "on:\n  push:\n    branches: [a]\n    branches-ignore: [b]\n" JOB "      - run: x\n",
     "4:22: 'branches' and 'branches-ignore' exclude each other; use '!' patterns in 'branches'\n"},
    {"an untyped input",
     "on:\n  workflow_call:\n    inputs:\n      a: {required: true}\n" JOB "      - run: x\n",
     "4:10: the input 'a' needs 'type': boolean, number or string\n"},
    {"not a mapping", "- a\n", "1:1: a workflow file is a mapping with 'on' and 'jobs'\n"},
};

static char *findings(const Diagnostics *diagnostics)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *one = diagnostics_get(diagnostics, i);
        g_string_append_printf(text, "%d:%d: %s", one->line, one->column, one->message);
        if (one->hint)
            g_string_append_printf(text, " (%s)", one->hint);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void mistakes_are_told_with_their_place(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        parse(arena, CASES[i].text, diagnostics);
        g_autofree char *got = findings(diagnostics);
        if (!g_str_equal(got, CASES[i].wanted)) {
            g_test_message("%s\n got: %s\n wanted: %s", CASES[i].name, got, CASES[i].wanted);
            g_test_fail();
        }
    }
}

static void broken_yaml_is_told_with_its_place(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_assert_null(parse(arena, "on: push\njobs: [\n", diagnostics));
    g_assert_true(diagnostics_have_errors(diagnostics));
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->file, ==, "deploy.yml");
    g_assert_cmpint(diagnostics_get(diagnostics, 0)->line, >=, 2);
}

static void a_workflow_has_one_shape(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *workflow =
        parse(arena,
              "on: [push]\njobs:\n  a: {needs: b, if: true, runs-on: x, steps: [run: x]}\n"
              "  b: {runs-on: x, steps: [run: x]}\n",
              diagnostics);
    g_autofree char *found = findings(diagnostics);
    g_assert_cmpstr(found, ==, "");
    g_autofree char *text = json_to_string(workflow, JSON_COMPACT);
    g_assert_cmpstr(text, ==,
                    "{\"on\":{\"push\":{}},\"jobs\":{\"a\":{\"needs\":[\"b\"],\"if\":\"true\","
                    "\"runs-on\":\"x\",\"steps\":[{\"run\":\"x\"}]},\"b\":{\"runs-on\":\"x\","
                    "\"steps\":[{\"run\":\"x\"}],\"needs\":[]}}}");
}

static void the_platform_teams_workflow_is_read_unchanged(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST,
        "../../examples/acme/repositories/platform-workflows/.github/workflows/platform-deploy.yml",
        NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *workflow = parse(arena, text, diagnostics);
    g_autofree char *found = findings(diagnostics);
    g_assert_cmpstr(found, ==, "");
    g_assert_cmpuint(value_count(value_path(workflow, "jobs.build-and-deploy.steps")), ==, 6);
    g_assert_true(workflow_listens(workflow, "workflow_call", "", NULL));
    g_assert_false(workflow_listens(workflow, "push", "refs/heads/main", NULL));
}

/* ---- filters ---- */

static void patterns_match_as_on_github(void)
{
    static const struct {
        const char *pattern, *text;
        gboolean wanted;
    } cases[] = {
        {"main", "main", TRUE},
        {"main", "maine", FALSE},
        {"*", "main", TRUE},
        {"*", "feature/x", FALSE},
        {"**", "feature/x", TRUE},
        {"feature/*", "feature/a", TRUE},
        {"feature/*", "feature/a/b", FALSE},
        {"feature/**", "feature/a/b", TRUE},
        {"releases/**-alpha", "releases/beta/3-alpha", TRUE},
        {"v2*", "v2.1", TRUE},
        {"v[12].[0-9]+.[0-9]+", "v1.10.1", TRUE},
        {"v[12].[0-9]+.[0-9]+", "v3.1.1", FALSE},
        {"*.jsx?", "page.js", TRUE},
        {"*.jsx?", "page.jsx", TRUE},
        {"*.jsx?", "page.jsxx", FALSE},
        {"docs/**", "docs/a/b.md", TRUE},
        {"**/docs/**", "docs/a.md", TRUE},
        {"**/docs/**", "x/docs/a.md", TRUE},
        {"**.md", "a/b.md", TRUE},
        {"", "", TRUE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        if (workflow_pattern_matches(cases[i].pattern, cases[i].text) != cases[i].wanted) {
            g_test_message("%s on %s", cases[i].pattern, cases[i].text);
            g_test_fail();
        }
    g_autofree char *many = g_strnfill(400, '*');
    for (int i = 1; i < 400; i += 2)
        many[i] = 'a';
    g_autofree char *text = g_strnfill(4000, 'a');
    g_assert_true(workflow_pattern_matches(many, text) || TRUE); /* it comes to an end */
}

static void pushes_are_filtered_by_branch_tag_and_path(void)
{
    static const struct {
        const char *on, *ref, *changed;
        gboolean wanted;
    } cases[] = {
        {"push", "refs/heads/x", NULL, TRUE},
        {"push", "refs/tags/v1", NULL, TRUE},
        {"{push: {branches: [main]}}", "refs/heads/main", NULL, TRUE},
        {"{push: {branches: main}}", "refs/heads/main", NULL, TRUE},
        {"{push: {branches: [main]}}", "refs/heads/dev", NULL, FALSE},
        {"{push: {branches: [main]}}", "refs/tags/main", NULL, FALSE},
        {"{push: {branches: ['**', '!dev']}}", "refs/heads/dev", NULL, FALSE},
        {"{push: {branches-ignore: [dev]}}", "refs/heads/dev", NULL, FALSE},
        {"{push: {branches-ignore: [dev]}}", "refs/heads/main", NULL, TRUE},
        {"{push: {tags: ['v*']}}", "refs/tags/v1", NULL, TRUE},
        {"{push: {tags: ['v*']}}", "refs/heads/v1", NULL, FALSE},
        {"{push: {paths: ['src/**']}}", "refs/heads/main", "[\"src/a.c\"]", TRUE},
        {"{push: {paths: ['src/**']}}", "refs/heads/main", "[\"README.md\"]", FALSE},
        {"{push: {paths: ['src/**']}}", "refs/heads/main", NULL, TRUE},
        {"{push: {paths-ignore: ['**.md']}}", "refs/heads/main", "[\"README.md\"]", FALSE},
        {"{push: {paths-ignore: ['**.md']}}", "refs/heads/main", "[\"README.md\",\"a.c\"]", TRUE},
        {"workflow_dispatch", "refs/heads/main", NULL, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autofree char *text = g_strdup_printf("on: %s\n" JOB "      - run: x\n", cases[i].on);
        Value *workflow = parse(arena, text, diagnostics);
        const Value *changed =
            cases[i].changed ? json_parse(arena, cases[i].changed, -1, NULL) : NULL;
        g_assert_cmpuint(diagnostics_count(diagnostics), ==, 0);
        if (workflow_listens(workflow, "push", cases[i].ref, changed) != cases[i].wanted) {
            g_test_message("%s on %s %s", cases[i].on, cases[i].ref, cases[i].changed);
            g_test_fail();
        }
    }
}

/* ---- matrix, uses, inputs ---- */

static void matrices_expand_as_on_github(void)
{
    static const struct {
        const char *matrix, *wanted;
    } cases[] = {
        {"{\"os\":[\"a\",\"b\"],\"v\":[1,2]}", "[{\"os\":\"a\",\"v\":1},{\"os\":\"a\",\"v\":2},{"
                                               "\"os\":\"b\",\"v\":1},{\"os\":\"b\",\"v\":2}]"},
        {"{\"os\":[\"a\",\"b\"],\"v\":[1,2],\"exclude\":[{\"os\":\"a\",\"v\":2}]}",
         "[{\"os\":\"a\",\"v\":1},{\"os\":\"b\",\"v\":1},{\"os\":\"b\",\"v\":2}]"},
        {"{\"fruit\":[\"apple\",\"pear\"],\"animal\":[\"cat\",\"dog\"],\"include\":["
         "{\"color\":\"green\"},{\"color\":\"pink\",\"animal\":\"cat\"},"
         "{\"fruit\":\"apple\",\"shape\":\"circle\"},{\"fruit\":\"banana\"},"
         "{\"fruit\":\"banana\",\"animal\":\"cat\"}]}",
         "[{\"fruit\":\"apple\",\"animal\":\"cat\",\"color\":\"pink\",\"shape\":\"circle\"},"
         "{\"fruit\":\"apple\",\"animal\":\"dog\",\"color\":\"green\",\"shape\":\"circle\"},"
         "{\"fruit\":\"pear\",\"animal\":\"cat\",\"color\":\"pink\"},"
         "{\"fruit\":\"pear\",\"animal\":\"dog\",\"color\":\"green\"},"
         "{\"fruit\":\"banana\"},{\"fruit\":\"banana\",\"animal\":\"cat\"}]"},
        {"{\"include\":[{\"a\":1},{\"a\":2}]}", "[{\"a\":1},{\"a\":2}]"},
        {"{\"a\":[]}", NULL},
        {"{\"a\":5}", NULL},
        {"{}", NULL},
        {"{\"a\":[1],\"exclude\":[{\"a\":1}]}", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(GError) error = NULL;
        const Value *got =
            workflow_matrix(arena, json_parse(arena, cases[i].matrix, -1, NULL), &error);
        g_autofree char *text = got ? json_to_string(got, JSON_COMPACT) : NULL;
        if (g_strcmp0(text, cases[i].wanted)) {
            g_test_message("%s\n got: %s\n wanted: %s", cases[i].matrix, text, cases[i].wanted);
            g_test_fail();
        }
    }
}

static void uses_is_taken_apart(void)
{
    static const struct {
        const char *text;
        Uses wanted;
    } cases[] = {
        {"actions/checkout@v4", {USES_REPOSITORY, "actions", "checkout", "", "v4"}},
        {"o/r/.github/workflows/x.yml@v2",
         {USES_REPOSITORY, "o", "r", ".github/workflows/x.yml", "v2"}},
        {"o/r/a/b@feature/x", {USES_REPOSITORY, "o", "r", "a/b", "feature/x"}},
        {"./.github/actions/x", {USES_LOCAL, "", "", ".github/actions/x", ""}},
        {"./", {USES_LOCAL, "", "", "", ""}},
        {"docker://alpine:3", {USES_DOCKER, "", "", "", ""}},
        {"o/r", {USES_INVALID, "", "", "", ""}},
        {"./../x", {USES_INVALID, "", "", "../x", ""}},
        {"o/r/../x@v1", {USES_INVALID, "o", "r", "../x", "v1"}},
        {"x@v1", {USES_INVALID, "", "", "", ""}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        Uses got = workflow_uses(arena, cases[i].text);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(got.kind, ==, cases[i].wanted.kind);
        g_assert_cmpstr(got.owner, ==, cases[i].wanted.owner);
        g_assert_cmpstr(got.name, ==, cases[i].wanted.name);
        g_assert_cmpstr(got.path, ==, cases[i].wanted.path);
        g_assert_cmpstr(got.ref, ==, cases[i].wanted.ref);
    }
}

static void inputs_are_typed_and_defaulted(void)
{
    static const char declared[] =
        "{\"name\":{\"type\":\"string\",\"required\":true},\"e2e\":{\"type\":\"boolean\","
        "\"default\":true},\"n\":{\"type\":\"number\"}}";
    static const struct {
        const char *given, *wanted;
    } cases[] = {
        {"{\"name\":\"a\"}", "{\"name\":\"a\",\"e2e\":true,\"n\":0}"},
        {"{\"NAME\":\"a\",\"e2e\":\"false\",\"n\":\"3\"}",
         "{\"name\":\"a\",\"e2e\":false,\"n\":3}"},
        {"{}", "the input 'name' is required"},
        {"{\"name\":\"a\",\"x\":1}", "there is no input 'x'"},
        {"{\"name\":\"a\",\"e2e\":\"yes\"}", "the input 'e2e' must be true or false, not 'yes'"},
        {"{\"name\":\"a\",\"n\":\"x\"}", "the input 'n' must be a number, not 'x'"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(GError) error = NULL;
        const Value *got =
            workflow_inputs(arena, json_parse(arena, declared, -1, NULL),
                            json_parse(arena, cases[i].given, -1, NULL), TRUE, &error);
        g_autofree char *text = got ? json_to_string(got, JSON_COMPACT) : NULL;
        g_assert_cmpstr(text ? text : error->message, ==, cases[i].wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/workflow/mistakes-are-told-with-their-place",
                    mistakes_are_told_with_their_place);
    g_test_add_func("/workflow/broken-yaml-is-told-with-its-place",
                    broken_yaml_is_told_with_its_place);
    g_test_add_func("/workflow/a-workflow-has-one-shape", a_workflow_has_one_shape);
    g_test_add_func("/workflow/the-platform-teams-workflow-is-read-unchanged",
                    the_platform_teams_workflow_is_read_unchanged);
    g_test_add_func("/workflow/patterns-match-as-on-github", patterns_match_as_on_github);
    g_test_add_func("/workflow/pushes-are-filtered-by-branch-tag-and-path",
                    pushes_are_filtered_by_branch_tag_and_path);
    g_test_add_func("/workflow/matrices-expand-as-on-github", matrices_expand_as_on_github);
    g_test_add_func("/workflow/uses-is-taken-apart", uses_is_taken_apart);
    g_test_add_func("/workflow/inputs-are-typed-and-defaulted", inputs_are_typed_and_defaulted);
    return g_test_run();
}
