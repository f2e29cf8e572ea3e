/* How a segment lies in its bytes, and what its files share; nobody else includes this.
 *
 * A block begins with its header; everything else is found through spans (offset and length in the
 * block). Numbers are the machine's own, arrays are aligned to 8 bytes and frozen bitmaps to 32.
 *
 *   texts             the JSON of the documents, one after the other
 *   text offsets      u64 a document (the upper byte: how it is coded), and where the last ends
 *   dictionaries      what the texts are compressed with
 *   strings           "ref\0uid\0name\0" a document; name is "" where the ref ends with it
 *   string offsets    u64 a document
 *   ref, uid tables   open addressing; u64: upper half of the hash, document + 1
 *   a field after the other: dictionary, postings, column, sets of documents
 *   field records, by key; their keys
 *
 * Spans are checked when they are opened (segment_span), numbers inside of them when they are used:
 * bytes that were damaged give wrong answers, and never an access outside of the block. */
#pragma once
#include "catalog/segment/segment.h"
#include "catalog/segment/dictionary.h"
#include <stdatomic.h>

#define SEGMENT_MAGIC "pavesegm"
#define SEGMENT_VERSION 2
#define SEGMENT_ALIGNMENT 32 /* what frozen bitmaps need */
#define NO_VALUE G_MAXUINT32

/* How a text is coded: 0 plain, else a dictionary's number + 1. */
#define TEXT_DICTIONARIES_MAX 32
#define TEXT_PLACE(offset, coding) ((guint64)(coding) << 56 | (offset))
#define TEXT_OFFSET(place) ((place)&G_GUINT64_CONSTANT(0x00ffffffffffffff))
#define TEXT_CODING(place) ((guint)((place) >> 56))

typedef struct {
    guint64 offset, length; /* bytes */
} Span;

typedef struct {
    char magic[8];
    guint32 version, document_count, field_count, reserved;
    guint64 size;
    int64_t seq;
    guint64 hash_seed;
    Span texts, text_offsets, strings, string_offsets, refs, uids, fields, keys;
    Span text_dictionaries; /* Span a dictionary */
    guint64 checksum;       /* of everything before it */
} SegmentHeader;

typedef enum {
    SET_NONE,
    SET_ALL,    /* every document */
    SET_ARRAY,  /* u32, ascending */
    SET_FROZEN, /* a frozen bitmap */
} SetKind;

/* A set of documents. */
typedef struct {
    Span span;
    guint32 count, kind;
} DocumentSet;

/* The documents of a value that has many. */
typedef struct {
    guint32 value, count;
    Span span;
} BitmapRecord;

typedef enum {
    FIELD_UNIQUE = 1,   /* every value has one document: there are no posting starts */
    FIELD_DENSE = 2,    /* the column has a place for every document */
    FIELD_MULTIPLE = 4, /* a document has several values */
} FieldFlags;

typedef struct {
    guint64 key; /* offset in keys */
    guint32 value_count, flags;
    Span restarts, values;        /* the dictionary */
    Span starts, postings;        /* u32; documents of v: postings[starts[v] … starts[v + 1]) */
    Span bitmaps;                 /* BitmapRecord by value; its range in postings is empty */
    Span column_documents;        /* sparse: u32, ascending */
    Span column_starts, column;   /* u32, see segment_column.c */
    Span trigrams, trigram_lists; /* see segment_trigrams.c */
    DocumentSet documents, lists, nulls;
} FieldRecord;

struct Segment {
    _Atomic guint references;
    const guint8 *bytes;
    gsize size;
    gboolean mapped; /* else the block is the allocator's */
    const SegmentHeader *header;
    guint32 count, field_count;
    const guint64 *text_offsets, *string_offsets, *refs, *uids;
    const char *strings, *keys;
    gsize strings_length, keys_length, texts_length, ref_slots, uid_slots;
    const guint8 *texts;
    struct ZSTD_DDict_s *dictionaries[TEXT_DICTIONARIES_MAX];
    guint dictionary_count;
    const FieldRecord *records;
    _Atomic(SegmentField *) *fields; /* made when they are asked for */
};

struct SegmentField {
    const Segment *segment;
    const FieldRecord *record;
    const char *key;
    Dictionary dictionary;
    const guint32 *starts, *postings;
    gsize posting_count;
    const BitmapRecord *bitmaps;
    guint32 bitmap_count;
    gboolean dense;
    const guint32 *column_documents, *column_starts, *column;
    gsize column_document_count, column_length;
    /* Made when they are asked for. */
    _Atomic(roaring_bitmap_t *) documents, lists, nulls;
    _Atomic(roaring_bitmap_t *) bitmap_views[];
};

/* ---- reading (segment.c, segment_postings.c) ---- */

/* The elements (of size bytes) of span; NULL and 0 where it is not wholly in the block. */
const void *segment_span(const Segment *segment, const Span *span, gsize size, gsize *count);
/* Takes over bytes, which are checked: header, size, the spans of documents. */
Segment *segment_from_bytes(const guint8 *bytes, gsize size, gboolean mapped, GError **error);
/* Gives back the memory that pages of its file take, until they are read again. */
void segment_let_go(const Segment *segment);
guint64 segment_hash(const char *text, guint64 seed);
guint64 segment_header_checksum(const SegmentHeader *header);
/* A bitmap of what lies frozen in bytes, NULL unless it is wholly sound and below limit. */
roaring_bitmap_t *segment_frozen_view(const guint8 *bytes, gsize length, guint32 limit);
/* What record says, as far as it holds. */
SegmentField *segment_field_new(const Segment *segment, const FieldRecord *record, const char *key);
void segment_field_free(SegmentField *field);

