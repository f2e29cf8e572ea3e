/* fs:readdir, fs:read, fs:write and fs:append: single files and folders of the workspace. */
#include "scaffolder/scaffolder_internal.h"

#include <sys/stat.h>

enum { READ_BYTES_MAX = 1024 * 1024, WRITTEN_BYTES_MAX = 16 * 1024 * 1024 };

/* ---- listing ---- */

static void add_entry(ActionRun *run, const char *folder, const WorkdirEntry *entry, Value *files,
                      Value *folders)
{
    Arena *arena = run->arena;
    Value *item = value_object_new(arena);
    const char *path =
        *folder ? arena_printf(arena, "%s/%s", folder, entry->path) : arena_strdup(arena, entry->path);
    const char *slash = strrchr(path, '/');

    value_set_string(arena, item, "name", slash ? slash + 1 : path);
    value_set_string(arena, item, "path", path);
    value_set_string(arena, item, "fullPath", arena_printf(arena, "%s/%s", run->workspace, path));
    value_append(arena, S_ISDIR(entry->mode) ? folders : files, item);
}

/* path without "./", doubled and last slashes. */
static const char *plain_path(Arena *arena, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    g_autoptr(GString) plain = g_string_new(NULL);

    for (char **name = names; *name; name++)
        if (**name && !g_str_equal(*name, "."))
            g_string_append_printf(plain, "%s%s", plain->len ? "/" : "", *name);
    return arena_strdup(arena, plain->str);
}

static gboolean list_one(ActionRun *run, const char *path, bool recursive, Value *files,
                         Value *folders, GError **error)
{
    g_autofree char *folder = workdir_path(run->workspace, path, error);

    if (!folder)
        return FALSE;
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                    "cannot list %s: there is no such folder in the workspace", path);
        return FALSE;
    }
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (recursive || !strchr(entry->path, '/'))
            add_entry(run, plain_path(run->arena, path), entry, files, folders);
    }
    return entries != NULL;
}

static gboolean run_readdir(ActionRun *run, const Value *input, const Value **output,
                            GError **error)
{
    const Value *paths = value_get(input, "paths");
    bool recursive = value_bool(value_get(input, "recursive"), false);
    Value *result = value_object_new(run->arena);
    Value *files = value_array_new(run->arena), *folders = value_array_new(run->arena);

    for (guint i = 0; i < value_count(paths); i++)
        if (!list_one(run, value_string(value_item(paths, i), ""), recursive, files, folders,
                      error))
            return FALSE;
    value_set(run->arena, result, "files", files);
    value_set(run->arena, result, "folders", folders);
    *output = result;
    return TRUE;
}

/* ---- one file ---- */

/* Its bytes; "" where there is none and missing_is_empty. Free with g_free(). */
static char *read_file(ActionRun *run, const char *path, bool missing_is_empty, gsize max,
                       gsize *length, mode_t *mode, GError **error)
{
    g_autofree char *full = workdir_path(run->workspace, path, error);
    g_autofree char *bytes = NULL;
    struct stat status;

    if (!full)
        return NULL;
    *length = 0;
    *mode = 0644;
    if (lstat(full, &status) != 0 && missing_is_empty)
        return g_strdup("");
    if (lstat(full, &status) != 0 || !S_ISREG(status.st_mode)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no file %s in the workspace",
                    path);
        return NULL;
    }
    if ((gsize)status.st_size > max) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s is larger than %zu bytes", path, max);
        return NULL;
    }
    *mode = status.st_mode;
    return g_file_get_contents(full, &bytes, length, error) ? g_steal_pointer(&bytes) : NULL;
}

static gboolean run_read(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *path = value_path_string(input, "path", "");
    gsize length;
    mode_t mode;
    g_autofree char *bytes = read_file(run, path, false, READ_BYTES_MAX, &length, &mode, error);
    Value *result = value_object_new(run->arena);

    if (!bytes)
        return FALSE;
    if (memchr(bytes, 0, length) || !g_utf8_validate(bytes, (gssize)length, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no text", path);
        return FALSE;
    }
    value_set_string(run->arena, result, "path", path);
    value_set_string(run->arena, result, "content", bytes);
    *output = result;
    return TRUE;
}

static gboolean write_text(ActionRun *run, const char *path, const char *text, mode_t mode,
                           const Value **output, GError **error)
{
    Value *result = value_object_new(run->arena);

    if (strlen(text) > WRITTEN_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s would be larger than %d bytes", path,
                    WRITTEN_BYTES_MAX);
        return FALSE;
    }
    value_set_string(run->arena, result, "path", path);
    *output = result;
    return workdir_write(run->workspace, path, text, strlen(text), mode, error);
}

static gboolean run_write(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *path = value_path_string(input, "path", "");

    action_log(run, "info", "Writing %s", path);
    return write_text(run, path, value_path_string(input, "content", ""), 0644, output, error);
}

static gboolean run_append(ActionRun *run, const Value *input, const Value **output,
                           GError **error)
{
    const char *path = value_path_string(input, "path", "");
    gsize length;
    mode_t mode;
    g_autofree char *before =
        read_file(run, path, true, WRITTEN_BYTES_MAX, &length, &mode, error);

    if (!before)
        return FALSE;
    if (memchr(before, 0, length)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no text", path);
        return FALSE;
    }
    g_autofree char *text = g_strconcat(before, value_path_string(input, "content", ""), NULL);

    action_log(run, "info", "Appending to %s", path);
    return write_text(run, path, text, mode, output, error);
}

const Action action_fs_readdir = {
    .id = "fs:readdir",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_readdir,
};

const Action action_fs_read = {
    .id = "fs:read",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_read,
};

const Action action_fs_write = {
    .id = "fs:write",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_write,
};

const Action action_fs_append = {
    .id = "fs:append",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_append,
};
