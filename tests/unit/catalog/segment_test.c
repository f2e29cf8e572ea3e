#include "segment_fixture.h"
#include "../test_folder.h"
#include <glib/gstdio.h>

/* ---- what a field has, the slow way ---- */

typedef struct {
    const char *folded, *original;
    roaring_bitmap_t *docs;
} TestValue;

typedef struct {
    GArray *values; /* TestValue, in order */
    roaring_bitmap_t *docs, *lists;
} TestField;

static int compare_values(gconstpointer a, gconstpointer b)
{
    const TestValue *left = a, *right = b;
    int order = strcmp(left->folded, right->folded);

    return order ? order : strcmp(left->original, right->original);
}

static void test_field_free(gpointer data)
{
    TestField *field = data;

    for (guint i = 0; i < field->values->len; i++)
        roaring_bitmap_free(g_array_index(field->values, TestValue, i).docs);
    g_array_unref(field->values);
    roaring_bitmap_free(field->docs);
    roaring_bitmap_free(field->lists);
    g_free(field);
}

static TestField *field_of(GHashTable *fields, const char *key)
{
    TestField *field = g_hash_table_lookup(fields, key);

    if (!field) {
        field = g_new0(TestField, 1);
        field->values = g_array_new(FALSE, FALSE, sizeof(TestValue));
        field->docs = roaring_bitmap_create();
        field->lists = roaring_bitmap_create();
        g_hash_table_insert(fields, (char *)key, field);
    }
    return field;
}

/* Every row is a value of its own at first; then those that are the same become one. */
static void gather_values(TestField *field)
{
    guint kept = 0;

    g_array_sort(field->values, compare_values);
    for (guint i = 0; i < field->values->len; i++) {
        TestValue *value = &g_array_index(field->values, TestValue, i);
        TestValue *last = kept ? &g_array_index(field->values, TestValue, kept - 1) : NULL;

        if (last && compare_values(last, value) == 0) {
            roaring_bitmap_or_inplace(last->docs, value->docs);
            roaring_bitmap_free(value->docs);
        } else {
            g_array_index(field->values, TestValue, kept++) = *value;
        }
    }
    g_array_set_size(field->values, kept);
}

/* key → TestField of entities, which are in order. */
static GHashTable *fields_of(const GPtrArray *entities)
{
    GHashTable *fields = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, test_field_free);
    GHashTableIter iter;
    gpointer field;

    for (guint doc = 0; doc < entities->len; doc++) {
        const TestEntity *entity = entities->pdata[doc];

        for (guint i = 0; i < entity->rows->len; i++) {
            const SearchRow *row = &g_array_index(entity->rows, SearchRow, i);
            TestField *one = field_of(fields, row->key);
            TestValue value = {row->value, row->original, NULL};

            roaring_bitmap_add(one->docs, doc);
            if (row->item)
                roaring_bitmap_add(one->lists, doc);
            if (!row->value)
                continue;
            value.docs = roaring_bitmap_of_ptr(1, &doc);
            g_array_append_val(one->values, value);
        }
    }
    g_hash_table_iter_init(&iter, fields);
    while (g_hash_table_iter_next(&iter, NULL, &field))
        gather_values(field);
    return fields;
}

/* ---- comparing ---- */

static void check_documents(const Segment *segment, const GPtrArray *entities)
{
    guint32 doc;

    g_assert_cmpuint(segment_count(segment), ==, entities->len);
    for (guint32 i = 0; i < entities->len; i++) {
        const TestEntity *entity = entities->pdata[i];
        g_autoptr(GString) text = g_string_new("before ");

        g_assert_cmpstr(segment_doc_ref(segment, i), ==, entity->ref);
        g_assert_cmpstr(segment_doc_uid(segment, i), ==, entity->uid);
        g_assert_cmpstr(segment_doc_name(segment, i), ==, entity->name);
        g_assert_true(segment_find(segment, entity->ref, &doc) && doc == i);
        g_assert_true(segment_find_uid(segment, entity->uid, &doc) && doc == i);
        g_assert_cmpuint(segment_text_length(segment, i), ==, strlen(entity->text));
        segment_text(segment, i, text);
        g_assert_cmpstr(text->str + 7, ==, entity->text);
    }
    g_assert_false(segment_find(segment, "component:default/nobody", &doc));
    g_assert_false(segment_find_uid(segment, "", &doc));
}

