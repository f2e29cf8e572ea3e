/* Writes a field: its values as they come, and what is by document when all have come. */
#include "catalog/segment/format.h"
#include <stdlib.h>
#include <string.h>

struct FieldWriter {
    SegmentWriter *writer;
    guint32 document_count;
    GArray *records; /* FieldRecord */
    GByteArray *keys;
    /* of the field that is being written */
    FieldRecord record;
    DictionaryWriter dictionary;
    TrigramWriter *trigrams;
    GByteArray *values;        /* not yet handed on */
    GArray *starts, *postings; /* guint32 */
    GArray *bitmap_values;     /* guint32 */
    GPtrArray *bitmaps;        /* roaring_bitmap_t * */
    GArray *nulls, *lists;     /* guint32 */
    guint64 pair_count;
};

static void free_bitmap(gpointer bitmap)
{
    roaring_bitmap_free(bitmap);
}

FieldWriter *field_writer_new(SegmentWriter *writer)
{
    FieldWriter *fields = g_new0(FieldWriter, 1);

    fields->writer = writer;
    fields->document_count = writer->header.document_count;
    fields->records = g_array_new(FALSE, FALSE, sizeof(FieldRecord));
    fields->keys = g_byte_array_new();
    dictionary_writer_init(&fields->dictionary);
    fields->trigrams = trigram_writer_new();
    fields->values = g_byte_array_new();
    fields->starts = g_array_new(FALSE, FALSE, sizeof(guint32));
    fields->postings = g_array_new(FALSE, FALSE, sizeof(guint32));
    fields->bitmap_values = g_array_new(FALSE, FALSE, sizeof(guint32));
    fields->bitmaps = g_ptr_array_new_with_free_func(free_bitmap);
    fields->nulls = g_array_new(FALSE, FALSE, sizeof(guint32));
    fields->lists = g_array_new(FALSE, FALSE, sizeof(guint32));
    return fields;
}

void field_writer_free(FieldWriter *fields)
{
    if (!fields)
        return;
    g_array_unref(fields->records);
    g_byte_array_unref(fields->keys);
    dictionary_writer_clear(&fields->dictionary);
    trigram_writer_free(fields->trigrams);
    g_byte_array_unref(fields->values);
    g_array_unref(fields->starts);
    g_array_unref(fields->postings);
    g_array_unref(fields->bitmap_values);
    g_ptr_array_unref(fields->bitmaps);
    g_array_unref(fields->nulls);
    g_array_unref(fields->lists);
    g_free(fields);
}

void field_writer_begin(FieldWriter *fields, const char *key)
{
    fields->record = (FieldRecord){.key = fields->keys->len};
    g_byte_array_append(fields->keys, (const guint8 *)key, (guint)strlen(key) + 1);
    dictionary_writer_restart(&fields->dictionary);
    trigram_writer_restart(fields->trigrams, key);
    g_byte_array_set_size(fields->values, 0);
    g_array_set_size(fields->starts, 0);
    g_array_set_size(fields->postings, 0);
    g_array_set_size(fields->bitmap_values, 0);
    g_ptr_array_set_size(fields->bitmaps, 0);
    g_array_set_size(fields->nulls, 0);
    g_array_set_size(fields->lists, 0);
    fields->pair_count = 0;
    segment_writer_align(fields->writer, sizeof(guint64));
    fields->record.values.offset = segment_writer_position(fields->writer);
}

/* A bitmap pays from where it is half the size of the numbers, and quick to meet another. */
static gboolean pays_as_bitmap(const FieldWriter *fields, guint32 count)
{
    return count >= 1024 && count > fields->document_count / 256;
}

void field_writer_value(FieldWriter *fields, const char *folded, gsize length, const char *original,
                        const guint32 *documents, guint32 count)
{
    guint32 value = fields->dictionary.count;
    gsize shared;

    g_byte_array_set_size(fields->values, 0);
    shared = dictionary_encode(&fields->dictionary, folded, length, original, fields->values);
    trigram_writer_value(fields->trigrams, folded, length, shared);
    segment_writer_put(fields->writer, fields->values->data, fields->values->len);
    g_array_append_val(fields->starts, fields->postings->len);
    fields->pair_count += count;
    if (pays_as_bitmap(fields, count)) {
        roaring_bitmap_t *bitmap = roaring_bitmap_of_ptr(count, documents);

        roaring_bitmap_run_optimize(bitmap);
        g_array_append_val(fields->bitmap_values, value);
        g_ptr_array_add(fields->bitmaps, bitmap);
    } else {
        g_array_append_vals(fields->postings, documents, count);
    }
}

void field_writer_null(FieldWriter *fields, guint32 doc)
{
    g_array_append_val(fields->nulls, doc);
}

