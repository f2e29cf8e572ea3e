/* Answers are held against what looking at every entity gives. */
#include "query_fixture.h"
#include <pthread.h>

/* ---- random questions ---- */

static const char *const keys[] = {
    "kind",      "metadata.name", "metadata.title", "metadata.tags",     "metadata.namespace",
    "spec.type", "spec.owner",    "spec.lifecycle", "relations.ownedby", "nobody.has.this",
    NULL};
static const char *const asked[] = {"component",
                                    "API",
                                    "n1",
                                    "N",
                                    "java",
                                    "go",
                                    "a.b",
                                    "7",
                                    "default",
                                    "other",
                                    "title",
                                    "Title 1",
                                    "group:default/g1",
                                    "true",
                                    "",
                                    "team-a",
                                    "service",
                                    "ser",
                                    "ä",
                                    "production",
                                    "group:default/b",
                                    "t",
                                    NULL};

static const char *random_key(void)
{
    static const char *const items[] = {"metadata.tags.java", "METADATA.tags.a.b",
                                        "metadata.tags.7", NULL};

    return chance(15) ? pick(items) : pick(keys);
}

static Value *random_list(Arena *arena, int depth);

static Value *random_predicate(Arena *arena, int depth)
{
    Value *predicate = value_object_new(arena), *test = value_object_new(arena);

    switch (g_test_rand_int_range(0, depth > 0 ? 9 : 5)) {
    case 0:
        value_set_bool(arena, test, "$exists", chance(50));
        value_set(arena, predicate, random_key(), test);
        return predicate;
    case 1:
        value_set_string(arena, test, "$hasPrefix", pick(asked));
        value_set(arena, predicate, random_key(), test);
        return predicate;
    case 2:
        value_set(arena, test, "$in", random_tags(arena));
        value_set(arena, predicate, random_key(), test);
        return predicate;
    case 3:
    case 4:
        for (int i = g_test_rand_int_range(0, 3); i > 0; i--)
            value_set_string(arena, predicate, random_key(), pick(asked));
        return predicate;
    case 5:
    case 6:
        value_set(arena, predicate, chance(50) ? "$all" : "$any", random_list(arena, depth - 1));
        return predicate;
    default:
        value_set(arena, predicate, "$not", random_predicate(arena, depth - 1));
        return predicate;
    }
}

static Value *random_list(Arena *arena, int depth)
{
    Value *list = value_array_new(arena);

    for (int i = g_test_rand_int_range(0, 4); i > 0; i--)
        value_append(arena, list, random_predicate(arena, depth));
    return list;
}

static const Predicate *random_term(Arena *arena)
{
    static const char *const terms[] = {"n1", "itle 2", "E", "0", "ä", "true", "java", NULL};
    const char *fields[4] = {random_key(), NULL};

    for (int i = g_test_rand_int_range(0, 3); i > 0; i--)
        fields[i] = random_key();
    return predicate_any_key(arena, PREDICATE_CONTAINS, fields, pick(terms));
}

static const Predicate *random_question(Arena *arena)
{
    g_autoptr(GError) error = NULL;
    const Value *value = chance(25) ? value_object_new(arena) : random_predicate(arena, 3);
    const Predicate *predicate = predicate_from_value(arena, value, &error);

    g_assert_no_error(error);
    return chance(30) ? predicate_both(arena, predicate, random_term(arena)) : predicate;
}

static QueryPageRequest random_request(Arena *arena)
{
    QueryPageRequest request = {.missing_excluded = chance(50)};
    QueryOrder *orders = arena_new0(arena, QueryOrder, 4);

    request.order_count = (guint)g_test_rand_int_range(0, request.missing_excluded ? 2 : 4);
    for (guint i = 0; i < request.order_count; i++)
        orders[i] = (QueryOrder){pick(keys), chance(50)};
    request.orders = orders;
    request.offset = (guint64)g_test_rand_int_range(0, 20);
    request.limit = (guint64)g_test_rand_int_range(0, chance(10) ? 2000 : 20);
    return request;
}

/* ---- holding one against the other ---- */

