#include "formats/json.h"

static void test_what_is_not_json_is_refused_with_its_place(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "1:1: the text ends where a value should be"},
        {"{\n  \"a\": 1,\n  \"a\": 2\n}", "3:3: the key \"a\" is there twice"},
        {"[1,]", "1:4: expected a value"},
        {"[1 2]", "1:4: expected ',' or ']'"},
        {"{\"a\" 1}", "1:6: expected ':'"},
        {"{a:1}", "1:2: expected a key in quotes"},
        {"\"ä\" x", "1:5: something follows the value"},
        {"[\"ä\", tru]", "1:7: expected a value"},
        {"\"tab\there\"", "1:1: a string is not closed, or holds a control character"},
        {"\"open", "1:1: a string is not closed, or holds a control character"},
        {"\"\\x\"", "1:1: a string holds an escape that JSON does not know"},
        {"\"\\ud800\"", "1:1: a string holds an escape that JSON does not know"},
        {"\"\\udc00\\ud800\"", "1:1: a string holds an escape that JSON does not know"},
        {"{\"a\\u0000\":1}", "1:2: a key holds \\u0000"},
        {"1e999", "1:1: a number is too large"},
        {"-", "1:1: not a number as JSON has it"},
        {"1.", "1:1: not a number as JSON has it"},
        {"01", "1:2: something follows the value"},
        {"NaN", "1:1: expected a value"},
        {"[\n\"\xff\"]", "2:2: the text is not UTF-8"},
        {"\"\xed\xa0\x80\"", "1:2: the text is not UTF-8"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].text);
        g_assert_null(json_parse(arena, cases[i].text, -1, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void test_depth_and_size_have_a_ceiling(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int depth = 128; depth <= 129; depth++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        g_autoptr(GError) error = NULL;

        g_string_truncate(text, 0);
        for (int i = 0; i < depth; i++)
            g_string_append_c(text, '[');
        for (int i = 0; i < depth; i++)
            g_string_append_c(text, ']');
        g_assert_cmpint(json_parse(arena, text->str, -1, &error) != NULL, ==, depth == 128);
    }
    {
        g_autoptr(Arena) arena = arena_new(1000);
        g_autoptr(GError) error = NULL;

        g_assert_null(json_parse(arena, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]",
                                 -1, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

static void test_values_know_where_they_were_written(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const Value *value = json_parse(arena, "{\n  \"ä\": 1, \"b\":\n    [true]\n}", -1, NULL);

    g_assert_cmpint(value_line(value), ==, 1);
    g_assert_cmpint(value_key_column(value, "b"), ==, 11);
    g_assert_cmpint(value_key_line(value, "b"), ==, 2);
    g_assert_cmpint(value_line(value_get(value, "b")), ==, 3);
    g_assert_cmpint(value_column(value_item(value_get(value, "b"), 0)), ==, 6);
}

/* text written back, or the reason it was refused. */
static char *rewritten(const char *text, JsonFlags flags)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    const Value *value = json_parse(arena, text, -1, &error);

    return value ? json_to_string(value, flags) : g_strdup(error->message);
}

static void test_numbers_print_as_javascript_prints_them(void)
{
    static const char *const cases[][2] = {
        {"0.1", "0.1"},
        {"1.0", "1"},
        {"-0.0", "0"},
        {"1e21", "1e+21"},
        {"1e20", "100000000000000000000"},
        {"123456789012345680000.0", "123456789012345680000"},
        {"0.000001", "0.000001"},
        {"1e-7", "1e-7"},
        {"1.5e-7", "1.5e-7"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"5e-324", "5e-324"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"-12.75", "-12.75"},
        {"9007199254740993", "9007199254740993"},
        {"-9223372036854775808", "-9223372036854775808"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = rewritten(cases[i][0], JSON_COMPACT);

        g_assert_cmpstr(got, ==, cases[i][1]);
    }
}

static void test_writing_is_compact_pretty_or_sorted(void)
{
    static const char text[] = "{\"b\":[1,{}],\"a\":{\"c\":null,\"b\":[]}}";
    g_autofree char *compact = rewritten(text, JSON_COMPACT);
    g_autofree char *sorted = rewritten(text, JSON_SORT_KEYS);
    g_autofree char *pretty = rewritten(text, JSON_PRETTY);

    g_assert_cmpstr(compact, ==, text);
    g_assert_cmpstr(sorted, ==, "{\"a\":{\"b\":[],\"c\":null},\"b\":[1,{}]}");
    g_assert_cmpstr(pretty, ==,
                    "{\n  \"b\": [\n    1,\n    {}\n  ],\n"
                    "  \"a\": {\n    \"c\": null,\n    \"b\": []\n  }\n}");
}

static void test_strings_are_escaped_and_made_utf8(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(Arena) arena = arena_new(1 << 20);
    static const char raw[] = "q\" b\\ \n\x01\x7f\0ä\xff\xc3";
    const Value *back;

    json_write_string(out, raw, sizeof raw - 1);
    g_assert_cmpstr(out->str, ==, "\"q\\\" b\\\\ \\n\\u0001\x7f\\u0000ä\xef\xbf\xbd\xef\xbf\xbd\"");
    back = json_parse(arena, out->str, (gssize)out->len, NULL);
    g_assert_cmpuint(value_string_length(back), ==, 18);
    back = json_parse(arena, "\"\\ud83d\\ude00\"", -1, NULL);
    g_assert_cmpstr(value_string(back, ""), ==, "😀");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/what-is-not-json-is-refused-with-its-place",
                    test_what_is_not_json_is_refused_with_its_place);
    g_test_add_func("/json/depth-and-size-have-a-ceiling", test_depth_and_size_have_a_ceiling);
    g_test_add_func("/json/values-know-where-they-were-written",
                    test_values_know_where_they_were_written);
    g_test_add_func("/json/numbers-print-as-javascript-prints-them",
                    test_numbers_print_as_javascript_prints_them);
    g_test_add_func("/json/writing-is-compact-pretty-or-sorted",
                    test_writing_is_compact_pretty_or_sorted);
    g_test_add_func("/json/strings-are-escaped-and-made-utf8",
                    test_strings_are_escaped_and_made_utf8);
    return g_test_run();
}
