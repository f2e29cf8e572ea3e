/* How many entities have which value. */
#include "catalog/catalog_internal.h"
#include <stdlib.h>
#include <string.h>

static int compare_facets(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const Value *count_facet(Arena *arena, const Snapshot *snapshot, const Predicate *predicate,
                                const char *key)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree gpointer *values = NULL;
    Value *facet = value_array_new(arena);
    guint count, distinct;

    for (EntityId id = ENTITY_FIRST; snapshot_next(snapshot, &id);) {
        const CatalogEntity *entity = entity_load(snapshot, arena, id);
        const SearchRow *rows =
            predicate_matches(predicate, entity) ? entity_rows(entity, key, &count) : NULL;

        for (guint j = 0; rows && j < count; j++) {
            gpointer value = (gpointer)rows[j].original;

            if (value)
                g_hash_table_insert(
                    counts, value,
                    GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(counts, value)) + 1));
        }
    }
    values = g_hash_table_get_keys_as_array(counts, &distinct);
    qsort(values, distinct, sizeof *values, compare_facets);
    for (guint i = 0; i < distinct; i++) {
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "value", values[i]);
        value_set_int(arena, item, "count",
                      GPOINTER_TO_UINT(g_hash_table_lookup(counts, values[i])));
        value_append(arena, facet, item);
    }
    return facet;
}

static Response *answer_facets(Request *request, Catalog *catalog, const char *const *names,
                               const Predicate *predicate)
{
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    Value *reply = value_object_new(arena), *facets = value_object_new(arena);

    for (; *names; names++)
        value_set(arena, facets, *names,
                  count_facet(arena, snapshot, predicate, text_fold(arena, *names)));
    value_set(arena, reply, "facets", facets);
    return response_json(request, 200, reply);
}

Response *catalog_api_facets(Request *request, void *room, GError **error)
{
    const char *const *names = request_query_all(request, "facet");
    const Predicate *predicate = catalog_filters_of(request, error);

    if (!predicate)
        return NULL;
    if (!*names) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/query must have required property 'facet'");
        return NULL;
    }
    return answer_facets(request, room, names, predicate);
}

Response *catalog_api_facets_post(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);
    Arena *arena = request_arena(request);
    const Predicate *predicate;

    if (!body)
        return NULL;
    if (!value_is(value_get(body, "facets"), VALUE_ARRAY)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'facets'");
        return NULL;
    }
    predicate = predicate_from_value(arena, value_get(body, "query"), error);
    return predicate ? answer_facets(request, room, catalog_texts(arena, value_get(body, "facets")),
                                     predicate)
                     : NULL;
}
