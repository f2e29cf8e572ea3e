/* Backstage's schemas of the envelope, of metadata and of spec. */
#include "catalog/catalog_internal.h"
#include "catalog/model/kinds.h"
#include "catalog/model/internal.h"
#include "base/nearest.h"
#include <string.h>

static gboolean broken(ModelCheck *check, const char *where, const char *what, const char *argument,
                       const Value *at)
{
    check->where = where;
    check->what = what;
    check->argument = argument;
    check->line = value_line(at);
    check->column = value_column(at);
    return FALSE;
}

static gboolean wrong_type(ModelCheck *check, const char *where, const char *type, const Value *at)
{
    return broken(check, where, arena_printf(check->arena, "must be %s", type),
                  arena_printf(check->arena, "type: %s", type), at);
}

static gboolean missing(ModelCheck *check, const char *where, const char *name, const Value *parent)
{
    return broken(check, where,
                  arena_printf(check->arena, "must have required property '%s'", name),
                  arena_printf(check->arena, "missingProperty: %s", name), parent);
}

/* ---- types ---- */

static gboolean check_filled(ModelCheck *check, const char *parent, const char *name,
                             const Value *value)
{
    const char *where;

    if (value_string_length(value) > 0 && value_is(value, VALUE_STRING))
        return TRUE;
    where = arena_printf(check->arena, "%s/%s", parent, name);
    if (!value_is(value, VALUE_STRING))
        return wrong_type(check, where, "string", value);
    return broken(check, where, "must NOT have fewer than 1 characters", "limit: 1", value);
}

static gboolean check_item(ModelCheck *check, const char *list, guint index, const Value *value)
{
    char number[16];

    if (value_string_length(value) > 0 && value_is(value, VALUE_STRING))
        return TRUE;
    g_snprintf(number, sizeof number, "%u", index);
    return check_filled(check, list, number, value);
}

static gboolean check_optional(ModelCheck *check, const char *parent, const char *name,
                               const Value *object)
{
    const Value *value = value_get(object, name);

    return !value || check_filled(check, parent, name, value);
}

static gboolean check_kind_of(ModelCheck *check, const char *parent, const char *name,
                              const Value *value, ValueKind kind)
{
    return value_is(value, kind) ||
           wrong_type(check, arena_printf(check->arena, "%s/%s", parent, name),
                      value_kind_name(kind), value);
}

static gboolean check_texts(ModelCheck *check, const char *parent, const char *name,
                            const Value *list)
{
    if (!check_kind_of(check, parent, name, list, VALUE_ARRAY))
        return FALSE;
    for (guint i = 0; i < value_count(list); i++)
        if (value_string_length(value_item(list, i)) == 0 ||
            !value_is(value_item(list, i), VALUE_STRING))
            return check_item(check, arena_printf(check->arena, "%s/%s", parent, name), i,
                              value_item(list, i));
    return TRUE;
}

/* ---- metadata ---- */

/* RFC 6901: a slash in a key is "~1". */
static const char *member_pointer(Arena *arena, const char *name, const char *key)
{
    g_autoptr(GString) escaped = g_string_new(key);

    g_string_replace(escaped, "~", "~0", 0);
    g_string_replace(escaped, "/", "~1", 0);
    return arena_printf(arena, "/metadata/%s/%s", name, escaped->str);
}

static gboolean check_map(ModelCheck *check, const Value *metadata, const char *name)
{
    const Value *map = value_get(metadata, name);

    if (map && !check_kind_of(check, "/metadata", name, map, VALUE_OBJECT))
        return FALSE;
    for (guint i = 0; i < value_count(map); i++)
        if (!value_is(value_value_at(map, i), VALUE_STRING))
            return wrong_type(check, member_pointer(check->arena, name, value_key_at(map, i)),
                              "string", value_value_at(map, i));
    return TRUE;
}

static gboolean check_link(ModelCheck *check, guint index, const Value *link)
{
    const char *where = arena_printf(check->arena, "/metadata/links/%u", index);

    if (!value_is(link, VALUE_OBJECT))
        return wrong_type(check, where, "object", link);
    if (!value_get(link, "url"))
        return missing(check, where, "url", link);
    return check_optional(check, where, "url", link) &&
           check_optional(check, where, "title", link) &&
           check_optional(check, where, "icon", link) && check_optional(check, where, "type", link);
}

