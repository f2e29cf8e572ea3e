/* The routes of the queue and the log, through a real server. */
#include "formats/json.h"
#include "net/http_client.h"
#include "spine/access.h"
#include "spine/events_api.h"
#include "spine/jobs_api.h"
#include "test_jobs.h"
#include <string.h>

typedef struct {
    TestDb *test;
    TestJobs *queue;
    HttpServer *server;
    guint16 port;
    atomic_bool go_on; /* lets the held job end */
} Fixture;

/* Whoever the header names; users only. */
static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    const char *who = request_header(request, "X-Who");

    *principal = principal_new(PRINCIPAL_USER, who ? who : "user:default/ada", NULL, NULL, NULL);
    return TRUE;
}

static gboolean hold(Job *job, const Value **output, GError **error, void *data)
{
    Fixture *fixture = data;
    JobStep step;

    if (!job_step_open(job, "greet", "Greet", RECOVERY_REPEAT, &step, error))
        return FALSE;
    job_print(job, "greet", "info", "one");
    job_print(job, "greet", "info", "two");
    while (!atomic_load(&fixture->go_on) && !job_cancelled(job))
        g_usleep(1000);
    if (job_cancelled(job)) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "stopped");
        return FALSE;
    }
    job_print(job, "greet", "info", "three");
    return job_step_finish(job, "greet", NULL, NULL, error);
}

static void set_up(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    HttpServerOptions options = {.workers = 4};

    fixture->test = test_db_open(FALSE);
    fixture->queue = test_jobs_new(fixture->test);
    fixture->server = http_server_new(&options);
    http_server_set_authenticator(fixture->server, authenticate, NULL,
                                  (GDestroyNotify)principal_unref);
    http_mount(fixture->server, jobs_routes, fixture->queue->jobs);
    http_mount(fixture->server, events_routes, fixture->queue->events);
    jobs_api_wake(fixture->queue->jobs, fixture->server);
    events_api_wake(fixture->queue->events, fixture->server);
    test_jobs_kind(fixture->queue, "hold", hold, fixture, 0);
    events_start(fixture->queue->events);
    jobs_start(fixture->queue->jobs);
    int fd = http_listen_tcp("127.0.0.1", &fixture->port, &error);
    g_assert_no_error(error);
    g_assert_true(http_server_listen(fixture->server, &(HttpListener){.listen_fd = fd}, &error));
}

static void tear_down(Fixture *fixture, const void *data)
{
    atomic_store(&fixture->go_on, true);
    http_server_stop(fixture->server, 1000);
    jobs_stop(fixture->queue->jobs);
    events_stop(fixture->queue->events);
    http_server_free(fixture->server);
    test_jobs_free(fixture->queue);
    test_db_close(fixture->test);
}

static const Value *call(Fixture *fixture, Arena *arena, const char *method, const char *path,
                         const char *who, const char *body, long wanted)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d%s", fixture->port, path);
    g_autofree char *who_header = g_strconcat("X-Who: ", who ? who : "user:default/ada", NULL);
    const char *headers[] = {who_header, body ? "Content-Type: application/json" : NULL, NULL};
    HttpRequest request = {.method = method,
                           .url = url,
                           .headers = headers,
                           .body = body,
                           .body_length = body ? strlen(body) : 0,
                           .allow_private = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpReply) reply = http_send(&request, &error);

    g_assert_no_error(error);
    if (reply->status != wanted)
        g_error("%s %s: got %ld: %s", method, path, reply->status, reply->body);
    const Value *value = json_parse(arena, reply->body, (gssize)reply->length, &error);
    g_assert_no_error(error);
    return value;
}

static char *submit_held(Fixture *fixture)
{
    return test_jobs_submit(fixture->queue, &(JobSpec){.kind = "hold",
                                                       .title = "Hold",
                                                       .subject = "component:default/a",
                                                       .actor = "user:default/ada"});
}

static void a_job_is_listed_and_shown(Fixture *fixture, const void *data)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = submit_held(fixture);
    g_autofree char *path = g_strconcat("/api/jobs/v1/jobs/", id, NULL);

    atomic_store(&fixture->go_on, true);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
    const Value *list =
        call(fixture, arena, "GET", "/api/jobs/v1/jobs?kind=hold&state=succeeded", NULL, NULL, 200);
    g_assert_cmpstr(value_path_string(value_item(value_get(list, "items"), 0), "id", ""), ==, id);
    list = call(fixture, arena, "GET", "/api/jobs/v1/jobs?subject=other", NULL, NULL, 200);
    g_assert_cmpuint(value_count(value_get(list, "items")), ==, 0);
    const Value *job = call(fixture, arena, "GET", path, NULL, NULL, 200);
    g_assert_cmpstr(value_path_string(value_item(value_get(job, "steps"), 0), "name", ""), ==,
                    "Greet");
    call(fixture, arena, "GET", "/api/jobs/v1/jobs/none", NULL, NULL, 404);
    call(fixture, arena, "GET", "/api/jobs/v1/jobs?limit=no", NULL, NULL, 400);
}

