/* catalog:register adds a location. Registering one again refreshes it, so repeating does no harm.
 */
#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"

static const char *location_of(ActionRun *run, const Value *input)
{
    const char *url = value_path_string(input, "catalogInfoUrl", NULL);
    const char *contents = value_path_string(input, "repoContentsUrl", "");
    const char *path = value_path_string(input, "catalogInfoPath", "/catalog-info.yaml");
    gsize length = strlen(contents);

    if (url)
        return url;
    while (length > 0 && contents[length - 1] == '/')
        length--;
    while (*path == '/' || g_str_has_prefix(path, "./"))
        path += *path == '/' ? 1 : 2;
    return arena_printf(run->arena, "%.*s/%s", (int)length, contents, path);
}

static const char *reference(Arena *arena, const Value *entity)
{
    g_autofree char *kind = g_ascii_strdown(value_path_string(entity, "kind", ""), -1);
    g_autofree char *space =
        g_ascii_strdown(value_path_string(entity, "metadata.namespace", "default"), -1);
    g_autofree char *name = g_ascii_strdown(value_path_string(entity, "metadata.name", ""), -1);

    return arena_printf(arena, "%s:%s/%s", kind, space, name);
}

/* The first Component, else the first entity that nobody generated, else the first. */
static const Value *main_entity(const Value *entities)
{
    const Value *best = NULL;
    int best_rank = -1;

    for (guint i = 0; i < value_count(entities); i++) {
        const Value *entity = value_item(entities, i);
        bool generated =
            g_str_has_prefix(value_path_string(entity, "metadata.name", ""), "generated-");
        bool component =
            g_ascii_strcasecmp(value_path_string(entity, "kind", ""), "component") == 0;
        int rank = generated ? 0 : component ? 2 : 1;

        if (rank > best_rank) {
            best = entity;
            best_rank = rank;
        }
    }
    return best;
}

static void report(ActionRun *run, const Diagnostics *diagnostics)
{
    for (guint i = 0; i < diagnostics_count(diagnostics); i++) {
        const Diagnostic *finding = diagnostics_get(diagnostics, i);

        action_log(run, finding->severity == DIAGNOSTIC_ERROR ? "error" : "warning", "%s:%d:%d: %s",
                   finding->file ? finding->file : "", finding->line, finding->column,
                   finding->message);
    }
}

static gboolean register_location(ActionRun *run, const char *url, const Value **entities,
                                  gboolean *exists, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();

    *entities = catalog_register(run->scaffolder->catalog, run->arena, "url", url,
                                 run->runner->actor, exists, diagnostics, error);
    report(run, diagnostics);
    if (!*entities)
        return FALSE;
    return value_count(*entities) > 0 || diagnostics_to_error(diagnostics, error);
}

/* ---- before it is there ---- */

/* entity as its author would write it. */
static char *as_text(Arena *arena, const Value *entity)
{
    static const char *const derived[] = {"uid", "etag", "generation"};
    Value *copy = value_clone_shallow(arena, entity);
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));
    const Value *annotations = value_get(metadata, "annotations");
    Value *kept = value_object_new(arena);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < value_count(annotations); i++) {
        const char *key = value_key_at(annotations, i);

        if (!g_str_has_prefix(key, "backstage.io/managed-by-") &&
            !g_str_has_prefix(key, "backstage.io/view-") &&
            !g_str_has_prefix(key, "backstage.io/edit-") &&
            !g_str_equal(key, "backstage.io/source-location"))
            value_set(arena, kept, key, value_value_at(annotations, i));
    }
    value_set(arena, metadata, "annotations", value_count(kept) > 0 ? kept : NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(derived); i++)
        value_set(arena, metadata, derived[i], NULL);
    value_set(arena, copy, "metadata", metadata);
    value_set(arena, copy, "relations", NULL);
    value_set(arena, copy, "status", NULL);
    yaml_write(text, copy);
    return g_string_free(text, FALSE);
}

