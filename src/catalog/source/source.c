#include "catalog/source/source.h"
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"
#include "formats/glob.h"
#include <string.h>

Sources *sources_new(const Config *config)
{
    Sources *sources = g_new0(Sources, 1);

    sources->config = config;
    sources->roots = source_roots_new(config);
    sources->hosts = hosts_new(config);
    return sources;
}

void sources_free(Sources *sources)
{
    if (!sources)
        return;
    g_ptr_array_unref(sources->roots);
    g_ptr_array_unref(sources->hosts);
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

/* ---- places ---- */

gboolean source_find_place(Catalog *catalog, Arena *arena, const char *url, Where *where)
{
    Forge *forge = catalog->forge;

    *where = (Where){0};
    if (forge && forge_parse_url(forge, arena, url, &where->forge, NULL) &&
        forge_kind_of_host(forge, where->forge.host) == FORGE_BUILTIN)
        return TRUE;
    where->forge.owner = NULL;
    where->host = hosts_parse(catalog->sources->hosts, arena, url, &where->place);
    return where->host != NULL;
}

static const char *path_of(const Where *where)
{
    return where->forge.owner ? where->forge.path : where->place.path;
}

/* The URL of another path at the same repository and ref; url is what where was found from. */
static const char *url_of(Arena *arena, const Where *where, const char *url, const char *path)
{
    const ForgeLocation *forge = &where->forge;
    Place place = where->place;
    const char *end;

    if (!forge->owner) {
        place.path = path;
        return where->host->kind->url(arena, &place, PLACE_VIEW);
    }
    end = g_str_has_suffix(url, forge->path) ? url + strlen(url) - strlen(forge->path) : NULL;
    if (!end || end[-1] != '/')
        return NULL;
    return arena_printf(arena, "%.*s%s", (int)(end - url), url, host_escape_path(arena, path));
}

const char *source_repository(Catalog *catalog, Arena *arena, const Source *source)
{
    Where where;

    if (!g_str_equal(source->type, "url") ||
        !source_find_place(catalog, arena, source->target, &where) || !where.forge.owner)
        return NULL;
    return arena_printf(arena, "%s/%s", where.forge.owner, where.forge.name);
}

/* ---- resolving ---- */

/* An organisation is only named by the configuration. */
static gboolean is_type(const char *type, const Source *base)
{
    return g_str_equal(type, "file") || g_str_equal(type, "url") ||
           (g_str_equal(type, "github-org") && g_str_equal(base->type, type));
}

/* target against the folder of path, or from the root where it starts with a slash; NULL where it
 * leaves the repository. */
static const char *resolve_path(Arena *arena, const char *path, const char *target)
{
    const char *folder = *target == '/' ? "" : host_folder(arena, path);
    g_autofree char *joined = g_strconcat(folder, target, NULL);
    g_auto(GStrv) segments = g_strsplit(joined, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();

    for (guint i = 0; segments[i]; i++) {
        if (!*segments[i] || g_str_equal(segments[i], "."))
            continue;
        if (!g_str_equal(segments[i], ".."))
            g_ptr_array_add(kept, segments[i]);
        else if (kept->len > 0)
            g_ptr_array_set_size(kept, (gint)kept->len - 1);
        else
            return NULL;
    }
    return host_join(arena, (char **)kept->pdata, kept->len);
}

/* As Backstage resolves: a slash at the beginning is the root of the repository. *handled tells
 * whether that was for the repository to say. */
static const char *resolve_in_repository(Catalog *catalog, Arena *arena, const char *base,
                                         const char *target, gboolean *handled, GError **error)
{
    gboolean from_root = target[0] == '/' && target[1] != '/';
    gboolean has_query = strchr(base, '?') != NULL;
    const char *path, *url = NULL;
    Where where;

    *handled = (from_root || (has_query && !strstr(target, "://"))) &&
               source_find_place(catalog, arena, base, &where);
    if (!*handled)
        return NULL;
    path = resolve_path(arena, path_of(&where), target);
    url = path ? url_of(arena, &where, base, path) : NULL;
    if (!url)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s leaves the repository of %s", target, base);
    return url;
}

static const char *resolve_url(Catalog *catalog, Arena *arena, const char *base, const char *target,
                               GError **error)
{
    gboolean handled = FALSE;
    const char *url =
        base ? resolve_in_repository(catalog, arena, base, target, &handled, error) : NULL;
    g_autofree char *absolute = NULL;

    if (handled)
        return url;
    absolute = g_uri_resolve_relative(base, target, G_URI_FLAGS_PARSE_RELAXED, error);
    return arena_strdup(arena, absolute);
}

gboolean source_resolve(Catalog *catalog, Arena *arena, const Source *base, const char *type,
                        const char *target, Source *resolved, GError **error)
{
    g_autofree char *absolute = NULL, *folder = NULL;
    const char *found;

    type = type ? type : base->type;
    if (!is_type(type, base) || g_str_has_suffix(target, "/")) {
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
        found = arena_strdup(arena, absolute);
    } else if (g_str_equal(type, "github-org")) {
        found = base->target;
    } else {
        found = resolve_url(catalog, arena, g_str_equal(base->type, "url") ? base->target : NULL,
                            target, error);
    }
    *resolved = (Source){type, found};
    if (found)
        return TRUE;
    g_prefix_error(error, "Location %s:%s: ", type, target);
    return FALSE;
}

gboolean source_crosses_repository(Catalog *catalog, Arena *arena, const Source *base,
                                   const Source *other)
{
    Where here = {0}, there;

    if (!g_str_equal(other->type, "url") ||
        !source_find_place(catalog, arena, other->target, &there))
        return FALSE;
    if (g_str_equal(base->type, "url"))
        source_find_place(catalog, arena, base->target, &here);
    if (here.host != there.host || !here.forge.owner != !there.forge.owner)
        return there.forge.owner || there.host->is_configured;
    if (here.forge.owner)
        return g_ascii_strcasecmp(here.forge.owner, there.forge.owner) != 0 ||
               g_ascii_strcasecmp(here.forge.name, there.forge.name) != 0;
    return g_ascii_strcasecmp(here.place.owner, there.place.owner) != 0 ||
           g_ascii_strcasecmp(here.place.name, there.place.name) != 0;
}

/* ---- wildcards ---- */

static gboolean list_forge(Catalog *catalog, Arena *arena, const ForgeLocation *at,
                           GPtrArray *paths, GError **error)
{
    const Value *entries =
        forge_list(catalog->forge, arena, at->owner, at->name, at->ref, "", TRUE, error);

    for (guint i = 0; i < value_count(entries); i++) {
        const Value *entry = value_item(entries, i);

        if (g_str_equal(value_path_string(entry, "type", ""), "file"))
            g_ptr_array_add(paths, (gpointer)value_path_string(entry, "path", ""));
    }
    return entries != NULL;
}

static gboolean expand_url(Catalog *catalog, Arena *arena, const char *url, GPtrArray *matches,
                           GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    Where where;

    if (!source_find_place(catalog, arena, url, &where)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "%s: wildcards work in the forge and on the hosts of integrations", url);
        return FALSE;
    }
    if (where.forge.owner ? !list_forge(catalog, arena, &where.forge, paths, error)
                          : !where.host->kind->list(where.host, arena, &where.place, paths, error))
        return FALSE;
    for (guint i = 0; i < paths->len; i++) {
        Source *source;
        const char *found;

        if (!glob_matches(path_of(&where), paths->pdata[i], GLOB_PLAIN))
            continue;
        found = url_of(arena, &where, url, paths->pdata[i]);
        if (!found || matches->len >= SOURCE_MATCHES_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "%s: wildcards must not be escaped, and "
                        "match at most %d files",
                        url, SOURCE_MATCHES_MAX);
            return FALSE;
        }
        source = arena_new0(arena, Source, 1);
        *source = (Source){"url", found};
        g_ptr_array_add(matches, source);
    }
    return TRUE;
}

