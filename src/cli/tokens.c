/* `pave tokens`: credentials for scripts. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "formats/json.h"

static void add_token(Table *table, Arena *arena, const Value *token)
{
    const Value *scopes = value_get(token, "scopes");

    table_add(table, (const char *[]){
                         value_path_string(token, "id", ""), value_path_string(token, "name", ""),
                         value_count(scopes) ? json_to_arena(arena, scopes, JSON_COMPACT) : "all",
                         screen_clip(arena, value_path_string(token, "expiresAt", ""), 10),
                         screen_age(arena, value_path_string(token, "lastUsedAt", NULL))});
}

int command_tokens_list(int argc, char **argv)
{
    static const char *const headings[] = {"ID", "NAME", "SCOPES", "EXPIRES", "LAST USED", NULL};
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
                                    {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    client = client_open(&error);
    reply = client ? client_get(client, &error, "/api/identity/v1/tokens") : NULL;
    if (!reply)
        return cli_fail(error);
    screen_items(client->arena, reply, as_json, headings, add_token, "You have no tokens.");
    return EXIT_OK;
}

int command_tokens_create(int argc, char **argv)
{
    g_auto(GStrv) scopes = NULL, rest = NULL;
    int days = TOKEN_DAYS;
    const GOptionEntry entries[] = {
        {"scope", 's', 0, G_OPTION_ARG_STRING_ARRAY, &scopes,
         "A permission it is cut down to, such as 'catalog.*'", "PERMISSION"},
        {"days", 'd', 0, G_OPTION_ARG_INT, &days, "How long it lives", "N"},
        {NULL}};
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *made;
    Value *body;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("tokens create takes a name that says what the token is for");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    body = value_object_new(client->arena);
    value_set_string(client->arena, body, "name", rest[0]);
    value_set_int(client->arena, body, "expiresInSeconds", (int64_t)days * 86400);
    if (scopes) {
        Value *list = value_array_new(client->arena);

        for (guint i = 0; scopes[i]; i++)
            value_append(client->arena, list, value_string_new(client->arena, scopes[i]));
        value_set(client->arena, body, "scopes", list);
    }
    made = client_call(client, "POST", "/api/identity/v1/tokens", body, &error);
    if (!made)
        return cli_fail(error);
    g_print("%s\n", value_path_string(made, "token", ""));
    return EXIT_OK;
}

int command_tokens_revoke(int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("tokens revoke takes the id of a token");
    client = client_open(&error);
    if (!client || !client_call(client, "DELETE",
                                arena_printf(client->arena, "/api/identity/v1/tokens/%s",
                                             client_escape(client, rest[0])),
                                NULL, &error))
        return cli_fail(error);
    return EXIT_OK;
}
