#include "../test_folder.h"
#include "spine/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 30000 };

static const char *const ENVIRONMENT[] = {"PATH=/usr/bin:/bin", "TOKEN=never-on-disk-4711", NULL};

typedef struct {
    char *folder; /* the test's own; the process folder is below it */
    char *process_folder;
    Process *process;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = test_folder_new();
    fixture->process_folder = g_build_filename(fixture->folder, "process", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    if (fixture->process) {
        process_stop(fixture->process, SIGKILL);
        process_wait(fixture->process, LONG_MS, NULL, NULL);
        process_unref(fixture->process);
    }
    test_folder_free(fixture->folder);
    g_free(fixture->process_folder);
}

static void start(Fixture *fixture, ProcessSpec spec, const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    GError *error = NULL;

    spec.folder = fixture->process_folder;
    spec.argv = argv;
    spec.env = ENVIRONMENT;
    fixture->process = process_start(&spec, &error);
    g_assert_no_error(error);
    g_assert_nonnull(fixture->process);
}

static int wait_for_exit(Fixture *fixture)
{
    GError *error = NULL;
    int exit_code = -1;
    gboolean ended = process_wait(fixture->process, LONG_MS, &exit_code, &error);

    g_assert_no_error(error);
    g_assert_true(ended);
    return exit_code;
}

static char *output(Fixture *fixture)
{
    static char bytes[65536];
    GError *error = NULL;
    gssize got = process_read_output(fixture->process, 0, bytes, sizeof(bytes), &error);

    g_assert_no_error(error);
    return g_strndup(bytes, (gsize)got);
}

static void wait_for_output(Fixture *fixture, const char *text)
{
    for (int i = 0; i < LONG_MS / 10; i++) {
        g_autofree char *so_far = output(fixture);

        if (strstr(so_far, text))
            return;
        g_usleep(10000);
    }
    g_error("\"%s\" was never printed", text);
}

static void test_output_and_status(Fixture *fixture, gconstpointer data)
{
    g_autofree char *got = NULL;

    start(fixture, (ProcessSpec){.cwd = "/usr"}, "pwd; echo oops >&2; exit 3");
    g_assert_cmpint(wait_for_exit(fixture), ==, 3);
    got = output(fixture);
    g_assert_cmpstr(got, ==, "/usr\noops\n");
}

static void test_signal_status(Fixture *fixture, gconstpointer data)
{
    start(fixture, (ProcessSpec){0}, "kill -TERM $$");
    g_assert_cmpint(wait_for_exit(fixture), ==, 128 + SIGTERM);
}

static void test_input(Fixture *fixture, gconstpointer data)
{
    g_autofree char *got = NULL;

    start(fixture, (ProcessSpec){.input = "{\"a\":1}", .input_length = 7}, "cat");
    g_assert_cmpint(wait_for_exit(fixture), ==, 0);
    got = output(fixture);
    g_assert_cmpstr(got, ==, "{\"a\":1}");
}

static void assert_nowhere(const char *folder, const char *secret)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length = 0;

        if (g_file_get_contents(path, &bytes, &length, NULL))
            g_assert_null(memmem(bytes, length, secret, strlen(secret)));
    }
}

static void test_environment(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = NULL, *arguments = NULL;
    gsize length;

    start(fixture, (ProcessSpec){0},
          "test \"$TOKEN\" = never-on-disk-$((4710 + 1)) && echo ready;"
          " exec sleep 60");
    wait_for_output(fixture, "ready");
    assert_nowhere(fixture->process_folder, "never-on-disk-4711");
    path = g_strdup_printf("/proc/%d/cmdline", (int)process_pid(fixture->process));
    g_assert_true(g_file_get_contents(path, &arguments, &length, NULL));
    g_assert_null(memmem(arguments, length, "never-on-disk-4711", 18));
}

