/* Operators, from inline if down to signs. */
#include "formats/nunjucks_parser_internal.h"

#include <string.h>

static NjNode *combine(NjParser *parser, NjNodeKind kind, NjNode *a, NjNode *b, gsize offset)
{
    NjNode *node = nj_node(parser, kind, offset);

    node->a = a;
    node->b = b;
    return node;
}

static NjNode *parse_unary(NjParser *parser, bool filters)
{
    NjNode *node;

    if (nj_at_operator(parser, '-') || nj_at_operator(parser, '+')) {
        node = nj_node(parser, nj_at_operator(parser, '-') ? NJ_NEGATE : NJ_POSITIVE,
                       parser->token.offset);
        if (parser->depth >= NJ_DEPTH_MAX)
            return nj_unexpected(parser, "less nesting");
        parser->depth++;
        node->a = nj_advance(parser) ? parse_unary(parser, false) : NULL;
        parser->depth--;
        node = node->a ? node : NULL;
    } else {
        node = nj_parse_primary(parser);
    }
    return filters && node ? nj_parse_filters(parser, node) : node;
}

/* Nunjucks' own precedence is lost where it writes JavaScript without brackets: what binds is
 * JavaScript's, except that "//" and "**" become calls and so bind by Nunjucks'. */
static bool at_operation(const NjParser *parser, const char *text)
{
    const NjToken *token = &parser->token;

    return token->kind == NJ_TOKEN_OPERATOR && token->sign == *text &&
           strncmp(token->text, text, token->length) == 0 && text[token->length] == '\0';
}

static NjNode *operation(NjParser *parser, NjOperation operation, NjNode *a, NjNode *b, gsize offset)
{
    NjNode *node = combine(parser, NJ_BINARY, a, b, offset);

    node->operation = operation;
    return node;
}

/* How many operands a chain has is how deep its tree is. */
static bool too_long(NjParser *parser, guint *chain)
{
    return ++*chain > NJ_DEPTH_MAX && !nj_unexpected(parser, "a shorter chain");
}

static NjNode *parse_power(NjParser *parser)
{
    NjNode *left = parse_unary(parser, true);
    guint chain = 0;

    while (left && at_operation(parser, "**")) {
        gsize offset = parser->token.offset;
        NjNode *right = nj_advance(parser) ? parse_unary(parser, true) : NULL;

        if (!right || too_long(parser, &chain))
            return NULL;
        left = operation(parser, NJ_POWER, left, right, offset);
    }
    return left;
}

/* "a % b % c" onto left, by JavaScript's order; left may be NULL. `first` says what joins a. */
static NjNode *parse_modulo(NjParser *parser, NjNode *left, NjOperation first, gsize offset)
{
    guint chain = 0;

    for (;;) {
        NjNode *right = parse_power(parser);

        if (!right || too_long(parser, &chain))
            return NULL;
        left = left ? operation(parser, first, left, right, offset) : right;
        if (!nj_at_operator(parser, '%'))
            return left;
        first = NJ_MODULO;
        offset = parser->token.offset;
        if (!nj_advance(parser))
            return NULL;
    }
}

static NjNode *floor_of(NjParser *parser, NjNode *quotient, gsize offset)
{
    NjNode *one = nj_node(parser, NJ_LITERAL, offset);

    if (quotient->operation == NJ_DIVIDE) {
        quotient->operation = NJ_FLOOR_DIVIDE;
        return quotient;
    }
    one->value = value_int_new(parser->arena, 1);
    return operation(parser, NJ_FLOOR_DIVIDE, quotient, one, offset);
}

/* An operand of "*" and "/": with a "//" in it it is one value, without it is a part of the chain.
 */
