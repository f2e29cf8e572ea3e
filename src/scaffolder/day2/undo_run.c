/* The job that takes back: a durable step for each effect. What cannot be taken back is said and
 * kept, and the others go on; a retry tries those again. */
#include "scaffolder/day2/undo_store.h"
#include "scaffolder/scaffolder_internal.h"

typedef struct {
    Scaffolder *scaffolder;
    Job *job;
    Runner runner;
    const char *task;
    bool confirmed;
    guint undone, failed;
    GString *why;
} Undo;

typedef struct {
    const Undo *undo;
    const UndoEffect *effect;
    const char *failure;
} Mark;

static gboolean write_mark(DbConn *tx, void *data, GError **error)
{
    const Mark *mark = data;

    return undo_store_mark(tx, mark->undo->task, mark->effect, mark->failure, error);
}

static gboolean mark(Undo *undo, const UndoEffect *effect, const char *failure, GError **error)
{
    Mark data = {undo, effect, failure};

    return job_write(undo->job, write_mark, &data, error);
}

/* ---- one effect ---- */

static gboolean take_back(Undo *undo, const UndoEffect *effect, ActionRun *run, GError **error)
{
    UndoOutlook outlook;

    undo_look(undo->scaffolder, run, effect, &outlook);
    if (!outlook.possible) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s", outlook.warning);
        return FALSE;
    }
    if (outlook.gone) {
        action_log(run, "info", "%s is gone already", effect->effect.ref);
        return TRUE;
    }
    if (outlook.warning && !undo->confirmed) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s; undo it with a confirmation",
                    outlook.warning);
        return FALSE;
    }
    if (outlook.warning)
        action_log(run, "warning", "%s", outlook.warning);
    return effect->action->undo(run, &effect->effect, error);
}

static gboolean could_not(Undo *undo, const UndoEffect *effect, const char *step,
                          const GError *failure, GError **error)
{
    g_autofree char *message =
        masker_mask(undo->runner.masker, failure->message, strlen(failure->message));

    job_print(undo->job, step, "error", "%s stays: %s", effect->effect.ref, message);
    g_string_append_printf(undo->why, "%s%s %s: %s", undo->failed++ > 0 ? "; " : "",
                           effect->effect.kind, effect->effect.ref, message);
    return job_step_fail(undo->job, step, failure, error) && mark(undo, effect, message, error);
}

static const char *title_of(Arena *arena, const UndoEffect *effect)
{
    const char *text = effect->action ? effect->action->undo_text : NULL;

    return arena_printf(arena, "%s: %s", text ? text : effect->effect.kind, effect->effect.ref);
}

static gboolean undo_one(Undo *undo, const UndoEffect *effect, GError **error)
{
    Arena *arena = undo->runner.arena;
    const char *id =
        arena_printf(arena, "%s %s %s", effect->step, effect->effect.kind, effect->effect.ref);
    const char *name = title_of(arena, effect);
    g_autoptr(GError) failure = NULL;
    JobStep step;

    if (!job_step_open(undo->job, id, name, RECOVERY_REPEAT, &step, error))
        return FALSE;
    if (step.state == STEP_DONE)
        return mark(undo, effect, NULL, error);
    ActionRun run =
        undo_action_run(undo->scaffolder, &undo->runner, effect->action, id, step.intent_id);

    run.fresh = step.state == STEP_FRESH;
    action_log(&run, "info", "%s", name);
    if (take_back(undo, effect, &run, &failure)) {
        undo->undone++;
        return job_step_finish(undo->job, id, NULL, NULL, error) && mark(undo, effect, NULL, error);
    }
    if (!g_error_matches(failure, PAVE_ERROR, ERROR_CANCELLED))
        return could_not(undo, effect, id, failure, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* ---- all of them ---- */

/* A task that was retried meanwhile is not what was to be undone. */
static gboolean check_task(Undo *undo, GError **error)
{
    const Value *task = task_get(undo->scaffolder, undo->runner.arena, undo->task, error);
    const char *status = value_path_string(task, "status", "");

    if (!task)
        return FALSE;
    if (g_str_equal(status, "failed") || g_str_equal(status, "cancelled") ||
        (g_str_equal(status, "completed") && undo->confirmed))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "The task is %s by now", status);
    return FALSE;
}

static gboolean undo_all(Undo *undo, const GPtrArray *effects, GError **error)
{
    for (guint i = 0; i < effects->len; i++) {
        const UndoEffect *effect = g_ptr_array_index(effects, i);

        if (effect->undone_at > 0)
            continue;
        if (job_cancelled(undo->job)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the undo was stopped");
            return FALSE;
        }
        if (!undo_one(undo, effect, error))
            return FALSE;
    }
    if (undo->failed == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%u of %u could not be taken back: %s",
                undo->failed, undo->failed + undo->undone, undo->why->str);
    return FALSE;
}

gboolean undo_run(Job *job, const Value **output, GError **error, void *data)
{
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) effects = g_ptr_array_new();
    g_autoptr(GString) why = g_string_new(NULL);
    Arena *arena = job_arena(job);
    Undo undo = {.scaffolder = data,
                 .job = job,
                 .task = value_path_string(job_payload(job), "taskId", ""),
                 .confirmed = value_bool(value_get(job_payload(job), "confirmed"), false),
                 .why = why};

    undo.runner = (Runner){.scaffolder = data,
                           .job = job,
                           .arena = arena,
                           .task_id = job_id(job),
                           .actor = job_actor(job),
                           .folder = job_folder(job),
                           .workspace = arena_printf(arena, "%s/workspace", job_folder(job)),
                           .masker = masker};
    g_mkdir_with_parents(undo.runner.workspace, 0755);
    if (!check_task(&undo, error) ||
        !undo_effects(undo.scaffolder, arena, undo.task, effects, error) ||
        !undo_all(&undo, effects, error))
        return FALSE;
    Value *result = value_object_new(arena);

    value_set_int(arena, result, "undone", undo.undone);
    *output = result;
    return TRUE;
}

gboolean undo_ended(DbConn *tx, const char *job, const char *state, void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const Value *shown = jobs_get(tx, arena, job, error);
    Value *payload = value_object_new(arena);

    if (!shown)
        return FALSE;
    value_set(arena, payload, "taskId", value_path(shown, "payload.taskId"));
    value_set_string(arena, payload, "undoId", job);
    if (value_is(value_get(shown, "error"), VALUE_OBJECT))
        value_set(arena, payload, "error", value_get(shown, "error"));
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.scaffolder.undo.%s", state),
                               .source = "/pave/scaffolder",
                               .subject = value_path_string(shown, "subject", NULL),
                               .actor = value_path_string(shown, "actor", NULL),
                               .cause = job,
                               .payload = payload});
    return TRUE;
}
