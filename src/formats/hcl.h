/* HCL2 native syntax, as far as a Terraform module's interface needs it: blocks, attributes,
 * expressions kept as source text and evaluated where they are literals. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

/* The body of one .tf file:
 * {"blocks": [{"type", "labels": […], "line", "attributes": {name: {"text", "value"?, "line"}},
 * "blocks": […]}]}. "value" is there where the expression is a literal. NULL with diagnostics where
 * it does not parse. */
Value *hcl_parse(Arena *arena, const char *text, gssize length, const char *file,
                 Diagnostics *diagnostics);

/* The `variable` blocks of bodies (an array of hcl_parse() results) as a JSON Schema object:
 * properties with type, default, description, `writeOnly` where sensitive; required where there is
 * no default. */
Value *hcl_variables_schema(Arena *arena, const Value *bodies);
