/* People and their credentials: users, sessions, API tokens, sign-in. Feeds access its principals.
 */
#pragma once
#include "net/http_server.h"
#include "spine/access.h"
#include "spine/config.h"
#include "spine/db.h"
#include "spine/events.h"

typedef struct Identity Identity;

/* Looks up the groups of a user ("user:default/ada") for a principal: refs, transitive,
 * NULL-terminated, free with g_strfreev(). The catalog's. */
typedef char **(*IdentityGroupsFn)(const char *user_ref, void *data);

Identity *identity_new(Db *db, Events *events, const Config *config, GError **error);
void identity_free(Identity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Identity, identity_free)
void identity_set_groups(Identity *identity, IdentityGroupsFn groups, void *data);

/* What a job is about, as its groups: {"repository:acme/shop"}, ended by NULL; free with
 * g_strfreev(). NULL where it has ended: its token counts no more. Without such a function tokens of
 * jobs live as long as their time. */
typedef char **(*IdentityJobFn)(const char *job_id, void *data);
void identity_set_jobs(Identity *identity, IdentityJobFn jobs, void *data);

/* For http_server_set_authenticator(): cookie, bearer token or basic credentials (git, terraform) →
 * principal. */
gboolean identity_authenticate(Request *request, const char *permission, void **principal,
                               void *identity, GError **error);

/* A user as who signs in: with groups and roles. Free with principal_unref(). */
Principal *identity_principal_of(Identity *identity, const char *user_ref);

/* A token of 256 random bits ("pave_…"), kept as a hash. scopes and ttl bound it; shown once. Free
 * with g_free(). */
char *identity_issue_token(Identity *identity, PrincipalKind kind, const char *ref,
                           const char *name, const char *const *scopes, int64_t ttl_ms,
                           GError **error);
gboolean identity_revoke_tokens(Identity *identity, const char *ref, const char *name,
                                GError **error);
gboolean identity_set_password(Identity *identity, const char *user_ref, const char *password,
                               GError **error);

/* The names the portal's session cookie and the strip list of the proxy share. */
#define IDENTITY_COOKIE "pave_session"

extern const Route identity_routes[];