void field_writer_list(FieldWriter *fields, guint32 doc)
{
    g_array_append_val(fields->lists, doc);
}

/* ---- what is by document ---- */

/* How many pairs a document has that come before those of doc, for all of them. */
static guint32 *count_pairs(const FieldWriter *fields)
{
    guint32 *places = g_new0(guint32, (gsize)fields->document_count + 1);

    for (guint i = 0; i < fields->postings->len; i++)
        places[g_array_index(fields->postings, guint32, i) + 1]++;
    for (guint i = 0; i < fields->bitmaps->len; i++) {
        roaring_uint32_iterator_t at;

        roaring_init_iterator(fields->bitmaps->pdata[i], &at);
        for (; at.has_value; roaring_advance_uint32_iterator(&at))
            places[at.current_value + 1]++;
    }
    for (guint32 doc = 0; doc < fields->document_count; doc++)
        places[doc + 1] += places[doc];
    return places;
}

typedef void (*PairDo)(gpointer data, guint32 doc, guint32 value);

/* Goes over all pairs by value. */
static void each_pair(const FieldWriter *fields, PairDo pair_do, gpointer data)
{
    guint32 bitmap = 0, values = fields->dictionary.count;

    for (guint32 value = 0; value < values; value++) {
        guint32 at = g_array_index(fields->starts, guint32, value);
        guint32 end = value + 1 < values ? g_array_index(fields->starts, guint32, value + 1)
                                         : fields->postings->len;
        roaring_uint32_iterator_t docs;

        for (; at < end; at++)
            pair_do(data, g_array_index(fields->postings, guint32, at), value);
        if (bitmap >= fields->bitmaps->len ||
            g_array_index(fields->bitmap_values, guint32, bitmap) != value)
            continue;
        roaring_init_iterator(fields->bitmaps->pdata[bitmap++], &docs);
        for (; docs.has_value; roaring_advance_uint32_iterator(&docs))
            pair_do(data, docs.current_value, value);
    }
}

typedef struct {
    guint64 *pairs;
    gsize count;
    guint32 *places; /* NULL: one after the other */
} Pairs;

static void place_pair(gpointer data, guint32 doc, guint32 value)
{
    Pairs *pairs = data;
    gsize place = pairs->places ? pairs->places[doc]++ : pairs->count;

    pairs->pairs[place] = (guint64)doc << 32 | value;
    pairs->count++;
}

static int compare_pairs(const void *a, const void *b)
{
    guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

    return left < right ? -1 : left > right;
}

/* The pairs by document: placed where the field is common, sorted where it is rare, so that a rare
 * field costs what it has and not what the segment has. */
static guint64 *pairs_by_document(const FieldWriter *fields)
{
    g_autofree guint32 *places = NULL;
    Pairs pairs = {.pairs = g_new(guint64, MAX(fields->pair_count, 1))};

    if (fields->pair_count > fields->document_count / 16)
        pairs.places = places = count_pairs(fields);
    each_pair(fields, place_pair, &pairs);
    if (!places)
        qsort(pairs.pairs, pairs.count, sizeof(guint64), compare_pairs);
    return pairs.pairs;
}

/* ---- sets ---- */

static int compare_numbers(const void *a, const void *b)
{
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;

    return left < right ? -1 : left > right;
}

static void sort_distinct(GArray *numbers)
{
    guint32 *at = (guint32 *)(void *)numbers->data;
    guint kept = 0;

    for (guint i = 1; i < numbers->len; i++)
        if (at[i] < at[i - 1]) {
            qsort(at, numbers->len, sizeof(guint32), compare_numbers);
            break;
        }
    for (guint i = 0; i < numbers->len; i++)
        if (i == 0 || at[i] != at[i - 1])
            at[kept++] = at[i];
    g_array_set_size(numbers, kept);
}

/* numbers: sorted and distinct. */
static DocumentSet write_set(FieldWriter *fields, const GArray *numbers)
{
    DocumentSet set = {.count = numbers->len, .kind = SET_ARRAY};

    if (numbers->len == 0) {
        set.kind = SET_NONE;
    } else if (numbers->len == fields->document_count) {
        set.kind = SET_ALL;
    } else if (pays_as_bitmap(fields, numbers->len)) {
        roaring_bitmap_t *bitmap =
            roaring_bitmap_of_ptr(numbers->len, (const guint32 *)(const void *)numbers->data);

        roaring_bitmap_run_optimize(bitmap);
        set.span = segment_writer_frozen(fields->writer, bitmap);
        set.kind = SET_FROZEN;
        roaring_bitmap_free(bitmap);
    } else {
        set.span =
            segment_writer_span(fields->writer, numbers->data, sizeof(guint32) * numbers->len);
    }
    return set;
}

