/* One repository upgraded: the template as it was, the template as it is and the repository as it
 * is, merged onto a branch that becomes a pull request. A durable job, whose steps are found again
 * by the intent in the commit and by the branch of the pull request. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/json.h"
#include "spine/folder.h"

#define BRANCHES_TRIED_MAX 20

/* Everything one upgrade needs at hand. */
typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    UpgradeRow *row;
    const UpgradePoint *from;
    UpgradePoint to;
    const Value *to_content;
    char *folder; /* of both renderings */
    ForgeMerge merge;
} Upgrade;

static void upgrade_clear(Upgrade *upgrade)
{
    if (upgrade->folder)
        folder_remove(upgrade->folder, NULL);
    g_clear_pointer(&upgrade->folder, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Upgrade, upgrade_clear)

const ForgeLocation *upgrade_location(Arena *arena, const UpgradeRow *row)
{
    ForgeLocation *at = arena_new0(arena, ForgeLocation, 1);
    const char *slash = strrchr(row->repository, '/');

    at->host = row->host;
    at->owner = arena_strndup(arena, row->repository, (gsize)(slash - row->repository));
    at->name = slash + 1;
    return at;
}

/* ---- rendering both sides ---- */

static gboolean render_side(Upgrade *upgrade, const char *name, UpgradePoint *point,
                            const Value *content, const char **folder, GError **error)
{
    *folder = arena_printf(upgrade->arena, "%s/%s", upgrade->folder, name);
    return upgrade_render(upgrade->scaffolder, upgrade->arena, upgrade->row, point, content,
                          *folder, error);
}

static gboolean render_sides(Upgrade *upgrade, GError **error)
{
    Arena *arena = upgrade->arena;
    const UpgradeRow *row = upgrade->row;
    UpgradePoint from = *upgrade->from;
    const Value *content =
        upgrade_store_kept(db_reader(upgrade->scaffolder->db), arena, from.kept, error);

    upgrade->folder = g_dir_make_tmp("pave-upgrade-XXXXXX", error);
    if (!content || !upgrade->folder ||
        !render_side(upgrade, "then", &from, content, &upgrade->merge.base, error) ||
        !render_side(upgrade, "now", &upgrade->to, upgrade->to_content, &upgrade->merge.theirs,
                     error))
        return FALSE;
    upgrade->merge.at = upgrade_location(arena, row);
    upgrade->merge.label = arena_printf(arena, "%s %s", row->template,
                                        upgrade_short(arena, upgrade->to.version));
    upgrade->merge.path = PROVENANCE_FILE;
    upgrade->merge.content = upgrade_provenance(
        arena, row->template, value_path_string(upgrade->to_content, "baseUrl", ""),
        row->provenance, &upgrade->to);
    return TRUE;
}

static bool same_point(const UpgradePoint *a, const UpgradePoint *b)
{
    return g_strcmp0(a->kept, b->kept) == 0 && value_equal(a->sources, b->sources) &&
           value_equal(a->inputs, b->inputs);
}

const Value *upgrade_preview(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row,
                             const Value *values, GError **error)
{
    g_auto(Upgrade) upgrade = {scaffolder, arena, (UpgradeRow *)row, &row->at};
    const Value *outcome;
    Value *preview = value_object_new(arena);

    if (!upgrade_target(scaffolder, arena, row, values, &upgrade.to, &upgrade.to_content, error) ||
        !render_sides(&upgrade, error))
        return NULL;
    outcome = forge_merge_preview(scaffolder->forge, arena, &upgrade.merge, error);
    if (!outcome)
        return NULL;
    value_set(arena, preview, "repository", value_get(upgrade_value(scaffolder, arena, row), "repository"));
    value_set_string(arena, preview, "template", row->template);
    value_set_string(arena, preview, "from", row->at.version);
    value_set_string(arena, preview, "to", upgrade.to.version);
    value_set(arena, preview, "files", value_get(outcome, "files"));
    value_set(arena, preview, "conflicts", value_get(outcome, "conflicts"));
    value_set(arena, preview, "inputs", upgrade.to.inputs);
    return preview;
}

/* ---- the plan: what it comes to, and on which branch ---- */

static const char *branch_name(Upgrade *upgrade, guint tries)
{
    const char *slash = strrchr(upgrade->row->template, '/');
    const char *name = arena_printf(upgrade->arena, "pave/upgrade-%.100s-%s",
                                    slash ? slash + 1 : upgrade->row->template,
                                    upgrade_short(upgrade->arena, upgrade->to.version));

    return tries == 1 ? name : arena_printf(upgrade->arena, "%s-%u", name, tries);
}

/* A name that no branch has, so that nothing of anybody is built upon. */
static gboolean choose_branch(Upgrade *upgrade, const char **branch, GError **error)
{
    ForgeMerge merge = {.at = upgrade_location(upgrade->arena, upgrade->row)};

    for (guint tries = 1; tries <= BRANCHES_TRIED_MAX; tries++) {
        const char *tip;
        gboolean found;

        merge.branch = *branch = branch_name(upgrade, tries);
        if (!forge_merge_probe(upgrade->scaffolder->forge, upgrade->arena, &merge, &tip, &found,
                               error))
            return FALSE;
        if (!tip)
            return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "%s has too many branches of closed upgrades: delete some below pave/",
                upgrade->row->repository);
    return FALSE;
}

/* Whether somebody works on the branch of the open upgrade; gone: it is not there any more. */
static gboolean look_at_branch(Upgrade *upgrade, bool *touched, bool *gone, GError **error)
{
    const UpgradeRow *row = upgrade->row;
    ForgeMerge merge = {.at = upgrade_location(upgrade->arena, row),
                        .branch = row->branch};
    const char *tip;
    gboolean found;

    if (!forge_merge_probe(upgrade->scaffolder->forge, upgrade->arena, &merge, &tip, &found, error))
        return FALSE;
    *gone = tip == NULL;
    *touched = tip && g_strcmp0(tip, row->branch_commit) != 0;
    return TRUE;
}

static const Value *plan_value(Upgrade *upgrade, const char *state, const char *branch,
                               bool touched)
{
    Arena *arena = upgrade->arena;
    Value *plan = value_object_new(arena);

    value_set_string(arena, plan, "state", state);
    value_set_string(arena, plan, "version", upgrade->to.version);
    value_set_string(arena, plan, "kept", upgrade->to.kept);
    value_set(arena, plan, "sources", upgrade->to.sources);
    value_set(arena, plan, "inputs", upgrade->to.inputs);
    value_set_nullable(arena, plan, "branch", branch);
    value_set_bool(arena, plan, "touched", touched);
    return plan;
}

static gboolean find_row(Upgrade *upgrade, Job *job, GError **error)
{
    const Value *payload = job_payload(job);
    const char *repository = value_path_string(payload, "repository", "");
    GError *why = NULL;

    upgrade->row = upgrade_store_find(db_reader(upgrade->scaffolder->db), upgrade->arena,
                                      value_path_string(payload, "host", NULL), repository, &why);
    if (why)
        g_propagate_error(error, why);
    else if (!upgrade->row)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "no template made %s", repository);
    return upgrade->row != NULL;
}

