/* Search over the catalog, in the shape of Backstage's search. */
#include "catalog/catalog_internal.h"
#include <string.h>

#define PAGE_DEFAULT 25
#define PAGE_MAX 100
#define TERM_CHARACTERS_MAX 100

/* The tags a client looks for are the ones it is given; nothing a descriptor holds looks like them.
 */
#define PRE_TAG "<f2a6b8e4-7c7d-4a53-9d0a-6e0c2b1d9e57>"
#define POST_TAG "</f2a6b8e4-7c7d-4a53-9d0a-6e0c2b1d9e57>"

typedef struct {
    const CatalogEntity *entity;
    int score;
} Hit;

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

static Value *document_value(Arena *arena, const CatalogEntity *entity)
{
    const Value *value = entity->value;
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

/* ---- scoring ---- */

static gboolean starts_word(const char *text, const char *at)
{
    return at == text || !g_ascii_isalnum(at[-1]);
}

/* How well word is found in text: whole, at the start of a word, or inside one. */
static int score_text(const char *text, const char *word, int weight)
{
    const char *at = strstr(text, word);

    if (!at)
        return 0;
    if (g_str_equal(text, word))
        return weight * 8;
    for (; at; at = strstr(at + 1, word))
        if (starts_word(text, at))
            return at == text ? weight * 4 : weight * 3;
    return weight;
}

static int score_word(Arena *arena, const Value *entity, const char *word)
{
    const Value *tags = value_path(entity, "metadata.tags");
    int score = 0;

    score += score_text(text_fold(arena, document_title(entity)), word, 10);
    score += score_text(text_fold(arena, value_path_string(entity, "metadata.name", "")), word, 10);
    score += score_text(text_fold(arena, value_path_string(entity, "kind", "")), word, 3);
    score += score_text(text_fold(arena, value_path_string(entity, "spec.type", "")), word, 3);
    score += score_text(text_fold(arena, value_path_string(entity, "spec.owner", "")), word, 2);
    score += score_text(text_fold(arena, document_text(arena, entity)), word, 1);
    for (guint i = 0; i < value_count(tags); i++)
        score += score_text(text_fold(arena, value_string(value_item(tags, i), "")), word, 3);
    return score;
}

/* Every word must be found somewhere; 0: one was not. */
static int score_entity(const CatalogEntity *entity, char *const *words)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    int total = 1;

    for (; *words; words++) {
        int score = **words ? score_word(arena, entity->value, *words) : 1;

        if (score == 0)
            return 0;
        total += score;
    }
    return total;
}

static int compare_hits(gconstpointer a, gconstpointer b)
{
    const Hit *x = a, *y = b;

    return x->score != y->score ? y->score - x->score : strcmp(x->entity->ref, y->entity->ref);
}

/* ---- filters ---- */

/* `filters[kind]=Component`, `filters[lifecycle][0]=production`: any of the values of a field. */
static gboolean matches_filter(Request *request, const Value *document, const char *parameter)
{
    const char *end = strchr(parameter, ']');
    g_autofree char *field = NULL;
    const char *found;

    if (!end)
        return TRUE;
    field =
        g_strndup(parameter + strlen("filters["), (gsize)(end - parameter) - strlen("filters["));
    found = value_path_string(document, field, "");
    for (const char *const *name = request_query_names(request); *name; name++) {
        if (strncmp(*name, parameter, (gsize)(end - parameter) + 1) != 0)
            continue;
        for (const char *const *value = request_query_all(request, *name); *value; value++)
            if (g_ascii_strcasecmp(*value, found) == 0)
                return TRUE;
    }
    return FALSE;
}

static gboolean matches_filters(Request *request, Arena *arena, const CatalogEntity *entity)
{
    const Value *document = NULL;

    for (const char *const *name = request_query_names(request); *name; name++) {
        if (!g_str_has_prefix(*name, "filters["))
            continue;
        document = document ? document : document_value(arena, entity);
        if (!matches_filter(request, document, *name))
            return FALSE;
    }
    return TRUE;
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

static const Value *result_value(Arena *arena, const Hit *hit, guint rank, char *const *words)
{
    Value *result = value_object_new(arena), *document = document_value(arena, hit->entity);

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

static const Value *reply_value(Arena *arena, const GArray *hits, guint page, guint limit,
                                char *const *words)
{
    Value *reply = value_object_new(arena), *results = value_array_new(arena);
    guint first = MIN(page * limit, hits->len), last = MIN(first + limit, hits->len);

    for (guint i = first; i < last; i++)
        value_append(arena, results,
                     result_value(arena, &g_array_index(hits, Hit, i), i + 1, words));
    value_set(arena, reply, "results", results);
    value_set_int(arena, reply, "numberOfResults", hits->len);
    if (last < hits->len)
        set_cursor(arena, reply, "nextPageCursor", page + 1);
    if (page > 0)
        set_cursor(arena, reply, "previousPageCursor", page - 1);
    return reply;
}

static GArray *find_hits(Request *request, const Snapshot *snapshot, char *const *words)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(Hit));

    for (EntityId id = ENTITY_FIRST; snapshot_next(snapshot, &id);) {
        Arena *arena = request_arena(request);
        Hit hit = {entity_load(snapshot, arena, id), 0};

        /* What stands for a registration is of no use to who looks for a service. */
        if (!snapshot_fact(snapshot, arena, id, FIELD_PARENT) ||
            !matches_filters(request, request_arena(request), hit.entity))
            continue;
        hit.score = score_entity(hit.entity, words);
        if (hit.score > 0)
            g_array_append_val(hits, hit);
    }
    g_array_sort(hits, compare_hits);
    return hits;
}

Response *catalog_api_search(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    const char *term = request_query(request, "term");
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GArray) hits = NULL;
    g_autoptr(GError) reason = NULL;
    g_auto(GStrv) words = NULL;
    int64_t limit;

    if (!catalog_query_int(request, "pageLimit", 0, PAGE_DEFAULT, &limit, error))
        return NULL;
    if (limit > PAGE_MAX || (term && g_utf8_strlen(term, -1) > TERM_CHARACTERS_MAX)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "Invalid query string: the page limit is at most %d, the term at most %d "
                    "characters",
                    PAGE_MAX, TERM_CHARACTERS_MAX);
        return NULL;
    }
    words = g_strsplit(text_fold(arena, term ? term : ""), " ", -1);
    if (wants_catalog(request, &reason))
        hits = find_hits(request, snapshot, words);
    else if (!reason)
        hits = g_array_new(FALSE, FALSE, sizeof(Hit));
    if (hits)
        return response_json(request, 200,
                             reply_value(arena, hits,
                                         page_of_cursor(request_query(request, "pageCursor")),
                                         limit ? (guint)limit : PAGE_DEFAULT, words));
    g_propagate_error(error, g_steal_pointer(&reason));
    return NULL;
}
