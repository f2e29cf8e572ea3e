#include "../test_folder.h"
#include "spine/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The supervisor runs in a child of the test; the server is a shell script that counts its starts
 * in a file. */

static pid_t run(const char *script, const char *counter, const int *fds, guint fd_count)
{
    pid_t pid = fork();

    if (pid == 0) {
        char *argv[] = {(char *)"/bin/sh", (char *)"-c",    (char *)script,
                        (char *)"sh",      (char *)counter, NULL};
        SupervisorSpec spec = {.fds = fds, .fd_count = fd_count, .argv = argv};
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 2);
        _exit(supervisor_run(&spec));
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static gsize starts(const char *counter)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    g_file_get_contents(counter, &text, &length, NULL);
    return length;
}

static void wait_for_starts(const char *counter, gsize count)
{
    for (int i = 0; i < 3000 && starts(counter) < count; i++)
        g_usleep(10000);
    g_assert_cmpuint(starts(counter), >=, count);
}

static void test_restarts(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *counter = g_build_filename(folder, "starts", NULL);
    pid_t pid = run("printf x >> $1; test $(wc -c < $1) -lt 3 && kill -9 $$; "
                    "trap 'exit 5' TERM; while :; do sleep 0.02; done",
                    counter, NULL, 0);

    wait_for_starts(counter, 3);
    g_usleep(100000); /* for the trap; a TERM before it ends the script by signal */
    kill(pid, SIGTERM);
    g_assert_cmpint(status_of(pid), ==, 5);
    g_assert_cmpuint(starts(counter), ==, 3);
}

static void test_badly_configured(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *counter = g_build_filename(folder, "starts", NULL);

    g_assert_cmpint(status_of(run("printf x >> $1; exit 2", counter, NULL, 0)), ==, 2);
    g_assert_cmpuint(starts(counter), ==, 1);
}

static void test_sockets(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *counter = g_build_filename(folder, "starts", NULL);
    g_autofree char *got = NULL;
    int first[2], second[2], fds[2];

    g_assert_cmpint(pipe2(first, O_CLOEXEC) + pipe2(second, O_CLOEXEC), ==, 0);
    fds[0] = first[1];
    fds[1] = second[1];
    g_assert_cmpint(status_of(run("echo one >&3; echo two >&4; exit 0", counter, fds, 2)), ==, 0);
    got = g_malloc0(9);
    g_assert_cmpint(read(first[0], got, 4), ==, 4);
    g_assert_cmpint(read(second[0], got + 4, 4), ==, 4);
    g_assert_cmpstr(got, ==, "one\ntwo\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/supervisor/starts-again-what-died", test_restarts);
    g_test_add_func("/supervisor/badly-configured-server-is-left-alone", test_badly_configured);
    g_test_add_func("/supervisor/sockets-arrive-in-order", test_sockets);
    return g_test_run();
}
