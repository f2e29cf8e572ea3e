/* Brings the table, the log and the index up to what a location says now, a batch at a time. */
#include "catalog/source/discovery.h"
#include "catalog/reading/ingest.h"
#include "catalog/reading/ingest_internal.h"
#include "catalog/reading/refresher.h"

#define BATCH 5000
/* So many changes, and such a part of the catalog, are put into the index all at once at the end.
 */
#define MANY_CHANGES 2000
#define MANY_PART 5
#define TRIES_MAX 3

/* ---- committing ---- */

/* Many changes are put into the index all at once; a few each time, so that they are seen. */
static void choose_index(Ingest *ingest, Changes *changes)
{
    g_autoptr(Snapshot) snapshot = index_acquire(ingest->catalog->index);

    ingest->changed += changes->all->len;
    if (changes->all->len >= MANY_CHANGES &&
        ingest->changed * MANY_PART >= snapshot_count(snapshot))
        ingest->unindexed = TRUE;
    changes->unindexed = ingest->unindexed;
    if (ingest->unindexed)
        commits_defer_index(ingest->catalog);
}

static gboolean commit(Ingest *ingest, Changes *changes, GError **error)
{
    choose_index(ingest, changes);
    return changes_commit(ingest->catalog, changes, error);
}

/* The location as it was when it was asked for: it may have been removed since, or have another
 * target, and what was read then is nothing of it any more. */
static gboolean check_location(Catalog *catalog, const CatalogLocation *location, gboolean *stands,
                               GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GError) reason = NULL;
    const CatalogLocation *there =
        store_location(db_reader(catalog->db), arena, location->id, &reason);

    *stands = there && g_str_equal(there->type, location->type) &&
              g_str_equal(there->target, location->target);
    if (!reason)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

/* With the lock held. Only what is read beside may lose its location meanwhile: for a reading of
 * the whole, others wait. */
static gboolean check_beside(const Ingest *ingest, gboolean *stands, GError **error)
{
    *stands = TRUE;
    return !ingest->beside || check_location(ingest->catalog, ingest->location, stands, error);
}

static gboolean try_batch(Ingest *ingest, const ReadingBatch *batch, GError **error)
{
    g_autoptr(Changes) changes = changes_new(ingest->actor);
    Plan plan = {ingest, db_reader(ingest->catalog->db), changes, error};

    for (guint i = 0; i < batch->emissions->len; i++)
        if (!plan_emission(&plan, batch->emissions->pdata[i]))
            return FALSE;
    return commit(ingest, changes, error);
}

