#include "formats/json.h"
#include "spine/events.h"
#include "test_db.h"
#include <pthread.h>

#define MANY 1500

/* ---- appending ---- */

typedef struct {
    const char *type, *prefix; /* subjects are <prefix>0, <prefix>1, … */
    guint count;
} Bulk;

static gboolean append_bulk(DbConn *tx, void *data, GError **error)
{
    const Bulk *bulk = data;
    g_autoptr(Arena) arena = arena_new(1 << 24);
    EventItem *items = arena_new0(arena, EventItem, bulk->count);

    for (guint i = 0; i < bulk->count; i++)
        items[i] = (EventItem){arena_printf(arena, "%s%u", bulk->prefix, i),
                               arena_printf(arena, "uid-%u", i),
                               i % 2 ? arena_printf(arena, "{\"n\":%u}", i) : NULL};
    events_append_bulk(tx,
                       &(Event){.type = bulk->type, .source = "/test", .actor = "user:default/ada"},
                       items, bulk->count);
    return TRUE;
}

static int64_t append_many(Db *db, const char *type, const char *prefix, guint count)
{
    Bulk bulk = {type, prefix, count};
    g_autoptr(GError) error = NULL;
    int64_t seq = 0;

    g_assert_true(db_write(db, append_bulk, &bulk, &seq, &error));
    g_assert_no_error(error);
    return seq;
}

static gboolean append_named(DbConn *tx, void *data, GError **error)
{
    events_append(tx, &(Event){.type = "single", .source = "/test", .subject = data});
    return TRUE;
}

static void append_one(Db *db, const char *subject)
{
    g_assert_true(db_write(db, append_named, (void *)subject, NULL, NULL));
}

static gboolean run_sql(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, data, "") >= 0;
}

static void change(Db *db, const char *sql)
{
    g_assert_true(db_write(db, run_sql, (void *)sql, NULL, NULL));
}

/* ---- reading ---- */

/* "seq:subject …" */
static void assert_read(Db *db, EventFilter filter, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(events_read(db_reader(db), arena, &filter, found, &error));
    for (guint i = 0; i < found->len; i++) {
        const Event *event = found->pdata[i];

        g_string_append_printf(got, "%d:%s ", (int)event->seq, event->subject);
    }
    g_assert_cmpstr(got->str, ==, wanted);
}

static void one_row_is_read_as_many_events(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.limit = 10};

    append_one(test->db, "first");
    g_assert_cmpint(append_many(test->db, "many", "s", 3), ==, 4);
    append_one(test->db, "last");
    assert_read(test->db, filter, "1:first 2:s0 3:s1 4:s2 5:last ");
    g_assert_true(events_read(db_reader(test->db), arena, &filter, found, NULL));
    const Event *first = found->pdata[1], *second = found->pdata[2];
    g_assert_cmpstr(second->type, ==, "many");
    g_assert_cmpstr(second->actor, ==, "user:default/ada");
    g_assert_cmpstr(second->subject_uid, ==, "uid-1");
    g_assert_cmpint(value_int(value_get(second->payload, "n"), 0), ==, 1);
    g_assert_null(first->payload);
    g_assert_cmpstr(first->id, !=, second->id);
    g_assert_cmpstr(first->digest, ==, second->digest);
}

static void ids_are_the_same_however_often_they_are_read(TestDb *test)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    EventFilter from_start = {.limit = 10}, from_inside = {.after = 2, .limit = 10};

    append_many(test->db, "many", "s", 4);
    g_assert_true(events_read(db_reader(test->db), arena, &from_start, all, NULL));
    g_assert_true(events_read(db_reader(test->db), arena, &from_inside, rest, NULL));
    g_assert_cmpstr(((Event *)all->pdata[3])->id, ==, ((Event *)rest->pdata[1])->id);
}

static void reading_goes_on_inside_of_a_row(TestDb *test)
{
    append_many(test->db, "many", "s", 4);
    append_one(test->db, "last");
    assert_read(test->db, (EventFilter){.after = 0, .limit = 2}, "1:s0 2:s1 ");
    assert_read(test->db, (EventFilter){.after = 2, .limit = 2}, "3:s2 4:s3 ");
    assert_read(test->db, (EventFilter){.after = 3, .limit = 2}, "4:s3 5:last ");
    assert_read(test->db, (EventFilter){.after = 4, .limit = 2}, "5:last ");
}

