#include "catalog/catalog_internal.h"
#include "formats/yaml.h"

static const char CONFIG[] =
    "catalog:\n"
    "  rules:\n"
    "    - allow: [Component, {kind: Resource, spec: {type: database}}]\n"
    "    - allow: [Group, User]\n"
    "      locations:\n"
    "        - {type: url, pattern: 'https://GitHub.com/acme/*/blob/**'}\n"
    "        - {type: file, exact: /etc/org.yaml}\n"
    "  locations:\n"
    "    - {type: url, target: 'https://x.y/t.yaml', rules: [{allow: [template]}]}\n";

static const struct {
    const char *entity, *type, *target;
    gboolean allowed;
} cases[] = {
    {"{kind: component}", "url", "https://a.b/c", TRUE},
    {"{kind: API}", "url", "https://a.b/c", FALSE},
    {"{kind: Resource, spec: {type: Database}}", "url", "https://a.b/c", TRUE},
    {"{kind: Resource, spec: {type: queue}}", "url", "https://a.b/c", FALSE},
    {"{kind: Group}", "url", "https://github.com/Acme/org/blob/main/org.yaml", TRUE},
    {"{kind: Group}", "url", "https://github.com/other/org/blob/main/org.yaml", FALSE},
    {"{kind: Group}", "file", "https://github.com/acme/org/blob/main/org.yaml", FALSE},
    {"{kind: User}", "file", "/etc/org.yaml", TRUE},
    {"{kind: User}", "file", "/etc/other.yaml", FALSE},
    {"{kind: Template}", "url", "https://x.y/t.yaml", TRUE},
    {"{kind: Template}", "url", "https://x.y/u.yaml", FALSE},
    {"{kind: User}", "github-org", "https://github.com/acme", TRUE},
    {"{kind: System}", "github-org", "https://github.com/acme", FALSE},
};

static void test_kinds_are_allowed_by_where_they_come_from(void)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config = config_parse(CONFIG, "/tmp", diagnostics);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Catalog catalog = {.config = config};

    g_assert_cmpuint(diagnostics_count(diagnostics), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CatalogLocation origin = {.type = cases[i].type, .target = cases[i].target};
        const Value *entity = yaml_parse(arena, cases[i].entity, -1, NULL, YAML_PLAIN, diagnostics);

        g_test_message("%s of %s:%s", cases[i].entity, cases[i].type, cases[i].target);
        g_assert_cmpint(rules_allow(&catalog, entity, &origin), ==, cases[i].allowed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/rules/kinds-are-allowed-by-where-they-come-from",
                    test_kinds_are_allowed_by_where_they_come_from);
    return g_test_run();
}
