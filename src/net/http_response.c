#include "net/http_internal.h"
#include "formats/json.h"
#include <string.h>
#include <xxhash.h>
#include <zlib.h>

#define COMPRESS_FROM_BYTES 1400
static const char PORTAL_POLICY[] =
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

static Response *response_new(ResponseKind kind, unsigned status)
{
    Response *response = g_new0(Response, 1);

    response->kind = kind;
    response->status = status;
    response->headers = g_ptr_array_new_full(8, g_free);
    return response;
}

void response_free(Response *response)
{
    g_ptr_array_unref(response->headers);
    g_clear_pointer(&response->bytes, g_bytes_unref);
    if (response->buffer)
        g_byte_array_unref(response->buffer);
    if (response->piece)
        g_string_free(response->piece, TRUE);
    if (response->destroy)
        response->destroy(response->data);
    g_free(response->topic);
    g_free(response);
}

/* ---- making one ---- */

Response *response_bytes(unsigned status, const char *content_type, GBytes *bytes)
{
    Response *response = response_new(RESPONSE_BYTES, status);

    response->bytes = g_bytes_ref(bytes);
    return content_type ? response_header(response, "Content-Type", content_type) : response;
}

Response *response_take(unsigned status, const char *content_type, char *bytes, gsize length)
{
    g_autoptr(GBytes) taken = g_bytes_new_take(bytes, length);

    return response_bytes(status, content_type, taken);
}

Response *response_text(unsigned status, const char *content_type, const char *text)
{
    return response_take(status, content_type, g_strdup(text), strlen(text));
}

Response *response_json(Request *request, unsigned status, const Value *value)
{
    GString *text = g_string_sized_new(1024);
    gsize length;

    (void)request;
    json_write(text, value, JSON_COMPACT);
    length = text->len;
    return response_take(status, "application/json; charset=utf-8", g_string_free(text, FALSE),
                         length);
}

Response *response_items(Request *request, const Value *items)
{
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena);

    value_set(arena, reply, "items", items);
    return response_json(request, 200, reply);
}

Response *response_empty(unsigned status)
{
    return response_take(status, NULL, g_strdup(""), 0);
}

Response *response_redirect(unsigned status, const char *location)
{
    return response_header(response_empty(status), "Location", location);
}

Response *response_error_with(const Request *request, const GError *error, const Value *diagnostics)
{
    GString *text = g_string_new("{\"error\":{\"name\":");
    const char *name = error_name(error);
    unsigned status = error_status(error);
    gsize length;

    json_write_string(text, name, strlen(name));
    g_string_append(text, ",\"message\":");
    json_write_string(text, error->message, strlen(error->message));
    g_string_append(text, "},\"request\":{\"method\":");
    json_write_string(text, request->method, strlen(request->method));
    g_string_append(text, ",\"url\":");
    json_write_string(text, request_plugin_url(request), strlen(request_plugin_url(request)));
    g_string_append_printf(text, "},\"response\":{\"statusCode\":%u}", status);
    if (diagnostics) {
        g_string_append(text, ",\"diagnostics\":");
        json_write(text, diagnostics, JSON_COMPACT);
    }
    g_string_append_c(text, '}');
    length = text->len;
    return response_take(status, "application/json; charset=utf-8", g_string_free(text, FALSE),
                         length);
}

Response *response_error(const Request *request, const GError *error)
{
    return response_error_with(request, error, NULL);
}

static gboolean header_is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return FALSE;
    return TRUE;
}

Response *response_header(Response *response, const char *name, const char *value)
{
    if (!value)
        return response;
    if (!header_is_clean(value)) {
        g_info("left out the reply header %s, whose value holds a control character", name);
        return response;
    }
    g_ptr_array_add(response->headers, g_strdup(name));
    g_ptr_array_add(response->headers, g_strdup(value));
    return response;
}

const char *response_get_header(const Response *response, const char *name)
{
    for (guint i = 0; i < response->headers->len; i += 2)
        if (g_ascii_strcasecmp(response->headers->pdata[i], name) == 0)
            return response->headers->pdata[i + 1];
    return NULL;
}

Response *response_stream_begin(Request *request, unsigned status, const char *content_type)
{
    Response *response = response_new(RESPONSE_STREAM, status);

    g_assert(request->mode == ROUTE_STREAM && !request->stream);
    response->request = request;
    response->buffer = g_byte_array_new();
    response->bodyless = request->head || status == 204 || status == 304;
    request->stream = response;
    return content_type ? response_header(response, "Content-Type", content_type) : response;
}

