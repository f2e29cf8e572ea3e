#include "spine/db.h"
#include "test_db.h"
#include <glib.h>
#include <pthread.h>

static gboolean make_table(DbConn *tx, void *data, GError **error)
{
    return db_exec(
               tx, error,
               "CREATE TABLE thing (name TEXT PRIMARY KEY, size BIGINT, weight DOUBLE PRECISION)",
               "") >= 0;
}

static void prepare(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(db_write(test->db, make_table, NULL, NULL, &error));
    g_assert_no_error(error);
}

static gboolean add_thing(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, "INSERT INTO thing (size, name) VALUES ($2, $1)", "ti", data,
                   (int64_t)7) == 1;
}

static int64_t count_things(Db *db)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows = db_query(db_reader(db), &error, "SELECT COUNT(*) FROM thing", "");

    g_assert_no_error(error);
    g_assert_true(db_rows_next(rows));
    return db_rows_int(rows, 0);
}

static void reads_what_was_written(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_true(db_write(test->db, add_thing, "a", NULL, &error));
    g_autoptr(DbRows) rows =
        db_query(db_reader(test->db), &error,
                 "SELECT name, size, weight FROM thing WHERE size = $2 AND name = $1", "ti", "a",
                 (int64_t)7);
    g_assert_no_error(error);
    g_assert_true(db_rows_next(rows));
    g_assert_cmpstr(db_rows_text(rows, 0), ==, "a");
    g_assert_cmpint(db_rows_int(rows, 1), ==, 7);
    g_assert_true(db_rows_is_null(rows, 2));
    g_assert_null(db_rows_text(rows, 2));
    g_assert_false(db_rows_next(rows));
}

static gboolean write_types(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, "CREATE TABLE kept (t TEXT, i BIGINT, d DOUBLE PRECISION)", "") >=
               0 &&
           db_exec(tx, error, "INSERT INTO kept VALUES ($1, $2, $3)", "tid", "Zoë's ☃", INT64_MIN,
                   0.1) == 1 &&
           db_exec(tx, error, "INSERT INTO kept VALUES ($1, $2, $3)", "tid", NULL, INT64_MAX,
                   -1e300) == 1;
}

static void keeps_every_type(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(db_write(test->db, write_types, NULL, NULL, &error));
    g_autoptr(DbRows) rows = db_query(db_reader(test->db), &error,
                                      "SELECT t, i, d, i = 5, t IS NULL FROM kept ORDER BY i", "");
    g_assert_true(db_rows_next(rows));
    g_assert_cmpstr(db_rows_text(rows, 0), ==, "Zoë's ☃");
    g_assert_cmpint(db_rows_int(rows, 1), ==, INT64_MIN);
    g_assert_cmpfloat(db_rows_double(rows, 2), ==, 0.1);
    g_assert_cmpint(db_rows_int(rows, 3), ==, 0);
    g_assert_cmpint(db_rows_int(rows, 4), ==, 0);
    g_assert_true(db_rows_next(rows));
    g_assert_true(db_rows_is_null(rows, 0));
    g_assert_cmpint(db_rows_int(rows, 1), ==, INT64_MAX);
    g_assert_cmpfloat(db_rows_double(rows, 2), ==, -1e300);
    g_assert_cmpint(db_rows_int(rows, 4), ==, 1);
}

static gboolean write_blobs(DbConn *tx, void *data, GError **error)
{
    g_autoptr(GBytes) full = g_bytes_new_static("a\0b\xff", 4);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    return db_exec(tx, error, "UPDATE job SET secrets = $1 WHERE id = $2", "bt", full, "x") >= 0 &&
           db_exec(tx, error,
                   "INSERT INTO job (id, kind, state, attempt, cancel_asked, payload, secrets,"
                   " created_at, queued_at, folder_removed) VALUES"
                   " ('a', 'k', 'queued', 0, 0, '', $1, 0, 0, 0),"
                   " ('b', 'k', 'queued', 0, 0, '', $2, 0, 0, 0),"
                   " ('c', 'k', 'queued', 0, 0, '', $3, 0, 0, 0)",
                   "bbb", full, empty, NULL) == 3;
}

