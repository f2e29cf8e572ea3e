/* In what two versions of an entity differ, field by field, lists by item. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define SHOWN_BYTES_MAX 2000

typedef struct {
    Arena *arena;
    Value *changes;
    guint limit;
    gboolean truncated;
} Diff;

static void compare(Diff *diff, const char *path, const Value *before, const Value *after);

/* ---- what is told ---- */

/* A definition may be long, and its change is not read here. */
static const char *cut(Arena *arena, const char *text)
{
    const char *end = text + SHOWN_BYTES_MAX;

    if (strlen(text) <= SHOWN_BYTES_MAX)
        return text;
    while ((*end & 0xC0) == 0x80)
        end--;
    return arena_printf(arena, "%.*s…", (int)(end - text), text);
}

static const Value *shown(Arena *arena, const Value *value)
{
    const char *text;

    if (!value)
        return value_null_new(arena);
    if (value_is(value, VALUE_STRING))
        return value_string_new(arena, cut(arena, value_string(value, "")));
    if (!value_is(value, VALUE_OBJECT) && !value_is(value, VALUE_ARRAY))
        return value;
    text = json_to_arena(arena, value, JSON_COMPACT);
    return strlen(text) <= SHOWN_BYTES_MAX ? value : value_string_new(arena, cut(arena, text));
}

static void tell(Diff *diff, const char *path, const Value *before, const Value *after)
{
    Value *change;

    if (value_count(diff->changes) >= diff->limit) {
        diff->truncated = TRUE;
        return;
    }
    change = value_object_new(diff->arena);
    value_set_string(diff->arena, change, "path", path);
    value_set(diff->arena, change, "before", shown(diff->arena, before));
    value_set(diff->arena, change, "after", shown(diff->arena, after));
    value_append(diff->arena, diff->changes, change);
}

/* ---- objects ---- */

static const char *member_path(Arena *arena, const char *path, const char *key)
{
    gboolean plain = *key != '\0';

    for (const char *c = key; *c; c++)
        plain = plain && (g_ascii_isalnum(*c) || strchr("_-$", *c));
    if (!plain)
        return arena_printf(arena, "%s[%s]", path,
                            json_to_arena(arena, value_string_new(arena, key), JSON_COMPACT));
    return *path ? arena_printf(arena, "%s.%s", path, key) : arena_strdup(arena, key);
}

static void compare_members(Diff *diff, const char *path, const Value *before, const Value *after)
{
    for (guint i = 0; i < value_count(before); i++) {
        const char *key = value_key_at(before, i);

        compare(diff, member_path(diff->arena, path, key), value_value_at(before, i),
                value_get(after, key));
    }
    for (guint i = 0; i < value_count(after); i++) {
        const char *key = value_key_at(after, i);

        if (!value_get(before, key))
            compare(diff, member_path(diff->arena, path, key), NULL, value_value_at(after, i));
    }
}

/* ---- lists ---- */

/* How often each item, as JSON, is in list. */
static GHashTable *count_items(Arena *arena, const Value *list)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < value_count(list); i++) {
        const char *text = json_to_arena(arena, value_item(list, i), JSON_SORT_KEYS);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, text));

        g_hash_table_insert(counts, (gpointer)text, GUINT_TO_POINTER(count + 1));
    }
    return counts;
}

/* The places of the items of list that others has not as often. */
static GArray *missing_items(Arena *arena, const Value *list, const Value *others)
{
    g_autoptr(GHashTable) counts = count_items(arena, others);
    GArray *places = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < value_count(list); i++) {
        const char *text = json_to_arena(arena, value_item(list, i), JSON_SORT_KEYS);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, text));

        if (count > 0)
            g_hash_table_insert(counts, (gpointer)text, GUINT_TO_POINTER(count - 1));
        else
            g_array_append_val(places, i);
    }
    return places;
}

static const char *item_path(Arena *arena, const char *path, guint index)
{
    return arena_printf(arena, "%s[%u]", path, index);
}

/* Whether the items that differ stand in the same places, so that they are the same items changed.
 */
static gboolean are_same_places(const Value *before, const Value *after, const GArray *removed,
                                const GArray *added)
{
    return value_count(before) == value_count(after) && removed->len == added->len &&
           (removed->len == 0 ||
            memcmp(removed->data, added->data, sizeof(guint) * removed->len) == 0);
}

static void compare_items(Diff *diff, const char *path, const Value *before, const Value *after)
{
    Arena *arena = diff->arena;
    g_autoptr(GArray) removed = missing_items(arena, before, after);
    g_autoptr(GArray) added = missing_items(arena, after, before);

    if (removed->len + added->len == 0) {
        tell(diff, path, before, after); /* only their order changed */
        return;
    }
    if (are_same_places(before, after, removed, added)) {
        for (guint i = 0; i < removed->len; i++) {
            guint place = g_array_index(removed, guint, i);

            compare(diff, item_path(arena, path, place), value_item(before, place),
                    value_item(after, place));
        }
        return;
    }
    for (guint i = 0; i < removed->len; i++) {
        guint place = g_array_index(removed, guint, i);

        tell(diff, item_path(arena, path, place), value_item(before, place), NULL);
    }
    for (guint i = 0; i < added->len; i++) {
        guint place = g_array_index(added, guint, i);

        tell(diff, item_path(arena, path, place), NULL, value_item(after, place));
    }
}

static void compare(Diff *diff, const char *path, const Value *before, const Value *after)
{
    if (diff->truncated || (before && after && value_equal(before, after)))
        return;
    if (value_is(before, VALUE_OBJECT) && value_is(after, VALUE_OBJECT))
        compare_members(diff, path, before, after);
    else if (value_is(before, VALUE_ARRAY) && value_is(after, VALUE_ARRAY))
        compare_items(diff, path, before, after);
    else
        tell(diff, path, before, after);
}

Value *history_changes(Arena *arena, const Value *before, const Value *after, guint limit,
                       gboolean *truncated)
{
    Diff diff = {.arena = arena, .changes = value_array_new(arena), .limit = limit};

    if (before || after)
        compare(&diff, "", before, after);
    if (truncated)
        *truncated = diff.truncated;
    return diff.changes;
}
