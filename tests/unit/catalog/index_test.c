#include "../test_folder.h"
#include "catalog/index/internal.h"
#include "formats/json.h"
#include <glib/gstdio.h>
#include <string.h>

/* An entity of kind in the default namespace, as a row of the table; spec in JSON. */
static CatalogRow *make_row(Arena *arena, const char *kind, const char *name, const char *spec)
{
    CatalogRow *row = arena_new0(arena, CatalogRow, 1);
    const char *json = arena_printf(arena,
                                    "{\"apiVersion\":\"backstage.io/v1alpha1\",\"kind\":\"%s\","
                                    "\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\"},"
                                    "\"spec\":%s}",
                                    kind, name, spec);

    *row = (CatalogRow){.ref = entity_ref_format(arena, kind, "default", name),
                        .uid = arena_printf(arena, "uid-of-%s-%s", kind, name),
                        .parent = "location:default/l",
                        .location_id = "l",
                        .source = "file:/x",
                        .entity = json_parse(arena, json, -1, NULL)};
    return row;
}

static CatalogRow *component(Arena *arena, const char *name, const char *owner)
{
    return make_row(
        arena, "Component", name,
        arena_printf(arena, "{\"type\":\"service\",\"lifecycle\":\"x\",\"owner\":\"%s\"}", owner));
}

static void apply_row(Index *index, CatalogRow *row)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    g_ptr_array_add(rows, row);
    index_apply(index, rows, NULL, 1);
}

static void remove_ref(Index *index, const char *ref)
{
    g_autoptr(GPtrArray) removed = g_ptr_array_new();

    g_ptr_array_add(removed, (gpointer)ref);
    index_apply(index, NULL, removed, 1);
}

/* The member at path of ref, as JSON; "absent" where there is no such entity. */
static char *look(const Snapshot *snapshot, const char *ref, const char *path)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    EntityId id;

    if (!snapshot_find(snapshot, ref, &id))
        return g_strdup("absent");
    return json_to_string(value_path(snapshot_value(snapshot, arena, id), path), JSON_COMPACT);
}

static void assert_look(Index *index, const char *ref, const char *path, const char *wanted)
{
    g_autoptr(Snapshot) snapshot = index_acquire(index);
    g_autofree char *got = look(snapshot, ref, path);

    g_assert_cmpstr(got, ==, wanted);
}

#define RELATION(type, target) "{\"type\":\"" type "\",\"targetRef\":\"" target "\"}"

/* ---- relations ---- */

static void test_relations_come_and_go_with_what_declares_them(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Index *index = index_new(NULL);

    apply_row(index, component(arena, "a", "team"));
    assert_look(index, "component:default/a", "relations",
                "[" RELATION("ownedBy", "group:default/team") "]");
    apply_row(index, make_row(arena, "Group", "team", "{\"type\":\"team\",\"children\":[]}"));
    assert_look(index, "group:default/team", "relations",
                "[" RELATION("ownerOf", "component:default/a") "]");
    apply_row(index, component(arena, "b", "team"));
    assert_look(index, "group:default/team", "relations",
                "[" RELATION("ownerOf", "component:default/a") "," RELATION(
                    "ownerOf", "component:default/b") "]");
    apply_row(index, component(arena, "a", "others"));
    assert_look(index, "group:default/team", "relations",
                "[" RELATION("ownerOf", "component:default/b") "]");
    remove_ref(index, "component:default/b");
    assert_look(index, "group:default/team", "relations", "[]");
    assert_look(index, "component:default/b", "relations", "absent");
    index_free(index);
}

static void test_what_both_declare_stays_while_one_does(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Index *index = index_new(NULL);

    apply_row(index, make_row(arena, "Group", "g",
                              "{\"type\":\"team\",\"children\":[],\"members\":[\"u\"]}"));
    apply_row(index, make_row(arena, "User", "u", "{\"memberOf\":[\"g\"]}"));
    assert_look(index, "group:default/g", "relations",
                "[" RELATION("hasMember", "user:default/u") "]");
    apply_row(index, make_row(arena, "User", "u", "{\"memberOf\":[]}"));
    assert_look(index, "group:default/g", "relations",
                "[" RELATION("hasMember", "user:default/u") "]");
    assert_look(index, "user:default/u", "relations",
                "[" RELATION("memberOf", "group:default/g") "]");
    apply_row(index, make_row(arena, "Group", "g", "{\"type\":\"team\",\"children\":[]}"));
    assert_look(index, "group:default/g", "relations", "[]");
    assert_look(index, "user:default/u", "relations", "[]");
    index_free(index);
}

