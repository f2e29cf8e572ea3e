/* The providers of the configuration, and the files each looks for. */
#include "catalog/source/discovery_internal.h"
#include <string.h>

static const ProviderKind kinds[] = {
    {"forge", "forge-discovery", NULL, "owner"},
    {"github", "github-discovery", &host_github, "organization"},
    {"gitlab", "gitlab-discovery", &host_gitlab, "group"},
    {"gitea", "gitea-discovery", &host_gitea, "organization"},
    {"bitbucketCloud", "bitbucketCloud-discovery", &host_bitbucket_cloud, "workspace"},
    {"bitbucketServer", "bitbucketServer-discovery", &host_bitbucket_server, NULL},
};

static const Value *providers_of(const Config *config, const ProviderKind *kind)
{
    g_autofree char *key = g_strdup_printf("catalog.providers.%s", kind->key);

    return config_get(config, key);
}

gboolean providers_each(const Config *config, gboolean (*visit)(const Provider *, void *data),
                        void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const Value *entries = providers_of(config, &kinds[i]);

        for (guint j = 0; j < value_count(entries); j++) {
            Provider provider = {&kinds[i], value_key_at(entries, j), value_value_at(entries, j)};

            if (!visit(&provider, data))
                return FALSE;
        }
    }
    return TRUE;
}

gboolean provider_of(const Config *config, const CatalogLocation *location, Provider *provider)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!g_str_equal(kinds[i].type, location->type))
            continue;
        *provider = (Provider){&kinds[i], location->target,
                               value_get(providers_of(config, &kinds[i]), location->target)};
        return provider->config != NULL;
    }
    return FALSE;
}

/* ---- what is looked for ---- */

/* Without a slash at its beginning. */
static const char *file_of(const Provider *provider)
{
    const char *path = value_path_string(provider->config, "catalogPath", NULL);

    if (!path)
        path = value_path_string(provider->config, "entityFilename", NULL);
    if (!path)
        path = value_path_string(provider->config, "catalogFile", "catalog-info.yaml");
    while (*path == '/')
        path++;
    return path;
}

/* NULL: the host's word for the default branch. */
static const char *branch_of(const Provider *provider, const HostRepository *repository)
{
    const char *branch = value_path_string(provider->config, "filters.branch", NULL);

    if (!branch)
        branch = value_path_string(provider->config, "branch", NULL);
    if (!branch)
        branch = repository->branch;
    return branch ? branch : value_path_string(provider->config, "fallbackBranch", NULL);
}

static gboolean check_path(const Provider *provider, GError **error)
{
    if (!config_value_bool(value_get(provider->config, "validateLocationsExist"), FALSE) ||
        !strpbrk(file_of(provider), "*["))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "catalog.providers.%s.%s: the catalog path %s contains a wildcard, which is "
                "incompatible with validation of locations existing before adding them",
                provider->kind->key, provider->id, file_of(provider));
    return FALSE;
}

/* ---- hosts ---- */

static Host *host_of(Catalog *catalog, const Provider *provider, GError **error)
{
    const HostKind *kind = provider->kind->host;
    const char *name = value_path_string(provider->config, "host", kind->public_host);
    const GPtrArray *hosts = catalog->sources->hosts;
    Host *host = name ? hosts_find_kind(hosts, kind, name) : NULL;

    /* The only one there is needs no name. */
    for (guint i = 0; !name && !host && i < hosts->len; i++)
        if (((Host *)hosts->pdata[i])->kind == kind)
            host = hosts->pdata[i];
    if (!host)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "catalog.providers.%s.%s: integrations.%s has no host %s", provider->kind->key,
                    provider->id, kind->key, name ? name : "");
    return host;
}

