/* Nunjucks' filters on text, and how a filter is found. */
#include "formats/nunjucks_internal.h"

#include <math.h>
#include <string.h>

/* Filters take null and undefined for the empty text. NULL with an error. */
static const char *normal(NjRun *run, NjVal input, gsize *length)
{
    *length = 0;
    return nj_is_nothing(input) ? "" : nj_to_string(run, input, length);
}

static bool take(NjRun *run, char *text, NjVal *result)
{
    *result = nj_text(run, text);
    g_free(text);
    return true;
}

static bool take_string(NjRun *run, GString *text, NjVal *result)
{
    *result = nj_text_length(run, text->str, text->len);
    return true;
}

/* ---- case and blanks ---- */

static bool filter_upper(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);

    return text && take(run, g_utf8_strup(text, (gssize)length), result);
}

static bool filter_lower(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);

    return text && take(run, g_utf8_strdown(text, (gssize)length), result);
}

static void append_capitalized(GString *out, const char *text, gsize length)
{
    gsize first = length ? MIN((gsize)g_utf8_skip[(guchar)*text], length) : 0;
    g_autofree char *upper = g_utf8_strup(text, (gssize)first);
    g_autofree char *lower = g_utf8_strdown(text + first, (gssize)(length - first));

    g_string_append(out, upper);
    g_string_append(out, lower);
}

static bool filter_capitalize(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!text)
        return false;
    append_capitalized(out, text, length);
    return take_string(run, out, result);
}

static bool filter_title(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    g_autoptr(GString) out = g_string_new(NULL);

    while (text && *text) {
        gsize word = strcspn(text, " ");

        append_capitalized(out, text, word);
        text += word;
        for (; *text == ' '; text++)
            g_string_append_c(out, ' ');
    }
    return text && take_string(run, out, result);
}

static bool filter_trim(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);

    return text && take(run, g_strstrip(g_strdup(text)), result);
}

static bool append_blanks(NjRun *run, GString *out, double count)
{
    if (!(count >= 0) || count > NJ_TEXT_MAX)
        return count < 0 || nj_fail(run, "the text is too long");
    if (!nj_room(run, out->len, (gsize)count))
        return false;
    for (gsize i = 0; i < (gsize)count; i++)
        g_string_append_c(out, ' ');
    return true;
}

static bool filter_center(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    double width = nj_arg_number(run, args, 0, "width", 80);
    double spaces = text ? width - (double)g_utf8_strlen(text, (gssize)length) : 0;
    double before = floor(spaces / 2);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!text || !append_blanks(run, out, before) || !nj_append_text(run, out, text, length) ||
        !append_blanks(run, out, spaces - before))
        return false;
    return take_string(run, out, result);
}

static bool filter_indent(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    double width = nj_arg_number(run, args, 0, "width", 4);
    bool first = nj_truthy(nj_arg_named(args, 1, "indentfirst"));
    g_autoptr(GString) out = g_string_new(NULL);

    for (bool more = text != NULL && length > 0; more; first = true) {
        gsize line = strcspn(text, "\n");

        more = text[line] == '\n';
        if ((first && !append_blanks(run, out, width)) ||
            !nj_append_text(run, out, text, line + more))
            return false;
        text += line + more;
    }
    return text && take_string(run, out, result);
}

static bool filter_truncate(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    double limit = nj_arg_number(run, args, 0, "length", 255);
    const char *end = nj_arg_text(run, args, 2, "end", "...");
    g_autoptr(GString) out = g_string_new(NULL);

    if (!text || !end)
        return false;
    limit = limit > 0 ? limit : 255;
    if ((double)g_utf8_strlen(text, (gssize)length) <= limit)
        return *result = nj_text_length(run, text, length), true;
    gsize cut = nj_byte_of(text, length, (glong)limit);
    const char *blank = text[cut] == ' ' ? text + cut : memrchr(text, ' ', cut);

    if (!nj_truthy(nj_arg_named(args, 1, "killwords")) && blank)
        cut = (gsize)(blank - text);
    if (!nj_append_text(run, out, text, cut) || !nj_append_text(run, out, end, strlen(end)))
        return false;
    return take_string(run, out, result);
}

/* ---- escaping ---- */

