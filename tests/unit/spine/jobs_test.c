#include "spine/jobs.h"
#include "formats/json.h"
#include "spine/jobs_internal.h"
#include "test_jobs.h"
#include <string.h>

/* ---- a simple life ---- */

static gboolean greet(Job *job, const Value **output, GError **error, void *data)
{
    Value *result = value_object_new(job_arena(job));

    job_print(job, NULL, "info", "hello %s", value_path_string(job_payload(job), "name", "?"));
    value_set_string(job_arena(job), result, "greeted", job_actor(job));
    *output = result;
    return TRUE;
}

static void a_job_runs_and_is_remembered(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *payload = value_object_new(arena);

    test_jobs_kind(queue, "greet", greet, NULL, 0);
    jobs_start(queue->jobs);
    value_set_string(arena, payload, "name", "Ada");
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "greet",
                                                             .subject = "component:default/a",
                                                             .title = "Greet",
                                                             .actor = "user:default/ada",
                                                             .payload = payload});
    test_jobs_assert_ends(queue, id, "succeeded");
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    g_assert_cmpstr(value_path_string(job, "output.greeted", ""), ==, "user:default/ada");
    g_assert_cmpstr(value_path_string(job, "payload.name", ""), ==, "Ada");
    g_assert_nonnull(value_get(job, "endedAt"));
    g_assert_cmpint(value_int(value_get(job, "attempt"), 0), ==, 1);
    test_jobs_assert_output(queue, id, "hello Ada\n");
    g_autofree char *events = test_jobs_events(queue);
    g_assert_cmpstr(events, ==, "queued started succeeded ");
    test_jobs_free(queue);
}

static gboolean fail_plainly(Job *job, const Value **output, GError **error, void *data)
{
    job_mask(job, "hunter2");
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the password hunter2 is bad");
    return FALSE;
}

static void a_failure_is_kept_with_its_reason_but_without_secrets(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_jobs_kind(queue, "fail", fail_plainly, NULL, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "fail"});
    test_jobs_assert_ends(queue, id, "failed");
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    g_assert_cmpstr(value_path_string(job, "error.name", ""), ==, "InputError");
    g_assert_cmpstr(value_path_string(job, "error.message", ""), ==, "the password *** is bad");
    test_jobs_free(queue);
}

