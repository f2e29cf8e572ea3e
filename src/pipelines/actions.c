/* `uses:` steps: the native checkout, and composite actions from the forge or the workspace. */
#include "base/diagnostics.h"
#include "formats/yaml.h"
#include "pipelines/execute_internal.h"
#include "pipelines/plan_internal.h"
#include "spine/folder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define ACTIONS_MAX 100
#define DEPTH_MAX 10
#define ACTION_FILE_MAX (1 << 20)

/* ---- finding (the step "Set up job") ---- */

static gboolean is_checkout(const Uses *uses)
{
    return g_str_equal(uses->owner, "actions") && g_str_equal(uses->name, "checkout");
}

/* What the configuration puts in place of an action; the ref in `uses` then says nothing. */
static const char *mapped(Runner *runner, const Uses *uses)
{
    const Value *actions = config_get(runner->pipelines->config, "pipelines.actions");
    const char *name =
        *uses->path ? arena_printf(runner->arena, "%s/%s/%s", uses->owner, uses->name, uses->path)
                    : arena_printf(runner->arena, "%s/%s", uses->owner, uses->name);
    return value_string(value_get(actions, name), NULL);
}

static gboolean fetch(Runner *runner, const Uses *uses, const char *sha, const char *folder,
                      GError **error)
{
    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return TRUE;
    const char *unfinished = arena_printf(runner->arena, "%s.part", folder);
    if (!folder_remove(unfinished, error))
        return FALSE;
    g_autofree char *parent = g_path_get_dirname(unfinished);
    if (g_mkdir_with_parents(parent, 0700) != 0 || g_mkdir(unfinished, 0700) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s: %s", unfinished,
                    g_strerror(errno));
        return FALSE;
    }
    if (!forge_export(runner->pipelines->forge, uses->owner, uses->name, sha, "", unfinished,
                      error))
        return FALSE;
    if (g_rename(unfinished, folder) == 0)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s: %s", folder, g_strerror(errno));
    return FALSE;
}

static gboolean resolve_all(Runner *runner, Value *found, const Value *steps, int depth,
                            GError **error);

/* The action's file, parsed; NULL with ERROR_INPUT that names it. */
static const Value *read_action(Runner *runner, const char *folder, const char *path,
                                const char *name, GError **error)
{
    static const char *const files[] = {"action.yml", "action.yaml"};
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autofree char *text = NULL;
    const char *file = NULL;
    gsize length = 0;
    for (guint i = 0; !text && i < G_N_ELEMENTS(files); i++) {
        file = *path ? arena_printf(runner->arena, "%s/%s", path, files[i]) : files[i];
        text = execute_read_beneath(folder, file, ACTION_FILE_MAX, &length, NULL);
    }
    if (!text) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the action '%s' has no action.yml or action.yaml", name);
        return NULL;
    }
    const Value *action =
        yaml_parse(runner->arena, text, (gssize)length,
                   arena_printf(runner->arena, "%s: %s", name, file), YAML_PLAIN, diagnostics);
    if (!diagnostics_to_error(diagnostics, error))
        return NULL;
    const char *using = value_string(value_path(action, "runs.using"), "nothing");
    if (g_str_equal(using, "composite"))
        return action;
    g_set_error(
        error, PAVE_ERROR, ERROR_INPUT,
        "the action '%s' runs with '%s', and only composite actions run here: map it to one "
        "of yours in the configuration (pipelines.actions)",
        name, using);
    return NULL;
}

static const char *sandbox_folder(Runner *runner, const Uses *uses, const char *sha)
{
    return arena_printf(runner->arena, "%s/%s/%s", uses->owner, uses->name, sha);
}

static gboolean resolve_repository(Runner *runner, Value *found, const char *text, const Uses *uses,
                                   Value *entry, int depth, GError **error)
{
    Arena *arena = runner->arena;
    g_autoptr(GError) why = NULL;
    g_autofree char *sha =
        forge_resolve(runner->pipelines->forge, uses->owner, uses->name, uses->ref, &why);
    if (!sha) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the action '%s' was not found (%s): put it on the forge, or map it in the "
                    "configuration (pipelines.actions)",
                    text, why->message);
        return FALSE;
    }
    const char *inside = sandbox_folder(runner, uses, sha);
    const char *folder = arena_printf(arena, "%s/%s", execute_folder(runner, "actions"), inside);
    if (!fetch(runner, uses, sha, folder, error))
        return FALSE;
    const Value *action = read_action(runner, folder, uses->path, text, error);
    if (!action)
        return FALSE;
    value_set_string(arena, entry, "kind", "composite");
    value_set_string(arena, entry, "repository",
                     arena_printf(arena, "%s/%s", uses->owner, uses->name));
    value_set_string(arena, entry, "ref", uses->ref);
    value_set_string(arena, entry, "sha", sha);
    value_set_string(arena, entry, "folder", inside);
    value_set_string(arena, entry, "path", uses->path);
    job_print(runner->job, SETUP_STEP, "info", "Action %s: %s/%s%s%s at %.12s", text, uses->owner,
              uses->name, *uses->path ? "/" : "", uses->path, sha);
    return resolve_all(runner, found, value_path(action, "runs.steps"), depth + 1, error);
}

