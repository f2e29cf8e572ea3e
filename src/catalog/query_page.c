/* A page of what is asked for, in order: found by rank, so that a deep page costs what the first
 * does. A cursor is a rank, too. */
#include "catalog/query_internal.h"
#include <string.h>

#define NAME_FIELD "metadata.name"
#define WALK_MAX 64 /* rows that are rather passed by than searched for */

typedef struct {
    const QueryMatch *match;
    const QueryPageRequest *request;
    QueryPage *page;
    guint64 left;      /* rows to read yet */
    const char *value; /* of the group that is being read */
} Pager;

/* Whether what is ordered by is the order in which documents stand. */
static gboolean is_by_name(const QueryPageRequest *request, guint level)
{
    return level >= request->order_count || g_str_equal(request->orders[level].field, NAME_FIELD);
}

/* Documents of every part, with and without the dead. */
typedef struct {
    const roaring_bitmap_t **live, **matched;
} Docs;

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

/* ---- one field, across segments ---- */

/* The columns of the parts, and in each where the reading stands. */
typedef struct {
    const Pager *pager;
    Column *columns;
    guint count;
    gboolean descending;
    guint32 *at; /* the value that comes next; value_count: none */
    SegmentValues **values;
    GString *text; /* of the group */
} Merge;

static void merge_init(Merge *merge, const Pager *pager, const QueryOrder *order, const Docs *docs,
                       const char *key, gboolean least)
{
    const QueryMatch *match = pager->match;

    *merge = (Merge){.pager = pager, .count = match->count, .descending = order->descending};
    merge->columns = g_new0(Column, match->count);
    merge->at = g_new0(guint32, match->count);
    merge->values = g_new0(SegmentValues *, match->count);
    merge->text = g_string_new(NULL);
    for (guint i = 0; i < match->count; i++) {
        column_init(&merge->columns[i], match->view, match->parts[i].segment, order->field,
                    docs->live[i], docs->matched[i], key, least);
        if (merge->columns[i].field)
            merge->values[i] = segment_values_new(merge->columns[i].field);
    }
}