static bool append_escaped(NjRun *run, GString *out, const char *text, gsize length)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;", ['<'] = "&lt;",
        ['>'] = "&gt;",  ['`'] = "&#96;",  ['\\'] = "&#92;",
    };

    for (gsize i = 0; i < length; i++) {
        const char *escape = escapes[(guchar)text[i]];

        if (escape ? !nj_append_text(run, out, escape, strlen(escape))
                   : !nj_append_text(run, out, text + i, 1))
            return false;
    }
    return true;
}

static bool filter_escape(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);
    g_autoptr(GString) out = g_string_new(NULL);

    return text && append_escaped(run, out, text, length) && take_string(run, out, result);
}

static bool filter_safe(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *text = normal(run, input, &length);

    if (text)
        *result = nj_text_length(run, text, length);
    return text != NULL;
}

static bool filter_string(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return filter_safe(run, input, args, result);
}

static bool append_url(NjRun *run, GString *out, NjVal v)
{
    gsize length;
    const char *text = nj_to_string(run, v, &length);
    g_autofree char *escaped = text ? g_uri_escape_string(text, "!'()*", FALSE) : NULL;

    return escaped && nj_append_text(run, out, escaped, strlen(escaped));
}

static bool append_url_pair(NjRun *run, GString *out, NjVal key, NjVal value)
{
    return (out->len == 0 || nj_append_text(run, out, "&", 1)) && append_url(run, out, key) &&
           nj_append_text(run, out, "=", 1) && append_url(run, out, value);
}

static bool filter_urlencode(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool object = nj_is(input, VALUE_OBJECT);

    if (!object && !nj_is(input, VALUE_ARRAY))
        return append_url(run, out, input) && take_string(run, out, result);
    for (guint i = 0; i < value_count(input.value); i++) {
        const Value *item = value_item(input.value, i);
        NjVal key =
            object ? nj_text(run, value_key_at(input.value, i)) : nj_value(value_item(item, 0));
        NjVal value = nj_value(object ? value_value_at(input.value, i) : value_item(item, 1));

        if (!append_url_pair(run, out, key, value))
            return false;
    }
    return take_string(run, out, result);
}

static bool replace_pattern(NjRun *run, NjVal input, const char *pattern, const char *with,
                            NjVal *result)
{
    NjPattern what = {.source = pattern, .flags = "gi", .global = true};
    g_autoptr(Regex) regex = regex_new(pattern, REGEX_IGNORE_CASE, NULL);
    gsize length;
    const char *text = normal(run, input, &length);

    what.regex = regex;
    return text && nj_replace(run, text, length, (NjVal){.kind = NJ_PATTERN, .pattern = &what},
                              with, false, -1, result);
}

static bool filter_nl2br(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    return replace_pattern(run, input, "\\r\\n|\\n", "<br />\n", result);
}

static bool filter_striptags(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    static const char tags[] = "<\\/?([a-z][a-z0-9]*)\\b[^>]*>|<!--[\\s\\S]*?-->";

    if (!replace_pattern(run, input, tags, "", result))
        return false;
    if (nj_truthy(nj_arg_named(args, 0, "preserve_linebreaks")))
        return filter_trim(run, *result, args, result);
    return replace_pattern(run, *result, "\\s+", " ", result) &&
           filter_trim(run, *result, args, result);
}

static bool filter_wordcount(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length, count = 0;
    const char *text = normal(run, input, &length);
    bool inside = false;

    for (gsize i = 0; text && i < length; i++) {
        bool word = g_ascii_isalnum(text[i]) || text[i] == '_';

        count += word && !inside;
        inside = word;
    }
    *result = nj_number(run, (double)count);
    return text != NULL;
}

/* ---- replace ---- */

static bool append_replacement(NjRun *run, GString *out, const char *text, const RegexMatch *match,
                               const char *with, bool expand)
{
    for (; *with; with++) {
        guint group = with[0] == '$' && g_ascii_isdigit(with[1]) ? (guint)(with[1] - '0') : 0;
        bool whole = with[0] == '$' && with[1] == '&';

        if (expand && (whole || (group > 0 && group < match->count))) {
            gssize start = match->group[group].start;

            if (start >= 0 &&
                !nj_append_text(run, out, text + start, (gsize)(match->group[group].end - start)))
                return false;
            with++;
        } else {
            if (expand && with[0] == '$' && with[1] == '$')
                with++;
            if (!nj_append_text(run, out, with, 1))
                return false;
        }
    }
    return true;
}

