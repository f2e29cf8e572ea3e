/* The parts of the Nunjucks engine: lexer → parser → tree → evaluator, with the filters, tests,
 * methods and globals that templates call. What only the evaluator's own files share is in
 * nunjucks_run_internal.h. */
#pragma once
#include "formats/nunjucks.h"
#include "formats/regex.h"
#include "formats/value_layout.h"

enum {
    NJ_STEPS_MAX = 5000000,  /* nodes evaluated, items looped over, characters built */
    NJ_DEPTH_MAX = 120,      /* of nesting in the text, and of values */
    NJ_RUN_DEPTH_MAX = 1000, /* of evaluation */
    NJ_LOADS_MAX = 500,      /* templates loaded by one run, one within another */
    NJ_LOAD_DEPTH_MAX = 40,
    NJ_TEXT_MAX = 32 * 1024 * 1024, /* bytes of one string or output */
    NJ_VALUE_NODES_MAX = 1000000,   /* of one result, expanded as often as it is reached */
    NJ_RANGE_MAX = 100000,
};

/* ---- the source ---- */

typedef struct {
    const char *text;
    gsize length;
} NjSpan;

typedef struct {
    const char *text;
    gsize length;
    const NunjucksOptions *options; /* never NULL */
    const char *file;
    int line;
    NjSpan variable_start, variable_end, block_start, block_end, comment_start, comment_end;
    bool begins_tag[256]; /* the first bytes of tags */
} NjSource;

/* Sets error "file:line:column: message: line", the line with a mark before the byte at offset;
 * always false. */
