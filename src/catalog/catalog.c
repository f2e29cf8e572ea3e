#include "catalog/catalog_internal.h"
#include "catalog/index/changes.h"
#include "catalog/source/discovery.h"
#include "catalog/findings/findings.h"
#include "catalog/model/kinds.h"
#include <string.h>

Catalog *catalog_new(Db *db, Events *events, Jobs *jobs, Forge *forge, const Config *config,
                     GError **error)
{
    return catalog_open(db, events, jobs, forge, config, NULL, error);
}

Catalog *catalog_open(Db *db, Events *events, Jobs *jobs, Forge *forge, const Config *config,
                      const char *data_folder, GError **error)
{
    Catalog *catalog = g_new0(Catalog, 1);
    g_autofree char *folder = data_folder ? g_build_filename(data_folder, "catalog", NULL) : NULL;

    catalog->db = db;
    catalog->events = events;
    catalog->jobs = jobs;
    catalog->forge = forge;
    catalog->config = config;
    catalog->sources = sources_new(config);
    catalog->index = index_new(folder);
    catalog->memory = query_memory_new(QUERY_MEMORY_BYTES);
    catalog->commits = commits_new();
    if (!kinds_configure(config, error) || !follow_open(catalog, error)) {
        catalog_free(catalog);
        return NULL;
    }
    catalog->follower = follower_new(catalog);
    catalog->history = history_keeper_new(db, config);
    catalog->findings = findings_new();
    if (jobs) {
        refresh_register(catalog);
        discovery_register(catalog);
    }
    return catalog;
}

void catalog_free(Catalog *catalog)
{
    if (!catalog)
        return;
    follower_free(catalog->follower);
    history_keeper_free(catalog->history);
    query_memory_free(catalog->memory);
    findings_free(catalog->findings);
    index_free(catalog->index);
    sources_free(catalog->sources);
    commits_free(catalog->commits);
    g_free(catalog);
}

const Value *catalog_get(Catalog *catalog, Arena *arena, const char *ref, GError **error)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    EntityId id;

    if (snapshot_find(snapshot, text_fold(arena, ref), &id))
        return snapshot_value(snapshot, arena, id);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
    return NULL;
}

/* ---- owners and groups ---- */

/* Targets of the relations of one type. */
static void add_targets(const Snapshot *snapshot, Arena *arena, const char *ref, const char *key,
                        GPtrArray *targets)
{
    EntityId id;

    if (snapshot_find(snapshot, ref, &id))
        snapshot_add_values(snapshot, arena, id, key, targets);
}

const char *const *catalog_owners(Catalog *catalog, Arena *arena, const char *ref)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) targets = g_ptr_array_new();
    const char **owners;

    add_targets(snapshot, arena, text_fold(arena, ref), "relations.ownedby", targets);
    owners = arena_new0(arena, const char *, targets->len + 1);
    for (guint i = 0; i < targets->len; i++)
        owners[i] = targets->pdata[i];
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

    add_targets(snapshot, arena, text_fold(arena, user_ref), "relations.memberof", found);
    for (guint i = 0; i < found->len; i++) {
        const char *group = found->pdata[i];

        if (!g_hash_table_add(seen, (gpointer)group))
            continue;
        g_ptr_array_add(groups, g_strdup(group));
        add_targets(snapshot, arena, group, "relations.childof", found);
    }
    g_ptr_array_add(groups, NULL);
    return (char **)g_ptr_array_free(groups, FALSE);
}
