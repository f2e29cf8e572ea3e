/* `pave deploy` and `pave rollback`. */
#include "cli/cli_internal.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/screen.h"
#include <string.h>

typedef struct {
    char *environment, *release, *commit, *to;
    gboolean wait, as_json;
} Options;

static void options_clear(Options *options)
{
    g_free(options->environment);
    g_free(options->release);
    g_free(options->commit);
    g_free(options->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean is_over(const char *state)
{
    return g_str_equal(state, "live") || g_str_equal(state, "failed") ||
           g_str_equal(state, "superseded") || g_str_equal(state, "stopped");
}

/* The log of the job is for those who may read it; a workflow's token may not. */
static const Value *wait_for(Client *client, const Value *deployment, gboolean quiet,
                             GError **error)
{
    g_autofree char *id = g_strdup(value_path_string(deployment, "id", ""));
    g_autofree char *job = g_strdup(value_path_string(deployment, "jobId", NULL));

    if (job && !follow_job(client, job, quiet ? FOLLOW_QUIET : 0, NULL))
        g_debug("the deployment's output may not be read");
    for (int tries = 0;; tries++) {
        const Value *now = client_get(client, error, "/api/deployments/v1/deployments/%s", id);

        if (!now || is_over(value_path_string(now, "state", "")) || tries > 3000)
            return now;
        g_usleep(200000);
    }
}

static const char *short_commit(Arena *arena, const Value *deployment)
{
    const char *commit = value_path_string(deployment, "commit", NULL);

    return commit ? screen_clip(arena, commit, 7) : "";
}

static int print_deployment(const Client *client, const Value *deployment, const Options *options)
{
    const char *state = value_path_string(deployment, "state", "");
    const char *reason = value_path_string(deployment, "reason", NULL);
    gboolean failed = g_str_equal(state, "failed");

    if (options->as_json)
        screen_json(deployment);
    else
        g_print("%s%s%s %s in %s: %s%s%s\n", failed ? screen_red() : screen_green(),
                value_path_string(deployment, "service", ""), screen_reset(),
                short_commit(client->arena, deployment),
                value_path_string(deployment, "environment", ""), state, reason ? ": " : "",
                reason ? reason : "");
    if (!options->wait)
        return EXIT_OK;
    return g_str_equal(state, "live") || g_str_equal(state, "superseded") ? EXIT_OK : EXIT_FAILED;
}

static int finish(Client *client, const Value *deployment, const Options *options, GError **error)
{
    if (deployment && options->wait)
        deployment = wait_for(client, deployment, options->as_json, error);
    return deployment ? print_deployment(client, deployment, options) : cli_fail(*error);
}

int command_deploy(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"environment", 'e', 0, G_OPTION_ARG_STRING, &options.environment, "Where to", "NAME"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &options.commit, "The release of this commit", "ID"},
        {"release", 'r', 0, G_OPTION_ARG_STRING, &options.release,
         "A release: digest or tag (default: the newest)", "RELEASE"},
        {"wait", 'w', 0, G_OPTION_ARG_NONE, &options.wait, "Wait until it is live", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const char *intent = g_getenv("PAVE_INTENT");
    Value *order;
    const Value *deployment;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1 || !options.environment)
        return cli_usage("deploy takes a service and --environment");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    order = value_object_new(client->arena);
    value_set_string(client->arena, order, "service", rest[0]);
    value_set_string(client->arena, order, "environment", options.environment);
    value_set_string(client->arena, order, "release", options.release);
    value_set_string(client->arena, order, "commit", options.commit);
    if (intent && intent[0]) /* a workflow step that runs again deploys once all the same */
        value_set_string(
            client->arena, order, "idempotencyKey",
            arena_printf(client->arena, "%s/%s/%s", intent, rest[0], options.environment));
    deployment =
        value_get(order, "idempotencyKey")
            ? client_call_once(client, "/api/deployments/v1/deployments", order, &error)
            : client_call(client, "POST", "/api/deployments/v1/deployments", order, &error);
    return finish(client, deployment, &options, &error);
}

int command_rollback(int argc, char **argv)
{
    g_auto(Options) options = {.wait = TRUE};
    const GOptionEntry entries[] = {
        {"environment", 'e', 0, G_OPTION_ARG_STRING, &options.environment, "Where", "NAME"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to,
         "A deployment or release (default: the one before)", "ID"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "Print JSON", NULL},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GError) error = NULL;
    const Value *deployment;
    Value *body;

    if (!cli_parse(argc, argv, entries, &rest))
        return EXIT_USAGE;
    if (g_strv_length(rest) != 1 || !options.environment)
        return cli_usage("rollback takes a service and --environment");
    client = client_open(&error);
    if (!client)
        return cli_fail(error);
    body = value_object_new(client->arena);
    value_set_string(client->arena, body, "to", options.to);
    deployment = client_call(
        client, "POST",
        arena_printf(client->arena, "/api/deployments/v1/services/%s/environments/%s/rollback",
                     client_escape(client, rest[0]), client_escape(client, options.environment)),
        body, &error);
    return finish(client, deployment, &options, &error);
}
