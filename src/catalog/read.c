/* Reads everything a location names, and what that names in turn. */
#include "catalog/catalog_internal.h"
#include "catalog/discovery.h"
#include "formats/nunjucks.h"
#include "formats/yaml.h"
#include <string.h>

#define SOURCES_MAX 10000
#define DEPTH_MAX 16

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const CatalogLocation *origin;
    const char *origin_ref; /* "type:target" */
    Reading *reading;
    GHashTable *emitted; /* ref → Emission */
    GHashTable *sources; /* "type:target" that were read → the commit they were read at, or NULL */
    Diagnostics *diagnostics;
} Reader;

static void read_targets(Reader *reader, Emission *parent, const Source *base, int depth);

void reading_free(Reading *reading)
{
    if (!reading)
        return;
    g_ptr_array_unref(reading->emissions);
    g_ptr_array_unref(reading->repositories);
    g_hash_table_unref(reading->failed);
    g_free(reading);
}

static Reading *reading_new(Arena *arena)
{
    Reading *reading = g_new0(Reading, 1);

    reading->arena = arena;
    reading->emissions = g_ptr_array_new();
    reading->repositories = g_ptr_array_new();
    reading->failed = g_hash_table_new(g_str_hash, g_str_equal);
    return reading;
}

/* ---- what is wrong ---- */

typedef struct {
    const char *name, *message; /* "InputError", what is wrong */
    const char *file;
    int line, column;
} Fault;

static Value *fault_source(Arena *arena, const Fault *fault)
{
    Value *source = value_object_new(arena);

    value_set_string(arena, source, "file", fault->file);
    if (fault->line > 0) {
        value_set_int(arena, source, "line", fault->line);
        value_set_int(arena, source, "column", fault->column);
    }
    return source;
}

/* The item of an entity's status, in Backstage's shape, with the place beside it. */
static void add_fault(Reader *reader, Emission *emission, const Fault *fault)
{
    Arena *arena = reader->arena;
    Value *item = value_object_new(arena), *error = value_object_new(arena);
    const char *place =
        fault->line > 0 ? arena_printf(arena, "%s:%d:%d", fault->file, fault->line, fault->column)
                        : fault->file;

    value_set_string(arena, error, "name", fault->name);
    value_set_string(arena, error, "message", fault->message);
    value_set_string(arena, item, "type", "backstage.io/catalog-processing");
    value_set_string(arena, item, "level", "error");
    value_set_string(arena, item, "message",
                     arena_printf(arena, "%s: %s (%s)", fault->name, fault->message, place));
    value_set(arena, item, "error", error);
    value_set(arena, item, "source", fault_source(arena, fault));
    value_append(arena, emission->status, item);
    diagnostics_error(reader->diagnostics, "catalog-entity", fault->file, fault->line,
                      fault->column, "%s", fault->message);
}

static void add_error(Reader *reader, Emission *emission, const char *file, const Value *at,
                      const GError *error)
{
    add_fault(reader, emission,
              &(Fault){error_name(error), error->message, file, value_line(at), value_column(at)});
}

/* What came from source stays; it shows the items that parent got since it had known ones. */
static void mark_failed(Reader *reader, const Source *source, const Emission *parent, guint known)
{
    GHashTable *failed = reader->reading->failed;
    const char *name = source_format(reader->arena, source);
    Value *items = g_hash_table_lookup(failed, name);

    if (!items) {
        items = value_array_new(reader->arena);
        g_hash_table_insert(failed, (gpointer)name, items);
    }
    for (guint i = known; i < value_count(parent->status); i++)
        value_append(reader->arena, items, value_item(parent->status, i));
}

/* ---- what was found ---- */

static Emission *emit(Reader *reader, const char *ref, const char *parent, const char *source,
                      const Value *entity)
{
    Emission *emission = arena_new0(reader->arena, Emission, 1);

    *emission = (Emission){ref,
                           parent,
                           source,
                           entity,
                           value_array_new(reader->arena),
                           g_hash_table_lookup(reader->sources, source)};
    g_ptr_array_add(reader->reading->emissions, emission);
    g_hash_table_insert(reader->emitted, (gpointer)ref, emission);
    return emission;
}

