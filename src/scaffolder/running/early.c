/* What is wrong with a task before it runs. Only what follows from its parameters can be told: a
 * step whose condition or input asks for what other steps put out is left to its turn. */
#include "scaffolder/scaffolder_internal.h"

#include "formats/regex.h"

static const char LATER[] = "\\b(steps|each|secrets|always|failure)\\b";

static bool depends_on_steps(const Value *value)
{
    g_autoptr(Regex) regex = regex_new(LATER, 0, NULL);

    return value_is(value, VALUE_STRING) &&
           regex_matches(regex, value_string(value, ""), value_string_length(value));
}

static gboolean check_step(Runner *runner, const Value *context, const Value *step, GError **error)
{
    const char *id = value_path_string(step, "id", "");
    const Action *action = actions_find(runner->scaffolder, value_path_string(step, "action", ""));
    const Value *condition = value_get(step, "if");
    const Value *member =
        action && action->check ? value_get(value_get(step, "input"), action->checks) : NULL;

    if (!member || value_get(step, "each") || depends_on_steps(member) ||
        depends_on_steps(condition) || !condition_holds(runner, condition, context, false))
        return TRUE;
    Value *input = value_object_new(runner->arena);
    const Value *output = NULL;
    g_autoptr(GPtrArray) effects = g_ptr_array_new();
    ActionRun run = {.scaffolder = runner->scaffolder,
                     .runner = runner,
                     .action = action,
                     .arena = runner->arena,
                     .dry = true,
                     .step = id,
                     .step_id = id,
                     .intent_id = "",
                     .workspace = runner->workspace,
                     .effects = effects};

    value_set(runner->arena, input, action->checks, runner_evaluate(runner, id, member, context));
    return action->check(&run, input, &output, error);
}

gboolean task_check(Scaffolder *scaffolder, Arena *arena, const Value *template,
                    const Value *values, const char *actor, GError **error)
{
    const Value *spec = template_instantiate(scaffolder, arena, template, values, actor, error);
    const Value *steps = value_get(spec, "steps");
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GPtrArray) log = g_ptr_array_new();
    Runner runner = {.scaffolder = scaffolder,
                     .arena = arena,
                     .task_id = "check",
                     .actor = actor,
                     .template = value_get(spec, "templateInfo"),
                     .folder = "",
                     .workspace = "",
                     .masker = masker,
                     .secrets = value_object_new(arena),
                     .log = log};

    if (!spec)
        return FALSE;
    const Value *context = runner_context(&runner, spec);

    for (guint i = 0; i < value_count(steps); i++)
        if (!check_step(&runner, context, value_item(steps, i), error))
            return FALSE;
    return TRUE;
}