static gboolean resolve_one(Runner *runner, Value *found, const char *text, int depth,
                            GError **error)
{
    Arena *arena = runner->arena;
    Uses uses = workflow_uses(arena, text);
    Value *entry = value_object_new(arena);
    if (uses.kind == USES_LOCAL || value_get(found, text))
        return TRUE; /* a local one is in the workspace only when its step comes */
    if (depth > DEPTH_MAX || value_count(found) >= ACTIONS_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a job uses at most %d actions, %d deep",
                    ACTIONS_MAX, DEPTH_MAX);
        return FALSE;
    }
    const char *instead = uses.kind == USES_REPOSITORY ? mapped(runner, &uses) : NULL;
    if (instead)
        uses = workflow_uses(arena, instead);
    if (uses.kind != USES_REPOSITORY) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    uses.kind == USES_DOCKER
                        ? "'%s' is a container, and only composite actions run here"
                        : "'%s' names no action: write owner/repository@ref or ./folder",
                    instead ? instead : text);
        return FALSE;
    }
    value_set(arena, found, text, entry);
    if (!instead && is_checkout(&uses)) {
        value_set_string(arena, entry, "kind", "checkout");
        return TRUE;
    }
    return resolve_repository(runner, found, text, &uses, entry, depth, error);
}

static gboolean resolve_all(Runner *runner, Value *found, const Value *steps, int depth,
                            GError **error)
{
    for (guint i = 0; i < value_count(steps); i++) {
        const char *uses = value_string(value_get(value_item(steps, i), "uses"), NULL);
        if (uses && !resolve_one(runner, found, uses, depth, error))
            return FALSE;
    }
    return TRUE;
}

const Value *actions_resolve(Runner *runner, const Value *steps, GError **error)
{
    Value *found = value_object_new(runner->arena);
    return resolve_all(runner, found, steps, 0, error) ? found : NULL;
}

/* ---- checkout ---- */

static const char CHECKOUT[] =
    "mkdir -p -- \"$CHECKOUT_PATH\"\n"
    "cd -- \"$CHECKOUT_PATH\"\n"
    "if [ -d .git ]; then find .git -name '*.lock' -delete; fi\n" /* of an interrupted attempt */
    "git init --quiet --initial-branch=\"$CHECKOUT_BRANCH\" .\n"
    "git remote remove origin 2>/dev/null || true\n"
    "git remote add origin \"$CHECKOUT_URL\"\n"
    "git fetch --quiet --force --no-tags $CHECKOUT_DEPTH --upload-pack='git -c safe.directory=* -c "
    "uploadpack.allowAnySHA1InWant=true upload-pack' " IN_CHECKOUT
    " \"+$CHECKOUT_SHA:$CHECKOUT_REMOTE\"\n"
    "if [ -n \"$CHECKOUT_ALL\" ]; then git fetch --quiet --force " IN_CHECKOUT
    " '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'; fi\n"
    "if [ -n \"$CHECKOUT_CLEAN\" ]; then git clean -ffdqx; fi\n"
    "if [ -n \"$CHECKOUT_DETACH\" ]; then git checkout --quiet --force --detach \"$CHECKOUT_SHA\"\n"
    "else git checkout --quiet --force -B \"$CHECKOUT_BRANCH\" \"$CHECKOUT_SHA\"; fi\n"
    "git log -1 --format='%H %s'\n";

static void set_env(Runner *runner, Step *step, const char *name, const char *value)
{
    value_set_string(runner->arena, step->env, name, value);
}

/* What to check out: a branch's, tag's or commit's sha, and the full name where it has one. */
static gboolean find_commit(Runner *runner, const char *owner, const char *name, const char *ref,
                            const char **full, const char **sha, GError **error)
{
    static const char *const forms[] = {"refs/heads/%s", "refs/tags/%s", "%s"};
    for (guint i = g_str_has_prefix(ref, "refs/") ? 2 : 0; i < G_N_ELEMENTS(forms); i++) {
        *full = arena_printf(runner->arena, forms[i], ref);
        g_autofree char *id = forge_resolve(runner->pipelines->forge, owner, name, *full, NULL);
        *sha = arena_strdup(runner->arena, id);
        if (id)
            return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s/%s has no branch, tag or commit '%s'", owner,
                name, ref);
    return FALSE;
}

