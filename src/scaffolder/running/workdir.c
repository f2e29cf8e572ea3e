/* The folder a task works in. Nothing that a template names leaves it. */
#include "formats/glob.h"
#include "scaffolder/scaffolder_internal.h"
#include "spine/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES_MAX = 20000, DEPTH_MAX = 64, FILE_BYTES_MAX = 128 * 1024 * 1024 };

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    int code = errno;

    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s %s: %s", what, path, g_strerror(code));
    return FALSE;
}

/* ---- paths ---- */

static gboolean is_inside(const char *root, const char *path)
{
    gsize length = strlen(root);

    return g_str_has_prefix(path, root) && (path[length] == '\0' || path[length] == '/');
}

/* Whether no folder between root and path is a symlink, as nearly always. */
static bool is_plain_way(const char *root, const char *path)
{
    struct stat status;

    for (const char *slash = strchr(path + strlen(root) + (path[strlen(root)] == '/'), '/'); slash;
         slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));

        if (lstat(folder, &status) != 0)
            return errno == ENOENT;
        if (S_ISLNK(status.st_mode))
            return false;
    }
    return true;
}

/* The nearest folder above path that exists must, with its symlinks followed, be inside root. */
static gboolean check_way(const char *root, const char *path, const char *relative, GError **error)
{
    if (is_plain_way(root, path))
        return TRUE;
    g_autofree char *real_root = realpath(root, NULL);
    g_autofree char *at = g_path_get_dirname(path);

    if (!real_root)
        return fail_errno(error, "cannot find", root);
    while (strlen(at) > strlen(root)) {
        g_autofree char *real = realpath(at, NULL);

        if (real && !is_inside(real_root, real)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "\"%s\" leads out of the workspace by a symlink", relative);
            return FALSE;
        }
        if (real)
            return TRUE;
        char *parent = g_path_get_dirname(at);
        g_free(at);
        at = parent;
    }
    return TRUE;
}

char *workdir_path(const char *root, const char *relative, GError **error)
{
    g_auto(GStrv) names = g_strsplit(relative, "/", -1);
    g_autoptr(GString) path = g_string_new(root);

    if (*relative == '/' || strchr(relative, '\\')) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" is not a path inside the workspace: it must be relative, with \"/\"",
                    relative);
        return NULL;
    }
    for (char **name = names; *name; name++) {
        if (g_str_equal(*name, "..")) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "\"%s\" is not a path inside the workspace: \"..\" is not allowed",
                        relative);
            return NULL;
        }
        if (**name && !g_str_equal(*name, "."))
            g_string_append_printf(path, "/%s", *name);
    }
    if (!check_way(root, path->str, relative, error))
        return NULL;
    return g_string_free(g_steal_pointer(&path), FALSE);
}

/* ---- listing ---- */

static void entry_free(gpointer data)
{
    WorkdirEntry *entry = data;

    g_free(entry->path);
    g_free(entry);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *names_in(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (!dir) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "cannot read the folder %s", folder);
        g_ptr_array_unref(names);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

static gboolean list_folder(const char *root, const char *relative, int depth, GPtrArray *entries,
                            GError **error)
{
    g_autofree char *folder = g_build_filename(root, relative, NULL);
    g_autoptr(GPtrArray) names = names_in(folder, error);
    struct stat status;

    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *full = g_build_filename(folder, name, NULL);

        if (g_str_equal(name, ".git") || g_str_equal(name, ".terraform") ||
            lstat(full, &status) != 0)
            continue;
        if (entries->len >= ENTRIES_MAX || depth >= DEPTH_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "%s holds more than %d files, or folders in folders too deeply", root,
                        ENTRIES_MAX);
            return FALSE;
        }
        WorkdirEntry *entry = g_new0(WorkdirEntry, 1);

        entry->path = *relative ? g_strconcat(relative, "/", name, NULL) : g_strdup(name);
        entry->mode = status.st_mode;
        g_ptr_array_add(entries, entry);
        if (S_ISDIR(status.st_mode) && !list_folder(root, entry->path, depth + 1, entries, error))
            return FALSE;
    }
    return names != NULL;
}

GPtrArray *workdir_list(const char *root, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);

    return list_folder(root, "", 0, entries, error) ? g_steal_pointer(&entries) : NULL;
}

/* ---- reading ---- */

