#include "test_catalog.h"

#define CONFIG                                                                                     \
    "catalog: {rules: [{allow: [Component]}], locations: [{type: file, target: ./all.yaml}]}"
#define COMPONENT(owner)                                                                           \
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n"                   \
    "spec: {type: service, lifecycle: production, owner: " owner "}\n"
#define REF "component:default/x"

/* "updated spec.owner=b->c, created " of every version, newest first. */
static char *tell(const TestCatalog *fixture, guint limit)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) versions = history_read(fixture->catalog, arena, REF, NULL, limit, &error);
    GString *text = g_string_new(NULL);

    g_assert_no_error(error);
    for (guint i = 0; i < versions->len; i++) {
        const HistoryVersion *version = versions->pdata[i];

        g_string_append_printf(
            text, "%" G_GINT64_FORMAT ":%s ", version->version,
            version->entity ? value_path_string(version->entity, "spec.owner", "?") : "deleted");
    }
    return g_string_free(text, FALSE);
}

static void set_owner(TestCatalog *fixture, const char *text)
{
    test_catalog_write(fixture, "all.yaml", text);
    test_catalog_refresh(fixture);
}

static void what_was_replaced_is_kept_newest_first(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) older = NULL;
    g_autoptr(GPtrArray) all = NULL;
    g_autofree char *first = NULL, *then = NULL;
    const HistoryVersion *found;

    test_catalog_init(&fixture, test, CONFIG);
    set_owner(&fixture, COMPONENT("a"));
    first = tell(&fixture, 10);
    g_assert_cmpstr(first, ==, "1:a ");
    set_owner(&fixture, COMPONENT("b"));
    set_owner(&fixture, COMPONENT("b"));
    set_owner(&fixture, COMPONENT("c"));
    then = tell(&fixture, 10);
    g_assert_cmpstr(then, ==, "3:c 2:b 1:a ");
    all = history_read(fixture.catalog, arena, REF, NULL, 2, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    older = history_read(fixture.catalog, arena, REF, history_version_id(arena, all->pdata[1]), 9,
                         NULL);
    g_assert_cmpuint(older->len, ==, 1);
    g_assert_cmpint(((HistoryVersion *)older->pdata[0])->version, ==, 1);
    found =
        history_find(fixture.catalog, arena, REF, history_version_id(arena, older->pdata[0]), NULL);
    g_assert_cmpstr(value_path_string(found->entity, "spec.owner", ""), ==, "a");
    g_assert_cmpstr(found->actor, ==, "pave:configuration");
    found =
        history_find(fixture.catalog, arena, REF, history_version_id(arena, all->pdata[0]), NULL);
    g_assert_cmpstr(value_path_string(found->entity, "spec.owner", ""), ==, "c");
}

static void a_fault_makes_no_version(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autofree char *got = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    set_owner(&fixture, COMPONENT("a"));
    set_owner(&fixture, "kind: [");
    set_owner(&fixture, COMPONENT("a"));
    got = tell(&fixture, 10);
    g_assert_cmpstr(got, ==, "1:a ");
}

static void a_deleted_entity_is_remembered_by_its_name(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autofree char *gone = NULL, *back = NULL, *part = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    set_owner(&fixture, COMPONENT("a"));
    set_owner(&fixture, COMPONENT("b"));
    set_owner(&fixture, "");
    gone = tell(&fixture, 10);
    g_assert_cmpstr(gone, ==, "3:deleted 2:b 1:a ");
    set_owner(&fixture, COMPONENT("c"));
    back = tell(&fixture, 10);
    g_assert_cmpstr(back, ==, "1:c 3:deleted 2:b 1:a ");
    part = tell(&fixture, 2);
    g_assert_cmpstr(part, ==, "1:c 3:deleted ");
}

static void versions_that_ended_long_ago_are_forgotten(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    clock_set_for_tests(1000);
    set_owner(&fixture, COMPONENT("a"));
    clock_set_for_tests(2000);
    set_owner(&fixture, COMPONENT("b"));
    clock_set_for_tests(3000);
    set_owner(&fixture, COMPONENT("c"));
    clock_set_for_tests(0);
    g_assert_true(history_forget(test->db, 2500, &error));
    g_assert_no_error(error);
    got = tell(&fixture, 10);
    g_assert_cmpstr(got, ==, "3:c 2:b ");
}

static void an_event_says_what_changed(TestDb *test)
{
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) events = g_ptr_array_new();
    EventFilter filter = {.subject = REF, .limit = 10};
    const Event *event;
    g_autofree char *changes = NULL;

    test_catalog_init(&fixture, test, CONFIG);
    set_owner(&fixture, COMPONENT("a"));
    set_owner(&fixture, COMPONENT("b"));
    g_assert_true(events_read(db_reader(test->db), arena, &filter, events, NULL));
    g_assert_cmpuint(events->len, ==, 2);
    event = events->pdata[1];
    changes = json_to_string(value_get(event->payload, "changes"), JSON_COMPACT);
    g_assert_cmpstr(changes, ==, "[\"spec.owner\"]");
    g_assert_cmpint(value_int(value_get(event->payload, "version"), 0), ==, 2);
}

