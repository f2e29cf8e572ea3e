#include "observability/observability_internal.h"

Observability *observability_new(Db *db, Events *events, Deployments *deployments,
                                 HttpServer *server, GError **error)
{
    Observability *observability = g_new0(Observability, 1);

    observability->db = db;
    observability->deployments = deployments;
    observability->server = server;
    record_start(observability);
    return observability;
}

void observability_set_public_metrics(Observability *observability, gboolean is_public)
{
    observability->public_metrics = is_public;
}

void observability_free(Observability *observability)
{
    if (!observability)
        return;
    record_stop(observability);
    g_free(observability);
}