typedef struct {
    const char *id, *template, *content;
} Keeping;

static gboolean write_kept(DbConn *tx, void *data, GError **error)
{
    const Keeping *keeping = data;

    return upgrade_store_keep(tx, keeping->id, keeping->template, keeping->content, error);
}

static gboolean keep_target(Upgrade *upgrade, Job *job, GError **error)
{
    Keeping keeping = {upgrade->to.kept, upgrade->row->template,
                       json_to_arena(upgrade->arena, upgrade->to_content, JSON_COMPACT)};

    return job_write(job, write_kept, &keeping, error);
}

static const Value *make_plan(Upgrade *upgrade, Job *job, GError **error)
{
    UpgradeRow *row = upgrade->row;
    const char *branch = NULL;
    bool open, touched = false, gone = false;

    if (!upgrade_ask_host(upgrade->scaffolder, upgrade->arena, row, error) ||
        !upgrade_target(upgrade->scaffolder, upgrade->arena, row,
                        value_get(job_payload(job), "values"), &upgrade->to, &upgrade->to_content,
                        error) ||
        !render_sides(upgrade, error))
        return NULL;
    open = g_str_equal(row->state, "open");
    if (open && !look_at_branch(upgrade, &touched, &gone, error))
        return NULL;
    open = open && !gone;
    if (open && same_point(&row->to, &upgrade->to))
        return plan_value(upgrade, "open", row->branch, touched);
    if (!open && same_point(&row->at, &upgrade->to))
        return plan_value(upgrade, "current", NULL, false);
    if (!keep_target(upgrade, job, error) || (!open && !choose_branch(upgrade, &branch, error)))
        return NULL;
    return plan_value(upgrade, "upgrade", open ? row->branch : branch, touched);
}