static void a_missing_job_is_not_found(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;

    g_assert_null(jobs_get(db_reader(test->db), arena, "no-such", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void an_id_that_exists_is_not_submitted_twice(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autofree char *first = test_jobs_submit(queue, &(JobSpec){.id = "one", .kind = "greet"});
    g_autofree char *second = test_jobs_submit(queue, &(JobSpec){.id = "one", .kind = "other"});
    g_autofree char *events = test_jobs_events(queue);
    g_autoptr(Arena) arena = arena_new(1 << 20);

    g_assert_cmpstr(events, ==, "queued ");
    const Value *list = jobs_list(db_reader(test->db), arena, NULL, NULL, NULL, 10, 0, NULL);
    g_assert_cmpuint(value_count(list), ==, 1);
    g_assert_cmpstr(value_path_string(value_item(list, 0), "kind", ""), ==, "greet");
    list = jobs_list(db_reader(test->db), arena, "other", NULL, "queued", 10, 0, NULL);
    g_assert_cmpuint(value_count(list), ==, 0);
    test_jobs_free(queue);
}

/* ---- steps ---- */

typedef struct {
    char *seen; /* steps that acted, with the intent they had */
    int failures_left;
    StepRecovery recovery;
    char *intents[3];
} Steps;

static void saw(Steps *steps, const char *what)
{
    char *longer = g_strconcat(steps->seen ? steps->seen : "", what, " ", NULL);

    g_free(steps->seen);
    steps->seen = longer;
}

static void steps_clear(Steps *steps)
{
    g_free(steps->seen);
    for (int i = 0; i < 3; i++)
        g_free(steps->intents[i]);
}

/* Three steps; the second fails as often as it is told to. */
static gboolean three_steps(Job *job, const Value **output, GError **error, void *data)
{
    static const char *const ids[] = {"a", "b", "c"};
    Steps *steps = data;

    for (int i = 0; i < 3; i++) {
        JobStep step;
        if (!job_step_open(job, ids[i], "Step", steps->recovery, &step, error))
            return FALSE;
        if (steps->intents[i])
            g_assert_cmpstr(steps->intents[i], ==, step.intent_id);
        else
            steps->intents[i] = g_strdup(step.intent_id);
        if (step.state == STEP_DONE) {
            g_assert_cmpstr(value_string(step.output, ""), ==, ids[i]);
            g_assert_cmpstr(step.workspace_tree, ==, "4b825dc");
            continue;
        }
        saw(steps, step.state == STEP_INTERRUPTED ? "interrupted" : ids[i]);
        if (i == 1 && steps->failures_left-- > 0) {
            g_autoptr(GError) why = g_error_new(PAVE_ERROR, ERROR_CONFLICT, "not now");
            if (!job_step_fail(job, ids[i], why, error))
                return FALSE;
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        if (!job_step_finish(job, ids[i], value_string_new(job_arena(job), ids[i]), "4b825dc",
                             error))
            return FALSE;
    }
    return TRUE;
}

static void a_retry_goes_on_from_the_step_that_failed(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    Steps steps = {.failures_left = 2};

    test_jobs_kind(queue, "steps", three_steps, &steps, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "steps"});
    test_jobs_assert_ends(queue, id, "failed");
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    g_assert_cmpuint(value_count(value_get(job, "steps")), ==, 2);
    g_assert_cmpstr(value_path_string(value_item(value_get(job, "steps"), 1), "error", ""), ==,
                    "not now");
    for (int i = 0; i < 2; i++) {
        g_assert_true(jobs_retry(queue->jobs, id, "user:default/ada", NULL, &error));
        test_jobs_assert_ends(queue, id, i ? "succeeded" : "failed");
    }
    g_assert_cmpstr(steps.seen, ==, "a b b b c ");
    g_assert_false(jobs_retry(queue->jobs, id, "user:default/ada", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    steps_clear(&steps);
    test_jobs_free(queue);
}

static gboolean skip_one(Job *job, const Value **output, GError **error, void *data)
{
    JobStep step;

    if (!job_step_skip(job, "a", "A", "its condition is false", error) ||
        !job_step_open(job, "a", "A", RECOVERY_REPEAT, &step, error))
        return FALSE;
    g_assert_cmpint(step.state, ==, STEP_SKIPPED);
    return job_step_skip(job, "a", "A", "its condition is false", error);
}

static void a_skipped_step_says_why(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_jobs_kind(queue, "skip", skip_one, NULL, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "skip"});
    test_jobs_assert_ends(queue, id, "succeeded");
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    const Value *step = value_item(value_get(job, "steps"), 0);
    g_assert_cmpstr(value_path_string(step, "state", ""), ==, "skipped");
    g_assert_cmpstr(value_path_string(step, "reason", ""), ==, "its condition is false");
    test_jobs_free(queue);
}

/* Leaves the second step open, as a server that died in it does. */
static gboolean open_and_leave(Job *job, const Value **output, GError **error, void *data)
{
    Steps *steps = data;
    JobStep step;

    if (steps->failures_left-- > 0) {
        if (!job_step_open(job, "a", "A", steps->recovery, &step, error) ||
            (step.state != STEP_DONE &&
             !job_step_finish(job, "a", value_string_new(job_arena(job), "a"), "4b825dc", error)) ||
            !job_step_open(job, "b", "B", steps->recovery, &step, error))
            return FALSE;
        saw(steps, "left");
        steps->intents[1] = g_strdup(step.intent_id);
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "gone");
        return FALSE;
    }
    return three_steps(job, output, error, data);
}

static char *leave_a_step_open(TestJobs *queue, Steps *steps)
{
    steps->failures_left = 1;
    test_jobs_kind(queue, "leave", open_and_leave, steps, 0);
    jobs_start(queue->jobs);
    char *id = test_jobs_submit(queue, &(JobSpec){.kind = "leave"});
    test_jobs_assert_ends(queue, id, "failed");
    g_assert_true(jobs_retry(queue->jobs, id, NULL, NULL, NULL));
    return id;
}

static void an_interrupted_step_is_probed_with_the_intent_it_had(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    Steps steps = {.recovery = RECOVERY_PROBE};
    g_autofree char *id = leave_a_step_open(queue, &steps);

    test_jobs_assert_ends(queue, id, "succeeded");
    g_assert_cmpstr(steps.seen, ==, "left interrupted c ");
    steps_clear(&steps);
    test_jobs_free(queue);
}

static void wait_until_it_asks(TestJobs *queue, const char *id)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);

    for (int i = 0; i < 1000; i++) {
        const Value *job = jobs_get(db_reader(queue->db), arena, id, NULL);
        if (g_str_equal(value_path_string(job, "state", ""), "waiting")) {
            g_assert_cmpstr(value_path_string(job, "waitingStep", ""), ==, "b");
            g_assert_nonnull(value_get(job, "waitingFor"));
            return;
        }
        g_usleep(10000);
    }
    g_error("the job never asked");
}

static void ask_and_answer(TestDb *test, const char *answer, const char *state, const char *seen)
{
    TestJobs *queue = test_jobs_new(test);
    Steps steps = {.recovery = RECOVERY_ASK};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = leave_a_step_open(queue, &steps);

    wait_until_it_asks(queue, id);
    g_assert_false(jobs_answer(queue->jobs, id, "maybe", NULL, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_true(jobs_answer(queue->jobs, id, answer, value_string_new(arena, "b"),
                              "user:default/ada", NULL));
    test_jobs_assert_ends(queue, id, state);
    g_assert_cmpstr(steps.seen, ==, seen);
    g_assert_false(jobs_answer(queue->jobs, id, "done", NULL, NULL, NULL));
    steps_clear(&steps);
    test_jobs_free(queue);
}

/* The tree of a step that a person calls done is not known. */
static gboolean without_tree(Job *job, const Value **output, GError **error, void *data)
{
    Steps *steps = data;
    JobStep step;

    if (!job_step_open(job, "b", "B", steps->recovery, &step, error))
        return FALSE;
    if (steps->failures_left-- > 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "gone");
        return FALSE;
    }
    g_assert_cmpint(step.state, ==, STEP_DONE);
    g_assert_cmpstr(value_string(step.output, ""), ==, "given");
    return TRUE;
}

static void a_person_may_say_that_it_is_done(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    Steps steps = {.recovery = RECOVERY_ASK, .failures_left = 1};
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_jobs_kind(queue, "ask", without_tree, &steps, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "ask"});
    test_jobs_assert_ends(queue, id, "failed");
    g_assert_true(jobs_retry(queue->jobs, id, NULL, NULL, NULL));
    wait_until_it_asks(queue, id);
    g_assert_true(
        jobs_answer(queue->jobs, id, "done", value_string_new(arena, "given"), NULL, NULL));
    test_jobs_assert_ends(queue, id, "succeeded");
    test_jobs_free(queue);
}

static void a_person_may_say_that_it_shall_be_repeated(TestDb *test)
{
    ask_and_answer(test, "repeat", "succeeded", "left b c ");
}

static void a_person_may_say_that_it_failed(TestDb *test)
{
    ask_and_answer(test, "fail", "failed", "left ");
}

/* ---- cancelling ---- */

static gboolean run_until_cancelled(Job *job, const Value **output, GError **error, void *data)
{
    atomic_store((atomic_bool *)data, true);
    while (!job_cancelled(job))
        g_usleep(2000);
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "stopped");
    return FALSE;
}

