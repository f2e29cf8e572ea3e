#include "catalog/source.h"
#include "catalog/catalog_internal.h"
#include "catalog/source_internal.h"
#include "formats/glob.h"
#include "spine/folder.h"
#include <string.h>

Sources *sources_new(const Config *config)
{
    Sources *sources = g_new0(Sources, 1);

    sources->config = config;
    sources->roots = source_roots_new(config);
    return sources;
}

void sources_free(Sources *sources)
{
    if (!sources)
        return;
    g_ptr_array_unref(sources->roots);
    g_free(sources);
}

void source_reply_clear(SourceReply *reply)
{
    g_clear_pointer(&reply->bytes, g_bytes_unref);
}

const char *source_format(Arena *arena, const Source *source)
{
    return arena_printf(arena, "%s:%s", source->type, source->target);
}

gboolean source_parse(Arena *arena, const char *text, Source *source, GError **error)
{
    const char *colon = strchr(text, ':');

    if (g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://")) {
        *source = (Source){"url", arena_strdup(arena, text)};
        return TRUE;
    }
    if (!colon || colon == text || colon[1] == '\0') {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Unable to parse location ref '%s', expected '<type>:<target>', e.g. "
                    "'url:https://host/path'",
                    text);
        return FALSE;
    }
    *source = (Source){g_strstrip(arena_strndup(arena, text, (gsize)(colon - text))),
                       g_strstrip(arena_strdup(arena, colon + 1))};
    return TRUE;
}

static gboolean is_type(const char *type)
{
    return g_str_equal(type, "file") || g_str_equal(type, "url");
}

gboolean source_resolve(Arena *arena, const Source *base, const char *type, const char *target,
                        Source *resolved, GError **error)
{
    g_autofree char *absolute = NULL, *folder = NULL;

    type = type ? type : base->type;
    if (!is_type(type) || g_str_has_suffix(target, "/")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Location %s:%s names no file", type, target);
        return FALSE;
    }
    if (g_str_equal(type, "file") && !g_str_equal(base->type, "file")) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "Location %s:%s is not allowed: only a file may name files", type, target);
        return FALSE;
    }
    if (g_str_equal(type, "file")) {
        folder = g_path_get_dirname(base->target);
        absolute = g_canonicalize_filename(target, folder);
    } else {
        absolute = g_uri_resolve_relative(g_str_equal(base->type, "url") ? base->target : NULL,
                                          target, G_URI_FLAGS_PARSE_RELAXED, error);
    }
    *resolved = (Source){type, arena_strdup(arena, absolute)};
    if (absolute)
        return TRUE;
    g_prefix_error(error, "Location %s:%s: ", type, target);
    return FALSE;
}

/* ---- the forge ---- */

static gboolean forge_location(Catalog *catalog, Arena *arena, const char *url,
                               ForgeLocation *location)
{
    return catalog->forge && forge_parse_url(catalog->forge, arena, url, location, NULL);
}

const char *source_repository(Catalog *catalog, Arena *arena, const Source *source)
{
    ForgeLocation location;

    if (!g_str_equal(source->type, "url") ||
        !forge_location(catalog, arena, source->target, &location))
        return NULL;
    return arena_printf(arena, "%s/%s", location.owner, location.name);
}

static gboolean expand_url(Catalog *catalog, Arena *arena, const char *url, GPtrArray *matches,
                           GError **error)
{
    ForgeLocation location;
    const Value *entries;
    gsize prefix;

    if (!forge_parse_url(catalog->forge, arena, url, &location, error))
        return FALSE;
    if (!g_str_has_suffix(url, location.path)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: wildcards must not be escaped", url);
        return FALSE;
    }
    prefix = strlen(url) - strlen(location.path);
    entries = forge_list(catalog->forge, arena, location.owner, location.name, location.ref, "",
                         TRUE, error);
    for (guint i = 0; i < value_count(entries) && matches->len < SOURCE_MATCHES_MAX; i++) {
        const char *path = value_path_string(value_item(entries, i), "path", "");
        Source *source;

        if (!g_str_equal(value_path_string(value_item(entries, i), "type", ""), "file") ||
            !glob_matches(location.path, path, GLOB_PLAIN))
            continue;
        source = arena_new0(arena, Source, 1);
        *source = (Source){"url", arena_printf(arena, "%.*s%s", (int)prefix, url, path)};
        g_ptr_array_add(matches, source);
    }
    return entries != NULL;
}

static int compare_sources(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Source *const *)a)->target, (*(const Source *const *)b)->target);
}

GPtrArray *source_expand(Catalog *catalog, Arena *arena, const Source *source, GError **error)
{
    g_autoptr(GPtrArray) matches = g_ptr_array_new();

    if (!glob_has_magic(source->target)) {
        g_ptr_array_add(matches, (gpointer)source);
    } else if (g_str_equal(source->type, "file")) {
        if (!source_file_expand(arena, source->target, matches, error))
            return NULL;
    } else if (!expand_url(catalog, arena, source->target, matches, error)) {
        return NULL;
    }
    g_ptr_array_sort(matches, compare_sources);
    return g_steal_pointer(&matches);
}

/* ---- URLs ---- */

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

