/* What is to change, by what was read and what is there. */
#include "catalog/reading/ingest_internal.h"
#include "formats/json.h"
#include <string.h>

#define ORPHAN "backstage.io/orphan"

/* ---- conflicts ---- */

static void blame_conflict(Plan *plan, const Emission *emission, const char *other)
{
    Arena *arena = plan->changes->arena;
    Value *status = value_array_new(arena);
    const char *message = arena_printf(arena, "%s at %s is already defined by %s", emission->ref,
                                       emission->source, other);

    status_add(arena, status,
               &(Fault){"ConflictError", message, strchr(emission->source, ':') + 1, emission->line,
                        emission->line ? 1 : 0});
    reading_blame(plan->ingest->reading, emission->parent, status);
    reading_forget(plan->ingest->reading, emission->source);
}

static gboolean is_orphan(const CatalogRow *row)
{
    const Value *annotations = value_path(row->entity, "metadata.annotations");

    return g_strcmp0(value_string(value_get(annotations, ORPHAN), NULL), "true") == 0;
}

/* Two sources may name one entity: the first keeps it. FALSE: another has it. */
static gboolean is_ours(Plan *plan, const Emission *emission, const Standing *standing,
                        const CatalogRow **old)
{
    Reading *reading = plan->ingest->reading;

    if (!standing->uid || g_str_equal(standing->source, emission->source))
        return TRUE;
    if (g_str_equal(standing->location_id, plan->ingest->location->id)) {
        /* Only who reads all of the location knows which of its sources have it. */
        if (plan->ingest->beside)
            return FALSE;
        if (reading_keeps(reading, standing->source)) {
            blame_conflict(plan, emission, standing->source);
            return FALSE;
        }
        /* Should it name the entity again, it is read again. */
        reading_forget(reading, standing->source);
        return TRUE;
    }
    *old = store_row(plan->conn, plan->changes->arena, emission->ref, NULL);
    if (*old && is_orphan(*old))
        return TRUE;
    blame_conflict(plan, emission, standing->source);
    return FALSE;
}

/* ---- what was emitted ---- */

static gboolean same_status(const Value *status, const char *text)
{
    g_autofree char *now = value_count(status) > 0 ? json_to_string(status, JSON_COMPACT) : NULL;

    return g_strcmp0(now, text) == 0;
}

static gboolean is_unchanged(const CatalogRow *row, const CatalogRow *old)
{
    return g_strcmp0(row->parent, old->parent) == 0 && g_str_equal(row->source, old->source) &&
           g_str_equal(row->location_id, old->location_id) &&
           value_equal(row->entity, old->entity) &&
           value_count(row->status) == value_count(old->status) &&
           (value_count(row->status) == 0 || value_equal(row->status, old->status));
}

/* Puts row in the place of old, unless it says the same. */
static void plan_update(Plan *plan, CatalogRow *row, const CatalogRow *old, const char *revision)
{
    if (is_unchanged(row, old)) {
        if (row->line != old->line)
            changes_add(plan->changes, CHANGE_MOVED, row, old);
        return;
    }
    history_succeed(row, old, plan->ingest->actor, revision);
    changes_add(plan->changes, CHANGE_UPDATED, row, old);
}

static CatalogRow row_of(Plan *plan, const Emission *emission, const char *uid)
{
    return (CatalogRow){.ref = emission->ref,
                        .uid = uid,
                        .parent = emission->parent,
                        .location_id = plan->ingest->location->id,
                        .source = emission->source,
                        .entity = emission->entity,
                        .text = emission->text,
                        .line = emission->line,
                        .status = value_count(emission->status) ? emission->status : NULL};
}

static void plan_creation(Plan *plan, const Emission *emission)
{
    g_autofree char *id = clock_new_id();
    CatalogRow row = row_of(plan, emission, arena_strdup(plan->changes->arena, id));

    history_succeed(&row, NULL, plan->ingest->actor, emission->revision);
    changes_add(plan->changes, CHANGE_CREATED, &row, NULL);
}

static gboolean load_old(Plan *plan, const char *ref, const CatalogRow **old)
{
    g_autoptr(GError) reason = NULL;

    if (!*old)
        *old = store_row(plan->conn, plan->changes->arena, ref, &reason);
    if (*old)
        return TRUE;
    if (reason)
        g_propagate_error(plan->error, g_steal_pointer(&reason));
    else
        g_set_error(plan->error, PAVE_ERROR, ERROR_CONFLICT, "%s was removed meanwhile", ref);
    return FALSE;
}

