/* Expressions, by precedence from inline if down to literals. Every level that can nest counts its
 * depth, so that ten thousand brackets end in an error and not in the stack's end. */
#include "formats/nunjucks_parser_internal.h"

#include <string.h>

bool nj_advance(NjParser *parser)
{
    if (arena_exhausted(parser->arena))
        return nj_error_at(parser->source, parser->lexer.at, parser->error,
                           "the template is too large");
    return nj_lexer_next(&parser->lexer, &parser->token, parser->error);
}

NjNode *nj_node(NjParser *parser, NjNodeKind kind, gsize offset)
{
    NjNode *node = arena_new0(parser->arena, NjNode, 1);

    node->kind = kind;
    node->offset = offset;
    return node;
}

void nj_child(NjNode *parent, NjNode *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

NjNode *nj_unexpected(NjParser *parser, const char *expected)
{
    const NjToken *token = &parser->token;

    switch (token->kind) {
    case NJ_TOKEN_BLOCK_END:
    case NJ_TOKEN_VARIABLE_END:
        nj_error_at(parser->source, token->offset, parser->error,
                    "the tag ends here, but %s was expected", expected);
        break;
    case NJ_TOKEN_END:
        nj_error_at(parser->source, token->offset, parser->error,
                    "the text ends here, but %s was expected", expected);
        break;
    default:
        nj_error_at(parser->source, token->offset, parser->error,
                    "unexpected \"%s\", %s was expected", token->text ? token->text : "tag",
                    expected);
    }
    return NULL;
}

bool nj_at_operator(const NjParser *parser, const char *text)
{
    return parser->token.kind == NJ_TOKEN_OPERATOR && g_str_equal(parser->token.text, text);
}

bool nj_at_symbol(const NjParser *parser, const char *text)
{
    return parser->token.kind == NJ_TOKEN_SYMBOL && g_str_equal(parser->token.text, text);
}

bool nj_take_operator(NjParser *parser, const char *text, bool *taken)
{
    *taken = nj_at_operator(parser, text);
    return !*taken || nj_advance(parser);
}

static bool nj_take_symbol(NjParser *parser, const char *text, bool *taken)
{
    *taken = nj_at_symbol(parser, text);
    return !*taken || nj_advance(parser);
}

bool nj_expect_operator(NjParser *parser, const char *text)
{
    g_autofree char *expected = NULL;

    if (nj_at_operator(parser, text))
        return nj_advance(parser);
    expected = g_strdup_printf("\"%s\"", text);
    nj_unexpected(parser, expected);
    return false;
}

static NjNode *combine(NjParser *parser, NjNodeKind kind, NjNode *a, NjNode *b, gsize offset)
{
    NjNode *node = nj_node(parser, kind, offset);

    node->a = a;
    node->b = b;
    return node;
}

/* ---- arguments ---- */

static bool parse_argument(NjParser *parser, NjNode *node)
{
    NjNode *value = nj_parse_expression(parser);

    if (!value)
        return false;
    if (!nj_at_operator(parser, "=")) {
        nj_child(node, value);
        return true;
    }
    if (value->kind != NJ_SYMBOL)
        return nj_unexpected(parser, "\",\" or \")\"") != NULL;
    NjNode *pair = nj_node(parser, NJ_PAIR, value->offset);

    pair->name = value->name;
    if (!nj_advance(parser) || !(pair->b = nj_parse_expression(parser)))
        return false;
    nj_child(node, pair);
    return true;
}

bool nj_parse_arguments(NjParser *parser, NjNode *node)
{
    bool more = true;

    if (!nj_expect_operator(parser, "("))
        return false;
    while (more && !nj_at_operator(parser, ")"))
        if (!parse_argument(parser, node) || !nj_take_operator(parser, ",", &more))
            return false;
    return nj_expect_operator(parser, ")");
}

const char *nj_parse_dotted_name(NjParser *parser)
{
    g_autoptr(GString) name = g_string_new(NULL);
    bool more = true;

    while (more) {
        if (parser->token.kind != NJ_TOKEN_SYMBOL) {
            nj_unexpected(parser, "a name");
            return NULL;
        }
        g_string_append_printf(name, "%s%s", name->len ? "." : "", parser->token.text);
        if (!nj_advance(parser) || !nj_take_operator(parser, ".", &more))
            return NULL;
    }
    return arena_strdup(parser->arena, name->str);
}

/* ---- literals ---- */

static NjNode *literal(NjParser *parser, const Value *value)
{
    NjNode *node = nj_node(parser, NJ_LITERAL, parser->token.offset);

    node->value = value;
    return nj_advance(parser) ? node : NULL;
}

static NjNode *parse_number(NjParser *parser)
{
    const char *text = parser->token.text;
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);

    if (*end)
        return nj_unexpected(parser, "a number");
    if (!strchr(text, '.') && strlen(text) < 16)
        return literal(parser, value_int_new(parser->arena, g_ascii_strtoll(text, NULL, 10)));
    return literal(parser, value_number_new(parser->arena, number));
}

