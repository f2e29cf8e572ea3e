#include "insights/insights_internal.h"
#include "spine/clock.h"

#define DAYS_MAX 366
#define LIST_MAX 500

/* The deployments, locked, and the window a request asks for. */
static const Dora *lock_window(Request *request, void *room, DoraWindow *window, int64_t *days,
                               GError **error)
{
    const char *service = request_query(request, "service");

    if (!request_query_int(request, "days", 1, DAYS_MAX, 30, days, error))
        return NULL;
    *window = dora_window(service && *service ? service : NULL, clock_now_ms(), (guint)*days);
    return insights_lock(room, error);
}

static const Value *window_to_value(Arena *arena, const DoraWindow *window, int64_t days)
{
    Value *object = value_object_new(arena);

    value_set(arena, object, "from", clock_value(arena, window->from));
    value_set(arena, object, "to", clock_value(arena, window->to));
    value_set_int(arena, object, "days", days);
    return object;
}

static Response *get_dora(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    DoraWindow window;
    int64_t days;
    const Dora *dora = lock_window(request, room, &window, &days, error);

    if (!dora)
        return NULL;
    Value *body = value_object_new(arena);
    value_set(arena, body, "window", window_to_value(arena, &window, days));
    value_set(arena, body, "metrics", dora_metrics(dora, arena, &window));
    value_set(arena, body, "series", dora_series(dora, arena, &window));
    value_set(arena, body, "deployments", dora_list(dora, arena, &window, LIST_MAX));
    insights_unlock(room);
    return response_json(request, 200, body);
}

static const Value *service_row(const Dora *dora, Arena *arena, DoraWindow window,
                                const char *service)
{
    window.service = service;
    Value *row = value_clone_shallow(arena, dora_metrics(dora, arena, &window));
    value_set_string(arena, row, "service", service);
    return row;
}

static Response *get_services(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    DoraWindow window;
    int64_t days;
    const Dora *dora = lock_window(request, room, &window, &days, error);

    if (!dora)
        return NULL;
    Value *items = value_array_new(arena), *body = value_object_new(arena);
    g_autoptr(GPtrArray) services = dora_services(dora, &window);
    for (guint i = 0; i < services->len; i++)
        value_append(arena, items,
                     service_row(dora, arena, window, g_ptr_array_index(services, i)));
    insights_unlock(room);
    value_set(arena, body, "window", window_to_value(arena, &window, days));
    value_set(arena, body, "items", items);
    return response_json(request, 200, body);
}

const Route insights_routes[] = {
    {"GET", "/api/insights/v1/dora", get_dora, ROUTE_WORKER, "insights.dora.read"},
    {"GET", "/api/insights/v1/dora/services", get_services, ROUTE_WORKER, "insights.dora.read"},
    {0},
};
