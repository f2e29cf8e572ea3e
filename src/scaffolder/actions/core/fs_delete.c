/* fs:delete removes files and folders, named or by glob, inside the workspace. */
#include "scaffolder/scaffolder_internal.h"
#include "spine/folder.h"

static gboolean delete_matching(ActionRun *run, const char *pattern, GError **error)
{
    g_autofree char *named = workdir_path(run->workspace, pattern, error);
    g_autoptr(GPtrArray) entries = named ? workdir_list(run->workspace, error) : NULL;

    if (!entries)
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (!path_glob_matches(pattern, entry->path))
            continue;
        g_autofree char *path = workdir_path(run->workspace, entry->path, error);

        if (!path)
            return FALSE;
        if (!folder_remove(path, error))
            return FALSE;
        action_log(run, "info", "File %s deleted successfully", entry->path);
    }
    return TRUE;
}

static gboolean run_delete(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *files = value_get(input, "files");

    for (guint i = 0; i < value_count(files); i++)
        if (!delete_matching(run, value_string(value_item(files, i), ""), error))
            return FALSE;
    return TRUE;
}

const Action action_fs_delete = {
    .id = "fs:delete",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_delete,
};
