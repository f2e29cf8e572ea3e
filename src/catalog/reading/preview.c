/* What registering a location would bring, told without doing it. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"
#include <string.h>

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const CatalogLocation *location;
    Diagnostics *diagnostics;
    Value *items;
} Preview;

static void tell(Preview *preview, const Fault *fault, DiagnosticSeverity severity)
{
    diagnostics_add(preview->diagnostics, &(Diagnostic){.severity = severity,
                                                        .code = "catalog-entity",
                                                        .message = fault->message,
                                                        .file = fault->file,
                                                        .line = fault->line,
                                                        .column = fault->column});
}

/* An entity that another location brings stays that one's. */
static gboolean check_origin(const Preview *preview, const char *ref, const Value *there,
                             GError **error)
{
    const char *origin = value_string(value_get(value_path(there, "metadata.annotations"),
                                                "backstage.io/managed-by-origin-location"),
                                      NULL);

    if (!there || !origin || g_str_equal(origin, preview->location->id))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "The entity %s exists already, from %s; choose another name", ref, origin);
    return FALSE;
}

static gboolean add(Preview *preview, const char *ref, const Value *entity, GError **error)
{
    Arena *arena = preview->arena;
    const Value *there = catalog_get(preview->catalog, arena, ref, NULL);
    Value *item = value_object_new(arena);

    if (!check_origin(preview, ref, there, error))
        return FALSE;
    value_set_string(arena, item, "ref", ref);
    value_set(arena, item, "entity", entity);
    value_set(arena, item, "before", there);
    value_append(arena, preview->items, item);
    return TRUE;
}

/* ---- bytes that are nowhere yet ---- */

static gboolean add_found(Preview *preview, const Found *found, GError **error)
{
    /* What it names beside itself is not there yet either. */
    bool unread = !found->entity && found->depends && found->ref;

    for (guint i = 0; i < found->fault_count; i++)
        tell(preview, &found->faults[i], unread ? DIAGNOSTIC_WARNING : DIAGNOSTIC_ERROR);
    if (!found->ref || (!found->entity && !unread) || (found->entity && !found->allowed))
        return TRUE;
    return add(preview, found->ref, found->entity ? found->entity : found->document, error);
}

static gboolean preview_bytes(Preview *preview, const char *bytes, gsize length, GError **error)
{
    SourceText text = {.source = {preview->location->type, preview->location->target},
                       .name = preview->location->id};
    gboolean done = TRUE;

    source_text_parse(preview->catalog, preview->arena, preview->location, &text, bytes, length);
    for (guint i = 0; i < text.fault_count; i++)
        tell(preview, &text.faults[i], DIAGNOSTIC_ERROR);
    for (guint i = 0; done && text.found && i < text.found->len; i++)
        done = add_found(preview, text.found->pdata[i], error);
    source_text_clear(&text);
    return done;
}

/* ---- what can be read ---- */

static void tell_status(Preview *preview, const Value *status)
{
    for (guint i = 0; i < value_count(status); i++) {
        const Value *item = value_item(status, i), *source = value_get(item, "source");

        tell(preview,
             &(Fault){.message = value_path_string(item, "error.message", ""),
                      .file = value_path_string(source, "file", NULL),
                      .line = (int)value_int(value_get(source, "line"), 0),
                      .column = (int)value_int(value_get(source, "column"), 0)},
             DIAGNOSTIC_ERROR);
    }
}

static gboolean preview_location(Preview *preview, GError **error)
{
    g_autoptr(GPtrArray) emissions =
        reading_preview(preview->catalog, preview->arena, preview->location, error);

    if (!emissions)
        return FALSE;
    for (guint i = 0; i < emissions->len; i++) {
        const Emission *emission = emissions->pdata[i];

        tell_status(preview, emission->status);
        /* The first stands for the location itself. */
        if (i > 0 && emission->entity && !add(preview, emission->ref, emission->entity, error))
            return FALSE;
    }
    return TRUE;
}

const Value *catalog_preview(Catalog *catalog, Arena *arena, const char *target, const char *bytes,
                             gsize length, Diagnostics *diagnostics, GError **error)
{
    CatalogLocation location = {.id = arena_printf(arena, "url:%s", target),
                                .type = "url",
                                .target = target,
                                .origin = "registered"};
    Preview preview = {catalog, arena, &location, diagnostics, value_array_new(arena)};

    if (!g_uri_is_valid(target, G_URI_FLAGS_PARSE_RELAXED, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "url:%s is no location that can be registered",
                    target);
        return NULL;
    }
    return (bytes ? preview_bytes(&preview, bytes, length, error)
                  : preview_location(&preview, error))
               ? preview.items
               : NULL;
}
