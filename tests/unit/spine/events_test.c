#include "spine/events.h"
#include "formats/json.h"
#include "test_db.h"
#include <pthread.h>
#include <stdatomic.h>

static gboolean append_named(DbConn *tx, void *data, GError **error)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "name", data);
    events_append(tx, &(Event){.type = data,
                               .source = "/test",
                               .subject = "component:default/a",
                               .actor = "user:default/ada",
                               .payload = payload});
    return TRUE;
}

static int64_t append(Db *db, const char *type)
{
    g_autoptr(GError) error = NULL;
    int64_t seq = 0;

    g_assert_true(db_write(db, append_named, (void *)type, &seq, &error));
    g_assert_no_error(error);
    return seq;
}

static gboolean append_then_fail(DbConn *tx, void *data, GError **error)
{
    append_named(tx, data, error);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "no");
    return FALSE;
}

static char *types_read(Db *db, const EventFilter *filter)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);

    g_assert_true(events_read(db_reader(db), arena, filter, found, &error));
    for (guint i = 0; i < found->len; i++) {
        const Event *event = g_ptr_array_index(found, i);
        g_string_append_printf(text, "%d:%s ", (int)event->seq, event->type);
    }
    return g_string_free(text, FALSE);
}

static void assert_types(Db *db, EventFilter filter, const char *wanted)
{
    g_autofree char *got = types_read(db, &filter);

    g_assert_cmpstr(got, ==, wanted);
}

static void numbers_follow_commits_without_gaps(TestDb *test)
{
    g_assert_cmpint(append(test->db, "a"), ==, 1);
    g_assert_false(db_write(test->db, append_then_fail, "lost", NULL, NULL));
    g_assert_cmpint(append(test->db, "b"), ==, 2);
    assert_types(test->db, (EventFilter){.limit = 10}, "1:a 2:b ");
}

static void reads_what_was_appended(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.limit = 1};

    append(test->db, "dev.pave.test");
    g_assert_true(events_read(db_reader(test->db), arena, &filter, found, NULL));
    const Event *event = g_ptr_array_index(found, 0);
    g_assert_cmpstr(event->source, ==, "/test");
    g_assert_cmpstr(event->subject, ==, "component:default/a");
    g_assert_cmpstr(event->actor, ==, "user:default/ada");
    g_assert_null(event->cause);
    g_assert_cmpuint(strlen(event->id), ==, 36);
    g_assert_cmpuint(strlen(event->digest), ==, 64);
    const Value *shown = event_to_value(arena, event);
    g_assert_cmpstr(value_path_string(shown, "data.name", ""), ==, "dev.pave.test");
    g_assert_cmpstr(value_path_string(shown, "specversion", ""), ==, "1.0");
    g_assert_cmpint(value_int(value_get(shown, "seq"), 0), ==, 1);
}

static void filters_by_type_subject_and_place(TestDb *test)
{
    append(test->db, "a.x");
    append(test->db, "a.y");
    append(test->db, "a_y");
    append(test->db, "b.x");
    assert_types(test->db, (EventFilter){.type_prefix = "a.", .limit = 9}, "1:a.x 2:a.y ");
    assert_types(test->db, (EventFilter){.type_prefix = "a_", .limit = 9}, "3:a_y ");
    assert_types(test->db, (EventFilter){.after = 2, .limit = 1}, "3:a_y ");
    assert_types(test->db, (EventFilter){.newest_first = TRUE, .limit = 2}, "4:b.x 3:a_y ");
    assert_types(test->db, (EventFilter){.newest_first = TRUE, .after = 3, .limit = 9},
                 "2:a.y 1:a.x ");
    assert_types(test->db, (EventFilter){.subject = "component:default/b", .limit = 9}, "");
    assert_types(test->db,
                 (EventFilter){.subject = "component:default/a", .newest_first = TRUE, .limit = 1},
                 "4:b.x ");
}

static gboolean run_sql(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, data, "") >= 0;
}

static void change(Db *db, const char *sql)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(db_write(db, run_sql, (void *)sql, NULL, &error));
    g_assert_no_error(error);
}

static void assert_breaks(Db *db, const char *where)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(events_verify(db_reader(db), &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    if (!strstr(error->message, where))
        g_error("got: %s, wanted: %s", error->message, where);
}

static void an_untouched_log_verifies(TestDb *test)
{
    g_assert_true(events_verify(db_reader(test->db), NULL));
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    g_assert_true(events_verify(db_reader(test->db), NULL));
}

static void a_changed_payload_breaks_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "UPDATE event SET payload = '{\"name\":\"b\"}' WHERE seq = 2");
    assert_breaks(test->db, "event 2");
}

