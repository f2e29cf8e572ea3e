/* The formats of an entity's fields, as Backstage has them. */
#pragma once
#include "formats/value.h"

/* Why a field of entity has not its format ("\"metadata.name\" is not valid; …"), in arena, with
 * its place; NULL where all have. */
const char *format_check(Arena *arena, const Value *entity, const Value **at);

gboolean format_is_api_version(const char *text);
gboolean format_is_kind(const char *text);
/* An absolute URL as browsers read one. */
gboolean format_is_url(const char *text);
