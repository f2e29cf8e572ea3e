#include "formats/yaml.h"
#include "formats/json.h"
#include <math.h>
#include <string.h>

/* The document as compact JSON, or the first diagnostic. */
static char *read_as(const char *text, gssize length, YamlDialect dialect)
{
    g_autoptr(Arena) arena = arena_new(64 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    const Value *value = yaml_parse(arena, text, length, "f.yaml", dialect, diagnostics);

    if (diagnostics_to_error(diagnostics, &error))
        return json_to_string(value, JSON_COMPACT);
    g_assert_null(value);
    return g_strdup(error->message);
}

typedef struct {
    const char *text, *wanted;
} Case;

static void check_cases(const Case *cases, gsize count, YamlDialect dialect)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *got = read_as(cases[i].text, -1, dialect);

        if (!g_str_equal(got, cases[i].wanted))
            g_error("%s\n   got: %s\nwanted: %s", cases[i].text, got, cases[i].wanted);
    }
}

static void test_plain_scalars_follow_the_core_schema(void)
{
    static const Case cases[] = {
        {"[no, off, yes, on, y, NULL, ~, '~', True, 'true', tRue]",
         "[\"no\",\"off\",\"yes\",\"on\",\"y\",null,null,\"~\",true,\"true\",\"tRue\"]"},
        {"[1, -2, +3, 0o17, 0xfF, 017, 1_000, 0b1]", "[1,-2,3,15,255,17,\"1_000\",\"0b1\"]"},
        {"[1.5, 1., .5, 1e3, -1.5E-3, ., e3, 1e]", "[1.5,1,0.5,1000,-0.0015,\".\",\"e3\",\"1e\"]"},
        {"[1.2.3, 12:30, 2026-03-01, 0x, -, .inf]",
         "[\"1.2.3\",\"12:30\",\"2026-03-01\",\"0x\",\"-\",null]"},
        {"[9223372036854775807, 9223372036854775808]", "[9223372036854775807,9223372036854776000]"},
        {"[!!str 1, !!int '2', !!float 1, ! 3]", "[\"1\",2,1,\"3\"]"},
        {"a:\nb: ''\nc: |\n  x\n  y\n", "{\"a\":null,\"b\":\"\",\"c\":\"x\\ny\\n\"}"},
        {"1: a\ntrue: b\n? x\n: c\n", "{\"1\":\"a\",\"true\":\"b\",\"x\":\"c\"}"},
    };

    check_cases(cases, G_N_ELEMENTS(cases), YAML_PLAIN);
}

static void test_what_is_wrong_is_said_with_its_place(void)
{
    static const Case cases[] = {
        {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" is there twice, first in line 1"},
        {"a:\n  - x: 1\n    x: 2\n", "f.yaml:3:5: the key \"x\" is there twice, first in line 2"},
        {"a: [1, 2\nb: 3\n", "f.yaml:2:2: did not find expected ',' or ']' while parsing a flow "
                             "sequence (line 1, column 4)"},
        {"a: b: c\n", "f.yaml:1:5: mapping values are not allowed in this context"},
        {"\ta: 1\n", "f.yaml:1:1: found character that cannot start any token while scanning for "
                     "the next token (line 1, column 1)"},
        {"a: *x\n", "f.yaml:1:4: the alias names an anchor that is not there before it"},
        {"a: &x [*x]\n", "f.yaml:1:8: the alias names an anchor that is not there before it"},
        {"{[a]: b}\n", "f.yaml:1:2: a key must be a plain word or a string"},
        {"\"a\\0\": b\n", "f.yaml:1:1: a key may not hold a NUL character"},
        {"a: 1\n--- \nb: 2\n", "f.yaml:3:1: a second document begins here; one is expected"},
        {"a: !!int x\n", "f.yaml:1:4: the value is not what its tag says"},
        {"ä: \"\xff\"\n", "f.yaml:1:5: invalid leading UTF-8 octet"},
        {"a: \x01\n", "f.yaml:1:4: control characters are not allowed"},
    };

    check_cases(cases, G_N_ELEMENTS(cases), YAML_PLAIN);
}

static void test_merge_keys_work_where_the_dialect_has_them(void)
{
    static const char text[] = "base: &b {x: 1, y: 2}\nuse:\n  y: 3\n  <<: *b\n";
    static const Case plain[] = {
        {text, "{\"base\":{\"x\":1,\"y\":2},\"use\":{\"y\":3,\"<<\":{\"x\":1,\"y\":2}}}"},
        {"a: &x {k: v}\nb: *x\n", "{\"a\":{\"k\":\"v\"},\"b\":{\"k\":\"v\"}}"},
    };
    static const Case merging[] = {
        {text, "{\"base\":{\"x\":1,\"y\":2},\"use\":{\"y\":3,\"x\":1}}"},
        {"<<: [{a: 1}, {a: 2, b: 3}]", "{\"a\":1,\"b\":3}"},
        {"\"<<\": 1", "{\"<<\":1}"},
        {"a: 1\n<<: x\n", "f.yaml:2:5: << takes a mapping or a list of mappings"},
    };

    check_cases(plain, G_N_ELEMENTS(plain), YAML_PLAIN);
    check_cases(merging, G_N_ELEMENTS(merging), YAML_MERGE_KEYS);
}

