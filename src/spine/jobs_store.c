#include "formats/json.h"
#include "spine/clock.h"
#include "spine/jobs_internal.h"
#include <string.h>

#define COLUMNS                                                                                    \
    "id, kind, subject, title, actor, cause, state, attempt, cancel_asked, payload, output,"       \
    " error_name, error_message, waiting_step, waiting_for, created_at, started_at, ended_at,"     \
    " cancel_actor"

static const char SQL_INSERT[] =
    "INSERT INTO job (id, kind, subject, title, actor, cause, after_job, queue_key, state, attempt,"
    " cancel_asked, payload, secrets, created_at, queued_at, folder_removed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, 0, $9, $10, $11, $11, 0)"
    " ON CONFLICT (id) DO NOTHING";
static const char SQL_LOAD_SECRETS[] = "SELECT secrets FROM job WHERE id = $1";
static const char SQL_GET[] = "SELECT " COLUMNS " FROM job WHERE id = $1";
static const char SQL_COUNT[] =
    "SELECT kind, state, COUNT(*) FROM job GROUP BY kind, state ORDER BY kind, state";
static const char SQL_LIST[] =
    "SELECT " COLUMNS " FROM job WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR subject = $2)"
    " AND ($3 = '' OR state = $3) ORDER BY id DESC LIMIT $4 OFFSET $5";

static const char SQL_RUN[] =
    "UPDATE job SET state = 'running', attempt = attempt + 1, node = $1, lease_until = $2,"
    " started_at = COALESCE(started_at, $3) WHERE id = $4 AND state = 'queued'";
/* queued_at stays, so that a job which was interrupted comes before younger ones. So does a wish to
 * cancel it: its function has to stop what it left running. */
static const char SQL_QUEUE[] =
    "UPDATE job SET state = 'queued', node = NULL, lease_until = NULL,"
    " cancel_asked = CASE WHEN $2 = 'running' THEN cancel_asked ELSE 0 END,"
    " cancel_actor = CASE WHEN $2 = 'running' THEN cancel_actor END, waiting_step = NULL, "
    "waiting_for = NULL, output = NULL,"
    " error_name = NULL, error_message = NULL, ended_at = NULL WHERE id = $1 AND state = $2";
static const char SQL_WAIT[] =
    "UPDATE job SET state = 'waiting', node = NULL, lease_until = NULL, waiting_step = $1,"
    " waiting_for = $2 WHERE id = $3 AND state = 'running'";
static const char SQL_END[] =
    "UPDATE job SET state = $1, node = NULL, lease_until = NULL, waiting_step = NULL,"
    " waiting_for = NULL, output = $2, error_name = $3, error_message = $4, secrets = NULL,"
    " ended_at = $5, folder_removed = 0 WHERE id = $6 AND state = $7";
static const char SQL_SECRETS[] = "UPDATE job SET secrets = $1 WHERE id = $2";
static const char SQL_ASK_CANCEL[] =
    "UPDATE job SET cancel_asked = 1, cancel_actor = $1 WHERE id = $2 AND state = 'running'";

static const char SQL_ANY_QUEUED[] = "SELECT 1 FROM job WHERE state = 'queued' LIMIT 1";
/* Not before after_job has ended, and of one queue_key the oldest alone. A waiting job holds its
 * queue: what it left behind is uncertain. */
static const char SQL_CLAIMABLE[] =
    "SELECT j.id FROM job j WHERE j.state = 'queued' AND j.kind = $1"
    " AND (j.after_job IS NULL OR NOT EXISTS (SELECT 1 FROM job a WHERE a.id = j.after_job"
    "  AND a.state IN ('queued', 'running', 'waiting')))"
    " AND (j.queue_key IS NULL OR NOT EXISTS (SELECT 1 FROM job k WHERE k.queue_key = j.queue_key"
    "  AND k.id <> j.id AND (k.state IN ('running', 'waiting') OR (k.state = 'queued'"
    "  AND (k.queued_at < j.queued_at OR (k.queued_at = j.queued_at AND k.id < j.id))))))"
    " ORDER BY j.queued_at, j.id LIMIT $2";
static const char SQL_OF_NODE[] = "SELECT id FROM job WHERE state = 'running' AND node = $1";
static const char SQL_EXPIRED[] = "SELECT id FROM job WHERE state = 'running' AND lease_until < $1";
static const char SQL_ASKED_TO_STOP[] =
    "SELECT id FROM job WHERE state = 'running' AND node = $1 AND cancel_asked = 1";
