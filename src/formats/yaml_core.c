#include "formats/yaml_core.h"
#include <math.h>
#include <string.h>

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const truths[] = {"true", "True", "TRUE", NULL};
static const char *const falsehoods[] = {"false", "False", "FALSE", NULL};
static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};

typedef enum { NOT_NUMBER, DECIMAL, OCTAL, HEXADECIMAL, FLOAT, INFINITY_WORD, NAN_WORD } NumberForm;

static gboolean all_of(const char *text, const char *accepted)
{
    return *text && text[strspn(text, accepted)] == '\0';
}

/* (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static gboolean is_float(const char *text)
{
    gsize whole = strspn(text, "0123456789"), fraction = 0;

    text += whole;
    if (*text == '.') {
        fraction = strspn(++text, "0123456789");
        text += fraction;
    }
    if (whole + fraction == 0)
        return FALSE;
    if (*text == '\0')
        return TRUE;
    if (*text != 'e' && *text != 'E')
        return FALSE;
    text++;
    return all_of(text + (*text == '-' || *text == '+'), "0123456789");
}

static NumberForm number_form(const char *text)
{
    const char *unsigned_part = text + (*text == '-' || *text == '+');

    if (all_of(unsigned_part, "0123456789"))
        return DECIMAL;
    if (g_str_has_prefix(text, "0o") && all_of(text + 2, "01234567"))
        return OCTAL;
    if (g_str_has_prefix(text, "0x") && all_of(text + 2, "0123456789abcdefABCDEF"))
        return HEXADECIMAL;
    if (is_float(unsigned_part))
        return FLOAT;
    if (g_strv_contains(infinities, unsigned_part))
        return INFINITY_WORD;
    return g_strv_contains(nans, text) ? NAN_WORD : NOT_NUMBER;
}

static gboolean may_be_number(char first)
{
    return g_ascii_isdigit(first) || first == '-' || first == '+' || first == '.';
}

ValueKind yaml_core_kind(const char *text)
{
    if (may_be_number(*text) && number_form(text) != NOT_NUMBER)
        return VALUE_NUMBER;
    if (g_strv_contains(nulls, text))
        return VALUE_NULL;
    if (g_strv_contains(truths, text) || g_strv_contains(falsehoods, text))
        return VALUE_BOOL;
    return VALUE_STRING;
}

/* Digits of a power-of-two base beyond int64, as a double. */
static double digits_to_double(const char *digits, int base)
{
    double number = 0;

    for (; *digits; digits++)
        number = number * base + g_ascii_xdigit_value(*digits);
    return number;
}

static Value *based_value(Arena *arena, const char *digits, guint base)
{
    guint64 number;

    if (g_ascii_string_to_unsigned(digits, base, 0, G_MAXINT64, &number, NULL))
        return value_int_new(arena, (int64_t)number);
    return value_number_new(arena, digits_to_double(digits, (int)base));
}

static Value *number_value(Arena *arena, const char *text)
{
    const char *without_plus = text + (*text == '+');
    gint64 integer;

    switch (number_form(text)) {
    case OCTAL:
        return based_value(arena, text + 2, 8);
    case HEXADECIMAL:
        return based_value(arena, text + 2, 16);
    case INFINITY_WORD:
        return value_number_new(arena, *text == '-' ? -INFINITY : INFINITY);
    case NAN_WORD:
        return value_number_new(arena, NAN);
    case DECIMAL:
        if (g_ascii_string_to_signed(without_plus, 10, G_MININT64, G_MAXINT64, &integer, NULL))
            return value_int_new(arena, integer);
        break;
    case FLOAT:
    case NOT_NUMBER:
        break;
    }
    return value_number_new(arena, g_ascii_strtod(without_plus, NULL));
}

Value *yaml_core_value(Arena *arena, const char *text, gsize length)
{
    switch (strlen(text) == length ? yaml_core_kind(text) : VALUE_STRING) {
    case VALUE_NULL:
        return value_null_new(arena);
    case VALUE_BOOL:
        return value_bool_new(arena, g_strv_contains(truths, text));
    case VALUE_NUMBER:
        return number_value(arena, text);
    default:
        return value_string_wrap(arena, text, length);
    }
}
