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
    return nj_unexpected(parser, "the end of the tag") != NULL;
}

static bool expect_symbol(NjParser *parser, const char *text)
{
    g_autofree char *expected = NULL;

    if (nj_at_symbol(parser, text))
        return nj_advance(parser);
    expected = g_strdup_printf("\"%s\"", text);
    return nj_unexpected(parser, expected) != NULL;
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

/* The same as a function of its own, with scope around it. */
static NjNode *parse_function_body(NjParser *parser, const char *end, NjScope *scope)
{
    NjScope *outer = parser->scope;

    parser->scope = scope;
    NjNode *body = parse_body(parser, end);
    parser->scope = outer;
    return body;
}

static NjScope function_scope(NjParser *parser, NjNode *node, NjScope *parent)
{
    NjCode *code = arena_new0(parser->arena, NjCode, 1);

    node->code = code;
    return (NjScope){.parent = parent, .code = code, .block = parser->scope->block};
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

/* "a, b", as symbols not bound yet. */
static bool parse_targets(NjParser *parser, NjNode *node)
{
    bool more = true;

    while (more) {
        if (parser->token.kind != NJ_TOKEN_SYMBOL)
            return nj_unexpected(parser, "a variable's name") != NULL;
        nj_child(node,
                 nj_named_node(parser, NJ_SYMBOL, parser->token.offset, nj_token_name(parser)));
        if (!nj_advance(parser) || !nj_take_operator(parser, ',', &more))
            return false;
    }
    return true;
}

static void bind_targets(NjParser *parser, NjNode *node)
{
    for (NjNode *target = node->first; target; target = target->next)
        nj_declare(parser, target, nj_intern(parser, target->name, target->length));
}

static NjNode *parse_loop(NjParser *parser, NjNode *node, const char *end)
{
    const char *const ends[] = {"else", end, NULL};

    bind_targets(parser, node);
    if (!expect_block_end(parser) || !(node->b = parse_statements(parser, ends)))
        return NULL;
    bool otherwise = nj_at_symbol(parser, "else");

    if (!nj_advance(parser))
        return NULL;
    if (!otherwise)
        return expect_block_end(parser) ? node : NULL;
    node->c = parse_body(parser, end);
    return node->c ? node : NULL;
}

static NjNode *parse_for(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_FOR, parser->token.offset);
    const char *end = nj_at_symbol(parser, "for")         ? "endfor"
                      : nj_at_symbol(parser, "asyncEach") ? "endeach"
                                                          : "endall";
    NjScope scope = {
        .parent = parser->scope, .code = parser->scope->code, .block = parser->scope->block};

    node->async = !nj_at_symbol(parser, "for");
    if (!nj_advance(parser) || !parse_targets(parser, node) || !expect_symbol(parser, "in") ||
        !(node->a = nj_parse_expression(parser)))
        return NULL;
    parser->scope = &scope;
    node = parse_loop(parser, node, end);
    parser->scope = scope.parent;
    return node;
}

/* ---- set, macro, call, filter, switch ---- */

static NjNode *parse_set(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_SET, parser->token.offset);

    if (!nj_advance(parser) || !parse_targets(parser, node))
        return NULL;
    for (NjNode *target = node->first; target; target = target->next) {
        NjName *name = nj_intern(parser, target->name, target->length);

        name->bound = name->sought = true;
        if (!nj_bound(parser->scope, name, &target->slot, &target->up))
            target->slot = -1;
    }
    if (parser->token.kind == NJ_TOKEN_BLOCK_END) {
        node->b = parse_body(parser, "endset");
        return node->b ? node : NULL;
    }
    if (!nj_expect_operator(parser, '=') || !(node->a = nj_parse_expression(parser)))
        return NULL;
    return expect_block_end(parser) ? node : NULL;
}

/* "(a, b=1)" into the children of node and its named ones: parameters, of which those without a
 * default have a slot in scope. The defaults see the parameters. */
static bool parse_parameters(NjParser *parser, NjNode *node, NjScope *scope)
{
    NjScope *outer = parser->scope;
    bool more = true, done = nj_expect_operator(parser, '(');

    parser->scope = scope;
    while (done && more && !nj_at_operator(parser, ')')) {
        const NjToken *token = &parser->token;

        if (token->kind != NJ_TOKEN_SYMBOL) {
            done = nj_unexpected(parser, "a parameter's name") != NULL;
            break;
        }
        NjName *name = nj_token_name(parser);
        NjNode *parameter = nj_named_node(parser, NJ_PAIR, token->offset, name);
        bool defaults;

        name->bound = true;
        done = nj_advance(parser) && nj_take_operator(parser, '=', &defaults);
        if (done && defaults) {
            done = (parameter->b = nj_parse_expression(parser)) != NULL;
            nj_child_named(node, parameter);
        } else if (done) {
            nj_declare(parser, parameter, name);
            nj_child(node, parameter);
        }
        done = done && nj_take_operator(parser, ',', &more);
    }
    parser->scope = outer;
    return done && nj_expect_operator(parser, ')');
}

