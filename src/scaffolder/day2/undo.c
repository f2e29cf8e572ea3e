/* What would be taken back, what that would mean, and who may ask for it. */
#include "scaffolder/day2/undo_store.h"
#include "scaffolder/scaffolder_internal.h"

#include "spine/clock.h"

/* ---- the effects, last first ---- */

static bool is_part(const Effect *effect)
{
    return g_str_equal(effect->kind, "file") || g_str_equal(effect->kind, "entity");
}

/* Files go with their repository, entities with their location. */
static bool goes_with_another(const UndoEffect *part, const GPtrArray *all)
{
    for (guint i = 0; is_part(&part->effect) && i < all->len; i++) {
        const UndoEffect *other = g_ptr_array_index(all, i);

        if (g_str_equal(other->step, part->step) && !is_part(&other->effect) &&
            !g_str_equal(other->effect.operation, "read"))
            return true;
    }
    return false;
}

static guint order_of(const Value *steps, const char *id)
{
    for (guint i = 0; i < value_count(steps); i++)
        if (g_str_equal(value_path_string(value_item(steps, i), "id", ""), id))
            return i;
    return 0;
}

static int last_first(gconstpointer a, gconstpointer b)
{
    const UndoEffect *first = *(const UndoEffect *const *)a,
                     *second = *(const UndoEffect *const *)b;

    if (first->order != second->order)
        return first->order < second->order ? 1 : -1;
    return first->position < second->position ? 1 : first->position > second->position ? -1 : 0;
}

gboolean undo_effects(Scaffolder *scaffolder, Arena *arena, const char *task, GPtrArray *effects,
                      GError **error)
{
    DbConn *conn = db_reader(scaffolder->db);
    const Value *job = jobs_get(conn, arena, task, error);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    if (!job || !undo_store_effects(conn, arena, task, all, error))
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        UndoEffect *effect = g_ptr_array_index(all, i);

        if (g_str_equal(effect->effect.operation, "read") || goes_with_another(effect, all))
            continue;
        effect->action = actions_find(scaffolder, effect->action_id);
        effect->order = order_of(value_get(job, "steps"), effect->step);
        g_ptr_array_add(effects, effect);
    }
    g_ptr_array_sort(effects, last_first);
    return TRUE;
}

/* ---- how one stands ---- */

ActionRun undo_action_run(Scaffolder *scaffolder, Runner *runner, const Action *action,
                          const char *step, const char *intent_id)
{
    return (ActionRun){.scaffolder = scaffolder,
                       .runner = runner,
                       .action = action,
                       .job = runner->job,
                       .arena = runner->arena,
                       .dry = !runner->job,
                       .step = step,
                       .name = step,
                       .step_id = step,
                       .intent_id = intent_id,
                       .fresh = true,
                       .workspace = runner->workspace};
}

void undo_look(Scaffolder *scaffolder, ActionRun *run, const UndoEffect *effect,
               UndoOutlook *outlook)
{
    const Action *action = effect->action;
    g_autoptr(GError) why = NULL;

    *outlook = (UndoOutlook){.will = "Stays"};
    if (!action || !action->undo) {
        outlook->warning =
            action ? "This action has no way back" : "The action is not registered any more";
        return;
    }
    if (action->undo_check) {
        if (!action->undo_check(run, &effect->effect, &outlook->warning, &outlook->gone, &why)) {
            outlook->warning = arena_strdup(run->arena, why->message);
            return;
        }
    } else if (!g_str_equal(effect->effect.operation, "create") &&
               !value_get(effect->effect.detail, "undo")) {
        outlook->warning = "It changed what was there before, and what that was is not remembered";
        return;
    }
    outlook->possible = true;
    outlook->will = outlook->gone       ? "Gone already"
                    : action->undo_text ? action->undo_text
                                        : "Takes it back";
}

/* ---- the preview ---- */

typedef struct {
    bool left;      /* something can be taken back */
    bool dangerous; /* … but somebody should think about it first */
} Summary;

static const Value *show(Arena *arena, const UndoEffect *effect, const UndoOutlook *outlook)
{
    const Effect *what = &effect->effect;
    Value *item = value_object_new(arena);

    value_set_string(arena, item, "step", effect->step);
    value_set_string(arena, item, "action", effect->action_id);
    value_set_string(arena, item, "operation", what->operation);
    value_set_string(arena, item, "kind", what->kind);
    value_set_string(arena, item, "ref", what->ref);
    value_set_string(arena, item, "url", what->url);
    value_set_string(arena, item, "will", outlook->will);
    value_set_bool(arena, item, "possible", outlook->possible);
    value_set_string(arena, item, "warning", outlook->warning);
    if (effect->undone_at > 0)
        value_set(arena, item, "undoneAt", clock_value(arena, effect->undone_at));
    value_set_string(arena, item, "error", effect->failure);
    return item;
}

