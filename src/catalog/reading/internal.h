/* What the files that read a location share. */
#pragma once
#include "catalog/catalog_internal.h"
#include "catalog/reading/reading.h"

/* A source to be read. */
typedef struct {
    Emission *parent;
    const Source *source;
    gboolean optional;
    int depth;
} Task;

/* More sources than these are not looked at one by one. */
#define SOURCES_LISTED_MAX 1000

struct Reading {
    Catalog *catalog;
    Arena *arena;
    const CatalogLocation *origin;
    const char *origin_ref; /* "type:target" */
    guint32 configuration;  /* a digest of what entities depend on besides their text */
    Diagnostics *diagnostics;
    const Manifest *known;
    Manifest *manifest;
    ReadingPool *pool;
    GArray *tasks; /* Task, in the order they were named */
    guint next;    /* the first that is not being read */

    GHashTable *emitted;   /* digests of refs */
    GHashTable *refused;   /* refs */
    GHashTable *parents;   /* ref → Emission, in locations */
    GPtrArray *locations;  /* Emission *, kept to the end: what they name adds to their status */
    guint given;           /* of the locations */
    GHashTable *read;      /* digests of names */
    GHashTable *forgotten; /* digests of names that are to be read again */
    GHashTable *failed;    /* name → status items */
    GPtrArray *sources;    /* names that were read or failed */
    GPtrArray *repositories;
    const char *revision, *error;
    gboolean succeeded, ended;
    int64_t until_ms; /* by the monotonic clock; 0: it may take as long as it takes */
};

/* ---- what is wrong, and what was found (read_take.c) ---- */

/* A copy that stays to the end, since what a location names adds to its status. */
Emission *reading_keep_location(Reading *reading, const Emission *emission);
Emission *emission_copy(Arena *arena, const Emission *emission);
/* FALSE where an entity of that ref was there already. */
gboolean reading_is_first(Reading *reading, const char *ref);
void reading_add_error(Reading *reading, Emission *parent, const Source *source, const Value *at,
                       const GError *error);
/* What came from the source name stays; it shows the items that parent got since it had known. */
void reading_mark_failed(Reading *reading, const char *name, const Emission *parent, guint known);
/* Takes what the texts of chunk gave, and chunk itself, into batch. */
void reading_take_chunk(Reading *reading, ReadingChunk *chunk, ReadingBatch *batch);
guint32 reading_context(const Reading *reading, const char *parent);

/* ---- what is named (read.c) ---- */

void reading_read_targets(Reading *reading, Emission *parent, const Source *base, int depth);
gpointer digest_key(const char *text);
