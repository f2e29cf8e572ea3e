/* Where descriptors are read: files below the configured locations, the forge, allowed hosts. */
#include "catalog/catalog_internal.h"
#include "formats/glob.h"
#include "net/http_client.h"
#include "spine/folder.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOURCE_BYTES_MAX ((gsize)32 << 20)
#define MATCHES_MAX 10000
#define FOLDER_DEPTH_MAX 32

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

/* ---- files ---- */

static gboolean lies_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    return g_str_has_prefix(path, folder) && (path[length] == '/' || path[length] == '\0');
}

/* The folder of a configured target, up to its first wildcard. */
static char *folder_of_target(const char *target)
{
    g_autofree char *fixed = g_strndup(target, strcspn(target, "*?["));

    return g_path_get_dirname(fixed);
}

/* What the configuration names itself is trusted; everything else must lie beside it. */
static gboolean is_configured(const Config *config, const char *path, const char *real)
{
    const Value *locations = config_get(config, "catalog.locations");

    for (guint i = 0; i < value_count(locations); i++) {
        const Value *location = value_item(locations, i);
        const char *target = value_path_string(location, "target", "");
        g_autofree char *folder = folder_of_target(target);
        g_autofree char *real_folder = realpath(folder, NULL);

        if (!g_str_equal(value_path_string(location, "type", ""), "file"))
            continue;
        if (g_str_equal(target, path) || (real_folder && lies_below(real, real_folder)))
            return TRUE;
    }
    return FALSE;
}

/* The real path of a file or folder that the configured locations let be read. */
static char *source_confine(Catalog *catalog, const char *path, GError **error)
{
    char *real = realpath(path, NULL);

    if (!real) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "file %s does not exist", path);
        return NULL;
    }
    if (is_configured(catalog->config, path, real))
        return real;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                "file %s lies outside of the folders of the configured locations", path);
    free(real);
    return NULL;
}

static GBytes *read_file(Catalog *catalog, const char *path, GError **error)
{
    g_autofree char *real = source_confine(catalog, path, error);
    g_autoptr(GError) reason = NULL;
    struct stat status;
    char *bytes;
    gsize length;

    if (!real)
        return NULL;
    if (stat(real, &status) != 0 || !S_ISREG(status.st_mode) ||
        (gsize)status.st_size > SOURCE_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s is no file, or larger than 32 MiB", path);
        return NULL;
    }
    if (!g_file_get_contents(real, &bytes, &length, &reason)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s", reason->message);
        return NULL;
    }
    return g_bytes_new_take(bytes, length);
}

typedef struct {
    Arena *arena;
    const char *pattern;
    GPtrArray *matches; /* Source * */
    guint seen;
} Walk;

static void walk_folder(Walk *walk, const char *folder, int depth)
{
    g_autoptr(GDir) dir = depth < FOLDER_DEPTH_MAX ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) && walk->seen++ < MATCHES_MAX * 10) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat status;

        if (lstat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            walk_folder(walk, path, depth + 1);
        } else if (glob_matches(walk->pattern, path, GLOB_PLAIN) &&
                   walk->matches->len < MATCHES_MAX) {
            Source *source = arena_new0(walk->arena, Source, 1);

            *source = (Source){"file", arena_strdup(walk->arena, path)};
            g_ptr_array_add(walk->matches, source);
        }
    }
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
    for (guint i = 0; i < value_count(entries) && matches->len < MATCHES_MAX; i++) {
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
        g_autofree char *folder = folder_of_target(source->target);
        Walk walk = {arena, source->target, matches, 0};

        walk_folder(&walk, folder, 0);
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

static GBytes *fetch(const HttpRequest *request, GError **error)
{
    g_autoptr(HttpReply) reply = http_send(request, error);

    if (!reply)
        return NULL;
    if (reply->status == 404) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Unable to read url, no match found for %s",
                    request->url);
        return NULL;
    }
    if (reply->status != 200) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unable to read url, %s answered %ld",
                    request->url, reply->status);
        return NULL;
    }
    return g_bytes_new(reply->body, reply->length);
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
static GBytes *read_github(Catalog *catalog, Arena *arena, const ForgeLocation *location,
                           GError **error)
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

    return fetch(&request, error);
}

static GBytes *read_url(Catalog *catalog, const char *url, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    HttpRequest request = {.url = url,
                           .reply_size_max = SOURCE_BYTES_MAX,
                           .allow_private = TRUE,
                           .no_redirects = TRUE};
    ForgeLocation location;

    if (forge_location(catalog, arena, url, &location)) {
        if (forge_kind_of_host(catalog->forge, location.host) == FORGE_GITHUB)
            return read_github(catalog, arena, &location, error);
        return forge_read_file(catalog->forge, location.owner, location.name, location.ref,
                               location.path, error);
    }
    /* Only what the configuration names is asked, wherever it stands in the network. */
    if (may_read_url(catalog->config, url))
        return fetch(&request, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Unable to read url, Reading from '%s' is not allowed. You may need to configure "
                "an integration for the target host, or add it to the configured list of allowed "
                "hosts at 'backend.reading.allow'",
                url);
    return NULL;
}

GBytes *source_read(Catalog *catalog, const Source *source, GError **error)
{
    if (g_str_equal(source->type, "file"))
        return read_file(catalog, source->target, error);
    return read_url(catalog, source->target, error);
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
