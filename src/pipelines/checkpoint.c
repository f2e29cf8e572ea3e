/* The checkpoint of a step: what later steps need of it when the job goes on after a crash. It
 * lies in the database, so whatever may hold a secret is sealed. */
#include "formats/json.h"
#include "pipelines/execute_internal.h"

#include <string.h>

static char *context_of(const Runner *runner, const char *id)
{
    return g_strdup_printf("pipelines:%s:%s", job_id(runner->job), id);
}

const char *checkpoint_seal(Runner *runner, const char *id, const char *text, GError **error)
{
    g_autofree char *context = context_of(runner, id);
    g_autoptr(GBytes) sealed =
        secrets_seal(runner->pipelines->secrets, context, text, strlen(text), error);
    if (!sealed)
        return NULL;
    gsize length;
    const guchar *bytes = g_bytes_get_data(sealed, &length);
    g_autofree char *encoded = g_base64_encode(bytes, length);
    return arena_strdup(runner->arena, encoded);
}

const char *checkpoint_unseal(Runner *runner, const char *id, const char *sealed, GError **error)
{
    g_autofree char *context = context_of(runner, id);
    gsize length = 0;
    guchar *bytes = g_base64_decode(sealed, &length);
    g_autoptr(GBytes) wrapped = g_bytes_new_take(bytes, length);
    g_autoptr(GBytes) open = secrets_unseal(runner->pipelines->secrets, context, wrapped, error);
    if (!open)
        return NULL;
    const char *text = g_bytes_get_data(open, &length);
    return arena_strndup(runner->arena, text ? text : "", length);
}

static const Value *texts(Arena *arena, const GPtrArray *strings)
{
    Value *list = value_array_new(arena);
    for (guint i = 0; i < strings->len; i++)
        value_append(arena, list, value_string_new(arena, strings->pdata[i]));
    return list;
}

const Value *checkpoint_of(Runner *runner, const Step *step, const char *outcome,
                           const char *conclusion, GError **error)
{
    Arena *arena = runner->arena;
    Value *output = value_object_new(arena), *state = value_object_new(arena);
    value_set_string(arena, output, "outcome", outcome);
    value_set_string(arena, output, "conclusion", conclusion);
    if (value_count(step->annotations))
        value_set(arena, output, "annotations", step->annotations);
    if (step->summary->len)
        value_set_string(arena, output, "summary", step->summary->str);
    if (!value_count(step->outputs) && !value_count(step->added_env) && !step->added_path->len &&
        !step->masks->len)
        return output;
    value_set(arena, state, "outputs", step->outputs);
    value_set(arena, state, "env", step->added_env);
    value_set(arena, state, "path", texts(arena, step->added_path));
    value_set(arena, state, "masks", texts(arena, step->masks));
    const char *sealed =
        checkpoint_seal(runner, step->id, json_to_arena(arena, state, JSON_COMPACT), error);
    value_set_string(arena, output, "state", sealed);
    return sealed ? output : NULL;
}

gboolean checkpoint_restore(Runner *runner, Step *step, const Value *output, const char **outcome,
                            const char **conclusion, GError **error)
{
    const char *sealed = value_string(value_get(output, "state"), NULL);
    const Value *annotations = value_get(output, "annotations");
    *outcome = value_string(value_get(output, "outcome"), "success");
    *conclusion = value_string(value_get(output, "conclusion"), "success");
    g_string_append(step->summary, value_string(value_get(output, "summary"), ""));
    for (guint i = 0; i < value_count(annotations); i++)
        value_append(runner->arena, step->annotations, value_item(annotations, i));
    if (!sealed)
        return TRUE;
    const char *text = checkpoint_unseal(runner, step->id, sealed, error);
    const Value *state = text ? json_parse(runner->arena, text, -1, error) : NULL;
    if (!state)
        return FALSE;
    const Value *path = value_get(state, "path"), *masks = value_get(state, "masks");
    execute_add(runner->arena, step->outputs, value_get(state, "outputs"));
    execute_add(runner->arena, step->added_env, value_get(state, "env"));
    for (guint i = 0; i < value_count(path); i++)
        g_ptr_array_add(step->added_path, (gpointer)value_string(value_item(path, i), ""));
    for (guint i = 0; i < value_count(masks); i++)
        execute_mask(runner, value_string(value_item(masks, i), ""));
    return TRUE;
}
