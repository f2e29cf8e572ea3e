/* github:actions:dispatch starts a workflow. */
#include "scaffolder/actions/github/github.h"

static const char *workflow_path(Hosting *hosting, const Value *input, const char *rest)
{
    const char *id = forge_escape(hosting->arena, value_path_string(input, "workflowId", ""));

    return github_path(hosting, arena_printf(hosting->arena, "/actions/workflows/%s/%s", id, rest));
}

/* What was started cannot be taken back: a run that goes on is cancelled. */
static const Value *started(Hosting *hosting, const Value *input, const Value *run_of)
{
    static const HostingMember details[] = {{"workflow_run_id", "workflowRunId"},
                                            {"run_url", "workflowRunUrl"},
                                            {"html_url", "workflowRunHtmlUrl"}};
    Arena *arena = hosting->arena;
    Value *output = value_object_new(arena);
    const char *ref = value_path_string(input, "branchOrTagName", "");

    hosting_copy(arena, output, run_of, details, G_N_ELEMENTS(details));
    int64_t id = value_int(value_get(output, "workflowRunId"), 0);

    hosting_effect(
        hosting,
        &(HostingEffect){
            .operation = "create",
            .kind = "workflow-run",
            .ref = arena_printf(arena, "%s:%s@%s", github_name(hosting),
                                value_path_string(input, "workflowId", ""), ref),
            .url = value_path_string(output, "workflowRunHtmlUrl", NULL),
            .undo_method = id ? "POST" : NULL,
            .undo_path = github_path(
                hosting, arena_printf(arena, "/actions/runs/%" G_GINT64_FORMAT "/cancel", id))});
    return output;
}

static gboolean run_dispatch(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    Value *body = hosting_body(run->arena, "ref", value_path_string(input, "branchOrTagName", ""));
    Hosting hosting;
    const Value *reply;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    value_set(run->arena, body, "inputs", value_get(input, "workflowInputs"));
    if (value_bool(value_get(input, "returnWorkflowRunDetails"), false))
        value_set_bool(run->arena, body, "return_run_details", true);
    reply =
        hosting_send(&hosting, "POST", workflow_path(&hosting, input, "dispatches"), body, error);
    if (!reply)
        return FALSE;
    *output = started(&hosting, input, reply);
    action_log(run, "info", "Workflow %s started", value_path_string(input, "workflowId", ""));
    return TRUE;
}

static gboolean probe_dispatch(ActionRun *run, const Value *input, const Value **output,
                               GError **error)
{
    Hosting hosting;
    const Value *reply, *runs;
    bool missing;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    reply = hosting_get(&hosting,
                        workflow_path(&hosting, input, "runs?event=workflow_dispatch&per_page=50"),
                        &missing, error);
    runs = value_get(reply, "workflow_runs");
    for (guint i = 0; i < value_count(runs); i++) {
        const Value *one = value_item(runs, i);
        Value *found = value_object_new(run->arena);

        if (!hosting_is_since(run, value_path_string(one, "created_at", NULL)) ||
            !value_equal(value_get(one, "head_branch"), value_get(input, "branchOrTagName")))
            continue;
        value_set(run->arena, found, "workflow_run_id", value_get(one, "id"));
        value_set(run->arena, found, "run_url", value_get(one, "url"));
        value_set(run->arena, found, "html_url", value_get(one, "html_url"));
        *output = started(&hosting, input, found);
        break;
    }
    return reply != NULL;
}

const Action action_github_actions_dispatch = {
    .id = "github:actions:dispatch",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_dispatch,
    .probe = probe_dispatch,
    .undo = hosting_undo,
    .undo_text = "Cancels the workflow's run, where its id is known",
};
