/* Finding the reusable workflows that a workflow calls, before anything runs. */
#include "base/nearest.h"
#include "pipelines/pipelines_internal.h"
#include "pipelines/workflow.h"

#include <string.h>

#define WORKFLOWS_MAX 50
#define DEPTH_MAX 10

typedef struct {
    Pipelines *pipelines;
    Arena *arena;
    Diagnostics *diagnostics;
    Value *workflows; /* key → {repository, path, ref, sha, workflow, calls} */
    const char *stack[DEPTH_MAX + 1];
} Resolver;

/* Where a workflow stands, and how to call its file in messages. */
typedef struct {
    const char *owner, *name, *path, *ref, *sha, *file;
} Place;

static gboolean resolve(Resolver *resolver, const char *key, const Place *place,
                        const Value *workflow, int depth);

static void wrong(Resolver *resolver, const Place *place, const Value *where, const char *format,
                  ...) G_GNUC_PRINTF(4, 5);

static void wrong(Resolver *resolver, const Place *place, const Value *where, const char *format,
                  ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    diagnostics_error(resolver->diagnostics, "workflow-call", place->file, value_line(where),
                      value_column(where), "%s", message);
}

static gboolean is_expression(const Value *value)
{
    return value_is(value, VALUE_STRING) && strstr(value_string(value, ""), "${{");
}

static void unknown_input(Resolver *resolver, const Place *place, const Value *with,
                          const Value *declared, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < value_count(declared); i++)
        g_ptr_array_add(names, (gpointer)value_key_at(declared, i));
    g_ptr_array_add(names, NULL);
    const char *nearest = nearest_name(name, (const char *const *)names->pdata);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
    g_autofree char *message = g_strdup_printf("the called workflow has no input '%s'", name);
    Diagnostic finding = {DIAGNOSTIC_ERROR,
                          "workflow-call",
                          message,
                          place->file,
                          value_key_line(with, name),
                          value_key_column(with, name),
                          NULL,
                          hint};
    diagnostics_add(resolver->diagnostics, &finding);
}

static void check_with(Resolver *resolver, const Place *place, const Value *job,
                       const Value *callee)
{
    const Value *with = value_get(job, "with");
    const Value *declared = value_path(callee, "on.workflow_call.inputs");
    Value *literal = value_object_new(resolver->arena);
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < value_count(with); i++) {
        const char *name = value_key_at(with, i);
        if (!value_get(declared, name))
            unknown_input(resolver, place, with, declared, name);
    }
    for (guint i = 0; i < value_count(declared); i++) {
        const char *name = value_key_at(declared, i);
        const Value *given = value_get(with, name);
        Value *one = value_object_new(resolver->arena);
        if (is_expression(given))
            continue;
        value_set(resolver->arena, literal, name, given);
        value_set(resolver->arena, one, name, value_value_at(declared, i));
        Value *only = value_object_new(resolver->arena);
        value_set(resolver->arena, only, name, given);
        if (!workflow_inputs(resolver->arena, one, only, TRUE, &error)) {
            wrong(resolver, place, given ? given : value_get(job, "uses"), "%s", error->message);
            g_clear_error(&error);
        }
    }
}

static void check_secrets(Resolver *resolver, const Place *place, const Value *job,
                          const Value *callee)
{
    const Value *given = value_get(job, "secrets");
    const Value *declared = value_path(callee, "on.workflow_call.secrets");
    if (value_is(given, VALUE_STRING)) /* inherit */
        return;
    for (guint i = 0; i < value_count(declared); i++)
        if (value_bool(value_get(value_value_at(declared, i), "required"), false) &&
            !value_get(given, value_key_at(declared, i)))
            wrong(resolver, place, value_get(job, "uses"), "the secret '%s' is required",
                  value_key_at(declared, i));
}

/* Reads and parses; NULL with diagnostics. */
static const Value *load(Resolver *resolver, const Place *caller, const Value *uses,
                         const Place *place)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = forge_read_file(resolver->pipelines->forge, place->owner, place->name,
                                              place->sha, place->path, &error);
    if (!bytes) {
        wrong(resolver, caller, uses, "the workflow '%s' cannot be read: %s",
              value_string(uses, ""), error->message);
        return NULL;
    }
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    guint before = diagnostics_count(resolver->diagnostics);
    const Value *workflow = workflow_parse(resolver->arena, text ? text : "", (gssize)length,
                                           place->file, resolver->diagnostics);
    if (diagnostics_count(resolver->diagnostics) > before)
        return NULL;
    if (!value_path(workflow, "on.workflow_call")) {
        wrong(resolver, caller, uses,
              "the workflow '%s' cannot be called: it has no "
              "'on: workflow_call'",
              value_string(uses, ""));
        return NULL;
    }
    return workflow;
}