/* Another node may write between the plan and its commit; then the plan is made anew. */
static gboolean take_in(Ingest *ingest, const ReadingBatch *batch, GError **error)
{
    for (guint try = 1;; try++) {
        g_autoptr(GError) reason = NULL;
        gboolean done, stands;

        commits_lock(ingest->catalog);
        done = check_beside(ingest, &stands, &reason) &&
               (!stands || try_batch(ingest, batch, &reason));
        commits_unlock(ingest->catalog);
        if (done)
            return TRUE;
        if (try < TRIES_MAX && g_error_matches(reason, PAVE_ERROR, ERROR_CONFLICT))
            continue;
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
}

/* ---- taking out ---- */

/* Looks at the sources from *next on, until a batch is full. */
static gboolean take_out_some(Ingest *ingest, const GPtrArray *sources, guint *next, GError **error)
{
    g_autoptr(Changes) changes = changes_new(ingest->actor);
    Plan plan = {ingest, db_reader(ingest->catalog->db), changes, error};
    gboolean done, stands;

    commits_lock(ingest->catalog);
    done = check_beside(ingest, &stands, error);
    if (!stands)
        *next = sources->len;
    while (done && *next < sources->len && changes->all->len < BATCH)
        done = plan_source(&plan, sources->pdata[(*next)++]);
    done = done && commit(ingest, changes, error);
    commits_unlock(ingest->catalog);
    return done;
}

static gboolean take_out(Ingest *ingest, const GPtrArray *sources, GError **error)
{
    guint next = 0;

    while (next < sources->len)
        if (!take_out_some(ingest, sources, &next, error))
            return FALSE;
    return TRUE;
}

/* Goes through all sources there are, for those that are gone or may have lost something. */
static gboolean take_out_of_all(Ingest *ingest, GError **error)
{
    const Reading *reading = ingest->reading;
    g_autofree char *after = g_strdup("");

    for (;;) {
        g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
        g_autoptr(GPtrArray) some = NULL, chosen = g_ptr_array_new();

        some = store_sources_after(db_reader(ingest->catalog->db), arena, ingest->location->id,
                                   after, BATCH, error);
        if (!some)
            return FALSE;
        if (some->len == 0)
            return TRUE;
        for (guint i = 0; i < some->len; i++)
            if (!reading_keeps(reading, some->pdata[i]))
                g_ptr_array_add(chosen, some->pdata[i]);
        if (!take_out(ingest, chosen, error))
            return FALSE;
        g_free(after);
        after = g_strdup(some->pdata[some->len - 1]);
    }
}

static gboolean take_out_unnamed(Ingest *ingest, GError **error)
{
    const GPtrArray *sources = reading_sources(ingest->reading);

    if (ingest->first)
        return TRUE;
    if (sources && manifest_count(ingest->known) > 0 &&
        manifest_within(ingest->known, reading_manifest(ingest->reading)))
        return take_out(ingest, sources, error);
    return take_out_of_all(ingest, error);
}

/* ---- the end ---- */

typedef struct {
    const CatalogLocation *location;
    const Reading *reading; /* NULL: a provider's */
    GPtrArray *parts;
    ReadingState state;
} End;

static gboolean write_end(DbConn *tx, void *data, GError **error)
{
    const End *end = data;
    const char *id = end->location->id;

    if (!store_set_reading(tx, id, &end->state, error))
        return FALSE;
    return !end->reading || (manifest_save(tx, id, end->parts, error) &&
                             store_set_sources(tx, id, reading_repositories(end->reading), error));
}

static gboolean finish(Ingest *ingest, GError **error)
{
    Reading *reading = ingest->reading;
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(GPtrArray) parts = manifest_parts(reading_remember(reading), ingest->known);
    End end = {ingest->location, reading, parts, {0}};
    ReadingState *state = &end.state;

    if (!store_reading(db_reader(ingest->catalog->db), arena, ingest->location->id, state, error))
        return FALSE;
    state->read_at = clock_now_ms();
    state->failures = reading_failed(reading) ? state->failures + 1 : 0;
    state->error = reading_error(reading);
    state->revision = reading_revision(reading);
    /* Somebody may have asked for it while it was being read. */
    if (state->next_at < ingest->began_at || state->next_at > state->read_at)
        state->next_at =
            schedule_next(ingest->catalog, ingest->location, state->read_at, state->failures);
    if (!db_write(ingest->catalog->db, write_end, &end, NULL, error))
        return FALSE;
    refresher_wake(ingest->catalog->refresher);
    return TRUE;
}

static gboolean check_going(const Ingest *ingest, GError **error)
{
    if (!commits_are_stopping(ingest->catalog))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CANCELLED, "the server stops");
    return FALSE;
}

static gboolean carry_out(Ingest *ingest, GError **error)
{
    ReadingBatch *batch;
    gboolean done = TRUE;

    while (done && (batch = reading_next(ingest->reading, BATCH))) {
        done = check_going(ingest, error) && take_in(ingest, batch, error);
        reading_batch_free(batch);
    }
    return done && check_going(ingest, error) && take_out_unnamed(ingest, error) &&
           finish(ingest, error);
}

/* What was committed goes into the index, whatever became of the rest. */
static gboolean index_what_is_left(Ingest *ingest, GError **error)
{
    gboolean done;

    /* The next start finds that the index is behind. */
    if (!ingest->unindexed || commits_are_stopping(ingest->catalog))
        return TRUE;
    commits_lock(ingest->catalog);
    done = commits_index_deferred(ingest->catalog, error);
    commits_unlock(ingest->catalog);
    if (!done)
        refresher_wake(ingest->catalog->refresher);
    return done;
}

