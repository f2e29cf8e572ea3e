#include "../spine/test_db.h"
#include "catalog/index/changes.h"
#include "formats/json.h"

/* More than what is worth a base. */
#define MANY 4500

/* A catalog whose table is written by hand, as another node or an earlier run would have done. */
typedef struct {
    TestDb *test;
    Events *events;
    Config *config;
    Catalog *catalog;
} Fixture;

static void fixture_init(Fixture *fixture, TestDb *test)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    fixture->test = test;
    fixture->events = events_new(test->db);
    fixture->config = config_parse("{}", test->folder, diagnostics);
    g_assert_nonnull(fixture->config);
}

static Catalog *open_catalog(Fixture *fixture, const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(fixture->test->folder, folder, NULL);
    Catalog *catalog =
        catalog_open(fixture->test->db, fixture->events, NULL, NULL, fixture->config, path, &error);

    g_assert_no_error(error);
    return catalog;
}

static void fixture_open(Fixture *fixture)
{
    g_clear_pointer(&fixture->catalog, catalog_free);
    fixture->catalog = open_catalog(fixture, "data");
}

static void fixture_clear(Fixture *fixture)
{
    g_clear_pointer(&fixture->catalog, catalog_free);
    g_clear_pointer(&fixture->events, events_free);
    config_free(fixture->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

/* ---- writing behind the catalog's back ---- */

typedef struct {
    int first, count;
    const char *owner; /* NULL: they are deleted */
} Writing;

static CatalogRow *make_row(Arena *arena, int number, const char *owner)
{
    CatalogRow *row = arena_new0(arena, CatalogRow, 1);
    const char *json = arena_printf(
        arena,
        "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\",\"metadata\":{\"name\":"
        "\"n%d\",\"namespace\":\"default\"},\"spec\":{\"type\":\"service\",\"lifecycle\":\"x\","
        "\"owner\":\"component:%s\"}}",
        number, owner);

    *row = (CatalogRow){.ref = arena_printf(arena, "component:default/n%d", number),
                        .uid = arena_printf(arena, "uid-%06d", number),
                        .location_id = "l",
                        .source = "file:/x",
                        .version = 1,
                        .entity = json_parse(arena, json, -1, NULL)};
    return row;
}

static gboolean write_rows(DbConn *tx, void *data, GError **error)
{
    const Writing *writing = data;
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autofree EventItem *items = g_new0(EventItem, writing->count);
    Event common = {.type = writing->owner ? "dev.pave.catalog.entity.updated"
                                           : "dev.pave.catalog.entity.deleted",
                    .source = "/pave/catalog"};

    for (int i = 0; i < writing->count; i++) {
        const CatalogRow *row =
            make_row(arena, writing->first + i, writing->owner ? writing->owner : "nobody");

        if (writing->owner ? !store_put_row(tx, row, error)
                           : !store_remove_row(tx, row->ref, error))
            return FALSE;
        items[i] = (EventItem){.subject = row->ref, .subject_uid = row->uid};
    }
    events_append_bulk(tx, &common, items, (guint)writing->count);
    return TRUE;
}

static int64_t write_behind(const Fixture *fixture, int first, int count, const char *owner)
{
    g_autoptr(GError) error = NULL;
    Writing writing = {first, count, owner};
    int64_t seq;

    g_assert_true(db_write(fixture->test->db, write_rows, &writing, &seq, &error));
    g_assert_no_error(error);
    return seq;
}

/* The targets of the relations of number, and of which type; "absent" where it is not there. */
static char *look(Catalog *catalog, int number)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *entity =
        catalog_get(catalog, arena, arena_printf(arena, "component:default/n%d", number), NULL);
    const Value *relations = value_get(entity, "relations");
    g_autoptr(GString) text = g_string_new(entity ? "" : "absent");

    for (guint i = 0; i < value_count(relations); i++)
        g_string_append_printf(
            text, "%s%s %s", i > 0 ? ", " : "",
            value_path_string(value_item(relations, i), "type", ""),
            strrchr(value_path_string(value_item(relations, i), "targetRef", ""), '/') + 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_look(Catalog *catalog, int number, const char *wanted)
{
    g_autofree char *got = look(catalog, number);

    g_assert_cmpstr(got, ==, wanted);
}

/* The file that lies in the catalog's folder; NULL where there is none. */
static char *base_file(const Fixture *fixture)
{
    g_autofree char *folder = g_build_filename(fixture->test->folder, "data", "catalog", NULL);
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    const char *name = names ? g_dir_read_name(names) : NULL;

    return name ? g_build_filename(folder, name, NULL) : NULL;
}

/* ---- tests ---- */

static void an_index_is_made_from_the_table(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *file = NULL;

    fixture_init(&fixture, test);
    write_behind(&fixture, 0, 1200, "n7");
    write_behind(&fixture, 7, 1, "nobody");
    fixture_open(&fixture);
    {
        g_autoptr(Snapshot) snapshot = index_acquire(fixture.catalog->index);

        g_assert_cmpuint(snapshot_count(snapshot), ==, 1200);
    }
    assert_look(fixture.catalog, 3, "ownedBy n7");
    {
        g_autofree char *owner = look(fixture.catalog, 7);

        g_assert_true(g_str_has_prefix(owner, "ownedBy nobody, ownerOf n0, ownerOf n1, "));
    }
    index_settle(fixture.catalog->index);
    file = base_file(&fixture);
    g_assert_null(file);
}

static void a_start_goes_on_from_the_base(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *file = NULL;

    fixture_init(&fixture, test);
    write_behind(&fixture, 0, MANY, "nobody");
    fixture_open(&fixture);
    index_settle(fixture.catalog->index);
    g_clear_pointer(&fixture.catalog, catalog_free);
    file = base_file(&fixture);
    g_assert_nonnull(file);
    write_behind(&fixture, 10, 3, "n20");
    write_behind(&fixture, 30, 2, NULL);
    write_behind(&fixture, MANY, 1, "n31");
    fixture_open(&fixture);
    g_assert_nonnull(index_mark(fixture.catalog->index));
    assert_look(fixture.catalog, 11, "ownedBy n20");
    assert_look(fixture.catalog, 20, "ownedBy nobody, ownerOf n10, ownerOf n11, ownerOf n12");
    assert_look(fixture.catalog, 31, "absent");
    assert_look(fixture.catalog, MANY, "ownedBy n31");
    {
        g_autoptr(Snapshot) snapshot = index_acquire(fixture.catalog->index);

        g_assert_cmpuint(snapshot_count(snapshot), ==, MANY - 1);
    }
}

static void a_damaged_base_is_made_anew(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *file = NULL;

    fixture_init(&fixture, test);
    write_behind(&fixture, 0, MANY, "nobody");
    fixture_open(&fixture);
    index_settle(fixture.catalog->index);
    g_clear_pointer(&fixture.catalog, catalog_free);
    file = base_file(&fixture);
    g_assert_cmpint(truncate(file, 1000), ==, 0);
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "catalog: the index is made anew: *");
    fixture_open(&fixture);
    g_test_assert_expected_messages();
    assert_look(fixture.catalog, 11, "ownedBy nobody");
}

/* As after a restore: the numbers of the log are the same, its events are not. */
static void a_base_of_another_log_is_made_anew(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autofree char *file = NULL, *other = NULL, *folder = NULL;

    fixture_init(&fixture, test);
    write_behind(&fixture, 0, MANY, "nobody");
    fixture_open(&fixture);
    index_settle(fixture.catalog->index);
    g_clear_pointer(&fixture.catalog, catalog_free);
    file = base_file(&fixture);
    folder = g_path_get_dirname(file);
    other = g_strdup_printf("%s/base-%d-0123456789abcdef.segment", folder, MANY);
    g_assert_cmpint(rename(file, other), ==, 0);
    write_behind(&fixture, 0, 1, "n5");
    fixture_open(&fixture);
    assert_look(fixture.catalog, 0, "ownedBy n5");
    index_settle(fixture.catalog->index);
    g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
}

static void too_much_that_is_missing_is_read_from_the_table(TestDb *test)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, test);
    write_behind(&fixture, 0, MANY, "nobody");
    fixture_open(&fixture);
    index_settle(fixture.catalog->index);
    g_clear_pointer(&fixture.catalog, catalog_free);
    for (int i = 0; i < 5; i++)
        write_behind(&fixture, 0, MANY, i == 4 ? "n1" : "n0");
    fixture_open(&fixture);
    assert_look(fixture.catalog, 2, "ownedBy n1");
    assert_look(fixture.catalog, 0, "ownedBy n1");
}

