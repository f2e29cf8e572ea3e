/* `catalog.kinds`: the kinds an organisation defines by a JSON Schema. */
#include "base/error.h"
#include "catalog/model/format.h"
#include "catalog/model/kinds.h"
#include "formats/json.h"
#include "formats/yaml.h"
#include <string.h>

#define SCHEMA_BYTES_MAX ((gsize)4 << 20)
#define DEPTH_MAX 64

typedef struct {
    Arena *arena;
    GPtrArray *kinds; /* Kind * */
    char *digest;
} Custom;

/* Replaced only while nothing else runs. */
static Custom custom;

const GPtrArray *kinds_custom(void)
{
    return custom.kinds;
}

const char *kinds_digest(void)
{
    return custom.digest ? custom.digest : "";
}

static void clear(Custom *old)
{
    g_clear_pointer(&old->kinds, g_ptr_array_unref);
    g_clear_pointer(&old->arena, arena_free);
    g_clear_pointer(&old->digest, g_free);
}

/* ---- what is wrong ---- */

static gboolean refuse(const Value *at, const Value *entry, GError **error, const char *reason)
{
    const Value *place = value_line(at) > 0 ? at : entry;

    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "catalog.kinds, line %d, column %d: %s",
                value_line(place), value_column(place), reason);
    return FALSE;
}

/* ---- schemas ---- */

/* Backstage's own schemas are written upon one of every entity ("$ref": "Entity"), which is checked
 * before: such a reference holds nothing back. */
static const Value *without_entity(Arena *arena, const Value *schema, int depth)
{
    const char *reference = value_string(value_get(schema, "$ref"), NULL);
    Value *copy;

    if (depth > DEPTH_MAX || value_count(schema) == 0)
        return schema;
    if (reference && (g_str_equal(reference, "Entity") || g_str_equal(reference, "EntityMeta")))
        return value_object_new(arena);
    if (value_is(schema, VALUE_ARRAY)) {
        copy = value_array_new(arena);
        for (guint i = 0; i < value_count(schema); i++)
            value_append(arena, copy, without_entity(arena, value_item(schema, i), depth + 1));
        return copy;
    }
    copy = value_clone_shallow(arena, schema);
    for (guint i = 0; i < value_count(schema); i++)
        value_set(arena, copy, value_key_at(schema, i),
                  without_entity(arena, value_value_at(schema, i), depth + 1));
    return copy;
}

static const Value *read_schema(Arena *arena, const Config *config, const Value *entry,
                                GError **error)
{
    const Value *written = value_get(entry, "schema");
    g_autofree char *path = config_resolve_path(config, value_string(written, ""));
    g_autofree char *text = NULL;
    g_autoptr(GError) reason = NULL;
    g_autoptr(Diagnostics) findings = diagnostics_new();
    const Value *schema = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, &reason)) {
        refuse(written, entry, error, reason->message);
        return NULL;
    }
    if (length <= SCHEMA_BYTES_MAX)
        schema = yaml_parse(arena, text, (gssize)length, path, YAML_PLAIN, findings);
    if (!diagnostics_to_error(findings, error))
        return NULL;
    if (!value_is(schema, VALUE_OBJECT))
        refuse(written, entry, error, "the file holds no JSON Schema");
    return value_is(schema, VALUE_OBJECT) ? schema : NULL;
}

static const Value *schema_of(Arena *arena, const Config *config, const Value *entry,
                              GError **error)
{
    const Value *written = value_get(entry, "schema");
    const Value *schema = value_copy(arena, written);

    if (value_is(written, VALUE_STRING))
        schema = read_schema(arena, config, entry, error);
    else if (!written)
        schema = value_object_new(arena);
    else if (!value_is(written, VALUE_OBJECT)) {
        refuse(written, entry, error, "schema must be a JSON Schema, or the path of one");
        return NULL;
    }
    return schema ? without_entity(arena, schema, 0) : NULL;
}

/* ---- relations ---- */

