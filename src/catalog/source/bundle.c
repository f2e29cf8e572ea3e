#include "catalog/source/bundle.h"
#include "catalog/catalog_internal.h"
#include "formats/yaml.h"
#include <string.h>

#define FILES_MAX 200
#define DEPTH_MAX 64
#define NODES_MAX 500000

typedef struct {
    Source source;
    const char *name; /* "type:target" */
    const Value *root;
} File;

typedef struct {
    Inclusion *inclusion;
    Catalog *catalog;
    Arena *arena;
    GHashTable *files; /* name → File */
    GPtrArray *way;    /* "name#pointer" of the references that are being followed */
    const File *main;
    guint nodes;
    GError **error;
} Bundle;

static const Value *inline_value(Bundle *bundle, const File *file, const Value *value, int depth);

static const Value *refuse(Bundle *bundle, const File *file, const Value *at, const char *reason)
{
    g_set_error(bundle->error, PAVE_ERROR, ERROR_INPUT, "%s:%d:%d: %s", file->source.target,
                value_line(at), value_column(at), reason);
    return NULL;
}

/* ---- what an entity brings in ---- */

void inclusion_init(Inclusion *inclusion, Catalog *catalog, Arena *arena)
{
    *inclusion = (Inclusion){.catalog = catalog, .arena = arena};
    inclusion->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_bytes_unref);
}

void inclusion_clear(Inclusion *inclusion)
{
    g_clear_pointer(&inclusion->files, g_hash_table_unref);
}

/* A file that Pave reads with its own credentials is not for another repository to bring in: who
 * reads the entity may not be who reads that file. */
static gboolean check_inclusion(const Inclusion *inclusion, const Source *base,
                                const Source *source, GError **error)
{
    if (source_crosses_repository(inclusion->catalog, inclusion->arena, base, source)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "%s lies in another repository than %s",
                    source->target, base->target);
        return FALSE;
    }
    return TRUE;
}

GBytes *inclusion_read(Inclusion *inclusion, const Source *base, const Source *source,
                       GError **error)
{
    const char *name = source_format(inclusion->arena, source);
    g_auto(SourceReply) reply = {0};
    GBytes *known;

    if (!check_inclusion(inclusion, base, source, error))
        return NULL;
    known = g_hash_table_lookup(inclusion->files, name);
    if (known)
        return known;
    if (g_hash_table_size(inclusion->files) >= INCLUSION_FILES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "the entity brings in more than %d other files", INCLUSION_FILES_MAX);
        return NULL;
    }
    if (!source_read(inclusion->catalog, inclusion->arena, source, NULL, &reply, error))
        return NULL;
    inclusion->read += g_bytes_get_size(reply.bytes);
    if (inclusion->read > INCLUSION_BYTES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "with %s the files that the entity brings in are larger than 16 MiB in all",
                    source->target);
        return NULL;
    }
    known = g_steal_pointer(&reply.bytes);
    g_hash_table_insert(inclusion->files, (gpointer)name, known);
    return known;
}

gboolean inclusion_give(Inclusion *inclusion, const Source *source, gsize bytes, GError **error)
{
    if (bytes <= INCLUSION_BYTES_MAX - inclusion->given) {
        inclusion->given += bytes;
        return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                "with %s what the entity brings in becomes larger than 16 MiB in all",
                source->target);
    return FALSE;
}

/* ---- files ---- */

static File *parse_file(Bundle *bundle, const Source *source, GBytes *bytes)
{
    g_autoptr(Diagnostics) findings = diagnostics_new();
    File *file = arena_new0(bundle->arena, File, 1);
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);

    file->source = *source;
    file->name = source_format(bundle->arena, source);
    file->root = yaml_parse(bundle->arena, text ? text : "", (gssize)length, source->target,
                            YAML_PLAIN, findings);
    if (!diagnostics_to_error(findings, bundle->error))
        return NULL;
    g_hash_table_insert(bundle->files, (gpointer)file->name, file);
    return file;
}

static const File *read_file(Bundle *bundle, const File *from, const Value *at, const char *target)
{
    g_autoptr(GError) reason = NULL;
    Source source;
    const File *known;
    GBytes *bytes;
    const char *type = strstr(target, "://") ? "url" : NULL;

    if (!source_resolve(bundle->catalog, bundle->arena, &from->source, type, target, &source,
                        &reason)) {
        refuse(bundle, from, at, reason->message);
        return NULL;
    }
    known = g_hash_table_lookup(bundle->files, source_format(bundle->arena, &source));
    if (known)
        return known;
    if (g_hash_table_size(bundle->files) >= FILES_MAX) {
        refuse(bundle, from, at, "the description is in more than 200 files");
        return NULL;
    }
    bytes = inclusion_read(bundle->inclusion, &from->source, &source, &reason);
    if (bytes)
        return parse_file(bundle, &source, bytes);
    refuse(bundle, from, at,
           arena_printf(bundle->arena, "the file of $ref \"%s\" cannot be read: %s", target,
                        reason->message));
    return NULL;
}

/* ---- references ---- */

/* "a → b → a" */
static const Value *refuse_circle(Bundle *bundle, const File *file, const Value *at,
                                  const char *name)
{
    g_autoptr(GString) way = g_string_new("the references lead in a circle: ");
    gboolean begun = FALSE;

    for (guint i = 0; i < bundle->way->len; i++) {
        begun |= g_str_equal(bundle->way->pdata[i], name);
        if (begun)
            g_string_append_printf(way, "%s → ", (const char *)bundle->way->pdata[i]);
    }
    g_string_append(way, name);
    return refuse(bundle, file, at, way->str);
}

