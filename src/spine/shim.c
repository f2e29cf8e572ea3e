#include "spine/shim.h"

#include "spine/clock.h"
#include "spine/descendants.h"
#include "spine/fd.h"
#include "spine/process.h"
#include "spine/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* Single-threaded and alone: one loop over the child's output, its end, and those who ask. It never
 * returns to main() but leaves by _exit(), since everything it owns ends with it. */

enum {
    CLIENTS_MAX = 16,
    ORDER_LINE_MAX = 64,
    OPEN_LINE_MAX = 65536,
    DRAIN_MS = 2000, /* for output still in the pipe once everything below is dead */
    REAP_MS = 10000,
    INFO_SIZE_MAX = 4096,
};

typedef struct {
    int fd;
    gsize length;
    char line[ORDER_LINE_MAX];
} Client;

typedef struct {
    int folder_fd, status_fd, lock_fd, listen_fd, signal_fd;
    int output_pipe, output_fd;
    int64_t output_size, output_size_max;
    gboolean output_turns_over, output_over;
    Masker *masker;     /* NULL: nothing to hide */
    GString *open_line; /* not written yet, since a secret may go on in it */
    int grace_ms;
    gboolean sandboxed;
    pid_t child;    /* what runs directly below: the program, or bubblewrap */
    pid_t listener; /* who understands signals: the program, or the first inside the sandbox */
    gboolean ended;
    int exit_code;
    int64_t kill_at; /* 0: nobody asked */
    Client clients[CLIENTS_MAX];
} Shim;

G_NORETURN static void refuse(int status_fd, const char *what, int failed)
{
    g_autofree char *text =
        failed ? g_strdup_printf("%s: %s", what, g_strerror(failed)) : g_strdup(what);

    if (!fd_write_all(status_fd, text, strlen(text)))
        _exit(2);
    _exit(1);
}

/* ---- getting away ---- */

