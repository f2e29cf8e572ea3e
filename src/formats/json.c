#include "formats/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 128

typedef struct {
    Arena *arena;
    const char *at, *end;
    const char *line_start;
    gsize continuations; /* bytes of this line that begin no character */
    int line;
    int depth;
    GError **error;
} Reader;

static Value *read_value(Reader *reader);

static int column_of(const Reader *reader, const char *at)
{
    return (int)((gsize)(at - reader->line_start) - reader->continuations) + 1;
}

static Value *fail(Reader *reader, const char *at, const char *message)
{
    g_set_error(reader->error, PAVE_ERROR, ERROR_INPUT, "%d:%d: %s", reader->line,
                column_of(reader, at), message);
    return NULL;
}

static void skip_space(Reader *reader)
{
    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == '\n') {
            reader->line++;
            reader->line_start = reader->at + 1;
            reader->continuations = 0;
        } else if (*reader->at != ' ' && *reader->at != '\t' && *reader->at != '\r') {
            return;
        }
    }
}

static gboolean next_is(Reader *reader, char byte)
{
    return reader->at < reader->end && *reader->at == byte;
}

static gboolean skip_byte(Reader *reader, char byte)
{
    if (!next_is(reader, byte))
        return FALSE;
    reader->at++;
    return TRUE;
}