static void keeps_blobs(TestDb *test)
{
    g_autoptr(GError) error = NULL;
    gsize length;

    g_assert_true(db_write(test->db, write_blobs, NULL, NULL, &error));
    g_assert_no_error(error);
    g_autoptr(DbRows) rows =
        db_query(db_reader(test->db), &error, "SELECT secrets FROM job ORDER BY id", "");
    g_assert_true(db_rows_next(rows));
    g_autoptr(GBytes) full = db_rows_blob(rows, 0);
    g_assert_cmpmem(g_bytes_get_data(full, &length), 4, "a\0b\xff", 4);
    g_assert_cmpuint(g_bytes_get_size(full), ==, 4);
    g_assert_true(db_rows_next(rows));
    g_autoptr(GBytes) empty = db_rows_blob(rows, 0);
    g_assert_nonnull(empty);
    g_assert_cmpuint(g_bytes_get_size(empty), ==, 0);
    g_assert_true(db_rows_next(rows));
    g_assert_null(db_rows_blob(rows, 0));
}

static void a_taken_key_is_a_conflict(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_true(db_write(test->db, add_thing, "a", NULL, NULL));
    g_assert_false(db_write(test->db, add_thing, "a", NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_cmpint(count_things(test->db), ==, 1);
}

static gboolean add_then_fail(DbConn *tx, void *data, GError **error)
{
    g_assert_true(add_thing(tx, "lost", error));
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "no");
    return FALSE;
}

static void an_error_rolls_back(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_false(db_write(test->db, add_then_fail, NULL, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_cmpint(count_things(test->db), ==, 0);
}

static gboolean swallow_a_failure(DbConn *tx, void *data, GError **error)
{
    db_exec(tx, NULL, "INSERT INTO thing (name) VALUES ('a')", "");
    db_exec(tx, NULL, "INSERT INTO thing (name) VALUES ('a')", "");
    db_exec(tx, NULL, "INSERT INTO thing (name) VALUES ('b')", "");
    return TRUE;
}

static void a_failed_statement_dooms_its_transaction(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_false(db_write(test->db, swallow_a_failure, NULL, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_assert_cmpint(count_things(test->db), ==, 0);
}

static void readers_cannot_write(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_cmpint(
        db_exec(db_reader(test->db), &error, "INSERT INTO thing (name) VALUES ('a')", ""), ==, -1);
    g_assert_nonnull(error);
    g_assert_cmpint(count_things(test->db), ==, 0);
}

static void tells_how_many_rows_changed(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    g_assert_cmpint(db_exec(db_reader(test->db), &error, "SELECT 1", ""), ==, 0);
    g_assert_cmpint(db_exec(db_reader(test->db), &error, "nonsense", ""), ==, -1);
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
}

typedef struct {
    Db *db;
    int number;
} Worker;

static gboolean add_numbered(DbConn *tx, void *data, GError **error)
{
    g_autofree char *name = g_strdup_printf("%d", *(int *)data);

    if (db_exec(tx, error, "INSERT INTO thing (name, size) VALUES ($1, 0)", "t", name) != 1)
        return FALSE;
    if (*(int *)data % 5 == 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "every fifth fails");
        return FALSE;
    }
    return TRUE;
}

static void *write_many(void *data)
{
    Worker *worker = data;

    for (int i = 0; i < 50; i++) {
        int number = worker->number * 1000 + i;
        g_autoptr(GError) error = NULL;
        gboolean done = db_write(worker->db, add_numbered, &number, NULL, &error);
        g_assert_cmpint(done, ==, number % 5 != 0);
        count_things(worker->db);
    }
    return NULL;
}

static void writes_of_many_threads_fail_one_by_one(TestDb *test)
{
    pthread_t threads[8];
    Worker workers[8];

    prepare(test);
    for (int i = 0; i < 8; i++) {
        workers[i] = (Worker){test->db, i};
        g_assert_cmpint(pthread_create(&threads[i], NULL, write_many, &workers[i]), ==, 0);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpint(count_things(test->db), ==, 8 * 40);
}

static void one_statement_may_be_open_twice(TestDb *test)
{
    prepare(test);
    db_write(test->db, add_thing, "a", NULL, NULL);
    db_write(test->db, add_thing, "b", NULL, NULL);
    const char *sql = "SELECT name FROM thing ORDER BY name";
    g_autoptr(DbRows) outer = db_query(db_reader(test->db), NULL, sql, "");
    g_assert_true(db_rows_next(outer));
    g_autoptr(DbRows) inner = db_query(db_reader(test->db), NULL, sql, "");
    g_assert_true(db_rows_next(inner));
    g_assert_true(db_rows_next(outer));
    g_assert_cmpstr(db_rows_text(inner, 0), ==, "a");
    g_assert_cmpstr(db_rows_text(outer, 0), ==, "b");
}

static gboolean pretend_newer(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error,
                   "INSERT INTO schema_migration (number, name, hash, applied_at)"
                   " VALUES (9999, '9999_future.sql', '', 0)",
                   "") == 1;
}

static void a_newer_schema_is_refused(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    db_write(test->db, pretend_newer, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(db_open(test->url, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
    g_assert_nonnull(strstr(error->message, "9999_future.sql"));
}

static gboolean pretend_changed(DbConn *tx, void *data, GError **error)
{
    return db_exec(tx, error, "UPDATE schema_migration SET hash = 'x' WHERE number = 1", "") == 1;
}

static void a_changed_migration_is_refused(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    db_write(test->db, pretend_changed, NULL, NULL, NULL);
    g_assert_null(db_open(test->url, &error));
    g_assert_nonnull(strstr(error->message, "0001_spine.sql was changed"));
}

static void opens_again_with_what_it_held(TestDb *test)
{
    g_autoptr(GError) error = NULL;

    prepare(test);
    db_write(test->db, add_thing, "a", NULL, NULL);
    db_close(test->db);
    test->db = db_open(test->url, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count_things(test->db), ==, 1);
}

static void like_is_case_sensitive(TestDb *test)
{
    g_autoptr(DbRows) rows = db_query(db_reader(test->db), NULL, "SELECT 'ABC' LIKE 'abc'", "");

    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_int(rows, 0), ==, 0);
}

static void a_lost_connection_is_made_again(TestDb *test)
{
    if (!test->postgres)
        return;
    g_autoptr(GError) error = NULL;

    prepare(test);
    count_things(test->db);
    g_assert_true(test_db_run_sql("postgres", "SELECT pg_terminate_backend(pid) FROM"
                                              " pg_stat_activity WHERE datname LIKE 'test%'"));
    g_assert_true(db_write(test->db, add_thing, "a", NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(count_things(test->db), ==, 1);
}

static void the_clock_of_the_database_runs(TestDb *test)
{
    int64_t now = db_now_ms(db_reader(test->db));

    g_assert_cmpint(ABS(now - g_get_real_time() / 1000), <, 5000);
}

static void a_backup_can_be_opened(TestDb *test)
{
    if (test->postgres)
        return;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(test->folder, "copy.db", NULL);
    g_autofree char *url = g_strconcat("sqlite:", path, NULL);

    prepare(test);
    db_write(test->db, add_thing, "a", NULL, NULL);
    g_assert_true(db_backup_sqlite(test->db, path, &error));
    g_autoptr(Db) copy = db_open(url, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count_things(copy), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/db/reads-what-was-written", reads_what_was_written);
    test_db_add("/db/keeps-every-type", keeps_every_type);
    test_db_add("/db/keeps-blobs", keeps_blobs);
    test_db_add("/db/a-taken-key-is-a-conflict", a_taken_key_is_a_conflict);
    test_db_add("/db/an-error-rolls-back", an_error_rolls_back);
    test_db_add("/db/a-failed-statement-dooms-its-transaction",
                a_failed_statement_dooms_its_transaction);
    test_db_add("/db/readers-cannot-write", readers_cannot_write);
    test_db_add("/db/tells-how-many-rows-changed", tells_how_many_rows_changed);
    test_db_add("/db/writes-of-many-threads-fail-one-by-one",
                writes_of_many_threads_fail_one_by_one);
    test_db_add("/db/one-statement-may-be-open-twice", one_statement_may_be_open_twice);
    test_db_add("/db/a-newer-schema-is-refused", a_newer_schema_is_refused);
    test_db_add("/db/a-changed-migration-is-refused", a_changed_migration_is_refused);
    test_db_add("/db/opens-again-with-what-it-held", opens_again_with_what_it_held);
    test_db_add("/db/like-is-case-sensitive", like_is_case_sensitive);
    test_db_add("/db/a-lost-connection-is-made-again", a_lost_connection_is_made_again);
    test_db_add("/db/the-clock-of-the-database-runs", the_clock_of_the_database_runs);
    test_db_add("/db/a-backup-can-be-opened", a_backup_can_be_opened);
    return test_db_run();
}
