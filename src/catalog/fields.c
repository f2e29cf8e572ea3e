/* `fields=`: an entity cut down to some of its members. */
#include "catalog/catalog_internal.h"
#include <string.h>

#define FIELDS_MAX 200

gboolean fields_parse(Arena *arena, const char *const *parameters, const char *const **fields,
                      GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    const char **list;

    for (; parameters && *parameters; parameters++) {
        g_auto(GStrv) parts = g_strsplit(*parameters, ",", FIELDS_MAX);

        for (char **part = parts; *part; part++) {
            if (strchr(*part, '[')) {
                g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                            "Invalid field \"%s\", array type fields are not supported", *part);
                return FALSE;
            }
            if (*g_strstrip(*part) && found->len < FIELDS_MAX)
                g_ptr_array_add(found, arena_strdup(arena, *part));
        }
    }
    list = arena_new0(arena, const char *, found->len + 1);
    for (guint i = 0; i < found->len; i++)
        list[i] = found->pdata[i];
    *fields = list;
    return TRUE;
}

/* The member that a path begins with: the shortest key, joined with what follows its dot where that
 * is no key of object, as annotations are. *rest is what is left of the path, NULL at its end. */
static const char *leading_key(Arena *arena, const Value *object, const char *path,
                               const char **rest)
{
    for (const char *dot = strchr(path, '.');; dot = dot ? strchr(dot + 1, '.') : NULL) {
        const char *key = dot ? arena_strndup(arena, path, (gsize)(dot - path)) : path;

        *rest = dot ? dot + 1 : NULL;
        if (value_get(object, key))
            return key;
        if (!dot)
            return NULL;
    }
}

/* Puts the member at path of from into to; the objects on the way are copies of to's own. */
static void project(Arena *arena, const Value *from, Value *to, const char *path)
{
    const char *rest, *key = leading_key(arena, from, path, &rest);
    const Value *member, *there;
    Value *below;

    if (!key)
        return;
    member = value_get(from, key);
    if (!rest) {
        value_set(arena, to, key, member);
        return;
    }
    if (!value_is(member, VALUE_OBJECT))
        return;
    there = value_get(to, key);
    if (there == member)
        return;
    below = there ? value_clone_shallow(arena, there) : value_object_new(arena);
    project(arena, member, below, rest);
    if (value_count(below) > 0)
        value_set(arena, to, key, below);
}

const Value *fields_project(Arena *arena, const Value *entity, const char *const *fields)
{
    Value *projected;

    if (!fields || !*fields)
        return entity;
    projected = value_object_new(arena);
    for (; *fields; fields++)
        project(arena, entity, projected, *fields);
    return projected;
}
