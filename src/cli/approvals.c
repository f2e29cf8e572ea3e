/* `pave approvals`: what steps ask people, and their answers. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"

static const char *names_of(Arena *arena, const Value *owners)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < value_count(owners); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               value_string(value_item(owners, i), ""));
    return arena_strdup(arena, text->str);
}

static void add_approval(Table *table, Arena *arena, const Value *item)
{
    table_add(table,
              (const char *[]){
                  value_path_string(item, "id", ""), value_path_string(item, "state", ""),
                  value_path_string(item, "title", ""), value_path_string(item, "requestedBy", ""),
                  names_of(arena, value_get(item, "owners")),
                  screen_age(arena, value_path_string(item, "requestedAt", NULL)),
                  value_path_string(item, "message", "")});
}

int command_approvals(int argc, char **argv)
{
    static const char *const headings[] = {"ID",    "STATE", "WHAT",    "FOR",
                                           "ASKED", "SINCE", "MESSAGE", NULL};
    gboolean as_json = FALSE, all = FALSE, mine = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "Those that are decided, too", NULL},
        {"mine", 'm', 0, G_OPTION_ARG_NONE, &mine, "Only what you are asked", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    client = client_open(&error);
    reply = client ? client_get(client, &error, "/api/scaffolder/v1/approvals?limit=100%s%s",
                                all ? "" : "&state=pending", mine ? "&mine=true" : "")
                   : NULL;
    if (!reply)
        return cli_fail(error);
    screen_items(client->arena, reply, as_json, headings, add_approval,
                 "Nobody waits for an approval.");
    return EXIT_OK;
}

static int decide(const char *id, const char *decision, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) client = client_open(&error);
    Value *body = client ? value_object_new(client->arena) : NULL;

    if (!client)
        return cli_fail(error);
    value_set_string(client->arena, body, "decision", decision);
    value_set_string(client->arena, body, "reason", reason ? reason : "");
    const Value *item = client_call(
        client, "POST",
        arena_printf(client->arena, "/api/scaffolder/v1/approvals/%s", client_escape(client, id)),
        body, &error);

    if (!item)
        return cli_fail(error);
    g_print("%s: %s\n", value_path_string(item, "title", ""), value_path_string(item, "state", ""));
    return EXIT_OK;
}

static int decide_one(const char *decision, int argc, char **argv)
{
    g_autofree char *reason = NULL;
    const GOptionEntry entries[] = {
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &reason, "Why; it is kept", "TEXT"}, {NULL}};
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    return g_strv_length(rest) == 1 ? decide(rest[0], decision, reason)
                                    : cli_usage("it takes the id of one approval");
}

int command_approvals_approve(int argc, char **argv)
{
    return decide_one("approve", argc, argv);
}

int command_approvals_reject(int argc, char **argv)
{
    return decide_one("reject", argc, argv);
}
