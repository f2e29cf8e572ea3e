#include "scaffolder/template/files.h"

#include "formats/yaml.h"
#include "scaffolder/template/lint.h"

#include <string.h>

enum { DEPTH_MAX = 16, FILE_BYTES_MAX = 4 * 1024 * 1024 };

typedef struct {
    Arena *arena;
    TemplateVisit visit;
    void *data;
    Diagnostics *findings;
    GHashTable *seen;
} Walk;

static gboolean visit_file(Walk *walk, const char *path, GError **error)
{
    g_autofree char *text = NULL, *folder = g_path_get_dirname(path);
    g_autofree char *real = g_canonicalize_filename(path, NULL);
    g_autoptr(Diagnostics) ignored = diagnostics_new();
    const char *shown = g_str_has_prefix(path, "./") ? path + 2 : path;
    gsize length;

    if (!g_hash_table_add(walk->seen, g_steal_pointer(&real)))
        return TRUE;
    if (!g_file_get_contents(path, &text, &length, error))
        return FALSE;
    if (length > FILE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is too large", path);
        return FALSE;
    }
    const Value *documents =
        yaml_parse_stream(walk->arena, text, (gssize)length, arena_strdup(walk->arena, shown),
                          YAML_PLAIN, walk->findings ? walk->findings : ignored);

    for (guint i = 0; i < value_count(documents); i++) {
        const Value *document = value_item(documents, i);

        if (g_str_equal(value_path_string(document, "kind", ""), "Template") &&
            !walk->visit(document, shown, folder, walk->data, error))
            return FALSE;
    }
    return TRUE;
}

static bool holds_templates(const char *name)
{
    return g_str_equal(name, "template.yaml") || g_str_equal(name, "template.yml") ||
           g_str_has_suffix(name, ".template.yaml");
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean visit_folder(Walk *walk, const char *path, guint depth, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        name = g_ptr_array_index(names, i);
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
            continue;
        if (g_file_test(inner, G_FILE_TEST_IS_DIR)) {
            if (*name != '.' && !g_str_equal(name, "node_modules") && depth < DEPTH_MAX &&
                !visit_folder(walk, inner, depth + 1, error))
                return FALSE;
        } else if (holds_templates(name) && !visit_file(walk, inner, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean template_files_visit(Arena *arena, const char *path, TemplateVisit visit, void *data,
                              Diagnostics *findings, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = {arena, visit, data, findings, seen};

    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return visit_folder(&walk, path, 0, error);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return visit_file(&walk, path, error);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no %s", path);
    return FALSE;
}

/* ---- lint ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    guint *count;
    Diagnostics *findings;
} Linting;

static gboolean lint_one(const Value *template, const char *file, const char *folder, void *data,
                         GError **error)
{
    Linting *linting = data;
    const char *slash = strrchr(file, '/');
    const char *shown = slash ? arena_strndup(linting->arena, file, (gsize)(slash - file) + 1) : "";

    (*linting->count)++;
    template_lint(linting->scaffolder, linting->arena, template, arena_strdup(linting->arena, file),
                  folder, shown, linting->findings);
    return TRUE;
}

gboolean scaffolder_lint(Scaffolder *scaffolder, const char *path, guint *count,
                         Diagnostics *findings, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    Linting linting = {scaffolder, arena, count, findings};

    return template_files_visit(arena, path, lint_one, &linting, findings, error);
}