/* A provider gives no entities, but locations that are read by themselves. */
static gboolean read_provider(Catalog *catalog, const CatalogLocation *location, GError **error)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);
    g_autoptr(Reading) reading = NULL;
    GError *reason = NULL;
    End end = {.location = location};

    if (!store_reading(db_reader(catalog->db), arena, location->id, &end.state, error))
        return FALSE;
    if (!discovery_read(catalog, arena, location, &reason))
        end.state.error = arena_strdup(arena, reason->message);
    end.state.failures = reason ? end.state.failures + 1 : 0;
    if (!reason)
        end.state.error = NULL;
    end.state.read_at = clock_now_ms();
    end.state.next_at = schedule_next(catalog, location, end.state.read_at, end.state.failures);
    if (reason)
        g_propagate_error(error, reason);
    return db_write(catalog->db, write_end, &end, NULL, reason ? NULL : error) && !reason;
}

static gboolean ingest_location(Catalog *catalog, const CatalogLocation *location,
                                const char *actor, Diagnostics *diagnostics, GError **error)
{
    DbConn *conn = db_reader(catalog->db);
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Manifest) known = manifest_load(conn, location->id, error);
    g_autoptr(GPtrArray) there =
        known ? store_some_rows(conn, arena, location->id, 1, error) : NULL;
    g_autoptr(Reading) reading = NULL;
    Ingest ingest = {.catalog = catalog, .location = location, .actor = actor, .known = known};
    gboolean done;

    if (!there)
        return FALSE;
    ingest.first = there->len == 0;
    ingest.began_at = clock_now_ms();
    ingest.reading = reading = reading_new(catalog, location, known, diagnostics);
    done = carry_out(&ingest, error);
    return index_what_is_left(&ingest, done ? error : NULL) && done;
}

gboolean location_ingest(Catalog *catalog, const CatalogLocation *location, const char *actor,
                         Diagnostics *diagnostics, GError **error)
{
    gboolean done, stands;

    commits_begin_location(catalog, location->id);
    done = check_location(catalog, location, &stands, error);
    if (done && stands)
        done = discovery_is_provider(location)
                   ? read_provider(catalog, location, error)
                   : ingest_location(catalog, location, actor, diagnostics, error);
    commits_end_location(catalog, location->id);
    return done;
}

/* ---- one source of a location ---- */

/* What ref was read from, and what names it; FALSE where it is nothing a source has. */
static gboolean find_source(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                            const char *ref, Source *source, const char **parent)
{
    Standing standing;

    if (!store_standing(db_reader(catalog->db), arena, ref, NULL, &standing, NULL) ||
        !standing.uid || !standing.parent || !g_str_equal(standing.location_id, location->id))
        return FALSE;
    *parent = standing.parent;
    return source_parse(arena, standing.source, source, NULL);
}

static gboolean ingest_beside(Ingest *ingest, const char *source, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    ReadingBatch *batch;
    gboolean done = TRUE, stands;

    while (done && (batch = reading_next(ingest->reading, BATCH))) {
        done = take_in(ingest, batch, error);
        reading_batch_free(batch);
    }
    g_ptr_array_add(sources, (gpointer)source);
    if (!done || reading_failure(ingest->reading, source))
        return done;
    done = take_out(ingest, sources, error);
    commits_lock(ingest->catalog);
    /* A reading of another target has to take out what is here. */
    if (done && (done = check_beside(ingest, &stands, error)) && stands)
        commits_read_beside(ingest->catalog, ingest->location->id, source);
    commits_unlock(ingest->catalog);
    return done;
}

gboolean location_ingest_entity(Catalog *catalog, const CatalogLocation *location, const char *ref,
                                const char *actor, Diagnostics *diagnostics, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    g_autoptr(Reading) reading = NULL;
    Ingest ingest = {.catalog = catalog, .location = location, .actor = actor, .beside = TRUE};
    const char *parent;
    Source source;

    if (!find_source(catalog, arena, location, ref, &source, &parent))
        return location_ingest(catalog, location, actor, diagnostics, error);
    ingest.reading = reading = reading_new_beside(catalog, location, parent, &source, diagnostics);
    return ingest_beside(&ingest, source_format(arena, &source), error) &&
           index_what_is_left(&ingest, error);
}
