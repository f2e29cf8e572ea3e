/* Who listens to the log: waiters, the commit listeners, and the durable followers with a thread
 * each. */
#include "spine/clock.h"
#include "spine/db_internal.h"
#include "spine/events.h"
#include "spine/events_internal.h"
#include <pthread.h>
#include <string.h>

#define TRIES_MAX 10
#define BATCH 64
#define IDLE_GAP 1000 /* events of other types after which a follower's place is written down */
#define POLL_MS 250   /* how soon another node's commit is seen */
#define SKIPPED "dev.pave.events.follower.skipped"

static const char SQL_PLACE[] = "SELECT seq, tries FROM follower WHERE name = $1";
static const char SQL_BEGIN[] =
    "INSERT INTO follower (name, seq, tries) VALUES ($1, 0, 0) ON CONFLICT (name) DO NOTHING";
static const char SQL_ADVANCE[] =
    "UPDATE follower SET seq = $1, tries = 0, last_error = NULL WHERE name = $2 AND seq = $3";
static const char SQL_FAILED[] = "UPDATE follower SET tries = tries + 1, last_error = $1"
                                 " WHERE name = $2 AND seq = $3";

typedef struct {
    Events *events;
    char *name, *type_prefix;
    EventHandler handle;
    void *data;
    pthread_t thread;
    int64_t place; /* as the database has it */
    int64_t seen;  /* looked through, ≥ place */
    int64_t tries;
} Follower;

typedef struct {
    void (*notify)(int64_t head, void *data);
    void *data;
} Listener;

struct Events {
    Db *db;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* the head moved, or we are stopping */
    int64_t head;
    gboolean started, stopping;
    GPtrArray *followers;
    GArray *listeners;
    pthread_t dispatcher;
};

static void raise_head(Events *events, int64_t seq)
{
    pthread_mutex_lock(&events->lock);
    if (seq > events->head) {
        events->head = seq;
        pthread_cond_broadcast(&events->changed);
    }
    pthread_mutex_unlock(&events->lock);
}

static void committed(int64_t seq, void *data)
{
    raise_head(data, seq);
}

static void follower_free(void *data)
{
    Follower *follower = data;

    g_free(follower->name);
    g_free(follower->type_prefix);
    g_free(follower);
}

Events *events_new(Db *db)
{
    Events *events = g_new0(Events, 1);
    pthread_condattr_t monotonic;

    events->db = db;
    pthread_mutex_init(&events->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&events->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    events->followers = g_ptr_array_new_with_free_func(follower_free);
    events->listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    db_on_commit(db, committed, events);
    int64_t head;
    if (events_read_head(db_reader(db), &head, NULL, NULL))
        raise_head(events, head);
    return events;
}

void events_free(Events *events)
{
    if (!events)
        return;
    events_stop(events);
    db_off_commit(events->db, events);
    g_ptr_array_unref(events->followers);
    g_array_unref(events->listeners);
    pthread_cond_destroy(&events->changed);
    pthread_mutex_destroy(&events->lock);
    g_free(events);
}

Db *events_db(Events *events)
{
    return events->db;
}

/* ---- waiting ---- */

int64_t events_head(Events *events)
{
    pthread_mutex_lock(&events->lock);
    int64_t head = events->head;
    pthread_mutex_unlock(&events->lock);
    return head;
}

/* With the lock held. FALSE once time is up. */
static gboolean wait_changed(Events *events, int64_t until_ms)
{
    struct timespec until = {until_ms / 1000, (until_ms % 1000) * 1000000};

    return pthread_cond_timedwait(&events->changed, &events->lock, &until) == 0;
}

int64_t events_wait(Events *events, int64_t after, int timeout_ms)
{
    int64_t until = clock_monotonic_ms() + timeout_ms;

    pthread_mutex_lock(&events->lock);
    while (events->head <= after && !events->stopping && wait_changed(events, until))
        ;
    int64_t head = events->head;
    pthread_mutex_unlock(&events->lock);
    return head;
}

static gboolean is_stopping(Events *events)
{
    pthread_mutex_lock(&events->lock);
    gboolean stopping = events->stopping;
    pthread_mutex_unlock(&events->lock);
    return stopping;
}

/* ---- one follower ---- */

typedef struct {
    Follower *follower;
    const Event *event;
    Arena *arena;
    const GError *why; /* of a failure or a skip */
} Step;

static gboolean advance(DbConn *tx, const Step *step, GError **error)
{
    Follower *follower = step->follower;

    if (db_exec(tx, error, SQL_ADVANCE, "iti", step->event->seq, follower->name, follower->place) ==
        1)
        return TRUE;
    if (error && !*error)
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "another node handled the event");
    return FALSE;
}

