/* Appending and verifying. */
#include "spine/events.h"
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include "spine/events_internal.h"
#include <string.h>
#include <sys/random.h>

static const char SQL_NUMBER[] = "UPDATE log_head SET seq = seq + $1 RETURNING seq, digest";
static const char SQL_SEAL[] = "UPDATE log_head SET digest = $1";
static const char SQL_HEAD[] = "SELECT seq, digest FROM log_head";
static const char SQL_APPEND[] =
    "INSERT INTO event (" EVENT_COLUMNS ", salt, payload_digest)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULLIF($16, 0), $14, $15)";
static const char SQL_APPEND_BULK[] =
    "INSERT INTO event_bulk (seq, subjects, items) VALUES ($1, $2, $3)";

static const char SQL_CHAIN[] =
    "SELECT e.seq, e.id, e.type, e.source, e.subject, e.subject_uid, e.actor, e.on_behalf_of,"
    " e.cause, e.occurred_at, e.recorded_at, e.payload, e.digest, e.first_seq, e.salt,"
    " e.payload_digest, b.subjects, b.items FROM event e LEFT JOIN event_bulk b ON b.seq = e.seq"
    " WHERE e.seq > $1 ORDER BY e.seq LIMIT 100";

/* ---- digests ---- */

/* Each part with its length, so that no two lists of parts hash alike. */
static void hash_part(GChecksum *sum, const char *part)
{
    g_autofree char *length = part ? g_strdup_printf("%zu:", strlen(part)) : g_strdup("-");

    g_checksum_update(sum, (const guchar *)length, -1);
    if (part)
        g_checksum_update(sum, (const guchar *)part, -1);
}

static char *payload_digest(const char *salt, const char *payload)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    hash_part(sum, salt);
    hash_part(sum, payload);
    return g_strdup(g_checksum_get_string(sum));
}

static void hash_block(GChecksum *sum, GBytes *block)
{
    gsize length;
    const guchar *bytes = g_bytes_get_data(block, &length);
    g_autofree char *size = g_strdup_printf("%zu:", length);

    g_checksum_update(sum, (const guchar *)size, -1);
    g_checksum_update(sum, bytes, (gssize)length);
}

static char *bulk_digest(const char *salt, const EventBulk *bulk)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    hash_part(sum, salt);
    hash_block(sum, bulk->subjects);
    hash_block(sum, bulk->items);
    return g_strdup(g_checksum_get_string(sum));
}

/* The first number of a row of many stands before the rest, so that it cannot be changed either. */
static char *chain_digest(const char *before, const EventRow *row, const char *payload)
{
    const Event *event = &row->event;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *first =
        row->first_seq ? g_strdup_printf("%" G_GINT64_FORMAT "-", row->first_seq) : g_strdup("");
    g_autofree char *numbers =
        g_strdup_printf("%s%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, first,
                        event->seq, event->occurred_at, event->recorded_at);
    const char *parts[] = {before,         event->id,
                           event->type,    event->source,
                           event->subject, event->subject_uid,
                           event->actor,   event->on_behalf_of,
                           event->cause,   numbers,
                           payload};

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        hash_part(sum, parts[i]);
    return g_strdup(g_checksum_get_string(sum));
}

static char *new_salt(void)
{
    uint64_t random[2];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        g_error("the kernel gives no random bytes");
    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", random[0],
                           random[1]);
}

/* ---- appending ---- */

typedef struct {
    EventRow row; /* its strings are in arena */
    guint count;
    const char *payload;
    EventBulk bulk; /* of a row of many */
    Arena *arena;
} Pending;

static void pending_free(void *data)
{
    Pending *pending = data;

    event_bulk_clear(&pending->bulk);
    arena_free(pending->arena);
    g_free(pending);
}

static gboolean insert(DbConn *tx, const Pending *pending, const char *salt, const char *digest,
                       GError **error)
{
    const Event *event = &pending->row.event;
    gboolean bulk = pending->bulk.items != NULL;

    if (db_exec(tx, error, SQL_APPEND, "ittttttttiitttti", event->seq, event->id, event->type,
                event->source, event->subject, event->subject_uid, event->actor,
                event->on_behalf_of, event->cause, event->occurred_at, event->recorded_at,
                pending->payload, event->digest, salt, digest, pending->row.first_seq) != 1)
        return FALSE;
    return !bulk || db_exec(tx, error, SQL_APPEND_BULK, "ibb", event->seq, pending->bulk.subjects,
                            pending->bulk.items) == 1;
}

/* Numbers pending from *last + 1 on and chains it to before; what the next is chained to. */
static char *chain(DbConn *tx, Pending *pending, int64_t *last, const char *before, GError **error)
{
    EventRow *row = &pending->row;
    gboolean bulk = pending->bulk.items != NULL;
    g_autofree char *salt = new_salt();
    g_autofree char *payload =
        bulk ? bulk_digest(salt, &pending->bulk) : payload_digest(salt, pending->payload);
    g_autofree char *digest = NULL;

    row->first_seq = bulk ? *last + 1 : 0;
    row->event.seq = *last += pending->count;
    digest = chain_digest(before, row, payload);
    row->event.digest = digest;
    return insert(tx, pending, salt, payload, error) ? g_steal_pointer(&digest) : NULL;
}

static int64_t count_events(const GPtrArray *deferred)
{
    int64_t count = 0;

    for (guint i = 0; i < deferred->len; i++)
        count += ((const Pending *)deferred->pdata[i])->count;
    return count;
}

