/* Moving a run on: what may begin, what is passed over, what is over. */
#include "base/error.h"
#include "pipelines/plan_internal.h"
#include "pipelines/workflow.h"

#include <string.h>

#define NODES_MAX 2000

static void move(RunNode *node, NodeState state, int64_t now)
{
    static const gboolean legal[4][4] = {
        [NODE_PENDING] = {FALSE, TRUE, TRUE, TRUE},
        [NODE_QUEUED] = {FALSE, FALSE, TRUE, TRUE},
        [NODE_IN_PROGRESS] = {FALSE, FALSE, FALSE, TRUE},
    };
    g_assert(legal[node->state][state]);
    node->state = state;
    node->is_changed = TRUE;
    if (state == NODE_IN_PROGRESS && !node->started_at)
        node->started_at = now;
    if (state == NODE_COMPLETED)
        node->ended_at = now;
}

static void conclude(RunNode *node, Conclusion conclusion, int64_t now)
{
    move(node, NODE_COMPLETED, now);
    node->conclusion = conclusion;
}

/* A node that will not begin, and everything beneath it. */
static void pass_over(Run *run, RunNode *node, Conclusion conclusion, int64_t now)
{
    conclude(node, conclusion, now);
    for (guint i = 0; i < run->node_count; i++)
        if (plan_node(run, i)->state == NODE_PENDING && plan_is_beneath(plan_node(run, i), node))
            conclude(plan_node(run, i), conclusion, now);
}

static void fail(Run *run, RunNode *node, GError *why, int64_t now)
{
    node->error = arena_strdup(run->arena, why->message);
    pass_over(run, node, CONCLUSION_SKIPPED, now);
    node->conclusion = CONCLUSION_FAILURE;
}

static const char *text_of(Run *run, const Value *value, const GhexprScope *scope, GError **error)
{
    const Value *done = value_is(value, VALUE_STRING)
                            ? ghexpr_interpolate(run->arena, value_string(value, ""), scope, error)
                            : value;
    return done ? ghexpr_to_string(run->arena, done) : NULL;
}

static gboolean set_name(Run *run, RunNode *node, const GhexprScope *scope, GError **error)
{
    const Value *name = value_get(run_job(run, node), "name");
    if (!plan_has_expression(name))
        return TRUE;
    const char *text = text_of(run, name, scope, error);
    if (text && *text)
        node->name = plan_joined(run, node->scope, TRUE, text);
    return text != NULL;
}

static gboolean set_details(Run *run, RunNode *node, const GhexprScope *scope, GError **error)
{
    const Value *job = run_job(run, node);
    const Value *environment = value_get(job, "environment");
    const Value *concurrency = value_get(job, "concurrency");
    const Value *tolerated = value_get(job, "continue-on-error");
    if (value_is(environment, VALUE_OBJECT))
        environment = value_get(environment, "name");
    if (value_is(concurrency, VALUE_OBJECT))
        concurrency = value_get(concurrency, "group");
    if (environment && !(node->environment = text_of(run, environment, scope, error)))
        return FALSE;
    if (concurrency && !(node->concurrency = text_of(run, concurrency, scope, error)))
        return FALSE;
    if (tolerated) {
        const char *text = text_of(run, tolerated, scope, error);
        if (!text)
            return FALSE;
        node->tolerated = g_str_equal(text, "true");
    }
    return set_name(run, node, scope, error);
}

static gboolean begin_call(Run *run, RunNode *node, const GhexprScope *scope, GError **error)
{
    const Value *calls = value_get(plan_entry(run, node->workflow), "calls");
    const Value *callee = run_workflow(run, value_string(value_get(calls, node->job), ""));
    const Value *with = value_get(run_job(run, node), "with");
    const Value *given = with ? ghexpr_interpolate_tree(run->arena, with, scope, error) : NULL;
    if (with && !given)
        return FALSE;
    node->inputs = workflow_inputs(run->arena, value_path(callee, "on.workflow_call.inputs"), given,
                                   TRUE, error);
    return node->inputs && set_name(run, node, scope, error);
}

static gboolean has_children(const Run *run, const RunNode *node)
{
    for (guint i = 0; i < run->node_count; i++)
        if (plan_node(run, i)->parent == node)
            return TRUE;
    return FALSE;
}