static NjNode *parse_factor(NjParser *parser, NjNode *left, NjOperation joined, gsize offset)
{
    NjNode *alone = parse_modulo(parser, NULL, NJ_MODULO, offset);
    bool floors = false;
    guint chain = 0;

    while (alone && at_operation(parser, "//")) {
        gsize at = parser->token.offset;

        if (!nj_advance(parser) || too_long(parser, &chain))
            return NULL;
        alone = parse_modulo(parser, alone, NJ_DIVIDE, at);
        alone = alone ? floor_of(parser, alone, at) : NULL;
        floors = true;
    }
    if (!alone || !left)
        return alone;
    /* left * (a % b) is (left * a) % b: hang left before the first operand. */
    NjNode **first = &alone;

    while (!floors && (*first)->kind == NJ_BINARY && (*first)->operation == NJ_MODULO)
        first = &(*first)->a;
    *first = operation(parser, joined, left, *first, offset);
    return alone;
}

static NjNode *parse_product(NjParser *parser)
{
    NjNode *left = parse_factor(parser, NULL, NJ_MULTIPLY, 0);
    guint chain = 0;

    while (left && (nj_at_operator(parser, '*') || nj_at_operator(parser, '/'))) {
        NjOperation joined = parser->token.sign == '*' ? NJ_MULTIPLY : NJ_DIVIDE;
        gsize offset = parser->token.offset;

        if (!nj_advance(parser) || too_long(parser, &chain))
            return NULL;
        left = parse_factor(parser, left, joined, offset);
    }
    return left;
}

static NjNode *parse_sum(NjParser *parser)
{
    NjNode *left = parse_product(parser);
    guint chain = 0;

    while (left && (nj_at_operator(parser, '+') || nj_at_operator(parser, '-') ||
                    nj_at_operator(parser, '~'))) {
        char sign = parser->token.sign;
        gsize offset = parser->token.offset;
        NjNode *right = nj_advance(parser) ? parse_product(parser) : NULL;

        if (!right || too_long(parser, &chain))
            return NULL;
        left = operation(parser,
                         sign == '+'   ? NJ_ADD
                         : sign == '-' ? NJ_SUBTRACT
                                       : NJ_CONCAT,
                         left, right, offset);
    }
    return left;
}

static bool at_order(const NjParser *parser, NjOperation *operation)
{
    const NjToken *token = &parser->token;

    if (token->kind != NJ_TOKEN_OPERATOR || (token->sign != '<' && token->sign != '>'))
        return false;
    *operation = token->sign == '<' ? (token->length == 2 ? NJ_LESS_EQUAL : NJ_LESS)
                                    : (token->length == 2 ? NJ_GREATER_EQUAL : NJ_GREATER);
    return true;
}

static bool at_equality(const NjParser *parser, NjOperation *operation)
{
    const NjToken *token = &parser->token;

    if (token->kind != NJ_TOKEN_OPERATOR || (token->sign != '=' && token->sign != '!') ||
        token->length < 2)
        return false;
    *operation = token->sign == '=' ? (token->length == 3 ? NJ_SAME : NJ_EQUAL)
                                    : (token->length == 3 ? NJ_NOT_SAME : NJ_NOT_EQUAL);
    return true;
}

static NjNode *parse_comparison(NjParser *parser, bool equality)
{
    NjNode *left = equality ? parse_comparison(parser, false) : parse_sum(parser);
    NjOperation what;
    guint chain = 0;

    while (left && (equality ? at_equality(parser, &what) : at_order(parser, &what))) {
        gsize offset = parser->token.offset;

        if (!nj_advance(parser))
            return NULL;
        NjNode *right = equality ? parse_comparison(parser, false) : parse_sum(parser);

        if (!right || too_long(parser, &chain))
            return NULL;
        left = operation(parser, what, left, right, offset);
    }
    return left;
}

static NjNode *negate(NjParser *parser, NjNode *node, bool invert)
{
    return node && invert ? combine(parser, NJ_NOT, node, NULL, node->offset) : node;
}