static NjNode *parse_macro(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_MACRO, parser->token.offset);
    NjScope scope = function_scope(parser, node, NULL);

    node->inner = parser->scope->parent != NULL;
    if (!nj_advance(parser))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "the macro's name");
    NjName *name = nj_token_name(parser);

    if (!nj_advance(parser) || !parse_parameters(parser, node, &scope) ||
        !(node->b = parse_function_body(parser, "endmacro", &scope)))
        return NULL;
    nj_declare(parser, node, name);
    return node;
}

static NjNode *parse_call_block(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_CALL_BLOCK, parser->token.offset);
    NjScope scope = function_scope(parser, node, parser->scope);

    if (!nj_advance(parser))
        return NULL;
    if (nj_at_operator(parser, '(') && !parse_parameters(parser, node, &scope))
        return NULL;
    if (!(node->a = nj_parse_primary(parser)))
        return NULL;
    if (node->a->kind != NJ_CALL)
        return nj_unexpected(parser, "a macro's call");
    node->b = parse_function_body(parser, "endcall", &scope);
    return node->b ? node : NULL;
}

static NjNode *parse_filter_block(NjParser *parser)
{
    NjNode *node = nj_node(parser, NJ_FILTER_BLOCK, parser->token.offset);

    if (!nj_advance(parser) || !nj_parse_filter(parser, node))
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
    NjSpan name = {parser->token.text, parser->token.length};
    NjToken data;

    if (!nj_advance(parser))
        return NULL;
    /* The lexer stands behind "%}" already: what follows is text, whatever it looks like. */
    if (parser->token.kind != NJ_TOKEN_BLOCK_END)
        return nj_unexpected(parser, "the end of the tag");
    if (!nj_lexer_raw(&parser->lexer, name, &data, parser->error) || !nj_advance(parser))
        return NULL;
    return data_node(parser, &data);
}

/* ---- other templates ---- */

static bool is_known_block(const NjParser *parser, const NjName *name)
{
    for (const NjBlock *block = parser->template->blocks; block; block = block->next)
        if (strcmp(block->node->name, name->text) == 0)
            return true;
    return false;
}

static NjNode *parse_block(NjParser *parser)
{
    gsize offset = parser->token.offset;

    if (!nj_advance(parser))
        return NULL;
    if (parser->token.kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "the block's name");
    NjName *name = nj_token_name(parser);
    NjNode *node = nj_named_node(parser, NJ_BLOCK, offset, name);
    NjBlock *block = arena_new0(parser->arena, NjBlock, 1);
    NjScope scope = function_scope(parser, node, NULL);

    if (is_known_block(parser, name)) {
        nj_error_at(parser->source, parser->token.offset, parser->error,
                    "block \"%s\" defined more than once", name->text);
        return NULL;
    }
    node->inner = parser->scope->block;
    scope.block = true;
    scope.super = node;
    nj_bind(parser->arena, &scope, nj_intern(parser, "super()", 7));
    block->node = node;
    *parser->blocks_end = block;
    parser->blocks_end = &block->next;
    node->b = nj_advance(parser) ? parse_function_body(parser, "endblock", &scope) : NULL;
    return node->b ? node : NULL;
}

/* The tag's name is next; behind it comes what names the template. */
static NjNode *parse_reference(NjParser *parser, NjNodeKind kind)
{
    NjNode *node = nj_node(parser, kind, parser->token.offset);

    if (!parser->source->options->load) {
        nj_error_at(parser->source, parser->token.offset, parser->error,
                    "{%% %.*s %%} is not available: a template cannot load another one here",
                    (int)parser->token.length, parser->token.text);
        return NULL;
    }
    parser->template->loads = true;
    node->a = nj_advance(parser) ? nj_parse_expression(parser) : NULL;
    return node->a ? node : NULL;
}

static NjNode *parse_extends(NjParser *parser)
{
    NjNode *node = parse_reference(parser, NJ_EXTENDS);

    return node && expect_block_end(parser) ? node : NULL;
}

static NjNode *parse_include(NjParser *parser)
{
    NjNode *node = parse_reference(parser, NJ_INCLUDE);

    if (!node || !nj_take_symbol(parser, "ignore", &node->open) ||
        (node->open && !expect_symbol(parser, "missing")))
        return NULL;
    return expect_block_end(parser) ? node : NULL;
}

static bool parse_with_context(NjParser *parser, NjNode *node)
{
    bool with, without = false;

    if (!nj_take_symbol(parser, "with", &with) ||
        (!with && !nj_take_symbol(parser, "without", &without)))
        return false;
    if (!with && !without)
        return true;
    node->open = with;
    return expect_symbol(parser, "context");
}

/* The name something is imported as: bound from here on. */
static bool parse_import_target(NjParser *parser, NjNode *target)
{
    if (parser->token.kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "a variable's name") != NULL;
    nj_declare(parser, target, nj_token_name(parser));
    return nj_advance(parser);
}

