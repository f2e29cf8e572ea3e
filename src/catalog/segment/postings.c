/* The documents of a value: a range of the field's postings, or a frozen bitmap where they are
 * many. */
#include "catalog/segment/format.h"
#include <string.h>

/* ---- frozen bitmaps ---- */

/* How CRoaring freezes a bitmap: the words of its bitset containers, the runs (start and length -
 * 1) of its run containers, the numbers of its array containers, then for each container its key,
 * its size (less one, but for runs) and its kind, and a word with their number. The library checks
 * that the sizes fit and trusts the rest. */
enum { FROZEN_BITSET = 1, FROZEN_ARRAY, FROZEN_RUN };
#define FROZEN_COOKIE 13766
#define BITSET_BYTES 8192
#define ARRAY_MAX 4096

typedef struct {
    const guint8 *bitsets, *runs, *arrays; /* of the containers that are not yet checked */
    const guint8 *runs_start, *arrays_start, *keys;
} FrozenZones;

static guint16 number_at(const guint8 *bytes, gsize index)
{
    guint16 number;

    memcpy(&number, bytes + index * sizeof(number), sizeof(number));
    return number;
}

static gboolean bitset_is_sound(const guint8 *words, guint32 count, guint32 limit)
{
    guint32 set = 0, top = 0;

    for (guint32 i = 0; i < BITSET_BYTES / sizeof(guint64); i++) {
        guint64 word;

        memcpy(&word, words + i * sizeof(word), sizeof(word));
        set += (guint32)__builtin_popcountll(word);
        if (word)
            top = i * 64 + 63 - (guint32)__builtin_clzll(word);
    }
    return set == count && top < limit;
}

static gboolean array_is_sound(const guint8 *numbers, guint32 count, guint32 limit)
{
    for (guint32 i = 1; i < count; i++)
        if (number_at(numbers, i) <= number_at(numbers, i - 1))
            return FALSE;
    return count <= ARRAY_MAX && number_at(numbers, count - 1) < limit;
}

static gboolean runs_are_sound(const guint8 *runs, guint32 count, guint32 limit)
{
    guint32 after = 0; /* the first number that the next run may begin with */

    for (guint32 i = 0; i < count; i++) {
        guint32 start = number_at(runs, 2 * (gsize)i), length = number_at(runs, 2 * (gsize)i + 1);

        if ((i > 0 && start < after) || start + length >= limit)
            return FALSE;
        after = start + length + 1;
    }
    return count > 0;
}

/* Checks the next container and goes beyond it. limit: of its numbers, at most 65536. */
static gboolean container_is_sound(FrozenZones *zones, guint kind, guint16 size, guint32 limit)
{
    const guint8 *at;
    guint32 count = (guint32)size + 1;

    switch (kind) {
    case FROZEN_BITSET:
        at = zones->bitsets;
        zones->bitsets += BITSET_BYTES;
        return zones->bitsets <= zones->runs_start && bitset_is_sound(at, count, limit);
    case FROZEN_ARRAY:
        at = zones->arrays;
        zones->arrays += count * sizeof(guint16);
        return zones->arrays <= zones->keys && array_is_sound(at, count, limit);
    case FROZEN_RUN:
        at = zones->runs;
        zones->runs += size * 2 * sizeof(guint16);
        return zones->runs <= zones->arrays_start && runs_are_sound(at, size, limit);
    default:
        return FALSE;
    }
}

/* Where the zones of count containers lie, whose kinds and sizes are given; FALSE where the bytes
 * are not as many as they say. */
static gboolean find_zones(FrozenZones *zones, const guint8 *bytes, gsize length, gsize count)
{
    gsize of[4] = {0}, tail = count * 5 + 4;
    const guint8 *sizes, *kinds;

    if (tail > length)
        return FALSE;
    zones->keys = bytes + length - tail;
    sizes = zones->keys + count * 2;
    kinds = sizes + count * 2;
    for (gsize i = 0; i < count; i++) {
        gsize size = number_at(sizes, i);

        if (kinds[i] < FROZEN_BITSET || kinds[i] > FROZEN_RUN)
            return FALSE;
        of[kinds[i]] += kinds[i] == FROZEN_BITSET  ? BITSET_BYTES
                        : kinds[i] == FROZEN_ARRAY ? (size + 1) * 2
                                                   : size * 4;
    }
    zones->bitsets = bytes;
    zones->runs = zones->runs_start = bytes + of[FROZEN_BITSET];
    zones->arrays = zones->arrays_start = zones->runs + of[FROZEN_RUN];
    return of[FROZEN_BITSET] + of[FROZEN_RUN] + of[FROZEN_ARRAY] + tail == length;
}

