/* `pave jobs`: the queue. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/screen.h"

static void add_job(Table *table, Arena *arena, const Value *job)
{
    table_add(table, (const char *[]){
                         value_path_string(job, "id", ""), value_path_string(job, "kind", ""),
                         value_path_string(job, "state", ""), value_path_string(job, "subject", ""),
                         value_path_string(job, "actor", ""),
                         screen_age(arena, value_path_string(job, "createdAt", NULL)),
                         value_path_string(job, "title", "")});
}

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
    const Value *reply;

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
    screen_items(client->arena, reply, as_json || rest[0], headings, add_job, "There are no jobs.");
    return EXIT_OK;
}

static int change_job(const char *id, const char *verb, const char *answer)
{
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    Value *body;

    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    body = value_object_new(client->arena);
    value_set_string(client->arena, body, "answer", answer);
    if (!client_call(
            client, "POST",
            arena_printf(client->arena, "/api/jobs/v1/jobs/%s/%s", client_escape(client, id), verb),
            body, &error))
        return cli_fail(error);
    return EXIT_OK;
}

static int one_job(const char *verb, int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    return g_strv_length(rest) == 1 ? change_job(rest[0], verb, NULL)
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
    return change_job(rest[0], "answer", rest[1]);
}
