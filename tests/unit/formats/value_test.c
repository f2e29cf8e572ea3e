#include "formats/value.h"
#include "formats/json.h"

static const Value *parse(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    const Value *value = json_parse(arena, text, -1, &error);

    g_assert_no_error(error);
    return value;
}

static void test_absent_reads_as_fallback(void)
{
    g_assert_cmpint(value_kind(NULL), ==, VALUE_NULL);
    g_assert_false(value_is(NULL, VALUE_NULL));
    g_assert_cmpstr(value_string(NULL, "x"), ==, "x");
    g_assert_cmpint(value_int(NULL, 7), ==, 7);
    g_assert_cmpuint(value_count(NULL), ==, 0);
    g_assert_null(value_get(NULL, "a"));
    g_assert_null(value_path(NULL, "a.b"));
    g_assert_null(value_item(NULL, 0));
}

static void test_members_keep_their_order_and_are_found_among_many(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    Value *object = value_object_new(arena);

    for (int i = 0; i < 1000; i++) {
        g_autofree char *key = g_strdup_printf("key%d", i);

        value_set_int(arena, object, key, i);
    }
    value_set(arena, object, "key500", NULL);
    value_set_int(arena, object, "key501", -1);
    g_assert_cmpuint(value_count(object), ==, 999);
    g_assert_null(value_get(object, "key500"));
    g_assert_cmpint(value_int(value_get(object, "key501"), 0), ==, -1);
    g_assert_cmpint(value_int(value_get(object, "key999"), 0), ==, 999);
    g_assert_cmpstr(value_key_at(object, 500), ==, "key501");
}

static void test_paths_try_the_longest_key_first(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    const Value *value =
        parse(arena, "{\"a\":{\"b.c\":1,\"b\":{\"c\":2,\"d\":3}},\"x.y\":{\"z\":4}}");

    g_assert_cmpint(value_int(value_path(value, "a.b.c"), 0), ==, 1);
    g_assert_cmpint(value_int(value_path(value, "a.b.d"), 0), ==, 3);
    g_assert_cmpint(value_int(value_path(value, "x.y.z"), 0), ==, 4);
    g_assert_null(value_path(value, "a.b.e"));
}

static void test_pointers_are_rfc_6901(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    const Value *value = parse(arena, "{\"a/b\":[10,{\"~\":20}],\"\":30}");

    g_assert_true(value_pointer(value, "") == value);
    g_assert_cmpint(value_int(value_pointer(value, "/a~1b/0"), 0), ==, 10);
    g_assert_cmpint(value_int(value_pointer(value, "/a~1b/1/~0"), 0), ==, 20);
    g_assert_cmpint(value_int(value_pointer(value, "/"), 0), ==, 30);
    g_assert_null(value_pointer(value, "/a~1b/00"));
    g_assert_null(value_pointer(value, "/a~1b/2"));
    g_assert_null(value_pointer(value, "a"));
}

static void test_equality_is_jsons(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"b\":[true]}", "{\"b\":[true],\"a\":1.0}", true},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"[1,2]", "[2,1]", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"\"1\"", "1", false},
        {"null", "false", false},
        {"\"a\\u0000b\"", "\"a\\u0000c\"", false},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (value_equal(parse(arena, cases[i].a), parse(arena, cases[i].b)) != cases[i].equal)
            g_error("%s and %s: wanted %d", cases[i].a, cases[i].b, cases[i].equal);
}

static void test_integers_are_exact(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);

    g_assert_true(value_is_int(parse(arena, "9223372036854775807")));
    g_assert_cmpint(value_int(parse(arena, "9223372036854775807"), 0), ==, G_MAXINT64);
    g_assert_false(value_is_int(parse(arena, "1.0")));
    g_assert_cmpint(value_int(parse(arena, "1.0"), 0), ==, 1);
    g_assert_cmpint(value_int(parse(arena, "1.5"), -1), ==, -1);
    g_assert_cmpint(value_int(parse(arena, "9223372036854775808"), -1), ==, -1);
}

static void test_a_shallow_clone_changes_alone(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    const Value *original = parse(arena, "{\"a\":1,\"b\":2,\"c\":3}");
    Value *clone = value_clone_shallow(arena, original);
    Value *list = value_clone_shallow(arena, parse(arena, "[1]"));

    value_set_int(arena, clone, "a", 9);
    for (int i = 0; i < 20; i++)
        value_set_int(arena, clone, (char[]){'k', (char)('a' + i), 0}, i);
    value_append(arena, list, original);
    g_assert_cmpint(value_int(value_get(original, "a"), 0), ==, 1);
    g_assert_cmpuint(value_count(original), ==, 3);
    g_assert_cmpuint(value_count(clone), ==, 23);
    g_assert_cmpuint(value_count(list), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/absent-reads-as-fallback", test_absent_reads_as_fallback);
    g_test_add_func("/value/members-keep-their-order-and-are-found-among-many",
                    test_members_keep_their_order_and_are_found_among_many);
    g_test_add_func("/value/paths-try-the-longest-key-first", test_paths_try_the_longest_key_first);
    g_test_add_func("/value/pointers-are-rfc-6901", test_pointers_are_rfc_6901);
    g_test_add_func("/value/equality-is-jsons", test_equality_is_jsons);
    g_test_add_func("/value/integers-are-exact", test_integers_are_exact);
    g_test_add_func("/value/a-shallow-clone-changes-alone", test_a_shallow_clone_changes_alone);
    return g_test_run();
}