static void detach(void)
{
    int null = open("/dev/null", O_RDWR);
    pid_t pid;

    setsid();
    pid = fork();
    if (pid < 0)
        refuse(SHIM_STATUS_FD, "the shim cannot detach", errno);
    if (pid > 0)
        _exit(0);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    close_range(SHIM_STATUS_FD + 1, ~0U, 0);
    fcntl(SHIM_ORDER_FD, F_SETFD, FD_CLOEXEC);
    fcntl(SHIM_STATUS_FD, F_SETFD, FD_CLOEXEC);
    umask(077);
    prctl(PR_SET_NAME, "pave-shim");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static GVariant *read_order(void)
{
    struct stat info;
    g_autofree char *bytes = NULL;
    gsize length = 0;

    if (fstat(SHIM_ORDER_FD, &info) != 0)
        refuse(SHIM_STATUS_FD, "the order cannot be read", errno);
    bytes = g_malloc((gsize)info.st_size + 1);
    while (length < (gsize)info.st_size) {
        ssize_t got = read(SHIM_ORDER_FD, bytes + length, (gsize)info.st_size - length);

        if (got <= 0)
            refuse(SHIM_STATUS_FD, "the order cannot be read", errno);
        length += (gsize)got;
    }
    close(SHIM_ORDER_FD);
    return g_variant_ref_sink(g_variant_new_from_data(
        G_VARIANT_TYPE(SHIM_ORDER_TYPE), g_steal_pointer(&bytes), length, FALSE, g_free, NULL));
}

static void own_folder(Shim *shim, const char *folder)
{
    if (chdir(folder) != 0)
        refuse(shim->status_fd, folder, errno);
    shim->folder_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    shim->lock_fd = open(SHIM_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (shim->folder_fd < 0 || shim->lock_fd < 0)
        refuse(shim->status_fd, folder, errno);
    if (flock(shim->lock_fd, LOCK_EX | LOCK_NB) != 0 || access(SHIM_PID, F_OK) == 0)
        refuse(shim->status_fd, "the folder holds a process already", 0);
    shim->output_fd = open(SHIM_OUTPUT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (shim->output_fd < 0)
        refuse(shim->status_fd, SHIM_OUTPUT, errno);
}

static void listen_for_orders(Shim *shim)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SHIM_CONTROL};
    sigset_t signals;

    unlink(SHIM_CONTROL);
    shim->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (shim->listen_fd < 0 ||
        bind(shim->listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(shim->listen_fd, CLIENTS_MAX) != 0)
        refuse(shim->status_fd, SHIM_CONTROL, errno);
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    shim->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    for (guint i = 0; i < CLIENTS_MAX; i++)
        shim->clients[i].fd = -1;
}

/* ---- the child ---- */

static int input_file(GVariant *input)
{
    gsize length;
    const void *bytes = g_variant_get_fixed_array(input, &length, 1);
    int fd;

    if (!length)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("pave-input", MFD_CLOEXEC);
    if (fd >= 0 && (!fd_write_all(fd, bytes, length) || lseek(fd, 0, SEEK_SET) != 0))
        fd_clear(&fd);
    return fd;
}

/* bubblewrap tells the process id of the first process inside to a descriptor of ours. */
static char **with_info_fd(char **argv, int info_fd)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    g_ptr_array_add(all, argv[0]);
    g_ptr_array_add(all, (char *)"--info-fd");
    g_ptr_array_add(all, g_strdup_printf("%d", info_fd));
    for (char **arg = argv + 1; *arg; arg++)
        g_ptr_array_add(all, *arg);
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_steal(all, NULL);
}

typedef struct {
    char **argv, **env;
    const char *cwd;
    int input_fd, output_fd, info_fd, failed_fd;
    pid_t shim;
} Birth;

G_NORETURN static void become(const Birth *birth)
{
    sigset_t none;
    int failed;

    sigemptyset(&none);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != birth->shim)
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    dup2(birth->input_fd, 0);
    dup2(birth->output_fd, 1);
    dup2(birth->output_fd, 2);
    if (birth->info_fd >= 0)
        fcntl(birth->info_fd, F_SETFD, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    environ = birth->env; /* execvp() looks in this PATH */
    if (chdir(birth->cwd) == 0)
        execvp(birth->argv[0], birth->argv);
    failed = errno;
    if (!fd_write_all(birth->failed_fd, &failed, sizeof(failed)))
        _exit(126);
    _exit(127);
}

static void learn_listener(Shim *shim, int info_fd)
{
    char text[INFO_SIZE_MAX + 1];
    gsize length = 0;
    const char *found;

    while (length < INFO_SIZE_MAX) {
        ssize_t got = read(info_fd, text + length, INFO_SIZE_MAX - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (gsize)got;
    }
    text[length] = 0;
    found = strstr(text, "\"child-pid\":");
    shim->listener = found ? (pid_t)strtol(found + strlen("\"child-pid\":"), NULL, 10) : 0;
}

static void write_pid(Shim *shim, pid_t pid)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)pid);

    if (!fd_replace_file(shim->folder_fd, SHIM_PID, text, strlen(text), 0600, NULL)) {
        kill(shim->child, SIGKILL);
        refuse(shim->status_fd, SHIM_PID, EIO);
    }
}

static void hide_secrets(Shim *shim, char **secrets)
{
    if (!*secrets)
        return;
    shim->masker = masker_new();
    shim->open_line = g_string_new(NULL);
    for (; *secrets; secrets++)
        masker_add(shim->masker, *secrets);
}

static void start_child(Shim *shim, GVariant *order)
{
    g_autoptr(GVariant) input = g_variant_get_child_value(order, 3);
    g_auto(GStrv) argv = NULL, env = NULL, secrets = NULL;
    const char *cwd;
    int output[2], failed_pipe[2], info[2] = {-1, -1}, failed = 0;
    Birth birth = {.input_fd = input_file(input), .info_fd = -1, .shim = getpid()};

    g_variant_get(order, "(^aay^aay&s@ayxbib^aay)", &argv, &env, &cwd, NULL, &shim->output_size_max,
                  &shim->output_turns_over, &shim->grace_ms, &shim->sandboxed, &secrets);
    hide_secrets(shim, secrets);
    if (birth.input_fd < 0 || pipe2(output, O_CLOEXEC) != 0 || pipe2(failed_pipe, O_CLOEXEC) != 0 ||
        (shim->sandboxed && pipe2(info, O_CLOEXEC) != 0))
        refuse(shim->status_fd, "pipe", errno);
    birth.argv = shim->sandboxed ? with_info_fd(argv, info[1]) : argv;
    birth.env = env;
    birth.cwd = cwd;
    birth.output_fd = output[1];
    birth.info_fd = info[1];
    birth.failed_fd = failed_pipe[1];
    shim->child = fork();
    if (shim->child == 0)
        become(&birth);
    if (shim->child < 0)
        refuse(shim->status_fd, "fork", errno);
    close(birth.input_fd);
    close(output[1]);
    close(failed_pipe[1]);
    write_pid(shim, shim->child);
    if (read(failed_pipe[0], &failed, sizeof(failed)) == sizeof(failed)) {
        g_autofree char *what = g_strdup_printf("%s cannot be run", argv[0]);

        unlink(SHIM_PID);
        refuse(shim->status_fd, what, failed);
    }
    close(failed_pipe[0]);
    shim->output_pipe = output[0];
    fcntl(shim->output_pipe, F_SETFL, O_NONBLOCK);
    shim->listener = shim->child;
    if (shim->sandboxed) {
        close(info[1]);
        learn_listener(shim, info[0]);
        close(info[0]);
    }
}

