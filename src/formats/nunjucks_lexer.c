#include "formats/nunjucks_parser_internal.h"

#include <string.h>

static bool starts(const NjSource *source, gsize at, NjSpan what)
{
    return at + what.length <= source->length &&
           memcmp(source->text + at, what.text, what.length) == 0;
}

static bool has(const NjSource *source, gsize at, char c)
{
    return at < source->length && source->text[at] == c;
}

/* ---- errors ---- */

enum { LINE_SHOWN_MAX = 100 };

/* The line that holds offset, without what surrounds it, marked before offset. */
static char *marked_line(const NjSource *source, gsize line_start, gsize offset)
{
    const char *text = source->text, *end = memchr(text + offset, '\n', source->length - offset);
    gsize line_end = end ? (gsize)(end - text) : source->length;

    while (line_start < offset && g_ascii_isspace(text[line_start]))
        line_start++;
    while (line_end > offset && g_ascii_isspace(text[line_end - 1]))
        line_end--;
    while (offset - line_start > LINE_SHOWN_MAX / 2 || (text[line_start] & 0xC0) == 0x80)
        line_start++;
    if (line_end - line_start > LINE_SHOWN_MAX)
        line_end = line_start + LINE_SHOWN_MAX;
    while (line_end > offset && line_end < source->length && (text[line_end] & 0xC0) == 0x80)
        line_end--;
    return g_strdup_printf("%.*s▸%.*s", (int)(offset - line_start), text + line_start,
                           (int)(line_end - offset), text + offset);
}

bool nj_error_at(const NjSource *source, gsize offset, GError **error, const char *format, ...)
{
    int line = source->line;
    gsize line_start = 0;
    va_list arguments;

    offset = MIN(offset, source->length);
    for (gsize i = 0; i < offset; i++)
        if (source->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    glong column = g_utf8_strlen(source->text + line_start, (gssize)(offset - line_start)) + 1;
    g_autofree char *shown = marked_line(source, line_start, offset);

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s:%d:%ld: %s: %s",
                source->file ? source->file : "template", line, column, message, shown);
    return false;
}

/* ---- data ---- */

typedef enum { TAG_NONE, TAG_BLOCK, TAG_VARIABLE, TAG_COMMENT } Tag;

static Tag tag_at(const NjSource *source, gsize at)
{
    if (starts(source, at, source->block_start))
        return TAG_BLOCK;
    if (starts(source, at, source->variable_start))
        return TAG_VARIABLE;
    return starts(source, at, source->comment_start) ? TAG_COMMENT : TAG_NONE;
}

static gsize tag_length(const NjSource *source, Tag tag)
{
    return tag == TAG_VARIABLE ? source->variable_start.length
           : tag == TAG_BLOCK  ? source->block_start.length
                               : source->comment_start.length;
}

