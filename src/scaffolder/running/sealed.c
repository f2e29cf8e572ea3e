/* Outputs that are secrets. What an action's schema marks `writeOnly` is kept sealed with the job;
 * in the step's output, which is kept and shown, a handle stands for it. Inputs and loops of later
 * steps see the value itself. */
#include "formats/json.h"
#include "scaffolder/scaffolder_internal.h"

enum { HANDLE_LENGTH = sizeof SEALED_PREFIX - 1 + 36 };

/* What a handle stands for; NULL where it is not kept any more. */
static const char *kept(const Runner *runner, const char *handle)
{
    return value_string(value_get(runner->sealed, handle), NULL);
}

/* ---- sealing ---- */

static const Value *seal_text(Runner *runner, const char *text, GError **error)
{
    g_autofree char *id = clock_new_id();
    const char *handle = arena_printf(runner->arena, SEALED_PREFIX "%s", id);

    if (!*text || kept(runner, text))
        return value_string_new(runner->arena, text);
    masker_add(runner->masker, text);
    if (!runner->job)
        return value_string_new(runner->arena, "***");
    if (!job_secret_keep(runner->job, handle, text, error))
        return NULL;
    if (!runner->sealed)
        runner->sealed = value_object_new(runner->arena);
    value_set_string(runner->arena, runner->sealed, handle, text);
    return value_string_new(runner->arena, handle);
}

static const Value *seal(Runner *runner, const Value *schema, const Value *value, bool secret,
                         GError **error)
{
    Arena *arena = runner->arena;
    const Value *properties = value_get(schema, "properties"), *items = value_get(schema, "items");
    bool array = value_is(value, VALUE_ARRAY);

    secret = secret || value_bool(value_get(schema, "writeOnly"), false);
    if (!array && !value_is(value, VALUE_OBJECT)) {
        if (!secret || !value || value_is(value, VALUE_NULL) || value_is(value, VALUE_BOOL))
            return value;
        g_autofree char *number =
            value_is(value, VALUE_STRING) ? NULL : json_to_string(value, JSON_COMPACT);

        return seal_text(runner, number ? number : value_string(value, ""), error);
    }
    Value *copy = array ? value_array_new(arena) : value_object_new(arena);

    for (guint i = 0; i < value_count(value); i++) {
        const char *key = array ? NULL : value_key_at(value, i);
        const Value *part = seal(runner, array ? items : value_get(properties, key),
                                 array ? value_item(value, i) : value_value_at(value, i), secret,
                                 error);

        if (!part)
            return NULL;
        if (array)
            value_append(arena, copy, part);
        else
            value_set(arena, copy, key, part);
    }
    return copy;
}

gboolean runner_seal(Runner *runner, const Value *schema, const Value **output, GError **error)
{
    if (*output && schema)
        *output = seal(runner, schema, *output, false, error);
    else
        return TRUE;
    return *output != NULL;
}

/* ---- opening ---- */

static const Value *replace_in_text(Runner *runner, const Value *value, bool open)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *at = value_string(value, ""), *found = strstr(at, SEALED_PREFIX);

    if (!found)
        return value;
    for (; found; found = strstr(at, SEALED_PREFIX)) {
        gsize length = MIN(strlen(found), HANDLE_LENGTH);
        const char *handle = arena_strndup(runner->arena, found, length);
        const char *secret = kept(runner, handle);

        g_string_append_len(out, at, found - at);
        g_string_append(out, !open ? "***" : secret ? secret : handle);
        at = found + length;
    }
    g_string_append(out, at);
    return value_string_new(runner->arena, out->str);
}

static const Value *replace(Runner *runner, const Value *value, bool open)
{
    Arena *arena = runner->arena;
    bool array = value_is(value, VALUE_ARRAY);

    if (value_is(value, VALUE_STRING))
        return replace_in_text(runner, value, open);
    if (!array && !value_is(value, VALUE_OBJECT))
        return value;
    Value *copy = array ? value_array_new(arena) : value_object_new(arena);

    for (guint i = 0; i < value_count(value); i++) {
        if (array)
            value_append(arena, copy, replace(runner, value_item(value, i), open));
        else
            value_set(arena, copy, value_key_at(value, i),
                      replace(runner, value_value_at(value, i), open));
    }
    return copy;
}

const Value *runner_open_sealed(Runner *runner, const Value *value)
{
    return value_count(runner->sealed) > 0 ? replace(runner, value, true) : value;
}

const Value *runner_hide_sealed(Runner *runner, const Value *value)
{
    return replace(runner, value, false);
}

static bool has_handle(const Value *value)
{
    bool object = value_is(value, VALUE_OBJECT), found = false;

    if (value_is(value, VALUE_STRING))
        return strstr(value_string(value, ""), SEALED_PREFIX) != NULL;
    for (guint i = 0;
         !found && (object || value_is(value, VALUE_ARRAY)) && i < value_count(value); i++)
        found = has_handle(object ? value_value_at(value, i) : value_item(value, i));
    return found;
}

gboolean runner_is_opened(const Value *input, GError **error)
{
    if (!has_handle(input))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "it needs a secret that an earlier step put out, which is not kept once a task has "
                "ended: start a new task");
    return FALSE;
}
