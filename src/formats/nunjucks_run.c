/* Runs statements. */
#include "formats/nunjucks_run_internal.h"

#include <string.h>

/* ---- output ---- */

bool nj_run_value(NjRun *run, NjVal v)
{
    const NunjucksOptions *options = run->source->options;
    static const NjArgs none;
    NjVal escaped;

    if (nj_is_nothing(v))
        return !options->throw_on_undefined ||
               nj_fail(run, "attempted to output null or undefined value");
    if (!options->autoescape || v.safe || v.kind == NJ_PLAIN_NUMBER || v.kind == NJ_PLAIN_BOOL)
        return nj_print(run, v);
    return nj_filter_find(options, "escape")(run, v, &none, &escaped) && nj_print(run, escaped);
}

static bool run_output(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjVal v;

    if (node->a->kind == NJ_CALL)
        return nj_print_call(run, node->a, env, NULL);
    if (!nj_evaluate(run, node->a, env, &v))
        return false;
    if (nj_is(v, VALUE_STRING) && !run->source->options->autoescape)
        return nj_out(run, value_string(v.value, ""), value_string_length(v.value));
    return nj_run_value(run, v);
}

/* What a list prints, as text. */
static bool capture(NjRun *run, const NjNode *body, NjEnv *env, NjVal *result)
{
    gsize start = nj_running(run)->length;

    if (!nj_run_list(run, body, env))
        return false;
    *result = nj_taken_back(run, start);
    return true;
}

/* ---- if, switch ---- */

static bool run_if(NjRun *run, const NjNode *node, NjEnv *env)
{
    /* A chain of elif is a list, not a nesting. */
    for (; node && node->kind == NJ_IF; node = node->c) {
        bool condition;

        if (!nj_evaluate_truth(run, node->a, env, &condition))
            return false;
        if (condition)
            return nj_run_list(run, node->b, env);
    }
    return !node || nj_run_list(run, node, env);
}

static bool run_switch(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjVal value, candidate;
    bool matched = false;

    if (!nj_evaluate(run, node->a, env, &value))
        return false;
    value = nj_boxed(run, value);
    for (const NjNode *pair = node->first; pair; pair = pair->next) {
        if (!matched) {
            if (!nj_evaluate(run, pair->a, env, &candidate))
                return false;
            matched = nj_equal_strict(value, nj_boxed(run, candidate));
        }
        /* An empty case shares the body of the next one. */
        if (matched && !pair->open)
            return nj_run_list(run, pair->b, env);
    }
    return !node->c || nj_run_list(run, node->c, env);
}

/* ---- for ---- */

static void set_target(NjRun *run, const NjNode *target, NjVal value, NjEnv *env)
{
    env->slots[target->slot] = value;
    nj_frame_bind(run, env->unit, target, value);
}

/* The targets from one item: it itself, or (several) its items in turn. */
static bool set_targets(NjRun *run, const NjNode *node, const Value *item, NjEnv *env)
{
    guint part = 0;

    if (node->count == 1) {
        set_target(run, node->first, nj_value(item), env);
        return true;
    }
    if (!item || value_is(item, VALUE_NULL))
        return nj_fail(run, "cannot take %u values from %s", node->count,
                       item ? "null" : "undefined");
    for (const NjNode *target = node->first; target; target = target->next, part++)
        set_target(run, target,
                   value_is(item, VALUE_ARRAY)
                       ? nj_value(value_item(item, part))
                       : nj_member(run, nj_value(item), nj_number(run, part)),
                   env);
    return true;
}

static bool run_turn(NjRun *run, const NjNode *node, guint index, NjEnv *env)
{
    env->unit->frame->index = index;
    return !arena_exhausted(run->arena) ? nj_run_list(run, node->b, env) : nj_charge(run, 1);
}

static bool run_items(NjRun *run, const NjNode *node, const Value *items, NjEnv *env)
{
    /* Asked again each time, since the body may add to the list. */
    for (guint i = 0; i < value_count(items); i++)
        if (!set_targets(run, node, value_item(items, i), env) || !run_turn(run, node, i, env))
            return false;
    return true;
}

static bool run_members(NjRun *run, const NjNode *node, const Value *object, NjEnv *env)
{
    for (guint i = 0; i < value_count(object); i++) {
        const char *key = value_key_at(object, i);
        const NjNode *target = node->first;

        set_target(run, target, nj_value(value_string_wrap(run->arena, key, strlen(key))), env);
        set_target(run, target->next, nj_value(value_value_at(object, i)), env);
        if (!run_turn(run, node, i, env))
            return false;
    }
    return true;
}

