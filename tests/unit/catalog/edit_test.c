/* Who may change the file of an entity on a host that Pave writes to by a token of its own. */
#include "catalog/editing/edit.h"
#include "test_catalog.h"

#define COMPONENT(name, owner)                                                                     \
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: " name " }\n"           \
    "spec: { type: service, lifecycle: production, owner: " owner " }\n"

typedef struct {
    TestCatalog fixture;
    Arena *arena;
    Host host;
} House;

static void house_clear(House *house)
{
    test_catalog_clear(&house->fixture);
    arena_free(house->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(House, house_clear)

/* "" where the commit is allowed, otherwise why not. */
static char *refusal(House *house, const char *ref, const char *text, const char *group,
                     const char *role)
{
    const char *const groups[] = {group, NULL}, *const roles[] = {role, NULL};
    g_autoptr(Principal) ada =
        principal_new(PRINCIPAL_USER, "user:default/ada", groups, roles, NULL);
    g_auto(EditFile) file = {0};
    g_autoptr(GError) error = NULL;

    file.row = store_row(db_reader(house->fixture.test->db), house->arena, ref, &error);
    g_assert_no_error(error);
    file.source.target = "x.yaml";
    file.place.host = &house->host;
    file.head.bytes = g_bytes_new(text, strlen(text));
    if (edit_may_commit(house->fixture.catalog, house->arena, &file, ada, &error))
        return g_strdup("");
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED);
    return g_strdup(error->message);
}

static void house_open(House *house, TestDb *test)
{
    house->arena = arena_new(1 << 24);
    test_catalog_init(&house->fixture, test,
                      "catalog:\n  locations:\n"
                      "    - { type: file, target: ./shared.yaml }\n"
                      "    - { type: file, target: ./own.yaml }\n");
    test_catalog_write(&house->fixture, "shared.yaml",
                       COMPONENT("a", "team-a") "---\n" COMPONENT("b", "team-b"));
    test_catalog_write(&house->fixture, "own.yaml", COMPONENT("own", "team-a"));
    test_catalog_refresh(&house->fixture);
}

static void all_of_a_file_is_owned_by_who_commits(TestDb *test)
{
    g_auto(House) house = {0};
    g_autofree char *own = NULL, *shared = NULL, *theirs = NULL, *admin = NULL, *added = NULL;

    house_open(&house, test);
    own = refusal(&house, "component:default/own", "", "group:default/team-a", NULL);
    g_assert_cmpstr(own, ==, "");
    shared = refusal(&house, "component:default/a", "", "group:default/team-a", NULL);
    g_assert_nonnull(strstr(shared, "component:default/b stands in the same file"));
    theirs = refusal(&house, "component:default/b", "", "group:default/team-a", NULL);
    g_assert_nonnull(strstr(theirs, "group:default/team-b"));
    admin = refusal(&house, "component:default/a", "", "group:default/none", "admin");
    g_assert_cmpstr(admin, ==, "");
    /* What the file names by now counts before it was read again. */
    added = refusal(&house, "component:default/own",
                    COMPONENT("own", "team-a") "---\n" COMPONENT("b", "team-b"),
                    "group:default/team-a", NULL);
    g_assert_nonnull(strstr(added, "component:default/b stands in the same file"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/catalog/edit/all-of-a-file-is-owned-by-who-commits",
                all_of_a_file_is_owned_by_who_commits);
    return test_db_run();
}
