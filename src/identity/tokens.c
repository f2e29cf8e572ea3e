/* Sessions and API tokens. Only the hash is kept; what was verified is remembered in memory, so
 * that a request costs a lookup and not a query. */
#include "identity/identity_internal.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#define TOKEN_BYTES 32
#define VERIFIED_MAX 50000
#define GROUPS_FRESH_MS 5000
#define CHECK_AGAIN_MS MINUTE_MS

static const char *const KIND_NAMES[] = {"user", "service", "job"};

char *token_hash(const char *token)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char *hex = g_malloc(2 * sizeof digest + 1);

    crypto_hash_sha256(digest, (const unsigned char *)token, strlen(token));
    return sodium_bin2hex(hex, 2 * sizeof digest + 1, digest, sizeof digest);
}

static char *scopes_to_json(const char *const *scopes)
{
    GString *out;

    if (!scopes)
        return NULL;
    out = g_string_new("[");
    for (guint i = 0; scopes[i]; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        json_write_string(out, scopes[i], strlen(scopes[i]));
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static char **scopes_from_json(const char *json)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *list = json ? json_parse(arena, json, -1, NULL) : NULL;
    char **scopes;

    if (!json)
        return NULL;
    scopes = g_new0(char *, value_count(list) + 1);
    for (guint i = 0; i < value_count(list); i++)
        scopes[i] = g_strdup(value_string(value_item(list, i), ""));
    return scopes;
}

char *token_make(TokenUse use, PrincipalKind kind, const char *ref, const char *name,
                 const char *const *scopes, int64_t lifetime_ms, TokenRow **row)
{
    unsigned char random[TOKEN_BYTES];
    char text[sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    TokenRow *made = g_new0(TokenRow, 1);
    char *token;

    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text, sizeof text, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    token = g_strconcat(TOKEN_PREFIX, text, NULL);
    made->id = clock_new_id();
    made->hash = token_hash(token);
    made->use = g_strdup(use == USE_SESSION ? "session" : "token");
    made->kind = g_strdup(KIND_NAMES[kind]);
    made->ref = g_strdup(ref);
    made->name = g_strdup(name);
    made->scopes = scopes_to_json(scopes);
    made->created_at = clock_now_ms();
    made->expires_at = made->created_at + lifetime_ms;
    sodium_memzero(random, sizeof random);
    sodium_memzero(text, sizeof text);
    *row = made;
    return token;
}

/* ---- writing ---- */

typedef struct {
    const TokenRow *row;
    const char *actor, *event_type;
} Add;

static gboolean write_token(DbConn *tx, void *data, GError **error)
{
    const Add *add = data;

    if (!store_add_token(tx, add->row, error))
        return FALSE;
    if (add->event_type)
        identity_event(tx, add->event_type, add->row->ref, add->actor);
    return TRUE;
}

gboolean identity_write_token(Identity *identity, const TokenRow *row, const char *actor,
                              const char *event_type, GError **error)
{
    Add add = {row, actor, event_type};

    return db_write(identity->db, write_token, &add, NULL, error);
}

char *identity_issue_token(Identity *identity, PrincipalKind kind, const char *ref,
                           const char *name, const char *const *scopes, int64_t ttl_ms,
                           GError **error)
{
    g_autoptr(TokenRow) row = NULL;
    g_autofree char *token = token_make(USE_TOKEN, kind, ref, name, scopes, ttl_ms, &row);
    /* a job gets a token with each run: its queue tells that already */
    const char *type = kind == PRINCIPAL_USER ? "dev.pave.identity.token.created" : NULL;

    return identity_write_token(identity, row, ref, type, error) ? g_steal_pointer(&token) : NULL;
}

typedef struct {
    const char *ref, *name;
    GPtrArray *hashes;
} Revoke;

static gboolean delete_named(DbConn *tx, void *data, GError **error)
{
    const Revoke *revoke = data;

    return store_delete_named(tx, revoke->ref, revoke->name, revoke->hashes, error);
}

gboolean identity_revoke_tokens(Identity *identity, const char *ref, const char *name,
                                GError **error)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    Revoke revoke = {ref, name, hashes};

    if (!db_write(identity->db, delete_named, &revoke, NULL, error))
        return FALSE;
    for (guint i = 0; i < hashes->len; i++)
        identity_forget(identity, hashes->pdata[i]);
    return TRUE;
}

/* ---- verifying ---- */

void verified_free(void *data)
{
    Verified *verified = data;

    g_free(verified->hash);
    g_free(verified->ref);
    g_strfreev(verified->scopes);
    principal_unref(verified->principal);
    g_free(verified);
}

void identity_forget(Identity *identity, const char *hash)
{
    pthread_mutex_lock(&identity->lock);
    g_hash_table_remove(identity->verified, hash);
    pthread_mutex_unlock(&identity->lock);
}

static PrincipalKind kind_of(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(KIND_NAMES); i++)
        if (g_strcmp0(name, KIND_NAMES[i]) == 0)
            return (PrincipalKind)i;
    return PRINCIPAL_JOB;
}

