/* The column of a field: the values of every document, for what is read by document.
 *
 * Where most documents have the field, the column is dense: column[doc] is the value, NO_VALUE, or
 * (with its upper bit set) the place further on in the column where a count and as many values lie.
 * Otherwise it is sparse: the documents that have it, and for each a value, or, where there are
 * starts, a range of values. */
#include "catalog/segment/format.h"

#define MANY 0x80000000u

/* ---- reading ---- */

static guint32 values_of_dense(const SegmentField *field, guint32 doc, const guint32 **values)
{
    guint32 value = field->column[doc], place = value & ~MANY;

    if (value == NO_VALUE)
        return 0;
    *values = &field->column[doc];
    if (!(value & MANY))
        return 1;
    if (place >= field->column_length || field->column[place] > field->column_length - place - 1)
        return 0;
    *values = &field->column[place + 1];
    return field->column[place];
}

static guint32 values_of_sparse(const SegmentField *field, guint32 doc, const guint32 **values)
{
    gsize low = 0, high = field->column_document_count;
    guint32 start, end;

    while (low < high) {
        gsize middle = low + (high - low) / 2;

        if (field->column_documents[middle] < doc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low >= field->column_document_count || field->column_documents[low] != doc)
        return 0;
    start = field->column_starts ? field->column_starts[low] : (guint32)low;
    end = field->column_starts ? field->column_starts[low + 1] : (guint32)low + 1;
    if (start > end || end > field->column_length)
        return 0;
    *values = &field->column[start];
    return end - start;
}

guint32 segment_doc_values(const SegmentField *field, guint32 doc, const guint32 **values)
{
    guint32 count;

    *values = NULL;
    if (doc >= field->segment->count || !field->column)
        return 0;
    count =
        field->dense ? values_of_dense(field, doc, values) : values_of_sparse(field, doc, values);
    for (guint32 i = 0; i < count; i++)
        if ((*values)[i] >= field->dictionary.count)
            return 0;
    return count;
}

/* ---- writing ---- */

static guint32 document_of(guint64 pair)
{
    return (guint32)(pair >> 32);
}

/* Where the pairs of the document at i end. */
static gsize end_of(const guint64 *pairs, gsize count, gsize i)
{
    gsize end = i + 1;

    while (end < count && document_of(pairs[end]) == document_of(pairs[i]))
        end++;
    return end;
}

static void append(GArray *numbers, guint32 number)
{
    g_array_append_val(numbers, number);
}

static Span write_numbers(SegmentWriter *writer, const GArray *numbers)
{
    return segment_writer_span(writer, numbers->data, sizeof(guint32) * numbers->len);
}

static void write_dense(SegmentWriter *writer, FieldRecord *record, const guint64 *pairs,
                        gsize count)
{
    guint32 documents = writer->header.document_count;
    g_autoptr(GArray) column =
        g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)(documents + 64));

    for (guint32 doc = 0; doc < documents; doc++)
        append(column, NO_VALUE);
    for (gsize i = 0, end; i < count; i = end) {
        guint32 doc = document_of(pairs[i]);

        end = end_of(pairs, count, i);
        if (end == i + 1) {
            g_array_index(column, guint32, doc) = (guint32)pairs[i];
            continue;
        }
        g_array_index(column, guint32, doc) = MANY | column->len;
        append(column, (guint32)(end - i));
        for (gsize at = i; at < end; at++)
            append(column, (guint32)pairs[at]);
    }
    record->flags |= FIELD_DENSE;
    record->column = write_numbers(writer, column);
}

static void write_sparse(SegmentWriter *writer, FieldRecord *record, const guint64 *pairs,
                         gsize count)
{
    g_autoptr(GArray) documents = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GArray) column = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)count);

    for (gsize i = 0; i < count; i++) {
        if (i == 0 || document_of(pairs[i]) != document_of(pairs[i - 1])) {
            append(documents, document_of(pairs[i]));
            append(starts, (guint32)i);
        }
        append(column, (guint32)pairs[i]);
    }
    append(starts, (guint32)count);
    record->column_documents = write_numbers(writer, documents);
    if (documents->len < count)
        record->column_starts = write_numbers(writer, starts);
    record->column = write_numbers(writer, column);
}

void segment_write_column(SegmentWriter *writer, FieldRecord *record, const guint64 *pairs,
                          gsize count)
{
    gsize documents = 0;

    for (gsize i = 0; i < count; i++)
        documents += i == 0 || document_of(pairs[i]) != document_of(pairs[i - 1]);
    if (documents > writer->header.document_count / 2)
        write_dense(writer, record, pairs, count);
    else
        write_sparse(writer, record, pairs, count);
}