static void a_running_job_is_cancelled(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(GError) error = NULL;
    atomic_bool running = false;

    test_jobs_kind(queue, "long", run_until_cancelled, &running, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "long"});
    while (!atomic_load(&running))
        g_usleep(1000);
    g_assert_true(jobs_cancel(queue->jobs, id, "user:default/ada", &error));
    test_jobs_assert_ends(queue, id, "cancelled");
    g_assert_false(jobs_cancel(queue->jobs, id, "user:default/ada", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    test_jobs_free(queue);
}

static void a_queued_job_is_cancelled_at_once(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "greet"});

    g_assert_true(jobs_cancel(queue->jobs, id, "user:default/ada", NULL));
    test_jobs_assert_ends(queue, id, "cancelled");
    test_jobs_free(queue);
}

/* ---- order ---- */

typedef struct {
    pthread_mutex_t lock;
    GString *order;
    int now, most;
} Order;

static gboolean note_order(Job *job, const Value **output, GError **error, void *data)
{
    Order *order = data;

    pthread_mutex_lock(&order->lock);
    order->now++;
    order->most = MAX(order->most, order->now);
    pthread_mutex_unlock(&order->lock);
    g_usleep(5000);
    pthread_mutex_lock(&order->lock);
    order->now--;
    g_string_append_printf(order->order, "%s ", job_subject(job));
    pthread_mutex_unlock(&order->lock);
    return TRUE;
}

