/* The tree the parser makes of a template and the evaluator runs, and what the parser found out
 * about every name in it.
 *
 * Nunjucks compiles a template to a JavaScript function, each macro and each caller to a function
 * within it, each block to one of its own. Loop variables, parameters, macros and imports are local
 * variables of these functions ("slots" here); every other name is looked for when it is used, in
 * the frames and then in the context. Both are kept here, since templates can tell. */
#pragma once
#include "formats/nunjucks_internal.h"

typedef enum {
    NJ_LITERAL, /* value */
    NJ_SYMBOL,  /* name, looked for in the frames and the context; slot: of the symbols */
    NJ_LOCAL,   /* slot of the function that is `up` functions out */
    NJ_LOOP,    /* loop.name: which */
    NJ_ARRAY,   /* children */
    NJ_DICT,    /* children: pairs with a key expression in a and a value in b */
    NJ_PAIR,    /* name or a: key; b: value */
    NJ_GROUP,   /* children; the last is the value */
    NJ_REGEX,   /* pattern */
    NJ_MEMBER,  /* a.name */
    NJ_LOOKUP,  /* a[b] */
    NJ_CALL,    /* a(children), named: pairs */
    NJ_FILTER,  /* a | name(children) */
    NJ_TEST,    /* a is name(children) */
    NJ_IN,      /* a in b */
    NJ_NOT,     /* a */
    NJ_AND,
    NJ_OR,
    NJ_NEGATE,
    NJ_POSITIVE,
    NJ_BINARY,       /* a operation b */
    NJ_INLINE_IF,    /* a if b else c */
    NJ_LIST,         /* children: statements */
    NJ_DATA,         /* name, with length */
    NJ_OUTPUT,       /* a */
    NJ_IF,           /* a: condition; b: body; c: else */
    NJ_FOR,          /* children: targets; a: iterable; b: body; c: else */
    NJ_SET,          /* children: targets; a: value, or b: body */
    NJ_MACRO,        /* name; children: parameters; named: those with a default; b: body; slot */
    NJ_CALL_BLOCK,   /* a: the call; children and named: parameters of caller; b: body */
    NJ_FILTER_BLOCK, /* name; children: arguments; b: body */
    NJ_SWITCH,       /* a: value; children: pairs with case in a and body in b; c: default */
    NJ_BLOCK,        /* name; b: body; slot of super(), or -1 */
    NJ_EXTENDS,      /* a: the template's name */
    NJ_INCLUDE,      /* a; open: a missing one is left out */
    NJ_IMPORT,       /* a; children: the target; open: with context */
    NJ_FROM,         /* a; children: targets, whose a is the name they import */
} NjNodeKind;

typedef enum {
    NJ_CONCAT,
    NJ_ADD,
    NJ_SUBTRACT,
    NJ_MULTIPLY,
    NJ_DIVIDE,
    NJ_FLOOR_DIVIDE,
    NJ_MODULO,
    NJ_POWER,
    NJ_EQUAL,
    NJ_NOT_EQUAL,
    NJ_SAME,
    NJ_NOT_SAME,
    NJ_LESS,
    NJ_LESS_EQUAL,
    NJ_GREATER,
    NJ_GREATER_EQUAL,
} NjOperation;

typedef enum {
    NJ_LOOP_INDEX,
    NJ_LOOP_INDEX0,
    NJ_LOOP_REVINDEX,
    NJ_LOOP_REVINDEX0,
    NJ_LOOP_FIRST,
    NJ_LOOP_LAST,
    NJ_LOOP_LENGTH,
} NjLoopMember;

/* Tests that need no call. */
typedef enum { NJ_IS_CALLED, NJ_IS_DEFINED, NJ_IS_UNDEFINED } NjTest;

/* What a function of the template needs: one for the template itself, for each of its blocks,
 * macros and callers. */
typedef struct {
    guint slots;
} NjCode;

/* A name, once in a template. */
typedef struct {
    const char *text;
    gsize length;
    guint hash;
    guint symbol; /* of a name that is looked for: which of the template's symbols, from 1 */
    bool bound;   /* the template may give it a value */
    bool sought;  /* the template may look for it in its frames */
} NjName;

typedef struct NjNode NjNode;
/* What a run reads of every node comes first, so that it is one line of the cache. */
struct NjNode {
    NjNodeKind kind;
    union {
        NjOperation operation;
        NjLoopMember loop;
        NjTest test;
    };
    guint offset; /* a text is far smaller than 4 GiB */
    int slot;     /* -1: none */
    NjNode *next; /* the sibling */
    NjNode *a, *b;
    const char *name;
    guint length, hash; /* of name */
    union {
        const Value *value; /* of a literal or member */
        NjFilter filter;
        const NjPattern *pattern;
        const NjCode *code;
    };
    /* ---- */
    guint up;
    guint count, named_count;   /* of children and of named */
    bool open;                  /* a case that falls through to the next one; see above */
    bool inner;                 /* in a block, macro or loop: not at the template's own level */
    bool async;                 /* an asyncEach or asyncAll */
    NjNode *first, *last;       /* children */
    NjNode *named, *named_last; /* keyword arguments: pairs with a name */
    NjNode *c;
    const NjName *variable; /* the name, of what has one */
};

/* A block of a template, in the order they are written. */
typedef struct NjBlock NjBlock;
struct NjBlock {
    NjNode *node;
    NjBlock *next;
};

struct NunjucksTemplate {
    NjSource source;
    NunjucksOptions options;
    const NjNode *tree; /* NJ_LIST */
    const NjCode *code;
    NjBlock *blocks;
    NjName *const *symbols;
    guint symbol_count;
    bool changes; /* it may change a list in place */
    bool loads;   /* it loads others */
};

/* Parses text into template; text is not copied. */
bool nj_template_init(NunjucksTemplate *template, Arena *arena, const char *text,
                      const NunjucksOptions *options, GError **error);
