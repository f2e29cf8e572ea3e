/* JavaScript's methods on text. Positions are characters, not bytes. */
#include "formats/nunjucks_internal.h"

#include <math.h>
#include <string.h>

static const char *nj_text_of(NjVal self)
{
    return value_string(self.value, "");
}

static gsize nj_bytes_of(NjVal self)
{
    return value_string_length(self.value);
}

glong nj_characters_of(NjVal self)
{
    return g_utf8_strlen(nj_text_of(self), (gssize)nj_bytes_of(self));
}

/* An index counted from the end where negative, clamped to 0…length. */
glong nj_clamp_index(double index, glong length)
{
    if (isnan(index))
        return 0;
    if (index < 0)
        index += length;
    return (glong)nj_clamp(index, 0, length);
}

NjVal nj_part(NjRun *run, NjVal self, glong from, glong to)
{
    gsize length = nj_bytes_of(self), start = nj_byte_of(nj_text_of(self), length, from);

    if (to <= from)
        return nj_text(run, "");
    gsize end = start + nj_byte_of(nj_text_of(self) + start, length - start, to - from);
    return nj_text_length(run, nj_text_of(self) + start, end - start);
}

/* ---- text ---- */

static bool take(NjRun *run, char *text, NjVal *result)
{
    *result = nj_text(run, text);
    g_free(text);
    return true;
}

static bool text_upper(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_utf8_strup(nj_text_of(self), (gssize)nj_bytes_of(self)), result);
}

static bool text_lower(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_utf8_strdown(nj_text_of(self), (gssize)nj_bytes_of(self)), result);
}

static bool text_trim(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strstrip(g_strdup(nj_text_of(self))), result);
}

static bool text_trim_start(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strchug(g_strdup(nj_text_of(self))), result);
}

static bool text_trim_end(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return take(run, g_strchomp(g_strdup(nj_text_of(self))), result);
}

static bool split_characters(NjRun *run, NjVal self, Value *parts)
{
    glong count = nj_characters_of(self);

    for (glong i = 0; i < count; i++)
        value_append(run->arena, parts, nj_part(run, self, i, i + 1).value);
    return nj_charge(run, (gsize)count * 4);
}

static bool split_pattern(NjRun *run, NjVal self, const NjPattern *pattern, Value *parts)
{
    const char *text = nj_text_of(self);
    gsize length = nj_bytes_of(self), from = 0, at = 0;
    RegexMatch match;

    while (at <= length && regex_find(pattern->regex, text, length, at, &match)) {
        gsize start = (gsize)match.group[0].start, end = (gsize)match.group[0].end;

        if (!nj_charge(run, 10))
            return false;
        at = end > at ? end : nj_byte_of(text, length, g_utf8_strlen(text, (gssize)at) + 1);
        if (end == start && (start == from || start >= length)) {
            if (at >= length)
                break;
            continue;
        }
        value_append(run->arena, parts,
                     value_string_new_length(run->arena, text + from, start - from));
        from = end;
    }
    value_append(run->arena, parts,
                 value_string_new_length(run->arena, text + from, length - from));
    return true;
}

static bool text_split(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *parts = value_array_new(run->arena);
    NjVal by = nj_arg(args, 0);
    gsize length;

    *result = nj_value(parts);
    if (by.kind == NJ_UNDEFINED) {
        value_append(run->arena, parts, self.value);
        return true;
    }
    if (by.kind == NJ_PATTERN)
        return split_pattern(run, self, by.pattern, parts);
    const char *separator = nj_to_string(run, by, &length);

    if (!separator)
        return false;
    if (length == 0)
        return split_characters(run, self, parts);
    const char *from = nj_text_of(self), *end = from + nj_bytes_of(self), *found;

    while ((found = memmem(from, (gsize)(end - from), separator, length)) && nj_charge(run, 1)) {
        value_append(run->arena, parts,
                     value_string_new_length(run->arena, from, (gsize)(found - from)));
        from = found + length;
    }
    value_append(run->arena, parts, value_string_new_length(run->arena, from, (gsize)(end - from)));
    return true;
}

