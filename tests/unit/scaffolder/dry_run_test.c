/* A dry run is the real run, told beforehand. */
#include "../test_folder.h"
#include "fixture.h"

static const char TEMPLATE[] =
    "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n"
    "  name: service\n  title: A service\nspec:\n  type: service\n  parameters:\n"
    "    - required: [name]\n      properties: {name: {type: string}, docs: {type: boolean}}\n"
    "  steps:\n"
    "    - id: fetch\n      action: fetch:template\n      input:\n        url: ./skeleton\n"
    "        values: {name: '${{ parameters.name }}'}\n"
    "    - id: docs\n      if: ${{ parameters.docs }}\n      action: fs:write\n"
    "      input: {path: docs/index.md, content: docs}\n"
    "    - id: describe\n      action: catalog:write\n      input:\n        entity:\n"
    "          apiVersion: backstage.io/v1alpha1\n          kind: Component\n"
    "          metadata: {name: '${{ parameters.name }}'}\n"
    "          spec: {type: service, lifecycle: production, owner: team-commerce}\n"
    "    - id: publish\n      action: publish:github\n      input:\n"
    "        repoUrl: github.com?owner=acme&repo=${{ parameters.name }}\n"
    "        defaultBranch: main\n"
    "    - id: register\n      action: catalog:register\n      input:\n"
    "        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}\n"
    "  output:\n    remote: ${{ steps.publish.output.remoteUrl }}\n"
    "    entity: ${{ steps.register.output.entityRef }}\n"
    "    bad: ${{ parameters.name | noSuchFilter }}\n";

static void open_fixture(Fixture *f, TestDb *test)
{
    fixture_open(f, test);
    fixture_write(f, "files/service/template.yaml", TEMPLATE);
    fixture_write(f, "files/service/skeleton/README.md", "# ${{ values.name }}\n");
    fixture_write(f, "files/service/skeleton/src/${{ values.name }}.ts", "x\n");
    fixture_start(f);
}

static const Value *template_of(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    const Value *entity = template_get(f->scaffolder, f->arena, "template:default/service", &error);

    g_assert_no_error(error);
    return entity;
}

static const Value *dry_run(Fixture *f, const char *values, GError **error)
{
    return task_dry_run(f->scaffolder, f->arena, template_of(f), fixture_json(f, values), NULL,
                        NULL, "user:default/ada", error);
}

/* One line for an effect, without what only a real run can know. */
static char *line_of(Fixture *f, const Value *effect, const char *kind)
{
    const Value *detail = value_get(effect, "detail");
    Value *known = value_is(detail, VALUE_OBJECT) ? value_clone_shallow(f->arena, detail)
                                                  : value_object_new(f->arena);

    value_set(f->arena, known, "commit", NULL);
    value_set(f->arena, known, "tree", NULL);
    /* It says which task made it. */
    if (g_str_has_suffix(value_path_string(effect, "ref", ""), "/.pave/provenance.yaml"))
        value_set(f->arena, known, "digest", NULL);
    g_autofree char *text = json_to_string(known, JSON_COMPACT);

    return g_strdup_printf(
        "%s %s %s %s %s %s %s", value_path_string(effect, "step", ""),
        value_path_string(effect, "action", ""), value_path_string(effect, "operation", ""),
        value_path_string(effect, kind, ""), value_path_string(effect, "ref", ""),
        value_path_string(effect, "url", ""), text);
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *lines_of(Fixture *f, const Value *effects, const char *kind)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < value_count(effects); i++)
        g_ptr_array_add(lines, line_of(f, value_item(effects, i), kind));
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void assert_same_files(Fixture *f, const Value *contents)
{
    g_autoptr(GError) error = NULL;
    const Value *entries =
        forge_list(f->forge, f->arena, "acme", "orders", "main", "", TRUE, &error);
    guint files = 0;

    g_assert_no_error(error);
    for (guint i = 0; i < value_count(entries); i++)
        files += g_str_equal(value_path_string(value_item(entries, i), "type", ""), "file");
    g_assert_cmpuint(files, ==, value_count(contents));
    for (guint i = 0; i < value_count(contents); i++) {
        const Value *file = value_item(contents, i);
        gsize length;
        g_autofree guchar *wanted =
            g_base64_decode(value_path_string(file, "base64Content", ""), &length);
        g_autoptr(GBytes) got = forge_read_file(f->forge, "acme", "orders", "main",
                                                value_path_string(file, "path", ""), &error);

        g_assert_no_error(error);
        if (g_str_equal(value_path_string(file, "path", ""), ".pave/provenance.yaml"))
            continue;
        g_assert_cmpmem(g_bytes_get_data(got, NULL), g_bytes_get_size(got), wanted, length);
    }
}

static void what_it_tells_is_what_happens(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    open_fixture(&f, test);
    const Value *told = dry_run(&f, "{'name':'orders'}", &error);

    g_assert_no_error(error);
    g_assert_null(forge_get(f.forge, f.arena, "acme", "orders", NULL));
    g_assert_null(catalog_get(f.catalog, f.arena, "component:default/orders", NULL));
    const Value *task = fixture_run(&f, template_of(&f), "{'name':'orders'}", NULL, "completed");
    const Value *items = provenance_list(f.scaffolder, f.arena, NULL, NULL, 1, &error);

    g_assert_no_error(error);
    g_autofree char *wanted = lines_of(&f, value_get(value_item(items, 0), "objects"), "type");
    g_autofree char *got = lines_of(&f, value_get(told, "effects"), "kind");
    g_autofree char *real_output = json_to_string(value_get(task, "output"), JSON_COMPACT);
    g_autofree char *dry_output = json_to_string(value_get(told, "output"), JSON_COMPACT);

    g_assert_cmpstr(got, ==, wanted);
    g_assert_cmpstr(dry_output, ==, real_output);
    g_assert_nonnull(strstr(dry_output, "\"entity\":\"component:default/orders\""));
    assert_same_files(&f, value_get(told, "directoryContents"));
}

