/* `pave jobs …`, and `pave events`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "formats/json.h"
#include <string.h>

/* ---- jobs ---- */

int command_jobs(int argc, char **argv)
{
    static const char *const headings[] = {"ID", "KIND",    "STATE", "SUBJECT",
                                           "BY", "CREATED", "TITLE", NULL};
    g_autofree char *kind = NULL, *state = NULL;
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"kind", 'k', 0, G_OPTION_ARG_STRING, &kind, "Such as scaffolder.task", "KIND"},
        {"state", 's', 0, G_OPTION_ARG_STRING, &state, "Such as failed", "STATE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply, *items;
    Table *table;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    client = client_open(&error);
    if (client && rest[0])
        reply = client_get(client, &error, "/api/jobs/v1/jobs/%s", client_escape(client, rest[0]));
    else
        reply = client
                    ? client_get(client, &error, "/api/jobs/v1/jobs?limit=50%s%s%s%s",
                                 kind ? "&kind=" : "", kind ? client_escape(client, kind) : "",
                                 state ? "&state=" : "", state ? client_escape(client, state) : "")
                    : NULL;
    if (!reply)
        return cli_fail(error);
    if (as_json || rest[0]) {
        screen_json(reply);
        return EXIT_OK;
    }
    items = value_get(reply, "items");
    table = table_new(headings);
    for (guint i = 0; i < value_count(items); i++) {
        const Value *job = value_item(items, i);

        table_add(table,
                  (const char *[]){
                      value_path_string(job, "id", ""), value_path_string(job, "kind", ""),
                      value_path_string(job, "state", ""), value_path_string(job, "subject", ""),
                      value_path_string(job, "actor", ""),
                      screen_age(client->arena, value_path_string(job, "createdAt", NULL)),
                      value_path_string(job, "title", "")});
    }
    table_print(table, "There are no jobs.");
    return EXIT_OK;
}

static int change_job(const char *verb, int argc, char **argv, const char *answer)
{
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    Value *body;

    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    body = value_object_new(client->arena);
    value_set_string(client->arena, body, "answer", answer);
    if (!client_call(client, "POST",
                     arena_printf(client->arena, "/api/jobs/v1/jobs/%s/%s",
                                  client_escape(client, argv[0]), verb),
                     body, &error))
        return cli_fail(error);
    return EXIT_OK;
}

static int one_job(const char *verb, int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    return g_strv_length(rest) == 1 ? change_job(verb, 1, rest, NULL)
                                    : cli_usage("it takes the id of one job");
}

int command_jobs_cancel(int argc, char **argv)
{
    return one_job("cancel", argc, argv);
}

int command_jobs_retry(int argc, char **argv)
{
    return one_job("retry", argc, argv);
}

int command_jobs_answer(int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 2)
        return cli_usage("jobs answer takes the id of a job, and done, repeat or fail");
    return change_job("answer", 1, rest, rest[1]);
}

/* ---- events ---- */

typedef struct {
    Arena *arena;
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
    EventPrinter printer = {.as_json = as_json, .pending = pending};
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
