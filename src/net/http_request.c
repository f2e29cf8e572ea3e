#include "net/http_internal.h"
#include "formats/json.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <zlib.h>

Request *request_new(HttpServer *server, const char *target)
{
    Request *request = g_new0(Request, 1);

    atomic_init(&request->references, 1);
    request->server = server;
    request->arena = arena_new(ARENA_REQUEST_BYTES);
    request->target = arena_strdup(request->arena, target);
    request->started_us = g_get_monotonic_time();
    pthread_mutex_init(&request->lock, NULL);
    pthread_cond_init(&request->changed, NULL);
    request->link.data = request;
    return request;
}

Request *request_ref(Request *request)
{
    atomic_fetch_add(&request->references, 1);
    return request;
}

void request_unref(Request *request)
{
    if (atomic_fetch_sub(&request->references, 1) != 1)
        return;
    if (request->principal && request->server->destroy_principal)
        request->server->destroy_principal(request->principal);
    if (request->stream && request->stream != request->response)
        response_free(request->stream);
    if (request->response)
        response_free(request->response);
    if (request->body)
        g_byte_array_unref(request->body);
    if (request->incoming)
        g_byte_array_unref(request->incoming);
    if (request->pairs)
        g_ptr_array_unref(request->pairs);
    request_inflate_end(request);
    pthread_mutex_destroy(&request->lock);
    pthread_cond_destroy(&request->changed);
    arena_free(request->arena);
    g_free(request);
}

void request_suspend_locked(Request *request)
{
    if (request->suspended || request->gone || request->aborted)
        return;
    request->suspended = TRUE;
    MHD_suspend_connection(request->connection);
}

void request_resume_locked(Request *request)
{
    if (!request->suspended || request->gone)
        return;
    request->suspended = FALSE;
    MHD_resume_connection(request->connection);
}

const char *request_method(const Request *request)
{
    return request->method;
}

const char *request_path(const Request *request)
{
    return request->path;
}

const char *request_target(const Request *request)
{
    return request->target;
}

const char *request_plugin_url(const Request *request)
{
    const char *below;

    if (!g_str_has_prefix(request->target, "/api/"))
        return request->target;
    below = strchr(request->target + strlen("/api/"), '/');
    return below ? below : "/";
}

const char *request_param(const Request *request, const char *name)
{
    for (guint i = 0; request->entry && request->entry->names && request->entry->names[i]; i++)
        if (g_str_equal(request->entry->names[i], name))
            return request->captured[i];
    return NULL;
}

/* ---- the query ---- */

static GPtrArray *query_pairs(const Request *constant)
{
    Request *request = (Request *)constant; /* the cache is not part of what is observed */
    const char *at = request->query;

    if (request->pairs)
        return request->pairs;
    request->pairs = g_ptr_array_new();
    while (at && *at) {
        gsize length = strcspn(at, "&");
        gsize name = MIN(strcspn(at, "="), length);
        gsize value = MIN(name + 1, length);
        char *decoded_name = http_percent_decode(request->arena, at, name, TRUE);
        char *decoded = http_percent_decode(request->arena, at + value, length - value, TRUE);

        if (decoded_name && decoded && length > 0) {
            g_ptr_array_add(request->pairs, decoded_name);
            g_ptr_array_add(request->pairs, decoded);
        }
        at += length;
        at += *at == '&';
    }
    return request->pairs;
}

/* "name" and "name[]" are one parameter, as Express has it. */
static gboolean same_parameter(const char *given, const char *name)
{
    gsize length = strlen(name);

    return strncmp(given, name, length) == 0 &&
           (given[length] == '\0' || g_str_equal(given + length, "[]"));
}

const char *request_query(const Request *request, const char *name)
{
    const GPtrArray *pairs = query_pairs(request);

    for (guint i = 0; i < pairs->len; i += 2)
        if (same_parameter(pairs->pdata[i], name))
            return pairs->pdata[i + 1];
    return NULL;
}

const char *const *request_query_all(const Request *request, const char *name)
{
    const GPtrArray *pairs = query_pairs(request);
    const char **values = arena_new0(request->arena, const char *, pairs->len / 2 + 1);
    guint count = 0;

    for (guint i = 0; i < pairs->len; i += 2)
        if (same_parameter(pairs->pdata[i], name))
            values[count++] = pairs->pdata[i + 1];
    return values;
}

