/* Repositories and the refs the log was told of. */
#include "forge/forge_internal.h"

#define COLUMNS                                                                                    \
    "id, owner, name, description, visibility, default_branch, protected_branches, state,"         \
    " intent_id, created_by, cause, seed_tree, created_at, archived_at"

static const char SQL_FIND[] = "SELECT " COLUMNS " FROM forge_repository WHERE name_key = $1";
static const char SQL_LIST[] =
    "SELECT " COLUMNS " FROM forge_repository WHERE state = $1 ORDER BY name_key";
static const char SQL_CLAIM[] =
    "INSERT INTO forge_repository (id, owner, name, description, visibility, default_branch,"
    " protected_branches, state, intent_id, created_by, cause, created_at, name_key)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'creating', $8, $9, $10, $11, $12)";
static const char SQL_READY[] =
    "UPDATE forge_repository SET state = 'ready' WHERE id = $1 AND state = 'creating'";
static const char SQL_RELEASE[] =
    "DELETE FROM forge_repository WHERE id = $1 AND state = 'creating'";
static const char SQL_MARK_REMOVED[] =
    "UPDATE forge_repository SET state = 'removed' WHERE id = $1";
static const char SQL_REMOVE[] = "DELETE FROM forge_repository WHERE id = $1";
static const char SQL_SET_ARCHIVED[] =
    "UPDATE forge_repository SET archived_at = $1, archived_by = $2 WHERE id = $3";
static const char SQL_SEED_TREE[] = "UPDATE forge_repository SET seed_tree = $2 WHERE id = $1";
static const char SQL_REFS[] = "SELECT name, target FROM forge_ref WHERE repository_id = $1";
static const char SQL_PUSHED_AT[] =
    "SELECT MAX(updated_at) FROM forge_ref WHERE repository_id = $1";
static const char SQL_REF_ADD[] =
    "INSERT INTO forge_ref (repository_id, name, target, updated_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (repository_id, name) DO NOTHING";
static const char SQL_REF_MOVE[] = "UPDATE forge_ref SET target = $4, updated_at = $5"
                                   " WHERE repository_id = $1 AND name = $2 AND target = $3";
static const char SQL_REF_REMOVE[] =
    "DELETE FROM forge_ref WHERE repository_id = $1 AND name = $2 AND target = $3";

void forge_repository_free(ForgeRepository *repository)
{
    if (!repository)
        return;
    g_free(repository->id);
    g_free(repository->owner);
    g_free(repository->name);
    g_free(repository->description);
    g_free(repository->visibility);
    g_free(repository->default_branch);
    g_free(repository->protected_branches);
    g_free(repository->state);
    g_free(repository->intent_id);
    g_free(repository->created_by);
    g_free(repository->cause);
    g_free(repository->seed_tree);
    g_free(repository);
}

/* Names are compared as GitHub does, without regard to case. */
static char *name_key(const char *owner, const char *name)
{
    g_autofree char *both = g_strconcat(owner, "/", name, NULL);

    return g_ascii_strdown(both, -1);
}

static ForgeRepository *read_row(DbRows *rows)
{
    ForgeRepository *repository = g_new0(ForgeRepository, 1);
    char **texts[] = {&repository->id,
                      &repository->owner,
                      &repository->name,
                      &repository->description,
                      &repository->visibility,
                      &repository->default_branch,
                      &repository->protected_branches,
                      &repository->state,
                      &repository->intent_id,
                      &repository->created_by,
                      &repository->cause,
                      &repository->seed_tree};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = g_strdup(db_rows_text(rows, (int)i));
    repository->created_at = db_rows_int(rows, G_N_ELEMENTS(texts));
    repository->archived_at = db_rows_int(rows, G_N_ELEMENTS(texts) + 1);
    return repository;
}

ForgeRepository *forge_store_find(DbConn *conn, const char *owner, const char *name, GError **error)
{
    g_autofree char *key = name_key(owner, name);
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND, "t", key);

    if (!rows)
        return NULL;
    if (db_rows_next(rows))
        return read_row(rows);
    db_rows_error(rows, error);
    return NULL;
}

GPtrArray *forge_store_list(DbConn *conn, const char *state, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LIST, "t", state);
    g_autoptr(GPtrArray) found =
        g_ptr_array_new_with_free_func((GDestroyNotify)forge_repository_free);

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        g_ptr_array_add(found, read_row(rows));
    if (db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

gboolean forge_store_claim(DbConn *tx, const ForgeRepository *repository, GError **error)
{
    g_autofree char *key = name_key(repository->owner, repository->name);

    return db_exec(tx, error, SQL_CLAIM, "ttttttttttit", repository->id, repository->owner,
                   repository->name, repository->description, repository->visibility,
                   repository->default_branch, repository->protected_branches,
                   repository->intent_id, repository->created_by, repository->cause,
                   repository->created_at, key) >= 0;
}

gboolean forge_store_ready(DbConn *tx, const char *id, gboolean *changed, GError **error)
{
    int64_t rows = db_exec(tx, error, SQL_READY, "t", id);

    *changed = rows > 0;
    return rows >= 0;
}

gboolean forge_store_release(DbConn *tx, const char *id, GError **error)
{
    return db_exec(tx, error, SQL_RELEASE, "t", id) >= 0;
}

gboolean forge_store_mark_removed(DbConn *tx, const char *id, GError **error)
{
    return db_exec(tx, error, SQL_MARK_REMOVED, "t", id) >= 0;
}

gboolean forge_store_remove(DbConn *tx, const char *id, GError **error)
{
    return db_exec(tx, error, SQL_REMOVE, "t", id) >= 0;
}

gboolean forge_store_set_archived(DbConn *tx, const char *id, int64_t at, const char *actor,
                                  GError **error)
{
    return db_exec(tx, error, SQL_SET_ARCHIVED, "itt", at, actor, id) >= 0;
}

gboolean forge_store_set_seed_tree(DbConn *tx, const char *id, const char *tree, GError **error)
{
    return db_exec(tx, error, SQL_SEED_TREE, "tt", id, tree) >= 0;
}

GHashTable *forge_store_refs(DbConn *conn, const char *repository_id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_REFS, "t", repository_id);
    g_autoptr(GHashTable) refs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        g_hash_table_insert(refs, g_strdup(db_rows_text(rows, 0)), g_strdup(db_rows_text(rows, 1)));
    if (db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&refs);
}

int64_t forge_store_move_ref(DbConn *tx, const char *repository_id, const char *name,
                             const char *before, const char *after, GError **error)
{
    if (!before)
        return db_exec(tx, error, SQL_REF_ADD, "ttti", repository_id, name, after, clock_now_ms());
    if (!after)
        return db_exec(tx, error, SQL_REF_REMOVE, "ttt", repository_id, name, before);
    return db_exec(tx, error, SQL_REF_MOVE, "tttti", repository_id, name, before, after,
                   clock_now_ms());
}

int64_t forge_store_pushed_at(DbConn *conn, const char *repository_id)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_PUSHED_AT, "t", repository_id);

    return rows && db_rows_next(rows) ? db_rows_int(rows, 0) : 0;
}
