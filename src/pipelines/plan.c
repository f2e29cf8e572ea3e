#include "pipelines/plan_internal.h"

#include "base/error.h"
#include "formats/ghexpr.h"
#include "pipelines/workflow.h"
#include "spine/clock.h"

#include <string.h>

#define NODES_MAX 2000
#define CALL_DEPTH_MAX 10

static const char *const STATES[] = {"pending", "queued", "in_progress", "completed"};
static const char *const CONCLUSIONS[] = {NULL, "success", "failure", "cancelled", "skipped"};

const char *node_state_name(NodeState state)
{
    return STATES[state];
}

const char *conclusion_name(Conclusion conclusion)
{
    return CONCLUSIONS[conclusion];
}

NodeState node_state_of(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(STATES); i++)
        if (g_strcmp0(STATES[i], name) == 0)
            return (NodeState)i;
    return NODE_PENDING;
}

Conclusion conclusion_of(const char *name)
{
    for (guint i = 1; i < G_N_ELEMENTS(CONCLUSIONS); i++)
        if (g_strcmp0(CONCLUSIONS[i], name) == 0)
            return (Conclusion)i;
    return CONCLUSION_NONE;
}

void run_add_node(Run *run, RunNode *node)
{
    if (run->node_count == run->node_room) {
        guint room = MAX(16, run->node_room * 2);
        RunNode **nodes = arena_new0(run->arena, RunNode *, room);
        if (run->node_count)
            memcpy(nodes, run->nodes, sizeof *nodes * run->node_count);
        run->nodes = nodes;
        run->node_room = room;
    }
    run->nodes[run->node_count++] = node;
}

/* ---- finding ---- */

const Value *plan_entry(const Run *run, const char *key)
{
    return value_get(value_get(run->plan, "workflows"), key);
}

const Value *run_workflow(const Run *run, const char *key)
{
    return value_get(plan_entry(run, key), "workflow");
}

const Value *run_job(const Run *run, const RunNode *node)
{
    return value_get(value_get(run_workflow(run, node->workflow), "jobs"), node->job);
}

RunNode *plan_node(const Run *run, guint i)
{
    return run->nodes[i];
}

/* The node of a job's id within one instance of a workflow; a matrix stands for its children. */
RunNode *plan_find(const Run *run, const RunNode *scope, const char *job)
{
    for (guint i = 0; i < run->node_count; i++) {
        RunNode *node = plan_node(run, i);
        if (node->parent == scope && node->scope == scope && g_str_equal(node->job, job))
            return node;
    }
    return NULL;
}

gboolean plan_is_top(const RunNode *node)
{
    return node->parent == node->scope;
}

gboolean plan_is_beneath(const RunNode *node, const RunNode *above)
{
    for (const RunNode *up = node->parent; up; up = up->parent)
        if (up == above)
            return TRUE;
    return FALSE;
}

/* ---- contexts ---- */

Conclusion plan_result(const RunNode *node)
{
    return node->tolerated && node->conclusion == CONCLUSION_FAILURE ? CONCLUSION_SUCCESS
                                                                     : node->conclusion;
}

const Value *run_needs(const Run *run, const RunNode *node)
{
    const Value *ids = value_get(run_job(run, node), "needs");
    Value *needs = value_object_new(run->arena);
    for (guint i = 0; i < value_count(ids); i++) {
        const char *id = value_string(value_item(ids, i), "");
        const RunNode *need = plan_find(run, node->scope, id);
        Value *member = value_object_new(run->arena);
        if (!need)
            continue;
        value_set_string(run->arena, member, "result", conclusion_name(plan_result(need)));
        value_set(run->arena, member, "outputs",
                  need->outputs ? need->outputs : value_object_new(run->arena));
        value_set(run->arena, needs, id, member);
    }
    return needs;
}

const Value *run_inputs(const Run *run, const RunNode *node)
{
    const Value *inputs = node->scope ? node->scope->inputs : run->inputs;
    return inputs ? inputs : value_object_new(run->arena);
}

Value *plan_contexts(const Run *run, const RunNode *node)
{
    Value *contexts = value_object_new(run->arena);
    Value *nothing = value_object_new(run->arena);
    value_set(run->arena, contexts, "github", run->github ? run->github : nothing);
    value_set(run->arena, contexts, "vars", run->vars ? run->vars : nothing);
    value_set(run->arena, contexts, "inputs", run_inputs(run, node));
    value_set(run->arena, contexts, "needs", run_needs(run, node));
    value_set(run->arena, contexts, "matrix", node->matrix ? node->matrix : nothing);
    value_set(run->arena, contexts, "strategy", node->strategy ? node->strategy : nothing);
    return contexts;
}

/* What success() and failure() answer: over the whole chain of needs, skipped ones too. */
static void look_back(const Run *run, const RunNode *node, GHashTable *seen, GhexprScope *scope)
{
    const Value *ids = value_get(run_job(run, node), "needs");
    for (guint i = 0; i < value_count(ids); i++) {
        RunNode *need = plan_find(run, node->scope, value_string(value_item(ids, i), ""));
        if (!need || !g_hash_table_add(seen, need))
            continue;
        scope->success = scope->success && plan_result(need) == CONCLUSION_SUCCESS;
        scope->failure = scope->failure || plan_result(need) == CONCLUSION_FAILURE;
        look_back(run, need, seen, scope);
    }
}

GhexprScope plan_scope(const Run *run, const RunNode *node)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    GhexprScope scope = {
        .contexts = plan_contexts(run, node), .success = true, .file = run->workflow_path};
    look_back(run, node, seen, &scope);
    scope.cancelled = run->is_cancelled;
    scope.success = scope.success && !run->is_cancelled;
    return scope;
}

