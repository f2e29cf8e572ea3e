/* JavaScript's methods on lists, numbers and patterns, and what member access finds. */
#include "formats/nunjucks_internal.h"

#include <math.h>
#include <string.h>

/* ---- lists ---- */

static bool list_join(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *separator = nj_arg_text(run, args, 0, "", ",");

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
    nj_charge(run, value_count(self.value));
    for (guint i = 0; i < value_count(self.value); i++)
        if (nj_equal_strict(nj_value(value_item(self.value, i)), nj_arg(args, 0)))
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

static bool list_slice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong count = value_count(self.value);
    glong from = nj_clamp_index(nj_arg_number(run, args, 0, "", 0), count);
    glong to = nj_clamp_index(nj_arg_number(run, args, 1, "", count), count);
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

/* The context was copied for this run (see mutates), so that nobody else's list grows. */
static bool list_push(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *list = (Value *)self.value;

    for (guint i = 0; i < args->count; i++) {
        const Value *item = nj_as_value(run, args->items[i]);

        if (item == self.value)
            return nj_fail(run, "a list cannot hold itself");
        value_append(run->arena, list, item);
    }
    *result = nj_number(run, value_count(list));
    return true;
}

static bool list_reverse(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *items = value_array_new(run->arena);

    for (guint i = value_count(self.value); i > 0; i--)
        value_append(run->arena, items, value_item(self.value, i - 1));
    *result = nj_value(items);
    return nj_charge(run, value_count(items));
}

static bool list_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double index = nj_arg_number(run, args, 0, "", 0);

    if (index < 0)
        index += value_count(self.value);
    *result = index >= 0 && index < value_count(self.value)
                  ? nj_value(value_item(self.value, (guint)index))
                  : nj_undefined();
    return true;
}

static bool list_to_string(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = nj_to_string(run, self, &length);

    if (text)
        *result = nj_text_length(run, text, length);
    return text != NULL;
}

static const NjMethodEntry LIST_METHODS[] = {
    {"join", list_join},          {"includes", list_includes},
    {"indexOf", list_index_of},   {"slice", list_slice},
    {"concat", list_concat},      {"push", list_push},
    {"reverse", list_reverse},    {"at", list_at},
    {"toString", list_to_string}, {NULL, NULL},
};

/* ---- objects, numbers, patterns ---- */

static bool object_has_own(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *name = nj_arg_text(run, args, 0, "", "undefined");

    if (name)
        *result = nj_bool(run, value_get(self.value, name) != NULL);
    return name != NULL;
}

static const NjMethodEntry OBJECT_METHODS[] = {
    {"hasOwnProperty", object_has_own},
    {"toString", list_to_string},
    {NULL, NULL},
};

static bool number_to_fixed(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double digits = nj_arg_number(run, args, 0, "", 0);

    if (!(digits >= 0 && digits <= 100) || fabs(value_number(self.value, 0)) >= 1e21)
        return nj_fail(run, "toFixed() needs 0 to 100 digits");
    g_autofree char *text = g_strdup_printf("%.*f", (int)digits, value_number(self.value, 0));

    *result = nj_text(run, text);
    return true;
}

static const NjMethodEntry NUMBER_METHODS[] = {
    {"toFixed", number_to_fixed},
    {"toString", list_to_string},
    {NULL, NULL},
};

static bool pattern_test(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *text = nj_arg_text(run, args, 0, "", "undefined");

    if (text)
        *result = nj_bool(run, regex_matches(self.pattern->regex, text, strlen(text)));
    return text != NULL;
}

static bool pattern_exec(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *text = nj_arg_text(run, args, 0, "", "undefined");

    return text && nj_match_text(run, self.pattern, nj_text(run, text), false, result);
}

static const NjMethodEntry PATTERN_METHODS[] = {
    {"test", pattern_test},
    {"exec", pattern_exec},
    {NULL, NULL},
};

/* ---- lookup ---- */

static bool call_method(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    const NjMethodEntry *entry = function->data;

    *result = nj_undefined();
    return entry->method(run, function->self, args, result);
}

static NjVal find_method(NjRun *run, NjVal self, const NjMethodEntry *methods, const char *name)
{
    for (; methods->name; methods++)
        if (g_str_equal(methods->name, name)) {
            NjFunction *function = arena_new0(run->arena, NjFunction, 1);

            function->name = methods->name;
            function->call = call_method;
            function->self = self;
            function->data = (void *)methods;
            return (NjVal){.kind = NJ_FUNCTION, .function = function};
        }
    return nj_undefined();
}

/* The index a key names, -1 where it is none. */
static double index_of_key(NjVal key, const char *name)
{
    if (nj_is(key, VALUE_NUMBER)) {
        double index = value_number(key.value, -1);
        return index >= 0 && index == floor(index) && index < G_MAXUINT ? index : -1;
    }
    return g_ascii_isdigit(*name) && strlen(name) < 10 && name[strspn(name, "0123456789")] == '\0'
               ? g_ascii_strtod(name, NULL)
               : -1;
}

static NjVal text_member(NjRun *run, NjVal input, NjVal key, const char *name)
{
    double index = index_of_key(key, name);

    if (g_str_equal(name, "length"))
        return nj_number(run, (double)nj_characters_of(input));
    if (index >= 0)
        return index < nj_characters_of(input) ? nj_part(run, input, (glong)index, (glong)index + 1)
                                               : nj_undefined();
    return find_method(run, input, nj_text_methods, name);
}

static NjVal list_member(NjRun *run, NjVal input, NjVal key, const char *name)
{
    double index = index_of_key(key, name);

    if (g_str_equal(name, "length"))
        return nj_number(run, value_count(input.value));
    if (index >= 0)
        return nj_value(value_item(input.value, (guint)index));
    return find_method(run, input, LIST_METHODS, name);
}

NjVal nj_member(NjRun *run, NjVal input, NjVal key)
{
    gsize length;
    const char *name = nj_to_string(run, key, &length);

    if (!name || nj_is_nothing(input))
        return nj_undefined();
    if (input.kind == NJ_PATTERN)
        return find_method(run, input, PATTERN_METHODS, name);
    if (input.kind == NJ_FUNCTION)
        return input.function->member ? input.function->member(run, input.function, name)
                                      : nj_undefined();
    switch (value_kind(input.value)) {
    case VALUE_STRING:
        return text_member(run, input, key, name);
    case VALUE_ARRAY:
        return list_member(run, input, key, name);
    case VALUE_OBJECT: {
        const Value *member = value_get(input.value, name);
        return member ? nj_value(member) : find_method(run, input, OBJECT_METHODS, name);
    }
    case VALUE_NUMBER:
        return find_method(run, input, NUMBER_METHODS, name);
    default:
        return nj_undefined();
    }
}
