/* Which documents: predicates become bitmaps, segment by segment. */
#include "catalog/query/internal.h"
#include <string.h>

#define KEY_BYTES_MAX 200     /* longer keys are no rows, see flatten.c */
#define REMEMBERED_VALUES 128 /* values whose postings are worth remembering together */

void doc_set_clear(DocSet *set)
{
    if (set->own)
        roaring_bitmap_free(set->own);
    finding_unref(set->finding);
    *set = (DocSet){0};
}

static DocSet own(roaring_bitmap_t *docs)
{
    return (DocSet){.docs = docs, .own = docs};
}

static DocSet nothing(void)
{
    return own(roaring_bitmap_create());
}

static DocSet everything(const Segment *segment)
{
    guint32 count = segment_count(segment);

    return count > 0 ? own(roaring_bitmap_from_range(0, count, 1)) : nothing();
}

/* The set as a bitmap that may be changed. */
static roaring_bitmap_t *take(DocSet *set)
{
    roaring_bitmap_t *docs = set->own;

    if (!docs)
        docs = roaring_bitmap_copy(set->docs);
    set->own = NULL;
    doc_set_clear(set);
    return docs;
}

static roaring_bitmap_t *one_posting(const SegmentField *field, guint32 value)
{
    roaring_bitmap_t *docs = roaring_bitmap_create();

    segment_add_postings(field, value, value + 1, docs);
    return docs;
}

/* ---- leaves ---- */

roaring_bitmap_t *match_item(const Segment *segment, const char *key)
{
    roaring_bitmap_t *found = NULL;

    if (strlen(key) > KEY_BYTES_MAX)
        return NULL;
    for (const char *dot = strchr(key, '.'); dot; dot = strchr(dot + 1, '.')) {
        g_autofree char *list = g_strndup(key, (gsize)(dot - key));
        const SegmentField *field = segment_field(segment, list);
        guint32 first, last;

        if (!field || !segment_find_value(field, dot + 1, &first, &last))
            continue;
        if (!found)
            found = roaring_bitmap_create();
        for (guint32 value = first; value < last; value++) {
            roaring_bitmap_t *docs = one_posting(field, value);

            roaring_bitmap_and_inplace(docs, segment_field_lists(field));
            roaring_bitmap_or_inplace(found, docs);
            roaring_bitmap_free(docs);
        }
    }
    return found;
}

/* The documents of the values [first, last): those of one common value as they lie there. */
static DocSet match_values(const QueryView *view, const SegmentField *field, guint32 first,
                           guint32 last, const Segment *segment, const char *key)
{
    const roaring_bitmap_t *bitmap;
    const guint32 *docs;
    roaring_bitmap_t *all;
    guint32 count;
    DocSet set = {0};

    if (last - first == 1) {
        segment_posting(field, first, &docs, &count, &bitmap);
        if (bitmap)
            return (DocSet){.docs = bitmap};
    }
    if (last - first > REMEMBERED_VALUES)
        set.finding = query_recall(view, segment, key);
    if (!set.finding) {
        all = roaring_bitmap_create();
        segment_add_postings(field, first, last, all);
        if (last - first <= REMEMBERED_VALUES)
            return own(all);
        roaring_bitmap_run_optimize(all);
        set.finding = finding_of_docs(all);
        query_remember(view, segment, key, set.finding);
    }
    set.docs = set.finding->docs;
    return set;
}

/* Looking into values takes long where they are many: it is always remembered. */
static DocSet match_substring(const QueryView *view, const Segment *segment,
                              const SegmentField *field, const Predicate *leaf)
{
    g_autofree char *key = g_strdup_printf("term %s\n%s", leaf->key, leaf->value);
    Finding *finding = query_recall(view, segment, key);
    roaring_bitmap_t *docs, *values;

    if (!finding) {
        docs = roaring_bitmap_create();
        values = roaring_bitmap_create();
        segment_find_substring(field, leaf->value, values);
        segment_add_postings_of(field, values, docs);
        roaring_bitmap_free(values);
        roaring_bitmap_run_optimize(docs);
        finding = finding_of_docs(docs);
        query_remember(view, segment, key, finding);
    }
    return (DocSet){.docs = finding->docs, .finding = finding};
}

static DocSet match_field(const QueryView *view, const Segment *segment, const Predicate *leaf)
{
    const SegmentField *field = segment_field(segment, leaf->key);
    g_autofree char *key = NULL;
    guint32 first, last;

    if (!field)
        return nothing();
    if (leaf->kind == PREDICATE_EXISTS)
        return (DocSet){.docs = segment_field_docs(field)};
    if (leaf->kind == PREDICATE_CONTAINS && *leaf->value)
        return match_substring(view, segment, field, leaf);
    if (leaf->kind == PREDICATE_EQUALS)
        return segment_find_value(field, leaf->value, &first, &last)
                   ? match_values(view, field, first, last, segment, "")
                   : nothing();
    if (!segment_find_prefix(field, leaf->value, &first, &last))
        return nothing();
    key = g_strdup_printf("prefix %s\n%s", leaf->key, leaf->value);
    return match_values(view, field, first, last, segment, key);
}

static gboolean is_true(const Predicate *leaf)
{
    return leaf->kind == PREDICATE_EXISTS ||
           (leaf->kind == PREDICATE_EQUALS && g_str_equal(leaf->value, "true")) ||
           (leaf->kind == PREDICATE_PREFIX && g_str_has_prefix("true", leaf->value)) ||
           (leaf->kind == PREDICATE_CONTAINS && strstr("true", leaf->value));
}

