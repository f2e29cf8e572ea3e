#include "../test_folder.h"
#include "scaffolder/scaffolder_internal.h"
#include "spine/snapshot.h"

#include <glib/gstdio.h>
#include <unistd.h>

static void test_paths(void)
{
    static const char *const refused[] = {"/etc/passwd", "../x", "a/../../x", "a/..", "a\\..\\b"};
    g_autoptr(TestFolder) root = test_folder_new();
    g_autofree char *wanted = g_strconcat(root, "/a/b", NULL);
    g_autofree char *path = workdir_path(root, "./a//b/", NULL);

    g_assert_cmpstr(path, ==, wanted);
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(workdir_path(root, refused[i], &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    }
}

static void test_symlinked_folder(void)
{
    g_autoptr(TestFolder) root = test_folder_new();
    g_autofree char *link = g_build_filename(root, "out", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(symlink("/tmp", link), ==, 0);
    g_assert_false(workdir_write(root, "out/pave-escaped", "x", 1, 0644, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_assert_false(g_file_test("/tmp/pave-escaped", G_FILE_TEST_EXISTS));
}

static void test_symlinked_file_is_replaced(void)
{
    g_autoptr(TestFolder) root = test_folder_new();
    g_autoptr(TestFolder) other = test_folder_new();
    g_autofree char *target = g_build_filename(other, "victim", NULL);
    g_autofree char *link = g_build_filename(root, "link", NULL);
    g_autofree char *left = NULL;

    g_assert_true(g_file_set_contents(target, "kept", -1, NULL));
    g_assert_cmpint(symlink(target, link), ==, 0);
    g_assert_true(workdir_write(root, "link", "new", 3, 0644, NULL));
    g_assert_true(g_file_get_contents(target, &left, NULL, NULL));
    g_assert_cmpstr(left, ==, "kept");
}

static void test_snapshot(void)
{
    g_autoptr(TestFolder) folder = test_folder_new();
    g_autofree char *root = g_build_filename(folder, "workspace", NULL);
    g_autofree char *objects = g_build_filename(folder, "objects", NULL);
    g_autofree char *script = g_build_filename(root, "bin", "run", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir(root, 0755), ==, 0);
    g_assert_true(workdir_write(root, "bin/run", "#!/bin/sh\r\n", 11, 0755, &error));
    g_assert_true(workdir_write(root, ".gitignore", "*\n", 2, 0644, &error));
    g_assert_true(workdir_write(root, ".gitattributes", "* text eol=lf\n", 14, 0644, &error));
    g_autofree char *tree = snapshot_take(objects, root, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(tree), ==, 40);
    g_assert_true(workdir_write(root, "bin/run", "changed", 7, 0644, NULL));
    g_assert_true(workdir_write(root, "more", "x", 1, 0644, NULL));
    g_assert_true(snapshot_restore(objects, root, tree, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(script, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "#!/bin/sh\r\n");
    g_assert_true(g_file_test(script, G_FILE_TEST_IS_EXECUTABLE));
    g_autofree char *again = snapshot_take(objects, root, NULL);

    g_assert_cmpstr(again, ==, tree);
    g_assert_true(snapshot_restore(objects, root, NULL, NULL));
    g_autoptr(GPtrArray) entries = workdir_list(root, NULL);

    g_assert_cmpuint(entries->len, ==, 0);
}

static void test_globs(void)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"*.yaml", "a.yaml", true},
        {"*.yaml", "b/a.yaml", false},
        {"**/*.yaml", "b/c/a.yaml", true},
        {"**/*.yaml", "a.yaml", true},
        {"docs", "docs/a/b.md", true},
        {"docs/**", "docs/a/b.md", true},
        {"a/?.c", "a/b.c", true},
        {"a/?.c", "a/bb.c", false},
        {"{a,b}/*.{c,h}", "b/x.h", true},
        {"{a,b}/*.{c,h}", "c/x.h", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},
        {"./a", "a", true},
        {"**", ".github/workflows/x.yml", true},
        {"*", "a/b", true},
        {"a*b*c*d*e*f*g*h*", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (path_glob_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
            g_error("%s on %s", cases[i].pattern, cases[i].path);
}

static void test_urls(void)
{
    static const struct {
        const char *base, *url, *wanted;
    } cases[] = {
        {"file:///srv/t/template.yaml", "./skeleton/go", "file:/srv/t/skeleton/go"},
        {"file:///srv/t/template.yaml", "../other", NULL},
        {"file:///srv/t/template.yaml", "/etc", NULL},
        {"file:///srv/t/template.yaml", "file:/etc", NULL},
        {"https://github.com/o/r/blob/main/t/template.yaml", "./skeleton",
         "https://github.com/o/r/tree/main/t/skeleton"},
        {"https://github.com/o/r/blob/main/t/template.yaml", "../shared",
         "https://github.com/o/r/tree/main/shared"},
        {"https://github.com/o/r/blob/main/t/template.yaml", "../../../../x", NULL},
        {"file:///srv/t/template.yaml", "https://github.com/a/b/tree/main/x",
         "https://github.com/a/b/tree/main/x"},
    };
    g_autoptr(Arena) arena = arena_new(1 << 20);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(template_resolve_url(arena, cases[i].base, cases[i].url, NULL), ==,
                        cases[i].wanted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scaffolder/workdir/paths-stay-inside", test_paths);
    g_test_add_func("/scaffolder/workdir/a-folder-that-is-a-symlink-leads-nowhere",
                    test_symlinked_folder);
    g_test_add_func("/scaffolder/workdir/a-file-that-is-a-symlink-is-replaced",
                    test_symlinked_file_is_replaced);
    g_test_add_func("/scaffolder/workdir/a-snapshot-brings-back-every-byte", test_snapshot);
    g_test_add_func("/scaffolder/globs", test_globs);
    g_test_add_func("/scaffolder/urls/stay-beside-the-template", test_urls);
    return g_test_run();
}
