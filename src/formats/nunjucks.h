/* Nunjucks 3.2, the template language of scaffolder templates, with JavaScript-like values and no
 * eval.
 *
 * Ceilings on time (steps), output and recursion: a hostile template stops with an error and harms
 * nobody. */
#pragma once
#include "base/diagnostics.h"
#include "base/error.h"
#include "formats/value.h"

/* The text of the template that `name` names in an include, extends, import or from, in arena. NULL
 * where there is none; NULL with an error where it cannot be had. Names that begin with "./" or
 * "../" arrive resolved against the template that names them. */
typedef const char *(*NunjucksLoad)(void *data, Arena *arena, const char *name, GError **error);

/* name as the template called file says it: "./x" and "../x" beside that one, any other name as it
 * is. In arena. */
const char *nunjucks_resolve_name(Arena *arena, const char *file, const char *name);

typedef struct {
    const char *variable_start, *variable_end; /* "${{" "}}" for the scaffolder; NULL means that */
    const char *block_start, *block_end;       /* NULL: "{%" "%}" */
    const char *comment_start, *comment_end;   /* NULL: "{#" "#}" */
    bool trim_blocks, lstrip_blocks;
    bool autoescape;           /* off as the scaffolder has it */
    bool throw_on_undefined;   /* printing undefined or null is an error */
    bool cookiecutter;         /* adds the `jsonify` filter */
    const char *file;          /* named in errors; may be NULL */
    int line;                  /* of the text's first line in file; 0 means 1 */
    const Value *integrations; /* hosts known to parseRepoUrl: {"github.com": "github", …}; NULL
                                  knows github.com, gitlab.com */
    NunjucksLoad load;         /* NULL: a template that loads another one is refused */
    void *load_data;
} NunjucksOptions;

/* A template read once, to be rendered often, by any number of threads at once. It lives in its
 * arena; options and what they point to must live as long. */
typedef struct NunjucksTemplate NunjucksTemplate;

/* NULL with ERROR_INPUT "file:line:column: …". */
const NunjucksTemplate *nunjucks_compile(Arena *arena, const char *text,
                                         const NunjucksOptions *options, GError **error);

/* The template rendered in context, in arena, and (unless NULL) its length. */
const char *nunjucks_template_render(Arena *arena, const NunjucksTemplate *template,
                                     const Value *context, gsize *length, GError **error);

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

/* A name that a template reads, with its members as far as they are constants, a filter, another
 * template, or a name that it gives a value to itself; such names are not among those it reads. */
typedef struct {
    const char *const *names; /* NULL for anything else */
    guint count;
    const char *filter;
    bool loads; /* it loads the template of this name, NULL where it is not constant */
    const char *load;
    const char *binds;
    int line, column; /* in the text, from 1 */
    bool guarded;     /* it may be missing: `is defined`, `default`, `ignore missing` */
} NunjucksRead;
typedef void (*NunjucksFound)(const NunjucksRead *read, void *data);

/* Tells what text reads. False with ERROR_INPUT "template:line:column: …" where it does not parse.
 */
bool nunjucks_reads(const char *text, const NunjucksOptions *options, NunjucksFound found,
                    void *data, GError **error);
bool nunjucks_knows_filter(const char *name);
