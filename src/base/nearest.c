#include "base/nearest.h"

#include <string.h>

#define LENGTH_MAX 64

/* Edits (insert, remove, replace, swap of neighbours) from a to b. */
static guint distance(const char *a, const char *b)
{
    gsize length_a = strlen(a), length_b = strlen(b);
    guint rows[3][LENGTH_MAX + 1];
    for (gsize j = 0; j <= length_b; j++)
        rows[1][j] = (guint)j;
    for (gsize i = 1; i <= length_a; i++) {
        guint *row = rows[(i + 1) % 3], *above = rows[i % 3], *two_above = rows[(i + 2) % 3];
        row[0] = (guint)i;
        for (gsize j = 1; j <= length_b; j++) {
            gboolean same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
            row[j] = MIN(MIN(row[j - 1], above[j]) + 1, above[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 2]) &&
                g_ascii_tolower(a[i - 2]) == g_ascii_tolower(b[j - 1]))
                row[j] = MIN(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[(length_a + 1) % 3][length_b];
}

const char *nearest_name(const char *name, const char *const *candidates)
{
    const char *best = NULL;
    gsize length = strlen(name);
    guint best_distance = (guint)MIN(length / 3 + 1, 3) + 1;
    if (length > LENGTH_MAX)
        return NULL;
    for (; *candidates; candidates++) {
        if (strlen(*candidates) > LENGTH_MAX)
            continue;
        guint edits = distance(name, *candidates);
        if (edits < best_distance) {
            best_distance = edits;
            best = *candidates;
        }
    }
    return best;
}
