/* GET /entities: all of them, or a page. */
#include "catalog/catalog_internal.h"
#include "catalog/query/listing.h"
#include "formats/json.h"
#include <string.h>

#define ORDERS_MAX 4

const Predicate *catalog_filters_of(Request *request, GError **error)
{
    const char *const *filters = request_query_all(request, "filter");

    if (filters && filters[0] && !filters[1] && *filters[0] == '\0') {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Empty value found for query parameter 'filter'");
        return NULL;
    }
    return predicate_from_filters(request_arena(request), filters, error);
}

/* "asc:<path>" or "desc:<path>". */
static gboolean parse_orders(Request *request, QueryOrder **orders, guint *count, GError **error)
{
    const char *const *texts = request_query_all(request, "order");

    *count = 0;
    *orders = arena_new0(request_arena(request), QueryOrder, ORDERS_MAX);
    if (g_strv_length((char **)texts) > ORDERS_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "At most %d orders can be asked for",
                    ORDERS_MAX);
        return FALSE;
    }
    for (; *texts; texts++) {
        const char *colon = strchr(*texts, ':');
        gboolean descending = g_str_has_prefix(*texts, "desc:");

        if (!colon || !colon[1] || (!descending && !g_str_has_prefix(*texts, "asc:"))) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "Invalid order parameter \"%s\", expected \"<asc or desc>:<field name>\"",
                        *texts);
            return FALSE;
        }
        (*orders)[(*count)++] =
            (QueryOrder){text_fold(request_arena(request), colon + 1), descending};
    }
    return TRUE;
}

typedef struct {
    int64_t limit, offset; /* limit -1: all */
    gboolean paged;
} Page;

/* base64 of {"limit":…,"offset":…}. */
static gboolean parse_after(Arena *arena, const char *after, Page *page)
{
    gsize length;
    g_autofree guchar *text = g_base64_decode(after, &length);
    const Value *value = json_parse(arena, (const char *)text, (gssize)length, NULL);

    if (!value_is(value, VALUE_OBJECT))
        return FALSE;
    page->limit = value_int(value_get(value, "limit"), page->limit);
    page->offset = value_int(value_get(value, "offset"), 0);
    return page->limit != 0 && page->offset >= 0;
}

static gboolean parse_page(Request *request, Page *page, GError **error)
{
    const char *after = request_query(request, "after");

    if (!catalog_query_int(request, "limit", 0, -1, &page->limit, error) ||
        !catalog_query_int(request, "offset", 0, 0, &page->offset, error))
        return FALSE;
    if (page->limit == 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid limit, must be a positive integer");
        return FALSE;
    }
    page->paged = after || request_query(request, "limit") || request_query(request, "offset");
    if (!after || parse_after(request_arena(request), after, page))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Malformed after cursor, could not be parsed");
    return FALSE;
}

/* </entities?…&limit=2&after=…>; rel="next", with every parameter that was there. */
static char *next_link(Request *request, const Page *page, guint64 offset)
{
    g_autoptr(GString) link = g_string_new("</entities?");
    g_autofree char *json =
        g_strdup_printf("{\"limit\":%" G_GINT64_FORMAT ",\"offset\":%" G_GUINT64_FORMAT "}",
                        (gint64)page->limit, offset);
    g_autofree char *after = g_base64_encode((const guchar *)json, strlen(json));
    g_autofree char *escaped = g_uri_escape_string(after, NULL, FALSE);
    static const char *const kept[] = {"fields", "filter", "order", NULL};

    for (const char *const *name = kept; *name; name++)
        for (const char *const *value = request_query_all(request, *name); *value; value++) {
            g_autofree char *text = g_uri_escape_string(*value, NULL, FALSE);

            g_string_append_printf(link, "%s=%s&", *name, text);
        }
    g_string_append_printf(link, "limit=%" G_GINT64_FORMAT "&after=%s>; rel=\"next\"",
                           (gint64)page->limit, escaped);
    return g_string_free(g_steal_pointer(&link), FALSE);
}

/* Pages are by ref where no order is asked, as in Backstage: that is by kind, namespace and name.
 */
static const QueryOrder by_ref[] = {{"kind", FALSE}, {"metadata.namespace", FALSE}};

static gboolean parse_request(Request *request, QueryPageRequest *asked, Page *page, GError **error)
{
    QueryOrder *orders;
    guint count;

    if (!parse_page(request, page, error) || !parse_orders(request, &orders, &count, error))
        return FALSE;
    *asked = (QueryPageRequest){.orders = orders,
                                .order_count = page->paged ? count : MIN(count, 1),
                                .missing_excluded = !page->paged,
                                .offset = (guint64)page->offset,
                                .limit = page->limit < 0 ? G_MAXUINT64 : (guint64)page->limit};
    if (page->paged && count == 0) {
        asked->orders = by_ref;
        asked->order_count = G_N_ELEMENTS(by_ref);
    }
    return TRUE;
}

Response *catalog_api_entities(Request *request, void *room, GError **error)
{
    static const char *const known[] = {"fields", "limit", "offset", "after",
                                        "filter", "order", NULL};
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(request_arena(request), snapshot, catalog->memory);
    g_autoptr(QueryMatch) match = NULL;
    g_auto(QueryPage) found = {0};
    const Predicate *predicate;
    QueryPageRequest asked;
    const char *const *fields;
    Response *response;
    Page page = {0};

    if (!catalog_check_parameters(request, known, error) ||
        !parse_request(request, &asked, &page, error) ||
        !fields_parse(request_arena(request), request_query_all(request, "fields"), &fields, error))
        return NULL;
    predicate = catalog_filters_of(request, error);
    if (!predicate)
        return NULL;
    match = query_match_new(view, predicate);
    query_page(match, &asked, &found);
    if (found.cut && page.limit < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "Too many values to order by: ask for pages, with limit");
        return NULL;
    }
    response = listing_response(request, g_steal_pointer(&snapshot), g_array_ref(found.hits),
                                fields, "", "");
    if (page.paged && found.first + found.hits->len < found.total) {
        g_autofree char *link = next_link(request, &page, found.first + found.hits->len);

        response_header(response, "Link", link);
    }
    return response;
}
