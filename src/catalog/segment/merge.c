/* Makes one segment of several, in one pass over each: the documents in their common order, then
 * field by field the values in theirs. In memory are the numbers of the documents, and of one field
 * at a time its postings. */
#include "catalog/segment/format.h"
#include <stdlib.h>
#include <string.h>

#define DEAD G_MAXUINT32

typedef struct {
    guint32 part, doc;
} Place;

typedef struct {
    const SegmentPart *parts;
    guint count;
    guint32 **numbers; /* of every part's documents: in the new segment, or DEAD */
    GArray *places;    /* Place of every document of the new segment */
    guint (*codings)[TEXT_DICTIONARIES_MAX + 1]; /* of every part: what they are in the new one */
    GString *text;                               /* what was decompressed last */
    SegmentWriter writer;
    guint64 let_go; /* where the writer stood when the pages of the parts were let go */
} Merge;

/* What was read of files a merge goes through once counts as this process's memory until it is let
 * go; whoever else reads them finds them in the page cache. */
#define LET_GO_BYTES ((guint64)32 << 20)

static void let_go(Merge *merge)
{
    guint64 position = segment_writer_position(&merge->writer);

    if (position - merge->let_go < LET_GO_BYTES)
        return;
    merge->let_go = position;
    for (guint i = 0; i < merge->count; i++)
        segment_let_go(merge->parts[i].segment);
}

/* ---- the least of many ---- */

/* A heap of the parts that have something left; the least is the first. */
typedef struct {
    guint *parts;
    guint count;
    int (*compare)(gconstpointer data, guint a, guint b);
    gconstpointer data;
} Heap;

static void sink(Heap *heap, guint i)
{
    for (guint child = 2 * i + 1; child < heap->count; i = child, child = 2 * i + 1) {
        guint part = heap->parts[i];

        if (child + 1 < heap->count &&
            heap->compare(heap->data, heap->parts[child + 1], heap->parts[child]) < 0)
            child++;
        if (heap->compare(heap->data, part, heap->parts[child]) <= 0)
            return;
        heap->parts[i] = heap->parts[child];
        heap->parts[child] = part;
    }
}

static void make_heap(Heap *heap)
{
    for (guint i = heap->count / 2; i-- > 0;)
        sink(heap, i);
}

/* The first has moved on (left), or has nothing left. */
static void heap_moved(Heap *heap, gboolean left)
{
    if (!left)
        heap->parts[0] = heap->parts[--heap->count];
    sink(heap, 0);
}

/* ---- documents ---- */

typedef struct {
    const Merge *merge;
    guint32 *at; /* the next document of every part */
} DocumentCursors;

static int compare_documents(gconstpointer data, guint a, guint b)
{
    const DocumentCursors *cursors = data;
    const Segment *left = cursors->merge->parts[a].segment,
                  *right = cursors->merge->parts[b].segment;
    int order =
        strcmp(segment_doc_name(left, cursors->at[a]), segment_doc_name(right, cursors->at[b]));

    if (order == 0)
        order =
            strcmp(segment_doc_uid(left, cursors->at[a]), segment_doc_uid(right, cursors->at[b]));
    return order ? order : (a < b ? -1 : 1);
}

static gboolean is_dead(const SegmentPart *part, guint32 doc)
{
    return part->dead && roaring_bitmap_contains(part->dead, doc);
}

/* Moves to the next living document of part, FALSE at the end. */
static gboolean skip_dead(const SegmentPart *part, guint32 *doc)
{
    while (*doc < part->segment->count && is_dead(part, *doc))
        (*doc)++;
    return *doc < part->segment->count;
}

