/* The routes of the scaffolder: Backstage's, and our own. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder.h"

#define V1 "/api/scaffolder/v1"
#define V2 "/api/scaffolder/v2"

const Route scaffolder_routes[] = {
    {"GET", V2 "/templates/{namespace}/{kind}/{name}/parameter-schema",
     scaffolder_api_parameter_schema, ROUTE_WORKER, "scaffolder.template.parameter.read"},
    {"GET", V2 "/actions", scaffolder_api_actions, ROUTE_WORKER, "scaffolder.action.read"},
    {"GET", V2 "/templating-extensions", scaffolder_api_templating_extensions, ROUTE_WORKER,
     "scaffolder.action.read"},
    {"POST", V2 "/tasks", scaffolder_api_task_create, ROUTE_WORKER, "scaffolder.task.create"},
    {"GET", V2 "/tasks", scaffolder_api_tasks, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}", scaffolder_api_task, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}/events", scaffolder_api_task_events, ROUTE_WORKER,
     "scaffolder.task.read"},
    {"GET", V2 "/tasks/{id}/eventstream", scaffolder_api_task_eventstream, ROUTE_WORKER,
     "scaffolder.task.read"},
    {"POST", V2 "/tasks/{id}/cancel", scaffolder_api_task_cancel, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"POST", V2 "/tasks/{id}/retry", scaffolder_api_task_retry, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", V2 "/dry-run", scaffolder_api_dry_run, ROUTE_WORKER, "scaffolder.task.create"},
    {"POST", V1 "/preview", scaffolder_api_preview, ROUTE_WORKER, "scaffolder.task.create"},
    {"POST", V2 "/autocomplete/{provider}/{resource}", scaffolder_api_autocomplete, ROUTE_WORKER,
     "scaffolder.task.create"},
    {"GET", V1 "/hosts", scaffolder_api_hosts, ROUTE_WORKER, "scaffolder.action.read"},
    {"POST", V1 "/form", scaffolder_api_form, ROUTE_WORKER, "scaffolder.template.parameter.read"},
    {"GET", V1 "/provenance", scaffolder_api_provenance, ROUTE_WORKER, "scaffolder.task.read"},
    {"GET", V1 "/tasks/{id}/undo", scaffolder_api_undo_preview, ROUTE_WORKER,
     "scaffolder.task.read"},
    {"POST", V1 "/tasks/{id}/undo", scaffolder_api_undo, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"GET", V1 "/approvals", scaffolder_api_approvals, ROUTE_WORKER, "scaffolder.approval.read"},
    {"GET", V1 "/approvals/{id}", scaffolder_api_approval, ROUTE_WORKER,
     "scaffolder.approval.read"},
    {"POST", V1 "/approvals/{id}", scaffolder_api_approval_decide, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"GET", V1 "/upgrades", scaffolder_api_upgrades, ROUTE_WORKER, "scaffolder.upgrade.read"},
    {"GET", V1 "/upgrades/preview", scaffolder_api_upgrade_preview, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"POST", V1 "/upgrades", scaffolder_api_upgrade_create, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"GET", V1 "/campaigns", scaffolder_api_campaigns, ROUTE_WORKER, "scaffolder.upgrade.read"},
    {"POST", V1 "/campaigns", scaffolder_api_campaign_create, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"GET", V1 "/campaigns/{id}", scaffolder_api_campaign, ROUTE_WORKER, "scaffolder.upgrade.read"},
    {"POST", V1 "/campaigns/{id}/cancel", scaffolder_api_campaign_cancel, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"POST", V1 "/campaigns/{id}/retry", scaffolder_api_campaign_retry, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {0},
};
