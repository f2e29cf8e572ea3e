/* Shared by the files of the log. */
#pragma once
#include "spine/events.h"

Db *events_db(Events *events);

/* A row of the log; first_seq 0: it is one event, otherwise many, of which event is the last. */
typedef struct {
    Event event;
    int64_t first_seq;
} EventRow;

/* What event_row_read() reads, in this order. */
#define EVENT_COLUMNS                                                                              \
    "seq, id, type, source, subject, subject_uid, actor, on_behalf_of, cause, occurred_at,"        \
    " recorded_at, payload, digest, first_seq"
EventRow *event_row_read(DbRows *rows, Arena *arena, GError **error);

/* ---- many events in one row (events_bulk.c) ---- */

/* What a row of many keeps: a Bloom filter of the subjects, and the items. */
typedef struct {
    GBytes *subjects, *items;
} EventBulk;

/* How many of the items one row takes; at least one. */
guint event_bulk_fitting(const EventItem *items, guint count);
EventBulk event_bulk_new(const EventItem *items, guint count);
void event_bulk_clear(EventBulk *bulk);
/* FALSE where none of the events is of subject. */
gboolean event_bulk_may_have(GBytes *subjects, const char *subject);

/* The events of row that filter asks for, into found, until that has limit. */
gboolean event_bulk_expand(DbConn *conn, Arena *arena, const EventRow *row,
                           const EventFilter *filter, guint limit, GPtrArray *found,
                           GError **error);
