/* From something that happened to runs: which workflows listen, and their plans. */
#include "formats/ghexpr.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/store.h"
#include "pipelines/workflow.h"
#include "spine/clock.h"

#include <string.h>

#define FILES_MAX 200
#define CHANGED_PATHS_MAX 3000

/* ---- one workflow file ---- */

static const Value *diagnostics_value(Arena *arena, const Diagnostics *diagnostics)
{
    Value *list = value_array_new(arena);
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *one = diagnostics_get(diagnostics, i);
        Value *shown = value_object_new(arena);
        value_set_string(arena, shown, "severity",
                         one->severity == DIAGNOSTIC_ERROR ? "error" : "warning");
        value_set_string(arena, shown, "code", one->code);
        value_set_string(arena, shown, "message", one->message);
        value_set_string(arena, shown, "file", one->file);
        if (one->line) {
            value_set_int(arena, shown, "line", one->line);
            value_set_int(arena, shown, "column", one->column);
        }
        value_set_string(arena, shown, "hint", one->hint);
        value_append(arena, list, shown);
    }
    return list;
}

static const char *first_line(Arena *arena, const char *text)
{
    return arena_strndup(arena, text, strcspn(text, "\r\n"));
}

static Run *run_new(Pipelines *pipelines, Arena *arena, const Trigger *trigger, const char *path,
                    const Value *workflow)
{
    Run *run = arena_new0(arena, Run, 1);
    g_autofree char *id = clock_new_id();
    const char *name = value_string(value_get(workflow, "name"), NULL);
    run->arena = arena;
    run->id = arena_strdup(arena, id);
    run->owner = trigger->owner;
    run->name = trigger->name;
    run->workflow_name = name && *name ? name : path;
    run->workflow_path = path;
    run->event = trigger->event;
    run->ref = trigger->ref;
    run->sha = trigger->sha;
    run->actor = trigger->actor ? trigger->actor : "service:pave";
    run->cause = trigger->cause;
    run->attempt = 1;
    run->created_at = clock_now_ms();
    run->commit =
        forge_commit(pipelines->forge, arena, trigger->owner, trigger->name, trigger->sha, NULL);
    run->title = first_line(arena, value_string(value_get(run->commit, "message"), trigger->ref));
    run->payload = trigger->payload;
    run->inputs = trigger->inputs;
    return run;
}

static void fail_to_start(Run *run, const Diagnostics *diagnostics)
{
    run->errors = diagnostics_value(run->arena, diagnostics);
    run->state = NODE_COMPLETED;
    run->conclusion = CONCLUSION_FAILURE;
    run->ended_at = run->created_at;
    run->node_count = 0;
}

/* A text of the workflow with its expressions replaced; NULL with error. */
static const char *text_of(Run *run, const Value *value, GError **error)
{
    Value *contexts = value_object_new(run->arena);
    value_set(run->arena, contexts, "github", run->github);
    value_set(run->arena, contexts, "vars", run->vars);
    value_set(run->arena, contexts, "inputs",
              run->inputs ? run->inputs : value_object_new(run->arena));
    GhexprScope scope = {.contexts = contexts, .success = true};
    const Value *done = ghexpr_interpolate_tree(run->arena, value, &scope, error);
    return done ? ghexpr_to_string(run->arena, done) : NULL;
}

static gboolean set_texts(Run *run, const Value *workflow, GError **error)
{
    const Value *title = value_get(workflow, "run-name");
    const Value *group = value_get(workflow, "concurrency");
    const char *text = title ? text_of(run, title, NULL) : NULL;
    if (text && *text)
        run->title = first_line(run->arena, text);
    if (value_is(group, VALUE_OBJECT))
        group = value_get(group, "group");
    run->concurrency = group ? text_of(run, group, error) : NULL;
    return !group || run->concurrency;
}

