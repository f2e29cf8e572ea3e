/* A schema and an instance, cut at the first newline: it holds, or says where it does not. */
#include "formats/json.h"
#include "formats/jsonschema.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const guint8 *cut = memchr(data, '\n', size);
    gsize length = cut ? (gsize)(cut - data) : size;
    const Value *schema = json_parse(arena, (const char *)data, (gssize)length, NULL);
    const Value *instance =
        cut ? json_parse(arena, (const char *)cut + 1, (gssize)(size - length - 1), NULL) : schema;

    if (!schema || !instance)
        return 0;
    bool holds = jsonschema_validate(schema, instance, diagnostics);

    g_assert(holds == (diagnostics_count(diagnostics) == 0));
    g_assert(holds == jsonschema_matches(arena, schema, instance));
    for (guint i = 0; i < diagnostics_count(diagnostics); i++)
        g_assert_nonnull(diagnostics_get(diagnostics, i)->pointer);
    g_assert_nonnull(jsonschema_with_defaults(arena, schema, instance));
    return 0;
}
