/* github:deployKey:create and github:pages:enable. */
#include "scaffolder/actions/github/github.h"

/* ---- github:deployKey:create ---- */

static const char *public_key_of(Arena *arena, const Value *value, const char *member)
{
    g_autofree char *key = g_strstrip(g_strdup(value_path_string(value, member, "")));

    return arena_strdup(arena, key);
}

/* The key an interrupted attempt made, or a new one. */
static const Value *make_key(Hosting *hosting, const Value *input, GError **error)
{
    Arena *arena = hosting->arena;
    const char *key = public_key_of(arena, input, "publicKey");
    Value *body = hosting_body(arena, "title", value_path_string(input, "deployKeyName", ""));
    const Value *keys =
        hosting->run->fresh
            ? value_array_new(arena)
            : hosting_list(hosting, github_path(hosting, "/keys?per_page=100"), error);

    for (guint i = 0; i < value_count(keys); i++)
        if (g_str_has_prefix(key, public_key_of(arena, value_item(keys, i), "key")))
            return value_item(keys, i);
    value_set_string(arena, body, "key", key);
    return keys ? hosting_send(hosting, "POST", github_path(hosting, "/keys"), body, error) : NULL;
}

static gboolean run_deploy_key(ActionRun *run, const Value *input, const Value **output,
                               GError **error)
{
    const char *secret = value_path_string(input, "privateKeySecretName", "KEY");
    Arena *arena = run->arena;
    Value *secrets = hosting_body(arena, secret, value_path_string(input, "privateKey", ""));
    Hosting hosting;
    const Value *key;

    hosting_mask(run, value_path_string(input, "privateKey", NULL));
    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    key = make_key(&hosting, input, error);
    if (!key)
        return FALSE;
    hosting_effect(&hosting, &(HostingEffect){
                                 .operation = "create",
                                 .kind = "deploy-key",
                                 .ref = arena_printf(arena, "%s:%s", github_name(&hosting),
                                                     value_path_string(input, "deployKeyName", "")),
                                 .undo_method = "DELETE",
                                 .undo_path = github_path(
                                     &hosting, arena_printf(arena, "/keys/%" G_GINT64_FORMAT,
                                                            value_int(value_get(key, "id"), 0)))});
    if (!github_put_secrets(&hosting, github_path(&hosting, "/actions"), secrets, error))
        return FALSE;
    *output = hosting_body(arena, "privateKeySecretName", secret);
    return TRUE;
}

const Action action_github_deploy_key_create = {
    .id = "github:deployKey:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_deploy_key,
    .undo = hosting_undo,
    .undo_text = "Deletes the deploy key and the secret",
};

/* ---- github:pages:enable ---- */

static gboolean run_pages(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *type = value_path_string(input, "buildType", "workflow");
    Value *body = hosting_body(run->arena, "build_type", type);
    Value *source =
        hosting_body(run->arena, "branch", value_path_string(input, "sourceBranch", "main"));
    Hosting hosting;
    const char *path;
    bool missing = true;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    value_set_string(run->arena, source, "path", value_path_string(input, "sourcePath", "/"));
    if (g_str_equal(type, "legacy"))
        value_set(run->arena, body, "source", source);
    path = github_path(&hosting, "/pages");
    /* Enabled already by the attempt that was interrupted. */
    if ((!run->fresh && !hosting_get(&hosting, path, &missing, error)) ||
        (missing && !hosting_send(&hosting, "POST", path, body, error)))
        return FALSE;
    hosting_effect(&hosting, &(HostingEffect){.operation = "create",
                                              .kind = "pages",
                                              .ref = github_name(&hosting),
                                              .undo_method = "DELETE",
                                              .undo_path = path});
    return TRUE;
}

const Action action_github_pages_enable = {
    .id = "github:pages:enable",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_pages,
    .undo = hosting_undo,
    .undo_text = "Turns GitHub Pages off",
};
