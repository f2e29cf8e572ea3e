/* Any bytes: parsed or refused; what was parsed is written and read back as the same value. Values
 * are held against each other as text: a double beyond 2^53 prints, as in JavaScript, with fewer
 * digits than it has. */
#include "formats/json.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    const Value *value = json_parse(arena, (const char *)data, (gssize)size, &error);

    g_assert((value == NULL) == (error != NULL));
    for (JsonFlags flags = 0; value && flags < 4; flags++) {
        const char *text = json_to_arena(arena, value, flags);

        const Value *back = json_parse(arena, text, -1, &error);

        g_assert_no_error(error);
        g_assert(strcmp(text, json_to_arena(arena, back, flags)) == 0);
    }
    return 0;
}
