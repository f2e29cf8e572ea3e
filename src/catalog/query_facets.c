/* How many entities have which value. */
#include "catalog/query_internal.h"
#include "formats/json.h"
#include <string.h>

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
    for (guint32 value = column_next(column, 0); value < column->value_count;
         value = column_next(column, value + 1)) {
        guint64 count = column_before(column, value + 1) - column_before(column, value);

        if (count > 0)
            add_value(facet, values, value, count, original);
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

static void sort_buckets(Facet *facet)
{
    gboolean sorted = TRUE;

    for (guint i = 1; i < facet->buckets->len && sorted; i++)
        sorted = strcmp(text_of(facet, i - 1), text_of(facet, i)) <= 0;
    if (!sorted)
        g_array_sort_with_data(facet->buckets, compare_buckets, facet->pool->str);
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
        g_string_append_printf(out, ",\"count\":%" G_GUINT64_FORMAT "}", count);
    }
    g_string_append_c(out, ']');
}

void query_facet(const QueryMatch *match, const char *name, GString *out)
{
    g_autofree char *key = g_strdup_printf("facet %s\n%s", name, match->key);
    g_autoptr(Finding) text = query_recall(match->view, NULL, key);
    Facet facet;
    gsize start = out->len;

    if (text) {
        g_string_append_len(out, text->text, (gssize)text->length);
        return;
    }
    facet = (Facet){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(Bucket))};
    for (guint i = 0; i < match->count; i++)
        add_part(&facet, match, &match->parts[i], name);
    sort_buckets(&facet);
    write_buckets(&facet, out);
    g_string_free(facet.pool, TRUE);
    g_array_unref(facet.buckets);
    text = finding_of_text(out->str + start, out->len - start);
    query_remember(match->view, NULL, key, text);
}