static const Value *plan_step(Upgrade *upgrade, Job *job, GError **error)
{
    g_autoptr(GError) why = NULL;
    JobStep step;
    const Value *plan;

    if (!job_step_open(job, "plan", "Compare the template then and now", RECOVERY_REPEAT, &step,
                       error))
        return NULL;
    if (step.state == STEP_DONE)
        return step.output;
    plan = make_plan(upgrade, job, &why);
    if (plan)
        return job_step_finish(job, "plan", plan, NULL, error) ? plan : NULL;
    if (g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) ||
        job_step_fail(job, "plan", why, error))
        g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

/* ---- the branch ---- */

/* The same as when it was planned, from what is kept. */
static gboolean follow_plan(Upgrade *upgrade, Job *job, const Value *plan, GError **error)
{
    UpgradeRow *row = upgrade->row;
    Arena *arena = upgrade->arena;

    upgrade_clear(upgrade);
    upgrade->to = (UpgradePoint){value_path_string(plan, "version", ""),
                                 value_path_string(plan, "kept", ""), value_get(plan, "sources"),
                                 value_get(plan, "inputs")};
    upgrade->to_content =
        upgrade_store_kept(db_reader(upgrade->scaffolder->db), arena, upgrade->to.kept, error);
    /* What somebody put on top of an upgrade stays: there the last one is where it goes on from. */
    upgrade->from = value_bool(value_get(plan, "touched"), false) ? &row->to : &row->at;
    row->branch = value_path_string(plan, "branch", "");
    upgrade->merge = (ForgeMerge){.branch = row->branch,
                                  .left_at = row->branch_commit,
                                  .message = upgrade_title(arena, row, upgrade->to.version),
                                  .actor = job_actor(job),
                                  .cause = job_id(job)};
    return upgrade->to_content && render_sides(upgrade, error);
}

static const Value *merge_once(Upgrade *upgrade, const JobStep *step, GError **error)
{
    Forge *forge = upgrade->scaffolder->forge;
    Arena *arena = upgrade->arena;
    const Value *outcome;
    const char *tip = NULL;
    gboolean found = FALSE;

    upgrade->merge.intent_id = step->intent_id;
    if (step->state == STEP_INTERRUPTED &&
        !forge_merge_probe(forge, arena, &upgrade->merge, &tip, &found, error))
        return NULL;
    if (!found)
        return forge_merge(forge, arena, &upgrade->merge, error);
    outcome = forge_merge_preview(forge, arena, &upgrade->merge, error);
    if (outcome)
        value_set_string(arena, (Value *)outcome, "commit", tip);
    return outcome;
}

static const Value *branch_output(Upgrade *upgrade, const Value *outcome)
{
    Arena *arena = upgrade->arena;
    Value *output = value_object_new(arena);

    value_set(arena, output, "commit", value_get(outcome, "commit"));
    value_set(arena, output, "base", value_get(outcome, "base"));
    value_set(arena, output, "conflicts", value_get(outcome, "conflicts"));
    value_set_string(arena, output, "body",
                     upgrade_body(arena, upgrade->row, &upgrade->to, outcome));
    return output;
}

static const Value *branch_step(Upgrade *upgrade, Job *job, const Value *plan, GError **error)
{
    g_autoptr(GError) why = NULL;
    JobStep step;
    const Value *outcome, *output;

    if (!job_step_open(job, "branch", "Merge onto a branch", RECOVERY_PROBE, &step, error))
        return NULL;
    if (step.state == STEP_DONE) {
        upgrade->row->branch = value_path_string(plan, "branch", "");
        return step.output;
    }
    outcome = follow_plan(upgrade, job, plan, &why) ? merge_once(upgrade, &step, &why) : NULL;
    if (outcome) {
        output = branch_output(upgrade, outcome);
        return job_step_finish(job, "branch", output, NULL, error) ? output : NULL;
    }
    if (g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) ||
        job_step_fail(job, "branch", why, error))
        g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

/* ---- the pull request ---- */