/* ---- writing (segment_writer.c) ---- */

/* Where a block goes: memory, or a file that gets its name when it is whole. */
typedef struct {
    char *path, *temporary; /* NULL: memory */
    int fd;
    guint8 *buffer; /* what is not yet in the file; all of it in memory */
    gsize used, capacity;
    guint64 flushed;
    GError *error; /* the first one; nothing is written after it */
    SegmentHeader header;
} SegmentWriter;

void segment_writer_init(SegmentWriter *writer, const char *path, guint32 document_count,
                         int64_t seq);
void segment_writer_put(SegmentWriter *writer, const void *bytes, gsize length);
void segment_writer_align(SegmentWriter *writer, gsize alignment);
guint64 segment_writer_position(const SegmentWriter *writer);
/* length bytes at an aligned place, as a span. */
Span segment_writer_span(SegmentWriter *writer, const void *bytes, gsize length);
Span segment_writer_frozen(SegmentWriter *writer, const roaring_bitmap_t *bitmap);
/* Writes the header and opens the segment; frees what the writer holds either way. */
Segment *segment_writer_finish(SegmentWriter *writer, GError **error);

typedef struct {
    const char *ref, *uid, *name;
    const void *text;
    gsize text_length;
    guint coding; /* of text, in the segment that is written */
} DocumentSource;

typedef void (*DocumentAt)(gpointer data, guint32 doc, DocumentSource *document);

/* ---- texts (segment_text.c) ---- */

/* Plain text in a file is compressed from this much on. Less of it is better read as it is. */
#define TEXT_LARGE ((guint64)64 << 20)

void segment_open_dictionaries(Segment *segment);
void segment_close_dictionaries(Segment *segment);
/* The bytes of a dictionary, which live as long as the segment. */
GBytes *segment_dictionary(const Segment *segment, guint dictionary);
/* The JSON of doc as it is kept. */
const guint8 *segment_text_bytes(const Segment *segment, guint32 doc, gsize *length, guint *coding);

/* The dictionaries of a segment that is written, and the one that plain text is compressed with. */
typedef struct TextCoder TextCoder;

TextCoder *text_coder_new(void);
void text_coder_free(TextCoder *coder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextCoder, text_coder_free)
/* Whether it compresses. */
gboolean text_coder_is_used(const TextCoder *coder);
/* The coding of what was compressed with dictionary; 0 where there are too many. */
guint text_coder_add(TextCoder *coder, GBytes *dictionary);
/* Compresses with that coding from now on. */
void text_coder_use(TextCoder *coder, guint coding);
/* The same with a new dictionary from the plain ones of count documents; FALSE where they give
 * none. */
gboolean text_coder_train(TextCoder *coder, DocumentAt at, gpointer data, guint32 count);
/* Compresses document's text where it is plain, is to be compressed, and becomes smaller; it lives
 * until the next. */
void text_coder_encode(TextCoder *coder, DocumentSource *document);
void text_coder_write(const TextCoder *coder, SegmentWriter *writer);

/* ---- documents (segment_documents.c) ---- */

/* Writes the documents of the header, each of which at() is asked for more than once, and the
 * dictionaries of coder. */
void segment_write_documents(SegmentWriter *writer, TextCoder *coder, DocumentAt at, gpointer data);

/* ---- fields (segment_field_writer.c) ---- */

typedef struct FieldWriter FieldWriter;

FieldWriter *field_writer_new(SegmentWriter *writer);
/* The fields come by key. */
void field_writer_begin(FieldWriter *writer, const char *key);
/* The values come in order; documents are distinct and ascending. original NULL: as folded. */
void field_writer_value(FieldWriter *writer, const char *folded, gsize length, const char *original,
                        const guint32 *documents, guint32 count);
/* Documents that have the key without a value, and those in which it is a list; in any order. */
void field_writer_null(FieldWriter *writer, guint32 doc);
void field_writer_list(FieldWriter *writer, guint32 doc);
/* A field that nobody has is left out. */
void field_writer_end(FieldWriter *writer);
/* Writes the records of all fields. */
void field_writer_finish(FieldWriter *writer);
void field_writer_free(FieldWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FieldWriter, field_writer_free)

/* The trigrams of a field's values, where it has many (segment_trigrams.c). */
typedef struct TrigramWriter TrigramWriter;

TrigramWriter *trigram_writer_new(void);
void trigram_writer_free(TrigramWriter *writer);
void trigram_writer_restart(TrigramWriter *writer, const char *key);
/* shared: as dictionary_encode() says. */
void trigram_writer_value(TrigramWriter *writer, const char *text, gsize length, gsize shared);
void trigram_writer_end(TrigramWriter *writer, SegmentWriter *out, FieldRecord *record);

/* The column of a field from its pairs (document << 32 | value), ascending (segment_column.c). */
void segment_write_column(SegmentWriter *writer, FieldRecord *record, const guint64 *pairs,
                          gsize count);
