/* What is done in the background: small segments become fewer, so that readers look into few.
 *
 * While changes come in, as little is merged as keeps their number small; when they pause, each
 * segment is made much larger than all that came after it. A change and a merge may happen at one
 * time: what died meanwhile is dead in the merged segment as well. */
#include "catalog/index/internal.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <time.h>

#define SEGMENTS_MAX 8     /* while changes come in */
#define LARGE_COUNT 131072 /* segments of more are left alone while changes come in */
#define PAUSE_MS 100       /* without a change: then there is time to tidy up */
#define TIDY_RATIO 4       /* of a segment to all that came after it */
#define FILE_COUNT 16384   /* segments of more are kept in a file, not in memory */

/* A base is written once so many entities, and such a part of it, are not in the last one. */
#define BASE_CHANGES_MIN 4096
#define BASE_CHANGES_PART 8

struct Background {
    Index *index;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean stopping, woken, hurried, settled;
    gboolean untidy, paused; /* there is something to tidy up; its time has come */
};

/* ---- what to merge ---- */

/* Some segments to the end of a snapshot, to be one. */
typedef struct {
    Snapshot *snapshot;
    guint first; /* the number of segments where there is nothing to do */
    int64_t seq;
    gboolean base; /* all of them, into the next base */
} Merge;

/* Where the segments begin that follow the base and whatever has more than count entities. */
static guint after_large(const Snapshot *snapshot, const Segment *base, guint64 count)
{
    guint first = snapshot->count > 0 && snapshot->parts[0].segment == base ? 1 : 0;

    for (guint i = snapshot->count; i-- > first;)
        if (snapshot_part_live(snapshot, i) > count)
            return i + 1;
    return first;
}

/* The first segment with less than ratio times the entities of all after it. */
static guint choose(const Snapshot *snapshot, guint first, guint ratio)
{
    guint64 after = 0;
    guint chosen = snapshot->count;

    for (guint i = snapshot->count; i-- > first;) {
        guint64 live = snapshot_part_live(snapshot, i);

        if (i + 1 < snapshot->count && live < ratio * after)
            chosen = i;
        after += live;
    }
    return chosen;
}

/* Whether so much is not in the base that it is worth writing another. */
static gboolean wants_base(const Index *index, const Snapshot *snapshot, const Segment *base)
{
    guint64 stale = snapshot->live, of = 0;

    if (!index->folder || !index->mark_of)
        return FALSE;
    if (snapshot->count > 0 && snapshot->parts[0].segment == base) {
        of = segment_count(base);
        stale = snapshot->live - snapshot_part_live(snapshot, 0) +
                (of - snapshot_part_live(snapshot, 0));
    }
    return stale > MAX(BASE_CHANGES_MIN, of / BASE_CHANGES_PART);
}

static void choose_merge(Index *index, gboolean pausing, Merge *merge)
{
    const Segment *base;
    guint first;

    pthread_mutex_lock(&index->write_lock);
    merge->snapshot = index_acquire(index);
    merge->seq = index_seq(index);
    base = index->base;
    pthread_mutex_unlock(&index->write_lock);
    merge->base = pausing && wants_base(index, merge->snapshot, base);
    first = after_large(merge->snapshot, base, pausing ? G_MAXUINT64 : LARGE_COUNT);
    merge->first = merge->snapshot->count;
    if (merge->base)
        merge->first = 0;
    else if (pausing)
        merge->first = choose(merge->snapshot, first, TIDY_RATIO);
    else if (merge->snapshot->count - first > SEGMENTS_MAX)
        merge->first = choose(merge->snapshot, first, 1);
}

/* ---- merging ---- */

/* The base, or a file without a name; NULL where the segment is to live in memory. */
static char *file_of(Index *index, const Merge *merge)
{
    guint64 live = 0;

    if (merge->base)
        return base_path(index, merge->seq);
    for (guint i = merge->first; i < merge->snapshot->count; i++)
        live += snapshot_part_live(merge->snapshot, i);
    if (!index->folder || live < FILE_COUNT)
        return NULL;
    return g_strdup_printf("%s/run-%" G_GUINT64_FORMAT ".segment", index->folder,
                           snapshot_number(merge->snapshot));
}

