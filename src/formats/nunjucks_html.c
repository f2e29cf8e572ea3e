/* Nunjucks' filters on HTML and addresses. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

/* ---- escaping ---- */

static bool append_escaped(NjRun *run, GString *out, const char *text, gsize length)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;",
        ['<'] = "&lt;",  ['>'] = "&gt;",   ['\\'] = "&#92;",
    };

    for (gsize i = 0; i < length; i++) {
        const char *escape = escapes[(guchar)text[i]];

        if (escape ? !nj_append_text(run, out, escape, strlen(escape))
                   : !nj_append_text(run, out, text + i, 1))
            return false;
    }
    return true;
}

static bool filter_forceescape(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length = 0;
    const char *text = nj_is_nothing(input) ? "" : nj_to_string(run, input, &length);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!text || !append_escaped(run, out, text, length))
        return false;
    *result = nj_safe_text(run, out->str, out->len);
    return true;
}

static bool filter_escape(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    *result = input;
    return (nj_is(input, VALUE_STRING) && input.safe) ||
           filter_forceescape(run, input, args, result);
}

static bool filter_safe(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length = 0;
    const char *text = nj_is_nothing(input) ? "" : nj_to_string(run, input, &length);

    if (text)
        *result = nj_safe_text(run, text, length);
    return text != NULL;
}

/* ---- addresses ---- */

static bool append_url(NjRun *run, GString *out, NjVal v)
{
    gsize length;
    const char *text = nj_to_string(run, v, &length);
    g_autofree char *escaped = text ? g_uri_escape_string(text, "!'()*", FALSE) : NULL;

    return escaped && nj_append_text(run, out, escaped, strlen(escaped));
}

static bool append_url_pair(NjRun *run, GString *out, NjVal key, NjVal value)
{
    return append_url(run, out, key) && nj_append_text(run, out, "=", 1) &&
           append_url(run, out, value);
}

static bool filter_urlencode(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const Value *members = nj_is(input, VALUE_OBJECT)  ? nj_in_order(run, input.value)
                           : nj_is(input, VALUE_ARRAY) ? input.value
                                                       : NULL;
    bool object = nj_is(input, VALUE_OBJECT);

    if (nj_is(input, VALUE_STRING) && !append_url(run, out, input))
        return false;
    for (guint i = 0; i < value_count(members); i++) {
        NjVal item = object ? nj_undefined() : nj_value(value_item(members, i)), key, value;

        if (object) {
            key = nj_text(run, value_key_at(members, i));
            value = nj_value(value_value_at(members, i));
        } else if (!nj_member_of(run, item, nj_number(run, 0), &key) ||
                   !nj_member_of(run, item, nj_number(run, 1), &value)) {
            return false;
        }
        if ((i > 0 && !nj_append_text(run, out, "&", 1)) || !append_url_pair(run, out, key, value))
            return false;
    }
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

/* ---- tags and lines ---- */

/* text with every match of pattern replaced, in *result. */
static bool replace_all(NjRun *run, NjVal text, const char *pattern, RegexFlags flags,
                        const char *with, NjVal *result)
{
    NjPattern what = {.source = pattern, .flags = "g", .global = true};
    g_autoptr(Regex) regex = regex_new(pattern, flags, NULL);
    gsize length;
    const char *input = nj_to_string(run, text, &length);
    bool safe = text.safe;

    what.regex = regex;
    if (!nj_replace(run, input, length, (NjVal){.kind = NJ_PATTERN, .pattern = &what}, with, false,
                    -1, result))
        return false;
    result->safe = safe;
    return true;
}

static bool filter_nl2br(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    if (nj_is_nothing(input))
        return *result = nj_text(run, ""), true;
    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "replace");
    return replace_all(run, input, "\\r\\n|\\n", 0, "<br />\n", result);
}

