/* Keywords about a value itself: its type, the numbers and the texts it may be. */
#include "formats/jsonschema_internal.h"

#include "formats/json.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* ---- any type ---- */

bool schema_has_type(const Value *instance, const char *type)
{
    if (g_str_equal(type, "integer"))
        return value_is(instance, VALUE_NUMBER) &&
               value_number(instance, NAN) == floor(value_number(instance, NAN)) &&
               isfinite(value_number(instance, NAN));
    return g_str_equal(value_kind_name(value_kind(instance)), type);
}

static bool keyword_type(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (value_is(argument, VALUE_STRING)) {
        if (schema_has_type(at->instance, value_string(argument, "")))
            return true;
        g_string_append(words, schema_type_words(value_string(argument, "")));
    }
    for (guint i = 0; i < value_count(argument); i++) {
        const char *type = value_string(value_item(argument, i), "");

        if (schema_has_type(at->instance, type))
            return true;
        g_string_append_printf(words, "%s%s", i ? " or " : "", schema_type_words(type));
    }
    return schema_fail(v, at, "type", argument, "must be %s", words->str);
}

static bool keyword_enum(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    g_autoptr(GString) words = g_string_new(NULL);
    guint count = value_count(argument);

    for (guint i = 0; i < count; i++)
        if (value_equal(value_item(argument, i), at->instance))
            return true;
    for (guint i = 0; i < MIN(count, 20); i++) {
        g_string_append(words, i ? ", " : "");
        json_write(words, value_item(argument, i), JSON_COMPACT);
    }
    return schema_fail(v, at, "enum", argument, "must be one of %s%s", words->str,
                       count > 20 ? ", …" : "");
}

static bool keyword_const(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    if (value_equal(argument, at->instance))
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return schema_fail(v, at, "const", argument, "must be %s", text);
}

/* ---- numbers ---- */

static bool bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword, const Value *argument,
                  bool holds, const char *words)
{
    if (!value_is(at->instance, VALUE_NUMBER) || !value_is(argument, VALUE_NUMBER) || holds)
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return schema_fail(v, at, keyword, argument, "must be %s %s", words, text);
}

static bool keyword_minimum(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool holds = value_number(at->instance, 0) >= value_number(argument, 0);

    return bound(v, at, "minimum", argument, holds, "at least");
}

static bool keyword_maximum(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool holds = value_number(at->instance, 0) <= value_number(argument, 0);

    return bound(v, at, "maximum", argument, holds, "at most");
}

static bool keyword_exclusive_minimum(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool holds = value_number(at->instance, 0) > value_number(argument, 0);

    return bound(v, at, "exclusiveMinimum", argument, holds, "more than");
}

static bool keyword_exclusive_maximum(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool holds = value_number(at->instance, 0) < value_number(argument, 0);

    return bound(v, at, "exclusiveMaximum", argument, holds, "less than");
}

/* Whole multiples as people count, in decimals: 0.3 is three times 0.1, though no double is. */
static bool is_multiple(double number, double divisor)
{
    double times = round(number / divisor);

    if (fmod(number, divisor) == 0)
        return true;
    return fabs(times) < 0x1p50 && (number != floor(number) || divisor != floor(divisor)) &&
           fabs(times * divisor - number) <= 4 * DBL_EPSILON * fabs(number);
}

static bool keyword_multiple_of(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    double divisor = value_number(argument, 0);
    bool holds = divisor <= 0 || is_multiple(value_number(at->instance, 0), divisor);

    return bound(v, at, "multipleOf", argument, holds, "a multiple of");
}

/* ---- text ---- */

bool schema_count_bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                        const Value *argument, int64_t count, const char *words, const char *unit)
{
    double limit = value_number(argument, -1);
    bool maximum = g_str_has_prefix(keyword, "max");

    if (!(limit >= 0) || (maximum ? (double)count <= limit : (double)count >= limit))
        return true;
    return schema_fail(v, at, keyword, argument, "must %s at %s %.0f %s%s", words,
                       maximum ? "most" : "least", limit, unit, limit == 1 ? "" : "s");
}

