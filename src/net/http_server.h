/* The HTTP server: libmicrohttpd behind a router, with a strictness layer in front.
 *
 * A route says where its handler runs. INLINE handlers run on the event thread and never block
 * (memory only). WORKER handlers run on a worker thread with the whole request body read. STREAM
 * handlers run on a worker thread before the body was read and read it themselves; they may also
 * write their reply as it comes. Order of routes means nothing: a literal segment wins over a
 * {parameter}, and {rest...} takes what is left of the path. */
#pragma once
#include "base/error.h"
#include "formats/value.h"
#include <glib.h>

typedef struct HttpServer HttpServer;
typedef struct Request Request;
typedef struct Response Response;

/* ---- handlers and routes ---- */

/* Decodes, calls, encodes. NULL with error set becomes an error reply in Backstage's shape. */
typedef Response *(*RouteHandler)(Request *request, void *room, GError **error);

typedef enum { ROUTE_INLINE, ROUTE_WORKER, ROUTE_STREAM } RouteMode;

typedef struct {
    const char *method; /* any token; "*" takes every method */
    const char *path;   /* "/api/catalog/entities/by-name/{kind}/{namespace}/{name}" */
    RouteHandler handler;
    RouteMode mode;
    const char *permission; /* "catalog.entity.read"; PERMISSION_PUBLIC, or PERMISSION_SIGNED_IN
                               where the handler decides about the object itself */
} Route;

#define PERMISSION_PUBLIC "public"
#define PERMISSION_SIGNED_IN "signed-in"

/* ---- the request ---- */

const char *request_method(const Request *request);
const char *request_path(const Request *request);   /* decoded */
const char *request_target(const Request *request); /* as sent, with the query */
const char *request_param(const Request *request,
                          const char *name); /* a {name} of the route, decoded */
const char *request_query(const Request *request,
                          const char *name); /* the first; NULL where absent */
/* Every value of a repeated query parameter in order ("name" or "name[]"), NULL-terminated, in the
 * request's arena. */
const char *const *request_query_all(const Request *request, const char *name);
/* The names of all query parameters, NULL-terminated. */
const char *const *request_query_names(const Request *request);
gboolean request_query_int(const Request *request, const char *name, int64_t minimum,
                           int64_t maximum, int64_t fallback, int64_t *result, GError **error);
const char *request_header(const Request *request, const char *name); /* case-insensitive */
const char *request_cookie(const Request *request, const char *name);
const char *request_host(const Request *request); /* lower case, without the port */
const char *request_client_address(const Request *request);
gboolean request_is_tls(const Request *request);
Arena *request_arena(Request *request); /* dies with the request */

/* The body of a WORKER or INLINE request. */
const char *request_body(const Request *request, gsize *length);
/* The body as JSON; ERROR_INPUT where it is missing, not application/json or does not parse. */
const Value *request_body_json(Request *request, GError **error);

/* STREAM: the next bytes of the body (chunked and Content-Encoding: gzip undone), 0 at its end, -1
 * with error. Blocks. */
gssize request_body_read(Request *request, void *buffer, gsize size, GError **error);

/* What the server's authenticator attached, see http_server_set_authenticator(). */
void *request_principal(const Request *request);

/* ---- replies ---- */

Response *response_json(Request *request, unsigned status, const Value *value);
/* 200 with {"items": items}: how every list is answered. */
Response *response_items(Request *request, const Value *items);
Response *response_text(unsigned status, const char *content_type, const char *text); /* copies */
Response *response_take(unsigned status, const char *content_type, char *bytes,
                        gsize length); /* takes bytes */
Response *response_bytes(unsigned status, const char *content_type, GBytes *bytes); /* shares */
Response *response_empty(unsigned status);
Response *response_redirect(unsigned status, const char *location);
/* The Backstage-shaped error reply: {error:{name,message}, request:{method,url},
 * response:{statusCode}}. */
Response *response_error(const Request *request, const GError *error);
/* The same with what is wrong where: [{severity, message, file, line, column}]. */
Response *response_error_with(const Request *request, const GError *error,
                              const Value *diagnostics);
Response *response_header(Response *response, const char *name,
                          const char *value); /* returns response */

/* STREAM: a reply written as it comes. Call response_stream_begin() once, then write, then return
 * response_stream_end(). Writes block while the client is slow (bounded buffer) and fail with
 * ERROR_CANCELLED when it went away. Headers are set on what begin returned before the first write.
 */