Response *response_pieces(Request *request, unsigned status, const char *content_type,
                          PieceProducer producer, void *data, GDestroyNotify destroy)
{
    Response *response = response_new(RESPONSE_PIECES, status);

    response->request = request;
    response->pieces = producer;
    response->piece = g_string_new(NULL);
    response->data = data;
    response->destroy = destroy;
    return response_header(response, "Content-Type", content_type);
}

Response *response_sse(Request *request, const char *topic, SseProducer producer, void *data,
                       GDestroyNotify destroy)
{
    Response *response = response_new(RESPONSE_SSE, 200);

    response->request = request;
    response->buffer = g_byte_array_new();
    response->topic = g_strdup(topic);
    response->producer = producer;
    response->data = data;
    response->destroy = destroy;
    response_header(response, "Content-Type", "text/event-stream");
    response_header(response, "Cache-Control", "no-store");
    return response_header(response, "X-Accel-Buffering", "no");
}

Response *response_upgrade(Request *request,
                           void (*run)(int fd, const void *early, gsize early_length, void *data),
                           void *data, GDestroyNotify destroy)
{
    Response *response = response_new(RESPONSE_UPGRADE, 101);

    response->request = request;
    response->upgrade = run;
    response->data = data;
    response->destroy = destroy;
    return response;
}

/* ---- finishing one ---- */

static gboolean etag_matches(const char *given, const char *etag)
{
    const char *bare = g_str_has_prefix(etag, "W/") ? etag + 2 : etag;
    g_auto(GStrv) tags = g_strsplit(given, ",", 64);

    for (guint i = 0; tags[i]; i++) {
        const char *tag = g_strstrip(tags[i]);

        if (g_str_equal(tag, "*") || g_str_equal(g_str_has_prefix(tag, "W/") ? tag + 2 : tag, bare))
            return TRUE;
    }
    return FALSE;
}

static void write_hex(char *at, guint64 number)
{
    for (int i = 15; i >= 0; i--, number >>= 4)
        at[i] = "0123456789abcdef"[number & 15];
}

/* Of the bytes alone, so that every node and every start gives the same. */
static void add_etag(Response *response)
{
    gsize length;
    const void *bytes = g_bytes_get_data(response->bytes, &length);
    XXH128_hash_t digest = XXH3_128bits(bytes, length);
    char etag[] = "W/\"0123456789abcdef0123456789abcdef\"";

    write_hex(etag + 3, digest.high64);
    write_hex(etag + 19, digest.low64);
    response_header(response, "ETag", etag);
}

static gboolean is_compressible(const char *type)
{
    return type && (g_str_has_prefix(type, "text/") || strstr(type, "json") ||
                    strstr(type, "javascript") || strstr(type, "svg") || strstr(type, "xml"));
}

/* TRUE for "gzip", "gzip;q=0.5" and "*", FALSE for "gzip;q=0". */
static gboolean accepts_gzip(const char *accept)
{
    g_auto(GStrv) codings = accept ? g_strsplit(accept, ",", 32) : NULL;

    for (guint i = 0; codings && codings[i]; i++) {
        char *quality = strstr(codings[i], ";q=");
        gboolean wanted = !quality || g_ascii_strtod(quality + 3, NULL) > 0;

        if (quality)
            *quality = '\0';
        g_strstrip(codings[i]);
        if (g_ascii_strcasecmp(codings[i], "gzip") == 0 || g_str_equal(codings[i], "*"))
            return wanted;
    }
    return FALSE;
}

