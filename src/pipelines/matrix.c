/* strategy.matrix: the combinations in GitHub's order, `exclude` first, then `include`. */
#include "base/error.h"
#include "formats/ghexpr.h"
#include "pipelines/workflow.h"

#include <string.h>

#define COMBINATIONS_MAX 256

static gboolean is_vector(const Value *matrix, guint i)
{
    const char *key = value_key_at(matrix, i);
    return !g_str_equal(key, "include") && !g_str_equal(key, "exclude");
}

static gboolean too_many(GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the matrix has more than %d combinations",
                COMBINATIONS_MAX);
    return FALSE;
}

/* The cross product, the last vector varying fastest. */
static gboolean cross(Arena *arena, const Value *matrix, GPtrArray *found, GError **error)
{
    gboolean any = FALSE;
    g_ptr_array_add(found, value_object_new(arena));
    for (guint i = 0; i < value_count(matrix); i++) {
        const Value *vector = value_value_at(matrix, i);
        if (!is_vector(matrix, i))
            continue;
        if (!value_is(vector, VALUE_ARRAY) || !value_count(vector)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "the matrix vector '%s' is no list of values", value_key_at(matrix, i));
            return FALSE;
        }
        guint before = found->len;
        if ((guint64)before * value_count(vector) > COMBINATIONS_MAX)
            return too_many(error);
        any = TRUE;
        for (guint j = 0; j < before; j++)
            for (guint k = 0; k < value_count(vector); k++) {
                Value *combination = value_clone_shallow(arena, found->pdata[j]);
                value_set(arena, combination, value_key_at(matrix, i), value_item(vector, k));
                g_ptr_array_add(found, combination);
            }
        g_ptr_array_remove_range(found, 0, before);
    }
    if (!any)
        g_ptr_array_set_size(found, 0);
    return TRUE;
}

/* Has the combination every member of filter? Objects match by their members, as GitHub does. */
static gboolean holds(const Value *value, const Value *filter)
{
    if (!value_is(filter, VALUE_OBJECT))
        return value_equal(value, filter);
    for (guint i = 0; i < value_count(filter); i++) {
        const Value *member = value_get(value, value_key_at(filter, i));
        if (!member || !holds(member, value_value_at(filter, i)))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_excluded(const Value *combination, const Value *excludes)
{
    for (guint i = 0; i < value_count(excludes); i++)
        if (value_count(value_item(excludes, i)) && holds(combination, value_item(excludes, i)))
            return TRUE;
    return FALSE;
}

/* Adds an include's members to every combination whose vectors it does not contradict. */
static gboolean merge(Arena *arena, const Value *matrix, GPtrArray *found, const Value *include)
{
    gboolean merged = FALSE;
    Value *filter = value_object_new(arena);
    for (guint i = 0; i < value_count(include); i++) {
        const char *key = value_key_at(include, i);
        if (value_get(matrix, key) && !g_str_equal(key, "include") && !g_str_equal(key, "exclude"))
            value_set(arena, filter, key, value_value_at(include, i));
    }
    for (guint i = 0; i < found->len; i++) {
        if (!holds(found->pdata[i], filter))
            continue;
        merged = TRUE;
        for (guint j = 0; j < value_count(include); j++)
            if (!value_get(filter, value_key_at(include, j)))
                value_set(arena, found->pdata[i], value_key_at(include, j),
                          value_value_at(include, j));
    }
    return merged;
}

const Value *workflow_matrix(Arena *arena, const Value *matrix, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    if (!value_is(matrix, VALUE_OBJECT)) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, "the matrix is no mapping");
        return NULL;
    }
    if (!cross(arena, matrix, found, error))
        return NULL;
    const Value *excludes = value_get(matrix, "exclude"), *includes = value_get(matrix, "include");
    for (guint i = found->len; i-- > 0;)
        if (is_excluded(found->pdata[i], excludes))
            g_ptr_array_remove_index(found, i);
    g_autoptr(GPtrArray) added = g_ptr_array_new();
    for (guint i = 0; i < value_count(includes); i++) {
        const Value *include = value_item(includes, i);
        if (!value_is(include, VALUE_OBJECT)) {
            g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT,
                                "each item of the matrix' 'include' is a mapping");
            return NULL;
        }
        if (!merge(arena, matrix, found, include))
            g_ptr_array_add(added, value_clone_shallow(arena, include));
        if (found->len + added->len > COMBINATIONS_MAX) {
            too_many(error);
            return NULL;
        }
    }
    Value *combinations = value_array_new(arena);
    for (guint i = 0; i < found->len; i++)
        value_append(arena, combinations, found->pdata[i]);
    for (guint i = 0; i < added->len; i++)
        value_append(arena, combinations, added->pdata[i]);
    if (!value_count(combinations)) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, "the matrix has no combination");
        return NULL;
    }
    return combinations;
}

static void add_leaves(Arena *arena, GString *label, const Value *value)
{
    gboolean is_object = value_is(value, VALUE_OBJECT);
    if (!is_object && !value_is(value, VALUE_ARRAY)) {
        const char *text = ghexpr_to_string(arena, value);
        if (*text && label->len < 200)
            g_string_append_printf(label, "%s%s", label->len ? ", " : "", text);
        return;
    }
    for (guint i = 0; i < value_count(value); i++)
        add_leaves(arena, label, is_object ? value_value_at(value, i) : value_item(value, i));
}

const char *workflow_matrix_label(Arena *arena, const Value *combination)
{
    g_autoptr(GString) label = g_string_new(NULL);
    add_leaves(arena, label, combination);
    return arena_strdup(arena, label->str);
}
