#include "../net/raw_http.h"
#include "spine/clock.h"
#include "../test_folder.h"
#include "fixture.h"

#include <string.h>

/* ---- the organisation's template ---- */

static const char TEMPLATE[] =
    "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n"
    "  name: new-microservice\n  title: Create a New Microservice\nspec:\n"
    "  owner: team-platform\n  type: service\n  parameters:\n"
    "    - title: Service Details\n      required: [name, description, owner]\n      properties:\n"
    "        name: {title: Service Name, type: string, pattern: '^[a-z][a-z0-9-]*$', "
    "'ui:autofocus': true}\n"
    "        description: {title: Description, type: string}\n"
    "        owner: {title: Owner Team, type: string, 'ui:field': OwnerPicker}\n"
    "    - title: Infrastructure Options\n      properties:\n"
    "        language: {type: string, enum: [typescript, go], default: typescript}\n"
    "        database: {title: Database, type: string, enum: [none, postgres], default: postgres}\n"
    "  steps:\n"
    "    - id: scaffold\n      name: Scaffold Repository\n      action: fetch:template\n"
    "      input:\n        url: ./skeleton/${{ parameters.language }}\n        values:\n"
    "          name: ${{ parameters.name }}\n          description: ${{ parameters.description }}\n"
    "          owner: ${{ parameters.owner }}\n"
    "    - id: publish\n      name: Create GitHub Repository\n      action: publish:github\n"
    "      input:\n        repoUrl: github.com?owner=acme-corp&repo=${{ parameters.name }}\n"
    "        defaultBranch: main\n        protectDefaultBranch: true\n"
    "    - id: provision-infra\n      name: Provision Infrastructure\n"
    "      action: acme:terraform:apply\n      input:\n        module: microservice-infra\n"
    "        variables:\n          service_name: ${{ parameters.name }}\n"
    "          team: ${{ parameters.owner }}\n"
    "          db_enabled: ${{ parameters.database !== 'none' }}\n"
    "    - id: register\n      name: Register in Catalog\n      action: catalog:register\n"
    "      input:\n        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}\n"
    "        catalogInfoPath: /catalog-info.yaml\n"
    "  output:\n    links:\n      - title: Repository\n"
    "        url: ${{ steps.publish.output.remoteUrl }}\n"
    "      - title: Service in Catalog\n"
    "        url: /catalog/default/component/${{ parameters.name }}\n";

static const char CATALOG_INFO[] =
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${{ values.name }}\n"
    "  description: ${{ values.description | dump }}\nspec:\n  type: service\n"
    "  lifecycle: production\n  owner: ${{ values.owner }}\n";

static void write_template(Fixture *f)
{
    fixture_write(f, "files/new-microservice/template.yaml", TEMPLATE);
    fixture_write(f, "files/new-microservice/skeleton/typescript/catalog-info.yaml", CATALOG_INFO);
    fixture_write(f, "files/new-microservice/skeleton/typescript/src/${{ values.name }}.ts",
                  "export const name = '${{ values.name }}';\n");
    fixture_write(f, "files/new-microservice/skeleton/typescript/.github/workflows/deploy.yml",
                  "name: ${{ '${{' }} github.workflow }}\n");
}

static const char VALUES[] = "{'name':'order-service','description':'Orders: all of them',"
                             "'owner':'team-commerce'}";

static void a_form_makes_a_repository_that_is_in_the_catalog(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    write_template(&f);
    fixture_start(&f);
    const Value *entity =
        template_get(f.scaffolder, f.arena, "template:default/new-microservice", &error);
    g_assert_no_error(error);
    const Value *task = fixture_run(&f, entity, VALUES, NULL, "completed");

    g_assert_cmpstr(value_path_string(value_pointer(task, "/output/links/0"), "url", ""), ==,
                    "http://pave.localhost:7007/acme-corp/order-service.git");
    g_assert_cmpstr(value_path_string(value_pointer(task, "/output/links/1"), "url", ""), ==,
                    "/catalog/default/component/order-service");
    g_autoptr(GBytes) file = forge_read_file(f.forge, "acme-corp", "order-service", "main",
                                             "src/order-service.ts", &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                    "export const name = 'order-service';\n", 37);
    const Value *component =
        catalog_get(f.catalog, f.arena, "component:default/order-service", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(component, "metadata.description", ""), ==,
                    "Orders: all of them");
    g_autofree char *lines = fixture_lines(&f, task);

    g_assert_nonnull(strstr(lines, "microservice-infra order-service true production\n"));
    g_assert_nonnull(strstr(lines, "Finished step Register in Catalog\n"));
}

