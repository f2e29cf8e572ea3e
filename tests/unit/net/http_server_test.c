#include "raw_http.h"
#include <zlib.h>

typedef struct {
    HttpServer *server;
    guint16 port;
    _Atomic int sse_count;
    _Atomic gboolean reading_allowed;
    _Atomic gboolean stream_failed;
    int pieces;
    _Atomic gboolean pieces_ended;
    _Atomic gboolean destroyed;
} Fixture;

static Response *hello(Request *request, void *room, GError **error)
{
    return response_text(200, "text/plain", "hello");
}

static Response *show(Request *request, void *room, GError **error)
{
    g_autofree char *text = g_strdup_printf(
        "kind=%s name=%s q=%s host=%s", request_param(request, "kind"),
        request_param(request, "name"), request_query(request, "q"), request_host(request));

    return response_text(200, "text/plain", text);
}

static Response *literal(Request *request, void *room, GError **error)
{
    return response_text(200, "text/plain", "the literal one");
}

static Response *rest(Request *request, void *room, GError **error)
{
    g_autofree char *text = g_strdup_printf("repo=%s rest=%s", request_param(request, "repository"),
                                            request_param(request, "rest"));

    return response_text(200, "text/plain", text);
}

static Response *big_json(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    Value *list = value_array_new(arena);

    for (int i = 0; i < 500; i++)
        value_append(arena, list, value_string_new(arena, "component:default/order-service"));
    return response_json(request, 200, list);
}

static Response *echo_json(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);

    return body ? response_json(request, 201, body) : NULL;
}

static Response *fail(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No entity named 'x'");
    return NULL;
}

static Response *upload(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;
    char buffer[10000];
    gsize total = 0;
    gssize got;

    while (!fixture->reading_allowed)
        g_usleep(1000);
    while ((got = request_body_read(request, buffer, sizeof buffer, error)) > 0)
        total += (gsize)got;
    if (got < 0)
        return NULL;
    g_snprintf(buffer, sizeof buffer, "%zu", total);
    return response_text(200, "text/plain", buffer);
}

static Response *refuse_upload(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "there is one already");
    return NULL;
}

static Response *download(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;
    Response *response = response_stream_begin(request, 200, "application/octet-stream");
    g_autofree char *block = g_malloc0(100000);
    g_autoptr(GError) why = NULL;

    for (int i = 0; i < 100; i++)
        if (!response_stream_write(response, block, 100000, &why)) {
            g_assert_error(why, PAVE_ERROR, ERROR_CANCELLED);
            fixture->stream_failed = TRUE;
            break;
        }
    return response_stream_end(response);
}

/* Thirty pieces of 100,000 bytes. */
static void next_piece(void *data, GString *out)
{
    Fixture *fixture = data;

    if (fixture->pieces++ < 30)
        g_string_set_size(out, 100000);
}

static void pieces_end(void *data)
{
    Fixture *fixture = data;

    fixture->pieces_ended = TRUE;
}

static Response *pieces(Request *request, void *room, GError **error)
{
    Fixture *fixture = room;

    fixture->pieces = 0;
    return response_pieces(request, 200, "application/octet-stream", next_piece, fixture,
                           pieces_end);
}

static Response *break_off(Request *request, void *room, GError **error)
{
    Response *response = response_stream_begin(request, 200, "text/plain");

    response_stream_write(response, "some", 4, NULL);
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the disk is gone");
    return NULL;
}

static gboolean produce(void *data, GString *out)
{
    Fixture *fixture = data;
    int number = ++fixture->sse_count;

    if (number > 3)
        return FALSE;
    sse_append(out, "event", "7", "{\"a\":1}\nsecond");
    return TRUE;
}

static void destroyed(void *data)
{
    ((Fixture *)data)->destroyed = TRUE;
}

static Response *events(Request *request, void *room, GError **error)
{
    return response_sse(request, "log", produce, room, destroyed);
}

static void shout(int fd, const void *early, gsize early_length, void *data)
{
    char buffer[100];
    ssize_t got;

    raw_send(fd, early, (gssize)early_length);
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
        raw_send(fd, buffer, got);
    close(fd);
}

