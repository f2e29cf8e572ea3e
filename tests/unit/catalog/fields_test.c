#include "catalog/query/fields.h"
#include "formats/json.h"
#include "formats/value.h"
#include <string.h>

/* ---- what projection means, said with values ---- */

static const char *leading_key(Arena *arena, const Value *object, const char *path,
                               const char **rest)
{
    for (const char *dot = strchr(path, '.');; dot = dot ? strchr(dot + 1, '.') : NULL) {
        const char *key = dot ? arena_strndup(arena, path, (gsize)(dot - path)) : path;

        *rest = dot ? dot + 1 : NULL;
        if (value_get(object, key))
            return key;
        if (!dot)
            return NULL;
    }
}

static void project(Arena *arena, const Value *from, Value *to, const char *path)
{
    const char *rest, *key = leading_key(arena, from, path, &rest);
    const Value *member = key ? value_get(from, key) : NULL, *there;
    Value *below;

    if (!key)
        return;
    if (!rest) {
        value_set(arena, to, key, member);
        return;
    }
    there = value_get(to, key);
    if (!value_is(member, VALUE_OBJECT) || there == member)
        return;
    below = there ? value_clone_shallow(arena, there) : value_object_new(arena);
    project(arena, member, below, rest);
    if (value_count(below) > 0)
        value_set(arena, to, key, below);
}

static const char *project_value(Arena *arena, const Value *entity, const char *const *fields)
{
    Value *projected = value_object_new(arena);

    if (!*fields)
        return json_to_arena(arena, entity, JSON_COMPACT);
    for (; *fields; fields++)
        project(arena, entity, projected, *fields);
    return json_to_arena(arena, projected, JSON_COMPACT);
}

/* ---- random entities and paths ---- */

static const char *const names[] = {"a", "b", "a.b", "b.a", "ab", "", "é", "q\"", "x\\y", "a.b.c"};

static const char *random_name(void)
{
    return names[g_test_rand_int_range(0, G_N_ELEMENTS(names))];
}

static Value *random_value(Arena *arena, int depth)
{
    Value *value;

    switch (g_test_rand_int_range(0, depth > 0 ? 8 : 5)) {
    case 0:
        return value_null_new(arena);
    case 1:
        return value_int_new(arena, g_test_rand_int_range(-9, 1000));
    case 2:
        return value_bool_new(arena, true);
    case 3:
        return value_string_new(arena, "},{\"a\\\":[");
    case 4:
        return value_string_new(arena, "");
    case 5:
        value = value_array_new(arena);
        for (int i = g_test_rand_int_range(0, 4); i > 0; i--)
            value_append(arena, value, random_value(arena, depth - 1));
        return value;
    default:
        value = value_object_new(arena);
        for (int i = g_test_rand_int_range(0, 5); i > 0; i--)
            value_set(arena, value, random_name(), random_value(arena, depth - 1));
        return value;
    }
}

static const char *random_path(Arena *arena)
{
    const char *path = random_name();

    for (int i = g_test_rand_int_range(0, 4); i > 0; i--)
        path = arena_printf(arena, "%s.%s", path, random_name());
    return path;
}

static Value *random_object(Arena *arena)
{
    Value *object = value_object_new(arena);

    for (int i = g_test_rand_int_range(0, 6); i > 0; i--)
        value_set(arena, object, random_name(), random_value(arena, 4));
    return object;
}

static void test_text_is_cut_down_as_values_would_be(void)
{
    for (int round = 0; round < 5000; round++) {
        g_autoptr(Arena) arena = arena_new(1 << 20);
        g_autoptr(GString) out = g_string_new("before ");
        const Value *entity = random_object(arena);
        const char *text = json_to_arena(arena, entity, JSON_COMPACT), *wanted;
        const Value *written;
        const char *fields[6] = {NULL};

        for (int i = g_test_rand_int_range(0, 6); i > 0; i--)
            fields[i - 1] = random_path(arena);
        wanted = project_value(arena, entity, fields);
        fields_write(out, text, strlen(text), fields);
        written = json_parse(arena, out->str + strlen("before "), -1, NULL);
        if (!value_equal(written, json_parse(arena, wanted, -1, NULL)))
            g_test_message("%s [%s %s %s %s %s]", text, fields[0], fields[1], fields[2], fields[3],
                           fields[4]);
        g_assert_true(value_equal(written, json_parse(arena, wanted, -1, NULL)));
    }
}

static void test_a_text_that_is_cut_short_is_read_no_further(void)
{
    static const char text[] = "{\"a\":{\"b\":[1,\"x\\\"\"]},\"c\":\"y\",\"d\":1}";
    const char *const fields[] = {"a.b", "c", "d", NULL};

    for (gsize length = 0; length < strlen(text); length++) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *cut = g_memdup2(text, MAX(length, 1));

        fields_write(out, cut, length, fields);
        g_assert_true(g_str_has_prefix(out->str, "{"));
    }
}

static void test_fields_are_cut_out_by_path(void)
{
    static const char entity[] = "{\"kind\":\"C\",\"metadata\":{\"name\":\"x\",\"tags\":[1],"
                                 "\"annotations\":{\"backstage.io/x\":\"y\"}}}";
    static const struct {
        const char *fields, *wanted;
    } cases[] = {
        {"kind", "{\"kind\":\"C\"}"},
        {"metadata.name,kind", "{\"metadata\":{\"name\":\"x\"},\"kind\":\"C\"}"},
        {"metadata.annotations.backstage.io/x",
         "{\"metadata\":{\"annotations\":{\"backstage.io/x\":\"y\"}}}"},
        {"metadata.nope,spec", "{}"},
        {"metadata.name,metadata",
         "{\"metadata\":{\"name\":\"x\",\"tags\":[1],\"annotations\":{\"backstage.io/x\":\"y\"}}}"},
        {"", entity},
    };
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const char *const *fields;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        g_assert_true(
            fields_parse(arena, (const char *const[]){cases[i].fields, NULL}, &fields, NULL));
        fields_write(out, entity, strlen(entity), fields);
        g_assert_cmpstr(out->str, ==, cases[i].wanted);
    }
}

static void test_fields_of_lists_are_refused(void)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autoptr(GError) error = NULL;
    const char *const *fields;

    g_assert_false(fields_parse(arena, (const char *const[]){"tags[0]", NULL}, &fields, &error));
    g_assert_cmpstr(error->message, ==,
                    "Invalid field \"tags[0]\", array type fields are not supported");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/fields/fields-are-cut-out-by-path", test_fields_are_cut_out_by_path);
    g_test_add_func("/catalog/fields/text-is-cut-down-as-values-would-be",
                    test_text_is_cut_down_as_values_would_be);
    g_test_add_func("/catalog/fields/a-text-that-is-cut-short-is-read-no-further",
                    test_a_text_that_is_cut_short_is_read_no_further);
    g_test_add_func("/catalog/fields/fields-of-lists-are-refused",
                    test_fields_of_lists_are_refused);
    return g_test_run();
}
