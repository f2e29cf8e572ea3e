/* `on`: events, their filters, inputs and outputs. */
#include "pipelines/workflow_rules.h"

#include "base/nearest.h"

static const char *const EVENTS[] = {"push",
                                     "pull_request",
                                     "pull_request_target",
                                     "workflow_dispatch",
                                     "workflow_call",
                                     "schedule",
                                     "workflow_run",
                                     "repository_dispatch",
                                     "release",
                                     "create",
                                     "delete",
                                     "issues",
                                     "issue_comment",
                                     "merge_group",
                                     "branch_protection_rule",
                                     "check_run",
                                     "check_suite",
                                     "deployment",
                                     "deployment_status",
                                     "discussion",
                                     "discussion_comment",
                                     "fork",
                                     "gollum",
                                     "label",
                                     "milestone",
                                     "page_build",
                                     "project",
                                     "public",
                                     "pull_request_comment",
                                     "pull_request_review",
                                     "pull_request_review_comment",
                                     "registry_package",
                                     "status",
                                     "watch",
                                     NULL};

static void check_push(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {
        {"branches", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"branches-ignore", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"tags", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"tags-ignore", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"paths", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"paths-ignore", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {"types", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
        {0}};
    static const char *const pairs[][2] = {
        {"branches", "branches-ignore"}, {"tags", "tags-ignore"}, {"paths", "paths-ignore"}};
    g_autofree char *what = g_strdup_printf("'%s'", name);
    check_mapping(checker, map, rules, what);
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (value_get(map, pairs[i][0]) && value_get(map, pairs[i][1]))
            check_wrong(checker, value_get(map, pairs[i][1]),
                        "'%s' and '%s' exclude each other; use '!' patterns in '%s'", pairs[i][0],
                        pairs[i][1], pairs[i][0]);
}

static void check_schedule(Checker *checker, const Value *list, const char *name)
{
    static const Rule rules[] = {
        {"cron", IS_TEXT, NULL, NULL, FALSE}, {"timezone", IS_TEXT, NULL, NULL, FALSE}, {0}};
    for (guint i = 0; i < value_count(list); i++) {
        if (!value_is(value_item(list, i), VALUE_OBJECT)) {
            check_wrong(checker, value_item(list, i),
                        "each item of 'schedule' is a mapping with 'cron'");
            continue;
        }
        check_mapping(checker, value_item(list, i), rules, "'schedule'");
        check_required(checker, value_item(list, i), "cron", "'schedule'");
    }
}

/* Mappings of names to declarations: inputs, secrets and outputs. */
static void check_declarations(Checker *checker, const Value *map, const Rule *rules,
                               const char *what)
{
    for (guint i = 0; i < value_count(map); i++) {
        const Value *declaration = value_value_at(map, i);
        g_autofree char *which = g_strdup_printf("the %s '%s'", what, value_key_at(map, i));
        if (!check_is_id(value_key_at(map, i)))
            check_report(
                checker, "workflow-value", value_key_line(map, value_key_at(map, i)),
                value_key_column(map, value_key_at(map, i)), NULL,
                "a name holds letters, digits, '-' and '_' and begins with a letter or '_'");
        if (value_is(declaration, VALUE_OBJECT))
            check_mapping(checker, declaration, rules, which);
        else if (!value_is(declaration, VALUE_NULL))
            check_wrong(checker, declaration, "%s must be a mapping", which);
    }
}

static void check_type(Checker *checker, const Value *declaration, const char *const *types,
                       const char *name)
{
    const Value *type = value_get(declaration, "type");
    if (type && !g_strv_contains(types, value_string(type, ""))) {
        g_autofree char *all = g_strjoinv(", ", (char **)types);
        check_wrong(checker, type, "the input '%s' has a type out of %s", name, all);
    }
}

static const Rule INPUT_RULES[] = {{"description", IS_SCALAR | IS_EMPTY, NULL, NULL, FALSE},
                                   {"required", IS_BOOL, NULL, NULL, FALSE},
                                   {"default", IS_SCALAR | IS_EMPTY, IN_GLOBAL, NULL, FALSE},
                                   {"type", IS_TEXT, NULL, NULL, FALSE},
                                   {"options", IS_LIST, NULL, NULL, FALSE},
                                   {"deprecationMessage", IS_TEXT, NULL, NULL, FALSE},
                                   {0}};

static void check_call_inputs(Checker *checker, const Value *map, const char *name)
{
    static const char *const types[] = {"boolean", "number", "string", NULL};
    check_declarations(checker, map, INPUT_RULES, "input");
    for (guint i = 0; i < value_count(map); i++) {
        const Value *input = value_value_at(map, i);
        if (!value_get(input, "type"))
            check_wrong(checker, input, "the input '%s' needs 'type': boolean, number or string",
                        value_key_at(map, i));
        check_type(checker, input, types, value_key_at(map, i));
    }
}

static void check_dispatch_inputs(Checker *checker, const Value *map, const char *name)
{
    static const char *const types[] = {"boolean", "number",      "string",
                                        "choice",  "environment", NULL};
    check_declarations(checker, map, INPUT_RULES, "input");
    for (guint i = 0; i < value_count(map); i++)
        check_type(checker, value_value_at(map, i), types, value_key_at(map, i));
}

static void check_call_secrets(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"description", IS_SCALAR | IS_EMPTY, NULL, NULL, FALSE},
                                 {"required", IS_BOOL, NULL, NULL, FALSE},
                                 {0}};
    check_declarations(checker, map, rules, "secret");
}

