/* Logs made by hand, with answers worked out by hand. Times are minutes since 2026-03-01T00:00Z. */
#include "insights/dora.h"
#include "formats/json.h"
#include <string.h>

#define START ((int64_t)1772323200000)
#define MINUTE ((int64_t)60000)
#define DAY (24 * 60)

typedef struct {
    const char *type;    /* "deployed", "failed", "crashed", … */
    const char *service; /* NULL: "a" */
    const char *id;      /* of the deployment */
    const char *commit;
    int at;                  /* finished */
    int committed;           /* 0: unknown */
    const char *environment; /* NULL: production */
    const char *commits;     /* JSON */
} Line;

static const char *type_of(Arena *arena, const char *verb)
{
    static const char *const cdevents[] = {"deployed", "upgraded", "rolledback", "removed", NULL};

    if (g_strv_contains(cdevents, verb))
        return arena_printf(arena, "dev.cdevents.service.%s.0.2.0", verb);
    if (g_str_equal(verb, "failed"))
        return "dev.pave.deployments.deployment.failed";
    return arena_printf(arena, "dev.pave.deployments.service.%s", verb);
}

static void add_line(Dora *dora, const Line *line, int64_t seq)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *payload = value_object_new(arena);
    const char *environment = line->environment ? line->environment : "production";
    int64_t at = START + line->at * MINUTE;

    value_set_string(arena, payload, "service", line->service ? line->service : "a");
    value_set_string(arena, payload, "environment", environment);
    value_set_bool(arena, payload, "production", g_str_equal(environment, "production"));
    value_set_string(arena, payload, "deploymentId", line->id);
    value_set_string(arena, payload, "commit", line->commit);
    if (line->committed)
        value_set_int(arena, payload, "committedAt", START + line->committed * MINUTE);
    if (line->commits)
        value_set(arena, payload, "commits", json_parse(arena, line->commits, -1, NULL));
    value_set_int(arena, payload, "finishedAt", at);
    dora_add(dora, &(Event){.type = type_of(arena, line->type),
                            .seq = seq,
                            .occurred_at = at,
                            .payload = payload});
}

static Dora *make(const Line *lines, gsize count)
{
    Dora *dora = dora_new();

    for (gsize i = 0; i < count; i++)
        add_line(dora, &lines[i], (int64_t)i + 1);
    return dora;
}

/* The metrics of the 10 days from the start, in one line. */
static char *summary(const Dora *dora, const char *service)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    DoraWindow window = dora_window(service, START + 9 * DAY * MINUTE, 10);
    const Value *metrics = dora_metrics(dora, arena, &window);
    const Value *lead = value_get(metrics, "changeLeadTime");
    const Value *recovery = value_get(metrics, "failedDeploymentRecoveryTime");

    g_assert_cmpint(window.from, ==, START);
    return g_strdup_printf(
        "deployments %d on %d days; lead %d of %d; failed %d of %d; recovery %d of %d; rework %d",
        (int)value_int(value_path(metrics, "deploymentFrequency.count"), -1),
        (int)value_int(value_path(metrics, "deploymentFrequency.daysWithDeployments"), -1),
        (int)(value_int(value_get(lead, "medianMs"), -MINUTE) / MINUTE),
        (int)value_int(value_get(lead, "count"), -1),
        (int)value_int(value_path(metrics, "changeFailRate.failed"), -1),
        (int)value_int(value_path(metrics, "changeFailRate.total"), -1),
        (int)(value_int(value_get(recovery, "medianMs"), -MINUTE) / MINUTE),
        (int)value_int(value_get(recovery, "count"), -1),
        (int)value_int(value_path(metrics, "deploymentReworkRate.rework"), -1));
}

static void assert_summary(const Line *lines, gsize count, const char *wanted)
{
    g_autoptr(Dora) dora = make(lines, count);
    g_autofree char *got = summary(dora, NULL);

    g_assert_cmpstr(got, ==, wanted);
}

#define CHECK(wanted, ...)                                                                         \
    do {                                                                                           \
        static const Line lines[] = {__VA_ARGS__};                                                 \
        assert_summary(lines, G_N_ELEMENTS(lines), wanted);                                        \
    } while (0)

