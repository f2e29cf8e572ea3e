/* One process of a step, under the shim and in the sandbox: started, or found again after the
 * server was restarted. */
#include "pipelines/execute_internal.h"
#include "spine/clock.h"
#include "spine/folder.h"
#include "spine/process.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define POLL_MS 100
#define TRIES_MAX 3 /* of a step whose process is killed from outside */
#define GRACE_MS 10000
#define SETTLE_MS 500
#define CANCEL_GRACE_MS (5 * 60 * 1000)

/* ---- shells ---- */

static const struct {
    const char *name, *extension;
    const char *const argv[8]; /* "{0}" is the script */
} SHELLS[] = {
    {"bash", ".sh", {"bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}", NULL}},
    {"sh", ".sh", {"sh", "-e", "{0}", NULL}},
    {"python", ".py", {"python3", "{0}", NULL}},
    {"pwsh", ".ps1", {"pwsh", "-command", ". '{0}'", NULL}},
};
static const char *const DEFAULT_SHELL[] = {"bash", "-e", "{0}", NULL};

/* The command line of a shell, {0} not yet replaced; ERROR_INPUT where it is none. */
static char **shell_of(const char *shell, const char **extension, GError **error)
{
    *extension = ".sh";
    if (!shell)
        return g_strdupv((char **)DEFAULT_SHELL);
    for (guint i = 0; i < G_N_ELEMENTS(SHELLS); i++)
        if (g_str_equal(SHELLS[i].name, shell)) {
            *extension = SHELLS[i].extension;
            return g_strdupv((char **)SHELLS[i].argv);
        }
    char **argv = NULL;
    *extension = "";
    if (strstr(shell, "{0}") && g_shell_parse_argv(shell, NULL, &argv, NULL))
        return argv;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "the shell '%s' is unknown: use bash, sh, python, pwsh or a command with {0}",
                shell);
    return NULL;
}

static void place_script(char **argv, const char *script)
{
    for (char **argument = argv; *argument; argument++) {
        g_auto(GStrv) parts = g_strsplit(*argument, "{0}", -1);
        g_free(*argument);
        *argument = g_strjoinv(script, parts);
    }
}

/* ---- folders of one step ---- */

static gboolean make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s: %s", path, g_strerror(errno));
    return FALSE;
}

