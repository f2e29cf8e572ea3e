/* A fresh database for every test, on both engines.
 *
 *     static void keeps_what_was_written(TestDb *test) { … test->db … }
 *     test_db_add("/catalog/store/keeps-what-was-written", keeps_what_was_written);
 *     return test_db_run();
 *
 * adds ".../sqlite" and ".../postgresql". PostgreSQL is a private cluster, started for the first
 * test that wants it and gone with the program; where there is no initdb those tests are skipped.
 */
#pragma once
#include "spine/db.h"
#include <errno.h>
#include <ftw.h>
#include <gio/gio.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    Db *db;       /* open, migrated, empty */
    char *url;    /* the same database, for opening it once more */
    char *folder; /* a temporary folder, removed afterwards */
    gboolean postgres;
} TestDb;

typedef void (*TestDbFn)(TestDb *test);

typedef struct {
    TestDbFn run;
    gboolean postgres;
} TestDbCase;

static char *test_db_cluster; /* folder of the private cluster; NULL while there is none */
static GPid test_db_server;
static GPtrArray *test_db_cases;

static inline int test_db_unlink(const char *path, const struct stat *status, int type,
                                 struct FTW *walk)
{
    return remove(path);
}

static inline void test_db_remove_folder(const char *folder)
{
    nftw(folder, test_db_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline char *test_db_make_folder(void)
{
    char *folder = g_dir_make_tmp("pave-test-XXXXXX", NULL);

    g_assert_nonnull(folder);
    return folder;
}

/* The folder of initdb and postgres; NULL where PostgreSQL is missing. Free with g_free(). */
static inline char *test_db_postgres_bin(void)
{
    g_autofree char *initdb = g_find_program_in_path("initdb");
    g_autoptr(GDir) versions = g_dir_open("/usr/lib/postgresql", 0, NULL);
    const char *version;

    while (versions && (version = g_dir_read_name(versions))) {
        g_autofree char *bin = g_build_filename("/usr/lib/postgresql", version, "bin", NULL);
        g_autofree char *program = g_build_filename(bin, "initdb", NULL);
        if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer(&bin);
    }
    return initdb ? g_path_get_dirname(initdb) : NULL;
}

/* PostgreSQL refuses to run as root. */
static inline void test_db_become_nobody(GPtrArray *argv)
{
    if (geteuid() != 0)
        return;
    g_ptr_array_add(argv, (char *)"setpriv");
    g_ptr_array_add(argv, (char *)"--reuid=nobody");
    g_ptr_array_add(argv, (char *)"--regid=nogroup");
    g_ptr_array_add(argv, (char *)"--clear-groups");
}

static inline void test_db_child_setup(void *data)
{
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* an aborted test leaves no server behind */
}

static inline void test_db_stop_cluster(void)
{
    if (!test_db_cluster)
        return;
    kill(test_db_server, SIGQUIT);
    waitpid(test_db_server, NULL, 0);
    test_db_remove_folder(test_db_cluster);
    g_clear_pointer(&test_db_cluster, g_free);
}

static inline gboolean test_db_initialise(const char *bin)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *program = g_build_filename(bin, "initdb", NULL);
    g_autofree char *data = g_build_filename(test_db_cluster, "data", NULL);
    int status = 0;

    test_db_become_nobody(argv);
    g_ptr_array_add(argv, program);
    g_ptr_array_add(argv, (char *)"--no-sync");
    g_ptr_array_add(argv, (char *)"--auth=trust");
    g_ptr_array_add(argv, (char *)"--username=pave");
    g_ptr_array_add(argv, (char *)"--encoding=UTF8");
    g_ptr_array_add(argv, (char *)"--locale=C");
    g_ptr_array_add(argv, (char *)"-D");
    g_ptr_array_add(argv, data);
    g_ptr_array_add(argv, NULL);
    return g_spawn_sync(test_db_cluster, (char **)argv->pdata, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                        &status, NULL) &&
           status == 0;
}

static inline gboolean test_db_serve(const char *bin)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *program = g_build_filename(bin, "postgres", NULL);
    g_autofree char *data = g_build_filename(test_db_cluster, "data", NULL);
    const char *settings[] = {"fsync=off",
                              "full_page_writes=off",
                              "listen_addresses=",
                              "shared_buffers=16MB",
                              "max_connections=60",
                              "logging_collector=off",
                              "log_min_messages=fatal",
                              NULL};
    g_autofree char *sockets = g_strdup_printf("unix_socket_directories=%s", test_db_cluster);

    test_db_become_nobody(argv);
    g_ptr_array_add(argv, program);
    g_ptr_array_add(argv, (char *)"-D");
    g_ptr_array_add(argv, data);
    for (const char **setting = settings; *setting; setting++) {
        g_ptr_array_add(argv, (char *)"-c");
        g_ptr_array_add(argv, (char *)*setting);
    }
    g_ptr_array_add(argv, (char *)"-c");
    g_ptr_array_add(argv, sockets);
    g_ptr_array_add(argv, NULL);
    return g_spawn_async(test_db_cluster, (char **)argv->pdata, NULL,
                         G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                             G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                         test_db_child_setup, NULL, &test_db_server, NULL);
}