static NjNode *parse_symbol(NjParser *parser)
{
    const char *text = parser->token.text;
    Arena *arena = parser->arena;

    if (g_str_equal(text, "true") || g_str_equal(text, "false"))
        return literal(parser, value_bool_new(arena, *text == 't'));
    if (g_str_equal(text, "none") || g_str_equal(text, "null"))
        return literal(parser, value_null_new(arena));
    NjNode *node = nj_node(parser, NJ_SYMBOL, parser->token.offset);

    node->name = text;
    return nj_advance(parser) ? node : NULL;
}

/* "[a, b]" and "(a, b)". */
static NjNode *parse_sequence(NjParser *parser, NjNodeKind kind, const char *end)
{
    NjNode *node = nj_node(parser, kind, parser->token.offset);
    bool more = true;

    if (!nj_advance(parser))
        return NULL;
    while (more && !nj_at_operator(parser, end)) {
        NjNode *item = nj_parse_expression(parser);

        if (!item)
            return NULL;
        nj_child(node, item);
        if (!nj_take_operator(parser, ",", &more))
            return NULL;
    }
    return nj_expect_operator(parser, end) ? node : NULL;
}

static bool parse_pair(NjParser *parser, NjNode *dict)
{
    NjNode *pair = nj_node(parser, NJ_PAIR, parser->token.offset);

    /* A bare name is a key, as in JavaScript. */
    if (!(pair->a = nj_parse_primary(parser)))
        return false;
    if (pair->a->kind == NJ_SYMBOL) {
        pair->name = pair->a->name;
        pair->a = NULL;
    }
    if (!nj_expect_operator(parser, ":") || !(pair->b = nj_parse_expression(parser)))
        return false;
    nj_child(dict, pair);
    return true;
}

static NjNode *parse_dict(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_DICT, parser->token.offset);
    bool more = true;

    if (!nj_advance(parser))
        return NULL;
    while (more && !nj_at_operator(parser, "}"))
        if (!parse_pair(parser, node) || !nj_take_operator(parser, ",", &more))
            return NULL;
    return nj_expect_operator(parser, "}") ? node : NULL;
}

static NjNode *parse_regex(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_REGEX, parser->token.offset);

    node->name = parser->token.text;
    node->flags = parser->token.flags;
    return nj_advance(parser) ? node : NULL;
}

static NjNode *parse_atom(NjParser *parser)
{
    const NjToken *token = &parser->token;

    switch (token->kind) {
    case NJ_TOKEN_STRING:
        return literal(parser, value_string_new_length(parser->arena, token->text, token->length));
    case NJ_TOKEN_NUMBER:
        return parse_number(parser);
    case NJ_TOKEN_SYMBOL:
        return parse_symbol(parser);
    case NJ_TOKEN_REGEX:
        return parse_regex(parser);
    default:
        break;
    }
    if (nj_at_operator(parser, "("))
        return parse_sequence(parser, NJ_GROUP, ")");
    if (nj_at_operator(parser, "["))
        return parse_sequence(parser, NJ_ARRAY, "]");
    if (nj_at_operator(parser, "{"))
        return parse_dict(parser);
    return nj_unexpected(parser, "a value");
}

/* ---- postfix ---- */

static NjNode *parse_index(NjParser *parser, NjNode *target)
{
    NjNode *node = nj_node(parser, NJ_LOOKUP, parser->token.offset);

    node->a = target;
    if (!nj_advance(parser) || !(node->b = nj_parse_expression(parser)))
        return NULL;
    return nj_expect_operator(parser, "]") ? node : NULL;
}

/* Methods that change their list in place. */
static const char *const MUTATORS[] = {"push", "pop",  "shift",   "unshift", "splice",
                                       "fill", "sort", "reverse", NULL};

