/* Many events of one kind in one row of the log.
 *
 * What they share stands in the row; what differs (subject, uid, payload) is one compressed block,
 * which is unpacked when the events are read. A Bloom filter of the subjects lets those who look
 * for one subject pass by the rows that do not have it. Both are covered by the row's digest. */
#include "formats/json.h"
#include "spine/events_internal.h"
#include <string.h>
#include <zstd.h>

#define BLOOM_BITS 10 /* an item: about one false answer in a hundred */
#define BLOOM_HASHES 6
#define ROW_ITEMS_MAX 100000
#define ROW_BYTES ((gsize)16 << 20) /* one item that is longer has a row of its own */
#define ITEMS_BYTES_MAX ((gsize)256 << 20)

static const char SQL_ITEMS[] = "SELECT items FROM event_bulk WHERE seq = $1";

/* ---- the filter of subjects ---- */

/* FNV-1a: what is stored depends on it, so that it never changes. */
static guint64 hash_text(const char *text)
{
    guint64 hash = G_GUINT64_CONSTANT(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (guchar)*text) * G_GUINT64_CONSTANT(1099511628211);
    return hash ^ hash >> 32;
}

static gsize bloom_bit(guint64 hash, guint round, gsize bits)
{
    guint64 step = (hash >> 32) | 1;

    return (gsize)((hash + round * step * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)) % bits);
}

static GBytes *bloom_new(const EventItem *items, guint count)
{
    gsize bits = ((gsize)count * BLOOM_BITS + 63) / 64 * 64;
    guchar *bytes = g_malloc0(bits / 8);

    for (guint i = 0; i < count; i++)
        for (guint round = 0; items[i].subject && round < BLOOM_HASHES; round++) {
            gsize bit = bloom_bit(hash_text(items[i].subject), round, bits);

            bytes[bit / 8] |= (guchar)(1 << bit % 8);
        }
    return g_bytes_new_take(bytes, bits / 8);
}

gboolean event_bulk_may_have(GBytes *subjects, const char *subject)
{
    gsize length;
    const guchar *bytes = g_bytes_get_data(subjects, &length);

    for (guint round = 0; length && round < BLOOM_HASHES; round++) {
        gsize bit = bloom_bit(hash_text(subject), round, length * 8);

        if (!(bytes[bit / 8] & 1 << bit % 8))
            return FALSE;
    }
    return length > 0;
}

/* ---- packing ---- */

static gsize part_length(const char *part)
{
    return (part ? strlen(part) : 0) + 1;
}

/* A row is read as a whole, so that it must not be any length. */
guint event_bulk_fitting(const EventItem *items, guint count)
{
    gsize bytes = 0;
    guint fitting = 0;

    for (; fitting < MIN(count, ROW_ITEMS_MAX); fitting++) {
        const EventItem *item = &items[fitting];

        bytes += part_length(item->subject) + part_length(item->subject_uid) +
                 part_length(item->payload);
        if (fitting > 0 && bytes > ROW_BYTES)
            break;
    }
    return fitting;
}

static void append_part(GString *block, const char *part)
{
    g_string_append_len(block, part ? part : "", (gssize)strlen(part ? part : "") + 1);
}

/* Three texts an item, each ended by NUL; an empty one is none. */
static GBytes *pack(const EventItem *items, guint count)
{
    g_autoptr(GString) block = g_string_sized_new((gsize)count * 192);

    for (guint i = 0; i < count; i++) {
        append_part(block, items[i].subject);
        append_part(block, items[i].subject_uid);
        append_part(block, items[i].payload);
    }
    gsize bound = ZSTD_compressBound(block->len);
    char *packed = g_malloc(bound);
    gsize length = ZSTD_compress(packed, bound, block->str, block->len, 1);
    g_assert(!ZSTD_isError(length) && block->len <= ITEMS_BYTES_MAX);
    return g_bytes_new_take(g_realloc(packed, length), length);
}

EventBulk event_bulk_new(const EventItem *items, guint count)
{
    return (EventBulk){bloom_new(items, count), pack(items, count)};
}

void event_bulk_clear(EventBulk *bulk)
{
    g_clear_pointer(&bulk->subjects, g_bytes_unref);
    g_clear_pointer(&bulk->items, g_bytes_unref);
}

/* ---- unpacking ---- */

typedef struct {
    const char *subject, *subject_uid, *payload;
} Item;