static gboolean fresh_files(const char *folder, GError **error)
{
    static const char *const names[] = {"output", "env", "path", "state", "summary"};
    if (!folder_remove(folder, error) || !make_folder(folder, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        if (!g_file_set_contents(path, "", 0, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- starting ---- */

typedef struct {
    const char *folder, *files;
} Places;

static Process *start(Runner *runner, const Frame *frame, Step *step, const Places *places,
                      const char *script, const char *shell, const char *directory, GError **error)
{
    const char *extension;
    g_auto(GStrv) argv = shell_of(shell, &extension, error);
    if (!argv || !folder_remove(places->folder, error) || !fresh_files(places->files, error))
        return NULL;
    const char *name = arena_printf(runner->arena, "%s%s", step->id, extension);
    const char *path =
        arena_printf(runner->arena, "%s/%s", execute_folder(runner, "scripts"), name);
    g_autofree char *text = g_strconcat(script, "\n", NULL);
    if (!g_file_set_contents(path, text, -1, error))
        return NULL;
    place_script(argv, arena_printf(runner->arena, IN_SCRIPTS "/%s", name));
    ProcessSpec spec = {.folder = places->folder,
                        .argv = (const char *const *)argv,
                        .env = execute_environment(runner, frame, step),
                        .cwd = directory,
                        .sandbox = execute_sandbox(runner, step, places->files),
                        .grace_ms = GRACE_MS};
    return process_start(&spec, error);
}

static gboolean was_killed(int exit_code)
{
    return exit_code == 128 + SIGKILL || exit_code == 128 + SIGTERM;
}

/* The process of an interrupted step, where its shim lives or has left its exit status. One that
 * was killed while nobody watched went down with the server or the machine: it is repeated. Its
 * shim may be just about to write that down. */
static Process *find_again(const Places *places)
{
    int exit_code = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(Process) process = process_attach(places->folder, NULL);
    gboolean ended = process && process_wait(process, SETTLE_MS, &exit_code, &error);
    return !process || error || (ended && was_killed(exit_code)) ? NULL : g_steal_pointer(&process);
}

/* ---- following ---- */

typedef struct {
    Runner *runner;
    Step *step;
    Process *process;
    StepOutput *output;
    int64_t offset;
    gboolean stopped, lost; /* lost: killed together with its shim, from outside */
    const char *stopped_because;
} Follow;

static gboolean drain(Follow *follow, GError **error)
{
    char buffer[16384];
    gssize got;
    gboolean any = FALSE;
    while ((got = process_read_output(follow->process, follow->offset, buffer, sizeof buffer,
                                      error)) > 0) {
        step_output_add(follow->output, buffer, (gsize)got);
        follow->offset += got;
        any = TRUE;
    }
    if (any)
        process_set_output_mark(follow->process, follow->offset);
    return got >= 0;
}

static gboolean holds_job(DbConn *tx, void *data, GError **error)
{
    return TRUE;
}

static void stop(Follow *follow, const char *because)
{
    follow->stopped = TRUE;
    follow->stopped_because = because;
    process_stop(follow->process, SIGINT);
}

/* Cancelled by somebody, or out of time. FALSE: the job is no longer ours, or the server stops. */
static gboolean look_around(Follow *follow, GError **error)
{
    Runner *runner = follow->runner;
    int64_t now = clock_monotonic_ms();
    if (job_stopping(runner->job)) {
        g_set_error_literal(error, PAVE_ERROR, ERROR_CANCELLED, "the server stops");
        return FALSE;
    }
    if (!runner->cancelled && job_cancelled(runner->job)) {
        /* a worker that lost its lease must not touch what another one follows now */
        if (!job_write(runner->job, holds_job, NULL, error))
            return FALSE;
        runner->cancelled = TRUE;
        runner->deadline_ms = MIN(runner->deadline_ms, now + CANCEL_GRACE_MS);
        stop(follow, "The step was cancelled");
    }
    if (!follow->stopped && now > follow->step->deadline_ms)
        stop(follow, "The step ran longer than its timeout allows");
    if (!follow->stopped && now > runner->deadline_ms)
        stop(follow, "The job ran longer than its timeout allows");
    return TRUE;
}

static gboolean follow_to_end(Follow *follow, int *exit_code, GError **error)
{
    for (;;) {
        g_autoptr(GError) why = NULL;
        gboolean ended = process_wait(follow->process, POLL_MS, exit_code, &why);
        if (!drain(follow, error))
            return FALSE;
        if (why) {
            follow->lost = TRUE;
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        if (ended)
            break;
        if (!look_around(follow, error))
            return FALSE;
    }
    step_output_end(follow->output);
    return TRUE;
}

static void tell_outcome(Follow *follow, int exit_code)
{
    Runner *runner = follow->runner;
    g_autofree char *text =
        follow->stopped ? g_strdup(follow->stopped_because)
                        : g_strdup_printf("Process completed with exit code %d.", exit_code);
    if (!follow->stopped && exit_code == 0)
        return;
    job_print(runner->job, follow->step->display, "error", "%s", text);
    if (!runner->cancelled)
        execute_annotate(runner, follow->step, "error", text, NULL);
}

/* Its own and those of the steps it is made of, which have ended before it. */
static void remove_scripts(const char *folder, const char *id)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gsize length = strlen(id);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, id) && (!name[length] || name[length] == '.')) {
            g_autofree char *path = g_build_filename(folder, name, NULL);
            g_unlink(path);
        }
}

/* Scripts hold secrets, and so may a process' own output, which nobody has masked. */
void execute_clean(Runner *runner, const Step *step)
{
    const char *folders[] = {"process", "files"};
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GError) why = NULL;
        g_autofree char *path =
            g_build_filename(execute_folder(runner, folders[i]), step->id, NULL);
        if (!folder_remove(path, &why))
            g_warning("pipelines: %s", why->message);
    }
    remove_scripts(execute_folder(runner, "scripts"), step->id);
}

/* Follows a process, found or just started, to its end. */
static gboolean follow_process(Follow *follow, int64_t already, int *exit_code, GError **error)
{
    g_autoptr(StepOutput) output = step_output_new(follow->runner, follow->step, already);
    follow->output = output;
    return follow_to_end(follow, exit_code, error);
}

gboolean execute_script(Runner *runner, const Frame *frame, Step *step, const char *script,
                        const char *shell, const char *directory, gboolean *succeeded,
                        GError **error)
{
    Arena *arena = runner->arena;
    Places places = {arena_printf(arena, "%s/%s", execute_folder(runner, "process"), step->id),
                     arena_printf(arena, "%s/%s", execute_folder(runner, "files"), step->id)};
    g_autoptr(Process) process = step->state == STEP_INTERRUPTED ? find_again(&places) : NULL;
    int64_t already = process ? process_output_mark(process) : 0;
    Follow follow = {.runner = runner, .step = step};
    int exit_code = 0;
    for (guint tries = 1;; tries++) {
        g_autoptr(GError) why = NULL;
        if (!process)
            process = start(runner, frame, step, &places, script, shell, directory, error);
        if (!process)
            return FALSE;
        follow.process = process;
        follow.lost = FALSE;
        if (follow_process(&follow, already, &exit_code, &why))
            break;
        if (!follow.lost || follow.stopped || tries == TRIES_MAX) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        job_print(runner->job, step->display, "warning",
                  "Killed from outside; the step is repeated");
        g_clear_pointer(&process, process_unref);
        already = 0;
    }
    tell_outcome(&follow, exit_code);
    *succeeded = exit_code == 0 && !follow.stopped;
    return step_files_read(runner, step, places.files, error);
}
