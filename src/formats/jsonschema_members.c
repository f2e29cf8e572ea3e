/* Keywords about what a list or an object holds. */
#include "formats/jsonschema_internal.h"

#include <string.h>

/* ---- arrays ---- */

static bool keyword_items(SchemaWalk *v, const Value *schema, const Value *argument,
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
            valid &= schema_check_item(v, item, instance, i);
    }
    return valid;
}

static bool keyword_contains(SchemaWalk *v, const Value *schema, const Value *argument,
                             const Value *instance)
{
    if (!value_is(instance, VALUE_ARRAY))
        return true;
    for (guint i = 0; i < value_count(instance); i++)
        if (schema_failures_of(v, argument, value_item(instance, i)) == 0)
            return true;
    return schema_fail(v, schema, "contains", instance, argument, "must contain a fitting entry");
}

static bool items_bound(SchemaWalk *v, const Value *schema, const char *keyword,
                        const Value *argument, const Value *instance)
{
    return !value_is(instance, VALUE_ARRAY) ||
           schema_count_bound(v, schema, keyword, argument, instance, value_count(instance), "have",
                              "item");
}

static bool keyword_min_items(SchemaWalk *v, const Value *schema, const Value *argument,
                              const Value *instance)
{
    return items_bound(v, schema, "minItems", argument, instance);
}

static bool keyword_max_items(SchemaWalk *v, const Value *schema, const Value *argument,
                              const Value *instance)
{
    return items_bound(v, schema, "maxItems", argument, instance);
}

static bool keyword_unique_items(SchemaWalk *v, const Value *schema, const Value *argument,
                                 const Value *instance)
{
    if (!value_is(instance, VALUE_ARRAY) || !value_bool(argument, false))
        return true;
    for (guint i = 1; i < value_count(instance); i++)
        for (guint j = 0; j < i && v->steps < SCHEMA_STEPS_MAX; j++, v->steps++)
            if (value_equal(value_item(instance, i), value_item(instance, j)))
                return schema_fail(v, schema, "uniqueItems", instance, argument,
                                   "must not hold the same item twice (items %u and %u)", j + 1,
                                   i + 1);
    return true;
}

/* ---- objects ---- */

static bool require(SchemaWalk *v, const Value *schema, const char *keyword, const Value *instance,
                    const Value *name)
{
    const char *key = value_string(name, NULL);

    if (!key || value_get(instance, key))
        return true;
    return schema_fail(v, schema, keyword, instance, name, "requires property \"%s\"", key);
}

static bool keyword_required(SchemaWalk *v, const Value *schema, const Value *argument,
                             const Value *instance)
{
    bool valid = true;

    for (guint i = 0; value_is(instance, VALUE_OBJECT) && i < value_count(argument); i++)
        valid &= require(v, schema, "required", instance, value_item(argument, i));
    return valid;
}

static bool keyword_properties(SchemaWalk *v, const Value *schema, const Value *argument,
                               const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT) || !value_is(argument, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(argument); i++) {
        const char *key = value_key_at(argument, i);
        const Value *member = value_get(instance, key);

        if (member)
            valid &= schema_check_member(v, value_value_at(argument, i), key, member);
    }
    return valid;
}

static bool pattern_fits(SchemaWalk *v, const char *pattern, const char *key)
{
    const Regex *regex = schema_regex_of(v, pattern);

    v->steps += 100;
    return regex && regex_matches(regex, key, strlen(key));
}

static bool keyword_pattern_properties(SchemaWalk *v, const Value *schema, const Value *argument,
                                       const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT) || !value_is(argument, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(argument); i++)
        for (guint j = 0; j < value_count(instance) && v->steps < SCHEMA_STEPS_MAX; j++)
            if (pattern_fits(v, value_key_at(argument, i), value_key_at(instance, j)))
                valid &=
                    schema_check_member(v, value_value_at(argument, i), value_key_at(instance, j),
                                        value_value_at(instance, j));
    return valid;
}

static bool is_named(SchemaWalk *v, const Value *schema, const char *key)
{
    const Value *patterns = value_get(schema, "patternProperties");

    if (value_get(value_get(schema, "properties"), key))
        return true;
    for (guint i = 0; value_is(patterns, VALUE_OBJECT) && i < value_count(patterns); i++)
        if (pattern_fits(v, value_key_at(patterns, i), key))
            return true;
    return false;
}

static bool keyword_additional_properties(SchemaWalk *v, const Value *schema, const Value *argument,
                                          const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(instance) && v->steps < SCHEMA_STEPS_MAX; i++) {
        const char *key = value_key_at(instance, i);

        if (is_named(v, schema, key))
            continue;
        if (value_is(argument, VALUE_BOOL) && !value_bool(argument, true))
            valid = schema_fail(v, schema, "additionalProperties", instance,
                                value_string_new(v->arena, key),
                                "is not allowed to have the additional property \"%s\"", key);
        else
            valid &= schema_check_member(v, argument, key, value_value_at(instance, i));
    }
    return valid;
}

static bool keyword_property_names(SchemaWalk *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    bool valid = true;

    if (!value_is(instance, VALUE_OBJECT))
        return true;
    for (guint i = 0; i < value_count(instance); i++) {
        const char *key = value_key_at(instance, i);
        const Value *name = value_string_new(v->arena, key);

        if (schema_failures_of(v, argument, name) > 0)
            valid = schema_fail(v, schema, "propertyNames", instance, name,
                                "must not have a property named \"%s\"", key);
    }
    return valid;
}

static bool properties_bound(SchemaWalk *v, const Value *schema, const char *keyword,
                             const Value *argument, const Value *instance)
{
    return !value_is(instance, VALUE_OBJECT) ||
           schema_count_bound(v, schema, keyword, argument, instance, value_count(instance), "have",
                              "member");
}

static bool keyword_min_properties(SchemaWalk *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    return properties_bound(v, schema, "minProperties", argument, instance);
}

static bool keyword_max_properties(SchemaWalk *v, const Value *schema, const Value *argument,
                                   const Value *instance)
{
    return properties_bound(v, schema, "maxProperties", argument, instance);
}

static bool keyword_dependencies(SchemaWalk *v, const Value *schema, const Value *argument,
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
            valid &= schema_check(v, dependency, instance);
            continue;
        }
        for (guint j = 0; j < value_count(dependency); j++)
            valid &= require(v, schema, "dependencies", instance, value_item(dependency, j));
    }
    return valid;
}

const SchemaKeyword schema_member_keywords[] = {
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
    {NULL, NULL},
};
