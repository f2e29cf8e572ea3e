/* The job of a decommission: the owners are asked, then one thing goes after the other. What fails
 * stops it, so that nothing is forgotten that still costs; a retry goes on there. */
#include "scaffolder/scaffolder_internal.h"

typedef struct {
    Scaffolder *scaffolder;
    Job *job;
    Runner runner;
    const Value *payload;
    const char *ref;
} Decommission;

/* ---- asking ---- */

static gboolean ask_owners(Decommission *decommission, GError **error)
{
    static const char id[] = "approval", name[] = "Ask its owners";
    Job *job = decommission->job;
    Arena *arena = job_arena(job);
    const Value *decision = NULL;
    g_autoptr(GError) refused = NULL;
    JobStep step;
    ApprovalAsk ask = {
        .step = id,
        .step_name = name,
        .title = arena_printf(arena, "Decommission %s", decommission->ref),
        .message = arena_printf(arena, "Decommission %s: %s", decommission->ref,
                                value_path_string(decommission->payload, "reason", "")),
        .owners = catalog_owners(decommission->scaffolder->catalog, arena, decommission->ref),
        .required = 1};

    if (!value_bool(value_get(decommission->payload, "ask"), true))
        return TRUE;
    if (!job_step_open(job, id, name, RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE)
        return TRUE;
    ask.intent_id = step.intent_id;
    ask.fresh = step.state == STEP_FRESH;
    if (approval_ask(decommission->scaffolder->approvals, job, &ask, &decision, &refused))
        return job_step_finish(job, id, decision, NULL, error);
    if (!g_error_matches(refused, PAVE_ERROR, ERROR_CANCELLED) &&
        !job_step_fail(job, id, refused, error))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&refused));
    return FALSE;
}

/* Days may have passed since somebody looked. */
static gboolean check_dependants(Decommission *decommission, GError **error)
{
    Arena *arena = decommission->runner.arena;
    const Value *entity =
        catalog_get(decommission->scaffolder->catalog, arena, decommission->ref, NULL);
    const Value *dependants =
        entity ? decommission_dependants(decommission->scaffolder, arena, entity) : NULL;

    if (value_count(dependants) == 0 ||
        value_bool(value_get(decommission->payload, "force"), false))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s needs it by now",
                value_path_string(value_item(dependants, 0), "ref", "somebody"));
    return FALSE;
}

/* ---- whether it is still this entity's ---- */

static const Value *found_again(const Value *items, const Value *item)
{
    for (guint i = 0; i < value_count(items); i++) {
        const Value *other = value_item(items, i);

        if (value_equal(value_get(other, "kind"), value_get(item, "kind")) &&
            value_equal(value_get(other, "ref"), value_get(item, "ref")))
            return other;
    }
    return NULL;
}

/* Days may have passed since the items were listed: what became somebody else's stays. */
static gboolean check_still_its(Decommission *decommission, const Value *item, bool *gone,
                                GError **error)
{
    static const char *const checked[] = {"workspace", "secrets", "repository", NULL};
    Scaffolder *scaffolder = decommission->scaffolder;
    Arena *arena = decommission->runner.arena;
    const char *kind = value_path_string(item, "kind", "");

    *gone = false;
    if (!g_strv_contains(checked, kind))
        return TRUE;
    g_autoptr(Principal) principal =
        scaffolder_principal(scaffolder, job_actor(decommission->job),
                             value_bool(value_get(decommission->payload, "admin"), false));
    const Value *entity = catalog_get(scaffolder->catalog, arena, decommission->ref, error);
    const Value *items =
        entity ? decommission_items(scaffolder, arena, decommission->ref, entity, principal, error)
               : NULL;
    const Value *now = found_again(items, item);

    if (!items)
        return FALSE;
    /* Secrets that an interrupted attempt deleted are not found again. */
    *gone = !now && g_str_equal(kind, "secrets");
    if (*gone || (now && !value_bool(value_get(now, "foreign"), false)))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s %s stays: %s", kind,
                value_path_string(item, "ref", ""),
                value_path_string(now, "reason", "it does not belong to this any more"));
    return FALSE;
}

/* ---- what goes ---- */

typedef gboolean (*GoFn)(Decommission *decommission, ActionRun *run, const char *ref,
                         const Value *item, GError **error);

static gboolean stop_deployment(Decommission *decommission, ActionRun *run, const char *ref,
                                const Value *item, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(ref, "/", 2);

    return deployments_remove(decommission->scaffolder->deployments, run->arena, parts[0], parts[1],
                              job_actor(decommission->job), error);
}

/* As the action that makes such a thing takes it back. */
static gboolean take_back(Decommission *decommission, ActionRun *run, const char *action,
                          const char *kind, const char *ref, GError **error)
{
    const Effect effect = {.operation = "create", .kind = kind, .ref = ref};
    const char *warning = NULL;
    bool gone = false;

    run->action = actions_find(decommission->scaffolder, action);
    return run->action->undo_check(run, &effect, &warning, &gone, error) &&
           (gone || run->action->undo(run, &effect, error));
}

static gboolean destroy_workspace(Decommission *decommission, ActionRun *run, const char *ref,
                                  const Value *item, GError **error)
{
    return take_back(decommission, run, "terraform:apply", "workspace", ref, error);
}

static gboolean unregister_location(Decommission *decommission, ActionRun *run, const char *ref,
                                    const Value *item, GError **error)
{
    return take_back(decommission, run, "catalog:register", "location", ref, error);
}

typedef struct {
    Secrets *secrets;
    const char *scope;
} Scope;

