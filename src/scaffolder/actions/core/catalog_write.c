/* catalog:write writes an entity into the workspace, stamped with the template it came from. */
#include "formats/yaml.h"
#include "scaffolder/scaffolder_internal.h"

static const Value *stamped(ActionRun *run, const Value *entity)
{
    Arena *arena = run->arena;
    Value *copy = value_clone_shallow(arena, entity);
    const Value *metadata = value_get(entity, "metadata");
    Value *new_metadata = metadata ? value_clone_shallow(arena, metadata) : value_object_new(arena);
    const Value *annotations = value_get(metadata, "annotations");
    Value *new_annotations =
        annotations ? value_clone_shallow(arena, annotations) : value_object_new(arena);

    value_set_string(arena, new_annotations, "backstage.io/source-template",
                     value_path_string(run->runner->template, "entityRef", NULL));
    value_set(arena, new_metadata, "annotations", new_annotations);
    value_set(arena, copy, "metadata", new_metadata);
    return copy;
}

static gboolean run_write(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const char *path = value_path_string(input, "filePath", "catalog-info.yaml");
    g_autoptr(GString) text = g_string_new(NULL);

    action_log(run, "info", "Writing %s", path);
    yaml_write(text, stamped(run, value_get(input, "entity")));
    return workdir_write(run->workspace, path, text->str, text->len, 0644, error);
}

const Action action_catalog_write = {
    .id = "catalog:write",
    .recovery = RECOVERY_REPEAT,
    .changes_workspace = true,
    .dry_run = true,
    .run = run_write,
};
