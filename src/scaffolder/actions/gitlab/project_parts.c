/* Variables and tokens of a GitLab project. */
#include "scaffolder/actions/gitlab/gitlab.h"
#include "spine/clock.h"

static gboolean open_project(Hosting *hosting, ActionRun *run, const Value *input, GError **error)
{
    return hosting_open_remote(hosting, run, input, "gitlab", error);
}

static const char *ref_of(Hosting *hosting, const Value *input, const char *name)
{
    Arena *arena = hosting->arena;
    const char *id = gitlab_id(arena, value_get(input, "projectId"));

    return arena_printf(arena, "%s:%s", id ? id : gitlab_name(hosting), name);
}

/* ---- gitlab:projectVariable:create ---- */

static gboolean run_variable(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    static const HostingMember members[] = {{"key", NULL},
                                            {"value", NULL},
                                            {"variableType", "variable_type"},
                                            {"variableProtected", "protected"},
                                            {"masked", NULL},
                                            {"raw", NULL},
                                            {"environmentScope", "environment_scope"}};
    Arena *arena = run->arena;
    const char *key = value_path_string(input, "key", "");
    Value *body = value_object_new(arena);
    Hosting hosting;
    bool missing, hidden = value_bool(value_get(input, "maskedAndHidden"), false);

    if (hidden || value_bool(value_get(input, "masked"), false))
        hosting_mask(run, value_path_string(input, "value", NULL));
    if (!open_project(&hosting, run, input, error))
        return FALSE;
    hosting_copy(arena, body, input, members, G_N_ELEMENTS(members));
    if (hidden)
        value_set_bool(arena, body, "masked_and_hidden", true);
    const char *path = gitlab_project_path(
        &hosting, input,
        arena_printf(arena, "/variables/%s?filter[environment_scope]=%s", forge_escape(arena, key),
                     forge_escape(arena, value_path_string(input, "environmentScope", "*"))));

    /* Made already by the attempt that was interrupted. */
    missing = true;
    if (!run->fresh && !hosting_get(&hosting, path, &missing, error))
        return FALSE;
    if (missing && !hosting_send(&hosting, "POST",
                                 gitlab_project_path(&hosting, input, "/variables"), body, error))
        return FALSE;
    hosting_effect(&hosting, &(HostingEffect){.operation = "create",
                                              .kind = "variable",
                                              .ref = ref_of(&hosting, input, key),
                                              .undo_method = "DELETE",
                                              .undo_path = path});
    return TRUE;
}

const Action action_gitlab_project_variable_create = {
    .id = "gitlab:projectVariable:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_variable,
    .undo = hosting_undo,
    .undo_text = "Deletes the variable",
};

/* ---- tokens ---- */

/* A token is told once: one whose telling was interrupted is revoked, and another made. */
static gboolean revoke_lost(Hosting *hosting, const char *list, const char *name, GError **error)
{
    Arena *arena = hosting->arena;
    const Value *tokens =
        hosting->run->fresh ? value_array_new(arena) : hosting_list(hosting, list, error);

    for (guint i = 0; i < value_count(tokens); i++) {
        const Value *one = value_item(tokens, i);
        const char *path =
            arena_printf(arena, "%s/%" G_GINT64_FORMAT, list, value_int(value_get(one, "id"), 0));

        if (g_str_equal(value_path_string(one, "name", ""), name) &&
            hosting_is_since(hosting->run, value_path_string(one, "created_at", NULL)) &&
            !hosting_send(hosting, "DELETE", path, NULL, error))
            return FALSE;
    }
    return tokens != NULL;
}

static const Value *make_token(Hosting *hosting, const Value *input, const char *list,
                               const char *kind, const Value *body, GError **error)
{
    Arena *arena = hosting->arena;
    const char *name = value_path_string(body, "name", "");
    const Value *made = revoke_lost(hosting, list, name, error)
                            ? hosting_send(hosting, "POST", list, body, error)
                            : NULL;

    if (!made)
        return NULL;
    hosting_mask(hosting->run, value_path_string(made, "token", ""));
    hosting_effect(
        hosting, &(HostingEffect){.operation = "create",
                                  .kind = kind,
                                  .ref = ref_of(hosting, input, name),
                                  .undo_method = "DELETE",
                                  .undo_path = arena_printf(arena, "%s/%" G_GINT64_FORMAT, list,
                                                            value_int(value_get(made, "id"), 0))});
    return made;
}

