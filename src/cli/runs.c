/* `pave runs` and `pave logs`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"
#include <string.h>

#define PAUSE_US 500000

static const char *outcome(const Value *thing)
{
    const char *conclusion = value_path_string(thing, "conclusion", NULL);

    return conclusion ? conclusion : value_path_string(thing, "status", "");
}

static const char *first_line(Arena *arena, const char *text)
{
    return screen_clip(arena, text, strcspn(text, "\n"));
}

static void print_runs(Arena *arena, const Value *runs)
{
    static const char *const headings[] = {"ID",    "REPOSITORY", "WORKFLOW", "BRANCH",  "COMMIT",
                                           "STATE", "TOOK",       "STARTED",  "MESSAGE", NULL};
    Table *table = table_new(headings);

    for (guint i = 0; i < value_count(runs); i++) {
        const Value *run = value_item(runs, i);

        table_add(table,
                  (const char *[]){
                      value_path_string(run, "id", ""), value_path_string(run, "repository", ""),
                      value_path_string(run, "workflow.name", ""),
                      value_path_string(run, "branch", ""),
                      screen_clip(arena, value_path_string(run, "commit.id", ""), 7), outcome(run),
                      screen_duration(arena, value_path_string(run, "startedAt", NULL),
                                      value_path_string(run, "endedAt", NULL)),
                      screen_age(arena, value_path_string(run, "createdAt", NULL)),
                      first_line(arena, value_path_string(run, "commit.message", ""))});
    }
    table_print(table, "There are no runs yet.");
}

static void print_run(Arena *arena, const Value *run)
{
    const Value *jobs = value_get(run, "jobs"), *errors = value_get(run, "errors");

    g_print("%s%s #%d%s  %s  %s\n", screen_bold(), value_path_string(run, "workflow.name", ""),
            (int)value_int(value_get(run, "number"), 0), screen_reset(),
            value_path_string(run, "repository", ""), outcome(run));
    for (guint i = 0; i < value_count(errors); i++)
        g_print("  %s%s:%d:%d: %s%s\n", screen_red(),
                value_path_string(value_item(errors, i), "file", ""),
                (int)value_int(value_get(value_item(errors, i), "line"), 0),
                (int)value_int(value_get(value_item(errors, i), "column"), 0),
                value_path_string(value_item(errors, i), "message", ""), screen_reset());
    for (guint i = 0; i < value_count(jobs); i++) {
        const Value *job = value_item(jobs, i), *steps = value_get(job, "steps");

        g_print("\n%s  %s  %s\n", value_path_string(job, "name", ""), outcome(job),
                screen_duration(arena, value_path_string(job, "startedAt", NULL),
                                value_path_string(job, "endedAt", NULL)));
        for (guint j = 0; j < value_count(steps); j++)
            g_print("  %d %s  %s\n", (int)value_int(value_get(value_item(steps, j), "number"), 0),
                    value_path_string(value_item(steps, j), "name", ""),
                    outcome(value_item(steps, j)));
    }
}

static gboolean looks_like_id(const char *text)
{
    return strlen(text) == 36 && strspn(text, "0123456789abcdef-") == 36;
}

int command_runs(int argc, char **argv)
{
    gboolean as_json = FALSE;
    int limit = 20;
    const GOptionEntry entries[] = {{"limit", 'n', 0, G_OPTION_ARG_INT, &limit, "How many", "N"},
                                    {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON", NULL},
                                    {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *reply;
    gboolean one;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    one = rest[0] && looks_like_id(rest[0]);
    if (one)
        reply = client_get(client, &error, "/api/pipelines/v1/runs/%s", rest[0]);
    else
        reply = client_get(client, &error, "/api/pipelines/v1/runs?limit=%d%s%s", limit,
                           rest[0] ? "&repository=" : "",
                           rest[0] ? client_escape(client, rest[0]) : "");
    if (!reply)
        return cli_fail(error);
    if (as_json)
        screen_json(reply);
    else if (one)
        print_run(client->arena, reply);
    else
        print_runs(client->arena, value_get(reply, "items"));
    return EXIT_OK;
}

/* ---- logs ---- */

static gboolean is_over(const Value *run)
{
    return g_str_equal(value_path_string(run, "status", ""), "completed");
}

