/* Reads what is due. A few threads, so that what is slow or broken delays nothing else; with
 * several nodes on one database each location is read by one of them. */
#include "catalog/index/changes.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/refresher.h"
#include <time.h>

#define THREADS 4
#define WAIT_MAX_MS 30000
#define DUE_SEEN 64
#define RETRY_MS 5000

struct Refresher {
    Catalog *catalog;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean stopping;
    guint64 wakes, reads; /* counted, so that a waiter sees that there was one */
    pthread_mutex_t picking;
    int64_t retry_at; /* by the monotonic clock; with picking held */
    GArray *threads;
};

/* ---- one location ---- */

static void report(const Diagnostics *findings)
{
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        g_message("catalog: %s:%d:%d: %s", finding->file, finding->line, finding->column,
                  finding->message);
    }
}

gboolean refresher_read(Catalog *catalog, const char *id, const char *actor, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    GError *reason = NULL;
    CatalogLocation *location = store_location(db_reader(catalog->db), arena, id, &reason);
    ReadingState before = {0};

    if (reason) {
        g_propagate_error(error, reason);
        return FALSE;
    }
    /* It was removed in the meantime. */
    if (!location)
        return TRUE;
    if (!store_reading(db_reader(catalog->db), arena, id, &before, error) ||
        !location_ingest(catalog, location, actor, findings, error))
        return FALSE;
    /* What is wrong is said once, and stands on the entities for as long as it is. */
    if (before.read_at == 0)
        report(findings);
    return TRUE;
}

/* ---- picking ---- */

typedef struct {
    const char *id;
    int64_t due_at;
} Claim;

static gboolean write_claim(DbConn *tx, void *data, GError **error)
{
    const Claim *claim = data;

    return store_claim_due(tx, claim->id, claim->due_at, clock_now_ms() + REFRESHER_CLAIM_MS,
                           error);
}

/* The id of a location that is due and is now this thread's; NULL: none is, until *until_ms from
 * now. */
static char *pick(Refresher *refresher, int64_t *wait_ms)
{
    Catalog *catalog = refresher->catalog;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GArray) due = store_due(db_reader(catalog->db), arena, DUE_SEEN, NULL);
    int64_t now = clock_now_ms();

    *wait_ms = WAIT_MAX_MS;
    for (guint i = 0; due && i < due->len; i++) {
        const DueLocation *location = &g_array_index(due, DueLocation, i);
        Claim claim = {location->id, location->next_at};

        if (location->next_at > now) {
            *wait_ms = MIN(*wait_ms, location->next_at - now);
            break;
        }
        if (!commits_has_location(catalog, location->id) &&
            db_write(catalog->db, write_claim, &claim, NULL, NULL))
            return g_strdup(location->id);
    }
    return NULL;
}

/* ---- threads ---- */

/* With the lock held. */
static void wait_until_woken(Refresher *refresher, guint64 wakes, int64_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

    while (!refresher->stopping && refresher->wakes == wakes &&
           pthread_cond_timedwait(&refresher->changed, &refresher->lock, &until) == 0)
        ;
}

/* What was committed, but could not be put into the index, is seen as soon as that can be made. */
static void retry_index(Refresher *refresher)
{
    g_autoptr(GError) error = NULL;

    if (!commits_index_failed(refresher->catalog) ||
        clock_monotonic_ms() < refresher->retry_at ||
        commits_retry_index(refresher->catalog, &error))
        return;
    g_warning("catalog: the index cannot be made anew: %s", error->message);
    refresher->retry_at = clock_monotonic_ms() + RETRY_MS;
}

static char *pick_alone(Refresher *refresher, int64_t *wait_ms)
{
    char *id;

    pthread_mutex_lock(&refresher->picking);
    retry_index(refresher);
    id = pick(refresher, wait_ms);
    if (commits_index_failed(refresher->catalog))
        *wait_ms = MIN(*wait_ms, RETRY_MS);
    pthread_mutex_unlock(&refresher->picking);
    return id;
}

static void read_one(Refresher *refresher, const char *id)
{
    g_autoptr(GError) error = NULL;

    if (!refresher_read(refresher->catalog, id, "pave:schedule", &error) &&
        !g_error_matches(error, PAVE_ERROR, ERROR_CANCELLED))
        g_warning("catalog: a location cannot be read: %s", error->message);
}

static void *work(void *data)
{
    Refresher *refresher = data;

    pthread_mutex_lock(&refresher->lock);
    while (!refresher->stopping) {
        guint64 wakes = refresher->wakes;
        g_autofree char *id = NULL;
        int64_t wait_ms;

        pthread_mutex_unlock(&refresher->lock);
        id = pick_alone(refresher, &wait_ms);
        if (id)
            read_one(refresher, id);
        pthread_mutex_lock(&refresher->lock);
        if (id) {
            refresher->reads++;
            pthread_cond_broadcast(&refresher->changed);
        } else {
            wait_until_woken(refresher, wakes, wait_ms);
        }
    }
    pthread_mutex_unlock(&refresher->lock);
    return NULL;
}

Refresher *refresher_new(Catalog *catalog)
{
    Refresher *refresher = g_new0(Refresher, 1);
    pthread_condattr_t monotonic;

    refresher->catalog = catalog;
    pthread_mutex_init(&refresher->lock, NULL);
    pthread_mutex_init(&refresher->picking, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&refresher->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    refresher->threads = g_array_new(FALSE, FALSE, sizeof(pthread_t));
    for (guint i = 0; i < THREADS; i++) {
        pthread_t thread;

        g_assert(pthread_create(&thread, NULL, work, refresher) == 0);
        g_array_append_val(refresher->threads, thread);
    }
    return refresher;
}

void refresher_free(Refresher *refresher)
{
    if (!refresher)
        return;
    commits_stop(refresher->catalog, TRUE);
    pthread_mutex_lock(&refresher->lock);
    refresher->stopping = TRUE;
    pthread_cond_broadcast(&refresher->changed);
    pthread_mutex_unlock(&refresher->lock);
    for (guint i = 0; i < refresher->threads->len; i++)
        pthread_join(g_array_index(refresher->threads, pthread_t, i), NULL);
    g_array_unref(refresher->threads);
    pthread_cond_destroy(&refresher->changed);
    pthread_mutex_destroy(&refresher->picking);
    pthread_mutex_destroy(&refresher->lock);
    g_free(refresher);
}

void refresher_wake(Refresher *refresher)
{
    if (!refresher)
        return;
    pthread_mutex_lock(&refresher->lock);
    refresher->wakes++;
    pthread_cond_broadcast(&refresher->changed);
    pthread_mutex_unlock(&refresher->lock);
}

void refresher_wait(Refresher *refresher, gboolean (*is_over)(void *data), void *data,
                    int timeout_ms)
{
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

    for (gboolean late = FALSE; !is_over(data) && !late;) {
        guint64 reads;

        pthread_mutex_lock(&refresher->lock);
        reads = refresher->reads;
        pthread_mutex_unlock(&refresher->lock);
        if (is_over(data))
            break;
        pthread_mutex_lock(&refresher->lock);
        while (!refresher->stopping && refresher->reads == reads && !late)
            late = pthread_cond_timedwait(&refresher->changed, &refresher->lock, &until) != 0;
        late |= refresher->stopping;
        pthread_mutex_unlock(&refresher->lock);
    }
}
