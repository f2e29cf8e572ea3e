/* What the catalog would say of a file before it is committed. */
#include "catalog/edit.h"
#include "formats/yaml.h"

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const EditFile *file;
    const char *name; /* of the file, for people */
    GHashTable *seen; /* refs */
    Diagnostics *diagnostics;
} Check;

static void report(Check *check, DiagnosticSeverity severity, const char *code, const char *message,
                   int line, int column)
{
    diagnostics_add(check->diagnostics, &(Diagnostic){.severity = severity,
                                                      .code = code,
                                                      .message = message,
                                                      .file = check->name,
                                                      .line = line,
                                                      .column = column});
}

static void report_fault(Check *check, const ModelFault *fault, const Value *document)
{
    report(check, DIAGNOSTIC_ERROR, "catalog-entity", fault->message,
           fault->line > 0 ? fault->line : value_line(document),
           fault->line > 0 ? fault->column : value_column(document));
}

static void check_document(Check *check, const Value *document)
{
    g_autoptr(GError) error = NULL;
    ModelFault fault = {0};
    const Value *entity, *at;
    const char *ref;

    if (!model_check_envelope(check->arena, document, &fault)) {
        report_fault(check, &fault, document);
        return;
    }
    entity = placeholders_resolve(check->catalog, check->arena, document, &check->file->source, &at,
                                  &error);
    if (!entity) {
        at = at ? at : document;
        report(check, DIAGNOSTIC_ERROR, "catalog-placeholder", error->message, value_line(at),
               value_column(at));
        return;
    }
    entity = model_normalize(check->arena, entity);
    if (!model_check_entity(check->arena, entity, &fault)) {
        report_fault(check, &fault, document);
        return;
    }
    ref = entity_ref_of(check->arena, entity);
    if (!g_hash_table_add(check->seen, (gpointer)ref))
        report(check, DIAGNOSTIC_ERROR, "catalog-duplicate",
               arena_printf(check->arena, "%s is there twice", ref), value_line(document),
               value_column(document));
}

/* The documents of text; NULL where it does not parse. */
static const Value *documents_of(Check *check, const char *text, Diagnostics *diagnostics)
{
    return yaml_parse_stream(check->arena, text, -1, check->name, YAML_PLAIN, diagnostics);
}

/* A changed name or kind is a new entity, and the old one goes with all that hangs on it. */
static void warn_of_leaving(Check *check)
{
    g_autoptr(Diagnostics) ignored = diagnostics_new();
    const Value *before = documents_of(check, edit_text(check->arena, check->file), ignored);

    for (guint i = 0; i < value_count(before); i++) {
        const char *ref = entity_ref_of(check->arena, value_item(before, i));

        if (ref && !g_hash_table_contains(check->seen, ref))
            report(check, DIAGNOSTIC_WARNING, "catalog-entity-gone",
                   arena_printf(check->arena,
                                "%s would go from the catalog: the file defines it no more", ref),
                   0, 0);
    }
}

void edit_check(Catalog *catalog, Arena *arena, const EditFile *file, const char *text,
                Diagnostics *diagnostics)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Check check = {catalog, arena,
                   file,    file->in_repository ? file->place.at.path : file->source.target,
                   seen,    diagnostics};
    const Value *documents = documents_of(&check, text, diagnostics);

    if (!documents)
        return;
    for (guint i = 0; i < value_count(documents); i++)
        check_document(&check, value_item(documents, i));
    if (!diagnostics_have_errors(diagnostics))
        warn_of_leaving(&check);
}

/* ---- as JSON ---- */

static const Value *diagnostic_value(Arena *arena, const Diagnostic *diagnostic)
{
    static const char *const severities[] = {"error", "warning", "info"};
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "severity", severities[diagnostic->severity]);
    value_set_string(arena, value, "code", diagnostic->code);
    value_set_string(arena, value, "message", diagnostic->message);
    value_set_string(arena, value, "file", diagnostic->file);
    if (diagnostic->line > 0) {
        value_set_int(arena, value, "line", diagnostic->line);
        value_set_int(arena, value, "column", diagnostic->column);
    }
    value_set_string(arena, value, "pointer", diagnostic->pointer);
    value_set_string(arena, value, "hint", diagnostic->hint);
    return value;
}

const Value *edit_diagnostics(Arena *arena, const Diagnostics *diagnostics)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; i < diagnostics_count(diagnostics); i++)
        value_append(arena, list, diagnostic_value(arena, diagnostics_get(diagnostics, i)));
    return list;
}
