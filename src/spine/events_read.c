/* Reading the log. */
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/events_internal.h"
#include <string.h>

#define TYPE_MATCHES "($2 = '%' OR type LIKE $2 ESCAPE '!')"

static const char SQL_OLDEST[] =
    "SELECT " EVENT_COLUMNS " FROM event WHERE seq > $1 AND " TYPE_MATCHES " ORDER BY seq LIMIT $3";
static const char SQL_NEWEST[] =
    "SELECT " EVENT_COLUMNS " FROM event WHERE seq < $1 AND " TYPE_MATCHES
    " ORDER BY seq DESC LIMIT $3";
static const char SQL_OLDEST_OF[] =
    "SELECT " EVENT_COLUMNS " FROM event WHERE seq > $1 AND " TYPE_MATCHES
    " AND subject = $4 ORDER BY seq LIMIT $3";
static const char SQL_NEWEST_OF[] =
    "SELECT " EVENT_COLUMNS " FROM event WHERE seq < $1 AND " TYPE_MATCHES
    " AND subject = $4 ORDER BY seq DESC LIMIT $3";
/* The row in which a number lies. */
static const char SQL_ROW_OF[] = "SELECT MIN(seq) FROM event WHERE seq >= $1";

static const char SQL_DIGEST[] =
    "SELECT digest FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1";

/* Rows of many, and the filter of their subjects. */
static const char SQL_OLDEST_BULK[] =
    "SELECT seq, subjects FROM event_bulk WHERE seq > $1 ORDER BY seq LIMIT 64";
static const char SQL_NEWEST_BULK[] =
    "SELECT seq, subjects FROM event_bulk WHERE seq < $1 ORDER BY seq DESC LIMIT 64";
static const char SQL_ONE[] =
    "SELECT " EVENT_COLUMNS " FROM event WHERE seq = $1 AND " TYPE_MATCHES;

/* ---- rows ---- */

EventRow *event_row_read(DbRows *rows, Arena *arena, GError **error)
{
    EventRow *row = arena_new0(arena, EventRow, 1);
    Event *event = &row->event;
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
    row->first_seq = db_rows_is_null(rows, 13) ? 0 : db_rows_int(rows, 13);
    if (payload && !(event->payload = json_parse(arena, payload, -1, error)))
        return NULL;
    return row;
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

/* Where reading begins: beyond the row in which `after` lies, whose earlier events are asked for.
 */
static gboolean start_of(DbConn *conn, const EventFilter *filter, int64_t *start, GError **error)
{
    g_autoptr(DbRows) rows = NULL;

    *start = filter->after;
    if (!filter->newest_first)
        return TRUE;
    *start = INT64_MAX;
    if (!filter->after)
        return TRUE;
    rows = db_query(conn, error, SQL_ROW_OF, "i", filter->after);
    if (!rows)
        return FALSE;
    if (db_rows_next(rows) && !db_rows_is_null(rows, 0))
        *start = db_rows_int(rows, 0) + 1;
    return !db_rows_error(rows, error);
}

/* Rows (EventRow *) of one event each where a subject is asked for, otherwise of any. */
static gboolean read_rows(DbConn *conn, Arena *arena, const EventFilter *filter, int64_t start,
                          guint limit, GPtrArray *found, GError **error)
{
    g_autofree char *pattern = like_prefix(filter->type_prefix);
    gboolean newest = filter->newest_first;
    g_autoptr(DbRows) rows = filter->subject
                                 ? db_query(conn, error, newest ? SQL_NEWEST_OF : SQL_OLDEST_OF,
                                            "itit", start, pattern, (int64_t)limit, filter->subject)
                                 : db_query(conn, error, newest ? SQL_NEWEST : SQL_OLDEST, "iti",
                                            start, pattern, (int64_t)limit);

    while (rows && db_rows_next(rows)) {
        EventRow *row = event_row_read(rows, arena, error);

        if (!row)
            return FALSE;
        g_ptr_array_add(found, row);
    }
    return rows && !db_rows_error(rows, error);
}

static gboolean add_events(DbConn *conn, Arena *arena, const EventFilter *filter,
                           const GPtrArray *rows, guint limit, GPtrArray *found, GError **error)
{
    for (guint i = 0; i < rows->len && found->len < limit; i++) {
        EventRow *row = rows->pdata[i];

        if (row->first_seq) {
            if (!event_bulk_expand(conn, arena, row, filter, limit, found, error))
                return FALSE;
        } else if (!filter->newest_first || !filter->after || row->event.seq < filter->after) {
            g_ptr_array_add(found, &row->event);
        }
    }
    return TRUE;
}

/* ---- one subject in rows of many ---- */

/* The numbers of the next rows that may have subject; *start is moved to the last one looked at. */
static gboolean next_candidates(DbConn *conn, const EventFilter *filter, int64_t *start,
                                GArray *candidates, gboolean *more, GError **error)
{
    g_autoptr(DbRows) rows = db_query(
        conn, error, filter->newest_first ? SQL_NEWEST_BULK : SQL_OLDEST_BULK, "i", *start);

    *more = FALSE;
    while (rows && db_rows_next(rows)) {
        g_autoptr(GBytes) subjects = db_rows_blob(rows, 1);

        *start = db_rows_int(rows, 0);
        *more = TRUE;
        if (event_bulk_may_have(subjects, filter->subject))
            g_array_append_val(candidates, *start);
    }
    return rows && !db_rows_error(rows, error);
}

static gboolean read_candidate(DbConn *conn, Arena *arena, const EventFilter *filter, int64_t seq,
                               GPtrArray *found, GError **error)
{
    g_autofree char *pattern = like_prefix(filter->type_prefix);
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_ONE, "it", seq, pattern);
    EventRow *row = NULL;

    if (rows && db_rows_next(rows) && !(row = event_row_read(rows, arena, error)))
        return FALSE;
    if (!rows || db_rows_error(rows, error))
        return FALSE;
    g_clear_pointer(&rows, db_rows_free);
    return !row || event_bulk_expand(conn, arena, row, filter, filter->limit, found, error);
}

