#include "formats/jsonschema.h"

#include "formats/jsonschema_internal.h"
#include <string.h>

enum { VIOLATIONS_MAX = 200, SEEN_BYTES = 64 };

/* ---- reporting ---- */

static void add_violation(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                          const Value *argument, const char *message)
{
    JsonschemaViolation *violation = arena_new0(v->arena, JsonschemaViolation, 1);

    violation->pointer = arena_strdup(v->arena, v->pointer->str);
    violation->keyword = keyword;
    violation->message = arena_strdup(v->arena, message);
    violation->schema = at->schema;
    violation->instance = at->instance;
    violation->argument = argument;
    g_ptr_array_add(v->found, violation);
}

bool schema_fail(SchemaWalk *v, const SchemaPlace *at, const char *keyword, const Value *argument,
                 const char *format, ...)
{
    v->failures++;
    if (v->quiet || v->found->len >= VIOLATIONS_MAX)
        return false;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    add_violation(v, at, keyword, argument, message);
    return false;
}

bool schema_trouble(SchemaWalk *v, const SchemaPlace *at, const char *keyword,
                    const Value *argument, const char *format, ...)
{
    v->failures++;
    if (v->troubled) /* once is enough */
        return false;
    v->troubled = true;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    add_violation(v, at, keyword, argument, message);
    return false;
}

bool schema_check_member(SchemaWalk *v, const Value *schema, const char *key, const Value *member)
{
    gsize length = v->pointer->len;

    schema_pointer_append(v->pointer, key);
    bool valid = schema_check(v, schema, member, NULL);
    g_string_truncate(v->pointer, length);
    return valid;
}

bool schema_check_item(SchemaWalk *v, const Value *schema, const Value *array, guint index)
{
    char key[16];

    g_snprintf(key, sizeof key, "%u", index);
    return schema_check_member(v, schema, key, value_item(array, index));
}

guint schema_failures_of(SchemaWalk *v, const Value *schema, const Value *instance,
                         SchemaSeen *seen)
{
    guint before = v->failures;

    v->quiet++;
    schema_check(v, schema, instance, seen);
    v->quiet--;
    guint count = v->failures - before;
    v->failures = before;
    return count;
}

/* ---- the walk ---- */

SchemaDraft schema_draft(const SchemaWalk *v)
{
    return v->scope->resource->draft;
}

static const SchemaKeyword *find_keyword(SchemaDraft draft, const char *name)
{
    static const SchemaKeyword *const tables[] = {schema_scalar_keywords, schema_item_keywords,
                                                  schema_member_keywords,
                                                  schema_combining_keywords};

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        for (const SchemaKeyword *keyword = tables[i]; keyword->name; keyword++)
            if (keyword->drafts & draft && g_str_equal(keyword->name, name))
                return keyword;
    return NULL;
}

/* In the order they are written, but what asks for the rest comes when the rest is known. */
static bool check_keywords(SchemaWalk *v, const SchemaPlace *at)
{
    SchemaDraft draft = schema_draft(v);
    bool valid = true, later = false;

    for (guint i = 0; i < value_count(at->schema); i++) {
        const char *name = value_key_at(at->schema, i);
        const SchemaKeyword *keyword = find_keyword(draft, name);

        if (keyword && g_str_has_prefix(name, "unevaluated"))
            later = true;
        else if (keyword)
            valid &= keyword->holds(v, at, value_value_at(at->schema, i));
    }
    for (guint i = 0; later && i < value_count(at->schema); i++) {
        const char *name = value_key_at(at->schema, i);
        const SchemaKeyword *keyword = find_keyword(draft, name);

        if (keyword && g_str_has_prefix(name, "unevaluated"))
            valid &= keyword->holds(v, at, value_value_at(at->schema, i));
    }
    return valid;
}

/* The keywords of one schema, with a note of its own of what they spoke of. */
static bool check_object(SchemaWalk *v, const Value *schema, const Value *instance,
                         SchemaSeen *seen)
{
    bool tracked = schema_index_tracks(v->index) &&
                   (value_is(instance, VALUE_OBJECT) || value_is(instance, VALUE_ARRAY));
    guint8 small[SEEN_BYTES] = {0};
    gsize bytes = tracked ? value_count(instance) / 8 + 1 : 0;
    g_autofree guint8 *large = bytes > sizeof small ? g_malloc0(bytes) : NULL;
    SchemaSeen own = {.bits = large ? large : small, .count = value_count(instance)};
    SchemaPlace at = {.schema = schema, .instance = instance, .seen = tracked ? &own : NULL};
    const Value *reference = value_get(schema, "$ref");
    bool valid;

    v->steps += (int64_t)bytes / 16;
    /* In draft-07 the siblings of a $ref do not count. */
    if (schema_draft(v) == DRAFT_07 && value_is(reference, VALUE_STRING))
        valid = find_keyword(DRAFT_07, "$ref")->holds(v, &at, reference);
    else
        valid = check_keywords(v, &at);
    for (gsize i = 0; valid && tracked && seen && i < bytes; i++)
        seen->bits[i] |= own.bits[i];
    return valid;
}

