#include "formats/nunjucks.h"

#include "formats/nunjucks_run_internal.h"
#include <stdio.h>
#include <string.h>

/* ---- a run ---- */

enum { OUT_SIZE_MIN = 256 };

/* Begins anew with a copy of the context where the template turns out to change it. */
static NjRunning running_of(Arena *arena, const NunjucksTemplate *template, bool changes,
                            GError **error)
{
    NjRunning running = {.main = template, .size = template->source.length + OUT_SIZE_MIN};

    running.run = (NjRun){.arena = arena, .source = &template->source, .error = error};
    running.run.changes = changes;
    running.out = g_malloc(running.size);
    return running;
}

static const Value *own_context(NjRunning *running, const Value *context)
{
    return running->run.changes ? value_copy(running->run.arena, context) : context;
}

static bool print_template(NjRunning *running, const Value *context)
{
    NjRun *run = &running->run;
    NjContext *own = nj_context_new(run, own_context(running, context));

    nj_resolve_symbols(run, running->main, own);
    return nj_run_template(run, running->main, own, nj_frame_new(run, NULL, false));
}

static const char *try_render(Arena *arena, const NunjucksTemplate *template, const Value *context,
                              bool changes, bool *again, gsize *length, GError **error)
{
    NjRunning running = running_of(arena, template, changes, error);
    bool done = print_template(&running, context);
    const char *text = done ? arena_strndup(arena, running.out, running.length) : NULL;

    g_free(running.out);
    if (length)
        *length = running.length;
    *again = !done && running.run.wants_change && !changes;
    return text;
}

const char *nunjucks_template_render(Arena *arena, const NunjucksTemplate *template,
                                     const Value *context, gsize *length, GError **error)
{
    g_autoptr(GError) failure = NULL;
    bool again;
    const char *text =
        try_render(arena, template, context, template->changes, &again, length, &failure);

    if (!text && again) {
        g_clear_error(&failure);
        text = try_render(arena, template, context, true, &again, length, &failure);
    }
    if (!text)
        g_propagate_error(error, g_steal_pointer(&failure));
    return text;
}

/* ---- templates ---- */

