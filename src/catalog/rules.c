/* `catalog.rules`: which kinds may come from where. */
#include "catalog/catalog_internal.h"

/* A rule is "Component" or {kind: Component, spec.type: service}. */
static gboolean rule_matches(const Value *rule, const Value *entity)
{
    const char *kind = value_string(rule, value_path_string(rule, "kind", ""));
    const char *type = value_path_string(rule, "spec.type", NULL);

    return g_ascii_strcasecmp(kind, value_path_string(entity, "kind", "")) == 0 &&
           (!type || g_ascii_strcasecmp(type, value_path_string(entity, "spec.type", "")) == 0);
}

static gboolean any_matches(const Value *rules, const Value *entity)
{
    for (guint i = 0; i < value_count(rules); i++) {
        const Value *allow = value_get(value_item(rules, i), "allow");

        for (guint j = 0; j < value_count(allow); j++)
            if (rule_matches(value_item(allow, j), entity))
                return TRUE;
    }
    return FALSE;
}

static gboolean is_default_kind(const Value *entity)
{
    static const char *const kinds[] = {"component", "api", "location", NULL};
    g_autofree char *kind = g_ascii_strdown(value_path_string(entity, "kind", ""), -1);

    return g_strv_contains(kinds, kind);
}

gboolean rules_allow(Catalog *catalog, const Value *entity, const CatalogLocation *origin)
{
    const Value *rules = config_get(catalog->config, "catalog.rules");
    const Value *locations = config_get(catalog->config, "catalog.locations");

    if (rules ? any_matches(rules, entity) : is_default_kind(entity))
        return TRUE;
    for (guint i = 0; i < value_count(locations); i++) {
        const Value *location = value_item(locations, i);

        if (g_str_equal(value_path_string(location, "type", ""), origin->type) &&
            g_str_equal(value_path_string(location, "target", ""), origin->target) &&
            any_matches(value_get(location, "rules"), entity))
            return TRUE;
    }
    return FALSE;
}