static gboolean frozen_is_sound(const guint8 *bytes, gsize length, guint32 limit)
{
    FrozenZones zones;
    guint32 word, count;

    if (length < sizeof(word) || limit == 0)
        return FALSE;
    memcpy(&word, bytes + length - sizeof(word), sizeof(word));
    count = word >> 15;
    if ((word & 0x7fff) != FROZEN_COOKIE || !find_zones(&zones, bytes, length, count))
        return FALSE;
    for (guint32 i = 0; i < count; i++) {
        guint32 key = number_at(zones.keys, i);
        guint32 base = key << 16;

        if ((i > 0 && key <= number_at(zones.keys, i - 1)) || base >= limit ||
            !container_is_sound(&zones, zones.keys[(gsize)count * 4 + i],
                                number_at(zones.keys, (gsize)count + i), MIN(limit - base, 65536)))
            return FALSE;
    }
    return TRUE;
}

roaring_bitmap_t *segment_frozen_view(const guint8 *bytes, gsize length, guint32 limit)
{
    if ((guintptr)bytes % SEGMENT_ALIGNMENT != 0 || !frozen_is_sound(bytes, length, limit))
        return NULL;
    return (roaring_bitmap_t *)roaring_bitmap_frozen_view((const char *)bytes, length);
}

/* ---- postings ---- */

