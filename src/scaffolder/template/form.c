#include "scaffolder/template/form.h"

#include "formats/jsonschema.h"
#include "formats/nunjucks.h"

/* As many conditions as hide one another in turn; a form has some dozens of fields. */
enum { ROUNDS_MAX = 50 };

typedef struct {
    Arena *arena;
    const Value *pages;
    GHashTable *hidden;        /* pages and properties (Value *) */
    GHashTable *names, *shown; /* of hidden ones, and of those that are not */
    const Value *values;       /* of this round */
    bool found;                /* something new to hide */
    Value *properties;         /* the hidden ones, for whoever asks */
} Form;

/* ---- walking a page ---- */

typedef void (*PropertyFn)(Form *f, guint page, const char *name, const Value *property);

static const char *const LISTS[] = {"allOf", "anyOf", "oneOf"}, *const SINGLE[] = {"then", "else"},
                         *const MAPS[] = {"dependencies", "dependentSchemas"};

/* Every property at the top of a page, those of its branches too. */
static void for_each_property(Form *f, guint page, const Value *schema, PropertyFn each)
{
    const Value *properties = value_get(schema, "properties");

    for (guint i = 0; value_is(properties, VALUE_OBJECT) && i < value_count(properties); i++)
        each(f, page, value_key_at(properties, i), value_value_at(properties, i));
    for (gsize i = 0; i < G_N_ELEMENTS(LISTS); i++)
        for (guint j = 0; j < value_count(value_get(schema, LISTS[i])); j++)
            for_each_property(f, page, value_item(value_get(schema, LISTS[i]), j), each);
    for (gsize i = 0; i < G_N_ELEMENTS(SINGLE); i++)
        if (value_get(schema, SINGLE[i]))
            for_each_property(f, page, value_get(schema, SINGLE[i]), each);
    for (gsize i = 0; i < G_N_ELEMENTS(MAPS); i++) {
        const Value *map = value_get(schema, MAPS[i]);

        for (guint j = 0; value_is(map, VALUE_OBJECT) && j < value_count(map); j++)
            for_each_property(f, page, value_value_at(map, j), each);
    }
}

/* ---- conditions ---- */

static bool text_holds(Arena *arena, const Value *when, const Value *values)
{
    Value *context = value_object_new(arena);

    value_set(arena, context, "parameters", values);
    return nunjucks_truthy(nunjucks_evaluate(arena, value_string(when, ""), context, NULL, NULL));
}

static bool when_holds(Arena *arena, const Value *when, const Value *values)
{
    if (value_is(when, VALUE_BOOL))
        return value_bool(when, true);
    if (value_is(when, VALUE_STRING))
        return text_holds(arena, when, values);
    return !when || jsonschema_matches(arena, when, values);
}

/* Hides schema where its condition does not hold; true if it was shown before. */
static bool hide(Form *f, const Value *schema, const Value *values)
{
    const Value *when = value_get(schema, "when");

    if (!when || g_hash_table_contains(f->hidden, schema) || when_holds(f->arena, when, values))
        return false;
    g_hash_table_add(f->hidden, (gpointer)schema);
    return true;
}

/* ---- names ---- */

static void note_name(Form *f, guint page, const char *name, const Value *property)
{
    bool hidden = g_hash_table_contains(f->hidden, value_item(f->pages, page)) ||
                  g_hash_table_contains(f->hidden, property);

    g_hash_table_add(hidden ? f->names : f->shown, (char *)name);
}

static void note_names(Form *f)
{
    g_hash_table_remove_all(f->names);
    g_hash_table_remove_all(f->shown);
    for (guint i = 0; i < value_count(f->pages); i++)
        for_each_property(f, i, value_item(f->pages, i), note_name);
}

static const Value *without_hidden_values(Form *f, const Value *values)
{
    Value *left = value_object_new(f->arena);

    if (!value_is(values, VALUE_OBJECT) || g_hash_table_size(f->names) == 0)
        return values;
    for (guint i = 0; i < value_count(values); i++) {
        const char *name = value_key_at(values, i);

        if (!g_hash_table_contains(f->names, name) || g_hash_table_contains(f->shown, name))
            value_set(f->arena, left, name, value_value_at(values, i));
    }
    return left;
}

/* ---- what is shown ---- */

static const Value *shown_schema(Form *f, const Value *schema, GHashTable *gone);

static const Value *shown_properties(Form *f, const Value *properties)
{
    Value *shown = value_object_new(f->arena);

    for (guint i = 0; i < value_count(properties); i++)
        if (!g_hash_table_contains(f->hidden, value_value_at(properties, i)))
            value_set(f->arena, shown, value_key_at(properties, i), value_value_at(properties, i));
    return shown;
}

static const Value *shown_required(Form *f, const Value *required, GHashTable *gone)
{
    Value *shown = value_array_new(f->arena);

    for (guint i = 0; i < value_count(required); i++)
        if (!g_hash_table_contains(gone, value_string(value_item(required, i), "")))
            value_append(f->arena, shown, value_item(required, i));
    return shown;
}

static const Value *shown_each(Form *f, const Value *schemas, GHashTable *gone)
{
    bool map = value_is(schemas, VALUE_OBJECT);
    Value *shown = map ? value_object_new(f->arena) : value_array_new(f->arena);

    for (guint i = 0; i < value_count(schemas); i++) {
        const Value *one = map ? value_value_at(schemas, i) : value_item(schemas, i);

        if (map)
            value_set(f->arena, shown, value_key_at(schemas, i), shown_schema(f, one, gone));
        else
            value_append(f->arena, shown, shown_schema(f, one, gone));
    }
    return shown;
}

