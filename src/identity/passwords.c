/* Passwords: argon2id, the same time for a name nobody has, and few tries. */
#include "identity/identity_internal.h"
#include "spine/clock.h"
#include <sodium.h>
#include <string.h>

#define TRIES_MAX 5
#define TRIES_PER_ADDRESS_MAX 50
#define TRIES_WINDOW_MS (5 * MINUTE_MS)
#define PASSWORD_BYTES_MAX 1024
#define PASSWORD_CHARACTERS_MIN 8

typedef struct {
    int count;
    int64_t since;
} Tries;

const ConfiguredUser *identity_configured_user(Identity *identity, const char *name,
                                               const char *ref)
{
    for (guint i = 0; i < identity->users->len; i++) {
        const ConfiguredUser *user = identity->users->pdata[i];

        if ((name && g_str_equal(user->name, name)) ||
            (ref && g_ascii_strcasecmp(user->ref, ref) == 0))
            return user;
    }
    return NULL;
}

/* Counts a try; the seconds to wait where there were too many. */
static int count_try(Identity *identity, const char *key, int most)
{
    int64_t now = clock_monotonic_ms();
    Tries *tries;
    int wait = 0;

    pthread_mutex_lock(&identity->lock);
    if (g_hash_table_size(identity->tries) > 100000)
        g_hash_table_remove_all(identity->tries);
    tries = g_hash_table_lookup(identity->tries, key);
    if (!tries) {
        tries = g_new0(Tries, 1);
        tries->since = now;
        g_hash_table_insert(identity->tries, g_strdup(key), tries);
    }
    if (now - tries->since > TRIES_WINDOW_MS)
        *tries = (Tries){0, now};
    if (tries->count >= most)
        wait = (int)((tries->since + TRIES_WINDOW_MS - now) / 1000) + 1;
    else
        tries->count++;
    pthread_mutex_unlock(&identity->lock);
    return wait;
}

static void forget_tries(Identity *identity, const char *key)
{
    pthread_mutex_lock(&identity->lock);
    g_hash_table_remove(identity->tries, key);
    pthread_mutex_unlock(&identity->lock);
}

static char *hash_password(Identity *identity, const char *password)
{
    char *hash = g_malloc0(crypto_pwhash_STRBYTES);
    int failed;

    pthread_mutex_lock(&identity->hashing);
    failed = crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                               crypto_pwhash_MEMLIMIT_INTERACTIVE);
    pthread_mutex_unlock(&identity->hashing);
    if (failed)
        g_clear_pointer(&hash, g_free);
    return hash;
}

static gboolean verify_hash(Identity *identity, const char *hash, const char *password)
{
    char whole[crypto_pwhash_STRBYTES] = {0}; /* libsodium may read to the end of its own size */
    gboolean good;

    if (strlen(hash) >= sizeof whole)
        return FALSE;
    memcpy(whole, hash, strlen(hash));
    pthread_mutex_lock(&identity->hashing);
    good = crypto_pwhash_str_verify(whole, password, strlen(password)) == 0;
    pthread_mutex_unlock(&identity->hashing);
    return good;
}

/* What the configuration has in clear is compared by keyed hashes, so that neither length nor
 * content show in the time. */
static gboolean same_password(const char *a, const char *b)
{
    unsigned char key[crypto_generichash_KEYBYTES], left[32], right[32];

    randombytes_buf(key, sizeof key);
    crypto_generichash(left, sizeof left, (const unsigned char *)a, strlen(a), key, sizeof key);
    crypto_generichash(right, sizeof right, (const unsigned char *)b, strlen(b), key, sizeof key);
    return sodium_memcmp(left, right, sizeof left) == 0;
}

/* Of no password: what a name nobody has is verified against. */
static const char NOBODYS_HASH[] = "$argon2id$v=19$m=65536,t=2,p=1$XWl3WfQOEqN+P9kYZagFiA$"
                                   "6RYE0ILJJqY2EEsUPZfPq+6WiY+w5Kl6UlghVlwicOc";

static char *match(Identity *identity, const char *name, const char *password, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(UserRow) row = store_find_user(db_reader(identity->db), name, &failure);
    const ConfiguredUser *user = identity_configured_user(identity, name, NULL);
    const char *hash = row ? row->password_hash : user ? user->password_hash : NULL;
    gboolean good;

    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    good = verify_hash(identity, hash ? hash : NOBODYS_HASH, password) && hash;
    if (!row && user && user->password)
        good = same_password(user->password, password);
    if (good)
        return g_strdup(row ? row->ref : user->ref);
    g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "The name or the password is wrong");
    return NULL;
}

char *identity_check_password(Identity *identity, const char *name, const char *password,
                              const char *address, int *wait_seconds, GError **error)
{
    g_autofree char *key = g_strdup_printf("%.100s|%s", name, address);
    char *ref;

    *wait_seconds = MAX(count_try(identity, key, TRIES_MAX),
                        count_try(identity, address, TRIES_PER_ADDRESS_MAX));
    if (*wait_seconds > 0) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "Too many tries; wait %d seconds",
                    *wait_seconds);
        return NULL;
    }
    if (strlen(password) > PASSWORD_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "The name or the password is wrong");
        return NULL;
    }
    ref = match(identity, name, password, error);
    if (ref)
        forget_tries(identity, key);
    return ref;
}

typedef struct {
    const UserRow *row;
    GPtrArray *hashes;
} Change;

static gboolean write_password(DbConn *tx, void *data, GError **error)
{
    const Change *change = data;

    identity_event(tx, "dev.pave.identity.password.changed", change->row->ref, change->row->ref);
    /* whoever knew the old one is signed out */
    return store_put_user(tx, change->row, clock_now_ms(), error) &&
           store_delete_named(tx, change->row->ref, NULL, change->hashes, error);
}

gboolean identity_set_password(Identity *identity, const char *user_ref, const char *password,
                               GError **error)
{
    const ConfiguredUser *user = identity_configured_user(identity, NULL, user_ref);
    const char *slash = strrchr(user_ref, '/');
    g_autofree char *hash = NULL;
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    UserRow row = {.ref = (char *)user_ref,
                   .name = user ? user->name : (char *)(slash ? slash + 1 : user_ref),
                   .display_name = user ? user->display_name : NULL,
                   .email = user ? user->email : NULL};
    Change change = {&row, hashes};

    if (g_utf8_strlen(password, -1) < PASSWORD_CHARACTERS_MIN ||
        strlen(password) > PASSWORD_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "A password has from %d to %d characters",
                    PASSWORD_CHARACTERS_MIN, PASSWORD_BYTES_MAX);
        return FALSE;
    }
    hash = hash_password(identity, password);
    if (!hash) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE,
                    "There is not enough memory to hash a password");
        return FALSE;
    }
    row.password_hash = hash;
    if (!db_write(identity->db, write_password, &change, NULL, error))
        return FALSE;
    for (guint i = 0; i < hashes->len; i++)
        identity_forget(identity, hashes->pdata[i]);
    return TRUE;
}
