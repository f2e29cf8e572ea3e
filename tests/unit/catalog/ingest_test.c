#include "catalog/reading/ingest.h"
#include "catalog/reading/reading.h"
#include "formats/json.h"
#include "../spine/test_db.h"

/* A catalog over files in a folder of its own. */
typedef struct {
    TestDb *test;
    Events *events;
    Config *config;
    Catalog *catalog;
    char *files;
} Fixture;

static void write_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->files, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void fixture_open(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    fixture->catalog =
        catalog_new(fixture->test->db, fixture->events, NULL, NULL, fixture->config, &error);
    g_assert_no_error(error);
    g_assert_true(catalog_start(fixture->catalog, &error));
    g_assert_no_error(error);
}

static void fixture_init(Fixture *fixture, TestDb *test, const char *config)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    fixture->test = test;
    fixture->files = g_build_filename(test->folder, "files", NULL);
    g_assert_cmpint(g_mkdir_with_parents(fixture->files, 0755), ==, 0);
    fixture->events = events_new(test->db);
    fixture->config = config_parse(config, fixture->files, diagnostics);
    g_assert_nonnull(fixture->config);
}

static void fixture_clear(Fixture *fixture)
{
    catalog_free(fixture->catalog);
    events_free(fixture->events);
    config_free(fixture->config);
    g_free(fixture->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static void refresh(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(catalog_start(fixture->catalog, &error));
    g_assert_no_error(error);
}

#define CONFIG                                                                                     \
    "catalog: {rules: [{allow: [Component, API, Location, Group, User, System]}],"                 \
    " locations: [{type: file, target: ./all.yaml}]}"
#define ALL                                                                                        \
    "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: all}, spec: "            \
    "{targets: [./a.yaml, ./b.yaml]}}\n"
#define COMPONENT(name, owner)                                                                     \
    "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: " name            \
    "\nspec:\n  type: service\n  lifecycle: production\n  owner: " owner "\n"
#define LOCATION(name)                                                                             \
    "---\n{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: " name              \
    "}, spec: {targets: []}}\n"
#define GROUP(name, parent)                                                                        \
    "---\n{apiVersion: backstage.io/v1alpha1, kind: Group, metadata: {name: " name                 \
    "}, spec: {type: team, children: []" parent "}}\n"

/* The member at path of the entity ref, as JSON; "absent" where there is no such entity. */
static char *look(const Fixture *fixture, const char *ref, const char *path)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity = catalog_get(fixture->catalog, arena, ref, NULL);

    return entity ? json_to_string(value_path(entity, path), JSON_COMPACT) : g_strdup("absent");
}

#define assert_look(fixture, ref, path, wanted)                                                    \
    do {                                                                                           \
        g_autofree char *got = look(fixture, ref, path);                                           \
        g_assert_cmpstr(got, ==, wanted);                                                          \
    } while (0)

static char *status_message(const Fixture *fixture, const char *ref)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity = catalog_get(fixture->catalog, arena, ref, NULL);

    return g_strdup(value_path_string(value_item(value_path(entity, "status.items"), 0),
                                      "error.message", NULL));
}

static char *event_types(const Fixture *fixture, const char *subject)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GString) types = g_string_new(NULL);
    EventFilter filter = {.subject = subject, .limit = 100};

    g_assert_true(events_read(db_reader(fixture->test->db), arena, &filter, found, NULL));
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(types, "%s ", strrchr(((Event *)found->pdata[i])->type, '.') + 1);
    return g_string_free(g_steal_pointer(&types), FALSE);
}

static void relations_go_both_ways(TestDb *test)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("x", "team-a") COMPONENT("y", "nobody"));
    write_file(&fixture, "b.yaml", GROUP("team-a", ""));
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/x", "relations",
                "[{\"type\":\"ownedBy\",\"targetRef\":\"group:default/team-a\"}]");
    assert_look(&fixture, "Group:default/Team-A", "relations",
                "[{\"type\":\"ownerOf\",\"targetRef\":\"component:default/x\"}]");
    assert_look(&fixture, "component:default/y", "relations",
                "[{\"type\":\"ownedBy\",\"targetRef\":\"group:default/nobody\"}]");
}

static void a_broken_file_stops_no_other(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *message = NULL, *path = NULL;

    fixture_init(&fixture, test, CONFIG);
    path = g_build_filename(fixture.files, "a.yaml", NULL);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", "kind: [\n");
    write_file(&fixture, "b.yaml", COMPONENT("b", "team-a"));
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/b", "metadata.name", "\"b\"");
    message = status_message(&fixture, "location:default/all");
    g_assert_nonnull(strstr(message, "did not find expected node content"));
    {
        g_autofree char *source = look(&fixture, "location:default/all", "status.items");

        g_assert_nonnull(strstr(source, path));
        g_assert_nonnull(strstr(source, "\"line\":2"));
    }
}

