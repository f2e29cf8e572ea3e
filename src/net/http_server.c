#include "net/http_server.h"
#include "net/http_dispatch.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTION_MEMORY_BYTES ((size_t)32 << 10)
#define CONNECTIONS_MAX 8192
#define IDLE_SECONDS 75

static void free_listener(void *data)
{
    Listener *listener = data;

    if (listener->daemon)
        MHD_stop_daemon(listener->daemon);
    if (listener->fd >= 0)
        close(listener->fd);
    g_free(listener);
}

static void close_fd(void *fd)
{
    close(GPOINTER_TO_INT(fd));
}

/* Held for a few instructions by every request of every event thread: spinning beats sleeping. */
static void lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

HttpServer *http_server_new(const HttpServerOptions *options)
{
    HttpServer *server = g_new0(HttpServer, 1);

    if (options)
        server->options = *options;
    if (server->options.body_size_max == 0)
        server->options.body_size_max = (gsize)10 << 20;
    if (server->options.workers == 0)
        server->options.workers = 16;
    if (server->options.stream_workers == 0)
        server->options.stream_workers = 64;
    server->hosts = g_strdupv((char **)server->options.hosts);
    if (server->options.trusted_proxies && server->options.trusted_proxies[0])
        server->trusted_proxies = g_strdupv((char **)server->options.trusted_proxies);
    server->router = http_router_new();
    server->listeners = g_ptr_array_new_with_free_func(free_listener);
    server->workers = http_pool_new(server->options.workers, 4096);
    server->streams = http_pool_new(server->options.stream_workers, 1024);
    server->sse = http_sse_new();
    g_queue_init(&server->live);
    server->upgrade_fds = g_hash_table_new_full(NULL, NULL, NULL, close_fd);
    lock_init(&server->lock);
    pthread_cond_init(&server->changed, NULL);
    return server;
}

static void free_single(RouteEntry *entry)
{
    if (!entry)
        return;
    g_free((Route *)entry->route);
    g_free(entry);
}

void http_server_free(HttpServer *server)
{
    if (!server)
        return;
    http_server_stop(server, 0);
    http_sse_free(server->sse);
    g_ptr_array_unref(server->listeners);
    http_router_free(server->router);
    free_single(server->fallback);
    free_single(server->foreign);
    g_hash_table_unref(server->upgrade_fds);
    g_strfreev(server->hosts);
    g_strfreev(server->trusted_proxies);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
    g_free(server);
}

void http_mount(HttpServer *server, const Route *routes, void *room)
{
    g_assert(server->listeners->len == 0);
    http_router_add(server->router, routes, room);
}

void http_server_set_authenticator(HttpServer *server, HttpAuthenticator authenticator, void *data,
                                   GDestroyNotify destroy_principal)
{
    server->authenticator = authenticator;
    server->authenticator_data = data;
    server->destroy_principal = destroy_principal;
}

static RouteEntry *single_entry(const char *name, RouteHandler handler, RouteMode mode,
                                const char *permission, void *room)
{
    RouteEntry *entry = g_new0(RouteEntry, 1);
    Route *route = g_new0(Route, 1);

    *route = (Route){"*", name, handler, mode, permission};
    entry->route = route;
    entry->room = room;
    return entry;
}

void http_server_set_foreign_host_handler(HttpServer *server, RouteHandler handler, void *data)
{
    free_single(server->foreign);
    server->foreign = single_entry("(services)", handler, ROUTE_STREAM, NULL, data);
}

void http_server_set_fallback(HttpServer *server, RouteHandler handler, void *data)
{
    free_single(server->fallback);
    server->fallback = single_entry("(portal)", handler, ROUTE_INLINE, NULL, data);
}

/* A client that breaks off is no news. */
static void log_line(void *data, const char *format, va_list arguments)
{
    g_logv("net", G_LOG_LEVEL_DEBUG, format, arguments);
}

/* The router decodes by itself, so that %2F stays inside its segment. */
static size_t leave_escaped(void *data, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

gboolean http_server_listen(HttpServer *server, const HttpListener *spec, GError **error)
{
    Listener *listener = g_new0(Listener, 1);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)spec->tls_certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)spec->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
        {MHD_OPTION_END, 0, NULL}};

    fcntl(spec->listen_fd, F_SETFL, fcntl(spec->listen_fd, F_GETFL) | O_NONBLOCK);
    listener->server = server;
    listener->fd = spec->listen_fd;
    listener->tls = spec->tls_certificate != NULL;
    listener->daemon = MHD_start_daemon(
        flags | (listener->tls ? MHD_USE_TLS : 0), 0, NULL, NULL, http_on_request, listener,
        MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL, MHD_OPTION_ARRAY,
        listener->tls ? tls : tls + G_N_ELEMENTS(tls) - 1, MHD_OPTION_LISTEN_SOCKET,
        spec->listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)2, MHD_OPTION_URI_LOG_CALLBACK,
        http_on_target, listener, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, listener,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (!listener->daemon) {
        free_listener(listener);
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "The HTTP server cannot start on its socket%s",
                    spec->tls_certificate ? " (is the certificate PEM, and does the key fit?)"
                                          : "");
        return FALSE;
    }
    g_ptr_array_add(server->listeners, listener);
    return TRUE;
}

void sse_wake(HttpServer *server, const char *topic)
{
    http_sse_wake(server->sse, topic);
}

