/* `pave upgrade`: who is behind its template, what an upgrade would change, and opening it for one
 * or for all. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"
#include "formats/json.h"

#define V1 "/api/scaffolder/v1"
#define LOOK_MS 500

/* ---- the list ---- */

static const char *short_version(Arena *arena, const char *version)
{
    const char *colon = strchr(version, ':');

    return screen_clip(arena, colon ? colon + 1 : version, 8);
}

static const char *full_name(Arena *arena, const Value *item)
{
    return arena_printf(arena, "%s/%s", value_path_string(item, "repository.owner", ""),
                        value_path_string(item, "repository.name", ""));
}

static void add_upgrade(Table *table, Arena *arena, const Value *item)
{
    table_add(table, (const char *[]){
                         full_name(arena, item), value_path_string(item, "template", ""),
                         value_path_string(item, "state", ""),
                         short_version(arena, value_path_string(item, "version", "")),
                         short_version(arena, value_path_string(item, "latestVersion", "")),
                         value_path_string(item, "owner", ""),
                         value_path_string(item, "pullRequest.url", "")});
}

typedef struct {
    char *template, *state;
    char **sets;
    gboolean preview, as_json;
} Options;

static void options_clear(Options *options)
{
    g_free(options->template);
    g_free(options->state);
    g_strfreev(options->sets);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int list_upgrades(Client *client, const Options *options)
{
    static const char *const headings[] = {"REPOSITORY", "TEMPLATE", "STATE",        "VERSION",
                                           "LATEST",     "OWNER",    "PULL REQUEST", NULL};
    g_autoptr(GError) error = NULL;
    const char *template = options->template, *state = options->state;
    const Value *reply =
        client_get(client, &error, V1 "/upgrades?limit=500%s%s%s%s", template ? "&template=" : "",
                   template ? client_escape(client, template) : "", state ? "&state=" : "",
                   state ? client_escape(client, state) : "");

    if (!reply)
        return cli_fail(error);
    screen_items(client->arena, reply, options->as_json, headings, add_upgrade,
                 "No template made a repository that fits.");
    return EXIT_OK;
}

/* ---- one repository ---- */

static void print_diff(const char *diff)
{
    g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);

    for (char **line = lines; *line; line++) {
        const char *colour = **line == '+'   ? screen_green()
                             : **line == '-' ? screen_red()
                                             : "";

        if (**line || line[1])
            g_print("%s%s%s\n", colour, *line, *colour ? screen_reset() : "");
    }
}

/* NAME=VALUE is a text, NAME:=VALUE any JSON. */
static gboolean set_values(Client *client, Value *values, char **sets, GError **error)
{
    for (; sets && *sets; sets++) {
        const char *equals = strchr(*sets, '=');
        gboolean json = equals > *sets && equals[-1] == ':';
        g_autofree char *name =
            equals ? g_strndup(*sets, (gsize)(equals - *sets) - (json ? 1 : 0)) : NULL;
        const Value *value = !equals ? NULL
                             : json  ? json_parse(client->arena, equals + 1, -1, error)
                                     : value_string_new(client->arena, equals + 1);

        if (!equals)
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "--set takes NAME=VALUE, not '%s'", *sets);
        if (!value)
            return FALSE;
        value_set(client->arena, values, name, value);
    }
    return TRUE;
}

static int preview(Client *client, const char *repository, const Options *options)
{
    g_autoptr(GError) error = NULL;
    Value *values = value_object_new(client->arena);
    const Value *reply = NULL, *files;

    if (set_values(client, values, options->sets, &error))
        reply = client_get(
            client, &error, V1 "/upgrades/preview?repository=%s&values=%s",
            client_escape(client, repository),
            client_escape(client, json_to_arena(client->arena, values, JSON_COMPACT)));
    if (!reply)
        return cli_fail(error);
    files = value_get(reply, "files");
    if (options->as_json) {
        screen_json(reply);
        return EXIT_OK;
    }
    for (guint i = 0; i < value_count(files); i++) {
        const Value *file = value_item(files, i);
        const char *reason = value_path_string(file, "reason", NULL);

        g_print("%s%s%s: %s%s%s\n", screen_bold(), value_path_string(file, "path", ""),
                screen_reset(), value_path_string(file, "status", ""), reason ? ", " : "",
                reason ? reason : "");
        print_diff(value_path_string(file, "diff", ""));
    }
    if (value_count(files) == 0)
        g_print("Nothing would change.\n");
    return EXIT_OK;
}

