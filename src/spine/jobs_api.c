#include "spine/jobs_api.h"
#include "formats/json.h"
#include "spine/access.h"
#include "spine/jobs_internal.h"
#include <string.h>

#define LINES_MAX 1000
#define STREAM_BYTES_MAX ((gsize)1 << 20)
#define ACTOR_DEPTH_MAX 8

/* ---- reading ---- */

static Response *list_jobs(Request *request, void *room, GError **error)
{
    Jobs *jobs = room;
    Arena *arena = request_arena(request);
    int64_t limit, offset;

    if (!request_query_int(request, "limit", 1, 500, 50, &limit, error) ||
        !request_query_int(request, "offset", 0, 1000000, 0, &offset, error))
        return NULL;
    const Value *items =
        jobs_list(db_reader(jobs->db), arena, request_query(request, "kind"),
                  request_query(request, "subject"), request_query(request, "state"), (guint)limit,
                  (guint)offset, error);
    return items ? response_items(request, items) : NULL;
}

static Response *reply_job(Request *request, Jobs *jobs, GError **error)
{
    const Value *job =
        jobs_get(db_reader(jobs->db), request_arena(request), request_param(request, "id"), error);

    return job ? response_json(request, 200, job) : NULL;
}

static Response *get_job(Request *request, void *room, GError **error)
{
    return reply_job(request, room, error);
}

static Response *get_output(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    int64_t after, limit, next;
    gboolean ended;

    if (!request_query_int(request, "after", 0, INT64_MAX, 0, &after, error) ||
        !request_query_int(request, "limit", 1, 10000, LINES_MAX, &limit, error))
        return NULL;
    const Value *lines = jobs_output_read(room, arena, request_param(request, "id"), after,
                                          (guint)limit, &next, &ended, error);
    if (!lines)
        return NULL;
    Value *body = value_object_new(arena);
    value_set(arena, body, "lines", lines);
    value_set_int(arena, body, "next", next);
    value_set_bool(arena, body, "ended", ended);
    return response_json(request, 200, body);
}

/* ---- the stream ---- */

typedef struct {
    Jobs *jobs;
    char *id;
    int64_t next;
    char *shown; /* the job as it was sent last */
} Stream;

static void stream_free(void *data)
{
    Stream *stream = data;

    g_free(stream->id);
    g_free(stream->shown);
    g_free(stream);
}

static void append_lines(const Value *lines, GString *out)
{
    for (guint i = 0; i < value_count(lines); i++) {
        const Value *line = value_item(lines, i);
        g_autofree char *text = json_to_string(line, JSON_COMPACT);
        g_autofree char *number =
            g_strdup_printf("%" G_GINT64_FORMAT, value_int(value_get(line, "n"), 0));
        sse_append(out, "line", number, text);
    }
}

/* All lines there are, but no more at once than a slow client should be sent. */
static gboolean produce_lines(Stream *stream, Arena *arena, GString *out, gboolean *ended)
{
    guint count;

    do {
        const Value *lines = jobs_output_read(stream->jobs, arena, stream->id, stream->next,
                                              LINES_MAX, &stream->next, ended, NULL);
        if (!lines)
            return FALSE;
        append_lines(lines, out);
        count = value_count(lines);
    } while (count == LINES_MAX && out->len < STREAM_BYTES_MAX);
    return TRUE;
}

static gboolean produce(void *data, GString *out)
{
    Stream *stream = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    gboolean ended = FALSE;

    if (!produce_lines(stream, arena, out, &ended))
        return TRUE; /* the database is away: the next round tries again */
    const Value *job = jobs_get(db_reader(stream->jobs->db), arena, stream->id, NULL);
    g_autofree char *text = job ? json_to_string(job, JSON_COMPACT) : NULL;
    if (text && g_strcmp0(text, stream->shown) != 0) {
        sse_append(out, "job", NULL, text);
        g_free(stream->shown);
        stream->shown = g_steal_pointer(&text);
    }
    if (ended)
        sse_append(out, "end", NULL, "{}");
    return !ended;
}

