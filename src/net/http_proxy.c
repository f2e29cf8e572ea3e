#include "net/http_proxy.h"
#include "net/http_upstream.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUMP_BYTES 65536
#define UPGRADE_IDLE_MS (60 * 60 * 1000)

/* ---- headers ---- */

static const char *const HOP_BY_HOP[] = {"connection",
                                         "keep-alive",
                                         "proxy-authenticate",
                                         "proxy-connection",
                                         "te",
                                         "proxy-authorization",
                                         "transfer-encoding",
                                         "trailer",
                                         "upgrade",
                                         NULL};
/* What only we may say. */
static const char *const OURS[] = {"host",
                                   "content-length",
                                   "forwarded",
                                   "x-forwarded-for",
                                   "x-forwarded-host",
                                   "x-forwarded-proto",
                                   "expect",
                                   NULL};

static gboolean is_one_of(const char *name, const char *const *names)
{
    for (guint i = 0; names[i]; i++)
        if (g_ascii_strcasecmp(name, names[i]) == 0)
            return TRUE;
    return FALSE;
}

/* Connection: close, x-private → x-private concerns this hop only. */
static gboolean is_listed(const char *connection, const char *name)
{
    g_auto(GStrv) tokens = connection ? g_strsplit(connection, ",", 64) : NULL;

    for (guint i = 0; tokens && tokens[i]; i++)
        if (g_ascii_strcasecmp(g_strstrip(tokens[i]), name) == 0)
            return TRUE;
    return FALSE;
}

/* A credential of Pave must not reach a service, which could act with it. */
static gboolean is_our_credential(const char *value)
{
    const char *space = strchr(value, ' ');
    g_autofree guchar *decoded = NULL;
    gsize length;

    if (!space)
        return FALSE;
    if (g_ascii_strncasecmp(value, "Basic ", 6) != 0)
        return g_str_has_prefix(space + 1 + strspn(space + 1, " "), "pave_");
    decoded = g_base64_decode(space + 1, &length);
    return decoded && g_strstr_len((char *)decoded, (gssize)length, ":pave_");
}

/* The Cookie header without our own; NULL where nothing is left. */
static char *strip_cookie(const char *value, const char *name)
{
    g_auto(GStrv) pairs = g_strsplit(value, ";", -1);
    g_autoptr(GString) kept = g_string_new(NULL);
    gsize length = strlen(name);

    for (guint i = 0; pairs[i]; i++) {
        const char *pair = g_strstrip(pairs[i]);

        if (!pair[0] || (strncmp(pair, name, length) == 0 && pair[length] == '='))
            continue;
        g_string_append_printf(kept, "%s%s", kept->len ? "; " : "", pair);
    }
    return kept->len ? g_string_free(g_steal_pointer(&kept), FALSE) : NULL;
}

static void append_header(GString *head, const Request *request, const HttpHeader *header,
                          const ProxyTarget *target)
{
    g_autofree char *cookie = NULL;

    if (is_one_of(header->name, HOP_BY_HOP) || is_one_of(header->name, OURS) ||
        is_listed(request_header(request, "Connection"), header->name))
        return;
    if (g_ascii_strcasecmp(header->name, "Authorization") == 0 && is_our_credential(header->value))
        return;
    if (g_ascii_strcasecmp(header->name, "Cookie") == 0 && target->cookie_to_strip) {
        cookie = strip_cookie(header->value, target->cookie_to_strip);
        if (cookie)
            g_string_append_printf(head, "Cookie: %s\r\n", cookie);
        return;
    }
    g_string_append_printf(head, "%s: %s\r\n", header->name, header->value);
}

static gboolean wants_upgrade(const Request *request)
{
    return request_header(request, "Upgrade") &&
           is_listed(request_header(request, "Connection"), "upgrade");
}

static char *make_head(const Request *request, const ProxyTarget *target)
{
    GString *head = g_string_new(NULL);
    const char *host = request_header(request, "Host");
    const char *length = request_header(request, "Content-Length");

    g_string_append_printf(head, "%s %s HTTP/1.1\r\nHost: %s\r\n", request->method, request->target,
                           host);
    for (guint i = 0; i < request->header_count; i++)
        append_header(head, request, &request->headers[i], target);
    g_string_append_printf(head,
                           "X-Forwarded-For: %s\r\nX-Forwarded-Host: %s\r\n"
                           "X-Forwarded-Proto: %s\r\n",
                           request_client_address(request), host, target->forwarded_proto);
    if (wants_upgrade(request))
        g_string_append_printf(head, "Connection: Upgrade\r\nUpgrade: %s\r\n\r\n",
                               request_header(request, "Upgrade"));
    else if (length)
        g_string_append_printf(head, "Connection: close\r\nContent-Length: %s\r\n\r\n", length);
    else
        g_string_append_printf(head, "Connection: close\r\n%s\r\n",
                               request->has_body ? "Transfer-Encoding: chunked\r\n" : "");
    return g_string_free(head, FALSE);
}

static gboolean sets_our_cookie(const char *name, const char *value, const ProxyTarget *target)
{
    gsize length = target->cookie_to_strip ? strlen(target->cookie_to_strip) : 0;

    return length > 0 && g_ascii_strcasecmp(name, "Set-Cookie") == 0 &&
           strncmp(value, target->cookie_to_strip, length) == 0 &&
           (value[length] == '=' || value[length] == ' ');
}

