/* Terraform (or OpenTofu) as a child of a job: started in a sandbox under a shim, found again after
 * a restart, its -json stream made readable. */
#include "infra/infra_internal.h"
#include "formats/json.h"
#include "spine/process.h"
#include <glib/gstdio.h>
#include <string.h>

#define WAIT_MS 200
#define GRACE_MS (60 * 1000)
#define LINE_MAX_BYTES ((gsize)8 << 20)
#define LINE_ARENA_BYTES ((gsize)64 << 20)

/* ---- rounds ---- */

const char *infra_engine_round(EngineRun *run, const char *step, gboolean fresh, GError **error)
{
    const char *last = NULL;

    for (guint i = 1;; i++) {
        const char *folder =
            arena_printf(run->arena, "%s/engine/%s-%u", job_folder(run->job), step, i);

        if (g_file_test(folder, G_FILE_TEST_IS_DIR)) {
            last = folder;
            continue;
        }
        if (last && !fresh)
            return last;
        if (g_mkdir_with_parents(folder, 0700) < 0) {
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", folder);
            return NULL;
        }
        return folder;
    }
}

static const char *process_folder_of(EngineRun *run, const char *round, const char *name)
{
    return arena_printf(run->arena, "%s/%s", round, name);
}

gboolean infra_engine_started(const char *round, const char *name)
{
    g_autofree char *folder = g_build_filename(round, name, NULL);
    g_autoptr(Process) process = process_attach(folder, NULL);

    return process != NULL;
}

/* ---- starting ---- */

