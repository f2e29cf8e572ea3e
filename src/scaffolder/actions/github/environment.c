/* github:environment:create. Every call sets what is to be, so that an interrupted one is repeated.
 */
#include "scaffolder/actions/github/github.h"

static const char *environment_path(Hosting *hosting, const Value *input, const char *rest)
{
    return github_path(
        hosting,
        arena_printf(hosting->arena, "/environments/%s%s",
                     forge_escape(hosting->arena, value_path_string(input, "name", "")), rest));
}

/* An entity reference as {type, id}: people by their login, groups by the slug of their team. */
static const Value *reviewer_of(Hosting *hosting, const char *ref, GError **error)
{
    Arena *arena = hosting->arena;
    bool group = g_ascii_strncasecmp(ref, "group:", 6) == 0, missing;
    const char *name = forge_escape(arena, hosting_name_of(arena, ref));
    const char *path = group ? arena_printf(arena, "/orgs/%s/teams/%s",
                                            forge_escape(arena, hosting->url.owner), name)
                             : arena_printf(arena, "/users/%s", name);
    Value *reviewer = hosting_body(arena, "type", group ? "Team" : "User");
    const Value *found = hosting_get(hosting, path, &missing, error);

    if (!found)
        return NULL;
    if (missing && !hosting->run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the reviewer %s is no %s of %s", ref,
                    group ? "team" : "user", hosting->url.host);
        return NULL;
    }
    value_set_int(arena, reviewer, "id", value_int(value_get(found, "id"), 0));
    return reviewer;
}

static const Value *environment_body(Hosting *hosting, const Value *input, GError **error)
{
    static const HostingMember members[] = {{"waitTimer", "wait_timer"},
                                            {"preventSelfReview", "prevent_self_review"}};
    Arena *arena = hosting->arena;
    const Value *refs = value_get(input, "reviewers"),
                *policy = value_get(input, "deploymentBranchPolicy");
    Value *body = value_object_new(arena), *reviewers = value_array_new(arena);

    hosting_copy(arena, body, input, members, G_N_ELEMENTS(members));
    value_set(arena, body, "deployment_branch_policy", policy ? policy : value_null_new(arena));
    for (guint i = 0; i < value_count(refs); i++) {
        const Value *reviewer = reviewer_of(hosting, value_string(value_item(refs, i), ""), error);

        if (!reviewer)
            return NULL;
        value_append(arena, reviewers, reviewer);
    }
    if (refs)
        value_set(arena, body, "reviewers", reviewers);
    return body;
}

static gboolean add_policies(Hosting *hosting, const Value *input, const char *member,
                             const char *type, GError **error)
{
    const Value *names = value_get(input, member);
    const char *path = environment_path(hosting, input, "/deployment-branch-policies");

    for (guint i = 0; i < value_count(names); i++) {
        Value *body = hosting_body(hosting->arena, "name", value_string(value_item(names, i), ""));
        long status;

        value_set_string(hosting->arena, body, "type", type);
        /* 303: it is there. */
        if (!hosting_ask(hosting, "POST", path, body, 303, &status, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean run_environment(ActionRun *run, const Value *input, const Value **output,
                                GError **error)
{
    const char *name = value_path_string(input, "name", "");
    Hosting hosting;
    const Value *body;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    body = environment_body(&hosting, input, error);
    if (!body || !hosting_send(&hosting, "PUT", environment_path(&hosting, input, ""), body, error))
        return FALSE;
    hosting_effect(&hosting, &(HostingEffect){.operation = "create",
                                              .kind = "environment",
                                              .ref = arena_printf(run->arena, "%s:%s",
                                                                  github_name(&hosting), name),
                                              .undo_method = "DELETE",
                                              .undo_path = environment_path(&hosting, input, "")});
    const char *base = environment_path(&hosting, input, "");

    return add_policies(&hosting, input, "customBranchPolicyNames", "branch", error) &&
           add_policies(&hosting, input, "customTagPolicyNames", "tag", error) &&
           github_put_variables(&hosting, base, value_get(input, "environmentVariables"), error) &&
           github_put_secrets(&hosting, base, value_get(input, "secrets"), error);
}

const Action action_github_environment_create = {
    .id = "github:environment:create",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_environment,
    .undo = hosting_undo,
    .undo_text = "Deletes the environment",
};
