/* Which blocks of a dictionary have a trigram in one of their values, so that a part of a value is
 * looked for in few of them.
 *
 * A trigram begins at every byte of a value; the last two have NULs in it, so that parts of one and
 * two bytes are found as well, as ranges of trigrams. Kept are fields with many values, in which
 * people search; for the rest, reading the dictionary is as quick or nobody asks. */
#include "catalog/segment/format.h"
#include <stdlib.h>
#include <string.h>

#define VALUES_MIN 2048
#define LISTS_MAX 4       /* of the rarest trigrams are met */
#define FEW_BLOCKS 4      /* are read rather than met with another list */
#define LIST_PER_BLOCK 64 /* numbers are read in the time that a block is */

typedef struct {
    guint32 trigram, count; /* blocks */
    guint64 offset;         /* in the lists: varints, each what it is more than the one before */
} TrigramRecord;

static guint32 trigram_at(const char *text)
{
    const guint8 *at = (const guint8 *)text;

    return (guint32)at[0] << 16 | (guint32)at[1] << 8 | (at[1] ? at[2] : 0);
}

/* ---- writing ---- */

typedef struct {
    guint32 trigram, count, last;
    guint32 length, capacity;
    guint8 *bytes;
} TrigramList;

struct TrigramWriter {
    GArray *lists;  /* TrigramList */
    guint32 *table; /* open addressing: list + 1 */
    gsize slots;
    GString *waiting; /* the first values, as long as they are too few */
    guint32 count;    /* values */
    gboolean wanted;
};

TrigramWriter *trigram_writer_new(void)
{
    TrigramWriter *writer = g_new0(TrigramWriter, 1);

    writer->lists = g_array_new(FALSE, FALSE, sizeof(TrigramList));
    writer->waiting = g_string_new(NULL);
    return writer;
}

static void clear_lists(TrigramWriter *writer)
{
    for (guint i = 0; i < writer->lists->len; i++)
        g_free(g_array_index(writer->lists, TrigramList, i).bytes);
    g_array_set_size(writer->lists, 0);
    g_clear_pointer(&writer->table, g_free);
    writer->slots = 0;
}

void trigram_writer_free(TrigramWriter *writer)
{
    clear_lists(writer);
    g_array_unref(writer->lists);
    g_string_free(writer->waiting, TRUE);
    g_free(writer);
}

/* Annotations are mostly addresses, relations are asked for whole, and the catalog's own fields are
 * nobody's to search in. */
static gboolean is_searched(const char *key)
{
    static const char *const others[] = {"\001", "metadata.annotations.", "metadata.etag",
                                         "relations."};

    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_has_prefix(key, others[i]))
            return FALSE;
    return TRUE;
}

void trigram_writer_restart(TrigramWriter *writer, const char *key)
{
    clear_lists(writer);
    g_string_truncate(writer->waiting, 0);
    writer->count = 0;
    writer->wanted = is_searched(key);
}

static gsize slot_of(const TrigramWriter *writer, guint32 trigram)
{
    guint32 hash = trigram * 0x9e3779b1u;
    gsize slot = (hash ^ hash >> 15) & (writer->slots - 1);

    while (writer->table[slot] &&
           g_array_index(writer->lists, TrigramList, writer->table[slot] - 1).trigram != trigram)
        slot = (slot + 1) & (writer->slots - 1);
    return slot;
}

static void grow_table(TrigramWriter *writer)
{
    g_free(writer->table);
    writer->slots = MAX(writer->slots * 2, 4096);
    writer->table = g_new0(guint32, writer->slots);
    for (guint32 i = 0; i < writer->lists->len; i++)
        writer->table[slot_of(writer, g_array_index(writer->lists, TrigramList, i).trigram)] =
            i + 1;
}

static void append_number(TrigramList *list, guint32 number)
{
    if (list->length + 5 > list->capacity) {
        list->capacity = MAX(list->capacity + list->capacity / 2, 16);
        list->bytes = g_realloc(list->bytes, list->capacity);
    }
    for (; number > 0x7f; number >>= 7)
        list->bytes[list->length++] = (guint8)(number | 0x80);
    list->bytes[list->length++] = (guint8)number;
}