static gboolean check_metadata(ModelCheck *check, const Value *metadata)
{
    const Value *description = value_get(metadata, "description");
    const Value *tags = value_get(metadata, "tags"), *links = value_get(metadata, "links");

    if (!check_optional(check, "/metadata", "uid", metadata) ||
        !check_optional(check, "/metadata", "etag", metadata) ||
        !check_optional(check, "/metadata", "name", metadata) ||
        !check_optional(check, "/metadata", "namespace", metadata) ||
        !check_optional(check, "/metadata", "title", metadata) ||
        (description &&
         !check_kind_of(check, "/metadata", "description", description, VALUE_STRING)) ||
        !check_map(check, metadata, "labels") || !check_map(check, metadata, "annotations") ||
        (tags && !check_texts(check, "/metadata", "tags", tags)) ||
        (links && !check_kind_of(check, "/metadata", "links", links, VALUE_ARRAY)))
        return FALSE;
    for (guint i = 0; i < value_count(links); i++)
        if (!check_link(check, i, value_item(links, i)))
            return FALSE;
    return TRUE;
}

/* ---- the envelope ---- */

static gboolean check_roots(ModelCheck *check, const Value *entity)
{
    static const char *const required[] = {"apiVersion", "kind", "metadata"};

    if (!value_is(entity, VALUE_OBJECT))
        return wrong_type(check, "<root>", "object", entity);
    for (gsize i = 0; i < G_N_ELEMENTS(required); i++)
        if (!value_get(entity, required[i]))
            return missing(check, "<root>", required[i], entity);
    return TRUE;
}

static gboolean check_named(ModelCheck *check, const Value *entity)
{
    const Value *metadata = value_get(entity, "metadata");

    return check_optional(check, "", "apiVersion", entity) &&
           check_optional(check, "", "kind", entity) &&
           check_kind_of(check, "", "metadata", metadata, VALUE_OBJECT) &&
           (value_get(metadata, "name") || missing(check, "/metadata", "name", metadata));
}

/* A member nobody knows was most likely meant to be another, or to stand further inside. */
static const char *member_hint(Arena *arena, const char *name)
{
    static const char *const roots[] = {"apiVersion", "kind", "metadata", "spec", NULL};
    static const char *const inner[] = {"name",        "namespace", "title",
                                        "description", "labels",    "annotations",
                                        "tags",        "links",     NULL};
    const char *near = nearest_name(name, roots);

    if (near)
        return arena_printf(arena, "did you mean %s?", near);
    if (g_strv_contains(inner, name))
        return "it belongs into metadata";
    return "what a kind knows belongs into spec";
}

/* "relations" and "status" are for the next check to refuse. */
static gboolean check_members(ModelCheck *check, const Value *entity)
{
    static const char *const known[] = {"apiVersion", "kind",      "metadata",
                                        "spec",       "relations", "status"};

    for (guint i = 0; i < value_count(entity); i++) {
        const char *key = value_key_at(entity, i);
        gboolean is_known = FALSE;

        for (gsize j = 0; j < G_N_ELEMENTS(known) && !is_known; j++)
            is_known = g_str_equal(known[j], key);
        if (is_known)
            continue;
        broken(check, "<root>", "must NOT have additional properties",
               arena_printf(check->arena, "additionalProperty: %s", key), NULL);
        check->line = value_key_line(entity, key);
        check->column = value_key_column(entity, key);
        check->hint = member_hint(check->arena, key);
        return FALSE;
    }
    return TRUE;
}

gboolean model_check_schema(ModelCheck *check, const Value *entity)
{
    const Value *spec = value_get(entity, "spec");
    const Value *relations = value_get(entity, "relations"), *status = value_get(entity, "status");

    return check_roots(check, entity) && check_members(check, entity) &&
           check_named(check, entity) && check_metadata(check, value_get(entity, "metadata")) &&
           (!spec || check_kind_of(check, "", "spec", spec, VALUE_OBJECT)) &&
           (!relations || check_kind_of(check, "", "relations", relations, VALUE_ARRAY)) &&
           (!status || check_kind_of(check, "", "status", status, VALUE_OBJECT));
}

ModelFault model_check_fault(const ModelCheck *check)
{
    return (ModelFault){.name = "TypeError",
                        .message = arena_printf(check->arena, "%s %s - %s", check->where,
                                                check->what, check->argument),
                        .line = check->line,
                        .column = check->column,
                        .hint = check->hint};
}

gboolean model_check_envelope(Arena *arena, const Value *entity, ModelFault *fault)
{
    ModelCheck check = {.arena = arena};
    const Value *metadata = value_get(entity, "metadata");

    if (check_roots(&check, entity) && check_named(&check, entity) &&
        check_optional(&check, "/metadata", "name", metadata) &&
        check_optional(&check, "/metadata", "namespace", metadata))
        return TRUE;
    *fault = model_check_fault(&check);
    return FALSE;
}