static bool is_among(const char *const *names, gsize count, const char *name)
{
    for (gsize i = 0; i < count; i++)
        if (g_str_equal(names[i], name))
            return true;
    return false;
}

/* schema without its hidden properties, and without asking for the names that are gone. */
static const Value *shown_schema(Form *f, const Value *schema, GHashTable *gone)
{
    if (!value_is(schema, VALUE_OBJECT))
        return schema;
    Value *shown = value_clone_shallow(f->arena, schema);

    for (guint i = 0; i < value_count(schema); i++) {
        const char *key = value_key_at(schema, i);
        const Value *value = value_value_at(schema, i);

        if (g_str_equal(key, "properties") && value_is(value, VALUE_OBJECT))
            value_set(f->arena, shown, key, shown_properties(f, value));
        else if (g_str_equal(key, "required") && value_is(value, VALUE_ARRAY))
            value_set(f->arena, shown, key, shown_required(f, value, gone));
        else if (is_among(SINGLE, G_N_ELEMENTS(SINGLE), key))
            value_set(f->arena, shown, key, shown_schema(f, value, gone));
        else if ((is_among(LISTS, G_N_ELEMENTS(LISTS), key) && value_is(value, VALUE_ARRAY)) ||
                 (is_among(MAPS, G_N_ELEMENTS(MAPS), key) && value_is(value, VALUE_OBJECT)))
            value_set(f->arena, shown, key, shown_each(f, value, gone));
    }
    return shown;
}

/* The names that only hidden properties of this page have. */
static GHashTable *gone_from(Form *f, guint page)
{
    Form own = *f;

    own.names = g_hash_table_new(g_str_hash, g_str_equal);
    own.shown = g_hash_table_new(g_str_hash, g_str_equal);
    for_each_property(&own, page, value_item(f->pages, page), note_name);
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, own.shown);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_hash_table_remove(own.names, name);
    g_hash_table_unref(own.shown);
    return own.names;
}

/* A page is held against the values of all pages, which are no business of its own
 * additionalProperties. */
static const Value *among_others(Form *f, const Value *schema)
{
    const Value *additional = value_get(schema, "additionalProperties");

    if (value_count(f->pages) < 2 || !additional || value_bool(additional, true))
        return schema;
    Value *open = value_clone_shallow(f->arena, schema);

    value_set(f->arena, open, "additionalProperties", NULL);
    return open;
}

static const Value *shown_pages(Form *f)
{
    Value *shown = value_array_new(f->arena);

    for (guint i = 0; i < value_count(f->pages); i++) {
        const Value *page = among_others(f, value_item(f->pages, i));

        if (g_hash_table_contains(f->hidden, value_item(f->pages, i)))
            continue;
        if (g_hash_table_size(f->hidden) > 0) {
            g_autoptr(GHashTable) gone = gone_from(f, i);

            page = shown_schema(f, page, gone);
        }
        value_append(f->arena, shown, page);
    }
    return shown;
}

/* ---- the whole form ---- */

static void hide_property(Form *f, guint page, const char *name, const Value *property)
{
    f->found |= hide(f, property, f->values);
}

/* Hides what does not hold; false where that was nothing. */
static bool hide_more(Form *f)
{
    f->found = false;
    for (guint i = 0; i < value_count(f->pages); i++) {
        const Value *page = value_item(f->pages, i);

        f->found |= hide(f, page, f->values);
        if (!g_hash_table_contains(f->hidden, page))
            for_each_property(f, i, page, hide_property);
    }
    return f->found;
}

static const Value *fill(Form *f, const Value *pages, const Value *values)
{
    values = without_hidden_values(f, values);
    for (guint i = 0; i < value_count(pages); i++)
        values = jsonschema_with_defaults(f->arena, value_item(pages, i), values);
    return values;
}

static void list_property(Form *f, guint page, const char *name, const Value *property)
{
    if (!g_hash_table_contains(f->hidden, property))
        return;
    Value *item = value_object_new(f->arena);

    value_set_int(f->arena, item, "page", page);
    value_set_string(f->arena, item, "name", name);
    value_append(f->arena, f->properties, item);
}

static const Value *list_hidden(Form *f)
{
    Value *hidden = value_object_new(f->arena), *pages = value_array_new(f->arena);

    f->properties = value_array_new(f->arena);
    for (guint i = 0; i < value_count(f->pages); i++) {
        if (g_hash_table_contains(f->hidden, value_item(f->pages, i)))
            value_append(f->arena, pages, value_int_new(f->arena, i));
        for_each_property(f, i, value_item(f->pages, i), list_property);
    }
    value_set(f->arena, hidden, "pages", pages);
    value_set(f->arena, hidden, "properties", f->properties);
    return hidden;
}

TemplateForm template_form(Arena *arena, const Value *pages, const Value *values)
{
    g_autoptr(GHashTable) hidden = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    Form f = {.arena = arena, .pages = pages, .hidden = hidden, .names = names, .shown = shown};
    TemplateForm form = {.pages = shown_pages(&f)};
    guint rounds = 0;

    f.values = fill(&f, form.pages, values);
    while (rounds++ < ROUNDS_MAX && hide_more(&f)) {
        note_names(&f);
        form.pages = shown_pages(&f);
        f.values = fill(&f, form.pages, values);
    }
    form.values = f.values;
    form.hidden = list_hidden(&f);
    return form;
}
