#include "observability/observability_internal.h"

#include "spine/clock.h"

#include <stdatomic.h>

/* What the deployments room knows of now becomes history: each check once, added to its minute. */

enum { ROUND_MS = 2000, LOOK_MS = 100 };

static const int64_t KEPT_MS = (int64_t)8 * 24 * 3600 * 1000;
static const int64_t FORGET_EVERY_MS = (int64_t)3600 * 1000;

static void sample_clear(void *data)
{
    Sample *sample = data;

    g_free(sample->service);
    g_free(sample->environment);
}

typedef struct {
    Observability *observability;
    GArray *samples;
    gboolean forget;
} Round;

static void collect(const RunningVersion *running, void *data)
{
    Round *round = data;
    GHashTable *seen = round->observability->seen;
    g_autofree char *key = g_strconcat(running->service, "/", running->environment, NULL);
    int64_t *last = g_hash_table_lookup(seen, key);
    Sample sample = {.at_ms = running->last_check_ms,
                     .status = running->last_status,
                     .ok = running->last_status == 200,
                     .latency_ms = running->latency_ms};

    if (!sample.at_ms || (last && *last == sample.at_ms))
        return;
    g_hash_table_replace(seen, g_steal_pointer(&key),
                         g_memdup2(&sample.at_ms, sizeof(sample.at_ms)));
    sample.service = g_strdup(running->service);
    sample.environment = g_strdup(running->environment);
    g_array_append_val(round->samples, sample);
}

static gboolean write_round(DbConn *tx, void *data, GError **error)
{
    const Round *round = data;

    return store_samples(tx, round->samples, error) &&
           (!round->forget || store_forget_before(tx, clock_now_ms() - KEPT_MS, error));
}

static void record(Observability *observability, gboolean forget)
{
    Round round = {observability, g_array_new(FALSE, FALSE, sizeof(Sample)), forget};
    g_autoptr(GError) error = NULL;

    g_array_set_clear_func(round.samples, sample_clear);
    deployments_each_running(observability->deployments, collect, &round);
    if ((round.samples->len || forget) &&
        !db_write(observability->db, write_round, &round, NULL, &error))
        g_warning("the health of services could not be recorded: %s", error->message);
    g_array_unref(round.samples);
}

static void *run(void *data)
{
    Observability *observability = data;
    int64_t round_at = 0, forget_at = 0;

    while (!atomic_load(&observability->stopping)) {
        int64_t now = clock_monotonic_ms();

        if (now >= round_at) {
            record(observability, now >= forget_at);
            round_at = now + ROUND_MS;
            forget_at = now >= forget_at ? now + FORGET_EVERY_MS : forget_at;
        }
        g_usleep(LOOK_MS * 1000);
    }
    return NULL;
}

void record_start(Observability *observability)
{
    observability->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_assert(pthread_create(&observability->recorder, NULL, run, observability) == 0);
}

void record_stop(Observability *observability)
{
    atomic_store(&observability->stopping, TRUE);
    pthread_join(observability->recorder, NULL);
    g_hash_table_unref(observability->seen);
}
