#include "formats/nunjucks_internal.h"

#include <string.h>

static bool starts(const NjSource *source, gsize at, const char *what)
{
    gsize length = strlen(what);

    return at + length <= source->length && memcmp(source->text + at, what, length) == 0;
}

bool nj_error_at(const NjSource *source, gsize offset, GError **error, const char *format, ...)
{
    int line = source->options && source->options->line > 0 ? source->options->line : 1;
    gsize line_start = 0;
    va_list arguments;

    offset = MIN(offset, source->length);
    for (gsize i = 0; i < offset; i++)
        if (source->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    glong column = g_utf8_strlen(source->text + line_start, (gssize)(offset - line_start)) + 1;
    const char *file = source->options ? source->options->file : NULL;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s:%d:%ld: %s", file ? file : "template", line,
                column, message);
    return false;
}

/* ---- data ---- */

typedef enum { TAG_NONE, TAG_BLOCK, TAG_VARIABLE, TAG_COMMENT } Tag;

static Tag tag_at(const NjSource *source, gsize at)
{
    if (starts(source, at, source->variable_start))
        return TAG_VARIABLE;
    if (starts(source, at, "{%"))
        return TAG_BLOCK;
    return starts(source, at, "{#") ? TAG_COMMENT : TAG_NONE;
}

static gsize tag_length(const NjSource *source, Tag tag)
{
    return tag == TAG_VARIABLE ? strlen(source->variable_start) : 2;
}

