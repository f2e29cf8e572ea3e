/* Search over the catalog, in the shape of Backstage's search. */
#include "catalog/catalog_internal.h"
#include "catalog/query/search.h"
#include <string.h>

#define PAGE_DEFAULT 25
#define PAGE_MAX 100
#define TERM_CHARACTERS_MAX 100
#define WORDS_MAX 8 /* what follows is one with the last */

/* The tags a client looks for are the ones it is given; nothing a descriptor holds looks like them.
 */
#define PRE_TAG "<f2a6b8e4-7c7d-4a53-9d0a-6e0c2b1d9e57>"
#define POST_TAG "</f2a6b8e4-7c7d-4a53-9d0a-6e0c2b1d9e57>"

/* ---- documents ---- */

static const char *document_text(Arena *arena, const Value *entity)
{
    const char *description = value_path_string(entity, "metadata.description", "");
    const char *name = value_path_string(entity, "spec.profile.displayName", NULL);
    const char *email = value_path_string(entity, "spec.profile.email", NULL);

    if (!name && !email)
        return description;
    return arena_printf(arena, "%s : %s : %s", description, name ? name : "", email ? email : "");
}

static const char *document_title(const Value *entity)
{
    const char *name = value_path_string(entity, "metadata.name", "");

    return value_path_string(entity, "metadata.title", name);
}

static Value *document_value(Arena *arena, const Value *value)
{
    Value *document = value_object_new(arena);
    const char *type = value_path_string(value, "spec.type", "other");
    const char *kind = value_path_string(value, "kind", "");
    const char *namespace = value_path_string(value, "metadata.namespace", "default");
    const char *name = value_path_string(value, "metadata.name", "");

    value_set_string(arena, document, "kind", kind);
    value_set_string(arena, document, "namespace", namespace);
    value_set_string(arena, document, "title", document_title(value));
    value_set_string(arena, document, "text", document_text(arena, value));
    value_set_string(
        arena, document, "location",
        text_fold(arena, arena_printf(arena, "/catalog/%s/%s/%s", namespace, kind, name)));
    value_set_string(arena, document, "componentType", type);
    value_set_string(arena, document, "type", type);
    value_set_string(arena, document, "lifecycle", value_path_string(value, "spec.lifecycle", ""));
    value_set_string(arena, document, "owner", value_path_string(value, "spec.owner", ""));
    return document;
}

/* ---- filters ---- */

/* What the members of a document are in an entity, and what they are where it has none. */
static const struct {
    const char *name, *key, *fallback;
} document_members[] = {
    {"kind", "kind", NULL},
    {"namespace", "metadata.namespace", NULL},
    {"title", "metadata.title", NULL},
    {"componentType", "spec.type", "other"},
    {"type", "spec.type", "other"},
    {"lifecycle", "spec.lifecycle", ""},
    {"owner", "spec.owner", ""},
    {"text", "metadata.description", ""},
};

/* One of the values, in any spelling. */
static const Predicate *has_value(Arena *arena, const char *name, const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(document_members); i++) {
        const char *key = document_members[i].key, *fallback = document_members[i].fallback;
        g_autoptr(GPtrArray) any = g_ptr_array_new(), none = g_ptr_array_new();

        if (!g_str_equal(document_members[i].name, name))
            continue;
        g_ptr_array_add(any, (gpointer)predicate_leaf(arena, PREDICATE_EQUALS, key, value));
        g_ptr_array_add(none, (gpointer)predicate_leaf(arena, PREDICATE_EXISTS, key, NULL));
        if (fallback && g_ascii_strcasecmp(fallback, value) == 0)
            g_ptr_array_add(any, (gpointer)predicate_branch(arena, PREDICATE_NOT, none));
        return predicate_branch(arena, PREDICATE_ANY, any);
    }
    return NULL;
}

/* `filters[kind]=Component`, `filters[lifecycle][0]=production`: any of the values of a field. */
static void add_filter(Request *request, const char *parameter, GPtrArray *all)
{
    Arena *arena = request_arena(request);
    gsize before = strlen("filters["), until = strcspn(parameter, "]");
    g_autoptr(GPtrArray) any = g_ptr_array_new();
    const char *field;

    if (until <= before)
        return;
    field = arena_strndup(arena, parameter + before, until - before);
    for (const char *const *name = request_query_names(request); *name; name++) {
        if (strncmp(*name, parameter, until + 1) != 0)
            continue;
        for (const char *const *value = request_query_all(request, *name); *value; value++) {
            const Predicate *one = has_value(arena, field, *value);

            if (one)
                g_ptr_array_add(any, (gpointer)one);
        }
    }
    g_ptr_array_add(all, (gpointer)predicate_branch(arena, PREDICATE_ANY, any));
}

/* What stands for a registration is of no use to who looks for a service. */
static const Predicate *filter_of(Request *request)
{
    Arena *arena = request_arena(request);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    g_ptr_array_add(all, (gpointer)predicate_leaf(arena, PREDICATE_EXISTS, FIELD_PARENT, NULL));
    for (const char *const *name = request_query_names(request); *name; name++)
        if (g_str_has_prefix(*name, "filters["))
            add_filter(request, *name, all);
    return predicate_branch(arena, PREDICATE_ALL, all);
}

