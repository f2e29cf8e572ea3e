/* What a value of the configuration may take from elsewhere: the environment and other files. */
#include "formats/json.h"
#include "formats/yaml.h"
#include "spine/config_internal.h"
#include <string.h>

#define FILE_BYTES_MAX ((gsize)4 << 20)

typedef struct {
    Arena *arena;
    const char *file, *folder;
    Diagnostics *diagnostics;
    int includes; /* files that include each other end here */
} Substitution;

#define INCLUDES_MAX 8

static const Value *substitute(const Substitution *run, const Value *value);

static void report(const Substitution *run, DiagnosticSeverity severity, const char *code,
                   const Value *value, const char *message)
{
    diagnostics_add(run->diagnostics, &(Diagnostic){.severity = severity,
                                                    .code = code,
                                                    .message = message,
                                                    .file = run->file,
                                                    .line = value_line(value),
                                                    .column = value_column(value)});
}

static void warn_unset(const Substitution *run, const Value *value, const char *name)
{
    report(run, DIAGNOSTIC_WARNING, "config-unset", value,
           arena_printf(run->arena, "the environment has no %s, so this value is left out", name));
}

/* Appends what the expression "NAME" or "NAME:-default" stands for; FALSE where nothing does. */
static gboolean append_variable(const Substitution *run, const Value *value, GString *out,
                                const char *expression, gsize length)
{
    g_autofree char *name = g_strndup(expression, length);
    char *fallback = strstr(name, ":-");
    const char *found;

    if (fallback) {
        *fallback = '\0';
        fallback += 2;
    }
    found = g_getenv(name);
    if (fallback && (!found || !*found))
        found = fallback;
    if (!found)
        warn_unset(run, value, name);
    else
        g_string_append(out, found);
    return found != NULL;
}

/* `${{` is a template's own expression and stays; `$${` writes a plain `${`. */
static const Value *substitute_text(const Substitution *run, const Value *value)
{
    const char *text = value_string(value, "");
    g_autoptr(GString) out = NULL;
    Value *result;

    if (!strstr(text, "${"))
        return value;
    out = g_string_new(NULL);
    while (*text) {
        const char *close =
            g_str_has_prefix(text, "${") && text[2] != '{' ? strchr(text, '}') : NULL;

        if (g_str_has_prefix(text, "$${")) {
            g_string_append(out, "${");
            text += 3;
        } else if (close) {
            if (!append_variable(run, value, out, text + 2, (gsize)(close - text - 2)))
                return NULL;
            text = close + 1;
        } else {
            g_string_append_c(out, *text++);
        }
    }
    result = value_string_new(run->arena, out->str);
    value_set_position(result, value_line(value), value_column(value));
    return result;
}

static char *read_file(const Substitution *run, const Value *name, gsize *length, char **path)
{
    g_autoptr(GError) error = NULL;
    char *bytes = NULL;

    *path = g_canonicalize_filename(value_string(name, ""), run->folder);
    if (!g_file_get_contents(*path, &bytes, length, &error)) {
        report(run, DIAGNOSTIC_ERROR, "config-file", name, error->message);
        return NULL;
    }
    if (*length <= FILE_BYTES_MAX)
        return bytes;
    report(run, DIAGNOSTIC_ERROR, "config-file", name, "the file is larger than 4 MiB");
    g_free(bytes);
    return NULL;
}

static const Value *file_text(const Substitution *run, const Value *name)
{
    g_autofree char *path = NULL;
    gsize length;
    g_autofree char *text = read_file(run, name, &length, &path);

    return text ? value_string_new(run->arena, g_strstrip(text)) : NULL;
}

/* "file.yaml#path.in.it": YAML reads JSON too. */
static const Value *file_value(const Substitution *run, const Value *name)
{
    g_auto(GStrv) parts = g_strsplit(value_string(name, ""), "#", 2);
    const Value *file_name = value_string_new(run->arena, parts[0] ? parts[0] : "");
    g_autofree char *path = NULL, *folder = NULL;
    gsize length;
    g_autofree char *text = read_file(run, file_name, &length, &path);
    Substitution inner = *run;
    const Value *root;

    if (!text)
        return NULL;
    if (++inner.includes > INCLUDES_MAX) {
        report(run, DIAGNOSTIC_ERROR, "config-include", name, "files include each other");
        return NULL;
    }
    folder = g_path_get_dirname(path);
    inner.file = path;
    inner.folder = folder;
    root = yaml_parse(run->arena, text, (gssize)length, path, YAML_PLAIN, run->diagnostics);
    return substitute(&inner, parts[0] && parts[1] ? value_path(root, parts[1]) : root);
}

static const Value *variable(const Substitution *run, const Value *name)
{
    const char *found = g_getenv(value_string(name, ""));

    if (!found)
        warn_unset(run, name, value_string(name, ""));
    return found ? value_string_new(run->arena, found) : NULL;
}

static const Value *substitute_object(const Substitution *run, const Value *object)
{
    static const struct {
        const char *key;
        const Value *(*read)(const Substitution *, const Value *);
    } sources[] = {{"$env", variable}, {"$file", file_text}, {"$include", file_value}};
    Value *copy;

    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        if (value_count(object) == 1 && g_str_equal(value_key_at(object, 0), sources[i].key))
            return sources[i].read(run, value_value_at(object, 0));
    copy = value_clone_shallow(run->arena, object);
    for (guint i = 0; i < value_count(object); i++)
        value_set(run->arena, copy, value_key_at(object, i),
                  substitute(run, value_value_at(object, i)));
    return copy;
}

static const Value *substitute(const Substitution *run, const Value *value)
{
    Value *list;

    switch (value_kind(value)) {
    case VALUE_STRING:
        return substitute_text(run, value);
    case VALUE_OBJECT:
        return substitute_object(run, value);
    case VALUE_ARRAY:
        list = value_array_new(run->arena);
        for (guint i = 0; i < value_count(value); i++)
            value_append(run->arena, list, substitute(run, value_item(value, i)));
        value_set_position(list, value_line(value), value_column(value));
        return list;
    default:
        return value;
    }
}

const Value *config_substitute(Arena *arena, const Value *value, const char *file,
                               const char *folder, Diagnostics *diagnostics)
{
    Substitution run = {arena, file, folder, diagnostics, 0};

    return substitute(&run, value);
}
