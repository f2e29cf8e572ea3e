/* A folder as a git tree: what it held can be named, kept and brought back, byte for byte. */
#pragma once
#include "base/error.h"

/* Keeps what folder holds as loose objects in objects_folder (made where missing; NULL: nowhere,
 * only the id is wanted) and answers the id of its tree. `.git` folders, and folders that hold
 * nothing, are left out; of modes the executable bit is kept; symlinks as they are. Free with
 * g_free(). */
char *snapshot_take(const char *objects_folder, const char *folder, GError **error);

/* Makes folder what tree says, and nothing else, which it may be already; NULL: empty. */
gboolean snapshot_restore(const char *objects_folder, const char *folder, const char *tree,
                          GError **error);
