/* The catalog in memory: immutable snapshots of immutable entities.
 *
 * A change makes a new snapshot that shares every entity whose own row and relations stayed as they
 * were. Readers take the snapshot that is there and keep it as long as they need it. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A row of the table with what its spec declares. */
typedef struct {
    atomic_int references;
    Arena *arena;
    CatalogRow row;
    GArray *declared; /* Relation */
} Base;

typedef struct {
    CatalogEntity entity; /* first: readers see only this */
    atomic_int references;
    Arena *arena;
    Base *base;
    const char *relations; /* as text, to tell whether they changed */
} Entry;

struct Snapshot {
    atomic_int references;
    GPtrArray *entries; /* Entry, by uid */
    GHashTable *by_ref, *by_uid;
};

struct Index {
    pthread_mutex_t write_lock;  /* of bases, and for making the next snapshot */
    pthread_mutex_t switch_lock; /* held for the switch of a pointer only */
    GHashTable *bases;           /* ref → Base */
    Snapshot *current;
};

/* ---- bases ---- */

static void base_unref(void *data)
{
    Base *base = data;

    if (atomic_fetch_sub(&base->references, 1) != 1)
        return;
    g_array_unref(base->declared);
    arena_free(base->arena);
    g_free(base);
}

static Base *base_ref(Base *base)
{
    atomic_fetch_add(&base->references, 1);
    return base;
}

static Base *base_new(const CatalogRow *row)
{
    Base *base = g_new0(Base, 1);
    Arena *arena = base->arena = arena_new(G_MAXSIZE);

    base->references = 1;
    base->row = (CatalogRow){.ref = arena_strdup(arena, row->ref),
                             .uid = arena_strdup(arena, row->uid),
                             .parent = arena_strdup(arena, row->parent),
                             .location_id = arena_strdup(arena, row->location_id),
                             .source = arena_strdup(arena, row->source),
                             .entity = value_copy(arena, row->entity),
                             .status = value_copy(arena, row->status)};
    base->declared = model_relations(arena, base->row.entity);
    return base;
}

/* ---- entries ---- */

static void entry_unref(void *data)
{
    Entry *entry = data;

    if (atomic_fetch_sub(&entry->references, 1) != 1)
        return;
    base_unref(entry->base);
    arena_free(entry->arena);
    g_free(entry);
}

static Value *relations_value(Arena *arena, const GPtrArray *relations)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; relations && i < relations->len; i++) {
        const Relation *relation = relations->pdata[i];
        Value *item = value_object_new(arena);

        value_set_string(arena, item, "type", relation->type);
        value_set_string(arena, item, "targetRef", relation->target);
        value_append(arena, list, item);
    }
    return list;
}

static void set_identity(Arena *arena, Value *entity, const char *uid, const char *etag)
{
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));

    value_set_string(arena, metadata, "uid", uid);
    value_set_string(arena, metadata, "etag", etag);
    value_set(arena, entity, "metadata", metadata);
}

/* The entity as clients see it; its etag is a digest of all the rest. */
static Value *compose(Arena *arena, const CatalogRow *row, const Value *relations)
{
    Value *entity = value_clone_shallow(arena, row->entity);
    g_autofree char *text = NULL, *etag = NULL;

    set_identity(arena, entity, row->uid, NULL);
    value_set(arena, entity, "relations", relations);
    if (value_count(row->status) > 0) {
        Value *status = value_object_new(arena);

        value_set(arena, status, "items", row->status);
        value_set(arena, entity, "status", status);
    }
    text = json_to_string(entity, JSON_SORT_KEYS);
    etag = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
    set_identity(arena, entity, row->uid, etag);
    return entity;
}

static Entry *entry_new(Base *base, const GPtrArray *relations, const char *relations_text)
{
    Entry *entry = g_new0(Entry, 1);
    Arena *arena = entry->arena = arena_new(G_MAXSIZE);
    CatalogEntity *entity = &entry->entity;

    entry->references = 1;
    entry->base = base_ref(base);
    entry->relations = arena_strdup(arena, relations_text);
    *entity =
        (CatalogEntity){.ref = base->row.ref,
                        .uid = base->row.uid,
                        .parent = base->row.parent,
                        .location_id = base->row.location_id,
                        .source = base->row.source,
                        .value = compose(arena, &base->row, relations_value(arena, relations))};
    entity->json = json_to_arena(arena, entity->value, JSON_COMPACT);
    entity->json_length = strlen(entity->json);
    entity->rows = entity_flatten(arena, entity->value, &entity->row_count);
    return entry;
}

/* ---- relations of all entities ---- */

static int compare_relations(gconstpointer a, gconstpointer b)
{
    const Relation *x = *(const Relation *const *)a, *y = *(const Relation *const *)b;
    int order = strcmp(x->type, y->type);

    return order ? order : strcmp(x->target, y->target);
}

static void sort_and_deduplicate(GPtrArray *relations)
{
    guint kept = 0;

    g_ptr_array_sort(relations, compare_relations);
    for (guint i = 0; i < relations->len; i++)
        if (kept == 0 || compare_relations(&relations->pdata[kept - 1], &relations->pdata[i]) != 0)
            relations->pdata[kept++] = relations->pdata[i];
    g_ptr_array_set_size(relations, (int)kept);
}

static void relate(Arena *arena, GHashTable *all, const char *ref, const char *type,
                   const char *target)
{
    GPtrArray *relations = g_hash_table_lookup(all, ref);
    Relation *relation = arena_new0(arena, Relation, 1);

    *relation = (Relation){.type = type, .target = target};
    if (!relations) {
        relations = g_ptr_array_new();
        g_hash_table_insert(all, (gpointer)ref, relations);
    }
    g_ptr_array_add(relations, relation);
}

