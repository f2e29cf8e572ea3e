/* JSON Schema draft-07 and 2020-12, whole (`$schema` decides; draft-07 where there is none): what
 * forms, actions and configuration validate with. Unknown keywords are ignored, as the standard
 * says, so that react-jsonschema-form's `ui:*` members may stand in a schema. `format` is an
 * assertion. References stay within the document; nothing is ever fetched. Patterns are
 * JavaScript's and run in PCRE2 with limits: one that gives up is a violation that says so. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

/* Reports each violation to diagnostics (pointer into instance, for a missing member to where it
 * should be; code = the keyword, message a sentence that names the field, line and column where
 * instance has them). True if there was none. */
bool jsonschema_validate(const Value *schema, const Value *instance, Diagnostics *diagnostics);

/* One violation, for those who need more than a sentence. Everything lives in the arena given. */
typedef struct {
    const char *pointer; /* RFC 6901, into the instance */
    const char *keyword;
    const char *message; /* a predicate: "must be a whole number", "requires property \"name\"" */
    const Value *schema, *instance; /* the schema that says so and the value that is not so */
    const Value *argument;          /* the keyword's; for required, additionalProperties and
                                       unevaluatedProperties the name of the property */
} JsonschemaViolation;

/* The violations (JsonschemaViolation *) in the order of the schema, at most 200. */
GPtrArray *jsonschema_violations(Arena *arena, const Value *schema, const Value *instance);
/* Does instance hold under schema? */
bool jsonschema_matches(Arena *arena, const Value *schema, const Value *instance);
/* The sentence of a violation: the field's title or name, then the message; in arena. */
const char *jsonschema_sentence(Arena *arena, const JsonschemaViolation *violation);

/* instance with the schema's defaults filled in where a member is absent, in arena: also those of
 * what references, allOf, conditions that hold and dependencies bring, and as many items as
 * minItems asks for, as react-jsonschema-form does. */
const Value *jsonschema_with_defaults(Arena *arena, const Value *schema, const Value *instance);
