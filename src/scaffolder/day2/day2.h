/* What was made, and what becomes of it afterwards. */
#pragma once
#include "scaffolder/running/running.h"

/* ---- provenance ---- */

/* The newest task that made what kind and ref name and did not take it back: whether it made the
 * other too. host and location may be NULL, else the first is of that host, and the task registered
 * that location. undone: the other was taken back by then. */
typedef struct {
    const char *kind, *ref, *host;
    const char *other_kind, *other_ref;
    const char *location;
    bool undone;
} ProvenancePair;
bool provenance_made_both(Scaffolder *scaffolder, const ProvenancePair *pair);

gboolean provenance_begin(Runner *runner, const Value *parameters, GError **error);
/* Remembers effects (const Effect *) of a durable step, in their order. */
gboolean provenance_add(Runner *runner, const char *step, const char *action, GPtrArray *effects,
                        GError **error);
/* The checkpoint of a durable step, with its effects (const Effect *) in their order. */
gboolean provenance_finish_step(Runner *runner, const char *step, const char *action,
                                GPtrArray *effects, const Value *output, GError **error);
/* [{id, taskId, template, templateVersion, inputs, actor, createdAt, objects: [{type, ref, url,
 * detail, operation, step, action}]}], newest first. kind and ref may be NULL. */
const Value *provenance_list(Scaffolder *scaffolder, Arena *arena, const char *kind,
                             const char *ref, guint limit, GError **error);
