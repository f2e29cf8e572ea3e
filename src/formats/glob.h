/* Glob patterns over paths. `*`, `?` and `[…]` keep within a segment of the path; a segment `**`
 * stands for any number of them, none too. */
#pragma once
#include <stdbool.h>

typedef enum { GLOB_PLAIN = 0, GLOB_BRACES = 1 << 0 /* `{a,b}` means either */ } GlobFlags;

/* Whether pattern is more than the name of one path. */
bool glob_has_magic(const char *pattern);
/* Whether pattern names path. Its time is linear in the product of their lengths for each of at
 * most a thousand choices of braces. */
bool glob_matches(const char *pattern, const char *path, GlobFlags flags);
