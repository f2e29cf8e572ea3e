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

/* What has no value comes last, in either direction. */
static int compare_by(const CatalogEntity *a, const CatalogEntity *b, const OrderField *order)
{
    const char *x = query_order_value(a, order->field), *y = query_order_value(b, order->field);
    int result;

    if (!x || !y)
        return !x - !y;
    result = strcmp(x, y);
    return order->descending ? -result : result;
}

static int compare_entities(gconstpointer a, gconstpointer b, gpointer data)
{
    const CatalogEntity *x = *(const CatalogEntity *const *)a;
    const CatalogEntity *y = *(const CatalogEntity *const *)b;
    const CatalogQuery *query = data;

    for (guint i = 0; i < query->order_count; i++) {
        int order = compare_by(x, y, &query->orders[i]);

        if (order)
            return order;
    }
    return query->by_ref ? strcmp(x->ref, y->ref) : strcmp(x->uid, y->uid);
}

GPtrArray *query_select(const Snapshot *snapshot, const CatalogQuery *query)
{
    GPtrArray *selected = g_ptr_array_new();

    for (guint i = 0; i < snapshot_count(snapshot); i++) {
        const CatalogEntity *entity = snapshot_at(snapshot, i);

        if (is_selected(entity, query))
            g_ptr_array_add(selected, (gpointer)entity);
    }
    if (query->order_count || query->by_ref)
        g_ptr_array_sort_with_data(selected, compare_entities, (gpointer)query);
    return selected;
}
