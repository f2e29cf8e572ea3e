#include "deployments/deployments_internal.h"

#include "net/http_client.h"
#include "spine/clock.h"
#include "spine/fd.h"
#include "spine/folder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PROBE_TIMEOUT_MS = 2000,
    PROBE_REPLY_MAX = 65536,
    OUTPUT_SIZE_MAX = 8 << 20,
    TAIL_SIZE_MAX = 512 << 10,
    GRACE_MS = 10000,
    RUNS_KEPT = 2,
};

static const char RUN_PREFIX[] = "run-";
static const char *const HEALTH_PATHS[] = {"/health", "/healthz", NULL};

char *instance_folder(Deployments *deployments, const char *service, const char *environment,
                      const char *deployment_id)
{
    return g_build_filename(deployments->data_folder, "services", service, environment,
                            deployment_id, NULL);
}

Instance *instance_new(Deployments *deployments, const Deployment *deployment, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const ReleaseConfig *config = release_config(deployments, arena, deployment->digest, error);
    Instance *instance;

    if (!config)
        return NULL;
    instance = g_new0(Instance, 1);
    instance->deployments = deployments;
    instance->service = g_strdup(deployment->service);
    instance->environment = g_strdup(deployment->environment);
    instance->deployment_id = g_strdup(deployment->id);
    instance->digest = g_strdup(deployment->digest);
    instance->commit = g_strdup(deployment->commit);
    instance->folder =
        instance_folder(deployments, deployment->service, deployment->environment, deployment->id);
    instance->command = g_strdupv((char **)config->command);
    instance->health_path = g_strdup(config->health_path);
    instance->port = deployment->port;
    instance->since_ms = clock_now_ms();
    return instance;
}

void instance_free(Instance *instance)
{
    if (!instance)
        return;
    process_unref(instance->process);
    g_free(instance->service);
    g_free(instance->environment);
    g_free(instance->deployment_id);
    g_free(instance->digest);
    g_free(instance->commit);
    g_free(instance->folder);
    g_strfreev(instance->command);
    g_free(instance->health_path);
    g_free(instance);
}

/* ---- run folders ---- */

/* The number of the newest, 0 where it never ran. */
static int latest_run(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int latest = 0;

    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_prefix(name, RUN_PREFIX))
            latest = MAX(latest, (int)g_ascii_strtoll(name + strlen(RUN_PREFIX), NULL, 10));
    return latest;
}

static char *run_folder(const char *folder, int run)
{
    return g_strdup_printf("%s/%s%d", folder, RUN_PREFIX, run);
}

static void forget_run(const char *folder, int run)
{
    static const char *const FILES[] = {"lock",     "pid",     "exit", "output",
                                        "output.1", "control", "taken"};
    g_autofree char *path = run_folder(folder, run);

    for (guint i = 0; run > 0 && i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *file = g_build_filename(path, FILES[i], NULL);

        unlink(file);
    }
    rmdir(path);
}

gboolean instance_attach(Instance *instance)
{
    g_autofree char *folder = run_folder(instance->folder, latest_run(instance->folder));
    g_autoptr(Process) process = process_attach(folder, NULL);
    g_autoptr(GError) died = NULL;

    if (!process || process_wait(process, 0, NULL, &died) || died)
        return FALSE;
    process_unref(instance->process);
    instance->process = g_steal_pointer(&process);
    instance->started_at_ms = clock_monotonic_ms();
    return TRUE;
}

/* ---- starting ---- */

/* The kernel names a free port. Nobody can hold it for the service until that listens, so the last
 * ones given are not given again; another program's clash shows as a failed start, and the next
 * start takes another. */
static guint16 free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    fd_auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.sin_port);
}

static guint16 unused_port(Deployments *deployments)
{
    guint16 port = 0;

    pthread_mutex_lock(&deployments->mutex);
    for (int tries = 0; tries < 16; tries++) {
        gboolean given = FALSE;

        port = free_port();
        for (guint i = 0; i < G_N_ELEMENTS(deployments->ports); i++)
            given = given || deployments->ports[i] == port;
        if (!given)
            break;
    }
    deployments->ports[deployments->next_port++ % G_N_ELEMENTS(deployments->ports)] = port;
    pthread_mutex_unlock(&deployments->mutex);
    return port;
}

static char *secret_scope(const char *service, const char *environment)
{
    return g_strdup_printf("service:%s/%s", service, environment);
}

static void set_all(GHashTable *environment, GHashTable *more)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, more);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_hash_table_replace(environment, g_strdup(name), g_strdup(value));
}

static void set(GHashTable *environment, const char *name, const char *value)
{
    g_hash_table_replace(environment, g_strdup(name), g_strdup(value));
}

