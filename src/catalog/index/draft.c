/* Snapshots, and how the next one is made of the last: parts are shared, the dead are copied once
 * where they change. */
#include "catalog/index/internal.h"

static atomic_ullong last_number;

/* ---- the dead ---- */

static Dead *dead_new(roaring_bitmap_t *docs)
{
    Dead *dead = g_new0(Dead, 1);

    dead->references = 1;
    dead->docs = docs;
    return dead;
}

static Dead *dead_ref(Dead *dead)
{
    if (dead)
        atomic_fetch_add(&dead->references, 1);
    return dead;
}

static void dead_unref(Dead *dead)
{
    if (!dead || atomic_fetch_sub(&dead->references, 1) != 1)
        return;
    roaring_bitmap_free(dead->docs);
    g_free(dead);
}

/* ---- snapshots ---- */

void snapshot_release(Snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) != 1)
        return;
    for (guint i = 0; i < snapshot->count; i++) {
        segment_unref(snapshot->parts[i].segment);
        dead_unref(snapshot->parts[i].dead);
    }
    g_free(snapshot);
}

guint64 snapshot_count(const Snapshot *snapshot)
{
    return snapshot->live;
}

guint64 snapshot_number(const Snapshot *snapshot)
{
    return snapshot->number;
}

guint snapshot_segment_count(const Snapshot *snapshot)
{
    return snapshot->count;
}

const Segment *snapshot_segment(const Snapshot *snapshot, guint segment)
{
    return snapshot->parts[segment].segment;
}

const roaring_bitmap_t *snapshot_dead(const Snapshot *snapshot, guint segment)
{
    const Dead *dead = snapshot->parts[segment].dead;

    return dead ? dead->docs : NULL;
}

gboolean snapshot_is_alive(const Snapshot *snapshot, EntityId id)
{
    const roaring_bitmap_t *dead = snapshot_dead(snapshot, id.segment);

    return !dead || !roaring_bitmap_contains(dead, id.doc);
}

gboolean snapshot_find(const Snapshot *snapshot, const char *ref, EntityId *id)
{
    for (id->segment = snapshot->count; id->segment-- > 0;)
        if (segment_find(snapshot->parts[id->segment].segment, ref, &id->doc) &&
            snapshot_is_alive(snapshot, *id))
            return TRUE;
    return FALSE;
}

gboolean snapshot_find_uid(const Snapshot *snapshot, const char *uid, EntityId *id)
{
    for (id->segment = snapshot->count; id->segment-- > 0;)
        if (segment_find_uid(snapshot->parts[id->segment].segment, uid, &id->doc) &&
            snapshot_is_alive(snapshot, *id))
            return TRUE;
    return FALSE;
}

const char *snapshot_ref(const Snapshot *snapshot, EntityId id)
{
    return segment_doc_ref(snapshot->parts[id.segment].segment, id.doc);
}

const char *snapshot_uid(const Snapshot *snapshot, EntityId id)
{
    return segment_doc_uid(snapshot->parts[id.segment].segment, id.doc);
}

void snapshot_text(const Snapshot *snapshot, EntityId id, GString *out)
{
    segment_text(snapshot->parts[id.segment].segment, id.doc, out);
}

/* ---- drafts ---- */

static DraftPart *draft_part(const Draft *draft, guint part)
{
    return &g_array_index(draft->parts, DraftPart, part);
}

void draft_init(Draft *draft, const Snapshot *last)
{
    draft->parts = g_array_new(FALSE, TRUE, sizeof(DraftPart));
    for (guint i = 0; last && i < last->count; i++) {
        DraftPart part = {segment_ref(last->parts[i].segment), dead_ref(last->parts[i].dead), NULL};

        g_array_append_val(draft->parts, part);
    }
}

static void part_clear(DraftPart *part)
{
    segment_unref(part->segment);
    dead_unref(part->shared);
    if (part->fresh)
        roaring_bitmap_free(part->fresh);
}

void draft_clear(Draft *draft)
{
    for (guint i = 0; draft->parts && i < draft->parts->len; i++)
        part_clear(draft_part(draft, i));
    g_clear_pointer(&draft->parts, g_array_unref);
}

const roaring_bitmap_t *draft_dead(const Draft *draft, guint part)
{
    const DraftPart *at = draft_part(draft, part);

    if (at->fresh)
        return at->fresh;
    return at->shared ? at->shared->docs : NULL;
}

const Segment *draft_segment(const Draft *draft, guint part)
{
    return draft_part(draft, part)->segment;
}

