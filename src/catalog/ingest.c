/* Brings the table, the log and the index up to what a location says now. */
#include "catalog/catalog_internal.h"
#include "catalog/discovery.h"
#include <string.h>

/* What is to change; made before the transaction, which may run more than once. */
typedef struct {
    Catalog *catalog;
    Arena *arena;
    const CatalogLocation *location;
    const Reading *reading;
    const char *actor;
    GHashTable *rows;    /* ref → CatalogRow, as the table has them */
    GHashTable *emitted; /* ref → Emission */
    GPtrArray *changed;  /* CatalogRow * to put */
    GPtrArray *removed;  /* CatalogRow * to take out */
} Plan;

/* ---- planning ---- */

static void blame(Plan *plan, const char *ref, const Value *status)
{
    Emission *emission = ref ? g_hash_table_lookup(plan->emitted, ref) : NULL;

    for (guint i = 0; emission && i < value_count(status); i++)
        value_append(plan->arena, emission->status, value_item(status, i));
}

static void report_conflict(Plan *plan, Emission *emission, const char *other)
{
    Arena *arena = plan->arena;
    const char *message = arena_printf(arena, "%s at %s is already defined by %s", emission->ref,
                                       emission->source, other);
    Value *status = value_array_new(arena), *item = value_object_new(arena);
    Value *error = value_object_new(arena);

    value_set_string(arena, error, "name", "ConflictError");
    value_set_string(arena, error, "message", message);
    value_set_string(arena, item, "type", "backstage.io/catalog-processing");
    value_set_string(arena, item, "level", "error");
    value_set_string(arena, item, "message", arena_printf(arena, "ConflictError: %s", message));
    value_set(arena, item, "error", error);
    value_append(arena, status, item);
    blame(plan, emission->parent, status);
}

/* What is not valid and never was has no entity to show its reason on: its parent shows it. */
static void settle_invalid(Plan *plan)
{
    for (guint i = 0; i < plan->reading->emissions->len; i++) {
        Emission *emission = plan->reading->emissions->pdata[i];

        if (!emission->entity && !g_hash_table_contains(plan->rows, emission->ref))
            blame(plan, emission->parent, emission->status);
    }
}

/* Two sources may name one entity; the first keeps it. */
static void settle_conflicts(Plan *plan)
{
    g_autoptr(Snapshot) snapshot = index_acquire(plan->catalog->index);

    for (guint i = 0; i < plan->reading->emissions->len; i++) {
        Emission *emission = plan->reading->emissions->pdata[i];
        Arena *arena = plan->arena;
        EntityId id;

        if (!emission->entity || !snapshot_find(snapshot, emission->ref, &id) ||
            g_strcmp0(snapshot_fact(snapshot, arena, id, FIELD_LOCATION), plan->location->id) == 0)
            continue;
        report_conflict(plan, emission, snapshot_fact(snapshot, arena, id, FIELD_SOURCE));
        emission->entity = NULL;
    }
}

static gboolean is_unchanged(const CatalogRow *row, const CatalogRow *old)
{
    return old && g_strcmp0(row->parent, old->parent) == 0 &&
           g_str_equal(row->source, old->source) && value_equal(row->entity, old->entity) &&
           value_count(row->status) == value_count(old->status) &&
           (value_count(row->status) == 0 || value_equal(row->status, old->status));
}

static void plan_emission(Plan *plan, const Emission *emission)
{
    const CatalogRow *old = g_hash_table_lookup(plan->rows, emission->ref);
    CatalogRow *row = arena_new0(plan->arena, CatalogRow, 1);
    g_autofree char *id = clock_new_id();

    if (!emission->entity && !old)
        return;
    *row = (CatalogRow){.ref = emission->ref,
                        .uid = old ? old->uid : arena_strdup(plan->arena, id),
                        .parent = emission->parent,
                        .location_id = plan->location->id,
                        .source = emission->source,
                        .entity = emission->entity ? emission->entity : old->entity,
                        .status = value_count(emission->status) ? emission->status : NULL};
    if (is_unchanged(row, old))
        return;
    history_succeed(row, old, plan->actor, emission->revision);
    g_ptr_array_add(plan->changed, row);
}

