/* What a form offers while somebody fills it in: what the host of a repository has, asked with the
 * credentials of whoever asks, never with Pave's own. */
#include "scaffolder/api/api.h"

#include "scaffolder/scaffolder_internal.h"
#include "spine/access.h"

#include <string.h>

enum { PAGES_MAX = 20 };

/* A list of a host's API: `{name}` in its path is context.name, which has to be there. */
typedef struct {
    const char *provider, *resource;
    const char *path;
    const char *otherwise; /* where path is not found: GitHub's people are no organisations */
    const char *list;      /* the member that holds the list; NULL: it is the reply */
    const char *id, *title;
} Resource;

static const Resource RESOURCES[] = {
    {"github", "repositoriesWithOwner", "/user/repos?per_page=100", NULL, NULL, "full_name", NULL},
    {"github", "repositories", "/orgs/{owner}/repos?per_page=100",
     "/users/{owner}/repos?per_page=100", NULL, "name", NULL},
    {"github", "owners", "/user/orgs?per_page=100", NULL, NULL, "login", NULL},
    {"github", "branches", "/repos/{owner}/{repository}/branches?per_page=100", NULL, NULL, "name",
     NULL},
    {"github", "environments", "/repos/{owner}/{repository}/environments?per_page=100", NULL,
     "environments", "name", NULL},
    {"gitlab", "groups", "/groups?per_page=100", NULL, NULL, "id", "full_path"},
    {"gitlab", "owners", "/groups?per_page=100", NULL, NULL, "full_path", "full_path"},
    {"gitlab", "repositories", "/groups/{id}/projects?per_page=100", NULL, NULL, "id", "name"},
    {"gitlab", "branches", "/projects/{id}/repository/branches?per_page=100", NULL, NULL, "name",
     NULL},
    {"gitea", "owners", "/user/orgs?limit=50", NULL, NULL, "name", NULL},
    {"gitea", "repositories", "/orgs/{owner}/repos?limit=50", "/users/{owner}/repos?limit=50", NULL,
     "name", NULL},
    {"gitea", "branches", "/repos/{owner}/{repository}/branches?limit=50", NULL, NULL, "name",
     NULL},
    {"bitbucket-cloud", "workspaces", "/workspaces?pagelen=100", NULL, "values", "slug", NULL},
    {"bitbucket-cloud", "projects", "/workspaces/{workspace}/projects?pagelen=100", NULL, "values",
     "key", NULL},
    {"bitbucket-cloud", "repositories",
     "/repositories/{workspace}?pagelen=100&q=project.key%3D%22{project}%22", NULL, "values",
     "slug", NULL},
    {"bitbucket-cloud", "branches",
     "/repositories/{workspace}/{repository}/refs/branches?pagelen=100", NULL, "values", "name",
     NULL},
};

static const struct {
    const char *provider, *kind, *host;
} PROVIDERS[] = {
    {"github", "github", "github.com"},
    {"gitlab", "gitlab", "gitlab.com"},
    {"gitea", "gitea", NULL},
    {"bitbucket-cloud", "bitbucketCloud", "bitbucket.org"},
};

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    const Value *context;
    const char *token;
    Value *results;
} Completion;

/* ---- results ---- */

static const char *text_of(Arena *arena, const Value *value)
{
    if (value_is(value, VALUE_NUMBER))
        return arena_printf(arena, "%" G_GINT64_FORMAT, (gint64)value_int(value, 0));
    return value_string(value, NULL);
}

static void add_result(Completion *c, const char *id, const char *title)
{
    Value *result = value_object_new(c->arena);

    if (!id)
        return;
    value_set_string(c->arena, result, "title", title);
    value_set_string(c->arena, result, "id", id);
    value_append(c->arena, c->results, result);
}

/* ---- a host's API ---- */

/* Nobody waits in a form for a host that wants to be asked later. */
static gboolean never_waits(void *data)
{
    return TRUE;
}

/* path with its names from the context, each as one segment. */
static const char *fill_path(Completion *c, const char *path, GError **error)
{
    g_autoptr(GString) filled = g_string_new(NULL);

    while (*path) {
        const char *open = strchr(path, '{'), *close = open ? strchr(open, '}') : NULL;

        if (!close) {
            g_string_append(filled, path);
            break;
        }
        g_autofree char *name = g_strndup(open + 1, (gsize)(close - open - 1));
        const char *value = text_of(c->arena, value_get(c->context, name));

        if (!value || !*value) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Missing %s context parameter", name);
            return NULL;
        }
        if (g_str_equal(value, ".") || g_str_equal(value, "..")) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid %s context parameter", name);
            return NULL;
        }
        g_string_append_len(filled, path, open - path);
        g_string_append(filled, forge_escape(c->arena, value));
        path = close + 1;
    }
    return arena_strdup(c->arena, filled->str);
}

