/* Readers beside writers and merges; also built under ThreadSanitizer (script/test --slow). */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <stdatomic.h>
#include <string.h>

#define READERS 16
#define PAIRS 24
#define CHANGES 400

/* Pairs of a component and the group that owns it: both are there throughout, and change hands. */
typedef struct {
    Index *index;
    atomic_bool done;
    atomic_int next;
} Race;

static CatalogRow *make_row(Arena *arena, const char *kind, int number, const char *spec)
{
    CatalogRow *row = arena_new0(arena, CatalogRow, 1);
    const char *json = arena_printf(arena,
                                    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"%s\","
                                    "\"metadata\":{\"name\":\"n%d\",\"namespace\":\"default\"},"
                                    "\"spec\":%s}",
                                    kind, number, spec);

    *row =
        (CatalogRow){.ref = arena_printf(arena, "%s:default/n%d", text_fold(arena, kind), number),
                     .uid = arena_printf(arena, "uid-of-%s-%d", kind, number),
                     .location_id = "l",
                     .source = "file:/x",
                     .entity = json_parse(arena, json, -1, NULL)};
    return row;
}

/* The component of number belongs to the group that round gives it. */
static CatalogRow *make_component(Arena *arena, int number, int round)
{
    return make_row(arena, "Component", number,
                    arena_printf(arena, "{\"type\":\"t%d\",\"lifecycle\":\"x\",\"owner\":\"n%d\"}",
                                 round, (number + round) % PAIRS));
}

static void fill(Index *index)
{
    g_autoptr(Arena) arena = arena_new(1 << 22);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    for (int i = 0; i < PAIRS; i++) {
        g_ptr_array_add(rows, make_component(arena, i, 0));
        g_ptr_array_add(rows, make_row(arena, "Group", i, "{\"type\":\"team\",\"children\":[]}"));
    }
    index_apply(index, rows, NULL, 1);
}

/* ---- what a reader must find ---- */

static gboolean has_relation(const Value *entity, const char *type, const char *target)
{
    const Value *relations = value_get(entity, "relations");

    for (guint i = 0; i < value_count(relations); i++) {
        const Value *relation = value_item(relations, i);

        if (g_str_equal(value_path_string(relation, "type", ""), type) &&
            g_str_equal(value_path_string(relation, "targetRef", ""), target))
            return TRUE;
    }
    return FALSE;
}

static const Value *find(const Snapshot *snapshot, Arena *arena, const char *ref)
{
    EntityId id;

    if (!snapshot_find(snapshot, ref, &id))
        g_error("%s is missing", ref);
    g_assert_cmpstr(snapshot_ref(snapshot, id), ==, ref);
    return snapshot_value(snapshot, arena, id);
}

/* The owner it names knows it, and a field says the same as the text. */
static void check_component(const Snapshot *snapshot, Arena *arena, int number)
{
    const char *ref = arena_printf(arena, "component:default/n%d", number);
    const Value *entity = find(snapshot, arena, ref);
    const char *owner =
        arena_printf(arena, "group:default/%s", value_path_string(entity, "spec.owner", ""));
    EntityId id;

    g_assert_true(has_relation(entity, "ownedBy", owner));
    g_assert_true(has_relation(find(snapshot, arena, owner), "ownerOf", ref));
    g_assert_true(snapshot_find(snapshot, ref, &id));
    g_assert_cmpstr(snapshot_fact(snapshot, arena, id, "relations.ownedby"), ==, owner);
}

/* Everything there is once, and no group claims what is not its own. */
static void check_groups(const Snapshot *snapshot, Arena *arena)
{
    guint owned = 0;

    for (int i = 0; i < PAIRS; i++)
        owned += value_count(value_get(
            find(snapshot, arena, arena_printf(arena, "group:default/n%d", i)), "relations"));
    g_assert_cmpuint(owned, ==, PAIRS);
    g_assert_cmpuint(snapshot_count(snapshot), ==, 2 * PAIRS);
}

static void *read_all(void *data)
{
    Race *race = data;
    guint read = 0;

    while (!atomic_load(&race->done) || read < 2) {
        g_autoptr(Arena) arena = arena_new(1 << 24);
        g_autoptr(Snapshot) snapshot = index_acquire(race->index);

        for (int i = 0; i < PAIRS; i++)
            check_component(snapshot, arena, i);
        check_groups(snapshot, arena);
        read++;
    }
    return NULL;
}

/* ---- changes ---- */

/* A component is written by one writer only, since changes come in the order of commits. */
static void *write_some(void *data)
{
    Race *race = data;
    int writer = atomic_fetch_add(&race->next, 1);

    for (int round = 1; round <= CHANGES / 2; round++) {
        g_autoptr(Arena) arena = arena_new(1 << 22);
        g_autoptr(GPtrArray) rows = g_ptr_array_new();

        for (int i = round % 3; i < 4; i++)
            g_ptr_array_add(rows,
                            make_component(arena, (round * 6 + i * 2 + writer) % PAIRS, round));
        index_apply(race->index, rows, NULL, round);
    }
    return NULL;
}

static void test_readers_find_nothing_torn_or_missing(void)
{
    Race race = {.index = index_new(NULL)};
    pthread_t readers[READERS], writers[2];

    fill(race.index);
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
        g_assert_cmpint(pthread_create(&readers[i], NULL, read_all, &race), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(writers); i++)
        g_assert_cmpint(pthread_create(&writers[i], NULL, write_some, &race), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(writers); i++)
        pthread_join(writers[i], NULL);
    index_settle(race.index);
    atomic_store(&race.done, true);
    for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
        pthread_join(readers[i], NULL);
    index_free(race.index);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/index/readers-find-nothing-torn-or-missing",
                    test_readers_find_nothing_torn_or_missing);
    return g_test_run();
}
