/* What the evaluator's files share: frames, contexts, the functions of a template, the output. */
#pragma once
#include "formats/nunjucks_tree.h"
#include <string.h>

/* ---- frames ---- */

typedef struct NjVariable NjVariable;
struct NjVariable {
    const char *name;
    guint hash;
    NjVal value;
    NjVariable *next;
};

/* Frames are Nunjucks': `if` makes none; a loop makes one that sees and writes its parents'; a
 * macro's has no parent. */
typedef struct NjFrame NjFrame;
struct NjFrame {
    NjFrame *parent;
    NjVariable *variables;
    guint64 names;  /* a bit for each of its variables, by hash */
    bool isolates;  /* what is set in it does not go to its parents */
    bool top_level; /* a template's own: what is set in it is set in the context */
    bool loops;     /* a loop's, with these: */
    guint index, count;
};

typedef struct NjOverride NjOverride;

/* The values a template is rendered with, and what it set at its top level. */
typedef struct {
    const Value *base;
    NjVariable *variables;
    guint64 names;
    NjVariable *exports;   /* without values, in reverse order */
    NjOverride *overrides; /* the blocks of the template and those it extends */
} NjContext;

/* A template, or a block of it, that is run. Its macros and callers share its frame, as they share
 * a JavaScript variable in Nunjucks: what a caller sees is the frame of the macro that calls it. */
typedef struct {
    const NunjucksTemplate *template;
    NjContext *context;
    NjFrame *frame;
    const NunjucksTemplate *extends;
    const NjNode *block;
} NjUnit;

/* A function that is run: a unit itself, or a macro or caller in it. */
typedef struct NjEnv NjEnv;
struct NjEnv {
    NjUnit *unit;
    NjVal *slots;
    NjEnv *outer; /* of a caller: where it was written */
};

NjFrame *nj_frame_new(NjRun *run, NjFrame *parent, bool isolates);
/* As `set` does it (resolve: in the frame that has the name already), or in this frame. */
void nj_frame_set(NjRun *run, NjFrame *frame, const NjNode *name, NjVal value, bool resolve);
NjContext *nj_context_new(NjRun *run, const Value *base);
NjContext *nj_context_copy(NjRun *run, const NjContext *context);
void nj_context_set(NjRun *run, NjContext *context, const NjNode *name, NjVal value);
/* What the template set itself; undefined where it did not. */
NjVal nj_context_get(const NjContext *context, const NjNode *name);
void nj_context_export(NjRun *run, NjContext *context, const NjNode *name);
/* What a name stands for where the unit is; undefined where it is nowhere. */
NjVal nj_find(NjRun *run, const NjUnit *unit, const char *name, gsize length, guint hash);
/* What the symbols of the only template of a run stand for all along, since it gives them no value;
 * undefined for the others. */
void nj_resolve_symbols(NjRun *run, const NunjucksTemplate *template, NjContext *context);
/* A loop's variable or a parameter, which has a slot: is in the frame only where it may be looked
 * for by its name. */
static inline void nj_frame_bind(NjRun *run, const NjUnit *unit, const NjNode *name, NjVal value)
{
    if (name->variable->sought || unit->template->loads || unit->template->blocks)
        nj_frame_set(run, unit->frame, name, value, false);
}
/* The innermost loop's frame; NULL outside of loops. */
const NjFrame *nj_loop_frame(const NjUnit *unit);
double nj_loop_number(const NjFrame *loop, NjLoopMember member);

/* ---- a run ---- */

typedef struct NjLoaded NjLoaded;

typedef struct {
    NjRun run; /* first: an NjRun is one of these */
    const NunjucksTemplate *main;
    char *out; /* what was printed, growing */
    gsize length, size;
    guint64 names; /* those of all frames there ever were */
    NjLoaded *loaded;
    guint loads, load_depth;
} NjRunning;

static inline NjRunning *nj_running(NjRun *run)
{
    return (NjRunning *)run;
}

bool nj_out_grow(NjRun *run, gsize more);

static inline bool nj_out(NjRun *run, const char *text, gsize length)
{
    NjRunning *running = nj_running(run);

    if (G_UNLIKELY(length > running->size - running->length) && !nj_out_grow(run, length))
        return false;
    memcpy(running->out + running->length, text, length);
    running->length += length;
    run->steps += (int64_t)(length >> 4);
    return true;
}

/* v as it is printed without being escaped. */
bool nj_print(NjRun *run, NjVal v);
/* What was printed since start, taken back and as text. */
NjVal nj_taken_back(NjRun *run, gsize start);