/* ---- making nodes ---- */

const char *plan_joined(Run *run, const RunNode *scope, gboolean names, const char *own)
{
    if (!scope)
        return own;
    return arena_printf(run->arena, "%s / %s", names ? scope->name : scope->key, own);
}

static RunNode *node_new(Run *run, NodeKind kind, RunNode *scope, RunNode *parent,
                         const char *workflow, const char *job)
{
    RunNode *node = arena_new0(run->arena, RunNode, 1);
    g_autofree char *id = clock_new_id();
    node->id = arena_strdup(run->arena, id);
    node->kind = kind;
    node->scope = scope;
    node->parent = parent;
    node->workflow = workflow;
    node->job = job;
    node->is_new = TRUE;
    node->position = (int)run->node_count;
    run_add_node(run, node);
    return node;
}

static const char *own_name(Run *run, const RunNode *node)
{
    const Value *name = value_get(run_job(run, node), "name");
    return name && !value_is(name, VALUE_NULL) ? ghexpr_to_string(run->arena, name) : node->job;
}

static gboolean add_jobs(Run *run, RunNode *call, const char *workflow, int depth, GError **error);

int plan_depth(const RunNode *node)
{
    int depth = 0;
    for (; node; node = node->scope)
        depth++;
    return depth;
}

/* What stands beneath a call. */
static gboolean fill_call(Run *run, RunNode *call, int depth, GError **error)
{
    const Value *calls = value_get(plan_entry(run, call->workflow), "calls");
    const char *called = value_string(value_get(calls, call->job), NULL);
    if (!called || depth > CALL_DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s: the reusable workflow %s", call->key,
                    called ? "is nested too deep" : "was not found");
        return FALSE;
    }
    return add_jobs(run, call, called, depth + 1, error);
}

gboolean plan_has_expression(const Value *value)
{
    if (value_is(value, VALUE_STRING))
        return strstr(value_string(value, ""), "${{") != NULL;
    gboolean is_object = value_is(value, VALUE_OBJECT);
    for (guint i = 0; (is_object || value_is(value, VALUE_ARRAY)) && i < value_count(value); i++)
        if (plan_has_expression(is_object ? value_value_at(value, i) : value_item(value, i)))
            return TRUE;
    return FALSE;
}

static gboolean add_job(Run *run, RunNode *scope, const char *workflow, const char *job, int depth,
                        GError **error)
{
    const Value *definition = value_get(value_get(run_workflow(run, workflow), "jobs"), job);
    const Value *matrix = value_path(definition, "strategy.matrix");
    NodeKind kind = matrix                          ? NODE_IS_MATRIX
                    : value_get(definition, "uses") ? NODE_IS_CALL
                                                    : NODE_IS_JOB;
    RunNode *node = node_new(run, kind, scope, scope, workflow, job);
    node->key = plan_joined(run, scope, FALSE, job);
    node->name = plan_joined(run, scope, TRUE, own_name(run, node));
    if (run->node_count > NODES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a run has at most %d jobs", NODES_MAX);
        return FALSE;
    }
    if (kind == NODE_IS_CALL)
        return fill_call(run, node, depth, error);
    if (kind == NODE_IS_MATRIX && !plan_has_expression(matrix)) {
        const Value *combinations = workflow_matrix(run->arena, matrix, error);
        return combinations && plan_add_combinations(run, node, combinations, depth, error);
    }
    return TRUE; /* a matrix with expressions is expanded when it begins */
}

static gboolean add_jobs(Run *run, RunNode *call, const char *workflow, int depth, GError **error)
{
    const Value *jobs = value_get(run_workflow(run, workflow), "jobs");
    for (guint i = 0; i < value_count(jobs); i++)
        if (!add_job(run, call, workflow, value_key_at(jobs, i), depth, error))
            return FALSE;
    return TRUE;
}

static const Value *strategy_of(Run *run, const Value *definition, guint index, guint total)
{
    Value *strategy = value_object_new(run->arena);
    const Value *max = value_path(definition, "strategy.max-parallel");
    value_set_bool(run->arena, strategy, "fail-fast",
                   value_bool(value_path(definition, "strategy.fail-fast"), true));
    value_set_int(run->arena, strategy, "job-index", index);
    value_set_int(run->arena, strategy, "job-total", total);
    value_set_int(run->arena, strategy, "max-parallel", value_int(max, total));
    return strategy;
}

gboolean plan_add_combinations(Run *run, RunNode *matrix, const Value *combinations, int depth,
                               GError **error)
{
    const Value *definition = run_job(run, matrix);
    guint total = value_count(combinations);
    for (guint i = 0; i < total; i++) {
        const Value *combination = value_item(combinations, i);
        RunNode *node = node_new(run, value_get(definition, "uses") ? NODE_IS_CALL : NODE_IS_JOB,
                                 matrix->scope, matrix, matrix->workflow, matrix->job);
        const char *label = workflow_matrix_label(run->arena, combination);
        node->matrix = combination;
        node->strategy = strategy_of(run, definition, i, total);
        node->key = arena_printf(run->arena, "%s (%s)", matrix->key, label);
        node->name = plan_has_expression(value_get(definition, "name"))
                         ? matrix->name
                         : arena_printf(run->arena, "%s (%s)", matrix->name, label);
        if (run->node_count > NODES_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a run has at most %d jobs", NODES_MAX);
            return FALSE;
        }
        if (node->kind == NODE_IS_CALL && !fill_call(run, node, depth, error))
            return FALSE;
    }
    return TRUE;
}

gboolean run_expand(Run *run, GError **error)
{
    return add_jobs(run, NULL, "", 0, error);
}
