/* Reading one location: everything it names, and what that names in turn.
 *
 * Sources are read, parsed and checked on several threads; what they gave comes out in batches, so
 * that a location of a million entities needs no more memory than a batch. Reading never fails:
 * what is wrong is in the status of the entities. */
#pragma once
#include "catalog/reading/manifest.h"
#include "catalog/source/source.h"

typedef struct CatalogLocation CatalogLocation;

/* What is wrong with a source, and where. */
typedef struct {
    const char *name, *message; /* "InputError", what is wrong */
    const char *file;
    int line, column;
} Fault;

/* ---- one source (loader.c) ---- */

/* A document of a source. */
typedef struct {
    const char *ref;       /* NULL: it has not even a kind and a name */
    const Value *entity;   /* checked and complete; NULL: it was refused */
    const char *text;      /* entity as JSON */
    const Value *document; /* as it is written */
    const Fault *faults;   /* why it was refused, or what is wrong with it all the same */
    guint fault_count;
    gboolean allowed; /* by the rules; otherwise the fault says so */
    gboolean depends; /* on other files: it may change where its own does not */
} Found;

/* What to read, and what came of it. */
typedef struct {
    Source source;
    const char *name;     /* "type:target" */
    const char *parent;   /* ref of what names it */
    const char *etag;     /* in: of last time, or NULL; out: of this */
    const char *revision; /* the commit it was read at; NULL: unknown */
    gboolean unchanged;
    GError *error;    /* it could not be read */
    GPtrArray *found; /* Found *; NULL: it did not parse, and faults say why */
    const Fault *faults;
    guint fault_count;
} SourceText;

/* Fills in text; everything in arena but the error. Safe from any thread. */
void source_text_load(Catalog *catalog, Arena *arena, const CatalogLocation *origin,
                      SourceText *text);
void source_text_clear(SourceText *text);
/* Documents alone, for what is no source (and the fuzzer): bytes under the name of text. */
void source_text_parse(Catalog *catalog, Arena *arena, const CatalogLocation *origin,
                       SourceText *text, const char *bytes, gsize length);

/* entity with the annotations that say where it comes from (annotate.c); origin: "type:target". */
const Value *entity_annotate(Catalog *catalog, Arena *arena, const Source *source,
                             const char *origin, const Value *entity);

/* ---- texts in parallel (reading_pool.c) ---- */

/* Some texts that are loaded together, in an arena of their own; counted references. */
typedef struct ReadingChunk ReadingChunk;
struct ReadingChunk {
    Arena *arena;
    GArray *texts;     /* SourceText */
    GPtrArray *owners; /* whose each is, as the caller has it */
    gboolean done;
    int references;
};

ReadingChunk *reading_chunk_new(void);
ReadingChunk *reading_chunk_ref(ReadingChunk *chunk);
void reading_chunk_unref(ReadingChunk *chunk);

typedef struct ReadingPool ReadingPool;

/* helps: whoever takes loads what nobody has begun, rather than to wait. */
ReadingPool *reading_pool_new(Catalog *catalog, const CatalogLocation *origin, guint threads,
                              gboolean helps);
/* Waits for what is being read; what waits is given up. */
void reading_pool_free(ReadingPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReadingPool, reading_pool_free)
void reading_pool_put(ReadingPool *pool, ReadingChunk *chunk);
guint reading_pool_size(const ReadingPool *pool); /* put and not yet taken */
/* The next chunk in the order they were put; NULL where none came within timeout_ms. */
ReadingChunk *reading_pool_take(ReadingPool *pool, int timeout_ms);

/* ---- the location (read.c) ---- */

/* One entity a location gave, or the reason it gave none. */
typedef struct {
    const char *ref, *parent, *source;
    const Value *entity;  /* NULL: it is not valid; an earlier version stays */
    const char *text;     /* entity as JSON; NULL: not written yet */
    Value *status;        /* items; NULL: none */
    const char *revision; /* the commit source was read at; NULL: unknown */
    int line;             /* where it begins in source; 0: unknown */
} Emission;

typedef struct {
    GPtrArray *emissions; /* Emission * */
    GPtrArray *chunks;    /* whose memory they live in */
    gboolean last;        /* the locations among them, whose status is complete only now */
} ReadingBatch;

ReadingBatch *reading_batch_new(void);
void reading_batch_free(ReadingBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReadingBatch, reading_batch_free)

typedef struct Reading Reading;

/* known: what was read last time, and is not read again where it is unchanged; NULL: nothing. */
Reading *reading_new(Catalog *catalog, const CatalogLocation *location, const Manifest *known,
                     Diagnostics *diagnostics);
/* One source of it alone, which parent names. */
Reading *reading_new_beside(Catalog *catalog, const CatalogLocation *location, const char *parent,
                            const Source *source, Diagnostics *diagnostics);
void reading_free(Reading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)
/* The next batch of at most about limit entities. After the one that is the last: NULL. */
ReadingBatch *reading_next(Reading *reading, guint limit);
/* All that location would give, in arena (Emission *, its own entity first); nothing is written.
 * ERROR_TOO_LARGE where that are more than 10,000 entities, or 64 MiB in arena. */
GPtrArray *reading_preview(Catalog *catalog, Arena *arena, const CatalogLocation *location,
                           GError **error);
/* Lives as long as the reading. */
Arena *reading_arena(Reading *reading);
/* Adds a fault to the entity that names (parent), which is written with the last batch. */
void reading_blame(Reading *reading, const char *parent, const Value *status);
/* source gave what was not taken: it is read again next time. */
void reading_forget(Reading *reading, const char *source);

/* After the last batch: */
gboolean reading_has(const Reading *reading, const char *ref);     /* it was emitted */
gboolean reading_refused(const Reading *reading, const char *ref); /* it is not valid now */
/* It is as it is known, so that its documents were not read. */
gboolean reading_keeps(const Reading *reading, const char *source);
/* The status of what came from a source that could not be read; NULL: it could. */
const Value *reading_failure(const Reading *reading, const char *source);
/* Sources that were read or failed; NULL where they are too many to be looked at one by one. */
const GPtrArray *reading_sources(const Reading *reading);
const GPtrArray *reading_repositories(const Reading *reading); /* "owner/name" */
const char *reading_revision(const Reading *reading); /* of the first source that has one */
/* The first thing that could not be read; NULL: nothing. */
const char *reading_error(const Reading *reading);
gboolean reading_failed(const Reading *reading); /* nothing at all could be read */
const Manifest *reading_manifest(const Reading *reading);
/* What the next reading knows: where something that names sources was refused, those it named
 * before stay known. */
const Manifest *reading_remember(Reading *reading);

/* The items of a status: name and message in Backstage's shape, with the place beside them. */
void status_add(Arena *arena, Value *status, const Fault *fault);