/* ---- ending everything below ---- */

static int status_to_exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* FALSE once there is nobody left. */
static gboolean reap(Shim *shim)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid == 0)
            return TRUE;
        if (pid < 0)
            return FALSE;
        if (pid == shim->child) {
            shim->ended = TRUE;
            shim->exit_code = status_to_exit_code(status);
        }
    }
}

static void end_all_below(Shim *shim)
{
    int64_t deadline = clock_monotonic_ms() + REAP_MS;

    while (reap(shim) && clock_monotonic_ms() < deadline) {
        descendants_kill();
        poll(NULL, 0, 2);
    }
}

/* ---- the loop ---- */

static void turn_output_over(Shim *shim)
{
    int fd;

    if (rename(SHIM_OUTPUT, SHIM_OUTPUT_OLD) != 0)
        return;
    fd = open(SHIM_OUTPUT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    close(shim->output_fd);
    shim->output_fd = fd;
    shim->output_size = 0;
}

static void keep_output(Shim *shim, const char *bytes, gsize length)
{
    static const char OVER[] = "\npave: the output went over its bound, the process is killed\n";

    if (shim->output_over)
        return;
    if (shim->output_turns_over && shim->output_size + (int64_t)length > shim->output_size_max)
        turn_output_over(shim);
    if (!shim->output_turns_over && shim->output_size + (int64_t)length > shim->output_size_max) {
        length = (gsize)MAX(shim->output_size_max - shim->output_size, 0);
        shim->output_over = TRUE;
    }
    /* A full disk must not stop the child: what cannot be kept is lost. */
    if (fd_write_all(shim->output_fd, bytes, length))
        shim->output_size += (int64_t)length;
    if (shim->output_over && fd_write_all(shim->output_fd, OVER, sizeof(OVER) - 1))
        descendants_kill();
}

static void keep_masked(Shim *shim, gsize length)
{
    g_autofree char *masked = NULL;

    /* What is masked is text, and ends at a NUL. */
    for (char *nul = shim->open_line->str;
         (nul = memchr(nul, '\0', length - (gsize)(nul - shim->open_line->str)));)
        *nul = ' ';
    masked = masker_mask(shim->masker, shim->open_line->str, length);

    keep_output(shim, masked, strlen(masked));
    g_string_erase(shim->open_line, 0, (gssize)length);
}

/* Whole lines, so that no secret is cut in two; of a line without end, all but what could be the
 * beginning of one. */
static void take_output(Shim *shim, const char *bytes, gsize length)
{
    gsize longest = shim->masker ? masker_longest(shim->masker) : 0;
    const char *end;

    if (!shim->masker) {
        keep_output(shim, bytes, length);
        return;
    }
    g_string_append_len(shim->open_line, bytes, (gssize)length);
    end = memrchr(shim->open_line->str, '\n', shim->open_line->len);
    if (end)
        keep_masked(shim, (gsize)(end - shim->open_line->str) + 1);
    else if (shim->open_line->len > OPEN_LINE_MAX + longest)
        keep_masked(shim, shim->open_line->len - longest);
}

/* FALSE at the end of the output. Some at a time, so that a child that never stops printing does
 * not keep orders from being heard. */
static gboolean read_output(Shim *shim)
{
    static char bytes[65536];

    for (int i = 0; i < 16; i++) {
        ssize_t got = read(shim->output_pipe, bytes, sizeof(bytes));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return TRUE;
        if (got <= 0)
            return FALSE;
        take_output(shim, bytes, (gsize)got);
    }
    return TRUE;
}

static void stop_child(Shim *shim, int number)
{
    if (number == SIGKILL) {
        descendants_kill();
        return;
    }
    if (shim->kill_at)
        return;
    shim->kill_at = clock_monotonic_ms() + shim->grace_ms;
    if (shim->listener > 0)
        kill(shim->listener, number);
}

static void drop_client(Client *client)
{
    fd_clear(&client->fd);
    client->length = 0;
}

static void obey(Shim *shim, const char *line)
{
    int number;

    if (sscanf(line, "stop %d", &number) == 1 && number > 0 && number < NSIG)
        stop_child(shim, number);
}

static void read_client(Shim *shim, Client *client)
{
    ssize_t got =
        read(client->fd, client->line + client->length, sizeof(client->line) - 1 - client->length);
    char *end;

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        drop_client(client);
        return;
    }
    client->length += (gsize)got;
    client->line[client->length] = 0;
    while ((end = strchr(client->line, '\n'))) {
        *end = 0;
        obey(shim, client->line);
        client->length -= (gsize)(end + 1 - client->line);
        memmove(client->line, end + 1, client->length + 1);
    }
    if (client->length == sizeof(client->line) - 1)
        drop_client(client);
}

