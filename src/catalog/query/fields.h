/* `fields=`: an entity cut down to some of its members, from its JSON text. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

/* Splits comma-separated and repeated parameters; ERROR_INPUT for array fields. */
gboolean fields_parse(Arena *arena, const char *const *parameters, const char *const **fields,
                      GError **error);
/* Appends the members of the object text (compact JSON, as the index keeps it) that fields name:
 * dotted paths, NULL-terminated; NULL or none: text as it is. What is not wanted is skipped and the
 * rest copied; nothing is parsed. */
void fields_write(GString *out, const char *text, gsize length, const char *const *fields);
