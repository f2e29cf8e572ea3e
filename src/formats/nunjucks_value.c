/* Values as JavaScript has them: truth, conversions, equality, order. */
#include "formats/nunjucks_javascript.h"

#include "formats/json.h"
#include <math.h>
#include <string.h>

bool nj_fail(NjRun *run, const char *format, ...)
{
    va_list arguments;

    if (run->error && *run->error)
        return false;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return nj_error_at(run->source, run->offset, run->error, "%s", message);
}

bool nj_charge(NjRun *run, gsize work)
{
    run->steps += (int64_t)MIN(work, NJ_STEPS_MAX);
    if (run->steps > NJ_STEPS_MAX)
        return nj_fail(run, "the template takes too long");
    return !arena_exhausted(run->arena) || nj_fail(run, "the template's result is too large");
}

bool nj_may_change(NjRun *run)
{
    run->wants_change = true;
    return run->changes || nj_fail(run, "the context cannot be changed");
}

bool nj_room(NjRun *run, gsize have, gsize more)
{
    if (more > NJ_TEXT_MAX || have + more > NJ_TEXT_MAX)
        return nj_fail(run, "the template's result is too large");
    return nj_charge(run, more / 16);
}

/* ---- making ---- */

NjVal nj_bool(NjRun *run, bool boolean)
{
    return nj_value(value_bool_new(run->arena, boolean));
}

NjVal nj_number(NjRun *run, double number)
{
    if (number == floor(number) && fabs(number) < 9007199254740992.0)
        return nj_value(value_int_new(run->arena, (int64_t)number));
    return nj_value(value_number_new(run->arena, number));
}

NjVal nj_text_length(NjRun *run, const char *text, gsize length)
{
    return nj_value(value_string_new_length(run->arena, text, length));
}

NjVal nj_text(NjRun *run, const char *text)
{
    return nj_text_length(run, text, strlen(text));
}

const Value *nj_as_value(NjRun *run, NjVal v)
{
    return v.kind == NJ_VALUE ? v.value : value_null_new(run->arena);
}

/* ---- reading ---- */

bool nj_truthy(NjVal v)
{
    if (v.kind != NJ_VALUE)
        return v.kind != NJ_UNDEFINED;
    switch (value_kind(v.value)) {
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return value_bool(v.value, false);
    case VALUE_NUMBER: {
        double number = value_number(v.value, NAN);
        return number != 0 && !isnan(number);
    }
    case VALUE_STRING:
        return v.safe || value_string_length(v.value) > 0;
    default:
        return true;
    }
}

double nj_to_number(NjRun *run, NjVal v)
{
    gsize length;
    const char *text;

    if (v.kind != NJ_VALUE)
        return NAN;
    switch (value_kind(v.value)) {
    case VALUE_NULL:
        return 0;
    case VALUE_BOOL:
        return value_bool(v.value, false) ? 1 : 0;
    case VALUE_NUMBER:
        return value_number(v.value, NAN);
    case VALUE_STRING:
        return nj_number_of_text(value_string(v.value, ""), value_string_length(v.value));
    case VALUE_ARRAY:
        text = nj_to_string(run, v, &length);
        return text ? nj_number_of_text(text, length) : NAN;
    default:
        return NAN;
    }
}

bool nj_append_text(NjRun *run, GString *out, const char *text, gsize length)
{
    if (!nj_room(run, out->len, length))
        return false;
    g_string_append_len(out, text, (gssize)length);
    return true;
}

static bool append_number(NjRun *run, GString *out, double number, const Value *value)
{
    if (isnan(number))
        return nj_append_text(run, out, "NaN", 3);
    if (isinf(number))
        return nj_append_text(run, out, number > 0 ? "Infinity" : "-Infinity", number > 0 ? 8 : 9);
    json_write(out, value, JSON_COMPACT);
    return nj_charge(run, 1);
}

static bool append_array(NjRun *run, GString *out, const Value *array)
{
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "a list is nested too deeply");
    run->depth++;
    for (guint i = 0; i < value_count(array); i++) {
        NjVal item = nj_value(value_item(array, i));

        if ((i > 0 && !nj_append_text(run, out, ",", 1)) || !nj_charge(run, 1) ||
            (!nj_is_nothing(item) && !nj_append(run, out, item)))
            return false;
    }
    run->depth--;
    return true;
}

bool nj_append(NjRun *run, GString *out, NjVal v)
{
    if (v.kind == NJ_UNDEFINED)
        return nj_append_text(run, out, "undefined", 9);
    if (v.kind == NJ_FUNCTION)
        return nj_append_text(run, out, "function", 8);
    if (v.kind == NJ_PATTERN)
        return nj_append_text(run, out, v.pattern->source, strlen(v.pattern->source));
    switch (value_kind(v.value)) {
    case VALUE_NULL:
        return nj_append_text(run, out, "null", 4);
    case VALUE_BOOL:
        return value_bool(v.value, false) ? nj_append_text(run, out, "true", 4)
                                          : nj_append_text(run, out, "false", 5);
    case VALUE_NUMBER:
        return append_number(run, out, value_number(v.value, NAN), v.value);
    case VALUE_STRING:
        return nj_append_text(run, out, value_string(v.value, ""), value_string_length(v.value));
    case VALUE_ARRAY:
        return append_array(run, out, v.value);
    default:
        return nj_append_text(run, out, "[object Object]", 15);
    }
}