static void run_in_order(TestDb *test, const char *queue_key, guint concurrency, int most)
{
    TestJobs *queue = test_jobs_new(test);
    Order order = {.order = g_string_new(NULL)};
    char *ids[6];

    pthread_mutex_init(&order.lock, NULL);
    test_jobs_kind(queue, "note", note_order, &order, concurrency);
    for (int i = 0; i < 6; i++) {
        g_autofree char *subject = g_strdup_printf("%d", i);
        ids[i] = test_jobs_submit(
            queue, &(JobSpec){.kind = "note", .subject = subject, .queue_key = queue_key});
    }
    jobs_start(queue->jobs);
    for (int i = 0; i < 6; i++) {
        test_jobs_assert_ends(queue, ids[i], "succeeded");
        g_free(ids[i]);
    }
    g_assert_cmpint(order.most, <=, most);
    if (most == 1)
        g_assert_cmpstr(order.order->str, ==, "0 1 2 3 4 5 ");
    test_jobs_free(queue);
    g_string_free(order.order, TRUE);
}

static void jobs_of_one_queue_run_one_after_the_other(TestDb *test)
{
    run_in_order(test, "workspace:a", 0, 1);
}

static void a_kind_runs_no_more_at_once_than_it_may(TestDb *test)
{
    run_in_order(test, NULL, 2, 2);
}

static void a_job_waits_for_the_one_it_comes_after(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    Order order = {.order = g_string_new(NULL)};
    atomic_bool running = false;

    pthread_mutex_init(&order.lock, NULL);
    test_jobs_kind(queue, "long", run_until_cancelled, &running, 0);
    test_jobs_kind(queue, "note", note_order, &order, 0);
    jobs_start(queue->jobs);
    g_autofree char *first = test_jobs_submit(queue, &(JobSpec){.kind = "long"});
    g_autofree char *after =
        test_jobs_submit(queue, &(JobSpec){.kind = "note", .subject = "after", .after_job = first});
    g_autofree char *free_one = test_jobs_submit(
        queue, &(JobSpec){.kind = "note", .subject = "free", .after_job = "no-such-job"});
    test_jobs_assert_ends(queue, free_one, "succeeded");
    g_assert_cmpstr(order.order->str, ==, "free ");
    jobs_cancel(queue->jobs, first, NULL, NULL);
    test_jobs_assert_ends(queue, after, "succeeded");
    g_assert_cmpstr(order.order->str, ==, "free after ");
    test_jobs_free(queue);
    g_string_free(order.order, TRUE);
}

/* ---- ended ---- */

typedef struct {
    TestJobs *queue;
    int failures_left;
} Ended;

static gboolean submit_next(DbConn *tx, const char *job, const char *state, void *data,
                            GError **error)
{
    Ended *ended = data;
    g_autoptr(Arena) arena = arena_new(1 << 20);

    if (ended->failures_left > 0) {
        ended->failures_left--;
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "not yet");
        return FALSE;
    }
    return jobs_submit(tx, ended->queue->jobs, arena,
                       &(JobSpec){.id = "next", .kind = "none", .cause = job}, error) != NULL;
}

static void what_ended_writes_comes_with_the_end(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Ended ended = {queue, 2};

    jobs_register(
        queue->jobs,
        &(JobKind){.name = "fail", .run = fail_plainly, .ended = submit_next, .data = &ended});
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "fail"});
    test_jobs_assert_ends(queue, id, "failed");
    const Value *next = jobs_get(db_reader(test->db), arena, "next", NULL);
    g_assert_cmpstr(value_path_string(next, "cause", ""), ==, id);
    test_jobs_free(queue);
}

/* ---- the guard ---- */

static gboolean bump_attempt(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, "UPDATE job SET attempt = attempt + 1 WHERE id = $1", "t", data) == 1;
}

