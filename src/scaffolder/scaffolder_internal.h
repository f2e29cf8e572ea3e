/* The parts of the scaffolder: a template becomes a task, a task runs steps, a step runs an action,
 * and what the actions made is remembered. */
#pragma once
#include "scaffolder/scaffolder.h"

#include <stdatomic.h>

#define SCAFFOLDER_TASK "scaffolder.task"

/* Lines the runner itself prints, as opposed to what an action says: "Beginning step …". */
#define LEVEL_STATUS "status"

struct Scaffolder {
    Db *db;
    Jobs *jobs;
    Catalog *catalog;
    Forge *forge;
    Infra *infra;
    const Config *config;
    Arena *arena;              /* what lives as long as the room: schemas, custom actions */
    GPtrArray *actions;        /* Action *, sorted by id */
    const Value *integrations; /* for parseRepoUrl */
    atomic_int waiters;        /* requests that wait for events of a task */
};

/* The run of one task's steps. */
typedef struct {
    Scaffolder *scaffolder;
    Job *job; /* NULL in a dry run */
    Arena *arena;
    const char *task_id, *actor;
    const Value *template; /* templateInfo */
    const char *folder;    /* the job's own; the workspace is in it */
    const char *workspace;
    const char *tree;     /* git tree of the workspace after the last finished step; NULL: empty */
    bool dirty;           /* the workspace may hold what an attempt that died left */
    GHashTable *finished; /* ids of the durable steps that earlier attempts finished */
    Masker *masker;       /* of the secrets */
    const Value *secrets;
    GPtrArray *log;     /* of a dry run: Value * */
    const char *source; /* of a dry run: the folder with the template's files */
} Runner;

/* ---- actions ---- */

typedef struct Action Action;
typedef struct ActionRun ActionRun;

typedef gboolean (*ActionFn)(ActionRun *run, const Value *input, const Value **output,
                             GError **error);

struct Action {
    const char *id, *description;
    const char *input_schema, *output_schema; /* JSON texts; NULL: anything */
    StepRecovery recovery;
    bool changes_workspace;
    bool dry_run; /* a dry run may really run it: it touches the workspace only */
    ActionFn run;
    /* RECOVERY_PROBE: *output where the effect of run->intent_id is there, else untouched. */
    ActionFn probe;
    const Value *input, *output; /* the schemas, parsed */
    const Value *custom;         /* a custom action's configuration, else NULL */
};

/* One action being run. */
struct ActionRun {
    Scaffolder *scaffolder;
    Runner *runner;
    const Action *action;
    Job *job; /* NULL in a dry run */
    Arena *arena;
    const char *step;      /* the template's step: what lines are printed under */
    const char *step_id;   /* of the durable step: "provision/apply[0]" */
    const char *intent_id; /* "" in a dry run */
    bool fresh;            /* not an attempt that died: an effect that is there has failed before */
    const char *workspace; /* its folder */
    GPtrArray *made;       /* MadeObject * */
};

/* Prints a line for people, printf-formatted. */
void action_log(ActionRun *run, const char *level, const char *format, ...) G_GNUC_PRINTF(3, 4);
gboolean action_cancelled(ActionRun *run);

extern const Action action_fetch_template, action_fetch_plain, action_publish_github,
    action_catalog_register, action_catalog_write, action_debug_log, action_debug_wait,
    action_fs_rename, action_fs_delete, action_terraform_apply, action_terraform_destroy;
/* What the configuration defines; sets error where a definition is wrong. */
gboolean custom_actions_load(Scaffolder *scaffolder, GError **error);
/* A program that an attempt which died began is found again in its folder: then repeating the
 * action is safe, whatever it declares. */
StepRecovery custom_action_recovery(const Action *action, Job *job, const char *step_id);
/* The steps an action is made of; NULL where it is not. */
const Value *custom_action_steps(const Action *action);

gboolean actions_load(Scaffolder *scaffolder, GError **error);
void actions_add(Scaffolder *scaffolder, Action *action);
const Action *actions_find(const Scaffolder *scaffolder, const char *id);
/* As GET /v2/actions gives them. */
const Value *actions_list(const Scaffolder *scaffolder, Arena *arena);
/* ERROR_INPUT "Invalid input passed to action …" with the first violation. */
gboolean action_check_input(const Action *action, const Value *input, GError **error);
/* "Template action with ID '…' is not registered". */
gboolean action_missing(const char *id, GError **error);

/* ---- templates ---- */

/* The template entity that ref names. ERROR_INPUT for another kind, ERROR_NOT_FOUND. */
const Value *template_get(Scaffolder *scaffolder, Arena *arena, const char *ref, GError **error);
/* The pages of its form, [{title, description?, schema}]. */
const Value *template_parameter_schema(Arena *arena, const Value *entity);
/* values with the defaults of all pages. */
const Value *template_defaults(Arena *arena, const Value *entity, const Value *values);
/* What is wrong with values and secrets, as Backstage lists it; an empty array where nothing is. */
const Value *template_check(Arena *arena, const Value *entity, const Value *values,
                            const Value *secrets);