static void what_a_broken_file_held_stays(TestDb *test)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-a"));
    write_file(&fixture, "b.yaml", COMPONENT("b", "team-a"));
    fixture_open(&fixture);
    write_file(&fixture, "a.yaml", "kind: [\n");
    write_file(&fixture, "b.yaml", "");
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "metadata.name", "\"a\"");
    assert_look(&fixture, "component:default/b", "metadata.name", "absent");
    write_file(&fixture, "a.yaml", "# nothing left\n");
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "metadata.name", "absent");
    assert_look(&fixture, "location:default/all", "status", "null");
}

static void an_invalid_entity_keeps_its_last_version_and_says_why(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *message = NULL, *items = NULL, *parent = NULL;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-a"));
    write_file(&fixture, "b.yaml", "");
    fixture_open(&fixture);
    write_file(&fixture, "a.yaml", COMPONENT("a", "") COMPONENT("never", ""));
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "spec.owner", "\"team-a\"");
    message = status_message(&fixture, "component:default/a");
    g_assert_nonnull(strstr(message, "/spec/owner must be string"));
    items = look(&fixture, "component:default/a", "status.items");
    g_assert_nonnull(strstr(items, "\"line\":9,\"column\":"));
    parent = look(&fixture, "location:default/all", "status.items");
    g_assert_nonnull(strstr(parent, "component:default/never"));
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-b"));
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "status", "null");
    assert_look(&fixture, "component:default/a", "spec.owner", "\"team-b\"");
}

static void every_change_is_an_event(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *types = NULL, *uid = NULL;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-a"));
    write_file(&fixture, "b.yaml", "");
    fixture_open(&fixture);
    uid = look(&fixture, "component:default/a", "metadata.uid");
    refresh(&fixture);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-b"));
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "metadata.uid", uid);
    write_file(&fixture, "a.yaml", "");
    refresh(&fixture);
    types = event_types(&fixture, "component:default/a");
    g_assert_cmpstr(types, ==, "created updated deleted ");
}

static guint count_of(const Fixture *fixture)
{
    g_autoptr(Snapshot) snapshot = index_acquire(fixture->catalog->index);

    return (guint)snapshot_count(snapshot);
}

static void write_many(const Fixture *fixture, guint count)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, COMPONENT("many-%u", "team-a"), i);
    write_file(fixture, "a.yaml", text->str);
}

/* So many that the index is made anew, the log has one row, and what goes goes in one batch. */
static void very_many_entities_come_and_go_at_once(TestDb *test)
{
    const guint many = 2500;
    g_auto(Fixture) fixture = {0};
    g_autofree char *types = NULL;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "b.yaml", GROUP("team-a", ""));
    write_many(&fixture, many);
    fixture_open(&fixture);
    g_assert_cmpuint(count_of(&fixture), ==, many + 3);
    assert_look(&fixture, "component:default/many-2499", "spec.owner", "\"team-a\"");
    refresh(&fixture);
    g_assert_cmpuint(count_of(&fixture), ==, many + 3);
    write_many(&fixture, 1);
    refresh(&fixture);
    g_assert_cmpuint(count_of(&fixture), ==, 1 + 3);
    types = event_types(&fixture, "component:default/many-7");
    g_assert_cmpstr(types, ==, "created deleted ");
    g_assert_true(events_verify(db_reader(test->db), NULL));
}

/* What it would have named is not known. */
static void a_location_with_a_target_that_is_none_loses_nothing(TestDb *test)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-a"));
    write_file(&fixture, "b.yaml", GROUP("team-a", ""));
    fixture_open(&fixture);
    write_file(&fixture, "all.yaml",
               "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: all}, spec: "
               "{targets: [./b.yaml, ./folder/]}}\n");
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "spec.owner", "\"team-a\"");
    write_file(&fixture, "all.yaml",
               "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: all}, spec: "
               "{targets: [./b.yaml]}}\n");
    refresh(&fixture);
    assert_look(&fixture, "component:default/a", "spec.owner", "absent");
}

static void entities_are_there_after_a_restart(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *before = NULL, *after = NULL;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", ALL);
    write_file(&fixture, "a.yaml", COMPONENT("a", "team-a"));
    write_file(&fixture, "b.yaml", GROUP("team-a", ""));
    fixture_open(&fixture);
    before = look(&fixture, "component:default/a", "metadata");
    catalog_free(fixture.catalog);
    fixture.catalog = catalog_new(test->db, fixture.events, NULL, NULL, fixture.config, NULL);
    after = look(&fixture, "component:default/a", "metadata");
    g_assert_cmpstr(before, ==, after);
}

