/* References within a schema, and the defaults it gives. */
#include "formats/jsonschema.h"
#include "formats/jsonschema_internal.h"

#include <string.h>

static const Value *find_anchor(const Value *schema, const char *id, guint depth)
{
    if (depth > JSONSCHEMA_DEPTH_MAX)
        return NULL;
    if (g_strcmp0(value_string(value_get(schema, "$id"), NULL), id) == 0)
        return schema;
    bool object = value_is(schema, VALUE_OBJECT);

    for (guint i = 0; i < value_count(schema); i++) {
        const Value *child = object ? value_value_at(schema, i) : value_item(schema, i);
        const Value *found = find_anchor(child, id, depth + 1);

        if (found)
            return found;
    }
    return NULL;
}

const Value *jsonschema_resolve(const Value *root, const char *reference)
{
    if (*reference != '#' || reference[1] == '\0')
        return *reference == '#' ? root : find_anchor(root, reference, 0);
    if (reference[1] != '/')
        return find_anchor(root, reference, 0);
    g_autofree char *pointer = g_uri_unescape_string(reference + 1, NULL);

    return pointer ? value_pointer(root, pointer) : NULL;
}

typedef struct {
    Arena *arena;
    const Value *root;
    guint depth;
} Filling;

static const Value *fill(Filling *f, const Value *schema, const Value *instance);

static const Value *fill_properties(Filling *f, const Value *schema, const Value *instance)
{
    const Value *properties = value_get(schema, "properties");
    Value *filled = NULL;

    for (guint i = 0; value_is(properties, VALUE_OBJECT) && i < value_count(properties); i++) {
        const char *key = value_key_at(properties, i);
        const Value *before = value_get(instance, key);
        const Value *after = fill(f, value_value_at(properties, i), before);

        if (after == before)
            continue;
        if (!filled)
            filled = value_clone_shallow(f->arena, instance);
        value_set(f->arena, filled, key, after);
    }
    return filled ? filled : instance;
}

static const Value *fill_items(Filling *f, const Value *items, const Value *instance)
{
    Value *filled = value_array_new(f->arena);

    for (guint i = 0; i < value_count(instance); i++)
        value_append(f->arena, filled, fill(f, items, value_item(instance, i)));
    return filled;
}

static bool holds(Filling *f, const Value *schema, const Value *instance)
{
    return jsonschema_holds(f->arena, f->root, schema, instance);
}

/* The branches of one schema that apply to instance: allOf, if/then/else, dependencies, and of
 * oneOf and anyOf the first that holds. */
static const Value *fill_branches(Filling *f, const Value *schema, const Value *instance)
{
    const Value *all = value_get(schema, "allOf"), *condition = value_get(schema, "if");
    const Value *dependencies = value_get(schema, "dependencies");
    const Value *one = value_get(schema, "oneOf");

    if (!one)
        one = value_get(schema, "anyOf");
    for (guint i = 0; i < value_count(all); i++)
        instance = fill(f, value_item(all, i), instance);
    if (condition) {
        const Value *branch = value_get(schema, holds(f, condition, instance) ? "then" : "else");

        instance = branch ? fill(f, branch, instance) : instance;
    }
    for (guint i = 0; value_is(dependencies, VALUE_OBJECT) && i < value_count(dependencies); i++)
        if (value_get(instance, value_key_at(dependencies, i)) &&
            value_is(value_value_at(dependencies, i), VALUE_OBJECT))
            instance = fill(f, value_value_at(dependencies, i), instance);
    for (guint i = 0; value_is(instance, VALUE_OBJECT) && i < value_count(one); i++)
        if (holds(f, value_item(one, i), instance))
            return fill(f, value_item(one, i), instance);
    return instance;
}

/* An object that nobody gave is made only where something inside it has a default. */
static const Value *fill_absent(Filling *f, const Value *schema)
{
    const Value *fallback = value_get(schema, "default");

    if (fallback)
        return fallback;
    if (!value_is(value_get(schema, "properties"), VALUE_OBJECT))
        return NULL;
    const Value *filled = fill_properties(f, schema, value_object_new(f->arena));

    return value_count(filled) > 0 ? filled : NULL;
}

static const Value *fill(Filling *f, const Value *schema, const Value *instance)
{
    const Value *reference = value_get(schema, "$ref");

    if (f->depth >= JSONSCHEMA_DEPTH_MAX / 2 || arena_exhausted(f->arena) ||
        !value_is(schema, VALUE_OBJECT))
        return instance;
    f->depth++;
    if (value_is(reference, VALUE_STRING)) {
        instance = fill(f, jsonschema_resolve(f->root, value_string(reference, "")), instance);
    } else {
        if (!instance)
            instance = fill_absent(f, schema);
        if (value_is(instance, VALUE_OBJECT)) {
            instance = fill_properties(f, schema, instance);
            instance = fill_branches(f, schema, instance);
        } else if (value_is(instance, VALUE_ARRAY) &&
                   value_is(value_get(schema, "items"), VALUE_OBJECT)) {
            instance = fill_items(f, value_get(schema, "items"), instance);
        }
    }
    f->depth--;
    return instance;
}

const Value *jsonschema_with_defaults(Arena *arena, const Value *schema, const Value *instance)
{
    Filling filling = {.arena = arena, .root = schema};

    return fill(&filling, schema, instance);
}
