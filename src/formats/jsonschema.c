#include "formats/jsonschema.h"

#include "formats/json.h"
#include "formats/jsonschema_internal.h"
#include "formats/regex.h"
#include <math.h>
#include <string.h>

/* A schema is outside input too: what it may cost has a ceiling. */
enum { STEPS_MAX = 2000000, VIOLATIONS_MAX = 200 };

typedef struct {
    Arena *arena;
    const Value *root;
    GPtrArray *found;
    GHashTable *regexes; /* pattern → Regex */
    GString *pointer;
    int64_t steps;
    guint depth, failures, quiet;
} Validation;

static bool check(Validation *v, const Value *schema, const Value *instance);

/* ---- reporting ---- */

G_GNUC_PRINTF(6, 7)
static bool fail(Validation *v, const Value *schema, const char *keyword, const Value *instance,
                 const Value *argument, const char *format, ...)
{
    v->failures++;
    if (v->quiet || v->found->len >= VIOLATIONS_MAX)
        return false;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    JsonschemaViolation *violation = arena_new0(v->arena, JsonschemaViolation, 1);

    violation->pointer = arena_strdup(v->arena, v->pointer->str);
    violation->keyword = keyword;
    violation->message = arena_strdup(v->arena, message);
    violation->schema = schema;
    violation->instance = instance;
    violation->argument = argument;
    g_ptr_array_add(v->found, violation);
    return false;
}

static void pointer_append(GString *pointer, const char *key)
{
    g_string_append_c(pointer, '/');
    for (; *key; key++) {
        if (*key == '~')
            g_string_append(pointer, "~0");
        else if (*key == '/')
            g_string_append(pointer, "~1");
        else
            g_string_append_c(pointer, *key);
    }
}

static bool check_member(Validation *v, const Value *schema, const char *key, const Value *member)
{
    gsize length = v->pointer->len;

    pointer_append(v->pointer, key);
    bool valid = check(v, schema, member);
    g_string_truncate(v->pointer, length);
    return valid;
}

static bool check_item(Validation *v, const Value *schema, const Value *array, guint index)
{
    char key[16];

    g_snprintf(key, sizeof key, "%u", index);
    return check_member(v, schema, key, value_item(array, index));
}

/* Failures of instance under schema, without reporting them. */
static guint failures_of(Validation *v, const Value *schema, const Value *instance)
{
    guint before = v->failures;

    v->quiet++;
    check(v, schema, instance);
    v->quiet--;
    guint count = v->failures - before;
    v->failures = before;
    return count;
}

/* ---- any type ---- */

static bool has_type(const Value *instance, const char *type)
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

static bool keyword_type(Validation *v, const Value *schema, const Value *argument,
                         const Value *instance)
{
    g_autoptr(GString) words = g_string_new(NULL);

    if (value_is(argument, VALUE_STRING)) {
        if (has_type(instance, value_string(argument, "")))
            return true;
        g_string_append(words, type_words(value_string(argument, "")));
    }
    for (guint i = 0; i < value_count(argument); i++) {
        const char *type = value_string(value_item(argument, i), "");

        if (has_type(instance, type))
            return true;
        g_string_append_printf(words, "%s%s", i ? " or " : "", type_words(type));
    }
    return fail(v, schema, "type", instance, argument, "must be %s", words->str);
}

static bool keyword_enum(Validation *v, const Value *schema, const Value *argument,
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
    return fail(v, schema, "enum", instance, argument, "must be one of %s%s", words->str,
                count > 20 ? ", …" : "");
}

static bool keyword_const(Validation *v, const Value *schema, const Value *argument,
                          const Value *instance)
{
    if (value_equal(argument, instance))
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return fail(v, schema, "const", instance, argument, "must be %s", text);
}

/* ---- numbers ---- */

