/* Where names are found while a template runs: in frames, in the context, among the globals. */
#include "formats/nunjucks_run_internal.h"

#include <string.h>

static guint64 bit_of(guint hash)
{
    return (guint64)1 << (hash & 63);
}

static NjVariable *find(NjVariable *variables, const char *name, guint hash)
{
    for (NjVariable *v = variables; v; v = v->next)
        if (v->hash == hash && (v->name == name || strcmp(v->name, name) == 0))
            return v;
    return NULL;
}

static void add(NjRun *run, NjVariable **variables, const NjNode *name, NjVal value)
{
    NjVariable *variable = arena_new0(run->arena, NjVariable, 1);

    *variable = (NjVariable){name->name, name->hash, value, *variables};
    *variables = variable;
}

/* ---- frames ---- */

NjFrame *nj_frame_new(NjRun *run, NjFrame *parent, bool isolates)
{
    NjFrame *frame = arena_new0(run->arena, NjFrame, 1);

    frame->parent = parent;
    frame->isolates = isolates;
    return frame;
}

/* The variable that `set` changes: its own frame's or, unless that isolates, an outer one's. What
 * is undefined counts as not there. */
static NjVariable *resolve_variable(NjFrame *frame, const NjNode *name)
{
    guint64 bit = bit_of(name->hash);
    bool first = true;

    for (; frame; frame = first && frame->isolates ? NULL : frame->parent, first = false) {
        NjVariable *known =
            frame->names & bit ? find(frame->variables, name->name, name->hash) : NULL;

        if (known && known->value.kind != NJ_UNDEFINED)
            return known;
    }
    return NULL;
}

void nj_frame_set(NjRun *run, NjFrame *frame, const NjNode *name, NjVal value, bool resolve)
{
    guint64 bit = bit_of(name->hash);
    NjVariable *known =
        resolve && nj_running(run)->names & bit ? resolve_variable(frame, name) : NULL;

    if (!known && frame->names & bit)
        known = find(frame->variables, name->name, name->hash);
    if (known) {
        known->value = value;
        return;
    }
    add(run, &frame->variables, name, value);
    frame->names |= bit;
    nj_running(run)->names |= bit;
}

const NjFrame *nj_loop_frame(const NjUnit *unit)
{
    for (const NjFrame *frame = unit->frame; frame; frame = frame->parent)
        if (frame->loops)
            return frame;
    return NULL;
}

double nj_loop_number(const NjFrame *loop, NjLoopMember member)
{
    switch (member) {
    case NJ_LOOP_INDEX:
        return loop->index + 1.0;
    case NJ_LOOP_INDEX0:
        return loop->index;
    case NJ_LOOP_REVINDEX:
        return (double)loop->count - loop->index;
    case NJ_LOOP_REVINDEX0:
        return (double)loop->count - loop->index - 1;
    case NJ_LOOP_FIRST:
        return loop->index == 0;
    case NJ_LOOP_LAST:
        return loop->index + 1 == loop->count;
    case NJ_LOOP_LENGTH:
        return loop->count;
    }
    g_assert_not_reached();
}

/* `loop` where it is used as a whole. */
static NjVal loop_object(NjRun *run, const NjFrame *frame)
{
    static const struct {
        const char *name;
        NjLoopMember member;
        bool boolean;
    } members[] = {
        {"index", NJ_LOOP_INDEX, false},       {"index0", NJ_LOOP_INDEX0, false},
        {"revindex", NJ_LOOP_REVINDEX, false}, {"revindex0", NJ_LOOP_REVINDEX0, false},
        {"first", NJ_LOOP_FIRST, true},        {"last", NJ_LOOP_LAST, true},
        {"length", NJ_LOOP_LENGTH, false},
    };
    Value *loop = value_object_new(run->arena);

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        double number = nj_loop_number(frame, members[i].member);

        if (members[i].boolean)
            value_set_bool(run->arena, loop, members[i].name, number != 0);
        else
            value_set_int(run->arena, loop, members[i].name, (int64_t)number);
    }
    return nj_value(loop);
}

/* ---- contexts ---- */

NjContext *nj_context_new(NjRun *run, const Value *base)
{
    NjContext *context = arena_new0(run->arena, NjContext, 1);

    context->base = value_is(base, VALUE_OBJECT) ? base : NULL;
    return context;
}

NjContext *nj_context_copy(NjRun *run, const NjContext *context)
{
    NjContext *copy = nj_context_new(run, context->base);

    copy->names = context->names;
    for (const NjVariable *v = context->variables; v; v = v->next) {
        NjVariable *variable = arena_new0(run->arena, NjVariable, 1);

        *variable = (NjVariable){v->name, v->hash, v->value, copy->variables};
        copy->variables = variable;
        run->steps++;
    }
    return copy;
}

void nj_context_set(NjRun *run, NjContext *context, const NjNode *name, NjVal value)
{
    guint64 bit = bit_of(name->hash);
    NjVariable *known =
        context->names & bit ? find(context->variables, name->name, name->hash) : NULL;

    if (known)
        known->value = value;
    else
        add(run, &context->variables, name, value);
    context->names |= bit;
}

NjVal nj_context_get(const NjContext *context, const NjNode *name)
{
    const NjVariable *known = find(context->variables, name->name, name->hash);

    return known ? known->value : nj_undefined();
}

void nj_context_export(NjRun *run, NjContext *context, const NjNode *name)
{
    if (*name->name != '_' && !find(context->exports, name->name, name->hash))
        add(run, &context->exports, name, nj_undefined());
}

/* ---- finding ---- */

static bool find_in_frames(NjRun *run, const NjFrame *frame, const char *name, guint hash,
                           NjVal *value)
{
    guint64 bit = bit_of(hash);

    for (; frame; frame = frame->parent) {
        const NjVariable *known = frame->names & bit ? find(frame->variables, name, hash) : NULL;

        if (known && known->value.kind != NJ_UNDEFINED) {
            *value = known->value;
            return true;
        }
        if (frame->loops && *name == 'l' && strcmp(name, "loop") == 0) {
            *value = loop_object(run, frame);
            return true;
        }
    }
    return false;
}

NjVal nj_find(NjRun *run, const NjUnit *unit, const char *name, gsize length, guint hash)
{
    const NjContext *context = unit->context;
    NjVal value;

    if (((nj_running(run)->names & bit_of(hash)) || *name == 'l') &&
        find_in_frames(run, unit->frame, name, hash, &value))
        return value;
    if (context->names & bit_of(hash)) {
        const NjVariable *known = find(context->variables, name, hash);

        if (known)
            return known->value;
    }
    const Value *found = context->base ? value_get_hashed(context->base, name, length, hash) : NULL;

    return found ? nj_value(found) : nj_global(run, name);
}

void nj_resolve_symbols(NjRun *run, const NunjucksTemplate *template, NjContext *context)
{
    NjUnit unit = {.template = template, .context = context};
    NjVal *symbols = arena_new0(run->arena, NjVal, template->symbol_count);

    /* What is loaded has symbols of its own, and may give any name a value. */
    if (template->loads)
        return;
    for (guint i = 0; i < template->symbol_count; i++) {
        const NjName *name = template->symbols[i];

        if (!name->bound)
            symbols[i] = nj_find(run, &unit, name->text, name->length, name->hash);
    }
    run->symbols = symbols;
}
