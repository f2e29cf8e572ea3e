/* Steps: the intent is written before a step acts, the checkpoint after, both guarded by the
 * attempt. */
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/failpoint.h"
#include "spine/jobs_internal.h"

static const char SQL_FIND[] = "SELECT state, intent_id, output, workspace_tree, attempt"
                               " FROM job_step WHERE job = $1 AND id = $2";
static const char SQL_INTENT[] =
    "INSERT INTO job_step (job, id, position, name, state, intent_id, attempt, started_at)"
    " SELECT $1, $2, COUNT(*), $3, 'running', $4, $5, $6 FROM job_step WHERE job = $1";
static const char SQL_AGAIN[] =
    "UPDATE job_step SET state = 'running', attempt = $1, error = NULL, ended_at = NULL,"
    " started_at = $2 WHERE job = $3 AND id = $4";
static const char SQL_CHECKPOINT[] =
    "UPDATE job_step SET state = 'succeeded', output = $1, workspace_tree = $2, ended_at = $3,"
    " error = NULL WHERE job = $4 AND id = $5 AND state = 'running'";
static const char SQL_SKIP[] =
    "INSERT INTO job_step (job, id, position, name, state, intent_id, attempt, started_at,"
    " ended_at, error) SELECT $1, $2, COUNT(*), $3, 'skipped', $4, $5, $6, $6, $7 FROM job_step"
    " WHERE job = $1 ON CONFLICT (job, id) DO UPDATE SET state = 'skipped', error = $7,"
    " ended_at = $6";
static const char SQL_FAIL[] = "UPDATE job_step SET state = 'failed', error = $1, ended_at = $2"
                               " WHERE job = $3 AND id = $4 AND state = 'running'";
static const char SQL_INTERRUPT[] =
    "UPDATE job_step SET state = 'interrupted', ended_at = $1 WHERE job = $2"
    " AND state IN ('running', 'waiting')";
static const char SQL_WAIT[] =
    "UPDATE job_step SET state = 'waiting', ended_at = NULL WHERE job = $1 AND id = $2";
static const char SQL_ANSWER[] =
    "UPDATE job_step SET state = $1, output = $2, error = $3, ended_at = $4"
    " WHERE job = $5 AND id = $6 AND state <> 'waiting'";
static const char SQL_LIST[] = "SELECT id, name, state, started_at, ended_at, output, error,"
                               " workspace_tree FROM job_step WHERE job = $1 ORDER BY position";

/* ---- writing under the guard ---- */

typedef struct {
    Job *job;
    DbWriteFn write;
    void *data;
} Guarded;

static gboolean write_guarded(DbConn *tx, void *data, GError **error)
{
    Guarded *guarded = data;
    Job *job = guarded->job;

    if (job_is_held(tx, job->id, job->attempt))
        return guarded->write(tx, guarded->data, error);
    atomic_store(&job->lost, true);
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "another worker has taken the job over");
    return FALSE;
}

gboolean job_write(Job *job, DbWriteFn write, void *data, GError **error)
{
    Guarded guarded = {job, write, data};

    return db_write(job->jobs->db, write_guarded, &guarded, NULL, error);
}

typedef struct {
    Job *job;
    const char *id, *name, *text, *tree, *intent;
    StepRecovery recovery;
    JobStep *step;
    gboolean asked;
    DbWriteFn also; /* of a checkpoint; NULL */
    void *also_data;
} StepWrite;

static void hold_at(const char *place, const StepWrite *write)
{
    g_autofree char *name = g_strdup_printf("%s-%s", write->job->slot->kind.name, write->id);

    failpoint(place, name);
}

static gboolean write_step(StepWrite *write, DbWriteFn function, GError **error)
{
    gboolean done = job_write(write->job, function, write, error);

    if (done)
        jobs_changed(write->job->jobs, write->job->id);
    return done;
}

/* ---- opening ---- */

static gboolean ask(DbConn *tx, StepWrite *write, GError **error)
{
    Job *job = write->job;
    JobRow row;

    if (!job_load(tx, job->arena, job->id, &row, error))
        return FALSE;
    const char *question = arena_printf(
        job->arena,
        "The step \"%s\" was interrupted and may or may not have taken effect. Look, then say that "
        "it is done, that it shall be repeated, or that the job shall fail.",
        write->name);
    write->asked = TRUE;
    return job_steps_interrupt(tx, job->id, error) &&
           job_move_to_waiting(tx, job->arena, &row, write->id, question, error);
}

