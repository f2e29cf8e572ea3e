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
    node->slot = -1;
    return node;
}

NjNode *nj_named_node(NjParser *parser, NjNodeKind kind, gsize offset, NjName *name)
{
    NjNode *node = nj_node(parser, kind, offset);

    node->variable = name;
    node->name = name->text;
    node->length = name->length;
    node->hash = name->hash;
    return node;
}

NjName *nj_token_name(NjParser *parser)
{
    return nj_intern(parser, parser->token.text, parser->token.length);
}

void nj_declare(NjParser *parser, NjNode *node, NjName *name)
{
    name->bound = true;
    node->variable = name;
    node->name = name->text;
    node->length = name->length;
    node->hash = name->hash;
    node->slot = nj_bind(parser->arena, parser->scope, name);
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

void nj_child_named(NjNode *parent, NjNode *pair)
{
    if (parent->named_last)
        parent->named_last->next = pair;
    else
        parent->named = pair;
    parent->named_last = pair;
    parent->named_count++;
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
                    "unexpected \"%.*s\", %s was expected",
                    token->text ? (int)MIN(token->length, 60) : 3,
                    token->text ? token->text : "tag", expected);
    }
    return NULL;
}

bool nj_at_operator(const NjParser *parser, char sign)
{
    const NjToken *token = &parser->token;

    return token->kind == NJ_TOKEN_OPERATOR && token->sign == sign && token->length == 1;
}

bool nj_at_symbol(const NjParser *parser, const char *text)
{
    const NjToken *token = &parser->token;

    return token->kind == NJ_TOKEN_SYMBOL && *token->text == *text &&
           strncmp(token->text, text, token->length) == 0 && text[token->length] == '\0';
}

bool nj_take_operator(NjParser *parser, char sign, bool *taken)
{
    *taken = nj_at_operator(parser, sign);
    return !*taken || nj_advance(parser);
}

bool nj_take_symbol(NjParser *parser, const char *text, bool *taken)
{
    *taken = nj_at_symbol(parser, text);
    return !*taken || nj_advance(parser);
}

bool nj_expect_operator(NjParser *parser, char sign)
{
    char expected[] = {'"', sign, '"', '\0'};

    if (nj_at_operator(parser, sign))
        return nj_advance(parser);
    nj_unexpected(parser, expected);
    return false;
}

/* ---- arguments ---- */

static bool parse_argument(NjParser *parser, NjNode *node)
{
    gsize offset = parser->token.offset;
    NjName *name =
        parser->token.kind == NJ_TOKEN_SYMBOL || parser->token.kind == NJ_TOKEN_STRING
            ? nj_token_name(parser)
            : NULL;
    NjNode *value = nj_parse_expression(parser);

    if (!value)
        return false;
    if (!nj_at_operator(parser, '=')) {
        nj_child(node, value);
        return true;
    }
    if (!name || (value->kind != NJ_SYMBOL && value->kind != NJ_LOCAL && value->kind != NJ_LITERAL))
        return nj_unexpected(parser, "\",\" or \")\"") != NULL;
    NjNode *pair = nj_named_node(parser, NJ_PAIR, offset, name);

    if (!nj_advance(parser) || !(pair->b = nj_parse_expression(parser)))
        return false;
    nj_child_named(node, pair);
    return true;
}

bool nj_parse_arguments(NjParser *parser, NjNode *node)
{
    bool more = true;

    if (!nj_expect_operator(parser, '('))
        return false;
    while (more && !nj_at_operator(parser, ')'))
        if (!parse_argument(parser, node) || !nj_take_operator(parser, ',', &more))
            return false;
    return nj_expect_operator(parser, ')');
}