static void copy_reply_headers(const Upstream *upstream, Response *response,
                               const ProxyTarget *target)
{
    const char *connection = upstream_header(upstream, "Connection");

    response->foreign = TRUE;
    for (guint i = 0; i < upstream->headers->len; i += 2) {
        const char *name = upstream->headers->pdata[i], *value = upstream->headers->pdata[i + 1];

        if (is_one_of(name, HOP_BY_HOP) || is_listed(connection, name) ||
            sets_our_cookie(name, value, target))
            continue;
        /* a reply has one length; where chunks say it, a second one would be a contradiction */
        if (g_ascii_strcasecmp(name, "Content-Length") == 0 &&
            (upstream->framing == BODY_CHUNKED || response_get_header(response, name)))
            continue;
        response_header(response, name, value);
    }
}

/* ---- bodies ---- */

static gboolean send_piece(Upstream *upstream, const char *bytes, gsize length, gboolean chunked,
                           gboolean *answered, GError **error)
{
    g_autofree char *size = chunked ? g_strdup_printf("%zx\r\n", length) : NULL;

    if (size && !upstream_send(upstream, size, strlen(size), answered, error))
        return FALSE;
    if (!*answered && !upstream_send(upstream, bytes, length, answered, error))
        return FALSE;
    return !size || *answered || upstream_send(upstream, "\r\n", 2, answered, error);
}

static gboolean send_body(Upstream *upstream, Request *request, GError **error)
{
    gboolean chunked = request_header(request, "Content-Length") == NULL, answered = FALSE;
    g_autofree char *buffer = g_malloc(PUMP_BYTES);
    gssize got = 0;

    if (!request->has_body)
        return TRUE;
    while (!answered && (got = request_body_read(request, buffer, PUMP_BYTES, error)) > 0)
        if (!send_piece(upstream, buffer, (gsize)got, chunked, &answered, error))
            return FALSE;
    if (got < 0)
        return FALSE;
    return answered || !chunked || upstream_send(upstream, "0\r\n\r\n", 5, &answered, error);
}

static Response *pass_reply(Upstream *upstream, Request *request, const ProxyTarget *target,
                            GError **error)
{
    Response *response = response_stream_begin(request, upstream->status, NULL);
    g_autofree char *buffer = g_malloc(PUMP_BYTES);
    gssize got;

    copy_reply_headers(upstream, response, target);
    while ((got = upstream_read_body(upstream, buffer, PUMP_BYTES, error)) > 0)
        if (!response_stream_write(response, buffer, (gsize)got, error))
            return NULL;
    return got < 0 ? NULL : response_stream_end(response);
}

/* ---- upgrades ---- */

typedef struct {
    int fd;
    GBytes *early; /* from the service */
} Tunnel;

static void tunnel_free(void *data)
{
    Tunnel *tunnel = data;

    close(tunnel->fd);
    g_bytes_unref(tunnel->early);
    g_free(tunnel);
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return FALSE;
        bytes += sent;
        length -= (gsize)sent;
    }
    return TRUE;
}

static gboolean forward(int from, int to, char *buffer)
{
    ssize_t got = recv(from, buffer, PUMP_BYTES, 0);

    return got > 0 && write_all(to, buffer, (gsize)got);
}

static void pump(int fd, const void *early, gsize early_length, void *data)
{
    Tunnel *tunnel = data;
    struct pollfd ends[] = {{.fd = fd, .events = POLLIN}, {.fd = tunnel->fd, .events = POLLIN}};
    g_autofree char *buffer = g_malloc(PUMP_BYTES);
    gsize length;
    const char *first = g_bytes_get_data(tunnel->early, &length);
    gboolean open = write_all(tunnel->fd, early, early_length) && write_all(fd, first, length);

    while (open && poll(ends, 2, UPGRADE_IDLE_MS) > 0) {
        if (ends[0].revents)
            open = forward(fd, tunnel->fd, buffer);
        if (open && ends[1].revents)
            open = forward(tunnel->fd, fd, buffer);
    }
    shutdown(fd, SHUT_RDWR);
    close(fd);
}

static Response *pass_upgrade(Upstream *upstream, Request *request, const ProxyTarget *target)
{
    Tunnel *tunnel = g_new0(Tunnel, 1);
    Response *response;

    tunnel->early = upstream_take_early(upstream);
    tunnel->fd = upstream->fd;
    upstream->fd = -1;
    fcntl(tunnel->fd, F_SETFL, fcntl(tunnel->fd, F_GETFL) & ~O_NONBLOCK);
    response = response_upgrade(request, pump, tunnel, tunnel_free);
    copy_reply_headers(upstream, response, target);
    return response_header(response, "Upgrade", upstream_header(upstream, "Upgrade"));
}

Response *http_proxy(Request *request, const ProxyTarget *target, GError **error)
{
    g_autoptr(Upstream) upstream = upstream_connect(request, target->address, target->port, error);
    g_autofree char *head = NULL;
    gboolean answered = FALSE;

    if (!upstream)
        return NULL;
    head = make_head(request, target);
    if (!upstream_send(upstream, head, strlen(head), &answered, error) ||
        !send_body(upstream, request, error) || !upstream_read_head(upstream, error))
        return NULL;
    if (upstream->status == 101)
        return pass_upgrade(upstream, request, target);
    return pass_reply(upstream, request, target, error);
}