static void ids_that_are_none_are_refused(TestDb *test)
{
    static const char *const ids[] = {"", "-", "x", "x-0", "-1", "x-99999999999999999999", "x-y"};
    g_auto(TestCatalog) fixture = {0};
    g_autoptr(Arena) arena = arena_new(1 << 20);

    test_catalog_init(&fixture, test, CONFIG);
    set_owner(&fixture, COMPONENT("a"));
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(history_find(fixture.catalog, arena, REF, ids[i], &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
    for (gsize i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(history_find(fixture.catalog, arena, REF, i ? "~-7" : "0-7", &error));
        g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    }
}

static void changes_are_told_field_by_field(void)
{
    static const struct {
        const char *before, *after, *wanted;
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}", "[]"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":2}}", "[{\"path\":\"a.b\",\"before\":1,\"after\":2}]"},
        {"{\"a\":1}", "{\"b\":null}",
         "[{\"path\":\"a\",\"before\":1,\"after\":null},"
         "{\"path\":\"b\",\"before\":null,\"after\":null}]"},
        {"{\"m\":{\"x.y/z\":1}}", "{\"m\":{}}",
         "[{\"path\":\"m[\\\"x.y/z\\\"]\",\"before\":1,\"after\":null}]"},
        {"{\"l\":[1,2,3]}", "{\"l\":[1,3]}", "[{\"path\":\"l[1]\",\"before\":2,\"after\":null}]"},
        {"{\"l\":[1,2]}", "{\"l\":[0,1,2]}", "[{\"path\":\"l[0]\",\"before\":null,\"after\":0}]"},
        {"{\"l\":[1,2]}", "{\"l\":[1,5]}", "[{\"path\":\"l[1]\",\"before\":2,\"after\":5}]"},
        {"{\"l\":[1,2]}", "{\"l\":[2,1]}", "[{\"path\":\"l\",\"before\":[1,2],\"after\":[2,1]}]"},
        {"{\"l\":[{\"u\":1,\"t\":0},7]}", "{\"l\":[{\"t\":0,\"u\":2},7]}",
         "[{\"path\":\"l[0].u\",\"before\":1,\"after\":2}]"},
        {"{\"l\":[1,1,1]}", "{\"l\":[1]}",
         "[{\"path\":\"l[1]\",\"before\":1,\"after\":null},"
         "{\"path\":\"l[2]\",\"before\":1,\"after\":null}]"},
    };
    g_autoptr(Arena) arena = arena_new(1 << 20);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Value *before = json_parse(arena, cases[i].before, -1, NULL);
        const Value *after = json_parse(arena, cases[i].after, -1, NULL);
        const char *got =
            json_to_arena(arena, history_changes(arena, before, after, 100, NULL), JSON_COMPACT);

        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

static void changes_are_bounded(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *before = value_object_new(arena), *after = value_object_new(arena);
    g_autofree char *text = g_strnfill(5001, 'x');
    gboolean truncated;
    const Value *changes;
    const char *shown;

    memcpy(text + 1999, "ä", 2);
    value_set_string(arena, before, "text", text);
    for (int i = 0; i < 9; i++)
        value_set_int(arena, after, arena_printf(arena, "k%d", i), i);
    changes = history_changes(arena, before, after, 5, &truncated);
    g_assert_true(truncated);
    g_assert_cmpuint(value_count(changes), ==, 5);
    shown = value_path_string(value_item(changes, 0), "before", "");
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    g_assert_cmpuint(strlen(shown), ==, 1999 + strlen("…"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/history/changes-are-told-field-by-field",
                    changes_are_told_field_by_field);
    g_test_add_func("/catalog/history/changes-are-bounded", changes_are_bounded);
    test_db_add("/catalog/history/what-was-replaced-is-kept-newest-first",
                what_was_replaced_is_kept_newest_first);
    test_db_add("/catalog/history/a-fault-makes-no-version", a_fault_makes_no_version);
    test_db_add("/catalog/history/a-deleted-entity-is-remembered-by-its-name",
                a_deleted_entity_is_remembered_by_its_name);
    test_db_add("/catalog/history/versions-that-ended-long-ago-are-forgotten",
                versions_that_ended_long_ago_are_forgotten);
    test_db_add("/catalog/history/an-event-says-what-changed", an_event_says_what_changed);
    test_db_add("/catalog/history/ids-that-are-none-are-refused", ids_that_are_none_are_refused);
    return test_db_run();
}