static gboolean write_handled(DbConn *tx, void *data, GError **error)
{
    const Step *step = data;
    Follower *follower = step->follower;

    return advance(tx, step, error) &&
           follower->handle(tx, step->event, step->arena, follower->data, error);
}

static gboolean write_passed(DbConn *tx, void *data, GError **error)
{
    return advance(tx, data, error);
}

static gboolean write_failed(DbConn *tx, void *data, GError **error)
{
    const Step *step = data;

    return db_exec(tx, error, SQL_FAILED, "tti", step->why->message, step->follower->name,
                   step->follower->place) >= 0;
}

static gboolean write_skipped(DbConn *tx, void *data, GError **error)
{
    const Step *step = data;
    Value *payload = value_object_new(step->arena);

    if (!advance(tx, step, error))
        return FALSE;
    value_set_string(step->arena, payload, "follower", step->follower->name);
    value_set_int(step->arena, payload, "seq", step->event->seq);
    value_set_string(step->arena, payload, "type", step->event->type);
    value_set_string(step->arena, payload, "error", step->why->message);
    if (!g_str_equal(step->event->type, SKIPPED)) /* a skip of a skip would never end */
        events_append(tx, &(Event){.type = SKIPPED,
                                   .source = "/pave/events",
                                   .subject = step->follower->name,
                                   .cause = step->event->id,
                                   .payload = payload});
    return TRUE;
}

static gboolean load_place(Follower *follower)
{
    g_autoptr(DbRows) rows =
        db_query(db_reader(follower->events->db), NULL, SQL_PLACE, "t", follower->name);

    if (!rows || !db_rows_next(rows))
        return FALSE;
    follower->place = db_rows_int(rows, 0);
    follower->tries = db_rows_int(rows, 1);
    follower->seen = MAX(follower->seen, follower->place);
    return TRUE;
}

static gboolean write_begin(DbConn *tx, void *data, GError **error)
{
    const Follower *follower = data;

    return db_exec(tx, error, SQL_BEGIN, "t", follower->name) >= 0;
}

static void back_off(Follower *follower)
{
    Events *events = follower->events;
    int64_t until = clock_monotonic_ms() + MIN(50 << MIN(follower->tries, 9), 20000);

    pthread_mutex_lock(&events->lock);
    while (!events->stopping && clock_monotonic_ms() < until)
        wait_changed(events, until);
    pthread_mutex_unlock(&events->lock);
}

static void failed(Follower *follower, Step *step)
{
    Db *db = follower->events->db;

    g_warning("follower %s, event %" G_GINT64_FORMAT ", try %" G_GINT64_FORMAT ": %s",
              follower->name, step->event->seq, follower->tries + 1, step->why->message);
    if (follower->tries + 1 >= TRIES_MAX) {
        if (db_write(db, write_skipped, step, NULL, NULL))
            follower->place = step->event->seq;
        return;
    }
    db_write(db, write_failed, step, NULL, NULL);
    back_off(follower);
}

/* TRUE: go on with the next event. FALSE: look at the place again. */
static gboolean handle_one(Follower *follower, const Event *event, Arena *arena)
{
    g_autoptr(GError) error = NULL;
    Step step = {.follower = follower, .event = event, .arena = arena};

    if (db_write(follower->events->db, write_handled, &step, NULL, &error)) {
        follower->place = follower->seen = event->seq;
        return TRUE;
    }
    int64_t place = follower->place;
    if (load_place(follower) && follower->place != place)
        return FALSE; /* another node was faster */
    step.why = error;
    failed(follower, &step);
    load_place(follower);
    follower->seen = follower->place;
    return FALSE;
}

