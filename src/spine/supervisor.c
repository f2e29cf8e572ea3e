#include "spine/supervisor.h"

#include "spine/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One thread, no allocation after the start: it must be the last to fall. */

enum {
    FIRST_FD = 3,
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    SHORT_LIFE_MS = 1000,
    GRACE_MS = 30000,
    EXIT_BADLY_CONFIGURED = 2,
};

G_NORETURN static void become_server(const SupervisorSpec *spec, const int *moved, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* A server whose supervisor was killed would hold the port against the next one. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    for (guint i = 0; i < spec->fd_count; i++)
        if (dup2(moved[i], FIRST_FD + (int)i) < 0)
            _exit(1);
    execv(strchr(spec->argv[0], '/') ? spec->argv[0] : "/proc/self/exe", spec->argv);
    fprintf(stderr, "pave: the server cannot be started: %s\n", g_strerror(errno));
    _exit(127);
}

/* Blocks until one of signals or timeout_ms is over; 0 then. */
static int wait_for_signal(const sigset_t *signals, int64_t timeout_ms)
{
    struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                               .tv_nsec = (timeout_ms % 1000) * 1000000};
    int number =
        timeout_ms < 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &timeout);

    return number < 0 ? 0 : number;
}

typedef struct {
    const SupervisorSpec *spec;
    int *moved; /* the sockets, out of the way of the numbers they get */
    sigset_t signals;
    pid_t child; /* 0: none */
    int64_t started_ms, start_at_ms, kill_at_ms;
    int64_t backoff_ms;
    gboolean stopping;
} Supervisor;

static void start(Supervisor *supervisor)
{
    pid_t parent = getpid();

    supervisor->child = fork();
    if (supervisor->child == 0)
        become_server(supervisor->spec, supervisor->moved, parent);
    supervisor->started_ms = clock_monotonic_ms();
    if (supervisor->child < 0) {
        supervisor->child = 0;
        supervisor->start_at_ms = supervisor->started_ms + BACKOFF_MAX_MS;
    }
}

static void plan_restart(Supervisor *supervisor, int status)
{
    int64_t now = clock_monotonic_ms();

    if (now - supervisor->started_ms >= SHORT_LIFE_MS)
        supervisor->backoff_ms = 0;
    supervisor->start_at_ms = now + supervisor->backoff_ms;
    fprintf(stderr, "pave: the server ended (%s %d); starting it again%s\n",
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            supervisor->backoff_ms ? " after a pause" : "");
    supervisor->backoff_ms = CLAMP(supervisor->backoff_ms * 2, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
}

/* -1 while it goes on, else the exit status. */
static int reap(Supervisor *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != supervisor->child)
            continue;
        supervisor->child = 0;
        if (supervisor->stopping)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (WIFEXITED(status) &&
            (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_BADLY_CONFIGURED))
            return WEXITSTATUS(status);
        plan_restart(supervisor, status);
    }
    return -1;
}

/* The first is passed on; the second is meant seriously. */
static int stop(Supervisor *supervisor, int number)
{
    if (!supervisor->child)
        return 0;
    kill(supervisor->child, supervisor->stopping ? SIGKILL : number);
    if (!supervisor->stopping)
        supervisor->kill_at_ms = clock_monotonic_ms() + GRACE_MS;
    supervisor->stopping = TRUE;
    return -1;
}

static int64_t next_deadline(const Supervisor *supervisor)
{
    int64_t at = supervisor->stopping ? supervisor->kill_at_ms
                 : supervisor->child  ? -1
                                      : supervisor->start_at_ms;

    return at < 0 ? -1 : MAX(at - clock_monotonic_ms(), 0);
}

static int run(Supervisor *supervisor)
{
    for (;;) {
        int status, number;

        if (!supervisor->child && clock_monotonic_ms() >= supervisor->start_at_ms)
            start(supervisor);
        number = wait_for_signal(&supervisor->signals, next_deadline(supervisor));
        status = reap(supervisor);
        if (status < 0 && (number == SIGTERM || number == SIGINT))
            status = stop(supervisor, number);
        else if (status < 0 && number == SIGHUP && supervisor->child)
            kill(supervisor->child, SIGHUP);
        if (status >= 0)
            return status;
        if (supervisor->stopping && clock_monotonic_ms() >= supervisor->kill_at_ms)
            kill(supervisor->child, SIGKILL);
    }
}

int supervisor_run(const SupervisorSpec *spec)
{
    Supervisor supervisor = {.spec = spec, .moved = g_new0(int, spec->fd_count + 1)};
    int status;

    for (guint i = 0; i < spec->fd_count; i++)
        supervisor.moved[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + (int)spec->fd_count);
    sigemptyset(&supervisor.signals);
    sigaddset(&supervisor.signals, SIGTERM);
    sigaddset(&supervisor.signals, SIGINT);
    sigaddset(&supervisor.signals, SIGHUP);
    sigaddset(&supervisor.signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &supervisor.signals, NULL);
    status = run(&supervisor);
    for (guint i = 0; i < spec->fd_count; i++)
        close(supervisor.moved[i]);
    g_free(supervisor.moved);
    return status;
}