static void add_trigram(TrigramWriter *writer, guint32 trigram, guint32 block)
{
    TrigramList *list;
    gsize slot;

    if (writer->lists->len >= writer->slots / 2)
        grow_table(writer);
    slot = slot_of(writer, trigram);
    if (!writer->table[slot]) {
        TrigramList empty = {.trigram = trigram};

        g_array_append_val(writer->lists, empty);
        writer->table[slot] = writer->lists->len;
    }
    list = &g_array_index(writer->lists, TrigramList, writer->table[slot] - 1);
    if (list->count && list->last == block)
        return;
    append_number(list, block - list->last);
    list->last = block;
    list->count++;
}

/* shared: how much of text the value before it, of the same block, began with. */
static void add_value(TrigramWriter *writer, const char *text, gsize length, gsize shared,
                      guint32 value)
{
    for (gsize i = shared > 2 ? shared - 2 : 0; i < length; i++)
        add_trigram(writer, trigram_at(text + i), value / DICTIONARY_BLOCK);
}

void trigram_writer_value(TrigramWriter *writer, const char *text, gsize length, gsize shared)
{
    guint32 value = 0;

    if (!writer->wanted)
        return;
    if (writer->count >= VALUES_MIN) {
        add_value(writer, text, length, shared, writer->count++);
        return;
    }
    g_string_append_len(writer->waiting, text, (gssize)length + 1);
    if (++writer->count < VALUES_MIN)
        return;
    for (const char *at = writer->waiting->str; value < VALUES_MIN; at += strlen(at) + 1)
        add_value(writer, at, strlen(at), 0, value++);
}

static int compare_lists(gconstpointer a, gconstpointer b)
{
    const TrigramList *left = a, *right = b;

    return left->trigram < right->trigram ? -1 : left->trigram > right->trigram;
}

void trigram_writer_end(TrigramWriter *writer, SegmentWriter *out, FieldRecord *record)
{
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(TrigramRecord));
    guint64 length = 0;

    if (writer->count < VALUES_MIN)
        return;
    g_array_sort(writer->lists, compare_lists);
    segment_writer_align(out, sizeof(guint64));
    record->trigram_lists.offset = segment_writer_position(out);
    for (guint i = 0; i < writer->lists->len; i++) {
        const TrigramList *list = &g_array_index(writer->lists, TrigramList, i);
        TrigramRecord one = {list->trigram, list->count, length};

        segment_writer_put(out, list->bytes, list->length);
        length += list->length;
        g_array_append_val(records, one);
    }
    record->trigram_lists.length = length;
    record->trigrams =
        segment_writer_span(out, records->data, sizeof(TrigramRecord) * records->len);
    clear_lists(writer);
}

/* ---- reading ---- */

typedef struct {
    const TrigramRecord *records;
    gsize count;
    const guint8 *lists;
    gsize length;
    guint32 blocks; /* of the dictionary */
} Trigrams;

static void open_trigrams(const SegmentField *field, Trigrams *trigrams)
{
    trigrams->records = segment_span(field->segment, &field->record->trigrams,
                                     sizeof(TrigramRecord), &trigrams->count);
    trigrams->lists =
        segment_span(field->segment, &field->record->trigram_lists, 1, &trigrams->length);
    trigrams->blocks = (field->dictionary.count + DICTIONARY_BLOCK - 1) / DICTIONARY_BLOCK;
}

