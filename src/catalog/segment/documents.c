/* Writes what a segment has of its documents: texts, refs and uids, and the tables by them. */
#include "catalog/segment/format.h"
#include <string.h>

static void write_texts(SegmentWriter *writer, TextCoder *coder, DocumentAt at, gpointer data)
{
    guint32 count = writer->header.document_count;
    g_autofree guint64 *offsets = g_new(guint64, (gsize)count + 1);
    guint64 start;

    segment_writer_align(writer, sizeof(guint64));
    start = segment_writer_position(writer);
    for (guint32 doc = 0; doc < count; doc++) {
        DocumentSource document;

        at(data, doc, &document);
        text_coder_encode(coder, &document);
        offsets[doc] = TEXT_PLACE(segment_writer_position(writer) - start, document.coding);
        segment_writer_put(writer, document.text, document.text_length);
    }
    offsets[count] = segment_writer_position(writer) - start;
    writer->header.texts = (Span){start, offsets[count]};
    writer->header.text_offsets =
        segment_writer_span(writer, offsets, sizeof(guint64) * ((gsize)count + 1));
}

/* Whether ref is "…/name", as it is for all that the catalog itself makes. */
static gboolean ends_with_name(const char *ref, const char *name)
{
    const char *slash = strrchr(ref, '/');

    return slash && strcmp(slash + 1, name) == 0;
}

static void write_strings(SegmentWriter *writer, DocumentAt at, gpointer data)
{
    guint32 count = writer->header.document_count;
    g_autofree guint64 *offsets = g_new(guint64, MAX(count, 1));
    guint64 start;

    segment_writer_align(writer, sizeof(guint64));
    start = segment_writer_position(writer);
    for (guint32 doc = 0; doc < count; doc++) {
        DocumentSource document;
        const char *name;

        at(data, doc, &document);
        name = ends_with_name(document.ref, document.name) ? "" : document.name;
        offsets[doc] = segment_writer_position(writer) - start;
        segment_writer_put(writer, document.ref, strlen(document.ref) + 1);
        segment_writer_put(writer, document.uid, strlen(document.uid) + 1);
        segment_writer_put(writer, name, strlen(name) + 1);
    }
    writer->header.strings = (Span){start, segment_writer_position(writer) - start};
    writer->header.string_offsets =
        segment_writer_span(writer, offsets, sizeof(guint64) * (gsize)count);
}

static void insert(guint64 *table, gsize slots, guint64 hash, guint32 doc)
{
    gsize slot = hash & (slots - 1);

    while (table[slot])
        slot = (slot + 1) & (slots - 1);
    table[slot] = (hash & G_GUINT64_CONSTANT(0xffffffff00000000)) | ((guint64)doc + 1);
}

static void write_tables(SegmentWriter *writer, DocumentAt at, gpointer data)
{
    gsize count = writer->header.document_count, slots = 4;
    g_autofree guint64 *refs = NULL, *uids = NULL;

    while (slots < count + count / 2)
        slots *= 2;
    refs = g_new0(guint64, slots);
    uids = g_new0(guint64, slots);
    for (guint32 doc = 0; doc < count; doc++) {
        DocumentSource document;

        at(data, doc, &document);
        insert(refs, slots, segment_hash(document.ref, writer->header.hash_seed), doc);
        insert(uids, slots, segment_hash(document.uid, writer->header.hash_seed), doc);
    }
    writer->header.refs = segment_writer_span(writer, refs, sizeof(guint64) * slots);
    writer->header.uids = segment_writer_span(writer, uids, sizeof(guint64) * slots);
}

void segment_write_documents(SegmentWriter *writer, TextCoder *coder, DocumentAt at, gpointer data)
{
    write_texts(writer, coder, at, data);
    text_coder_write(coder, writer);
    write_strings(writer, at, data);
    write_tables(writer, at, data);
}
