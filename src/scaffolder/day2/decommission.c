/* Asking for a decommission, and showing it. It is a job: what was to go is in its payload, what
 * became of that in its steps. */
#include "scaffolder/scaffolder_internal.h"

#include "spine/clock.h"

enum { REASON_BYTES_MAX = 2000 };

static const char *name_of(const char *ref)
{
    return strrchr(ref, '/') + 1;
}

static const char *blocked_by(Arena *arena, const Value *dependants)
{
    guint count = value_count(dependants);

    return count == 0   ? NULL
           : count == 1 ? arena_printf(arena, "%s needs it",
                                       value_path_string(value_item(dependants, 0), "ref", ""))
                        : arena_printf(arena, "%u others need it", count);
}

const Value *decommission_preview(Scaffolder *scaffolder, Arena *arena, const char *text,
                                  const Principal *principal, GError **error)
{
    const char *ref = catalog_ref(arena, text ? text : "", "component", "default", error);
    const Value *entity = ref ? catalog_get(scaffolder->catalog, arena, ref, error) : NULL;
    const Value *items =
        entity ? decommission_items(scaffolder, arena, ref, entity, principal, error) : NULL;
    Value *reply = value_object_new(arena);

    if (!items)
        return NULL;
    const Value *dependants = decommission_dependants(scaffolder, arena, entity);
    const char *const *owners = catalog_owners(scaffolder->catalog, arena, ref);

    value_set_string(arena, reply, "entity", ref);
    value_set_string(arena, reply, "name", name_of(ref));
    value_set_nullable(arena, reply, "owner", owners ? owners[0] : NULL);
    value_set(arena, reply, "dependants", dependants);
    value_set(arena, reply, "items", items);
    value_set_nullable(arena, reply, "blocked", blocked_by(arena, dependants));
    return reply;
}

/* ---- asking for it ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    JobSpec job;
    const char *id;
} Submission;

static gboolean write_submission(DbConn *tx, void *data, GError **error)
{
    Submission *submission = data;
    const JobSpec *job = &submission->job;
    const Value *others =
        jobs_list(tx, submission->arena, job->kind, job->subject, NULL, 1, 0, error);
    const char *state = value_path_string(value_item(others, 0), "state", "");

    if (!others)
        return FALSE;
    if (g_str_equal(state, "queued") || g_str_equal(state, "running") ||
        g_str_equal(state, "waiting")) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "it is being decommissioned: %s",
                    value_path_string(value_item(others, 0), "id", ""));
        return FALSE;
    }
    submission->id = jobs_submit(tx, submission->scaffolder->jobs, submission->arena, job, error);
    if (!submission->id)
        return FALSE;
    events_append(tx, &(Event){.type = "dev.pave.scaffolder.decommission.requested",
                               .source = "/pave/scaffolder",
                               .subject = job->subject,
                               .actor = job->actor,
                               .cause = submission->id,
                               .payload = job->payload});
    return TRUE;
}

static gboolean check(const DecommissionRequest *request, const Value *preview, GError **error)
{
    const char *blocked = value_path_string(preview, "blocked", NULL);
    const char *name = value_path_string(preview, "name", "");

    if (!request->reason || !*request->reason || strlen(request->reason) > REASON_BYTES_MAX)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "a decommission needs a reason of at most %d "
                    "bytes",
                    REASON_BYTES_MAX);
    else if (g_strcmp0(request->confirm, name) != 0)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "say {\"confirm\": \"%s\"} if you mean it",
                    name);
    else if (blocked && !request->force)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "%s: change that first, or say {\"force\": true}", blocked);
    else
        return TRUE;
    return FALSE;
}

/* Whoever is no owner asks them; what nobody owns is an administrator's. */
static gboolean must_ask(const Principal *principal, const char *const *owners, gboolean *ask,
                         GError **error)
{
    g_autoptr(GError) refused = NULL;
    const char *const nobody[] = {"group:default/administrators", NULL};
    bool owned = owners && owners[0];

    *ask = !access_check(principal, "scaffolder.decommission.create", owned ? owners : nobody,
                         &refused);
    if (!*ask || (owned && principal_kind(principal) == PRINCIPAL_USER &&
                  access_check(principal, "scaffolder.decommission.create", NULL, NULL)))
        return TRUE;
    if (owned)
        g_propagate_error(error, g_steal_pointer(&refused));
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "nobody owns it: only an administrator may decommission it");
    return FALSE;
}