bool nj_error_at(const NjSource *source, gsize offset, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

typedef struct NjRun NjRun;

/* ---- running ---- */

typedef struct NjFunction NjFunction;
typedef struct NjPattern NjPattern;

/* What an expression is while it is evaluated: JSON's values, and the three things JSON has not.
 * The plain kinds spare the evaluator a value in the arena; it makes values of them before a
 * filter, test, method or function sees them. */
typedef struct {
    enum { NJ_UNDEFINED, NJ_VALUE, NJ_FUNCTION, NJ_PATTERN, NJ_PLAIN_NUMBER, NJ_PLAIN_BOOL } kind;
    bool safe; /* text that is not escaped when it is printed */
    union {
        const Value *value;
        const NjFunction *function;
        const NjPattern *pattern;
        double number;
        bool boolean;
    };
} NjVal;

typedef struct {
    const NjVal *items;
    guint count;
    const char *const *names; /* keyword arguments */
    const NjVal *named;
    guint named_count;
} NjArgs;

struct NjRun {
    Arena *arena;
    const NjSource *source; /* of the template whose node is under evaluation */
    int64_t steps;
    guint depth;
    gsize offset; /* of the node under evaluation, for errors */
    GError **error;
    const NjVal *symbols;       /* see nj_resolve_symbols() */
    bool changes, wants_change; /* see nj_may_change() */
};

typedef bool (*NjCallable)(NjRun *run, const NjFunction *function, const NjArgs *args,
                           NjVal *result);

struct NjFunction {
    const char *name;
    NjCallable call;
    NjVal self; /* what a method is called on */
    void *data;
    NjVal (*member)(NjRun *run, const NjFunction *function, const char *name); /* may be NULL */
};

struct NjPattern {
    const Regex *regex;
    const char *source, *flags;
    bool global;
};

/* Stops the run with an error at the node under evaluation; always false. */
bool nj_fail(NjRun *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Counts work; false with an error once it was too much. */
bool nj_charge(NjRun *run, gsize work);
/* Is there room for that many bytes more? False with an error otherwise. */
bool nj_room(NjRun *run, gsize have, gsize more);

/* Asked before a list of the context is changed in place (push): such a run works on a copy of the
 * context. Where it does not yet, false: the run ends and is begun again with one. */
bool nj_may_change(NjRun *run);

bool nj_call(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result);

/* ---- values as JavaScript has them ---- */

static inline NjVal nj_undefined(void)
{
    return (NjVal){.kind = NJ_UNDEFINED};
}
/* NULL is undefined. */
static inline NjVal nj_value(const Value *value)
{
    return value ? (NjVal){.kind = NJ_VALUE, .value = value} : nj_undefined();
}
static inline bool nj_is(NjVal v, ValueKind kind)
{
    return v.kind == NJ_VALUE && value_kind(v.value) == kind;
}
/* Undefined or null. */
static inline bool nj_is_nothing(NjVal v)
{
    return v.kind == NJ_UNDEFINED || nj_is(v, VALUE_NULL);
}
NjVal nj_bool(NjRun *run, bool boolean);
NjVal nj_number(NjRun *run, double number);
NjVal nj_text(NjRun *run, const char *text);
NjVal nj_text_length(NjRun *run, const char *text, gsize length);

bool nj_truthy(NjVal v);
double nj_to_number(NjRun *run, NjVal v);
/* As String(v): arrays joined by commas. Bounded; NULL with an error of the run. */
const char *nj_to_string(NjRun *run, NjVal v, gsize *length);
bool nj_append(NjRun *run, GString *out, NjVal v);
bool nj_append_text(NjRun *run, GString *out, const char *text, gsize length);
bool nj_equal_strict(NjVal a, NjVal b);
bool nj_equal_loose(NjRun *run, NjVal a, NjVal b);
/* -1, 0, 1, or 2 where they do not compare (NaN). */
int nj_compare(NjRun *run, NjVal a, NjVal b);
/* Refuses a value that would expand to too much when it is printed or handed out. */
bool nj_weigh(NjRun *run, const Value *value);
/* v as a value that can stand in an array or object (functions and patterns become null). */
const Value *nj_as_value(NjRun *run, NjVal v);

/* ---- arguments ---- */

NjVal nj_arg(const NjArgs *args, guint index);
/* The positional argument, else the keyword argument. */
NjVal nj_arg_named(const NjArgs *args, guint index, const char *name);
/* Its text, number or truth, with a fallback where it was not given. NULL with an error. */
const char *nj_arg_text(NjRun *run, const NjArgs *args, guint index, const char *name,
                        const char *fallback);
double nj_arg_number(NjRun *run, const NjArgs *args, guint index, const char *name,
                     double fallback);

/* ---- what templates call ---- */

typedef bool (*NjFilter)(NjRun *run, NjVal input, const NjArgs *args, NjVal *result);
typedef struct {
    const char *name;
    NjFilter filter;
} NjFilterEntry;
extern const NjFilterEntry nj_text_filters[], nj_value_filters[], nj_list_filters[],
    nj_scaffolder_filters[];
NjFilter nj_filter_find(const NunjucksOptions *options, const char *name);

/* `input is name(args)`; *known tells whether there is such a test. */
bool nj_test(NjRun *run, const char *name, NjVal input, const NjArgs *args, bool *known,
             bool *result);
/* range, joiner, cycler; undefined for another name. */
NjVal nj_global(NjRun *run, const char *name);
/* input.name: members, lengths and JavaScript's methods; undefined where there is none. */
NjVal nj_member(NjRun *run, NjVal input, NjVal key);

/* number between minimum and maximum; minimum for NaN. What comes from a template is cast to an
 * integer only behind this. */
static inline double nj_clamp(double number, double minimum, double maximum)
{
    return number > minimum ? MIN(number, maximum) : minimum;
}

typedef bool (*NjMethod)(NjRun *run, NjVal self, const NjArgs *args, NjVal *result);
typedef struct {
    const char *name;
    NjMethod method;
} NjMethodEntry;
extern const NjMethodEntry nj_text_methods[];

/* Of a value that is text: how many characters it has, and some of them. */
glong nj_characters_of(NjVal text);
NjVal nj_part(NjRun *run, NjVal text, glong from, glong to);
/* An index counted from the end where negative, clamped to 0…length. */
glong nj_clamp_index(double index, glong length);
/* The groups of the first match, or (all) every match; null where there is none. */
bool nj_match_text(NjRun *run, const NjPattern *pattern, NjVal text, bool all, NjVal *result);

/* Character offsets in UTF-8 text, clamped to its end. */
gsize nj_byte_of(const char *text, gsize length, glong character);

/* Replaces what is found (text or pattern) in input by replacement, at most limit times (< 0: all).
 */
bool nj_replace(NjRun *run, const char *input, gsize length, NjVal what, const char *replacement,
                bool expand_groups, int64_t limit, NjVal *result);