static void test_unknown_program(Fixture *fixture, gconstpointer data)
{
    const char *argv[] = {"no-such-program-here", NULL};
    ProcessSpec spec = {.folder = fixture->process_folder, .argv = argv, .env = ENVIRONMENT};
    g_autoptr(GError) error = NULL;

    g_assert_null(process_start(&spec, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "no-such-program-here"));
    g_clear_error(&error);
    g_assert_null(process_attach(fixture->process_folder, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

static void test_second_start(Fixture *fixture, gconstpointer data)
{
    const char *argv[] = {"true", NULL};
    ProcessSpec spec = {.folder = fixture->process_folder, .argv = argv, .env = ENVIRONMENT};
    g_autoptr(GError) error = NULL;

    start(fixture, (ProcessSpec){0}, "exit 0");
    g_assert_cmpint(wait_for_exit(fixture), ==, 0);
    g_assert_null(process_start(&spec, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
}

static void test_stop_is_asked_first(Fixture *fixture, gconstpointer data)
{
    start(fixture, (ProcessSpec){0},
          "trap 'echo bye; exit 7' INT; echo ready; while :; do sleep 0.05; done");
    wait_for_output(fixture, "ready");
    g_assert_false(process_wait(fixture->process, 0, NULL, NULL));
    process_stop(fixture->process, SIGINT);
    g_assert_cmpint(wait_for_exit(fixture), ==, 7);
    wait_for_output(fixture, "bye");
}

static void test_stop_kills_in_the_end(Fixture *fixture, gconstpointer data)
{
    start(fixture, (ProcessSpec){.grace_ms = 100},
          "trap '' INT; echo ready; while :; do sleep 0.05; done");
    wait_for_output(fixture, "ready");
    process_stop(fixture->process, SIGINT);
    g_assert_cmpint(wait_for_exit(fixture), ==, 128 + SIGKILL);
}

static gboolean is_gone(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return TRUE;
    return strstr(text, ") Z ") != NULL;
}

static void test_grandchildren(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;
    pid_t orphan;

    start(fixture, (ProcessSpec){0},
          "(setsid sh -c 'echo pid $$; exec sleep 600' &) ; sleep 0.3; exit 0");
    g_assert_cmpint(wait_for_exit(fixture), ==, 0);
    text = output(fixture);
    g_assert_true(g_str_has_prefix(text, "pid "));
    orphan = atoi(text + 4);
    g_assert_true(is_gone(orphan));
}

static void test_killed_shim(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = NULL, *status = NULL;
    g_autoptr(GError) error = NULL;
    pid_t child, shim;

    start(fixture, (ProcessSpec){0}, "echo ready; exec sleep 600");
    wait_for_output(fixture, "ready");
    child = process_pid(fixture->process);
    path = g_strdup_printf("/proc/%d/stat", (int)child);
    g_assert_true(g_file_get_contents(path, &status, NULL, NULL));
    g_assert_cmpint(sscanf(strrchr(status, ')'), ") %*c %d", &shim), ==, 1);
    kill(shim, SIGKILL);
    g_assert_false(process_wait(fixture->process, LONG_MS, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INTERNAL);
    for (int i = 0; !is_gone(child) && i < LONG_MS / 10; i++)
        g_usleep(10000);
    g_assert_true(is_gone(child));
}

/* The starter is a process of its own that is killed; what it started goes on. */
static void test_survives_its_starter(Fixture *fixture, gconstpointer data)
{
    GError *error = NULL;
    pid_t starter = fork();
    int status;

    if (starter == 0) {
        start(fixture, (ProcessSpec){0}, "echo ready; sleep 0.5; echo done; exit 5");
        kill(getpid(), SIGKILL);
    }
    g_assert_cmpint(waitpid(starter, &status, 0), ==, starter);
    g_assert_true(WIFSIGNALED(status));
    fixture->process = process_attach(fixture->process_folder, &error);
    g_assert_no_error(error);
    g_assert_cmpint(wait_for_exit(fixture), ==, 5);
    wait_for_output(fixture, "ready\ndone\n");
}

static void test_bounded_output(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;

    start(fixture, (ProcessSpec){.output_size_max = 1000}, "while :; do echo 0123456789; done");
    g_assert_cmpint(wait_for_exit(fixture), ==, 128 + SIGKILL);
    text = output(fixture);
    g_assert_cmpuint(strlen(text), <, 1200);
    g_assert_nonnull(strstr(text, "over its bound"));
}

static void test_secrets_are_masked(Fixture *fixture, gconstpointer data)
{
    static const char *const secrets[] = {"hunter2-and-more", NULL};
    g_autofree char *text = NULL;

    start(fixture, (ProcessSpec){.secrets = secrets},
          "printf 'before hunter2-'; sleep 0.1; printf 'and-more after\\nlast hunter2-and-more'");
    g_assert_cmpint(wait_for_exit(fixture), ==, 0);
    text = output(fixture);
    g_assert_cmpstr(text, ==, "before *** after\nlast ***");
}

static void test_output_turns_over(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL,
                    *old = g_build_filename(fixture->process_folder, "output.1", NULL);

    start(fixture, (ProcessSpec){.output_size_max = 500, .output_turns_over = TRUE},
          "i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); sleep 0.002; done");
    g_assert_cmpint(wait_for_exit(fixture), ==, 0);
    text = output(fixture);
    g_assert_cmpuint(strlen(text), <=, 500);
    g_assert_nonnull(strstr(text, "line 99\n"));
    g_assert_true(g_file_test(old, G_FILE_TEST_EXISTS));
}

static void test_never_stopping_printer(Fixture *fixture, gconstpointer data)
{
    start(fixture, (ProcessSpec){.output_turns_over = TRUE, .output_size_max = 1 << 20},
          "exec yes");
    process_stop(fixture->process, SIGTERM);
    g_assert_cmpint(wait_for_exit(fixture), ==, 128 + SIGTERM);
}

static void test_deep_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *long_name = g_strnfill(120, 'd');
    char *deep = g_build_filename(fixture->folder, long_name, long_name, NULL);

    g_free(fixture->process_folder);
    fixture->process_folder = deep;
    start(fixture, (ProcessSpec){0}, "echo ready; exec sleep 600");
    wait_for_output(fixture, "ready");
    process_stop(fixture->process, SIGTERM);
    g_assert_cmpint(wait_for_exit(fixture), ==, 128 + SIGTERM);
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    ADD("/process/output-and-exit-status-are-kept", test_output_and_status);
    ADD("/process/a-signal-is-128-and-its-number", test_signal_status);
    ADD("/process/input-arrives", test_input);
    ADD("/process/environment-is-neither-on-disk-nor-in-arguments", test_environment);
    ADD("/process/unknown-program-is-refused-by-name", test_unknown_program);
    ADD("/process/second-start-in-a-folder-is-refused", test_second_start);
    ADD("/process/stop-asks-first", test_stop_is_asked_first);
    ADD("/process/stop-kills-in-the-end", test_stop_kills_in_the_end);
    ADD("/process/grandchildren-end-with-it", test_grandchildren);
    ADD("/process/killed-shim-is-told-and-takes-the-child-along", test_killed_shim);
    ADD("/process/survives-its-starter", test_survives_its_starter);
    ADD("/process/output-over-its-bound-ends-it", test_bounded_output);
    ADD("/process/secrets-are-masked-in-the-output", test_secrets_are_masked);
    ADD("/process/output-turns-over-where-asked", test_output_turns_over);
    ADD("/process/never-stopping-printer-can-be-stopped", test_never_stopping_printer);
    ADD("/process/folder-may-have-a-long-path", test_deep_folder);
    return g_test_run();
}
