#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

static gboolean is_repeated(const char *const *names, const char *const *name)
{
    for (; names < name; names++)
        if (g_str_equal(*names, *name))
            return TRUE;
    return FALSE;
}

static Response *answer_facets(Request *request, Catalog *catalog, const char *const *names,
                               const Predicate *predicate)
{
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, catalog->memory);
    g_autoptr(QueryMatch) match = query_match_new(view, predicate);
    GString *out = g_string_new("{\"facets\":{");
    gsize length;

    for (const char *const *name = names; *name; name++) {
        if (is_repeated(names, name))
            continue;
        if (name > names)
            g_string_append_c(out, ',');
        json_write_string(out, *name, strlen(*name));
        g_string_append_c(out, ':');
        query_facet(match, text_fold(arena, *name), out);
    }
    g_string_append(out, "}}");
    length = out->len;
    return response_take(200, "application/json; charset=utf-8", g_string_free(out, FALSE), length);
}

Response *catalog_api_facets(Request *request, void *room, GError **error)
{
    static const char *const known[] = {"facet", "filter", NULL};
    const char *const *names = request_query_all(request, "facet");
    const Predicate *predicate;

    if (!catalog_check_parameters(request, known, error))
        return NULL;
    predicate = catalog_filters_of(request, error);
    if (!predicate)
        return NULL;
    if (!*names) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/query must have required property 'facet'");
        return NULL;
    }
    return answer_facets(request, room, names, predicate);
}

Response *catalog_api_facets_post(Request *request, void *room, GError **error)
{
    const Value *body = request_body_json(request, error);
    Arena *arena = request_arena(request);
    const Predicate *predicate;

    if (!body)
        return NULL;
    if (!value_is(value_get(body, "facets"), VALUE_ARRAY)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'facets'");
        return NULL;
    }
    predicate = predicate_from_value(arena, value_get(body, "query"), error);
    return predicate ? answer_facets(request, room, catalog_texts(arena, value_get(body, "facets")),
                                     predicate)
                     : NULL;
}