/* The texts of the block, ended by a NUL of our own. NULL where it is not what was packed. */
static char *unpack(GBytes *packed, gsize *length)
{
    gsize packed_length;
    const void *bytes = g_bytes_get_data(packed, &packed_length);
    unsigned long long size = ZSTD_getFrameContentSize(bytes, packed_length);
    g_autofree char *block = NULL;

    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
        size > ITEMS_BYTES_MAX)
        return NULL;
    block = g_malloc(size + 1);
    *length = ZSTD_decompress(block, size, bytes, packed_length);
    if (ZSTD_isError(*length) || *length != size)
        return NULL;
    block[size] = '\0';
    return g_steal_pointer(&block);
}

static const char *next_part(const char **at, const char *end)
{
    const char *part = *at;

    if (part >= end)
        return "";
    *at += strlen(part) + 1;
    return part;
}

static GArray *items_of(const char *block, gsize length)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));

    for (const char *at = block, *end = block + length; at < end;) {
        Item item = {0};

        item.subject = next_part(&at, end);
        item.subject_uid = next_part(&at, end);
        item.payload = next_part(&at, end);
        g_array_append_val(items, item);
    }
    return items;
}

static const char *text_or_null(Arena *arena, const char *text)
{
    return *text ? arena_strdup(arena, text) : NULL;
}

static gboolean add_event(Arena *arena, const EventRow *row, int64_t seq, const Item *item,
                          GPtrArray *found, GError **error)
{
    Event *event = arena_new0(arena, Event, 1);

    *event = row->event;
    event->seq = seq;
    event->id = arena_printf(arena, "%s.%" G_GINT64_FORMAT, row->event.id, seq - row->first_seq);
    event->subject = text_or_null(arena, item->subject);
    event->subject_uid = text_or_null(arena, item->subject_uid);
    if (*item->payload && !(event->payload = json_parse(arena, item->payload, -1, error)))
        return FALSE;
    g_ptr_array_add(found, event);
    return TRUE;
}

static gboolean is_asked_for(const EventFilter *filter, int64_t seq, const Item *item)
{
    if (filter->newest_first ? filter->after && seq >= filter->after : seq <= filter->after)
        return FALSE;
    return !filter->subject || g_str_equal(item->subject, filter->subject);
}

static gboolean expand(Arena *arena, const EventRow *row, const GArray *items,
                       const EventFilter *filter, guint limit, GPtrArray *found, GError **error)
{
    for (guint i = 0; i < items->len && found->len < limit; i++) {
        guint at = filter->newest_first ? items->len - 1 - i : i;
        const Item *item = &g_array_index(items, Item, at);

        if (is_asked_for(filter, row->first_seq + at, item) &&
            !add_event(arena, row, row->first_seq + at, item, found, error))
            return FALSE;
    }
    return TRUE;
}

/* The block of a row; *items NULL without error where it was erased. */
static gboolean load_items(DbConn *conn, int64_t seq, GBytes **items, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ITEMS, "i", seq);

    if (!rows)
        return FALSE;
    if (db_rows_next(rows))
        *items = db_rows_blob(rows, 0);
    return !db_rows_error(rows, error);
}

/* Numbers are never lost: what was erased is there without subject and payload. */
static GArray *erased_items(const EventRow *row)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));
    const Item none = {"", "", ""};

    for (int64_t seq = row->first_seq; seq <= row->event.seq; seq++)
        g_array_append_val(items, none);
    return items;
}

gboolean event_bulk_expand(DbConn *conn, Arena *arena, const EventRow *row,
                           const EventFilter *filter, guint limit, GPtrArray *found, GError **error)
{
    g_autoptr(GBytes) packed = NULL;
    g_autoptr(GArray) items = NULL;
    g_autofree char *block = NULL;
    gsize length = 0;

    if (!load_items(conn, row->event.seq, &packed, error))
        return FALSE;
    if (packed && (block = unpack(packed, &length)))
        items = items_of(block, length);
    else if (!packed)
        items = erased_items(row);
    if (items && items->len == row->event.seq - row->first_seq + 1)
        return expand(arena, row, items, filter, limit, found, error);
    g_set_error(error, PAVE_ERROR, ERROR_INTERNAL,
                "the events up to %" G_GINT64_FORMAT " cannot be unpacked", row->event.seq);
    return FALSE;
}