const char *nj_to_string(NjRun *run, NjVal v, gsize *length)
{
    if (nj_is(v, VALUE_STRING)) {
        *length = value_string_length(v.value);
        return value_string(v.value, "");
    }
    g_autoptr(GString) out = g_string_new(NULL);

    if (!nj_append(run, out, v))
        return NULL;
    *length = out->len;
    return arena_strndup(run->arena, out->str, out->len);
}

/* ---- comparing ---- */

bool nj_equal_strict(NjVal a, NjVal b)
{
    if (a.kind != b.kind)
        return false;
    if (a.kind == NJ_UNDEFINED)
        return true;
    if (a.kind != NJ_VALUE)
        return a.function == b.function;
    ValueKind kind = value_kind(a.value);

    if (kind != value_kind(b.value) || a.safe != b.safe)
        return false;
    if (a.safe)
        return a.value == b.value;
    /* Arrays and objects are equal to themselves only. */
    if (kind == VALUE_ARRAY || kind == VALUE_OBJECT)
        return a.value == b.value;
    if (kind == VALUE_NUMBER)
        return value_number(a.value, NAN) == value_number(b.value, NAN);
    return value_equal(a.value, b.value);
}

static bool is_primitive(NjVal v)
{
    return v.kind == NJ_VALUE && !nj_is(v, VALUE_ARRAY) && !nj_is(v, VALUE_OBJECT) && !v.safe;
}

bool nj_equal_loose(NjRun *run, NjVal a, NjVal b)
{
    if (nj_is_nothing(a) || nj_is_nothing(b))
        return nj_is_nothing(a) && nj_is_nothing(b);
    if (!is_primitive(a) && !is_primitive(b))
        return nj_equal_strict(a, b);
    if (is_primitive(a) && is_primitive(b))
        return value_kind(a.value) == value_kind(b.value)
                   ? nj_equal_strict(a, b)
                   : nj_to_number(run, a) == nj_to_number(run, b);
    return nj_primitive(run, a, &a) && nj_primitive(run, b, &b) && nj_equal_loose(run, a, b);
}

int nj_compare(NjRun *run, NjVal a, NjVal b)
{
    gsize length_a, length_b;

    if (!nj_primitive(run, a, &a) || !nj_primitive(run, b, &b))
        return 2;
    if (nj_is(a, VALUE_STRING) && nj_is(b, VALUE_STRING)) {
        const char *text_a = nj_to_string(run, a, &length_a);
        const char *text_b = nj_to_string(run, b, &length_b);
        int order = memcmp(text_a, text_b, MIN(length_a, length_b));

        return order ? (order > 0) - (order < 0) : (length_a > length_b) - (length_a < length_b);
    }
    double x = nj_to_number(run, a), y = nj_to_number(run, b);

    return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
}

/* ---- size ---- */

static bool weigh(const Value *value, guint depth, gint64 *budget)
{
    bool object = value_is(value, VALUE_OBJECT);

    if (--*budget < 0 || depth > NJ_DEPTH_MAX)
        return false;
    for (guint i = 0; i < value_count(value); i++)
        if (!weigh(object ? value_value_at(value, i) : value_item(value, i), depth + 1, budget))
            return false;
    return true;
}

bool nj_weigh(NjRun *run, const Value *value)
{
    gint64 budget = NJ_VALUE_NODES_MAX;

    return weigh(value, 0, &budget) || nj_fail(run, "the value is too large or nested too deeply");
}

/* ---- arguments ---- */

NjVal nj_arg(const NjArgs *args, guint index)
{
    return index < args->count ? args->items[index] : nj_undefined();
}

NjVal nj_arg_named(const NjArgs *args, guint index, const char *name)
{
    for (guint i = 0; i < args->named_count; i++)
        if (g_str_equal(args->names[i], name))
            return args->named[i];
    return nj_arg(args, index);
}

const char *nj_arg_text(NjRun *run, const NjArgs *args, guint index, const char *name,
                        const char *fallback)
{
    NjVal v = nj_arg_named(args, index, name);
    gsize length;

    return nj_is_nothing(v) ? fallback : nj_to_string(run, v, &length);
}

double nj_arg_number(NjRun *run, const NjArgs *args, guint index, const char *name, double fallback)
{
    NjVal v = nj_arg_named(args, index, name);

    return nj_is_nothing(v) ? fallback : nj_to_number(run, v);
}

gsize nj_byte_of(const char *text, gsize length, glong character)
{
    const char *at = text;

    for (; character > 0 && at < text + length; character--)
        at = g_utf8_next_char(at);
    return MIN((gsize)(at - text), length);
}
