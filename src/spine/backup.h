/* `pave backup` and `pave restore`: database, repositories, blobs and the id of the key, in one
 * .tar.zst. */
#pragma once
#include "base/error.h"

/* Works beside a running server (SQLite's own backup; repositories and blobs only grow while it
 * runs). PostgreSQL: by pg_dump. */
gboolean backup_write(const char *database_url, const char *data_folder, const char *file,
                      GError **error);
/* Into an empty data folder; refuses a folder that holds something, and an archive of a newer
 * schema. */
gboolean backup_restore(const char *file, const char *database_url, const char *data_folder,
                        GError **error);