Response *response_stream_begin(Request *request, unsigned status, const char *content_type);
gboolean response_stream_write(Response *response, const void *bytes, gsize length, GError **error);
Response *response_stream_end(Response *response);

/* A reply that is made while it is sent, of what is in memory and would be too much at once:
 * producer appends the next piece (some 32 KiB are good) to out, and nothing where it is over. It
 * runs on the event thread, like an INLINE handler, and never blocks; request and its arena live as
 * long. */
typedef void (*PieceProducer)(void *data, GString *out);
Response *response_pieces(Request *request, unsigned status, const char *content_type,
                          PieceProducer producer, void *data, GDestroyNotify destroy);

/* A protocol upgrade (WebSocket): after 101 was sent, run(fd, data) gets the raw socket on a thread
 * of its own and closes it. For STREAM routes. */
Response *response_upgrade(Request *request,
                           void (*run)(int fd, const void *early, gsize early_length, void *data),
                           void *data, GDestroyNotify destroy);

/* ---- server-sent events ---- */

/* Appends what is new to out as complete SSE blocks; returns FALSE when the stream is over (after
 * what it appended). Runs on the server's stream thread (may read files and the database), whenever
 * sse_wake() was called for topic, and at least every second. A keep-alive comment is sent every 15
 * s by itself. */
typedef gboolean (*SseProducer)(void *data, GString *out);
Response *response_sse(Request *request, const char *topic, SseProducer producer, void *data,
                       GDestroyNotify destroy);
/* Wakes the streams of topic (NULL: all). Any thread; cheap when nobody listens. */
void sse_wake(HttpServer *server, const char *topic);
/* Appends one block; any of event and id may be NULL. Newlines in data are handled. */
void sse_append(GString *out, const char *event, const char *id, const char *data);

/* ---- the server ---- */

typedef struct {
    int listen_fd;               /* a bound, listening TCP or Unix socket; taken */
    const char *tls_certificate; /* PEM texts; NULL for plain HTTP */
    const char *tls_key;
} HttpListener;

typedef struct {
    gsize body_size_max;  /* for INLINE and WORKER routes; default 10 MiB */
    guint workers;        /* default 16 */
    guint stream_workers; /* STREAM requests at once; default 64 */
    const char *const
        *hosts; /* names the mounted routes answer to (NULL-terminated, without ports); NULL: any */
    const char *const
        *trusted_proxies; /* addresses whose X-Forwarded-For and -Proto are believed */
} HttpServerOptions;

HttpServer *http_server_new(const HttpServerOptions *options);
void http_server_free(HttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpServer, http_server_free)

/* Mounts routes (ended by an entry without a method), each called with room. Before start. Two
 * equal routes assert. */
void http_mount(HttpServer *server, const Route *routes, void *room);

/* Asked before a body is read (then on the event thread, so it answers from memory where it can) or
 * before the handler, on its thread: authenticates and authorises. TRUE lets the
 * request through with *principal attached (freed by destroy); FALSE with ERROR_AUTHENTICATION or
 * ERROR_NOT_ALLOWED refuses it. */
typedef gboolean (*HttpAuthenticator)(Request *request, const char *permission, void **principal,
                                      void *data, GError **error);
void http_server_set_authenticator(HttpServer *server, HttpAuthenticator authenticator, void *data,
                                   GDestroyNotify destroy_principal);

/* Takes every request whose Host is not one of options.hosts (services behind Pave); STREAM mode.
 * NULL: 421. */
void http_server_set_foreign_host_handler(HttpServer *server, RouteHandler handler, void *data);

/* Requests that match no route and do not start with /api/: the portal's files. */
void http_server_set_fallback(HttpServer *server, RouteHandler handler, void *data);

/* May be called several times; a server can listen on several sockets, TLS or not. */
gboolean http_server_listen(HttpServer *server, const HttpListener *listener, GError **error);

/* Stops accepting, ends streams, waits up to grace_ms for requests under way, then stops. */
void http_server_stop(HttpServer *server, int grace_ms);

/* A listening socket. address "127.0.0.1" or "::"; port 0 picks one, stored to *port. Path: a Unix
 * socket. */
int http_listen_tcp(const char *address, guint16 *port, GError **error);
int http_listen_unix(const char *path, GError **error);

/* Requests served, by status class and route, in Prometheus' text format. */
void http_server_metrics(HttpServer *server, GString *out);
