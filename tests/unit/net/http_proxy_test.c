#include "net/http_proxy.h"
#include "raw_http.h"
#include <pthread.h>

/* A service that answers one connection with fixed bytes and keeps what it was asked. */
typedef struct {
    int fd;
    guint16 port;
    pthread_t thread;
    const char *reply, *wait_for;
    GString *got;
    gboolean echo; /* afterwards, until the end */
} Service;

static void *serve_one(void *data)
{
    Service *service = data;
    char buffer[4096];
    ssize_t count;
    int fd = accept(service->fd, NULL, NULL);

    if (fd < 0)
        return NULL;
    raw_read_until(fd, service->got, service->wait_for);
    raw_send(fd, service->reply, -1);
    while (service->echo && (count = recv(fd, buffer, sizeof buffer, 0)) > 0)
        raw_send(fd, buffer, count);
    close(fd);
    return NULL;
}

static Response *proxy(Request *request, void *data, GError **error)
{
    Service *service = data;
    ProxyTarget target = {.address = "127.0.0.1",
                          .port = service->port,
                          .cookie_to_strip = "pave_session",
                          .forwarded_proto = "http"};

    return http_proxy(request, &target, error);
}

typedef struct {
    Service service;
    HttpServer *server;
    guint16 port;
} Fixture;

static void fixture_open(Fixture *fixture, const char *wait_for, const char *reply)
{
    static const char *const hosts[] = {"localhost", NULL};
    HttpServerOptions options = {.hosts = hosts};

    fixture->service.reply = reply;
    fixture->service.wait_for = wait_for;
    fixture->service.got = g_string_new(NULL);
    fixture->service.port = 0;
    fixture->service.fd = http_listen_tcp("127.0.0.1", &fixture->service.port, NULL);
    pthread_create(&fixture->service.thread, NULL, serve_one, &fixture->service);
    fixture->server = http_server_new(&options);
    http_server_set_foreign_host_handler(fixture->server, proxy, &fixture->service);
    fixture->port = raw_listen(fixture->server);
}

static void fixture_close(Fixture *fixture)
{
    http_server_free(fixture->server);
    shutdown(fixture->service.fd, SHUT_RDWR);
    pthread_join(fixture->service.thread, NULL);
    close(fixture->service.fd);
    g_string_free(fixture->service.got, TRUE);
}