static Response *stream_job(Request *request, void *room, GError **error)
{
    Jobs *jobs = room;
    Arena *arena = request_arena(request);
    const char *id = request_param(request, "id");
    const char *last = request_header(request, "Last-Event-ID");
    JobRow row;
    int64_t after;

    if (!request_query_int(request, "after", 0, INT64_MAX, 0, &after, error) ||
        !job_load(db_reader(jobs->db), arena, id, &row, error))
        return NULL;
    Stream *stream = g_new0(Stream, 1);
    stream->jobs = jobs;
    stream->id = g_strdup(id);
    stream->next = last ? MAX(g_ascii_strtoll(last, NULL, 10) + 1, 0) : after;
    return response_sse(request, arena_printf(arena, "job:%s", id), produce, stream, stream_free);
}

/* ---- changing ---- */

/* The person behind a job: one that a job submitted belongs to whom that job belongs. */
static const char *owner_of(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    JobRow row;

    for (guint depth = 0; depth < ACTOR_DEPTH_MAX; depth++) {
        if (!job_load(conn, arena, id, &row, error))
            return NULL;
        if (!row.actor || !g_str_has_prefix(row.actor, "job:"))
            break;
        id = row.actor + strlen("job:");
    }
    return row.actor ? row.actor : "";
}

/* Whoever asked for a job may change it. A job of nobody (the server's own) is for admins. */
static gboolean may_change(Request *request, Jobs *jobs, GError **error)
{
    const char *owner =
        owner_of(db_reader(jobs->db), request_arena(request), request_param(request, "id"), error);
    const char *owners[] = {owner, NULL};

    return owner && access_check(access_principal(request), "jobs.job.update", owners, error);
}

static Response *cancel_job(Request *request, void *room, GError **error)
{
    if (!may_change(request, room, error) ||
        !jobs_cancel(room, request_param(request, "id"), access_actor(request), error))
        return NULL;
    return reply_job(request, room, error);
}

static const Value *optional_body(Request *request, gboolean *bad, GError **error)
{
    gsize length;

    request_body(request, &length);
    const Value *body = length ? request_body_json(request, error) : NULL;
    *bad = length && !body;
    return body;
}

static GHashTable *secrets_of(const Value *object)
{
    GHashTable *secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < value_count(object); i++)
        g_hash_table_insert(secrets, g_strdup(value_key_at(object, i)),
                            g_strdup(value_string(value_value_at(object, i), "")));
    return secrets;
}

static Response *retry_job(Request *request, void *room, GError **error)
{
    gboolean bad;
    const Value *body = optional_body(request, &bad, error);

    if (bad || !may_change(request, room, error))
        return NULL;
    g_autoptr(GHashTable) secrets = secrets_of(value_get(body, "secrets"));
    if (!jobs_retry(room, request_param(request, "id"), access_actor(request), secrets, error))
        return NULL;
    return reply_job(request, room, error);
}

static Response *answer_job(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);

    if (!body || !may_change(request, room, error) ||
        !jobs_answer(room, request_param(request, "id"),
                     value_string(value_get(body, "answer"), ""), value_get(body, "output"),
                     access_actor(request), error))
        return NULL;
    return reply_job(request, room, error);
}

const Route jobs_routes[] = {
    {"GET", "/api/jobs/v1/jobs", list_jobs, ROUTE_WORKER, "jobs.job.read"},
    {"GET", "/api/jobs/v1/jobs/{id}", get_job, ROUTE_WORKER, "jobs.job.read"},
    {"GET", "/api/jobs/v1/jobs/{id}/output", get_output, ROUTE_WORKER, "jobs.job.read"},
    {"GET", "/api/jobs/v1/jobs/{id}/stream", stream_job, ROUTE_WORKER, "jobs.job.read"},
    {"POST", "/api/jobs/v1/jobs/{id}/cancel", cancel_job, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", "/api/jobs/v1/jobs/{id}/retry", retry_job, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", "/api/jobs/v1/jobs/{id}/answer", answer_job, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {0},
};

static void wake_streams(const char *job, void *data)
{
    g_autofree char *topic = g_strdup_printf("job:%s", job);

    sse_wake(data, topic);
}

void jobs_api_wake(Jobs *jobs, HttpServer *server)
{
    jobs_on_change(jobs, wake_streams, server);
}