/* ---- two nodes ---- */

static void wait_for(Catalog *catalog, int64_t seq)
{
    gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

    while (index_seq(catalog->index) < seq && g_get_monotonic_time() < until)
        g_usleep(1000);
    g_assert_cmpint(index_seq(catalog->index), >=, seq);
}

static void a_node_has_what_another_wrote(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    int64_t seq;

    /* SQLite has one node. */
    if (!test->postgres)
        return;
    fixture_init(&fixture, test);
    write_behind(&fixture, 0, 20, "nobody");
    fixture_open(&fixture);
    events_start(fixture.events);
    seq = write_behind(&fixture, 3, 2, "n0");
    wait_for(fixture.catalog, seq);
    assert_look(fixture.catalog, 0, "ownedBy nobody, ownerOf n3, ownerOf n4");
    seq = write_behind(&fixture, 3, 1, NULL);
    wait_for(fixture.catalog, seq);
    assert_look(fixture.catalog, 0, "ownedBy nobody, ownerOf n4");
    events_stop(fixture.events);
}

/* What a node wrote itself it applies at once, and the log brings nothing older back. */
static void the_log_takes_nothing_back(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    IndexChange old = {"component:default/n1", 5, make_row(arena, 1, "older")};
    IndexChange later = {"component:default/n1", 8, make_row(arena, 1, "later")};
    Index *index = index_new(NULL);
    g_autoptr(Snapshot) after_old = NULL, after_later = NULL;
    EntityId id;

    index_set_following(index);
    index_follow(index, NULL, 0, 1);
    g_ptr_array_add(rows, make_row(arena, 1, "own"));
    index_apply(index, rows, NULL, 7);
    g_assert_cmpint(index_seq(index), ==, 1);
    g_assert_true(index_is_ahead(index, "component:default/n1", 6));
    index_follow(index, &old, 1, 6);
    after_old = index_acquire(index);
    g_assert_true(snapshot_find(after_old, "component:default/n1", &id));
    g_assert_cmpstr(snapshot_fact(after_old, arena, id, "spec.owner"), ==, "component:own");
    index_follow(index, &later, 1, 8);
    after_later = index_acquire(index);
    g_assert_true(snapshot_find(after_later, "component:default/n1", &id));
    g_assert_cmpstr(snapshot_fact(after_later, arena, id, "spec.owner"), ==, "component:later");
    g_assert_cmpint(index_seq(index), ==, 8);
    index_free(index);
}

