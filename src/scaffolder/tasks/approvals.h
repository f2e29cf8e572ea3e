/* A durable step of a job asks people for their consent. Any kind of job may ask; the question and
 * what became of it are rows, so that waiting costs no worker and outlasts the server. */
#pragma once
#include "formats/value.h"
#include "spine/access.h"
#include "spine/jobs.h"

typedef struct Approvals Approvals;

/* Expires what nobody decided in time, on a thread of its own. */
Approvals *approvals_new(Db *db, Jobs *jobs);
void approvals_free(Approvals *approvals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Approvals, approvals_free)

typedef struct {
    const char *step, *intent_id; /* of the durable step, which is open */
    bool fresh;                   /* no attempt that waited: what was said before is over */
    const char *lines;            /* what its lines are printed under; NULL: the step itself */
    const char *step_name;        /* for people */
    const char *title;            /* of the job */
    const char *message;          /* what is asked */
    const char *const *owners;    /* refs of users and groups, NULL-terminated */
    guint required;               /* how many of them must approve */
    bool self_approval;           /* whoever asked for the job may approve it */
    int64_t timeout_ms;           /* 0: it waits for ever */
} ApprovalAsk;

/* Asks, or answers what was said: TRUE with {decision: "approved", approvedBy, reason, approvedAt,
 * approvals: [{by, reason, at}]} in the job's arena. ERROR_CANCELLED where nobody decided yet: the
 * job waits, and its function returns. ERROR_NOT_ALLOWED with the reason where it was rejected or
 * has expired. */
gboolean approval_ask(Approvals *approvals, Job *job, const ApprovalAsk *ask,
                      const Value **decision, GError **error);

/* In the transaction in which a job ends: what it still asks needs no answer any more. */
gboolean approvals_close(DbConn *tx, const char *job, GError **error);

typedef struct {
    const char *state;          /* "pending", "decided"; NULL: both */
    const char *job;            /* NULL: of any */
    const Principal *principal; /* who looks, for canDecide */
    bool mine;                  /* only what principal is asked */
    guint limit;
} ApprovalFilter;

/* {items: [{id, taskId, step, stepName, title, message, template, owners, required, selfApproval,
 * requestedBy, requestedAt, expiresAt, state:
 * "pending"|"approved"|"rejected"|"expired"|"cancelled", decidedBy, reason, decidedAt, approvals:
 * [{by, decision, reason, at}], canDecide}], totalItems}, newest first. */
const Value *approvals_list(Approvals *approvals, Arena *arena, const ApprovalFilter *filter,
                            GError **error);
/* One of them; ERROR_NOT_FOUND. */
const Value *approval_get(Approvals *approvals, Arena *arena, const char *id,
                          const Principal *principal, GError **error);
/* Says "approve" or "reject" (which needs a reason) for principal; the item. ERROR_NOT_ALLOWED
 * where principal is not asked, ERROR_CONFLICT where it is decided. */
const Value *approval_decide(Approvals *approvals, Arena *arena, const char *id,
                             const Principal *principal, const char *decision, const char *reason,
                             GError **error);
