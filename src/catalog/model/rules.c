/* `catalog.rules`: which kinds may come from where. */
#include "catalog/catalog_internal.h"
#include "formats/glob.h"

/* A rule is "Component" or {kind: Component, spec: {type: service}}. */
static gboolean allow_matches(const Value *allow, const Value *entity)
{
    const char *kind = value_string(allow, value_path_string(allow, "kind", ""));
    const char *type = value_path_string(allow, "spec.type", NULL);

    return g_ascii_strcasecmp(kind, value_string(value_get(entity, "kind"), "")) == 0 &&
           (!type || g_ascii_strcasecmp(type, value_path_string(entity, "spec.type", "")) == 0);
}

static gboolean pattern_matches(const char *pattern, const char *target)
{
    g_autofree char *folded_pattern = g_utf8_strdown(pattern, -1);
    g_autofree char *folded_target = g_utf8_strdown(target, -1);

    return glob_matches(folded_pattern, folded_target, GLOB_BRACES);
}

static gboolean location_matches(const Value *location, const CatalogLocation *origin)
{
    const char *type = value_path_string(location, "type", NULL);
    const char *exact = value_path_string(location, "exact", NULL);
    const char *pattern = value_path_string(location, "pattern", NULL);

    return (!type || g_str_equal(type, origin->type)) &&
           (!exact || g_str_equal(exact, origin->target)) &&
           (!pattern || pattern_matches(pattern, origin->target));
}

/* Without locations a rule is for all of them. */
static gboolean rule_is_for(const Value *rule, const CatalogLocation *origin)
{
    const Value *locations = value_get(rule, "locations");

    for (guint i = 0; i < value_count(locations); i++)
        if (location_matches(value_item(locations, i), origin))
            return TRUE;
    return locations == NULL;
}

static gboolean any_matches(const Value *rules, const Value *entity, const CatalogLocation *origin)
{
    for (guint i = 0; i < value_count(rules); i++) {
        const Value *rule = value_item(rules, i), *allow = value_get(rule, "allow");

        for (guint j = 0; j < value_count(allow); j++)
            if (allow_matches(value_item(allow, j), entity) && rule_is_for(rule, origin))
                return TRUE;
    }
    return FALSE;
}

static gboolean is_default_kind(const Value *entity)
{
    static const char *const kinds[] = {"Component", "API", "Location"};
    const char *kind = value_string(value_get(entity, "kind"), "");

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_ascii_strcasecmp(kinds[i], kind) == 0)
            return TRUE;
    return FALSE;
}

/* People and teams that the configuration asks a host for need no rule. */
static gboolean is_organization(const Value *entity, const CatalogLocation *origin)
{
    const char *kind = value_string(value_get(entity, "kind"), "");

    return g_str_equal(origin->type, "github-org") &&
           (g_str_equal(kind, "User") || g_str_equal(kind, "Group"));
}

gboolean rules_allow(Catalog *catalog, const Value *entity, const CatalogLocation *origin)
{
    const Value *rules = config_get(catalog->config, "catalog.rules");
    const Value *locations = config_get(catalog->config, "catalog.locations");

    if (rules ? any_matches(rules, entity, origin) : is_default_kind(entity))
        return TRUE;
    for (guint i = 0; i < value_count(locations); i++) {
        const Value *location = value_item(locations, i);

        if (g_str_equal(value_path_string(location, "type", "file"), origin->type) &&
            g_str_equal(value_path_string(location, "target", ""), origin->target) &&
            any_matches(value_get(location, "rules"), entity, origin))
            return TRUE;
    }
    return is_organization(entity, origin);
}