static const char *known_inverse(const char *relation)
{
    static const char *const pairs[][2] = {
        {"ownedBy", "ownerOf"},        {"providesApi", "apiProvidedBy"},
        {"dependsOn", "dependencyOf"}, {"consumesApi", "apiConsumedBy"},
        {"parentOf", "childOf"},       {"memberOf", "hasMember"},
        {"partOf", "hasPart"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (g_str_equal(pairs[i][0], relation))
            return pairs[i][1];
        if (g_str_equal(pairs[i][1], relation))
            return pairs[i][0];
    }
    return NULL;
}

static gboolean is_relation(const char *name)
{
    return name && g_ascii_isalpha(*name) && strlen(name) <= 63 &&
           name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_")] == '\0';
}

static gboolean read_relation(Arena *arena, const Value *entry, const char *path,
                              const Value *written, SpecField *field, GError **error)
{
    const char *relation = value_path_string(written, "relation", NULL);
    const char *inverse = value_path_string(written, "inverse", NULL);

    if (!g_str_has_prefix(path, "spec.") || path[5] == '\0')
        return refuse(written, entry, error,
                      "a relation is declared by a field below spec, such "
                      "as spec.owner");
    if (!inverse && relation)
        inverse = known_inverse(relation);
    if (!is_relation(relation) || !is_relation(inverse))
        return refuse(written, entry, error,
                      "a relation needs relation and inverse, which are letters, digits and _");
    *field =
        (SpecField){.name = arena_strdup(arena, path + 5),
                    .type = SPEC_REFERENCES,
                    .relation = arena_strdup(arena, relation),
                    .inverse = arena_strdup(arena, inverse),
                    .target_kind = arena_strdup(arena, value_path_string(written, "kind", NULL))};
    return TRUE;
}

static const SpecField *fields_of(Arena *arena, const Value *entry, GError **error)
{
    const Value *relations = value_get(entry, "relations");
    SpecField *fields = arena_new0(arena, SpecField, value_count(relations) + 1);

    for (guint i = 0; i < value_count(relations); i++)
        if (!read_relation(arena, entry, value_key_at(relations, i), value_value_at(relations, i),
                           &fields[i], error))
            return NULL;
    return fields;
}

/* ---- kinds ---- */

static gboolean check_names(const Custom *made, const Value *entry, GError **error)
{
    const Value *version = value_get(entry, "apiVersion"), *kind = value_get(entry, "kind");
    const char *name = value_string(kind, "");

    if (!format_is_api_version(value_string(version, "")))
        return refuse(version, entry, error, "apiVersion must be like acme.example/v1");
    if (!format_is_kind(name))
        return refuse(kind, entry, error,
                      "kind must begin with a letter, followed by letters and digits, at most 63");
    for (guint i = 0; i < made->kinds->len; i++) {
        const Kind *other = made->kinds->pdata[i];

        if (g_ascii_strcasecmp(other->kind, name) == 0 &&
            g_str_equal(other->api_versions[0], value_string(version, "")))
            return refuse(kind, entry, error, "this kind is defined twice");
    }
    return TRUE;
}

static gboolean add_kind(Custom *made, const Config *config, const Value *entry, GError **error)
{
    Arena *arena = made->arena;
    const char **api_versions = arena_new0(arena, const char *, 2);
    const char *plural = value_path_string(entry, "plural", NULL);
    Kind *kind = arena_new0(arena, Kind, 1);
    g_autofree char *folded = NULL;

    if (!check_names(made, entry, error))
        return FALSE;
    api_versions[0] = arena_strdup(arena, value_path_string(entry, "apiVersion", ""));
    kind->kind = arena_strdup(arena, value_path_string(entry, "kind", ""));
    kind->api_versions = api_versions;
    folded = g_ascii_strdown(kind->kind, -1);
    kind->plural = plural ? arena_strdup(arena, plural) : arena_printf(arena, "%ss", folded);
    if (kind_of(entry))
        return refuse(value_get(entry, "kind"), entry, error,
                      "this kind of this apiVersion is Backstage's own");
    kind->schema = schema_of(arena, config, entry, error);
    kind->fields = kind->schema ? fields_of(arena, entry, error) : NULL;
    if (!kind->fields)
        return FALSE;
    g_ptr_array_add(made->kinds, kind);
    return TRUE;
}

static char *digest_of(const Value *entries, const Custom *made)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_write(text, entries, JSON_COMPACT);
    for (guint i = 0; i < made->kinds->len; i++)
        json_write(text, ((const Kind *)made->kinds->pdata[i])->schema, JSON_COMPACT);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA1, text->str, (gssize)text->len);
}

gboolean kinds_configure(const Config *config, GError **error)
{
    const Value *entries = config ? config_get(config, "catalog.kinds") : NULL;
    Custom made = {0};

    clear(&custom);
    if (value_count(entries) == 0)
        return TRUE;
    made.arena = arena_new(ARENA_REQUEST_BYTES);
    made.kinds = g_ptr_array_new();
    for (guint i = 0; i < value_count(entries); i++)
        if (!add_kind(&made, config, value_item(entries, i), error)) {
            clear(&made);
            return FALSE;
        }
    made.digest = digest_of(entries, &made);
    custom = made;
    return TRUE;
}
