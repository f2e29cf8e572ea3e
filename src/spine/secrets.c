#include "spine/secrets.h"

#include "spine/clock.h"
#include "spine/keys.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

/* A sealed value: version, id of the key-encryption key, the data key sealed by it, the bytes
 * sealed by the data key. Rotation writes the middle anew and leaves the end alone. */

enum {
    VERSION = 1,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    AT_KEY_ID = 1,
    AT_KEY_NONCE = AT_KEY_ID + KEY_ID_BYTES,
    AT_SEALED_KEY = AT_KEY_NONCE + NONCE,
    AT_NONCE = AT_SEALED_KEY + KEY_BYTES + TAG,
    AT_BYTES = AT_NONCE + NONCE,
};

static const char SQL_KEYS[] = "SELECT key_id FROM secret_key WHERE retired_at IS NULL";
static const char SQL_ADD_KEY[] = "INSERT INTO secret_key (key_id, created_at) VALUES ($1, $2)"
                                  " ON CONFLICT (key_id) DO UPDATE SET retired_at = NULL";
static const char SQL_RETIRE_KEYS[] =
    "UPDATE secret_key SET retired_at = $1 WHERE key_id <> $2 AND retired_at IS NULL";
static const char SQL_PUT[] =
    "INSERT INTO secret (scope, name, sealed, updated_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (scope, name) DO UPDATE SET sealed = $3, updated_at = $4";
static const char SQL_DELETE[] = "DELETE FROM secret WHERE scope = $1 AND name = $2";
static const char SQL_GET[] = "SELECT sealed FROM secret WHERE scope = $1 AND name = $2";
static const char SQL_SCOPE[] = "SELECT name, sealed FROM secret WHERE scope = $1 ORDER BY name";
static const char SQL_ALL[] = "SELECT scope, name, sealed FROM secret";
static const char SQL_RESEAL[] = "UPDATE secret SET sealed = $1 WHERE scope = $2 AND name = $3";

struct Secrets {
    Db *db;
    char *key_file;
    pthread_rwlock_t lock; /* guards keys */
    Keys *keys;
};

void secrets_free(Secrets *secrets)
{
    if (!secrets)
        return;
    pthread_rwlock_destroy(&secrets->lock);
    keys_free(secrets->keys);
    g_free(secrets->key_file);
    g_free(secrets);
}

/* ---- the envelope ---- */

static gboolean crypt_seal(guint8 *out, const void *bytes, gsize length, const char *context,
                           const guint8 *nonce, const guint8 *key)
{
    return crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, bytes, length,
                                                      (const guint8 *)context, strlen(context),
                                                      NULL, nonce, key) == 0;
}

static gboolean crypt_open(guint8 *out, const guint8 *sealed, gsize length, const char *context,
                           const guint8 *nonce, const guint8 *key)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, length,
                                                      (const guint8 *)context, strlen(context),
                                                      nonce, key) == 0;
}

static const char DATA_KEY_CONTEXT[] = "pave data key";

static void seal_data_key(guint8 *sealed, const Key *key, const guint8 *data_key)
{
    memcpy(sealed + AT_KEY_ID, key->id, KEY_ID_BYTES);
    randombytes_buf(sealed + AT_KEY_NONCE, NONCE);
    g_assert(crypt_seal(sealed + AT_SEALED_KEY, data_key, KEY_BYTES, DATA_KEY_CONTEXT,
                        sealed + AT_KEY_NONCE, key->bytes));
}

GBytes *secrets_seal(Secrets *secrets, const char *context, const void *bytes, gsize length,
                     GError **error)
{
    gsize size = AT_BYTES + length + TAG;
    guint8 *sealed = g_malloc(size);
    guint8 data_key[KEY_BYTES];

    sealed[0] = VERSION;
    randombytes_buf(data_key, sizeof(data_key));
    randombytes_buf(sealed + AT_NONCE, NONCE);
    pthread_rwlock_rdlock(&secrets->lock);
    seal_data_key(sealed, keys_current(secrets->keys), data_key);
    pthread_rwlock_unlock(&secrets->lock);
    g_assert(crypt_seal(sealed + AT_BYTES, bytes, length, context, sealed + AT_NONCE, data_key));
    sodium_memzero(data_key, sizeof(data_key));
    return g_bytes_new_take(sealed, size);
}

static gboolean reload_keys(Secrets *secrets, GError **error)
{
    Keys *keys = keys_load(secrets->key_file, FALSE, error);

    if (!keys)
        return FALSE;
    pthread_rwlock_wrlock(&secrets->lock);
    keys_free(secrets->keys);
    secrets->keys = keys;
    pthread_rwlock_unlock(&secrets->lock);
    return TRUE;
}