static gboolean begin_matrix(Run *run, RunNode *node, const GhexprScope *scope, GError **error)
{
    if (has_children(run, node))
        return TRUE;
    const Value *matrix = value_path(run_job(run, node), "strategy.matrix");
    matrix = ghexpr_interpolate_tree(run->arena, matrix, scope, error);
    const Value *combinations = matrix ? workflow_matrix(run->arena, matrix, error) : NULL;
    guint first = run->node_count;
    if (!combinations ||
        !plan_add_combinations(run, node, combinations, plan_depth(node->scope), error))
        return FALSE;
    for (guint i = first; i < run->node_count; i++)
        plan_node(run, i)->position = node->position;
    return TRUE;
}

static void begin(Run *run, RunNode *node, const GhexprScope *scope, int64_t now)
{
    g_autoptr(GError) error = NULL;
    gboolean works = node->kind == NODE_IS_JOB    ? set_details(run, node, scope, &error)
                     : node->kind == NODE_IS_CALL ? begin_call(run, node, scope, &error)
                                                  : begin_matrix(run, node, scope, &error);
    if (!works) {
        fail(run, node, error, now);
        return;
    }
    move(node, node->kind == NODE_IS_JOB ? NODE_QUEUED : NODE_IN_PROGRESS, now);
    node->begins = node->kind == NODE_IS_JOB;
}

static gboolean needs_are_over(const Run *run, const RunNode *node)
{
    const Value *ids = value_get(run_job(run, node), "needs");
    for (guint i = 0; i < value_count(ids); i++) {
        const RunNode *need = plan_find(run, node->scope, value_string(value_item(ids, i), ""));
        if (need && need->state != NODE_COMPLETED)
            return FALSE;
    }
    return TRUE;
}

static gboolean matrix_has_room(const Run *run, const RunNode *node)
{
    int64_t active = 0, limit = value_int(value_get(node->strategy, "max-parallel"), NODES_MAX);
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *other = plan_node(run, i);
        active += other->parent == node->parent &&
                  (other->state == NODE_QUEUED || other->state == NODE_IN_PROGRESS);
    }
    return active < MAX(limit, 1);
}

/* A pending node: begin it, pass over it, or leave it. TRUE where something moved. */
static gboolean consider(Run *run, RunNode *node, int64_t now)
{
    if (node->parent && node->parent->state != NODE_IN_PROGRESS)
        return FALSE;
    if (!plan_is_top(node)) { /* a combination: its matrix has decided */
        if (run->is_cancelled) {
            pass_over(run, node, CONCLUSION_CANCELLED, now);
            return TRUE;
        }
        if (!matrix_has_room(run, node))
            return FALSE;
        GhexprScope scope = plan_scope(run, node);
        begin(run, node, &scope, now);
        return TRUE;
    }
    if (!needs_are_over(run, node))
        return FALSE;
    GhexprScope scope = plan_scope(run, node);
    g_autoptr(GError) error = NULL;
    bool wanted = false;
    if (!ghexpr_condition(run->arena, value_string(value_get(run_job(run, node), "if"), NULL),
                          &scope, &wanted, &error))
        fail(run, node, error, now);
    else if (!wanted)
        pass_over(run, node, run->is_cancelled ? CONCLUSION_CANCELLED : CONCLUSION_SKIPPED, now);
    else
        begin(run, node, &scope, now);
    return TRUE;
}

static Conclusion together(const Run *run, const RunNode *above, gboolean *over)
{
    guint count[5] = {0}, total = 0;
    *over = TRUE;
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *node = plan_node(run, i);
        if (node->parent != above)
            continue;
        *over = *over && node->state == NODE_COMPLETED;
        count[plan_result(node)]++;
        total++;
    }
    if (count[CONCLUSION_FAILURE])
        return CONCLUSION_FAILURE;
    if (count[CONCLUSION_CANCELLED])
        return CONCLUSION_CANCELLED;
    return total && count[CONCLUSION_SKIPPED] == total ? CONCLUSION_SKIPPED : CONCLUSION_SUCCESS;
}

