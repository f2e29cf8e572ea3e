#include "spine/secrets.h"

#include <sodium.h>
#include <string.h>

/* A secret is turned into every form it is likely to be printed in, once; text is then searched
 * for the forms alone. Matches may overlap (one secret can end with the beginning of another), so
 * every position is tried and what was covered is merged before it is replaced. */

enum { SECRET_LENGTH_MIN = 3, SECRET_LENGTH_MAX = 4 << 10 };

/* What base64(1) and openssl(1) put into one line: 76 and 64 columns. */
static const gsize BASE64_LINE_BYTES[] = {57, 48};

struct Masker {
    GHashTable *known;     /* GBytes set: each form once */
    GPtrArray *forms[256]; /* GBytes by first byte; NULL where there are none */
    gsize longest;
};

Masker *masker_new(void)
{
    Masker *masker = g_new0(Masker, 1);

    masker->known =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return masker;
}

void masker_free(Masker *masker)
{
    if (!masker)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(masker->forms); i++)
        g_clear_pointer(&masker->forms[i], g_ptr_array_unref);
    g_hash_table_unref(masker->known);
    g_free(masker);
}

static void add_form(Masker *masker, const char *bytes, gsize length)
{
    g_autoptr(GBytes) form = NULL;
    GPtrArray **bucket;

    if (length < SECRET_LENGTH_MIN)
        return;
    form = g_bytes_new(bytes, length);
    if (g_hash_table_contains(masker->known, form))
        return;
    bucket = &masker->forms[(guint8)bytes[0]];
    if (!*bucket)
        *bucket = g_ptr_array_new();
    g_ptr_array_add(*bucket, form);
    g_hash_table_add(masker->known, g_steal_pointer(&form));
    masker->longest = MAX(masker->longest, length);
}

/* The characters that secret alone decides when lead unknown bytes stand before it. */
static void add_base64_at(Masker *masker, const char *secret, gsize length, gsize lead, int variant)
{
    gsize encoded_size = sodium_base64_ENCODED_LEN(lead + length, variant);
    g_autofree unsigned char *bytes = g_malloc0(lead + length);
    g_autofree char *encoded = g_malloc(encoded_size);
    gsize first = (lead * 8 + 5) / 6, end = (lead + length) * 8 / 6;

    memcpy(bytes + lead, secret, length);
    sodium_bin2base64(encoded, encoded_size, bytes, lead + length, variant);
    add_form(masker, encoded + first, end - first);
}