static NjNode *parse_test(NjParser *parser, NjNode *input)
{
    NjNode *test = nj_node(parser, NJ_TEST, parser->token.offset);
    bool invert;

    test->a = input;
    if (!nj_advance(parser) || !nj_take_symbol(parser, "not", &invert))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "a test's name");
    test->name = nj_token_name(parser)->text;
    test->test = g_str_equal(test->name, "defined")     ? NJ_IS_DEFINED
                 : g_str_equal(test->name, "undefined") ? NJ_IS_UNDEFINED
                                                        : NJ_IS_CALLED;
    if (!nj_advance(parser))
        return NULL;
    if (nj_at_operator(parser, '(') && !nj_parse_arguments(parser, test))
        return NULL;
    return negate(parser, test, invert);
}

static NjNode *parse_is(NjParser *parser)
{
    NjNode *node = parse_comparison(parser, true);

    return node && nj_at_symbol(parser, "is") ? parse_test(parser, node) : node;
}

static NjNode *parse_in(NjParser *parser)
{
    NjNode *node = parse_is(parser);
    guint chain = 0;

    while (node && (nj_at_symbol(parser, "in") || nj_at_symbol(parser, "not"))) {
        gsize offset = parser->token.offset;
        bool invert = nj_at_symbol(parser, "not");

        if (!nj_advance(parser))
            return NULL;
        if (invert && (!nj_at_symbol(parser, "in") || !nj_advance(parser)))
            return nj_at_symbol(parser, "in") ? NULL : nj_unexpected(parser, "\"in\"");
        NjNode *right = parse_is(parser);

        if (!right || too_long(parser, &chain))
            return NULL;
        node = negate(parser, combine(parser, NJ_IN, node, right, offset), invert);
    }
    return node;
}

static NjNode *parse_not(NjParser *parser)
{
    gsize offset = parser->token.offset;
    bool taken;

    if (!nj_take_symbol(parser, "not", &taken))
        return NULL;
    if (!taken)
        return parse_in(parser);
    if (parser->depth >= NJ_DEPTH_MAX)
        return nj_unexpected(parser, "less nesting");
    parser->depth++;
    NjNode *node = parse_not(parser), **negated = &node;
    parser->depth--;
    if (!node)
        return NULL;
    /* "not a == b" is "!a == b" in JavaScript, where "!" binds to a alone. */
    while ((*negated)->kind == NJ_BINARY && (*negated)->operation != NJ_POWER &&
           (*negated)->operation != NJ_FLOOR_DIVIDE)
        negated = &(*negated)->a;
    *negated = combine(parser, NJ_NOT, *negated, NULL, offset);
    return node;
}

static NjNode *parse_logical(NjParser *parser, const char *word, NjNodeKind kind)
{
    bool inner = kind == NJ_OR;
    NjNode *left = inner ? parse_logical(parser, "and", NJ_AND) : parse_not(parser);
    guint chain = 0;

    while (left && nj_at_symbol(parser, word)) {
        gsize offset = parser->token.offset;

        if (!nj_advance(parser))
            return NULL;
        NjNode *right = inner ? parse_logical(parser, "and", NJ_AND) : parse_not(parser);

        if (!right || too_long(parser, &chain))
            return NULL;
        left = combine(parser, kind, left, right, offset);
    }
    return left;
}

static NjNode *parse_inline_if(NjParser *parser)
{
    NjNode *node = parse_logical(parser, "or", NJ_OR);
    bool taken;

    if (!node || !nj_at_symbol(parser, "if"))
        return node;
    NjNode *choice = nj_node(parser, NJ_INLINE_IF, parser->token.offset);

    choice->a = node;
    if (!nj_advance(parser) || !(choice->b = parse_logical(parser, "or", NJ_OR)) ||
        !nj_take_symbol(parser, "else", &taken))
        return NULL;
    if (taken && !(choice->c = parse_logical(parser, "or", NJ_OR)))
        return NULL;
    return choice;
}

NjNode *nj_parse_expression(NjParser *parser)
{
    if (parser->depth >= NJ_DEPTH_MAX)
        return nj_unexpected(parser, "less nesting");
    parser->depth++;
    NjNode *node = parse_inline_if(parser);
    parser->depth--;
    return node;
}
