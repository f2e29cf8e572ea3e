#include "formats/glob.h"
#include <glib.h>
#include <string.h>

#define CHOICES_MAX 1000

bool glob_has_magic(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

/* The "]" that ends the class at pattern; one that comes first is of the class. */
static const char *class_end(const char *pattern)
{
    const char *at = pattern + 1;

    at += *at == '!' || *at == '^';
    return *at ? strchr(at + 1, ']') : NULL;
}

static bool class_has(const char *pattern, const char *end, char byte)
{
    const char *at = pattern + 1;
    bool negated = *at == '!' || *at == '^', found = false;

    for (at += negated; at < end; at++) {
        if (at[1] == '-' && at + 2 < end) {
            found |= byte >= at[0] && byte <= at[2];
            at += 2;
        } else {
            found |= byte == *at;
        }
    }
    return found != negated && byte != '/';
}

/* One byte of path against the head of pattern, which moves on. */
static bool match_byte(const char **pattern, char byte)
{
    const char *end = **pattern == '[' ? class_end(*pattern) : NULL;

    if (byte == '\0')
        return false;
    if (end ? !class_has(*pattern, end, byte)
            : **pattern != byte && (**pattern != '?' || byte == '/'))
        return false;
    *pattern = end ? end + 1 : *pattern + 1;
    return true;
}

/* Stars that are a whole segment; beside other characters they are one star. */
static bool is_deep(const char *whole, const char *at)
{
    const char *end = at + strspn(at, "*");

    return end - at > 1 && (at == whole || at[-1] == '/') && (*end == '/' || *end == '\0');
}

/* Where to go on from when the rest does not match. */
typedef struct {
    const char *pattern, *path;
} Retry;

/* Only the last star of each kind is tried again, so that time stays linear in the product. */
static bool match(const char *whole, const char *path)
{
    const char *pattern = whole;
    Retry star = {NULL, NULL}, deep = {NULL, NULL};

    for (;;) {
        if (is_deep(whole, pattern)) {
            pattern += strspn(pattern, "*");
            pattern += *pattern == '/';
            deep = (Retry){pattern, path};
            star = (Retry){NULL, NULL};
            if (*pattern == '\0')
                return true;
        } else if (*pattern == '*') {
            pattern += strspn(pattern, "*");
            star = (Retry){pattern, path};
        } else if (*path == '\0' && *pattern == '\0') {
            return true;
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
            return false;
        }
    }
}

/* Writes out the first braces and goes on with what came of it. */
static bool match_braces(const char *pattern, const char *path, int *budget)
{
    const char *start = strchr(pattern, '{'), *end = start ? strchr(start, '}') : NULL;
    g_autofree char *head = NULL, *body = NULL;
    g_auto(GStrv) choices = NULL;

    if (!end)
        return --*budget >= 0 && match(pattern, path);
    head = g_strndup(pattern, (gsize)(start - pattern));
    body = g_strndup(start + 1, (gsize)(end - start - 1));
    choices = g_strsplit(body, ",", -1);
    for (char **choice = choices; *choice && *budget > 0; choice++) {
        g_autofree char *chosen = g_strconcat(head, *choice, end + 1, NULL);

        if (match_braces(chosen, path, budget))
            return true;
    }
    return false;
}

bool glob_matches(const char *pattern, const char *path, GlobFlags flags)
{
    int budget = CHOICES_MAX;

    return flags & GLOB_BRACES ? match_braces(pattern, path, &budget) : match(pattern, path);
}
