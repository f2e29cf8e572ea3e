/* Health of what runs, with history; Pave's own /metrics and /healthz. */
#pragma once
#include "deployments/deployments.h"

typedef struct Observability Observability;
Observability *observability_new(Db *db, Events *events, Deployments *deployments,
                                 HttpServer *server, GError **error);
void observability_free(Observability *observability);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Observability, observability_free)
/* Off at first: then /metrics wants credentials. */
void observability_set_public_metrics(Observability *observability, gboolean is_public);

extern const Route observability_routes[];