static gboolean prepare_checkout(Runner *runner, Step *step, const Value *with, GError **error)
{
    Arena *arena = runner->arena;
    const Run *run = runner->run;
    const char *repository = ghexpr_to_string(arena, value_get(with, "repository"));
    const char *ref = ghexpr_to_string(arena, value_get(with, "ref"));
    const char *owner = run->owner, *name = run->name, *full = run->ref, *sha = run->sha;
    if (*repository) {
        Uses uses = workflow_uses(arena, arena_printf(arena, "%s@x", repository));
        if (uses.kind != USES_REPOSITORY || *uses.path) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "'%s' is no repository", repository);
            return FALSE;
        }
        owner = uses.owner;
        name = uses.name;
    }
    gboolean own = g_str_equal(owner, run->owner) && g_str_equal(name, run->name);
    const Value *known = forge_get(runner->pipelines->forge, arena, owner, name, error);
    if (!known)
        return FALSE;
    if (!*ref && !own)
        ref = value_string(value_get(known, "defaultBranch"), "main");
    if (*ref && !find_commit(runner, owner, name, ref, &full, &sha, error))
        return FALSE;
    if (!forge_check_links(runner->pipelines->forge, owner, name, sha, error))
        return FALSE;
    gboolean is_branch = g_str_has_prefix(full, "refs/heads/");
    const char *depth = ghexpr_to_string(arena, value_get(with, "fetch-depth"));
    int64_t commits = *depth ? g_ascii_strtoll(depth, NULL, 10) : 1;
    const char *path = ghexpr_to_string(arena, value_get(with, "path"));
    const char *branch = is_branch ? pipelines_ref_name(full) : "main";
    step->checkout = arena_printf(arena, "%s/repositories/%s/%s.git",
                                  runner->pipelines->data_folder, owner, name);
    set_env(runner, step, "CHECKOUT_PATH", *path ? path : ".");
    set_env(runner, step, "CHECKOUT_SHA", sha);
    set_env(runner, step, "CHECKOUT_BRANCH", branch);
    set_env(runner, step, "CHECKOUT_DETACH", is_branch ? "" : "1");
    set_env(runner, step, "CHECKOUT_REMOTE",
            is_branch ? arena_printf(arena, "refs/remotes/origin/%s", branch)
            : g_str_has_prefix(full, "refs/tags/") ? full
                                                   : "refs/remotes/origin/checkout");
    set_env(runner, step, "CHECKOUT_URL",
            arena_printf(arena, "%s/%s/%s.git", runner->pipelines->api_url, owner, name));
    set_env(runner, step, "CHECKOUT_DEPTH",
            commits > 0 ? arena_printf(arena, "--depth=%d", (int)MIN(commits, 1000000)) : "");
    set_env(runner, step, "CHECKOUT_ALL", commits > 0 ? "" : "1");
    set_env(runner, step, "CHECKOUT_CLEAN",
            g_str_equal(ghexpr_to_string(arena, value_get(with, "clean")), "false") ? "" : "1");
    value_set_string(arena, step->outputs, "ref", full);
    value_set_string(arena, step->outputs, "commit", sha);
    return TRUE;
}

static gboolean checkout(Runner *runner, Frame *frame, Step *step, const Value *with,
                         gboolean *succeeded, GError **error)
{
    static const char *const unsupported[] = {"submodules", "lfs", "sparse-checkout", NULL};
    for (guint i = 0; unsupported[i]; i++) {
        const Value *value = value_get(with, unsupported[i]);
        const char *text = ghexpr_to_string(runner->arena, value);
        if (value && *text && !g_str_equal(text, "false"))
            job_print(runner->job, step->display, "warning", "'%s' is not obeyed by this checkout",
                      unsupported[i]);
    }
    if (!prepare_checkout(runner, step, with, error))
        return FALSE;
    return execute_script(runner, frame, step, CHECKOUT, "bash", IN_WORKSPACE, succeeded, error);
}

/* ---- composite actions ---- */

typedef struct {
    const Value *definition;
    const char *path, *repository, *ref; /* path in the sandbox */
} Action;