static void an_empty_log_says_nothing(void)
{
    assert_summary(
        NULL, 0,
        "deployments 0 on 0 days; lead -1 of 0; failed 0 of 0; recovery -1 of 0; rework 0");
}

static void plain_deployments_are_counted(void)
{
    CHECK("deployments 3 on 2 days; lead 20 of 3; failed 0 of 3; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c2", .at = 120, .committed = 100},
          {"upgraded", .id = "3", .commit = "c3", .at = DAY, .committed = DAY - 90});
}

static void the_median_of_an_even_count_is_between_the_middle_two(void)
{
    CHECK("deployments 4 on 1 days; lead 25 of 4; failed 0 of 4; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 100, .committed = 90},
          {"upgraded", .id = "2", .commit = "c2", .at = 200, .committed = 180},
          {"upgraded", .id = "3", .commit = "c3", .at = 300, .committed = 270},
          {"upgraded", .id = "4", .commit = "c4", .at = 400, .committed = 100});
}

static void only_production_counts(void)
{
    CHECK("deployments 1 on 1 days; lead 10 of 1; failed 0 of 1; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50,
           .environment = "staging"},
          {"failed", .id = "2", .commit = "c1", .at = 61, .environment = "staging"},
          {"crashed", .id = "1", .at = 62, .environment = "staging"},
          {"deployed", .id = "3", .commit = "c1", .at = 60, .committed = 50});
}

static void a_rollback_fails_what_it_takes_back_and_recovers_it(void)
{
    CHECK("deployments 3 on 1 days; lead 15 of 2; failed 1 of 3; recovery 30 of 1; rework 1",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c2", .at = 120, .committed = 100},
          {"rolledback", .id = "3", .commit = "c1", .at = 150, .committed = 50});
}

static void the_deployment_after_a_rollback_is_planned_work(void)
{
    CHECK("deployments 4 on 1 days; lead 20 of 3; failed 1 of 4; recovery 30 of 1; rework 1",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c2", .at = 120, .committed = 100},
          {"rolledback", .id = "3", .commit = "c1", .at = 150, .committed = 50},
          {"upgraded", .id = "4", .commit = "c3", .at = 200, .committed = 170});
}

static void a_deployment_that_never_went_live_failed(void)
{
    CHECK("deployments 2 on 1 days; lead 30 of 2; failed 1 of 3; recovery 40 of 1; rework 1",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"failed", .id = "2", .commit = "c2", .at = 110, .committed = 100},
          {"upgraded", .id = "3", .commit = "c2", .at = 150, .committed = 100});
}

static void two_failures_recover_together_and_the_second_try_is_rework(void)
{
    CHECK("deployments 2 on 1 days; lead 60 of 2; failed 2 of 4; recovery 50 of 2; rework 2",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 40},
          {"failed", .id = "2", .commit = "c2", .at = 110, .committed = 100},
          {"failed", .id = "3", .commit = "c3", .at = 130, .committed = 100},
          {"upgraded", .id = "4", .commit = "c4", .at = 170, .committed = 70});
}

static void an_open_failure_has_no_recovery_time(void)
{
    CHECK("deployments 1 on 1 days; lead 10 of 1; failed 2 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"failed", .id = "2", .commit = "c2", .at = 110, .service = "b"}, {"crashed", .at = 120});
}

static void a_crash_counts_from_when_it_happened(void)
{
    CHECK("deployments 2 on 1 days; lead 10 of 2; failed 1 of 2; recovery 5 of 1; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"crashed", .id = "1", .at = 500}, {"unhealthy", .id = "1", .at = 501},
          {"recovered", .id = "1", .at = 505},
          {"upgraded", .id = "2", .commit = "c2", .at = 600, .committed = 590});
}

static void a_fix_of_a_crash_is_rework_and_recovers_it(void)
{
    CHECK("deployments 2 on 1 days; lead 10 of 2; failed 1 of 2; recovery 100 of 1; rework 1",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"crashed", .id = "1", .at = 500},
          {"upgraded", .id = "2", .commit = "c2", .at = 600, .committed = 590},
          {"recovered", .id = "2", .at = 700});
}

static void a_drained_version_that_crashes_is_nobodys_failure(void)
{
    CHECK("deployments 2 on 1 days; lead 10 of 2; failed 0 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c2", .at = 70, .committed = 60},
          {"crashed", .id = "1", .at = 71});
}

