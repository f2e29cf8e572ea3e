/* What is wrong in the catalog as a whole: owners nobody knows, references to what is not there,
 * what nobody names any more, sources that fail.
 *
 * Found from the index without reading an entity, and remembered for as long as the index stays
 * what it is. While a catalog changes all the time, finding out takes a tenth of one processor at
 * most: what was found before is answered meanwhile. */
#pragma once
#include "catalog/editing/edit.h"

typedef enum {
    FINDING_OWNER_MISSING,
    FINDING_OWNER_UNKNOWN,
    FINDING_REFERENCE_BROKEN,
    FINDING_ORPHAN,
    FINDING_SOURCE_ERROR,
    FINDING_DUPLICATE,
    FINDING_DEPRECATED_IN_USE,
    FINDING_TYPES
} FindingType;

const char *finding_type_name(FindingType type); /* "owner-missing" */
/* FALSE for a name that is none. */
gboolean finding_type_parse(const char *name, FindingType *type);

typedef struct {
    char id[17];
    FindingType type;
    const char *ref;
    const char *relation, *target; /* of a reference */
    const char *message, *file;    /* of a source; otherwise NULL */
    int line, column;
} Finding;

/* What was found at one time. Immutable, shared by threads. */
typedef struct FindingList FindingList;
void finding_list_unref(FindingList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FindingList, finding_list_unref)
/* By type, then ref; of each type at most 50,000 are kept. */
guint finding_list_count(const FindingList *list);
const Finding *finding_list_at(const FindingList *list, guint index);
/* How many there are of a type, those that are not kept too. */
guint64 finding_list_total(const FindingList *list, FindingType type);
const Finding *finding_list_find(const FindingList *list, const char *id);

Findings *findings_new(void);
void findings_free(Findings *findings);
/* What is found now, or was a moment ago. From workers. */
FindingList *findings_get(Catalog *catalog, GError **error);
/* What is found of one entity, as of now. */
FindingList *findings_of_entity(Catalog *catalog, const char *ref, GError **error);

/* ---- putting a list together (findings_collect.c) ---- */

FindingList *finding_list_new(void);
/* Copies finding, and gives it its id. */
void finding_list_add(FindingList *list, const Finding *finding);
void finding_list_sort(FindingList *list);
/* All that the snapshot shows; of one entity alone where ref is not NULL. */
void findings_collect(const Snapshot *snapshot, const char *ref, FindingList *list);
/* What is in the status of a row. */
void findings_collect_status(Arena *arena, const CatalogRow *row, FindingList *list);

/* ---- proposals (findings_propose.c, findings_owner.c) ---- */

/* What could be written instead. */
typedef struct {
    const char *id, *title, *reason;
    const char *before; /* NULL: a new member */
    const char *after;
    gboolean editable;
} Proposal;

/* Finds proposals for a page of findings; what it learns of repositories it keeps. */
typedef struct Proposer Proposer;
/* After budget_ms it asks no more repositories. */
Proposer *proposer_new(Catalog *catalog, Arena *arena, int64_t budget_ms);
void proposer_free(Proposer *proposer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Proposer, proposer_free)
/* NULL: there is none. row: the entity's. */
const Proposal *finding_propose(Proposer *proposer, const Finding *finding, const CatalogRow *row);

/* An owner for what stands at a place of a repository, as CODEOWNERS or git's history has it. */
typedef struct {
    const char *owner; /* ref; NULL: none was found */
    const char *id, *reason;
} OwnerGuess;
OwnerGuess owner_guess(Catalog *catalog, Arena *arena, const Snapshot *snapshot,
                       const EditPlace *place);
/* What was guessed of a place on another host is remembered for ten minutes: asking takes calls
 * over the network. FALSE where nothing is. */
gboolean findings_recall(Findings *findings, Arena *arena, const char *place, OwnerGuess *guess);
void findings_remember(Findings *findings, const char *place, const OwnerGuess *guess);

/* ---- places (findings_describe.c) ---- */

/* The document of an entity in the text of its file, and what declares a relation there. */
typedef struct {
    guint document;
    const char *pointer; /* of the text; of the new member where nothing declares it */
    int line, column;    /* of the text, else of the document */
} FindingPlace;
gboolean finding_place(Arena *arena, const Finding *finding, const char *text, FindingPlace *place);
/* Finding as JSON; row NULL: the entity went meanwhile. */
const Value *finding_describe(Catalog *catalog, Arena *arena, Proposer *proposer,
                              const Finding *finding, GHashTable *texts);