const char *decommission_submit(Scaffolder *scaffolder, Arena *arena,
                                const DecommissionRequest *request, GError **error)
{
    const Value *preview =
        decommission_preview(scaffolder, arena, request->entity, request->principal, error);
    const char *ref = value_path_string(preview, "entity", "");
    gboolean ask = FALSE;

    if (!preview ||
        !must_ask(request->principal, catalog_owners(scaffolder->catalog, arena, ref), &ask,
                  error) ||
        !check(request, preview, error))
        return NULL;
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "entity", ref);
    value_set_string(arena, payload, "reason", request->reason);
    value_set_bool(arena, payload, "force", request->force);
    value_set_bool(arena, payload, "ask", ask);
    value_set_bool(arena, payload, "admin", principal_has_role(request->principal, "admin"));
    value_set(arena, payload, "items", value_get(preview, "items"));
    Submission submission = {.scaffolder = scaffolder,
                             .arena = arena,
                             .job = {.kind = SCAFFOLDER_DECOMMISSION,
                                     .subject = ref,
                                     .title = arena_printf(arena, "Decommission %s", name_of(ref)),
                                     .actor = principal_name(request->principal),
                                     .queue_key = arena_printf(arena, "decommission:%s", ref),
                                     .payload = payload}};

    return db_write(scaffolder->db, write_submission, &submission, NULL, error) ? submission.id
                                                                                : NULL;
}

/* ---- showing ---- */

static const Value *step_of(const Value *job, const char *id)
{
    const Value *steps = value_get(job, "steps");

    for (guint i = 0; i < value_count(steps); i++)
        if (g_str_equal(value_path_string(value_item(steps, i), "id", ""), id))
            return value_item(steps, i);
    return NULL;
}

static const char *state_of(const Value *step)
{
    const char *state = value_path_string(step, "state", "pending");

    return g_str_equal(state, "succeeded") ? "done" : state;
}

static const Value *show(Arena *arena, const Value *job)
{
    static const char *const copied[] = {"state",   "actor", "createdAt",
                                         "endedAt", "error", "waitingFor"};
    const Value *planned = value_path(job, "payload.items");
    Value *shown = value_object_new(arena), *items = value_array_new(arena);
    Value *kept = value_array_new(arena);

    value_set(arena, shown, "id", value_get(job, "id"));
    value_set(arena, shown, "jobId", value_get(job, "id"));
    value_set(arena, shown, "entity", value_path(job, "payload.entity"));
    value_set(arena, shown, "reason", value_path(job, "payload.reason"));
    value_set(arena, shown, "force", value_path(job, "payload.force"));
    for (gsize i = 0; i < G_N_ELEMENTS(copied); i++)
        value_set(arena, shown, copied[i], value_get(job, copied[i]));
    for (guint i = 0; i < value_count(planned); i++) {
        Value *item = value_clone_shallow(arena, value_item(planned, i));
        bool stays = g_str_equal(value_path_string(item, "will", ""), "keep");
        const Value *step = step_of(job, decommission_step(arena, item));

        value_set_string(arena, item, "state", stays ? "kept" : state_of(step));
        value_set(arena, item, "error", value_get(step, "error"));
        value_append(arena, items, item);
        if (stays || g_str_equal(value_path_string(item, "will", ""), "archive"))
            value_append(arena, kept, item);
    }
    value_set(arena, shown, "items", items);
    value_set(arena, shown, "kept", kept);
    return shown;
}

const char *decommission_step(Arena *arena, const Value *item)
{
    return arena_printf(arena, "%s %s %s", value_path_string(item, "will", ""),
                        value_path_string(item, "kind", ""), value_path_string(item, "ref", ""));
}

const Value *decommission_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error)
{
    const Value *job = jobs_get(db_reader(scaffolder->db), arena, id, error);

    if (!job)
        return NULL;
    if (g_str_equal(value_path_string(job, "kind", ""), SCAFFOLDER_DECOMMISSION))
        return show(arena, job);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no decommission %s", id);
    return NULL;
}

const Value *decommission_list(Scaffolder *scaffolder, Arena *arena, const char *entity,
                               guint limit, GError **error)
{
    const char *ref = entity ? catalog_ref(arena, entity, "component", "default", error) : NULL;
    const Value *jobs = entity && !ref
                            ? NULL
                            : jobs_list(db_reader(scaffolder->db), arena, SCAFFOLDER_DECOMMISSION,
                                        ref, NULL, limit, 0, error);
    Value *items = value_array_new(arena);

    for (guint i = 0; i < value_count(jobs); i++) {
        const char *id = value_path_string(value_item(jobs, i), "id", "");
        const Value *item = decommission_get(scaffolder, arena, id, error);

        if (!item)
            return NULL;
        value_append(arena, items, item);
    }
    return jobs ? items : NULL;
}
