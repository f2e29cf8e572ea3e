/* Changes of entities: their rows, history, events and place in the index, all or nothing. */
#pragma once
#include "catalog/catalog_internal.h"

typedef enum { CHANGE_CREATED, CHANGE_UPDATED, CHANGE_DELETED, CHANGE_MOVED } ChangeKind;

typedef struct {
    ChangeKind kind;
    CatalogRow row;        /* what there is to be; of a deleted one what there was */
    const CatalogRow *old; /* what row follows; NULL for a created one */
} Change;

typedef struct {
    Arena *arena;
    GPtrArray *all; /* Change * in arena */
    const char *actor;
    gboolean unindexed; /* the index is made anew at the end, see commits_defer_index() */
    /* Runs in the same transaction; NULL: nothing. */
    DbWriteFn also;
    void *also_data;
} Changes;

Changes *changes_new(const char *actor);
void changes_free(Changes *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_free)
Change *changes_add(Changes *changes, ChangeKind kind, const CatalogRow *row,
                    const CatalogRow *old);

/* Who may commit: one at a time, since what is to change is told by what is there. */
typedef struct Commits Commits;

Commits *commits_new(void);
void commits_free(Commits *commits);
void commits_lock(Catalog *catalog);
void commits_unlock(Catalog *catalog);

/* With the lock held. A row that another node put there meanwhile is ERROR_CONFLICT. */
gboolean changes_commit(Catalog *catalog, Changes *changes, GError **error);
/* Before changes that are unindexed, since there are so many of them. With the lock held. */
void commits_defer_index(Catalog *catalog);
/* Whether the index is behind the table, and will be made anew. */
gboolean commits_are_deferred(Catalog *catalog);
/* Makes the index anew where commits were deferred. With the lock held. */
gboolean commits_index_deferred(Catalog *catalog, GError **error);
/* Whether that was in vain, and nobody has tried again. */
gboolean commits_index_failed(Catalog *catalog);
/* Tries again where it was. Takes the lock. */
gboolean commits_retry_index(Catalog *catalog, GError **error);

/* The server stops: what is being read ends with the batch that is being written. */
void commits_stop(Catalog *catalog, gboolean stopping);
gboolean commits_are_stopping(Catalog *catalog);

/* One reading of a location at a time; others of the same wait. */
void commits_begin_location(Catalog *catalog, const char *id);
void commits_end_location(Catalog *catalog, const char *id);
gboolean commits_has_location(Catalog *catalog, const char *id);
/* A source of it that is read beside: what the reading of the whole location has of it may be
 * older, and is not taken. */
void commits_read_beside(Catalog *catalog, const char *id, const char *source);
gboolean commits_was_read_beside(Catalog *catalog, const char *id, const char *source);