static GBytes *gzip(GBytes *plain)
{
    gsize length;
    const void *bytes = g_bytes_get_data(plain, &length);
    z_stream stream = {0};
    guint8 *packed;
    gsize bound;

    if (deflateInit2(&stream, 3, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    bound = deflateBound(&stream, length);
    packed = g_malloc(bound);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)bound;
    deflate(&stream, Z_FINISH);
    bound = stream.total_out;
    deflateEnd(&stream);
    return g_bytes_new_take(packed, bound);
}

static void compress_body(const Request *request, Response *response)
{
    gsize length = g_bytes_get_size(response->bytes);
    GBytes *packed;

    if (length < COMPRESS_FROM_BYTES || length > G_MAXINT ||
        response_get_header(response, "Content-Encoding") ||
        !is_compressible(response_get_header(response, "Content-Type")))
        return;
    response_header(response, "Vary", "Accept-Encoding");
    if (!accepts_gzip(request_header(request, "Accept-Encoding")))
        return;
    packed = gzip(response->bytes);
    if (!packed)
        return;
    g_bytes_unref(response->bytes);
    response->bytes = packed;
    response_header(response, "Content-Encoding", "gzip");
}

void response_finish(Request *request, Response *response)
{
    const char *given = request_header(request, "If-None-Match"), *type;
    gboolean reads = g_str_equal(request->method, "GET") || request->head;

    if (response->kind != RESPONSE_BYTES || response->foreign)
        return;
    type = response_get_header(response, "Content-Type");
    if (reads && response->status == 200 && type && g_str_has_prefix(type, "application/json") &&
        !response_get_header(response, "ETag"))
        add_etag(response);
    if (reads && response->status == 200 && given && response_get_header(response, "ETag") &&
        etag_matches(given, response_get_header(response, "ETag"))) {
        response->status = 304;
        g_bytes_unref(response->bytes);
        response->bytes = g_bytes_new_static("", 0);
        return;
    }
    compress_body(request, response);
}

/* ---- handing one over ---- */

static void unref_bytes(void *bytes)
{
    g_bytes_unref(bytes);
}

static void unref_request(void *request)
{
    request_unref(request);
}

static struct MHD_Response *from_bytes(Response *response)
{
    gsize length;
    const void *bytes = g_bytes_get_data(response->bytes, &length);

    return MHD_create_response_from_buffer_with_free_callback_cls(
        length, (void *)(bytes ? bytes : ""), unref_bytes, g_bytes_ref(response->bytes));
}

static struct MHD_Response *from_buffer(Request *request, Response *response)
{
    const char *length = response_get_header(response, "Content-Length");
    uint64_t size = length ? g_ascii_strtoull(length, NULL, 10) : MHD_SIZE_UNKNOWN;

    if (response->bodyless && !length)
        return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_callback(size, 32768, response_stream_read,
                                             request_ref(request), unref_request);
}

static ssize_t read_pieces(void *data, uint64_t position, char *buffer, size_t size)
{
    Response *response = ((Request *)data)->response;
    gsize length;

    (void)position;
    if (response->piece_at == response->piece->len) {
        g_string_truncate(response->piece, 0);
        response->piece_at = 0;
        response->pieces(response->data, response->piece);
    }
    length = MIN(size, response->piece->len - response->piece_at);
    if (length == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    memcpy(buffer, response->piece->str + response->piece_at, length);
    response->piece_at += length;
    return (ssize_t)length;
}

static struct MHD_Response *from_pieces(Request *request)
{
    if (request->head)
        return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, read_pieces,
                                             request_ref(request), unref_request);
}

static void add_own_headers(const Request *request, const Response *response,
                            struct MHD_Response *made)
{
    const char *type = response_get_header(response, "Content-Type");

    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
    /* JSON refers to nothing. */
    if (!type || !g_str_has_prefix(type, "application/json"))
        MHD_add_response_header(made, "Referrer-Policy", "same-origin");
    if (type && g_str_has_prefix(type, "text/html")) {
        MHD_add_response_header(made, "X-Frame-Options", "DENY");
        if (!response_get_header(response, "Content-Security-Policy"))
            MHD_add_response_header(made, "Content-Security-Policy", PORTAL_POLICY);
    }
    if (g_str_has_prefix(request->target, "/api/") &&
        !response_get_header(response, "Cache-Control"))
        MHD_add_response_header(made, "Cache-Control", "private, no-cache");
}

struct MHD_Response *response_to_mhd(Request *request, Response *response)
{
    struct MHD_Response *made = NULL;

    switch (response->kind) {
    case RESPONSE_BYTES:
        made = from_bytes(response);
        break;
    case RESPONSE_PIECES:
        made = from_pieces(request);
        break;
    case RESPONSE_STREAM:
    case RESPONSE_SSE:
        made = from_buffer(request, response);
        break;
    case RESPONSE_UPGRADE:
        made = response_upgrade_to_mhd(request, response);
        break;
    }
    if (!made)
        return NULL;
    for (guint i = 0; i < response->headers->len; i += 2)
        if (g_ascii_strcasecmp(response->headers->pdata[i], "Content-Length") != 0)
            MHD_add_response_header(made, response->headers->pdata[i],
                                    response->headers->pdata[i + 1]);
    if (!response->foreign && response->kind != RESPONSE_UPGRADE)
        add_own_headers(request, response, made);
    if (atomic_load(&request->server->stopping) && response->kind != RESPONSE_UPGRADE)
        MHD_add_response_header(made, "Connection", "close");
    return made;
}
