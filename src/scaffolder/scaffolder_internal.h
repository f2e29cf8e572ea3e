/* The parts of the scaffolder: a template becomes a task, a task runs steps, a step runs an action,
 * and what the actions made is remembered. */
#pragma once
#include "scaffolder/actions/action.h"
#include "scaffolder/day2/day2.h"
#include "scaffolder/day2/decommission.h"
#include "scaffolder/day2/undo.h"
#include "scaffolder/day2/upgrade.h"
#include "scaffolder/running/running.h"
#include "scaffolder/scaffolder.h"
#include "scaffolder/tasks/approvals.h"
#include "scaffolder/tasks/tasks.h"
#include "scaffolder/template/template.h"
#include "spine/access.h"

#include "spine/clock.h"

#include <stdatomic.h>

struct Scaffolder {
    Db *db;
    Jobs *jobs;
    Catalog *catalog;
    Forge *forge;
    Infra *infra;
    const Config *config;
    Arena *arena;              /* what lives as long as the room: schemas, custom actions */
    GPtrArray *actions;        /* Action *, sorted by id */
    const Value *integrations; /* for parseRepoUrl */
    Secrets *secrets;
    Deployments *deployments; /* NULL: nothing runs */
    Approvals *approvals;
    bool offline;         /* no server: only the workspace can be touched */
    const Value *outputs; /* of a test: step → what it puts out instead of being run */
    atomic_int waiters;   /* requests that wait for events of a task */
};

/* Who a job acts for, as the catalog and auth.admins have him now. admin: he is one anyhow. */
Principal *scaffolder_principal(Scaffolder *scaffolder, const char *actor, bool admin);
