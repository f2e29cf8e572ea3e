#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define NAMES_MAX 50
#define VALUES_MAX 200000 /* of all facets: an answer is made at once */

/* names, folded. */
static const char **fold_names(Arena *arena, const char *const *names, GError **error)
{
    guint count = g_strv_length((char **)names);
    const char **folded = arena_new0(arena, const char *, count + 1);

    if (count > NAMES_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "At most %d facets can be asked for",
                    NAMES_MAX);
        return NULL;
    }
    for (guint i = 0; i < count; i++)
        folded[i] = text_fold(arena, names[i]);
    return folded;
}

static gboolean is_repeated(const char *const *names, guint index)
{
    for (guint i = 0; i < index; i++)
        if (g_str_equal(names[i], names[index]))
            return TRUE;
    return FALSE;
}

static gboolean check_size(const QueryMatch *match, const char *const *folded, GError **error)
{
    guint64 size = 0;

    for (guint i = 0; folded[i]; i++)
        if (!is_repeated(folded, i))
            size += query_facet_size(match, folded[i]);
    if (size <= VALUES_MAX)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                "The facets have more than %d values: ask for fewer, or with a filter",
                VALUES_MAX);
    return FALSE;
}

static Response *answer_facets(Request *request, Catalog *catalog, const char *const *names,
                               const Predicate *predicate, GError **error)
{
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, catalog->memory);
    const char **folded = fold_names(arena, names, error);
    g_autoptr(QueryMatch) match = folded ? query_match_new(view, predicate) : NULL;
    GString *out;
    gsize length;

    if (!match || !check_size(match, folded, error))
        return NULL;
    out = g_string_new("{\"facets\":{");
    for (guint i = 0; names[i]; i++) {
        if (is_repeated(folded, i))
            continue;
        if (i > 0)
            g_string_append_c(out, ',');
        json_write_string(out, names[i], strlen(names[i]));
        g_string_append_c(out, ':');
        query_facet(match, folded[i], out);
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
    return answer_facets(request, room, names, predicate, error);
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
                                     predicate, error)
                     : NULL;
}