static void check_posting(const SegmentField *field, guint32 value, const TestValue *expected,
                          const roaring_bitmap_t *some)
{
    roaring_bitmap_t *docs = roaring_bitmap_create();
    const roaring_bitmap_t *bitmap;
    const guint32 *array;
    guint32 count, last = 0;

    segment_add_postings(field, value, value + 1, docs);
    g_assert_true(roaring_bitmap_equals(docs, expected->docs));
    roaring_bitmap_free(docs);
    segment_posting(field, value, &array, &count, &bitmap);
    g_assert_true((array == NULL) != (bitmap == NULL));
    g_assert_cmpuint(count, ==, roaring_bitmap_get_cardinality(expected->docs));
    g_assert_cmpuint(segment_posting_count(field, value), ==, count);
    g_assert_true(!bitmap || roaring_bitmap_equals(bitmap, expected->docs));
    for (guint32 i = 0; array && i < count; i++) {
        g_assert_true(i == 0 || array[i] > last);
        last = array[i];
        g_assert_true(roaring_bitmap_contains(expected->docs, last));
    }
    g_assert_cmpuint(segment_count_in(field, value, some), ==,
                     roaring_bitmap_and_cardinality(expected->docs, some));
}

static void check_values(const SegmentField *field, const TestField *expected,
                         const roaring_bitmap_t *some)
{
    g_autoptr(GString) folded = g_string_new(NULL);
    g_autoptr(GString) original = g_string_new(NULL);

    g_assert_cmpuint(segment_value_count(field), ==, expected->values->len);
    for (guint32 i = 0; i < expected->values->len; i++) {
        const TestValue *value = &g_array_index(expected->values, TestValue, i);

        segment_value(field, i, folded, original);
        g_assert_cmpstr(folded->str, ==, value->folded);
        g_assert_cmpstr(original->str, ==, value->original);
        check_posting(field, i, value, some);
    }
    segment_value(field, expected->values->len, folded, original);
    g_assert_cmpstr(folded->str, ==, "");
}

/* Values read in order, with gaps, and again. */
static void check_one_after_the_other(GRand *random, const SegmentField *field,
                                      const TestField *expected)
{
    SegmentValues *values = segment_values_new(field);
    g_autoptr(GString) original = g_string_new(NULL);

    for (guint32 i = 0; i < expected->values->len;
         i += (guint32)g_rand_int_range(random, i % 5 == 4 ? -2 : 0, 30)) {
        const TestValue *value = &g_array_index(expected->values, TestValue, i);

        g_assert_cmpstr(segment_values_folded(values, i), ==, value->folded);
        segment_values_original(values, i, original);
        g_assert_cmpstr(original->str, ==, value->original);
    }
    g_assert_cmpstr(segment_values_folded(values, expected->values->len), ==, "");
    segment_values_free(values);
}

static void check_nulls(const SegmentField *field, const TestField *expected)
{
    roaring_bitmap_t *nulls = roaring_bitmap_copy(expected->docs);
    guint64 total = 0, valued;

    for (guint i = 0; i < expected->values->len; i++) {
        const roaring_bitmap_t *docs = g_array_index(expected->values, TestValue, i).docs;

        total += roaring_bitmap_get_cardinality(docs);
        roaring_bitmap_andnot_inplace(nulls, docs);
    }
    valued = roaring_bitmap_get_cardinality(expected->docs) - roaring_bitmap_get_cardinality(nulls);
    g_assert_true(roaring_bitmap_equals(segment_field_nulls(field), nulls));
    g_assert_cmpint(segment_field_is_multiple(field), ==, total > valued);
    roaring_bitmap_free(nulls);
}

static void check_by_document(const SegmentField *field, const TestField *expected, guint32 count)
{
    g_autofree guint32 *seen = g_new0(guint32, count);
    guint64 total = 0;

    for (guint i = 0; i < expected->values->len; i++)
        total += roaring_bitmap_get_cardinality(g_array_index(expected->values, TestValue, i).docs);
    for (guint32 doc = 0; doc < count; doc++) {
        const guint32 *values;
        guint32 found = segment_doc_values(field, doc, &values);

        for (guint32 i = 0; i < found; i++) {
            g_assert_true(i == 0 || values[i] > values[i - 1]);
            g_assert_true(roaring_bitmap_contains(
                g_array_index(expected->values, TestValue, values[i]).docs, doc));
        }
        g_assert_cmpuint(found, <=, total);
        total -= found;
    }
    g_assert_cmpuint(total, ==, 0);
}

