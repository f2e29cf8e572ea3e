/* The catalog in memory and on disk: segments, and what of them still lives.
 *
 * A large base segment is mapped from a file; every change makes a small segment beside it, in
 * which each entity that changed stands anew, with its relations both ways, and marks its older
 * self dead. Small segments are merged as they gather, and now and then all of it becomes the next
 * base, in the background. A snapshot names the segments and the dead of one moment: readers take
 * the one that is there, and keep it as long as they need it; nobody waits for a writer. */
#pragma once
#include "catalog/segment/segment.h"
#include "formats/value.h"
#include "spine/db.h"

/* A row of the table. */
typedef struct {
    const char *ref, *uid, *parent, *location_id, *source;
    const Value *entity, *status; /* status: items or NULL */
    int64_t version, changed_at;  /* see history_succeed() */
    const char *actor, *revision;
    const char *text; /* entity as JSON; NULL: not written yet */
    int line;         /* where it begins in source; 0: unknown */
} CatalogRow;

typedef struct Index Index;
typedef struct Snapshot Snapshot;

/* Where an entity stands in a snapshot, and in it only. */
typedef struct {
    guint32 segment, doc;
} EntityId;

/* folder NULL: nothing is kept on disk. Otherwise the base that lies there is opened; index_seq()
 * tells where it stands, -1 where there is none that can be read. */
Index *index_new(const char *folder);
void index_free(Index *index);
/* A text that tells the log at seq from any other log at seq; g_free() it. NULL: it cannot be told.
 * Without it no base is written. Called on a thread of the index. */
typedef char *(*IndexMark)(int64_t seq, void *data);
void index_set_mark(Index *index, IndexMark mark, void *data);
/* The mark of the base that was opened; NULL where none was. */
const char *index_mark(const Index *index);
/* The place in the log up to which changes are in the index. */
int64_t index_seq(const Index *index);

/* Takes rows (CatalogRow *) in and removed refs out; readers see all of it or nothing. A row that
 * is there already as it is changes nothing. */
void index_apply(Index *index, const GPtrArray *rows, const GPtrArray *removed, int64_t seq);

/* ---- the log ----
 *
 * Where other nodes write too, the log is followed: index_apply() then goes ahead of the place,
 * which index_follow() alone moves. */

/* What an event of the log tells of ref: the row that is there now, NULL for none. */
typedef struct {
    const char *ref;
    int64_t seq; /* of the event */
    const CatalogRow *row;
} IndexChange;

void index_set_following(Index *index);
/* Whether what the event at seq tells of ref was applied here already. */
gboolean index_is_ahead(Index *index, const char *ref, int64_t seq);
/* Applies what was not applied yet; everything up to seq is in the index now. */
void index_follow(Index *index, const IndexChange *changes, guint count, int64_t seq);

/* Makes the index anew from the table as conn sees it, in memory that does not grow with it. What
 * is there is read meanwhile. */
gboolean index_rebuild(Index *index, DbConn *conn, GError **error);
/* Waits until nothing is being merged; for tests and for the end. */
void index_settle(Index *index);

/* ---- reading ---- */

Snapshot *index_acquire(Index *index);
void snapshot_release(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_release)

guint64 snapshot_count(const Snapshot *snapshot);
/* ref in lower case. */
gboolean snapshot_find(const Snapshot *snapshot, const char *ref, EntityId *id);
gboolean snapshot_find_uid(const Snapshot *snapshot, const char *uid, EntityId *id);
/* Live as long as the snapshot. */
const char *snapshot_ref(const Snapshot *snapshot, EntityId id);
const char *snapshot_uid(const Snapshot *snapshot, EntityId id);
/* The first value of a field (as it was spelled), in arena; NULL where it has none. */
const char *snapshot_fact(const Snapshot *snapshot, Arena *arena, EntityId id, const char *field);
/* Appends the entity's JSON, with relations, status, uid and etag. */
void snapshot_text(const Snapshot *snapshot, EntityId id, GString *out);
/* The same as a value in arena, for those who look into it. */
const Value *snapshot_value(const Snapshot *snapshot, Arena *arena, EntityId id);

/* Goes on to the next entity; ENTITY_FIRST comes before all. */
#define ENTITY_FIRST ((EntityId){0, G_MAXUINT32})
gboolean snapshot_next(const Snapshot *snapshot, EntityId *id);
/* EntityId of those that have value (folded) in field. */
GArray *snapshot_having(const Snapshot *snapshot, const char *field, const char *value);
/* Adds the values of a field (as they were spelled, in arena) to texts. */
void snapshot_add_values(const Snapshot *snapshot, Arena *arena, EntityId id, const char *field,
                         GPtrArray *texts);

/* Its segments and the dead of each (NULL: none). */
guint snapshot_segment_count(const Snapshot *snapshot);
const Segment *snapshot_segment(const Snapshot *snapshot, guint segment);
const roaring_bitmap_t *snapshot_dead(const Snapshot *snapshot, guint segment);

/* A number that no two snapshots of a process share: what is remembered of one answer by it. */
guint64 snapshot_number(const Snapshot *snapshot);