char **identity_groups_of(Identity *identity, const char *ref)
{
    char **groups = identity->groups ? identity->groups(ref, identity->groups_data) : NULL;

    return groups ? groups : g_new0(char *, 1);
}

const char *const *identity_roles(Identity *identity, const char *ref, const char *const *groups)
{
    static const char *const admin[] = {"admin", NULL}, *const developer[] = {"developer", NULL};

    for (guint i = 0; identity->admins[i]; i++) {
        if (g_ascii_strcasecmp(identity->admins[i], ref) == 0)
            return admin;
        for (guint j = 0; groups[j]; j++)
            if (g_ascii_strcasecmp(identity->admins[i], groups[j]) == 0)
                return admin;
    }
    return developer;
}

/* NULL for a job that has ended. */
static Principal *make_job(Identity *identity, const char *ref, const char *const *scopes)
{
    const char *id = g_str_has_prefix(ref, "job:") ? ref + strlen("job:") : ref;
    g_auto(GStrv) about = identity->jobs(id, identity->jobs_data);

    return about ? principal_new(PRINCIPAL_JOB, ref, (const char *const *)about, NULL, scopes)
                 : NULL;
}

static Principal *make_principal(Identity *identity, PrincipalKind kind, const char *ref,
                                 const char *const *scopes)
{
    g_auto(GStrv) groups = NULL;

    if (kind == PRINCIPAL_JOB && identity->jobs)
        return make_job(identity, ref, scopes);
    if (kind != PRINCIPAL_USER)
        return principal_new(kind, ref, NULL, NULL, scopes);
    groups = identity_groups_of(identity, ref);
    return principal_new(kind, ref, (const char *const *)groups,
                         identity_roles(identity, ref, (const char *const *)groups), scopes);
}

Principal *identity_principal_of(Identity *identity, const char *user_ref)
{
    return make_principal(identity, PRINCIPAL_USER, user_ref, NULL);
}

static Verified *verified_from_row(Identity *identity, const TokenRow *row, int64_t now)
{
    Verified *verified = g_new0(Verified, 1);

    verified->hash = g_strdup(row->hash);
    verified->use = g_str_equal(row->use, "session") ? USE_SESSION : USE_TOKEN;
    verified->kind = kind_of(row->kind);
    verified->ref = g_strdup(row->ref);
    verified->scopes = scopes_from_json(row->scopes);
    verified->principal = make_principal(identity, verified->kind, verified->ref,
                                         (const char *const *)verified->scopes);
    verified->expires_at = row->expires_at;
    verified->groups_at = verified->checked_at = now;
    verified->used_at = row->last_used_at;
    return verified;
}

/* What is remembered of hash, if that is fresh enough; a new reference. */
static Principal *recall(Identity *identity, const char *hash, int64_t now, TokenUse *use,
                         gboolean *stale_groups)
{
    Principal *principal = NULL;
    Verified *verified;

    pthread_mutex_lock(&identity->lock);
    verified = g_hash_table_lookup(identity->verified, hash);
    if (verified && verified->expires_at > now && now - verified->checked_at < CHECK_AGAIN_MS) {
        *stale_groups =
            verified->kind != PRINCIPAL_SERVICE && now - verified->groups_at >= GROUPS_FRESH_MS;
        *use = verified->use;
        verified->used_at = now;
        verified->used_since_written = TRUE;
        principal = principal_ref(verified->principal);
    }
    pthread_mutex_unlock(&identity->lock);
    return principal;
}

static Principal *job_has_ended(GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "The job of this token has ended");
    return NULL;
}

static Principal *renew_groups(Identity *identity, const char *hash, Principal *old, int64_t now,
                               GError **error)
{
    Principal *fresh =
        make_principal(identity, principal_kind(old), principal_name(old), principal_scopes(old));
    Verified *verified;

    if (!fresh) {
        principal_unref(old);
        identity_forget(identity, hash);
        return job_has_ended(error);
    }
    pthread_mutex_lock(&identity->lock);
    verified = g_hash_table_lookup(identity->verified, hash);
    if (verified) {
        principal_unref(verified->principal);
        verified->principal = principal_ref(fresh);
        verified->groups_at = now;
    }
    pthread_mutex_unlock(&identity->lock);
    principal_unref(old);
    return fresh;
}

