/* One change of the catalog: which documents it concerns, and the segment in which they stand anew.
 *
 * An entity concerns others through what it declares: when that changes, the targets get or lose
 * the other end. Those that declare something of an entity keep what they declare whether it is
 * there or not, so that they are not concerned. */
#include "catalog/index_internal.h"
#include <string.h>

/* Scratch memory is given back once so much of it was used. */
#define SCRATCH_BYTES ((gsize)8 << 20)

typedef struct {
    const char *ref;
    const CatalogRow *row; /* NULL: it is removed */
    gboolean existed;
    EntityId old;
    GArray *before, *after; /* Relation, declared; NULL where it is not there */
} Change;

typedef struct {
    const Snapshot *last;
    Draft draft;
    Arena *arena, *scratch;
    GHashTable *changes;  /* ref → Change */
    GHashTable *touched;  /* refs that may get or lose the other end of a relation */
    GHashTable *incoming; /* ref → GArray of Relation: what changed entities declare of it */
    SegmentBuilder *builder;
} Application;

/* ---- what changes ---- */

static void change_free(void *data)
{
    Change *change = data;

    g_clear_pointer(&change->before, g_array_unref);
    g_clear_pointer(&change->after, g_array_unref);
    g_free(change);
}

static void array_free(void *data)
{
    g_array_unref(data);
}

static void add_change(Application *application, const char *ref, const CatalogRow *row)
{
    Change *change = g_hash_table_lookup(application->changes, ref);

    if (!change) {
        change = g_new0(Change, 1);
        change->ref = ref;
        change->existed = snapshot_find(application->last, ref, &change->old);
        if (change->existed)
            change->before =
                relations_declared(&application->draft, application->arena, change->old);
        g_hash_table_insert(application->changes, (gpointer)ref, change);
    }
    g_clear_pointer(&change->after, g_array_unref);
    change->row = row;
    change->after = row ? model_relations(application->arena, row->entity) : NULL;
    if (change->after)
        relations_settle(change->after);
}

static void add_incoming(Application *application, const Change *change)
{
    for (guint i = 0; change->after && i < change->after->len; i++) {
        const Relation *declared = &g_array_index(change->after, Relation, i);
        GArray *list = g_hash_table_lookup(application->incoming, declared->target);
        Relation relation = {
            .type = declared->inverse, .inverse = declared->type, .target = change->ref};

        if (!list) {
            list = g_array_new(FALSE, FALSE, sizeof(Relation));
            g_hash_table_insert(application->incoming, (gpointer)declared->target, list);
        }
        g_array_append_val(list, relation);
    }
}

/* Takes what is old out of the draft, and finds whom the change concerns. */
static void settle_changes(Application *application)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, application->changes);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const Change *change = value;

        if (change->existed)
            draft_kill(&application->draft, change->old);
        add_incoming(application, change);
        relations_add_difference(change->before, change->after, application->touched);
    }
}

/* ---- what stands anew ---- */

static Arena *scratch(Application *application)
{
    if (arena_used(application->scratch) > SCRATCH_BYTES) {
        arena_free(application->scratch);
        application->scratch = arena_new(G_MAXSIZE);
    }
    return application->scratch;
}

/* What it declares, and the other end of what is declared of it. */
static GArray *relations_of(Application *application, Arena *arena, const char *ref,
                            const GArray *declared)
{
    GArray *relations = g_array_new(FALSE, FALSE, sizeof(Relation));
    const GArray *changed = g_hash_table_lookup(application->incoming, ref);

    if (declared->len)
        g_array_append_vals(relations, declared->data, declared->len);
    relations_add_incoming(&application->draft, arena, ref, relations);
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
static gboolean stands(Application *application, Arena *arena, EntityId id,
                       const Document *document, const SegmentEntity *entity)
{
    const Segment *segment = draft_segment(&application->draft, id.segment);
    g_autoptr(GString) text = NULL;

    if (segment_text_length(segment, id.doc) != entity->text_length)
        return FALSE;
    text = g_string_sized_new(entity->text_length + 1);
    segment_text(segment, id.doc, text);
    return memcmp(text->str, entity->text, text->len) == 0 &&
           has_facts(segment, arena, id.doc, document);
}

static void emit_change(Application *application, const Change *change)
{
    Arena *arena = scratch(application);
    const CatalogRow *row = change->row;
    g_autoptr(GArray) relations = relations_of(application, arena, change->ref, change->after);
    Document document = {.ref = row->ref,
                         .uid = row->uid,
                         .parent = row->parent,
                         .location_id = row->location_id,
                         .source = row->source,
                         .entity = row->entity,
                         .status = row->status,
                         .declared = change->after,
                         .relations = relations};
    SegmentEntity entity = document_compose(arena, &document);

    if (change->existed && stands(application, arena, change->old, &document, &entity))
        draft_revive(&application->draft, change->old);
    else
        segment_builder_add(application->builder, &entity);
}

/* TRUE where it stands anew. */
static gboolean emit_touched(Application *application, const char *ref, EntityId id)
{
    Arena *arena = scratch(application);
    const Snapshot *last = application->last;
    g_autoptr(GArray) declared = relations_declared(&application->draft, arena, id);
    g_autoptr(GArray) relations = relations_of(application, arena, ref, declared);
    const Value *value = snapshot_value(last, arena, id);
    Document document = {.ref = ref,
                         .uid = snapshot_uid(last, id),
                         .parent = snapshot_fact(last, arena, id, FIELD_PARENT),
                         .location_id = snapshot_fact(last, arena, id, FIELD_LOCATION),
                         .source = snapshot_fact(last, arena, id, FIELD_SOURCE),
                         .entity = value,
                         .status = value_path(value, "status.items"),
                         .declared = declared,
                         .relations = relations};
    SegmentEntity entity;

    if (!value)
        return FALSE;
    entity = document_compose(arena, &document);
    if (stands(application, arena, id, &document, &entity))
        return FALSE;
    segment_builder_add(application->builder, &entity);
    return TRUE;
}

static void emit_all_touched(Application *application)
{
    g_autoptr(GArray) replaced = g_array_new(FALSE, FALSE, sizeof(EntityId));
    GHashTableIter iterator;
    gpointer ref;
    EntityId id;

    g_hash_table_iter_init(&iterator, application->touched);
    while (g_hash_table_iter_next(&iterator, &ref, NULL))
        if (!g_hash_table_contains(application->changes, ref) &&
            snapshot_find(application->last, ref, &id) && emit_touched(application, ref, id))
            g_array_append_val(replaced, id);
    /* Only now: what they declare was to be found until here. */
    for (guint i = 0; i < replaced->len; i++)
        draft_kill(&application->draft, g_array_index(replaced, EntityId, i));
}

static void emit_all(Application *application)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, application->changes);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        if (((const Change *)value)->row)
            emit_change(application, value);
    emit_all_touched(application);
}