static void assert_rows(const QueryPage *page, const GArray *rows, guint64 first, guint64 count)
{
    g_assert_cmpuint(page->total, ==, rows->len);
    g_assert_cmpuint(page->first, ==, first);
    g_assert_cmpuint(page->hits->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const Row *row = &g_array_index(rows, Row, first + i);
        const EntityId *hit = &g_array_index(page->hits, EntityId, i);

        g_assert_cmpuint(hit->segment, ==, row->doc->hit.segment);
        g_assert_cmpuint(hit->doc, ==, row->doc->hit.doc);
    }
}

/* From a row both ways, as cursors go. */
static void assert_places(const QueryMatch *match, QueryPageRequest request, const GArray *rows)
{
    guint at = (guint)g_test_rand_int_range(0, (gint32)rows->len);
    const Row *row = &g_array_index(rows, Row, at);
    const QueryPlace place = {row->values[0], row->doc->name, row->doc->uid};

    {
        g_auto(QueryPage) page = {0};

        request.after = &place;
        query_page(match, &request, &page);
        assert_rows(&page, rows, at + 1, MIN(request.limit, rows->len - at - 1));
        request.after = NULL;
    }
    {
        g_auto(QueryPage) page = {0};
        guint64 count = MIN(request.limit, at);

        request.before = &place;
        query_page(match, &request, &page);
        assert_rows(&page, rows, at - count, count);
    }
}

static void assert_page(const World *world, gboolean deep)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Predicate *predicate = random_question(arena);
    QueryPageRequest request = random_request(arena);
    g_autoptr(QueryMatch) match = query_match_new(&world->view, predicate);
    g_autoptr(GArray) rows = all_rows(world, predicate, &request);
    g_auto(QueryPage) page = {0};
    guint64 first;

    if (deep && rows->len > 0)
        request.offset = (guint64)g_test_rand_int_range(0, (gint32)rows->len);
    first = MIN(request.offset, rows->len);
    query_page(match, &request, &page);
    assert_rows(&page, rows, first, MIN(request.limit, rows->len - first));
    if (rows->len > 0 && (request.order_count == 0 || request.missing_excluded))
        assert_places(match, request, rows);
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *naive_facet(const World *world, const Predicate *predicate, const char *field)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    GString *out = g_string_new("[");

    for (guint i = 0; i < world->docs->len; i++) {
        const Doc *doc = world->docs->pdata[i];

        for (guint j = 0; j < doc->row_count && holds(predicate, doc); j++) {
            const SearchRow *row = &doc->rows[j];
            g_autofree char *item =
                row->item ? g_strdup_printf("%s.%s", row->key, row->value) : NULL;

            if (row->value && g_str_equal(row->key, field))
                g_ptr_array_add(texts, g_strdup(row->original));
            if (g_strcmp0(item, field) == 0)
                g_ptr_array_add(texts, g_strdup("true"));
        }
    }
    g_ptr_array_sort(texts, compare_texts);
    for (guint i = 0, next; i < texts->len; i = next) {
        for (next = i; next < texts->len && g_str_equal(texts->pdata[i], texts->pdata[next]);
             next++)
            ;
        g_string_append(out, i > 0 ? ",{\"value\":" : "{\"value\":");
        json_write_string(out, texts->pdata[i], strlen(texts->pdata[i]));
        g_string_append_printf(out, ",\"count\":%u}", next - i);
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static void assert_facet(const World *world)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Predicate *predicate = random_question(arena);
    g_autoptr(QueryMatch) match = query_match_new(&world->view, predicate);
    const char *field = text_fold(arena, random_key());
    g_autofree char *wanted = naive_facet(world, predicate, field);
    g_autoptr(GString) out = g_string_new(NULL), again = g_string_new("x");

    query_facet(match, field, out);
    g_assert_cmpstr(out->str, ==, wanted);
    query_facet(match, field, again);
    g_assert_cmpstr(again->str + 1, ==, wanted);
}

static void test_pages_are_what_looking_at_every_entity_gives(void)
{
    for (int round = 0; round < 40; round++) {
        g_autoptr(World) world = world_new((guint)g_test_rand_int_range(1, PARTS_MAX + 1),
                                           g_test_rand_int_range(1, 60), 1 + round);

        for (int i = 0; i < 60; i++)
            assert_page(world, FALSE);
    }
}

