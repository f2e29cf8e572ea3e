/* Any bytes as a segment's file: refused, or read and merged without an access outside of them.
 * What they mean is not looked at. The first byte says what the rest is: a whole block (whose
 * header is made to fit, else nothing would come by the checksum), changes to a sound one, or a
 * frozen bitmap. */
#include "catalog/segment/format.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENTS 1200 /* so many that there are bitmaps */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* ---- a sound segment ---- */

static void add_document(SegmentBuilder *builder, guint number)
{
    g_autofree char *ref = g_strdup_printf("component:default/name-%u", number);
    g_autofree char *uid = g_strdup_printf("%u-%u", number * 7919 % DOCUMENTS, number);
    g_autofree char *parent = g_strdup_printf("location-%u", number / 9);
    g_autofree char *tag = g_strdup_printf("tag%u", number % 40);
    const char *name = strrchr(ref, '/') + 1;
    SearchRow rows[] = {
        {FIELD_PARENT, parent, parent, FALSE}, {"kind", "component", "Component", FALSE},
        {"metadata.name", name, name, FALSE},  {"metadata.tags", tag, tag, TRUE},
        {"metadata.tags", "all", "ALL", TRUE}, {"metadata.title", "\xc3\xa4", "\xc3\x84", FALSE},
        {"metadata.zeros", NULL, NULL, FALSE}, {"rare", "value", "value", FALSE},
    };
    SegmentEntity entity = {.ref = ref,
                            .uid = uid,
                            .name = name,
                            .text = "{\"kind\":\"Component\"}",
                            .text_length = 20,
                            .rows = rows,
                            .row_count = number % 50 ? 7 : 8};

    segment_builder_add(builder, &entity);
}

static Segment *sound_segment(void)
{
    static Segment *segment;
    g_autoptr(SegmentBuilder) builder = NULL;

    if (segment)
        return segment;
    builder = segment_builder_new();
    for (guint i = 0; i < DOCUMENTS; i++)
        add_document(builder, i);
    return segment = segment_builder_finish(builder, NULL, 1, NULL);
}

/* ---- reading all of one ---- */

static void walk_value(const SegmentField *field, guint32 value, const roaring_bitmap_t *some)
{
    const roaring_bitmap_t *bitmap;
    const guint32 *docs;
    guint32 count, sum = 0;

    segment_posting(field, value, &docs, &count, &bitmap);
    for (guint32 i = 0; docs && i < count; i++)
        sum += docs[i];
    if (bitmap)
        g_assert(!roaring_bitmap_contains(bitmap, G_MAXUINT32));
    g_assert(segment_count_in(field, value, some) <= count || bitmap);
    g_assert(segment_posting_count(field, value) >= count || sum == 0);
}

static void walk_field(const Segment *segment, const SegmentField *field,
                       const roaring_bitmap_t *some)
{
    guint32 count = segment_value_count(field), first, last;
    roaring_bitmap_t *found = roaring_bitmap_create();
    g_autoptr(GString) folded = g_string_new(NULL);
    g_autoptr(GString) original = g_string_new(NULL);
    const guint32 *values;

    segment_field(segment, segment_field_key(field));
    roaring_bitmap_or_inplace(found, segment_field_docs(field));
    roaring_bitmap_and_inplace(found, segment_field_lists(field));
    for (guint32 i = 0; i < count; i += 1 + i / 32) {
        segment_value(field, i, folded, original);
        walk_value(field, i, some);
        if (i % 64 == 0 && segment_find_prefix(field, folded->str, &first, &last))
            segment_add_postings(field, first, MIN(last, first + 20), found);
    }
    segment_find_value(field, "tag7", &first, &last);
    segment_lower_bound(field, "name-5");
    roaring_bitmap_clear(found);
    segment_find_substring(field, "me-1", found);
    segment_find_substring(field, "g", found);
    for (guint32 doc = 0; doc < segment_count(segment); doc++)
        for (guint32 i = segment_doc_values(field, doc, &values); i > 0; i--)
            g_assert(values[i - 1] < count);
    roaring_bitmap_free(found);
}

static void walk(const Segment *segment)
{
    roaring_bitmap_t *some = roaring_bitmap_from_range(0, DOCUMENTS, 3);
    g_autoptr(GString) text = g_string_new(NULL);
    guint32 doc;

    for (guint32 i = 0; i < segment_count(segment); i++) {
        segment_find(segment, segment_doc_ref(segment, i), &doc);
        segment_find_uid(segment, segment_doc_uid(segment, i), &doc);
        g_assert(segment_doc_name(segment, i));
        g_string_truncate(text, 0);
        segment_text_length(segment, i);
        segment_text(segment, i, text);
    }
    for (guint i = 0; i < segment_field_count(segment); i++)
        walk_field(segment, segment_field_at(segment, i), some);
    roaring_bitmap_free(some);
}

/* ---- what the bytes are ---- */

static void read_segment(const guint8 *bytes, gsize size)
{
    guint8 *copy = NULL;
    SegmentHeader header = {.version = SEGMENT_VERSION};
    g_autoptr(Segment) segment = NULL;
    g_autoptr(Segment) merged = NULL;

    g_assert(posix_memalign((void **)&copy, SEGMENT_ALIGNMENT, MAX(size, 1)) == 0);
    memcpy(copy, bytes, size);
    if (size >= sizeof(header)) {
        memcpy(&header, bytes, sizeof(header));
        memcpy(header.magic, SEGMENT_MAGIC, sizeof(header.magic));
        header.version = SEGMENT_VERSION;
        header.size = size;
        header.checksum = segment_header_checksum(&header);
        memcpy(copy, &header, sizeof(header));
    }
    segment = segment_from_bytes(copy, size, FALSE, NULL);
    if (!segment)
        return;
    walk(segment);
    merged = segment_merge((SegmentPart[]){{segment, NULL}, {segment, NULL}}, 2, NULL, 1, NULL);
    g_assert(merged);
}

/* Six bytes are a change: where, and what is there from then on. */
static void read_changed(const guint8 *changes, gsize size)
{
    const Segment *sound = sound_segment();
    g_autofree guint8 *bytes = g_memdup2(sound->bytes, sound->size);

    for (; size >= 6; changes += 6, size -= 6) {
        guint32 place;
        guint16 word;

        memcpy(&place, changes, sizeof(place));
        memcpy(&word, changes + 4, sizeof(word));
        memcpy(bytes + place % (sound->size - 1), &word, sizeof(word));
    }
    read_segment(bytes, sound->size);
}

static void read_frozen(const guint8 *bytes, gsize size)
{
    guint8 *copy = NULL;
    roaring_bitmap_t *view, *other = roaring_bitmap_from_range(0, 300000, 7);

    g_assert(posix_memalign((void **)&copy, SEGMENT_ALIGNMENT, MAX(size, 1)) == 0);
    memcpy(copy, bytes, size);
    view = segment_frozen_view(copy, size, 200000);
    if (view) {
        g_assert(roaring_bitmap_get_cardinality(view) <= 200000);
        g_assert(roaring_bitmap_and_cardinality(view, other) <= 200000);
        roaring_bitmap_or_inplace(other, view);
        roaring_bitmap_and_inplace(other, view);
        g_assert(roaring_bitmap_equals(other, view));
        roaring_bitmap_free(view);
    }
    roaring_bitmap_free(other);
    free(copy);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        read_segment(data + 1, size - 1);
        break;
    case 1:
        read_changed(data + 1, size - 1);
        break;
    default:
        read_frozen(data + 1, size - 1);
    }
    return 0;
}
