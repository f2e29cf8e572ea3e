/* The annotations that say where an entity comes from. */
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"

static void annotate_url(Catalog *catalog, Arena *arena, const Source *source, Value *annotations)
{
    SourceLinks links;

    source_links(catalog, arena, source, &links);
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

const Value *entity_annotate(Catalog *catalog, Arena *arena, const Source *source,
                             const char *origin, const Value *entity)
{
    Value *copy = value_clone_shallow(arena, entity);
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));
    const Value *written = value_get(metadata, "annotations");
    Value *annotations = written ? value_clone_shallow(arena, written) : value_object_new(arena);

    value_set_string(arena, annotations, ANNOTATION_LOCATION, source_format(arena, source));
    value_set_string(arena, annotations, ANNOTATION_ORIGIN, origin);
    if (g_str_equal(source->type, "url"))
        annotate_url(catalog, arena, source, annotations);
    neutralise_links(arena, annotations);
    value_set(arena, metadata, "annotations", annotations);
    value_set(arena, copy, "metadata", metadata);
    return copy;
}
