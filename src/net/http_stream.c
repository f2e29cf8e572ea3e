/* Replies written as they come, and upgraded connections. */
#include "net/http_internal.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Makes the stream the request's answer. Called with the lock. */
static void publish_locked(Request *request, Response *response)
{
    if (response->published)
        return;
    response->published = TRUE;
    request->response = response;
    request_resume_locked(request);
}

gboolean response_stream_write(Response *response, const void *bytes, gsize length, GError **error)
{
    Request *request = response->request;
    gboolean alive;

    pthread_mutex_lock(&request->lock);
    publish_locked(request, response);
    while (length > 0 && !response->bodyless && !request->gone && !request->aborted) {
        gsize space = STREAM_BUFFER_BYTES - MIN(STREAM_BUFFER_BYTES, response->buffer->len);
        gsize taken = MIN(space, length);

        if (taken == 0) {
            pthread_cond_wait(&request->changed, &request->lock);
            continue;
        }
        g_byte_array_append(response->buffer, bytes, (guint)taken);
        bytes = (const char *)bytes + taken;
        length -= taken;
        request_resume_locked(request);
    }
    alive = !request->gone && !request->aborted;
    pthread_mutex_unlock(&request->lock);
    if (!alive)
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "The client went away");
    return alive;
}

Response *response_stream_end(Response *response)
{
    Request *request = response->request;

    pthread_mutex_lock(&request->lock);
    response->ended = TRUE;
    publish_locked(request, response);
    request_resume_locked(request);
    pthread_mutex_unlock(&request->lock);
    return response;
}

ssize_t response_stream_read(void *data, uint64_t position, char *buffer, size_t size)
{
    Request *request = data;
    Response *response = request->response;
    ssize_t got;

    pthread_mutex_lock(&request->lock);
    if (response->buffer->len > 0) {
        got = (ssize_t)MIN(size, response->buffer->len);
        memcpy(buffer, response->buffer->data, (gsize)got);
        g_byte_array_remove_range(response->buffer, 0, (guint)got);
        pthread_cond_broadcast(&request->changed);
    } else if (response->broken || request->aborted) {
        got = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (response->ended) {
        got = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        request_suspend_locked(request);
        got = 0;
    }
    pthread_mutex_unlock(&request->lock);
    return got;
}

/* ---- upgrades ---- */

typedef struct {
    HttpServer *server;
    struct MHD_UpgradeResponseHandle *handle;
    int fd; /* a duplicate, so that ours is closed by whoever runs and theirs by libmicrohttpd */
    GBytes *early;
    void (*run)(int fd, const void *early, gsize early_length, void *data);
    void *data;
    GDestroyNotify destroy;
} Upgrade;

static void *run_upgrade(void *data)
{
    Upgrade *upgrade = data;
    HttpServer *server = upgrade->server;
    gsize length;
    const void *early = g_bytes_get_data(upgrade->early, &length);
    int fd = upgrade->fd;

    upgrade->run(fd, early, length, upgrade->data);
    if (upgrade->destroy)
        upgrade->destroy(upgrade->data);
    g_bytes_unref(upgrade->early);
    pthread_mutex_lock(&server->lock);
    g_hash_table_remove(server->upgrade_fds, upgrade);
    pthread_mutex_unlock(&server->lock);
    MHD_upgrade_action(upgrade->handle, MHD_UPGRADE_ACTION_CLOSE);
    g_free(upgrade);
    pthread_mutex_lock(&server->lock);
    server->upgrades--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void start_upgrade(void *data, struct MHD_Connection *connection, void *context,
                          const char *extra, size_t extra_size, MHD_socket socket,
                          struct MHD_UpgradeResponseHandle *handle)
{
    Request *request = data;
    Response *response = request->response;
    Upgrade *upgrade = g_new0(Upgrade, 1);
    HttpServer *server = request->server;
    pthread_attr_t attributes;
    pthread_t thread;

    upgrade->server = server;
    upgrade->handle = handle;
    upgrade->early = g_bytes_new(extra, extra_size);
    upgrade->run = response->upgrade;
    upgrade->data = g_steal_pointer(&response->data);
    upgrade->destroy = response->destroy;
    response->destroy = NULL;
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    upgrade->fd = fcntl(socket, F_DUPFD_CLOEXEC, 3);
    pthread_mutex_lock(&server->lock);
    server->upgrades++;
    /* shut down through a descriptor of the server's own: the other may be closed by then */
    g_hash_table_insert(server->upgrade_fds, upgrade,
                        GINT_TO_POINTER(fcntl(socket, F_DUPFD_CLOEXEC, 3)));
    if (atomic_load(&server->stopping))
        shutdown(socket, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, run_upgrade, upgrade) != 0) {
        shutdown(socket, SHUT_RDWR);
        run_upgrade(upgrade);
    }
    pthread_attr_destroy(&attributes);
}

struct MHD_Response *response_upgrade_to_mhd(Request *request, Response *response)
{
    return MHD_create_response_for_upgrade(start_upgrade, request);
}