static void test_the_etag_tells_of_every_change(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Index *index = index_new(NULL);
    g_autofree char *alone = NULL, *related = NULL, *alone_again = NULL;

    apply_row(index, component(arena, "a", "component:b"));
    {
        g_autoptr(Snapshot) snapshot = index_acquire(index);

        alone = look(snapshot, "component:default/a", "metadata.etag");
    }
    apply_row(index, component(arena, "b", "component:a"));
    {
        g_autoptr(Snapshot) snapshot = index_acquire(index);

        related = look(snapshot, "component:default/a", "metadata.etag");
    }
    remove_ref(index, "component:default/b");
    {
        g_autoptr(Snapshot) snapshot = index_acquire(index);

        alone_again = look(snapshot, "component:default/a", "metadata.etag");
    }
    g_assert_cmpuint(strlen(alone), ==, 42);
    g_assert_cmpstr(alone, !=, related);
    g_assert_cmpstr(alone, ==, alone_again);
    index_free(index);
}

/* ---- snapshots ---- */

static void test_what_stands_as_it_is_is_not_written_anew(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Index *index = index_new(NULL);
    EntityId before, after;

    apply_row(index, component(arena, "a", "team"));
    apply_row(index, component(arena, "b", "team"));
    index_settle(index);
    {
        g_autoptr(Snapshot) first = index_acquire(index), second = NULL;

        g_assert_true(snapshot_find(first, "component:default/a", &before));
        apply_row(index, component(arena, "a", "team"));
        second = index_acquire(index);
        g_assert_true(snapshot_find(second, "component:default/a", &after));
        g_assert_true(snapshot_segment(first, before.segment) ==
                      snapshot_segment(second, after.segment));
        g_assert_cmpuint(snapshot_count(second), ==, 2);
    }
    index_free(index);
}

static void test_a_snapshot_outlives_what_it_held(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Snapshot) snapshot = NULL;
    Index *index = index_new(NULL);
    EntityId id;

    apply_row(index, component(arena, "a", "nobody"));
    snapshot = index_acquire(index);
    remove_ref(index, "component:default/a");
    assert_look(index, "component:default/a", "kind", "absent");
    index_free(index);
    g_assert_true(snapshot_find_uid(snapshot, "uid-of-Component-a", &id));
    g_assert_cmpstr(snapshot_ref(snapshot, id), ==, "component:default/a");
}

static void test_where_an_entity_came_from_is_found(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Snapshot) snapshot = NULL;
    g_autoptr(GArray) of_location = NULL, of_nothing = NULL;
    Index *index = index_new(NULL);
    EntityId id;

    apply_row(index, component(arena, "a", "nobody"));
    snapshot = index_acquire(index);
    g_assert_true(snapshot_find(snapshot, "component:default/a", &id));
    g_assert_cmpstr(snapshot_fact(snapshot, arena, id, FIELD_PARENT), ==, "location:default/l");
    g_assert_cmpstr(snapshot_fact(snapshot, arena, id, FIELD_SOURCE), ==, "file:/x");
    g_assert_null(snapshot_fact(snapshot, arena, id, "spec.nothing"));
    of_location = snapshot_having(snapshot, FIELD_LOCATION, "l");
    of_nothing = snapshot_having(snapshot, FIELD_LOCATION, "m");
    g_assert_cmpuint(of_location->len, ==, 1);
    g_assert_cmpuint(of_nothing->len, ==, 0);
    index_free(index);
}

/* ---- against a plain model ---- */

#define NAMES 40

/* Who depends on whom: depends[i][j], where i is there. */
typedef struct {
    gboolean there[NAMES], depends[NAMES][NAMES];
} Model;

static CatalogRow *model_row(Arena *arena, const Model *model, int number)
{
    g_autoptr(GString) spec = g_string_new("{\"type\":\"t\",\"lifecycle\":\"x\",\"owner\":\"o\","
                                           "\"dependsOn\":[");
    const char *comma = "";

    for (int i = 0; i < NAMES; i++) {
        if (!model->depends[number][i])
            continue;
        g_string_append_printf(spec, "%s\"component:n%d\"", comma, i);
        comma = ",";
    }
    g_string_append(spec, "]}");
    return make_row(arena, "Component", arena_printf(arena, "n%d", number), spec->str);
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *model_relations_of(const Model *model, int number)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    GString *all = g_string_new("[");

    for (int i = 0; i < NAMES; i++) {
        if (model->there[i] && model->depends[i][number])
            g_ptr_array_add(texts,
                            g_strdup_printf(RELATION("dependencyOf", "component:default/n%d"), i));
        if (model->depends[number][i])
            g_ptr_array_add(texts,
                            g_strdup_printf(RELATION("dependsOn", "component:default/n%d"), i));
    }
    g_ptr_array_add(texts, g_strdup(RELATION("ownedBy", "group:default/o")));
    g_ptr_array_sort(texts, compare_texts);
    for (guint i = 0; i < texts->len; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? "," : "", (char *)texts->pdata[i]);
    g_string_append_c(all, ']');
    return g_string_free(all, FALSE);
}

