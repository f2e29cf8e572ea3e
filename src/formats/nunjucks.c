#include "formats/nunjucks.h"

#include "formats/nunjucks_javascript.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

NjSource nj_source(const char *text, const NunjucksOptions *options)
{
    NjSource source = {.text = text, .length = strlen(text), .options = options};
    bool given = options && options->variable_start;

    source.variable_start = given ? options->variable_start : "${{";
    source.variable_end = given ? options->variable_end : "}}";
    return source;
}

static NjRun run_of(Arena *arena, const NjSource *source, const Value *context, bool mutates,
                    GError **error)
{
    NjRun run = {.arena = arena, .source = source, .error = error};

    run.context = mutates ? value_copy(arena, context) : context;
    run.root = nj_frame_new(&run, NULL, false);
    run.regexes = g_ptr_array_new_with_free_func((GDestroyNotify)regex_free);
    return run;
}

/* The text a tree prints, NULL with error. */
static const char *print_tree(Arena *arena, const NjSource *source, const NjNode *tree,
                              const Value *context, bool mutates, gsize *length, GError **error)
{
    NjRun run = run_of(arena, source, context, mutates, error);
    g_autoptr(GString) out = g_string_new(NULL);

    run.out = out;
    bool done = nj_run_list(&run, tree, run.root);
    g_ptr_array_unref(run.regexes);
    *length = out->len;
    return done ? arena_strndup(arena, out->str, out->len) : NULL;
}

const char *nunjucks_render(Arena *arena, const char *text, const Value *context,
                            const NunjucksOptions *options, GError **error)
{
    NjSource source = nj_source(text, options);
    g_autoptr(GError) failure = NULL;
    bool mutates;
    gsize length;
    const NjNode *tree = nj_parse(arena, &source, &mutates, &failure);
    const char *result =
        tree ? print_tree(arena, &source, tree, context, mutates, &length, &failure) : NULL;

    if (!result)
        g_propagate_error(error, g_steal_pointer(&failure));
    return result;
}

/* A result that is no JSON value (a macro, a pattern) becomes text; functions vanish. */
static bool typed_result(NjRun *run, NjVal v, const Value **result)
{
    gsize length;

    *result = v.kind == NJ_VALUE ? v.value : NULL;
    if (v.kind == NJ_PATTERN) {
        const char *text = nj_to_string(run, v, &length);
        *result = value_string_new(run->arena, text);
    }
    return !*result || nj_weigh(run, *result);
}

static const Value *evaluate_single(Arena *arena, const NjSource *source, const NjNode *expression,
                                    const Value *context, bool mutates, GError **error)
{
    NjRun run = run_of(arena, source, context, mutates, error);
    g_autoptr(GString) out = g_string_new(NULL);
    const Value *result = NULL;
    NjVal v;

    run.out = out;
    if (nj_evaluate(&run, expression, run.root, &v))
        typed_result(&run, v, &result);
    g_ptr_array_unref(run.regexes);
    return *error ? NULL : result;
}

const Value *nunjucks_evaluate(Arena *arena, const char *text, const Value *context,
                               const NunjucksOptions *options, GError **error)
{
    NjSource source = nj_source(text, options);
    g_autoptr(GError) failure = NULL;
    const Value *result = NULL;
    bool mutates;
    gsize length;

    /* Most strings hold nothing to evaluate. */
    if (!strstr(text, source.variable_start) && !strstr(text, "{%") && !strstr(text, "{#"))
        return value_string_new(arena, text);
    const NjNode *tree = nj_parse(arena, &source, &mutates, &failure);

    if (tree && tree->count == 1 && tree->first->kind == NJ_OUTPUT) {
        result = evaluate_single(arena, &source, tree->first->a, context, mutates, &failure);
    } else if (tree) {
        const char *printed = print_tree(arena, &source, tree, context, mutates, &length, &failure);
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
    NjSource source = nj_source(text, NULL);
    g_autoptr(GError) error = NULL;
    int line, column, message = 0;
    bool mutates;

    if (nj_parse(arena, &source, &mutates, &error))
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
