/* The filters Backstage's scaffolder adds. */
#include "formats/nunjucks_internal.h"

#include <string.h>

/* ---- repository URLs: "github.com?owner=acme&repo=x" ---- */

static const char *kind_of_host(NjRun *run, const char *host)
{
    const NunjucksOptions *options = run->source->options;

    if (options && options->integrations)
        return value_string(value_get(options->integrations, host), NULL);
    if (g_str_equal(host, "github.com"))
        return "github";
    return g_str_equal(host, "gitlab.com") ? "gitlab" : NULL;
}

static bool parse_query(NjRun *run, const char *query, Value *parts)
{
    static const char *const known[] = {"owner", "organization", "workspace", "project", "repo"};
    g_autoptr(GHashTable) parameters = NULL;
    g_autoptr(GError) error = NULL;

    parameters = g_uri_parse_params(query, -1, "&", G_URI_PARAMS_WWW_FORM, &error);
    if (!parameters)
        return nj_fail(run, "\"%s\" is not a repository URL: %s", query, error->message);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const char *text = g_hash_table_lookup(parameters, known[i]);

        if (text && *text)
            value_set_string(run->arena, parts, known[i], text);
    }
    return true;
}

static const char *const *required_parts(const char *kind, const Value *parts)
{
    static const char *const owner[] = {"owner", "repo", NULL}, *const repo[] = {"repo", NULL},
                             *const project[] = {"project", "repo", NULL}, *const none[] = {NULL},
                             *const cloud[] = {"workspace", "project", "repo", NULL};

    if (g_str_equal(kind, "gitlab"))
        return value_get(parts, "project") ? none : owner;
    if (g_str_equal(kind, "azure") || g_str_equal(kind, "bitbucketServer"))
        return project;
    if (g_str_equal(kind, "bitbucketCloud"))
        return cloud;
    if (g_str_equal(kind, "gitea") || g_str_equal(kind, "gerrit"))
        return repo;
    return owner;
}

static const Value *parse_repo_url(NjRun *run, NjVal input)
{
    gsize length;
    const char *url = nj_to_string(run, input, &length);
    const char *query = url ? strchr(url, '?') : NULL;
    Value *parts = value_object_new(run->arena);

    if (!url)
        return NULL;
    g_autofree char *host = g_ascii_strdown(url, query ? query - url : -1);
    const char *kind = kind_of_host(run, host);

    if (!kind)
        return nj_fail(run,
                       "no matching integration configuration for host %s, please check your "
                       "integrations config",
                       host),
               NULL;
    value_set_string(run->arena, parts, "host", host);
    if (!parse_query(run, query ? query + 1 : "", parts))
        return NULL;
    for (const char *const *name = required_parts(kind, parts); *name; name++)
        if (!value_get(parts, *name))
            return nj_fail(run, "invalid repository URL %s, missing %s", url, *name), NULL;
    return parts;
}

static bool filter_parse_repo_url(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *parts = parse_repo_url(run, input);

    *result = nj_value(parts);
    return parts != NULL;
}

static bool filter_project_slug(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const Value *parts = parse_repo_url(run, input);

    if (!parts)
        return false;
    *result = nj_text(run, arena_printf(run->arena, "%s/%s", value_path_string(parts, "owner", ""),
                                        value_path_string(parts, "repo", "")));
    return true;
}

/* ---- entity references ---- */

static bool split_reference(NjRun *run, const char *text, const char *kind, const char *space,
                            NjVal *result)
{
    const char *colon = strchr(text, ':');
    const char *slash = strchr(colon ? colon + 1 : text, '/');
    const char *name = slash ? slash + 1 : colon ? colon + 1 : text;
    const char *space_start = colon ? colon + 1 : text;
    Value *parts = value_object_new(run->arena);

    if (colon)
        kind = arena_strndup(run->arena, text, (gsize)(colon - text));
    if (slash)
        space = arena_strndup(run->arena, space_start, (gsize)(slash - space_start));
    if (!kind || !*kind)
        return nj_fail(run,
                       "entity reference \"%s\" had missing or empty kind (e.g. did not start "
                       "with \"component:\" or similar)",
                       text);
    if (!*space || !*name)
        return nj_fail(run, "entity reference \"%s\" had missing or empty %s", text,
                       *space ? "name" : "namespace");
    value_set_string(run->arena, parts, "kind", kind);
    value_set_string(run->arena, parts, "namespace", space);
    value_set_string(run->arena, parts, "name", name);
    *result = nj_value(parts);
    return true;
}

static bool filter_parse_entity_ref(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal options = nj_arg(args, 0);
    const char *kind = NULL, *space = "default";
    gsize length;

    if (nj_is(options, VALUE_STRING))
        kind = value_string(options.value, NULL);
    if (nj_is(options, VALUE_OBJECT)) {
        kind = value_path_string(options.value, "defaultKind", NULL);
        space = value_path_string(options.value, "defaultNamespace", "default");
    }
    for (guint i = 0; i < args->named_count; i++) {
        if (g_str_equal(args->names[i], "defaultKind"))
            kind = nj_arg_text(run, args, G_MAXUINT, "defaultKind", NULL);
        if (g_str_equal(args->names[i], "defaultNamespace"))
            space = nj_arg_text(run, args, G_MAXUINT, "defaultNamespace", "default");
    }
    if (nj_is(input, VALUE_OBJECT)) {
        *result = input;
        return true;
    }
    const char *text = nj_is_nothing(input) ? "" : nj_to_string(run, input, &length);

    return text && space && split_reference(run, text, kind, space, result);
}

static bool filter_pick(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    const char *path = nj_arg_text(run, args, 0, "key", NULL);

    if (!path)
        return nj_fail(run, "pick needs the name of a property");
    g_auto(GStrv) names = g_strsplit(path, ".", 32);

    *result = input;
    for (char **name = names; *name; name++)
        *result = nj_member(run, *result, nj_text(run, *name));
    return true;
}

const NjFilterEntry nj_scaffolder_filters[] = {
    {"parseRepoUrl", filter_parse_repo_url},
    {"projectSlug", filter_project_slug},
    {"parseEntityRef", filter_parse_entity_ref},
    {"pick", filter_pick},
    {NULL, NULL},
};