static int compare_sources(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Source *const *)a)->target, (*(const Source *const *)b)->target);
}

GPtrArray *source_expand(Catalog *catalog, Arena *arena, const Source *source, GError **error)
{
    g_autoptr(GPtrArray) matches = g_ptr_array_new();
    gboolean is_file = g_str_equal(source->type, "file");

    /* A question mark begins the query of a URL. */
    if (is_file ? !glob_has_magic(source->target) : !strpbrk(source->target, "*[")) {
        g_ptr_array_add(matches, (gpointer)source);
    } else if (is_file ? !source_file_expand(arena, source->target, matches, error)
                       : !expand_url(catalog, arena, source->target, matches, error)) {
        return NULL;
    }
    g_ptr_array_sort(matches, compare_sources);
    return g_steal_pointer(&matches);
}

/* ---- links ---- */

/* What configuration maps to the built-in forge is browsed there. */
static void link_forge(Catalog *catalog, Arena *arena, const ForgeLocation *at, SourceLinks *links)
{
    const Value *repository = forge_get(catalog->forge, arena, at->owner, at->name, NULL);
    const char *home = value_path_string(repository, "htmlUrl", NULL);

    if (!home || !at->ref || !*at->path)
        return;
    links->view = arena_printf(arena, "%s/blob/%s/%s", home, at->ref, at->path);
    links->folder =
        arena_printf(arena, "%s/tree/%s/%s", home, at->ref, host_folder(arena, at->path));
}

