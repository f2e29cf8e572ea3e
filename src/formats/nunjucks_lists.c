/* Nunjucks' filters on lists and objects. */
#include "formats/nunjucks_internal.h"

#include <math.h>
#include <string.h>

/* The member of value at a dotted path, the value itself for an empty one. */
static NjVal attribute(NjRun *run, NjVal value, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path ? path : "", ".", 32);

    for (char **name = names; *name; name++)
        value = nj_member(run, value, nj_text(run, *name));
    return value;
}

/* Text as its characters, an object as its values; anything else that is no list as an empty one.
 */
static const Value *items_of(NjRun *run, NjVal input)
{
    Value *items;
    NjArgs args = {.items = (NjVal[]){nj_text(run, "")}, .count = 1};
    NjVal characters, split;

    if (nj_is(input, VALUE_ARRAY))
        return input.value;
    if (nj_is(input, VALUE_STRING)) {
        split = nj_member(run, input, nj_text(run, "split"));
        if (split.kind == NJ_FUNCTION && nj_call(run, split.function, &args, &characters))
            return characters.value;
    }
    items = value_array_new(run->arena);
    for (guint i = 0; nj_is(input, VALUE_OBJECT) && i < value_count(input.value); i++)
        value_append(run->arena, items, value_value_at(input.value, i));
    return items;
}

static bool filter_first(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    *result = nj_value(value_item(items_of(run, input), 0));
    return true;
}

static bool filter_last(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = items_of(run, input);

    *result = nj_value(value_item(items, value_count(items) - 1));
    return true;
}

static bool filter_random(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = items_of(run, input);
    guint count = value_count(items);

    *result = nj_value(count ? value_item(items, g_random_int() % count) : NULL);
    return true;
}

static bool filter_length(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    if (nj_is(input, VALUE_STRING))
        *result = nj_member(run, input, nj_text(run, "length"));
    else
        *result = nj_number(run, input.kind == NJ_VALUE ? value_count(input.value) : 0);
    return true;
}

static Value *pair_object(NjRun *run, const char *key, const Value *value)
{
    Value *pair = value_object_new(run->arena);

    value_set_string(run->arena, pair, "key", key);
    value_set(run->arena, pair, "value", value);
    return pair;
}

static bool filter_list(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    if (!nj_is(input, VALUE_OBJECT))
        return *result = nj_value(items_of(run, input)), true;
    Value *items = value_array_new(run->arena);

    for (guint i = 0; i < value_count(input.value); i++)
        value_append(
            run->arena, items,
            pair_object(run, value_key_at(input.value, i), value_value_at(input.value, i)));
    *result = nj_value(items);
    return true;
}

static bool filter_join(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *separator = nj_arg_text(run, args, 0, "d", "");
    const char *path = nj_arg_text(run, args, 1, "attribute", "");
    const Value *items = items_of(run, input);
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; separator && path && i < value_count(items); i++) {
        NjVal item = attribute(run, nj_value(value_item(items, i)), path);

        if ((i > 0 && !nj_append_text(run, out, separator, strlen(separator))) ||
            !nj_charge(run, 1) || (!nj_is_nothing(item) && !nj_append(run, out, item)))
            return false;
    }
    *result = nj_text_length(run, out->str, out->len);
    return separator && path;
}

static bool filter_reverse(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = items_of(run, input);
    Value *reversed = value_array_new(run->arena);
    NjArgs none = {0};

    for (guint i = value_count(items); i > 0; i--)
        value_append(run->arena, reversed, value_item(items, i - 1));
    *result = nj_value(reversed);
    return !nj_is(input, VALUE_STRING) || filter_join(run, *result, &none, result);
}

static bool filter_sum(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *path = nj_arg_text(run, args, 0, "attribute", "");
    double sum = nj_arg_number(run, args, 1, "start", 0);
    const Value *items = items_of(run, input);

    for (guint i = 0; path && i < value_count(items); i++)
        sum += nj_to_number(run, attribute(run, nj_value(value_item(items, i)), path));
    *result = nj_number(run, sum);
    return path != NULL;
}

