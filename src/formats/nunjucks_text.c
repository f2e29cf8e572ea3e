/* JavaScript's methods on text. Positions are characters, not bytes. */
#include "formats/nunjucks_javascript.h"

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

static bool trimmed(NjRun *run, NjVal self, bool start, bool end, NjVal *result)
{
    gsize length = nj_bytes_of(self);
    const char *text = nj_trimmed(nj_text_of(self), &length, start, end);

    *result = nj_text_length(run, text, length);
    return true;
}

static bool text_trim(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return trimmed(run, self, true, true, result);
}

static bool text_trim_start(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return trimmed(run, self, true, false, result);
}

static bool text_trim_end(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    return trimmed(run, self, false, true, result);
}

static bool split_characters(NjRun *run, NjVal self, Value *parts)
{
    glong count = nj_characters_of(self);

    for (glong i = 0; i < count; i++)
        value_append(run->arena, parts, nj_part(run, self, i, i + 1).value);
    return nj_charge(run, (gsize)count * 4);
}

static void append_part(NjRun *run, Value *parts, const char *from, const char *end)
{
    value_append(run->arena, parts, value_string_new_length(run->arena, from, (gsize)(end - from)));
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
        append_part(run, parts, text + from, text + start);
        for (guint i = 1; i < match.count; i++)
            value_append(
                run->arena, parts,
                match.group[i].start < 0
                    ? value_null_new(run->arena)
                    : value_string_new_length(run->arena, text + match.group[i].start,
                                              (gsize)(match.group[i].end - match.group[i].start)));
        from = end;
    }
    append_part(run, parts, text + from, text + length);
    return true;
}

static bool split_text(NjRun *run, NjVal self, NjVal by, Value *parts)
{
    gsize length;
    const char *separator = nj_to_string(run, by, &length);
    const char *from = nj_text_of(self), *end = from + nj_bytes_of(self), *found;

    if (!separator)
        return false;
    if (length == 0)
        return split_characters(run, self, parts);
    while ((found = memmem(from, (gsize)(end - from), separator, length)) && nj_charge(run, 1)) {
        append_part(run, parts, from, found);
        from = found + length;
    }
    append_part(run, parts, from, end);
    return true;
}

static bool text_split(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    Value *parts = value_array_new(run->arena);
    NjVal by = nj_arg(args, 0);
    double limit = nj_given_number(run, args, 1, G_MAXUINT32);

    *result = nj_value(parts);
    if (by.kind == NJ_UNDEFINED)
        value_append(run->arena, parts, self.value);
    else if (by.kind == NJ_PATTERN ? !split_pattern(run, self, by.pattern, parts)
                                   : !split_text(run, self, by, parts))
        return false;
    if (limit >= 0)
        value_truncate(parts, (guint)nj_clamp(limit, 0, G_MAXUINT32));
    return true;
}

static bool replace_method(NjRun *run, NjVal self, const NjArgs *args, int64_t limit, NjVal *result)
{
    const char *replacement = nj_given_text(run, args, 1, "undefined");

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

/* The byte where the character is that an argument names, clamped to the text. */
static gsize position(NjRun *run, NjVal self, const NjArgs *args, guint index, double fallback)
{
    double at = nj_given_number(run, args, index, fallback);

    return nj_byte_of(nj_text_of(self), nj_bytes_of(self),
                      (glong)nj_clamp(isnan(at) ? 0 : at, 0, (double)nj_characters_of(self)));
}

static bool text_starts_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_given_text(run, args, 0, "undefined");

    if (what)
        *result = nj_bool(
            run, g_str_has_prefix(nj_text_of(self) + position(run, self, args, 1, 0), what));
    return what != NULL;
}

static bool text_ends_with(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_given_text(run, args, 0, "undefined");
    gsize end = position(run, self, args, 1, (double)nj_characters_of(self));

    if (what)
        *result = nj_bool(run, strlen(what) <= end && memcmp(nj_text_of(self) + end - strlen(what),
                                                             what, strlen(what)) == 0);
    return what != NULL;
}

static bool text_includes(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_given_text(run, args, 0, "undefined");

    if (what)
        *result =
            nj_bool(run, strstr(nj_text_of(self) + position(run, self, args, 1, 0), what) != NULL);
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
    const char *what = nj_given_text(run, args, 0, "undefined");

    return what &&
           index_result(run, self, strstr(nj_text_of(self) + position(run, self, args, 1, 0), what),
                        result);
}

static bool text_last_index_of(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *what = nj_given_text(run, args, 0, "undefined");
    NjVal most = nj_arg(args, 1);
    bool anywhere = isnan(nj_to_number(run, most));
    gsize from = anywhere ? nj_bytes_of(self) : position(run, self, args, 1, 0);
    const char *text = nj_text_of(self), *found = NULL;

    for (gsize at = MIN(from, nj_bytes_of(self)) + 1; what && !found && at-- > 0;)
        if (g_str_has_prefix(text + at, what))
            found = text + at;
    return what && nj_charge(run, from / 8) && index_result(run, self, found, result);
}

