/* Gitea, and Forgejo, which speaks its API. */
#include "catalog/source/host.h"
#include <string.h>

static void configure(Host *host, const Value *entry)
{
    const char *user = value_path_string(entry, "username", "");
    const char *password = value_path_string(entry, "password", "");

    if (!host->api)
        host->api = host->base ? g_strdup_printf("%s/api/v1", host->base)
                               : g_strdup_printf("https://%s/api/v1", host->host);
    if (*user && *password)
        host->authorization = host_basic(user, password);
    else if (*password)
        host->authorization = g_strdup_printf("Authorization: token %s", password);
}

/* owner/name[/(src|raw|media)/[(branch|tag|commit)/]ref[/path]], owner/name/_edit/ref/path */
static gboolean parse(Arena *arena, char **segments, GUri *uri, Place *place)
{
    static const char *const words[] = {"src", "raw", "media", "_edit", NULL};
    static const char *const ref_kinds[] = {"branch", "tag", "commit", NULL};
    guint count = g_strv_length(segments), at = 3;

    if (count < 2)
        return FALSE;
    place->owner = arena_strdup(arena, segments[0]);
    place->name = arena_strdup(arena, segments[1]);
    place->ref_kind = "branch";
    if (count == 2)
        return TRUE;
    if (!g_strv_contains(words, segments[2]))
        return FALSE;
    if (count > 4 && !g_str_equal(segments[2], "_edit") && g_strv_contains(ref_kinds, segments[3]))
        place->ref_kind = arena_strdup(arena, segments[at++]);
    if (count <= at)
        return FALSE;
    place->ref = arena_strdup(arena, segments[at]);
    place->path = host_join(arena, segments + at + 1, count);
    return TRUE;
}

static const char *url(Arena *arena, const Place *place, PlaceUrl wanted)
{
    const char *ref = host_escape_path(arena, place->ref ? place->ref : "HEAD");
    const char *path = wanted == PLACE_FOLDER ? host_folder(arena, place->path) : place->path;
    const char *way =
        wanted == PLACE_EDIT
            ? "_edit"
            : arena_printf(arena, "src/%s", place->ref_kind ? place->ref_kind : "branch");

    return arena_printf(arena, "%s/%s/%s/%s/%s/%s", place->base, place->owner, place->name, way,
                        ref, host_escape_path(arena, path));
}

static const char *repository_url(const Host *host, Arena *arena, const Place *place)
{
    return arena_printf(arena, "%s/repos/%s/%s", host->api, host_escape(arena, place->owner),
                        host_escape(arena, place->name));
}

static const char *query_of(Arena *arena, const Place *place)
{
    return place->ref ? arena_printf(arena, "?ref=%s", host_escape(arena, place->ref)) : "";
}

static gboolean decode(const Value *file, const Place *place, SourceReply *reply, GError **error)
{
    const char *content = value_path_string(file, "content", NULL);
    guchar *bytes;
    gsize length;

    if (!g_str_equal(value_path_string(file, "type", ""), "file") || !content) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s of %s/%s is no file, or too large",
                    place->path, place->owner, place->name);
        return FALSE;
    }
    bytes = g_base64_decode(content, &length);
    reply->bytes = g_bytes_new_take(bytes, length);
    return TRUE;
}

/* The id of the blob is what its etag is. */
static gboolean read_place(Host *host, Arena *arena, const Place *place, const char *known_etag,
                           SourceReply *reply, GError **error)
{
    HostCall call = {
        .url = arena_printf(arena, "%s/contents/%s%s", repository_url(host, arena, place),
                            host_escape_path(arena, place->path), query_of(arena, place))};
    const Value *file = host_call_json(host, arena, &call, NULL, error);

    if (!file)
        return FALSE;
    reply->etag = value_path_string(file, "sha", NULL);
    reply->revision = value_path_string(file, "last_commit_sha", NULL);
    reply->unchanged = reply->etag && g_strcmp0(reply->etag, known_etag) == 0;
    return reply->unchanged || decode(file, place, reply, error);
}

static gboolean list(Host *host, Arena *arena, const Place *place, GPtrArray *paths, GError **error)
{
    gboolean more = TRUE;

    for (guint page = 1; more; page++) {
        g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
        HostCall call = {
            .url = arena_printf(scratch, "%s/git/trees/%s?recursive=true&per_page=1000&page=%u",
                                repository_url(host, scratch, place),
                                host_escape(scratch, place->ref ? place->ref : "HEAD"), page)};
        const Value *reply, *tree;

        if (!host_check_page(host, page, error))
            return FALSE;
        reply = host_call_json(host, scratch, &call, NULL, error);
        if (!reply)
            return FALSE;
        tree = value_get(reply, "tree");
        for (guint i = 0; i < value_count(tree); i++)
            if (g_str_equal(value_path_string(value_item(tree, i), "type", ""), "blob"))
                g_ptr_array_add(
                    paths, arena_strdup(arena, value_path_string(value_item(tree, i), "path", "")));
        more = value_bool(value_get(reply, "truncated"), false) && value_count(tree) > 0;
    }
    return TRUE;
}

/* ---- the repositories of an organisation or a person ---- */

static const char *visibility_of(const Value *value)
{
    if (value_bool(value_get(value, "private"), false))
        return "private";
    return value_bool(value_get(value, "internal"), false) ? "internal" : "public";
}

static void add_repository(Arena *arena, const Value *value, GPtrArray *found)
{
    HostRepository *repository = arena_new0(arena, HostRepository, 1);

    *repository = (HostRepository){
        .owner = arena_strdup(arena, value_path_string(value, "owner.login", "")),
        .name = arena_strdup(arena, value_path_string(value, "name", "")),
        .branch = arena_strdup(arena, value_path_string(value, "default_branch", NULL)),
        .visibility = visibility_of(value),
        .topics = host_texts(arena, value_get(value, "topics")),
        .is_fork = value_bool(value_get(value, "fork"), false),
        .is_archived = value_bool(value_get(value, "archived"), false),
        .is_empty = value_bool(value_get(value, "empty"), false)};
    g_ptr_array_add(found, repository);
}

static gboolean read_page(Host *host, Arena *arena, const char *accounts, const char *owner,
                          guint page, GPtrArray *found, gboolean *more, GError **error)
{
    g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
    HostCall call = {.url = arena_printf(scratch, "%s/%s/%s/repos?limit=50&page=%u", host->api,
                                         accounts, host_escape(scratch, owner), page)};
    const Value *repositories = host_call_json(host, scratch, &call, more, error);

    for (guint i = 0; i < value_count(repositories); i++)
        add_repository(arena, value_item(repositories, i), found);
    return repositories != NULL;
}

static gboolean repositories(Host *host, Arena *arena, const HostScope *scope, GPtrArray *found,
                             GError **error)
{
    return host_read_account(host, arena, scope, read_page, found, error);
}

const HostKind host_gitea = {"gitea",    "Gitea", NULL, configure,   parse,
                             read_place, list,    url,  repositories};