static gboolean find_place(Resolver *resolver, const Place *caller, const Value *uses, Place *place)
{
    Arena *arena = resolver->arena;
    const char *text = value_string(uses, "");
    Uses parts = workflow_uses(arena, text);
    g_autoptr(GError) error = NULL;
    if (parts.kind == USES_LOCAL)
        *place = (Place){caller->owner, caller->name, parts.path, caller->ref, caller->sha, NULL};
    else if (parts.kind == USES_REPOSITORY)
        *place = (Place){parts.owner, parts.name, parts.path, parts.ref, NULL, text};
    if ((parts.kind != USES_LOCAL && parts.kind != USES_REPOSITORY) ||
        !g_str_has_prefix(place->path, WORKFLOW_FOLDER "/")) {
        wrong(resolver, caller, uses,
              "'%s' names no reusable workflow; write owner/repository/" WORKFLOW_FOLDER
              "/file.yml@ref or ./" WORKFLOW_FOLDER "/file.yml",
              text);
        return FALSE;
    }
    if (!place->file) /* beside its caller: in the same repository, shown the same way */
        place->file = strchr(caller->file, '@') ? arena_printf(arena, "%s/%s/%s@%s", place->owner,
                                                               place->name, place->path, place->ref)
                                                : place->path;
    if (place->sha)
        return TRUE;
    g_autofree char *sha =
        forge_resolve(resolver->pipelines->forge, place->owner, place->name, place->ref, &error);
    if (!sha)
        wrong(resolver, caller, uses, "the workflow '%s' was not found: %s", text, error->message);
    place->sha = arena_strdup(arena, sha);
    return sha != NULL;
}

static const char *call(Resolver *resolver, const Place *caller, const Value *job, int depth)
{
    const Value *uses = value_get(job, "uses");
    Place place = {0};
    if (!find_place(resolver, caller, uses, &place))
        return NULL;
    const char *key = arena_printf(resolver->arena, "%s/%s/%s@%s", place.owner, place.name,
                                   place.path, place.sha);
    for (int i = 0; i <= depth; i++)
        if (g_strcmp0(resolver->stack[i], key) == 0) {
            wrong(resolver, caller, uses, "the workflow '%s' calls itself", value_string(uses, ""));
            return NULL;
        }
    const Value *known = value_get(value_get(resolver->workflows, key), "workflow");
    if (!known && (depth + 1 > DEPTH_MAX || value_count(resolver->workflows) > WORKFLOWS_MAX)) {
        wrong(resolver, caller, uses, "a run has at most %d reusable workflows, %d deep",
              WORKFLOWS_MAX, DEPTH_MAX);
        return NULL;
    }
    const Value *workflow = known ? known : load(resolver, caller, uses, &place);
    if (!workflow)
        return NULL;
    check_with(resolver, caller, job, workflow);
    check_secrets(resolver, caller, job, workflow);
    return known || resolve(resolver, key, &place, workflow, depth + 1) ? key : NULL;
}

static gboolean resolve(Resolver *resolver, const char *key, const Place *place,
                        const Value *workflow, int depth)
{
    Arena *arena = resolver->arena;
    Value *entry = value_object_new(arena), *calls = value_object_new(arena);
    const Value *jobs = value_get(workflow, "jobs");
    resolver->stack[depth] = key;
    value_set_string(arena, entry, "repository",
                     arena_printf(arena, "%s/%s", place->owner, place->name));
    value_set_string(arena, entry, "path", place->path);
    value_set_string(arena, entry, "ref", place->ref);
    value_set_string(arena, entry, "sha", place->sha);
    value_set(arena, entry, "workflow", workflow);
    value_set(arena, entry, "calls", calls);
    value_set(arena, resolver->workflows, key, entry);
    for (guint i = 0; i < value_count(jobs); i++) {
        const Value *job = value_value_at(jobs, i);
        const char *called = value_get(job, "uses") ? call(resolver, place, job, depth) : NULL;
        value_set_string(arena, calls, value_key_at(jobs, i), called);
    }
    resolver->stack[depth] = NULL;
    return TRUE;
}

const Value *pipelines_resolve(Pipelines *pipelines, Arena *arena, const Value *workflow,
                               const char *owner, const char *name, const char *path,
                               const char *ref, const char *sha, Diagnostics *diagnostics)
{
    Resolver resolver = {.pipelines = pipelines,
                         .arena = arena,
                         .diagnostics = diagnostics,
                         .workflows = value_object_new(arena)};
    Place place = {owner, name, path, ref, sha, path};
    Value *plan = value_object_new(arena);
    resolve(&resolver, "", &place, workflow, 0);
    value_set(arena, plan, "workflows", resolver.workflows);
    return plan;
}
