#include "catalog/findings/findings.h"
#include <stdatomic.h>
#include <string.h>

#define KEPT_MAX 50000
#define FAULTY_MAX 50000
/* Finding out again waits this many times as long as it took. */
#define REST_FACTOR 10
#define GUESSES_MAX 20000
#define GUESS_MS (10 * 60 * 1000)

static const char *const type_names[FINDING_TYPES] = {
    "owner-missing", "owner-unknown", "reference-broken",  "orphan",
    "source-error",  "duplicate",     "deprecated-in-use",
};

const char *finding_type_name(FindingType type)
{
    return type_names[type];
}

gboolean finding_type_parse(const char *name, FindingType *type)
{
    for (guint i = 0; i < FINDING_TYPES; i++) {
        if (!g_str_equal(type_names[i], name))
            continue;
        *type = (FindingType)i;
        return TRUE;
    }
    return FALSE;
}

/* ---- a list ---- */

struct FindingList {
    atomic_int references;
    GArray *items; /* Finding */
    GStringChunk *texts;
    guint64 totals[FINDING_TYPES];
    guint64 number; /* of the snapshot */
};

FindingList *finding_list_new(void)
{
    FindingList *list = g_new0(FindingList, 1);

    atomic_init(&list->references, 1);
    list->items = g_array_new(FALSE, FALSE, sizeof(Finding));
    list->texts = g_string_chunk_new(4096);
    return list;
}

static FindingList *finding_list_ref(FindingList *list)
{
    atomic_fetch_add(&list->references, 1);
    return list;
}

void finding_list_unref(FindingList *list)
{
    if (!list || atomic_fetch_sub(&list->references, 1) > 1)
        return;
    g_array_unref(list->items);
    g_string_chunk_free(list->texts);
    g_free(list);
}

static void set_id(Finding *finding)
{
    g_autofree char *digest = NULL;
    g_autofree char *text = g_strjoin(
        "\n", type_names[finding->type], finding->ref, finding->relation ? finding->relation : "",
        finding->target ? finding->target : "", finding->message ? finding->message : "", NULL);

    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
    g_strlcpy(finding->id, digest, sizeof finding->id);
}

static const char *keep(FindingList *list, const char *text)
{
    return text ? g_string_chunk_insert_const(list->texts, text) : NULL;
}

void finding_list_add(FindingList *list, const Finding *finding)
{
    Finding kept = *finding;

    if (list->totals[finding->type]++ >= KEPT_MAX)
        return;
    kept.ref = keep(list, finding->ref);
    kept.relation = keep(list, finding->relation);
    kept.target = keep(list, finding->target);
    kept.message = keep(list, finding->message);
    kept.file = keep(list, finding->file);
    set_id(&kept);
    g_array_append_val(list->items, kept);
}

static int compare_findings(gconstpointer a, gconstpointer b)
{
    const Finding *x = a, *y = b;
    int order = (int)x->type - (int)y->type;

    order = order ? order : strcmp(x->ref, y->ref);
    order = order ? order : g_strcmp0(x->target, y->target);
    order = order ? order : g_strcmp0(x->relation, y->relation);
    return order ? order : g_strcmp0(x->message, y->message);
}

void finding_list_sort(FindingList *list)
{
    g_array_sort(list->items, compare_findings);
}

guint finding_list_count(const FindingList *list)
{
    return list->items->len;
}

const Finding *finding_list_at(const FindingList *list, guint index)
{
    return &g_array_index(list->items, Finding, index);
}

guint64 finding_list_total(const FindingList *list, FindingType type)
{
    return list->totals[type];
}

const Finding *finding_list_find(const FindingList *list, const char *id)
{
    for (guint i = 0; i < list->items->len; i++)
        if (g_str_equal(finding_list_at(list, i)->id, id))
            return finding_list_at(list, i);
    return NULL;
}

/* ---- the one of now ---- */

struct Findings {
    pthread_mutex_t lock;
    pthread_cond_t found;
    FindingList *list; /* NULL before the first */
    gboolean busy;
    int64_t rest_until_ms;
    GHashTable *guesses; /* place → Memory */
};

typedef struct {
    char *owner, *id, *reason; /* of an OwnerGuess */
    int64_t until_ms;
} Memory;

static void memory_free(gpointer data)
{
    Memory *memory = data;

    g_free(memory->owner);
    g_free(memory->id);
    g_free(memory->reason);
    g_free(memory);
}

