/* Backstage's kinds: what spec holds, and which relations it declares. */
#include "catalog/model/kinds.h"
#include "base/nearest.h"
#include <string.h>

static const char *const versions[] = {"backstage.io/v1alpha1", "backstage.io/v1beta1", NULL};
static const char *const first_version[] = {"backstage.io/v1alpha1", NULL};
static const char *const template_versions[] = {"scaffolder.backstage.io/v1beta3", NULL};

/* clang-format off */
#define TYPE {"type", SPEC_TEXT, TRUE}
#define LIFECYCLE {"lifecycle", SPEC_TEXT, TRUE}
#define OWNER(is_required) {"owner", SPEC_TEXT, is_required, "ownedBy", "ownerOf", "Group"}
#define SYSTEM {"system", SPEC_TEXT, FALSE, "partOf", "hasPart", "System"}
#define DEPENDS_ON {"dependsOn", SPEC_TEXTS, FALSE, "dependsOn", "dependencyOf"}
#define DEPENDENCY_OF {"dependencyOf", SPEC_REFERENCES, FALSE, "dependencyOf", "dependsOn"}
#define PROFILE {"profile", SPEC_PROFILE}
#define TEXTS_OF(name) {name, SPEC_TEXTS}
#define END {NULL}

static const SpecField component_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM,
    {"subcomponentOf", SPEC_TEXT, FALSE, "partOf", "hasPart", "Component"},
    {"providesApis", SPEC_TEXTS, FALSE, "providesApi", "apiProvidedBy", "API"},
    {"consumesApis", SPEC_TEXTS, FALSE, "consumesApi", "apiConsumedBy", "API"},
    DEPENDS_ON, DEPENDENCY_OF, END};
static const SpecField api_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, {"definition", SPEC_TEXT, TRUE}, END};
static const SpecField mcp_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, {"remotes", SPEC_REMOTES, TRUE}, END};
static const SpecField resource_fields[] = {
    TYPE, OWNER(TRUE), DEPENDS_ON, SYSTEM, DEPENDENCY_OF, END};
static const SpecField system_fields[] = {
    OWNER(TRUE), {"domain", SPEC_TEXT, FALSE, "partOf", "hasPart", "Domain"}, {"type", SPEC_TEXT},
    END};
static const SpecField domain_fields[] = {
    OWNER(TRUE), {"subdomainOf", SPEC_TEXT, FALSE, "partOf", "hasPart", "Domain"},
    {"type", SPEC_TEXT}, END};
static const SpecField group_fields[] = {
    TYPE, PROFILE,
    {"parent", SPEC_TEXT, FALSE, "childOf", "parentOf", "Group"},
    {"children", SPEC_TEXTS, TRUE, "parentOf", "childOf", "Group"},
    {"members", SPEC_TEXTS, FALSE, "hasMember", "memberOf", "User"}, END};
static const SpecField user_fields[] = {
    PROFILE, {"memberOf", SPEC_TEXTS, TRUE, "memberOf", "hasMember", "Group"}, END};
static const SpecField location_fields[] = {
    {"type", SPEC_TEXT}, {"target", SPEC_TEXT}, TEXTS_OF("targets"), {"presence", SPEC_PRESENCE},
    END};
static const SpecField template_fields[] = {
    TYPE, OWNER(FALSE), {"lifecycle", SPEC_TEXT}, {"parameters", SPEC_PAGES},
    {"presentation", SPEC_OBJECT}, {"steps", SPEC_STEPS, TRUE}, {"output", SPEC_OBJECT}, END};
static const SpecField ai_fields[] = {TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, END};
static const SpecField ai_skill_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, TEXTS_OF("disciplines"), TEXTS_OF("categories"),
    TEXTS_OF("agents"), DEPENDS_ON, {"allowedTools", SPEC_TEXT}, {"license", SPEC_TEXT},
    {"compatibility", SPEC_TEXT}, END};
static const SpecField ai_rule_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, TEXTS_OF("disciplines"), {"category", SPEC_TEXT, TRUE},
    {"rationale", SPEC_TEXT, TRUE}, END};
static const SpecField ai_plugin_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, {"skills", SPEC_TEXTS, TRUE}, {"version", SPEC_TEXT},
    END};
