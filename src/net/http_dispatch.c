/* From a request's head to its answer: strictness, host, route, body, handler. The access handler
 * is called by libmicrohttpd on an event thread: once for the head, for each piece of the body, at
 * its end, and again after each resume. */
#include "net/http_dispatch.h"
#include <string.h>

static enum MHD_Result queue_response(Request *request)
{
    Response *response = request->response;
    struct MHD_Response *made = response_to_mhd(request, response);
    enum MHD_Result queued;
    RouteEntry *entry = request->entry;
    int class = (int)CLAMP(response->status / 100, 1, 5);

    if (!made)
        return MHD_NO;
    if (entry) {
        atomic_fetch_add(&entry->answered[class], 1);
        atomic_fetch_add(&entry->duration_us,
                         (uint64_t)(g_get_monotonic_time() - request->started_us));
    } else {
        atomic_fetch_add(&request->server->refused, 1);
    }
    queued = MHD_queue_response(request->connection, response->status, made);
    MHD_destroy_response(made);
    if (queued == MHD_YES && response->kind == RESPONSE_SSE)
        http_sse_add(request->server->sse, request);
    return queued;
}

/* Is the body read to its end before the answer? An answer that is queued earlier closes the
 * connection, and a client that is still sending sees a reset instead of it. Who asked before it
 * sends, or sends too much, is answered at once. */
static gboolean reads_to_the_end(const Request *request)
{
    const char *length = request_header(request, "Content-Length");

    return !request_header(request, "Expect") &&
           (!length || g_ascii_strtoull(length, NULL, 10) <= DRAIN_BYTES_MAX);
}

/* Answers from the event thread: at the end of the request where that may be waited for. */
static enum MHD_Result answer(Request *request, Response *response)
{
    request->response = response;
    return request->in_head && reads_to_the_end(request) ? MHD_YES : queue_response(request);
}

/* Answers at once and closes: where the request ends is not sure, or not worth waiting for. */
static enum MHD_Result refuse(Request *request, unsigned status, PaveErrorCode code,
                              const char *message)
{
    g_autoptr(GError) error = g_error_new_literal(PAVE_ERROR, (int)code, message);
    Response *response = response_error(request, error);

    response->status = status;
    request->response = response_header(response, "Connection", "close");
    return request->in_head && !request->has_body ? MHD_YES : queue_response(request);
}

/* ---- running a handler ---- */

static gboolean authenticate(Request *request, GError **error)
{
    HttpServer *server = request->server;

    if (!request->permission || !server->authenticator || request->authenticated)
        return TRUE;
    request->authenticated = TRUE;
    return server->authenticator(request, request->permission, &request->principal,
                                 server->authenticator_data, error);
}

static Response *call_handler(Request *request, GError **error)
{
    HttpServer *server = request->server;

    if (!authenticate(request, error))
        return NULL;
    if (request->mode != ROUTE_STREAM &&
        !request_inflate_body(request, server->options.body_size_max, error))
        return NULL;
    return request->handler(request, request->room, error);
}

/* A service behind us that does not answer is no trouble of ours. */
static void log_failure(const Request *request, const GError *error)
{
    if (error_status(error) >= 500 && request->permission)
        g_warning("%s %s: %s", request->method, request->path, error->message);
}

static Response *failure_response(const Request *request, const GError *error)
{
    Response *response = response_error(request, error);

    log_failure(request, error);
    if (error_status(error) == 401 && request->mode == ROUTE_STREAM)
        response_header(response, "WWW-Authenticate", "Basic realm=\"Pave\"");
    return response;
}

static Response *run_handler(Request *request)
{
    g_autoptr(GError) error = NULL;
    Response *response = call_handler(request, &error);

    if (response) {
        response_finish(request, response);
        return response;
    }
    if (!error) /* a handler that says nothing is our own fault */
        g_error("the handler of %s %s gave neither reply nor error", request->method,
                request->path);
    return failure_response(request, error);
}

static void run_worker(void *data)
{
    Request *request = data;
    Response *response = run_handler(request);

    pthread_mutex_lock(&request->lock);
    request->response = response;
    request_resume_locked(request);
    pthread_mutex_unlock(&request->lock);
    request_unref(request);
}

/* A handler may have begun its reply before it failed: then only breaking the connection tells the
 * client that what it got is not all. */
static void settle_stream(Request *request, Response *response)
{
    Response *stream = request->stream;

    pthread_mutex_lock(&request->lock);
    if (stream && stream->published) {
        if (response != stream) {
            stream->broken = TRUE;
            request_resume_locked(request);
        }
        pthread_mutex_unlock(&request->lock);
        if (response != stream)
            response_free(response);
        return;
    }
    request->response = response;
    request_resume_locked(request);
    pthread_mutex_unlock(&request->lock);
}

static void run_stream(void *data)
{
    Request *request = data;

    settle_stream(request, run_handler(request));
    request_unref(request);
}

