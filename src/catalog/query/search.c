#include "catalog/query/search.h"
#include "catalog/query/internal.h"
#include <string.h>

typedef struct {
    const char *key;
    int weight;
} SearchField;

static const SearchField fields[] = {
    {"metadata.name", 10},
    {"metadata.title", 10},
    {"kind", 3},
    {"spec.type", 3},
    {"metadata.tags", 3},
    {"spec.owner", 2},
    {"metadata.description", 1},
    {"spec.profile.displayname", 1},
    {"spec.profile.email", 1},
};

static const char *const name_keys[] = {"metadata.name", "metadata.title", NULL};

/* ---- what is asked ---- */

static const char *const *field_keys(Arena *arena)
{
    const char **keys = arena_new0(arena, const char *, G_N_ELEMENTS(fields) + 1);

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        keys[i] = fields[i].key;
    return keys;
}

static const Predicate *all_words(Arena *arena, const Predicate *filter, const char *const *words)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    g_ptr_array_add(all, (gpointer)filter);
    for (; *words; words++)
        if (**words)
            g_ptr_array_add(all, (gpointer)predicate_any_key(arena, PREDICATE_CONTAINS,
                                                             field_keys(arena), *words));
    return predicate_branch(arena, PREDICATE_ALL, all);
}

/* ---- candidates ---- */

/* What is found, the likeliest first, in which the best are looked for. */
typedef struct {
    const QueryView *view;
    Arena *arena;
    const Predicate *asked;
    GArray *hits;
    GHashTable *seen;
} Candidates;

static void add_hits(Candidates *candidates, const QueryMatch *match)
{
    const QueryPageRequest request = {.limit = SEARCH_RANKED_MAX};
    g_auto(QueryPage) page = {0};

    query_page(match, &request, &page);
    for (guint i = 0; i < page.hits->len && candidates->hits->len < SEARCH_RANKED_MAX; i++) {
        EntityId id = g_array_index(page.hits, EntityId, i);
        guint64 *key = arena_new0(candidates->arena, guint64, 1);

        *key = (guint64)id.segment << 32 | id.doc;
        if (g_hash_table_add(candidates->seen, key))
            g_array_append_val(candidates->hits, id);
    }
}

static void add_named(Candidates *candidates, PredicateKind kind, const char *text)
{
    g_autoptr(QueryMatch) match = NULL;

    if (candidates->hits->len == SEARCH_RANKED_MAX)
        return;
    match = query_match_new(
        candidates->view,
        predicate_both(candidates->arena, candidates->asked,
                       predicate_any_key(candidates->arena, kind, name_keys, text)));
    add_hits(candidates, match);
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

/* A field of one segment, opened for reading. */
typedef struct {
    const SegmentField *field;
    SegmentValues *values;
} Opened;

static Opened *open_fields(const Segment *segment)
{
    Opened *opened = g_new0(Opened, G_N_ELEMENTS(fields));

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        opened[i].field = segment_field(segment, fields[i].key);
        if (opened[i].field)
            opened[i].values = segment_values_new(opened[i].field);
    }
    return opened;
}

static void close_fields(void *data)
{
    Opened *opened = data;

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        segment_values_free(opened[i].values);
    g_free(opened);
}

static int score_document(const Opened *opened, guint32 doc, const char *const *words)
{
    int score = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const guint32 *values;
        guint32 count = opened[i].field ? segment_doc_values(opened[i].field, doc, &values) : 0;

        for (guint32 j = 0; j < count; j++) {
            const char *text = segment_values_folded(opened[i].values, values[j]);

            for (const char *const *word = words; *word; word++)
                if (**word)
                    score += score_text(text, *word, fields[i].weight);
        }
    }
    return score;
}

typedef struct {
    EntityId id;
    int score;
    const char *ref;
} Scored;

