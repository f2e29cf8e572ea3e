/* JavaScript's methods on text, lists, numbers and patterns, and what member access finds. */
#include "formats/nunjucks_internal.h"

#include <math.h>
#include <string.h>

typedef bool (*Method)(NjRun *run, NjVal self, const NjArgs *args, NjVal *result);

typedef struct {
    const char *name;
    Method method;
} MethodEntry;

static const char *text_of(NjVal self)
{
    return value_string(self.value, "");
}

static gsize bytes_of(NjVal self)
{
    return value_string_length(self.value);
}

static glong characters_of(NjVal self)
{
    return g_utf8_strlen(text_of(self), (gssize)bytes_of(self));
}

/* An index counted from the end where negative, clamped to 0…length. */
static glong clamp_index(double index, glong length)
{
    if (isnan(index))
        return 0;
    if (index < 0)
        index += length;
    return (glong)nj_clamp(index, 0, length);
}

static NjVal part(NjRun *run, NjVal self, glong from, glong to)
{
    gsize length = bytes_of(self), start = nj_byte_of(text_of(self), length, from);

    if (to <= from)
        return nj_text(run, "");
    gsize end = start + nj_byte_of(text_of(self) + start, length - start, to - from);
    return nj_text_length(run, text_of(self) + start, end - start);
}

/* ---- text ---- */

static bool take(NjRun *run, char *text, NjVal *result)
{
    *result = nj_text(run, text);
    g_free(text);
    return true;
}

static bool text_upper(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_utf8_strup(text_of(self), (gssize)bytes_of(self)), result);
}

static bool text_lower(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_utf8_strdown(text_of(self), (gssize)bytes_of(self)), result);
}

static bool text_trim(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strstrip(g_strdup(text_of(self))), result);
}

static bool text_trim_start(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strchug(g_strdup(text_of(self))), result);
}

static bool text_trim_end(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strchomp(g_strdup(text_of(self))), result);
}

static bool split_characters(NjRun *run, NjVal self, Value *parts)
{
    glong count = characters_of(self);

    for (glong i = 0; i < count; i++)
        value_append(run->arena, parts, part(run, self, i, i + 1).value);
    return nj_charge(run, (gsize)count * 4);
}

static bool split_pattern(NjRun *run, NjVal self, const NjPattern *pattern, Value *parts)
{
    const char *text = text_of(self);
    gsize length = bytes_of(self), from = 0, at = 0;
    RegexMatch match;

    while (at <= length && regex_find(pattern->regex, text, length, at, &match)) {
        gsize start = (gsize)match.group[0].start, end = (gsize)match.group[0].end;

        if (!nj_charge(run, 10))
            return false;
        at = end > at ? end : nj_byte_of(text, length, g_utf8_strlen(text, (gssize)at) + 1);
        if (end == start && (start == from || start >= length)) {
            if (at >= length)
                break;
            continue;
        }
        value_append(run->arena, parts,
                     value_string_new_length(run->arena, text + from, start - from));
        from = end;
    }
    value_append(run->arena, parts,
                 value_string_new_length(run->arena, text + from, length - from));
    return true;
}

static bool text_split(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *parts = value_array_new(run->arena);
    NjVal by = nj_arg(args, 0);
    gsize length;

    *result = nj_value(parts);
    if (by.kind == NJ_UNDEFINED) {
        value_append(run->arena, parts, self.value);
        return true;
    }
    if (by.kind == NJ_PATTERN)
        return split_pattern(run, self, by.pattern, parts);
    const char *separator = nj_to_string(run, by, &length);

    if (!separator)
        return false;
    if (length == 0)
        return split_characters(run, self, parts);
    const char *from = text_of(self), *end = from + bytes_of(self), *found;

    while ((found = memmem(from, (gsize)(end - from), separator, length)) && nj_charge(run, 1)) {
        value_append(run->arena, parts,
                     value_string_new_length(run->arena, from, (gsize)(found - from)));
        from = found + length;
    }
    value_append(run->arena, parts, value_string_new_length(run->arena, from, (gsize)(end - from)));
    return true;
}

static bool replace_method(NjRun *run, NjVal self, const NjArgs *args, int64_t limit, NjVal *result)
{
    const char *replacement = nj_arg_text(run, args, 1, "", "undefined");

    return replacement && nj_replace(run, text_of(self), bytes_of(self), nj_arg(args, 0),
                                     replacement, true, limit, result);
}

