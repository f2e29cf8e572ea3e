/* `pave serve`: the supervisor that owns the sockets, and the server it starts. */
#include "cli/admin.h"
#include "cli/cli_internal.h"
#include "cli/commands.h"
#include "cli/house.h"
#include "cli/log.h"
#include "spine/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TCP_FD = 3, API_FD, INGRESS_FD };
#define DEFAULT_PORT 7007

typedef struct {
    char **config_files;
    char *data_folder;
    int port;
    char *user;
    Config *config;
    char *host;
} Serve;

static void serve_clear(Serve *serve)
{
    g_strfreev(serve->config_files);
    g_free(serve->data_folder);
    g_free(serve->user);
    g_free(serve->host);
    g_clear_pointer(&serve->config, config_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Serve, serve_clear)

/* ---- configuration ---- */

static void print_finding(const Diagnostic *finding)
{
    g_printerr("pave: ");
    if (finding->file)
        g_printerr("%s:%d:%d: ", finding->file, finding->line, finding->column);
    g_printerr("%s%s%s\n", finding->message, finding->hint ? " " : "",
               finding->hint ? finding->hint : "");
}

Config *cli_load_config(char **files)
{
    static const char *const usual[] = {"app-config.yaml", NULL};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(Config) config = config_load(files ? (const char *const *)files : usual, diagnostics);

    for (guint i = 0; i < diagnostics_count(diagnostics); i++)
        print_finding(diagnostics_get(diagnostics, i));
    return config && !diagnostics_have_errors(diagnostics) ? g_steal_pointer(&config) : NULL;
}

/* backend.listen is ":7007", "7007", "127.0.0.1:7007", "[::]:7007" or {host, port}. Without it only
 * this machine is let in. */
static void read_listen(Serve *serve)
{
    const Value *listen = config_get(serve->config, "backend.listen");
    const char *text = value_string(listen, NULL);
    const char *colon = text ? strrchr(text, ':') : NULL;
    int port = (int)config_int(serve->config, "backend.listen.port", DEFAULT_PORT);

    serve->host = g_strdup(config_string(serve->config, "backend.listen.host", "127.0.0.1"));
    if (text) {
        g_free(serve->host);
        serve->host =
            colon && colon > text ? g_strndup(text, (gsize)(colon - text)) : g_strdup("::");
        port = (int)g_ascii_strtoll(colon ? colon + 1 : text, NULL, 10);
    }
    if (serve->host[0] == '[') {
        char *bare = g_strndup(serve->host + 1, strcspn(serve->host + 1, "]"));

        g_free(serve->host);
        serve->host = bare;
    }
    if (serve->port < 0)
        serve->port = port;
}

char *cli_data_folder(const Config *config)
{
    const char *configured = config_string(config, "backend.dataFolder", NULL);

    if (configured)
        return config_resolve_path(config, configured);
    return geteuid() == 0 ? g_strdup("/var/lib/pave")
                          : g_build_filename(g_get_user_data_dir(), "pave", NULL);
}

static gboolean serve_prepare(Serve *serve, int argc, char **argv)
{
    const GOptionEntry options[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &serve->config_files,
         "Configuration; later files win (default app-config.yaml)", "FILE"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &serve->data_folder, "Data folder", "DIR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &serve->port, "Port to listen on", "N"},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &serve->user,
         "Run as this user (needed when started as root)", "NAME"},
        {NULL}};
    g_auto(GStrv) rest = NULL;
    char *absolute;

    serve->port = -1;
    if (!cli_parse(argc, argv, options, &rest))
        return FALSE;
    if (rest[0]) {
        cli_usage("serve takes options only, not '%s'", rest[0]);
        return FALSE;
    }
    serve->config = cli_load_config(serve->config_files);
    if (!serve->config)
        return FALSE;
    read_listen(serve);
    if (!serve->data_folder)
        serve->data_folder = cli_data_folder(serve->config);
    absolute = g_canonicalize_filename(serve->data_folder, NULL);
    g_free(serve->data_folder);
    serve->data_folder = absolute;
    if (serve->port < 0 || serve->port > 65535) {
        cli_usage("%d is no port", serve->port);
        return FALSE;
    }
    return TRUE;
}

/* ---- the supervisor ---- */

static gboolean make_folders(const Serve *serve, uid_t user, gid_t group, GError **error)
{
    g_autofree char *run = g_build_filename(serve->data_folder, "run", NULL);
    const char *const folders[] = {serve->data_folder, run};

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (g_mkdir_with_parents(folders[i], 0750) != 0 ||
            (geteuid() == 0 && chown(folders[i], user, group) != 0)) {
            g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "cannot make %s: %s",
                        folders[i], g_strerror(errno));
            return FALSE;
        }
    return TRUE;
}

