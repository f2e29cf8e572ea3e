/* The rows of one field across segments, group by group: those that have the same value. */
#include "catalog/query/internal.h"
#include <string.h>

#define WALK_MAX 64 /* rows that are rather passed by than searched for */

void merge_init(Merge *merge, const QueryMatch *match, const QueryOrder *order, const Docs *docs,
                const char *key, gboolean least)
{
    *merge = (Merge){.count = match->count, .descending = order->descending};
    merge->columns = g_new0(Column, match->count);
    merge->at = g_new0(guint32, match->count);
    merge->values = g_new0(SegmentValues *, match->count);
    merge->text = g_string_new(NULL);
    for (guint i = 0; i < match->count; i++) {
        column_init(&merge->columns[i], match->view, match->parts[i].segment, order->field,
                    docs->live[i], docs->matched[i], key, least);
        if (merge->columns[i].field)
            merge->values[i] = segment_values_new(merge->columns[i].field);
    }
}

void merge_clear(Merge *merge)
{
    for (guint i = 0; i < merge->count; i++) {
        column_clear(&merge->columns[i]);
        segment_values_free(merge->values[i]);
    }
    g_free(merge->columns);
    g_free(merge->at);
    g_free(merge->values);
    if (merge->text)
        g_string_free(merge->text, TRUE);
}
guint64 merge_count(const Merge *merge)
{
    guint64 count = 0;

    for (guint i = 0; i < merge->count; i++)
        count += column_count(&merge->columns[i]);
    return count;
}

guint64 merge_before(const Merge *merge, const char *text)
{
    guint64 count = 0;

    for (guint i = 0; i < merge->count; i++) {
        const Column *column = &merge->columns[i];

        if (column->field)
            count += column_before(column, segment_lower_bound(column->field, text));
    }
    return count;
}

void merge_seek(Merge *merge, const char *text)
{
    for (guint i = 0; i < merge->count; i++) {
        const Column *column = &merge->columns[i];
        guint32 first = 0, last = column->value_count;

        if (text && column->field && !segment_find_value(column->field, text, &first, &last))
            first = last = segment_lower_bound(column->field, text);
        merge->at[i] =
            merge->descending ? column_previous(column, last) : column_next(column, first);
    }
}

/* The text of the next group. */
static gboolean merge_next_text(Merge *merge)
{
    gboolean found = FALSE;

    for (guint i = 0; i < merge->count; i++) {
        const char *text;
        int order;

        if (merge->at[i] >= merge->columns[i].value_count)
            continue;
        text = segment_values_folded(merge->values[i], merge->at[i]);
        order = found ? strcmp(text, merge->text->str) : 0;
        if (!found || (merge->descending ? order > 0 : order < 0))
            g_string_assign(merge->text, text);
        found = TRUE;
    }
    return found;
}

static gboolean is_of_group(const Merge *merge, guint i, guint32 value)
{
    return value < merge->columns[i].value_count &&
           g_str_equal(segment_values_folded(merge->values[i], value), merge->text->str);
}

/* The documents of the group in one part, which goes on to the next. */
static roaring_bitmap_t *take_group(Merge *merge, guint i)
{
    const Column *column = &merge->columns[i];
    guint32 first = merge->at[i], last = first + 1;

    if (!is_of_group(merge, i, first))
        return NULL;
    if (merge->descending)
        while (first > 0 && is_of_group(merge, i, first - 1))
            first--;
    else
        while (is_of_group(merge, i, last))
            last++;
    merge->at[i] = merge->descending ? column_previous(column, first) : column_next(column, last);
    return column_docs(column, first, last);
}

void docs_free(roaring_bitmap_t **docs, guint count)
{
    for (guint i = 0; i < count; i++)
        if (docs[i])
            roaring_bitmap_free(docs[i]);
    g_free(docs);
}

roaring_bitmap_t **merge_next(Merge *merge)
{
    roaring_bitmap_t **docs;

    if (!merge_next_text(merge))
        return NULL;
    docs = g_new0(roaring_bitmap_t *, merge->count);
    for (guint i = 0; i < merge->count; i++)
        docs[i] = take_group(merge, i);
    return docs;
}

/* The part that has most values: it divides the rows of all. */
static const Column *widest(const Merge *merge)
{
    const Column *best = &merge->columns[0];

    for (guint i = 1; i < merge->count; i++)
        if (merge->columns[i].value_count > best->value_count)
            best = &merge->columns[i];
    return best;
}

/* Puts a text into text that rank (counted from the least value) does not stand before, and that is
 * near to it; FALSE: nothing that is worth going to. */
static gboolean search_text(const Merge *merge, guint64 rank, GString *text)
{
    const Column *column = widest(merge);
    guint32 low = 0, high = column->value_count;

    if (rank <= WALK_MAX)
        return FALSE;
    while (low < high) {
        guint32 middle = low + (high - low) / 2;

        segment_value(column->field, middle, text, NULL);
        if (merge_before(merge, text->str) <= rank)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return FALSE;
    segment_value(column->field, low - 1, text, NULL);
    return TRUE;
}

guint64 docs_count(roaring_bitmap_t **docs, guint count)
{
    guint64 all = 0;

    for (guint i = 0; i < count; i++)
        all += docs[i] ? roaring_bitmap_get_cardinality(docs[i]) : 0;
    return all;
}

guint64 merge_seek_rank(Merge *merge, guint64 rank)
{
    guint64 total = merge_count(merge), least = merge->descending ? total - 1 - rank : rank;
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean descending = merge->descending;
    guint64 before = 0, size = 0;

    if (rank == 0) {
        merge_seek(merge, NULL);
        return 0;
    }
    merge->descending = FALSE;
    if (search_text(merge, least, text)) {
        before = merge_before(merge, text->str);
        merge_seek(merge, text->str);
    } else {
        merge_seek(merge, NULL);
    }
    for (;;) {
        roaring_bitmap_t **docs = merge_next(merge);

        if (!docs)
            break;
        g_string_assign(text, merge->text->str);
        size = docs_count(docs, merge->count);
        docs_free(docs, merge->count);
        if (before + size > least)
            break;
        before += size;
    }
    merge->descending = descending;
    merge_seek(merge, text->str);
    return descending ? rank - (total - before - size) : rank - before;
}
