/* Which events a workflow listens to: branches, tags, paths, with GitHub's patterns. */
#include "pipelines/workflow.h"

#include <string.h>

/* One element of a pattern, which `?` and `+` repeat: a character, `[…]`. Returns its length, 0 at
 * the end; *matches tells whether it takes c. */
static gsize element(const char *pattern, char c, gboolean *matches)
{
    if (*pattern == '\\' && pattern[1]) {
        *matches = pattern[1] == c;
        return 2;
    }
    const char *end = *pattern == '[' ? strchr(pattern, ']') : NULL;
    if (!end) {
        *matches = *pattern && *pattern == c;
        return *pattern ? 1 : 0;
    }
    *matches = FALSE;
    for (const char *here = pattern + 1; here < end; here++) {
        if (here[1] == '-' && here + 2 < end) {
            *matches |= c >= here[0] && c <= here[2];
            here += 2;
        } else {
            *matches |= c == *here;
        }
    }
    *matches = *matches && c;
    return (gsize)(end - pattern) + 1;
}

static gboolean match(const char *pattern, const char *text, int *budget)
{
    while (*pattern) {
        gboolean matches;
        if (--*budget < 0)
            return FALSE;
        if (*pattern == '*') {
            gboolean deep = pattern[1] == '*';
            pattern += strspn(pattern, "*");
            if (deep && *pattern == '/' && match(pattern + 1, text, budget))
                return TRUE; /* a leading or inner "**" followed by a slash takes no folder at all,
                                too */
            for (;; text++) {
                if (match(pattern, text, budget))
                    return TRUE;
                if (!*text || (!deep && *text == '/'))
                    return FALSE;
            }
        }
        gsize length = element(pattern, *text, &matches);
        char repeat = pattern[length];
        if (repeat == '?' || repeat == '+') {
            if (repeat == '?' && match(pattern + length + 1, text, budget))
                return TRUE;
            if (!matches)
                return FALSE;
            if (repeat == '+' && match(pattern, text + 1, budget))
                return TRUE;
            pattern += length + 1;
            text++;
            continue;
        }
        if (!matches)
            return FALSE;
        pattern += length;
        text++;
    }
    return !*text;
}

gboolean workflow_pattern_matches(const char *pattern, const char *text)
{
    int budget = 200000;
    return match(pattern, text, &budget);
}

/* The last pattern that says something about text wins; `!` takes it out again. */
static gboolean list_matches(const Value *patterns, const char *text)
{
    gboolean is_in = FALSE;
    for (guint i = 0; i < value_count(patterns); i++) {
        const char *pattern = value_string(value_item(patterns, i), "");
        gboolean negated = *pattern == '!';
        if (workflow_pattern_matches(pattern + negated, text))
            is_in = !negated;
    }
    return is_in;
}

static gboolean paths_match(const Value *filter, const Value *changed)
{
    const Value *only = value_get(filter, "paths"), *ignored = value_get(filter, "paths-ignore");
    if (!changed || (!only && !ignored))
        return TRUE;
    for (guint i = 0; i < value_count(changed); i++) {
        const char *path = value_string(value_item(changed, i), "");
        if (only ? list_matches(only, path) : !list_matches(ignored, path))
            return TRUE;
    }
    return FALSE;
}

static gboolean name_matches(const Value *filter, const char *only, const char *ignored,
                             const char *other_only, const char *other_ignored, const char *name)
{
    if (value_get(filter, only))
        return list_matches(value_get(filter, only), name);
    if (value_get(filter, ignored))
        return !list_matches(value_get(filter, ignored), name);
    return !value_get(filter, other_only) && !value_get(filter, other_ignored);
}

gboolean workflow_listens(const Value *workflow, const char *event, const char *ref,
                          const Value *changed_paths)
{
    const Value *filter = value_get(value_get(workflow, "on"), event);
    if (!filter)
        return FALSE;
    if (!g_str_equal(event, "push"))
        return TRUE;
    if (g_str_has_prefix(ref, "refs/heads/"))
        return name_matches(filter, "branches", "branches-ignore", "tags", "tags-ignore",
                            ref + strlen("refs/heads/")) &&
               paths_match(filter, changed_paths);
    if (g_str_has_prefix(ref, "refs/tags/"))
        return name_matches(filter, "tags", "tags-ignore", "branches", "branches-ignore",
                            ref + strlen("refs/tags/"));
    return FALSE;
}

gboolean workflow_filters_paths(const Value *workflow, const char *event)
{
    const Value *filter = value_get(value_get(workflow, "on"), event);
    return value_get(filter, "paths") || value_get(filter, "paths-ignore");
}
