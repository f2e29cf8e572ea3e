/* Repositories that templates made, and the templates they were made of. */
#include "formats/json.h"
#include "scaffolder/scaffolder_internal.h"

#define COLUMNS                                                                                    \
    "r.host, r.repository, r.provenance, r.template, r.version, r.kept, r.sources, r.inputs,"      \
    " r.latest, r.state, r.branch, r.branch_commit, r.pull_url, r.pull_state, r.to_version,"       \
    " r.to_kept, r.to_sources, r.to_inputs, r.behind, r.checked_at, r.pull_number, r.conflicts,"   \
    " r.created_at, r.updated_at"
/* What was undone is no repository of a template any more. */
#define ALIVE                                                                                      \
    " NOT EXISTS (SELECT 1 FROM provenance_effect e WHERE e.provenance = r.provenance"             \
    " AND e.kind = 'repository' AND e.ref = r.repository AND e.undone_at > 0)"
#define WANTED                                                                                     \
    " (r.template = $1 OR $1 = '') AND (r.repository = $2 OR $2 = '') AND" ALIVE

static const char SQL_FIND[] = "SELECT " COLUMNS " FROM scaffolder_repository r"
                               " WHERE r.repository = $1 AND (r.host = $2 OR $2 = '') AND" ALIVE
                               " ORDER BY r.created_at DESC LIMIT 1";
static const char SQL_FIND_PULLS[] = "SELECT " COLUMNS " FROM scaffolder_repository r"
                                     " WHERE r.repository = $1 AND r.pull_number = $2";
static const char SQL_LIST[] = "SELECT " COLUMNS " FROM scaffolder_repository r WHERE" WANTED
                               " AND (r.state = $3 OR $3 = '')"
                               " ORDER BY r.repository, r.host LIMIT $4 OFFSET $5";
static const char SQL_COUNT[] = "SELECT r.state, COUNT(*) FROM scaffolder_repository r WHERE" WANTED
                                " GROUP BY r.state";
static const char SQL_ADD[] =
    "INSERT INTO scaffolder_repository (host, repository, provenance, template, version, kept,"
    " sources, inputs, latest, state, behind, checked_at, conflicts, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $5, 'current', 0, $9, 0, $9, $9)"
    " ON CONFLICT (host, repository) DO UPDATE SET provenance = $3, template = $4, version = $5,"
    " kept = $6, sources = $7, inputs = $8, latest = $5, state = 'current', behind = 0,"
    " checked_at = $9, conflicts = 0, created_at = $9, updated_at = $9, branch = NULL,"
    " branch_commit = NULL, pull_number = NULL, pull_url = NULL, pull_state = NULL,"
    " to_version = NULL, to_kept = NULL, to_sources = NULL, to_inputs = NULL";
static const char SQL_SAVE[] =
    "UPDATE scaffolder_repository SET version = $3, kept = $4, sources = $5, inputs = $6,"
    " latest = $7, state = $8, branch = $9, branch_commit = $10, pull_url = $11, pull_state = $12,"
    " to_version = $13, to_kept = $14, to_sources = $15, to_inputs = $16, behind = $17,"
    " checked_at = $18, pull_number = $19, conflicts = $20, updated_at = $21"
    " WHERE host = $1 AND repository = $2";
static const char SQL_CHECKED[] =
    "UPDATE scaffolder_repository SET latest = $3, behind = $4, checked_at = $5,"
    " state = CASE WHEN state = 'open' THEN state ELSE $6 END"
    " WHERE host = $1 AND repository = $2 AND version = $7";
static const char SQL_STALE[] = "UPDATE scaffolder_repository SET checked_at = 0 WHERE"
                                " checked_at > 0 AND (template = $1 OR sources LIKE $2)";
static const char SQL_SET_SOURCES[] =
    "UPDATE scaffolder_repository SET sources = $2 WHERE provenance = $1";
static const char SQL_KEEP[] = "INSERT INTO template_kept (id, template, content, created_at)"
                               " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
static const char SQL_KEPT[] = "SELECT content FROM template_kept WHERE id = $1";
static const char SQL_SOURCES[] = "SELECT ref, detail FROM provenance_effect WHERE provenance = $1"
                                  " AND kind = 'source' ORDER BY ref";
static const char SQL_ENTITY[] = "SELECT ref FROM provenance_effect WHERE provenance = $1"
                                 " AND kind = 'entity' AND operation = 'create'"
                                 " ORDER BY created_at, position LIMIT 1";

/* ---- reading ---- */

static const Value *parsed(Arena *arena, const char *text)
{
    const Value *value = text ? json_parse(arena, text, -1, NULL) : NULL;

    return value ? value : value_object_new(arena);
}

static UpgradeRow *read_row(DbRows *rows, Arena *arena)
{
    UpgradeRow *row = arena_new0(arena, UpgradeRow, 1);
    const char *sources = NULL, *inputs = NULL, *to_sources = NULL, *to_inputs = NULL;
    const char **texts[] = {&row->host,     &row->repository, &row->provenance, &row->template,
                            &row->at.version, &row->at.kept,  &sources,         &inputs,
                            &row->latest,   &row->state,      &row->branch,     &row->branch_commit,
                            &row->pull_url, &row->pull_state, &row->to.version, &row->to.kept,
                            &to_sources,    &to_inputs};
    int64_t *numbers[] = {&row->behind,    &row->checked_at, &row->pull_number,
                          &row->conflicts, &row->created_at, &row->updated_at};
    int column = 0;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++, column++) {
        const char *text = db_rows_text(rows, column);

        *texts[i] = text ? arena_strdup(arena, text) : NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++, column++)
        *numbers[i] = db_rows_int(rows, column);
    row->at.sources = parsed(arena, sources);
    row->at.inputs = parsed(arena, inputs);
    row->to.sources = parsed(arena, to_sources);
    row->to.inputs = parsed(arena, to_inputs);
    return row;
}

