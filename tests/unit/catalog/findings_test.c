#include "catalog/findings/findings.h"
#include "test_catalog.h"

#define CONFIG                                                                                     \
    "catalog: {rules: [{allow: [Component, API, Resource, Group, User, System, Template,"          \
    " Location]}], locations: [{type: file, target: ./all.yaml}]}"
#define ENTITY(kind, name, spec)                                                                   \
    "---\n{apiVersion: backstage.io/v1alpha1, kind: " kind ", metadata: {name: " name              \
    "}, spec: {" spec "}}\n"
#define GROUP(name) ENTITY("Group", name, "type: team, children: []")
#define COMPONENT(name, owner, more)                                                               \
    ENTITY("Component", name, "type: service, lifecycle: production, owner: " owner more)

/* "type ref target\n" of each. */
static char *tell(FindingList *list)
{
    GString *text = g_string_new(NULL);

    g_assert_nonnull(list);
    for (guint i = 0; i < finding_list_count(list); i++) {
        const Finding *finding = finding_list_at(list, i);

        g_string_append_printf(text, "%s %s%s%s\n", finding_type_name(finding->type), finding->ref,
                               finding->target ? " " : "", finding->target ? finding->target : "");
    }
    finding_list_unref(list);
    return g_string_free(text, FALSE);
}

static char *all(TestCatalog *fixture)
{
    return tell(findings_get(fixture->catalog, NULL));
}

static void what_is_wrong_is_found(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autofree char *got = NULL, *of_b = NULL, *of_nothing = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    test_catalog_write(
        &fixture, "all.yaml",
        GROUP("team") COMPONENT("a", "team", "") COMPONENT(
            "b", "teem",
            ", dependsOn: [component:a,"
            " component:c]") COMPONENT("d", "user:team", ", system: s")
            ENTITY("Component", "old", "type: x, lifecycle: deprecated, owner: team") ENTITY(
                "Resource", "r",
                "type: x, owner: team, dependsOn: [component:old]") "---\n{apiVersion: "
                                                                    "scaffolder.backstage.io/"
                                                                    "v1beta3, kind: Template, "
                                                                    "metadata: {name: t}, spec: "
                                                                    "{type: x, steps: []}}\n");
    test_catalog_refresh(&fixture);
    got = all(&fixture);
    g_assert_cmpstr(got, ==,
                    "owner-missing template:default/t\n"
                    "owner-unknown component:default/b group:default/teem\n"
                    "owner-unknown component:default/d user:default/team\n"
                    "reference-broken component:default/b component:default/c\n"
                    "reference-broken component:default/d system:default/s\n"
                    "deprecated-in-use component:default/old\n");
    of_b = tell(findings_of_entity(fixture.catalog, "component:default/b", NULL));
    g_assert_cmpstr(of_b, ==,
                    "owner-unknown component:default/b group:default/teem\n"
                    "reference-broken component:default/b component:default/c\n");
    of_nothing = tell(findings_of_entity(fixture.catalog, "component:default/nope", NULL));
    g_assert_cmpstr(of_nothing, ==, "");
}

static void what_comes_and_goes_is_noticed(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autofree char *before = NULL, *then = NULL, *after = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    test_catalog_write(&fixture, "all.yaml", COMPONENT("a", "team", ""));
    test_catalog_refresh(&fixture);
    before = tell(findings_of_entity(fixture.catalog, "component:default/a", NULL));
    g_assert_cmpstr(before, ==, "owner-unknown component:default/a group:default/team\n");
    test_catalog_write(&fixture, "all.yaml", COMPONENT("a", "team", "") GROUP("team"));
    test_catalog_refresh(&fixture);
    then = tell(findings_of_entity(fixture.catalog, "component:default/a", NULL));
    g_assert_cmpstr(then, ==, "");
    test_catalog_write(&fixture, "all.yaml", COMPONENT("a", "team", ""));
    test_catalog_refresh(&fixture);
    after = tell(findings_of_entity(fixture.catalog, "component:default/a", NULL));
    g_assert_cmpstr(after, ==, before);
}

static void what_was_found_is_remembered(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(FindingList) first = NULL;
    g_autoptr(FindingList) second = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    test_catalog_write(&fixture, "all.yaml", COMPONENT("a", "team", ""));
    test_catalog_refresh(&fixture);
    first = findings_get(fixture.catalog, NULL);
    second = findings_get(fixture.catalog, NULL);
    g_assert_true(first == second);
    g_assert_nonnull(finding_list_find(first, finding_list_at(first, 0)->id));
    g_assert_null(finding_list_find(first, "0123456789abcdef"));
}

static void a_faulty_file_is_a_finding_with_its_line(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(FindingList) list = NULL;
    const Finding *finding;

    test_catalog_init(&fixture, test, CONFIG);
    test_catalog_write(&fixture, "all.yaml", GROUP("team") "---\nkind: [\n");
    test_catalog_refresh(&fixture);
    list = findings_get(fixture.catalog, NULL);
    g_assert_cmpuint(finding_list_count(list), ==, 1);
    finding = finding_list_at(list, 0);
    g_assert_cmpint(finding->type, ==, FINDING_SOURCE_ERROR);
    g_assert_true(g_str_has_suffix(finding->file, "/all.yaml"));
    g_assert_cmpint(finding->line, >, 2);
}

