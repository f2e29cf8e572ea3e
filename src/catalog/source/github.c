/* GitHub and GitHub Enterprise, by their REST API. */
#include "catalog/source/host.h"
#include <string.h>

static void configure(Host *host, const Value *entry)
{
    const char *token = value_path_string(entry, "token", "");
    gboolean is_public = g_str_equal(host->host, "github.com");

    if (!host->api)
        host->api = is_public ? g_strdup("https://api.github.com")
                              : g_strdup_printf("https://%s/api/v3", host->host);
    host->graphql = g_str_has_suffix(host->api, "/v3")
                        ? g_strdup_printf("%.*sgraphql", (int)strlen(host->api) - 2, host->api)
                        : g_strdup_printf("%s/graphql", host->api);
    if (!host->raw && is_public)
        host->raw = g_strdup("https://raw.githubusercontent.com");
    if (*token)
        host->authorization = g_strdup_printf("Authorization: Bearer %s", token);
}

/* owner/name[/(blob|raw|tree|edit)/ref[/path]], or owner/name/ref/path of a raw file. */
static gboolean parse(Arena *arena, char **segments, GUri *uri, Place *place)
{
    static const char *const words[] = {"blob", "raw", "tree", "edit", NULL};
    guint count = g_strv_length(segments);
    gboolean is_raw = g_str_equal(g_uri_get_host(uri), "raw.githubusercontent.com");
    guint at = is_raw ? 2 : 3;

    if (count < 2 || (is_raw && count < 4))
        return FALSE;
    place->owner = arena_strdup(arena, segments[0]);
    place->name = arena_strdup(arena, segments[1]);
    if (count == 2)
        return TRUE;
    if (count <= at || (!is_raw && !g_strv_contains(words, segments[2])))
        return FALSE;
    place->ref = arena_strdup(arena, segments[at]);
    place->path = host_join(arena, segments + at + 1, count);
    return TRUE;
}

static const char *url(Arena *arena, const Place *place, PlaceUrl wanted)
{
    static const char *const words[] = {
        [PLACE_VIEW] = "blob", [PLACE_EDIT] = "edit", [PLACE_FOLDER] = "tree"};
    const char *path = wanted == PLACE_FOLDER ? host_folder(arena, place->path) : place->path;

    return arena_printf(arena, "%s/%s/%s/%s/%s/%s", place->base, place->owner, place->name,
                        words[wanted], host_escape_path(arena, place->ref ? place->ref : "HEAD"),
                        host_escape_path(arena, path));
}

static const char *repository_url(const Host *host, Arena *arena, const Place *place)
{
    return arena_printf(arena, "%s/repos/%s/%s", host->api, host_escape(arena, place->owner),
                        host_escape(arena, place->name));
}

/* The commit that changed the file last. Costs a request, so that it is only asked where a file is
 * known to have changed; not to know it is no failure. */
static const char *last_commit(Host *host, Arena *arena, const Place *place, const char *ref)
{
    HostCall call = {.url = arena_printf(arena, "%s/commits?sha=%s&path=%s&per_page=1",
                                         repository_url(host, arena, place),
                                         host_escape(arena, ref), host_escape(arena, place->path)),
                     .accept = "application/vnd.github+json"};
    const Value *commits = host_call_json(host, arena, &call, NULL, NULL);

    return value_path_string(value_item(commits, 0), "sha", NULL);
}

static gboolean read_place(Host *host, Arena *arena, const Place *place, const char *known_etag,
                           SourceReply *reply, GError **error)
{
    const char *ref = place->ref ? place->ref : "HEAD";
    const char *path = host_escape_path(arena, place->path);
    HostCall call = {.accept = "application/vnd.github.raw", .known_etag = known_etag};

    if (host->raw && !host->authorization)
        call.url =
            arena_printf(arena, "%s/%s/%s/%s/%s", host->raw, host_escape(arena, place->owner),
                         host_escape(arena, place->name), host_escape_path(arena, ref), path);
    else
        call.url = arena_printf(arena, "%s/contents/%s?ref=%s", repository_url(host, arena, place),
                                path, host_escape(arena, ref));
    if (!host_call_file(host, arena, &call, reply, error))
        return FALSE;
    if (host_is_commit(ref))
        reply->revision = ref;
    else if (known_etag && !reply->unchanged && host->authorization)
        reply->revision = last_commit(host, arena, place, ref);
    return TRUE;
}

static gboolean list(Host *host, Arena *arena, const Place *place, GPtrArray *paths, GError **error)
{
    HostCall call = {.url = arena_printf(arena, "%s/git/trees/%s?recursive=1",
                                         repository_url(host, arena, place),
                                         host_escape(arena, place->ref ? place->ref : "HEAD")),
                     .accept = "application/vnd.github+json"};
    const Value *reply = host_call_json(host, arena, &call, NULL, error);
    const Value *tree = value_get(reply, "tree");

    if (reply && value_bool(value_get(reply, "truncated"), false)) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "%s/%s has more files than GitHub lists at once; name the files instead of a "
                    "pattern",
                    place->owner, place->name);
        return FALSE;
    }
    for (guint i = 0; i < value_count(tree); i++)
        if (g_str_equal(value_path_string(value_item(tree, i), "type", ""), "blob"))
            g_ptr_array_add(paths, (gpointer)value_path_string(value_item(tree, i), "path", ""));
    return reply != NULL;
}

/* ---- the repositories of an organisation or a person ---- */

static void add_repository(Arena *arena, const Value *value, GPtrArray *found)
{
    HostRepository *repository = arena_new0(arena, HostRepository, 1);
    const char *visibility = value_path_string(value, "visibility", NULL);

    if (!visibility)
        visibility = value_bool(value_get(value, "private"), false) ? "private" : "public";
    *repository = (HostRepository){
        .owner = arena_strdup(arena, value_path_string(value, "owner.login", "")),
        .name = arena_strdup(arena, value_path_string(value, "name", "")),
        .branch = arena_strdup(arena, value_path_string(value, "default_branch", NULL)),
        .visibility = arena_strdup(arena, visibility),
        .topics = host_texts(arena, value_get(value, "topics")),
        .is_fork = value_bool(value_get(value, "fork"), false),
        .is_archived = value_bool(value_get(value, "archived"), false)};
    g_ptr_array_add(found, repository);
}

static gboolean read_page(Host *host, Arena *arena, const char *accounts, const char *owner,
                          guint page, GPtrArray *found, gboolean *more, GError **error)
{
    g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
    HostCall call = {.url = arena_printf(scratch, "%s/%s/%s/repos?per_page=100&page=%u", host->api,
                                         accounts, host_escape(scratch, owner), page),
                     .accept = "application/vnd.github+json"};
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

const HostKind host_github = {"github",   "GitHub", "github.com", configure,   parse,
                              read_place, list,     url,          repositories};
