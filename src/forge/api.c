/* The forge's routes: git's own, and "/api/forge/v1". */
#include "forge/forge_internal.h"
#include "spine/access.h"

static Response *list_repositories(Request *request, void *room, GError **error)
{
    Forge *forge = room;
    Arena *arena = request_arena(request);
    Value *items = value_array_new(arena);
    g_autoptr(GPtrArray) all = forge_store_list(db_reader(forge->db), "ready", error);

    if (!all)
        return NULL;
    for (guint i = 0; i < all->len; i++)
        value_append(arena, items, forge_repository_value(forge, arena, all->pdata[i]));
    return response_items(request, items);
}

static Response *get_repository(Request *request, void *room, GError **error)
{
    const Value *found = forge_get(room, request_arena(request), request_param(request, "owner"),
                                   request_param(request, "name"), error);

    return found ? response_json(request, 200, found) : NULL;
}

static Response *list_commits(Request *request, void *room, GError **error)
{
    int64_t limit;
    const Value *items;

    if (!request_query_int(request, "limit", 1, 1000, 30, &limit, error))
        return NULL;
    items = forge_commits_between(room, request_arena(request), request_param(request, "owner"),
                                  request_param(request, "name"), request_query(request, "since"),
                                  request_query(request, "ref"), (guint)limit, error);
    return items ? response_items(request, items) : NULL;
}

static Response *list_tree(Request *request, void *room, GError **error)
{
    const char *recursive = request_query(request, "recursive");
    const Value *items =
        forge_list(room, request_arena(request), request_param(request, "owner"),
                   request_param(request, "name"), request_query(request, "ref"),
                   request_query(request, "path"), g_strcmp0(recursive, "true") == 0, error);

    return items ? response_items(request, items) : NULL;
}

static Response *get_file(Request *request, void *room, GError **error)
{
    const char *path = request_query(request, "path");
    g_autoptr(GBytes) bytes = NULL;
    gsize length;

    if (!path) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the query needs a path");
        return NULL;
    }
    bytes = forge_read_file(room, request_param(request, "owner"), request_param(request, "name"),
                            request_query(request, "ref"), path, error);
    if (!bytes)
        return NULL;
    const char *data = g_bytes_get_data(bytes, &length);
    /* Never as what it claims to be: a pushed HTML file must not run as ours. */
    Response *response =
        response_bytes(200,
                       g_utf8_validate(data, (gssize)length, NULL) ? "text/plain; charset=utf-8"
                                                                   : "application/octet-stream",
                       bytes);

    response_header(response, "X-Content-Type-Options", "nosniff");
    return response_header(response, "Content-Security-Policy", "default-src 'none'; sandbox");
}

static Response *list_branches(Request *request, void *room, GError **error)
{
    const Value *items =
        forge_branches(room, request_arena(request), request_param(request, "owner"),
                       request_param(request, "name"), error);

    return items ? response_items(request, items) : NULL;
}

#define REPOSITORY "/api/forge/v1/repositories/{owner}/{name}"

const Route forge_routes[] = {
    /* Public, since git must be asked for credentials in its own way; the handlers check. */
    {"GET", "/{owner}/{repository}/info/refs", forge_get_info_refs, ROUTE_STREAM,
     PERMISSION_PUBLIC},
    {"POST", "/{owner}/{repository}/git-upload-pack", forge_post_upload_pack, ROUTE_STREAM,
     PERMISSION_PUBLIC},
    {"POST", "/{owner}/{repository}/git-receive-pack", forge_post_receive_pack, ROUTE_STREAM,
     PERMISSION_PUBLIC},
    {"GET", "/api/forge/v1/repositories", list_repositories, ROUTE_WORKER, "forge.repository.read"},
    {"GET", REPOSITORY, get_repository, ROUTE_WORKER, "forge.repository.read"},
    {"POST", REPOSITORY "/archive", forge_post_archive, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", REPOSITORY "/unarchive", forge_post_unarchive, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"GET", REPOSITORY "/commits", list_commits, ROUTE_WORKER, "forge.repository.read"},
    {"GET", REPOSITORY "/tree", list_tree, ROUTE_WORKER, "forge.repository.read"},
    {"GET", REPOSITORY "/file", get_file, ROUTE_WORKER, "forge.repository.read"},
    {"GET", REPOSITORY "/branches", list_branches, ROUTE_WORKER, "forge.repository.read"},
    {0},
};