static void add_base64(Masker *masker, const char *secret, gsize length)
{
    for (gsize lead = 0; lead < 3; lead++) {
        add_base64_at(masker, secret, length, lead, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        add_base64_at(masker, secret, length, lead, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    }
    for (guint i = 0; i < G_N_ELEMENTS(BASE64_LINE_BYTES); i++) {
        gsize step = BASE64_LINE_BYTES[i];

        for (gsize at = 0; length > step && at < length; at += step)
            add_base64_at(masker, secret + at, MIN(step, length - at), 0,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    }
}

/* keep: what stays as it is beside letters and digits; space: how a blank is written. */
static void add_url(Masker *masker, const char *secret, gsize length, const char *keep,
                    const char *space, const char *hex_format)
{
    g_autoptr(GString) out = g_string_sized_new(length * 3);

    for (gsize i = 0; i < length; i++) {
        guint8 byte = (guint8)secret[i];

        if (g_ascii_isalnum(byte) || (byte && strchr(keep, byte)))
            g_string_append_c(out, (char)byte);
        else if (byte == ' ')
            g_string_append(out, space);
        else
            g_string_append_printf(out, hex_format, byte);
    }
    add_form(masker, out->str, out->len);
}

static void append_json_unit(GString *out, guint32 unit)
{
    g_string_append_printf(out, "\\u%04x", unit);
}

static void append_json_code_point(GString *out, gunichar point)
{
    if (point < 0x10000) {
        append_json_unit(out, point);
        return;
    }
    append_json_unit(out, 0xd800 + ((point - 0x10000) >> 10));
    append_json_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
}

static const char *json_short_escape(char byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* ascii: everything else as \u (Python); html: <, > and & too (Go). */
static void add_json(Masker *masker, const char *secret, gsize length, gboolean ascii,
                     gboolean html)
{
    g_autoptr(GString) out = g_string_sized_new(length + 16);
    const char *end = secret + length;

    for (const char *at = secret; at < end;) {
        const char *escape = json_short_escape(*at);
        gunichar point = g_utf8_get_char_validated(at, end - at);

        if (escape) {
            g_string_append(out, escape);
            at++;
        } else if ((guint8)*at < 0x20 || (html && strchr("<>&", *at))) {
            append_json_unit(out, (guint8)*at++);
        } else if (ascii && (guint8)*at >= 0x80 && point < 0x110000) {
            append_json_code_point(out, point);
            at += g_unichar_to_utf8(point, NULL);
        } else {
            g_string_append_c(out, *at++);
        }
    }
    add_form(masker, out->str, out->len);
}

static void add_all_forms(Masker *masker, const char *secret, gsize length)
{
    static const char *const HEX[] = {"%%%02X", "%%%02x"};

    if (length < SECRET_LENGTH_MIN)
        return;
    add_form(masker, secret, length);
    add_base64(masker, secret, length);
    for (guint i = 0; i < G_N_ELEMENTS(HEX); i++) {
        /* RFC 3986's unreserved; encodeURIComponent(); application/x-www-form-urlencoded;
         * encodeURI(), what a URL keeps in its path. */
        add_url(masker, secret, length, "-._~", "%20", HEX[i]);
        add_url(masker, secret, length, "-._~!'()*", "%20", HEX[i]);
        add_url(masker, secret, length, "-._*", "+", HEX[i]);
        add_url(masker, secret, length, "-._~", "+", HEX[i]);
        add_url(masker, secret, length, "-._~!'()*;/?:@&=+$,#", "%20", HEX[i]);
        add_url(masker, secret, length, "-._~/", "%20", HEX[i]);
    }
    for (int ascii = 0; ascii < 2; ascii++) {
        add_json(masker, secret, length, ascii, FALSE);
        add_json(masker, secret, length, ascii, TRUE);
    }
}

static void trim(const char **text, gsize *length)
{
    while (*length && g_ascii_isspace((*text)[*length - 1]))
        (*length)--;
    while (*length && g_ascii_isspace(**text)) {
        (*text)++;
        (*length)--;
    }
}

static void add_secret(Masker *masker, const char *secret, gsize length)
{
    add_all_forms(masker, secret, length);
    trim(&secret, &length);
    add_all_forms(masker, secret, length);
    if (!length || !memchr(secret, '\n', length))
        return;
    for (const char *line = secret, *end = secret + length; line < end;) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        const char *text = line;
        gsize size = (gsize)((stop ? stop : end) - line);

        trim(&text, &size);
        add_all_forms(masker, text, size);
        line += (gsize)((stop ? stop : end) - line) + 1;
    }
}

/* Secrets come from outside, in any size: one that is too long to be compared at every place of a
 * text is hidden piece by piece. */
void masker_add(Masker *masker, const char *secret)
{
    gsize length = secret ? strlen(secret) : 0;

    for (gsize at = 0; at < length; at += SECRET_LENGTH_MAX)
        add_secret(masker, secret + at, MIN(length - at, SECRET_LENGTH_MAX));
}

gsize masker_longest(const Masker *masker)
{
    return masker->longest;
}

static gsize longest_match(const Masker *masker, const char *text, gsize left)
{
    const GPtrArray *bucket = masker->forms[(guint8)*text];
    gsize longest = 0;

    for (guint i = 0; bucket && i < bucket->len; i++) {
        gsize size;
        const char *form = g_bytes_get_data(bucket->pdata[i], &size);

        if (size > longest && size <= left && memcmp(form, text, size) == 0)
            longest = size;
    }
    return longest;
}

char *masker_mask(const Masker *masker, const char *text, gsize length)
{
    g_autoptr(GString) out = g_string_sized_new(length);
    gsize covered = 0;

    for (gsize at = 0; at < length; at++) {
        gsize match = longest_match(masker, text + at, length - at);

        if (match && at >= covered)
            g_string_append(out, "***");
        covered = MAX(covered, at + match);
        if (at >= covered)
            g_string_append_c(out, text[at]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
