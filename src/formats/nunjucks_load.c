/* Templates that load others: extends with its blocks, include, import. */
#include "formats/nunjucks_run_internal.h"

#include <string.h>

/* ---- loading ---- */

struct NjLoaded {
    const char *name;
    NunjucksTemplate *template;
    NjLoaded *next;
};

const char *nunjucks_resolve_name(Arena *arena, const char *file, const char *name)
{
    g_autofree char *folder = NULL, *joined = NULL;

    if (!g_str_has_prefix(name, "./") && !g_str_has_prefix(name, "../"))
        return name;
    folder = g_path_get_dirname(file ? file : "");
    joined = g_build_filename("/", folder, name, NULL);
    g_autofree char *canonical = g_canonicalize_filename(joined, "/");

    return arena_strdup(arena, *folder == '/' ? canonical : canonical + 1);
}

static bool parse_loaded(NjRun *run, NjLoaded *loaded, const char *text)
{
    NunjucksOptions options = nj_running(run)->main->options;

    options.file = loaded->name;
    options.line = 1;
    loaded->template = arena_new0(run->arena, NunjucksTemplate, 1);
    if (!nj_template_init(loaded->template, run->arena, text, &options, run->error))
        return false;
    if (loaded->template->changes && !nj_may_change(run))
        return false;
    return nj_charge(run, strlen(text) / 16);
}

/* *template is NULL where there is none of that name, and that may be. */
static bool load_name(NjRun *run, const char *name, bool may_miss, NunjucksTemplate **template)
{
    NjRunning *running = nj_running(run);
    const NunjucksOptions *options = run->source->options;
    g_autoptr(GError) error = NULL;

    for (const NjLoaded *known = running->loaded; known; known = known->next)
        if (g_str_equal(known->name, name)) {
            *template = known->template;
            return true;
        }
    if (++running->loads > NJ_LOADS_MAX)
        return nj_fail(run, "more than %d templates are loaded", NJ_LOADS_MAX);
    const char *text =
        options->load ? options->load(options->load_data, run->arena, name, &error) : NULL;
    *template = NULL;
    if (!text)
        return error ? nj_fail(run, "template \"%s\": %s", name, error->message)
                     : may_miss || nj_fail(run, "template not found: %s", name);
    NjLoaded *loaded = arena_new0(run->arena, NjLoaded, 1);

    loaded->name = arena_strdup(run->arena, name);
    if (!parse_loaded(run, loaded, text))
        return false;
    loaded->next = running->loaded;
    running->loaded = loaded;
    *template = loaded->template;
    return true;
}

/* The template that a tag names. */
static bool load(NjRun *run, const NjNode *node, NjEnv *env, bool may_miss,
                 NunjucksTemplate **template)
{
    NjVal name;

    if (!nj_evaluate(run, node->a, env, &name))
        return false;
    run->offset = node->offset;
    if (!nj_is(name, VALUE_STRING))
        return nj_fail(run, "template names must be a string");
    return load_name(
        run, nunjucks_resolve_name(run->arena, run->source->file, value_string(name.value, "")),
        may_miss, template);
}

/* ---- templates ---- */

struct NjOverride {
    const NjNode *node;
    const NunjucksTemplate *template;
    NjOverride *next;
};

/* Behind those that are there: what a template overrides comes before what it extends. */
static void add_blocks(NjRun *run, NjContext *context, const NunjucksTemplate *template)
{
    NjOverride **end = &context->overrides;

    while (*end)
        end = &(*end)->next;
    for (const NjBlock *block = template->blocks; block; block = block->next) {
        *end = arena_new0(run->arena, NjOverride, 1);
        **end = (NjOverride){block->node, template, NULL};
        end = &(*end)->next;
    }
}

static NjEnv *env_new(NjRun *run, NjUnit unit, const NjCode *code)
{
    NjEnv *env = arena_new0(run->arena, NjEnv, 1);

    env->unit = arena_new0(run->arena, NjUnit, 1);
    *env->unit = unit;
    env->slots = arena_new0(run->arena, NjVal, code->slots);
    return env;
}

/* What a template that extends another prints itself is dropped. */
static bool run_levels(NjRun *run, const NunjucksTemplate *template, NjContext *context,
                       NjFrame *frame)
{
    gsize start = nj_running(run)->length;

    for (guint level = 0; template; level++) {
        NjEnv *env =
            env_new(run, (NjUnit){.template = template, .context = context, .frame = frame},
                    template->code);

        if (level > NJ_LOAD_DEPTH_MAX)
            return nj_fail(run, "templates extend each other more than %d times",
                           NJ_LOAD_DEPTH_MAX);
        nj_running(run)->length = start;
        run->source = &template->source;
        if (!nj_run_list(run, template->tree, env))
            return false;
        template = env->unit->extends;
    }
    return true;
}