static void check_search(const SegmentField *field, const TestField *expected, const char *text)
{
    roaring_bitmap_t *found = roaring_bitmap_create(), *within = roaring_bitmap_create();
    guint32 first = 0, last = 0, prefix_last, from, to;
    gsize length = strlen(text);

    for (guint32 i = 0; i < expected->values->len; i++) {
        const char *folded = g_array_index(expected->values, TestValue, i).folded;

        first += strcmp(folded, text) < 0;
        last += strcmp(folded, text) <= 0;
        if (*text && strstr(folded, text))
            roaring_bitmap_add(within, i);
    }
    for (prefix_last = first; prefix_last < expected->values->len; prefix_last++)
        if (strncmp(g_array_index(expected->values, TestValue, prefix_last).folded, text, length) !=
            0)
            break;
    g_assert_cmpuint(segment_lower_bound(field, text), ==, first);
    g_assert_cmpint(segment_find_value(field, text, &from, &to), ==, first < last);
    g_assert_true(first == last || (from == first && to == last));
    g_assert_cmpint(segment_find_prefix(field, text, &from, &to), ==, first < prefix_last);
    g_assert_true(first == prefix_last || (from == first && to == prefix_last));
    if (*text)
        segment_find_substring(field, text, found);
    g_assert_true(roaring_bitmap_equals(found, within));
    roaring_bitmap_free(found);
    roaring_bitmap_free(within);
}

static void check_searches(GRand *random, const SegmentField *field, const TestField *expected)
{
    for (guint i = 0; i < 60; i++) {
        g_autofree char *text = test_text(random, 4);
        g_autofree char *folded = g_utf8_strdown(text, -1);

        check_search(field, expected, folded);
    }
    for (guint i = 0; i < 40 && expected->values->len; i++) {
        guint32 value = (guint32)g_rand_int_range(random, 0, (gint32)expected->values->len);
        const char *folded = g_array_index(expected->values, TestValue, value).folded;
        gsize from = (gsize)g_rand_int_range(random, 0, (gint32)strlen(folded) + 1);
        g_autofree char *part = g_strndup(
            folded + from, (gsize)g_rand_int_range(random, 0, (gint32)strlen(folded) + 1));

        check_search(field, expected, folded);
        check_search(field, expected, part);
    }
}

static void check_ranges(GRand *random, const SegmentField *field, const TestField *expected)
{
    for (guint i = 0; i < 10; i++) {
        guint32 first = (guint32)g_rand_int_range(random, 0, (gint32)expected->values->len + 1);
        guint32 last = first + (guint32)g_rand_int_range(random, 0, i < 5 ? 20 : 2000);
        roaring_bitmap_t *docs = roaring_bitmap_create(), *wanted = roaring_bitmap_create();

        segment_add_postings(field, first, last, docs);
        for (guint32 value = first; value < last && value < expected->values->len; value++)
            roaring_bitmap_or_inplace(wanted,
                                      g_array_index(expected->values, TestValue, value).docs);
        g_assert_true(roaring_bitmap_equals(docs, wanted));
        roaring_bitmap_free(docs);
        roaring_bitmap_free(wanted);
    }
}

/* One value in a few, beside a document that is there already. */
static void check_chosen(GRand *random, const SegmentField *field, const TestField *expected)
{
    for (gint32 few = 1; few < 200; few *= 5) {
        guint32 there = 1000000;
        roaring_bitmap_t *values = roaring_bitmap_create();
        roaring_bitmap_t *docs = roaring_bitmap_of_ptr(1, &there),
                         *wanted = roaring_bitmap_copy(docs);

        for (guint32 value = 0; value < expected->values->len; value++)
            if (g_rand_int_range(random, 0, few) == 0) {
                roaring_bitmap_add(values, value);
                roaring_bitmap_or_inplace(wanted,
                                          g_array_index(expected->values, TestValue, value).docs);
            }
        roaring_bitmap_add(values, expected->values->len + 5);
        segment_add_postings_of(field, values, docs);
        g_assert_true(roaring_bitmap_equals(docs, wanted));
        roaring_bitmap_free(values);
        roaring_bitmap_free(docs);
        roaring_bitmap_free(wanted);
    }
}

static roaring_bitmap_t *some_of(GRand *random, guint32 count)
{
    roaring_bitmap_t *some = roaring_bitmap_create();

    for (guint32 doc = 0; doc < count; doc++)
        if (g_rand_int_range(random, 0, 3) == 0)
            roaring_bitmap_add(some, doc);
    return some;
}