static DocSet match_leaf(const QueryView *view, const Segment *segment, const Predicate *leaf)
{
    DocSet set = match_field(view, segment, leaf);
    roaring_bitmap_t *items = is_true(leaf) ? match_item(segment, leaf->key) : NULL;
    roaring_bitmap_t *both;

    if (!items)
        return set;
    both = take(&set);
    roaring_bitmap_or_inplace(both, items);
    roaring_bitmap_free(items);
    return own(both);
}

/* ---- branches ---- */

static DocSet match(const QueryView *view, const Segment *segment, const Predicate *predicate);

static DocSet match_any(const QueryView *view, const Segment *segment, const Predicate *predicate)
{
    roaring_bitmap_t *any;

    if (predicate->children[0] && !predicate->children[1])
        return match(view, segment, predicate->children[0]);
    any = roaring_bitmap_create();
    for (const Predicate **child = predicate->children; *child; child++) {
        g_auto(DocSet) set = match(view, segment, *child);

        roaring_bitmap_or_inplace(any, set.docs);
    }
    return own(any);
}

static int compare_sizes(gconstpointer a, gconstpointer b)
{
    guint64 x = roaring_bitmap_get_cardinality(((const DocSet *)a)->docs);
    guint64 y = roaring_bitmap_get_cardinality(((const DocSet *)b)->docs);

    return (x > y) - (x < y);
}

/* The smallest first, so that what is carried on stays small. */
static DocSet intersect(GArray *sets)
{
    roaring_bitmap_t *both;

    g_array_sort(sets, compare_sizes);
    both = roaring_bitmap_and(g_array_index(sets, DocSet, 0).docs,
                              g_array_index(sets, DocSet, 1).docs);
    for (guint i = 2; i < sets->len && !roaring_bitmap_is_empty(both); i++)
        roaring_bitmap_and_inplace(both, g_array_index(sets, DocSet, i).docs);
    return own(both);
}

static DocSet match_all_of(const QueryView *view, const Segment *segment,
                           const Predicate *predicate, gboolean *any)
{
    g_autoptr(GArray) sets = g_array_new(FALSE, FALSE, sizeof(DocSet));
    DocSet found = {0};

    for (const Predicate **child = predicate->children; *child; child++) {
        if ((*child)->kind != PREDICATE_NOT && !predicate_is_everything(*child)) {
            DocSet set = match(view, segment, *child);

            g_array_append_val(sets, set);
        }
    }
    *any = sets->len > 0;
    if (sets->len == 1)
        return g_array_index(sets, DocSet, 0);
    if (sets->len > 1)
        found = intersect(sets);
    for (guint i = 0; i < sets->len; i++)
        doc_set_clear(&g_array_index(sets, DocSet, i));
    return found;
}

static DocSet match_all(const QueryView *view, const Segment *segment, const Predicate *predicate)
{
    gboolean any;
    DocSet set = match_all_of(view, segment, predicate, &any);

    if (!any)
        set = everything(segment);
    for (const Predicate **child = predicate->children; *child; child++) {
        if ((*child)->kind == PREDICATE_NOT) {
            g_auto(DocSet) without = match(view, segment, (*child)->children[0]);
            roaring_bitmap_t *rest = take(&set);

            roaring_bitmap_andnot_inplace(rest, without.docs);
            set = own(rest);
        }
    }
    return set;
}

static DocSet match_not(const QueryView *view, const Segment *segment, const Predicate *predicate)
{
    g_auto(DocSet) set = match(view, segment, predicate->children[0]);

    return own(roaring_bitmap_flip(set.docs, 0, segment_count(segment)));
}

static DocSet match(const QueryView *view, const Segment *segment, const Predicate *predicate)
{
    switch (predicate->kind) {
    case PREDICATE_ALL:
        return match_all(view, segment, predicate);
    case PREDICATE_ANY:
        return match_any(view, segment, predicate);
    case PREDICATE_NOT:
        return match_not(view, segment, predicate);
    default:
        return match_leaf(view, segment, predicate);
    }
}

/* ---- the match ---- */

static void without_dead(MatchPart *part, const roaring_bitmap_t *dead)
{
    if (dead && roaring_bitmap_intersect(part->matched.docs, dead))
        part->live = own(roaring_bitmap_andnot(part->matched.docs, dead));
    else
        part->live = (DocSet){.docs = part->matched.docs};
}

QueryMatch *query_match_new(const QueryView *view, const Predicate *predicate)
{
    QueryMatch *found = g_new0(QueryMatch, 1);
    g_autoptr(GString) key = g_string_new(NULL);

    query_settle(view);
    predicate_write(key, predicate);
    found->view = view;
    found->key = g_string_free(g_steal_pointer(&key), FALSE);
    found->count = view->count;
    found->parts = g_new0(MatchPart, view->count);
    for (guint i = 0; i < view->count; i++) {
        MatchPart *part = &found->parts[i];

        part->segment = view->parts[i].segment;
        part->matched = match(view, part->segment, predicate);
        without_dead(part, view->parts[i].dead);
    }
    return found;
}

void query_match_free(QueryMatch *found)
{
    if (!found)
        return;
    for (guint i = 0; i < found->count; i++) {
        doc_set_clear(&found->parts[i].live);
        doc_set_clear(&found->parts[i].matched);
    }
    g_free(found->parts);
    g_free(found->key);
    g_free(found);
}

guint64 query_match_count(const QueryMatch *found)
{
    guint64 count = 0;

    for (guint i = 0; i < found->count; i++)
        count += roaring_bitmap_get_cardinality(found->parts[i].live.docs);
    return count;
}

gboolean query_match_has(const QueryMatch *found, EntityId hit)
{
    return hit.segment < found->count &&
           roaring_bitmap_contains(found->parts[hit.segment].live.docs, hit.doc);
}
