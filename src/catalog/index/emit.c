/* The documents of a change: what changed, and what got or lost the other end of a relation. Where
 * they are many, some threads make a segment each. */
#include "catalog/index/internal.h"
#include <string.h>

/* Scratch memory is given back once so much of it was used. */
#define SCRATCH_BYTES ((gsize)4 << 20)
#define BLOCK_ITEMS 64
#define PARALLEL_ITEMS 1024 /* as many pay for another thread */
#define WORKERS_MAX 4
/* A builder of more falls out of the processor's caches. */
#define RUN_DOCUMENTS 16384
#define RUN_BYTES ((gsize)64 << 20)

/* One that is to stand anew, unless it stands so already. */
typedef struct {
    const Change *change; /* NULL: only touched */
    const char *ref;
    EntityId old;
    gboolean existed, stands;
} Item;

typedef struct {
    Application *application;
    int64_t seq;
    GArray *items; /* Item */
    atomic_uint next;
    pthread_mutex_t lock; /* of segments */
    GPtrArray *segments;
} Writing;

/* What a thread has of its own. */
typedef struct {
    const Application *application;
    Arena *scratch;
    SegmentBuilder *builder;
} Emitter;

/* ---- one document ---- */

/* What it declares, and the other end of what is declared of it. */
static GArray *relations_of(Emitter *emitter, const char *ref, const GArray *declared)
{
    const Application *application = emitter->application;
    GArray *relations = g_array_new(FALSE, FALSE, sizeof(Relation));
    const GArray *changed = g_hash_table_lookup(application->incoming, ref);

    if (declared->len)
        g_array_append_vals(relations, declared->data, declared->len);
    relations_add_incoming(&application->draft, emitter->scratch, ref, relations);
    if (changed)
        g_array_append_vals(relations, changed->data, changed->len);
    relations_settle(relations);
    return relations;
}

static gboolean has_facts(const Segment *segment, Arena *arena, guint32 doc,
                          const Document *document)
{
    return g_strcmp0(segment_fact(segment, arena, doc, FIELD_LOCATION), document->location_id) ==
               0 &&
           g_strcmp0(segment_fact(segment, arena, doc, FIELD_PARENT), document->parent) == 0 &&
           g_strcmp0(segment_fact(segment, arena, doc, FIELD_SOURCE), document->source) == 0;
}

/* Whether it stands at id just so already. */
static gboolean stands(Emitter *emitter, EntityId id, const Document *document,
                       const SegmentEntity *entity)
{
    const Segment *segment = draft_segment(&emitter->application->draft, id.segment);
    g_autoptr(GString) text = NULL;

    if (segment_text_length(segment, id.doc) != entity->text_length)
        return FALSE;
    text = g_string_sized_new(entity->text_length + 1);
    segment_text(segment, id.doc, text);
    return memcmp(text->str, entity->text, text->len) == 0 &&
           has_facts(segment, emitter->scratch, id.doc, document);
}

static void emit(Emitter *emitter, Item *item, const Document *document)
{
    SegmentEntity entity = document_compose(emitter->scratch, document);

    item->stands = item->existed && stands(emitter, item->old, document, &entity);
    if (!item->stands)
        segment_builder_add(emitter->builder, &entity);
}

static void emit_changed(Emitter *emitter, Item *item)
{
    const CatalogRow *row = item->change->row;
    const GArray *declared = item->change->after;
    g_autoptr(GArray) relations = relations_of(emitter, item->ref, declared);
    Document document = {.ref = row->ref,
                         .uid = row->uid,
                         .parent = row->parent,
                         .location_id = row->location_id,
                         .source = row->source,
                         .entity = row->entity,
                         .status = row->status,
                         .declared = declared,
                         .relations = relations};

    emit(emitter, item, &document);
}

