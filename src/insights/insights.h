/* What the log says about delivery: the DORA metrics per service and for the organisation. */
#pragma once
#include "net/http_server.h"
#include "spine/config.h"
#include "spine/db.h"
#include "spine/events.h"

typedef struct Insights Insights;
Insights *insights_new(Db *db, Events *events, const Config *config, GError **error);
void insights_free(Insights *insights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Insights, insights_free)
extern const Route insights_routes[];
