/* JSON Schema draft-07: what forms, actions and configuration validate with. Unknown keywords are
 * ignored, as the standard says, so that react-jsonschema-form's `ui:*` members may stand in a
 * schema. Patterns run in PCRE2 with match limits. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

/* Reports each violation to diagnostics (pointer into instance, code = the keyword, message in
 * words a person filling in a form understands, line and column where instance has them). True if
 * there was none. */
bool jsonschema_validate(const Value *schema, const Value *instance, Diagnostics *diagnostics);

/* instance with the schema's defaults filled in where a member is absent, in arena. */
const Value *jsonschema_with_defaults(Arena *arena, const Value *schema, const Value *instance);
