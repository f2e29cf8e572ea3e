/* What the lexer, the statement parser and the expression parser share. */
#pragma once
#include "formats/nunjucks_tree.h"

/* ---- tokens ---- */

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
    const char *text; /* a part of the source; of a string its value; of a regex its pattern */
    gsize length;
    const char *flags; /* of a regex */
    char sign;         /* of an operator its first byte */
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
bool nj_lexer_raw(NjLexer *lexer, NjSpan name, NjToken *token, GError **error);

/* ---- names ---- */

typedef struct NjBinding NjBinding;

/* Where names are bound to slots: a function's own, and one more for each loop in it. */
typedef struct NjScope NjScope;
struct NjScope {
    NjScope *parent; /* NULL where nothing around can be seen */
    NjCode *code;    /* of the function the scope is in */
    NjBinding *bindings;
    bool block;    /* in a block, at any depth */
    NjNode *super; /* the block whose own scope it is */
};

/* A new slot for name in the scope. */
int nj_bind(Arena *arena, NjScope *scope, const NjName *name);
/* Is name bound where scope is? Sets *slot, and how many functions out it is. */
bool nj_bound(const NjScope *scope, const NjName *name, int *slot, guint *up);

/* ---- the parser ---- */

typedef struct {
    Arena *arena;
    NunjucksTemplate *template;
    const NjSource *source;
    NjLexer lexer;
    NjToken token; /* the one to look at next */
    guint depth;
    NjScope *scope;
    NjBlock **blocks_end;
    guint regexes;
    struct {
        NjName **slots; /* each name once; a power of two */
        guint size, count;
    } names;
    guint symbols; /* how many of the names are looked for */
    GError **error;
} NjParser;

/* The one copy of a name. */
NjName *nj_intern(NjParser *parser, const char *text, gsize length);

bool nj_advance(NjParser *parser);
NjNode *nj_node(NjParser *parser, NjNodeKind kind, gsize offset);
/* The same, with a name. */
NjNode *nj_named_node(NjParser *parser, NjNodeKind kind, gsize offset, NjName *name);
/* The next token's name. */
NjName *nj_token_name(NjParser *parser);
/* A new slot for the node's name, which it then has. */
void nj_declare(NjParser *parser, NjNode *node, NjName *name);
/* The names that are looked for, for the template. */
void nj_list_symbols(NjParser *parser);
void nj_child(NjNode *parent, NjNode *child);
void nj_child_named(NjNode *parent, NjNode *pair);
/* An error at the next token; always NULL. */
NjNode *nj_unexpected(NjParser *parser, const char *expected);

bool nj_at_operator(const NjParser *parser, char sign);
bool nj_at_symbol(const NjParser *parser, const char *text);
/* Takes it and sets *taken where it is next; false only on an error. */
bool nj_take_operator(NjParser *parser, char sign, bool *taken);
bool nj_take_symbol(NjParser *parser, const char *text, bool *taken);
bool nj_expect_operator(NjParser *parser, char sign);

NjNode *nj_parse_expression(NjParser *parser);
NjNode *nj_parse_primary(NjParser *parser);
/* node, and the filters behind it. */
NjNode *nj_parse_filters(NjParser *parser, NjNode *node);
/* "(a, b, key=c)" into the children of node and its named ones. */
bool nj_parse_arguments(NjParser *parser, NjNode *node);
/* "name(arguments)": a filter and its arguments into node. */
bool nj_parse_filter(NjParser *parser, NjNode *node);
