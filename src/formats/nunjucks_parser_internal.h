/* What the statement parser and the expression parser share. */
#pragma once
#include "formats/nunjucks_internal.h"

typedef struct {
    Arena *arena;
    const NjSource *source;
    NjLexer lexer;
    NjToken token; /* the one to look at next */
    guint depth;
    bool mutates;
    GError **error;
} NjParser;

bool nj_advance(NjParser *parser);
NjNode *nj_node(NjParser *parser, NjNodeKind kind, gsize offset);
void nj_child(NjNode *parent, NjNode *child);
/* An error at the next token; always NULL. */
NjNode *nj_unexpected(NjParser *parser, const char *expected);

bool nj_at_operator(const NjParser *parser, const char *text);
bool nj_at_symbol(const NjParser *parser, const char *text);
/* Takes it and sets *taken where it is next; false only on an error. */
bool nj_take_operator(NjParser *parser, const char *text, bool *taken);
bool nj_expect_operator(NjParser *parser, const char *text);

NjNode *nj_parse_expression(NjParser *parser);
NjNode *nj_parse_primary(NjParser *parser);
/* "(a, b, key=c)" into the children of node. */
bool nj_parse_arguments(NjParser *parser, NjNode *node);
/* "name.with.dots" in arena. */
const char *nj_parse_dotted_name(NjParser *parser);
