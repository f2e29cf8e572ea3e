/* Macros, callers, and calls of whatever can be called. */
#include "formats/nunjucks_run_internal.h"

#include <string.h>

/* ---- what a macro is ---- */

typedef struct {
    const NjNode *node; /* a macro, or a call block that is its own caller() */
    NjEnv *env;         /* where it was written */
} Closure;

static bool call_macro(NjRun *run, const NjFunction *function, const NjArgs *args, NjVal *result)
{
    gsize start = nj_running(run)->length;
    bool is_macro;

    if (!nj_print_macro(run, function, args, &is_macro))
        return false;
    *result = nj_taken_back(run, start);
    result->safe = true;
    return true;
}

NjVal nj_macro_new(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjFunction *function = arena_new0(run->arena, NjFunction, 1);
    Closure *closure = arena_new0(run->arena, Closure, 1);

    *closure = (Closure){node, env};
    function->name = node->kind == NJ_MACRO ? node->name : "caller";
    function->call = call_macro;
    function->data = closure;
    return (NjVal){.kind = NJ_FUNCTION, .function = function};
}

/* ---- parameters ---- */

static const NjVal *named_argument(const NjArgs *args, const char *name)
{
    for (guint i = args->named_count; i > 0; i--)
        if (args->names[i - 1] == name || strcmp(args->names[i - 1], name) == 0)
            return &args->named[i - 1];
    return NULL;
}

/* Parameters without a default: by position, else by name. */
static void bind_positional(NjRun *run, const NjNode *node, const NjArgs *args, NjEnv *env)
{
    guint index = 0;

    for (const NjNode *p = node->first; p; p = p->next, index++) {
        const NjVal *named = index < args->count ? NULL : named_argument(args, p->name);
        NjVal value = index < args->count ? args->items[index] : named ? *named : nj_undefined();

        env->slots[p->slot] = value;
        nj_frame_bind(run, env->unit, p, value);
    }
}

/* Parameters with a default: by the positions that are left over, else by name. */
static bool bind_defaults(NjRun *run, const NjNode *node, const NjArgs *args, NjEnv *env)
{
    guint index = node->count;

    for (const NjNode *p = node->named; p; p = p->next, index++) {
        const NjVal *given = index < args->count ? &args->items[index] : named_argument(args, p->name);
        NjVal value;

        if (given)
            value = *given;
        else if (!nj_evaluate(run, p->b, env, &value))
            return false;
        nj_frame_set(run, env->unit->frame, p, value, false);
    }
    return true;
}

static void bind_caller(NjRun *run, const NjArgs *args, NjEnv *env)
{
    static NjNode name = {.name = "caller"};
    const NjVal *caller = args->named_count ? named_argument(args, "caller") : NULL;
    NjNode named = name;

    if (!caller)
        return;
    named.hash = value_key_hash("caller", 6);
    nj_frame_set(run, env->unit->frame, &named, *caller, false);
}

/* ---- running one ---- */

static bool run_body(NjRun *run, const Closure *closure, const NjArgs *args)
{
    const NjNode *node = closure->node;
    NjUnit *unit = closure->env->unit;
    bool caller = node->kind == NJ_CALL_BLOCK;
    NjFrame *before = unit->frame;
    const NjSource *source = run->source;
    NjEnv *env = arena_new0(run->arena, NjEnv, 1);

    env->unit = unit;
    env->slots = arena_new0(run->arena, NjVal, node->code->slots);
    env->outer = caller ? closure->env : NULL;
    unit->frame = nj_frame_new(run, caller ? before : NULL, caller);
    run->source = &unit->template->source;
    bind_caller(run, args, env);
    bind_positional(run, node, args, env);
    bool done = bind_defaults(run, node, args, env) && nj_run_list(run, node->b, env);

    unit->frame = before;
    if (done)
        run->source = source;
    return done;
}

bool nj_print_macro(NjRun *run, const NjFunction *function, const NjArgs *args, bool *is_macro)
{
    *is_macro = function->call == call_macro;
    if (!*is_macro)
        return true;
    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "\"%s\" calls itself too often", function->name);
    if (!nj_charge(run, 1))
        return false;
    run->depth++;
    bool done = run_body(run, function->data, args);
    run->depth--;
    return done;
}

/* ---- calls ---- */

/* What is called, as nunjucks names it in its errors. */
static void append_name(GString *out, const NjNode *node)
{
    switch (node->kind) {
    case NJ_SYMBOL:
    case NJ_LOCAL:
        g_string_append(out, node->name);
        return;
    case NJ_LOOP:
    case NJ_MEMBER:
        append_name(out, node->a);
        g_string_append_printf(out, "[\"%s\"]", node->name);
        return;
    case NJ_LOOKUP:
        append_name(out, node->a);
        g_string_append(out, "[\"");
        append_name(out, node->b);
        g_string_append(out, "\"]");
        return;
    case NJ_CALL:
        g_string_append(out, "the return value of (");
        append_name(out, node->a);
        g_string_append_c(out, ')');
        return;
    case NJ_LITERAL:
        g_string_append(out, value_string(node->value, "--expression--"));
        return;
    default:
        g_string_append(out, "--expression--");
    }
}

static bool evaluate_target(NjRun *run, const NjNode *node, NjEnv *env, NjVal *target,
                            NjArguments *arguments)
{
    if (!nj_evaluate(run, node->a, env, target) ||
        !nj_evaluate_arguments(run, node, env, arguments))
        return false;
    run->offset = node->offset;
    if (target->kind == NJ_FUNCTION && target->function->call)
        return true;
    g_autoptr(GString) name = g_string_new(NULL);

    append_name(name, node->a);
    return nj_fail(run, "unable to call `%s`, which is %s", name->str,
                   nj_truthy(nj_boxed(run, *target)) ? "not a function" : "undefined or falsey");
}

bool nj_evaluate_call(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    NjArguments arguments;
    NjVal target;

    *result = nj_undefined();
    return evaluate_target(run, node, env, &target, &arguments) &&
           nj_call(run, target.function, &arguments.args, result);
}

bool nj_print_call(NjRun *run, const NjNode *node, NjEnv *env, const NjVal *caller)
{
    NjArguments arguments;
    NjVal target, result = nj_undefined();
    bool printed;

    if (!evaluate_target(run, node, env, &target, &arguments))
        return false;
    if (caller) {
        guint last = arguments.args.named_count++;

        ((const char **)arguments.args.names)[last] = "caller";
        ((NjVal *)arguments.args.named)[last] = *caller;
    }
    if (!nj_print_macro(run, target.function, &arguments.args, &printed) || printed)
        return printed && !*run->error;
    return nj_call(run, target.function, &arguments.args, &result) && nj_run_value(run, result);
}
