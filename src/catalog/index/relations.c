/* Relations in the index: what an entity declares is a field of it, and the other end of each is
 * found by the prefix that its target is. */
#include "catalog/index/internal.h"
#include <string.h>

#define SEPARATOR '\x1f'

/* ---- lists ---- */

static int compare_relations(gconstpointer a, gconstpointer b)
{
    const Relation *x = a, *y = b;
    int order = strcmp(x->type, y->type);

    return order ? order : strcmp(x->target, y->target);
}

void relations_settle(GArray *relations)
{
    guint kept = 0;

    g_array_sort(relations, compare_relations);
    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);

        if (kept > 0 &&
            compare_relations(&g_array_index(relations, Relation, kept - 1), relation) == 0)
            continue;
        g_array_index(relations, Relation, kept++) = *relation;
    }
    g_array_set_size(relations, kept);
}

static const Relation *relation_at(const GArray *relations, guint index)
{
    return relations && index < relations->len ? &g_array_index(relations, Relation, index) : NULL;
}

void relations_add_difference(const GArray *before, const GArray *after, GHashTable *targets)
{
    const Relation *x, *y;

    for (guint i = 0, j = 0; (x = relation_at(before, i), y = relation_at(after, j), x || y);) {
        int order = !y ? -1 : !x ? 1 : compare_relations(x, y);

        if (order < 0 || (order == 0 && !g_str_equal(x->inverse, y->inverse)))
            g_hash_table_add(targets, (gpointer)x->target);
        else if (order > 0)
            g_hash_table_add(targets, (gpointer)y->target);
        i += order <= 0;
        j += order >= 0;
    }
}

/* ---- as values of a field ---- */

const char *relation_encode(Arena *arena, const Relation *relation)
{
    gsize target = strlen(relation->target), type = strlen(relation->type);
    gsize inverse = strlen(relation->inverse);
    char *text = arena_alloc(arena, target + type + inverse + 3), *at = text;

    memcpy(at, relation->target, target);
    at += target;
    *at++ = SEPARATOR;
    memcpy(at, relation->type, type);
    at += type;
    *at++ = SEPARATOR;
    memcpy(at, relation->inverse, inverse);
    return text;
}

static gboolean decode(Arena *arena, const GString *text, Relation *relation)
{
    char *target = arena_strndup(arena, text->str, text->len);
    char *type = strchr(target, SEPARATOR);
    char *inverse = type ? strchr(type + 1, SEPARATOR) : NULL;

    if (!inverse)
        return FALSE;
    *type = *inverse = '\0';
    *relation = (Relation){.type = type + 1, .inverse = inverse + 1, .target = target};
    return TRUE;
}

GArray *relations_declared(const Draft *draft, Arena *arena, EntityId id)
{
    const SegmentField *field = segment_field(draft_segment(draft, id.segment), FIELD_DECLARES);
    GArray *declared = g_array_new(FALSE, FALSE, sizeof(Relation));
    g_autoptr(GString) text = g_string_new(NULL);
    const guint32 *values = NULL;
    guint32 count = field ? segment_doc_values(field, id.doc, &values) : 0;
    Relation relation;

    for (guint32 i = 0; i < count; i++) {
        segment_value(field, values[i], NULL, text);
        if (decode(arena, text, &relation))
            g_array_append_val(declared, relation);
    }
    relations_settle(declared);
    return declared;
}

/* ---- the other end ---- */

typedef struct {
    const Draft *draft;
    guint part;
    Relation declared;
    GArray *relations;
} Incoming;

static void add_source(Incoming *incoming, guint32 doc)
{
    const Relation *declared = &incoming->declared;
    Relation relation = {.type = declared->inverse,
                         .inverse = declared->type,
                         .target =
                             segment_doc_ref(draft_segment(incoming->draft, incoming->part), doc)};

    if (!draft_is_dead(incoming->draft, (EntityId){incoming->part, doc}))
        g_array_append_val(incoming->relations, relation);
}

static bool add_source_of_bitmap(guint32 doc, void *data)
{
    add_source(data, doc);
    return true;
}

static void add_sources(Incoming *incoming, const SegmentField *field, guint32 value)
{
    const roaring_bitmap_t *bitmap = NULL;
    const guint32 *docs = NULL;
    guint32 count = 0;

    segment_posting(field, value, &docs, &count, &bitmap);
    if (bitmap)
        roaring_iterate(bitmap, add_source_of_bitmap, incoming);
    for (guint32 i = 0; !bitmap && i < count; i++)
        add_source(incoming, docs[i]);
}

void relations_add_incoming(const Draft *draft, Arena *arena, const char *ref, GArray *relations)
{
    const char *prefix = arena_printf(arena, "%s%c", ref, SEPARATOR);
    g_autoptr(GString) text = g_string_new(NULL);
    Incoming incoming = {.draft = draft, .relations = relations};

    for (guint i = 0; i < draft->parts->len; i++) {
        const SegmentField *field = segment_field(draft_segment(draft, i), FIELD_DECLARES);
        guint32 first, last;

        if (!field || !segment_find_prefix(field, prefix, &first, &last))
            continue;
        incoming.part = i;
        for (guint32 value = first; value < last; value++) {
            segment_value(field, value, NULL, text);
            if (decode(arena, text, &incoming.declared))
                add_sources(&incoming, field, value);
        }
    }
}