static void the_first_source_of_an_entity_keeps_it(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *message = NULL;
    g_autoptr(Arena) arena = arena_new(1 << 20);

    fixture_init(&fixture, test,
                 "catalog: {locations: [{type: file, target: ./one.yaml}, {type: file, target: "
                 "./two.yaml}]}");
    write_file(&fixture, "one.yaml", COMPONENT("a", "first"));
    write_file(&fixture, "two.yaml", COMPONENT("a", "second") COMPONENT("b", "second"));
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/a", "spec.owner", "\"first\"");
    assert_look(&fixture, "component:default/b", "spec.owner", "\"second\"");
    {
        g_autofree char *target = g_build_filename(fixture.files, "two.yaml", NULL);

        message = status_message(&fixture, location_entity_ref(arena, "file", target));
    }
    g_assert_nonnull(strstr(message, "is already defined by file:"));
}

static void files_outside_of_the_configured_folders_are_refused(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *outside = g_build_filename(test->folder, "secret.yaml", NULL);
    g_autofree char *link = NULL, *items = NULL;

    fixture_init(&fixture, test, CONFIG);
    link = g_build_filename(fixture.files, "a.yaml", NULL);
    g_assert_true(g_file_set_contents(outside, COMPONENT("secret", "x"), -1, NULL));
    g_assert_cmpint(symlink(outside, link), ==, 0);
    write_file(&fixture, "all.yaml",
               "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: all}, spec: "
               "{targets: [./a.yaml, ../secret.yaml, ./b.yaml]}}\n");
    write_file(&fixture, "b.yaml", COMPONENT("b", "team-a"));
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/secret", "kind", "absent");
    assert_look(&fixture, "component:default/b", "kind", "\"Component\"");
    items = look(&fixture, "location:default/all", "status.items");
    g_assert_nonnull(strstr(items, "lies outside of the folders"));
    g_assert_false(catalog_read_tree(fixture.catalog, "file:/etc", fixture.files, NULL));
}

static void folders_are_copied_without_what_leads_out(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *url = NULL, *copy = g_build_filename(test->folder, "copy", NULL);
    g_autofree char *copied = g_build_filename(copy, "deep/file.txt", NULL);
    g_autofree char *link = NULL;
    g_autoptr(GError) error = NULL;

    fixture_init(&fixture, test, CONFIG);
    url = g_strdup_printf("file:%s/skeleton", fixture.files);
    link = g_build_filename(fixture.files, "skeleton/link", NULL);
    write_file(&fixture, "all.yaml", "");
    write_file(&fixture, "skeleton/deep/file.txt", "hello");
    fixture_open(&fixture);
    g_assert_true(catalog_read_tree(fixture.catalog, url, copy, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_test(copied, G_FILE_TEST_IS_REGULAR));
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
    g_assert_false(catalog_read_tree(fixture.catalog, url, copy, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

static void placeholders_hold_what_stands_in_other_files(TestDb *test)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml",
               "{apiVersion: backstage.io/v1alpha1, kind: API, metadata: {name: a}, spec: {type: "
               "openapi, lifecycle: x, owner: y, definition: {$text: ./openapi.yaml}}}\n");
    write_file(&fixture, "openapi.yaml", "openapi: 3.0.0\n");
    fixture_open(&fixture);
    assert_look(&fixture, "api:default/a", "spec.definition", "\"openapi: 3.0.0\\n\"");
}

static void kinds_that_no_rule_allows_are_refused(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *message = NULL;
    g_autoptr(Arena) arena = arena_new(1 << 20);

    fixture_init(&fixture, test, "catalog: {locations: [{type: file, target: ./all.yaml}]}");
    write_file(&fixture, "all.yaml", COMPONENT("a", "x") GROUP("team-a", ""));
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/a", "kind", "\"Component\"");
    assert_look(&fixture, "group:default/team-a", "kind", "absent");
    {
        g_autofree char *target = g_build_filename(fixture.files, "all.yaml", NULL);

        message = status_message(&fixture, location_entity_ref(arena, "file", target));
    }
    g_assert_nonnull(strstr(message, "is not of an allowed kind for that location"));
}

static void groups_of_a_user_are_transitive(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_auto(GStrv) groups = NULL;
    g_autofree char *joined = NULL;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml",
               GROUP("a", ", parent: b") GROUP("b", ", parent: c") GROUP("c", ", parent: a")
                   GROUP("d", ", members: [ada]") "---\n{apiVersion: backstage.io/v1alpha1, kind: "
                                                  "User, metadata: {name: "
                                                  "ada}, spec: {memberOf: [a]}}\n");
    fixture_open(&fixture);
    groups = catalog_groups_of("user:default/ada", fixture.catalog);
    joined = g_strjoinv(" ", groups);
    g_assert_cmpstr(joined, ==, "group:default/a group:default/d group:default/b group:default/c");
}

