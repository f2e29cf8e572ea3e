/* A folder for one test, removed with everything in it; and the program under test. */
#pragma once
#include <ftw.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

typedef char TestFolder;

static inline int test_folder_remove_one(const char *path, const struct stat *info, int kind,
                                         struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void test_folder_free(TestFolder *folder)
{
    if (folder)
        nftw(folder, test_folder_remove_one, 32, FTW_DEPTH | FTW_PHYS);
    g_free(folder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestFolder, test_folder_free)

static inline TestFolder *test_folder_new(void)
{
    GError *error = NULL;
    char *folder = g_dir_make_tmp("pave-test-XXXXXX", &error);

    g_assert_no_error(error);
    return folder;
}

/* Where a test is run by hand, beside the program: Meson sets PAVE_PROGRAM by itself. */
static inline void test_find_program(const char *argv0)
{
    g_autofree char *tests = g_path_get_dirname(argv0);
    g_autofree char *relative = g_build_filename(tests, "..", "..", "pave", NULL);
    g_autofree char *program = g_canonicalize_filename(relative, NULL);

    g_setenv("PAVE_PROGRAM", program, FALSE);
}