static Response *upgrade(Request *request, void *room, GError **error)
{
    return response_header(response_upgrade(request, shout, room, NULL), "Upgrade", "echo");
}

static Response *foreign(Request *request, void *room, GError **error)
{
    g_autofree char *text = g_strdup_printf("service at %s", request_host(request));

    return response_text(200, "text/plain", text);
}

static Response *portal(Request *request, void *room, GError **error)
{
    return response_text(200, "text/html", "<!doctype html>");
}

static gboolean authenticate(Request *request, const char *permission, void **principal, void *data,
                             GError **error)
{
    if (g_str_equal(permission, PERMISSION_PUBLIC) || request_header(request, "Authorization"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "Missing credentials");
    return FALSE;
}

static const Route routes[] = {
    {"GET", "/api/hello/v1", hello, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/worker/v1", hello, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/show/{kind}/{name}", show, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/show/{kind}/literal", literal, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/git/{repository}.git/{rest...}", rest, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/big/v1", big_json, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"POST", "/api/echo/v1", echo_json, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/echo/inline", echo_json, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/catalog/fail", fail, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/secret/v1", hello, ROUTE_INLINE, "secret.read"},
    {"POST", "/api/secret/v1", echo_json, ROUTE_WORKER, "secret.write"},
    {"POST", "/api/upload/v1", upload, ROUTE_STREAM, PERMISSION_PUBLIC},
    {"POST", "/api/upload/refused", refuse_upload, ROUTE_STREAM, PERMISSION_PUBLIC},
    {"POST", "/api/upload/secret", upload, ROUTE_STREAM, "secret.write"},
    {"GET", "/api/download/v1", download, ROUTE_STREAM, PERMISSION_PUBLIC},
    {"GET", "/api/download/pieces", pieces, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/download/broken", break_off, ROUTE_STREAM, PERMISSION_PUBLIC},
    {"GET", "/api/events/v1", events, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/upgrade/v1", upgrade, ROUTE_STREAM, PERMISSION_PUBLIC},
    {NULL},
};

static void set_up(Fixture *fixture, gconstpointer data)
{
    static const char *const hosts[] = {"pave.localhost", "localhost", NULL};
    HttpServerOptions options = {.body_size_max = 100000, .hosts = hosts};

    fixture->reading_allowed = TRUE;
    fixture->server = http_server_new(&options);
    http_mount(fixture->server, routes, fixture);
    http_server_set_authenticator(fixture->server, authenticate, NULL, NULL);
    http_server_set_fallback(fixture->server, portal, NULL);
    if (data)
        http_server_set_foreign_host_handler(fixture->server, foreign, NULL);
    fixture->port = raw_listen(fixture->server);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    http_server_free(fixture->server);
}

static char *get(Fixture *fixture, const char *path, const char *headers)
{
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", path,
                        headers ? headers : "");

    return raw_exchange(fixture->port, request);
}

static void test_routes(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *path, *wanted;
    } cases[] = {
        {"/api/hello/v1", "\r\n\r\nhello"},
        {"/api/hello/v1/", "\r\n\r\nhello"},
        {"/api/worker/v1", "\r\n\r\nhello"},
        {"/api/show/component/a%2Fb%20c?x=1&q=1+2%263",
         "kind=component name=a/b c q=1 2&3 host=localhost"},
        {"/api/show/component/literal", "the literal one"},
        {"/git/order.git/info/refs?service=git-upload-pack", "repo=order rest=info/refs"},
        {"/api/nothing", "HTTP/1.1 404"},
        {"/api/show/%ff/x", "HTTP/1.1 400"},
        {"/api/show/%00/x", "HTTP/1.1 400"},
        {"/api/show/../x", "HTTP/1.1 400"},
        {"/api/show/%2e%2e/x", "HTTP/1.1 400"},
        {"/api/echo/v1", "HTTP/1.1 405"},
        {"/api/echo/v1", "Allow: POST"},
        {"/catalog/anything", "<!doctype html>"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reply = get(fixture, cases[i].path, NULL);

        assert_contains(reply, cases[i].wanted);
    }
}

static void test_error_shape(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply = get(fixture, "/api/catalog/fail", NULL);

    assert_contains(reply, "HTTP/1.1 404");
    assert_contains(reply, "{\"error\":{\"name\":\"NotFoundError\",\"message\":\"No entity named "
                           "'x'\"},\"request\":{\"method\":\"GET\",\"url\":\"/fail\"},"
                           "\"response\":{\"statusCode\":404}}");
}

static void test_authentication(Fixture *fixture, gconstpointer data)
{
    g_autofree char *without = get(fixture, "/api/secret/v1", NULL);
    g_autofree char *with = get(fixture, "/api/secret/v1", "Authorization: Bearer x\r\n");
    g_autofree char *stream = raw_exchange(
        fixture->port, "POST /api/upload/secret HTTP/1.1\r\nHost: localhost\r\nConnection: "
                       "close\r\nContent-Length: 0\r\n\r\n");

    assert_contains(without, "HTTP/1.1 401");
    assert_contains(without, "AuthenticationError");
    assert_contains(with, "hello");
    assert_contains(stream, "HTTP/1.1 401");
    assert_contains(stream, "WWW-Authenticate: Basic");
}

/* A client that sends its body in a packet of its own must see the refusal, not a reset. */
static void test_refused_bodies(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *head;
        gsize length;
        const char *wanted;
    } cases[] = {
        {"POST /api/secret/v1 HTTP/1.1\r\nContent-Length: 1000000\r\n", 1000000, "HTTP/1.1 401"},
        {"POST /api/upload/secret HTTP/1.1\r\nContent-Length: 1000000\r\n", 1000000,
         "HTTP/1.1 401"},
        {"POST /api/nothing HTTP/1.1\r\nContent-Length: 1000000\r\n", 1000000, "HTTP/1.1 404"},
        {"POST /api/secret/v1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n", 0,
         "HTTP/1.1 401"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Length: 70000\r\n", 0, "HTTP/1.1 413"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *head = g_strconcat(cases[i].head, "Host: localhost\r\n\r\n", NULL);
        g_autofree char *body = g_strnfill(cases[i].length, 'x');
        g_autoptr(GString) got = g_string_new(NULL);
        int fd = raw_connect(fixture->port);

        raw_send(fd, head, -1);
        g_usleep(20000);
        raw_send(fd, body, -1);
        raw_read_until(fd, got, "}}");
        assert_contains(got->str, cases[i].wanted);
        assert_lacks(got->str, "100 Continue");
        close(fd);
    }
}

static void test_hosts(Fixture *fixture, gconstpointer data)
{
    g_autofree char *unknown =
        raw_exchange(fixture->port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    g_autofree char *mixed = raw_exchange(
        fixture->port, "GET /api/hello/v1 HTTP/1.1\r\nHost: Pave.LocalHost:7007\r\nConnection: "
                       "close\r\n\r\n");

    assert_contains(unknown, data ? "service at evil.example" : "HTTP/1.1 421");
    assert_contains(mixed, "hello");
}

static void test_foreign_host(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply = raw_exchange(
        fixture->port, "GET /api/hello/v1 HTTP/1.1\r\nHost: order.staging.localhost:1\r\n"
                       "Connection: close\r\n\r\n");

    assert_contains(reply, "service at order.staging.localhost");
}

static void test_etag(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = get(fixture, "/api/big/v1", NULL), *second = NULL, *header = NULL;
    char *at = strstr(first, "ETag: W/\"");

    g_assert_nonnull(at);
    header = g_strdup_printf("If-None-Match: \"x\", %.*s\r\n", (int)strcspn(at + 6, "\r"), at + 6);
    second = get(fixture, "/api/big/v1", header);
    assert_contains(second, "HTTP/1.1 304");
    assert_contains(second, "ETag: W/");
    assert_lacks(second, "order-service");
}

static void test_gzip(Fixture *fixture, gconstpointer data)
{
    g_autofree char *packed = get(fixture, "/api/big/v1", "Accept-Encoding: br, gzip\r\n");
    g_autofree char *plain = get(fixture, "/api/big/v1", "Accept-Encoding: gzip;q=0\r\n");

    assert_contains(packed, "Content-Encoding: gzip");
    assert_contains(packed, "Vary: Accept-Encoding");
    assert_lacks(plain, "Content-Encoding");
    assert_contains(plain, "order-service");
}

static void test_head(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply =
        raw_exchange(fixture->port,
                     "HEAD /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    g_autofree char *stream = raw_exchange(
        fixture->port,
        "HEAD /api/download/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assert_contains(reply, "Content-Length: 5");
    assert_lacks(reply, "hello");
    assert_contains(stream, "HTTP/1.1 200");
}

static void test_security_headers(Fixture *fixture, gconstpointer data)
{
    g_autofree char *page = get(fixture, "/", NULL);

    assert_contains(page, "Content-Security-Policy: default-src 'self'; script-src 'self';");
    assert_contains(page, "frame-ancestors 'none'");
    assert_contains(page, "X-Content-Type-Options: nosniff");
}

static void test_bodies(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *head, *body, *wanted;
    } cases[] = {
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n",
         "{\"a\":1}", "HTTP/1.1 201"},
        {"POST /api/echo/inline HTTP/1.1\r\nContent-Type: application/json; "
         "charset=utf-8\r\nContent-Length: 7\r\n",
         "{\"a\":1}", "{\"a\":1}"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: "
         "chunked\r\n",
         "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", "{\"a\":1}"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n",
         "{\"a\":1}", "application/json"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 3\r\n",
         "{\"a", "HTTP/1.1 400"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 0\r\n",
         "", "HTTP/1.1 400"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
         "200000\r\n",
         "", "HTTP/1.1 413"},
        {"POST /api/echo/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
         "99999999999999999999\r\n",
         "", "HTTP/1.1 4"},
        {"POST /api/upload/v1 HTTP/1.1\r\nContent-Length: 5\r\n", "12345", "\r\n\r\n5"},
        {"POST /api/upload/v1 HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n", "12345",
         "HTTP/1.1 100"},
        {"POST /api/upload/refused HTTP/1.1\r\nContent-Length: 5\r\n", "12345", "HTTP/1.1 409"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request = g_strdup_printf(
            "%sHost: localhost\r\nConnection: close\r\n\r\n%s", cases[i].head, cases[i].body);
        g_autofree char *reply = raw_exchange(fixture->port, request);

        assert_contains(reply, cases[i].wanted);
    }
}

static void test_chunked_too_large(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) request =
        g_string_new("POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    g_autofree char *block = g_strnfill(50000, 'x'), *reply = NULL;

    for (int i = 0; i < 5; i++)
        g_string_append_printf(request, "%x\r\n%s\r\n", 50000, block);
    g_string_append(request, "0\r\n\r\n");
    reply = raw_exchange(fixture->port, request->str);
    assert_contains(reply, "HTTP/1.1 413");
}

static GBytes *gzipped(const char *text, gsize length)
{
    z_stream stream = {0};
    gsize room = length + 1000;
    guint8 *packed = g_malloc(room);

    deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)text;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&stream);
    return g_bytes_new_take(packed, stream.total_out);
}

static char *post_gzip(Fixture *fixture, const char *path, const char *text, gsize length)
{
    g_autoptr(GBytes) packed = gzipped(text, length);
    gsize size;
    const char *bytes = g_bytes_get_data(packed, &size);
    g_autofree char *head = g_strdup_printf(
        "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        path, size);
    GString *got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, head, -1);
    raw_send(fd, bytes, (gssize)size);
    raw_read_until(fd, got, NULL);
    close(fd);
    return g_string_free(got, FALSE);
}

static void test_gzip_bodies(Fixture *fixture, gconstpointer data)
{
    g_autofree char *zeros = g_strnfill(3000000, '0');
    g_autofree char *json = post_gzip(fixture, "/api/echo/v1", "{\"a\":1}", 7);
    g_autofree char *bomb = post_gzip(fixture, "/api/echo/v1", zeros, 3000000);
    g_autofree char *stream = post_gzip(fixture, "/api/upload/v1", zeros, 3000000);

    assert_contains(json, "HTTP/1.1 201");
    assert_contains(json, "{\"a\":1}");
    assert_contains(bomb, "HTTP/1.1 413");
    assert_contains(stream, "\r\n\r\n3000000");
}

static void test_keep_alive(Fixture *fixture, gconstpointer data)
{
    int fd = raw_connect(fixture->port);
    static const char *const paths[] = {"/api/hello/v1", "/api/worker/v1", "/api/nothing",
                                        "/api/worker/v1"};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GString) got = g_string_new(NULL);
        g_autofree char *request =
            g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", paths[i]);

        raw_send(fd, request, -1);
        raw_read_until(fd, got, i == 2 ? "404}}" : "hello");
        assert_contains(got->str, i == 2 ? "404}}" : "hello");
    }
    close(fd);
}

