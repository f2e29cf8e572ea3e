#include "formats/regex.h"

#include "formats/regex_internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    PATTERN_BYTES_MAX = 16 * 1024,
    MATCH_LIMIT = 500000,
    MATCH_LIMIT_FIRST = 2000, /* of the first try, so that what is dear is known to be */
    DEPTH_LIMIT = 20000,
    HEAP_KIB = 16384,
    EFFORT_BYTES = 512 /* of text, that cost about as much as a try */
};

struct Regex {
    pcre2_code *code;
    pcre2_match_context *limits, *first;
};

static uint32_t compile_options(RegexFlags flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                       PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;

    if (flags & REGEX_IGNORE_CASE)
        options |= PCRE2_CASELESS;
    if (flags & REGEX_MULTILINE)
        options |= PCRE2_MULTILINE;
    return options;
}

static pcre2_match_context *limits_of(uint32_t match_limit)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);

    pcre2_set_match_limit(limits, match_limit);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_KIB);
    return limits;
}

Regex *regex_new(const char *pattern, RegexFlags flags, GError **error)
{
    gsize length = strlen(pattern);
    PCRE2_UCHAR reason[160] = {0};
    PCRE2_SIZE offset = 0;
    int code = 0;

    if (length > PATTERN_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a regular expression of %zu bytes is too long",
                    length);
        return NULL;
    }
    g_autofree char *translated = regex_from_ecma(pattern, error);

    if (!translated)
        return NULL;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
                                         compile_options(flags), &code, &offset, NULL);
    if (!compiled) {
        pcre2_get_error_message(code, reason, sizeof reason);
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is not a regular expression: %s",
                    pattern, (const char *)reason);
        return NULL;
    }
    Regex *regex = g_new0(Regex, 1);

    regex->code = compiled;
    regex->limits = limits_of(MATCH_LIMIT);
    regex->first = limits_of(MATCH_LIMIT_FIRST);
    return regex;
}

void regex_free(Regex *regex)
{
    if (!regex)
        return;
    pcre2_match_context_free(regex->limits);
    pcre2_match_context_free(regex->first);
    pcre2_code_free(regex->code);
    g_free(regex);
}

bool regex_find(const Regex *regex, const char *text, gsize length, gsize from, RegexMatch *match)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    int count = pcre2_match(regex->code, (PCRE2_SPTR)text, length, from, 0, data, regex->limits);

    if (count > 0 && match) {
        const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data);
        guint groups = MIN(pcre2_get_ovector_count(data), REGEX_GROUPS_MAX);

        match->count = groups;
        for (guint i = 0; i < groups; i++) {
            bool set = (int)i < count && offsets[2 * i] != PCRE2_UNSET;

            match->group[i].start = set ? (gssize)offsets[2 * i] : -1;
            match->group[i].end = set ? (gssize)offsets[2 * i + 1] : -1;
        }
    }
    pcre2_match_data_free(data);
    return count > 0;
}

bool regex_matches(const Regex *regex, const char *text, gsize length)
{
    return regex_find(regex, text, length, 0, NULL);
}

static bool is_limit(int code)
{
    return code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
           code == PCRE2_ERROR_HEAPLIMIT;
}

RegexResult regex_test(const Regex *regex, const char *text, gsize length, guint *effort)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int code = pcre2_match(regex->code, (PCRE2_SPTR)text, length, 0, 0, data, regex->first);

    *effort += 1 + (guint)(length / EFFORT_BYTES);
    if (is_limit(code)) {
        code = pcre2_match(regex->code, (PCRE2_SPTR)text, length, 0, 0, data, regex->limits);
        *effort += MATCH_LIMIT / MATCH_LIMIT_FIRST;
    }
    pcre2_match_data_free(data);
    if (is_limit(code))
        return REGEX_EXCEEDED;
    return code >= 0 ? REGEX_MATCH : REGEX_NO_MATCH;
}
