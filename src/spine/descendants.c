#include "spine/descendants.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void add_children_of(GArray *found, pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);

    for (const char *task; tasks && (task = g_dir_read_name(tasks));) {
        g_autofree char *file = g_build_filename(path, task, "children", NULL);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(file, &text, NULL, NULL))
            continue;
        for (char *at = text, *end; *at; at = end) {
            pid_t child = (pid_t)strtol(at, &end, 10);

            if (end == at)
                break;
            g_array_append_val(found, child);
        }
    }
}

void descendants_kill(void)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(pid_t));

    add_children_of(found, getpid());
    for (guint i = 0; i < found->len; i++) {
        pid_t pid = g_array_index(found, pid_t, i);

        kill(pid, SIGSTOP); /* so that it makes no more children while they are counted */
        add_children_of(found, pid);
    }
    for (guint i = 0; i < found->len; i++)
        kill(g_array_index(found, pid_t, i), SIGKILL);
}