/* One step; false with an error once it was too much. */
bool nj_too_long(NjRun *run);
static inline bool nj_step(NjRun *run)
{
    return G_LIKELY(++run->steps <= NJ_STEPS_MAX) || nj_too_long(run);
}

/* ---- expressions ---- */

/* What is more than a name, a constant or a member of these. */
bool nj_evaluate_nested(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result);
bool nj_evaluate_member(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result);

static inline bool nj_is_leaf(const NjNode *node)
{
    return node->kind == NJ_LITERAL || node->kind == NJ_SYMBOL || node->kind == NJ_LOCAL;
}

static inline NjVal nj_slot(const NjNode *node, const NjEnv *env)
{
    for (guint up = node->up; G_UNLIKELY(up > 0); up--)
        env = env->outer;
    return env->slots[node->slot];
}

/* Names and constants are read at once; the step they are counts for the node around them. */
static inline bool nj_evaluate(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result)
{
    run->offset = node->offset;
    run->steps++;
    if (node->kind == NJ_LITERAL) {
        *result = nj_value(node->value);
        return true;
    }
    if (node->kind == NJ_LOCAL) {
        *result = nj_slot(node, env);
        return true;
    }
    if (node->kind == NJ_SYMBOL) {
        if (run->symbols && run->symbols[node->slot].kind != NJ_UNDEFINED)
            *result = run->symbols[node->slot];
        else
            *result = nj_find(run, env->unit, node->name, node->length, node->hash);
        return true;
    }
    if (node->kind == NJ_MEMBER && nj_is_leaf(node->a))
        return nj_evaluate_member(run, node, env, result);
    return nj_evaluate_nested(run, node, env, result);
}

bool nj_evaluate_truth(NjRun *run, const NjNode *node, NjEnv *env, bool *truth);
bool nj_evaluate_binary(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result);
/* input through the filter that `node` (a filter, or a filter block) names. */
bool nj_evaluate_filter(NjRun *run, const NjNode *node, NjVal input, NjEnv *env, NjVal *result);

typedef struct {
    NjArgs args;
    NjVal items[8], named[8];
    const char *names[8];
} NjArguments;

bool nj_evaluate_arguments(NjRun *run, const NjNode *node, NjEnv *env, NjArguments *arguments);

/* A plain number or bool as a value, which is what everything outside the evaluator knows. */
static inline NjVal nj_boxed(NjRun *run, NjVal v)
{
    if (v.kind == NJ_PLAIN_NUMBER)
        return nj_number(run, v.number);
    return v.kind == NJ_PLAIN_BOOL ? nj_bool(run, v.boolean) : v;
}
static inline NjVal nj_plain_number(double number)
{
    return (NjVal){.kind = NJ_PLAIN_NUMBER, .number = number};
}
static inline NjVal nj_plain_bool(bool boolean)
{
    return (NjVal){.kind = NJ_PLAIN_BOOL, .boolean = boolean};
}

/* ---- macros ---- */

NjVal nj_macro_new(NjRun *run, const NjNode *node, NjEnv *env);
/* Runs the macro `function` is and prints what it gives; *is_macro is false where it is none. */
bool nj_print_macro(NjRun *run, const NjFunction *function, const NjArgs *args, bool *is_macro);
/* `node` is a call; caller is what a call block hands to its macro, or NULL. Printed at once. */
bool nj_print_call(NjRun *run, const NjNode *node, NjEnv *env, const NjVal *caller);
bool nj_evaluate_call(NjRun *run, const NjNode *node, NjEnv *env, NjVal *result);

/* ---- statements ---- */

bool nj_run_list(NjRun *run, const NjNode *list, NjEnv *env);
/* Prints v as an output tag does. */
bool nj_run_value(NjRun *run, NjVal v);

/* A macro or an import: its name is of the context where it stands at the template's own level,
 * else (inner) of the frame. */
void nj_define(NjRun *run, const NjNode *name, bool inner, NjVal value, NjEnv *env);

/* ---- other templates ---- */

/* The template whole, with what it extends. */
bool nj_run_template(NjRun *run, const NunjucksTemplate *template, NjContext *context,
                     NjFrame *frame);
bool nj_run_block(NjRun *run, const NjNode *node, NjEnv *env);
bool nj_run_extends(NjRun *run, const NjNode *node, NjEnv *env);
bool nj_run_include(NjRun *run, const NjNode *node, NjEnv *env);
bool nj_run_import(NjRun *run, const NjNode *node, NjEnv *env);
