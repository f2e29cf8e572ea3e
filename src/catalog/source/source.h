/* Where descriptors are read: files below the configured locations, the forge, the hosts of
 * `integrations`, and whatever else the configuration allows.
 *
 * Reading is synchronous and safe from any thread: call it from workers and jobs. */
#pragma once
#include "catalog/catalog.h"

/* What the configuration says of where may be read. */
typedef struct Sources Sources;
Sources *sources_new(const Config *config);
void sources_free(Sources *sources);

typedef struct {
    const char *type, *target; /* "file" or "url"; absolute */
} Source;

/* "type:target". */
const char *source_format(Arena *arena, const Source *source);
gboolean source_parse(Arena *arena, const char *text, Source *source, GError **error);
/* target against the source it is written in; a file may only be named by a file. Below a URL of a
 * known host a slash at the beginning is the root of the repository. */
gboolean source_resolve(Catalog *catalog, Arena *arena, const Source *base, const char *type,
                        const char *target, Source *resolved, GError **error);
/* Whether other is of a known host and not of base's repository: of another repository of the same
 * host, or, from anywhere else, of the built-in forge or a host of `integrations`, which are read
 * with credentials that base's author need not have. */
gboolean source_crosses_repository(Catalog *catalog, Arena *arena, const Source *base,
                                   const Source *other);
/* Source * of what a target with wildcards matches (itself, where it has none). */
GPtrArray *source_expand(Catalog *catalog, Arena *arena, const Source *source, GError **error);
/* "owner/name" of the forge's repository it lies in; NULL for anything else. */
const char *source_repository(Catalog *catalog, Arena *arena, const Source *source);

/* Where people look at a file, change it and find its folder; NULL where that is nowhere. */
typedef struct {
    const char *view, *edit, *folder; /* folder ends in a slash */
} SourceLinks;
void source_links(Catalog *catalog, Arena *arena, const Source *source, SourceLinks *links);

/* What reading gave. */
typedef struct {
    GBytes *bytes;               /* NULL where unchanged */
    const char *etag, *revision; /* in arena; NULL where the source tells none. etag: what to give
                                    back as known_etag; revision: the commit it was read at */
    gboolean unchanged;          /* what known_etag stood for is what is there */
    int64_t retry_at_ms;         /* where reading failed: the host wants no request before; or 0 */
} SourceReply;

void source_reply_clear(SourceReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceReply, source_reply_clear)

/* Reads source unless it still is what known_etag (NULL: nothing is known) stands for. *reply is
 * all zero before. ERROR_NOT_FOUND where it does not exist. */
gboolean source_read(Catalog *catalog, Arena *arena, const Source *source, const char *known_etag,
                     SourceReply *reply, GError **error);
