/* What a step can do. An action has its behaviour here and its documentation, input and output in
 * `definitions/<id with "-" for ":">.yaml`. */
#pragma once
#include "formats/value.h"
#include "spine/jobs.h"

typedef struct Action Action;
typedef struct ActionRun ActionRun;
typedef struct Runner Runner;
typedef struct Scaffolder Scaffolder;

/* A change outside of the workspace. A dry run shows it, a real run remembers it as provenance, an
 * undo takes it back. */
typedef struct {
    const char *operation; /* "create", "update", "delete"; "read" of what was used */
    const char *kind;      /* "repository", "file", "entity", "location", "workspace", … */
    const char *ref, *url; /* ref names it among its kind; url is where people look at it */
    const Value *detail;   /* what an undo and an upgrade need to know; never a secret */
    const char *diff;      /* of a dry run: unified, where the thing is there already; else NULL */
} Effect;

typedef gboolean (*ActionFn)(ActionRun *run, const Value *input, const Value **output,
                             GError **error);
/* Takes one effect back. What is gone already is taken back. */
typedef gboolean (*ActionUndoFn)(ActionRun *run, const Effect *effect, GError **error);
/* Looks before an undo and changes nothing (run->job is NULL in a preview). *warning, in the arena:
 * what is dangerous about it, so that whoever undoes it must confirm. *gone: there is nothing left.
 * FALSE with error: it cannot be taken back, and why. */
typedef gboolean (*ActionUndoCheckFn)(ActionRun *run, const Effect *effect, const char **warning,
                                      bool *gone, GError **error);

struct Action {
    const char *id;
    StepRecovery recovery;
    bool changes_workspace;
    /* A dry run runs it: it touches the workspace only, or looks at run->dry before it changes
     * anything else. The outputs of other actions are faked from their schema. */
    bool dry_run;
    ActionFn run;
    /* Whether input (with parameters, but without what steps put out) can be refused before
     * anything runs; NULL: there is nothing to be told. `checks` names the member that must not
     * depend on steps for that. */
    ActionFn check;
    const char *checks;
    /* How an interrupted step of this input is recovered; NULL: as `recovery` says. */
    StepRecovery (*recover)(const Value *input);
    /* RECOVERY_PROBE: *output where the effect of run->intent_id is there, else untouched. */
    ActionFn probe;
    /* NULL: there is nothing to take back. */
    ActionUndoFn undo;
    /* NULL: what was created can be taken back, and what was changed where detail.undo says how. */
    ActionUndoCheckFn undo_check;
    const char *undo_text;   /* what undo does, for people: "Deletes the repository" */
    const Value *definition; /* {description, examples, input, output} */
    const Value *input, *output;
    const Value *custom; /* a custom action's configuration, else NULL */
};

/* One action being run, or one of its effects being taken back. */
struct ActionRun {
    Scaffolder *scaffolder;
    Runner *runner;
    const Action *action;
    Job *job; /* NULL in a dry run */
    Arena *arena;
    bool dry;              /* announce effects, make none */
    const char *step;      /* the template's step: what lines are printed under */
    const char *name;      /* of the step, for people */
    const char *step_id;   /* of the durable step: "provision/apply[0]" */
    const char *intent_id; /* "" in a dry run */
    bool fresh;            /* not an attempt that died: an effect that is there has failed before */
    const char *workspace; /* its folder */
    GPtrArray *effects;    /* const Effect *, in order */
};

/* Prints a line for people, printf-formatted. */
void action_log(ActionRun *run, const char *level, const char *format, ...) G_GNUC_PRINTF(3, 4);
gboolean action_cancelled(ActionRun *run);
/* Announces a change: in a real run once it is made, in a dry run where it would be. Copied, with
 * the secrets masked and without what stands before the host of a URL. */
void action_effect(ActionRun *run, const Effect *effect);
/* In a dry run: what later steps read below contents_url is what folder holds now. Nothing in a
 * real one, where it is there. */
gboolean action_would_publish(ActionRun *run, const char *contents_url, const char *folder,
                              GError **error);
/* The file that url would be, of what would be published; NULL where nothing of it is. */
char *action_would_read(ActionRun *run, const char *url, gsize *length);

extern const Action action_http_request, action_pave_deploy, action_terraform_plan;
extern const Action action_fetch_template_file, action_fetch_plain_file, action_fs_readdir,
    action_fs_read, action_fs_write, action_fs_append, action_catalog_fetch;
extern const Action action_fetch_template, action_fetch_plain,
    action_catalog_register, action_catalog_write, action_debug_log, action_debug_wait,
    action_fs_rename, action_fs_delete, action_pave_approval, action_terraform_apply,
    action_terraform_destroy;

/* Of source hosts, NULL-terminated. */
extern const Action *const host_actions[];

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
/* ERROR_INTERNAL where a custom action gave out what its schema does not have. */
gboolean action_check_output(const Action *action, const Value *output, GError **error);
/* "Template action with ID '…' is not registered". */
gboolean action_missing(const char *id, GError **error);
