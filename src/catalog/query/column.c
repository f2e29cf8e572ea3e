/* The rows of one field in chosen documents of one segment, ordered by value. */
#include "catalog/query/internal.h"
#include <string.h>

#define ROWS_MAX 4096     /* documents whose rows are rather listed than counted */
#define BUCKETS_MAX 16384 /* numbers that are remembered of one field */
#define DEAD_MAX 20000    /* dead whose values are rather left out one by one */
#define BATCH 256

/* What it costs, in nanoseconds, to look at a document's values, and to intersect a value's bitmap
 * with another over 65536 documents. */
#define DOCUMENT_COST 5
#define CONTAINER_COST 120

roaring_bitmap_t *column_valued(const Segment *segment, const char *name,
                                const roaring_bitmap_t *docs)
{
    const SegmentField *field = segment_field(segment, name);
    roaring_bitmap_t *valued;

    if (!field)
        return roaring_bitmap_create();
    valued = roaring_bitmap_and(docs, segment_field_docs(field));
    roaring_bitmap_andnot_inplace(valued, segment_field_nulls(field));
    return valued;
}

/* ---- counting ---- */

static void count_all(const SegmentField *field, guint32 *counts, guint shift)
{
    for (guint32 value = 0; value < segment_value_count(field); value++)
        counts[value >> shift] += segment_posting_count(field, value);
}

static void count_by_value(const SegmentField *field, const roaring_bitmap_t *docs, guint32 *counts,
                           guint shift)
{
    for (guint32 value = 0; value < segment_value_count(field); value++)
        counts[value >> shift] += (guint32)segment_count_in(field, value, docs);
}

static void count_by_document(const SegmentField *field, const roaring_bitmap_t *docs,
                              guint32 *counts, guint shift)
{
    roaring_uint32_iterator_t iterator;
    guint32 batch[BATCH], length;

    roaring_init_iterator(docs, &iterator);
    while ((length = roaring_read_uint32_iterator(&iterator, batch, BATCH)) > 0)
        for (guint32 i = 0; i < length; i++) {
            const guint32 *values;
            guint32 count = segment_doc_values(field, batch[i], &values);

            for (guint32 j = 0; j < count; j++)
                counts[values[j] >> shift]++;
        }
}

guint32 *column_value_counts(const SegmentField *field, const roaring_bitmap_t *docs,
                             gboolean everything, guint shift)
{
    const roaring_bitmap_t *having = segment_field_docs(field);
    guint64 values = segment_value_count(field);
    guint64 both = roaring_bitmap_and_cardinality(docs, having);
    guint64 containers = roaring_bitmap_maximum(having) / 65536 + 1;
    guint32 *counts = g_new0(guint32, (values >> shift) + 1);

    if (everything) {
        count_all(field, counts, shift);
    } else if (values * containers * CONTAINER_COST < both * DOCUMENT_COST) {
        count_by_value(field, docs, counts, shift);
    } else if (both < roaring_bitmap_get_cardinality(docs)) {
        roaring_bitmap_t *these = roaring_bitmap_and(docs, having);

        count_by_document(field, these, counts, shift);
        roaring_bitmap_free(these);
    } else {
        count_by_document(field, docs, counts, shift);
    }
    return counts;
}

/* counts as how many stand before each, and all of them at last. */
static Finding *add_up(guint32 *counts, guint32 length)
{
    guint32 *before = g_new(guint32, (gsize)length + 1), sum = 0;

    for (guint32 i = 0; i < length; i++) {
        before[i] = sum;
        sum += counts[i];
    }
    before[length] = sum;
    g_free(counts);
    return finding_of_numbers(before, length + 1);
}

static Finding *recall_counts(const Column *column, const QueryView *view, const Segment *segment,
                              const char *key)
{
    Finding *counts = query_recall(view, segment, key);
    guint32 *numbers;

    if (counts)
        return counts;
    numbers = column_value_counts(column->field, column->matched,
                                  roaring_bitmap_get_cardinality(column->matched) ==
                                      segment_count(column->segment),
                                  column->shift);
    counts = add_up(numbers, (column->value_count >> column->shift) + 1);
    query_remember(view, segment, key, counts);
    return counts;
}

