/* The `format` keyword, for the formats that forms use. */
#include "formats/jsonschema_internal.h"

#include "formats/regex.h"
#include <arpa/inet.h>
#include <string.h>

static bool digits(const char *text, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (!g_ascii_isdigit(text[i]))
            return false;
    return true;
}

static int number_at(const char *text, gsize count)
{
    int number = 0;

    for (gsize i = 0; i < count; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static bool is_date(const char *text, gsize length)
{
    if (length != 10 || !digits(text, 4) || text[4] != '-' || !digits(text + 5, 2) ||
        text[7] != '-' || !digits(text + 8, 2))
        return false;
    return g_date_valid_dmy((GDateDay)number_at(text + 8, 2), number_at(text + 5, 2),
                            (GDateYear)number_at(text, 4));
}

/* "Z" or "+hh:mm". */
static bool is_offset(const char *text, gsize length)
{
    if (length == 1)
        return *text == 'Z' || *text == 'z';
    return length == 6 && strchr("+-", *text) && digits(text + 1, 2) && text[3] == ':' &&
           digits(text + 4, 2) && number_at(text + 1, 2) < 24 && number_at(text + 4, 2) < 60;
}

static bool is_time(const char *text, gsize length)
{
    gsize at = 8;

    if (length < 9 || !digits(text, 2) || text[2] != ':' || !digits(text + 3, 2) ||
        text[5] != ':' || !digits(text + 6, 2))
        return false;
    if (number_at(text, 2) > 23 || number_at(text + 3, 2) > 59 || number_at(text + 6, 2) > 60)
        return false;
    if (text[at] == '.')
        for (at++; at < length && g_ascii_isdigit(text[at]); at++)
            ;
    return at < length && is_offset(text + at, length - at);
}

static bool is_date_time(const char *text, gsize length)
{
    return length > 11 && is_date(text, 10) && strchr("Tt ", text[10]) &&
           is_time(text + 11, length - 11);
}

static bool is_hostname(const char *text, gsize length)
{
    gsize label = 0;

    if (length == 0 || length > 253)
        return false;
    for (gsize i = 0; i < length; i++) {
        bool edge = label == 0 || i + 1 == length || text[i + 1] == '.';

        if (text[i] == '.') {
            if (label == 0 || i + 1 == length)
                return false;
            label = 0;
            continue;
        }
        if (!g_ascii_isalnum(text[i]) && (text[i] != '-' || edge))
            return false;
        if (++label > 63)
            return false;
    }
    return true;
}

static bool is_email(const char *text, gsize length)
{
    const char *at = memrchr(text, '@', length);

    if (!at || at == text || memchr(text, ' ', length))
        return false;
    return is_hostname(at + 1, length - (gsize)(at - text) - 1);
}

static bool is_address(int family, const char *text)
{
    unsigned char bytes[16];

    return inet_pton(family, text, bytes) == 1;
}

static bool is_ipv4(const char *text, gsize length)
{
    return is_address(AF_INET, text);
}

static bool is_ipv6(const char *text, gsize length)
{
    return is_address(AF_INET6, text);
}

static bool is_uri_reference(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || strchr("<>\"{}|\\^`", text[i]))
            return false;
    return true;
}

static bool is_uri(const char *text, gsize length)
{
    gsize scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return scheme > 0 && g_ascii_isalpha(*text) && text[scheme] == ':' && scheme + 1 < length &&
           is_uri_reference(text, length);
}

static bool is_uuid(const char *text, gsize length)
{
    return length == 36 && g_uuid_string_is_valid(text);
}

static bool is_regex(const char *text, gsize length)
{
    g_autoptr(Regex) regex = regex_new(text, 0, NULL);

    return regex != NULL;
}

static bool is_json_pointer(const char *text, gsize length)
{
    if (length > 0 && *text != '/')
        return false;
    for (gsize i = 0; i < length; i++)
        if (text[i] == '~' && text[i + 1] != '0' && text[i + 1] != '1')
            return false;
    return true;
}

static const struct {
    const char *name, *words;
    bool (*holds)(const char *text, gsize length);
} FORMATS[] = {
    {"date", "a date like 2026-03-01", is_date},
    {"time", "a time like 12:30:00Z", is_time},
    {"date-time", "a date and time like 2026-03-01T12:30:00Z", is_date_time},
    {"email", "an e-mail address", is_email},
    {"hostname", "a host name", is_hostname},
    {"ipv4", "an IPv4 address", is_ipv4},
    {"ipv6", "an IPv6 address", is_ipv6},
    {"uri", "a URL with its scheme", is_uri},
    {"url", "a URL with its scheme", is_uri},
    {"uri-reference", "a URL or path", is_uri_reference},
    {"uuid", "a UUID", is_uuid},
    {"regex", "a regular expression", is_regex},
    {"json-pointer", "a JSON pointer", is_json_pointer},
};

bool jsonschema_format(const char *format, const char *text, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++)
        if (g_str_equal(FORMATS[i].name, format))
            return strlen(text) == length && FORMATS[i].holds(text, length);
    return true;
}

const char *jsonschema_format_words(const char *format)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++)
        if (g_str_equal(FORMATS[i].name, format))
            return FORMATS[i].words;
    return format;
}
