/* What the files of approvals share: a row, and its SQL. */
#pragma once
#include "scaffolder/tasks/approvals.h"

#include <pthread.h>

struct Approvals {
    Db *db;
    Jobs *jobs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t timer;
    bool asked, stopping; /* under the lock */
};

typedef struct {
    const char *id, *job, *step, *intent, *step_name, *title, *subject, *message;
    const Value *owners;
    int64_t required;
    bool self_approval;
    const char *requested_by;
    int64_t requested_at, expires_at;
    const char *state, *decided_by, *reason;
    int64_t decided_at;
} ApprovalRow;

gboolean approval_insert(DbConn *tx, const ApprovalRow *row, GError **error);
/* ERROR_NOT_FOUND. */
gboolean approval_load(DbConn *conn, Arena *arena, const char *id, ApprovalRow *row,
                       GError **error);
/* The newest of a step's; row->id is NULL where it asked nothing yet. */
gboolean approval_load_of(DbConn *conn, Arena *arena, const char *intent, ApprovalRow *row,
                          GError **error);
/* ApprovalRow in arena into rows, newest first. */
gboolean approval_rows(DbConn *conn, Arena *arena, const char *state, const char *job, guint limit,
                       GPtrArray *rows, GError **error);
/* Those nobody decided until now; *next is when the next one is due, 0: none is. */
gboolean approval_rows_due(DbConn *conn, Arena *arena, int64_t now, GPtrArray *rows, int64_t *next,
                           GError **error);
/* ERROR_CONFLICT where actor has voted before. */
gboolean approval_vote(DbConn *tx, const ApprovalRow *row, const char *actor, const char *decision,
                       const char *reason, GError **error);
/* [{by, decision, reason, at}], in order. */
const Value *approval_votes(DbConn *conn, Arena *arena, const char *id, GError **error);
/* A pending one gets its last state, which the log is told. */
gboolean approval_finish(DbConn *tx, Arena *arena, ApprovalRow *row, const char *state,
                         const char *actor, const char *reason, GError **error);
void approval_event(DbConn *tx, Arena *arena, const ApprovalRow *row, const char *verb,
                    const char *actor, const char *reason);
