/* Expressions that are values already: what a default or a description usually is. */
#include "formats/hcl_internal.h"
#include <string.h>

HclCursor hcl_cursor(Arena *arena, const char *text, gsize length)
{
    return (HclCursor){.arena = arena, .text = text, .length = length, .line = 1};
}

/* \n \r \t \" \\ \uNNNN \UNNNNNNNN; FALSE for anything else. */
static gboolean append_escape(HclCursor *cursor, GString *out)
{
    static const char names[] = "nrt\"\\";
    static const char values[] = "\n\r\t\"\\";
    int c = hcl_peek(cursor, 1);
    const char *known = c > 0 ? strchr(names, c) : NULL;
    guint digits = c == 'u' ? 4 : 8;
    gunichar code = 0;

    if (known) {
        g_string_append_c(out, values[known - names]);
        hcl_advance(cursor, 2);
        return TRUE;
    }
    if (c != 'u' && c != 'U')
        return FALSE;
    for (guint i = 0; i < digits; i++) {
        int digit = hcl_peek(cursor, 2 + i);

        if (digit < 0 || !g_ascii_isxdigit(digit))
            return FALSE;
        code = code << 4 | (gunichar)g_ascii_xdigit_value((char)digit);
    }
    if (!g_unichar_validate(code) || code == 0)
        return FALSE;
    g_string_append_unichar(out, code);
    hcl_advance(cursor, 2 + digits);
    return TRUE;
}

static gboolean starts_template(int first, int second)
{
    return (first == '$' || first == '%') && second == '{';
}

static Value *string_literal(HclCursor *cursor)
{
    g_autoptr(GString) out = g_string_new(NULL);

    hcl_advance(cursor, 1);
    for (;;) {
        int c = hcl_peek(cursor, 0);
        int next = hcl_peek(cursor, 1);

        if (c == '"') {
            hcl_advance(cursor, 1);
            return value_string_new_length(cursor->arena, out->str, out->len);
        }
        if (c < 0 || c == '\n' || starts_template(c, next))
            return NULL;
        if (c == '\\') {
            if (!append_escape(cursor, out))
                return NULL;
        } else if ((c == '$' || c == '%') && next == c && hcl_peek(cursor, 2) == '{') {
            g_string_append_c(out, (char)c);
            g_string_append_c(out, '{');
            hcl_advance(cursor, 3);
        } else {
            g_string_append_c(out, (char)c);
            hcl_advance(cursor, 1);
        }
    }
}

/* The blanks that every line with text begins with. */
static gsize common_indent(char **lines)
{
    gsize least = G_MAXSIZE;

    for (guint i = 0; lines[i]; i++) {
        gsize blanks = strspn(lines[i], " \t");

        if (lines[i][blanks] != '\0')
            least = MIN(least, blanks);
    }
    return least == G_MAXSIZE ? 0 : least;
}

static Value *heredoc_literal(HclCursor *cursor)
{
    const char *body = NULL;
    gsize length = 0;
    gboolean indented;
    g_autofree char *text = NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    if (hcl_skip_heredoc(cursor, &body, &length, &indented))
        return NULL;
    if (memchr(body, '\0', length))
        return NULL;
    text = g_strndup(body, length);
    if (strstr(text, "${") || strstr(text, "%{"))
        return NULL;
    if (!indented)
        return value_string_new(cursor->arena, text);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gsize indent = common_indent(lines);

    for (guint i = 0; lines[i]; i++)
        g_string_append_printf(out, "%s%s", i ? "\n" : "",
                               strlen(lines[i]) >= indent ? lines[i] + indent : "");
    return value_string_new(cursor->arena, out->str);
}

static Value *number_literal(HclCursor *cursor)
{
    gsize start = cursor->at;
    gboolean fraction = FALSE;
    g_autofree char *text = NULL;
    char *end;
    int c;

    if (hcl_peek(cursor, 0) == '-') {
        hcl_advance(cursor, 1);
        hcl_skip_space(cursor, FALSE);
    }
    if ((c = hcl_peek(cursor, 0)) < 0 || !g_ascii_isdigit(c))
        return NULL;
    while ((c = hcl_peek(cursor, 0)) >= 0 && (g_ascii_isdigit(c) || strchr(".eE+-", c))) {
        if ((c == '+' || c == '-') && !strchr("eE", cursor->text[cursor->at - 1]))
            break;
        fraction = fraction || c == '.' || c == 'e' || c == 'E';
        hcl_advance(cursor, 1);
    }
    text = g_strndup(cursor->text + start, cursor->at - start);
    if (!fraction && strlen(text) <= 18)
        return value_int_new(cursor->arena, g_ascii_strtoll(text, NULL, 10));
    double number = g_ascii_strtod(text, &end);

    return *end ? NULL : value_number_new(cursor->arena, number);
}

