#include "spine/sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The root is an empty memory file system; what is listed here is put into it, and nothing else.
 *
 * bubblewrap's own --dev is avoided: its devpts needs a second user namespace, and the first
 * process would then have no say over the network namespace, hence not over ports below 1024. */

static const char *const SYSTEM_FOLDERS[] = {"/bin",   "/sbin",   "/lib", "/lib32",
                                             "/lib64", "/libx32", NULL};

/* No passwd, hosts or hostname: sandbox-init writes those. */
static const char *const ETC_FILES[] = {"/etc/alternatives",
                                        "/etc/ca-certificates",
                                        "/etc/ca-certificates.conf",
                                        "/etc/fonts",
                                        "/etc/gai.conf",
                                        "/etc/java-17-openjdk",
                                        "/etc/java-21-openjdk",
                                        "/etc/ld.so.cache",
                                        "/etc/ld.so.conf",
                                        "/etc/ld.so.conf.d",
                                        "/etc/locale.alias",
                                        "/etc/localtime",
                                        "/etc/magic",
                                        "/etc/maven",
                                        "/etc/mime.types",
                                        "/etc/nsswitch.conf",
                                        "/etc/os-release",
                                        "/etc/perl",
                                        "/etc/pki",
                                        "/etc/protocols",
                                        "/etc/python3",
                                        "/etc/python3.11",
                                        "/etc/rpc",
                                        "/etc/services",
                                        "/etc/ssl/certs",
                                        "/etc/ssl/openssl.cnf",
                                        "/etc/terminfo",
                                        "/etc/timezone",
                                        "/etc/debian_version",
                                        NULL};

static const char *const DEVICES[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                      "/dev/urandom", "/dev/tty",  NULL};

/* A memory file system takes half the machine's memory where its size is not said. */
#define ROOMY_BYTES "4294967296"
#define SMALL_BYTES "67108864"

/* clang-format off: an option and its arguments a line. */
static const char *const FIXED[] = {"--unshare-user",
                                    "--unshare-pid",
                                    "--unshare-ipc",
                                    "--unshare-uts",
                                    "--unshare-cgroup-try",
                                    "--uid",
                                    "1000",
                                    "--gid",
                                    "1000",
                                    "--cap-drop",
                                    "ALL",
                                    "--cap-add",
                                    "CAP_NET_BIND_SERVICE",
                                    "--new-session",
                                    "--die-with-parent",
                                    "--as-pid-1",
                                    "--ro-bind",
                                    "/usr",
                                    "/usr",
                                    "--proc",
                                    "/proc",
                                    "--size",
                                    SMALL_BYTES,
                                    "--tmpfs",
                                    "/dev",
                                    "--size",
                                    ROOMY_BYTES,
                                    "--tmpfs",
                                    "/dev/shm",
                                    "--symlink",
                                    "/proc/self/fd",
                                    "/dev/fd",
                                    "--symlink",
                                    "/proc/self/fd/0",
                                    "/dev/stdin",
                                    "--symlink",
                                    "/proc/self/fd/1",
                                    "/dev/stdout",
                                    "--symlink",
                                    "/proc/self/fd/2",
                                    "/dev/stderr",
                                    "--size",
                                    ROOMY_BYTES,
                                    "--tmpfs",
                                    "/tmp",
                                    "--size",
                                    ROOMY_BYTES,
                                    "--tmpfs",
                                    "/home",
                                    "--dir",
                                    SANDBOX_HOME,
                                    "--size",
                                    SMALL_BYTES,
                                    "--tmpfs",
                                    "/run",
                                    "--size",
                                    ROOMY_BYTES,
                                    "--tmpfs",
                                    "/var",
                                    "--dir",
                                    "/var/tmp",
                                    "--symlink",
                                    "/run",
                                    "/var/run",
                                    "--size",
                                    SMALL_BYTES,
                                    "--tmpfs",
                                    "/etc",
                                    NULL};
/* clang-format on */

static void add(GPtrArray *line, const char *first, ...) G_GNUC_NULL_TERMINATED;

static void add(GPtrArray *line, const char *first, ...)
{
    va_list more;

    va_start(more, first);
    for (const char *arg = first; arg; arg = va_arg(more, const char *))
        g_ptr_array_add(line, g_strdup(arg));
    va_end(more);
}

/* ---- can it be done here at all? ---- */

static pthread_once_t probed = PTHREAD_ONCE_INIT;
static char *bubblewrap;  /* its path */
static char *not_here;    /* why not; NULL: it works */
static char *own_program; /* this binary */

