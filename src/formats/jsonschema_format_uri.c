/* Formats that name places: URIs (RFC 3986), IRIs (RFC 3987), URI templates (RFC 6570), JSON
 * pointers (RFC 6901). */
#include "formats/jsonschema_internal.h"

#include <string.h>

static const char UNRESERVED[] = "-._~", SUB_DELIMS[] = "!$&'()*+,;=";

/* One character of a part that allows `more` beside the usual; its length, 0 where it is not
 * allowed. */
static gsize allowed(const char *at, const char *end, const char *more, bool international)
{
    guchar c = (guchar)*at;

    if (c == '%')
        return end - at >= 3 && g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2]) ? 3 : 0;
    if (c >= 0x80) {
        gunichar code = international ? g_utf8_get_char(at) : 0;

        return code >= 0xa0 && (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef)
                   ? (gsize)g_utf8_skip[c]
                   : 0;
    }
    return g_ascii_isalnum(c) ||
                   (c && (strchr(UNRESERVED, c) || strchr(SUB_DELIMS, c) || strchr(more, c)))
               ? 1
               : 0;
}

static bool all_allowed(const char *at, const char *end, const char *more, bool international)
{
    while (at < end) {
        gsize length = allowed(at, end, more, international);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/* "[…]" around an IPv6 address or a version of the future. */
static bool is_ip_literal(const char *at, const char *end)
{
    g_autofree char *inside = g_strndup(at + 1, (gsize)(end - at - 2));

    if (*inside == 'v' || *inside == 'V') {
        gsize digits = strspn(inside + 1, "0123456789abcdefABCDEF");
        const char *rest = inside + 1 + digits;

        return digits > 0 && *rest == '.' && rest[1] &&
               all_allowed(rest + 1, inside + strlen(inside), ":", false) && !strchr(rest, '%');
    }
    return format_is_ipv6(inside, strlen(inside));
}

/* [user@]host[:port] */
static bool is_authority(const char *at, const char *end, bool international)
{
    const char *user = memchr(at, '@', (gsize)(end - at));
    const char *host = user ? user + 1 : at;
    const char *host_end = end, *port = NULL;

    if (user && !all_allowed(at, user, ":", international))
        return false;
    if (host < end && *host == '[') {
        const char *close = memchr(host, ']', (gsize)(end - host));

        if (!close || !is_ip_literal(host, close + 1))
            return false;
        if (close + 1 < end && close[1] != ':')
            return false;
        port = close + 1 < end ? close + 2 : end;
    } else {
        const char *colon = memchr(host, ':', (gsize)(end - host));

        host_end = colon ? colon : end;
        port = colon ? colon + 1 : end;
        if (!all_allowed(host, host_end, "", international))
            return false;
    }
    return strspn(port, "0123456789") >= (gsize)(end - port);
}

static const char *first_of(const char *at, const char *end, const char *set)
{
    while (at < end && !strchr(set, *at))
        at++;
    return at;
}

static gsize scheme_length(const char *text)
{
    gsize length = 0;

    if (!g_ascii_isalpha(*text))
        return 0;
    while (g_ascii_isalnum(text[length]) || (text[length] && strchr("+-.", text[length])))
        length++;
    return text[length] == ':' ? length : 0;
}

static bool is_reference(const char *text, gsize length, bool with_scheme, bool international)
{
    const char *end = text + length, *at = text;
    gsize scheme = scheme_length(text);

    if (scheme == 0 && with_scheme)
        return false;
    if (scheme > 0)
        at += scheme + 1;
    const char *fragment = first_of(at, end, "#");
    const char *query = first_of(at, fragment, "?");

    if (fragment < end && !all_allowed(fragment + 1, end, ":@/?", international))
        return false;
    if (query < fragment && !all_allowed(query + 1, fragment, ":@/?", international))
        return false;
    if (query - at >= 2 && at[0] == '/' && at[1] == '/') {
        const char *path = first_of(at + 2, query, "/");

        if (!is_authority(at + 2, path, international))
            return false;
        at = path;
    } else if (scheme == 0) {
        const char *slash = first_of(at, query, "/");

        /* "a:b" would be a scheme; the first segment of a relative path holds no colon. */
        if (first_of(at, slash, ":") < slash)
            return false;
    }
    return all_allowed(at, query, ":@/", international);
}

bool format_is_uri(const char *text, gsize length)
{
    return is_reference(text, length, true, false) && text[length - 1] != ':';
}

bool format_is_uri_reference(const char *text, gsize length)
{
    return is_reference(text, length, false, false);
}

bool format_is_iri(const char *text, gsize length)
{
    return is_reference(text, length, true, true);
}

bool format_is_iri_reference(const char *text, gsize length)
{
    return is_reference(text, length, false, true);
}

/* ---- templates ---- */

static bool is_variable(const char *at, const char *end)
{
    const char *name = at;

    while (at < end && (g_ascii_isalnum(*at) || *at == '_' || *at == '.' || *at == '%')) {
        if (*at == '%' && (end - at < 3 || !g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2])))
            return false;
        at++;
    }
    if (at == name || *name == '.' || at[-1] == '.')
        return false;
    if (at < end && *at == '*')
        return at + 1 == end;
    if (at == end)
        return true;
    gsize digits = strspn(at + 1, "0123456789");

    return *at == ':' && digits > 0 && digits < 5 && at[1] != '0' && at + 1 + digits == end;
}

/* What is between the braces. */
static bool is_expression(const char *at, const char *end)
{
    if (at < end && strchr("+#./;?&=,!@|", *at))
        at++;
    while (at < end) {
        const char *comma = first_of(at, end, ",");

        if (!is_variable(at, comma))
            return false;
        if (comma == end)
            return true;
        at = comma + 1;
    }
    return false;
}

bool format_is_uri_template(const char *text, gsize length)
{
    const char *end = text + length;

    for (const char *at = text; at < end; at++) {
        if ((guchar)*at <= 0x20 || *at == 0x7f || strchr("\"'<>\\^`|}", *at))
            return false;
        if (*at == '%' && (end - at < 3 || !g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2])))
            return false;
        if (*at == '{') {
            const char *close = first_of(at, end, "}");

            if (close == end || !is_expression(at + 1, close))
                return false;
            at = close;
        }
    }
    return true;
}

/* ---- pointers ---- */

bool format_is_json_pointer(const char *text, gsize length)
{
    if (length > 0 && *text != '/')
        return false;
    for (gsize i = 0; i < length; i++)
        if (text[i] == '~' && text[i + 1] != '0' && text[i + 1] != '1')
            return false;
    return true;
}

bool format_is_json_pointer_fragment(const char *text, gsize length)
{
    return *text == '#' && format_is_json_pointer(text + 1, length - 1) &&
           all_allowed(text + 1, text + length, ":@/", false);
}

bool format_is_relative_json_pointer(const char *text, gsize length)
{
    gsize digits = strspn(text, "0123456789");

    if (digits == 0 || (*text == '0' && digits > 1))
        return false;
    return g_str_equal(text + digits, "#") ||
           format_is_json_pointer(text + digits, length - digits);
}
