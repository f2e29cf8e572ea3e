#include "net/http_internal.h"
#include <errno.h>
#include <time.h>

#define IDLE_SECONDS 30

typedef struct {
    void (*run)(void *data);
    void *data;
} Task;

struct HttpPool {
    pthread_mutex_t lock;
    pthread_cond_t work, left;
    GQueue tasks;
    guint threads, idle, threads_max, queue_max;
    gboolean closing;
};

HttpPool *http_pool_new(guint threads_max, guint queue_max)
{
    HttpPool *pool = g_new0(HttpPool, 1);

    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->left, NULL);
    g_queue_init(&pool->tasks);
    pool->threads_max = threads_max;
    pool->queue_max = queue_max;
    return pool;
}

/* FALSE when there is nothing to do for long, or for ever. Called with the lock. */
static gboolean wait_for_work(HttpPool *pool)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_SECONDS;
    pool->idle++;
    while (g_queue_is_empty(&pool->tasks) && !pool->closing)
        if (pthread_cond_timedwait(&pool->work, &pool->lock, &until) == ETIMEDOUT)
            break;
    pool->idle--;
    return !g_queue_is_empty(&pool->tasks);
}

static void *work(void *data)
{
    HttpPool *pool = data;

    pthread_mutex_lock(&pool->lock);
    while (wait_for_work(pool)) {
        Task *task = g_queue_pop_head(&pool->tasks);

        pthread_mutex_unlock(&pool->lock);
        task->run(task->data);
        g_free(task);
        pthread_mutex_lock(&pool->lock);
    }
    pool->threads--;
    pthread_cond_broadcast(&pool->left);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static gboolean start_thread(HttpPool *pool)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int failed;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    failed = pthread_create(&thread, &attributes, work, pool);
    pthread_attr_destroy(&attributes);
    if (!failed)
        pool->threads++;
    return !failed;
}

gboolean http_pool_push(HttpPool *pool, void (*run)(void *data), void *data)
{
    gboolean taken = FALSE;

    pthread_mutex_lock(&pool->lock);
    if (!pool->closing && g_queue_get_length(&pool->tasks) < pool->queue_max) {
        if (pool->idle <= g_queue_get_length(&pool->tasks) && pool->threads < pool->threads_max)
            start_thread(pool);
        if (pool->threads > 0) {
            Task *task = g_new(Task, 1);

            *task = (Task){run, data};
            g_queue_push_tail(&pool->tasks, task);
            pthread_cond_signal(&pool->work);
            taken = TRUE;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

void http_pool_free(HttpPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->closing = TRUE;
    pthread_cond_broadcast(&pool->work);
    while (pool->threads > 0)
        pthread_cond_wait(&pool->left, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->left);
    pthread_mutex_destroy(&pool->lock);
    g_free(pool);
}