static bool bound(Validation *v, const Value *schema, const char *keyword, const Value *argument,
                  const Value *instance, bool holds, const char *words)
{
    if (!value_is(instance, VALUE_NUMBER) || !value_is(argument, VALUE_NUMBER) || holds)
        return true;
    g_autofree char *text = json_to_string(argument, JSON_COMPACT);

    return fail(v, schema, keyword, instance, argument, "must be %s %s", words, text);
}

static bool keyword_minimum(Validation *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    bool holds = value_number(instance, 0) >= value_number(argument, 0);

    return bound(v, schema, "minimum", argument, instance, holds, "at least");
}

static bool keyword_maximum(Validation *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    bool holds = value_number(instance, 0) <= value_number(argument, 0);

    return bound(v, schema, "maximum", argument, instance, holds, "at most");
}

static bool keyword_exclusive_minimum(Validation *v, const Value *schema, const Value *argument,
                                      const Value *instance)
{
    bool holds = value_number(instance, 0) > value_number(argument, 0);

    return bound(v, schema, "exclusiveMinimum", argument, instance, holds, "more than");
}

static bool keyword_exclusive_maximum(Validation *v, const Value *schema, const Value *argument,
                                      const Value *instance)
{
    bool holds = value_number(instance, 0) < value_number(argument, 0);

    return bound(v, schema, "exclusiveMaximum", argument, instance, holds, "less than");
}

static bool keyword_multiple_of(Validation *v, const Value *schema, const Value *argument,
                                const Value *instance)
{
    double divisor = value_number(argument, 0);
    double quotient = divisor > 0 ? value_number(instance, 0) / divisor : 0;
    bool holds = fabs(quotient - round(quotient)) <= 1e-9 * fmax(1, fabs(quotient));

    return bound(v, schema, "multipleOf", argument, instance, holds, "a multiple of");
}

/* ---- text ---- */

static bool count_bound(Validation *v, const Value *schema, const char *keyword,
                        const Value *argument, const Value *instance, int64_t count,
                        const char *words, const char *unit)
{
    int64_t limit = value_int(argument, -1);
    bool maximum = g_str_has_prefix(keyword, "max");

    if (limit < 0 || (maximum ? count <= limit : count >= limit))
        return true;
    return fail(v, schema, keyword, instance, argument, "must %s at %s %" G_GINT64_FORMAT " %s%s",
                words, maximum ? "most" : "least", (gint64)limit, unit, limit == 1 ? "" : "s");
}

static bool text_bound(Validation *v, const Value *schema, const char *keyword,
                       const Value *argument, const Value *instance)
{
    if (!value_is(instance, VALUE_STRING))
        return true;
    gsize length = value_string_length(instance);
    int64_t count = g_utf8_strlen(value_string(instance, ""), (gssize)length);

    if (count == 0 && value_int(argument, 0) == 1 && g_str_equal(keyword, "minLength"))
        return fail(v, schema, keyword, instance, argument, "must not be empty");
    return count_bound(v, schema, keyword, argument, instance, count, "have", "character");
}

static bool keyword_min_length(Validation *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    return text_bound(v, schema, "minLength", argument, instance);
}

static bool keyword_max_length(Validation *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    return text_bound(v, schema, "maxLength", argument, instance);
}

/* NULL where pattern is none; a schema with such a pattern holds nothing back by it. */
static const Regex *regex_of(Validation *v, const char *pattern)
{
    Regex *regex = g_hash_table_lookup(v->regexes, pattern);

    if (!regex && (regex = regex_new(pattern, 0, NULL)))
        g_hash_table_insert(v->regexes, g_strdup(pattern), regex);
    return regex;
}

static bool keyword_pattern(Validation *v, const Value *schema, const Value *argument,
                            const Value *instance)
{
    const char *pattern = value_string(argument, NULL);

    if (!value_is(instance, VALUE_STRING) || !pattern)
        return true;
    const Regex *regex = regex_of(v, pattern);

    v->steps += 100;
    if (!regex)
        return fail(v, schema, "pattern", instance, argument,
                    "cannot be checked: its schema's pattern %s is not a regular expression",
                    pattern);
    if (regex_matches(regex, value_string(instance, ""), value_string_length(instance)))
        return true;
    return fail(v, schema, "pattern", instance, argument, "must match the pattern %s", pattern);
}

