#include "spine/config.h"
#include <glib/gstdio.h>

/* The first error of yaml, or NULL where it is a configuration. */
static char *refusal(const char *yaml)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config = config_parse(yaml, "/etc/acme", diagnostics);
    g_autoptr(GError) error = NULL;

    g_assert_true((config == NULL) == !diagnostics_to_error(diagnostics, &error));
    return error ? g_strdup(error->message) : NULL;
}

static Config *parse(const char *yaml)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    Config *config = config_parse(yaml, "/etc/acme", diagnostics);

    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    return config;
}

static void test_what_is_wrong_is_said_with_its_place(void)
{
    static const char *const cases[][2] = {
        {"app:\n  titel: x\n",
         "app-config.yaml:2:3: unknown key \"titel\" in app (did you mean \"title\"?)"},
        {"backends: {}\n",
         "app-config.yaml:1:1: unknown key \"backends\" (did you mean \"backend\"?)"},
        {"app: {zzzzzzz: 1}\n", "app-config.yaml:1:7: unknown key \"zzzzzzz\" in app"},
        {"forge:\n  repositories:\n    - ownr: x\n",
         "app-config.yaml:3:7: unknown key \"ownr\" in forge.repositories[] "
         "(did you mean \"owner\"?)"},
        {"app: {title: 1}\n", "app-config.yaml:1:14: app.title must be text (put it in quotes)"},
        {"app: x\n", "app-config.yaml:1:6: app must be a mapping"},
        {"x\n", "app-config.yaml:1:1: the configuration must be a mapping"},
        {"infra: {network: some}\n",
         "app-config.yaml:1:18: infra.network must be one of host|none"},
        {"observability: {metrics: {public: maybe}}\n",
         "app-config.yaml:1:35: observability.metrics.public must be true or false"},
        {"auth: {session: {lifetime: soon}}\n",
         "app-config.yaml:1:28: auth.session.lifetime must be a duration, such as 15s, 10m or "
         "PT1H"},
        {"auth: {admins: x}\n", "app-config.yaml:1:16: auth.admins must be a list"},
        {"app: {title: x\n", "app-config.yaml:2:1: did not find expected ',' or '}' while parsing "
                             "a flow mapping (line 1, column 6)"},
        {"app: {title: {$file: missing}}\n",
         "app-config.yaml:1:22: Failed to open file “/etc/acme/missing”: No such file or "
         "directory"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = refusal(cases[i][0]);

        g_assert_cmpstr(got, ==, cases[i][1]);
    }
}

static void test_variables_are_substituted(void)
{
    g_autoptr(Config) config = NULL;

    g_setenv("PAVE_TEST_NAME", "ada", TRUE);
    g_setenv("PAVE_TEST_PORT", "8080", TRUE);
    g_setenv("PAVE_TEST_EMPTY", "", TRUE);
    g_unsetenv("PAVE_TEST_ABSENT");
    config = parse("app:\n"
                   "  title: Hello ${PAVE_TEST_NAME}, ${PAVE_TEST_ABSENT:-stranger}\n"
                   "  baseUrl: ${PAVE_TEST_ABSENT}\n"
                   "organization: {name: '$${X} ${{ y }} ${PAVE_TEST_EMPTY:-none}'}\n"
                   "backend:\n"
                   "  listen: {host: {$env: PAVE_TEST_NAME}, port: '${PAVE_TEST_PORT}'}\n"
                   "observability: {metrics: {public: '${PAVE_TEST_ABSENT:-true}'}}\n");
    g_assert_cmpstr(config_string(config, "app.title", ""), ==, "Hello ada, stranger");
    g_assert_null(config_get(config, "app.baseUrl"));
    g_assert_cmpstr(config_string(config, "organization.name", ""), ==, "${X} ${{ y }} none");
    g_assert_cmpstr(config_string(config, "backend.listen.host", ""), ==, "ada");
    g_assert_cmpint(config_int(config, "backend.listen.port", 0), ==, 8080);
    g_assert_true(config_bool(config, "observability.metrics.public", FALSE));
}

static void test_an_unset_variable_is_a_warning(void)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config =
        config_parse("app:\n  title: ${PAVE_TEST_ABSENT}\n", "/", diagnostics);

    g_assert_nonnull(config);
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->code, ==, "config-unset");
    g_assert_cmpint(diagnostics_get(diagnostics, 0)->line, ==, 2);
}