static inline char *test_db_postgres_url(const char *database)
{
    g_autofree char *host = g_uri_escape_string(test_db_cluster, NULL, FALSE);

    return g_strdup_printf("postgresql://pave@%s/%s", host, database);
}

static inline gboolean test_db_run_sql(const char *database, const char *sql)
{
    g_autofree char *url = test_db_postgres_url(database);
    PGconn *pg = PQconnectdb(url);
    gboolean done = FALSE;

    if (PQstatus(pg) == CONNECTION_OK) {
        PGresult *result = PQexec(pg, sql);
        done =
            PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
    PQfinish(pg);
    return done;
}

/* Starts the cluster; FALSE where PostgreSQL is missing. What is there and does not start is a
 * failure, not a skip. */
static inline gboolean test_db_start_cluster(void)
{
    g_autofree char *bin = test_db_postgres_bin();

    if (test_db_cluster)
        return TRUE;
    if (!bin)
        return FALSE;
    test_db_cluster = test_db_make_folder();
    if (geteuid() == 0)
        g_assert_cmpint(chown(test_db_cluster, 65534, 65534), ==, 0);
    g_assert_true(test_db_initialise(bin));
    g_assert_true(test_db_serve(bin));
    atexit(test_db_stop_cluster);
    for (int i = 0; i < 1500 && !test_db_run_sql("postgres", "SELECT 1"); i++)
        g_usleep(20000);
    g_assert_true(test_db_run_sql("postgres", "SELECT 1"));
    return TRUE;
}

/* An empty database; NULL where PostgreSQL is wanted and missing. */
static inline TestDb *test_db_open(gboolean postgres)
{
    static int made;
    g_autoptr(GError) error = NULL;

    if (postgres && !test_db_start_cluster())
        return NULL;
    TestDb *test = g_new0(TestDb, 1);
    test->postgres = postgres;
    test->folder = test_db_make_folder();
    if (postgres) {
        g_autofree char *name = g_strdup_printf("test%d", ++made);
        g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s", name);
        g_assert_true(test_db_run_sql("postgres", sql));
        test->url = test_db_postgres_url(name);
    } else {
        test->url = g_strdup_printf("sqlite:%s/pave.db", test->folder);
    }
    test->db = db_open(test->url, &error);
    g_assert_no_error(error);
    return test;
}

static inline void test_db_close(TestDb *test)
{
    db_close(test->db);
    test_db_remove_folder(test->folder);
    g_free(test->folder);
    g_free(test->url);
    g_free(test);
}

static inline void test_db_run_case(const void *data)
{
    const TestDbCase *test_case = data;
    TestDb *test = test_db_open(test_case->postgres);

    if (!test) {
        g_test_skip("PostgreSQL (initdb) is not installed");
        return;
    }
    test_case->run(test);
    test_db_close(test);
}

static inline void test_db_add(const char *path, TestDbFn run)
{
    if (!test_db_cases)
        test_db_cases = g_ptr_array_new_with_free_func(g_free);
    for (int postgres = 0; postgres < 2; postgres++) {
        g_autofree char *full = g_strdup_printf("%s/%s", path, postgres ? "postgresql" : "sqlite");
        TestDbCase *test_case = g_new0(TestDbCase, 1);

        test_case->run = run;
        test_case->postgres = postgres;
        g_ptr_array_add(test_db_cases, test_case);
        g_test_add_data_func(full, test_case, test_db_run_case);
    }
}

/* g_test_run(), then the cluster is stopped. */
static inline int test_db_run(void)
{
    int status = g_test_run();

    test_db_stop_cluster();
    g_clear_pointer(&test_db_cases, g_ptr_array_unref);
    return status;
}