static bool is_hidden(const char *relative)
{
    g_auto(GStrv) names = g_strsplit(relative, "/", -1);

    return g_strv_contains((const char *const *)names, ".git") ||
           g_strv_contains((const char *const *)names, ".terraform");
}

GBytes *workdir_read(const char *root, const char *relative, gsize max, GError **error)
{
    g_autofree char *path = workdir_path(root, relative, error);
    g_autofree char *real_root = path ? realpath(root, NULL) : NULL;
    g_autofree char *real = path ? realpath(path, NULL) : NULL;
    g_autofree char *bytes = NULL;
    struct stat status;
    gsize length;

    if (!path)
        return NULL;
    if (real_root && real && !is_inside(real_root, real)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" leads out of the folder by a symlink",
                    relative);
        return NULL;
    }
    if (!real_root || !real || is_hidden(real + strlen(real_root)) || stat(real, &status) != 0 ||
        !S_ISREG(status.st_mode)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no file %s", relative);
        return NULL;
    }
    if ((guint64)status.st_size > max) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" has more than %zu bytes", relative,
                    max);
        return NULL;
    }
    return g_file_get_contents(real, &bytes, &length, error)
               ? g_bytes_new_take(g_steal_pointer(&bytes), length)
               : NULL;
}

/* ---- writing ---- */

static gboolean make_parent(const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);

    return g_mkdir_with_parents(parent, 0755) == 0 || fail_errno(error, "cannot make", parent);
}

gboolean workdir_write(const char *root, const char *relative, const char *bytes, gsize length,
                       mode_t mode, GError **error)
{
    g_autofree char *path = workdir_path(root, relative, error);

    if (!path || !make_parent(path, error))
        return FALSE;
    /* Never through a symlink that is there. */
    if (unlink(path) != 0 && errno != ENOENT)
        return fail_errno(error, "cannot replace", relative);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode & 0777) | 0600);

    if (fd < 0)
        return fail_errno(error, "cannot write", relative);
    for (gsize done = 0; done < length;) {
        gssize count = write(fd, bytes + done, length - done);

        if (count < 0 && errno != EINTR) {
            fail_errno(error, "cannot write", relative);
            close(fd);
            return FALSE;
        }
        done += count > 0 ? (gsize)count : 0;
    }
    return close(fd) == 0 || fail_errno(error, "cannot write", relative);
}

static gboolean copy_link(const char *from, const char *root, const char *relative, GError **error)
{
    g_autofree char *target = g_file_read_link(from, NULL);
    g_autofree char *path = workdir_path(root, relative, error);

    if (!path || !make_parent(path, error))
        return FALSE;
    if (!target || !folder_link_stays_inside(relative, target)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "\"%s\" is a symlink to %s, which is outside of what is fetched", relative,
                    target ? target : "nothing");
        return FALSE;
    }
    unlink(path);
    return symlink(target, path) == 0 || fail_errno(error, "cannot make the symlink", relative);
}

gboolean workdir_make_folder(const char *root, const char *relative, GError **error)
{
    g_autofree char *folder = workdir_path(root, relative, error);

    if (!folder)
        return FALSE;
    return g_mkdir_with_parents(folder, 0755) == 0 || fail_errno(error, "cannot make", folder);
}

gboolean workdir_copy(const char *from, const char *root, const char *relative, bool replace,
                      GError **error)
{
    struct stat status, there;
    g_autofree char *path = workdir_path(root, relative, error);
    g_autofree char *bytes = NULL;
    gsize length;

    if (!path)
        return FALSE;
    if (!replace && lstat(path, &there) == 0)
        return TRUE;
    if (lstat(from, &status) != 0)
        return fail_errno(error, "cannot read", relative);
    if (S_ISLNK(status.st_mode))
        return copy_link(from, root, relative, error);
    if (!S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no file of a usual size", relative);
        return FALSE;
    }
    return g_file_get_contents(from, &bytes, &length, error) &&
           workdir_write(root, relative, bytes, length, status.st_mode, error);
}

bool path_glob_matches(const char *pattern, const char *path)
{
    g_autofree char *at = g_strdup(path);

    while (g_str_has_prefix(pattern, "./"))
        pattern += 2;
    while (true) {
        if (glob_matches(pattern, at, GLOB_BRACES))
            return true;
        char *slash = strrchr(at, '/');

        if (!slash)
            return false;
        *slash = '\0';
    }
}
