#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <stdatomic.h>
#include <string.h>

/* A component that belongs to owner, as a row of the table. */
static CatalogRow *make_row(Arena *arena, const char *name, const char *uid, const char *owner)
{
    CatalogRow *row = arena_new0(arena, CatalogRow, 1);
    const char *json = arena_printf(
        arena,
        "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"Component\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"default\"},\"spec\":{\"type\":\"service\",\"lifecycle\":\"x\","
        "\"owner\":\"component:%s\"}}",
        name, owner);

    *row = (CatalogRow){.ref = arena_printf(arena, "component:default/%s", name),
                        .uid = uid,
                        .location_id = "l",
                        .source = "file:/x",
                        .entity = json_parse(arena, json, -1, NULL)};
    return row;
}

static void apply(Index *index, const char *name, const char *uid, const char *owner)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    g_ptr_array_add(rows, make_row(arena, name, uid, owner));
    index_apply(index, rows, NULL);
}

static void test_entities_that_did_not_change_are_shared(void)
{
    Index *index = index_new();

    apply(index, "a", "1", "nobody");
    {
        g_autoptr(Snapshot) before = index_acquire(index);
        const CatalogEntity *a = snapshot_find(before, "component:default/a");

        apply(index, "b", "2", "nobody");
        {
            g_autoptr(Snapshot) after = index_acquire(index);

            g_assert_true(snapshot_find(after, "component:default/a") == a);
            g_assert_cmpuint(snapshot_count(before), ==, 1);
            g_assert_cmpuint(snapshot_count(after), ==, 2);
        }
        apply(index, "b", "2", "a");
        {
            g_autoptr(Snapshot) after = index_acquire(index);
            const CatalogEntity *related = snapshot_find(after, "component:default/a");

            g_assert_true(related != a);
            g_assert_nonnull(strstr(related->json, "ownerOf"));
            g_assert_null(strstr(a->json, "ownerOf"));
            g_assert_cmpstr(value_path_string(related->value, "metadata.etag", ""), !=,
                            value_path_string(a->value, "metadata.etag", ""));
        }
    }
    index_free(index);
}

static void test_a_snapshot_outlives_what_it_held(void)
{
    g_autoptr(GPtrArray) removed = g_ptr_array_new();
    g_autoptr(Snapshot) snapshot = NULL;
    Index *index = index_new();

    apply(index, "a", "1", "nobody");
    snapshot = index_acquire(index);
    g_ptr_array_add(removed, (gpointer) "component:default/a");
    index_apply(index, NULL, removed);
    index_free(index);
    g_assert_cmpstr(snapshot_find_uid(snapshot, "1")->ref, ==, "component:default/a");
}

/* ---- readers beside a writer ---- */

typedef struct {
    Index *index;
    atomic_bool done;
} Race;

/* Both of a pair are always owned by the same one: a reader sees all of a change or nothing. */
static void *read_pairs(void *data)
{
    Race *race = data;
    guint read = 0;

    while (!atomic_load(&race->done) || read == 0) {
        g_autoptr(Snapshot) snapshot = index_acquire(race->index);
        const CatalogEntity *x = snapshot_find(snapshot, "component:default/x");
        const CatalogEntity *y = snapshot_find(snapshot, "component:default/y");

        g_assert_cmpstr(query_order_value(x, "spec.owner"), ==, query_order_value(y, "spec.owner"));
        read++;
    }
    return NULL;
}

static void write_pair(Index *index, int round)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    const char *owner = arena_printf(arena, "owner%d", round);

    g_ptr_array_add(rows, make_row(arena, "x", "1", owner));
    g_ptr_array_add(rows, make_row(arena, "y", "2", owner));
    index_apply(index, rows, NULL);
}

static void test_readers_see_all_of_a_change_or_nothing(void)
{
    Race race = {.index = index_new()};
    pthread_t readers[3];

    write_pair(race.index, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
        g_assert_cmpint(pthread_create(&readers[i], NULL, read_pairs, &race), ==, 0);
    for (int round = 1; round < 500; round++)
        write_pair(race.index, round);
    atomic_store(&race.done, true);
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
        pthread_join(readers[i], NULL);
    index_free(race.index);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/index/entities-that-did-not-change-are-shared",
                    test_entities_that_did_not_change_are_shared);
    g_test_add_func("/catalog/index/a-snapshot-outlives-what-it-held",
                    test_a_snapshot_outlives_what_it_held);
    g_test_add_func("/catalog/index/readers-see-all-of-a-change-or-nothing",
                    test_readers_see_all_of_a_change_or_nothing);
    return g_test_run();
}
