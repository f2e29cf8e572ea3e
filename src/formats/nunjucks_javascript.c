#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

/* ---- text ---- */

bool nj_is_blank(gunichar c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

const char *nj_trimmed(const char *text, gsize *length, bool start, bool end)
{
    const char *last = text + *length;

    while (start && text < last && nj_is_blank(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    while (end && last > text) {
        const char *before = g_utf8_prev_char(last);

        if (!nj_is_blank(g_utf8_get_char(before)))
            break;
        last = before;
    }
    *length = (gsize)(last - text);
    return text;
}

/* ---- numbers in text ---- */

/* How much of text is digits with a dot and an exponent; 0 where that is no number. */
static gsize decimal_length(const char *text)
{
    gsize sign = *text == '+' || *text == '-', whole, part = 0, at;

    whole = strspn(text + sign, "0123456789");
    at = sign + whole;
    if (text[at] == '.')
        part = strspn(text + at + 1, "0123456789");
    if (whole + part == 0)
        return 0;
    at += text[at] == '.' ? 1 + part : 0;
    if (text[at] == 'e' || text[at] == 'E') {
        gsize power = at + 1 + (text[at + 1] == '+' || text[at + 1] == '-');
        gsize digits = strspn(text + power, "0123456789");

        at = digits ? power + digits : at;
    }
    return at;
}

static gsize infinity_length(const char *text)
{
    gsize sign = *text == '+' || *text == '-';

    return g_str_has_prefix(text + sign, "Infinity") ? sign + strlen("Infinity") : 0;
}

static double number_of(const char *text, gsize length)
{
    g_autofree char *copy = g_strndup(text, length);

    return g_ascii_strtod(copy, NULL);
}

static double digits_value(const char *text, gsize length, int base, gsize *used)
{
    double number = 0;
    gsize at = 0;

    for (; at < length; at++) {
        int digit = g_ascii_isdigit(text[at])   ? text[at] - '0'
                    : g_ascii_isalpha(text[at]) ? g_ascii_tolower(text[at]) - 'a' + 10
                                                : 36;
        if (digit >= base)
            break;
        number = number * base + digit;
    }
    /* Adding digit by digit rounds too often: where it matters, the decimal reader is exact. */
    if (base == 10 && number >= 9007199254740992.0)
        number = number_of(text, at);
    *used = at;
    return number;
}

static int base_of_prefix(const char *text)
{
    if (text[0] != '0')
        return 0;
    switch (g_ascii_tolower(text[1])) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        return 0;
    }
}

double nj_number_of_text(const char *text, gsize length)
{
    g_autofree char *copy = NULL;
    gsize used;

    text = nj_trimmed(text, &length, true, true);
    if (length == 0)
        return 0;
    copy = g_strndup(text, length);
    if (base_of_prefix(copy)) {
        double number = digits_value(copy + 2, length - 2, base_of_prefix(copy), &used);

        return used > 0 && used == length - 2 ? number : NAN;
    }
    if (infinity_length(copy) == length)
        return *copy == '-' ? -INFINITY : INFINITY;
    return decimal_length(copy) == length ? g_ascii_strtod(copy, NULL) : NAN;
}

double nj_leading_float(const char *text, gsize length)
{
    g_autofree char *copy = NULL;

    text = nj_trimmed(text, &length, true, false);
    copy = g_strndup(text, length);
    if (infinity_length(copy))
        return *copy == '-' ? -INFINITY : INFINITY;
    gsize used = decimal_length(copy);

    return used ? number_of(copy, used) : NAN;
}

double nj_leading_int(const char *text, gsize length, double base)
{
    int radix = isfinite(base) && fabs(base) < 1e9 ? (int)base : 0;
    gsize used;

    text = nj_trimmed(text, &length, true, false);
    bool negative = length > 0 && *text == '-';

    if (length > 0 && (*text == '-' || *text == '+'))
        text++, length--;
    if (radix != 0 && (radix < 2 || radix > 36))
        return NAN;
    if ((radix == 0 || radix == 16) && length >= 2 && *text == '0' &&
        g_ascii_tolower(text[1]) == 'x') {
        text += 2, length -= 2;
        radix = 16;
    }
    double number = digits_value(text, length, radix ? radix : 10, &used);

    return used == 0 ? NAN : negative ? -number : number;
}

/* ---- safe text ---- */

bool nj_is_string(NjVal v)
{
    return nj_is(v, VALUE_STRING) && !v.safe;
}

NjVal nj_safe_text(NjRun *run, const char *text, gsize length)
{
    NjVal result = nj_text_length(run, text, length);

    result.safe = true;
    return result;
}

NjVal nj_text_like(NjRun *run, NjVal original, const char *text, gsize length)
{
    return nj_is(original, VALUE_STRING) && original.safe ? nj_safe_text(run, text, length)
                                                          : nj_text_length(run, text, length);
}

/* ---- operators ---- */

bool nj_primitive(NjRun *run, NjVal v, NjVal *result)
{
    gsize length;
    bool object = v.kind == NJ_FUNCTION || v.kind == NJ_PATTERN || nj_is(v, VALUE_ARRAY) ||
                  nj_is(v, VALUE_OBJECT);

    *result = v;
    if (nj_is(v, VALUE_STRING))
        result->safe = false;
    if (!object)
        return true;
    const char *text = nj_to_string(run, v, &length);

    if (text)
        *result = nj_text_length(run, text, length);
    return text != NULL;
}

bool nj_add(NjRun *run, NjVal a, NjVal b, NjVal *result)
{
    if (!nj_primitive(run, a, &a) || !nj_primitive(run, b, &b))
        return false;
    if (!nj_is(a, VALUE_STRING) && !nj_is(b, VALUE_STRING)) {
        *result = nj_number(run, nj_to_number(run, a) + nj_to_number(run, b));
        return true;
    }
    g_autoptr(GString) out = g_string_new(NULL);

    if (!nj_append(run, out, a) || !nj_append(run, out, b))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

/* ---- arguments ---- */

static NjVal keywords_of(NjRun *run, const NjArgs *args)
{
    Value *object = value_object_new(run->arena);

    for (guint i = 0; i < args->named_count; i++)
        if (args->named[i].kind != NJ_UNDEFINED)
            value_set(run->arena, object, args->names[i], nj_as_value(run, args->named[i]));
    value_set_bool(run->arena, object, "__keywords", true);
    return nj_value(object);
}

NjVal nj_given(NjRun *run, const NjArgs *args, guint index)
{
    return index == args->count && args->named_count > 0 ? keywords_of(run, args)
                                                         : nj_arg(args, index);
}

double nj_given_number(NjRun *run, const NjArgs *args, guint index, double fallback)
{
    NjVal v = nj_given(run, args, index);

    return v.kind == NJ_UNDEFINED ? fallback : nj_to_number(run, v);
}

const char *nj_given_text(NjRun *run, const NjArgs *args, guint index, const char *fallback)
{
    NjVal v = nj_given(run, args, index);
    gsize length;

    return v.kind == NJ_UNDEFINED ? fallback : nj_to_string(run, v, &length);
}

double nj_given_or(NjRun *run, const NjArgs *args, guint index, double fallback)
{
    NjVal v = nj_given(run, args, index);

    return nj_truthy(v) ? nj_to_number(run, v) : fallback;
}

/* ---- members ---- */

bool nj_no_method(NjRun *run, NjVal input, const char *method)
{
    const char *kind = input.kind == NJ_VALUE       ? value_kind_name(value_kind(input.value))
                       : input.kind == NJ_UNDEFINED ? "undefined"
                                                    : "a function";

    return nj_fail(run, "a value that is %s has no %s", kind, method);
}

const Value *nj_array_like(NjRun *run, NjVal v)
{
    if (nj_is_nothing(v))
        return nj_no_method(run, v, "items"), NULL;
    if (nj_is(v, VALUE_ARRAY))
        return v.value;
    Value *items = value_array_new(run->arena);

    if (!nj_is(v, VALUE_STRING))
        return items;
    const char *text = value_string(v.value, "");
    const char *end = text + value_string_length(v.value);

    while (text < end) {
        const char *next = MIN(g_utf8_next_char(text), end);

        value_append(run->arena, items,
                     value_string_new_length(run->arena, text, (gsize)(next - text)));
        text = next;
    }
    return nj_charge(run, value_count(items) * 4) ? items : NULL;
}

double nj_length_of(NjVal v)
{
    if (nj_is(v, VALUE_ARRAY))
        return value_count(v.value);
    if (nj_is(v, VALUE_STRING))
        return (double)nj_characters_of(v);
    return nj_is(v, VALUE_OBJECT) ? value_number(value_get(v.value, "length"), NAN) : NAN;
}

bool nj_member_of(NjRun *run, NjVal item, NjVal name, NjVal *result)
{
    if (nj_is_nothing(item))
        return nj_no_method(run, item, "members");
    *result = nj_member(run, item, name);
    return !run->error || !*run->error;
}

/* -1 where name is no index. */
static double index_of_name(const char *name)
{
    gsize length = strspn(name, "0123456789");

    if (length == 0 || length > 10 || name[length] || (name[0] == '0' && length > 1))
        return -1;
    double index = g_ascii_strtod(name, NULL);

    return index < 4294967295.0 ? index : -1;
}

static int compare_indexes(gconstpointer a, gconstpointer b, gpointer object)
{
    double x = index_of_name(value_key_at(object, *(const guint *)a));
    double y = index_of_name(value_key_at(object, *(const guint *)b));

    return (x > y) - (x < y);
}

const Value *nj_in_order(NjRun *run, const Value *object)
{
    g_autoptr(GArray) indexes = NULL;

    for (guint i = 0; i < value_count(object); i++)
        if (index_of_name(value_key_at(object, i)) >= 0) {
            indexes = indexes ? indexes : g_array_new(FALSE, FALSE, sizeof(guint));
            g_array_append_val(indexes, i);
        }
    if (!indexes)
        return object;
    Value *ordered = value_object_new(run->arena);

    g_array_sort_with_data(indexes, compare_indexes, (gpointer)object);
    for (guint i = 0; i < indexes->len; i++) {
        guint at = g_array_index(indexes, guint, i);

        value_set(run->arena, ordered, value_key_at(object, at), value_value_at(object, at));
    }
    for (guint i = 0; i < value_count(object); i++)
        if (index_of_name(value_key_at(object, i)) < 0)
            value_set(run->arena, ordered, value_key_at(object, i), value_value_at(object, i));
    return ordered;
}

/* ---- sorting ---- */

enum { INSERTION_MAX = 64 };

static gpointer at(GArray *items, guint index)
{
    return items->data + (gsize)index * g_array_get_element_size(items);
}

static void move_to(GArray *items, guint from, guint to)
{
    gsize size = g_array_get_element_size(items);
    g_autofree char *item = g_memdup2(at(items, from), size);

    memmove(at(items, to + 1), at(items, to), (from - to) * size);
    memcpy(at(items, to), item, size);
}

static void reverse_first(GArray *items, guint count)
{
    for (guint i = 1; i < count; i++)
        move_to(items, i, 0);
}

/* How many items at the start are in order already; those that fall are turned around. */
static guint first_run(GArray *items, NjCompare compare, gpointer data)
{
    guint end = 2;
    bool falls = compare(at(items, 1), at(items, 0), data) < 0;

    while (end < items->len && (compare(at(items, end), at(items, end - 1), data) < 0) == falls)
        end++;
    if (falls)
        reverse_first(items, end);
    return end;
}

void nj_sort(GArray *items, NjCompare compare, gpointer data)
{
    if (items->len < 2)
        return;
    if (items->len >= INSERTION_MAX) {
        g_array_sort_with_data(items, compare, data);
        return;
    }
    for (guint next = first_run(items, compare, data); next < items->len; next++) {
        guint left = 0, right = next;

        while (left < right) {
            guint middle = left + (right - left) / 2;

            if (compare(at(items, next), at(items, middle), data) < 0)
                right = middle;
            else
                left = middle + 1;
        }
        move_to(items, next, left);
    }
}
