#include "formats/jsonschema.h"

#include "formats/jsonschema_internal.h"
#include <string.h>

enum { VIOLATIONS_MAX = 200 };

/* ---- reporting ---- */

bool schema_fail(SchemaWalk *v, const Value *schema, const char *keyword, const Value *instance,
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

static void schema_pointer_append(GString *pointer, const char *key)
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

bool schema_check_member(SchemaWalk *v, const Value *schema, const char *key, const Value *member)
{
    gsize length = v->pointer->len;

    schema_pointer_append(v->pointer, key);
    bool valid = schema_check(v, schema, member);
    g_string_truncate(v->pointer, length);
    return valid;
}

bool schema_check_item(SchemaWalk *v, const Value *schema, const Value *array, guint index)
{
    char key[16];

    g_snprintf(key, sizeof key, "%u", index);
    return schema_check_member(v, schema, key, value_item(array, index));
}

guint schema_failures_of(SchemaWalk *v, const Value *schema, const Value *instance)
{
    guint before = v->failures;

    v->quiet++;
    schema_check(v, schema, instance);
    v->quiet--;
    guint count = v->failures - before;
    v->failures = before;
    return count;
}

/* ---- combinations ---- */

static bool keyword_all_of(SchemaWalk *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    bool valid = true;

    for (guint i = 0; i < value_count(argument); i++)
        valid &= schema_check(v, value_item(argument, i), instance);
    return valid;
}

/* A branch for another type of value is further away than any with failures inside. */
static guint distance(SchemaWalk *v, const Value *branch, const Value *instance)
{
    const Value *type = value_get(branch, "type");
    guint failures = schema_failures_of(v, branch, instance);
    bool foreign =
        value_is(type, VALUE_STRING) && !schema_has_type(instance, value_string(type, ""));

    return failures + (foreign ? 10000 : 0);
}

/* How many branches hold; *closest gets the one that misses by least. */
static guint branches_that_hold(SchemaWalk *v, const Value *branches, const Value *instance,
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
static bool keyword_any_of(SchemaWalk *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const Value *closest = NULL;

    if (value_count(argument) == 0 || branches_that_hold(v, argument, instance, &closest) > 0)
        return true;
    return v->quiet ? schema_fail(v, schema, "anyOf", instance, argument,
                                  "fits none of the alternatives")
                    : schema_check(v, closest, instance);
}

static bool keyword_one_of(SchemaWalk *v, const Value *schema, const Value *argument,
                           const Value *instance)
{
    const Value *closest = NULL;
    guint holding = branches_that_hold(v, argument, instance, &closest);

    if (value_count(argument) == 0 || holding == 1)
        return true;
    if (holding > 1)
        return schema_fail(v, schema, "oneOf", instance, argument,
                           "must fit exactly one of the alternatives but fits %u", holding);
    return v->quiet ? schema_fail(v, schema, "oneOf", instance, argument,
                                  "fits none of the alternatives")
                    : schema_check(v, closest, instance);
}

static bool keyword_not(SchemaWalk *v, const Value *schema, const Value *argument,
                        const Value *instance)
{
    if (schema_failures_of(v, argument, instance) > 0)
        return true;
    return schema_fail(v, schema, "not", instance, argument, "has a value that is not allowed");
}

static bool keyword_if(SchemaWalk *v, const Value *schema, const Value *argument,
                       const Value *instance)
{
    bool holds = schema_failures_of(v, argument, instance) == 0;
    const Value *branch = value_get(schema, holds ? "then" : "else");

    return !branch || schema_check(v, branch, instance);
}

static const SchemaKeyword COMBINATIONS[] = {
    {"allOf", keyword_all_of}, {"anyOf", keyword_any_of}, {"oneOf", keyword_one_of},
    {"not", keyword_not},      {"if", keyword_if},        {NULL, NULL},
};

/* ---- the walk ---- */

static const SchemaKeyword *find_keyword(const char *name)
{
    static const SchemaKeyword *const tables[] = {schema_scalar_keywords, schema_member_keywords,
                                                  COMBINATIONS};

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        for (const SchemaKeyword *keyword = tables[i]; keyword->name; keyword++)
            if (g_str_equal(keyword->name, name))
                return keyword;
    return NULL;
}

static bool check_keywords(SchemaWalk *v, const Value *schema, const Value *instance)
{
    bool valid = true;

    for (guint i = 0; i < value_count(schema); i++) {
        const SchemaKeyword *keyword = find_keyword(value_key_at(schema, i));

        if (keyword)
            valid &= keyword->holds(v, schema, value_value_at(schema, i), instance);
    }
    return valid;
}

static bool check_reference(SchemaWalk *v, const Value *schema, const Value *reference,
                            const Value *instance)
{
    const char *text = value_string(reference, "");
    const Value *target = jsonschema_resolve(v->root, text);

    if (!target)
        return schema_fail(v, schema, "$ref", instance, reference,
                           "cannot be checked: its schema refers to %s, which is not there", text);
    return schema_check(v, target, instance);
}

bool schema_check(SchemaWalk *v, const Value *schema, const Value *instance)
{
    bool valid = true;

    if (value_is(schema, VALUE_BOOL))
        return value_bool(schema, true) ||
               schema_fail(v, schema, "false", instance, schema, "is not allowed here");
    if (!value_is(schema, VALUE_OBJECT))
        return true;
    if (v->steps++ >= SCHEMA_STEPS_MAX || v->depth >= JSONSCHEMA_DEPTH_MAX ||
        arena_exhausted(v->arena)) {
        if (v->steps < G_MAXINT32) /* once is enough */
            schema_fail(v, schema, "schema", instance, NULL,
                        "is too deep or too large to be checked");
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
    SchemaWalk v = {.arena = arena, .root = root, .found = g_ptr_array_new(), .quiet = quiet};

    v.pointer = g_string_new(NULL);
    v.regexes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)regex_free);
    schema_check(&v, schema, instance);
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

        schema_pointer_append(pointer, key);
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
