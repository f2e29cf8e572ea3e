/* Steps one after the other, their conditions, loops and workspace. */
#pragma once
#include "scaffolder/actions/action.h"
#include "spine/secrets.h"

/* Lines the runner itself prints, as opposed to what an action says: "Beginning step …". */
#define LEVEL_STATUS "status"

/* A handle of a secret that a step put out begins so; its name among the job's secrets, too. */
#define SEALED_PREFIX "***sealed:"

typedef struct Render Render;

/* The run of one task's steps. */
struct Runner {
    Scaffolder *scaffolder;
    Job *job; /* NULL in a dry run */
    Arena *arena;
    const char *task_id, *actor;
    const Value *template; /* templateInfo */
    const char *folder;    /* the job's own; the workspace is in it */
    const char *workspace;
    const char *tree;     /* git tree of the workspace after the last finished step; NULL: empty */
    bool kept;            /* tree can be restored, whatever becomes of the workspace */
    bool dirty;           /* the workspace may hold what an attempt that died left */
    GHashTable *finished; /* ids of the durable steps that earlier attempts finished */
    Masker *masker;       /* of the secrets */
    const Value *secrets;
    Value *sealed;         /* handle → what a step put out that is a secret; NULL: nothing yet */
    GPtrArray *log;        /* of a dry run: Value * */
    Value *effects;        /* of a dry run: what would change, an array */
    Value *diagnostics;    /* of a dry run: expressions that failed, an array */
    const char *source;    /* of a dry run: the folder with the template's files; NULL: its own */
    GHashTable *published; /* of a dry run: URL of a repository's contents → folder (owned) */
    const Value *spec;     /* what it runs; NULL in a dry run of files that were sent along */
    Render *render;        /* of a rendering for an upgrade, which is a dry run too */
};

/* In a rendering: whether a step is not to be run dry, since it is done here (render.c). */
bool render_step(ActionRun *run, const Value *input, const Value **output, gboolean *done,
                 GError **error);
/* In a rendering: what stands for the folder at url. */
gboolean render_read_tree(ActionRun *run, const char *url, const char *destination, GError **error);
GBytes *render_read_file(ActionRun *run, const char *url, GError **error);
/* Keeps a file as the only one of a folder; the id of its tree. Free with g_free(). */
char *render_keep_file(ActionRun *run, GBytes *bytes, GError **error);

/* Runs the steps of spec; *output gets {links, text, …}. */
gboolean runner_run(Runner *runner, const Value *spec, const Value **output, GError **error);
/* A line under a step (NULL: the task); of a dry run into its log. */
void runner_print(Runner *runner, const char *step, const char *level, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* What every step sees: {parameters, steps, user, context, environment}. */
Value *runner_context(Runner *runner, const Value *spec);
/* value with the secrets in its texts masked. */
const Value *runner_mask(Runner *runner, const Value *value);
/* Keeps what schema marks writeOnly sealed with the job; *output gets handles instead. */
gboolean runner_seal(Runner *runner, const Value *schema, const Value **output, GError **error);
/* value with the secrets that its handles stand for. */
const Value *runner_open_sealed(Runner *runner, const Value *value);
/* value with *** for its handles. */
const Value *runner_hide_sealed(Runner *runner, const Value *value);
/* ERROR_CONFLICT where an input still has a handle: the task ended since, and was retried. */
gboolean runner_is_opened(const Value *input, GError **error);
/* Runs action, or recovers what an attempt that died began of it, as the durable step `id`; lines
 * go under step. *output may become NULL. */
gboolean runner_invoke(Runner *runner, const char *step, const char *id, const char *name,
                       const Action *action, const Value *input, const Value **output,
                       GError **error);

/* Whether a failure before holds a step back: its `if` calls always() or failure(). */
bool condition_asks_status(const Value *condition);
/* An `if`, with failure() answered by failed. An absent one holds. */
bool condition_holds(Runner *runner, const Value *condition, const Value *context, bool failed);
/* value with its expressions evaluated in context; what fails is kept and warned about. */
const Value *runner_evaluate(Runner *runner, const char *step, const Value *value,
                             const Value *context);
/* {links, text, …} of a template, or the output object of a composition. */
const Value *runner_output(Runner *runner, const Value *output, const Value *context);

/* ---- dry runs ---- */

/* Runs the template as a task would, announcing instead of changing what is outside of the
 * workspace: {log, directoryContents, output, steps, effects: [{step, action, operation, kind, ref,
 * url, detail, diff}], diagnostics}. contents: the files beside the template, [{path,
 * base64Content}]; NULL: where the template came from. */
const Value *task_dry_run(Scaffolder *scaffolder, Arena *arena, const Value *template,
                          const Value *values, const Value *secrets, const Value *contents,
                          const char *actor, GError **error);
/* What can be told to be wrong with a task before it runs: a name that is taken, a host nobody
 * configured. */
gboolean task_check(Scaffolder *scaffolder, Arena *arena, const Value *template,
                    const Value *values, const char *actor, GError **error);
/* Writes files that were sent, [{path, base64Content, executable}], below folder. */
gboolean dry_run_write(const char *folder, const Value *contents, GError **error);
/* Keeps the effects of a step for the answer. */
void dry_run_effects(Runner *runner, const ActionRun *run);
/* Keeps a warning of an expression, "file:line:column: message". */
void dry_run_diagnostic(Runner *runner, const char *step, const char *warning);

/* ---- the workspace ---- */

/* root/relative. ERROR_INPUT for an absolute path, for `..`, and for a way through a symlink that
 * leaves root. Free with g_free(). */
char *workdir_path(const char *root, const char *relative, GError **error);
typedef struct {
    char *path; /* relative, "/" between names */
    mode_t mode;
} WorkdirEntry;
/* Everything below root in order of path, folders before what is in them, without .git and
 * .terraform folders. At
 * most 20,000 entries. */
GPtrArray *workdir_list(const char *root, GError **error);
/* Copies a file or symlink, its folders made and its mode kept; a symlink that would leave root is
 * refused. replace: else what is there stays. */
gboolean workdir_copy(const char *from, const char *root, const char *relative, bool replace,
                      GError **error);
gboolean workdir_make_folder(const char *root, const char *relative, GError **error);
gboolean workdir_write(const char *root, const char *relative, const char *bytes, gsize length,
                       mode_t mode, GError **error);
/* The file root/relative, of at most max bytes, its symlinks followed as long as they stay in root
 * and out of .git and .terraform. ERROR_NOT_FOUND where there is none. */
GBytes *workdir_read(const char *root, const char *relative, gsize max, GError **error);
/* Does pattern (`**`, `*`, `?`, `[…]`, `{a,b}`) name path, or a folder it is in? */
bool path_glob_matches(const char *pattern, const char *path);

/* ---- what is fetched ---- */

typedef struct {
    char *folder;
    bool temporary;
} Skeleton;

/* The folder at the input's `url` (relative: beside the template): a copy of its own, or in place
 * where it is local. It is not to be changed. */
Skeleton *skeleton_fetch(ActionRun *run, const Value *input, GError **error);
/* The file there. */
GBytes *skeleton_fetch_file(ActionRun *run, const Value *input, GError **error);
/* The file called name (a path without `..`) in the folder of that file. */
GBytes *skeleton_fetch_beside(ActionRun *run, const Value *input, const char *name, gsize max,
                              GError **error);
void skeleton_free(Skeleton *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Skeleton, skeleton_free)
/* "sha256:…" over paths, modes and bytes of everything in folder. Free with g_free(). */
char *skeleton_digest(const char *folder, GError **error);
