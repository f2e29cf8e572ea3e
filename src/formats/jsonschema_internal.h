#pragma once
#include "formats/value.h"

/* What keeps `#/definitions/x` from being followed for ever. */
enum { JSONSCHEMA_DEPTH_MAX = 96 };

/* The schema a "$ref" within root names; NULL where there is none. */
const Value *jsonschema_resolve(const Value *root, const char *reference);

/* Does instance hold under schema, whose references are looked up in root? */
bool jsonschema_holds(Arena *arena, const Value *root, const Value *schema, const Value *instance);

/* Does text have the format? Formats nobody knows hold for every text. */
bool jsonschema_format(const char *format, const char *text, gsize length);
/* The format in words: "an e-mail address". */
const char *jsonschema_format_words(const char *format);
