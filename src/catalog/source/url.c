/* URLs of hosts that are no integration: those of backend.reading.allow, and only those. */
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"

static gboolean host_matches(const char *pattern, const char *host)
{
    if (g_str_has_prefix(pattern, "*."))
        return g_str_has_suffix(host, pattern + 1);
    return g_ascii_strcasecmp(pattern, host) == 0;
}

static gboolean path_matches(const Value *paths, const char *path)
{
    for (guint i = 0; i < value_count(paths); i++)
        if (g_str_has_prefix(path, value_string(value_item(paths, i), "")))
            return TRUE;
    return value_count(paths) == 0;
}

/* A path with "." or ".." among its segments is another one to whom it is sent to, and would lead
 * out of what `paths` lets be read. */
static gboolean has_dot_segments(const char *url)
{
    g_autofree char *path = NULL;
    g_auto(GStrv) segments = NULL;

    /* g_uri_parse() takes them away. */
    if (!g_uri_split(url, G_URI_FLAGS_PARSE_RELAXED, NULL, NULL, NULL, NULL, &path, NULL, NULL,
                     NULL))
        return FALSE;
    segments = g_strsplit_set(path, "/\\", -1);
    for (guint i = 0; segments[i]; i++)
        if (g_str_equal(segments[i], ".") || g_str_equal(segments[i], ".."))
            return TRUE;
    return FALSE;
}

/* Whether backend.reading.allow has the host (with its port, where it has one) and path of url. */
static gboolean may_read_url(const Config *config, const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const Value *allowed = config_get(config, "backend.reading.allow");
    g_autofree char *host = NULL;

    if (!uri || !g_uri_get_host(uri) || !g_str_has_prefix(g_uri_get_scheme(uri), "http"))
        return FALSE;
    host = g_uri_get_port(uri) > 0
               ? g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri))
               : g_strdup(g_uri_get_host(uri));
    for (guint i = 0; i < value_count(allowed); i++) {
        const Value *entry = value_item(allowed, i);

        if (host_matches(value_path_string(entry, "host", ""), host) &&
            path_matches(value_get(entry, "paths"), g_uri_get_path(uri)))
            return TRUE;
    }
    return FALSE;
}

/* What answer says, for one who knew known_etag. */
static gboolean take_answer(const char *url, const HttpReply *answer, Arena *arena,
                            const char *known_etag, SourceReply *reply, GError **error)
{
    if (answer->status == 304 && known_etag) {
        reply->etag = known_etag;
        reply->unchanged = TRUE;
        return TRUE;
    }
    if (answer->status != 200) {
        if (answer->status == 404)
            g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                        "Unable to read url, no matching files found for %s", url);
        else
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unable to read url, %s answered %ld", url,
                        answer->status);
        return FALSE;
    }
    reply->etag = arena_strdup(arena, g_hash_table_lookup(answer->headers, "etag"));
    if (!reply->etag)
        reply->etag = host_content_etag(arena, answer->body, answer->length);
    reply->unchanged = g_strcmp0(reply->etag, known_etag) == 0;
    if (!reply->unchanged)
        reply->bytes = g_bytes_new(answer->body, answer->length);
    return TRUE;
}

static gboolean fetch(const char *url, Arena *arena, const char *known_etag, SourceReply *reply,
                      GError **error)
{
    gboolean is_hosts = known_etag && !g_str_has_prefix(known_etag, "sha1-");
    const char *const headers[] = {
        is_hosts ? arena_printf(arena, "If-None-Match: %s", known_etag) : NULL, NULL};
    HttpRequest request = {.url = url,
                           .headers = headers,
                           .reply_size_max = SOURCE_BYTES_MAX,
                           .allow_private = TRUE,
                           .no_redirects = TRUE};
    g_autoptr(HttpReply) answer = http_send(&request, error);

    return answer && take_answer(url, answer, arena, known_etag, reply, error);
}

gboolean source_url_read(Catalog *catalog, Arena *arena, const char *url, const char *known_etag,
                         SourceReply *reply, GError **error)
{
    if (has_dot_segments(url)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Unable to read url, the path of '%s' has '.' or '..' among its segments", url);
        return FALSE;
    }
    /* Only what the configuration names is asked, wherever it stands in the network. */
    if (may_read_url(catalog->config, url))
        return fetch(url, arena, known_etag, reply, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Unable to read url, Reading from '%s' is not allowed. You may need to configure "
                "an integration for the target host, or add it to the configured list of allowed "
                "hosts at 'backend.reading.allow'",
                url);
    return FALSE;
}
