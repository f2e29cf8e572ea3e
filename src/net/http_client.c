#include "net/http_client.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#define REPLY_BYTES_MAX ((gsize)32 << 20)
#define REDIRECTS_MAX 5L
#define CONNECT_TIMEOUT_MS 10000L

typedef struct {
    const HttpRequest *request;
    CURL *easy;
    GString *body;
    gsize size_max;
    HttpReply *reply; /* gets the headers */
    gboolean (*chunk)(const char *bytes, gsize length, void *data);
    void *data;
    gboolean refused, too_large, stopped;
    char reason[CURL_ERROR_SIZE];
} Transfer;

void http_reply_free(HttpReply *reply)
{
    g_free(reply->body);
    g_hash_table_unref(reply->headers);
    g_free(reply);
}

/* ---- the guard ---- */

typedef struct {
    guint32 network;
    int bits;
} Range;

/* What is not the public internet: RFC 6890 and multicast. */
static const Range PRIVATE_RANGES[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
    {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
};

static gboolean is_private_v4(guint32 address)
{
    for (guint i = 0; i < G_N_ELEMENTS(PRIVATE_RANGES); i++) {
        guint32 mask = ~(guint32)0 << (32 - PRIVATE_RANGES[i].bits);

        if ((address & mask) == PRIVATE_RANGES[i].network)
            return TRUE;
    }
    return FALSE;
}

/* Only 2000::/3 is public, and of that not what carries an IPv4 address or a tunnel in it. */
static gboolean is_private_v6(const struct in6_addr *address)
{
    const guint8 *b = address->s6_addr;
    guint32 first = (guint32)b[0] << 24 | (guint32)b[1] << 16 | (guint32)b[2] << 8 | b[3];

    if (IN6_IS_ADDR_V4MAPPED(address))
        return is_private_v4((guint32)b[12] << 24 | (guint32)b[13] << 16 | (guint32)b[14] << 8 |
                             b[15]);
    return (b[0] & 0xe0) != 0x20 || first >> 16 == 0x2002 || first == 0x20010000 ||
           first == 0x20010db8;
}

static gboolean is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_private_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_private_v6(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return TRUE;
}

/* Asked with the resolved address of every connection, redirects too: a name that resolves
 * differently the second time gains nothing. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    Transfer *transfer = data;

    if (!transfer->request->allow_private && !transfer->request->unix_socket &&
        is_private(&address->addr)) {
        transfer->refused = TRUE;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one transfer ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    gsize length = size * count;

    if (transfer->chunk) {
        transfer->stopped = !transfer->chunk(bytes, length, transfer->data);
        return transfer->stopped ? 0 : length;
    }
    if (transfer->body->len + length > transfer->size_max) {
        transfer->too_large = TRUE;
        return 0;
    }
    g_string_append_len(transfer->body, bytes, (gssize)length);
    return length;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    gsize length = size * count;
    const char *colon = memchr(line, ':', length);
    char *name, *value;

    if (!transfer->reply)
        return length;
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
        g_hash_table_remove_all(transfer->reply->headers); /* of the reply before a redirect */
    if (!colon)
        return length;
    name = g_ascii_strdown(line, colon - line);
    value = g_strstrip(g_strndup(colon + 1, length - (gsize)(colon - line) - 1));
    g_hash_table_replace(transfer->reply->headers, name, value);
    return length;
}

static void initialise(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct curl_slist *set_headers(CURL *easy, const HttpRequest *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (guint i = 0; request->headers && request->headers[i]; i++)
        list = curl_slist_append(list, request->headers[i]);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    return list;
}

static void set_method(CURL *easy, const HttpRequest *request)
{
    const char *method = request->method;

    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    }
    if (request->body_file) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_READDATA, request->body_file);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    }
    if (method && g_str_equal(method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (method)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_options(Transfer *transfer)
{
    const HttpRequest *request = transfer->request;
    CURL *easy = transfer->easy;

    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->no_redirects ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    if (request->timeout_ms >= 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                         request->timeout_ms ? (long)request->timeout_ms : 30000L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "pave/" PAVE_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (!request->allow_private) /* behind a proxy the guard could not see the address */
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    if (request->unix_socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    if (request->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
    set_method(easy, request);
}

static void set_error(GError **error, const Transfer *transfer, CURLcode code)
{
    g_autoptr(GUri) uri = g_uri_parse(transfer->request->url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *host = uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : transfer->request->url;

    if (transfer->refused)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s leads to a private address, which Pave does not fetch from", host);
    else if (transfer->too_large)
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "The reply of %s is larger than %" G_GSIZE_FORMAT " bytes", host,
                    transfer->size_max);
    else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is not an http or https URL",
                    transfer->request->url);
    else
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s: %s", host,
                    transfer->reason[0] ? transfer->reason : curl_easy_strerror(code));
}

static gboolean perform(Transfer *transfer, long *status, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct curl_slist *headers;
    CURLcode code;

    pthread_once(&once, initialise);
    transfer->easy = curl_easy_init();
    g_assert(transfer->easy);
    set_options(transfer);
    headers = set_headers(transfer->easy, transfer->request);
    code = curl_easy_perform(transfer->easy);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(transfer->easy);
    if (code == CURLE_OK || transfer->stopped)
        return TRUE;
    set_error(error, transfer, code);
    return FALSE;
}

HttpReply *http_send(const HttpRequest *request, GError **error)
{
    HttpReply *reply = g_new0(HttpReply, 1);
    Transfer transfer = {.request = request,
                         .body = g_string_new(NULL),
                         .size_max =
                             request->reply_size_max ? request->reply_size_max : REPLY_BYTES_MAX,
                         .reply = reply};
    gboolean done;

    reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    done = perform(&transfer, &reply->status, error);
    reply->length = transfer.body->len;
    reply->body = g_string_free(transfer.body, FALSE);
    if (done)
        return reply;
    http_reply_free(reply);
    return NULL;
}

gboolean http_stream(const HttpRequest *request,
                     gboolean (*chunk)(const char *bytes, gsize length, void *data), void *data,
                     long *status, GError **error)
{
    Transfer transfer = {.request = request, .chunk = chunk, .data = data};
    long ignored;

    return perform(&transfer, status ? status : &ignored, error);
}