static void trouble_after_removal_is_nobodys_failure(void)
{
    CHECK("deployments 1 on 1 days; lead 10 of 1; failed 0 of 1; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50}, {"removed", .at = 70},
          {"crashed", .at = 71});
}

static void deploying_an_old_commit_again_is_no_change(void)
{
    CHECK("deployments 2 on 2 days; lead 10 of 1; failed 0 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c1", .at = 5 * DAY, .committed = 50});
}

static void every_commit_of_a_deployment_is_a_change(void)
{
    CHECK("deployments 2 on 1 days; lead 20 of 4; failed 0 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"upgraded", .id = "2", .commit = "c4", .at = 120, .committed = 110,
           .commits = "[{\"id\":\"c2\",\"authoredAt\":\"2026-03-01T01:00:00Z\"},"
                      "{\"id\":\"c3\",\"authoredAt\":\"2026-03-01T01:30:00Z\"},"
                      "{\"id\":\"c4\",\"authoredAt\":\"2026-03-01T01:50:00Z\"}]"});
}

static void what_was_written_before_the_first_deployment_does_not_skew(void)
{
    CHECK("deployments 2 on 1 days; lead 15 of 2; failed 0 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c9", .at = 3000, .committed = 2990,
           .commits = "[{\"id\":\"c0\",\"authoredAt\":\"2020-01-01T00:00:00Z\"},"
                      "{\"id\":\"c9\",\"authoredAt\":\"2026-03-03T01:50:00Z\"}]"},
          {"upgraded", .id = "2", .commit = "c10", .at = 3100, .committed = 3080,
           .commits = "[{\"id\":\"c0\",\"authoredAt\":\"2020-01-01T00:00:00Z\"}]"});
}

static void a_commit_from_the_future_is_no_lead_time(void)
{
    CHECK("deployments 1 on 1 days; lead -1 of 0; failed 0 of 1; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 70});
}

static void a_deployment_told_twice_counts_once(void)
{
    CHECK("deployments 1 on 1 days; lead 10 of 1; failed 0 of 1; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
          {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50});
}

static void the_window_takes_its_first_moment_and_leaves_its_last(void)
{
    CHECK("deployments 2 on 2 days; lead -1 of 0; failed 0 of 2; recovery -1 of 0; rework 0",
          {"deployed", .id = "1", .at = -1}, {"upgraded", .id = "2", .at = 0},
          {"upgraded", .id = "3", .at = 10 * DAY - 1}, {"upgraded", .id = "4", .at = 10 * DAY});
}

static void a_failure_before_the_window_still_makes_rework_in_it(void)
{
    CHECK("deployments 1 on 1 days; lead 10 of 1; failed 0 of 1; recovery -1 of 0; rework 1",
          {"failed", .id = "1", .commit = "c1", .at = -10, .committed = -20},
          {"deployed", .id = "2", .commit = "c2", .at = 20, .committed = 10});
}

static const Line two_services[] = {
    {"deployed", .id = "1", .commit = "c1", .at = 60, .committed = 50},
    {"deployed", .id = "2", .commit = "c1", .at = 70, .committed = 40, .service = "b"},
    {"crashed", .at = 80, .service = "b"},
    {"upgraded", .id = "3", .commit = "c2", .at = 90, .committed = 70},
};

static void services_do_not_touch_each_other(void)
{
    g_autoptr(Dora) dora = make(two_services, G_N_ELEMENTS(two_services));
    DoraWindow window = dora_window(NULL, START, 1);
    g_autofree char *a = summary(dora, "a"), *b = summary(dora, "b"), *all = summary(dora, NULL);
    g_autoptr(GPtrArray) names = dora_services(dora, &window);

    g_assert_cmpstr(
        a, ==, "deployments 2 on 1 days; lead 15 of 2; failed 0 of 2; recovery -1 of 0; rework 0");
    g_assert_cmpstr(
        b, ==, "deployments 1 on 1 days; lead 30 of 1; failed 1 of 1; recovery -1 of 0; rework 0");
    g_assert_cmpstr(
        all, ==,
        "deployments 3 on 1 days; lead 20 of 3; failed 1 of 3; recovery -1 of 0; rework 0");
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(names, 0), ==, "a");
}

