#include "identity/identity_internal.h"

#define TOKEN_COLUMNS "id, hash, use, kind, ref, name, scopes, created_at, expires_at, last_used_at"

static const char SQL_FIND_TOKEN[] = "SELECT " TOKEN_COLUMNS " FROM identity_token WHERE hash = $1";
static const char SQL_ADD_TOKEN[] = "INSERT INTO identity_token (" TOKEN_COLUMNS ")"
                                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)";
static const char SQL_TOKENS_OF[] = "SELECT " TOKEN_COLUMNS " FROM identity_token"
                                    " WHERE ref = $1 AND use = 'token' AND expires_at > $2"
                                    " ORDER BY created_at DESC, id LIMIT 500";
static const char SQL_DELETE_TOKEN[] = "DELETE FROM identity_token WHERE id = $1 AND ref = $2"
                                       " AND use = 'token' RETURNING hash";
static const char SQL_DELETE_BY_HASH[] = "DELETE FROM identity_token WHERE hash = $1";
static const char SQL_DELETE_NAMED[] = "DELETE FROM identity_token WHERE ref = $1 AND name = $2"
                                       " RETURNING hash";
static const char SQL_DELETE_ALL[] = "DELETE FROM identity_token WHERE ref = $1 RETURNING hash";
static const char SQL_TOUCH[] = "UPDATE identity_token SET last_used_at = $2 WHERE hash = $1";
static const char SQL_DELETE_EXPIRED[] = "DELETE FROM identity_token WHERE expires_at <= $1";
static const char SQL_FIND_USER[] = "SELECT ref, name, display_name, email, password_hash"
                                    " FROM identity_user WHERE name = $1";
static const char SQL_FIND_USER_BY_REF[] = "SELECT ref, name, display_name, email, password_hash"
                                           " FROM identity_user WHERE ref = $1";
static const char SQL_PUT_USER[] =
    "INSERT INTO identity_user (ref, name, display_name, email, password_hash, created_at,"
    " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)"
    " ON CONFLICT (ref) DO UPDATE SET password_hash = excluded.password_hash,"
    " updated_at = excluded.updated_at";
static const char SQL_HAS_USERS[] = "SELECT 1 FROM identity_user LIMIT 1";

void token_row_free(TokenRow *row)
{
    if (!row)
        return;
    g_free(row->id);
    g_free(row->hash);
    g_free(row->use);
    g_free(row->kind);
    g_free(row->ref);
    g_free(row->name);
    g_free(row->scopes);
    g_free(row);
}

static TokenRow *read_token(DbRows *rows)
{
    TokenRow *row = g_new0(TokenRow, 1);

    row->id = g_strdup(db_rows_text(rows, 0));
    row->hash = g_strdup(db_rows_text(rows, 1));
    row->use = g_strdup(db_rows_text(rows, 2));
    row->kind = g_strdup(db_rows_text(rows, 3));
    row->ref = g_strdup(db_rows_text(rows, 4));
    row->name = g_strdup(db_rows_text(rows, 5));
    row->scopes = g_strdup(db_rows_text(rows, 6));
    row->created_at = db_rows_int(rows, 7);
    row->expires_at = db_rows_int(rows, 8);
    row->last_used_at = db_rows_int(rows, 9);
    return row;
}

TokenRow *store_find_token(DbConn *conn, const char *hash, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_FIND_TOKEN, "t", hash);

    if (!rows)
        return NULL;
    if (db_rows_next(rows))
        return read_token(rows);
    db_rows_error(rows, error);
    return NULL;
}

gboolean store_add_token(DbConn *tx, const TokenRow *row, GError **error)
{
    return db_exec(tx, error, SQL_ADD_TOKEN, "tttttttii", row->id, row->hash, row->use, row->kind,
                   row->ref, row->name, row->scopes, row->created_at, row->expires_at) >= 0;
}

GPtrArray *store_tokens_of(DbConn *conn, const char *ref, int64_t now, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_TOKENS_OF, "ti", ref, now);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)token_row_free);

    while (rows && db_rows_next(rows))
        g_ptr_array_add(found, read_token(rows));
    return !rows || db_rows_error(rows, error) ? NULL : g_steal_pointer(&found);
}

gboolean store_delete_token(DbConn *tx, const char *id, const char *ref, char **hash,
                            GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_DELETE_TOKEN, "tt", id, ref);

    if (!rows || !db_rows_next(rows)) {
        if (rows)
            db_rows_error(rows, error);
        return FALSE;
    }
    g_free(*hash);
    *hash = g_strdup(db_rows_text(rows, 0));
    return TRUE;
}

gboolean store_delete_by_hash(DbConn *tx, const char *hash, GError **error)
{
    return db_exec(tx, error, SQL_DELETE_BY_HASH, "t", hash) >= 0;
}

gboolean store_delete_named(DbConn *tx, const char *ref, const char *name, GPtrArray *hashes,
                            GError **error)
{
    g_autoptr(DbRows) rows = name ? db_query(tx, error, SQL_DELETE_NAMED, "tt", ref, name)
                                  : db_query(tx, error, SQL_DELETE_ALL, "t", ref);

    g_ptr_array_set_size(hashes, 0);
    while (rows && db_rows_next(rows))
        g_ptr_array_add(hashes, g_strdup(db_rows_text(rows, 0)));
    return rows && !db_rows_error(rows, error);
}

gboolean store_touch_token(DbConn *tx, const char *hash, int64_t used_at, GError **error)
{
    return db_exec(tx, error, SQL_TOUCH, "ti", hash, used_at) >= 0;
}

gboolean store_delete_expired(DbConn *tx, int64_t now, GError **error)
{
    return db_exec(tx, error, SQL_DELETE_EXPIRED, "i", now) >= 0;
}

void user_row_free(UserRow *row)
{
    if (!row)
        return;
    g_free(row->ref);
    g_free(row->name);
    g_free(row->display_name);
    g_free(row->email);
    g_free(row->password_hash);
    g_free(row);
}

static UserRow *find_user(DbConn *conn, const char *sql, const char *key, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, sql, "t", key);
    UserRow *row;

    if (!rows || !db_rows_next(rows)) {
        if (rows)
            db_rows_error(rows, error);
        return NULL;
    }
    row = g_new0(UserRow, 1);
    row->ref = g_strdup(db_rows_text(rows, 0));
    row->name = g_strdup(db_rows_text(rows, 1));
    row->display_name = g_strdup(db_rows_text(rows, 2));
    row->email = g_strdup(db_rows_text(rows, 3));
    row->password_hash = g_strdup(db_rows_text(rows, 4));
    return row;
}

UserRow *store_find_user(DbConn *conn, const char *name, GError **error)
{
    return find_user(conn, SQL_FIND_USER, name, error);
}

UserRow *store_find_user_by_ref(DbConn *conn, const char *ref, GError **error)
{
    return find_user(conn, SQL_FIND_USER_BY_REF, ref, error);
}

gboolean store_put_user(DbConn *tx, const UserRow *row, int64_t now, GError **error)
{
    return db_exec(tx, error, SQL_PUT_USER, "ttttti", row->ref, row->name, row->display_name,
                   row->email, row->password_hash, now) >= 0;
}

gboolean store_has_users(DbConn *conn)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_HAS_USERS, "");

    return rows && db_rows_next(rows);
}
