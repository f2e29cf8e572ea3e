#include "spine/access.h"

static const char *const GROUPS[] = {"group:default/team-commerce", "group:default/engineering",
                                     NULL};
static const char *const ADMIN[] = {"admin", NULL};
static const char *const COMMERCE[] = {"group:default/Team-Commerce", NULL};
static const char *const PLATFORM[] = {"group:default/team-platform", NULL};
static const char *const SELF[] = {"user:default/ada", NULL};
static const char *const NOBODY[] = {NULL};
static const char *const DEPLOY[] = {"deployments.deployment.create", "catalog.*", NULL};
static const char *const NOTHING[] = {NULL};

static void test_rules(void)
{
    static const struct {
        PrincipalKind kind;
        const char *const *roles, *const *scopes;
        const char *permission;
        const char *const *owners;
        gboolean wanted;
    } cases[] = {
        {PRINCIPAL_USER, NULL, NULL, "catalog.entity.read", PLATFORM, TRUE},
        {PRINCIPAL_USER, NULL, NULL, "catalog.entity.delete", PLATFORM, FALSE},
        {PRINCIPAL_USER, NULL, NULL, "catalog.entity.delete", COMMERCE, TRUE},
        {PRINCIPAL_USER, NULL, NULL, "catalog.entity.delete", SELF, TRUE},
        {PRINCIPAL_USER, NULL, NULL, "catalog.entity.delete", NOBODY, TRUE},
        {PRINCIPAL_USER, NULL, NULL, "scaffolder.task.create", NULL, TRUE},
        {PRINCIPAL_USER, NULL, NULL, "identity.user.administer", NULL, FALSE},
        {PRINCIPAL_USER, ADMIN, NULL, "identity.user.administer", NULL, TRUE},
        {PRINCIPAL_USER, ADMIN, NULL, "catalog.entity.delete", PLATFORM, TRUE},
        {PRINCIPAL_USER, ADMIN, DEPLOY, "identity.user.administer", NULL, FALSE},
        {PRINCIPAL_USER, NULL, DEPLOY, "catalog.entity.read", NULL, TRUE},
        {PRINCIPAL_USER, NULL, DEPLOY, "catalogue.entity.read", NULL, FALSE},
        {PRINCIPAL_USER, NULL, DEPLOY, "deployments.deployment.create", PLATFORM, FALSE},
        {PRINCIPAL_USER, NULL, NOTHING, "catalog.entity.read", NULL, FALSE},
        {PRINCIPAL_JOB, NULL, DEPLOY, "deployments.deployment.create", COMMERCE, TRUE},
        {PRINCIPAL_JOB, NULL, DEPLOY, "deployments.deployment.create", PLATFORM, FALSE},
        {PRINCIPAL_JOB, NULL, DEPLOY, "deployments.deployment.create", NOBODY, TRUE},
        {PRINCIPAL_SERVICE, NULL, DEPLOY, "deployments.deployment.create", PLATFORM, TRUE},
        {PRINCIPAL_JOB, NULL, DEPLOY, "forge.repository.push", NULL, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Principal) principal = principal_new(cases[i].kind, "user:default/ada", GROUPS,
                                                       cases[i].roles, cases[i].scopes);
        g_autoptr(GError) error = NULL;
        gboolean got = access_check(principal, cases[i].permission, cases[i].owners, &error);

        if (got != cases[i].wanted)
            g_error("case %u, %s: got %d", i, cases[i].permission, got);
        if (!got)
            g_assert_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED);
    }
}

static void test_nobody(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(access_check(NULL, "catalog.entity.read", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_AUTHENTICATION);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access/rules-by-role-owner-and-scope", test_rules);
    g_test_add_func("/access/nobody-may-nothing", test_nobody);
    return g_test_run();
}
