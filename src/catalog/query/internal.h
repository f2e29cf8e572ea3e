/* What the files of the query engine share. */
#pragma once
#include "catalog/query/query.h"
#include <stdatomic.h>

/* ---- what is remembered (query_memory.c) ---- */

/* One thing that was found out; immutable once it was put in. */
typedef struct {
    atomic_int references;
    roaring_bitmap_t *docs; /* or NULL */
    guint32 *numbers;       /* or NULL */
    guint32 length;
    char *text; /* or NULL */
    gsize bytes;
} Finding;

Finding *finding_of_docs(roaring_bitmap_t *docs);              /* takes */
Finding *finding_of_numbers(guint32 *numbers, guint32 length); /* takes */
Finding *finding_of_text(const char *text, gsize length);
Finding *finding_ref(Finding *finding);
void finding_unref(Finding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Finding, finding_unref)

/* Lets go of segments that view has no more. */
void query_settle(const QueryView *view);
/* NULL where key of segment (NULL: of the view's number) is not remembered. */
Finding *query_recall(const QueryView *view, const Segment *segment, const char *key);
void query_remember(const QueryView *view, const Segment *segment, const char *key,
                    Finding *finding);

/* ---- which (query_match.c) ---- */

/* Documents of one segment: a view of what others hold, or one's own. */
typedef struct {
    const roaring_bitmap_t *docs;
    roaring_bitmap_t *own; /* docs, where it is to be freed */
    Finding *finding;      /* that holds docs */
} DocSet;

void doc_set_clear(DocSet *set);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DocSet, doc_set_clear)

typedef struct {
    const Segment *segment;
    DocSet matched, live; /* with and without the dead */
} MatchPart;

struct QueryMatch {
    const QueryView *view;
    char *key; /* of what is asked */
    MatchPart *parts;
    guint count;
};

/* The documents of segment in which "list.item" is true because list has item; NULL: none. */
roaring_bitmap_t *match_item(const Segment *segment, const char *key);

/* ---- by name (query_names.c) ---- */

/* Documents of every part; NULL: none of it. */
typedef struct {
    const MatchPart *parts;
    const roaring_bitmap_t **docs;
    guint count;
} NameRange;

guint64 name_range_count(const NameRange *range);
/* How many documents stand before (name, uid), or up to it where it is included. */
guint64 name_range_rank(const NameRange *range, const char *name, const char *uid,
                        gboolean included);
/* Appends the documents from rank first on, at most limit. */
void name_range_read(const NameRange *range, guint64 first, guint64 limit, GArray *hits);

/* ---- by value (query_column.c) ---- */

/* The rows (value, document) of one field in some documents of one segment. */
typedef struct {
    const Segment *segment;
    const SegmentField *field;       /* NULL: there are none */
    const roaring_bitmap_t *docs;    /* live */
    const roaring_bitmap_t *matched; /* what is counted: docs, and some dead */
    guint32 value_count;
    /* Few: the rows themselves (value << 32 | document), in order. */
    guint64 *rows;
    guint row_count;
    /* Many: the rows before every 2^shift-th value, and the values of the dead, in order. */
    Finding *counts;
    guint shift;
    Finding *dead; /* NULL: none */
} Column;

/* key: of the documents, for what is remembered; NULL: nothing is. least: only the first value of a
 * document counts. */
void column_init(Column *column, const QueryView *view, const Segment *segment, const char *field,
                 const roaring_bitmap_t *docs, const roaring_bitmap_t *matched, const char *key,
                 gboolean least);
void column_clear(Column *column);
guint64 column_count(const Column *column);
/* Rows of values below value. */
guint64 column_before(const Column *column, guint32 value);
/* The first value from value on that has rows; value_count where none has. */
guint32 column_next(const Column *column, guint32 value);
/* The last value below value that has rows; value_count where none has. */
guint32 column_previous(const Column *column, guint32 value);
/* The documents of rows of the values [first, last). */
roaring_bitmap_t *column_docs(const Column *column, guint32 first, guint32 last);

/* Documents of docs that have a value of field; NULL: all of those that have the field. */
roaring_bitmap_t *column_valued(const Segment *segment, const char *field,
                                const roaring_bitmap_t *docs);
/* How many of docs have which value, value_count numbers. everything: docs are all there are. */
guint32 *column_value_counts(const SegmentField *field, const roaring_bitmap_t *docs,
                             gboolean everything, guint shift);

/* ---- by value, across segments (query_merge.c) ---- */

/* Documents of every part, with and without the dead. */
typedef struct {
    const roaring_bitmap_t **live, **matched;
} Docs;

/* The columns of the parts, and in each where the reading stands. */
typedef struct {
    Column *columns;
    guint count;
    gboolean descending;
    guint32 *at; /* the value that comes next; value_count: none */
    SegmentValues **values;
    GString *text; /* of the group */
} Merge;

/* key, least: as column_init() has them. */
void merge_init(Merge *merge, const QueryMatch *match, const QueryOrder *order, const Docs *docs,
                const char *key, gboolean least);
void merge_clear(Merge *merge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Merge, merge_clear)
guint64 merge_count(const Merge *merge);
/* Rows whose value is less than text. */
guint64 merge_before(const Merge *merge, const char *text);
/* Goes where the next value is text, or comes after it; NULL: where all begins. */
void merge_seek(Merge *merge, const char *text);
/* Goes to the group in which the row of rank stands (in the direction of the merge; there is one);
 * the rows of that group that come before it. */
guint64 merge_seek_rank(Merge *merge, guint64 rank);
/* The documents of the next group in every part (NULL: none there), whose value is then in text;
 * NULL at the end. */
roaring_bitmap_t **merge_next(Merge *merge);

guint64 docs_count(roaring_bitmap_t **docs, guint count);
void docs_free(roaring_bitmap_t **docs, guint count);
