/* Keywords about a value itself: its type, the numbers and the texts it may be. */
#include "formats/jsonschema_internal.h"

#include "formats/json.h"
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

static const char *type_words(const char *type)
{
    static const char *const words[][2] = {
        {"string", "text"},           {"integer", "a whole number"}, {"number", "a number"},
        {"boolean", "true or false"}, {"array", "a list"},           {"object", "an object"},
        {"null", "empty (null)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i][0], type))
            return words[i][1];
    return type;
}

static bool keyword_type(SchemaWalk *v, const Value *schema, const Value *argument,
                         const Value *instance)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (value_is(argument, VALUE_STRING)) {
        if (schema_has_type(instance, value_string(argument, "")))
            return true;
        g_string_append(words, type_words(value_string(argument, "")));
    }
    for (guint i = 0; i < value_count(argument); i++) {
        const char *type = value_string(value_item(argument, i), "");

        if (schema_has_type(instance, type))
            return true;
        g_string_append_printf(words, "%s%s", i ? " or " : "", type_words(type));
    }
    return schema_fail(v, schema, "type", instance, argument, "must be %s", words->str);
}

static bool keyword_enum(SchemaWalk *v, const Value *schema, const Value *argument,
                         const Value *instance)
{
    g_autoptr(GString) words = g_string_new(NULL);
    guint count = value_count(argument);

    for (guint i = 0; i < count; i++)
        if (value_equal(value_item(argument, i), instance))
            return true;
    for (guint i = 0; i < MIN(count, 20); i++) {
        g_string_append(words, i ? ", " : "");
        json_write(words, value_item(argument, i), JSON_COMPACT);
    }
    return schema_fail(v, schema, "enum", instance, argument, "must be one of %s%s", words->str,
                       count > 20 ? ", …" : "");
}

static bool keyword_const(SchemaWalk *v, const Value *schema, const Value *argument,
                          const Value *instance)
{
    if (value_equal(argument, instance))
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return schema_fail(v, schema, "const", instance, argument, "must be %s", text);
}

/* ---- numbers ---- */

static bool bound(SchemaWalk *v, const Value *schema, const char *keyword, const Value *argument,
                  const Value *instance, bool holds, const char *words)
{
    if (!value_is(instance, VALUE_NUMBER) || !value_is(argument, VALUE_NUMBER) || holds)
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return schema_fail(v, schema, keyword, instance, argument, "must be %s %s", words, text);
}

static bool keyword_minimum(SchemaWalk *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    bool holds = value_number(instance, 0) >= value_number(argument, 0);

    return bound(v, schema, "minimum", argument, instance, holds, "at least");
}

static bool keyword_maximum(SchemaWalk *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    bool holds = value_number(instance, 0) <= value_number(argument, 0);

    return bound(v, schema, "maximum", argument, instance, holds, "at most");
}

static bool keyword_exclusive_minimum(SchemaWalk *v, const Value *schema, const Value *argument,
                                      const Value *instance)
{
    bool holds = value_number(instance, 0) > value_number(argument, 0);

    return bound(v, schema, "exclusiveMinimum", argument, instance, holds, "more than");
}

static bool keyword_exclusive_maximum(SchemaWalk *v, const Value *schema, const Value *argument,
                                      const Value *instance)
{
    bool holds = value_number(instance, 0) < value_number(argument, 0);

    return bound(v, schema, "exclusiveMaximum", argument, instance, holds, "less than");
}

static bool keyword_multiple_of(SchemaWalk *v, const Value *schema, const Value *argument,
                                const Value *instance)
{
    double divisor = value_number(argument, 0);
    double quotient = divisor > 0 ? value_number(instance, 0) / divisor : 0;
    bool holds = fabs(quotient - round(quotient)) <= 1e-9 * fmax(1, fabs(quotient));

    return bound(v, schema, "multipleOf", argument, instance, holds, "a multiple of");
}

/* ---- text ---- */

bool schema_count_bound(SchemaWalk *v, const Value *schema, const char *keyword,
                        const Value *argument, const Value *instance, int64_t count,
                        const char *words, const char *unit)
{
    int64_t limit = value_int(argument, -1);
    bool maximum = g_str_has_prefix(keyword, "max");

    if (limit < 0 || (maximum ? count <= limit : count >= limit))
        return true;
    return schema_fail(v, schema, keyword, instance, argument,
                       "must %s at %s %" G_GINT64_FORMAT " %s%s", words, maximum ? "most" : "least",
                       (gint64)limit, unit, limit == 1 ? "" : "s");
}

static bool text_bound(SchemaWalk *v, const Value *schema, const char *keyword,
                       const Value *argument, const Value *instance)
{
    if (!value_is(instance, VALUE_STRING))
        return true;
    gsize length = value_string_length(instance);
    int64_t count = g_utf8_strlen(value_string(instance, ""), (gssize)length);

    if (count == 0 && value_int(argument, 0) == 1 && g_str_equal(keyword, "minLength"))
        return schema_fail(v, schema, keyword, instance, argument, "must not be empty");
    return schema_count_bound(v, schema, keyword, argument, instance, count, "have", "character");
}

static bool keyword_min_length(SchemaWalk *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    return text_bound(v, schema, "minLength", argument, instance);
}

static bool keyword_max_length(SchemaWalk *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    return text_bound(v, schema, "maxLength", argument, instance);
}

/* NULL where pattern is none; a schema with such a pattern holds nothing back by it. */
const Regex *schema_regex_of(SchemaWalk *v, const char *pattern)
{
    Regex *regex = g_hash_table_lookup(v->regexes, pattern);

    if (!regex && (regex = regex_new(pattern, 0, NULL)))
        g_hash_table_insert(v->regexes, g_strdup(pattern), regex);
    return regex;
}

static bool keyword_pattern(SchemaWalk *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    const char *pattern = value_string(argument, NULL);

    if (!value_is(instance, VALUE_STRING) || !pattern)
        return true;
    const Regex *regex = schema_regex_of(v, pattern);

    v->steps += 100;
    if (!regex)
        return schema_fail(v, schema, "pattern", instance, argument,
                           "cannot be checked: its schema's pattern %s is not a regular expression",
                           pattern);
    if (regex_matches(regex, value_string(instance, ""), value_string_length(instance)))
        return true;
    return schema_fail(v, schema, "pattern", instance, argument, "must match the pattern %s",
                       pattern);
}

static bool keyword_format(SchemaWalk *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const char *format = value_string(argument, "");

    if (!value_is(instance, VALUE_STRING) ||
        jsonschema_format(format, value_string(instance, ""), value_string_length(instance)))
        return true;
    return schema_fail(v, schema, "format", instance, argument, "must be %s",
                       jsonschema_format_words(format));
}

const SchemaKeyword schema_scalar_keywords[] = {
    {"type", keyword_type},
    {"enum", keyword_enum},
    {"const", keyword_const},
    {"minimum", keyword_minimum},
    {"maximum", keyword_maximum},
    {"exclusiveMinimum", keyword_exclusive_minimum},
    {"exclusiveMaximum", keyword_exclusive_maximum},
    {"multipleOf", keyword_multiple_of},
    {"minLength", keyword_min_length},
    {"maxLength", keyword_max_length},
    {"pattern", keyword_pattern},
    {"format", keyword_format},
    {NULL, NULL},
};