static UpgradeRow *first(DbRows *rows, Arena *arena, GError **error)
{
    if (rows && db_rows_next(rows))
        return read_row(rows, arena);
    if (rows)
        db_rows_error(rows, error);
    return NULL;
}

static GPtrArray *all(DbRows *rows, Arena *arena, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(found, read_row(rows, arena));
    return rows && !db_rows_error(rows, error) ? g_steal_pointer(&found) : NULL;
}

UpgradeRow *upgrade_store_find(DbConn *conn, Arena *arena, const char *host,
                               const char *repository, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND, "tt", repository, host ? host : "");

    return first(rows, arena, error);
}

GPtrArray *upgrade_store_find_pulls(DbConn *conn, Arena *arena, const char *repository,
                                    int64_t number, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND_PULLS, "ti", repository, number);

    return all(rows, arena, error);
}

GPtrArray *upgrade_store_list(DbConn *conn, Arena *arena, const char *template,
                              const char *repository, const char *state, guint limit,
                              guint offset, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_LIST, "tttii", template ? template : "",
                 repository ? repository : "", state ? state : "", (int64_t)limit, (int64_t)offset);

    return all(rows, arena, error);
}

gboolean upgrade_store_count(DbConn *conn, Arena *arena, const char *template,
                             const char *repository, Value *counts, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COUNT, "tt", template ? template : "",
                                      repository ? repository : "");

    while (rows && db_rows_next(rows))
        value_set_int(arena, counts, db_rows_text(rows, 0), db_rows_int(rows, 1));
    return rows && !db_rows_error(rows, error);
}

const Value *upgrade_store_kept(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_KEPT, "t", id);

    if (rows && db_rows_next(rows))
        return parsed(arena, db_rows_text(rows, 0));
    if (rows && !db_rows_error(rows, error))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "the template %s is not kept", id);
    return NULL;
}

const Value *upgrade_store_sources(DbConn *conn, Arena *arena, const char *provenance,
                                   GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_SOURCES, "t", provenance);
    Value *sources = value_object_new(arena);

    while (rows && db_rows_next(rows)) {
        const Value *detail = parsed(arena, db_rows_text(rows, 1));
        const char *tree = value_path_string(detail, "tree", NULL);
        bool file = value_bool(value_get(detail, "file"), false);

        if (tree)
            value_set_string(
                arena, sources,
                arena_printf(arena, "%s%s", file ? UPGRADE_FILE : "", db_rows_text(rows, 0)), tree);
    }
    return rows && !db_rows_error(rows, error) ? sources : NULL;
}

const char *upgrade_store_entity(DbConn *conn, Arena *arena, const char *provenance)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_ENTITY, "t", provenance);

    return rows && db_rows_next(rows) ? arena_strdup(arena, db_rows_text(rows, 0)) : NULL;
}

/* ---- writing ---- */

static char *text_of(const Value *value)
{
    return value ? json_to_string(value, JSON_COMPACT) : g_strdup("{}");
}

gboolean upgrade_store_add(DbConn *tx, const UpgradeRow *row, GError **error)
{
    g_autofree char *sources = text_of(row->at.sources), *inputs = text_of(row->at.inputs);

    return db_exec(tx, error, SQL_ADD, "tttttttti", row->host, row->repository, row->provenance,
                   row->template, row->at.version, row->at.kept, sources, inputs,
                   row->created_at) >= 0;
}

gboolean upgrade_store_set_sources(DbConn *tx, const char *provenance, const Value *sources,
                                   GError **error)
{
    g_autofree char *text = text_of(sources);

    return db_exec(tx, error, SQL_SET_SOURCES, "tt", provenance, text) >= 0;
}

gboolean upgrade_store_save(DbConn *tx, const UpgradeRow *row, GError **error)
{
    g_autofree char *sources = text_of(row->at.sources), *inputs = text_of(row->at.inputs);
    g_autofree char *to_sources = text_of(row->to.sources), *to_inputs = text_of(row->to.inputs);

    return db_exec(tx, error, SQL_SAVE, "ttttttttttttttttiiiii", row->host, row->repository,
                   row->at.version, row->at.kept, sources, inputs, row->latest, row->state,
                   row->branch, row->branch_commit, row->pull_url, row->pull_state,
                   row->to.version, row->to.kept, row->to.version ? to_sources : NULL,
                   row->to.version ? to_inputs : NULL, row->behind, row->checked_at,
                   row->pull_number, row->conflicts, row->updated_at) >= 0;
}

gboolean upgrade_store_checked(DbConn *tx, const UpgradeRow *row, GError **error)
{
    return db_exec(tx, error, SQL_CHECKED, "tttiitt", row->host, row->repository, row->latest,
                   row->behind, row->checked_at, row->state, row->at.version) >= 0;
}

int64_t upgrade_store_stale(DbConn *tx, const char *template, const char *like, GError **error)
{
    return db_exec(tx, error, SQL_STALE, "tt", template ? template : "", like ? like : "");
}

gboolean upgrade_store_keep(DbConn *tx, const char *id, const char *template, const char *content,
                            GError **error)
{
    return db_exec(tx, error, SQL_KEEP, "ttti", id, template, content, clock_now_ms()) >= 0;
}