/* Later ones win, but nothing wins over the port. */
static GHashTable *variables_of(Instance *instance, guint16 port, GError **error)
{
    Deployments *deployments = instance->deployments;
    g_autofree char *scope = secret_scope(instance->service, instance->environment);
    g_autofree char *port_text = g_strdup_printf("%u", port);
    g_autofree char *version = g_strndup(instance->commit ? instance->commit : "", 12);
    const Environment *environment =
        settings_find(deployments->settings, instance->environment, error);
    g_autoptr(GHashTable) secrets = NULL;
    GHashTable *variables;

    if (!environment)
        return NULL;
    secrets = secrets_of_scope(deployments->secrets, db_reader(deployments->db), scope, error);
    if (!secrets)
        return NULL;
    variables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    set(variables, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    set(variables, "LANG", "C.UTF-8");
    set(variables, "HOME", "/tmp");
    set(variables, "NODE_ENV", "production");
    set_all(variables, environment->variables);
    set_all(variables, secrets);
    set(variables, "SERVICE_NAME", instance->service);
    set(variables, "ENVIRONMENT", instance->environment);
    set(variables, "VERSION", version);
    set(variables, "HOST", "127.0.0.1");
    set(variables, "PORT", port_text);
    return variables;
}

static char **environment_list(GHashTable *variables)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, variables);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_ptr_array_add(list, g_strconcat(name, "=", value, NULL));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

/* Their values, to keep them out of what the service prints. */
static char **secret_values(Instance *instance, GError **error)
{
    Deployments *deployments = instance->deployments;
    g_autofree char *scope = secret_scope(instance->service, instance->environment);
    g_autoptr(GHashTable) secrets =
        secrets_of_scope(deployments->secrets, db_reader(deployments->db), scope, error);
    g_autoptr(GStrvBuilder) values = g_strv_builder_new();
    GHashTableIter iter;
    gpointer value;

    if (!secrets)
        return NULL;
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_strv_builder_add(values, value);
    return g_strv_builder_end(values);
}

static Process *run(Instance *instance, const char *folder, char **environment, GError **error)
{
    g_auto(GStrv) secrets = secret_values(instance, error);
    g_autofree char *app = g_build_filename(instance->folder, "app", NULL);
    const GArray *shared = instance->deployments->settings->mounts;
    g_autofree SandboxMount *mounts = g_new0(SandboxMount, shared->len + 1);
    Sandbox sandbox = {
        .network = SANDBOX_NETWORK_HOST, .mounts = mounts, .hostname = instance->service};
    ProcessSpec spec = {.folder = folder,
                        .argv = (const char *const *)instance->command,
                        .env = (const char *const *)environment,
                        .cwd = "/app",
                        .sandbox = &sandbox,
                        .output_size_max = OUTPUT_SIZE_MAX,
                        .output_turns_over = TRUE,
                        .secrets = (const char *const *)secrets,
                        .grace_ms = GRACE_MS};

    if (!secrets)
        return NULL;
    mounts[0] = (SandboxMount){app, "/app", FALSE};
    memcpy(mounts + 1, shared->data, shared->len * sizeof(SandboxMount));
    return process_start(&spec, error);
}

typedef struct {
    const char *id;
    guint16 port;
} SetPort;

static gboolean set_port(DbConn *tx, void *data, GError **error)
{
    const SetPort *what = data;

    return store_set_port(tx, what->id, what->port, error);
}

