/* fetch:template copies a skeleton into the workspace, names and contents rendered with `values`.
 */
#include "formats/json.h"
#include "scaffolder/actions/core/fetch.h"

#include <sys/stat.h>

typedef struct {
    ActionRun *run;
    const char *source;     /* folder the skeleton is in */
    const char *target;     /* relative to the workspace, "" or "dir" */
    const Value *untouched; /* globs of files whose content stays */
    const char *extension;  /* only files with it are rendered, and lose it; NULL: all */
    bool replace;
    FetchRendering rendering;
} Fetch;

static gboolean prepare(Fetch *fetch, const Value *input, GError **error)
{
    Arena *arena = fetch->run->arena;
    bool cookiecutter = value_bool(value_get(input, "cookiecutterCompat"), false);
    const Value *extension = value_get(input, "templateFileExtension");

    fetch->untouched = value_get(input, "copyWithoutTemplating");
    fetch->replace = value_bool(value_get(input, "replace"), false);
    fetch->target = value_path_string(input, "targetPath", "");
    if (value_bool(extension, false))
        fetch->extension = ".njk";
    else if (value_is(extension, VALUE_STRING) && value_string_length(extension) > 0)
        fetch->extension = *value_string(extension, "") == '.'
                               ? value_string(extension, "")
                               : arena_printf(arena, ".%s", value_string(extension, ""));
    if (fetch->extension && (fetch->untouched || cookiecutter)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Fetch action input extension incompatible with %s",
                    cookiecutter ? "cookiecutterCompat" : "copyWithoutTemplating");
        return FALSE;
    }
    fetch_rendering(fetch->run, input, &fetch->rendering);
    return TRUE;
}

static bool is_untouched(const Fetch *fetch, const char *path)
{
    bool untouched = false;

    for (guint i = 0; i < value_count(fetch->untouched); i++) {
        const char *pattern = value_string(value_item(fetch->untouched, i), "");

        if (*pattern == '!')
            untouched = untouched && !path_glob_matches(pattern + 1, path);
        else
            untouched = untouched || path_glob_matches(pattern, path);
    }
    return untouched;
}

/* A name that renders to nothing says that the file is not wanted. */
static bool is_wanted(const char *path)
{
    return *path && *path != '/' && !strstr(path, "//") && !g_str_has_suffix(path, "/");
}

/* The rendered path, relative to the workspace; "" where the entry is to be left out. */
static const char *render_path(Fetch *fetch, const WorkdirEntry *entry, GError **error)
{
    NunjucksOptions options = fetch->rendering.options;

    options.file = entry->path;
    options.load = NULL;
    const char *path =
        nunjucks_render(fetch->run->arena, entry->path, fetch->rendering.context, &options, error);

    if (!path || !is_wanted(path))
        return path ? "" : NULL;
    if (!*fetch->target)
        return path;
    return arena_printf(fetch->run->arena, "%s/%s", fetch->target, path);
}

static gboolean write_file(Fetch *fetch, const WorkdirEntry *entry, const char *path,
                           GError **error)
{
    g_autofree char *from = g_build_filename(fetch->source, entry->path, NULL);
    g_autofree char *bytes = NULL;
    bool marked = fetch->extension && g_str_has_suffix(path, fetch->extension);
    bool render = fetch->extension ? marked : !is_untouched(fetch, entry->path);
    gsize length;

    if (marked)
        path = arena_strndup(fetch->run->arena, path, strlen(path) - strlen(fetch->extension));
    if (fetch_keeps(fetch->run, path, fetch->replace))
        return TRUE;
    if (!render || S_ISLNK(entry->mode))
        return workdir_copy(from, fetch->run->workspace, path, true, error);
    return g_file_get_contents(from, &bytes, &length, error) &&
           fetch_write_rendered(fetch->run, &fetch->rendering, entry->path, path, bytes, length,
                                entry->mode, error);
}

static gboolean write_entry(Fetch *fetch, const WorkdirEntry *entry, GError **error)
{
    const char *path = render_path(fetch, entry, error);

    if (!path || !*path)
        return path != NULL;
    return S_ISDIR(entry->mode) ? workdir_make_folder(fetch->run->workspace, path, error)
                                : write_file(fetch, entry, path, error);
}

static gboolean fetch_all(Fetch *fetch, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(fetch->source, error);
    ActionRun *run = fetch->run;

    if (!entries)
        return FALSE;
    g_autofree char *values =
        json_to_string(value_value_at(fetch->rendering.context, 0), JSON_COMPACT);

    action_log(run, "info", "Processing %u template files/directories with input values %s",
               entries->len, values);
    for (guint i = 0; i < entries->len; i++) {
        if (action_cancelled(run)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the task was cancelled");
            return FALSE;
        }
        if (!write_entry(fetch, g_ptr_array_index(entries, i), error))
            return FALSE;
    }
    action_log(run, "info", "Template result written to the workspace");
    return TRUE;
}

static gboolean run_fetch(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    Fetch fetch = {.run = run};
    g_autoptr(Skeleton) source = NULL;

    if (!prepare(&fetch, input, error))
        return FALSE;
    g_autofree char *target = workdir_path(run->workspace, fetch.target, error);

    if (!target || !(source = skeleton_fetch(run, input, error)))
        return FALSE;
    fetch.source = source->folder;
    fetch_load_from(run, source->folder, &fetch.rendering);
    return fetch_all(&fetch, error);
}

const Action action_fetch_template = {
    .id = "fetch:template",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_fetch,
};
