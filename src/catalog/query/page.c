/* A page of what is asked for, in order: found by rank, so that a deep page costs what the first
 * does. A cursor is a rank, too. */
#include "catalog/query/internal.h"
#include <string.h>

#define NAME_FIELD "metadata.name"

/* Groups a page is made of at most, and for how many one counts that is ordered further. */
#define GROUPS_MAX 50000
#define ORDERED_GROUP 16

typedef struct {
    const QueryMatch *match;
    const QueryPageRequest *request;
    QueryPage *page;
    guint64 left;      /* rows to read yet */
    guint groups;      /* read, up to GROUPS_MAX */
    const char *value; /* of the group that is being read */
} Pager;

/* Whether what is ordered by is the order in which documents stand. */
static gboolean is_by_name(const QueryPageRequest *request, guint level)
{
    return level >= request->order_count || g_str_equal(request->orders[level].field, NAME_FIELD);
}

static NameRange name_range(const Pager *pager, const roaring_bitmap_t **docs)
{
    return (NameRange){pager->match->parts, docs, pager->match->count};
}

/* ---- what is read ---- */

static void note_values(Pager *pager)
{
    g_free(pager->page->last_value);
    pager->page->last_value = g_strdup(pager->value);
    if (!pager->page->first_value)
        pager->page->first_value = g_strdup(pager->value);
}

static void reverse(GArray *hits, guint from)
{
    for (guint to = hits->len; from + 1 < to; from++) {
        EntityId *one = &g_array_index(hits, EntityId, from);
        EntityId *other = &g_array_index(hits, EntityId, --to);
        EntityId hit = *one;

        *one = *other;
        *other = hit;
    }
}

static void read_names(Pager *pager, const roaring_bitmap_t **docs, gboolean descending,
                       guint64 skip)
{
    NameRange range = name_range(pager, docs);
    GArray *hits = pager->page->hits;
    guint64 count = pager->left;
    guint before = hits->len;

    if (descending) {
        guint64 all = name_range_count(&range);

        if (skip >= all)
            return;
        count = MIN(count, all - skip);
        skip = all - skip - count;
    }
    name_range_read(&range, skip, count, hits);
    if (descending)
        reverse(hits, before);
    pager->left -= hits->len - before;
    if (hits->len > before)
        note_values(pager);
}

/* ---- levels of order ---- */

static void read_level(Pager *pager, guint level, const Docs *docs, guint64 skip);

/* One document needs no further order. */
static void read_group(Pager *pager, guint level, roaring_bitmap_t **group, guint64 size,
                       const char *text, guint64 skip)
{
    const roaring_bitmap_t **live = (const roaring_bitmap_t **)group;
    const Docs docs = {live, live};

    if (level == 0)
        pager->value = text;
    if (size == 1)
        read_names(pager, live, FALSE, skip);
    else
        read_level(pager, level + 1, &docs, skip);
}

/* Ends the page where too many groups were read for it. */
static void count_group(Pager *pager, guint level, guint64 size)
{
    pager->groups += size > 1 && !is_by_name(pager->request, level + 1) ? ORDERED_GROUP : 1;
    if (pager->groups < GROUPS_MAX || pager->left == 0)
        return;
    pager->left = 0;
    pager->page->cut = TRUE;
}

static void read_values(Pager *pager, guint level, Merge *merge, guint64 skip)
{
    roaring_bitmap_t **group;

    skip = merge_seek_rank(merge, skip);
    while (pager->left > 0 && (group = merge_next(merge))) {
        guint64 size = docs_count(group, merge->count);

        if (skip < size)
            read_group(pager, level, group, size, merge->text->str, skip);
        count_group(pager, level, size);
        skip -= MIN(skip, size);
        docs_free(group, merge->count);
    }
}

/* What has no value of the field: it comes last, in either direction. */
static void read_missing(Pager *pager, guint level, const Docs *docs, const char *field,
                         guint64 skip)
{
    const QueryMatch *match = pager->match;
    roaring_bitmap_t **missing = g_new0(roaring_bitmap_t *, match->count);
    guint64 size;

    for (guint i = 0; i < match->count; i++) {
        roaring_bitmap_t *valued;

        if (!docs->live[i])
            continue;
        valued = column_valued(match->parts[i].segment, field, docs->live[i]);
        missing[i] = roaring_bitmap_andnot(docs->live[i], valued);
        roaring_bitmap_free(valued);
    }
    size = docs_count(missing, match->count);
    if (skip < size)
        read_group(pager, level, missing, size, NULL, skip);
    docs_free(missing, match->count);
}

static void read_merge(Pager *pager, guint level, Merge *merge, const Docs *docs, guint64 skip)
{
    guint64 count = merge_count(merge);

    if (skip < count)
        read_values(pager, level, merge, skip);
    if (pager->left > 0 && (level > 0 || !pager->request->missing_excluded))
        read_missing(pager, level, docs, pager->request->orders[level].field,
                     skip - MIN(skip, count));
}

static void read_level(Pager *pager, guint level, const Docs *docs, guint64 skip)
{
    const QueryPageRequest *request = pager->request;
    g_auto(Merge) merge = {0};

    if (is_by_name(request, level)) {
        read_names(pager, docs->live,
                   level < request->order_count && request->orders[level].descending, skip);
        return;
    }
    merge_init(&merge, pager->match, &request->orders[level], docs, NULL, TRUE);
    read_merge(pager, level, &merge, docs, skip);
}

