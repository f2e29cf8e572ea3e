/* Lists of entities: pages and cursors. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define PAGE_DEFAULT 200
#define PAGE_MAX 100000

static void catalog_write_entity(GString *out, Arena *arena, const CatalogEntity *entity,
                                 const char *const *fields)
{
    json_write(out, fields_project(arena, entity->value, fields), JSON_COMPACT);
}

static void write_entities(GString *out, Arena *arena, const GPtrArray *entities, guint first,
                           guint count, const char *const *fields)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        catalog_write_entity(out, arena, entities->pdata[first + i], fields);
    }
    g_string_append_c(out, ']');
}

static Response *json_response(GString *out)
{
    gsize length = out->len;

    return response_take(200, "application/json; charset=utf-8", g_string_free(out, FALSE), length);
}

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

/* ---- GET /entities ---- */

/* "asc:<path>" or "desc:<path>". */
static gboolean parse_orders(Request *request, OrderField **orders, guint *count, GError **error)
{
    const char *const *texts = request_query_all(request, "order");

    *count = 0;
    *orders = arena_new0(request_arena(request), OrderField, g_strv_length((char **)texts) + 1);
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
            (OrderField){text_fold(request_arena(request), colon + 1), descending};
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
static char *next_link(Request *request, const Page *page)
{
    g_autoptr(GString) link = g_string_new("</entities?");
    g_autofree char *json =
        g_strdup_printf("{\"limit\":%" G_GINT64_FORMAT ",\"offset\":%" G_GINT64_FORMAT "}",
                        (gint64)page->limit, (gint64)(page->offset + page->limit));
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

static Response *entities_response(Request *request, const GPtrArray *entities, const Page *page,
                                   const char *const *fields)
{
    GString *out = g_string_new(NULL);
    guint first = (guint)MIN(page->offset, (int64_t)entities->len);
    guint left = entities->len - first;
    guint count = page->limit < 0 ? left : (guint)MIN(page->limit, (int64_t)left);
    Response *response;

    write_entities(out, request_arena(request), entities, first, count, fields);
    response = json_response(out);
    if (page->paged && count < left) {
        g_autofree char *link = next_link(request, page);

        response_header(response, "Link", link);
    }
    return response;
}

Response *catalog_api_entities(Request *request, void *room, GError **error)
{
    static const char *const known[] = {"fields", "limit", "offset", "after",
                                        "filter", "order", NULL};
    Catalog *catalog = room;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) entities = NULL;
    const char *const *fields;
    CatalogQuery query = {0};
    OrderField *orders;
    Page page = {0};

    if (!catalog_check_parameters(request, known, error) || !parse_page(request, &page, error) ||
        !parse_orders(request, &orders, &query.order_count, error) ||
        !fields_parse(request_arena(request), request_query_all(request, "fields"), &fields, error))
        return NULL;
    query.predicate = catalog_filters_of(request, error);
    if (!query.predicate)
        return NULL;
    query.orders = orders;
    query.by_ref = page.paged;
    query.missing_excluded = !page.paged;
    if (!page.paged)
        query.order_count = MIN(query.order_count, 1);
    entities = query_select(snapshot, request_arena(request), &query);
    return entities_response(request, entities, &page, fields);
}

/* ---- by-query: the request, as a value that a cursor can carry ---- */

/* {filter: [texts]} or {query: predicate}, and orderFields, fullTextFilter; a cursor adds where it
 * stands: isPrevious, orderFieldValues, totalItems. */
typedef struct {
    const Value *state;
    int64_t limit, offset;
    gboolean count_items;
    const char *const *fields;
} QueryRequest;

static const Value *texts_value(Arena *arena, const char *const *texts)
{
    Value *list = value_array_new(arena);

    for (; texts && *texts; texts++)
        value_append(arena, list, value_string_new(arena, *texts));
    return list;
}

const char **catalog_texts(Arena *arena, const Value *list)
{
    const char **texts = arena_new0(arena, const char *, value_count(list) + 1);

    for (guint i = 0; i < value_count(list); i++)
        texts[i] = value_string(value_item(list, i), "");
    return texts;
}

static Value *order_value(Arena *arena, const char *field, const char *order)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "field", field);
    value_set_string(arena, value, "order", order);
    return value;
}

/* "path", "path,asc" or "path,desc". */
static const Value *order_fields(Request *request, GError **error)
{
    Arena *arena = request_arena(request);
    Value *orders = value_array_new(arena);

    for (const char *const *text = request_query_all(request, "orderField"); *text; text++) {
        const char *comma = strchr(*text, ',');
        const char *order = comma ? comma + 1 : "asc";
        const char *field = comma ? arena_strndup(arena, *text, (gsize)(comma - *text)) : *text;

        if (!g_str_equal(order, "asc") && !g_str_equal(order, "desc")) {
            g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                        "Invalid order field order, must be asc or desc");
            return NULL;
        }
        value_append(arena, orders, order_value(arena, field, order));
    }
    return orders;
}

