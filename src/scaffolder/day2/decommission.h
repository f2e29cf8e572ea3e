/* The reverse of creating: what belongs to an entity stops, is destroyed, archived and
 * unregistered, once its owners agree. */
#pragma once
#include "formats/value.h"
#include "spine/access.h"
#include "spine/jobs.h"

#define SCAFFOLDER_DECOMMISSION "scaffolder.decommission"

typedef struct Scaffolder Scaffolder;

/* {entity, name, owner, dependants: [{ref, relation}], items: [{kind, ref, url, will, reason,
 * warning}], blocked}: items in the order in which they go; will is "stop", "destroy", "delete",
 * "archive", "unregister" or "keep"; blocked says why it may not be, else it is null. */
const Value *decommission_preview(Scaffolder *scaffolder, Arena *arena, const char *entity,
                                  const Principal *principal, GError **error);

typedef struct {
    const char *entity, *reason;
    const char *confirm; /* the entity's name */
    gboolean force;      /* although others need it */
    const Principal *principal;
} DecommissionRequest;
/* Submits it; the id. Who does not own the entity asks: the job waits for its owners. ERROR_INPUT
 * without a reason or the name, ERROR_CONFLICT where it is blocked or under way. */
const char *decommission_submit(Scaffolder *scaffolder, Arena *arena,
                                const DecommissionRequest *request, GError **error);
/* {id, entity, state, reason, actor, force, createdAt, endedAt, items: [… with state: "pending",
 * "running", "done", "failed" or "kept", and error], kept: [those that stay], error, waitingFor,
 * jobId}; ERROR_NOT_FOUND. */
const Value *decommission_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error);
/* The same, newest first. entity may be NULL. */
const Value *decommission_list(Scaffolder *scaffolder, Arena *arena, const char *entity,
                               guint limit, GError **error);

gboolean decommission_run(Job *job, const Value **output, GError **error, void *scaffolder);
gboolean decommission_ended(DbConn *tx, const char *job, const char *state, void *scaffolder,
                            GError **error);

/* The id of the step in which an item goes. */
const char *decommission_step(Arena *arena, const Value *item);
/* Who needs it: [{ref, relation}]. */
const Value *decommission_dependants(Scaffolder *scaffolder, Arena *arena, const Value *entity);
/* What belongs to it, as in the preview. What is kept because principal may not take it away, or
 * because it is more than the entity's, has foreign: true. */
const Value *decommission_items(Scaffolder *scaffolder, Arena *arena, const char *ref,
                                const Value *entity, const Principal *principal, GError **error);
