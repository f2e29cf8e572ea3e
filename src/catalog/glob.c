#include "catalog/catalog_internal.h"
#include <string.h>

gboolean glob_has_magic(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

/* A "[a-z]" at *pattern; moves behind it. */
static gboolean match_class(const char **pattern, char byte)
{
    const char *at = *pattern + 1;
    gboolean negated = *at == '!' || *at == '^', found = FALSE;

    for (at += negated; *at && *at != ']'; at++) {
        if (at[1] == '-' && at[2] && at[2] != ']') {
            found |= byte >= at[0] && byte <= at[2];
            at += 2;
        } else {
            found |= byte == *at;
        }
    }
    *pattern = *at ? at + 1 : at;
    return found != negated && byte != '/';
}

/* One byte of path against the head of pattern, which moves on. */
static gboolean match_byte(const char **pattern, char byte)
{
    if (byte == '\0')
        return FALSE;
    if (**pattern == '[')
        return match_class(pattern, byte);
    if (**pattern != byte && (**pattern != '?' || byte == '/'))
        return FALSE;
    (*pattern)++;
    return TRUE;
}

/* Where to go on from when the rest does not match. */
typedef struct {
    const char *pattern, *path;
} Retry;

/* Only the last star of each kind is tried again, so that time stays linear in the product. */
gboolean glob_match(const char *pattern, const char *path)
{
    Retry star = {NULL, NULL}, deep = {NULL, NULL};

    for (;;) {
        if (g_str_has_prefix(pattern, "**")) {
            pattern += strspn(pattern, "*");
            pattern += *pattern == '/';
            deep = (Retry){pattern, path};
            star = (Retry){NULL, NULL};
            if (*pattern == '\0')
                return TRUE;
        } else if (*pattern == '*') {
            star = (Retry){++pattern, path};
        } else if (*path == '\0' && *pattern == '\0') {
            return TRUE;
        } else if (match_byte(&pattern, *path)) {
            path++;
        } else if (star.path && *star.path && *star.path != '/') {
            pattern = star.pattern;
            path = ++star.path;
        } else if (deep.path && strchr(deep.path, '/')) {
            deep.path = strchr(deep.path, '/') + 1;
            star = (Retry){NULL, NULL};
            pattern = deep.pattern;
            path = deep.path;
        } else {
            return FALSE;
        }
    }
}