static void a_changed_actor_breaks_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "UPDATE event SET actor = 'user:default/eve' WHERE seq = 1");
    assert_breaks(test->db, "event 1");
}

static void a_missing_event_breaks_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "DELETE FROM event WHERE seq = 2");
    assert_breaks(test->db, "event 2");
}

static void a_missing_end_breaks_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "DELETE FROM event WHERE seq = 3");
    assert_breaks(test->db, "event 3");
}

static void an_erased_payload_keeps_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "UPDATE event SET payload = NULL, salt = NULL WHERE seq = 2");
    g_assert_true(events_verify(db_reader(test->db), NULL));
}

static void an_archived_beginning_keeps_the_chain(TestDb *test)
{
    for (int i = 0; i < 3; i++)
        append(test->db, "a");
    change(test->db, "DELETE FROM event WHERE seq = 1");
    g_assert_true(events_verify(db_reader(test->db), NULL));
}

/* ---- followers ---- */

typedef struct {
    pthread_mutex_t lock;
    GString *seen;
    int fail_first, runs;
} Seen;

static gboolean remember(DbConn *tx, const Event *event, Arena *arena, void *data, GError **error)
{
    Seen *seen = data;

    pthread_mutex_lock(&seen->lock);
    gboolean fail = seen->runs++ < seen->fail_first;
    if (!fail)
        g_string_append_printf(seen->seen, "%s ", event->type);
    pthread_mutex_unlock(&seen->lock);
    if (fail)
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "not yet");
    return !fail;
}

static char *seen_text(Seen *seen)
{
    pthread_mutex_lock(&seen->lock);
    char *text = g_strdup(seen->seen->str);
    pthread_mutex_unlock(&seen->lock);
    return text;
}

static void assert_seen(Seen *seen, const char *wanted)
{
    g_autofree char *got = NULL;

    for (int i = 0; i < 2000; i++) {
        g_free(got);
        got = seen_text(seen);
        if (g_str_equal(got, wanted))
            return;
        g_usleep(10000);
    }
    g_assert_cmpstr(got, ==, wanted);
}

static Seen *seen_new(int fail_first)
{
    Seen *seen = g_new0(Seen, 1);

    pthread_mutex_init(&seen->lock, NULL);
    seen->seen = g_string_new(NULL);
    seen->fail_first = fail_first;
    return seen;
}

static void seen_free(Seen *seen)
{
    g_string_free(seen->seen, TRUE);
    g_free(seen);
}

static void a_follower_sees_each_event_once_in_order(TestDb *test)
{
    Seen *seen = seen_new(0);

    append(test->db, "a.1");
    for (int round = 0; round < 2; round++) {
        g_autoptr(Events) events = events_new(test->db);
        events_follow(events, "test", "a.", remember, seen);
        events_start(events);
        append(test->db, "b");
        append(test->db, round ? "a.3" : "a.2");
        assert_seen(seen, round ? "a.1 a.2 a.3 " : "a.1 a.2 ");
        events_stop(events);
    }
    seen_free(seen);
}

static void a_failing_follower_tries_again_and_blocks_nobody(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    Seen *slow = seen_new(2), *quick = seen_new(0);

    events_follow(events, "slow", "a", remember, slow);
    events_follow(events, "quick", "a", remember, quick);
    events_start(events);
    append(test->db, "a.1");
    append(test->db, "a.2");
    assert_seen(quick, "a.1 a.2 ");
    assert_seen(slow, "a.1 a.2 ");
    g_assert_cmpint(slow->runs, ==, 4);
    events_stop(events);
    seen_free(slow);
    seen_free(quick);
}

static void after_ten_tries_an_event_is_passed_over_and_that_is_recorded(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    Seen *seen = seen_new(1);

    append(test->db, "a.1");
    append(test->db, "a.2");
    change(test->db, "INSERT INTO follower (name, seq, tries) VALUES ('test', 0, 9)");
    events_follow(events, "test", "a", remember, seen);
    events_start(events);
    assert_seen(seen, "a.2 ");
    assert_types(test->db, (EventFilter){.after = 2, .limit = 9},
                 "3:dev.pave.events.follower.skipped ");
    events_stop(events);
    seen_free(seen);
}

static gboolean write_and_fail(DbConn *tx, const Event *event, Arena *arena, void *data,
                               GError **error)
{
    if (db_exec(tx, error, "UPDATE log_note SET count = count + 1", "") != 1)
        return FALSE;
    return remember(tx, event, arena, data, error);
}