bool nj_parse_filter(NjParser *parser, NjNode *node)
{
    g_autoptr(GString) dotted = NULL;
    const NjToken *token = &parser->token;
    bool more = true;

    while (more) {
        if (token->kind != NJ_TOKEN_SYMBOL)
            return nj_unexpected(parser, "a filter's name") != NULL;
        if (dotted)
            g_string_append_printf(dotted, ".%.*s", (int)token->length, token->text);
        else
            node->name = nj_token_name(parser)->text;
        if (!nj_advance(parser) || !nj_take_operator(parser, '.', &more))
            return false;
        if (more && !dotted)
            dotted = g_string_new(node->name);
    }
    if (dotted)
        node->name = arena_strndup(parser->arena, dotted->str, dotted->len);
    node->filter = nj_filter_find(parser->source->options, node->name);
    return !nj_at_operator(parser, '(') || nj_parse_arguments(parser, node);
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
    const NjToken *token = &parser->token;
    Arena *arena = parser->arena;
    int64_t integer = 0;

    if (token->length < 16 && !memchr(token->text, '.', token->length)) {
        for (gsize i = 0; i < token->length; i++)
            integer = integer * 10 + (token->text[i] - '0');
        return literal(parser, value_int_new(arena, integer));
    }
    const char *text = arena_strndup(arena, token->text, token->length);

    return literal(parser, value_number_new(arena, g_ascii_strtod(text, NULL)));
}

static NjNode *symbol_node(NjParser *parser, gsize offset, NjName *name)
{
    int slot;
    guint up;
    bool bound = nj_bound(parser->scope, name, &slot, &up);
    NjNode *node = nj_named_node(parser, bound ? NJ_LOCAL : NJ_SYMBOL, offset, name);

    if (bound) {
        node->slot = slot;
        node->up = up;
        return node;
    }
    /* These two the evaluator gives a value to. */
    name->bound |= g_str_equal(name->text, "loop") || g_str_equal(name->text, "caller");
    name->sought = true;
    if (name->symbol == 0)
        name->symbol = ++parser->symbols;
    node->slot = (int)name->symbol - 1;
    return node;
}

static NjNode *parse_symbol(NjParser *parser)
{
    Arena *arena = parser->arena;

    if (nj_at_symbol(parser, "true") || nj_at_symbol(parser, "false"))
        return literal(parser, value_bool_new(arena, *parser->token.text == 't'));
    if (nj_at_symbol(parser, "none") || nj_at_symbol(parser, "null"))
        return literal(parser, value_null_new(arena));
    NjNode *node = symbol_node(parser, parser->token.offset, nj_token_name(parser));

    return nj_advance(parser) ? node : NULL;
}

/* "[a, b]" and "(a, b)". */
static NjNode *parse_sequence(NjParser *parser, NjNodeKind kind, char end)
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
        if (!nj_take_operator(parser, ',', &more))
            return NULL;
    }
    return nj_expect_operator(parser, end) ? node : NULL;
}

static bool parse_pair(NjParser *parser, NjNode *dict)
{
    const NjToken *token = &parser->token;
    bool named = token->kind == NJ_TOKEN_SYMBOL || token->kind == NJ_TOKEN_STRING;
    NjNode *pair = named ? nj_named_node(parser, NJ_PAIR, token->offset, nj_token_name(parser))
                         : nj_node(parser, NJ_PAIR, token->offset);

    /* A bare name is a key, as in JavaScript. */
    if (named ? !nj_advance(parser) : !(pair->a = nj_parse_primary(parser)))
        return false;
    if (!nj_expect_operator(parser, ':') || !(pair->b = nj_parse_expression(parser)))
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
    while (more && !nj_at_operator(parser, '}'))
        if (!parse_pair(parser, node) || !nj_take_operator(parser, ',', &more))
            return NULL;
    return nj_expect_operator(parser, '}') ? node : NULL;
}

enum { REGEXES_MAX = 1000 };

static NjNode *parse_regex(NjParser *parser)
{
    const NjToken *token = &parser->token;
    NjNode *node = nj_node(parser, NJ_REGEX, token->offset);
    NjPattern *pattern = arena_new0(parser->arena, NjPattern, 1);
    g_autoptr(GError) error = NULL;
    RegexFlags flags = (strchr(token->flags, 'i') ? REGEX_IGNORE_CASE : 0) |
                       (strchr(token->flags, 'm') ? REGEX_MULTILINE : 0);
    Regex *regex = regex_new(token->text, flags, &error);

    if (!regex || ++parser->regexes > REGEXES_MAX) {
        regex_free(regex);
        nj_error_at(parser->source, token->offset, parser->error, "%s",
                    error ? error->message : "too many regular expressions");
        return NULL;
    }
    arena_own(parser->arena, regex, (GDestroyNotify)regex_free);
    *pattern = (NjPattern){regex, token->text, token->flags, strchr(token->flags, 'g') != NULL};
    node->pattern = pattern;
    return nj_advance(parser) ? node : NULL;
}