static void test_deep_pages_are_what_looking_at_every_entity_gives(void)
{
    g_autoptr(World) world = world_new(3, 6000, 3000);

    for (int i = 0; i < 150; i++)
        assert_page(world, TRUE);
}

/* More values than counts are remembered for. */
static void test_fields_of_very_many_values_are_paged_too(void)
{
    g_autoptr(World) world = world_new(2, 22000, 30000);

    for (int i = 0; i < 20; i++) {
        const QueryOrder order = {"metadata.title", i % 2 == 1};
        const Predicate *predicate = predicate_from_filters(world->arena, NULL, NULL);
        const QueryPageRequest request = {.orders = &order,
                                          .order_count = 1,
                                          .missing_excluded = TRUE,
                                          .offset = (guint64)i * 1000,
                                          .limit = 20};
        g_autoptr(QueryMatch) match = query_match_new(&world->view, predicate);
        g_autoptr(GArray) rows = all_rows(world, predicate, &request);
        g_auto(QueryPage) page = {0};

        query_page(match, &request, &page);
        assert_rows(&page, rows, request.offset, 20);
        assert_places(match, request, rows);
    }
    for (int i = 0; i < 3; i++)
        assert_facet(world);
}

static void test_a_page_of_too_many_values_ends_and_the_next_goes_on(void)
{
    g_autoptr(World) world = world_new(2, 40000, 8000);
    const QueryOrder orders[] = {{"metadata.title", FALSE}, {"kind", TRUE}};
    const Predicate *predicate = predicate_from_filters(world->arena, NULL, NULL);
    QueryPageRequest request = {.orders = orders, .order_count = 2, .limit = G_MAXUINT64};
    g_autoptr(QueryMatch) match = query_match_new(&world->view, predicate);
    g_autoptr(GArray) rows = all_rows(world, predicate, &request);
    guint pages = 0;

    for (gboolean cut = TRUE; cut; pages++) {
        g_auto(QueryPage) page = {0};

        query_page(match, &request, &page);
        assert_rows(&page, rows, request.offset,
                    page.cut ? page.hits->len : rows->len - request.offset);
        g_assert_cmpuint(page.hits->len, >, 0);
        request.offset += page.hits->len;
        cut = page.cut;
    }
    g_assert_cmpuint(pages, >, 1);
}

static void test_facets_are_what_looking_at_every_entity_gives(void)
{
    for (int round = 0; round < 20; round++) {
        g_autoptr(World) world = world_new((guint)g_test_rand_int_range(1, PARTS_MAX + 1),
                                           g_test_rand_int_range(1, 80), 1 + round);

        for (int i = 0; i < 30; i++)
            assert_facet(world);
    }
}

static void test_an_empty_catalog_has_an_answer(void)
{
    g_autoptr(World) world = world_new(0, 0, 1);

    for (int i = 0; i < 50; i++) {
        assert_page(world, FALSE);
        assert_facet(world);
    }
}

static void test_what_is_remembered_keeps_its_bounds(void)
{
    g_autoptr(World) world = world_new(3, 6000, 3000);
    g_autoptr(World) other = world_new(1, 10, 3);

    for (int i = 0; i < 60; i++) {
        assert_page(world, TRUE);
        g_assert_cmpuint(query_memory_bytes(world->memory), <=, 1 << 20);
    }
    /* What no view has any more is forgotten. */
    g_assert_cmpuint(query_memory_bytes(world->memory), >, 0);
    other->view.memory = world->memory;
    while (query_memory_bytes(world->memory) > 100000)
        assert_facet(other);
    other->view.memory = other->memory;
}

/* ---- threads ---- */

typedef struct {
    const World *world;
    guint64 number;
} Asker;

/* Asks the same as the others, of the same memory, each of another moment. */
static void *ask_on(void *data)
{
    const Asker *asker = data;
    QueryView view = asker->world->view;
    const QueryOrder order = {"metadata.title", FALSE};
    const QueryPageRequest request = {
        .orders = &order, .order_count = 1, .missing_excluded = TRUE, .offset = 100, .limit = 10};

    for (guint i = 0; i < 60; i++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        const char *const keys_asked[] = {"metadata.title", NULL};
        const Predicate *predicate = predicate_any_key(arena, PREDICATE_CONTAINS, keys_asked,
                                                       arena_printf(arena, "%u", i % 7));
        g_autoptr(QueryMatch) match = NULL;
        g_autoptr(GString) facet = g_string_new(NULL);
        g_auto(QueryPage) page = {0};

        view.number = asker->number + i % 3;
        match = query_match_new(&view, predicate);
        query_page(match, &request, &page);
        query_facet(match, "spec.type", facet);
        g_assert_cmpuint(page.hits->len, ==, 10);
        g_assert_cmpuint(page.total, ==, query_match_count(match));
        g_assert_true(g_str_has_suffix(facet->str, "}]"));
    }
    return NULL;
}

