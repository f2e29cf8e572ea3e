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

/* A key as it is being put together; the text lies in the arena. */
typedef struct {
    const char *text;
    gsize length;
    guint depth;
} Path;

static gboolean is_folded(const char *text)
{
    for (; *text; text++)
        if ((guchar)*text >= 0x80 || g_ascii_isupper(*text))
            return FALSE;
    return TRUE;
}

static void add_row(Flattener *flattener, const char *key, const char *original, gboolean item)
{
    SearchRow row = {.key = key, .original = original, .item = item};

    if (strlen(key) > TEXT_BYTES_MAX)
        return;
    if (original && strlen(original) > TEXT_BYTES_MAX)
        row.original = NULL;
    if (row.original)
        row.value = is_folded(original) ? original : text_fold(flattener->arena, original);
    row.item = item && row.original;
    g_array_append_val(flattener->rows, row);
}

static Path join(Flattener *flattener, const Path *path, const char *key)
{
    const char *folded = is_folded(key) ? key : text_fold(flattener->arena, key);
    gsize length = strlen(folded);
    Path below = {.depth = path->depth + 1};
    char *text;

    if (path->length == 0) {
        below.text = folded;
        below.length = length;
        return below;
    }
    text = arena_alloc(flattener->arena, path->length + length + 2);
    memcpy(text, path->text, path->length);
    text[path->length] = '.';
    memcpy(text + path->length + 1, folded, length);
    below.text = text;
    below.length = path->length + 1 + length;
    return below;
}

static void flatten(Flattener *flattener, const Path *path, const Value *value, gboolean item);

/* What stands on its own below (flatten_identity, flatten_relations), and what nobody searches. */
static gboolean is_skipped(const Path *path)
{
    static const char *const first[] = {"attachments", "relations", "status", NULL};
    static const char *const second[] = {"metadata.name", "metadata.uid", "metadata.etag",
                                         "metadata.namespace", NULL};

    return path->depth <= 2 &&
           (g_strv_contains(first, path->text) || g_strv_contains(second, path->text));
}

static void flatten_members(Flattener *flattener, const Path *path, const Value *object)
{
    for (guint i = 0; i < value_count(object); i++) {
        Path below = join(flattener, path, value_key_at(object, i));

        if (!is_skipped(&below))
            flatten(flattener, &below, value_value_at(object, i), FALSE);
    }
}

static void flatten(Flattener *flattener, const Path *path, const Value *value, gboolean item)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        add_row(flattener, path->text, NULL, FALSE);
        break;
    case VALUE_BOOL:
    case VALUE_NUMBER:
        add_row(flattener, path->text, json_to_arena(flattener->arena, value, JSON_COMPACT), item);
        break;
    case VALUE_STRING:
        add_row(flattener, path->text, value_string(value, ""), item);
        break;
    case VALUE_ARRAY:
        for (guint i = 0; i < value_count(value); i++)
            flatten(flattener, path, value_item(value, i), TRUE);
        break;
    case VALUE_OBJECT:
        flatten_members(flattener, path, value);
        break;
    }
}

static void flatten_identity(Flattener *flattener, const Value *entity)
{
    const Value *metadata = value_get(entity, "metadata");

    add_row(flattener, "metadata.name", value_string(value_get(metadata, "name"), NULL), FALSE);
    add_row(flattener, "metadata.namespace",
            value_string(value_get(metadata, "namespace"), "default"), FALSE);
    add_row(flattener, "metadata.uid", value_string(value_get(metadata, "uid"), NULL), FALSE);
}

static void flatten_relations(Flattener *flattener, const Value *relations)
{
    const Path root = {"relations", strlen("relations"), 1};
    const char *type = NULL;
    Path path = root;

    for (guint i = 0; i < value_count(relations); i++) {
        const Value *relation = value_item(relations, i);
        const char *own = value_string(value_get(relation, "type"), "");

        if (!type || !g_str_equal(type, own))
            path = join(flattener, &root, own);
        type = own;
        add_row(flattener, path.text, value_string(value_get(relation, "targetRef"), ""), FALSE);
    }
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const SearchRow *x = a, *y = b;
    int order = x->key == y->key ? 0 : strcmp(x->key, y->key);

    return order ? order : g_strcmp0(x->value, y->value);
}

/* Sorts rows where they are not in order yet, and leaves one of those that say the same. */
static guint sort_rows(SearchRow *rows, guint count)
{
    guint kept = 0;
    gboolean sorted = TRUE;

    for (guint i = 1; i < count && sorted; i++)
        sorted = compare_rows(&rows[i - 1], &rows[i]) <= 0;
    if (!sorted)
        g_qsort_with_data(rows, (int)count, sizeof *rows, (GCompareDataFunc)(void *)compare_rows,
                          NULL);
    for (guint i = 0; i < count; i++) {
        if (kept > 0 && compare_rows(&rows[kept - 1], &rows[i]) == 0)
            rows[kept - 1].item |= rows[i].item;
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

const SearchRow *entity_flatten(Arena *arena, const Value *entity, guint *count)
{
    g_autoptr(GArray) rows = g_array_sized_new(FALSE, FALSE, sizeof(SearchRow), 64);
    Flattener flattener = {arena, rows};
    const Path root = {"", 0, 0};
    SearchRow *kept;

    flatten_members(&flattener, &root, entity);
    flatten_identity(&flattener, entity);
    flatten_relations(&flattener, value_get(entity, "relations"));
    *count = sort_rows((SearchRow *)(void *)rows->data, rows->len);
    kept = arena_new0(arena, SearchRow, *count);
    if (*count)
        memcpy(kept, rows->data, *count * sizeof *kept);
    return kept;
}
