#include "catalog/catalog_internal.h"
#include <string.h>

static gboolean load(Catalog *catalog, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GPtrArray) rows = store_rows(db_reader(catalog->db), arena, NULL, error);

    if (!rows)
        return FALSE;
    index_apply(catalog->index, rows, NULL);
    return TRUE;
}

Catalog *catalog_new(Db *db, Events *events, Jobs *jobs, Forge *forge, const Config *config,
                     GError **error)
{
    Catalog *catalog = g_new0(Catalog, 1);

    catalog->db = db;
    catalog->events = events;
    catalog->jobs = jobs;
    catalog->forge = forge;
    catalog->config = config;
    catalog->index = index_new();
    catalog->sources = sources_new(config);
    pthread_mutex_init(&catalog->ingest_lock, NULL);
    if (!load(catalog, error)) {
        catalog_free(catalog);
        return NULL;
    }
    catalog->history = history_keeper_new(db, config);
    if (jobs)
        refresh_register(catalog);
    return catalog;
}

void catalog_free(Catalog *catalog)
{
    if (!catalog)
        return;
    history_keeper_free(catalog->history);
    index_free(catalog->index);
    sources_free(catalog->sources);
    pthread_mutex_destroy(&catalog->ingest_lock);
    g_free(catalog);
}

const Value *catalog_get(Catalog *catalog, Arena *arena, const char *ref, GError **error)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const CatalogEntity *entity = snapshot_find(snapshot, text_fold(arena, ref));

    if (entity)
        return value_copy(arena, entity->value);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
    return NULL;
}

/* ---- owners and groups ---- */

/* Targets of the relations of one type. */
static void add_targets(const CatalogEntity *entity, const char *key, GPtrArray *targets)
{
    guint count;
    const SearchRow *rows = entity ? entity_rows(entity, key, &count) : NULL;

    for (guint i = 0; rows && i < count; i++)
        if (rows[i].value)
            g_ptr_array_add(targets, (gpointer)rows[i].value);
}

const char *const *catalog_owners(Catalog *catalog, Arena *arena, const char *ref)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) targets = g_ptr_array_new();
    const char **owners;

    add_targets(snapshot_find(snapshot, text_fold(arena, ref)), "relations.ownedby", targets);
    owners = arena_new0(arena, const char *, targets->len + 1);
    for (guint i = 0; i < targets->len; i++)
        owners[i] = arena_strdup(arena, targets->pdata[i]);
    return owners;
}

/* Breadth first; a group may be its own ancestor in a file, and is visited once. */
char **catalog_groups_of(const char *user_ref, void *data)
{
    Catalog *catalog = data;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *groups = g_ptr_array_new();

    add_targets(snapshot_find(snapshot, text_fold(arena, user_ref)), "relations.memberof", found);
    for (guint i = 0; i < found->len; i++) {
        const char *group = found->pdata[i];

        if (!g_hash_table_add(seen, (gpointer)group))
            continue;
        g_ptr_array_add(groups, g_strdup(group));
        add_targets(snapshot_find(snapshot, group), "relations.childof", found);
    }
    g_ptr_array_add(groups, NULL);
    return (char **)g_ptr_array_free(groups, FALSE);
}