/* Whether something that was not named this time stays: its file could not be read, or what named
 * it is itself only there in an earlier version. */
static gboolean stays(Plan *plan, const CatalogRow *row, int depth)
{
    const CatalogRow *parent = row->parent ? g_hash_table_lookup(plan->rows, row->parent) : NULL;
    const Emission *named = row->parent ? g_hash_table_lookup(plan->emitted, row->parent) : NULL;

    if (g_hash_table_contains(plan->reading->failed, row->source))
        return TRUE;
    if (named)
        return named->entity == NULL;
    return parent && depth < 32 && stays(plan, parent, depth + 1);
}

/* Its file cannot be read any more, which its readers learn on it. */
static void plan_staying(Plan *plan, const CatalogRow *old)
{
    const Value *why = g_hash_table_lookup(plan->reading->failed, old->source);
    CatalogRow *row = arena_new0(plan->arena, CatalogRow, 1);

    if (value_count(why) == 0)
        return;
    *row = *old;
    row->status = why;
    if (!is_unchanged(row, old))
        g_ptr_array_add(plan->changed, row);
}

static void plan_removals(Plan *plan)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, plan->rows);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const CatalogRow *row = value;

        if (g_hash_table_contains(plan->emitted, row->ref))
            continue;
        if (stays(plan, row, 0))
            plan_staying(plan, row);
        else
            g_ptr_array_add(plan->removed, (gpointer)row);
    }
}

static void make_plan(Plan *plan, const GPtrArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        g_hash_table_insert(plan->rows, (gpointer)((CatalogRow *)rows->pdata[i])->ref,
                            rows->pdata[i]);
    for (guint i = 0; i < plan->reading->emissions->len; i++) {
        Emission *emission = plan->reading->emissions->pdata[i];

        g_hash_table_insert(plan->emitted, (gpointer)emission->ref, emission);
    }
    settle_invalid(plan);
    settle_conflicts(plan);
    for (guint i = 0; i < plan->reading->emissions->len; i++)
        plan_emission(plan, plan->reading->emissions->pdata[i]);
    plan_removals(plan);
}

/* ---- writing ---- */

/* old NULL: it is new; equal to row: it is deleted. */
static void append_event(DbConn *tx, Arena *arena, const CatalogRow *old, const CatalogRow *row,
                         const char *verb, const char *actor)
{
    Value *payload = value_object_new(arena);

    value_set_string(arena, payload, "kind", value_path_string(row->entity, "kind", NULL));
    value_set_string(arena, payload, "namespace",
                     value_path_string(row->entity, "metadata.namespace", NULL));
    value_set_string(arena, payload, "name", value_path_string(row->entity, "metadata.name", NULL));
    value_set_string(arena, payload, "location", row->source);
    value_set_bool(arena, payload, "valid", value_count(row->status) == 0);
    history_describe(arena, payload, old, row);
    events_append(tx, &(Event){.type = arena_printf(arena, "dev.pave.catalog.entity.%s", verb),
                               .source = "/pave/catalog",
                               .subject = row->ref,
                               .subject_uid = row->uid,
                               .actor = actor,
                               .payload = payload});
}

static gboolean write_plan(DbConn *tx, void *data, GError **error)
{
    Plan *plan = data;

    for (guint i = 0; i < plan->removed->len; i++) {
        const CatalogRow *row = plan->removed->pdata[i];

        if (!store_remove_row(tx, row->ref, error) ||
            !history_record(tx, row, NULL, plan->actor, error))
            return FALSE;
        append_event(tx, plan->arena, row, row, "deleted", plan->actor);
    }
    for (guint i = 0; i < plan->changed->len; i++) {
        const CatalogRow *row = plan->changed->pdata[i];
        const CatalogRow *old = g_hash_table_lookup(plan->rows, row->ref);

        if (!store_put_row(tx, row, error) || !history_record(tx, old, row, plan->actor, error))
            return FALSE;
        append_event(tx, plan->arena, old, row, old ? "updated" : "created", plan->actor);
    }
    return store_set_sources(tx, plan->location->id, plan->reading->repositories, error);
}

