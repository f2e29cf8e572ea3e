/* Entities by chance, and what a segment of them has to say, found the slow way. */
#pragma once
#include "catalog/segment/segment.h"
#include <string.h>

typedef struct {
    char *ref, *uid, *name, *text;
    GArray *rows; /* SearchRow; the texts are the entity's own */
} TestEntity;

static inline void test_entity_free(gpointer data)
{
    TestEntity *entity = data;

    for (guint i = 0; i < entity->rows->len; i++) {
        SearchRow *row = &g_array_index(entity->rows, SearchRow, i);

        g_free((char *)row->key);
        g_free((char *)row->value);
        g_free((char *)row->original);
    }
    g_array_unref(entity->rows);
    g_free(entity->ref);
    g_free(entity->uid);
    g_free(entity->name);
    g_free(entity->text);
    g_free(entity);
}

static inline int test_compare_rows(gconstpointer a, gconstpointer b)
{
    const SearchRow *left = a, *right = b;
    int order = strcmp(left->key, right->key);

    return order ? order : g_strcmp0(left->value, right->value);
}

static inline int test_compare_entities(gconstpointer a, gconstpointer b)
{
    const TestEntity *left = *(TestEntity *const *)a, *right = *(TestEntity *const *)b;
    int order = strcmp(left->name, right->name);

    return order ? order : strcmp(left->uid, right->uid);
}

static inline void test_entity_row(TestEntity *entity, const char *key, const char *original,
                                   gboolean item)
{
    SearchRow row = {.key = g_strdup(key),
                     .value = original ? g_utf8_strdown(original, -1) : NULL,
                     .original = g_strdup(original),
                     .item = item};

    g_array_append_val(entity->rows, row);
}

/* A text of few parts, so that many share a beginning, a part or all of it but its spelling. */
static inline char *test_text(GRand *random, guint parts)
{
    static const char *const words[] = {"a",  "B",   "pay", "Pay", "PAY", "ments", "-", "/",
                                        "ä",  "Ä",   "é",   "ß",   "İ",   "日本",  ":", "service",
                                        "Xy", "xy ", "0",   "1",   "2",   "3",     "4", "5"};
    GString *text = g_string_new(NULL);

    for (guint count = (guint)g_rand_int_range(random, 0, (gint32)parts + 1); count > 0; count--)
        g_string_append(text, words[g_rand_int_range(random, 0, G_N_ELEMENTS(words))]);
    return g_string_free(text, FALSE);
}

static inline void test_add_rows(GRand *random, TestEntity *entity, const char *key, guint parts,
                                 guint most)
{
    guint count = (guint)g_rand_int_range(random, 0, (gint32)most + 1);

    for (guint i = 0; i < count; i++) {
        g_autofree char *text = g_rand_int_range(random, 0, 12) ? test_text(random, parts) : NULL;

        test_entity_row(entity, key, text, text && count > 1);
    }
}

/* number makes it unlike any other. */
static inline TestEntity *test_entity_new(GRand *random, guint number)
{
    TestEntity *entity = g_new0(TestEntity, 1);
    g_autofree char *rare = g_strdup_printf("metadata.labels.%u", g_rand_int_range(random, 0, 50));
    g_autofree char *text = test_text(random, 40);

    entity->name = g_strdup_printf("n%u", g_rand_int_range(random, 0, 500));
    entity->ref = number % 7 ? g_strdup_printf("component:ns%u/%s", number, entity->name)
                             : g_strdup_printf("of-another-form-%u", number);
    entity->uid = g_strdup_printf("%08x-%u", g_rand_int(random), number);
    entity->text = g_strdup_printf("{\"n\":%u,\"text\":\"%s\"}", number, text);
    entity->rows = g_array_new(FALSE, FALSE, sizeof(SearchRow));
    test_entity_row(entity, "metadata.name", entity->name, FALSE);
    test_entity_row(entity, "metadata.uid", entity->uid, FALSE);
    test_entity_row(entity, "kind", number % 3 ? "Component" : "API", FALSE);
    test_entity_row(entity, "nothing", NULL, FALSE);
    test_add_rows(random, entity, "spec.owner", 2, 1);
    test_add_rows(random, entity, "metadata.tags", 1, 4);
    test_add_rows(random, entity, "metadata.title", 6, 1);
    test_add_rows(random, entity, "metadata.description", 30, 1);
    if (g_rand_int_range(random, 0, 10) == 0)
        test_add_rows(random, entity, rare, 3, 2);
    if (g_rand_int_range(random, 0, 3) == 0)
        test_add_rows(random, entity, FIELD_PARENT, 3, 3);
    g_array_sort(entity->rows, test_compare_rows);
    return entity;
}

/* TestEntity *, in no order. */
static inline GPtrArray *test_entities(GRand *random, guint first, guint count)
{
    GPtrArray *entities = g_ptr_array_new_with_free_func(test_entity_free);

    for (guint i = 0; i < count; i++)
        g_ptr_array_add(entities, test_entity_new(random, first + i));
    return entities;
}

static inline Segment *test_segment(const GPtrArray *entities, const char *path, int64_t seq)
{
    g_autoptr(SegmentBuilder) builder = segment_builder_new();
    GError *error = NULL;
    Segment *segment;

    for (guint i = 0; i < entities->len; i++) {
        const TestEntity *one = entities->pdata[i];
        SegmentEntity entity = {.ref = one->ref,
                                .uid = one->uid,
                                .name = one->name,
                                .text = one->text,
                                .text_length = strlen(one->text),
                                .rows = (const SearchRow *)(const void *)one->rows->data,
                                .row_count = one->rows->len};

        segment_builder_add(builder, &entity);
    }
    g_assert_cmpuint(segment_builder_count(builder), ==, entities->len);
    segment = segment_builder_finish(builder, path, seq, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(segment_builder_count(builder), ==, 0);
    return segment;
}