static const char SQL_HELD[] =
    "SELECT 1 FROM job WHERE id = $1 AND attempt = $2 AND state = 'running'";
static const char SQL_RENEW[] = "UPDATE job SET lease_until = $1 WHERE id = $2 AND attempt = $3"
                                " AND state = 'running'";
static const char SQL_OLD_FOLDERS[] =
    "SELECT id FROM job WHERE state IN ('succeeded', 'failed', 'cancelled')"
    " AND folder_removed = 0 AND ended_at < $1 LIMIT 100";
static const char SQL_FOLDER_REMOVED[] = "UPDATE job SET folder_removed = 1 WHERE id = $1";

/* ---- states ---- */

static const char *const NAMES[JOB_STATES] = {"queued",    "running", "waiting",
                                              "succeeded", "failed",  "cancelled"};

/* Every legal move; docs/architecture.md shows the same table, and a test holds them together. */
static const bool LEGAL[JOB_STATES][JOB_STATES] = {
    [JOB_QUEUED] = {[JOB_RUNNING] = true, [JOB_CANCELLED] = true},
    [JOB_RUNNING] = {[JOB_QUEUED] = true, /* its server stopped or died */
                     [JOB_WAITING] = true,
                     [JOB_SUCCEEDED] = true,
                     [JOB_FAILED] = true,
                     [JOB_CANCELLED] = true},
    [JOB_WAITING] = {[JOB_QUEUED] = true, [JOB_FAILED] = true, [JOB_CANCELLED] = true},
    [JOB_FAILED] = {[JOB_QUEUED] = true},
    [JOB_CANCELLED] = {[JOB_QUEUED] = true},
};

const char *job_state_name(JobState state)
{
    g_assert(state < JOB_STATES);
    return NAMES[state];
}

static gboolean job_state_parse(const char *name, JobState *state)
{
    for (JobState i = 0; i < JOB_STATES; i++)
        if (g_strcmp0(name, NAMES[i]) == 0) {
            *state = i;
            return TRUE;
        }
    return FALSE;
}

gboolean job_state_is_terminal(JobState state)
{
    return state >= JOB_SUCCEEDED;
}

gboolean job_state_may_go(JobState from, JobState to)
{
    return LEGAL[from][to];
}

void job_state_check(JobState from, JobState to)
{
    if (!job_state_may_go(from, to))
        g_error("a job may not go from %s to %s", NAMES[from], NAMES[to]);
}

/* ---- events ---- */

static void append_event(DbConn *tx, Arena *arena, const JobRow *row, const char *verb,
                         const char *actor, const char *reason)
{
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "jobId", row->id);
    value_set_string(arena, payload, "kind", row->kind);
    value_set_string(arena, payload, "subject", row->subject);
    value_set_string(arena, payload, "title", row->title);
    value_set_int(arena, payload, "attempt", row->attempt);
    value_set_string(arena, payload, "reason", reason);
    events_append(
        tx,
        &(Event){.type = arena_printf(arena, "dev.pave.jobs.job.%s", verb),
                 .source = "/pave/jobs",
                 .subject = row->subject ? row->subject : arena_printf(arena, "job:%s", row->id),
                 .actor = actor,
                 .on_behalf_of = g_strcmp0(actor, row->actor) ? row->actor : NULL,
                 .cause = g_str_equal(verb, "queued") && !row->attempt ? row->cause : row->id,
                 .payload = payload});
}

/* ---- secrets ---- */

static gboolean not_found(const char *id, GError **error)
{
    if (error && !*error)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no job %s", id);
    return FALSE;
}

GBytes *job_seal_secrets(Jobs *jobs, const char *id, GHashTable *secrets, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *context = g_strconcat("job:", id, NULL);
    Value *object = value_object_new(arena);
    GHashTableIter iter;
    gpointer name, value;

    g_assert(jobs->secrets);
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, &name, &value))
        value_set_string(arena, object, name, value);
    const char *text = json_to_arena(arena, object, JSON_COMPACT);
    return secrets_seal(jobs->secrets, context, text, strlen(text), error);
}