static void apply_plan(const Plan *plan, int64_t seq)
{
    g_autoptr(GPtrArray) refs = g_ptr_array_new();

    for (guint i = 0; i < plan->removed->len; i++)
        g_ptr_array_add(refs, (gpointer)((CatalogRow *)plan->removed->pdata[i])->ref);
    index_apply(plan->catalog->index, plan->changed, refs, seq);
}

static gboolean carry_out(Plan *plan, GError **error)
{
    int64_t seq;

    if (plan->changed->len + plan->removed->len == 0)
        return TRUE;
    if (!db_write(plan->catalog->db, write_plan, plan, &seq, error))
        return FALSE;
    apply_plan(plan, seq);
    return TRUE;
}

static gboolean ingest(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                       const char *actor, Diagnostics *diagnostics, GError **error)
{
    g_autoptr(GHashTable) rows = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) emitted = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    g_autoptr(GPtrArray) removed = g_ptr_array_new();
    g_autoptr(Reading) reading = location_read(catalog, arena, location, diagnostics);
    g_autoptr(GPtrArray) there = store_rows(db_reader(catalog->db), arena, location->id, error);
    Plan plan = {.catalog = catalog,
                 .arena = arena,
                 .location = location,
                 .reading = reading,
                 .actor = actor,
                 .rows = rows,
                 .emitted = emitted,
                 .changed = changed,
                 .removed = removed};

    if (!there)
        return FALSE;
    make_plan(&plan, there);
    return carry_out(&plan, error);
}

gboolean location_ingest(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                         const char *actor, Diagnostics *diagnostics, GError **error)
{
    gboolean done;

    if (discovery_is_provider(location))
        return discovery_read(catalog, arena, location, error);
    pthread_mutex_lock(&catalog->ingest_lock);
    done = ingest(catalog, arena, location, actor, diagnostics, error);
    pthread_mutex_unlock(&catalog->ingest_lock);
    return done;
}

/* ---- taking out ---- */

typedef struct {
    const CatalogLocation *location; /* NULL: the entities alone */
    const GPtrArray *rows;
    Arena *arena;
    const char *actor;
} Removal;

static gboolean write_removal(DbConn *tx, void *data, GError **error)
{
    const Removal *removal = data;

    for (guint i = 0; i < removal->rows->len; i++) {
        const CatalogRow *row = removal->rows->pdata[i];

        if (!store_remove_row(tx, row->ref, error) ||
            !history_record(tx, row, NULL, removal->actor, error))
            return FALSE;
        append_event(tx, removal->arena, row, row, "deleted", removal->actor);
    }
    return !removal->location || store_remove_location(tx, removal->location->id, error);
}

static gboolean remove_entities(Catalog *catalog, const CatalogLocation *location,
                                GPtrArray *removed, Arena *arena, const char *actor, GError **error)
{
    Removal removal = {location, removed, arena, actor};
    g_autoptr(GPtrArray) refs = g_ptr_array_new();
    int64_t seq;

    if (!db_write(catalog->db, write_removal, &removal, &seq, error))
        return FALSE;
    for (guint i = 0; i < removed->len; i++)
        g_ptr_array_add(refs, (gpointer)((CatalogRow *)removed->pdata[i])->ref);
    index_apply(catalog->index, NULL, refs, seq);
    return TRUE;
}

gboolean location_remove(Catalog *catalog, const CatalogLocation *location, const char *actor,
                         GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GPtrArray) rows = NULL;
    gboolean done;

    pthread_mutex_lock(&catalog->ingest_lock);
    rows = store_rows(db_reader(catalog->db), arena, location->id, error);
    done = rows && remove_entities(catalog, location, rows, arena, actor, error);
    pthread_mutex_unlock(&catalog->ingest_lock);
    return done;
}

gboolean entity_remove(Catalog *catalog, const char *ref, const char *actor, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    CatalogRow *row;
    gboolean done;

    pthread_mutex_lock(&catalog->ingest_lock);
    row = store_row(db_reader(catalog->db), arena, ref, error);
    if (row)
        g_ptr_array_add(rows, row);
    done = row && remove_entities(catalog, NULL, rows, arena, actor, error);
    pthread_mutex_unlock(&catalog->ingest_lock);
    return done;
}