static int print_opened(const Value *job, gboolean as_json)
{
    const Value *output = value_get(job, "output");
    gboolean good = g_str_equal(value_path_string(job, "state", ""), "succeeded");
    int64_t conflicts = value_int(value_get(output, "conflicts"), 0);

    if (as_json) {
        screen_json(job);
        return good ? EXIT_OK : EXIT_FAILED;
    }
    if (!good) {
        g_printerr("pave: %s\n", value_path_string(job, "error.message", "the upgrade failed"));
        return EXIT_FAILED;
    }
    if (!value_get(output, "url"))
        g_print("It is up to date.\n");
    else if (conflicts == 0)
        g_print("%s\n", value_path_string(output, "url", ""));
    else
        g_print("%s\n%" G_GINT64_FORMAT " %s with conflicts: the pull request says how to go on.\n",
                value_path_string(output, "url", ""), conflicts, conflicts == 1 ? "file" : "files");
    return EXIT_OK;
}

static int open_upgrade(Client *client, const char *repository, const Options *options)
{
    g_autoptr(GError) error = NULL;
    Value *body = value_object_new(client->arena), *values = value_object_new(client->arena);
    const Value *reply, *job = NULL;

    value_set_string(client->arena, body, "repository", repository);
    value_set(client->arena, body, "values", values);
    if (!set_values(client, values, options->sets, &error))
        return cli_fail(error);
    reply = client_call(client, "POST", V1 "/upgrades", body, &error);
    if (reply)
        job = follow_job(client, value_path_string(reply, "id", ""), FOLLOW_QUIET, &error);
    return job ? print_opened(job, options->as_json) : cli_fail(error);
}

int command_upgrade(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"preview", 'p', 0, G_OPTION_ARG_NONE, &options.preview, "Show what would change", NULL},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.sets,
         "What the new template asks for (NAME:=VALUE for JSON)", "NAME=VALUE"},
        {"template", 't', 0, G_OPTION_ARG_STRING, &options.template, "Only those of a template",
         "TEMPLATE"},
        {"state", 0, 0, G_OPTION_ARG_STRING, &options.state,
         "Only current, behind, open, merged or unknown", "STATE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) > 1)
        return cli_usage("upgrade takes one repository, as OWNER/NAME");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    if (!rest[0])
        return list_upgrades(client, &options);
    return options.preview ? preview(client, rest[0], &options)
                           : open_upgrade(client, rest[0], &options);
}

/* ---- campaigns ---- */

static int64_t progress_of(const Value *campaign, const char *name)
{
    return value_int(value_get(value_get(campaign, "progress"), name), 0);
}

