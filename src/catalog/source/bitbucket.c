/* Bitbucket: the Cloud (bitbucket.org, version 2.0 of its API) and the Server, which is another
 * program with another API. */
#include "catalog/source/host.h"
#include <string.h>

#define SERVER_API "/rest/api/1.0"

/* ---- the Cloud ---- */

static void configure_cloud(Host *host, const Value *entry)
{
    const char *user = value_path_string(entry, "username", "");
    const char *token = value_path_string(entry, "token", "");
    const char *password = value_path_string(entry, "appPassword", token);

    if (!host->api)
        host->api = g_strdup("https://api.bitbucket.org/2.0");
    if (*user && *password)
        host->authorization = host_basic(user, password);
    else if (*token)
        host->authorization = g_strdup_printf("Authorization: Bearer %s", token);
}

/* workspace/name[/(src|raw)/ref[/path]] */
static gboolean parse_cloud(Arena *arena, char **segments, GUri *uri, Place *place)
{
    guint count = g_strv_length(segments);

    if (count < 2)
        return FALSE;
    place->owner = arena_strdup(arena, segments[0]);
    place->name = arena_strdup(arena, segments[1]);
    if (count == 2)
        return TRUE;
    if (count < 4 || (!g_str_equal(segments[2], "src") && !g_str_equal(segments[2], "raw")))
        return FALSE;
    place->ref = arena_strdup(arena, segments[3]);
    place->path = host_join(arena, segments + 4, count);
    return TRUE;
}

static const char *url_cloud(Arena *arena, const Place *place, PlaceUrl wanted)
{
    const char *ref = place->ref ? place->ref : "HEAD";
    const char *path = wanted == PLACE_FOLDER ? host_folder(arena, place->path) : place->path;

    return arena_printf(arena, "%s/%s/%s/src/%s/%s%s%s", place->base, place->owner, place->name,
                        host_escape(arena, ref), host_escape_path(arena, path),
                        wanted == PLACE_EDIT ? "?mode=edit&at=" : "",
                        wanted == PLACE_EDIT ? host_escape(arena, ref) : "");
}

static const char *source_url_cloud(const Host *host, Arena *arena, const Place *place)
{
    return arena_printf(arena, "%s/repositories/%s/%s/src/%s/", host->api,
                        host_escape(arena, place->owner), host_escape(arena, place->name),
                        host_escape(arena, place->ref ? place->ref : "HEAD"));
}

static gboolean read_cloud(Host *host, Arena *arena, const Place *place, const char *known_etag,
                           SourceReply *reply, GError **error)
{
    HostCall call = {.url = arena_printf(arena, "%s%s", source_url_cloud(host, arena, place),
                                         host_escape_path(arena, place->path)),
                     .known_etag = known_etag};

    return host_call_file(host, arena, &call, reply, error);
}

static gboolean list_cloud(Host *host, Arena *arena, const Place *place, GPtrArray *paths,
                           GError **error)
{
    gboolean more = TRUE;

    for (guint page = 1; more; page++) {
        g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
        HostCall call = {.url = arena_printf(scratch, "%s?max_depth=32&pagelen=100&page=%u",
                                             source_url_cloud(host, scratch, place), page)};
        const Value *reply, *values;

        if (!host_check_page(host, page, error))
            return FALSE;
        reply = host_call_json(host, scratch, &call, NULL, error);
        if (!reply)
            return FALSE;
        values = value_get(reply, "values");
        for (guint i = 0; i < value_count(values); i++) {
            const Value *item = value_item(values, i);

            if (g_str_equal(value_path_string(item, "type", ""), "commit_file"))
                g_ptr_array_add(paths, arena_strdup(arena, value_path_string(item, "path", "")));
        }
        more = value_path_string(reply, "next", NULL) != NULL;
    }
    return TRUE;
}

