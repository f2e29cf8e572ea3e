/* Another attempt of a run, and its graph as a reader sees it. */
#include "pipelines/plan_internal.h"

static gboolean is_reset(const RunNode *node)
{
    return node->state == NODE_PENDING;
}

static void reset(RunNode *node)
{
    node->state = NODE_PENDING;
    node->conclusion = CONCLUSION_NONE;
    node->outputs = NULL;
    node->queue_job = node->error = node->report = NULL;
    node->started_at = node->ended_at = 0;
    node->is_changed = TRUE;
}

static gboolean needs_reset(const Run *run, const RunNode *node)
{
    const Value *ids = value_get(run_job(run, node), "needs");
    for (guint i = 0; plan_is_top(node) && i < value_count(ids); i++) {
        const RunNode *need = plan_find(run, node->scope, value_string(value_item(ids, i), ""));
        if (need && is_reset(need))
            return TRUE;
    }
    return FALSE;
}

static gboolean holds_reset(const Run *run, const RunNode *node)
{
    for (guint i = 0; i < run->node_count; i++)
        if (plan_node(run, i)->parent == node && is_reset(plan_node(run, i)))
            return TRUE;
    return FALSE;
}

/* What needs something that runs again runs again with all beneath it; what merely holds something
 * that runs again is opened, and its other jobs keep what they have. */
static void spread_reset(Run *run, GHashTable *whole)
{
    for (gboolean moved = TRUE; moved;) {
        moved = FALSE;
        for (guint i = 0; i < run->node_count; i++) {
            RunNode *node = plan_node(run, i);
            gboolean all = needs_reset(run, node) ||
                           (node->parent && g_hash_table_contains(whole, node->parent));
            if (all && g_hash_table_add(whole, node)) {
                reset(node);
                moved = TRUE;
            } else if (!is_reset(node) && holds_reset(run, node)) {
                reset(node);
                moved = TRUE;
            }
        }
    }
}

void run_reset(Run *run, gboolean failed_only)
{
    g_autoptr(GHashTable) whole = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < run->node_count; i++)
        if (!failed_only || plan_node(run, i)->conclusion != CONCLUSION_SUCCESS)
            reset(plan_node(run, i));
    spread_reset(run, whole);
    run->state = NODE_PENDING;
    run->conclusion = CONCLUSION_NONE;
    run->is_cancelled = FALSE;
    run->ended_at = 0;
    run->attempt++;
    run->is_changed = TRUE;
}

/* ---- the graph as a reader sees it ---- */

static gboolean is_needed_within(const Run *run, const RunNode *node, const RunNode *above)
{
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *other = plan_node(run, i);
        if (other == node || other->scope != node->scope || !plan_is_beneath(other, above))
            continue;
        const Value *ids = value_get(run_job(run, other), "needs");
        for (guint j = 0; j < value_count(ids); j++)
            if (g_str_equal(value_string(value_item(ids, j), ""), node->job))
                return TRUE;
    }
    return FALSE;
}

/* The jobs at the end of what stands beneath node: those that nothing in it waits for. */
static void add_ends(const Run *run, const RunNode *node, Value *keys)
{
    if (node->kind == NODE_IS_JOB) {
        value_append(run->arena, keys, value_string_new(run->arena, node->key));
        return;
    }
    for (guint i = 0; i < run->node_count; i++)
        if (plan_node(run, i)->parent == node && !is_needed_within(run, plan_node(run, i), node))
            add_ends(run, plan_node(run, i), keys);
}

const Value *run_needs_keys(const Run *run, const RunNode *node)
{
    Value *keys = value_array_new(run->arena);
    for (const RunNode *here = node; here; here = here->scope) {
        const Value *ids = value_get(run_job(run, here), "needs");
        for (guint i = 0; i < value_count(ids); i++) {
            const RunNode *need = plan_find(run, here->scope, value_string(value_item(ids, i), ""));
            if (need)
                add_ends(run, need, keys);
        }
        if (value_count(ids))
            break;
    }
    return keys;
}
