/* Statements: the tags between {% and %}. */
#include "formats/nunjucks_parser_internal.h"

#include <string.h>

/* Statements up to a tag whose name is in ends (NULL-terminated; NULL: the end of the text). The
 * name that ended it is the next token then. */
static NjNode *parse_statements(NjParser *parser, const char *const *ends);

static bool expect_block_end(NjParser *parser)
{
    if (parser->token.kind == NJ_TOKEN_BLOCK_END)
        return nj_advance(parser);
    return nj_unexpected(parser, "the end of the tag, %}") != NULL;
}

/* The body of a tag whose own "%}" is next, and then its end tag. */
static NjNode *parse_body(NjParser *parser, const char *end)
{
    const char *const ends[] = {end, NULL};
    NjNode *body = expect_block_end(parser) ? parse_statements(parser, ends) : NULL;

    if (!body || !nj_advance(parser))
        return NULL;
    /* {% endblock name %} may repeat the name. */
    if (parser->token.kind == NJ_TOKEN_SYMBOL && !nj_advance(parser))
        return NULL;
    return expect_block_end(parser) ? body : NULL;
}

/* ---- if ---- */

static NjNode *parse_if(NjParser *parser)
{
    static const char *const ends[] = {"elif", "elseif", "else", "endif", NULL};
    NjNode *node = nj_node(parser, NJ_IF, parser->token.offset);

    if (!nj_advance(parser) || !(node->a = nj_parse_expression(parser)) ||
        !expect_block_end(parser) || !(node->b = parse_statements(parser, ends)))
        return NULL;
    if (nj_at_symbol(parser, "elif") || nj_at_symbol(parser, "elseif")) {
        if (parser->depth >= NJ_DEPTH_MAX)
            return nj_unexpected(parser, "fewer branches");
        parser->depth++;
        node->c = parse_if(parser);
        parser->depth--;
        return node->c ? node : NULL;
    }
    bool otherwise = nj_at_symbol(parser, "else");

    if (!nj_advance(parser))
        return NULL;
    if (!otherwise)
        return expect_block_end(parser) ? node : NULL;
    node->c = parse_body(parser, "endif");
    return node->c ? node : NULL;
}

/* ---- for ---- */

static bool parse_targets(NjParser *parser, NjNode *node)
{
    bool more = true;

    while (more) {
        if (parser->token.kind != NJ_TOKEN_SYMBOL)
            return nj_unexpected(parser, "a variable's name") != NULL;
        NjNode *target = nj_node(parser, NJ_SYMBOL, parser->token.offset);

        target->name = parser->token.text;
        nj_child(node, target);
        if (!nj_advance(parser) || !nj_take_operator(parser, ",", &more))
            return false;
    }
    return true;
}

static NjNode *parse_for(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_FOR, parser->token.offset);
    g_autofree char *end = g_strconcat("end",
                                       nj_at_symbol(parser, "for")         ? "for"
                                       : nj_at_symbol(parser, "asyncEach") ? "each"
                                                                           : "all",
                                       NULL);
    const char *const ends[] = {"else", end, NULL};

    if (!nj_advance(parser) || !parse_targets(parser, node))
        return NULL;
    if (!nj_at_symbol(parser, "in"))
        return nj_unexpected(parser, "\"in\"");
    if (!nj_advance(parser) || !(node->a = nj_parse_expression(parser)) ||
        !expect_block_end(parser) || !(node->b = parse_statements(parser, ends)))
        return NULL;
    bool otherwise = nj_at_symbol(parser, "else");

    if (!nj_advance(parser))
        return NULL;
    if (!otherwise)
        return expect_block_end(parser) ? node : NULL;
    node->c = parse_body(parser, end);
    return node->c ? node : NULL;
}

/* ---- set, macro, call, filter, switch ---- */