static void test_headers(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(
        &fixture, "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        "Set-Cookie: pave_session=stolen\r\nSet-Cookie: mine=1\r\nX-Service: yes\r\n\r\nok");
    reply = raw_exchange(fixture.port,
                         "GET /a%20b?q=1 HTTP/1.1\r\nHost: order.staging.localhost:7007\r\n"
                         "Connection: close, X-Private\r\nX-Private: 1\r\nTE: trailers\r\n"
                         "Cookie: a=1; pave_session=secret; b=2\r\n"
                         "Authorization: Bearer pave_secret\r\nX-Forwarded-For: 6.6.6.6\r\n"
                         "X-Kept: yes\r\n\r\n");
    assert_contains(fixture.service.got->str, "GET /a%20b?q=1 HTTP/1.1\r\n");
    assert_contains(fixture.service.got->str, "Host: order.staging.localhost:7007\r\n");
    assert_contains(fixture.service.got->str, "Cookie: a=1; b=2\r\n");
    assert_contains(fixture.service.got->str, "X-Kept: yes\r\n");
    assert_contains(fixture.service.got->str, "X-Forwarded-For: 127.0.0.1\r\n");
    assert_contains(fixture.service.got->str, "X-Forwarded-Proto: http\r\n");
    assert_lacks(fixture.service.got->str, "secret");
    assert_lacks(fixture.service.got->str, "X-Private");
    assert_lacks(fixture.service.got->str, "6.6.6.6");
    assert_lacks(fixture.service.got->str, "TE:");
    assert_contains(reply, "HTTP/1.1 200");
    assert_contains(reply, "X-Service: yes");
    assert_contains(reply, "Set-Cookie: mine=1");
    assert_contains(reply, "\r\n\r\nok");
    assert_lacks(reply, "stolen");
    assert_lacks(reply, "X-Hop");
    assert_lacks(reply, "nosniff"); /* nothing of ours is added */
    fixture_close(&fixture);
}

static void test_own_credentials_of_a_service_pass(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(&fixture, "\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
    reply =
        raw_exchange(fixture.port, "GET / HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: close\r\n"
                                   "Authorization: Bearer eyJ.own\r\n\r\n");
    assert_contains(fixture.service.got->str, "Authorization: Bearer eyJ.own");
    assert_contains(reply, "HTTP/1.1 204");
    fixture_close(&fixture);
}

static void test_chunked(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(
        &fixture, "0\r\n\r\n",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n"
        "0\r\nTrailer: x\r\n\r\n");
    reply =
        raw_exchange(fixture.port, "POST / HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: close\r\n"
                                   "Transfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n");
    assert_contains(fixture.service.got->str, "Transfer-Encoding: chunked\r\n");
    assert_contains(fixture.service.got->str, "\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n");
    assert_contains(reply, "HTTP/1.1 201");
    assert_contains(reply, "abc");
    assert_contains(reply, "de");
    fixture_close(&fixture);
}

static void test_length_passes(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(&fixture, "hello", "HTTP/1.0 200 OK\r\n\r\nuntil the end");
    reply =
        raw_exchange(fixture.port, "POST / HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: close\r\n"
                                   "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
    assert_contains(fixture.service.got->str, "Content-Length: 5\r\n\r\nhello");
    assert_contains(fixture.service.got->str, "Content-Encoding: gzip"); /* as it came */
    assert_contains(reply, "until the end");
    fixture_close(&fixture);
}

static void test_cut_off(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(&fixture, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    reply = raw_exchange(fixture.port,
                         "GET / HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: close\r\n\r\n");
    assert_contains(reply, "Content-Length: 10");
    fixture_close(&fixture);
}

static void test_nobody_there(void)
{
    Fixture fixture = {0};
    g_autofree char *reply = NULL;

    fixture_open(&fixture, "\r\n\r\n", "nonsense\r\n\r\n");
    reply = raw_exchange(fixture.port,
                         "GET / HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: close\r\n\r\n");
    assert_contains(reply, "HTTP/1.1 503");
    fixture_close(&fixture);
}

static void test_upgrade(void)
{
    Fixture fixture = {.service.echo = TRUE};
    g_autoptr(GString) got = g_string_new(NULL);
    int fd;

    fixture_open(&fixture, "\r\n\r\n",
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: x\r\n\r\nwelcome");
    fd = raw_connect(fixture.port);
    raw_send(fd,
             "GET /ws HTTP/1.1\r\nHost: a.b.localhost\r\nConnection: keep-alive, Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n",
             -1);
    raw_read_until(fd, got, "welcome");
    assert_contains(got->str, "HTTP/1.1 101");
    assert_contains(got->str, "Sec-WebSocket-Accept: x");
    raw_send(fd, "ping", -1);
    raw_read_until(fd, got, "ping");
    assert_contains(got->str, "ping");
    assert_contains(fixture.service.got->str, "Upgrade: websocket");
    assert_contains(fixture.service.got->str, "Sec-WebSocket-Key: k");
    close(fd);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/http-proxy/headers-are-filtered-both-ways", test_headers);
    g_test_add_func("/net/http-proxy/credentials-of-the-service-pass",
                    test_own_credentials_of_a_service_pass);
    g_test_add_func("/net/http-proxy/chunked-bodies-both-ways", test_chunked);
    g_test_add_func("/net/http-proxy/bodies-with-a-length-pass-as-they-are", test_length_passes);
    g_test_add_func("/net/http-proxy/a-reply-cut-off-is-cut-off", test_cut_off);
    g_test_add_func("/net/http-proxy/what-is-no-http-is-unavailable", test_nobody_there);
    g_test_add_func("/net/http-proxy/upgrades-become-tunnels", test_upgrade);
    return g_test_run();
}
