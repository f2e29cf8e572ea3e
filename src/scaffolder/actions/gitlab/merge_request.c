/* gitlab:repo:push and publish:gitlab:merge-request: the workspace's files on a branch. */
#include "scaffolder/actions/gitlab/gitlab.h"

/* Commits actions on branch, unless the attempt that was interrupted did; "" where there are none.
 */
static const char *commit_files(Hosting *hosting, const Value *actions, const char *branch,
                                const char *message, bool allow_empty, GError **error)
{
    Arena *arena = hosting->arena;
    const char *done = gitlab_commit_since(hosting, branch, message, error);
    Value *body = hosting_body(arena, "branch", branch);
    const Value *made;

    if (!done || *done)
        return done;
    if (value_count(actions) == 0 && !allow_empty)
        return "";
    value_set_string(arena, body, "commit_message", message);
    value_set(arena, body, "actions", actions);
    if (value_count(actions) == 0)
        value_set_bool(arena, body, "allow_empty", true);
    made = hosting_send(hosting, "POST", gitlab_path(hosting, "/repository/commits"), body, error);
    if (!made)
        return NULL;
    return value_path_string(made, "id", "0000000000000000000000000000000000000000");
}

/* ---- gitlab:repo:push ---- */

static gboolean run_push(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *branch = value_path_string(input, "branchName", ""),
               *message = value_path_string(input, "commitMessage", ""), *base, *commit;
    Hosting hosting;
    const Value *actions;
    bool made;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    base = gitlab_default_branch(&hosting, error);
    if (!base || !gitlab_branch_ensure(&hosting, branch, base, &made, error))
        return FALSE;
    actions = gitlab_file_actions(&hosting, input, branch,
                                  value_path_string(input, "commitAction", "create"), error);
    commit = actions ? commit_files(&hosting, actions, branch, message,
                                    value_bool(value_get(input, "allowEmpty"), false), error)
                     : NULL;
    if (!commit)
        return FALSE;
    Value *result = hosting_body(run->arena, "projectid", gitlab_name(&hosting));

    value_set_string(run->arena, result, "projectPath", gitlab_name(&hosting));
    if (*commit) {
        Value *detail = hosting_body(run->arena, "commit", commit);

        value_set_string(run->arena, result, "commitHash", commit);
        hosting_effect(&hosting,
                       &(HostingEffect){
                           .operation = "update",
                           .kind = "commit",
                           .ref = arena_printf(run->arena, "%s:%s", gitlab_name(&hosting), branch),
                           .detail = detail});
    }
    *output = result;
    return TRUE;
}

const Action action_gitlab_repo_push = {
    .id = "gitlab:repo:push",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_push,
    .undo = hosting_undo,
    .undo_text = "Deletes the branch, where the push made it",
};

/* ---- publish:gitlab:merge-request ---- */

typedef struct {
    Hosting *hosting;
    const Value *input;
    const char *branch, *target;
} MergeRequest;

static const char *text_of(const MergeRequest *request, const char *member)
{
    return value_path_string(request->input, member, "");
}

static bool is_set(const MergeRequest *request, const char *member)
{
    return value_bool(value_get(request->input, member), false);
}

static const char *merge_path(const MergeRequest *request, int64_t iid, const char *rest)
{
    return gitlab_path(
        request->hosting,
        arena_printf(request->hosting->arena, "/merge_requests/%" G_GINT64_FORMAT "%s", iid, rest));
}

static gboolean put_files(const MergeRequest *request, GError **error)
{
    Hosting *hosting = request->hosting;
    const char *action = value_path_string(request->input, "commitAction", "auto");
    const Value *actions;
    bool made;

    if (!gitlab_branch_ensure(hosting, request->branch, request->target, &made, error))
        return FALSE;
    if (g_str_equal(action, "skip"))
        return TRUE;
    actions = gitlab_file_actions(hosting, request->input, request->branch, action, error);
    return actions &&
           commit_files(hosting, actions, request->branch, text_of(request, "title"), false, error);
}

/* "a,b" of a list or of text. */
static const char *labels_of(const MergeRequest *request)
{
    const Value *labels = value_get(request->input, "labels");
    g_autoptr(GString) all = g_string_new(value_string(labels, ""));

    for (guint i = 0; value_is(labels, VALUE_ARRAY) && i < value_count(labels); i++)
        g_string_append_printf(all, "%s%s", i ? "," : "", value_string(value_item(labels, i), ""));
    return all->len ? arena_strdup(request->hosting->arena, all->str) : NULL;
}

static const Value *people_of(const MergeRequest *request, GError **error)
{
    Arena *arena = request->hosting->arena;
    const Value *names = value_get(request->input, "reviewers");
    Value *ids = value_array_new(arena);
    int64_t id;

    for (guint i = 0; i < value_count(names); i++) {
        if (!gitlab_user(request->hosting, value_string(value_item(names, i), ""), &id, error))
            return NULL;
        if (id)
            value_append(arena, ids, value_int_new(arena, id));
    }
    return ids;
}

