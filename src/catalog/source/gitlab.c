/* GitLab, by version 4 of its REST API. */
#include "catalog/source/host.h"
#include <string.h>

static void configure(Host *host, const Value *entry)
{
    const char *token = value_path_string(entry, "token", "");

    if (!host->base)
        host->base = entry ? NULL : g_strdup("https://gitlab.com");
    if (!host->api)
        host->api = host->base ? g_strdup_printf("%s/api/v4", host->base)
                               : g_strdup_printf("https://%s/api/v4", host->host);
    /* Tokens of people, projects and groups and OAuth's all pass as this. */
    if (*token)
        host->authorization = g_strdup_printf("Authorization: Bearer %s", token);
}

static gboolean is_word(const char *segment)
{
    static const char *const words[] = {"blob", "raw", "tree", "edit", NULL};

    return g_strv_contains(words, segment);
}

/* Where "-/blob" or, in older links, "blob" stands; the number of segments where nowhere. */
static guint find_word(char **segments, guint count)
{
    for (guint i = 2; i + 1 < count; i++)
        if (g_str_equal(segments[i], "-") && is_word(segments[i + 1]))
            return i + 1;
    for (guint i = 2; i < count; i++)
        if (is_word(segments[i]))
            return i;
    return count;
}

/* group[/subgroup…]/name[/-/(blob|raw|tree|edit)/ref[/path]] */
static gboolean parse(Arena *arena, char **segments, GUri *uri, Place *place)
{
    guint count = g_strv_length(segments);
    guint word = find_word(segments, count);
    guint project = word < count && g_str_equal(segments[word - 1], "-") ? word - 1 : word;

    if (project < 2 || word + 1 == count)
        return FALSE;
    place->owner = host_join(arena, segments, project - 1);
    place->name = arena_strdup(arena, segments[project - 1]);
    if (word == count)
        return TRUE;
    place->ref = arena_strdup(arena, segments[word + 1]);
    place->path = host_join(arena, segments + word + 2, count);
    return TRUE;
}

static const char *url(Arena *arena, const Place *place, PlaceUrl wanted)
{
    const char *word = wanted == PLACE_EDIT ? "edit" : "blob";
    const char *path = wanted == PLACE_FOLDER ? host_folder(arena, place->path) : place->path;

    return arena_printf(arena, "%s/%s/%s/-/%s/%s/%s", place->base, place->owner, place->name, word,
                        host_escape_path(arena, place->ref ? place->ref : "HEAD"),
                        host_escape_path(arena, path));
}

static const char *project_url(const Host *host, Arena *arena, const Place *place)
{
    const char *id = arena_printf(arena, "%s/%s", place->owner, place->name);

    return arena_printf(arena, "%s/projects/%s", host->api, host_escape(arena, id));
}

static gboolean read_place(Host *host, Arena *arena, const Place *place, const char *known_etag,
                           SourceReply *reply, GError **error)
{
    HostCall call = {.url = arena_printf(arena, "%s/repository/files/%s/raw?ref=%s",
                                         project_url(host, arena, place),
                                         host_escape(arena, place->path),
                                         host_escape(arena, place->ref ? place->ref : "HEAD")),
                     .known_etag = known_etag};

    return host_call_file(host, arena, &call, reply, error);
}

static gboolean list_page(Host *host, Arena *arena, const Place *place, guint page,
                          GPtrArray *paths, gboolean *more, GError **error)
{
    g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
    HostCall call = {.url = arena_printf(
                         scratch, "%s/repository/tree?ref=%s&recursive=true&per_page=100&page=%u",
                         project_url(host, scratch, place),
                         host_escape(scratch, place->ref ? place->ref : "HEAD"), page)};
    const Value *items = host_call_json(host, scratch, &call, more, error);

    for (guint i = 0; i < value_count(items); i++)
        if (g_str_equal(value_path_string(value_item(items, i), "type", ""), "blob"))
            g_ptr_array_add(
                paths, arena_strdup(arena, value_path_string(value_item(items, i), "path", "")));
    return items != NULL;
}

static gboolean list(Host *host, Arena *arena, const Place *place, GPtrArray *paths, GError **error)
{
    gboolean more = TRUE;

    for (guint page = 1; more; page++)
        if (!host_check_page(host, page, error) ||
            !list_page(host, arena, place, page, paths, &more, error))
            return FALSE;
    return TRUE;
}

/* ---- the projects of a group ---- */

static void add_project(Arena *arena, const Value *value, GPtrArray *found)
{
    HostRepository *repository = arena_new0(arena, HostRepository, 1);
    const char *path = value_path_string(value, "path_with_namespace", "");
    const char *slash = strrchr(path, '/');

    if (!slash)
        return;
    *repository = (HostRepository){
        .owner = arena_strndup(arena, path, (gsize)(slash - path)),
        .name = arena_strdup(arena, slash + 1),
        .branch = arena_strdup(arena, value_path_string(value, "default_branch", NULL)),
        .visibility = arena_strdup(arena, value_path_string(value, "visibility", NULL)),
        .topics = host_texts(arena, value_get(value, "topics")),
        .is_fork = value_is(value_get(value, "forked_from_project"), VALUE_OBJECT),
        .is_archived = value_bool(value_get(value, "archived"), false),
        .is_empty = value_bool(value_get(value, "empty_repo"), false)};
    g_ptr_array_add(found, repository);
}

static const char *projects_url(const Host *host, Arena *arena, const HostScope *scope, guint page)
{
    g_autoptr(GString) address = g_string_new(host->api);

    if (scope->owner && *scope->owner)
        g_string_append_printf(address, "/groups/%s/projects?include_subgroups=true&",
                               host_escape(arena, scope->owner));
    else
        g_string_append(address, "/projects?");
    g_string_append_printf(address, "per_page=100&page=%u", page);
    if (scope->members_only)
        g_string_append(address, "&membership=true");
    if (scope->topics)
        g_string_append_printf(address, "&topic=%s", host_escape(arena, scope->topics));
    return arena_strdup(arena, address->str);
}

static gboolean repositories(Host *host, Arena *arena, const HostScope *scope, GPtrArray *found,
                             GError **error)
{
    gboolean more = TRUE;

    for (guint page = 1; more; page++) {
        g_autoptr(Arena) scratch = arena_new(ARENA_REQUEST_BYTES);
        HostCall call = {.url = projects_url(host, scratch, scope, page)};
        const Value *projects;

        if (!host_check_page(host, page, error))
            return FALSE;
        projects = host_call_json(host, scratch, &call, &more, error);
        if (!projects)
            return FALSE;
        for (guint i = 0; i < value_count(projects); i++)
            add_project(arena, value_item(projects, i), found);
    }
    return TRUE;
}

const HostKind host_gitlab = {"gitlab",   "GitLab", "gitlab.com", configure,   parse,
                              read_place, list,     url,          repositories};
