/* The filters Backstage's scaffolder adds. */
#include "formats/nunjucks_internal.h"
#include "formats/repo_url.h"

#include <string.h>

/* ---- repository URLs: "github.com?owner=acme&repo=x" ---- */

static const Value *parse_repo_url(NjRun *run, NjVal input)
{
    const NunjucksOptions *options = run->source->options;
    g_autoptr(GError) error = NULL;
    gsize length;
    const char *text = nj_to_string(run, input, &length);
    RepoUrl url;

    if (!text)
        return NULL;
    if (!repo_url_parse(run->arena, text, options ? options->integrations : NULL, &url, &error))
        return nj_fail(run, "%s", error->message), NULL;
    return repo_url_value(run->arena, &url);
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
