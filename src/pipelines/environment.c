/* What a step sees: contexts for its expressions, variables, and the sandbox around it. */
#include "pipelines/execute_internal.h"
#include "pipelines/plan_internal.h"

#include "formats/json.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char *execute_folder(Runner *runner, const char *name)
{
    return arena_printf(runner->arena, "%s/%s", job_folder(runner->job), name);
}

static gboolean make_folder(Runner *runner, const char *name, GError **error)
{
    const char *path = execute_folder(runner, name);
    if (g_mkdir_with_parents(path, 0700) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s: %s", path, g_strerror(errno));
    return FALSE;
}

gboolean execute_prepare_folders(Runner *runner, GError **error)
{
    static const char *const names[] = {"workspace", "home",  "temp",  "toolcache", "scripts",
                                        "actions",   "event", "files", "process"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (!make_folder(runner, names[i], error))
            return FALSE;
    g_autofree char *event = json_to_string(
        runner->run->payload ? runner->run->payload : value_object_new(runner->arena), JSON_PRETTY);
    return g_file_set_contents(execute_folder(runner, "event/event.json"), event, -1, error);
}

void execute_add(Arena *arena, Value *to, const Value *from)
{
    for (guint i = 0; i < value_count(from); i++)
        value_set(arena, to, value_key_at(from, i), value_value_at(from, i));
}

/* ---- contexts ---- */

static const char *job_status(const Runner *runner)
{
    return runner->cancelled ? "cancelled" : runner->failed ? "failure" : "success";
}

static Value *github_of(Runner *runner, const Frame *frame)
{
    Arena *arena = runner->arena;
    Value *github = value_clone_shallow(arena, runner->run->github);
    value_set_string(arena, github, "token", runner->token);
    value_set_string(arena, github, "job", runner->node->job);
    value_set_string(arena, github, "workspace", IN_WORKSPACE);
    value_set_string(arena, github, "event_path", IN_EVENT "/event.json");
    value_set_string(arena, github, "action_path", frame->action_path ? frame->action_path : "");
    value_set_string(arena, github, "action_repository",
                     frame->action_repository ? frame->action_repository : "");
    value_set_string(arena, github, "action_ref", frame->action_ref ? frame->action_ref : "");
    value_set_string(arena, github, "action_status",
                     frame->is_composite && frame->failed ? "failure" : job_status(runner));
    return github;
}

static Value *runner_of(Runner *runner)
{
    static const char *const members[][2] = {
        {"name", "pave"},
        {"os", "Linux"},
        {"temp", IN_TEMP},
        {"debug", ""},
        {"tool_cache", IN_TOOLCACHE},
        {"environment", "self-hosted"},
#ifdef __aarch64__
        {"arch", "ARM64"},
#else
        {"arch", "X64"},
#endif
    };
    Value *value = value_object_new(runner->arena);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        value_set_string(runner->arena, value, members[i][0], members[i][1]);
    return value;
}

Value *execute_contexts(Runner *runner, const Frame *frame, const Value *env)
{
    Arena *arena = runner->arena;
    Value *contexts = plan_contexts(runner->run, runner->node);
    Value *job = value_object_new(arena);
    value_set_string(arena, job, "status", job_status(runner));
    value_set(arena, contexts, "github", github_of(runner, frame));
    value_set(arena, contexts, "job", job);
    value_set(arena, contexts, "runner", runner_of(runner));
    value_set(arena, contexts, "env", env);
    value_set(arena, contexts, "steps", frame->steps);
    value_set(arena, contexts, "inputs", frame->inputs);
    if (!frame->is_composite)
        value_set(arena, contexts, "secrets", runner->secrets);
    return contexts;
}

/* ---- variables ---- */

typedef struct {
    Arena *arena;
    Value *all;
} Variables;

static void set(const Variables *variables, const char *name, const char *value)
{
    value_set_string(variables->arena, variables->all, name, value ? value : "");
}

/* GITHUB_* of the context's scalars. */
static void set_github(const Variables *variables, const Value *github)
{
    static const char *const hidden[] = {"token",         "event",         "secret_source",
                                         "repositoryUrl", "action_status", NULL};
    for (guint i = 0; i < value_count(github); i++) {
        const char *key = value_key_at(github, i);
        const Value *value = value_value_at(github, i);
        if (g_strv_contains(hidden, key) || !ghexpr_to_string(variables->arena, value))
            continue;
        g_autofree char *upper = g_ascii_strup(key, -1);
        g_autofree char *name = g_strconcat("GITHUB_", upper, NULL);
        set(variables, name, ghexpr_to_string(variables->arena, value));
    }
}

static void set_runner(const Variables *variables, const Runner *runner, const Step *step)
{
    const char *port = arena_printf(variables->arena, "%u", runner->pipelines->api_port);
    const char *const pairs[][2] = {
        {"CI", "true"},
        {"GITHUB_ACTIONS", "true"},
        {"GITHUB_ENV", IN_FILES "/env"},
        {"GITHUB_OUTPUT", IN_FILES "/output"},
        {"GITHUB_PATH", IN_FILES "/path"},
        {"GITHUB_STATE", IN_FILES "/state"},
        {"GITHUB_STEP_SUMMARY", IN_FILES "/summary"},
        {"RUNNER_NAME", "pave"},
        {"RUNNER_OS", "Linux"},
        {"RUNNER_ENVIRONMENT", "self-hosted"},
        {"RUNNER_TEMP", IN_TEMP},
        {"RUNNER_TOOL_CACHE", IN_TOOLCACHE},
        {"RUNNER_WORKSPACE", IN_WORKSPACE},
        {"PAVE_URL", arena_printf(variables->arena, "http://127.0.0.1:%s", port)},
        {"PAVE_TOKEN", runner->token},
        {"PAVE_INTENT", step->intent},
        {"PAVE_RUN", runner->run->id},
#ifdef __aarch64__
        {"RUNNER_ARCH", "ARM64"},
#else
        {"RUNNER_ARCH", "X64"},
#endif
    };
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        set(variables, pairs[i][0], pairs[i][1]);
}

/* Git in the job reaches the forge with the job's token, which stays out of every file. */
static void set_git(const Variables *variables, Runner *runner)
{
    g_autofree char *plain = g_strdup_printf("x-access-token:%s", runner->token);
    g_autofree char *encoded = g_base64_encode((const guchar *)plain, strlen(plain));
    execute_mask(runner, encoded);
    set(variables, "GIT_CONFIG_COUNT", "2");
    set(variables, "GIT_CONFIG_KEY_0", "safe.directory");
    set(variables, "GIT_CONFIG_VALUE_0", "*");
    set(variables, "GIT_CONFIG_KEY_1",
        arena_printf(variables->arena, "http.%s/.extraHeader", runner->pipelines->api_url));
    set(variables, "GIT_CONFIG_VALUE_1",
        arena_printf(variables->arena, "Authorization: Basic %s", encoded));
    set(variables, "GIT_TERMINAL_PROMPT", "0");
}

static gboolean on_host_network(const Runner *runner)
{
    return g_str_equal(config_string(runner->pipelines->config, "pipelines.network", "none"),
                       "host");
}

static void set_certificates(const Variables *variables, const Runner *runner)
{
    if (!runner->pipelines->ca_file)
        return;
    set(variables, "NODE_EXTRA_CA_CERTS", IN_CA);
    if (on_host_network(runner)) /* the world's certificates count there, too */
        return;
    set(variables, "SSL_CERT_FILE", IN_CA);
    set(variables, "CURL_CA_BUNDLE", IN_CA);
    set(variables, "REQUESTS_CA_BUNDLE", IN_CA);
    set(variables, "GIT_SSL_CAINFO", IN_CA);
}

static const char *path_of(Runner *runner, const Value *env)
{
    GString *path = g_string_new(NULL);
    const char *base = value_string(value_get(env, "PATH"), NULL);
    for (guint i = 0; i < runner->path->len; i++)
        g_string_append_printf(path, "%s:", (char *)runner->path->pdata[i]);
    if (config_get(runner->pipelines->config, "pipelines.tools"))
        g_string_append(path, IN_TOOLS ":");
    g_string_append_printf(path, SANDBOX_PAVE_FOLDER ":%s", base ? base : DEFAULT_PATH);
    const char *copy = arena_strdup(runner->arena, path->str);
    g_string_free(path, TRUE);
    return copy;
}

const char *const *execute_environment(Runner *runner, const Frame *frame, const Step *step)
{
    Arena *arena = runner->arena;
    Variables variables = {arena, value_object_new(arena)};
    set(&variables, "HOME", IN_HOME);
    set(&variables, "USER", "runner");
    set(&variables, "LANG", "C.UTF-8");
    set_certificates(&variables, runner);
    set_git(&variables, runner);
    set(&variables, "GITHUB_TOKEN", runner->token); /* a step may set another */
    execute_add(arena, variables.all,
                config_get(runner->pipelines->config, "pipelines.environment"));
    execute_add(arena, variables.all, step->env);
    set_github(&variables, github_of(runner, frame));
    set_runner(&variables, runner, step);
    set(&variables, "GITHUB_ACTION", step->id);
    set(&variables, "PATH", path_of(runner, variables.all));
    guint count = value_count(variables.all);
    const char **list = arena_new0(arena, const char *, count + 1);
    for (guint i = 0; i < count; i++)
        list[i] = arena_printf(arena, "%s=%s", value_key_at(variables.all, i),
                               ghexpr_to_string(arena, value_value_at(variables.all, i)));
    return list;
}

/* ---- the sandbox ---- */

typedef struct {
    SandboxMount *mounts;
    guint count;
} Mounts;

static void mount(Mounts *mounts, const char *from, const char *to, gboolean writable)
{
    mounts->mounts[mounts->count++] = (SandboxMount){from, to, writable};
}

static void mount_configured(Runner *runner, Mounts *mounts)
{
    const Config *config = runner->pipelines->config;
    const Value *extra = config_get(config, "pipelines.mounts");
    const char *tools = config_string(config, "pipelines.tools", NULL);
    if (tools) {
        g_autofree char *path = config_resolve_path(config, tools);
        mount(mounts, arena_strdup(runner->arena, path), IN_TOOLS, FALSE);
    }
    for (guint i = 0; i < value_count(extra); i++) {
        const char *from = value_string(value_get(value_item(extra, i), "from"), NULL);
        const char *to = value_string(value_get(value_item(extra, i), "to"), NULL);
        g_autofree char *path = from ? config_resolve_path(config, from) : NULL;
        if (path && to && g_file_test(path, G_FILE_TEST_EXISTS))
            mount(mounts, arena_strdup(runner->arena, path), to, FALSE);
    }
}

static const SandboxMount *mounts_of(Runner *runner, const Step *step, const char *files)
{
    guint extra = value_count(config_get(runner->pipelines->config, "pipelines.mounts"));
    Mounts mounts = {arena_new0(runner->arena, SandboxMount, extra + 16), 0};
    mount(&mounts, execute_folder(runner, "workspace"), IN_WORKSPACE, TRUE);
    mount(&mounts, execute_folder(runner, "home"), IN_HOME, TRUE);
    mount(&mounts, execute_folder(runner, "temp"), IN_TEMP, TRUE);
    mount(&mounts, execute_folder(runner, "toolcache"), IN_TOOLCACHE, TRUE);
    mount(&mounts, files, IN_FILES, TRUE);
    mount(&mounts, execute_folder(runner, "scripts"), IN_SCRIPTS, FALSE);
    mount(&mounts, execute_folder(runner, "event"), IN_EVENT, FALSE);
    mount(&mounts, execute_folder(runner, "actions"), IN_ACTIONS, FALSE);
    if (step->checkout)
        mount(&mounts, step->checkout, IN_CHECKOUT, FALSE);
    if (runner->pipelines->ca_file)
        mount(&mounts, runner->pipelines->ca_file, IN_CA, FALSE);
    mount_configured(runner, &mounts);
    return mounts.mounts;
}

/* A host name fit for /etc/hosts. */
static gboolean is_name(const char *text)
{
    if (!*text || strlen(text) > 63)
        return FALSE;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && *text != '-' && *text != '_')
            return FALSE;
    return TRUE;
}

static void add_service(Runner *runner, GPtrArray *hosts, const char *service)
{
    for (char **environment = runner->pipelines->environments;
         service && is_name(service) && environment && *environment; environment++)
        for (guint i = 0; i < 2; i++)
            g_ptr_array_add(hosts, arena_printf(runner->arena, "127.0.0.1 %s.%s.%s", service,
                                                *environment, i ? "localhost" : "internal"));
}

/* A hosts file knows no wildcard: the services a job talks about are its repository and the one
 * its inputs name. */
static const char *const *hosts_of(Runner *runner)
{
    GPtrArray *hosts = g_ptr_array_new();
    const Value *inputs = run_inputs(runner->run, runner->node);
    const char *named = value_string(value_get(inputs, "service-name"), NULL);
    g_autoptr(GUri) uri = g_uri_parse(runner->pipelines->api_url, G_URI_FLAGS_NONE, NULL);
    if (uri && g_uri_get_host(uri))
        g_ptr_array_add(hosts, arena_printf(runner->arena, "127.0.0.1 %s", g_uri_get_host(uri)));
    add_service(runner, hosts, runner->run->name);
    if (g_strcmp0(named, runner->run->name) != 0)
        add_service(runner, hosts, named);
    const char **list = arena_new0(runner->arena, const char *, hosts->len + 1);
    for (guint i = 0; i < hosts->len; i++)
        list[i] = hosts->pdata[i];
    g_ptr_array_free(hosts, TRUE);
    return list;
}

static const SandboxForward *forwards_of(Runner *runner)
{
    const Pipelines *pipelines = runner->pipelines;
    SandboxForward *forwards = arena_new0(runner->arena, SandboxForward, 4);
    guint count = 0;
    if (pipelines->ingress_socket)
        forwards[count++] = (SandboxForward){443, pipelines->ingress_socket};
    if (pipelines->api_socket) {
        forwards[count++] = (SandboxForward){80, pipelines->api_socket};
        forwards[count++] = (SandboxForward){pipelines->api_port, pipelines->api_socket};
    }
    return forwards;
}

const Sandbox *execute_sandbox(Runner *runner, const Step *step, const char *files)
{
    Sandbox *sandbox = arena_new0(runner->arena, Sandbox, 1);
    sandbox->network = on_host_network(runner) ? SANDBOX_NETWORK_HOST : SANDBOX_NETWORK_NONE;
    sandbox->mounts = mounts_of(runner, step, files);
    if (sandbox->network == SANDBOX_NETWORK_NONE)
        sandbox->forwards = forwards_of(runner);
    sandbox->hosts = hosts_of(runner);
    sandbox->hostname = "runner";
    return sandbox;
}
