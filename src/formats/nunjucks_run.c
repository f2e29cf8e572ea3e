/* Runs statements. Frames are Nunjucks': `if` makes none, `for` makes one that sees and writes its
 * parents', a macro's sees only the root's. */
#include "formats/nunjucks_internal.h"

#include <string.h>

/* ---- frames ---- */

typedef struct Variable Variable;
struct Variable {
    const char *name;
    NjVal value;
    Variable *next;
};

struct NjFrame {
    NjFrame *parent;
    Variable *variables;
    bool isolates; /* writes do not go beyond it */
};

NjFrame *nj_frame_new(NjRun *run, NjFrame *parent, bool isolates)
{
    NjFrame *frame = arena_new0(run->arena, NjFrame, 1);

    frame->parent = parent;
    frame->isolates = isolates;
    return frame;
}

static Variable *find(const NjFrame *frame, const char *name)
{
    for (Variable *v = frame->variables; v; v = v->next)
        if (g_str_equal(v->name, name))
            return v;
    return NULL;
}

static void nj_frame_set(NjRun *run, NjFrame *frame, const char *name, NjVal value, bool resolve_up)
{
    for (NjFrame *at = frame; resolve_up && at; at = at->isolates ? NULL : at->parent) {
        Variable *known = find(at, name);

        if (known) {
            known->value = value;
            return;
        }
    }
    Variable *variable = find(frame, name);

    if (!variable) {
        variable = arena_new0(run->arena, Variable, 1);
        variable->name = name;
        variable->next = frame->variables;
        frame->variables = variable;
    }
    variable->value = value;
}

bool nj_frame_lookup(const NjFrame *frame, const char *name, NjVal *value)
{
    for (; frame; frame = frame->parent) {
        const Variable *known = find(frame, name);

        if (known) {
            *value = known->value;
            return known->value.kind != NJ_UNDEFINED;
        }
    }
    return false;
}

/* ---- macros ---- */

/* What a tree prints when it is run, as text in the arena. */
static bool capture(NjRun *run, const NjNode *body, NjFrame *frame, NjVal *result)
{
    GString *outer = run->out;
    g_autoptr(GString) out = g_string_new(NULL);

    run->out = out;
    bool done = nj_run_list(run, body, frame);
    run->out = outer;
    if (done)
        *result = nj_text_length(run, out->str, out->len);
    return done;
}

typedef struct {
    const NjNode *node; /* a macro, or a call block that is its own caller() */
    NjFrame *frame;     /* the frame the body sees */
} Closure;

/* Positional arguments go to the parameters in order; parameters with a default take keyword
 * arguments too. */
static bool call_closure(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    const Closure *closure = function->data;
    NjFrame *frame = nj_frame_new(run, closure->frame, true);
    guint index = 0;

    for (const NjNode *p = closure->node->first; p; p = p->next, index++) {
        NjVal value = nj_arg_named(args, index, p->name);

        if (value.kind == NJ_UNDEFINED && p->kind == NJ_PAIR &&
            !nj_evaluate(run, p->b, frame, &value))
            return false;
        nj_frame_set(run, frame, p->name, value, false);
    }
    NjVal caller = nj_arg_named(args, G_MAXUINT, "caller");

    if (caller.kind != NJ_UNDEFINED)
        nj_frame_set(run, frame, "caller", caller, false);
    if (!capture(run, closure->node->b, frame, result))
        return false;
    result->safe = true;
    return true;
}

static NjVal closure_new(NjRun *run, const NjNode *node, const char *name, NjFrame *frame)
{
    NjFunction *function = arena_new0(run->arena, NjFunction, 1);
    Closure *closure = arena_new0(run->arena, Closure, 1);

    closure->node = node;
    closure->frame = frame;
    function->name = name;
    function->call = call_closure;
    function->data = closure;
    return (NjVal){.kind = NJ_FUNCTION, .function = function};
}

/* ---- statements ---- */

static bool run_output(NjRun *run, const NjNode *node, NjFrame *frame)
{
    NjVal value;

    if (!nj_evaluate(run, node->a, frame, &value))
        return false;
    return nj_is_nothing(value) || nj_append(run, run->out, value);
}

static bool run_if(NjRun *run, const NjNode *node, NjFrame *frame)
{
    /* A chain of elif is a list, not a nesting. */
    for (; node && node->kind == NJ_IF; node = node->c) {
        NjVal condition;

        if (!nj_evaluate(run, node->a, frame, &condition))
            return false;
        if (nj_truthy(condition))
            return nj_run_list(run, node->b, frame);
    }
    return !node || nj_run_list(run, node, frame);
}

static void set_loop(NjRun *run, NjFrame *frame, guint index, guint count)
{
    Value *loop = value_object_new(run->arena);

    value_set_int(run->arena, loop, "index", index + 1);
    value_set_int(run->arena, loop, "index0", index);
    value_set_int(run->arena, loop, "revindex", count - index);
    value_set_int(run->arena, loop, "revindex0", count - index - 1);
    value_set_bool(run->arena, loop, "first", index == 0);
    value_set_bool(run->arena, loop, "last", index + 1 == count);
    value_set_int(run->arena, loop, "length", count);
    nj_frame_set(run, frame, "loop", nj_value(loop), false);
}