static bool text_search(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    g_autoptr(Regex) own = NULL;
    const Regex *regex = nj_pattern_of(run, nj_arg(args, 0), &own);
    RegexMatch match;
    bool found = regex && regex_find(regex, nj_text_of(self), nj_bytes_of(self), 0, &match);

    return regex &&
           index_result(run, self, found ? nj_text_of(self) + match.group[0].start : NULL, result);
}

static bool text_slice(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(nj_given_number(run, args, 0, 0), length);
    glong to = nj_clamp_index(nj_given_number(run, args, 1, length), length);

    *result = nj_part(run, self, from, to);
    return true;
}

static bool text_substring(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(fmax(0, nj_given_number(run, args, 0, 0)), length);
    glong to = nj_clamp_index(fmax(0, nj_given_number(run, args, 1, length)), length);

    *result = nj_part(run, self, MIN(from, to), MAX(from, to));
    return true;
}

static bool text_substr(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    glong from = nj_clamp_index(nj_given_number(run, args, 0, 0), length);
    double count = nj_given_number(run, args, 1, length);

    *result = nj_part(run, self, from, from + (glong)nj_clamp(trunc(count), 0, length - from));
    return true;
}

static bool text_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    glong length = nj_characters_of(self);
    double index = nj_given_number(run, args, 0, 0);
    glong at = nj_clamp_index(index, length);

    *result = at < length && index >= -length ? nj_part(run, self, at, at + 1) : nj_undefined();
    return true;
}

static bool text_char_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_given_number(run, args, 0, 0);
    glong index = at >= 0 && at < nj_characters_of(self) ? (glong)at : -1;

    *result = index >= 0 ? nj_part(run, self, index, index + 1) : nj_text(run, "");
    return true;
}

static bool text_char_code_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    double at = nj_given_number(run, args, 0, 0);
    bool inside = at >= 0 && at < nj_characters_of(self);
    gsize byte = inside ? nj_byte_of(nj_text_of(self), nj_bytes_of(self), (glong)at) : 0;

    *result = nj_number(run, inside ? g_utf8_get_char(nj_text_of(self) + byte) : NAN);
    return true;
}

static bool text_code_point_at(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    if (!text_char_code_at(run, self, args, result))
        return false;
    if (isnan(value_number(result->value, NAN)))
        *result = nj_undefined();
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
    double count = nj_given_number(run, args, 0, 0);

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
    const char *filler = nj_given_text(run, args, 1, " ");
    double missing = nj_given_number(run, args, 0, 0) - (double)nj_characters_of(self);

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

const Regex *nj_pattern_of(NjRun *run, NjVal what, Regex **own)
{
    g_autoptr(GError) error = NULL;
    gsize length;

    if (what.kind == NJ_PATTERN)
        return what.pattern->regex;
    const char *text = what.kind == NJ_UNDEFINED ? "" : nj_to_string(run, what, &length);

    *own = text ? regex_new(text, 0, &error) : NULL;
    if (error)
        nj_fail(run, "%s", error->message);
    return *own;
}

static bool text_match(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    NjVal what = nj_arg(args, 0);
    g_autoptr(Regex) own = NULL;
    NjPattern pattern = {.regex = nj_pattern_of(run, what, &own)};

    return pattern.regex && nj_match_text(run, &pattern, self,
                                          what.kind == NJ_PATTERN && what.pattern->global, result);
}

/* As the root collation orders most text: without case first. */
static bool text_locale_compare(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    const char *other = nj_given_text(run, args, 0, "undefined");

    if (!other)
        return false;
    g_autofree char *a = g_utf8_casefold(nj_text_of(self), -1);
    g_autofree char *b = g_utf8_casefold(other, -1);
    int order = strcmp(a, b);

    /* Small letters come before large ones. */
    order = order ? order : -strcmp(nj_text_of(self), other);
    *result = nj_number(run, (order > 0) - (order < 0));
    return true;
}

static bool text_normalize(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    static const struct {
        const char *name;
        GNormalizeMode mode;
    } FORMS[] = {{"NFC", G_NORMALIZE_NFC},
                 {"NFD", G_NORMALIZE_NFD},
                 {"NFKC", G_NORMALIZE_NFKC},
                 {"NFKD", G_NORMALIZE_NFKD}};
    const char *form = nj_given_text(run, args, 0, "NFC");

    for (gsize i = 0; form && i < G_N_ELEMENTS(FORMS); i++)
        if (g_str_equal(form, FORMS[i].name))
            return take(run, g_utf8_normalize(nj_text_of(self), -1, FORMS[i].mode), result);
    return form && nj_fail(run, "normalize() knows NFC, NFD, NFKC and NFKD");
}

static bool text_has_own(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = nj_bool(run, nj_has_own(run, self, nj_arg(args, 0)));
    return true;
}

static bool text_itself(NjRun *run, NjVal self, const NjArgs *args, NjVal *result)
{
    *result = self;
    result->safe = false;
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
    {"codePointAt", text_code_point_at},
    {"concat", text_concat},
    {"repeat", text_repeat},
    {"padStart", text_pad_start},
    {"padEnd", text_pad_end},
    {"match", text_match},
    {"search", text_search},
    {"localeCompare", text_locale_compare},
    {"normalize", text_normalize},
    {"hasOwnProperty", text_has_own},
    {"toString", text_itself},
    {"valueOf", text_itself},
    {NULL, NULL},
};
