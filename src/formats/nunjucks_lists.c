/* Nunjucks' filters on lists and objects. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

/* A copy of a list's items, the characters of text, nothing of other values. */
static const Value *copied_items(NjRun *run, NjVal input)
{
    return nj_is_nothing(input) ? value_array_new(run->arena) : nj_array_like(run, input);
}

/* `input` has to be a list, which the filter calls method of. */
static const Value *list_of(NjRun *run, NjVal input, const char *method)
{
    if (!nj_is(input, VALUE_ARRAY))
        return nj_no_method(run, input, method), NULL;
    return nj_charge(run, value_count(input.value)) ? input.value : NULL;
}

/* The members named by attribute of all items; the items where it is falsy. */
static const Value *mapped(NjRun *run, NjVal input, NjVal attribute)
{
    const Value *items = copied_items(run, input);
    Value *members = value_array_new(run->arena);
    NjVal member;

    for (guint i = 0; items && i < value_count(items); i++) {
        if (!nj_member_of(run, nj_value(value_item(items, i)), attribute, &member))
            return NULL;
        value_append(run->arena, members, nj_as_value(run, member));
    }
    return items ? members : NULL;
}

static bool filter_first(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return nj_member_of(run, input, nj_number(run, 0), result);
}

static bool filter_last(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return nj_member_of(run, input, nj_number(run, nj_length_of(input) - 1), result);
}

static bool filter_random(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = nj_array_like(run, input);
    guint count = value_count(items);

    *result = nj_value(count ? value_item(items, g_random_int() % count) : NULL);
    return items != NULL;
}

static bool filter_length(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    bool empty = nj_is_nothing(input) || (nj_is(input, VALUE_BOOL) && !nj_truthy(input));
    double length = nj_is(input, VALUE_OBJECT) ? value_count(input.value) : nj_length_of(input);

    *result = empty ? nj_number(run, 0) : isnan(length) ? nj_undefined() : nj_number(run, length);
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
    *result = input;
    if (nj_is(input, VALUE_STRING))
        return (*result = nj_value(nj_array_like(run, input))).kind == NJ_VALUE;
    if (nj_is(input, VALUE_ARRAY))
        return true;
    if (!nj_is(input, VALUE_OBJECT))
        return nj_fail(run, "list: the value has no items");
    Value *items = value_array_new(run->arena);
    const Value *object = nj_in_order(run, input.value);

    for (guint i = 0; i < value_count(object); i++)
        value_append(run->arena, items,
                     pair_object(run, value_key_at(object, i), value_value_at(object, i)));
    *result = nj_value(items);
    return true;
}

static bool filter_join(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal attribute = nj_given(run, args, 1), delimiter = nj_given(run, args, 0);
    const Value *items =
        nj_truthy(attribute) ? mapped(run, input, attribute) : list_of(run, input, "join");
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; items && i < value_count(items); i++) {
        NjVal item = nj_value(value_item(items, i));

        if ((i > 0 && nj_truthy(delimiter) && !nj_append(run, out, delimiter)) ||
            !nj_charge(run, 1) || (!nj_is_nothing(item) && !nj_append(run, out, item)))
            return false;
    }
    *result = nj_text_length(run, out->str, out->len);
    return items != NULL;
}

static bool filter_reverse(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = copied_items(run, input);
    Value *reversed = value_array_new(run->arena);
    NjArgs none = {0};

    for (guint i = value_count(items); i > 0; i--)
        value_append(run->arena, reversed, value_item(items, i - 1));
    *result = nj_value(reversed);
    return items && (!nj_is(input, VALUE_STRING) || filter_join(run, *result, &none, result));
}

static bool filter_sum(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal attribute = nj_given(run, args, 0), start = nj_given(run, args, 1);
    bool maps = nj_truthy(attribute);
    const Value *items = maps ? copied_items(run, input) : list_of(run, input, "reduce");
    NjVal sum = nj_number(run, 0), item;

    for (guint i = 0; items && i < value_count(items); i++) {
        item = nj_value(value_item(items, i));
        if ((maps && !nj_member_of(run, item, attribute, &item)) || !nj_add(run, sum, item, &sum))
            return false;
    }
    if (start.kind == NJ_UNDEFINED)
        start = nj_number(run, 0);
    return items && nj_add(run, start, sum, result);
}

/* ---- order ---- */

typedef struct {
    NjRun *run;
    bool reversed, by_identity;
} Order;

typedef struct {
    const Value *item;
    NjVal key;
} Sortable;

static int compare_for_sort(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *order = data;
    const Sortable *x = a, *y = b;
    int result = nj_compare(order->run, x->key, y->key);

    result = result == 2 ? 0 : result;
    return order->reversed ? -result : result;
}

