/* kill -9 at every intent and checkpoint: no finished step runs again, and what was interrupted is
 * repeated or found, as it asked for.
 *
 * The program runs itself as the server that dies: `jobs_crash_test child URL FOLDER POINT`. */
#include "formats/json.h"
#include "test_jobs.h"
#include <fcntl.h>
#include <string.h>

#define STEPS 3

/* Where the child dies: at a step, before its effect, between effect and checkpoint, or after it.
 */
typedef enum { BEFORE_INTENT, AFTER_INTENT, AFTER_EFFECT, AFTER_CHECKPOINT, POINTS } Point;

typedef struct {
    char *effects; /* a file: one line "<step> <intent>" an effect */
    int die_at_step;
    Point die_at;
} Crash;

static void die_if(const Crash *crash, int step, Point point)
{
    if (crash->die_at_step == step && crash->die_at == point)
        raise(SIGKILL);
}

static char *line_of(int step, const char *intent)
{
    return g_strdup_printf("%d %s\n", step, intent);
}

static void take_effect(const Crash *crash, int step, const char *intent)
{
    g_autofree char *line = line_of(step, intent);
    int fd = open(crash->effects, O_WRONLY | O_APPEND | O_CREAT, 0600);

    g_assert_cmpint(write(fd, line, strlen(line)), ==, (ssize_t)strlen(line));
    close(fd);
}

static gboolean has_effect(const Crash *crash, int step, const char *intent)
{
    g_autofree char *line = line_of(step, intent);
    g_autofree char *effects = NULL;

    return g_file_get_contents(crash->effects, &effects, NULL, NULL) && strstr(effects, line);
}

/* Odd steps probe for their effect, even ones are repeated. */
static gboolean work(Job *job, const Value **output, GError **error, void *data)
{
    Crash *crash = data;

    for (int i = 0; i < STEPS; i++) {
        g_autofree char *id = g_strdup_printf("step-%d", i);
        StepRecovery recovery = i % 2 ? RECOVERY_PROBE : RECOVERY_REPEAT;
        JobStep step;

        die_if(crash, i, BEFORE_INTENT);
        if (!job_step_open(job, id, id, recovery, &step, error))
            return FALSE;
        if (step.state == STEP_DONE)
            continue;
        die_if(crash, i, AFTER_INTENT);
        gboolean found = step.state == STEP_INTERRUPTED && recovery == RECOVERY_PROBE &&
                         has_effect(crash, i, step.intent_id);
        if (!found)
            take_effect(crash, i, step.intent_id);
        die_if(crash, i, AFTER_EFFECT);
        if (!job_step_finish(job, id, NULL, NULL, error))
            return FALSE;
        die_if(crash, i, AFTER_CHECKPOINT);
    }
    return TRUE;
}

static void run_server(TestDb *test, Crash *crash)
{
    TestJobs *queue = test_jobs_new(test);

    test_jobs_kind(queue, "work", work, crash, 0);
    jobs_start(queue->jobs);
    test_jobs_assert_ends(queue, "the-job", "succeeded");
    test_jobs_free(queue);
}

static int child(char **argv)
{
    TestDb test = {.url = argv[2], .folder = argv[3]};
    Crash crash = {.effects = g_build_filename(argv[3], "effects", NULL),
                   .die_at_step = atoi(argv[4]) / POINTS,
                   .die_at = atoi(argv[4]) % POINTS};

    test.db = db_open(test.url, NULL);
    run_server(&test, &crash);
    return 0; /* it should have died */
}

static void run_child(TestDb *test, int point)
{
    g_autofree char *number = g_strdup_printf("%d", point);
    char *argv[] = {
        (char *)"/proc/self/exe", (char *)"child", test->url, test->folder, number, NULL};
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    int status;

    argv[0] = self;
    g_assert_true(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

static guint count_effects(const Crash *crash, int step)
{
    g_autofree char *effects = NULL;
    guint count = 0;

    g_assert_true(g_file_get_contents(crash->effects, &effects, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(effects, "\n", -1);
    for (char **line = lines; **line; line++)
        count += atoi(*line) == step;
    return count;
}

static void submit(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);

    g_free(test_jobs_submit(queue, &(JobSpec){.id = "the-job", .kind = "work"}));
    test_jobs_free(queue);
}

static void dies_once(gboolean postgres, int point)
{
    TestDb *test = test_db_open(postgres);
    int step = point / POINTS;
    Crash crash = {.effects = g_build_filename(test->folder, "effects", NULL), .die_at_step = -1};

    submit(test);
    run_child(test, point);
    run_server(test, &crash);
    for (int i = 0; i < STEPS; i++) {
        gboolean repeated = i == step && i % 2 == 0 && point % POINTS == AFTER_EFFECT;
        g_assert_cmpuint(count_effects(&crash, i), ==, repeated ? 2 : 1);
    }
    g_assert_true(events_verify(db_reader(test->db), NULL));
    g_free(crash.effects);
    test_db_close(test);
}

static void killed_at_every_point(const void *data)
{
    gboolean postgres = GPOINTER_TO_INT(data);

    if (postgres && !test_db_start_cluster()) {
        g_test_skip("PostgreSQL (initdb) is not installed");
        return;
    }
    for (int point = 0; point < STEPS * POINTS; point++)
        dies_once(postgres, point);
}

/* One job, killed at each point one after the other. */
static void killed_again_and_again(const void *data)
{
    TestDb *test = test_db_open(GPOINTER_TO_INT(data));

    if (!test) {
        g_test_skip("PostgreSQL (initdb) is not installed");
        return;
    }
    Crash crash = {.effects = g_build_filename(test->folder, "effects", NULL), .die_at_step = -1};
    submit(test);
    for (int point = 0; point < STEPS * POINTS; point++)
        run_child(test, point);
    run_server(test, &crash);
    for (int i = 0; i < STEPS; i++)
        g_assert_cmpuint(count_effects(&crash, i), ==, i % 2 ? 1 : 2);
    g_free(crash.effects);
    test_db_close(test);
}

int main(int argc, char **argv)
{
    if (argc == 5 && g_str_equal(argv[1], "child"))
        return child(argv);
    g_test_init(&argc, &argv, NULL);
    for (int postgres = 0; postgres < 2; postgres++) {
        const void *data = GINT_TO_POINTER(postgres);
        const char *engine = postgres ? "postgresql" : "sqlite";
        g_autofree char *each = g_strdup_printf("/jobs/crash/killed-at-every-point/%s", engine);
        g_autofree char *again = g_strdup_printf("/jobs/crash/killed-again-and-again/%s", engine);

        g_test_add_data_func(each, data, killed_at_every_point);
        g_test_add_data_func(again, data, killed_again_and_again);
    }
    return test_db_run();
}