static gboolean exists(Host *host, Arena *arena, const Place *place, gboolean *there,
                       GError **error)
{
    g_auto(SourceReply) reply = {0};
    g_autoptr(GError) reason = NULL;

    *there = host->kind->read(host, arena, place, NULL, &reply, &reason);
    if (*there || g_error_matches(reason, PAVE_ERROR, ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

static gboolean add_places(Host *host, Arena *arena, const Provider *provider,
                           const GPtrArray *repositories, GPtrArray *targets, GError **error)
{
    gboolean validate =
        config_value_bool(value_get(provider->config, "validateLocationsExist"), FALSE);
    const char *base = host->base ? host->base : arena_printf(arena, "https://%s", host->host);

    for (guint i = 0; i < repositories->len; i++) {
        const HostRepository *repository = repositories->pdata[i];
        Place place = {.base = base,
                       .owner = repository->owner,
                       .name = repository->name,
                       .ref = branch_of(provider, repository),
                       .path = file_of(provider)};
        gboolean there = TRUE;

        if (validate && !exists(host, arena, &place, &there, error))
            return FALSE;
        if (there)
            g_ptr_array_add(targets, (gpointer)host->kind->url(arena, &place, PLACE_VIEW));
    }
    return TRUE;
}

static gboolean find_on_host(Catalog *catalog, Arena *arena, const Provider *provider,
                             GPtrArray *targets, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new(), passed = g_ptr_array_new();
    const Value *config = provider->config;
    Host *host = host_of(catalog, provider, error);
    HostScope scope = {.members_only = config_value_bool(value_get(config, "membership"), FALSE),
                       .topics = value_path_string(config, "topics", NULL)};

    if (provider->kind->owner)
        scope.owner = value_path_string(config, provider->kind->owner, NULL);
    if (!host)
        return FALSE;
    if (!scope.owner && provider->kind->owner && host->kind != &host_gitlab) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "catalog.providers.%s.%s needs %s",
                    provider->kind->key, provider->id, provider->kind->owner);
        return FALSE;
    }
    return host->kind->repositories(host, arena, &scope, all, error) &&
           provider_filter(provider, arena, all, passed, error) &&
           add_places(host, arena, provider, passed, targets, error);
}

/* ---- the forge ---- */

static gboolean find_in_forge(Catalog *catalog, Arena *arena, const Provider *provider,
                              GPtrArray *targets, GError **error)
{
    static const char *const no_topics[] = {NULL};
    g_autoptr(GPtrArray) all = g_ptr_array_new(), passed = g_ptr_array_new();
    const char *owner = value_path_string(provider->config, "owner", NULL);
    const Value *values =
        catalog->forge ? forge_repositories(catalog->forge, arena, error) : value_array_new(arena);

    for (guint i = 0; i < value_count(values); i++) {
        const Value *value = value_item(values, i);
        HostRepository *repository = arena_new0(arena, HostRepository, 1);

        *repository = (HostRepository){.owner = value_path_string(value, "owner", ""),
                                       .name = value_path_string(value, "name", ""),
                                       .branch = value_path_string(value, "defaultBranch", NULL),
                                       .visibility = value_path_string(value, "visibility", NULL),
                                       .project = value_path_string(value, "htmlUrl", ""),
                                       .topics = no_topics};
        if (!owner || g_ascii_strcasecmp(owner, repository->owner) == 0)
            g_ptr_array_add(all, repository);
    }
    if (!values || !provider_filter(provider, arena, all, passed, error))
        return FALSE;
    for (guint i = 0; i < passed->len; i++) {
        const HostRepository *repository = passed->pdata[i];

        g_ptr_array_add(targets, arena_printf(arena, "%s/blob/%s/%s", repository->project,
                                              branch_of(provider, repository), file_of(provider)));
    }
    return TRUE;
}

GPtrArray *provider_find(Catalog *catalog, Arena *arena, const Provider *provider, GError **error)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new();

    if (!check_path(provider, error))
        return NULL;
    if (provider->kind->host ? find_on_host(catalog, arena, provider, targets, error)
                             : find_in_forge(catalog, arena, provider, targets, error))
        return g_steal_pointer(&targets);
    return NULL;
}