static void test_threads_share_what_is_remembered(void)
{
    g_autoptr(World) world = world_new(3, 6000, 3000);
    pthread_t threads[4];
    Asker askers[4];

    for (guint i = 0; i < 4; i++) {
        askers[i] = (Asker){world, last_number + 1 + i};
        g_assert_cmpint(pthread_create(&threads[i], NULL, ask_on, &askers[i]), ==, 0);
    }
    for (guint i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    last_number += 10;
}

static const Predicate *many_filters(Arena *arena, guint count, const char *format, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, format, i);
    return predicate_from_filters(arena, (const char *const[]){text->str, NULL}, error);
}

static void test_filters_have_bounds(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(many_filters(arena, 5000, "kind=%u,", NULL));
    g_assert_null(many_filters(arena, 10001, "kind=%u,", &error));
    g_assert_cmpstr(error->message, ==, "Invalid filter, it is too large");
    g_assert_nonnull(many_filters(arena, 1000, "key%u,", NULL));
    g_assert_null(many_filters(arena, 1001, "key%u,", NULL));
}

static void test_leaves_have_bounds(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Value *query = value_object_new(arena);

    for (int i = 0; i < 10000; i++)
        value_set(arena, query, arena_printf(arena, "key%d", i), value_string_new(arena, "a"));
    g_assert_null(predicate_from_value(arena, query, NULL));
    query = value_object_new(arena);
    for (int i = 0; i < 101; i++) {
        Value *test = value_object_new(arena);

        value_set_string(arena, test, "$hasPrefix", "a");
        g_assert_nonnull(predicate_from_value(arena, query, NULL));
        value_set(arena, query, arena_printf(arena, "key%d", i), test);
    }
    g_assert_null(predicate_from_value(arena, query, NULL));
}

static void test_questions_have_bounds(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    Value *list = value_array_new(arena), *query = value_object_new(arena);

    for (int i = 0; i < 1001; i++)
        value_append(arena, list, value_object_new(arena));
    value_set(arena, query, "$any", list);
    g_assert_null(predicate_from_value(arena, query, &error));
    g_assert_cmpstr(error->message, ==, "Invalid query: too large");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/query/pages-are-what-looking-at-every-entity-gives",
                    test_pages_are_what_looking_at_every_entity_gives);
    g_test_add_func("/catalog/query/deep-pages-are-what-looking-at-every-entity-gives",
                    test_deep_pages_are_what_looking_at_every_entity_gives);
    g_test_add_func("/catalog/query/fields-of-very-many-values-are-paged-too",
                    test_fields_of_very_many_values_are_paged_too);
    g_test_add_func("/catalog/query/a-page-of-too-many-values-ends-and-the-next-goes-on",
                    test_a_page_of_too_many_values_ends_and_the_next_goes_on);
    g_test_add_func("/catalog/query/facets-are-what-looking-at-every-entity-gives",
                    test_facets_are_what_looking_at_every_entity_gives);
    g_test_add_func("/catalog/query/an-empty-catalog-has-an-answer",
                    test_an_empty_catalog_has_an_answer);
    g_test_add_func("/catalog/query/what-is-remembered-keeps-its-bounds",
                    test_what_is_remembered_keeps_its_bounds);
    g_test_add_func("/catalog/query/threads-share-what-is-remembered",
                    test_threads_share_what_is_remembered);
    g_test_add_func("/catalog/query/questions-have-bounds", test_questions_have_bounds);
    g_test_add_func("/catalog/query/filters-have-bounds", test_filters_have_bounds);
    g_test_add_func("/catalog/query/leaves-have-bounds", test_leaves_have_bounds);
    return g_test_run();
}
