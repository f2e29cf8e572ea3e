/* What a person most likely meant by a name nobody knows. */
#pragma once
#include <glib.h>

/* The candidate (NULL-terminated list) that differs from name by the fewest slips, or NULL where
 * none is near enough to be worth suggesting. Case does not count. */
const char *nearest_name(const char *name, const char *const *candidates);
