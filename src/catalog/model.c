/* Backstage's kinds: what spec must hold, and which relations it declares. */
#include "catalog/catalog_internal.h"
#include <stdlib.h>
#include <string.h>

typedef enum { TEXT, TEXTS, LIST, OBJECT, ANY } FieldType;

typedef struct {
    const char *name;
    FieldType type;
    gboolean required;
    const char *relation, *inverse;
    const char *target_kind; /* of a reference without one; NULL: it must say */
} Field;

typedef struct {
    const char *kind;
    const char *const *api_versions;
    const Field *fields;
} Kind;

static const char *const catalog_versions[] = {"backstage.io/v1alpha1", "backstage.io/v1beta1",
                                               NULL};
static const char *const template_versions[] = {"scaffolder.backstage.io/v1beta3", NULL};

#define OWNER(is_required)                                                                         \
    {                                                                                              \
        "owner", TEXT, is_required, "ownedBy", "ownerOf", "Group"                                  \
    }
#define SYSTEM                                                                                     \
    {                                                                                              \
        "system", TEXT, FALSE, "partOf", "hasPart", "System"                                       \
    }
#define DEPENDS                                                                                    \
    {"dependsOn", TEXTS, FALSE, "dependsOn", "dependencyOf"},                                      \
    {                                                                                              \
        "dependencyOf", TEXTS, FALSE, "dependencyOf", "dependsOn"                                  \
    }
#define PROFILE                                                                                    \
    {                                                                                              \
        "profile", OBJECT                                                                          \
    }

static const Field component_fields[] = {
    {"type", TEXT, TRUE},
    {"lifecycle", TEXT, TRUE},
    OWNER(TRUE),
    SYSTEM,
    {"subcomponentOf", TEXT, FALSE, "partOf", "hasPart", "Component"},
    {"providesApis", TEXTS, FALSE, "providesApi", "apiProvidedBy", "API"},
    {"consumesApis", TEXTS, FALSE, "consumesApi", "apiConsumedBy", "API"},
    DEPENDS,
    {NULL}};
static const Field api_fields[] = {{"type", TEXT, TRUE},
                                   {"lifecycle", TEXT, TRUE},
                                   OWNER(TRUE),
                                   {"definition", TEXT, TRUE},
                                   SYSTEM,
                                   {NULL}};
static const Field resource_fields[] = {{"type", TEXT, TRUE}, OWNER(TRUE), SYSTEM, DEPENDS, {NULL}};
static const Field system_fields[] = {
    OWNER(TRUE), {"domain", TEXT, FALSE, "partOf", "hasPart", "Domain"}, {"type", TEXT}, {NULL}};
static const Field domain_fields[] = {OWNER(TRUE),
                                      {"subdomainOf", TEXT, FALSE, "partOf", "hasPart", "Domain"},
                                      {"type", TEXT},
                                      {NULL}};
static const Field group_fields[] = {{"type", TEXT, TRUE},
                                     {"children", TEXTS, TRUE, "parentOf", "childOf", "Group"},
                                     {"parent", TEXT, FALSE, "childOf", "parentOf", "Group"},
                                     {"members", TEXTS, FALSE, "hasMember", "memberOf", "User"},
                                     PROFILE,
                                     {NULL}};
static const Field user_fields[] = {
    {"memberOf", TEXTS, TRUE, "memberOf", "hasMember", "Group"}, PROFILE, {NULL}};
static const Field location_fields[] = {
    {"type", TEXT}, {"target", TEXT}, {"targets", TEXTS}, {"presence", TEXT}, {NULL}};
static const Field template_fields[] = {
    {"type", TEXT, TRUE}, {"steps", LIST, TRUE}, OWNER(FALSE), {"lifecycle", TEXT},
    {"parameters", ANY},  {"output", OBJECT},    {NULL}};