static gboolean read_subject_in_bulk(DbConn *conn, Arena *arena, const EventFilter *filter,
                                     int64_t start, GPtrArray *found, GError **error)
{
    for (gboolean more = TRUE; more && found->len < filter->limit;) {
        g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(int64_t));

        if (!next_candidates(conn, filter, &start, candidates, &more, error))
            return FALSE;
        for (guint i = 0; i < candidates->len && found->len < filter->limit; i++)
            if (!read_candidate(conn, arena, filter, g_array_index(candidates, int64_t, i), found,
                                error))
                return FALSE;
    }
    return TRUE;
}

static int by_seq(gconstpointer a, gconstpointer b, gpointer newest_first)
{
    int64_t x = (*(const Event *const *)a)->seq, y = (*(const Event *const *)b)->seq;

    return newest_first ? (x < y) - (x > y) : (x > y) - (x < y);
}

gboolean events_read(DbConn *conn, Arena *arena, const EventFilter *asked, GPtrArray *found,
                     GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GPtrArray) events = g_ptr_array_new();
    EventFilter filter = *asked;
    int64_t start;

    filter.limit = MIN(asked->limit, 1000);
    /* One row more: the first may be the one in which `after` lies, and have nothing to give. */
    if (!start_of(conn, &filter, &start, error) ||
        !read_rows(conn, arena, &filter, start, filter.limit + 1, rows, error))
        return FALSE;
    if (filter.subject && !read_subject_in_bulk(conn, arena, &filter, start, events, error))
        return FALSE;
    if (!add_events(conn, arena, &filter, rows, events->len + filter.limit, events, error))
        return FALSE;
    g_ptr_array_sort_with_data(events, by_seq, GINT_TO_POINTER(filter.newest_first));
    for (guint i = 0; i < MIN(events->len, filter.limit); i++)
        g_ptr_array_add(found, events->pdata[i]);
    return TRUE;
}

char *events_digest(DbConn *conn, int64_t seq, GError **error)
{
    g_autoptr(DbRows) rows = db_query(conn, error, SQL_DIGEST, "i", seq);

    return rows && db_rows_next(rows) ? g_strdup(db_rows_text(rows, 0)) : NULL;
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