static void the_series_has_every_day(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Dora) dora = make(two_services, G_N_ELEMENTS(two_services));
    DoraWindow window = dora_window(NULL, START + DAY * MINUTE, 3);
    const char *series = json_to_arena(arena, dora_series(dora, arena, &window), JSON_COMPACT);

    g_assert_cmpstr(
        series, ==,
        "[{\"date\":\"2026-02-28\",\"deployments\":0,\"failed\":0,\"leadTimeMedianMs\":null},"
        "{\"date\":\"2026-03-01\",\"deployments\":3,\"failed\":1,\"leadTimeMedianMs\":1200000},"
        "{\"date\":\"2026-03-02\",\"deployments\":0,\"failed\":0,\"leadTimeMedianMs\":null}]");
}

static void rows_name_the_events_behind_them(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Dora) dora = make(two_services, G_N_ELEMENTS(two_services));
    DoraWindow window = dora_window("b", START, 1);
    const char *rows = json_to_arena(arena, dora_list(dora, arena, &window, 10), JSON_COMPACT);

    g_assert_cmpstr(
        rows, ==,
        "[{\"deploymentId\":\"2\",\"service\":\"b\",\"environment\":\"production\","
        "\"commit\":\"c1\",\"kind\":\"deploy\",\"finishedAt\":\"2026-03-01T01:10:00.000Z\","
        "\"leadTimeMs\":1800000,\"failed\":true,\"rework\":false,\"recoveredAt\":null,"
        "\"reason\":\"the service crashed\",\"eventSeq\":2,\"failedSeq\":3}]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/dora/" path, function)
    ADD("an-empty-log-says-nothing", an_empty_log_says_nothing);
    ADD("plain-deployments-are-counted", plain_deployments_are_counted);
    ADD("the-median-of-an-even-count-is-between-the-middle-two",
        the_median_of_an_even_count_is_between_the_middle_two);
    ADD("only-production-counts", only_production_counts);
    ADD("failed/a-rollback-fails-what-it-takes-back-and-recovers-it",
        a_rollback_fails_what_it_takes_back_and_recovers_it);
    ADD("rework/the-deployment-after-a-rollback-is-planned-work",
        the_deployment_after_a_rollback_is_planned_work);
    ADD("failed/a-deployment-that-never-went-live", a_deployment_that_never_went_live_failed);
    ADD("recovery/two-failures-recover-together-and-the-second-try-is-rework",
        two_failures_recover_together_and_the_second_try_is_rework);
    ADD("recovery/an-open-failure-has-none", an_open_failure_has_no_recovery_time);
    ADD("recovery/a-crash-counts-from-when-it-happened", a_crash_counts_from_when_it_happened);
    ADD("rework/a-fix-of-a-crash-is-rework-and-recovers-it",
        a_fix_of_a_crash_is_rework_and_recovers_it);
    ADD("failed/a-drained-version-that-crashes-is-nobodys-failure",
        a_drained_version_that_crashes_is_nobodys_failure);
    ADD("failed/trouble-after-removal-is-nobodys-failure",
        trouble_after_removal_is_nobodys_failure);
    ADD("lead-time/deploying-an-old-commit-again-is-no-change",
        deploying_an_old_commit_again_is_no_change);
    ADD("lead-time/every-commit-of-a-deployment-is-a-change",
        every_commit_of_a_deployment_is_a_change);
    ADD("lead-time/what-was-written-before-the-first-deployment-does-not-skew",
        what_was_written_before_the_first_deployment_does_not_skew);
    ADD("lead-time/a-commit-from-the-future-is-none", a_commit_from_the_future_is_no_lead_time);
    ADD("a-deployment-told-twice-counts-once", a_deployment_told_twice_counts_once);
    ADD("window/takes-its-first-moment-and-leaves-its-last",
        the_window_takes_its_first_moment_and_leaves_its_last);
    ADD("window/a-failure-before-it-still-makes-rework-in-it",
        a_failure_before_the_window_still_makes_rework_in_it);
    ADD("services-do-not-touch-each-other", services_do_not_touch_each_other);
    ADD("the-series-has-every-day", the_series_has_every_day);
    ADD("rows-name-the-events-behind-them", rows_name_the_events_behind_them);
    return g_test_run();
}