static void order_documents(Merge *merge)
{
    g_autofree guint32 *at = g_new0(guint32, merge->count);
    g_autofree guint *heap_parts = g_new(guint, merge->count);
    DocumentCursors cursors = {merge, at};
    Heap heap = {heap_parts, 0, compare_documents, &cursors};

    for (guint i = 0; i < merge->count; i++) {
        guint32 documents = merge->parts[i].segment->count;

        merge->numbers[i] = g_new(guint32, MAX(documents, 1));
        memset(merge->numbers[i], 0xff, sizeof(guint32) * documents);
        if (skip_dead(&merge->parts[i], &at[i]))
            heap.parts[heap.count++] = i;
    }
    make_heap(&heap);
    while (heap.count) {
        guint part = heap.parts[0];
        Place place = {part, at[part]++};

        merge->numbers[part][place.doc] = merge->places->len;
        g_array_append_val(merge->places, place);
        heap_moved(&heap, skip_dead(&merge->parts[part], &at[part]));
    }
}

static void document_at(gpointer data, guint32 doc, DocumentSource *source)
{
    Merge *merge = data;
    const Place *place = &g_array_index(merge->places, Place, doc);
    const Segment *segment = merge->parts[place->part].segment;
    guint coding;

    let_go(merge);
    *source = (DocumentSource){.ref = segment_doc_ref(segment, place->doc),
                               .uid = segment_doc_uid(segment, place->doc),
                               .name = segment_doc_name(segment, place->doc)};
    source->text = segment_text_bytes(segment, place->doc, &source->text_length, &coding);
    source->coding = coding <= TEXT_DICTIONARIES_MAX ? merge->codings[place->part][coding] : 0;
    if (coding && !source->coding) {
        g_string_truncate(merge->text, 0);
        segment_text(segment, place->doc, merge->text);
        source->text = merge->text->str;
        source->text_length = merge->text->len;
    }
}

/* ---- texts ---- */

static guint64 plain_bytes(const Merge *merge)
{
    guint64 bytes = 0;

    for (guint i = 0; i < merge->places->len; i++) {
        const Place *place = &g_array_index(merge->places, Place, i);
        gsize length;
        guint coding;

        segment_text_bytes(merge->parts[place->part].segment, place->doc, &length, &coding);
        bytes += coding ? 0 : length;
    }
    return bytes;
}

/* All dictionaries of the parts stay. What is plain is compressed with that of the largest part, or
 * with a new one where there is none or much is plain. */
static void write_documents(Merge *merge)
{
    g_autoptr(TextCoder) coder = text_coder_new();
    guint32 most = 0;
    guint used = 0;

    for (guint i = 0; i < merge->count; i++) {
        const Segment *segment = merge->parts[i].segment;

        for (guint j = 0; j < segment->dictionary_count; j++) {
            g_autoptr(GBytes) dictionary = segment_dictionary(segment, j);

            merge->codings[i][j + 1] = text_coder_add(coder, dictionary);
        }
        if (segment->dictionary_count && segment->count > most) {
            most = segment->count;
            used = merge->codings[i][1];
        }
    }
    if (merge->writer.path && plain_bytes(merge) >= TEXT_LARGE)
        text_coder_train(coder, document_at, merge, merge->places->len);
    if (merge->writer.path && used && !text_coder_is_used(coder))
        text_coder_use(coder, used);
    segment_write_documents(&merge->writer, coder, document_at, merge);
}

/* ---- the values of one field ---- */

typedef struct {
    guint part;
    const SegmentField *field;
    DictionaryCursor cursor;
    GString *original;
} FieldCursor;

typedef struct {
    const Merge *merge;
    FieldWriter *writer;
    GArray *documents; /* guint32: of the value that is gathered */
    guint64 *bits;     /* of all documents, none set between values */
} FieldMerge;

static int compare_values(gconstpointer data, guint a, guint b)
{
    const FieldCursor *left = (const FieldCursor *)data + a, *right = (const FieldCursor *)data + b;
    int order = strcmp(left->cursor.folded->str, right->cursor.folded->str);

    return order ? order : strcmp(left->original->str, right->original->str);
}

static gboolean next_value(FieldCursor *field)
{
    if (!dictionary_next(&field->cursor))
        return FALSE;
    dictionary_original(&field->cursor, field->original);
    return TRUE;
}

