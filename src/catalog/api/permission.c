/* Backstage's permission protocol: what may be asked, the rules a condition is made of, and the
 * answers for entities. Who may do what is decided by spine/access alone. */
#include "catalog/catalog_internal.h"
#include <string.h>

#define RESOURCE_TYPE "catalog-entity"
#define DEPTH_MAX 32
#define REFS_MAX 1000       /* of a request */
#define CONDITIONS_MAX 1000 /* of an item */

/* ---- what there is ---- */

typedef struct {
    const char *name, *action; /* action NULL: none */
    gboolean of_entity;
} Permission;

static const Permission PERMISSIONS[] = {
    {"catalog.entity.read", "read", TRUE},         {"catalog.entity.create", "create", FALSE},
    {"catalog.entity.delete", "delete", TRUE},     {"catalog.entity.refresh", "update", TRUE},
    {"catalog.entity.validate", NULL, FALSE},      {"catalog.location.read", "read", FALSE},
    {"catalog.location.create", "create", FALSE},  {"catalog.location.delete", "delete", FALSE},
    {"catalog.location.analyze", NULL, FALSE},     {"catalog.ingestion.read", "read", FALSE},
    {"catalog.ingestion.manage", "update", FALSE},
};

typedef struct {
    const char *name, *description;
    gboolean is_list;
} RuleParameter;

typedef struct {
    const char *name, *description;
    RuleParameter first, second; /* the first is required; second.name NULL: there is only one */
    gboolean (*holds)(const Value *entity, const Value *params);
} Rule;

static gboolean value_holds(const Value *value, const Value *wanted)
{
    if (!value)
        return FALSE;
    return !value_is(wanted, VALUE_STRING) ||
           g_strcmp0(value_string(value, NULL), value_string(wanted, "")) == 0;
}

static gboolean has_annotation(const Value *entity, const Value *params)
{
    return value_holds(value_get(value_path(entity, "metadata.annotations"),
                                 value_path_string(params, "annotation", "")),
                       value_get(params, "value"));
}

static gboolean has_label(const Value *entity, const Value *params)
{
    return value_holds(
        value_get(value_path(entity, "metadata.labels"), value_path_string(params, "label", "")),
        value_get(params, "value"));
}

/* A list holds what one of its items is. */
static gboolean property_holds(const Value *property, const Value *wanted)
{
    if (!value_is(property, VALUE_ARRAY) || !wanted)
        return value_holds(property, wanted);
    for (guint i = 0; i < value_count(property); i++)
        if (value_holds(value_item(property, i), wanted))
            return TRUE;
    return FALSE;
}

static gboolean has_metadata(const Value *entity, const Value *params)
{
    return property_holds(
        value_path(value_get(entity, "metadata"), value_path_string(params, "key", "")),
        value_get(params, "value"));
}

static gboolean has_spec(const Value *entity, const Value *params)
{
    return property_holds(
        value_path(value_get(entity, "spec"), value_path_string(params, "key", "")),
        value_get(params, "value"));
}

