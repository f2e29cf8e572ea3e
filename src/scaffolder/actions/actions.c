/* What steps can do: the built-in actions and those of the configuration, by id. */
#include "formats/jsonschema.h"
#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"

#include <gio/gio.h>

static const Action *const BUILT_IN[] = {
    &action_fetch_template_file,
    &action_fetch_plain_file,
    &action_fs_readdir,
    &action_fs_read,
    &action_fs_write,
    &action_fs_append,
    &action_catalog_fetch,
    &action_http_request,
    &action_fetch_template,
    &action_fetch_plain,
    &action_catalog_register,
    &action_catalog_write,
    &action_debug_log,
    &action_debug_wait,
    &action_fs_rename,
    &action_fs_delete,
    &action_pave_approval,
    &action_pave_deploy,
    &action_terraform_plan,
    &action_terraform_apply,
    &action_terraform_destroy,
};

/* What templates of the field call under a name of its own, and is the same. */
static const char *const ALIASES[][2] = {
    {"roadiehq:utils:fs:write", "fs:write"},
    {"roadiehq:utils:fs:append", "fs:append"},
    {"http:backstage:request", "http:request"},
};

#define FOLDER "/pave/src/scaffolder/actions/definitions"

/* The documentation and schemas of an action, which are part of this program. */
static const Value *read_definition(Scaffolder *scaffolder, const char *id)
{
    g_auto(GStrv) parts = g_strsplit(id, ":", -1);
    g_autofree char *name = g_strjoinv("-", parts);
    g_autofree char *path = g_strdup_printf(FOLDER "/%s.yaml", name);
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    const Value *definition =
        bytes ? yaml_parse(scaffolder->arena, g_bytes_get_data(bytes, NULL),
                           (gssize)g_bytes_get_size(bytes), path, YAML_PLAIN, diagnostics)
              : NULL;

    if (!definition)
        g_error("the action %s has no definition that can be read at %s", id, path);
    return definition;
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

static void add_built_in(Scaffolder *scaffolder, const Action *built_in)
{
    Action *action = arena_new0(scaffolder->arena, Action, 1);

    *action = *built_in;
    action->definition = read_definition(scaffolder, action->id);
    action->input = value_get(action->definition, "input");
    action->output = value_get(action->definition, "output");
    actions_add(scaffolder, action);
}

gboolean actions_load(Scaffolder *scaffolder, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(BUILT_IN); i++)
        add_built_in(scaffolder, BUILT_IN[i]);
    for (guint i = 0; host_actions[i]; i++)
        add_built_in(scaffolder, host_actions[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(ALIASES); i++) {
        Action *action = arena_new0(scaffolder->arena, Action, 1);

        *action = *actions_find(scaffolder, ALIASES[i][1]);
        action->id = ALIASES[i][0];
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

/* A schema as the wire has it: which draft it is written in is said. */
static const Value *shown_schema(Arena *arena, const Value *schema)
{
    if (!schema || value_get(schema, "$schema"))
        return schema;
    Value *shown = value_clone_shallow(arena, schema);

    value_set_string(arena, shown, "$schema", "http://json-schema.org/draft-07/schema#");
    return shown;
}

const Value *actions_list(const Scaffolder *scaffolder, Arena *arena)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; i < scaffolder->actions->len; i++) {
        const Action *action = g_ptr_array_index(scaffolder->actions, i);
        Value *item = value_object_new(arena), *schema = value_object_new(arena);

        value_set_string(arena, item, "id", action->id);
        value_set(arena, item, "description", value_get(action->definition, "description"));
        value_set(arena, item, "examples", value_get(action->definition, "examples"));
        value_set(arena, schema, "input", shown_schema(arena, action->input));
        value_set(arena, schema, "output", shown_schema(arena, action->output));
        value_set(arena, item, "schema", schema);
        value_append(arena, list, item);
    }
    return list;
}

static gboolean check(const Value *schema, const Value *value, PaveErrorCode code, const char *what,
                      const char *id, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) found = NULL;

    if (!schema)
        return TRUE;
    found = jsonschema_violations(arena, schema, value ? value : value_object_new(arena));
    if (found->len == 0)
        return TRUE;
    const JsonschemaViolation *first = g_ptr_array_index(found, 0);
    g_autoptr(GString) where = g_string_new("instance");

    g_string_append(where, first->pointer);
    g_strdelimit(where->str, "/", '.');
    g_set_error(error, PAVE_ERROR, code, "%s action %s, %s %s", what, id, where->str,
                first->message);
    return FALSE;
}

gboolean action_check_input(const Action *action, const Value *input, GError **error)
{
    return check(action->input, input, ERROR_INPUT, "Invalid input passed to", action->id, error);
}

gboolean action_check_output(const Action *action, const Value *output, GError **error)
{
    return !action->custom ||
           check(action->output, output, ERROR_INTERNAL, "Invalid output of", action->id, error);
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

/* text, in which the first "https://user:password@" has nobody. */
static const char *without_userinfo(Arena *arena, const char *text)
{
    const char *scheme = text ? strstr(text, "://") : NULL;
    const char *host = scheme ? scheme + strlen("://") : NULL;
    gsize authority = host ? strcspn(host, "/?#") : 0;
    const char *at = host ? g_strrstr_len(host, (gssize)authority, "@") : NULL;

    return at ? arena_printf(arena, "%.*s%s", (int)(host - text), text, at + 1) : text;
}

static const char *shown(ActionRun *run, const char *text)
{
    if (!text || !run->runner || !run->runner->masker)
        return arena_strdup(run->arena, text);
    g_autofree char *masked = masker_mask(run->runner->masker, text, strlen(text));

    return arena_strdup(run->arena, masked);
}

/* An effect is kept, and everybody sees it: no secret may be in it. */
void action_effect(ActionRun *run, const Effect *effect)
{
    Arena *arena = run->arena;
    Effect *copy = arena_new0(arena, Effect, 1);
    bool masks = run->runner && run->runner->masker;

    *copy = (Effect){.operation = arena_strdup(arena, effect->operation),
                     .kind = arena_strdup(arena, effect->kind),
                     .ref = shown(run, without_userinfo(arena, effect->ref)),
                     .url = shown(run, without_userinfo(arena, effect->url)),
                     .detail = effect->detail && masks ? runner_mask(run->runner, effect->detail)
                                                       : effect->detail,
                     .diff = shown(run, effect->diff)};
    g_ptr_array_add(run->effects, copy);
}
