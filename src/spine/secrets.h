/* Secrets at rest by envelope encryption: a data key for each record, sealed by a key-encryption
 * key that has an id and lives outside the data folder. And masking, so that no secret is ever
 * printed. */
#pragma once
#include "base/error.h"
#include "spine/db.h"

typedef struct Secrets Secrets;

/* Keys from PAVE_KEY (base64), the file key_file (made 0600 where missing and make is set). A
 * database sealed by a key that is not there is refused. */
Secrets *secrets_open(Db *db, const char *key_file, gboolean make, GError **error);
void secrets_free(Secrets *secrets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secrets, secrets_free)

/* Seals and opens bytes; context is bound to them (a sealed value cannot be moved to another
 * place). */
GBytes *secrets_seal(Secrets *secrets, const char *context, const void *bytes, gsize length,
                     GError **error);
GBytes *secrets_unseal(Secrets *secrets, const char *context, GBytes *sealed, GError **error);

/* Named secrets with a scope: "organization", "repository:acme-corp/order-service",
 * "environment:production", "service:order-service/staging", "workspace:<id>". Put replaces; NULL
 * value deletes. */
gboolean secrets_put(Secrets *secrets, DbConn *tx, const char *scope, const char *name,
                     const char *value, GError **error);
char *secrets_get(Secrets *secrets, DbConn *conn, const char *scope, const char *name,
                  GError **error);
/* All of a scope: name → value, both g_free'd. */
GHashTable *secrets_of_scope(Secrets *secrets, DbConn *conn, const char *scope, GError **error);

/* Ids of the keys this database is sealed by, NULL-terminated; free with g_strfreev(). */
char **secrets_key_ids(DbConn *conn, GError **error);

/* `pave keys rotate`: a new key-encryption key; every data key is sealed anew, the records stay. */
gboolean secrets_rotate(Secrets *secrets, GError **error);

/* ---- masking ---- */
typedef struct Masker Masker;
Masker *masker_new(void);
void masker_free(Masker *masker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Masker, masker_free)
/* Values shorter than 3 bytes are ignored. Each line of a multi-line one is masked by itself too.
 */
void masker_add(Masker *masker, const char *secret);
/* text with every secret (plain, base64 at any alignment, URL-encoded, JSON-escaped) replaced by
 * "***"; a new string. */
char *masker_mask(const Masker *masker, const char *text, gsize length);
/* The length of the longest form, so that a stream can hold back that much minus one. */
gsize masker_longest(const Masker *masker);
