/* `pave events`: the log. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "formats/json.h"
#include <string.h>

typedef struct {
    gboolean as_json;
    GString *pending; /* of the stream: what is not a whole block yet */
    int64_t last;
} EventPrinter;

static void print_event(EventPrinter *printer, const Value *event)
{
    printer->last = value_int(value_get(event, "seq"), printer->last);
    if (printer->as_json) {
        g_autofree char *line = json_to_string(event, JSON_COMPACT);

        g_print("%s\n", line);
        return;
    }
    g_print("%s%6" G_GINT64_FORMAT " %.19s%s  %s%s%s  %s  %s%s%s\n", screen_dim(),
            (gint64)printer->last, value_path_string(event, "time", ""), screen_reset(),
            screen_bold(), value_path_string(event, "type", ""), screen_reset(),
            value_path_string(event, "subject", "-"), screen_dim(),
            value_path_string(event, "actor", ""), screen_reset());
}

static void print_block(EventPrinter *printer, const char *block)
{
    g_auto(GStrv) lines = g_strsplit(block, "\n", -1);
    g_autoptr(GString) data = g_string_new(NULL);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *event;

    for (guint i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], "data:"))
            g_string_append(data, lines[i] + 5);
    event = data->len ? json_parse(arena, data->str, (gssize)data->len, NULL) : NULL;
    if (event)
        print_event(printer, event);
}

static gboolean on_chunk(const char *bytes, gsize length, void *data)
{
    EventPrinter *printer = data;
    char *end;

    g_string_append_len(printer->pending, bytes, (gssize)length);
    while ((end = strstr(printer->pending->str, "\n\n"))) {
        *end = '\0';
        print_block(printer, printer->pending->str);
        g_string_erase(printer->pending, 0, end + 2 - printer->pending->str);
    }
    return TRUE;
}

/* A server that restarts breaks the stream; it is taken up where it was. */
static int follow_events(Client *client, EventPrinter *printer, const char *filter, GError **error)
{
    for (int failures = 0; failures < 60;) {
        g_autofree char *path = g_strdup_printf(
            "/api/events/v1/stream?after=%" G_GINT64_FORMAT "%s", (gint64)printer->last, filter);
        int64_t before = printer->last;

        g_clear_error(error);
        g_string_truncate(printer->pending, 0);
        if (!client_stream(client, path, on_chunk, printer, error) &&
            !g_error_matches(*error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE))
            return cli_fail(*error);
        failures = printer->last > before ? 0 : failures + 1;
        g_usleep(1000000);
    }
    return *error ? cli_fail(*error) : EXIT_FAILED;
}

int command_events(int argc, char **argv)
{
    g_autofree char *type = NULL, *subject = NULL;
    gboolean follow = FALSE, as_json = FALSE;
    int limit = 30;
    const GOptionEntry entries[] = {
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &follow, "Go on with what happens", NULL},
        {"type", 't', 0, G_OPTION_ARG_STRING, &type, "Beginning of the type", "PREFIX"},
        {"subject", 's', 0, G_OPTION_ARG_STRING, &subject, "What they are about", "REF"},
        {"limit", 'n', 0, G_OPTION_ARG_INT, &limit, "How many", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print a JSON object a line", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) filter = g_string_new(NULL), pending = g_string_new(NULL);
    EventPrinter printer = {.pending = pending};
    const Value *reply, *items;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    printer.as_json = as_json;
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    if (type)
        g_string_append_printf(filter, "&type=%s", client_escape(client, type));
    if (subject)
        g_string_append_printf(filter, "&subject=%s", client_escape(client, subject));
    reply = client_get(client, &error, "/api/events/v1/events?order=desc&limit=%d%s", limit,
                       filter->str);
    if (!reply)
        return cli_fail(error);
    items = value_get(reply, "items");
    for (guint i = value_count(items); i > 0; i--)
        print_event(&printer, value_item(items, i - 1));
    printer.last = value_int(value_get(reply, "head"), printer.last);
    return follow ? follow_events(client, &printer, filter->str, &error) : EXIT_OK;
}
