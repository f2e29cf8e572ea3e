#include "catalog/query/predicate.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define DEPTH_MAX 16
#define NODES_MAX 10000   /* leaves and branches */
#define BRANCHES_MAX 1000 /* each may be about as many documents as there are */
#define PREFIXES_MAX 100  /* each may be as many values */

/* What is being built, and how large it is. */
typedef struct {
    Arena *arena;
    GError **error;
    int depth, nodes, branches, prefixes;
} Builder;

/* ---- building ---- */

const Predicate *predicate_leaf(Arena *arena, PredicateKind kind, const char *key,
                                const char *value)
{
    Predicate *node = arena_new0(arena, Predicate, 1);

    node->kind = kind;
    node->key = text_fold(arena, key);
    node->value = value ? text_fold(arena, value) : NULL;
    return node;
}

const Predicate *predicate_branch(Arena *arena, PredicateKind kind, const GPtrArray *children)
{
    Predicate *node = arena_new0(arena, Predicate, 1);

    node->kind = kind;
    node->children = arena_new0(arena, const Predicate *, children->len + 1);
    for (guint i = 0; i < children->len; i++)
        node->children[i] = children->pdata[i];
    return node;
}

static const Predicate *negation(Arena *arena, const Predicate *child)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new();

    g_ptr_array_add(children, (gpointer)child);
    return predicate_branch(arena, PREDICATE_NOT, children);
}

/* ---- from filter parameters ---- */

typedef struct {
    const char *key;
    GPtrArray *values; /* leaves; empty: the key exists */
} FilterKey;

static void filter_key_free(void *data)
{
    FilterKey *key = data;

    g_ptr_array_unref(key->values);
    g_free(key);
}

static FilterKey *filter_key(GPtrArray *keys, const char *name)
{
    FilterKey *key;

    for (guint i = 0; i < keys->len; i++)
        if (g_str_equal(((FilterKey *)keys->pdata[i])->key, name))
            return keys->pdata[i];
    key = g_new0(FilterKey, 1);
    key->key = name;
    key->values = g_ptr_array_new();
    g_ptr_array_add(keys, key);
    return key;
}

/* "key", "key=" or "key=value". */
static gboolean add_statement(Builder *builder, GPtrArray *keys, const char *statement)
{
    Arena *arena = builder->arena;
    const char *equals = strchr(statement, '=');
    const char *name =
        equals ? arena_strndup(arena, statement, (gsize)(equals - statement)) : statement;
    FilterKey *key;

    name = g_strstrip(arena_strdup(arena, name));
    if (*name == '\0') {
        g_set_error(builder->error, PAVE_ERROR, ERROR_INPUT,
                    "Invalid filter, '%s' is not a valid statement (expected a string on the form "
                    "a=b or a= or a)",
                    statement);
        return FALSE;
    }
    key = filter_key(keys, text_fold(arena, name));
    if (equals)
        g_ptr_array_add(key->values,
                        (gpointer)predicate_leaf(arena, PREDICATE_EQUALS, name,
                                                 g_strstrip(arena_strdup(arena, equals + 1))));
    return TRUE;
}

static const Predicate *refuse_filter(Builder *builder)
{
    g_set_error(builder->error, PAVE_ERROR, ERROR_INPUT, "Invalid filter, it is too large");
    return NULL;
}

static const Predicate *from_filter(Builder *builder, const char *filter)
{
    Arena *arena = builder->arena;
    g_auto(GStrv) statements = g_strsplit(filter, ",", -1);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(filter_key_free);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (char **statement = statements; *statement; statement++) {
        if (!*g_strstrip(*statement))
            continue;
        if (!add_statement(builder, keys, arena_strdup(arena, *statement)))
            return NULL;
        if (++builder->nodes > NODES_MAX || builder->branches + (int)keys->len > BRANCHES_MAX)
            return refuse_filter(builder);
    }
    builder->branches += (int)keys->len;
    for (guint i = 0; i < keys->len; i++) {
        FilterKey *key = keys->pdata[i];

        g_ptr_array_add(all,
                        (gpointer)(key->values->len
                                       ? predicate_branch(arena, PREDICATE_ANY, key->values)
                                       : predicate_leaf(arena, PREDICATE_EXISTS, key->key, NULL)));
    }
    return predicate_branch(arena, PREDICATE_ALL, all);
}

