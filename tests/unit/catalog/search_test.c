#include "catalog/query/search.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

typedef struct {
    SegmentPart part;
    QueryView view;
    Arena *arena;
} Fixture;

static void put(SegmentBuilder *builder, Arena *arena, const char *name, const char *description)
{
    const Value *entity = json_parse(
        arena,
        arena_printf(arena,
                     "{\"kind\":\"Component\",\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\","
                     "\"description\":\"%s\"}}",
                     name, name, description),
        -1, NULL);
    SegmentEntity document = {.ref = entity_ref_of(arena, entity),
                              .uid = name,
                              .name = text_fold(arena, name),
                              .text = "{}",
                              .text_length = 2};

    document.rows = entity_flatten(arena, entity, &document.row_count);
    segment_builder_add(builder, &document);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SegmentBuilder) builder = segment_builder_new();
    const int many = GPOINTER_TO_INT(data);

    fixture->arena = arena_new(G_MAXSIZE);
    put(builder, fixture->arena, "Order", "takes what people want");
    put(builder, fixture->arena, "order-service", "takes orders");
    put(builder, fixture->arena, "my-order", "of mine");
    put(builder, fixture->arena, "reorder", "again");
    put(builder, fixture->arena, "billing", "bills an order");
    put(builder, fixture->arena, "mail", "sends mail");
    for (int i = 0; i < many; i++)
        put(builder, fixture->arena, arena_printf(fixture->arena, "a-%05d", i), "an order of many");
    fixture->part.segment = segment_builder_finish(builder, NULL, 0, NULL);
    fixture->view = (QueryView){&fixture->part, 1, 1, query_memory_new(1 << 20)};
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    query_memory_free(fixture->view.memory);
    segment_unref((Segment *)fixture->part.segment);
    arena_free(fixture->arena);
}

/* The names of what is found, at most five. */
static void assert_found(Fixture *fixture, const char *const *words, guint64 total,
                         const char *names)
{
    for (int i = 0; i < 2; i++) { /* found, and remembered */
        g_autoptr(GString) found = g_string_new(NULL);
        g_auto(SearchResult) result = {0};

        search_find(&fixture->view, fixture->arena,
                    predicate_leaf(fixture->arena, PREDICATE_EXISTS, "kind", NULL), words, &result);
        for (guint j = 0; j < MIN(result.hits->len, 5); j++)
            g_string_append_printf(found, "%s ",
                                   segment_doc_uid(fixture->part.segment,
                                                   g_array_index(result.hits, EntityId, j).doc));
        g_assert_cmpstr(found->str, ==, names);
        g_assert_cmpuint(result.total, ==, total);
        g_assert_cmpuint(result.hits->len, ==, MIN(total, SEARCH_RANKED_MAX));
    }
}

static void test_what_is_called_so_comes_first(Fixture *fixture, gconstpointer data)
{
    assert_found(fixture, (const char *const[]){"order", NULL}, 5,
                 "Order order-service my-order reorder billing ");
}

static void test_every_word_must_be_found(Fixture *fixture, gconstpointer data)
{
    assert_found(fixture, (const char *const[]){"order", "takes", NULL}, 2, "Order order-service ");
    assert_found(fixture, (const char *const[]){"order", "", "mail", NULL}, 0, "");
    assert_found(fixture, (const char *const[]){"component", "mail", NULL}, 1, "mail ");
}

static void test_the_best_of_very_many_are_found(Fixture *fixture, gconstpointer data)
{
    assert_found(fixture, (const char *const[]){"order", NULL}, 2005,
                 "Order order-service my-order reorder a-00000 ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define add(path, many, test)                                                                      \
    g_test_add("/catalog/search/" path, Fixture, GINT_TO_POINTER(many), set_up, test, tear_down)
    add("what-is-called-so-comes-first", 0, test_what_is_called_so_comes_first);
    add("every-word-must-be-found", 0, test_every_word_must_be_found);
    add("the-best-of-very-many-are-found", 2000, test_the_best_of_very_many_are_found);
    return g_test_run();
}