gboolean instance_unpack(Instance *instance, GError **error)
{
    g_autofree char *app = g_build_filename(instance->folder, "app", NULL);
    g_autofree char *beside = g_build_filename(instance->folder, "app.new", NULL);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    if (!folder_remove(beside, error) || !folder_remove(app, error) ||
        !release_unpack(instance->deployments, arena, instance->digest, beside, error))
        return FALSE;
    if (rename(beside, app) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s: %s", app, g_strerror(errno));
    return FALSE;
}

static gboolean has_files(const Instance *instance)
{
    g_autofree char *app = g_build_filename(instance->folder, "app", NULL);

    return g_file_test(app, G_FILE_TEST_IS_DIR);
}

gboolean instance_start(Instance *instance, GError **error)
{
    Deployments *deployments = instance->deployments;
    int number = latest_run(instance->folder) + 1;
    g_autofree char *folder = run_folder(instance->folder, number);
    SetPort port = {instance->deployment_id, unused_port(deployments)};
    g_autoptr(GHashTable) variables = variables_of(instance, port.port, error);
    g_auto(GStrv) environment = variables ? environment_list(variables) : NULL;
    g_autoptr(Process) process = NULL;

    if (!has_files(instance) && !instance_unpack(instance, error))
        return FALSE;
    if (!environment || !db_write(deployments->db, set_port, &port, NULL, error))
        return FALSE;
    process = run(instance, folder, environment, error);
    if (!process)
        return FALSE;
    forget_run(instance->folder, number - RUNS_KEPT);
    process_unref(instance->process);
    instance->process = g_steal_pointer(&process);
    instance->started_at_ms = clock_monotonic_ms();
    pthread_mutex_lock(&deployments->mutex);
    instance->port = port.port;
    instance->state = INSTANCE_STARTING;
    pthread_mutex_unlock(&deployments->mutex);
    return TRUE;
}

void instance_stop(Instance *instance)
{
    if (!instance->process)
        return;
    process_stop(instance->process, SIGTERM);
    process_wait(instance->process, GRACE_MS * 2, NULL, NULL);
    g_clear_pointer(&instance->process, process_unref);
}

/* ---- health ---- */

static int ask(const char *path, guint16 port, char **failure)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s", port, path);
    HttpRequest request = {.url = url,
                           .timeout_ms = PROBE_TIMEOUT_MS,
                           .reply_size_max = PROBE_REPLY_MAX,
                           .allow_private = TRUE,
                           .no_redirects = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpReply) reply = http_send(&request, &error);

    if (!reply) {
        *failure = g_strdup(error->message);
        return 0;
    }
    if (reply->status != 200)
        *failure = g_strdup_printf("%s answered %ld", path, reply->status);
    return (int)reply->status;
}

/* The first of the usual paths that is there is asked from then on. */
static int ask_any(Instance *instance, guint16 port, char **failure)
{
    int status = 0;

    if (instance->health_path)
        return ask(instance->health_path, port, failure);
    for (guint i = 0; HEALTH_PATHS[i]; i++) {
        g_clear_pointer(failure, g_free);
        status = ask(HEALTH_PATHS[i], port, failure);
        if (status == 200)
            instance->health_path = g_strdup(HEALTH_PATHS[i]);
        if (status != 404)
            break;
    }
    return status;
}

gboolean instance_probe(Instance *instance)
{
    int64_t begun = g_get_monotonic_time();
    g_autofree char *failure = NULL;
    Check check = {.at_ms = clock_now_ms()};

    check.status = ask_any(instance, instance->port, &failure);
    check.latency_ms = (double)(g_get_monotonic_time() - begun) / 1000;
    if (failure)
        g_strlcpy(check.error, failure, sizeof(check.error));
    pthread_mutex_lock(&instance->deployments->mutex);
    instance->check = check;
    pthread_mutex_unlock(&instance->deployments->mutex);
    return check.status == 200;
}

/* ---- what it printed ---- */

/* The end of a file, at most size_max bytes of it. */
static char *file_end(const char *path, gsize size_max)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    gsize length = file ? g_mapped_file_get_length(file) : 0;
    gsize kept = MIN(length, size_max);

    return kept ? g_strndup(g_mapped_file_get_contents(file) + length - kept, kept) : g_strdup("");
}

static Masker *masker_of(Deployments *deployments, const char *service, const char *environment)
{
    g_autofree char *scope = secret_scope(service, environment);
    g_autoptr(GHashTable) secrets =
        secrets_of_scope(deployments->secrets, db_reader(deployments->db), scope, NULL);
    Masker *masker = masker_new();
    GHashTableIter iter;
    gpointer value;

    if (!secrets)
        return masker;
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        masker_add(masker, value);
    return masker;
}

char **instance_tail(Deployments *deployments, const char *service, const char *environment,
                     const char *deployment_id, guint count)
{
    g_autofree char *folder = instance_folder(deployments, service, environment, deployment_id);
    g_autofree char *latest = run_folder(folder, latest_run(folder));
    g_autofree char *output = g_build_filename(latest, "output", NULL);
    g_autofree char *before = g_build_filename(latest, "output.1", NULL);
    g_autofree char *older = file_end(before, TAIL_SIZE_MAX),
                    *newer = file_end(output, TAIL_SIZE_MAX);
    g_autofree char *all = g_strconcat(older, newer, NULL), *masked = NULL, *valid = NULL;
    g_autoptr(Masker) masker = masker_of(deployments, service, environment);
    g_auto(GStrv) lines = NULL;
    guint length;

    masked = masker_mask(masker, all, strlen(all));
    valid = g_utf8_make_valid(g_strchomp(masked), -1);
    lines = g_strsplit(valid, "\n", -1);
    length = g_strv_length(lines);
    return g_strdupv(lines + (length > count ? length - count : 0));
}
