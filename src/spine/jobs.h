/* The one queue. Everything that takes time is a durable job with steps, live output, cancel and
 * retry.
 *
 * A job's function runs on a worker thread and may run again after a crash, from its start: it asks
 * job_step_open() for each step, which tells what became of it. A finished step never runs again.
 * Every write of a job is guarded by its attempt number, so that a worker that lost its lease can
 * write nothing (ERROR_CANCELLED then).
 *
 * Job states: queued → running → succeeded | failed | cancelled; running → waiting (asks a person)
 * → queued; failed | cancelled → queued (retry). A waiting job has no worker. */
#pragma once
#include "formats/value.h"
#include "spine/db.h"
#include "spine/events.h"
#include "spine/secrets.h"

typedef struct Jobs Jobs;
typedef struct Job Job; /* a running job, in its function */

/* What to do with an intent that has no checkpoint, after a crash between the two. */
typedef enum {
    RECOVERY_REPEAT, /* it touches only the workspace: do it again */
    RECOVERY_PROBE,  /* the effect carries the intent's id: look for it, found means done */
    RECOVERY_ASK     /* the job waits for a person and says why */
} StepRecovery;

typedef enum {
    STEP_FRESH,       /* not begun: do it */
    STEP_INTERRUPTED, /* begun by an attempt that died: repeat or probe (intent_id is the same as
                         then) */
    STEP_DONE,        /* finished: use its output */
    STEP_SKIPPED,     /* finished as skipped */
} StepState;

typedef struct {
    StepState state;
    const char *intent_id; /* stable over attempts; unique over all jobs */
    const Value *output;   /* of a finished step, in the job's arena */
    const char
        *workspace_tree; /* git tree of the workspace after the step; NULL where none was given */
} JobStep;

/* A kind of job. */
typedef struct {
    const char *name; /* "scaffolder.task" */
    /* Runs the job. TRUE: succeeded, *output (in job_arena()) is kept. FALSE: failed with error;
     * ERROR_CANCELLED: cancelled or, while the server is stopping, put back to the queue. */
    gboolean (*run)(Job *job, const Value **output, GError **error, void *data);
    /* In the transaction of each change to a terminal state; may be NULL. State is "succeeded",
     * "failed" or "cancelled". */
    gboolean (*ended)(DbConn *tx, const char *job_id, const char *state, void *data,
                      GError **error);
    void *data;
    guint concurrency; /* of this kind at once on this node; 0: unbounded by kind */
    /* In the transaction of a retry; may be NULL. FALSE with error refuses it. */
    gboolean (*retried)(DbConn *tx, const char *job_id, void *data, GError **error);
} JobKind;

typedef struct {
    const char *id; /* NULL: a new UUIDv7. Submitting an id that exists does nothing */
    const char *kind;
    const char *subject;   /* what it is about: "template:default/new-microservice" */
    const char *title;     /* for people */
    const char *actor;     /* principal ref that asked */
    const char *cause;     /* event or job id */
    const char *after_job; /* not claimed before that job has ended; NULL */
    const char *queue_key; /* jobs with the same key run one after the other; NULL */
    const Value *payload;
    GHashTable *secrets; /* name → value; sealed, deleted when the job ends; NULL */
} JobSpec;

Jobs *jobs_new(Db *db, Events *events, Secrets *secrets, const char *data_folder, const char *node);
void jobs_free(Jobs *jobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jobs, jobs_free)

void jobs_register(Jobs *jobs, const JobKind *kind); /* before start; copied */
/* Takes back the jobs this node was running when it died, then starts the workers. */
void jobs_start(Jobs *jobs);
/* Running functions see job_cancelled() with job_stopping(); children under a shim are left alone,
 * the job is queued again. */
void jobs_stop(Jobs *jobs);

/* Writes the job and its dev.pave.jobs.job.queued event into the transaction; the id, in arena. */
const char *jobs_submit(DbConn *tx, Jobs *jobs, Arena *arena, const JobSpec *spec, GError **error);

/* One job, as
 * {id,kind,subject,title,actor,cause,state,attempt,payload,output,error:{name,message},createdAt,startedAt,
 * endedAt, waitingFor, steps:[{id,name,state,startedAt,endedAt,output,error}]} in arena;
 * ERROR_NOT_FOUND. */
const Value *jobs_get(DbConn *conn, Arena *arena, const char *id, GError **error);
/* The same, newest first, without payload and steps. Any filter may be NULL. */
const Value *jobs_list(DbConn *conn, Arena *arena, const char *kind, const char *subject,
                       const char *state, guint limit, guint offset, GError **error);

/* Calls each with how many jobs of a kind are in a state. */
typedef void (*JobsCountFn)(const char *kind, const char *state, int64_t count, void *data);
gboolean jobs_count(DbConn *conn, JobsCountFn each, void *data, GError **error);

typedef enum {
    JOBS_NEWEST,
    JOBS_OLDEST,
    JOBS_BY_ACTOR,
    JOBS_BY_ACTOR_DOWN,
    JOBS_BY_STATE, /* by the names Backstage has for them: completed, failed, open, … */
    JOBS_BY_STATE_DOWN
} JobOrder;

typedef struct {
    const char *kind;
    const char *subject;                       /* NULL: any */
    const char *const *actors, *const *states; /* ended by NULL; NULL or empty: all */
    JobOrder order;
    guint limit, offset;
} JobQuery;

