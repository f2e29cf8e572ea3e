/* The queue's public face: making, asking, cancelling, waiting, and what a job's function sees. */
#include "spine/jobs.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include "spine/jobs_internal.h"
#include <string.h>

/* ---- making ---- */

static void wake(int64_t seq, void *data)
{
    Jobs *jobs = data;

    pthread_mutex_lock(&jobs->lock);
    jobs->woken = TRUE;
    jobs->changes++;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

static void slot_free(void *data)
{
    JobSlot *slot = data;

    g_free((char *)slot->kind.name);
    g_free(slot);
}

Jobs *jobs_new(Db *db, Events *events, Secrets *secrets, const char *data_folder, const char *node)
{
    Jobs *jobs = g_new0(Jobs, 1);
    pthread_condattr_t monotonic;

    jobs->db = db;
    jobs->events = events;
    jobs->secrets = secrets;
    jobs->folder = g_build_filename(data_folder, "jobs", NULL);
    jobs->node = g_strdup(node);
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    jobs->slots = g_ptr_array_new_with_free_func(slot_free);
    jobs->running = g_hash_table_new(g_str_hash, g_str_equal);
    db_on_commit(db, wake, jobs);
    return jobs;
}

void jobs_free(Jobs *jobs)
{
    if (!jobs)
        return;
    jobs_stop(jobs);
    db_off_commit(jobs->db, jobs);
    g_hash_table_unref(jobs->running);
    g_ptr_array_unref(jobs->slots);
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    g_free(jobs->folder);
    g_free(jobs->node);
    g_free(jobs);
}

static JobSlot *find_slot(Jobs *jobs, const char *kind)
{
    for (guint i = 0; i < jobs->slots->len; i++) {
        JobSlot *slot = g_ptr_array_index(jobs->slots, i);
        if (g_str_equal(slot->kind.name, kind))
            return slot;
    }
    return NULL;
}

void jobs_register(Jobs *jobs, const JobKind *kind)
{
    JobSlot *slot = g_new0(JobSlot, 1);

    g_assert(!jobs->started && !find_slot(jobs, kind->name));
    slot->kind = *kind;
    slot->kind.name = g_strdup(kind->name);
    g_ptr_array_add(jobs->slots, slot);
}

void jobs_start(Jobs *jobs)
{
    g_assert(!jobs->started);
    jobs->started = TRUE;
    jobs_take_back(jobs);
    g_assert(pthread_create(&jobs->scheduler, NULL, jobs_schedule, jobs) == 0);
}

void jobs_stop(Jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    gboolean running = jobs->started && !atomic_load(&jobs->stopping);
    atomic_store(&jobs->stopping, true);
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    if (!running)
        return;
    pthread_join(jobs->scheduler, NULL);
    pthread_mutex_lock(&jobs->lock);
    while (jobs->active > 0)
        pthread_cond_wait(&jobs->changed, &jobs->lock);
    pthread_mutex_unlock(&jobs->lock);
}

/* ---- telling ---- */

void jobs_on_change(Jobs *jobs, void (*notify)(const char *job_id, void *data), void *data)
{
    g_assert(!jobs->started && jobs->listener_count < JOB_LISTENERS_MAX);
    jobs->listeners[jobs->listener_count++] = (JobListener){notify, data};
}

void jobs_changed(Jobs *jobs, const char *id)
{
    for (guint i = 0; i < jobs->listener_count; i++)
        jobs->listeners[i].notify(id, jobs->listeners[i].data);
}

void jobs_wait_changed(Jobs *jobs, int64_t until_ms)
{
    struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
}

/* ---- cancel, retry, answer ---- */

typedef struct {
    Jobs *jobs;
    Arena *arena;
    const char *id, *actor, *answer;
    const Value *output;
    GBytes *sealed;
    gboolean running;
} Ask;

static gboolean conflict(const JobRow *row, const char *what, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "job %s is %s: %s", row->id,
                job_state_name(row->state), what);
    return FALSE;
}