static const Kind kinds[] = {
    {"Component", catalog_versions, component_fields},
    {"API", catalog_versions, api_fields},
    {"Resource", catalog_versions, resource_fields},
    {"System", catalog_versions, system_fields},
    {"Domain", catalog_versions, domain_fields},
    {"Group", catalog_versions, group_fields},
    {"User", catalog_versions, user_fields},
    {"Location", catalog_versions, location_fields},
    {"Template", template_versions, template_fields},
};

static const Kind *kind_of(const Value *entity)
{
    const char *name = value_path_string(entity, "kind", "");
    const char *version = value_path_string(entity, "apiVersion", "");

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].kind, name) && g_strv_contains(kinds[i].api_versions, version))
            return &kinds[i];
    return NULL;
}

/* ---- faults ---- */

/* A rule of the schema that value (below parent) breaks, in Ajv's words. */
static gboolean break_rule(ModelFault *fault, const char *message, const Value *value,
                           const Value *parent)
{
    const Value *at = value ? value : parent;

    *fault = (ModelFault){.name = "TypeError",
                          .message = message,
                          .line = value_line(at),
                          .column = value_column(at)};
    return FALSE;
}

static gboolean missing(Arena *arena, ModelFault *fault, const char *where, const char *name,
                        const Value *parent)
{
    return break_rule(fault,
                      arena_printf(arena,
                                   "%s must have required property '%s' - missingProperty: %s",
                                   where, name, name),
                      NULL, parent);
}

static gboolean wrong_type(Arena *arena, ModelFault *fault, const char *where, const char *type,
                           const Value *value)
{
    return break_rule(fault, arena_printf(arena, "%s must be %s - type: %s", where, type, type),
                      value, NULL);
}

/* Puts the fault at hand under one that says who found it. */
static gboolean wrap(Arena *arena, ModelFault *fault, const char *intro)
{
    fault->message =
        arena_printf(arena, "%s; caused by %s: %s", intro, fault->name, fault->message);
    return FALSE;
}

/* ---- checks ---- */

static gboolean check_filled(Arena *arena, const char *where, const Value *value, ModelFault *fault)
{
    if (!value_is(value, VALUE_STRING))
        return wrong_type(arena, fault, where, "string", value);
    if (value_string_length(value) > 0)
        return TRUE;
    return break_rule(
        fault, arena_printf(arena, "%s must NOT have fewer than 1 characters - limit: 1", where),
        value, NULL);
}

