/* What the index shows to be wrong, from dictionaries and postings. */
#include "catalog/findings/findings.h"
#include "catalog/index/internal.h"
#include <string.h>

#define ORPHAN_FIELD "metadata.annotations.backstage.io/orphan"
#define SEPARATOR '\x1f'

/* Kinds that have an owner. */
static const char *const owned_kinds[] = {"component", "api",      "resource", "system",
                                          "domain",    "template", NULL};
/* What hangs on something that is to go. */
static const char *const dependants[] = {"relations.dependencyof", "relations.apiconsumedby",
                                         "relations.haspart", NULL};

typedef struct {
    const Snapshot *snapshot;
    const Segment *segment;
    roaring_bitmap_t *live; /* the documents that are looked at */
    FindingList *list;
} Collection;

static void add_docs(const Collection *collection, const roaring_bitmap_t *docs, FindingType type)
{
    roaring_uint32_iterator_t iterator;

    for (roaring_init_iterator(docs, &iterator); iterator.has_value;
         roaring_advance_uint32_iterator(&iterator))
        finding_list_add(
            collection->list,
            &(Finding){.type = type,
                       .ref = segment_doc_ref(collection->segment, iterator.current_value)});
}

/* Documents that have one of values (folded) in a field. */
static roaring_bitmap_t *having(const Collection *collection, const char *key,
                                const char *const *values)
{
    const SegmentField *field = segment_field(collection->segment, key);
    roaring_bitmap_t *docs = roaring_bitmap_create();
    guint32 first, last;

    for (; field && *values; values++)
        if (segment_find_value(field, *values, &first, &last))
            segment_add_postings(field, first, last, docs);
    roaring_bitmap_and_inplace(docs, collection->live);
    return docs;
}

/* ---- without an owner, orphans, deprecated ---- */

static void find_unowned(const Collection *collection)
{
    const SegmentField *owner = segment_field(collection->segment, "relations.ownedby");
    roaring_bitmap_t *docs = having(collection, "kind", owned_kinds);

    if (owner)
        roaring_bitmap_andnot_inplace(docs, segment_field_docs(owner));
    add_docs(collection, docs, FINDING_OWNER_MISSING);
    roaring_bitmap_free(docs);
}

static void find_orphans(const Collection *collection)
{
    roaring_bitmap_t *docs = having(collection, ORPHAN_FIELD, (const char *const[]){"true", NULL});

    add_docs(collection, docs, FINDING_ORPHAN);
    roaring_bitmap_free(docs);
}

static void find_deprecated(const Collection *collection)
{
    roaring_bitmap_t *docs =
        having(collection, "spec.lifecycle", (const char *const[]){"deprecated", NULL});
    roaring_bitmap_t *used = roaring_bitmap_create();

    for (const char *const *key = dependants; *key; key++) {
        const SegmentField *field = segment_field(collection->segment, *key);

        if (field)
            roaring_bitmap_or_inplace(used, segment_field_docs(field));
    }
    roaring_bitmap_and_inplace(docs, used);
    add_docs(collection, docs, FINDING_DEPRECATED_IN_USE);
    roaring_bitmap_free(used);
    roaring_bitmap_free(docs);
}

/* ---- references ---- */

static void add_broken(const Collection *collection, const SegmentField *field, guint32 value,
                       const char *target, const char *type)
{
    roaring_bitmap_t *docs = roaring_bitmap_create();
    gboolean owner = g_str_equal(type, "ownedBy");
    roaring_uint32_iterator_t iterator;

    segment_add_postings(field, value, value + 1, docs);
    roaring_bitmap_and_inplace(docs, collection->live);
    for (roaring_init_iterator(docs, &iterator); iterator.has_value;
         roaring_advance_uint32_iterator(&iterator))
        finding_list_add(
            collection->list,
            &(Finding){.type = owner ? FINDING_OWNER_UNKNOWN : FINDING_REFERENCE_BROKEN,
                       .ref = segment_doc_ref(collection->segment, iterator.current_value),
                       .relation = type,
                       .target = target});
    roaring_bitmap_free(docs);
}