static void what_was_made_is_remembered(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    guint files = 0;

    fixture_open(&f, test);
    write_template(&f);
    fixture_start(&f);
    const Value *entity = template_get(f.scaffolder, f.arena, "new-microservice", &error);
    g_assert_no_error(error);
    const Value *task = fixture_run(&f, entity, VALUES, NULL, "completed");
    const Value *items = provenance_list(f.scaffolder, f.arena, "entity",
                                         "component:default/order-service", 10, &error);
    const Value *item = value_item(items, 0), *objects = value_get(item, "objects");

    g_assert_no_error(error);
    g_assert_cmpuint(value_count(items), ==, 1);
    g_assert_cmpstr(value_path_string(item, "taskId", ""), ==, value_path_string(task, "id", "?"));
    g_assert_true(g_str_has_prefix(value_path_string(item, "templateVersion", ""), "sha256:"));
    g_assert_cmpstr(value_path_string(item, "template", ""), ==,
                    "template:default/new-microservice");
    g_assert_cmpstr(value_path_string(item, "inputs.database", ""), ==, "postgres");
    g_assert_cmpstr(value_path_string(item, "actor", ""), ==, "user:default/ada");
    for (guint i = 0; i < value_count(objects); i++)
        files += g_str_equal(value_path_string(value_item(objects, i), "type", ""), "file");
    /* Those of the skeleton, and the one that says where they came from. */
    g_assert_cmpuint(files, ==, 4);
}

static void a_name_that_exists_is_refused_and_a_retry_goes_on(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    write_template(&f);
    fixture_start(&f);
    const Value *entity = template_get(f.scaffolder, f.arena, "new-microservice", NULL);

    fixture_run(&f, entity, VALUES, NULL, "completed");
    const Value *second = fixture_run(&f, entity, VALUES, NULL, "failed");

    g_assert_cmpstr(value_path_string(second, "error.name", ""), ==, "ConflictError");
    const char *id = value_path_string(second, "id", "");

    g_assert_true(jobs_retry(f.queue->jobs, id, "user:default/ada", NULL, &error));
    jobs_wait(f.queue->jobs, f.arena, id, NULL, 60000, &error);
    g_assert_no_error(error);
    const Value *job = jobs_get(db_reader(test->db), f.arena, id, NULL);

    g_assert_cmpstr(value_path_string(value_pointer(job, "/steps/0"), "state", ""), ==,
                    "succeeded");
    g_autofree char *lines = fixture_lines(&f, second);
    const char *first = strstr(lines, "Beginning step Scaffold Repository");

    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "Beginning step Scaffold Repository"));
}

/* ---- values ---- */

static void wrong_values_name_the_field(TestDb *test)
{
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    write_template(&f);
    fixture_start(&f);
    const Value *entity = template_get(f.scaffolder, f.arena, "new-microservice", NULL);
    const Value *values = fixture_json(&f, "{'name':'Order Service','owner':'a','database':'x'}");
    const Value *errors = template_check(f.arena, entity, values, NULL);

    g_assert_cmpuint(value_count(errors), ==, 3);
    g_assert_cmpstr(value_path_string(value_item(errors, 0), "field", ""), ==, "description");
    g_assert_cmpstr(value_path_string(value_item(errors, 1), "title", ""), ==,
                    "Service Name (\"name\") must begin with a lower-case letter and hold only "
                    "lower-case letters, digits and \"-\"");
    g_assert_cmpstr(value_path_string(value_item(errors, 1), "property", ""), ==, "instance.name");
    g_assert_cmpstr(value_path_string(value_item(errors, 2), "field", ""), ==, "database");
}

