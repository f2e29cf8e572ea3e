/* What the files of the queue share. */
#pragma once
#include "spine/jobs.h"
#include <pthread.h>
#include <stdatomic.h>

#define JOB_LEASE_MS 60000

typedef enum {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_WAITING,
    JOB_SUCCEEDED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_STATES
} JobState;

const char *job_state_name(JobState state);
gboolean job_state_is_terminal(JobState state);
gboolean job_state_may_go(JobState from, JobState to);
/* Asserts that the move is one of the table's. */
void job_state_check(JobState from, JobState to);

/* ---- jobs.c ---- */

typedef struct {
    JobKind kind;
    guint running;
} JobSlot;

typedef struct {
    void (*notify)(const char *job_id, void *data);
    void *data;
} JobListener;

#define JOB_LISTENERS_MAX 8

/* Never call the database with the lock held: a commit takes it. */
struct Jobs {
    Db *db;
    Events *events;
    Secrets *secrets;
    char *folder; /* <data>/jobs */
    char *node;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    GPtrArray *slots;    /* JobSlot */
    GHashTable *running; /* id → Job, on this node */
    guint active;        /* threads of jobs, also those that are just ending */
    JobListener listeners[JOB_LISTENERS_MAX];
    guint listener_count;
    uint64_t changes; /* counts what jobs_wait() may want to look at */
    gboolean started, woken;
    atomic_bool stopping;
    pthread_t scheduler;
};

typedef struct JobOutput JobOutput;

struct Job {
    Jobs *jobs;
    JobSlot *slot;
    char *id, *actor, *subject;
    int64_t attempt;
    const Value *payload;
    GHashTable *secrets;
    Arena *arena;
    char *folder;
    JobOutput *output;
    atomic_bool cancelled, lost;
    gboolean waiting; /* a step asked a person; the job has left the running state */
};

/* After a commit: wakes waiters, listeners and the scheduler. */
void jobs_changed(Jobs *jobs, const char *id);
/* Waits for the next change, at most until (monotonic ms). The lock is held. */
void jobs_wait_changed(Jobs *jobs, int64_t until_ms);

/* ---- jobs_schedule.c ---- */
void *jobs_schedule(void *jobs);
/* Queues again what this node was running when it died. */
void jobs_take_back(Jobs *jobs);

/* ---- jobs_store.c ---- all SQL of table job */

typedef struct {
    const char *id, *kind, *subject, *title, *actor, *cause, *payload, *waiting_step;
    JobState state;
    int64_t attempt;
    gboolean cancel_asked;
    const char *cancel_actor;
} JobRow;

gboolean job_load(DbConn *conn, Arena *arena, const char *id, JobRow *row, GError **error);
/* Moves a job and writes the event of its new state. Each asserts the move. */
gboolean job_move_to_running(DbConn *tx, Arena *arena, JobRow *row, const char *node,
                             GError **error);
gboolean job_move_to_queued(DbConn *tx, Arena *arena, JobRow *row, const char *actor,
                            const char *reason, GError **error);
gboolean job_move_to_waiting(DbConn *tx, Arena *arena, JobRow *row, const char *step,
                             const char *question, GError **error);
/* Terminal: calls ended, marks open steps interrupted, deletes the secrets. */
gboolean job_move_to_end(DbConn *tx, Arena *arena, JobRow *row, const JobKind *kind, JobState state,
                         const char *actor, const Value *output, const char *error_name,
                         const char *error_message, GError **error);
gboolean job_ask_cancel(DbConn *tx, const char *id, const char *actor, GError **error);
gboolean job_put_secrets(DbConn *tx, const char *id, GBytes *sealed, GError **error);
/* Ids of what could be claimed of kind now, oldest first, in arena. */
gboolean jobs_claimable(DbConn *conn, Arena *arena, const char *kind, guint limit, GPtrArray *ids,
                        GError **error);
gboolean jobs_any_queued(DbConn *conn);
/* Running jobs of node, or (lease_before not 0) of any node whose lease ended before that. */
gboolean jobs_running_of(DbConn *conn, Arena *arena, const char *node, int64_t lease_before,
                         GPtrArray *ids, GError **error);
gboolean jobs_asked_to_stop(DbConn *conn, Arena *arena, const char *node, GPtrArray *ids);
/* FALSE (without error) where the job is no longer this attempt's. */
gboolean job_is_held(DbConn *tx, const char *id, int64_t attempt);
gboolean job_renew_lease(DbConn *tx, const char *id, int64_t attempt, gboolean *held,
                         GError **error);
/* Jobs whose folder may go. */
gboolean jobs_with_old_folder(DbConn *conn, Arena *arena, int64_t ended_before, GPtrArray *ids);
gboolean job_folder_is_removed(DbConn *tx, const char *id, GError **error);

/* A hash table of text as one sealed blob bound to the job, and back. */
GBytes *job_seal_secrets(Jobs *jobs, const char *id, GHashTable *secrets, GError **error);
GHashTable *job_load_secrets(Jobs *jobs, const char *id, GError **error);
void job_show_time(Arena *arena, Value *object, const char *key, DbRows *rows, int column);

/* ---- job_steps.c ---- */
gboolean job_steps_interrupt(DbConn *tx, const char *job, GError **error);
gboolean job_step_answer(DbConn *tx, const char *job, const char *step, const char *answer,
                         const Value *output, GError **error);
gboolean job_steps_to_value(DbConn *conn, Arena *arena, const char *job, Value *array,
                            GError **error);

/* ---- job_output.c ---- */
JobOutput *job_output_open(const char *folder, GError **error);
void job_output_close(JobOutput *output);
char *job_output_mask(JobOutput *output, const char *text);
