/* Nunjucks' filters on numbers and on values of any kind. */
#include "formats/nunjucks_javascript.h"

#include "formats/json.h"
#include <math.h>
#include <string.h>

/* ---- numbers ---- */

static bool filter_abs(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    *result = nj_number(run, fabs(nj_to_number(run, input)));
    return true;
}

static bool number_or(NjRun *run, double number, NjVal fallback, NjVal *result)
{
    *result = isnan(number) ? fallback : nj_number(run, number);
    return true;
}

/* A macro to Nunjucks: its arguments may be named. */
static bool filter_int(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = nj_to_string(run, input, &length);
    NjVal base = nj_arg_named(args, 1, "base");

    return text &&
           number_or(run,
                     nj_leading_int(text, length,
                                    base.kind == NJ_UNDEFINED ? 10 : nj_to_number(run, base)),
                     nj_arg_named(args, 0, "default"), result);
}

static bool filter_float(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = nj_to_string(run, input, &length);

    return text && number_or(run, nj_leading_float(text, length), nj_given(run, args, 0), result);
}

static double rounded(double number)
{
    double below = floor(number);

    return number - below >= 0.5 ? below + 1 : below;
}

static bool filter_round(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double factor = pow(10, nj_given_or(run, args, 0, 0));
    double number = nj_to_number(run, input) * factor;
    NjVal method = nj_given(run, args, 1);
    const char *name = nj_is_string(method) ? value_string(method.value, "") : "";

    number = g_str_equal(name, "ceil")    ? ceil(number)
             : g_str_equal(name, "floor") ? floor(number)
                                          : rounded(number);
    *result = nj_number(run, number / factor);
    return true;
}

/* ---- values ---- */

static bool filter_default(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    bool falsy_too = nj_truthy(nj_given(run, args, 1));
    bool keep = falsy_too ? nj_truthy(input) : input.kind != NJ_UNDEFINED;

    *result = keep ? input : nj_given(run, args, 0);
    return true;
}

static void append_line(GString *out, const char *indent, guint depth)
{
    if (!*indent)
        return;
    g_string_append_c(out, '\n');
    for (guint i = 0; i < depth; i++)
        g_string_append(out, indent);
}

/* As JSON.stringify(value, null, indent) writes it. */
static void write_indented(NjRun *run, GString *out, const Value *value, const char *indent,
                           guint depth)
{
    bool object = value_is(value, VALUE_OBJECT);
    guint count = value_count(value);

    if (count == 0) {
        json_write(out, value, JSON_COMPACT);
        return;
    }
    if (object)
        value = nj_in_order(run, value);
    g_string_append_c(out, object ? '{' : '[');
    for (guint i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        append_line(out, indent, depth + 1);
        if (object) {
            const char *key = value_key_at(value, i);

            json_write_string(out, key, strlen(key));
            g_string_append(out, *indent ? ": " : ":");
        }
        write_indented(run, out, object ? value_value_at(value, i) : value_item(value, i), indent,
                       depth + 1);
    }
    append_line(out, indent, depth);
    g_string_append_c(out, object ? '}' : ']');
}

static char *indent_of(NjRun *run, NjVal spaces)
{
    if (nj_is(spaces, VALUE_NUMBER))
        return g_strnfill((gsize)nj_clamp(nj_to_number(run, spaces), 0, 10), ' ');
    if (!nj_is_string(spaces))
        return g_strdup("");
    const char *text = value_string(spaces.value, "");

    return g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 10));
}

/* What JSON sees of safe text, which is an object to JavaScript. */
static const Value *dumped(NjRun *run, NjVal input)
{
    Value *object;

    if (!nj_is(input, VALUE_STRING) || !input.safe)
        return input.value;
    object = value_object_new(run->arena);
    value_set(run->arena, object, "val", input.value);
    value_set_int(run->arena, object, "length", nj_characters_of(input));
    return object;
}

static bool filter_dump(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *indent = indent_of(run, nj_given(run, args, 0));

    *result = nj_undefined();
    if (input.kind != NJ_VALUE)
        return true;
    if (!nj_weigh(run, input.value))
        return false;
    write_indented(run, out, dumped(run, input), indent, 0);
    if (!nj_room(run, 0, out->len))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

const NjFilterEntry nj_value_filters[] = {
    {"abs", filter_abs},         {"int", filter_int},
    {"float", filter_float},     {"round", filter_round},
    {"default", filter_default}, {"d", filter_default},
    {"dump", filter_dump},       {NULL, NULL},
};
