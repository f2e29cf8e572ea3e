/* Which of the repositories that a host has a provider looks into. */
#include "catalog/source/discovery_internal.h"
#include "formats/regex.h"
#include <string.h>

typedef struct {
    const Value *config, *filters;
    GPtrArray *groups;     /* Regex *: one of them must match the owner */
    Regex *name, *project;       /* NULL: any */
    gboolean forks, archived;
} Filter;

/* Some of the patterns stand for the whole text, others for a part of it. */
static gboolean compile(const Value *pattern, gboolean whole, Regex **regex, GError **error)
{
    const char *text = value_string(pattern, NULL);
    g_autofree char *anchored = text && whole ? g_strdup_printf("^(?:%s)$", text) : g_strdup(text);

    *regex = anchored ? regex_new(anchored, 0, error) : NULL;
    if (*regex || !anchored)
        return TRUE;
    g_prefix_error(error, "catalog.providers, line %d: ", value_line(pattern));
    return FALSE;
}

static gboolean compile_groups(Filter *filter, const Value *patterns, GError **error)
{
    guint count = value_is(patterns, VALUE_ARRAY) ? value_count(patterns) : patterns ? 1 : 0;

    for (guint i = 0; i < count; i++) {
        const Value *pattern = value_is(patterns, VALUE_ARRAY) ? value_item(patterns, i) : patterns;
        Regex *regex;

        if (!compile(pattern, FALSE, &regex, error))
            return FALSE;
        if (regex)
            g_ptr_array_add(filter->groups, regex);
    }
    return TRUE;
}

static gboolean filter_init(Filter *filter, const Provider *provider, GError **error)
{
    const Value *config = provider->config, *filters = value_get(config, "filters");
    const Value *name = value_get(filters, "repository");
    gboolean whole = name != NULL;

    filter->config = config;
    filter->filters = filters;
    filter->groups = g_ptr_array_new_with_free_func((GDestroyNotify)regex_free);
    filter->forks = config_value_bool(value_get(filters, "allowForks"), TRUE) &&
                    !config_value_bool(value_get(config, "skipForkedRepos"), FALSE);
    filter->archived = config_value_bool(value_get(filters, "allowArchived"), FALSE) ||
                       config_value_bool(value_get(config, "includeArchivedRepos"), FALSE) ||
                       (provider->kind->host == &host_bitbucket_server &&
                        !config_value_bool(value_get(filters, "skipArchivedRepos"), FALSE));
    if (!name)
        name = value_get(filters, "repoSlug");
    if (!name)
        name = value_get(config, "projectPattern");
    return compile(name, whole, &filter->name, error) &&
           compile(value_get(filters, "projectKey"), FALSE, &filter->project, error) &&
           compile_groups(filter, value_get(config, "groupPattern"), error);
}

static void filter_clear(Filter *filter)
{
    regex_free(filter->name);
    regex_free(filter->project);
    g_clear_pointer(&filter->groups, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filter, filter_clear)

/* ---- one repository ---- */

static gboolean matches(const Regex *regex, const char *text)
{
    return !regex || regex_matches(regex, text, strlen(text));
}

static gboolean matches_group(const Filter *filter, const char *owner)
{
    for (guint i = 0; i < filter->groups->len; i++)
        if (matches(filter->groups->pdata[i], owner))
            return TRUE;
    return filter->groups->len == 0;
}

static gboolean list_has(const Value *list, const char *text)
{
    for (guint i = 0; i < value_count(list); i++)
        if (g_str_equal(value_string(value_item(list, i), ""), text))
            return TRUE;
    return FALSE;
}

static gboolean has_topic(const HostRepository *repository, const Value *topics)
{
    for (const char *const *topic = repository->topics; *topic; topic++)
        if (list_has(topics, *topic))
            return TRUE;
    return FALSE;
}

/* What is excluded stays out, whatever includes it. */
static gboolean passes_topics(const Filter *filter, const HostRepository *repository)
{
    const Value *topic = value_get(filter->filters, "topic");
    const Value *include = value_get(topic, "include");

    return !has_topic(repository, value_get(topic, "exclude")) &&
           (value_count(include) == 0 || has_topic(repository, include));
}

static gboolean is_below_any(const char *owner, const Value *groups)
{
    for (guint i = 0; i < value_count(groups); i++) {
        const char *group = value_string(value_item(groups, i), "");
        gsize length = strlen(group);

        if (g_str_has_prefix(owner, group) && (owner[length] == '/' || owner[length] == '\0'))
            return TRUE;
    }
    return FALSE;
}

static gboolean passes(const Filter *filter, const Provider *provider, Arena *arena,
                       const HostRepository *repository)
{
    const char *full = arena_printf(arena, "%s/%s", repository->owner, repository->name);
    const Value *visibility = value_get(filter->filters, "visibility");
    gboolean by_path = provider->kind->host == &host_gitlab;

    return !repository->is_empty && (filter->forks || !repository->is_fork) &&
           (filter->archived || !repository->is_archived) &&
           matches(filter->name, by_path ? full : repository->name) &&
           matches(filter->project, repository->project ? repository->project : "") &&
           matches_group(filter, repository->owner) && passes_topics(filter, repository) &&
           (value_count(visibility) == 0 ||
            list_has(visibility, repository->visibility ? repository->visibility : "")) &&
           !list_has(value_get(filter->config, "excludeRepos"), full) &&
           !is_below_any(repository->owner, value_get(filter->config, "excludeGroups"));
}

gboolean provider_filter(const Provider *provider, Arena *arena, const GPtrArray *repositories,
                         GPtrArray *passed, GError **error)
{
    g_auto(Filter) filter = {0};

    if (!filter_init(&filter, provider, error))
        return FALSE;
    for (guint i = 0; i < repositories->len; i++)
        if (passes(&filter, provider, arena, repositories->pdata[i]))
            g_ptr_array_add(passed, repositories->pdata[i]);
    return TRUE;
}