const Predicate *predicate_from_filters(Arena *arena, const char *const *filters, GError **error)
{
    g_autoptr(GPtrArray) any = g_ptr_array_new();
    Builder builder = {.arena = arena, .error = error};

    for (; filters && *filters; filters++) {
        const Predicate *node;

        if (**filters == '\0')
            continue;
        if (++builder.nodes > NODES_MAX)
            return refuse_filter(&builder);
        node = from_filter(&builder, *filters);
        if (!node)
            return NULL;
        g_ptr_array_add(any, (gpointer)node);
    }
    return predicate_branch(arena, any->len ? PREDICATE_ANY : PREDICATE_ALL, any);
}

/* ---- from JSON ---- */

static const Predicate *build(Builder *builder, const Value *query);

static const Predicate *refuse(Builder *builder, const char *reason)
{
    g_set_error(builder->error, PAVE_ERROR, ERROR_INPUT, "Invalid query: %s", reason);
    return NULL;
}

/* Counts a leaf that may be about as many documents as there are. */
static const Predicate *wide_leaf(Builder *builder, PredicateKind kind, const char *key,
                                  const char *value)
{
    if (++builder->nodes > NODES_MAX || ++builder->branches > BRANCHES_MAX ||
        (kind == PREDICATE_PREFIX && ++builder->prefixes > PREFIXES_MAX))
        return refuse(builder, "too large");
    return predicate_leaf(builder->arena, kind, key, value);
}

static const Predicate *equals_leaf(Builder *builder, const char *key, const char *value)
{
    if (++builder->nodes > NODES_MAX)
        return refuse(builder, "too large");
    return predicate_leaf(builder->arena, PREDICATE_EQUALS, key, value);
}

/* The form in which scalars are indexed; NULL for anything else. */
static const char *scalar_text(Arena *arena, const Value *value)
{
    if (value_is(value, VALUE_STRING))
        return value_string(value, "");
    if (value_is(value, VALUE_NUMBER) || value_is(value, VALUE_BOOL))
        return json_to_arena(arena, value, JSON_COMPACT);
    return NULL;
}

static const Predicate *build_in(Builder *builder, const char *key, const Value *values)
{
    g_autoptr(GPtrArray) any = g_ptr_array_new();

    if (!value_is(values, VALUE_ARRAY))
        return refuse(builder, "$in takes a list");
    for (guint i = 0; i < value_count(values); i++) {
        const char *text = scalar_text(builder->arena, value_item(values, i));
        const Predicate *leaf;

        if (!text)
            return refuse(builder, "$in takes a list of texts, numbers and booleans");
        leaf = equals_leaf(builder, key, text);
        if (!leaf)
            return NULL;
        g_ptr_array_add(any, (gpointer)leaf);
    }
    return predicate_branch(builder->arena, PREDICATE_ANY, any);
}

/* {type, targetRef?} of a relation. */
static const Predicate *build_relation(Builder *builder, const Value *relation)
{
    const char *type = value_path_string(relation, "type", NULL);
    const Value *target = value_get(relation, "targetRef");
    const char *key;

    if (!type)
        return refuse(builder, "$contains of relations takes {type, targetRef}");
    key = arena_printf(builder->arena, "relations.%s", type);
    if (!target)
        return wide_leaf(builder, PREDICATE_EXISTS, key, NULL);
    if (value_is(target, VALUE_OBJECT))
        return build_in(builder, key, value_get(target, "$in"));
    if (!value_is(target, VALUE_STRING))
        return refuse(builder, "targetRef takes a text or {$in: […]}");
    return equals_leaf(builder, key, value_string(target, ""));
}

static const Predicate *build_operator(Builder *builder, const char *key, const Value *test)
{
    const char *name = value_key_at(test, 0);
    const Value *argument = value_value_at(test, 0);
    const char *text = scalar_text(builder->arena, argument);

    if (value_count(test) != 1)
        return refuse(builder, "a field takes one operator");
    if (g_str_equal(name, "$exists") && value_is(argument, VALUE_BOOL)) {
        const Predicate *exists = wide_leaf(builder, PREDICATE_EXISTS, key, NULL);

        return !exists || value_bool(argument, true) ? exists : negation(builder->arena, exists);
    }
    if (g_str_equal(name, "$in"))
        return build_in(builder, key, argument);
    if (g_str_equal(name, "$hasPrefix") && text)
        return wide_leaf(builder, PREDICATE_PREFIX, key, text);
    if (g_str_equal(name, "$contains") && text)
        return equals_leaf(builder, key, text);
    if (g_str_equal(name, "$contains") && g_str_equal(key, "relations"))
        return build_relation(builder, argument);
    return refuse(builder, arena_printf(builder->arena, "\"%s\" of %s", name, key));
}

