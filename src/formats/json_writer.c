#include "formats/json.h"
#include <float.h>
#include <math.h>
#include <string.h>

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