/* ---- the whole ---- */

static void application_init(Application *application, const Snapshot *last)
{
    application->last = last;
    draft_init(&application->draft, last);
    application->arena = arena_new(G_MAXSIZE);
    application->scratch = arena_new(G_MAXSIZE);
    application->changes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, change_free);
    application->touched = g_hash_table_new(g_str_hash, g_str_equal);
    application->incoming = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, array_free);
    application->builder = segment_builder_new();
}

static void application_clear(Application *application)
{
    segment_builder_free(application->builder);
    g_hash_table_unref(application->incoming);
    g_hash_table_unref(application->touched);
    g_hash_table_unref(application->changes);
    arena_free(application->scratch);
    arena_free(application->arena);
    draft_clear(&application->draft);
}

/* The snapshot after the change. */
static Snapshot *carry_out(Application *application, int64_t seq)
{
    settle_changes(application);
    emit_all(application);
    if (segment_builder_count(application->builder) > 0)
        draft_append(&application->draft,
                     segment_builder_finish(application->builder, NULL, seq, NULL));
    return draft_finish(&application->draft);
}

/* Makes and publishes the next snapshot; with the write lock held. */
static void publish(Index *index, Application *application, int64_t seq)
{
    index_switch(index, carry_out(application, seq));
    application_clear(application);
}

static void advance(Index *index, int64_t seq)
{
    if (seq > atomic_load(&index->seq))
        atomic_store(&index->seq, seq);
}

/* Remembers what is applied ahead of the place in the log. */
static void remember(Index *index, const GHashTable *changes, int64_t seq)
{
    GHashTableIter iterator;
    gpointer ref;

    g_hash_table_iter_init(&iterator, (GHashTable *)changes);
    while (g_hash_table_iter_next(&iterator, &ref, NULL)) {
        int64_t *known = g_new(int64_t, 1);

        *known = seq;
        g_hash_table_replace(index->ahead, g_strdup(ref), known);
    }
    index->ahead_seq = MAX(index->ahead_seq, seq);
}

void index_apply(Index *index, const GPtrArray *rows, const GPtrArray *removed, int64_t seq)
{
    Application application = {0};

    pthread_mutex_lock(&index->write_lock);
    application_init(&application, index->current);
    for (guint i = 0; removed && i < removed->len; i++)
        add_change(&application, removed->pdata[i], NULL);
    for (guint i = 0; rows && i < rows->len; i++)
        add_change(&application, ((const CatalogRow *)rows->pdata[i])->ref, rows->pdata[i]);
    if (index->following)
        remember(index, application.changes, seq);
    else
        advance(index, seq);
    publish(index, &application, seq);
    pthread_mutex_unlock(&index->write_lock);
    background_wake(index->background);
}

void index_touch(Index *index, const GPtrArray *refs)
{
    Application application = {0};

    if (refs->len == 0)
        return;
    pthread_mutex_lock(&index->write_lock);
    application_init(&application, index->current);
    for (guint i = 0; i < refs->len; i++)
        g_hash_table_add(application.touched, refs->pdata[i]);
    publish(index, &application, index_seq(index));
    pthread_mutex_unlock(&index->write_lock);
    background_wake(index->background);
}

/* ---- the log ---- */

void index_set_following(Index *index)
{
    index->following = TRUE;
}

/* With the write lock held. */
static gboolean is_ahead(const Index *index, const char *ref, int64_t seq)
{
    const int64_t *known = g_hash_table_lookup(index->ahead, ref);

    return known && *known >= seq;
}

gboolean index_is_ahead(Index *index, const char *ref, int64_t seq)
{
    gboolean ahead;

    pthread_mutex_lock(&index->write_lock);
    ahead = is_ahead(index, ref, seq);
    pthread_mutex_unlock(&index->write_lock);
    return ahead;
}

void index_follow(Index *index, const IndexChange *changes, guint count, int64_t seq)
{
    Application application = {0};
    gboolean changed;

    pthread_mutex_lock(&index->write_lock);
    application_init(&application, index->current);
    for (guint i = 0; i < count; i++)
        /* Looked at again: a change may have been applied since its row was read. */
        if (!is_ahead(index, changes[i].ref, changes[i].seq))
            add_change(&application, changes[i].ref, changes[i].row);
    changed = g_hash_table_size(application.changes) > 0;
    if (changed)
        publish(index, &application, seq);
    else
        application_clear(&application);
    advance(index, seq);
    if (seq >= index->ahead_seq)
        g_hash_table_remove_all(index->ahead);
    pthread_mutex_unlock(&index->write_lock);
    if (changed)
        background_wake(index->background);
}