static gboolean write_sensor(DbConn *tx, void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const CatalogRow row = {
        .ref = "sensor:default/s",
        .uid = "uid-s",
        .location_id = "l",
        .source = "file:/x",
        .version = 1,
        .entity = json_parse(arena,
                             "{\"apiVersion\":\"acme/v1\",\"kind\":\"Sensor\",\"metadata\":{"
                             "\"name\":\"s\",\"namespace\":\"default\"},\"spec\":{\"room\":"
                             "\"component:n1\"}}",
                             -1, NULL)};

    return store_put_row(tx, &row, error);
}

static void reconfigure(Fixture *fixture, const char *config)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    g_clear_pointer(&fixture->catalog, catalog_free);
    config_free(fixture->config);
    fixture->config = config_parse(config, fixture->test->folder, diagnostics);
    g_assert_nonnull(fixture->config);
    fixture_open(fixture);
}

static void a_kind_that_is_defined_anew_relates_what_is_there(TestDb *test)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;

    fixture_init(&fixture, test);
    g_assert_true(db_write(test->db, write_sensor, NULL, NULL, &error));
    write_behind(&fixture, 0, MANY, "nobody");
    fixture_open(&fixture);
    assert_look(fixture.catalog, 1, "ownedBy nobody");
    index_settle(fixture.catalog->index);
    g_clear_pointer(&fixture.catalog, catalog_free);
    file = base_file(&fixture);
    g_assert_nonnull(file);
    reconfigure(&fixture, "catalog: {kinds: [{apiVersion: acme/v1, kind: Sensor, relations: "
                          "{spec.room: {relation: standsIn, inverse: holds}}}]}");
    assert_look(fixture.catalog, 1, "holds s, ownedBy nobody");
    reconfigure(&fixture, "{}");
    assert_look(fixture.catalog, 1, "ownedBy nobody");
}

static gboolean run_sql(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, data, "") >= 0;
}

static void an_index_that_could_not_be_made_is_tried_again(TestDb *test)
{
    static const char away[] = "ALTER TABLE catalog_entity RENAME TO entity_away";
    static const char back[] = "ALTER TABLE entity_away RENAME TO catalog_entity";
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    GLogLevelFlags mask;

    fixture_init(&fixture, test);
    fixture_open(&fixture);
    commits_lock(fixture.catalog);
    commits_defer_index(fixture.catalog);
    write_behind(&fixture, 0, 3, "n1");
    g_assert_true(db_write(test->db, run_sql, (void *)away, NULL, &error));
    mask = g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_assert_false(commits_index_deferred(fixture.catalog, NULL));
    g_log_set_always_fatal(mask);
    commits_unlock(fixture.catalog);
    g_assert_true(commits_index_failed(fixture.catalog));
    g_assert_true(db_write(test->db, run_sql, (void *)back, NULL, &error));
    g_assert_true(commits_retry_index(fixture.catalog, &error));
    g_assert_no_error(error);
    g_assert_false(commits_index_failed(fixture.catalog));
    g_assert_false(commits_are_deferred(fixture.catalog));
    assert_look(fixture.catalog, 2, "ownedBy n1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/catalog/follow/an-index-is-made-from-the-table", an_index_is_made_from_the_table);
    test_db_add("/catalog/follow/a-start-goes-on-from-the-base", a_start_goes_on_from_the_base);
    test_db_add("/catalog/follow/a-damaged-base-is-made-anew", a_damaged_base_is_made_anew);
    test_db_add("/catalog/follow/a-base-of-another-log-is-made-anew",
                a_base_of_another_log_is_made_anew);
    test_db_add("/catalog/follow/too-much-that-is-missing-is-read-from-the-table",
                too_much_that_is_missing_is_read_from_the_table);
    test_db_add("/catalog/follow/a-node-has-what-another-wrote", a_node_has_what_another_wrote);
    test_db_add("/catalog/follow/the-log-takes-nothing-back", the_log_takes_nothing_back);
    test_db_add("/catalog/follow/a-kind-that-is-defined-anew-relates-what-is-there",
                a_kind_that_is_defined_anew_relates_what_is_there);
    test_db_add("/catalog/follow/an-index-that-could-not-be-made-is-tried-again",
                an_index_that_could_not_be_made_is_tried_again);
    return test_db_run();
}