static gboolean find_action(Runner *runner, const char *text, Action *action, GError **error)
{
    Uses uses = workflow_uses(runner->arena, text);
    const Value *entry = value_get(runner->actions, text);
    if (uses.kind == USES_LOCAL) {
        action->path =
            *uses.path ? arena_printf(runner->arena, IN_WORKSPACE "/%s", uses.path) : IN_WORKSPACE;
        action->repository = "";
        action->ref = "";
        action->definition =
            read_action(runner, execute_folder(runner, "workspace"), uses.path, text, error);
        return action->definition != NULL;
    }
    const char *folder = value_string(value_get(entry, "folder"), NULL);
    const char *path = value_string(value_get(entry, "path"), "");
    if (!folder) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the action '%s' was not found", text);
        return FALSE;
    }
    action->path =
        arena_printf(runner->arena, IN_ACTIONS "/%s%s%s", folder, *path ? "/" : "", path);
    action->repository = value_string(value_get(entry, "repository"), "");
    action->ref = value_string(value_get(entry, "ref"), "");
    const char *on_disk =
        arena_printf(runner->arena, "%s/%s", execute_folder(runner, "actions"), folder);
    action->definition = read_action(runner, on_disk, path, text, error);
    return action->definition != NULL;
}

/* Declared outputs of the action, from the outputs of its steps. */
static gboolean set_outputs(Runner *runner, const Frame *frame, Step *step, const Value *declared,
                            GError **error)
{
    GhexprScope scope = {.contexts = execute_contexts(runner, frame, step->env),
                         .success = !frame->failed,
                         .file = "action.yml"};
    for (guint i = 0; i < value_count(declared); i++) {
        const Value *value = value_get(value_value_at(declared, i), "value");
        const Value *done = ghexpr_interpolate_tree(runner->arena, value, &scope, error);
        if (!done)
            return FALSE;
        value_set_string(runner->arena, step->outputs, value_key_at(declared, i),
                         ghexpr_to_string(runner->arena, done));
    }
    return TRUE;
}

static gboolean given_input(const Value *with, const char *name)
{
    for (guint i = 0; i < value_count(with); i++)
        if (g_ascii_strcasecmp(value_key_at(with, i), name) == 0)
            return TRUE;
    return FALSE;
}

static const Value *action_inputs(Runner *runner, const Frame *frame, const Step *step,
                                  const Action *action, const Value *with, GError **error)
{
    const Value *declared = value_get(action->definition, "inputs");
    const Value *inputs = workflow_inputs(runner->arena, declared, with, FALSE, error);
    GhexprScope scope = {.contexts = execute_contexts(runner, frame, step->env),
                         .success = true,
                         .file = "action.yml"};
    /* a default may hold expressions; what was given has none left that matter */
    Value *all = value_clone_shallow(runner->arena, inputs);
    for (guint i = 0; i < value_count(declared); i++) {
        const char *name = value_key_at(declared, i);
        const Value *fallback = value_get(value_value_at(declared, i), "default");
        if (given_input(with, name) || !value_is(fallback, VALUE_STRING))
            continue;
        const Value *done =
            ghexpr_interpolate(runner->arena, value_string(fallback, ""), &scope, error);
        if (!done)
            return NULL;
        value_set_string(runner->arena, all, name, ghexpr_to_string(runner->arena, done));
    }
    return all;
}

static gboolean composite(Runner *runner, Frame *frame, Step *step, const char *text,
                          const Value *with, gboolean *succeeded, GError **error)
{
    Action action = {0};
    if (frame->depth >= DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "actions are nested deeper than %d", DEPTH_MAX);
        return FALSE;
    }
    if (!find_action(runner, text, &action, error))
        return FALSE;
    Frame inner = {.prefix = arena_printf(runner->arena, "%s.", step->id),
                   .display = step->display,
                   .env = step->env,
                   .steps = value_object_new(runner->arena),
                   .action_path = action.path,
                   .action_repository = action.repository,
                   .action_ref = action.ref,
                   .is_composite = TRUE,
                   .depth = frame->depth + 1};
    inner.inputs = action_inputs(runner, frame, step, &action, with, error);
    if (!inner.inputs)
        return FALSE;
    g_autoptr(GError) why = NULL;
    if (!execute_steps(runner, &inner, value_path(action.definition, "runs.steps"), 1, &why)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    *succeeded = !inner.failed;
    return set_outputs(runner, &inner, step, value_get(action.definition, "outputs"), error);
}

gboolean actions_use(Runner *runner, Frame *frame, Step *step, gboolean *succeeded, GError **error)
{
    const char *text = value_string(value_get(step->definition, "uses"), "");
    const Value *with = value_get(step->definition, "with");
    GhexprScope scope = {.contexts = execute_contexts(runner, frame, step->env),
                         .success = true,
                         .workspace = execute_folder(runner, "workspace"),
                         .file = runner->run->workflow_path};
    const Value *given = with ? ghexpr_interpolate_tree(runner->arena, with, &scope, error)
                              : value_object_new(runner->arena);
    if (!given)
        return FALSE;
    const char *kind = value_string(value_path(value_get(runner->actions, text), "kind"), "");
    if (g_str_equal(kind, "checkout"))
        return checkout(runner, frame, step, given, succeeded, error);
    return composite(runner, frame, step, text, given, succeeded, error);
}
