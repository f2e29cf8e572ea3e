/* `$openapi` and `$asyncapi`: an API description of several files as one, and what bounds all that
 * an entity brings in from other files. */
#pragma once
#include "catalog/source/source.h"

#define INCLUSION_FILES_MAX 300
#define INCLUSION_BYTES_MAX ((gsize)16 << 20)

/* The files that one entity brings in; each is read once. */
typedef struct {
    Catalog *catalog;
    Arena *arena;
    GHashTable *files; /* "type:target" → GBytes */
    gsize read;        /* bytes of the files */
    gsize given;       /* bytes of the values that stand for them */
} Inclusion;

void inclusion_init(Inclusion *inclusion, Catalog *catalog, Arena *arena);
void inclusion_clear(Inclusion *inclusion);
/* What source holds, where the file base may bring it in. The inclusion keeps it. */
GBytes *inclusion_read(Inclusion *inclusion, const Source *base, const Source *source,
                       GError **error);
/* Counts bytes that stand for source; ERROR_TOO_LARGE where they are too many for an entity. */
gboolean inclusion_give(Inclusion *inclusion, const Source *source, gsize bytes, GError **error);

/* The document that bytes (of source) hold, with every $ref into another file replaced by what it
 * names, as YAML text in arena. References within the document stay. ERROR_INPUT with file, line
 * and column; a reference that leads back to itself is told with its whole way. */
const char *bundle_text(Inclusion *inclusion, const Source *source, GBytes *bytes, GError **error);
