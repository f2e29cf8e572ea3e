/* Expressions of steps and outputs: what an `if` says, and values with their expressions evaluated.
 */
#include "formats/nunjucks.h"
#include "formats/regex.h"
#include "scaffolder/scaffolder_internal.h"

static const char STATUS_CALL[] = "\\b(always|failure)\\s*\\(\\s*\\)";

bool condition_asks_status(const Value *condition)
{
    g_autoptr(Regex) regex = regex_new(STATUS_CALL, 0, NULL);

    return value_is(condition, VALUE_STRING) &&
           regex_matches(regex, value_string(condition, ""), value_string_length(condition));
}

/* always() and failure() know nothing of the context, so they are answered in the text. */
static const char *answer_status(Arena *arena, const char *text, bool failed)
{
    g_autoptr(Regex) regex = regex_new(STATUS_CALL, 0, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    gsize length = strlen(text), at = 0;
    RegexMatch match;

    while (regex_find(regex, text, length, at, &match)) {
        gsize start = (gsize)match.group[0].start;
        bool always = text[match.group[1].start] == 'a';

        g_string_append_len(out, text + at, (gssize)(start - at));
        g_string_append(out, always || failed ? "true" : "false");
        at = (gsize)match.group[0].end;
    }
    g_string_append(out, text + at);
    return arena_strdup(arena, out->str);
}

bool condition_holds(Runner *runner, const Value *condition, const Value *context, bool failed)
{
    if (!condition)
        return true;
    if (condition_asks_status(condition))
        condition = value_string_new(
            runner->arena, answer_status(runner->arena, value_string(condition, ""), failed));
    return nunjucks_truthy(runner_evaluate(runner, NULL, condition, context));
}

const Value *runner_evaluate(Runner *runner, const char *step, const Value *value,
                             const Value *context)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    NunjucksOptions options = {.file = value_path_string(runner->template, "entityRef", NULL),
                               .integrations = runner->scaffolder->integrations};
    const Value *result =
        value ? nunjucks_evaluate_tree(runner->arena, value, context, &options, warnings) : NULL;

    for (guint i = 0; i < warnings->len; i++) {
        dry_run_diagnostic(runner, step, g_ptr_array_index(warnings, i));
        runner_print(runner, step, "warning", "%s (the text is kept as it is)",
                     (const char *)g_ptr_array_index(warnings, i));
    }
    return result;
}

/* links and text: an item whose `if` does not hold is left out, and the `if` is not shown. */
static const Value *kept_items(Runner *runner, const Value *items, const Value *context)
{
    Arena *arena = runner->arena;
    Value *kept = value_array_new(arena);

    for (guint i = 0; i < value_count(items); i++) {
        const Value *item = value_item(items, i);

        if (!condition_holds(runner, value_get(item, "if"), context, false))
            continue;
        Value *shown = value_clone_shallow(arena, runner_evaluate(runner, NULL, item, context));

        value_set(arena, shown, "if", NULL);
        value_append(arena, kept, shown);
    }
    return kept;
}

const Value *runner_output(Runner *runner, const Value *output, const Value *context)
{
    Value *result = value_object_new(runner->arena);

    for (guint i = 0; value_is(output, VALUE_OBJECT) && i < value_count(output); i++) {
        const char *key = value_key_at(output, i);
        const Value *value = value_value_at(output, i);
        bool listed =
            (g_str_equal(key, "links") || g_str_equal(key, "text")) && value_is(value, VALUE_ARRAY);

        value_set(runner->arena, result, key,
                  listed ? kept_items(runner, value, context)
                         : runner_evaluate(runner, NULL, value, context));
    }
    return result;
}
