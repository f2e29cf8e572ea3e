/* One thread feeds every event stream: it asks the producers of those that were woken (all of them
 * once a second) and hands the text to the event threads. A client that reads slowly is not asked
 * for more than its buffer holds, so it slows nobody. */
#include "net/http_internal.h"
#include <string.h>
#include <time.h>

#define KEEP_ALIVE_MS 15000
#define POLL_MS 1000

struct HttpSse {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    GPtrArray *requests;
    gboolean woken, stopping, started;
    atomic_uint count;
};

void sse_append(GString *out, const char *event, const char *id, const char *data)
{
    if (event)
        g_string_append_printf(out, "event: %s\n", event);
    if (id)
        g_string_append_printf(out, "id: %s\n", id);
    while (data) {
        gsize length = strcspn(data, "\r\n");

        g_string_append(out, "data: ");
        g_string_append_len(out, data, (gssize)length);
        g_string_append_c(out, '\n');
        data += length;
        if (data[0] == '\r' && data[1] == '\n')
            data++;
        data = *data ? data + 1 : NULL;
    }
    g_string_append_c(out, '\n');
}

static int64_t now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* FALSE when the stream is over. */
static gboolean feed(Request *request, gboolean due, GString *scratch)
{
    Response *response = request->response;
    gboolean full, goes_on = TRUE;

    pthread_mutex_lock(&request->lock);
    goes_on = !request->gone && !request->aborted;
    full = response->buffer->len >= STREAM_BUFFER_BYTES;
    pthread_mutex_unlock(&request->lock);
    if (!goes_on)
        return FALSE;
    g_string_truncate(scratch, 0);
    if (!full && (atomic_exchange(&response->wake, FALSE) || due))
        goes_on = response->producer(response->data, scratch);
    if (!full && scratch->len == 0 && now_ms() - response->last_write_ms > KEEP_ALIVE_MS)
        g_string_append(scratch, ": keep-alive\n\n");
    if (scratch->len == 0 && goes_on)
        return TRUE;
    response->last_write_ms = now_ms();
    pthread_mutex_lock(&request->lock);
    g_byte_array_append(response->buffer, (guint8 *)scratch->str, (guint)scratch->len);
    response->ended = !goes_on;
    request_resume_locked(request);
    pthread_mutex_unlock(&request->lock);
    return goes_on;
}

static void end_stream(Request *request)
{
    Response *response = request->response;

    pthread_mutex_lock(&request->lock);
    response->ended = TRUE;
    request_resume_locked(request);
    pthread_mutex_unlock(&request->lock);
    if (response->destroy)
        response->destroy(g_steal_pointer(&response->data));
    response->destroy = NULL;
    request_unref(request);
}

static void wait_until(HttpSse *sse, int64_t until_ms)
{
    struct timespec until;
    int64_t left = MAX(until_ms - now_ms(), 1);

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += left / 1000;
    until.tv_nsec += (left % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&sse->changed, &sse->lock, &until);
}

static void forget(HttpSse *sse, Request *request)
{
    pthread_mutex_lock(&sse->lock);
    g_ptr_array_remove_fast(sse->requests, request);
    atomic_store(&sse->count, sse->requests->len);
    pthread_mutex_unlock(&sse->lock);
    end_stream(request);
}

static void *run(void *data)
{
    HttpSse *sse = data;
    g_autoptr(GString) scratch = g_string_new(NULL);
    int64_t poll_at = now_ms() + POLL_MS;

    pthread_mutex_lock(&sse->lock);
    while (!sse->stopping) {
        g_autoptr(GPtrArray) all = NULL;
        gboolean due;

        while (!sse->woken && !sse->stopping && now_ms() < poll_at)
            wait_until(sse, poll_at);
        sse->woken = FALSE;
        due = now_ms() >= poll_at;
        if (due)
            poll_at = now_ms() + POLL_MS;
        /* only this thread forgets requests, so the copy stays valid without the lock */
        all = g_ptr_array_copy(sse->requests, NULL, NULL);
        pthread_mutex_unlock(&sse->lock);
        for (guint i = 0; i < all->len; i++)
            if (!feed(all->pdata[i], due, scratch))
                forget(sse, all->pdata[i]);
        pthread_mutex_lock(&sse->lock);
    }
    pthread_mutex_unlock(&sse->lock);
    return NULL;
}

HttpSse *http_sse_new(void)
{
    HttpSse *sse = g_new0(HttpSse, 1);

    pthread_mutex_init(&sse->lock, NULL);
    pthread_cond_init(&sse->changed, NULL);
    sse->requests = g_ptr_array_new();
    sse->started = pthread_create(&sse->thread, NULL, run, sse) == 0;
    g_assert(sse->started);
    return sse;
}

void http_sse_add(HttpSse *sse, Request *request)
{
    gboolean stopping;

    request->response->last_write_ms = now_ms();
    atomic_store(&request->response->wake, TRUE);
    pthread_mutex_lock(&sse->lock);
    stopping = sse->stopping;
    if (!stopping) {
        g_ptr_array_add(sse->requests, request_ref(request));
        atomic_store(&sse->count, sse->requests->len);
        sse->woken = TRUE;
        pthread_cond_signal(&sse->changed);
    }
    pthread_mutex_unlock(&sse->lock);
    if (stopping)
        end_stream(request_ref(request));
}

void http_sse_wake(HttpSse *sse, const char *topic)
{
    if (atomic_load(&sse->count) == 0)
        return;
    pthread_mutex_lock(&sse->lock);
    for (guint i = 0; i < sse->requests->len; i++) {
        Response *response = ((Request *)sse->requests->pdata[i])->response;

        if (!topic || !response->topic || g_str_equal(topic, response->topic)) {
            atomic_store(&response->wake, TRUE);
            sse->woken = TRUE;
        }
    }
    if (sse->woken)
        pthread_cond_signal(&sse->changed);
    pthread_mutex_unlock(&sse->lock);
}

void http_sse_stop(HttpSse *sse)
{
    if (!sse->started)
        return;
    pthread_mutex_lock(&sse->lock);
    sse->stopping = TRUE;
    pthread_cond_signal(&sse->changed);
    pthread_mutex_unlock(&sse->lock);
    pthread_join(sse->thread, NULL);
    sse->started = FALSE;
    for (guint i = 0; i < sse->requests->len; i++)
        end_stream(sse->requests->pdata[i]);
    g_ptr_array_set_size(sse->requests, 0);
}

void http_sse_free(HttpSse *sse)
{
    http_sse_stop(sse);
    g_ptr_array_unref(sse->requests);
    pthread_mutex_destroy(&sse->lock);
    pthread_cond_destroy(&sse->changed);
    g_free(sse);
}