/* The last statements before COMMIT: the numbers are taken while no other writer can commit. */
static gboolean flush(DbConn *tx, GPtrArray *deferred, int64_t *seq, GError **error)
{
    int64_t count = count_events(deferred);
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_NUMBER, "i", count);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    int64_t head = db_rows_int(rows, 0), last = head - count;
    g_autofree char *before = g_strdup(db_rows_text(rows, 1));
    g_clear_pointer(&rows, db_rows_free);
    for (guint i = 0; i < deferred->len; i++) {
        char *digest = chain(tx, g_ptr_array_index(deferred, i), &last, before, error);

        if (!digest)
            return FALSE;
        g_free(before);
        before = digest;
    }
    *seq = head;
    return db_exec(tx, error, SQL_SEAL, "t", before) == 1;
}

static Pending *pending_new(const Event *event, guint count)
{
    Pending *pending = g_new0(Pending, 1);
    Arena *arena = pending->arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *id = event->id ? g_strdup(event->id) : clock_new_id();
    int64_t now = clock_now_ms();

    g_assert(event->type && event->source);
    pending->count = count;
    pending->row.event = (Event){
        .id = arena_strdup(arena, id),
        .type = arena_strdup(arena, event->type),
        .source = arena_strdup(arena, event->source),
        .subject = arena_strdup(arena, event->subject),
        .subject_uid = arena_strdup(arena, event->subject_uid),
        .actor = arena_strdup(arena, event->actor),
        .on_behalf_of = arena_strdup(arena, event->on_behalf_of),
        .cause = arena_strdup(arena, event->cause),
        .occurred_at = event->occurred_at ? event->occurred_at : now,
        .recorded_at = now,
    };
    return pending;
}

void events_append(DbConn *tx, const Event *event)
{
    Pending *pending = pending_new(event, 1);

    if (event->payload)
        pending->payload = json_to_arena(pending->arena, event->payload, JSON_COMPACT);
    db_defer(tx, pending, pending_free, flush);
}

void events_append_bulk(DbConn *tx, const Event *common, const EventItem *items, guint count)
{
    g_assert(!common->id && !common->subject && !common->payload);
    while (count > 0) {
        guint fitting = event_bulk_fitting(items, count);
        Pending *pending = pending_new(common, fitting);

        pending->bulk = event_bulk_new(items, fitting);
        db_defer(tx, pending, pending_free, flush);
        items += fitting;
        count -= fitting;
    }
}

/* ---- the head ---- */

gboolean events_read_head(DbConn *conn, int64_t *seq, char **digest, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_HEAD, "");

    if (!rows || !db_rows_next(rows))
        return FALSE;
    *seq = db_rows_int(rows, 0);
    if (digest)
        *digest = g_strdup(db_rows_text(rows, 1));
    return TRUE;
}

/* ---- verifying ---- */

typedef struct {
    int64_t seq; /* of the event before */
    char *digest;
} Place;

static gboolean breaks(int64_t seq, const char *what, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the log breaks at event %" G_GINT64_FORMAT ": %s", seq, what);
    return FALSE;
}

/* The digest of the payload as it lies there now; NULL where it was erased. */
static char *digest_there(DbRows *rows)
{
    EventBulk bulk = {db_rows_blob(rows, 16), db_rows_blob(rows, 17)};
    const char *payload = db_rows_text(rows, 11);
    char *digest = NULL;

    if (bulk.items)
        digest = bulk_digest(db_rows_text(rows, 14), &bulk);
    else if (payload)
        digest = payload_digest(db_rows_text(rows, 14), payload);
    event_bulk_clear(&bulk);
    return digest;
}

static gboolean verify_row(DbRows *rows, Place *place, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autofree char *salted = digest_there(rows);
    g_autofree char *sealed = g_strdup(db_rows_text(rows, 15));
    int64_t seq = db_rows_int(rows, 0);

    if (salted && !g_str_equal(salted, sealed))
        return breaks(seq, "its payload is not the one that was written", error);
    EventRow *row = event_row_read(rows, arena, error);
    if (!row)
        return FALSE;
    int64_t first = row->first_seq ? row->first_seq : seq;
    if (place->digest && first != place->seq + 1)
        return breaks(place->seq + 1, "it is missing", error);
    const char *before = first == 1 ? "" : place->digest;
    if (before) { /* NULL: the first event that is kept; what came before it was archived */
        g_autofree char *digest = chain_digest(before, row, sealed);
        if (!g_str_equal(digest, row->event.digest))
            return breaks(seq, "it is not the one that was written", error);
    }
    g_free(place->digest);
    place->digest = g_strdup(row->event.digest);
    place->seq = seq;
    return TRUE;
}

static gboolean verify_some(DbConn *conn, Place *place, gboolean *more, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_CHAIN, "i", place->seq);

    *more = FALSE;
    if (!rows)
        return FALSE;
    while (db_rows_next(rows)) {
        if (!verify_row(rows, place, error))
            return FALSE;
        *more = TRUE;
    }
    return !db_rows_error(rows, error);
}

gboolean events_verify(DbConn *conn, GError **error)
{
    Place place = {0, NULL};
    g_autofree char *sealed = NULL;
    int64_t head;
    gboolean done = events_read_head(conn, &head, &sealed, error);

    for (gboolean more = TRUE; done && more;)
        done = verify_some(conn, &place, &more, error);
    /* Events may have come in since the head was read: then the place is beyond it. */
    if (done &&
        (place.seq < head || (place.seq == head && head && !g_str_equal(place.digest, sealed))))
        done = breaks(place.seq + 1, "the log ends before its head", error);
    g_free(place.digest);
    return done;
}
