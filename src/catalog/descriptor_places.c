/* Where in a descriptor something stands: what the model says in words, as a pointer. */
#include "catalog/descriptors.h"
#include <string.h>

#define DEPTH_MAX 64

/* ---- the value at a place ---- */

static const char *member_pointer(Arena *arena, const char *parent, const char *key)
{
    g_autoptr(GString) escaped = g_string_new(key);

    g_string_replace(escaped, "~", "~0", 0);
    g_string_replace(escaped, "/", "~1", 0);
    return arena_printf(arena, "%s/%s", parent, escaped->str);
}

/* Calls each for value and all in it, until it answers TRUE; the pointer of that one. */
typedef gboolean (*EachValue)(const Value *value, void *data);

static const char *find_value(Arena *arena, const Value *value, const char *pointer, int depth,
                              EachValue each, void *data)
{
    const char *found = each(value, data) ? pointer : NULL;

    for (guint i = 0; !found && depth < DEPTH_MAX && i < value_count(value); i++)
        found = value_is(value, VALUE_ARRAY)
                    ? find_value(arena, value_item(value, i),
                                 arena_printf(arena, "%s/%u", pointer, i), depth + 1, each, data)
                    : find_value(arena, value_value_at(value, i),
                                 member_pointer(arena, pointer, value_key_at(value, i)), depth + 1,
                                 each, data);
    return found;
}

typedef struct {
    int line, column;
} Place;

static gboolean stands_there(const Value *value, void *data)
{
    const Place *place = data;

    return value_line(value) == place->line && value_column(value) == place->column;
}

/* ---- what a fault is about ---- */

/* "/spec must have required property 'x' - missingProperty: x" and the like. */
static const char *pointer_of_rule(Arena *arena, const char *message)
{
    const char *end = strstr(message, " must ");
    const char *member = strstr(message, "missingProperty: ");
    const char *parent;

    parent = g_str_has_prefix(message, "<root>")
                 ? ""
                 : arena_strndup(arena, message, (gsize)(end - message));
    if (!member)
        member = strstr(message, "additionalProperty: ");
    return member ? member_pointer(arena, parent, strchr(member, ' ') + 1) : parent;
}

/* "labels.a.b", "links.0.url", "metadata.name", "kind". */
static const char *pointer_of_field(Arena *arena, const char *field)
{
    static const char *const groups[] = {"labels", "annotations", "tags", "links"};
    g_auto(GStrv) parts = NULL;

    if (g_str_has_prefix(field, "metadata."))
        field += strlen("metadata.");
    else if (!strchr(field, '.'))
        return arena_printf(arena, "/%s", field);
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        const char *rest = field + strlen(groups[i]);

        if (!g_str_has_prefix(field, groups[i]) || *rest != '.')
            continue;
        if (i < 3)
            return member_pointer(arena, arena_printf(arena, "/metadata/%s", groups[i]), rest + 1);
        parts = g_strsplit(rest + 1, ".", 2);
        return arena_printf(arena, "/metadata/links/%s/%s", parts[0], parts[1] ? parts[1] : "");
    }
    return member_pointer(arena, "/metadata", field);
}

const char *descriptor_pointer(Arena *arena, const Value *document, const ModelFault *fault)
{
    const char *message = fault->cause_message ? fault->cause_message : fault->message;
    const char *end;

    if (g_str_has_prefix(message, "Malformed envelope, "))
        message += strlen("Malformed envelope, ");
    end = strstr(message, "\" is not valid");
    if (message[0] == '"' && end)
        return pointer_of_field(arena,
                                arena_strndup(arena, message + 1, (gsize)(end - message - 1)));
    if ((message[0] == '/' || g_str_has_prefix(message, "<root>")) && strstr(message, " must "))
        return pointer_of_rule(arena, message);
    if (fault->line <= 0)
        return NULL;
    return find_value(arena, document, "", 0, stands_there, &(Place){fault->line, fault->column});
}

/* ---- references ---- */

typedef struct {
    Arena *arena;
    const char *target, *kind, *namespace; /* the kind of target, the namespace of who refers */
    const Value *at;
} Search;

/* A text that means target: what it leaves out is what the target has. */
static gboolean means_target(const Value *value, void *data)
{
    Search *search = data;
    EntityRef ref;

    if (!value_is(value, VALUE_STRING) ||
        !entity_ref_parse(search->arena, value_string(value, ""), search->kind, search->namespace,
                          &ref, NULL) ||
        !g_str_equal(entity_ref_format(search->arena, ref.kind, ref.namespace, ref.name),
                     search->target))
        return FALSE;
    search->at = value;
    return TRUE;
}

/* Where each relation is declared. A field of the same name as the kind of the target comes first:
 * a component is part of its system and of another component. */
static const char *const fields[][2] = {
    {"ownedBy", "owner"},
    {"partOf", "system"},
    {"partOf", "domain"},
    {"partOf", "subcomponentOf"},
    {"partOf", "subdomainOf"},
    {"providesApi", "providesApis"},
    {"consumesApi", "consumesApis"},
    {"dependsOn", "dependsOn"},
    {"dependencyOf", "dependencyOf"},
    {"memberOf", "memberOf"},
    {"childOf", "parent"},
    {"parentOf", "children"},
    {"hasMember", "members"},
};

static const char *find_in_field(Search *search, const Value *spec, const char *field)
{
    const Value *value = value_get(spec, field);

    return value ? find_value(search->arena, value, arena_printf(search->arena, "/spec/%s", field),
                              0, means_target, search)
                 : NULL;
}

const Value *descriptor_reference(Arena *arena, const Value *entity, const Relation *relation,
                                  const char **pointer)
{
    const char *colon = strchr(relation->target, ':');
    const Value *spec = value_get(entity, "spec");
    Search search = {
        .arena = arena,
        .target = relation->target,
        .kind =
            arena_strndup(arena, relation->target, colon ? (gsize)(colon - relation->target) : 0),
        .namespace = value_path_string(entity, "metadata.namespace", "default"),
    };

    *pointer =
        g_str_equal(relation->type, "partOf") ? find_in_field(&search, spec, search.kind) : NULL;
    for (gsize i = 0; !*pointer && i < G_N_ELEMENTS(fields); i++)
        if (g_str_equal(fields[i][0], relation->type))
            *pointer = find_in_field(&search, spec, fields[i][1]);
    if (!*pointer)
        *pointer = find_value(arena, spec, "/spec", 0, means_target, &search);
    return search.at;
}