static const NunjucksTemplate *compile(Arena *arena, const char *text,
                                       const NunjucksOptions *options, GError **error)
{
    NunjucksTemplate *template = arena_new0(arena, NunjucksTemplate, 1);
    g_autoptr(GError) failure = NULL;

    if (nj_template_init(template, arena, text, options, &failure))
        return template;
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

const NunjucksTemplate *nunjucks_compile(Arena *arena, const char *text,
                                         const NunjucksOptions *options, GError **error)
{
    return compile(arena, arena_strdup(arena, text), options, error);
}

const char *nunjucks_render(Arena *arena, const char *text, const Value *context,
                            const NunjucksOptions *options, GError **error)
{
    const NunjucksTemplate *template = compile(arena, text, options, error);

    return template ? nunjucks_template_render(arena, template, context, NULL, error) : NULL;
}

/* ---- expressions ---- */

/* A result that is no JSON value (a macro, a pattern) becomes text; functions vanish. */
static bool typed_result(NjRun *run, NjVal v, const Value **result)
{
    gsize length;

    v = nj_boxed(run, v);
    *result = v.kind == NJ_VALUE ? v.value : NULL;
    if (v.kind == NJ_PATTERN) {
        const char *text = nj_to_string(run, v, &length);
        *result = value_string_new(run->arena, text);
    }
    return !*result || nj_weigh(run, *result);
}

static const Value *try_evaluate(Arena *arena, const NunjucksTemplate *template,
                                 const Value *context, bool changes, bool *again, GError **error)
{
    NjRunning running = running_of(arena, template, changes, error);
    NjRun *run = &running.run;
    NjUnit unit = {.template = template,
                   .context = nj_context_new(run, own_context(&running, context)),
                   .frame = nj_frame_new(run, NULL, false)};
    NjEnv env = {.unit = &unit};
    const Value *result = NULL;
    NjVal v;

    nj_resolve_symbols(run, template, unit.context);
    if (nj_evaluate(run, template->tree->first->a, &env, &v))
        typed_result(run, v, &result);
    g_free(running.out);
    *again = *error && run->wants_change && !changes;
    return *error ? NULL : result;
}

static const Value *evaluate_single(Arena *arena, const NunjucksTemplate *template,
                                    const Value *context, GError **error)
{
    bool again;
    const Value *result = try_evaluate(arena, template, context, template->changes, &again, error);

    if (!again)
        return result;
    g_clear_error(error);
    return try_evaluate(arena, template, context, true, &again, error);
}

static bool may_hold_tags(const char *text, const NunjucksOptions *options)
{
    /* Own delimiters are rare; then everything is parsed. */
    if (options && (options->block_start || options->comment_start))
        return true;
    return strstr(text, options && options->variable_start ? options->variable_start : "${{") ||
           strstr(text, "{%") || strstr(text, "{#");
}

const Value *nunjucks_evaluate(Arena *arena, const char *text, const Value *context,
                               const NunjucksOptions *options, GError **error)
{
    g_autoptr(GError) failure = NULL;
    const Value *result = NULL;
    gsize length;

    /* Most strings hold nothing to evaluate. */
    if (!may_hold_tags(text, options))
        return value_string_new(arena, text);
    const NunjucksTemplate *template = compile(arena, text, options, &failure);

    if (template && template->tree->count == 1 && template->tree->first->kind == NJ_OUTPUT) {
        result = evaluate_single(arena, template, context, &failure);
    } else if (template) {
        const char *printed = nunjucks_template_render(arena, template, context, &length, &failure);

        result = printed ? value_string_new_length(arena, printed, length) : NULL;
    }
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return result;
}

static const Value *evaluate_string(Arena *arena, const Value *value, const Value *context,
                                    const NunjucksOptions *options, GPtrArray *warnings)
{
    g_autoptr(GError) error = NULL;
    NunjucksOptions here = options ? *options : (NunjucksOptions){0};

    /* A value read from a file knows its own line. */
    if (value_line(value) > 0)
        here.line = value_line(value);
    const Value *result = nunjucks_evaluate(arena, value_string(value, ""), context, &here, &error);

    if (!error)
        return result;
    if (warnings)
        g_ptr_array_add(warnings, g_strdup(error->message));
    return value;
}

const Value *nunjucks_evaluate_tree(Arena *arena, const Value *value, const Value *context,
                                    const NunjucksOptions *options, GPtrArray *warnings)
{
    if (value_is(value, VALUE_STRING))
        return evaluate_string(arena, value, context, options, warnings);
    if (value_is(value, VALUE_ARRAY)) {
        Value *items = value_array_new(arena);

        for (guint i = 0; i < value_count(value); i++) {
            const Value *item =
                nunjucks_evaluate_tree(arena, value_item(value, i), context, options, warnings);
            value_append(arena, items, item ? item : value_null_new(arena));
        }
        return items;
    }
    if (!value_is(value, VALUE_OBJECT))
        return value;
    Value *object = value_object_new(arena);

    for (guint i = 0; i < value_count(value); i++)
        value_set(
            arena, object, value_key_at(value, i),
            nunjucks_evaluate_tree(arena, value_value_at(value, i), context, options, warnings));
    return object;
}

/* The place inside a text of one line is known; of a longer one only where it begins. */
static void check_string(const Value *value, const char *file, Diagnostics *diagnostics)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const char *text = value_string(value, "");
    g_autoptr(GError) error = NULL;
    int line, column, message = 0;

    if (compile(arena, text, NULL, &error))
        return;
    /* nj_error_at() says "template:line:column: message" where no file is given. */
    if (sscanf(error->message, "template:%d:%d: %n", &line, &column, &message) != 2 ||
        strchr(text, '\n'))
        column = 1;
    diagnostics_error(diagnostics, "template-expression", file, value_line(value),
                      value_column(value) + column - 1, "%s", error->message + message);
}

void nunjucks_check_tree(const Value *value, const char *file, Diagnostics *diagnostics)
{
    if (value_is(value, VALUE_STRING))
        check_string(value, file, diagnostics);
    for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
        nunjucks_check_tree(value_item(value, i), file, diagnostics);
    for (guint i = 0; value_is(value, VALUE_OBJECT) && i < value_count(value); i++)
        nunjucks_check_tree(value_value_at(value, i), file, diagnostics);
}

bool nunjucks_truthy(const Value *value)
{
    if (value_is(value, VALUE_ARRAY))
        return value_count(value) > 0;
    return value && nj_truthy(nj_value(value));
}
