/* Changing the file an entity came from: as a commit, or as a proposal for one.
 *
 * Reads repositories and hosts: call it from workers. */
#pragma once
#include "catalog/catalog_internal.h"
#include "catalog/source/host.h"

/* A file in a repository that Pave can write to. */
typedef struct {
    ForgeLocation at;
    Host *host; /* where the forge does not know the host; then place is set too */
    Place place;
} EditPlace;

/* FALSE where source is none. */
gboolean edit_place(Catalog *catalog, Arena *arena, const Source *source, EditPlace *place);
/* Whether it lies on the built-in forge. */
gboolean edit_place_is_near(const Catalog *catalog, const EditPlace *place);

typedef struct {
    const CatalogRow *row; /* the entity */
    Source source;
    gboolean in_repository; /* place and head are set */
    EditPlace place;
    ForgeFile head;
    const char *commit; /* that changed the file last, where the host wants to hear it again */
    const char *reason; /* why nothing can be changed here; NULL: it can */
} EditFile;

void edit_file_clear(EditFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EditFile, edit_file_clear)

/* The file that defines the entity ref as it stands now. *file is all zero before. ERROR_NOT_FOUND.
 */
gboolean edit_open(Catalog *catalog, Arena *arena, const char *ref, EditFile *file, GError **error);
/* Its text; "" where it could not be read. */
const char *edit_text(Arena *arena, const EditFile *file);

typedef struct {
    const char *content, *message; /* message NULL: one is made */
    gboolean proposal;  /* on a branch of its own, as a pull request where there are such */
    const char *branch; /* of a proposal; NULL: one is made */
    const Principal *principal;
    const char *actor;
} EditChange;

/* What would be wrong with the change's content as that of file: errors where the catalog would
 * refuse a part of it, warnings where entities would go that are there now. What its placeholders
 * name is read for those alone who may commit. */
void edit_check(Catalog *catalog, Arena *arena, const EditFile *file, const EditChange *change,
                Diagnostics *diagnostics);

/* Whether principal may commit to the file's branch, which the whole file is replaced on;
 * ERROR_NOT_ALLOWED. Proposing is for everybody who is signed in. The file can be changed. */
gboolean edit_may_commit(Catalog *catalog, Arena *arena, const EditFile *file,
                         const Principal *principal, GError **error);
/* {commit, branch, url}. The content was checked. ERROR_CONFLICT where the file changed since it
 * was opened. */
const Value *edit_commit(Catalog *catalog, Arena *arena, const EditFile *file,
                         const EditChange *change, GError **error);
