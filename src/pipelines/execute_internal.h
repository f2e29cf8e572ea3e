/* What the execution of one workflow job consists of. */
#pragma once
#include "formats/ghexpr.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/workflow.h"
#include "spine/sandbox.h"

/* Where things are inside the sandbox. */
#define IN_WORKSPACE "/workspace"
#define IN_HOME "/home/runner"
#define IN_TEMP "/runner/temp"
#define IN_TOOLCACHE "/runner/toolcache"
#define IN_FILES "/runner/files"
#define IN_SCRIPTS "/runner/scripts"
#define IN_EVENT "/runner/event"
#define IN_ACTIONS "/runner/actions"
#define IN_CHECKOUT "/runner/checkout.git"
#define IN_CA "/runner/ca.pem"
#define IN_TOOLS "/opt/pave/tools"

#define SETUP_STEP "1"
#define JOB_TIMEOUT_MINUTES 360

/* A job under way. What lives in its arena lives as long as the job. */
typedef struct {
    Pipelines *pipelines;
    Job *job;
    Arena *arena;
    Run *run;
    RunNode *node;
    const Value *definition; /* of the job */
    const Value *secrets;
    const char *token;
    Masker *masker;
    Value *env;           /* workflow's and job's, and what steps added */
    GPtrArray *path;      /* what steps added to PATH, newest first; strings in arena */
    const Value *actions; /* `uses` text → what the setup found */
    const Value *before;  /* steps of the queue's job as they stood at the beginning */
    Value *annotations;
    GString *summary;
    const char *first_error;
    gboolean failed, cancelled;
    int64_t deadline_ms; /* monotonic */
} Runner;

/* A list of steps under way: the job's own, or a composite action's. */
typedef struct Frame {
    const char *prefix;  /* of step ids: "" or "3." */
    const char *display; /* the step lines of output belong to; NULL: each step its own */
    const Value *inputs;
    const Value *env; /* what the step that uses the action sets */
    Value *steps;     /* the `steps` context */
    const char *action_path, *action_repository, *action_ref;
    gboolean is_composite, failed;
    int depth;
} Frame;

/* One step under way. */
typedef struct {
    const char *id;      /* in the queue: "3", "3.1" */
    const char *display; /* in the output */
    const char *name, *intent;
    const Value *definition;
    Value *env;     /* base and own, as its process sees it */
    Value *outputs; /* what it gave */
    Value *added_env;
    GPtrArray *added_path, *masks;
    Value *annotations;
    GString *summary;
    const char *checkout; /* a bare repository it needs; NULL */
    StepState state;
    int64_t deadline_ms;
} Step;

/* ---- execute.c ---- */
/* Runs a list of steps; FALSE where the job cannot go on (the server stops, the lease is lost). */
gboolean execute_steps(Runner *runner, Frame *frame, const Value *steps, guint first_number,
                       GError **error);
/* What expressions see at this point; env is the `env` context. */
GhexprScope execute_scope(Runner *runner, const Frame *frame, const Value *env);
/* value with its expressions replaced, as text; NULL with error. */
const char *execute_text(Runner *runner, const Value *value, const GhexprScope *scope,
                         GError **error);
/* Adds declared (`env:`) to env, each value evaluated with what env holds so far. */
gboolean execute_add_env(Runner *runner, const Frame *frame, Value *env, const Value *declared,
                         GError **error);
/* When a `timeout-minutes` (NULL: the most there is) that starts now is over. */
gboolean execute_deadline(Runner *runner, const Value *minutes, const GhexprScope *scope,
                          int64_t *deadline, GError **error);
/* The server stops, or the job is another worker's: nothing more can be written. */
gboolean execute_is_interruption(Runner *runner, const GError *why);
void execute_mask(Runner *runner, const char *secret);
const char *execute_masked(Runner *runner, const char *text);
void execute_annotate(Runner *runner, Step *step, const char *level, const char *message,
                      const Value *properties);

/* ---- environment.c ---- */
/* The contexts a step's expressions see. */
Value *execute_contexts(Runner *runner, const Frame *frame, const Value *env);
/* Merges from into to. */
void execute_add(Arena *arena, Value *to, const Value *from);
/* The environment of a step's process, NULL-terminated, in arena. */
const char *const *execute_environment(Runner *runner, const Frame *frame, const Step *step);
/* The sandbox of a step; files is the folder of its command files. */
const Sandbox *execute_sandbox(Runner *runner, const Step *step, const char *files);
gboolean execute_prepare_folders(Runner *runner, GError **error);
char *execute_folder(Runner *runner, const char *name);

/* ---- step.c ---- */
/* Runs a shell script as a step's process. FALSE with error: it could not be run or waited for
 * (ERROR_CANCELLED: the server stops). *succeeded tells its outcome. */
gboolean execute_script(Runner *runner, const Frame *frame, Step *step, const char *script,
                        const char *shell, const char *directory, gboolean *succeeded,
                        GError **error);

/* Removes what a finished step left on disk. */
void execute_clean(Runner *runner, const Step *step);

/* ---- output.c ---- */
typedef struct StepOutput StepOutput;
/* already: bytes that an earlier attempt has printed. */
StepOutput *step_output_new(Runner *runner, Step *step, int64_t already);
void step_output_free(StepOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StepOutput, step_output_free)
void step_output_add(StepOutput *output, const char *bytes, gsize length);
void step_output_end(StepOutput *output);
/* Reads what the step wrote into its command files. FALSE with ERROR_INPUT where they are wrong. */
gboolean step_files_read(Runner *runner, Step *step, const char *folder, GError **error);

/* ---- actions.c ---- */
/* Finds and fetches every action of steps: {uses: {kind, …}}. ERROR_INPUT names what is missing. */
const Value *actions_resolve(Runner *runner, const Value *steps, GError **error);
gboolean actions_use(Runner *runner, Frame *frame, Step *step, gboolean *succeeded, GError **error);

/* ---- checkpoint.c ---- */
/* What a finished step left, sealed where it may hold secrets; and back into the runner. */
const Value *checkpoint_of(Runner *runner, const Step *step, const char *outcome,
                           const char *conclusion, GError **error);
gboolean checkpoint_restore(Runner *runner, Step *step, const Value *output, const char **outcome,
                            const char **conclusion, GError **error);
/* Text sealed for the database, base64; and back. */
const char *checkpoint_seal(Runner *runner, const char *id, const char *text, GError **error);
const char *checkpoint_unseal(Runner *runner, const char *id, const char *sealed, GError **error);

/* A regular file beneath folder, symbolic links not followed anywhere; at most size_max bytes.
 * ERROR_NOT_FOUND, ERROR_TOO_LARGE. */
char *execute_read_beneath(const char *folder, const char *path, gsize size_max, gsize *length,
                           GError **error);
