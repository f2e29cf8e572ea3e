/* The whole room on a fresh database, with a forge, a queue and real sandboxes. */
#pragma once
#include "../spine/test_db.h"
#include "formats/json.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/store.h"
#include "spine/sandbox.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    TestDb *test;
    Arena *arena;
    Config *config;
    Events *events;
    Secrets *secrets;
    Jobs *jobs;
    Forge *forge;
    Pipelines *pipelines;
    char *data;
    int64_t seen; /* seq of the last run's end that was waited for */
} TestRuns;

static const char TEST_RUNS_CONFIG[] =
    "backend:\n  baseUrl: http://pave.localhost:7007\n"
    "forge:\n  hosts:\n    github.com: builtin\n"
    "pipelines:\n"
    "  actions:\n    vendor/greet: acme-corp/actions/greet@main\n"
    "  secrets:\n    PASSWORD: hunter2-hunter2\n"
    "  variables:\n    REGION: eu\n"
    "  environment:\n    ACME: yes-acme\n"
    "deployments:\n  environments:\n    - name: staging\n      variables: {LEVEL: debug}\n";

static inline char *test_runs_token(const char *job_ref, const char *const *scopes, void *data,
                                    GError **error)
{
    return g_strdup_printf("token-of-%s", job_ref);
}

static inline void test_runs_open(TestRuns *room, TestDb *test)
{
    static const char *const environments[] = {"staging", "production", NULL};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_build_filename(test->folder, "key", NULL);
    PipelinesRuntime runtime = {.api_url = "http://pave.localhost:7007",
                                .environments = environments};
    room->test = test;
    room->arena = arena_new(ARENA_STEP_BYTES);
    room->data = g_build_filename(test->folder, "data", NULL);
    room->config = config_parse(TEST_RUNS_CONFIG, test->folder, diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    room->events = events_new(test->db);
    room->secrets = secrets_open(test->db, key, TRUE, &error);
    g_assert_no_error(error);
    room->jobs = jobs_new(test->db, room->events, room->secrets, room->data, "node-1");
    room->forge =
        forge_new(test->db, room->events, room->secrets, room->config, room->data, &error);
    g_assert_no_error(error);
    room->pipelines =
        pipelines_new(test->db, room->events, room->jobs, room->secrets, room->forge, room->config,
                      room->data, &runtime, test_runs_token, NULL, &error);
    g_assert_no_error(error);
    events_start(room->events);
    jobs_start(room->jobs);
}

static inline void test_runs_close(TestRuns *room)
{
    if (!room->jobs)
        return;
    events_stop(room->events);
    jobs_stop(room->jobs);
    pipelines_free(room->pipelines);
    forge_free(room->forge);
    jobs_free(room->jobs);
    secrets_free(room->secrets);
    events_free(room->events);
    config_free(room->config);
    arena_free(room->arena);
    g_free(room->data);
    *room = (TestRuns){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestRuns, test_runs_close)

/* As if the server was stopped and started again. */
static inline void test_runs_restart(TestRuns *room)
{
    TestDb *test = room->test;
    int64_t seen = room->seen;
    test_runs_close(room);
    test_runs_open(room, test);
    room->seen = seen;
}

/* acme-corp/<name> with files: path, text, …, NULL. */
static inline void test_runs_publish(TestRuns *room, const char *name, const char *cause,
                                     const char *const *files)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strdup_printf("%s/files-%s", room->test->folder, name);
    for (guint i = 0; files[i]; i += 2) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_autofree char *parent = g_path_get_dirname(path);
        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, files[i + 1], -1, NULL));
    }
    ForgePublish publish = {.host = "github.com",
                            .owner = "acme-corp",
                            .name = name,
                            .default_branch = "main",
                            .folder = folder,
                            .message = "initial commit",
                            .author_name = "Ada",
                            .author_email = "ada@acme.test",
                            .actor = "user:default/ada",
                            .cause = cause,
                            .intent_id = name};
    forge_publish(room->forge, room->arena, &publish, &error);
    g_assert_no_error(error);
}

/* Waits for the next end of a run; the run. */
static inline Run *test_runs_wait(TestRuns *room)
{
    g_autoptr(GError) error = NULL;
    gint64 deadline = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
    while (g_get_monotonic_time() < deadline) {
        g_autoptr(GPtrArray) found = g_ptr_array_new();
        int64_t head = events_head(room->events);
        EventFilter filter = {
            .after = room->seen, .type_prefix = "dev.cdevents.pipelinerun.finished", .limit = 1};
        events_read(db_reader(room->test->db), room->arena, &filter, found, &error);
        g_assert_no_error(error);
        if (found->len) {
            const Event *event = found->pdata[0];
            room->seen = event->seq;
            Run *run = store_load_run(db_reader(room->test->db), room->arena,
                                      value_string(value_get(event->payload, "runId"), ""), &error);
            g_assert_no_error(error);
            return run;
        }
        events_wait(room->events, head, 1000);
    }
    g_error("no run has ended");
}