/* dictsort's: what is neither more nor the same is less. */
static int compare_for_dictsort(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *order = data;
    const Sortable *x = a, *y = b;

    if (nj_compare(order->run, x->key, y->key) == 1)
        return 1;
    return nj_equal_strict(x->key, y->key) ? 0 : -1;
}

static NjVal cased(NjRun *run, NjVal key, bool upper)
{
    const char *text = value_string(key.value, "");
    gssize length = (gssize)value_string_length(key.value);
    g_autofree char *changed = upper ? g_utf8_strup(text, length) : g_utf8_strdown(text, length);

    return nj_text(run, changed);
}

static bool sorted(NjRun *run, GArray *sortables, NjCompare compare, bool reversed, NjVal *result)
{
    Order order = {.run = run, .reversed = reversed};
    Value *items = value_array_new(run->arena);

    if (!nj_charge(run, sortables->len * 20))
        return false;
    nj_sort(sortables, compare, &order);
    for (guint i = 0; i < sortables->len; i++)
        value_append(run->arena, items, g_array_index(sortables, Sortable, i).item);
    *result = nj_value(items);
    return !run->error || !*run->error;
}

/* The member of v at a dotted path, undefined where a part is none of its own. */
static bool own_member(NjRun *run, NjVal v, NjVal path, NjVal *result)
{
    gsize length;
    const char *text = nj_truthy(path) ? nj_to_string(run, path, &length) : "";
    g_auto(GStrv) names = text ? g_strsplit(text, ".", 32) : NULL;

    *result = v;
    for (char **name = names; text && *text && *name; name++) {
        NjVal member;

        if (result->kind == NJ_UNDEFINED)
            return true;
        if (!nj_member_of(run, *result, nj_text(run, *name), &member))
            return false;
        *result = member.kind == NJ_FUNCTION ? nj_undefined() : member;
    }
    return text != NULL;
}

/* Text is compared without case where both are text. */
static bool all_text(GArray *sortables)
{
    for (guint i = 0; i < sortables->len; i++)
        if (!nj_is_string(g_array_index(sortables, Sortable, i).key))
            return false;
    return true;
}

static int compare_without_case(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *order = data;
    Sortable x = *(const Sortable *)a, y = *(const Sortable *)b;

    if (nj_is_string(x.key) && nj_is_string(y.key)) {
        x.key = cased(order->run, x.key, false);
        y.key = cased(order->run, y.key, false);
    }
    return compare_for_sort(&x, &y, data);
}

/* A macro to Nunjucks: its arguments may be named. */
static bool filter_sort(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal attribute = nj_arg_named(args, 2, "attribute");
    bool case_sensitive = nj_truthy(nj_arg_named(args, 1, "case_sensitive"));
    const Value *items = copied_items(run, input);
    g_autoptr(GArray) sortables = g_array_new(FALSE, FALSE, sizeof(Sortable));
    NjCompare compare = case_sensitive ? compare_for_sort : compare_without_case;

    for (guint i = 0; items && i < value_count(items); i++) {
        Sortable s = {.item = value_item(items, i)};

        s.key = nj_value(s.item);
        if (value_count(items) > 1 && nj_truthy(attribute) &&
            !own_member(run, s.key, attribute, &s.key))
            return false;
        g_array_append_val(sortables, s);
    }
    if (!case_sensitive && all_text(sortables)) {
        compare = compare_for_sort;
        for (guint i = 0; i < sortables->len; i++) {
            Sortable *s = &g_array_index(sortables, Sortable, i);
            s->key = cased(run, s->key, false);
        }
    }
    return items &&
           sorted(run, sortables, compare, nj_truthy(nj_arg_named(args, 0, "reverse")), result);
}

static bool filter_dictsort(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal by = nj_given(run, args, 1);
    const char *name = nj_is_string(by) ? value_string(by.value, "") : "";
    bool by_value = g_str_equal(name, "value");
    bool case_sensitive = nj_truthy(nj_given(run, args, 0));
    g_autoptr(GArray) sortables = g_array_new(FALSE, FALSE, sizeof(Sortable));

    if (!nj_is(input, VALUE_OBJECT))
        return nj_fail(run, "dictsort: the value must be an object");
    if (by.kind != NJ_UNDEFINED && !by_value && !g_str_equal(name, "key"))
        return nj_fail(run, "dictsort: sorts by \"key\" or \"value\"");
    const Value *object = nj_in_order(run, input.value);

    for (guint i = 0; i < value_count(object); i++) {
        Value *pair = value_array_new(run->arena);

        value_append(run->arena, pair, value_string_new(run->arena, value_key_at(object, i)));
        value_append(run->arena, pair, value_value_at(object, i));
        Sortable s = {.item = pair, .key = nj_value(value_item(pair, by_value ? 1 : 0))};

        if (!case_sensitive && nj_is_string(s.key))
            s.key = cased(run, s.key, true);
        g_array_append_val(sortables, s);
    }
    return sorted(run, sortables, compare_for_dictsort, false, result);
}

