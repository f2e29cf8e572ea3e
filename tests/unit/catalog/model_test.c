#include "catalog/catalog_internal.h"
#include "catalog/model/format.h"
#include "catalog/model/kinds.h"
#include "formats/json.h"
#include "formats/yaml.h"

static const Value *parse(Arena *arena, const char *yaml)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *value = yaml_parse(arena, yaml, -1, NULL, YAML_PLAIN, diagnostics);

    g_assert_cmpuint(diagnostics_count(diagnostics), ==, 0);
    return value;
}

#define COMPONENT(metadata, spec)                                                                  \
    "{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {" metadata "}, spec: {" spec  \
    "}}"
#define VALID_SPEC "type: service, lifecycle: production, owner: team-a"
#define ADR                                                                                        \
    ". To learn more about catalog file format, visit: "                                           \
    "https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/"              \
    "adr002-default-catalog-file-format.md"
#define POLICY "Policy check failed for component:default/x; caused by Error: "
#define BUILTIN "Processor BuiltinKindsEntityProcessor threw an error while "

static void test_what_is_no_entity_is_refused_in_backstages_words(void)
{
    static const char *const cases[][2] = {
        {COMPONENT("name: x", VALID_SPEC), NULL},
        {"x", "<root> must be object - type: object"},
        {"{apiVersion: backstage.io/v1alpha1, kind: Component}",
         "<root> must have required property 'metadata' - missingProperty: metadata"},
        {"{apiVersion: a/b, kind: C, metadata: {}}",
         "/metadata must have required property 'name' - missingProperty: name"},
        {"{apiVersion: a/b, kind: C, metadata: {name: x}, relations: []}",
         "Policy check failed for c:default/x; caused by Error: Unknown field relations"},
        {"{apiVersion: a/b, kind: C, metadata: {name: x}, other: 1}",
         "Policy check failed for c:default/x; caused by Error: Malformed envelope, <root> must "
         "NOT "
         "have additional properties"},
        {COMPONENT("name: 1", VALID_SPEC), "/metadata/name must be string - type: string"},
        {COMPONENT("name: not ok!", VALID_SPEC),
         "Policy check failed for component:default/not ok!; caused by Error: \"metadata.name\" is "
         "not valid; expected a string that is sequences of [a-zA-Z0-9] separated by any of "
         "[-_.], at most 63 characters in total but found \"not ok!\"" ADR},
        {COMPONENT("name: x, namespace: Up", VALID_SPEC),
         "Policy check failed for component:up/x; caused by Error: \"metadata.namespace\" is not "
         "valid; expected a string that is sequences of [a-z0-9] separated by [-], at most 63 "
         "characters in total but found \"Up\"" ADR},
        {COMPONENT("name: x, tags: [ok, Bad Tag]", VALID_SPEC),
         POLICY "\"tags.1\" is not valid; expected a string that is sequences of [a-z0-9+#] "
                "separated by [-], at most 63 characters in total but found \"Bad Tag\"" ADR},
        {COMPONENT("name: x, annotations: {a: 1}", VALID_SPEC),
         POLICY "Malformed envelope, /metadata/annotations/a must be string"},
        {COMPONENT("name: x, annotations: {a b: c}", VALID_SPEC),
         POLICY "\"annotations.a b\" is not valid; expected a valid prefix and/or suffix but found "
                "\"a b\"" ADR},
        {COMPONENT("name: x, title: ''", VALID_SPEC),
         POLICY "Malformed envelope, /metadata/title must NOT have fewer than 1 characters"},
        {COMPONENT("name: x, links: [{title: t}]", VALID_SPEC),
         POLICY "Malformed envelope, /metadata/links/0 must have required property 'url'"},
        {COMPONENT("name: x, links: [{url: 'no url'}]", VALID_SPEC), POLICY
         "\"links.0.url\" is not valid; expected a string that is a valid url but found \"no "
         "url\"" ADR},
        {"{apiVersion: backstage.io/v1alpha1, kind: Nope, metadata: {name: x}, spec: {}}",
         "No processor recognized the entity nope:default/x as valid, possibly caused by a foreign "
         "kind or apiVersion"},
        {"{apiVersion: backstage.io/v9, kind: Component, metadata: {name: x}, spec: {}}",
         "No processor recognized the entity component:default/x as valid, possibly caused by a "
         "foreign kind or apiVersion"},
        {COMPONENT("name: x", "type: service"),
         BUILTIN "validating the entity component:default/x; caused by TypeError: /spec must have "
                 "required property 'lifecycle' - missingProperty: lifecycle"},
        {COMPONENT("name: x", "type: '', lifecycle: 1"),
         BUILTIN "validating the entity component:default/x; caused by TypeError: /spec must have "
                 "required property 'owner' - missingProperty: owner"},
        {"{apiVersion: backstage.io/v1alpha1, kind: Group, metadata: {name: x}, spec: {type: t, "
         "children: [], profile: {email: ''}}}",
         BUILTIN "validating the entity group:default/x; caused by TypeError: /spec/profile/email "
                 "must NOT have fewer than 1 characters - limit: 1"},
        {"{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: x}, spec: "
         "{presence: never}}",
         BUILTIN "validating the entity location:default/x; caused by TypeError: /spec/presence "
                 "must be equal to one of the allowed values - allowedValues: required,optional"},
        {"{apiVersion: backstage.io/v1alpha1, kind: API, metadata: {name: x}, spec: {type: "
         "mcp-server, lifecycle: p, owner: o, remotes: [{type: sse, url: u}]}}",
         NULL},
        {"{apiVersion: backstage.io/v1alpha1, kind: AiResource, metadata: {name: x}, spec: {type: "
         "rule, lifecycle: p, owner: o, category: c}}",
         BUILTIN "validating the entity airesource:default/x; caused by TypeError: /spec must have "
                 "required property 'rationale' - missingProperty: rationale"},
        {COMPONENT("name: x", VALID_SPEC ", dependsOn: x"),
         BUILTIN "validating the entity component:default/x; caused by TypeError: /spec/dependsOn "
                 "must be array - type: array"},
        {COMPONENT("name: x", VALID_SPEC ", dependsOn: [x]"),
         BUILTIN "postprocessing the entity component:default/x; caused by TypeError: Entity "
                 "reference \"x\" had missing or empty kind (e.g. did not start with "
                 "\"component:\" or similar)"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        const Value *entity = parse(arena, cases[i][0]);
        ModelFault fault = {0};
        gboolean fine = model_check_envelope(arena, entity, &fault) &&
                        model_check_entity(arena, entity, &fault);

        g_test_message("%s", cases[i][0]);
        g_assert_cmpint(fine, ==, cases[i][1] == NULL);
        g_assert_cmpstr(fault.message, ==, cases[i][1]);
    }
}

static void test_faults_know_their_place(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity = parse(arena, "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
                                       "metadata:\n  name: x\n  tags:\n    - A B\nspec: {}\n");
    ModelFault fault = {0};

    g_assert_false(model_check_entity(arena, entity, &fault));
    g_assert_cmpint(fault.line, ==, 6);
    g_assert_cmpint(fault.column, ==, 7);
}

static void test_names_have_formats(void)
{
    static const struct {
        const char *metadata;
        gboolean valid;
    } cases[] = {
        {"name: a", TRUE},
        {"name: A_b.c-9", TRUE},
        {"name: -a", FALSE},
        {"name: a.", FALSE},
        {"name: x, tags: ['c++', 'c#', 'a:b-c']", TRUE},
        {"name: x, tags: [a--b]", FALSE},
        {"name: x, labels: {'example.com/a': ''}", TRUE},
        {"name: x, labels: {'Example.com/a': ''}", FALSE},
        {"name: x, labels: {'a/b/c': ''}", FALSE},
        {"name: x, labels: {a: 'x y'}", FALSE},
        {"name: x, annotations: {'a.b/c_d': 'any thing'}", TRUE},
        {"name: x, title: ' '", TRUE},
        {"name: x, namespace: 'a--b'", TRUE},
        {"name: x, links: [{url: 'https://x.y/z', title: t}]", TRUE},
        {"name: x, links: [{url: 'no url'}]", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        g_autofree char *yaml = g_strdup_printf(COMPONENT("%s", VALID_SPEC), cases[i].metadata);
        ModelFault fault;

        g_test_message("%s", cases[i].metadata);
        g_assert_cmpint(model_check_entity(arena, parse(arena, yaml), &fault), ==, cases[i].valid);
    }
}

static void test_links_are_urls_as_browsers_read_them(void)
{
    static const char *const good[] = {
        "http:x",         "foo:bar",   "http://a/ b",     "HTTP://X",      "http://x/%zz",
        "http://x/é",     " http://x", "mailto:a@b",      "http://[::1]/", "http://x:0/",
        "http:///x",      "x:",        "http://ex%41ple", "http://a_b/",   "http://user:pw@x/",
        "http://x/a|b^c", "file://",   "foo://",          "HTTPS:\\\\x",   "javascript:alert(1)",
        "http://ü.de",    "http://.",  "http://*.x",      "http://x#y z",  "http://1.2.3.4",
        "http://0x7f.1"};
    static const char *const bad[] = {"x",          "http://a b/",      "//x",           "http://",
                                      "1:x",        "http://x:99999",   "http://x|y/",   "/rel",
                                      "http://x:a", "https://",         "ftp://",        "foo:// x",
                                      "foo://a b",  "http://1.2.3.999", "http://[::g]/", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_test_message("%s", good[i]);
        g_assert_true(format_is_url(good[i]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(format_is_url(bad[i]));
    }
}

/* ---- kinds of an organisation ---- */

static Config *configure(const char *kinds, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *yaml = g_strdup_printf("catalog:\n  kinds:\n%s", kinds);
    Config *config = config_parse(yaml, "/tmp", diagnostics);

    g_assert_nonnull(config);
    kinds_configure(config, error);
    return config;
}

static const char SENSOR[] = "    - apiVersion: acme.example/v1\n"
                             "      kind: Sensor\n"
                             "      schema:\n"
                             "        allOf:\n"
                             "          - $ref: Entity\n"
                             "          - properties:\n"
                             "              spec:\n"
                             "                required: [unit]\n"
                             "                properties: {unit: {enum: [C, F]}}\n"
                             "      relations:\n"
                             "        spec.owner: {relation: ownedBy, kind: Group}\n"
                             "        spec.place.rooms: {relation: standsIn, inverse: holds, kind: "
                             "Room}\n";

#define SENSOR_OF(spec)                                                                            \
    "{apiVersion: acme.example/v1, kind: Sensor, metadata: {name: x}, spec: {" spec "}}"

static void test_an_organisation_defines_a_kind_by_a_schema(void)
{
    static const char *const cases[][2] = {
        {SENSOR_OF("unit: C, owner: team-a, place: {rooms: [a, b]}"), NULL},
        {SENSOR_OF("unit: K"),
         "The schema of Sensor (catalog.kinds) is not met while validating the entity "
         "sensor:default/x; caused by TypeError: /spec/unit must be one of \"C\", \"F\""},
        {SENSOR_OF("unit: C, owner: ['a:b/']"),
         "The schema of Sensor (catalog.kinds) is not met while postprocessing the entity "
         "sensor:default/x; caused by TypeError: Entity reference \"a:b/\" was not on the form "
         "[<kind>:][<namespace>/]<name>"},
    };
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = configure(SENSOR, &error);
    g_autoptr(GArray) relations = NULL;

    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ModelFault fault = {0};

        g_test_message("%s", cases[i][0]);
        g_assert_cmpint(model_check_entity(arena, parse(arena, cases[i][0]), &fault), ==,
                        cases[i][1] == NULL);
        g_assert_cmpstr(fault.message, ==, cases[i][1]);
    }
    relations = model_relations(arena, parse(arena, cases[0][0]));
    g_assert_cmpuint(relations->len, ==, 3);
    g_assert_cmpstr(g_array_index(relations, Relation, 0).target, ==, "group:default/team-a");
    g_assert_cmpstr(g_array_index(relations, Relation, 0).inverse, ==, "ownerOf");
    g_assert_cmpstr(g_array_index(relations, Relation, 2).target, ==, "room:default/b");
    kinds_configure(NULL, NULL);
    g_assert_null(kind_of(parse(arena, cases[0][0])));
}

static void test_a_mistake_in_a_kind_is_told_with_its_place(void)
{
    static const char *const cases[][2] = {
        {"    - {apiVersion: 'a b', kind: X}\n", "line 3, column 20: apiVersion must be like"},
        {"    - {apiVersion: a/v1, kind: '1'}\n", "line 3, column 32: kind must begin with"},
        {"    - {apiVersion: backstage.io/v1alpha1, kind: Component}\n",
         "line 3, column 49: this kind of this apiVersion is Backstage's own"},
        {"    - {apiVersion: a/v1, kind: X, schema: none.json}\n", "line 3, column 43: "},
        {"    - {apiVersion: a/v1, kind: X, schema: [1]}\n", "line 3, column 43: schema must be"},
        {"    - {apiVersion: a/v1, kind: X, relations: {spec.x: {relation: made}}}\n",
         "line 3, column 55: a relation needs relation and inverse"},
        {"    - {apiVersion: a/v1, kind: X, relations: {owner: {relation: ownedBy}}}\n",
         "line 3, column 54: a relation is declared by a field below spec"},
        {"    - {apiVersion: a/v1, kind: X}\n    - {apiVersion: a/v1, kind: X}\n",
         "line 4, column 32: this kind is defined twice"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) config = configure(cases[i][0], &error);

        g_test_message("%s", cases[i][0]);
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i][1]));
        g_assert_null(kinds_custom());
    }
}

