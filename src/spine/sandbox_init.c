#include "spine/sandbox.h"

#include "spine/fd.h"
#include "spine/sandbox_forward.h"
#include "spine/seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The first process of a sandbox: its only one with a capability, which it gives up before the
 * command runs. It reaps, passes signals on, carries the forwards, and ends with the command's
 * status; the kernel then kills whoever is left. It leaves by _exit(): there is nobody to clean up
 * after. */

typedef struct {
    GPtrArray *hosts;
    GArray *ports; /* guint16 */
    rlim_t memory_bytes, cpu_seconds, processes;
    char **argv;
} Options;

static const int PASSED_ON[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

static gboolean read_option(Options *options, const char *name, const char *value)
{
    guint64 number = g_ascii_strtoull(value, NULL, 10);
    guint16 port = (guint16)number;

    if (g_str_equal(name, "--host"))
        g_ptr_array_add(options->hosts, (char *)value);
    else if (g_str_equal(name, "--forward"))
        g_array_append_val(options->ports, port);
    else if (g_str_equal(name, "--memory"))
        options->memory_bytes = number;
    else if (g_str_equal(name, "--cpu"))
        options->cpu_seconds = number;
    else if (g_str_equal(name, "--processes"))
        options->processes = number;
    else
        return FALSE;
    return TRUE;
}

static gboolean read_options(Options *options, int argc, char **argv)
{
    int at = 1;

    for (; at < argc && !g_str_equal(argv[at], "--"); at += 2)
        if (at + 1 >= argc || !read_option(options, argv[at], argv[at + 1]))
            return FALSE;
    options->argv = argv + at + 1;
    return at + 1 < argc;
}

/* ---- the files of /etc that are its own ---- */

static void write_file(const char *path, const char *text)
{
    GError *error = NULL;

    if (!g_file_set_contents(path, text, -1, &error)) {
        fprintf(stderr, "pave: %s\n", error->message);
        _exit(126);
    }
}

static void write_etc(const Options *options)
{
    g_autoptr(GString) hosts = g_string_new("127.0.0.1 localhost\n::1 localhost\n");
    g_autofree char *machines = NULL;

    for (guint i = 0; i < options->hosts->len; i++)
        g_string_append_printf(hosts, "%s\n", (const char *)options->hosts->pdata[i]);
    if (g_file_get_contents("/run/pave/hosts", &machines, NULL, NULL))
        g_string_append(hosts, machines);
    write_file("/etc/hosts", hosts->str);
    write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                              "pave:x:1000:1000:pave:" SANDBOX_HOME ":/bin/sh\n"
                              "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    write_file("/etc/group", "root:x:0:\npave:x:1000:\nnogroup:x:65534:\n");
}

/* ---- the command ---- */

/* It stays in the bounding set, which without new privileges gives nothing to anybody. */
static void give_up_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) != 0) {
        perror("pave: capset");
        _exit(126);
    }
}

static void bound(int resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        return;
    limit.rlim_max = MIN(limit.rlim_max, most);
    limit.rlim_cur = MIN(limit.rlim_cur, limit.rlim_max);
    setrlimit((__rlimit_resource_t)resource, &limit);
}

G_NORETURN static void become(const Options *options)
{
    sigset_t none;
    int failed;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_NPROC, options->processes);
    /* Data, not address space: runtimes reserve far more than they use. */
    if (options->memory_bytes)
        bound(RLIMIT_DATA, options->memory_bytes);
    if (options->cpu_seconds)
        bound(RLIMIT_CPU, options->cpu_seconds);
    if (!seccomp_enter()) {
        perror("pave: seccomp");
        _exit(126);
    }
    execvp(options->argv[0], options->argv);
    failed = errno;
    fprintf(stderr, "pave: %s cannot be run: %s\n", options->argv[0], g_strerror(failed));
    fflush(stderr);
    _exit(failed == ENOENT ? 127 : 126);
}

static int take_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (guint i = 0; i < G_N_ELEMENTS(PASSED_ON); i++)
        sigaddset(&signals, PASSED_ON[i]);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reap(pid_t command)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == command)
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

G_NORETURN static void run(int signal_fd, Forwards *forwards, pid_t command)
{
    for (;;) {
        struct pollfd wait[2] = {
            {.fd = signal_fd, .events = POLLIN},
            {.fd = forwards_poll_fd(forwards), .events = POLLIN},
        };
        struct signalfd_siginfo info;

        poll(wait, G_N_ELEMENTS(wait), -1);
        while (wait[0].revents && read(signal_fd, &info, sizeof(info)) == sizeof(info))
            if (info.ssi_signo != SIGCHLD)
                kill(command, (int)info.ssi_signo);
        reap(command);
        if (wait[1].revents)
            forwards_carry(forwards);
    }
}

int sandbox_init_main(int argc, char **argv)
{
    Options options = {.hosts = g_ptr_array_new(), .ports = g_array_new(FALSE, FALSE, 2)};
    Forwards *forwards;
    int signal_fd;
    pid_t command;

    if (!read_options(&options, argc, argv) || getpid() != 1) {
        fputs("pave sandbox-init is started by pave itself\n", stderr);
        _exit(2);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "pave-init");
    write_etc(&options);
    forwards = forwards_new((const guint16 *)(void *)options.ports->data, options.ports->len);
    give_up_capabilities();
    signal_fd = take_signals();
    command = fork();
    if (command == 0)
        become(&options);
    if (command < 0) {
        perror("pave: fork");
        _exit(126);
    }
    run(signal_fd, forwards, command);
}
