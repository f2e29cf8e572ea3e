/* debug:log prints a message, and what is in the workspace. */
#include "scaffolder/scaffolder_internal.h"

#include <sys/stat.h>

enum { SHOWN_BYTES_MAX = 64 * 1024 };

static void print_contents(ActionRun *run, const WorkdirEntry *entry)
{
    g_autofree char *path = g_build_filename(run->workspace, entry->path, NULL);
    g_autofree char *bytes = NULL;
    gsize length;

    if (S_ISREG(entry->mode) && g_file_get_contents(path, &bytes, &length, NULL) &&
        length <= SHOWN_BYTES_MAX && g_utf8_validate(bytes, (gssize)length, NULL))
        action_log(run, "info", "  - %s:\n\n%s", entry->path, bytes);
}

static gboolean list_workspace(ActionRun *run, bool contents, GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(run->workspace, error);
    g_autoptr(GString) lines = g_string_new("Workspace:");

    if (!entries)
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (contents)
            print_contents(run, entry);
        else if (!S_ISDIR(entry->mode))
            g_string_append_printf(lines, "\n  - %s", entry->path);
    }
    if (!contents)
        action_log(run, "info", "%s", lines->str);
    return TRUE;
}

static gboolean run_log(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *message = value_path_string(input, "message", NULL);
    const Value *list = value_get(input, "listWorkspace");

    if (message)
        action_log(run, "info", "%s", message);
    if (!list || (value_is(list, VALUE_BOOL) && !value_bool(list, false)))
        return TRUE;
    return list_workspace(run, g_strcmp0(value_string(list, NULL), "with-contents") == 0, error);
}

const Action action_debug_log = {
    .id = "debug:log",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_log,
};