static bool keyword_format(Validation *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const char *format = value_string(argument, "");

    if (!value_is(instance, VALUE_STRING) ||
        jsonschema_format(format, value_string(instance, ""), value_string_length(instance)))
        return true;
    return fail(v, schema, "format", instance, argument, "must be %s",
                jsonschema_format_words(format));
}

/* ---- arrays ---- */

static bool keyword_items(Validation *v, const Value *schema, const Value *argument,
                          const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_ARRAY))
        return true;
    for (guint i = 0; i < value_count(instance); i++) {
        const Value *item = argument;

        if (value_is(argument, VALUE_ARRAY))
            item = i < value_count(argument) ? value_item(argument, i)
                                             : value_get(schema, "additionalItems");
        if (item)
            valid &= check_item(v, item, instance, i);
    }
    return valid;
}

static bool keyword_contains(Validation *v, const Value *schema, const Value *argument,
                             const Value *instance)
{
    if (!value_is(instance, VALUE_ARRAY))
        return true;
    for (guint i = 0; i < value_count(instance); i++)
        if (failures_of(v, argument, value_item(instance, i)) == 0)
            return true;
    return fail(v, schema, "contains", instance, argument, "must contain a fitting entry");
}

static bool items_bound(Validation *v, const Value *schema, const char *keyword,
                        const Value *argument, const Value *instance)
{
    return !value_is(instance, VALUE_ARRAY) || count_bound(v, schema, keyword, argument, instance,
                                                           value_count(instance), "have", "item");
}

static bool keyword_min_items(Validation *v, const Value *schema, const Value *argument,
                              const Value *instance)
{
    return items_bound(v, schema, "minItems", argument, instance);
}

static bool keyword_max_items(Validation *v, const Value *schema, const Value *argument,
                              const Value *instance)
{
    return items_bound(v, schema, "maxItems", argument, instance);
}

static bool keyword_unique_items(Validation *v, const Value *schema, const Value *argument,
                                 const Value *instance)
{
    if (!value_is(instance, VALUE_ARRAY) || !value_bool(argument, false))
        return true;
    for (guint i = 1; i < value_count(instance); i++)
        for (guint j = 0; j < i && v->steps < STEPS_MAX; j++, v->steps++)
            if (value_equal(value_item(instance, i), value_item(instance, j)))
                return fail(v, schema, "uniqueItems", instance, argument,
                            "must not hold the same item twice (items %u and %u)", j + 1, i + 1);
    return true;
}

/* ---- objects ---- */

static bool require(Validation *v, const Value *schema, const char *keyword, const Value *instance,
                    const Value *name)
{
    const char *key = value_string(name, NULL);

    if (!key || value_get(instance, key))
        return true;
    return fail(v, schema, keyword, instance, name, "requires property \"%s\"", key);
}

static bool keyword_required(Validation *v, const Value *schema, const Value *argument,
                             const Value *instance)
{
    bool valid = true;

    for (guint i = 0; value_is(instance, VALUE_OBJECT) && i < value_count(argument); i++)
        valid &= require(v, schema, "required", instance, value_item(argument, i));
    return valid;
}

static bool keyword_properties(Validation *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT) || !value_is(argument, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(argument); i++) {
        const char *key = value_key_at(argument, i);
        const Value *member = value_get(instance, key);

        if (member)
            valid &= check_member(v, value_value_at(argument, i), key, member);
    }
    return valid;
}

static bool pattern_fits(Validation *v, const char *pattern, const char *key)
{
    const Regex *regex = regex_of(v, pattern);

    v->steps += 100;
    return regex && regex_matches(regex, key, strlen(key));
}

