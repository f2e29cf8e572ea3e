#include "catalog/query/cursor.h"
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define FULL_TEXT_FIELDS_MAX 100 /* each is looked into */

/* ---- the text ---- */

/* One to three texts; the first may be null. */
static gboolean is_place(const Value *place)
{
    guint count = value_count(place);

    if (!value_is(place, VALUE_ARRAY) || count == 0 || count > 3)
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (!value_is(value_item(place, i), VALUE_STRING))
            return FALSE;
    return TRUE;
}

const Value *cursor_parse(Arena *arena, const char *text, GError **error)
{
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(text, &length);
    g_autoptr(GError) reason = NULL;
    const Value *value =
        json_parse(arena, bytes ? (const char *)bytes : "", (gssize)length, &reason);

    if (value_is(value, VALUE_OBJECT) && is_place(value_get(value, "orderFieldValues")))
        return value;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Malformed cursor: %s",
                reason ? reason->message : "it is none of ours");
    return NULL;
}

const char *cursor_write(Arena *arena, const Value *question, const QueryPlace *place,
                         gboolean backwards, guint64 total)
{
    Value *cursor = value_clone_shallow(arena, question), *list = value_array_new(arena);
    g_autofree char *json = NULL, *encoded = NULL;

    if (place->value)
        value_append(arena, list, value_string_new(arena, place->value));
    value_append(arena, list, value_string_new(arena, place->name));
    value_append(arena, list, value_string_new(arena, place->uid));
    value_set(arena, cursor, "orderFieldValues", list);
    value_set_bool(arena, cursor, "isPrevious", backwards);
    value_set_int(arena, cursor, "totalItems", (int64_t)total);
    json = json_to_string(cursor, JSON_COMPACT);
    encoded = g_base64_encode((const guchar *)json, strlen(json));
    return arena_strdup(arena, encoded);
}

/* ---- the question ---- */

/* Only the first order counts, as in Backstage. */
static void compile_order(Arena *arena, const Value *orders, Question *question)
{
    const Value *first = value_item(orders, 0);
    const char *field = value_path_string(first, "field", NULL);

    if (!field)
        return;
    question->order = (QueryOrder){text_fold(arena, field),
                                   g_str_equal(value_path_string(first, "order", "asc"), "desc")};
    question->request.order_count = 1;
}

/* A value of one of the fields contains the term; without fields it is the sort field's. */
static gboolean compile_term(Arena *arena, const Value *filter, Question *question, GError **error)
{
    const char *term = value_string(value_get(filter, "term"), "");
    const char **fields = catalog_texts(arena, value_get(filter, "fields"));
    const char *fallback[] = {"metadata.uid", NULL};

    term = g_strstrip(arena_strdup(arena, term));
    if (*term == '\0')
        return TRUE;
    if (value_count(value_get(filter, "fields")) > FULL_TEXT_FIELDS_MAX) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "A full text filter has at most %d fields",
                    FULL_TEXT_FIELDS_MAX);
        return FALSE;
    }
    if (question->request.order_count)
        fallback[0] = question->order.field;
    question->predicate = predicate_both(
        arena, question->predicate,
        predicate_any_key(arena, PREDICATE_CONTAINS, *fields ? fields : fallback, term));
    return TRUE;
}

static void compile_place(const Value *value, Question *question)
{
    const Value *place = value_get(value, "orderFieldValues");
    guint count = value_count(place);

    if (count == 0)
        return;
    question->place = (QueryPlace){
        .value = count > 2 ? value_string(value_item(place, 0), "") : NULL,
        .name = count > 1 ? value_string(value_item(place, count - 2), "") : "",
        .uid = value_string(value_item(place, count - 1), ""),
    };
    if (value_bool(value_get(value, "isPrevious"), false))
        question->request.before = &question->place;
    else
        question->request.after = &question->place;
}

gboolean question_compile(Arena *arena, const Value *value, Question *question, GError **error)
{
    const Value *query = value_get(value, "query");

    *question = (Question){0};
    question->predicate =
        query ? predicate_from_value(arena, query, error)
              : predicate_from_filters(arena, catalog_texts(arena, value_get(value, "filter")),
                                       error);
    if (!question->predicate)
        return FALSE;
    question->request.missing_excluded = TRUE;
    question->request.orders = &question->order;
    compile_order(arena, value_get(value, "orderFields"), question);
    if (!compile_term(arena, value_get(value, "fullTextFilter"), question, error))
        return FALSE;
    compile_place(value, question);
    return TRUE;
}