/* ref → GPtrArray of Relation, both directions; what points at nothing stays on its source. */
static GHashTable *relate_all(Arena *arena, GHashTable *bases)
{
    GHashTable *all =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, bases);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const Base *base = value;

        for (guint i = 0; i < base->declared->len; i++) {
            const Relation *declared = &g_array_index(base->declared, Relation, i);
            const Base *target = g_hash_table_lookup(bases, declared->target);

            relate(arena, all, base->row.ref, declared->type, declared->target);
            if (target)
                relate(arena, all, target->row.ref, declared->inverse, base->row.ref);
        }
    }
    g_hash_table_iter_init(&iterator, all);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        sort_and_deduplicate(value);
    return all;
}

static const char *relations_text(Arena *arena, const GPtrArray *relations)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; relations && i < relations->len; i++) {
        const Relation *relation = relations->pdata[i];

        g_string_append_printf(text, "%s %s\n", relation->type, relation->target);
    }
    return arena_strndup(arena, text->str, text->len);
}

/* ---- snapshots ---- */

static Snapshot *snapshot_new(void)
{
    Snapshot *snapshot = g_new0(Snapshot, 1);

    snapshot->references = 1;
    snapshot->entries = g_ptr_array_new_with_free_func(entry_unref);
    snapshot->by_ref = g_hash_table_new(g_str_hash, g_str_equal);
    snapshot->by_uid = g_hash_table_new(g_str_hash, g_str_equal);
    return snapshot;
}

static Entry *find_entry(const Snapshot *snapshot, const char *ref)
{
    return snapshot ? g_hash_table_lookup(snapshot->by_ref, ref) : NULL;
}

/* The entry of base, shared with the last snapshot where nothing about it changed. */
static Entry *next_entry(const Snapshot *last, Base *base, const GPtrArray *relations, Arena *arena)
{
    const char *text = relations_text(arena, relations);
    Entry *entry = find_entry(last, base->row.ref);

    if (!entry || entry->base != base || !g_str_equal(entry->relations, text))
        return entry_new(base, relations, text);
    atomic_fetch_add(&entry->references, 1);
    return entry;
}

/* UUIDv7 ids sort by age. */
static int compare_uids(gconstpointer a, gconstpointer b)
{
    const Entry *x = *(const Entry *const *)a, *y = *(const Entry *const *)b;

    return strcmp(x->entity.uid, y->entity.uid);
}

static Snapshot *next_snapshot(Index *index)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GHashTable) relations = relate_all(arena, index->bases);
    Snapshot *snapshot = snapshot_new();
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, index->bases);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        Base *base = value;
        Entry *entry =
            next_entry(index->current, base, g_hash_table_lookup(relations, base->row.ref), arena);

        g_ptr_array_add(snapshot->entries, entry);
        g_hash_table_insert(snapshot->by_ref, (gpointer)entry->entity.ref, entry);
        g_hash_table_insert(snapshot->by_uid, (gpointer)entry->entity.uid, entry);
    }
    g_ptr_array_sort(snapshot->entries, compare_uids);
    return snapshot;
}

Snapshot *index_acquire(Index *index)
{
    Snapshot *snapshot;

    pthread_mutex_lock(&index->switch_lock);
    snapshot = index->current;
    atomic_fetch_add(&snapshot->references, 1);
    pthread_mutex_unlock(&index->switch_lock);
    return snapshot;
}

void snapshot_release(Snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) != 1)
        return;
    g_hash_table_unref(snapshot->by_ref);
    g_hash_table_unref(snapshot->by_uid);
    g_ptr_array_unref(snapshot->entries);
    g_free(snapshot);
}

guint snapshot_count(const Snapshot *snapshot)
{
    return snapshot->entries->len;
}

const CatalogEntity *snapshot_at(const Snapshot *snapshot, guint index)
{
    return &((const Entry *)snapshot->entries->pdata[index])->entity;
}

const CatalogEntity *snapshot_find(const Snapshot *snapshot, const char *ref)
{
    const Entry *entry = find_entry(snapshot, ref);

    return entry ? &entry->entity : NULL;
}

const CatalogEntity *snapshot_find_uid(const Snapshot *snapshot, const char *uid)
{
    const Entry *entry = g_hash_table_lookup(snapshot->by_uid, uid);

    return entry ? &entry->entity : NULL;
}

/* ---- the index ---- */

Index *index_new(void)
{
    Index *index = g_new0(Index, 1);

    pthread_mutex_init(&index->write_lock, NULL);
    pthread_mutex_init(&index->switch_lock, NULL);
    index->bases = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, base_unref);
    index->current = snapshot_new();
    return index;
}

void index_free(Index *index)
{
    if (!index)
        return;
    snapshot_release(index->current);
    g_hash_table_unref(index->bases);
    pthread_mutex_destroy(&index->write_lock);
    pthread_mutex_destroy(&index->switch_lock);
    g_free(index);
}

static void switch_to(Index *index, Snapshot *next)
{
    Snapshot *last;

    pthread_mutex_lock(&index->switch_lock);
    last = index->current;
    index->current = next;
    pthread_mutex_unlock(&index->switch_lock);
    snapshot_release(last);
}

void index_apply(Index *index, const GPtrArray *rows, const GPtrArray *removed)
{
    pthread_mutex_lock(&index->write_lock);
    for (guint i = 0; removed && i < removed->len; i++)
        g_hash_table_remove(index->bases, removed->pdata[i]);
    for (guint i = 0; rows && i < rows->len; i++) {
        Base *base = base_new(rows->pdata[i]);

        /* The key lives in the value, so that both are replaced. */
        g_hash_table_replace(index->bases, (gpointer)base->row.ref, base);
    }
    switch_to(index, next_snapshot(index));
    pthread_mutex_unlock(&index->write_lock);
}
