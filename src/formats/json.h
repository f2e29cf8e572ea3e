/* JSON (RFC 8259): a strict reader and a writer for values.
 *
 * Refused: duplicate keys, invalid UTF-8, lone surrogates, control characters in strings, depth
 * over 128, anything after the value, and whatever exhausts the arena. */
#pragma once
#include "base/error.h"
#include "formats/value.h"

/* The value text holds, in arena. ERROR_INPUT "line:column: what is wrong" otherwise. length < 0:
 * NUL-terminated. */
Value *json_parse(Arena *arena, const char *text, gssize length, GError **error);

typedef enum { JSON_COMPACT = 0, JSON_PRETTY = 1 << 0, JSON_SORT_KEYS = 1 << 1 } JsonFlags;

/* Appends value (NULL writes null). Numbers print as JavaScript prints them; NaN and infinities as
 * null. */
void json_write(GString *out, const Value *value, JsonFlags flags);

/* A new string, free with g_free(). */
char *json_to_string(const Value *value, JsonFlags flags);
/* The same in arena. */
const char *json_to_arena(Arena *arena, const Value *value, JsonFlags flags);

/* Appends text as a quoted JSON string. */
void json_write_string(GString *out, const char *text, gsize length);
