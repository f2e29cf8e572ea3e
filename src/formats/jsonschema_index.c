/* What a schema's references may name: its resources (`$id`), its anchors, and where a JSON pointer
 * leads. Nothing outside of the document is ever fetched. */
#include "formats/jsonschema_internal.h"

#include <string.h>

/* What a document without an absolute `$id` is called, so that relative ones can be resolved. */
static const char NAMELESS[] = "schema:///";

struct SchemaIndex {
    Arena *arena;
    const Value *root;
    SchemaResource document;
    GHashTable *resources;         /* URI → SchemaResource */
    GHashTable *entered;           /* schema → SchemaResource */
    GHashTable *anchors, *dynamic; /* "URI#name" → SchemaTarget */
    bool tracks;
};

/* ---- where schemas are in a schema ---- */

typedef enum { HOLDS_SCHEMA = 1, HOLDS_LIST = 2, HOLDS_MAP = 4 } Holding;

static Holding holding_of(const char *keyword)
{
    static const struct {
        const char *name;
        Holding holding;
    } KEYWORDS[] = {
        {"properties", HOLDS_MAP},
        {"patternProperties", HOLDS_MAP},
        {"definitions", HOLDS_MAP},
        {"$defs", HOLDS_MAP},
        {"dependencies", HOLDS_MAP},
        {"dependentSchemas", HOLDS_MAP},
        {"allOf", HOLDS_LIST},
        {"anyOf", HOLDS_LIST},
        {"oneOf", HOLDS_LIST},
        {"prefixItems", HOLDS_LIST},
        {"items", HOLDS_SCHEMA | HOLDS_LIST},
        {"additionalItems", HOLDS_SCHEMA},
        {"contains", HOLDS_SCHEMA},
        {"additionalProperties", HOLDS_SCHEMA},
        {"propertyNames", HOLDS_SCHEMA},
        {"unevaluatedItems", HOLDS_SCHEMA},
        {"unevaluatedProperties", HOLDS_SCHEMA},
        {"not", HOLDS_SCHEMA},
        {"if", HOLDS_SCHEMA},
        {"then", HOLDS_SCHEMA},
        {"else", HOLDS_SCHEMA},
        {"contentSchema", HOLDS_SCHEMA},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(KEYWORDS); i++)
        if (g_str_equal(KEYWORDS[i].name, keyword))
            return KEYWORDS[i].holding;
    return 0;
}

static SchemaDraft draft_of(const Value *schema, SchemaDraft fallback)
{
    const char *uri = value_string(value_get(schema, "$schema"), NULL);

    if (!uri)
        return fallback;
    if (strstr(uri, "/2020-12/"))
        return DRAFT_2020;
    return strstr(uri, "/2019-09/") ? DRAFT_2019 : DRAFT_07;
}

/* ---- names ---- */

/* reference as seen from base, without its fragment, which goes to *fragment (NULL: none). */
static const char *absolute(Arena *arena, const char *base, const char *reference,
                            const char **fragment)
{
    const char *hash = strchr(reference, '#');
    const char *plain =
        hash ? arena_strndup(arena, reference, (gsize)(hash - reference)) : reference;

    *fragment = hash ? hash + 1 : NULL;
    if (!*plain)
        return base;
    g_autofree char *resolved = g_uri_resolve_relative(base, plain, G_URI_FLAGS_NONE, NULL);

    return resolved ? arena_strdup(arena, resolved) : plain;
}

static void add_target(SchemaIndex *index, GHashTable **table, const SchemaResource *resource,
                       const char *name, const Value *schema)
{
    SchemaTarget *target = arena_new0(index->arena, SchemaTarget, 1);

    target->schema = schema;
    target->resource = resource;
    if (!*table)
        *table = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(*table, arena_printf(index->arena, "%s#%s", resource->uri, name), target);
}

static const SchemaResource *add_resource(SchemaIndex *index, const SchemaResource *outer,
                                          const Value *schema, const char *id)
{
    const char *fragment;
    const char *uri = absolute(index->arena, outer->uri, id, &fragment);
    SchemaResource *resource = arena_new0(index->arena, SchemaResource, 1);

    resource->uri = uri;
    resource->root = schema;
    resource->draft = draft_of(schema, outer->draft);
    if (!index->resources) {
        index->resources = g_hash_table_new(g_str_hash, g_str_equal);
        index->entered = g_hash_table_new(NULL, NULL);
    }
    g_hash_table_insert(index->resources, (char *)uri, resource);
    g_hash_table_insert(index->entered, (gpointer)schema, resource);
    return resource;
}

/* The resource that schema is in, or begins; its anchors are noted. */
static const SchemaResource *name_schema(SchemaIndex *index, const SchemaResource *resource,
                                         const Value *schema)
{
    const char *id = value_string(value_get(schema, "$id"), NULL);
    SchemaDraft draft = draft_of(schema, resource->draft);

    /* In draft-07 whatever stands beside a $ref does not count, and "#name" is an anchor. */
    if (id && draft == DRAFT_07 && value_get(schema, "$ref") && schema != index->root)
        id = NULL;
    if (id && *id == '#') {
        if (draft == DRAFT_07)
            add_target(index, &index->anchors, resource, id + 1, schema);
    } else if (id) {
        resource = add_resource(index, resource, schema, id);
        const char *hash = strchr(id, '#');

        if (hash && hash[1] && draft == DRAFT_07)
            add_target(index, &index->anchors, resource, hash + 1, schema);
    }
    if (resource->draft == DRAFT_07)
        return resource;
    const char *anchor = value_string(value_get(schema, "$anchor"), NULL);
    const char *dynamic = value_string(value_get(schema, "$dynamicAnchor"), NULL);

    if (anchor)
        add_target(index, &index->anchors, resource, anchor, schema);
    if (dynamic) {
        add_target(index, &index->anchors, resource, dynamic, schema);
        add_target(index, &index->dynamic, resource, dynamic, schema);
    }
    return resource;
}

