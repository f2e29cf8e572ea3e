#include "spine/failpoint.h"

#ifdef PAVE_FAILPOINTS
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

void failpoint(const char *place, const char *name)
{
    const char *folder = g_getenv("PAVE_FAILPOINTS");

    if (!folder)
        return;
    g_autofree char *clean = g_strdup(name);
    g_strcanon(clean, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", '-');
    g_autofree char *armed = g_strdup_printf("%s/%s.%s.armed", folder, place, clean);
    g_autofree char *hit = g_strdup_printf("%s/%s.%s.hit", folder, place, clean);

    if (g_rename(armed, hit) != 0)
        return;
    for (;;)
        pause();
}
#else
typedef int FailpointsAreOff; /* a translation unit is never empty */
#endif
