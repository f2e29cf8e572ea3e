/* Evaluates expressions. */
#include "formats/nunjucks_javascript.h"

#include <math.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

/* ---- calls ---- */

typedef struct {
    NjArgs args;
    NjVal items[ARGUMENTS_MAX], named[ARGUMENTS_MAX];
    const char *names[ARGUMENTS_MAX];
} Arguments;

static bool evaluate_arguments(NjRun *run, const NjNode *node, NjFrame *frame, Arguments *arguments)
{
    NjArgs *args = &arguments->args;

    *args = (NjArgs){.items = arguments->items, .names = arguments->names};
    args->named = arguments->named;
    for (const NjNode *child = node->first; child; child = child->next) {
        bool named = child->kind == NJ_PAIR;
        guint *count = named ? &args->named_count : &args->count;

        if (*count == ARGUMENTS_MAX)
            return nj_fail(run, "more than %d arguments", ARGUMENTS_MAX);
        if (named)
            arguments->names[*count] = child->name;
        if (!nj_evaluate(run, named ? child->b : child, frame,
                         (named ? arguments->named : arguments->items) + *count))
            return false;
        (*count)++;
    }
    return true;
}

bool nj_call(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "\"%s\" calls itself too often", function->name);
    run->depth++;
    bool done = nj_charge(run, 1) && function->call(run, function, args, result);
    run->depth--;
    return done;
}

static const char *describe(const NjNode *node)
{
    if (node->kind == NJ_SYMBOL)
        return node->name;
    if (node->kind == NJ_LOOKUP && node->b->kind == NJ_LITERAL)
        return value_string(node->b->value, "the value");
    return "the value";
}

bool nj_evaluate_call(NjRun *run, const NjNode *node, NjFrame *frame, const NjVal *caller,
                      NjVal *result)
{
    g_autofree Arguments *arguments = g_new0(Arguments, 1);
    NjVal target;

    if (!nj_evaluate(run, node->a, frame, &target) ||
        !evaluate_arguments(run, node, frame, arguments))
        return false;
    run->offset = node->offset;
    if (target.kind != NJ_FUNCTION)
        return nj_fail(run, "unable to call \"%s\", which is %s", describe(node->a),
                       nj_truthy(target) ? "not a function" : "undefined or falsey");
    if (caller && arguments->args.named_count < ARGUMENTS_MAX) {
        arguments->names[arguments->args.named_count] = "caller";
        arguments->named[arguments->args.named_count++] = *caller;
    }
    return nj_call(run, target.function, &arguments->args, result);
}

bool nj_evaluate_filter(NjRun *run, const NjNode *node, NjVal input, NjFrame *frame, NjVal *result)
{
    g_autofree Arguments *arguments = g_new0(Arguments, 1);

    if (!evaluate_arguments(run, node, frame, arguments))
        return false;
    run->offset = node->offset;
    NjFilter filter = nj_filter_find(run, node->name);

    if (!filter)
        return nj_fail(run, "filter not found: %s", node->name);
    *result = nj_undefined();
    return filter(run, input, &arguments->args, result);
}

static bool evaluate_test(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    g_autofree Arguments *arguments = g_new0(Arguments, 1);
    NjVal input;
    bool known = true, holds = false;

    if (!nj_evaluate(run, node->a, frame, &input) ||
        !evaluate_arguments(run, node, frame, arguments))
        return false;
    run->offset = node->offset;
    if (!nj_test(run, node->name, input, &arguments->args, &known, &holds))
        return false;
    if (!known)
        return nj_fail(run, "test not found: %s", node->name);
    *result = nj_bool(run, holds);
    return true;
}

/* ---- operators ---- */

