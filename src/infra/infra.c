/* The room itself: what it knows of the machine, and how a run is asked for. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <string.h>

#define VARIABLES_CONTEXT "infra.variables"

/* Children resolve "*.localhost" only if their resolver does; the server's own address they always
 * find. */
static char *default_api_url(const Config *config)
{
    const char *base = config_string(config, "backend.baseUrl", "http://pave.localhost:7007");
    g_autoptr(GUri) uri = g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    char *url;

    if (host && (g_str_equal(host, "localhost") || g_str_has_suffix(host, ".localhost")))
        return g_strdup_printf("http://127.0.0.1:%d",
                               g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : 80);
    url = g_strdup(base);
    while (g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = '\0';
    return url;
}

static char *find_program(const Config *config)
{
    const char *named = config_string(config, "infra.program", NULL);
    char *found = g_find_program_in_path(named ? named : "terraform");

    return found || named ? found : g_find_program_in_path("tofu");
}

Infra *infra_new(Db *db, Events *events, Jobs *jobs, Secrets *secrets, Forge *forge,
                 const Config *config, const char *data_folder, InfraTokenFn issue_token,
                 void *token_data, GError **error)
{
    Infra *infra = g_new0(Infra, 1);

    infra->db = db;
    infra->events = events;
    infra->jobs = jobs;
    infra->secrets = secrets;
    infra->forge = forge;
    infra->config = config;
    infra->data_folder = g_canonicalize_filename(data_folder, NULL);
    infra->api_url = default_api_url(config);
    infra->program = find_program(config);
    infra->issue_token = issue_token;
    infra->token_data = token_data;
    jobs_register(jobs, &(JobKind){.name = INFRA_JOB_KIND,
                                   .run = infra_run_job,
                                   .ended = infra_run_ended,
                                   .data = infra,
                                   .concurrency = 4});
    return infra;
}

void infra_free(Infra *infra)
{
    if (!infra)
        return;
    g_free(infra->data_folder);
    g_free(infra->api_url);
    g_free(infra->program);
    g_free(infra);
}

void infra_set_api_url(Infra *infra, const char *url)
{
    g_free(infra->api_url);
    infra->api_url = g_strdup(url);
}

/* ---- variables at rest ---- */

static GBytes *infra_seal_variables(Infra *infra, const Value *variables, GError **error)
{
    g_autofree char *json = json_to_string(variables, JSON_COMPACT);

    return secrets_seal(infra->secrets, VARIABLES_CONTEXT, json, strlen(json), error);
}

const Value *infra_unseal_variables(Infra *infra, Arena *arena, GBytes *sealed, GError **error)
{
    g_autoptr(GBytes) open = secrets_unseal(infra->secrets, VARIABLES_CONTEXT, sealed, error);
    gsize length;

    if (!open)
        return NULL;
    const char *text = g_bytes_get_data(open, &length);

    return json_parse(arena, arena_strndup(arena, text, length), (gssize)length, error);
}

/* ---- asking for a run ---- */

struct submission {
    Infra *infra;
    Arena *arena;
    const InfraRequest *request;
    InfraWorkspace workspace;
    InfraRun run;
    gboolean exists; /* the workspace */
};

/* "component:default/order-service" and "staging" → "order-service-staging". */
static const char *workspace_name(Arena *arena, const InfraRequest *request, GError **error)
{
    const char *slash = strrchr(request->service, '/');
    const char *colon = strrchr(request->service, ':');
    const char *name = slash ? slash + 1 : colon ? colon + 1 : request->service;
    const char *full =
        arena_printf(arena, "%s-%s", name, request->environment ? request->environment : "");

    for (const char *c = full; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "\"%s\" cannot be a workspace's name: letters, digits, '-', '_' and '.'",
                        full);
            return NULL;
        }
    }
    if (*name && request->environment && *request->environment)
        return full;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a workspace needs a service and an environment");
    return NULL;
}

static gboolean check_workspace(const InfraWorkspace *there, const InfraRequest *request,
                                GError **error)
{
    if (!g_str_equal(there->module, request->module)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "the workspace %s belongs to the module %s, not %s", there->name, there->module,
                    request->module);
        return FALSE;
    }
    if (!g_str_equal(there->service, request->service)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "the workspace %s belongs to %s",
                    there->name, there->service);
        return FALSE;
    }
    /* A form asks nobody who owns the name that was filled in; the workspace's page does. */
    if (request->cause && !request->authorized &&
        g_strcmp0(there->created_by, request->actor) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "the workspace %s exists already: %s made it, and only on its own page its "
                    "owners change it",
                    there->name, there->created_by ? there->created_by : "somebody else");
        return FALSE;
    }
    return TRUE;
}