/* The first record that is not less than trigram. */
static gsize place_of(const Trigrams *trigrams, guint32 trigram)
{
    gsize low = 0, high = trigrams->count;

    while (low < high) {
        gsize middle = low + (high - low) / 2;

        if (trigrams->records[middle].trigram < trigram)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct {
    const guint8 *at, *end;
    guint32 left, block;
} ListCursor;

static void open_list(const Trigrams *trigrams, const TrigramRecord *record, ListCursor *list)
{
    gsize offset = MIN(record->offset, trigrams->length);

    *list = (ListCursor){trigrams->lists + offset, trigrams->lists + trigrams->length,
                         record->count, 0};
}

static gboolean next_block(ListCursor *list)
{
    guint32 more = 0;

    if (list->left == 0)
        return FALSE;
    list->left--;
    for (guint shift = 0; list->at < list->end && shift < 32; shift += 7) {
        guint8 byte = *list->at++;

        more |= (guint32)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            list->block += more;
            return TRUE;
        }
    }
    return FALSE;
}

/* Leaves those of blocks that are in the list as well. */
static void meet(GArray *blocks, ListCursor list)
{
    guint kept = 0;
    gboolean more = next_block(&list);

    for (guint i = 0; i < blocks->len && more; i++) {
        guint32 block = g_array_index(blocks, guint32, i);

        while (more && list.block < block)
            more = next_block(&list);
        if (more && list.block == block)
            g_array_index(blocks, guint32, kept++) = block;
    }
    g_array_set_size(blocks, kept);
}

static void read_list(GArray *blocks, ListCursor list)
{
    while (next_block(&list))
        g_array_append_val(blocks, list.block);
}

static int compare_records(gconstpointer a, gconstpointer b)
{
    const TrigramRecord *left = *(const TrigramRecord *const *)a;
    const TrigramRecord *right = *(const TrigramRecord *const *)b;

    return left->count < right->count ? -1 : left->count > right->count;
}

/* The blocks that have all trigrams of part, or as good as all. */
static void blocks_of_long(const Trigrams *trigrams, const char *part, GArray *blocks)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    ListCursor list;

    for (const char *at = part; at[2] && records->len < 64; at++) {
        gsize place = place_of(trigrams, trigram_at(at));

        if (place >= trigrams->count || trigrams->records[place].trigram != trigram_at(at))
            return;
        g_ptr_array_add(records, (gpointer)&trigrams->records[place]);
    }
    g_ptr_array_sort(records, compare_records);
    open_list(trigrams, records->pdata[0], &list);
    read_list(blocks, list);
    for (guint i = 1; i < MIN(records->len, LISTS_MAX) && blocks->len > FEW_BLOCKS; i++) {
        const TrigramRecord *record = records->pdata[i];

        if (record->count / LIST_PER_BLOCK > blocks->len)
            return;
        open_list(trigrams, record, &list);
        meet(blocks, list);
    }
}

/* The blocks that have a trigram of which part is the beginning; FALSE where they are many. */
static gboolean blocks_of_short(const Trigrams *trigrams, const char *part, GArray *blocks)
{
    const guint8 *at = (const guint8 *)part;
    guint32 from = (guint32)at[0] << 16 | (guint32)at[1] << 8;
    gsize first = place_of(trigrams, from);
    gsize last = place_of(trigrams, from + (at[1] ? 1u << 8 : 1u << 16));
    roaring_bitmap_t *all;
    guint64 total = 0;

    for (gsize i = first; i < last; i++)
        total += trigrams->records[i].count;
    if (total > trigrams->blocks / 2)
        return FALSE;
    for (gsize i = first; i < last; i++) {
        ListCursor list;

        open_list(trigrams, &trigrams->records[i], &list);
        read_list(blocks, list);
    }
    all = roaring_bitmap_of_ptr(blocks->len, (const guint32 *)(const void *)blocks->data);
    g_array_set_size(blocks, (guint)roaring_bitmap_get_cardinality(all));
    roaring_bitmap_to_uint32_array(all, (guint32 *)(void *)blocks->data);
    roaring_bitmap_free(all);
    return TRUE;
}

/* Adds the values from first to before last that have part. */
static void read_values(const SegmentField *field, const char *part, guint32 first, guint32 last,
                        roaring_bitmap_t *values)
{
    g_auto(DictionaryCursor) cursor;

    dictionary_cursor_init(&cursor, &field->dictionary);
    if (!dictionary_seek(&cursor, first))
        return;
    while (cursor.next < last && dictionary_next(&cursor))
        if (strstr(cursor.folded->str, part))
            roaring_bitmap_add(values, cursor.next - 1);
}

void segment_find_substring(const SegmentField *field, const char *part, roaring_bitmap_t *values)
{
    g_autoptr(GArray) blocks = g_array_new(FALSE, FALSE, sizeof(guint32));
    Trigrams trigrams;

    open_trigrams(field, &trigrams);
    if (trigrams.count && part[0] && part[1] && part[2])
        blocks_of_long(&trigrams, part, blocks);
    else if (!trigrams.count || !blocks_of_short(&trigrams, part, blocks)) {
        read_values(field, part, 0, field->dictionary.count, values);
        return;
    }
    for (guint i = 0; i < blocks->len; i++) {
        guint32 block = g_array_index(blocks, guint32, i);

        if (block < trigrams.blocks)
            read_values(field, part, block * DICTIONARY_BLOCK,
                        MIN((block + 1) * DICTIONARY_BLOCK, field->dictionary.count), values);
    }
}
