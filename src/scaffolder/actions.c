/* What steps can do: the built-in actions and those of the configuration, by id. */
#include "formats/json.h"
#include "formats/jsonschema.h"
#include "scaffolder/scaffolder_internal.h"

static const Action *const BUILT_IN[] = {
    &action_fetch_template,   &action_fetch_plain,       &action_publish_github,
    &action_catalog_register, &action_catalog_write,     &action_debug_log,
    &action_debug_wait,       &action_fs_rename,         &action_fs_delete,
    &action_terraform_apply,  &action_terraform_destroy,
};

static const Value *parse_schema(Scaffolder *scaffolder, const char *text)
{
    g_autoptr(GError) error = NULL;
    const Value *schema = text ? json_parse(scaffolder->arena, text, -1, &error) : NULL;

    /* They are constants of this program. */
    if (error)
        g_error("schema of an action: %s", error->message);
    return schema;
}

static int compare_actions(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Action *const *)a)->id, (*(const Action *const *)b)->id);
}

void actions_add(Scaffolder *scaffolder, Action *action)
{
    g_ptr_array_add(scaffolder->actions, action);
    g_ptr_array_sort(scaffolder->actions, compare_actions);
}

gboolean actions_load(Scaffolder *scaffolder, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(BUILT_IN); i++) {
        Action *action = arena_new0(scaffolder->arena, Action, 1);

        *action = *BUILT_IN[i];
        action->input = parse_schema(scaffolder, action->input_schema);
        action->output = parse_schema(scaffolder, action->output_schema);
        actions_add(scaffolder, action);
    }
    return custom_actions_load(scaffolder, error);
}

const Action *actions_find(const Scaffolder *scaffolder, const char *id)
{
    for (guint i = 0; i < scaffolder->actions->len; i++) {
        const Action *action = g_ptr_array_index(scaffolder->actions, i);

        if (g_str_equal(action->id, id))
            return action;
    }
    return NULL;
}

gboolean action_missing(const char *id, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                "Template action with ID '%s' is not registered. GET /api/scaffolder/v2/actions "
                "lists those that are; scaffolder.actions in the configuration adds more",
                id);
    return FALSE;
}

const Value *actions_list(const Scaffolder *scaffolder, Arena *arena)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; i < scaffolder->actions->len; i++) {
        const Action *action = g_ptr_array_index(scaffolder->actions, i);
        Value *item = value_object_new(arena), *schema = value_object_new(arena);

        value_set_string(arena, item, "id", action->id);
        value_set_string(arena, item, "description", action->description);
        value_set(arena, schema, "input", action->input);
        value_set(arena, schema, "output", action->output);
        value_set(arena, item, "schema", schema);
        value_append(arena, list, item);
    }
    return list;
}

gboolean action_check_input(const Action *action, const Value *input, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) found = NULL;

    if (!action->input)
        return TRUE;
    found = jsonschema_violations(arena, action->input, input ? input : value_object_new(arena));
    if (found->len == 0)
        return TRUE;
    const JsonschemaViolation *first = g_ptr_array_index(found, 0);
    g_autoptr(GString) where = g_string_new("instance");

    g_string_append(where, first->pointer);
    g_strdelimit(where->str, "/", '.');
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid input passed to action %s, %s %s",
                action->id, where->str, first->message);
    return FALSE;
}

/* ---- what an action sees of its run ---- */

void action_log(ActionRun *run, const char *level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    runner_print(run->runner, run->step, level, "%s", text);
}

gboolean action_cancelled(ActionRun *run)
{
    return run->job && job_cancelled(run->job);
}

void action_made(ActionRun *run, const char *kind, const char *ref, const char *url,
                 const Value *detail)
{
    MadeObject *object = arena_new0(run->arena, MadeObject, 1);

    object->kind = kind;
    object->ref = arena_strdup(run->arena, ref);
    object->url = arena_strdup(run->arena, url);
    object->detail = detail;
    g_ptr_array_add(run->made, object);
}