static void an_unknown_action_is_refused_before_anything_runs(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(&f, "  steps: [{id: a, action: 'no:such'}]\n");

    g_assert_null(task_submit(f.scaffolder, f.arena, entity, value_object_new(f.arena), NULL,
                              "user:default/ada", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'no:such' is not registered"));
}

/* ---- steps ---- */

static void unknown_input_fails_the_step(TestDb *test)
{
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity =
        fixture_template(&f, "  steps: [{id: a, action: 'debug:log', input: {mesage: x}}]\n");
    const Value *task = fixture_run(&f, entity, "{}", NULL, "failed");

    g_assert_cmpstr(value_path_string(task, "error.message", ""), ==,
                    "Invalid input passed to action debug:log, instance is not allowed to have the "
                    "additional property \"mesage\"");
}

static void conditions_loops_and_failures(TestDb *test)
{
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f,
        "  steps:\n"
        "    - {id: no, action: 'debug:log', if: '${{ parameters.n > 5 }}', input: {message: no}}\n"
        "    - {id: each, action: 'debug:log', each: '${{ parameters.list }}',\n"
        "       input: {message: '${{ each.key }}=${{ each.value }} ${{ user.ref }}'}}\n"
        "    - {id: fail, action: 'fs:rename', input: {files: [{from: a, to: b}]}}\n"
        "    - {id: after, action: 'debug:log', input: {message: not seen}}\n"
        "    - {id: cleanup, action: 'debug:log', if: '${{ failure() }}', input: {message: tidy}}\n"
        "    - {id: never, action: 'debug:log', if: '${{ always() and parameters.n > 5 }}',"
        " input: {message: never}}\n");
    const Value *task = fixture_run(&f, entity, "{'n':1,'list':['x','y']}", NULL, "failed");
    g_autofree char *lines = fixture_lines(&f, task);

    g_assert_nonnull(strstr(lines, "Skipping step no because its if condition was false\n"));
    g_assert_nonnull(strstr(lines, "0=x user:default/ada\n"));
    g_assert_nonnull(strstr(lines, "1=y user:default/ada\n"));
    g_assert_nonnull(strstr(lines, "Skipping step after because a previous step failed\n"));
    g_assert_nonnull(strstr(lines, "tidy\n"));
    g_assert_null(strstr(lines, "not seen"));
    g_assert_null(strstr(lines, "never\n"));
    g_assert_nonnull(strstr(value_path_string(task, "error.message", ""), "there is no such file"));
}

static void outputs_keep_their_types(TestDb *test)
{
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f, "  steps: [{id: a, action: 'debug:log', input: {message: hi}}]\n"
            "  output:\n    flag: '${{ parameters.n > 0 }}'\n    count: ${{ parameters.n }}\n"
            "    region: ${{ environment.parameters.region }}\n"
            "    leak: x${{ secrets.token }}${{ environment.secrets.deployKey }}\n"
            "    links: [{title: a, url: b, if: '${{ parameters.n > 5 }}'}, {title: c, url: d}]\n");
    const Value *task =
        fixture_run(&f, entity, "{'n':1}", "{'token':'hunter2hunter2'}", "completed");
    g_autofree char *text = json_to_string(value_get(task, "output"), JSON_COMPACT);

    g_assert_cmpstr(text, ==,
                    "{\"flag\":true,\"count\":1,\"region\":\"eu\",\"leak\":\"x\","
                    "\"links\":[{\"title\":\"c\",\"url\":\"d\"}]}");
}

