/* What the core actions do to the workspace, each in a task of its own. */
#include "../test_folder.h"
#include "fixture.h"
#include <sys/stat.h>
#include <unistd.h>

static void open_fixture(Fixture *f, TestDb *test)
{
    fixture_open(f, test);
    fixture_write(f, "files/skeleton/README.md", "# ${{ values.name }}\n");
    fixture_write(f, "files/skeleton/src/${{ values.name }}.ts", "// ${{ values.name }}\n");
    fixture_write(f, "files/skeleton/{% if values.docs %}docs{% endif %}/index.md", "docs\n");
    fixture_write(f, "files/skeleton/.github/workflows/ci.yml", "run: ${{ github.sha }}\n");
    fixture_write(f, "files/skeleton/page.html.njk", "<b>${{ values.name }}</b>\n");
    fixture_start(f);
}


/* Steps (YAML) run to the wanted end; what the log says is in f->arena. */
static const char *run_steps(Fixture *f, const char *steps, const char *values, const char *wanted)
{
    const Value *entity = fixture_template(f, arena_printf(f->arena, "  steps:\n%s", steps));
    const Value *task = fixture_run(f, entity, values, NULL, wanted);
    g_autofree char *lines = fixture_lines(f, task);

    return arena_printf(f->arena, "%s\n%s", lines, value_path_string(task, "error.message", ""));
}

static void assert_says(const char *log, const char *wanted)
{
    if (!strstr(log, wanted))
        g_error("wanted: %s\ngot: %s", wanted, log);
}

static void assert_silent(const char *log, const char *unwanted)
{
    if (strstr(log, unwanted))
        g_error("unwanted: %s\ngot: %s", unwanted, log);
}

static const char LIST[] = "    - {action: 'debug:log', input: {listWorkspace: with-contents}}\n";

static void one_file_is_copied_as_it_is_or_rendered(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        arena_printf(f.arena,
                     "    - action: fetch:plain:file\n"
                     "      input: {url: ./skeleton/README.md, targetPath: plain/README.md}\n"
                     "    - action: fetch:template:file\n"
                     "      input: {url: ./skeleton/README.md, targetPath: out/README.md,"
                     " values: {name: orders}}\n"
                     "    - action: fetch:template:file\n"
                     "      input: {url: ./skeleton/README.md, targetPath: out/README.md,"
                     " values: {name: again}}\n%s",
                     LIST),
        "{}", "completed");

    assert_says(log, "plain/README.md:\n\n# ${{ values.name }}\n");
    assert_says(log, "out/README.md:\n\n# orders\n");
    assert_says(log, "File already exists in workspace, not replacing out/README.md");
}

static void a_skeleton_is_rendered_by_every_rule(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        arena_printf(f.arena,
                     "    - action: fetch:template\n"
                     "      input: {url: ./skeleton, copyWithoutTemplating: ['.github/**'],"
                     " values: {name: orders}}\n%s",
                     LIST),
        "{}", "completed");

    assert_says(log, "src/orders.ts:\n\n// orders\n");
    assert_says(log, "ci.yml:\n\nrun: ${{ github.sha }}\n");
    assert_silent(log, "index.md");
    log = run_steps(&f,
                    arena_printf(f.arena,
                                 "    - action: fetch:template\n"
                                 "      input: {url: ./skeleton, templateFileExtension: true,"
                                 " values: {name: orders}}\n%s",
                                 LIST),
                    "{}", "completed");
    assert_says(log, "page.html:\n\n<b>orders</b>\n");
    assert_says(log, "README.md:\n\n# ${{ values.name }}\n");
    log = run_steps(&f,
                    "    - action: fetch:template\n"
                    "      input: {url: ./skeleton, templateFileExtension: true,"
                    " cookiecutterCompat: true}\n",
                    "{}", "failed");
    assert_says(log, "incompatible with cookiecutterCompat");
}

static void files_of_a_skeleton_load_each_other(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    fixture_write(&f, "files/pages/base.html",
                  "<h1>{% block title %}none{% endblock %}</h1>{% include './parts/foot.txt' %}");
    fixture_write(&f, "files/pages/parts/foot.txt", "{% include './year.txt' %} ${{ values.name }}");
    fixture_write(&f, "files/pages/parts/year.txt", "2026");
    fixture_write(&f, "files/pages/{# parts #}/macros.txt", "{% macro b(t) %}*${{ t }}*{% endmacro %}");
    fixture_write(&f, "files/pages/docs/index.html",
                  "{% extends 'base.html' %}{% block title %}${{ super() }}"
                  "{% import '{# parts #}/macros.txt' as m %}${{ m.b(values.name) }}{% endblock %}");
    const char *log = run_steps(
        &f,
        arena_printf(f.arena,
                     "    - action: fetch:template\n"
                     "      input: {url: ./pages, copyWithoutTemplating: ['parts/**'],"
                     " values: {name: orders}}\n"
                     "    - action: fetch:template:file\n"
                     "      input: {url: ./pages/base.html, targetPath: one.html,"
                     " values: {name: again}}\n%s",
                     LIST),
        "{}", "completed");

    assert_says(log, "docs/index.html:\n\n<h1>none*orders*</h1>2026 orders");
    assert_says(log, "one.html:\n\n<h1>none</h1>2026 again");
    assert_says(log, "parts/foot.txt:\n\n{% include");
    assert_silent(log, "macros.txt");
}

