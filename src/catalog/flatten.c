/* An entity as flat rows, the way Backstage's filters, facets and orders see it. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 200

typedef struct {
    Arena *arena;
    GArray *rows; /* SearchRow */
} Flattener;

static void add_row(Flattener *flattener, const char *key, const char *original)
{
    SearchRow row = {.key = key, .original = original};

    if (strlen(key) > TEXT_BYTES_MAX)
        return;
    if (original && strlen(original) > TEXT_BYTES_MAX)
        row.original = NULL;
    if (row.original)
        row.value = text_fold(flattener->arena, row.original);
    g_array_append_val(flattener->rows, row);
}

static const char *join(Flattener *flattener, const char *path, const char *key)
{
    const char *folded = text_fold(flattener->arena, key);

    return *path ? arena_printf(flattener->arena, "%s.%s", path, folded) : folded;
}

static void flatten(Flattener *flattener, const char *path, const Value *value);

static void flatten_items(Flattener *flattener, const char *path, const Value *list)
{
    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = value_item(list, i);

        flatten(flattener, path, item);
        if (value_is(item, VALUE_STRING))
            add_row(flattener, join(flattener, path, value_string(item, "")), "true");
    }
}

static gboolean is_skipped(const char *path)
{
    static const char *const skipped[] = {
        "attachments",   "relations",          "status", "metadata.name", "metadata.uid",
        "metadata.etag", "metadata.namespace", NULL};

    return g_strv_contains(skipped, path);
}

static void flatten_members(Flattener *flattener, const char *path, const Value *object)
{
    for (guint i = 0; i < value_count(object); i++) {
        const char *below = join(flattener, path, value_key_at(object, i));

        if (!is_skipped(below))
            flatten(flattener, below, value_value_at(object, i));
    }
}

static void flatten(Flattener *flattener, const char *path, const Value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        add_row(flattener, path, NULL);
        break;
    case VALUE_BOOL:
    case VALUE_NUMBER:
        add_row(flattener, path, json_to_arena(flattener->arena, value, JSON_COMPACT));
        break;
    case VALUE_STRING:
        add_row(flattener, path, value_string(value, ""));
        break;
    case VALUE_ARRAY:
        flatten_items(flattener, path, value);
        break;
    case VALUE_OBJECT:
        flatten_members(flattener, path, value);
        break;
    }
}

static void flatten_identity(Flattener *flattener, const Value *entity)
{
    const Value *metadata = value_get(entity, "metadata");

    add_row(flattener, "metadata.name", value_string(value_get(metadata, "name"), NULL));
    add_row(flattener, "metadata.namespace",
            value_string(value_get(metadata, "namespace"), "default"));
    add_row(flattener, "metadata.uid", value_string(value_get(metadata, "uid"), NULL));
}

static void flatten_relations(Flattener *flattener, const Value *relations)
{
    for (guint i = 0; i < value_count(relations); i++) {
        const Value *relation = value_item(relations, i);

        add_row(flattener, join(flattener, "relations", value_path_string(relation, "type", "")),
                value_path_string(relation, "targetRef", ""));
    }
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const SearchRow *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : g_strcmp0(x->value, y->value);
}

const SearchRow *entity_flatten(Arena *arena, const Value *entity, guint *count)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(SearchRow));
    Flattener flattener = {arena, rows};
    SearchRow *kept;

    flatten_members(&flattener, "", entity);
    flatten_identity(&flattener, entity);
    flatten_relations(&flattener, value_get(entity, "relations"));
    g_array_sort(rows, compare_rows);
    kept = arena_new0(arena, SearchRow, rows->len);
    if (rows->len)
        memcpy(kept, rows->data, rows->len * sizeof *kept);
    *count = rows->len;
    return kept;
}

const SearchRow *entity_rows(const CatalogEntity *entity, const char *key, guint *count)
{
    guint low = 0, high = entity->row_count, end;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (strcmp(entity->rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < entity->row_count && g_str_equal(entity->rows[end].key, key); end++)
        ;
    *count = end - low;
    return *count ? &entity->rows[low] : NULL;
}
