/* The view over the log: complete, in order, and brought up to date when it is asked. */
#include "insights/insights_internal.h"
#include "../spine/test_db.h"

static gboolean append(DbConn *tx, void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "service", "a");
    value_set_string(arena, payload, "environment", "production");
    value_set_bool(arena, payload, "production", true);
    events_append(tx, &(Event){.type = data, .source = "/test", .payload = payload});
    return TRUE;
}

static void happen(TestDb *test, const char *type)
{
    g_assert_true(db_write(test->db, append, (void *)type, NULL, NULL));
}

static guint count(Insights *insights)
{
    const Dora *dora = insights_lock(insights, NULL);
    guint found = dora_deployments(dora)->len;

    insights_unlock(insights);
    return found;
}

static void follows_the_log_whenever_it_is_asked(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    g_autoptr(Insights) insights = insights_new(test->db, events, NULL, NULL);

    g_assert_cmpuint(count(insights), ==, 0);
    happen(test, "dev.cdevents.service.deployed.0.2.0");
    happen(test, "dev.pave.other.thing.happened");
    g_assert_cmpuint(count(insights), ==, 1);
    happen(test, "dev.pave.deployments.deployment.failed");
    g_assert_cmpuint(count(insights), ==, 2);
    g_assert_cmpuint(count(insights), ==, 2);
}

static gboolean append_many(DbConn *tx, void *data, GError **error)
{
    for (int i = 0; i < 500; i++)
        append(tx, (void *)(i % 2 ? "dev.cdevents.service.upgraded.0.2.0" : "dev.pave.x.y.z"),
               error);
    return TRUE;
}

static void reads_a_long_log_to_its_end(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    g_autoptr(Insights) insights = insights_new(test->db, events, NULL, NULL);

    for (int i = 0; i < 5; i++)
        g_assert_true(db_write(test->db, append_many, NULL, NULL, NULL));
    g_assert_cmpuint(count(insights), ==, 1250);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/insights/follows-the-log-whenever-it-is-asked",
                follows_the_log_whenever_it_is_asked);
    test_db_add("/insights/reads-a-long-log-to-its-end", reads_a_long_log_to_its_end);
    return test_db_run();
}