static NjNode *parse_set(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_SET, parser->token.offset);

    if (!nj_advance(parser) || !parse_targets(parser, node))
        return NULL;
    if (parser->token.kind == NJ_TOKEN_BLOCK_END) {
        node->b = parse_body(parser, "endset");
        return node->b ? node : NULL;
    }
    if (!nj_expect_operator(parser, "=") || !(node->a = nj_parse_expression(parser)))
        return NULL;
    return expect_block_end(parser) ? node : NULL;
}

static bool check_parameters(NjParser *parser, const NjNode *node)
{
    for (const NjNode *child = node->first; child; child = child->next)
        if (child->kind != NJ_SYMBOL && child->kind != NJ_PAIR)
            return nj_error_at(parser->source, child->offset, parser->error,
                               "a parameter is a name, or a name = its default");
    return true;
}

static NjNode *parse_macro(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_MACRO, parser->token.offset);

    if (!nj_advance(parser))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "the macro's name");
    node->name = parser->token.text;
    if (!nj_advance(parser) || !nj_parse_arguments(parser, node) || !check_parameters(parser, node))
        return NULL;
    node->b = parse_body(parser, "endmacro");
    return node->b ? node : NULL;
}

static NjNode *parse_call_block(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_CALL_BLOCK, parser->token.offset);

    if (!nj_advance(parser))
        return NULL;
    if (nj_at_operator(parser, "(") &&
        (!nj_parse_arguments(parser, node) || !check_parameters(parser, node)))
        return NULL;
    if (!(node->a = nj_parse_primary(parser)))
        return NULL;
    if (node->a->kind != NJ_CALL)
        return nj_unexpected(parser, "a macro's call");
    node->b = parse_body(parser, "endcall");
    return node->b ? node : NULL;
}

static NjNode *parse_filter_block(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_FILTER_BLOCK, parser->token.offset);

    if (!nj_advance(parser) || !(node->name = nj_parse_dotted_name(parser)))
        return NULL;
    if (nj_at_operator(parser, "(") && !nj_parse_arguments(parser, node))
        return NULL;
    node->b = parse_body(parser, "endfilter");
    return node->b ? node : NULL;
}

static NjNode *parse_switch(NjParser *parser)
{
    static const char *const ends[] = {"case", "default", "endswitch", NULL};
    NjNode *node = nj_node(parser, NJ_SWITCH, parser->token.offset);

    if (!nj_advance(parser) || !(node->a = nj_parse_expression(parser)) ||
        !expect_block_end(parser) || !parse_statements(parser, ends))
        return NULL;
    while (nj_at_symbol(parser, "case")) {
        NjNode *pair = nj_node(parser, NJ_PAIR, parser->token.offset);

        if (!nj_advance(parser) || !(pair->a = nj_parse_expression(parser)) ||
            !expect_block_end(parser) || !(pair->b = parse_statements(parser, ends)))
            return NULL;
        pair->open = pair->b->count == 0;
        nj_child(node, pair);
    }
    if (nj_at_symbol(parser, "default")) {
        node->c = nj_advance(parser) ? parse_body(parser, "endswitch") : NULL;
        return node->c ? node : NULL;
    }
    return nj_advance(parser) && expect_block_end(parser) ? node : NULL;
}

/* ---- raw ---- */

static NjNode *data_node(NjParser *parser, const NjToken *token)
{
    NjNode *node = nj_node(parser, NJ_DATA, token->offset);

    node->name = token->text;
    node->length = token->length;
    return node;
}

static NjNode *parse_raw(NjParser *parser)
{
    const char *name = parser->token.text;
    NjToken data;

    if (!nj_advance(parser))
        return NULL;
    /* The lexer stands behind "%}" already: what follows is text, whatever it looks like. */
    if (parser->token.kind != NJ_TOKEN_BLOCK_END)
        return nj_unexpected(parser, "the end of the tag, %}");
    if (!nj_lexer_raw(&parser->lexer, name, &data, parser->error) || !nj_advance(parser))
        return NULL;
    return data_node(parser, &data);
}

static NjNode *refuse_loader(NjParser *parser)
{
    nj_error_at(parser->source, parser->token.offset, parser->error,
                "{%% %s %%} is not available: a template cannot load another one",
                parser->token.text);
    return NULL;
}