static void add_cloud(Arena *arena, const Value *value, const char *workspace, GPtrArray *found)
{
    HostRepository *repository = arena_new0(arena, HostRepository, 1);
    gboolean is_private = value_bool(value_get(value, "is_private"), false);

    *repository = (HostRepository){
        .owner = arena_strdup(arena, workspace),
        .name = arena_strdup(arena, value_path_string(value, "slug", "")),
        .branch = arena_strdup(arena, value_path_string(value, "mainbranch.name", NULL)),
        .visibility = is_private ? "private" : "public",
        .project = arena_strdup(arena, value_path_string(value, "project.key", NULL)),
        .topics = host_texts(arena, NULL),
        .is_fork = value_is(value_get(value, "parent"), VALUE_OBJECT),
        .is_empty = value_path_string(value, "mainbranch.name", NULL) == NULL};
    g_ptr_array_add(found, repository);
}

static gboolean repositories_cloud(Host *host, Arena *arena, const HostScope *scope,
                                   GPtrArray *found, GError **error)
{
    gboolean more = TRUE;

    for (guint page = 1; more; page++) {
        g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
        HostCall call = {.url = arena_printf(scratch, "%s/repositories/%s?pagelen=100&page=%u",
                                             host->api, host_escape(scratch, scope->owner), page)};
        const Value *reply, *values;

        if (!host_check_page(host, page, error))
            return FALSE;
        reply = host_call_json(host, scratch, &call, NULL, error);
        if (!reply)
            return FALSE;
        values = value_get(reply, "values");
        for (guint i = 0; i < value_count(values); i++)
            add_cloud(arena, value_item(values, i), scope->owner, found);
        more = value_path_string(reply, "next", NULL) != NULL;
    }
    return TRUE;
}

const HostKind host_bitbucket_cloud = {"bitbucketCloud", "Bitbucket Cloud", "bitbucket.org",
                                       configure_cloud,  parse_cloud,       read_cloud,
                                       list_cloud,       url_cloud,         repositories_cloud};

/* ---- the Server ---- */

static void configure_server(Host *host, const Value *entry)
{
    const char *token = value_path_string(entry, "token", "");
    const char *user = value_path_string(entry, "username", "");
    const char *password = value_path_string(entry, "password", "");

    if (!host->api)
        host->api = g_strdup_printf("https://%s" SERVER_API, host->host);
    if (!host->base && g_str_has_suffix(host->api, SERVER_API))
        host->base = g_strndup(host->api, strlen(host->api) - strlen(SERVER_API));
    if (*token)
        host->authorization = g_strdup_printf("Authorization: Bearer %s", token);
    else if (*user && *password)
        host->authorization = host_basic(user, password);
}

/* The branch of "?at=refs/heads/x"; NULL. */
static const char *ref_of(Arena *arena, GUri *uri)
{
    const char *query = g_uri_get_query(uri);
    g_autoptr(GHashTable) parameters =
        query ? g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, NULL) : NULL;

    return parameters ? arena_strdup(arena, g_hash_table_lookup(parameters, "at")) : NULL;
}

/* (projects|users)/key/repos/name[/(browse|raw)[/path]][?at=ref] */
static gboolean parse_server(Arena *arena, char **segments, GUri *uri, Place *place)
{
    guint count = g_strv_length(segments);

    if (count < 4 || !g_str_equal(segments[2], "repos") ||
        (!g_str_equal(segments[0], "projects") && !g_str_equal(segments[0], "users")))
        return FALSE;
    place->owner_kind = arena_strdup(arena, segments[0]);
    place->owner = arena_strdup(arena, segments[1]);
    place->name = arena_strdup(arena, segments[3]);
    place->ref = ref_of(arena, uri);
    if (count == 4)
        return TRUE;
    if (!g_str_equal(segments[4], "browse") && !g_str_equal(segments[4], "raw"))
        return FALSE;
    place->path = host_join(arena, segments + 5, count);
    return TRUE;
}

static const char *at_of(Arena *arena, const Place *place, const char *mark)
{
    return place->ref ? arena_printf(arena, "%sat=%s", mark, host_escape(arena, place->ref)) : "";
}

/* It has no link to its editor. */
static const char *url_server(Arena *arena, const Place *place, PlaceUrl wanted)
{
    const char *path = wanted == PLACE_FOLDER ? host_folder(arena, place->path) : place->path;

    return arena_printf(arena, "%s/%s/%s/repos/%s/browse/%s%s", place->base,
                        place->owner_kind ? place->owner_kind : "projects", place->owner,
                        place->name, host_escape_path(arena, path), at_of(arena, place, "?"));
}

