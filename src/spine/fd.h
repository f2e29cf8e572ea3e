/* File descriptors with an owner, and the two writes that must not stop half way. */
#pragma once
#include "base/error.h"
#include <unistd.h>

/* An fd closed when it leaves its scope; -1 is none. */
static inline void fd_clear(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
#define fd_auto __attribute__((cleanup(fd_clear))) int

/* Everything, past EINTR and short writes; FALSE with errno. */
gboolean fd_write_all(int fd, const void *bytes, gsize length);

/* Replaces the file name in folder_fd so that a crash leaves the old one or the new one whole:
 * written beside it, synced, renamed, the folder synced. */
gboolean fd_replace_file(int folder_fd, const char *name, const void *bytes, gsize length,
                         mode_t mode, GError **error);

/* A small file's text, NULL with errno where it cannot be read or is over size_max. */
char *fd_read_file_at(int folder_fd, const char *name, gsize size_max);
