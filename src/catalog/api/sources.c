/* Where the catalog reads, and where each entity came from. */
#include "catalog/catalog_internal.h"
#include "catalog/index/changes.h"
#include "catalog/source/discovery.h"
#include "catalog/reading/reading.h"

/* ---- sources ---- */

static const char *state_of(Catalog *catalog, const CatalogLocation *location,
                            const ReadingState *state)
{
    if (commits_has_location(catalog, location->id))
        return "reading";
    if (state->read_at == 0)
        return "new";
    return state->error ? "failing" : "ok";
}

static void set_time(Arena *arena, Value *object, const char *name, int64_t time_ms)
{
    value_set(arena, object, name, time_ms ? clock_value(arena, time_ms) : value_null_new(arena));
}

static Value *source_value(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                           const ReadingState *state, const int64_t *count)
{
    Value *item = value_object_new(arena);

    value_set_string(arena, item, "id", location->id);
    value_set_string(arena, item, "type", location->type);
    value_set_string(arena, item, "target", location->target);
    value_set_string(arena, item, "origin", location->origin);
    value_set_string(arena, item, "state", state_of(catalog, location, state));
    set_time(arena, item, "lastReadAt", state->read_at);
    set_time(arena, item, "nextReadAt", state->next_at);
    value_set_int(arena, item, "failures", state->failures);
    value_set_nullable(arena, item, "lastError", state->error);
    value_set_int(arena, item, "entityCount", count ? *count : 0);
    return item;
}

Response *catalog_api_sources(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    DbConn *conn = db_reader(catalog->db);
    g_autoptr(GPtrArray) locations = store_locations(conn, arena, NULL, error);
    g_autoptr(GHashTable) counts = locations ? store_counts(conn, error) : NULL;
    Value *items = value_array_new(arena), *reply = value_object_new(arena);

    if (!counts)
        return NULL;
    for (guint i = 0; i < locations->len; i++) {
        const CatalogLocation *location = locations->pdata[i];
        ReadingState state;

        if (!store_reading(conn, arena, location->id, &state, error))
            return NULL;
        value_append(arena, items,
                     source_value(catalog, arena, location, &state,
                                  g_hash_table_lookup(counts, location->id)));
    }
    value_set(arena, reply, "items", items);
    return response_json(request, 200, reply);
}

/* ---- the origin of an entity ---- */

/* A status item as a finding. */
static Value *finding_value(Arena *arena, const Value *item)
{
    Value *finding = value_object_new(arena);
    const Value *place = value_get(item, "source");

    value_set_string(arena, finding, "severity", value_path_string(item, "level", "error"));
    value_set_string(arena, finding, "code", value_path_string(item, "error.name", "Error"));
    value_set_string(
        arena, finding, "message",
        value_path_string(item, "error.message", value_path_string(item, "message", "")));
    value_set_nullable(arena, finding, "file", value_path_string(place, "file", NULL));
    value_set_int(arena, finding, "line", value_int(value_get(place, "line"), 0));
    value_set_int(arena, finding, "column", value_int(value_get(place, "column"), 0));
    value_set_nullable(arena, finding, "pointer", value_path_string(place, "pointer", NULL));
    value_set_nullable(arena, finding, "hint", value_path_string(place, "hint", NULL));
    return finding;
}

static Value *findings_value(Arena *arena, const Value *status)
{
    Value *findings = value_array_new(arena);

    for (guint i = 0; i < value_count(status); i++)
        value_append(arena, findings, finding_value(arena, value_item(status, i)));
    return findings;
}

static Value *location_value(Arena *arena, const CatalogLocation *location)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", location->id);
    value_set_string(arena, value, "type", location->type);
    value_set_string(arena, value, "target", location->target);
    value_set_string(arena, value, "origin", location->origin);
    return value;
}

/* Where its source is looked at, and its path as people write it. */
static void set_place(Catalog *catalog, Arena *arena, Value *reply, const CatalogRow *row)
{
    SourceLinks links = {0};
    Source source;

    if (!source_parse(arena, row->source, &source, NULL))
        return;
    if (g_str_equal(source.type, "url"))
        source_links(catalog, arena, &source, &links);
    value_set_nullable(arena, reply, "url", links.view);
    value_set_string(arena, reply, "file", source.target);
    if (row->line > 0)
        value_set_int(arena, reply, "line", row->line);
    else
        value_set(arena, reply, "line", value_null_new(arena));
}

static Value *origin_value(Catalog *catalog, Arena *arena, const CatalogRow *row,
                           const CatalogLocation *location, const ReadingState *state)
{
    Value *reply = value_object_new(arena);

    value_set_string(arena, reply, "ref", row->ref);
    value_set_string(arena, reply, "source", row->source);
    set_place(catalog, arena, reply, row);
    value_set(arena, reply, "location",
              location ? location_value(arena, location) : value_null_new(arena));
    set_time(arena, reply, "readAt", state->read_at);
    set_time(arena, reply, "changedAt", row->changed_at);
    value_set_nullable(arena, reply, "revision", row->revision);
    set_time(arena, reply, "nextReadAt", state->next_at);
    value_set(arena, reply, "findings", findings_value(arena, row->status));
    return reply;
}

Response *catalog_api_origin(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    DbConn *conn = db_reader(catalog->db);
    const char *ref = catalog_ref_of_path(request);
    GError *reason = NULL;
    const CatalogRow *row = store_row(conn, arena, ref, &reason);
    const CatalogLocation *location =
        row ? store_location(conn, arena, row->location_id, &reason) : NULL;
    ReadingState state;

    if (!row && !reason)
        g_set_error(&reason, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
    if (reason) {
        g_propagate_error(error, reason);
        return NULL;
    }
    if (!store_reading(conn, arena, row->location_id, &state, error))
        return NULL;
    return response_json(request, 200, origin_value(catalog, arena, row, location, &state));
}