const char *const *request_query_names(const Request *request)
{
    const GPtrArray *pairs = query_pairs(request);
    const char **names = arena_new0(request->arena, const char *, pairs->len / 2 + 1);

    for (guint i = 0; i < pairs->len; i += 2)
        names[i / 2] = pairs->pdata[i];
    return names;
}

gboolean request_query_int(const Request *request, const char *name, int64_t minimum,
                           int64_t maximum, int64_t fallback, int64_t *result, GError **error)
{
    const char *text = request_query(request, name);
    gint64 number;

    if (!text || !text[0]) {
        *result = fallback;
        return TRUE;
    }
    if (!g_ascii_string_to_signed(text, 10, minimum, maximum, &number, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Query parameter '%s' must be a whole number from %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT ", not '%s'",
                    name, (gint64)minimum, (gint64)maximum, text);
        return FALSE;
    }
    *result = number;
    return TRUE;
}

/* ---- headers ---- */

const char *request_header(const Request *request, const char *name)
{
    gsize length = strlen(name);

    for (guint i = 0; i < request->header_count; i++) {
        const HttpHeader *header = &request->headers[i];

        if (header->name_length == length && g_ascii_strncasecmp(header->name, name, length) == 0)
            return header->value;
    }
    return NULL;
}

const char *request_cookie(const Request *request, const char *name)
{
    gsize length = strlen(name);

    for (guint i = 0; i < request->header_count; i++) {
        const char *at = request->headers[i].value;

        if (g_ascii_strcasecmp(request->headers[i].name, "Cookie") != 0)
            continue;
        while (*at) {
            gsize pair;

            at += strspn(at, "; ");
            pair = strcspn(at, ";");
            if (pair > length && strncmp(at, name, length) == 0 && at[length] == '=')
                return arena_strndup(request->arena, at + length + 1, pair - length - 1);
            at += pair;
        }
    }
    return NULL;
}

const char *request_host(const Request *request)
{
    return request->host;
}

const char *request_client_address(const Request *constant)
{
    Request *request = (Request *)constant; /* the text is not part of what is observed */
    const void *number = request->peer.ss_family == AF_INET6
                             ? (const void *)&((struct sockaddr_in6 *)&request->peer)->sin6_addr
                             : (const void *)&((struct sockaddr_in *)&request->peer)->sin_addr;

    if (!request->address && request->peer.ss_family) {
        char *text = arena_alloc(request->arena, INET6_ADDRSTRLEN);

        inet_ntop(request->peer.ss_family, number, text, INET6_ADDRSTRLEN);
        request->address = text;
    }
    return request->address ? request->address : "unix";
}

gboolean request_is_tls(const Request *request)
{
    return request->tls;
}

Arena *request_arena(Request *request)
{
    return request->arena;
}

void *request_principal(const Request *request)
{
    return request->principal;
}

/* ---- the whole body ---- */

const char *request_body(const Request *request, gsize *length)
{
    if (length)
        *length = request->body ? request->body->len : 0;
    return request->body ? (const char *)request->body->data : "";
}

static gboolean is_json_type(const char *type)
{
    g_autofree char *essence = NULL;

    if (!type)
        return FALSE;
    essence = g_ascii_strdown(type, (gssize)strcspn(type, "; \t"));
    return g_str_equal(essence, "application/json") || g_str_has_suffix(essence, "+json");
}

const Value *request_body_json(Request *request, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (request->json)
        return request->json;
    if (!is_json_type(request_header(request, "Content-Type"))) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "The request needs a body of Content-Type application/json");
        return NULL;
    }
    if (!request->body || request->body->len == 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "The request body is empty, but JSON is needed");
        return NULL;
    }
    request->json = json_parse(request->arena, (const char *)request->body->data,
                               (gssize)request->body->len, &why);
    if (!request->json)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The request body is not JSON: %s",
                    why->message);
    return request->json;
}