/* ---- listing ---- */

static GArray *list_rows(const SegmentField *field, const roaring_bitmap_t *docs, gboolean least)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(guint64));
    roaring_uint32_iterator_t iterator;

    roaring_init_iterator(docs, &iterator);
    for (; iterator.has_value; roaring_advance_uint32_iterator(&iterator)) {
        const guint32 *values;
        guint32 count = segment_doc_values(field, iterator.current_value, &values);

        for (guint32 i = 0; i < (least ? MIN(count, 1) : count); i++) {
            guint64 row = (guint64)values[i] << 32 | iterator.current_value;

            g_array_append_val(rows, row);
        }
    }
    return rows;
}

/* By eleven bits of the value at a time; documents are in order and stay so. */
static void sort_rows(guint64 *rows, guint count, guint32 value_count)
{
    g_autofree guint64 *other = g_new(guint64, count);
    guint64 *from = rows, *to = other;

    for (guint shift = 32; shift < 64 && (value_count >> (shift - 32)) > 0; shift += 11) {
        guint starts[2049] = {0};
        guint64 *last = from;

        for (guint i = 0; i < count; i++)
            starts[((from[i] >> shift) & 2047) + 1]++;
        for (guint i = 1; i < 2049; i++)
            starts[i] += starts[i - 1];
        for (guint i = 0; i < count; i++)
            to[starts[(from[i] >> shift) & 2047]++] = from[i];
        from = to;
        to = last;
    }
    if (from != rows)
        memcpy(rows, from, count * sizeof *rows);
}

/* The values of what was counted and is dead, in order. */
static Finding *recall_dead(const Column *column, const QueryView *view,
                            const roaring_bitmap_t *dead, const char *key)
{
    Finding *values = query_recall(view, NULL, key);
    g_autoptr(GArray) rows = NULL;
    guint64 *list;
    guint32 *numbers;

    if (values)
        return values;
    rows = list_rows(column->field, dead, FALSE);
    list = (guint64 *)(void *)rows->data;
    sort_rows(list, rows->len, column->value_count);
    numbers = g_new(guint32, rows->len);
    for (guint i = 0; i < rows->len; i++)
        numbers[i] = (guint32)(list[i] >> 32);
    values = finding_of_numbers(numbers, rows->len);
    query_remember(view, NULL, key, values);
    return values;
}

/* ---- the column ---- */

/* What is counted with the dead is true as long as the segment is there; the dead change with every
 * view. */
static void count_rows(Column *column, const QueryView *view, const char *key)
{
    roaring_bitmap_t *dead = roaring_bitmap_andnot(column->matched, column->docs);
    guint64 dead_count = roaring_bitmap_get_cardinality(dead);
    const char *field = segment_field_key(column->field);
    g_autofree char *lasting = g_strdup_printf("counts %s\n%s", field, key);
    g_autofree char *passing =
        g_strdup_printf("dead %p %s\n%s", (const void *)column->segment, field, key);

    while ((column->value_count >> column->shift) >= BUCKETS_MAX)
        column->shift++;
    if (dead_count > DEAD_MAX) {
        column->matched = column->docs;
        column->counts = recall_counts(column, view, NULL, passing);
    } else {
        column->counts = recall_counts(column, view, column->segment, lasting);
        if (dead_count > 0)
            column->dead = recall_dead(column, view, dead, passing);
    }
    roaring_bitmap_free(dead);
}

/* Groups within groups are not asked for again. */
static void count_rows_once(Column *column)
{
    while ((column->value_count >> column->shift) >= BUCKETS_MAX)
        column->shift++;
    column->matched = column->docs;
    column->counts = add_up(column_value_counts(column->field, column->docs,
                                                roaring_bitmap_get_cardinality(column->docs) ==
                                                    segment_count(column->segment),
                                                column->shift),
                            (column->value_count >> column->shift) + 1);
}