static void output_goes_on_from_where_it_was_left(Fixture *fixture, const void *data)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = submit_held(fixture);
    g_autofree char *first = g_strdup_printf("/api/jobs/v1/jobs/%s/output?limit=2", id);

    atomic_store(&fixture->go_on, true);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
    const Value *page = call(fixture, arena, "GET", first, NULL, NULL, 200);
    g_assert_cmpuint(value_count(value_get(page, "lines")), ==, 2);
    g_assert_false(value_bool(value_get(page, "ended"), true));
    g_autofree char *rest = g_strdup_printf("/api/jobs/v1/jobs/%s/output?after=%d", id,
                                            (int)value_int(value_get(page, "next"), 0));
    page = call(fixture, arena, "GET", rest, NULL, NULL, 200);
    const Value *line = value_item(value_get(page, "lines"), 0);
    g_assert_cmpstr(value_path_string(line, "text", ""), ==, "three");
    g_assert_cmpstr(value_path_string(line, "step", ""), ==, "greet");
    g_assert_true(value_bool(value_get(page, "ended"), false));
}

static void only_its_owner_may_cancel_a_job(Fixture *fixture, const void *data)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = submit_held(fixture);
    g_autofree char *cancel = g_strdup_printf("/api/jobs/v1/jobs/%s/cancel", id);
    g_autofree char *retry = g_strdup_printf("/api/jobs/v1/jobs/%s/retry", id);
    g_autofree char *answer = g_strdup_printf("/api/jobs/v1/jobs/%s/answer", id);

    call(fixture, arena, "POST", cancel, "user:default/eve", "{}", 403);
    call(fixture, arena, "POST", retry, NULL, "{}", 409);
    call(fixture, arena, "POST", answer, NULL, "{\"answer\":\"done\"}", 409);
    call(fixture, arena, "POST", cancel, NULL, "{}", 200);
    test_jobs_assert_ends(fixture->queue, id, "cancelled");
    atomic_store(&fixture->go_on, true);
    call(fixture, arena, "POST", retry, "user:default/eve", "{}", 403);
    call(fixture, arena, "POST", retry, NULL, "{}", 200);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
}

static void what_a_job_submitted_belongs_to_the_person_behind_it(Fixture *fixture, const void *data)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = submit_held(fixture);
    g_autofree char *actor = g_strconcat("job:", id, NULL);
    g_autofree char *child =
        test_jobs_submit(fixture->queue, &(JobSpec){.kind = "never", .actor = actor});
    g_autofree char *cancel = g_strdup_printf("/api/jobs/v1/jobs/%s/cancel", child);

    call(fixture, arena, "POST", cancel, "user:default/eve", "{}", 403);
    call(fixture, arena, "POST", cancel, NULL, "{}", 200);
}

/* ---- streams ---- */

typedef struct {
    Fixture *fixture;
    GString *text;
    const char *until;       /* ends the stream once text holds it */
    const char *then_go_on;  /* lets the job end once text holds it */
    const char *then_append; /* appends an event once text holds it */
} Stream;

static gboolean take(const char *bytes, gsize length, void *data)
{
    Stream *stream = data;

    g_string_append_len(stream->text, bytes, (gssize)length);
    if (stream->then_go_on && strstr(stream->text->str, stream->then_go_on))
        atomic_store(&stream->fixture->go_on, true);
    if (stream->then_append && strstr(stream->text->str, stream->then_append)) {
        stream->then_append = NULL;
        g_free(test_jobs_submit(stream->fixture->queue, &(JobSpec){.id = "late", .kind = "none"}));
    }
    return !stream->until || !strstr(stream->text->str, stream->until);
}

static void read_stream(Fixture *fixture, const char *path, const char *header, Stream *stream)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d%s", fixture->port, path);
    const char *headers[] = {header, NULL};
    HttpRequest request = {
        .url = url, .headers = headers, .allow_private = TRUE, .timeout_ms = 20000};
    long status = 0;

    stream->fixture = fixture;
    stream->text = g_string_new(NULL);
    http_stream(&request, take, stream, &status, NULL);
    g_assert_cmpint(status, ==, 200);
}