static void test_upload_backpressure(Fixture *fixture, gconstpointer data)
{
    const gsize total = 20 << 20;
    g_autofree char *block = g_malloc0(1 << 20);
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);
    gsize sent = 0;

    fixture->reading_allowed = FALSE;
    raw_send(fd,
             "POST /api/upload/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "Content-Length: 20971520\r\n\r\n",
             -1);
    /* nobody reads: what goes in is bounded by our buffer and the kernel's, far below 20 MiB */
    for (int idle = 0; idle < 100 && sent < total;) {
        ssize_t count =
            send(fd, block, MIN((gsize)1 << 20, total - sent), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (count > 0) {
            sent += (gsize)count;
            idle = 0;
        } else {
            g_usleep(2000);
            idle++;
        }
    }
    g_assert_cmpuint(sent, <, 12 << 20);
    fixture->reading_allowed = TRUE;
    while (sent < total) {
        ssize_t count = send(fd, block, MIN((gsize)1 << 20, total - sent), MSG_NOSIGNAL);

        g_assert_cmpint(count, >, 0);
        sent += (gsize)count;
    }
    raw_read_until(fd, got, NULL);
    assert_contains(got->str, "\r\n\r\n20971520");
    close(fd);
}

static void test_download(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/download/v1 HTTP/1.0\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, NULL);
    g_assert_cmpuint(got->len, >, 10000000);
    close(fd);
}

