#include "formats/json.h"
#include "pipelines/commands.h"
#include "pipelines/workflow.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* A workflow file, and the same bytes as what a step says. */
int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    Command command;
    const Value *workflow =
        workflow_parse(arena, (const char *)data, (gssize)size, "fuzz.yml", diagnostics);
    const Value *jobs = value_get(workflow, "jobs");
    if (!diagnostics_have_errors(diagnostics))
        for (guint i = 0; i < value_count(jobs); i++)
            workflow_matrix(arena, value_path(value_value_at(jobs, i), "strategy.matrix"), NULL);
    workflow_listens(workflow, "push", "refs/heads/main", NULL);
    command_file_parse(arena, (const char *)data, size, NULL);
    g_autofree char *text = g_strndup((const char *)data, size);
    if (g_utf8_validate(text, -1, NULL)) {
        command_parse(arena, text, &command);
        workflow_uses(arena, text);
        workflow_pattern_matches(text, "refs/heads/main");
    }
    return 0;
}