static void reading_goes_back_inside_of_a_row(TestDb *test)
{
    append_one(test->db, "first");
    append_many(test->db, "many", "s", 3);
    append_one(test->db, "last");
    assert_read(test->db, (EventFilter){.newest_first = TRUE, .limit = 3}, "5:last 4:s2 3:s1 ");
    assert_read(test->db, (EventFilter){.newest_first = TRUE, .after = 3, .limit = 3},
                "2:s0 1:first ");
    assert_read(test->db, (EventFilter){.newest_first = TRUE, .after = 5, .limit = 1}, "4:s2 ");
    assert_read(test->db, (EventFilter){.newest_first = TRUE, .after = 2, .limit = 3}, "1:first ");
    assert_read(test->db, (EventFilter){.newest_first = TRUE, .after = 9, .limit = 1}, "5:last ");
}

static void types_and_subjects_are_found_in_rows_of_many(TestDb *test)
{
    append_many(test->db, "a.created", "s", MANY);
    append_one(test->db, "s7");
    append_many(test->db, "a.updated", "t", MANY);
    append_many(test->db, "a.deleted", "s", 8);
    assert_read(test->db, (EventFilter){.subject = "s7", .limit = 9}, "8:s7 1501:s7 3009:s7 ");
    assert_read(test->db, (EventFilter){.subject = "s7", .limit = 2}, "8:s7 1501:s7 ");
    assert_read(test->db, (EventFilter){.subject = "s7", .after = 8, .limit = 2},
                "1501:s7 3009:s7 ");
    assert_read(test->db, (EventFilter){.subject = "s7", .newest_first = TRUE, .limit = 2},
                "3009:s7 1501:s7 ");
    assert_read(test->db,
                (EventFilter){.subject = "s7", .newest_first = TRUE, .after = 1501, .limit = 2},
                "8:s7 ");
    assert_read(test->db, (EventFilter){.subject = "s7", .type_prefix = "a.", .limit = 9},
                "8:s7 3009:s7 ");
    assert_read(test->db, (EventFilter){.subject = "nobody", .limit = 9}, "");
    assert_read(test->db, (EventFilter){.type_prefix = "a.updated", .limit = 2},
                "1502:t0 1503:t1 ");
}

static void a_row_of_none_is_no_row(TestDb *test)
{
    append_many(test->db, "many", "s", 0);
    append_one(test->db, "first");
    assert_read(test->db, (EventFilter){.limit = 9}, "1:first ");
}

/* ---- verifying ---- */