static void wait_for(_Atomic gboolean *flag)
{
    for (int i = 0; i < 10000 && !*flag; i++)
        g_usleep(1000);
    g_assert_true(*flag);
}

static void test_pieces(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/download/pieces HTTP/1.0\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, NULL);
    g_assert_cmpuint(got->len - (gsize)(strstr(got->str, "\r\n\r\n") - got->str) - 4, ==, 3000000);
    close(fd);
    wait_for(&fixture->pieces_ended);
}

static void test_pieces_client_leaves(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/download/pieces HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, "200 OK");
    close(fd);
    wait_for(&fixture->pieces_ended);
}

static void test_pieces_head(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply = raw_exchange(
        fixture->port,
        "HEAD /api/download/pieces HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assert_contains(reply, "HTTP/1.1 200");
    g_assert_cmpint(fixture->pieces, ==, 0);
    wait_for(&fixture->pieces_ended);
}

static void test_download_client_leaves(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/download/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, "200 OK");
    close(fd);
    wait_for(&fixture->stream_failed);
}

static void test_broken_stream(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply = NULL;

    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*the disk is gone*");
    reply = get(fixture, "/api/download/broken", NULL);
    g_test_assert_expected_messages();
    assert_contains(reply, "HTTP/1.1 200");
    assert_lacks(reply, "\r\n0\r\n"); /* the last chunk is missing: the client can tell */
}

