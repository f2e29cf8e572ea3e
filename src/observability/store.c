#include "observability/observability_internal.h"

enum { MINUTE_MS = 60000 };

static const char SQL_ADD[] =
    "INSERT INTO health_minute (service, environment, minute_at, checks, failures, status,"
    " latency_sum) VALUES ($1, $2, $3, 1, $4, $5, $6)"
    " ON CONFLICT (service, environment, minute_at) DO UPDATE SET"
    " checks = health_minute.checks + 1, failures = health_minute.failures + $4,"
    " status = CASE WHEN $4 > 0 OR health_minute.failures = 0 THEN $5"
    " ELSE health_minute.status END,"
    " latency_sum = health_minute.latency_sum + $6";
static const char SQL_FORGET[] = "DELETE FROM health_minute WHERE minute_at < $1";
static const char SQL_HISTORY[] =
    "SELECT service, environment, minute_at / $4 AS bucket, CAST(SUM(checks) AS BIGINT),"
    " CAST(SUM(failures) AS BIGINT), MAX(CASE WHEN failures > 0 THEN status ELSE -1 END),"
    " MAX(status), SUM(latency_sum) / SUM(checks)"
    " FROM health_minute WHERE (service = $1 OR $1 = '') AND (environment = $2 OR $2 = '')"
    " AND minute_at >= $3 GROUP BY service, environment, minute_at / $4"
    " ORDER BY service, environment, bucket";

gboolean store_samples(DbConn *tx, const GArray *samples, GError **error)
{
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        if (db_exec(tx, error, SQL_ADD, "ttiiid", sample->service, sample->environment,
                    sample->at_ms / MINUTE_MS * MINUTE_MS, (int64_t)!sample->ok,
                    (int64_t)sample->status, sample->latency_ms) < 0)
            return FALSE;
    }
    return TRUE;
}

gboolean store_forget_before(DbConn *tx, int64_t time_ms, GError **error)
{
    return db_exec(tx, error, SQL_FORGET, "i", time_ms) >= 0;
}

GPtrArray *store_history(DbConn *conn, Arena *arena, const char *service, const char *environment,
                         int64_t from_ms, int64_t step_ms, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_HISTORY, "ttii", service ? service : "",
                                      environment ? environment : "", from_ms, step_ms);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows)) {
        Bucket *bucket = arena_new0(arena, Bucket, 1);

        bucket->service = arena_strdup(arena, db_rows_text(rows, 0));
        bucket->environment = arena_strdup(arena, db_rows_text(rows, 1));
        bucket->at_ms = db_rows_int(rows, 2) * step_ms;
        bucket->checks = db_rows_int(rows, 3);
        bucket->failures = db_rows_int(rows, 4);
        bucket->status = (int)db_rows_int(rows, bucket->failures ? 5 : 6);
        bucket->latency_ms = db_rows_double(rows, 7);
        g_ptr_array_add(found, bucket);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}
