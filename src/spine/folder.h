/* Whole folders: copied and removed. */
#pragma once
#include "base/error.h"

/* Copies what is in from into to (made where missing): files with their modes, folders, and links
 * that stay inside. Links that leave it, device files and the like are refused with ERROR_INPUT;
 * `.git` and `.terraform` folders are left out. Bounded in files, bytes and depth. */
gboolean folder_copy(const char *from, const char *to, GError **error);

/* TRUE where a symlink at path (relative to the root) that says target stays under the root
 * whatever other links do: relative, and `..` only in front. */
gboolean folder_link_stays_inside(const char *path, const char *target);

/* Removes path and everything beneath it; what is not there is removed already. */
gboolean folder_remove(const char *path, GError **error);
