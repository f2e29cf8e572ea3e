/* What the files of identity share. */
#pragma once
#include "identity/identity.h"
#include "formats/value.h"
#include <pthread.h>
#include <stdatomic.h>

#define TOKEN_PREFIX "pave_"
#define MINUTE_MS ((int64_t)60000)
#define DAY_MS (24 * 60 * MINUTE_MS)

typedef enum { USE_SESSION, USE_TOKEN } TokenUse;

/* A verified token, remembered by its hash. */
typedef struct {
    char *hash;
    TokenUse use;
    PrincipalKind kind;
    char *ref;
    char **scopes;
    Principal *principal;
    int64_t expires_at;
    int64_t groups_at;  /* when the groups in principal were asked for */
    int64_t checked_at; /* when the database was asked last: another node may have revoked it */
    int64_t used_at;
    gboolean used_since_written;
} Verified;

typedef struct {
    char *name, *ref, *display_name, *email;
    char *password_hash; /* argon2id, or NULL */
    char *password;      /* as the configuration has it, or NULL */
} ConfiguredUser;

struct Identity {
    Db *db;
    Events *events;
    const Config *config;
    GPtrArray *users; /* ConfiguredUser */
    char **admins;
    gboolean guest_enabled;
    char *guest_ref;
    gboolean secure_cookie;
    int64_t session_lifetime_ms, token_lifetime_max_ms;
    IdentityGroupsFn groups;
    void *groups_data;
    IdentityJobFn jobs;
    void *jobs_data;

    pthread_mutex_t lock;
    /* guarded by lock */
    GHashTable *verified; /* hash → Verified */
    GHashTable *tries;    /* "name|address" → Tries */
    char *guest_token;    /* of the Backstage route, reused while it is fresh */
    int64_t guest_token_expires_at;
    gboolean stopping;

    pthread_mutex_t hashing; /* argon2id takes 64 MiB: one at a time */
    pthread_cond_t changed;
    pthread_t keeper;
};

/* ---- store.c ---- */

typedef struct {
    char *id, *hash, *use, *kind, *ref, *name, *scopes;
    int64_t created_at, expires_at, last_used_at;
} TokenRow;

void token_row_free(TokenRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenRow, token_row_free)

TokenRow *store_find_token(DbConn *conn, const char *hash, GError **error);
gboolean store_add_token(DbConn *tx, const TokenRow *row, GError **error);
/* The API tokens of ref that live at now, newest first, as TokenRow. */
GPtrArray *store_tokens_of(DbConn *conn, const char *ref, int64_t now, GError **error);
/* FALSE without error where there is none. hash, free with g_free(), is of the deleted one. */
gboolean store_delete_token(DbConn *tx, const char *id, const char *ref, char **hash,
                            GError **error);
gboolean store_delete_by_hash(DbConn *tx, const char *hash, GError **error);
/* name NULL: all of ref. Hashes of the deleted ones are added to hashes. */
gboolean store_delete_named(DbConn *tx, const char *ref, const char *name, GPtrArray *hashes,
                            GError **error);
gboolean store_touch_token(DbConn *tx, const char *hash, int64_t used_at, GError **error);
gboolean store_delete_expired(DbConn *tx, int64_t now, GError **error);

typedef struct {
    char *ref, *name, *display_name, *email, *password_hash;
} UserRow;

void user_row_free(UserRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UserRow, user_row_free)

/* By name, or by ref; NULL without error where there is none. */
UserRow *store_find_user(DbConn *conn, const char *name, GError **error);
UserRow *store_find_user_by_ref(DbConn *conn, const char *ref, GError **error);
gboolean store_put_user(DbConn *tx, const UserRow *row, int64_t now, GError **error);
gboolean store_has_users(DbConn *conn);

/* ---- tokens.c ---- */

/* A new credential; shown once. row gets what is kept of it. */
char *token_make(TokenUse use, PrincipalKind kind, const char *ref, const char *name,
                 const char *const *scopes, int64_t lifetime_ms, TokenRow **row);
char *token_hash(const char *token);
gboolean identity_write_token(Identity *identity, const TokenRow *row, const char *actor,
                              const char *event_type, GError **error);
/* Who a credential belongs to; NULL with ERROR_AUTHENTICATION. */
Principal *identity_verify(Identity *identity, const char *token, TokenUse *use, GError **error);
void identity_forget(Identity *identity, const char *hash);
void verified_free(void *verified);
/* Writes when tokens were used, deletes expired ones. On a thread of its own. */
void *identity_keep(void *identity);
const char *const *identity_roles(Identity *identity, const char *ref, const char *const *groups);
char **identity_groups_of(Identity *identity, const char *ref);

/* ---- passwords.c ---- */

/* The ref of the user, free with g_free(); NULL with ERROR_AUTHENTICATION. Takes as long for a name
 * nobody has. *wait_seconds is set where there were too many tries. */
char *identity_check_password(Identity *identity, const char *name, const char *password,
                              const char *address, int *wait_seconds, GError **error);
const ConfiguredUser *identity_configured_user(Identity *identity, const char *name,
                                               const char *ref);

/* May a cookie count for this request? TRUE for clients that are no browsers. */
gboolean identity_same_origin(const Request *request);

/* ---- events ---- */
void identity_event(DbConn *tx, const char *type, const char *subject, const char *actor);