/* What is not valid and never was has no entity to show its reason on: its parent shows it. */
static gboolean plan_refused(Plan *plan, const Emission *emission, const Standing *standing)
{
    const CatalogRow *old = NULL;
    CatalogRow row;

    if (!standing->uid || !g_str_equal(standing->location_id, plan->ingest->location->id)) {
        reading_blame(plan->ingest->reading, emission->parent, emission->status);
        return TRUE;
    }
    if (!load_old(plan, emission->ref, &old))
        return FALSE;
    row = row_of(plan, emission, old->uid);
    row.entity = old->entity;
    row.text = NULL;
    plan_update(plan, &row, old, emission->revision);
    return TRUE;
}

static gboolean is_as_it_stands(const Emission *emission, const Standing *standing)
{
    return standing->uid && standing->same_text && standing->line == emission->line &&
           g_strcmp0(standing->parent, emission->parent) == 0 &&
           g_str_equal(standing->source, emission->source) &&
           same_status(emission->status, standing->status);
}

static gboolean was_read_beside(const Ingest *ingest, const char *source)
{
    return !ingest->beside &&
           commits_was_read_beside(ingest->catalog, ingest->location->id, source);
}

gboolean plan_emission(Plan *plan, const Emission *emission)
{
    const CatalogRow *old = NULL;
    Standing standing;
    CatalogRow row;

    if (was_read_beside(plan->ingest, emission->source)) {
        reading_forget(plan->ingest->reading, emission->source);
        return TRUE;
    }
    if (!store_standing(plan->conn, plan->changes->arena, emission->ref, emission->text, &standing,
                        plan->error))
        return FALSE;
    if (!emission->entity)
        return plan_refused(plan, emission, &standing);
    if (!is_ours(plan, emission, &standing, &old) || is_as_it_stands(emission, &standing))
        return TRUE;
    if (!standing.uid) {
        plan_creation(plan, emission);
        return TRUE;
    }
    if (!load_old(plan, emission->ref, &old))
        return FALSE;
    row = row_of(plan, emission, old->uid);
    plan_update(plan, &row, old, emission->revision);
    return TRUE;
}

/* ---- what was not emitted ---- */

/* Whether something that was not named this time stays: its file could not be read, or what named
 * it is itself only there in an earlier version. */
static gboolean stays(Plan *plan, const char *source, const char *parent, int depth)
{
    const Reading *reading = plan->ingest->reading;
    Standing above;

    if (reading_failure(reading, source))
        return TRUE;
    if (!parent || depth >= 32)
        return FALSE;
    if (reading_has(reading, parent))
        return reading_refused(reading, parent);
    return store_standing(plan->conn, plan->changes->arena, parent, NULL, &above, NULL) &&
           above.uid && stays(plan, above.source, above.parent, depth + 1);
}

/* Its file cannot be read any more, which its readers learn on it. */
static void plan_staying(Plan *plan, const CatalogRow *old)
{
    const Value *why = reading_failure(plan->ingest->reading, old->source);
    CatalogRow row = *old;

    if (value_count(why) == 0)
        return;
    row.status = why;
    plan_update(plan, &row, old, old->revision);
}

/* Nothing names it any more, and it is kept all the same. */
static void plan_orphan(Plan *plan, const CatalogRow *old)
{
    Arena *arena = plan->changes->arena;
    const Value *metadata = value_get(old->entity, "metadata");
    const Value *written = value_get(metadata, "annotations");
    Value *annotations = written ? value_clone_shallow(arena, written) : value_object_new(arena);
    Value *with = value_clone_shallow(arena, metadata);
    Value *entity = value_clone_shallow(arena, old->entity);
    CatalogRow row = *old;

    value_set_string(arena, annotations, ORPHAN, "true");
    value_set(arena, with, "annotations", annotations);
    value_set(arena, entity, "metadata", with);
    row.entity = entity;
    row.parent = NULL;
    row.status = NULL;
    plan_update(plan, &row, old, old->revision);
}

static gboolean plan_unnamed(Plan *plan, const char *ref, const char *source, const char *parent)
{
    const char *strategy =
        config_string(plan->ingest->catalog->config, "catalog.orphanStrategy", "delete");
    const CatalogRow *old = NULL;

    if (!load_old(plan, ref, &old))
        return FALSE;
    if (stays(plan, source, parent, 0))
        plan_staying(plan, old);
    else if (g_str_equal(strategy, "keep"))
        plan_orphan(plan, old);
    else
        changes_add(plan->changes, CHANGE_DELETED, old, old);
    return TRUE;
}

gboolean plan_source(Plan *plan, const char *source)
{
    g_autoptr(GPtrArray) refs = g_ptr_array_new();

    if (was_read_beside(plan->ingest, source))
        return TRUE;
    if (!store_refs_of_source(plan->conn, plan->changes->arena, plan->ingest->location->id, source,
                              refs, plan->error))
        return FALSE;
    for (guint i = 0; i < refs->len; i += 2)
        if (!reading_has(plan->ingest->reading, refs->pdata[i]) &&
            !plan_unnamed(plan, refs->pdata[i], source, refs->pdata[i + 1]))
            return FALSE;
    return TRUE;
}