static NjNode *parse_member(NjParser *parser, NjNode *target)
{
    NjNode *node = nj_node(parser, NJ_LOOKUP, parser->token.offset);

    node->a = target;
    if (!nj_advance(parser))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL && parser->token.kind != NJ_TOKEN_NUMBER)
        return nj_unexpected(parser, "a member's name");
    if (g_strv_contains(MUTATORS, parser->token.text))
        parser->mutates = true;
    node->b = literal(parser, value_string_new(parser->arena, parser->token.text));
    return node->b ? node : NULL;
}

static NjNode *parse_call(NjParser *parser, NjNode *target)
{
    NjNode *node = nj_node(parser, NJ_CALL, target->offset);

    node->a = target;
    return nj_parse_arguments(parser, node) ? node : NULL;
}

NjNode *nj_parse_primary(NjParser *parser)
{
    if (parser->depth >= NJ_DEPTH_MAX)
        return nj_unexpected(parser, "less nesting");
    parser->depth++;
    NjNode *node = parse_atom(parser);
    guint chain = 0;

    while (node) {
        if (nj_at_operator(parser, "("))
            node = parse_call(parser, node);
        else if (nj_at_operator(parser, "["))
            node = parse_index(parser, node);
        else if (nj_at_operator(parser, "."))
            node = parse_member(parser, node);
        else
            break;
        if (node && ++chain > NJ_DEPTH_MAX)
            node = nj_unexpected(parser, "a shorter chain");
    }
    parser->depth--;
    return node;
}

static NjNode *parse_filters(NjParser *parser, NjNode *node)
{
    guint chain = 0;

    while (node && nj_at_operator(parser, "|")) {
        if (!nj_advance(parser))
            return NULL;
        NjNode *filter = nj_node(parser, NJ_FILTER, parser->token.offset);

        filter->a = node;
        filter->name = nj_parse_dotted_name(parser);
        if (!filter->name)
            return NULL;
        if (nj_at_operator(parser, "(") && !nj_parse_arguments(parser, filter))
            return NULL;
        if (++chain > NJ_DEPTH_MAX)
            return nj_unexpected(parser, "a shorter chain");
        node = filter;
    }
    return node;
}

/* ---- operators ---- */

static NjNode *parse_unary(NjParser *parser, bool filters)
{
    NjNode *node;

    if (nj_at_operator(parser, "-") || nj_at_operator(parser, "+")) {
        node = nj_node(parser, nj_at_operator(parser, "-") ? NJ_NEGATE : NJ_POSITIVE,
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
    return filters && node ? parse_filters(parser, node) : node;
}

/* Binary operators from the loosest to the tightest; each level's members bind to the left. */
static const char *const BINARY[][9] = {
    {"==", "===", "!=", "!==", "<", ">", "<=", ">=", NULL},
    {"~", NULL},
    {"+", NULL},
    {"-", NULL},
    {"*", NULL},
    {"/", NULL},
    {"//", NULL},
    {"%", NULL},
    {"**", NULL},
};

static const char *operator_of_level(const NjParser *parser, gsize level)
{
    for (const char *const *name = BINARY[level]; *name; name++)
        if (nj_at_operator(parser, *name))
            return *name;
    return NULL;
}

static NjNode *parse_binary(NjParser *parser, gsize level)
{
    if (level == G_N_ELEMENTS(BINARY))
        return parse_unary(parser, true);
    NjNode *left = parse_binary(parser, level + 1);
    const char *name;
    guint chain = 0;

    while (left && (name = operator_of_level(parser, level))) {
        gsize offset = parser->token.offset;
        NjNode *right = nj_advance(parser) ? parse_binary(parser, level + 1) : NULL;

        if (!right || ++chain > NJ_DEPTH_MAX)
            return right ? nj_unexpected(parser, "a shorter chain") : NULL;
        left = combine(parser, NJ_BINARY, left, right, offset);
        left->name = name;
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
    test->name = parser->token.text;
    if (!nj_advance(parser))
        return NULL;
    if (nj_at_operator(parser, "(") && !nj_parse_arguments(parser, test))
        return NULL;
    return negate(parser, test, invert);
}

static NjNode *parse_is(NjParser *parser)
{
    NjNode *node = parse_binary(parser, 0);

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

        if (!right || ++chain > NJ_DEPTH_MAX)
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
    NjNode *node = parse_not(parser);
    parser->depth--;
    return node ? combine(parser, NJ_NOT, node, NULL, offset) : NULL;
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

        if (!right || ++chain > NJ_DEPTH_MAX)
            return right ? nj_unexpected(parser, "a shorter chain") : NULL;
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
    if (taken && !(choice->c = nj_parse_expression(parser)))
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
