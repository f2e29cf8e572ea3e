/* Handlers of the scaffolder's routes, by subject; the table of them is in api.c. */
#pragma once
#include "net/http_server.h"

#define SCAFFOLDER_HANDLER(name) Response *name(Request *request, void *room, GError **error)

/* templates.c */
SCAFFOLDER_HANDLER(scaffolder_api_parameter_schema);
SCAFFOLDER_HANDLER(scaffolder_api_form);
SCAFFOLDER_HANDLER(scaffolder_api_actions);
SCAFFOLDER_HANDLER(scaffolder_api_templating_extensions);
SCAFFOLDER_HANDLER(scaffolder_api_permissions);
/* tasks.c */
SCAFFOLDER_HANDLER(scaffolder_api_task_create);
SCAFFOLDER_HANDLER(scaffolder_api_tasks);
SCAFFOLDER_HANDLER(scaffolder_api_task);
SCAFFOLDER_HANDLER(scaffolder_api_task_cancel);
SCAFFOLDER_HANDLER(scaffolder_api_task_retry);
/* events.c */
SCAFFOLDER_HANDLER(scaffolder_api_task_events);
SCAFFOLDER_HANDLER(scaffolder_api_task_eventstream);
/* dry_run.c */
SCAFFOLDER_HANDLER(scaffolder_api_dry_run);
SCAFFOLDER_HANDLER(scaffolder_api_preview);
/* files.c */
SCAFFOLDER_HANDLER(scaffolder_api_files);
SCAFFOLDER_HANDLER(scaffolder_api_files_change);
/* lint.c */
SCAFFOLDER_HANDLER(scaffolder_api_lint);
/* autocomplete.c */
SCAFFOLDER_HANDLER(scaffolder_api_autocomplete);
/* hosts.c */
SCAFFOLDER_HANDLER(scaffolder_api_hosts);
/* provenance.c */
SCAFFOLDER_HANDLER(scaffolder_api_provenance);
/* undo.c */
SCAFFOLDER_HANDLER(scaffolder_api_undo_preview);
SCAFFOLDER_HANDLER(scaffolder_api_undo);
/* decommission.c */
SCAFFOLDER_HANDLER(scaffolder_api_decommission_preview);
SCAFFOLDER_HANDLER(scaffolder_api_decommissions);
SCAFFOLDER_HANDLER(scaffolder_api_decommission);
SCAFFOLDER_HANDLER(scaffolder_api_decommission_create);
/* approvals.c */
SCAFFOLDER_HANDLER(scaffolder_api_approvals);
SCAFFOLDER_HANDLER(scaffolder_api_approval);
SCAFFOLDER_HANDLER(scaffolder_api_approval_decide);

/* upgrades.c */
SCAFFOLDER_HANDLER(scaffolder_api_upgrades);
SCAFFOLDER_HANDLER(scaffolder_api_upgrade_preview);
SCAFFOLDER_HANDLER(scaffolder_api_upgrade_create);
SCAFFOLDER_HANDLER(scaffolder_api_campaigns);
SCAFFOLDER_HANDLER(scaffolder_api_campaign);
SCAFFOLDER_HANDLER(scaffolder_api_campaign_create);
SCAFFOLDER_HANDLER(scaffolder_api_campaign_cancel);
SCAFFOLDER_HANDLER(scaffolder_api_campaign_retry);

/* 400 {errors}, as Backstage says what is wrong with values. */
Response *scaffolder_api_reply_errors(Request *request, const Value *errors);
/* A body's values and secrets, empty where it has none. ERROR_INPUT where they are no objects. */
gboolean scaffolder_api_read_values(Arena *arena, const Value *body, const Value **values,
                                    const Value **secrets, GError **error);