static GHashTable *unseal(Jobs *jobs, const char *id, GBytes *sealed, GError **error)
{
    g_autoptr(GHashTable) secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *context = g_strconcat("job:", id, NULL);
    gsize length;

    if (!sealed)
        return g_steal_pointer(&secrets);
    g_assert(jobs->secrets);
    g_autoptr(GBytes) bytes = secrets_unseal(jobs->secrets, context, sealed, error);
    if (!bytes)
        return NULL;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *object = json_parse(arena, text, (gssize)length, error);
    if (!object)
        return NULL;
    for (guint i = 0; i < value_count(object); i++)
        g_hash_table_insert(secrets, g_strdup(value_key_at(object, i)),
                            g_strdup(value_string(value_value_at(object, i), "")));
    return g_steal_pointer(&secrets);
}

GHashTable *job_load_secrets(Jobs *jobs, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(db_reader(jobs->db), error, SQL_LOAD_SECRETS, "t", id);

    if (!rows || !db_rows_next(rows)) {
        not_found(id, error);
        return NULL;
    }
    g_autoptr(GBytes) sealed = db_rows_blob(rows, 0);
    return unseal(jobs, id, sealed, error);
}

gboolean job_put_secrets(DbConn *tx, const char *id, GBytes *sealed, GError **error)
{
    return db_exec(tx, error, SQL_SECRETS, "bt", sealed, id) >= 0;
}

/* ---- submitting and moving ---- */

/* Ids name folders. */
static gboolean is_good_id(const char *id)
{
    return *id && *id != '.' && strlen(id) <= 100 &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               strlen(id);
}

const char *jobs_submit(DbConn *tx, Jobs *jobs, Arena *arena, const JobSpec *spec, GError **error)
{
    g_autofree char *made = spec->id ? NULL : clock_new_id();
    const char *id = arena_strdup(arena, spec->id ? spec->id : made);
    g_autoptr(GBytes) sealed = NULL;

    g_assert(is_good_id(id) && spec->kind);
    if (spec->secrets && g_hash_table_size(spec->secrets) > 0 &&
        !(sealed = job_seal_secrets(jobs, id, spec->secrets, error)))
        return NULL;
    const char *payload =
        spec->payload ? json_to_arena(arena, spec->payload, JSON_COMPACT) : "null";
    int64_t made_rows = db_exec(tx, error, SQL_INSERT, "tttttttttbi", id, spec->kind, spec->subject,
                                spec->title, spec->actor, spec->cause, spec->after_job,
                                spec->queue_key, payload, sealed, clock_now_ms());
    if (made_rows < 0)
        return NULL;
    JobRow row = {.id = id,
                  .kind = spec->kind,
                  .subject = spec->subject,
                  .title = spec->title,
                  .actor = spec->actor,
                  .cause = spec->cause};
    if (made_rows == 1)
        append_event(tx, arena, &row, "queued", spec->actor, NULL);
    return id;
}

gboolean job_load(DbConn *conn, Arena *arena, const char *id, JobRow *row, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_GET, "t", id);

    if (!rows || !db_rows_next(rows))
        return not_found(id, error);
    *row = (JobRow){
        .id = arena_strdup(arena, db_rows_text(rows, 0)),
        .kind = arena_strdup(arena, db_rows_text(rows, 1)),
        .subject = arena_strdup(arena, db_rows_text(rows, 2)),
        .title = arena_strdup(arena, db_rows_text(rows, 3)),
        .actor = arena_strdup(arena, db_rows_text(rows, 4)),
        .cause = arena_strdup(arena, db_rows_text(rows, 5)),
        .attempt = db_rows_int(rows, 7),
        .cancel_asked = db_rows_int(rows, 8) != 0,
        .payload = arena_strdup(arena, db_rows_text(rows, 9)),
        .waiting_step = arena_strdup(arena, db_rows_text(rows, 13)),
        .cancel_actor = arena_strdup(arena, db_rows_text(rows, 18)),
    };
    g_assert(job_state_parse(db_rows_text(rows, 6), &row->state));
    return TRUE;
}

static gboolean moved(int64_t affected, JobRow *row, JobState state, GError **error)
{
    if (affected == 1) {
        row->state = state;
        return TRUE;
    }
    if (error && !*error)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "job %s is no longer %s", row->id,
                    job_state_name(row->state));
    return FALSE;
}

