/* A module's variables as a JSON Schema: what a form shows and what a run's input is held against.
 */
#include "formats/hcl_internal.h"
#include <string.h>

static Value *typed(Arena *arena, const char *type)
{
    Value *schema = value_object_new(arena);

    value_set_string(arena, schema, "type", type);
    return schema;
}

static Value *type_schema(HclCursor *cursor, guint depth);

static gboolean accept(HclCursor *cursor, int c)
{
    hcl_skip_space(cursor, TRUE);
    if (hcl_peek(cursor, 0) != c)
        return FALSE;
    hcl_advance(cursor, 1);
    return TRUE;
}

static const char *attribute_name(HclCursor *cursor)
{
    hcl_skip_space(cursor, TRUE);
    return hcl_peek(cursor, 0) == '"' ? value_string(hcl_literal(cursor, 0), NULL)
                                      : hcl_identifier(cursor);
}

/* `optional(type)` or `optional(type, default)`, or any other type. */
static Value *member_schema(HclCursor *cursor, gboolean *optional, guint depth)
{
    HclCursor before = *cursor;
    const char *word;
    Value *schema;

    hcl_skip_space(cursor, TRUE);
    word = hcl_identifier(cursor);
    *optional = g_strcmp0(word, "optional") == 0 && accept(cursor, '(');
    if (!*optional) {
        *cursor = before;
        return type_schema(cursor, depth);
    }
    schema = type_schema(cursor, depth);
    if (schema && accept(cursor, ',')) {
        gsize start;

        hcl_skip_space(cursor, TRUE);
        start = cursor->at;
        if (hcl_skip_expression(cursor, depth))
            return NULL;
        value_set(cursor->arena, schema, "default",
                  hcl_literal_text(cursor->arena, cursor->text + start, cursor->at - start));
    }
    return accept(cursor, ')') ? schema : NULL;
}

static Value *object_schema(HclCursor *cursor, guint depth)
{
    Arena *arena = cursor->arena;
    Value *schema = typed(arena, "object");
    Value *properties = value_object_new(arena);
    Value *required = value_array_new(arena);

    value_set(arena, schema, "properties", properties);
    value_set(arena, schema, "required", required);
    if (!accept(cursor, '{'))
        return NULL;
    while (!accept(cursor, '}')) {
        const char *name = attribute_name(cursor);
        gboolean optional;
        Value *member;

        if (!name || !(accept(cursor, '=') || accept(cursor, ':')))
            return NULL;
        member = member_schema(cursor, &optional, depth);
        if (!member)
            return NULL;
        value_set(arena, properties, name, member);
        if (!optional)
            value_append(arena, required, value_string_new(arena, name));
        accept(cursor, ',');
    }
    return schema;
}

static Value *tuple_schema(HclCursor *cursor, guint depth)
{
    Arena *arena = cursor->arena;
    Value *schema = typed(arena, "array");
    Value *items = value_array_new(arena);

    if (!accept(cursor, '['))
        return NULL;
    while (!accept(cursor, ']')) {
        Value *item = type_schema(cursor, depth);

        if (!item)
            return NULL;
        value_append(arena, items, item);
        accept(cursor, ',');
    }
    value_set(arena, schema, "items", items);
    value_set_int(arena, schema, "minItems", value_count(items));
    value_set_int(arena, schema, "maxItems", value_count(items));
    return schema;
}

static Value *collection_schema(HclCursor *cursor, const char *word, guint depth)
{
    Arena *arena = cursor->arena;
    gboolean map = g_str_equal(word, "map");
    Value *schema = typed(arena, map ? "object" : "array");
    Value *items;

    if (g_str_equal(word, "set"))
        value_set_bool(arena, schema, "uniqueItems", true);
    if (hcl_peek(cursor, 0) != '(') /* the old way: list and map of anything */
        return schema;
    hcl_advance(cursor, 1);
    items = type_schema(cursor, depth);
    if (!items || !accept(cursor, ')'))
        return NULL;
    value_set(arena, schema, map ? "additionalProperties" : "items", items);
    return schema;
}

/* NULL where it is no type. */
static Value *type_schema(HclCursor *cursor, guint depth)
{
    const char *word;
    Value *schema = NULL;

    if (depth > HCL_DEPTH_MAX || arena_exhausted(cursor->arena))
        return NULL;
    word = attribute_name(cursor);
    if (!word)
        return NULL;
    if (g_str_equal(word, "string") || g_str_equal(word, "number"))
        return typed(cursor->arena, word);
    if (g_str_equal(word, "bool"))
        return typed(cursor->arena, "boolean");
    if (g_str_equal(word, "any"))
        return value_object_new(cursor->arena);
    if (g_str_equal(word, "list") || g_str_equal(word, "set") || g_str_equal(word, "map"))
        return collection_schema(cursor, word, depth + 1);
    if (!accept(cursor, '('))
        return NULL;
    if (g_str_equal(word, "object"))
        schema = object_schema(cursor, depth + 1);
    else if (g_str_equal(word, "tuple"))
        schema = tuple_schema(cursor, depth + 1);
    return accept(cursor, ')') ? schema : NULL;
}