static void assert_breaks(Db *db)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(events_verify(db_reader(db), &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

static void the_chain_holds_over_rows_of_many(TestDb *test)
{
    append_one(test->db, "first");
    append_many(test->db, "many", "s", 5);
    append_many(test->db, "many", "t", 5);
    append_one(test->db, "last");
    g_assert_true(events_verify(db_reader(test->db), NULL));
}

static void what_is_changed_in_a_row_of_many_breaks_the_chain(TestDb *test)
{
    append_many(test->db, "many", "s", 5);
    append_many(test->db, "many", "t", 5);
    change(test->db, "UPDATE event_bulk SET items = (SELECT items FROM event_bulk WHERE seq = 5)");
    assert_breaks(test->db);
}

static void a_row_of_many_that_claims_other_numbers_breaks_the_chain(TestDb *test)
{
    append_one(test->db, "first");
    append_many(test->db, "many", "t", 5);
    change(test->db, "UPDATE event SET first_seq = 3 WHERE seq = 6");
    assert_breaks(test->db);
}

static void an_erased_row_of_many_keeps_the_chain_and_its_numbers(TestDb *test)
{
    append_many(test->db, "many", "t", 2);
    append_one(test->db, "last");
    change(test->db, "DELETE FROM event_bulk WHERE seq = 2");
    change(test->db, "UPDATE event SET salt = NULL WHERE seq = 2");
    g_assert_true(events_verify(db_reader(test->db), NULL));
    assert_read(test->db, (EventFilter){.limit = 9}, "1:(null) 2:(null) 3:last ");
}

/* ---- followers ---- */

typedef struct {
    pthread_mutex_t lock;
    guint seen, failures;
    int64_t last;
    gboolean in_order;
} Seen;

/* The event in the middle fails twice. */
static gboolean count_event(DbConn *tx, const Event *event, Arena *arena, void *data,
                            GError **error)
{
    Seen *seen = data;
    gboolean fails;

    pthread_mutex_lock(&seen->lock);
    fails = event->seq == MANY / 2 && seen->failures++ < 2;
    if (!fails) {
        seen->in_order &= event->seq == seen->last + 1;
        seen->last = event->seq;
        seen->seen++;
    }
    pthread_mutex_unlock(&seen->lock);
    if (fails)
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "not yet");
    return !fails;
}

static guint seen_count(Seen *seen)
{
    pthread_mutex_lock(&seen->lock);
    guint count = seen->seen;
    pthread_mutex_unlock(&seen->lock);
    return count;
}

static void a_follower_keeps_its_place_inside_of_a_row(TestDb *test)
{
    g_autoptr(Events) events = events_new(test->db);
    Seen seen = {.in_order = TRUE};

    pthread_mutex_init(&seen.lock, NULL);
    events_follow(events, "counter", "many", count_event, &seen);
    append_many(test->db, "many", "s", MANY);
    events_start(events);
    for (int i = 0; i < 6000 && seen_count(&seen) < MANY; i++)
        g_usleep(10000);
    events_stop(events);
    g_assert_cmpuint(seen.seen, ==, MANY);
    g_assert_cmpuint(seen.failures, ==, 3);
    g_assert_true(seen.in_order);
    pthread_mutex_destroy(&seen.lock);
}

static int64_t count_rows(Db *db)
{
    g_autoptr(DbRows) rows = db_query(db_reader(db), NULL, "SELECT count(*) FROM event_bulk", "");

    g_assert_true(rows && db_rows_next(rows));
    return db_rows_int(rows, 0);
}

static gboolean append_long(DbConn *tx, void *data, GError **error)
{
    g_autofree char *text = g_strnfill(12 << 20, 'x');
    g_autofree char *payload = g_strdup_printf("{\"text\":\"%s\"}", text);
    const EventItem items[] = {
        {"a", "1", payload}, {"b", "2", payload}, {"c", "3", NULL}, {"d", "4", payload}};

    events_append_bulk(tx, &(Event){.type = "long", .source = "/test"}, items, 4);
    return TRUE;
}

static void more_than_fits_a_row_is_several(TestDb *test)
{
    g_autoptr(GError) error = NULL;
    int64_t seq;

    g_assert_cmpint(append_many(test->db, "many", "s", 100001), ==, 100001);
    g_assert_cmpint(count_rows(test->db), ==, 2);
    assert_read(test->db, (EventFilter){.after = 99998, .limit = 10},
                "99999:s99998 100000:s99999 100001:s100000 ");
    g_assert_true(db_write(test->db, append_long, NULL, &seq, &error));
    g_assert_cmpint(seq, ==, 100005);
    g_assert_cmpint(count_rows(test->db), ==, 5);
    g_assert_true(events_verify(db_reader(test->db), &error));
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    test_db_add("/spine/events-bulk/one-row-is-read-as-many-events",
                one_row_is_read_as_many_events);
    test_db_add("/spine/events-bulk/ids-are-the-same-however-often-they-are-read",
                ids_are_the_same_however_often_they_are_read);
    test_db_add("/spine/events-bulk/reading-goes-on-inside-of-a-row",
                reading_goes_on_inside_of_a_row);
    test_db_add("/spine/events-bulk/reading-goes-back-inside-of-a-row",
                reading_goes_back_inside_of_a_row);
    test_db_add("/spine/events-bulk/types-and-subjects-are-found-in-rows-of-many",
                types_and_subjects_are_found_in_rows_of_many);
    test_db_add("/spine/events-bulk/a-row-of-none-is-no-row", a_row_of_none_is_no_row);
    test_db_add("/spine/events-bulk/the-chain-holds-over-rows-of-many",
                the_chain_holds_over_rows_of_many);
    test_db_add("/spine/events-bulk/what-is-changed-in-a-row-of-many-breaks-the-chain",
                what_is_changed_in_a_row_of_many_breaks_the_chain);
    test_db_add("/spine/events-bulk/a-row-of-many-that-claims-other-numbers-breaks-the-chain",
                a_row_of_many_that_claims_other_numbers_breaks_the_chain);
    test_db_add("/spine/events-bulk/an-erased-row-of-many-keeps-the-chain-and-its-numbers",
                an_erased_row_of_many_keeps_the_chain_and_its_numbers);
    test_db_add("/spine/events-bulk/a-follower-keeps-its-place-inside-of-a-row",
                a_follower_keeps_its_place_inside_of_a_row);
    test_db_add("/spine/events-bulk/more-than-fits-a-row-is-several",
                more_than_fits_a_row_is_several);
    return test_db_run();
}
