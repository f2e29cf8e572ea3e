/* Lexer and parser: precedence climbing over GitHub's five binary levels. */
#include "formats/ghexpr_internal.h"

#include <math.h>
#include <string.h>

typedef enum {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_WORD,
    TOKEN_OPERATOR, /* text is one of the operators below */
} TokenKind;

typedef struct {
    TokenKind kind;
    const char *text; /* in arena: a word, an operator, a string's value */
    double number;
    int column;
} Token;

typedef struct {
    Arena *arena;
    const char *text;
    gsize at;
    Token token;
    int depth;
    int *column;
    GError **error;
    bool failed;
} Parser;

static const char *const OPERATORS[] = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                        "!",  "(",  ")",  "[",  "]",  ".",  ",", "*"};

static bool fail(Parser *parser, int column, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool fail(Parser *parser, int column, const char *format, ...)
{
    if (parser->failed)
        return false;
    parser->failed = true;
    if (parser->column)
        *parser->column = column;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(parser->error, PAVE_ERROR, ERROR_INPUT, message);
    return false;
}

static bool is_word_start(char c)
{
    return g_ascii_isalpha(c) || c == '_';
}

static bool is_word_part(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

static bool lex_string(Parser *parser)
{
    GString *value = g_string_new(NULL);
    gsize at = parser->at + 1;
    for (;; at++) {
        if (!parser->text[at]) {
            g_string_free(value, TRUE);
            return fail(parser, parser->token.column, "the string has no closing quote");
        }
        if (parser->text[at] == '\'') {
            if (parser->text[at + 1] != '\'')
                break;
            at++;
        }
        g_string_append_c(value, parser->text[at]);
    }
    parser->at = at + 1;
    parser->token.kind = TOKEN_STRING;
    parser->token.text = arena_strndup(parser->arena, value->str, value->len);
    g_string_free(value, TRUE);
    return true;
}

static bool lex_number(Parser *parser)
{
    const char *start = parser->text + parser->at;
    gsize length = strspn(start, "0123456789abcdefABCDEFxXoOInityN.+-");
    /* a sign belongs to the number only in front or behind an exponent's e */
    for (gsize i = 1; i < length; i++)
        if ((start[i] == '+' || start[i] == '-') && g_ascii_tolower(start[i - 1]) != 'e') {
            length = i;
            break;
        }
    const char *text = arena_strndup(parser->arena, start, length);
    const Value *value = value_string_new(parser->arena, text);
    double number = ghexpr_to_number(value);
    if (isnan(number) || length == 0)
        return fail(parser, parser->token.column, "'%s' is not a number", text);
    parser->at += length;
    parser->token.kind = TOKEN_NUMBER;
    parser->token.number = number;
    parser->token.text = text;
    return true;
}

static bool next_token(Parser *parser)
{
    if (parser->failed)
        return false;
    while (parser->text[parser->at] && strchr(" \t\r\n", parser->text[parser->at]))
        parser->at++;
    const char *here = parser->text + parser->at;
    bool after_dot = parser->token.kind == TOKEN_OPERATOR && g_str_equal(parser->token.text, ".");
    parser->token = (Token){.column = (int)parser->at + 1};
    if (!*here)
        return true;
    if (*here == '\'')
        return lex_string(parser);
    if (is_word_start(*here)) {
        gsize length = 1;
        while (is_word_part(here[length]))
            length++;
        parser->token.kind = TOKEN_WORD;
        parser->token.text = arena_strndup(parser->arena, here, length);
        parser->at += length;
        return true;
    }
    if (g_ascii_isdigit(*here) || *here == '-' || *here == '+' ||
        (*here == '.' && !after_dot && g_ascii_isdigit(here[1])))
        return lex_number(parser);
    for (guint i = 0; i < G_N_ELEMENTS(OPERATORS); i++)
        if (g_str_has_prefix(here, OPERATORS[i])) {
            parser->token.kind = TOKEN_OPERATOR;
            parser->token.text = OPERATORS[i];
            parser->at += strlen(OPERATORS[i]);
            return true;
        }
    if (*here == '"')
        return fail(parser, parser->token.column,
                    "strings are written in single quotes in an expression");
    gunichar c = g_utf8_get_char_validated(here, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2)
        return fail(parser, parser->token.column, "the expression is not UTF-8");
    g_autofree char *shown = g_strndup(here, (gsize)(g_utf8_next_char(here) - here));
    return fail(parser, parser->token.column, "'%s' is not expected here", shown);
}

static bool at_operator(const Parser *parser, const char *operator)
{
    return parser->token.kind == TOKEN_OPERATOR && g_str_equal(parser->token.text, operator);
}

static bool unexpected(Parser *parser, const char *wanted)
{
    if (parser->token.kind == TOKEN_END)
        return fail(parser, parser->token.column, "the expression ends where %s is expected",
                    wanted);
    return fail(parser, parser->token.column, "'%s' stands where %s is expected",
                parser->token.text, wanted);
}

static bool expect(Parser *parser, const char *operator)
{
    if (!at_operator(parser, operator)) {
        g_autofree char *wanted = g_strdup_printf("'%s'", operator);
        return unexpected(parser, wanted);
    }
    return next_token(parser);
}

static Node *node_new(Parser *parser, NodeKind kind)
{
    Node *node = arena_new0(parser->arena, Node, 1);
    node->kind = kind;
    node->column = parser->token.column;
    return node;
}

static void node_add(Node *parent, Node *child)
{
    Node **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = child;
    parent->count++;
}

static Node *parse_expression(Parser *parser);

static Node *literal(Parser *parser, const Value *value)
{
    Node *node = node_new(parser, NODE_LITERAL);
    node->literal = value;
    return next_token(parser) ? node : NULL;
}

static bool parse_arguments(Parser *parser, Node *call)
{
    Node **end = &call->first;
    if (at_operator(parser, ")"))
        return next_token(parser);
    for (;;) {
        Node *argument = parse_expression(parser);
        if (!argument)
            return false;
        *end = argument;
        end = &argument->next;
        call->count++;
        if (!at_operator(parser, ","))
            break;
        if (!next_token(parser))
            return false;
    }
    return expect(parser, ")");
}

static Node *parse_call(Parser *parser, Node *call)
{
    const GhexprFunction *function = ghexpr_function(call->name);
    if (!function) {
        fail(parser, call->column, "there is no function '%s'", call->name);
        return NULL;
    }
    if (!next_token(parser) || !parse_arguments(parser, call))
        return NULL;
    if (call->count < function->arguments_min || call->count > function->arguments_max) {
        fail(parser, call->column, "%s() takes %s%u argument%s, %u %s given", function->name,
             call->count < function->arguments_min
                 ? (function->arguments_max > function->arguments_min ? "at least " : "")
                 : (function->arguments_max > function->arguments_min ? "at most " : ""),
             call->count < function->arguments_min ? function->arguments_min
                                                   : function->arguments_max,
             (call->count < function->arguments_min ? function->arguments_min
                                                    : function->arguments_max) == 1
                 ? ""
                 : "s",
             call->count, call->count == 1 ? "is" : "are");
        return NULL;
    }
    if (g_str_equal(function->name, "case") && call->count % 2 == 0) {
        fail(parser, call->column,
             "case() takes pairs of condition and value and then one default");
        return NULL;
    }
    return call;
}

static Node *parse_word(Parser *parser)
{
    const char *word = parser->token.text;
    if (g_str_equal(word, "true") || g_str_equal(word, "false"))
        return literal(parser, value_bool_new(parser->arena, *word == 't'));
    if (g_str_equal(word, "null"))
        return literal(parser, value_null_new(parser->arena));
    if (g_str_equal(word, "NaN"))
        return literal(parser, value_number_new(parser->arena, NAN));
    if (g_str_equal(word, "Infinity"))
        return literal(parser, value_number_new(parser->arena, INFINITY));
    Node *node = node_new(parser, NODE_CONTEXT);
    node->name = word;
    if (!next_token(parser))
        return NULL;
    if (!at_operator(parser, "("))
        return node;
    node->kind = NODE_CALL;
    return parse_call(parser, node);
}

static Node *parse_primary(Parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NUMBER:
        return literal(parser, value_number_new(parser->arena, parser->token.number));
    case TOKEN_STRING:
        return literal(parser, value_string_new(parser->arena, parser->token.text));
    case TOKEN_WORD:
        return parse_word(parser);
    default:
        break;
    }
    if (at_operator(parser, "(")) {
        if (!next_token(parser))
            return NULL;
        Node *inner = parse_expression(parser);
        return inner && expect(parser, ")") ? inner : NULL;
    }
    unexpected(parser, "a value");
    return NULL;
}

/* What follows a value: .name, .*, [index], [*]. */
static Node *parse_suffix(Parser *parser, Node *what, bool dot)
{
    Node *index = node_new(parser, NODE_INDEX);
    if (!next_token(parser))
        return NULL;
    node_add(index, what);
    if (at_operator(parser, "*")) {
        node_add(index, node_new(parser, NODE_WILDCARD));
        if (!next_token(parser))
            return NULL;
    } else if (dot) {
        if (parser->token.kind != TOKEN_WORD) {
            unexpected(parser, "a name");
            return NULL;
        }
        Node *name = literal(parser, value_string_new(parser->arena, parser->token.text));
        if (!name)
            return NULL;
        node_add(index, name);
    } else {
        Node *inner = parse_expression(parser);
        if (!inner)
            return NULL;
        node_add(index, inner);
    }
    return dot || expect(parser, "]") ? index : NULL;
}

static Node *parse_unary(Parser *parser)
{
    if (++parser->depth > GHEXPR_DEPTH_MAX) {
        fail(parser, parser->token.column, "the expression is nested deeper than %d levels",
             GHEXPR_DEPTH_MAX);
        return NULL;
    }
    Node *node = NULL;
    if (at_operator(parser, "!")) {
        node = node_new(parser, NODE_NOT);
        Node *operand = next_token(parser) ? parse_unary(parser) : NULL;
        if (!operand)
            return NULL;
        node_add(node, operand);
    } else {
        node = parse_primary(parser);
        int suffixes = 0;
        while (node && (at_operator(parser, ".") || at_operator(parser, "["))) {
            if (++suffixes > GHEXPR_DEPTH_MAX) {
                fail(parser, parser->token.column, "more than %d members in a row",
                     GHEXPR_DEPTH_MAX);
                return NULL;
            }
            node = parse_suffix(parser, node, at_operator(parser, "."));
        }
    }
    parser->depth--;
    return node;
}

static const struct {
    const char *text;
    int level;
    NodeKind kind;
} BINARY[] = {
    {"||", 1, NODE_OR},        {"&&", 2, NODE_AND},           {"==", 3, NODE_EQUAL},
    {"!=", 3, NODE_NOT_EQUAL}, {"<", 4, NODE_LESS},           {"<=", 4, NODE_LESS_EQUAL},
    {">", 4, NODE_GREATER},    {">=", 4, NODE_GREATER_EQUAL},
};

static int binary_at(const Parser *parser)
{
    for (guint i = 0; i < G_N_ELEMENTS(BINARY); i++)
        if (at_operator(parser, BINARY[i].text))
            return (int)i;
    return -1;
}

static Node *parse_binary(Parser *parser, int level)
{
    Node *left = parse_unary(parser);
    int chain = 0;
    for (int at = binary_at(parser); left && at >= 0 && BINARY[at].level >= level;
         at = binary_at(parser)) {
        /* a && b && c … is one list of operands; a chain of comparisons nests to the left */
        bool list = BINARY[at].kind == NODE_AND || BINARY[at].kind == NODE_OR;
        if (!list && ++chain > GHEXPR_DEPTH_MAX) {
            fail(parser, parser->token.column, "too many comparisons in a row");
            return NULL;
        }
        Node *operation = node_new(parser, BINARY[at].kind);
        node_add(operation, left);
        Node *last = left;
        do {
            Node *right = next_token(parser) ? parse_binary(parser, BINARY[at].level + 1) : NULL;
            if (!right)
                return NULL;
            last->next = right;
            last = right;
            operation->count++;
        } while (list && at_operator(parser, BINARY[at].text));
        left = operation;
    }
    return left;
}

static Node *parse_expression(Parser *parser)
{
    if (++parser->depth > GHEXPR_DEPTH_MAX) {
        fail(parser, parser->token.column, "the expression is nested deeper than %d levels",
             GHEXPR_DEPTH_MAX);
        return NULL;
    }
    Node *node = parse_binary(parser, 1);
    parser->depth--;
    return node;
}

Node *ghexpr_parse(Arena *arena, const char *expression, int *column, GError **error)
{
    Parser parser = {.arena = arena, .text = expression, .column = column, .error = error};
    if (column)
        *column = 1;
    if (strlen(expression) > GHEXPR_LENGTH_MAX) {
        fail(&parser, 1, "the expression is longer than %d characters", GHEXPR_LENGTH_MAX);
        return NULL;
    }
    if (!next_token(&parser))
        return NULL;
    if (parser.token.kind == TOKEN_END) {
        fail(&parser, 1, "the expression is empty");
        return NULL;
    }
    Node *node = parse_expression(&parser);
    if (!node)
        return NULL;
    if (parser.token.kind != TOKEN_END) {
        unexpected(&parser, "an operator or the end");
        return NULL;
    }
    return node;
}
