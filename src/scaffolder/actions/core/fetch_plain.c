/* fetch:plain copies a folder into the workspace as it is, over what is there. */
#include "scaffolder/scaffolder_internal.h"

#include <sys/stat.h>

static gboolean copy_all(ActionRun *run, const char *source, const char *target, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(source, error);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *from = g_build_filename(source, entry->path, NULL);
        g_autofree char *to =
            *target ? g_strconcat(target, "/", entry->path, NULL) : g_strdup(entry->path);

        if (S_ISDIR(entry->mode)) {
            if (!workdir_make_folder(run->workspace, to, error))
                return FALSE;
        } else if (!workdir_copy(from, run->workspace, to, true, error)) {
            return FALSE;
        }
    }
    return entries != NULL;
}

static gboolean run_fetch(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *target = value_path_string(input, "targetPath", "");
    g_autofree char *folder = workdir_path(run->workspace, target, error);
    g_autoptr(Skeleton) source = folder ? skeleton_fetch(run, input, error) : NULL;

    return source && copy_all(run, source->folder, target, error);
}

const Action action_fetch_plain = {
    .id = "fetch:plain",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_fetch,
};