static void test_sse(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/events/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, "data: second");
    assert_contains(got->str, "Content-Type: text/event-stream");
    assert_contains(got->str, "event: event\nid: 7\ndata: {\"a\":1}\ndata: second\n\n");
    g_assert_cmpint(fixture->sse_count, ==, 1);
    sse_wake(fixture->server, "other");
    sse_wake(fixture->server, "log");
    for (int i = 0; i < 900 && fixture->sse_count < 2; i++)
        g_usleep(1000);
    g_assert_cmpint(fixture->sse_count, >=, 2);
    while (fixture->sse_count < 4) {
        sse_wake(fixture->server, NULL);
        g_usleep(1000);
    }
    raw_read_until(fd, got, "\r\n0\r\n\r\n");
    assert_contains(got->str, "\r\n0\r\n\r\n"); /* the producer ended the stream */
    close(fd);
    wait_for(&fixture->destroyed);
}

static void test_sse_client_leaves(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd, "GET /api/events/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(fd, got, "data: second");
    close(fd);
    wait_for(&fixture->destroyed);
}

static void test_upgrade(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    raw_send(fd,
             "GET /api/upgrade/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
             "Upgrade: echo\r\n\r\n",
             -1);
    raw_read_until(fd, got, "\r\n\r\n");
    assert_contains(got->str, "HTTP/1.1 101");
    raw_send(fd, "ping", -1);
    raw_read_until(fd, got, "ping");
    assert_contains(got->str, "ping");
    close(fd);
}

