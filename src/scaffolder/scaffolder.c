#include "scaffolder/scaffolder_internal.h"

/* Hosts parseRepoUrl knows: those configured, and the two everybody knows. */
static const Value *integrations(Arena *arena, const Config *config)
{
    static const char *const kinds[][2] = {
        {"github", "github"},
        {"gitlab", "gitlab"},
        {"azure", "azure"},
        {"gitea", "gitea"},
        {"gerrit", "gerrit"},
        {"bitbucketCloud", "bitbucketCloud"},
        {"bitbucketServer", "bitbucketServer"},
    };
    const Value *hosts = config_get(config, "forge.hosts");
    Value *known = value_object_new(arena);

    value_set_string(arena, known, "github.com", "github");
    value_set_string(arena, known, "gitlab.com", "gitlab");
    for (guint i = 0; value_is(hosts, VALUE_OBJECT) && i < value_count(hosts); i++)
        value_set_string(arena, known, value_key_at(hosts, i), "github");
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const Value *list = config_get(config, arena_printf(arena, "integrations.%s", kinds[i][0]));

        for (guint j = 0; j < value_count(list); j++) {
            const char *host = value_path_string(value_item(list, j), "host", NULL);

            if (host)
                value_set_string(arena, known, host, kinds[i][1]);
        }
    }
    return known;
}

/* `onFailure: undo` of a template. */
static gboolean undo_failed(DbConn *tx, Scaffolder *scaffolder, Arena *arena, const Value *task,
                            GError **error)
{
    const Value *wish = value_path(task, "payload.spec.onFailure");

    if (!g_str_equal(value_string(wish, ""), "undo") ||
        !g_str_equal(value_path_string(task, "state", ""), "failed"))
        return TRUE;
    return undo_submit_in(tx, scaffolder, arena, value_path_string(task, "id", ""),
                          value_path_string(task, "title", NULL),
                          value_path_string(task, "actor", NULL), FALSE, error);
}

static gboolean task_ended(DbConn *tx, const char *job, const char *state, void *data,
                           GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *shown = jobs_get(tx, arena, job, error);
    Value *payload = value_object_new(arena);

    if (!shown)
        return FALSE;
    value_set_string(arena, payload, "taskId", job);
    value_set(arena, payload, "template", value_get(shown, "subject"));
    if (value_is(value_get(shown, "error"), VALUE_OBJECT))
        value_set(arena, payload, "error", value_get(shown, "error"));
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.scaffolder.task.%s", state),
                               .source = "/pave/scaffolder",
                               .subject = value_path_string(shown, "subject", NULL),
                               .actor = value_path_string(shown, "actor", NULL),
                               .cause = job,
                               .payload = payload});
    return approvals_close(tx, job, error) && undo_failed(tx, data, arena, shown, error);
}

static gboolean task_retried(DbConn *tx, const char *job, void *data, GError **error)
{
    return undo_allows_retry(tx, job, error);
}

Scaffolder *scaffolder_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Catalog *catalog,
                           Forge *forge, Infra *infra, const Config *config, GError **error)
{
    g_autoptr(Scaffolder) scaffolder = g_new0(Scaffolder, 1);

    scaffolder->db = db;
    scaffolder->jobs = jobs;
    scaffolder->catalog = catalog;
    scaffolder->secrets = secrets;
    scaffolder->forge = forge;
    scaffolder->infra = infra;
    scaffolder->config = config;
    scaffolder->arena = arena_new(ARENA_REQUEST_BYTES);
    scaffolder->actions = g_ptr_array_new();
    scaffolder->integrations = integrations(scaffolder->arena, config);
    if (!actions_load(scaffolder, error))
        return NULL;
    scaffolder->approvals = approvals_new(db, jobs);
    jobs_register(jobs, &(JobKind){.name = SCAFFOLDER_TASK,
                                   .run = task_run,
                                   .ended = task_ended,
                                   .data = scaffolder,
                                   .concurrency = 10,
                                   .retried = task_retried});
    jobs_register(jobs, &(JobKind){.name = SCAFFOLDER_DECOMMISSION,
                                   .run = decommission_run,
                                   .ended = decommission_ended,
                                   .data = scaffolder,
                                   .concurrency = 4});
    jobs_register(jobs, &(JobKind){.name = SCAFFOLDER_UNDO,
                                   .run = undo_run,
                                   .ended = undo_ended,
                                   .data = scaffolder,
                                   .concurrency = 4});
    upgrade_follow(scaffolder, events);
    return g_steal_pointer(&scaffolder);
}

void scaffolder_set_deployments(Scaffolder *scaffolder, Deployments *deployments)
{
    scaffolder->deployments = deployments;
}

Scaffolder *scaffolder_new_offline(const Config *config, GError **error)
{
    g_autoptr(Scaffolder) scaffolder = g_new0(Scaffolder, 1);

    scaffolder->config = config;
    scaffolder->offline = true;
    scaffolder->arena = arena_new(ARENA_REQUEST_BYTES);
    scaffolder->actions = g_ptr_array_new();
    scaffolder->integrations = integrations(scaffolder->arena, config);
    return actions_load(scaffolder, error) ? g_steal_pointer(&scaffolder) : NULL;
}

void scaffolder_free(Scaffolder *scaffolder)
{
    if (!scaffolder)
        return;
    if (scaffolder->approvals)
        approvals_free(scaffolder->approvals);
    g_ptr_array_unref(scaffolder->actions);
    arena_free(scaffolder->arena);
    g_free(scaffolder);
}

Principal *scaffolder_principal(Scaffolder *scaffolder, const char *actor, bool admin)
{
    const Value *admins = config_get(scaffolder->config, "auth.admins");
    g_auto(GStrv) groups = catalog_groups_of(actor, scaffolder->catalog);
    const char *roles[] = {"developer", NULL};

    for (guint i = 0; !admin && i < value_count(admins); i++)
        admin = g_strcmp0(value_string(value_item(admins, i), ""), actor) == 0;
    if (admin)
        roles[0] = "admin";
    return principal_new(PRINCIPAL_USER, actor, (const char *const *)groups, roles, NULL);
}
