/* Claiming, running and ending jobs. One scheduler thread claims; each running job has a thread. */
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/failpoint.h"
#include "spine/folder.h"
#include "spine/jobs_internal.h"
#include <errno.h>
#include <string.h>

#define RUNNING_MAX 128 /* on one node */
#define RENEW_MS 15000
#define TIDY_MS 600000
#define FOLDER_KEPT_MS ((int64_t)24 * 3600 * 1000)
#define END_TRIES 5

/* ---- ending ---- */

typedef struct {
    Job *job;
    const JobKind *kind; /* NULL: ended is not called */
    JobState state;
    const Value *output;
    const char *error_name, *error_message;
} End;

static gboolean write_end(DbConn *tx, void *data, GError **error)
{
    End *end = data;
    Job *job = end->job;
    JobRow row;

    if (!job_load(tx, job->arena, job->id, &row, error))
        return FALSE;
    if (end->state == JOB_QUEUED)
        return job_move_to_queued(tx, job->arena, &row, NULL, "the server stops", error);
    return job_move_to_end(tx, job->arena, &row, end->kind, end->state, row.cancel_actor,
                           end->output, end->error_name, end->error_message, error);
}

/* An `ended` that fails keeps its job from ending; after some tries the job fails without it. */
static void end(End *end)
{
    Job *job = end->job;

    for (guint try = 0; try <= END_TRIES; try++) {
        g_autoptr(GError) error = NULL;

        if (atomic_load(&job->lost) || job_write(job, write_end, end, &error))
            return;
        if (g_error_matches(error, PAVE_ERROR, ERROR_CANCELLED))
            return;
        g_warning("job %s (%s) cannot end: %s", job->id, job->slot->kind.name, error->message);
        if (try + 1 == END_TRIES) {
            end->kind = NULL;
            end->state = JOB_FAILED;
            end->output = NULL;
            end->error_name = "Error";
            end->error_message = arena_strdup(job->arena, error->message);
        }
        g_usleep(100000UL << try);
    }
}

static void end_with_error(End *end, const GError *error)
{
    Job *job = end->job;
    gboolean cancelled = g_error_matches(error, PAVE_ERROR, ERROR_CANCELLED);
    g_autofree char *masked = job_output_mask(job->output, error->message);

    end->error_name = error_name(error);
    end->error_message = arena_strdup(job->arena, masked);
    if (atomic_load(&job->cancelled)) {
        end->state = JOB_CANCELLED;
        end->error_name = "CancelledError";
    } else if (cancelled) {
        end->state = job_stopping(job) ? JOB_QUEUED : JOB_CANCELLED;
    } else {
        end->state = JOB_FAILED;
        job_print(job, NULL, "error", "%s", masked);
    }
}

/* ---- running ---- */

static void job_free(Job *job)
{
    job_output_close(job->output);
    arena_free(job->arena);
    g_hash_table_unref(job->secrets);
    g_free(job->id);
    g_free(job->actor);
    g_free(job->subject);
    g_free(job->folder);
    g_free(job);
}

static void run(Job *job)
{
    const JobKind *kind = &job->slot->kind;
    g_autoptr(GError) error = NULL;
    const Value *output = NULL;
    End ending = {.job = job, .kind = kind, .state = JOB_SUCCEEDED};

    if (kind->run(job, &output, &error, kind->data)) {
        g_assert(!error);
        ending.output = output;
    } else {
        g_assert(error);
        if (job->waiting)
            return;
        end_with_error(&ending, error);
    }
    job_output_close(g_steal_pointer(&job->output)); /* whoever sees the end sees all lines */
    failpoint("end", job->slot->kind.name);
    end(&ending);
}

static void *run_thread(void *data)
{
    Job *job = data;
    Jobs *jobs = job->jobs;
    g_autofree char *id = g_strdup(job->id);
    JobSlot *slot = job->slot;

    run(job);
    pthread_mutex_lock(&jobs->lock);
    /* A job that waited and was answered at once may run again already. */
    if (g_hash_table_lookup(jobs->running, id) == job)
        g_hash_table_remove(jobs->running, id);
    pthread_mutex_unlock(&jobs->lock);
    job_free(job);
    jobs_changed(jobs, id);
    /* Nothing of jobs may be touched after this: jobs_stop() may return. */
    pthread_mutex_lock(&jobs->lock);
    slot->running--;
    jobs->active--;
    jobs->woken = TRUE;
    jobs->changes++;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

static gboolean prepare(Job *job, const JobRow *row, GError **error)
{
    Jobs *jobs = job->jobs;
    g_autofree char *folder = g_build_filename(jobs->folder, row->id, NULL);
    GHashTableIter iter;
    gpointer value;

    job->folder = g_build_filename(folder, "files", NULL);
    if (g_mkdir_with_parents(job->folder, 0700) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s: %s", job->folder,
                    g_strerror(errno));
        return FALSE;
    }
    if (!(job->output = job_output_open(folder, error)) ||
        !(job->payload = json_parse(job->arena, row->payload, -1, error)))
        return FALSE;
    GHashTable *secrets = job_load_secrets(jobs, row->id, error);
    if (!secrets)
        return FALSE;
    g_hash_table_unref(job->secrets);
    job->secrets = secrets;
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        job_mask(job, value);
    return TRUE;
}