static void test_stop(Fixture *fixture, gconstpointer data)
{
    /* open streams, an upgraded connection and an upload nobody reads: stopping ends them all */
    int sse = raw_connect(fixture->port), raw = raw_connect(fixture->port);
    int slow = raw_connect(fixture->port), idle = raw_connect(fixture->port);
    g_autoptr(GString) got = g_string_new(NULL), head = g_string_new(NULL);

    raw_send(sse, "GET /api/events/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_read_until(sse, got, "data: second");
    raw_send(raw,
             "GET /api/upgrade/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
             "Upgrade: echo\r\n\r\n",
             -1);
    raw_read_until(raw, head, "\r\n\r\n");
    raw_send(slow, "GET /api/download/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    raw_send(idle, "POST /api/upload/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
             -1);
    g_usleep(50000);
    http_server_stop(fixture->server, 200);
    raw_read_until(sse, got, NULL);
    assert_contains(got->str, "\r\n0\r\n\r\n");
    g_assert_true(fixture->destroyed);
    close(sse);
    close(raw);
    close(slow);
    close(idle);
}

static void test_stop_finishes(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) got = g_string_new(NULL);
    int fd = raw_connect(fixture->port);

    fixture->reading_allowed = FALSE;
    raw_send(fd, "POST /api/upload/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
             -1);
    g_usleep(20000);
    fixture->reading_allowed = TRUE;
    http_server_stop(fixture->server, 5000);
    raw_read_until(fd, got, NULL);
    assert_contains(got->str, "\r\n\r\n3");
    close(fd);
}

static Response *who(Request *request, void *room, GError **error)
{
    g_autofree char *text = g_strdup_printf("%s %s", request_client_address(request),
                                            request_is_tls(request) ? "tls" : "plain");

    return response_text(200, "text/plain", text);
}

