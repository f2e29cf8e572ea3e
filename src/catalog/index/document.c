/* One entity as it stands in a segment: its JSON with relations, status, uid and etag, and its
 * rows.
 */
#include "catalog/index/internal.h"
#include "formats/json.h"
#include <string.h>
#include <xxhash.h>

/* ---- the text ---- */

static void write_key(GString *out, const char *key, gboolean *first)
{
    if (!*first)
        g_string_append_c(out, ',');
    *first = FALSE;
    json_write_string(out, key, strlen(key));
    g_string_append_c(out, ':');
}

static void write_text_member(GString *out, const char *key, const char *text, gboolean *first)
{
    write_key(out, key, first);
    json_write_string(out, text, strlen(text));
}

static gboolean is_one_of(const char *key, const char *one, const char *other)
{
    return g_str_equal(key, one) || g_str_equal(key, other);
}

/* Returns where the etag is to be put. */
static gsize write_metadata(GString *out, const Value *metadata, const char *uid)
{
    gboolean first = TRUE;
    gsize place;

    g_string_append_c(out, '{');
    for (guint i = 0; i < value_count(metadata); i++) {
        const char *key = value_key_at(metadata, i);

        if (is_one_of(key, "uid", "etag"))
            continue;
        write_key(out, key, &first);
        json_write(out, value_value_at(metadata, i), JSON_COMPACT);
    }
    write_text_member(out, "uid", uid, &first);
    write_text_member(out, "etag", "", &first);
    place = out->len - 1;
    g_string_append_c(out, '}');
    return place;
}

static void write_relations(GString *out, const GArray *relations)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);
        gboolean first = TRUE;

        g_string_append(out, i > 0 ? ",{" : "{");
        write_text_member(out, "type", relation->type, &first);
        write_text_member(out, "targetRef", relation->target, &first);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

/* A digest of all the rest, put into its place: 40 digits, as Backstage's have. */
static void write_etag(GString *out, gsize place)
{
    XXH128_hash_t digest = XXH3_128bits(out->str, out->len);
    char etag[41];

    g_snprintf(etag, sizeof(etag), "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x%08x",
               (guint64)digest.high64, (guint64)digest.low64, (guint)XXH32(out->str, out->len, 0));
    g_string_insert_len(out, (gssize)place, etag, sizeof(etag) - 1);
}

static void write_entity(GString *out, const Document *document)
{
    gboolean first = TRUE;
    gsize place = 0;

    g_string_append_c(out, '{');
    for (guint i = 0; i < value_count(document->entity); i++) {
        const char *key = value_key_at(document->entity, i);
        const Value *value = value_value_at(document->entity, i);

        if (is_one_of(key, "relations", "status"))
            continue;
        write_key(out, key, &first);
        if (g_str_equal(key, "metadata"))
            place = write_metadata(out, value, document->uid);
        else
            json_write(out, value, JSON_COMPACT);
    }
    write_key(out, "relations", &first);
    write_relations(out, document->relations);
    if (value_count(document->status) > 0) {
        write_key(out, "status", &first);
        g_string_append(out, "{\"items\":");
        json_write(out, document->status, JSON_COMPACT);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, '}');
    write_etag(out, place);
}

/* ---- the rows ---- */

/* The entity as flattening wants it: with its uid, and without relations. */
static const Value *with_uid(Arena *arena, const Document *document)
{
    Value *entity = value_clone_shallow(arena, document->entity);
    Value *metadata = value_clone_shallow(arena, value_get(entity, "metadata"));

    value_set_string(arena, metadata, "uid", document->uid);
    value_set(arena, entity, "metadata", metadata);
    value_set(arena, entity, "relations", NULL);
    return entity;
}

static int compare_all(const void *a, const void *b)
{
    const SearchRow *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : strcmp(x->value, y->value);
}

/* What entity_flatten() would make of relations, without a value for each. */
static guint add_relation_rows(Arena *arena, const GArray *relations, SearchRow *rows)
{
    const char *type = NULL, *key = NULL;

    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);

        if (!type || !g_str_equal(type, relation->type)) {
            const char *parts[] = {"relations.", type = relation->type};
            char *joined = arena_alloc(arena, strlen(parts[0]) + strlen(parts[1]) + 1);

            memcpy(joined, parts[0], strlen(parts[0]));
            memcpy(joined + strlen(parts[0]), parts[1], strlen(parts[1]));
            key = text_fold(arena, joined);
        }
        rows[i] = (SearchRow){.key = key, .value = relation->target, .original = relation->target};
    }
    /* Settled relations are in order but for types that differ in case. */
    qsort(rows, relations->len, sizeof *rows, compare_all);
    return relations->len;
}

static void add_fact(Arena *arena, SearchRow *rows, guint *count, const char *key, const char *text)
{
    if (text)
        rows[(*count)++] =
            (SearchRow){.key = key, .value = text_fold(arena, text), .original = text};
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const SearchRow *)a)->value, ((const SearchRow *)b)->value);
}

/* The catalog's own facts first: their keys are before all others. */
static SearchRow *make_rows(Arena *arena, const Document *document, guint *count)
{
    guint own = 0, others = 0;
    const SearchRow *flat = entity_flatten(arena, with_uid(arena, document), &others);
    guint before = 0;
    SearchRow *rows = arena_new0(arena, SearchRow,
                                 document->declared->len + 3 + others + document->relations->len);

    for (guint i = 0; i < document->declared->len; i++)
        add_fact(arena, rows, &own, FIELD_DECLARES,
                 relation_encode(arena, &g_array_index(document->declared, Relation, i)));
    qsort(rows, own, sizeof *rows, compare_rows);
    add_fact(arena, rows, &own, FIELD_LOCATION, document->location_id);
    add_fact(arena, rows, &own, FIELD_PARENT, document->parent);
    add_fact(arena, rows, &own, FIELD_SOURCE, document->source);
    while (before < others && strcmp(flat[before].key, "relations") < 0)
        before++;
    memcpy(rows + own, flat, before * sizeof *rows);
    own += before;
    own += add_relation_rows(arena, document->relations, rows + own);
    memcpy(rows + own, flat + before, (others - before) * sizeof *rows);
    *count = own + others - before;
    return rows;
}

SegmentEntity document_compose(Arena *arena, const Document *document)
{
    g_autoptr(GString) text = g_string_sized_new(2048);
    const char *name = value_path_string(document->entity, "metadata.name", "");
    SegmentEntity entity = {
        .ref = document->ref, .uid = document->uid, .name = text_fold(arena, name)};

    write_entity(text, document);
    entity.text = arena_strndup(arena, text->str, text->len);
    entity.text_length = text->len;
    entity.rows = make_rows(arena, document, &entity.row_count);
    return entity;
}
