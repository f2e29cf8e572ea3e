/* The versions of entities that were replaced, as rows. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>
#include <zstd.h>

#define STATE_BYTES_MAX ((unsigned long long)256 << 20)

static const char SQL_ADD_VERSION[] =
    "INSERT INTO catalog_history"
    " (ref, uid, version, at, ended_at, actor, revision, source, entity)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (ref, uid, version) DO NOTHING";
static const char SQL_VERSIONS[] =
    "SELECT ref, uid, version, at, actor, revision, source, entity FROM catalog_history"
    " WHERE ref = $1 AND (uid < $2 OR (uid = $2 AND version < $3))"
    " ORDER BY uid DESC, version DESC LIMIT $4";
static const char SQL_FORGET[] =
    "DELETE FROM catalog_history WHERE (ref, uid, version) IN"
    " (SELECT ref, uid, version FROM catalog_history WHERE ended_at < $1 ORDER BY ended_at"
    " LIMIT $2)";

/* After every uid there is. */
static const char LAST_UID[] = "~";

/* ---- entities as bytes ---- */

static GBytes *pack(const Value *entity)
{
    g_autofree char *text = json_to_string(entity, JSON_COMPACT);
    gsize length = strlen(text), bound = ZSTD_compressBound(length);
    char *bytes = g_malloc(bound);
    gsize packed = ZSTD_compress(bytes, bound, text, length, 3);

    g_assert(!ZSTD_isError(packed));
    return g_bytes_new_take(g_realloc(bytes, packed), packed);
}

static const Value *unpack(Arena *arena, GBytes *bytes)
{
    gsize length;
    const void *packed = g_bytes_get_data(bytes, &length);
    unsigned long long size = ZSTD_getFrameContentSize(packed, length);
    g_autofree char *text = NULL;

    if (size > STATE_BYTES_MAX)
        return NULL;
    text = g_malloc(size + 1);
    if (ZSTD_isError(ZSTD_decompress(text, size, packed, length)))
        return NULL;
    return json_parse(arena, text, (gssize)size, NULL);
}

/* ---- rows ---- */

gboolean store_add_version(DbConn *tx, const HistoryVersion *version, int64_t ended_at,
                           GError **error)
{
    g_autoptr(GBytes) entity = version->entity ? pack(version->entity) : NULL;

    return db_exec(tx, error, SQL_ADD_VERSION, "ttiiitttb", version->ref, version->uid,
                   version->version, version->at, ended_at, version->actor, version->revision,
                   version->source, entity) >= 0;
}

static HistoryVersion *version_at(Arena *arena, DbRows *rows)
{
    HistoryVersion *version = arena_new0(arena, HistoryVersion, 1);
    g_autoptr(GBytes) bytes = db_rows_blob(rows, 7);

    *version = (HistoryVersion){.ref = arena_strdup(arena, db_rows_text(rows, 0)),
                                .uid = arena_strdup(arena, db_rows_text(rows, 1)),
                                .version = db_rows_int(rows, 2),
                                .at = db_rows_int(rows, 3),
                                .actor = arena_strdup(arena, db_rows_text(rows, 4)),
                                .revision = arena_strdup(arena, db_rows_text(rows, 5)),
                                .source = arena_strdup(arena, db_rows_text(rows, 6)),
                                .entity = bytes ? unpack(arena, bytes) : NULL};
    if (bytes && !version->entity)
        g_warning("catalog: a version of %s cannot be read", version->ref);
    return version;
}

GPtrArray *store_versions(DbConn *conn, Arena *arena, const char *ref, const char *before_uid,
                          int64_t before, guint limit, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_VERSIONS, "ttii", ref,
                                      before_uid ? before_uid : LAST_UID, before, (int64_t)limit);
    g_autoptr(GPtrArray) versions = g_ptr_array_new();

    while (rows && db_rows_next(rows))
        g_ptr_array_add(versions, version_at(arena, rows));
    if (!rows || db_rows_error(rows, error))
        return NULL;
    return g_steal_pointer(&versions);
}

int64_t store_forget_versions(DbConn *tx, int64_t before, int64_t limit, GError **error)
{
    return db_exec(tx, error, SQL_FORGET, "ii", before, limit);
}