/* Everything segment says is what entities, which are put in order, say. */
static void check_segment(GRand *random, const Segment *segment, GPtrArray *entities)
{
    g_autoptr(GHashTable) fields = NULL;
    g_autoptr(GList) keys = NULL;
    roaring_bitmap_t *some = some_of(random, entities->len);
    guint number = 0;

    g_ptr_array_sort(entities, test_compare_entities);
    check_documents(segment, entities);
    fields = fields_of(entities);
    keys = g_list_sort(g_hash_table_get_keys(fields), (GCompareFunc)strcmp);
    g_assert_cmpuint(segment_field_count(segment), ==, g_hash_table_size(fields));
    for (GList *key = keys; key; key = key->next, number++) {
        const SegmentField *field = segment_field(segment, key->data);
        const TestField *expected = g_hash_table_lookup(fields, key->data);

        g_assert_true(field && field == segment_field_at(segment, number));
        g_assert_cmpstr(segment_field_key(field), ==, key->data);
        g_assert_true(roaring_bitmap_equals(segment_field_docs(field), expected->docs));
        g_assert_true(roaring_bitmap_equals(segment_field_lists(field), expected->lists));
        check_values(field, expected, some);
        check_by_document(field, expected, entities->len);
        check_searches(random, field, expected);
        check_one_after_the_other(random, field, expected);
        check_nulls(field, expected);
        check_ranges(random, field, expected);
        check_chosen(random, field, expected);
    }
    g_assert_null(segment_field(segment, "of nobody"));
    g_assert_null(segment_field_at(segment, number));
    roaring_bitmap_free(some);
}

/* ---- the tests ---- */

static void test_what_goes_in_comes_out(void)
{
    static const guint sizes[] = {0, 1, 2, 17, 300};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(i);
        g_autoptr(GPtrArray) entities = test_entities(random, 0, sizes[i]);
        g_autoptr(Segment) segment = test_segment(entities, NULL, 42 + i);

        g_assert_cmpint(segment_seq(segment), ==, 42 + i);
        check_segment(random, segment, entities);
    }
}

static void test_values_of_many_documents_are_bitmaps(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(GPtrArray) entities = test_entities(random, 0, 5000);
    g_autoptr(Segment) segment = test_segment(entities, NULL, 1);
    const roaring_bitmap_t *bitmap;
    const guint32 *docs;
    guint32 count;

    segment_posting(segment_field(segment, "kind"), 0, &docs, &count, &bitmap);
    g_assert_true(bitmap && !docs);
    check_segment(random, segment, entities);
}

static void test_a_file_says_what_memory_says(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "segment", NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    g_autoptr(GPtrArray) entities = test_entities(random, 0, 2000);
    g_autoptr(Segment) written = test_segment(entities, path, 9);
    g_autoptr(GError) error = NULL;
    g_autoptr(Segment) opened = segment_open(path, &error);

    g_assert_no_error(error);
    g_assert_cmpint(segment_seq(opened), ==, 9);
    check_segment(random, written, entities);
    check_segment(random, opened, entities);
    g_assert_cmpint(g_remove(path), ==, 0); /* what is mapped stays */
    check_segment(random, opened, entities);
}

