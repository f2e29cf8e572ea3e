/* The `format` keyword: which formats there are, and those of times and ids. */
#include "formats/jsonschema_internal.h"

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

/* ---- times ---- */

static bool is_date(const char *text, gsize length)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (length != 10 || !digits(text, 4) || text[4] != '-' || !digits(text + 5, 2) ||
        text[7] != '-' || !digits(text + 8, 2))
        return false;
    int year = number_at(text, 4), month = number_at(text + 5, 2), day = number_at(text + 8, 2);
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "Z" or "+hh:mm", in minutes. */
static bool read_offset(const char *text, gsize length, int *minutes)
{
    *minutes = 0;
    if (length == 1)
        return *text == 'Z' || *text == 'z';
    if (length != 6 || (*text != '+' && *text != '-') || !digits(text + 1, 2) || text[3] != ':' ||
        !digits(text + 4, 2) || number_at(text + 1, 2) > 23 || number_at(text + 4, 2) > 59)
        return false;
    *minutes = (number_at(text + 1, 2) * 60 + number_at(text + 4, 2)) * (*text == '-' ? -1 : 1);
    return true;
}

/* hh:mm:ss[.fraction]; what is left of the text goes to *rest. */
static bool read_clock(const char *text, gsize length, const char **rest)
{
    gsize at = 8;

    if (length < 8 || !digits(text, 2) || text[2] != ':' || !digits(text + 3, 2) ||
        text[5] != ':' || !digits(text + 6, 2))
        return false;
    if (text[at] == '.') {
        at++;
        if (!g_ascii_isdigit(text[at]))
            return false;
        while (g_ascii_isdigit(text[at]))
            at++;
    }
    *rest = text + at;
    return number_at(text, 2) <= 23 && number_at(text + 3, 2) <= 59 && number_at(text + 6, 2) <= 60;
}

static bool is_time(const char *text, gsize length)
{
    const char *rest;
    int offset;

    if (!read_clock(text, length, &rest) ||
        !read_offset(rest, length - (gsize)(rest - text), &offset))
        return false;
    if (number_at(text + 6, 2) < 60)
        return true;
    /* A leap second is at the end of a day in UTC. */
    int minutes = number_at(text, 2) * 60 + number_at(text + 3, 2) - offset;

    return ((minutes % 1440) + 1440) % 1440 == 1439;
}

static bool is_date_time(const char *text, gsize length)
{
    return length > 11 && is_date(text, 10) && strchr("Tt ", text[10]) &&
           is_time(text + 11, length - 11);
}

/* Numbers with the letters of units, each at most once and in their order. */
static bool read_units(const char **at, const char *units, guint *count)
{
    while (g_ascii_isdigit(**at)) {
        gsize length = strspn(*at, "0123456789");
        const char *unit = (*at)[length] ? strchr(units, (*at)[length]) : NULL;

        if (!unit)
            return false;
        units = unit + 1;
        *at += length + 1;
        ++*count;
    }
    return true;
}

/* ISO 8601 as RFC 3339 has it: P1Y2M3DT4H5M6S or P3W. */
static bool is_duration(const char *text, gsize length)
{
    const char *at = text + 1;
    guint dates = 0, times = 0;

    if (*text != 'P')
        return false;
    gsize weeks = strspn(at, "0123456789");

    if (weeks > 0 && g_str_equal(at + weeks, "W"))
        return true;
    if (!read_units(&at, "YMD", &dates))
        return false;
    if (*at == 'T') {
        at++;
        if (!read_units(&at, "HMS", &times) || times == 0)
            return false;
    }
    return *at == '\0' && dates + times > 0;
}

/* ---- the rest ---- */

static bool is_uuid(const char *text, gsize length)
{
    if (g_ascii_strncasecmp(text, "urn:uuid:", 9) == 0) {
        text += 9;
        length -= 9;
    }
    return length == 36 && g_uuid_string_is_valid(text);
}

static bool is_regex(const char *text, gsize length)
{
    g_autoptr(Regex) regex = regex_new(text, 0, NULL);

    return regex != NULL;
}

static const struct {
    const char *name, *words;
    bool (*holds)(const char *text, gsize length);
} FORMATS[] = {
    {"date", "a date like 2026-03-01", is_date},
    {"time", "a time like 12:30:00Z", is_time},
    {"date-time", "a date and time like 2026-03-01T12:30:00Z", is_date_time},
    {"duration", "a duration like P1DT12H", is_duration},
    {"email", "an e-mail address", format_is_email},
    {"idn-email", "an e-mail address", format_is_idn_email},
    {"hostname", "a host name", format_is_hostname},
    {"idn-hostname", "a host name", format_is_idn_hostname},
    {"ipv4", "an IPv4 address", format_is_ipv4},
    {"ipv6", "an IPv6 address", format_is_ipv6},
    {"uri", "a URL with its scheme, like https://example.com/path", format_is_uri},
    {"url", "a URL with its scheme, like https://example.com/path", format_is_uri},
    {"uri-reference", "a URL or path", format_is_uri_reference},
    {"iri", "a URL with its scheme, like https://example.com/path", format_is_iri},
    {"iri-reference", "a URL or path", format_is_iri_reference},
    {"uri-template", "a URL template like /users/{id}", format_is_uri_template},
    {"uuid", "a UUID", is_uuid},
    {"regex", "a regular expression", is_regex},
    {"json-pointer", "a JSON pointer like /spec/owner", format_is_json_pointer},
    {"json-pointer-uri-fragment", "a JSON pointer like #/spec/owner",
     format_is_json_pointer_fragment},
    {"relative-json-pointer", "a relative JSON pointer like 1/name",
     format_is_relative_json_pointer},
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
