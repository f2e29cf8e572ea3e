/* Nunjucks 3.2, the template language of scaffolder templates, with JavaScript-like values and no
 * eval.
 *
 * Ceilings on time (steps), output and recursion: a hostile template stops with an error and harms
 * nobody. */
#pragma once
#include "base/diagnostics.h"
#include "base/error.h"
#include "formats/value.h"

typedef struct {
    const char *variable_start, *variable_end; /* "${{" "}}" for the scaffolder; NULL means that */
    bool trim_blocks, lstrip_blocks;
    bool cookiecutter;         /* adds the `jsonify` filter */
    const char *file;          /* named in errors; may be NULL */
    int line;                  /* of the text's first line in file; 0 means 1 */
    const Value *integrations; /* hosts known to parseRepoUrl: {"github.com": "github", …}; NULL
                                  knows github.com, gitlab.com */
} NunjucksOptions;

/* text rendered in context (an object), in arena. ERROR_INPUT "file:line:column: …" on failure. */
const char *nunjucks_render(Arena *arena, const char *text, const Value *context,
                            const NunjucksOptions *options, GError **error);

/* The scaffolder's rule for strings in steps and outputs: a string that is exactly one `${{
 * expression }}` keeps the expression's type (NULL for undefined), anything else renders to a
 * string. */
const Value *nunjucks_evaluate(Arena *arena, const char *text, const Value *context,
                               const NunjucksOptions *options, GError **error);

/* nunjucks_evaluate() over every string inside value, keys left alone; members that become
 * undefined vanish. Where an expression fails its text is kept as it was, as Backstage does, and
 * its error is added to warnings (GPtrArray of g_free'd strings; may be NULL). */
const Value *nunjucks_evaluate_tree(Arena *arena, const Value *value, const Value *context,
                                    const NunjucksOptions *options, GPtrArray *warnings);

/* Finds what does not parse in every string inside value, with its place in file, where value was
 * read from. Nothing is evaluated. */
void nunjucks_check_tree(const Value *value, const char *file, Diagnostics *diagnostics);

/* Backstage's falsiness for `if`: undefined, null, false, 0, NaN, "" and an empty array. */
bool nunjucks_truthy(const Value *value);