static gboolean has_key(Secrets *secrets, const guint8 *id)
{
    gboolean found;

    pthread_rwlock_rdlock(&secrets->lock);
    found = keys_find(secrets->keys, id) != NULL;
    pthread_rwlock_unlock(&secrets->lock);
    return found;
}

static gboolean open_data_key(Secrets *secrets, const guint8 *sealed, guint8 *data_key,
                              GError **error)
{
    const Key *key;
    gboolean opened;

    /* Another process may have rotated since the file was read. */
    if (!has_key(secrets, sealed + AT_KEY_ID) && !reload_keys(secrets, error))
        return FALSE;
    pthread_rwlock_rdlock(&secrets->lock);
    key = keys_find(secrets->keys, sealed + AT_KEY_ID);
    opened = key && crypt_open(data_key, sealed + AT_SEALED_KEY, KEY_BYTES + TAG, DATA_KEY_CONTEXT,
                               sealed + AT_KEY_NONCE, key->bytes);
    pthread_rwlock_unlock(&secrets->lock);
    if (!opened)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                    key ? "a secret is damaged" : "a secret is sealed by a key that is not there");
    return opened;
}

GBytes *secrets_unseal(Secrets *secrets, const char *context, GBytes *sealed, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(sealed, &size);
    guint8 data_key[KEY_BYTES];
    g_autofree guint8 *opened = NULL;
    gboolean fits;

    if (size < AT_BYTES + TAG || bytes[0] != VERSION) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "this is no sealed secret");
        return NULL;
    }
    if (!open_data_key(secrets, bytes, data_key, error))
        return NULL;
    opened = g_malloc(size - AT_BYTES);
    fits =
        crypt_open(opened, bytes + AT_BYTES, size - AT_BYTES, context, bytes + AT_NONCE, data_key);
    sodium_memzero(data_key, sizeof(data_key));
    if (!fits) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                    "a secret is damaged, or was moved from another place");
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&opened), size - AT_BYTES - TAG);
}

/* ---- opening ---- */

static gboolean check_keys(Secrets *secrets, GError **error)
{
    g_autoptr(DbRows) rows = db_query(db_reader(secrets->db), error, SQL_KEYS, "");

    while (rows && db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 0);
        guint8 id[KEY_ID_BYTES];
        size_t length = 0;

        sodium_hex2bin(id, sizeof(id), text, strlen(text), NULL, &length, NULL);
        if (length == KEY_ID_BYTES && keys_find(secrets->keys, id))
            continue;
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                    "the database is sealed by the key %s, which is not in %s: bring the right key"
                    " file, or secrets are lost",
                    text, g_getenv("PAVE_KEY") ? "PAVE_KEY" : secrets->key_file);
        return FALSE;
    }
    return rows && !db_rows_error(rows, error);
}

static gboolean add_current_key(DbConn *tx, void *data, GError **error)
{
    Secrets *secrets = data;
    g_autofree char *id = key_id_text(keys_current(secrets->keys));

    return db_exec(tx, error, SQL_ADD_KEY, "ti", id, clock_now_ms()) >= 0;
}

/* A new key never opens what an old one sealed: where there is such, none is made. */
static gboolean is_sealed(Db *db)
{
    g_autoptr(DbRows) rows = db_query(db_reader(db), NULL, SQL_KEYS, "");

    return rows && db_rows_next(rows);
}

Secrets *secrets_open(Db *db, const char *key_file, gboolean make, GError **error)
{
    g_autoptr(Secrets) secrets = g_new0(Secrets, 1);

    pthread_rwlock_init(&secrets->lock, NULL);
    secrets->db = db;
    secrets->key_file = g_strdup(key_file);
    secrets->keys = keys_load(key_file, make && !is_sealed(db), error);
    if (!secrets->keys || !check_keys(secrets, error) ||
        !db_write(db, add_current_key, secrets, NULL, error))
        return NULL;
    return g_steal_pointer(&secrets);
}

/* ---- named secrets ---- */

static char *context_of(const char *scope, const char *name)
{
    return g_strdup_printf("secret %" G_GSIZE_FORMAT " %s %s", strlen(scope), scope, name);
}

