/* Files of the hosts below `integrations` that the forge does not know: Gitea and GitLab. */
#pragma once
#include "catalog/source/host.h"
#include "forge/forge.h"

/* Whether files of it can be changed: it has an API for that, and Pave credentials. */
gboolean edit_host_can(const Host *host);
/* As forge_read_head(); *commit is the one that changed the file last, where the host wants it back
 * with a change. */
gboolean edit_host_read(Host *host, Arena *arena, const Place *place, ForgeFile *file,
                        const char **commit, GError **error);
/* As forge_change_file(); at is not looked at. */
const Value *edit_host_change(Host *host, Arena *arena, const Place *place, const char *commit,
                              const ForgeChange *change, GError **error);