static bool keyword_pattern_properties(Validation *v, const Value *schema, const Value *argument,
                                       const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT) || !value_is(argument, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(argument); i++)
        for (guint j = 0; j < value_count(instance) && v->steps < STEPS_MAX; j++)
            if (pattern_fits(v, value_key_at(argument, i), value_key_at(instance, j)))
                valid &= check_member(v, value_value_at(argument, i), value_key_at(instance, j),
                                      value_value_at(instance, j));
    return valid;
}

static bool is_named(Validation *v, const Value *schema, const char *key)
{
    const Value *patterns = value_get(schema, "patternProperties");

    if (value_get(value_get(schema, "properties"), key))
        return true;
    for (guint i = 0; value_is(patterns, VALUE_OBJECT) && i < value_count(patterns); i++)
        if (pattern_fits(v, value_key_at(patterns, i), key))
            return true;
    return false;
}

static bool keyword_additional_properties(Validation *v, const Value *schema, const Value *argument,
                                          const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(instance) && v->steps < STEPS_MAX; i++) {
        const char *key = value_key_at(instance, i);

        if (is_named(v, schema, key))
            continue;
        if (value_is(argument, VALUE_BOOL) && !value_bool(argument, true))
            valid =
                fail(v, schema, "additionalProperties", instance, value_string_new(v->arena, key),
                     "is not allowed to have the additional property \"%s\"", key);
        else
            valid &= check_member(v, argument, key, value_value_at(instance, i));
    }
    return valid;
}

static bool keyword_property_names(Validation *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(instance); i++) {
        const char *key = value_key_at(instance, i);
        const Value *name = value_string_new(v->arena, key);

        if (failures_of(v, argument, name) > 0)
            valid = fail(v, schema, "propertyNames", instance, name,
                         "must not have a property named \"%s\"", key);
    }
    return valid;
}

static bool properties_bound(Validation *v, const Value *schema, const char *keyword,
                             const Value *argument, const Value *instance)
{
    return !value_is(instance, VALUE_OBJECT) ||
           count_bound(v, schema, keyword, argument, instance, value_count(instance), "have",
                       "member");
}

static bool keyword_min_properties(Validation *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    return properties_bound(v, schema, "minProperties", argument, instance);
}

static bool keyword_max_properties(Validation *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    return properties_bound(v, schema, "maxProperties", argument, instance);
}

static bool keyword_dependencies(Validation *v, const Value *schema, const Value *argument,
                                 const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT) || !value_is(argument, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(argument); i++) {
        const Value *dependency = value_value_at(argument, i);

        if (!value_get(instance, value_key_at(argument, i)))
            continue;
        if (!value_is(dependency, VALUE_ARRAY)) {
            valid &= check(v, dependency, instance);
            continue;
        }
        for (guint j = 0; j < value_count(dependency); j++)
            valid &= require(v, schema, "dependencies", instance, value_item(dependency, j));
    }
    return valid;
}

/* ---- combinations ---- */

static bool keyword_all_of(Validation *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    bool valid = true;

    for (guint i = 0; i < value_count(argument); i++)
        valid &= check(v, value_item(argument, i), instance);
    return valid;
}

/* A branch for another type of value is further away than any with failures inside. */
static guint distance(Validation *v, const Value *branch, const Value *instance)
{
    const Value *type = value_get(branch, "type");
    guint failures = failures_of(v, branch, instance);
    bool foreign = value_is(type, VALUE_STRING) && !has_type(instance, value_string(type, ""));

    return failures + (foreign ? 10000 : 0);
}

/* How many branches hold; *closest gets the one that misses by least. */
static guint branches_that_hold(Validation *v, const Value *branches, const Value *instance,
                                const Value **closest)
{
    guint holding = 0, fewest = G_MAXUINT;

    for (guint i = 0; i < value_count(branches); i++) {
        guint failures = distance(v, value_item(branches, i), instance);

        if (failures == 0)
            holding++;
        if (failures < fewest) {
            fewest = failures;
            *closest = value_item(branches, i);
        }
    }
    return holding;
}

