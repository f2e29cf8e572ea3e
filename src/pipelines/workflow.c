#include "pipelines/workflow.h"

#include "base/error.h"
#include "formats/ghexpr.h"
#include "formats/yaml.h"
#include "pipelines/workflow_check.h"

#include <math.h>
#include <string.h>

#define SIZE_MAX_BYTES (1 << 20)

/* ---- one shape ---- */

static const Value *list_of(Arena *arena, const Value *value)
{
    if (!value || value_is(value, VALUE_ARRAY))
        return value;
    Value *list = value_array_new(arena);
    value_append(arena, list, value);
    value_set_position(list, value_line(value), value_column(value));
    return list;
}

static const Value *event_of(Arena *arena, const Value *event)
{
    if (value_is(event, VALUE_ARRAY))
        return event;
    Value *shaped =
        value_is(event, VALUE_OBJECT) ? value_clone_shallow(arena, event) : value_object_new(arena);
    for (guint i = 0; i < value_count(shaped); i++) {
        const Value *member = value_value_at(shaped, i);
        if (value_is(member, VALUE_STRING))
            value_set(arena, shaped, value_key_at(shaped, i), list_of(arena, member));
    }
    return shaped;
}

static Value *on_of(Arena *arena, const Value *on)
{
    Value *shaped = value_object_new(arena);
    for (guint i = 0; value_is(on, VALUE_OBJECT) && i < value_count(on); i++)
        value_set(arena, shaped, value_key_at(on, i), event_of(arena, value_value_at(on, i)));
    const Value *names = value_is(on, VALUE_OBJECT) ? NULL : list_of(arena, on);
    for (guint i = 0; i < value_count(names); i++)
        if (value_is(value_item(names, i), VALUE_STRING))
            value_set(arena, shaped, value_string(value_item(names, i), ""),
                      value_object_new(arena));
    return shaped;
}

static void set_condition(Arena *arena, Value *object)
{
    const Value *condition = value_get(object, "if");
    if (condition && !value_is(condition, VALUE_STRING))
        value_set_string(arena, object, "if", ghexpr_to_string(arena, condition));
}

static const Value *steps_of(Arena *arena, const Value *steps)
{
    Value *shaped = value_array_new(arena);
    for (guint i = 0; i < value_count(steps); i++) {
        const Value *step = value_item(steps, i);
        if (!value_is(step, VALUE_OBJECT))
            continue;
        Value *copy = value_clone_shallow(arena, step);
        set_condition(arena, copy);
        value_append(arena, shaped, copy);
    }
    return shaped;
}

static const Value *jobs_of(Arena *arena, const Value *jobs)
{
    Value *shaped = value_object_new(arena);
    for (guint i = 0; i < value_count(jobs); i++) {
        const Value *job = value_value_at(jobs, i);
        if (!value_is(job, VALUE_OBJECT))
            continue;
        Value *copy = value_clone_shallow(arena, job);
        const Value *needs = list_of(arena, value_get(job, "needs"));
        value_set(arena, copy, "needs", needs ? needs : value_array_new(arena));
        set_condition(arena, copy);
        if (value_get(job, "steps"))
            value_set(arena, copy, "steps", steps_of(arena, value_get(job, "steps")));
        value_set(arena, shaped, value_key_at(jobs, i), copy);
    }
    return shaped;
}

Value *workflow_parse(Arena *arena, const char *text, gssize length, const char *file,
                      Diagnostics *diagnostics)
{
    gsize size = length < 0 ? strlen(text) : (gsize)length;
    if (size > SIZE_MAX_BYTES) {
        diagnostics_error(diagnostics, "workflow-too-large", file, 0, 0,
                          "a workflow file has at most 1 MiB");
        return NULL;
    }
    const char *source = arena_strndup(arena, text, size);
    Value *document = yaml_parse(arena, text, (gssize)size, file, YAML_PLAIN, diagnostics);
    if (!value_is(document, VALUE_OBJECT)) {
        if (!diagnostics_have_errors(diagnostics))
            diagnostics_error(diagnostics, "workflow-value", file, value_line(document),
                              value_column(document),
                              "a workflow file is a mapping with 'on' "
                              "and 'jobs'");
        return NULL;
    }
    workflow_check(arena, document, source, file, diagnostics);
    Value *shaped = value_clone_shallow(arena, document);
    value_set(arena, shaped, "on", on_of(arena, value_get(document, "on")));
    value_set(arena, shaped, "jobs", jobs_of(arena, value_get(document, "jobs")));
    return shaped;
}

/* ---- names and references ---- */

const char *workflow_step_name(Arena *arena, const Value *step)
{
    const Value *name = value_get(step, "name");
    if (name && !value_is(name, VALUE_NULL))
        return ghexpr_to_string(arena, name);
    const char *uses = value_string(value_get(step, "uses"), NULL);
    if (uses)
        return arena_printf(arena, "Run %s", uses);
    const char *run = ghexpr_to_string(arena, value_get(step, "run"));
    run += strspn(run, " \t\r\n");
    return arena_printf(arena, "Run %s", arena_strndup(arena, run, strcspn(run, "\r\n")));
}

