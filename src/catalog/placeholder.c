/* `$text`, `$json` and `$yaml`: values that stand in files of their own. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include "formats/yaml.h"

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const Source *base;
    GError **error;
} Run;

static const Value *resolve(Run *run, const Value *value);

static const Value *as_text(Run *run, GBytes *bytes, const char *file)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);

    if (g_utf8_validate(text, (gssize)length, NULL))
        return value_string_new_length(run->arena, text ? text : "", length);
    g_set_error(run->error, PAVE_ERROR, ERROR_INPUT, "%s is not UTF-8 text", file);
    return NULL;
}

static const Value *as_json(Run *run, GBytes *bytes, const char *file)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *value = json_parse(run->arena, text ? text : "", (gssize)length, run->error);

    if (!value)
        g_prefix_error(run->error, "%s:", file);
    return value;
}

static const Value *as_yaml(Run *run, GBytes *bytes, const char *file)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *value =
        yaml_parse(run->arena, text ? text : "", (gssize)length, file, YAML_PLAIN, diagnostics);

    if (!diagnostics_to_error(diagnostics, run->error))
        return NULL;
    return value ? value : value_null_new(run->arena);
}

static const struct {
    const char *key;
    const Value *(*decode)(Run *, GBytes *, const char *);
} placeholders[] = {{"$text", as_text}, {"$json", as_json}, {"$yaml", as_yaml}};

/* The value of a placeholder; *is_one tells whether object is one. */
static const Value *resolve_placeholder(Run *run, const Value *object, gboolean *is_one)
{
    const char *target = value_string(value_value_at(object, 0), NULL);
    g_auto(SourceReply) reply = {0};
    Source source;

    *is_one = FALSE;
    if (value_count(object) != 1 || !target)
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(placeholders); i++) {
        if (!g_str_equal(value_key_at(object, 0), placeholders[i].key))
            continue;
        *is_one = TRUE;
        if (!source_resolve(run->catalog, run->arena, run->base, NULL, target, &source, run->error))
            return NULL;
        if (!source_read(run->catalog, run->arena, &source, NULL, &reply, run->error)) {
            g_prefix_error(run->error, "Placeholder %s could not read location %s, ",
                           placeholders[i].key, target);
            return NULL;
        }
        return placeholders[i].decode(run, reply.bytes, source.target);
    }
    return NULL;
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
    gboolean is_one;
    const Value *resolved;

    if (value_is(value, VALUE_ARRAY))
        return resolve_items(run, value);
    if (!value_is(value, VALUE_OBJECT))
        return value;
    resolved = resolve_placeholder(run, value, &is_one);
    return is_one ? resolved : resolve_members(run, value);
}

const Value *placeholders_resolve(Catalog *catalog, Arena *arena, const Value *entity,
                                  const Source *base, GError **error)
{
    Run run = {catalog, arena, base, error};
    const Value *spec = value_get(entity, "spec");
    Value *resolved;

    /* A template's steps are full of objects with one key, and none of them is meant for us. */
    if (!spec || g_str_equal(value_path_string(entity, "kind", ""), "Template"))
        return entity;
    spec = resolve(&run, spec);
    if (!spec)
        return NULL;
    resolved = value_clone_shallow(arena, entity);
    value_set(arena, resolved, "spec", spec);
    return resolved;
}
