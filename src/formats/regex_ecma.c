/* JavaScript's regular expressions (ECMA-262, with the leniency of its annex B) in the words of
 * PCRE2. The two differ where nobody expects it: `.`, `\s`, `[[:x:]]`, `a++`, `\h`, `\Z`, `(?i)`.
 */
#include "formats/regex_internal.h"

#include <string.h>

/* What `\s` means in JavaScript, and everything else, as parts of a class. */
static const char SPACE[] = "\\t\\n\\x{b}\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}"
                            "\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
static const char NOT_SPACE[] =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";
static const char NOT_LINE_END[] = "[^\\n\\r\\x{2028}\\x{2029}]";

static const char *const CATEGORIES[][2] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

typedef struct {
    const char *pattern, *at;
    GString *out;
    guint groups;
    bool quantifiable; /* the last thing is one that may be repeated */
    GError **error;
} Translation;

static bool refuse(Translation *t, const char *reason)
{
    g_set_error(t->error, PAVE_ERROR, ERROR_INPUT,
                "\"%s\" is not a regular expression: %s at offset %zu", t->pattern, reason,
                (gsize)(t->at - t->pattern));
    return false;
}

static void emit_code_point(Translation *t, guint32 code)
{
    g_string_append_printf(t->out, "\\x{%x}", code);
}

/* A character that stands for itself. */
static void emit_literal(Translation *t, const char *character)
{
    const char *next = g_utf8_next_char(character);

    if ((guchar)*character < 0x80 && !g_ascii_isalnum(*character) && *character != '_')
        g_string_append_c(t->out, '\\');
    g_string_append_len(t->out, character, next - character);
}