static const SpecField ai_marketplace_fields[] = {
    TYPE, LIFECYCLE, OWNER(TRUE), SYSTEM, {"plugins", SPEC_TEXTS, TRUE}, {"version", SPEC_TEXT},
    END};
/* clang-format on */

/* Of one name and version, that of the narrower spec.type comes first. */
static const Kind kinds[] = {
    {"Component", versions, NULL, component_fields, NULL, "components"},
    {"API", versions, "mcp-server", mcp_fields, NULL, "apis"},
    {"API", versions, NULL, api_fields, NULL, "apis"},
    {"Resource", versions, NULL, resource_fields, NULL, "resources"},
    {"System", versions, NULL, system_fields, NULL, "systems"},
    {"Domain", versions, NULL, domain_fields, NULL, "domains"},
    {"Group", versions, NULL, group_fields, NULL, "groups"},
    {"User", versions, NULL, user_fields, NULL, "users"},
    {"Location", versions, NULL, location_fields, NULL, "locations"},
    {"Template", template_versions, NULL, template_fields, NULL, "templates"},
    {"AiResource", first_version, "skill", ai_skill_fields, NULL, "airesources"},
    {"AiResource", first_version, "rule", ai_rule_fields, NULL, "airesources"},
    {"AiResource", first_version, "plugin", ai_plugin_fields, NULL, "airesources"},
    {"AiResource", first_version, "marketplace", ai_marketplace_fields, NULL, "airesources"},
    {"AiResource", first_version, NULL, ai_fields, NULL, "airesources"},
};

/* An MCP server may also be described as other APIs are. */
static gboolean fits(const Kind *kind, const Value *spec)
{
    if (!kind->spec_type)
        return TRUE;
    return g_str_equal(kind->spec_type, value_string(value_get(spec, "type"), "")) &&
           !(kind->fields == mcp_fields && value_get(spec, "definition"));
}

const Kind *kind_of(const Value *entity)
{
    const char *name = value_string(value_get(entity, "kind"), "");
    const char *version = value_string(value_get(entity, "apiVersion"), "");
    const GPtrArray *custom = kinds_custom();

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].kind, name) && g_strv_contains(kinds[i].api_versions, version) &&
            fits(&kinds[i], value_get(entity, "spec")))
            return &kinds[i];
    for (guint i = 0; custom && i < custom->len; i++) {
        const Kind *kind = custom->pdata[i];

        if (g_str_equal(kind->kind, name) && g_str_equal(kind->api_versions[0], version))
            return kind;
    }
    return NULL;
}

static const Kind *kind_at(guint index)
{
    const GPtrArray *custom = kinds_custom();

    if (index < G_N_ELEMENTS(kinds))
        return &kinds[index];
    index -= G_N_ELEMENTS(kinds);
    return custom && index < custom->len ? custom->pdata[index] : NULL;
}

const char *kind_hint(Arena *arena, const Value *entity)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *name = value_string(value_get(entity, "kind"), "");
    const char *nearest;
    const Kind *kind;

    for (guint i = 0; (kind = kind_at(i)); i++)
        g_ptr_array_add(names, (gpointer)kind->kind);
    g_ptr_array_add(names, NULL);
    nearest = nearest_name(name, (const char *const *)names->pdata);
    for (guint i = 0; nearest && (kind = kind_at(i)); i++)
        if (g_str_equal(kind->kind, nearest))
            return arena_printf(arena, "did you mean kind: %s with apiVersion: %s?", nearest,
                                kind->api_versions[0]);
    return "kinds of your own are defined in catalog.kinds of the configuration";
}

const Value *kind_value(const Kind *kind, const SpecField *field, const Value *spec)
{
    return kind->schema ? value_path(spec, field->name) : value_get(spec, field->name);
}

/* ---- as JSON Schema ---- */

static Value *schema_of_type(Arena *arena, const char *type)
{
    Value *schema = value_object_new(arena);

    value_set_string(arena, schema, "type", type);
    return schema;
}

static Value *schema_of_text(Arena *arena)
{
    Value *schema = schema_of_type(arena, "string");

    value_set_int(arena, schema, "minLength", 1);
    return schema;
}

static Value *schema_of_list(Arena *arena, const Value *item)
{
    Value *schema = schema_of_type(arena, "array");

    value_set(arena, schema, "items", item);
    return schema;
}