static gboolean lose_the_job(Job *job, const Value **output, GError **error, void *data)
{
    g_autoptr(GError) refused = NULL;
    JobStep step;

    g_assert_true(job_step_open(job, "a", "A", RECOVERY_REPEAT, &step, error));
    g_assert_true(db_write(job_db(job), bump_attempt, (void *)job_id(job), NULL, error));
    g_assert_false(job_step_finish(job, "a", NULL, NULL, &refused));
    g_assert_error(refused, PAVE_ERROR, ERROR_CANCELLED);
    g_assert_true(job_cancelled(job));
    atomic_store((atomic_bool *)data, true);
    return TRUE;
}

static void a_worker_that_lost_its_job_can_write_nothing(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    atomic_bool over = false;

    test_jobs_kind(queue, "lose", lose_the_job, &over, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "lose"});
    while (!atomic_load(&over))
        g_usleep(1000);
    jobs_stop(queue->jobs);
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    g_assert_cmpstr(value_path_string(job, "state", ""), ==, "running");
    g_assert_cmpstr(value_path_string(value_item(value_get(job, "steps"), 0), "state", ""), ==,
                    "running");
    test_jobs_free(queue);
}

static void a_stopped_server_leaves_its_jobs_to_the_next(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    atomic_bool running = false;

    test_jobs_kind(queue, "long", run_until_cancelled, &running, 0);
    jobs_start(queue->jobs);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "long"});
    while (!atomic_load(&running))
        g_usleep(1000);
    queue = test_jobs_restart(queue);
    test_jobs_kind(queue, "long", greet, NULL, 0);
    jobs_start(queue->jobs);
    test_jobs_assert_ends(queue, id, "succeeded");
    test_jobs_free(queue);
}

/* ---- secrets ---- */

static gboolean leak(Job *job, const Value **output, GError **error, void *data)
{
    g_assert_cmpstr(job_secret(job, "TOKEN"), ==, "s3cr3t-value");
    job_print(job, "a", "info", "the token is s3cr3t-value");
    job_output(job, "a", "half of it: s3cr3", strlen("half of it: s3cr3"));
    job_output(job, "a", "t-value\nnext", strlen("t-value\nnext"));
    return TRUE;
}

static gboolean sealed_secrets(Db *db, const char *id)
{
    g_autoptr(DbRows) rows =
        db_query(db_reader(db), NULL, "SELECT secrets FROM job WHERE id = $1", "t", id);

    g_assert_true(db_rows_next(rows));
    g_autoptr(GBytes) sealed = db_rows_blob(rows, 0);
    if (sealed)
        g_assert_null(
            memmem(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed), "s3cr3t", 6));
    return sealed != NULL;
}

static void secrets_reach_the_job_and_nobody_else(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(GHashTable) secrets = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_insert(secrets, (void *)"TOKEN", (void *)"s3cr3t-value");
    test_jobs_kind(queue, "leak", leak, NULL, 0);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "leak", .secrets = secrets});
    g_assert_true(sealed_secrets(test->db, id));
    jobs_start(queue->jobs);
    test_jobs_assert_ends(queue, id, "succeeded");
    g_assert_false(sealed_secrets(test->db, id));
    test_jobs_assert_output(queue, id, "the token is ***\nhalf of it: ***\nnext\n");
    test_jobs_free(queue);
}

/* ---- waiting ---- */

static gboolean wait_for_other(Job *job, const Value **output, GError **error, void *data)
{
    const char *state = jobs_wait(job_jobs(job), job_arena(job), "other", job, -1, error);

    if (!state)
        return FALSE;
    *output = value_string_new(job_arena(job), state);
    return TRUE;
}

static void one_job_waits_for_another(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_jobs_kind(queue, "waiter", wait_for_other, NULL, 0);
    test_jobs_kind(queue, "fail", fail_plainly, NULL, 0);
    jobs_start(queue->jobs);
    g_autofree char *other = test_jobs_submit(queue, &(JobSpec){.id = "other", .kind = "fail"});
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "waiter"});
    test_jobs_assert_ends(queue, id, "succeeded");
    const Value *job = jobs_get(db_reader(test->db), arena, id, NULL);
    g_assert_cmpstr(value_path_string(job, "output", ""), ==, "failed");
    test_jobs_free(queue);
}

