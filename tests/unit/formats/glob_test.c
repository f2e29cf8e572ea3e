#include "formats/glob.h"

#include <glib.h>

typedef struct {
    const char *pattern, *path;
    bool matches;
} Case;

static void check(const Case *cases, gsize count, GlobFlags flags)
{
    for (gsize i = 0; i < count; i++)
        if (glob_matches(cases[i].pattern, cases[i].path, flags) != cases[i].matches)
            g_error("%s and %s: wanted %d", cases[i].pattern, cases[i].path, cases[i].matches);
}

static void test_stars_keep_to_their_segments(void)
{
    static const Case cases[] = {
        {"/a/*.yaml", "/a/b.yaml", true},
        {"/a/*.yaml", "/a/b/c.yaml", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a*c", "a/c", false},
        {"a", "ab", false},
        {"", "", true},
        {"*", "", true},
    };

    check(cases, G_N_ELEMENTS(cases), GLOB_PLAIN);
}

static void test_a_segment_of_two_stars_is_any_folder(void)
{
    static const Case cases[] = {
        {"/a/**/c.yaml", "/a/c.yaml", true},
        {"/a/**/c.yaml", "/a/b/d/c.yaml", true},
        {"/a/**/c.yaml", "/a/b/d/xc.yaml", false},
        {"**/x-*.yaml", "a/b/x-1.yaml", true},
        {"**", "a/b", true},
        {"docs/**", "docs/a/b.md", true},
        {"docs/**", "docsx/a", false},
        {"a/*/b/**/d*", "a/x/b/c/c/dd", true},
        {"**/a/**/b", "x/a/y/a/z/b", true},
        {"**.md", "a.md", true},
        {"**.md", "a/b.md", false},
    };

    check(cases, G_N_ELEMENTS(cases), GLOB_PLAIN);
}

static void test_classes(void)
{
    static const Case cases[] = {
        {"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false}, {"[^a-c]x", "dx", true},
        {"[]a]x", "]x", true},  {"a[!b]c", "a/c", false}, {"a[", "a[", true},
        {"a[b", "ab", false},   {"[a-]", "-", true},
    };

    check(cases, G_N_ELEMENTS(cases), GLOB_PLAIN);
}

static void test_braces_are_choices_where_asked_for(void)
{
    static const Case plain[] = {{"{a,b}", "a", false}, {"{a,b}", "{a,b}", true}};
    static const Case braces[] = {
        {"{a,b}/*.{c,h}", "b/x.h", true},
        {"{a,b}/*.{c,h}", "c/x.h", false},
        {"{**,x}/y", "a/b/y", true},
        {"{a", "{a", true},
    };

    check(plain, G_N_ELEMENTS(plain), GLOB_PLAIN);
    check(braces, G_N_ELEMENTS(braces), GLOB_BRACES);
}

static void test_hostile_patterns_end(void)
{
    g_autoptr(GString) braces = g_string_new(NULL);
    static const Case cases[] = {
        {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"**/a/**/a/**/a/**/a/**/b", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", false},
    };

    check(cases, G_N_ELEMENTS(cases), GLOB_PLAIN);
    for (int i = 0; i < 64; i++)
        g_string_append(braces, "{a,b}");
    g_assert_false(glob_matches(braces->str, "c", GLOB_BRACES));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/glob/stars-keep-to-their-segments", test_stars_keep_to_their_segments);
    g_test_add_func("/glob/a-segment-of-two-stars-is-any-folder",
                    test_a_segment_of_two_stars_is_any_folder);
    g_test_add_func("/glob/classes", test_classes);
    g_test_add_func("/glob/braces-are-choices-where-asked-for",
                    test_braces_are_choices_where_asked_for);
    g_test_add_func("/glob/hostile-patterns-end", test_hostile_patterns_end);
    return g_test_run();
}