static void test_an_unknown_kind_comes_with_a_hint(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    ModelFault fault = {0};

    g_assert_false(model_check_entity(
        arena,
        parse(arena, "{apiVersion: backstage.io/v1alpha1, kind: Componet, metadata: {name: "
                     "x}, spec: {}}"),
        &fault));
    g_assert_cmpstr(fault.hint, ==,
                    "did you mean kind: Component with apiVersion: backstage.io/v1alpha1?");
}

static void test_refs_are_split_as_backstage_splits_them(void)
{
    static const char *const cases[][2] = {
        {"x", "component:ns/x"},
        {"API:x", "api:ns/x"},
        {"other/X", "component:other/x"},
        {"Group:other/x", "group:other/x"},
        {"a/b:c", "component:a/b:c"},
        {":x", NULL},
        {"a:", NULL},
        {"a:/x", NULL},
        {"", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);

        g_assert_cmpstr(catalog_ref(arena, cases[i][0], "Component", "ns", NULL), ==, cases[i][1]);
    }
}

static void test_spec_declares_relations(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity = parse(arena, COMPONENT("name: x, namespace: shop",
                                                 VALID_SPEC ", system: s, providesApis: [a], "
                                                            "dependsOn: ['resource:default/db']"));
    g_autoptr(GArray) relations = model_relations(arena, entity);
    static const Relation wanted[] = {
        {"ownedBy", "ownerOf", "group:shop/team-a"},
        {"partOf", "hasPart", "system:shop/s"},
        {"providesApi", "apiProvidedBy", "api:shop/a"},
        {"dependsOn", "dependencyOf", "resource:default/db"},
    };

    g_assert_cmpuint(relations->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < relations->len; i++) {
        const Relation *got = &g_array_index(relations, Relation, i);

        g_assert_cmpstr(got->type, ==, wanted[i].type);
        g_assert_cmpstr(got->inverse, ==, wanted[i].inverse);
        g_assert_cmpstr(got->target, ==, wanted[i].target);
    }
}