static gboolean write_submission(DbConn *tx, void *data, GError **error)
{
    struct submission *submission = data;
    const InfraRequest *request = submission->request;
    g_autofree char *queue = g_strconcat("infra:", submission->workspace.name, NULL);
    g_autofree char *title = g_strdup_printf("%s %s",
                                             g_str_equal(request->operation, "destroy") ? "Destroy"
                                             : g_str_equal(request->operation, "plan")  ? "Plan"
                                                                                        : "Apply",
                                             submission->workspace.name);
    JobSpec spec = {.id = submission->run.id,
                    .kind = INFRA_JOB_KIND,
                    .subject = request->service,
                    .title = title,
                    .actor = request->actor,
                    .cause = request->cause,
                    .queue_key = queue};

    if (!(submission->exists ? infra_store_touch_workspace(tx, &submission->workspace, error)
                             : infra_store_add_workspace(tx, &submission->workspace, error)))
        return FALSE;
    return infra_store_add_run(tx, &submission->run, error) &&
           jobs_submit(tx, submission->infra->jobs, submission->arena, &spec, error) != NULL;
}

/* The workspace's row: the one that is there, or a new one. */
static gboolean find_workspace(struct submission *submission, const char *name, GError **error)
{
    const InfraRequest *request = submission->request;
    GError *why = NULL;
    g_autoptr(InfraWorkspace) there =
        infra_store_workspace(db_reader(submission->infra->db), submission->arena, name, &why);

    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    submission->exists = there != NULL;
    if (there && !check_workspace(there, request, error))
        return FALSE;
    submission->workspace = (InfraWorkspace){.name = name,
                                             .module = request->module,
                                             .service = request->service,
                                             .environment = request->environment,
                                             .owner = request->owner ? request->owner
                                                      : there        ? there->owner
                                                                     : NULL,
                                             .created_by = request->actor,
                                             .created_at = clock_now_ms(),
                                             .updated_at = clock_now_ms()};
    if (there) {
        submission->workspace.id = there->id;
    } else {
        g_autofree char *id = clock_new_id();

        submission->workspace.id = arena_strdup(submission->arena, id);
    }
    return TRUE;
}

static gboolean operation_is_known(const char *operation, GError **error)
{
    if (g_strcmp0(operation, "apply") == 0 || g_strcmp0(operation, "destroy") == 0 ||
        g_strcmp0(operation, "plan") == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no operation: apply, destroy or plan",
                operation ? operation : "");
    return FALSE;
}

const char *infra_submit(Infra *infra, Arena *arena, const InfraRequest *request, GError **error)
{
    struct submission submission = {.infra = infra, .arena = arena, .request = request};
    InfraModule module = {0};
    const char *name;
    const Value *variables;
    g_autoptr(GBytes) sealed = NULL;
    g_autofree char *id = request->run_id ? g_strdup(request->run_id) : clock_new_id();

    if (!operation_is_known(request->operation, error))
        return NULL;
    name = workspace_name(arena, request, error);
    if (!name || !infra_module_read(infra, arena, request->module, &module, error))
        return NULL;
    variables = infra_module_fit(arena, &module, request->variables, request->environment, error);
    if (!variables || !find_workspace(&submission, name, error))
        return NULL;
    if (request->dry)
        return "";
    sealed = infra_seal_variables(infra, variables, error);
    if (!sealed)
        return NULL;
    submission.workspace.variables = sealed;
    submission.run = (InfraRun){.id = arena_strdup(arena, id),
                                .workspace_id = submission.workspace.id,
                                .operation = request->operation,
                                .actor = request->actor,
                                .cause = request->cause,
                                .created_at = clock_now_ms(),
                                .variables = sealed};
    return db_write(infra->db, write_submission, &submission, NULL, error) ? submission.run.id
                                                                           : NULL;
}

InfraWorkspace *infra_find_workspace(Infra *infra, Arena *arena, const char *name, GError **error)
{
    GError *why = NULL;
    InfraWorkspace *workspace = infra_store_workspace(db_reader(infra->db), arena, name, &why);

    if (why)
        g_propagate_error(error, why);
    else if (!workspace)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no workspace %s", name);
    return workspace;
}

/* request has what the workspace does not know. */
static const char *submit_again(Infra *infra, Arena *arena, const char *name, InfraRequest request,
                                GError **error)
{
    g_autoptr(InfraWorkspace) workspace = infra_find_workspace(infra, arena, name, error);

    if (!workspace)
        return NULL;
    request.module = workspace->module;
    request.service = workspace->service;
    request.environment = workspace->environment;
    request.owner = workspace->owner;
    request.authorized = TRUE;
    request.variables = infra_unseal_variables(infra, arena, workspace->variables, error);
    return request.variables ? infra_submit(infra, arena, &request, error) : NULL;
}

