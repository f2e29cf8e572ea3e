/* A segment: an immutable index of entities in one block of bytes, mapped from a file or in memory.
 *
 * Its documents are numbered from 0 in the order of metadata.name, then uid. What can be searched
 * are fields: a field has a dictionary of the values that occur (distinct spellings, ordered by the
 * folded value, then by spelling, so that a folded value is a range of value ids), for every value
 * the documents that have it, and for every document the values it has. What the catalog itself
 * wants to know of an entity (where it came from, who named it) are fields too, whose keys no
 * descriptor can have. The entity's JSON is kept as its bytes, compressed where the segment is
 * large, and is handed out as it was put in.
 *
 * A segment never changes; any number of threads may read it. What was removed since is told by
 * whoever holds the segment (see index.h). A file is trusted no more than its header says: it is
 * checked when it is opened, and every offset in it is bounded when it is followed. */
#pragma once
#include "base/error.h"
#include <glib.h>
#include <roaring/roaring.h>
#include <stdint.h>

typedef struct Segment Segment;

/* Fields of the catalog's own. */
#define FIELD_PARENT "\001parent"     /* ref of the Location that named it */
#define FIELD_LOCATION "\001location" /* id of the location it was registered by */
#define FIELD_SOURCE "\001source"     /* "type:target" it was read from */

/* ---- what goes in ---- */

/* One searchable fact. value NULL: the key is there, and equals nothing. */
typedef struct {
    const char *key, *value; /* folded */
    const char *original;    /* as it was spelled */
    gboolean item;           /* of a list: "key.value" is true as well, and not put in */
} SearchRow;

typedef struct {
    const char *ref, *uid, *name; /* name: folded metadata.name */
    const char *text;             /* JSON */
    gsize text_length;
    const SearchRow *rows; /* by key, then value; the catalog's own among them */
    guint row_count;
} SegmentEntity;

typedef struct SegmentBuilder SegmentBuilder;

SegmentBuilder *segment_builder_new(void);
void segment_builder_free(SegmentBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SegmentBuilder, segment_builder_free)
/* Copies what it needs, in any order; refs and uids are unique. */
void segment_builder_add(SegmentBuilder *builder, const SegmentEntity *entity);
guint segment_builder_count(const SegmentBuilder *builder);
/* Bytes it holds, for callers that bound their memory by finishing early and merging. */
gsize segment_builder_bytes(const SegmentBuilder *builder);
/* path NULL: in memory, uncompressed. A file is complete and on disk, or is not there; much text in
 * it is compressed. seq: where in the log the segment stands. The builder is empty afterwards, and
 * cheaper to use again than a new one: it knows by then what texts share. */
Segment *segment_builder_finish(SegmentBuilder *builder, const char *path, int64_t seq,
                                GError **error);

typedef struct {
    const Segment *segment;
    const roaring_bitmap_t *dead; /* documents to leave out; NULL: none */
} SegmentPart;

/* One segment of what lives in parts (a ref in at most one of them), in memory that does not grow
 * with the text. */
Segment *segment_merge(const SegmentPart *parts, guint count, const char *path, int64_t seq,
                       GError **error);

/* ---- the segment ---- */

/* Maps the file; ERROR_INTERNAL for one that is cut short, of another version, or none. */
Segment *segment_open(const char *path, GError **error);
Segment *segment_ref(Segment *segment);
void segment_unref(Segment *segment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Segment, segment_unref)

guint32 segment_count(const Segment *segment);
int64_t segment_seq(const Segment *segment);
gsize segment_bytes(const Segment *segment);

/* ---- documents ---- */

gboolean segment_find(const Segment *segment, const char *ref, guint32 *doc);
gboolean segment_find_uid(const Segment *segment, const char *uid, guint32 *doc);
/* Live as long as the segment. */
const char *segment_doc_ref(const Segment *segment, guint32 doc);
const char *segment_doc_uid(const Segment *segment, guint32 doc);
const char *segment_doc_name(const Segment *segment, guint32 doc); /* as SegmentEntity.name */
gsize segment_text_length(const Segment *segment, guint32 doc);
/* Appends the JSON of doc. */
void segment_text(const Segment *segment, guint32 doc, GString *out);

/* ---- fields ---- */

typedef struct SegmentField SegmentField; /* lives as long as its segment */

guint segment_field_count(const Segment *segment);
const SegmentField *segment_field_at(const Segment *segment, guint index); /* by key */
const SegmentField *segment_field(const Segment *segment,
                                  const char *key); /* NULL: nobody has it */
const char *segment_field_key(const SegmentField *field);
/* Documents that have the key, and those in which it is a list (whose items it has as values). The
 * caller frees neither. */
const roaring_bitmap_t *segment_field_docs(const SegmentField *field);
const roaring_bitmap_t *segment_field_lists(const SegmentField *field);
/* Documents that have the key and no value. */
const roaring_bitmap_t *segment_field_nulls(const SegmentField *field);
/* Whether a document has several values. */
gboolean segment_field_is_multiple(const SegmentField *field);

/* Values are numbered from 0. */
guint32 segment_value_count(const SegmentField *field);
/* Replaces folded and original (each may be NULL). */
void segment_value(const SegmentField *field, guint32 value, GString *folded, GString *original);
/* Reads one value after the other, for what reads many: cheap where they ascend. */
typedef struct SegmentValues SegmentValues;
SegmentValues *segment_values_new(const SegmentField *field);
void segment_values_free(SegmentValues *values);
/* Valid until the next one is read; "" where there is none. */
const char *segment_values_folded(SegmentValues *values, guint32 value);
void segment_values_original(SegmentValues *values, guint32 value, GString *original);

/* The values that are folded, or begin with prefix, are [*first, *last); FALSE where there are
 * none. */
gboolean segment_find_value(const SegmentField *field, const char *folded, guint32 *first,
                            guint32 *last);
gboolean segment_find_prefix(const SegmentField *field, const char *prefix, guint32 *first,
                             guint32 *last);
/* The first value that is not less than folded. */
guint32 segment_lower_bound(const SegmentField *field, const char *folded);
/* Values that contain part (folded, not empty), by the field's trigrams where it has them; added to
 * values. */
void segment_find_substring(const SegmentField *field, const char *part, roaring_bitmap_t *values);

/* Documents that have value. */
guint32 segment_posting_count(const SegmentField *field, guint32 value);
/* Adds the documents of the values [first, last) to docs. */
void segment_add_postings(const SegmentField *field, guint32 first, guint32 last,
                          roaring_bitmap_t *docs);
/* The same for those in values, which may be many. */
void segment_add_postings_of(const SegmentField *field, const roaring_bitmap_t *values,
                             roaring_bitmap_t *docs);
/* How many documents of value are in docs. */
guint64 segment_count_in(const SegmentField *field, guint32 value, const roaring_bitmap_t *docs);
/* The documents of value in ascending order: a view where they are many (*docs NULL, *bitmap set),
 * else an array of *count. Neither is freed. */
void segment_posting(const SegmentField *field, guint32 value, const guint32 **docs, guint32 *count,
                     const roaring_bitmap_t **bitmap);

/* The values of doc in ascending order; the number of them, 0 where it has none but null. *values
 * lives as long as the segment. */
guint32 segment_doc_values(const SegmentField *field, guint32 doc, const guint32 **values);
