/* What an entity was before: which version a row holds, what it replaced, and for how long that is
 * kept. */
#include "catalog/catalog_internal.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define KEEP_DEFAULT_MS ((int64_t)365 * 24 * 3600 * 1000)
#define KEEP_ROUND_S 3600
#define FORGET_ROWS 1000
#define EVENT_PATHS_MAX 50
#define VERSION_MAX ((gint64)1 << 53)

/* ---- recording ---- */

void history_succeed(CatalogRow *row, const CatalogRow *old, const char *actor,
                     const char *revision)
{
    if (old && value_equal(row->entity, old->entity)) {
        row->version = old->version;
        row->changed_at = old->changed_at;
        row->actor = old->actor;
        row->revision = old->revision;
        return;
    }
    row->version = old ? old->version + 1 : 1;
    row->changed_at = clock_now_ms();
    row->actor = actor;
    row->revision = revision;
}

static HistoryVersion version_of_row(const CatalogRow *row)
{
    return (HistoryVersion){.ref = row->ref,
                            .uid = row->uid,
                            .source = row->source,
                            .version = row->version,
                            .at = row->changed_at,
                            .actor = row->actor,
                            .revision = row->revision,
                            .entity = row->entity};
}

static gboolean record_deletion(DbConn *tx, const CatalogRow *old, const char *actor,
                                GError **error)
{
    HistoryVersion kept = version_of_row(old), end = kept;

    end.version++;
    end.at = clock_now_ms();
    end.actor = actor;
    end.revision = NULL;
    end.entity = NULL;
    return store_add_version(tx, &kept, end.at, error) &&
           store_add_version(tx, &end, end.at, error);
}

gboolean history_record(DbConn *tx, const CatalogRow *old, const CatalogRow *row, const char *actor,
                        GError **error)
{
    HistoryVersion kept;

    if (!old || (row && row->version == old->version))
        return TRUE;
    if (!row)
        return record_deletion(tx, old, actor, error);
    kept = version_of_row(old);
    return store_add_version(tx, &kept, row->changed_at, error);
}

void history_describe(Arena *arena, Value *payload, const CatalogRow *old, const CatalogRow *row)
{
    Value *paths;
    const Value *changes;

    value_set_int(arena, payload, "version", row->version);
    value_set_string(arena, payload, "revision", row->revision);
    if (!old || old == row)
        return;
    paths = value_array_new(arena);
    changes = history_changes(arena, old->entity, row->entity, EVENT_PATHS_MAX, NULL);
    for (guint i = 0; i < value_count(changes); i++)
        value_append(arena, paths, value_get(value_item(changes, i), "path"));
    if (!value_equal(row->status ? row->status : value_array_new(arena),
                     old->status ? old->status : value_array_new(arena)))
        value_append(arena, paths, value_string_new(arena, "status"));
    value_set(arena, payload, "changes", paths);
}

/* ---- reading ---- */

const char *history_version_id(Arena *arena, const HistoryVersion *version)
{
    return arena_printf(arena, "%s-%" G_GINT64_FORMAT, version->uid, version->version);
}

/* The uid and version of an id. */
static gboolean parse_id(Arena *arena, const char *id, const char **uid, int64_t *version,
                         GError **error)
{
    const char *dash = strrchr(id, '-');
    gint64 number;

    if (dash && dash > id &&
        g_ascii_string_to_signed(dash + 1, 10, 1, VERSION_MAX, &number, NULL)) {
        *uid = arena_strndup(arena, id, (gsize)(dash - id));
        *version = number;
        return TRUE;
    }
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "\"%s\" is no version of an entity", id);
    return FALSE;
}

/* The version that stands, unless it is not older than (uid, version); NULL where there is none. */
static gboolean add_standing(Catalog *catalog, Arena *arena, const char *ref, const char *uid,
                             int64_t version, GPtrArray *versions, GError **error)
{
    GError *why = NULL;
    const CatalogRow *row = store_row(db_reader(catalog->db), arena, ref, &why);
    HistoryVersion *standing;

    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    if (!row || !row->entity)
        return TRUE;
    if (uid &&
        (strcmp(row->uid, uid) > 0 || (g_str_equal(row->uid, uid) && row->version >= version)))
        return TRUE;
    standing = arena_new0(arena, HistoryVersion, 1);
    *standing = version_of_row(row);
    g_ptr_array_add(versions, standing);
    return TRUE;
}