static gboolean check_foreign_members(Arena *arena, const Value *entity, ModelFault *fault)
{
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec", NULL};

    for (guint i = 0; i < value_count(entity); i++) {
        const char *key = value_key_at(entity, i);

        if (g_strv_contains(known, key))
            continue;
        break_rule(fault,
                   arena_printf(arena,
                                "<root> must NOT have additional properties - additionalProperty: "
                                "%s",
                                key),
                   NULL, NULL);
        fault->line = value_key_line(entity, key);
        fault->column = value_key_column(entity, key);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_metadata_lists(Arena *arena, const Value *metadata, ModelFault *fault)
{
    static const struct {
        const char *name, *type;
        ValueKind kind;
    } members[] = {{"labels", "object", VALUE_OBJECT},
                   {"annotations", "object", VALUE_OBJECT},
                   {"tags", "array", VALUE_ARRAY},
                   {"links", "array", VALUE_ARRAY}};

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const Value *value = value_get(metadata, members[i].name);

        if (value && value_kind(value) != members[i].kind)
            return wrong_type(arena, fault, arena_printf(arena, "/metadata/%s", members[i].name),
                              members[i].type, value);
    }
    return TRUE;
}

gboolean model_check_envelope(Arena *arena, const Value *entity, ModelFault *fault)
{
    static const char *const required[] = {"apiVersion", "kind", "metadata"};
    const Value *metadata = value_get(entity, "metadata"), *spec = value_get(entity, "spec");

    if (!value_is(entity, VALUE_OBJECT))
        return wrong_type(arena, fault, "<root>", "object", entity);
    for (gsize i = 0; i < G_N_ELEMENTS(required); i++)
        if (!value_get(entity, required[i]))
            return missing(arena, fault, "<root>", required[i], entity);
    if (!check_filled(arena, "/apiVersion", value_get(entity, "apiVersion"), fault) ||
        !check_filled(arena, "/kind", value_get(entity, "kind"), fault))
        return FALSE;
    if (!value_is(metadata, VALUE_OBJECT))
        return wrong_type(arena, fault, "/metadata", "object", metadata);
    if (!value_get(metadata, "name"))
        return missing(arena, fault, "/metadata", "name", metadata);
    if (!check_filled(arena, "/metadata/name", value_get(metadata, "name"), fault))
        return FALSE;
    if (spec && !value_is(spec, VALUE_OBJECT))
        return wrong_type(arena, fault, "/spec", "object", spec);
    return check_metadata_lists(arena, metadata, fault) &&
           check_foreign_members(arena, entity, fault);
}

static gboolean check_texts(Arena *arena, const char *where, const Value *list, ModelFault *fault)
{
    if (!value_is(list, VALUE_ARRAY))
        return wrong_type(arena, fault, where, "array", list);
    for (guint i = 0; i < value_count(list); i++)
        if (!check_filled(arena, arena_printf(arena, "%s/%u", where, i), value_item(list, i),
                          fault))
            return FALSE;
    return TRUE;
}

static gboolean check_field(Arena *arena, const Field *field, const Value *spec, ModelFault *fault)
{
    const Value *value = value_get(spec, field->name);
    const char *where = arena_printf(arena, "/spec/%s", field->name);

    if (!value)
        return !field->required || missing(arena, fault, "/spec", field->name, spec);
    switch (field->type) {
    case TEXT:
        return check_filled(arena, where, value, fault);
    case TEXTS:
        return check_texts(arena, where, value, fault);
    case LIST:
        return value_is(value, VALUE_ARRAY) || wrong_type(arena, fault, where, "array", value);
    case OBJECT:
        return value_is(value, VALUE_OBJECT) || wrong_type(arena, fault, where, "object", value);
    case ANY:
        return TRUE;
    }
    g_assert_not_reached();
}

static gboolean check_spec(Arena *arena, const Kind *kind, const Value *entity, ModelFault *fault)
{
    const Value *spec = value_get(entity, "spec");

    if (!spec)
        return missing(arena, fault, "<root>", "spec", entity);
    for (const Field *field = kind->fields; field->name; field++)
        if (!check_field(arena, field, spec, fault))
            return FALSE;
    return TRUE;
}

static gboolean check_reference(Arena *arena, const Field *field, const Value *text,
                                ModelFault *fault)
{
    g_autoptr(GError) error = NULL;
    EntityRef ref;

    if (entity_ref_parse(arena, value_string(text, ""), field->target_kind, NULL, &ref, &error))
        return TRUE;
    return break_rule(fault, arena_strdup(arena, error->message), text, NULL);
}

static gboolean check_references(Arena *arena, const Kind *kind, const Value *entity,
                                 ModelFault *fault)
{
    for (const Field *field = kind->fields; field->name; field++) {
        const Value *value = value_get(value_get(entity, "spec"), field->name);

        if (!field->relation || !value)
            continue;
        if (field->type == TEXT && !check_reference(arena, field, value, fault))
            return FALSE;
        for (guint i = 0; field->type == TEXTS && i < value_count(value); i++)
            if (!check_reference(arena, field, value_item(value, i), fault))
                return FALSE;
    }
    return TRUE;
}

static gboolean check_kind(Arena *arena, const Value *entity, const char *ref, ModelFault *fault)
{
    static const char *const processor = "Processor BuiltinKindsEntityProcessor threw an error";
    const Kind *kind = kind_of(entity);

    if (!kind)
        return break_rule(fault,
                          arena_printf(arena,
                                       "No processor recognized the entity %s as valid, possibly "
                                       "caused by a foreign kind or apiVersion",
                                       ref),
                          value_get(entity, "kind"), NULL);
    if (!check_spec(arena, kind, entity, fault)) {
        fault->cause_name = fault->name;
        fault->cause_message = fault->message;
        return wrap(arena, fault,
                    arena_printf(arena, "%s while validating the entity %s", processor, ref));
    }
    if (!check_references(arena, kind, entity, fault)) {
        fault->cause_name = fault->name;
        fault->cause_message = fault->message;
        return wrap(arena, fault,
                    arena_printf(arena, "%s while postprocessing the entity %s", processor, ref));
    }
    return TRUE;
}

gboolean model_check_entity(Arena *arena, const Value *entity, ModelFault *fault)
{
    const char *ref = entity_ref_of(arena, entity);
    const Value *at;
    const char *reason = format_check(arena, entity, &at);

    if (reason) {
        *fault = (ModelFault){.name = "Error",
                              .message = reason,
                              .cause_name = "Error",
                              .cause_message = reason,
                              .line = value_line(at ? at : entity),
                              .column = value_column(at ? at : entity)};
        wrap(arena, fault, arena_printf(arena, "Policy check failed for %s", ref));
    } else if (check_kind(arena, entity, ref, fault)) {
        return TRUE;
    }
    fault->name = "InputError";
    return FALSE;
}

/* ---- what a valid entity becomes ---- */

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(value_string(*(const Value *const *)a, ""),
                  value_string(*(const Value *const *)b, ""));
}

