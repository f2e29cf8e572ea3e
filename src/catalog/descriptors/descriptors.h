/* Descriptors in files, without a server: what linting and the registry in Markdown stand on. */
#pragma once
#include "catalog/catalog_internal.h"

/* A document of a file that can be an entity. */
typedef struct {
    const char *file;
    const Value *document; /* as written */
    const Value *entity;   /* with what stands in files beside it put in; NULL: invalid */
    const char *ref;       /* NULL where kind or name are missing */
} Descriptor;

struct CatalogFiles {
    Config *config; /* the kinds lie in it */
    Arena *arena;
    GPtrArray *descriptors; /* Descriptor *, in the order of the files */
    Diagnostics *findings;
    GHashTable *read; /* real paths, so that nothing is read twice */
    guint files;
};

/* document with the $text, $json, … of files beside file put in; what cannot be looked at here
 * (URLs) becomes a text. Findings for files that are not there. */
const Value *descriptor_resolve(CatalogFiles *files, const char *file, const Value *document);

/* The absolute path of a target that file names. */
char *descriptor_path(const char *file, const char *target);

/* The pointer (RFC 6901) to what fault is about, in arena; NULL where that is not known. */
const char *descriptor_pointer(Arena *arena, const Value *document, const ModelFault *fault);
/* The text in the spec of entity that declares relation, with the pointer to it; NULL. */
const Value *descriptor_reference(Arena *arena, const Value *entity, const Relation *relation,
                                  const char **pointer);

/* Notes fault where the entity of descriptor is not valid; returns valid. */
gboolean descriptor_check(CatalogFiles *files, const Descriptor *descriptor, gboolean valid,
                          const ModelFault *fault);

/* The kinds of entities there are in general, in the order people think of them; ended by NULL. */
extern const char *const descriptor_kinds[];
