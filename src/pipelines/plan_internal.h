/* What the planner's parts share. */
#pragma once
#include "formats/ghexpr.h"
#include "pipelines/plan.h"

RunNode *plan_node(const Run *run, guint i);
const Value *plan_entry(const Run *run, const char *workflow);
/* The node of a job's id within one instance of a workflow; a matrix stands for its children. */
RunNode *plan_find(const Run *run, const RunNode *scope, const char *job);
gboolean plan_is_top(const RunNode *node); /* not one of a matrix' combinations */
gboolean plan_is_beneath(const RunNode *node, const RunNode *above);
int plan_depth(const RunNode *node);
Conclusion plan_result(const RunNode *node); /* as others see it */
const char *plan_joined(Run *run, const RunNode *scope, gboolean names, const char *own);

gboolean plan_has_expression(const Value *value);
Value *plan_contexts(const Run *run, const RunNode *node);
GhexprScope plan_scope(const Run *run, const RunNode *node);

gboolean plan_add_combinations(Run *run, RunNode *matrix, const Value *combinations, int depth,
                               GError **error);
