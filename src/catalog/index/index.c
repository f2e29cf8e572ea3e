/* The snapshot that is there, and what readers ask of it. */
#include "catalog/index/internal.h"
#include "formats/json.h"

const char *segment_fact(const Segment *segment, Arena *arena, guint32 doc, const char *field)
{
    const SegmentField *found = segment_field(segment, field);
    g_autoptr(GString) text = NULL;
    const guint32 *values;

    if (!found || segment_doc_values(found, doc, &values) == 0)
        return NULL;
    text = g_string_new(NULL);
    segment_value(found, values[0], NULL, text);
    return arena_strndup(arena, text->str, text->len);
}

const char *snapshot_fact(const Snapshot *snapshot, Arena *arena, EntityId id, const char *field)
{
    return segment_fact(snapshot->parts[id.segment].segment, arena, id.doc, field);
}

void snapshot_add_values(const Snapshot *snapshot, Arena *arena, EntityId id, const char *field,
                         GPtrArray *texts)
{
    const SegmentField *found = segment_field(snapshot->parts[id.segment].segment, field);
    g_autoptr(GString) text = g_string_new(NULL);
    const guint32 *values;
    guint32 count = found ? segment_doc_values(found, id.doc, &values) : 0;

    for (guint32 i = 0; i < count; i++) {
        segment_value(found, values[i], NULL, text);
        g_ptr_array_add(texts, arena_strndup(arena, text->str, text->len));
    }
}

gboolean snapshot_next(const Snapshot *snapshot, EntityId *id)
{
    for (id->doc++; id->segment < snapshot->count; id->segment++, id->doc = 0)
        for (; id->doc < segment_count(snapshot->parts[id->segment].segment); id->doc++)
            if (snapshot_is_alive(snapshot, *id))
                return TRUE;
    return FALSE;
}

GArray *snapshot_having(const Snapshot *snapshot, const char *field, const char *value)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(EntityId));
    roaring_bitmap_t *docs = roaring_bitmap_create();

    for (guint i = 0; i < snapshot->count; i++) {
        const SegmentField *at = segment_field(snapshot->parts[i].segment, field);
        roaring_uint32_iterator_t doc;
        guint32 first, last;

        if (!at || !segment_find_value(at, value, &first, &last))
            continue;
        roaring_bitmap_clear(docs);
        segment_add_postings(at, first, last, docs);
        if (snapshot->parts[i].dead)
            roaring_bitmap_andnot_inplace(docs, snapshot->parts[i].dead->docs);
        for (roaring_init_iterator(docs, &doc); doc.has_value;
             roaring_advance_uint32_iterator(&doc))
            g_array_append_val(found, ((EntityId){i, doc.current_value}));
    }
    roaring_bitmap_free(docs);
    return found;
}

const Value *snapshot_value(const Snapshot *snapshot, Arena *arena, EntityId id)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const Value *value;

    snapshot_text(snapshot, id, text);
    value = json_parse(arena, text->str, (gssize)text->len, &error);
    if (!value)
        g_warning("catalog: %s does not parse: %s", snapshot_ref(snapshot, id), error->message);
    return value;
}

/* ---- switching ---- */

Snapshot *index_acquire(Index *index)
{
    Snapshot *snapshot;

    pthread_mutex_lock(&index->switch_lock);
    snapshot = index->current;
    atomic_fetch_add(&snapshot->references, 1);
    pthread_mutex_unlock(&index->switch_lock);
    return snapshot;
}

void index_switch(Index *index, Snapshot *next)
{
    Snapshot *last;

    pthread_mutex_lock(&index->switch_lock);
    last = index->current;
    index->current = next;
    pthread_mutex_unlock(&index->switch_lock);
    snapshot_release(last);
}

void index_set_mark(Index *index, IndexMark mark, void *data)
{
    index->mark_of = mark;
    index->mark_data = data;
}

const char *index_mark(const Index *index)
{
    return index->mark;
}

int64_t index_seq(const Index *index)
{
    return atomic_load(&index->seq);
}

/* ---- the index ---- */

Index *index_new(const char *folder)
{
    Index *index = g_new0(Index, 1);
    g_auto(Draft) draft = {0};

    pthread_mutex_init(&index->write_lock, NULL);
    pthread_mutex_init(&index->switch_lock, NULL);
    index->folder = g_strdup(folder);
    index->seq = -1;
    index->ahead = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (folder)
        base_open(index);
    draft_init(&draft, NULL);
    if (index->base)
        draft_append(&draft, segment_ref(index->base));
    index->current = draft_finish(&draft);
    index->background = background_new(index);
    return index;
}

void index_free(Index *index)
{
    if (!index)
        return;
    background_free(index->background);
    snapshot_release(index->current);
    segment_unref(index->base);
    g_hash_table_unref(index->ahead);
    g_free(index->mark);
    pthread_mutex_destroy(&index->write_lock);
    pthread_mutex_destroy(&index->switch_lock);
    g_free(index->folder);
    g_free(index);
}