/* ---- groups ---- */

static bool filter_groupby(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal attribute = nj_given(run, args, 0), member;
    const Value *items = nj_array_like(run, input);
    Value *groups = value_object_new(run->arena);
    gsize length;

    for (guint i = 0; items && i < value_count(items); i++) {
        const Value *item = value_item(items, i);

        if (!own_member(run, nj_value(item), attribute, &member))
            return false;
        const char *key = nj_to_string(run, member, &length);

        if (!key || !nj_charge(run, value_count(groups)))
            return false;
        Value *group = (Value *)value_get(groups, key);

        if (!group) {
            group = value_array_new(run->arena);
            value_set(run->arena, groups, key, group);
        }
        value_append(run->arena, group, item);
    }
    *result = nj_value(nj_in_order(run, groups));
    return items != NULL;
}

static bool filter_batch(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *items = nj_array_like(run, input);
    double size = nj_given_number(run, args, 0, NAN);
    NjVal fill = nj_given(run, args, 1);
    Value *batches = value_array_new(run->arena), *batch = NULL;

    for (guint i = 0; i < value_count(items); i++) {
        if (!batch || fmod(i, size) == 0) {
            batch = value_array_new(run->arena);
            value_append(run->arena, batches, batch);
        }
        value_append(run->arena, batch, value_item(items, i));
    }
    if (batch && nj_truthy(fill) && size > NJ_RANGE_MAX)
        return nj_fail(run, "batch: at most %d items", NJ_RANGE_MAX);
    while (batch && nj_truthy(fill) && value_count(batch) < size)
        value_append(run->arena, batch, nj_as_value(run, fill));
    *result = nj_value(batches);
    return items && nj_charge(run, value_count(items));
}

/* input.slice(start, end), which is text of text. */
static NjVal sliced(NjRun *run, NjVal input, double start, double end)
{
    double count = nj_length_of(input);
    glong from = (glong)nj_clamp(start, 0, count), to = (glong)nj_clamp(end, 0, count);
    Value *part = value_array_new(run->arena);

    if (nj_is(input, VALUE_STRING))
        return nj_part(run, input, from, to);
    for (glong i = from; i < to; i++)
        value_append(run->arena, part, value_item(input.value, (guint)i));
    return nj_value(part);
}

static bool filter_slice(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double slices = nj_given_number(run, args, 0, NAN), offset = 0;
    NjVal fill = nj_given(run, args, 1);
    Value *out = value_array_new(run->arena);

    *result = nj_value(out);
    if (nj_is_nothing(input))
        return nj_no_method(run, input, "length");
    if (!(slices > 0))
        return true;
    if (slices > NJ_RANGE_MAX)
        return nj_fail(run, "slice: at most %d slices", NJ_RANGE_MAX);
    if (!nj_is(input, VALUE_ARRAY) && !nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "slice");
    double size = floor(nj_length_of(input) / slices), extra = fmod(nj_length_of(input), slices);

    for (guint i = 0; i < slices; i++) {
        double start = offset + i * size;

        offset += i < extra;
        NjVal part = sliced(run, input, start, offset + (i + 1) * size);

        if (nj_truthy(fill) && i >= extra) {
            if (!nj_is(part, VALUE_ARRAY))
                return nj_no_method(run, part, "push");
            value_append(run->arena, (Value *)part.value, nj_as_value(run, fill));
        }
        value_append(run->arena, out, part.value);
    }
    return nj_charge(run, (gsize)slices + value_count(input.value));
}

/* ---- select ---- */

static bool selects(NjRun *run, NjVal input, const NjArgs *args, bool wanted, NjVal *result)
{
    const char *name = nj_given_text(run, args, 0, "truthy");
    NjVal other = nj_given(run, args, 1);
    NjArgs rest = {.items = &other, .count = 1};
    const Value *items = name ? nj_array_like(run, input) : NULL;
    Value *selected = value_array_new(run->arena);
    bool known = true, holds = false;

    if (!items)
        return false;
    for (guint i = 0; i < value_count(items); i++) {
        if (!nj_test(run, name, nj_value(value_item(items, i)), &rest, &known, &holds))
            return false;
        if (known && holds == wanted)
            value_append(run->arena, selected, value_item(items, i));
    }
    if (!nj_test_exists(name))
        return nj_fail(run, "test not found: %s", name);
    *result = nj_value(selected);
    return nj_charge(run, value_count(items));
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
    const Value *items = list_of(run, input, "filter");
    Value *selected = value_array_new(run->arena);
    NjVal member;

    for (guint i = 0; items && i < value_count(items); i++) {
        if (!nj_member_of(run, nj_value(value_item(items, i)), nj_given(run, args, 0), &member))
            return false;
        if (nj_truthy(member) == wanted)
            value_append(run->arena, selected, value_item(items, i));
    }
    *result = nj_value(selected);
    return items != NULL;
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