static gboolean wants_catalog(Request *request, GError **error)
{
    gboolean any = FALSE, wanted = FALSE;

    for (const char *const *name = request_query_names(request); *name; name++) {
        if (!g_str_equal(*name, "types") && !g_str_has_prefix(*name, "types["))
            continue;
        for (const char *const *value = request_query_all(request, *name); *value; value++) {
            any = TRUE;
            wanted |= g_str_equal(*value, "software-catalog");
            if (!g_str_equal(*value, "software-catalog") && !g_str_equal(*value, "techdocs")) {
                g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Invalid query string: unknown type %s",
                            *value);
                return FALSE;
            }
        }
    }
    return wanted || !any;
}

/* ---- the reply ---- */

/* text with every place of every word between the tags; NULL where there is none. */
static const char *highlight(Arena *arena, const char *text, char *const *words)
{
    const char *folded = text_fold(arena, text);
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean found = FALSE;
    gsize at = 0, length = strlen(text);

    /* Folding that changes lengths would put the tags in the wrong places. */
    if (strlen(folded) != length)
        return NULL;
    while (at < length) {
        gsize matched = 0;

        for (char *const *word = words; *word; word++)
            if (**word && g_str_has_prefix(folded + at, *word))
                matched = MAX(matched, strlen(*word));
        if (matched > 0)
            g_string_append_printf(out, PRE_TAG "%.*s" POST_TAG, (int)matched, text + at);
        else
            g_string_append_c(out, text[at]);
        found |= matched > 0;
        at += MAX(matched, 1);
    }
    return found ? arena_strndup(arena, out->str, out->len) : NULL;
}

static const Value *highlight_value(Arena *arena, const Value *document, char *const *words)
{
    static const char *const names[] = {"title", "text", "location"};
    Value *value = value_object_new(arena), *fields = value_object_new(arena);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        value_set_string(arena, fields, names[i],
                         highlight(arena, value_path_string(document, names[i], ""), words));
    value_set_string(arena, value, "preTag", PRE_TAG);
    value_set_string(arena, value, "postTag", POST_TAG);
    value_set(arena, value, "fields", fields);
    return value;
}

static const Value *result_value(Arena *arena, const Value *entity, guint rank, char *const *words)
{
    Value *result = value_object_new(arena), *document = document_value(arena, entity);

    value_set_string(arena, result, "type", "software-catalog");
    value_set(arena, result, "document", document);
    value_set_int(arena, result, "rank", rank);
    value_set(arena, result, "highlight", highlight_value(arena, document, words));
    return result;
}

static void set_cursor(Arena *arena, Value *reply, const char *name, guint page)
{
    g_autofree char *text = g_strdup_printf("%u", page);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));

    value_set_string(arena, reply, name, encoded);
}

/* base64 of the number of the page; anything else is the first. */
static guint page_of_cursor(const char *cursor)
{
    gsize length;
    g_autofree guchar *bytes = cursor ? g_base64_decode(cursor, &length) : NULL;
    g_autofree char *text = bytes ? g_strndup((const char *)bytes, length) : NULL;
    guint64 page = 0;

    if (text)
        g_ascii_string_to_unsigned(text, 10, 0, 1000000, &page, NULL);
    return (guint)page;
}

static const Value *reply_value(Arena *arena, const Snapshot *snapshot, const SearchResult *found,
                                guint page, guint limit, char *const *words)
{
    Value *reply = value_object_new(arena), *results = value_array_new(arena);
    guint count = found->hits ? found->hits->len : 0;
    guint first = (guint)MIN((guint64)page * limit, count), last = MIN(first + limit, count);

    for (guint i = first; i < last; i++)
        value_append(
            arena, results,
            result_value(arena,
                         snapshot_value(snapshot, arena, g_array_index(found->hits, EntityId, i)),
                         i + 1, words));
    value_set(arena, reply, "results", results);
    value_set_int(arena, reply, "numberOfResults", (int64_t)found->total);
    if (last < count)
        set_cursor(arena, reply, "nextPageCursor", page + 1);
    if (page > 0)
        set_cursor(arena, reply, "previousPageCursor", page - 1);
    return reply;
}

static gboolean check_request(Request *request, int64_t *limit, GError **error)
{
    const char *term = request_query(request, "term");

    if (!catalog_query_int(request, "pageLimit", 0, PAGE_DEFAULT, limit, error))
        return FALSE;
    if (*limit <= PAGE_MAX && (!term || g_utf8_strlen(term, -1) <= TERM_CHARACTERS_MAX))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "Invalid query string: the page limit is at most %d, the term at most %d "
                "characters",
                PAGE_MAX, TERM_CHARACTERS_MAX);
    return FALSE;
}

Response *catalog_api_search(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const char *term = request_query(request, "term");
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    const QueryView *view = query_view_new(arena, snapshot, catalog->memory);
    g_auto(SearchResult) found = {0};
    g_autoptr(GError) reason = NULL;
    g_auto(GStrv) words = NULL;
    int64_t limit;

    if (!check_request(request, &limit, error))
        return NULL;
    words = g_strsplit(text_fold(arena, term ? term : ""), " ", WORDS_MAX);
    if (wants_catalog(request, &reason))
        search_find(view, arena, filter_of(request), (const char *const *)words, &found);
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    return response_json(request, 200,
                         reply_value(arena, snapshot, &found,
                                     page_of_cursor(request_query(request, "pageCursor")),
                                     limit ? (guint)limit : PAGE_DEFAULT, words));
}