void source_links(Catalog *catalog, Arena *arena, const Source *source, SourceLinks *links)
{
    Where where;

    *links = (SourceLinks){0};
    if (!g_str_equal(source->type, "url"))
        return;
    links->view = source->target;
    if (!source_find_place(catalog, arena, source->target, &where))
        return;
    if (where.forge.owner) {
        link_forge(catalog, arena, &where.forge, links);
    } else if (*where.place.path) {
        if (!host_is_commit(where.place.ref))
            links->edit = where.host->kind->url(arena, &where.place, PLACE_EDIT);
        links->folder = where.host->kind->url(arena, &where.place, PLACE_FOLDER);
    }
}

/* ---- reading ---- */

static gboolean read_forge(Catalog *catalog, Arena *arena, const ForgeLocation *at,
                           const char *known_etag, SourceReply *reply, GError **error)
{
    ForgeVersion version;

    if (!forge_read_version(catalog->forge, at->owner, at->name, at->ref, at->path, known_etag,
                            &version, &reply->bytes, error))
        return FALSE;
    reply->etag = arena_strdup(arena, version.blob);
    reply->revision = arena_strdup(arena, version.commit);
    reply->unchanged = !reply->bytes;
    return TRUE;
}

static gboolean read_host(const Where *where, Arena *arena, const char *url, const char *known_etag,
                          SourceReply *reply, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (where->host->kind->read(where->host, arena, &where->place, known_etag, reply, &reason))
        return TRUE;
    source_reply_clear(reply);
    reply->retry_at_ms = host_open_at(where->host);
    if (g_error_matches(reason, PAVE_ERROR, ERROR_NOT_FOUND))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                    "Unable to read url, no matching files found for %s", url);
    else
        g_set_error(error, PAVE_ERROR, reason->code, "Unable to read url, %s: %s", url,
                    reason->message);
    return FALSE;
}

gboolean source_read(Catalog *catalog, Arena *arena, const Source *source, const char *known_etag,
                     SourceReply *reply, GError **error)
{
    Where where;

    if (g_str_equal(source->type, "file"))
        return source_file_read(catalog, arena, source->target, known_etag, reply, error);
    if (g_str_equal(source->type, "github-org"))
        return source_org_read(catalog, arena, source->target, known_etag, reply, error);
    if (!source_find_place(catalog, arena, source->target, &where))
        return source_url_read(catalog, arena, source->target, known_etag, reply, error);
    if (where.forge.owner)
        return read_forge(catalog, arena, &where.forge, known_etag, reply, error);
    return read_host(&where, arena, source->target, known_etag, reply, error);
}