static bool text_replace(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return replace_method(run, self, args, 1, result);
}

static bool text_replace_all(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return replace_method(run, self, args, -1, result);
}

static bool text_starts_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, g_str_has_prefix(text_of(self), what));
    return what != NULL;
}

static bool text_ends_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, g_str_has_suffix(text_of(self), what));
    return what != NULL;
}

static bool text_includes(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, strstr(text_of(self), what) != NULL);
    return what != NULL;
}

static bool index_result(NjRun *run, NjVal self, const char *found, NjVal *result)
{
    glong index = found ? g_utf8_strlen(text_of(self), found - text_of(self)) : -1;

    *result = nj_number(run, (double)index);
    return true;
}

static bool text_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    return what && index_result(run, self, strstr(text_of(self), what), result);
}

static bool text_last_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    return what && index_result(run, self,
                                g_strrstr_len(text_of(self), (gssize)bytes_of(self), what), result);
}

static bool text_slice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = characters_of(self);
    glong from = clamp_index(nj_arg_number(run, args, 0, "", 0), length);
    glong to = clamp_index(nj_arg_number(run, args, 1, "", length), length);

    *result = part(run, self, from, to);
    return true;
}

static bool text_substring(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = characters_of(self);
    glong from = clamp_index(fmax(0, nj_arg_number(run, args, 0, "", 0)), length);
    glong to = clamp_index(fmax(0, nj_arg_number(run, args, 1, "", length)), length);

    *result = part(run, self, MIN(from, to), MAX(from, to));
    return true;
}

static bool text_substr(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = characters_of(self);
    glong from = clamp_index(nj_arg_number(run, args, 0, "", 0), length);
    double count = nj_arg_number(run, args, 1, "", length);

    *result = part(run, self, from, from + (glong)nj_clamp(count, 0, length - from));
    return true;
}

static bool text_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = characters_of(self);
    glong at = clamp_index(nj_arg_number(run, args, 0, "", 0), length);

    *result = at < length ? part(run, self, at, at + 1) : nj_undefined();
    return true;
}

static bool text_char_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_arg_number(run, args, 0, "", 0);
    glong index = at >= 0 && at < characters_of(self) ? (glong)at : -1;

    *result = index >= 0 ? part(run, self, index, index + 1) : nj_text(run, "");
    return true;
}

static bool text_char_code_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_arg_number(run, args, 0, "", 0);
    bool inside = at >= 0 && at < characters_of(self);
    gsize byte = inside ? nj_byte_of(text_of(self), bytes_of(self), (glong)at) : 0;

    *result = nj_number(run, inside ? g_utf8_get_char(text_of(self) + byte) : NAN);
    return true;
}

static bool text_concat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new_len(text_of(self), (gssize)bytes_of(self));

    for (guint i = 0; i < args->count; i++)
        if (!nj_append(run, out, args->items[i]))
            return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

/* Appends filler, over and over, until count characters were appended. */
static bool append_filler(NjRun *run, GString *out, const char *filler, double count)
{
    const char *at = filler;

    if (!(count > 0) || !*filler)
        return true;
    if (count > NJ_TEXT_MAX || !nj_room(run, out->len, (gsize)count))
        return nj_fail(run, "the text is too long");
    for (gsize i = 0; i < (gsize)count; i++) {
        const char *next = g_utf8_next_char(at);

        g_string_append_len(out, at, next - at);
        at = *next ? next : filler;
    }
    return true;
}

static bool text_repeat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    double count = nj_arg_number(run, args, 0, "", 0);

    if (count < 0)
        return nj_fail(run, "repeat() needs a count that is not negative");
    if (!append_filler(run, out, text_of(self), trunc(count) * (double)characters_of(self)))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

