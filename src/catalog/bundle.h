/* `$openapi` and `$asyncapi`: an API description of several files as one. */
#pragma once
#include "catalog/source.h"

/* The document that bytes (of source) hold, with every $ref into another file replaced by what it
 * names, as YAML text in arena. References within the document stay. ERROR_INPUT with file, line
 * and column; a reference that leads back to itself is told with its whole way. */
const char *bundle_text(Catalog *catalog, Arena *arena, const Source *source, GBytes *bytes,
                        GError **error);
