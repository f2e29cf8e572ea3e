/* What the files that read sources share. */
#pragma once
#include "catalog/source/host.h"
#include "catalog/source/source.h"
#include "net/http_client.h"

/* What the configuration says of where may be read; made once. */
struct Sources {
    const Config *config;
    GPtrArray *roots; /* SourceRoot * */
    GPtrArray *hosts; /* Host * */
};

#define SOURCE_BYTES_MAX ((gsize)32 << 20)
#define SOURCE_FILES_MAX 4000000
#define SOURCE_MATCHES_MAX 50000

/* ---- places (source.c) ---- */

/* Where a URL leads: into the built-in forge, or to a host of the integrations. */
typedef struct {
    ForgeLocation forge; /* owner NULL: not there */
    Host *host;          /* NULL: not there */
    Place place;
} Where;

gboolean source_find_place(Catalog *catalog, Arena *arena, const char *url, Where *where);

/* ---- files (source_file.c) ---- */

/* The configured locations of type file (SourceRoot *). */
typedef struct SourceRoot SourceRoot;
GPtrArray *source_roots_new(const Config *config);

gboolean source_file_read(Catalog *catalog, Arena *arena, const char *path, const char *known_etag,
                          SourceReply *reply, GError **error);
/* Adds the files (Source *) that pattern names. */
gboolean source_file_expand(Arena *arena, const char *pattern, GPtrArray *matches, GError **error);
/* The real path of a file or folder that the configured locations let be read. */
char *source_confine(Catalog *catalog, const char *path, GError **error);

/* ---- URLs (source_url.c) ---- */

/* A URL of a host that backend.reading.allow names. */
gboolean source_url_read(Catalog *catalog, Arena *arena, const char *url, const char *known_etag,
                         SourceReply *reply, GError **error);

/* ---- organisations (source_github_org.c) ---- */

/* The people and teams of "https://github.com/acme" as a stream of documents. */
gboolean source_org_read(Catalog *catalog, Arena *arena, const char *target, const char *known_etag,
                         SourceReply *reply, GError **error);