GPtrArray *history_read(Catalog *catalog, Arena *arena, const char *ref, const char *before,
                        guint limit, GError **error)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    g_autoptr(GPtrArray) replaced = NULL;
    const char *uid = NULL;
    int64_t version = 0;

    if ((before && !parse_id(arena, before, &uid, &version, error)) ||
        !add_standing(catalog, arena, ref, uid, version, versions, error))
        return NULL;
    replaced = store_versions(db_reader(catalog->db), arena, ref, uid, version, limit, error);
    if (!replaced)
        return NULL;
    for (guint i = 0; i < replaced->len && versions->len < limit; i++)
        g_ptr_array_add(versions, replaced->pdata[i]);
    return g_steal_pointer(&versions);
}

const HistoryVersion *history_find(Catalog *catalog, Arena *arena, const char *ref, const char *id,
                                   GError **error)
{
    g_autoptr(GPtrArray) versions = NULL;
    const char *uid;
    int64_t version;

    if (!parse_id(arena, id, &uid, &version, error))
        return NULL;
    versions =
        history_read(catalog, arena, ref,
                     arena_printf(arena, "%s-%" G_GINT64_FORMAT, uid, version + 1), 1, error);
    if (!versions)
        return NULL;
    if (versions->len > 0 && g_str_equal(history_version_id(arena, versions->pdata[0]), id))
        return versions->pdata[0];
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "%s has no version %s", ref, id);
    return NULL;
}

/* ---- forgetting ---- */

struct HistoryKeeper {
    Db *db;
    int64_t keep_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean stopping;
};

typedef struct {
    int64_t before, forgotten;
} Forgetting;

static gboolean write_forgetting(DbConn *tx, void *data, GError **error)
{
    Forgetting *forgetting = data;

    forgetting->forgotten = store_forget_versions(tx, forgetting->before, FORGET_ROWS, error);
    return forgetting->forgotten >= 0;
}

/* In pieces, between which others write. */
gboolean history_forget(Db *db, int64_t before, GError **error)
{
    Forgetting forgetting = {.before = before};

    do {
        if (!db_write(db, write_forgetting, &forgetting, NULL, error))
            return FALSE;
    } while (forgetting.forgotten == FORGET_ROWS);
    return TRUE;
}

static gboolean wait_for_next(HistoryKeeper *keeper)
{
    struct timespec until;
    gboolean stopping;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += KEEP_ROUND_S;
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->stopping &&
           pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until) != ETIMEDOUT)
        ;
    stopping = keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return !stopping;
}

static void *keep(void *data)
{
    HistoryKeeper *keeper = data;

    while (wait_for_next(keeper)) {
        g_autoptr(GError) error = NULL;

        if (!history_forget(keeper->db, clock_now_ms() - keeper->keep_ms, &error))
            g_warning("catalog: the history was not shortened: %s", error->message);
    }
    return NULL;
}

HistoryKeeper *history_keeper_new(Db *db, const Config *config)
{
    int64_t keep_ms = config_duration_ms(config, "catalog.history.keep", KEEP_DEFAULT_MS);
    HistoryKeeper *keeper;

    /* 0: for ever. */
    if (keep_ms <= 0)
        return NULL;
    keeper = g_new0(HistoryKeeper, 1);
    keeper->db = db;
    keeper->keep_ms = keep_ms;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->changed, NULL);
    g_assert(pthread_create(&keeper->thread, NULL, keep, keeper) == 0);
    return keeper;
}

void history_keeper_free(HistoryKeeper *keeper)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = TRUE;
    pthread_cond_signal(&keeper->changed);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    pthread_mutex_destroy(&keeper->lock);
    pthread_cond_destroy(&keeper->changed);
    g_free(keeper);
}
