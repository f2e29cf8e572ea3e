/* fs:rename moves files and folders inside the workspace. */
#include "scaffolder/scaffolder_internal.h"
#include "spine/folder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

static gboolean rename_one(ActionRun *run, const Value *item, GError **error)
{
    const char *from = value_path_string(item, "from", ""), *to = value_path_string(item, "to", "");
    g_autofree char *source = workdir_path(run->workspace, from, error);
    g_autofree char *target = source ? workdir_path(run->workspace, to, error) : NULL;
    struct stat status;

    if (!target)
        return FALSE;
    if (lstat(source, &status) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "cannot rename %s: there is no such file",
                    from);
        return FALSE;
    }
    if (lstat(target, &status) == 0) {
        if (!value_bool(value_get(item, "overwrite"), false)) {
            g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                        "cannot rename %s to %s: dest already exists, and overwrite is not set",
                        from, to);
            return FALSE;
        }
        if (!folder_remove(target, error))
            return FALSE;
    }
    g_autofree char *parent = g_path_get_dirname(target);

    g_mkdir_with_parents(parent, 0755);
    if (g_rename(source, target) != 0) {
        int code = errno;
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "cannot rename %s to %s: %s", from, to,
                    g_strerror(code));
        return FALSE;
    }
    action_log(run, "info", "File %s renamed to %s successfully", from, to);
    return TRUE;
}

static gboolean run_rename(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *files = value_get(input, "files");

    for (guint i = 0; i < value_count(files); i++)
        if (!rename_one(run, value_item(files, i), error))
            return FALSE;
    return TRUE;
}

const Action action_fs_rename = {
    .id = "fs:rename",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_rename,
};
