/* URLs of hosts that are no integration: those of backend.reading.allow, and only those. */
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"
#include "net/url_list.h"

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
    if (url_has_dot_segments(url)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Unable to read url, the path of '%s' has '.' or '..' among its segments", url);
        return FALSE;
    }
    /* Only what the configuration names is asked, wherever it stands in the network. */
    if (url_list_allows(config_get(catalog->config, "backend.reading.allow"), url))
        return fetch(url, arena, known_etag, reply, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Unable to read url, Reading from '%s' is not allowed. You may need to configure "
                "an integration for the target host, or add it to the configured list of allowed "
                "hosts at 'backend.reading.allow'",
                url);
    return FALSE;
}
