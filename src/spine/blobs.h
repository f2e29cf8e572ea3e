/* Immutable bytes by digest, laid out as an OCI image layout's blobs/sha256/<hex>. */
#pragma once
#include "base/error.h"

typedef struct Blobs Blobs;
Blobs *blobs_open(const char *folder, GError **error);
void blobs_free(Blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blobs, blobs_free)

/* Stores bytes; "sha256:<hex>", free with g_free(). Durable when it returns. */
char *blobs_put(Blobs *blobs, const void *bytes, gsize length, GError **error);
/* Streaming: write to the fd, then finish (or drop). */
typedef struct BlobWriter BlobWriter;
BlobWriter *blobs_write(Blobs *blobs, GError **error);
gboolean blob_writer_add(BlobWriter *writer, const void *bytes, gsize length, GError **error);
char *blob_writer_finish(BlobWriter *writer, gint64 *size, GError **error); /* frees writer */
void blob_writer_drop(BlobWriter *writer);

/* The file of a digest; NULL where it is no digest or not there. Free with g_free(). */
char *blobs_path(Blobs *blobs, const char *digest);
GBytes *blobs_get(Blobs *blobs, const char *digest, gsize size_max, GError **error);