static Principal *remember(Identity *identity, Verified *verified, int64_t now)
{
    Principal *principal = principal_ref(verified->principal);

    pthread_mutex_lock(&identity->lock);
    if (g_hash_table_size(identity->verified) >= VERIFIED_MAX)
        g_hash_table_remove_all(identity->verified);
    verified->used_at = now;
    verified->used_since_written = TRUE;
    g_hash_table_replace(identity->verified, verified->hash, verified);
    pthread_mutex_unlock(&identity->lock);
    return principal;
}

#define MEMO_SLOTS 64

/* What the hash of a token is, for the tokens a thread saw of late: SHA-256 takes longer than all
 * else that is done to authenticate a request. They are known by a keyed digest, so that no token
 * lies in memory. */
typedef struct {
    unsigned char digest[crypto_shorthash_siphashx24_BYTES];
    char hash[2 * crypto_hash_sha256_BYTES + 1];
} HashMemo;

static unsigned char memo_key[crypto_shorthash_siphashx24_KEYBYTES];
static pthread_once_t memo_once = PTHREAD_ONCE_INIT;

static void make_memo_key(void)
{
    randombytes_buf(memo_key, sizeof memo_key);
}

static const char *remembered_hash(const char *token)
{
    static _Thread_local HashMemo memos[MEMO_SLOTS];
    unsigned char digest[crypto_shorthash_siphashx24_BYTES];
    HashMemo *memo;

    pthread_once(&memo_once, make_memo_key);
    crypto_shorthash_siphashx24(digest, (const unsigned char *)token, strlen(token), memo_key);
    memo = &memos[digest[0] % MEMO_SLOTS];
    if (!memo->hash[0] || memcmp(memo->digest, digest, sizeof digest) != 0) {
        g_autofree char *hash = token_hash(token);

        memcpy(memo->digest, digest, sizeof digest);
        g_strlcpy(memo->hash, hash, sizeof memo->hash);
    }
    return memo->hash;
}

Principal *identity_verify(Identity *identity, const char *token, TokenUse *use, GError **error)
{
    const char *hash = remembered_hash(token);
    g_autoptr(TokenRow) row = NULL;
    g_autoptr(GError) failure = NULL;
    int64_t now = clock_now_ms();
    gboolean stale_groups;
    Principal *known = recall(identity, hash, now, use, &stale_groups);
    Verified *verified;

    if (known)
        return stale_groups ? renew_groups(identity, hash, known, now, error) : known;
    row = store_find_token(db_reader(identity->db), hash, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (!row || row->expires_at <= now) {
        identity_forget(identity, hash);
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION,
                    row ? "The token has expired" : "Illegal token");
        return NULL;
    }
    verified = verified_from_row(identity, row, now);
    if (!verified->principal) {
        verified_free(verified);
        return job_has_ended(error);
    }
    *use = verified->use;
    return remember(identity, verified, now);
}

/* ---- keeping ---- */

static gboolean write_uses(DbConn *tx, void *data, GError **error)
{
    const GPtrArray *used = data;

    for (guint i = 0; i < used->len; i++) {
        const Verified *verified = used->pdata[i];

        if (!store_touch_token(tx, verified->hash, verified->used_at, error))
            return FALSE;
    }
    return store_delete_expired(tx, clock_now_ms(), error);
}

static void keep_once(Identity *identity)
{
    g_autoptr(GPtrArray) used = g_ptr_array_new_with_free_func(verified_free);
    g_autoptr(GError) error = NULL;
    GHashTableIter iterator;
    int64_t now = clock_now_ms();
    void *value;

    pthread_mutex_lock(&identity->lock);
    g_hash_table_iter_init(&iterator, identity->verified);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        Verified *verified = value;

        if (verified->used_since_written) {
            Verified *copy = g_new0(Verified, 1);

            copy->hash = g_strdup(verified->hash);
            copy->used_at = verified->used_at;
            g_ptr_array_add(used, copy);
            verified->used_since_written = FALSE;
        }
        if (verified->expires_at <= now)
            g_hash_table_iter_remove(&iterator);
    }
    g_hash_table_remove_all(identity->tries);
    pthread_mutex_unlock(&identity->lock);
    if (!db_write(identity->db, write_uses, used, NULL, &error))
        g_warning("cannot note when tokens were used: %s", error->message);
}

void *identity_keep(void *data)
{
    Identity *identity = data;
    gboolean stopping = FALSE;

    while (!stopping) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 300;
        pthread_mutex_lock(&identity->lock);
        while (!identity->stopping &&
               pthread_cond_timedwait(&identity->changed, &identity->lock, &until) != ETIMEDOUT)
            ;
        stopping = identity->stopping;
        pthread_mutex_unlock(&identity->lock);
        keep_once(identity);
    }
    return NULL;
}
