/* The parts of the regular expressions. */
#pragma once
#include "formats/regex.h"

/* pattern, which is JavaScript's, as PCRE2 writes it; ERROR_INPUT where it is none. Free with
 * g_free(). */
char *regex_from_ecma(const char *pattern, GError **error);