static gsize find_tag(const NjSource *source, gsize at, Tag *tag)
{
    for (; at < source->length; at++) {
        if (!source->begins_tag[(guchar)source->text[at]])
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

    while (at > start && is_space(source->text[at - 1]) && source->text[at - 1] != '\n')
        at--;
    return at == 0 || source->text[at - 1] == '\n' ? at : end;
}

static bool skip_comment(NjLexer *lexer, gsize tag, GError **error)
{
    const NjSource *source = lexer->source;
    gsize start = tag + source->comment_start.length;
    const char *end = memmem(source->text + start, source->length - start, source->comment_end.text,
                             source->comment_end.length);

    if (!end)
        return nj_error_at(source, tag, error, "a comment is opened here and not closed with %s",
                           source->comment_end.text);
    lexer->at = (gsize)(end - source->text) + source->comment_end.length;
    lexer->strip_left = end > source->text + start && end[-1] == '-';
    return true;
}

static void open_tag(NjLexer *lexer, gsize tag, Tag kind, NjToken *token)
{
    const NjSource *source = lexer->source;

    lexer->at = tag + tag_length(source, kind);
    if (has(source, lexer->at, '-'))
        lexer->at++;
    lexer->state = kind == TAG_BLOCK ? NJ_IN_BLOCK : NJ_IN_VARIABLE;
    lexer->braces = 0;
    *token = (NjToken){.kind = kind == TAG_BLOCK ? NJ_TOKEN_BLOCK_START : NJ_TOKEN_VARIABLE_START,
                       .offset = tag};
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
        if (kind != TAG_NONE && has(source, tag + tag_length(source, kind), '-'))
            while (end > start && is_space(source->text[end - 1]))
                end--;
        else if (kind == TAG_BLOCK && source->options->lstrip_blocks)
            end = lstrip(source, start, end);
        lexer->strip_left = false;
        if (end > start) {
            /* What was stripped must not come back as data of its own. */
            lexer->at = tag;
            *token = (NjToken){.kind = NJ_TOKEN_DATA,
                               .offset = start,
                               .text = source->text + start,
                               .length = end - start};
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

    *token =
        (NjToken){.kind = block ? NJ_TOKEN_BLOCK_END : NJ_TOKEN_VARIABLE_END, .offset = lexer->at};
    lexer->at = end;
    lexer->state = NJ_IN_DATA;
    lexer->strip_left = strip;
    if (block && source->options->trim_blocks) {
        if (has(source, lexer->at, '\r') && has(source, lexer->at + 1, '\n'))
            lexer->at += 2;
        else if (has(source, lexer->at, '\n'))
            lexer->at++;
    }
}

static bool try_close(NjLexer *lexer, NjToken *token)
{
    NjSpan end =
        lexer->state == NJ_IN_BLOCK ? lexer->source->block_end : lexer->source->variable_end;

    if (lexer->state == NJ_IN_VARIABLE && lexer->braces > 0)
        return false;
    if (starts(lexer->source, lexer->at, end)) {
        close_tag(lexer, lexer->at + end.length, false, token);
        return true;
    }
    if (has(lexer->source, lexer->at, '-') && starts(lexer->source, lexer->at + 1, end)) {
        close_tag(lexer, lexer->at + 1 + end.length, true, token);
        return true;
    }
    return false;
}

/* A string with its escapes resolved; start is behind the quote, end is the closing one. */
static void unescape(NjLexer *lexer, gsize start, gsize end, NjToken *token)
{
    const char *text = lexer->source->text;
    char *copy = arena_alloc(lexer->arena, end - start + 1);
    gsize length = 0;

    for (gsize at = start; at < end; at++) {
        char c = text[at];

        if (c == '\\' && at + 1 < end) {
            c = text[++at];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        copy[length++] = c;
    }
    token->text = copy;
    token->length = length;
}

static bool next_string(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;
    gsize start = lexer->at, at = start + 1;
    char quote = source->text[start];

    while (at < source->length && source->text[at] != quote)
        at += source->text[at] == '\\' ? 2 : 1;
    if (at >= source->length)
        return nj_error_at(source, start, error, "a string is opened here and not closed");
    *token = (NjToken){.kind = NJ_TOKEN_STRING, .offset = start};
    unescape(lexer, start + 1, at, token);
    lexer->at = at + 1;
    return true;
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

    while (flags < source->length && source->text[flags] && strchr("gimy", source->text[flags]))
        flags++;
    lexer->at = flags;
    *token = (NjToken){.kind = NJ_TOKEN_REGEX, .offset = start};
    token->length = at - start - 2;
    token->text = arena_strndup(lexer->arena, source->text + start + 2, token->length);
    token->flags = arena_strndup(lexer->arena, source->text + at + 1, flags - at - 1);
    return true;
}

static void next_operator(NjLexer *lexer, NjToken *token)
{
    const NjSource *source = lexer->source;
    gsize at = lexer->at, length = 1;
    char c = source->text[at];

    if ((c == '=' || c == '!' || c == '<' || c == '>') && has(source, at + 1, '='))
        length = (c == '=' || c == '!') && has(source, at + 2, '=') ? 3 : 2;
    else if ((c == '/' || c == '*') && has(source, at + 1, c))
        length = 2;
    lexer->braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    *token = (NjToken){.kind = NJ_TOKEN_OPERATOR,
                       .offset = at,
                       .text = source->text + at,
                       .length = length,
                       .sign = c};
    lexer->at += length;
}

/* What may not stand in a name, by byte. */
static const bool DELIMITS[256] = {
    [0] = true,   ['\t'] = true, ['\n'] = true, ['\v'] = true, ['\f'] = true, ['\r'] = true,
    [' '] = true, ['('] = true,  [')'] = true,  ['['] = true,  [']'] = true,  ['{'] = true,
    ['}'] = true, ['%'] = true,  ['*'] = true,  ['-'] = true,  ['+'] = true,  ['~'] = true,
    ['/'] = true, ['#'] = true,  [','] = true,  [':'] = true,  ['|'] = true,  ['.'] = true,
    ['<'] = true, ['>'] = true,  ['='] = true,  ['!'] = true,  ['"'] = true,  ['\''] = true,
    ['`'] = true, [';'] = true,  ['?'] = true,  ['&'] = true,  ['\\'] = true,
};

static gsize digits_end(const NjSource *source, gsize at)
{
    while (at < source->length && g_ascii_isdigit(source->text[at]))
        at++;
    return at;
}

/* A name, or digits with or without a fraction. */
static void next_word(NjLexer *lexer, NjToken *token)
{
    const NjSource *source = lexer->source;
    gsize start = lexer->at, at = start;

    while (at < source->length && !DELIMITS[(guchar)source->text[at]])
        at++;
    bool number = digits_end(source, start) == at;

    if (number && has(source, at, '.') && at + 1 < source->length &&
        g_ascii_isdigit(source->text[at + 1]))
        at = digits_end(source, at + 1);
    lexer->at = at;
    *token = (NjToken){.kind = number ? NJ_TOKEN_NUMBER : NJ_TOKEN_SYMBOL,
                       .offset = start,
                       .text = source->text + start,
                       .length = at - start};
}

static bool next_code(NjLexer *lexer, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;

    while (lexer->at < source->length && is_space(source->text[lexer->at]))
        lexer->at++;
    if (lexer->at >= source->length)
        return nj_error_at(
            source, source->length, error, "the text ends inside a %s, %s is missing",
            lexer->state == NJ_IN_BLOCK ? "block tag" : "expression",
            lexer->state == NJ_IN_BLOCK ? source->block_end.text : source->variable_end.text);
    char c = source->text[lexer->at];

    if (try_close(lexer, token))
        return true;
    if (c == '"' || c == '\'')
        return next_string(lexer, token, error);
    if (c == 'r' && has(source, lexer->at + 1, '/'))
        return next_regex(lexer, token, error);
    if (!DELIMITS[(guchar)c]) {
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
static gsize raw_tag(const NjSource *source, gsize at, NjSpan name, bool *left, bool *right)
{
    gsize i = at + source->block_start.length;

    if (!starts(source, at, source->block_start))
        return 0;
    *left = has(source, i, '-');
    i += *left;
    while (i < source->length && is_space(source->text[i]))
        i++;
    if (!starts(source, i, name))
        return 0;
    i += name.length;
    while (i < source->length && is_space(source->text[i]))
        i++;
    *right = has(source, i, '-');
    i += *right;
    return starts(source, i, source->block_end) ? i + source->block_end.length : 0;
}

bool nj_lexer_raw(NjLexer *lexer, NjSpan name, NjToken *token, GError **error)
{
    const NjSource *source = lexer->source;
    g_autofree char *end_text = g_strdup_printf("end%.*s", (int)name.length, name.text);
    NjSpan end_name = {end_text, name.length + 3};
    gsize start = lexer->at;
    int open = 1;
    bool left = false, right = false;

    if (lexer->strip_left)
        while (start < source->length && is_space(source->text[start]))
            start++;
    for (gsize at = start; at < source->length; at++) {
        if (source->text[at] != *source->block_start.text)
            continue;
        if (raw_tag(source, at, name, &left, &right))
            open++;
        gsize after = raw_tag(source, at, end_name, &left, &right);

        if (!after || --open > 0)
            continue;
        gsize end = at;

        while (left && end > start && is_space(source->text[end - 1]))
            end--;
        *token = (NjToken){.kind = NJ_TOKEN_DATA,
                           .offset = start,
                           .text = source->text + start,
                           .length = end - start};
        /* trimBlocks leaves the line end behind an endraw, as nunjucks does. */
        lexer->state = NJ_IN_DATA;
        lexer->at = after;
        lexer->strip_left = right;
        return true;
    }
    return nj_error_at(source, lexer->at, error, "%s %.*s %s is not closed with %s %s %s",
                       source->block_start.text, (int)name.length, name.text,
                       source->block_end.text, source->block_start.text, end_text,
                       source->block_end.text);
}
