#include "formats/hcl.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Value *bodies = value_array_new(arena);

    value_append(arena, bodies,
                 hcl_parse(arena, (const char *)data, (gssize)size, "fuzz.tf", diagnostics));
    hcl_variables_schema(arena, bodies);
    return 0;
}
