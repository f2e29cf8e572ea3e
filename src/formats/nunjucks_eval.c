/* Evaluates expressions. */
#include "formats/nunjucks_run_internal.h"

#include <math.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

/* ---- arguments ---- */

/* Room for count of them: on the stack where they are few, as they are. */
static NjVal *room_for(NjRun *run, guint count, NjVal *few, gsize few_count)
{
    return count <= few_count ? few : arena_new0(run->arena, NjVal, count);
}

bool nj_evaluate_arguments(NjRun *run, const NjNode *node, NjEnv *env, NjArguments *arguments)
{
    NjVal *items = room_for(run, node->count, arguments->items, G_N_ELEMENTS(arguments->items));
    /* One more, for the caller that a call block adds. */
    guint named_room = node->named_count + 1;
    NjVal *named = room_for(run, named_room, arguments->named, G_N_ELEMENTS(arguments->named));
    const char **names = named == arguments->named
                             ? arguments->names
                             : arena_new0(run->arena, const char *, named_room);
    guint count = 0, named_count = 0;
    NjVal v;

    if (node->count > ARGUMENTS_MAX || node->named_count > ARGUMENTS_MAX)
        return nj_fail(run, "more than %d arguments", ARGUMENTS_MAX);
    for (const NjNode *child = node->first; child; child = child->next) {
        if (!nj_evaluate(run, child, env, &v))
            return false;
        items[count++] = nj_boxed(run, v);
    }
    for (const NjNode *pair = node->named; pair; pair = pair->next) {
        if (!nj_evaluate(run, pair->b, env, &v))
            return false;
        names[named_count] = pair->name;
        named[named_count++] = nj_boxed(run, v);
    }
    arguments->args = (NjArgs){
        .items = items, .count = count, .names = names, .named = named, .named_count = named_count};
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

/* ---- filters and tests ---- */

bool nj_evaluate_filter(NjRun *run, const NjNode *node, NjVal input, NjEnv *env, NjVal *result)
{
    NjArguments arguments;

    if (!nj_evaluate_arguments(run, node, env, &arguments))
        return false;
    run->offset = node->offset;
    if (!node->filter)
        return nj_fail(run, "filter not found: %s", node->name);
    *result = nj_undefined();
    return nj_charge(run, 1) && node->filter(run, nj_boxed(run, input), &arguments.args, result);
}

G_NO_INLINE static bool evaluate_test(NjRun *run, const NjNode *node, NjEnv *env, bool *holds)
{
    NjArguments arguments;
    NjVal input;
    bool known = true;

    if (!nj_evaluate(run, node->a, env, &input))
        return false;
    if (!node->count && !node->named_count) {
        arguments.args = (NjArgs){0};
        if (node->test != NJ_IS_CALLED) {
            *holds = (input.kind == NJ_UNDEFINED) == (node->test == NJ_IS_UNDEFINED);
            return true;
        }
    } else if (!nj_evaluate_arguments(run, node, env, &arguments)) {
        return false;
    }
    run->offset = node->offset;
    *holds = false;
    if (!nj_test(run, node->name, nj_boxed(run, input), &arguments.args, &known, holds))
        return false;
    return known || nj_fail(run, "test not found: %s", node->name);
}

/* ---- logic ---- */

static bool is_truthy(NjVal v)
{
    if (v.kind == NJ_PLAIN_BOOL)
        return v.boolean;
    if (v.kind == NJ_PLAIN_NUMBER)
        return v.number != 0 && !isnan(v.number);
    return nj_truthy(v);
}

static bool contains(NjRun *run, NjVal item, NjVal container, bool *found)
{
    gsize length;
    const char *text;

    *found = false;
    if (nj_is(container, VALUE_ARRAY)) {
        for (guint i = 0; !*found && i < value_count(container.value); i++)
            *found = nj_equal_strict(item, nj_value(value_item(container.value, i)));
        return nj_charge(run, value_count(container.value));
    }
    if (!(text = nj_to_string(run, item, &length)))
        return false;
    if (nj_is(container, VALUE_STRING))
        *found = memmem(value_string(container.value, ""), value_string_length(container.value),
                        text, length) != NULL;
    else if (nj_is(container, VALUE_OBJECT))
        *found = value_get(container.value, text) != NULL;
    else
        return nj_fail(run, "cannot use \"in\" operator to search for \"%s\" in unexpected types",
                       text);
    return true;
}

G_NO_INLINE static bool evaluate_in(NjRun *run, const NjNode *node, NjEnv *env, bool *found)
{
    NjVal item, container;

    if (!nj_evaluate(run, node->a, env, &item) || !nj_evaluate(run, node->b, env, &container))
        return false;
    run->offset = node->offset;
    return contains(run, nj_boxed(run, item), nj_boxed(run, container), found);
}

bool nj_evaluate_truth(NjRun *run, const NjNode *node, NjEnv *env, bool *truth)
{
    NjVal v;

    if (!nj_evaluate(run, node, env, &v))
        return false;
    *truth = is_truthy(v);
    return true;
}

static bool evaluate_logical(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    if (!nj_evaluate(run, node->a, env, result))
        return false;
    if (is_truthy(*result) == (node->kind == NJ_OR))
        return true;
    return nj_evaluate(run, node->b, env, result);
}

static bool evaluate_inline_if(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    bool condition;

    if (!nj_evaluate_truth(run, node->b, env, &condition))
        return false;
    if (condition || node->c)
        return nj_evaluate(run, condition ? node->a : node->c, env, result);
    *result = nj_text_length(run, "", 0);
    return true;
}

/* ---- collections and names ---- */

G_NO_INLINE static bool evaluate_array(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    Value *array = value_array_new(run->arena);
    NjVal item;

    for (const NjNode *child = node->first; child; child = child->next) {
        if (!nj_evaluate(run, child, env, &item))
            return false;
        value_append(run->arena, array, nj_as_value(run, nj_boxed(run, item)));
    }
    *result = nj_value(array);
    return true;
}

G_NO_INLINE static bool evaluate_dict(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    Value *object = value_object_new(run->arena);
    NjVal key, item;
    gsize length;

    for (const NjNode *pair = node->first; pair; pair = pair->next) {
        const char *name = pair->name;

        if (!name && (!nj_evaluate(run, pair->a, env, &key) ||
                      !(name = nj_to_string(run, nj_boxed(run, key), &length))))
            return false;
        if (!nj_evaluate(run, pair->b, env, &item))
            return false;
        if (item.kind != NJ_UNDEFINED)
            value_set(run->arena, object, name, nj_as_value(run, nj_boxed(run, item)));
    }
    *result = nj_value(object);
    return true;
}

G_NO_INLINE static bool evaluate_loop(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    const NjFrame *loop = nj_loop_frame(env->unit);

    if (!loop) {
        /* A variable that happens to be called so. */
        NjVal target = nj_find(run, env->unit, node->a->name, node->a->length, node->a->hash);

        *result = nj_member(run, target, nj_value(node->value));
        return true;
    }
    double number = nj_loop_number(loop, node->loop);
    bool truth = node->loop == NJ_LOOP_FIRST || node->loop == NJ_LOOP_LAST;

    *result = truth ? nj_plain_bool(number != 0) : nj_plain_number(number);
    return true;
}

bool nj_evaluate_member(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    NjVal target;

    if (!nj_evaluate(run, node->a, env, &target))
        return false;
    if (nj_is(target, VALUE_OBJECT)) {
        const Value *member = value_get_hashed(target.value, node->name, node->length, node->hash);

        if (member) {
            *result = (NjVal){.kind = NJ_VALUE, .value = member};
            return true;
        }
    }
    run->offset = node->offset;
    *result = nj_member(run, nj_boxed(run, target), nj_value(node->value));
    return !*run->error;
}

static bool evaluate_lookup(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    NjVal target, key;

    if (!nj_evaluate(run, node->a, env, &target) || !nj_evaluate(run, node->b, env, &key))
        return false;
    run->offset = node->offset;
    key = nj_boxed(run, key);
    if (nj_is(target, VALUE_ARRAY) && nj_is(key, VALUE_NUMBER) && value_is_int(key.value)) {
        int64_t index = value_int(key.value, -1);

        *result = nj_value(index >= 0 && index < value_count(target.value)
                               ? value_item(target.value, (guint)index)
                               : NULL);
        return true;
    }
    *result = nj_member(run, nj_boxed(run, target), key);
    return !*run->error;
}

static bool evaluate_group(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    *result = nj_undefined();
    for (const NjNode *child = node->first; child; child = child->next)
        if (!nj_evaluate(run, child, env, result))
            return false;
    return true;
}

static bool evaluate_bool(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    bool truth = false, done;

    if (node->kind == NJ_NOT)
        done = nj_evaluate_truth(run, node->a, env, &truth);
    else if (node->kind == NJ_IN)
        done = evaluate_in(run, node, env, &truth);
    else
        done = evaluate_test(run, node, env, &truth);
    *result = nj_plain_bool(truth != (node->kind == NJ_NOT));
    return done;
}

static bool evaluate_node(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    NjVal input;

    switch (node->kind) {
    case NJ_LOOP:
        return evaluate_loop(run, node, env, result);
    case NJ_ARRAY:
        return evaluate_array(run, node, env, result);
    case NJ_DICT:
        return evaluate_dict(run, node, env, result);
    case NJ_GROUP:
        return evaluate_group(run, node, env, result);
    case NJ_REGEX:
        *result = (NjVal){.kind = NJ_PATTERN, .pattern = node->pattern};
        return true;
    case NJ_MEMBER:
        return nj_evaluate_member(run, node, env, result);
    case NJ_LOOKUP:
        return evaluate_lookup(run, node, env, result);
    case NJ_CALL:
        return nj_evaluate_call(run, node, env, result);
    case NJ_FILTER:
        return nj_evaluate(run, node->a, env, &input) &&
               nj_evaluate_filter(run, node, input, env, result);
    case NJ_TEST:
    case NJ_IN:
    case NJ_NOT:
        return evaluate_bool(run, node, env, result);
    case NJ_AND:
    case NJ_OR:
        return evaluate_logical(run, node, env, result);
    case NJ_NEGATE:
    case NJ_POSITIVE:
    case NJ_BINARY:
        return nj_evaluate_binary(run, node, env, result);
    case NJ_INLINE_IF:
        return evaluate_inline_if(run, node, env, result);
    default:
        g_assert_not_reached();
    }
}

bool nj_evaluate_nested(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    if (G_UNLIKELY(run->depth >= NJ_RUN_DEPTH_MAX))
        return nj_fail(run, "the template is nested too deeply");
    if (G_UNLIKELY(run->steps > NJ_STEPS_MAX))
        return nj_too_long(run);
    run->depth++;
    bool done = evaluate_node(run, node, env, result);
    run->depth--;
    return done;
}