static const Value *show_all(Scaffolder *scaffolder, Arena *arena, const GPtrArray *effects,
                             Summary *summary)
{
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    Runner runner = {.scaffolder = scaffolder, .arena = arena, .masker = masker, .log = lines};
    Value *items = value_array_new(arena);

    for (guint i = 0; i < effects->len; i++) {
        const UndoEffect *effect = g_ptr_array_index(effects, i);
        ActionRun run = undo_action_run(scaffolder, &runner, effect->action, effect->step, "");
        UndoOutlook outlook = {.will = "Was taken back", .possible = true, .gone = true};

        if (effect->undone_at == 0) {
            undo_look(scaffolder, &run, effect, &outlook);
            summary->left = summary->left || outlook.possible;
            summary->dangerous = summary->dangerous || (outlook.possible && outlook.warning);
        }
        value_append(arena, items, show(arena, effect, &outlook));
    }
    return items;
}

/* What people call what was made. */
static const char *name_of(const GPtrArray *effects, const char *task)
{
    static const char *const kinds[] = {"repository", "workspace", "entity"};

    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (guint i = 0; i < effects->len; i++) {
            const Effect *effect = &((const UndoEffect *)g_ptr_array_index(effects, i))->effect;
            const char *slash = strrchr(effect->ref, '/');

            if (g_str_equal(effect->kind, kinds[k]))
                return slash ? slash + 1 : effect->ref;
        }
    return task;
}

/* NULL: nothing is in the way. */
static const char *obstacle(Scaffolder *scaffolder, Arena *arena, const Value *task, bool any,
                            bool left)
{
    const char *status = value_path_string(task, "status", "");
    const char *subject = arena_printf(arena, "task:%s", value_path_string(task, "id", ""));
    DbConn *conn = db_reader(scaffolder->db);
    const Value *undos = jobs_list(conn, arena, SCAFFOLDER_UNDO, subject, NULL, 1, 0, NULL);
    const char *undo = value_path_string(value_item(undos, 0), "state", "");

    if (g_str_equal(status, "open") || g_str_equal(status, "processing"))
        return "The task is not over: cancel it first";
    if (g_str_equal(undo, "queued") || g_str_equal(undo, "running") || g_str_equal(undo, "waiting"))
        return "It is being undone";
    if (!any)
        return "It changed nothing outside of its workspace";
    return left ? NULL : "Nothing of it can be taken back";
}

static bool was_interrupted(const Value *job)
{
    const Value *steps = value_get(job, "steps");

    for (guint i = 0; i < value_count(steps); i++)
        if (g_str_equal(value_path_string(value_item(steps, i), "state", ""), "interrupted"))
            return true;
    return false;
}

const Value *undo_preview(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error)
{
    const Value *task = task_get(scaffolder, arena, id, error);
    g_autoptr(GPtrArray) effects = g_ptr_array_new();
    Value *reply = value_object_new(arena);
    Summary summary = {0};

    if (!task || !undo_effects(scaffolder, arena, id, effects, error))
        return NULL;
    const Value *items = show_all(scaffolder, arena, effects, &summary);
    const char *reason = obstacle(scaffolder, arena, task, effects->len > 0, summary.left);
    bool asks =
        summary.dangerous || g_str_equal(value_path_string(task, "status", ""), "completed");

    value_set(arena, reply, "items", items);
    value_set_bool(arena, reply, "undoable", !reason);
    if (!reason && was_interrupted(jobs_get(db_reader(scaffolder->db), arena, id, NULL)))
        reason = "A step was interrupted: what it may have done since is not remembered";
    value_set_string(arena, reply, "reason", reason);
    value_set_nullable(arena, reply, "confirm", asks ? name_of(effects, id) : NULL);
    return reply;
}

/* ---- asking for it ---- */

const char *const *undo_owners(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error)
{
    const Value *task = task_get(scaffolder, arena, id, error);
    g_autoptr(GPtrArray) effects = g_ptr_array_new(), owners = g_ptr_array_new();

    if (!task || !undo_store_effects(db_reader(scaffolder->db), arena, id, effects, error))
        return NULL;
    g_ptr_array_add(owners, (char *)value_path_string(task, "createdBy", ""));
    for (guint i = 0; i < effects->len; i++) {
        const Effect *effect = &((const UndoEffect *)g_ptr_array_index(effects, i))->effect;
        const char *const *found = g_str_equal(effect->kind, "entity")
                                       ? catalog_owners(scaffolder->catalog, arena, effect->ref)
                                       : NULL;

        for (guint k = 0; found && found[k]; k++)
            g_ptr_array_add(owners, (char *)found[k]);
    }
    const char **all = arena_new0(arena, const char *, owners->len + 1);

    for (guint i = 0; i < owners->len; i++)
        all[i] = g_ptr_array_index(owners, i);
    return all;
}

