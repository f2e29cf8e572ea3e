/* A by-query question as a value that a cursor can carry, and the cursor. */
#pragma once
#include "catalog/query/query.h"

/* The question: {filter: [texts]} or {query: predicate}, and orderFields [{field, order}] and
 * fullTextFilter {term, fields}. A cursor adds where it stands: orderFieldValues (the order's value
 * where there is an order, metadata.name, uid), isPrevious, totalItems (0: they are not counted).
 */

/* What a cursor carries; ERROR_INPUT for what is none. */
const Value *cursor_parse(Arena *arena, const char *text, GError **error);
/* A cursor that goes on behind place, or before it. */
const char *cursor_write(Arena *arena, const Value *question, const QueryPlace *place,
                         gboolean backwards, guint64 total);

/* A question as the index is asked. */
typedef struct {
    const Predicate *predicate;
    QueryOrder order;
    QueryPlace place;
    QueryPageRequest request;
} Question;

gboolean question_compile(Arena *arena, const Value *value, Question *question, GError **error);