/* The run of a workflow that listens; it has failed already where the workflow is wrong. */
static Run *plan(Pipelines *pipelines, Arena *arena, const Trigger *trigger, const char *path,
                 const Value *workflow, Diagnostics *diagnostics)
{
    Run *run = run_new(pipelines, arena, trigger, path, workflow);
    g_autoptr(GError) error = NULL;
    if (!diagnostics_have_errors(diagnostics))
        run->plan = pipelines_resolve(pipelines, arena, workflow, trigger->owner, trigger->name,
                                      path, trigger->ref, trigger->sha, diagnostics);
    run->github = pipelines_github(pipelines, arena, run);
    run->vars = pipelines_vars(pipelines, arena, NULL);
    if (!diagnostics_have_errors(diagnostics) &&
        (!run_expand(run, &error) || !set_texts(run, workflow, &error)))
        diagnostics_error(diagnostics, "workflow-plan", path, 0, 0, "%s", error->message);
    if (diagnostics_have_errors(diagnostics))
        fail_to_start(run, diagnostics);
    return run;
}

static gboolean is_no_commit(const char *sha)
{
    return !sha || strspn(sha, "0") == strlen(sha);
}

/* NULL where they are not known: a new branch, or a commit that is gone. Then every filter lets
 * through. */
static const Value *changed_paths(Pipelines *pipelines, Arena *arena, const Trigger *trigger)
{
    g_autoptr(GError) why = NULL;
    if (is_no_commit(trigger->before))
        return NULL;
    return forge_changed_paths(pipelines->forge, arena, trigger->owner, trigger->name,
                               trigger->before, trigger->sha, CHANGED_PATHS_MAX, &why);
}

static gboolean wants(Pipelines *pipelines, Arena *arena, const Trigger *trigger, const char *path,
                      const Value *workflow, const Diagnostics *diagnostics)
{
    if (trigger->only_path)
        return g_str_equal(trigger->only_path, path);
    /* its author sees a broken file on the page of the branch it was pushed to */
    if (diagnostics_have_errors(diagnostics))
        return g_str_has_prefix(trigger->ref, "refs/heads/");
    return workflow_listens(workflow, trigger->event, trigger->ref,
                            workflow_filters_paths(workflow, trigger->event)
                                ? changed_paths(pipelines, arena, trigger)
                                : NULL);
}

static gboolean consider(Pipelines *pipelines, Arena *arena, const Trigger *trigger,
                         const char *path, GPtrArray *runs, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GBytes) bytes =
        forge_read_file(pipelines->forge, trigger->owner, trigger->name, trigger->sha, path, error);
    if (!bytes)
        return FALSE;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *workflow =
        workflow_parse(arena, text ? text : "", (gssize)length, path, diagnostics);
    if (wants(pipelines, arena, trigger, path, workflow, diagnostics))
        g_ptr_array_add(runs, plan(pipelines, arena, trigger, path, workflow, diagnostics));
    return TRUE;
}

/* ---- all of a commit ---- */

static gboolean is_workflow_file(const Value *entry)
{
    const char *path = value_string(value_get(entry, "path"), "");
    return g_strcmp0(value_string(value_get(entry, "type"), NULL), "file") == 0 &&
           (g_str_has_suffix(path, ".yml") || g_str_has_suffix(path, ".yaml"));
}

static const char *full_path(Arena *arena, const char *path)
{
    return strchr(path, '/') ? path : arena_printf(arena, WORKFLOW_FOLDER "/%s", path);
}

