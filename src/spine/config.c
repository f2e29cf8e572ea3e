#include "spine/config.h"
#include "formats/yaml.h"
#include "spine/config_internal.h"
#include <string.h>

#define FILE_BYTES_MAX ((gsize)4 << 20)

struct Config {
    Arena *arena;
    const Value *root;
    char *folder; /* of the first file */
};

/* b over a: objects member by member, everything else as a whole; null takes a key away. */
static const Value *merge(Arena *arena, const Value *a, const Value *b)
{
    Value *merged;

    if (!value_is(a, VALUE_OBJECT) || !value_is(b, VALUE_OBJECT))
        return value_is(b, VALUE_NULL) ? NULL : b;
    merged = value_clone_shallow(arena, a);
    for (guint i = 0; i < value_count(b); i++) {
        const char *key = value_key_at(b, i);

        value_set(arena, merged, key, merge(arena, value_get(a, key), value_value_at(b, i)));
    }
    return merged;
}

static Config *config_new(const char *folder)
{
    Config *config = g_new0(Config, 1);

    config->arena = arena_new(ARENA_REQUEST_BYTES);
    config->root = value_object_new(config->arena);
    config->folder = g_canonicalize_filename(folder, NULL);
    return config;
}

static void add_text(Config *config, const char *text, gsize length, const char *file,
                     const char *folder, Diagnostics *diagnostics)
{
    g_autofree char *absolute = g_canonicalize_filename(folder, NULL);
    const Value *root =
        yaml_parse(config->arena, text, (gssize)length, file, YAML_PLAIN, diagnostics);

    if (!root)
        return;
    root = config_substitute(config->arena, root, file, absolute, diagnostics);
    root = config_schema_apply(config->arena, root, file, absolute, diagnostics);
    if (value_is(root, VALUE_OBJECT))
        config->root = merge(config->arena, config->root, root);
}

static void add_file(Config *config, const char *path, Diagnostics *diagnostics)
{
    g_autofree char *text = NULL, *folder = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, &error))
        diagnostics_error(diagnostics, "config-file", path, 0, 0, "%s", error->message);
    else if (length > FILE_BYTES_MAX)
        diagnostics_error(diagnostics, "config-file", path, 0, 0, "the file is larger than 4 MiB");
    else
        add_text(config, text, length, path, folder, diagnostics);
}

static Config *finish(Config *config, const Diagnostics *diagnostics)
{
    if (!diagnostics_have_errors(diagnostics))
        return config;
    config_free(config);
    return NULL;
}

Config *config_load(const char *const *paths, Diagnostics *diagnostics)
{
    g_autofree char *folder = paths[0] ? g_path_get_dirname(paths[0]) : g_strdup(".");
    Config *config = config_new(folder);

    for (; *paths; paths++)
        add_file(config, *paths, diagnostics);
    return finish(config, diagnostics);
}

Config *config_parse(const char *yaml, const char *folder, Diagnostics *diagnostics)
{
    Config *config = config_new(folder);

    add_text(config, yaml, strlen(yaml), "app-config.yaml", folder, diagnostics);
    return finish(config, diagnostics);
}

void config_free(Config *config)
{
    if (!config)
        return;
    arena_free(config->arena);
    g_free(config->folder);
    g_free(config);
}

const Value *config_get(const Config *config, const char *path)
{
    return value_path(config->root, path);
}

const char *config_string(const Config *config, const char *path, const char *fallback)
{
    return value_string(config_get(config, path), fallback);
}

/* What came from the environment is text, whatever it says. */
int64_t config_int(const Config *config, const char *path, int64_t fallback)
{
    const Value *value = config_get(config, path);
    gint64 number;

    if (value_is(value, VALUE_STRING) &&
        g_ascii_string_to_signed(value_string(value, ""), 10, G_MININT64, G_MAXINT64, &number,
                                 NULL))
        return number;
    return value_int(value, fallback);
}

gboolean config_value_bool(const Value *value, gboolean fallback)
{
    if (value_is(value, VALUE_STRING))
        return g_str_equal(value_string(value, ""), "true");
    return value_bool(value, fallback);
}

gboolean config_bool(const Config *config, const char *path, gboolean fallback)
{
    return config_value_bool(config_get(config, path), fallback);
}

int64_t config_duration_ms(const Config *config, const char *path, int64_t fallback_ms)
{
    int64_t duration_ms;

    return config_parse_duration(config_get(config, path), &duration_ms) ? duration_ms
                                                                         : fallback_ms;
}

char *config_resolve_path(const Config *config, const char *path_in_file)
{
    return g_canonicalize_filename(path_in_file, config->folder);
}