static const struct {
    const char *name;
    NjNode *(*parse)(NjParser *parser);
} TAGS[] = {
    {"if", parse_if},           {"ifAsync", parse_if},      {"for", parse_for},
    {"asyncEach", parse_for},   {"asyncAll", parse_for},    {"set", parse_set},
    {"macro", parse_macro},     {"call", parse_call_block}, {"filter", parse_filter_block},
    {"switch", parse_switch},   {"raw", parse_raw},         {"verbatim", parse_raw},
    {"extends", refuse_loader}, {"include", refuse_loader}, {"import", refuse_loader},
    {"from", refuse_loader},
};

static NjNode *parse_block(NjParser *parser)
{
    /* Without inheritance a block is its own content. */
    if (nj_at_symbol(parser, "block")) {
        if (!nj_advance(parser))
            return NULL;
        if (parser->token.kind != NJ_TOKEN_SYMBOL)
            return nj_unexpected(parser, "the block's name");
        return nj_advance(parser) ? parse_body(parser, "endblock") : NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(TAGS); i++)
        if (nj_at_symbol(parser, TAGS[i].name))
            return TAGS[i].parse(parser);
    nj_error_at(parser->source, parser->token.offset, parser->error, "unknown tag \"%s\"",
                parser->token.text ? parser->token.text : "");
    return NULL;
}

static NjNode *parse_output(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_OUTPUT, parser->token.offset);

    if (!nj_advance(parser) || !(node->a = nj_parse_expression(parser)))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_VARIABLE_END)
        return nj_unexpected(parser, "the end of the expression");
    return nj_advance(parser) ? node : NULL;
}

static bool at_end(const NjParser *parser, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (nj_at_symbol(parser, *ends))
            return true;
    return false;
}

static NjNode *parse_statement(NjParser *parser, bool *ended, const char *const *ends)
{
    NjNode *node;

    switch (parser->token.kind) {
    case NJ_TOKEN_DATA:
        node = data_node(parser, &parser->token);
        return nj_advance(parser) ? node : NULL;
    case NJ_TOKEN_VARIABLE_START:
        return parse_output(parser);
    case NJ_TOKEN_BLOCK_START:
        if (!nj_advance(parser))
            return NULL;
        *ended = at_end(parser, ends);
        return *ended ? NULL : parse_block(parser);
    default:
        return nj_unexpected(parser, "text or a tag");
    }
}

static NjNode *parse_statements(NjParser *parser, const char *const *ends)
{
    NjNode *list = nj_node(parser, NJ_LIST, parser->token.offset);
    gsize opened = parser->token.offset;
    bool ended = false;

    if (parser->depth >= NJ_DEPTH_MAX)
        return nj_unexpected(parser, "less nesting");
    parser->depth++;
    while (parser->token.kind != NJ_TOKEN_END) {
        NjNode *node = parse_statement(parser, &ended, ends);

        if (!node) {
            parser->depth--;
            return ended ? list : NULL;
        }
        nj_child(list, node);
    }
    parser->depth--;
    if (!ends)
        return list;
    /* The last end is the tag's own; those before it (else, elif) may be left out. */
    while (ends[1])
        ends++;
    nj_error_at(parser->source, opened, parser->error,
                "the tag before this place is not closed with {%% %s %%}", *ends);
    return NULL;
}

NjNode *nj_parse(Arena *arena, const NjSource *source, bool *mutates, GError **error)
{
    NjParser parser = {.arena = arena, .source = source, .error = error};

    parser.lexer = (NjLexer){.source = source, .arena = arena};
    if (source->length > NJ_TEXT_MAX) {
        nj_error_at(source, 0, error, "a template of more than %d MiB is too large",
                    NJ_TEXT_MAX >> 20);
        return NULL;
    }
    NjNode *tree = nj_advance(&parser) ? parse_statements(&parser, NULL) : NULL;

    *mutates = parser.mutates;
    return tree;
}
