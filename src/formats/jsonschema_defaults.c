/* The defaults a schema gives, filled in where a form would fill them in. */
#include "formats/jsonschema.h"
#include "formats/jsonschema_internal.h"

enum { ITEMS_ADDED_MAX = 100, STEPS_MAX = 20000 };

typedef struct {
    Arena *arena;
    const SchemaIndex *index;
    const SchemaResource *resource;
    guint depth, steps;
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

/* The schema of one item: of a tuple that at its place. */
static const Value *item_schema(const Value *schema, guint index)
{
    const Value *items = value_get(schema, "items");
    const Value *tuple = value_is(items, VALUE_ARRAY) ? items : value_get(schema, "prefixItems");

    if (index < value_count(tuple))
        return value_item(tuple, index);
    return value_is(items, VALUE_ARRAY) ? value_get(schema, "additionalItems") : items;
}

/* Items that are there are filled in; as many as minItems asks for are added where they have a
 * default. */
static const Value *fill_items(Filling *f, const Value *schema, const Value *instance)
{
    Value *filled = value_array_new(f->arena);
    int64_t least = MIN(value_int(value_get(schema, "minItems"), 0), ITEMS_ADDED_MAX);

    for (guint i = 0; i < MAX(value_count(instance), least); i++) {
        const Value *item = fill(f, item_schema(schema, i), value_item(instance, i));

        if (!item)
            break;
        value_append(f->arena, filled, item);
    }
    return instance || value_count(filled) > 0 ? filled : NULL;
}

static bool holds(Filling *f, const Value *schema, const Value *instance)
{
    return jsonschema_holds(f->arena, f->index, f->resource, schema, instance);
}

static const Value *fill_dependencies(Filling *f, const Value *dependencies, const Value *instance)
{
    for (guint i = 0; value_is(dependencies, VALUE_OBJECT) && i < value_count(dependencies); i++)
        if (value_get(instance, value_key_at(dependencies, i)) &&
            value_is(value_value_at(dependencies, i), VALUE_OBJECT))
            instance = fill(f, value_value_at(dependencies, i), instance);
    return instance;
}

/* Of alternatives the first that holds, else the first: the one a form would show. */
static const Value *fill_alternatives(Filling *f, const Value *branches, const Value *instance)
{
    for (guint i = 0; i < value_count(branches); i++)
        if (holds(f, value_item(branches, i), instance))
            return fill(f, value_item(branches, i), instance);
    return instance;
}

/* The branches of one schema that apply to instance: allOf, if/then/else, dependencies, oneOf and
 * anyOf. */
static const Value *fill_branches(Filling *f, const Value *schema, const Value *instance)
{
    const Value *all = value_get(schema, "allOf"), *condition = value_get(schema, "if");

    for (guint i = 0; i < value_count(all); i++)
        instance = fill(f, value_item(all, i), instance);
    if (condition) {
        const Value *branch = value_get(schema, holds(f, condition, instance) ? "then" : "else");

        instance = branch ? fill(f, branch, instance) : instance;
    }
    instance = fill_dependencies(f, value_get(schema, "dependencies"), instance);
    instance = fill_dependencies(f, value_get(schema, "dependentSchemas"), instance);
    instance = fill_alternatives(f, value_get(schema, "oneOf"), instance);
    return fill_alternatives(f, value_get(schema, "anyOf"), instance);
}

/* The default of what nobody gave: the schema's own, else that of the branches that stand for it.
 * An object is made only where something inside it has a default. */
static const Value *fill_absent(Filling *f, const Value *schema)
{
    const Value *fallback = value_get(schema, "default"), *all = value_get(schema, "allOf");

    if (fallback)
        return fallback;
    if (value_is(value_get(schema, "properties"), VALUE_OBJECT)) {
        const Value *filled = fill_properties(f, schema, value_object_new(f->arena));

        if (value_count(filled) > 0)
            return filled;
    }
    for (guint i = 0; !fallback && i < value_count(all); i++)
        fallback = fill(f, value_item(all, i), NULL);
    return fallback;
}

static const Value *fill_target(Filling *f, const Value *reference, const Value *instance)
{
    const SchemaResource *outer = f->resource;
    SchemaTarget target = schema_index_resolve(f->index, outer, value_string(reference, ""));

    if (!target.schema)
        return instance;
    f->resource = target.resource;
    instance = fill(f, target.schema, instance);
    f->resource = outer;
    return instance;
}

/* A default beside a $ref goes before that of what it refers to, as forms have it. */
static const Value *fill_object(Filling *f, const Value *schema, const Value *instance)
{
    const Value *reference = value_get(schema, "$ref");

    if (!instance)
        instance = fill_absent(f, schema);
    if (value_is(reference, VALUE_STRING))
        instance = fill_target(f, reference, instance);
    if (value_is(instance, VALUE_OBJECT)) {
        instance = fill_properties(f, schema, instance);
        return fill_branches(f, schema, instance);
    }
    if (value_is(instance, VALUE_ARRAY) || value_get(schema, "minItems"))
        return value_get(schema, "items") || value_get(schema, "prefixItems")
                   ? fill_items(f, schema, instance)
                   : instance;
    return instance;
}

static const Value *fill(Filling *f, const Value *schema, const Value *instance)
{
    const SchemaResource *outer = f->resource;
    const SchemaResource *entered = schema ? schema_index_entered(f->index, schema) : NULL;

    if (f->depth >= JSONSCHEMA_DEPTH_MAX / 2 || f->steps++ >= STEPS_MAX ||
        arena_exhausted(f->arena) || !value_is(schema, VALUE_OBJECT))
        return instance;
    f->depth++;
    if (entered)
        f->resource = entered;
    instance = fill_object(f, schema, instance);
    f->resource = outer;
    f->depth--;
    return instance;
}

const Value *jsonschema_with_defaults(Arena *arena, const Value *schema, const Value *instance)
{
    g_autoptr(SchemaIndex) index = schema_index_new(arena, schema);
    Filling filling = {.arena = arena, .index = index, .resource = schema_index_root(index)};

    return fill(&filling, schema, instance);
}
