/* The scaffolder: templates (v1beta3), tasks, actions, provenance. A task is a job of kind
 * "scaffolder.task". */
#pragma once
#include "catalog/catalog.h"
#include "deployments/deployments.h"
#include "forge/forge.h"
#include "infra/infra.h"
#include "spine/jobs.h"

typedef struct Scaffolder Scaffolder;

Scaffolder *scaffolder_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Catalog *catalog,
                           Forge *forge, Infra *infra, const Config *config, GError **error);
void scaffolder_free(Scaffolder *scaffolder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scaffolder, scaffolder_free)
/* What runs, which a decommission stops; without it nothing does. */
void scaffolder_set_deployments(Scaffolder *scaffolder, Deployments *deployments);
extern const Route scaffolder_routes[];