/* Adds the living documents of the value that field stands at. */
static void gather(FieldMerge *fields, const FieldCursor *field)
{
    const guint32 *numbers = fields->merge->numbers[field->part], *docs;
    const roaring_bitmap_t *bitmap;
    guint32 count;
    roaring_uint32_iterator_t at;

    segment_posting(field->field, field->cursor.next - 1, &docs, &count, &bitmap);
    for (guint32 i = 0; docs && i < count; i++)
        if (numbers[docs[i]] != DEAD)
            g_array_append_val(fields->documents, numbers[docs[i]]);
    if (!bitmap)
        return;
    roaring_init_iterator(bitmap, &at);
    for (; at.has_value; roaring_advance_uint32_iterator(&at))
        if (numbers[at.current_value] != DEAD)
            g_array_append_val(fields->documents, numbers[at.current_value]);
}

static int compare_numbers(const void *a, const void *b)
{
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;

    return left < right ? -1 : left > right;
}

/* Puts the gathered documents in order: by a bit for each where they are many. */
static void sort_documents(FieldMerge *fields)
{
    guint32 *documents = (guint32 *)(void *)fields->documents->data;
    gsize words = fields->merge->places->len / 64 + 1;
    guint kept = 0;

    if (fields->documents->len == 0)
        return;
    if (fields->documents->len < 64 || fields->documents->len < words) {
        qsort(documents, fields->documents->len, sizeof(guint32), compare_numbers);
        for (guint i = 0; i < fields->documents->len; i++)
            if (i == 0 || documents[i] != documents[i - 1])
                documents[kept++] = documents[i];
        g_array_set_size(fields->documents, kept);
        return;
    }
    for (guint i = 0; i < fields->documents->len; i++)
        fields->bits[documents[i] / 64] |= (guint64)1 << (documents[i] % 64);
    for (gsize word = 0; word < words; word++) {
        for (guint64 left = fields->bits[word]; left; left &= left - 1)
            documents[kept++] = (guint32)(word * 64) + (guint32)__builtin_ctzll(left);
        fields->bits[word] = 0;
    }
    g_array_set_size(fields->documents, kept);
}

static void merge_values(FieldMerge *fields, FieldCursor *cursors, guint count)
{
    g_autofree guint *heap_parts = g_new(guint, count);
    g_autoptr(GString) folded = g_string_new(NULL);
    g_autoptr(GString) original = g_string_new(NULL);
    Heap heap = {heap_parts, 0, compare_values, cursors};

    for (guint i = 0; i < count; i++)
        if (next_value(&cursors[i]))
            heap.parts[heap.count++] = i;
    make_heap(&heap);
    while (heap.count) {
        guint sources = 0;
        const FieldCursor *least = &cursors[heap.parts[0]];

        g_string_assign(folded, least->cursor.folded->str);
        g_string_assign(original, least->original->str);
        g_array_set_size(fields->documents, 0);
        while (heap.count && strcmp(cursors[heap.parts[0]].cursor.folded->str, folded->str) == 0 &&
               strcmp(cursors[heap.parts[0]].original->str, original->str) == 0) {
            gather(fields, &cursors[heap.parts[0]]);
            heap_moved(&heap, next_value(&cursors[heap.parts[0]]));
            sources++;
        }
        if (sources > 1)
            sort_documents(fields);
        if (fields->documents->len)
            field_writer_value(fields->writer, folded->str, folded->len, original->str,
                               (const guint32 *)(void *)fields->documents->data,
                               fields->documents->len);
    }
}