static bool contains(NjRun *run, NjVal item, NjVal container, bool *found)
{
    *found = false;
    if (nj_is(container, VALUE_ARRAY)) {
        for (guint i = 0; !*found && i < value_count(container.value); i++)
            *found = nj_equal_strict(item, nj_value(value_item(container.value, i)));
        return nj_charge(run, value_count(container.value));
    }
    gsize length;
    const char *text = nj_to_string(run, item, &length);

    if (!text)
        return false;
    if (nj_is(container, VALUE_STRING))
        *found = memmem(value_string(container.value, ""), value_string_length(container.value),
                        text, length) != NULL;
    else if (nj_is(container, VALUE_OBJECT))
        *found = value_get(container.value, text) != NULL;
    else
        return nj_fail(run, "cannot use \"in\" to search for \"%s\" in this type of value", text);
    return true;
}

static bool concatenate(NjRun *run, NjVal a, NjVal b, NjVal *result)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (!nj_append(run, out, a) || !nj_append(run, out, b))
        return false;
    *result = nj_text_length(run, out->str, out->len);
    return true;
}

static bool compare(NjRun *run, const char *name, NjVal a, NjVal b)
{
    if (g_str_has_prefix(name, "==="))
        return nj_equal_strict(a, b);
    if (g_str_has_prefix(name, "!=="))
        return !nj_equal_strict(a, b);
    if (*name == '=')
        return nj_equal_loose(run, a, b);
    if (*name == '!')
        return !nj_equal_loose(run, a, b);
    int order = nj_compare(run, a, b);

    if (order == 2)
        return false;
    return *name == '<' ? order < (name[1] == '=') : order > -(name[1] == '=');
}

static double arithmetic(const char *name, double x, double y)
{
    switch (*name) {
    case '-':
        return x - y;
    case '*':
        return !name[1] ? x * y : isnan(y) ? NAN : pow(x, y);
    case '/':
        return name[1] ? floor(x / y) : x / y;
    default:
        return fmod(x, y);
    }
}

static bool evaluate_binary(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    NjVal a, b;
    const char *name = node->name;

    if (!nj_evaluate(run, node->a, frame, &a) || !nj_evaluate(run, node->b, frame, &b))
        return false;
    run->offset = node->offset;
    if (strchr("=!<>", *name)) {
        *result = nj_bool(run, compare(run, name, a, b));
        return !run->error || !*run->error;
    }
    if (*name == '~')
        return concatenate(run, a, b, result);
    if (*name == '+')
        return nj_add(run, a, b, result);
    *result = nj_number(run, arithmetic(name, nj_to_number(run, a), nj_to_number(run, b)));
    return !run->error || !*run->error;
}

static bool evaluate_logical(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    if (!nj_evaluate(run, node->a, frame, result))
        return false;
    if (nj_truthy(*result) == (node->kind == NJ_OR))
        return true;
    return nj_evaluate(run, node->b, frame, result);
}

static bool evaluate_inline_if(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    NjVal condition;

    if (!nj_evaluate(run, node->b, frame, &condition))
        return false;
    *result = nj_text(run, "");
    if (nj_truthy(condition))
        return nj_evaluate(run, node->a, frame, result);
    if (node->c)
        return nj_evaluate(run, node->c, frame, result);
    return true;
}

static bool evaluate_in(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    NjVal item, container;
    bool found;

    if (!nj_evaluate(run, node->a, frame, &item) || !nj_evaluate(run, node->b, frame, &container))
        return false;
    run->offset = node->offset;
    if (!contains(run, item, container, &found))
        return false;
    *result = nj_bool(run, found);
    return true;
}

static bool evaluate_sign(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    if (!nj_evaluate(run, node->a, frame, result))
        return false;
    if (node->kind == NJ_NOT)
        *result = nj_bool(run, !nj_truthy(*result));
    else
        *result = nj_number(run, nj_to_number(run, *result) * (node->kind == NJ_NEGATE ? -1 : 1));
    return true;
}

/* ---- collections and names ---- */

static bool evaluate_array(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    Value *array = value_array_new(run->arena);
    NjVal item;

    for (const NjNode *child = node->first; child; child = child->next) {
        if (!nj_evaluate(run, child, frame, &item))
            return false;
        value_append(run->arena, array, nj_as_value(run, item));
    }
    *result = nj_value(array);
    return true;
}