static void assert_model(const Model *model, Index *index)
{
    g_autoptr(Snapshot) snapshot = index_acquire(index);
    guint there = 0, walked = 0;

    for (int i = 0; i < NAMES; i++) {
        g_autofree char *ref = g_strdup_printf("component:default/n%d", i);
        g_autofree char *wanted =
            model->there[i] ? model_relations_of(model, i) : g_strdup("absent");
        g_autofree char *got = look(snapshot, ref, "relations");

        there += model->there[i] ? 1 : 0;
        g_assert_cmpstr(got, ==, wanted);
    }
    for (EntityId id = ENTITY_FIRST; snapshot_next(snapshot, &id);)
        walked++;
    g_assert_cmpuint(snapshot_count(snapshot), ==, there);
    g_assert_cmpuint(walked, ==, there);
}

/* Some rows, some removals, in one change. */
static void change_model(Model *model, Index *index)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(GPtrArray) rows = g_ptr_array_new(), removed = g_ptr_array_new();

    for (int left = g_test_rand_int_range(1, 8); left > 0; left--) {
        int number = g_test_rand_int_range(0, NAMES);

        if (g_test_rand_int_range(0, 3) == 0) {
            model->there[number] = FALSE;
            memset(model->depends[number], 0, sizeof model->depends[number]);
            continue;
        }
        model->there[number] = TRUE;
        for (int i = 0; i < NAMES; i++)
            model->depends[number][i] = g_test_rand_int_range(0, 12) == 0;
    }
    for (int i = 0; i < NAMES; i++)
        if (model->there[i])
            g_ptr_array_add(rows, model_row(arena, model, i));
        else
            g_ptr_array_add(removed, arena_printf(arena, "component:default/n%d", i));
    index_apply(index, rows, removed, 1);
}

static void test_relations_are_those_of_a_plain_model(void)
{
    Index *index = index_new(NULL);
    Model model = {0};

    for (int round = 0; round < 150; round++) {
        change_model(&model, index);
        if (round % 10 == 0)
            index_settle(index);
        assert_model(&model, index);
    }
    index_settle(index);
    assert_model(&model, index);
    index_free(index);
}

static void test_many_changes_leave_few_segments(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 26);
    g_autoptr(Snapshot) snapshot = NULL;
    Index *index = index_new(NULL);

    for (int i = 0; i < 300; i++)
        apply_row(index, component(arena, arena_printf(arena, "c%d", i), "team"));
    index_settle(index);
    snapshot = index_acquire(index);
    g_assert_cmpuint(snapshot_count(snapshot), ==, 300);
    g_assert_cmpuint(snapshot_segment_count(snapshot), <=, 5);
    index_free(index);
}

static void test_a_new_base_removes_older_ones_and_nothing_else(void)
{
    static const char *const names[] = {"base-1-a.segment", "base-2-b.segment",
                                        "rebuild-0.segment", "rebuild-1.segment.new"};
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autoptr(GString) left = g_string_new(NULL);
    Index *index = index_new(folder);
    char *paths[G_N_ELEMENTS(names)];

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        paths[i] = g_build_filename(folder, names[i], NULL);
        g_assert_true(g_file_set_contents(paths[i], "x", 1, NULL));
    }
    base_keep_only(index, paths[1]);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_unlink(paths[i]) == 0)
            g_string_append_printf(left, "%s ", names[i]);
        g_free(paths[i]);
    }
    g_assert_cmpstr(left->str, ==, "base-2-b.segment rebuild-0.segment rebuild-1.segment.new ");
    index_free(index);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/index/relations-come-and-go-with-what-declares-them",
                    test_relations_come_and_go_with_what_declares_them);
    g_test_add_func("/catalog/index/what-both-declare-stays-while-one-does",
                    test_what_both_declare_stays_while_one_does);
    g_test_add_func("/catalog/index/the-etag-tells-of-every-change",
                    test_the_etag_tells_of_every_change);
    g_test_add_func("/catalog/index/what-stands-as-it-is-is-not-written-anew",
                    test_what_stands_as_it_is_is_not_written_anew);
    g_test_add_func("/catalog/index/a-snapshot-outlives-what-it-held",
                    test_a_snapshot_outlives_what_it_held);
    g_test_add_func("/catalog/index/where-an-entity-came-from-is-found",
                    test_where_an_entity_came_from_is_found);
    g_test_add_func("/catalog/index/relations-are-those-of-a-plain-model",
                    test_relations_are_those_of_a_plain_model);
    g_test_add_func("/catalog/index/many-changes-leave-few-segments",
                    test_many_changes_leave_few_segments);
    g_test_add_func("/catalog/index/a-new-base-removes-older-ones-and-nothing-else",
                    test_a_new_base_removes_older_ones_and_nothing_else);
    return g_test_run();
}