static gboolean begin_again(DbConn *tx, StepWrite *write, GError **error)
{
    return db_exec(tx, error, SQL_AGAIN, "iitt", write->job->attempt, clock_now_ms(),
                   write->job->id, write->id) == 1;
}

static gboolean read_step(DbRows *rows, StepWrite *write, const char **state, int64_t *attempt,
                          GError **error)
{
    Arena *arena = write->job->arena;
    const char *output = db_rows_text(rows, 2);

    *state = arena_strdup(arena, db_rows_text(rows, 0));
    *attempt = db_rows_int(rows, 4);
    write->step->intent_id = arena_strdup(arena, db_rows_text(rows, 1));
    write->step->workspace_tree = arena_strdup(arena, db_rows_text(rows, 3));
    write->step->output = output ? json_parse(arena, output, -1, error) : NULL;
    return !output || write->step->output;
}

static gboolean write_open(DbConn *tx, void *data, GError **error)
{
    StepWrite *write = data;
    Job *job = write->job;
    const char *state = NULL;
    int64_t attempt = 0;
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_FIND, "tt", job->id, write->id);

    if (!rows)
        return FALSE;
    *write->step = (JobStep){.state = STEP_FRESH, .intent_id = write->intent};
    write->asked = FALSE;
    if (!db_rows_next(rows))
        return db_exec(tx, error, SQL_INTENT, "ttttii", job->id, write->id, write->name,
                       write->intent, job->attempt, clock_now_ms()) == 1;
    if (!read_step(rows, write, &state, &attempt, error))
        return FALSE;
    g_clear_pointer(&rows, db_rows_free);
    if (g_str_equal(state, "succeeded") || g_str_equal(state, "skipped")) {
        write->step->state = state[1] == 'u' ? STEP_DONE : STEP_SKIPPED;
        return TRUE;
    }
    if (g_str_equal(state, "failed") || (*state == 'r' && attempt == job->attempt))
        return begin_again(tx, write, error);
    write->step->state = STEP_INTERRUPTED;
    return write->recovery == RECOVERY_ASK ? ask(tx, write, error) : begin_again(tx, write, error);
}

gboolean job_step_open(Job *job, const char *id, const char *name, StepRecovery recovery,
                       JobStep *step, GError **error)
{
    g_autofree char *intent = clock_new_id();
    StepWrite write = {.job = job,
                       .id = id,
                       .name = name ? name : id,
                       .intent = arena_strdup(job->arena, intent),
                       .recovery = recovery,
                       .step = step};

    if (job_stopping(job) || atomic_load(&job->lost)) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the server stops");
        return FALSE;
    }
    if (!write_step(&write, write_open, error))
        return FALSE;
    if (!write.asked) {
        if (step->state == STEP_FRESH)
            hold_at("intent", &write);
        return TRUE;
    }
    job->waiting = TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "step %s waits for a person", id);
    return FALSE;
}

/* ---- waiting ---- */

typedef struct {
    Job *job;
    const char *id, *question;
    DbWriteFn write;
    void *data;
} WaitWrite;

static gboolean write_wait(DbConn *tx, void *data, GError **error)
{
    const WaitWrite *wait = data;
    Job *job = wait->job;
    JobRow row;

    if (!job_load(tx, job->arena, job->id, &row, error))
        return FALSE;
    if (row.cancel_asked) {
        g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the job was cancelled");
        return FALSE;
    }
    return (!wait->write || wait->write(tx, wait->data, error)) &&
           job_steps_interrupt(tx, job->id, error) &&
           db_exec(tx, error, SQL_WAIT, "tt", job->id, wait->id) == 1 &&
           job_move_to_waiting(tx, job->arena, &row, wait->id, wait->question, error);
}

gboolean job_step_wait(Job *job, const char *id, const char *question, DbWriteFn write, void *data,
                       GError **error)
{
    WaitWrite wait = {job, id, question, write, data};

    if (!job_write(job, write_wait, &wait, error))
        return FALSE;
    job->waiting = TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "step %s waits for a person", id);
    return FALSE;
}

/* ---- closing ---- */

static gboolean one_step(int64_t affected, const StepWrite *write, GError **error)
{
    if (affected == 1)
        return TRUE;
    if (affected == 0)
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "step %s was not open", write->id);
    return FALSE;
}

