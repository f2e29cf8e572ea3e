/* Any bytes as a cursor, and any JSON in one: refused, or asked of a small catalog. */
#include "catalog/query/cursor.h"
#include "catalog_fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void go_on_at(const char *cursor)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *value = cursor_parse(arena, cursor, &error);
    Question question;

    g_assert((value == NULL) == (error != NULL));
    if (!value || !question_compile(arena, value, &question, NULL))
        return;
    question.request.limit = 2;
    fuzz_ask(question.predicate, &question.request);
    /* What was read is written, and read as the same. */
    {
        const char *again =
            cursor_write(arena, value, &question.place, question.request.before != NULL, 1);

        g_assert(cursor_parse(arena, again, NULL));
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *encoded = g_base64_encode(data, size);

    go_on_at(text);
    go_on_at(encoded);
    return 0;
}
