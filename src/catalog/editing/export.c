#include "catalog/editing/export.h"
#include "formats/yaml.h"
#include <string.h>

/* ---- annotations of the server ---- */

/* The path of an URL, the same whether it leads to view, edit or list; NULL where it is none. */
static char *plain_path(const char *url)
{
    static const char *const verbs[] = {"/tree/", "/edit/", "/raw/", "/_edit/", "/src/"};
    const char *scheme, *path;
    g_autoptr(GString) plain = NULL;

    if (g_str_has_prefix(url, "url:"))
        url += strlen("url:");
    scheme = strstr(url, "://");
    path = scheme ? strchr(scheme + 3, '/') : NULL;
    if (!path)
        return NULL;
    plain = g_string_new(path);
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_string_replace(plain, verbs[i], "/blob/", 1) > 0)
            break;
    while (plain->len > 0 && plain->str[plain->len - 1] == '/')
        g_string_truncate(plain, plain->len - 1);
    return g_string_free(g_steal_pointer(&plain), FALSE);
}

/* Whether link says of the file at location (or its folder) what everybody could say. */
static gboolean follows_from(const char *link, const char *location)
{
    g_autofree char *path = plain_path(link), *file = plain_path(location);
    g_autofree char *folder = file ? g_path_get_dirname(file) : NULL;

    return path && file && (g_str_equal(path, file) || g_str_equal(path, folder));
}

static gboolean is_servers(const char *name, const char *value, const char *location)
{
    static const char *const links[] = {ANNOTATION_VIEW_URL, ANNOTATION_EDIT_URL, ANNOTATION_SOURCE,
                                        NULL};

    if (g_str_equal(name, ANNOTATION_LOCATION) || g_str_equal(name, ANNOTATION_ORIGIN))
        return TRUE;
    return g_strv_contains(links, name) && follows_from(value, location);
}

static const Value *written_annotations(Arena *arena, const Value *annotations)
{
    Value *written = value_object_new(arena);
    const Value *at = value_get(annotations, ANNOTATION_LOCATION);
    const char *location = value_string(at, "");

    for (guint i = 0; i < value_count(annotations); i++) {
        const char *name = value_key_at(annotations, i);
        const Value *value = value_value_at(annotations, i);

        if (!is_servers(name, value_string(value, ""), location))
            value_set(arena, written, name, value);
    }
    return value_count(written) > 0 ? written : NULL;
}

/* ---- the entity ---- */

static const Value *written_metadata(Arena *arena, const Value *metadata)
{
    Value *written = value_clone_shallow(arena, metadata);

    value_set(arena, written, "uid", NULL);
    value_set(arena, written, "etag", NULL);
    if (g_str_equal(value_path_string(metadata, "namespace", ""), "default"))
        value_set(arena, written, "namespace", NULL);
    value_set(arena, written, "annotations",
              written_annotations(arena, value_get(metadata, "annotations")));
    return written;
}

static const Value *written_entity(Arena *arena, const Value *entity)
{
    Value *written = value_clone_shallow(arena, entity);

    value_set(arena, written, "relations", NULL);
    value_set(arena, written, "status", NULL);
    value_set(arena, written, "metadata", written_metadata(arena, value_get(entity, "metadata")));
    return written;
}

void export_entity(Arena *arena, const Value *entity, gboolean raw, GString *out)
{
    g_string_append(out, "---\n");
    yaml_write(out, raw ? entity : written_entity(arena, entity));
}

const Predicate *export_selection(Arena *arena, const Predicate *asked, gboolean raw)
{
    Predicate *not_one = arena_new0(arena, Predicate, 1);

    if (raw)
        return asked;
    not_one->kind = PREDICATE_NOT;
    not_one->children = arena_new0(arena, const Predicate *, 2);
    not_one->children[0] = predicate_one_of(arena, "kind", (const char *const[]){"location", NULL});
    return predicate_both(arena, asked, not_one);
}
