/* The check of a workflow file, apart from reading it. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

/* Unknown keys, wrong types, expressions that do not parse or name what is not there. source is the
 * file's text, for the columns of expressions. */
void workflow_check(Arena *arena, const Value *document, const char *source, const char *file,
                    Diagnostics *diagnostics);