static inline RunNode *test_runs_node(const Run *run, const char *key)
{
    for (guint i = 0; i < run->node_count; i++)
        if (g_str_equal(run->nodes[i]->key, key))
            return run->nodes[i];
    g_autofree char *errors = run->errors ? json_to_string(run->errors, JSON_COMPACT) : NULL;
    g_error("no job %s: %s", key, errors);
}

/* Everything a job printed: "step|level|text" lines. */
static inline const char *test_runs_output(TestRuns *room, const Run *run, const char *key)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    int64_t next = 0;
    gboolean ended = FALSE;
    while (!ended) {
        const Value *lines =
            jobs_output_read(room->jobs, room->arena, test_runs_node(run, key)->queue_job, next,
                             1000, &next, &ended, &error);
        g_assert_no_error(error);
        for (guint i = 0; i < value_count(lines); i++) {
            const Value *line = value_item(lines, i);
            g_string_append_printf(text, "%s|%s|%s\n", value_string(value_get(line, "step"), ""),
                                   value_string(value_get(line, "level"), ""),
                                   value_string(value_get(line, "text"), ""));
        }
        if (!value_count(lines) && !ended)
            g_usleep(1000);
    }
    const char *copy = arena_strdup(room->arena, text->str);
    g_string_free(text, TRUE);
    return copy;
}

/* "1:success 2:skipped" of a job's steps, those inside actions too. */
static inline const char *test_runs_steps(TestRuns *room, const Run *run, const char *key)
{
    GString *text = g_string_new(NULL);
    const Value *job =
        jobs_get(db_reader(room->test->db), room->arena, test_runs_node(run, key)->queue_job, NULL);
    const Value *steps = value_get(job, "steps");
    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = value_item(steps, i);
        const char *state = value_string(value_get(step, "state"), "");
        g_string_append_printf(text, "%s%s:%s", i ? " " : "",
                               value_string(value_get(step, "id"), ""),
                               value_string(value_path(step, "output.outcome"), state));
    }
    const char *copy = arena_strdup(room->arena, text->str);
    g_string_free(text, TRUE);
    return copy;
}

static inline void test_runs_assert_line(const char *output, const char *line)
{
    g_autofree char *whole = g_strconcat(line, "\n", NULL);
    if (!strstr(output, whole)) {
        g_test_message("missing: %s\nin:\n%s", line, output);
        g_test_fail();
    }
}

#define WORKFLOW ".github/workflows/ci.yml"

static inline gboolean can_sandbox(void)
{
    static const Sandbox plain = {.network = SANDBOX_NETWORK_NONE};
    static const char *const argv[] = {"true", NULL};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) command = sandbox_command(&plain, argv, "/", &error);
    if (!command)
        g_test_skip(error->message);
    return command != NULL;
}

/* Blocks until the file is there: a step has come so far. */
static inline void wait_for_file(TestRuns *room, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("%s/jobs", room->data);
    for (int i = 0; i < 3000; i++) {
        g_autoptr(GDir) dir = g_dir_open(pattern, 0, NULL);
        const char *job;
        while (dir && (job = g_dir_read_name(dir))) {
            g_autofree char *path =
                g_build_filename(pattern, job, "files", "workspace", name, NULL);
            if (g_file_test(path, G_FILE_TEST_EXISTS))
                return;
        }
        g_usleep(10000);
    }
    g_error("%s never came", name);
}

/* The files of the only job that has a workspace. */
static inline char *job_files(TestRuns *room)
{
    g_autofree char *jobs = g_build_filename(room->data, "jobs", NULL);
    g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);
    const char *job;
    while ((job = g_dir_read_name(dir))) {
        g_autofree char *files = g_build_filename(jobs, job, "files", NULL);
        g_autofree char *workspace = g_build_filename(files, "workspace", NULL);
        if (g_file_test(workspace, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&files);
    }
    g_error("no job has a workspace");
}

static inline void let_go(TestRuns *room)
{
    g_autofree char *files = job_files(room);
    g_autofree char *go = g_build_filename(files, "workspace", "go", NULL);
    g_assert_true(g_file_set_contents(go, "", 0, NULL));
}