static const Predicate *build_list(Builder *builder, PredicateKind kind, const Value *list)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new();

    if (!value_is(list, VALUE_ARRAY))
        return refuse(builder, "$all and $any take a list");
    for (guint i = 0; i < value_count(list); i++) {
        const Predicate *child = build(builder, value_item(list, i));

        if (!child)
            return NULL;
        g_ptr_array_add(children, (gpointer)child);
    }
    return predicate_branch(builder->arena, kind, children);
}

static const Predicate *build_member(Builder *builder, const char *key, const Value *value)
{
    const char *text = scalar_text(builder->arena, value);
    const Predicate *child;

    if (g_str_equal(key, "$all"))
        return build_list(builder, PREDICATE_ALL, value);
    if (g_str_equal(key, "$any"))
        return build_list(builder, PREDICATE_ANY, value);
    if (g_str_equal(key, "$not")) {
        child = build(builder, value);
        return child ? negation(builder->arena, child) : NULL;
    }
    if (*key == '$')
        return refuse(builder, arena_printf(builder->arena, "unknown operator \"%s\"", key));
    if (value_is(value, VALUE_OBJECT))
        return build_operator(builder, key, value);
    if (!text)
        return refuse(builder, arena_printf(builder->arena, "\"%s\" takes a value", key));
    return equals_leaf(builder, key, text);
}

static const Predicate *build_object(Builder *builder, const Value *query)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (guint i = 0; i < value_count(query); i++) {
        const char *key = value_key_at(query, i);
        const Predicate *child = build_member(builder, key, value_value_at(query, i));

        if (!child)
            return NULL;
        if (*key == '$' && value_count(query) != 1)
            return refuse(builder,
                          arena_printf(builder->arena, "\"%s\" must be the only key", key));
        g_ptr_array_add(all, (gpointer)child);
    }
    return predicate_branch(builder->arena, PREDICATE_ALL, all);
}

static const Predicate *build(Builder *builder, const Value *query)
{
    const Predicate *node;

    if (!value_is(query, VALUE_OBJECT))
        return refuse(builder, "a predicate is an object");
    if (builder->depth >= DEPTH_MAX || ++builder->nodes > NODES_MAX ||
        ++builder->branches > BRANCHES_MAX)
        return refuse(builder, "too large");
    builder->depth++;
    node = build_object(builder, query);
    builder->depth--;
    return node;
}

const Predicate *predicate_from_value(Arena *arena, const Value *query, GError **error)
{
    Builder builder = {.arena = arena, .error = error};

    return build(&builder, query ? query : value_object_new(arena));
}

/* ---- by hand ---- */

const Predicate *predicate_one_of(Arena *arena, const char *key, const char *const *values)
{
    g_autoptr(GPtrArray) any = g_ptr_array_new();

    for (; *values; values++)
        g_ptr_array_add(any, (gpointer)predicate_leaf(arena, PREDICATE_EQUALS, key, *values));
    return predicate_branch(arena, PREDICATE_ANY, any);
}

const Predicate *predicate_any_key(Arena *arena, PredicateKind kind, const char *const *keys,
                                   const char *value)
{
    g_autoptr(GPtrArray) any = g_ptr_array_new();

    for (; *keys; keys++)
        g_ptr_array_add(any, (gpointer)predicate_leaf(arena, kind, *keys, value));
    return predicate_branch(arena, PREDICATE_ANY, any);
}

const Predicate *predicate_both(Arena *arena, const Predicate *one, const Predicate *other)
{
    g_autoptr(GPtrArray) both = g_ptr_array_new();

    g_ptr_array_add(both, (gpointer)one);
    g_ptr_array_add(both, (gpointer)other);
    return predicate_branch(arena, PREDICATE_ALL, both);
}

/* ---- about it ---- */

gboolean predicate_is_everything(const Predicate *predicate)
{
    if (predicate->kind != PREDICATE_ALL)
        return FALSE;
    for (const Predicate **child = predicate->children; *child; child++)
        if (!predicate_is_everything(*child))
            return FALSE;
    return TRUE;
}

void predicate_write(GString *out, const Predicate *predicate)
{
    static const char letters[] = "&|!?=^~";

    g_string_append_c(out, letters[predicate->kind]);
    for (const Predicate **child = predicate->children; child && *child; child++)
        predicate_write(out, *child);
    if (predicate->key)
        g_string_append_printf(out, "%zu:%s", strlen(predicate->key), predicate->key);
    if (predicate->value)
        g_string_append_printf(out, "%zu:%s", strlen(predicate->value), predicate->value);
    g_string_append_c(out, ';');
}