static void waiting_ends_when_time_is_up_or_the_waiter_is_cancelled(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_jobs_kind(queue, "waiter", wait_for_other, NULL, 0);
    jobs_start(queue->jobs);
    g_autofree char *other = test_jobs_submit(queue, &(JobSpec){.id = "other", .kind = "unknown"});
    g_assert_cmpstr(jobs_wait(queue->jobs, arena, other, NULL, 20, NULL), ==, "queued");
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "waiter"});
    while (!g_str_equal(jobs_wait(queue->jobs, arena, id, NULL, 1, NULL), "running"))
        ;
    g_assert_true(jobs_cancel(queue->jobs, id, NULL, NULL));
    test_jobs_assert_ends(queue, id, "cancelled");
    test_jobs_free(queue);
}

/* ---- another node ---- */

static void a_job_whose_node_is_gone_is_taken_back(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    static const char claim[] = "UPDATE job SET state = 'running', node = 'dead', attempt = 1,"
                                " lease_until = 1000";

    test_jobs_kind(queue, "greet", greet, NULL, 0);
    g_autofree char *id = test_jobs_submit(queue, &(JobSpec){.kind = "greet"});
    test_jobs_run_sql(queue, claim);
    jobs_start(queue->jobs);
    test_jobs_assert_ends(queue, id, "succeeded");
    test_jobs_free(queue);
}

/* ---- states ---- */

/* The row of a state in docs/architecture.md: "| queued | running, cancelled |". */
static char *documented_moves(JobState from)
{
    g_autoptr(GBytes) docs = g_resources_lookup_data("/pave/docs/architecture.md", 0, NULL);
    g_autofree char *row = g_strdup_printf("\n| %s | ", job_state_name(from));

    g_assert_nonnull(docs);
    const char *start = strstr(g_bytes_get_data(docs, NULL), row);
    return start ? g_strndup(start + strlen(row), strcspn(start + strlen(row), "\n")) : NULL;
}

static void assert_found(TestDb *test, const JobQuery *query, const char *wanted, int64_t total)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) got = g_string_new(NULL);
    int64_t count = -1;
    g_autoptr(GPtrArray) ids = jobs_find(db_reader(test->db), query, &count, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(got, "%s ", (const char *)g_ptr_array_index(ids, i));
    g_assert_cmpstr(got->str, ==, wanted);
    g_assert_cmpint(count, ==, total);
}

static void jobs_are_found_by_actor_and_state_in_an_order(TestDb *test)
{
    static const char *const actors[] = {"user:default/b", "user:default/a", "user:default/bb"};
    TestJobs *queue = test_jobs_new(test);
    JobQuery query = {.kind = "test", .limit = 10};
    const char *const wanted[] = {"user:default/b", "user:default/nobody", NULL};
    const char *const queued[] = {"queued", NULL}, *const running[] = {"running", NULL};
    const char *const broken[] = {"user:default/b\n", NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(actors); i++) {
        g_autofree char *id = g_strdup_printf("job-%zu", i), *submitted = NULL;

        submitted = test_jobs_submit(
            queue, &(JobSpec){.id = id, .kind = "test", .title = "t", .actor = actors[i]});
    }
    assert_found(test, &query, "job-2 job-1 job-0 ", 3);
    query.order = JOBS_OLDEST;
    assert_found(test, &query, "job-0 job-1 job-2 ", 3);
    query.order = JOBS_BY_ACTOR;
    assert_found(test, &query, "job-1 job-0 job-2 ", 3);
    query.order = JOBS_BY_STATE_DOWN;
    query.limit = 1;
    query.offset = 1;
    assert_found(test, &query, "job-1 ", 3);
    query = (JobQuery){.kind = "test", .limit = 10, .actors = wanted, .states = queued};
    assert_found(test, &query, "job-0 ", 1);
    query.states = running;
    assert_found(test, &query, "", 0);
    query = (JobQuery){.kind = "test", .limit = 10, .actors = broken};
    assert_found(test, &query, "", 0);
    test_jobs_free(queue);
}

