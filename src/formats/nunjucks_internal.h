/* The parts of the Nunjucks engine: lexer → parser → tree → evaluator, with the filters, tests,
 * methods and globals that templates call. */
#pragma once
#include "formats/nunjucks.h"
#include "formats/regex.h"

enum {
    NJ_STEPS_MAX = 5000000,         /* nodes evaluated, items looped over, characters built */
    NJ_DEPTH_MAX = 120,             /* of nesting in the text, and of values */
    NJ_RUN_DEPTH_MAX = 400,         /* of evaluation */
    NJ_TEXT_MAX = 32 * 1024 * 1024, /* bytes of one string or output */
    NJ_VALUE_NODES_MAX = 1000000,   /* of one result, expanded as often as it is reached */
    NJ_RANGE_MAX = 100000,
};

/* ---- the source ---- */

typedef struct {
    const char *text;
    gsize length;
    const NunjucksOptions *options;
    const char *variable_start, *variable_end;
} NjSource;

/* Sets error "file:line:column: message" for the byte at offset; always false. */
bool nj_error_at(const NjSource *source, gsize offset, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* ---- the lexer ---- */

typedef enum {
    NJ_TOKEN_DATA,
    NJ_TOKEN_BLOCK_START,
    NJ_TOKEN_BLOCK_END,
    NJ_TOKEN_VARIABLE_START,
    NJ_TOKEN_VARIABLE_END,
    NJ_TOKEN_STRING,
    NJ_TOKEN_NUMBER,
    NJ_TOKEN_SYMBOL,
    NJ_TOKEN_OPERATOR,
    NJ_TOKEN_REGEX,
    NJ_TOKEN_END
} NjTokenKind;

typedef struct {
    NjTokenKind kind;
    gsize offset;
    const char *text; /* of a string its value; of a regex its pattern */
    gsize length;
    const char *flags; /* of a regex */
} NjToken;

typedef enum { NJ_IN_DATA, NJ_IN_BLOCK, NJ_IN_VARIABLE } NjLexerState;

typedef struct {
    const NjSource *source;
    Arena *arena;
    gsize at;
    NjLexerState state;
    int braces;      /* open ones inside an expression, so that "}}" may close two dicts */
    bool strip_left; /* the tag before ended with "-" */
} NjLexer;

bool nj_lexer_next(NjLexer *lexer, NjToken *token, GError **error);
/* After a {% raw %} or {% verbatim %}: everything up to its end tag, which is taken too. */
bool nj_lexer_raw(NjLexer *lexer, const char *name, NjToken *token, GError **error);

/* ---- the tree ---- */

typedef enum {
    NJ_LITERAL, /* value */
    NJ_SYMBOL,  /* name */
    NJ_ARRAY,   /* children */
    NJ_DICT,    /* children: pairs with a key expression in a and a value in b */
    NJ_PAIR,    /* name or a: key; b: value */
    NJ_GROUP,   /* children; the last is the value */
    NJ_REGEX,   /* name: pattern; flags */
    NJ_LOOKUP,  /* a[b] */
    NJ_CALL,    /* a(children); keyword arguments are pairs with a name */
    NJ_FILTER,  /* a | name(children) */
    NJ_TEST,    /* a is name(children) */
    NJ_IN,      /* a in b */
    NJ_NOT,     /* a */
    NJ_AND,
    NJ_OR,
    NJ_NEGATE,
    NJ_POSITIVE,
    NJ_BINARY,       /* a name b */
    NJ_INLINE_IF,    /* a if b else c */
    NJ_LIST,         /* children: statements */
    NJ_DATA,         /* name, with length */
    NJ_OUTPUT,       /* a */
    NJ_IF,           /* a: condition; b: body; c: else */
    NJ_FOR,          /* children: target symbols; a: iterable; b: body; c: else */
    NJ_SET,          /* children: target symbols; a: value, or b: body */
    NJ_MACRO,        /* name; children: parameters, as symbols or pairs with default; b: body */
    NJ_CALL_BLOCK,   /* a: the call; children: parameters of caller; b: body */
    NJ_FILTER_BLOCK, /* name; children: arguments; b: body */
    NJ_SWITCH,       /* a: value; children: pairs with case in a and body in b; c: default */
} NjNodeKind;

typedef struct NjNode NjNode;
struct NjNode {
    NjNodeKind kind;
    gsize offset;
    const char *name;
    gsize length;
    const char *flags;
    const Value *value;
    NjNode *a, *b, *c;
    NjNode *first, *last, *next; /* children, and the sibling */
    guint count;                 /* of children */
    bool open;                   /* a case that falls through to the next one */
};

/* NULL with error. *mutates is set where the text may change a list in place (push). */
NjNode *nj_parse(Arena *arena, const NjSource *source, bool *mutates, GError **error);

/* ---- running ---- */

typedef struct NjFunction NjFunction;
typedef struct NjPattern NjPattern;

/* What an expression is while it is evaluated: JSON's values, and the three things JSON has not. */
typedef struct {
    enum { NJ_UNDEFINED, NJ_VALUE, NJ_FUNCTION, NJ_PATTERN } kind;
    bool safe; /* text that is not escaped when it is printed */
    union {
        const Value *value;
        const NjFunction *function;
        const NjPattern *pattern;
    };
} NjVal;

typedef struct {
    const NjVal *items;
    guint count;
    const char *const *names; /* keyword arguments */
    const NjVal *named;
    guint named_count;
} NjArgs;

typedef struct NjFrame NjFrame;

typedef struct {
    Arena *arena;
    const NjSource *source;
    const Value *context;
    NjFrame *root;
    GString *out;
    GPtrArray *regexes; /* Regex, freed with the run */
    int64_t steps;
    guint depth;
    gsize offset; /* of the node under evaluation, for errors */
    GError **error;
} NjRun;

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

bool nj_run_list(NjRun *run, const NjNode *list, NjFrame *frame);
bool nj_evaluate(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result);
/* `node` is a call; caller is what a call block hands to its macro, or NULL. */
bool nj_evaluate_call(NjRun *run, const NjNode *node, NjFrame *frame, const NjVal *caller,
                      NjVal *result);
/* input through the filter that `node` (a filter, or a filter block) names. */
bool nj_evaluate_filter(NjRun *run, const NjNode *node, NjVal input, NjFrame *frame, NjVal *result);
bool nj_call(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result);

NjFrame *nj_frame_new(NjRun *run, NjFrame *parent, bool isolates);
bool nj_frame_lookup(const NjFrame *frame, const char *name, NjVal *value);

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
NjFilter nj_filter_find(NjRun *run, const char *name);

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
