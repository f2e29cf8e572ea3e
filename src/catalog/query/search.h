/* Words, looked for in what people call things by: the best first. */
#pragma once
#include "catalog/query/query.h"

/* No further than this is ranked and paged to. */
#define SEARCH_RANKED_MAX 1000

typedef struct {
    GArray *hits; /* EntityId, at most SEARCH_RANKED_MAX, the best first */
    guint64 total;
} SearchResult;

/* Entities of which filter holds and that have every word (folded, NULL-terminated; "" is passed
 * over) somewhere in title, name, kind, type, owner, description, tags or profile. */
void search_find(const QueryView *view, Arena *arena, const Predicate *filter,
                 const char *const *words, SearchResult *result);
void search_result_clear(SearchResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SearchResult, search_result_clear)
