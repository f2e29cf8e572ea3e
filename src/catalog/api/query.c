/* Entities by query: decoded into a question that a cursor can carry, and answered. */
#include "catalog/catalog_internal.h"
#include "catalog/query/cursor.h"
#include "catalog/query/listing.h"
#include "formats/json.h"
#include <string.h>

#define PAGE_DEFAULT 200

/* ---- the request ---- */

typedef struct {
    const Value *state; /* the question, see cursor.h */
    int64_t limit, offset;
    gboolean count_items;
    const char *const *fields;
} QueryRequest;

/* What a cursor says holds instead of what the request says. */
static gboolean take_cursor(Arena *arena, const char *cursor, QueryRequest *query, GError **error)
{
    query->state = cursor_parse(arena, cursor, error);
    query->count_items = value_int(value_get(query->state, "totalItems"), 0) > 0;
    return query->state != NULL;
}

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
        g_auto(GStrv) parts = g_strsplit(*text, ",", -1);

        for (char **part = parts; *part; part++)
            value_append(arena, fields, value_string_new(arena, g_strstrip(*part)));
    }
    if (value_count(fields) > 0)
        value_set(arena, filter, "fields", fields);
    return filter;
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
    if (cursor)
        return take_cursor(arena, cursor, query, error);
    query->state = state;
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
    if (cursor)
        return take_cursor(arena, cursor, query, error);
    query->state = state;
    value_set(arena, state, "query", value_get(body, "query"));
    value_set(arena, state, "orderFields", body_orders(arena, body));
    value_set(arena, state, "fullTextFilter", value_get(body, "fullTextFilter"));
    return TRUE;
}

/* ---- the answer ---- */

static QueryPlace place_of(const Snapshot *snapshot, EntityId id, const char *value)
{
    const char *ref = snapshot_ref(snapshot, id), *slash = strrchr(ref, '/');

    return (QueryPlace){value, slash ? slash + 1 : ref, snapshot_uid(snapshot, id)};
}

static const char *page_info(Arena *arena, const Value *question, const Snapshot *snapshot,
                             const QueryPage *page, guint64 total)
{
    Value *info = value_object_new(arena);
    gboolean by_cursor = value_get(question, "orderFieldValues") != NULL;
    const EntityId *hits = (const EntityId *)(void *)page->hits->data;
    guint count = page->hits->len;

    if (count > 0 && page->first + count < page->total) {
        QueryPlace last = place_of(snapshot, hits[count - 1], page->last_value);

        value_set_string(arena, info, "nextCursor",
                         cursor_write(arena, question, &last, FALSE, total));
    }
    if (count > 0 && by_cursor && page->first > 0) {
        QueryPlace first = place_of(snapshot, hits[0], page->first_value);

        value_set_string(arena, info, "prevCursor",
                         cursor_write(arena, question, &first, TRUE, total));
    }
    return json_to_arena(arena, info, JSON_COMPACT);
}

static Response *answer_query(Request *request, Catalog *catalog, const QueryRequest *asked,
                              GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, catalog->memory);
    g_autoptr(QueryMatch) match = NULL;
    g_auto(QueryPage) page = {0};
    const char *info;
    Question question;
    guint64 total;

    if (!question_compile(arena, asked->state, &question, error))
        return NULL;
    question.request.offset = (guint64)asked->offset;
    question.request.limit = (guint64)asked->limit;
    match = query_match_new(view, question.predicate);
    query_page(match, &question.request, &page);
    total = asked->count_items ? page.total : 0;
    info = page_info(arena, asked->state, snapshot, &page, total);
    return listing_response(
        request, g_steal_pointer(&snapshot), g_array_ref(page.hits), asked->fields, "{\"items\":",
        arena_printf(arena, ",\"totalItems\":%" G_GUINT64_FORMAT ",\"pageInfo\":%s}", total, info));
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