static const Value *full_text(Request *request)
{
    Arena *arena = request_arena(request);
    const char *term = request_query(request, "fullTextFilterTerm");
    Value *filter = value_object_new(arena), *fields = value_array_new(arena);

    if (!term)
        return NULL;
    value_set_string(arena, filter, "term", g_strstrip(arena_strdup(arena, term)));
    for (const char *const *text = request_query_all(request, "fullTextFilterFields"); *text;
         text++) {
        g_auto(GStrv) parts = g_strsplit(*text, ",", 100);

        for (char **part = parts; *part; part++)
            value_append(arena, fields, value_string_new(arena, g_strstrip(*part)));
    }
    if (value_count(fields) > 0)
        value_set(arena, filter, "fields", fields);
    return filter;
}

static const Value *parse_cursor(Arena *arena, const char *cursor, GError **error)
{
    gsize length;
    g_autofree guchar *text = g_base64_decode(cursor, &length);
    g_autoptr(GError) reason = NULL;
    const Value *state = json_parse(arena, text ? (const char *)text : "", (gssize)length, &reason);

    if (value_is(state, VALUE_OBJECT) && value_get(state, "orderFieldValues"))
        return state;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Malformed cursor: %s",
                reason ? reason->message : "it is none of ours");
    return NULL;
}

static gboolean parse_query(Request *request, QueryRequest *query, GError **error)
{
    Arena *arena = request_arena(request);
    const char *cursor = request_query(request, "cursor");
    Value *state = value_object_new(arena);
    const Value *orders = order_fields(request, error);

    if (!orders || !catalog_query_int(request, "limit", 0, PAGE_DEFAULT, &query->limit, error) ||
        !catalog_query_int(request, "offset", 0, 0, &query->offset, error) ||
        !fields_parse(arena, request_query_all(request, "fields"), &query->fields, error))
        return FALSE;
    query->count_items = g_strcmp0(request_query(request, "totalItems"), "exclude") != 0;
    query->state = cursor ? parse_cursor(arena, cursor, error) : state;
    if (cursor)
        return query->state != NULL;
    value_set(arena, state, "filter", texts_value(arena, request_query_all(request, "filter")));
    value_set(arena, state, "orderFields", orders);
    value_set(arena, state, "fullTextFilter", full_text(request));
    return catalog_filters_of(request, error) != NULL;
}

static const Value *body_orders(Arena *arena, const Value *body)
{
    const Value *orders = value_get(body, "orderBy");
    Value *list = value_array_new(arena);

    if (value_is(orders, VALUE_OBJECT))
        value_append(arena, list, orders);
    return value_is(orders, VALUE_ARRAY) ? orders : list;
}

static gboolean parse_query_body(Request *request, const Value *body, QueryRequest *query,
                                 GError **error)
{
    Arena *arena = request_arena(request);
    const char *cursor = value_path_string(body, "cursor", NULL);
    Value *state = value_object_new(arena);

    if (!fields_parse(arena, catalog_texts(arena, value_get(body, "fields")), &query->fields,
                      error))
        return FALSE;
    query->limit = value_int(value_get(body, "limit"), PAGE_DEFAULT);
    query->offset = value_int(value_get(body, "offset"), 0);
    if (query->limit < 0 || query->offset < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "request/body/limit must be >= 0");
        return FALSE;
    }
    query->count_items = !g_str_equal(value_path_string(body, "totalItems", ""), "exclude");
    query->state = cursor ? parse_cursor(arena, cursor, error) : state;
    value_set(arena, state, "query", value_get(body, "query"));
    value_set(arena, state, "orderFields", body_orders(arena, body));
    value_set(arena, state, "fullTextFilter", value_get(body, "fullTextFilter"));
    return query->state != NULL;
}

/* ---- by-query: the answer ---- */

static gboolean compile(Arena *arena, const Value *state, CatalogQuery *query, GError **error)
{
    const Value *orders = value_get(state, "orderFields");
    const Value *term = value_path(state, "fullTextFilter.term");
    const char **fields = catalog_texts(arena, value_path(state, "fullTextFilter.fields"));
    OrderField *order = arena_new0(arena, OrderField, 1);

    *query = (CatalogQuery){.orders = order, .missing_excluded = TRUE, .term_fields = fields};
    query->predicate = value_get(state, "query")
                           ? predicate_from_value(arena, value_get(state, "query"), error)
                           : predicate_from_filters(
                                 arena, catalog_texts(arena, value_get(state, "filter")), error);
    if (!query->predicate)
        return FALSE;
    if (value_count(orders) > 0) {
        const Value *first = value_item(orders, 0);

        *order = (OrderField){text_fold(arena, value_path_string(first, "field", "")),
                              g_str_equal(value_path_string(first, "order", "asc"), "desc")};
        query->order_count = 1;
    }
    query->term = text_fold(arena, g_strstrip(arena_strdup(arena, value_string(term, ""))));
    for (; *fields; fields++)
        *fields = text_fold(arena, *fields);
    return TRUE;
}