static void a_location_that_is_no_longer_configured_goes(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", COMPONENT("a", "x"));
    fixture_open(&fixture);
    catalog_free(fixture.catalog);
    config_free(fixture.config);
    fixture.config = config_parse("catalog: {locations: []}", fixture.files, diagnostics);
    fixture_open(&fixture);
    assert_look(&fixture, "component:default/a", "kind", "absent");
}

/* The location of all.yaml, as somebody loaded it who waits to read it. */
static CatalogLocation *load_location(const Fixture *fixture, Arena *arena)
{
    g_autoptr(GPtrArray) all = store_locations(db_reader(fixture->test->db), arena, NULL, NULL);

    g_assert_true(all && all->len == 1);
    return all->pdata[0];
}

static void a_location_that_went_while_it_was_waited_for_is_not_read(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(GError) error = NULL;
    CatalogLocation *location;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", COMPONENT("a", "x"));
    fixture_open(&fixture);
    location = load_location(&fixture, arena);
    g_assert_true(location_remove(fixture.catalog, location, "ada", &error));
    g_assert_true(location_ingest(fixture.catalog, location, "ada", findings, &error));
    g_assert_true(location_ingest_entity(fixture.catalog, location, "component:default/a", "ada",
                                         findings, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count_of(&fixture), ==, 0);
}

static void a_location_that_was_changed_while_it_was_waited_for_is_not_read(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autofree char *other = NULL;
    CatalogLocation *old;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml", COMPONENT("a", "x"));
    write_file(&fixture, "other.yaml", COMPONENT("b", "x"));
    other = g_build_filename(fixture.files, "other.yaml", NULL);
    fixture_open(&fixture);
    old = load_location(&fixture, arena);
    g_assert_true(location_change(fixture.catalog, arena, old, "file", other, "ada", NULL));
    assert_look(&fixture, "component:default/b", "kind", "\"Component\"");
    g_assert_true(location_ingest(fixture.catalog, old, "ada", findings, NULL));
    assert_look(&fixture, "component:default/a", "kind", "absent");
    assert_look(&fixture, "component:default/b", "kind", "\"Component\"");
}

static void locations_are_given_no_more_than_asked_for_at_once(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    g_autoptr(Reading) reading = NULL;
    ReadingBatch *batch;
    guint given = 0;

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml",
               LOCATION("a") LOCATION("b") LOCATION("c") LOCATION("d"));
    fixture_open(&fixture);
    reading = reading_new(fixture.catalog, load_location(&fixture, arena), NULL, findings);
    while ((batch = reading_next(reading, 2))) {
        g_assert_cmpuint(batch->emissions->len, <=, 2);
        given += batch->emissions->len;
        reading_batch_free(batch);
    }
    g_assert_cmpuint(given, ==, 5);
}

/* ---- queries ---- */