static void probe(void)
{
    const char *named = g_getenv("PAVE_PROGRAM");
    g_autofree char *errors = NULL;
    int status = 0;

    own_program = named ? g_strdup(named) : g_file_read_link("/proc/self/exe", NULL);
    bubblewrap = g_find_program_in_path("bwrap");
    if (!bubblewrap) {
        not_here = g_strdup("bubblewrap is missing: install the package bubblewrap");
        return;
    }
    const char *argv[] = {
        bubblewrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/",
        "/",        "--proc",         "/proc",         "true",          NULL};
    if (g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                     &errors, &status, NULL) &&
        g_spawn_check_wait_status(status, NULL))
        return;
    not_here = g_strdup_printf(
        "this machine forbids sandboxes (%s): allow unprivileged user namespaces "
        "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0; in a "
        "container, a seccomp profile that lets unshare and mount through)",
        errors ? g_strstrip(errors) : "bubblewrap does not start");
}

static gboolean possible(GError **error)
{
    pthread_once(&probed, probe);
    if (!not_here)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s", not_here);
    return FALSE;
}

/* ---- what is inside ---- */

/* A symbolic link stays one (/bin → usr/bin on a merged /usr). */
static void add_system(GPtrArray *line)
{
    for (guint i = 0; SYSTEM_FOLDERS[i]; i++) {
        g_autofree char *target = g_file_read_link(SYSTEM_FOLDERS[i], NULL);

        if (target)
            add(line, "--symlink", target, SYSTEM_FOLDERS[i], NULL);
        else
            add(line, "--ro-bind-try", SYSTEM_FOLDERS[i], SYSTEM_FOLDERS[i], NULL);
    }
    for (guint i = 0; ETC_FILES[i]; i++)
        add(line, "--ro-bind-try", ETC_FILES[i], ETC_FILES[i], NULL);
    for (guint i = 0; DEVICES[i]; i++)
        add(line, "--dev-bind-try", DEVICES[i], DEVICES[i], NULL);
    add(line, "--ro-bind", own_program, SANDBOX_PAVE, NULL);
}

static void add_network(GPtrArray *line, const Sandbox *sandbox)
{
    if (sandbox->network == SANDBOX_NETWORK_NONE) {
        add(line, "--unshare-net", NULL);
        return;
    }
    add(line, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf", NULL);
    add(line, "--ro-bind-try", "/etc/hosts", "/run/pave/hosts", NULL);
}

static gboolean add_mounts(GPtrArray *line, const Sandbox *sandbox, GError **error)
{
    for (const SandboxMount *mount = sandbox->mounts; mount && mount->from; mount++) {
        if (!g_path_is_absolute(mount->from) || !g_path_is_absolute(mount->to)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "a mount needs two absolute paths, not %s and %s", mount->from, mount->to);
            return FALSE;
        }
        add(line, mount->writable ? "--bind" : "--ro-bind", mount->from, mount->to, NULL);
    }
    return TRUE;
}

/* Each socket lies under its port, where sandbox-init looks for it. */
static void add_forwards(GPtrArray *line, GPtrArray *init, const Sandbox *sandbox)
{
    for (const SandboxForward *forward = sandbox->forwards; forward && forward->port; forward++) {
        g_autofree char *port = g_strdup_printf("%u", forward->port);
        g_autofree char *inside = g_strconcat("/run/pave/forward/", port, NULL);

        add(line, "--bind", forward->unix_socket, inside, NULL);
        add(init, "--forward", port, NULL);
    }
}

static void add_number(GPtrArray *init, const char *option, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

    if (number > 0)
        add(init, option, text, NULL);
}

char **sandbox_command(const Sandbox *sandbox, const char *const *argv, const char *cwd,
                       GError **error)
{
    g_autoptr(GPtrArray) line = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) init = g_ptr_array_new_with_free_func(g_free);

    if (!possible(error))
        return NULL;
    add(line, bubblewrap, NULL);
    for (guint i = 0; FIXED[i]; i++)
        add(line, FIXED[i], NULL);
    add(line, "--hostname", sandbox->hostname ? sandbox->hostname : "pave", NULL);
    add_system(line);
    add_network(line, sandbox);
    if (!add_mounts(line, sandbox, error))
        return NULL;
    add_forwards(line, init, sandbox);
    for (const char *const *host = sandbox->hosts; host && *host; host++)
        add(init, "--host", *host, NULL);
    add_number(init, "--memory", sandbox->memory_bytes_max);
    add_number(init, "--cpu", sandbox->cpu_seconds_max);
    add_number(init, "--processes", sandbox->processes_max ? sandbox->processes_max : 4096);
    add(line, "--chdir", cwd ? cwd : "/", "--", SANDBOX_PAVE, "sandbox-init", NULL);
    g_ptr_array_extend_and_steal(line, g_steal_pointer(&init));
    add(line, "--", NULL);
    for (const char *const *arg = argv; *arg; arg++)
        add(line, *arg, NULL);
    g_ptr_array_add(line, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&line), FALSE);
}
