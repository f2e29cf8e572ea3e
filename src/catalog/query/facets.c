/* How many entities have which value. */
#include "catalog/query/internal.h"
#include "formats/json.h"
#include <string.h>

#define FEW 1000 /* documents whose several values are not many */

typedef struct {
    gsize text; /* in the pool */
    guint64 count;
} Bucket;

typedef struct {
    GString *pool; /* spellings, each ended by NUL */
    GArray *buckets;
} Facet;

static const char *text_of(const Facet *facet, guint index)
{
    return facet->pool->str + g_array_index(facet->buckets, Bucket, index).text;
}

static void add_bucket(Facet *facet, const char *text, gsize length, guint64 count)
{
    Bucket bucket = {facet->pool->len, count};

    g_string_append_len(facet->pool, text, (gssize)length);
    g_string_append_c(facet->pool, 0);
    g_array_append_val(facet->buckets, bucket);
}

static void add_value(Facet *facet, SegmentValues *values, guint32 value, guint64 count,
                      GString *original)
{
    segment_values_original(values, value, original);
    add_bucket(facet, original->str, original->len, count);
}

/* Values of which there are more than counts are remembered for. */
static void add_many(Facet *facet, const SegmentField *field, const MatchPart *part,
                     SegmentValues *values, GString *original)
{
    gboolean everything =
        roaring_bitmap_get_cardinality(part->live.docs) == segment_count(part->segment);
    g_autofree guint32 *counts = column_value_counts(field, part->live.docs, everything, 0);

    for (guint32 value = 0; value < segment_value_count(field); value++)
        if (counts[value] > 0)
            add_value(facet, values, value, counts[value], original);
}

static void add_column(Facet *facet, const Column *column, SegmentValues *values, GString *original)
{
    guint64 before = 0;

    for (guint32 value = column_next(column, 0); value < column->value_count;
         value = column_next(column, value + 1)) {
        guint64 after = column_before(column, value + 1);

        if (after > before)
            add_value(facet, values, value, after - before, original);
        before = after;
    }
}

static void add_part(Facet *facet, const QueryMatch *match, const MatchPart *part, const char *name)
{
    g_autoptr(GString) original = g_string_new(NULL);
    roaring_bitmap_t *items = match_item(part->segment, name);
    guint64 count = items ? roaring_bitmap_and_cardinality(items, part->live.docs) : 0;
    Column column;

    if (count > 0)
        add_bucket(facet, "true", strlen("true"), count);
    if (items)
        roaring_bitmap_free(items);
    column_init(&column, match->view, part->segment, name, part->live.docs, part->matched.docs,
                match->key, FALSE);
    if (column.field) {
        SegmentValues *values = segment_values_new(column.field);

        if (column.shift > 0)
            add_many(facet, column.field, part, values, original);
        else
            add_column(facet, &column, values, original);
        segment_values_free(values);
    }
    column_clear(&column);
}

static int compare_buckets(gconstpointer a, gconstpointer b, gpointer data)
{
    const char *pool = data;

    return strcmp(pool + ((const Bucket *)a)->text, pool + ((const Bucket *)b)->text);
}

/* What one part gave is in the order of the folded values, which is nearly always this one. */
static void sort_part(Facet *facet, guint start)
{
    Bucket *buckets = (Bucket *)(void *)facet->buckets->data;
    gboolean sorted = TRUE;

    for (guint i = start + 1; i < facet->buckets->len && sorted; i++)
        sorted = strcmp(text_of(facet, i - 1), text_of(facet, i)) <= 0;
    if (!sorted)
        g_qsort_with_data(buckets + start, (int)(facet->buckets->len - start), sizeof(Bucket),
                          compare_buckets, facet->pool->str);
}

/* Merges the buckets from middle on, which are sorted, with those from start on. */
static void merge_parts(Facet *facet, guint start, guint middle)
{
    guint length = facet->buckets->len, one = start, other = middle;
    g_autofree Bucket *merged = g_new(Bucket, length - start + 1);
    Bucket *buckets = (Bucket *)(void *)facet->buckets->data;

    for (guint i = 0; i < length - start; i++) {
        gboolean first = other >= length ||
                         (one < middle && strcmp(text_of(facet, one), text_of(facet, other)) <= 0);

        merged[i] = buckets[first ? one++ : other++];
    }
    memcpy(buckets + start, merged, (length - start) * sizeof *merged);
}

static void write_number(GString *out, guint64 number)
{
    char digits[20];
    gsize at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    g_string_append_len(out, digits + at, (gssize)(sizeof digits - at));
}

/* One bucket where parts have the same spelling. */
static void write_buckets(const Facet *facet, GString *out)
{
    g_string_append_c(out, '[');
    for (guint i = 0, next; i < facet->buckets->len; i = next) {
        const char *text = text_of(facet, i);
        guint64 count = 0;

        for (next = i; next < facet->buckets->len && g_str_equal(text, text_of(facet, next));
             next++)
            count += g_array_index(facet->buckets, Bucket, next).count;
        g_string_append(out, i > 0 ? ",{\"value\":" : "{\"value\":");
        json_write_string(out, text, strlen(text));
        g_string_append(out, ",\"count\":");
        write_number(out, count);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

guint64 query_facet_size(const QueryMatch *match, const char *name)
{
    guint64 size = 0;

    for (guint i = 0; i < match->count; i++) {
        const MatchPart *part = &match->parts[i];
        const SegmentField *field = segment_field(part->segment, name);
        guint64 docs = roaring_bitmap_get_cardinality(part->live.docs);
        gboolean several = field && docs > FEW && segment_field_is_multiple(field);

        if (field)
            size += several ? segment_value_count(field) : MIN(segment_value_count(field), docs);
    }
    return size;
}

void query_facet(const QueryMatch *match, const char *name, GString *out)
{
    g_autofree char *key = g_strdup_printf("facet %s\n%s", name, match->key);
    g_autoptr(Finding) text = query_recall(match->view, NULL, key);
    g_autofree guint *starts = NULL;
    Facet facet;
    gsize start = out->len;

    if (text) {
        g_string_append_len(out, text->text, (gssize)text->length);
        return;
    }
    facet = (Facet){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(Bucket))};
    starts = g_new(guint, match->count);
    for (guint i = 0; i < match->count; i++) {
        starts[i] = facet.buckets->len;
        add_part(&facet, match, &match->parts[i], name);
        sort_part(&facet, starts[i]);
    }
    /* The newer parts are small, so they are merged first. */
    for (guint i = match->count; i > 1; i--)
        if (starts[i - 1] < facet.buckets->len && starts[i - 2] < starts[i - 1])
            merge_parts(&facet, starts[i - 2], starts[i - 1]);
    write_buckets(&facet, out);
    g_string_free(facet.pool, TRUE);
    g_array_unref(facet.buckets);
    text = finding_of_text(out->str + start, out->len - start);
    query_remember(match->view, NULL, key, text);
}
