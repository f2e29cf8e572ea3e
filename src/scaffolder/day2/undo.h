/* Taking back what a task changed, in reverse order, as a durable job of its own. */
#pragma once
#include "scaffolder/actions/action.h"

#define SCAFFOLDER_UNDO "scaffolder.undo"

/* A remembered effect, and what its undo would be. */
typedef struct {
    const char *step, *action_id;
    int64_t position;
    Effect effect;
    int64_t undone_at;
    const char *failure;  /* why the last undo could not take it back; NULL */
    const Action *action; /* NULL: it is not registered any more */
    guint order;          /* of its step in the task */
} UndoEffect;

/* What would be taken back, const UndoEffect *, last first: without what was only read, and without
 * files and entities, which go with what they are part of. */
gboolean undo_effects(Scaffolder *scaffolder, Arena *arena, const char *task, GPtrArray *effects,
                      GError **error);

typedef struct {
    bool possible, gone;
    const char *will;    /* "Deletes the repository" */
    const char *warning; /* what is dangerous about it, or why it is not possible; NULL */
} UndoOutlook;
/* Looks how an effect stands now; changes nothing. */
void undo_look(Scaffolder *scaffolder, ActionRun *run, const UndoEffect *effect,
               UndoOutlook *outlook);

/* {items: [{step, action, operation, kind, ref, url, will, possible, warning, undoneAt, error}],
 * undoable, reason, confirm}: last first; confirm is the name to be said where something about it
 * is dangerous or the task succeeded, else null. */
const Value *undo_preview(Scaffolder *scaffolder, Arena *arena, const char *task, GError **error);
/* Submits the undo; the job's id. ERROR_CONFLICT where it cannot be undone now, ERROR_INPUT where
 * confirm is not what the preview asks for. */
const char *undo_submit(Scaffolder *scaffolder, Arena *arena, const char *task, const char *confirm,
                        const char *actor, GError **error);
/* Who may: who made the task, and who owns what it registered. NULL-terminated, in arena. */
const char *const *undo_owners(Scaffolder *scaffolder, Arena *arena, const char *task,
                               GError **error);
/* In the transaction in which a task failed, where its template wants that. */
gboolean undo_submit_in(DbConn *tx, Scaffolder *scaffolder, Arena *arena, const char *task,
                        const char *title, const char *actor, gboolean confirmed, GError **error);
/* In the transaction of a task's retry: refuses it where something was taken back, or is being. */
gboolean undo_allows_retry(DbConn *tx, const char *task, GError **error);

gboolean undo_run(Job *job, const Value **output, GError **error, void *scaffolder);
gboolean undo_ended(DbConn *tx, const char *job, const char *state, void *scaffolder,
                    GError **error);

/* A run of action on behalf of job (NULL: only to look), whose lines go under step. */
ActionRun undo_action_run(Scaffolder *scaffolder, Runner *runner, const Action *action,
                          const char *step, const char *intent_id);
