/* Whether text is an absolute URL as browsers read one (WHATWG), which is what Backstage asks. */
#include "catalog/model/format.h"
#include <string.h>

#define HOST_MAX 2048

/* What no host may hold; a domain not even escaped. */
static gboolean is_forbidden(guchar byte, gboolean is_domain)
{
    if (byte == '\0' || strchr("\t\n\r #/:<>?@[\\]^|", byte))
        return TRUE;
    return is_domain && (byte < 0x20 || byte == '%' || byte == 0x7f);
}

static int hex_value(char c)
{
    return g_ascii_xdigit_value(c);
}

/* The host with its escapes undone; FALSE where it holds what none may. */
static gboolean decode_host(const char *text, gsize length, gboolean is_domain, char *host)
{
    gsize used = 0;

    if (length >= HOST_MAX)
        return FALSE;
    for (gsize i = 0; i < length; i++) {
        guchar byte = (guchar)text[i];

        if (is_domain && byte == '%' && i + 2 < length && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            byte = (guchar)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        }
        if (is_forbidden(byte, is_domain))
            return FALSE;
        host[used++] = (char)byte;
    }
    host[used] = '\0';
    return TRUE;
}

/* One part of an IPv4 address: decimal, octal or hexadecimal; -1 where it is none. */
static gint64 number_of(const char *text)
{
    int base = 10;
    char *end;
    gint64 number;

    if (*text == '0' && g_ascii_tolower(text[1]) == 'x') {
        text += 2;
        base = 16;
    } else if (*text == '0' && text[1]) {
        text++;
        base = 8;
    }
    if (base == 16 && *text == '\0')
        return 0;
    if (!g_ascii_isxdigit(*text))
        return -1;
    number = g_ascii_strtoll(text, &end, base);
    return *end ? -1 : number;
}

/* A host that ends in a number is an IPv4 address, or nothing. */
static gboolean is_good_domain(char *host)
{
    gsize length = strlen(host);
    g_auto(GStrv) parts = NULL;
    guint count;

    if (length > 1 && host[length - 1] == '.')
        host[length - 1] = '\0';
    parts = g_strsplit(host, ".", -1);
    count = g_strv_length(parts);
    if (count == 0 || (!g_ascii_isdigit(*parts[count - 1])) || number_of(parts[count - 1]) < 0)
        return count == 0 || parts[count - 1][strspn(parts[count - 1], "0123456789")] != '\0' ||
               *parts[count - 1] == '\0';
    if (count > 4)
        return FALSE;
    for (guint i = 0; i < count; i++) {
        gint64 number = number_of(parts[i]);
        gint64 most = i + 1 < count ? 255 : ((gint64)1 << 8 * (5 - count)) - 1;

        if (number < 0 || number > most)
            return FALSE;
    }
    return TRUE;
}

static gboolean is_port(const char *text, gsize length)
{
    guint port = 0;

    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isdigit(text[i]))
            return FALSE;
        port = MIN(port * 10 + (guint)(text[i] - '0'), 65536);
    }
    return port <= 65535;
}

static gboolean is_ipv6(const char *text, gsize length)
{
    g_autofree char *address = g_strndup(text, length);

    return strchr(address, ':') && g_hostname_is_ip_address(address);
}

/* "[user@]host[:port]" */
static gboolean is_authority(const char *text, gsize length, gboolean special,
                             gboolean may_be_empty)
{
    const char *at = memrchr(text, '@', length);
    const char *host = at ? at + 1 : text, *end = text + length, *colon;
    char decoded[HOST_MAX];

    if (host < end && *host == '[') {
        const char *close = memchr(host, ']', (gsize)(end - host));

        if (!close || (close + 1 < end && close[1] != ':'))
            return FALSE;
        return is_ipv6(host + 1, (gsize)(close - host) - 1) &&
               (close + 1 == end || is_port(close + 2, (gsize)(end - close) - 2));
    }
    colon = memchr(host, ':', (gsize)(end - host));
    if (colon && !is_port(colon + 1, (gsize)(end - colon) - 1))
        return FALSE;
    if (host == (colon ? colon : end))
        return may_be_empty && !colon && !at;
    return decode_host(host, (gsize)((colon ? colon : end) - host), special, decoded) &&
           (!special || is_good_domain(decoded));
}

static gboolean is_special(const char *scheme, gsize length)
{
    static const char *const schemes[] = {"http", "https", "ws", "wss", "ftp"};

    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (strlen(schemes[i]) == length && g_ascii_strncasecmp(schemes[i], scheme, length) == 0)
            return TRUE;
    return FALSE;
}

static gsize scheme_length(const char *text)
{
    gsize length = strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "+-.");

    return g_ascii_isalpha(*text) && text[length] == ':' ? length : 0;
}

gboolean format_is_url(const char *written)
{
    g_autofree char *text = g_strdup(written);
    gsize kept = 0, length;
    const char *rest, *start;
    gboolean special, is_file;

    /* Browsers forget blanks at both ends, and line ends everywhere. */
    for (const char *c = text + strspn(text, " "); *c; c++)
        if (*c != '\t' && *c != '\n' && *c != '\r')
            text[kept++] = *c;
    text[kept] = '\0';
    while (kept > 0 && (guchar)text[kept - 1] <= ' ')
        text[--kept] = '\0';
    length = scheme_length(text);
    if (length == 0)
        return FALSE;
    special = is_special(text, length);
    is_file = length == 4 && g_ascii_strncasecmp(text, "file", 4) == 0;
    rest = text + length + 1;
    start = special ? rest + strspn(rest, "/\\") : g_str_has_prefix(rest, "//") ? rest + 2 : NULL;
    return !start || is_authority(start, strcspn(start, special || is_file ? "/\\?#" : "/?#"),
                                  special || is_file, !special);
}
