#include "scaffolder/template/lint.h"

#include "base/nearest.h"
#include "formats/jsonschema.h"

#include <string.h>

/* ---- findings ---- */

static void add(Lint *lint, DiagnosticSeverity severity, const char *code, int line, int column,
                const char *hint, const char *format, va_list arguments)
{
    g_autofree char *message = g_strdup_vprintf(format, arguments);

    diagnostics_add(lint->findings, &(Diagnostic){.severity = severity,
                                                  .code = code,
                                                  .message = message,
                                                  .file = lint->file,
                                                  .line = line,
                                                  .column = column,
                                                  .hint = hint});
}

void lint_add(Lint *lint, DiagnosticSeverity severity, const char *code, const Value *value,
              const char *hint, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(lint, severity, code, MAX(value_line(value), 1), MAX(value_column(value), 1), hint, format,
        arguments);
    va_end(arguments);
}

void lint_add_at_key(Lint *lint, DiagnosticSeverity severity, const char *code, const Value *object,
                     const char *key, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(lint, severity, code, MAX(value_key_line(object, key), 1),
        MAX(value_key_column(object, key), 1), NULL, format, arguments);
    va_end(arguments);
}

static const char *hint_of(Lint *lint, const char *name, GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    const char *nearest = nearest_name(name, (const char *const *)names->pdata);

    return nearest ? arena_printf(lint->arena, "did you mean %s?", nearest) : NULL;
}

const char *lint_hint(Lint *lint, const char *name, GHashTable *table)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(names, key);
    return hint_of(lint, name, names);
}

bool lint_is_dynamic(const Value *value)
{
    const char *text = value_string(value, "");

    return strstr(text, "${{") || strstr(text, "{%") || strstr(text, "{#");
}

/* ---- the envelope ---- */

static void require(Lint *lint, const Value *object, const char *path)
{
    const Value *value = value_path(object, path);
    g_auto(GStrv) names = g_strsplit(path, ".", 2);
    const Value *parent = value_get(object, names[0]);

    if (!value_is(value, VALUE_STRING) || value_string_length(value) == 0)
        lint_add(lint, DIAGNOSTIC_ERROR, "template-required", value ? value : parent, NULL,
                 "%s is missing, which a template needs as text", path);
}

static void lint_envelope(Lint *lint)
{
    const Value *template = lint->template, *steps = value_path(template, "spec.steps");
    const char *version = value_path_string(template, "apiVersion", "");

    require(lint, template, "metadata.name");
    require(lint, template, "spec.type");
    if (!g_str_equal(version, "scaffolder.backstage.io/v1beta3"))
        lint_add(lint, DIAGNOSTIC_ERROR, "template-version", value_get(template, "apiVersion"),
                 NULL, "apiVersion has to be scaffolder.backstage.io/v1beta3");
    if (!value_is(steps, VALUE_ARRAY) || value_count(steps) == 0)
        lint_add(lint, DIAGNOSTIC_ERROR, "template-required",
                 steps ? steps : value_get(template, "spec"), NULL,
                 "spec.steps is missing: a template needs at least one step");
}

/* ---- steps ---- */

static void lint_action(Lint *lint, const Value *step)
{
    const Value *action = value_get(step, "action");
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    if (!value_is(action, VALUE_STRING)) {
        lint_add(lint, DIAGNOSTIC_ERROR, "template-required", step, NULL,
                 "the step names no action");
        return;
    }
    if (actions_find(lint->scaffolder, value_string(action, "")))
        return;
    for (guint i = 0; i < lint->scaffolder->actions->len; i++)
        g_ptr_array_add(names,
                        (char *)((Action *)g_ptr_array_index(lint->scaffolder->actions, i))->id);
    const char *hint = hint_of(lint, value_string(action, ""), names);

    lint_add(lint, DIAGNOSTIC_ERROR, "template-unknown-action", action, hint,
             "there is no action %s", value_string(action, ""));
}