static void secrets_are_seen_by_nobody(TestDb *test)
{
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f, "  steps:\n"
            "    - {id: a, action: 'debug:log', input: {message: 'key ${{ secrets.token }}'}}\n"
            "    - {id: b, action: 'catalog:write', input: {filePath: '${{ secrets.token }}/x', "
            "entity: {a: 1}, extra: 1}}\n");
    const Value *task = fixture_run(&f, entity, "{}", "{'token':'hunter2hunter2'}", "failed");
    g_autofree char *lines = fixture_lines(&f, task);
    g_autofree char *shown = json_to_string(
        jobs_get(db_reader(test->db), f.arena, value_path_string(task, "id", ""), NULL),
        JSON_COMPACT);

    g_assert_nonnull(strstr(lines, "key ***\n"));
    g_assert_null(strstr(shown, "hunter2"));
}

static void files_stay_in_the_workspace(TestDb *test)
{
    static const char *const steps[] = {
        "{id: a, action: 'catalog:write', input: {filePath: ../x, entity: {}}}",
        "{id: a, action: 'catalog:write', input: {filePath: /tmp/x, entity: {}}}",
        "{id: a, action: 'fs:delete', input: {files: [../../data]}}",
        "{id: a, action: 'fetch:plain', input: {url: ../../secret}}",
        "{id: a, action: 'fetch:plain', input: {url: 'file:/etc'}}",
        "{id: a, action: 'fetch:template', input: {url: ./evil}}",
    };
    g_auto(Fixture) f = {0};

    fixture_open(&f, test);
    fixture_write(&f, "files/evil/ok.txt", "x");
    g_assert_cmpint(symlink("/etc/passwd", fixture_path(&f, "files/evil/passwd")), ==, 0);
    fixture_start(&f);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        const char *yaml = arena_printf(f.arena, "  steps: [%s]\n", steps[i]);

        fixture_run(&f, fixture_template(&f, yaml), "{}", NULL, "failed");
    }
}

/* ---- actions of the organisation's own ---- */

static void a_program_reads_and_writes_json(TestDb *test)
{
    g_auto(Fixture) f = {0};

    if (g_access("/usr/bin/python3", X_OK) != 0 || g_access("/usr/bin/bwrap", X_OK) != 0) {
        g_test_skip("needs python3 and bubblewrap");
        return;
    }
    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity =
        fixture_template(&f, "  steps: [{id: c, action: 'acme:count', input: {items: [1, 2, 3]}}]\n"
                             "  output: {count: '${{ steps.c.output.count }}'}\n");
    const Value *task = fixture_run(&f, entity, "{}", NULL, "completed");
    g_autofree char *lines = fixture_lines(&f, task);

    g_assert_cmpint(value_int(value_path(task, "output.count"), 0), ==, 3);
    g_assert_nonnull(strstr(lines, "counting\n"));
    const Value *failed =
        fixture_run(&f, fixture_template(&f, "  steps: [{id: c, action: 'acme:fails'}]\n"), "{}",
                    NULL, "failed");

    g_assert_cmpstr(value_path_string(failed, "error.message", ""), ==,
                    "the program of acme:fails ended with status 3: it broke");
}

/* ---- interruptions ---- */

static void wait_for_step(Fixture *f, const char *id, const char *step)
{
    for (int i = 0; i < 1000; i++) {
        const Value *job = jobs_get(db_reader(f->test->db), f->arena, id, NULL);
        const Value *steps = value_get(job, "steps");

        for (guint k = 0; k < value_count(steps); k++)
            if (g_str_equal(value_path_string(value_item(steps, k), "id", ""), step))
                return;
        g_usleep(10000);
    }
    g_error("step %s never began", step);
}