static NjNode *parse_atom(NjParser *parser)
{
    const NjToken *token = &parser->token;

    switch (token->kind) {
    case NJ_TOKEN_STRING:
        return literal(parser, value_string_wrap(parser->arena, token->text, token->length));
    case NJ_TOKEN_NUMBER:
        return parse_number(parser);
    case NJ_TOKEN_SYMBOL:
        return parse_symbol(parser);
    case NJ_TOKEN_REGEX:
        return parse_regex(parser);
    default:
        break;
    }
    if (nj_at_operator(parser, '('))
        return parse_sequence(parser, NJ_GROUP, ')');
    if (nj_at_operator(parser, '['))
        return parse_sequence(parser, NJ_ARRAY, ']');
    if (nj_at_operator(parser, '{'))
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
    return nj_expect_operator(parser, ']') ? node : NULL;
}

/* "loop.index" and the like need no object made for them. */
static void make_loop_member(NjNode *node)
{
    static const char *const names[] = {"index", "index0", "revindex", "revindex0",
                                        "first", "last",   "length"};

    if (node->a->kind != NJ_SYMBOL || !g_str_equal(node->a->name, "loop"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i], node->name)) {
            node->kind = NJ_LOOP;
            node->loop = (NjLoopMember)i;
        }
}

/* Methods that change a list in place. */
static bool changes(const char *name)
{
    static const char *const names[] = {"push", "pop",  "shift",  "unshift",
                                        "sort", "fill", "splice", "reverse"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i], name))
            return true;
    return false;
}

static NjNode *parse_member(NjParser *parser, NjNode *target)
{
    gsize offset = parser->token.offset;

    if (!nj_advance(parser))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL && parser->token.kind != NJ_TOKEN_NUMBER)
        return nj_unexpected(parser, "a member's name");
    NjNode *node = nj_named_node(parser, NJ_MEMBER, offset, nj_token_name(parser));

    node->a = target;
    node->value = value_string_wrap(parser->arena, node->name, node->length);
    if (changes(node->name))
        parser->template->changes = true;
    make_loop_member(node);
    return nj_advance(parser) ? node : NULL;
}

/* super() is printed when its block begins, and kept in a slot. */
static bool make_super(NjParser *parser, NjNode *node)
{
    const NjName *name = nj_intern(parser, "super()", 7);
    NjScope *scope = parser->scope;
    int slot;
    guint up;

    if (node->a->kind != NJ_SYMBOL || !g_str_equal(node->a->name, "super") ||
        !nj_bound(scope, name, &slot, &up))
        return false;
    while (!scope->super)
        scope = scope->parent;
    scope->super->slot = slot;
    node->kind = NJ_LOCAL;
    node->slot = slot;
    node->up = up;
    return true;
}

static NjNode *parse_call(NjParser *parser, NjNode *target)
{
    NjNode *node = nj_node(parser, NJ_CALL, target->offset);

    node->a = target;
    if (!nj_parse_arguments(parser, node))
        return NULL;
    make_super(parser, node);
    return node;
}

NjNode *nj_parse_primary(NjParser *parser)
{
    if (parser->depth >= NJ_DEPTH_MAX)
        return nj_unexpected(parser, "less nesting");
    parser->depth++;
    NjNode *node = parse_atom(parser);
    guint chain = 0;

    while (node) {
        if (nj_at_operator(parser, '('))
            node = parse_call(parser, node);
        else if (nj_at_operator(parser, '['))
            node = parse_index(parser, node);
        else if (nj_at_operator(parser, '.'))
            node = parse_member(parser, node);
        else
            break;
        if (node && ++chain > NJ_DEPTH_MAX)
            node = nj_unexpected(parser, "a shorter chain");
    }
    parser->depth--;
    return node;
}

NjNode *nj_parse_filters(NjParser *parser, NjNode *node)
{
    guint chain = 0;

    while (node && nj_at_operator(parser, '|')) {
        if (!nj_advance(parser))
            return NULL;
        NjNode *filter = nj_node(parser, NJ_FILTER, parser->token.offset);

        filter->a = node;
        if (!nj_parse_filter(parser, filter))
            return NULL;
        if (++chain > NJ_DEPTH_MAX)
            return nj_unexpected(parser, "a shorter chain");
        node = filter;
    }
    return node;
}