/* The ids of one page of jobs; *total gets how many there are. Free with g_ptr_array_unref(). */
GPtrArray *jobs_find(DbConn *conn, const JobQuery *query, int64_t *total, GError **error);

/* Asks a running job to stop; a queued one is cancelled at once. ERROR_CONFLICT where it has ended.
 */
gboolean jobs_cancel(Jobs *jobs, const char *id, const char *actor, GError **error);
/* A failed or cancelled job goes on from the step that failed. ERROR_CONFLICT otherwise. secrets
 * may be NULL. */
gboolean jobs_retry(Jobs *jobs, const char *id, const char *actor, GHashTable *secrets,
                    GError **error);
/* The same in a transaction of the caller's. */
gboolean jobs_retry_in(DbConn *tx, Jobs *jobs, Arena *arena, const char *id, const char *actor,
                       GError **error);
/* Answers what a job asked about an interrupted step: "done" (the effect is there; output may be
 * given), "repeat" or "fail". ERROR_CONFLICT where a step asked by job_step_wait(): whoever asked
 * takes the answer. */
gboolean jobs_answer(Jobs *jobs, const char *id, const char *answer, const Value *output,
                     const char *actor, GError **error);
/* In the transaction of the answer to job_step_wait(): the job goes on. *resumed is FALSE where it
 * does not wait at that step any more. */
gboolean jobs_resume(DbConn *tx, Arena *arena, const char *id, const char *step, const char *actor,
                     const char *reason, gboolean *resumed, GError **error);
/* Blocks until the job has ended, or timeout_ms (-1: for ever), or job_cancelled(waiter). Its state
 * ("succeeded", …) in arena. */
const char *jobs_wait(Jobs *jobs, Arena *arena, const char *id, Job *waiter, int timeout_ms,
                      GError **error);

/* ---- inside a job's function ---- */

const char *job_id(const Job *job);
const char *job_actor(const Job *job);
const char *job_subject(const Job *job);
int job_attempt(const Job *job);
const Value *job_payload(const Job *job);
const char *job_secret(const Job *job, const char *name); /* NULL where absent */
GHashTable *job_secrets(const Job *job);                  /* name → value */
/* Adds one that the job came by, sealed with the others until it ends. */
gboolean job_secret_keep(Job *job, const char *name, const char *value, GError **error);
Arena *job_arena(Job *job);                               /* lives as long as the run */
Db *job_db(Job *job);
Jobs *job_jobs(Job *job);
/* A folder of the job's own, kept over attempts, removed some time after the job ended. */
const char *job_folder(Job *job);
/* TRUE once it should stop: somebody cancelled it, the server stops, or its lease is lost. */
gboolean job_cancelled(Job *job);
/* The server stops: leave children under a shim alone and return ERROR_CANCELLED. */
gboolean job_stopping(Job *job);

/* Opens a step: writes its intent where it is fresh. With RECOVERY_ASK an interrupted step makes
 * the job wait: FALSE with ERROR_CANCELLED, and the function returns. id is stable over attempts,
 * name is for people. */
gboolean job_step_open(Job *job, const char *id, const char *name, StepRecovery recovery,
                       JobStep *step, GError **error);
/* An open step asks people: the job leaves its worker and waits, for days if need be. write (may be
 * NULL) keeps the question in the same transaction. Never TRUE: with ERROR_CANCELLED the function
 * returns. jobs_resume() queues the job again, and the step opens as STEP_INTERRUPTED. */
gboolean job_step_wait(Job *job, const char *id, const char *question, DbWriteFn write, void *data,
                       GError **error);
/* The checkpoint. output may be NULL. */
gboolean job_step_finish(Job *job, const char *id, const Value *output, const char *workspace_tree,
                         GError **error);
/* The same with another write, so that both are there or neither is. */
gboolean job_step_finish_with(Job *job, const char *id, const Value *output,
                              const char *workspace_tree, DbWriteFn also, void *data,
                              GError **error);
gboolean job_step_skip(Job *job, const char *id, const char *name, const char *why, GError **error);
/* Records the failure; the step is fresh again (with the same intent id) when the job is retried.
 */
gboolean job_step_fail(Job *job, const char *id, const GError *why, GError **error);
/* A write transaction guarded by the job's attempt. */
gboolean job_write(Job *job, DbWriteFn write, void *data, GError **error);

/* Values that must never be seen: masked in every line printed afterwards (plain, base64, URL- and
 * JSON-escaped). */
void job_mask(Job *job, const char *secret);
/* A line of output under a step (NULL: the job). Levels: "info", "warning", "error", "debug", "out"
 * (a child's). */
void job_print(Job *job, const char *step, const char *level, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Raw bytes of a child: cut into lines, masked across chunk borders. job_output_flush() ends an
 * open line. */
void job_output(Job *job, const char *step, const char *bytes, gsize length);
void job_output_flush(Job *job, const char *step);

/* ---- output ---- (files with a line index; not in the log) */

/* Lines with numbers ≥ first (0-based), as [{n, t (ms), step, level, text}] in arena, at most
 * limit. *next gets the number to go on from; *ended tells that the job is over and everything was
 * read. */
const Value *jobs_output_read(Jobs *jobs, Arena *arena, const char *job_id, int64_t first,
                              guint limit, int64_t *next, gboolean *ended, GError **error);
/* Called (any thread, must not block) after lines were added or a state changed. */
void jobs_on_change(Jobs *jobs, void (*notify)(const char *job_id, void *data), void *data);
