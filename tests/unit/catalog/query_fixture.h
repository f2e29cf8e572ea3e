/* Random catalogs, and what looking at every entity of them gives. */
#pragma once
#include "catalog/catalog_internal.h"
#include "catalog/query/query.h"
#include "formats/json.h"
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 4

/* ---- a world: entities, and the segments that hold them ---- */

typedef struct {
    const char *ref, *uid, *name;
    const SearchRow *rows;
    guint row_count;
    EntityId hit;
} Doc;

typedef struct {
    Arena *arena;
    GPtrArray *docs; /* Doc *, those that live, by name and uid */
    SegmentPart parts[PARTS_MAX];
    QueryMemory *memory;
    QueryView view;
} World;

static guint64 last_number;

static const char *pick(const char *const *texts)
{
    return texts[g_test_rand_int_range(0, (gint32)g_strv_length((char **)(void *)texts))];
}

static gboolean chance(int percent)
{
    return g_test_rand_int_range(0, 100) < percent;
}

static const char *const kinds[] = {"Component", "API", "Group", "component2", NULL};
static const char *const owners[] = {"team-a", "Team-A", "group:default/b", "ä", NULL};
static const char *const tags[] = {"java", "go", "a.b", "tier-1", "7", NULL};
static const char *const types[] = {"service", "Service", "library", "web site", NULL};

static void set_text(Arena *arena, Value *object, const char *key, int percent, const char *text)
{
    if (chance(percent))
        value_set_string(arena, object, key, text);
}

static Value *random_tags(Arena *arena)
{
    Value *list = value_array_new(arena);

    for (int i = g_test_rand_int_range(0, 4); i > 0; i--)
        value_append(arena, list,
                     chance(10) ? value_int_new(arena, 7) : value_string_new(arena, pick(tags)));
    return list;
}

static Value *random_relations(Arena *arena)
{
    Value *list = value_array_new(arena);

    for (int i = g_test_rand_int_range(0, 3); i > 0; i--) {
        Value *relation = value_object_new(arena);

        value_set_string(arena, relation, "type", chance(70) ? "ownedBy" : "partOf");
        value_set_string(arena, relation, "targetRef",
                         arena_printf(arena, "group:default/g%d", g_test_rand_int_range(0, 6)));
        value_append(arena, list, relation);
    }
    return list;
}

static Value *random_entity(Arena *arena, int number, int names)
{
    Value *entity = value_object_new(arena), *metadata = value_object_new(arena);
    Value *spec = value_object_new(arena);

    value_set_string(arena, entity, "kind", pick(kinds));
    value_set_string(arena, metadata, "name",
                     arena_printf(arena, "N%d", g_test_rand_int_range(0, names)));
    value_set_string(arena, metadata, "uid", arena_printf(arena, "u%06d", number));
    set_text(arena, metadata, "namespace", 30, "other");
    set_text(arena, metadata, "title", 90,
             arena_printf(arena, "Title %d", g_test_rand_int_range(0, names * 4)));
    if (chance(60))
        value_set(arena, metadata, "tags", random_tags(arena));
    set_text(arena, spec, "type", 80, pick(types));
    set_text(arena, spec, "owner", 80, pick(owners));
    if (chance(20))
        value_set(arena, spec, "lifecycle", value_null_new(arena));
    else
        set_text(arena, spec, "lifecycle", 70, "production");
    value_set(arena, entity, "metadata", metadata);
    value_set(arena, entity, "spec", spec);
    value_set(arena, entity, "relations", random_relations(arena));
    return entity;
}

static Doc *doc_new(Arena *arena, const Value *entity)
{
    Doc *doc = arena_new0(arena, Doc, 1);

    doc->ref = arena_printf(arena, "%s#%s", value_path_string(entity, "metadata.uid", ""),
                            entity_ref_of(arena, entity));
    doc->uid = value_path_string(entity, "metadata.uid", "");
    doc->name = text_fold(arena, value_path_string(entity, "metadata.name", ""));
    doc->rows = entity_flatten(arena, entity, &doc->row_count);
    return doc;
}

