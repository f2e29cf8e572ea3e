/* A form with values in it: which pages and properties their `when` hides (docs/templates.md), and
 * the values that are left. Pure: no catalog, no database. */
#pragma once
#include "formats/value.h"

typedef struct {
    const Value *pages;  /* the schemas of the pages that are shown, without hidden properties */
    const Value *values; /* with the defaults of what is shown, without what is hidden */
    const Value *hidden; /* {pages: [index], properties: [{page, name}]} */
} TemplateForm;

/* pages: as spec.parameters has them. */
TemplateForm template_form(Arena *arena, const Value *pages, const Value *values);
