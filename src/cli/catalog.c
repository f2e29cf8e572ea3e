/* `pave catalog export`: everything the catalog holds, as files could hold it. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include <stdio.h>

static gboolean print_chunk(const char *bytes, gsize length, void *data)
{
    return fwrite(bytes, 1, length, data) == length;
}

static const char *query_of(Client *client, char **filters, gboolean raw)
{
    g_autoptr(GString) query = g_string_new(raw ? "raw=true" : "format=yaml");

    for (char **filter = filters; filter && *filter; filter++)
        g_string_append_printf(query, "&filter=%s", client_escape(client, *filter));
    return arena_strdup(client->arena, query->str);
}

/* A stream cannot take back what it printed, so the server says first what is wrong with a filter.
 */
static gboolean check_filters(Client *client, char **filters, GError **error)
{
    const char *query = query_of(client, filters, FALSE) + strlen("format=yaml");

    return client_get(client, error, "/api/catalog/entities/by-query?limit=0%s", query) != NULL;
}

int command_catalog_export(int argc, char **argv)
{
    g_auto(GStrv) filters = NULL, rest = NULL;
    gboolean raw = FALSE;
    const GOptionEntry entries[] = {{"filter", 0, 0, G_OPTION_ARG_STRING_ARRAY, &filters,
                                     "Only entities of which this is so "
                                     "(\"kind=component,spec.owner=team-a\"); may be repeated",
                                     "FILTER"},
                                    {"raw", 0, 0, G_OPTION_ARG_NONE, &raw,
                                     "As the server has them, with relations and status", NULL},
                                    {NULL}};
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (rest[0])
        return cli_usage("catalog export takes no argument");
    client = client_open(&error);
    if (!client || !check_filters(client, filters, &error) ||
        !client_stream(client,
                       arena_printf(client->arena, "/api/catalog/v1/export?%s",
                                    query_of(client, filters, raw)),
                       print_chunk, stdout, &error))
        return cli_fail(error);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}