static void index_schema(SchemaIndex *index, const SchemaResource *resource, const Value *schema,
                         guint depth)
{
    if (!value_is(schema, VALUE_OBJECT) || depth > JSONSCHEMA_DEPTH_MAX)
        return;
    resource = name_schema(index, resource, schema);
    for (guint i = 0; i < value_count(schema); i++) {
        const char *keyword = value_key_at(schema, i);
        const Value *held = value_value_at(schema, i);
        Holding holding = holding_of(keyword);

        if (g_str_has_prefix(keyword, "unevaluated"))
            index->tracks = true;
        if (holding & HOLDS_SCHEMA)
            index_schema(index, resource, held, depth + 1);
        if ((holding & HOLDS_LIST && value_is(held, VALUE_ARRAY)))
            for (guint j = 0; j < value_count(held); j++)
                index_schema(index, resource, value_item(held, j), depth + 1);
        if (holding & HOLDS_MAP && value_is(held, VALUE_OBJECT))
            for (guint j = 0; j < value_count(held); j++)
                index_schema(index, resource, value_value_at(held, j), depth + 1);
    }
}

SchemaIndex *schema_index_new(Arena *arena, const Value *root)
{
    SchemaIndex *index = g_new0(SchemaIndex, 1);

    index->arena = arena;
    index->root = root;
    index->document =
        (SchemaResource){.uri = NAMELESS, .root = root, .draft = draft_of(root, DRAFT_07)};
    index_schema(index, &index->document, root, 0);
    return index;
}

void schema_index_free(SchemaIndex *index)
{
    if (!index)
        return;
    g_clear_pointer(&index->resources, g_hash_table_unref);
    g_clear_pointer(&index->entered, g_hash_table_unref);
    g_clear_pointer(&index->anchors, g_hash_table_unref);
    g_clear_pointer(&index->dynamic, g_hash_table_unref);
    g_free(index);
}

const SchemaResource *schema_index_root(const SchemaIndex *index)
{
    const SchemaResource *named = schema_index_entered(index, index->root);

    return named ? named : &index->document;
}

bool schema_index_tracks(const SchemaIndex *index)
{
    return index->tracks;
}

const SchemaResource *schema_index_entered(const SchemaIndex *index, const Value *schema)
{
    return index->entered ? g_hash_table_lookup(index->entered, schema) : NULL;
}

/* ---- looking up ---- */

static const Value *step_into(const Value *value, const char *token)
{
    char *end;

    if (value_is(value, VALUE_OBJECT))
        return value_get(value, token);
    if (!value_is(value, VALUE_ARRAY) || !g_ascii_isdigit(*token) || strlen(token) > 9)
        return NULL;
    gint64 position = g_ascii_strtoll(token, &end, 10);

    return *end ? NULL : value_item(value, (guint)position);
}

/* As value_pointer(), noticing the resources on the way. */
static SchemaTarget follow_pointer(const SchemaIndex *index, const SchemaResource *resource,
                                   const char *pointer)
{
    g_auto(GStrv) tokens = g_strsplit(pointer + 1, "/", -1);
    SchemaTarget target = {.schema = resource->root, .resource = resource};

    for (char **token = tokens; *token && target.schema; token++) {
        g_autoptr(GString) plain = g_string_new(*token);

        g_string_replace(plain, "~1", "/", 0);
        g_string_replace(plain, "~0", "~", 0);
        target.schema = step_into(target.schema, plain->str);
        const SchemaResource *entered =
            target.schema ? schema_index_entered(index, target.schema) : NULL;

        if (entered)
            target.resource = entered;
    }
    return target;
}

static SchemaTarget lookup(GHashTable *table, const SchemaResource *resource, const char *name)
{
    g_autofree char *key = g_strconcat(resource->uri, "#", name, NULL);
    const SchemaTarget *found = table ? g_hash_table_lookup(table, key) : NULL;

    return found ? *found : (SchemaTarget){0};
}

static SchemaTarget follow_fragment(const SchemaIndex *index, const SchemaResource *resource,
                                    const char *fragment)
{
    g_autofree char *plain = g_uri_unescape_string(fragment, NULL);

    if (!plain)
        return (SchemaTarget){0};
    if (!*plain)
        return (SchemaTarget){.schema = resource->root, .resource = resource};
    return *plain == '/' ? follow_pointer(index, resource, plain)
                         : lookup(index->anchors, resource, plain);
}

SchemaTarget schema_index_resolve(const SchemaIndex *index, const SchemaResource *resource,
                                  const char *reference)
{
    const char *fragment;

    if (*reference == '#')
        return follow_fragment(index, resource, reference + 1);
    const char *uri = absolute(index->arena, resource->uri, reference, &fragment);
    const SchemaResource *named =
        index->resources ? g_hash_table_lookup(index->resources, uri) : NULL;

    if (!named && g_str_equal(uri, index->document.uri))
        named = &index->document;
    return named ? follow_fragment(index, named, fragment ? fragment : "") : (SchemaTarget){0};
}

SchemaTarget schema_index_dynamic(const SchemaIndex *index, const SchemaResource *resource,
                                  const char *name)
{
    return lookup(index->dynamic, resource, name);
}
