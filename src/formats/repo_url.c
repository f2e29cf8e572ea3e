#include "formats/repo_url.h"
#include "base/error.h"

#include <string.h>

static const char *kind_of_host(const Value *hosts, const char *host)
{
    if (hosts)
        return value_string(value_get(hosts, host), NULL);
    if (g_str_equal(host, "github.com"))
        return "github";
    return g_str_equal(host, "gitlab.com") ? "gitlab" : NULL;
}

static const char *part(Arena *arena, GHashTable *parameters, const char *name)
{
    const char *text = g_hash_table_lookup(parameters, name);

    return text && *text ? arena_strdup(arena, text) : NULL;
}

/* The first part that a host of this kind needs and url has not; NULL. */
static const char *missing_part(const RepoUrl *url)
{
    gboolean azure = g_str_equal(url->kind, "azure"),
             cloud = g_str_equal(url->kind, "bitbucketCloud"),
             server = g_str_equal(url->kind, "bitbucketServer"),
             repo_only = g_str_equal(url->kind, "gitea") || g_str_equal(url->kind, "gerrit");

    if (g_str_equal(url->kind, "gitlab") && url->project)
        return NULL;
    if (cloud && !url->workspace)
        return "workspace";
    if ((azure || cloud || server) && !url->project)
        return "project";
    if (!azure && !cloud && !server && !repo_only && !url->owner)
        return "owner";
    return url->repo ? NULL : "repo";
}

gboolean repo_url_parse(Arena *arena, const char *text, const Value *hosts, RepoUrl *url,
                        GError **error)
{
    const char *query = strchr(text, '?');
    g_autofree char *address = g_ascii_strdown(text, query ? query - text : -1);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GHashTable) parameters =
        g_uri_parse_params(query ? query + 1 : "", -1, "&", G_URI_PARAMS_WWW_FORM, &reason);
    const char *missing;

    if (!parameters) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Invalid repo URL passed to publisher, got %s, %s", text, reason->message);
        return FALSE;
    }
    address[strcspn(address, "/")] = '\0';
    *url = (RepoUrl){.kind = kind_of_host(hosts, address),
                     .host = arena_strdup(arena, address),
                     .owner = part(arena, parameters, "owner"),
                     .organization = part(arena, parameters, "organization"),
                     .workspace = part(arena, parameters, "workspace"),
                     .project = part(arena, parameters, "project"),
                     .repo = part(arena, parameters, "repo")};
    if (!url->kind) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "No matching integration configuration for host %s, please check your "
                    "integrations config",
                    address);
        return FALSE;
    }
    missing = missing_part(url);
    if (!missing)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid repo URL passed to publisher: https://%s/%s, missing %s", address,
                query ? query : "", missing);
    return FALSE;
}

const Value *repo_url_value(Arena *arena, const RepoUrl *url)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "host", url->host);
    value_set_string(arena, value, "owner", url->owner);
    value_set_string(arena, value, "organization", url->organization);
    value_set_string(arena, value, "workspace", url->workspace);
    value_set_string(arena, value, "project", url->project);
    value_set_string(arena, value, "repo", url->repo);
    return value;
}
