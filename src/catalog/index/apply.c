/* One change of the catalog: which documents it concerns, and the segment in which they stand anew.
 *
 * An entity concerns others through what it declares: when that changes, the targets get or lose
 * the other end. Those that declare something of an entity keep what they declare whether it is
 * there or not, so that they are not concerned. */
#include "catalog/index/internal.h"
#include <string.h>

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

/* ---- the whole ---- */

static void application_init(Application *application, const Snapshot *last)
{
    application->last = last;
    draft_init(&application->draft, last);
    application->arena = arena_new(G_MAXSIZE);
    application->changes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, change_free);
    application->touched = g_hash_table_new(g_str_hash, g_str_equal);
    application->incoming = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, array_free);
}

static void application_clear(Application *application)
{
    g_hash_table_unref(application->incoming);
    g_hash_table_unref(application->touched);
    g_hash_table_unref(application->changes);
    arena_free(application->arena);
    draft_clear(&application->draft);
}

/* Makes and publishes the next snapshot; with the write lock held. */
static void publish(Index *index, Application *application, int64_t seq)
{
    settle_changes(application);
    application_emit(application, seq);
    index_switch(index, draft_finish(&application->draft));
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
