/* Nunjucks' filters on text, and how a filter is found. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

/* Null, undefined and false are the empty text to most filters. */
static NjVal normal(NjRun *run, NjVal input)
{
    bool empty = nj_is_nothing(input) || (nj_is(input, VALUE_BOOL) && !nj_truthy(input));

    return empty ? nj_text(run, "") : input;
}

/* The text of *input, which a filter is about to call method of; NULL with an error for others. */
static const char *text_of(NjRun *run, NjVal *input, const char *method, gsize *length)
{
    *input = normal(run, *input);
    if (!nj_is(*input, VALUE_STRING))
        return nj_no_method(run, *input, method), NULL;
    return nj_to_string(run, *input, length);
}

static bool take_like(NjRun *run, NjVal original, const GString *text, NjVal *result)
{
    *result = nj_text_like(run, original, text->str, text->len);
    return true;
}

/* ---- case and blanks ---- */

/* ASCII without NUL, whose case needs no tables. */
static bool is_plain(const char *text, gsize length)
{
    bool plain = true;

    for (gsize i = 0; i < length; i++)
        plain &= text[i] > 0;
    return plain;
}

static void write_plain(char *to, const char *text, gsize length, bool upper)
{
    const char first = upper ? 'a' : 'A';

    for (gsize i = 0; i < length; i++)
        to[i] = (char)(text[i] ^ ((guchar)(text[i] - first) < 26 ? 'a' ^ 'A' : 0));
}

static NjVal in_case(NjRun *run, const char *text, gsize length, bool upper)
{
    if (is_plain(text, length)) {
        char *plain = arena_alloc(run->arena, length + 1);

        write_plain(plain, text, length, upper);
        return nj_value(value_string_wrap(run->arena, plain, length));
    }
    g_autofree char *cased =
        upper ? g_utf8_strup(text, (gssize)length) : g_utf8_strdown(text, (gssize)length);

    return nj_text(run, cased);
}

static bool filter_upper(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = text_of(run, &input, "toUpperCase", &length);

    if (text)
        *result = in_case(run, text, length, true);
    return text != NULL;
}

static bool filter_lower(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = text_of(run, &input, "toLowerCase", &length);

    if (text)
        *result = in_case(run, text, length, false);
    return text != NULL;
}

static void append_capitalized(GString *out, const char *text, gsize length)
{
    gsize first = length ? MIN((gsize)g_utf8_skip[(guchar)*text], length) : 0, start = out->len;

    if (is_plain(text, length)) {
        g_string_append_len(out, text, (gssize)length);
        write_plain(out->str + start, text, first, true);
        write_plain(out->str + start + first, text + first, length - first, false);
        return;
    }
    g_autofree char *upper = g_utf8_strup(text, (gssize)first);
    g_autofree char *lower = g_utf8_strdown(text + first, (gssize)(length - first));

    g_string_append(out, upper);
    g_string_append(out, lower);
}

static bool filter_capitalize(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = text_of(run, &input, "toLowerCase", &length);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!text)
        return false;
    append_capitalized(out, text, length);
    return take_like(run, input, out, result);
}

static bool filter_title(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = text_of(run, &input, "split", &length);
    g_autoptr(GString) out = g_string_new(NULL);

    while (text && *text) {
        gsize word = strcspn(text, " ");

        append_capitalized(out, text, word);
        text += word;
        for (; *text == ' '; text++)
            g_string_append_c(out, ' ');
    }
    return text && take_like(run, input, out, result);
}

bool nj_filter_trim(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;

    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "replace");
    const char *text = nj_to_string(run, input, &length);

    text = nj_trimmed(text, &length, true, true);
    *result = nj_text_like(run, input, text, length);
    return true;
}

/* count blanks, counted as `for (i = 0; i < count; i++)` does. */
static bool append_blanks(NjRun *run, GString *out, double count)
{
    if (!(count > 0))
        return true;
    if (count > NJ_TEXT_MAX)
        return nj_fail(run, "the text is too long");
    gsize blanks = (gsize)ceil(count);

    if (!nj_room(run, out->len, blanks))
        return false;
    for (gsize i = 0; i < blanks; i++)
        g_string_append_c(out, ' ');
    return true;
}

