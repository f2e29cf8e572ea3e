/* Whole folders and single files, for those who copy them. */
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"
#include "catalog/source/internal.h"
#include "spine/folder.h"
#include <string.h>

/* A host is asked for each file by itself. */
enum { HOST_FILES_MAX = 2000 };

/* ---- with the credentials of a person ---- */

static Host *host_with_token(const Host *host, const char *token)
{
    Host *copy = g_new0(Host, 1);

    copy->kind = host->kind;
    copy->host = host->host;
    copy->base = host->base;
    copy->api = host->api;
    copy->raw = host->raw;
    copy->graphql = host->graphql;
    copy->is_configured = host->is_configured;
    copy->authorization = g_strdup_printf("Authorization: Bearer %s", token);
    return copy;
}

static void host_with_token_free(Host *host)
{
    if (!host)
        return;
    g_free(host->authorization);
    g_free(host);
}

/* ---- a host's folder ---- */

static gboolean read_place(Host *host, Arena *arena, const Place *place, SourceReply *reply,
                           GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (host->kind->read(host, arena, place, NULL, reply, &reason))
        return TRUE;
    source_reply_clear(reply);
    g_propagate_prefixed_error(error, g_steal_pointer(&reason), "Unable to read %s: ", place->path);
    return FALSE;
}

/* The way of path below folder ("": all); NULL where it is not below it. */
static const char *below(const char *folder, const char *path)
{
    gsize length = strlen(folder);

    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (length == 0)
        return path;
    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static gboolean copy_file(Host *host, Place *place, const char *destination, const char *name,
                          GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_auto(SourceReply) reply = {0};
    g_autofree char *file = g_build_filename(destination, name, NULL);
    g_autofree char *folder = g_path_get_dirname(file);

    if (!*name || *name == '/' || g_str_has_prefix(name, "../") || strstr(name, "/../")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no path in a repository", name);
        return FALSE;
    }
    if (!read_place(host, arena, place, &reply, error))
        return FALSE;
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", folder);
        return FALSE;
    }
    return g_file_set_contents(file, g_bytes_get_data(reply.bytes, NULL),
                               (gssize)g_bytes_get_size(reply.bytes), error);
}

static gboolean copy_place(Host *host, Arena *arena, const Place *at, const char *destination,
                           GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    guint copied = 0;

    if (!host->kind->list(host, arena, at, paths, error))
        return FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *name = below(at->path, paths->pdata[i]);
        Place place = *at;

        place.path = paths->pdata[i];
        if (!name)
            continue;
        if (copied++ == HOST_FILES_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE, "%s holds more than %d files",
                        *at->path ? at->path : at->name, HOST_FILES_MAX);
            return FALSE;
        }
        if (!copy_file(host, &place, destination, name, error))
            return FALSE;
    }
    if (copied > 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no folder %s in %s/%s", at->path,
                at->owner, at->name);
    return FALSE;
}

gboolean catalog_read_tree_as(Catalog *catalog, const char *url, const char *token,
                              const char *destination, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *real = NULL;
    Source source;
    Where where;

    if (!source_parse(arena, url, &source, error))
        return FALSE;
    if (g_str_equal(source.type, "file")) {
        real = source_confine(catalog, source.target, error);
        return real && folder_copy(real, destination, error);
    }
    if (source_find_place(catalog, arena, source.target, &where) && where.host) {
        Host *own = token ? host_with_token(where.host, token) : NULL;
        gboolean done = copy_place(own ? own : where.host, arena, &where.place, destination, error);

        host_with_token_free(own);
        return done;
    }
    return forge_parse_url(catalog->forge, arena, source.target, &where.forge, error) &&
           forge_export(catalog->forge, where.forge.owner, where.forge.name, where.forge.ref,
                        where.forge.path ? where.forge.path : "", destination, error);
}

gboolean catalog_read_tree(Catalog *catalog, const char *url, const char *destination,
                           GError **error)
{
    return catalog_read_tree_as(catalog, url, NULL, destination, error);
}

char *catalog_local_folder(Catalog *catalog, const char *url)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *real = NULL;
    Source source;

    if (!source_parse(arena, url, &source, NULL) || !g_str_equal(source.type, "file"))
        return NULL;
    real = source_confine(catalog, source.target, NULL);
    return real && g_file_test(real, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&real) : NULL;
}

GBytes *catalog_read_file(Catalog *catalog, const char *url, const char *token, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_auto(SourceReply) reply = {0};
    Source source;
    Where where;

    if (!source_parse(arena, url, &source, error))
        return NULL;
    if (token && g_str_equal(source.type, "url") &&
        source_find_place(catalog, arena, source.target, &where) && where.host) {
        Host *own = host_with_token(where.host, token);
        gboolean done = read_place(own, arena, &where.place, &reply, error);

        host_with_token_free(own);
        return done ? g_steal_pointer(&reply.bytes) : NULL;
    }
    return source_read(catalog, arena, &source, NULL, &reply, error) ? g_steal_pointer(&reply.bytes)
                                                                     : NULL;
}