/* ---- order ---- */

typedef struct {
    NjRun *run;
    bool reversed;
} Order;

typedef struct {
    const Value *item;
    NjVal key;
} Sortable;

static int compare_sortables(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *order = data;
    const Sortable *x = a, *y = b;
    int result = nj_compare(order->run, x->key, y->key);

    if (result == 2)
        return 0;
    return order->reversed ? -result : result;
}

static NjVal sort_key(NjRun *run, NjVal key, bool case_sensitive)
{
    g_autofree char *lower = NULL;

    if (case_sensitive || !nj_is(key, VALUE_STRING))
        return key;
    lower = g_utf8_strdown(value_string(key.value, ""), (gssize)value_string_length(key.value));
    return nj_text(run, lower);
}

static bool sorted(NjRun *run, GArray *sortables, bool reversed, NjVal *result)
{
    Order order = {run, reversed};
    Value *items = value_array_new(run->arena);

    if (!nj_charge(run, sortables->len * 20))
        return false;
    g_array_sort_with_data(sortables, compare_sortables, &order);
    for (guint i = 0; i < sortables->len; i++)
        value_append(run->arena, items, g_array_index(sortables, Sortable, i).item);
    *result = nj_value(items);
    return true;
}

static bool filter_sort(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *path = nj_arg_text(run, args, 2, "attribute", "");
    bool case_sensitive = nj_truthy(nj_arg_named(args, 1, "case_sensitive"));
    const Value *items = items_of(run, input);
    g_autoptr(GArray) sortables = g_array_new(FALSE, FALSE, sizeof(Sortable));

    for (guint i = 0; path && i < value_count(items); i++) {
        Sortable s = {.item = value_item(items, i)};

        s.key = sort_key(run, attribute(run, nj_value(s.item), path), case_sensitive);
        g_array_append_val(sortables, s);
    }
    return path && sorted(run, sortables, nj_truthy(nj_arg_named(args, 0, "reverse")), result);
}

static bool filter_dictsort(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *by = nj_arg_text(run, args, 1, "by", "key");
    bool case_sensitive = nj_truthy(nj_arg_named(args, 0, "case_sensitive"));
    g_autoptr(GArray) sortables = g_array_new(FALSE, FALSE, sizeof(Sortable));

    if (!nj_is(input, VALUE_OBJECT))
        return nj_fail(run, "dictsort: the value must be an object");
    for (guint i = 0; by && i < value_count(input.value); i++) {
        Value *pair = value_array_new(run->arena);

        value_append(run->arena, pair, value_string_new(run->arena, value_key_at(input.value, i)));
        value_append(run->arena, pair, value_value_at(input.value, i));
        Sortable s = {.item = pair};

        s.key = nj_value(value_item(pair, g_str_equal(by, "value") ? 1 : 0));
        s.key = sort_key(run, s.key, case_sensitive);
        g_array_append_val(sortables, s);
    }
    return by && sorted(run, sortables, false, result);
}

/* ---- groups ---- */

static bool filter_groupby(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *path = nj_arg_text(run, args, 0, "attribute", "");
    const Value *items = items_of(run, input);
    Value *groups = value_object_new(run->arena);
    gsize length;

    for (guint i = 0; path && i < value_count(items); i++) {
        const Value *item = value_item(items, i);
        const char *key = nj_to_string(run, attribute(run, nj_value(item), path), &length);

        if (!key || !nj_charge(run, value_count(groups)))
            return false;
        Value *group = (Value *)value_get(groups, key);

        if (!group) {
            group = value_array_new(run->arena);
            value_set(run->arena, groups, key, group);
        }
        value_append(run->arena, group, item);
    }
    *result = nj_value(groups);
    return path != NULL;
}

