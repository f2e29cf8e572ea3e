/* What the catalog would say of a file before it is committed. */
#include "catalog/editing/edit.h"
#include "formats/yaml.h"

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const EditFile *file;
    const char *name;  /* of the file, for people */
    gboolean resolves; /* what placeholders name is read */
    GHashTable *seen;  /* refs */
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

/* ---- placeholders ---- */

/* The text of a placeholder; NULL for anything else. *any: it may stand for other than text. */
static const Value *placeholder_of(const Value *value, gboolean *any)
{
    static const char *const texts[] = {"$text", "$openapi", "$asyncapi", NULL};
    static const char *const values[] = {"$json", "$yaml", NULL};
    const Value *target =
        value_is(value, VALUE_OBJECT) && value_count(value) == 1 ? value_value_at(value, 0) : NULL;

    if (!value_is(target, VALUE_STRING))
        return NULL;
    *any = g_strv_contains(values, value_key_at(value, 0));
    return *any || g_strv_contains(texts, value_key_at(value, 0)) ? target : NULL;
}

/* value with the names of files in place of what they hold. *any is set where one of them may hold
 * other than text. */
static const Value *with_names(Arena *arena, const Value *value, gboolean *any)
{
    gboolean of_this = FALSE;
    const Value *name = placeholder_of(value, &of_this);
    Value *copy;

    if (name) {
        *any |= of_this;
        return name;
    }
    if (value_is(value, VALUE_ARRAY)) {
        copy = value_array_new(arena);
        for (guint i = 0; i < value_count(value); i++)
            value_append(arena, copy, with_names(arena, value_item(value, i), any));
        value_set_position(copy, value_line(value), value_column(value));
        return copy;
    }
    if (!value_is(value, VALUE_OBJECT))
        return value;
    copy = value_clone_shallow(arena, value);
    for (guint i = 0; i < value_count(value); i++)
        value_set(arena, copy, value_key_at(value, i),
                  with_names(arena, value_value_at(value, i), any));
    return copy;
}

/* The document with its placeholders filled in; NULL where that fails. Reading goes by Pave's
 * tokens, so that it is not done for whoever asks: for them *any tells that the document holds what
 * only reading would tell. */
static const Value *filled(Check *check, const Value *document, gboolean *any)
{
    g_autoptr(GError) error = NULL;
    const Value *entity, *at;

    if (!check->resolves)
        return placeholders_are_in(document) ? with_names(check->arena, document, any) : document;
    entity = placeholders_resolve(check->catalog, check->arena, document, &check->file->source, &at,
                                  &error);
    if (entity)
        return entity;
    at = at ? at : document;
    report(check, DIAGNOSTIC_ERROR, "catalog-placeholder", error->message, value_line(at),
           value_column(at));
    return NULL;
}

/* ---- documents ---- */

static void check_document(Check *check, const Value *document)
{
    ModelFault fault = {0};
    gboolean any = FALSE;
    const Value *entity;
    const char *ref;

    if (!model_check_envelope(check->arena, document, &fault)) {
        report_fault(check, &fault, document);
        return;
    }
    entity = filled(check, document, &any);
    if (!entity)
        return;
    entity = model_normalize(check->arena, entity);
    if (!any && !model_check_entity(check->arena, entity, &fault)) {
        report_fault(check, &fault, document);
        return;
    }
    ref = entity_ref_of(check->arena, entity);
    if (ref && !g_hash_table_add(check->seen, (gpointer)ref))
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

void edit_check(Catalog *catalog, Arena *arena, const EditFile *file, const EditChange *change,
                Diagnostics *diagnostics)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Check check = {.catalog = catalog,
                   .arena = arena,
                   .file = file,
                   .name = file->in_repository ? file->place.at.path : file->source.target,
                   .seen = seen,
                   .diagnostics = diagnostics};
    const Value *documents = documents_of(&check, change->content, diagnostics);

    check.resolves =
        !file->reason && edit_may_commit(catalog, arena, file, change->principal, NULL);
    if (!documents)
        return;
    for (guint i = 0; i < value_count(documents); i++)
        check_document(&check, value_item(documents, i));
    if (!diagnostics_have_errors(diagnostics))
        warn_of_leaving(&check);
}

/* ---- as JSON ---- */
