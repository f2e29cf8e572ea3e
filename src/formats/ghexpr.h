/* GitHub Actions expressions: `${{ … }}` in workflow files. Case-insensitive comparison, GitHub's
 * coercions. */
#pragma once
#include "base/error.h"
#include "formats/value.h"

/* What an expression may see. contexts is an object: {"github": {…}, "env": {…}, "needs": {…}, …}.
 */
typedef struct {
    const Value *contexts;
    bool success, failure, cancelled; /* what success(), failure() and cancelled() answer */
    const char *workspace;            /* folder hashFiles() reads; NULL forbids it */
    const char *file;                 /* for errors */
} GhexprScope;

/* The value of expression (without delimiters), in arena. ERROR_INPUT "file: column …" on failure.
 * Never NULL without an error: what is missing is a null value. */
const Value *ghexpr_evaluate(Arena *arena, const char *expression, const GhexprScope *scope,
                             GError **error);

/* text with every `${{ … }}` replaced; a text that is exactly one expression keeps its type. */
const Value *ghexpr_interpolate(Arena *arena, const char *text, const GhexprScope *scope,
                                GError **error);

/* ghexpr_interpolate() over every string inside value. */
const Value *ghexpr_interpolate_tree(Arena *arena, const Value *value, const GhexprScope *scope,
                                     GError **error);

/* An `if:` condition: with or without delimiters, empty means success(), and one without a status
 * function means `success() && (…)`. Sets *result. */
bool ghexpr_condition(Arena *arena, const char *text, const GhexprScope *scope, bool *result,
                      GError **error);

/* Parses every expression of text without evaluating it; contexts are the names it may use. A
 * condition may stand without delimiters and use status functions. ERROR_INPUT, and *offset is
 * where in text, in bytes. */
bool ghexpr_check(Arena *arena, const char *text, bool condition, const char *const *contexts,
                  gsize *offset, GError **error);

bool ghexpr_truthy(const Value *value);
/* As GitHub prints a value into text: objects as "Object", arrays as "Array", null as "". */
const char *ghexpr_to_string(Arena *arena, const Value *value);
