/* JavaScript's methods on lists. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

static bool list_join(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *separator = nj_given_text(run, args, 0, ",");

    for (guint i = 0; separator && i < value_count(self.value); i++) {
        NjVal item = nj_value(value_item(self.value, i));

        if ((i > 0 && !nj_append_text(run, out, separator, strlen(separator))) ||
            !nj_charge(run, 1) || (!nj_is_nothing(item) && !nj_append(run, out, item)))
            return false;
    }
    *result = nj_text_length(run, out->str, out->len);
    return separator != NULL;
}

static glong list_find(NjRun *run, NjVal self, const NjArgs *args)
{
    glong count = value_count(self.value);

    nj_charge(run, (gsize)count);
    for (glong i = nj_clamp_index(trunc(nj_given_number(run, args, 1, 0)), count); i < count; i++)
        if (nj_equal_strict(nj_value(value_item(self.value, (guint)i)), nj_arg(args, 0)))
            return i;
    return -1;
}

static bool list_includes(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = nj_bool(run, list_find(run, self, args) >= 0);
    return true;
}

static bool list_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = nj_number(run, (double)list_find(run, self, args));
    return true;
}

static bool list_last_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong at = value_count(self.value) - 1;

    while (at >= 0 &&
           !nj_equal_strict(nj_value(value_item(self.value, (guint)at)), nj_arg(args, 0)))
        at--;
    *result = nj_number(run, (double)at);
    return nj_charge(run, value_count(self.value));
}

static bool list_slice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong count = value_count(self.value);
    glong from = nj_clamp_index(nj_given_number(run, args, 0, 0), count);
    glong to = nj_clamp_index(nj_given_number(run, args, 1, count), count);
    Value *items = value_array_new(run->arena);

    for (glong i = from; i < to; i++)
        value_append(run->arena, items, value_item(self.value, (guint)i));
    *result = nj_value(items);
    return nj_charge(run, value_count(items));
}

static void append_all(NjRun *run, Value *items, const Value *more)
{
    for (guint i = 0; i < value_count(more); i++)
        value_append(run->arena, items, value_item(more, i));
}

static bool list_concat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *items = value_array_new(run->arena);

    append_all(run, items, self.value);
    for (guint i = 0; i < args->count; i++) {
        if (nj_is(args->items[i], VALUE_ARRAY))
            append_all(run, items, args->items[i].value);
        else
            value_append(run->arena, items, nj_as_value(run, args->items[i]));
    }
    *result = nj_value(items);
    return nj_charge(run, value_count(items));
}

static bool list_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double index = trunc(nj_given_number(run, args, 0, 0));

    if (index < 0)
        index += value_count(self.value);
    *result = index >= 0 && index < value_count(self.value)
                  ? nj_value(value_item(self.value, (guint)index))
                  : nj_undefined();
    return true;
}

static bool flatten(NjRun *run, Value *out, const Value *list, double depth)
{
    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = value_item(list, i);

        if (!nj_charge(run, 1))
            return false;
        if (!value_is(item, VALUE_ARRAY) || !(depth >= 1))
            value_append(run->arena, out, item);
        else if (!flatten(run, out, item, depth - 1))
            return false;
    }
    return true;
}

static bool list_flat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *out = value_array_new(run->arena);

    *result = nj_value(out);
    return nj_weigh(run, self.value) &&
           flatten(run, out, self.value, nj_given_number(run, args, 0, 1));
}

static bool list_to_reversed(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *items = value_array_new(run->arena);

    for (guint i = value_count(self.value); i > 0; i--)
        value_append(run->arena, items, value_item(self.value, i - 1));
    *result = nj_value(items);
    return nj_charge(run, value_count(items));
}

/* ---- order ---- */

typedef struct {
    const Value *item;
    NjVal text;
} Sortable;

static int compare_texts(gconstpointer a, gconstpointer b, gpointer run)
{
    return nj_compare(run, ((const Sortable *)a)->text, ((const Sortable *)b)->text);
}

static bool list_to_sorted(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GArray) sortables = g_array_new(FALSE, FALSE, sizeof(Sortable));
    Value *items = value_array_new(run->arena);

    if (args->count > 0)
        return nj_fail(run, "sort() takes no function here");
    for (guint i = 0; i < value_count(self.value); i++) {
        Sortable s = {.item = value_item(self.value, i)};
        gsize length;
        const char *text = nj_to_string(run, nj_value(s.item), &length);

        if (!text || !nj_charge(run, 20))
            return false;
        s.text = nj_text_length(run, text, length);
        g_array_append_val(sortables, s);
    }
    nj_sort(sortables, compare_texts, run);
    for (guint i = 0; i < sortables->len; i++)
        value_append(run->arena, items, g_array_index(sortables, Sortable, i).item);
    *result = nj_value(items);
    return true;
}

