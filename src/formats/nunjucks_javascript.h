/* What Nunjucks' filters and methods take from JavaScript: what is white space, how a number stands
 * in text, what has a length, how a list is sorted, and text that is safe (an object there). */
#pragma once
#include "formats/nunjucks_internal.h"

/* White space as JavaScript trims it and as \s matches it. */
bool nj_is_blank(gunichar character);
/* text without white space at its start, its end; *length is its length, before and after. */
const char *nj_trimmed(const char *text, gsize *length, bool start, bool end);

/* The number that the whole of text is (Number(text)), NaN where it is none. */
double nj_number_of_text(const char *text, gsize length);
/* The number that text begins with: parseFloat(), and parseInt() with a base. */
double nj_leading_float(const char *text, gsize length);
double nj_leading_int(const char *text, gsize length, double base);

/* Text, and not a safe one, whose type is an object: typeof v == "string". */
bool nj_is_string(NjVal v);
/* Text that `escape` leaves as it is. */
NjVal nj_safe_text(NjRun *run, const char *text, gsize length);
/* text, safe where original is. */
NjVal nj_text_like(NjRun *run, NjVal original, const char *text, gsize length);

/* a + b. */
bool nj_add(NjRun *run, NjVal a, NjVal b, NjVal *result);
/* What an object is to operators: its text. Other values are themselves. */
bool nj_primitive(NjRun *run, NjVal v, NjVal *result);

/* A positional argument of what is not a macro: keyword arguments are an object behind the others.
 */
NjVal nj_given(NjRun *run, const NjArgs *args, guint index);
/* Its number and its text, the fallback where it is undefined; *text NULL with an error. */
double nj_given_number(NjRun *run, const NjArgs *args, guint index, double fallback);
const char *nj_given_text(NjRun *run, const NjArgs *args, guint index, const char *fallback);
/* Its number where it is truthy, else the fallback. */
double nj_given_or(NjRun *run, const NjArgs *args, guint index, double fallback);

/* What v[0], v[1], … are as an array: itself, the characters of text, nothing of other values. NULL
 * with an error for undefined and null. */
const Value *nj_array_like(NjRun *run, NjVal v);
/* v's length as JavaScript has it, NaN where there is none. */
double nj_length_of(NjVal v);
/* item[name], an error where item is undefined or null. */
bool nj_member_of(NjRun *run, NjVal item, NjVal name, NjVal *result);

/* An object as JavaScript keeps it: names that are indexes come first, in their order. */
const Value *nj_in_order(NjRun *run, const Value *object);

typedef int (*NjCompare)(gconstpointer a, gconstpointer b, gpointer data);
/* As V8 sorts: the same order even where compare contradicts itself, up to 63 items. */
void nj_sort(GArray *items, NjCompare compare, gpointer data);

/* Is there a test of that name? */
bool nj_test_exists(const char *name);

extern const NjFilterEntry nj_html_filters[];
bool nj_filter_replace(NjRun *run, NjVal input, const NjArgs *args, NjVal *result);
bool nj_filter_trim(NjRun *run, NjVal input, const NjArgs *args, NjVal *result);
/* `input | name`, where input has no method that the filter calls. */
bool nj_no_method(NjRun *run, NjVal input, const char *method);

/* The regular expression that what is or, as text, spells: then *own, to be freed. NULL with an
 * error. */
const Regex *nj_pattern_of(NjRun *run, NjVal what, Regex **own);
/* v.hasOwnProperty(name). */
bool nj_has_own(NjRun *run, NjVal v, NjVal name);
extern const NjMethodEntry nj_list_methods[];
