#include "base/arena.h"
#include <string.h>

static void test_pieces_are_zeroed_and_aligned(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);

    for (gsize size = 0; size < 5000; size += 37) {
        char *piece = arena_alloc(arena, size);

        g_assert_cmpuint((gsize)piece % 16, ==, 0);
        for (gsize i = 0; i < size; i++)
            g_assert_cmpint(piece[i], ==, 0);
        memset(piece, 'x', size);
    }
}

static void test_large_pieces_leave_the_chunk_in_use(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    char *small = arena_strdup(arena, "small");
    char *large = arena_alloc(arena, 1 << 20);
    char *next = arena_strdup(arena, "next");

    large[(1 << 20) - 1] = 'x';
    g_assert_cmpstr(small, ==, "small");
    g_assert_cmpstr(next, ==, "next");
}

static void test_ceiling_is_soft(void)
{
    g_autoptr(Arena) arena = arena_new(100);

    g_assert_false(arena_exhausted(arena));
    g_assert_nonnull(arena_alloc(arena, 200));
    g_assert_true(arena_exhausted(arena));
    g_assert_nonnull(arena_alloc(arena, 200));
    g_assert_cmpuint(arena_used(arena), >=, 400);
}

static void test_text_is_copied_and_ended(void)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);

    g_assert_null(arena_strdup(arena, NULL));
    g_assert_cmpstr(arena_strndup(arena, "abcdef", 3), ==, "abc");
    g_assert_cmpstr(arena_printf(arena, "%d-%s", 7, "x"), ==, "7-x");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arena/pieces-are-zeroed-and-aligned", test_pieces_are_zeroed_and_aligned);
    g_test_add_func("/arena/large-pieces-leave-the-chunk-in-use",
                    test_large_pieces_leave_the_chunk_in_use);
    g_test_add_func("/arena/ceiling-is-soft", test_ceiling_is_soft);
    g_test_add_func("/arena/text-is-copied-and-ended", test_text_is_copied_and_ended);
    return g_test_run();
}