static void the_documented_states_are_the_table(void)
{
    for (JobState from = 0; from < JOB_STATES; from++) {
        g_autofree char *moves = documented_moves(from);
        for (JobState to = 0; to < JOB_STATES; to++) {
            g_autofree char *pattern = g_strdup_printf("\\b%s\\b", job_state_name(to));
            gboolean documented = moves && g_regex_match_simple(pattern, moves, 0, 0);
            if (documented != job_state_may_go(from, to))
                g_error("%s to %s: the code says %d, the docs say %d", job_state_name(from),
                        job_state_name(to), job_state_may_go(from, to), documented);
        }
        g_assert_cmpint(job_state_is_terminal(from), ==, from >= JOB_SUCCEEDED);
    }
}

static void an_illegal_move_aborts(void)
{
    if (g_test_subprocess()) {
        job_state_check(JOB_SUCCEEDED, JOB_RUNNING);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*from succeeded to running*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_FATAL_MASK); /* some warn on purpose */
    test_db_add("/jobs/a-job-runs-and-is-remembered", a_job_runs_and_is_remembered);
    test_db_add("/jobs/a-failure-is-kept-with-its-reason-but-without-secrets",
                a_failure_is_kept_with_its_reason_but_without_secrets);
    test_db_add("/jobs/a-missing-job-is-not-found", a_missing_job_is_not_found);
    test_db_add("/jobs/jobs-are-found-by-actor-and-state-in-an-order",
                jobs_are_found_by_actor_and_state_in_an_order);
    test_db_add("/jobs/an-id-that-exists-is-not-submitted-twice",
                an_id_that_exists_is_not_submitted_twice);
    test_db_add("/jobs/steps/a-retry-goes-on-from-the-step-that-failed",
                a_retry_goes_on_from_the_step_that_failed);
    test_db_add("/jobs/steps/a-skipped-step-says-why", a_skipped_step_says_why);
    test_db_add("/jobs/steps/an-interrupted-step-is-probed-with-the-intent-it-had",
                an_interrupted_step_is_probed_with_the_intent_it_had);
    test_db_add("/jobs/steps/a-person-may-say-that-it-is-done", a_person_may_say_that_it_is_done);
    test_db_add("/jobs/steps/a-person-may-say-that-it-shall-be-repeated",
                a_person_may_say_that_it_shall_be_repeated);
    test_db_add("/jobs/steps/a-person-may-say-that-it-failed", a_person_may_say_that_it_failed);
    test_db_add("/jobs/cancel/a-running-job-is-cancelled", a_running_job_is_cancelled);
    test_db_add("/jobs/cancel/a-queued-job-is-cancelled-at-once",
                a_queued_job_is_cancelled_at_once);
    test_db_add("/jobs/order/jobs-of-one-queue-run-one-after-the-other",
                jobs_of_one_queue_run_one_after_the_other);
    test_db_add("/jobs/order/a-kind-runs-no-more-at-once-than-it-may",
                a_kind_runs_no_more_at_once_than_it_may);
    test_db_add("/jobs/order/a-job-waits-for-the-one-it-comes-after",
                a_job_waits_for_the_one_it_comes_after);
    test_db_add("/jobs/what-ended-writes-comes-with-the-end", what_ended_writes_comes_with_the_end);
    test_db_add("/jobs/guard/a-worker-that-lost-its-job-can-write-nothing",
                a_worker_that_lost_its_job_can_write_nothing);
    test_db_add("/jobs/guard/a-stopped-server-leaves-its-jobs-to-the-next",
                a_stopped_server_leaves_its_jobs_to_the_next);
    test_db_add("/jobs/secrets-reach-the-job-and-nobody-else",
                secrets_reach_the_job_and_nobody_else);
    test_db_add("/jobs/wait/one-job-waits-for-another", one_job_waits_for_another);
    test_db_add("/jobs/wait/ends-when-time-is-up-or-the-waiter-is-cancelled",
                waiting_ends_when_time_is_up_or_the_waiter_is_cancelled);
    test_db_add("/jobs/a-job-whose-node-is-gone-is-taken-back",
                a_job_whose_node_is_gone_is_taken_back);
    g_test_add_func("/jobs/states/the-documented-ones-are-the-table",
                    the_documented_states_are_the_table);
    g_test_add_func("/jobs/states/an-illegal-move-aborts", an_illegal_move_aborts);
    return test_db_run();
}
