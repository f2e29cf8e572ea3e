/* A cursor over HCL text that can step over strings, templates, heredocs and whole expressions
 * without understanding them. */
#include "formats/hcl_internal.h"
#include <string.h>

static const char TOO_DEEP[] = "expressions are nested too deeply";

int hcl_peek(const HclCursor *cursor, gsize ahead)
{
    return cursor->at + ahead < cursor->length ? (guchar)cursor->text[cursor->at + ahead] : -1;
}

void hcl_advance(HclCursor *cursor, gsize count)
{
    while (count-- > 0 && cursor->at < cursor->length) {
        if (cursor->text[cursor->at++] == '\n') {
            cursor->line++;
            cursor->line_start = cursor->at;
        }
    }
}

int hcl_column(const HclCursor *cursor)
{
    return (int)(cursor->at - cursor->line_start) + 1;
}

gboolean hcl_starts_identifier(int c)
{
    return c >= 0 && (g_ascii_isalpha(c) || c == '_' || c >= 0x80);
}

const char *hcl_identifier(HclCursor *cursor)
{
    gsize start = cursor->at;
    int c = hcl_peek(cursor, 0);

    if (!hcl_starts_identifier(c))
        return NULL;
    while (hcl_starts_identifier(c) || (c >= 0 && (g_ascii_isdigit(c) || c == '-'))) {
        hcl_advance(cursor, 1);
        c = hcl_peek(cursor, 0);
    }
    return arena_strndup(cursor->arena, cursor->text + start, cursor->at - start);
}

static gboolean at(const HclCursor *cursor, const char *text)
{
    gsize length = strlen(text);

    return cursor->length - cursor->at >= length &&
           memcmp(cursor->text + cursor->at, text, length) == 0;
}

static void skip_to(HclCursor *cursor, const char *text)
{
    while (cursor->at < cursor->length && !at(cursor, text))
        hcl_advance(cursor, 1);
}

void hcl_skip_space(HclCursor *cursor, gboolean lines)
{
    for (;;) {
        int c = hcl_peek(cursor, 0);

        if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
            hcl_advance(cursor, 1);
        } else if (c == '#' || at(cursor, "//")) {
            skip_to(cursor, "\n");
        } else if (at(cursor, "/*")) {
            hcl_advance(cursor, 2);
            skip_to(cursor, "*/");
            hcl_advance(cursor, 2);
        } else {
            return;
        }
    }
}

/* Behind an opening bracket: over what follows and the one that closes it. */
static const char *skip_to_closing(HclCursor *cursor, int closing, const char *unclosed,
                                   guint depth)
{
    if (depth > HCL_DEPTH_MAX)
        return TOO_DEEP;
    for (;;) {
        int c;
        const char *wrong;

        hcl_skip_space(cursor, TRUE);
        c = hcl_peek(cursor, 0);
        if (c < 0)
            return unclosed;
        if (c == closing) {
            hcl_advance(cursor, 1);
            return NULL;
        }
        if (c == ')' || c == ']' || c == '}')
            return "a closing bracket does not match its opening one";
        if (c == ',') {
            hcl_advance(cursor, 1);
            continue;
        }
        wrong = hcl_skip_expression(cursor, depth + 1);
        if (wrong)
            return wrong;
    }
}

/* Over a quoted string, its templates included. NULL, or what is wrong. */
static const char *skip_string(HclCursor *cursor, guint depth)
{
    hcl_advance(cursor, 1);
    for (;;) {
        int c = hcl_peek(cursor, 0);
        const char *wrong = NULL;

        if (c < 0 || c == '\n')
            return "a string is not closed";
        if (c == '"') {
            hcl_advance(cursor, 1);
            return NULL;
        }
        if (c == '\\') {
            hcl_advance(cursor, 2);
        } else if (at(cursor, "$${") || at(cursor, "%%{")) {
            hcl_advance(cursor, 3);
        } else if (at(cursor, "${") || at(cursor, "%{")) {
            hcl_advance(cursor, 2);
            wrong = skip_to_closing(cursor, '}', "a template \"${\" is not closed", depth + 1);
        } else {
            hcl_advance(cursor, 1);
        }
        if (wrong)
            return wrong;
    }
}

gboolean hcl_at_heredoc(const HclCursor *cursor)
{
    return at(cursor, "<<") &&
           hcl_starts_identifier(hcl_peek(cursor, hcl_peek(cursor, 2) == '-' ? 3 : 2));
}

const char *hcl_skip_heredoc(HclCursor *cursor, const char **body, gsize *body_length,
                             gboolean *indented)
{
    const char *marker;

    *indented = hcl_peek(cursor, 2) == '-';
    hcl_advance(cursor, *indented ? 3 : 2);
    marker = hcl_identifier(cursor);
    while (hcl_peek(cursor, 0) == '\r')
        hcl_advance(cursor, 1);
    if (hcl_peek(cursor, 0) != '\n')
        return "a heredoc's text begins on the next line";
    hcl_advance(cursor, 1);
    *body = cursor->text + cursor->at;
    for (;;) {
        gsize start = cursor->at;
        g_autofree char *line = NULL;

        if (cursor->at >= cursor->length)
            return "a heredoc is not closed";
        skip_to(cursor, "\n");
        line = g_strndup(cursor->text + start, cursor->at - start);
        if (g_str_equal(g_strstrip(line), marker)) {
            *body_length = (gsize)(cursor->text + start - *body);
            return NULL;
        }
        hcl_advance(cursor, 1);
    }
}

static const char *skip_brackets(HclCursor *cursor, int opening, guint depth)
{
    int closing = opening == '(' ? ')' : opening == '[' ? ']' : '}';

    hcl_advance(cursor, 1);
    return skip_to_closing(cursor, closing, "a bracket is not closed", depth);
}

static const char *skip_piece(HclCursor *cursor, int c, guint depth)
{
    const char *body;
    gsize length;
    gboolean indented;

    if (c == '"')
        return skip_string(cursor, depth);
    if (c == '(' || c == '[' || c == '{')
        return skip_brackets(cursor, c, depth);
    if (hcl_at_heredoc(cursor))
        return hcl_skip_heredoc(cursor, &body, &length, &indented);
    if (c == '\'' || c == '`' || c == ';')
        return "an unexpected character in an expression; strings stand in double quotes";
    hcl_advance(cursor, 1);
    return NULL;
}

const char *hcl_skip_expression(HclCursor *cursor, guint depth)
{
    if (depth > HCL_DEPTH_MAX || arena_exhausted(cursor->arena))
        return TOO_DEEP;
    cursor->expression_end = cursor->at;
    for (;;) {
        int c;
        const char *wrong;

        hcl_skip_space(cursor, FALSE);
        c = hcl_peek(cursor, 0);
        if (c < 0 || c == '\n' || c == ',' || c == ')' || c == ']' || c == '}')
            return NULL;
        wrong = skip_piece(cursor, c, depth);
        if (wrong)
            return wrong;
        cursor->expression_end = cursor->at;
    }
}
