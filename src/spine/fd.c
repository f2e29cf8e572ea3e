#include "spine/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

gboolean fd_write_all(int fd, const void *bytes, gsize length)
{
    const char *at = bytes;

    while (length) {
        ssize_t written = write(fd, at, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        at += written;
        length -= (gsize)written;
    }
    return TRUE;
}

static gboolean write_new_file(int folder_fd, const char *name, const void *bytes, gsize length,
                               mode_t mode)
{
    fd_auto fd =
        openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    return fd >= 0 && fchmod(fd, mode) == 0 && fd_write_all(fd, bytes, length) && fsync(fd) == 0;
}

gboolean fd_replace_file(int folder_fd, const char *name, const void *bytes, gsize length,
                         mode_t mode, GError **error)
{
    g_autofree char *beside = g_strconcat(".", name, ".new", NULL);

    if (write_new_file(folder_fd, beside, bytes, length, mode) &&
        renameat(folder_fd, beside, folder_fd, name) == 0 && fsync(folder_fd) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s cannot be written: %s", name,
                g_strerror(errno));
    return FALSE;
}

char *fd_read_file_at(int folder_fd, const char *name, gsize size_max)
{
    fd_auto fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = NULL;
    struct stat info;
    gsize length = 0;

    if (fd < 0 || fstat(fd, &info) != 0)
        return NULL;
    if (info.st_size < 0 || (gsize)info.st_size > size_max) {
        errno = EFBIG;
        return NULL;
    }
    text = g_malloc((gsize)info.st_size + 1);
    while (length < (gsize)info.st_size) {
        ssize_t got = read(fd, text + length, (gsize)info.st_size - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
        length += (gsize)got;
    }
    text[length] = 0;
    return g_steal_pointer(&text);
}