/* The place of value among the field's bitmaps; bitmap_count where it has none. */
static guint32 bitmap_place(const SegmentField *field, guint32 value)
{
    guint32 low = 0, high = field->bitmap_count;

    while (low < high) {
        guint32 middle = low + (high - low) / 2;

        if (field->bitmaps[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < field->bitmap_count && field->bitmaps[low].value == value ? low
                                                                           : field->bitmap_count;
}

static const roaring_bitmap_t *bitmap_at(const SegmentField *field, guint32 place)
{
    _Atomic(roaring_bitmap_t *) *view = (_Atomic(roaring_bitmap_t *) *)&field->bitmap_views[place];
    roaring_bitmap_t *found = atomic_load_explicit(view, memory_order_acquire), *made = NULL;
    const guint8 *bytes;
    gsize length;

    if (found)
        return found;
    bytes = segment_span(field->segment, &field->bitmaps[place].span, 1, &length);
    if (bytes)
        made = segment_frozen_view(bytes, length, field->segment->count);
    if (!made)
        made = roaring_bitmap_create();
    if (atomic_compare_exchange_strong(view, &found, made))
        return made;
    roaring_bitmap_free(made); /* another thread was quicker */
    return found;
}

/* The range of value in the postings, NULL where it has a bitmap. */
static const guint32 *range_of(const SegmentField *field, guint32 value, guint32 *count)
{
    gsize start, end;

    *count = 0;
    if (value >= field->dictionary.count)
        return NULL;
    start = field->starts ? field->starts[value] : value;
    end = field->starts ? field->starts[value + 1] : (gsize)value + 1;
    if (start >= end || end > field->posting_count)
        return NULL;
    *count = (guint32)(end - start);
    return field->postings + start;
}

static gboolean are_documents(const Segment *segment, const guint32 *docs, guint32 count)
{
    for (guint32 i = 0; i < count; i++)
        if (docs[i] >= segment->count)
            return FALSE;
    return TRUE;
}

void segment_posting(const SegmentField *field, guint32 value, const guint32 **docs, guint32 *count,
                     const roaring_bitmap_t **bitmap)
{
    guint32 place;

    *bitmap = NULL;
    *docs = range_of(field, value, count);
    if (*docs && are_documents(field->segment, *docs, *count))
        return;
    *docs = NULL;
    *count = 0;
    place = bitmap_place(field, value);
    if (place < field->bitmap_count) {
        *bitmap = bitmap_at(field, place);
        *count = field->bitmaps[place].count;
    }
}

guint32 segment_posting_count(const SegmentField *field, guint32 value)
{
    guint32 count, place;

    if (range_of(field, value, &count))
        return count;
    place = bitmap_place(field, value);
    return place < field->bitmap_count ? field->bitmaps[place].count : 0;
}

/* Documents that are gathered from many values, in no order: a bit for each, since adding them to a
 * bitmap one by one costs many times as much. */
typedef struct {
    const SegmentField *field;
    roaring_bitmap_t *docs;
    guint64 *bits; /* NULL: they go to docs at once */
    gboolean lazy; /* docs has bitmaps in it that are to be repaired */
} Gathering;

static void gather_value(Gathering *gathering, guint32 value)
{
    const roaring_bitmap_t *bitmap;
    const guint32 *found;
    guint32 count;

    segment_posting(gathering->field, value, &found, &count, &bitmap);
    if (!gathering->bits) {
        if (bitmap)
            roaring_bitmap_or_inplace(gathering->docs, bitmap);
        else if (found)
            roaring_bitmap_add_many(gathering->docs, count, found);
    } else if (bitmap) {
        roaring_bitmap_lazy_or_inplace(gathering->docs, bitmap, true);
        gathering->lazy = TRUE;
    } else if (found) {
        for (guint32 i = 0; i < count; i++)
            gathering->bits[found[i] / 64] |= (guint64)1 << (found[i] % 64);
    }
}

static void add_bits(const guint64 *bits, gsize words, roaring_bitmap_t *docs)
{
    guint32 batch[1024 + 64], count = 0;

    for (gsize word = 0; word < words; word++) {
        for (guint64 left = bits[word]; left; left &= left - 1)
            batch[count++] = (guint32)(word * 64) + (guint32)__builtin_ctzll(left);
        if (count >= 1024 || (word + 1 == words && count)) {
            roaring_bitmap_add_many(docs, count, batch);
            count = 0;
        }
    }
}

/* values: how many there are; documents: about how many will come that are in no bitmap. */
static Gathering gather_begin(const SegmentField *field, guint64 values, guint64 documents,
                              roaring_bitmap_t *docs)
{
    guint32 count = field->segment->count;
    gboolean many = values > 1 && documents >= 256 && documents >= count / 512;
    Gathering gathering = {.field = field, .docs = docs};

    if (many || (values > 8 && field->bitmap_count > 0))
        gathering.bits = g_new0(guint64, (gsize)count / 64 + 1);
    return gathering;
}

static void gather_end(Gathering *gathering)
{
    if (gathering->lazy)
        roaring_bitmap_repair_after_lazy(gathering->docs);
    if (gathering->bits)
        add_bits(gathering->bits, gathering->field->segment->count / 64 + 1, gathering->docs);
    g_free(gathering->bits);
}

void segment_add_postings(const SegmentField *field, guint32 first, guint32 last,
                          roaring_bitmap_t *docs)
{
    Gathering gathering;
    guint64 expected;

    last = MIN(last, field->dictionary.count);
    if (first >= last)
        return;
    expected = field->starts ? field->starts[last] - (guint64)field->starts[first] : last - first;
    gathering = gather_begin(field, last - first, expected, docs);
    for (guint32 value = first; value < last; value++)
        gather_value(&gathering, value);
    gather_end(&gathering);
}

void segment_add_postings_of(const SegmentField *field, const roaring_bitmap_t *values,
                             roaring_bitmap_t *docs)
{
    guint64 count = roaring_bitmap_get_cardinality(values);
    guint64 each = field->posting_count / MAX(field->dictionary.count, 1) + 1;
    Gathering gathering = gather_begin(field, count, count * each, docs);
    roaring_uint32_iterator_t at;

    roaring_init_iterator(values, &at);
    for (; at.has_value && at.current_value < field->dictionary.count;
         roaring_advance_uint32_iterator(&at))
        gather_value(&gathering, at.current_value);
    gather_end(&gathering);
}

guint64 segment_count_in(const SegmentField *field, guint32 value, const roaring_bitmap_t *docs)
{
    const roaring_bitmap_t *bitmap;
    const guint32 *found;
    guint32 count;
    guint64 both = 0;

    segment_posting(field, value, &found, &count, &bitmap);
    if (bitmap)
        return roaring_bitmap_and_cardinality(bitmap, docs);
    for (guint32 i = 0; found && i < count; i++)
        both += roaring_bitmap_contains(docs, found[i]);
    return both;
}
