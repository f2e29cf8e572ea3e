/* Workflow files: GitHub Actions' language, checked and brought into one shape. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

/* The workflow that text holds, in arena, or NULL where it is not even a mapping. What is wrong is
 * told to diagnostics, and then the value serves for reading `on` only.
 *
 * The shape: {name?, on: {event: {…}}, env: {…}, defaults: {…}, concurrency?, permissions?, jobs:
 * {id: {needs: […], if: "…", …}}}. `on` and `needs` have one form each, `if` is always text. */
Value *workflow_parse(Arena *arena, const char *text, gssize length, const char *file,
                      Diagnostics *diagnostics);

/* Does the workflow listen to a push (or another event) to ref, with these changed paths (an array
 * of strings; NULL: not known, which matches)? */
gboolean workflow_listens(const Value *workflow, const char *event, const char *ref,
                          const Value *changed_paths);
/* Would the answer depend on the changed paths? */
gboolean workflow_filters_paths(const Value *workflow, const char *event);

/* GitHub's filter patterns: `*` `**` `?` `+` `[…]`; no `!` in front. */
gboolean workflow_pattern_matches(const char *pattern, const char *text);

/* The combinations of a strategy (its expressions already replaced), as an array of objects, in
 * GitHub's order. ERROR_INPUT for more than 256 or where the matrix is not one. */
const Value *workflow_matrix(Arena *arena, const Value *matrix, GError **error);
/* "linux, 20" of a combination: its scalar leaves in order. */
const char *workflow_matrix_label(Arena *arena, const Value *combination);

/* What a person sees of a step that has no name: "Run npm ci". */
const char *workflow_step_name(Arena *arena, const Value *step);

/* `uses:` taken apart. */
typedef enum { USES_LOCAL, USES_REPOSITORY, USES_DOCKER, USES_INVALID } UsesKind;
typedef struct {
    UsesKind kind;
    const char *owner, *name, *path, *ref; /* path "" for the repository itself; without "./" */
} Uses;
Uses workflow_uses(Arena *arena, const char *text);

/* The inputs a call gives to declared ones (`on.workflow_call.inputs`, workflow_dispatch's or an
 * action's), defaults filled in and types made right. given's values have their expressions
 * replaced. typed is FALSE for actions, whose inputs are all text. ERROR_INPUT names the input. */
const Value *workflow_inputs(Arena *arena, const Value *declared, const Value *given,
                             gboolean typed, GError **error);
