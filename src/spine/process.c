#include "spine/process.h"

#include "spine/clock.h"
#include "spine/fd.h"
#include "spine/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { OUTPUT_SIZE_DEFAULT = 256 << 20, GRACE_DEFAULT_MS = 10000, RECONNECT_MS = 20 };

struct Process {
    char *folder;
    int folder_fd;
    pid_t pid;
    pthread_mutex_t mutex; /* guards control_fd */
    int control_fd;
};

static Process *process_new(const char *folder, int folder_fd)
{
    Process *process = g_new0(Process, 1);

    process->folder = g_strdup(folder);
    process->folder_fd = folder_fd;
    process->control_fd = -1;
    pthread_mutex_init(&process->mutex, NULL);
    return process;
}

void process_unref(Process *process)
{
    if (!process)
        return;
    fd_clear(&process->control_fd);
    fd_clear(&process->folder_fd);
    pthread_mutex_destroy(&process->mutex);
    g_free(process->folder);
    g_free(process);
}

pid_t process_pid(Process *process)
{
    return process->pid;
}

const char *process_folder(Process *process)
{
    return process->folder;
}

static void read_pid(Process *process)
{
    g_autofree char *text = fd_read_file_at(process->folder_fd, SHIM_PID, 64);

    process->pid = text ? (pid_t)g_ascii_strtoll(text, NULL, 10) : 0;
}

/* ---- starting ---- */

static GVariant *bytestrings(const char *const *strings)
{
    static const char *const none[] = {NULL};

    return g_variant_new_bytestring_array(strings ? strings : none, -1);
}

static int order_file(const ProcessSpec *spec, const char *const *argv)
{
    g_autoptr(GVariant) order = g_variant_ref_sink(g_variant_new(
        "(@aay@aays@ayxbib@aay)", bytestrings(argv), bytestrings(spec->env),
        spec->sandbox || !spec->cwd ? "/" : spec->cwd,
        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, spec->input, spec->input_length, 1),
        spec->output_size_max > 0 ? spec->output_size_max : (gint64)OUTPUT_SIZE_DEFAULT,
        spec->output_turns_over, spec->grace_ms > 0 ? spec->grace_ms : GRACE_DEFAULT_MS,
        spec->sandbox != NULL, bytestrings(spec->secrets)));
    int fd = memfd_create("pave-order", MFD_CLOEXEC);

    if (fd < 0 || !fd_write_all(fd, g_variant_get_data(order), g_variant_get_size(order)) ||
        lseek(fd, 0, SEEK_SET) != 0)
        fd_clear(&fd);
    return fd;
}

/* PAVE_PROGRAM is for tests: their own program is not pave, and would start itself again and again.
 * Free with g_free(). */
static char *pave_program(void)
{
    const char *program = g_getenv("PAVE_PROGRAM");
    g_autofree char *self = program ? g_strdup(program) : g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *name = self ? g_path_get_basename(self) : NULL;

    g_assert(program || (name && g_str_has_prefix(name, "pave")));
    return g_steal_pointer(&self);
}

static int spawn_shim(const char *folder, int order_fd, int status_fd, pid_t *pid)
{
    g_autofree char *program = pave_program();
    const char *argv[] = {program, "shim", folder, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int failed;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, order_fd, SHIM_ORDER_FD);
    posix_spawn_file_actions_adddup2(&actions, status_fd, SHIM_STATUS_FD);
    /* Of a binary that was replaced since, the running one is meant. */
    failed = posix_spawn(pid, g_getenv("PAVE_PROGRAM") ? program : "/proc/self/exe", &actions,
                         &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Above the two numbers they are given to in the child, so that neither is overwritten. */
static int move_up(int fd)
{
    int up = fcntl(fd, F_DUPFD_CLOEXEC, SHIM_STATUS_FD + 1);

    close(fd);
    return up;
}

/* The shim says nothing but "ok", or why it could not. */
static gboolean read_status(int fd, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    char bytes[512];

    for (;;) {
        ssize_t got = read(fd, bytes, sizeof(bytes));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        g_string_append_len(said, bytes, got);
    }
    if (g_str_equal(said->str, "ok"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, said->len ? ERROR_INPUT : ERROR_INTERNAL, "%s",
                said->len ? said->str : "the shim could not be started");
    return FALSE;
}

static gboolean run_shim(const ProcessSpec *spec, const char *const *argv, GError **error)
{
    int pipe_fds[2] = {-1, -1};
    fd_auto order_fd = -1, status_read = -1, status_write = -1;
    pid_t pid;
    int failed = 0;

    order_fd = move_up(order_file(spec, argv));
    if (pipe2(pipe_fds, O_CLOEXEC) == 0) {
        status_read = move_up(pipe_fds[0]);
        status_write = move_up(pipe_fds[1]);
    }
    if (order_fd < 0 || status_read < 0 || status_write < 0)
        failed = errno;
    else
        failed = spawn_shim(spec->folder, order_fd, status_write, &pid);
    if (failed) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "no process can be started: %s",
                    g_strerror(failed));
        return FALSE;
    }
    fd_clear(&status_write);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return read_status(status_read, error);
}

Process *process_start(const ProcessSpec *spec, GError **error)
{
    g_auto(GStrv) sandboxed = NULL;
    g_autoptr(Process) process = NULL;
    int folder_fd;

    if (g_mkdir_with_parents(spec->folder, 0700) != 0 ||
        (folder_fd = open(spec->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s cannot be made: %s", spec->folder,
                    g_strerror(errno));
        return NULL;
    }
    process = process_new(spec->folder, folder_fd);
    if (faccessat(folder_fd, SHIM_PID, F_OK, 0) == 0) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "%s holds a process already", spec->folder);
        return NULL;
    }
    if (spec->sandbox) {
        sandboxed = sandbox_command(spec->sandbox, spec->argv, spec->cwd, error);
        if (!sandboxed)
            return NULL;
    }
    if (!run_shim(spec, sandboxed ? (const char *const *)sandboxed : spec->argv, error))
        return NULL;
    read_pid(process);
    return g_steal_pointer(&process);
}