/* The jobs of a run in the order they begin; each is followed to its end before the next. */
static int run_logs(Client *client, const char *id, gboolean follow, GError **error)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *conclusion = NULL;

    for (;;) {
        const Value *run = client_get(client, error, "/api/pipelines/v1/runs/%s", id);
        const Value *jobs = value_get(run, "jobs");
        gboolean printed = FALSE, over = is_over(run);

        if (!run)
            return cli_fail(*error);
        for (guint i = 0; i < value_count(jobs) && !printed; i++) {
            const char *job = value_path_string(value_item(jobs, i), "jobId", NULL);

            if (!job || g_hash_table_contains(told, job) ||
                (!value_path_string(value_item(jobs, i), "startedAt", NULL) && !over))
                continue;
            g_hash_table_add(told, g_strdup(job));
            printed = TRUE;
            g_print("%s── %s ──%s\n", screen_bold(),
                    value_path_string(value_item(jobs, i), "name", ""), screen_reset());
            if (!follow_job(client, job, follow ? FOLLOW_STEPS : FOLLOW_STEPS | FOLLOW_NO_WAIT,
                            error))
                return cli_fail(*error);
        }
        if (!printed && (over || !follow)) {
            g_print("%s\n", outcome(run));
            return !over || g_strcmp0(value_path_string(run, "conclusion", ""), "success") == 0
                       ? EXIT_OK
                       : EXIT_FAILED;
        }
        if (!printed)
            g_usleep(PAUSE_US);
    }
}

/* The tail of a service's output; with follow, what is new in it from then on. */
static int service_logs(Client *client, const char *service, const char *environment, int tail,
                        gboolean follow, GError **error)
{
    g_auto(GStrv) before = NULL;

    for (;;) {
        const Value *reply =
            client_get(client, error, "/api/deployments/v1/services/%s/environments/%s/log?tail=%d",
                       client_escape(client, service), client_escape(client, environment), tail);
        const Value *lines = value_get(reply, "lines");
        guint count = value_count(lines), from = 0;
        guint known = before ? g_strv_length(before) : 0;

        if (!reply)
            return cli_fail(*error);
        /* where the last line printed stands now tells what is new */
        for (guint i = count; known > 0 && i > 0 && from == 0; i--)
            if (g_str_equal(value_string(value_item(lines, i - 1), ""), before[known - 1]) &&
                (i < 2 || known < 2 ||
                 g_str_equal(value_string(value_item(lines, i - 2), ""), before[known - 2])))
                from = i;
        for (guint i = from; i < count; i++)
            g_print("%s\n", value_string(value_item(lines, i), ""));
        if (!follow)
            return EXIT_OK;
        g_strfreev(before);
        before = g_new0(char *, count + 1);
        for (guint i = 0; i < count; i++)
            before[i] = g_strdup(value_string(value_item(lines, i), ""));
        arena_free(client->arena);
        client->arena = arena_new(ARENA_STEP_BYTES);
        g_usleep(PAUSE_US);
    }
}

static int job_logs(Client *client, const char *id, gboolean follow, GError **error)
{
    const Value *job =
        follow_job(client, id, follow ? FOLLOW_STEPS : FOLLOW_STEPS | FOLLOW_NO_WAIT, error);

    if (!job)
        return cli_fail(*error);
    return g_str_equal(value_path_string(job, "state", ""), "failed") ? EXIT_FAILED : EXIT_OK;
}

int command_logs(int argc, char **argv)
{
    g_autofree char *environment = NULL;
    gboolean follow = FALSE;
    int tail = 200;
    const GOptionEntry entries[] = {
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &follow, "Go on until it has ended", NULL},
        {"environment", 'e', 0, G_OPTION_ARG_STRING, &environment, "Of a service", "NAME"},
        {"tail", 'n', 0, G_OPTION_ARG_INT, &tail, "Lines of a service's output", "N"},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1)
        return cli_usage("logs takes the id of a run or job, or a service and --environment");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    if (environment)
        return service_logs(client, rest[0], environment, tail, follow, &error);
    if (!looks_like_id(rest[0]))
        return cli_usage("for the output of a service say --environment too");
    if (client_get(client, &error, "/api/pipelines/v1/runs/%s", rest[0]))
        return run_logs(client, rest[0], follow, &error);
    if (!g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND))
        return cli_fail(error);
    g_clear_error(&error);
    return job_logs(client, rest[0], follow, &error);
}