/* ---- spec ---- */

static gboolean check_profile(ModelCheck *check, const Value *profile)
{
    const char *where = "/spec/profile";

    return check_kind_of(check, "/spec", "profile", profile, VALUE_OBJECT) &&
           check_optional(check, where, "displayName", profile) &&
           check_optional(check, where, "email", profile) &&
           check_optional(check, where, "picture", profile);
}

static gboolean check_presence(ModelCheck *check, const Value *value)
{
    const char *text = value_string(value, "");

    if (!check_kind_of(check, "/spec", "presence", value, VALUE_STRING))
        return FALSE;
    return g_str_equal(text, "required") || g_str_equal(text, "optional") ||
           broken(check, "/spec/presence", "must be equal to one of the allowed values",
                  "allowedValues: required,optional", value);
}

static gboolean check_remote(ModelCheck *check, const char *where, const Value *remote)
{
    if (!value_is(remote, VALUE_OBJECT))
        return wrong_type(check, where, "object", remote);
    if (!value_get(remote, "type"))
        return missing(check, where, "type", remote);
    if (!value_get(remote, "url"))
        return missing(check, where, "url", remote);
    return check_optional(check, where, "type", remote) &&
           check_optional(check, where, "url", remote);
}

static gboolean check_step(ModelCheck *check, const char *where, const Value *step)
{
    const Value *condition = value_get(step, "if"), *input = value_get(step, "input");
    const Value *id = value_get(step, "id"), *name = value_get(step, "name");

    if (!value_is(step, VALUE_OBJECT))
        return wrong_type(check, where, "object", step);
    if (!value_get(step, "action"))
        return missing(check, where, "action", step);
    return (!id || check_kind_of(check, where, "id", id, VALUE_STRING)) &&
           (!name || check_kind_of(check, where, "name", name, VALUE_STRING)) &&
           check_kind_of(check, where, "action", value_get(step, "action"), VALUE_STRING) &&
           (!input || check_kind_of(check, where, "input", input, VALUE_OBJECT)) &&
           (!condition || value_is(condition, VALUE_BOOL) ||
            check_kind_of(check, where, "if", condition, VALUE_STRING));
}

static gboolean check_objects(ModelCheck *check, const char *name, const Value *list,
                              gboolean (*check_one)(ModelCheck *, const char *, const Value *))
{
    if (!check_kind_of(check, "/spec", name, list, VALUE_ARRAY))
        return FALSE;
    for (guint i = 0; i < value_count(list); i++)
        if (!check_one(check, arena_printf(check->arena, "/spec/%s/%u", name, i),
                       value_item(list, i)))
            return FALSE;
    return TRUE;
}

static gboolean check_page(ModelCheck *check, const char *where, const Value *page)
{
    return value_is(page, VALUE_OBJECT) || wrong_type(check, where, "object", page);
}

static gboolean check_value(ModelCheck *check, const SpecField *field, const Value *value)
{
    switch (field->type) {
    case SPEC_TEXT:
        return check_filled(check, "/spec", field->name, value);
    case SPEC_TEXTS:
        return check_texts(check, "/spec", field->name, value);
    case SPEC_REFERENCES:
        return TRUE;
    case SPEC_PROFILE:
        return check_profile(check, value);
    case SPEC_PRESENCE:
        return check_presence(check, value);
    case SPEC_REMOTES:
        if (value_is(value, VALUE_ARRAY) && value_count(value) == 0)
            return broken(check, "/spec/remotes", "must NOT have fewer than 1 items", "limit: 1",
                          value);
        return check_objects(check, field->name, value, check_remote);
    case SPEC_STEPS:
        return check_objects(check, field->name, value, check_step);
    case SPEC_PAGES:
        return value_is(value, VALUE_OBJECT) ||
               check_objects(check, field->name, value, check_page);
    case SPEC_OBJECT:
        return check_kind_of(check, "/spec", field->name, value, VALUE_OBJECT);
    }
    g_assert_not_reached();
}

gboolean model_check_spec(ModelCheck *check, const Kind *kind, const Value *entity)
{
    const Value *spec = value_get(entity, "spec");

    if (!spec)
        return missing(check, "<root>", "spec", entity);
    for (const SpecField *field = kind->fields; field->name; field++)
        if (field->required && !value_get(spec, field->name))
            return missing(check, "/spec", field->name, spec);
    for (const SpecField *field = kind->fields; field->name; field++) {
        const Value *value = value_get(spec, field->name);

        if (value && !check_value(check, field, value))
            return FALSE;
    }
    return TRUE;
}