/* The characters of a text; for two targets, its indexes and characters. */
static const Value *characters(NjRun *run, NjVal text, bool pairs)
{
    Value *items = value_array_new(run->arena);
    const char *at = value_string(text.value, ""), *end = at + value_string_length(text.value);

    while (at < end) {
        const char *next = MIN(g_utf8_next_char(at), end);
        Value *character = value_string_new_length(run->arena, at, (gsize)(next - at));
        Value *pair = pairs ? value_array_new(run->arena) : character;

        if (pairs) {
            char index[16];

            g_snprintf(index, sizeof index, "%u", value_count(items));
            value_append(run->arena, pair, value_string_new(run->arena, index));
            value_append(run->arena, pair, character);
        }
        value_append(run->arena, items, pair);
        at = next;
    }
    return items;
}

static bool run_turns(NjRun *run, const NjNode *node, NjVal iterable, NjEnv *env)
{
    NjFrame *frame = env->unit->frame;

    if (nj_is(iterable, VALUE_STRING))
        iterable = nj_value(characters(run, iterable, node->count > 1));
    bool object = nj_is(iterable, VALUE_OBJECT) && node->count > 1;

    frame->loops = true;
    frame->count = object || nj_is(iterable, VALUE_ARRAY) ? value_count(iterable.value) : 0;
    if (!nj_charge(run, frame->count))
        return false;
    if (frame->count > 0 && !(object ? run_members(run, node, iterable.value, env)
                                     : run_items(run, node, iterable.value, env)))
        return false;
    frame->loops = frame->count > 0;
    /* An object has no length, which is all that asyncEach and asyncAll ask for. */
    return !node->c || (frame->count > 0 && !(node->async && object)) ||
           nj_run_list(run, node->c, env);
}

static bool run_for(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjFrame *outer = env->unit->frame;
    NjVal iterable;

    if (!nj_evaluate(run, node->a, env, &iterable))
        return false;
    env->unit->frame = nj_frame_new(run, outer, false);
    bool done = run_turns(run, node, nj_boxed(run, iterable), env);

    env->unit->frame = outer;
    return done;
}

/* ---- set, macro, call, filter ---- */

static void set_slot(const NjNode *node, NjVal value, NjEnv *env)
{
    for (guint up = node->up; up > 0; up--)
        env = env->outer;
    env->slots[node->slot] = value;
}

/* A name of the template's own level is in its context; deeper ones are in the frame. */
void nj_define(NjRun *run, const NjNode *name, bool inner, NjVal value, NjEnv *env)
{
    set_slot(name, value, env);
    if (inner)
        nj_frame_set(run, env->unit->frame, name, value, false);
    else
        nj_context_set(run, env->unit->context, name, value);
}

static bool run_set(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjUnit *unit = env->unit;
    NjVal value;

    if (node->b ? !capture(run, node->b, env, &value) : !nj_evaluate(run, node->a, env, &value))
        return false;
    for (const NjNode *target = node->first; target; target = target->next) {
        if (target->slot >= 0)
            set_slot(target, value, env);
        nj_frame_set(run, unit->frame, target, value, true);
        if (unit->frame->top_level) {
            nj_context_set(run, unit->context, target, value);
            nj_context_export(run, unit->context, target);
        }
    }
    return true;
}

static bool run_macro(NjRun *run, const NjNode *node, NjEnv *env)
{
    nj_define(run, node, node->inner, nj_macro_new(run, node, env), env);
    if (!node->inner)
        nj_context_export(run, env->unit->context, node);
    return true;
}

static bool run_call_block(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjVal caller = nj_macro_new(run, node, env);

    return nj_print_call(run, node->a, env, &caller);
}

static bool run_filter_block(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjVal body, result;

    return capture(run, node->b, env, &body) && nj_evaluate_filter(run, node, body, env, &result) &&
           nj_run_value(run, result);
}

/* ---- lists ---- */

static bool run_statement(NjRun *run, const NjNode *node, NjEnv *env)
{
    switch (node->kind) {
    case NJ_DATA:
        return nj_out(run, node->name, node->length);
    case NJ_OUTPUT:
        return run_output(run, node, env);
    case NJ_IF:
        return run_if(run, node, env);
    case NJ_FOR:
        return run_for(run, node, env);
    case NJ_SET:
        return run_set(run, node, env);
    case NJ_MACRO:
        return run_macro(run, node, env);
    case NJ_CALL_BLOCK:
        return run_call_block(run, node, env);
    case NJ_FILTER_BLOCK:
        return run_filter_block(run, node, env);
    case NJ_SWITCH:
        return run_switch(run, node, env);
    case NJ_BLOCK:
        return nj_run_block(run, node, env);
    case NJ_EXTENDS:
        return nj_run_extends(run, node, env);
    case NJ_INCLUDE:
        return nj_run_include(run, node, env);
    case NJ_IMPORT:
    case NJ_FROM:
        return nj_run_import(run, node, env);
    default:
        g_assert_not_reached();
    }
}

bool nj_run_list(NjRun *run, const NjNode *list, NjEnv *env)
{
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "the template is nested too deeply");
    run->depth++;
    for (const NjNode *node = list->first; node; node = node->next) {
        run->offset = node->offset;
        if (!nj_step(run) || !run_statement(run, node, env))
            return false;
    }
    run->depth--;
    return true;
}