static void annotate_url(Reader *reader, Value *annotations, const Source *source)
{
    Arena *arena = reader->arena;
    SourceLinks links;

    source_links(reader->catalog, arena, source, &links);
    if (!value_get(annotations, ANNOTATION_VIEW_URL))
        value_set_string(arena, annotations, ANNOTATION_VIEW_URL, links.view);
    if (links.edit && !value_get(annotations, ANNOTATION_EDIT_URL))
        value_set_string(arena, annotations, ANNOTATION_EDIT_URL, links.edit);
    if (links.folder && !value_get(annotations, ANNOTATION_SOURCE))
        value_set_string(arena, annotations, ANNOTATION_SOURCE,
                         arena_printf(arena, "url:%s", links.folder));
}

/* A link that would run as a script in the portal leads nowhere. */
static void neutralise_links(Arena *arena, Value *annotations)
{
    static const char *const names[] = {ANNOTATION_VIEW_URL, ANNOTATION_EDIT_URL};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strncasecmp(value_path_string(annotations, names[i], ""), "javascript:", 11) ==
            0)
            value_set_string(arena, annotations, names[i], "about:blank");
}

static const Value *annotate(Reader *reader, const Value *entity, const Source *source)
{
    Arena *arena = reader->arena;
    Value *copy = value_clone_shallow(arena, entity);
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));
    const Value *written = value_get(metadata, "annotations");
    Value *annotations = written ? value_clone_shallow(arena, written) : value_object_new(arena);

    value_set_string(arena, annotations, ANNOTATION_LOCATION, source_format(arena, source));
    value_set_string(arena, annotations, ANNOTATION_ORIGIN, reader->origin_ref);
    if (g_str_equal(source->type, "url"))
        annotate_url(reader, annotations, source);
    neutralise_links(arena, annotations);
    value_set(arena, metadata, "annotations", annotations);
    value_set(arena, copy, "metadata", metadata);
    return copy;
}

/* ---- one document ---- */

/* An entity that is not valid: the reason goes to its earlier version, or to who names it. */
static void refuse(Reader *reader, Emission *parent, const Source *source, const Value *document,
                   const Fault *fault)
{
    const char *ref = entity_ref_of(reader->arena, document);
    const char *from = source_format(reader->arena, source);
    guint known = value_count(parent->status);

    if (ref && !g_hash_table_contains(reader->emitted, ref)) {
        add_fault(reader, emit(reader, ref, parent->ref, from, NULL), fault);
        return;
    }
    add_fault(reader, parent, fault);
    mark_failed(reader, source, parent, known);
}

static void refuse_model(Reader *reader, Emission *parent, const Source *source,
                         const Value *document, const ModelFault *why)
{
    Fault fault = {why->name, why->message, source->target, why->line, why->column};

    refuse(reader, parent, source, document, &fault);
}

/* The entity of a document, checked and complete; NULL where it was refused. */
static const Value *accept(Reader *reader, Emission *parent, const Source *source,
                           const Value *document)
{
    g_autoptr(GError) error = NULL;
    ModelFault fault;
    const Value *entity = document;

    if (!model_check_envelope(reader->arena, document, &fault)) {
        fault.name = "InputError";
        fault.message = arena_printf(reader->arena, "Malformed envelope, %s", fault.message);
        refuse_model(reader, parent, source, document, &fault);
        return NULL;
    }
    entity = placeholders_resolve(reader->catalog, reader->arena, document, source, &error);
    if (!entity) {
        refuse(reader, parent, source, document,
               &(Fault){error_name(error), error->message, source->target, value_line(document),
                        value_column(document)});
        return NULL;
    }
    entity = model_normalize(reader->arena, entity);
    if (model_check_entity(reader->arena, entity, &fault))
        return annotate(reader, entity, source);
    if (fault.line == 0) {
        fault.line = value_line(document);
        fault.column = value_column(document);
    }
    refuse_model(reader, parent, source, document, &fault);
    return NULL;
}