static void check_call_outputs(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"description", IS_SCALAR | IS_EMPTY, NULL, NULL, FALSE},
                                 {"value", IS_SCALAR, IN_CALL_OUTPUT, NULL, FALSE},
                                 {0}};
    check_declarations(checker, map, rules, "output");
    for (guint i = 0; i < value_count(map); i++)
        check_required(checker, value_value_at(map, i), "value", "an output");
}

static void check_workflow_call(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"inputs", IS_MAP | IS_EMPTY, NULL, check_call_inputs, FALSE},
                                 {"secrets", IS_MAP | IS_EMPTY, NULL, check_call_secrets, FALSE},
                                 {"outputs", IS_MAP | IS_EMPTY, NULL, check_call_outputs, FALSE},
                                 {0}};
    check_mapping(checker, map, rules, "'workflow_call'");
}

static void check_workflow_dispatch(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"inputs", IS_MAP | IS_EMPTY, NULL, check_dispatch_inputs, FALSE},
                                 {0}};
    check_mapping(checker, map, rules, "'workflow_dispatch'");
}

static void check_event_name(Checker *checker, const Value *where, int line, int column,
                             const char *name)
{
    if (g_strv_contains(EVENTS, name))
        return;
    const char *nearest = nearest_name(name, EVENTS);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
    g_autofree char *message = g_strdup_printf("there is no event '%s'", name);
    check_report(checker, "workflow-unknown-event", line, column, hint, message);
}

static void check_event(Checker *checker, const Value *on, guint i)
{
    static const Rule rules[] = {
        {"push", IS_MAP | IS_EMPTY, NULL, check_push, FALSE},
        {"pull_request", IS_MAP | IS_EMPTY, NULL, check_push, FALSE},
        {"pull_request_target", IS_MAP | IS_EMPTY, NULL, check_push, FALSE},
        {"schedule", IS_LIST, NULL, check_schedule, FALSE},
        {"workflow_call", IS_MAP | IS_EMPTY, NULL, check_workflow_call, FALSE},
        {"workflow_dispatch", IS_MAP | IS_EMPTY, NULL, check_workflow_dispatch, FALSE},
        {0}};
    const char *name = value_key_at(on, i);
    const Rule *rule = check_rule_of(rules, name);
    check_event_name(checker, on, value_key_line(on, name), value_key_column(on, name), name);
    if (rule)
        check_value(checker, value_value_at(on, i), rule);
}

void check_on(Checker *checker, const Value *on, const char *name)
{
    if (value_is(on, VALUE_STRING))
        check_event_name(checker, on, value_line(on), value_column(on), value_string(on, ""));
    for (guint i = 0; value_is(on, VALUE_ARRAY) && i < value_count(on); i++) {
        const Value *item = value_item(on, i);
        if (value_is(item, VALUE_STRING))
            check_event_name(checker, item, value_line(item), value_column(item),
                             value_string(item, ""));
        else
            check_wrong(checker, item, "each item of 'on' is the name of an event");
    }
    for (guint i = 0; value_is(on, VALUE_OBJECT) && i < value_count(on); i++)
        check_event(checker, on, i);
}