static void an_interrupted_step_begins_where_the_one_before_ended(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f, "  steps:\n"
            "    - {id: a, action: 'catalog:write', input: {filePath: a.yaml, entity: {b: 1}}}\n"
            "    - {id: b, action: 'debug:wait', input: {milliseconds: 700}}\n"
            "    - {id: c, action: 'debug:log', input: {listWorkspace: true}}\n");
    const char *id = task_submit(f.scaffolder, f.arena, entity, value_object_new(f.arena), NULL,
                                 "user:default/ada", &error);

    g_assert_no_error(error);
    wait_for_step(&f, id, "b");
    fixture_stop(&f);
    f.scaffolder = NULL;
    fixture_write(&f, arena_printf(f.arena, "jobs/%s/workspace/left-over.txt", id), "x");
    f.queue = test_jobs_new(test);
    fixture_start(&f);
    jobs_wait(f.queue->jobs, f.arena, id, NULL, 60000, &error);
    const Value *task = task_get(f.scaffolder, f.arena, id, &error);
    g_autofree char *lines = fixture_lines(&f, task);

    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(task, "status", ""), ==, "completed");
    g_assert_nonnull(strstr(lines, "Workspace:\n  - a.yaml\n"));
    g_assert_null(strstr(lines, "left-over"));
    const char *written = strstr(lines, "Writing a.yaml");

    g_assert_null(strstr(written + 1, "Writing a.yaml"));
}

static void a_cancelled_task_stops_and_a_retry_goes_on(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity =
        fixture_template(&f, "  steps:\n"
                             "    - {id: a, action: 'debug:log', input: {message: once}}\n"
                             "    - {id: b, action: 'debug:wait', input: {milliseconds: 1500}}\n");
    const char *id = task_submit(f.scaffolder, f.arena, entity, value_object_new(f.arena), NULL,
                                 "user:default/ada", &error);

    g_assert_no_error(error);
    wait_for_step(&f, id, "b");
    g_assert_true(jobs_cancel(f.queue->jobs, id, "user:default/ada", &error));
    jobs_wait(f.queue->jobs, f.arena, id, NULL, 60000, &error);
    const Value *task = task_get(f.scaffolder, f.arena, id, &error);

    g_assert_cmpstr(value_path_string(task, "status", ""), ==, "cancelled");
    g_assert_true(jobs_retry(f.queue->jobs, id, "user:default/ada", NULL, &error));
    jobs_wait(f.queue->jobs, f.arena, id, NULL, 60000, &error);
    task = task_get(f.scaffolder, f.arena, id, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(task, "status", ""), ==, "completed");
    g_autofree char *lines = fixture_lines(&f, task);
    const char *once = strstr(lines, "once\n");

    g_assert_null(strstr(once + 1, "once\n"));
}

/* ---- templates in repositories ---- */

static void a_template_in_a_repository_is_known_by_its_commit(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    gboolean exists;

    fixture_open(&f, test);
    write_template(&f);
    fixture_start(&f);
    fixture_write(&f, "repository/service/template.yaml",
                  "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\n"
                  "metadata: {name: in-git}\nspec:\n  type: service\n  steps:\n"
                  "    - {id: a, action: 'fetch:template', input: {url: ../shared}}\n"
                  "    - {id: b, action: 'debug:log', input: {listWorkspace: true}}\n");
    fixture_write(&f, "repository/shared/common.txt", "x");
    ForgePublish publish = {.host = "github.com",
                            .owner = "acme-corp",
                            .name = "templates",
                            .default_branch = "main",
                            .folder = fixture_path(&f, "repository"),
                            .message = "initial commit",
                            .author_name = "Ada",
                            .author_email = "ada@acme.test",
                            .actor = "user:default/ada",
                            .intent_id = "1"};
    const Value *published = forge_publish(f.forge, f.arena, &publish, &error);

    g_assert_no_error(error);
    catalog_register(f.catalog, f.arena, "url",
                     "https://github.com/acme-corp/templates/blob/main/service/template.yaml",
                     "user:default/ada", &exists, diagnostics, &error);
    g_assert_no_error(error);
    const Value *entity = template_get(f.scaffolder, f.arena, "in-git", &error);

    g_assert_no_error(error);
    const Value *task = fixture_run(&f, entity, "{}", NULL, "completed");
    g_autofree char *lines = fixture_lines(&f, task);
    const Value *items = provenance_list(f.scaffolder, f.arena, NULL, NULL, 1, &error);

    g_assert_nonnull(strstr(lines, "Workspace:\n  - common.txt\n"));
    g_assert_cmpstr(value_path_string(value_item(items, 0), "templateVersion", ""), ==,
                    value_path_string(published, "commitHash", "?"));
}

