/* What a location was read from, so that what is unchanged is not read again.
 *
 * A source is known by the digest of its name; with it stand the etag it had and the context it was
 * read in (what named it, and under which configuration). A source without an etag is always read.
 * A million of them take less than 100 MB while they are looked at, and half of it at rest. */
#pragma once
#include "base/arena.h"
#include "spine/db.h"

typedef struct Manifest Manifest;

/* A digest of text for sets of very many: 64 bits. */
guint64 text_digest(const char *text);

Manifest *manifest_new(void);
void manifest_free(Manifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manifest, manifest_free)

/* etag NULL: it is always read. */
void manifest_add(Manifest *manifest, const char *source, guint32 context, const char *etag);
/* From now on source is always read. */
void manifest_forget(Manifest *manifest, const char *source);
/* Adds what is only in other, as what is always read. */
void manifest_add_missing(Manifest *manifest, const Manifest *other);
/* The etag source had in context; NULL: unknown. */
const char *manifest_etag(const Manifest *manifest, const char *source, guint32 context);
guint manifest_count(const Manifest *manifest);
gboolean manifest_has(const Manifest *manifest, const char *source);
/* Whether source has an etag, in whatever context. */
gboolean manifest_remembers(const Manifest *manifest, const char *source);
/* Whether every source of manifest is in other. */
gboolean manifest_within(const Manifest *manifest, const Manifest *other);

/* NULL with error. */
Manifest *manifest_load(DbConn *conn, const char *location_id, GError **error);
/* The parts in which manifest differs from known (NULL: all), to be written in a transaction. */
GPtrArray *manifest_parts(const Manifest *manifest, const Manifest *known);
gboolean manifest_save(DbConn *tx, const char *location_id, const GPtrArray *parts, GError **error);
/* From the next reading on, source is read whatever its etag is. */
gboolean manifest_forget_stored(DbConn *tx, const char *location_id, const char *source,
                                GError **error);
