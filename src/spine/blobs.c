#include "spine/blobs.h"
#include "spine/clock.h"
#include "spine/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "sha256:"
#define HEX_LENGTH 64

struct Blobs {
    char *folder;   /* …/blobs/sha256 */
    char *incoming; /* what is being written; emptied at start */
};

struct BlobWriter {
    Blobs *blobs;
    char *path;
    int fd;
    gint64 size;
    GChecksum *sum;
};

static gboolean fail(const char *path, GError **error)
{
    g_set_error(error, PAVE_ERROR, errno == ENOSPC ? ERROR_SERVICE_UNAVAILABLE : ERROR_INTERNAL,
                "%s: %s", path, g_strerror(errno));
    return FALSE;
}

/* ---- opening ---- */

static gboolean make_folders(Blobs *blobs, const char *folder, GError **error)
{
    g_autofree char *layout = g_build_filename(folder, "oci-layout", NULL);

    if (g_mkdir_with_parents(blobs->folder, 0700) != 0)
        return fail(blobs->folder, error);
    if (g_mkdir_with_parents(blobs->incoming, 0700) != 0)
        return fail(blobs->incoming, error);
    return g_file_test(layout, G_FILE_TEST_EXISTS) ||
           g_file_set_contents(layout, "{\"imageLayoutVersion\":\"1.0.0\"}", -1, error);
}

/* What a dead server was still writing. */
static void drop_incoming(Blobs *blobs)
{
    g_autoptr(GDir) dir = g_dir_open(blobs->incoming, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(blobs->incoming, name, NULL);
        g_unlink(path);
    }
}

Blobs *blobs_open(const char *folder, GError **error)
{
    g_autoptr(Blobs) blobs = g_new0(Blobs, 1);

    blobs->folder = g_build_filename(folder, "blobs", "sha256", NULL);
    blobs->incoming = g_build_filename(folder, "incoming", NULL);
    if (!make_folders(blobs, folder, error))
        return NULL;
    drop_incoming(blobs);
    return g_steal_pointer(&blobs);
}

void blobs_free(Blobs *blobs)
{
    if (!blobs)
        return;
    g_free(blobs->folder);
    g_free(blobs->incoming);
    g_free(blobs);
}

/* ---- writing ---- */

BlobWriter *blobs_write(Blobs *blobs, GError **error)
{
    g_autofree char *id = clock_new_id();
    g_autofree char *path = g_build_filename(blobs->incoming, id, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        fail(path, error);
        return NULL;
    }
    BlobWriter *writer = g_new0(BlobWriter, 1);
    writer->blobs = blobs;
    writer->path = g_steal_pointer(&path);
    writer->fd = fd;
    writer->sum = g_checksum_new(G_CHECKSUM_SHA256);
    return writer;
}

gboolean blob_writer_add(BlobWriter *writer, const void *bytes, gsize length, GError **error)
{
    if (!fd_write_all(writer->fd, bytes, length))
        return fail(writer->path, error);
    g_checksum_update(writer->sum, bytes, (gssize)length);
    writer->size += (gint64)length;
    return TRUE;
}

static void writer_free(BlobWriter *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    g_checksum_free(writer->sum);
    g_free(writer->path);
    g_free(writer);
}

void blob_writer_drop(BlobWriter *writer)
{
    if (!writer)
        return;
    g_unlink(writer->path);
    writer_free(writer);
}

static gboolean sync_folder(const char *folder, GError **error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean done = fd >= 0 && fsync(fd) == 0;

    if (!done)
        fail(folder, error);
    if (fd >= 0)
        close(fd);
    return done;
}

/* The same bytes twice are one blob: the second takes the first's place unseen. */
static gboolean put_in_place(BlobWriter *writer, GError **error)
{
    g_autofree char *path =
        g_build_filename(writer->blobs->folder, g_checksum_get_string(writer->sum), NULL);

    if (fsync(writer->fd) != 0 || fchmod(writer->fd, 0400) != 0 ||
        g_rename(writer->path, path) != 0)
        return fail(path, error);
    return sync_folder(writer->blobs->folder, error);
}

char *blob_writer_finish(BlobWriter *writer, gint64 *size, GError **error)
{
    if (!put_in_place(writer, error)) {
        blob_writer_drop(writer);
        return NULL;
    }
    char *digest = g_strconcat(PREFIX, g_checksum_get_string(writer->sum), NULL);
    if (size)
        *size = writer->size;
    writer_free(writer);
    return digest;
}

char *blobs_put(Blobs *blobs, const void *bytes, gsize length, GError **error)
{
    BlobWriter *writer = blobs_write(blobs, error);

    if (!writer)
        return NULL;
    if (!blob_writer_add(writer, bytes, length, error)) {
        blob_writer_drop(writer);
        return NULL;
    }
    return blob_writer_finish(writer, NULL, error);
}

/* ---- reading ---- */

static gboolean is_digest(const char *digest)
{
    return digest && g_str_has_prefix(digest, PREFIX) &&
           strlen(digest) == strlen(PREFIX) + HEX_LENGTH &&
           strspn(digest + strlen(PREFIX), "0123456789abcdef") == HEX_LENGTH;
}

char *blobs_path(Blobs *blobs, const char *digest)
{
    g_autofree char *path = NULL;

    if (!is_digest(digest))
        return NULL;
    path = g_build_filename(blobs->folder, digest + strlen(PREFIX), NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

GBytes *blobs_get(Blobs *blobs, const char *digest, gsize size_max, GError **error)
{
    g_autofree char *path = blobs_path(blobs, digest);
    GStatBuf status;
    char *bytes;
    gsize length;

    if (!path) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no blob %s",
                    digest ? digest : "(none)");
        return NULL;
    }
    if (g_stat(path, &status) != 0) {
        fail(path, error);
        return NULL;
    }
    if ((gsize)status.st_size > size_max) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "blob %s has %" G_GOFFSET_FORMAT " bytes",
                    digest, (goffset)status.st_size);
        return NULL;
    }
    if (!g_file_get_contents(path, &bytes, &length, error))
        return NULL;
    return g_bytes_new_take(bytes, length);
}
