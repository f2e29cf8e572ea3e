/* What a request's head says, copied into the request: libmicrohttpd's own strings die with the
 * connection, which may be before a worker has ended. */
#include "net/http_dispatch.h"
#include <netinet/in.h>
#include <string.h>

typedef struct {
    Request *request;
    guint room;
    gsize size;           /* of all names and values, each with its NUL */
    char *text;           /* where the next one is copied to */
    const char *line_end; /* of the line before */
    gboolean exact;       /* every line ended in CR LF and was not folded, as far as one can tell */
} HeaderCopy;

static enum MHD_Result count_header(void *data, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value, size_t value_length)
{
    HeaderCopy *copy = data;

    copy->room++;
    copy->size += name_length + value_length + 2;
    return MHD_YES;
}

static const char *copy_text(HeaderCopy *copy, const char *text, gsize length)
{
    char *copied = copy->text;

    memcpy(copied, text, length);
    copied[length] = '\0';
    copy->text += length + 1;
    return copied;
}

static gsize trimmed(const char *value, gsize length)
{
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    return length;
}

static enum MHD_Result copy_header(void *data, enum MHD_ValueKind kind, const char *name,
                                   size_t name_length, const char *value, size_t value_length)
{
    HeaderCopy *copy = data;
    Request *request = copy->request;
    gsize length = value ? trimmed(value, value_length) : 0;

    if (request->header_count == copy->room || !value)
        return MHD_NO;
    copy->exact = copy->exact && name == copy->line_end + 2 && value > name + name_length;
    copy->line_end = value + value_length;
    request->headers[request->header_count++] = (HttpHeader){
        copy_text(copy, name, name_length), copy_text(copy, value, length), name_length, length};
    return MHD_YES;
}

static gsize head_size(Request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : 0;
}

/* libmicrohttpd's strings lie where they were received, so their distances tell how each line
 * ended; later versions are strict themselves. */
static gboolean copy_head(Request *request, const char *method, const char *url)
{
    gboolean telling = g_str_has_prefix(MHD_get_version(), "0.9.75");
    HeaderCopy copy = {.request = request,
                       .line_end = url + strlen(request->target) + strlen(" HTTP/1.1"),
                       .exact = TRUE};

    request->method = arena_strdup(request->arena, method);
    request->head = g_str_equal(method, "HEAD");
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, count_header, &copy);
    request->headers = arena_new0(request->arena, HttpHeader, copy.room + 1);
    copy.text = arena_alloc(request->arena, copy.size);
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, copy_header, &copy);
    return !telling || (copy.exact && url == method + strlen(method) + 1 &&
                        copy.line_end + 4 == method + head_size(request));
}

/* The peer's address; text is made of it only where somebody asks. */
static void copy_address(Request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    if (address && address->sa_family == AF_INET)
        memcpy(&request->peer, address, sizeof(struct sockaddr_in));
    else if (address && address->sa_family == AF_INET6)
        memcpy(&request->peer, address, sizeof(struct sockaddr_in6));
}

static gboolean is_trusted(const HttpServer *server, const char *address)
{
    return server->trusted_proxies && address &&
           g_strv_contains((const char *const *)server->trusted_proxies, address);
}

/* Behind a proxy that is known, the client is the last address the proxies did not add themselves;
 * what stands before it was said by the client and proves nothing. */
static void believe_proxy(Request *request)
{
    const char *forwarded, *proto;
    g_auto(GStrv) hops = NULL;

    request->tls = request->listener->tls;
    if (!request->server->trusted_proxies ||
        !is_trusted(request->server, request_client_address(request)))
        return;
    forwarded = request_header(request, "X-Forwarded-For");
    proto = request_header(request, "X-Forwarded-Proto");
    request->tls = request->tls || g_strcmp0(proto, "https") == 0;
    hops = forwarded ? g_strsplit(forwarded, ",", 64) : NULL;
    for (guint i = hops ? g_strv_length(hops) : 0; i > 0; i--) {
        const char *hop = g_strstrip(hops[i - 1]);

        if (hop[0] == '\0' || strlen(hop) > INET6_ADDRSTRLEN)
            return;
        request->address = arena_strdup(request->arena, hop);
        if (!is_trusted(request->server, hop))
            return;
    }
}

/* The decoded segments, and the path they make when joined again. */
gboolean http_split_path(Request *request)
{
    gsize length = strcspn(request->target, "?"), room = 2, used = 0;
    const char *at = request->target + 1, *end = request->target + length;
    const char **segments;
    char *path;

    request->query = *end ? end + 1 : NULL;
    for (const char *slash = at; slash < end; slash++)
        room += *slash == '/';
    segments = arena_new0(request->arena, const char *, room);
    path = arena_alloc(request->arena, length + 1);
    for (guint count = 0;; at++) {
        gsize size = MIN(strcspn(at, "/"), (gsize)(end - at));
        const char *segment = http_percent_decode(request->arena, at, size, FALSE);

        if (!segment || g_str_equal(segment, ".") || g_str_equal(segment, ".."))
            return FALSE;
        at += size;
        if (segment[0] == '\0' && at == end && count > 0)
            break; /* a slash at the end means nothing */
        segments[count++] = segment;
        path[used++] = '/';
        used += g_strlcpy(path + used, segment, length + 1 - used);
        if (at == end)
            break;
    }
    path[used] = '\0';
    request->segments = segments;
    request->path = path;
    return TRUE;
}

static gboolean sends_body(const Request *request)
{
    const char *length = request_header(request, "Content-Length");

    return request_header(request, "Transfer-Encoding") ||
           (length && strspn(length, "0") != strlen(length));
}

const char *http_read_head(Request *request, const char *url, const char *method,
                           const char *version)
{
    gboolean exact = copy_head(request, method, url);

    copy_address(request);
    believe_proxy(request);
    request->path = request->target;
    request->has_body = sends_body(request);
    return http_strict_check(method, request->target, version, request->headers,
                             request->header_count, exact);
}