static bool text_bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                       const Value *argument)
{
    if (!value_is(at->instance, VALUE_STRING))
        return true;
    gsize length = value_string_length(at->instance);
    int64_t count = g_utf8_strlen(value_string(at->instance, ""), (gssize)length);

    if (count == 0 && value_int(argument, 0) == 1 && g_str_equal(keyword, "minLength"))
        return schema_fail(v, at, keyword, argument, "must not be empty");
    return schema_count_bound(v, at, keyword, argument, count, "have", "character");
}

static bool keyword_min_length(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return text_bound(v, at, "minLength", argument);
}

static bool keyword_max_length(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return text_bound(v, at, "maxLength", argument);
}

/* ---- patterns ---- */

static const Regex *regex_of(SchemaWalk *v, const SchemaPlace *at, const Value *pattern)
{
    const char *text = value_string(pattern, "");
    Regex *regex = g_hash_table_lookup(v->regexes, text);

    v->steps += 100;
    if (regex)
        return regex;
    if (!(regex = regex_new(text, 0, NULL))) {
        schema_trouble(v, at, "pattern", pattern,
                       "cannot be checked: its schema's pattern %s is not a regular expression",
                       text);
        return NULL;
    }
    g_hash_table_insert(v->regexes, g_strdup(text), regex);
    return regex;
}

bool schema_pattern_fits(SchemaWalk *v, const SchemaPlace *at, const Value *pattern,
                         const char *text, gsize length)
{
    const Regex *regex = regex_of(v, at, pattern);

    if (!regex || v->stopped)
        return false;
    RegexResult result = regex_test(regex, text, length, &v->effort);

    if (result == REGEX_EXCEEDED || v->effort > SCHEMA_EFFORT_MAX) {
        schema_trouble(v, at, "pattern", pattern,
                       "cannot be checked: its schema's pattern %s takes too long",
                       value_string(pattern, ""));
        v->stopped = v->effort > SCHEMA_EFFORT_MAX;
    }
    return result == REGEX_MATCH;
}

static bool keyword_pattern(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool troubled = v->troubled;

    if (!value_is(at->instance, VALUE_STRING) || !value_is(argument, VALUE_STRING))
        return true;
    if (schema_pattern_fits(v, at, argument, value_string(at->instance, ""),
                            value_string_length(at->instance)))
        return true;
    if (v->troubled && !troubled)
        return false;
    const char *pattern = value_string(argument, "");
    g_autofree char *words = schema_pattern_words(pattern);

    if (words)
        return schema_fail(v, at, "pattern", argument, "must %s", words);
    return schema_fail(v, at, "pattern", argument, "must match the pattern %s", pattern);
}

static bool keyword_format(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    const char *format = value_string(argument, "");

    if (!value_is(at->instance, VALUE_STRING) ||
        jsonschema_format(format, value_string(at->instance, ""),
                          value_string_length(at->instance)))
        return true;
    return schema_fail(v, at, "format", argument, "must be %s", jsonschema_format_words(format));
}

const SchemaKeyword schema_scalar_keywords[] = {
    {"type", DRAFT_ALL, keyword_type},
    {"enum", DRAFT_ALL, keyword_enum},
    {"const", DRAFT_ALL, keyword_const},
    {"minimum", DRAFT_ALL, keyword_minimum},
    {"maximum", DRAFT_ALL, keyword_maximum},
    {"exclusiveMinimum", DRAFT_ALL, keyword_exclusive_minimum},
    {"exclusiveMaximum", DRAFT_ALL, keyword_exclusive_maximum},
    {"multipleOf", DRAFT_ALL, keyword_multiple_of},
    {"minLength", DRAFT_ALL, keyword_min_length},
    {"maxLength", DRAFT_ALL, keyword_max_length},
    {"pattern", DRAFT_ALL, keyword_pattern},
    {"format", DRAFT_ALL, keyword_format},
    {NULL, 0, NULL},
};