/* ---- stopping ---- */

static gboolean wait_locked(HttpServer *server, const struct timespec *until)
{
    return pthread_cond_timedwait(&server->changed, &server->lock, until) != ETIMEDOUT;
}

static void end_upgrades_locked(HttpServer *server)
{
    GHashTableIter iterator;
    void *fd;

    g_hash_table_iter_init(&iterator, server->upgrade_fds);
    while (g_hash_table_iter_next(&iterator, NULL, &fd))
        shutdown(GPOINTER_TO_INT(fd), SHUT_RDWR);
}

/* Requests still under way are broken off: none may be suspended when libmicrohttpd stops. */
static void abort_live_locked(HttpServer *server)
{
    for (GList *link = server->live.head; link; link = link->next) {
        Request *request = link->data;

        pthread_mutex_lock(&request->lock);
        request->aborted = TRUE;
        request_resume_locked(request);
        pthread_cond_broadcast(&request->changed);
        pthread_mutex_unlock(&request->lock);
    }
}

static struct timespec after_ms(int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

void http_server_stop(HttpServer *server, int grace_ms)
{
    struct timespec until = after_ms(grace_ms);

    if (!server->workers)
        return;
    atomic_store(&server->stopping, TRUE);
    for (guint i = 0; i < server->listeners->len; i++)
        MHD_quiesce_daemon(((Listener *)server->listeners->pdata[i])->daemon);
    http_sse_stop(server->sse);
    pthread_mutex_lock(&server->lock);
    end_upgrades_locked(server);
    while (server->live.length > 0 && wait_locked(server, &until))
        ;
    atomic_store(&server->closed, TRUE);
    abort_live_locked(server);
    while (server->upgrades > 0)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    for (guint i = 0; i < server->listeners->len; i++) {
        Listener *listener = server->listeners->pdata[i];

        MHD_stop_daemon(listener->daemon);
        listener->daemon = NULL;
    }
    http_pool_free(g_steal_pointer(&server->workers));
    http_pool_free(g_steal_pointer(&server->streams));
}

/* ---- sockets ---- */

static void set_socket_error(GError **error, const char *what, const char *where)
{
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s %s: %s", what, where,
                g_strerror(errno));
}

int http_listen_tcp(const char *address, guint16 *port, GError **error)
{
    g_autofree char *service = g_strdup_printf("%u", *port);
    g_autofree char *where = g_strdup_printf("%s port %u", address, *port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    int fd, on = 1, off = 0;

    if (getaddrinfo(address, service, &hints, &found) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is no address to listen on", address);
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (found->ai_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        set_socket_error(error, "Cannot listen on", where);
        freeaddrinfo(found);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    freeaddrinfo(found);
    getsockname(fd, (struct sockaddr *)&bound, &length);
    *port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                              : ((struct sockaddr_in *)&bound)->sin_port);
    return fd;
}

int http_listen_unix(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, bound;

    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "The path of a Unix socket may have 107 bytes, which %s exceeds", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    mask = umask(0177);
    bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound != 0 || listen(fd, SOMAXCONN) != 0) {
        set_socket_error(error, "Cannot listen on", path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

/* ---- metrics ---- */

static void write_counts(RouteEntry *entry, void *data)
{
    for (int class = 1; class < 6; class ++) {
        uint64_t count = atomic_load(&entry->answered[class]);

        if (count > 0)
            g_string_append_printf(data,
                                   "pave_http_requests_total{method=\"%s\",route=\"%s\","
                                   "status=\"%dxx\"} %" G_GUINT64_FORMAT "\n",
                                   entry->route->method, entry->route->path, class, (guint64)count);
    }
}

static void write_durations(RouteEntry *entry, void *data)
{
    uint64_t all = 0;

    for (int class = 1; class < 6; class ++)
        all += atomic_load(&entry->answered[class]);
    if (all > 0)
        g_string_append_printf(
            data,
            "pave_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %.6f\n"
            "pave_http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} "
            "%" G_GUINT64_FORMAT "\n",
            entry->route->method, entry->route->path,
            (double)atomic_load(&entry->duration_us) / 1e6, entry->route->method,
            entry->route->path, (guint64)all);
}

static void each_entry(HttpServer *server, void (*each)(RouteEntry *entry, void *data),
                       GString *out)
{
    http_router_each(server->router, each, out);
    if (server->fallback)
        each(server->fallback, out);
    if (server->foreign)
        each(server->foreign, out);
}

void http_server_metrics(HttpServer *server, GString *out)
{
    g_string_append(out, "# HELP pave_http_requests_total Requests answered, by route and class of "
                         "status.\n# TYPE pave_http_requests_total counter\n");
    each_entry(server, write_counts, out);
    g_string_append(out, "# TYPE pave_http_request_duration_seconds summary\n");
    each_entry(server, write_durations, out);
    g_string_append_printf(out,
                           "# TYPE pave_http_requests_refused_total counter\n"
                           "pave_http_requests_refused_total %" G_GUINT64_FORMAT "\n"
                           "# TYPE pave_http_requests_in_flight gauge\n"
                           "pave_http_requests_in_flight %" G_GUINT64_FORMAT "\n",
                           (guint64)atomic_load(&server->refused),
                           (guint64)atomic_load(&server->in_flight));
}
