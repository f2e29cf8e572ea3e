/* What the files of the index share: snapshots and how the next one is made of the last. */
#pragma once
#include "catalog/catalog_internal.h"
#include <stdatomic.h>

/* What an entity declares, a value each: "target\x1ftype\x1finverse". The entities that declare
 * something of one target are the values of one prefix. */
#define FIELD_DECLARES "\001declares"

/* Documents of a segment that are no more. Shared by snapshots, and never changed once shared. */
typedef struct {
    atomic_int references;
    roaring_bitmap_t *docs;
} Dead;

typedef struct {
    Segment *segment;
    Dead *dead; /* NULL: none */
} Part;

struct Snapshot {
    atomic_int references;
    guint64 number, live;
    guint count;
    Part parts[]; /* the base first, where there is one, the newest last */
};

/* ---- the next snapshot in the making (index_draft.c) ---- */

typedef struct {
    Segment *segment;
    Dead *shared;            /* as the last snapshot has it */
    roaring_bitmap_t *fresh; /* a copy that was changed; NULL: not changed */
} DraftPart;

typedef struct {
    GArray *parts; /* DraftPart, numbered as in the last snapshot */
} Draft;

void draft_init(Draft *draft, const Snapshot *last);
void draft_clear(Draft *draft);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Draft, draft_clear)
void draft_kill(Draft *draft, EntityId id);
void draft_revive(Draft *draft, EntityId id);
gboolean draft_is_dead(const Draft *draft, EntityId id);
const roaring_bitmap_t *draft_dead(const Draft *draft, guint part);
const Segment *draft_segment(const Draft *draft, guint part);
/* Takes the segment. */
void draft_append(Draft *draft, Segment *segment);
/* Puts merged, which was made of count parts of an earlier snapshot from first on, into their
 * place; what died in them since is dead in it too. Takes merged. */
void draft_replace(Draft *draft, const Snapshot *earlier, guint first, guint count,
                   Segment *merged);
/* Parts of which nothing lives are left out; the draft is empty afterwards. */
Snapshot *draft_finish(Draft *draft);

/* ---- relations (index_relations.c) ---- */

/* Relation, all texts in arena; by type, then target, each once. */
void relations_settle(GArray *relations);
/* The value of FIELD_DECLARES for one declared relation. */
const char *relation_encode(Arena *arena, const Relation *relation);
/* What the entity at id declares, settled. */
GArray *relations_declared(const Draft *draft, Arena *arena, EntityId id);
/* Adds the other ends of what living documents of draft declare of ref. */
void relations_add_incoming(const Draft *draft, Arena *arena, const char *ref, GArray *relations);
/* Adds the targets of what is in one of the settled lists (NULL: empty) and not in the other. */
void relations_add_difference(const GArray *before, const GArray *after, GHashTable *targets);

/* ---- documents (index_document.c) ---- */

/* An entity as it is to stand in the index. */
typedef struct {
    const char *ref, *uid, *parent, *location_id, *source;
    const Value *entity; /* relations and status in it do not count */
    const Value *status; /* items or NULL */
    const GArray *declared, *relations;
} Document;

/* What goes into a segment; in arena. */
SegmentEntity document_compose(Arena *arena, const Document *document);

/* ---- the background (index_merge.c) ---- */

typedef struct Background Background;

Background *background_new(Index *index);
/* Ends after what it is at. */
void background_free(Background *background);
/* Something was applied. */
void background_wake(Background *background);
/* There is something to tidy up when it pauses. */
void background_tidy(Background *background);

/* ---- the index (index.c) ---- */

struct Index {
    char *folder;                /* NULL: nothing on disk */
    pthread_mutex_t write_lock;  /* one change at a time */
    pthread_mutex_t switch_lock; /* held for the switch of a pointer only */
    Snapshot *current;
    atomic_llong seq;
    Background *background;

    /* With the write lock held: */
    gboolean following; /* seq is moved by index_follow() alone */
    GHashTable *ahead;  /* ref → seq (int64_t *) of changes that seq has not passed yet */
    int64_t ahead_seq;  /* the greatest of them */
    Segment *base;      /* the first part of current, where that is a file */

    char *mark; /* of the base that was opened */
    IndexMark mark_of;
    void *mark_data;
};

/* ---- the file (index_base.c) ---- */

/* Opens the base that lies in the folder, if any. */
void base_open(Index *index);
/* Where a base that stands at seq is to lie; NULL where none can. */
char *base_path(Index *index, int64_t seq);
void base_keep_only(Index *index, const char *path);

/* ---- changes (index_apply.c, index_emit.c) ---- */

typedef struct {
    const char *ref;
    const CatalogRow *row; /* NULL: it is removed */
    gboolean existed;
    EntityId old;
    GArray *before, *after; /* Relation, declared; NULL where it is not there */
} Change;

/* A change in the making. */
typedef struct {
    const Snapshot *last;
    Draft draft; /* what changes is dead in it already */
    Arena *arena;
    GHashTable *changes;  /* ref → Change */
    GHashTable *touched;  /* refs that may get or lose the other end of a relation */
    GHashTable *incoming; /* ref → GArray of Relation: what changed entities declare of it */
} Application;

/* Puts what stands anew into the draft. */
void application_emit(Application *application, int64_t seq);

/* Brings the relations of refs up to what is declared of them. */
void index_touch(Index *index, const GPtrArray *refs);

/* With the write lock held. Takes next. */
void index_switch(Index *index, Snapshot *next);

guint64 snapshot_part_live(const Snapshot *snapshot, guint part);
gboolean snapshot_is_alive(const Snapshot *snapshot, EntityId id);
/* The first value of a field, as it was spelled, in arena; NULL where doc has none. */
const char *segment_fact(const Segment *segment, Arena *arena, guint32 doc, const char *field);