/* Every page of a list; *missing: there is none. */
static gboolean read_list(Completion *c, const ForgeHost *host, const Resource *resource,
                          const char *path, gboolean *missing, GError **error)
{
    for (guint page = 0; path && page < PAGES_MAX; page++) {
        ForgeReply reply = {0};
        ForgeCall call = {.method = "GET", .path = path, .allowed = {404}};

        if (!forge_host_call(host, &call, &reply, error))
            return FALSE;
        *missing = reply.status == 404;
        if (*missing)
            return TRUE;
        const Value *list = resource->list ? value_get(reply.body, resource->list) : reply.body;
        const char *next = value_path_string(reply.body, "next", NULL);

        for (guint i = 0; i < value_count(list); i++) {
            const Value *item = value_item(list, i);

            add_result(c, text_of(c->arena, value_get(item, resource->id)),
                       resource->title ? text_of(c->arena, value_get(item, resource->title))
                                       : NULL);
        }
        path = next && g_str_has_prefix(next, host->api) ? next : reply.next;
    }
    return TRUE;
}

static gboolean ask_host(Completion *c, const char *kind, const char *name,
                         const Resource *resource, GError **error)
{
    const char *path = fill_path(c, resource->path, error);
    gboolean missing = FALSE;
    ForgeHost host;

    if (!path)
        return FALSE;
    if (!c->token || !*c->token) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'token'");
        return FALSE;
    }
    if (!forge_host_open(c->scaffolder->forge, c->arena, kind, name, c->token, &host, error))
        return FALSE;
    host.stopped = never_waits;
    if (!read_list(c, &host, resource, path, &missing, error))
        return FALSE;
    if (missing && resource->otherwise) {
        path = fill_path(c, resource->otherwise, error);
        return path && read_list(c, &host, resource, path, &missing, error);
    }
    if (missing)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "%s has no such %s", host.host,
                    resource->resource);
    return !missing;
}

/* ---- the built-in forge ---- */

static gboolean add_branches(Completion *c, GError **error)
{
    const char *owner = value_path_string(c->context, "owner", "");
    const char *name = value_path_string(c->context, "repository", "");
    const Value *branches = forge_branches(c->scaffolder->forge, c->arena, owner, name, error);

    for (guint i = 0; i < value_count(branches); i++)
        add_result(c, value_path_string(value_item(branches, i), "name", NULL), NULL);
    return branches != NULL;
}

static gboolean ask_forge(Completion *c, const char *resource, GError **error)
{
    const char *owner = value_path_string(c->context, "owner", NULL);
    g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean whole = g_str_equal(resource, "repositoriesWithOwner");

    if (g_str_equal(resource, "branches"))
        return add_branches(c, error);
    if (!whole && !g_str_equal(resource, "repositories") && !g_str_equal(resource, "owners")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid resource: %s", resource);
        return FALSE;
    }
    const Value *all = forge_repositories(c->scaffolder->forge, c->arena, error);

    for (guint i = 0; i < value_count(all); i++) {
        const char *of = value_path_string(value_item(all, i), "owner", "");
        const char *name = value_path_string(value_item(all, i), "name", "");

        if (whole)
            add_result(c, arena_printf(c->arena, "%s/%s", of, name), NULL);
        else if (g_str_equal(resource, "repositories") && (!owner || g_str_equal(owner, of)))
            add_result(c, name, NULL);
        else if (g_str_equal(resource, "owners") && g_hash_table_add(owners, (char *)of))
            add_result(c, of, NULL);
    }
    return all != NULL;
}

/* ---- the route ---- */

static const Resource *find_resource(const char *provider, const char *name, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(RESOURCES); i++)
        if (g_str_equal(RESOURCES[i].provider, provider) &&
            g_str_equal(RESOURCES[i].resource, name))
            return &RESOURCES[i];
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid resource: %s", name);
    return NULL;
}

/* The host that is meant: the one of the context, the public one, or the only one there is. */
static const char *host_of(const Completion *c, const char *kind, const char *public_host)
{
    const Value *known = c->scaffolder->integrations;
    const char *host = value_path_string(c->context, "host", public_host);

    for (guint i = 0; !host && i < value_count(known); i++)
        if (g_str_equal(value_string(value_value_at(known, i), ""), kind))
            host = value_key_at(known, i);
    return host ? host : "";
}

static gboolean complete(Completion *c, const char *provider, const char *resource, GError **error)
{
    if (g_str_equal(provider, "bitbucket") || g_str_equal(provider, "bitbucketCloud"))
        provider = "bitbucket-cloud";
    if (g_str_equal(provider, "pave"))
        return ask_forge(c, resource, error);
    for (gsize i = 0; i < G_N_ELEMENTS(PROVIDERS); i++) {
        if (!g_str_equal(PROVIDERS[i].provider, provider))
            continue;
        const char *host = host_of(c, PROVIDERS[i].kind, PROVIDERS[i].host);

        if (forge_kind_of_host(c->scaffolder->forge, host) == FORGE_BUILTIN)
            return ask_forge(c, resource, error);
        const Resource *found = find_resource(provider, resource, error);

        return found && ask_host(c, PROVIDERS[i].kind, host, found, error);
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Unsupported provider: %s", provider);
    return FALSE;
}

SCAFFOLDER_HANDLER(scaffolder_api_autocomplete)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    Value *reply = value_object_new(arena);
    Completion completion = {.scaffolder = room,
                             .arena = arena,
                             .context = value_get(body, "context"),
                             .token = value_path_string(body, "token", NULL),
                             .results = value_array_new(arena)};

    if (!body || !access_check(access_principal(request), "forge.repository.read", NULL, error) ||
        !complete(&completion, request_param(request, "provider"),
                  request_param(request, "resource"), error))
        return NULL;
    value_set(arena, reply, "results", completion.results);
    return response_json(request, 200, reply);
}
