/* The scaffolder over a real database, queue, catalog and forge. The infrastructure is not there:
 * Acme's own action, which the templates here call too, is made of what needs none. */
#pragma once
#include "../spine/test_jobs.h"
#include "catalog/catalog.h"
#include "formats/json.h"
#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"
#include <glib/gstdio.h>

typedef struct {
    TestDb *test;
    TestJobs *queue;
    Arena *arena;
    Config *config;
    Forge *forge;
    Catalog *catalog;
    Scaffolder *scaffolder;
} Fixture;

static const char FIXTURE_CONFIG[] =
    "backend: {baseUrl: 'http://pave.localhost:7007'}\n"
    "catalog:\n"
    "  rules: [{allow: [Component, Group, User, Template, Location, System, API]}]\n"
    "  locations:\n"
    "    - {type: file, target: ./files/all.yaml}\n"
    "forge: {hosts: {github.com: builtin}}\n"
    "scaffolder:\n"
    "  defaultEnvironment: {parameters: {region: eu}, secrets: {deployKey: s3cr3t-from-config}}\n"
    "  actions:\n"
    "    acme:terraform:apply:\n"
    "      description: Provisions a module\n"
    "      schema:\n"
    "        input:\n"
    "          type: object\n"
    "          required: [module]\n"
    "          additionalProperties: false\n"
    "          properties: {module: {type: string}, variables: {type: object}}\n"
    "      steps:\n"
    "        - id: apply\n"
    "          name: Apply in ${{ each.value }}\n"
    "          each: [staging, production]\n"
    "          action: debug:log\n"
    "          input: {message: '${{ input.module }} ${{ input.variables.service_name }} "
    "${{ input.variables.db_enabled }} ${{ each.value }}'}\n"
    "      output: {module: '${{ input.module }}'}\n"
    "    acme:count:\n"
    "      schema: {output: {type: object, properties: {count: {type: number}}}}\n"
    "      program: [/usr/bin/python3, -c, 'import json,sys; m=json.load(sys.stdin); "
    "print(\"counting\"); print(json.dumps({\"count\": len(m[\"input\"][\"items\"])}))']\n"
    "    acme:fails:\n"
    "      program: [/bin/sh, -c, 'echo it broke; exit 3']\n";

static inline const char *fixture_path(Fixture *f, const char *path)
{
    return arena_printf(f->arena, "%s/%s", f->test->folder, path);
}

static inline void fixture_write(Fixture *f, const char *path, const char *text)
{
    const char *file = fixture_path(f, path);
    g_autofree char *folder = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

/* Once the files are there. */
static inline void fixture_start(Fixture *f)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;

    f->config = config_parse(FIXTURE_CONFIG, f->test->folder, diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    f->forge = forge_new(f->test->db, f->queue->events, f->queue->secrets, f->config,
                         fixture_path(f, "data"), &error);
    g_assert_no_error(error);
    f->catalog = catalog_new(f->test->db, f->queue->events, NULL, f->forge, f->config, &error);
    g_assert_no_error(error);
    catalog_start(f->catalog, &error);
    g_assert_no_error(error);
    f->scaffolder = scaffolder_new(f->test->db, f->queue->events, f->queue->jobs, f->queue->secrets,
                                   f->catalog, f->forge, NULL, f->config, &error);
    g_assert_no_error(error);
    jobs_start(f->queue->jobs);
}

static inline void fixture_open(Fixture *f, TestDb *test)
{
    f->test = test;
    f->arena = arena_new(ARENA_STEP_BYTES);
    f->queue = test_jobs_new(test);
    fixture_write(
        f, "files/all.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team-commerce}\n"
        "spec: {type: team, children: []}\n"
        "---\napiVersion: backstage.io/v1alpha1\nkind: Location\n"
        "metadata: {name: templates}\nspec: {targets: ['./*/template.yaml']}\n");
}

static inline void fixture_stop(Fixture *f)
{
    jobs_stop(f->queue->jobs);
    catalog_stop(f->catalog);
    test_jobs_free(f->queue);
    scaffolder_free(f->scaffolder);
    catalog_free(f->catalog);
    forge_free(f->forge);
    config_free(f->config);
}

static inline void fixture_close(Fixture *f)
{
    if (f->scaffolder)
        fixture_stop(f);
    arena_free(f->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_close)

static inline const Value *fixture_json(Fixture *f, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *copy = g_strdelimit(arena_strdup(f->arena, text), "'", '"');
    const Value *value = json_parse(f->arena, copy, -1, &error);

    g_assert_no_error(error);
    return value;
}

/* A template with these steps and output (YAML in flow style), as it would come from the catalog.
 */
static inline const Value *fixture_template(Fixture *f, const char *yaml)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    const char *text = arena_printf(
        f->arena,
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata:\n"
        "  name: inline\n  annotations: {backstage.io/managed-by-location: 'file:%s/files/"
        "inline.yaml'}\nspec:\n  type: service\n%s",
        f->test->folder, yaml);
    const Value *entity = yaml_parse(f->arena, text, -1, "inline", YAML_PLAIN, diagnostics);

    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    return entity;
}

/* Runs a task to its end and gives it as the API shows it. */
static inline const Value *fixture_run(Fixture *f, const Value *entity, const char *parameters,
                                       const char *secrets, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    const Value *values = template_defaults(f->arena, entity, fixture_json(f, parameters));
    const char *id =
        task_submit(f->scaffolder, f->arena, entity, values,
                    secrets ? fixture_json(f, secrets) : NULL, "user:default/ada", &error);

    g_assert_no_error(error);
    jobs_wait(f->queue->jobs, f->arena, id, NULL, 60000, &error);
    const Value *task = task_get(f->scaffolder, f->arena, id, &error);

    g_assert_no_error(error);
    if (g_strcmp0(value_path_string(task, "status", ""), wanted) != 0)
        g_error("%s instead of %s: %s", value_path_string(task, "status", ""), wanted,
                value_path_string(task, "error.message", ""));
    return task;
}

/* All its lines, one after the other. */
static inline char *fixture_lines(Fixture *f, const Value *task)
{
    const char *id = value_path_string(task, "id", "");
    GString *text = g_string_new(NULL);
    gboolean ended = FALSE;

    for (int64_t next = 0; !ended;) {
        const Value *lines =
            jobs_output_read(f->queue->jobs, f->arena, id, next, 500, &next, &ended, NULL);

        for (guint i = 0; i < value_count(lines); i++)
            g_string_append_printf(text, "%s\n",
                                   value_path_string(value_item(lines, i), "text", ""));
    }
    return g_string_free(text, FALSE);
}