static const Value *texts_value(Arena *arena, const char *const *texts)
{
    Value *list = value_array_new(arena);

    for (; *texts; texts++)
        value_append(arena, list, value_string_new(arena, *texts));
    return list;
}

/* An object whose members are text that is not empty. */
static Value *schema_of_members(Arena *arena, const char *const *names, gboolean required)
{
    Value *schema = schema_of_type(arena, "object"), *properties = value_object_new(arena);

    for (const char *const *name = names; *name; name++)
        value_set(arena, properties, *name, schema_of_text(arena));
    if (required)
        value_set(arena, schema, "required", texts_value(arena, names));
    value_set(arena, schema, "properties", properties);
    return schema;
}

static const Value *schema_of_field(Arena *arena, const SpecField *field)
{
    static const char *const profile[] = {"displayName", "email", "picture", NULL};
    static const char *const remote[] = {"type", "url", NULL};
    static const char *const step[] = {"action", NULL};
    static const char *const presence[] = {"required", "optional", NULL};
    Value *schema;

    switch (field->type) {
    case SPEC_TEXT:
        return schema_of_text(arena);
    case SPEC_TEXTS:
    case SPEC_REFERENCES:
        return schema_of_list(arena, schema_of_text(arena));
    case SPEC_PROFILE:
        return schema_of_members(arena, profile, FALSE);
    case SPEC_PRESENCE:
        schema = schema_of_type(arena, "string");
        value_set(arena, schema, "enum", texts_value(arena, presence));
        return schema;
    case SPEC_REMOTES:
        schema = schema_of_list(arena, schema_of_members(arena, remote, TRUE));
        value_set_int(arena, schema, "minItems", 1);
        return schema;
    case SPEC_STEPS:
        return schema_of_list(arena, schema_of_members(arena, step, TRUE));
    case SPEC_PAGES:
        return value_object_new(arena);
    case SPEC_OBJECT:
        return schema_of_type(arena, "object");
    }
    g_assert_not_reached();
}

static const Value *schema_of_spec(Arena *arena, const Kind *kind)
{
    Value *schema = schema_of_type(arena, "object"), *properties = value_object_new(arena);
    Value *required = value_array_new(arena);

    for (const SpecField *field = kind->fields; field->name; field++) {
        value_set(arena, properties, field->name, schema_of_field(arena, field));
        if (field->required)
            value_append(arena, required, value_string_new(arena, field->name));
    }
    if (value_count(required) > 0)
        value_set(arena, schema, "required", required);
    value_set(arena, schema, "properties", properties);
    return schema;
}

const Value *kind_schema(Arena *arena, const Kind *kind)
{
    static const char *const required[] = {"apiVersion", "kind", "metadata", "spec", NULL};
    const char *const names[] = {kind->kind, NULL};
    Value *schema, *properties, *version, *name;

    if (kind->schema)
        return kind->schema;
    schema = schema_of_type(arena, "object");
    properties = value_object_new(arena);
    version = value_object_new(arena);
    name = value_object_new(arena);
    value_set(arena, version, "enum", texts_value(arena, kind->api_versions));
    value_set(arena, name, "enum", texts_value(arena, names));
    value_set(arena, properties, "apiVersion", version);
    value_set(arena, properties, "kind", name);
    value_set(arena, properties, "metadata", schema_of_type(arena, "object"));
    value_set(arena, properties, "spec", schema_of_spec(arena, kind));
    value_set(arena, schema, "required", texts_value(arena, required));
    value_set(arena, schema, "properties", properties);
    return schema;
}

const Value *kinds_list(Arena *arena)
{
    Value *list = value_array_new(arena);
    const Kind *kind;

    for (guint i = 0; (kind = kind_at(i)); i++) {
        Value *value = value_object_new(arena);

        if (kind->spec_type)
            continue;
        value_set_string(arena, value, "apiVersion", kind->api_versions[0]);
        value_set_string(arena, value, "kind", kind->kind);
        value_set_string(arena, value, "plural", kind->plural);
        value_set(arena, value, "schema", kind_schema(arena, kind));
        value_set_bool(arena, value, "custom", kind->schema != NULL);
        value_append(arena, list, value);
    }
    return list;
}