/* Sends request, asking for the body only where it is not what known_etag stands for. */
static gboolean fetch(const HttpRequest *request, Arena *arena, const char *known_etag,
                      SourceReply *reply, GError **error)
{
    g_autoptr(GPtrArray) headers = g_ptr_array_new();
    HttpRequest conditional = *request;
    g_autoptr(HttpReply) answer = NULL;

    for (guint i = 0; request->headers && request->headers[i]; i++)
        g_ptr_array_add(headers, (gpointer)request->headers[i]);
    if (known_etag)
        g_ptr_array_add(headers, arena_printf(arena, "If-None-Match: %s", known_etag));
    g_ptr_array_add(headers, NULL);
    conditional.headers = (const char *const *)headers->pdata;
    answer = http_send(&conditional, error);
    if (!answer)
        return FALSE;
    reply->etag = arena_strdup(arena, g_hash_table_lookup(answer->headers, "etag"));
    reply->unchanged = known_etag && answer->status == 304;
    if (reply->unchanged)
        reply->etag = known_etag;
    else if (answer->status == 200)
        reply->bytes = g_bytes_new(answer->body, answer->length);
    else if (answer->status == 404)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Unable to read url, no matching files found for %s",
                    request->url);
    else
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unable to read url, %s answered %ld",
                    request->url, answer->status);
    return reply->unchanged || reply->bytes;
}

static const Value *github_integration(const Config *config, const char *host)
{
    const Value *integrations = config_get(config, "integrations.github");

    for (guint i = 0; i < value_count(integrations); i++)
        if (g_str_equal(value_path_string(value_item(integrations, i), "host", ""), host))
            return value_item(integrations, i);
    return NULL;
}

/* A file of GitHub itself, by its REST API. */
static gboolean read_github(Catalog *catalog, Arena *arena, const ForgeLocation *location,
                            const char *known_etag, SourceReply *reply, GError **error)
{
    const Value *integration = github_integration(catalog->config, location->host);
    const char *token = value_path_string(integration, "token", NULL);
    g_autofree char *path = g_uri_escape_string(location->path, "/", FALSE);
    g_autofree char *ref = g_uri_escape_string(location->ref ? location->ref : "HEAD", NULL, FALSE);
    const char *headers[] = {"Accept: application/vnd.github.raw",
                             token ? arena_printf(arena, "Authorization: Bearer %s", token) : NULL,
                             NULL};
    HttpRequest request = {
        .url = arena_printf(arena, "%s/repos/%s/%s/contents/%s?ref=%s",
                            value_path_string(integration, "apiBaseUrl", "https://api.github.com"),
                            location->owner, location->name, path, ref),
        .headers = headers,
        .reply_size_max = SOURCE_BYTES_MAX,
        .allow_private = TRUE};

    return fetch(&request, arena, known_etag, reply, error);
}

static gboolean read_forge(Catalog *catalog, Arena *arena, const ForgeLocation *location,
                           const char *known_etag, SourceReply *reply, GError **error)
{
    ForgeVersion version;

    if (!forge_read_version(catalog->forge, location->owner, location->name, location->ref,
                            location->path, known_etag, &version, &reply->bytes, error))
        return FALSE;
    reply->etag = arena_strdup(arena, version.blob);
    reply->revision = arena_strdup(arena, version.commit);
    reply->unchanged = !reply->bytes;
    return TRUE;
}

static gboolean read_url(Catalog *catalog, Arena *arena, const char *url, const char *known_etag,
                         SourceReply *reply, GError **error)
{
    HttpRequest request = {.url = url,
                           .reply_size_max = SOURCE_BYTES_MAX,
                           .allow_private = TRUE,
                           .no_redirects = TRUE};
    ForgeLocation location;

    if (forge_location(catalog, arena, url, &location)) {
        if (forge_kind_of_host(catalog->forge, location.host) == FORGE_GITHUB)
            return read_github(catalog, arena, &location, known_etag, reply, error);
        return read_forge(catalog, arena, &location, known_etag, reply, error);
    }
    /* Only what the configuration names is asked, wherever it stands in the network. */
    if (may_read_url(catalog->config, url))
        return fetch(&request, arena, known_etag, reply, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Unable to read url, Reading from '%s' is not allowed. You may need to configure "
                "an integration for the target host, or add it to the configured list of allowed "
                "hosts at 'backend.reading.allow'",
                url);
    return FALSE;
}

gboolean source_read(Catalog *catalog, Arena *arena, const Source *source, const char *known_etag,
                     SourceReply *reply, GError **error)
{
    if (g_str_equal(source->type, "file"))
        return source_file_read(catalog, arena, source->target, known_etag, reply, error);
    return read_url(catalog, arena, source->target, known_etag, reply, error);
}

gboolean catalog_read_tree(Catalog *catalog, const char *url, const char *destination,
                           GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *real = NULL;
    ForgeLocation location;
    Source source;

    if (!source_parse(arena, url, &source, error))
        return FALSE;
    if (g_str_equal(source.type, "file")) {
        real = source_confine(catalog, source.target, error);
        return real && folder_copy(real, destination, error);
    }
    return forge_parse_url(catalog->forge, arena, source.target, &location, error) &&
           forge_export(catalog->forge, location.owner, location.name, location.ref,
                        location.path ? location.path : "", destination, error);
}