static const Value *effect_of(const Value *told, const char *kind)
{
    const Value *effects = value_get(told, "effects");

    for (guint i = 0; i < value_count(effects); i++)
        if (g_str_equal(value_path_string(value_item(effects, i), "kind", ""), kind))
            return value_item(effects, i);
    return NULL;
}

static void a_new_entity_is_shown_as_a_diff(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    open_fixture(&f, test);
    const Value *told = dry_run(&f, "{'name':'orders'}", &error);

    g_assert_no_error(error);
    const char *diff = value_path_string(effect_of(told, "entity"), "diff", "");

    g_assert_nonnull(strstr(diff, "+  lifecycle: production"));
    g_assert_nonnull(strstr(diff, "backstage.io/source-template: template:default/service"));
}

static void an_expression_that_fails_is_found_where_it_stands(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    open_fixture(&f, test);
    const Value *told = dry_run(&f, "{'name':'orders'}", &error);
    const Value *found = value_item(value_get(told, "diagnostics"), 0);

    g_assert_no_error(error);
    g_assert_nonnull(strstr(value_path_string(found, "message", ""), "noSuchFilter"));
    g_assert_cmpint(value_int(value_get(found, "line"), 0), ==, 41);
}

static void a_name_that_is_taken_is_refused_before_anything_is_made(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) dry = NULL, early = NULL;

    open_fixture(&f, test);
    fixture_run(&f, template_of(&f), "{'name':'orders'}", NULL, "completed");
    g_assert_null(dry_run(&f, "{'name':'orders'}", &dry));
    g_assert_error(dry, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_nonnull(strstr(dry->message, "acme/orders exists already"));
    g_assert_false(task_check(f.scaffolder, f.arena, template_of(&f),
                              fixture_json(&f, "{'name':'orders'}"), "user:default/ada", &early));
    g_assert_error(early, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_true(task_check(f.scaffolder, f.arena, template_of(&f),
                             fixture_json(&f, "{'name':'billing'}"), "user:default/ada", NULL));
}

static void an_entity_of_somebody_else_is_refused(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    fixture_write(&f, "files/service/template.yaml", TEMPLATE);
    fixture_write(&f, "files/service/skeleton/README.md", "x\n");
    fixture_write(&f, "files/other/template.yaml",
                  "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\n"
                  "spec: {type: service, lifecycle: production, owner: team-commerce}\n");
    fixture_start(&f);
    g_assert_null(dry_run(&f, "{'name':'orders'}", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "component:default/orders exists already"));
}

static void a_host_that_nobody_configured_is_refused(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    open_fixture(&f, test);
    const Value *entity = fixture_template(
        &f, "  steps:\n    - {id: p, action: 'publish:github',"
            " input: {repoUrl: 'git.nowhere.example?owner=a&repo=${{ parameters.name }}'}}\n");

    g_assert_false(task_check(f.scaffolder, f.arena, entity, fixture_json(&f, "{'name':'x'}"),
                              "user:default/ada", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "git.nowhere.example"));
}

static void what_depends_on_a_step_is_left_to_its_turn(TestDb *test)
{
    g_auto(Fixture) f = {0};

    open_fixture(&f, test);
    const Value *entity =
        fixture_template(&f, "  steps:\n    - {id: p, action: 'publish:github',"
                             " input: {repoUrl: '${{ steps.other.output.url }}'}}\n"
                             "    - {id: q, if: '${{ parameters.no }}', action: 'publish:github',"
                             " input: {repoUrl: 'git.nowhere.example?owner=a&repo=b'}}\n");

    g_assert_true(task_check(f.scaffolder, f.arena, entity, fixture_json(&f, "{}"),
                             "user:default/ada", NULL));
}

int main(int argc, char **argv)
{
    test_find_program(argv[0]);
    g_test_init(&argc, &argv, NULL);
    test_db_add("/scaffolder/dry-run/what-it-tells-is-what-happens", what_it_tells_is_what_happens);
    test_db_add("/scaffolder/dry-run/a-new-entity-is-shown-as-a-diff",
                a_new_entity_is_shown_as_a_diff);
    test_db_add("/scaffolder/dry-run/an-expression-that-fails-is-found-where-it-stands",
                an_expression_that_fails_is_found_where_it_stands);
    test_db_add("/scaffolder/dry-run/a-name-that-is-taken-is-refused-before-anything-is-made",
                a_name_that_is_taken_is_refused_before_anything_is_made);
    test_db_add("/scaffolder/dry-run/an-entity-of-somebody-else-is-refused",
                an_entity_of_somebody_else_is_refused);
    test_db_add("/scaffolder/dry-run/a-host-that-nobody-configured-is-refused",
                a_host_that_nobody_configured_is_refused);
    test_db_add("/scaffolder/dry-run/what-depends-on-a-step-is-left-to-its-turn",
                what_depends_on_a_step_is_left_to_its_turn);
    return test_db_run();
}