static void start_thread(Job *job)
{
    pthread_attr_t detached;
    pthread_t thread;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, 4 << 20); /* room for recursive engines */
    g_assert(pthread_create(&thread, &detached, run_thread, job) == 0);
    pthread_attr_destroy(&detached);
}

/* A claimed job gets its thread; one that cannot even be prepared fails at once. */
static void start(Jobs *jobs, JobSlot *slot, const JobRow *row)
{
    g_autoptr(GError) error = NULL;
    Job *job = g_new0(Job, 1);

    job->jobs = jobs;
    job->slot = slot;
    job->id = g_strdup(row->id);
    job->actor = g_strdup(row->actor);
    job->subject = g_strdup(row->subject);
    job->attempt = row->attempt;
    atomic_init(&job->cancelled, row->cancel_asked);
    job->arena = arena_new(ARENA_STEP_BYTES);
    job->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!prepare(job, row, &error)) {
        End ending = {.job = job,
                      .kind = &slot->kind,
                      .state = JOB_FAILED,
                      .error_name = error_name(error),
                      .error_message = error->message};
        end(&ending);
        job_free(job);
        jobs_changed(jobs, row->id);
        return;
    }
    pthread_mutex_lock(&jobs->lock);
    g_hash_table_replace(jobs->running, job->id, job);
    slot->running++;
    jobs->active++;
    pthread_mutex_unlock(&jobs->lock);
    start_thread(job);
    jobs_changed(jobs, row->id);
}

/* ---- claiming ---- */

typedef struct {
    Jobs *jobs;
    JobSlot *slot;
    Arena *arena;
    guint limit;
    GArray *claimed; /* JobRow */
} Claim;

static gboolean write_claim(DbConn *tx, void *data, GError **error)
{
    Claim *claim = data;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    g_array_set_size(claim->claimed, 0);
    if (!jobs_claimable(tx, claim->arena, claim->slot->kind.name, claim->limit, ids, error))
        return FALSE;
    for (guint i = 0; i < ids->len; i++) {
        JobRow row;
        if (!job_load(tx, claim->arena, g_ptr_array_index(ids, i), &row, error) ||
            !job_move_to_running(tx, claim->arena, &row, claim->jobs->node, error))
            return FALSE;
        g_array_append_val(claim->claimed, row);
    }
    return TRUE;
}

static guint free_places(Jobs *jobs, const JobSlot *slot)
{
    pthread_mutex_lock(&jobs->lock);
    guint left = RUNNING_MAX - MIN(jobs->active, RUNNING_MAX);
    if (slot->kind.concurrency)
        left = MIN(left, slot->kind.concurrency - MIN(slot->running, slot->kind.concurrency));
    pthread_mutex_unlock(&jobs->lock);
    return left;
}

static void claim_kind(Jobs *jobs, JobSlot *slot)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_autoptr(GArray) claimed = g_array_new(FALSE, FALSE, sizeof(JobRow));
    g_autoptr(GError) error = NULL;
    guint limit = MIN(free_places(jobs, slot), 16);
    Claim claim = {jobs, slot, arena, limit, claimed};

    /* A look without a transaction first: mostly there is nothing. */
    if (!limit || !jobs_claimable(db_reader(jobs->db), arena, slot->kind.name, limit, ids, NULL) ||
        !ids->len)
        return;
    if (!db_write(jobs->db, write_claim, &claim, NULL, &error)) {
        g_warning("jobs of kind %s cannot be claimed: %s", slot->kind.name, error->message);
        return;
    }
    for (guint i = 0; i < claimed->len; i++)
        start(jobs, slot, &g_array_index(claimed, JobRow, i));
}

/* ---- keeping and taking back ---- */

typedef struct {
    const char *id, *reason;
    Arena *arena;
} TakeBack;

static gboolean write_take_back(DbConn *tx, void *data, GError **error)
{
    TakeBack *take = data;
    JobRow row;

    if (!job_load(tx, take->arena, take->id, &row, error))
        return FALSE;
    return row.state != JOB_RUNNING ||
           job_move_to_queued(tx, take->arena, &row, NULL, take->reason, error);
}

static gboolean runs_here(Jobs *jobs, const char *id)
{
    pthread_mutex_lock(&jobs->lock);
    gboolean here = g_hash_table_contains(jobs->running, id);
    pthread_mutex_unlock(&jobs->lock);
    return here;
}