static void test_forwarded(Fixture *fixture, gconstpointer data)
{
    static const Route who_routes[] = {{"GET", "/who", who, ROUTE_INLINE, PERMISSION_PUBLIC},
                                       {NULL}};
    static const char *const trusted[] = {"127.0.0.1", "10.0.0.9", NULL};
    static const struct {
        gboolean trusts;
        const char *headers, *wanted;
    } cases[] = {
        {FALSE, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n", "127.0.0.1 plain"},
        {TRUE, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n", "1.2.3.4 tls"},
        {TRUE, "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.9\r\n", "1.2.3.4 plain"},
        {TRUE, "", "127.0.0.1 plain"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        HttpServerOptions options = {.trusted_proxies = cases[i].trusts ? trusted : NULL};
        g_autoptr(HttpServer) server = http_server_new(&options);
        g_autofree char *request = g_strdup_printf(
            "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", cases[i].headers);
        g_autofree char *reply = NULL;

        http_mount(server, who_routes, NULL);
        reply = raw_exchange(raw_listen(server), request);
        assert_contains(reply, cases[i].wanted);
    }
}

static void test_unix_socket(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pave-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "api.sock", NULL);
    g_autoptr(HttpServer) server = http_server_new(NULL);
    HttpListener listener = {.listen_fd = http_listen_unix(path, &error)};

    g_assert_no_error(error);
    http_mount(server, routes, fixture);
    g_assert_true(http_server_listen(server, &listener, &error));
    http_server_stop(server, 0);
    unlink(path);
    rmdir(folder);
}

static void test_metrics(Fixture *fixture, gconstpointer data)
{
    g_autofree char *reply = get(fixture, "/api/hello/v1", NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    http_server_metrics(fixture->server, out);
    assert_contains(
        out->str,
        "pave_http_requests_total{method=\"GET\",route=\"/api/hello/v1\",status=\"2xx\"} 1\n");
}

/* One request each that some server somewhere read in two ways. */
static void test_smuggling(Fixture *fixture, gconstpointer data)
{
    static const char *const refused[] = {
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\nG",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: "
        "2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: "
        "2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -2\r\n\r\nab",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "xchunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo/v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo/v1 HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\nHost: localhost\n\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\nX-A: b\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\nX-Folded: a\r\n b\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\n X-Folded: a\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\nX(y): a\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: local/host\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\nX: a\x01z\r\n\r\n",
        "GET /api/hello/v1 HTTP/1.1\r\n\r\n",
        "GET http://localhost/api/hello/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET  /api/hello/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /api/hello/v1 HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /api/hello/v1\r\n\r\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *reply = NULL;
        int status, fd = raw_connect(fixture->port);
        GString *got = g_string_new(NULL);

        raw_send(fd, refused[i], -1);
        shutdown(fd, SHUT_WR);
        raw_read_until(fd, got, NULL);
        close(fd);
        reply = g_string_free(got, FALSE);
        status = raw_status(reply);
        if (status != 400 && status != 505 && status != 0)
            g_error("case %u was answered with %d:\n%s\n%s", i, status, refused[i], reply);
        assert_lacks(reply, "\r\n\r\nhello");
    }
}

#define add(path, data, test)                                                                      \
    g_test_add("/net/http-server/" path, Fixture, data, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("routes-and-parameters", NULL, test_routes);
    add("errors-have-backstages-shape", NULL, test_error_shape);
    add("every-route-asks-the-authenticator", NULL, test_authentication);
    add("refusals-are-seen-by-who-is-sending", NULL, test_refused_bodies);
    add("unknown-host-is-misdirected", NULL, test_hosts);
    add("unknown-host-goes-to-services", "yes", test_foreign_host);
    add("etag-answers-304", NULL, test_etag);
    add("json-is-compressed-for-who-asks", NULL, test_gzip);
    add("head-sends-no-body", NULL, test_head);
    add("portal-pages-carry-a-policy", NULL, test_security_headers);
    add("bodies-whole-chunked-and-too-large", NULL, test_bodies);
    add("chunked-body-over-the-limit-is-413", NULL, test_chunked_too_large);
    add("gzip-bodies-are-undone-and-bounded", NULL, test_gzip_bodies);
    add("connections-are-kept-alive", NULL, test_keep_alive);
    add("upload-waits-for-a-slow-handler", NULL, test_upload_backpressure);
    add("download-streams", NULL, test_download);
    add("download-ends-when-the-client-leaves", NULL, test_download_client_leaves);
    add("pieces-are-made-while-they-are-sent", NULL, test_pieces);
    add("pieces-end-when-the-client-leaves", NULL, test_pieces_client_leaves);
    add("no-piece-is-made-for-head", NULL, test_pieces_head);
    add("stream-that-fails-breaks-the-connection", NULL, test_broken_stream);
    add("events-are-streamed", NULL, test_sse);
    add("events-end-when-the-client-leaves", NULL, test_sse_client_leaves);
    add("upgraded-connection-gets-the-socket", NULL, test_upgrade);
    add("stop-ends-what-is-open", NULL, test_stop);
    add("stop-lets-a-request-finish", NULL, test_stop_finishes);
    add("listens-on-unix-sockets", NULL, test_unix_socket);
    add("forwarded-headers-of-known-proxies-only", NULL, test_forwarded);
    add("metrics-count-by-route", NULL, test_metrics);
    add("ambiguous-requests-are-refused", NULL, test_smuggling);
    return g_test_run();
}
