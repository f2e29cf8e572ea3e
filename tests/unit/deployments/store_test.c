#include "../spine/test_db.h"
#include "deployments/deployments_internal.h"

#include <string.h>

/* The SQL, on both engines; what it is for is in deploy_test.c. */

typedef struct {
    TestDb *test;
    Arena *arena;
    const char *id, *key, *replaced;
    int64_t created_at;
} Data;

static gboolean add_release(DbConn *tx, void *data, GError **error)
{
    const Data *one = data;
    g_autofree char *digest = g_strconcat("sha256:", one->id, NULL);
    g_autofree char *commit = g_strconcat(one->id, "0123456789abcdef", NULL);
    Release release = {.service = "orders",
                       .digest = digest,
                       .commit = commit,
                       .message = "message",
                       .actor = "user:default/ada",
                       .size = 5,
                       .created_at = one->created_at};

    return store_release_put(tx, &release, "latest", error);
}

static gboolean add_deployment(DbConn *tx, void *data, GError **error)
{
    const Data *one = data;
    g_autofree char *digest = g_strconcat("sha256:", one->id, NULL);
    g_autofree char *job = g_strconcat("job-", one->id, NULL);
    Deployment deployment = {.id = one->id,
                             .service = "orders",
                             .environment = "staging",
                             .digest = digest,
                             .kind = "deploy",
                             .job_id = job,
                             .idempotency_key = one->key,
                             .created_at = one->created_at};

    return store_deployment_add(tx, &deployment, error);
}

static gboolean make_live(DbConn *tx, void *data, GError **error)
{
    Data *one = data;
    const Deployment *deployment = store_deployment(tx, one->arena, one->id, error);

    return deployment &&
           store_move(tx, one->id, DEPLOYMENT_QUEUED, DEPLOYMENT_STARTING, NULL, error) &&
           store_move(tx, one->id, DEPLOYMENT_STARTING, DEPLOYMENT_VERIFYING, NULL, error) &&
           store_set_port(tx, one->id, 8080, error) &&
           store_live_set(tx, one->arena, deployment, &one->replaced, error);
}

static gboolean move_wrongly(DbConn *tx, void *data, GError **error)
{
    const Data *one = data;

    return store_move(tx, one->id, DEPLOYMENT_QUEUED, DEPLOYMENT_STARTING, NULL, error);
}

static gboolean remove_live(DbConn *tx, void *data, GError **error)
{
    Data *one = data;

    return store_live_restarted(tx, one->id, error) &&
           store_live_remove(tx, store_deployment(tx, one->arena, one->id, error), error);
}

static void commit(TestDb *test, DbWriteFn function, Data *data)
{
    GError *error = NULL;

    db_write(test->db, function, data, NULL, &error);
    g_assert_no_error(error);
}

static void releases_are_found(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    DbConn *conn = db_reader(test->db);
    static const struct {
        const char *ref, *wanted;
    } cases[] = {
        {NULL, "sha256:bbb"},         {"sha256:aaa", "sha256:aaa"}, {"latest", "sha256:bbb"},
        {"aaa0123456", "sha256:aaa"}, {"aaa9999999", NULL},         {"sha256:ccc", NULL},
        {"never-tagged", NULL},
    };
    g_autoptr(GPtrArray) all = NULL, names = NULL;

    commit(test, add_release, &(Data){.id = "aaa", .created_at = 1});
    commit(test, add_release, &(Data){.id = "bbb", .created_at = 2});
    commit(test, add_release, &(Data){.id = "bbb", .created_at = 3});
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const Release *found = store_release_find(conn, arena, "orders", cases[i].ref, &error);

        g_assert_cmpstr(found ? found->digest : NULL, ==, cases[i].wanted);
        if (!cases[i].wanted)
            g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
    }
    all = store_releases(conn, arena, "orders", 10, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpstr(((Release *)all->pdata[0])->tags, ==, "latest");
    g_assert_null(((Release *)all->pdata[1])->tags);
    names = store_services(conn, arena, NULL);
    g_assert_cmpuint(names->len, ==, 1);
}

static void life_of_a_deployment(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    DbConn *conn = db_reader(test->db);
    Data first = {test, arena, "aaa", "key", NULL, 1}, second = {test, arena, "bbb", NULL, NULL, 2};
    Data third = {test, arena, "ccc", "key", NULL, 3};
    g_autoptr(GPtrArray) live = NULL, all = NULL, none = NULL;
    g_autoptr(GError) error = NULL;
    const Live *now;

    commit(test, add_deployment, &first);
    commit(test, add_deployment, &second);
    g_assert_false(db_write(test->db, add_deployment, &third, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_clear_error(&error);
    commit(test, make_live, &first);
    g_assert_null(first.replaced);
    commit(test, make_live, &second);
    g_assert_cmpstr(second.replaced, ==, "aaa");
    g_assert_false(db_write(test->db, move_wrongly, &second, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    live = store_live(conn, arena, "orders", NULL, NULL);
    g_assert_cmpuint(live->len, ==, 1);
    now = live->pdata[0];
    g_assert_cmpstr(now->deployment.id, ==, "bbb");
    g_assert_cmpstr(now->previous.id, ==, "aaa");
    g_assert_cmpint(now->deployment.port, ==, 8080);
    g_assert_cmpint(now->deployment.state, ==, DEPLOYMENT_LIVE);
    all = store_deployments(conn, arena, "orders", "staging", 10, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpint(((Deployment *)all->pdata[1])->state, ==, DEPLOYMENT_SUPERSEDED);
    g_assert_cmpstr(store_deployment_by_key(conn, arena, "key", NULL)->id, ==, "aaa");
    g_assert_cmpstr(store_deployment_by_job(conn, arena, "job-bbb", NULL)->id, ==, "bbb");
    commit(test, remove_live, &second);
    none = store_live(conn, arena, NULL, NULL, NULL);
    g_assert_cmpuint(none->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/deployments/store/releases-are-found-by-digest-commit-and-tag",
                releases_are_found);
    test_db_add("/deployments/store/one-deployment-is-live-and-knows-the-one-before",
                life_of_a_deployment);
    return test_db_run();
}