gboolean draft_is_dead(const Draft *draft, EntityId id)
{
    const roaring_bitmap_t *dead = draft_dead(draft, id.segment);

    return dead && roaring_bitmap_contains(dead, id.doc);
}

static roaring_bitmap_t *fresh_dead(DraftPart *part)
{
    if (!part->fresh)
        part->fresh =
            part->shared ? roaring_bitmap_copy(part->shared->docs) : roaring_bitmap_create();
    return part->fresh;
}

void draft_kill(Draft *draft, EntityId id)
{
    roaring_bitmap_add(fresh_dead(draft_part(draft, id.segment)), id.doc);
}

void draft_revive(Draft *draft, EntityId id)
{
    roaring_bitmap_remove(fresh_dead(draft_part(draft, id.segment)), id.doc);
}

void draft_append(Draft *draft, Segment *segment)
{
    DraftPart part = {segment, NULL, NULL};

    g_array_append_val(draft->parts, part);
}

/* The place of segment; the number of parts where it is no more. */
static guint place_of(const Draft *draft, const Segment *segment)
{
    guint at = 0;

    while (at < draft->parts->len && draft_segment(draft, at) != segment)
        at++;
    return at;
}

/* What has died of an earlier snapshot's part since. */
static roaring_bitmap_t *died_since(const Draft *draft, const Snapshot *earlier, guint part)
{
    const Segment *segment = snapshot_segment(earlier, part);
    const roaring_bitmap_t *then = snapshot_dead(earlier, part);
    guint at = place_of(draft, segment);
    const roaring_bitmap_t *now = at < draft->parts->len ? draft_dead(draft, at) : NULL;
    roaring_bitmap_t *died = NULL;

    if (at == draft->parts->len)
        died = roaring_bitmap_from_range(0, segment_count(segment), 1);
    else
        died = now ? roaring_bitmap_copy(now) : roaring_bitmap_create();
    if (then)
        roaring_bitmap_andnot_inplace(died, then);
    return died;
}

static void kill_in(DraftPart *merged, const Segment *segment, const roaring_bitmap_t *died)
{
    roaring_uint32_iterator_t at;
    guint32 doc;

    for (roaring_init_iterator(died, &at); at.has_value; roaring_advance_uint32_iterator(&at))
        if (segment_find(merged->segment, segment_doc_ref(segment, at.current_value), &doc))
            roaring_bitmap_add(fresh_dead(merged), doc);
}

void draft_replace(Draft *draft, const Snapshot *earlier, guint first, guint count, Segment *merged)
{
    DraftPart part = {merged, NULL, NULL};
    guint place = draft->parts->len;

    for (guint i = first; i < first + count; i++) {
        const Segment *segment = snapshot_segment(earlier, i);
        roaring_bitmap_t *died = died_since(draft, earlier, i);
        guint at = place_of(draft, segment);

        kill_in(&part, segment, died);
        roaring_bitmap_free(died);
        place = MIN(place, at);
        if (at == draft->parts->len)
            continue;
        part_clear(draft_part(draft, at));
        g_array_remove_index(draft->parts, at);
    }
    g_array_insert_val(draft->parts, MIN(place, draft->parts->len), part);
}

guint64 snapshot_part_live(const Snapshot *snapshot, guint part)
{
    const roaring_bitmap_t *dead = snapshot_dead(snapshot, part);

    return segment_count(snapshot->parts[part].segment) -
           (dead ? roaring_bitmap_get_cardinality(dead) : 0);
}

static guint64 part_live(const Draft *draft, guint part)
{
    const roaring_bitmap_t *dead = draft_dead(draft, part);

    return segment_count(draft_part(draft, part)->segment) -
           (dead ? roaring_bitmap_get_cardinality(dead) : 0);
}

/* Moves a part out of the draft. */
static Part take_part(DraftPart *part)
{
    Part taken = {g_steal_pointer(&part->segment), NULL};

    if (!part->fresh)
        taken.dead = g_steal_pointer(&part->shared);
    else if (!roaring_bitmap_is_empty(part->fresh))
        taken.dead = dead_new(g_steal_pointer(&part->fresh));
    return taken;
}

Snapshot *draft_finish(Draft *draft)
{
    Snapshot *snapshot = g_malloc0(sizeof(Snapshot) + draft->parts->len * sizeof(Part));

    snapshot->references = 1;
    snapshot->number = atomic_fetch_add(&last_number, 1) + 1;
    for (guint i = 0; i < draft->parts->len; i++) {
        guint64 live = part_live(draft, i);

        if (live == 0)
            continue;
        snapshot->live += live;
        snapshot->parts[snapshot->count++] = take_part(draft_part(draft, i));
    }
    draft_clear(draft);
    return snapshot;
}