static const Value *call_outputs(Run *run, RunNode *call)
{
    const Value *calls = value_get(plan_entry(run, call->workflow), "calls");
    const Value *callee = run_workflow(run, value_string(value_get(calls, call->job), ""));
    const Value *declared = value_path(callee, "on.workflow_call.outputs");
    Value *contexts = plan_contexts(run, call), *jobs = value_object_new(run->arena);
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *node = plan_node(run, i);
        if (node->scope != call || node->parent != call)
            continue;
        Value *job = value_object_new(run->arena);
        value_set_string(run->arena, job, "result", conclusion_name(plan_result(node)));
        value_set(run->arena, job, "outputs",
                  node->outputs ? node->outputs : value_object_new(run->arena));
        value_set(run->arena, jobs, node->job, job);
    }
    value_set(run->arena, contexts, "jobs", jobs);
    value_set(run->arena, contexts, "inputs", call->inputs);
    GhexprScope scope = {.contexts = contexts, .success = true, .file = run->workflow_path};
    Value *outputs = value_object_new(run->arena);
    for (guint i = 0; i < value_count(declared); i++) {
        const Value *value = value_get(value_value_at(declared, i), "value");
        const char *text = text_of(run, value, &scope, NULL);
        value_set_string(run->arena, outputs, value_key_at(declared, i), text ? text : "");
    }
    return outputs;
}

static const Value *matrix_outputs(Run *run, const RunNode *matrix)
{
    Value *outputs = value_object_new(run->arena);
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *node = plan_node(run, i);
        for (guint j = 0; node->parent == matrix && j < value_count(node->outputs); j++) {
            const Value *value = value_value_at(node->outputs, j);
            if (value_string_length(value) || !value_get(outputs, value_key_at(node->outputs, j)))
                value_set(run->arena, outputs, value_key_at(node->outputs, j), value);
        }
    }
    return outputs;
}

/* fail-fast: one combination failed, so the others need not go on. */
static gboolean stop_siblings(Run *run, const RunNode *failed, int64_t now)
{
    gboolean moved = FALSE;
    if (!value_bool(value_get(failed->strategy, "fail-fast"), true))
        return FALSE;
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = plan_node(run, i);
        if (node->parent != failed->parent && !plan_is_beneath(node, failed->parent))
            continue;
        if (node->state == NODE_PENDING) {
            conclude(node, CONCLUSION_CANCELLED, now);
            moved = TRUE;
        } else if (node->state != NODE_COMPLETED && node->kind == NODE_IS_JOB) {
            node->stops = TRUE;
        }
    }
    return moved;
}

static gboolean settle(Run *run, RunNode *node, int64_t now)
{
    gboolean over;
    if (node->state == NODE_COMPLETED && node->parent && node->parent->kind == NODE_IS_MATRIX &&
        node->parent->state == NODE_IN_PROGRESS && plan_result(node) == CONCLUSION_FAILURE)
        return stop_siblings(run, node, now);
    if (node->state != NODE_IN_PROGRESS || node->kind == NODE_IS_JOB)
        return FALSE;
    Conclusion conclusion = together(run, node, &over);
    if (!over)
        return FALSE;
    node->outputs =
        node->kind == NODE_IS_CALL ? call_outputs(run, node) : matrix_outputs(run, node);
    conclude(node, conclusion, now);
    return TRUE;
}

void run_advance(Run *run, int64_t now)
{
    for (gboolean moved = TRUE; moved;) {
        moved = FALSE;
        for (guint i = 0; i < run->node_count; i++) {
            RunNode *node = plan_node(run, i);
            if (node->state == NODE_PENDING)
                moved |= consider(run, node, now);
            else
                moved |= settle(run, node, now);
        }
    }
    gboolean over;
    Conclusion conclusion = together(run, NULL, &over);
    if (over && run->state != NODE_COMPLETED) {
        run->state = NODE_COMPLETED;
        run->conclusion = conclusion;
        run->ended_at = now;
        run->is_changed = TRUE;
    }
}

void run_job_ended(Run *run, RunNode *node, Conclusion conclusion, int64_t now)
{
    if (node->state != NODE_COMPLETED)
        conclude(node, conclusion, now);
}
