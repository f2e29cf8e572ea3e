/* What stands in other files: $text, $json, $yaml, $openapi and $asyncapi beside a descriptor. */
#include "catalog/descriptors/descriptors.h"
#include "formats/yaml.h"
#include <string.h>

#define DEPTH_MAX 64

typedef struct {
    CatalogFiles *files;
    const char *file;
} Resolver;

static const Value *resolve(Resolver *resolver, const Value *value, int depth);

char *descriptor_path(const char *file, const char *target)
{
    g_autofree char *folder = g_path_get_dirname(file);
    g_autofree char *absolute = g_canonicalize_filename(folder, NULL);

    return g_canonicalize_filename(target, absolute);
}

static gboolean is_url(const char *target)
{
    return strstr(target, "://") != NULL;
}

static void missing_file(Resolver *resolver, const Value *at, const char *target)
{
    g_autofree char *message =
        g_strdup_printf("the file %s, which this stands for, cannot be read", target);

    diagnostics_add(resolver->files->findings,
                    &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                                  .code = "catalog-placeholder",
                                  .message = message,
                                  .file = resolver->file,
                                  .line = value_line(at),
                                  .column = value_column(at),
                                  .hint = "paths begin at the folder of the descriptor"});
}

/* The content, as text or as what it holds. What is wrong in it is told of that file. */
static const Value *read_target(Resolver *resolver, const char *key, const Value *at)
{
    Arena *arena = resolver->files->arena;
    const char *target = value_string(at, "");
    gboolean structured = g_str_equal(key, "$json") || g_str_equal(key, "$yaml");
    g_autofree char *path = NULL, *text = NULL;
    const Value *content = NULL;
    gsize length;

    if (is_url(target))
        return value_string_new(arena, target);
    path = descriptor_path(resolver->file, target);
    if (!g_file_get_contents(path, &text, &length, NULL))
        missing_file(resolver, at, target);
    else if (structured)
        content = yaml_parse(arena, text, (gssize)length, arena_strdup(arena, path), YAML_PLAIN,
                             resolver->files->findings);
    else if (length > 0)
        content = value_string_new_length(arena, text, length);
    return content ? content : value_string_new(arena, target);
}

static gboolean is_placeholder(const Value *value)
{
    static const char *const keys[] = {"$text", "$json", "$yaml", "$openapi", "$asyncapi", NULL};

    return value_is(value, VALUE_OBJECT) && value_count(value) == 1 &&
           g_strv_contains(keys, value_key_at(value, 0)) &&
           value_is(value_value_at(value, 0), VALUE_STRING);
}

static const Value *resolve_members(Resolver *resolver, const Value *value, int depth)
{
    Value *copy = NULL;

    for (guint i = 0; i < value_count(value); i++) {
        const Value *old = value_value_at(value, i), *new = resolve(resolver, old, depth + 1);

        if (new == old)
            continue;
        if (!copy)
            copy = value_clone_shallow(resolver->files->arena, value);
        value_set(resolver->files->arena, copy, value_key_at(value, i), new);
    }
    return copy ? copy : value;
}

static const Value *resolve_items(Resolver *resolver, const Value *value, int depth)
{
    Value *copy = value_array_new(resolver->files->arena);
    gboolean changed = FALSE;

    for (guint i = 0; i < value_count(value); i++) {
        const Value *new = resolve(resolver, value_item(value, i), depth + 1);

        changed = changed || new != value_item(value, i);
        value_append(resolver->files->arena, copy, new);
    }
    value_set_position(copy, value_line(value), value_column(value));
    return changed ? copy : value;
}

static const Value *resolve(Resolver *resolver, const Value *value, int depth)
{
    if (depth > DEPTH_MAX)
        return value;
    if (is_placeholder(value))
        return read_target(resolver, value_key_at(value, 0), value_value_at(value, 0));
    if (value_is(value, VALUE_OBJECT))
        return resolve_members(resolver, value, depth);
    return value_is(value, VALUE_ARRAY) ? resolve_items(resolver, value, depth) : value;
}

const Value *descriptor_resolve(CatalogFiles *files, const char *file, const Value *document)
{
    return resolve(&(Resolver){files, file}, document, 0);
}
