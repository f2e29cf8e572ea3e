/* What is wrong with values, in the shape and the words of Backstage's API, with a form's field and
 * a sentence for people beside them. */
#include "scaffolder/template/template.h"

#include "formats/json.h"
#include "formats/jsonschema.h"

#include <string.h>

/* ---- where ---- */

static bool is_position(const char *name)
{
    return *name && strspn(name, "0123456789") == strlen(name);
}

/* The pointer as a list of names and positions; property gets ".name" and "[0]". */
static Value *error_path(Arena *arena, const char *pointer, GString *property)
{
    g_auto(GStrv) names = g_strsplit(*pointer ? pointer + 1 : "", "/", -1);
    Value *path = value_array_new(arena);

    for (char **name = names; *name; name++) {
        g_autoptr(GString) plain = g_string_new(*name);

        g_string_replace(plain, "~1", "/", 0);
        g_string_replace(plain, "~0", "~", 0);
        if (is_position(plain->str)) {
            value_append(arena, path, value_int_new(arena, g_ascii_strtoll(plain->str, NULL, 10)));
            g_string_append_printf(property, "[%s]", plain->str);
        } else {
            value_append(arena, path, value_string_new(arena, plain->str));
            g_string_append_printf(property, ".%s", plain->str);
        }
    }
    return path;
}

/* ---- Backstage's words ---- */

/* {keyword, words}: %s is the keyword's argument. */
static const char *const WORDS[][2] = {
    {"minimum", "must be greater than or equal to %s"},
    {"maximum", "must be less than or equal to %s"},
    {"exclusiveMinimum", "must be strictly greater than %s"},
    {"exclusiveMaximum", "must be strictly less than %s"},
    {"multipleOf", "is not a multiple of (divisible by) %s"},
    {"minLength", "does not meet minimum length of %s"},
    {"maxLength", "does not meet maximum length of %s"},
    {"minItems", "does not meet minimum length of %s"},
    {"maxItems", "does not meet maximum length of %s"},
    {"minProperties", "does not meet minimum property length of %s"},
    {"maxProperties", "does not meet maximum property length of %s"},
    {"uniqueItems", "contains duplicate item"},
    {"pattern", "does not match pattern %s"},
    {"format", "does not conform to the %s format"},
    {"const", "does not exactly match expected constant: %s"},
    {"contains", "must contain an item matching given schema"},
};

static const char *joined(Arena *arena, const Value *list)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = value_item(list, i);

        g_string_append(text, i ? "," : "");
        if (value_is(item, VALUE_STRING))
            g_string_append(text, value_string(item, ""));
        else
            json_write(text, item, JSON_COMPACT);
    }
    return arena_strdup(arena, text->str);
}

/* A list of types, also where it is one. */
static const Value *types_of(Arena *arena, const Value *argument)
{
    Value *types = value_array_new(arena);

    if (value_is(argument, VALUE_ARRAY))
        return argument;
    value_append(arena, types, argument);
    return types;
}

static const char *words_of(Arena *arena, const JsonschemaViolation *v)
{
    if (g_str_equal(v->keyword, "type"))
        return arena_printf(arena, "is not of a type(s) %s",
                            joined(arena, types_of(arena, v->argument)));
    if (g_str_equal(v->keyword, "enum"))
        return arena_printf(arena, "is not one of enum values: %s", joined(arena, v->argument));
    for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++)
        if (g_str_equal(WORDS[i][0], v->keyword) && g_str_has_prefix(v->message, "must")) {
            g_autofree char *argument = json_to_string(v->argument, JSON_COMPACT);
            g_auto(GStrv) parts = g_strsplit(WORDS[i][1], "%s", 2);

            return arena_printf(arena, "%s%s%s", parts[0], parts[1] ? argument : "",
                                parts[1] ? parts[1] : "");
        }
    return v->message;
}

/* ---- the list ---- */

typedef struct {
    Arena *arena;
    const char *root;
    const Value *sent; /* what the whole is shown as */
    Value *errors;
} ErrorList;

static void add_error(const ErrorList *list, const JsonschemaViolation *v)
{
    Arena *arena = list->arena;
    g_autoptr(GString) property = g_string_new(list->root);
    Value *item = value_object_new(arena);
    Value *path = error_path(arena, v->pointer, property);
    bool names_member =
        g_str_equal(v->keyword, "required") || g_str_equal(v->keyword, "additionalProperties");
    const Value *last = value_item(path, value_count(path) - 1);
    const char *message = words_of(arena, v);

    value_set(arena, item, "path", path);
    value_set_string(arena, item, "property", property->str);
    value_set_string(arena, item, "message", message);
    value_set(arena, item, "schema", v->schema);
    value_set(arena, item, "instance", *v->pointer ? v->instance : list->sent);
    value_set_string(arena, item, "name", v->keyword);
    value_set(arena, item, "argument",
              g_str_equal(v->keyword, "type") ? types_of(arena, v->argument) : v->argument);
    value_set_string(arena, item, "stack", arena_printf(arena, "%s %s", property->str, message));
    value_set(arena, item, "field", names_member ? v->argument : last);
    value_set_string(arena, item, "title", jsonschema_sentence(arena, v));
    value_append(arena, list->errors, item);
}

static void check_schema(const ErrorList *list, const Value *schema, const Value *instance)
{
    g_autoptr(GPtrArray) found = jsonschema_violations(list->arena, schema, instance);

    for (guint i = 0; i < found->len; i++)
        add_error(list, g_ptr_array_index(found, i));
}

const Value *template_check(Arena *arena, const Value *entity, const Value *values,
                            const Value *secrets)
{
    TemplateForm form = template_form_of(arena, entity, values);
    const Value *secrets_schema = value_path(entity, "spec.secrets.schema");
    Value *errors = value_array_new(arena);
    ErrorList of_values = {.arena = arena, .root = "instance", .sent = values, .errors = errors};
    ErrorList of_secrets = {.arena = arena, .root = "secrets", .sent = secrets, .errors = errors};

    for (guint i = 0; i < value_count(form.pages); i++)
        check_schema(&of_values, value_item(form.pages, i), form.values);
    if (secrets_schema)
        check_schema(&of_secrets, secrets_schema, secrets);
    return errors;
}