/* value without the texts that only a run knows; *pruned where there were any. */
static const Value *constants(Arena *arena, const Value *value, bool *pruned)
{
    if (value_is(value, VALUE_STRING) && lint_is_dynamic(value))
        return *pruned = true, NULL;
    if (value_is(value, VALUE_ARRAY)) {
        Value *items = value_array_new(arena);

        for (guint i = 0; i < value_count(value); i++) {
            const Value *item = constants(arena, value_item(value, i), pruned);

            if (!item)
                return NULL;
            value_append(arena, items, item);
        }
        return items;
    }
    if (!value_is(value, VALUE_OBJECT))
        return value;
    Value *object = value_clone_shallow(arena, value);

    for (guint i = 0; i < value_count(value); i++)
        value_set(arena, object, value_key_at(value, i),
                  constants(arena, value_value_at(value, i), pruned));
    return object;
}

/* Whether a violation may be there only because expressions were left out. */
static bool is_doubtful(const JsonschemaViolation *violation, const Value *input, bool pruned)
{
    static const char *const loose[] = {"anyOf",    "oneOf",        "not",
                                        "if",       "minItems",     "minProperties",
                                        "contains", "dependencies", NULL};

    const Value *at = value_pointer(input, violation->pointer);
    const char *name = value_string(violation->argument, "");

    /* What is required may be there as an expression; its pointer is the object's or its own. */
    if (g_str_equal(violation->keyword, "required") && at)
        return value_get(at, name) || g_str_has_suffix(violation->pointer, name) == (*name != 0);
    return pruned && g_strv_contains(loose, violation->keyword);
}

static void lint_input(Lint *lint, const Value *step)
{
    const Action *action = actions_find(lint->scaffolder, value_path_string(step, "action", ""));
    const Value *input = value_get(step, "input");
    bool pruned = false;

    if (!action || !action->input)
        return;
    if (!input)
        input = value_object_new(lint->arena);
    const Value *known = constants(lint->arena, input, &pruned);
    g_autoptr(GPtrArray) found =
        known ? jsonschema_violations(lint->arena, action->input, known) : NULL;

    for (guint i = 0; found && i < found->len; i++) {
        const JsonschemaViolation *violation = g_ptr_array_index(found, i);
        const Value *at = value_pointer(input, violation->pointer);
        const char *key = value_string(violation->argument, "");

        if (is_doubtful(violation, input, pruned))
            continue;
        if (g_str_equal(violation->keyword, "additionalProperties")) {
            lint_add_at_key(lint, DIAGNOSTIC_ERROR, "template-input",
                            at && value_get(at, key) ? at : input, key, "%s knows no input %s",
                            action->id, key);
            continue;
        }
        lint_add(lint, DIAGNOSTIC_ERROR, "template-input", at && value_line(at) ? at : step, NULL,
                 "input of %s: %s", action->id, jsonschema_sentence(lint->arena, violation));
    }
}

static void lint_steps(Lint *lint)
{
    const Value *steps = value_path(lint->template, "spec.steps");
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; value_is(steps, VALUE_ARRAY) && i < value_count(steps); i++) {
        const Value *step = value_item(steps, i), *id = value_get(step, "id");

        if (value_is(id, VALUE_STRING) && !g_hash_table_add(ids, (char *)value_string(id, "")))
            lint_add(lint, DIAGNOSTIC_ERROR, "template-duplicate-id", id, NULL,
                     "two steps are called %s", value_string(id, ""));
        if (strpbrk(value_string(id, ""), "/[]"))
            lint_add(lint, DIAGNOSTIC_ERROR, "template-step-id", id, NULL,
                     "a step's id cannot have \"/\", \"[\" or \"]\" in it");
        lint_action(lint, step);
        lint_input(lint, step);
    }
}

void template_lint(const Scaffolder *scaffolder, Arena *arena, const Value *template,
                   const char *file, const char *folder, const char *shown, Diagnostics *findings)
{
    g_autoptr(GHashTable) parameters = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) secrets = g_hash_table_new(g_str_hash, g_str_equal);
    Lint lint = {.scaffolder = scaffolder,
                 .arena = arena,
                 .template = template,
                 .file = file,
                 .folder = folder,
                 .shown = shown,
                 .findings = findings,
                 .parameters = parameters,
                 .used = used,
                 .secrets = secrets};

    lint_envelope(&lint);
    lint_form(&lint);
    lint_steps(&lint);
    lint_expressions(&lint);
    lint_unused_parameters(&lint);
    lint_skeletons(&lint);
}