static void merge_clear(Merge *merge)
{
    for (guint i = 0; i < merge->count; i++) {
        column_clear(&merge->columns[i]);
        segment_values_free(merge->values[i]);
    }
    g_free(merge->columns);
    g_free(merge->at);
    g_free(merge->values);
    if (merge->text)
        g_string_free(merge->text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Merge, merge_clear)

static guint64 merge_count(const Merge *merge)
{
    guint64 count = 0;

    for (guint i = 0; i < merge->count; i++)
        count += column_count(&merge->columns[i]);
    return count;
}

/* Rows whose value is less than text. */
static guint64 merge_before(const Merge *merge, const char *text)
{
    guint64 count = 0;

    for (guint i = 0; i < merge->count; i++) {
        const Column *column = &merge->columns[i];

        if (column->field)
            count += column_before(column, segment_lower_bound(column->field, text));
    }
    return count;
}

/* Goes where the next value is text, or comes after it; NULL: where all begins. */
static void merge_seek(Merge *merge, const char *text)
{
    for (guint i = 0; i < merge->count; i++) {
        const Column *column = &merge->columns[i];
        guint32 first = 0, last = column->value_count;

        if (text && column->field && !segment_find_value(column->field, text, &first, &last))
            first = last = segment_lower_bound(column->field, text);
        merge->at[i] =
            merge->descending ? column_previous(column, last) : column_next(column, first);
    }
}

/* The text of the next group. */
static gboolean merge_next_text(Merge *merge)
{
    gboolean found = FALSE;

    for (guint i = 0; i < merge->count; i++) {
        const char *text;
        int order;

        if (merge->at[i] >= merge->columns[i].value_count)
            continue;
        text = segment_values_folded(merge->values[i], merge->at[i]);
        order = found ? strcmp(text, merge->text->str) : 0;
        if (!found || (merge->descending ? order > 0 : order < 0))
            g_string_assign(merge->text, text);
        found = TRUE;
    }
    return found;
}

static gboolean is_of_group(const Merge *merge, guint i, guint32 value)
{
    return value < merge->columns[i].value_count &&
           g_str_equal(segment_values_folded(merge->values[i], value), merge->text->str);
}

/* The documents of the group in one part, which goes on to the next. */
static roaring_bitmap_t *take_group(Merge *merge, guint i)
{
    const Column *column = &merge->columns[i];
    guint32 first = merge->at[i], last = first + 1;

    if (!is_of_group(merge, i, first))
        return NULL;
    if (merge->descending)
        while (first > 0 && is_of_group(merge, i, first - 1))
            first--;
    else
        while (is_of_group(merge, i, last))
            last++;
    merge->at[i] = merge->descending ? column_previous(column, first) : column_next(column, last);
    return column_docs(column, first, last);
}

static void docs_free(roaring_bitmap_t **docs, guint count)
{
    for (guint i = 0; i < count; i++)
        if (docs[i])
            roaring_bitmap_free(docs[i]);
    g_free(docs);
}

/* The documents of the next group, NULL at the end. */
static roaring_bitmap_t **merge_next(Merge *merge)
{
    roaring_bitmap_t **docs;

    if (!merge_next_text(merge))
        return NULL;
    docs = g_new0(roaring_bitmap_t *, merge->count);
    for (guint i = 0; i < merge->count; i++)
        docs[i] = take_group(merge, i);
    return docs;
}

/* The part that has most values: it divides the rows of all. */
static const Column *widest(const Merge *merge)
{
    const Column *best = &merge->columns[0];

    for (guint i = 1; i < merge->count; i++)
        if (merge->columns[i].value_count > best->value_count)
            best = &merge->columns[i];
    return best;
}

/* Puts a text into text that rank (counted from the least value) does not stand before, and that is
 * near to it; FALSE: nothing that is worth going to. */
static gboolean search_text(const Merge *merge, guint64 rank, GString *text)
{
    const Column *column = widest(merge);
    guint32 low = 0, high = column->value_count;

    if (rank <= WALK_MAX)
        return FALSE;
    while (low < high) {
        guint32 middle = low + (high - low) / 2;

        segment_value(column->field, middle, text, NULL);
        if (merge_before(merge, text->str) <= rank)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return FALSE;
    segment_value(column->field, low - 1, text, NULL);
    return TRUE;
}

static guint64 docs_count(roaring_bitmap_t **docs, guint count)
{
    guint64 all = 0;

    for (guint i = 0; i < count; i++)
        all += docs[i] ? roaring_bitmap_get_cardinality(docs[i]) : 0;
    return all;
}

/* Goes to the group in which the row of rank stands (in the direction of the merge; there is one);
 * the rows of that group that come before it. */
static guint64 merge_seek_rank(Merge *merge, guint64 rank)
{
    guint64 total = merge_count(merge), least = merge->descending ? total - 1 - rank : rank;
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean descending = merge->descending;
    guint64 before = 0, size = 0;

    if (rank == 0) {
        merge_seek(merge, NULL);
        return 0;
    }
    merge->descending = FALSE;
    if (search_text(merge, least, text)) {
        before = merge_before(merge, text->str);
        merge_seek(merge, text->str);
    } else {
        merge_seek(merge, NULL);
    }
    for (;;) {
        roaring_bitmap_t **docs = merge_next(merge);

        if (!docs)
            break;
        g_string_assign(text, merge->text->str);
        size = docs_count(docs, merge->count);
        docs_free(docs, merge->count);
        if (before + size > least)
            break;
        before += size;
    }
    merge->descending = descending;
    merge_seek(merge, text->str);
    return descending ? rank - (total - before - size) : rank - before;
}

/* ---- levels of order ---- */

static void read_level(Pager *pager, guint level, const Docs *docs, guint64 skip);

static void read_group(Pager *pager, guint level, roaring_bitmap_t **group, const char *text,
                       guint64 skip)
{
    const roaring_bitmap_t **live = (const roaring_bitmap_t **)group;
    const Docs docs = {live, live};

    if (level == 0)
        pager->value = text;
    read_level(pager, level + 1, &docs, skip);
}

static void read_values(Pager *pager, guint level, Merge *merge, guint64 skip)
{
    roaring_bitmap_t **group;

    skip = merge_seek_rank(merge, skip);
    while (pager->left > 0 && (group = merge_next(merge))) {
        guint64 size = docs_count(group, merge->count);

        if (skip < size)
            read_group(pager, level, group, merge->text->str, skip);
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

    for (guint i = 0; i < match->count; i++) {
        roaring_bitmap_t *valued;

        if (!docs->live[i])
            continue;
        valued = column_valued(match->parts[i].segment, field, docs->live[i]);
        missing[i] = roaring_bitmap_andnot(docs->live[i], valued);
        roaring_bitmap_free(valued);
    }
    if (skip < docs_count(missing, match->count))
        read_group(pager, level, missing, NULL, skip);
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
    merge_init(&merge, pager, &request->orders[level], docs, NULL, TRUE);
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
        page->first = rank - MIN(rank, request->limit);
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

    merge_init(&merge, pager, request->orders, docs, pager->match->key, !request->missing_excluded);
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
