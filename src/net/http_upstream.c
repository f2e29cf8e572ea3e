#include "net/http_upstream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 3000
#define IDLE_MS (10 * 60 * 1000)
#define HEAD_BYTES_MAX ((gsize)64 << 10)
#define READ_BYTES 32768

void upstream_free(Upstream *upstream)
{
    if (!upstream)
        return;
    if (upstream->fd >= 0)
        close(upstream->fd);
    g_byte_array_unref(upstream->buffer);
    g_ptr_array_unref(upstream->headers);
    g_free(upstream);
}

static void set_unavailable(GError **error, const char *what)
{
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "The service %s", what);
}

static gboolean client_is_gone(Request *request)
{
    gboolean gone;

    pthread_mutex_lock(&request->lock);
    gone = request->gone || request->aborted;
    pthread_mutex_unlock(&request->lock);
    return gone;
}

/* Waits for one of events, looking after the client each second; those that came, 0 where the wait
 * is over. */
static short wait_for(Upstream *upstream, short events, int limit_ms)
{
    struct pollfd poller = {.fd = upstream->fd, .events = events};

    for (int waited = 0; waited < limit_ms; waited += 1000) {
        int ready = poll(&poller, 1, MIN(1000, limit_ms));

        if (ready > 0)
            return poller.revents;
        if ((ready < 0 && errno != EINTR) || client_is_gone(upstream->request))
            return 0;
    }
    return 0;
}

Upstream *upstream_connect(Request *request, const char *address, guint16 port, GError **error)
{
    g_autoptr(Upstream) upstream = g_new0(Upstream, 1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int failure = 0, on = 1;
    socklen_t length = sizeof failure;

    upstream->request = request;
    upstream->buffer = g_byte_array_new();
    upstream->headers = g_ptr_array_new_with_free_func(g_free);
    upstream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (upstream->fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        set_unavailable(error, "cannot be reached");
        return NULL;
    }
    setsockopt(upstream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(upstream->fd, (struct sockaddr *)&to, sizeof to) != 0 &&
        (errno != EINPROGRESS || !wait_for(upstream, POLLOUT, CONNECT_MS) ||
         getsockopt(upstream->fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0 || failure)) {
        set_unavailable(error, "does not answer");
        return NULL;
    }
    return g_steal_pointer(&upstream);
}

gboolean upstream_send(Upstream *upstream, const void *bytes, gsize length, gboolean *answered,
                       GError **error)
{
    while (length > 0) {
        ssize_t sent = send(upstream->fd, bytes, length, MSG_NOSIGNAL);
        short ready;

        if (sent > 0) {
            bytes = (const char *)bytes + sent;
            length -= (gsize)sent;
            continue;
        }
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            *answered = TRUE; /* it may have said why before it closed */
            return TRUE;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            set_unavailable(error, "broke the connection");
            return FALSE;
        }
        ready = wait_for(upstream, POLLOUT | POLLIN, IDLE_MS);
        if (!ready) {
            set_unavailable(error, "takes no data");
            return FALSE;
        }
        if ((ready & POLLIN) && !(ready & POLLOUT)) {
            *answered = TRUE;
            return TRUE;
        }
    }
    return TRUE;
}

/* More bytes into the buffer; 0 at the end, -1 with error. */
static gssize fill(Upstream *upstream, GError **error)
{
    char bytes[READ_BYTES];
    ssize_t got;

    if (upstream->at == upstream->buffer->len) {
        g_byte_array_set_size(upstream->buffer, 0);
        upstream->at = 0;
    }
    while ((got = recv(upstream->fd, bytes, sizeof bytes, 0)) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || !wait_for(upstream, POLLIN, IDLE_MS)) {
            set_unavailable(error, errno == EAGAIN ? "takes too long" : "broke the connection");
            return -1;
        }
    }
    g_byte_array_append(upstream->buffer, (guint8 *)bytes, (guint)got);
    return got;
}

/* The next line without its end; NULL with error. */
static char *read_line(Upstream *upstream, GError **error)
{
    for (;;) {
        const char *from = (const char *)upstream->buffer->data + upstream->at;
        gsize have = upstream->buffer->len - upstream->at;
        const char *end = have ? memchr(from, '\n', have) : NULL;
        gssize got;

        if (end) {
            gsize length = (gsize)(end - from);

            upstream->at += length + 1;
            if (length > 0 && from[length - 1] == '\r')
                length--;
            return g_strndup(from, length);
        }
        if (have > HEAD_BYTES_MAX) {
            set_unavailable(error, "sent headers that are too large");
            return NULL;
        }
        got = fill(upstream, error);
        if (got == 0)
            set_unavailable(error, "closed the connection without an answer");
        if (got <= 0)
            return NULL;
    }
}

const char *upstream_header(const Upstream *upstream, const char *name)
{
    for (guint i = 0; i < upstream->headers->len; i += 2)
        if (g_ascii_strcasecmp(upstream->headers->pdata[i], name) == 0)
            return upstream->headers->pdata[i + 1];
    return NULL;
}