static gboolean check_rules(Reader *reader, Emission *parent, const Source *source,
                            const Value *entity, const Value *document)
{
    Arena *arena = reader->arena;
    const char *reason;

    if (rules_allow(reader->catalog, entity, reader->origin))
        return TRUE;
    reason = arena_printf(arena,
                          "Entity %s at %s, originated at %s, is not of an allowed kind for that "
                          "location",
                          entity_ref_of(arena, entity), source_format(arena, source),
                          reader->origin_ref);
    add_fault(reader, parent,
              &(Fault){"NotAllowedError", reason, source->target, value_line(document),
                       value_column(document)});
    return FALSE;
}

static void add_findings(Reader *reader, Emission *parent, const Source *source,
                         const Diagnostics *findings)
{
    for (guint i = 0; i < diagnostics_count(findings); i++) {
        const Diagnostic *finding = diagnostics_get(findings, i);

        if (finding->severity == DIAGNOSTIC_ERROR)
            add_fault(reader, parent,
                      &(Fault){"InputError", arena_strdup(reader->arena, finding->message),
                               source->target, finding->line, finding->column});
    }
}

/* An expression that does not parse breaks a template only where it is used, but its author learns
 * of it here. */
static void check_expressions(Reader *reader, Emission *emission, const Source *source,
                              const Value *document)
{
    g_autoptr(Diagnostics) findings = diagnostics_new();

    nunjucks_check_tree(value_path(document, "spec.steps"), source->target, findings);
    nunjucks_check_tree(value_path(document, "spec.output"), source->target, findings);
    add_findings(reader, emission, source, findings);
}

static void read_document(Reader *reader, Emission *parent, const Source *source,
                          const Value *document, int depth)
{
    const Value *entity = accept(reader, parent, source, document);
    const char *ref = entity ? entity_ref_of(reader->arena, entity) : NULL;
    Emission *emission;

    if (!entity || !check_rules(reader, parent, source, entity, document))
        return;
    if (g_hash_table_contains(reader->emitted, ref)) {
        add_fault(reader, parent,
                  &(Fault){"ConflictError", arena_printf(reader->arena, "%s is there twice", ref),
                           source->target, value_line(document), value_column(document)});
        return;
    }
    emission = emit(reader, ref, parent->ref, source_format(reader->arena, source), entity);
    if (g_str_equal(value_path_string(entity, "kind", ""), "Location"))
        read_targets(reader, emission, source, depth + 1);
    if (g_str_equal(value_path_string(entity, "kind", ""), "Template"))
        check_expressions(reader, emission, source, document);
}

/* ---- one file ---- */

static void fail_source(Reader *reader, Emission *parent, const Source *source, const Value *at,
                        const GError *error)
{
    guint known = value_count(parent->status);

    add_error(reader, parent, source->target, at, error);
    mark_failed(reader, source, parent, known);
}

static void note_repository(Reader *reader, const Source *source)
{
    const char *repository = source_repository(reader->catalog, reader->arena, source);
    GPtrArray *known = reader->reading->repositories;

    if (repository && !g_ptr_array_find_with_equal_func(known, repository, g_str_equal, NULL))
        g_ptr_array_add(known, (gpointer)repository);
}

static void read_bytes(Reader *reader, Emission *parent, const Source *source, GBytes *bytes,
                       int depth)
{
    g_autoptr(Diagnostics) findings = diagnostics_new();
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    const Value *documents = yaml_parse_stream(reader->arena, text ? text : "", (gssize)length,
                                               source->target, YAML_PLAIN, findings);

    if (!documents) {
        guint known = value_count(parent->status);

        add_findings(reader, parent, source, findings);
        mark_failed(reader, source, parent, known);
        return;
    }
    for (guint i = 0; i < value_count(documents); i++)
        read_document(reader, parent, source, value_item(documents, i), depth);
}