static const Value *open_or_update(Upgrade *upgrade, Job *job, const Value *plan,
                                   const Value *branch, GError **error)
{
    Forge *forge = upgrade->scaffolder->forge;
    Arena *arena = upgrade->arena;
    const ForgeLocation *at = upgrade_location(arena, upgrade->row);
    ForgePull pull = {
        .at = at,
        .title = upgrade_title(arena, upgrade->row, value_path_string(plan, "version", "")),
        .body = value_path_string(branch, "body", ""),
        .head = value_path_string(plan, "branch", ""),
        .base = value_path_string(branch, "base", NULL),
        .actor = job_actor(job),
        .cause = job_id(job)};
    g_autoptr(GError) why = NULL;
    const Value *there = forge_pull_find(forge, arena, at, pull.head, &why);

    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    return there ? forge_pull_update(forge, arena, &pull,
                                     value_int(value_get(there, "number"), 0), error)
                 : forge_pull_open(forge, arena, &pull, error);
}

static const Value *pull_step(Upgrade *upgrade, Job *job, const Value *plan, const Value *branch,
                              GError **error)
{
    g_autoptr(GError) why = NULL;
    JobStep step;
    const Value *pull;
    Value *output = value_object_new(upgrade->arena);

    if (!job_step_open(job, "pull-request", "Open the pull request", RECOVERY_PROBE, &step, error))
        return NULL;
    if (step.state == STEP_DONE)
        return step.output;
    pull = open_or_update(upgrade, job, plan, branch, &why);
    if (pull) {
        value_set(upgrade->arena, output, "number", value_get(pull, "number"));
        value_set(upgrade->arena, output, "url", value_get(pull, "url"));
        value_set(upgrade->arena, output, "state", value_get(pull, "state"));
        return job_step_finish(job, "pull-request", output, NULL, error) ? output : NULL;
    }
    if (g_error_matches(why, PAVE_ERROR, ERROR_CANCELLED) ||
        job_step_fail(job, "pull-request", why, error))
        g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

/* ---- what is remembered ---- */

typedef struct {
    Upgrade *upgrade;
    const Value *plan, *branch, *pull; /* pull NULL: there was nothing to propose */
} Record;

/* What was merged or closed before its number was written down was followed by nobody. */
static gboolean catch_up(DbConn *tx, Upgrade *upgrade, GError **error)
{
    UpgradeRow *row = upgrade->row;
    GError *why = NULL;
    const char *state;

    if (forge_kind_of_host(upgrade->scaffolder->forge, row->host) != FORGE_BUILTIN)
        return TRUE;
    state = forge_pull_state(tx, upgrade->arena, upgrade_location(upgrade->arena, row),
                             row->pull_number, &why);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    return !state || g_str_equal(state, "open") || upgrade_settle(tx, row, state, error);
}

/* The row as it is now, not as it was when the job began. */
static gboolean write_row(DbConn *tx, void *data, GError **error)
{
    const Record *record = data;
    Upgrade *upgrade = record->upgrade;
    const Value *plan = record->plan, *branch = record->branch, *pull = record->pull;
    UpgradePoint to = {value_path_string(plan, "version", ""), value_path_string(plan, "kept", ""),
                       value_get(plan, "sources"), value_get(plan, "inputs")};
    GError *why = NULL;
    UpgradeRow *row = upgrade_store_find(tx, upgrade->arena, upgrade->row->host,
                                         upgrade->row->repository, &why);

    if (why)
        g_propagate_error(error, why);
    if (!row)
        return why == NULL; /* undone meanwhile */
    upgrade->row = row;

    row->updated_at = clock_now_ms();
    row->latest = to.version;
    if (pull) {
        row->to = to;
        row->state = "open";
        row->behind = BEHIND_YES;
        row->branch = value_path_string(plan, "branch", "");
        row->branch_commit = value_path_string(branch, "commit", "");
        row->conflicts = value_int(value_get(branch, "conflicts"), 0);
        row->pull_number = value_int(value_get(pull, "number"), 0);
        row->pull_url = value_path_string(pull, "url", "");
        row->pull_state = "open";
    } else {
        /* The new template makes of it what it is already. */
        row->at = to;
        row->state = "current";
        row->behind = BEHIND_NO;
    }
    return upgrade_store_save(tx, row, error) && (!pull || catch_up(tx, upgrade, error));
}

static const Value *run_output(Upgrade *upgrade, const char *state)
{
    Arena *arena = upgrade->arena;
    const UpgradeRow *row = upgrade->row;
    Value *output = value_object_new(arena);

    value_set_string(arena, output, "state", state);
    value_set_string(arena, output, "version", row->to.version ? row->to.version : row->at.version);
    if (row->pull_number > 0 && g_str_equal(state, "open")) {
        value_set_int(arena, output, "number", row->pull_number);
        value_set_string(arena, output, "url", row->pull_url);
        value_set_int(arena, output, "conflicts", row->conflicts);
    }
    return output;
}

gboolean upgrade_run(Job *job, const Value **output, GError **error, void *data)
{
    g_auto(Upgrade) upgrade = {.scaffolder = data, .arena = job_arena(job)};
    const Value *plan, *branch, *pull = NULL;
    const char *state;

    if (!find_row(&upgrade, job, error))
        return FALSE;
    upgrade.from = &upgrade.row->at;
    plan = plan_step(&upgrade, job, error);
    if (!plan)
        return FALSE;
    state = value_path_string(plan, "state", "");
    if (g_str_equal(state, "upgrade")) {
        branch = branch_step(&upgrade, job, plan, error);
        if (!branch)
            return FALSE;
        if (*value_path_string(branch, "commit", ""))
            pull = pull_step(&upgrade, job, plan, branch, error);
        if (*value_path_string(branch, "commit", "") && !pull)
            return FALSE;
        if (!job_write(job, write_row, &(Record){&upgrade, plan, branch, pull}, error))
            return FALSE;
        state = pull ? "open" : "current";
    }
    *output = run_output(&upgrade, state);
    return TRUE;
}

/* ---- asking for it, showing it ---- */

const char *upgrade_submit(DbConn *tx, Scaffolder *scaffolder, Arena *arena,
                           const UpgradeRow *row, const Value *values, const char *actor,
                           GError **error)
{
    Value *payload = value_object_new(arena);
    JobSpec spec = {.kind = SCAFFOLDER_UPGRADE,
                    .subject = arena_printf(arena, "repository:%s", row->repository),
                    .title = arena_printf(arena, "Upgrade %s", row->repository),
                    .actor = actor,
                    .queue_key = arena_printf(arena, "upgrade:%s/%s", row->host, row->repository),
                    .payload = payload};

    value_set_string(arena, payload, "host", row->host);
    value_set_string(arena, payload, "repository", row->repository);
    value_set_string(arena, payload, "template", row->template);
    value_set(arena, payload, "values", values);
    return jobs_submit(tx, scaffolder->jobs, arena, &spec, error);
}

static const char *owner_of(Scaffolder *scaffolder, Arena *arena, const char *entity)
{
    const char *const *owners = entity ? catalog_owners(scaffolder->catalog, arena, entity) : NULL;

    return owners ? owners[0] : NULL;
}

const Value *upgrade_value(Scaffolder *scaffolder, Arena *arena, const UpgradeRow *row)
{
    const ForgeLocation *at = upgrade_location(arena, row);
    const char *entity =
        upgrade_store_entity(db_reader(scaffolder->db), arena, row->provenance);
    Value *value = value_object_new(arena), *repository = value_object_new(arena);
    Value *pull = row->pull_number > 0 ? value_object_new(arena) : value_null_new(arena);

    value_set_string(arena, repository, "host", at->host);
    value_set_string(arena, repository, "owner", at->owner);
    value_set_string(arena, repository, "name", at->name);
    value_set(arena, value, "repository", repository);
    value_set_nullable(arena, value, "entityRef", entity);
    value_set_nullable(arena, value, "owner", owner_of(scaffolder, arena, entity));
    value_set_string(arena, value, "template", row->template);
    value_set_string(arena, value, "version", row->at.version);
    value_set_string(arena, value, "latestVersion", row->latest);
    value_set(arena, value, "createdAt", clock_value(arena, row->created_at));
    value_set_string(arena, value, "state", row->state);
    if (row->pull_number > 0) {
        value_set_int(arena, pull, "number", row->pull_number);
        value_set_string(arena, pull, "url", row->pull_url);
        value_set_string(arena, pull, "state", row->pull_state);
        value_set_int(arena, pull, "conflicts", row->conflicts);
    }
    value_set(arena, value, "pullRequest", pull);
    value_set_string(arena, value, "taskId", row->provenance);
    return value;
}