/* ---- the seed ---- */

static void an_organisations_own_template_runs_unchanged(TestDb *test)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "..", "..", "shared", "seed", "templates",
                              "new-microservice", "template.yaml", NULL);
    g_autofree char *text = NULL;
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_test_skip("the seed is not here");
        return;
    }
    fixture_open(&f, test);
    write_template(&f);
    fixture_write(&f, "files/new-microservice/template.yaml", text);
    fixture_start(&f);
    const Value *entity = template_get(f.scaffolder, f.arena, "new-microservice", &error);

    g_assert_no_error(error);
    fixture_run(&f, entity, VALUES, NULL, "completed");
}

/* ---- events ---- */

static void events_have_backstages_shape(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    gboolean ended = FALSE;
    int64_t last;

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f, "  steps: [{id: a, name: Say, action: 'debug:log', input: {message: hi}}]\n");
    const Value *task = fixture_run(&f, entity, "{}", NULL, "completed");
    const char *id = value_path_string(task, "id", "");
    const Value *events = task_events(f.scaffolder, f.arena, id, 1, &last, &ended, &error);
    g_autofree char *first = json_to_string(value_get(value_item(events, 0), "body"), JSON_COMPACT);
    const Value *end = value_item(events, value_count(events) - 1);

    g_assert_true(ended);
    g_assert_cmpstr(
        first, ==,
        "{\"message\":\"Beginning step Say\",\"stepId\":\"a\",\"status\":\"processing\"}");
    g_assert_cmpstr(value_path_string(value_item(events, 1), "body.message", ""), ==,
                    "\033[32minfo\033[39m: hi");
    g_assert_cmpstr(value_path_string(end, "type", ""), ==, "completion");
    g_assert_cmpstr(value_path_string(end, "body.message", ""), ==,
                    "Run completed with status: completed");
    events = task_events(f.scaffolder, f.arena, id, 1000, &last, &ended, &error);
    g_assert_cmpuint(value_count(events), ==, 1);
}

/* ---- dry runs ---- */

static void a_dry_run_touches_nothing(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&f, test);
    fixture_start(&f);
    const Value *entity = fixture_template(
        &f, "  steps:\n"
            "    - {id: fetch, action: 'fetch:template', input: {url: ./skeleton, values: {name: "
            "'${{ parameters.name }}'}}}\n"
            "    - {id: publish, action: 'publish:github', input: {repoUrl: "
            "'github.com?owner=a&repo=b'}}\n"
            "  output: {url: '${{ steps.publish.output.remoteUrl }}'}\n");
    const Value *contents = fixture_json(
        &f, "[{'path':'skeleton/README.md','base64Content':'IyAke3sgdmFsdWVzLm5hbWUgfX0K'}]");
    const Value *reply =
        task_dry_run(f.scaffolder, f.arena, entity, fixture_json(&f, "{'name':'dry-svc'}"), NULL,
                     contents, "user:default/ada", &error);

    g_assert_no_error(error);
    g_autofree char *made = json_to_string(value_get(reply, "directoryContents"), JSON_COMPACT);

    g_assert_cmpstr(
        made, ==,
        "[{\"path\":\"README.md\",\"executable\":false,\"base64Content\":\"IyBkcnktc3ZjCg==\"}]");
    g_assert_cmpstr(value_path_string(reply, "output.url", ""), ==,
                    "http://pave.localhost:7007/a/b.git");
    g_assert_null(forge_get(f.forge, f.arena, "a", "b", NULL));
}

