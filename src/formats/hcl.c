/* Bodies: attributes and blocks. */
#include "formats/hcl_internal.h"
#include <string.h>

typedef struct {
    HclCursor cursor;
    const char *file;
    Diagnostics *diagnostics;
} Parser;

static gboolean fail(Parser *parser, const char *message)
{
    diagnostics_error(parser->diagnostics, "hcl-syntax", parser->file, parser->cursor.line,
                      hcl_column(&parser->cursor), "%s", message);
    return FALSE;
}

/* Nothing but blanks and a comment may follow on the line. */
static gboolean end_of_line(Parser *parser)
{
    int c;

    hcl_skip_space(&parser->cursor, FALSE);
    c = hcl_peek(&parser->cursor, 0);
    if (c == '\n')
        hcl_advance(&parser->cursor, 1);
    return c < 0 || c == '\n' || fail(parser, "a new line is expected here");
}

static gboolean attribute(Parser *parser, Value *attributes, const char *name, int line, int column)
{
    HclCursor *cursor = &parser->cursor;
    Arena *arena = cursor->arena;
    Value *value = value_object_new(arena);
    const char *wrong;
    gsize start, end;

    if (value_get(attributes, name)) {
        diagnostics_error(parser->diagnostics, "hcl-duplicate-attribute", parser->file, line,
                          column, "the attribute \"%s\" is set twice", name);
        return FALSE;
    }
    hcl_advance(cursor, 1);
    hcl_skip_space(cursor, FALSE);
    start = cursor->at;
    wrong = hcl_skip_expression(cursor, 0);
    if (wrong)
        return fail(parser, wrong);
    end = cursor->expression_end;
    if (end == start)
        return fail(parser, "a value is expected after \"=\"");
    value_set_string(arena, value, "text", arena_strndup(arena, cursor->text + start, end - start));
    value_set(arena, value, "value", hcl_literal_text(arena, cursor->text + start, end - start));
    value_set_int(arena, value, "line", line);
    value_set(arena, attributes, name, value);
    value_set_key_position(attributes, name, line, column);
    return TRUE;
}

static gboolean body(Parser *parser, Value *into, gboolean nested, guint depth);

/* A label is a quoted string without templates, or a name. */
static gboolean labels(Parser *parser, Value *list)
{
    HclCursor *cursor = &parser->cursor;

    for (;;) {
        int c;

        hcl_skip_space(cursor, FALSE);
        c = hcl_peek(cursor, 0);
        if (c == '{')
            return TRUE;
        if (c == '"') {
            Value *label = hcl_literal(cursor, 0);

            if (!label)
                return fail(parser, "a block's label is a plain string");
            value_append(cursor->arena, list, label);
        } else if (hcl_starts_identifier(c)) {
            value_append(cursor->arena, list,
                         value_string_new(cursor->arena, hcl_identifier(cursor)));
        } else {
            return fail(parser, "\"=\", \"{\" or a label is expected here");
        }
    }
}

static gboolean block(Parser *parser, Value *blocks, const char *type, int line, guint depth)
{
    HclCursor *cursor = &parser->cursor;
    Arena *arena = cursor->arena;
    Value *value = value_object_new(arena);
    Value *list = value_array_new(arena);

    if (depth >= HCL_DEPTH_MAX || arena_exhausted(arena))
        return fail(parser, "blocks are nested too deeply, or the file is too large");
    value_set_string(arena, value, "type", type);
    value_set(arena, value, "labels", list);
    value_set_int(arena, value, "line", line);
    if (!labels(parser, list))
        return FALSE;
    hcl_advance(cursor, 1);
    if (!body(parser, value, TRUE, depth + 1))
        return FALSE;
    value_append(arena, blocks, value);
    return end_of_line(parser);
}

static gboolean entry(Parser *parser, Value *attributes, Value *blocks, gboolean nested,
                      guint depth)
{
    HclCursor *cursor = &parser->cursor;
    int line = cursor->line;
    int column = hcl_column(cursor);
    const char *name = hcl_identifier(cursor);

    if (!name)
        return fail(parser, "the name of an attribute or block is expected here");
    hcl_skip_space(cursor, FALSE);
    if (hcl_peek(cursor, 0) != '=' || hcl_peek(cursor, 1) == '=')
        return block(parser, blocks, name, line, depth);
    if (!attribute(parser, attributes, name, line, column))
        return FALSE;
    /* A block on one line ends here, `variable "x" { type = string }`. */
    return (nested && hcl_peek(cursor, 0) == '}') || end_of_line(parser);
}

static gboolean body(Parser *parser, Value *into, gboolean nested, guint depth)
{
    HclCursor *cursor = &parser->cursor;
    Value *attributes = value_object_new(cursor->arena);
    Value *blocks = value_array_new(cursor->arena);

    value_set(cursor->arena, into, "attributes", attributes);
    value_set(cursor->arena, into, "blocks", blocks);
    for (;;) {
        int c;

        hcl_skip_space(cursor, TRUE);
        c = hcl_peek(cursor, 0);
        if (c < 0)
            return !nested || fail(parser, "a block is not closed");
        if (c == '}' && nested) {
            hcl_advance(cursor, 1);
            return TRUE;
        }
        if (!entry(parser, attributes, blocks, nested, depth))
            return FALSE;
    }
}

Value *hcl_parse(Arena *arena, const char *text, gssize length, const char *file,
                 Diagnostics *diagnostics)
{
    gsize size = length < 0 ? strlen(text) : (gsize)length;
    gsize mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    Parser parser = {hcl_cursor(arena, text + mark, size - mark), file, diagnostics};
    Value *result = value_object_new(arena);

    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        fail(&parser, "the file is not UTF-8 text");
        return NULL;
    }
    return body(&parser, result, FALSE, 0) ? result : NULL;
}