static enum MHD_Result go_on(Request *request, const char *bytes, size_t *size);

/* Hands the request to a worker; the connection is suspended until it has answered. */
static enum MHD_Result dispatch(Request *request)
{
    gboolean stream = request->mode == ROUTE_STREAM;
    size_t none = 0;

    request->dispatched = TRUE;
    if (request->mode == ROUTE_INLINE)
        return answer(request, run_handler(request));
    request_ref(request);
    if (http_pool_push(stream ? request->server->streams : request->server->workers,
                       stream ? run_stream : run_worker, request))
        return go_on(request, NULL, &none);
    request_unref(request);
    return refuse(request, 503, ERROR_SERVICE_UNAVAILABLE,
                  "The server has too much to do; try again in a moment");
}

/* ---- the head ---- */

static gboolean host_is_ours(const Request *request)
{
    const HttpServer *server = request->server;

    return !server->hosts ||
           (request->host && g_strv_contains((const char *const *)server->hosts, request->host));
}

static void use_entry(Request *request, RouteEntry *entry)
{
    request->entry = entry;
    request->handler = entry->route->handler;
    request->room = entry->room;
    request->mode = entry->route->mode;
    request->permission = entry->route->permission;
}

/* Finds what answers the request; FALSE after it was refused, with the result in *queued. */
static gboolean find_route(Request *request, enum MHD_Result *queued)
{
    HttpServer *server = request->server;
    RouteMatch match;
    Arena *arena = request->arena;
    gboolean reads = request->head || g_str_equal(request->method, "GET");

    http_router_match(server->router, arena, request->method, request->segments, &match);
    if (!match.entry && request->head)
        http_router_match(server->router, arena, "GET", request->segments, &match);
    request->captured = match.captured;
    if (match.entry) {
        use_entry(request, match.entry);
        return TRUE;
    }
    if (server->fallback && reads && !g_str_has_prefix(request->path, "/api/")) {
        use_entry(request, server->fallback);
        return TRUE;
    }
    if (match.allow && g_str_equal(request->method, "OPTIONS")) {
        *queued = answer(
            request, response_header(response_text(200, "text/html; charset=utf-8", match.allow),
                                     "Allow", match.allow));
        return FALSE;
    }
    if (match.allow) {
        g_autoptr(GError) error =
            g_error_new(PAVE_ERROR, ERROR_INPUT, "%s does not take %s, but %s", request->path,
                        request->method, match.allow);
        Response *response = response_error(request, error);

        response->status = 405;
        *queued = answer(request, response_header(response, "Allow", match.allow));
        return FALSE;
    }
    {
        g_autoptr(GError) error =
            g_error_new(PAVE_ERROR, ERROR_NOT_FOUND, "There is nothing at %s", request->path);

        *queued = answer(request, response_error(request, error));
    }
    return FALSE;
}

/* Of strangers only what a sign-in needs. */
static gsize body_size_max(const Request *request)
{
    gsize most = request->server->options.body_size_max;

    return request->principal || !request->server->authenticator
               ? most
               : MIN(most, STRANGERS_BODY_BYTES_MAX);
}

static gboolean too_large(const Request *request)
{
    const char *length = request_header(request, "Content-Length");

    return length &&
           (strlen(length) > 18 || g_ascii_strtoull(length, NULL, 10) > body_size_max(request));
}

/* Nobody's body is kept in memory before it is known whose it is. */
static enum MHD_Result let_body_in(Request *request)
{
    g_autoptr(GError) error = NULL;

    if (!authenticate(request, &error))
        return answer(request, failure_response(request, error));
    if (too_large(request))
        return refuse(request, 413, ERROR_TOO_LARGE, "The request body is too large");
    return MHD_YES;
}

static enum MHD_Result begin(Request *request, const char *url, const char *method,
                             const char *version)
{
    HttpServer *server = request->server;
    enum MHD_Result queued;
    const char *wrong;

    wrong = http_read_head(request, url, method, version);
    if (wrong)
        return refuse(request, 400, ERROR_INPUT, wrong);
    if (atomic_load(&server->closed))
        return refuse(request, 503, ERROR_SERVICE_UNAVAILABLE, "The server is stopping");
    request->host = http_parse_host(request->arena, request_header(request, "Host"));
    if (!host_is_ours(request)) {
        if (!server->foreign)
            return refuse(request, 421, ERROR_NOT_FOUND, "This host is not served here");
        use_entry(request, server->foreign);
    } else {
        if (!http_split_path(request))
            return refuse(request, 400, ERROR_INPUT, "The path is not valid");
        if (!find_route(request, &queued))
            return queued;
    }
    if (request->mode == ROUTE_STREAM) {
        request->incoming = g_byte_array_new();
        return request->has_body ? dispatch(request) : MHD_YES;
    }
    return request->has_body ? let_body_in(request) : MHD_YES;
}