static void test_paths_are_relative_to_their_file(void)
{
    g_autoptr(Config) config = parse("catalog:\n"
                                     "  locations:\n"
                                     "    - {type: file, target: ./catalog/*.yaml}\n"
                                     "    - {type: url, target: 'https://github.com/a/b/x.yaml'}\n"
                                     "infra: {program: tofu}\n"
                                     "pipelines: {tools: ../bin}\n"
                                     "scaffolder: {actions: {'acme:x': {program: [./x.sh, -v]}}}");
    g_autofree char *resolved = config_resolve_path(config, "x");
    const Value *locations = config_get(config, "catalog.locations");
    const Value *program = config_get(config, "scaffolder.actions.acme:x.program");

    g_assert_cmpstr(value_path_string(value_item(locations, 0), "target", ""), ==,
                    "/etc/acme/catalog/*.yaml");
    g_assert_cmpstr(value_path_string(value_item(locations, 1), "target", ""), ==,
                    "https://github.com/a/b/x.yaml");
    g_assert_cmpstr(config_string(config, "infra.program", ""), ==, "tofu");
    g_assert_cmpstr(config_string(config, "pipelines.tools", ""), ==, "/etc/bin");
    g_assert_cmpstr(value_string(value_item(program, 0), ""), ==, "/etc/acme/x.sh");
    g_assert_cmpstr(value_string(value_item(program, 1), ""), ==, "-v");
    g_assert_cmpstr(resolved, ==, "/etc/acme/x");
}

static void test_later_files_win_member_by_member(void)
{
    g_autofree char *folder = g_dir_make_tmp("pave-config-XXXXXX", NULL);
    g_autofree char *first = g_build_filename(folder, "a.yaml", NULL);
    g_autofree char *second = g_build_filename(folder, "b.yaml", NULL);
    g_autofree char *included = g_build_filename(folder, "hosts.yaml", NULL);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const char *paths[] = {first, second, NULL};
    g_autoptr(Config) config = NULL;

    g_file_set_contents(first, "app: {title: A, baseUrl: 'http://a'}\nauth: {admins: [a, b]}\n", -1,
                        NULL);
    g_file_set_contents(second,
                        "app: {title: B, baseUrl: null}\nauth: {admins: [c]}\n"
                        "forge: {hosts: {$include: 'hosts.yaml#the.hosts'}}\n",
                        -1, NULL);
    g_file_set_contents(included, "the: {hosts: {github.com: builtin}}\n", -1, NULL);
    config = config_load(paths, diagnostics);
    g_assert_nonnull(config);
    g_assert_cmpstr(config_string(config, "app.title", ""), ==, "B");
    g_assert_null(config_get(config, "app.baseUrl"));
    g_assert_cmpuint(value_count(config_get(config, "auth.admins")), ==, 1);
    g_assert_cmpstr(config_string(config, "forge.hosts.github.com", ""), ==, "builtin");
    g_remove(first);
    g_remove(second);
    g_remove(included);
    g_rmdir(folder);
}

static void test_durations_have_three_forms(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"15s", 15000},
        {"1.5h", 5400000},
        {"250ms", 250},
        {"1h30m", 5400000},
        {"PT15M", 900000},
        {"P1DT2H", 93600000},
        {"{seconds: 15}", 15000},
        {"{hours: 1, minutes: 1}", 3660000},
        {"15", -1},
        {"-1s", -1},
        {"s", -1},
        {"P", -1},
        {"PT", -1},
        {"1 s", -1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *yaml = g_strdup_printf("auth: {session: {lifetime: %s}}", cases[i].text);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autoptr(Config) config = config_parse(yaml, "/", diagnostics);
        int64_t got = config ? config_duration_ms(config, "auth.session.lifetime", -2) : -1;

        if (got != cases[i].ms)
            g_error("%s: got %" G_GINT64_FORMAT, cases[i].text, got);
    }
}

static void test_the_example_organisation_has_no_unknown_keys(void)
{
    const char *tests = g_getenv("G_TEST_SRCDIR");
    g_autofree char *path =
        g_build_filename(tests ? tests : ".", "../../examples/acme/app-config.yaml", NULL);
    const char *paths[] = {path, NULL};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;

    if (!tests) {
        g_test_skip("run by meson test");
        return;
    }
    config = config_load(paths, diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config_string(config, "organization.name", ""), ==, "Acme");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/what-is-wrong-is-said-with-its-place",
                    test_what_is_wrong_is_said_with_its_place);
    g_test_add_func("/config/variables-are-substituted", test_variables_are_substituted);
    g_test_add_func("/config/an-unset-variable-is-a-warning", test_an_unset_variable_is_a_warning);
    g_test_add_func("/config/paths-are-relative-to-their-file",
                    test_paths_are_relative_to_their_file);
    g_test_add_func("/config/later-files-win-member-by-member",
                    test_later_files_win_member_by_member);
    g_test_add_func("/config/durations-have-three-forms", test_durations_have_three_forms);
    g_test_add_func("/config/the-example-organisation-has-no-unknown-keys",
                    test_the_example_organisation_has_no_unknown_keys);
    return g_test_run();
}
