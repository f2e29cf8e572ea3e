/* Reading locations again: asked for by a person, or by a push to a repository they lie in. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/ingest.h"

#define JOB_KIND "catalog.refresh"
#define JOBS_AT_ONCE 8

static void print_findings(Job *job, const Diagnostics *findings)
{
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        job_print(job, NULL, "warning", "%s:%d:%d: %s", finding->file, finding->line,
                  finding->column, finding->message);
    }
}

/* The file of one entity is quickly read, which all of a location may not be: that is read soon
 * after, once however often it was asked for. */
static gboolean refresh_entity(Job *job, Catalog *catalog, const CatalogLocation *location,
                               const char *ref, Diagnostics *findings, GError **error)
{
    return location_ingest_entity(catalog, location, ref, job_actor(job), findings, error) &&
           schedule_set(catalog, location->id, clock_now_ms(), error);
}

static gboolean refresh_location(Job *job, Catalog *catalog, const char *id, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(GError) reason = NULL;
    const char *ref = value_path_string(job_payload(job), "entityRef", NULL);
    CatalogLocation *location = store_location(db_reader(catalog->db), arena, id, &reason);

    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    /* It was removed in the meantime. */
    if (!location)
        return TRUE;
    job_print(job, NULL, "info", "Reading %s:%s", location->type, location->target);
    if (ref ? !refresh_entity(job, catalog, location, ref, findings, error)
            : !location_ingest(catalog, location, job_actor(job), findings, error))
        return FALSE;
    print_findings(job, findings);
    return TRUE;
}

/* Reading twice does no harm, so that the job needs no steps. */
static gboolean run_refresh(Job *job, const Value **output, GError **error, void *data)
{
    const Value *ids = value_get(job_payload(job), "locations");

    for (guint i = 0; i < value_count(ids); i++)
        if (!refresh_location(job, data, value_string(value_item(ids, i), ""), error))
            return FALSE;
    *output = NULL;
    return TRUE;
}

/* Each location has a job and a queue of its own, so that none waits for another. */
static gboolean submit(DbConn *tx, Catalog *catalog, Arena *arena, const char *id, const char *ref,
                       const char *actor, const char *cause, GError **error)
{
    Value *payload = value_object_new(arena), *ids = value_array_new(arena);

    value_append(arena, ids, value_string_new(arena, id));
    value_set(arena, payload, "locations", ids);
    value_set_string(arena, payload, "entityRef", ref);
    return jobs_submit(tx, catalog->jobs, arena,
                       &(JobSpec){.kind = JOB_KIND,
                                  .subject = "catalog",
                                  .title = "Refresh the catalog",
                                  .actor = actor,
                                  .cause = cause,
                                  .queue_key = arena_printf(arena, JOB_KIND ":%s", ref ? ref : id),
                                  .payload = payload},
                       error) != NULL;
}

/* A push: whatever was read from that repository is read again. */
static gboolean follow_push(DbConn *tx, const Event *event, Arena *arena, void *data,
                            GError **error)
{
    const char *owner = value_path_string(event->payload, "owner", "");
    const char *name = value_path_string(event->payload, "name", "");
    g_autoptr(GPtrArray) ids =
        store_locations_of_repository(tx, arena, arena_printf(arena, "%s/%s", owner, name), error);

    for (guint i = 0; ids && i < ids->len; i++)
        if (!submit(tx, data, arena, ids->pdata[i], NULL, event->actor, event->id, error))
            return FALSE;
    return ids != NULL;
}

void refresh_register(Catalog *catalog)
{
    jobs_register(catalog->jobs, &(JobKind){.name = JOB_KIND,
                                            .run = run_refresh,
                                            .data = catalog,
                                            .concurrency = JOBS_AT_ONCE});
    events_follow(catalog->events, "catalog.refresh", "dev.pave.forge.ref.updated", follow_push,
                  catalog);
}

typedef struct {
    Catalog *catalog;
    const char *const *ids;
    const char *ref, *actor;
} Refresh;

static gboolean write_request(DbConn *tx, void *data, GError **error)
{
    const Refresh *refresh = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    for (const char *const *id = refresh->ids; *id; id++)
        if (!submit(tx, refresh->catalog, arena, *id, refresh->ref, refresh->actor, NULL, error))
            return FALSE;
    return TRUE;
}

gboolean refresh_submit_in(DbConn *tx, Catalog *catalog, Arena *arena,
                           const char *const *location_ids, const char *actor, const char *cause,
                           GError **error)
{
    for (const char *const *id = location_ids; *id; id++)
        if (!submit(tx, catalog, arena, *id, NULL, actor, cause, error))
            return FALSE;
    return TRUE;
}

gboolean refresh_submit(Catalog *catalog, const char *const *location_ids, const char *ref,
                        const char *actor, GError **error)
{
    Refresh refresh = {catalog, location_ids, ref, actor};

    return db_write(catalog->db, write_request, &refresh, NULL, error);
}
