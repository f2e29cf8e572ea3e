/* Where in a descriptor something stands: what the model says in words, as a pointer. */
#include "catalog/descriptors/descriptors.h"
#include "catalog/model/kinds.h"
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
    const char *quoted = strstr(message, "must have required property '");
    const char *parent;

    parent = g_str_has_prefix(message, "<root>")
                 ? ""
                 : arena_strndup(arena, message, (gsize)(end - message));
    if (!member)
        member = strstr(message, "additionalProperty: ");
    if (member)
        return member_pointer(arena, parent, strchr(member, ' ') + 1);
    if (!quoted)
        return parent;
    quoted = strchr(quoted, '\'') + 1;
    return member_pointer(arena, parent, arena_strndup(arena, quoted, strcspn(quoted, "'")));
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

/* The member of the root at a fault's place: which one is foreign, Backstage does not say. */
static const char *foreign_member(const Value *document, const ModelFault *fault)
{
    if (!strstr(fault->message, "<root> must NOT have additional properties"))
        return NULL;
    for (guint i = 0; i < value_count(document); i++) {
        const char *key = value_key_at(document, i);

        if (value_key_line(document, key) == fault->line &&
            value_key_column(document, key) == fault->column)
            return key;
    }
    return NULL;
}

const char *descriptor_pointer(Arena *arena, const Value *document, const ModelFault *fault)
{
    const char *message = fault->cause_message ? fault->cause_message : fault->message;
    const char *foreign = foreign_member(document, fault), *end;

    if (foreign)
        return member_pointer(arena, "", foreign);
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

/* "a.b" as "/spec/a/b". */
static const char *field_pointer(Arena *arena, const SpecField *field)
{
    char *pointer = arena_printf(arena, "/spec/%s", field->name);

    g_strdelimit(pointer, ".", '/');
    return pointer;
}

static gboolean means(Arena *arena, const Value *text, const SpecField *field, const Value *entity,
                      const char *target)
{
    const char *namespace = value_path_string(entity, "metadata.namespace", "default");
    EntityRef ref;

    return value_is(text, VALUE_STRING) &&
           entity_ref_parse(arena, value_string(text, ""), field->target_kind, namespace, &ref,
                            NULL) &&
           g_str_equal(entity_ref_format(arena, ref.kind, ref.namespace, ref.name), target);
}

/* The text of a field that means target: the field itself, or an item of its list. */
static const Value *text_of_field(Arena *arena, const SpecField *field, const Value *value,
                                  const Value *entity, const char *target, const char **pointer)
{
    *pointer = field_pointer(arena, field);
    if (means(arena, value, field, entity, target))
        return value;
    for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
        if (means(arena, value_item(value, i), field, entity, target)) {
            *pointer = arena_printf(arena, "%s/%u", *pointer, i);
            return value_item(value, i);
        }
    *pointer = NULL;
    return NULL;
}

const Value *descriptor_reference(Arena *arena, const Value *entity, const Relation *relation,
                                  const char **pointer)
{
    const Kind *kind = kind_of(entity);
    const Value *at = NULL;

    *pointer = NULL;
    for (const SpecField *field = kind ? kind->fields : NULL; !at && field && field->name; field++)
        if (field->relation && g_str_equal(field->relation, relation->type))
            at = text_of_field(arena, field, kind_value(kind, field, value_get(entity, "spec")),
                               entity, relation->target, pointer);
    return at;
}