/* The values of what is declared begin with the target and are in order, so that each target is
 * looked for once. */
static void find_broken(const Collection *collection)
{
    const SegmentField *field = segment_field(collection->segment, FIELD_DECLARES);
    g_autoptr(GString) text = g_string_new(NULL), target = g_string_new(NULL);
    gboolean known = TRUE;

    for (guint32 value = 0; field && value < segment_value_count(field); value++) {
        char *type, *inverse;
        EntityId id;

        segment_value(field, value, NULL, text);
        type = strchr(text->str, SEPARATOR);
        inverse = type ? strchr(type + 1, SEPARATOR) : NULL;
        if (!inverse)
            continue;
        *type = *inverse = '\0';
        if (!g_str_equal(target->str, text->str)) {
            g_string_assign(target, text->str);
            known = snapshot_find(collection->snapshot, target->str, &id);
        }
        if (!known)
            add_broken(collection, field, value, target->str, type + 1);
    }
}

/* The same for one document, by its own values. */
static void find_broken_of(const Collection *collection, guint32 doc)
{
    const SegmentField *field = segment_field(collection->segment, FIELD_DECLARES);
    g_autoptr(GString) text = g_string_new(NULL);
    const guint32 *values = NULL;
    guint32 count = field ? segment_doc_values(field, doc, &values) : 0;

    for (guint32 i = 0; i < count; i++) {
        char *type, *inverse;
        EntityId id;

        segment_value(field, values[i], NULL, text);
        type = strchr(text->str, SEPARATOR);
        inverse = type ? strchr(type + 1, SEPARATOR) : NULL;
        if (!inverse)
            continue;
        *type = *inverse = '\0';
        if (!snapshot_find(collection->snapshot, text->str, &id))
            add_broken(collection, field, values[i], text->str, type + 1);
    }
}

/* ---- all of it ---- */

static void find_others(const Collection *collection)
{
    find_unowned(collection);
    find_orphans(collection);
    find_deprecated(collection);
}

static void collect_segment(Collection *collection, guint segment)
{
    const roaring_bitmap_t *dead = snapshot_dead(collection->snapshot, segment);

    collection->segment = snapshot_segment(collection->snapshot, segment);
    collection->live = roaring_bitmap_from_range(0, segment_count(collection->segment), 1);
    if (dead)
        roaring_bitmap_andnot_inplace(collection->live, dead);
    find_others(collection);
    find_broken(collection);
    roaring_bitmap_free(collection->live);
}

void findings_collect(const Snapshot *snapshot, const char *ref, FindingList *list)
{
    Collection collection = {.snapshot = snapshot, .list = list};
    EntityId id;

    for (guint i = 0; !ref && i < snapshot_segment_count(snapshot); i++)
        collect_segment(&collection, i);
    if (!ref || !snapshot_find(snapshot, ref, &id))
        return;
    collection.segment = snapshot_segment(snapshot, id.segment);
    collection.live = roaring_bitmap_create();
    roaring_bitmap_add(collection.live, id.doc);
    find_others(&collection);
    find_broken_of(&collection, id.doc);
    roaring_bitmap_free(collection.live);
}

/* ---- what reading said ---- */

void findings_collect_status(Arena *arena, const CatalogRow *row, FindingList *list)
{
    for (guint i = 0; i < value_count(row->status); i++) {
        const Value *item = value_item(row->status, i), *at = value_get(item, "source");
        const char *name = value_path_string(item, "error.name", "");
        const char *file = value_path_string(at, "file", NULL);

        finding_list_add(
            list, &(Finding){.type = g_str_equal(name, "ConflictError") ? FINDING_DUPLICATE
                                                                        : FINDING_SOURCE_ERROR,
                             .ref = row->ref,
                             .message = value_path_string(item, "error.message",
                                                          value_path_string(item, "message", "?")),
                             .file = file ? file : row->source,
                             .line = (int)value_int(value_get(at, "line"), 0),
                             .column = (int)value_int(value_get(at, "column"), 0)});
    }
}