static gboolean write_settings(EngineRun *run, const char *file, GError **error)
{
    g_autofree char *cache = g_build_filename(run->infra->data_folder, "terraform-plugins", NULL);
    g_autofree char *text =
        g_strdup_printf("disable_checkpoint = true\nplugin_cache_dir   = \"%s\"\n", cache);

    g_mkdir_with_parents(cache, 0750);
    return g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

static void add_variable(GPtrArray *env, EngineRun *run, const char *name, const char *value)
{
    g_ptr_array_add(env, (char *)arena_printf(run->arena, "%s=%s", name, value));
}

/* Sensitive variables go by the environment, which leaves no trace on the disk. A text is taken as
 * it is, anything else as an expression, in which a "${" would be a template. */
static void add_sensitive_variables(GPtrArray *env, EngineRun *run)
{
    const Value *properties = value_get(run->module->schema, "properties");

    for (guint i = 0; i < value_count(run->variables); i++) {
        const char *name = value_key_at(run->variables, i);
        const Value *value = value_value_at(run->variables, i);
        g_autofree char *text = NULL;

        if (!value_bool(value_get(value_get(properties, name), "writeOnly"), false))
            continue;
        if (value_is(value, VALUE_STRING)) {
            text = g_strdup(value_string(value, ""));
        } else {
            g_autofree char *json = json_to_string(value, JSON_COMPACT);
            g_auto(GStrv) pieces = g_strsplit(json, "${", -1);

            text = g_strjoinv("$${", pieces);
        }
        add_variable(env, run, arena_printf(run->arena, "TF_VAR_%s", name), text);
    }
}

static char **environment_of(EngineRun *run, const char *settings)
{
    const Value *configured = config_get(run->infra->config, "infra.environment");
    const char *address = arena_printf(run->arena, "%s/api/infra/v1/state/%s", run->infra->api_url,
                                       run->run->workspace);
    GPtrArray *env = g_ptr_array_new();

    add_variable(env, run, "PATH", "/usr/local/bin:/usr/bin:/bin");
    add_variable(env, run, "HOME", SANDBOX_HOME);
    add_variable(env, run, "LANG", "C.UTF-8");
    add_variable(env, run, "TF_IN_AUTOMATION", "1");
    add_variable(env, run, "TF_INPUT", "0");
    add_variable(env, run, "CHECKPOINT_DISABLE", "1");
    add_variable(env, run, "TF_CLI_CONFIG_FILE", settings);
    add_variable(env, run, "TF_HTTP_ADDRESS", address);
    add_variable(env, run, "TF_HTTP_LOCK_ADDRESS", address);
    add_variable(env, run, "TF_HTTP_UNLOCK_ADDRESS", address);
    add_variable(env, run, "TF_HTTP_USERNAME", "pave");
    add_variable(env, run, "TF_HTTP_PASSWORD", run->token);
    /* Enough to outlast a restart of this server. */
    add_variable(env, run, "TF_HTTP_RETRY_MAX", "30");
    add_variable(env, run, "TF_HTTP_RETRY_WAIT_MIN", "1");
    add_variable(env, run, "TF_HTTP_RETRY_WAIT_MAX", "5");
    add_sensitive_variables(env, run);
    for (guint i = 0; i < value_count(configured); i++)
        add_variable(env, run, value_key_at(configured, i),
                     value_string(value_value_at(configured, i), ""));
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static void add_mount(GArray *mounts, const char *from, const char *to, gboolean writable)
{
    SandboxMount mount = {from, to, writable};

    g_array_append_val(mounts, mount);
}

static GArray *mounts_of(EngineRun *run)
{
    GArray *mounts = g_array_new(TRUE, TRUE, sizeof(SandboxMount));
    const Value *configured = config_get(run->infra->config, "infra.mounts");
    const char *cache = arena_printf(run->arena, "%s/terraform-plugins", run->infra->data_folder);
    const char *settings = arena_printf(run->arena, "%s/terraformrc", job_folder(run->job));

    add_mount(mounts, run->work, run->work, TRUE);
    add_mount(mounts, cache, cache, TRUE);
    add_mount(mounts, settings, settings, FALSE);
    if (!g_str_has_prefix(run->infra->program, "/usr/") &&
        !g_str_has_prefix(run->infra->program, "/bin/"))
        add_mount(mounts, run->infra->program, run->infra->program, FALSE);
    for (guint i = 0; i < value_count(configured); i++) {
        const Value *one = value_item(configured, i);

        add_mount(mounts, value_string(value_get(one, "from"), "/nonexistent"),
                  value_string(value_get(one, "to"), "/nonexistent"), FALSE);
    }
    return mounts;
}

static gboolean drop_own_lock(DbConn *tx, void *data, GError **error)
{
    EngineRun *run = data;
    g_autofree char *holder = g_strconcat("job:", job_id(run->job), NULL);

    return infra_store_drop_lock_of(tx, run->run->workspace_id, holder, error) >= 0;
}

static Process *start(EngineRun *run, const char *folder, const char *const *arguments,
                      GError **error)
{
    const char *settings = arena_printf(run->arena, "%s/terraformrc", job_folder(run->job));
    const char *network = config_string(run->infra->config, "infra.network", "host");
    const char *socket = arena_printf(run->arena, "%s/run/api.sock", run->infra->data_folder);
    g_autoptr(GUri) api = g_uri_parse(run->infra->api_url, G_URI_FLAGS_NONE, NULL);
    SandboxForward forwards[] = {
        {.port = (guint16)(api && g_uri_get_port(api) > 0 ? g_uri_get_port(api) : 80),
         .unix_socket = socket},
        {0}};
    g_autofree char **env = environment_of(run, settings);
    g_autoptr(GArray) mounts = mounts_of(run);
    gboolean host = g_str_equal(network, "host");
    Sandbox sandbox = {.network = host ? SANDBOX_NETWORK_HOST : SANDBOX_NETWORK_NONE,
                       .mounts = (const SandboxMount *)(void *)mounts->data,
                       .forwards = host ? NULL : forwards};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    ProcessSpec spec = {.folder = folder,
                        .env = (const char *const *)env,
                        .cwd = run->folder,
                        .sandbox = &sandbox,
                        .grace_ms = GRACE_MS};

    g_ptr_array_add(argv, run->infra->program);
    for (guint i = 0; arguments[i]; i++)
        g_ptr_array_add(argv, (char *)arguments[i]);
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    /* Nothing of this run is alive here: a lock of its own was left by a child that died. */
    if (!write_settings(run, settings, error) || !job_write(run->job, drop_own_lock, run, error))
        return NULL;
    return process_start(&spec, error);
}

/* ---- the stream ---- */

struct stream {
    EngineRun *run;
    const char *step;
    EngineLineFn line;
    void *data;
    GString *open; /* the line that has no end yet */
    int64_t offset;
    int64_t printed; /* an earlier attempt printed up to here */
};

static void print_diagnostic(struct stream *stream, const Value *line)
{
    const Value *diagnostic = value_get(line, "diagnostic");
    const char *summary = value_string(value_get(diagnostic, "summary"), "");
    const char *detail = value_string(value_get(diagnostic, "detail"), "");
    gboolean bad = g_str_equal(value_string(value_get(diagnostic, "severity"), ""), "error");
    const char *level = bad ? "error" : "warning";
    const char *file = value_path_string(diagnostic, "range.filename", NULL);
    int64_t number = value_int(value_path(diagnostic, "range.start.line"), 0);
    g_auto(GStrv) lines = g_strsplit(detail, "\n", -1);

    if (stream->offset > stream->printed) {
        job_print(stream->run->job, stream->step, level, "%s: %s", bad ? "Error" : "Warning",
                  summary);
        for (guint i = 0; lines[i] && *detail; i++)
            job_print(stream->run->job, stream->step, level, "  %s", lines[i]);
        if (file)
            job_print(stream->run->job, stream->step, level, "  on %s line %" G_GINT64_FORMAT, file,
                      number);
    }
    if (bad && !stream->run->failure)
        stream->run->failure =
            arena_printf(stream->run->arena, "%s%s%s", summary, *detail ? ": " : "", detail);
    if (bad && strstr(summary, "plan is stale"))
        stream->run->stale_plan = TRUE;
}

static void take_json(struct stream *stream, const Value *line)
{
    const char *type = value_string(value_get(line, "type"), "");

    if (g_str_equal(type, "diagnostic"))
        print_diagnostic(stream, line);
    else if (!g_str_equal(type, "version") && !g_str_equal(type, "outputs") &&
             /* Applying tells the whole plan once more. */
             (stream->line || !g_str_equal(type, "planned_change")) &&
             stream->offset > stream->printed)
        job_print(stream->run->job, stream->step, "out", "%s",
                  value_string(value_get(line, "@message"), ""));
    if (stream->line)
        stream->line(stream->run, line, stream->data);
}

static void take_line(struct stream *stream)
{
    g_autoptr(Arena) arena = NULL;
    const Value *line = NULL;

    if (stream->open->str[0] == '{') {
        arena = arena_new(LINE_ARENA_BYTES);
        line = json_parse(arena, stream->open->str, (gssize)stream->open->len, NULL);
    }
    if (value_is(value_get(line, "@message"), VALUE_STRING))
        take_json(stream, line);
    else if (stream->offset > stream->printed)
        job_print(stream->run->job, stream->step, "out", "%s", stream->open->str);
    g_string_truncate(stream->open, 0);
}

static void take_bytes(struct stream *stream, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        stream->offset++;
        if (bytes[i] == '\n')
            take_line(stream);
        else if (stream->open->len < LINE_MAX_BYTES)
            g_string_append_c(stream->open, bytes[i]);
    }
}

/* What the process printed meanwhile; whoever goes on does not print it again. */
static gboolean drain(struct stream *stream, Process *process, GError **error)
{
    g_autofree char *buffer = g_malloc(65536);
    int64_t before = stream->offset;
    gssize got;

    while ((got = process_read_output(process, stream->offset, buffer, 65536, error)) > 0)
        take_bytes(stream, buffer, (gsize)got);
    if (stream->offset > MAX(before, stream->printed))
        process_set_output_mark(process, stream->offset);
    return got == 0;
}

/* ---- running ---- */

static EngineOutcome watch(struct stream *stream, Process *process, int *exit_code, GError **error)
{
    Job *job = stream->run->job;
    gboolean asked_to_stop = FALSE;

    for (;;) {
        GError *why = NULL;
        gboolean ended = process_wait(process, WAIT_MS, exit_code, &why);

        if (why) {
            g_message("infra: %s", why->message);
            g_error_free(why);
            return ENGINE_LOST;
        }
        if (!drain(stream, process, error))
            return ENGINE_FAILED;
        if (ended)
            break;
        if (!job_cancelled(job))
            continue;
        if (job_stopping(job)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the server stops");
            return ENGINE_FAILED;
        }
        if (!asked_to_stop) {
            job_print(job, stream->step, "warning", "Asked to stop; Terraform ends what it began");
            process_stop(process, SIGINT);
        }
        asked_to_stop = TRUE;
    }
    if (stream->open->len > 0)
        take_line(stream);
    if (asked_to_stop) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "cancelled");
        return ENGINE_FAILED;
    }
    return ENGINE_ENDED;
}

EngineOutcome infra_engine_run(EngineRun *run, const char *step, const char *round,
                               const char *name, const char *const *arguments, EngineLineFn line,
                               void *data, int *exit_code, GError **error)
{
    const char *folder = process_folder_of(run, round, name);
    g_autoptr(Process) process = process_attach(folder, NULL);
    struct stream stream = {.run = run, .step = step, .line = line, .data = data};
    EngineOutcome outcome;

    if (process)
        stream.printed = process_output_mark(process);
    else
        process = start(run, folder, arguments, error);
    if (!process)
        return ENGINE_FAILED;
    run->failure = NULL;
    stream.open = g_string_new(NULL);
    outcome = watch(&stream, process, exit_code, error);
    g_string_free(stream.open, TRUE);
    return outcome;
}