/* The first place at or after `from` where what (a pattern, or text) is. */
static bool find_what(const char *input, gsize length, NjVal what, const char *text,
                      gsize text_length, gsize from, RegexMatch *match)
{
    if (what.kind == NJ_PATTERN)
        return regex_find(what.pattern->regex, input, length, from, match);
    const char *found = memmem(input + from, length - from, text, text_length);

    if (!found)
        return false;
    match->count = 1;
    match->group[0].start = found - input;
    match->group[0].end = match->group[0].start + (gssize)text_length;
    return true;
}

bool nj_replace(NjRun *run, const char *input, gsize length, NjVal what, const char *replacement,
                bool expand_groups, int64_t limit, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gsize at = 0, from = 0, text_length = 0;
    const char *text = what.kind == NJ_PATTERN ? "" : nj_to_string(run, what, &text_length);
    RegexMatch match;

    if (what.kind == NJ_PATTERN)
        limit = what.pattern->global ? -1 : 1;
    while (text && limit != 0 && at <= length &&
           find_what(input, length, what, text, text_length, at, &match)) {
        gsize start = (gsize)match.group[0].start, end = (gsize)match.group[0].end;

        if (!nj_append_text(run, out, input + from, start - from) || !nj_charge(run, 5) ||
            !append_replacement(run, out, input, &match, replacement, expand_groups))
            return false;
        from = end;
        at = end;
        if (end == start)
            do
                at++;
            while (at < length && ((guchar)input[at] & 0xC0) == 0x80);
        limit -= limit > 0;
    }
    if (!text || !nj_append_text(run, out, input + from, length - from))
        return false;
    return take_string(run, out, result);
}

static bool filter_replace(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    gsize length;
    const char *with = nj_arg_text(run, args, 1, "new", "");
    NjVal limit = nj_arg_named(args, 2, "maxCount");

    *result = input;
    if (!nj_is(input, VALUE_STRING) && !nj_is(input, VALUE_NUMBER))
        return true;
    const char *text = nj_to_string(run, input, &length);
    NjVal what = nj_arg_named(args, 0, "old");

    if (!text || !with)
        return false;
    if (what.kind != NJ_PATTERN && !nj_is(what, VALUE_STRING) && !nj_is(what, VALUE_NUMBER))
        return true;
    double count = nj_is_nothing(limit) ? -1 : nj_to_number(run, limit);
    bool pattern = what.kind == NJ_PATTERN;

    return nj_replace(run, text, length, what, with, pattern,
                      count >= 0 ? (int64_t)nj_clamp(count, 0, NJ_TEXT_MAX) : -1, result);
}

const NjFilterEntry nj_text_filters[] = {
    {"upper", filter_upper},
    {"lower", filter_lower},
    {"capitalize", filter_capitalize},
    {"title", filter_title},
    {"trim", filter_trim},
    {"center", filter_center},
    {"indent", filter_indent},
    {"truncate", filter_truncate},
    {"escape", filter_escape},
    {"e", filter_escape},
    {"forceescape", filter_escape},
    {"safe", filter_safe},
    {"string", filter_string},
    {"urlencode", filter_urlencode},
    {"nl2br", filter_nl2br},
    {"striptags", filter_striptags},
    {"wordcount", filter_wordcount},
    {"replace", filter_replace},
    {NULL, NULL},
};

static NjFilter find_in(const NjFilterEntry *entries, const char *name)
{
    for (; entries->name; entries++)
        if (g_str_equal(entries->name, name))
            return entries->filter;
    return NULL;
}

NjFilter nj_filter_find(NjRun *run, const char *name)
{
    NjFilter filter = find_in(nj_text_filters, name);

    filter = filter ? filter : find_in(nj_value_filters, name);
    filter = filter ? filter : find_in(nj_list_filters, name);
    filter = filter ? filter : find_in(nj_scaffolder_filters, name);
    if (!filter && g_str_equal(name, "jsonify") && run->source->options &&
        run->source->options->cookiecutter)
        return find_in(nj_value_filters, "dump");
    return filter;
}