/* A form's author thinks in branches, its user does not: what is reported are the failures of the
 * branch that fits best. */
static bool keyword_any_of(Validation *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const Value *closest = NULL;

    if (value_count(argument) == 0 || branches_that_hold(v, argument, instance, &closest) > 0)
        return true;
    return v->quiet ? fail(v, schema, "anyOf", instance, argument, "fits none of the alternatives")
                    : check(v, closest, instance);
}

static bool keyword_one_of(Validation *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const Value *closest = NULL;
    guint holding = branches_that_hold(v, argument, instance, &closest);

    if (value_count(argument) == 0 || holding == 1)
        return true;
    if (holding > 1)
        return fail(v, schema, "oneOf", instance, argument,
                    "must fit exactly one of the alternatives but fits %u", holding);
    return v->quiet ? fail(v, schema, "oneOf", instance, argument, "fits none of the alternatives")
                    : check(v, closest, instance);
}

static bool keyword_not(Validation *v, const Value *schema, const Value *argument,
                        const Value *instance)
{
    if (failures_of(v, argument, instance) > 0)
        return true;
    return fail(v, schema, "not", instance, argument, "has a value that is not allowed");
}

static bool keyword_if(Validation *v, const Value *schema, const Value *argument,
                       const Value *instance)
{
    bool holds = failures_of(v, argument, instance) == 0;
    const Value *branch = value_get(schema, holds ? "then" : "else");

    return !branch || check(v, branch, instance);
}

static const struct {
    const char *name;
    bool (*holds)(Validation *v, const Value *schema, const Value *argument, const Value *instance);
} KEYWORDS[] = {
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
    {"items", keyword_items},
    {"contains", keyword_contains},
    {"minItems", keyword_min_items},
    {"maxItems", keyword_max_items},
    {"uniqueItems", keyword_unique_items},
    {"required", keyword_required},
    {"properties", keyword_properties},
    {"patternProperties", keyword_pattern_properties},
    {"additionalProperties", keyword_additional_properties},
    {"propertyNames", keyword_property_names},
    {"minProperties", keyword_min_properties},
    {"maxProperties", keyword_max_properties},
    {"dependencies", keyword_dependencies},
    {"allOf", keyword_all_of},
    {"anyOf", keyword_any_of},
    {"oneOf", keyword_one_of},
    {"not", keyword_not},
    {"if", keyword_if},
};

/* ---- the walk ---- */

static bool check_keywords(Validation *v, const Value *schema, const Value *instance)
{
    bool valid = true;

    for (guint i = 0; i < value_count(schema); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(KEYWORDS); k++)
            if (g_str_equal(KEYWORDS[k].name, value_key_at(schema, i)))
                valid &= KEYWORDS[k].holds(v, schema, value_value_at(schema, i), instance);
    return valid;
}

static bool check_reference(Validation *v, const Value *schema, const Value *reference,
                            const Value *instance)
{
    const char *text = value_string(reference, "");
    const Value *target = jsonschema_resolve(v->root, text);

    if (!target)
        return fail(v, schema, "$ref", instance, reference,
                    "cannot be checked: its schema refers to %s, which is not there", text);
    return check(v, target, instance);
}

