#include "formats/ghexpr.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    if (!g_utf8_validate_len((const char *)data, size, NULL))
        return 0;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *text = g_strndup((const char *)data, size);
    Value *contexts = value_object_new(arena), *github = value_object_new(arena);
    Value *list = value_array_new(arena);
    value_append(arena, list, github);
    value_append(arena, list, value_string_new(arena, "x"));
    value_set_string(arena, github, "ref", "refs/heads/main");
    value_set(arena, contexts, "github", github);
    value_set(arena, contexts, "a", list);
    GhexprScope scope = {.contexts = contexts, .success = true, .file = "fuzz"};
    static const char *const names[] = {"github", NULL};
    bool result;
    gsize offset;
    ghexpr_evaluate(arena, text, &scope, NULL);
    ghexpr_interpolate(arena, text, &scope, NULL);
    ghexpr_condition(arena, text, &scope, &result, NULL);
    ghexpr_check(arena, text, false, names, &offset, NULL);
    return 0;
}
