/* Keywords about what a list holds. */
#include "formats/jsonschema_internal.h"

#include <math.h>
#include <string.h>

static bool check_items(SchemaWalk *v, const SchemaPlace *at, const Value *schema, guint from)
{
    bool valid = true;

    for (guint i = from; i < value_count(at->instance) && !v->stopped; i++) {
        valid &= schema_check_item(v, schema, at->instance, i);
        schema_seen_add(at->seen, i);
    }
    return valid;
}

/* One schema for each of the first items. */
static bool check_tuple(SchemaWalk *v, const SchemaPlace *at, const Value *schemas)
{
    guint count = MIN(value_count(schemas), value_count(at->instance));
    bool valid = true;

    for (guint i = 0; i < count; i++) {
        valid &= schema_check_item(v, value_item(schemas, i), at->instance, i);
        schema_seen_add(at->seen, i);
    }
    return valid;
}

static bool keyword_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    if (!value_is(at->instance, VALUE_ARRAY))
        return true;
    if (value_is(argument, VALUE_ARRAY))
        return schema_draft(v) == DRAFT_2020 || check_tuple(v, at, argument);
    const Value *first =
        schema_draft(v) == DRAFT_2020 ? value_get(at->schema, "prefixItems") : NULL;

    return check_items(v, at, argument, value_count(first));
}

static bool keyword_prefix_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return !value_is(at->instance, VALUE_ARRAY) || !value_is(argument, VALUE_ARRAY) ||
           check_tuple(v, at, argument);
}

static bool keyword_additional_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    const Value *items = value_get(at->schema, "items");

    return !value_is(at->instance, VALUE_ARRAY) || !value_is(items, VALUE_ARRAY) ||
           check_items(v, at, argument, value_count(items));
}

static bool keyword_unevaluated_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool valid = true;

    if (!value_is(at->instance, VALUE_ARRAY))
        return true;
    for (guint i = 0; i < value_count(at->instance); i++)
        if (!schema_seen_has(at->seen, i)) {
            valid &= schema_check_item(v, argument, at->instance, i);
            schema_seen_add(at->seen, i);
        }
    return valid;
}

/* ---- how many fit ---- */

static int64_t limit_of(const SchemaWalk *v, const Value *schema, const char *name,
                        int64_t fallback)
{
    double limit = value_number(value_get(schema, name), (double)fallback);

    return schema_draft(v) == DRAFT_07 || !isfinite(limit) || fabs(limit) > 1e15 ? fallback
                                                                                 : (int64_t)limit;
}

static bool keyword_contains(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    int64_t least = limit_of(v, at->schema, "minContains", 1);
    int64_t most = limit_of(v, at->schema, "maxContains", INT64_MAX), count = 0;

    if (!value_is(at->instance, VALUE_ARRAY))
        return true;
    for (guint i = 0; i < value_count(at->instance); i++)
        if (schema_failures_of(v, argument, value_item(at->instance, i), NULL) == 0) {
            count++;
            if (schema_draft(v) == DRAFT_2020)
                schema_seen_add(at->seen, i);
        }
    if (count < least && least == 1)
        return schema_fail(v, at, "contains", argument, "must contain a fitting entry");
    if (count < least)
        return schema_fail(v, at, "minContains", value_get(at->schema, "minContains"),
                           "must contain at least %" G_GINT64_FORMAT " fitting entries",
                           (gint64)least);
    if (count > most)
        return schema_fail(v, at, "maxContains", value_get(at->schema, "maxContains"),
                           "must contain at most %" G_GINT64_FORMAT " fitting entries",
                           (gint64)most);
    return true;
}

static bool items_bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                        const Value *argument)
{
    return !value_is(at->instance, VALUE_ARRAY) ||
           schema_count_bound(v, at, keyword, argument, value_count(at->instance), "have", "item");
}

static bool keyword_min_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return items_bound(v, at, "minItems", argument);
}

static bool keyword_max_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return items_bound(v, at, "maxItems", argument);
}

/* ---- no item twice ---- */

/* The same for whatever value_equal() calls equal. */
static guint hash_of(gconstpointer pointer)
{
    const Value *value = pointer;
    guint hash = (guint)value_kind(value) * 2654435761u;
    double number;

    switch (value_kind(value)) {
    case VALUE_BOOL:
        return hash + value_bool(value, false);
    case VALUE_NUMBER:
        number = value_number(value, 0) + 0.0; /* of both zeros */
        return hash + g_double_hash(&number);
    case VALUE_STRING:
        return hash + g_str_hash(value_string(value, ""));
    case VALUE_ARRAY:
        for (guint i = 0; i < value_count(value); i++)
            hash = hash * 31 + hash_of(value_item(value, i));
        return hash;
    case VALUE_OBJECT:
        for (guint i = 0; i < value_count(value); i++)
            hash += g_str_hash(value_key_at(value, i)) * 31 ^ hash_of(value_value_at(value, i));
        return hash;
    default:
        return hash;
    }
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    return value_equal(a, b);
}

static bool keyword_unique_items(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    if (!value_is(at->instance, VALUE_ARRAY) || !value_bool(argument, false))
        return true;
    g_autoptr(GHashTable) positions = g_hash_table_new(hash_of, equal);

    for (guint i = 0; i < value_count(at->instance); i++) {
        const Value *item = value_item(at->instance, i);
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(positions, item));

        if (before > 0)
            return schema_fail(v, at, "uniqueItems", argument,
                               "must not hold the same item twice (items %u and %u)", before,
                               i + 1);
        g_hash_table_insert(positions, (gpointer)item, GUINT_TO_POINTER(i + 1));
    }
    return true;
}

const SchemaKeyword schema_item_keywords[] = {
    {"items", DRAFT_ALL, keyword_items},
    {"additionalItems", DRAFT_07 | DRAFT_2019, keyword_additional_items},
    {"prefixItems", DRAFT_2020, keyword_prefix_items},
    {"contains", DRAFT_ALL, keyword_contains},
    {"minItems", DRAFT_ALL, keyword_min_items},
    {"maxItems", DRAFT_ALL, keyword_max_items},
    {"uniqueItems", DRAFT_ALL, keyword_unique_items},
    {"unevaluatedItems", DRAFT_NEW, keyword_unevaluated_items},
    {NULL, 0, NULL},
};
