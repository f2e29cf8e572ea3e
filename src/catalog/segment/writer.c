/* Where the bytes of a segment go while it is written. */
#include "catalog/segment/format.h"
#include "spine/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BUFFER ((gsize)1 << 20)

static void fail(SegmentWriter *writer, const char *what)
{
    if (!writer->error)
        writer->error = g_error_new(PAVE_ERROR, ERROR_INTERNAL, "Cannot %s %s: %s", what,
                                    writer->temporary, g_strerror(errno));
}

void segment_writer_init(SegmentWriter *writer, const char *path, guint32 document_count,
                         int64_t seq)
{
    *writer = (SegmentWriter){.fd = -1, .path = g_strdup(path)};
    memcpy(writer->header.magic, SEGMENT_MAGIC, sizeof(writer->header.magic));
    writer->header.version = SEGMENT_VERSION;
    writer->header.document_count = document_count;
    writer->header.seq = seq;
    writer->header.hash_seed = (guint64)g_random_int() << 32 | g_random_int();
    if (path) {
        writer->temporary = g_strconcat(path, ".new", NULL);
        writer->fd = open(writer->temporary, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
        if (writer->fd < 0)
            fail(writer, "create");
    }
    segment_writer_put(writer, &writer->header, sizeof(writer->header));
}

static void flush(SegmentWriter *writer)
{
    if (!writer->error && !fd_write_all(writer->fd, writer->buffer, writer->used))
        fail(writer, "write");
    writer->flushed += writer->used;
    writer->used = 0;
}

void segment_writer_put(SegmentWriter *writer, const void *bytes, gsize length)
{
    if (writer->path && writer->used + length > FILE_BUFFER)
        flush(writer);
    if (writer->used + length > writer->capacity) {
        writer->capacity = MAX(writer->capacity * 2, writer->used + length);
        writer->capacity = MAX(writer->capacity, writer->path ? FILE_BUFFER : 4096);
        writer->buffer = g_realloc(writer->buffer, writer->capacity);
    }
    if (length)
        memcpy(writer->buffer + writer->used, bytes, length);
    writer->used += length;
}

guint64 segment_writer_position(const SegmentWriter *writer)
{
    return writer->flushed + writer->used;
}

void segment_writer_align(SegmentWriter *writer, gsize alignment)
{
    static const guint8 zeros[SEGMENT_ALIGNMENT];
    gsize over = segment_writer_position(writer) % alignment;

    if (over)
        segment_writer_put(writer, zeros, alignment - over);
}

Span segment_writer_span(SegmentWriter *writer, const void *bytes, gsize length)
{
    Span span;

    segment_writer_align(writer, sizeof(guint64));
    span = (Span){segment_writer_position(writer), length};
    segment_writer_put(writer, bytes, length);
    return span;
}

Span segment_writer_frozen(SegmentWriter *writer, const roaring_bitmap_t *bitmap)
{
    gsize length = roaring_bitmap_frozen_size_in_bytes(bitmap);
    char *bytes = NULL;
    Span span;

    g_assert(posix_memalign((void **)&bytes, SEGMENT_ALIGNMENT, length) == 0);
    roaring_bitmap_frozen_serialize(bitmap, bytes);
    segment_writer_align(writer, SEGMENT_ALIGNMENT);
    span = (Span){segment_writer_position(writer), length};
    segment_writer_put(writer, bytes, length);
    free(bytes);
    return span;
}

/* The rename is what makes the file; the folder is synced so that it stays made. */
static void keep_file(SegmentWriter *writer)
{
    g_autofree char *folder = g_path_get_dirname(writer->path);
    fd_auto folder_fd = -1;

    if (pwrite(writer->fd, &writer->header, sizeof(writer->header), 0) !=
            (gssize)sizeof(writer->header) ||
        fsync(writer->fd) < 0) {
        fail(writer, "write");
        return;
    }
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0 || rename(writer->temporary, writer->path) < 0 || fsync(folder_fd) < 0)
        fail(writer, "rename");
}

static void clear(SegmentWriter *writer)
{
    fd_clear(&writer->fd);
    g_clear_pointer(&writer->path, g_free);
    g_clear_pointer(&writer->temporary, g_free);
    g_clear_pointer(&writer->buffer, g_free);
}

static Segment *finish_file(SegmentWriter *writer, GError **error)
{
    Segment *segment = NULL;

    flush(writer);
    if (!writer->error)
        keep_file(writer);
    if (writer->error) {
        if (writer->fd >= 0)
            unlink(writer->temporary);
        g_propagate_error(error, g_steal_pointer(&writer->error));
    } else {
        segment = segment_open(writer->path, error);
    }
    clear(writer);
    return segment;
}

Segment *segment_writer_finish(SegmentWriter *writer, GError **error)
{
    guint8 *bytes = NULL;
    gsize size;

    segment_writer_align(writer, SEGMENT_ALIGNMENT);
    size = segment_writer_position(writer);
    writer->header.size = size;
    writer->header.checksum = segment_header_checksum(&writer->header);
    if (writer->path)
        return finish_file(writer, error);
    g_assert(posix_memalign((void **)&bytes, SEGMENT_ALIGNMENT, size) == 0);
    memcpy(bytes, writer->buffer, size);
    memcpy(bytes, &writer->header, sizeof(writer->header));
    clear(writer);
    return segment_from_bytes(bytes, size, FALSE, error);
}