gboolean job_move_to_running(DbConn *tx, Arena *arena, JobRow *row, const char *node,
                             GError **error)
{
    job_state_check(row->state, JOB_RUNNING);
    if (!moved(db_exec(tx, error, SQL_RUN, "tiit", node, db_now_ms(tx) + JOB_LEASE_MS,
                       clock_now_ms(), row->id),
               row, JOB_RUNNING, error))
        return FALSE;
    row->attempt++;
    append_event(tx, arena, row, "started", NULL, NULL);
    return TRUE;
}

gboolean job_move_to_queued(DbConn *tx, Arena *arena, JobRow *row, const char *actor,
                            const char *reason, GError **error)
{
    const char *from = job_state_name(row->state);

    job_state_check(row->state, JOB_QUEUED);
    if (!moved(db_exec(tx, error, SQL_QUEUE, "tt", row->id, from), row, JOB_QUEUED, error))
        return FALSE;
    append_event(tx, arena, row, "queued", actor, reason);
    return TRUE;
}

gboolean job_move_to_waiting(DbConn *tx, Arena *arena, JobRow *row, const char *step,
                             const char *question, GError **error)
{
    job_state_check(row->state, JOB_WAITING);
    if (!moved(db_exec(tx, error, SQL_WAIT, "ttt", step, question, row->id), row, JOB_WAITING,
               error))
        return FALSE;
    append_event(tx, arena, row, "waiting", NULL, question);
    return TRUE;
}

gboolean job_move_to_end(DbConn *tx, Arena *arena, JobRow *row, const JobKind *kind, JobState state,
                         const char *actor, const Value *output, const char *error_name_,
                         const char *error_message, GError **error)
{
    const char *text = output ? json_to_arena(arena, output, JSON_COMPACT) : NULL;
    const char *from = job_state_name(row->state);

    job_state_check(row->state, state);
    if (!job_steps_interrupt(tx, row->id, error) ||
        !moved(db_exec(tx, error, SQL_END, "ttttitt", job_state_name(state), text, error_name_,
                       error_message, clock_now_ms(), row->id, from),
               row, state, error))
        return FALSE;
    append_event(tx, arena, row, job_state_name(state), actor, error_message);
    return !kind || !kind->ended ||
           kind->ended(tx, row->id, job_state_name(state), kind->data, error);
}

gboolean job_ask_cancel(DbConn *tx, const char *id, const char *actor, GError **error)
{
    return db_exec(tx, error, SQL_ASK_CANCEL, "tt", actor, id) >= 0;
}

/* ---- looking ---- */

static gboolean collect_ids(DbRows *rows, Arena *arena, GPtrArray *ids, GError **error)
{
    if (!rows)
        return FALSE;
    while (db_rows_next(rows))
        g_ptr_array_add(ids, arena_strdup(arena, db_rows_text(rows, 0)));
    return !db_rows_error(rows, error);
}

gboolean jobs_any_queued(DbConn *conn)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_ANY_QUEUED, "");

    return rows && db_rows_next(rows);
}

gboolean jobs_claimable(DbConn *conn, Arena *arena, const char *kind, guint limit, GPtrArray *ids,
                        GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_CLAIMABLE, "ti", kind, (int64_t)limit);

    return collect_ids(rows, arena, ids, error);
}

gboolean jobs_running_of(DbConn *conn, Arena *arena, const char *node, int64_t lease_before,
                         GPtrArray *ids, GError **error)
{
    g_autoptr(DbRows) rows = lease_before ? db_query(conn, error, SQL_EXPIRED, "i", lease_before)
                                          : db_query(conn, error, SQL_OF_NODE, "t", node);

    return collect_ids(rows, arena, ids, error);
}

gboolean jobs_asked_to_stop(DbConn *conn, Arena *arena, const char *node, GPtrArray *ids)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_ASKED_TO_STOP, "t", node);

    return collect_ids(rows, arena, ids, NULL);
}

gboolean job_is_held(DbConn *tx, const char *id, int64_t attempt)
{
    g_autoptr(DbRows) rows = db_query(tx, NULL, SQL_HELD, "ti", id, attempt);

    return rows && db_rows_next(rows);
}

gboolean job_renew_lease(DbConn *tx, const char *id, int64_t attempt, gboolean *held,
                         GError **error)
{
    int64_t affected =
        db_exec(tx, error, SQL_RENEW, "iti", db_now_ms(tx) + JOB_LEASE_MS, id, attempt);

    *held = affected != 0;
    return affected >= 0;
}

