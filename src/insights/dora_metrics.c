#include "insights/dora.h"
#include "spine/clock.h"
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

DoraWindow dora_window(const char *service, int64_t now_ms, guint days)
{
    int64_t to = (now_ms / DAY_MS + 1) * DAY_MS;

    return (DoraWindow){service, to - days * DAY_MS, to};
}

static gboolean is_in(const DoraWindow *window, const char *service, int64_t at)
{
    return at >= window->from && at < window->to &&
           (!window->service || g_str_equal(window->service, service));
}

/* ---- numbers ---- */

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* The share of sorted numbers below it, between two of them where it falls between (what SQL calls
 * PERCENTILE_CONT): the median of an even count is the mean of the middle two. */
static double percentile(const GArray *sorted, double share)
{
    double position = share * (sorted->len - 1);
    guint below = (guint)position;
    double low = (double)g_array_index(sorted, int64_t, below);
    double high = (double)g_array_index(sorted, int64_t, MIN(below + 1, sorted->len - 1));

    return low + (high - low) * (position - below);
}

static void set_percentile(Arena *arena, Value *object, const char *key, GArray *numbers,
                           double share)
{
    g_array_sort(numbers, by_size);
    if (numbers->len)
        value_set_int(arena, object, key, (int64_t)(percentile(numbers, share) + 0.5));
    else
        value_set(arena, object, key, value_null_new(arena));
}

static void set_ratio(Arena *arena, Value *object, guint part, guint total)
{
    if (total)
        value_set_number(arena, object, "ratio", (double)part / total);
    else
        value_set(arena, object, "ratio", value_null_new(arena));
}

static GArray *lead_times(const Dora *dora, const DoraWindow *window)
{
    GArray *times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    const GArray *changes = dora_changes(dora);

    for (guint i = 0; i < changes->len; i++) {
        const DoraChange *change = &g_array_index(changes, DoraChange, i);
        if (is_in(window, change->service, change->finished_at))
            g_array_append_val(times, change->lead_time_ms);
    }
    return times;
}

/* ---- the five ---- */

typedef struct {
    guint total, live, failed, rework, days_with;
    GArray *recoveries;
} Tally;

static void count(const Dora *dora, const DoraWindow *window, Tally *tally)
{
    const GPtrArray *deployments = dora_deployments(dora);
    g_autoptr(GHashTable) days = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    tally->recoveries = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < deployments->len; i++) {
        const DoraDeployment *deployment = g_ptr_array_index(deployments, i);
        if (!is_in(window, deployment->service, deployment->finished_at))
            continue;
        tally->total++;
        tally->failed += deployment->failed;
        tally->rework += deployment->rework;
        if (deployment->went_live) {
            gint64 day = deployment->finished_at / DAY_MS;
            tally->live++;
            g_hash_table_add(days, g_memdup2(&day, sizeof day));
        }
        if (deployment->recovered_at) {
            int64_t took = deployment->recovered_at - deployment->failed_at;
            g_array_append_val(tally->recoveries, took);
        }
    }
    tally->days_with = g_hash_table_size(days);
}

static const Value *frequency(Arena *arena, const Tally *tally, const DoraWindow *window)
{
    Value *metric = value_object_new(arena);
    double days = (double)((window->to - window->from) / DAY_MS);

    value_set_int(arena, metric, "count", tally->live);
    value_set_number(arena, metric, "perDay", tally->live / days);
    value_set_int(arena, metric, "daysWithDeployments", tally->days_with);
    return metric;
}

static const Value *lead_time(const Dora *dora, Arena *arena, const DoraWindow *window)
{
    Value *metric = value_object_new(arena);
    g_autoptr(GArray) times = lead_times(dora, window);

    set_percentile(arena, metric, "medianMs", times, 0.5);
    set_percentile(arena, metric, "p90Ms", times, 0.9);
    value_set_int(arena, metric, "count", times->len);
    return metric;
}

static const Value *fail_rate(Arena *arena, const Tally *tally)
{
    Value *metric = value_object_new(arena);

    set_ratio(arena, metric, tally->failed, tally->total);
    value_set_int(arena, metric, "failed", tally->failed);
    value_set_int(arena, metric, "total", tally->total);
    return metric;
}

static const Value *recovery_time(Arena *arena, const Tally *tally)
{
    Value *metric = value_object_new(arena);

    set_percentile(arena, metric, "medianMs", tally->recoveries, 0.5);
    value_set_int(arena, metric, "count", tally->recoveries->len);
    return metric;
}

static const Value *rework_rate(Arena *arena, const Tally *tally)
{
    Value *metric = value_object_new(arena);

    set_ratio(arena, metric, tally->rework, tally->total);
    value_set_int(arena, metric, "rework", tally->rework);
    value_set_int(arena, metric, "total", tally->total);
    return metric;
}

