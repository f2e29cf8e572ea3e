/* fetch:plain:file and fetch:template:file bring one file into the workspace. */
#include "scaffolder/actions/core/fetch.h"

#include <sys/stat.h>

/* ---- rendering, which fetch:template does as well ---- */

void fetch_rendering(ActionRun *run, const Value *input, FetchRendering *rendering)
{
    Arena *arena = run->arena;
    bool cookiecutter = value_bool(value_get(input, "cookiecutterCompat"), false);
    const Value *values = value_get(input, "values");
    Value *context = value_object_new(arena);

    value_set(arena, context, cookiecutter ? "cookiecutter" : "values",
              values ? values : value_object_new(arena));
    rendering->context = context;
    rendering->options = (NunjucksOptions){
        .variable_start = cookiecutter ? "{{" : "${{",
        .variable_end = "}}",
        .cookiecutter = cookiecutter,
        .trim_blocks = value_bool(value_get(input, "trimBlocks"), false),
        .lstrip_blocks = value_bool(value_get(input, "lstripBlocks"), false),
        .integrations = run->scaffolder->integrations,
    };
}

static bool is_text(const char *bytes, gsize length)
{
    return !memchr(bytes, 0, length) && g_utf8_validate(bytes, (gssize)length, NULL);
}

gboolean fetch_write_rendered(ActionRun *run, const FetchRendering *rendering, const char *file,
                              const char *path, const char *bytes, gsize length, mode_t mode,
                              GError **error)
{
    NunjucksOptions options = rendering->options;

    if (!is_text(bytes, length))
        return workdir_write(run->workspace, path, bytes, length, mode, error);
    /* The text of a file dies with the file, not with the step. */
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);

    options.file = file;
    const char *text = nunjucks_render(arena, bytes, rendering->context, &options, error);

    return text && workdir_write(run->workspace, path, text, strlen(text), mode, error);
}

bool fetch_keeps(ActionRun *run, const char *path, bool replace)
{
    g_autofree char *full = g_build_filename(run->workspace, path, NULL);
    struct stat status;

    if (replace || lstat(full, &status) != 0)
        return false;
    action_log(run, "info", "File already exists in workspace, not replacing %s", path);
    return true;
}

/* ---- the actions ---- */

static const char *target_of(ActionRun *run, const Value *input, GError **error)
{
    const char *target = value_path_string(input, "targetPath", "");
    g_autofree char *path = workdir_path(run->workspace, target, error);

    if (!path)
        return NULL;
    if (!g_str_equal(path, run->workspace) && !g_str_has_suffix(target, "/"))
        return target;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "targetPath \"%s\" names no file", target);
    return NULL;
}

static gboolean run_plain(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *target = target_of(run, input, error);
    g_autoptr(GBytes) bytes = target ? skeleton_fetch_file(run, input, error) : NULL;

    return bytes && workdir_write(run->workspace, target, g_bytes_get_data(bytes, NULL),
                                  g_bytes_get_size(bytes), 0644, error);
}

static gboolean run_template(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    const char *target = target_of(run, input, error);
    bool replace = value_bool(value_get(input, "replace"), false);
    FetchRendering rendering;

    if (!target || fetch_keeps(run, target, replace))
        return target != NULL;
    g_autoptr(GBytes) bytes = skeleton_fetch_file(run, input, error);

    if (!bytes)
        return FALSE;
    gsize length = g_bytes_get_size(bytes);
    /* NUL-terminated, which a text has to be; g_strndup() would end at a NUL of its own. */
    g_autofree char *text = g_malloc0(length + 1);

    if (length > 0)
        memcpy(text, g_bytes_get_data(bytes, NULL), length);
    const char *url = value_path_string(input, "url", ""), *slash = strrchr(url, '/');

    fetch_rendering(run, input, &rendering);
    fetch_load_beside(run, input, &rendering);
    return fetch_write_rendered(run, &rendering, slash ? slash + 1 : url, target, text, length,
                                0644, error);
}

const Action action_fetch_plain_file = {
    .id = "fetch:plain:file",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_plain,
};

const Action action_fetch_template_file = {
    .id = "fetch:template:file",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_template,
};
