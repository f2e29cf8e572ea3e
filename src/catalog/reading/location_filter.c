/* The predicate of locations/by-query, on the four members a location has. There are few locations,
 * so each is looked at. */
#include "catalog/catalog_internal.h"
#include <string.h>

#define DEPTH_MAX 32

/* ---- is it one ---- */

static gboolean refuse(GError **error, const char *what, const char *key)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid filter predicate: %s \"%s\"", what, key);
    return FALSE;
}

static gboolean is_primitive(const Value *value)
{
    return value && !value_is(value, VALUE_OBJECT) && !value_is(value, VALUE_ARRAY) &&
           !value_is(value, VALUE_NULL);
}

static gboolean check_operand(const char *key, const Value *operand, GError **error)
{
    const char *operator= value_key_at(operand, 0);
    const Value *argument = value_value_at(operand, 0);

    if (is_primitive(operand))
        return TRUE;
    if (!value_is(operand, VALUE_OBJECT) || value_count(operand) != 1)
        return refuse(error, "expected a primitive or one operator for", key);
    if (g_str_equal(operator, "$exists"))
        return value_is(argument, VALUE_BOOL) || refuse(error, "expected a boolean for", operator);
    if (g_str_equal(operator, "$hasPrefix"))
        return value_is(argument, VALUE_STRING) || refuse(error, "expected a string for", operator);
    if (g_str_equal(operator, "$contains"))
        return is_primitive(argument) || refuse(error, "expected a primitive for", operator);
    if (!g_str_equal(operator, "$in"))
        return refuse(error, "unknown operator", operator);
    for (guint i = 0; i < value_count(argument); i++)
        if (!is_primitive(value_item(argument, i)))
            return refuse(error, "expected primitives for", operator);
    return value_is(argument, VALUE_ARRAY) || refuse(error, "expected a list for", operator);
}

static gboolean check_node(const Value *node, int depth, GError **error)
{
    if (depth > DEPTH_MAX)
        return refuse(error, "it is nested too deeply, at", "query");
    if (!value_is(node, VALUE_OBJECT))
        return refuse(error, "expected an object for", "query");
    for (guint i = 0; i < value_count(node); i++) {
        const char *key = value_key_at(node, i);
        const Value *value = value_value_at(node, i);

        if (key[0] != '$') {
            if (!check_operand(key, value, error))
                return FALSE;
            continue;
        }
        if (value_count(node) != 1)
            return refuse(error, "nothing may stand beside", key);
        if (g_str_equal(key, "$not"))
            return check_node(value, depth + 1, error);
        if (!g_str_equal(key, "$all") && !g_str_equal(key, "$any"))
            return refuse(error, "unknown operator", key);
        if (!value_is(value, VALUE_ARRAY))
            return refuse(error, "expected a list for", key);
        for (guint item = 0; item < value_count(value); item++)
            if (!check_node(value_item(value, item), depth + 1, error))
                return FALSE;
    }
    return TRUE;
}

gboolean location_filter_check(const Value *query, GError **error)
{
    return !query || check_node(query, 0, error);
}

/* ---- does it hold ---- */

static gboolean equals(const char *member, const Value *wanted)
{
    return member && g_ascii_strcasecmp(member, value_string(wanted, "")) == 0;
}

static gboolean operand_holds(const char *member, const Value *operand)
{
    const char *operator= value_key_at(operand, 0);
    const Value *argument = value_value_at(operand, 0);

    if (!value_is(operand, VALUE_OBJECT))
        return equals(member, operand);
    if (g_str_equal(operator, "$exists"))
        return value_bool(argument, TRUE) == (member != NULL);
    if (g_str_equal(operator, "$hasPrefix"))
        return member && g_ascii_strncasecmp(member, value_string(argument, ""),
                                             strlen(value_string(argument, ""))) == 0;
    if (g_str_equal(operator, "$contains"))
        return equals(member, argument);
    for (guint i = 0; i < value_count(argument); i++)
        if (equals(member, value_item(argument, i)))
            return TRUE;
    return FALSE;
}

static gboolean any_holds(const Value *nodes, gboolean wanted, const Value *location)
{
    for (guint i = 0; i < value_count(nodes); i++)
        if (location_filter_matches(value_item(nodes, i), location) == wanted)
            return TRUE;
    return FALSE;
}

gboolean location_filter_matches(const Value *query, const Value *location)
{
    for (guint i = 0; i < value_count(query); i++) {
        const char *key = value_key_at(query, i);
        const Value *value = value_value_at(query, i);

        if (g_str_equal(key, "$all"))
            return !any_holds(value, FALSE, location);
        if (g_str_equal(key, "$any"))
            return any_holds(value, TRUE, location);
        if (g_str_equal(key, "$not"))
            return !location_filter_matches(value, location);
        if (!operand_holds(value_path_string(location, key, NULL), value))
            return FALSE;
    }
    return TRUE;
}
