#include "../test_folder.h"
#include "net_echo.h"
#include "spine/process.h"
#include "spine/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each case is a script that runs in a sandbox; what it prints and how it ends is the test. */

enum { LONG_MS = 60000 };

static const char *const ENVIRONMENT[] = {"PATH=/usr/bin:/bin", "HOME=" SANDBOX_HOME, NULL};

static int run(const Sandbox *sandbox, const char *cwd, const char *script, char **printed)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    const char *argv[] = {"sh", "-c", script, NULL};
    ProcessSpec spec = {
        .folder = folder, .argv = argv, .env = ENVIRONMENT, .cwd = cwd, .sandbox = sandbox};
    g_autoptr(GError) error = NULL;
    g_autoptr(Process) process = process_start(&spec, &error);
    static char bytes[65536];
    int exit_code = -1;
    gssize got;

    g_assert_no_error(error);
    g_assert_true(process_wait(process, LONG_MS, &exit_code, &error));
    got = process_read_output(process, 0, bytes, sizeof(bytes), &error);
    g_assert_no_error(error);
    *printed = g_strndup(bytes, (gsize)got);
    return exit_code;
}

static void test_table(void)
{
    static const struct {
        const char *script, *wanted;
        int exit_code;
    } cases[] = {
        {"exit 7", "", 7},
        {"kill -TERM $$", "", 128 + SIGTERM},
        {"exec /no/such/program", "sh: 1: exec: /no/such/program: not found\n", 127},
        {"id -un; id -u; cat /etc/hostname 2>/dev/null; uname -n; pwd", "pave\n1000\npave\n/\n", 0},
        {"ls /root /srv /etc/shadow /etc/ssh 2>/dev/null; ls /home", "pave\n", 0},
        {"grep 'Cap[IPEA]' /proc/self/status | tr -d '\\t0\\n'", "CapInh:CapPrm:CapEff:CapAmb:", 0},
        {"grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t\\n'",
         "NoNewPrivs:1Seccomp:2", 0},
        {"ls /proc > /tmp/seen; grep -c '^[0-9]' /tmp/seen", "3\n", 0},
        {"cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '", "lo\n", 0},
        {"touch /usr/x /etc/ssl/certs/x 2>/dev/null || echo read-only; touch /tmp/x $HOME/x && "
         "echo own",
         "read-only\nown\n", 0},
        {"unshare -U true 2>/dev/null || echo refused; mount -t tmpfs x /tmp 2>/dev/null || echo "
         "refused",
         "refused\nrefused\n", 0},
        {"echo a > /dev/null; head -c 3 /dev/zero | wc -c; echo b > /dev/stderr; ls /dev/shm",
         "3\nb\n", 0},
        {"ulimit -c; ulimit -p", "0\n4096\n", 0},
        {"(sleep 600 &) ; echo left", "left\n", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *printed = NULL;
        Sandbox sandbox = {0};
        int exit_code = run(&sandbox, NULL, cases[i].script, &printed);

        g_assert_cmpstr(printed, ==, cases[i].wanted);
        g_assert_cmpint(exit_code, ==, cases[i].exit_code);
    }
}

static void test_mounts(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *work = g_build_filename(folder, "work", NULL);
    g_autofree char *file = g_build_filename(folder, "work", "made", NULL);
    g_autofree char *printed = NULL, *made = NULL;
    SandboxMount mounts[] = {{work, "/workspace", TRUE}, {folder, "/app", FALSE}, {NULL}};
    Sandbox sandbox = {.mounts = mounts};

    g_mkdir_with_parents(work, 0700);
    g_assert_cmpint(run(&sandbox, "/workspace",
                        "pwd; echo here > made; cat /app/work/made; "
                        "touch /app/x 2>/dev/null || echo read-only",
                        &printed),
                    ==, 0);
    g_assert_cmpstr(printed, ==, "/workspace\nhere\nread-only\n");
    g_assert_true(g_file_get_contents(file, &made, NULL, NULL));
    g_assert_cmpstr(made, ==, "here\n");
}

static void test_relative_mount(void)
{
    SandboxMount mounts[] = {{"work", "/workspace", TRUE}, {NULL}};
    Sandbox sandbox = {.mounts = mounts};
    const char *argv[] = {"true", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(sandbox_command(&sandbox, argv, NULL, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

static void test_hosts(void)
{
    const char *hosts[] = {"127.0.0.1 orders.staging.internal", NULL};
    Sandbox sandbox = {.hosts = hosts, .hostname = "runner"};
    g_autofree char *printed = NULL;

    g_assert_cmpint(run(&sandbox, NULL, "getent hosts orders.staging.internal; uname -n", &printed),
                    ==, 0);
    g_assert_true(g_str_has_prefix(printed, "127.0.0.1"));
    g_assert_true(g_str_has_suffix(printed, "runner\n"));
}

static void test_forwards(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "api.sock", NULL);
    g_autofree char *printed = NULL;
    pid_t echo = net_echo_start(path);
    SandboxForward forwards[] = {{443, path}, {8080, path}, {0}};
    Sandbox sandbox = {.forwards = forwards};
    static const char SCRIPT[] =
        "/usr/bin/python3 - <<'END'\n"
        "import socket, threading\n"
        "for address in (('127.0.0.1', 443), ('127.0.0.1', 8080), ('localhost', 443)):\n"
        "    s = socket.create_connection(address)\n"
        "    sent = bytes(range(256)) * 4096\n"
        "    t = threading.Thread(target=lambda: (s.sendall(sent), s.shutdown(socket.SHUT_WR)))\n"
        "    t.start()\n"
        "    got = b''\n"
        "    while chunk := s.recv(65536): got += chunk\n"
        "    t.join()\n"
        "    print(got == sent)\n"
        "END\n";

    g_assert_cmpint(run(&sandbox, NULL, SCRIPT, &printed), ==, 0);
    g_assert_cmpstr(printed, ==, "True\nTrue\nTrue\n");
    kill(echo, SIGKILL);
    waitpid(echo, NULL, 0);
}

static void test_signal_reaches_command(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    const char *argv[] = {
        "sh", "-c", "trap 'echo bye; exit 9' INT; echo ready; while :; do sleep 0.05; done", NULL};
    Sandbox sandbox = {0};
    ProcessSpec spec = {.folder = folder, .argv = argv, .env = ENVIRONMENT, .sandbox = &sandbox};
    g_autoptr(GError) error = NULL;
    g_autoptr(Process) process = process_start(&spec, &error);
    char bytes[64];
    int exit_code;

    g_assert_no_error(error);
    while (process_read_output(process, 0, bytes, sizeof(bytes), NULL) < 6)
        g_usleep(5000);
    process_stop(process, SIGINT);
    g_assert_true(process_wait(process, LONG_MS, &exit_code, &error));
    g_assert_cmpint(exit_code, ==, 9);
}

static void test_memory_is_bounded(void)
{
    Sandbox sandbox = {.memory_bytes_max = 64 << 20};
    g_autofree char *printed = NULL;
    int exit_code =
        run(&sandbox, NULL, "/usr/bin/python3 -c 'b = bytearray(256 << 20); print(len(b))' 2>&1",
            &printed);

    g_assert_cmpint(exit_code, ==, 1);
    g_assert_nonnull(strstr(printed, "MemoryError"));
}

/* Everything again as nobody, since the product is never root. */
static void test_ordinary_user(gconstpointer program)
{
    const char *argv[] = {"setpriv",
                          "--reuid=nobody",
                          "--regid=nogroup",
                          "--clear-groups",
                          program,
                          "-s",
                          "/sandbox/ordinary-user-can-do-all-that",
                          "-q",
                          NULL};
    g_autofree char *printed = NULL;
    int status;
    GError *error = NULL;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &printed, NULL,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("as nobody: %s", printed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    g_test_add_func("/sandbox/holds-what-it-should-and-nothing-else", test_table);
    g_test_add_func("/sandbox/mounts-are-writable-only-where-said", test_mounts);
    g_test_add_func("/sandbox/relative-mount-is-refused", test_relative_mount);
    g_test_add_func("/sandbox/names-are-found", test_hosts);
    g_test_add_func("/sandbox/ports-lead-to-sockets-of-the-machine", test_forwards);
    g_test_add_func("/sandbox/signal-reaches-the-command", test_signal_reaches_command);
    g_test_add_func("/sandbox/memory-is-bounded", test_memory_is_bounded);
    if (geteuid() == 0)
        g_test_add_data_func("/sandbox/ordinary-user-can-do-all-that", argv[0], test_ordinary_user);
    return g_test_run();
}