static gboolean write_finish(DbConn *tx, void *data, GError **error)
{
    StepWrite *write = data;

    return (!write->also || write->also(tx, write->also_data, error)) &&
           one_step(db_exec(tx, error, SQL_CHECKPOINT, "ttitt", write->text, write->tree,
                            clock_now_ms(), write->job->id, write->id),
                    write, error);
}

gboolean job_step_finish(Job *job, const char *id, const Value *output, const char *workspace_tree,
                         GError **error)
{
    return job_step_finish_with(job, id, output, workspace_tree, NULL, NULL, error);
}

gboolean job_step_finish_with(Job *job, const char *id, const Value *output,
                              const char *workspace_tree, DbWriteFn also, void *data,
                              GError **error)
{
    StepWrite write = {.job = job,
                       .id = id,
                       .text = output ? json_to_arena(job->arena, output, JSON_COMPACT) : NULL,
                       .tree = workspace_tree,
                       .also = also,
                       .also_data = data};

    hold_at("checkpoint", &write);
    return write_step(&write, write_finish, error);
}

static gboolean write_skip(DbConn *tx, void *data, GError **error)
{
    StepWrite *write = data;

    return db_exec(tx, error, SQL_SKIP, "ttttiit", write->job->id, write->id, write->name,
                   write->intent, write->job->attempt, clock_now_ms(), write->text) == 1;
}

gboolean job_step_skip(Job *job, const char *id, const char *name, const char *why, GError **error)
{
    g_autofree char *intent = clock_new_id();
    StepWrite write = {
        .job = job, .id = id, .name = name ? name : id, .text = why, .intent = intent};

    return write_step(&write, write_skip, error);
}

static gboolean write_fail(DbConn *tx, void *data, GError **error)
{
    StepWrite *write = data;

    return one_step(db_exec(tx, error, SQL_FAIL, "titt", write->text, clock_now_ms(),
                            write->job->id, write->id),
                    write, error);
}

gboolean job_step_fail(Job *job, const char *id, const GError *why, GError **error)
{
    g_autofree char *masked = job_output_mask(job->output, why ? why->message : "failed");
    StepWrite write = {.job = job, .id = id, .text = masked};

    return write_step(&write, write_fail, error);
}

gboolean job_steps_interrupt(DbConn *tx, const char *job, GError **error)
{
    return db_exec(tx, error, SQL_INTERRUPT, "it", clock_now_ms(), job) >= 0;
}

/* "done" is a checkpoint by hand; the other two leave a step that is fresh again. */
gboolean job_step_answer(DbConn *tx, const char *job, const char *step, const char *answer,
                         const Value *output, GError **error)
{
    gboolean done = g_str_equal(answer, "done");
    g_autofree char *text = done && output ? json_to_string(output, JSON_COMPACT) : NULL;
    int64_t answered =
        db_exec(tx, error, SQL_ANSWER, "tttitt", done ? "succeeded" : "failed", text,
                done ? NULL : "a person said that it took no effect", clock_now_ms(), job, step);

    if (answered == 0)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "step %s was not interrupted: it asks for something else, and whoever is asked "
                    "answers there",
                    step);
    return answered == 1;
}

/* ---- showing ---- */

gboolean job_steps_to_value(DbConn *conn, Arena *arena, const char *job, Value *array,
                            GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_LIST, "t", job);

    if (!rows)
        return FALSE;
    while (db_rows_next(rows)) {
        Value *step = value_object_new(arena);
        const char *output = db_rows_text(rows, 5);

        value_set_string(arena, step, "id", db_rows_text(rows, 0));
        value_set_string(arena, step, "name", db_rows_text(rows, 1));
        value_set_string(arena, step, "state", db_rows_text(rows, 2));
        job_show_time(arena, step, "startedAt", rows, 3);
        job_show_time(arena, step, "endedAt", rows, 4);
        value_set_string(arena, step,
                         g_str_equal(db_rows_text(rows, 2), "skipped") ? "reason" : "error",
                         db_rows_text(rows, 6));
        value_set_string(arena, step, "workspaceTree", db_rows_text(rows, 7));
        if (output) {
            const Value *value = json_parse(arena, output, -1, error);
            if (!value)
                return FALSE;
            value_set(arena, step, "output", value);
        }
        value_append(arena, array, step);
    }
    return !db_rows_error(rows, error);
}