const Value *dora_metrics(const Dora *dora, Arena *arena, const DoraWindow *window)
{
    Value *metrics = value_object_new(arena);
    Tally tally = {0};

    count(dora, window, &tally);
    value_set(arena, metrics, "deploymentFrequency", frequency(arena, &tally, window));
    value_set(arena, metrics, "changeLeadTime", lead_time(dora, arena, window));
    value_set(arena, metrics, "changeFailRate", fail_rate(arena, &tally));
    value_set(arena, metrics, "failedDeploymentRecoveryTime", recovery_time(arena, &tally));
    value_set(arena, metrics, "deploymentReworkRate", rework_rate(arena, &tally));
    g_array_unref(tally.recoveries);
    return metrics;
}

/* ---- days and rows ---- */

typedef struct {
    guint live, failed;
    GArray *lead_times;
} Day;

static void fill_days(const Dora *dora, const DoraWindow *window, Day *days)
{
    const GPtrArray *deployments = dora_deployments(dora);
    const GArray *changes = dora_changes(dora);

    for (guint i = 0; i < deployments->len; i++) {
        const DoraDeployment *deployment = g_ptr_array_index(deployments, i);
        if (!is_in(window, deployment->service, deployment->finished_at))
            continue;
        Day *day = &days[(deployment->finished_at - window->from) / DAY_MS];
        day->live += deployment->went_live;
        day->failed += deployment->failed;
    }
    for (guint i = 0; i < changes->len; i++) {
        const DoraChange *change = &g_array_index(changes, DoraChange, i);
        if (is_in(window, change->service, change->finished_at))
            g_array_append_val(days[(change->finished_at - window->from) / DAY_MS].lead_times,
                               change->lead_time_ms);
    }
}

const Value *dora_series(const Dora *dora, Arena *arena, const DoraWindow *window)
{
    gsize count = (gsize)((window->to - window->from) / DAY_MS);
    g_autofree Day *days = g_new0(Day, count);
    Value *series = value_array_new(arena);

    for (gsize i = 0; i < count; i++)
        days[i].lead_times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    fill_days(dora, window, days);
    for (gsize i = 0; i < count; i++) {
        Value *day = value_object_new(arena);
        g_autofree char *date = clock_format(window->from + (int64_t)i * DAY_MS);

        date[strlen("2026-03-01")] = '\0';
        value_set_string(arena, day, "date", date);
        value_set_int(arena, day, "deployments", days[i].live);
        value_set_int(arena, day, "failed", days[i].failed);
        set_percentile(arena, day, "leadTimeMedianMs", days[i].lead_times, 0.5);
        value_append(arena, series, day);
        g_array_unref(days[i].lead_times);
    }
    return series;
}

static void set_seq(Arena *arena, Value *object, const char *key, int64_t seq)
{
    if (seq)
        value_set_int(arena, object, key, seq);
}

static const Value *row(Arena *arena, const DoraDeployment *deployment)
{
    Value *object = value_object_new(arena);

    value_set_string(arena, object, "deploymentId", deployment->id);
    value_set_string(arena, object, "service", deployment->service);
    value_set_string(arena, object, "environment", deployment->environment);
    value_set_string(arena, object, "commit", deployment->commit);
    value_set_string(arena, object, "kind", deployment->rollback ? "rollback" : "deploy");
    value_set(arena, object, "finishedAt", clock_value(arena, deployment->finished_at));
    value_set(arena, object, "leadTimeMs",
              deployment->lead_time_ms < 0 ? value_null_new(arena)
                                           : value_int_new(arena, deployment->lead_time_ms));
    value_set_bool(arena, object, "failed", deployment->failed);
    value_set_bool(arena, object, "rework", deployment->rework);
    value_set(arena, object, "recoveredAt", clock_value(arena, deployment->recovered_at));
    value_set(arena, object, "reason", value_string_new(arena, deployment->reason));
    set_seq(arena, object, "eventSeq", deployment->seq);
    set_seq(arena, object, "failedSeq", deployment->failed_seq);
    set_seq(arena, object, "recoveredSeq", deployment->recovered_seq);
    return object;
}

const Value *dora_list(const Dora *dora, Arena *arena, const DoraWindow *window, guint limit)
{
    const GPtrArray *deployments = dora_deployments(dora);
    Value *list = value_array_new(arena);

    for (guint i = deployments->len; i > 0 && value_count(list) < limit; i--) {
        const DoraDeployment *deployment = g_ptr_array_index(deployments, i - 1);
        if (is_in(window, deployment->service, deployment->finished_at))
            value_append(arena, list, row(arena, deployment));
    }
    return list;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *dora_services(const Dora *dora, const DoraWindow *window)
{
    const GPtrArray *deployments = dora_deployments(dora);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < deployments->len; i++) {
        const DoraDeployment *deployment = g_ptr_array_index(deployments, i);
        if (is_in(window, deployment->service, deployment->finished_at) &&
            g_hash_table_add(seen, deployment->service))
            g_ptr_array_add(names, deployment->service);
    }
    g_ptr_array_sort(names, by_name);
    return names;
}
