/* Opening a field, its values and the sets of documents that have it. */
#include "catalog/segment/format.h"
#include <string.h>

/* ---- opening ---- */

static const guint32 *numbers(const Segment *segment, const Span *span, gsize *count)
{
    const guint32 *found = segment_span(segment, span, sizeof(guint32), count);

    return *count ? found : NULL;
}

/* The dictionary has restarts for all its values, or none. */
static void open_dictionary(SegmentField *field)
{
    const FieldRecord *record = field->record;
    Dictionary *dictionary = &field->dictionary;
    gsize restarts;

    dictionary->restarts =
        segment_span(field->segment, &record->restarts, sizeof(guint64), &restarts);
    dictionary->bytes = segment_span(field->segment, &record->values, 1, &dictionary->length);
    if (dictionary->bytes && record->value_count < G_MAXINT32 &&
        ((guint64)record->value_count + DICTIONARY_BLOCK - 1) / DICTIONARY_BLOCK <= restarts)
        dictionary->count = record->value_count;
}

static void open_postings(SegmentField *field)
{
    const FieldRecord *record = field->record;
    gsize starts;

    field->starts = numbers(field->segment, &record->starts, &starts);
    field->postings = numbers(field->segment, &record->postings, &field->posting_count);
    if (record->flags & FIELD_UNIQUE ? field->posting_count < field->dictionary.count
                                     : starts <= field->dictionary.count)
        field->dictionary.count = 0;
    if (record->flags & FIELD_UNIQUE)
        field->starts = NULL;
}

static void open_column(SegmentField *field)
{
    const FieldRecord *record = field->record;
    gsize starts;

    field->dense = (record->flags & FIELD_DENSE) != 0;
    field->column = numbers(field->segment, &record->column, &field->column_length);
    field->column_documents =
        numbers(field->segment, &record->column_documents, &field->column_document_count);
    field->column_starts = numbers(field->segment, &record->column_starts, &starts);
    if (field->dense ? field->column_length < field->segment->count
                     : field->column_starts && starts <= field->column_document_count)
        field->column = NULL;
}

SegmentField *segment_field_new(const Segment *segment, const FieldRecord *record, const char *key)
{
    gsize count;
    const BitmapRecord *bitmaps =
        segment_span(segment, &record->bitmaps, sizeof(BitmapRecord), &count);
    SegmentField *field =
        g_malloc0(sizeof(SegmentField) + count * sizeof(_Atomic(roaring_bitmap_t *)));

    field->segment = segment;
    field->record = record;
    field->key = key;
    field->bitmaps = bitmaps;
    field->bitmap_count = (guint32)count;
    open_dictionary(field);
    open_postings(field);
    open_column(field);
    return field;
}

static void free_bitmap(roaring_bitmap_t *bitmap)
{
    if (bitmap)
        roaring_bitmap_free(bitmap);
}

void segment_field_free(SegmentField *field)
{
    if (!field)
        return;
    for (guint32 i = 0; i < field->bitmap_count; i++)
        free_bitmap(atomic_load(&field->bitmap_views[i]));
    free_bitmap(atomic_load(&field->documents));
    free_bitmap(atomic_load(&field->lists));
    free_bitmap(atomic_load(&field->nulls));
    g_free(field);
}

const char *segment_field_key(const SegmentField *field)
{
    return field->key;
}

/* ---- documents ---- */

static roaring_bitmap_t *open_set(const Segment *segment, const DocumentSet *set)
{
    gsize length;
    const guint8 *bytes = segment_span(segment, &set->span, 1, &length);
    roaring_bitmap_t *bitmap = NULL;

    if (set->kind == SET_ALL && segment->count)
        return roaring_bitmap_from_range(0, segment->count, 1);
    if (set->kind == SET_FROZEN && bytes)
        bitmap = segment_frozen_view(bytes, length, segment->count);
    if (!bitmap)
        bitmap = roaring_bitmap_create();
    if (set->kind == SET_ARRAY && bytes && set->span.offset % sizeof(guint64) == 0) {
        const guint32 *docs = (const guint32 *)bytes;

        for (gsize i = 0; i < length / sizeof(guint32); i++)
            if (docs[i] < segment->count)
                roaring_bitmap_add(bitmap, docs[i]);
    }
    return bitmap;
}