/* Adds the documents of pairs to numbers. */
static void add_documents(GArray *numbers, const guint64 *pairs, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        guint32 doc = (guint32)(pairs[i] >> 32);

        if (i == 0 || doc != (guint32)(pairs[i - 1] >> 32))
            g_array_append_val(numbers, doc);
    }
}

/* Leaves those of numbers, which are sorted, that have no pair. */
static void drop_valued(GArray *numbers, const guint64 *pairs, gsize count)
{
    gsize pair = 0;
    guint kept = 0;

    for (guint i = 0; i < numbers->len; i++) {
        guint32 doc = g_array_index(numbers, guint32, i);

        while (pair < count && pairs[pair] >> 32 < doc)
            pair++;
        if (pair == count || pairs[pair] >> 32 != doc)
            g_array_index(numbers, guint32, kept++) = doc;
    }
    g_array_set_size(numbers, kept);
}

static gboolean has_several(const guint64 *pairs, gsize count)
{
    for (gsize i = 1; i < count; i++)
        if (pairs[i] >> 32 == pairs[i - 1] >> 32)
            return TRUE;
    return FALSE;
}

static void write_sets(FieldWriter *fields, const guint64 *pairs)
{
    gboolean same;

    sort_distinct(fields->nulls);
    drop_valued(fields->nulls, pairs, fields->pair_count);
    fields->record.nulls = write_set(fields, fields->nulls);
    if (has_several(pairs, fields->pair_count))
        fields->record.flags |= FIELD_MULTIPLE;
    add_documents(fields->nulls, pairs, fields->pair_count);
    sort_distinct(fields->nulls);
    sort_distinct(fields->lists);
    fields->record.documents = write_set(fields, fields->nulls);
    same =
        fields->nulls->len == fields->lists->len &&
        memcmp(fields->nulls->data, fields->lists->data, sizeof(guint32) * fields->lists->len) == 0;
    fields->record.lists = same ? fields->record.documents : write_set(fields, fields->lists);
}

/* ---- the end of a field ---- */

static void write_postings(FieldWriter *fields)
{
    FieldRecord *record = &fields->record;
    g_autoptr(GArray) bitmaps = g_array_new(FALSE, FALSE, sizeof(BitmapRecord));

    if (fields->bitmaps->len == 0 && fields->postings->len == record->value_count)
        record->flags |= FIELD_UNIQUE;
    g_array_append_val(fields->starts, fields->postings->len);
    if (!(record->flags & FIELD_UNIQUE))
        record->starts = segment_writer_span(fields->writer, fields->starts->data,
                                             sizeof(guint32) * fields->starts->len);
    record->postings = segment_writer_span(fields->writer, fields->postings->data,
                                           sizeof(guint32) * fields->postings->len);
    for (guint i = 0; i < fields->bitmaps->len; i++) {
        const roaring_bitmap_t *bitmap = fields->bitmaps->pdata[i];
        BitmapRecord one = {.value = g_array_index(fields->bitmap_values, guint32, i),
                            .count = (guint32)roaring_bitmap_get_cardinality(bitmap),
                            .span = segment_writer_frozen(fields->writer, bitmap)};

        g_array_append_val(bitmaps, one);
    }
    record->bitmaps =
        segment_writer_span(fields->writer, bitmaps->data, sizeof(BitmapRecord) * bitmaps->len);
}

void field_writer_end(FieldWriter *fields)
{
    FieldRecord *record = &fields->record;
    g_autofree guint64 *pairs = NULL;

    if (fields->dictionary.count == 0 && fields->nulls->len == 0) {
        g_byte_array_set_size(fields->keys, (guint)record->key);
        return;
    }
    record->value_count = fields->dictionary.count;
    record->values.length = fields->dictionary.position;
    record->restarts = segment_writer_span(fields->writer, fields->dictionary.restarts->data,
                                           sizeof(guint64) * fields->dictionary.restarts->len);
    trigram_writer_end(fields->trigrams, fields->writer, record);
    pairs = pairs_by_document(fields);
    write_postings(fields);
    if (fields->pair_count)
        segment_write_column(fields->writer, record, pairs, fields->pair_count);
    write_sets(fields, pairs);
    g_array_append_val(fields->records, *record);
}

void field_writer_finish(FieldWriter *fields)
{
    SegmentHeader *header = &fields->writer->header;

    header->field_count = fields->records->len;
    header->fields = segment_writer_span(fields->writer, fields->records->data,
                                         sizeof(FieldRecord) * fields->records->len);
    header->keys = segment_writer_span(fields->writer, fields->keys->data, fields->keys->len);
}