static void test_reference_lists_come_back_sorted(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity = model_normalize(
        arena, parse(arena, COMPONENT("name: x", VALID_SPEC ", consumesApis: [c, a, b]")));

    g_assert_cmpstr(json_to_arena(arena, value_path(entity, "spec.consumesApis"), JSON_COMPACT), ==,
                    "[\"a\",\"b\",\"c\"]");
    g_assert_cmpstr(value_path_string(entity, "metadata.namespace", ""), ==, "default");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/model/what-is-no-entity-is-refused-in-backstages-words",
                    test_what_is_no_entity_is_refused_in_backstages_words);
    g_test_add_func("/catalog/model/faults-know-their-place", test_faults_know_their_place);
    g_test_add_func("/catalog/model/links-are-urls-as-browsers-read-them",
                    test_links_are_urls_as_browsers_read_them);
    g_test_add_func("/catalog/model/an-organisation-defines-a-kind-by-a-schema",
                    test_an_organisation_defines_a_kind_by_a_schema);
    g_test_add_func("/catalog/model/a-mistake-in-a-kind-is-told-with-its-place",
                    test_a_mistake_in_a_kind_is_told_with_its_place);
    g_test_add_func("/catalog/model/an-unknown-kind-comes-with-a-hint",
                    test_an_unknown_kind_comes_with_a_hint);
    g_test_add_func("/catalog/model/names-have-formats", test_names_have_formats);
    g_test_add_func("/catalog/model/spec-declares-relations", test_spec_declares_relations);
    g_test_add_func("/catalog/model/reference-lists-come-back-sorted",
                    test_reference_lists_come_back_sorted);
    g_test_add_func("/catalog/ref/split-as-backstage-splits-them",
                    test_refs_are_split_as_backstage_splits_them);
    return g_test_run();
}
