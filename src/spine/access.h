/* Who may do what. Pure: facts in, decision out. Permission names are Backstage's where it has
 * them. */
#pragma once
#include "net/http_server.h"
#include <glib.h>

typedef enum { PRINCIPAL_USER, PRINCIPAL_SERVICE, PRINCIPAL_JOB } PrincipalKind;

/* Who asks. Immutable and reference counted. */
typedef struct Principal Principal;

/* ref "user:default/ada"; groups: transitive group refs, ended by NULL; scopes: permissions a token
 * is cut down to
 * ("catalog.*", "deployments.deployment.create"), NULL: no cut; roles: "admin" or "developer". */
Principal *principal_new(PrincipalKind kind, const char *ref, const char *const *groups,
                         const char *const *roles, const char *const *scopes);
Principal *principal_ref(Principal *principal);
void principal_unref(Principal *principal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Principal, principal_unref)
PrincipalKind principal_kind(const Principal *principal);
const char *principal_name(const Principal *principal); /* its ref */
const char *const *principal_groups(const Principal *principal);
/* NULL: no cut. */
const char *const *principal_scopes(const Principal *principal);
gboolean principal_has_role(const Principal *principal, const char *role);
gboolean principal_in_group(const Principal *principal, const char *group_ref);

/* Does a scope of a token hold a permission? "catalog.*" holds "catalog.entity.read", "*" all. */
gboolean access_scope_holds(const char *scope, const char *permission);

/* The principal of a request that went through the authenticator; NULL on public routes without
 * credentials. */
const Principal *access_principal(const Request *request);
/* Its name, "anonymous" where there is none. */
const char *access_actor(const Request *request);

/* May principal do permission to something owned by owners (refs, NULL-terminated; NULL: nothing in
 * particular)? The rules: admins may all; everybody signed in reads, and does what concerns nothing
 * that has an owner; "….administer" needs an admin; changing what has an owner needs to be in (a
 * group of) its owner; a token or job only what its scopes hold, and a job only to what it is about
 * (its groups: "repository:acme/shop"). FALSE with ERROR_NOT_ALLOWED that says what is missing,
 * ERROR_AUTHENTICATION where principal is NULL. */
gboolean access_check(const Principal *principal, const char *permission, const char *const *owners,
                      GError **error);
