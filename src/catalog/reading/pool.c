/* Texts are loaded on several threads and come out in the order they were put in. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include <stdatomic.h>

struct ReadingPool {
    Catalog *catalog;
    const CatalogLocation *origin;
    pthread_mutex_t lock;
    pthread_cond_t wanted, finished;
    GQueue put;     /* ReadingChunk, in order; taken from its head */
    GQueue waiting; /* those of them nobody has begun */
    gboolean stopping, helps;
    GArray *threads;
};

/* ---- chunks ---- */

ReadingChunk *reading_chunk_new(void)
{
    ReadingChunk *chunk = g_new0(ReadingChunk, 1);

    chunk->arena = arena_new(G_MAXSIZE);
    chunk->texts = g_array_new(FALSE, TRUE, sizeof(SourceText));
    chunk->owners = g_ptr_array_new();
    chunk->references = 1;
    return chunk;
}

/* Only the thread that reads the location counts. */
ReadingChunk *reading_chunk_ref(ReadingChunk *chunk)
{
    chunk->references++;
    return chunk;
}

void reading_chunk_unref(ReadingChunk *chunk)
{
    if (--chunk->references > 0)
        return;
    for (guint i = 0; i < chunk->texts->len; i++)
        source_text_clear(&g_array_index(chunk->texts, SourceText, i));
    g_array_unref(chunk->texts);
    g_ptr_array_unref(chunk->owners);
    arena_free(chunk->arena);
    g_free(chunk);
}

/* ---- threads ---- */

static void load_chunk(ReadingPool *pool, ReadingChunk *chunk)
{
    for (guint i = 0; i < chunk->texts->len; i++)
        source_text_load(pool->catalog, chunk->arena, pool->origin,
                         &g_array_index(chunk->texts, SourceText, i));
}

static void finish(ReadingPool *pool, ReadingChunk *chunk)
{
    chunk->done = TRUE;
    pthread_cond_broadcast(&pool->finished);
}

static void *work(void *data)
{
    ReadingPool *pool = data;
    ReadingChunk *chunk;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->stopping && g_queue_is_empty(&pool->waiting))
            pthread_cond_wait(&pool->wanted, &pool->lock);
        if (pool->stopping)
            break;
        chunk = g_queue_pop_head(&pool->waiting);
        pthread_mutex_unlock(&pool->lock);
        load_chunk(pool, chunk);
        pthread_mutex_lock(&pool->lock);
        finish(pool, chunk);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

ReadingPool *reading_pool_new(Catalog *catalog, const CatalogLocation *origin, guint threads,
                              gboolean helps)
{
    ReadingPool *pool = g_new0(ReadingPool, 1);
    pthread_condattr_t monotonic;

    pool->catalog = catalog;
    pool->origin = origin;
    pool->helps = helps || threads == 0;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->wanted, NULL);
    pthread_cond_init(&pool->finished, &monotonic);
    pthread_condattr_destroy(&monotonic);
    g_queue_init(&pool->put);
    g_queue_init(&pool->waiting);
    pool->threads = g_array_new(FALSE, FALSE, sizeof(pthread_t));
    for (guint i = 0; i < threads; i++) {
        pthread_t thread;

        g_assert(pthread_create(&thread, NULL, work, pool) == 0);
        g_array_append_val(pool->threads, thread);
    }
    return pool;
}

void reading_pool_free(ReadingPool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = TRUE;
    pthread_cond_broadcast(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);
    for (guint i = 0; i < pool->threads->len; i++)
        pthread_join(g_array_index(pool->threads, pthread_t, i), NULL);
    g_array_unref(pool->threads);
    g_queue_clear_full(&pool->put, (GDestroyNotify)reading_chunk_unref);
    g_queue_clear(&pool->waiting);
    pthread_cond_destroy(&pool->wanted);
    pthread_cond_destroy(&pool->finished);
    pthread_mutex_destroy(&pool->lock);
    g_free(pool);
}

/* ---- in and out ---- */

void reading_pool_put(ReadingPool *pool, ReadingChunk *chunk)
{
    pthread_mutex_lock(&pool->lock);
    g_queue_push_tail(&pool->put, chunk);
    g_queue_push_tail(&pool->waiting, chunk);
    pthread_cond_signal(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);
}

guint reading_pool_size(const ReadingPool *pool)
{
    return g_queue_get_length((GQueue *)&pool->put);
}

/* With the lock held: what nobody has begun is begun here, rather than to wait. */
static void help(ReadingPool *pool)
{
    ReadingChunk *chunk = g_queue_pop_head(&pool->waiting);

    pthread_mutex_unlock(&pool->lock);
    load_chunk(pool, chunk);
    pthread_mutex_lock(&pool->lock);
    finish(pool, chunk);
}

static gboolean wait_finished(ReadingPool *pool, int64_t until_ms)
{
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

    return pthread_cond_timedwait(&pool->finished, &pool->lock, &until) == 0;
}

ReadingChunk *reading_pool_take(ReadingPool *pool, int timeout_ms)
{
    int64_t until = clock_monotonic_ms() + timeout_ms;
    ReadingChunk *chunk = g_queue_peek_head(&pool->put);
    gboolean waiting = TRUE;

    pthread_mutex_lock(&pool->lock);
    while (chunk && !chunk->done && waiting) {
        if (pool->helps && !g_queue_is_empty(&pool->waiting))
            help(pool);
        else
            waiting = wait_finished(pool, until);
    }
    if (chunk && chunk->done)
        g_queue_pop_head(&pool->put);
    else
        chunk = NULL;
    pthread_mutex_unlock(&pool->lock);
    return chunk;
}
