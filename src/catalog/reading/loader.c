/* One source: its documents, checked and complete. Runs on many threads at once. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include "formats/json.h"
#include "formats/nunjucks.h"
#include "formats/yaml.h"
#include <string.h>

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const CatalogLocation *origin;
    const char *origin_ref; /* "type:target" */
    SourceText *text;
} Loader;

/* ---- what is wrong ---- */

static void add_fault(Loader *loader, const Fault **faults, guint *count, const Fault *fault)
{
    Fault *all = arena_new0(loader->arena, Fault, *count + 1);

    if (*count > 0)
        memcpy(all, *faults, sizeof *all * *count);
    all[*count] = *fault;
    all[*count].message = arena_strdup(loader->arena, fault->message);
    *faults = all;
    ++*count;
}

static void add_found_fault(Loader *loader, Found *found, const char *name, const char *message,
                            int line, int column)
{
    add_fault(loader, &found->faults, &found->fault_count,
              &(Fault){name, message, loader->text->source.target, line, column});
}

static void add_error(Loader *loader, Found *found, const GError *error, const Value *at)
{
    add_found_fault(loader, found, error_name(error), error->message, value_line(at),
                    value_column(at));
}

/* ---- one document ---- */

static const Value *resolve(Loader *loader, Found *found)
{
    g_autoptr(GError) error = NULL;
    const Value *entity, *at;

    if (!placeholders_are_in(found->document))
        return found->document;
    found->depends = TRUE;
    entity = placeholders_resolve(loader->catalog, loader->arena, found->document,
                                  &loader->text->source, &at, &error);
    if (!entity)
        add_error(loader, found, error, at ? at : found->document);
    return entity;
}

static void refuse_model(Loader *loader, Found *found, const ModelFault *why)
{
    const Value *document = found->document;

    add_found_fault(loader, found, why->name, why->message,
                    why->line > 0 ? why->line : value_line(document),
                    why->line > 0 ? why->column : value_column(document));
}

/* The entity of a document, checked and complete; NULL where it was refused. */
static const Value *accept(Loader *loader, Found *found)
{
    const Value *entity;
    ModelFault fault;

    if (!model_check_envelope(loader->arena, found->document, &fault)) {
        fault.name = "InputError";
        fault.message = arena_printf(loader->arena, "Malformed envelope, %s", fault.message);
        refuse_model(loader, found, &fault);
        return NULL;
    }
    entity = resolve(loader, found);
    if (!entity)
        return NULL;
    entity = model_normalize(loader->arena, entity);
    if (model_check_entity(loader->arena, entity, &fault))
        return entity_annotate(loader->catalog, loader->arena, &loader->text->source,
                               loader->origin_ref, entity);
    refuse_model(loader, found, &fault);
    return NULL;
}

static void check_rules(Loader *loader, Found *found)
{
    const char *reason;

    found->allowed = rules_allow(loader->catalog, found->entity, loader->origin);
    if (found->allowed)
        return;
    reason = arena_printf(loader->arena,
                          "Entity %s at %s, originated at %s, is not of an allowed kind for that "
                          "location",
                          found->ref, loader->text->name, loader->origin_ref);
    add_found_fault(loader, found, "NotAllowedError", reason, value_line(found->document),
                    value_column(found->document));
}

/* An expression that does not parse breaks a template only where it is used, but its author learns
 * of it here. */
static void check_expressions(Loader *loader, Found *found)
{
    const char *file = loader->text->source.target;
    g_autoptr(Diagnostics) findings = diagnostics_new();

    if (!g_str_equal(value_path_string(found->entity, "kind", ""), "Template"))
        return;
    nunjucks_check_tree(value_path(found->document, "spec.steps"), file, findings);
    nunjucks_check_tree(value_path(found->document, "spec.output"), file, findings);
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        if (finding->severity == DIAGNOSTIC_ERROR)
            add_found_fault(loader, found, "InputError", finding->message, finding->line,
                            finding->column);
    }
}

static Found *load_document(Loader *loader, const Value *document)
{
    Found *found = arena_new0(loader->arena, Found, 1);

    found->document = document;
    found->entity = accept(loader, found);
    found->ref = entity_ref_of(loader->arena, found->entity ? found->entity : document);
    if (!found->entity)
        return found;
    check_rules(loader, found);
    check_expressions(loader, found);
    if (found->allowed)
        found->text = json_to_arena(loader->arena, found->entity, JSON_COMPACT);
    return found;
}

/* ---- the source ---- */

static void add_parse_faults(Loader *loader, const Diagnostics *findings)
{
    SourceText *text = loader->text;

    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        if (finding->severity == DIAGNOSTIC_ERROR)
            add_fault(loader, &text->faults, &text->fault_count,
                      &(Fault){"InputError", finding->message, text->source.target, finding->line,
                               finding->column});
    }
}

static Loader loader_of(Catalog *catalog, Arena *arena, const CatalogLocation *origin,
                        SourceText *text)
{
    const Source self = {origin->type, origin->target};

    return (Loader){catalog, arena, origin, source_format(arena, &self), text};
}

void source_text_parse(Catalog *catalog, Arena *arena, const CatalogLocation *origin,
                       SourceText *text, const char *bytes, gsize length)
{
    Loader loader = loader_of(catalog, arena, origin, text);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    const Value *documents =
        yaml_parse_stream(arena, bytes, (gssize)length, text->source.target, YAML_PLAIN, findings);

    if (!documents) {
        add_parse_faults(&loader, findings);
        return;
    }
    text->found = g_ptr_array_new();
    for (guint i = 0; i < value_count(documents); i++)
        g_ptr_array_add(text->found, load_document(&loader, value_item(documents, i)));
}

void source_text_load(Catalog *catalog, Arena *arena, const CatalogLocation *origin,
                      SourceText *text)
{
    g_auto(SourceReply) reply = {0};
    const char *bytes;
    gsize length;

    if (!source_read(catalog, arena, &text->source, text->etag, &reply, &text->error)) {
        text->etag = NULL;
        return;
    }
    text->etag = arena_strdup(arena, reply.etag);
    text->revision = reply.revision;
    text->unchanged = reply.unchanged;
    if (reply.unchanged)
        return;
    bytes = g_bytes_get_data(reply.bytes, &length);
    source_text_parse(catalog, arena, origin, text, bytes ? bytes : "", length);
}

void source_text_clear(SourceText *text)
{
    g_clear_error(&text->error);
    g_clear_pointer(&text->found, g_ptr_array_unref);
}