static gboolean write_secrets_gone(DbConn *tx, void *data, GError **error)
{
    const Scope *scope = data;
    g_autoptr(GHashTable) found = secrets_of_scope(scope->secrets, tx, scope->scope, error);
    GHashTableIter iter;
    gpointer name;

    if (!found)
        return FALSE;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!secrets_put(scope->secrets, tx, scope->scope, name, NULL, error))
            return FALSE;
    return TRUE;
}

static gboolean delete_secrets(Decommission *decommission, ActionRun *run, const char *ref,
                               const Value *item, GError **error)
{
    Scope scope = {decommission->scaffolder->secrets, ref};

    return job_write(decommission->job, write_secrets_gone, &scope, error);
}

static gboolean archive_repository(Decommission *decommission, ActionRun *run, const char *ref,
                                   const Value *item, GError **error)
{
    g_autoptr(GUri) url = g_uri_parse(value_path_string(item, "url", ""), G_URI_FLAGS_NONE, NULL);
    g_auto(GStrv) parts = g_strsplit(ref, "/", 2);
    const char *host = url ? g_uri_get_host(url) : "github.com";
    const char *full = url && g_uri_get_port(url) > 0
                           ? arena_printf(run->arena, "%s:%d", host, g_uri_get_port(url))
                           : host;
    ForgeLocation at = {.host = full, .owner = parts[0], .name = parts[1]};

    return forge_archive(decommission->scaffolder->forge, run->arena, &at, TRUE,
                         job_actor(decommission->job), job_id(decommission->job), error);
}

static const struct {
    const char *will, *kind, *name;
    GoFn go;
} WAYS[] = {
    {"stop", "deployment", "Stop", stop_deployment},
    {"destroy", "workspace", "Destroy", destroy_workspace},
    {"delete", "secrets", "Delete secrets of", delete_secrets},
    {"archive", "repository", "Archive", archive_repository},
    {"unregister", "location", "Unregister", unregister_location},
};

static gboolean go_as_step(Decommission *decommission, gsize way, const Value *item, GError **error)
{
    Job *job = decommission->job;
    Arena *arena = decommission->runner.arena;
    const char *id = decommission_step(arena, item), *ref = value_path_string(item, "ref", "");
    const char *name = arena_printf(arena, "%s %s", WAYS[way].name, ref);
    g_autoptr(GError) failure = NULL;
    JobStep step;
    bool gone;

    if (!job_step_open(job, id, name, RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE)
        return TRUE;
    ActionRun run =
        undo_action_run(decommission->scaffolder, &decommission->runner, NULL, id, step.intent_id);

    run.fresh = step.state == STEP_FRESH;
    action_log(&run, "info", "%s", name);
    if (check_still_its(decommission, item, &gone, &failure) &&
        (gone || WAYS[way].go(decommission, &run, ref, item, &failure)))
        return job_step_finish(job, id, NULL, NULL, error);
    if (!g_error_matches(failure, PAVE_ERROR, ERROR_CANCELLED) &&
        !job_step_fail(job, id, failure, error))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean go(Decommission *decommission, const Value *item, GError **error)
{
    const char *will = value_path_string(item, "will", ""),
               *kind = value_path_string(item, "kind", "");

    if (job_cancelled(decommission->job)) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the decommission was stopped");
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(WAYS); i++)
        if (g_str_equal(WAYS[i].will, will) && g_str_equal(WAYS[i].kind, kind))
            return go_as_step(decommission, i, item, error);
    job_print(decommission->job, NULL, "info", "Kept: %s %s. %s", kind,
              value_path_string(item, "ref", ""), value_path_string(item, "reason", ""));
    return TRUE;
}

gboolean decommission_run(Job *job, const Value **output, GError **error, void *data)
{
    g_autoptr(Masker) masker = masker_new();
    const Value *payload = job_payload(job), *items = value_get(payload, "items");
    Decommission decommission = {.scaffolder = data,
                                 .job = job,
                                 .payload = payload,
                                 .ref = value_path_string(payload, "entity", ""),
                                 .runner = {.scaffolder = data,
                                            .job = job,
                                            .arena = job_arena(job),
                                            .task_id = job_id(job),
                                            .actor = job_actor(job),
                                            .folder = job_folder(job),
                                            .workspace = job_folder(job),
                                            .masker = masker}};

    if (!ask_owners(&decommission, error) || !check_dependants(&decommission, error))
        return FALSE;
    for (guint i = 0; i < value_count(items); i++)
        if (!go(&decommission, value_item(items, i), error))
            return FALSE;
    return TRUE;
}

gboolean decommission_ended(DbConn *tx, const char *job, const char *state, void *data,
                            GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *shown = jobs_get(tx, arena, job, error);
    Value *payload = value_object_new(arena);

    if (!shown)
        return FALSE;
    value_set_string(arena, payload, "id", job);
    value_set(arena, payload, "entity", value_path(shown, "payload.entity"));
    value_set(arena, payload, "reason", value_path(shown, "payload.reason"));
    value_set(arena, payload, "items", value_path(shown, "payload.items"));
    if (value_is(value_get(shown, "error"), VALUE_OBJECT))
        value_set(arena, payload, "error", value_get(shown, "error"));
    events_append(
        tx, &(Event){.type = arena_printf(arena, "dev.pave.scaffolder.decommission.%s", state),
                     .source = "/pave/scaffolder",
                     .subject = value_path_string(shown, "subject", NULL),
                     .actor = value_path_string(shown, "actor", NULL),
                     .cause = job,
                     .payload = payload});
    return approvals_close(tx, job, error);
}