static void test_every_document_is_found_and_empty_ones_are_not(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *documents =
        yaml_parse_stream(arena, "---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n", -1, NULL,
                          YAML_PLAIN, diagnostics);
    g_autofree char *json = json_to_string(documents, JSON_COMPACT);

    g_assert_cmpstr(json, ==, "[{\"a\":1},{\"b\":2}]");
    g_assert_cmpint(value_line(value_item(documents, 1)), ==, 7);
    g_assert_null(yaml_parse(arena, "", 0, NULL, YAML_PLAIN, diagnostics));
    g_assert_cmpuint(diagnostics_count(diagnostics), ==, 0);
}

static void test_one_bad_document_fails_the_file(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    g_assert_null(
        yaml_parse_stream(arena, "a: 1\n---\nb: [\n", -1, "f.yaml", YAML_PLAIN, diagnostics));
    g_assert_true(diagnostics_have_errors(diagnostics));
}

static void test_values_know_where_they_were_written(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *value = yaml_parse(arena, "ä: x\nlist:\n  - one\n  - key:   two\n", -1, NULL,
                                    YAML_PLAIN, diagnostics);
    const Value *two = value_pointer(value, "/list/1/key");

    g_assert_cmpint(value_column(value_get(value, "ä")), ==, 4);
    g_assert_cmpint(value_key_line(value, "list"), ==, 2);
    g_assert_cmpint(value_line(two), ==, 4);
    g_assert_cmpint(value_column(two), ==, 12);
    g_assert_cmpint(value_key_column(value_pointer(value, "/list/1"), "key"), ==, 5);
}

