/* Pull requests and their comments. */
#include "forge/pull.h"

#define COMMENTS_MAX 500

#define COLUMNS                                                                                    \
    "repository_id, number, title, body, state, author, head, base, head_commit, base_commit,"     \
    " merge_commit, merged_by, labels, cause, created_at, updated_at, closed_at"

static const char SQL_NEXT[] =
    "SELECT COALESCE(MAX(number), 0) + 1 FROM forge_pull WHERE repository_id = $1";
static const char SQL_ADD[] =
    "INSERT INTO forge_pull (repository_id, number, title, body, state, author, head, base,"
    " head_commit, base_commit, labels, cause, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $12)";
static const char SQL_FIND[] =
    "SELECT " COLUMNS " FROM forge_pull WHERE repository_id = $1 AND number = $2";
static const char SQL_FIND_OPEN[] =
    "SELECT " COLUMNS " FROM forge_pull WHERE repository_id = $1 AND head = $2 AND state = 'open'"
    " ORDER BY number DESC LIMIT 1";
static const char SQL_LIST[] =
    "SELECT " COLUMNS " FROM forge_pull WHERE repository_id = $1 AND (state = $2 OR $2 = 'all')"
    " ORDER BY number DESC LIMIT $3";
static const char SQL_COUNT[] = "SELECT COUNT(*) FROM forge_pull WHERE repository_id = $1 AND"
                                " (state = $2 OR $2 = 'all')";
static const char SQL_SAVE[] =
    "UPDATE forge_pull SET title = $4, body = $5, state = $6, head_commit = $7, base_commit = $8,"
    " merge_commit = $9, merged_by = $10, updated_at = $11, closed_at = $12"
    " WHERE repository_id = $1 AND number = $2 AND state = $3";
static const char SQL_WORD[] = "UPDATE forge_pull SET title = $4, body = $5, updated_at = $6"
                               " WHERE repository_id = $1 AND number = $2 AND state = $3";
static const char SQL_INTEND[] = "UPDATE forge_pull SET merge_commit = $3"
                                 " WHERE repository_id = $1 AND number = $2 AND state = 'open'";
static const char SQL_ADD_COMMENT[] =
    "INSERT INTO forge_pull_comment (id, repository_id, number, author, body, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
static const char SQL_COMMENTS[] =
    "SELECT id, author, body, created_at FROM forge_pull_comment WHERE repository_id = $1"
    " AND number = $2 ORDER BY id LIMIT $3";

static PullRow *read_row(DbRows *rows, Arena *arena)
{
    PullRow *row = arena_new0(arena, PullRow, 1);
    const char **texts[] = {&row->title,        &row->body,        &row->state,
                            &row->author,       &row->head,        &row->base,
                            &row->head_commit,  &row->base_commit, &row->merge_commit,
                            &row->merged_by,    &row->labels,      &row->cause};
    int column = 2;

    row->repository_id = arena_strdup(arena, db_rows_text(rows, 0));
    row->number = db_rows_int(rows, 1);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++, column++) {
        const char *text = db_rows_text(rows, column);

        *texts[i] = text ? arena_strdup(arena, text) : NULL;
    }
    row->created_at = db_rows_int(rows, column);
    row->updated_at = db_rows_int(rows, column + 1);
    row->closed_at = db_rows_int(rows, column + 2);
    return row;
}

gboolean pull_store_add(DbConn *tx, PullRow *row, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_NEXT, "t", row->repository_id);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    row->number = db_rows_int(rows, 0);
    g_clear_pointer(&rows, db_rows_free);
    return db_exec(tx, error, SQL_ADD, "tittttttttti", row->repository_id, row->number, row->title,
                   row->body, row->author, row->head, row->base, row->head_commit,
                   row->base_commit, row->labels, row->cause, row->created_at) >= 0;
}

const PullRow *pull_store_find(DbConn *conn, Arena *arena, const char *repository_id,
                               int64_t number, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND, "ti", repository_id, number);

    if (rows && db_rows_next(rows))
        return read_row(rows, arena);
    if (rows)
        db_rows_error(rows, error);
    return NULL;
}

const PullRow *pull_store_find_open(DbConn *conn, Arena *arena, const char *repository_id,
                                    const char *head, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND_OPEN, "tt", repository_id, head);

    if (rows && db_rows_next(rows))
        return read_row(rows, arena);
    if (rows)
        db_rows_error(rows, error);
    return NULL;
}

static gboolean count(DbConn *conn, const char *repository_id, const char *state, int64_t *total,
                      GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COUNT, "tt", repository_id, state);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    *total = db_rows_int(rows, 0);
    return TRUE;
}

GPtrArray *pull_store_list(DbConn *conn, Arena *arena, const char *repository_id,
                           const char *state, guint limit, int64_t *total, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(DbRows) rows = NULL;

    state = state ? state : "all";
    if (total && !count(conn, repository_id, state, total, error))
        return NULL;
    rows = db_query(conn, error, SQL_LIST, "tti", repository_id, state, (int64_t)limit);
    while (rows && db_rows_next(rows))
        g_ptr_array_add(found, read_row(rows, arena));
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

int64_t pull_store_save(DbConn *tx, const PullRow *row, const char *from, GError **error)
{
    return db_exec(tx, error, SQL_SAVE, "tittttttttii", row->repository_id, row->number, from,
                   row->title, row->body, row->state, row->head_commit, row->base_commit,
                   row->merge_commit, row->merged_by, row->updated_at, row->closed_at);
}

int64_t pull_store_word(DbConn *tx, const PullRow *row, GError **error)
{
    return db_exec(tx, error, SQL_WORD, "tittti", row->repository_id, row->number, row->state,
                   row->title, row->body, row->updated_at);
}

gboolean pull_store_intend(DbConn *tx, const PullRow *row, GError **error)
{
    return db_exec(tx, error, SQL_INTEND, "tit", row->repository_id, row->number,
                   row->merge_commit) >= 0;
}

gboolean pull_store_add_comment(DbConn *tx, const char *id, const PullRow *row, const char *author,
                                const char *body, int64_t now, GError **error)
{
    return db_exec(tx, error, SQL_ADD_COMMENT, "ttitti", id, row->repository_id, row->number,
                   author, body, now) >= 0;
}

Value *pull_comment_value(Arena *arena, const char *id, const char *author, const char *body,
                          int64_t created_at)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", id);
    value_set_string(arena, value, "author", author);
    value_set_string(arena, value, "body", body);
    value_set(arena, value, "createdAt", clock_value(arena, created_at));
    return value;
}

const Value *pull_store_comments(DbConn *conn, Arena *arena, const PullRow *row, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COMMENTS, "tii", row->repository_id,
                                      row->number, (int64_t)COMMENTS_MAX);
    Value *items = value_array_new(arena);

    while (rows && db_rows_next(rows))
        value_append(arena, items,
                     pull_comment_value(arena, db_rows_text(rows, 0), db_rows_text(rows, 1),
                                        db_rows_text(rows, 2), db_rows_int(rows, 3)));
    return rows && !db_rows_error(rows, error) ? items : NULL;
}