static const Value *body_of(const MergeRequest *request, GError **error)
{
    Arena *arena = request->hosting->arena;
    const char *assignee = text_of(request, "assignee");
    Value *body = hosting_body(arena, "source_branch", request->branch);
    const Value *reviewers = people_of(request, error);
    int64_t id = 0;

    if (!reviewers || (*assignee && !gitlab_user(request->hosting, assignee, &id, error)))
        return NULL;
    value_set_string(arena, body, "target_branch", request->target);
    value_set_string(arena, body, "title", text_of(request, "title"));
    value_set(arena, body, "description", value_get(request->input, "description"));
    value_set_bool(arena, body, "remove_source_branch", is_set(request, "removeSourceBranch"));
    value_set_string(arena, body, "labels", labels_of(request));
    if (id)
        value_set_int(arena, body, "assignee_id", id);
    if (value_count(reviewers) > 0)
        value_set(arena, body, "reviewer_ids", reviewers);
    return body;
}

/* Opened by the attempt that was interrupted, or now. */
static const Value *open_request(const MergeRequest *request, GError **error)
{
    Hosting *hosting = request->hosting;
    Arena *arena = hosting->arena;
    const Value *open =
        hosting->run->fresh
            ? value_array_new(arena)
            : hosting_list(
                  hosting,
                  gitlab_path(hosting, arena_printf(arena,
                                                    "/merge_requests?state=opened&source_branch=%s"
                                                    "&target_branch=%s",
                                                    forge_escape(arena, request->branch),
                                                    forge_escape(arena, request->target))),
                  error);
    const Value *body = open && value_count(open) == 0 ? body_of(request, error) : NULL;

    if (value_count(open) > 0)
        return value_item(open, 0);
    return body
               ? hosting_send(hosting, "POST", gitlab_path(hosting, "/merge_requests"), body, error)
               : NULL;
}

/* Everybody whom the project's rules let approve. */
static gboolean ask_approvers(const MergeRequest *request, int64_t iid, GError **error)
{
    Hosting *hosting = request->hosting;
    Arena *arena = hosting->arena;
    Value *ids = value_array_new(arena), *body = value_object_new(arena);
    const Value *rules;

    if (!is_set(request, "assignReviewersFromApprovalRules"))
        return TRUE;
    rules = hosting_list(hosting, merge_path(request, iid, "/approval_rules"), error);
    for (guint i = 0; i < value_count(rules); i++) {
        const Value *people = value_get(value_item(rules, i), "eligible_approvers");

        for (guint j = 0; j < value_count(people); j++)
            value_append(arena, ids, value_get(value_item(people, j), "id"));
    }
    value_set(arena, body, "reviewer_ids", ids);
    return rules && (value_count(ids) == 0 ||
                     hosting_send(hosting, "PUT", merge_path(request, iid, ""), body, error));
}

static gboolean merge_automatically(const MergeRequest *request, int64_t iid, GError **error)
{
    Value *body = value_object_new(request->hosting->arena);

    value_set_bool(request->hosting->arena, body, "merge_when_pipeline_succeeds", true);
    return !is_set(request, "autoMerge") ||
           hosting_try(request->hosting, "PUT", merge_path(request, iid, "/merge"), body,
                       "the automatic merge", error);
}

static const Value *finish(const MergeRequest *request, const Value *opened, GError **error)
{
    Hosting *hosting = request->hosting;
    Arena *arena = hosting->arena;
    int64_t iid = value_int(value_get(opened, "iid"), 0);
    const char *name = gitlab_name(hosting);
    const char *foreseen = arena_printf(arena, "%s/%s/-/merge_requests/%" G_GINT64_FORMAT,
                                        hosting->at.base, name, iid);
    const char *url = value_path_string(opened, "web_url", foreseen);
    Value *output = hosting_body(arena, "targetBranchName", request->target);

    hosting_effect(hosting,
                   &(HostingEffect){.operation = "create",
                                    .kind = "pull-request",
                                    .ref = arena_printf(arena, "%s!%" G_GINT64_FORMAT, name, iid),
                                    .url = url,
                                    .undo_method = "PUT",
                                    .undo_path = merge_path(request, iid, ""),
                                    .undo_body = hosting_body(arena, "state_event", "close")});
    if (!ask_approvers(request, iid, error) || !merge_automatically(request, iid, error))
        return NULL;
    value_set_string(arena, output, "projectid", name);
    value_set_string(arena, output, "projectPath", name);
    value_set_string(arena, output, "mergeRequestUrl", url);
    return output;
}

static gboolean run_request(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    Hosting hosting;
    MergeRequest request = {.hosting = &hosting,
                            .input = input,
                            .branch = value_path_string(input, "branchName", ""),
                            .target = value_path_string(input, "targetBranchName", NULL)};
    const Value *opened;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    if (value_get(input, "projectid"))
        hosting.url.project = value_path_string(input, "projectid", NULL);
    if (!request.target)
        request.target = gitlab_default_branch(&hosting, error);
    opened = request.target && put_files(&request, error) ? open_request(&request, error) : NULL;
    *output = opened ? finish(&request, opened, error) : NULL;
    return *output != NULL;
}

const Action action_publish_gitlab_merge_request = {
    .id = "publish:gitlab:merge-request",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_request,
    .undo = hosting_undo,
    .undo_text = "Closes the merge request and deletes its branch",
};