gboolean secrets_put(Secrets *secrets, DbConn *tx, const char *scope, const char *name,
                     const char *value, GError **error)
{
    g_autofree char *context = context_of(scope, name);
    g_autoptr(GBytes) sealed = NULL;

    if (!value)
        return db_exec(tx, error, SQL_DELETE, "tt", scope, name) >= 0;
    sealed = secrets_seal(secrets, context, value, strlen(value), error);
    return sealed && db_exec(tx, error, SQL_PUT, "ttbi", scope, name, sealed, clock_now_ms()) >= 0;
}

static char *open_text(Secrets *secrets, const char *scope, const char *name, GBytes *sealed,
                       GError **error)
{
    g_autofree char *context = context_of(scope, name);
    g_autoptr(GBytes) opened = secrets_unseal(secrets, context, sealed, error);
    gsize length;
    const char *bytes;

    if (!opened)
        return NULL;
    bytes = g_bytes_get_data(opened, &length);
    return g_strndup(bytes, length);
}

char *secrets_get(Secrets *secrets, DbConn *conn, const char *scope, const char *name,
                  GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_GET, "tt", scope, name);
    g_autoptr(GBytes) sealed = NULL;

    if (!rows)
        return NULL;
    if (!db_rows_next(rows)) {
        if (!db_rows_error(rows, error))
            g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no secret %s in %s", name,
                        scope);
        return NULL;
    }
    sealed = db_rows_blob(rows, 0);
    return open_text(secrets, scope, name, sealed, error);
}

GHashTable *secrets_of_scope(Secrets *secrets, DbConn *conn, const char *scope, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_SCOPE, "t", scope);
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    while (rows && db_rows_next(rows)) {
        const char *name = db_rows_text(rows, 0);
        g_autoptr(GBytes) sealed = db_rows_blob(rows, 1);
        char *value = open_text(secrets, scope, name, sealed, error);

        if (!value)
            return NULL;
        g_hash_table_insert(found, g_strdup(name), value);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&found);
}

/* ---- rotation ---- */

typedef struct {
    char *scope, *name;
    GBytes *sealed;
} Record;

static void record_clear(void *data)
{
    Record *record = data;

    g_free(record->scope);
    g_free(record->name);
    g_bytes_unref(record->sealed);
}

static GArray *all_records(DbConn *tx, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_ALL, "");
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(Record));

    g_array_set_clear_func(records, record_clear);
    while (rows && db_rows_next(rows)) {
        Record record = {g_strdup(db_rows_text(rows, 0)), g_strdup(db_rows_text(rows, 1)),
                         db_rows_blob(rows, 2)};

        g_array_append_val(records, record);
    }
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&records);
}

static gboolean reseal(Secrets *secrets, DbConn *tx, const Record *record, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(record->sealed, &size);
    g_autofree guint8 *copy = g_memdup2(bytes, size);
    g_autoptr(GBytes) sealed = NULL;
    guint8 data_key[KEY_BYTES];

    if (size < AT_BYTES + TAG || !open_data_key(secrets, copy, data_key, error))
        return FALSE;
    pthread_rwlock_rdlock(&secrets->lock);
    seal_data_key(copy, keys_current(secrets->keys), data_key);
    pthread_rwlock_unlock(&secrets->lock);
    sodium_memzero(data_key, sizeof(data_key));
    sealed = g_bytes_new_take(g_steal_pointer(&copy), size);
    return db_exec(tx, error, SQL_RESEAL, "btt", sealed, record->scope, record->name) >= 0;
}

static gboolean reseal_all(DbConn *tx, void *data, GError **error)
{
    Secrets *secrets = data;
    g_autofree char *id = key_id_text(keys_current(secrets->keys));
    g_autoptr(GArray) records = all_records(tx, error);

    if (!records)
        return FALSE;
    for (guint i = 0; i < records->len; i++)
        if (!reseal(secrets, tx, &g_array_index(records, Record, i), error))
            return FALSE;
    return add_current_key(tx, secrets, error) &&
           db_exec(tx, error, SQL_RETIRE_KEYS, "it", clock_now_ms(), id) >= 0;
}

/* The file first: a crash in between leaves a new key that seals nothing yet. */
gboolean secrets_rotate(Secrets *secrets, GError **error)
{
    return keys_add(secrets->key_file, error) && reload_keys(secrets, error) &&
           db_write(secrets->db, reseal_all, secrets, NULL, error);
}

char **secrets_key_ids(DbConn *conn, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_KEYS, "");

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        g_ptr_array_add(ids, g_strdup(db_rows_text(rows, 0)));
    if (db_rows_error(rows, error))
        return NULL;
    g_ptr_array_add(ids, NULL);
    return (char **)g_ptr_array_steal(ids, NULL);
}
