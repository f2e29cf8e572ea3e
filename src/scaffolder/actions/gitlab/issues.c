/* gitlab:issues:create and gitlab:issue:edit. */
#include "scaffolder/actions/gitlab/gitlab.h"

#include "spine/clock.h"

static const HostingMember MEMBERS[] = {
    {"title", NULL},
    {"assignees", "assignee_ids"},
    {"confidential", NULL},
    {"description", NULL},
    {"createdAt", "created_at"},
    {"updatedAt", "updated_at"},
    {"discussionToResolve", "discussion_to_resolve"},
    {"discussionLocked", "discussion_locked"},
    {"epicId", "epic_id"},
    {"labels", NULL},
    {"addLabels", "add_labels"},
    {"removeLabels", "remove_labels"},
    {"issueType", "issue_type"},
    {"mergeRequestToResolveDiscussionsOf", "merge_request_to_resolve_discussions_of"},
    {"milestoneId", "milestone_id"},
    {"stateEvent", "state_event"},
    {"weight", NULL},
};

/* A day, of the time that Backstage's input has. */
static Value *body_of(Arena *arena, const Value *input)
{
    const char *due = value_path_string(input, "dueDate", NULL);
    Value *body = value_object_new(arena);

    hosting_copy(arena, body, input, MEMBERS, G_N_ELEMENTS(MEMBERS));
    if (due)
        value_set_string(arena, body, "due_date", arena_strndup(arena, due, MIN(strlen(due), 10)));
    return body;
}

static const char *issue_path(Hosting *hosting, const Value *input, int64_t iid)
{
    return gitlab_project_path(hosting, input,
                               arena_printf(hosting->arena, "/issues/%" G_GINT64_FORMAT, iid));
}

static const char *issue_ref(Hosting *hosting, const Value *input, int64_t iid)
{
    Arena *arena = hosting->arena;
    const char *id = gitlab_id(arena, value_get(input, "projectId"));

    return arena_printf(arena, "%s#%" G_GINT64_FORMAT, id ? id : gitlab_name(hosting), iid);
}

static const Value *created(Hosting *hosting, const Value *input, const Value *issue)
{
    Arena *arena = hosting->arena;
    int64_t iid = value_int(value_get(issue, "iid"), 0);
    const char *url = value_path_string(issue, "web_url", "");
    Value *output = hosting_body(arena, "issueUrl", url);

    value_set_int(arena, output, "issueId", value_int(value_get(issue, "id"), 0));
    value_set_int(arena, output, "issueIid", iid);
    hosting_effect(hosting,
                   &(HostingEffect){.operation = "create",
                                    .kind = "issue",
                                    .ref = issue_ref(hosting, input, iid),
                                    .url = url,
                                    .undo_method = "PUT",
                                    .undo_path = issue_path(hosting, input, iid),
                                    .undo_body = hosting_body(arena, "state_event", "close")});
    return output;
}

static gboolean run_create(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    Hosting hosting;
    const Value *issue;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    issue = hosting_send(&hosting, "POST", gitlab_project_path(&hosting, input, "/issues"),
                         body_of(run->arena, input), error);
    *output = issue ? created(&hosting, input, issue) : NULL;
    return issue != NULL;
}

/* The same title and text, made since the intent was written. */
static gboolean probe_create(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    Hosting hosting;
    const Value *issues;
    g_autofree char *since = clock_format(hosting_intent_ms(run) - 1000);

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    issues = hosting_list(
        &hosting,
        gitlab_project_path(&hosting, input,
                            arena_printf(run->arena, "/issues?created_after=%s&per_page=100",
                                         forge_escape(run->arena, since))),
        error);
    for (guint i = 0; i < value_count(issues) && !*output; i++) {
        const Value *issue = value_item(issues, i);

        if (value_equal(value_get(issue, "title"), value_get(input, "title")) &&
            g_str_equal(value_path_string(issue, "description", ""),
                        value_path_string(input, "description", "")))
            *output = created(&hosting, input, issue);
    }
    return issues != NULL;
}

const Action action_gitlab_issues_create = {
    .id = "gitlab:issues:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_create,
    .probe = probe_create,
    .undo = hosting_undo,
    .undo_text = "Closes the issue",
};

/* ---- gitlab:issue:edit ---- */

static gboolean run_edit(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    static const HostingMember members[] = {{"web_url", "issueUrl"},
                                            {"project_id", "projectId"},
                                            {"id", "issueId"},
                                            {"iid", "issueIid"},
                                            {"state", NULL},
                                            {"title", NULL},
                                            {"updated_at", "updatedAt"}};
    int64_t iid = value_int(value_get(input, "issueIid"), 0);
    Arena *arena = run->arena;
    Value *result = value_object_new(arena);
    Hosting hosting;
    const Value *issue;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    issue = hosting_send(&hosting, "PUT", issue_path(&hosting, input, iid), body_of(arena, input),
                         error);
    if (!issue)
        return FALSE;
    hosting_copy(arena, result, issue, members, G_N_ELEMENTS(members));
    *output = result;
    hosting_effect(&hosting, &(HostingEffect){.operation = "update",
                                              .kind = "issue",
                                              .ref = issue_ref(&hosting, input, iid),
                                              .url = value_path_string(issue, "web_url", NULL)});
    return TRUE;
}

const Action action_gitlab_issue_edit = {
    .id = "gitlab:issue:edit",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_edit,
};
