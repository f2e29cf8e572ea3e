#include "net/url_list.h"

static bool host_matches(const char *pattern, const char *host)
{
    if (g_str_has_prefix(pattern, "*."))
        return g_str_has_suffix(host, pattern + 1);
    return g_ascii_strcasecmp(pattern, host) == 0;
}

static bool path_matches(const Value *paths, const char *path)
{
    for (guint i = 0; i < value_count(paths); i++)
        if (g_str_has_prefix(path, value_string(value_item(paths, i), "")))
            return true;
    return value_count(paths) == 0;
}

bool url_has_dot_segments(const char *url)
{
    g_autofree char *path = NULL;
    g_auto(GStrv) segments = NULL;

    /* g_uri_parse() takes them away. */
    if (!g_uri_split(url, G_URI_FLAGS_PARSE_RELAXED, NULL, NULL, NULL, NULL, &path, NULL, NULL,
                     NULL))
        return false;
    segments = g_strsplit_set(path, "/\\", -1);
    for (guint i = 0; segments[i]; i++)
        if (g_str_equal(segments[i], ".") || g_str_equal(segments[i], ".."))
            return true;
    return false;
}

bool url_list_allows(const Value *list, const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    g_autofree char *host = NULL;

    if (!uri || !g_uri_get_host(uri) || !g_str_has_prefix(g_uri_get_scheme(uri), "http") ||
        url_has_dot_segments(url))
        return false;
    host = g_uri_get_port(uri) > 0
               ? g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri))
               : g_strdup(g_uri_get_host(uri));
    for (guint i = 0; i < value_count(list); i++) {
        const Value *entry = value_item(list, i);

        if (host_matches(value_path_string(entry, "host", ""), host) &&
            path_matches(value_get(entry, "paths"), g_uri_get_path(uri)))
            return true;
    }
    return false;
}