static gboolean list_holds(const Value *list, const char *text)
{
    for (guint i = 0; i < value_count(list); i++)
        if (g_ascii_strcasecmp(value_string(value_item(list, i), ""), text) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_entity_kind(const Value *entity, const Value *params)
{
    return list_holds(value_get(params, "kinds"), value_path_string(entity, "kind", ""));
}

static gboolean is_entity_owner(const Value *entity, const Value *params)
{
    const Value *relations = value_get(entity, "relations");

    for (guint i = 0; i < value_count(relations); i++) {
        const Value *relation = value_item(relations, i);

        if (g_str_equal(value_path_string(relation, "type", ""), "ownedBy") &&
            list_holds(value_get(params, "claims"), value_path_string(relation, "targetRef", "")))
            return TRUE;
    }
    return FALSE;
}

static const Rule RULES[] = {
    {"HAS_ANNOTATION",
     "Allow entities with the specified annotation",
     {"annotation", "Name of the annotation to match on", FALSE},
     {"value", "Value of the annotation to match on", FALSE},
     has_annotation},
    {"HAS_LABEL",
     "Allow entities with the specified label",
     {"label", "Name of the label to match on", FALSE},
     {"value", "Value of the label to match on", FALSE},
     has_label},
    {"HAS_METADATA",
     "Allow entities with the specified metadata subfield",
     {"key", "Property within the entities metadata to match on", FALSE},
     {"value", "Value of the given property to match on", FALSE},
     has_metadata},
    {"HAS_SPEC",
     "Allow entities with the specified spec subfield",
     {"key", "Property within the entities spec to match on", FALSE},
     {"value", "Value of the given property to match on", FALSE},
     has_spec},
    {"IS_ENTITY_KIND",
     "Allow entities matching a specified kind",
     {"kinds", "List of kinds to match at least one of", TRUE},
     {NULL, NULL, FALSE},
     is_entity_kind},
    {"IS_ENTITY_OWNER",
     "Allow entities owned by a specified claim",
     {"claims", "List of claims to match at least one on within ownedBy", TRUE},
     {NULL, NULL, FALSE},
     is_entity_owner},
};

static Value *permission_value(Arena *arena, const Permission *permission)
{
    Value *value = value_object_new(arena), *attributes = value_object_new(arena);

    value_set_string(arena, value, "type", permission->of_entity ? "resource" : "basic");
    value_set_string(arena, value, "name", permission->name);
    if (permission->action)
        value_set_string(arena, attributes, "action", permission->action);
    value_set(arena, value, "attributes", attributes);
    if (permission->of_entity)
        value_set_string(arena, value, "resourceType", RESOURCE_TYPE);
    return value;
}

static void set_parameter(Arena *arena, Value *properties, const RuleParameter *parameter)
{
    Value *schema = value_object_new(arena), *items = value_object_new(arena);

    if (!parameter->name)
        return;
    value_set_string(arena, schema, "type", parameter->is_list ? "array" : "string");
    if (parameter->is_list) {
        value_set_string(arena, items, "type", "string");
        value_set(arena, schema, "items", items);
    }
    value_set_string(arena, schema, "description", parameter->description);
    value_set(arena, properties, parameter->name, schema);
}

static Value *rule_value(Arena *arena, const Rule *rule)
{
    Value *value = value_object_new(arena), *schema = value_object_new(arena);
    Value *properties = value_object_new(arena), *required = value_array_new(arena);

    set_parameter(arena, properties, &rule->first);
    set_parameter(arena, properties, &rule->second);
    value_append(arena, required, value_string_new(arena, rule->first.name));
    value_set_string(arena, schema, "type", "object");
    value_set(arena, schema, "properties", properties);
    value_set(arena, schema, "required", required);
    value_set_bool(arena, schema, "additionalProperties", FALSE);
    value_set_string(arena, schema, "$schema", "http://json-schema.org/draft-07/schema#");
    value_set_string(arena, value, "name", rule->name);
    value_set_string(arena, value, "description", rule->description);
    value_set_string(arena, value, "resourceType", RESOURCE_TYPE);
    value_set(arena, value, "paramsSchema", schema);
    return value;
}

Response *catalog_api_permissions(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *permissions = value_array_new(arena);
    Value *rules = value_array_new(arena);

    for (guint i = 0; i < G_N_ELEMENTS(PERMISSIONS); i++)
        value_append(arena, permissions, permission_value(arena, &PERMISSIONS[i]));
    for (guint i = 0; i < G_N_ELEMENTS(RULES); i++)
        value_append(arena, rules, rule_value(arena, &RULES[i]));
    value_set(arena, reply, "permissions", permissions);
    value_set(arena, reply, "rules", rules);
    return response_json(request, 200, reply);
}

/* ---- conditions ---- */

/* The entity that is asked about: read when a rule looks at it, kept until another is. */
typedef struct {
    Catalog *catalog;
    Arena *arena; /* of the one entity; NULL: none was read */
    const char *ref, *read;
    const Value *entity;
} Subject;

static void subject_clear(Subject *subject)
{
    g_clear_pointer(&subject->arena, arena_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

static const Value *subject_entity(Subject *subject)
{
    if (subject->arena && g_str_equal(subject->ref, subject->read))
        return subject->entity;
    subject_clear(subject);
    subject->arena = arena_new(ARENA_REQUEST_BYTES);
    subject->read = subject->ref;
    subject->entity = catalog_get(subject->catalog, subject->arena, subject->ref, NULL);
    return subject->entity;
}

typedef enum { HOLDS_NOT, HOLDS, HOLDS_UNKNOWN } Holding;

static Holding condition_holds(const Value *condition, Subject *subject, int depth,
                               GError **error);

/* anyOf: one holds; allOf: none fails. */
static Holding list_condition(const Value *list, Holding deciding, Subject *subject, int depth,
                              GError **error)
{
    for (guint i = 0; i < value_count(list); i++) {
        Holding holding = condition_holds(value_item(list, i), subject, depth + 1, error);

        if (holding == HOLDS_UNKNOWN || holding == deciding)
            return holding;
    }
    return deciding == HOLDS ? HOLDS_NOT : HOLDS;
}

static Holding rule_condition(const Value *condition, Subject *subject, GError **error)
{
    const char *name = value_path_string(condition, "rule", NULL);
    const Value *params = value_get(condition, "params");

    for (guint i = 0; name && i < G_N_ELEMENTS(RULES); i++) {
        if (!g_str_equal(RULES[i].name, name))
            continue;
        if (value_get(params, RULES[i].first.name))
            return RULES[i].holds(subject_entity(subject), params) ? HOLDS : HOLDS_NOT;
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The rule %s needs the parameter '%s'", name,
                    RULES[i].first.name);
        return HOLDS_UNKNOWN;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                name ? "The permission rule '%s' does not exist"
                     : "A condition has one of rule, anyOf, allOf and not%s",
                name ? name : "");
    return HOLDS_UNKNOWN;
}

static Holding condition_holds(const Value *condition, Subject *subject, int depth,
                               GError **error)
{
    Holding holding;

    if (depth > DEPTH_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Conditions are nested too deeply");
        return HOLDS_UNKNOWN;
    }
    if (value_get(condition, "anyOf"))
        return list_condition(value_get(condition, "anyOf"), HOLDS, subject, depth, error);
    if (value_get(condition, "allOf"))
        return list_condition(value_get(condition, "allOf"), HOLDS_NOT, subject, depth, error);
    if (!value_get(condition, "not"))
        return rule_condition(condition, subject, error);
    holding = condition_holds(value_get(condition, "not"), subject, depth + 1, error);
    return holding == HOLDS_UNKNOWN ? holding : holding == HOLDS ? HOLDS_NOT : HOLDS;
}

static const char *verdict(gboolean allowed)
{
    return allowed ? "ALLOW" : "DENY";
}

/* How many there are in it, about to limit. */
static guint count_conditions(const Value *condition, guint limit, int depth)
{
    static const char *const lists[] = {"anyOf", "allOf"};
    guint count = 1;

    if (depth > DEPTH_MAX)
        return count;
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const Value *list = value_get(condition, lists[i]);

        for (guint j = 0; j < value_count(list) && count <= limit; j++)
            count += count_conditions(value_item(list, j), limit, depth + 1);
    }
    if (value_get(condition, "not"))
        count += count_conditions(value_get(condition, "not"), limit, depth + 1);
    return count;
}

/* ---- asking ---- */

typedef const char *(*Decide)(Request *request, Subject *subject, const Value *item,
                              const char *ref, GError **error);

static const char *decide_conditions(Request *request, Subject *subject, const Value *item,
                                     const char *ref, GError **error)
{
    Holding holding;

    subject->ref = ref ? ref : "";
    holding = condition_holds(value_get(item, "conditions"), subject, 0, error);
    if (holding == HOLDS_UNKNOWN)
        return NULL;
    return verdict(holding == HOLDS && subject_entity(subject));
}

static const char *decide_permission(Request *request, Subject *subject, const Value *item,
                                     const char *ref, GError **error)
{
    Arena *arena = request_arena(request);
    const char *name = value_path_string(value_get(item, "permission"), "name", NULL);
    const char *const *owners = NULL;

    if (!name) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body/items/permission must have required property 'name'");
        return NULL;
    }
    if (ref) {
        ref = catalog_ref(arena, ref, NULL, "default", error);
        owners = ref ? catalog_owners(subject->catalog, arena, ref) : NULL;
        if (!ref)
            return NULL;
    }
    return verdict(access_check(access_principal(request), name, owners, NULL));
}

/* One verdict for one ref (or none), a list of them for a list of refs. */
static const Value *result_of(Request *request, Subject *subject, const Value *item, Decide decide,
                              GError **error)
{
    Arena *arena = request_arena(request);
    const Value *refs = value_get(item, "resourceRef");
    Value *results = value_array_new(arena);

    if (!value_is(refs, VALUE_ARRAY)) {
        const char *one =
            decide(request, subject, item,
                   value_is(refs, VALUE_STRING) ? value_string(refs, "") : NULL, error);

        return one ? value_string_new(arena, one) : NULL;
    }
    for (guint i = 0; i < value_count(refs); i++) {
        const char *one =
            decide(request, subject, item, value_string(value_item(refs, i), ""), error);

        if (!one)
            return NULL;
        value_append(arena, results, value_string_new(arena, one));
    }
    return results;
}

/* What is asked is asked of every ref, so that both have a bound. */
static gboolean check_size(const Value *items, GError **error)
{
    guint refs = 0;

    for (guint i = 0; i < value_count(items) && refs <= REFS_MAX; i++) {
        const Value *item = value_item(items, i), *ref = value_get(item, "resourceRef");

        refs += value_is(ref, VALUE_ARRAY) ? MAX(value_count(ref), 1) : 1;
        if (count_conditions(value_get(item, "conditions"), CONDITIONS_MAX, 0) > CONDITIONS_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT, "An item has at most %d conditions",
                        CONDITIONS_MAX);
            return FALSE;
        }
    }
    if (refs <= REFS_MAX)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "At most %d refs can be asked about", REFS_MAX);
    return FALSE;
}

static Response *decide_all(Request *request, Catalog *catalog, Decide decide, GError **error)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    const Value *items = value_get(body, "items");
    Value *answers = value_array_new(arena);
    g_auto(Subject) subject = {.catalog = catalog};

    if (!body)
        return NULL;
    if (!value_is(items, VALUE_ARRAY)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'items'");
        return NULL;
    }
    if (!check_size(items, error))
        return NULL;
    for (guint i = 0; i < value_count(items); i++) {
        const Value *item = value_item(items, i), *result;
        const char *id = catalog_body_string(item, "request/body/items", "id", error);
        Value *answer = value_object_new(arena);

        result = id ? result_of(request, &subject, item, decide, error) : NULL;
        if (!result)
            return NULL;
        value_set_string(arena, answer, "id", id);
        value_set(arena, answer, "result", result);
        value_append(arena, answers, answer);
    }
    return response_items(request, answers);
}

Response *catalog_api_apply_conditions(Request *request, void *room, GError **error)
{
    return decide_all(request, room, decide_conditions, error);
}

Response *catalog_api_authorize(Request *request, void *room, GError **error)
{
    return decide_all(request, room, decide_permission, error);
}
