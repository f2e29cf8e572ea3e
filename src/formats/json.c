#include "formats/json.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 128

/* ---- reading ---- */

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

/* ---- writing ---- */

void json_write_string(GString *out, const char *text, gsize length)
{
    static const char *const escapes[256] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
        ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t",
    };
    const char *end = text + length, *plain = text;

    g_string_append_c(out, '"');
    for (const char *at = text; at < end;) {
        guchar byte = (guchar)*at;

        if (byte >= 0x20 && byte < 0x80 && !escapes[byte]) {
            at++;
            continue;
        }
        if (byte >= 0x80 && (gint32)g_utf8_get_char_validated(at, end - at) >= 0) {
            at = g_utf8_next_char(at);
            continue;
        }
        g_string_append_len(out, plain, at - plain);
        if (byte >= 0x80)
            g_string_append(out, "\xef\xbf\xbd");
        else if (escapes[byte])
            g_string_append(out, escapes[byte]);
        else
            g_string_append_printf(out, "\\u%04x", byte);
        plain = ++at;
    }
    g_string_append_len(out, plain, end - plain);
    g_string_append_c(out, '"');
}

/* The digits of number's shortest form that reads back as it, without the point; *exponent is that
 * of the first digit. */
static void shortest_digits(double number, GString *digits, int *exponent)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    char *mark;

    /* Fifteen digits always survive, so fewer need no trying; subnormals hold less. */
    for (int precision = number < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        g_autofree char *format = g_strdup_printf("%%.%de", precision);

        g_ascii_formatd(buffer, sizeof buffer, format, number);
        if (g_ascii_strtod(buffer, NULL) == number)
            break;
    }
    mark = strchr(buffer, 'e');
    *exponent = (int)g_ascii_strtoll(mark + 1, NULL, 10);
    g_string_append_c(digits, buffer[0]);
    if (buffer[1] == '.')
        g_string_append_len(digits, buffer + 2, mark - (buffer + 2));
    while (digits->len > 1 && digits->str[digits->len - 1] == '0')
        g_string_truncate(digits, digits->len - 1);
}

static void append_zeros(GString *out, int count)
{
    while (count-- > 0)
        g_string_append_c(out, '0');
}

/* ECMAScript's Number::toString: decimal between 1e-7 and 1e21, else an exponent. */
static void write_double(GString *out, double number)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    int exponent, count;

    if (number == 0) {
        g_string_append_c(out, '0');
        return;
    }
    if (number < 0)
        g_string_append_c(out, '-');
    shortest_digits(fabs(number), digits, &exponent);
    count = (int)digits->len;
    if (exponent >= 21 || exponent < -6) {
        g_string_append_printf(out, "%c%s%s", digits->str[0], count > 1 ? "." : "",
                               digits->str + 1);
        g_string_append_printf(out, "e%+d", exponent);
    } else if (exponent < 0) {
        g_string_append(out, "0.");
        append_zeros(out, -exponent - 1);
        g_string_append(out, digits->str);
    } else if (count <= exponent + 1) {
        g_string_append(out, digits->str);
        append_zeros(out, exponent + 1 - count);
    } else {
        g_string_append_len(out, digits->str, exponent + 1);
        g_string_append_printf(out, ".%s", digits->str + exponent + 1);
    }
}

static void write_number(GString *out, const Value *value)
{
    double number = value_number(value, 0);

    if (value_is_int(value))
        g_string_append_printf(out, "%" G_GINT64_FORMAT, value_int(value, 0));
    else if (isfinite(number))
        write_double(out, number);
    else
        g_string_append(out, "null");
}

static void write_value(GString *out, const Value *value, JsonFlags flags, int depth);

static void write_break(GString *out, JsonFlags flags, int depth)
{
    if (!(flags & JSON_PRETTY))
        return;
    g_string_append_c(out, '\n');
    while (depth-- > 0)
        g_string_append(out, "  ");
}

static void write_array(GString *out, const Value *array, JsonFlags flags, int depth)
{
    guint count = value_count(array);

    g_string_append_c(out, '[');
    for (guint i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_break(out, flags, depth + 1);
        write_value(out, value_item(array, i), flags, depth + 1);
    }
    if (count > 0)
        write_break(out, flags, depth);
    g_string_append_c(out, ']');
}

static void write_member(GString *out, const char *key, const Value *value, JsonFlags flags,
                         int depth)
{
    write_break(out, flags, depth);
    json_write_string(out, key, strlen(key));
    g_string_append(out, flags & JSON_PRETTY ? ": " : ":");
    write_value(out, value, flags, depth);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted_members(GString *out, const Value *object, JsonFlags flags, int depth)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();

    for (guint i = 0; i < value_count(object); i++)
        g_ptr_array_add(keys, (gpointer)value_key_at(object, i));
    g_ptr_array_sort(keys, compare_keys);
    for (guint i = 0; i < keys->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_member(out, keys->pdata[i], value_get(object, keys->pdata[i]), flags, depth);
    }
}

static void write_members(GString *out, const Value *object, JsonFlags flags, int depth)
{
    for (guint i = 0; i < value_count(object); i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_member(out, value_key_at(object, i), value_value_at(object, i), flags, depth);
    }
}

static void write_object(GString *out, const Value *object, JsonFlags flags, int depth)
{
    g_string_append_c(out, '{');
    if (flags & JSON_SORT_KEYS)
        write_sorted_members(out, object, flags, depth + 1);
    else
        write_members(out, object, flags, depth + 1);
    if (value_count(object) > 0)
        write_break(out, flags, depth);
    g_string_append_c(out, '}');
}

static void write_value(GString *out, const Value *value, JsonFlags flags, int depth)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        g_string_append(out, "null");
        break;
    case VALUE_BOOL:
        g_string_append(out, value_bool(value, false) ? "true" : "false");
        break;
    case VALUE_NUMBER:
        write_number(out, value);
        break;
    case VALUE_STRING:
        json_write_string(out, value_string(value, ""), value_string_length(value));
        break;
    case VALUE_ARRAY:
        write_array(out, value, flags, depth);
        break;
    case VALUE_OBJECT:
        write_object(out, value, flags, depth);
        break;
    }
}

void json_write(GString *out, const Value *value, JsonFlags flags)
{
    write_value(out, value, flags, 0);
}

char *json_to_string(const Value *value, JsonFlags flags)
{
    GString *out = g_string_new(NULL);

    json_write(out, value, flags);
    return g_string_free(out, FALSE);
}

const char *json_to_arena(Arena *arena, const Value *value, JsonFlags flags)
{
    g_autoptr(GString) out = g_string_new(NULL);

    json_write(out, value, flags);
    return arena_strndup(arena, out->str, out->len);
}
