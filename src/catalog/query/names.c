/* The order in which documents stand in a segment, across segments: by metadata.name, then uid. */
#include "catalog/query/internal.h"
#include <string.h>

#define WALK_MAX 32 /* documents that are rather passed by than searched for */
#define FAR 256     /* documents to read from which on those of one part are read in a row */

/* ---- one segment ---- */

/* The folded name: what a ref ends with. */
static const char *name_of(const Segment *segment, guint32 doc)
{
    const char *ref = segment_doc_ref(segment, doc), *slash = strrchr(ref, '/');

    return slash ? slash + 1 : ref;
}

static int compare_doc(const Segment *segment, guint32 doc, const char *name, const char *uid)
{
    int order = strcmp(name_of(segment, doc), name);

    return order ? order : strcmp(segment_doc_uid(segment, doc), uid);
}

/* The first document that does not stand before (name, uid), or the first behind it. */
static guint32 find_doc(const Segment *segment, const char *name, const char *uid,
                        gboolean included)
{
    guint32 low = 0, high = segment_count(segment);

    while (low < high) {
        guint32 middle = low + (high - low) / 2;

        if (compare_doc(segment, middle, name, uid) < (included ? 1 : 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static guint64 part_count(const NameRange *range, guint part)
{
    return range->docs[part] ? roaring_bitmap_get_cardinality(range->docs[part]) : 0;
}

static guint64 part_rank(const NameRange *range, guint part, const char *name, const char *uid,
                         gboolean included)
{
    guint32 doc;

    if (!range->docs[part])
        return 0;
    doc = find_doc(range->parts[part].segment, name, uid, included);
    return doc == 0 ? 0 : roaring_bitmap_rank(range->docs[part], doc - 1);
}

guint64 name_range_count(const NameRange *range)
{
    guint64 count = 0;

    for (guint i = 0; i < range->count; i++)
        count += part_count(range, i);
    return count;
}

guint64 name_range_rank(const NameRange *range, const char *name, const char *uid,
                        gboolean included)
{
    guint64 rank = 0;

    for (guint i = 0; i < range->count; i++)
        rank += part_rank(range, i, name, uid, included);
    return rank;
}

/* ---- finding a rank across segments ---- */

/* In each part, the ranks among its own documents between which the wanted one lies. */
typedef struct {
    const NameRange *range;
    guint64 *low, *high;
    guint64 left; /* documents to pass by, counted from all of low */
} Search;

static guint longest(const Search *search, guint *others)
{
    guint best = 0;

    *others = 0;
    for (guint i = 0; i < search->range->count; i++) {
        if (search->high[i] - search->low[i] > search->high[best] - search->low[best])
            best = i;
        *others += search->high[i] > search->low[i];
    }
    return best;
}

static void key_at(const Search *search, guint part, guint64 rank, const char **name,
                   const char **uid)
{
    const Segment *segment = search->range->parts[part].segment;
    guint32 doc = 0;

    roaring_bitmap_select(search->range->docs[part], (guint32)rank, &doc);
    *name = name_of(segment, doc);
    *uid = segment_doc_uid(segment, doc);
}

/* The rank of (name, uid) in part, within its bounds. */
static guint64 bounded_rank(const Search *search, guint part, const char *name, const char *uid)
{
    guint64 rank;

    if (search->low[part] == search->high[part])
        return search->low[part];
    rank = part_rank(search->range, part, name, uid, FALSE);
    return CLAMP(rank, search->low[part], search->high[part]);
}

/* How many documents from all of low on stand before the one of rank in part. */
static guint64 passed(const Search *search, guint part, guint64 rank)
{
    guint64 count = rank - search->low[part];
    const char *name, *uid;

    key_at(search, part, rank, &name, &uid);
    for (guint i = 0; i < search->range->count; i++)
        if (i != part)
            count += bounded_rank(search, i, name, uid) - search->low[i];
    return count;
}

/* Draws the bounds together around the document of rank in part: nothing before it is wanted (from
 * is TRUE), or nothing from it on. */
static void draw_together(const Search *search, guint part, guint64 rank, gboolean from)
{
    const char *name, *uid;

    key_at(search, part, rank, &name, &uid);
    for (guint i = 0; i < search->range->count; i++) {
        guint64 bound = i == part ? rank : bounded_rank(search, i, name, uid);

        *(from ? &search->low[i] : &search->high[i]) = bound;
    }
}

/* One part's documents divide those of all others: finds between which two of them the wanted one
 * lies. */
static void divide(Search *search, guint part)
{
    guint64 low = search->low[part], high = search->high[part];

    while (low < high) { /* the first one before which more stands than is to be passed by */
        guint64 middle = low + (high - low) / 2;

        if (passed(search, part, middle) <= search->left)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < search->high[part])
        draw_together(search, part, low, FALSE);
    if (low > search->low[part]) {
        search->left -= passed(search, part, low - 1);
        draw_together(search, part, low - 1, TRUE);
    }
}

static void find_rank(Search *search)
{
    while (search->left > WALK_MAX) {
        guint others, part = longest(search, &others);

        if (others <= 1) {
            search->low[part] += search->left;
            search->left = 0;
            return;
        }
        if (search->high[part] - search->low[part] <= 1)
            return; /* no part has two that are in question: there are few left */
        divide(search, part);
    }
}

/* ---- reading ---- */

typedef struct {
    roaring_uint32_iterator_t iterator;
    const Segment *segment;
    const char *name;
    guint part;
} Reader;

static void reader_look(Reader *reader)
{
    if (reader->iterator.has_value)
        reader->name = name_of(reader->segment, reader->iterator.current_value);
}

static int compare_readers(const Reader *one, const Reader *other)
{
    int order = strcmp(one->name, other->name);

    return order ? order
                 : strcmp(segment_doc_uid(one->segment, one->iterator.current_value),
                          segment_doc_uid(other->segment, other->iterator.current_value));
}

/* The reader that stands first beside without (which may be NULL); NULL at the end. They are few.
 */
static Reader *first_reader(Reader *readers, guint count, const Reader *without)
{
    Reader *best = NULL;

    for (guint i = 0; i < count; i++)
        if (readers[i].iterator.has_value && &readers[i] != without &&
            (!best || compare_readers(&readers[i], best) < 0))
            best = &readers[i];
    return best;
}

/* The first document of reader that does not stand before those of all others. */
static guint32 find_end(Reader *readers, guint count, const Reader *reader)
{
    const Reader *other = first_reader(readers, count, reader);

    if (!other)
        return G_MAXUINT32;
    return find_doc(reader->segment, other->name,
                    segment_doc_uid(other->segment, other->iterator.current_value), FALSE);
}

static guint open_readers(const NameRange *range, const guint64 *ranks, Reader *readers)
{
    guint count = 0;

    for (guint i = 0; i < range->count; i++) {
        Reader *reader = &readers[count];
        guint32 doc;

        if (!range->docs[i] || !roaring_bitmap_select(range->docs[i], (guint32)ranks[i], &doc))
            continue;
        reader->part = i;
        reader->segment = range->parts[i].segment;
        roaring_init_iterator(range->docs[i], &reader->iterator);
        roaring_move_uint32_iterator_equalorlarger(&reader->iterator, doc);
        reader_look(reader);
        count++;
    }
    return count;
}

/* Reads at least one document, and those that follow up to end; how many. */
static guint64 read_row(Reader *reader, guint32 end, guint64 *skip, guint64 limit, GArray *hits)
{
    guint64 read = 0;

    do {
        EntityId hit = {reader->part, reader->iterator.current_value};

        roaring_advance_uint32_iterator(&reader->iterator);
        if (*skip > 0) {
            (*skip)--;
            continue;
        }
        g_array_append_val(hits, hit);
        read++;
    } while (read < limit && reader->iterator.has_value && reader->iterator.current_value < end);
    return read;
}

static void read_on(Reader *readers, guint count, guint64 skip, guint64 limit, GArray *hits)
{
    gboolean far = limit > FAR;
    Reader *reader;

    while (limit > 0 && (reader = first_reader(readers, count, NULL))) {
        guint32 end = count == 1 ? G_MAXUINT32 : far ? find_end(readers, count, reader) : 0;

        limit -= read_row(reader, end, &skip, limit, hits);
        reader_look(reader);
    }
}

void name_range_read(const NameRange *range, guint64 first, guint64 limit, GArray *hits)
{
    g_autofree guint64 *low = g_new0(guint64, range->count + 1);
    g_autofree guint64 *high = g_new0(guint64, range->count + 1);
    g_autofree Reader *readers = g_new0(Reader, range->count + 1);
    Search search = {range, low, high, first};

    for (guint i = 0; i < range->count; i++)
        high[i] = part_count(range, i);
    if (range->count > 0)
        find_rank(&search);
    read_on(readers, open_readers(range, low, readers), search.left, limit, hits);
}