static int compare_scored(gconstpointer a, gconstpointer b)
{
    const Scored *x = a, *y = b;

    return x->score != y->score ? y->score - x->score : strcmp(x->ref, y->ref);
}

static void rank(const QueryView *view, GArray *hits, const char *const *words)
{
    g_autoptr(GArray) scored = g_array_sized_new(FALSE, FALSE, sizeof(Scored), hits->len);
    g_autoptr(GPtrArray) segments = g_ptr_array_new_with_free_func(close_fields);

    for (guint i = 0; i < view->count; i++)
        g_ptr_array_add(segments, open_fields(view->parts[i].segment));
    for (guint i = 0; i < hits->len; i++) {
        EntityId id = g_array_index(hits, EntityId, i);
        Scored one = {id, score_document(segments->pdata[id.segment], id.doc, words),
                      segment_doc_ref(view->parts[id.segment].segment, id.doc)};

        g_array_append_val(scored, one);
    }
    g_array_sort(scored, compare_scored);
    for (guint i = 0; i < hits->len; i++)
        g_array_index(hits, EntityId, i) = g_array_index(scored, Scored, i).id;
}

/* ---- what is remembered of a view ---- */

/* The total as two numbers, then two of every hit. */
static Finding *finding_of(const SearchResult *result)
{
    guint32 length = 2 + 2 * result->hits->len;
    guint32 *numbers = g_new(guint32, length);

    numbers[0] = (guint32)result->total;
    numbers[1] = (guint32)(result->total >> 32);
    for (guint i = 0; i < result->hits->len; i++) {
        EntityId id = g_array_index(result->hits, EntityId, i);

        numbers[2 + 2 * i] = id.segment;
        numbers[3 + 2 * i] = id.doc;
    }
    return finding_of_numbers(numbers, length);
}

static gboolean recall(const QueryView *view, const char *key, SearchResult *result)
{
    g_autoptr(Finding) finding = query_recall(view, NULL, key);

    if (!finding)
        return FALSE;
    result->total = finding->numbers[0] | (guint64)finding->numbers[1] << 32;
    result->hits = g_array_new(FALSE, FALSE, sizeof(EntityId));
    for (guint32 i = 2; i < finding->length; i += 2) {
        EntityId id = {finding->numbers[i], finding->numbers[i + 1]};

        g_array_append_val(result->hits, id);
    }
    return TRUE;
}

static void find(const QueryView *view, Arena *arena, const Predicate *asked,
                 const char *const *words, SearchResult *result)
{
    g_autoptr(QueryMatch) match = query_match_new(view, asked);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    Candidates candidates = {view, arena, asked, NULL, seen};

    candidates.hits = g_array_new(FALSE, FALSE, sizeof(EntityId));
    result->total = query_match_count(match);
    result->hits = candidates.hits;
    if (result->total > SEARCH_RANKED_MAX)
        for (const char *const *word = words; *word; word++) {
            if (**word == '\0')
                continue;
            add_named(&candidates, PREDICATE_EQUALS, *word);
            add_named(&candidates, PREDICATE_PREFIX, *word);
            add_named(&candidates, PREDICATE_CONTAINS, *word);
        }
    if (candidates.hits->len < SEARCH_RANKED_MAX)
        add_hits(&candidates, match);
    rank(view, candidates.hits, words);
}

void search_find(const QueryView *view, Arena *arena, const Predicate *filter,
                 const char *const *words, SearchResult *result)
{
    const Predicate *asked = all_words(arena, filter, words);
    g_autoptr(GString) key = g_string_new("search ");
    g_autoptr(Finding) finding = NULL;

    predicate_write(key, asked);
    if (recall(view, key->str, result))
        return;
    find(view, arena, asked, words, result);
    finding = finding_of(result);
    query_remember(view, NULL, key->str, finding);
}

void search_result_clear(SearchResult *result)
{
    if (result->hits)
        g_array_unref(result->hits);
    *result = (SearchResult){0};
}