/* Where entity stands to the place a cursor names: by its order value, then by its uid. */
static int compare_to_place(const CatalogEntity *entity, const CatalogQuery *query,
                            const Value *place)
{
    const char *uid = value_string(value_item(place, value_count(place) - 1), "");
    int order = 0;

    if (query->order_count)
        order = strcmp(query_order_value(entity, query->orders[0].field),
                       value_string(value_item(place, 0), ""));
    if (order)
        return query->orders[0].descending ? -order : order;
    return strcmp(entity->uid, uid);
}

/* The range of entities a request asks for. */
static void find_page(const GPtrArray *entities, const CatalogQuery *query,
                      const QueryRequest *request, guint *first, guint *count)
{
    const Value *place = value_get(request->state, "orderFieldValues");
    gboolean backwards = value_bool(value_get(request->state, "isPrevious"), false);
    guint limit = (guint)MIN(request->limit, PAGE_MAX), at = 0;

    if (!place) {
        *first = (guint)MIN(request->offset, (int64_t)entities->len);
        *count = MIN(limit, entities->len - *first);
        return;
    }
    while (at < entities->len &&
           compare_to_place(entities->pdata[at], query, place) < (backwards ? 0 : 1))
        at++;
    *first = backwards ? at - MIN(limit, at) : at;
    *count = backwards ? at - *first : MIN(limit, entities->len - at);
}

/* A cursor that goes on behind entity, or before it. */
static const Value *cursor_value(Arena *arena, const Value *state, const CatalogQuery *query,
                                 const CatalogEntity *entity, gboolean backwards, guint total)
{
    Value *cursor = value_clone_shallow(arena, state), *place = value_array_new(arena);
    g_autofree char *json = NULL, *encoded = NULL;

    if (query->order_count)
        value_append(arena, place,
                     value_string_new(arena, query_order_value(entity, query->orders[0].field)));
    value_append(arena, place, value_string_new(arena, entity->uid));
    value_set(arena, cursor, "orderFieldValues", place);
    value_set_bool(arena, cursor, "isPrevious", backwards);
    value_set_int(arena, cursor, "totalItems", total);
    json = json_to_string(cursor, JSON_COMPACT);
    encoded = g_base64_encode((const guchar *)json, strlen(json));
    return value_string_new(arena, encoded);
}

static const Value *page_info(Arena *arena, const QueryRequest *request, const CatalogQuery *query,
                              const GPtrArray *entities, guint first, guint count)
{
    Value *info = value_object_new(arena);
    gboolean by_cursor = value_get(request->state, "orderFieldValues") != NULL;

    if (count == 0)
        return info;
    if (first + count < entities->len)
        value_set(arena, info, "nextCursor",
                  cursor_value(arena, request->state, query, entities->pdata[first + count - 1],
                               FALSE, entities->len));
    if (by_cursor && first > 0)
        value_set(arena, info, "prevCursor",
                  cursor_value(arena, request->state, query, entities->pdata[first], TRUE,
                               entities->len));
    return info;
}

static Response *answer_query(Request *request, Catalog *catalog, const QueryRequest *asked,
                              GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) entities = NULL;
    CatalogQuery query;
    GString *out;
    guint first, count;

    if (!compile(arena, asked->state, &query, error))
        return NULL;
    entities = query_select(snapshot, arena, &query);
    find_page(entities, &query, asked, &first, &count);
    out = g_string_new("{\"items\":");
    write_entities(out, arena, entities, first, count, asked->fields);
    g_string_append_printf(
        out, ",\"totalItems\":%u,\"pageInfo\":", asked->count_items ? entities->len : 0);
    json_write(out, page_info(arena, asked, &query, entities, first, count), JSON_COMPACT);
    g_string_append_c(out, '}');
    return json_response(out);
}

Response *catalog_api_query(Request *request, void *room, GError **error)
{
    static const char *const known[] = {"fields",
                                        "limit",
                                        "offset",
                                        "orderField",
                                        "cursor",
                                        "filter",
                                        "totalItems",
                                        "fullTextFilterTerm",
                                        "fullTextFilterFields",
                                        NULL};
    QueryRequest query = {0};

    if (!catalog_check_parameters(request, known, error) || !parse_query(request, &query, error))
        return NULL;
    return answer_query(request, room, &query, error);
}

Response *catalog_api_query_post(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);
    QueryRequest query = {0};

    if (!body || !parse_query_body(request, body, &query, error))
        return NULL;
    return answer_query(request, room, &query, error);
}
