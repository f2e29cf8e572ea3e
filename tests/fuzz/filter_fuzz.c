/* Any bytes as `filter=` parameters, one a line: refused, or asked of a small catalog. */
#include "catalog_fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const QueryPageRequest request = {.limit = 10};
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) filters = g_strsplit(text, "\n", 32);
    const Predicate *predicate;

    if (!g_utf8_validate(text, -1, NULL))
        return 0;
    predicate = predicate_from_filters(arena, (const char *const *)filters, &error);
    g_assert((predicate == NULL) == (error != NULL));
    if (predicate)
        fuzz_ask(predicate, &request);
    return 0;
}
