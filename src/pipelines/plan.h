/* The graph of one run, in memory: which jobs there are, which may begin, what became of them.
 *
 * Pure: the store reads a run, the planner moves it on, the store writes what changed. A node is a
 * job, a call of a reusable workflow, or a matrix; calls and matrices hold the nodes made of them.
 * A node's state goes pending → queued → in_progress → completed; a call and a matrix know no
 * queued. */
#pragma once
#include "formats/value.h"
#include <glib.h>

typedef enum { NODE_IS_JOB, NODE_IS_CALL, NODE_IS_MATRIX } NodeKind;
typedef enum { NODE_PENDING, NODE_QUEUED, NODE_IN_PROGRESS, NODE_COMPLETED } NodeState;
typedef enum {
    CONCLUSION_NONE,
    CONCLUSION_SUCCESS,
    CONCLUSION_FAILURE,
    CONCLUSION_CANCELLED,
    CONCLUSION_SKIPPED
} Conclusion;

/* Strings and values live in the arena of the run. */
typedef struct RunNode {
    const char *id;
    struct RunNode *parent; /* the call or matrix it belongs to; NULL at the top */
    struct RunNode *scope;  /* the call whose workflow it is a job of; NULL: the run's own */
    NodeKind kind;
    int position;
    const char *workflow, *job; /* its definition: a key of the plan's workflows, a job's id */
    const char *key, *name;
    const Value *matrix, *strategy; /* of this combination; NULL */
    const Value *inputs;            /* of a call, once it began */
    const Value *outputs;
    NodeState state;
    Conclusion conclusion;
    gboolean tolerated; /* continue-on-error: a failure counts as success for the others */
    const char *queue_job, *environment, *concurrency, *error;
    const char *report; /* JSON of what the job left: annotations and summary; NULL */
    int64_t started_at, ended_at;
    gboolean is_new, is_changed, begins, stops; /* what the planner asks of its caller */
} RunNode;

typedef struct {
    Arena *arena;
    const char *id, *owner, *name, *workflow_name, *workflow_path, *event, *ref, *sha, *actor,
        *cause, *title, *concurrency;
    int64_t number, attempt, created_at, started_at, ended_at;
    const Value *commit, *payload, *inputs, *errors;
    const Value *plan; /* {workflows: {key: {repository, path, ref, sha, workflow, calls: {job:
                          key}}}}; the run's own has the key "" */
    const Value *github, *vars; /* contexts for expressions; the caller sets them */
    NodeState state;
    Conclusion conclusion;
    gboolean is_cancelled, is_changed;
    RunNode **nodes; /* in order */
    guint node_count, node_room;
} Run;

void run_add_node(Run *run, RunNode *node);

const char *node_state_name(NodeState state);       /* "queued" for pending */
const char *conclusion_name(Conclusion conclusion); /* NULL for none */
NodeState node_state_of(const char *name);
Conclusion conclusion_of(const char *name);

/* The definition of a node's job; the workflow it stands in. */
const Value *run_job(const Run *run, const RunNode *node);
const Value *run_workflow(const Run *run, const char *key);

/* Makes the nodes of a fresh run. ERROR_INPUT where it gets too many. */
gboolean run_expand(Run *run, GError **error);

/* Moves everything on that can move: nodes that get `begins` are to be given to the queue, those
 * that get `stops` to be cancelled there. Times are set to now. */
void run_advance(Run *run, int64_t now);
/* A job has ended; then run_advance(). */
void run_job_ended(Run *run, RunNode *node, Conclusion conclusion, int64_t now);
/* Puts nodes back to pending for another attempt: all, or what did not succeed and what needs it.
 */
void run_reset(Run *run, gboolean failed_only);

/* The `needs` and `inputs` contexts of a node; keys of the jobs it waits for, as a reader of the
 * graph sees them. */
const Value *run_needs(const Run *run, const RunNode *node);
const Value *run_inputs(const Run *run, const RunNode *node);
const Value *run_needs_keys(const Run *run, const RunNode *node);
