#include "catalog/catalog_internal.h"
#include <string.h>

const char *query_order_value(const CatalogEntity *entity, const char *field)
{
    guint count;
    const SearchRow *rows = entity_rows(entity, field, &count);

    for (guint i = 0; i < count; i++)
        if (rows[i].value)
            return rows[i].value;
    return NULL;
}

/* `%` and `_` are not wildcards here: what a person types is what is looked for. */
static gboolean field_contains(const CatalogEntity *entity, const char *field, const char *term)
{
    guint count;
    const SearchRow *rows = entity_rows(entity, field, &count);

    for (guint i = 0; i < count; i++)
        if (rows[i].value && strstr(rows[i].value, term))
            return TRUE;
    return FALSE;
}

static gboolean contains_term(const CatalogEntity *entity, const CatalogQuery *query)
{
    const char *fallback = query->order_count ? query->orders[0].field : "metadata.uid";

    if (!query->term || !*query->term)
        return TRUE;
    if (!query->term_fields || !*query->term_fields)
        return field_contains(entity, fallback, query->term);
    for (const char *const *field = query->term_fields; *field; field++)
        if (field_contains(entity, *field, query->term))
            return TRUE;
    return FALSE;
}

static gboolean is_selected(const CatalogEntity *entity, const CatalogQuery *query)
{
    if (query->missing_excluded && query->order_count &&
        !query_order_value(entity, query->orders[0].field))
        return FALSE;
    return predicate_matches(query->predicate, entity) && contains_term(entity, query);
}

/* An entity with the values it is ordered by, looked up once. */
typedef struct {
    const CatalogEntity *entity;
    const char *const *values;
} Ranked;

/* What has no value comes last, in either direction. */
static int compare_values(const char *x, const char *y, gboolean descending)
{
    int order;

    if (!x || !y)
        return !x - !y;
    order = strcmp(x, y);
    return descending ? -order : order;
}

static int compare_ranked(gconstpointer a, gconstpointer b, gpointer data)
{
    const Ranked *x = a, *y = b;
    const CatalogQuery *query = data;

    for (guint i = 0; i < query->order_count; i++) {
        int order = compare_values(x->values[i], y->values[i], query->orders[i].descending);

        if (order)
            return order;
    }
    return query->by_ref ? strcmp(x->entity->ref, y->entity->ref)
                         : strcmp(x->entity->uid, y->entity->uid);
}

static void sort_entities(GPtrArray *entities, const CatalogQuery *query)
{
    g_autofree Ranked *ranked = g_new(Ranked, entities->len);
    g_autofree const char **values = g_new(const char *, entities->len * query->order_count);

    for (guint i = 0; i < entities->len; i++) {
        const char **own = values + i * query->order_count;

        ranked[i] = (Ranked){entities->pdata[i], own};
        for (guint j = 0; j < query->order_count; j++)
            own[j] = query_order_value(ranked[i].entity, query->orders[j].field);
    }
    g_qsort_with_data(ranked, (int)entities->len, sizeof *ranked, compare_ranked, (gpointer)query);
    for (guint i = 0; i < entities->len; i++)
        entities->pdata[i] = (gpointer)ranked[i].entity;
}

GPtrArray *query_select(const Snapshot *snapshot, Arena *arena, const CatalogQuery *query)
{
    GPtrArray *selected = g_ptr_array_new();

    for (EntityId id = ENTITY_FIRST; snapshot_next(snapshot, &id);) {
        CatalogEntity *entity = entity_load(snapshot, arena, id);

        if (is_selected(entity, query))
            g_ptr_array_add(selected, entity);
    }
    sort_entities(selected, query);
    return selected;
}
