/* Appending, reading and verifying; the followers are in events_follow.c. */
#include "spine/events.h"
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/db_internal.h"
#include "spine/events_internal.h"
#include <string.h>
#include <sys/random.h>

#define COLUMNS                                                                                    \
    "seq, id, type, source, subject, subject_uid, actor, on_behalf_of, cause, occurred_at,"        \
    " recorded_at, payload, digest"
#define TYPE_MATCHES "($2 = '%' OR type LIKE $2 ESCAPE '!')"

static const char SQL_NUMBER[] = "UPDATE log_head SET seq = seq + $1 RETURNING seq, digest";
static const char SQL_SEAL[] = "UPDATE log_head SET digest = $1";
static const char SQL_HEAD[] = "SELECT seq, digest FROM log_head";
static const char SQL_APPEND[] =
    "INSERT INTO event (" COLUMNS ", salt, payload_digest)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

static const char SQL_OLDEST[] =
    "SELECT " COLUMNS " FROM event WHERE seq > $1 AND " TYPE_MATCHES " ORDER BY seq LIMIT $3";
static const char SQL_NEWEST[] =
    "SELECT " COLUMNS " FROM event WHERE seq < $1 AND " TYPE_MATCHES " ORDER BY seq DESC LIMIT $3";
static const char SQL_OLDEST_OF[] = "SELECT " COLUMNS " FROM event WHERE seq > $1 AND " TYPE_MATCHES
                                    " AND subject = $4 ORDER BY seq LIMIT $3";
static const char SQL_NEWEST_OF[] = "SELECT " COLUMNS " FROM event WHERE seq < $1 AND " TYPE_MATCHES
                                    " AND subject = $4 ORDER BY seq DESC LIMIT $3";
static const char SQL_CHAIN[] = "SELECT " COLUMNS ", salt, payload_digest FROM event"
                                " WHERE seq > $1 ORDER BY seq LIMIT 500";

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

static char *chain_digest(const char *before, const Event *event, const char *payload)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *numbers =
        g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, event->seq,
                        event->occurred_at, event->recorded_at);
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
    Event event; /* its strings are in arena */
    const char *payload;
    Arena *arena;
} Pending;

static void pending_free(void *data)
{
    Pending *pending = data;

    arena_free(pending->arena);
    g_free(pending);
}

static gboolean insert(DbConn *tx, const Pending *pending, const char *salt, const char *digest,
                       GError **error)
{
    const Event *event = &pending->event;

    return db_exec(tx, error, SQL_APPEND, "ittttttttiitttt", event->seq, event->id, event->type,
                   event->source, event->subject, event->subject_uid, event->actor,
                   event->on_behalf_of, event->cause, event->occurred_at, event->recorded_at,
                   pending->payload, event->digest, salt, digest) == 1;
}

/* The last statements before COMMIT: the numbers are taken while no other writer can commit. */
static gboolean flush(DbConn *tx, GPtrArray *deferred, int64_t *seq, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, SQL_NUMBER, "i", (int64_t)deferred->len);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    int64_t head = db_rows_int(rows, 0);
    g_autofree char *before = g_strdup(db_rows_text(rows, 1));
    g_clear_pointer(&rows, db_rows_free);
    for (guint i = 0; i < deferred->len; i++) {
        Pending *pending = g_ptr_array_index(deferred, i);
        g_autofree char *salt = new_salt();
        g_autofree char *payload = payload_digest(salt, pending->payload);

        pending->event.seq = head - deferred->len + 1 + i;
        char *digest = chain_digest(before, &pending->event, payload);
        g_free(before);
        pending->event.digest = before = digest;
        if (!insert(tx, pending, salt, payload, error))
            return FALSE;
    }
    *seq = head;
    return db_exec(tx, error, SQL_SEAL, "t", before) == 1;
}