static int hex_number(const char *text, gsize digits)
{
    int number = 0;

    for (gsize i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

/* ---- escapes ---- */

/* `{…}` after \p: its property, in PCRE2's names. */
static bool translate_property(Translation *t, bool negated)
{
    const char *end = t->at[0] == '{' ? strchr(t->at, '}') : NULL;

    if (!end || end - t->at > 64)
        return refuse(t, "a property has no name");
    g_autofree char *name = g_strndup(t->at + 1, (gsize)(end - t->at - 1));
    char *value = strchr(name, '=');
    bool script = g_str_has_prefix(name, "Script=") || g_str_has_prefix(name, "sc=");
    bool extensions =
        g_str_has_prefix(name, "Script_Extensions=") || g_str_has_prefix(name, "scx=");
    const char *found = value ? value + 1 : name;

    for (gsize i = 0; !script && !extensions && i < G_N_ELEMENTS(CATEGORIES); i++)
        if (g_str_equal(CATEGORIES[i][0], found)) {
            found = CATEGORIES[i][1];
            break;
        }
    t->at = end + 1;
    g_string_append_printf(t->out, "\\%c{%s%s}", negated ? 'P' : 'p',
                           script       ? "sc:"
                           : extensions ? "scx:"
                                        : "",
                           found);
    return true;
}

/* After \u: a code point, both halves of a pair together; -1 where it is none. */
static int read_unicode(Translation *t)
{
    const char *at = t->at;

    if (*at == '{') {
        const char *end = strchr(at, '}');
        int code =
            end && end > at + 1 && end - at <= 7 ? hex_number(at + 1, (gsize)(end - at - 1)) : -1;

        t->at = code >= 0 ? end + 1 : at;
        return code > 0x10ffff ? -1 : code;
    }
    int code = hex_number(at, 4);

    if (code < 0)
        return -1;
    t->at = at + 4;
    if (code >= 0xd800 && code < 0xdc00 && at[4] == '\\' && at[5] == 'u') {
        int low = hex_number(at + 6, 4);

        if (low >= 0xdc00 && low < 0xe000) {
            t->at = at + 10;
            return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return code;
}

static bool translate_unicode(Translation *t, bool in_class)
{
    int code = read_unicode(t);

    if (code < 0)
        g_string_append_c(t->out, 'u');
    else if (code >= 0xd800 && code < 0xe000)
        g_string_append(t->out, in_class ? "" : "(?!)"); /* half a character is in no text */
    else
        emit_code_point(t, (guint32)code);
    return true;
}

static bool translate_back_reference(Translation *t)
{
    gint64 number = g_ascii_strtoll(t->at, NULL, 10);

    if (number > t->groups)
        return refuse(t, "it refers to a group that is not there");
    t->at += strspn(t->at, "0123456789");
    g_string_append_printf(t->out, "\\g{%d}", (int)number);
    return true;
}

static bool translate_group_name(Translation *t)
{
    const char *end = t->at[0] == '<' ? strchr(t->at, '>') : NULL;

    if (!end) {
        g_string_append_c(t->out, 'k');
        return true;
    }
    g_string_append(t->out, "\\k");
    g_string_append_len(t->out, t->at, end + 1 - t->at);
    t->at = end + 1;
    return true;
}

/* `\d`, `\s` and the like, which stand for many characters. */
static bool is_class_escape(char letter)
{
    return letter && strchr("dDwWsSpP", letter);
}

static bool translate_class_escape(Translation *t, char letter, bool in_class)
{
    if (letter == 'p' || letter == 'P')
        return translate_property(t, letter == 'P');
    if (letter == 's' || letter == 'S')
        g_string_append_printf(t->out, in_class ? "%s" : "[%s]", letter == 's' ? SPACE : NOT_SPACE);
    else
        g_string_append_printf(t->out, "\\%c", letter);
    return true;
}

static bool translate_control(Translation *t, char letter)
{
    static const char letters[] = "tnvfr0", codes[] = "\t\n\v\f\r";
    const char *found = strchr(letters, letter);

    if (found && letter) {
        emit_code_point(t, letter == '0' ? 0 : (guint32)codes[found - letters]);
        return true;
    }
    if (letter == 'c' && g_ascii_isalpha(*t->at)) {
        emit_code_point(t, (guint32)(*t->at & 31));
        t->at++;
        return true;
    }
    if (letter == 'x' && hex_number(t->at, 2) >= 0) {
        emit_code_point(t, (guint32)hex_number(t->at, 2));
        t->at += 2;
        return true;
    }
    return false;
}

/* At the character after a backslash. */
static bool translate_escape(Translation *t, bool in_class)
{
    const char *start = t->at;
    char letter = *t->at;

    if (!letter)
        return refuse(t, "nothing follows the last backslash");
    t->at = g_utf8_next_char(t->at);
    t->quantifiable = true;
    if (is_class_escape(letter))
        return translate_class_escape(t, letter, in_class);
    if (letter == 'u')
        return translate_unicode(t, in_class);
    if (!in_class && (letter == 'b' || letter == 'B')) {
        g_string_append_printf(t->out, "\\%c", letter);
        t->quantifiable = false;
        return true;
    }
    if (in_class && letter == 'b') {
        emit_code_point(t, 8);
        return true;
    }
    if (!in_class && letter == 'k')
        return translate_group_name(t);
    if (!in_class && letter >= '1' && letter <= '9') {
        t->at = start;
        return translate_back_reference(t);
    }
    if (!translate_control(t, letter))
        emit_literal(t, start);
    return true;
}

/* ---- classes ---- */

/* A hyphen beside `\d` and the like is no range. */
static bool translate_hyphen(Translation *t, bool after_class)
{
    bool before_class = t->at[1] == '\\' && is_class_escape(t->at[2]);

    g_string_append(t->out, after_class || before_class ? "\\-" : "-");
    t->at++;
    return true;
}

/* At the `[`. */
static bool translate_class(Translation *t)
{
    bool after_class = false;

    g_string_append_c(t->out, *t->at++);
    if (*t->at == '^')
        g_string_append_c(t->out, *t->at++);
    while (*t->at && *t->at != ']') {
        bool many = false;

        if (*t->at == '\\') {
            many = is_class_escape(t->at[1]);
            t->at++;
            if (!translate_escape(t, true))
                return false;
        } else if (*t->at == '-') {
            translate_hyphen(t, after_class);
        } else {
            emit_literal(t, t->at);
            t->at = g_utf8_next_char(t->at);
        }
        after_class = many;
    }
    if (!*t->at)
        return refuse(t, "a class is not closed");
    g_string_append_c(t->out, *t->at++);
    t->quantifiable = true;
    return true;
}

/* ---- groups and quantifiers ---- */

static bool translate_group(Translation *t)
{
    static const char *const beginnings[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};

    t->quantifiable = false;
    if (t->at[1] != '?') {
        g_string_append_c(t->out, *t->at++);
        return true;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(t->at, beginnings[i])) {
            g_string_append(t->out, beginnings[i]);
            t->at += strlen(beginnings[i]);
            return true;
        }
    const char *end = t->at[2] == '<' ? strchr(t->at, '>') : NULL;

    if (!end)
        return refuse(t, "a group begins with what JavaScript does not know");
    g_string_append_len(t->out, t->at, end + 1 - t->at);
    t->at = end + 1;
    return true;
}

/* The length of `{n}`, `{n,}` or `{n,m}`; 0 where the brace stands for itself. */
static gsize braces_length(const char *at)
{
    gsize digits = strspn(at + 1, "0123456789"), length = 1 + digits;

    if (digits == 0)
        return 0;
    if (at[length] == ',') {
        length++;
        length += strspn(at + length, "0123456789");
    }
    return at[length] == '}' ? length + 1 : 0;
}

static bool translate_quantifier(Translation *t, gsize length)
{
    if (!t->quantifiable)
        return refuse(t, "there is nothing to repeat");
    g_string_append_len(t->out, t->at, (gssize)length);
    t->at += length;
    if (*t->at == '?')
        g_string_append_c(t->out, *t->at++);
    t->quantifiable = false;
    return true;
}

static bool translate_one(Translation *t)
{
    gsize braces;

    switch (*t->at) {
    case '\\':
        t->at++;
        return translate_escape(t, false);
    case '[':
        return translate_class(t);
    case '(':
        return translate_group(t);
    case '*':
    case '+':
    case '?':
        return translate_quantifier(t, 1);
    case '{':
        braces = braces_length(t->at);
        if (braces > 0)
            return translate_quantifier(t, braces);
        break;
    case '^':
    case '$':
    case '|':
        g_string_append_c(t->out, *t->at++);
        t->quantifiable = false;
        return true;
    case ')':
        g_string_append_c(t->out, *t->at++);
        t->quantifiable = true;
        return true;
    case '.':
        g_string_append(t->out, NOT_LINE_END);
        t->at++;
        t->quantifiable = true;
        return true;
    default:
        break;
    }
    emit_literal(t, t->at);
    t->at = g_utf8_next_char(t->at);
    t->quantifiable = true;
    return true;
}

static guint count_groups(const char *pattern)
{
    guint groups = 0;
    bool in_class = false;

    for (const char *at = pattern; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '[')
            in_class = true;
        else if (*at == ']')
            in_class = false;
        else if (*at == '(' && !in_class &&
                 (at[1] != '?' || (at[2] == '<' && at[3] != '=' && at[3] != '!')))
            groups++;
    }
    return groups;
}

char *regex_from_ecma(const char *pattern, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Translation t = {.pattern = pattern,
                     .at = pattern,
                     .out = out,
                     .groups = count_groups(pattern),
                     .error = error};

    if (!g_utf8_validate(pattern, -1, NULL))
        return refuse(&t, "it is not UTF-8"), NULL;
    while (*t.at)
        if (!translate_one(&t))
            return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}
