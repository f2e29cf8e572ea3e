#include "net/http_client.h"
#include "raw_http.h"

static Response *show(Request *request, void *room, GError **error)
{
    gsize length;
    const char *body = request_body(request, &length);
    g_autofree char *text =
        g_strdup_printf("%s %s %s", request_method(request),
                        request_header(request, "X-Test") ? request_header(request, "X-Test") : "-",
                        length ? body : "-");

    return response_header(response_text(200, "text/plain", text), "X-Reply", "yes");
}

static Response *away(Request *request, void *room, GError **error)
{
    return response_redirect(302, "/show");
}

static Response *big(Request *request, void *room, GError **error)
{
    return response_take(200, "text/plain", g_strnfill(100000, 'x'), 100000);
}

static const Route routes[] = {{"*", "/show", show, ROUTE_WORKER, PERMISSION_PUBLIC},
                               {"GET", "/away", away, ROUTE_INLINE, PERMISSION_PUBLIC},
                               {"GET", "/big", big, ROUTE_INLINE, PERMISSION_PUBLIC},
                               {NULL}};

typedef struct {
    HttpServer *server;
    guint16 port;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->server = http_server_new(NULL);
    http_mount(fixture->server, routes, NULL);
    fixture->port = raw_listen(fixture->server);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    http_server_free(fixture->server);
}

static HttpReply *send_to(Fixture *fixture, const char *path, HttpRequest request, GError **error)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s", fixture->port, path);

    request.url = url;
    return http_send(&request, error);
}

static void test_methods(Fixture *fixture, gconstpointer data)
{
    static const char *const headers[] = {"X-Test: one", NULL};
    static const struct {
        HttpRequest request;
        const char *wanted;
    } cases[] = {
        {{.allow_private = TRUE}, "GET - -"},
        {{.allow_private = TRUE, .headers = headers}, "GET one -"},
        {{.allow_private = TRUE, .body = "hi", .body_length = 2}, "POST - hi"},
        {{.allow_private = TRUE, .method = "PUT", .body = "hi", .body_length = 2}, "PUT - hi"},
        {{.allow_private = TRUE, .method = "DELETE"}, "DELETE - -"},
        {{.allow_private = TRUE, .method = "HEAD"}, ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(HttpReply) reply = send_to(fixture, "/show", cases[i].request, &error);

        g_assert_no_error(error);
        g_assert_cmpint(reply->status, ==, 200);
        g_assert_cmpstr(reply->body, ==, cases[i].wanted);
        g_assert_cmpstr(g_hash_table_lookup(reply->headers, "x-reply"), ==, "yes");
    }
}

static void test_redirects(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpReply) followed =
        send_to(fixture, "/away", (HttpRequest){.allow_private = TRUE}, &error);
    g_autoptr(HttpReply) not = send_to(
        fixture, "/away", (HttpRequest){.allow_private = TRUE, .no_redirects = TRUE}, &error);

    g_assert_no_error(error);
    g_assert_cmpint(followed->status, ==, 200);
    g_assert_cmpint(not ->status, ==, 302);
}

static void test_too_large(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    HttpRequest request = {.allow_private = TRUE, .reply_size_max = 50000};

    g_assert_null(send_to(fixture, "/big", request, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_TOO_LARGE);
}

static void test_nobody_there(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    guint16 port = fixture->port;

    http_server_stop(fixture->server, 0);
    g_clear_pointer(&fixture->server, http_server_free);
    fixture->port = port;
    g_assert_null(send_to(fixture, "/show", (HttpRequest){.allow_private = TRUE}, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE);
    assert_contains(error->message, "127.0.0.1");
}

/* Every way to write an address of our own network. */
static void test_guard(void)
{
    static const char *const refused[] = {
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://2130706433:1/",
        "http://0x7f.1:1/",
        "http://0:1/",
        "http://10.1.2.3:1/",
        "http://172.31.0.1:1/",
        "http://192.168.1.1:1/",
        "http://169.254.169.254/",
        "http://100.64.0.1:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://[fe80::1]:1/",
        "http://[fc00::1]:1/",
        "http://[64:ff9b::7f00:1]:1/",
        "http://[2002:7f00:1::]:1/",
        "http://[2001:0:1::]:1/",
        "http://[::]:1/",
        "http://224.0.0.1:1/",
        "http://255.255.255.255:1/",
    };

    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        HttpRequest request = {.url = refused[i], .timeout_ms = 5000};

        g_assert_null(http_send(&request, &error));
        if (!g_error_matches(error, PAVE_ERROR, ERROR_NOT_ALLOWED))
            g_error("%s: %s", refused[i], error->message);
    }
}

static void test_schemes(void)
{
    static const char *const refused[] = {"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://x/",
                                          "x"};

    for (guint i = 0; i < G_N_ELEMENTS(refused) - 1; i++) {
        g_autoptr(GError) error = NULL;
        HttpRequest request = {.url = refused[i], .allow_private = TRUE};

        g_assert_null(http_send(&request, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

#define add(path, test) g_test_add("/net/http-client/" path, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("methods-headers-and-bodies", test_methods);
    add("redirects-are-followed-unless-not-wanted", test_redirects);
    add("reply-over-the-limit-is-refused", test_too_large);
    add("nobody-there-names-the-host", test_nobody_there);
    g_test_add_func("/net/http-client/private-addresses-are-refused", test_guard);
    g_test_add_func("/net/http-client/only-http", test_schemes);
    return g_test_run();
}