static const JobKind *kind_of(Jobs *jobs, const JobRow *row)
{
    JobSlot *slot = find_slot(jobs, row->kind);

    return slot ? &slot->kind : NULL;
}

static gboolean write_cancel(DbConn *tx, void *data, GError **error)
{
    Ask *request = data;
    JobRow row;

    if (!job_load(tx, request->arena, request->id, &row, error))
        return FALSE;
    request->running = row.state == JOB_RUNNING;
    if (request->running)
        return job_ask_cancel(tx, row.id, request->actor, error);
    if (job_state_is_terminal(row.state))
        return conflict(&row, "it has ended", error);
    return job_move_to_end(
        tx, request->arena, &row, kind_of(request->jobs, &row), JOB_CANCELLED, request->actor, NULL,
        "CancelledError",
        row.state == JOB_WAITING ? "cancelled while it waited" : "cancelled before it ran", error);
}

gboolean jobs_cancel(Jobs *jobs, const char *id, const char *actor, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Ask request = {.jobs = jobs, .arena = arena, .id = id, .actor = actor};

    if (!db_write(jobs->db, write_cancel, &request, NULL, error))
        return FALSE;
    pthread_mutex_lock(&jobs->lock);
    Job *job = g_hash_table_lookup(jobs->running, id);
    if (job && request.running)
        atomic_store(&job->cancelled, true);
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    jobs_changed(jobs, id);
    return TRUE;
}

static gboolean write_retry(DbConn *tx, void *data, GError **error)
{
    Ask *request = data;
    JobRow row;

    if (!job_load(tx, request->arena, request->id, &row, error))
        return FALSE;
    if (row.state != JOB_FAILED && row.state != JOB_CANCELLED)
        return conflict(&row, "only a failed or cancelled job can be retried", error);
    const JobKind *kind = kind_of(request->jobs, &row);

    if (kind && kind->retried && !kind->retried(tx, row.id, kind->data, error))
        return FALSE;
    return (!request->sealed || job_put_secrets(tx, row.id, request->sealed, error)) &&
           job_move_to_queued(tx, request->arena, &row, request->actor, "retry", error);
}

gboolean jobs_retry_in(DbConn *tx, Jobs *jobs, Arena *arena, const char *id, const char *actor,
                       GError **error)
{
    return write_retry(tx, &(Ask){.jobs = jobs, .arena = arena, .id = id, .actor = actor}, error);
}

gboolean jobs_retry(Jobs *jobs, const char *id, const char *actor, GHashTable *secrets,
                    GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GBytes) sealed = NULL;

    if (secrets && g_hash_table_size(secrets) > 0 &&
        !(sealed = job_seal_secrets(jobs, id, secrets, error)))
        return FALSE;
    Ask request = {.jobs = jobs, .arena = arena, .id = id, .actor = actor, .sealed = sealed};
    if (!db_write(jobs->db, write_retry, &request, NULL, error))
        return FALSE;
    jobs_changed(jobs, id);
    return TRUE;
}

static gboolean write_answer(DbConn *tx, void *data, GError **error)
{
    Ask *request = data;
    Arena *arena = request->arena;
    JobRow row;

    if (!job_load(tx, arena, request->id, &row, error))
        return FALSE;
    if (row.state != JOB_WAITING)
        return conflict(&row, "it asks nothing", error);
    if (!job_step_answer(tx, row.id, row.waiting_step, request->answer, request->output, error))
        return FALSE;
    const char *reason = arena_printf(arena, "step %s: %s", row.waiting_step, request->answer);
    if (!g_str_equal(request->answer, "fail"))
        return job_move_to_queued(tx, arena, &row, request->actor, reason, error);
    return job_move_to_end(
        tx, arena, &row, kind_of(request->jobs, &row), JOB_FAILED, request->actor, NULL, "Error",
        arena_printf(arena, "step %s was interrupted; %s said that it failed", row.waiting_step,
                     request->actor ? request->actor : "somebody"),
        error);
}

