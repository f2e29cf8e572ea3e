/* Any bytes in both dialects: parsed or refused with a diagnostic; what was parsed is written and
 * read back as the same value. */
#include "formats/json.h"
#include "formats/yaml.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* NaN equals nothing, so values are held against each other as text. */
static void check_written(Arena *arena, const Value *value, YamlDialect dialect)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GString) out = g_string_new(NULL);
    const Value *back;

    yaml_write(out, value);
    back = yaml_parse(arena, out->str, (gssize)out->len, NULL, dialect, diagnostics);
    if (g_strcmp0(json_to_arena(arena, value, JSON_COMPACT),
                  json_to_arena(arena, back, JSON_COMPACT)) == 0)
        return;
    fprintf(stderr, "written as\n%s\nread as\n%s\n", out->str,
            json_to_arena(arena, back, JSON_PRETTY));
    g_assert_not_reached();
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    for (YamlDialect dialect = YAML_PLAIN; dialect <= YAML_MERGE_KEYS; dialect++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(Diagnostics) diagnostics = diagnostics_new();
        const Value *documents =
            yaml_parse_stream(arena, (const char *)data, (gssize)size, "f", dialect, diagnostics);

        g_assert((documents == NULL) == diagnostics_have_errors(diagnostics));
        /* Aliases make a short text a long value; a few are enough to hold the writer. */
        if (arena_used(arena) < (gsize)4 << 20)
            for (guint i = 0; i < value_count(documents); i++)
                check_written(arena, value_item(documents, i), dialect);
    }
    return 0;
}
