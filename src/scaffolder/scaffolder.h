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
/* Where pave:deploy deploys and what a decommission stops; without it nothing runs. Before the
 * first task does. */
void scaffolder_set_deployments(Scaffolder *scaffolder, Deployments *deployments);
void scaffolder_free(Scaffolder *scaffolder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scaffolder, scaffolder_free)
extern const Route scaffolder_routes[];

/* ---- template files, without a server ---- */

/* The actions of config (which it borrows) and nothing else: what templates are linted and tested
 * with. */
Scaffolder *scaffolder_new_offline(const Config *config, GError **error);
/* Every template in path, a file or a folder that is searched: what is wrong with it. *count is
 * raised by how many there were. ERROR_NOT_FOUND where there is no such path. */
gboolean scaffolder_lint(Scaffolder *scaffolder, const char *path, guint *count,
                         Diagnostics *findings, GError **error);

/* A case of a template's tests. */
typedef struct {
    char *file, *name;
    char *failure; /* lines that say what is not as expected; NULL: all is */
    double seconds;
} TemplateCase;
void template_case_free(TemplateCase *result);
/* Runs the cases of every template in path, the files of tests/ beside it, appending a TemplateCase
 * for each. update: folders that are compared become what was made. */
gboolean scaffolder_test(Scaffolder *scaffolder, const char *path, gboolean update,
                         GPtrArray *results, GError **error);
