/* Nunjucks' filters on numbers and on values of any kind. */
#include "formats/nunjucks_internal.h"

#include "formats/json.h"
#include <math.h>
#include <string.h>

/* ---- numbers ---- */

static bool filter_abs(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    *result = nj_number(run, fabs(nj_to_number(run, input)));
    return true;
}

/* The number text begins with, as parseFloat() reads it. */
static double leading_number(const char *text, int base)
{
    while (g_ascii_isspace(*text))
        text++;
    gsize length = strspn(text, base == 16 ? "+-0123456789abcdefABCDEFxX" : "+-0123456789.eE");
    g_autofree char *copy = g_strndup(text, length);
    char *end = NULL;
    double number =
        base == 10 ? g_ascii_strtod(copy, &end) : (double)g_ascii_strtoll(copy, &end, (guint)base);

    return end == copy ? NAN : number;
}

static bool to_number(NjRun *run, NjVal input, const NjArgs *args, bool whole, NjVal *result)
{
    gsize length;
    const char *text = nj_to_string(run, input, &length);
    NjVal fallback = nj_arg_named(args, 0, whole ? "default" : "defaultVal");
    int base = whole ? (int)nj_clamp(nj_arg_number(run, args, 1, "base", 10), 2, 36) : 10;
    double number = text ? leading_number(text, base) : NAN;

    if (isnan(number))
        *result = fallback.kind == NJ_UNDEFINED ? nj_number(run, 0) : fallback;
    else
        *result = nj_number(run, whole ? trunc(number) : number);
    return text != NULL;
}

static bool filter_int(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return to_number(run, input, args, true, result);
}

static bool filter_float(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return to_number(run, input, args, false, result);
}

static bool filter_round(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double factor = pow(10, nj_arg_number(run, args, 0, "precision", 0));
    double number = nj_to_number(run, input) * factor;
    const char *method = nj_arg_text(run, args, 1, "method", "");

    if (!method)
        return false;
    number = g_str_equal(method, "ceil")    ? ceil(number)
             : g_str_equal(method, "floor") ? floor(number)
                                            : floor(number + 0.5);
    *result = nj_number(run, number / factor);
    return true;
}

/* ---- values ---- */

static bool filter_default(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    bool falsy_too = nj_truthy(nj_arg_named(args, 1, "bool"));
    bool keep = falsy_too ? nj_truthy(input) : input.kind != NJ_UNDEFINED;

    *result = keep ? input : nj_arg_named(args, 0, "def");
    return true;
}

static void append_line(GString *out, const char *indent, guint depth)
{
    g_string_append_c(out, '\n');
    for (guint i = 0; i < depth; i++)
        g_string_append(out, indent);
}

/* As JSON.stringify(value, null, indent) writes it. */
static void write_indented(GString *out, const Value *value, const char *indent, guint depth)
{
    bool object = value_is(value, VALUE_OBJECT);
    guint count = value_count(value);

    if (count == 0) {
        json_write(out, value, JSON_COMPACT);
        return;
    }
    g_string_append_c(out, object ? '{' : '[');
    for (guint i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        append_line(out, indent, depth + 1);
        if (object) {
            const char *key = value_key_at(value, i);

            json_write_string(out, key, strlen(key));
            g_string_append(out, ": ");
        }
        write_indented(out, object ? value_value_at(value, i) : value_item(value, i), indent,
                       depth + 1);
    }
    append_line(out, indent, depth);
    g_string_append_c(out, object ? '}' : ']');
}

static bool filter_dump(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    NjVal spaces = nj_arg_named(args, 0, "spaces");
    const char *text = nj_arg_text(run, args, 0, "spaces", "");
    g_autofree char *indent = NULL;

    if (input.kind != NJ_VALUE)
        return *result = nj_undefined(), true;
    if (!text || !nj_weigh(run, input.value))
        return false;
    if (nj_is(spaces, VALUE_NUMBER))
        indent = g_strnfill((gsize)nj_clamp(nj_to_number(run, spaces), 0, 10), ' ');
    else
        indent = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 10));
    if (*indent)
        write_indented(out, input.value, indent, 0);
    else
        json_write(out, input.value, JSON_COMPACT);
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