static bool filter_striptags(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    static const char tags[] = "<\\/?([a-z][a-z0-9]*)\\b[^>]*>|<!--[\\s\\S]*?-->";

    if (nj_is_nothing(input) || (nj_is(input, VALUE_BOOL) && !nj_truthy(input)))
        input = nj_text(run, "");
    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "replace");
    if (!replace_all(run, input, tags, REGEX_IGNORE_CASE, "", result) ||
        !nj_filter_trim(run, *result, args, result))
        return false;
    if (!nj_truthy(nj_given(run, args, 0)))
        return replace_all(run, *result, "\\s+", 0, " ", result);
    return replace_all(run, *result, "^ +| +$", REGEX_MULTILINE, "", result) &&
           replace_all(run, *result, " +", 0, " ", result) &&
           replace_all(run, *result, "\\r\\n", 0, "\n", result) &&
           replace_all(run, *result, "\\n\\n\\n+", 0, "\n\n", result);
}

/* ---- links ---- */

typedef enum { LINK_NONE, LINK_HTTP, LINK_BARE, LINK_MAIL } LinkKind;

static bool matches(const char *pattern, RegexFlags flags, const char *text)
{
    g_autoptr(Regex) regex = regex_new(pattern, flags, NULL);

    return regex_matches(regex, text, strlen(text));
}

static LinkKind link_kind(const char *text)
{
    if (matches("^https?:\\/\\/.*$", 0, text))
        return LINK_HTTP;
    if (g_str_has_prefix(text, "www."))
        return LINK_BARE;
    if (matches("^[\\w.!#$%&'*+\\-\\/=?^`{|}~]+@[a-z\\d\\-]+(\\.[a-z\\d\\-]+)+$", REGEX_IGNORE_CASE,
                text))
        return LINK_MAIL;
    return matches("\\.(?:org|net|com)(?:\\:|\\/|$)", 0, text) ? LINK_BARE : LINK_NONE;
}

/* word without the punctuation around it. */
static char *bare_word(const char *word)
{
    static const char *const before[] = {"(", "<", "&lt;"}, *const after[] = {".", ",", ")", "\n",
                                                                              "&gt;"};
    gsize length;

    for (gsize i = 0; i < G_N_ELEMENTS(before); i++)
        if (g_str_has_prefix(word, before[i])) {
            word += strlen(before[i]);
            break;
        }
    length = strlen(word);
    for (gsize i = 0; i < G_N_ELEMENTS(after); i++)
        if (g_str_has_suffix(word, after[i]))
            return g_strndup(word, length - strlen(after[i]));
    return g_strdup(word);
}

static bool append_link(NjRun *run, GString *out, const char *word, double shown, bool no_follow)
{
    static const char *const schemes[] = {"", "", "http://", "mailto:"};
    g_autofree char *url = bare_word(word);
    LinkKind kind = link_kind(url);
    glong length = g_utf8_strlen(url, -1);
    g_autofree char *text =
        g_utf8_substring(url, 0, kind == LINK_MAIL ? length : (glong)nj_clamp(shown, 0, length));

    if (kind == LINK_NONE)
        return nj_append_text(run, out, word, strlen(word));
    g_autofree char *link =
        g_strdup_printf("<a href=\"%s%s\"%s>%s</a>", schemes[kind], url,
                        no_follow && kind != LINK_MAIL ? " rel=\"nofollow\"" : "", text);

    return nj_append_text(run, out, link, strlen(link)) && nj_charge(run, 50);
}

static const char *end_of_run(const char *text, bool blank)
{
    while (*text && nj_is_blank(g_utf8_get_char(text)) == blank)
        text = g_utf8_next_char(text);
    return text;
}

static bool filter_urlize(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double shown = nj_given_number(run, args, 0, INFINITY);
    NjVal follow = nj_given(run, args, 1);
    bool no_follow = nj_is(follow, VALUE_BOOL) && nj_truthy(follow);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "split");
    for (const char *at = value_string(input.value, ""), *end; *at; at = end) {
        bool blank = nj_is_blank(g_utf8_get_char(at));

        end = end_of_run(at, blank);
        g_autofree char *word = g_strndup(at, (gsize)(end - at));

        if (!(blank ? nj_append_text(run, out, word, strlen(word))
                    : append_link(run, out, word, shown, no_follow)))
            return false;
    }
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

const NjFilterEntry nj_html_filters[] = {
    {"escape", filter_escape},
    {"e", filter_escape},
    {"forceescape", filter_forceescape},
    {"safe", filter_safe},
    {"urlencode", filter_urlencode},
    {"nl2br", filter_nl2br},
    {"striptags", filter_striptags},
    {"urlize", filter_urlize},
    {NULL, NULL},
};