/* What a task runs: {apiVersion, steps, output, parameters, user, templateInfo}. ERROR_INPUT where
 * the template cannot run (no steps, an unknown action, an id twice). */
const Value *template_instantiate(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                                  const Value *parameters, const char *actor, GError **error);
/* The commit of its repository, or the digest of its content. */
const char *template_version(Scaffolder *scaffolder, Arena *arena, const Value *template_info);
/* The URL a relative one means beside the template; ERROR_INPUT where it leaves its folder. */
const char *template_resolve_url(Arena *arena, const char *base_url, const char *url,
                                 GError **error);

/* ---- running ---- */

/* Runs the steps of spec; *output gets {links, text, …}. */
gboolean runner_run(Runner *runner, const Value *spec, const Value **output, GError **error);
/* A line under a step (NULL: the task); of a dry run into its log. */
void runner_print(Runner *runner, const char *step, const char *level, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
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

/* ---- the workspace ---- */

/* root/relative. ERROR_INPUT for an absolute path, for `..`, and for a way through a symlink that
 * leaves root. Free with g_free(). */
char *workdir_path(const char *root, const char *relative, GError **error);
typedef struct {
    char *path; /* relative, "/" between names */
    mode_t mode;
} WorkdirEntry;
/* Everything below root in order of path, folders before what is in them, without .git folders. At
 * most 20,000 entries. */
GPtrArray *workdir_list(const char *root, GError **error);
/* Copies a file or symlink, its folders made and its mode kept; a symlink that would leave root is
 * refused. replace: else what is there stays. */
gboolean workdir_copy(const char *from, const char *root, const char *relative, bool replace,
                      GError **error);
gboolean workdir_make_folder(const char *root, const char *relative, GError **error);
gboolean workdir_write(const char *root, const char *relative, const char *bytes, gsize length,
                       mode_t mode, GError **error);
/* The git tree of the workspace; its objects are kept in folder. Free with g_free(). */
char *workdir_snapshot(const char *folder, const char *workspace, GError **error);
/* Makes the workspace what tree says; NULL: empty. */
gboolean workdir_restore(const char *folder, const char *workspace, const char *tree,
                         GError **error);
/* Does pattern (`**`, `*`, `?`, `[…]`, `{a,b}`) name path, or a folder it is in? */
bool path_glob_matches(const char *pattern, const char *path);

/* ---- what is fetched ---- */

typedef struct {
    char *folder;
    bool temporary;
} Skeleton;

/* The folder at url (relative: beside the template), as a copy of its own. */
Skeleton *skeleton_fetch(ActionRun *run, const char *url, GError **error);
void skeleton_free(Skeleton *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Skeleton, skeleton_free)
/* "sha256:…" over paths, modes and bytes of everything in folder. Free with g_free(). */
char *skeleton_digest(const char *folder, GError **error);

/* ---- provenance ---- */

typedef struct {
    const char *kind, *ref, *url;
    const Value *detail;
} MadeObject;

/* Remembers what the action made, once it is done. */
void action_made(ActionRun *run, const char *kind, const char *ref, const char *url,
                 const Value *detail);
gboolean provenance_begin(Runner *runner, const Value *parameters, GError **error);
gboolean provenance_add(Runner *runner, GPtrArray *made, GError **error);
/* [{id, taskId, template, templateVersion, inputs, actor, createdAt, objects}], newest first. kind
 * and ref may be NULL. */
const Value *provenance_list(Scaffolder *scaffolder, Arena *arena, const char *kind,
                             const char *ref, guint limit, GError **error);

/* ---- tasks ---- */

/* Submits the task and answers its id. */
const char *task_submit(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                        const Value *parameters, const Value *secrets, const char *actor,
                        GError **error);
/* As Backstage shows it; ERROR_NOT_FOUND. */
const Value *task_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error);
/* {tasks, totalTasks}. created_by and status may be NULL (NULL-terminated lists otherwise). */
const Value *task_list(Scaffolder *scaffolder, Arena *arena, const char *const *created_by,
                       const char *const *status, bool ascending, guint limit, guint offset,
                       GError **error);
gboolean task_run(Job *job, const Value **output, GError **error, void *scaffolder);
/* In Backstage's shape: the events with an id greater than after, and the completion whatever its
 * id is. *ended: the task is over and everything was read. */
const Value *task_events(Scaffolder *scaffolder, Arena *arena, const char *id, int64_t after,
                         int64_t *last, gboolean *ended, GError **error);
/* The body of the event a line ({step, level, text}) is. */
const Value *task_event_body(Arena *arena, const Value *line);
const Value *task_dry_run(Scaffolder *scaffolder, Arena *arena, const Value *template,
                          const Value *values, const Value *secrets, const Value *contents,
                          const char *actor, GError **error);