/* Handles what there is after seen, one batch. */
static void handle_batch(Follower *follower)
{
    g_autoptr(Arena) arena = arena_new(ARENA_STEP_BYTES);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    int64_t head = events_head(follower->events);
    EventFilter filter = {
        .after = follower->seen, .type_prefix = follower->type_prefix, .limit = BATCH};

    if (!events_read(db_reader(follower->events->db), arena, &filter, found, &error)) {
        g_warning("follower %s cannot read: %s", follower->name, error->message);
        back_off(follower);
        return;
    }
    for (guint i = 0; i < found->len; i++)
        if (is_stopping(follower->events) ||
            !handle_one(follower, g_ptr_array_index(found, i), arena))
            return;
    if (found->len == 0)
        follower->seen = MAX(head, follower->seen);
    if (follower->seen - follower->place < IDLE_GAP)
        return;
    Event passed = {.seq = follower->seen};
    Step step = {.follower = follower, .event = &passed, .arena = arena};
    if (db_write(follower->events->db, write_passed, &step, NULL, NULL))
        follower->place = follower->seen;
    else
        load_place(follower);
}

static void *follow(void *data)
{
    Follower *follower = data;
    Events *events = follower->events;

    while (!load_place(follower) && !is_stopping(events)) {
        db_write(events->db, write_begin, follower, NULL, NULL);
        if (!load_place(follower))
            back_off(follower);
    }
    while (!is_stopping(events)) {
        if (events_wait(events, follower->seen, 60000) > follower->seen)
            handle_batch(follower);
    }
    return NULL;
}

void events_follow(Events *events, const char *name, const char *type_prefix, EventHandler handle,
                   void *data)
{
    Follower *follower = g_new0(Follower, 1);

    g_assert(!events->started);
    follower->events = events;
    follower->name = g_strdup(name);
    follower->type_prefix = g_strdup(type_prefix);
    follower->handle = handle;
    follower->data = data;
    g_ptr_array_add(events->followers, follower);
}

/* ---- commit listeners ---- */

void events_on_commit(Events *events, void (*notify)(int64_t head, void *data), void *data)
{
    Listener listener = {notify, data};

    g_assert(!events->started);
    g_array_append_val(events->listeners, listener);
}

/* Tells the listeners, and on PostgreSQL looks for what other nodes committed. */
static void *dispatch(void *data)
{
    Events *events = data;
    int64_t told = events_head(events);

    while (!is_stopping(events)) {
        gboolean poll = db_is_postgres(events->db);
        int64_t seq, head = events_wait(events, told, poll ? POLL_MS : 60000);

        if (head <= told && poll && events_read_head(db_reader(events->db), &seq, NULL, NULL)) {
            raise_head(events, seq);
            head = MAX(head, seq);
        }
        for (guint i = 0; head > told && i < events->listeners->len; i++) {
            const Listener *listener = &g_array_index(events->listeners, Listener, i);
            listener->notify(head, listener->data);
        }
        told = MAX(told, head);
    }
    return NULL;
}

void events_start(Events *events)
{
    g_assert(!events->started);
    events->started = TRUE;
    g_assert(pthread_create(&events->dispatcher, NULL, dispatch, events) == 0);
    for (guint i = 0; i < events->followers->len; i++) {
        Follower *follower = g_ptr_array_index(events->followers, i);
        g_assert(pthread_create(&follower->thread, NULL, follow, follower) == 0);
    }
}

void events_stop(Events *events)
{
    pthread_mutex_lock(&events->lock);
    gboolean running = events->started && !events->stopping;
    events->stopping = TRUE;
    pthread_cond_broadcast(&events->changed);
    pthread_mutex_unlock(&events->lock);
    if (!running)
        return;
    pthread_join(events->dispatcher, NULL);
    for (guint i = 0; i < events->followers->len; i++) {
        Follower *follower = g_ptr_array_index(events->followers, i);
        pthread_join(follower->thread, NULL);
    }
}
