/* catalog:fetch gives later steps what the catalog knows. */
#include "scaffolder/scaffolder_internal.h"

/* *entity is NULL where it does not exist and may be missing. */
static gboolean look_up(ActionRun *run, const Value *input, const char *text, const Value **entity,
                        GError **error)
{
    const char *kind = value_path_string(input, "defaultKind", "component");
    const char *namespace = value_path_string(input, "defaultNamespace", "default");
    bool optional = value_bool(value_get(input, "optional"), false);
    const char *ref = catalog_ref(run->arena, text, kind, namespace, error);
    g_autoptr(GError) failure = NULL;

    *entity = ref ? catalog_get(run->scaffolder->catalog, run->arena, ref, &failure) : NULL;
    if (*entity || !ref)
        return ref != NULL;
    if (!g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (optional)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Entity %s not found", ref);
    return FALSE;
}

static gboolean look_up_all(ActionRun *run, const Value *input, const Value *refs, Value *result,
                            GError **error)
{
    Value *entities = value_array_new(run->arena);

    for (guint i = 0; i < value_count(refs); i++) {
        const Value *entity;

        if (!look_up(run, input, value_string(value_item(refs, i), ""), &entity, error))
            return FALSE;
        value_append(run->arena, entities, entity ? entity : value_null_new(run->arena));
    }
    value_set(run->arena, result, "entities", entities);
    return TRUE;
}

static gboolean run_fetch(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *ref = value_path_string(input, "entityRef", NULL);
    const Value *refs = value_get(input, "entityRefs"), *entity = NULL;
    Value *result = value_object_new(run->arena);

    if (!ref && !refs) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Missing entity reference or references");
        return FALSE;
    }
    if (ref && !look_up(run, input, ref, &entity, error))
        return FALSE;
    if (entity)
        value_set(run->arena, result, "entity", entity);
    *output = result;
    return !refs || look_up_all(run, input, refs, result, error);
}

const Action action_catalog_fetch = {
    .id = "catalog:fetch",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_fetch,
};