static bool pad(NjRun *run, NjVal self, const NjArgs *args, bool start, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *filler = nj_arg_text(run, args, 1, "", " ");
    double missing = nj_arg_number(run, args, 0, "", 0) - (double)characters_of(self);

    if (!filler || (start && !append_filler(run, out, filler, missing)) ||
        !nj_append(run, out, self) || (!start && !append_filler(run, out, filler, missing)))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

static bool text_pad_start(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return pad(run, self, args, true, result);
}

static bool text_pad_end(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return pad(run, self, args, false, result);
}

static Value *match_groups(NjRun *run, const char *text, const RegexMatch *match)
{
    Value *groups = value_array_new(run->arena);

    for (guint i = 0; i < match->count; i++) {
        gssize start = match->group[i].start;
        gsize length = (gsize)(match->group[i].end - start);

        value_append(run->arena, groups,
                     start < 0 ? value_null_new(run->arena)
                               : value_string_new_length(run->arena, text + start, length));
    }
    return groups;
}

static bool match_text(NjRun *run, const NjPattern *pattern, NjVal text, bool all, NjVal *result)
{
    Value *found = value_array_new(run->arena);
    RegexMatch match;
    gsize at = 0, length = bytes_of(text);

    *result = nj_value(value_null_new(run->arena));
    while (at <= length && regex_find(pattern->regex, text_of(text), length, at, &match)) {
        if (!all) {
            *result = nj_value(match_groups(run, text_of(text), &match));
            return true;
        }
        gsize start = (gsize)match.group[0].start, end = (gsize)match.group[0].end;

        value_append(run->arena, found,
                     value_string_new_length(run->arena, text_of(text) + start, end - start));
        at = end > start ? end : end + 1;
        while (at < length && ((unsigned char)text_of(text)[at] & 0xC0) == 0x80)
            at++;
        if (!nj_charge(run, 10))
            return false;
    }
    if (value_count(found) > 0)
        *result = nj_value(found);
    return true;
}

static bool text_match(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    NjVal what = nj_arg(args, 0);

    if (what.kind != NJ_PATTERN)
        return nj_fail(run, "match() needs a regular expression, r/…/");
    return match_text(run, what.pattern, self, what.pattern->global, result);
}

static bool text_itself(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = self;
    return true;
}

static const MethodEntry TEXT_METHODS[] = {
    {"toUpperCase", text_upper},
    {"toLowerCase", text_lower},
    {"toLocaleUpperCase", text_upper},
    {"toLocaleLowerCase", text_lower},
    {"trim", text_trim},
    {"trimStart", text_trim_start},
    {"trimEnd", text_trim_end},
    {"split", text_split},
    {"replace", text_replace},
    {"replaceAll", text_replace_all},
    {"startsWith", text_starts_with},
    {"endsWith", text_ends_with},
    {"includes", text_includes},
    {"indexOf", text_index_of},
    {"lastIndexOf", text_last_index_of},
    {"slice", text_slice},
    {"substring", text_substring},
    {"substr", text_substr},
    {"at", text_at},
    {"charAt", text_char_at},
    {"charCodeAt", text_char_code_at},
    {"concat", text_concat},
    {"repeat", text_repeat},
    {"padStart", text_pad_start},
    {"padEnd", text_pad_end},
    {"match", text_match},
    {"toString", text_itself},
    {NULL, NULL},
};

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
    glong from = clamp_index(nj_arg_number(run, args, 0, "", 0), count);
    glong to = clamp_index(nj_arg_number(run, args, 1, "", count), count);
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

static const MethodEntry LIST_METHODS[] = {
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

static const MethodEntry OBJECT_METHODS[] = {
    {"hasOwnProperty", object_has_own},
    {"toString", list_to_string},
    {NULL, NULL},
};

static bool number_to_fixed(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double digits = nj_arg_number(run, args, 0, "", 0);

    if (!(digits >= 0 && digits <= 100) || fabs(value_number(self.value, 0)) >= 1e21)
        return nj_fail(run, "toFixed() needs 0 to 100 digits");
    return take(run, g_strdup_printf("%.*f", (int)digits, value_number(self.value, 0)), result);
}

static const MethodEntry NUMBER_METHODS[] = {
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

    return text && match_text(run, self.pattern, nj_text(run, text), false, result);
}

static const MethodEntry PATTERN_METHODS[] = {
    {"test", pattern_test},
    {"exec", pattern_exec},
    {NULL, NULL},
};

/* ---- lookup ---- */

static bool call_method(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    const MethodEntry *entry = function->data;

    *result = nj_undefined();
    return entry->method(run, function->self, args, result);
}

static NjVal find_method(NjRun *run, NjVal self, const MethodEntry *methods, const char *name)
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
        return nj_number(run, (double)characters_of(input));
    if (index >= 0)
        return index < characters_of(input) ? part(run, input, (glong)index, (glong)index + 1)
                                            : nj_undefined();
    return find_method(run, input, TEXT_METHODS, name);
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
