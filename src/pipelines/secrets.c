/* Which secrets a job may see: its repository's, and what the calls above it hand down. */
#include "pipelines/pipelines_internal.h"
#include "pipelines/plan_internal.h"

static gboolean add_scope(Pipelines *pipelines, Arena *arena, Value *secrets, const char *scope,
                          GError **error)
{
    DbConn *conn = db_reader(pipelines->db);
    g_autoptr(GHashTable) found = secrets_of_scope(pipelines->secrets, conn, scope, error);
    GHashTableIter iter;
    gpointer name, value;
    if (!found)
        return FALSE;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &name, &value))
        value_set_string(arena, secrets, name, value);
    return TRUE;
}

static gboolean add_environment(Pipelines *pipelines, Arena *arena, Value *secrets,
                                const RunNode *node, GError **error)
{
    return !node->environment ||
           add_scope(pipelines, arena, secrets,
                     arena_printf(arena, "environment:%s", node->environment), error);
}

/* The organisation's and the repository's. */
static Value *all_of(Pipelines *pipelines, Arena *arena, const Run *run, GError **error)
{
    Value *secrets = value_object_new(arena);
    const Value *configured = config_get(pipelines->config, "pipelines.secrets");
    for (guint i = 0; i < value_count(configured); i++)
        value_set_string(arena, secrets, value_key_at(configured, i),
                         ghexpr_to_string(arena, value_value_at(configured, i)));
    return add_scope(pipelines, arena, secrets, "organization", error) &&
                   add_scope(pipelines, arena, secrets,
                             arena_printf(arena, "repository:%s/%s", run->owner, run->name), error)
               ? secrets
               : NULL;
}

static Value *visible(Pipelines *pipelines, Arena *arena, const Run *run, const RunNode *node,
                      const char *token, GError **error)
{
    const RunNode *call = node->scope;
    if (!call)
        return all_of(pipelines, arena, run, error);
    const Value *handed = value_get(run_job(run, call), "secrets");
    Value *above = visible(pipelines, arena, run, call, token, error);
    if (!above || value_is(handed, VALUE_STRING)) /* inherit */
        return above;
    value_set_string(arena, above, "GITHUB_TOKEN", token);
    Value *contexts = plan_contexts(run, call), *secrets = value_object_new(arena);
    value_set(arena, contexts, "secrets", above);
    GhexprScope scope = {.contexts = contexts, .success = true, .file = run->workflow_path};
    for (guint i = 0; i < value_count(handed); i++) {
        const Value *value =
            ghexpr_interpolate_tree(arena, value_value_at(handed, i), &scope, error);
        if (!value)
            return NULL;
        value_set_string(arena, secrets, value_key_at(handed, i), ghexpr_to_string(arena, value));
    }
    return secrets;
}

const Value *pipelines_secrets(Pipelines *pipelines, Arena *arena, const Run *run,
                               const RunNode *node, const char *token, GError **error)
{
    Value *secrets = visible(pipelines, arena, run, node, token, error);
    if (!secrets || !add_environment(pipelines, arena, secrets, node, error))
        return NULL;
    value_set_string(arena, secrets, "GITHUB_TOKEN", token);
    return secrets;
}
