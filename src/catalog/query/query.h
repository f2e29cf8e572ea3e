/* Questions to the catalog: which entities, in which order, which page of them, how many have which
 * value.
 *
 * A question is answered segment by segment from dictionaries, postings and columns; no entity is
 * read. What an answer costs grows with the page and with the documents it is chosen from, not with
 * the catalog. What was found out about a segment stays true as long as the segment is there and is
 * remembered, within bounds; changes only add segments and mark documents dead, so that what is
 * remembered outlives them. */
#pragma once
#include "catalog/index/index.h"
#include "catalog/query/predicate.h"

/* ---- what is asked ---- */

/* What was found out about segments. Shared by threads. */
typedef struct QueryMemory QueryMemory;
#define QUERY_MEMORY_BYTES ((gsize)48 << 20)
QueryMemory *query_memory_new(gsize bytes_max);
void query_memory_free(QueryMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QueryMemory, query_memory_free)
gsize query_memory_bytes(QueryMemory *memory);

/* The segments of one moment; number: greater than that of every moment before. */
typedef struct {
    const SegmentPart *parts;
    guint count;
    guint64 number;
    QueryMemory *memory; /* NULL: nothing is remembered */
} QueryView;

/* What is in snapshot, in arena. */
const QueryView *query_view_new(Arena *arena, const Snapshot *snapshot, QueryMemory *memory);

/* ---- which ---- */

/* The documents of a view that are asked for. */
typedef struct QueryMatch QueryMatch;

QueryMatch *query_match_new(const QueryView *view, const Predicate *predicate);
void query_match_free(QueryMatch *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QueryMatch, query_match_free)
guint64 query_match_count(const QueryMatch *match);
gboolean query_match_has(const QueryMatch *match, EntityId hit);

/* ---- in which order, which page ---- */

typedef struct {
    const char *field; /* folded */
    gboolean descending;
} QueryOrder;

/* A place between rows, as a cursor carries it. */
typedef struct {
    const char *value; /* of the first order; NULL: none */
    const char *name, *uid;
} QueryPlace;

typedef struct {
    const QueryOrder *orders; /* none: by name */
    guint order_count;
    /* Whether entities without the first field are left out, or come last. */
    gboolean missing_excluded;
    guint64 offset, limit;
    const QueryPlace *after, *before; /* instead of offset: what follows a place, or precedes it */
} QueryPageRequest;

typedef struct {
    GArray *hits;                   /* EntityId */
    guint64 first, total;           /* rows before the first, and of all pages */
    gboolean cut;                   /* shorter than asked for: it has too many values in it */
    char *first_value, *last_value; /* what the first and the last hit are ordered by, or NULL */
} QueryPage;

/* By the values of the order fields, then by metadata.name and uid. An entity that has several
 * values of the first field stands there for each of them, as in Backstage; in further fields its
 * least value counts, and whoever has none comes last. */
void query_page(const QueryMatch *match, const QueryPageRequest *request, QueryPage *page);
void query_page_clear(QueryPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QueryPage, query_page_clear)

/* ---- how many ---- */

/* Appends [{"value":…,"count":…},…], sorted by value: how many of the entities have which value of
 * field (folded), as it was spelled. */
void query_facet(const QueryMatch *match, const char *field, GString *out);
/* About how many values that are at most. */
guint64 query_facet_size(const QueryMatch *match, const char *field);