bool nj_run_template(NjRun *run, const NunjucksTemplate *template, NjContext *context,
                     NjFrame *frame)
{
    NjRunning *running = nj_running(run);
    const NjSource *source = run->source;

    if (running->load_depth >= NJ_LOAD_DEPTH_MAX)
        return nj_fail(run, "templates load each other more than %d times", NJ_LOAD_DEPTH_MAX);
    running->load_depth++;
    frame->top_level = true;
    add_blocks(run, context, template);
    bool done = run_levels(run, template, context, frame);

    running->load_depth--;
    if (done)
        run->source = source;
    return done;
}

bool nj_run_extends(NjRun *run, const NjNode *node, NjEnv *env)
{
    NunjucksTemplate *template;

    if (!load(run, node, env, false, &template))
        return false;
    env->unit->extends = template;
    add_blocks(run, env->unit->context, template);
    return true;
}

/* ---- blocks ---- */

static const NjOverride *find_block(const NjOverride *from, const char *name)
{
    while (from && !g_str_equal(from->node->name, name))
        from = from->next;
    return from;
}

static bool run_override(NjRun *run, const NjOverride *override, const NjUnit *from);

/* super() is printed once, when the block begins. */
static bool print_super(NjRun *run, const NjOverride *override, NjEnv *env)
{
    const NjOverride *next = find_block(override->next, override->node->name);
    gsize start = nj_running(run)->length;

    run->offset = override->node->offset;
    if (!next)
        return nj_fail(run, "no super block available for \"%s\"", override->node->name);
    if (!run_override(run, next, env->unit))
        return false;
    env->slots[override->node->slot] = nj_taken_back(run, start);
    env->slots[override->node->slot].safe = true;
    return true;
}

static bool run_override(NjRun *run, const NjOverride *override, const NjUnit *from)
{
    const NjNode *node = override->node;
    const NjSource *source = run->source;
    NjUnit unit = {.template = override->template, .context = from->context};

    if (run->depth >= NJ_RUN_DEPTH_MAX)
        return nj_fail(run, "the template is nested too deeply");
    unit.frame = nj_frame_new(run, from->frame, true);
    NjEnv *env = env_new(run, unit, node->code);

    run->depth++;
    run->source = &override->template->source;
    bool done =
        (node->slot < 0 || print_super(run, override, env)) && nj_run_list(run, node->b, env);
    run->depth--;
    if (done)
        run->source = source;
    return done;
}

bool nj_run_block(NjRun *run, const NjNode *node, NjEnv *env)
{
    /* A template that extends another leaves its blocks to that one. */
    if (env->unit->extends && !node->inner)
        return true;
    const NjOverride *override = find_block(env->unit->context->overrides, node->name);

    return override ? run_override(run, override, env->unit)
                    : nj_fail(run, "unknown block \"%s\"", node->name);
}

/* ---- include, import ---- */

bool nj_run_include(NjRun *run, const NjNode *node, NjEnv *env)
{
    NunjucksTemplate *template;

    if (!load(run, node, env, node->open, &template))
        return false;
    return !template || nj_run_template(run, template, nj_context_copy(run, env->unit->context),
                                        nj_frame_new(run, env->unit->frame, true));
}

static NjVal exports_member(NjRun *run, const NjFunction *function, const char *name)
{
    const NjContext *context = function->data;
    guint hash = value_key_hash(name, strlen(name));

    for (const NjVariable *export = context->exports; export; export = export->next)
        if (export->hash == hash && g_str_equal(export->name, name)) {
            NjNode named = {.name = name, .hash = hash};

            return nj_boxed(run, nj_context_get(context, &named));
        }
    return nj_undefined();
}

static bool exports(const NjContext *context, const NjNode *name)
{
    for (const NjVariable *export = context->exports; export; export = export->next)
        if (export->hash == name->hash && g_str_equal(export->name, name->name))
            return true;
    return false;
}

static bool import_names(NjRun *run, const NjNode *node, const NjContext *context, NjEnv *env)
{
    for (const NjNode *target = node->first; target; target = target->next) {
        run->offset = target->offset;
        if (!exports(context, target->a))
            return nj_fail(run, "cannot import '%s'", target->a->name);
        nj_define(run, target, node->inner, nj_context_get(context, target->a), env);
    }
    return true;
}

bool nj_run_import(NjRun *run, const NjNode *node, NjEnv *env)
{
    NjRunning *running = nj_running(run);
    NjUnit *unit = env->unit;
    gsize start = running->length;
    NunjucksTemplate *template;

    if (!load(run, node, env, false, &template))
        return false;
    NjContext *context =
        node->open ? nj_context_copy(run, unit->context) : nj_context_new(run, NULL);
    NjFrame *frame = nj_frame_new(run, node->open ? unit->frame : NULL, false);

    if (!nj_run_template(run, template, context, frame))
        return false;
    running->length = start;
    if (node->kind == NJ_FROM)
        return import_names(run, node, context, env);
    NjFunction *namespace = arena_new0(run->arena, NjFunction, 1);

    namespace->name = node->first->name;
    namespace->member = exports_member;
    namespace->data = context;
    nj_define(run, node->first, node->inner, (NjVal){.kind = NJ_FUNCTION, .function = namespace},
              env);
    return true;
}