static NjNode *parse_import(NjParser *parser)
{
    NjNode *node = parse_reference(parser, NJ_IMPORT);

    if (!node || !expect_symbol(parser, "as"))
        return NULL;
    NjNode *target = nj_node(parser, NJ_SYMBOL, parser->token.offset);

    node->inner = parser->scope->parent != NULL;
    nj_child(node, target);
    if (!parse_import_target(parser, target) || !parse_with_context(parser, node))
        return NULL;
    return expect_block_end(parser) ? node : NULL;
}

static bool parse_imported_name(NjParser *parser, NjNode *node)
{
    const NjToken *token = &parser->token;
    NjNode *target = nj_node(parser, NJ_PAIR, token->offset);
    bool renamed;

    if (token->kind != NJ_TOKEN_SYMBOL)
        return nj_unexpected(parser, "a name to import") != NULL;
    if (*token->text == '_')
        return nj_error_at(parser->source, token->offset, parser->error,
                           "names starting with an underscore cannot be imported");
    NjName *name = nj_token_name(parser);

    target->a = nj_named_node(parser, NJ_SYMBOL, token->offset, name);
    nj_child(node, target);
    if (!nj_advance(parser) || !nj_take_symbol(parser, "as", &renamed))
        return false;
    if (renamed)
        return parse_import_target(parser, target);
    nj_declare(parser, target, name);
    return true;
}

static NjNode *parse_from(NjParser *parser)
{
    NjNode *node = parse_reference(parser, NJ_FROM);
    bool more = true;

    if (!node || !expect_symbol(parser, "import"))
        return NULL;
    node->inner = parser->scope->parent != NULL;
    while (more)
        if (!parse_imported_name(parser, node) || !parse_with_context(parser, node) ||
            !nj_take_operator(parser, ',', &more))
            return NULL;
    return expect_block_end(parser) ? node : NULL;
}

static const struct {
    const char *name;
    NjNode *(*parse)(NjParser *parser);
} TAGS[] = {
    {"if", parse_if},           {"for", parse_for},         {"set", parse_set},
    {"macro", parse_macro},     {"call", parse_call_block}, {"filter", parse_filter_block},
    {"switch", parse_switch},   {"raw", parse_raw},         {"verbatim", parse_raw},
    {"ifAsync", parse_if},      {"asyncEach", parse_for},   {"asyncAll", parse_for},
    {"extends", parse_extends}, {"include", parse_include}, {"import", parse_import},
    {"from", parse_from},       {"block", parse_block},
};

static NjNode *parse_tag(NjParser *parser)
{
    for (gsize i = 0; i < G_N_ELEMENTS(TAGS); i++)
        if (nj_at_symbol(parser, TAGS[i].name))
            return TAGS[i].parse(parser);
    nj_error_at(parser->source, parser->token.offset, parser->error, "unknown tag \"%.*s\"",
                parser->token.text ? (int)MIN(parser->token.length, 60) : 0, parser->token.text);
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
        return *ended ? NULL : parse_tag(parser);
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

/* ---- the template ---- */

static NjSpan span(const char *given, const char *fallback)
{
    const char *text = given && *given ? given : fallback;

    return (NjSpan){text, strlen(text)};
}

static void set_source(NjSource *source, const char *text, const NunjucksOptions *options)
{
    *source = (NjSource){.text = text,
                         .length = strlen(text),
                         .options = options,
                         .file = options->file,
                         .line = MAX(options->line, 1)};
    source->variable_start = span(options->variable_start, "${{");
    source->variable_end = span(options->variable_end, "}}");
    source->block_start = span(options->block_start, "{%");
    source->block_end = span(options->block_end, "%}");
    source->comment_start = span(options->comment_start, "{#");
    source->comment_end = span(options->comment_end, "#}");
    source->begins_tag[(guchar)*source->variable_start.text] = true;
    source->begins_tag[(guchar)*source->block_start.text] = true;
    source->begins_tag[(guchar)*source->comment_start.text] = true;
}

bool nj_template_init(NunjucksTemplate *template, Arena *arena, const char *text,
                      const NunjucksOptions *options, GError **error)
{
    NjCode *code = arena_new0(arena, NjCode, 1);
    NjScope scope = {.code = code};
    NjParser parser = {.arena = arena, .template = template, .scope = &scope, .error = error};

    *template = (NunjucksTemplate){.options = options ? *options : (NunjucksOptions){0}};
    template->code = code;
    set_source(&template->source, text, &template->options);
    parser.source = &template->source;
    parser.blocks_end = &template->blocks;
    parser.lexer = (NjLexer){.source = parser.source, .arena = arena};
    if (template->source.length > NJ_TEXT_MAX)
        return nj_error_at(parser.source, 0, error, "a template of more than %d MiB is too large",
                           NJ_TEXT_MAX >> 20);
    template->tree = nj_advance(&parser) ? parse_statements(&parser, NULL) : NULL;
    nj_list_symbols(&parser);
    return template->tree != NULL;
}