static const char *progress_text(Arena *arena, const Value *campaign)
{
    static const char *const names[] = {"open",   "conflicts", "merged",   "current",
                                        "failed", "closed",    "cancelled"};
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t total = progress_of(campaign, "total");

    g_string_append_printf(text, "%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                           total - progress_of(campaign, "queued"), total);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (progress_of(campaign, names[i]) > 0)
            g_string_append_printf(text, ", %" G_GINT64_FORMAT " %s",
                                   progress_of(campaign, names[i]), names[i]);
    return arena_strdup(arena, text->str);
}

static void add_item(Table *table, Arena *arena, const Value *item)
{
    table_add(table, (const char *[]){full_name(arena, item), value_path_string(item, "state", ""),
                                      value_path_string(item, "pullRequest.url", ""),
                                      value_path_string(item, "error", "")});
}

static int print_campaign(Client *client, const Value *campaign, gboolean as_json)
{
    static const char *const headings[] = {"REPOSITORY", "STATE", "PULL REQUEST", "ERROR", NULL};

    screen_items(client->arena, campaign, as_json, headings, add_item, "It has no repositories.");
    return progress_of(campaign, "failed") > 0 ? EXIT_FAILED : EXIT_OK;
}

/* Until nothing of it is queued any more; a line whenever something changed. */
static int follow_campaign(Client *client, const char *id, gboolean as_json)
{
    g_autofree char *shown = NULL;

    for (;;) {
        g_autoptr(GError) error = NULL;
        const Value *campaign = client_get(client, &error, V1 "/campaigns/%s",
                                           client_escape(client, id));
        const char *text;

        if (!campaign)
            return cli_fail(error);
        text = progress_text(client->arena, campaign);
        if (!as_json && g_strcmp0(text, shown) != 0)
            g_printerr("%s\n", text);
        g_free(shown);
        shown = g_strdup(text);
        if (!g_str_equal(value_path_string(campaign, "state", ""), "running"))
            return print_campaign(client, campaign, as_json);
        g_usleep(LOOK_MS * 1000);
    }
}

int command_upgrade_campaign(int argc, char **argv)
{
    g_autofree char *title = NULL;
    g_auto(GStrv) repositories = NULL, sets = NULL, rest = NULL;
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"repository", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &repositories,
         "Only these (may be given often)", "OWNER/NAME"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &sets,
         "What the new template asks for (NAME:=VALUE for JSON)", "NAME=VALUE"},
        {"title", 0, 0, G_OPTION_ARG_STRING, &title, "What it is for", "TEXT"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
        {NULL}};
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply;
    Value *body, *list, *values;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("upgrade campaign takes a template");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    body = value_object_new(client->arena);
    list = value_array_new(client->arena);
    values = value_object_new(client->arena);
    if (!set_values(client, values, sets, &error))
        return cli_fail(error);
    value_set(client->arena, body, "values", values);
    value_set_string(client->arena, body, "template", rest[0]);
    value_set_string(client->arena, body, "title", title);
    for (char **one = repositories; one && *one; one++)
        value_append(client->arena, list, value_string_new(client->arena, *one));
    if (repositories)
        value_set(client->arena, body, "repositories", list);
    reply = client_call(client, "POST", V1 "/campaigns", body, &error);
    return reply ? follow_campaign(client, value_path_string(reply, "id", ""), as_json)
                 : cli_fail(error);
}

static void add_campaign(Table *table, Arena *arena, const Value *item)
{
    table_add(table, (const char *[]){value_path_string(item, "id", ""),
                                      value_path_string(item, "title", ""),
                                      value_path_string(item, "template", ""),
                                      value_path_string(item, "state", ""),
                                      progress_text(arena, item),
                                      screen_age(arena, value_path_string(item, "createdAt", NULL)),
                                      value_path_string(item, "actor", "")});
}

static int list_campaigns(Client *client, gboolean as_json)
{
    static const char *const headings[] = {"ID",       "TITLE",   "TEMPLATE", "STATE",
                                           "PROGRESS", "STARTED", "BY",       NULL};
    g_autoptr(GError) error = NULL;
    const Value *reply = client_get(client, &error, V1 "/campaigns?limit=100");

    if (!reply)
        return cli_fail(error);
    screen_items(client->arena, reply, as_json, headings, add_campaign, "There was no campaign.");
    return EXIT_OK;
}

int command_upgrade_campaigns(int argc, char **argv)
{
    gboolean as_json = FALSE, cancel = FALSE, retry = FALSE;
    const GOptionEntry entries[] = {
        {"cancel", 0, 0, G_OPTION_ARG_NONE, &cancel, "What has not begun does not begin", NULL},
        {"retry", 0, 0, G_OPTION_ARG_NONE, &retry, "Try what failed again, and watch it", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) > 1 || ((cancel || retry) && !rest[0]) || (cancel && retry))
        return cli_usage("upgrade campaigns takes the id of one, and --cancel or --retry");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    if (!rest[0])
        return list_campaigns(client, as_json);
    if ((cancel || retry) &&
        !client_call(client, "POST",
                     arena_printf(client->arena, V1 "/campaigns/%s/%s",
                                  client_escape(client, rest[0]), cancel ? "cancel" : "retry"),
                     value_object_new(client->arena), &error))
        return cli_fail(error);
    return follow_campaign(client, rest[0], as_json);
}