static void a_skeleton_loads_nothing_from_elsewhere(TestDb *test)
{
    static const char *const cases[][2] = {
        {"{% include '../secret.txt' %}", "template not found: secret.txt"},
        {"{% include 'a/../../secret.txt' %}", "\"..\" is not allowed"},
        {"{% include '/etc/hostname' %}", "it must be relative"},
        {"{% include 'link.txt' %}", "leads out of"},
        {"{% include 'linked/secret.txt' %}", "leads out of"},
        {"{% include '.terraform/state' %}", "template not found"},
        {"{% include 'bytes' %}", "\"bytes\" is no text"},
        {"{% include 'a.txt' %}", "load each other more than 40 times"},
    };
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    fixture_write(&f, "files/secret.txt", "s3cr3t");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *folder = arena_printf(f.arena, "files/case%zu", i);

        fixture_write(&f, arena_printf(f.arena, "%s/a.txt", folder), cases[i][0]);
        fixture_write(&f, arena_printf(f.arena, "%s/.terraform/state", folder), "s3cr3t");
        fixture_write(&f, arena_printf(f.arena, "%s/bytes", folder), "\xff\xfe");
        const char *link = arena_printf(f.arena, "%s/link.txt", fixture_path(&f, folder));
        bool links = strstr(cases[i][0], "link") != NULL;

        if (links) {
            g_assert_cmpint(symlink("../secret.txt", link), ==, 0);
            g_assert_cmpint(
                symlink("..", arena_printf(f.arena, "%s/linked", fixture_path(&f, folder))), ==, 0);
        }
        for (int single = 0; single < 2; single++) {
            const char *log = run_steps(
                &f,
                arena_printf(f.arena,
                             "    - {action: 'fetch:template%s', input: {url: ./case%zu%s,"
                             " targetPath: %s}}\n%s",
                             single ? ":file" : "", i, single ? "/a.txt" : "",
                             single ? "a.txt" : "out", LIST),
                "{}", "failed");

            assert_says(log, cases[i][1]);
            if (single || !links)
                assert_says(log, "a.txt:1:");
            assert_silent(log, "s3cr3t");
        }
    }
}

static void files_are_written_added_to_and_read(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        "    - {action: 'fs:write', input: {path: ./a/one.txt, content: 'one '}}\n"
        "    - {action: 'roadiehq:utils:fs:append', input: {path: a/one.txt, content: two}}\n"
        "    - {id: read, action: 'fs:read', input: {path: a/one.txt}}\n"
        "    - {action: 'debug:log', input: {message: 'read: ${{ steps.read.output.content }}.'}}\n",
        "{}", "completed");

    assert_says(log, "read: one two.");
    assert_says(run_steps(&f, "    - {action: 'fs:read', input: {path: none}}\n", "{}", "failed"),
                "there is no file none in the workspace");
}

static void folders_are_listed(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        "    - {action: 'fs:write', input: {path: a/b/two.txt, content: x}}\n"
        "    - {action: 'fs:write', input: {path: a/one.txt, content: x}}\n"
        "    - {id: flat, action: 'fs:readdir', input: {paths: [a]}}\n"
        "    - {id: deep, action: 'fs:readdir', input: {paths: [./a/], recursive: true}}\n"
        "    - {action: 'debug:log', input: {message: 'flat ${{ steps.flat.output.files | length }}"
        " ${{ steps.flat.output.folders[0].path }}'}}\n"
        "    - {action: 'debug:log', input: {message: 'deep ${{ steps.deep.output.files[0].path }}"
        " ${{ steps.deep.output.files[0].name }}'}}\n",
        "{}", "completed");

    assert_says(log, "flat 1 a/b");
    assert_says(log, "deep a/b/two.txt two.txt");
}

static void files_are_moved_and_deleted(TestDb *test)
{
    static const char three[] = "    - {action: 'fs:write', input: {path: a/one.txt, content: one}}\n"
                                "    - {action: 'fs:write', input: {path: a/two.tmp, content: two}}\n"
                                "    - {action: 'fs:write', input: {path: b.txt, content: three}}\n";
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        arena_printf(f.arena,
                     "%s    - {action: 'fs:delete', input: {files: ['**/*.tmp']}}\n"
                     "    - {action: 'fs:rename', input: {files: [{from: a/one.txt, to: b.txt,"
                     " overwrite: true}]}}\n%s",
                     three, LIST),
        "{}", "completed");

    assert_says(log, "  - b.txt:\n\none");
    assert_silent(log, "- a/two.tmp");
    log = run_steps(&f,
                    arena_printf(f.arena,
                                 "%s    - {action: 'fs:rename',"
                                 " input: {files: [{from: a/one.txt, to: b.txt}]}}\n",
                                 three),
                    "{}", "failed");
    assert_says(log, "dest already exists");
}