/* What is looped over as an array: of text its characters, of an object its [key, value] pairs. */
static const Value *loop_items(NjRun *run, const NjNode *node, NjVal iterable)
{
    if (nj_is(iterable, VALUE_ARRAY))
        return iterable.value;
    Value *items = value_array_new(run->arena);

    if (nj_is(iterable, VALUE_STRING)) {
        const char *text = value_string(iterable.value, "");
        const char *end = text + value_string_length(iterable.value);

        while (text < end) {
            const char *next = MIN(g_utf8_next_char(text), end);

            value_append(run->arena, items,
                         value_string_new_length(run->arena, text, (gsize)(next - text)));
            text = next;
        }
    }
    if (!nj_is(iterable, VALUE_OBJECT) || node->count < 2)
        return items;
    for (guint i = 0; i < value_count(iterable.value); i++) {
        Value *pair = value_array_new(run->arena);

        value_append(run->arena, pair,
                     value_string_new(run->arena, value_key_at(iterable.value, i)));
        value_append(run->arena, pair, value_value_at(iterable.value, i));
        value_append(run->arena, items, pair);
    }
    return items;
}

static bool run_for(NjRun *run, const NjNode *node, NjFrame *outer)
{
    NjVal iterable;

    if (!nj_evaluate(run, node->a, outer, &iterable))
        return false;
    const Value *items = loop_items(run, node, iterable);
    guint count = value_count(items);

    if (!nj_charge(run, count))
        return false;
    if (count == 0)
        return !node->c || nj_run_list(run, node->c, outer);
    NjFrame *frame = nj_frame_new(run, outer, false);

    for (guint i = 0; i < count; i++) {
        const Value *item = value_item(items, i);
        guint part = 0;

        for (const NjNode *target = node->first; target; target = target->next, part++)
            nj_frame_set(run, frame, target->name,
                         nj_value(node->count > 1 ? value_item(item, part) : item), false);
        set_loop(run, frame, i, count);
        if (!nj_run_list(run, node->b, frame))
            return false;
    }
    return true;
}

static bool run_set(NjRun *run, const NjNode *node, NjFrame *frame)
{
    NjVal value;

    if (node->b ? !capture(run, node->b, frame, &value) : !nj_evaluate(run, node->a, frame, &value))
        return false;
    for (const NjNode *target = node->first; target; target = target->next)
        nj_frame_set(run, frame, target->name, value, true);
    return true;
}

static bool run_call_block(NjRun *run, const NjNode *node, NjFrame *frame)
{
    NjVal caller = closure_new(run, node, "caller", frame), result;

    return nj_evaluate_call(run, node->a, frame, &caller, &result) &&
           (nj_is_nothing(result) || nj_append(run, run->out, result));
}

static bool run_filter_block(NjRun *run, const NjNode *node, NjFrame *frame)
{
    NjVal body, result;

    return capture(run, node->b, frame, &body) &&
           nj_evaluate_filter(run, node, body, frame, &result) &&
           (nj_is_nothing(result) || nj_append(run, run->out, result));
}

static bool run_switch(NjRun *run, const NjNode *node, NjFrame *frame)
{
    NjVal value, candidate;
    bool matched = false;

    if (!nj_evaluate(run, node->a, frame, &value))
        return false;
    for (const NjNode *pair = node->first; pair; pair = pair->next) {
        if (!matched) {
            if (!nj_evaluate(run, pair->a, frame, &candidate))
                return false;
            matched = nj_equal_strict(value, candidate);
        }
        /* An empty case shares the body of the next one. */
        if (matched && !pair->open)
            return nj_run_list(run, pair->b, frame);
    }
    return !node->c || nj_run_list(run, node->c, frame);
}

static bool run_statement(NjRun *run, const NjNode *node, NjFrame *frame)
{
    switch (node->kind) {
    case NJ_DATA:
        return nj_append_text(run, run->out, node->name, node->length);
    case NJ_OUTPUT:
        return run_output(run, node, frame);
    case NJ_IF:
        return run_if(run, node, frame);
    case NJ_FOR:
        return run_for(run, node, frame);
    case NJ_SET:
        return run_set(run, node, frame);
    case NJ_MACRO:
        nj_frame_set(run, frame, node->name, closure_new(run, node, node->name, run->root), true);
        return true;
    case NJ_CALL_BLOCK:
        return run_call_block(run, node, frame);
    case NJ_FILTER_BLOCK:
        return run_filter_block(run, node, frame);
    case NJ_SWITCH:
        return run_switch(run, node, frame);
    case NJ_LIST:
        return nj_run_list(run, node, frame);
    default:
        g_assert_not_reached();
    }
}

bool nj_run_list(NjRun *run, const NjNode *list, NjFrame *frame)
{
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "the template is nested too deeply");
    run->depth++;
    for (const NjNode *node = list->first; node; node = node->next) {
        run->offset = node->offset;
        if (!nj_charge(run, 1) || !run_statement(run, node, frame))
            return false;
    }
    run->depth--;
    return true;
}
