/* Keywords about what an object holds. */
#include "formats/jsonschema_internal.h"

#include <string.h>

static bool require(SchemaWalk *v, const SchemaPlace *at, const char *keyword, const Value *name)
{
    const char *key = value_string(name, NULL);

    if (!key || value_get(at->instance, key))
        return true;
    return schema_fail(v, at, keyword, name, "requires property \"%s\"", key);
}

static bool require_all(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                        const Value *names)
{
    bool valid = true;

    for (guint i = 0; i < value_count(names); i++)
        valid &= require(v, at, keyword, value_item(names, i));
    return valid;
}

static bool keyword_required(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return !value_is(at->instance, VALUE_OBJECT) || require_all(v, at, "required", argument);
}

/* ---- each member ---- */

/* Calls one for each entry of a keyword's object, as long as the instance is an object too. */
typedef bool (*EntryFn)(SchemaWalk *v, const SchemaPlace *at, const char *key, const Value *entry);

static bool for_each_entry(SchemaWalk *v, const SchemaPlace *at, const Value *entries, EntryFn one)
{
    bool valid = true;

    if (!value_is(at->instance, VALUE_OBJECT) || !value_is(entries, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(entries) && !v->stopped; i++)
        valid &= one(v, at, value_key_at(entries, i), value_value_at(entries, i));
    return valid;
}

/* The index of a member is what is noted as seen. */
static bool check_at(SchemaWalk *v, const SchemaPlace *at, const Value *schema, guint index)
{
    schema_seen_add(at->seen, index);
    return schema_check_member(v, schema, value_key_at(at->instance, index),
                               value_value_at(at->instance, index));
}

static bool check_property(SchemaWalk *v, const SchemaPlace *at, const char *key,
                           const Value *schema)
{
    const Value *member = value_get(at->instance, key);

    for (guint i = 0; member && at->seen && i < value_count(at->instance); i++)
        if (value_value_at(at->instance, i) == member)
            schema_seen_add(at->seen, i);
    return !member || schema_check_member(v, schema, key, member);
}

static bool keyword_properties(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return for_each_entry(v, at, argument, check_property);
}

static bool key_fits(SchemaWalk *v, const SchemaPlace *at, const char *pattern, const char *key)
{
    return schema_pattern_fits(v, at, value_string_wrap(v->arena, pattern, strlen(pattern)), key,
                               strlen(key));
}

static bool check_pattern_property(SchemaWalk *v, const SchemaPlace *at, const char *pattern,
                                   const Value *schema)
{
    bool valid = true;

    for (guint i = 0; i < value_count(at->instance) && !v->stopped; i++)
        if (key_fits(v, at, pattern, value_key_at(at->instance, i)))
            valid &= check_at(v, at, schema, i);
    return valid;
}

static bool keyword_pattern_properties(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return for_each_entry(v, at, argument, check_pattern_property);
}

static bool is_named(SchemaWalk *v, const SchemaPlace *at, const char *key)
{
    const Value *patterns = value_get(at->schema, "patternProperties");

    if (value_get(value_get(at->schema, "properties"), key))
        return true;
    for (guint i = 0; value_is(patterns, VALUE_OBJECT) && i < value_count(patterns); i++)
        if (key_fits(v, at, value_key_at(patterns, i), key))
            return true;
    return false;
}

/* A member that nothing names: refused by name, or held to a schema of its own. */
static bool check_additional(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                             const Value *argument, guint index)
{
    const char *key = value_key_at(at->instance, index);

    if (!value_is(argument, VALUE_BOOL) || value_bool(argument, true))
        return check_at(v, at, argument, index);
    return schema_fail(v, at, keyword, value_string_new(v->arena, key),
                       "is not allowed to have the additional property \"%s\"", key);
}

static bool keyword_additional_properties(SchemaWalk *v, const SchemaPlace *at,
                                          const Value *argument)
{
    bool valid = true;

    if (!value_is(at->instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(at->instance) && !v->stopped; i++)
        if (!is_named(v, at, value_key_at(at->instance, i)))
            valid &= check_additional(v, at, "additionalProperties", argument, i);
    return valid;
}

static bool keyword_unevaluated_properties(SchemaWalk *v, const SchemaPlace *at,
                                           const Value *argument)
{
    bool valid = true;

    if (!value_is(at->instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(at->instance) && !v->stopped; i++)
        if (!schema_seen_has(at->seen, i))
            valid &= check_additional(v, at, "unevaluatedProperties", argument, i);
    return valid;
}

static bool keyword_property_names(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool valid = true;

    if (!value_is(at->instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(at->instance); i++) {
        const char *key = value_key_at(at->instance, i);
        const Value *name = value_string_new(v->arena, key);

        if (schema_failures_of(v, argument, name, NULL) > 0)
            valid = schema_fail(v, at, "propertyNames", name,
                                "must not have a property named \"%s\"", key);
    }
    return valid;
}

static bool properties_bound(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                             const Value *argument)
{
    return !value_is(at->instance, VALUE_OBJECT) ||
           schema_count_bound(v, at, keyword, argument, value_count(at->instance), "have",
                              "member");
}

static bool keyword_min_properties(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return properties_bound(v, at, "minProperties", argument);
}

static bool keyword_max_properties(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return properties_bound(v, at, "maxProperties", argument);
}

/* ---- what a member brings with it ---- */

static bool check_dependency(SchemaWalk *v, const SchemaPlace *at, const char *key,
                             const Value *dependency)
{
    if (!value_get(at->instance, key))
        return true;
    return value_is(dependency, VALUE_ARRAY) ? require_all(v, at, "dependencies", dependency)
                                             : schema_check(v, dependency, at->instance, at->seen);
}

static bool keyword_dependencies(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return for_each_entry(v, at, argument, check_dependency);
}

static bool check_dependent_names(SchemaWalk *v, const SchemaPlace *at, const char *key,
                                  const Value *names)
{
    return !value_get(at->instance, key) || require_all(v, at, "dependentRequired", names);
}

static bool keyword_dependent_required(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    return for_each_entry(v, at, argument, check_dependent_names);
}

const SchemaKeyword schema_member_keywords[] = {
    {"required", DRAFT_ALL, keyword_required},
    {"properties", DRAFT_ALL, keyword_properties},
    {"patternProperties", DRAFT_ALL, keyword_pattern_properties},
    {"additionalProperties", DRAFT_ALL, keyword_additional_properties},
    {"unevaluatedProperties", DRAFT_NEW, keyword_unevaluated_properties},
    {"propertyNames", DRAFT_ALL, keyword_property_names},
    {"minProperties", DRAFT_ALL, keyword_min_properties},
    {"maxProperties", DRAFT_ALL, keyword_max_properties},
    {"dependencies", DRAFT_ALL, keyword_dependencies},
    {"dependentRequired", DRAFT_NEW, keyword_dependent_required},
    {"dependentSchemas", DRAFT_NEW, keyword_dependencies},
    {NULL, 0, NULL},
};
