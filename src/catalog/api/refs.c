/* Many entities by ref: as many items as refs, null where there is none. */
#include "catalog/catalog_internal.h"
#include "catalog/query/listing.h"

static gboolean refs_of_body(const Value *body, const Value **refs, GError **error)
{
    *refs = value_get(body, "entityRefs");
    if (value_is(*refs, VALUE_ARRAY))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                *refs ? "request/body/entityRefs must be array"
                      : "request/body must have required property 'entityRefs'");
    return FALSE;
}

/* Both `filter=` and the body's query must hold. */
static const Predicate *predicate_of(Request *request, const Value *body, GError **error)
{
    Arena *arena = request_arena(request);
    const Predicate *filter =
        predicate_from_filters(arena, request_query_all(request, "filter"), error);
    const Predicate *query =
        filter ? predicate_from_value(arena, value_get(body, "query"), error) : NULL;

    return query ? predicate_both(arena, filter, query) : NULL;
}

static GArray *find_refs(Arena *arena, const Snapshot *snapshot, const Value *refs,
                         const QueryMatch *match)
{
    GArray *ids = g_array_sized_new(FALSE, FALSE, sizeof(EntityId), value_count(refs));

    for (guint i = 0; i < value_count(refs); i++) {
        const char *ref = text_fold(arena, value_string(value_item(refs, i), ""));
        EntityId id;

        if (!snapshot_find(snapshot, ref, &id) || (match && !query_match_has(match, id)))
            id = ENTITY_NONE;
        g_array_append_val(ids, id);
    }
    return ids;
}

Response *catalog_api_by_refs(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error), *refs;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, catalog->memory);
    g_autoptr(QueryMatch) match = NULL;
    const Predicate *predicate;
    const char *const *fields;
    GArray *ids;

    if (!body || !refs_of_body(body, &refs, error) ||
        !fields_parse(arena, catalog_texts(arena, value_get(body, "fields")), &fields, error))
        return NULL;
    predicate = predicate_of(request, body, error);
    if (!predicate)
        return NULL;
    if (!predicate_is_everything(predicate))
        match = query_match_new(view, predicate);
    ids = find_refs(arena, snapshot, refs, match);
    return listing_response(request, g_steal_pointer(&snapshot), ids, fields, "{\"items\":", "}");
}