static gboolean find_runs(Pipelines *pipelines, Arena *arena, const Trigger *trigger,
                          GPtrArray *runs, GError **error)
{
    g_autoptr(GError) why = NULL;
    const Value *files = forge_list(pipelines->forge, arena, trigger->owner, trigger->name,
                                    trigger->sha, WORKFLOW_FOLDER, FALSE, &why);
    if (!files && !g_error_matches(why, PAVE_ERROR, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    for (guint i = 0; i < value_count(files) && i < FILES_MAX; i++) {
        const Value *file = value_item(files, i);
        const char *path = full_path(arena, value_string(value_get(file, "path"), ""));
        if (is_workflow_file(file) && !consider(pipelines, arena, trigger, path, runs, error))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    Pipelines *pipelines;
    const Trigger *trigger;
    GPtrArray *runs;
} Insert;

static gboolean insert_runs(DbConn *tx, void *data, GError **error)
{
    const Insert *insert = data;
    for (guint i = 0; i < insert->runs->len; i++) {
        Run *run = insert->runs->pdata[i];
        gboolean has = FALSE;
        g_autofree char *repository = g_strdup_printf("%s/%s", run->owner, run->name);
        if (!store_has_run(tx, insert->trigger->id, repository, run->workflow_path, &has, error))
            return FALSE;
        if (!has && !pipelines_insert(tx, insert->pipelines, run, insert->trigger->id, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pipelines_trigger(Pipelines *pipelines, Arena *arena, const Trigger *trigger,
                           GPtrArray *ids, GError **error)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    Insert insert = {pipelines, trigger, runs};
    if (!find_runs(pipelines, arena, trigger, runs, error))
        return FALSE;
    for (guint i = 0; ids && i < runs->len; i++)
        g_ptr_array_add(ids, (gpointer)((Run *)runs->pdata[i])->id);
    return !runs->len || db_write(pipelines->db, insert_runs, &insert, NULL, error);
}

/* ---- pushes ---- */

gboolean pipelines_on_push(DbConn *tx, const Event *event, Arena *arena, void *data, GError **error)
{
    Pipelines *pipelines = data;
    const Value *push = event->payload;
    const char *ref = value_string(value_get(push, "ref"), "");
    if (is_no_commit(value_string(value_get(push, "after"), NULL)) ||
        !(g_str_has_prefix(ref, "refs/heads/") || g_str_has_prefix(ref, "refs/tags/")))
        return TRUE;
    Value *payload = value_object_new(arena);
    value_set(arena, payload, "push", push);
    value_set_string(arena, payload, "event", event->id);
    value_set_string(arena, payload, "actor", event->actor);
    value_set_string(arena, payload, "cause", event->cause);
    JobSpec spec = {.kind = "pipelines.look",
                    .subject = event->subject,
                    .title = arena_printf(arena, "Find the workflows that listen to %s",
                                          pipelines_ref_name(ref)),
                    .actor = event->actor,
                    .cause = event->id,
                    .payload = payload};
    return jobs_submit(tx, pipelines->jobs, arena, &spec, error) != NULL;
}

/* Looking is a job of its own: reading a repository does not belong into a transaction. */
gboolean pipelines_look(Job *job, const Value **output, GError **error, void *data)
{
    Pipelines *pipelines = data;
    Arena *arena = job_arena(job);
    const Value *payload = job_payload(job), *push = value_get(payload, "push");
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    Trigger trigger = {.id = value_string(value_get(payload, "event"), job_id(job)),
                       .owner = value_string(value_get(push, "owner"), ""),
                       .name = value_string(value_get(push, "name"), ""),
                       .event = "push",
                       .ref = value_string(value_get(push, "ref"), ""),
                       .sha = value_string(value_get(push, "after"), ""),
                       .before = value_string(value_get(push, "before"), NULL),
                       .actor = value_string(value_get(payload, "actor"), NULL),
                       .cause = value_string(value_get(payload, "cause"), NULL),
                       .payload = pipelines_push_payload(pipelines, arena, push)};
    /* What somebody else proposed is not run with the repository's secrets and rights. */
    if (forge_may_push(pipelines->forge, arena, trigger.owner, trigger.name, trigger.actor,
                       trigger.cause) &&
        !pipelines_trigger(pipelines, arena, &trigger, ids, error))
        return FALSE;
    Value *found = value_object_new(arena), *runs = value_array_new(arena);
    for (guint i = 0; i < ids->len; i++)
        value_append(arena, runs, value_string_new(arena, ids->pdata[i]));
    value_set(arena, found, "runs", runs);
    *output = found;
    return TRUE;
}