static Segment *merge_parts(const Merge *merge, const char *path)
{
    guint count = merge->snapshot->count - merge->first;
    g_autofree SegmentPart *parts = g_new0(SegmentPart, count);
    g_autoptr(GError) error = NULL;
    Segment *merged;

    for (guint i = 0; i < count; i++)
        parts[i] = (SegmentPart){snapshot_segment(merge->snapshot, merge->first + i),
                                 snapshot_dead(merge->snapshot, merge->first + i)};
    merged = segment_merge(parts, count, path, merge->seq, &error);
    if (!merged)
        g_warning("catalog: segments cannot be merged: %s", error->message);
    return merged;
}

static void put_merged(Index *index, const Merge *merge, Segment *merged)
{
    g_auto(Draft) draft = {0};

    pthread_mutex_lock(&index->write_lock);
    draft_init(&draft, index->current);
    draft_replace(&draft, merge->snapshot, merge->first, merge->snapshot->count - merge->first,
                  segment_ref(merged));
    if (merge->base) {
        segment_unref(index->base);
        index->base = segment_ref(merged);
    }
    index_switch(index, draft_finish(&draft));
    pthread_mutex_unlock(&index->write_lock);
}

/* FALSE where there was nothing to do. */
static gboolean merge_some(Index *index, gboolean pausing)
{
    Merge merge;
    g_autofree char *path = NULL;
    g_autoptr(Segment) merged = NULL;

    choose_merge(index, pausing, &merge);
    if (merge.first < merge.snapshot->count) {
        path = file_of(index, &merge);
        merged = merge.base && !path ? NULL : merge_parts(&merge, path);
    }
    if (merged)
        put_merged(index, &merge, merged);
    if (merged && merge.base && path)
        base_keep_only(index, path);
    else if (path)
        /* It stays as long as it is mapped, and nothing is left behind whatever happens. */
        g_unlink(path);
    snapshot_release(merge.snapshot);
    return merged != NULL;
}

/* ---- the thread ---- */

typedef enum { ENDS, CHANGED, PAUSES } Step;

static gboolean wait_is_over(Background *background, const struct timespec *until)
{
    return background->hurried || background->paused ||
           pthread_cond_timedwait(&background->changed, &background->lock, until) == ETIMEDOUT;
}

static void wait_until_woken(Background *background)
{
    background->settled = TRUE;
    background->hurried = FALSE;
    pthread_cond_broadcast(&background->changed);
    pthread_cond_wait(&background->changed, &background->lock);
}

static Step next_step(Background *background)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PAUSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    for (;;) {
        if (background->stopping)
            return ENDS;
        if (background->woken) {
            background->woken = background->paused = FALSE;
            background->untidy = TRUE;
            return CHANGED;
        }
        if (!background->untidy)
            wait_until_woken(background);
        else if (wait_is_over(background, &until))
            return PAUSES;
    }
}

static void *run(void *data)
{
    Background *background = data;
    Step step;

    pthread_mutex_lock(&background->lock);
    while ((step = next_step(background)) != ENDS) {
        gboolean merged;

        background->untidy = step == CHANGED;
        pthread_mutex_unlock(&background->lock);
        merged = merge_some(background->index, step == PAUSES);
        pthread_mutex_lock(&background->lock);
        background->paused = step == PAUSES;
        background->untidy |= merged;
    }
    pthread_mutex_unlock(&background->lock);
    return NULL;
}

Background *background_new(Index *index)
{
    Background *background = g_new0(Background, 1);

    background->index = index;
    pthread_mutex_init(&background->lock, NULL);
    pthread_cond_init(&background->changed, NULL);
    if (pthread_create(&background->thread, NULL, run, background) != 0)
        g_error("no thread can be made");
    return background;
}

void background_free(Background *background)
{
    pthread_mutex_lock(&background->lock);
    background->stopping = TRUE;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
    pthread_join(background->thread, NULL);
    pthread_mutex_destroy(&background->lock);
    pthread_cond_destroy(&background->changed);
    g_free(background);
}

void background_wake(Background *background)
{
    pthread_mutex_lock(&background->lock);
    background->woken = TRUE;
    background->settled = FALSE;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
}

void background_tidy(Background *background)
{
    pthread_mutex_lock(&background->lock);
    background->untidy = TRUE;
    background->settled = FALSE;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
}

void index_settle(Index *index)
{
    Background *background = index->background;

    pthread_mutex_lock(&background->lock);
    background->hurried = TRUE;
    pthread_cond_broadcast(&background->changed);
    while (!background->settled)
        pthread_cond_wait(&background->changed, &background->lock);
    pthread_mutex_unlock(&background->lock);
}