static void read_source(Reader *reader, Emission *parent, const Source *source, gboolean optional,
                        int depth)
{
    const char *name = source_format(reader->arena, source);
    g_autoptr(GError) error = NULL;
    g_auto(SourceReply) reply = {0};

    if (g_hash_table_contains(reader->sources, name))
        return;
    note_repository(reader, source);
    g_hash_table_insert(reader->sources, (gpointer)name, NULL);
    if (source_read(reader->catalog, reader->arena, source, NULL, &reply, &error)) {
        g_hash_table_insert(reader->sources, (gpointer)name, (gpointer)reply.revision);
        read_bytes(reader, parent, source, reply.bytes, depth);
    } else if (!optional || !g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND))
        fail_source(reader, parent, source, NULL, error);
}

/* ---- the targets of a Location ---- */

static gboolean check_limits(Reader *reader, Emission *parent, const Source *source, int depth)
{
    g_autoptr(GError) error = NULL;

    if (depth < DEPTH_MAX && g_hash_table_size(reader->sources) < SOURCES_MAX)
        return TRUE;
    g_set_error(&error, PAVE_ERROR, ERROR_INPUT,
                "locations name each other more than %d deep, or more than %d files", DEPTH_MAX,
                SOURCES_MAX);
    fail_source(reader, parent, source, NULL, error);
    return FALSE;
}

static void read_target(Reader *reader, Emission *parent, const Source *base, const char *type,
                        const Value *target, int depth)
{
    gboolean optional =
        g_str_equal(value_path_string(parent->entity, "spec.presence", "required"), "optional");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sources = NULL;
    Source source = {type ? type : base->type, value_string(target, "")};

    if (!source_resolve(reader->catalog, reader->arena, base, type, value_string(target, ""),
                        &source, &error) ||
        !(sources = source_expand(reader->catalog, reader->arena, &source, &error))) {
        if (optional && g_error_matches(error, PAVE_ERROR, ERROR_NOT_FOUND))
            return;
        fail_source(reader, parent, &source, target, error);
        return;
    }
    for (guint i = 0; i < sources->len; i++)
        if (check_limits(reader, parent, sources->pdata[i], depth))
            read_source(reader, parent, sources->pdata[i], optional, depth);
}

static void read_targets(Reader *reader, Emission *parent, const Source *base, int depth)
{
    const Value *spec = value_get(parent->entity, "spec");
    const char *type = value_path_string(spec, "type", NULL);
    const Value *target = value_get(spec, "target"), *targets = value_get(spec, "targets");

    if (target)
        read_target(reader, parent, base, type, target, depth);
    for (guint i = 0; i < value_count(targets); i++)
        read_target(reader, parent, base, type, value_item(targets, i), depth);
}

/* ---- the location itself ---- */

/* "generated-<sha1>", the entity that stands for what was configured or registered. */
static const Value *location_entity(Arena *arena, const CatalogLocation *location)
{
    const char *ref = location_entity_ref(arena, location->type, location->target);
    Value *entity = value_object_new(arena), *metadata = value_object_new(arena);
    Value *spec = value_object_new(arena);

    value_set_string(arena, metadata, "namespace", "default");
    value_set_string(arena, metadata, "name", strchr(ref, '/') + 1);
    value_set_string(arena, spec, "type", location->type);
    value_set_string(arena, spec, "target", location->target);
    if (discovery_is_found(location))
        value_set_string(arena, spec, "presence", "optional");
    value_set_string(arena, entity, "apiVersion", "backstage.io/v1alpha1");
    value_set_string(arena, entity, "kind", "Location");
    value_set(arena, entity, "metadata", metadata);
    value_set(arena, entity, "spec", spec);
    return entity;
}

Reading *location_read(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                       Diagnostics *diagnostics)
{
    g_autoptr(GHashTable) emitted = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) sources = g_hash_table_new(g_str_hash, g_str_equal);
    const Source self = {location->type, location->target};
    Reader reader = {.catalog = catalog,
                     .arena = arena,
                     .origin = location,
                     .origin_ref = source_format(arena, &self),
                     .reading = reading_new(arena),
                     .emitted = emitted,
                     .sources = sources,
                     .diagnostics = diagnostics};
    const Value *entity = annotate(&reader, location_entity(arena, location), &self);
    Emission *root = emit(&reader, entity_ref_of(arena, entity), NULL, reader.origin_ref, entity);

    note_repository(&reader, &self);
    read_targets(&reader, root, &self, 0);
    return reader.reading;
}
