#include "catalog/catalog_internal.h"
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
         "<root> must NOT have additional properties - additionalProperty: relations"},
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
         POLICY "\"metadata.annotations.a\" is not valid; expected a string but found 1" ADR},
        {COMPONENT("name: x, links: [{title: t}]", VALID_SPEC),
         POLICY "\"links.0.url\" is not valid; expected a string that is a valid url but found "
                "\"undefined\"" ADR},
        {"{apiVersion: backstage.io/v1alpha1, kind: Nope, metadata: {name: x}, spec: {}}",
         "No processor recognized the entity nope:default/x as valid, possibly caused by a foreign "
         "kind or apiVersion"},
        {"{apiVersion: backstage.io/v9, kind: Component, metadata: {name: x}, spec: {}}",
         "No processor recognized the entity component:default/x as valid, possibly caused by a "
         "foreign kind or apiVersion"},
        {COMPONENT("name: x", "type: service"),
         BUILTIN "validating the entity component:default/x; caused by TypeError: /spec must have "
                 "required property 'lifecycle' - missingProperty: lifecycle"},
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
        {"name: x, title: ' '", FALSE},
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
    g_test_add_func("/catalog/model/names-have-formats", test_names_have_formats);
    g_test_add_func("/catalog/model/spec-declares-relations", test_spec_declares_relations);
    g_test_add_func("/catalog/model/reference-lists-come-back-sorted",
                    test_reference_lists_come_back_sorted);
    g_test_add_func("/catalog/ref/split-as-backstage-splits-them",
                    test_refs_are_split_as_backstage_splits_them);
    return g_test_run();
}