static const char *diff_of(ActionRun *run, const Value *item)
{
    const Value *before = value_get(item, "before");
    g_autofree char *old_text = before ? as_text(run->arena, before) : NULL;
    g_autofree char *new_text = as_text(run->arena, value_get(item, "entity"));
    g_autofree char *diff =
        forge_diff(value_path_string(item, "ref", ""), old_text ? old_text : "", new_text);

    return arena_strdup(run->arena, diff);
}

/* The entities that url would bring, with how they differ from what the catalog has. */
static gboolean foresee(ActionRun *run, const char *url, const Value **entities, GPtrArray *diffs,
                        gboolean *exists, GError **error)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    gsize length = 0;
    g_autofree char *bytes = action_would_read(run, url, &length);
    const Value *items = catalog_preview(run->scaffolder->catalog, run->arena, url, bytes, length,
                                         diagnostics, error);
    Value *found = value_array_new(run->arena);

    *exists = catalog_location_id(run->scaffolder->catalog, run->arena, "url", url, NULL) != NULL;
    report(run, diagnostics);
    if (!items)
        return FALSE;
    for (guint i = 0; i < value_count(items); i++) {
        value_append(run->arena, found, value_get(value_item(items, i), "entity"));
        g_ptr_array_add(diffs, (char *)diff_of(run, value_item(items, i)));
    }
    *entities = found;
    return value_count(found) > 0 || diagnostics_to_error(diagnostics, error);
}

/* A location that was there before is not this task's to take away. */
static void remember(ActionRun *run, const char *url, const Value *entities, GPtrArray *diffs,
                     gboolean exists)
{
    const char *operation = exists && (run->fresh || run->dry) ? "read" : "create";

    action_effect(run,
                  &(Effect){.operation = operation, .kind = "location", .ref = url, .url = url});
    for (guint i = 0; i < value_count(entities); i++)
        action_effect(run, &(Effect){.operation = "create",
                                     .kind = "entity",
                                     .ref = reference(run->arena, value_item(entities, i)),
                                     .diff = i < diffs->len ? g_ptr_array_index(diffs, i) : NULL});
}

static gboolean run_register(ActionRun *run, const Value *input, const Value **output,
                             GError **error)
{
    const char *url = location_of(run, input);
    const Value *entities = NULL;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) diffs = g_ptr_array_new();
    gboolean exists = FALSE;
    Value *result = value_object_new(run->arena);

    action_log(run, "info", "Registering %s in the catalog", url);
    value_set_string(run->arena, result, "catalogInfoUrl", url);
    *output = result;
    if (!(run->dry ? foresee(run, url, &entities, diffs, &exists, &failure)
                   : register_location(run, url, &entities, &exists, &failure))) {
        if (!value_bool(value_get(input, "optional"), false)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        action_log(run, "warning", "Not registered: %s", failure->message);
        return TRUE;
    }
    remember(run, url, entities, diffs, exists);
    if (value_count(entities) > 0)
        value_set_string(run->arena, result, "entityRef",
                         reference(run->arena, main_entity(entities)));
    return TRUE;
}

/* ---- taking it back ---- */

static gboolean check_undo(ActionRun *run, const Effect *effect, const char **warning, bool *gone,
                           GError **error)
{
    g_autoptr(GError) failure = NULL;

    *gone =
        !g_str_equal(effect->kind, "location") ||
        !catalog_location_id(run->scaffolder->catalog, run->arena, "url", effect->ref, &failure);
    if (!failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean undo_register(ActionRun *run, const Effect *effect, GError **error)
{
    Catalog *catalog = run->scaffolder->catalog;
    g_autoptr(GError) failure = NULL;
    const char *id = catalog_location_id(catalog, run->arena, "url", effect->ref, &failure);

    if (!id || catalog_unregister(catalog, id, run->runner->actor, &failure) ||
        g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND))
        g_clear_error(&failure);
    if (!failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

const Action action_catalog_register = {
    .id = "catalog:register",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_register,
    .undo = undo_register,
    .undo_check = check_undo,
    .undo_text = "Unregisters the location and its entities",
};
