/* The core schema of YAML 1.2: what a plain scalar means. Shared by the loader, which asks, and the
 * writer, which must not write a string that would be read as something else. */
#pragma once
#include "formats/value.h"

/* The kind a plain scalar has: null, boolean, number or string. */
ValueKind yaml_core_kind(const char *text);

/* Its value; text lives in arena or is constant. */
Value *yaml_core_value(Arena *arena, const char *text, gsize length);
