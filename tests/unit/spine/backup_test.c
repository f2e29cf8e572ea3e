#include "spine/backup.h"
#include "spine/blobs.h"
#include "test_jobs.h"
#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>

static gboolean say_hello(Job *job, const Value **output, GError **error, void *data)
{
    job_print(job, NULL, "info", "hello");
    return TRUE;
}

/* A data folder with something in each part. */
static char *fill(TestDb *test)
{
    TestJobs *queue = test_jobs_new(test);
    g_autofree char *refs = g_build_filename(test->folder, "repositories/a/b.git/refs/heads", NULL);
    g_autofree char *ref = g_build_filename(refs, "main", NULL);
    g_autofree char *folder = g_build_filename(test->folder, "blobs", NULL);
    g_autoptr(Blobs) blobs = blobs_open(folder, NULL);

    g_assert_cmpint(g_mkdir_with_parents(refs, 0700), ==, 0);
    g_assert_true(g_file_set_contents(ref, "0123", -1, NULL));
    g_free(blobs_put(blobs, "hello", 5, NULL));
    test_jobs_kind(queue, "hello", say_hello, NULL, 0);
    jobs_start(queue->jobs);
    char *id = test_jobs_submit(queue, &(JobSpec){.kind = "hello"});
    test_jobs_assert_ends(queue, id, "succeeded");
    test_jobs_free(queue);
    return id;
}

static char *restored_url(TestDb *test, const char *folder)
{
    if (!test->postgres)
        return g_strdup_printf("sqlite:%s/pave.db", folder);
    g_assert_true(test_db_run_sql("postgres", "CREATE DATABASE restored"));
    g_autofree char *url = test_db_postgres_url("restored");
    g_auto(GStrv) parts = g_strsplit(url, "@", 2); /* a password, which trust does not ask for */
    return g_strjoin(":se%20cret@", parts[0], parts[1], NULL);
}

static void what_was_backed_up_is_restored(TestDb *test)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = fill(test);
    g_autofree char *file = g_build_filename(test->folder, "pave.tar.zst", NULL);
    g_autofree char *folder = g_build_filename(test->folder, "restored", NULL);
    g_autofree char *ref = g_build_filename(folder, "repositories/a/b.git/refs/heads/main", NULL);
    g_autofree char *blobs_folder = g_build_filename(folder, "blobs", NULL);
    g_autofree char *text = NULL;

    g_assert_true(backup_write(test->url, test->folder, file, &error));
    g_assert_no_error(error);
    g_autofree char *url = restored_url(test, folder);
    g_assert_true(backup_restore(file, url, folder, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(ref, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "0123");
    g_autoptr(Blobs) blobs = blobs_open(blobs_folder, NULL);
    g_autofree char *digest = blobs_put(blobs, "hello", 5, NULL);
    g_assert_nonnull(digest);

    TestDb again = {.url = url, .folder = folder, .postgres = test->postgres};
    again.db = db_open(url, &error);
    g_assert_no_error(error);
    TestJobs queue = {.test = &again, .db = again.db, .events = events_new(again.db)};
    queue.jobs = jobs_new(again.db, queue.events, NULL, folder, "node-1");
    test_jobs_assert_output(&queue, id, "hello\n");
    g_assert_true(events_verify(db_reader(again.db), NULL));
    jobs_free(queue.jobs);
    events_free(queue.events);
    db_close(again.db);
    if (test->postgres)
        g_assert_true(test_db_run_sql("postgres", "DROP DATABASE restored"));
}

static void a_folder_that_holds_something_is_left_alone(TestDb *test)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(test->folder, "pave.tar.zst", NULL);

    g_assert_true(backup_write(test->url, test->folder, file, &error));
    g_assert_false(backup_restore(file, test->url, test->folder, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

typedef struct {
    const char *name, *text;
} Member;

static void make_archive(const char *file, const Member *members)
{
    struct archive *archive = archive_write_new();

    archive_write_set_format_pax_restricted(archive);
    archive_write_add_filter_zstd(archive);
    g_assert_cmpint(archive_write_open_filename(archive, file), ==, ARCHIVE_OK);
    for (; members->name; members++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members->name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        archive_entry_set_size(entry, (int64_t)strlen(members->text));
        g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
        archive_write_data(archive, members->text, strlen(members->text));
        archive_entry_free(entry);
    }
    archive_write_free(archive);
}

static void assert_refused(const Member *members, const char *why)
{
    g_autofree char *folder = test_db_make_folder();
    g_autofree char *file = g_build_filename(folder, "bad.tar.zst", NULL);
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    g_autofree char *escaped = g_build_filename(folder, "escaped", NULL);
    g_autofree char *url = g_strdup_printf("sqlite:%s/pave.db", data);
    g_autoptr(GError) error = NULL;

    make_archive(file, members);
    g_assert_false(backup_restore(file, url, data, &error));
    if (!strstr(error->message, why))
        g_error("got \"%s\", wanted \"%s\"", error->message, why);
    g_assert_false(g_file_test(data, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(escaped, G_FILE_TEST_EXISTS));
    test_db_remove_folder(folder);
}

#define GOOD "{\"format\":\"pave-backup/1\",\"schema\":1,\"database\":\"pave.db\"}"

static void an_archive_of_a_newer_schema_is_refused(void)
{
    assert_refused((Member[]){{"manifest.json", "{\"format\":\"pave-backup/1\",\"schema\":9999,"
                                                "\"database\":\"pave.db\",\"version\":\"9.0\"}"},
                              {NULL, NULL}},
                   "newer Pave (9.0)");
}

static void an_archive_of_the_other_engine_is_refused(void)
{
    assert_refused((Member[]){{"manifest.json", "{\"format\":\"pave-backup/1\",\"schema\":1,"
                                                "\"database\":\"database.pgdump\"}"},
                              {NULL, NULL}},
                   "other engine");
}

static void what_is_no_backup_is_refused(void)
{
    assert_refused((Member[]){{"readme", "hello"}, {NULL, NULL}}, "no backup of Pave");
}

static void members_that_leave_the_folder_are_refused(void)
{
    static const char *const names[] = {"../escaped",      "repositories/../../escaped",
                                        "/escaped",        "other/file",
                                        "repositories//x", "blobs/./x"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_refused((Member[]){{"manifest.json", GOOD}, {names[i], "x"}, {NULL, NULL}},
                       "which no backup has");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/backup/what-was-backed-up-is-restored", what_was_backed_up_is_restored);
    test_db_add("/backup/a-folder-that-holds-something-is-left-alone",
                a_folder_that_holds_something_is_left_alone);
    g_test_add_func("/backup/an-archive-of-a-newer-schema-is-refused",
                    an_archive_of_a_newer_schema_is_refused);
    g_test_add_func("/backup/an-archive-of-the-other-engine-is-refused",
                    an_archive_of_the_other_engine_is_refused);
    g_test_add_func("/backup/what-is-no-backup-is-refused", what_is_no_backup_is_refused);
    g_test_add_func("/backup/members-that-leave-the-folder-are-refused",
                    members_that_leave_the_folder_are_refused);
    return test_db_run();
}
