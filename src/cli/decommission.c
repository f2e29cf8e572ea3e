/* `pave decommission`: the reverse of `pave create`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"

#define V1 "/api/scaffolder/v1/decommissions"

static void print_items(const Value *items)
{
    static const char *const headings[] = {"WILL", "KIND", "WHAT", "WHY", NULL};
    Table *table = table_new(headings);

    for (guint i = 0; i < value_count(items); i++) {
        const Value *item = value_item(items, i);
        const char *warning = value_path_string(item, "warning", "");
        g_autofree char *why = g_strdup_printf("%s%s%s", value_path_string(item, "reason", ""),
                                               *warning ? ". " : "", warning);

        table_add(table, (const char *[]){value_path_string(item, "will", ""),
                                          value_path_string(item, "kind", ""),
                                          value_path_string(item, "ref", ""), why});
    }
    table_print(table, "Nothing belongs to it.");
}

static void print_preview(const Value *preview)
{
    const Value *dependants = value_get(preview, "dependants");

    g_print("%s, owned by %s\n\n", value_path_string(preview, "entity", ""),
            value_path_string(preview, "owner", "nobody"));
    print_items(value_get(preview, "items"));
    for (guint i = 0; i < value_count(dependants); i++)
        g_print("%s%s needs it (%s)%s\n", screen_red(),
                value_path_string(value_item(dependants, i), "ref", ""),
                value_path_string(value_item(dependants, i), "relation", ""), screen_reset());
}

typedef struct {
    gboolean yes, force, as_json;
    char *reason;
} Options;

static const Value *submit(Client *client, const Value *preview, const Options *options,
                           GError **error)
{
    Arena *arena = client->arena;
    Value *body = value_object_new(arena);

    value_set(arena, body, "entity", value_get(preview, "entity"));
    value_set(arena, body, "confirm", value_get(preview, "name"));
    value_set_string(arena, body, "reason", options->reason ? options->reason : "");
    value_set_bool(arena, body, "force", options->force);
    return client_call(client, "POST", V1, body, error);
}

static gboolean confirmed(const Value *preview, const Options *options)
{
    const char *name = value_path_string(preview, "name", "");

    if (options->yes)
        return TRUE;
    g_autofree char *prompt = g_strdup_printf("\nType %s to go on: ", name);
    g_autofree char *answer = screen_ask(prompt, TRUE);

    return g_strcmp0(answer, name) == 0;
}

static int decommission(const char *entity, const Options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) client = client_open(&error);
    const Value *preview =
        client ? client_get(client, &error, V1 "/preview?entity=%s", client_escape(client, entity))
               : NULL;

    if (!preview)
        return cli_fail(error);
    if (!options->as_json)
        print_preview(preview);
    if (!confirmed(preview, options))
        return cli_usage("nothing was done: --yes goes on without asking");
    const Value *made = submit(client, preview, options, &error);
    const char *id = value_path_string(made, "id", "");
    const Value *job =
        made ? follow_job(client, id, options->as_json ? FOLLOW_QUIET : FOLLOW_STEPS, &error)
             : NULL;
    const Value *done = job ? client_get(client, &error, V1 "/%s", id) : NULL;

    if (!done)
        return cli_fail(error);
    if (options->as_json)
        screen_json(done);
    return g_str_equal(value_path_string(done, "state", ""), "succeeded") ? EXIT_OK : EXIT_FAILED;
}

int command_decommission(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Go on without asking", NULL},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.reason, "Why; it is kept", "TEXT"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Although others need it", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    int status;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    status = g_strv_length(rest) == 1 ? decommission(rest[0], &options)
                                      : cli_usage("decommission takes one entity");
    g_free(options.reason);
    return status;
}
