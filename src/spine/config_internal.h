/* What config.c and its schema share. */
#pragma once
#include "spine/config.h"

/* Checks one file's values against the keys Pave knows: unknown keys and wrong kinds become
 * diagnostics, with the nearest known name as a hint. Paths become absolute, relative to folder. */
const Value *config_schema_apply(Arena *arena, const Value *root, const char *file,
                                 const char *folder, Diagnostics *diagnostics);

/* value with ${NAME}, $env, $file and $include replaced; NULL where a variable without a default is
 * not set. */
const Value *config_substitute(Arena *arena, const Value *value, const char *file,
                               const char *folder, Diagnostics *diagnostics);