static int ask_for(guint16 port, const char *path)
{
    g_autofree char *request = g_strdup_printf(
        "GET /api/scaffolder/v2/tasks%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        path);
    int fd = raw_connect(port);

    raw_send(fd, request, -1);
    return fd;
}

static void who_waits_for_events_keeps_nobody_waiting(TestDb *test)
{
    g_auto(Fixture) f = {0};
    g_autoptr(GError) error = NULL;
    HttpServerOptions options = {.workers = 8};
    g_autoptr(HttpServer) server = http_server_new(&options);
    g_autoptr(GString) reply = g_string_new(NULL);
    int waiting[12], asking;

    fixture_open(&f, test);
    fixture_start(&f);
    http_mount(server, scaffolder_routes, f.scaffolder);
    guint16 port = raw_listen(server);
    const Value *entity = fixture_template(
        &f, "  steps:\n    - {id: b, action: 'debug:wait', input: {milliseconds: 4000}}\n");
    const char *id = task_submit(f.scaffolder, f.arena, entity, value_object_new(f.arena), NULL,
                                 "user:default/ada", &error);
    g_assert_no_error(error);
    const char *path = arena_printf(f.arena, "/%s/events?after=1000", id);
    for (guint i = 0; i < G_N_ELEMENTS(waiting); i++)
        waiting[i] = ask_for(port, path);
    g_usleep(200000); /* until they have a worker each, where they get one */
    int64_t asked = clock_monotonic_ms();
    asking = ask_for(port, "");
    raw_read_until(asking, reply, NULL);
    g_assert_cmpint(raw_status(reply->str), ==, 200);
    g_assert_cmpint(clock_monotonic_ms() - asked, <, 2500);
    for (guint i = 0; i < G_N_ELEMENTS(waiting); i++)
        close(waiting[i]);
    close(asking);
    jobs_cancel(f.queue->jobs, id, "user:default/ada", NULL);
    http_server_stop(server, 6000);
}

int main(int argc, char **argv)
{
    test_find_program(argv[0]);
    g_test_init(&argc, &argv, NULL);
    test_db_add("/scaffolder/task/a-form-makes-a-repository-that-is-in-the-catalog",
                a_form_makes_a_repository_that_is_in_the_catalog);
    test_db_add("/scaffolder/task/what-was-made-is-remembered", what_was_made_is_remembered);
    test_db_add("/scaffolder/task/a-name-that-exists-is-refused-and-a-retry-goes-on",
                a_name_that_exists_is_refused_and_a_retry_goes_on);
    test_db_add("/scaffolder/task/wrong-values-name-the-field", wrong_values_name_the_field);
    test_db_add("/scaffolder/task/an-unknown-action-is-refused-before-anything-runs",
                an_unknown_action_is_refused_before_anything_runs);
    test_db_add("/scaffolder/steps/unknown-input-fails-the-step", unknown_input_fails_the_step);
    test_db_add("/scaffolder/steps/conditions-loops-and-failures", conditions_loops_and_failures);
    test_db_add("/scaffolder/steps/outputs-keep-their-types", outputs_keep_their_types);
    test_db_add("/scaffolder/steps/secrets-are-seen-by-nobody", secrets_are_seen_by_nobody);
    test_db_add("/scaffolder/steps/files-stay-in-the-workspace", files_stay_in_the_workspace);
    test_db_add("/scaffolder/custom/a-program-reads-and-writes-json",
                a_program_reads_and_writes_json);
    test_db_add("/scaffolder/interrupted/a-step-begins-where-the-one-before-ended",
                an_interrupted_step_begins_where_the_one_before_ended);
    test_db_add("/scaffolder/cancelled/a-task-stops-and-a-retry-goes-on",
                a_cancelled_task_stops_and_a_retry_goes_on);
    test_db_add("/scaffolder/template/in-a-repository-is-known-by-its-commit",
                a_template_in_a_repository_is_known_by_its_commit);
    test_db_add("/scaffolder/seed/an-organisations-own-template-runs-unchanged",
                an_organisations_own_template_runs_unchanged);
    test_db_add("/scaffolder/events/have-backstages-shape", events_have_backstages_shape);
    test_db_add("/scaffolder/events/who-waits-for-them-keeps-nobody-waiting",
                who_waits_for_events_keeps_nobody_waiting);
    test_db_add("/scaffolder/dry-run/touches-nothing", a_dry_run_touches_nothing);
    return test_db_run();
}
