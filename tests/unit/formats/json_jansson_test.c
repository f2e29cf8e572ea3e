/* Held against jansson, the strictest of the C libraries. Its flags carry the names of ours, so
 * that only 0 may be passed to our writer here. */
#include "formats/json.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static gboolean same(const Value *ours, const json_t *theirs);

static gboolean same_members(const Value *ours, const json_t *theirs)
{
    if (value_count(ours) != json_object_size(theirs))
        return FALSE;
    for (guint i = 0; i < value_count(ours); i++)
        if (!same(value_value_at(ours, i), json_object_get(theirs, value_key_at(ours, i))))
            return FALSE;
    return TRUE;
}

static gboolean same_items(const Value *ours, const json_t *theirs)
{
    if (value_count(ours) != json_array_size(theirs))
        return FALSE;
    for (guint i = 0; i < value_count(ours); i++)
        if (!same(value_item(ours, i), json_array_get(theirs, i)))
            return FALSE;
    return TRUE;
}

static gboolean same(const Value *ours, const json_t *theirs)
{
    if (!ours || !theirs)
        return FALSE;
    switch (json_typeof(theirs)) {
    case JSON_NULL:
        return value_is(ours, VALUE_NULL);
    case JSON_TRUE:
    case JSON_FALSE:
        return value_is(ours, VALUE_BOOL) && value_bool(ours, false) == json_is_true(theirs);
    case JSON_INTEGER:
        return value_is_int(ours) && value_int(ours, 0) == json_integer_value(theirs);
    case JSON_REAL:
        return value_is(ours, VALUE_NUMBER) && !value_is_int(ours) &&
               value_number(ours, NAN) == json_real_value(theirs);
    case JSON_STRING:
        return value_is(ours, VALUE_STRING) &&
               value_string_length(ours) == json_string_length(theirs) &&
               memcmp(value_string(ours, ""), json_string_value(theirs),
                      json_string_length(theirs)) == 0;
    case JSON_ARRAY:
        return value_is(ours, VALUE_ARRAY) && same_items(ours, theirs);
    case JSON_OBJECT:
        return value_is(ours, VALUE_OBJECT) && same_members(ours, theirs);
    }
    return FALSE;
}

static void make_value(GRand *random, GString *out, int depth);

static void make_string(GRand *random, GString *out)
{
    static const char *const pieces[] = {"a",       "ä",    "😀",       "\\n", "\\\"",
                                         "\\u00e4", "\\\\", "\\u0000", "key", "\\ud83d\\ude00",
                                         " ",       "/"};

    g_string_append_c(out, '"');
    for (int i = g_rand_int_range(random, 0, 5); i > 0; i--)
        g_string_append(out, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
    g_string_append_c(out, '"');
}

static void make_container(GRand *random, GString *out, int depth, gboolean object)
{
    g_string_append_c(out, object ? '{' : '[');
    for (int i = g_rand_int_range(random, 0, 5); i > 0; i--) {
        if (object)
            g_string_append_printf(out, "\"k%d\" :", g_rand_int_range(random, 0, 30));
        make_value(random, out, depth + 1);
        if (i > 1)
            g_string_append(out, g_rand_boolean(random) ? "," : " ,\n ");
    }
    g_string_append_c(out, object ? '}' : ']');
}

static void make_value(GRand *random, GString *out, int depth)
{
    static const char *const scalars[] = {
        "0",     "-1",   "42",    "3.25", "1e3", "-2E-5",         "true",
        "false", "null", "1e400", "0.1",  "-0",  "12345678901234"};

    switch (g_rand_int_range(random, 0, depth > 6 ? 2 : 4)) {
    case 0:
        g_string_append(out, scalars[g_rand_int_range(random, 0, G_N_ELEMENTS(scalars))]);
        break;
    case 1:
        make_string(random, out);
        break;
    default:
        make_container(random, out, depth, g_rand_boolean(random));
    }
}

static void mutate(GRand *random, GString *text)
{
    static const char bytes[] = "{}[]\",:\\u0eE+-. \n\t\x01\xc3\xa4\xff";

    for (int i = g_rand_int_range(random, 0, 3); i > 0 && text->len > 0; i--) {
        gssize at = g_rand_int_range(random, 0, (gint32)text->len);

        if (g_rand_boolean(random))
            g_string_erase(text, at, 1);
        else
            text->str[at] = bytes[g_rand_int_range(random, 0, sizeof bytes - 1)];
    }
}

static void hold_against_jansson(const GString *text)
{
    g_autoptr(Arena) arena = arena_new(16 << 20);
    g_autoptr(GError) error = NULL;
    json_error_t reason;
    const Value *ours = json_parse(arena, text->str, (gssize)text->len, &error);
    json_t *theirs = json_loadb(text->str, text->len,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);

    if (!ours != !theirs || (ours && !same(ours, theirs)))
        g_error("we: %s; jansson: %s; text: %s", error ? error->message : "fine",
                theirs ? "fine" : reason.text, text->str);
    if (ours) {
        const char *written = json_to_arena(arena, ours, 0);

        g_assert_true(value_equal(ours, json_parse(arena, written, -1, &error)));
        g_assert_no_error(error);
    }
    json_decref(theirs);
}

static void test_agrees_with_jansson_on_whole_and_broken_texts(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20260301);
    g_autoptr(GString) text = g_string_new(NULL);

    for (int round = 0; round < 20000; round++) {
        g_string_truncate(text, 0);
        make_container(random, text, 0, round % 2 == 0);
        mutate(random, text);
        hold_against_jansson(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/agrees-with-jansson-on-whole-and-broken-texts",
                    test_agrees_with_jansson_on_whole_and_broken_texts);
    return g_test_run();
}