/* ---- the body ---- */

static enum MHD_Result drain(Request *request, size_t *size)
{
    request->drained += *size;
    *size = 0;
    return request->drained > DRAIN_BYTES_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result collect(Request *request, const char *bytes, size_t *size)
{
    gsize have = request->body ? request->body->len : 0;

    if (request->body_too_large || have + *size > body_size_max(request)) {
        request->body_too_large = TRUE;
        return drain(request, size);
    }
    if (!request->body)
        request->body = g_byte_array_new();
    g_byte_array_append(request->body, (const guint8 *)bytes, (guint)*size);
    *size = 0;
    return MHD_YES;
}

/* Handlers may treat the body as text: there is a NUL behind it that does not count. */
static void terminate_body(Request *request)
{
    if (!request->body)
        return;
    g_byte_array_append(request->body, (const guint8 *)"", 1);
    request->body->len--;
}

static enum MHD_Result go_on_whole(Request *request, const char *bytes, size_t *size)
{
    Response *response;

    if (*size > 0)
        return request->response && !request->dispatched ? drain(request, size)
                                                         : collect(request, bytes, size);
    if (!request->dispatched && !request->response) {
        if (request->body_too_large)
            return refuse(request, 413, ERROR_TOO_LARGE, "The request body is too large");
        terminate_body(request);
        return dispatch(request);
    }
    pthread_mutex_lock(&request->lock);
    response = request->response;
    if (!response)
        request_suspend_locked(request);
    pthread_mutex_unlock(&request->lock);
    return response ? queue_response(request) : MHD_YES;
}

/* Takes what fits; what does not stays with libmicrohttpd until the handler has read on. Called
 * with the lock. */
static void take_locked(Request *request, const char *bytes, size_t *size)
{
    gsize space = STREAM_BUFFER_BYTES - MIN(STREAM_BUFFER_BYTES, request->incoming->len);
    gsize taken = MIN(space, *size);

    g_byte_array_append(request->incoming, (const guint8 *)bytes, (guint)taken);
    *size -= taken;
    if (*size > 0)
        request_suspend_locked(request);
    pthread_cond_broadcast(&request->changed);
}

static enum MHD_Result go_on_stream(Request *request, const char *bytes, size_t *size)
{
    enum MHD_Result result = MHD_YES;
    gboolean answered;

    if (!request->dispatched) { /* there is no body */
        request->in_body = request->body_wanted = request->body_ended = TRUE;
        return dispatch(request);
    }
    pthread_mutex_lock(&request->lock);
    answered = request->response != NULL;
    if (*size > 0) {
        if (answered)
            result = drain(request, size);
        else
            take_locked(request, bytes, size);
        answered = FALSE; /* it is queued at the end of the body */
    } else if (!request->in_body && (answered ? reads_to_the_end(request) : request->body_wanted)) {
        request->in_body = TRUE; /* lets libmicrohttpd read the body */
        answered = FALSE;
    } else if (!answered) {
        if (request->in_body) {
            request->body_ended = TRUE;
            pthread_cond_broadcast(&request->changed);
        }
        request_suspend_locked(request);
    }
    pthread_mutex_unlock(&request->lock);
    return answered ? queue_response(request) : result;
}

static enum MHD_Result go_on(Request *request, const char *bytes, size_t *size)
{
    return request->mode == ROUTE_STREAM ? go_on_stream(request, bytes, size)
                                         : go_on_whole(request, bytes, size);
}

enum MHD_Result http_on_request(void *data, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **context)
{
    Request *request = *context;
    gboolean aborted;

    if (!request->begun) {
        enum MHD_Result result;

        request->begun = request->in_head = TRUE;
        result = begin(request, url, method, version);
        request->in_head = FALSE;
        return result;
    }
    pthread_mutex_lock(&request->lock);
    aborted = request->aborted;
    pthread_mutex_unlock(&request->lock);
    return aborted ? MHD_NO : go_on(request, bytes, size);
}

void *http_on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    Listener *listener = data;
    HttpServer *server = listener->server;
    Request *request = request_new(server, target);

    request->listener = listener;
    request->connection = connection;
    atomic_fetch_add(&server->in_flight, 1);
    pthread_mutex_lock(&server->lock);
    g_queue_push_tail_link(&server->live, &request->link);
    pthread_mutex_unlock(&server->lock);
    return request;
}

void http_on_completed(void *data, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code)
{
    Request *request = *context;
    HttpServer *server;

    if (!request)
        return;
    *context = NULL;
    server = request->server;
    pthread_mutex_lock(&request->lock);
    request->gone = TRUE;
    pthread_cond_broadcast(&request->changed);
    pthread_mutex_unlock(&request->lock);
    pthread_mutex_lock(&server->lock);
    g_queue_unlink(&server->live, &request->link);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    atomic_fetch_sub(&server->in_flight, 1);
    request_unref(request);
}