static const Value *sorted_texts(Arena *arena, const Value *list)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    Value *sorted = value_array_new(arena);

    for (guint i = 0; i < value_count(list); i++)
        g_ptr_array_add(items, (gpointer)value_item(list, i));
    g_ptr_array_sort(items, compare_texts);
    for (guint i = 0; i < items->len; i++)
        value_append(arena, sorted, items->pdata[i]);
    return sorted;
}

Value *model_normalize(Arena *arena, const Value *entity)
{
    Value *copy = value_clone_shallow(arena, entity);
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));
    const Value *spec = value_get(entity, "spec");
    const Kind *kind = kind_of(entity);

    if (!value_get(metadata, "namespace"))
        value_set_string(arena, metadata, "namespace", "default");
    value_set(arena, copy, "metadata", metadata);
    if (spec) {
        Value *sorted = value_clone_shallow(arena, spec);

        for (const Field *field = kind ? kind->fields : NULL; field && field->name; field++)
            if (field->relation && field->type == TEXTS && value_get(spec, field->name))
                value_set(arena, sorted, field->name,
                          sorted_texts(arena, value_get(spec, field->name)));
        value_set(arena, copy, "spec", sorted);
    }
    return copy;
}

/* ---- relations ---- */

/* item -1: text is all of the field. */
static void add_relation(Arena *arena, GArray *relations, const Field *field, const Value *text,
                         int item, const char *namespace)
{
    EntityRef ref;
    Relation relation = {.type = field->relation,
                         .inverse = field->inverse,
                         .field = field->name,
                         .item = item,
                         .text = text};

    if (!entity_ref_parse(arena, value_string(text, ""), field->target_kind, namespace, &ref, NULL))
        return;
    relation.target = entity_ref_format(arena, ref.kind, ref.namespace, ref.name);
    g_array_append_val(relations, relation);
}

GArray *model_relations(Arena *arena, const Value *entity)
{
    GArray *relations = g_array_new(FALSE, FALSE, sizeof(Relation));
    const char *namespace = value_path_string(entity, "metadata.namespace", "default");
    const Kind *kind = kind_of(entity);

    for (const Field *field = kind ? kind->fields : NULL; field && field->name; field++) {
        const Value *value = value_get(value_get(entity, "spec"), field->name);

        if (!field->relation || !value)
            continue;
        if (field->type == TEXT)
            add_relation(arena, relations, field, value, -1, namespace);
        for (guint i = 0; field->type == TEXTS && i < value_count(value); i++)
            add_relation(arena, relations, field, value_item(value, i), (int)i, namespace);
    }
    return relations;
}