static bool stop(SchemaWalk *v, const SchemaPlace *at)
{
    v->stopped = true;
    return schema_trouble(v, at, "schema", NULL, "is too deep or too large to be checked");
}

bool schema_check(SchemaWalk *v, const Value *schema, const Value *instance, SchemaSeen *seen)
{
    SchemaPlace at = {.schema = schema, .instance = instance};

    if (value_is(schema, VALUE_BOOL))
        return value_bool(schema, true) ||
               schema_fail(v, &at, "false", schema, "is not allowed here");
    if (!value_is(schema, VALUE_OBJECT))
        return true;
    if (v->stopped || v->steps++ >= SCHEMA_STEPS_MAX || v->depth >= JSONSCHEMA_DEPTH_MAX ||
        arena_exhausted(v->arena))
        return stop(v, &at);
    const SchemaScope *outer = v->scope;
    const SchemaResource *entered = schema_index_entered(v->index, schema);
    SchemaScope scope = {.resource = entered, .outer = outer};

    if (entered && entered != outer->resource)
        v->scope = &scope;
    v->depth++;
    bool valid = check_object(v, schema, instance, seen);
    v->depth--;
    v->scope = outer;
    return valid;
}

typedef struct {
    const SchemaIndex *index;
    const SchemaResource *resource;
    const Value *schema;
    bool quiet;
} Walk;

/* The violations of instance; with quiet they are only counted. */
static GPtrArray *walk(Arena *arena, const Walk *walk, const Value *instance, guint *failures)
{
    SchemaScope scope = {.resource = walk->resource};
    SchemaWalk v = {.arena = arena,
                    .index = walk->index,
                    .scope = &scope,
                    .found = g_ptr_array_new(),
                    .quiet = walk->quiet};

    v.pointer = g_string_new(NULL);
    v.regexes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)regex_free);
    schema_check(&v, walk->schema, instance, NULL);
    *failures = v.failures + v.found->len;
    g_hash_table_unref(v.regexes);
    g_string_free(v.pointer, TRUE);
    return v.found;
}

GPtrArray *jsonschema_violations(Arena *arena, const Value *schema, const Value *instance)
{
    g_autoptr(SchemaIndex) index = schema_index_new(arena, schema);
    Walk all = {.index = index, .resource = schema_index_root(index), .schema = schema};
    guint failures;

    return walk(arena, &all, instance, &failures);
}

bool jsonschema_holds(Arena *arena, const SchemaIndex *index, const SchemaResource *resource,
                      const Value *schema, const Value *instance)
{
    Walk one = {.index = index, .resource = resource, .schema = schema, .quiet = true};
    guint failures;

    g_ptr_array_unref(walk(arena, &one, instance, &failures));
    return failures == 0;
}

bool jsonschema_matches(Arena *arena, const Value *schema, const Value *instance)
{
    g_autoptr(SchemaIndex) index = schema_index_new(arena, schema);

    return jsonschema_holds(arena, index, schema_index_root(index), schema, instance);
}

/* ---- diagnostics ---- */

static void report(Arena *arena, const JsonschemaViolation *violation, Diagnostics *diagnostics)
{
    const char *key = value_string(violation->argument, "");
    bool missing = g_str_equal(violation->keyword, "required");
    bool additional = g_str_equal(violation->keyword, "additionalProperties") ||
                      g_str_equal(violation->keyword, "unevaluatedProperties");
    Diagnostic finding = {.severity = DIAGNOSTIC_ERROR,
                          .code = violation->keyword,
                          .message = jsonschema_sentence(arena, violation),
                          .line = value_line(violation->instance),
                          .column = value_column(violation->instance),
                          .pointer = violation->pointer};

    if (missing || additional) {
        g_autoptr(GString) pointer = g_string_new(violation->pointer);

        schema_pointer_append(pointer, key);
        finding.pointer = arena_strdup(arena, pointer->str);
    }
    if (additional && value_key_line(violation->instance, key) > 0) {
        finding.line = value_key_line(violation->instance, key);
        finding.column = value_key_column(violation->instance, key);
    }
    diagnostics_add(diagnostics, &finding);
}

bool jsonschema_validate(const Value *schema, const Value *instance, Diagnostics *diagnostics)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) found = jsonschema_violations(arena, schema, instance);

    for (guint i = 0; diagnostics && i < found->len; i++)
        report(arena, g_ptr_array_index(found, i), diagnostics);
    return found->len == 0;
}
