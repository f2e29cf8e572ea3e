/* A repository that a step made is deleted again, unless somebody works in it by now. */
#include "scaffolder/actions/repository_undo.h"

#include "scaffolder/scaffolder_internal.h"

static gboolean location_of(ActionRun *run, const Effect *effect, ForgeLocation *at, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(effect->ref, "/", 2);

    if (g_strv_length(parts) != 2) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "%s names no repository", effect->ref);
        return FALSE;
    }
    *at = (ForgeLocation){.host = value_path_string(effect->detail, "host", "github.com"),
                          .owner = arena_strdup(run->arena, parts[0]),
                          .name = arena_strdup(run->arena, parts[1])};
    return TRUE;
}

gboolean repository_undo_check(ActionRun *run, const Effect *effect, const char **warning,
                               bool *gone, GError **error)
{
    const char *commit = value_path_string(effect->detail, "commit", NULL);
    ForgeLocation at;
    ForgeCondition condition;

    if (!location_of(run, effect, &at, error) ||
        !forge_condition(run->scaffolder->forge, run->arena, &at, commit, &condition, error))
        return FALSE;
    *gone = !condition.exists;
    if (condition.commits > 0)
        *warning =
            arena_printf(run->arena, "%u %s pushed since, and would be lost", condition.commits,
                         condition.commits == 1 ? "commit was" : "commits were");
    return TRUE;
}

gboolean repository_undo(ActionRun *run, const Effect *effect, GError **error)
{
    ForgeLocation at;

    return location_of(run, effect, &at, error) &&
           forge_remove(run->scaffolder->forge, run->arena, &at, run->runner->actor,
                        run->runner->task_id, error);
}