static void emit_touched(Emitter *emitter, Item *item)
{
    Arena *arena = emitter->scratch;
    const Snapshot *last = emitter->application->last;
    EntityId id = item->old;
    const Value *value = snapshot_value(last, arena, id);
    g_autoptr(GArray) declared = relations_declared(&emitter->application->draft, arena, id);
    g_autoptr(GArray) relations = relations_of(emitter, item->ref, declared);
    Document document = {.ref = item->ref,
                         .uid = snapshot_uid(last, id),
                         .parent = snapshot_fact(last, arena, id, FIELD_PARENT),
                         .location_id = snapshot_fact(last, arena, id, FIELD_LOCATION),
                         .source = snapshot_fact(last, arena, id, FIELD_SOURCE),
                         .entity = value,
                         .status = value_path(value, "status.items"),
                         .declared = declared,
                         .relations = relations};

    item->stands = value == NULL;
    if (value)
        emit(emitter, item, &document);
}

/* ---- threads ---- */

static void finish_run(Writing *writing, SegmentBuilder *builder)
{
    Segment *segment;

    if (segment_builder_count(builder) == 0)
        return;
    segment = segment_builder_finish(builder, NULL, writing->seq, NULL);
    pthread_mutex_lock(&writing->lock);
    g_ptr_array_add(writing->segments, segment);
    pthread_mutex_unlock(&writing->lock);
}

static void emit_block(Writing *writing, Emitter *emitter, guint first)
{
    guint end = MIN(first + BLOCK_ITEMS, writing->items->len);

    for (guint i = first; i < end; i++) {
        Item *item = &g_array_index(writing->items, Item, i);

        if (item->change)
            emit_changed(emitter, item);
        else
            emit_touched(emitter, item);
        if (arena_used(emitter->scratch) > SCRATCH_BYTES) {
            arena_free(emitter->scratch);
            emitter->scratch = arena_new(G_MAXSIZE);
        }
    }
    if (segment_builder_count(emitter->builder) >= RUN_DOCUMENTS ||
        segment_builder_bytes(emitter->builder) >= RUN_BYTES)
        finish_run(writing, emitter->builder);
}

static void *work(void *data)
{
    Writing *writing = data;
    Emitter emitter = {writing->application, arena_new(G_MAXSIZE), segment_builder_new()};
    guint first;

    while ((first = atomic_fetch_add(&writing->next, BLOCK_ITEMS)) < writing->items->len)
        emit_block(writing, &emitter, first);
    finish_run(writing, emitter.builder);
    segment_builder_free(emitter.builder);
    arena_free(emitter.scratch);
    return NULL;
}

/* Works on some threads at once, this one among them. */
static void work_on_all(Writing *writing)
{
    guint most = MIN(g_get_num_processors(), WORKERS_MAX);
    guint count = CLAMP(writing->items->len / PARALLEL_ITEMS, 1, most) - 1, started = 0;
    pthread_t threads[WORKERS_MAX];

    while (started < count && pthread_create(&threads[started], NULL, work, writing) == 0)
        started++;
    work(writing);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* ---- the whole ---- */

static void add_items(const Application *application, GArray *items)
{
    GHashTableIter iterator;
    gpointer key, value;

    g_hash_table_iter_init(&iterator, application->changes);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const Change *change = value;
        Item item = {
            .change = change, .ref = change->ref, .old = change->old, .existed = change->existed};

        if (change->row)
            g_array_append_val(items, item);
    }
    g_hash_table_iter_init(&iterator, application->touched);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        Item item = {.ref = key, .existed = TRUE};

        if (!g_hash_table_contains(application->changes, key) &&
            snapshot_find(application->last, key, &item.old))
            g_array_append_val(items, item);
    }
}

void application_emit(Application *application, int64_t seq)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(Item));
    g_autoptr(GPtrArray) segments = g_ptr_array_new();
    Writing writing = {
        .application = application, .seq = seq, .items = items, .segments = segments};

    add_items(application, items);
    if (items->len > 0) {
        pthread_mutex_init(&writing.lock, NULL);
        work_on_all(&writing);
        pthread_mutex_destroy(&writing.lock);
    }
    /* Only now: what is only touched was to be found as it declared things until here. */
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);

        if (item->change && item->stands)
            draft_revive(&application->draft, item->old);
        else if (!item->change && !item->stands)
            draft_kill(&application->draft, item->old);
    }
    for (guint i = 0; i < segments->len; i++)
        draft_append(&application->draft, segments->pdata[i]);
}