static bool replace_method(NjRun *run, NjVal self, const NjArgs *args, int64_t limit, NjVal *result)
{
    const char *replacement = nj_arg_text(run, args, 1, "", "undefined");

    return replacement && nj_replace(run, nj_text_of(self), nj_bytes_of(self), nj_arg(args, 0),
                                     replacement, true, limit, result);
}

static bool text_replace(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return replace_method(run, self, args, 1, result);
}

static bool text_replace_all(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return replace_method(run, self, args, -1, result);
}

static bool text_starts_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, g_str_has_prefix(nj_text_of(self), what));
    return what != NULL;
}

static bool text_ends_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, g_str_has_suffix(nj_text_of(self), what));
    return what != NULL;
}

static bool text_includes(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    if (what)
        *result = nj_bool(run, strstr(nj_text_of(self), what) != NULL);
    return what != NULL;
}

static bool index_result(NjRun *run, NjVal self, const char *found, NjVal *result)
{
    glong index = found ? g_utf8_strlen(nj_text_of(self), found - nj_text_of(self)) : -1;

    *result = nj_number(run, (double)index);
    return true;
}

static bool text_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    return what && index_result(run, self, strstr(nj_text_of(self), what), result);
}

static bool text_last_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_arg_text(run, args, 0, "", "undefined");

    return what &&
           index_result(run, self, g_strrstr_len(nj_text_of(self), (gssize)nj_bytes_of(self), what),
                        result);
}

static bool text_slice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(nj_arg_number(run, args, 0, "", 0), length);
    glong to = nj_clamp_index(nj_arg_number(run, args, 1, "", length), length);

    *result = nj_part(run, self, from, to);
    return true;
}

static bool text_substring(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(fmax(0, nj_arg_number(run, args, 0, "", 0)), length);
    glong to = nj_clamp_index(fmax(0, nj_arg_number(run, args, 1, "", length)), length);

    *result = nj_part(run, self, MIN(from, to), MAX(from, to));
    return true;
}

static bool text_substr(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(nj_arg_number(run, args, 0, "", 0), length);
    double count = nj_arg_number(run, args, 1, "", length);

    *result = nj_part(run, self, from, from + (glong)nj_clamp(count, 0, length - from));
    return true;
}

static bool text_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong at = nj_clamp_index(nj_arg_number(run, args, 0, "", 0), length);

    *result = at < length ? nj_part(run, self, at, at + 1) : nj_undefined();
    return true;
}

static bool text_char_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_arg_number(run, args, 0, "", 0);
    glong index = at >= 0 && at < nj_characters_of(self) ? (glong)at : -1;

    *result = index >= 0 ? nj_part(run, self, index, index + 1) : nj_text(run, "");
    return true;
}

static bool text_char_code_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_arg_number(run, args, 0, "", 0);
    bool inside = at >= 0 && at < nj_characters_of(self);
    gsize byte = inside ? nj_byte_of(nj_text_of(self), nj_bytes_of(self), (glong)at) : 0;

    *result = nj_number(run, inside ? g_utf8_get_char(nj_text_of(self) + byte) : NAN);
    return true;
}

static bool text_concat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new_len(nj_text_of(self), (gssize)nj_bytes_of(self));

    for (guint i = 0; i < args->count; i++)
        if (!nj_append(run, out, args->items[i]))
            return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

/* Appends filler, over and over, until count characters were appended. */
static bool append_filler(NjRun *run, GString *out, const char *filler, double count)
{
    const char *at = filler;

    if (!(count > 0) || !*filler)
        return true;
    if (count > NJ_TEXT_MAX || !nj_room(run, out->len, (gsize)count))
        return nj_fail(run, "the text is too long");
    for (gsize i = 0; i < (gsize)count; i++) {
        const char *next = g_utf8_next_char(at);

        g_string_append_len(out, at, next - at);
        at = *next ? next : filler;
    }
    return true;
}