/* What is proposed for the first finding of ref: "id before -> after", or "nothing". */
static char *propose(TestCatalog *fixture, const char *ref)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(FindingList) list = findings_of_entity(fixture->catalog, ref, NULL);
    g_autoptr(Proposer) proposer = proposer_new(fixture->catalog, arena, 60000);
    const CatalogRow *row = store_row(db_reader(fixture->test->db), arena, ref, NULL);
    const Proposal *proposal = finding_propose(proposer, finding_list_at(list, 0), row);

    return proposal
               ? g_strdup_printf("%s %s -> %s", proposal->id, proposal->before, proposal->after)
               : g_strdup("nothing");
}

static void the_nearest_name_is_proposed_as_it_was_spelled(TestDb *test)
{
    static const struct {
        const char *ref, *wanted;
    } cases[] = {
        {"component:default/a", "nearest Comerce -> Commerce"},
        {"component:default/b", "nearest group:comerce -> group:Commerce"},
        {"component:default/c", "nothing"},
        {"component:other/d", "nearest commerse -> default/Commerce"},
        {"component:default/e", "nearest component:warehouse -> resource:warehouse"},
        {"component:default/f", "nearest component:aa -> component:a"},
    };
    g_auto(TestCatalog) fixture = {0};

    test_catalog_init(&fixture, test, CONFIG);
    test_catalog_write(
        &fixture, "all.yaml",
        GROUP("Commerce") ENTITY("Resource", "warehouse", "type: x, owner: Commerce")
            COMPONENT("a", "Comerce", "") COMPONENT("b", "\"group:comerce\"", "")
                COMPONENT("c", "nobody-like-it", "")
                    COMPONENT("e", "Commerce", ", dependsOn: [component:warehouse]") COMPONENT(
                        "f", "Commerce",
                        ", dependsOn: [component:aa]") "---\n{apiVersion: backstage.io/v1alpha1, "
                                                       "kind: Component, metadata: "
                                                       "{name: d, namespace: other}, spec: {type: "
                                                       "x, lifecycle: y, owner: "
                                                       "commerse}}\n");
    test_catalog_refresh(&fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = propose(&fixture, cases[i].ref);

        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

/* ---- other hosts ---- */

static Response *contents(Request *request, void *room, GError **error)
{
    /* "* @house/team\n" */
    return g_str_equal(request_param(request, "path"), "docs/CODEOWNERS")
               ? response_text(200, "application/json",
                               "{\"type\":\"file\",\"sha\":\"1\",\"content\":"
                               "\"KiBAaG91c2UvdGVhbQo=\"}")
               : response_text(404, "application/json", "{\"message\":\"Not Found\"}");
}

static const Route gitea[] = {
    {"GET", "/api/v1/repos/{owner}/{name}/contents/{path...}", contents, ROUTE_WORKER,
     PERMISSION_PUBLIC},
    {0},
};

static void owners_are_read_from_other_hosts_and_remembered(TestDb *test)
{
    HttpServerOptions options = {.workers = 2};
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(1 << 20);
    guint16 port;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &port, &error)};
    g_autoptr(HttpServer) server = http_server_new(&options);
    g_autofree char *config =
        g_strdup_printf(CONFIG "\nintegrations: {gitea: [{host: \"127.0.0.1:%u\", baseUrl: "
                               "\"http://127.0.0.1:%u\", password: x}]}\n",
                        port, port);
    g_autofree char *url = g_strdup_printf(
        "http://127.0.0.1:%u/house/shed/src/branch/main/deep/catalog-info.yaml", port);
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(Snapshot) snapshot = NULL;
    OwnerGuess guess, again;
    EditPlace place;

    http_mount(server, gitea, NULL);
    g_assert_true(http_server_listen(server, &listener, &error));
    test_catalog_init(&fixture, test, config);
    test_catalog_write(&fixture, "all.yaml", GROUP("team"));
    test_catalog_refresh(&fixture);
    snapshot = index_acquire(fixture.catalog->index);
    g_assert_true(edit_place(fixture.catalog, arena, &(Source){"url", url}, &place));
    guess = owner_guess(fixture.catalog, arena, snapshot, &place);
    g_assert_cmpstr(guess.owner, ==, "group:default/team");
    g_assert_cmpstr(guess.reason, ==,
                    "docs/CODEOWNERS gives deep/catalog-info.yaml to @house/team in line 1");
    g_assert_false(findings_recall(fixture.catalog->findings, arena, "x", &again));
    findings_remember(fixture.catalog->findings, "x", &guess);
    g_assert_true(findings_recall(fixture.catalog->findings, arena, "x", &again));
    g_assert_cmpstr(again.owner, ==, guess.owner);
    http_server_stop(server, 5000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/catalog/findings/what-is-wrong-is-found", what_is_wrong_is_found);
    test_db_add("/catalog/findings/what-comes-and-goes-is-noticed", what_comes_and_goes_is_noticed);
    test_db_add("/catalog/findings/what-was-found-is-remembered", what_was_found_is_remembered);
    test_db_add("/catalog/findings/a-faulty-file-is-a-finding-with-its-line",
                a_faulty_file_is_a_finding_with_its_line);
    test_db_add("/catalog/findings/the-nearest-name-is-proposed-as-it-was-spelled",
                the_nearest_name_is_proposed_as_it_was_spelled);
    test_db_add("/catalog/findings/owners-are-read-from-other-hosts-and-remembered",
                owners_are_read_from_other_hosts_and_remembered);
    return test_db_run();
}
