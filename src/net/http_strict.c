/* What libmicrohttpd lets pass and we do not: everything a proxy in front could read another way
 * than we do (request smuggling), and what no honest client sends. */
#include "net/http_internal.h"
#include <string.h>

static gboolean is_token(const char *text, gsize length)
{
    static const char is_sign[256] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1,
        ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1,  ['~'] = 1,
    };

    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && !is_sign[(unsigned char)text[i]])
            return FALSE;
    return length > 0;
}

static gboolean has_control(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return TRUE;
    }
    return FALSE;
}

static gboolean named(const HttpHeader *header, const char *name)
{
    gsize length = strlen(name);

    return header->name_length == length && g_ascii_strncasecmp(header->name, name, length) == 0;
}

static const char *check_host(const char *host)
{
    for (const char *at = host; *at; at++)
        if (!g_ascii_isalnum(*at) && !strchr("-._:[]", *at))
            return "The Host header is not a host";
    return NULL;
}

static const char *check_line(const char *method, const char *target, const char *version)
{
    if (strlen(method) > 32 || !is_token(method, strlen(method)))
        return "The method is not a token";
    if (target[0] != '/')
        return "The request target must be a path";
    for (const char *at = target; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == 0x7f)
            return "The request target holds a space or control character";
    if (!g_str_equal(version, "HTTP/1.1") && !g_str_equal(version, "HTTP/1.0"))
        return "Only HTTP/1.1 and HTTP/1.0 are spoken here";
    return NULL;
}

const char *http_strict_check(const char *method, const char *target, const char *version,
                              const HttpHeader *headers, guint count, gboolean exact_lines)
{
    guint lengths = 0, codings = 0, hosts = 0;
    const char *wrong = check_line(method, target, version);

    for (guint i = 0; !wrong && i < count; i++) {
        const HttpHeader *header = &headers[i];

        if (!is_token(header->name, header->name_length))
            wrong = "A header name is not a token";
        else if (has_control(header->value, header->value_length))
            wrong = "A header value holds a control character";
        else if (named(header, "Host") && hosts++ == 0)
            wrong = check_host(header->value);
        else if (named(header, "Content-Length") && lengths++ == 0 &&
                 (header->value_length == 0 ||
                  strspn(header->value, "0123456789") != header->value_length))
            wrong = "Content-Length is not a number";
        else if (named(header, "Transfer-Encoding") && codings++ == 0 &&
                 g_ascii_strcasecmp(header->value, "chunked") != 0)
            wrong = "Only Transfer-Encoding: chunked is understood";
    }
    if (wrong)
        return wrong;
    if (hosts > 1)
        return "More than one Host header";
    if (lengths > 1)
        return "More than one Content-Length header";
    if (codings > 1)
        return "More than one Transfer-Encoding header";
    if (lengths && codings)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (codings && g_str_equal(version, "HTTP/1.0"))
        return "HTTP/1.0 has no Transfer-Encoding";
    if (!exact_lines)
        return "Each line of the request head must end in CR LF, and none may be folded";
    return NULL;
}

const char *http_parse_host(Arena *arena, const char *host)
{
    gsize length;
    char *lower;

    if (!host || !host[0])
        return NULL;
    if (host[0] == '[') {
        const char *close = strchr(host, ']');

        if (!close)
            return NULL;
        length = (gsize)(close - host) + 1;
    } else {
        length = strcspn(host, ":");
    }
    if (length == 0)
        return NULL;
    lower = arena_strndup(arena, host, length);
    for (char *at = lower; *at; at++)
        *at = g_ascii_tolower(*at);
    return lower;
}

char *http_percent_decode(Arena *arena, const char *text, gsize length, gboolean plus_is_space)
{
    char *decoded = arena_alloc(arena, length + 1);
    gsize used = 0;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];

        if (c == '%') {
            if (i + 2 >= length || !g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2]))
                return NULL;
            c = (char)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return NULL;
        decoded[used++] = c;
    }
    return g_utf8_validate(decoded, (gssize)used, NULL) ? decoded : NULL;
}
