/* Keywords that apply other schemas to the same value: combinations, conditions, references. */
#include "formats/jsonschema_internal.h"

#include <string.h>

static bool keyword_all_of(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool valid = true;

    for (guint i = 0; i < value_count(argument); i++)
        valid &= schema_check(v, value_item(argument, i), at->instance, at->seen);
    return valid;
}

/* A branch for another type of value is further away than any with failures inside. */
static guint distance(SchemaWalk *v, const Value *branch, const SchemaPlace *at)
{
    const Value *type = value_get(branch, "type");
    guint failures = schema_failures_of(v, branch, at->instance, at->seen);
    bool foreign =
        value_is(type, VALUE_STRING) && !schema_has_type(at->instance, value_string(type, ""));

    return failures + (foreign ? 10000 : 0);
}

/* How many branches hold; *closest gets the one that misses by least. */
static guint branches_that_hold(SchemaWalk *v, const SchemaPlace *at, const Value *branches,
                                const Value **closest)
{
    guint holding = 0, fewest = G_MAXUINT;

    for (guint i = 0; i < value_count(branches); i++) {
        guint failures = distance(v, value_item(branches, i), at);

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
static bool fail_closest(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                         const Value *argument, const Value *closest)
{
    if (!v->quiet && value_is(closest, VALUE_OBJECT)) {
        guint before = v->found->len;

        schema_check(v, closest, at->instance, NULL);
        if (v->found->len > before)
            return false;
    }
    return schema_fail(v, at, keyword, argument, "fits none of the alternatives");
}

static bool keyword_any_of(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    const Value *closest = NULL;

    if (value_count(argument) == 0 || branches_that_hold(v, at, argument, &closest) > 0)
        return true;
    return fail_closest(v, at, "anyOf", argument, closest);
}

static bool keyword_one_of(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    const Value *closest = NULL;
    guint holding = branches_that_hold(v, at, argument, &closest);

    if (value_count(argument) == 0 || holding == 1)
        return true;
    if (holding > 1)
        return schema_fail(v, at, "oneOf", argument,
                           "must fit exactly one of the alternatives but fits %u", holding);
    return fail_closest(v, at, "oneOf", argument, closest);
}

static bool keyword_not(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    if (schema_failures_of(v, argument, at->instance, NULL) > 0)
        return true;
    return schema_fail(v, at, "not", argument, "has a value that is not allowed");
}

static bool keyword_if(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    bool holds = schema_failures_of(v, argument, at->instance, at->seen) == 0;
    const Value *branch = value_get(at->schema, holds ? "then" : "else");

    return !branch || schema_check(v, branch, at->instance, at->seen);
}

/* ---- references ---- */

/* target, seen from where it stands. */
static bool check_target(SchemaWalk *v, const SchemaTarget *target, const SchemaPlace *at)
{
    const SchemaScope *outer = v->scope;
    SchemaScope scope = {.resource = target->resource, .outer = outer};

    if (target->resource != outer->resource)
        v->scope = &scope;
    bool valid = schema_check(v, target->schema, at->instance, at->seen);
    v->scope = outer;
    return valid;
}

static bool missing_target(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                           const Value *argument)
{
    const char *text = value_string(argument, "");

    if (strchr(text, ':'))
        return schema_trouble(v, at, keyword, argument,
                              "cannot be checked: its schema refers to %s, and schemas outside of"
                              " the document are not fetched",
                              text);
    return schema_trouble(v, at, keyword, argument,
                          "cannot be checked: its schema refers to %s, which is not there", text);
}

static bool keyword_ref(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    if (!value_is(argument, VALUE_STRING))
        return true;
    SchemaTarget target =
        schema_index_resolve(v->index, v->scope->resource, value_string(argument, ""));

    return target.schema ? check_target(v, &target, at) : missing_target(v, at, "$ref", argument);
}

/* Like "$ref", but where it leads to a "$dynamicAnchor" the outermost one of that name that the
 * walk came through counts. */
static bool keyword_dynamic_ref(SchemaWalk *v, const SchemaPlace *at, const Value *argument)
{
    const char *text = value_string(argument, "");
    const char *hash = strchr(text, '#');

    if (!value_is(argument, VALUE_STRING))
        return true;
    SchemaTarget target = schema_index_resolve(v->index, v->scope->resource, text);

    if (!target.schema)
        return missing_target(v, at, "$dynamicRef", argument);
    const char *anchor = value_string(value_get(target.schema, "$dynamicAnchor"), NULL);

    if (anchor && hash && g_str_equal(hash + 1, anchor))
        for (const SchemaScope *scope = v->scope; scope; scope = scope->outer) {
            SchemaTarget found = schema_index_dynamic(v->index, scope->resource, anchor);

            if (found.schema)
                target = found;
        }
    return check_target(v, &target, at);
}

const SchemaKeyword schema_combining_keywords[] = {
    {"allOf", DRAFT_ALL, keyword_all_of},
    {"anyOf", DRAFT_ALL, keyword_any_of},
    {"oneOf", DRAFT_ALL, keyword_one_of},
    {"not", DRAFT_ALL, keyword_not},
    {"if", DRAFT_ALL, keyword_if},
    {"$ref", DRAFT_ALL, keyword_ref},
    {"$dynamicRef", DRAFT_2020, keyword_dynamic_ref},
    {NULL, 0, NULL},
};
