/* The patterns of copyWithoutTemplating and fs:delete. */
#include "scaffolder/scaffolder_internal.h"

#include <string.h>

enum { STEPS_MAX = 100000 };

/* "[a-z!x]" at *pattern against c; *pattern moves behind it. */
static bool class_matches(const char **pattern, char c)
{
    const char *at = *pattern + 1;
    bool inverted = *at == '!' || *at == '^', found = false;

    at += inverted;
    for (bool first = true; *at && (*at != ']' || first); first = false) {
        if (at[1] == '-' && at[2] && at[2] != ']') {
            found |= c >= at[0] && c <= at[2];
            at += 3;
        } else {
            found |= *at++ == c;
        }
    }
    *pattern = *at ? at + 1 : at;
    return found != inverted && c != '/';
}

static bool matches(const char *pattern, const char *path, int *steps);

/* "{a,b}" at pattern: each alternative with what follows. */
static bool braces_match(const char *pattern, const char *path, int *steps)
{
    const char *end = strchr(pattern, '}');
    g_autofree char *body = end ? g_strndup(pattern + 1, (gsize)(end - pattern - 1)) : NULL;
    g_auto(GStrv) choices = body ? g_strsplit(body, ",", 64) : NULL;

    for (char **choice = choices; choice && *choice; choice++) {
        g_autofree char *whole = g_strconcat(*choice, end + 1, NULL);

        if (matches(whole, path, steps))
            return true;
    }
    return false;
}

static bool star_matches(const char *pattern, const char *path, int *steps)
{
    bool deep = pattern[1] == '*';
    const char *rest = pattern + (deep ? 2 : 1);

    /* Two stars and a slash name no folder, too. */
    if (deep && *rest == '/' && matches(rest + 1, path, steps))
        return true;
    for (;; path++) {
        if (matches(rest, path, steps))
            return true;
        if (*path == '\0' || (*path == '/' && !deep))
            return false;
    }
}

static bool matches(const char *pattern, const char *path, int *steps)
{
    for (; *pattern; path++) {
        if (++*steps > STEPS_MAX)
            return false;
        if (*pattern == '*')
            return star_matches(pattern, path, steps);
        if (*pattern == '{' && strchr(pattern, '}'))
            return braces_match(pattern, path, steps);
        if (*path == '\0')
            return false;
        if (*pattern == '[' && strchr(pattern + 1, ']')) {
            if (!class_matches(&pattern, *path))
                return false;
            continue;
        }
        if (*pattern != '?' ? *pattern != *path : *path == '/')
            return false;
        pattern++;
    }
    return *path == '\0';
}

bool path_glob_matches(const char *pattern, const char *path)
{
    g_autofree char *at = g_strdup(path);
    int steps = 0;

    while (g_str_has_prefix(pattern, "./"))
        pattern += 2;
    while (true) {
        if (matches(pattern, at, &steps))
            return true;
        char *slash = strrchr(at, '/');

        if (!slash)
            return false;
        *slash = '\0';
    }
}
