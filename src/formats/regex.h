/* Regular expressions that came from outside (schemas, templates, workflows): PCRE2 with a match
 * limit, reading a pattern as JavaScript does. A pattern that backtracks too much does not match;
 * it never hangs. */
#pragma once
#include "base/error.h"
#include <stdbool.h>

typedef struct Regex Regex;

typedef enum { REGEX_IGNORE_CASE = 1 << 0, REGEX_MULTILINE = 1 << 1 } RegexFlags;

/* ERROR_INPUT "… is not a regular expression: reason". */
Regex *regex_new(const char *pattern, RegexFlags flags, GError **error);
void regex_free(Regex *regex);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Regex, regex_free)

/* Does it match somewhere in text? text is UTF-8. Any number of threads may share a regex. */
bool regex_matches(const Regex *regex, const char *text, gsize length);

typedef enum { REGEX_NO_MATCH, REGEX_MATCH, REGEX_EXCEEDED } RegexResult;

/* The same, for those who must tell a pattern that gave up from one that does not match. *effort
 * grows by what it cost, in units of some microseconds: who tests many texts bounds their sum. */
RegexResult regex_test(const Regex *regex, const char *text, gsize length, guint *effort);

#define REGEX_GROUPS_MAX 20

/* Byte offsets; group 0 is the match, and start is -1 for a group that took no part. */
typedef struct {
    guint count;
    struct {
        gssize start, end;
    } group[REGEX_GROUPS_MAX];
} RegexMatch;

/* The first match at or after offset from. */
bool regex_find(const Regex *regex, const char *text, gsize length, gsize from, RegexMatch *match);