static void assert_order(const char *text, const char *const *wanted)
{
    for (const char *from = text; *wanted; wanted++) {
        const char *found = strstr(from, *wanted);
        if (!found)
            g_error("\"%s\" is missing or out of order in:\n%s", *wanted, text);
        from = found;
    }
}

static void a_stream_carries_lines_states_and_the_end(Fixture *fixture, const void *data)
{
    g_autofree char *id = submit_held(fixture);
    g_autofree char *path = g_strdup_printf("/api/jobs/v1/jobs/%s/stream", id);
    Stream stream = {.then_go_on = "\"two\""};

    read_stream(fixture, path, NULL, &stream);
    assert_order(stream.text->str,
                 (const char *[]){"event: line\n", "\"one\"", "\"two\"", "\"three\"",
                                  "\"succeeded\"", "event: end\n", NULL});
    g_assert_nonnull(strstr(stream.text->str, "event: job\n"));
    g_string_free(stream.text, TRUE);
}

static void a_stream_goes_on_after_the_line_that_was_seen_last(Fixture *fixture, const void *data)
{
    g_autofree char *id = submit_held(fixture);
    g_autofree char *path = g_strdup_printf("/api/jobs/v1/jobs/%s/stream", id);
    Stream stream = {0};

    atomic_store(&fixture->go_on, true);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
    read_stream(fixture, path, "Last-Event-ID: 1", &stream);
    g_assert_null(strstr(stream.text->str, "\"two\""));
    assert_order(stream.text->str, (const char *[]){"id: 2\n", "\"three\"", "event: end", NULL});
    g_string_free(stream.text, TRUE);
}

static void events_are_listed_newest_or_oldest_first(Fixture *fixture, const void *data)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = submit_held(fixture);

    atomic_store(&fixture->go_on, true);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
    const Value *page = call(fixture, arena, "GET",
                             "/api/events/v1/events?order=desc&limit=1&subject=component:default/a",
                             NULL, NULL, 200);
    g_assert_cmpstr(value_path_string(value_item(value_get(page, "items"), 0), "type", ""), ==,
                    "dev.pave.jobs.job.succeeded");
    g_assert_cmpint(value_int(value_get(page, "head"), 0), ==, 3);
    page = call(fixture, arena, "GET", "/api/events/v1/events?after=1", NULL, NULL, 200);
    g_assert_cmpuint(value_count(value_get(page, "items")), ==, 2);
    call(fixture, arena, "GET", "/api/events/v1/events?order=up", NULL, NULL, 400);
}

static void the_log_is_streamed_from_a_place_on(Fixture *fixture, const void *data)
{
    g_autofree char *id = submit_held(fixture);
    Stream stream = {.then_append = "job.succeeded", .until = "id: 4\n"};

    atomic_store(&fixture->go_on, true);
    test_jobs_assert_ends(fixture->queue, id, "succeeded");
    read_stream(fixture, "/api/events/v1/stream?after=1&type=dev.pave.jobs.", NULL, &stream);
    g_assert_null(strstr(stream.text->str, "id: 1\n"));
    assert_order(stream.text->str,
                 (const char *[]){"id: 2\n", "id: 3\n", "job.succeeded", "id: 4\n", NULL});
    g_string_free(stream.text, TRUE);
}

static void add(const char *path, void (*function)(Fixture *, const void *))
{
    g_test_add(path, Fixture, NULL, set_up, function, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/api/jobs/a-job-is-listed-and-shown", a_job_is_listed_and_shown);
    add("/api/jobs/output-goes-on-from-where-it-was-left", output_goes_on_from_where_it_was_left);
    add("/api/jobs/only-its-owner-may-cancel-a-job", only_its_owner_may_cancel_a_job);
    add("/api/jobs/what-a-job-submitted-belongs-to-the-person-behind-it",
        what_a_job_submitted_belongs_to_the_person_behind_it);
    add("/api/jobs/a-stream-carries-lines-states-and-the-end",
        a_stream_carries_lines_states_and_the_end);
    add("/api/jobs/a-stream-goes-on-after-the-line-that-was-seen-last",
        a_stream_goes_on_after_the_line_that_was_seen_last);
    add("/api/events/are-listed-newest-or-oldest-first", events_are_listed_newest_or_oldest_first);
    add("/api/events/the-log-is-streamed-from-a-place-on", the_log_is_streamed_from_a_place_on);
    return test_db_run();
}
