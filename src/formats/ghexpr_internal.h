/* What the parts of the expression engine share: the tree, the coercions, the functions. */
#pragma once
#include "formats/ghexpr.h"

#define GHEXPR_LENGTH_MAX 21000
#define GHEXPR_DEPTH_MAX 50
#define GHEXPR_TEXT_MAX ((gsize)10 << 20)
#define GHEXPR_STEPS_MAX 2000000

typedef enum {
    NODE_LITERAL,
    NODE_CONTEXT,  /* name */
    NODE_WILDCARD, /* only as the second child of NODE_INDEX */
    NODE_INDEX,    /* children: what, index */
    NODE_NOT,
    NODE_AND,
    NODE_OR,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_CALL /* name, children: arguments */
} NodeKind;

typedef struct Node {
    NodeKind kind;
    int column; /* 1-based, in the expression */
    const Value *literal;
    const char *name;
    struct Node *first, *next; /* children are a list */
    guint count;
} Node;

/* The tree of expression, in arena; *column tells where an error is. */
Node *ghexpr_parse(Arena *arena, const char *expression, int *column, GError **error);

/* One evaluation: its scope and what it may still spend. */
typedef struct {
    Arena *arena;
    const GhexprScope *scope;
    guint steps;
    int column; /* of the node under way, for errors */
} GhexprRun;

const Value *ghexpr_run(GhexprRun *run, const Node *node, GError **error);

/* How many arguments a function takes; NULL where there is none of that name. */
typedef struct {
    const char *name;
    guint arguments_min, arguments_max;
    bool status; /* success(), failure(), always(), cancelled() */
    const Value *(*call)(GhexprRun *run, const Value *const *arguments, guint count,
                         GError **error);
} GhexprFunction;
const GhexprFunction *ghexpr_function(const char *name);

/* Comparison as GitHub does it: by upper-cased code points, dotless i left alone. */
int ghexpr_compare_text(const char *a, const char *b);
bool ghexpr_equal(const Value *a, const Value *b);
double ghexpr_to_number(const Value *value);
bool ghexpr_is_scalar(const Value *value);

/* The digest hashFiles() answers; patterns are globs relative to folder. */
const char *ghexpr_hash_files(Arena *arena, const char *folder, const char *const *patterns,
                              GError **error);

/* The next `${{ … }}` at or after *at: its inner text as an offset and a length, *at moved behind
 * it. 1 found, 0 none, -1 not closed. */