/* Four hexadecimal digits at reader->at, or -1. */
static gint32 read_hex4(Reader *reader)
{
    gint32 code = 0;

    if (reader->end - reader->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(reader->at[i]);

        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    reader->at += 4;
    return code;
}

/* The character of a \u escape whose "\u" was read; a surrogate takes its partner with it. */
static gint32 read_unicode_escape(Reader *reader)
{
    gint32 high = read_hex4(reader), low;

    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || reader->end - reader->at < 2 || reader->at[0] != '\\' ||
        reader->at[1] != 'u')
        return -1;
    reader->at += 2;
    low = read_hex4(reader);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Decodes the escape at reader->at (after its backslash) to *out; FALSE where it is none. */
static gboolean read_escape(Reader *reader, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char letter = reader->at < reader->end ? *reader->at++ : '\0';
    const char *found = letter ? strchr(from, letter) : NULL;
    gint32 code;

    if (found) {
        *(*out)++ = to[found - from];
        return TRUE;
    }
    if (letter != 'u')
        return FALSE;
    code = read_unicode_escape(reader);
    if (code < 0)
        return FALSE;
    *out += g_unichar_to_utf8((gunichar)code, *out);
    return TRUE;
}

/* The end of the string that starts at reader->at, at its quote; NULL where it does not end. */
static const char *string_end(const Reader *reader, gboolean *escaped)
{
    const char *at = reader->at;

    *escaped = FALSE;
    for (; at < reader->end && *at != '"'; at++) {
        if ((guchar)*at < 0x20)
            return NULL;
        if (*at == '\\') {
            *escaped = TRUE;
            at++;
        }
    }
    return at < reader->end ? at : NULL;
}

static gsize count_continuations(const char *from, const char *to)
{
    gsize count = 0;

    for (; from < to; from++)
        count += ((guchar)*from & 0xc0) == 0x80;
    return count;
}

/* The text between quotes, the opening one already read. */
static char *read_string(Reader *reader, gsize *length)
{
    const char *open = reader->at - 1, *start = reader->at, *close;
    gboolean escaped;
    char *text, *out;

    close = string_end(reader, &escaped);
    if (!close) {
        fail(reader, open, "a string is not closed, or holds a control character");
        return NULL;
    }
    text = out = arena_strndup(reader->arena, start, (gsize)(close - start));
    *length = (gsize)(close - start);
    while (escaped && reader->at < close) {
        if (*reader->at != '\\') {
            *out++ = *reader->at++;
            continue;
        }
        reader->at++;
        if (!read_escape(reader, &out)) {
            fail(reader, open, "a string holds an escape that JSON does not know");
            return NULL;
        }
    }
    if (escaped) {
        *out = '\0';
        *length = (gsize)(out - text);
    }
    reader->at = close + 1;
    reader->continuations += count_continuations(start, close);
    return text;
}

static gboolean skip_digits(Reader *reader)
{
    const char *start = reader->at;

    while (reader->at < reader->end && g_ascii_isdigit(*reader->at))
        reader->at++;
    return reader->at > start;
}

/* Moves over the number at reader->at; FALSE where the grammar has none. */
static gboolean skip_number(Reader *reader, gboolean *integral)
{
    *integral = TRUE;
    skip_byte(reader, '-');
    if (!skip_byte(reader, '0') && !skip_digits(reader))
        return FALSE;
    if (skip_byte(reader, '.')) {
        *integral = FALSE;
        if (!skip_digits(reader))
            return FALSE;
    }
    if (skip_byte(reader, 'e') || skip_byte(reader, 'E')) {
        *integral = FALSE;
        if (!skip_byte(reader, '+'))
            skip_byte(reader, '-');
        return skip_digits(reader);
    }
    return TRUE;
}

static Value *read_number(Reader *reader)
{
    const char *start = reader->at;
    gboolean integral;
    gint64 integer;
    double number;
    char *text;

    if (!skip_number(reader, &integral))
        return fail(reader, start, "not a number as JSON has it");
    text = arena_strndup(reader->arena, start, (gsize)(reader->at - start));
    if (integral && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
        return value_int_new(reader->arena, integer);
    number = g_ascii_strtod(text, NULL);
    if (!isfinite(number))
        return fail(reader, start, "a number is too large");
    return value_number_new(reader->arena, number);
}

static Value *read_array(Reader *reader)
{
    Value *array = value_array_new(reader->arena);

    skip_space(reader);
    if (skip_byte(reader, ']'))
        return array;
    for (;;) {
        Value *item = read_value(reader);

        if (!item)
            return NULL;
        value_append(reader->arena, array, item);
        skip_space(reader);
        if (skip_byte(reader, ']'))
            return array;
        if (!skip_byte(reader, ','))
            return fail(reader, reader->at, "expected ',' or ']'");
    }
}

static gboolean read_member(Reader *reader, Value *object)
{
    const char *start;
    gsize length;
    char *key;
    Value *value;
    int line, column;

    skip_space(reader);
    start = reader->at;
    line = reader->line;
    column = column_of(reader, start);
    if (!skip_byte(reader, '"'))
        return fail(reader, start, "expected a key in quotes") != NULL;
    key = read_string(reader, &length);
    if (!key)
        return FALSE;
    if (strlen(key) != length)
        return fail(reader, start, "a key holds \\u0000") != NULL;
    if (value_get(object, key)) {
        g_set_error(reader->error, PAVE_ERROR, ERROR_INPUT, "%d:%d: the key \"%s\" is there twice",
                    line, column, key);
        return FALSE;
    }
    skip_space(reader);
    if (!skip_byte(reader, ':'))
        return fail(reader, reader->at, "expected ':'") != NULL;
    value = read_value(reader);
    if (!value)
        return FALSE;
    value_set(reader->arena, object, key, value);
    value_set_key_position(object, key, line, column);
    return TRUE;
}

static Value *read_object(Reader *reader)
{
    Value *object = value_object_new(reader->arena);

    skip_space(reader);
    if (skip_byte(reader, '}'))
        return object;
    for (;;) {
        if (!read_member(reader, object))
            return NULL;
        skip_space(reader);
        if (skip_byte(reader, '}'))
            return object;
        if (!skip_byte(reader, ','))
            return fail(reader, reader->at, "expected ',' or '}'");
    }
}

static gboolean skip_word(Reader *reader, const char *word)
{
    gsize length = strlen(word);

    if ((gsize)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return FALSE;
    reader->at += length;
    return TRUE;
}

static Value *read_container(Reader *reader, Value *(*read)(Reader *))
{
    Value *value;

    if (++reader->depth > DEPTH_MAX)
        return fail(reader, reader->at - 1, "nested deeper than 128 levels");
    value = read(reader);
    reader->depth--;
    return value;
}

static Value *read_text(Reader *reader)
{
    gsize length;
    const char *text = read_string(reader, &length);

    return text ? value_string_wrap(reader->arena, text, length) : NULL;
}

static Value *read_unpositioned(Reader *reader)
{
    if (skip_byte(reader, '{'))
        return read_container(reader, read_object);
    if (skip_byte(reader, '['))
        return read_container(reader, read_array);
    if (skip_byte(reader, '"'))
        return read_text(reader);
    if (skip_word(reader, "true"))
        return value_bool_new(reader->arena, true);
    if (skip_word(reader, "false"))
        return value_bool_new(reader->arena, false);
    if (skip_word(reader, "null"))
        return value_null_new(reader->arena);
    if (reader->at == reader->end)
        return fail(reader, reader->at, "the text ends where a value should be");
    if (*reader->at == '-' || g_ascii_isdigit(*reader->at))
        return read_number(reader);
    return fail(reader, reader->at, "expected a value");
}

static Value *read_value(Reader *reader)
{
    Value *value;
    int line, column;

    if (arena_exhausted(reader->arena))
        return fail(reader, reader->at, "the text is too large");
    skip_space(reader);
    line = reader->line;
    column = column_of(reader, reader->at);
    value = read_unpositioned(reader);
    if (value)
        value_set_position(value, line, column);
    return value;
}

static gboolean check_utf8(const char *text, gsize length, GError **error)
{
    const char *bad;
    int line = 1, column = 1;

    if (g_utf8_validate_len(text, length, &bad))
        return TRUE;
    for (const char *at = text; at < bad; at = g_utf8_next_char(at)) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%d:%d: the text is not UTF-8", line, column);
    return FALSE;
}

Value *json_parse(Arena *arena, const char *text, gssize length, GError **error)
{
    gsize size = length < 0 ? strlen(text) : (gsize)length;
    Reader reader = {.arena = arena,
                     .at = text,
                     .end = text + size,
                     .line_start = text,
                     .line = 1,
                     .error = error};
    Value *value;

    if (!check_utf8(text, size, error))
        return NULL;
    value = read_value(&reader);
    if (!value)
        return NULL;
    skip_space(&reader);
    if (reader.at != reader.end)
        return fail(&reader, reader.at, "something follows the value");
    return value;
}