static char *select_names(const Fixture *fixture, const char *filter, const char *query)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Snapshot) snapshot = index_acquire(fixture->catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, fixture->catalog->memory);
    const QueryPageRequest request = {.limit = G_MAXUINT64};
    g_autoptr(QueryMatch) match = NULL;
    g_auto(QueryPage) page = {0};
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const Predicate *predicate =
        query ? predicate_from_value(arena, json_parse(arena, query, -1, NULL), &error)
              : predicate_from_filters(arena, (const char *const[]){filter, NULL}, &error);

    if (!predicate)
        return g_strdup(error->message);
    match = query_match_new(view, predicate);
    query_page(match, &request, &page);
    for (guint i = 0; i < page.hits->len; i++) {
        const char *ref = snapshot_ref(snapshot, g_array_index(page.hits, EntityId, i));

        if (!strstr(ref, "generated-"))
            g_string_append_printf(names, "%s ", strchr(ref, '/') + 1);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void filters_and_predicates_find_entities(TestDb *test)
{
    static const struct {
        const char *filter, *query, *wanted;
    } cases[] = {
        {"kind=component", NULL, "a b "},
        {"KIND=Component,spec.owner=TEAM-B", NULL, "b "},
        {"kind=component,kind=group", NULL, "a b team-a "},
        {"metadata.tags=java", NULL, "a "},
        {"metadata.tags.java", NULL, "a "},
        {"metadata.annotations.x.y/z=v=w", NULL, "a "},
        {"relations.ownedBy=group:default/team-a", NULL, "a "},
        {"spec.children", NULL, ""},
        {"metadata.tags, kind=component", NULL, "a "},
        {"=x", NULL,
         "Invalid filter, '=x' is not a valid statement (expected a string on the form a=b or a= "
         "or a)"},
        {NULL, "{\"kind\":\"component\"}", "a b "},
        {NULL, "{\"$not\":{\"kind\":{\"$in\":[\"Component\",\"Location\"]}}}", "team-a "},
        {NULL, "{\"$any\":[{\"spec.owner\":\"team-b\"},{\"kind\":\"group\"}]}", "b team-a "},
        {NULL, "{\"metadata.name\":{\"$hasPrefix\":\"TEAM\"}}", "team-a "},
        {NULL, "{\"metadata.tags\":{\"$contains\":\"java\"}}", "a "},
        {NULL, "{\"metadata.tags\":{\"$exists\":false},\"kind\":\"component\"}", "b "},
        {NULL,
         "{\"relations\":{\"$contains\":{\"type\":\"ownedBy\",\"targetRef\":\"group:default/"
         "team-a\"}}}",
         "a "},
        {NULL, "{\"$nope\":[]}", "Invalid query: unknown operator \"$nope\""},
        {NULL, "{\"$any\":[]}", ""},
    };
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test, CONFIG);
    write_file(&fixture, "all.yaml",
               "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  tags: "
               "[java]\n  annotations: {x.y/z: v=w}\nspec: {type: service, lifecycle: x, owner: "
               "team-a}\n" COMPONENT("b", "team-b") GROUP("team-a", ""));
    fixture_open(&fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = select_names(&fixture, cases[i].filter, cases[i].query);

        g_test_message("%s", cases[i].filter ? cases[i].filter : cases[i].query);
        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/catalog/ingest/relations-go-both-ways", relations_go_both_ways);
    test_db_add("/catalog/ingest/a-broken-file-stops-no-other", a_broken_file_stops_no_other);
    test_db_add("/catalog/ingest/what-a-broken-file-held-stays", what_a_broken_file_held_stays);
    test_db_add("/catalog/ingest/an-invalid-entity-keeps-its-last-version-and-says-why",
                an_invalid_entity_keeps_its_last_version_and_says_why);
    test_db_add("/catalog/ingest/every-change-is-an-event", every_change_is_an_event);
    test_db_add("/catalog/ingest/very-many-entities-come-and-go-at-once",
                very_many_entities_come_and_go_at_once);
    test_db_add("/catalog/ingest/a-location-with-a-target-that-is-none-loses-nothing",
                a_location_with_a_target_that_is_none_loses_nothing);
    test_db_add("/catalog/ingest/entities-are-there-after-a-restart",
                entities_are_there_after_a_restart);
    test_db_add("/catalog/ingest/the-first-source-of-an-entity-keeps-it",
                the_first_source_of_an_entity_keeps_it);
    test_db_add("/catalog/ingest/files-outside-of-the-configured-folders-are-refused",
                files_outside_of_the_configured_folders_are_refused);
    test_db_add("/catalog/ingest/folders-are-copied-without-what-leads-out",
                folders_are_copied_without_what_leads_out);
    test_db_add("/catalog/ingest/placeholders-hold-what-stands-in-other-files",
                placeholders_hold_what_stands_in_other_files);
    test_db_add("/catalog/ingest/kinds-that-no-rule-allows-are-refused",
                kinds_that_no_rule_allows_are_refused);
    test_db_add("/catalog/ingest/groups-of-a-user-are-transitive", groups_of_a_user_are_transitive);
    test_db_add("/catalog/ingest/a-location-that-is-no-longer-configured-goes",
                a_location_that_is_no_longer_configured_goes);
    test_db_add("/catalog/ingest/a-location-that-went-while-it-was-waited-for-is-not-read",
                a_location_that_went_while_it_was_waited_for_is_not_read);
    test_db_add("/catalog/ingest/a-location-that-was-changed-while-it-was-waited-for-is-not-read",
                a_location_that_was_changed_while_it_was_waited_for_is_not_read);
    test_db_add("/catalog/ingest/locations-are-given-no-more-than-asked-for-at-once",
                locations_are_given_no_more_than_asked_for_at_once);
    test_db_add("/catalog/query/filters-and-predicates-find-entities",
                filters_and_predicates_find_entities);
    return test_db_run();
}