static void merge_sets(FieldMerge *fields, const FieldCursor *field)
{
    const guint32 *numbers = fields->merge->numbers[field->part], *values;
    roaring_uint32_iterator_t at;

    roaring_init_iterator(segment_field_lists(field->field), &at);
    for (; at.has_value; roaring_advance_uint32_iterator(&at))
        if (numbers[at.current_value] != DEAD)
            field_writer_list(fields->writer, numbers[at.current_value]);
    roaring_init_iterator(segment_field_docs(field->field), &at);
    for (; at.has_value; roaring_advance_uint32_iterator(&at))
        if (numbers[at.current_value] != DEAD &&
            segment_doc_values(field->field, at.current_value, &values) == 0)
            field_writer_null(fields->writer, numbers[at.current_value]);
}

static void merge_field(FieldMerge *fields, FieldCursor *cursors, guint count, const char *key)
{
    field_writer_begin(fields->writer, key);
    merge_values(fields, cursors, count);
    for (guint i = 0; i < count; i++)
        merge_sets(fields, &cursors[i]);
    field_writer_end(fields->writer);
}

/* ---- all fields ---- */

static int compare_keys(gconstpointer data, guint a, guint b)
{
    const FieldCursor *cursors = data;
    int order = strcmp(segment_field_key(cursors[a].field), segment_field_key(cursors[b].field));

    return order ? order : (a < b ? -1 : 1);
}

static void open_field(FieldCursor *cursor, guint part, const SegmentField *field)
{
    *cursor = (FieldCursor){.part = part, .field = field, .original = g_string_new(NULL)};
    dictionary_cursor_init(&cursor->cursor, &field->dictionary);
}

static void merge_fields(Merge *merge)
{
    g_autoptr(FieldWriter) writer = field_writer_new(&merge->writer);
    g_autoptr(GArray) documents = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autofree guint64 *bits = g_new0(guint64, merge->places->len / 64 + 1);
    g_autofree guint *heap_parts = g_new(guint, merge->count), *next = g_new0(guint, merge->count);
    g_autofree FieldCursor *heads = g_new0(FieldCursor, merge->count);
    g_autofree FieldCursor *same = g_new0(FieldCursor, merge->count);
    FieldMerge fields = {merge, writer, documents, bits};
    Heap heap = {heap_parts, 0, compare_keys, heads};

    for (guint i = 0; i < merge->count; i++) {
        heads[i].field = segment_field_at(merge->parts[i].segment, next[i]++);
        if (heads[i].field)
            heap.parts[heap.count++] = i;
    }
    make_heap(&heap);
    while (heap.count) {
        const char *key = segment_field_key(heads[heap.parts[0]].field);
        guint count = 0;

        /* A part that was damaged may have a key twice. */
        while (heap.count && count < merge->count &&
               strcmp(segment_field_key(heads[heap.parts[0]].field), key) == 0) {
            guint part = heap.parts[0];

            open_field(&same[count++], part, heads[part].field);
            heads[part].field = segment_field_at(merge->parts[part].segment, next[part]++);
            heap_moved(&heap, heads[part].field != NULL);
        }
        merge_field(&fields, same, count, key);
        let_go(merge);
        for (guint i = 0; i < count; i++) {
            dictionary_cursor_clear(&same[i].cursor);
            g_string_free(same[i].original, TRUE);
        }
    }
    field_writer_finish(writer);
}

Segment *segment_merge(const SegmentPart *parts, guint count, const char *path, int64_t seq,
                       GError **error)
{
    Merge merge = {.parts = parts,
                   .count = count,
                   .numbers = g_new0(guint32 *, MAX(count, 1)),
                   .codings = g_malloc0_n(MAX(count, 1), sizeof(*merge.codings)),
                   .text = g_string_new(NULL),
                   .places = g_array_new(FALSE, FALSE, sizeof(Place))};

    order_documents(&merge);
    segment_writer_init(&merge.writer, path, merge.places->len, seq);
    write_documents(&merge);
    merge_fields(&merge);
    for (guint i = 0; i < count; i++)
        g_free(merge.numbers[i]);
    g_free(merge.numbers);
    g_free(merge.codings);
    g_string_free(merge.text, TRUE);
    g_array_unref(merge.places);
    return segment_writer_finish(&merge.writer, error);
}
