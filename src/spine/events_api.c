#include "spine/events_api.h"
#include "formats/json.h"
#include "spine/events_internal.h"

#define BATCH 500

/* ---- reading ---- */

static gboolean is_order(const char *order, gboolean *newest_first, GError **error)
{
    if (order && !g_str_equal(order, "asc") && !g_str_equal(order, "desc")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "order is asc or desc");
        return FALSE;
    }
    *newest_first = order && *order == 'd';
    return TRUE;
}

static Response *list_events(Request *request, void *room, GError **error)
{
    Events *events = room;
    Arena *arena = request_arena(request);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.type_prefix = request_query(request, "type"),
                          .subject = request_query(request, "subject")};
    int64_t limit;

    if (!request_query_int(request, "after", 0, INT64_MAX, 0, &filter.after, error) ||
        !request_query_int(request, "limit", 1, 1000, 100, &limit, error) ||
        !is_order(request_query(request, "order"), &filter.newest_first, error))
        return NULL;
    filter.limit = (guint)limit;
    if (!events_read(db_reader(events_db(events)), arena, &filter, found, error))
        return NULL;
    Value *items = value_array_new(arena), *body = value_object_new(arena);
    for (guint i = 0; i < found->len; i++)
        value_append(arena, items, event_to_value(arena, g_ptr_array_index(found, i)));
    value_set(arena, body, "items", items);
    value_set_int(arena, body, "head", events_head(events));
    return response_json(request, 200, body);
}

/* ---- the stream ---- */

typedef struct {
    Events *events;
    int64_t after;
    char *type_prefix, *subject;
} Stream;

static void stream_free(void *data)
{
    Stream *stream = data;

    g_free(stream->type_prefix);
    g_free(stream->subject);
    g_free(stream);
}

static gboolean produce(void *data, GString *out)
{
    Stream *stream = data;
    int64_t head = events_head(stream->events);

    if (head <= stream->after)
        return TRUE;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.after = stream->after,
                          .type_prefix = stream->type_prefix,
                          .subject = stream->subject,
                          .limit = BATCH};
    if (!events_read(db_reader(events_db(stream->events)), arena, &filter, found, NULL))
        return TRUE; /* the database is away: the next round tries again */
    for (guint i = 0; i < found->len; i++) {
        const Event *event = g_ptr_array_index(found, i);
        g_autofree char *text = json_to_string(event_to_value(arena, event), JSON_COMPACT);
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, event->seq);
        sse_append(out, "event", id, text);
        stream->after = event->seq;
    }
    if (found->len < BATCH) /* nothing else up to head is asked for */
        stream->after = MAX(stream->after, head);
    return TRUE;
}

/* From after (or the browser's Last-Event-ID) on; without either, from now on. */
static Response *stream_events(Request *request, void *room, GError **error)
{
    Events *events = room;
    const char *last = request_header(request, "Last-Event-ID");
    int64_t after;

    if (!request_query_int(request, "after", 0, INT64_MAX, -1, &after, error))
        return NULL;
    Stream *stream = g_new0(Stream, 1);
    stream->events = events;
    stream->after = last ? g_ascii_strtoll(last, NULL, 10) : after;
    if (stream->after < 0)
        stream->after = events_head(events);
    stream->type_prefix = g_strdup(request_query(request, "type"));
    stream->subject = g_strdup(request_query(request, "subject"));
    return response_sse(request, "events", produce, stream, stream_free);
}

const Route events_routes[] = {
    {"GET", "/api/events/v1/events", list_events, ROUTE_WORKER, "events.event.read"},
    {"GET", "/api/events/v1/stream", stream_events, ROUTE_WORKER, "events.event.read"},
    {0},
};

static void wake_streams(int64_t head, void *data)
{
    sse_wake(data, "events");
}

void events_api_wake(Events *events, HttpServer *server)
{
    events_on_commit(events, wake_streams, server);
}
