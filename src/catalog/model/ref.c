#include "catalog/catalog_internal.h"
#include <string.h>

/* Nearly all of what is folded is ASCII. */
static gboolean fold_ascii(const char *text, char *folded)
{
    for (; *text; text++) {
        if ((guchar)*text >= 0x80)
            return FALSE;
        *folded++ = g_ascii_tolower(*text);
    }
    return TRUE;
}

const char *text_fold(Arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, strlen(text) + 1);
    g_autofree char *folded = NULL;

    if (fold_ascii(text, copy))
        return copy;
    folded = g_utf8_strdown(text, -1);
    return arena_strdup(arena, folded);
}

/* Backstage finds a colon only before the first slash, so that a name may hold one. */
static gboolean split(Arena *arena, const char *text, EntityRef *ref)
{
    const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

    *ref = (EntityRef){0};
    if (colon && (!slash || colon < slash)) {
        ref->kind = arena_strndup(arena, text, (gsize)(colon - text));
        text = colon + 1;
    }
    if (slash) {
        ref->namespace = arena_strndup(arena, text, (gsize)(slash - text));
        text = slash + 1;
    }
    ref->name = arena_strdup(arena, text);
    return *ref->name && (!ref->kind || *ref->kind) && (!ref->namespace || *ref->namespace);
}

gboolean entity_ref_parse(Arena *arena, const char *text, const char *default_kind,
                          const char *default_namespace, EntityRef *ref, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL) || !split(arena, text, ref)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Entity reference \"%s\" was not on the form [<kind>:][<namespace>/]<name>",
                    text);
        return FALSE;
    }
    if (!ref->kind)
        ref->kind = default_kind;
    if (!ref->namespace)
        ref->namespace = default_namespace ? default_namespace : "default";
    if (ref->kind)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Entity reference \"%s\" had missing or empty kind (e.g. did not start with "
                "\"component:\" or similar)",
                text);
    return FALSE;
}

const char *entity_ref_format(Arena *arena, const char *kind, const char *namespace,
                              const char *name)
{
    gsize lengths[] = {strlen(kind), strlen(namespace), strlen(name)};
    char *ref = arena_alloc(arena, lengths[0] + lengths[1] + lengths[2] + 3), *at = ref;

    at = mempcpy(at, kind, lengths[0]);
    *at++ = ':';
    at = mempcpy(at, namespace, lengths[1]);
    *at++ = '/';
    mempcpy(at, name, lengths[2] + 1);
    return text_fold(arena, ref);
}

const char *entity_ref_of(Arena *arena, const Value *entity)
{
    const char *kind = value_path_string(entity, "kind", NULL);
    const char *name = value_path_string(entity, "metadata.name", NULL);

    if (!kind || !name)
        return NULL;
    return entity_ref_format(arena, kind,
                             value_path_string(entity, "metadata.namespace", "default"), name);
}

const char *location_entity_ref(Arena *arena, const char *type, const char *target)
{
    const char *source = arena_printf(arena, "%s:%s", type, target);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA1, source, -1);

    return arena_printf(arena, "location:default/generated-%s", digest);
}

const char *catalog_ref(Arena *arena, const char *text, const char *default_kind,
                        const char *default_namespace, GError **error)
{
    EntityRef ref;

    if (!entity_ref_parse(arena, text, default_kind, default_namespace, &ref, error))
        return NULL;
    return entity_ref_format(arena, ref.kind, ref.namespace, ref.name);
}
