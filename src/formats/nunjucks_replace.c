/* Replacing in text: the filter, and what JavaScript's replace() shares with it. */
#include "formats/nunjucks_javascript.h"

#include <string.h>

/* What `$1`, `$&`, `` $` ``, `$'` and `$$` in a replacement stand for; false where it is none. */
static bool expansion_of(const char *with, const char *text, gsize length, const RegexMatch *match,
                         const char **part, gsize *part_length, gsize *used)
{
    guint digits = (guint)MIN(strspn(with + 1, "0123456789"), 2), group = 0;
    gsize start = (gsize)match->group[0].start, end = (gsize)match->group[0].end;

    *used = 2;
    *part = text + start;
    *part_length = end - start;
    switch (with[1]) {
    case '$':
        *part = with;
        *part_length = 1;
        return true;
    case '&':
        return true;
    case '`':
        *part = text;
        *part_length = start;
        return true;
    case '\'':
        *part = text + end;
        *part_length = length - end;
        return true;
    }
    /* Two digits where there is such a group, else one. */
    for (; digits > 0 && (group == 0 || group >= match->count); digits--) {
        group = (guint)(with[1] - '0');
        if (digits == 2)
            group = group * 10 + (guint)(with[2] - '0');
        *used = 1 + digits;
    }
    if (group == 0 || group >= match->count)
        return false;
    bool took_part = match->group[group].start >= 0;

    *part = took_part ? text + match->group[group].start : "";
    *part_length = took_part ? (gsize)(match->group[group].end - match->group[group].start) : 0;
    return true;
}

static bool append_replacement(NjRun *run, GString *out, const char *text, gsize length,
                               const RegexMatch *match, const char *with, bool expand)
{
    const char *part;
    gsize part_length, used;

    while (*with) {
        gsize plain = strcspn(with, "$");

        if (!expand)
            plain = strlen(with);
        if (plain == 0 && expansion_of(with, text, length, match, &part, &part_length, &used)) {
            if (!nj_append_text(run, out, part, part_length))
                return false;
            with += used;
            continue;
        }
        plain = MAX(plain, 1);
        if (!nj_append_text(run, out, with, plain))
            return false;
        with += plain;
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
            !append_replacement(run, out, input, length, &match, replacement, expand_groups))
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
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

/* `"abc" | replace("", ".")` puts the replacement around every character. */
static bool replace_nothing(NjRun *run, NjVal input, NjVal new, NjVal *result)
{
    const Value *characters = nj_array_like(run, input);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!characters || !nj_append(run, out, new))
        return false;
    for (guint i = 0; i < value_count(characters); i++)
        if ((i > 0 && !(new.kind == NJ_UNDEFINED ? nj_append_text(run, out, ",", 1)
                                                 : nj_append(run, out, new))) ||
            !nj_append(run, out, nj_value(value_item(characters, i))))
            return false;
    if (!nj_append(run, out, new))
        return false;
    *result = nj_text_like(run, input, out->str, out->len);
    return true;
}

/* What most names need, "-" into "_" and the like. */
static const Value *replace_byte(NjRun *run, const char *text, gsize length, char what, char with)
{
    char *copy = arena_strndup(run->arena, text, length);

    for (char *at = copy; at < copy + length; at++)
        if (*at == what)
            *at = with;
    return value_string_wrap(run->arena, copy, length);
}

static bool replace_text(NjRun *run, NjVal original, NjVal what, NjVal new, NjVal limit,
                         NjVal *result)
{
    double count = limit.kind == NJ_UNDEFINED ? -1 : nj_to_number(run, limit);
    int64_t most = count == -1 ? -1 : (int64_t)nj_clamp(count, 0, NJ_TEXT_MAX);
    gsize length, new_length;
    const char *text = nj_to_string(run, original, &length);
    const char *with = nj_to_string(run, new, &new_length);

    if (!text || !with)
        return false;
    if (most == 0 || !strstr(text, value_string(what.value, ""))) {
        *result = nj_is(original, VALUE_STRING) ? original : nj_text_length(run, text, length);
        return true;
    }
    if (most < 0 && value_string_length(what.value) == 1 && new_length == 1) {
        *result = nj_value(replace_byte(run, text, length, *value_string(what.value, ""), *with));
        result->safe = original.safe;
        return nj_charge(run, length / 4);
    }
    if (!nj_replace(run, text, length, what, with, false, most, result))
        return false;
    result->safe = original.safe;
    return true;
}

bool nj_filter_replace(NjRun *run, NjVal input, const NjArgs *args, NjVal *result)
{
    NjVal what = nj_given(run, args, 0), new = nj_given(run, args, 1);
    gsize length, new_length;

    *result = input;
    if (what.kind == NJ_PATTERN) {
        if (!nj_is(input, VALUE_STRING))
            return nj_no_method(run, input, "replace");
        const char *text = nj_to_string(run, input, &length);
        const char *with = nj_to_string(run, new, &new_length);

        return with && nj_replace(run, text, length, what, with, true, -1, result);
    }
    if (nj_is(what, VALUE_NUMBER)) {
        const char *text = nj_to_string(run, what, &length);

        what = nj_text_length(run, text, length);
    }
    if (!nj_is_string(what) || (!nj_is(input, VALUE_STRING) && !nj_is(input, VALUE_NUMBER)))
        return true;
    if (nj_is(input, VALUE_NUMBER)) {
        const char *text = nj_to_string(run, input, &length);

        input = nj_text_length(run, text, length);
    }
    return value_string_length(what.value) == 0
               ? replace_nothing(run, input, new, result)
               : replace_text(run, input, what, new, nj_given(run, args, 2), result);
}