static bool filter_center(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double width = nj_given_or(run, args, 0, 80);
    g_autoptr(GString) out = g_string_new(NULL);

    *result = input = normal(run, input);
    double spaces = width - nj_length_of(input);

    if (nj_length_of(input) >= width)
        return true;
    if (!append_blanks(run, out, spaces / 2 - fmod(spaces, 2)) || !nj_append(run, out, input) ||
        !append_blanks(run, out, spaces / 2))
        return false;
    return take_like(run, input, out, result);
}

static bool filter_indent(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = text_of(run, &input, "split", &length);
    double width = nj_given_or(run, args, 0, 4);
    bool first = nj_truthy(nj_given(run, args, 1));
    g_autoptr(GString) out = g_string_new(NULL);

    for (bool more = text && length > 0; more; first = true) {
        gsize line = strcspn(text, "\n");

        more = text[line] == '\n';
        if ((first && !append_blanks(run, out, width)) ||
            !nj_append_text(run, out, text, line + more))
            return false;
        text += line + more;
    }
    return text && take_like(run, length ? input : nj_undefined(), out, result);
}

/* Where text is cut so that no word is: at the last blank up to limit, else at limit. */
static glong cut_of(NjRun *run, NjVal text, double limit)
{
    glong length = nj_characters_of(text);
    glong most = isnan(limit) ? length : (glong)nj_clamp(limit, 0, length);
    const char *start = value_string(text.value, "");
    gsize bytes = value_string_length(text.value), at = nj_byte_of(start, bytes, most + 1);
    const char *blank = memrchr(start, ' ', MIN(at, bytes));

    return blank ? g_utf8_strlen(start, blank - start) : (glong)nj_clamp(limit, 0, length);
}

static bool filter_truncate(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    double limit = nj_given_or(run, args, 0, 255);
    NjVal end = nj_given(run, args, 2);
    bool kill = nj_truthy(nj_given(run, args, 1));
    g_autoptr(GString) out = g_string_new(NULL);

    *result = input = normal(run, input);
    if (nj_length_of(input) <= limit)
        return true;
    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "substring");
    glong length = nj_characters_of(input);
    NjVal part = nj_part(run, input, 0,
                         kill ? (glong)nj_clamp(limit, 0, length) : cut_of(run, input, limit));

    if (!nj_append(run, out, part) ||
        !(nj_is_nothing(end) ? nj_append_text(run, out, "...", 3) : nj_append(run, out, end)))
        return false;
    return take_like(run, input, out, result);
}

static bool filter_string(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;

    if (nj_is_nothing(input))
        return nj_no_method(run, input, "toString");
    const char *text = nj_to_string(run, input, &length);

    if (text)
        *result = nj_text_like(run, input, text, length);
    return text != NULL;
}

static bool filter_wordcount(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length, count = 0;
    bool inside = false;

    *result = nj_undefined();
    input = normal(run, input);
    if (!nj_truthy(input) || (nj_is(input, VALUE_STRING) && value_string_length(input.value) == 0))
        return true;
    if (!nj_is(input, VALUE_STRING))
        return nj_no_method(run, input, "match");
    const char *text = nj_to_string(run, input, &length);

    for (gsize i = 0; i < length; i++) {
        bool word = g_ascii_isalnum(text[i]) || text[i] == '_';

        count += word && !inside;
        inside = word;
    }
    if (count > 0)
        *result = nj_number(run, (double)count);
    return true;
}

const NjFilterEntry nj_text_filters[] = {
    {"upper", filter_upper},           {"lower", filter_lower},
    {"capitalize", filter_capitalize}, {"title", filter_title},
    {"trim", nj_filter_trim},          {"center", filter_center},
    {"indent", filter_indent},         {"truncate", filter_truncate},
    {"string", filter_string},         {"wordcount", filter_wordcount},
    {"replace", nj_filter_replace},    {NULL, NULL},
};

static NjFilter find_in(const NjFilterEntry *entries, const char *name)
{
    for (; entries->name; entries++)
        if (g_str_equal(entries->name, name))
            return entries->filter;
    return NULL;
}

NjFilter nj_filter_find(const NunjucksOptions *options, const char *name)
{
    static const NjFilterEntry *const tables[] = {
        nj_text_filters, nj_html_filters, nj_value_filters, nj_list_filters, nj_scaffolder_filters};
    NjFilter filter = NULL;

    for (gsize i = 0; !filter && i < G_N_ELEMENTS(tables); i++)
        filter = find_in(tables[i], name);
    if (!filter && g_str_equal(name, "jsonify") && options->cookiecutter)
        return find_in(nj_value_filters, "dump");
    return filter;
}
