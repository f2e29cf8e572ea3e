/* Any JSON as a predicate: refused, or asked of a small catalog. */
#include "catalog_fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const QueryOrder order = {"metadata.tags", TRUE};
    static const QueryPageRequest request = {
        .limit = 10, .orders = &order, .order_count = 1, .missing_excluded = TRUE};
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *value = json_parse(arena, (const char *)data, (gssize)size, NULL);
    const Predicate *predicate = value ? predicate_from_value(arena, value, &error) : NULL;

    g_assert(!value || (predicate == NULL) == (error != NULL));
    if (predicate)
        fuzz_ask(predicate, &request);
    return 0;
}