Process *process_attach(const char *folder, GError **error)
{
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(Process) process = NULL;

    if (folder_fd >= 0) {
        process = process_new(folder, folder_fd);
        read_pid(process);
    }
    if (!process || !process->pid) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "no process was started in %s", folder);
        return NULL;
    }
    return g_steal_pointer(&process);
}

/* ---- waiting ---- */

static gboolean read_exit(Process *process, int *exit_code)
{
    g_autofree char *text = fd_read_file_at(process->folder_fd, SHIM_EXIT, 64);

    if (!text)
        return FALSE;
    if (exit_code)
        *exit_code = (int)g_ascii_strtoll(text, NULL, 10);
    return TRUE;
}

static gboolean shim_lives(Process *process)
{
    fd_auto fd = openat(process->folder_fd, SHIM_LOCK, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/* Through /proc, since a socket's own path may be no longer than 107 bytes. */
static int connect_control(Process *process)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SHIM_CONTROL,
             process->folder_fd);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fd_clear(&fd);
    return fd;
}

static int control(Process *process)
{
    int fd;

    pthread_mutex_lock(&process->mutex);
    if (process->control_fd < 0)
        process->control_fd = connect_control(process);
    fd = process->control_fd;
    pthread_mutex_unlock(&process->mutex);
    return fd;
}

/* Blocks until something may have changed, timeout_ms at most. */
static void wait_for_shim(Process *process, int timeout_ms)
{
    struct pollfd wait = {.fd = control(process), .events = POLLIN};

    if (wait.fd < 0)
        poll(NULL, 0, timeout_ms < 0 ? RECONNECT_MS : MIN(timeout_ms, RECONNECT_MS));
    else
        poll(&wait, 1, timeout_ms);
}

gboolean process_wait(Process *process, int timeout_ms, int *exit_code, GError **error)
{
    int64_t deadline = timeout_ms < 0 ? G_MAXINT64 : clock_monotonic_ms() + timeout_ms;

    for (;;) {
        int64_t left;

        if (read_exit(process, exit_code))
            return TRUE;
        if (!shim_lives(process)) {
            if (read_exit(process, exit_code))
                return TRUE;
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                        "the process in %s was killed together with its shim", process->folder);
            return FALSE;
        }
        left = deadline - clock_monotonic_ms();
        if (left <= 0)
            return FALSE;
        wait_for_shim(process, timeout_ms < 0 ? -1 : (int)left);
    }
}

gssize process_read_output(Process *process, int64_t offset, char *buffer, gsize size,
                           GError **error)
{
    fd_auto fd = openat(process->folder_fd, SHIM_OUTPUT, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : pread(fd, buffer, size, offset);

    if (got < 0 && errno == ENOENT)
        return 0;
    if (got < 0)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "the output in %s cannot be read: %s",
                    process->folder, g_strerror(errno));
    return got;
}

/* Of one length always and written in place, so that a reader never finds half of it. */
void process_set_output_mark(Process *process, int64_t offset)
{
    fd_auto fd = openat(process->folder_fd, SHIM_TAKEN, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char text[32];
    int length = snprintf(text, sizeof(text), "%020" G_GINT64_FORMAT "\n", offset);

    if (fd >= 0)
        (void)!pwrite(fd, text, (gsize)length, 0); /* lost, it is only taken over twice */
}

int64_t process_output_mark(Process *process)
{
    g_autofree char *text = fd_read_file_at(process->folder_fd, SHIM_TAKEN, 64);

    return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

void process_stop(Process *process, int first_signal)
{
    g_autofree char *order = g_strdup_printf("stop %d\n", first_signal);
    int fd = control(process);

    /* Where it cannot be sent, there is nobody left to stop. */
    if (fd >= 0)
        (void)!send(fd, order, strlen(order), MSG_NOSIGNAL);
}