static Value *tuple_literal(HclCursor *cursor, guint depth)
{
    Value *array = value_array_new(cursor->arena);

    hcl_advance(cursor, 1);
    for (;;) {
        Value *item;

        hcl_skip_space(cursor, TRUE);
        if (hcl_peek(cursor, 0) == ']') {
            hcl_advance(cursor, 1);
            return array;
        }
        item = hcl_literal(cursor, depth + 1);
        if (!item)
            return NULL;
        value_append(cursor->arena, array, item);
        hcl_skip_space(cursor, TRUE);
        if (hcl_peek(cursor, 0) == ',')
            hcl_advance(cursor, 1);
        else if (hcl_peek(cursor, 0) != ']')
            return NULL;
    }
}

static Value *object_literal(HclCursor *cursor, guint depth)
{
    Value *object = value_object_new(cursor->arena);

    hcl_advance(cursor, 1);
    for (;;) {
        const char *key;
        Value *item;
        int c;

        hcl_skip_space(cursor, TRUE);
        c = hcl_peek(cursor, 0);
        if (c == '}') {
            hcl_advance(cursor, 1);
            return object;
        }
        key = c == '"' ? value_string(string_literal(cursor), NULL) : hcl_identifier(cursor);
        hcl_skip_space(cursor, FALSE);
        c = hcl_peek(cursor, 0);
        if (!key || (c != '=' && c != ':'))
            return NULL;
        hcl_advance(cursor, 1);
        hcl_skip_space(cursor, FALSE);
        item = hcl_literal(cursor, depth + 1);
        if (!item)
            return NULL;
        value_set(cursor->arena, object, key, item);
        hcl_skip_space(cursor, FALSE);
        c = hcl_peek(cursor, 0);
        if (c == ',' || c == '\n')
            hcl_advance(cursor, 1);
        else if (c != '}')
            return NULL;
    }
}

static Value *word_literal(HclCursor *cursor)
{
    const char *word = hcl_identifier(cursor);

    if (g_strcmp0(word, "true") == 0 || g_strcmp0(word, "false") == 0)
        return value_bool_new(cursor->arena, *word == 't');
    return g_strcmp0(word, "null") == 0 ? value_null_new(cursor->arena) : NULL;
}

static Value *grouped_literal(HclCursor *cursor, guint depth)
{
    Value *value;

    hcl_advance(cursor, 1);
    hcl_skip_space(cursor, TRUE);
    value = hcl_literal(cursor, depth + 1);
    hcl_skip_space(cursor, TRUE);
    if (hcl_peek(cursor, 0) != ')')
        return NULL;
    hcl_advance(cursor, 1);
    return value;
}

Value *hcl_literal(HclCursor *cursor, guint depth)
{
    int c = hcl_peek(cursor, 0);

    if (c < 0 || depth > HCL_DEPTH_MAX || arena_exhausted(cursor->arena))
        return NULL;
    if (c == '"')
        return string_literal(cursor);
    if (c == '[')
        return tuple_literal(cursor, depth);
    if (c == '{')
        return object_literal(cursor, depth);
    if (c == '(')
        return grouped_literal(cursor, depth);
    if (c == '-' || g_ascii_isdigit(c))
        return number_literal(cursor);
    if (hcl_at_heredoc(cursor))
        return heredoc_literal(cursor);
    return word_literal(cursor);
}

Value *hcl_literal_text(Arena *arena, const char *text, gsize length)
{
    HclCursor cursor = hcl_cursor(arena, text, length);
    Value *value;

    hcl_skip_space(&cursor, TRUE);
    value = hcl_literal(&cursor, 0);
    hcl_skip_space(&cursor, TRUE);
    return cursor.at == cursor.length ? value : NULL;
}