static gsize find_tag(const NjSource *source, gsize at, Tag *tag)
{
    for (; at < source->length; at++) {
        if (source->text[at] != '{' && source->text[at] != *source->variable_start)
            continue;
        *tag = tag_at(source, at);
        if (*tag != TAG_NONE)
            return at;
    }
    *tag = TAG_NONE;
    return source->length;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* With lstripBlocks the blanks between the line's start and a block tag go. */
static gsize lstrip(const NjSource *source, gsize start, gsize end)
{
    gsize at = end;

    while (at > start && (source->text[at - 1] == ' ' || source->text[at - 1] == '\t'))
        at--;
    return at == 0 || source->text[at - 1] == '\n' ? at : end;
}

static bool skip_comment(NjLexer *lexer, gsize tag, GError **error)
{
    const NjSource *source = lexer->source;
    const char *end = g_strstr_len(source->text + tag, (gssize)(source->length - tag), "#}");

    if (!end)
        return nj_error_at(source, tag, error, "a comment is opened here and not closed with #}");
    lexer->at = (gsize)(end - source->text) + 2;
    lexer->strip_left = end[-1] == '-' && end - source->text > (gssize)tag + 2;
    return true;
}

static void open_tag(NjLexer *lexer, gsize tag, Tag kind, NjToken *token)
{
    const NjSource *source = lexer->source;

    lexer->at = tag + tag_length(source, kind);
    if (starts(source, lexer->at, "-"))
        lexer->at++;
    lexer->state = kind == TAG_BLOCK ? NJ_IN_BLOCK : NJ_IN_VARIABLE;
    lexer->braces = 0;
    token->kind = kind == TAG_BLOCK ? NJ_TOKEN_BLOCK_START : NJ_TOKEN_VARIABLE_START;
    token->offset = tag;
}

static bool next_data(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;

    for (;;) {
        Tag kind;
        gsize start = lexer->at, tag = find_tag(source, start, &kind), end = tag;

        if (lexer->strip_left)
            while (start < end && is_space(source->text[start]))
                start++;
        if (kind != TAG_NONE && starts(source, tag + tag_length(source, kind), "-"))
            while (end > start && is_space(source->text[end - 1]))
                end--;
        else if (kind == TAG_BLOCK && source->options && source->options->lstrip_blocks)
            end = lstrip(source, start, end);
        lexer->strip_left = false;
        if (end > start) {
            /* What was stripped must not come back as data of its own. */
            lexer->at = tag;
            *token = (NjToken){NJ_TOKEN_DATA, start, source->text + start, end - start, NULL};
            return true;
        }
        if (kind == TAG_NONE) {
            *token = (NjToken){.kind = NJ_TOKEN_END, .offset = source->length};
            return true;
        }
        if (kind != TAG_COMMENT) {
            open_tag(lexer, tag, kind, token);
            return true;
        }
        if (!skip_comment(lexer, tag, error))
            return false;
    }
}

/* ---- code ---- */

static void close_tag(NjLexer *lexer, gsize end, bool strip, NjToken *token)
{
    const NjSource *source = lexer->source;
    bool block = lexer->state == NJ_IN_BLOCK;

    token->kind = block ? NJ_TOKEN_BLOCK_END : NJ_TOKEN_VARIABLE_END;
    token->offset = lexer->at;
    lexer->at = end;
    lexer->state = NJ_IN_DATA;
    lexer->strip_left = strip;
    if (block && source->options && source->options->trim_blocks) {
        if (starts(source, lexer->at, "\r\n"))
            lexer->at += 2;
        else if (starts(source, lexer->at, "\n"))
            lexer->at++;
    }
}

static bool try_close(NjLexer *lexer, NjToken *token)
{
    const char *end = lexer->state == NJ_IN_BLOCK ? "%}" : lexer->source->variable_end;
    gsize length = strlen(end);

    if (lexer->state == NJ_IN_VARIABLE && lexer->braces > 0)
        return false;
    if (starts(lexer->source, lexer->at, end)) {
        close_tag(lexer, lexer->at + length, false, token);
        return true;
    }
    if (starts(lexer->source, lexer->at, "-") && starts(lexer->source, lexer->at + 1, end)) {
        close_tag(lexer, lexer->at + 1 + length, true, token);
        return true;
    }
    return false;
}

static bool next_string(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;
    gsize start = lexer->at;
    char quote = source->text[start];
    g_autoptr(GString) text = g_string_new(NULL);

    for (gsize at = start + 1; at < source->length; at++) {
        char c = source->text[at];

        if (c == quote) {
            lexer->at = at + 1;
            *token = (NjToken){.kind = NJ_TOKEN_STRING, .offset = start, .length = text->len};
            token->text = arena_strndup(lexer->arena, text->str, text->len);
            return true;
        }
        if (c == '\\' && at + 1 < source->length) {
            c = source->text[++at];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        g_string_append_c(text, c);
    }
    return nj_error_at(source, start, error, "a string is opened here and not closed");
}

static bool next_regex(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;
    gsize start = lexer->at, at = start + 2;

    while (at < source->length && source->text[at] != '/')
        at += source->text[at] == '\\' ? 2 : 1;
    if (at >= source->length)
        return nj_error_at(source, start, error,
                           "a regular expression is opened here and not closed");
    gsize flags = at + 1;

    while (flags < source->length && strchr("gimyus", source->text[flags]) && source->text[flags])
        flags++;
    lexer->at = flags;
    *token = (NjToken){.kind = NJ_TOKEN_REGEX, .offset = start};
    token->text = arena_strndup(lexer->arena, source->text + start + 2, at - start - 2);
    token->flags = arena_strndup(lexer->arena, source->text + at + 1, flags - at - 1);
    return true;
}

static const char *const OPERATORS[] = {"===", "!==", "==", "!=", "<=", ">=", "//", "**"};

static void next_operator(NjLexer *lexer, NjToken *token)
{
    gsize length = 1;

    for (gsize i = 0; i < G_N_ELEMENTS(OPERATORS); i++)
        if (starts(lexer->source, lexer->at, OPERATORS[i])) {
            length = strlen(OPERATORS[i]);
            break;
        }
    char c = lexer->source->text[lexer->at];

    lexer->braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    *token = (NjToken){.kind = NJ_TOKEN_OPERATOR, .offset = lexer->at, .length = length};
    token->text = arena_strndup(lexer->arena, lexer->source->text + lexer->at, length);
    lexer->at += length;
}

static bool is_word(char c)
{
    return c && !is_space(c) && !strchr("()[]{}%*-+~/#,:|.<>=!\"'\\`;?&", c);
}

static void next_word(NjLexer *lexer, NjToken *token)
{
    const NjSource *source = lexer->source;
    gsize start = lexer->at, at = start;
    bool number = g_ascii_isdigit(source->text[start]);

    while (at < source->length && (is_word(source->text[at]) ||
                                   (number && source->text[at] == '.' && at + 1 < source->length &&
                                    g_ascii_isdigit(source->text[at + 1]) &&
                                    !memchr(source->text + start, '.', at - start))))
        at++;
    lexer->at = at;
    *token = (NjToken){
        .kind = number ? NJ_TOKEN_NUMBER : NJ_TOKEN_SYMBOL, .offset = start, .length = at - start};
    token->text = arena_strndup(lexer->arena, source->text + start, at - start);
}

static bool next_code(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;

    while (lexer->at < source->length && is_space(source->text[lexer->at]))
        lexer->at++;
    if (lexer->at >= source->length)
        return nj_error_at(source, source->length, error,
                           "the text ends inside a %s, %s is missing",
                           lexer->state == NJ_IN_BLOCK ? "block tag" : "expression",
                           lexer->state == NJ_IN_BLOCK ? "%}" : source->variable_end);
    char c = source->text[lexer->at];

    *token = (NjToken){0};
    if (try_close(lexer, token))
        return true;
    if (c == '"' || c == '\'')
        return next_string(lexer, token, error);
    if (starts(source, lexer->at, "r/"))
        return next_regex(lexer, token, error);
    if (is_word(c)) {
        next_word(lexer, token);
        return true;
    }
    if (!c || !strchr("()[]{}%*-+~/,:|.<>=!", c))
        return nj_error_at(source, lexer->at, error, "unexpected character '%.*s'",
                           g_ascii_isprint(c) ? 1 : 0, source->text + lexer->at);
    next_operator(lexer, token);
    return true;
}

bool nj_lexer_next(NjLexer *lexer, NjToken *token, GError **error)
{
    return lexer->state == NJ_IN_DATA ? next_data(lexer, token, error)
                                      : next_code(lexer, token, error);
}

/* ---- raw ---- */

/* Where a "{% name %}" or "{%- name -%}" that starts at `at` ends, 0 where there is none. */
static gsize raw_tag(const NjSource *source, gsize at, const char *name, bool *left, bool *right)
{
    gsize i = at + 2;

    if (!starts(source, at, "{%"))
        return 0;
    *left = starts(source, i, "-");
    i += *left;
    while (i < source->length && is_space(source->text[i]))
        i++;
    if (!starts(source, i, name))
        return 0;
    i += strlen(name);
    while (i < source->length && is_space(source->text[i]))
        i++;
    *right = starts(source, i, "-");
    i += *right;
    return starts(source, i, "%}") ? i + 2 : 0;
}

bool nj_lexer_raw(NjLexer *lexer, const char *name, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;
    g_autofree char *end_name = g_strconcat("end", name, NULL);
    gsize start = lexer->at;
    int open = 1;
    bool left = false, right = false;

    if (lexer->strip_left)
        while (start < source->length && is_space(source->text[start]))
            start++;
    for (gsize at = start; at < source->length; at++) {
        if (raw_tag(source, at, name, &left, &right))
            open++;
        gsize after = raw_tag(source, at, end_name, &left, &right);

        if (!after || --open > 0)
            continue;
        gsize end = at;

        while (left && end > start && is_space(source->text[end - 1]))
            end--;
        *token = (NjToken){NJ_TOKEN_DATA, start, source->text + start, end - start, NULL};
        lexer->state = NJ_IN_BLOCK;
        lexer->at = at;
        NjToken closing;
        close_tag(lexer, after, right, &closing);
        return true;
    }
    return nj_error_at(source, lexer->at, error, "{%% %s %%} is not closed with {%% %s %%}", name,
                       end_name);
}
