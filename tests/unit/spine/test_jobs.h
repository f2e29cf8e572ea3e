/* A queue over a test's database. */
#pragma once
#include "spine/jobs.h"
#include "test_db.h"
#include <pthread.h>
#include <stdatomic.h>

typedef struct {
    TestDb *test;
    Db *db;
    Events *events;
    Secrets *secrets;
    Jobs *jobs;
} TestJobs;

static inline TestJobs *test_jobs_new(TestDb *test)
{
    TestJobs *queue = g_new0(TestJobs, 1);
    g_autofree char *key = g_build_filename(test->folder, "key", NULL);
    g_autoptr(GError) error = NULL;

    queue->test = test;
    queue->db = test->db;
    queue->events = events_new(test->db);
    queue->secrets = secrets_open(test->db, key, TRUE, &error);
    g_assert_no_error(error);
    queue->jobs = jobs_new(test->db, queue->events, queue->secrets, test->folder, "node-1");
    return queue;
}

static inline void test_jobs_free(TestJobs *queue)
{
    jobs_free(queue->jobs);
    secrets_free(queue->secrets);
    events_free(queue->events);
    g_free(queue);
}

/* As if the server was stopped and started again. */
static inline TestJobs *test_jobs_restart(TestJobs *queue)
{
    TestDb *test = queue->test;

    test_jobs_free(queue);
    return test_jobs_new(test);
}

static inline void test_jobs_kind(TestJobs *queue, const char *name,
                                  gboolean (*run)(Job *, const Value **, GError **, void *),
                                  void *data, guint concurrency)
{
    jobs_register(queue->jobs,
                  &(JobKind){.name = name, .run = run, .data = data, .concurrency = concurrency});
}

typedef struct {
    TestJobs *queue;
    const JobSpec *spec;
    char *id;
} TestSubmit;

static inline gboolean test_jobs_write_submit(DbConn *tx, void *data, GError **error)
{
    TestSubmit *submit = data;
    g_autoptr(Arena) arena = arena_new(1 << 20);

    g_free(submit->id);
    submit->id = g_strdup(jobs_submit(tx, submit->queue->jobs, arena, submit->spec, error));
    return submit->id != NULL;
}

static inline char *test_jobs_submit(TestJobs *queue, const JobSpec *spec)
{
    TestSubmit submit = {queue, spec, NULL};
    g_autoptr(GError) error = NULL;

    g_assert_true(db_write(queue->db, test_jobs_write_submit, &submit, NULL, &error));
    g_assert_no_error(error);
    return submit.id;
}

static inline gboolean test_jobs_write_sql(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, data, "") >= 0;
}

static inline void test_jobs_run_sql(TestJobs *queue, const char *sql)
{
    g_assert_true(db_write(queue->db, test_jobs_write_sql, (void *)sql, NULL, NULL));
}

static inline void test_jobs_assert_ends(TestJobs *queue, const char *id, const char *state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    const char *got = jobs_wait(queue->jobs, arena, id, NULL, 30000, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, state);
}

/* All its lines, each ended by a newline. */
static inline void test_jobs_assert_output(TestJobs *queue, const char *id, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new(64 << 20);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    gboolean ended = FALSE;

    for (int64_t next = 0; !ended;) {
        const Value *lines =
            jobs_output_read(queue->jobs, arena, id, next, 2, &next, &ended, &error);
        g_assert_no_error(error);
        for (guint i = 0; i < value_count(lines); i++)
            g_string_append_printf(
                text, "%s\n", value_string(value_get(value_item(lines, i), "text"), "(no text)"));
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

/* The verbs of all job events: "queued started succeeded ". */
static inline char *test_jobs_events(TestJobs *queue)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    GString *text = g_string_new(NULL);
    EventFilter filter = {.type_prefix = "dev.pave.jobs.job.", .limit = 1000};

    g_assert_true(events_read(db_reader(queue->db), arena, &filter, found, NULL));
    for (guint i = 0; i < found->len; i++) {
        const Event *event = g_ptr_array_index(found, i);
        g_string_append_printf(text, "%s ", strrchr(event->type, '.') + 1);
    }
    return g_string_free(text, FALSE);
}