static void nothing_leaves_the_workspace(TestDb *test)
{
    static const char *const steps[] = {
        "{action: 'fs:write', input: {path: ../out.txt, content: x}}",
        "{action: 'fs:append', input: {path: /etc/out, content: x}}",
        "{action: 'fs:read', input: {path: ../../secret}}",
        "{action: 'fs:readdir', input: {paths: ['..']}}",
        "{action: 'fetch:plain:file', input: {url: ./skeleton/README.md, targetPath: ../x}}",
        "{action: 'fetch:plain:file', input: {url: ../../outside, targetPath: x}}",
        "{action: 'fetch:template:file', input: {url: ./skeleton/README.md, targetPath: a/../../x}}",
        "{action: 'fetch:plain:file', input: {url: 'http://127.0.0.1:1/x', targetPath: x}}",
    };
    g_auto(Fixture) f = {0};

    open_fixture(&f, test);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        const char *log =
            run_steps(&f, arena_printf(f.arena, "    - %s\n", steps[i]), "{}", "failed");

        assert_says(log, "Failed step");
    }
}

static void a_symlink_leads_nowhere_else(TestDb *test)
{
    static const char writes[] = 
                                 "    - {action: 'fs:read', input: {path: link}}\n";
    g_auto(Fixture) f = {0};
    g_autofree char *link = NULL;

    open_fixture(&f, test);
    fixture_write(&f, "files/linked/real.txt", "inside");
    link = g_strdup(fixture_path(&f, "files/linked/link"));
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
    const char *log = run_steps(&f,
                                arena_printf(f.arena,
                                             "    - {action: 'fetch:plain', input: {url: ./linked}}\n%s",
                                             writes),
                                "{}", "failed");

    assert_silent(log, "root:");
}

static void entities_are_looked_up(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        "    - {id: one, action: 'catalog:fetch', input: {entityRef: 'group:team-commerce'}}\n"
        "    - {id: two, action: 'catalog:fetch',"
        " input: {entityRefs: [team-commerce, no-such], defaultKind: Group, optional: true}}\n"
        "    - {action: 'debug:log', input: {message: '${{ steps.one.output.entity.spec.type }}"
        " ${{ steps.two.output.entities | length }}'}}\n",
        "{}", "completed");

    assert_says(log, "team 2");
    assert_says(run_steps(&f,
                          "    - {action: 'catalog:fetch', input: {entityRef: 'group:no-such'}}\n",
                          "{}", "failed"),
                "Entity group:default/no-such not found");
}

static void a_written_entity_says_its_template(TestDb *test)
{
    g_auto(Fixture) f = {0};
    open_fixture(&f, test);
    const char *log = run_steps(
        &f,
        arena_printf(f.arena,
                     "    - action: catalog:write\n"
                     "      input: {entity: {kind: Component, metadata: {name: orders}}}\n%s",
                     LIST),
        "{}", "completed");

    assert_says(log, "backstage.io/source-template: template:default/inline");
}

static void a_wait_is_bounded(TestDb *test)
{
    g_auto(Fixture) f = {0};

    open_fixture(&f, test);
    assert_says(run_steps(&f,
                          "    - {action: 'debug:wait', input: {minutes: 11}}\n", "{}", "failed"),
                "Waiting duration is longer than the maximum threshold");
}

int main(int argc, char **argv)
{
    test_find_program(argv[0]);
    g_test_init(&argc, &argv, NULL);
    test_db_add("/scaffolder/actions/one-file-is-copied-as-it-is-or-rendered",
                one_file_is_copied_as_it_is_or_rendered);
    test_db_add("/scaffolder/actions/a-skeleton-is-rendered-by-every-rule",
                a_skeleton_is_rendered_by_every_rule);
    test_db_add("/scaffolder/actions/files-of-a-skeleton-load-each-other",
                files_of_a_skeleton_load_each_other);
    test_db_add("/scaffolder/actions/a-skeleton-loads-nothing-from-elsewhere",
                a_skeleton_loads_nothing_from_elsewhere);
    test_db_add("/scaffolder/actions/files-are-written-added-to-and-read",
                files_are_written_added_to_and_read);
    test_db_add("/scaffolder/actions/folders-are-listed", folders_are_listed);
    test_db_add("/scaffolder/actions/files-are-moved-and-deleted", files_are_moved_and_deleted);
    test_db_add("/scaffolder/actions/nothing-leaves-the-workspace", nothing_leaves_the_workspace);
    test_db_add("/scaffolder/actions/a-symlink-leads-nowhere-else", a_symlink_leads_nowhere_else);
    test_db_add("/scaffolder/actions/entities-are-looked-up", entities_are_looked_up);
    test_db_add("/scaffolder/actions/a-written-entity-says-its-template",
                a_written_entity_says_its_template);
    test_db_add("/scaffolder/actions/a-wait-is-bounded", a_wait_is_bounded);
    return test_db_run();
}
