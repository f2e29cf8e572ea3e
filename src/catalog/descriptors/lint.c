/* What is wrong with descriptors, as a person reads it. */
#include "catalog/descriptors/descriptors.h"
#include "formats/nunjucks.h"
#include <string.h>

/* ---- one entity ---- */

/* The sentence itself, without who found it and what to read about it. */
static const char *plain_message(Arena *arena, const ModelFault *fault)
{
    static const char envelope[] = "Malformed envelope, ";
    const char *message = fault->cause_message ? fault->cause_message : fault->message;
    const char *end;

    if (g_str_has_prefix(message, envelope))
        message += strlen(envelope);
    end = strstr(message, ". To learn more about");
    return end ? arena_strndup(arena, message, (gsize)(end - message)) : message;
}

static const char *code_of(const ModelFault *fault)
{
    if (g_str_has_prefix(fault->message, "Policy check failed"))
        return "catalog-format";
    if (g_str_has_prefix(fault->message, "No processor recognized"))
        return "catalog-kind";
    if (strstr(fault->message, "while postprocessing"))
        return "catalog-reference";
    return fault->cause_message ? "catalog-spec" : "catalog-envelope";
}

gboolean descriptor_check(CatalogFiles *files, const Descriptor *descriptor, gboolean valid,
                          const ModelFault *fault)
{
    const Value *document = descriptor->document;

    if (valid)
        return TRUE;
    diagnostics_add(
        files->findings,
        &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                      .code = code_of(fault),
                      .message = plain_message(files->arena, fault),
                      .file = descriptor->file,
                      .line = fault->line > 0 ? fault->line : value_line(document),
                      .column = fault->line > 0 ? fault->column : value_column(document),
                      .pointer = descriptor_pointer(files->arena, document, fault),
                      .hint = fault->hint});
    return FALSE;
}

/* ---- entities together ---- */

static void find_duplicates(CatalogFiles *files, GHashTable *known)
{
    for (guint i = 0; i < files->descriptors->len; i++) {
        const Descriptor *descriptor = files->descriptors->pdata[i];
        const Descriptor *first =
            descriptor->ref ? g_hash_table_lookup(known, descriptor->ref) : NULL;
        const Value *name = value_path(descriptor->document, "metadata.name");

        if (!descriptor->ref)
            continue;
        if (!first) {
            g_hash_table_insert(known, (gpointer)descriptor->ref, (gpointer)descriptor);
            continue;
        }
        diagnostics_add(
            files->findings,
            &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                          .code = "catalog-duplicate",
                          .message =
                              arena_printf(files->arena, "%s is there twice", descriptor->ref),
                          .file = descriptor->file,
                          .line = value_line(name),
                          .column = value_column(name),
                          .pointer = "/metadata/name",
                          .hint = arena_printf(files->arena, "first at %s:%d", first->file,
                                               value_line(first->document))});
    }
}

static void find_unknown_references(CatalogFiles *files, const Descriptor *descriptor,
                                    GHashTable *known)
{
    g_autoptr(GArray) relations = model_relations(files->arena, descriptor->entity);

    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);
        const char *pointer;
        const Value *at;

        if (g_hash_table_contains(known, relation->target))
            continue;
        at = descriptor_reference(files->arena, descriptor->entity, relation, &pointer);
        diagnostics_add(
            files->findings,
            &(Diagnostic){.severity = DIAGNOSTIC_WARNING,
                          .code = "catalog-reference-unknown",
                          .message = arena_printf(files->arena, "%s is in none of these files",
                                                  relation->target),
                          .file = descriptor->file,
                          .line = value_line(at),
                          .column = value_column(at),
                          .pointer = pointer});
    }
}

static void check_target(CatalogFiles *files, const Descriptor *descriptor, const Value *target,
                         const char *pointer)
{
    const char *path = value_string(target, "");
    g_autofree char *absolute = NULL;

    if (!*path || strstr(path, "://") || strpbrk(path, "*?["))
        return;
    absolute = descriptor_path(descriptor->file, path);
    if (g_file_test(absolute, G_FILE_TEST_EXISTS))
        return;
    diagnostics_add(
        files->findings,
        &(Diagnostic){.severity = DIAGNOSTIC_WARNING,
                      .code = "catalog-target-missing",
                      .message = arena_printf(files->arena, "the file %s does not exist", path),
                      .file = descriptor->file,
                      .line = value_line(target),
                      .column = value_column(target),
                      .pointer = pointer});
}

static void check_targets(CatalogFiles *files, const Descriptor *descriptor)
{
    const Value *spec = value_get(descriptor->entity, "spec");
    const Value *targets = value_get(spec, "targets");

    if (!g_str_equal(value_path_string(descriptor->entity, "kind", ""), "Location") ||
        g_str_equal(value_path_string(spec, "type", ""), "url"))
        return;
    check_target(files, descriptor, value_get(spec, "target"), "/spec/target");
    for (guint i = 0; i < value_count(targets); i++)
        check_target(files, descriptor, value_item(targets, i),
                     arena_printf(files->arena, "/spec/targets/%u", i));
}

static void check_expressions(CatalogFiles *files, const Descriptor *descriptor)
{
    if (!g_str_equal(value_path_string(descriptor->entity, "kind", ""), "Template"))
        return;
    nunjucks_check_tree(value_path(descriptor->entity, "spec.steps"), descriptor->file,
                        files->findings);
    nunjucks_check_tree(value_path(descriptor->entity, "spec.output"), descriptor->file,
                        files->findings);
}

void catalog_files_lint(CatalogFiles *files, gboolean references)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

    find_duplicates(files, known);
    for (guint i = 0; i < files->descriptors->len; i++) {
        const Descriptor *descriptor = files->descriptors->pdata[i];

        if (!descriptor->entity)
            continue;
        check_expressions(files, descriptor);
        check_targets(files, descriptor);
        if (references)
            find_unknown_references(files, descriptor, known);
    }
    diagnostics_sort(files->findings);
}