gboolean jobs_answer(Jobs *jobs, const char *id, const char *answer, const Value *output,
                     const char *actor, GError **error)
{
    static const char *const answers[] = {"done", "repeat", "fail", NULL};
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    if (!answer || !g_strv_contains(answers, answer)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "an answer is done, repeat or fail");
        return FALSE;
    }
    Ask request = {
        .jobs = jobs, .arena = arena, .id = id, .actor = actor, .answer = answer, .output = output};
    if (!db_write(jobs->db, write_answer, &request, NULL, error))
        return FALSE;
    jobs_changed(jobs, id);
    return TRUE;
}

gboolean jobs_resume(DbConn *tx, Arena *arena, const char *id, const char *step, const char *actor,
                     const char *reason, gboolean *resumed, GError **error)
{
    JobRow row;

    if (!job_load(tx, arena, id, &row, error))
        return FALSE;
    *resumed = row.state == JOB_WAITING && g_strcmp0(row.waiting_step, step) == 0;
    return !*resumed || job_move_to_queued(tx, arena, &row, actor, reason, error);
}

/* ---- waiting ---- */

const char *jobs_wait(Jobs *jobs, Arena *arena, const char *id, Job *waiter, int timeout_ms,
                      GError **error)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : clock_monotonic_ms() + timeout_ms;

    for (;;) {
        pthread_mutex_lock(&jobs->lock);
        uint64_t changes = jobs->changes;
        pthread_mutex_unlock(&jobs->lock);

        g_autoptr(Arena) look = arena_new(ARENA_REQUEST_BYTES);
        JobRow row;
        if (!job_load(db_reader(jobs->db), look, id, &row, error))
            return NULL;
        int64_t now = clock_monotonic_ms();
        if (job_state_is_terminal(row.state) || now >= until)
            return arena_strdup(arena, job_state_name(row.state));
        if (waiter && job_cancelled(waiter)) {
            g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "cancelled while waiting for job %s",
                        id);
            return NULL;
        }
        pthread_mutex_lock(&jobs->lock);
        if (jobs->changes == changes)
            jobs_wait_changed(jobs, MIN(until, now + 500));
        pthread_mutex_unlock(&jobs->lock);
    }
}

/* ---- inside a job's function ---- */

const char *job_id(const Job *job)
{
    return job->id;
}

const char *job_actor(const Job *job)
{
    return job->actor;
}

const char *job_subject(const Job *job)
{
    return job->subject;
}

int job_attempt(const Job *job)
{
    return (int)job->attempt;
}

const Value *job_payload(const Job *job)
{
    return job->payload;
}

const char *job_secret(const Job *job, const char *name)
{
    return g_hash_table_lookup(job->secrets, name);
}

GHashTable *job_secrets(const Job *job)
{
    return job->secrets;
}

typedef struct {
    const char *id;
    GBytes *sealed;
} SecretWrite;

static gboolean write_secrets(DbConn *tx, void *data, GError **error)
{
    const SecretWrite *write = data;

    return job_put_secrets(tx, write->id, write->sealed, error);
}

gboolean job_secret_keep(Job *job, const char *name, const char *value, GError **error)
{
    g_hash_table_insert(job->secrets, g_strdup(name), g_strdup(value));
    job_mask(job, value);
    g_autoptr(GBytes) sealed = job_seal_secrets(job->jobs, job->id, job->secrets, error);
    SecretWrite write = {job->id, sealed};

    return sealed && job_write(job, write_secrets, &write, error);
}

Arena *job_arena(Job *job)
{
    return job->arena;
}

Db *job_db(Job *job)
{
    return job->jobs->db;
}

Jobs *job_jobs(Job *job)
{
    return job->jobs;
}

const char *job_folder(Job *job)
{
    return job->folder;
}

gboolean job_cancelled(Job *job)
{
    return atomic_load(&job->cancelled) || atomic_load(&job->lost) || job_stopping(job);
}

gboolean job_stopping(Job *job)
{
    return atomic_load(&job->jobs->stopping);
}