Findings *findings_new(void)
{
    Findings *findings = g_new0(Findings, 1);

    pthread_mutex_init(&findings->lock, NULL);
    pthread_cond_init(&findings->found, NULL);
    findings->guesses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, memory_free);
    return findings;
}

void findings_free(Findings *findings)
{
    if (!findings)
        return;
    finding_list_unref(findings->list);
    g_hash_table_unref(findings->guesses);
    pthread_mutex_destroy(&findings->lock);
    pthread_cond_destroy(&findings->found);
    g_free(findings);
}

static FindingList *find_all(Catalog *catalog, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(GPtrArray) faulty =
        store_faulty_rows(db_reader(catalog->db), arena, FAULTY_MAX, error);
    FindingList *list;

    if (!faulty)
        return NULL;
    list = finding_list_new();
    list->number = snapshot_number(snapshot);
    findings_collect(snapshot, NULL, list);
    for (guint i = 0; i < faulty->len; i++)
        findings_collect_status(arena, faulty->pdata[i], list);
    finding_list_sort(list);
    return list;
}

/* The lock is held, and given up meanwhile. */
static FindingList *find_again(Catalog *catalog, GError **error)
{
    Findings *findings = catalog->findings;
    int64_t since = clock_monotonic_ms();
    FindingList *list;

    findings->busy = TRUE;
    pthread_mutex_unlock(&findings->lock);
    list = find_all(catalog, error);
    pthread_mutex_lock(&findings->lock);
    findings->busy = FALSE;
    pthread_cond_broadcast(&findings->found);
    if (!list)
        return NULL;
    findings->rest_until_ms = clock_monotonic_ms() + (clock_monotonic_ms() - since) * REST_FACTOR;
    finding_list_unref(findings->list);
    findings->list = finding_list_ref(list);
    return list;
}

static gboolean is_good_enough(Catalog *catalog)
{
    Findings *findings = catalog->findings;
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);

    return findings->list &&
           (findings->busy || findings->list->number == snapshot_number(snapshot) ||
            clock_monotonic_ms() < findings->rest_until_ms);
}

FindingList *findings_get(Catalog *catalog, GError **error)
{
    Findings *findings = catalog->findings;
    FindingList *list;

    pthread_mutex_lock(&findings->lock);
    while (findings->busy && !findings->list)
        pthread_cond_wait(&findings->found, &findings->lock);
    list = is_good_enough(catalog) ? finding_list_ref(findings->list) : find_again(catalog, error);
    pthread_mutex_unlock(&findings->lock);
    return list;
}

FindingList *findings_of_entity(Catalog *catalog, const char *ref, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    GError *why = NULL;
    const CatalogRow *row = store_row(db_reader(catalog->db), arena, ref, &why);
    FindingList *list;

    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    list = finding_list_new();
    findings_collect(snapshot, ref, list);
    if (row)
        findings_collect_status(arena, row, list);
    finding_list_sort(list);
    return list;
}

/* ---- what was guessed ---- */

gboolean findings_recall(Findings *findings, Arena *arena, const char *place, OwnerGuess *guess)
{
    const Memory *memory;
    gboolean found;

    pthread_mutex_lock(&findings->lock);
    memory = g_hash_table_lookup(findings->guesses, place);
    found = memory && clock_monotonic_ms() < memory->until_ms;
    if (found)
        *guess = (OwnerGuess){.owner = arena_strdup(arena, memory->owner),
                              .id = arena_strdup(arena, memory->id),
                              .reason = arena_strdup(arena, memory->reason)};
    pthread_mutex_unlock(&findings->lock);
    return found;
}

void findings_remember(Findings *findings, const char *place, const OwnerGuess *guess)
{
    Memory *memory = g_new0(Memory, 1);

    memory->owner = g_strdup(guess->owner);
    memory->id = g_strdup(guess->id);
    memory->reason = g_strdup(guess->reason);
    memory->until_ms = clock_monotonic_ms() + GUESS_MS;
    pthread_mutex_lock(&findings->lock);
    if (g_hash_table_size(findings->guesses) >= GUESSES_MAX)
        g_hash_table_remove_all(findings->guesses);
    g_hash_table_replace(findings->guesses, g_strdup(place), memory);
    pthread_mutex_unlock(&findings->lock);
}