static gboolean run_access_token(ActionRun *run, const Value *input, const Value **output,
                                 GError **error)
{
    Arena *arena = run->arena;
    const Value *scopes = value_get(input, "scopes"), *made;
    Value *body = hosting_body(arena, "name", value_path_string(input, "name", "scaffolder"));
    Value *standard = value_array_new(arena);
    g_autofree char *year = clock_format(clock_now_ms() + (int64_t)365 * 24 * 60 * 60 * 1000);
    Hosting hosting;

    if (!open_project(&hosting, run, input, error))
        return FALSE;
    value_append(arena, standard, value_string_new(arena, "read_repository"));
    value_set(arena, body, "scopes", value_count(scopes) ? scopes : standard);
    value_set(arena, body, "access_level", value_get(input, "accessLevel"));
    value_set_string(arena, body, "expires_at",
                     value_path_string(input, "expiresAt", arena_strndup(arena, year, 10)));
    made = make_token(&hosting, input, gitlab_project_path(&hosting, input, "/access_tokens"),
                      "access-token", body, error);
    if (!made)
        return FALSE;
    *output = hosting_body(arena, "access_token", value_path_string(made, "token", ""));
    return TRUE;
}

const Action action_gitlab_project_access_token_create = {
    .id = "gitlab:projectAccessToken:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_access_token,
    .undo = hosting_undo,
    .undo_text = "Revokes the token",
};

static gboolean run_deploy_token(ActionRun *run, const Value *input, const Value **output,
                                 GError **error)
{
    static const HostingMember members[] = {{"name", NULL}, {"username", NULL}, {"scopes", NULL}};
    Value *body = value_object_new(run->arena);
    Hosting hosting;
    const Value *made;

    if (!open_project(&hosting, run, input, error))
        return FALSE;
    hosting_copy(run->arena, body, input, members, G_N_ELEMENTS(members));
    made = make_token(&hosting, input, gitlab_project_path(&hosting, input, "/deploy_tokens"),
                      "deploy-token", body, error);
    if (!made)
        return FALSE;
    Value *result = hosting_body(run->arena, "deploy_token", value_path_string(made, "token", ""));

    value_set_string(run->arena, result, "user",
                     value_path_string(made, "username", value_path_string(input, "username", "")));
    *output = result;
    return TRUE;
}

const Action action_gitlab_project_deploy_token_create = {
    .id = "gitlab:projectDeployToken:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_deploy_token,
    .undo = hosting_undo,
    .undo_text = "Revokes the token",
};

/* ---- gitlab:pipeline:trigger ---- */

/* The trigger is made for this one pipeline, and goes away whatever becomes of it. */
static gboolean run_pipeline(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    Arena *arena = run->arena;
    Hosting hosting;
    const Value *trigger, *pipeline;

    if (!open_project(&hosting, run, input, error))
        return FALSE;
    trigger = hosting_send(
        &hosting, "POST", gitlab_project_path(&hosting, input, "/triggers"),
        hosting_body(arena, "description", value_path_string(input, "tokenDescription", "")),
        error);
    if (!trigger)
        return FALSE;
    const char *token = value_path_string(trigger, "token", "");
    Value *body = hosting_body(arena, "ref", value_path_string(input, "branch", ""));

    hosting_mask(run, token);
    value_set_string(arena, body, "token", token);
    value_set(arena, body, "variables", value_get(input, "variables"));
    pipeline = hosting_send(&hosting, "POST",
                            gitlab_project_path(&hosting, input, "/trigger/pipeline"), body, error);
    const char *path = gitlab_project_path(
        &hosting, input,
        arena_printf(arena, "/triggers/%" G_GINT64_FORMAT, value_int(value_get(trigger, "id"), 0)));

    if (!hosting_send(&hosting, "DELETE", path, NULL, pipeline ? error : NULL) || !pipeline)
        return FALSE;
    const char *url = value_path_string(pipeline, "web_url", "");
    int64_t id = value_int(value_get(pipeline, "id"), 0);

    *output = hosting_body(arena, "pipelineUrl", url);
    hosting_effect(
        &hosting,
        &(HostingEffect){.operation = "create",
                         .kind = "pipeline",
                         .ref = ref_of(&hosting, input, value_path_string(input, "branch", "")),
                         .url = url,
                         .undo_method = "POST",
                         .undo_path = gitlab_project_path(
                             &hosting, input,
                             arena_printf(arena, "/pipelines/%" G_GINT64_FORMAT "/cancel", id))});
    return TRUE;
}

/* A pipeline that a trigger started since. */
static gboolean probe_pipeline(ActionRun *run, const Value *input, const Value **output,
                               GError **error)
{
    Hosting hosting;
    const Value *found;

    if (!open_project(&hosting, run, input, error))
        return FALSE;
    found = hosting_list(
        &hosting,
        gitlab_project_path(
            &hosting, input,
            arena_printf(run->arena, "/pipelines?source=trigger&ref=%s&per_page=20",
                         forge_escape(run->arena, value_path_string(input, "branch", "")))),
        error);
    for (guint i = 0; i < value_count(found); i++) {
        const Value *one = value_item(found, i);

        if (hosting_is_since(run, value_path_string(one, "created_at", NULL)))
            *output =
                hosting_body(run->arena, "pipelineUrl", value_path_string(one, "web_url", ""));
    }
    return found != NULL;
}

const Action action_gitlab_pipeline_trigger = {
    .id = "gitlab:pipeline:trigger",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_pipeline,
    .probe = probe_pipeline,
    .undo = hosting_undo,
    .undo_text = "Cancels the pipeline",
};