static bool check(Validation *v, const Value *schema, const Value *instance)
{
    bool valid = true;

    if (value_is(schema, VALUE_BOOL))
        return value_bool(schema, true) ||
               fail(v, schema, "false", instance, schema, "is not allowed here");
    if (!value_is(schema, VALUE_OBJECT))
        return true;
    if (v->steps++ >= STEPS_MAX || v->depth >= JSONSCHEMA_DEPTH_MAX || arena_exhausted(v->arena)) {
        if (v->steps < G_MAXINT32) /* once is enough */
            fail(v, schema, "schema", instance, NULL, "is too deep or too large to be checked");
        v->steps = G_MAXINT32;
        v->failures++;
        return false;
    }
    v->depth++;
    const Value *reference = value_get(schema, "$ref");

    /* In draft-07 the siblings of a $ref do not count. */
    if (value_is(reference, VALUE_STRING))
        valid = check_reference(v, schema, reference, instance);
    else
        valid = check_keywords(v, schema, instance);
    v->depth--;
    return valid;
}

/* The violations of instance under schema; with quiet they are only counted. */
static GPtrArray *walk(Arena *arena, const Value *root, const Value *schema, const Value *instance,
                       bool quiet, guint *failures)
{
    Validation v = {.arena = arena, .root = root, .found = g_ptr_array_new(), .quiet = quiet};

    v.pointer = g_string_new(NULL);
    v.regexes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)regex_free);
    check(&v, schema, instance);
    *failures = v.failures;
    g_hash_table_unref(v.regexes);
    g_string_free(v.pointer, TRUE);
    return v.found;
}

GPtrArray *jsonschema_violations(Arena *arena, const Value *schema, const Value *instance)
{
    guint failures;

    return walk(arena, schema, schema, instance, false, &failures);
}

bool jsonschema_holds(Arena *arena, const Value *root, const Value *schema, const Value *instance)
{
    guint failures;

    g_ptr_array_unref(walk(arena, root, schema, instance, true, &failures));
    return failures == 0;
}

/* ---- sentences ---- */

static const char *last_segment(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');

    return slash ? slash + 1 : pointer;
}

const char *jsonschema_sentence(Arena *arena, const JsonschemaViolation *violation)
{
    const char *title = value_string(value_get(violation->schema, "title"), NULL);
    const char *segment = last_segment(violation->pointer);

    if (g_str_equal(violation->keyword, "required")) {
        const char *key = value_string(violation->argument, "");
        const Value *property = value_get(value_get(violation->schema, "properties"), key);
        const char *property_title = value_string(value_get(property, "title"), NULL);

        if (property_title)
            return arena_printf(arena, "%s (\"%s\") is required", property_title, key);
        return arena_printf(arena, "\"%s\" is required", key);
    }
    if (title && *segment)
        return arena_printf(arena, "%s (\"%s\") %s", title, segment, violation->message);
    if (*segment)
        return arena_printf(arena, "\"%s\" %s", segment, violation->message);
    return arena_printf(arena, "instance %s", violation->message);
}

static void report(Arena *arena, const JsonschemaViolation *violation, Diagnostics *diagnostics)
{
    const char *key = value_string(violation->argument, "");
    bool missing = g_str_equal(violation->keyword, "required");
    bool additional = g_str_equal(violation->keyword, "additionalProperties");
    Diagnostic finding = {.severity = DIAGNOSTIC_ERROR,
                          .code = violation->keyword,
                          .message = jsonschema_sentence(arena, violation),
                          .line = value_line(violation->instance),
                          .column = value_column(violation->instance),
                          .pointer = violation->pointer};

    if (missing || additional) {
        g_autoptr(GString) pointer = g_string_new(violation->pointer);

        pointer_append(pointer, key);
        finding.pointer = arena_strdup(arena, pointer->str);
    }
    if (additional && value_key_line(violation->instance, key) > 0) {
        finding.line = value_key_line(violation->instance, key);
        finding.column = value_key_column(violation->instance, key);
    }
    diagnostics_add(diagnostics, &finding);
}

bool jsonschema_validate(const Value *schema, const Value *instance, Diagnostics *diagnostics)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) found = jsonschema_violations(arena, schema, instance);

    for (guint i = 0; diagnostics && i < found->len; i++)
        report(arena, g_ptr_array_index(found, i), diagnostics);
    return found->len == 0;
}
