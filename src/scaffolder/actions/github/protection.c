/* github:branch-protection:create, and the same as a part of publishing. */
#include "scaffolder/actions/github/github.h"

static const Value *or_null(Arena *arena, const Value *value)
{
    return value ? value : value_null_new(arena);
}

static const Value *reviews(Hosting *hosting, const Value *input)
{
    static const HostingMember members[] = {
        {"requiredApprovingReviewCount", "required_approving_review_count"},
        {"requireCodeOwnerReviews", "require_code_owner_reviews"},
        {"bypassPullRequestAllowances", "bypass_pull_request_allowances"},
        {"dismissStaleReviews", "dismiss_stale_reviews"},
        {"requireLastPushApproval", "require_last_push_approval"}};
    Value *body = value_object_new(hosting->arena);

    hosting_copy(hosting->arena, body, input, members, G_N_ELEMENTS(members));
    return body;
}

static const Value *protection(Hosting *hosting, const Value *input, const char *enforce_admins)
{
    Arena *arena = hosting->arena;
    const Value *contexts = value_get(input, "requiredStatusCheckContexts");
    Value *body = value_object_new(arena), *checks = value_object_new(arena);

    value_set_bool(arena, checks, "strict",
                   value_bool(value_get(input, "requireBranchesToBeUpToDate"), true));
    value_set(arena, checks, "contexts", contexts ? contexts : value_array_new(arena));
    value_set(arena, body, "required_status_checks", checks);
    value_set(arena, body, "restrictions", or_null(arena, value_get(input, "restrictions")));
    value_set_bool(arena, body, "enforce_admins",
                   value_bool(value_get(input, enforce_admins), true));
    value_set(arena, body, "required_pull_request_reviews", reviews(hosting, input));
    value_set_bool(arena, body, "required_conversation_resolution",
                   value_bool(value_get(input, "requiredConversationResolution"), false));
    value_set_bool(arena, body, "required_linear_history",
                   value_bool(value_get(input, "requiredLinearHistory"), false));
    value_set(arena, body, "block_creations", value_get(input, "blockCreations"));
    return body;
}

static const char *protection_path(Hosting *hosting, const char *branch)
{
    return github_path(hosting, arena_printf(hosting->arena, "/branches/%s/protection",
                                             forge_escape(hosting->arena, branch)));
}

gboolean github_protect(Hosting *hosting, const Value *input, const char *branch,
                        const char *enforce_admins, GError **error)
{
    Arena *arena = hosting->arena;
    const char *path = protection_path(hosting, branch);
    long status;
    const Value *reply = hosting_ask(
        hosting, "PUT", path, protection(hosting, input, enforce_admins), 403, &status, error);

    if (!reply)
        return FALSE;
    if (status == 403) {
        const char *words = value_path_string(reply, "message", "");

        if (!strstr(words, "Upgrade to GitHub")) {
            g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                        "Failed to add branch protection to %s: %s", branch, words);
            return FALSE;
        }
        action_log(hosting->run, "warning", "The branch %s is not protected: %s", branch, words);
        return TRUE;
    }
    if (value_bool(value_get(input, "requiredCommitSigning"), false) &&
        !hosting_send(hosting, "POST", arena_printf(arena, "%s/required_signatures", path), NULL,
                      error))
        return FALSE;
    hosting_effect(
        hosting, &(HostingEffect){.operation = "create",
                                  .kind = "branch-protection",
                                  .ref = arena_printf(arena, "%s:%s", github_name(hosting), branch),
                                  .undo_method = "DELETE",
                                  .undo_path = path});
    return TRUE;
}

static gboolean run_protect(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    const char *branch = value_path_string(input, "branch", NULL);
    Hosting hosting;
    bool missing;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    if (!branch) {
        const Value *repository = hosting_get(&hosting, github_path(&hosting, ""), &missing, error);

        if (!repository)
            return FALSE;
        branch = value_path_string(repository, "default_branch", "main");
    }
    return github_protect(&hosting, input, branch, "enforceAdmins", error);
}

const Action action_github_branch_protection_create = {
    .id = "github:branch-protection:create",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_protect,
    .undo = hosting_undo,
    .undo_text = "Takes the branch's protection away",
};
