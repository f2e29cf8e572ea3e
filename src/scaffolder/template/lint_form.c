/* The pages of a template's form: their schemas, and which names they define. */
#include "scaffolder/template/lint.h"

#include "base/nearest.h"

#include <string.h>

static const char *const TYPES[] = {"null",   "boolean", "integer", "number",
                                    "string", "array",   "object",  NULL};
static const char *const FIELDS[] = {
    "EntityPicker",     "MultiEntityPicker", "OwnerPicker",      "OwnedEntityPicker",
    "MyGroupsPicker",   "EntityNamePicker",  "EntityTagsPicker", "RepoUrlPicker",
    "RepoBranchPicker", "RepoOwnerPicker",   "Secret",           NULL};

enum { DEPTH_MAX = 24 };

static const char *nearest_hint(Lint *lint, const char *name, const char *const *names)
{
    const char *nearest = nearest_name(name, names);

    return nearest ? arena_printf(lint->arena, "did you mean %s?", nearest) : NULL;
}

static void lint_type(Lint *lint, const Value *type)
{
    const char *name = value_string(type, "");

    if (value_is(type, VALUE_ARRAY))
        for (guint i = 0; i < value_count(type); i++)
            lint_type(lint, value_item(type, i));
    else if (type && !g_strv_contains(TYPES, name))
        lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", type, nearest_hint(lint, name, TYPES),
                 "%s is no type of JSON Schema", *name ? name : "this");
}

static void lint_field(Lint *lint, const Value *field)
{
    const char *name = value_string(field, "");

    if (field && !g_strv_contains(FIELDS, name))
        lint_add(lint, DIAGNOSTIC_WARNING, "template-field", field,
                 nearest_hint(lint, name, FIELDS), "no field is called %s: a text field is shown",
                 name);
}

static void lint_schema(Lint *lint, const Value *schema, bool of_page, guint depth);

static void define(Lint *lint, const char *name, const Value *property)
{
    const char *field = value_path_string(property, "ui:field", "");

    if (g_str_equal(field, "Secret"))
        g_hash_table_add(lint->secrets, (char *)name);
    if (!g_hash_table_contains(lint->parameters, name))
        g_hash_table_insert(lint->parameters, (char *)name, (gpointer)property);
}

static void lint_properties(Lint *lint, const Value *schema, bool of_page, guint depth)
{
    const Value *properties = value_get(schema, "properties");

    if (properties && !value_is(properties, VALUE_OBJECT)) {
        lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", properties, NULL,
                 "properties has to be an object");
        return;
    }
    for (guint i = 0; i < value_count(properties); i++) {
        const Value *property = value_value_at(properties, i);

        if (!value_is(property, VALUE_OBJECT) && !value_is(property, VALUE_BOOL))
            lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", property, NULL,
                     "the property %s has to be a schema", value_key_at(properties, i));
        if (of_page)
            define(lint, value_key_at(properties, i), property);
        lint_schema(lint, property, false, depth + 1);
    }
}

static void lint_branches(Lint *lint, const Value *schema, bool of_page, guint depth)
{
    static const char *const lists[] = {"allOf", "anyOf", "oneOf"}, *const single[] = {"then",
                                                                                       "else"};
    const Value *dependencies = value_get(schema, "dependencies"),
                *items = value_get(schema, "items");

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; j < value_count(value_get(schema, lists[i])); j++)
            lint_schema(lint, value_item(value_get(schema, lists[i]), j), of_page, depth + 1);
    for (gsize i = 0; i < G_N_ELEMENTS(single); i++)
        lint_schema(lint, value_get(schema, single[i]), of_page, depth + 1);
    for (guint i = 0; i < value_count(dependencies); i++) {
        if (of_page)
            g_hash_table_add(lint->used, (char *)value_key_at(dependencies, i));
        lint_schema(lint, value_value_at(dependencies, i), of_page, depth + 1);
    }
    if (value_is(items, VALUE_OBJECT))
        lint_schema(lint, items, false, depth + 1);
}

/* What a condition looks at is used. */
static void use_condition(Lint *lint, const Value *condition, guint depth)
{
    const Value *properties = value_get(condition, "properties");

    for (guint i = 0; i < value_count(properties); i++)
        g_hash_table_add(lint->used, (char *)value_key_at(properties, i));
    for (guint i = 0; depth < DEPTH_MAX && i < value_count(condition); i++)
        if (value_is(condition, VALUE_OBJECT))
            use_condition(lint, value_value_at(condition, i), depth + 1);
}

static void lint_schema(Lint *lint, const Value *schema, bool of_page, guint depth)
{
    if (!value_is(schema, VALUE_OBJECT) || depth > DEPTH_MAX)
        return;
    lint_type(lint, value_get(schema, "type"));
    lint_field(lint, value_get(schema, "ui:field"));
    lint_properties(lint, schema, of_page, depth);
    lint_branches(lint, schema, of_page, depth);
    if (of_page)
        use_condition(lint, value_get(schema, "if"), 0);
    if (value_is(value_get(schema, "when"), VALUE_OBJECT))
        use_condition(lint, value_get(schema, "when"), 0);
}

static void lint_required(Lint *lint, const Value *page)
{
    const Value *required = value_get(page, "required");

    if (required && !value_is(required, VALUE_ARRAY))
        lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", required, NULL,
                 "required has to be a list of names");
    for (guint i = 0; value_is(required, VALUE_ARRAY) && i < value_count(required); i++) {
        const Value *name = value_item(required, i);

        if (!g_hash_table_contains(lint->parameters, value_string(name, "")))
            lint_add(lint, DIAGNOSTIC_ERROR, "template-required-name", name,
                     lint_hint(lint, value_string(name, ""), lint->parameters),
                     "%s is required, but no property of that name is there",
                     value_string(name, "this"));
    }
}

void lint_form(Lint *lint)
{
    const Value *parameters = value_path(lint->template, "spec.parameters");
    bool list = value_is(parameters, VALUE_ARRAY);
    guint count = list ? value_count(parameters) : value_is(parameters, VALUE_OBJECT);

    if (parameters && !list && !value_is(parameters, VALUE_OBJECT))
        lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", parameters, NULL,
                 "spec.parameters has to be a page or a list of pages");
    for (guint i = 0; i < count; i++) {
        const Value *page = list ? value_item(parameters, i) : parameters;

        if (!value_is(page, VALUE_OBJECT))
            lint_add(lint, DIAGNOSTIC_ERROR, "template-schema", page, NULL,
                     "a page has to be an object");
        lint_schema(lint, page, true, 0);
    }
    for (guint i = 0; i < count; i++)
        lint_required(lint, list ? value_item(parameters, i) : parameters);
}

void lint_unused_parameters(Lint *lint)
{
    GHashTableIter iter;
    gpointer name, property;

    g_hash_table_iter_init(&iter, lint->parameters);
    while (!lint->uses_all && g_hash_table_iter_next(&iter, &name, &property))
        if (!g_hash_table_contains(lint->used, name) && !g_hash_table_contains(lint->secrets, name))
            lint_add(lint, DIAGNOSTIC_WARNING, "template-unused-parameter", property, NULL,
                     "the parameter %s is asked for, but nothing reads it", (char *)name);
}