static void what_a_failed_try_wrote_is_gone(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    Seen *seen = seen_new(1);

    change(test->db, "CREATE TABLE log_note (count BIGINT)");
    change(test->db, "INSERT INTO log_note VALUES (0)");
    append(test->db, "a");
    events_follow(events, "test", "a", write_and_fail, seen);
    events_start(events);
    assert_seen(seen, "a ");
    events_stop(events);
    g_autoptr(DbRows) rows = db_query(db_reader(test->db), NULL, "SELECT count FROM log_note", "");
    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_int(rows, 0), ==, 1);
    seen_free(seen);
}

static _Atomic int64_t told;

static void tell(int64_t head, void *data)
{
    atomic_store(&told, head);
}

static void commits_are_told_and_waited_for(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);

    atomic_store(&told, 0);
    events_on_commit(events, tell, NULL);
    events_start(events);
    g_assert_cmpint(events_wait(events, 0, 10), ==, 0);
    append(test->db, "a");
    g_assert_cmpint(events_wait(events, 0, 10000), ==, 1);
    for (int i = 0; i < 1000 && atomic_load(&told) != 1; i++)
        g_usleep(10000);
    g_assert_cmpint(atomic_load(&told), ==, 1);
}

static void commits_of_another_node_are_seen(TestDb *test)
{
    if (!test->postgres)
        return;
    g_autoptr(Db) other = db_open(test->url, NULL);
    g_autoptr(Events) events = events_new(test->db);

    events_start(events);
    append(other, "a");
    g_assert_cmpint(events_wait(events, 0, 10000), ==, 1);
    events_stop(events);
}

typedef struct {
    Db *db;
    int64_t last;
} Appender;

static void *append_many(void *data)
{
    Appender *appender = data;

    for (int i = 0; i < 40; i++) {
        int64_t seq = append(appender->db, "a");
        g_assert_cmpint(seq, >, appender->last);
        appender->last = seq;
    }
    return NULL;
}

static void many_writers_make_one_unbroken_chain(TestDb *test)
{
    g_autoptr(Db) other = test->postgres ? db_open(test->url, NULL) : NULL;
    Appender appenders[6];
    pthread_t threads[6];

    for (int i = 0; i < 6; i++) {
        appenders[i] = (Appender){other && i % 2 ? other : test->db, 0};
        g_assert_cmpint(pthread_create(&threads[i], NULL, append_many, &appenders[i]), ==, 0);
    }
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(events_verify(db_reader(test->db), &error));
    g_assert_no_error(error);
    g_autoptr(Events) events = events_new(test->db);
    g_assert_cmpint(events_head(events), ==, 240);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_FATAL_MASK); /* followers warn on purpose */
    test_db_add("/events/numbers-follow-commits-without-gaps", numbers_follow_commits_without_gaps);
    test_db_add("/events/reads-what-was-appended", reads_what_was_appended);
    test_db_add("/events/filters-by-type-subject-and-place", filters_by_type_subject_and_place);
    test_db_add("/events/verify/an-untouched-log-verifies", an_untouched_log_verifies);
    test_db_add("/events/verify/a-changed-payload-breaks-the-chain",
                a_changed_payload_breaks_the_chain);
    test_db_add("/events/verify/a-changed-actor-breaks-the-chain",
                a_changed_actor_breaks_the_chain);
    test_db_add("/events/verify/a-missing-event-breaks-the-chain",
                a_missing_event_breaks_the_chain);
    test_db_add("/events/verify/a-missing-end-breaks-the-chain", a_missing_end_breaks_the_chain);
    test_db_add("/events/verify/an-erased-payload-keeps-the-chain",
                an_erased_payload_keeps_the_chain);
    test_db_add("/events/verify/an-archived-beginning-keeps-the-chain",
                an_archived_beginning_keeps_the_chain);
    test_db_add("/events/follow/each-event-once-in-order",
                a_follower_sees_each_event_once_in_order);
    test_db_add("/events/follow/a-failing-follower-tries-again-and-blocks-nobody",
                a_failing_follower_tries_again_and_blocks_nobody);
    test_db_add("/events/follow/after-ten-tries-an-event-is-passed-over-and-that-is-recorded",
                after_ten_tries_an_event_is_passed_over_and_that_is_recorded);
    test_db_add("/events/follow/what-a-failed-try-wrote-is-gone", what_a_failed_try_wrote_is_gone);
    test_db_add("/events/commits-are-told-and-waited-for", commits_are_told_and_waited_for);
    test_db_add("/events/commits-of-another-node-are-seen", commits_of_another_node_are_seen);
    test_db_add("/events/many-writers-make-one-unbroken-chain",
                many_writers_make_one_unbroken_chain);
    return test_db_run();
}