static void put(SegmentBuilder *builder, const Doc *doc, const char *text)
{
    const SegmentEntity entity = {.ref = doc->ref,
                                  .uid = doc->uid,
                                  .name = doc->name,
                                  .text = text,
                                  .text_length = strlen(text),
                                  .rows = doc->rows,
                                  .row_count = doc->row_count};

    segment_builder_add(builder, &entity);
}

static int compare_docs(gconstpointer a, gconstpointer b)
{
    const Doc *x = *(const Doc *const *)a, *y = *(const Doc *const *)b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->uid, y->uid);
}

static void place_docs(World *world)
{
    for (guint i = 0; i < world->docs->len; i++) {
        Doc *doc = world->docs->pdata[i];
        gboolean found = FALSE;

        for (guint j = 0; j < world->view.count && !found; j++) {
            const SegmentPart *part = &world->parts[j];

            found = segment_find(part->segment, doc->ref, &doc->hit.doc) &&
                    !(part->dead && roaring_bitmap_contains(part->dead, doc->hit.doc));
            doc->hit.segment = j;
        }
        g_assert_true(found);
    }
}

/* size entities in as many segments as are asked for; what a later one has, too, is dead in the
 * earlier. */
static World *world_new(guint parts, int size, int names)
{
    World *world = g_new0(World, 1);
    g_autoptr(GHashTable) latest = g_hash_table_new(g_direct_hash, g_direct_equal);
    GHashTableIter iterator;
    gpointer value;

    world->arena = arena_new(G_MAXSIZE);
    world->docs = g_ptr_array_new();
    world->memory = query_memory_new(1 << 20);
    for (guint part = 0; part < parts; part++) {
        g_autoptr(SegmentBuilder) builder = segment_builder_new();
        roaring_bitmap_t *dead = NULL;
        int own = part == 0 ? size : size / 4;

        for (int i = 0; i < own; i++) {
            int number = part == 0 ? i : g_test_rand_int_range(0, size * 2);
            const Value *entity;
            Doc *doc;

            if (part > 0 && segment_builder_count(builder) > 0 &&
                GPOINTER_TO_INT(g_hash_table_lookup(latest, GINT_TO_POINTER(-number - 1))) ==
                    (int)part)
                continue; /* it is in this part already */
            entity = random_entity(world->arena, number, names);
            doc = doc_new(world->arena, entity);
            put(builder, doc, json_to_arena(world->arena, entity, JSON_COMPACT));
            g_hash_table_insert(latest, GINT_TO_POINTER(number + 1), doc);
            g_hash_table_insert(latest, GINT_TO_POINTER(-number - 1), GINT_TO_POINTER(part));
        }
        world->parts[part].segment = segment_builder_finish(builder, NULL, 0, NULL);
        g_assert_nonnull(world->parts[part].segment);
        for (guint earlier = 0; earlier < part; earlier++) {
            dead = (roaring_bitmap_t *)world->parts[earlier].dead;
            dead = dead ? dead : roaring_bitmap_create();
            for (guint32 doc = 0; doc < segment_count(world->parts[earlier].segment); doc++) {
                guint32 other;

                if (segment_find_uid(world->parts[part].segment,
                                     segment_doc_uid(world->parts[earlier].segment, doc), &other))
                    roaring_bitmap_add(dead, doc);
            }
            world->parts[earlier].dead = dead;
        }
    }
    g_hash_table_iter_init(&iterator, latest);
    {
        gpointer key;

        while (g_hash_table_iter_next(&iterator, &key, &value))
            if (GPOINTER_TO_INT(key) > 0)
                g_ptr_array_add(world->docs, value);
    }
    g_ptr_array_sort(world->docs, compare_docs);
    world->view = (QueryView){world->parts, parts, ++last_number, world->memory};
    place_docs(world);
    return world;
}

