#include "spine/access.h"
#include "base/error.h"
#include <stdatomic.h>
#include <string.h>

struct Principal {
    atomic_int references;
    PrincipalKind kind;
    char *ref;
    char **groups, **roles;
    char **scopes; /* NULL: no cut */
};

Principal *principal_new(PrincipalKind kind, const char *ref, const char *const *groups,
                         const char *const *roles, const char *const *scopes)
{
    Principal *principal = g_new0(Principal, 1);

    atomic_init(&principal->references, 1);
    principal->kind = kind;
    principal->ref = g_strdup(ref);
    principal->groups = groups ? g_strdupv((char **)groups) : g_new0(char *, 1);
    principal->roles = roles ? g_strdupv((char **)roles) : g_new0(char *, 1);
    principal->scopes = g_strdupv((char **)scopes);
    return principal;
}

Principal *principal_ref(Principal *principal)
{
    atomic_fetch_add(&principal->references, 1);
    return principal;
}

void principal_unref(Principal *principal)
{
    if (!principal || atomic_fetch_sub(&principal->references, 1) != 1)
        return;
    g_free(principal->ref);
    g_strfreev(principal->groups);
    g_strfreev(principal->roles);
    g_strfreev(principal->scopes);
    g_free(principal);
}

PrincipalKind principal_kind(const Principal *principal)
{
    return principal->kind;
}

const char *principal_name(const Principal *principal)
{
    return principal->ref;
}

const char *const *principal_groups(const Principal *principal)
{
    return (const char *const *)principal->groups;
}

const char *const *principal_scopes(const Principal *principal)
{
    return (const char *const *)principal->scopes;
}

gboolean principal_has_role(const Principal *principal, const char *role)
{
    return principal && g_strv_contains((const char *const *)principal->roles, role);
}

gboolean principal_in_group(const Principal *principal, const char *group_ref)
{
    for (guint i = 0; principal->groups[i]; i++)
        if (g_ascii_strcasecmp(principal->groups[i], group_ref) == 0)
            return TRUE;
    return FALSE;
}

const Principal *access_principal(const Request *request)
{
    return request_principal(request);
}

const char *access_actor(const Request *request)
{
    const Principal *principal = access_principal(request);

    return principal ? principal->ref : "anonymous";
}

/* "catalog.*" holds "catalog.entity.read"; "*" holds all. */
gboolean access_scope_holds(const char *scope, const char *permission)
{
    gsize length = strlen(scope);

    if (length > 0 && scope[length - 1] == '*')
        return strncmp(scope, permission, length - 1) == 0;
    return g_str_equal(scope, permission);
}

static gboolean in_scope(const Principal *principal, const char *permission)
{
    if (!principal->scopes)
        return TRUE;
    for (guint i = 0; principal->scopes[i]; i++)
        if (access_scope_holds(principal->scopes[i], permission))
            return TRUE;
    return FALSE;
}

static const char *verb_of(const char *permission)
{
    const char *dot = strrchr(permission, '.');

    return dot ? dot + 1 : permission;
}

static gboolean owns(const Principal *principal, const char *const *owners)
{
    for (guint i = 0; owners[i]; i++)
        if (g_ascii_strcasecmp(owners[i], principal->ref) == 0 ||
            principal_in_group(principal, owners[i]))
            return TRUE;
    return FALSE;
}

gboolean access_check(const Principal *principal, const char *permission, const char *const *owners,
                      GError **error)
{
    if (!principal) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "Missing credentials");
        return FALSE;
    }
    if (!in_scope(principal, permission)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "The token's scopes do not hold the permission %s", permission);
        return FALSE;
    }
    /* what a service may do was written into its token when that was made */
    if (principal->kind == PRINCIPAL_SERVICE || principal_has_role(principal, "admin") ||
        g_str_equal(verb_of(permission), "read"))
        return TRUE;
    if (principal->kind == PRINCIPAL_USER && g_str_equal(verb_of(permission), "administer")) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "%s needs an administrator", permission);
        return FALSE;
    }
    if (!owners || !owners[0] || owns(principal, owners))
        return TRUE;
    if (principal->kind == PRINCIPAL_JOB)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s is about %s and may not do %s to something else", principal->ref,
                    principal->groups[0] ? principal->groups[0] : "nothing", permission);
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "%s is not in %s, who owns this; %s needs that", principal->ref, owners[0],
                    permission);
    return FALSE;
}