static bool filter_batch(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = items_of(run, input);
    double size = nj_arg_number(run, args, 0, "linecount", 0);
    NjVal fill = nj_arg_named(args, 1, "fill_with");
    Value *batches = value_array_new(run->arena), *batch = NULL;

    if (!(size >= 1) || size > NJ_RANGE_MAX)
        return nj_fail(run, "batch needs how many items a batch has");
    for (guint i = 0; i < value_count(items); i++) {
        if (i % (guint)size == 0) {
            batch = value_array_new(run->arena);
            value_append(run->arena, batches, batch);
        }
        value_append(run->arena, batch, value_item(items, i));
    }
    while (batch && nj_truthy(fill) && value_count(batch) < (guint)size)
        value_append(run->arena, batch, nj_as_value(run, fill));
    *result = nj_value(batches);
    return true;
}

static bool filter_slice(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = items_of(run, input);
    double slices = nj_arg_number(run, args, 0, "slices", 0);
    NjVal fill = nj_arg_named(args, 1, "fillWith");
    Value *out = value_array_new(run->arena);
    guint count = value_count(items), at = 0;

    if (!(slices >= 1) || slices > NJ_RANGE_MAX)
        return nj_fail(run, "slice needs how many slices there are to be");
    for (guint i = 0; i < (guint)slices; i++) {
        Value *slice = value_array_new(run->arena);
        guint size = count / (guint)slices + (i < count % (guint)slices);

        for (guint j = 0; j < size; j++)
            value_append(run->arena, slice, value_item(items, at++));
        if (nj_truthy(fill) && i >= count % (guint)slices)
            value_append(run->arena, slice, nj_as_value(run, fill));
        value_append(run->arena, out, slice);
    }
    *result = nj_value(out);
    return nj_charge(run, (gsize)slices);
}

/* ---- select ---- */

static bool selects(NjRun *run, NjVal input, const NjArgs *args, bool wanted, NjVal *result)
{
    const char *name = nj_arg_text(run, args, 0, "test", "truthy");
    NjArgs rest = {.items = args->items + 1, .count = args->count > 1 ? args->count - 1 : 0};
    const Value *items = items_of(run, input);
    Value *selected = value_array_new(run->arena);

    for (guint i = 0; name && i < value_count(items); i++) {
        bool known = true, holds = false;

        if (!nj_test(run, name, nj_value(value_item(items, i)), &rest, &known, &holds))
            return false;
        if (!known)
            return nj_fail(run, "test not found: %s", name);
        if (holds == wanted)
            value_append(run->arena, selected, value_item(items, i));
    }
    *result = nj_value(selected);
    return name && nj_charge(run, value_count(items));
}

static bool filter_select(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return selects(run, input, args, true, result);
}

static bool filter_reject(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return selects(run, input, args, false, result);
}

static bool selects_attribute(NjRun *run, NjVal input, const NjArgs *args, bool wanted,
                              NjVal *result)
{
    const char *path = nj_arg_text(run, args, 0, "attr", "");
    const Value *items = items_of(run, input);
    Value *selected = value_array_new(run->arena);

    for (guint i = 0; path && i < value_count(items); i++)
        if (nj_truthy(attribute(run, nj_value(value_item(items, i)), path)) == wanted)
            value_append(run->arena, selected, value_item(items, i));
    *result = nj_value(selected);
    return path && nj_charge(run, value_count(items));
}

static bool filter_selectattr(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return selects_attribute(run, input, args, true, result);
}

static bool filter_rejectattr(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return selects_attribute(run, input, args, false, result);
}

const NjFilterEntry nj_list_filters[] = {
    {"first", filter_first},
    {"last", filter_last},
    {"random", filter_random},
    {"length", filter_length},
    {"list", filter_list},
    {"join", filter_join},
    {"reverse", filter_reverse},
    {"sum", filter_sum},
    {"sort", filter_sort},
    {"dictsort", filter_dictsort},
    {"groupby", filter_groupby},
    {"batch", filter_batch},
    {"slice", filter_slice},
    {"select", filter_select},
    {"reject", filter_reject},
    {"selectattr", filter_selectattr},
    {"rejectattr", filter_rejectattr},
    {NULL, NULL},
};