const char *infra_rerun(Infra *infra, Arena *arena, const char *name, const char *operation,
                        const char *actor, GError **error)
{
    return submit_again(infra, arena, name, (InfraRequest){.operation = operation, .actor = actor},
                        error);
}

const char *infra_destroy(Infra *infra, Arena *arena, const char *name, const char *run_id,
                          const char *actor, const char *cause, GError **error)
{
    return submit_again(
        infra, arena, name,
        (InfraRequest){.operation = "destroy", .actor = actor, .cause = cause, .run_id = run_id},
        error);
}

const Value *infra_workspaces_of(Infra *infra, Arena *arena, const char *service, GError **error)
{
    DbConn *conn = db_reader(infra->db);
    g_autoptr(GPtrArray) workspaces = infra_store_workspaces(conn, arena, service, error);
    Value *items = value_array_new(arena);

    for (guint i = 0; workspaces && i < workspaces->len; i++) {
        const InfraWorkspace *workspace = g_ptr_array_index(workspaces, i);
        const Value *resources = infra_store_resources(conn, arena, workspace->id, error);
        Value *item = value_object_new(arena);

        if (!resources)
            return NULL;
        value_set_string(arena, item, "name", workspace->name);
        value_set_string(arena, item, "environment", workspace->environment);
        value_set_string(arena, item, "module", workspace->module);
        value_set_string(arena, item, "owner", workspace->owner);
        value_set_string(arena, item, "createdBy", workspace->created_by);
        value_set(arena, item, "resources", resources);
        value_append(arena, items, item);
    }
    return workspaces ? items : NULL;
}

/* ---- a workspace as JSON has it ---- */

static const Value *lock_value(Infra *infra, Arena *arena, const char *workspace_id)
{
    InfraLock lock = {0};
    Value *value = value_object_new(arena);
    const Value *info;

    if (!infra_store_lock(db_reader(infra->db), arena, workspace_id, &lock, NULL))
        return value_null_new(arena);
    info = json_parse(arena, lock.info, -1, NULL);
    value_set_string(arena, value, "id", lock.lock_id);
    value_set_string(arena, value, "who", lock.holder);
    value_set_string(arena, value, "operation", value_string(value_get(info, "Operation"), ""));
    value_set_string(arena, value, "created", value_string(value_get(info, "Created"), ""));
    return value;
}

static const Value *runs_value(Infra *infra, Arena *arena, const char *workspace, GError **error)
{
    DbConn *conn = db_reader(infra->db);
    g_autoptr(GPtrArray) runs = infra_store_runs(conn, arena, workspace, NULL, 20, error);
    Value *items = value_array_new(arena);

    for (guint i = 0; runs && i < runs->len; i++)
        value_append(arena, items, infra_run_value(infra, conn, arena, runs->pdata[i]));
    return runs ? items : NULL;
}

static void add_state(Infra *infra, Arena *arena, const InfraWorkspace *workspace, Value *value)
{
    InfraState state = {0};
    const Value *resources =
        infra_store_resources(db_reader(infra->db), arena, workspace->id, NULL);

    if (infra_store_state(db_reader(infra->db), arena, workspace->id, &state, NULL)) {
        value_set_string(arena, value, "lineage", state.lineage);
        value_set_int(arena, value, "serial", state.serial);
    }
    g_clear_pointer(&state.body, g_bytes_unref);
    value_set(arena, value, "resources", resources);
}

const Value *infra_workspace_value(Infra *infra, Arena *arena, const InfraWorkspace *workspace,
                                   GError **error)
{
    Value *value = value_object_new(arena);
    const Value *outputs = infra_store_outputs(db_reader(infra->db), arena, workspace->id, error);
    const Value *runs = outputs ? runs_value(infra, arena, workspace->name, error) : NULL;

    if (!runs)
        return NULL;
    value_set_string(arena, value, "id", workspace->id);
    value_set_string(arena, value, "name", workspace->name);
    value_set_string(arena, value, "module", workspace->module);
    value_set_string(arena, value, "service", workspace->service);
    value_set_string(arena, value, "environment", workspace->environment);
    value_set_string(arena, value, "owner", workspace->owner);
    value_set_string(arena, value, "state",
                     value_path_string(value_item(runs, 0), "state", "empty"));
    value_set(arena, value, "outputs", outputs);
    add_state(infra, arena, workspace, value);
    value_set(arena, value, "lock", lock_value(infra, arena, workspace->id));
    value_set(arena, value, "updatedAt", clock_value(arena, workspace->updated_at));
    value_set(arena, value, "runs", runs);
    return value;
}

const Value *infra_workspace(Infra *infra, Arena *arena, const char *name, GError **error)
{
    g_autoptr(InfraWorkspace) workspace = infra_find_workspace(infra, arena, name, error);

    return workspace ? infra_workspace_value(infra, arena, workspace, error) : NULL;
}