static char *repeated(const char *text, int count)
{
    g_autoptr(GString) out = g_string_new(NULL);

    while (count-- > 0)
        g_string_append(out, text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void test_depth_has_a_ceiling(void)
{
    for (int depth = 63; depth <= 64; depth++) {
        g_autofree char *open = repeated("[", depth), *close = repeated("]", depth);
        g_autofree char *text = g_strdup_printf("%s1%s", open, close);
        g_autofree char *got = read_as(text, -1, YAML_PLAIN);

        g_assert_cmpint(strstr(got, "deeper") != NULL, ==, depth == 64);
    }
    {
        g_autofree char *open = repeated("[", 200000);
        g_autofree char *got = read_as(open, -1, YAML_PLAIN);

        g_assert_cmpstr(got, ==, "f.yaml:1:65: nested deeper than 64 levels");
    }
}

static void test_aliases_cannot_make_a_document_deep(void)
{
    g_autoptr(GString) text = g_string_new("a0: &a0 x\n");
    g_autofree char *got = NULL;

    for (int i = 1; i < 100; i++)
        g_string_append_printf(text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    got = read_as(text->str, -1, YAML_PLAIN);
    g_assert_nonnull(strstr(got, "nested deeper than 64 levels"));
}

static void test_aliases_are_counted_as_often_as_they_expand(void)
{
    g_autoptr(GString) text = g_string_new("a0: &a0 lol\n");
    g_autofree char *got = NULL;

    for (int i = 1; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("*a%d,", i - 1);
        g_autofree char *aliases = repeated(name, 10);

        g_string_append_printf(text, "a%d: &a%d [%s]\n", i, i, aliases);
    }
    got = read_as(text->str, -1, YAML_PLAIN);
    g_assert_nonnull(strstr(got, "too large once its aliases are expanded"));
}

static void test_unknown_tags_are_a_warning(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *value = yaml_parse(arena, "a: !Ref x\n", -1, NULL, YAML_PLAIN, diagnostics);

    g_assert_cmpstr(value_string(value_get(value, "a"), NULL), ==, "x");
    g_assert_false(diagnostics_have_errors(diagnostics));
    g_assert_cmpstr(diagnostics_get(diagnostics, 0)->code, ==, "yaml-unknown-tag");
}

/* ---- writing ---- */

static void test_strings_are_quoted_exactly_where_needed(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    static const Case cases[] = {
        {"plain words", "plain words\n"},
        {"on", "on\n"},
        {"true", "\"true\"\n"},
        {"1e3", "\"1e3\"\n"},
        {"", "\"\"\n"},
        {"~", "\"~\"\n"},
        {"a: b", "\"a: b\"\n"},
        {"a:b", "a:b\n"},
        {"a #b", "\"a #b\"\n"},
        {"a#b", "a#b\n"},
        {"-x", "-x\n"},
        {"- x", "\"- x\"\n"},
        {"-", "\"-\"\n"},
        {"---", "\"---\"\n"},
        {"*x", "\"*x\"\n"},
        {" x", "\" x\"\n"},
        {"x:", "\"x:\"\n"},
        {"tab\there", "\"tab\\u0009here\"\n"},
        {"${{ parameters.x }}", "${{ parameters.x }}\n"},
        {"two\nlines", "|-\n  two\n  lines\n"},
        {"ended\n", "|\n  ended\n"},
        {"kept\n\n", "|+\n  kept\n\n"},
        {" x\ny", "\" x\\ny\"\n"},
        {"\xc2\x85", "\"\\u0085\"\n"},
        {"ä😀", "ä😀\n"},
        {"\xff", "\"\xef\xbf\xbd\"\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        yaml_write(out, value_string_new(arena, cases[i].text));
        g_assert_cmpstr(out->str, ==, cases[i].wanted);
    }
}

static void test_documents_are_written_in_block_style(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GString) out = g_string_new(NULL);
    const Value *value = json_parse(arena,
                                    "{\"metadata\":{\"name\":\"x\",\"tags\":[\"a\",\"b\"]},"
                                    "\"list\":[{\"k\":1,\"l\":[[2],[]]}],\"empty\":{},"
                                    "\"text\":\"one\\ntwo\\n\",\"last\":null}",
                                    -1, NULL);

    yaml_write(out, value);
    g_assert_cmpstr(out->str, ==,
                    "metadata:\n  name: x\n  tags:\n    - a\n    - b\n"
                    "list:\n  - k: 1\n    l:\n      - - 2\n      - []\n"
                    "empty: {}\ntext: |\n  one\n  two\nlast: null\n");
}

static const Value *make_value(GRand *random, Arena *arena, int depth)
{
    static const char *const strings[] = {
        "a",    "",     " ",     "\n",      "a\n",  "a\nb", "a\n\n\nb\n\n", "\n\na", "#",  "a: b",
        "- a",  "true", "0x1f",  "'",       "\"",   "\\",   "a\r\nb",       "\t",    "{}", "[a]",
        "ä\n😀", "!x",   "a\n b", "a\n  \n", "%x",   "a ",   "? x",          "|",     "<<", "...",
        "---",  "@",    "`",     "a\tb\nc", "\x7f", "a\n ", "\xe2\x80\xa8", "x\n#y", "*a", "&a"};
    Value *value;

    switch (g_rand_int_range(random, 0, depth > 5 ? 2 : 4)) {
    case 0:
        return value_string_new(arena, strings[g_rand_int_range(random, 0, G_N_ELEMENTS(strings))]);
    case 1:
        return value_number_new(arena, g_rand_double(random) * 1e9);
    case 2:
        value = value_array_new(arena);
        for (int i = g_rand_int_range(random, 0, 4); i > 0; i--)
            value_append(arena, value, make_value(random, arena, depth + 1));
        return value;
    default:
        value = value_object_new(arena);
        for (int i = g_rand_int_range(random, 0, 4); i > 0; i--)
            value_set(arena, value, strings[g_rand_int_range(random, 0, G_N_ELEMENTS(strings))],
                      make_value(random, arena, depth + 1));
        return value;
    }
}

static void test_what_is_written_is_read_back(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20260302);

    for (int round = 0; round < 5000; round++) {
        g_autoptr(Arena) arena = arena_new(16 << 20);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        g_autoptr(GString) out = g_string_new(NULL);
        const Value *value = make_value(random, arena, 0), *back;

        yaml_write(out, value);
        back = yaml_parse(arena, out->str, (gssize)out->len, NULL, YAML_MERGE_KEYS, diagnostics);
        if (!value_equal(value, back))
            g_error("%s\n--- was read back as\n%s\n--- from\n%s",
                    json_to_arena(arena, value, JSON_PRETTY),
                    json_to_arena(arena, back, JSON_PRETTY), out->str);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml/plain-scalars-follow-the-core-schema",
                    test_plain_scalars_follow_the_core_schema);
    g_test_add_func("/yaml/what-is-wrong-is-said-with-its-place",
                    test_what_is_wrong_is_said_with_its_place);
    g_test_add_func("/yaml/merge-keys-work-where-the-dialect-has-them",
                    test_merge_keys_work_where_the_dialect_has_them);
    g_test_add_func("/yaml/every-document-is-found-and-empty-ones-are-not",
                    test_every_document_is_found_and_empty_ones_are_not);
    g_test_add_func("/yaml/one-bad-document-fails-the-file", test_one_bad_document_fails_the_file);
    g_test_add_func("/yaml/values-know-where-they-were-written",
                    test_values_know_where_they_were_written);
    g_test_add_func("/yaml/depth-has-a-ceiling", test_depth_has_a_ceiling);
    g_test_add_func("/yaml/aliases-cannot-make-a-document-deep",
                    test_aliases_cannot_make_a_document_deep);
    g_test_add_func("/yaml/aliases-are-counted-as-often-as-they-expand",
                    test_aliases_are_counted_as_often_as_they_expand);
    g_test_add_func("/yaml/unknown-tags-are-a-warning", test_unknown_tags_are_a_warning);
    g_test_add_func("/yaml/strings-are-quoted-exactly-where-needed",
                    test_strings_are_quoted_exactly_where_needed);
    g_test_add_func("/yaml/documents-are-written-in-block-style",
                    test_documents_are_written_in_block_style);
    g_test_add_func("/yaml/what-is-written-is-read-back", test_what_is_written_is_read_back);
    return g_test_run();
}