/* lease_before 0: all of this node's. */
static void take_back(Jobs *jobs, int64_t lease_before, const char *reason)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    jobs_running_of(db_reader(jobs->db), arena, jobs->node, lease_before, ids, NULL);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) error = NULL;
        TakeBack take = {g_ptr_array_index(ids, i), reason, arena};
        if (!runs_here(jobs, take.id) && !db_write(jobs->db, write_take_back, &take, NULL, &error))
            g_warning("job %s cannot be taken back: %s", take.id, error->message);
    }
}

void jobs_take_back(Jobs *jobs)
{
    take_back(jobs, 0, "the server was restarted");
}

typedef struct {
    const char *id;
    int64_t attempt;
    gboolean held;
} Renewal;

static gboolean write_renewals(DbConn *tx, void *data, GError **error)
{
    GArray *renewals = data;

    for (guint i = 0; i < renewals->len; i++) {
        Renewal *renewal = &g_array_index(renewals, Renewal, i);
        if (!job_renew_lease(tx, renewal->id, renewal->attempt, &renewal->held, error))
            return FALSE;
    }
    return TRUE;
}

static void renew_leases(Jobs *jobs)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GArray) renewals = g_array_new(FALSE, FALSE, sizeof(Renewal));
    GHashTableIter iter;
    gpointer item;

    pthread_mutex_lock(&jobs->lock);
    g_hash_table_iter_init(&iter, jobs->running);
    while (g_hash_table_iter_next(&iter, NULL, &item)) {
        const Job *job = item;
        Renewal renewal = {arena_strdup(arena, job->id), job->attempt, TRUE};
        g_array_append_val(renewals, renewal);
    }
    pthread_mutex_unlock(&jobs->lock);
    if (!renewals->len || !db_write(jobs->db, write_renewals, renewals, NULL, NULL))
        return;
    pthread_mutex_lock(&jobs->lock);
    for (guint i = 0; i < renewals->len; i++) {
        const Renewal *renewal = &g_array_index(renewals, Renewal, i);
        Job *job = g_hash_table_lookup(jobs->running, renewal->id);
        if (job && job->attempt == renewal->attempt && !renewal->held)
            atomic_store(&job->lost, true);
    }
    pthread_mutex_unlock(&jobs->lock);
}

/* Cancellations that another node took. */
static void hear_cancellations(Jobs *jobs)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    jobs_asked_to_stop(db_reader(jobs->db), arena, jobs->node, ids);
    pthread_mutex_lock(&jobs->lock);
    for (guint i = 0; i < ids->len; i++) {
        Job *job = g_hash_table_lookup(jobs->running, g_ptr_array_index(ids, i));
        if (job)
            atomic_store(&job->cancelled, true);
    }
    pthread_mutex_unlock(&jobs->lock);
}

/* ---- tidying ---- */

static gboolean write_removed(DbConn *tx, void *data, GError **error)
{
    return job_folder_is_removed(tx, data, error);
}

static void remove_old_folders(Jobs *jobs)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    jobs_with_old_folder(db_reader(jobs->db), arena, clock_now_ms() - FOLDER_KEPT_MS, ids);
    for (guint i = 0; i < ids->len && !atomic_load(&jobs->stopping); i++) {
        char *id = g_ptr_array_index(ids, i);
        g_autofree char *folder = g_build_filename(jobs->folder, id, "files", NULL);
        if (folder_remove(folder, NULL))
            db_write(jobs->db, write_removed, id, NULL, NULL);
    }
}

/* ---- the scheduler ---- */

static void claim_all(Jobs *jobs)
{
    if (!jobs_any_queued(db_reader(jobs->db)))
        return;
    for (guint i = 0; i < jobs->slots->len && !atomic_load(&jobs->stopping); i++)
        claim_kind(jobs, g_ptr_array_index(jobs->slots, i));
}

static void wait_for_work(Jobs *jobs, int64_t until)
{
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->woken && !atomic_load(&jobs->stopping) && clock_monotonic_ms() < until)
        jobs_wait_changed(jobs, until);
    jobs->woken = FALSE;
    pthread_mutex_unlock(&jobs->lock);
}

static gboolean is_due(int64_t *next, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();

    if (now < *next)
        return FALSE;
    *next = now + interval_ms;
    return TRUE;
}

void *jobs_schedule(void *data)
{
    Jobs *jobs = data;
    gboolean shared = db_is_postgres(jobs->db); /* there may be other nodes */
    int64_t renew = 0, tidy = 0, hear = 0;

    while (!atomic_load(&jobs->stopping)) {
        claim_all(jobs);
        if (is_due(&renew, RENEW_MS)) {
            renew_leases(jobs);
            take_back(jobs, db_now_ms(db_reader(jobs->db)), "its lease is over");
        }
        if (shared && is_due(&hear, 500))
            hear_cancellations(jobs);
        if (is_due(&tidy, TIDY_MS))
            remove_old_folders(jobs);
        wait_for_work(jobs, clock_monotonic_ms() + (shared ? 500 : 1000));
    }
    return NULL;
}