void column_init(Column *column, const QueryView *view, const Segment *segment, const char *name,
                 const roaring_bitmap_t *docs, const roaring_bitmap_t *matched, const char *key,
                 gboolean least)
{
    *column = (Column){.segment = segment, .docs = docs, .matched = matched};
    column->field = docs ? segment_field(segment, name) : NULL;
    if (!column->field)
        return;
    column->value_count = segment_value_count(column->field);
    if (roaring_bitmap_get_cardinality(docs) <= ROWS_MAX ||
        (least && segment_field_is_multiple(column->field))) {
        GArray *rows = list_rows(column->field, docs, least);

        column->row_count = rows->len;
        column->rows = (guint64 *)(void *)g_array_free(rows, FALSE);
        sort_rows(column->rows, column->row_count, column->value_count);
    } else if (key) {
        count_rows(column, view, key);
    } else {
        count_rows_once(column);
    }
}

void column_clear(Column *column)
{
    g_free(column->rows);
    finding_unref(column->counts);
    finding_unref(column->dead);
    *column = (Column){0};
}

/* The first row whose value is not below value. */
static guint lower_row(const Column *column, guint32 value)
{
    guint low = 0, high = column->row_count;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (column->rows[middle] >> 32 < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static guint dead_before(const Column *column, guint32 value)
{
    guint low = 0, high = column->dead ? column->dead->length : 0;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (column->dead->numbers[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

guint64 column_before(const Column *column, guint32 value)
{
    guint32 first = value >> column->shift << column->shift;
    guint64 count;

    if (!column->field)
        return 0;
    if (!column->counts)
        return lower_row(column, value);
    count = column->counts->numbers[value >> column->shift];
    for (guint32 other = first; other < value; other++)
        count += segment_count_in(column->field, other, column->matched);
    return count - dead_before(column, value);
}

guint64 column_count(const Column *column)
{
    if (!column->field)
        return 0;
    if (!column->counts)
        return column->row_count;
    return column->counts->numbers[column->counts->length - 1] -
           (column->dead ? column->dead->length : 0);
}

static gboolean bucket_is_empty(const Column *column, guint32 bucket)
{
    return column->counts->numbers[bucket] == column->counts->numbers[bucket + 1];
}

static gboolean value_has_rows(const Column *column, guint32 value)
{
    return column->shift == 0 || segment_count_in(column->field, value, column->matched) > 0;
}

guint32 column_next(const Column *column, guint32 value)
{
    guint row;

    if (!column->counts) {
        row = column->field ? lower_row(column, value) : 0;
        return row < column->row_count ? (guint32)(column->rows[row] >> 32) : column->value_count;
    }
    while (value < column->value_count) {
        guint32 bucket = value >> column->shift;

        if (bucket_is_empty(column, bucket))
            value = (bucket + 1) << column->shift;
        else if (value_has_rows(column, value))
            return value;
        else
            value++;
    }
    return column->value_count;
}

guint32 column_previous(const Column *column, guint32 value)
{
    guint row;

    if (!column->counts) {
        row = column->field ? lower_row(column, value) : 0;
        return row > 0 ? (guint32)(column->rows[row - 1] >> 32) : column->value_count;
    }
    while (value > 0) {
        guint32 bucket = (value - 1) >> column->shift;

        if (bucket_is_empty(column, bucket))
            value = bucket << column->shift;
        else if (value_has_rows(column, value - 1))
            return value - 1;
        else
            value--;
    }
    return column->value_count;
}

roaring_bitmap_t *column_docs(const Column *column, guint32 first, guint32 last)
{
    roaring_bitmap_t *docs = roaring_bitmap_create();

    if (!column->field)
        return docs;
    if (column->counts) {
        segment_add_postings(column->field, first, last, docs);
        roaring_bitmap_and_inplace(docs, column->docs);
        return docs;
    }
    for (guint row = lower_row(column, first);
         row < column->row_count && column->rows[row] >> 32 < last; row++)
        roaring_bitmap_add(docs, (guint32)column->rows[row]);
    return docs;
}
