/* What the files of the HTTP server share. Nothing outside net/ includes this. */
#pragma once
#include "net/http_server.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* A client that sends or takes slowly holds this much of its body in memory, not more. */
#define STREAM_BUFFER_BYTES ((gsize)256 << 10)
/* What is read and thrown away so that a refusal can be answered instead of resetting. */
#define DRAIN_BYTES_MAX ((gsize)32 << 20)
/* Of a request nobody is known to have sent. */
#define STRANGERS_BODY_BYTES_MAX ((gsize)64 << 10)

/* ---- worker threads (http_pool.c) ---- */

typedef struct HttpPool HttpPool;
/* Threads are made when needed and end when idle. */
HttpPool *http_pool_new(guint threads_max, guint queue_max);
/* FALSE where the queue is full. */
gboolean http_pool_push(HttpPool *pool, void (*run)(void *data), void *data);
/* Runs what is queued, then ends. */
void http_pool_free(HttpPool *pool);

/* ---- router (http_router.c) ---- */

typedef struct {
    const Route *route;
    void *room;
    const char **names;           /* of the parameters in order, NULL-terminated */
    _Atomic uint64_t answered[6]; /* by status class */
    _Atomic uint64_t duration_us;
} RouteEntry;

typedef struct HttpRouter HttpRouter;
HttpRouter *http_router_new(void);
void http_router_free(HttpRouter *router);
void http_router_add(HttpRouter *router, const Route *routes, void *room);

typedef struct {
    RouteEntry *entry;     /* NULL: none */
    const char **captured; /* decoded values in the order of entry->names; in arena */
    const char *allow;     /* "GET, POST" where the path is known but the method is not; in arena */
} RouteMatch;

/* segments: decoded, NULL-terminated. */
void http_router_match(const HttpRouter *router, Arena *arena, const char *method,
                       const char *const *segments, RouteMatch *match);
void http_router_each(const HttpRouter *router, void (*each)(RouteEntry *entry, void *data),
                      void *data);

/* ---- strictness (http_strict.c) ---- */

typedef struct {
    const char *name, *value;
    gsize name_length, value_length;
} HttpHeader;

/* NULL where the head of a request is beyond doubt, else what is wrong with it. Pure. exact_lines:
 * no line was seen that ends in a bare LF or is folded. */
const char *http_strict_check(const char *method, const char *target, const char *version,
                              const HttpHeader *headers, guint count, gboolean exact_lines);
/* Host without port, lower case, in arena; NULL where it is none. */
const char *http_parse_host(Arena *arena, const char *host);
/* Undoes %XX; NULL for a bad escape, NUL or bad UTF-8. */
char *http_percent_decode(Arena *arena, const char *text, gsize length, gboolean plus_is_space);

/* ---- the reply (http_response.c) ---- */

typedef enum {
    RESPONSE_BYTES,
    RESPONSE_PIECES,
    RESPONSE_STREAM,
    RESPONSE_SSE,
    RESPONSE_UPGRADE
} ResponseKind;

struct Response {
    ResponseKind kind;
    unsigned status;
    GPtrArray *headers; /* name, value, name, value */
    GBytes *bytes;
    gboolean foreign; /* of a service behind us: nothing of ours is added */

    /* pieces: event thread only */
    PieceProducer pieces;
    GString *piece; /* sent up to piece_at */
    gsize piece_at;

    /* stream and SSE: guarded by the request's lock */
    Request *request; /* not owned: the request owns us */
    GByteArray *buffer;
    gboolean published, ended, broken, bodyless;

    SseProducer producer;
    char *topic;
    atomic_bool wake;
    int64_t last_write_ms;

    void (*upgrade)(int fd, const void *early, gsize early_length, void *data);
    void *data;
    GDestroyNotify destroy;
};

void response_free(Response *response);
const char *response_get_header(const Response *response, const char *name);
/* ETag, 304 and compression, on the thread of the handler. */
void response_finish(Request *request, Response *response);
/* What libmicrohttpd sends; keeps a reference of request where it needs one. */
struct MHD_Response *response_to_mhd(Request *request, Response *response);

/* ---- the request (http_request.c) ---- */

typedef struct {
    HttpServer *server;
    struct MHD_Daemon *daemon;
    int fd;
    gboolean tls;
} Listener;

struct Request {
    atomic_int references;
    HttpServer *server;
    Listener *listener;
    struct MHD_Connection *connection; /* not to be touched once gone is set */
    Arena *arena;
    const char *target, *method, *path, *query, *host;
    struct sockaddr_storage peer; /* family 0: a Unix socket */
    const char *address;          /* as text, made when first asked for */
    const char *const *segments;
    HttpHeader *headers;
    guint header_count;
    GPtrArray *pairs; /* of the query, decoded: name, value, …; made when first asked for */
    RouteEntry *entry;
    RouteHandler handler;
    void *room;
    const char *permission;
    RouteMode mode;
    const char **captured; /* values of the route's parameters */
    void *principal;
    gboolean head, tls;
    gboolean has_body;
    int64_t started_us;

    /* event thread only */
    gboolean begun, in_head, dispatched, in_body, authenticated;
    gsize drained;

    /* the whole body of INLINE and WORKER requests */
    GByteArray *body;
    gboolean body_too_large;
    const Value *json;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock */
    gboolean suspended, gone, aborted;
    gboolean body_wanted, body_ended;
    GByteArray *incoming; /* of a STREAM request; read from incoming_at on */
    gsize incoming_at;
    Response *response; /* what was answered */
    Response *stream;   /* what response_stream_begin() gave; then becomes response */
    void *inflater;     /* z_stream of a gzip body, handler's thread only */
    gboolean inflate_ended;
    GList link; /* in the server's list of live requests */
};

Request *request_new(HttpServer *server, const char *target);
Request *request_ref(Request *request);
void request_unref(Request *request);
/* Both need the lock; suspending does nothing once the server aborts requests. */
void request_suspend_locked(Request *request);
void request_resume_locked(Request *request);
/* Undoes Content-Encoding of the whole body. */
gboolean request_inflate_body(Request *request, gsize size_max, GError **error);
void request_inflate_end(Request *request);
/* "/entities" of "/api/catalog/entities": what error replies call the url. */
const char *request_plugin_url(const Request *request);

/* ---- streams ---- */

/* libmicrohttpd's readers of a stream's or an SSE response's buffer. */
ssize_t response_stream_read(void *request, uint64_t position, char *buffer, size_t size);
struct MHD_Response *response_upgrade_to_mhd(Request *request, Response *response);

typedef struct HttpSse HttpSse;
HttpSse *http_sse_new(void);
void http_sse_add(HttpSse *sse, Request *request);
void http_sse_wake(HttpSse *sse, const char *topic);
/* Ends every stream and the thread. */
void http_sse_stop(HttpSse *sse);
void http_sse_free(HttpSse *sse);

/* ---- the server ---- */

struct HttpServer {
    HttpServerOptions options;
    char **hosts, **trusted_proxies;
    HttpRouter *router;
    RouteEntry *fallback, *foreign;
    HttpAuthenticator authenticator;
    void *authenticator_data;
    GDestroyNotify destroy_principal;
    GPtrArray *listeners;
    HttpPool *workers, *streams;
    HttpSse *sse;
    atomic_bool stopping; /* replies close their connections */
    atomic_bool closed;   /* what comes now is refused */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock */
    GQueue live;
    guint upgrades;
    GHashTable *upgrade_fds;

    _Atomic uint64_t refused, in_flight;
};
