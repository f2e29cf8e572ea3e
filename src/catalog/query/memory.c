/* What was found out about segments: the least recently used of it goes when there is too much, and
 * all of a segment when the segment is no longer in use. The lock is held for a look-up only. */
#include "catalog/query/internal.h"
#include <pthread.h>
#include <string.h>

#define ENTRY_BYTES 200 /* about what an entry takes beside its finding */

typedef struct {
    char *key;
    Segment *segment; /* held, so that no other takes its address; NULL: of number */
    guint64 number;
    Finding *finding;
    GList link; /* in the queue; its data is the entry */
} Entry;

struct QueryMemory {
    pthread_mutex_t lock;
    GHashTable *entries; /* key → Entry */
    GQueue used;         /* the latest first */
    gsize bytes, bytes_max;
    guint64 number; /* of the view that was last asked for */
};

/* ---- findings ---- */

static Finding *finding_new(gsize bytes)
{
    Finding *finding = g_new0(Finding, 1);

    finding->references = 1;
    finding->bytes = bytes + sizeof *finding;
    return finding;
}

Finding *finding_of_docs(roaring_bitmap_t *docs)
{
    Finding *finding = finding_new(roaring_bitmap_size_in_bytes(docs));

    finding->docs = docs;
    return finding;
}

Finding *finding_of_numbers(guint32 *numbers, guint32 length)
{
    Finding *finding = finding_new(length * sizeof *numbers);

    finding->numbers = numbers;
    finding->length = length;
    return finding;
}

Finding *finding_of_text(const char *text, gsize length)
{
    Finding *finding = finding_new(length);

    finding->text = g_strndup(text, length);
    finding->length = (guint32)length;
    return finding;
}

Finding *finding_ref(Finding *finding)
{
    atomic_fetch_add(&finding->references, 1);
    return finding;
}

void finding_unref(Finding *finding)
{
    if (!finding || atomic_fetch_sub(&finding->references, 1) != 1)
        return;
    if (finding->docs)
        roaring_bitmap_free(finding->docs);
    g_free(finding->numbers);
    g_free(finding->text);
    g_free(finding);
}

/* ---- entries ---- */

static void entry_free(void *data)
{
    Entry *entry = data;

    finding_unref(entry->finding);
    if (entry->segment)
        segment_unref(entry->segment);
    g_free(entry->key);
    g_free(entry);
}

QueryMemory *query_memory_new(gsize bytes_max)
{
    QueryMemory *memory = g_new0(QueryMemory, 1);

    pthread_mutex_init(&memory->lock, NULL);
    memory->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    g_queue_init(&memory->used);
    memory->bytes_max = bytes_max;
    return memory;
}

void query_memory_free(QueryMemory *memory)
{
    if (!memory)
        return;
    g_hash_table_unref(memory->entries);
    pthread_mutex_destroy(&memory->lock);
    g_free(memory);
}

gsize query_memory_bytes(QueryMemory *memory)
{
    gsize bytes;

    pthread_mutex_lock(&memory->lock);
    bytes = memory->bytes;
    pthread_mutex_unlock(&memory->lock);
    return bytes;
}

static gsize entry_bytes(const Entry *entry)
{
    return entry->finding->bytes + strlen(entry->key) + ENTRY_BYTES;
}

static void forget(QueryMemory *memory, Entry *entry)
{
    memory->bytes -= entry_bytes(entry);
    g_queue_unlink(&memory->used, &entry->link);
    g_hash_table_remove(memory->entries, entry->key);
}

static gboolean is_in_use(const Entry *entry, const QueryView *view)
{
    if (!entry->segment)
        return entry->number == view->number;
    for (guint i = 0; i < view->count; i++)
        if (view->parts[i].segment == entry->segment)
            return TRUE;
    return FALSE;
}

/* Forgets what the view has no more, once for every new view; a request that still has an older one
 * changes nothing. */
static void settle(QueryMemory *memory, const QueryView *view)
{
    GList *next;

    if (view->number <= memory->number)
        return;
    memory->number = view->number;
    for (GList *link = memory->used.head; link; link = next) {
        next = link->next;
        if (!is_in_use(link->data, view))
            forget(memory, link->data);
    }
}

static char *entry_key(const QueryView *view, const Segment *segment, const char *key)
{
    if (segment)
        return g_strdup_printf("%p %s", (const void *)segment, key);
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s", view->number, key);
}

/* ---- using it ---- */

void query_settle(const QueryView *view)
{
    if (!view->memory)
        return;
    pthread_mutex_lock(&view->memory->lock);
    settle(view->memory, view);
    pthread_mutex_unlock(&view->memory->lock);
}

Finding *query_recall(const QueryView *view, const Segment *segment, const char *key)
{
    QueryMemory *memory = view->memory;
    g_autofree char *full = memory ? entry_key(view, segment, key) : NULL;
    Finding *finding = NULL;
    Entry *entry;

    if (!memory)
        return NULL;
    pthread_mutex_lock(&memory->lock);
    settle(memory, view);
    entry = g_hash_table_lookup(memory->entries, full);
    if (entry) {
        g_queue_unlink(&memory->used, &entry->link);
        g_queue_push_head_link(&memory->used, &entry->link);
        finding = finding_ref(entry->finding);
    }
    pthread_mutex_unlock(&memory->lock);
    return finding;
}

static Entry *entry_new(const QueryView *view, const Segment *segment, const char *key,
                        Finding *finding)
{
    Entry *entry = g_new0(Entry, 1);

    entry->key = entry_key(view, segment, key);
    entry->segment = segment ? segment_ref((Segment *)segment) : NULL;
    entry->number = view->number;
    entry->finding = finding_ref(finding);
    entry->link.data = entry;
    return entry;
}

void query_remember(const QueryView *view, const Segment *segment, const char *key,
                    Finding *finding)
{
    QueryMemory *memory = view->memory;
    Entry *entry;

    /* What would drive out most of the rest is found out anew each time. */
    if (!memory || finding->bytes > memory->bytes_max / 4)
        return;
    entry = entry_new(view, segment, key, finding);
    pthread_mutex_lock(&memory->lock);
    if (g_hash_table_contains(memory->entries, entry->key)) {
        pthread_mutex_unlock(&memory->lock);
        entry_free(entry); /* another thread was quicker */
        return;
    }
    g_hash_table_insert(memory->entries, entry->key, entry);
    g_queue_push_head_link(&memory->used, &entry->link);
    memory->bytes += entry_bytes(entry);
    while (memory->bytes > memory->bytes_max && memory->used.tail != &entry->link)
        forget(memory, memory->used.tail->data);
    pthread_mutex_unlock(&memory->lock);
}
