/* Entities as an author would write them. */
#pragma once
#include "catalog/catalog_internal.h"

/* Appends entity as a document of YAML that begins with "---": without what the server made of it
 * (uid, etag, relations, status, the default namespace, its own annotations). raw: as it is. */
void export_entity(Arena *arena, const Value *entity, gboolean raw, GString *out);
/* Whether export leaves it out, unless raw: the locations, whose targets are exported themselves.
 */
const Predicate *export_selection(Arena *arena, const Predicate *asked, gboolean raw);