static bool evaluate_dict(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    Value *object = value_object_new(run->arena);
    NjVal key, item;
    gsize length;

    for (const NjNode *pair = node->first; pair; pair = pair->next) {
        const char *name = pair->name;

        if (!name &&
            (!nj_evaluate(run, pair->a, frame, &key) || !(name = nj_to_string(run, key, &length))))
            return false;
        if (!nj_evaluate(run, pair->b, frame, &item))
            return false;
        if (item.kind != NJ_UNDEFINED)
            value_set(run->arena, object, name, nj_as_value(run, item));
    }
    *result = nj_value(object);
    return true;
}

static bool evaluate_regex(NjRun *run, const NjNode *node, NjVal *result)
{
    NjPattern *pattern = arena_new0(run->arena, NjPattern, 1);
    g_autoptr(GError) error = NULL;
    RegexFlags flags = (strchr(node->flags, 'i') ? REGEX_IGNORE_CASE : 0) |
                       (strchr(node->flags, 'm') ? REGEX_MULTILINE : 0);
    Regex *regex = regex_new(node->name, flags, &error);

    run->offset = node->offset;
    if (!regex)
        return nj_fail(run, "%s", error->message);
    g_ptr_array_add(run->regexes, regex);
    if (run->regexes->len > 10000)
        return nj_fail(run, "too many regular expressions");
    pattern->regex = regex;
    pattern->source = node->name;
    pattern->flags = node->flags;
    pattern->global = strchr(node->flags, 'g') != NULL;
    *result = (NjVal){.kind = NJ_PATTERN, .pattern = pattern};
    return true;
}

static bool evaluate_symbol(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    if (nj_frame_lookup(frame, node->name, result))
        return true;
    *result = nj_value(value_get(run->context, node->name));
    if (result->kind == NJ_UNDEFINED)
        *result = nj_global(run, node->name);
    return true;
}

static bool evaluate_lookup(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    NjVal target, key;

    if (!nj_evaluate(run, node->a, frame, &target) || !nj_evaluate(run, node->b, frame, &key))
        return false;
    run->offset = node->offset;
    *result = nj_member(run, target, key);
    return !run->error || !*run->error;
}

static bool evaluate_group(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    *result = nj_undefined();
    for (const NjNode *child = node->first; child; child = child->next)
        if (!nj_evaluate(run, child, frame, result))
            return false;
    return true;
}

static bool evaluate_node(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    NjVal input;

    switch (node->kind) {
    case NJ_LITERAL:
        *result = nj_value(node->value);
        return true;
    case NJ_SYMBOL:
        return evaluate_symbol(run, node, frame, result);
    case NJ_ARRAY:
        return evaluate_array(run, node, frame, result);
    case NJ_DICT:
        return evaluate_dict(run, node, frame, result);
    case NJ_GROUP:
        return evaluate_group(run, node, frame, result);
    case NJ_REGEX:
        return evaluate_regex(run, node, result);
    case NJ_LOOKUP:
        return evaluate_lookup(run, node, frame, result);
    case NJ_CALL:
        return nj_evaluate_call(run, node, frame, NULL, result);
    case NJ_FILTER:
        return nj_evaluate(run, node->a, frame, &input) &&
               nj_evaluate_filter(run, node, input, frame, result);
    case NJ_TEST:
        return evaluate_test(run, node, frame, result);
    case NJ_IN:
        return evaluate_in(run, node, frame, result);
    case NJ_NOT:
    case NJ_NEGATE:
    case NJ_POSITIVE:
        return evaluate_sign(run, node, frame, result);
    case NJ_AND:
    case NJ_OR:
        return evaluate_logical(run, node, frame, result);
    case NJ_BINARY:
        return evaluate_binary(run, node, frame, result);
    case NJ_INLINE_IF:
        return evaluate_inline_if(run, node, frame, result);
    default:
        g_assert_not_reached();
    }
}

bool nj_evaluate(NjRun *run, const NjNode *node, NjFrame *frame, NjVal *result)
{
    run->offset = node->offset;
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "the template is nested too deeply");
    if (!nj_charge(run, 1))
        return false;
    run->depth++;
    bool done = evaluate_node(run, node, frame, result);
    run->depth--;
    return done;
}