gboolean request_inflate_body(Request *request, gsize size_max, GError **error)
{
    const char *coding = request_header(request, "Content-Encoding");
    g_autoptr(GByteArray) plain = NULL;
    z_stream stream = {0};
    int status = Z_OK;

    if (!coding || g_ascii_strcasecmp(coding, "identity") == 0 || !request->body)
        return TRUE;
    if (g_ascii_strcasecmp(coding, "gzip") != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Content-Encoding '%s' is not understood; use gzip or none", coding);
        return FALSE;
    }
    plain = g_byte_array_new();
    inflateInit2(&stream, 15 + 16);
    stream.next_in = request->body->data;
    stream.avail_in = request->body->len;
    while (status == Z_OK && plain->len <= size_max) {
        guint before = plain->len;

        g_byte_array_set_size(plain, before + 65536);
        stream.next_out = plain->data + before;
        stream.avail_out = 65536;
        status = inflate(&stream, Z_NO_FLUSH);
        g_byte_array_set_size(plain, before + 65536 - stream.avail_out);
        if (status == Z_BUF_ERROR || (status == Z_OK && plain->len == before))
            break;
    }
    inflateEnd(&stream);
    if (plain->len > size_max) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "The request body is larger than %" G_GSIZE_FORMAT " bytes", size_max);
        return FALSE;
    }
    if (status != Z_STREAM_END) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The request body is not valid gzip");
        return FALSE;
    }
    g_byte_array_set_size(plain, plain->len + 1);
    plain->data[plain->len - 1] = '\0';
    plain->len--;
    g_byte_array_unref(request->body);
    request->body = g_steal_pointer(&plain);
    return TRUE;
}

/* ---- the body as it comes ---- */

/* Waits for bytes and takes up to size of them; 0 at the end. */
static gssize read_raw(Request *request, void *buffer, gsize size, GError **error)
{
    gssize got = -1;

    pthread_mutex_lock(&request->lock);
    if (!request->body_wanted) {
        request->body_wanted = TRUE;
        request_resume_locked(request);
    }
    while (request->incoming->len == request->incoming_at && !request->body_ended &&
           !request->gone && !request->aborted)
        pthread_cond_wait(&request->changed, &request->lock);
    if (request->incoming->len > request->incoming_at) {
        got = (gssize)MIN(size, request->incoming->len - request->incoming_at);
        memcpy(buffer, request->incoming->data + request->incoming_at, (gsize)got);
        request->incoming_at += (gsize)got;
        if (request->incoming_at == request->incoming->len) {
            g_byte_array_set_size(request->incoming, 0);
            request->incoming_at = 0;
            if (!request->body_ended)
                request_resume_locked(request);
        }
    } else if (request->body_ended) {
        got = 0;
    } else {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "The client went away");
    }
    pthread_mutex_unlock(&request->lock);
    return got;
}

typedef struct {
    z_stream stream;
    unsigned char input[16384];
    gboolean at_end; /* of the compressed bytes */
} Inflater;

void request_inflate_end(Request *request)
{
    Inflater *inflater = request->inflater;

    if (!inflater)
        return;
    inflateEnd(&inflater->stream);
    g_clear_pointer(&request->inflater, g_free);
}

static gssize read_inflated(Request *request, void *buffer, gsize size, GError **error)
{
    Inflater *inflater = request->inflater;

    inflater->stream.next_out = buffer;
    inflater->stream.avail_out = (uInt)MIN(size, G_MAXUINT / 2);
    while (!request->inflate_ended && inflater->stream.next_out == buffer) {
        int status;

        if (inflater->stream.avail_in == 0 && !inflater->at_end) {
            gssize got = read_raw(request, inflater->input, sizeof inflater->input, error);

            if (got < 0)
                return -1;
            inflater->at_end = got == 0;
            inflater->stream.next_in = inflater->input;
            inflater->stream.avail_in = (uInt)got;
        }
        status = inflate(&inflater->stream, Z_NO_FLUSH);
        request->inflate_ended = status == Z_STREAM_END;
        if (status != Z_OK && status != Z_STREAM_END &&
            !(status == Z_BUF_ERROR && !inflater->at_end)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The request body is not valid gzip");
            return -1;
        }
    }
    return (gssize)(inflater->stream.next_out - (unsigned char *)buffer);
}

gssize request_body_read(Request *request, void *buffer, gsize size, GError **error)
{
    const char *coding = request_header(request, "Content-Encoding");

    g_assert(request->mode == ROUTE_STREAM && size > 0);
    if (!coding || g_ascii_strcasecmp(coding, "identity") == 0 || request->permission == NULL)
        return read_raw(request, buffer, size, error);
    if (g_ascii_strcasecmp(coding, "gzip") != 0 && g_ascii_strcasecmp(coding, "x-gzip") != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Content-Encoding '%s' is not understood; use gzip or none", coding);
        return -1;
    }
    if (!request->inflater) {
        Inflater *inflater = g_new0(Inflater, 1);

        inflateInit2(&inflater->stream, 15 + 16);
        request->inflater = inflater;
    }
    return read_inflated(request, buffer, size, error);
}