static gboolean is_followed(const Bundle *bundle, const char *name)
{
    for (guint i = 0; i < bundle->way->len; i++)
        if (g_str_equal(bundle->way->pdata[i], name))
            return TRUE;
    return FALSE;
}

/* What stands beside a $ref is put on top of what it names. */
static const Value *with_siblings(Bundle *bundle, const File *file, const Value *object,
                                  const Value *named, int depth)
{
    Value *copy;

    if (value_count(object) == 1 || !value_is(named, VALUE_OBJECT))
        return named;
    copy = value_clone_shallow(bundle->arena, named);
    for (guint i = 0; i < value_count(object); i++) {
        const Value *member = value_value_at(object, i);

        if (g_str_equal(value_key_at(object, i), "$ref"))
            continue;
        member = inline_value(bundle, file, member, depth + 1);
        if (!member)
            return NULL;
        value_set(bundle->arena, copy, value_key_at(object, i), member);
    }
    return copy;
}

static const Value *reference_to_main(Bundle *bundle, const char *pointer)
{
    Value *reference = value_object_new(bundle->arena);

    value_set_string(bundle->arena, reference, "$ref", arena_printf(bundle->arena, "#%s", pointer));
    return reference;
}

static const Value *follow(Bundle *bundle, const File *file, const Value *object,
                           const Value *reference, int depth)
{
    Arena *arena = bundle->arena;
    const char *text = value_string(reference, ""), *hash = strchr(text, '#');
    const char *target = hash ? arena_strndup(arena, text, (gsize)(hash - text)) : text;
    g_autofree char *unescaped = g_uri_unescape_string(hash ? hash + 1 : "", NULL);
    const char *pointer = unescaped ? arena_strdup(arena, unescaped) : "";
    const File *other = *target ? read_file(bundle, file, reference, target) : file;
    const Value *named;
    const char *name;

    if (!other)
        return NULL;
    if (other == bundle->main)
        return reference_to_main(bundle, pointer);
    name = arena_printf(arena, "%s#%s", other->source.target, pointer);
    if (is_followed(bundle, name))
        return refuse_circle(bundle, file, reference, name);
    named = *pointer ? value_pointer(other->root, pointer) : other->root;
    if (!named)
        return refuse(bundle, file, reference,
                      arena_printf(arena, "%s has no \"%s\"", other->source.target, pointer));
    g_ptr_array_add(bundle->way, (gpointer)name);
    named = inline_value(bundle, other, named, depth + 1);
    g_ptr_array_set_size(bundle->way, (gint)bundle->way->len - 1);
    return named ? with_siblings(bundle, file, object, named, depth) : NULL;
}

/* ---- the walk ---- */

/* Counted while it grows: a file that is named again and again is not put in as often first. */
static gboolean give(Bundle *bundle, gsize bytes)
{
    return inclusion_give(bundle->inclusion, &bundle->main->source, bytes, bundle->error);
}

static const Value *inline_items(Bundle *bundle, const File *file, const Value *list, int depth)
{
    Value *copy = value_array_new(bundle->arena);

    for (guint i = 0; i < value_count(list); i++) {
        const Value *item = inline_value(bundle, file, value_item(list, i), depth + 1);

        if (!item)
            return NULL;
        value_append(bundle->arena, copy, item);
    }
    return copy;
}

static const Value *inline_members(Bundle *bundle, const File *file, const Value *object, int depth)
{
    Value *copy = value_clone_shallow(bundle->arena, object);

    for (guint i = 0; i < value_count(object); i++) {
        const char *key = value_key_at(object, i);
        const Value *member;

        if (!give(bundle, strlen(key) + 2))
            return NULL;
        member = inline_value(bundle, file, value_value_at(object, i), depth + 1);
        if (!member)
            return NULL;
        value_set(bundle->arena, copy, key, member);
    }
    return copy;
}

static const Value *inline_value(Bundle *bundle, const File *file, const Value *value, int depth)
{
    const Value *reference = value_get(value, "$ref");

    if (depth > DEPTH_MAX)
        return refuse(bundle, file, value, "the references are more than 64 deep");
    if (++bundle->nodes > NODES_MAX)
        return refuse(bundle, file, value, "the description becomes too large");
    if (!give(bundle, value_is(value, VALUE_STRING) ? value_string_length(value) + 1 : 1))
        return NULL;
    if (value_is(value, VALUE_ARRAY))
        return inline_items(bundle, file, value, depth);
    if (!value_is(value, VALUE_OBJECT))
        return value;
    if (value_is(reference, VALUE_STRING) &&
        (file != bundle->main || *value_string(reference, "") != '#'))
        return follow(bundle, file, value, reference, depth);
    return inline_members(bundle, file, value, depth);
}

const char *bundle_text(Inclusion *inclusion, const Source *source, GBytes *bytes, GError **error)
{
    g_autoptr(GHashTable) files = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) way = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    Bundle bundle = {.inclusion = inclusion,
                     .catalog = inclusion->catalog,
                     .arena = inclusion->arena,
                     .files = files,
                     .way = way,
                     .error = error};
    gsize given = inclusion->given;
    const Value *whole;

    bundle.main = parse_file(&bundle, source, bytes);
    if (!bundle.main)
        return NULL;
    if (!value_is(bundle.main->root, VALUE_OBJECT)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s holds no API description", source->target);
        return NULL;
    }
    whole = inline_value(&bundle, bundle.main, bundle.main->root, 0);
    if (!whole)
        return NULL;
    yaml_write(text, whole);
    /* The text itself is what counts in the end. */
    inclusion->given = given;
    return inclusion_give(inclusion, source, text->len, error)
               ? arena_strdup(inclusion->arena, text->str)
               : NULL;
}