/* ---- conditions that a schema can say too ---- */

static gboolean accept_word(HclCursor *cursor, const char *word)
{
    hcl_skip_space(cursor, TRUE);
    return g_strcmp0(hcl_identifier(cursor), word) == 0;
}

static gboolean accept_variable(HclCursor *cursor, const char *name)
{
    return accept(cursor, ',') && accept_word(cursor, "var") && accept(cursor, '.') &&
           accept_word(cursor, name) && accept(cursor, ')');
}

static gboolean at_end(HclCursor *cursor)
{
    hcl_skip_space(cursor, TRUE);
    return cursor->at == cursor->length;
}

/* `contains([…], var.name)` → enum, `can(regex("…", var.name))` → pattern. */
static void apply_condition(Arena *arena, Value *schema, const char *name, const char *condition)
{
    HclCursor cursor = hcl_cursor(arena, condition, strlen(condition));
    const char *word;
    Value *literal;

    hcl_skip_space(&cursor, TRUE);
    word = hcl_identifier(&cursor);
    if (!word || !accept(&cursor, '('))
        return;
    if (g_str_equal(word, "can") && (!accept_word(&cursor, "regex") || !accept(&cursor, '(')))
        return;
    hcl_skip_space(&cursor, TRUE);
    literal = hcl_literal(&cursor, 0);
    if (!literal || !accept_variable(&cursor, name))
        return;
    if (g_str_equal(word, "contains") && value_is(literal, VALUE_ARRAY) && at_end(&cursor))
        value_set(arena, schema, "enum", literal);
    if (g_str_equal(word, "can") && value_is(literal, VALUE_STRING) && accept(&cursor, ')') &&
        at_end(&cursor))
        value_set(arena, schema, "pattern", literal);
}

static void apply_validations(Arena *arena, Value *schema, const char *name, const Value *block)
{
    const Value *blocks = value_get(block, "blocks");

    for (guint i = 0; i < value_count(blocks); i++) {
        const Value *inner = value_item(blocks, i);

        if (g_str_equal(value_string(value_get(inner, "type"), ""), "validation"))
            apply_condition(arena, schema, name,
                            value_path_string(inner, "attributes.condition.text", ""));
    }
}

/* ---- variables ---- */

static const Value *literal_of(const Value *block, const char *attribute)
{
    return value_get(value_get(value_get(block, "attributes"), attribute), "value");
}

static const char *text_of(const Value *block, const char *attribute)
{
    return value_string(value_get(value_get(value_get(block, "attributes"), attribute), "text"),
                        NULL);
}

static void add_variable(Arena *arena, Value *properties, Value *required, const Value *block)
{
    const char *name = value_string(value_item(value_get(block, "labels"), 0), NULL);
    const char *type = text_of(block, "type");
    HclCursor cursor = hcl_cursor(arena, type ? type : "any", strlen(type ? type : "any"));
    Value *schema = type_schema(&cursor, 0);
    const Value *value = literal_of(block, "default");

    if (!name)
        return;
    if (!schema) /* a type of a later Terraform: anything goes, Terraform itself will say */
        schema = value_object_new(arena);
    value_set(arena, schema, "description", literal_of(block, "description"));
    if (!text_of(block, "default"))
        value_append(arena, required, value_string_new(arena, name));
    else if (!value_is(value, VALUE_NULL))
        value_set(arena, schema, "default", value);
    if (value_bool(literal_of(block, "sensitive"), false))
        value_set_bool(arena, schema, "writeOnly", true);
    apply_validations(arena, schema, name, block);
    value_set(arena, properties, name, schema);
}

Value *hcl_variables_schema(Arena *arena, const Value *bodies)
{
    Value *schema = typed(arena, "object");
    Value *properties = value_object_new(arena);
    Value *required = value_array_new(arena);

    for (guint i = 0; i < value_count(bodies); i++) {
        const Value *blocks = value_get(value_item(bodies, i), "blocks");

        for (guint k = 0; k < value_count(blocks); k++) {
            const Value *block = value_item(blocks, k);

            if (g_str_equal(value_string(value_get(block, "type"), ""), "variable"))
                add_variable(arena, properties, required, block);
        }
    }
    value_set(arena, schema, "properties", properties);
    value_set(arena, schema, "required", required);
    value_set_bool(arena, schema, "additionalProperties", false);
    return schema;
}