/* ---- the first level: how many rows, and where a place is ---- */

/* The rows up to place, or before it. */
static guint64 rank_of_name(const Pager *pager, const Docs *docs, const QueryPlace *place,
                            gboolean descending, gboolean included)
{
    NameRange range = name_range(pager, docs->live);
    guint64 rank = name_range_rank(&range, place->name, place->uid, included != descending);

    return descending ? name_range_count(&range) - rank : rank;
}

static guint64 rank_of_value(const Pager *pager, Merge *merge, const QueryPlace *place,
                             gboolean included)
{
    const char *value = place->value ? place->value : "";
    guint64 before = merge_before(merge, value), rank = 0, size = 0;
    roaring_bitmap_t **docs;

    merge_seek(merge, value);
    docs = merge_next(merge);
    if (docs && g_str_equal(merge->text->str, value)) {
        NameRange range = name_range(pager, (const roaring_bitmap_t **)docs);

        size = docs_count(docs, merge->count);
        rank = name_range_rank(&range, place->name, place->uid, included);
    }
    if (docs)
        docs_free(docs, merge->count);
    return rank + (merge->descending ? merge_count(merge) - before - size : before);
}

static void set_range(Pager *pager, guint64 total, guint64 rank)
{
    const QueryPageRequest *request = pager->request;
    QueryPage *page = pager->page;

    page->total = total;
    page->first = request->after || request->before ? rank : MIN(request->offset, total);
    pager->left = request->limit;
    if (request->before && !request->after) {
        page->first = rank - MIN(rank, MIN(request->limit, GROUPS_MAX - 1));
        pager->left = rank - page->first;
    }
}

static void page_by_name(Pager *pager, const Docs *docs)
{
    const QueryPageRequest *request = pager->request;
    const QueryPlace *place = request->after ? request->after : request->before;
    gboolean descending = request->order_count > 0 && request->orders[0].descending;
    NameRange range = name_range(pager, docs->live);
    guint64 rank = place ? rank_of_name(pager, docs, place, descending, request->after != NULL) : 0;

    set_range(pager, name_range_count(&range), rank);
    if (pager->left > 0)
        read_names(pager, docs->live, descending, pager->page->first);
}

/* Where what has no value is not left out, everything stands there once. */
static void page_by_value(Pager *pager, const Docs *docs)
{
    const QueryPageRequest *request = pager->request;
    const QueryPlace *place = request->after ? request->after : request->before;
    NameRange range = name_range(pager, docs->live);
    g_auto(Merge) merge = {0};
    guint64 rank;

    merge_init(&merge, pager->match, request->orders, docs, pager->match->key,
               !request->missing_excluded);
    rank = place ? rank_of_value(pager, &merge, place, request->after != NULL) : 0;
    set_range(pager, request->missing_excluded ? merge_count(&merge) : name_range_count(&range),
              rank);
    if (pager->left > 0 && pager->page->first < pager->page->total)
        read_merge(pager, 0, &merge, docs, pager->page->first);
}

/* A field that is only there as an item of lists ("metadata.tags.java") leaves those that have it.
 */
static roaring_bitmap_t **item_docs(const QueryMatch *match, const char *field)
{
    roaring_bitmap_t **docs = g_new0(roaring_bitmap_t *, match->count);
    gboolean found = FALSE;

    for (guint i = 0; i < match->count; i++) {
        if (segment_field(match->parts[i].segment, field)) {
            docs_free(docs, match->count);
            return NULL;
        }
        docs[i] = match_item(match->parts[i].segment, field);
        if (docs[i])
            roaring_bitmap_and_inplace(docs[i], match->parts[i].live.docs);
        found |= docs[i] != NULL;
    }
    if (found)
        return docs;
    docs_free(docs, match->count);
    return NULL;
}

void query_page(const QueryMatch *match, const QueryPageRequest *request, QueryPage *page)
{
    QueryPageRequest by_name = *request;
    Pager pager = {.match = match, .request = request, .page = page};
    g_autofree const roaring_bitmap_t **live = g_new0(const roaring_bitmap_t *, match->count);
    g_autofree const roaring_bitmap_t **matched = g_new0(const roaring_bitmap_t *, match->count);
    roaring_bitmap_t **items = request->order_count == 1 && request->missing_excluded
                                   ? item_docs(match, request->orders[0].field)
                                   : NULL;

    *page = (QueryPage){.hits = g_array_new(FALSE, FALSE, sizeof(EntityId))};
    for (guint i = 0; i < match->count; i++) {
        live[i] = items ? items[i] : match->parts[i].live.docs;
        matched[i] = match->parts[i].matched.docs;
    }
    if (items) { /* all of them have the one value */
        by_name.order_count = 0;
        pager.request = &by_name;
        pager.value = "true";
    }
    if (is_by_name(pager.request, 0))
        page_by_name(&pager, &(Docs){live, matched});
    else
        page_by_value(&pager, &(Docs){live, matched});
    if (items)
        docs_free(items, match->count);
}

void query_page_clear(QueryPage *page)
{
    if (page->hits)
        g_array_unref(page->hits);
    g_free(page->first_value);
    g_free(page->last_value);
    *page = (QueryPage){0};
}
