/* `$text`, `$json`, `$yaml`, `$openapi` and `$asyncapi`: values that stand in files of their own.
 */
#include "catalog/source/bundle.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include "formats/yaml.h"

#define PLACEHOLDERS_MAX 100

typedef struct {
    Inclusion inclusion;
    Arena *arena;
    const Source *base;
    guint count;
    const Value *at; /* the placeholder that failed */
    GError **error;
} Run;

static const Value *resolve(Run *run, const Value *value);

static const Value *as_text(Run *run, GBytes *bytes, const Source *source)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);

    if (!inclusion_give(&run->inclusion, source, length, run->error))
        return NULL;
    if (g_utf8_validate(text, (gssize)length, NULL))
        return value_string_new_length(run->arena, text ? text : "", length);
    g_set_error(run->error, PAVE_ERROR, ERROR_INPUT, "%s is not UTF-8 text", source->target);
    return NULL;
}

static const Value *as_json(Run *run, GBytes *bytes, const Source *source)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *value;

    if (!inclusion_give(&run->inclusion, source, length, run->error))
        return NULL;
    value = json_parse(run->arena, text ? text : "", (gssize)length, run->error);
    if (!value)
        g_prefix_error(run->error, "%s:", source->target);
    return value;
}

static const Value *as_yaml(Run *run, GBytes *bytes, const Source *source)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *value;

    if (!inclusion_give(&run->inclusion, source, length, run->error))
        return NULL;
    value = yaml_parse(run->arena, text ? text : "", (gssize)length, source->target, YAML_PLAIN,
                       diagnostics);
    if (!diagnostics_to_error(diagnostics, run->error))
        return NULL;
    return value ? value : value_null_new(run->arena);
}

static const Value *as_bundle(Run *run, GBytes *bytes, const Source *source)
{
    const char *text = bundle_text(&run->inclusion, source, bytes, run->error);

    return text ? value_string_new(run->arena, text) : NULL;
}

static const struct {
    const char *key;
    const Value *(*decode)(Run *, GBytes *, const Source *);
} placeholders[] = {{"$text", as_text},
                    {"$json", as_json},
                    {"$yaml", as_yaml},
                    {"$openapi", as_bundle},
                    {"$asyncapi", as_bundle}};

/* What the file that target names holds. */
static GBytes *read_target(Run *run, const char *target, Source *source)
{
    const char *type = strstr(target, "://") ? "url" : NULL;

    return source_resolve(run->inclusion.catalog, run->arena, run->base, type, target, source,
                          run->error)
               ? inclusion_read(&run->inclusion, run->base, source, run->error)
               : NULL;
}

static const Value *read_placeholder(Run *run, gsize index, const Value *written)
{
    const char *target = value_string(written, "");
    const Value *value = NULL;
    GBytes *bytes;
    Source source;

    run->at = written;
    if (++run->count > PLACEHOLDERS_MAX) {
        g_set_error(run->error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "An entity may have at most %d placeholders", PLACEHOLDERS_MAX);
        return NULL;
    }
    bytes = read_target(run, target, &source);
    if (bytes) {
        value = placeholders[index].decode(run, bytes, &source);
        if (!value)
            g_prefix_error(run->error, "Placeholder %s: ", placeholders[index].key);
        return value;
    }
    g_prefix_error(run->error, "Placeholder %s could not read location %s, ",
                   placeholders[index].key, target);
    return NULL;
}

static gboolean has_dollar_key(const Value *object)
{
    for (guint i = 0; i < value_count(object); i++)
        if (*value_key_at(object, i) == '$')
            return TRUE;
    return FALSE;
}

/* The value of an object with a "$" in front of a key: of a placeholder what it stands for, of
 * anything else itself, as it is. */
static const Value *resolve_placeholder(Run *run, const Value *object)
{
    const Value *target = value_value_at(object, 0);

    if (value_count(object) != 1 || !value_is(target, VALUE_STRING))
        return object;
    for (gsize i = 0; i < G_N_ELEMENTS(placeholders); i++)
        if (g_str_equal(value_key_at(object, 0), placeholders[i].key))
            return read_placeholder(run, i, target);
    return object;
}

static const Value *resolve_members(Run *run, const Value *object)
{
    Value *copy = value_clone_shallow(run->arena, object);

    for (guint i = 0; i < value_count(object); i++) {
        const Value *member = resolve(run, value_value_at(object, i));

        if (!member)
            return NULL;
        value_set(run->arena, copy, value_key_at(object, i), member);
    }
    return copy;
}

static const Value *resolve_items(Run *run, const Value *list)
{
    Value *copy = value_array_new(run->arena);

    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = resolve(run, value_item(list, i));

        if (!item)
            return NULL;
        value_append(run->arena, copy, item);
    }
    value_set_position(copy, value_line(list), value_column(list));
    return copy;
}

static const Value *resolve(Run *run, const Value *value)
{
    if (value_is(value, VALUE_ARRAY))
        return resolve_items(run, value);
    if (!value_is(value, VALUE_OBJECT))
        return value;
    return has_dollar_key(value) ? resolve_placeholder(run, value) : resolve_members(run, value);
}

gboolean placeholders_are_in(const Value *value)
{
    if (value_is(value, VALUE_OBJECT) && value_count(value) == 1 && *value_key_at(value, 0) == '$')
        return TRUE;
    for (guint i = 0; i < value_count(value); i++)
        if (placeholders_are_in(value_is(value, VALUE_ARRAY) ? value_item(value, i)
                                                             : value_value_at(value, i)))
            return TRUE;
    return FALSE;
}

const Value *placeholders_resolve(Catalog *catalog, Arena *arena, const Value *entity,
                                  const Source *base, const Value **at, GError **error)
{
    Run run = {.arena = arena, .base = base, .error = error};
    const Value *resolved = entity;

    if (placeholders_are_in(entity)) {
        inclusion_init(&run.inclusion, catalog, arena);
        resolved = resolve(&run, entity);
        inclusion_clear(&run.inclusion);
    }
    *at = run.at;
    return resolved;
}
