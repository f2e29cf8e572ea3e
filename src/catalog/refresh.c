/* Reading locations again: asked for by a person, or by a push to a repository they lie in. */
#include "catalog/catalog_internal.h"

#define JOB_KIND "catalog.refresh"

static gboolean refresh_location(Job *job, Catalog *catalog, const char *id, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(GError) reason = NULL;
    CatalogLocation *location = store_location(db_reader(catalog->db), arena, id, &reason);

    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    /* It was removed in the meantime. */
    if (!location)
        return TRUE;
    job_print(job, NULL, "info", "Reading %s:%s", location->type, location->target);
    if (!location_ingest(catalog, arena, location, job_actor(job), findings, error))
        return FALSE;
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        job_print(job, NULL, "warning", "%s:%d:%d: %s", finding->file, finding->line,
                  finding->column, finding->message);
    }
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

static gboolean submit(DbConn *tx, Catalog *catalog, Arena *arena, const Value *ids,
                       const char *actor, const char *cause, GError **error)
{
    Value *payload = value_object_new(arena);

    value_set(arena, payload, "locations", ids);
    return jobs_submit(tx, catalog->jobs, arena,
                       &(JobSpec){.kind = JOB_KIND,
                                  .subject = "catalog",
                                  .title = "Refresh the catalog",
                                  .actor = actor,
                                  .cause = cause,
                                  .queue_key = JOB_KIND,
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
    Value *list = value_array_new(arena);

    if (!ids)
        return FALSE;
    for (guint i = 0; i < ids->len; i++)
        value_append(arena, list, value_string_new(arena, ids->pdata[i]));
    return ids->len == 0 || submit(tx, data, arena, list, event->actor, event->id, error);
}

void refresh_register(Catalog *catalog)
{
    jobs_register(catalog->jobs, &(JobKind){.name = JOB_KIND, .run = run_refresh, .data = catalog});
    events_follow(catalog->events, "catalog.refresh", "dev.pave.forge.ref.updated", follow_push,
                  catalog);
}

typedef struct {
    Catalog *catalog;
    const char *const *ids;
    const char *actor;
} Refresh;

static gboolean write_request(DbConn *tx, void *data, GError **error)
{
    const Refresh *refresh = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Value *ids = value_array_new(arena);

    for (const char *const *id = refresh->ids; *id; id++)
        value_append(arena, ids, value_string_new(arena, *id));
    return submit(tx, refresh->catalog, arena, ids, refresh->actor, NULL, error);
}

gboolean refresh_submit_in(DbConn *tx, Catalog *catalog, Arena *arena,
                           const char *const *location_ids, const char *actor, const char *cause,
                           GError **error)
{
    Value *ids = value_array_new(arena);

    for (const char *const *id = location_ids; *id; id++)
        value_append(arena, ids, value_string_new(arena, *id));
    return submit(tx, catalog, arena, ids, actor, cause, error);
}

gboolean refresh_submit(Catalog *catalog, const char *const *location_ids, const char *actor,
                        GError **error)
{
    Refresh refresh = {catalog, location_ids, actor};

    return db_write(catalog->db, write_request, &refresh, NULL, error);
}