gboolean jobs_with_old_folder(DbConn *conn, Arena *arena, int64_t ended_before, GPtrArray *ids)
{
    g_autoptr(DbRows) rows = db_query(conn, NULL, SQL_OLD_FOLDERS, "i", ended_before);

    return collect_ids(rows, arena, ids, NULL);
}

gboolean job_folder_is_removed(DbConn *tx, const char *id, GError **error)
{
    return db_exec(tx, error, SQL_FOLDER_REMOVED, "t", id) >= 0;
}

/* ---- showing ---- */

void job_show_time(Arena *arena, Value *object, const char *key, DbRows *rows, int column)
{
    if (!db_rows_is_null(rows, column))
        value_set(arena, object, key, clock_value(arena, db_rows_int(rows, column)));
}

static Value *row_to_value(DbRows *rows, Arena *arena)
{
    Value *job = value_object_new(arena);

    value_set_string(arena, job, "id", db_rows_text(rows, 0));
    value_set_string(arena, job, "kind", db_rows_text(rows, 1));
    value_set_string(arena, job, "subject", db_rows_text(rows, 2));
    value_set_string(arena, job, "title", db_rows_text(rows, 3));
    value_set_string(arena, job, "actor", db_rows_text(rows, 4));
    value_set_string(arena, job, "cause", db_rows_text(rows, 5));
    value_set_string(arena, job, "state", db_rows_text(rows, 6));
    value_set_int(arena, job, "attempt", db_rows_int(rows, 7));
    value_set_bool(arena, job, "cancelRequested", db_rows_int(rows, 8) != 0);
    value_set_string(arena, job, "waitingStep", db_rows_text(rows, 13));
    value_set_string(arena, job, "waitingFor", db_rows_text(rows, 14));
    job_show_time(arena, job, "createdAt", rows, 15);
    job_show_time(arena, job, "startedAt", rows, 16);
    job_show_time(arena, job, "endedAt", rows, 17);
    if (db_rows_text(rows, 11)) {
        Value *problem = value_object_new(arena);
        value_set_string(arena, problem, "name", db_rows_text(rows, 11));
        value_set_string(arena, problem, "message", db_rows_text(rows, 12));
        value_set(arena, job, "error", problem);
    }
    return job;
}

static gboolean set_json(Arena *arena, Value *object, const char *key, const char *text,
                         GError **error)
{
    const Value *value = text ? json_parse(arena, text, -1, error) : NULL;

    if (text && !value)
        return FALSE;
    value_set(arena, object, key, value);
    return TRUE;
}

const Value *jobs_get(DbConn *conn, Arena *arena, const char *id, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_GET, "t", id);

    if (!rows || !db_rows_next(rows)) {
        not_found(id, error);
        return NULL;
    }
    Value *job = row_to_value(rows, arena);
    Value *steps = value_array_new(arena);
    if (!set_json(arena, job, "payload", db_rows_text(rows, 9), error) ||
        !set_json(arena, job, "output", db_rows_text(rows, 10), error))
        return NULL;
    value_set(arena, job, "steps", steps);
    g_clear_pointer(&rows, db_rows_free);
    return job_steps_to_value(conn, arena, id, steps, error) ? job : NULL;
}

const Value *jobs_list(DbConn *conn, Arena *arena, const char *kind, const char *subject,
                       const char *state, guint limit, guint offset, GError **error)
{
    Value *list = value_array_new(arena);
    g_autoptr(DbRows) rows =
        db_query(conn, error, SQL_LIST, "tttii", kind ? kind : "", subject ? subject : "",
                 state ? state : "", (int64_t)MIN(limit, 1000), (int64_t)offset);

    if (!rows)
        return NULL;
    while (db_rows_next(rows))
        value_append(arena, list, row_to_value(rows, arena));
    return db_rows_error(rows, error) ? NULL : list;
}

gboolean jobs_count(DbConn *conn, JobsCountFn each, void *data, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_COUNT, "");

    while (rows && db_rows_next(rows))
        each(db_rows_text(rows, 0), db_rows_text(rows, 1), db_rows_int(rows, 2), data);
    return rows && !db_rows_error(rows, error);
}
