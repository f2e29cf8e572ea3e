/* Any template: it renders or is refused with a place, in bounded time and memory, and leaves its
 * context as it was. */
#include "formats/json.h"
#include "formats/nunjucks.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const char CONTEXT[] =
    "{\"values\":{\"name\":\"order-service\",\"n\":3,\"list\":[\"a\",{\"b\":null}],\"t\":true}}";

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)MIN(size, 4096));
    const Value *context = json_parse(arena, CONTEXT, -1, NULL);
    NunjucksOptions options = {.file = "fuzz",
                               .trim_blocks = size % 2,
                               .lstrip_blocks = size % 3 == 0,
                               .variable_start = size % 5 ? NULL : "{{",
                               .variable_end = "}}"};
    const char *rendered = nunjucks_render(arena, text, context, &options, &error);

    g_assert((rendered == NULL) == (error != NULL));
    g_assert(!rendered || g_utf8_validate(rendered, -1, NULL));
    g_clear_error(&error);
    const Value *value = nunjucks_evaluate(arena, text, context, &options, &error);
    g_autofree char *printed = json_to_string(value, JSON_COMPACT);

    g_assert(!error || !value);
    g_assert(value_equal(context, json_parse(arena, CONTEXT, -1, NULL)));
    return 0;
}