static const char *repository_url(const Host *host, Arena *arena, const Place *place)
{
    gboolean is_person = g_strcmp0(place->owner_kind, "users") == 0;

    return arena_printf(arena, "%s/projects/%s%s/repos/%s", host->api, is_person ? "~" : "",
                        host_escape(arena, place->owner), host_escape(arena, place->name));
}

static gboolean read_server(Host *host, Arena *arena, const Place *place, const char *known_etag,
                            SourceReply *reply, GError **error)
{
    HostCall call = {.url = arena_printf(arena, "%s/raw/%s%s", repository_url(host, arena, place),
                                         host_escape_path(arena, place->path),
                                         at_of(arena, place, "?")),
                     .known_etag = known_etag};

    return host_call_file(host, arena, &call, reply, error);
}

/* The values of every page of a list; visit copies what it needs out of scratch. */
typedef struct {
    Host *host;
    Arena *arena;
    const char *url; /* up to its query, with a "?" or "&" at its end */
    void (*visit)(Arena *arena, const Value *value, void *data);
    void *data;
} ServerList;

static gboolean read_server_list(const ServerList *list, GError **error)
{
    int64_t start = 0;

    for (guint page = 1; start >= 0; page++) {
        g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
        HostCall call = {
            .url = arena_printf(scratch, "%slimit=500&start=%lld", list->url, (long long)start)};
        const Value *reply, *values;

        if (!host_check_page(list->host, page, error))
            return FALSE;
        reply = host_call_json(list->host, scratch, &call, NULL, error);
        if (!reply)
            return FALSE;
        values = value_get(reply, "values");
        for (guint i = 0; i < value_count(values); i++)
            list->visit(list->arena, value_item(values, i), list->data);
        start = value_bool(value_get(reply, "isLastPage"), true)
                    ? -1
                    : value_int(value_get(reply, "nextPageStart"), -1);
    }
    return TRUE;
}

static void visit_path(Arena *arena, const Value *value, void *paths)
{
    g_ptr_array_add(paths, arena_strdup(arena, value_string(value, "")));
}

static gboolean list_server(Host *host, Arena *arena, const Place *place, GPtrArray *paths,
                            GError **error)
{
    const char *at = at_of(arena, place, "");
    ServerList list = {host, arena,
                       arena_printf(arena, "%s/files?%s%s", repository_url(host, arena, place), at,
                                    *at ? "&" : ""),
                       visit_path, paths};

    return read_server_list(&list, error);
}

static void visit_project(Arena *arena, const Value *value, void *keys)
{
    g_ptr_array_add(keys, arena_strdup(arena, value_path_string(value, "key", "")));
}

static void visit_repository(Arena *arena, const Value *value, void *found)
{
    HostRepository *repository = arena_new0(arena, HostRepository, 1);
    gboolean is_public = value_bool(value_get(value, "public"), false);

    *repository = (HostRepository){
        .owner = arena_strdup(arena, value_path_string(value, "project.key", "")),
        .name = arena_strdup(arena, value_path_string(value, "slug", "")),
        .visibility = is_public ? "public" : "private",
        .project = arena_strdup(arena, value_path_string(value, "project.key", NULL)),
        .topics = host_texts(arena, NULL),
        .is_fork = value_is(value_get(value, "origin"), VALUE_OBJECT),
        .is_archived = value_bool(value_get(value, "archived"), false)};
    g_ptr_array_add(found, repository);
}

static gboolean repositories_server(Host *host, Arena *arena, const HostScope *scope,
                                    GPtrArray *found, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    ServerList projects = {host, arena, arena_printf(arena, "%s/projects?", host->api),
                           visit_project, keys};

    if (!read_server_list(&projects, error))
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        ServerList list = {host, arena,
                           arena_printf(arena, "%s/projects/%s/repos?", host->api,
                                        host_escape(arena, keys->pdata[i])),
                           visit_repository, found};

        if (!read_server_list(&list, error))
            return FALSE;
    }
    return TRUE;
}

const HostKind host_bitbucket_server = {"bitbucketServer", "Bitbucket Server", NULL,
                                        configure_server,  parse_server,       read_server,
                                        list_server,       url_server,         repositories_server};