static void accept_client(Shim *shim)
{
    int fd = accept4(shim->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (guint i = 0; fd >= 0 && i < CLIENTS_MAX; i++) {
        if (shim->clients[i].fd < 0) {
            shim->clients[i].fd = fd;
            fd = -1;
        }
    }
    fd_clear(&fd);
}

static void read_signals(Shim *shim)
{
    struct signalfd_siginfo info;

    while (read(shim->signal_fd, &info, sizeof(info)) == sizeof(info))
        if (info.ssi_signo != SIGCHLD)
            stop_child(shim, (int)info.ssi_signo);
    reap(shim);
}

static int poll_timeout(const Shim *shim)
{
    if (!shim->kill_at)
        return -1;
    return (int)CLAMP(shim->kill_at - clock_monotonic_ms(), 0, 60000);
}

static void run_until_ended(Shim *shim)
{
    while (!shim->ended) {
        struct pollfd wait[3 + CLIENTS_MAX] = {
            {.fd = shim->signal_fd, .events = POLLIN},
            {.fd = shim->listen_fd, .events = POLLIN},
            {.fd = shim->output_pipe, .events = POLLIN},
        };

        for (guint i = 0; i < CLIENTS_MAX; i++)
            wait[3 + i] = (struct pollfd){.fd = shim->clients[i].fd, .events = POLLIN};
        poll(wait, G_N_ELEMENTS(wait), poll_timeout(shim));
        if (wait[2].revents && !read_output(shim))
            fd_clear(&shim->output_pipe);
        if (wait[1].revents)
            accept_client(shim);
        for (guint i = 0; i < CLIENTS_MAX; i++)
            if (wait[3 + i].fd >= 0 && wait[3 + i].revents)
                read_client(shim, &shim->clients[i]);
        if (wait[0].revents)
            read_signals(shim);
        if (shim->kill_at && clock_monotonic_ms() >= shim->kill_at) {
            descendants_kill();
            shim->kill_at = clock_monotonic_ms() + 1000;
        }
    }
}

static void drain_output(Shim *shim)
{
    int64_t deadline = clock_monotonic_ms() + DRAIN_MS;

    while (shim->output_pipe >= 0 && read_output(shim) && clock_monotonic_ms() < deadline) {
        struct pollfd wait = {.fd = shim->output_pipe, .events = POLLIN};

        poll(&wait, 1, 50);
    }
}

G_NORETURN static void finish(Shim *shim)
{
    g_autofree char *text = g_strdup_printf("%d\n", shim->exit_code);

    if (shim->open_line)
        keep_masked(shim, shim->open_line->len);
    fsync(shim->output_fd);
    if (!fd_replace_file(shim->folder_fd, SHIM_EXIT, text, strlen(text), 0600, NULL))
        _exit(1);
    unlink(SHIM_CONTROL);
    _exit(0);
}

int shim_main(int argc, char **argv)
{
    Shim shim = {.status_fd = SHIM_STATUS_FD};

    if (argc != 2 || fcntl(SHIM_STATUS_FD, F_GETFD) < 0) {
        fputs("pave shim is started by pave itself\n", stderr);
        return 2;
    }
    detach();
    {
        g_autoptr(GVariant) order = read_order();

        own_folder(&shim, argv[1]);
        listen_for_orders(&shim);
        start_child(&shim, order);
    }
    if (fd_write_all(shim.status_fd, "ok", 2))
        fd_clear(&shim.status_fd);
    run_until_ended(&shim);
    end_all_below(&shim);
    drain_output(&shim);
    finish(&shim);
}