void events_append(DbConn *tx, const Event *event)
{
    Pending *pending = g_new0(Pending, 1);
    Arena *arena = pending->arena = arena_new(ARENA_REQUEST_BYTES);
    int64_t now = clock_now_ms();

    g_assert(event->type && event->source);
    pending->event = (Event){
        .id = arena_strdup(arena, event->id),
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
    if (!event->id) {
        g_autofree char *id = clock_new_id();
        pending->event.id = arena_strdup(arena, id);
    }
    if (event->payload)
        pending->payload = json_to_arena(arena, event->payload, JSON_COMPACT);
    db_defer(tx, pending, pending_free, flush);
}

/* ---- reading ---- */

static Event *read_row(DbRows *rows, Arena *arena, GError **error)
{
    Event *event = arena_new0(arena, Event, 1);
    const char *payload = db_rows_text(rows, 11);

    event->seq = db_rows_int(rows, 0);
    event->id = arena_strdup(arena, db_rows_text(rows, 1));
    event->type = arena_strdup(arena, db_rows_text(rows, 2));
    event->source = arena_strdup(arena, db_rows_text(rows, 3));
    event->subject = arena_strdup(arena, db_rows_text(rows, 4));
    event->subject_uid = arena_strdup(arena, db_rows_text(rows, 5));
    event->actor = arena_strdup(arena, db_rows_text(rows, 6));
    event->on_behalf_of = arena_strdup(arena, db_rows_text(rows, 7));
    event->cause = arena_strdup(arena, db_rows_text(rows, 8));
    event->occurred_at = db_rows_int(rows, 9);
    event->recorded_at = db_rows_int(rows, 10);
    event->digest = arena_strdup(arena, db_rows_text(rows, 12));
    if (payload && !(event->payload = json_parse(arena, payload, -1, error)))
        return NULL;
    return event;
}

/* prefix as a pattern for LIKE, whose own signs are escaped with '!'. */
static char *like_prefix(const char *prefix)
{
    GString *pattern = g_string_new(NULL);

    for (const char *c = prefix ? prefix : ""; *c; c++) {
        if (strchr("!%_", *c))
            g_string_append_c(pattern, '!');
        g_string_append_c(pattern, *c);
    }
    g_string_append_c(pattern, '%');
    return g_string_free(pattern, FALSE);
}

static DbRows *query(DbConn *conn, const EventFilter *filter, GError **error)
{
    g_autofree char *pattern = like_prefix(filter->type_prefix);
    int64_t after = filter->newest_first && !filter->after ? INT64_MAX : filter->after;
    int64_t limit = MIN(filter->limit, 1000);

    if (filter->subject)
        return db_query(conn, error, filter->newest_first ? SQL_NEWEST_OF : SQL_OLDEST_OF, "itit",
                        after, pattern, limit, filter->subject);
    return db_query(conn, error, filter->newest_first ? SQL_NEWEST : SQL_OLDEST, "iti", after,
                    pattern, limit);
}

gboolean events_read(DbConn *conn, Arena *arena, const EventFilter *filter, GPtrArray *found,
                     GError **error)
{
    g_autoptr(DbRows) rows = query(conn, filter, error);

    if (!rows)
        return FALSE;
    while (db_rows_next(rows)) {
        Event *event = read_row(rows, arena, error);
        if (!event)
            return FALSE;
        g_ptr_array_add(found, event);
    }
    return !db_rows_error(rows, error);
}

const Value *event_to_value(Arena *arena, const Event *event)
{
    Value *object = value_object_new(arena);

    value_set_string(arena, object, "specversion", "1.0");
    value_set_string(arena, object, "id", event->id);
    value_set_string(arena, object, "source", event->source);
    value_set_string(arena, object, "type", event->type);
    value_set_string(arena, object, "subject", event->subject);
    value_set(arena, object, "time", clock_value(arena, event->occurred_at));
    value_set_int(arena, object, "seq", event->seq);
    value_set_string(arena, object, "subjectuid", event->subject_uid);
    value_set_string(arena, object, "actor", event->actor);
    value_set_string(arena, object, "onbehalfof", event->on_behalf_of);
    value_set_string(arena, object, "cause", event->cause);
    value_set(arena, object, "recordedtime", clock_value(arena, event->recorded_at));
    value_set_string(arena, object, "digest", event->digest);
    if (event->payload) {
        value_set_string(arena, object, "datacontenttype", "application/json");
        value_set(arena, object, "data", event->payload);
    }
    return object;
}

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

static gboolean verify_row(DbRows *rows, Place *place, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    const char *payload = db_rows_text(rows, 11);
    g_autofree char *sealed = g_strdup(db_rows_text(rows, 14));
    int64_t seq = db_rows_int(rows, 0);

    if (payload) {
        g_autofree char *salted = payload_digest(db_rows_text(rows, 13), payload);
        if (!g_str_equal(salted, sealed))
            return breaks(seq, "its payload is not the one that was written", error);
    }
    Event *event = read_row(rows, arena, error);
    if (!event)
        return FALSE;
    if (place->digest && seq != place->seq + 1)
        return breaks(place->seq + 1, "it is missing", error);
    const char *before = seq == 1 ? "" : place->digest;
    if (before) { /* NULL: the first event that is kept; what came before it was archived */
        g_autofree char *digest = chain_digest(before, event, sealed);
        if (!g_str_equal(digest, event->digest))
            return breaks(seq, "it is not the one that was written", error);
    }
    g_free(place->digest);
    place->digest = g_strdup(event->digest);
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
