/* All of the catalog as YAML, as it comes. */
#include "catalog/editing/export.h"
#include "catalog/query/query.h"
#include "formats/json.h"

#define PAGE_ROWS 20000
#define CHUNK_BYTES ((gsize)256 << 10)

typedef struct {
    const Snapshot *snapshot;
    QueryMemory *memory;
    gboolean raw;
    Response *response;
    GString *pending;
} Export;

static gboolean send_pending(Export *export)
{
    gboolean sent =
        response_stream_write(export->response, export->pending->str, export->pending->len, NULL);

    g_string_truncate(export->pending, 0);
    return sent;
}

static gboolean add_hit(Export *export, EntityId id)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);

    export_entity(arena, snapshot_value(export->snapshot, arena, id), export->raw, export->pending);
    return export->pending->len < CHUNK_BYTES || send_pending(export);
}

/* FALSE at the end, or where the client went away. */
static gboolean add_page(Export *export, const QueryMatch *match, guint64 offset)
{
    static const QueryOrder orders[] = {{"kind", FALSE}, {"metadata.namespace", FALSE}};
    const QueryPageRequest request = {.orders = orders,
                                      .order_count = G_N_ELEMENTS(orders),
                                      .offset = offset,
                                      .limit = PAGE_ROWS};
    g_auto(QueryPage) page = {0};

    query_page(match, &request, &page);
    for (guint i = 0; i < page.hits->len; i++)
        if (!add_hit(export, g_array_index(page.hits, EntityId, i)))
            return FALSE;
    return page.hits->len == PAGE_ROWS;
}

static void add_all(Export *export, const Predicate *predicate)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const QueryView *view = query_view_new(arena, export->snapshot, export->memory);
    g_autoptr(QueryMatch) match = query_match_new(view, predicate);
    guint64 offset = 0;

    while (add_page(export, match, offset))
        offset += PAGE_ROWS;
}

static gboolean check_format(const Request *request, GError **error)
{
    static const char *const names[] = {"filter", "format", "raw", NULL};
    const char *format = request_query(request, "format");

    if (!catalog_check_parameters(request, names, error))
        return FALSE;
    if (!format || g_str_equal(format, "yaml"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "The catalog is exported as yaml, not as %s",
                format);
    return FALSE;
}

Response *catalog_api_export(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = NULL;
    g_autoptr(GString) pending = g_string_sized_new(CHUNK_BYTES + 65536);
    Export export = {.memory = catalog->memory,
                     .raw = g_strcmp0(request_query(request, "raw"), "true") == 0,
                     .pending = pending};
    const Predicate *predicate =
        check_format(request, error) ? catalog_filters_of(request, error) : NULL;

    if (!predicate)
        return NULL;
    snapshot = index_acquire(catalog->index);
    export.snapshot = snapshot;
    export.response = response_stream_begin(request, 200, "application/yaml; charset=utf-8");
    response_header(export.response, "Content-Disposition", "inline; filename=\"catalog.yaml\"");
    add_all(&export, export_selection(request_arena(request), predicate, export.raw));
    if (pending->len > 0)
        send_pending(&export);
    return response_stream_end(export.response);
}
