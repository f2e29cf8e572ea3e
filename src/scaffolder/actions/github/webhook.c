/* github:webhook and github:autolinks:create: what a repository tells others, and where words lead.
 */
#include "scaffolder/actions/github/github.h"

static const char *number_path(Hosting *hosting, const char *list, const Value *made)
{
    return github_path(hosting, arena_printf(hosting->arena, "/%s/%" G_GINT64_FORMAT, list,
                                             value_int(value_get(made, "id"), 0)));
}

/* ---- github:webhook ---- */

static const Value *webhook_body(Hosting *hosting, const Value *input)
{
    Arena *arena = hosting->arena;
    const char *secret = value_path_string(input, "webhookSecret", NULL);
    Value *body = value_object_new(arena);
    Value *config = hosting_body(arena, "url", value_path_string(input, "webhookUrl", ""));

    hosting_mask(hosting->run, secret);
    value_set_string(arena, config, "content_type",
                     value_path_string(input, "contentType", "form"));
    value_set_string(arena, config, "secret", secret);
    value_set_string(arena, config, "insecure_ssl",
                     value_bool(value_get(input, "insecureSsl"), false) ? "1" : "0");
    value_set_string(arena, body, "name", "web");
    value_set(arena, body, "config", config);
    value_set(arena, body, "events", value_get(input, "events"));
    value_set_bool(arena, body, "active", value_bool(value_get(input, "active"), true));
    return body;
}

static void remember_webhook(Hosting *hosting, const Value *input, const Value *made)
{
    const char *url = value_path_string(input, "webhookUrl", "");

    hosting_effect(hosting, &(HostingEffect){.operation = "create",
                                             .kind = "webhook",
                                             .ref = arena_printf(hosting->arena, "%s:%s",
                                                                 github_name(hosting), url),
                                             .url = url,
                                             .undo_method = "DELETE",
                                             .undo_path = number_path(hosting, "hooks", made)});
}

static gboolean run_webhook(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    Hosting hosting;
    const Value *made;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    made = hosting_send(&hosting, "POST", github_path(&hosting, "/hooks"),
                        webhook_body(&hosting, input), error);
    if (!made)
        return FALSE;
    remember_webhook(&hosting, input, made);
    action_log(run, "info", "Webhook for %s made", github_name(&hosting));
    return TRUE;
}

static gboolean probe_webhook(ActionRun *run, const Value *input, const Value **output,
                              GError **error)
{
    const char *url = value_path_string(input, "webhookUrl", "");
    Hosting hosting;
    const Value *hooks;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    hooks = hosting_list(&hosting, github_path(&hosting, "/hooks?per_page=100"), error);
    for (guint i = 0; i < value_count(hooks); i++) {
        const Value *hook = value_item(hooks, i);

        if (!g_str_equal(value_path_string(hook, "config.url", ""), url) ||
            !hosting_is_since(run, value_path_string(hook, "created_at", NULL)))
            continue;
        remember_webhook(&hosting, input, hook);
        *output = value_object_new(run->arena);
        break;
    }
    return hooks != NULL;
}

const Action action_github_webhook = {
    .id = "github:webhook",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_webhook,
    .probe = probe_webhook,
    .undo = hosting_undo,
    .undo_text = "Deletes the webhook",
};

/* ---- github:autolinks:create ---- */

static void remember_autolink(Hosting *hosting, const Value *input, const Value *made)
{
    hosting_effect(
        hosting, &(HostingEffect){.operation = "create",
                                  .kind = "autolink",
                                  .ref = arena_printf(hosting->arena, "%s:%s", github_name(hosting),
                                                      value_path_string(input, "keyPrefix", "")),
                                  .undo_method = "DELETE",
                                  .undo_path = number_path(hosting, "autolinks", made)});
}

static gboolean run_autolink(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    static const HostingMember members[] = {{"keyPrefix", "key_prefix"},
                                            {"urlTemplate", "url_template"},
                                            {"isAlphanumeric", "is_alphanumeric"}};
    Value *body = value_object_new(run->arena);
    Hosting hosting;
    const Value *made;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    hosting_copy(run->arena, body, input, members, G_N_ELEMENTS(members));
    made = hosting_send(&hosting, "POST", github_path(&hosting, "/autolinks"), body, error);
    if (made)
        remember_autolink(&hosting, input, made);
    return made != NULL;
}

/* A prefix is there once. */
static gboolean probe_autolink(ActionRun *run, const Value *input, const Value **output,
                               GError **error)
{
    Hosting hosting;
    const Value *links;

    if (!hosting_open_remote(&hosting, run, input, "github", error))
        return FALSE;
    links = hosting_list(&hosting, github_path(&hosting, "/autolinks"), error);
    for (guint i = 0; i < value_count(links); i++) {
        const Value *link = value_item(links, i);

        if (!value_equal(value_get(link, "key_prefix"), value_get(input, "keyPrefix")) ||
            !value_equal(value_get(link, "url_template"), value_get(input, "urlTemplate")))
            continue;
        remember_autolink(&hosting, input, link);
        *output = value_object_new(run->arena);
    }
    return links != NULL;
}

const Action action_github_autolinks_create = {
    .id = "github:autolinks:create",
    .recovery = RECOVERY_PROBE,
    .dry_run = true,
    .run = run_autolink,
    .probe = probe_autolink,
    .undo = hosting_undo,
    .undo_text = "Deletes the autolink",
};