static const roaring_bitmap_t *set_once(const SegmentField *field, const DocumentSet *set,
                                        const _Atomic(roaring_bitmap_t *) *view)
{
    _Atomic(roaring_bitmap_t *) *place = (_Atomic(roaring_bitmap_t *) *)view;
    roaring_bitmap_t *found = atomic_load_explicit(place, memory_order_acquire), *made;

    if (found)
        return found;
    made = open_set(field->segment, set);
    if (atomic_compare_exchange_strong(place, &found, made))
        return made;
    roaring_bitmap_free(made); /* another thread was quicker */
    return found;
}

const roaring_bitmap_t *segment_field_docs(const SegmentField *field)
{
    return set_once(field, &field->record->documents, &field->documents);
}

const roaring_bitmap_t *segment_field_lists(const SegmentField *field)
{
    return set_once(field, &field->record->lists, &field->lists);
}

const roaring_bitmap_t *segment_field_nulls(const SegmentField *field)
{
    return set_once(field, &field->record->nulls, &field->nulls);
}

gboolean segment_field_is_multiple(const SegmentField *field)
{
    return (field->record->flags & FIELD_MULTIPLE) != 0;
}

/* ---- values ---- */

guint32 segment_value_count(const SegmentField *field)
{
    return field->dictionary.count;
}

void segment_value(const SegmentField *field, guint32 value, GString *folded, GString *original)
{
    g_auto(DictionaryCursor) cursor;
    gboolean found;

    dictionary_cursor_init(&cursor, &field->dictionary);
    found = dictionary_seek(&cursor, value) && dictionary_next(&cursor);
    if (folded)
        g_string_truncate(folded, 0);
    if (original)
        g_string_truncate(original, 0);
    if (found && folded)
        g_string_append_len(folded, cursor.folded->str, (gssize)cursor.folded->len);
    if (found && original)
        dictionary_original(&cursor, original);
}

struct SegmentValues {
    DictionaryCursor cursor;
};

SegmentValues *segment_values_new(const SegmentField *field)
{
    SegmentValues *values = g_new0(SegmentValues, 1);

    dictionary_cursor_init(&values->cursor, &field->dictionary);
    return values;
}

void segment_values_free(SegmentValues *values)
{
    if (!values)
        return;
    dictionary_cursor_clear(&values->cursor);
    g_free(values);
}

/* The value that was read last is value. */
static gboolean read_value(DictionaryCursor *cursor, guint32 value)
{
    return (cursor->next == value + 1 && cursor->spelling) ||
           (dictionary_seek(cursor, value) && dictionary_next(cursor));
}

const char *segment_values_folded(SegmentValues *values, guint32 value)
{
    return read_value(&values->cursor, value) ? values->cursor.folded->str : "";
}

void segment_values_original(SegmentValues *values, guint32 value, GString *original)
{
    if (read_value(&values->cursor, value))
        dictionary_original(&values->cursor, original);
    else
        g_string_truncate(original, 0);
}

static gboolean find_range(const SegmentField *field, const char *text, DictionaryBound upper,
                           guint32 *first, guint32 *last)
{
    *first = dictionary_bound(&field->dictionary, text, BOUND_LOWER);
    *last = dictionary_bound(&field->dictionary, text, upper);
    return *first < *last;
}

gboolean segment_find_value(const SegmentField *field, const char *folded, guint32 *first,
                            guint32 *last)
{
    return find_range(field, folded, BOUND_UPPER, first, last);
}

gboolean segment_find_prefix(const SegmentField *field, const char *prefix, guint32 *first,
                             guint32 *last)
{
    return find_range(field, prefix, BOUND_PREFIX, first, last);
}

guint32 segment_lower_bound(const SegmentField *field, const char *folded)
{
    return dictionary_bound(&field->dictionary, folded, BOUND_LOWER);
}