/* Nothing of Pave runs as root: what a repository brings would be too near to it. */
static gboolean become_user(const char *name, const struct passwd *user, GError **error)
{
    if (initgroups(name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
        setuid(user->pw_uid) == 0 && setuid(0) != 0) {
        g_setenv("HOME", user->pw_dir, TRUE);
        return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot become %s: %s", name, g_strerror(errno));
    return FALSE;
}

static gboolean drop_root(Serve *serve, int *tcp_fd, guint16 *port, GError **error)
{
    const struct passwd *user = NULL;

    if (geteuid() == 0) {
        if (!serve->user) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "Pave does not run as root; say who it should be with --user NAME");
            return FALSE;
        }
        user = getpwnam(serve->user);
        if (!user || user->pw_uid == 0) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is no user to run as", serve->user);
            return FALSE;
        }
    }
    if (!make_folders(serve, user ? user->pw_uid : 0, user ? user->pw_gid : 0, error))
        return FALSE;
    *tcp_fd = http_listen_tcp(serve->host, port, error); /* a port below 1024 needs root */
    return *tcp_fd >= 0 && (!user || become_user(serve->user, user, error));
}

static char **child_argv(int argc, char **argv, const Serve *serve, guint16 port)
{
    GPtrArray *child = g_ptr_array_new();

    g_ptr_array_add(child, g_strdup("pave"));
    g_ptr_array_add(child, g_strdup("serve-child"));
    for (int i = 1; i < argc; i++)
        g_ptr_array_add(child, g_strdup(argv[i]));
    g_ptr_array_add(child, g_strdup_printf("--port=%u", port));
    g_ptr_array_add(child, g_strdup_printf("--data=%s", serve->data_folder));
    g_ptr_array_add(child, NULL);
    return (char **)g_ptr_array_free(child, FALSE);
}

int command_serve(int argc, char **argv)
{
    g_auto(Serve) serve = {0};
    g_auto(GStrv) given = g_new0(char *, argc + 1), child = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *api = NULL, *ingress = NULL;
    int fds[3] = {-1, -1, -1};
    guint16 port;

    for (int i = 0; i < argc; i++)
        given[i] = g_strdup(argv[i]);
    if (!serve_prepare(&serve, argc, argv))
        return EXIT_USAGE;
    port = (guint16)serve.port;
    if (!drop_root(&serve, &fds[0], &port, &error))
        return cli_fail(error);
    umask(0027);
    api = house_api_socket(serve.data_folder);
    ingress = house_ingress_socket(serve.data_folder);
    fds[1] = http_listen_unix(api, &error);
    fds[2] = fds[1] < 0 ? -1 : http_listen_unix(ingress, &error);
    if (fds[2] < 0)
        return cli_fail(error);
    child = child_argv(argc, given, &serve, port);
    return supervisor_run(&(SupervisorSpec){.fds = fds, .fd_count = 3, .argv = child});
}

/* ---- the server ---- */

static char *base_url_of(const Serve *serve)
{
    const char *configured = config_string(serve->config, "backend.baseUrl", NULL);

    return configured ? g_strdup(configured) : g_strdup_printf("http://localhost:%d", serve->port);
}

static int wait_for_the_end(const sigset_t *signals)
{
    int number = 0;

    while (sigwait(signals, &number) != 0)
        ;
    return number;
}

int command_serve_child(int argc, char **argv)
{
    g_auto(Serve) serve = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *base_url = NULL, *program = g_file_read_link("/proc/self/exe", NULL);
    House *house;
    sigset_t signals;

    log_to_stderr();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
    signal(SIGPIPE, SIG_IGN);
    for (int fd = TCP_FD; fd <= INGRESS_FD; fd++)
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return cli_usage("serve-child is started by pave serve");
    if (!serve_prepare(&serve, argc, argv))
        return EXIT_USAGE;
    base_url = base_url_of(&serve);
    house = house_open(&(HouseSpec){.config = serve.config,
                                    .data_folder = serve.data_folder,
                                    .base_url = base_url,
                                    .port = (guint16)serve.port,
                                    .program = program,
                                    .tcp_fd = TCP_FD,
                                    .api_fd = API_FD,
                                    .ingress_fd = INGRESS_FD},
                       &error);
    if (!house) {
        g_critical("cannot start: %s", error->message);
        return error_status(error) < 500 ? EXIT_USAGE : EXIT_FAILED;
    }
    g_info("Pave %s answers at %s", PAVE_VERSION, base_url);
    g_info("stopping after signal %d", wait_for_the_end(&signals));
    house_close(house);
    return EXIT_OK;
}
