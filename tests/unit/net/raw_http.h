/* A client that sends exactly the bytes a test wants, and a server on port 0 to send them to. */
#pragma once
#include "net/http_server.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int raw_connect(guint16 port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static inline void raw_send(int fd, const char *bytes, gssize length)
{
    gsize left = length < 0 ? strlen(bytes) : (gsize)length;

    while (left > 0) {
        ssize_t sent = send(fd, bytes, left, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* refused early: the reply tells */
        bytes += sent;
        left -= (gsize)sent;
    }
}

/* Reads until text was seen (NULL: the end). */
static inline void raw_read_until(int fd, GString *got, const char *text)
{
    char buffer[65536];
    ssize_t count;

    while (!text || !strstr(got->str, text)) {
        count = recv(fd, buffer, sizeof buffer, 0);
        if (count <= 0)
            break;
        g_string_append_len(got, buffer, count);
    }
}

/* One request on a connection of its own; everything that came back. The request should say
 * Connection: close. */
static inline char *raw_exchange(guint16 port, const char *bytes)
{
    GString *got = g_string_new(NULL);
    int fd = raw_connect(port);

    raw_send(fd, bytes, -1);
    raw_read_until(fd, got, NULL);
    close(fd);
    return g_string_free(got, FALSE);
}

static inline int raw_status(const char *reply)
{
    return g_str_has_prefix(reply, "HTTP/1.") ? atoi(reply + 9) : 0;
}

static inline guint16 raw_listen(HttpServer *server)
{
    g_autoptr(GError) error = NULL;
    guint16 port = 0;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &port, &error)};

    g_assert_no_error(error);
    g_assert_true(http_server_listen(server, &listener, &error));
    return port;
}

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            g_error("got:\n%s\nwanted: %s", text, part);                                           \
    } while (0)
#define assert_lacks(text, part)                                                                   \
    do {                                                                                           \
        if (strstr(text, part))                                                                    \
            g_error("got:\n%s\nnot wanted: %s", text, part);                                       \
    } while (0)
