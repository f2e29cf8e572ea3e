/* What happens in a task: asked for, or streamed. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/clock.h"

enum { EVENTS_WAIT_MS = 5000, LOOK_MS = 100, WAITERS_MAX = 4 };

/* Whoever waits for events keeps a worker from everybody else: beyond a few the answer comes at
 * once, and the client asks again. */
static gboolean may_wait(Scaffolder *scaffolder)
{
    if (atomic_fetch_add(&scaffolder->waiters, 1) < WAITERS_MAX)
        return TRUE;
    atomic_fetch_sub(&scaffolder->waiters, 1);
    return FALSE;
}

SCAFFOLDER_HANDLER(scaffolder_api_task_events)
{
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    int64_t after, last, until = clock_monotonic_ms() + EVENTS_WAIT_MS;
    const Value *events;
    gboolean ended, waits;
    Scaffolder *scaffolder = room;

    if (!request_query_int(request, "after", 0, INT64_MAX - 1, 0, &after, error) ||
        !task_get(room, arena, id, error))
        return NULL;
    waits = may_wait(scaffolder);
    do {
        events = task_events(room, arena, id, after, &last, &ended, error);
        if (!events || value_count(events) > 0 || ended || !waits)
            break;
        g_usleep(LOOK_MS * 1000);
    } while (clock_monotonic_ms() < until);
    if (waits)
        atomic_fetch_sub(&scaffolder->waiters, 1);
    return events ? response_json(request, 200, events) : NULL;
}

typedef struct {
    Scaffolder *scaffolder;
    char *id;
    int64_t after;
} Stream;

static void stream_free(void *data)
{
    Stream *stream = data;

    g_free(stream->id);
    g_free(stream);
}

static gboolean produce(void *data, GString *out)
{
    Stream *stream = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    gboolean ended = FALSE;
    const Value *events = task_events(stream->scaffolder, arena, stream->id, stream->after,
                                      &stream->after, &ended, NULL);

    for (guint i = 0; i < value_count(events); i++) {
        const Value *event = value_item(events, i);
        g_autofree char *text = json_to_string(event, JSON_COMPACT);

        sse_append(out, value_path_string(event, "type", "log"), NULL, text);
    }
    return !ended;
}

SCAFFOLDER_HANDLER(scaffolder_api_task_eventstream)
{
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    int64_t after;

    if (!request_query_int(request, "after", 0, INT64_MAX - 1, 0, &after, error) ||
        !task_get(room, arena, id, error))
        return NULL;
    Stream *stream = g_new0(Stream, 1);

    stream->scaffolder = room;
    stream->id = g_strdup(id);
    stream->after = after;
    return response_sse(request, arena_printf(arena, "job:%s", id), produce, stream, stream_free);
}
