/* What the files of this room share. Nobody else includes it. */
#pragma once
#include "observability/observability.h"

#include "spine/jobs.h"

#include <pthread.h>

struct Observability {
    Db *db;
    Deployments *deployments;
    HttpServer *server;
    gboolean public_metrics;
    pthread_t recorder;
    _Atomic(gboolean) stopping;
    GHashTable *seen; /* "service/environment" → int64_t of the last check; the recorder's own */
};

/* ---- rows (store.c) ---- */

typedef struct {
    char *service, *environment;
    int64_t at_ms;
    int status; /* of the answer; 0: none */
    gboolean ok;
    double latency_ms;
} Sample;

typedef struct {
    const char *service, *environment;
    int64_t at_ms, checks, failures;
    int status; /* the worst */
    double latency_ms;
} Bucket;

gboolean store_samples(DbConn *tx, const GArray *samples, GError **error);
gboolean store_forget_before(DbConn *tx, int64_t time_ms, GError **error);
/* Bucket * in arena, by service, environment and time. step_ms long each; a NULL name: all. */
GPtrArray *store_history(DbConn *conn, Arena *arena, const char *service, const char *environment,
                         int64_t from_ms, int64_t step_ms, GError **error);

/* ---- recording (record.c) ---- */

void record_start(Observability *observability);
void record_stop(Observability *observability);

/* ---- Prometheus (metrics.c) ---- */

gboolean metrics_write(Observability *observability, GString *out, GError **error);
