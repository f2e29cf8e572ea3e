/* github:issues:create and github:issues:label. */
#include "scaffolder/actions/github/github.h"
#include "spine/clock.h"

static const char *issue_path(Hosting *hosting, int64_t number, const char *rest)
{
    return github_path(
        hosting, arena_printf(hosting->arena, "/issues/%" G_GINT64_FORMAT "%s", number, rest));
}

/* ---- github:issues:create ---- */

static const Value *issue_output(Hosting *hosting, const Value *issue)
{
    Arena *arena = hosting->arena;
    int64_t number = value_int(value_get(issue, "number"), 0);
    const char *foreseen = arena_printf(arena, "%s/%s/issues/%" G_GINT64_FORMAT, hosting->at.base,
                                        github_name(hosting), number);
    const char *url = value_path_string(issue, "html_url", foreseen);
    Value *output = hosting_body(arena, "issueUrl", url);

    value_set_int(arena, output, "issueNumber", number);
    /* GitHub deletes no issue by its REST API. */
    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "issue",
                                             .ref = arena_printf(arena, "%s#%" G_GINT64_FORMAT,
                                                                 github_name(hosting), number),
                                             .url = url,
                                             .undo_method = "PATCH",
                                             .undo_path = issue_path(hosting, number, ""),
                                             .undo_body = hosting_body(arena, "state", "closed")});
    return output;
}

static gboolean run_issue(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    static const HostingMember members[] = {{"title", NULL},
                                            {"body", NULL},
                                            {"assignees", NULL},
                                            {"milestone", NULL},
                                            {"labels", NULL}};
    Value *body = value_object_new(run->arena);
    Hosting hosting;
    const Value *made;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    hosting_copy(run->arena, body, input, members, G_N_ELEMENTS(members));
    made = hosting_send(&hosting, "POST", github_path(&hosting, "/issues"), body, error);
    if (!made)
        return FALSE;
    *output = issue_output(&hosting, made);
    action_log(run, "info", "Issue #%" G_GINT64_FORMAT ": %s",
               value_int(value_get(*output, "issueNumber"), 0),
               value_path_string(*output, "issueUrl", ""));
    return TRUE;
}

/* The same title and text, made since the intent was written. */
static gboolean probe_issue(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    Hosting hosting;
    const Value *issues;
    g_autofree char *since = clock_format(hosting_intent_ms(run) - 1000);

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    issues = hosting_list(
        &hosting,
        github_path(&hosting, arena_printf(run->arena, "/issues?state=all&per_page=100&since=%s",
                                           forge_escape(run->arena, since))),
        error);
    for (guint i = 0; i < value_count(issues); i++) {
        const Value *issue = value_item(issues, i);

        if (!value_equal(value_get(issue, "title"), value_get(input, "title")) ||
            !g_str_equal(value_path_string(issue, "body", ""),
                         value_path_string(input, "body", "")) ||
            !hosting_is_since(run, value_path_string(issue, "created_at", NULL)))
            continue;
        *output = issue_output(&hosting, issue);
        break;
    }
    return issues != NULL;
}

const Action action_github_issues_create = {
    .id = "github:issues:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_issue,
    .probe = probe_issue,
    .undo = hosting_undo,
    .undo_text = "Closes the issue",
};

/* ---- github:issues:label ---- */

static bool has_label(const Value *labels, const char *name)
{
    for (guint i = 0; i < value_count(labels); i++)
        if (g_ascii_strcasecmp(value_path_string(value_item(labels, i), "name", ""), name) == 0)
            return true;
    return false;
}

static gboolean run_label(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *labels = value_get(input, "labels"), *before;
    int64_t number = value_int(value_get(input, "number"), 0);
    Value *body = value_object_new(run->arena);
    Hosting hosting;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    value_set(run->arena, body, "labels", labels);
    before = hosting_list(&hosting, issue_path(&hosting, number, "/labels?per_page=100"), error);
    if (!before ||
        !hosting_send(&hosting, "POST", issue_path(&hosting, number, "/labels"), body, error))
        return FALSE;
    for (guint i = 0; i < value_count(labels); i++) {
        const char *name = value_string(value_item(labels, i), "");
        const char *escaped = forge_escape(run->arena, name);

        /* What was there before stays there. */
        if (has_label(before, name))
            continue;
        hosting_effect(&hosting,
                       &(HostingEffect){
                           .operation = "create",
                           .kind = "label",
                           .ref = arena_printf(run->arena, "%s#%" G_GINT64_FORMAT ":%s",
                                               github_name(&hosting), number, name),
                           .undo_method = "DELETE",
                           .undo_path = issue_path(
                               &hosting, number, arena_printf(run->arena, "/labels/%s", escaped))});
    }
    return TRUE;
}

const Action action_github_issues_label = {
    .id = "github:issues:label",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_label,
    .undo = hosting_undo,
    .undo_text = "Takes the labels off again",
};
