/* `pave undo`: takes back what a task made. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"

static void print_preview(const Value *preview)
{
    static const char *const headings[] = {"WILL", "WHAT", "MIND", NULL};
    const Value *items = value_get(preview, "items");
    Table *table = table_new(headings);

    for (guint i = 0; i < value_count(items); i++) {
        const Value *item = value_item(items, i);

        table_add(table, (const char *[]){value_path_string(item, "will", ""),
                                          value_path_string(item, "ref", ""),
                                          value_path_string(item, "warning", "")});
    }
    table_print(table, "It changed nothing outside of its workspace.");
}

static gboolean confirmed(const Value *preview, gboolean yes, const char *confirm)
{
    const char *name = value_path_string(preview, "confirm", NULL);

    if (yes)
        return !name || g_strcmp0(confirm, name) == 0;
    g_autofree char *prompt = g_strdup_printf("\nType %s to go on: ", name ? name : "yes");
    g_autofree char *answer = screen_ask(prompt, TRUE);

    return g_strcmp0(answer, name ? name : "yes") == 0;
}

static int undo(const char *task, gboolean yes, const char *confirm)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) client = client_open(&error);
    const char *path = client ? arena_printf(client->arena, "/api/scaffolder/v1/tasks/%s/undo",
                                             client_escape(client, task))
                              : NULL;
    const Value *preview = path ? client_call(client, "GET", path, NULL, &error) : NULL;
    const char *name = value_path_string(preview, "confirm", NULL);

    if (!preview)
        return cli_fail(error);
    print_preview(preview);
    if (value_bool(value_get(preview, "undoable"), false) && !confirmed(preview, yes, confirm))
        return cli_usage("nothing was done: go on with --yes%s%s", name ? " --confirm " : "",
                         name ? name : "");
    Value *body = value_object_new(client->arena);

    value_set_string(client->arena, body, "confirm", name);
    const Value *made = client_call(client, "POST", path, body, &error);
    const Value *job =
        made ? follow_job(client, value_path_string(made, "id", ""), FOLLOW_STEPS, &error) : NULL;

    if (!job)
        return cli_fail(error);
    return g_str_equal(value_path_string(job, "state", ""), "succeeded") ? EXIT_OK : EXIT_FAILED;
}

int command_undo(int argc, char **argv)
{
    gboolean yes = FALSE;
    g_autofree char *confirm = NULL;
    const GOptionEntry entries[] = {
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Go on without asking", NULL},
        {"confirm", 'c', 0, G_OPTION_ARG_STRING, &confirm,
         "What was made, where something would be lost", "NAME"},
        {NULL}};
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    return g_strv_length(rest) == 1 ? undo(rest[0], yes, confirm)
                                    : cli_usage("undo takes the id of one task");
}