static bool text_repeat(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    double count = nj_arg_number(run, args, 0, "", 0);

    if (count < 0)
        return nj_fail(run, "repeat() needs a count that is not negative");
    if (!append_filler(run, out, nj_text_of(self), trunc(count) * (double)nj_characters_of(self)))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

static bool pad(NjRun *run, NjVal self, const NjArgs *args, bool start, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *filler = nj_arg_text(run, args, 1, "", " ");
    double missing = nj_arg_number(run, args, 0, "", 0) - (double)nj_characters_of(self);

    if (!filler || (start && !append_filler(run, out, filler, missing)) ||
        !nj_append(run, out, self) || (!start && !append_filler(run, out, filler, missing)))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

static bool text_pad_start(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return pad(run, self, args, true, result);
}

static bool text_pad_end(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return pad(run, self, args, false, result);
}

static Value *match_groups(NjRun *run, const char *text, const RegexMatch *match)
{
    Value *groups = value_array_new(run->arena);

    for (guint i = 0; i < match->count; i++) {
        gssize start = match->group[i].start;
        gsize length = (gsize)(match->group[i].end - start);

        value_append(run->arena, groups,
                     start < 0 ? value_null_new(run->arena)
                               : value_string_new_length(run->arena, text + start, length));
    }
    return groups;
}

bool nj_match_text(NjRun *run, const NjPattern *pattern, NjVal text, bool all, NjVal *result)
{
    Value *found = value_array_new(run->arena);
    RegexMatch match;
    gsize at = 0, length = nj_bytes_of(text);

    *result = nj_value(value_null_new(run->arena));
    while (at <= length && regex_find(pattern->regex, nj_text_of(text), length, at, &match)) {
        if (!all) {
            *result = nj_value(match_groups(run, nj_text_of(text), &match));
            return true;
        }
        gsize start = (gsize)match.group[0].start, end = (gsize)match.group[0].end;

        value_append(run->arena, found,
                     value_string_new_length(run->arena, nj_text_of(text) + start, end - start));
        at = end > start ? end : end + 1;
        while (at < length && ((unsigned char)nj_text_of(text)[at] & 0xC0) == 0x80)
            at++;
        if (!nj_charge(run, 10))
            return false;
    }
    if (value_count(found) > 0)
        *result = nj_value(found);
    return true;
}

static bool text_match(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    NjVal what = nj_arg(args, 0);

    if (what.kind != NJ_PATTERN)
        return nj_fail(run, "match() needs a regular expression, r/…/");
    return nj_match_text(run, what.pattern, self, what.pattern->global, result);
}

static bool text_itself(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = self;
    return true;
}

const NjMethodEntry nj_text_methods[] = {
    {"toUpperCase", text_upper},
    {"toLowerCase", text_lower},
    {"toLocaleUpperCase", text_upper},
    {"toLocaleLowerCase", text_lower},
    {"trim", text_trim},
    {"trimStart", text_trim_start},
    {"trimEnd", text_trim_end},
    {"split", text_split},
    {"replace", text_replace},
    {"replaceAll", text_replace_all},
    {"startsWith", text_starts_with},
    {"endsWith", text_ends_with},
    {"includes", text_includes},
    {"indexOf", text_index_of},
    {"lastIndexOf", text_last_index_of},
    {"slice", text_slice},
    {"substring", text_substring},
    {"substr", text_substr},
    {"at", text_at},
    {"charAt", text_char_at},
    {"charCodeAt", text_char_code_at},
    {"concat", text_concat},
    {"repeat", text_repeat},
    {"padStart", text_pad_start},
    {"padEnd", text_pad_end},
    {"match", text_match},
    {"toString", text_itself},
    {NULL, NULL},
};
