/* The log: what happened, in the order it was committed.
 *
 * An event is written in the transaction of the change it tells of. Its seq is taken as the last
 * statement before COMMIT, so that order of seq is order of commit, without gaps, on both engines.
 * Events are CloudEvents-shaped, with CDEvents types where they exist
 * ("dev.cdevents.service.deployed.0.2.0"); ours are "dev.pave.<room>.<noun>.<verb>". A change of
 * very many things at once is one row that takes as many numbers, and is expanded when it is read;
 * readers and followers see events like any other. */
#pragma once
#include "formats/value.h"
#include "spine/db.h"

typedef struct {
    int64_t seq;    /* set when read */
    const char *id; /* set when NULL */
    const char *type;
    const char *source; /* "/pave/scaffolder" */
    const char
        *subject; /* entity ref "component:default/order-service", or the object's own name */
    const char *subject_uid;
    const char *actor; /* "user:default/ada", "job:<id>" */
    const char *on_behalf_of;
    const char *cause;                /* id of the job or event this follows from */
    int64_t occurred_at, recorded_at; /* ms; occurred_at 0: now */
    const Value *payload;
    const char *digest; /* hex; chained over the salted payloads */
} Event;

typedef struct Events Events;

Events *events_new(Db *db);
void events_free(Events *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Events, events_free)

/* Adds an event to the transaction; copied. It is numbered and chained at commit. */
void events_append(DbConn *tx, const Event *event);

typedef struct {
    const char *subject, *subject_uid;
    const char *payload; /* JSON; NULL: none */
} EventItem;

/* Adds count events that share all but what their items say; copied. Their ids follow from the
 * row's, their digest is the row's. More than fit one row are several; none for 0. */
void events_append_bulk(DbConn *tx, const Event *common, const EventItem *items, guint count);

/* One event as CloudEvents JSON in arena:
 * {specversion,id,source,type,subject,time,seq,actor,cause,data}. */
const Value *event_to_value(Arena *arena, const Event *event);

typedef struct {
    int64_t after;           /* seq; events with a greater one */
    const char *type_prefix; /* NULL: all */
    const char *subject;     /* NULL: all */
    guint limit;             /* ≤ 1000 */
    gboolean newest_first;   /* then `after` means before, 0 for the newest */
} EventFilter;

/* Events (Event * in arena) into found; FALSE with error. */
gboolean events_read(DbConn *conn, Arena *arena, const EventFilter *filter, GPtrArray *found,
                     GError **error);

/* The head of the log as the database has it; digest may be NULL. */
gboolean events_read_head(DbConn *conn, int64_t *seq, char **digest, GError **error);
/* The digest the log had when its head was seq; NULL where nothing up to it is kept. */
char *events_digest(DbConn *conn, int64_t seq, GError **error);

/* The last seq this process has seen committed. */
int64_t events_head(Events *events);
/* Waits until the head passes after or timeout_ms is over; the head. */
int64_t events_wait(Events *events, int64_t after, int timeout_ms);

/* A durable follower: every event whose type starts with type_prefix, in order, exactly once as far
 * as the database is concerned: handle runs in a write transaction in which the follower's place is
 * advanced too. An error is logged and the event tried again with back-off (it never blocks other
 * followers); after 10 tries it is passed over and recorded as dev.pave.events.follower.skipped.
 * name is stable for ever. */
typedef gboolean (*EventHandler)(DbConn *tx, const Event *event, Arena *arena, void *data,
                                 GError **error);
void events_follow(Events *events, const char *name, const char *type_prefix, EventHandler handle,
                   void *data);
/* Called on one thread after each commit that holds events; must not block. For waking streams. */
void events_on_commit(Events *events, void (*notify)(int64_t head, void *data), void *data);
/* Starts the follower threads; stop waits for them. */
void events_start(Events *events);
void events_stop(Events *events);

/* Checks the digest chain from the first kept event; ERROR_CONFLICT names the seq where it breaks.
 */
gboolean events_verify(DbConn *conn, GError **error);
