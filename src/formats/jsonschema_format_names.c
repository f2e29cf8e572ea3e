/* Formats that name hosts and mailboxes: hostname (RFC 1123), its international sister (RFC 5890
 * to 5893), e-mail addresses (RFC 5321, 6531), IP addresses. */
#include "formats/jsonschema_internal.h"

#include <arpa/inet.h>
#include <string.h>

enum { LABEL_MAX = 63, HOST_MAX = 253, LOCAL_MAX = 64 };

/* ---- hosts ---- */

static bool is_label(const char *label, gsize length)
{
    if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(label[i]) && label[i] != '-')
            return false;
    return true;
}

bool format_is_hostname(const char *text, gsize length)
{
    const char *end = text + length;

    if (length == 0 || length > HOST_MAX)
        return false;
    for (const char *label = text;; label++) {
        const char *dot = memchr(label, '.', (gsize)(end - label));

        if (!is_label(label, (gsize)((dot ? dot : end) - label)))
            return false;
        if (!dot)
            return true;
        label = dot;
    }
}

static GUnicodeScript script_at(const char *at)
{
    return g_unichar_get_script(g_utf8_get_char(at));
}

static bool is_virama(gunichar code)
{
    return g_unichar_combining_class(code) == 9;
}

/* Characters that are right only in company (RFC 5892, appendix A). */
static bool fits_context(const char *label, const char *at, gunichar code)
{
    const char *before = at > label ? g_utf8_prev_char(at) : NULL;
    const char *after = *g_utf8_next_char(at) ? g_utf8_next_char(at) : NULL;

    switch (code) {
    case 0xb7: /* middle dot, between two l */
        return before && after && *before == 'l' && *after == 'l';
    case 0x375: /* Greek keraia */
        return after && script_at(after) == G_UNICODE_SCRIPT_GREEK;
    case 0x5f3: /* Hebrew geresh and gershayim */
    case 0x5f4:
        return before && script_at(before) == G_UNICODE_SCRIPT_HEBREW;
    case 0x200c: /* zero width (non-)joiner */
    case 0x200d:
        return before && is_virama(g_utf8_get_char(before));
    default:
        return true;
    }
}

/* What IDNA 2008 does not allow though Unicode calls it a letter. */
static bool is_disallowed(gunichar code)
{
    static const gunichar codes[] = {0x640,  0x7fa,  0x302e, 0x302f, 0x3031,
                                     0x3032, 0x3033, 0x3034, 0x3035, 0x303b};

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i] == code)
            return true;
    if (code < 0x80)
        return !g_ascii_isalnum((char)code) && code != '-';
    return !g_unichar_isalnum(code) && !g_unichar_ismark(code) && code != 0xb7 && code != 0x375 &&
           code != 0x5f3 && code != 0x5f4 && code != 0x30fb && code != 0x200c && code != 0x200d;
}

/* One label, ended by NUL, in Unicode. */
static bool is_unicode_label(const char *label)
{
    bool katakana_dot = false, japanese = false, arabic = false, extended = false;

    if (g_utf8_strlen(label, -1) >= 4 && g_utf8_offset_to_pointer(label, 2)[0] == '-' &&
        g_utf8_offset_to_pointer(label, 2)[1] == '-')
        return false;
    if (g_unichar_ismark(g_utf8_get_char(label)) || *label == '-' || g_str_has_suffix(label, "-"))
        return false;
    for (const char *at = label; *at; at = g_utf8_next_char(at)) {
        gunichar code = g_utf8_get_char(at);
        GUnicodeScript script = g_unichar_get_script(code);

        if (is_disallowed(code) || !fits_context(label, at, code))
            return false;
        katakana_dot |= code == 0x30fb;
        japanese |= (script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA ||
                     script == G_UNICODE_SCRIPT_HAN) &&
                    code != 0x30fb;
        arabic |= code >= 0x660 && code <= 0x669;
        extended |= code >= 0x6f0 && code <= 0x6f9;
    }
    return (!katakana_dot || japanese) && !(arabic && extended);
}

bool format_is_idn_hostname(const char *text, gsize length)
{
    g_autoptr(GString) dotted = g_string_new_len(text, (gssize)length);

    g_string_replace(dotted, "\u3002", ".", 0);
    g_string_replace(dotted, "\uff0e", ".", 0);
    g_string_replace(dotted, "\uff61", ".", 0);
    g_auto(GStrv) labels = g_strsplit(dotted->str, ".", -1);

    for (char **label = labels; *label; label++) {
        g_autofree char *plain =
            g_ascii_strncasecmp(*label, "xn--", 4) == 0 ? g_hostname_to_unicode(*label) : NULL;

        if (g_ascii_strncasecmp(*label, "xn--", 4) == 0 &&
            (!plain || !g_hostname_is_non_ascii(plain)))
            return false;
        if (!**label || !is_unicode_label(plain ? plain : *label))
            return false;
    }
    g_autofree char *ascii = g_hostname_to_ascii(dotted->str);

    return ascii && format_is_hostname(ascii, strlen(ascii));
}

/* ---- addresses ---- */

bool format_is_ipv4(const char *text, gsize length)
{
    unsigned char bytes[4];

    return strspn(text, "0123456789.") == length && inet_pton(AF_INET, text, bytes) == 1;
}

bool format_is_ipv6(const char *text, gsize length)
{
    unsigned char bytes[16];

    return strspn(text, "0123456789abcdefABCDEF:.") == length &&
           inet_pton(AF_INET6, text, bytes) == 1;
}

/* ---- mailboxes ---- */

static bool is_atom_character(guchar c, bool international)
{
    return g_ascii_isalnum(c) ||
           (c >= 0x80 ? international : c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_quoted(const char *text, gsize length)
{
    for (gsize i = 1; i + 1 < length; i++) {
        if (text[i] == '\\' && i + 2 < length)
            i++;
        else if (text[i] == '"' || text[i] == '\\' || (guchar)text[i] < ' ')
            return false;
    }
    return length >= 2 && text[0] == '"' && text[length - 1] == '"';
}

static bool is_local_part(const char *text, gsize length, bool international)
{
    if (length == 0 || length > LOCAL_MAX)
        return false;
    if (*text == '"')
        return is_quoted(text, length);
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '.' && (i == 0 || i + 1 == length || text[i + 1] == '.'))
            return false;
        if (text[i] != '.' && !is_atom_character((guchar)text[i], international))
            return false;
    }
    return true;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool is_address_literal(const char *text, gsize length)
{
    g_autofree char *inside = g_strndup(text + 1, length - 2);

    if (text[length - 1] != ']')
        return false;
    if (g_ascii_strncasecmp(inside, "IPv6:", 5) == 0)
        return format_is_ipv6(inside + 5, strlen(inside) - 5);
    return format_is_ipv4(inside, strlen(inside));
}

static bool is_mailbox(const char *text, gsize length, bool international)
{
    const char *at = memrchr(text, '@', length);

    if (!at || !is_local_part(text, (gsize)(at - text), international))
        return false;
    const char *domain = at + 1;
    gsize rest = length - (gsize)(domain - text);

    if (rest > 2 && *domain == '[')
        return is_address_literal(domain, rest);
    return international ? format_is_idn_hostname(domain, rest) : format_is_hostname(domain, rest);
}

bool format_is_email(const char *text, gsize length)
{
    return is_mailbox(text, length, false);
}

bool format_is_idn_email(const char *text, gsize length)
{
    return is_mailbox(text, length, true);
}