static gboolean read_headers(Upstream *upstream, GError **error)
{
    gsize total = 0;

    g_ptr_array_set_size(upstream->headers, 0);
    for (;;) {
        g_autofree char *line = read_line(upstream, error);
        char *colon;

        if (!line)
            return FALSE;
        if (line[0] == '\0')
            return TRUE;
        total += strlen(line);
        colon = strchr(line, ':');
        if (!colon || colon == line || g_ascii_isspace(line[0]) || total > HEAD_BYTES_MAX) {
            set_unavailable(error, "does not speak HTTP");
            return FALSE;
        }
        g_ptr_array_add(upstream->headers, g_strndup(line, (gsize)(colon - line)));
        g_ptr_array_add(upstream->headers, g_strstrip(g_strdup(colon + 1)));
    }
}

static void choose_framing(Upstream *upstream)
{
    const char *coding = upstream_header(upstream, "Transfer-Encoding");
    const char *length = upstream_header(upstream, "Content-Length");

    if (upstream->request->head || upstream->status < 200 || upstream->status == 204 ||
        upstream->status == 304) {
        upstream->framing = BODY_NONE;
    } else if (coding) {
        upstream->framing = BODY_CHUNKED;
    } else if (length) {
        upstream->framing = BODY_LENGTH;
        upstream->left = g_ascii_strtoull(length, NULL, 10);
    } else {
        upstream->framing = BODY_UNTIL_CLOSE;
    }
}

gboolean upstream_read_head(Upstream *upstream, GError **error)
{
    do {
        g_autofree char *line = read_line(upstream, error);

        if (!line)
            return FALSE;
        upstream->status = g_str_has_prefix(line, "HTTP/1.") && strlen(line) >= 12
                               ? (unsigned)g_ascii_strtoull(line + 9, NULL, 10)
                               : 0;
        if (upstream->status < 100 || upstream->status > 599) {
            set_unavailable(error, "does not speak HTTP");
            return FALSE;
        }
        if (!read_headers(upstream, error))
            return FALSE;
    } while (upstream->status < 200 && upstream->status != 101);
    choose_framing(upstream);
    return TRUE;
}

/* At most size of what is buffered or comes next. */
static gssize take(Upstream *upstream, void *buffer, gsize size, GError **error)
{
    gsize have = upstream->buffer->len - upstream->at;

    if (have == 0) {
        gssize got = fill(upstream, error);

        if (got <= 0)
            return got;
        have = upstream->buffer->len - upstream->at;
    }
    size = MIN(size, have);
    memcpy(buffer, upstream->buffer->data + upstream->at, size);
    upstream->at += size;
    return (gssize)size;
}

/* FALSE at the last chunk or with error. */
static gboolean begin_chunk(Upstream *upstream, GError **error)
{
    g_autofree char *line = read_line(upstream, error);

    if (!line)
        return FALSE;
    if (!g_ascii_isxdigit(line[0]) || strspn(line, "0123456789abcdefABCDEF") > 15) {
        set_unavailable(error, "sent a chunk that is none");
        return FALSE;
    }
    upstream->left = g_ascii_strtoull(line, NULL, 16);
    upstream->in_chunk = upstream->left > 0;
    if (!upstream->in_chunk)
        upstream->framing = BODY_NONE; /* trailers are not passed on */
    return upstream->in_chunk;
}

static gssize read_chunked(Upstream *upstream, void *buffer, gsize size, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gssize got;

    if (!upstream->in_chunk && !begin_chunk(upstream, &failure)) {
        if (!failure)
            return 0;
        g_propagate_error(error, g_steal_pointer(&failure));
        return -1;
    }
    got = take(upstream, buffer, (gsize)MIN(size, upstream->left), error);
    if (got <= 0)
        return -1;
    upstream->left -= (uint64_t)got;
    if (upstream->left == 0) {
        g_autofree char *end = read_line(upstream, error);

        if (!end)
            return -1;
        upstream->in_chunk = FALSE;
    }
    return got;
}

gssize upstream_read_body(Upstream *upstream, void *buffer, gsize size, GError **error)
{
    gssize got;

    switch (upstream->framing) {
    case BODY_NONE:
        return 0;
    case BODY_CHUNKED:
        return read_chunked(upstream, buffer, size, error);
    case BODY_LENGTH:
        if (upstream->left == 0)
            return 0;
        got = take(upstream, buffer, (gsize)MIN(size, upstream->left), error);
        if (got > 0)
            upstream->left -= (uint64_t)got;
        else if (got == 0)
            set_unavailable(error, "broke the connection");
        return got > 0 ? got : -1;
    case BODY_UNTIL_CLOSE:
        break;
    }
    return take(upstream, buffer, size, error);
}

GBytes *upstream_take_early(Upstream *upstream)
{
    return g_bytes_new(upstream->buffer->data + upstream->at, upstream->buffer->len - upstream->at);
}
