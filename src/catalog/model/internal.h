/* What the files of the model share. */
#pragma once
#include "catalog/catalog_internal.h"
#include "catalog/model/kinds.h"

/* The first rule of a schema that an entity breaks, as Ajv tells it. Texts are only made where one
 * is broken: most entities are fine, and there are very many of them. */
typedef struct {
    Arena *arena;
    const char *where, *what, *argument; /* "/spec/owner", "must be string", "type: string" */
    int line, column;
    const char *hint;
} ModelCheck;

/* The schema of every entity, and what a kind demands of spec. FALSE fills in the check. */
gboolean model_check_schema(ModelCheck *check, const Value *entity);
gboolean model_check_spec(ModelCheck *check, const Kind *kind, const Value *entity);
/* The fault of a check that was broken, in Ajv's words. */
ModelFault model_check_fault(const ModelCheck *check);