static void test_a_file_that_is_not_whole_is_refused(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "segment", NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    g_autoptr(GPtrArray) entities = test_entities(random, 0, 20);
    g_autoptr(Segment) segment = test_segment(entities, path, 9);
    g_autofree char *bytes = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    for (gsize kept = 0; kept < length; kept += 1 + kept / 3) {
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents(path, bytes, (gssize)kept, NULL));
        g_assert_null(segment_open(path, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
    }
    bytes[8]++; /* the version */
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    g_assert_null(segment_open(path, NULL));
    g_assert_null(segment_open(folder, NULL));
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_null(segment_open(path, NULL));
}

static void test_a_file_that_cannot_be_written_leaves_nothing(void)
{
    g_autoptr(SegmentBuilder) builder = segment_builder_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(segment_builder_finish(builder, "/nowhere/segment", 1, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
}

/* Parts of which a third is dead; what lives goes to alive. */
static void kill_some(GRand *random, GPtrArray *entities, roaring_bitmap_t *dead, GPtrArray *alive)
{
    g_ptr_array_sort(entities, test_compare_entities);
    g_ptr_array_set_free_func(entities, NULL);
    for (guint32 i = 0; i < entities->len; i++)
        if (g_rand_int_range(random, 0, 3) == 0) {
            roaring_bitmap_add(dead, i);
            test_entity_free(entities->pdata[i]);
        } else {
            g_ptr_array_add(alive, entities->pdata[i]);
        }
}

static void check_merge(guint seed, const guint *sizes, guint count, const char *path)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(GPtrArray) alive = g_ptr_array_new_with_free_func(test_entity_free);
    g_autoptr(Segment) merged = NULL;
    SegmentPart parts[8];
    g_autoptr(GError) error = NULL;
    guint first = 0;

    for (guint i = 0; i < count; first += sizes[i++]) {
        g_autoptr(GPtrArray) entities = test_entities(random, first, sizes[i]);
        roaring_bitmap_t *dead = roaring_bitmap_create();

        parts[i] = (SegmentPart){test_segment(entities, NULL, 1), dead};
        kill_some(random, entities, dead, alive);
    }
    merged = segment_merge(parts, count, path, 77, &error);
    g_assert_no_error(error);
    g_assert_cmpint(segment_seq(merged), ==, 77);
    check_segment(random, merged, alive);
    for (guint i = 0; i < count; i++) {
        segment_unref((Segment *)parts[i].segment);
        roaring_bitmap_free((roaring_bitmap_t *)parts[i].dead);
    }
}

static void test_a_merge_has_what_lives_in_its_parts(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "segment", NULL);

    check_merge(1, NULL, 0, NULL);
    check_merge(2, (guint[]){0, 5}, 2, NULL);
    check_merge(3, (guint[]){1, 1, 1, 400, 30}, 5, NULL);
    check_merge(4, (guint[]){4000, 1500, 3}, 3, path);
}

/* Entities with so much text that it is compressed in a file. */
static GPtrArray *long_entities(GRand *random, guint first, guint count)
{
    GPtrArray *entities = test_entities(random, first, count);

    for (guint i = 0; i < count; i++) {
        TestEntity *entity = entities->pdata[i];
        GString *text = g_string_new(entity->text);

        while (text->len < 60000)
            g_string_append_printf(text, ",{\"%s\":\"%u\"}", entity->text + text->len % 9,
                                   (guint)text->len);
        g_free(entity->text);
        entity->text = g_string_free(text, FALSE);
    }
    return entities;
}

static guint64 text_bytes(const Segment *segment)
{
    guint64 bytes = 0;

    for (guint32 doc = 0; doc < segment_count(segment); doc++)
        bytes += segment_text_length(segment, doc);
    return bytes;
}

static void test_much_text_is_compressed_and_stays_so(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *first_path = g_build_filename(folder, "first", NULL);
    g_autofree char *second_path = g_build_filename(folder, "second", NULL);
    g_autofree char *merged_path = g_build_filename(folder, "merged", NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(8);
    g_autoptr(GPtrArray) entities = long_entities(random, 0, 1300);
    g_autoptr(GPtrArray) others = long_entities(random, 5000, 1200);
    g_autoptr(GPtrArray) few = test_entities(random, 9000, 30);
    g_autoptr(Segment) first = test_segment(entities, first_path, 1);
    g_autoptr(Segment) second = test_segment(others, second_path, 1);
    g_autoptr(Segment) third = test_segment(few, NULL, 1);
    SegmentPart parts[] = {{first, NULL}, {second, NULL}, {third, NULL}};
    g_autoptr(GError) error = NULL;
    g_autoptr(Segment) in_file = segment_merge(parts, 3, merged_path, 2, &error);
    g_autoptr(Segment) in_memory = segment_merge(parts, 3, NULL, 2, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(segment_bytes(first), <, text_bytes(first) / 2);
    g_assert_cmpuint(segment_bytes(in_file), <, text_bytes(in_file) / 2);
    check_documents(first, (g_ptr_array_sort(entities, test_compare_entities), entities));
    g_ptr_array_extend_and_steal(entities, g_steal_pointer(&others));
    g_ptr_array_extend_and_steal(entities, g_steal_pointer(&few));
    check_segment(random, in_file, entities);
    check_segment(random, in_memory, entities);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/segment/what-goes-in-comes-out", test_what_goes_in_comes_out);
    g_test_add_func("/catalog/segment/values-of-many-documents-are-bitmaps",
                    test_values_of_many_documents_are_bitmaps);
    g_test_add_func("/catalog/segment/a-file-says-what-memory-says",
                    test_a_file_says_what_memory_says);
    g_test_add_func("/catalog/segment/a-file-that-is-not-whole-is-refused",
                    test_a_file_that_is_not_whole_is_refused);
    g_test_add_func("/catalog/segment/a-file-that-cannot-be-written-leaves-nothing",
                    test_a_file_that_cannot_be_written_leaves_nothing);
    g_test_add_func("/catalog/segment/a-merge-has-what-lives-in-its-parts",
                    test_a_merge_has_what_lives_in_its_parts);
    g_test_add_func("/catalog/segment/much-text-is-compressed-and-stays-so",
                    test_much_text_is_compressed_and_stays_so);
    return g_test_run();
}