static gboolean is_plain_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **part = parts; *part; part++)
        if (!**part || g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            return FALSE;
    return TRUE;
}

Uses workflow_uses(Arena *arena, const char *text)
{
    Uses uses = {USES_INVALID, "", "", "", ""};
    if (g_str_has_prefix(text, "docker://")) {
        uses.kind = USES_DOCKER;
        return uses;
    }
    if (g_str_has_prefix(text, "./")) {
        char *path = arena_strdup(arena, text + 2);
        while (g_str_has_suffix(path, "/"))
            path[strlen(path) - 1] = '\0';
        uses.path = path;
        if (!*path || is_plain_path(path))
            uses.kind = USES_LOCAL;
        return uses;
    }
    const char *at = strrchr(text, '@'), *slash = strchr(text, '/');
    if (!at || !at[1] || !slash || slash > at || strchr(text, ' '))
        return uses;
    const char *second = memchr(slash + 1, '/', (gsize)(at - slash - 1));
    const char *name_end = second ? second : at;
    uses.owner = arena_strndup(arena, text, (gsize)(slash - text));
    uses.name = arena_strndup(arena, slash + 1, (gsize)(name_end - slash - 1));
    uses.path = second ? arena_strndup(arena, second + 1, (gsize)(at - second - 1)) : "";
    uses.ref = arena_strdup(arena, at + 1);
    if (is_plain_path(uses.owner) && is_plain_path(uses.name) &&
        (!*uses.path || is_plain_path(uses.path)))
        uses.kind = USES_REPOSITORY;
    return uses;
}

/* ---- inputs ---- */

static const Value *typed_input(Arena *arena, const char *name, const char *type,
                                const Value *value, GError **error)
{
    const char *text = ghexpr_to_string(arena, value);
    if (g_str_equal(type, "boolean")) {
        if (value_is(value, VALUE_BOOL))
            return value;
        if (g_str_equal(text, "true") || g_str_equal(text, "false"))
            return value_bool_new(arena, *text == 't');
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the input '%s' must be true or false, not '%s'", name, text);
        return NULL;
    }
    if (g_str_equal(type, "number")) {
        char *end = NULL;
        double number =
            value_is(value, VALUE_NUMBER) ? value_number(value, 0) : g_ascii_strtod(text, &end);
        if (end && (end == text || *end || !isfinite(number))) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the input '%s' must be a number, not '%s'",
                        name, text);
            return NULL;
        }
        return value_number_new(arena, number);
    }
    return value_string_new(arena, text);
}

static const Value *zero_input(Arena *arena, const char *type)
{
    if (g_str_equal(type, "boolean"))
        return value_bool_new(arena, false);
    if (g_str_equal(type, "number"))
        return value_number_new(arena, 0);
    return value_string_new(arena, "");
}

static gboolean check_choice(const Value *declaration, const char *name, const Value *value,
                             GError **error)
{
    const Value *options = value_get(declaration, "options");
    if (g_strcmp0(value_string(value_get(declaration, "type"), NULL), "choice") != 0)
        return TRUE;
    for (guint i = 0; i < value_count(options); i++)
        if (value_equal(value_item(options, i), value))
            return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the input '%s' is none of its options", name);
    return FALSE;
}

static const Value *case_insensitive(const Value *map, const char *name)
{
    const Value *exact = value_get(map, name);
    for (guint i = 0; !exact && i < value_count(map); i++)
        if (g_ascii_strcasecmp(value_key_at(map, i), name) == 0)
            exact = value_value_at(map, i);
    return exact;
}

const Value *workflow_inputs(Arena *arena, const Value *declared, const Value *given,
                             gboolean typed, GError **error)
{
    Value *inputs = value_object_new(arena);
    for (guint i = 0; i < value_count(declared); i++) {
        const char *name = value_key_at(declared, i);
        const Value *declaration = value_value_at(declared, i);
        const char *type =
            typed ? value_string(value_get(declaration, "type"), "string") : "string";
        const Value *value = case_insensitive(given, name);
        if (!value)
            value = value_get(declaration, "default");
        if (!value && typed && value_bool(value_get(declaration, "required"), false)) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the input '%s' is required", name);
            return NULL;
        }
        value = value ? typed_input(arena, name, type, value, error) : zero_input(arena, type);
        if (!value || !check_choice(declaration, name, value, error))
            return NULL;
        value_set(arena, inputs, name, value);
    }
    for (guint i = 0; typed && i < value_count(given); i++)
        if (!case_insensitive(declared, value_key_at(given, i))) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "there is no input '%s'",
                        value_key_at(given, i));
            return NULL;
        }
    return inputs;
}