/* ---- changed in place ---- */

/* The list holds `items` from now on. */
static bool become(NjRun *run, NjVal self, const Value *items)
{
    Value *list = (Value *)self.value;

    if (!nj_may_change(run))
        return false;
    value_truncate(list, 0);
    append_all(run, list, items);
    return nj_charge(run, value_count(items));
}

static bool refuse_itself(NjRun *run, NjVal self, const NjArgs *args)
{
    for (guint i = 0; i < args->count; i++)
        if (args->items[i].kind == NJ_VALUE && args->items[i].value == self.value)
            return nj_fail(run, "a list cannot hold itself");
    return true;
}

static bool list_push(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *list = (Value *)self.value;

    if (!nj_may_change(run) || !refuse_itself(run, self, args))
        return false;
    for (guint i = 0; i < args->count; i++)
        value_append(run->arena, list, nj_as_value(run, args->items[i]));
    *result = nj_number(run, value_count(list));
    return true;
}

/* Takes `removed` items away at `start`, puts args from index `first` on in their place, and gives
 * those that were taken. */
static bool splice(NjRun *run, NjVal self, guint start, guint removed, const NjArgs *args,
                   guint first, Value **taken)
{
    Value *items = value_array_new(run->arena);

    *taken = value_array_new(run->arena);
    if (!refuse_itself(run, self, args))
        return false;
    for (guint i = 0; i < value_count(self.value); i++) {
        bool gone = i >= start && i < start + removed;

        for (guint j = first; i == start && j < args->count; j++)
            value_append(run->arena, items, nj_as_value(run, args->items[j]));
        value_append(run->arena, gone ? *taken : items, value_item(self.value, i));
    }
    for (guint j = first; start >= value_count(self.value) && j < args->count; j++)
        value_append(run->arena, items, nj_as_value(run, args->items[j]));
    return become(run, self, items);
}

static bool list_splice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong count = value_count(self.value);
    glong start = nj_clamp_index(trunc(nj_given_number(run, args, 0, 0)), count);
    double wanted = nj_given_number(run, args, 1, args->count > 0 ? (double)(count - start) : 0);
    glong removed = (glong)nj_clamp(wanted, 0, (double)(count - start));
    Value *taken;

    if (args->count == 0)
        removed = 0;
    if (!splice(run, self, (guint)start, (guint)removed, args, 2, &taken))
        return false;
    *result = nj_value(taken);
    return true;
}

static bool take_one(NjRun *run, NjVal self, guint at, NjVal *result)
{
    static const NjArgs none = {0};
    Value *taken;

    if (value_count(self.value) == 0)
        return *result = nj_undefined(), true;
    if (!splice(run, self, at, 1, &none, 0, &taken))
        return false;
    *result = nj_value(value_item(taken, 0));
    return true;
}

static bool list_pop(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take_one(run, self, value_count(self.value) - 1, result);
}

static bool list_shift(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take_one(run, self, 0, result);
}

static bool list_unshift(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *taken;

    if (!splice(run, self, 0, 0, args, 0, &taken))
        return false;
    *result = nj_number(run, value_count(self.value));
    return true;
}

static bool list_fill(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *items = value_array_new(run->arena);
    glong count = value_count(self.value);
    glong from = nj_clamp_index(trunc(nj_given_number(run, args, 1, 0)), count);
    glong to = nj_clamp_index(trunc(nj_given_number(run, args, 2, (double)count)), count);

    *result = self;
    for (glong i = 0; i < count; i++)
        value_append(run->arena, items,
                     i >= from && i < to ? nj_as_value(run, nj_arg(args, 0))
                                         : value_item(self.value, (guint)i));
    return refuse_itself(run, self, args) && become(run, self, items);
}

static bool list_reverse(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    NjVal reversed;

    *result = self;
    return list_to_reversed(run, self, args, &reversed) && become(run, self, reversed.value);
}

static bool list_sort(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    NjVal sorted;

    *result = self;
    return list_to_sorted(run, self, args, &sorted) && become(run, self, sorted.value);
}

const NjMethodEntry nj_list_methods[] = {
    {"join", list_join},
    {"includes", list_includes},
    {"indexOf", list_index_of},
    {"lastIndexOf", list_last_index_of},
    {"slice", list_slice},
    {"concat", list_concat},
    {"at", list_at},
    {"flat", list_flat},
    {"toReversed", list_to_reversed},
    {"toSorted", list_to_sorted},
    {"push", list_push},
    {"pop", list_pop},
    {"shift", list_shift},
    {"unshift", list_unshift},
    {"splice", list_splice},
    {"fill", list_fill},
    {"reverse", list_reverse},
    {"sort", list_sort},
    {NULL, NULL},
};