static void world_free(World *world)
{
    query_memory_free(world->memory);
    for (guint i = 0; i < world->view.count; i++) {
        segment_unref((Segment *)world->parts[i].segment);
        if (world->parts[i].dead)
            roaring_bitmap_free((roaring_bitmap_t *)world->parts[i].dead);
    }
    g_ptr_array_unref(world->docs);
    arena_free(world->arena);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* ---- looking at every entity ---- */

typedef gboolean (*ValueTest)(const char *value, const char *wanted);

static gboolean exists(const char *value, const char *wanted)
{
    (void)value;
    (void)wanted;
    return TRUE;
}

static gboolean equals(const char *value, const char *wanted)
{
    return value && g_str_equal(value, wanted);
}

static gboolean begins(const char *value, const char *wanted)
{
    return value && g_str_has_prefix(value, wanted);
}

static gboolean contains(const char *value, const char *wanted)
{
    return value && strstr(value, wanted);
}

static gboolean any_row(const Doc *doc, const char *key, ValueTest test, const char *wanted)
{
    for (guint i = 0; i < doc->row_count; i++) {
        const SearchRow *row = &doc->rows[i];
        g_autofree char *item = row->item ? g_strdup_printf("%s.%s", row->key, row->value) : NULL;

        if ((g_str_equal(row->key, key) && test(row->value, wanted)) ||
            (item && g_str_equal(item, key) && test("true", wanted)))
            return TRUE;
    }
    return FALSE;
}

static gboolean holds(const Predicate *predicate, const Doc *doc)
{
    gboolean any = predicate->kind == PREDICATE_ANY;

    switch (predicate->kind) {
    case PREDICATE_NOT:
        return !holds(predicate->children[0], doc);
    case PREDICATE_ALL:
    case PREDICATE_ANY:
        for (const Predicate **child = predicate->children; *child; child++)
            if (holds(*child, doc) == any)
                return any;
        return !any;
    case PREDICATE_EXISTS:
        return any_row(doc, predicate->key, exists, NULL);
    case PREDICATE_EQUALS:
        return any_row(doc, predicate->key, equals, predicate->value);
    case PREDICATE_PREFIX:
        return any_row(doc, predicate->key, begins, predicate->value);
    case PREDICATE_CONTAINS:
        return any_row(doc, predicate->key, contains, predicate->value);
    }
    g_assert_not_reached();
}

/* A document in an order: the values it stands at. */
typedef struct {
    const Doc *doc;
    const char *values[4];
} Row;

static int compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
    const Row *x = a, *y = b;
    const QueryPageRequest *request = data;

    for (guint i = 0; i < request->order_count; i++) {
        gboolean descending = request->orders[i].descending;
        gboolean by_name = g_str_equal(request->orders[i].field, "metadata.name");
        int order;

        if (!x->values[i] || !y->values[i])
            order = !x->values[i] - !y->values[i];
        else
            order = strcmp(x->values[i], y->values[i]) * (descending ? -1 : 1);
        if (order == 0 && by_name)
            order = strcmp(x->doc->uid, y->doc->uid) * (descending ? -1 : 1);
        if (order)
            return order;
    }
    return compare_docs(&x->doc, &y->doc);
}

static const char *least_value(const Doc *doc, const char *field)
{
    for (guint i = 0; i < doc->row_count; i++)
        if (g_str_equal(doc->rows[i].key, field) && doc->rows[i].value)
            return doc->rows[i].value;
    return NULL;
}

/* The rows of doc; where what has no value is left out, it stands for each of its values. */
static void add_rows(GArray *rows, const Doc *doc, const QueryPageRequest *request)
{
    Row row = {.doc = doc};

    for (guint i = 0; i < request->order_count; i++)
        row.values[i] = least_value(doc, request->orders[i].field);
    if (!request->missing_excluded || request->order_count == 0) {
        g_array_append_val(rows, row);
        return;
    }
    for (guint i = 0; i < doc->row_count; i++)
        if (g_str_equal(doc->rows[i].key, request->orders[0].field) && doc->rows[i].value) {
            row.values[0] = doc->rows[i].value;
            g_array_append_val(rows, row);
        }
}

static GArray *all_rows(const World *world, const Predicate *predicate,
                        const QueryPageRequest *request)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));

    for (guint i = 0; i < world->docs->len; i++)
        if (holds(predicate, world->docs->pdata[i]))
            add_rows(rows, world->docs->pdata[i], request);
    g_array_sort_with_data(rows, compare_rows, (gpointer)request);
    return rows;
}