gboolean undo_submit_in(DbConn *tx, Scaffolder *scaffolder, Arena *arena, const char *task,
                        const char *title, const char *actor, gboolean confirmed, GError **error)
{
    Value *payload = value_object_new(arena);
    const char *subject = arena_printf(arena, "task:%s", task);
    JobSpec spec = {.kind = SCAFFOLDER_UNDO,
                    .subject = subject,
                    .title = arena_printf(arena, "Undo %s", title ? title : task),
                    .actor = actor,
                    .cause = task,
                    .queue_key = subject,
                    .payload = payload};

    value_set_string(arena, payload, "taskId", task);
    value_set_bool(arena, payload, "confirmed", confirmed);
    const char *id = jobs_submit(tx, scaffolder->jobs, arena, &spec, error);

    if (!id)
        return FALSE;
    value_set_string(arena, payload, "undoId", id);
    events_append(tx, &(Event){.type = "dev.pave.scaffolder.undo.requested",
                               .source = "/pave/scaffolder",
                               .subject = subject,
                               .actor = actor,
                               .cause = task,
                               .payload = payload});
    return TRUE;
}

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const char *task, *title, *actor;
    const char *subject;
    bool confirmed; /* the preview asked for a name, and got it */
} Submission;

static gboolean write_submission(DbConn *tx, void *data, GError **error)
{
    const Submission *submission = data;
    const Value *others =
        jobs_list(tx, submission->arena, SCAFFOLDER_UNDO, submission->subject, NULL, 1, 0, error);
    const char *state = value_path_string(value_item(others, 0), "state", "");

    if (!others)
        return FALSE;
    if (g_str_equal(state, "queued") || g_str_equal(state, "running")) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "It is being undone");
        return FALSE;
    }
    return undo_submit_in(tx, submission->scaffolder, submission->arena, submission->task,
                          submission->title, submission->actor, submission->confirmed, error);
}

const char *undo_submit(Scaffolder *scaffolder, Arena *arena, const char *task, const char *confirm,
                        const char *actor, GError **error)
{
    const Value *preview = undo_preview(scaffolder, arena, task, error);
    const char *wanted = value_path_string(preview, "confirm", NULL);
    Submission submission = {.scaffolder = scaffolder,
                             .arena = arena,
                             .task = task,
                             .actor = actor,
                             .confirmed = wanted != NULL,
                             .subject = arena_printf(arena, "task:%s", task)};

    if (!preview)
        return NULL;
    if (!value_bool(value_get(preview, "undoable"), false)) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s",
                    value_path_string(preview, "reason", "It cannot be undone"));
        return NULL;
    }
    if (wanted && g_strcmp0(wanted, confirm) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "This takes back more than a failed run: say {\"confirm\": \"%s\"} if you mean "
                    "it",
                    wanted);
        return NULL;
    }
    const Value *job = jobs_get(db_reader(scaffolder->db), arena, task, error);

    submission.title = value_path_string(job, "title", NULL);
    if (!job || !db_write(scaffolder->db, write_submission, &submission, NULL, error))
        return NULL;
    const Value *made = jobs_list(db_reader(scaffolder->db), arena, SCAFFOLDER_UNDO,
                                  submission.subject, NULL, 1, 0, error);

    return made ? value_path_string(value_item(made, 0), "id", "") : NULL;
}

gboolean undo_allows_retry(DbConn *tx, const char *task, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const char *subject = arena_printf(arena, "task:%s", task);
    const Value *undos = jobs_list(tx, arena, SCAFFOLDER_UNDO, subject, NULL, 1, 0, error);
    const char *state = value_path_string(value_item(undos, 0), "state", "");
    gboolean any;

    if (!undos || !undo_store_any_undone(tx, task, &any, error))
        return FALSE;
    if (any || g_str_equal(state, "queued") || g_str_equal(state, "running")) {
        g_set_error(
            error, PAVE_ERROR, ERROR_CONFLICT,
            "What the task made %s taken back: a retry would go on without it. Start it anew",
            any ? "was" : "is being");
        return FALSE;
    }
    return TRUE;
}
