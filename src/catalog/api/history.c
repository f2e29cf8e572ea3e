/* What an entity was: its changes, and any past state. */
#include "catalog/catalog_internal.h"
#include <string.h>

#define CHANGES_MAX 200

static const char *change_of(const HistoryVersion *version)
{
    return !version->entity ? "deleted" : version->version == 1 ? "created" : "updated";
}

/* The file as it was at the version's revision. */
static const char *url_of(Catalog *catalog, Arena *arena, const HistoryVersion *version)
{
    ForgeLocation at;
    Source source;

    if (!version->revision || !catalog->forge ||
        !source_parse(arena, version->source, &source, NULL) || !g_str_equal(source.type, "url") ||
        !forge_parse_url(catalog->forge, arena, source.target, &at, NULL))
        return NULL;
    if (forge_kind_of_host(catalog->forge, at.host) == FORGE_BUILTIN) {
        const Value *repository = forge_get(catalog->forge, arena, at.owner, at.name, NULL);

        return arena_printf(arena, "%s/blob/%s/%s", value_path_string(repository, "htmlUrl", ""),
                            version->revision, at.path);
    }
    return arena_printf(arena, "https://%s/%s/%s/blob/%s/%s", at.host, at.owner, at.name,
                        version->revision, at.path);
}

static Value *describe(Catalog *catalog, Arena *arena, const HistoryVersion *version)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "id", history_version_id(arena, version));
    value_set(arena, value, "at", clock_value(arena, version->at));
    value_set_string(arena, value, "change", change_of(version));
    value_set_nullable(arena, value, "actor", version->actor);
    value_set_nullable(arena, value, "revision", version->revision);
    value_set_nullable(arena, value, "url", url_of(catalog, arena, version));
    return value;
}

/* before is the version that follows in the list, the next older one. */
static Value *item_of(Catalog *catalog, Arena *arena, const HistoryVersion *version,
                      const HistoryVersion *before)
{
    Value *item = describe(catalog, arena, version);
    gboolean truncated = FALSE;
    gboolean comparable = before && g_str_equal(before->uid, version->uid) && before->entity &&
                          before->version + 1 == version->version && version->entity;

    value_set(arena, item, "changes",
              comparable
                  ? history_changes(arena, before->entity, version->entity, CHANGES_MAX, &truncated)
                  : value_array_new(arena));
    if (truncated)
        value_set_bool(arena, item, "truncated", true);
    return item;
}

Response *catalog_api_history(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const char *ref = catalog_ref_of_path(request), *before = request_query(request, "before");
    g_autoptr(GPtrArray) versions = NULL;
    Value *items = value_array_new(arena);
    int64_t limit;

    if (!request_query_int(request, "limit", 1, 100, 20, &limit, error))
        return NULL;
    /* One more, which the last one is compared with. */
    versions = history_read(catalog, arena, ref, before, (guint)limit + 1, error);
    if (!versions)
        return NULL;
    if (versions->len == 0 && !before) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No such entity %s, now or before", ref);
        return NULL;
    }
    for (guint i = 0; i < versions->len && i < limit; i++)
        value_append(arena, items,
                     item_of(catalog, arena, versions->pdata[i],
                             i + 1 < versions->len ? versions->pdata[i + 1] : NULL));
    return response_items(request, items);
}

Response *catalog_api_history_version(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const char *ref = catalog_ref_of_path(request), *id = request_param(request, "id");
    const HistoryVersion *version = history_find(catalog, arena, ref, id, error);
    Value *reply;

    if (!version)
        return NULL;
    reply = describe(catalog, arena, version);
    value_set(arena, reply, "entity", version->entity ? version->entity : value_null_new(arena));
    return response_json(request, 200, reply);
}
