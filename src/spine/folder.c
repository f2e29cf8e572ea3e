#include "spine/folder.h"
#include "spine/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define COPY_FILES_MAX 200000
#define COPY_BYTES_MAX ((gint64)4 << 30)
#define COPY_DEPTH_MAX 64

typedef struct {
    const char *from, *to;
    guint files;
    gint64 bytes;
} Copy;

static gboolean failed(const char *path, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

gboolean folder_link_stays_inside(const char *path, const char *target)
{
    g_auto(GStrv) parts = g_strsplit(target, "/", -1);
    int depth = 0;
    gboolean down = FALSE;

    if (!*target || *target == '/')
        return FALSE;
    for (const char *c = path; *c; c++)
        depth += *c == '/';
    for (guint i = 0; parts[i]; i++) {
        if (!*parts[i] || g_str_equal(parts[i], "."))
            continue;
        if (!g_str_equal(parts[i], ".."))
            down = TRUE;
        else if (down || --depth < 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_link(const char *path, const char *source, const char *target, GError **error)
{
    g_autofree char *text = g_file_read_link(source, error);

    if (!text)
        return FALSE;
    if (!folder_link_stays_inside(path, text)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s is a symbolic link to \"%s\", which leads out of its folder", path, text);
        return FALSE;
    }
    return symlink(text, target) == 0 || failed(target, error);
}

static gboolean copy_file(const char *source, const char *target, const struct stat *info,
                          GError **error)
{
    fd_auto in = open(source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    fd_auto out = in < 0 ? -1
                         : open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                info->st_mode & 0111 ? 0755 : 0644);
    gint64 left = info->st_size;

    if (in < 0 || out < 0)
        return failed(in < 0 ? source : target, error);
    while (left > 0) {
        gssize sent = sendfile(out, in, NULL, (gsize)left);

        if (sent <= 0)
            return sent == 0 || failed(source, error); /* shorter than it was: as it is now */
        left -= sent;
    }
    return TRUE;
}

static gboolean copy_tree(Copy *copy, const char *relative, guint depth, GError **error);

static gboolean copy_entry(Copy *copy, const char *path, guint depth, GError **error)
{
    g_autofree char *source = g_build_filename(copy->from, path, NULL);
    g_autofree char *target = g_build_filename(copy->to, path, NULL);
    struct stat info;

    if (lstat(source, &info) < 0)
        return failed(source, error);
    copy->bytes += S_ISREG(info.st_mode) ? info.st_size : 0;
    if (++copy->files > COPY_FILES_MAX || copy->bytes > COPY_BYTES_MAX || depth > COPY_DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s is too large to copy", copy->from);
        return FALSE;
    }
    if (S_ISDIR(info.st_mode))
        return copy_tree(copy, path, depth + 1, error);
    if (S_ISLNK(info.st_mode))
        return copy_link(path, source, target, error);
    if (S_ISREG(info.st_mode))
        return copy_file(source, target, &info, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is neither a file nor a folder", path);
    return FALSE;
}

static gboolean copy_tree(Copy *copy, const char *relative, guint depth, GError **error)
{
    g_autofree char *source = g_build_filename(copy->from, relative, NULL);
    g_autofree char *target = g_build_filename(copy->to, relative, NULL);
    g_autoptr(GDir) entries = g_dir_open(source, 0, error);
    const char *name;

    if (!entries)
        return FALSE;
    if (g_mkdir_with_parents(target, 0755) < 0)
        return failed(target, error);
    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = *relative ? g_strconcat(relative, "/", name, NULL) : g_strdup(name);

        if (g_str_equal(name, ".git") || g_str_equal(name, ".terraform"))
            continue;
        if (!copy_entry(copy, path, depth, error))
            return FALSE;
    }
    return TRUE;
}

gboolean folder_copy(const char *from, const char *to, GError **error)
{
    Copy copy = {.from = from, .to = to};

    return copy_tree(&copy, "", 0, error);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    return remove(path);
}

gboolean folder_remove(const char *path, GError **error)
{
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot remove %s: %s", path, g_strerror(errno));
    return FALSE;
}
