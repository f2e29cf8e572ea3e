#include "observability/observability_internal.h"

#include "spine/access.h"
#include "spine/clock.h"

#include <string.h>

enum { HOURS_DEFAULT = 24, HOURS_MAX = 168, POINTS_MAX = 1440 };

static const int64_t HOUR_MS = (int64_t)3600 * 1000;
static const int64_t MINUTE_MS = (int64_t)60 * 1000;

/* ---- history ---- */

static Value *encode_check(Arena *arena, const Bucket *bucket)
{
    Value *check = value_object_new(arena);

    value_set(arena, check, "t", clock_value(arena, bucket->at_ms));
    value_set_bool(arena, check, "ok", bucket->failures == 0);
    value_set_int(arena, check, "status", bucket->status);
    value_set_number(arena, check, "latencyMs", bucket->latency_ms);
    return check;
}

typedef struct {
    const char *service, *environment, *state; /* state in arena; NULL: nothing runs there */
    Arena *arena;
} Now;

static void find_now(const RunningVersion *running, void *data)
{
    Now *now = data;

    if (strcmp(running->service, now->service) == 0 &&
        strcmp(running->environment, now->environment) == 0)
        now->state = arena_strdup(now->arena, running->state);
}

static gboolean same_place(const Bucket *a, const Bucket *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->environment, b->environment) == 0;
}

/* The buckets of one place, from *at on. */
static Value *encode_place(Observability *observability, Arena *arena, const GPtrArray *buckets,
                           guint *at)
{
    const Bucket *first = buckets->pdata[*at];
    Now now = {first->service, first->environment, NULL, arena};
    Value *place = value_object_new(arena), *checks = value_array_new(arena);
    int64_t count = 0, failures = 0;

    for (; *at < buckets->len && same_place(first, buckets->pdata[*at]); (*at)++) {
        const Bucket *bucket = buckets->pdata[*at];

        count += bucket->checks;
        failures += bucket->failures;
        value_append(arena, checks, encode_check(arena, bucket));
    }
    deployments_each_running(observability->deployments, find_now, &now);
    value_set_string(arena, place, "service", first->service);
    value_set_string(arena, place, "environment", first->environment);
    value_set_string(arena, place, "status", now.state ? now.state : "stopped");
    value_set_number(arena, place, "uptime", (double)(count - failures) / (double)count);
    value_set(arena, place, "checks", checks);
    return place;
}

static Response *get_health(Request *request, void *room, GError **error)
{
    Observability *observability = room;
    Arena *arena = request_arena(request);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) buckets = NULL;
    int64_t hours, step;

    if (!request_query_int(request, "hours", 1, HOURS_MAX, HOURS_DEFAULT, &hours, error))
        return NULL;
    step = MAX(hours * HOUR_MS / POINTS_MAX / MINUTE_MS, 1) * MINUTE_MS;
    buckets = store_history(db_reader(observability->db), arena, request_query(request, "service"),
                            request_query(request, "environment"), clock_now_ms() - hours * HOUR_MS,
                            step, error);
    if (!buckets)
        return NULL;
    for (guint at = 0; at < buckets->len;)
        value_append(arena, items, encode_place(observability, arena, buckets, &at));
    return response_items(request, items);
}

/* ---- for machines ---- */

static Response *get_metrics(Request *request, void *room, GError **error)
{
    Observability *observability = room;
    g_autoptr(GString) out = g_string_new(NULL);

    if (!observability->public_metrics && !access_principal(request)) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION,
                    "the metrics need a token, unless observability.metrics.public is true");
        return NULL;
    }
    if (!metrics_write(observability, out, error))
        return NULL;
    return response_text(200, "text/plain; version=0.0.4; charset=utf-8", out->str);
}

static Response *get_alive(Request *request, void *room, GError **error)
{
    return response_text(200, "application/json; charset=utf-8", "{\"status\":\"ok\"}");
}

static Response *get_ready(Request *request, void *room, GError **error)
{
    Observability *observability = room;
    g_autoptr(GError) failed = NULL;
    g_autoptr(DbRows) rows = db_query(db_reader(observability->db), &failed, "SELECT 1", "");

    if (rows && db_rows_next(rows))
        return get_alive(request, room, error);
    return response_text(503, "application/json",
                         "{\"status\":\"error\",\"message\":\"the database does not answer\"}");
}

const Route observability_routes[] = {
    {"GET", "/api/observability/v1/health", get_health, ROUTE_WORKER, "observability.health.read"},
    {"GET", "/metrics", get_metrics, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/healthz", get_ready, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/.backstage/health/v1/readiness", get_ready, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/.backstage/health/v1/liveness", get_alive, ROUTE_INLINE, PERMISSION_PUBLIC},
    {0},
};
